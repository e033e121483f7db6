//! The worker that hosts the mock, for tests; its argument is the mock's script.
//!
//! With the argument `parent` it is the parent of several workers that hang, until it is killed; with `paused-parent` they
//! stand still as well.

use std::env;
use std::process::ExitCode;

use farkas_backends::solvers::mock::Mock;
use farkas_backends::worker;

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => worker::serve(&Mock::new()),
        #[cfg(target_os = "linux")]
        Some("parent") => parent::run(Workers::Hang),
        #[cfg(target_os = "linux")]
        Some("paused-parent") => parent::run(Workers::StandStill),
        Some(script) => worker::serve(&Mock::scripted("mock", script)),
    }
}

/// What becomes of the workers of a process to be killed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg(target_os = "linux")]
enum Workers {
    Hang,
    StandStill,
}

/// A process to be killed.
#[cfg(target_os = "linux")]
mod parent {
    use std::process::ExitCode;
    use std::sync::{Arc, mpsc};
    use std::{env, thread};

    use super::Workers;
    use farkas_backends::contract::{Backend, Control, Event, Start, StopToken};
    use farkas_backends::options::Options;
    use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
    use farkas_modeling::{Problem, ProblemData};

    /// Two workers that hang, each in its way, and one that waits in the pool. Prints a line when they do.
    pub fn run(workers: Workers) -> ExitCode {
        let (Ok(path), Ok(empty)) = (env::current_exe(), Problem::new(ProblemData::default())) else {
            return ExitCode::FAILURE;
        };
        let program = Program::Found { path, arguments: Vec::new() };
        let backend = WorkerBackend::new("mock", program, WorkerConfig::default());
        let problem = Arc::new(empty);
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            for script in ["phase hanging; hang", "phase waiting; until-stop"] {
                let (backend, problem, tell) = (&backend, Arc::clone(&problem), Teller(tell.clone()));
                scope.spawn(move || {
                    let options = Options { native: [("mock".into(), script.into())].into(), ..Options::default() };
                    if let Ok(mut session) = backend.open(problem) {
                        if let Some(pause) = session.pause().filter(|_| workers == Workers::StandStill) {
                            pause.pause();
                            let _ = tell.0.send(()); // it will not do so itself
                        }
                        let _ = session.solve(&options, &Start::default(), &tell, &StopToken::new());
                    }
                });
            }
            if told.iter().take(2).count() == 2 {
                backend.warm(1);
                println!("ready");
            }
        });
        ExitCode::SUCCESS
    }

    /// Tells when a solve has begun.
    struct Teller(mpsc::Sender<()>);

    impl Control for Teller {
        fn report(&self, event: Event<'_>) {
            if matches!(event, Event::Phase(_)) {
                let _ = self.0.send(());
            }
        }
    }
}

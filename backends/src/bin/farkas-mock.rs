//! A worker that hosts no solver and misbehaves as it is told by the native option `act`: for tests.

use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{env, io, process, thread};

use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Progress, Session, SessionError, Start,
    StopToken,
};
use farkas_backends::options::Options;
use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
use farkas_modeling::answer::Counters;
use farkas_modeling::{Claim, Limit, Problem, ProblemData, Reason, Termination};

/// Hosts the mock; with the argument `parent`, is the parent of several workers instead, until it is killed.
fn main() -> ExitCode {
    if env::args().nth(1).as_deref() != Some("parent") {
        return farkas_backends::worker::serve(&Mock);
    }
    match env::current_exe() {
        Ok(path) => be_a_parent(Program::Found { path, arguments: Vec::new() }),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Three workers that hang, each in its way, and one that waits in the pool. Prints a line when they do.
fn be_a_parent(program: Program) -> ExitCode {
    let backend = WorkerBackend::new("mock", program, WorkerConfig::default());
    backend.warm(1);
    let problem = Arc::new(Problem::new(ProblemData::default()).unwrap_or_else(|defects| panic!("{defects}")));
    let mut ready = 0;
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for act in ["hang", "spin", "wait"] {
            let (backend, problem, tell) = (&backend, Arc::clone(&problem), Teller(tell.clone()));
            scope.spawn(move || {
                let options = Options { native: [("act".into(), act.into())].into(), ..Options::default() };
                let mut session = backend.open(problem).unwrap_or_else(|error| panic!("{error}"));
                let _ = session.solve(&options, &Start::default(), &tell, &StopToken::new());
            });
        }
        while ready < 3 && told.recv().is_ok() {
            ready += 1;
        }
        println!("ready");
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

struct Mock;

impl Backend for Mock {
    fn name(&self) -> &'static str {
        "mock"
    }
    fn probe(&self) -> Availability {
        Availability::Ready { version: "1".into() }
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { integers: true, incumbents_in: true, incumbents_out: true, ..Capabilities::default() }
    }
    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if problem.num_rows() == 13 {
            return Err(BackendError::Unsupported("thirteen rows".into()));
        }
        Ok(Box::new(MockSession { problem }))
    }
}

struct MockSession {
    problem: Arc<Problem>,
}

impl Session for MockSession {
    fn version(&self) -> &'static str {
        "1"
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let claim = Claim::bare(Termination::at_limit(false, Limit::Interrupted, "stopped"));
        control.report(Event::Phase("acting"));
        match options.native.get("act").map_or("", String::as_str) {
            "crash" => {
                let _ = writeln!(io::stderr(), "line one\nassertion `tree is fine` failed");
                process::abort()
            }
            "panic" => panic!("out of luck"),
            "exit" => process::exit(5),
            "hang" => loop {
                thread::sleep(Duration::from_secs(1000));
            },
            "spin" => loop {
                std::hint::spin_loop();
            },
            "wait" => {
                while !stop.is_stopped() {
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(claim)
            }
            "print" => {
                let noise = vec![0xff; 100_000];
                for _ in 0..20 {
                    let _ = io::stdout().write_all(&noise);
                    let _ = io::stderr().write_all(&noise);
                }
                Ok(claim)
            }
            "leak" => {
                let mut leaked = Vec::new();
                loop {
                    leaked.push(vec![1_u8; 1 << 20]);
                }
            }
            "flood" => {
                for k in 0..200_000_u32 {
                    let x = f64::from(k);
                    control.report(Event::Bound(x));
                    control.report(Event::Progress(Progress { nodes: k.into(), iterations: 0 }));
                    control.report(Event::Log("a line of the log"));
                    control
                        .report(Event::Incumbent { objective: x, values: Some(&vec![x; self.problem.num_columns()]) });
                }
                Ok(claim)
            }
            "lengths" => Ok(Claim { point: Some(vec![0.0; self.problem.num_columns() + 1]), ..claim }),
            "refuse" => Err(SessionError::Refused("no such option".into())),
            "take" => {
                let until = Instant::now() + Duration::from_secs(20);
                while Instant::now() < until {
                    if let Some(point) = control.offered() {
                        return Ok(Claim { point: Some(point.values().to_vec()), ..claim });
                    }
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(claim)
            }
            _ => Ok(Claim {
                termination: Termination::new(Reason::Optimal, "as it began"),
                point: Some(start.point.as_ref().map_or_else(|| self.problem.lower().to_vec(), |p| p.to_vec())),
                basis: start.basis.as_deref().cloned(),
                counters: Counters { nodes: process::id().into(), ..Counters::default() },
                ..claim
            }),
        }
    }
}

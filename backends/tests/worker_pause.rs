//! A solve in a worker stands still when it is paused, and nothing is ever left so: not when it is stopped or killed, not when
//! it ended meanwhile, not when the parent dies.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, Pause, Quiet, Session, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::mock::Mock;
use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
use farkas_modeling::{Problem, ProblemData, Reason};

/// A mock that plays this; the script is an argument of its process, which it is found by.
fn mock(script: &str) -> WorkerBackend {
    let arguments = vec![script.into()];
    let program = Program::Found { path: env!("CARGO_BIN_EXE_farkas-mock").into(), arguments };
    let config = WorkerConfig { stop_grace: Duration::from_secs(20), ..WorkerConfig::default() };
    WorkerBackend::new("mock", program, config)
}

fn open(backend: &WorkerBackend) -> (Box<dyn Session>, Arc<dyn Pause>) {
    let session = backend.open(Arc::new(Problem::new(ProblemData::default()).unwrap())).unwrap();
    let pause = session.pause().expect("a worker's session can be paused");
    (session, pause)
}

/// The folder in `/proc` of the process with this argument, once there is one.
fn process_with(argument: &str) -> PathBuf {
    let has = |folder: &PathBuf| {
        let line = fs::read(folder.join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(argument.as_bytes())
    };
    let find = || fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path()).find(has);
    eventually("a worker is there", find)
}

/// `T` when it stands still; nothing when it is gone, or dead and only to be reaped.
fn state(process: &Path) -> Option<char> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next().filter(|state| !"ZX".contains(*state))
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "not within 20 s: {what}");
        thread::yield_now();
    }
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    Pause,
    Resume,
    Stop,
    Kill,
}

#[test]
fn a_paused_solve_stands_still_and_hears_of_its_end() {
    use Turn::{Kill, Pause, Resume, Stop};
    // What is done, and whether a claim comes in the end.
    let cases: [(&[Turn], bool); 4] = [
        (&[Pause, Resume, Pause, Resume, Stop], true),
        (&[Pause, Stop], true),
        (&[Pause, Pause, Resume, Stop, Pause], true),
        (&[Pause, Kill], false),
    ];
    for (at, (turns, claims)) in cases.into_iter().enumerate() {
        let script = format!("phase turn {at}; until-stop; limit");
        let backend = mock(&script);
        let (mut session, pause) = open(&backend);
        let process = process_with(&script);
        let stop = StopToken::new();
        let solved = thread::scope(|scope| {
            let solved = scope.spawn(|| session.solve(&Options::default(), &Start::default(), &Quiet, &stop));
            let mut stopped = false;
            for turn in turns {
                match turn {
                    Pause => pause.pause(),
                    Resume => pause.resume(),
                    Stop => stop.stop(),
                    Kill => stop.kill(),
                }
                stopped |= matches!(turn, Stop | Kill);
                let still = matches!(turn, Pause) && !stopped;
                eventually(&format!("{turn:?} of {turns:?}"), || {
                    ((state(&process) == Some('T')) == still).then_some(())
                });
            }
            solved.join().unwrap()
        });
        match solved {
            Ok(_) => assert!(claims, "{turns:?}"),
            Err(SessionError::Killed(_)) if !claims => {
                eventually("it is gone", || state(&process).is_none().then_some(()));
            }
            Err(error) => panic!("{turns:?}: {error}"),
        }
    }
}

#[test]
fn a_solve_that_begins_paused_waits() {
    let script = "phase later; honest";
    let backend = mock(script);
    let (mut session, pause) = open(&backend);
    pause.pause();
    let solved = thread::scope(|scope| {
        let solved = scope.spawn(|| session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()));
        let process = process_with(script);
        eventually("it stands still", || (state(&process) == Some('T')).then_some(()));
        pause.resume();
        solved.join().unwrap()
    });
    assert_eq!(solved.map(|claim| claim.termination.reason()), Ok(Reason::Optimal));
}

#[test]
fn whoever_ends_while_it_is_paused_goes_back_to_the_pool_at_work() {
    let backend = mock("phase short; honest");
    let over = AtomicBool::new(false);
    for _ in 0..200 {
        let (mut session, pause) = open(&backend);
        over.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    pause.pause();
                    pause.resume();
                }
                pause.pause();
            });
            session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
            over.store(true, Ordering::Relaxed);
        });
        pause.pause(); // the solve has ended: nobody is stopped
    }
}

#[test]
fn in_this_process_nothing_can_be_paused() {
    let session = Mock::new().open(Arc::new(Problem::new(ProblemData::default()).unwrap())).unwrap();
    assert!(session.pause().is_none());
}

#[test]
fn kill_the_parent_and_no_paused_worker_is_left() {
    let mut parent = Command::new(env!("CARGO_BIN_EXE_farkas-mock"))
        .arg("paused-parent")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let me = parent.id().to_string();
    let is_child = |folder: &PathBuf| {
        let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.split(' ').nth(1) == Some(&me))
    };
    let children: Vec<PathBuf> =
        fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(is_child).collect();
    assert_eq!(children.len(), 3, "two that stand still and one that waits");
    eventually("two stand still", || {
        (children.iter().filter(|child| state(child) == Some('T')).count() == 2).then_some(())
    });
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("all are gone", || children.iter().all(|child| state(child).is_none()).then_some(()));
}

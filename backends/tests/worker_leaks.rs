//! Two hundred problems through workers leave no descriptor, no zombie and no thread behind. Alone in its process, since it
//! counts what the process has.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
use farkas_modeling::{Problem, ProblemData};

/// Entries of a folder.
fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// The children of this process, each with its state.
fn children() -> BTreeMap<String, char> {
    let me = std::process::id().to_string();
    let child = |entry: fs::DirEntry| {
        // pid (name) state parent …
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let (state, parent) = (fields.next()?, fields.next()?);
        (parent == me).then(|| (entry.file_name().to_string_lossy().into_owned(), state.chars().next().unwrap_or('?')))
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(child).collect()
}

#[test]
fn nothing_is_left_behind() {
    let program = Program::Found { path: env!("CARGO_BIN_EXE_farkas-mock").into(), arguments: Vec::new() };
    let backend = WorkerBackend::new("mock", program, WorkerConfig { jobs_per_worker: 10, ..WorkerConfig::default() });
    let cycle = |k: usize| {
        // A problem of its own each time, as a service has it; every fifth crashes its worker, every seventh is refused.
        let problem = Arc::new(Problem::new(ProblemData { offset: k as f64, ..ProblemData::default() }).unwrap());
        let act = [(k.is_multiple_of(5), "crash"), (k.is_multiple_of(7), "refuse")]
            .iter()
            .find(|(is, _)| *is)
            .map_or("honest", |(_, act)| act);
        let options = Options { native: [("mock".into(), act.into())].into(), ..Options::default() };
        let mut session = backend.open(problem).unwrap();
        let claim = session.solve(&options, &Start::default(), &Quiet, &StopToken::new());
        assert_eq!(claim.is_ok(), act == "honest", "{k}: {claim:?}");
    };
    let (descriptors, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
    (0..200).for_each(cycle);
    backend.shut_down();
    let begun = Instant::now();
    while !children().is_empty() || count("/proc/self/fd") > descriptors + 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}, {} descriptors", children(), count("/proc/self/fd"));
        thread::yield_now();
    }
    // What stays is the thread that starts workers, and its bell with a handle at each side.
    assert_eq!((count("/proc/self/fd"), count("/proc/self/task")), (descriptors + 2, threads + 1));

    // Nine jobs of three a worker take three workers, one at a time.
    let program = Program::Found { path: env!("CARGO_BIN_EXE_farkas-mock").into(), arguments: Vec::new() };
    let backend =
        WorkerBackend::new("mock", program, WorkerConfig { jobs_per_worker: 3, most: 1, ..WorkerConfig::default() });
    let problem = Arc::new(Problem::new(ProblemData::default()).unwrap());
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        let _session = backend.open(Arc::clone(&problem)).unwrap();
        seen.extend(children().into_keys());
    }
    assert_eq!(seen.len(), 3, "{seen:?}");

    // The successor of the only one is started shortly before that is used up.
    let begun = Instant::now();
    let wait_for = |workers: usize| {
        while children().len() != workers {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}, not {workers}", children());
            thread::yield_now();
        }
    };
    wait_for(0);
    let program = Program::Found { path: env!("CARGO_BIN_EXE_farkas-mock").into(), arguments: Vec::new() };
    let backend = WorkerBackend::new("mock", program, WorkerConfig { jobs_per_worker: 64, ..WorkerConfig::default() });
    let open_and_close = || drop(backend.open(Arc::clone(&problem)).unwrap());
    (0..61).for_each(|_| open_and_close());
    assert_eq!(children().len(), 1);
    open_and_close();
    wait_for(2);
}

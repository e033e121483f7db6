//! Two hundred problems through workers leave no descriptor, no zombie and no thread behind. Alone in its process, since it
//! counts what the process has.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;

use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
use farkas_modeling::{Problem, ProblemData};

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn zombies() -> usize {
    let me = std::process::id().to_string();
    let stats = fs::read_dir("/proc").unwrap().flatten().filter_map(|e| fs::read_to_string(e.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
            fields.next() == Some("Z") && fields.next() == Some(&me)
        })
        .count()
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
            .map_or("", |(_, act)| act);
        let options = Options { native: [("act".into(), act.into())].into(), ..Options::default() };
        let mut session = backend.open(problem).unwrap();
        let claim = session.solve(&options, &Start::default(), &Quiet, &StopToken::new());
        assert_eq!(claim.is_ok(), act.is_empty(), "{k}: {claim:?}");
    };
    (1..=4).for_each(cycle);
    let before = (count("/proc/self/fd"), count("/proc/self/task"));
    (0..200).for_each(cycle);
    (1..=4).for_each(cycle);
    assert_eq!((count("/proc/self/fd"), count("/proc/self/task")), before);
    assert_eq!(zombies(), 0);
}

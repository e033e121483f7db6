//! A thousand patches and solves in one session leave memory as it was. Alone in its process, since it counts what the
//! process has.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::clarabel::Clarabel;
use farkas_backends::solvers::microlp::Microlp;
use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason, Sense};
use fastrand::Rng;

/// Solves until the allocators and caches have what they keep (SCIP's grow for some 1000 searches, and stay within 2 MiB for
/// 5000 more), and those that are measured.
const WARM: u32 = 1000;
const MEASURED: u32 = 1000;
/// Four kilobytes lost at every solve are this.
const MOST_GROWTH: u64 = 4096;

/// Everybody that is compiled in.
fn linked() -> Vec<Arc<dyn Backend>> {
    let mut all: Vec<Arc<dyn Backend>> = vec![Arc::new(Microlp), Arc::new(Clarabel)];
    #[cfg(feature = "cbc")]
    all.push(Arc::new(farkas_backends::solvers::cbc::Cbc));
    #[cfg(feature = "highs")]
    all.push(Arc::new(farkas_backends::solvers::highs::Highs::new()));
    #[cfg(feature = "scip")]
    all.push(Arc::new(farkas_backends::solvers::scip::ScipBackend::new()));
    all.into_iter().map(|backend| Arc::new(Bridged::over(backend)) as Arc<dyn Backend>).collect()
}

/// Kilobytes of this process in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of kilobytes")
}

/// Maximise over 20 columns and 8 knapsack rows.
fn knapsack(kind: ColumnKind) -> Problem {
    const COLUMNS: usize = 20;
    const ROWS: u32 = 8;
    let mut rng = Rng::with_seed(1);
    let entries = COLUMNS * ROWS as usize;
    let data = ProblemData {
        sense: Sense::Maximize,
        cost: (0..COLUMNS).map(|_| f64::from(rng.i32(1..20))).collect(),
        lower: vec![0.0; COLUMNS],
        upper: vec![1.0; COLUMNS],
        kinds: vec![kind; COLUMNS],
        row_lower: vec![f64::NEG_INFINITY; ROWS as usize],
        row_upper: vec![40.0; ROWS as usize],
        starts: (0..=COLUMNS as u32).map(|j| j * ROWS).collect(),
        indices: (0..ROWS).collect::<Vec<_>>().repeat(COLUMNS),
        values: (0..entries).map(|_| f64::from(rng.i32(1..10))).collect(),
        ..ProblemData::default()
    };
    Problem::new(data).expect("a sound problem")
}

/// Kilobytes that were added by solving, changing and solving again.
fn growth(backend: &dyn Backend, kind: ColumnKind) -> u64 {
    let mut problem = Arc::new(knapsack(kind));
    let mut session = backend.open(Arc::clone(&problem)).expect("it is taken");
    let mut rng = Rng::with_seed(2);
    let mut before = 0;
    for round in 0..WARM + MEASURED {
        if round == WARM {
            before = resident();
        }
        let mut patch = Patch::new();
        patch.cost(rng.usize(0..20), f64::from(rng.i32(1..20))).row_upper(rng.usize(0..8), f64::from(rng.i32(30..50)));
        let revision = Revision::new(&problem, &patch).expect("a sound patch");
        session.apply(&revision).expect("it is taken");
        problem = Arc::clone(revision.problem());
        let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).expect("solved");
        assert_eq!(claim.termination.reason(), Reason::Optimal, "{} in round {round}", backend.name());
    }
    resident().saturating_sub(before)
}

#[test]
fn long_a_thousand_patches_leave_memory_as_it_was() {
    let mut faults = Vec::new();
    for backend in linked() {
        let integers = backend.capabilities().integers.then_some(ColumnKind::Integer);
        for kind in [ColumnKind::Continuous].into_iter().chain(integers) {
            let grown = growth(&*backend, kind);
            println!("{}, {kind:?}: {grown} KiB more after {MEASURED} patches", backend.name());
            if grown > MOST_GROWTH {
                faults.push(format!("{}, {kind:?}: {grown} KiB", backend.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}

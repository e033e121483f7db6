//! CBC alone: several threads, and listeners that panic.
#![cfg(feature = "cbc")]

use std::sync::Arc;

use farkas_backends::contract::{Backend, Control, Event, Quiet, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::cbc::Cbc;
use farkas_modeling::{Claim, ColumnKind, Problem, ProblemData, Reason, Sense};

const COLUMNS: usize = 6;

fn solve(data: ProblemData, options: &Options) -> Claim {
    let problem = Arc::new(Problem::new(data).expect("a sound problem"));
    let mut session = Cbc.open(problem).expect("CBC takes it");
    session.solve(options, &Start::default(), &Quiet, &StopToken::new()).expect("a claim")
}

/// maximise cᵀx over two random knapsack rows and 0 ≤ x ≤ u.
fn knapsack(seed: u64, kind: ColumnKind) -> ProblemData {
    let mut random = fastrand::Rng::with_seed(seed);
    ProblemData {
        sense: Sense::Maximize,
        cost: (0..COLUMNS).map(|_| f64::from(random.i32(-2..10))).collect(),
        lower: vec![0.0; COLUMNS],
        upper: (0..COLUMNS).map(|_| f64::from(random.i32(1..6))).collect(),
        kinds: vec![kind; COLUMNS],
        row_lower: vec![f64::NEG_INFINITY; 2],
        row_upper: vec![f64::from(random.i32(6..20)), f64::from(random.i32(6..20))],
        starts: (0..=COLUMNS as u32).map(|j| 2 * j).collect(),
        indices: [0, 1].repeat(COLUMNS),
        values: (0..2 * COLUMNS).map(|_| f64::from(random.i32(1..6))).collect(),
        ..ProblemData::default()
    }
}

/// Panics at the first event of its kind.
struct Careless(fn(&Event<'_>) -> bool);

impl Control for Careless {
    fn report(&self, event: Event<'_>) {
        assert!(!self.0(&event), "a careless listener");
    }
}

#[test]
fn a_panic_of_a_listener_does_not_cross_into_cbc() {
    let kinds: [fn(&Event<'_>) -> bool; 2] =
        [|event| matches!(event, Event::Log(_)), |event| matches!(event, Event::Incumbent { .. })];
    for kind in kinds {
        let problem = Arc::new(Problem::new(knapsack(3, ColumnKind::Integer)).expect("a sound problem"));
        let mut session = Cbc.open(problem).expect("CBC takes it");
        let ended = session.solve(&Options::default(), &Start::default(), &Careless(kind), &StopToken::new());
        assert!(matches!(&ended, Err(SessionError::Broken(why)) if why.contains("panicked")), "{ended:?}");
    }
}

#[test]
fn two_threads_find_what_one_finds() {
    for seed in 20..24 {
        let data = knapsack(seed, ColumnKind::Integer);
        let one = solve(data.clone(), &Options::default());
        let two = solve(data, &Options { threads: Some(2), ..Options::default() });
        assert_eq!((one.objective, two.termination.reason()), (two.objective, Reason::Optimal));
    }
}

//! CBC alone: special ordered sets against an enumeration, several threads, and listeners that panic.
#![cfg(feature = "cbc")]

use std::sync::Arc;

use farkas_backends::contract::{Backend, Control, Event, Quiet, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::cbc::Cbc;
use farkas_modeling::problem::SpecialOrderedSet;
use farkas_modeling::{Claim, ColumnKind, Problem, ProblemData, Reason, Sense};

const COLUMNS: usize = 6;

fn solve(data: ProblemData, options: &Options) -> Claim {
    let problem = Arc::new(Problem::new(data).expect("a sound problem"));
    let mut session = Cbc.open(problem).expect("CBC takes it");
    session.solve(options, &Start::default(), &Quiet, &StopToken::new()).expect("a claim")
}

/// maximise cᵀx over two random knapsack rows and 0 ≤ x ≤ u, with two overlapping sets over six columns.
fn with_sets(seed: u64, kind: ColumnKind) -> ProblemData {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut data = ProblemData {
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
    };
    for columns in [0..4_u32, 2..6] {
        let mut members: Vec<(u32, f64)> = columns.map(|j| (j, 0.0)).collect();
        random.shuffle(&mut members);
        members.iter_mut().zip(1..).for_each(|(member, place)| member.1 = f64::from(place));
        data.sets.push(SpecialOrderedSet { name: String::new(), order: random.u8(1..=2), members });
    }
    data
}

/// The optimum over every way to satisfy the sets, each an ordinary problem.
fn by_enumeration(data: &ProblemData) -> f64 {
    let windows = |set: &SpecialOrderedSet| -> Vec<Vec<u32>> {
        set.members.windows(usize::from(set.order)).map(|open| open.iter().map(|m| m.0).collect()).collect()
    };
    let mut best = f64::NEG_INFINITY;
    for first in windows(&data.sets[0]) {
        for second in windows(&data.sets[1]) {
            let mut one = ProblemData { sets: Vec::new(), ..data.clone() };
            for (set, open) in data.sets.iter().zip([&first, &second]) {
                for (j, _) in set.members.iter().filter(|(j, _)| !open.contains(j)) {
                    one.upper[*j as usize] = 0.0;
                }
            }
            let claim = solve(one, &Options::default());
            assert_eq!(claim.termination.reason(), Reason::Optimal);
            best = best.max(claim.objective.expect("an optimum has an objective"));
        }
    }
    best
}

#[test]
fn sets_are_kept_with_and_without_integers() {
    for seed in 0..12 {
        for kind in [ColumnKind::Continuous, ColumnKind::Integer] {
            let data = with_sets(seed, kind);
            let best = by_enumeration(&data);
            let claim = solve(data, &Options::default());
            let objective = claim.objective.unwrap_or(f64::NAN);
            let close = (objective - best).abs() <= 2e-4 * best.abs().max(1.0);
            assert!(
                close && claim.termination.reason() == Reason::Optimal,
                "{seed}, {kind:?}: {claim:?}, where {best} is best"
            );
        }
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
        let problem = Arc::new(Problem::new(with_sets(3, ColumnKind::Integer)).expect("a sound problem"));
        let mut session = Cbc.open(problem).expect("CBC takes it");
        let ended = session.solve(&Options::default(), &Start::default(), &Careless(kind), &StopToken::new());
        assert!(matches!(&ended, Err(SessionError::Broken(why)) if why.contains("panicked")), "{ended:?}");
    }
}

#[test]
fn two_threads_find_what_one_finds() {
    for seed in 20..24 {
        let data = ProblemData { sets: Vec::new(), ..with_sets(seed, ColumnKind::Integer) };
        let one = solve(data.clone(), &Options::default());
        let two = solve(data, &Options { threads: Some(2), ..Options::default() });
        assert_eq!((one.objective, two.termination.reason()), (two.objective, Reason::Optimal));
    }
}

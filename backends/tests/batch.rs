//! Batches: answers in order, each that of a fresh solve; what is wrong with one costs the others nothing.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use farkas_backends::batch::{Batch, ScenarioError};
use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::clarabel::Clarabel;
use farkas_backends::solvers::microlp::Microlp;
use farkas_modeling::patch::{NewColumn, Patch, Revision};
use farkas_modeling::{Problem, ProblemData, Reason};

/// minimise 2 x + 3 y  subject to  x + y ≥ 4,  x − y ≤ 2,  x, y ≥ 0
fn base() -> Arc<Problem> {
    let data = ProblemData {
        cost: vec![2.0, 3.0],
        lower: vec![0.0; 2],
        upper: vec![f64::INFINITY; 2],
        row_lower: vec![4.0, f64::NEG_INFINITY],
        row_upper: vec![f64::INFINITY, 2.0],
        starts: vec![0, 2, 4],
        indices: vec![0, 1, 0, 1],
        values: vec![1.0, 1.0, 1.0, -1.0],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("sound"))
}

/// Changes of every kind, each against the base.
fn patch(at: usize) -> Patch {
    let mut patch = Patch::new();
    let value = (at % 13) as f64;
    match at % 7 {
        0 => patch.row_lower(0, value),
        1 => patch.cost(1, 1.0 + value),
        2 => patch.upper(0, value).offset(value),
        3 => patch.coefficient(1, 0, 0.5 + value),
        4 => patch.coefficient(0, 1, 0.0),
        5 => patch.add_column(NewColumn {
            cost: 0.5,
            upper: value,
            entries: vec![(0.into(), 1.0)],
            ..NewColumn::default()
        }),
        _ => &mut patch,
    };
    patch
}

fn several(sessions: usize) -> Batch {
    Batch { sessions: NonZeroUsize::new(sessions), ..Batch::default() }
}

#[test]
fn each_answer_is_that_of_a_fresh_solve() {
    for backend in [&Microlp as &dyn Backend, &Clarabel] {
        for sessions in [1, 3] {
            let answers = several(sessions).solve(backend, &base(), (0..300).map(patch));
            assert_eq!(answers.len(), 300);
            for (at, answer) in answers.iter().enumerate() {
                let revision = Revision::new(&base(), &patch(at)).expect("sound");
                let mut session = backend.open(Arc::clone(revision.problem())).expect("small");
                let fresh =
                    session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).expect("solved");
                let answer = answer.as_ref().expect("solved");
                let label = format!("{} with {sessions}, scenario {at}", backend.name());
                assert_eq!(answer.termination().reason(), fresh.termination.reason(), "{label}");
                match (answer.objective(), fresh.objective) {
                    (Some(a), Some(b)) => assert!((a - b).abs() < 1e-5, "{label}: {a}, fresh {b}"),
                    (a, b) => assert_eq!(a.is_some(), b.is_some(), "{label}"),
                }
            }
        }
    }
}

#[test]
fn a_scenario_that_fails_costs_the_others_nothing() {
    let wrong = |at: usize| {
        let mut patch = patch(0);
        if at == 5 {
            patch.cost(99, 1.0);
        }
        patch
    };
    let answers = several(2).solve(&Microlp, &base(), (0..10).map(wrong));
    for (at, answer) in answers.iter().enumerate() {
        match (at, answer) {
            (5, Err(ScenarioError::Patch(_))) => {}
            (5, other) => panic!("a patch of no column: {other:?}"),
            (_, answer) => assert_eq!(answer.as_ref().expect("solved").termination().reason(), Reason::Optimal),
        }
    }
}

#[test]
fn a_stop_and_a_limit_end_it_and_lose_no_place() {
    let batch = several(2);
    let mut seen = 0;
    batch.each(&Microlp, &base(), (0..5000).map(patch), |at, scenario| {
        assert_eq!(at, seen);
        seen += 1;
        if at == 20 {
            batch.stop.stop();
        }
        if at > 1000 {
            assert!(matches!(scenario, Err(ScenarioError::NotBegun(_))), "{at}: {scenario:?}");
        }
    });
    assert_eq!(seen, 5000);
    let none = Batch { time_limit: Some(Duration::ZERO), ..several(2) }.solve(&Microlp, &base(), (0..40).map(patch));
    assert!(none.len() == 40 && none.iter().all(|one| matches!(one, Err(ScenarioError::NotBegun(_)))));
}

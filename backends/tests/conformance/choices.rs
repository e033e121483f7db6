//! Options mean the same everywhere: a cutoff, an emphasis, and what a solver has no meaning for.

use std::sync::Arc;

use farkas_backends::contract::{Backend, SessionError, Start, StopToken};
use farkas_backends::options::{Emphasis, LpMethod, Options};
use farkas_modeling::{Limit, Problem, Reason, Sense};

use crate::ear::{Ear, open, solve};
use crate::for_each;
use crate::judge::{close, faults};
use crate::problems::{INF, maximize, minimize};

/// Each with its optimum: both senses, with offsets that a cutoff is easily compared without.
fn problems() -> Vec<(&'static str, Arc<Problem>, f64)> {
    let terms = [(0, 3.0), (1, 5.0), (2, 4.0), (3, 7.0)];
    let knapsack = maximize().int(4.0, 0.0, 1.0).int(7.0, 0.0, 1.0).int(5.0, 0.0, 1.0).int(9.0, 0.0, 1.0);
    let cover = minimize().int(4.0, 0.0, 1.0).int(7.0, 0.0, 1.0).int(5.0, 0.0, 1.0).int(9.0, 0.0, 1.0);
    vec![
        ("a knapsack", knapsack.offset(100.0).le(&terms, 12.0).freeze(), 116.0),
        ("a covering", cover.offset(-100.0).ge(&terms, 11.0).freeze(), -86.0),
        (
            "an LP",
            minimize().offset(10.0).col(1.0, 0.0, INF).col(2.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 4.0).freeze(),
            14.0,
        ),
        ("an LP, maximise", maximize().offset(10.0).col(1.0, 0.0, 3.0).col(2.0, 0.0, 4.0).freeze(), 21.0),
    ]
}

fn takes(backend: &dyn Backend, problem: &Problem) -> bool {
    backend.fits(problem).takes()
}

#[test]
fn a_cutoff_leaves_what_is_as_good() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem, optimum) in problems().into_iter().filter(|(_, p, _)| takes(backend, p)) {
            let worse = if problem.sense() == Sense::Minimize { 1.0 } else { -1.0 };
            for (cutoff, best) in [(optimum + worse, true), (optimum, true), (optimum - worse, false)] {
                let options = Options { cutoff: Some(cutoff), ..Options::default() };
                let mut session = open(backend, &problem);
                let claim = solve(&mut *session, &options, &Ear::default(), &StopToken::new());
                let ended = (claim.termination.reason(), claim.termination.limit());
                let right = if best {
                    ended.0 == Reason::Optimal && claim.objective.is_some_and(|o| close(o, optimum))
                } else {
                    ended == (Reason::NoSolutionFound, Some(Limit::Cutoff))
                        && claim.point.is_none()
                        && claim.bound.is_some_and(|b| worse * (b - cutoff) >= -1e-6)
                };
                if !right {
                    found.push(format!(
                        "{label}, cutoff {cutoff} for {optimum}: {ended:?}, {:?}, bound {:?}",
                        claim.objective, claim.bound
                    ));
                }
                if best {
                    found.extend(faults(&problem, &claim));
                }
            }
        }
        found
    });
}

#[test]
pub fn an_emphasis_changes_the_way_and_not_the_answer() {
    for_each(|backend| {
        let mut found = Vec::new();
        for emphasis in [Emphasis::Feasibility, Emphasis::Optimality] {
            let options = Options { emphasis, ..Options::default() };
            for (label, problem, optimum) in problems().into_iter().filter(|(_, p, _)| takes(backend, p)) {
                let mut session = open(backend, &problem);
                let claim = session.solve(&options, &Start::default(), &Ear::default(), &StopToken::new());
                match (backend.capabilities().emphasis, claim) {
                    (true, Ok(claim)) if claim.objective.is_some_and(|o| close(o, optimum)) => {}
                    (false, Err(SessionError::Refused(says))) if says.contains("balanced") => {}
                    (can, got) => found.push(format!("{label}, {emphasis:?}, declared {can}: {got:?}")),
                }
            }
        }
        found
    });
}

#[test]
pub fn a_method_that_is_not_there_is_refused_with_those_that_are() {
    for_each(|backend| {
        let can = backend.capabilities();
        let mut found = Vec::new();
        let (_, problem, optimum) = problems().swap_remove(2);
        let methods = [
            (LpMethod::Simplex, can.simplex),
            (LpMethod::Barrier, can.barrier),
            (LpMethod::FirstOrder, can.first_order),
        ];
        for (lp_method, has) in methods {
            let options = Options { lp_method, ..Options::default() };
            let mut session = open(backend, &problem);
            match (has, session.solve(&options, &Start::default(), &Ear::default(), &StopToken::new())) {
                // A first-order method is right to its tolerance.
                (true, Ok(claim)) if claim.objective.is_some_and(|o| (o - optimum).abs() < 1e-3) => {}
                (false, Err(SessionError::Refused(says))) if says.contains("auto") => {}
                (has, got) => found.push(format!("{lp_method:?}, declared {has}: {got:?}")),
            }
        }
        found
    });
}

#[test]
pub fn a_node_limit_that_is_not_there_is_refused_with_the_limits_that_are() {
    for_each(|backend| {
        let options = Options { node_limit: Some(100_000), ..Options::default() };
        let mut found = Vec::new();
        for (label, problem, optimum) in problems().into_iter().filter(|(_, p, _)| takes(backend, p)) {
            let mut session = open(backend, &problem);
            let claim = session.solve(&options, &Start::default(), &Ear::default(), &StopToken::new());
            match (backend.capabilities().node_limit, claim) {
                (true, Ok(claim)) if claim.objective.is_some_and(|o| close(o, optimum)) => {}
                (false, Err(SessionError::Refused(says))) if says.contains("time_limit") => {}
                (can, got) => found.push(format!("{label}, node limits declared {can}: {got:?}")),
            }
        }
        found
    });
}

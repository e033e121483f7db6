//! The mock over the table. It tries every point of small integer boxes, and knows nothing else: of every row it says what is
//! true, or that it does not know.

use std::sync::Arc;

use farkas_backends::contract::{Backend, End, Member, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::{Limit, Reason};

use crate::judge::{close, faults};
use crate::table::{Truth, cases};

#[test]
fn the_mock_is_right_or_says_that_it_does_not_know() {
    let mock = Mock::new();
    let (mut found, mut known, mut unknown) = (Vec::new(), Vec::new(), 0);
    for case in cases().iter().filter(|case| mock.fits(&case.problem).takes()) {
        let mut session = mock.open(Arc::clone(&case.problem)).expect("it fits");
        let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new());
        let claim = claim.expect("a plain solve is neither refused nor broken");
        let (reason, is_lp) = (claim.termination.reason(), case.problem.is_lp());
        let bare = claim.point.is_none() && claim.bound.is_none() && claim.ray.is_none();
        if reason == Reason::NoSolutionFound && claim.termination.limit() == Some(Limit::Other) && bare {
            unknown += 1;
            continue;
        }
        known.push(case.name);
        found.extend(faults(&case.problem, &claim).into_iter().map(|fault| format!("'{}' {fault}", case.name)));
        let wrong = match (case.truth, claim.objective) {
            (Truth::Optimum(best), Some(objective)) => !close(objective, best),
            _ => false,
        };
        if wrong || !case.truth.reasons(is_lp).contains(&reason) {
            found.push(format!(
                "'{}' is {} at {:?}, but it is {:?}",
                case.name, claim.termination, claim.objective, case.truth
            ));
        }
    }
    println!("the mock knows {} rows, and not {unknown}: {known:?}", known.len());
    assert!(found.is_empty(), "{} faults\n  {}", found.len(), found.join("\n  "));
    assert!(known.len() >= 10, "it knows small integer problems, and they are {known:?}");
}

/// Of what it knows to be infeasible it names members that there are, of anything else none.
#[test]
fn the_mock_names_what_cannot_hold_together() {
    let mock = Mock::new();
    let (mut found, mut named) = (Vec::new(), 0);
    for case in cases().iter().filter(|case| mock.fits(&case.problem).takes()) {
        let mut session = mock.open(Arc::clone(&case.problem)).expect("it fits");
        let members = session.conflict(&Options::default(), &StopToken::new()).expect("neither refused nor broken");
        let p = &case.problem;
        let missing = members.iter().find(|member| match **member {
            Member::Row(i, End::Lower) => p.row_lower()[i].is_infinite(),
            Member::Row(i, End::Upper) => p.row_upper()[i].is_infinite(),
            Member::Bound(j, End::Lower) => p.lower()[j].is_infinite(),
            Member::Bound(j, End::Upper) => p.upper()[j].is_infinite(),
        });
        let infeasible = matches!(case.truth, Truth::Infeasible | Truth::BothInfeasible);
        if missing.is_some() || !(infeasible || members.is_empty()) {
            found.push(format!("'{}' {members:?}", case.name));
        }
        named += usize::from(!members.is_empty());
    }
    assert!(found.is_empty(), "{} faults\n  {}", found.len(), found.join("\n  "));
    assert!(named >= 3, "{named}");
}

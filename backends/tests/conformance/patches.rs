//! An open problem is changed: after every patch the session's answer is that of a fresh solve, an LP goes on from its basis,
//! and what is refused changes nothing.

use std::sync::Arc;

use farkas_backends::contract::{Backend, Session, SessionError, StopToken};
use farkas_backends::options::Options;
use farkas_modeling::patch::{NewColumn, NewRow, Patch, Revision};
use farkas_modeling::{Claim, ColumnKind, Problem, Reason, Sense};

use crate::ear::{Ear, limited, open, solve};
use crate::for_each;
use crate::judge::{close, faults};
use crate::problems::{INF, Numbers, covering, knapsack, lot_sizes, minimize};

fn run(session: &mut dyn Session) -> Claim {
    solve(session, &limited(60.0), &Ear::default(), &StopToken::new())
}

/// What differs between the patched session's answer and a fresh one's.
fn differs(backend: &dyn Backend, problem: &Arc<Problem>, claim: &Claim, label: &str) -> Vec<String> {
    let mut found: Vec<String> = faults(problem, claim).into_iter().map(|fault| format!("{label}: {fault}")).collect();
    let fresh = run(&mut *open(backend, problem));
    let (a, b) = (claim.termination.reason(), fresh.termination.reason());
    // A solver may see that there is no optimum and not which way, from one start and not from another.
    let vague = |reason| matches!(reason, Reason::Infeasible | Reason::Unbounded | Reason::InfeasibleOrUnbounded);
    if a != b && !(vague(a) && vague(b) && (a == Reason::InfeasibleOrUnbounded || b == Reason::InfeasibleOrUnbounded)) {
        found.push(format!("{label}: ended {a:?}, a fresh solve {b:?}"));
    }
    if let (Some(a), Some(b)) = (claim.objective, fresh.objective)
        && !close(a, b)
        && (problem.is_lp() || (a - b).abs() > 2e-4 * a.abs())
    {
        found.push(format!("{label}: {a}, a fresh solve {b}"));
    }
    found
}

/// One random patch; what it does is told by its label.
fn patch(numbers: &mut Numbers, p: &Problem) -> (String, Patch) {
    let (n, m) = (p.num_columns() as u64, p.num_rows() as u64);
    let mut patch = Patch::new();
    let some = |numbers: &mut Numbers, of: u64| numbers.below(of) as usize;
    let kinds = 1 + numbers.below(3);
    let mut label = String::new();
    for _ in 0..kinds {
        let (j, i) = (some(numbers, n), some(numbers, m));
        let what = numbers.below(10);
        label += match what {
            0 => {
                patch.upper(j, numbers.below(20) as f64);
                "upper "
            }
            1 => {
                patch.lower(j, 0.0).upper(j, INF);
                "bounds "
            }
            2 => {
                patch.cost(j, 1.0 + numbers.below(900) as f64);
                "cost "
            }
            3 => {
                let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
                let by = numbers.below(50) as f64;
                if lower.is_finite() && upper.is_finite() {
                    patch.row_lower(i, lower - by).row_upper(i, upper + by);
                } else if lower.is_finite() {
                    patch.row_lower(i, lower + by);
                } else {
                    patch.row_upper(i, upper - by);
                }
                "side "
            }
            4 => {
                patch.coefficient(i, j, numbers.below(300) as f64);
                "coefficient "
            }
            5 | 6 => {
                let entries = (0..m as usize).filter(|_| numbers.below(2) == 0);
                let entries: Vec<usize> = entries.collect();
                let entries = entries.into_iter().map(|i| (i.into(), (1 + numbers.below(500)) as f64)).collect();
                let cost = (1 + numbers.below(400)) as f64;
                let kind = if p.num_integers() > 0 { ColumnKind::Integer } else { ColumnKind::Continuous };
                patch.add_column(NewColumn { kind, upper: 9.0, cost, entries, ..NewColumn::default() });
                "column "
            }
            7 => {
                let entries = (0..4).map(|_| (some(numbers, n).into(), 1.0)).collect();
                patch.add_row(NewRow { upper: (1 + numbers.below(9)) as f64, entries, ..NewRow::default() });
                "row "
            }
            8 if n > 8 => {
                patch.remove_column(j);
                "less column "
            }
            9 if m > 3 => {
                patch.remove_row(i);
                "less row "
            }
            _ => "",
        };
    }
    (label, patch)
}

#[test]
fn after_a_patch_the_answer_is_that_of_a_fresh_solve() {
    for_each(|backend| {
        let mut found = Vec::new();
        let problems: [(&str, Arc<Problem>, u64); 3] = [
            ("an LP", covering(24, 41), 24),
            ("a knapsack", knapsack(14, 3, 42), 8),
            ("lot sizes", lot_sizes(6, 43), 8),
        ];
        for (name, mut problem, rounds) in problems {
            let mut numbers = Numbers::new(rounds);
            let mut session = open(backend, &problem);
            let mut story = name.to_owned();
            for round in 0..rounds {
                // Some patches meet a session that has not solved what the last one left.
                if numbers.below(4) != 0 {
                    found.extend(differs(backend, &problem, &run(&mut *session), &format!("{story}, round {round}")));
                }
                let (label, patch) = patch(&mut numbers, &problem);
                let revision = Revision::new(&problem, &patch).expect("the suite's own patches are sound");
                if let Err(error) = session.apply(&revision) {
                    found.push(format!("{story} → {label}: {error}"));
                    break;
                }
                problem = Arc::clone(revision.problem());
                story = format!("{name} → {label}");
            }
            found.extend(differs(backend, &problem, &run(&mut *session), &format!("{story}, at the end")));
        }
        found
    });
}

/// Infeasible, unbounded, an integer less, another way: what a session must find out anew.
#[test]
fn a_patch_may_change_what_kind_of_answer_there_is() {
    for_each(|backend| {
        let mut problem = minimize()
            .int(1.0, 0.0, 9.0)
            .col(2.0, 0.0, INF)
            .ge(&[(0, 2.0), (1, 1.0)], 7.0)
            .le(&[(0, 1.0), (1, -1.0)], 3.0)
            .freeze();
        let mut session = open(backend, &problem);
        let mut found = Vec::new();
        let change = |make: fn(&mut Patch) -> &mut Patch| {
            let mut patch = Patch::new();
            make(&mut patch);
            patch
        };
        let steps = [
            ("nothing", change(|p| p)),
            ("infeasible", change(|p| p.upper(1, 0.0).upper(0, 3.0))),
            ("feasible again", change(|p| p.upper(1, INF).upper(0, 9.0))),
            ("no integers", change(|p| p.kind(0, ColumnKind::Continuous))),
            ("unbounded", change(|p| p.sense(Sense::Maximize))),
            ("back", change(|p| p.sense(Sense::Minimize).offset(5.0))),
            ("an integer", change(|p| p.kind(0, ColumnKind::Integer))),
            ("without rows", change(|p| p.remove_row(0).remove_row(1))),
            (
                "one row",
                change(|p| p.add_row(NewRow { lower: 2.5, entries: vec![(0.into(), 1.0)], ..NewRow::default() })),
            ),
            ("without columns", change(|p| p.remove_column(0).remove_column(1).row_lower(0, -1.0))),
            ("one column", change(|p| p.add_column(NewColumn { upper: 4.0, cost: -1.0, ..NewColumn::default() }))),
        ];
        for (label, patch) in steps {
            let revision = Revision::new(&problem, &patch).expect("sound");
            if let Err(error) = session.apply(&revision) {
                found.push(format!("{label}: {error}"));
                break;
            }
            problem = Arc::clone(revision.problem());
            found.extend(differs(backend, &problem, &run(&mut *session), label));
        }
        found
    });
}

#[test]
fn an_lp_goes_on_from_its_basis() {
    for_each(|backend| {
        let can = backend.capabilities();
        // A backend that loads anew makes no such promise; HiGHS does.
        if !can.basis || backend.name() == "cbc" {
            return Vec::new();
        }
        let mut found = Vec::new();
        let problem = covering(80, 44);
        let mut session = open(backend, &problem);
        let cold = run(&mut *session).counters.simplex_iterations;
        let tight = (0..problem.num_columns()).max_by_key(|&j| problem.cost()[j] as u64).unwrap_or(0);
        let patches = [
            ("a bound", Patch::new().upper(tight, 0.5).clone()),
            ("a cost", Patch::new().cost(tight, 1e6).clone()),
            (
                "a row",
                Patch::new()
                    .add_row(NewRow { upper: 1e6, entries: vec![(0.into(), 1.0)], ..NewRow::default() })
                    .clone(),
            ),
            ("a column", Patch::new().add_column(NewColumn { cost: 1e9, ..NewColumn::default() }).clone()),
            ("that row less", Patch::new().remove_row(80).clone()),
            ("that column less", Patch::new().remove_column(80).clone()),
        ];
        let mut now = problem;
        for (label, patch) in patches {
            let revision = Revision::new(&now, &patch).expect("sound");
            session.apply(&revision).expect("HiGHS changes problems");
            now = Arc::clone(revision.problem());
            let warm = run(&mut *session).counters.simplex_iterations;
            if 2 * warm >= cold {
                found.push(format!("{label}: {warm} iterations, {cold} from nothing"));
            }
        }
        found
    });
}

#[test]
fn a_refused_patch_changes_nothing() {
    for_each(|backend| {
        let mut found = Vec::new();
        let problem = knapsack(10, 2, 45);
        let mut session = open(backend, &problem);
        let first = run(&mut *session);
        let stranger = knapsack(10, 2, 46);
        let foreign = Revision::new(&stranger, Patch::new().upper(0, 0.0)).expect("sound");
        if !matches!(session.apply(&foreign), Err(SessionError::Refused(_))) {
            found.push("a revision of another problem is not refused".into());
        }
        if !backend.capabilities().semicontinuous {
            let beyond = Patch::new().kind(0, ColumnKind::SemiContinuous).clone();
            let beyond = Revision::new(&problem, &beyond).expect("sound");
            if !matches!(session.apply(&beyond), Err(SessionError::Refused(_))) {
                found.push("a kind that it does not take is not refused".into());
            }
        }
        let options = Options { time_limit: None, ..limited(60.0) };
        let again = solve(&mut *session, &options, &Ear::default(), &StopToken::new());
        if first.objective.zip(again.objective).is_none_or(|(a, b)| !close(a, b)) {
            found.push(format!("{:?} before, {:?} after a refusal", first.objective, again.objective));
        }
        found
    });
}

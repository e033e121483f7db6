//! Sessions: solved again, started from somewhere, two at once, refusals that leave them whole.

use std::sync::Arc;

use farkas_backends::contract::{Backend, Session, SessionError, Start, StopToken};
use farkas_backends::options::{LpMethod, Options};
use farkas_modeling::answer::Basis;
use farkas_modeling::{Claim, Problem, Reason, Sense};

use crate::ear::{Ear, Heard, briefly, limited, open, solve, taken};
use crate::for_each;
use crate::judge::{close, faults};
use crate::problems::{covering, knapsack, market_split};

fn started(session: &mut dyn Session, options: &Options, start: &Start, ear: &Ear) -> Result<Claim, SessionError> {
    session.solve(options, start, ear, &StopToken::new())
}

/// Solved to the end, without a fault; the objective.
fn optimum(p: &Problem, claim: &Claim, found: &mut Vec<String>, label: &str) -> f64 {
    found.extend(faults(p, claim).into_iter().map(|fault| format!("{label}: {fault}")));
    if claim.termination.reason() != Reason::Optimal {
        found.push(format!("{label}: ended {}", claim.termination));
    }
    claim.objective.unwrap_or(f64::NAN)
}

/// Two answers within twice the gap.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 2e-4 * a.abs()
}

#[test]
fn a_problem_is_solved_again() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in taken(backend, vec![("a MIP", knapsack(20, 3, 6)), ("an LP", covering(30, 6))]) {
            let mut session = open(backend, &problem);
            let first = solve(&mut *session, &Options::default(), &Ear::default(), &StopToken::new());
            let first = optimum(&problem, &first, &mut found, label);
            // A stop that was heeded must not linger.
            let stop = StopToken::new();
            stop.stop();
            solve(&mut *session, &Options::default(), &Ear::default(), &stop);
            let again = solve(&mut *session, &Options::default(), &Ear::default(), &StopToken::new());
            let again = optimum(&problem, &again, &mut found, &format!("{label}, again"));
            if !same(first, again) {
                found.push(format!("{label}: {first} at first, {again} again"));
            }
        }
        found
    });
}

#[test]
fn a_search_that_was_stopped_goes_on() {
    for_each(|backend| {
        if !backend.capabilities().stop {
            return Vec::new();
        }
        let problem = knapsack(35, 5, 9);
        let mut session = open(backend, &problem);
        let stop = StopToken::new();
        let ear = Ear::stopping(&stop, |heard| matches!(heard, Heard::Incumbent(..)));
        let first = solve(&mut *session, &limited(60.0), &ear, &stop);
        let mut found = faults(&problem, &first);
        let again = solve(&mut *session, &limited(60.0), &Ear::default(), &StopToken::new());
        let end = optimum(&problem, &again, &mut found, "again");
        if first.objective.is_some_and(|o| o > end && !close(o, end)) {
            found.push(format!("{:?} when stopped, {end} at the end", first.objective));
        }
        found
    });
}

/// Starts of every kind: any of them may help, none may harm.
#[test]
fn starts_help_and_do_not_harm() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in taken(backend, crate::problems::started()) {
            let n = problem.num_columns();
            let plain = solve(&mut *open(backend, &problem), &limited(60.0), &Ear::default(), &StopToken::new());
            let best = optimum(&problem, &plain, &mut found, label);
            let Some(point) = plain.point else { continue };
            let half: Vec<f64> =
                point.iter().enumerate().map(|(j, &v)| if j % 2 == 0 { v } else { f64::NAN }).collect();
            let starts: [(&str, Vec<f64>); 6] = [
                ("the optimum", point),
                ("half of it", half),
                ("nothing known", vec![f64::NAN; n]),
                ("outside the bounds", vec![1e6; n]),
                ("infeasible", problem.upper().iter().map(|u| u.min(50.0)).collect()),
                ("fractional", vec![0.5; n]),
            ];
            for (what, start) in starts {
                let start = Start { point: Some(start.into()), basis: None };
                let ear = Ear::default();
                match started(&mut *open(backend, &problem), &limited(60.0), &start, &ear) {
                    Ok(claim) => {
                        let end = optimum(&problem, &claim, &mut found, &format!("{label} from {what}"));
                        if !same(best, end) {
                            found.push(format!("{label} from {what}: {end}, not {best}"));
                        }
                    }
                    Err(e) => found.push(format!("{label} from {what}: {e}")),
                }
                // Bounds of a helper problem must not leak out.
                for heard in ear.list() {
                    if let Heard::Bound(b) = heard
                        && problem.sense().better(best, b)
                        && !same(best, b)
                    {
                        found.push(format!("{label} from {what}: the bound {b} is beaten by {best}"));
                    }
                }
            }
        }
        found
    });
}

/// With so few nodes that only the start explains the point.
#[test]
pub fn a_start_is_used() {
    for_each(|backend| {
        let can = backend.capabilities();
        let (problem, planted, items) = market_split(Sense::Minimize, 100.0, 10);
        // The columns that follow from the others may be left open.
        let partial: Vec<f64> = (0..).zip(&planted).map(|(j, &v)| if j < items { v } else { f64::NAN }).collect();
        let mut found = Vec::new();
        for (what, start, declared) in [("full", planted, can.start_point), ("partial", partial, can.partial_start)] {
            let start = Start { point: Some(start.into()), basis: None };
            let options = briefly(backend);
            match started(&mut *open(backend, &problem), &options, &start, &Ear::default()) {
                Ok(claim) => {
                    found.extend(faults(&problem, &claim));
                    if claim.objective.is_some_and(|o| close(o, 100.0)) != declared {
                        found.push(format!(
                            "a {what} start of 100 is declared {declared}, {:?} came out",
                            claim.objective
                        ));
                    }
                }
                Err(e) => found.push(format!("{what}: {e}")),
            }
        }
        found
    });
}

#[test]
pub fn a_basis_is_used() {
    for_each(|backend| {
        let problem = covering(60, 11);
        let cold = solve(&mut *open(backend, &problem), &Options::default(), &Ear::default(), &StopToken::new());
        let Some(basis) = cold.basis.clone().filter(|_| backend.capabilities().basis) else { return Vec::new() };
        let start = Start { point: None, basis: Some(Arc::new(basis.clone())) };
        let mut found = Vec::new();
        match started(&mut *open(backend, &problem), &Options::default(), &start, &Ear::default()) {
            Ok(warm) => {
                optimum(&problem, &warm, &mut found, "warm");
                let (cold, warm) = (cold.counters.simplex_iterations, warm.counters.simplex_iterations);
                if warm != 0 || cold == 0 {
                    found.push(format!("{cold} iterations cold, {warm} from the optimal basis"));
                }
            }
            Err(e) => found.push(format!("{e}")),
        }
        // One that is none must not break anything: everything basic, or nothing.
        for status in [farkas_modeling::answer::BasisStatus::Basic, farkas_modeling::answer::BasisStatus::AtLower] {
            let odd = Basis { columns: vec![status; basis.columns.len()], rows: vec![status; basis.rows.len()] };
            let start = Start { point: None, basis: Some(Arc::new(odd)) };
            match started(&mut *open(backend, &problem), &Options::default(), &start, &Ear::default()) {
                Ok(claim) => {
                    optimum(&problem, &claim, &mut found, "from an odd basis");
                }
                Err(e) => found.push(format!("from an odd basis: {e}")),
            }
        }
        found
    });
}

#[test]
fn a_refusal_leaves_the_session_whole() {
    for_each(|backend| {
        let mut found = Vec::new();
        let problem = knapsack(10, 2, 12);
        let mut session = open(backend, &problem);
        let unknown = Options { native: [("no-such-option".to_owned(), "1".to_owned())].into(), ..Options::default() };
        match started(&mut *session, &unknown, &Start::default(), &Ear::default()) {
            Err(SessionError::Refused(why)) if why.contains("no-such-option") && why.len() > 60 => {}
            other => {
                found.push(format!("an unknown option: {other:?}, where it should be refused and the others listed"));
            }
        }
        let short = Start { point: Some(vec![0.0; 3].into()), basis: None };
        match started(&mut *session, &Options::default(), &short, &Ear::default()) {
            Err(SessionError::Refused(_)) => {}
            other => found.push(format!("a start of the wrong length: {other:?}")),
        }
        let claim = started(&mut *session, &Options::default(), &Start::default(), &Ear::default());
        match claim {
            Ok(claim) => {
                optimum(&problem, &claim, &mut found, "afterwards");
            }
            Err(e) => found.push(format!("afterwards: {e}")),
        }
        found
    });
}

/// A slip of the pen in a name is answered with the name: solver, what was written, what was meant.
const SLIPS: [(&str, &str, &str); 9] = [
    ("highs", "mip_rel_gapp", "mip_rel_gap"),
    ("highs", "simplex_stratgey", "simplex_strategy"),
    ("highs", "Presolve", "presolve"),
    ("scip", "limits/node", "limits/nodes"),
    ("scip", "seperating/maxrounds", "separating/maxrounds"),
    ("scip", "feastol", "numerics/feastol"),
    ("cbc", "gomoryCut", "gomoryCuts"),
    ("cbc", "cutdepht", "cutDepth"),
    ("cbc", "allowablegapp", "allowableGap"),
];

#[test]
fn a_slip_in_an_options_name_is_answered_with_the_name() {
    for_each(|backend| {
        let mut found = Vec::new();
        let problem = knapsack(10, 2, 12);
        let slips = SLIPS.iter().filter(|(solver, ..)| *solver == backend.name());
        for (_, wrong, meant) in slips {
            let native = [((*wrong).to_owned(), "1".to_owned())].into();
            let options = Options { native, ..Options::default() };
            let answer = started(&mut *open(backend, &problem), &options, &Start::default(), &Ear::default());
            let near = |why: &str| {
                let after = why.split("; nearest: ").nth(1).and_then(|rest| rest.split("; there are: ").next());
                after.is_some_and(|list| list.split(", ").any(|name| name == *meant))
            };
            match answer {
                Err(SessionError::Refused(why)) if near(&why) && why.contains("; there are: ") => {}
                other => found.push(format!("'{wrong}' for '{meant}': {other:?}")),
            }
        }
        found
    });
}

/// An option of the solver's own, and a value that it cannot have: some say no, some print, some do nothing.
const ABSURD: [(&str, &str, &str); 9] = [
    ("highs", "mip_rel_gap", "banana"),
    ("highs", "presolve", "banana"),
    ("scip", "limits/nodes", "banana"),
    ("scip", "limits/gap", "-5"),
    ("cbc", "cutDepth", "banana"),
    ("cplex", "CPXPARAM_MIP_Limits_Nodes", "banana"),
    ("xpress", "MAXNODE", "banana"),
    ("gurobipy", "NodeLimit", "banana"),
    ("cp-sat", "max_time_in_seconds", "banana"),
];

#[test]
fn a_value_that_is_none_is_refused_and_changes_nothing() {
    for_each(|backend| {
        let mut found = Vec::new();
        let problem = knapsack(10, 2, 12);
        for (_, name, value) in ABSURD.iter().filter(|(solver, ..)| *solver == backend.name()) {
            let mut session = open(backend, &problem);
            let native = [((*name).to_owned(), (*value).to_owned())].into();
            let options = Options { native, ..Options::default() };
            match started(&mut *session, &options, &Start::default(), &Ear::default()) {
                Err(SessionError::Refused(why)) if why.contains(name) => {}
                other => found.push(format!("{name} = {value}: {other:?}")),
            }
            match started(&mut *session, &Options::default(), &Start::default(), &Ear::default()) {
                Ok(claim) => {
                    optimum(&problem, &claim, &mut found, &format!("after {name} = {value}"));
                }
                Err(error) => found.push(format!("after {name} = {value}: {error}")),
            }
        }
        found
    });
}

#[test]
fn two_sessions_at_once_do_not_meet() {
    for_each(|backend| {
        let can = backend.capabilities();
        let run = |threads: u32, seed: u64| {
            let problem = knapsack(30, 5, seed);
            let options = Options { threads: Some(threads), ..limited(60.0) };
            let mut found = Vec::new();
            let claim = solve(&mut *open(backend, &problem), &options, &Ear::default(), &StopToken::new());
            optimum(&problem, &claim, &mut found, &format!("{threads} threads"));
            found
        };
        let second = if can.threads { 2 } else { 1 };
        let mut found = std::thread::scope(|scope| {
            let one = scope.spawn(|| run(1, 13));
            let two = scope.spawn(|| run(second, 14));
            [one, two]
                .into_iter()
                .flat_map(|t| t.join().unwrap_or_else(|_| vec!["panicked".into()]))
                .collect::<Vec<_>>()
        });
        // And one after the other in one thread, with another number of threads each time.
        for threads in [1, second, 1] {
            found.extend(run(threads, 13));
        }
        found
    });
}

/// A service tells how many nodes there were, and no iterations.
const UNCOUNTED: [&str; 1] = ["remote"];

#[test]
pub fn every_lp_method_that_is_declared_finds_the_optimum() {
    for_each(|backend| {
        let can = backend.capabilities();
        let problem = covering(80, 15);
        let mut found = Vec::new();
        let plain = solve(&mut *open(backend, &problem), &Options::default(), &Ear::default(), &StopToken::new());
        let best = optimum(&problem, &plain, &mut found, "by its own choice");
        let methods = [
            (LpMethod::Simplex, can.simplex, 1e-6),
            (LpMethod::Barrier, can.barrier, 1e-6),
            (LpMethod::FirstOrder, can.first_order, 1e-2),
        ];
        for (method, declared, close_to) in methods {
            let options = Options { lp_method: method, ..limited(60.0) };
            let result = started(&mut *open(backend, &problem), &options, &Start::default(), &Ear::default());
            match (result, declared) {
                (Ok(claim), true) => {
                    let objective = claim.objective.unwrap_or(f64::NAN);
                    if (objective - best).abs().partial_cmp(&(close_to * best.abs()))
                        == Some(std::cmp::Ordering::Greater)
                    {
                        found.push(format!("{method:?}: {objective}, not {best}"));
                    }
                    let c = claim.counters;
                    let work = match method {
                        LpMethod::Barrier => c.barrier_iterations,
                        LpMethod::FirstOrder => c.first_order_iterations,
                        _ => c.simplex_iterations,
                    };
                    if work == 0 && !UNCOUNTED.contains(&backend.name()) {
                        found.push(format!("{method:?}: not one iteration of it: {c:?}"));
                    }
                }
                (Err(SessionError::Refused(_)), false) => {}
                (Err(e), true) => found.push(format!("{method:?}: {e}")),
                // A method that is not declared may be refused, or replaced by the solver's own choice.
                (Ok(claim), false) => {
                    optimum(&problem, &claim, &mut found, &format!("{method:?}, undeclared"));
                }
                (Err(e), false) => found.push(format!("{method:?}, undeclared: {e}")),
            }
        }
        found
    });
}

/// Everything a backend declares opens; what it knows of itself is stable.
#[test]
fn a_backend_knows_itself() {
    for_each(|backend: &dyn Backend| {
        let mut found = Vec::new();
        let session = open(backend, &knapsack(5, 1, 16));
        let probe = backend.probe();
        match &probe {
            farkas_backends::contract::Availability::Ready { version } if version == session.version() => {}
            other => found.push(format!("probes as {other:?}, and the session says {}", session.version())),
        }
        if probe != backend.probe() || backend.name().is_empty() {
            found.push("says another thing each time".into());
        }
        found
    });
}

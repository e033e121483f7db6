//! Rows on demand, by both routes: asked for inside the search where a session can, and by solving again with what was
//! broken everywhere. Either way the answer is that of all rows, and no incumbent breaks one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use farkas_backends::contract::{LazyRow, Session, SessionError, Start, StopToken};
use farkas_backends::options::{Options, Presolve};
use farkas_modeling::patch::{Change, Key, NewRow, Patch, Revision};
use farkas_modeling::{Claim, Limit, Problem, Reason};

use crate::ear::{Ear, Heard, limited, open, solve};
use crate::for_each;
use crate::judge::{close, point_fault};
use crate::problems::{Build, INF, Numbers, maximize, minimize};

/// A problem, all the rows that it keeps to itself, and the best objective with them; infeasible without one.
struct Case {
    name: &'static str,
    problem: Arc<Problem>,
    rows: Vec<LazyRow>,
    best: Option<f64>,
}

fn row(columns: impl IntoIterator<Item = u32>, lower: f64, upper: f64) -> LazyRow {
    LazyRow { entries: columns.into_iter().map(|j| (j, 1.0)).collect(), lower, upper }
}

/// The best of all points whose columns are 0 to `most`, by trying them all.
fn by_trial(problem: &Problem, rows: &[LazyRow], most: u32) -> Option<f64> {
    let n = problem.num_columns();
    let points = (0..(most + 1).pow(n as u32)).map(|code| {
        let digit = |j: u32| f64::from(code / (most + 1).pow(j) % (most + 1));
        (0..n as u32).map(digit).collect::<Vec<f64>>()
    });
    let fine = points.filter(|x| point_fault(problem, x).is_none() && rows.iter().all(|row| row.holds(x, 1e-9)));
    fine.map(|x| problem.objective_of(&x)).reduce(|a, b| if problem.sense().better(a, b) { a } else { b })
}

/// Presolve alone would solve it, were it not for the rows: every column has its best bound, and no row at all.
fn ring() -> Case {
    let weights = [5.0, 8.0, 4.0, 7.0, 5.0, 5.0, 9.0, 4.0, 6.0];
    let problem = weights.iter().fold(maximize(), |build, &w| build.int(w, 0.0, 1.0)).freeze();
    let rows: Vec<LazyRow> = (0..9).map(|i| row([i, (i + 1) % 9], -INF, 1.0)).collect();
    let best = by_trial(&problem, &rows, 1);
    Case { name: "a ring", problem, rows, best }
}

/// All columns alike, in parts that only the rows join: nothing may be concluded from either.
fn alike() -> Case {
    let build = (0..8).fold(minimize(), |build, _| build.int(-1.0, 0.0, 1.0));
    let build = (0..4).fold(build, |build, k| build.le(&[(2 * k, 1.0), (2 * k + 1, 1.0)], 1.0));
    let problem = build.freeze();
    let rows = vec![row([0, 2], -INF, 1.0), row([1, 4], -INF, 1.0), row([3, 5], 1.0, 1.0), row([0, 1], 0.0, 0.0)];
    let best = by_trial(&problem, &rows, 1);
    Case { name: "all alike", problem, rows, best }
}

/// Rows that push up, and an equation.
fn covering() -> Case {
    let build = [3.0, 5.0, 4.0, 6.0, 2.0].iter().fold(minimize().offset(10.0), |b, &c| b.int(c, 0.0, 3.0));
    let problem = build.le(&[(0, 1.0), (4, 1.0)], 2.0).freeze();
    let rows = vec![row([0, 1], 2.0, INF), row([2, 3], 3.0, 3.0), row([3, 4], 2.0, INF)];
    let best = by_trial(&problem, &rows, 3);
    Case { name: "covering", problem, rows, best }
}

fn contradicting() -> Case {
    let problem = minimize().int(1.0, 0.0, 1.0).int(1.0, 0.0, 1.0).int(-1.0, 0.0, 1.0).freeze();
    let rows = vec![row([0, 1], 1.0, INF), row([1, 2], -INF, 0.0), row([0], -INF, 0.0)];
    Case { name: "contradicting", problem, rows, best: None }
}

const CITIES: usize = 9;

/// A travelling salesman without his subtour rows, of which there is one for each set of cities.
fn tour() -> Case {
    let mut numbers = Numbers::new(11);
    let at: Vec<(f64, f64)> = (0..CITIES).map(|_| (numbers.below(100) as f64, numbers.below(100) as f64)).collect();
    let length = |a: usize, b: usize| ((at[a].0 - at[b].0).abs() + (at[a].1 - at[b].1).abs()).round();
    let edges: Vec<(usize, usize)> = (0..CITIES).flat_map(|a| (a + 1..CITIES).map(move |b| (a, b))).collect();
    let build = edges.iter().fold(minimize(), |build, &(a, b)| build.int(length(a, b), 0.0, 1.0));
    let build: Build = (0..CITIES).fold(build, |build, city| {
        let at_city: Vec<(usize, f64)> =
            (0..edges.len()).filter(|&e| edges[e].0 == city || edges[e].1 == city).map(|e| (e, 1.0)).collect();
        build.eq(&at_city, 2.0)
    });
    let sets = (0_u32..1 << CITIES).filter(|set| (3..=CITIES as u32 - 3).contains(&set.count_ones()));
    let within = |set: u32| {
        let has = move |city: usize| set >> city & 1 == 1;
        let inside = edges.iter().zip(0..).filter(move |((a, b), _)| has(*a) && has(*b)).map(|(_, e)| e);
        row(inside, -INF, f64::from(set.count_ones()) - 1.0)
    };
    let rows = sets.map(within).collect();
    Case { name: "a tour", problem: build.freeze(), rows, best: Some(shortest(&length)) }
}

/// The shortest tour, by dynamic programming over sets of cities (Held and Karp).
fn shortest(length: &dyn Fn(usize, usize) -> f64) -> f64 {
    let sets = 1_usize << (CITIES - 1);
    let mut best = vec![[INF; CITIES]; sets];
    for city in 1..CITIES {
        best[1 << (city - 1)][city] = length(0, city);
    }
    for set in 1..sets {
        for last in (1..CITIES).filter(|city| set >> (city - 1) & 1 == 1) {
            for next in (1..CITIES).filter(|city| set >> (city - 1) & 1 == 0) {
                let longer = best[set][last] + length(last, next);
                let place = &mut best[set | 1 << (next - 1)][next];
                *place = place.min(longer);
            }
        }
    }
    (1..CITIES).map(|last| best[sets - 1][last] + length(last, 0)).fold(INF, f64::min)
}

fn cases() -> Vec<Case> {
    vec![ring(), alike(), covering(), contradicting(), tour()]
}

/// The first few rows that a candidate breaks, each handed out once.
fn broken(rows: &[LazyRow], given: &mut BTreeSet<usize>, values: &[f64]) -> Vec<LazyRow> {
    let fresh = (0..rows.len()).filter(|at| !given.contains(at) && !rows[*at].holds(values, 1e-4));
    let fresh: Vec<usize> = fresh.take(3).collect();
    given.extend(&fresh);
    fresh.into_iter().map(|at| rows[at].clone()).collect()
}

fn faults(case: &Case, claim: &Claim, label: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = case.name;
    match case.best {
        Some(best)
            if claim.termination.reason() != Reason::Optimal || !claim.objective.is_some_and(|o| close(o, best)) =>
        {
            found.push(format!("{label} '{name}' is {} with {:?}, not {best}", claim.termination, claim.objective));
        }
        None if claim.termination.reason() != Reason::Infeasible => {
            found.push(format!("{label} '{name}' is {}, but infeasible", claim.termination));
        }
        _ => {}
    }
    if let Some(bound) = claim.bound.filter(|bound| case.best.is_some_and(|best| !close(best, *bound))) {
        found.push(format!("{label} '{name}' ends with the bound {bound}, not {:?}", case.best));
    }
    found.extend(claim.point.iter().flat_map(|point| broken_by(case, point, label)));
    found
}

fn broken_by(case: &Case, point: &[f64], label: &str) -> Vec<String> {
    let mut found: Vec<String> = point_fault(&case.problem, point).into_iter().collect();
    if case.rows.iter().any(|row| !row.holds(point, 1e-5)) {
        found.push("has a point that breaks a lazy row".into());
    }
    found.into_iter().map(|fault| format!("{label} '{}' {fault}", case.name)).collect()
}

/// By asking inside the search.
fn asked(session: &mut dyn Session, case: &Case, options: &Options, ear: &Ear) -> Result<Claim, SessionError> {
    let mut given = BTreeSet::new();
    let mut separate = |values: &[f64]| ControlFlow::Continue(broken(&case.rows, &mut given, values));
    session.solve_lazy(options, &Start::default(), ear, &StopToken::new(), &mut separate)
}

/// By solving again with what was broken.
fn again(session: &mut dyn Session, case: &Case, options: &Options) -> Result<Claim, SessionError> {
    let (mut given, mut problem) = (BTreeSet::new(), Arc::clone(&case.problem));
    loop {
        let claim = solve(session, options, &Ear::default(), &StopToken::new());
        let rows = claim.point.as_deref().map_or_else(Vec::new, |point| broken(&case.rows, &mut given, point));
        if rows.is_empty() {
            return Ok(claim);
        }
        let new = |row: LazyRow| {
            let entries = row.entries.into_iter().map(|(j, a)| (Key::At(j), a)).collect();
            Change::AddRow(NewRow { name: None, lower: row.lower, upper: row.upper, entries })
        };
        let patch = Patch { changes: rows.into_iter().map(new).collect() };
        let revision = Revision::new(&problem, &patch).expect("the rows are sound");
        session.apply(&revision)?;
        problem = Arc::clone(revision.problem());
    }
}

fn exact(presolve: Presolve) -> Options {
    let mut options = Options { presolve, ..limited(60.0) };
    options.tolerances.relative_gap = 0.0;
    options
}

#[test]
pub fn rows_that_are_asked_for_hold() {
    for_each(|backend| {
        let mut found = Vec::new();
        for case in cases() {
            let mut session = open(backend, &case.problem);
            if !backend.capabilities().lazy_rows {
                match asked(&mut *session, &case, &exact(Presolve::Auto), &Ear::default()) {
                    Err(SessionError::Refused(_)) => {}
                    other => found.push(format!("takes no lazy rows, and answers {other:?}")),
                }
                continue;
            }
            for presolve in [Presolve::Auto, Presolve::On, Presolve::Off] {
                let (label, ear) = (format!("presolve {presolve:?},"), Ear::default());
                match asked(&mut *session, &case, &exact(presolve), &ear) {
                    Ok(claim) => found.extend(faults(&case, &claim, &label)),
                    Err(error) => found.push(format!("{label} '{}': {error}", case.name)),
                }
                for heard in ear.list() {
                    if let Heard::Incumbent(_, Some(values)) = heard {
                        found.extend(broken_by(&case, &values, &label));
                    }
                }
            }
            // The session is as it was: its problem has none of the rows.
            let without = solve(&mut *session, &exact(Presolve::Auto), &Ear::default(), &StopToken::new());
            if without.termination.reason() != Reason::Optimal
                || without.objective.is_none_or(|o| case.best.is_some_and(|best| close(o, best)))
            {
                found.push(format!("'{}' keeps its lazy rows: {:?}", case.name, without.objective));
            }
        }
        found
    });
}

#[test]
fn rows_that_were_broken_hold_when_solved_again() {
    for_each(|backend| {
        let mut found = Vec::new();
        if !backend.capabilities().integers {
            return found;
        }
        for case in cases() {
            match again(&mut *open(backend, &case.problem), &case, &exact(Presolve::Auto)) {
                Ok(claim) => found.extend(faults(&case, &claim, "again,")),
                Err(error) => found.push(format!("'{}': {error}", case.name)),
            }
        }
        found
    });
}

type Separate<'a> = dyn FnMut(&[f64]) -> ControlFlow<(), Vec<LazyRow>> + Send + 'a;

/// A start that breaks rows, a callback that ends it, one that panics, rows that cut nothing off, rows that are none.
#[test]
fn what_goes_wrong_with_lazy_rows_is_told() {
    for_each(|backend| {
        let (case, mut found) = (ring(), Vec::new());
        let mut session = open(backend, &case.problem);
        if !backend.capabilities().lazy_rows {
            return found;
        }
        let mut ask = |separate: &mut Separate<'_>, start: &Start| {
            session.solve_lazy(&exact(Presolve::Auto), start, &Ear::default(), &StopToken::new(), separate)
        };
        let start = Start { point: Some(vec![1.0; 9].into()), basis: None };
        let mut given = BTreeSet::new();
        match ask(&mut |values| ControlFlow::Continue(broken(&case.rows, &mut given, values)), &start) {
            Ok(claim) => found.extend(faults(&case, &claim, "from a start that breaks rows,")),
            Err(error) => found.push(error.to_string()),
        }
        let none = Start::default();
        match ask(&mut |_| ControlFlow::Break(()), &none) {
            Ok(claim) if claim.termination.limit() == Some(Limit::Interrupted) && claim.point.is_none() => {}
            other => found.push(format!("broken off, and answers {other:?}")),
        }
        match ask(&mut |_| panic!("as the test wants it"), &none) {
            Err(SessionError::Broken(says)) if says.contains("as the test wants it") => {}
            other => found.push(format!("panicked, and answers {other:?}")),
        }
        let useless = row([0], -INF, 5.0);
        match ask(&mut |_| ControlFlow::Continue(vec![useless.clone()]), &none) {
            Err(SessionError::Refused(says)) if says.contains("cut") => {}
            other => found.push(format!("given a useless row, and answers {other:?}")),
        }
        for (wrong, what) in [(row([9], 0.0, 0.0), "column 9"), (row([0], f64::NAN, 0.0), "NaN")] {
            match ask(&mut |_| ControlFlow::Continue(vec![wrong.clone()]), &none) {
                Err(SessionError::Refused(says)) if says.contains(what) => {}
                other => found.push(format!("given a row with {what}, and answers {other:?}")),
            }
        }
        found
    });
}

//! Analyses, checked against solving again: within a range the answer stays as the range says, beyond it it does not; and
//! what a relaxation misses is what must be missed.

use std::sync::Arc;

use farkas_backends::analysis::{Elastic, Goal, Range, Ranging, RelaxError, elastic_problem, ranging, relax};
use farkas_backends::contract::{Backend, BackendError, StopToken};
use farkas_backends::iis::{End, Member};
use farkas_backends::options::Options;
use farkas_modeling::answer::BasisStatus;
use farkas_modeling::patch::{Change, Key, Patch, Revision};
use farkas_modeling::{Claim, Problem, Reason, Sense, Tolerances};

use crate::ear::{Ear, limited, open, solve};
use crate::for_each;
use crate::judge::close;
use crate::problems::{Build, INF, Numbers, maximize, minimize};
use crate::table::{Truth, cases};

/// A linear program with every kind of row and bound, and numbers that no two bases share.
fn mixed(sense: Sense, seed: u64) -> Arc<Problem> {
    let mut numbers = Numbers::new(seed);
    let mut number = move |from: f64, to: f64| from + (to - from) * numbers.below(1 << 30) as f64 / f64::from(1 << 30);
    let (n, m) = (9, 7);
    let start = if sense == Sense::Minimize { minimize() } else { maximize() };
    let mut build: Build = start.offset(3.0);
    let point: Vec<f64> = (0..n).map(|_| number(0.0, 4.0)).collect();
    for j in 0..n {
        let (lower, upper) = [(0.0, 5.0), (0.0, 7.0), (-3.0, 4.5), (-6.0, 6.0)][j % 4];
        build = build.col(number(-4.0, 4.0), lower, upper);
    }
    for i in 0..m {
        let terms: Vec<(usize, f64)> = (0..n).filter(|j| (i + j) % 3 != 0).map(|j| (j, number(-2.0, 3.0))).collect();
        let activity: f64 = terms.iter().map(|&(j, a)| a * point[j]).sum();
        let (below, above) = (number(0.1, 2.0), number(0.1, 2.0));
        build = match i % 4 {
            0 => build.le(&terms, activity + above),
            1 => build.ge(&terms, activity - below),
            2 => build.eq(&terms, activity),
            _ => build.row(activity - below, &terms, activity + above),
        };
    }
    build.freeze()
}

fn answer(backend: &dyn Backend, problem: &Arc<Problem>) -> Claim {
    solve(&mut *open(backend, problem), &Options::default(), &Ear::default(), &StopToken::new())
}

fn changed(problem: &Arc<Problem>, changes: Vec<Change>) -> Arc<Problem> {
    let revision = Revision::new(problem, &Patch { changes }).expect("a sound change");
    Arc::clone(revision.problem())
}

/// A value inside each end of a range, and one beyond, `far` where it has no end.
fn probes(range: Range, at: f64, far: f64) -> ([f64; 2], [Option<f64>; 2]) {
    let end = |end: f64, way: f64| if end.is_finite() { end } else { at + way * far };
    let inside = [(end(range.from, -1.0), 1.0), (end(range.to, 1.0), -1.0)].map(|(end, _)| end + 1e-6 * (at - end));
    let beyond =
        |end: f64| end.is_finite().then(|| end + (end - at).signum() * 0.5).filter(|_| (end - at).abs() > 1e-6);
    (inside, [beyond(range.from), beyond(range.to)])
}

fn costs(backend: &dyn Backend, problem: &Arc<Problem>, claim: &Claim, found: &Ranging) -> Vec<String> {
    let mut faults = Vec::new();
    let (point, best) = (claim.point.as_deref().unwrap_or_default(), claim.objective.unwrap_or(f64::NAN));
    for (j, &at) in point.iter().enumerate() {
        let (range, cost) = (found.costs[j], problem.cost()[j]);
        if !range.contains(cost) {
            faults.push(format!("cost {j} is {cost}, outside {range:?}"));
        }
        let (inside, beyond) = probes(range, cost, 20.0);
        let solved = |value: f64| {
            let other = changed(problem, vec![Change::Cost { column: Key::At(j as u32), value }]);
            (answer(backend, &other).objective.unwrap_or(f64::NAN), best + (value - cost) * at)
        };
        for value in inside {
            let (again, kept) = solved(value);
            if !close(again, kept) {
                faults.push(format!("cost {j} of {value} in {range:?} gives {again}, not the old point's {kept}"));
            }
        }
        for value in beyond.into_iter().flatten() {
            let (again, kept) = solved(value);
            if !problem.sense().better(again, kept) || close(again, kept) {
                faults.push(format!("cost {j} of {value} beyond {range:?} gives {again}, no better than {kept}"));
            }
        }
    }
    faults
}

fn sides(backend: &dyn Backend, problem: &Arc<Problem>, claim: &Claim, found: &Ranging) -> Vec<String> {
    let mut faults = Vec::new();
    let best = claim.objective.unwrap_or(f64::NAN);
    for (i, row) in found.rows.iter().enumerate() {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let multiplier = claim.duals.as_ref().map_or(f64::NAN, |duals| duals.rows[i]);
        if !close(multiplier, row.multiplier) {
            faults.push(format!("row {i} has the multiplier {}, not {multiplier}", row.multiplier));
        }
        for (end, side, range) in [(End::Lower, lower, row.lower), (End::Upper, upper, row.upper)] {
            if !side.is_finite() {
                continue;
            }
            if !range.contains(side) {
                faults.push(format!("the {end:?} side of row {i} is {side}, outside {range:?}"));
            }
            let (inside, beyond) = probes(range, side, 20.0);
            // The side that holds the row moves the objective, the other does not.
            let status = claim.basis.as_ref().map(|basis| basis.rows[i]);
            let holding = if end == End::Lower { BasisStatus::AtLower } else { BasisStatus::AtUpper };
            let holds = status == Some(holding) || (lower == upper && status != Some(BasisStatus::Basic));
            let solved = |value: f64| {
                let (lower, upper) = match end {
                    _ if lower == upper => (value, value),
                    End::Lower => (value, upper),
                    End::Upper => (lower, value),
                };
                let key = Key::At(i as u32);
                let below = Change::RowLower { row: key.clone(), value: lower };
                let other = changed(problem, vec![below, Change::RowUpper { row: key, value: upper }]);
                let moved = if holds { row.multiplier * (value - side) } else { 0.0 };
                (answer(backend, &other), best + moved)
            };
            for value in inside {
                let (again, kept) = solved(value);
                if !again.objective.is_some_and(|again| close(again, kept)) {
                    faults.push(format!(
                        "the {end:?} side of row {i} at {value} in {range:?}: {:?}, not {kept}",
                        again.objective
                    ));
                }
            }
            for value in beyond.into_iter().flatten() {
                let (again, kept) = solved(value);
                let worse = again.objective.is_some_and(|o| problem.sense().better(kept, o) && !close(o, kept));
                if again.termination.reason() == Reason::Optimal && !worse {
                    faults.push(format!(
                        "the {end:?} side of row {i} at {value} beyond {range:?}: {:?} as before",
                        again.objective
                    ));
                }
            }
        }
    }
    faults
}

#[test]
fn ranges_are_what_solving_again_finds() {
    for_each(|backend| {
        let mut faults = Vec::new();
        if !backend.capabilities().basis {
            return faults;
        }
        let mut tried = 0;
        for (sense, seed) in [(Sense::Minimize, 1), (Sense::Maximize, 2), (Sense::Minimize, 3), (Sense::Maximize, 4)] {
            let problem = mixed(sense, seed);
            let claim = answer(backend, &problem);
            let Some(basis) = claim.basis.as_ref().filter(|_| claim.termination.reason() == Reason::Optimal) else {
                faults.push(format!("problem {seed} ended {} without an optimal basis", claim.termination));
                continue;
            };
            match ranging(&problem, basis, &Tolerances::default()) {
                Ok(found) => {
                    tried += 1;
                    faults.extend(costs(backend, &problem, &claim, &found).into_iter().map(|f| format!("{seed}: {f}")));
                    faults.extend(sides(backend, &problem, &claim, &found).into_iter().map(|f| format!("{seed}: {f}")));
                }
                Err(error) => faults.push(format!("problem {seed}: {error}")),
            }
        }
        if tried < 4 {
            faults.push(format!("{tried} of 4 were ranged"));
        }
        faults
    });
}

/// Every optimal basis that a backend gives can be ranged: whatever else is odd about the problem.
#[test]
fn every_optimal_basis_has_ranges() {
    for_each(|backend| {
        let mut faults = Vec::new();
        for case in cases().iter().filter(|case| case.problem.is_lp() && matches!(case.truth, Truth::Optimum(_))) {
            if !backend.capabilities().basis || backend.open(case.problem.clone()).is_err() {
                continue;
            }
            let claim = answer(backend, &case.problem);
            let Some(basis) = &claim.basis else { continue };
            match ranging(&case.problem, basis, &Tolerances::default()) {
                Ok(found) => {
                    let inside = found.costs.iter().zip(case.problem.cost()).all(|(range, cost)| {
                        let width = 1e-6 * cost.abs().max(1.0);
                        range.from <= cost + width && range.to >= cost - width
                    });
                    if !inside {
                        faults.push(format!("'{}': a cost outside its own range", case.name));
                    }
                }
                Err(error) => faults.push(format!("'{}': {error}", case.name)),
            }
        }
        faults
    });
}

/// Name, problem, elastic, price, what is missed and by how much, where that is unique.
type Sick = (&'static str, Arc<Problem>, Elastic, f64, Option<Vec<(Member, f64)>>);

fn sick() -> Vec<Sick> {
    use {End::Lower, End::Upper, Member::Bound, Member::Row};
    let apart = minimize().col(1.0, 0.0, 10.0).ge(&[(0, 1.0)], 6.0).le(&[(0, 1.0)], 4.0).freeze();
    let crossed = maximize().col(1.0, 0.0, 10.0).row(5.0, &[(0, 1.0)], 3.0).freeze();
    let bounded = minimize().col(1.0, 0.0, 2.0).col(1.0, 0.0, 2.0).ge(&[(0, 1.0), (1, 1.0)], 7.0).freeze();
    let whole = minimize().int(1.0, 0.0, 9.0).int(1.0, 0.0, 9.0).eq(&[(0, 2.0), (1, 4.0)], 7.0).freeze();
    let fine = maximize().col(2.0, 0.0, 3.0).le(&[(0, 1.0)], 2.0).freeze();
    let mut dear = Elastic::rows(&apart);
    dear.rows[0] = 5.0;
    let mut only = Elastic::all(&bounded);
    only.rows[0] = INF;
    only.upper[0] = 3.0;
    let rows = Elastic::rows;
    vec![
        ("two rows apart", apart.clone(), rows(&apart), 2.0, None),
        ("the dear one holds", apart.clone(), dear, 2.0, Some(vec![(Row(1, Upper), 2.0)])),
        ("crossed sides", crossed.clone(), rows(&crossed), 2.0, None),
        ("bounds in the way", bounded.clone(), rows(&bounded), 3.0, Some(vec![(Row(0, Lower), 3.0)])),
        ("the cheap bound", bounded, only, 3.0, Some(vec![(Bound(1, Upper), 3.0)])),
        ("integers in the way", whole.clone(), rows(&whole), 1.0, None),
        ("nothing to miss", fine.clone(), rows(&fine), 0.0, Some(vec![])),
    ]
}

#[test]
fn a_relaxation_misses_as_little_as_can_be() {
    for_each(|backend| {
        let mut faults = Vec::new();
        for (name, problem, elastic, price, missed) in sick() {
            if elastic_problem(&problem, &elastic, None).is_ok_and(|p| backend.open(Arc::new(p)).is_err()) {
                continue;
            }
            let found = relax(&problem, backend, &elastic, Goal::Least, &limited(30.0), &StopToken::new());
            let Ok(found) = found else {
                faults.push(format!("'{name}': {found:?}"));
                continue;
            };
            if !close(found.price, price) || !found.is_least || found.bound.is_none_or(|bound| !close(bound, price)) {
                faults.push(format!("'{name}' costs {} (bound {:?}), not {price}", found.price, found.bound));
            }
            let list: Vec<(Member, f64)> = found.missed.iter().map(|one| (one.member, one.by)).collect();
            let same = |want: &Vec<(Member, f64)>| {
                want.len() == list.len() && want.iter().zip(&list).all(|(a, b)| a.0 == b.0 && close(a.1, b.1))
            };
            if missed.as_ref().is_some_and(|want| !same(want)) {
                faults.push(format!("'{name}' misses {list:?}, not {missed:?}"));
            }
        }
        faults
    });
}

#[test]
fn a_relaxation_may_go_on_to_the_objective() {
    for_each(|backend| {
        // x + y ≥ 8 and ≤ 6 miss 2 whatever x and y are; the objective then chooses among the points between 6 and 8.
        let terms = [(0, 1.0), (1, 1.0)];
        let problem = maximize().col(2.0, 0.0, 5.0).col(1.0, 0.0, 5.0).ge(&terms, 8.0).le(&terms, 6.0).freeze();
        let elastic = Elastic::rows(&problem);
        let mut faults = Vec::new();
        match relax(&problem, backend, &elastic, Goal::ThenObjective, &Options::default(), &StopToken::new()) {
            // What is missed is measured by continuous columns.
            Err(RelaxError::Backend(BackendError::Unsupported(_))) if backend.capabilities().only_integers => {
                return faults;
            }
            Ok(found) if close(found.price, 2.0) && (found.objective - 13.0).abs() < 1e-2 => {}
            other => faults.push(format!("{other:?}")),
        }
        // What may not be missed is infeasible by itself.
        let problem = minimize().col(0.0, 0.0, 1.0).ge(&[(0, 1.0)], 2.0).le(&[(0, 1.0)], 0.0).freeze();
        let mut elastic = Elastic::rows(&problem);
        elastic.rows[0] = INF;
        match relax(&problem, backend, &elastic, Goal::Least, &Options::default(), &StopToken::new()) {
            Err(RelaxError::Infeasible(_)) => {}
            other => faults.push(format!("hard rows apart: {other:?}")),
        }
        elastic.rows[0] = -1.0;
        if !matches!(
            relax(&problem, backend, &elastic, Goal::Least, &Options::default(), &StopToken::new()),
            Err(RelaxError::Prices(_))
        ) {
            faults.push("took a negative price".into());
        }
        faults
    });
}

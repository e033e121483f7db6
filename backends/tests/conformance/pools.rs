//! Further points beside the best: as many as are wanted and no more, each feasible and there once, in a process and out.

use farkas_backends::contract::{Backend, StopToken};
use farkas_backends::options::Options;
use farkas_modeling::check::{TrustPolicy, conclude, examine};
use farkas_modeling::{Claim, Problem, Source, Tolerances};

use crate::ear::{Ear, limited, open, solve};
use crate::for_each;
use crate::judge::{close, faults, point_fault};
use crate::problems::{covering, knapsack};

const WANTED: u32 = 5;

fn judged(problem: &Problem, claim: &Claim, found: &mut Vec<String>) {
    found.extend(faults(problem, claim));
    // An adapter may hand in its best among them.
    if claim.pool.len() > WANTED as usize + 1 {
        found.push(format!("{} further points where {WANTED} were wanted", claim.pool.len()));
    }
    for point in &claim.pool {
        found.extend(point_fault(problem, point).map(|fault| format!("a further point {fault}")));
    }
    let source = Source { backend: "any".into(), version: "1".into(), lane: 0 };
    let tolerances = Tolerances::default();
    let findings = examine(problem, &source, claim, &tolerances);
    let answer = conclude(problem, &[findings], &tolerances, &TrustPolicy::default(), None);
    let pool: Vec<f64> = answer.pool().iter().map(|point| point.objective()).collect();
    if pool.windows(2).any(|pair| problem.sense().better(pair[1], pair[0])) {
        found.push(format!("a pool that is not sorted: {pool:?}"));
    }
    if pool.first().zip(answer.objective()).is_none_or(|(&first, best)| !close(first, best)) {
        found.push(format!("a pool that begins with {:?} beside {:?}", pool.first(), answer.objective()));
    }
    let values: Vec<&[f64]> = answer.pool().iter().map(|point| &point.values()[..]).collect();
    let same = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6);
    if (1..values.len()).any(|i| values[..i].iter().any(|other| same(other, values[i]))) {
        found.push("a point that is in the pool twice".into());
    }
}

pub fn pools(declared: &dyn Backend, by: &dyn Backend) -> Vec<String> {
    let problem = knapsack(60, 5, 31);
    let mut found = Vec::new();
    let with = |pool| Options { pool, ..limited(2.0) };
    let claim = solve(&mut *open(by, &problem), &with(WANTED), &Ear::default(), &StopToken::new());
    if declared.capabilities().pool != (claim.pool.len() > 1) {
        let (declared, there) = (declared.capabilities().pool, claim.pool.len());
        found.push(format!("a pool is declared {declared}, and {there} further points are there"));
    }
    if declared.capabilities().pool {
        judged(&problem, &claim, &mut found);
    }
    let without = solve(&mut *open(by, &problem), &with(0), &Ear::default(), &StopToken::new());
    if !without.pool.is_empty() {
        found.push(format!("{} further points that nobody wanted", without.pool.len()));
    }
    let lp = covering(30, 6);
    let none = solve(&mut *open(by, &lp), &with(WANTED), &Ear::default(), &StopToken::new());
    found.extend(faults(&lp, &none));
    if !none.pool.is_empty() {
        found.push(format!("{} further points of a linear program", none.pool.len()));
    }
    found
}

#[test]
pub fn further_points_are_kept() {
    for_each(|backend| if backend.capabilities().integers { pools(backend, backend) } else { Vec::new() });
}

//! What adapters need of rays: a solver's own under the house's signs, and proofs that need no solver.

use farkas_modeling::Problem;

/// Entries smaller than this part of the largest are noise of a factorisation.
const NOISE: f64 = 1e-11;

/// Without its noise; `None` when it is no direction.
fn cleaned(mut ray: Vec<f64>) -> Option<(Vec<f64>, f64)> {
    let largest = ray.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if !(largest.is_finite() && largest > 0.0) {
        return None;
    }
    ray.iter_mut().filter(|v| v.abs() <= NOISE * largest).for_each(|v| *v = 0.0);
    Some((ray, largest))
}

fn turned(ray: &[f64]) -> Vec<f64> {
    ray.iter().map(|v| if *v == 0.0 { 0.0 } else { -v }).collect()
}

/// Farkas multipliers out of a solver's dual ray, turned if need be; `None` when it proves nothing either way round (in
/// plain floating point; the checker has the last word).
pub fn farkas(problem: &Problem, ray: &[f64]) -> Option<Vec<f64>> {
    let (ray, largest) = cleaned(ray.get(..problem.num_rows())?.to_vec())?;
    [turned(&ray), ray].into_iter().rev().find(|ray| margin(problem, ray, largest) > 0.0)
}

/// Least yᵀr over the rows' sides minus the greatest (Aᵀy)ᵀx over the columns' bounds; −∞ when either has no end.
fn margin(problem: &Problem, y: &[f64], largest: f64) -> f64 {
    let mut margin = 0.0;
    for (i, &v) in y.iter().enumerate().filter(|(_, v)| **v != 0.0) {
        margin += v * if v > 0.0 { problem.row_lower()[i] } else { problem.row_upper()[i] };
    }
    for j in 0..problem.num_columns() {
        let (mut sum, mut size) = (0.0, largest);
        for (i, a) in problem.column(j).iter() {
            sum += a * y[i];
            size += (a * y[i]).abs();
        }
        let bound = if sum > 0.0 { problem.upper()[j] } else { problem.lower()[j] };
        // What should cancel leaves a rest; against an infinite bound it would hide a good ray.
        if sum != 0.0 && (bound.is_finite() || sum.abs() > 1e-9 * size) {
            margin -= sum * bound;
        }
    }
    if margin.is_nan() { f64::NEG_INFINITY } else { margin }
}

/// A solver's primal ray, turned if need be so that the objective gets better along it.
pub fn primal(problem: &Problem, ray: &[f64]) -> Option<Vec<f64>> {
    // Behind the columns there may be slacks of an adapter's own.
    let ray = ray.get(..problem.num_columns())?.to_vec();
    let (ray, _) = cleaned(ray)?;
    let gain: f64 = problem.cost().iter().zip(&ray).map(|(c, d)| c * d).sum();
    let gain = problem.sense().sign() * gain;
    if gain == 0.0 { None } else { Some(if gain < 0.0 { ray } else { turned(&ray) }) }
}

/// Multipliers that prove infeasibility by one row without entries that 0 does not satisfy.
pub fn of_empty_row(problem: &Problem, tolerance: f64) -> Option<Vec<f64>> {
    let mut suspects: Vec<bool> =
        problem.row_lower().iter().zip(problem.row_upper()).map(|(l, u)| *l > tolerance || *u < -tolerance).collect();
    let mut left = suspects.iter().filter(|suspect| **suspect).count();
    let elsewhere = problem.quadratic_rows().iter().map(|one| one.row);
    let elsewhere = elsewhere.chain(problem.indicators().iter().map(|one| one.row));
    // Most problems have few such rows, or entries of all of them in their first columns.
    for i in elsewhere.chain(problem.indices().iter().copied()) {
        if left == 0 {
            return None;
        }
        left -= usize::from(std::mem::take(&mut suspects[i as usize]));
    }
    let at = suspects.iter().position(|suspect| *suspect)?;
    let mut y = vec![0.0; problem.num_rows()];
    y[at] = if problem.row_lower()[at] > tolerance { 1.0 } else { -1.0 };
    Some(y)
}

/// A direction along one column without entries that improves the objective without end.
pub fn of_free_column(problem: &Problem) -> Option<Vec<f64>> {
    let step = |j: usize| {
        let c = problem.sense().sign() * problem.cost()[j];
        if c < 0.0 && problem.upper()[j] == f64::INFINITY {
            1.0
        } else if c > 0.0 && problem.lower()[j] == f64::NEG_INFINITY {
            -1.0
        } else {
            0.0
        }
    };
    let at = (0..problem.num_columns()).find(|&j| problem.column(j).rows.is_empty() && step(j) != 0.0)?;
    let mut d = vec![0.0; problem.num_columns()];
    d[at] = step(at);
    Some(d)
}

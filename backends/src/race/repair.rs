//! Repairs a point whose integers are nearly integers: rounds them, and where that alone does not hold, fixes them and
//! solves the linear program of the rest. What comes out was checked; its integers are exact.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::Tolerances;
use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::problem::{ColumnKind, Problem, ProblemData};

use crate::contract::{Backend, Quiet, Start, StopToken};
use crate::options::Options;

/// The point with its integer columns rounded, if it passes the check so.
///
/// ```
/// use farkas_backends::race::repair::rounded;
/// use farkas_modeling::{ColumnKind, Problem, ProblemData, Tolerances};
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0],
///     lower: vec![0.0],
///     upper: vec![9.0],
///     kinds: vec![ColumnKind::Integer],
///     starts: vec![0, 0],
///     ..ProblemData::default()
/// })?;
/// let point = rounded(&problem, &[2.999_999_9], &Tolerances::default()).expect("3 is within the bounds");
/// assert_eq!(point.values()[..], [3.0]);
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub fn rounded(problem: &Problem, values: &[f64], tolerances: &Tolerances) -> Option<CheckedPoint> {
    if values.len() != problem.num_columns() {
        return None;
    }
    check_point(problem, &round(problem, values), tolerances).ok()?.ok()
}

fn round(problem: &Problem, values: &[f64]) -> Vec<f64> {
    let one = |(j, &value): (usize, &f64)| if problem.kind(j).is_integer() { value.round() } else { value };
    values.iter().enumerate().map(one).collect()
}

/// Rounds, and otherwise fixes the rounded integers and solves for the rest with the first of `backends` that can, within
/// `limit`. `None` where no point came out that passes the check.
pub fn repair(
    problem: &Problem,
    values: &[f64],
    tolerances: &Tolerances,
    backends: &[Arc<dyn Backend>],
    limit: Duration,
    stop: &StopToken,
) -> Option<CheckedPoint> {
    if let Some(point) = rounded(problem, values, tolerances) {
        return Some(point);
    }
    if values.len() != problem.num_columns() || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let values = round(problem, values);
    let rest = Arc::new(rest_of(problem, &values, tolerances)?);
    let begun = Instant::now();
    backends.iter().find_map(|backend| {
        let left = limit.checked_sub(begun.elapsed()).filter(|_| !stop.is_stopped())?;
        let mut session = backend.open(Arc::clone(&rest)).ok()?;
        let options = Options { time_limit: Some(left), tolerances: *tolerances, ..Options::default() };
        let claim = session.solve(&options, &Start::default(), &Quiet, stop).ok()?;
        let mut point = claim.point.filter(|point| point.len() == values.len())?;
        for (j, value) in point.iter_mut().enumerate() {
            if problem.kind(j).is_integer() {
                *value = values[j];
            }
        }
        check_point(problem, &point, tolerances).ok()?.ok()
    })
}

/// The linear program that is left when integers are fixed, and with them what sets, semicontinuous columns and indicators
/// leave open. `None` when there is nothing left to solve for.
fn rest_of(problem: &Problem, values: &[f64], tolerances: &Tolerances) -> Option<Problem> {
    let n = problem.num_columns();
    let (mut lower, mut upper) = (problem.lower().to_vec(), problem.upper().to_vec());
    let zero = |j: usize| values[j].abs() <= tolerances.bound;
    for j in 0..n {
        let fixed = match problem.kind(j) {
            ColumnKind::Continuous => None,
            ColumnKind::SemiContinuous => zero(j).then_some(0.0),
            ColumnKind::Integer | ColumnKind::SemiInteger => Some(values[j]),
        };
        if let Some(value) = fixed {
            (lower[j], upper[j]) = (value, value);
        }
    }
    for set in problem.sets() {
        for member in set.members.iter().map(|(j, _)| *j as usize).filter(|&j| zero(j)) {
            (lower[member], upper[member]) = (0.0, 0.0);
        }
    }
    if (0..n).all(|j| lower[j] == upper[j]) {
        return None;
    }
    let (mut row_lower, mut row_upper) = (problem.row_lower().to_vec(), problem.row_upper().to_vec());
    for indicator in problem.indicators() {
        let active = values[indicator.column as usize].round() == 1.0;
        if active != indicator.active {
            let row = indicator.row as usize;
            (row_lower[row], row_upper[row]) = (f64::NEG_INFINITY, f64::INFINITY);
        }
    }
    let rest = ProblemData {
        sense: problem.sense(),
        offset: problem.offset(),
        cost: problem.cost().to_vec(),
        lower,
        upper,
        row_lower,
        row_upper,
        starts: problem.starts().to_vec(),
        indices: problem.indices().to_vec(),
        values: problem.values().to_vec(),
        quadratic_objective: problem.quadratic_objective().to_vec(),
        quadratic_rows: problem.quadratic_rows().to_vec(),
        ..ProblemData::default()
    };
    Problem::new(rest).ok()
}

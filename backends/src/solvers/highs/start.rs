//! Where a mixed-integer solve begins: a point that is feasible goes to HiGHS as it is; of any other the integers are
//! fixed and the rest is solved for.
//!
//! HiGHS would complete a point by itself, but calls back meanwhile with the *restricted* problem's dual bounds, which are
//! none of the problem's (1.16.0). So it is done here, where the listener knows what is being solved.

use farkas_modeling::problem::{ColumnKind, Problem};

/// How far inside the tolerances a point must be to count as feasible, so that HiGHS agrees.
const MARGIN: f64 = 0.5;

/// Whether n values satisfy everything HiGHS looks at, within `tolerance` (absolute).
pub(super) fn is_feasible(problem: &Problem, values: &[f64], tolerance: f64) -> bool {
    let tolerance = MARGIN * tolerance;
    let mut activity = vec![0.0; problem.num_rows()];
    for (j, &v) in values.iter().enumerate() {
        if !(v.is_finite() && column_allows(problem, j, v, tolerance)) {
            return false;
        }
        if v != 0.0 {
            for (i, a) in problem.column(j).iter() {
                activity[i] += a * v;
            }
        }
    }
    let sides = problem.row_lower().iter().zip(problem.row_upper());
    activity.iter().zip(sides).all(|(&r, (&lower, &upper))| r >= lower - tolerance && r <= upper + tolerance)
}

fn column_allows(problem: &Problem, j: usize, v: f64, tolerance: f64) -> bool {
    let kind = problem.kind(j);
    let inside = v >= problem.lower()[j] - tolerance && v <= problem.upper()[j] + tolerance;
    let whole = !kind.is_integer() || (v - v.round()).abs() <= tolerance;
    whole && (inside || (kind.is_semi() && v.abs() <= tolerance))
}

/// Bounds of all columns with the integers (and semicontinuous columns) of `values` fixed where they can be; `None` where
/// not one can.
pub(super) fn fixed_bounds(problem: &Problem, values: &[f64], tolerance: f64) -> Option<(Vec<f64>, Vec<f64>)> {
    let (mut lower, mut upper) = (problem.lower().to_vec(), problem.upper().to_vec());
    let mut any = false;
    for (j, &v) in values.iter().enumerate() {
        let kind = problem.kind(j);
        if kind == ColumnKind::Continuous || !v.is_finite() || !column_allows(problem, j, v, tolerance) {
            continue;
        }
        let v = if kind.is_integer() { v.round() } else { v.max(0.0) };
        (lower[j], upper[j]) = (v, v);
        any = true;
    }
    any.then_some((lower, upper))
}

//! Infeasibility that needs no solver: bounds or sides that cross, a row that its own columns cannot reach. Exact, and by
//! more than the default tolerances, so that nothing is refused here which a solver may rightly call feasible.

use crate::Tolerances;
use crate::check::domain::Domain;
use crate::check::exact::Accumulator;
use crate::check::witness::{Implied, Proof, Witness};
use crate::problem::Problem;

/// Why no point can be feasible, if one look at each column and each row shows it: by more than the default tolerances,
/// in exact arithmetic. Absence proves nothing.
///
/// ```
/// use farkas_modeling::{Problem, ProblemData, check::trivially_infeasible};
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![2.0], upper: vec![1.0], starts: vec![0, 0], ..ProblemData::default()
/// })?;
/// assert_eq!(trivially_infeasible(&problem).as_deref(), Some("variable 'C1' has a lower bound of 2 above its upper bound of 1"));
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub fn trivially_infeasible(problem: &Problem) -> Option<String> {
    infeasible(problem).map(|proof| proof.how)
}

/// The same, with what it rests on.
pub(super) fn infeasible(problem: &Problem) -> Option<Proof> {
    infeasible_column(problem).or_else(|| infeasible_row(problem))
}

/// A column whose bounds leave it no value.
pub fn trivially_infeasible_column(problem: &Problem) -> Option<String> {
    infeasible_column(problem).map(|proof| proof.how)
}

fn infeasible_column(problem: &Problem) -> Option<Proof> {
    let tolerances = Tolerances::default();
    (0..problem.num_columns()).find_map(|j| {
        let (kind, lower, upper) = (problem.kind(j), problem.lower()[j], problem.upper()[j]);
        if kind.is_semi() {
            return None; // zero is always left
        }
        let name = || problem.column_names().get(j);
        if lower - upper > 2.0 * tolerances.bound {
            let how = format!("variable '{}' has a lower bound of {lower} above its upper bound of {upper}", name());
            Some(Proof { how, witness: Witness::CrossedColumn { column: j as u32, implied: Vec::new() } })
        } else if kind.is_integer()
            && (lower - tolerances.integrality).ceil() > (upper + tolerances.integrality).floor()
        {
            let how = format!("integer variable '{}' has no integer between {lower} and {upper}", name());
            let inwards =
                [(false, lower.ceil()), (true, upper.floor())].into_iter().filter(|(_, value)| value.is_finite());
            let step = |(is_upper, value)| Implied { column: j as u32, is_upper, value, row: None };
            let implied = inwards.map(step).collect();
            Some(Proof { how, witness: Witness::CrossedColumn { column: j as u32, implied } })
        } else {
            None
        }
    })
}

/// A row whose sides cross, or lie beyond all that its columns' bounds let it reach. An empty row reaches 0.
pub fn trivially_infeasible_row(problem: &Problem) -> Option<String> {
    infeasible_row(problem).map(|proof| proof.how)
}

fn infeasible_row(problem: &Problem) -> Option<Proof> {
    let tolerances = Tolerances::default();
    let domain = Domain::of(problem);
    let mut sum = Accumulator::new();
    let mut proof = |i: usize, columns: &[u32], coefficients: &[f64]| {
        let (lower, upper) = (domain.row_lower(i), domain.row_upper(i));
        let name = || problem.row_names().get(i);
        if lower - upper > tolerances.row(lower) + tolerances.row(upper) {
            let how = format!("constraint '{}' has a lower side of {lower} above its upper side of {upper}", name());
            return Some(Proof { how, witness: Witness::CrossedRow { row: i as u32 } });
        }
        for (greatest, side) in [(true, lower), (false, upper)] {
            if !side.is_finite() {
                continue;
            }
            sum.clear();
            let bounded = columns.iter().zip(coefficients).filter(|&(_, &a)| a != 0.0).all(|(&j, &a)| {
                let j = j as usize;
                let bound = if (a > 0.0) == greatest { domain.upper(j) } else { domain.lower(j) };
                if bound.is_finite() {
                    sum.add_product(a, bound);
                }
                bound.is_finite()
            });
            if !bounded {
                continue;
            }
            // The columns may use their tolerances as well as the row its own.
            let slack: f64 = coefficients.iter().map(|a| a.abs() * tolerances.bound).sum();
            sum.subtract(side);
            let (beyond, reach) = if greatest { (-sum.up(), "at most") } else { (sum.down(), "at least") };
            if beyond > tolerances.row(side) + slack {
                sum.add(side);
                let (what, activity) = (if greatest { "lower" } else { "upper" }, sum.nearest());
                let how = if columns.is_empty() {
                    format!("constraint '{}' is empty, and its {what} side is {side}", name())
                } else {
                    format!(
                        "constraint '{}' is {reach} {activity} within the bounds, and its {what} side is {side}",
                        name()
                    )
                };
                let mut multipliers = vec![0.0; problem.num_rows()];
                multipliers[i] = if greatest { 1.0 } else { -1.0 };
                let witness = Witness::Contradiction { multipliers: multipliers.into(), implied: Vec::new() };
                return Some(Proof { how, witness });
            }
        }
        None
    };
    problem.each_row(|i, columns, coefficients| proof(i, columns, coefficients).map_or(Ok(()), Err)).err()
}

//! Our problem as microlp's: column by column, row by row; a row with two sides becomes two.

use farkas_modeling::{Problem, Sense};
use microlp::{ComparisonOp, OptimizationDirection, Variable};

/// microlp's integers lie between these.
const INTEGERS: (f64, f64) = (i32::MIN as f64, i32::MAX as f64);

/// From here on microlp takes a bound for infinite (2^52).
const INFINITE_FROM: f64 = 4_503_599_627_370_496.0;

/// What in the numbers of a problem microlp would take for something else.
pub(super) fn refusal(problem: &Problem) -> Option<String> {
    for j in 0..problem.num_columns() {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        let most = if problem.kind(j).is_integer() { INTEGERS.1 } else { INFINITE_FROM };
        if [lower, upper].into_iter().any(|bound| bound.is_finite() && bound.abs() >= most) {
            let name = problem.column_names().get(j);
            return Some(format!("microlp does not take bounds as large as {lower} and {upper} of '{name}'"));
        }
    }
    None
}

/// Whether an integer column has no bound on a side: microlp then ends it at 2^31.
pub(super) fn has_open_integers(problem: &Problem) -> bool {
    (0..problem.num_columns())
        .any(|j| problem.kind(j).is_integer() && (problem.lower()[j].is_infinite() || problem.upper()[j].is_infinite()))
}

/// Whether integers must be integers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Integers {
    Kept,
    Relaxed,
}

/// The problem as microlp has it, without the offset, and its variables: column j is the j-th.
pub(super) fn translate(problem: &Problem, integers: Integers) -> (microlp::Problem, Vec<Variable>) {
    let mut made = microlp::Problem::new(match problem.sense() {
        Sense::Minimize => OptimizationDirection::Minimize,
        Sense::Maximize => OptimizationDirection::Maximize,
    });
    let variables: Vec<Variable> = (0..problem.num_columns())
        .map(|j| {
            let (cost, lower, upper) = (problem.cost()[j], problem.lower()[j], problem.upper()[j]);
            if problem.kind(j).is_integer() && integers == Integers::Kept {
                // Within i32, as `refusal` made sure; what is infinite ends there.
                let (lower, upper) = (lower.max(INTEGERS.0).ceil(), upper.min(INTEGERS.1).floor());
                made.add_integer_var(cost, (lower as i32, upper as i32))
            } else {
                made.add_var(cost, (lower, upper))
            }
        })
        .collect();
    let by_rows = problem.by_rows();
    for i in 0..problem.num_rows() {
        let (columns, values) = by_rows.row(i);
        let mut add = |comparison, side| {
            let terms = columns.iter().zip(values).map(|(&j, &a)| (variables[j as usize], a));
            made.add_constraint(terms, comparison, side);
        };
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if lower == upper {
            add(ComparisonOp::Eq, lower);
            continue;
        }
        if lower.is_finite() {
            add(ComparisonOp::Ge, lower);
        }
        if upper.is_finite() {
            add(ComparisonOp::Le, upper);
        }
    }
    (made, variables)
}

//! Reduced costs from SCIP's multipliers, and the multipliers of rows of one variable, which SCIP takes for bounds.

use farkas_modeling::Problem;
use farkas_modeling::answer::Duals;

/// A distance from a bound or side that still counts as being there, relative to its size.
const NEAR: f64 = 1e-9;

fn at(value: f64, side: f64) -> bool {
    side.is_finite() && (value - side).abs() <= NEAR * side.abs().max(1.0)
}

/// Adds reduced costs to multipliers (m, in the problem's own sense) at an optimal point (n).
///
/// SCIP turns a row of one variable into a bound (even with presolve off, SCIP 10.0.2), and what that bound is worth
/// then stands in the variable's reduced cost. Where the variable is not at a bound of its own, it goes back to the row.
pub fn complete(problem: &Problem, mut rows: Vec<f64>, point: &[f64]) -> Duals {
    let sign = problem.sense().sign();
    let mut reduced_costs: Vec<f64> = (0..problem.num_columns())
        .map(|j| problem.cost()[j] - problem.column(j).iter().map(|(i, v)| rows[i] * v).sum::<f64>())
        .collect();
    for j in 0..problem.num_columns() {
        let (d, x) = (reduced_costs[j], point[j]);
        if d == 0.0 || at(x, if sign * d > 0.0 { problem.lower()[j] } else { problem.upper()[j] }) {
            continue;
        }
        let single = problem.column(j).iter().find(|&(i, v)| {
            // The side that holds the variable where its reduced cost pushes it.
            let held_below = (sign * d > 0.0) == (v > 0.0);
            let side = if held_below { problem.row_lower()[i] } else { problem.row_upper()[i] };
            v != 0.0 && at(v * x, side) && problem.by_rows().row(i).1.iter().filter(|v| **v != 0.0).count() == 1
        });
        if let Some((i, v)) = single {
            rows[i] += d / v;
            reduced_costs[j] = 0.0;
        }
    }
    Duals { rows, reduced_costs }
}

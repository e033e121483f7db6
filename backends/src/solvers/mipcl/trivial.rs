//! Problems that are decided by looking at them: crossed bounds, empty rows, no rows that say anything. MIPCL answers some of them wrongly (an
//! integer column between 0.3 and 0.7 is 0.3) and ends without a word on others, so it is not asked.

use super::mps;
use farkas_modeling::check::check_point;
use farkas_modeling::{Claim, Problem, Reason, Termination, Tolerances};

/// The claim, for a problem that needs no solver.
pub(super) fn solve(problem: &Problem, tolerances: &Tolerances) -> Option<Claim> {
    infeasible(problem, tolerances)
        .map(|why| Claim::bare(Termination::new(Reason::Infeasible, why)))
        .or_else(|| (!mps::has_rows(problem)).then(|| columns_alone(problem, tolerances)))
}

fn infeasible(problem: &Problem, tolerances: &Tolerances) -> Option<String> {
    for j in 0..problem.num_columns() {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower > upper + tolerances.bound {
            return Some(format!("column {} has the bounds {lower} and {upper}", j + 1));
        }
        let whole = (lower - tolerances.integrality).ceil() <= (upper + tolerances.integrality).floor();
        if problem.kind(j).is_integer() && !whole {
            return Some(format!("there is no integer between the bounds {lower} and {upper} of column {}", j + 1));
        }
    }
    let mut filled = vec![false; problem.num_rows()];
    for (&i, &value) in problem.indices().iter().zip(problem.values()) {
        filled[i as usize] |= value != 0.0;
    }
    for (i, filled) in filled.into_iter().enumerate() {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if lower > upper + tolerances.row(upper) {
            return Some(format!("row {} has the sides {lower} and {upper}", i + 1));
        }
        if !filled && (lower > tolerances.feasibility || upper < -tolerances.feasibility) {
            return Some(format!("row {} has no coefficients and does not allow zero", i + 1));
        }
    }
    None
}

/// Every column at its better bound.
fn columns_alone(problem: &Problem, tolerances: &Tolerances) -> Claim {
    let best = |j: usize| {
        let slope = problem.sense().sign() * problem.cost()[j];
        let (lower, upper) = if problem.kind(j).is_integer() {
            let room = tolerances.integrality;
            ((problem.lower()[j] - room).ceil(), (problem.upper()[j] + room).floor())
        } else {
            (problem.lower()[j], problem.upper()[j])
        };
        if slope > 0.0 {
            lower
        } else if slope < 0.0 {
            upper
        } else {
            0.0_f64.max(lower).min(upper)
        }
    };
    let point: Vec<f64> = (0..problem.num_columns()).map(best).collect();
    match check_point(problem, &point, tolerances) {
        Ok(Ok(checked)) => Claim {
            objective: Some(checked.objective()),
            bound: Some(checked.objective()),
            point: Some(point),
            ..Claim::bare(Termination::new(Reason::Optimal, "no rows"))
        },
        _ => Claim::bare(Termination::new(Reason::Unbounded, "a column without rows has no end")),
    }
}

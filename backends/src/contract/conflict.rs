//! What an infeasibility is made of: sides of rows and bounds of columns; and what can be said of it without a solver.

use farkas_modeling::Problem;
use serde::{Deserialize, Serialize};

/// Which end of a row or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Its lower side or bound.
    Lower,
    /// Its upper side or bound.
    Upper,
}

/// One thing that takes part in an infeasibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Member {
    /// A side of a row; an equation has two.
    Row(usize, End),
    /// A bound of a column.
    Bound(usize, End),
}

/// The ends that are finite.
fn ends(lower: f64, upper: f64) -> impl Iterator<Item = End> {
    [(lower.is_finite(), End::Lower), (upper.is_finite(), End::Upper)].into_iter().filter(|e| e.0).map(|e| e.1)
}

/// The finite sides of a row.
pub fn row_members(problem: &Problem, row: usize) -> impl Iterator<Item = Member> + use<> {
    ends(problem.row_lower()[row], problem.row_upper()[row]).map(move |end| Member::Row(row, end))
}

/// The finite bounds of a column.
pub fn bound_members(problem: &Problem, column: usize) -> impl Iterator<Item = Member> + use<> {
    ends(problem.lower()[column], problem.upper()[column]).map(move |end| Member::Bound(column, end))
}

/// Whether each column's bounds belong to its kind, and are taken as given: those of semicontinuous columns, and of those
/// that switch a row.
pub fn given_bounds(problem: &Problem) -> Vec<bool> {
    let mut given: Vec<bool> = (0..problem.num_columns()).map(|j| problem.kind(j).is_semi()).collect();
    problem.indicators().iter().for_each(|indicator| given[indicator.column as usize] = true);
    given
}

/// Bounds of an integer column that are this near to an integer, or nearer, leave it that one.
const BETWEEN: f64 = 1e-5;

/// A conflict that is seen at once: crossed bounds, bounds without an integer between them where there must be one, crossed
/// sides, or a row without entries that 0 does not satisfy.
pub fn plain_conflict(problem: &Problem) -> Option<Vec<Member>> {
    let given = given_bounds(problem);
    let hollow = |j: &usize| {
        let (lower, upper) = (problem.lower()[*j], problem.upper()[*j]);
        let whole = problem.kind(*j).is_integer() && (lower - BETWEEN).ceil() > (upper + BETWEEN).floor();
        !given[*j] && (lower > upper || whole)
    };
    if let Some(j) = (0..problem.num_columns()).find(hollow) {
        return Some(bound_members(problem, j).collect());
    }
    let mut special = vec![false; problem.num_rows()];
    problem.indicators().iter().for_each(|one| special[one.row as usize] = true);
    problem.quadratic_rows().iter().for_each(|one| special[one.row as usize] = true);
    let mut empty = vec![true; problem.num_rows()];
    for (&i, &a) in problem.indices().iter().zip(problem.values()) {
        empty[i as usize] &= a == 0.0;
    }
    (0..problem.num_rows()).filter(|&i| !special[i]).find_map(|i| {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if lower > upper {
            Some(row_members(problem, i).collect())
        } else if empty[i] && lower > 0.0 {
            Some(vec![Member::Row(i, End::Lower)])
        } else if empty[i] && upper < 0.0 {
            Some(vec![Member::Row(i, End::Upper)])
        } else {
            None
        }
    })
}

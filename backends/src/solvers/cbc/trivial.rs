//! Problems that are decided by looking at them: crossed bounds, empty rows, and no columns. CBC answers some of them wrongly and is
//! not asked.

use farkas_modeling::answer::{Basis, BasisStatus, Duals, Ray};
use farkas_modeling::{Claim, Problem, Reason, Termination};

use super::measure;
use crate::contract::rays;
use crate::options::Options;

/// Whether a lower end is above its upper end anywhere, however little.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crossed {
    columns: bool,
    rows: bool,
}

impl Crossed {
    /// Most problems have none, which is seen without a jump an entry.
    pub fn of(problem: &Problem) -> Self {
        Self {
            columns: measure::crossed(problem.lower(), problem.upper()) > 0,
            rows: measure::crossed(problem.row_lower(), problem.row_upper()) > 0,
        }
    }

    /// Whether there is one.
    pub fn any(self) -> bool {
        self.columns || self.rows
    }
}

/// The claim, for a problem that needs no solver.
pub(super) fn solve(problem: &Problem, options: &Options, crossed: Crossed) -> Option<Claim> {
    let tolerances = &options.tolerances;
    let infeasible = |why: String| Some(Claim::bare(Termination::new(Reason::Infeasible, why)));
    let integers = problem.num_integers() > 0;
    for j in (0..problem.num_columns()).filter(|_| integers || crossed.columns) {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower > upper + tolerances.bound {
            return infeasible(format!("column {} has the bounds {lower} and {upper}", j + 1));
        }
        let is_empty = || (lower - tolerances.integrality).ceil() > (upper + tolerances.integrality).floor();
        if problem.kind(j).is_integer() && is_empty() {
            return infeasible(format!(
                "there is no integer between the bounds {lower} and {upper} of column {}",
                j + 1
            ));
        }
    }
    for i in (0..problem.num_rows()).filter(|_| crossed.rows) {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if lower > upper + tolerances.row(upper) {
            return infeasible(format!("row {} has the sides {lower} and {upper}", i + 1));
        }
    }
    empty_row(problem, options).or_else(|| (problem.num_columns() == 0).then(|| constant(problem)))
}

/// A row without coefficients that does not allow zero: infeasible, and its unit vector proves it. Clp has no ray for it.
fn empty_row(problem: &Problem, options: &Options) -> Option<Claim> {
    let y = rays::of_empty_row(problem, options.tolerances.feasibility)?;
    let row = y.iter().position(|y| *y != 0.0).map_or(0, |i| i + 1);
    let why = format!("row {row} has no coefficients and does not allow zero");
    Some(Claim { ray: Some(Ray::Farkas(y)), ..Claim::bare(Termination::new(Reason::Infeasible, why)) })
}

/// No columns, and rows that allow zero.
fn constant(problem: &Problem) -> Claim {
    let m = problem.num_rows();
    Claim {
        point: Some(Vec::new()),
        objective: Some(problem.offset()),
        bound: Some(problem.offset()),
        duals: Some(Duals { rows: vec![0.0; m], reduced_costs: Vec::new() }),
        basis: Some(Basis { columns: Vec::new(), rows: vec![BasisStatus::Basic; m] }),
        ..Claim::bare(Termination::new(Reason::Optimal, "no columns"))
    }
}

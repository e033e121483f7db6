//! What Gurobi found, in the house's words and signs; nothing made up where Gurobi has nothing.

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals};
use farkas_modeling::{Limit, Problem};

use super::ffi::Instance;
use super::load::ranges;
use crate::loading::engine::{Ending, Outcome};

/// Reads everything off a model after a run.
pub(super) fn outcome(instance: &Instance, problem: &Problem, mixed: bool) -> Outcome {
    let status = instance.int(c"Status");
    let (ending, says) = ending(status);
    let has_point = instance.int(c"SolCount") > 0;
    let point = if has_point { instance.column_doubles(c"X").map(|x| own(problem, x)) } else { None };
    let count = |name| instance.double(name).map_or(0, |v| v.max(0.0) as u64);
    let mut outcome = Outcome {
        ending,
        says: format!("{says} (status {status})"),
        objective: point.as_ref().and_then(|_| instance.double(c"ObjVal")),
        point,
        bound: None,
        duals: None,
        basis: None,
        counters: Counters {
            nodes: if mixed { count(c"NodeCount") } else { 0 },
            simplex_iterations: count(c"IterCount"),
            barrier_iterations: u64::try_from(instance.int(c"BarIterCount")).unwrap_or(0),
            first_order_iterations: 0,
        },
    };
    // What is quadratic and not convex is searched like a mixed-integer problem.
    if mixed || !problem.is_linear() {
        outcome.bound = instance.double(c"ObjBound");
        return outcome;
    }
    if ending == Ending::Optimal {
        outcome.bound = outcome.objective;
        let duals = instance.row_doubles(c"Pi").zip(instance.column_doubles(c"RC"));
        outcome.duals = duals.map(|(rows, reduced_costs)| Duals { rows, reduced_costs: own(problem, reduced_costs) });
    }
    outcome.basis = basis(instance, problem);
    outcome
}

/// Without the slacks of ranges.
pub(super) fn own(problem: &Problem, mut values: Vec<f64>) -> Vec<f64> {
    values.truncate(problem.num_columns());
    values
}

/// Gurobi's status codes (reference manual, "Optimization Status Codes").
fn ending(status: i32) -> (Ending, &'static str) {
    match status {
        2 => (Ending::Optimal, "optimal"),
        3 => (Ending::Infeasible, "infeasible"),
        4 => (Ending::InfeasibleOrUnbounded, "infeasible or unbounded"),
        5 => (Ending::Unbounded, "unbounded"),
        6 => (Ending::Limited(Limit::Cutoff), "nothing better than the cutoff"),
        7 => (Ending::Limited(Limit::Iteration), "iteration limit"),
        8 => (Ending::Limited(Limit::Node), "node limit"),
        9 => (Ending::Limited(Limit::Time), "time limit"),
        10 => (Ending::Limited(Limit::Solution), "solution limit"),
        11 => (Ending::Limited(Limit::Interrupted), "interrupted"),
        12 => (Ending::Numerical, "numerical trouble"),
        13 => (Ending::Imprecise, "suboptimal"),
        15 => (Ending::Limited(Limit::Objective), "objective limit"),
        16 => (Ending::Limited(Limit::Other), "work limit"),
        17 => (Ending::Limited(Limit::Memory), "memory limit"),
        _ => (Ending::Failed, "no answer"),
    }
}

/// Of a range, row and slack are read together: the row is basic where its slack or the equation is.
fn basis(instance: &Instance, problem: &Problem) -> Option<Basis> {
    let (columns, rows) = instance.basis()?;
    let column = |status: &i32| match status {
        0 => BasisStatus::Basic,
        -1 => BasisStatus::AtLower,
        -2 => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    };
    let row = |(i, status): (usize, &i32)| match status {
        0 => BasisStatus::Basic,
        _ if problem.row_lower()[i].is_finite() => BasisStatus::AtLower,
        _ if problem.row_upper()[i].is_finite() => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    };
    let n = problem.num_columns();
    let mut basis = Basis {
        columns: columns.iter().take(n).map(column).collect(),
        rows: rows.iter().enumerate().map(row).collect(),
    };
    for (slack, i) in columns.iter().skip(n).zip(ranges(problem)) {
        if basis.rows[i] != BasisStatus::Basic {
            basis.rows[i] = column(slack);
        }
    }
    Some(basis)
}

/// A basis in Gurobi's numbers, slacks of ranges included: the slack takes the row's place.
pub(super) fn statuses(basis: &Basis, problem: &Problem) -> (Vec<i32>, Vec<i32>) {
    let number = |status: &BasisStatus| match status {
        BasisStatus::Basic => 0,
        BasisStatus::AtLower => -1,
        BasisStatus::AtUpper => -2,
        BasisStatus::Free => -3,
    };
    let mut columns: Vec<i32> = basis.columns.iter().map(number).collect();
    let mut rows: Vec<i32> =
        basis.rows.iter().map(|status| if *status == BasisStatus::Basic { 0 } else { -1 }).collect();
    for i in ranges(problem) {
        columns.push(number(&basis.rows[i]));
        rows[i] = -1;
    }
    (columns, rows)
}

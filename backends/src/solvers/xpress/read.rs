//! What Xpress found, in the house's words and signs; nothing made up where Xpress has nothing.

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals};
use farkas_modeling::{Limit, Problem};

use super::ffi::{Ended, Instance, Optimiser};
use crate::loading::engine::{Ending, Outcome};

/// Reads everything off an instance after a run, whose presolve was taken back.
pub(super) fn outcome(instance: &Instance, ended: Ended, problem: &Problem, optimiser: Optimiser) -> Outcome {
    let mixed = optimiser == Optimiser::MixedInteger;
    let (ending, says) = if mixed { mip_ending(ended) } else { lp_ending(ended) };
    let [nodes, simplex_iterations, barrier_iterations] = instance.counts();
    let mut outcome = Outcome {
        ending,
        says: says.to_owned(),
        point: None,
        objective: None,
        bound: None,
        duals: None,
        basis: None,
        counters: Counters { nodes, simplex_iterations, barrier_iterations, first_order_iterations: 0 },
    };
    if mixed {
        if ended.solutions > 0 {
            outcome.point = instance.mip_values();
            outcome.objective = instance.objective(optimiser);
        }
        outcome.bound = instance.best_bound();
        return outcome;
    }
    if matches!(ending, Ending::Optimal | Ending::Imprecise | Ending::Unbounded)
        && let Some((point, mut rows, reduced_costs)) = instance.lp_solution()
    {
        outcome.objective = if ending == Ending::Unbounded {
            Some(problem.objective_of(&point))
        } else {
            instance.objective(optimiser)
        };
        outcome.point = Some(point);
        rows.truncate(problem.num_rows());
        // The barrier leaves multipliers of a quadratic objective with less digits than a proof needs.
        let has_duals = ending == Ending::Optimal && problem.is_linear();
        outcome.duals = has_duals.then_some(Duals { rows, reduced_costs });
    }
    outcome.bound = outcome.objective.filter(|_| ending == Ending::Optimal);
    outcome.basis = if problem.is_lp() { basis(instance, problem) } else { None };
    outcome
}

/// The attributes LPSTATUS and STOPSTATUS (reference manual, "Problem attributes").
fn lp_ending(ended: Ended) -> (Ending, &'static str) {
    match ended.lp {
        1 => (Ending::Optimal, "optimal"),
        2 => (Ending::Infeasible, "infeasible"),
        3 | 6 => (Ending::Limited(Limit::Cutoff), "objective worse than the cutoff"),
        5 => (Ending::Unbounded, "unbounded"),
        8 => (Ending::Failed, "not convex"),
        _ => stopped(ended),
    }
}

/// The attributes MIPSTATUS, LPSTATUS and STOPSTATUS.
fn mip_ending(ended: Ended) -> (Ending, &'static str) {
    match (ended.mip, ended.lp) {
        (6, _) => (Ending::Optimal, "optimal"),
        (5, _) => (Ending::Infeasible, "infeasible"),
        (7, _) => (Ending::Unbounded, "unbounded"),
        (0 | 1, 2) => (Ending::Infeasible, "infeasible relaxation"),
        (0 | 1, 5) => (Ending::Unbounded, "unbounded relaxation"),
        (0 | 1, 8) => (Ending::Failed, "not convex"),
        _ => stopped(ended),
    }
}

/// The attribute STOPSTATUS.
fn stopped(ended: Ended) -> (Ending, &'static str) {
    match ended.stop {
        1 => (Ending::Limited(Limit::Time), "time limit"),
        2 | 9 => (Ending::Limited(Limit::Interrupted), "interrupted"),
        3 => (Ending::Limited(Limit::Node), "node limit"),
        4 => (Ending::Limited(Limit::Iteration), "iteration limit"),
        5 if ended.solutions > 0 => (Ending::Optimal, "gap closed"),
        6 => (Ending::Limited(Limit::Solution), "solution limit"),
        8 => (Ending::Limited(Limit::Memory), "out of memory"),
        11 => (Ending::Failed, "licence lost"),
        7 => (Ending::Failed, "unrecoverable error"),
        13 => (Ending::Numerical, "numerical error"),
        _ => (Ending::Limited(Limit::Undetermined), "ended unsolved"),
    }
}

/// The statuses of rows are those of their slacks, right-hand side less activity: at its lower bound, zero, a row is held
/// above, at its upper below.
fn basis(instance: &Instance, problem: &Problem) -> Option<Basis> {
    let (columns, rows) = instance.basis()?;
    let columns = columns.into_iter().map(|status| match status {
        0 => BasisStatus::AtLower,
        1 => BasisStatus::Basic,
        2 => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    });
    let rows = rows.into_iter().enumerate().map(|(i, status)| {
        let (lower, upper) = (problem.row_lower()[i].is_finite(), problem.row_upper()[i].is_finite());
        match status {
            1 => BasisStatus::Basic,
            0 if upper => BasisStatus::AtUpper,
            _ if lower => BasisStatus::AtLower,
            _ if upper => BasisStatus::AtUpper,
            _ => BasisStatus::Free,
        }
    });
    Some(Basis { columns: columns.collect(), rows: rows.collect() })
}

/// A basis in Xpress' numbers.
pub(super) fn statuses(basis: &Basis, problem: &Problem) -> (Vec<i32>, Vec<i32>) {
    let columns = basis.columns.iter().map(|status| match status {
        BasisStatus::AtLower => 0,
        BasisStatus::Basic => 1,
        BasisStatus::AtUpper => 2,
        BasisStatus::Free => 3,
    });
    let rows = basis.rows.iter().enumerate().map(|(i, status)| {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        match status {
            BasisStatus::Basic => 1,
            BasisStatus::AtLower if lower.is_finite() && lower < upper => 2,
            _ => 0,
        }
    });
    (columns.collect(), rows.collect())
}

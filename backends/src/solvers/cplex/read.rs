//! What CPLEX found, in the house's words and signs; nothing made up where CPLEX has nothing.

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals};
use farkas_modeling::{Limit, Problem};

use super::ffi::{Instance, Optimiser};
use crate::loading::engine::{Ending, Outcome};

/// Reads everything off an instance after a run.
pub(super) fn outcome(instance: &Instance, problem: &Problem, optimiser: Optimiser) -> Outcome {
    let status = instance.status();
    let ending = match ending(status) {
        // The barrier's objective left all bounds: one of the two, it does not say which.
        Ending::Limited(Limit::Objective) if optimiser != Optimiser::Linear => Ending::InfeasibleOrUnbounded,
        ending => ending,
    };
    let solved = matches!(ending, Ending::Optimal | Ending::Imprecise);
    let point = if solved || instance.is_feasible() { instance.values() } else { None };
    let [nodes, simplex, barrier, search] = instance.counts();
    let mixed = optimiser == Optimiser::MixedInteger;
    let mut outcome = Outcome {
        ending,
        says: instance.status_words(status),
        objective: point.as_ref().and_then(|_| instance.objective()),
        point,
        bound: None,
        duals: None,
        basis: None,
        counters: Counters {
            nodes,
            simplex_iterations: if mixed { search } else { simplex },
            barrier_iterations: barrier,
            first_order_iterations: 0,
        },
    };
    if mixed {
        outcome.bound = instance.best_bound();
        return outcome;
    }
    if ending == Ending::Optimal {
        outcome.bound = outcome.objective;
        if problem.quadratic_rows().is_empty() {
            let duals = instance.multipliers().zip(instance.reduced_costs());
            outcome.duals = duals.map(|(rows, reduced_costs)| Duals { rows, reduced_costs });
        }
    }
    if optimiser == Optimiser::Linear {
        outcome.basis = basis(instance, problem);
    }
    outcome
}

/// CPLEX' solution status (reference manual, "Solution status codes").
fn ending(status: i32) -> Ending {
    match status {
        1 | 101 | 102 | 129 | 130 => Ending::Optimal,
        2 | 118 => Ending::Unbounded,
        3 | 103 => Ending::Infeasible,
        4 | 119 => Ending::InfeasibleOrUnbounded,
        // Optimal, but for infeasibilities once the scaling is taken back; the best that could be had.
        5 | 6 | 24 | 115 => Ending::Imprecise,
        10 => Ending::Limited(Limit::Iteration),
        11 | 25 | 107 | 108 | 131 | 132 => Ending::Limited(Limit::Time),
        12 | 21 | 22 => Ending::Limited(Limit::Objective),
        13 | 113 | 114 => Ending::Limited(Limit::Interrupted),
        23 | 127 => Ending::Limited(Limit::Undetermined),
        104 => Ending::Limited(Limit::Solution),
        105 | 106 => Ending::Limited(Limit::Node),
        111 | 112 => Ending::Limited(Limit::Memory),
        109 | 110 | 116 | 117 => Ending::Numerical,
        _ => Ending::Failed,
    }
}

/// A row that is held counts as at its lower bound to CPLEX, whichever side it has; only ranges have two.
fn basis(instance: &Instance, problem: &Problem) -> Option<Basis> {
    let (columns, rows) = instance.basis()?;
    let columns = columns.into_iter().map(|status| match status {
        0 => BasisStatus::AtLower,
        1 => BasisStatus::Basic,
        2 => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    });
    let rows = rows.into_iter().enumerate().map(|(i, status)| match status {
        1 => BasisStatus::Basic,
        2 => BasisStatus::AtUpper,
        _ if problem.row_lower()[i].is_finite() => BasisStatus::AtLower,
        _ if problem.row_upper()[i].is_finite() => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    });
    Some(Basis { columns: columns.collect(), rows: rows.collect() })
}

/// A basis in CPLEX' numbers.
pub(super) fn statuses(basis: &Basis, problem: &Problem) -> (Vec<i32>, Vec<i32>) {
    let columns = basis.columns.iter().map(|status| match status {
        BasisStatus::AtLower => 0,
        BasisStatus::Basic => 1,
        BasisStatus::AtUpper => 2,
        BasisStatus::Free => 3,
    });
    let rows = basis.rows.iter().enumerate().map(|(i, status)| {
        let ranged = problem.row_lower()[i].is_finite() && problem.row_lower()[i] < problem.row_upper()[i];
        match status {
            BasisStatus::Basic => 1,
            BasisStatus::AtUpper if ranged && problem.row_upper()[i].is_finite() => 2,
            _ => 0,
        }
    });
    (columns.collect(), rows.collect())
}

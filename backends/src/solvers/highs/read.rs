//! What HiGHS found, as a [`Claim`]: values in the problem's own space and sense, nothing made up where HiGHS has nothing.

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals, Ray};
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};
use highs_sys as sys;

use super::ffi::Instance;
use crate::contract::rays;

/// A run's outcome in HiGHS' words, read before a helper run overwrites it.
pub(super) struct Outcome {
    pub(super) status: sys::HighsInt,
    pub(super) claim: Claim,
}

/// Reads everything off an instance after a run of `problem` itself.
pub(super) fn outcome(instance: &Instance, problem: &Problem, is_mip: bool, node_limit: Option<u64>) -> Outcome {
    let status = instance.status();
    let counters = counters(instance, is_mip);
    let feasible = instance.info_int(c"primal_solution_status") == sys::SOLUTION_STATUS_FEASIBLE;
    let near = status == sys::MODEL_STATUS_UNKNOWN || status == sys::MODEL_STATUS_OPTIMAL;
    let solution = (feasible || near).then(|| instance.solution()).flatten();
    let solution = solution.filter(|s| s.columns.iter().all(|v| v.is_finite()));
    let mut claim = Claim::bare(termination(status, solution.is_some(), feasible, counters.nodes, node_limit));
    claim.counters = counters;
    if let Some(solution) = solution {
        claim.objective = Some(instance.info_double(c"objective_function_value")).filter(|v| v.is_finite());
        let dual_feasible = instance.info_int(c"dual_solution_status") != sys::SOLUTION_STATUS_NONE;
        if !is_mip && dual_feasible && status == sys::MODEL_STATUS_OPTIMAL {
            claim.duals = Some(Duals { rows: solution.row_duals, reduced_costs: solution.reduced_costs });
        }
        claim.point = Some(solution.columns);
    }
    if is_mip {
        claim.bound = Some(instance.info_double(c"mip_dual_bound")).filter(|v| v.is_finite());
    } else if status == sys::MODEL_STATUS_OPTIMAL {
        claim.bound = claim.objective;
    }
    if !is_mip {
        claim.basis = basis(instance, problem);
    }
    Outcome { status, claim }
}

fn counters(instance: &Instance, is_mip: bool) -> Counters {
    let count = |name| u64::try_from(instance.info_int(name)).unwrap_or(0);
    Counters {
        nodes: if is_mip { u64::try_from(instance.info_long(c"mip_node_count")).unwrap_or(0) } else { 0 },
        simplex_iterations: count(c"simplex_iteration_count") + count(c"crossover_iteration_count"),
        barrier_iterations: count(c"ipm_iteration_count"),
        first_order_iterations: count(c"pdlp_iteration_count"),
    }
}

/// HiGHS' model status in `MathOpt`'s words.
fn termination(
    status: sys::HighsInt,
    has_point: bool,
    feasible: bool,
    nodes: u64,
    node_limit: Option<u64>,
) -> Termination {
    let limit = |limit, detail: &str| Termination::at_limit(has_point && feasible, limit, detail);
    match status {
        sys::MODEL_STATUS_OPTIMAL if has_point => Termination::new(Reason::Optimal, "HiGHS: optimal"),
        sys::MODEL_STATUS_OPTIMAL => Termination::new(Reason::OtherError, "HiGHS says optimal and has no point"),
        sys::MODEL_STATUS_INFEASIBLE => Termination::new(Reason::Infeasible, "HiGHS: infeasible"),
        sys::MODEL_STATUS_UNBOUNDED => Termination::new(Reason::Unbounded, "HiGHS: unbounded"),
        sys::MODEL_STATUS_UNBOUNDED_OR_INFEASIBLE => {
            Termination::new(Reason::InfeasibleOrUnbounded, "HiGHS: primal infeasible or unbounded")
        }
        sys::MODEL_STATUS_OBJECTIVE_BOUND => limit(Limit::Cutoff, "HiGHS: objective bound"),
        sys::MODEL_STATUS_OBJECTIVE_TARGET => limit(Limit::Objective, "HiGHS: objective target"),
        sys::MODEL_STATUS_REACHED_TIME_LIMIT => limit(Limit::Time, "HiGHS: time limit"),
        sys::MODEL_STATUS_REACHED_ITERATION_LIMIT => limit(Limit::Iteration, "HiGHS: iteration limit"),
        // One status for nodes, leaves and improving solutions; the counters tell which.
        sys::MODEL_STATUS_REACHED_SOLUTION_LIMIT if node_limit.is_some_and(|most| nodes >= most) => {
            limit(Limit::Node, "HiGHS: node limit")
        }
        sys::MODEL_STATUS_REACHED_SOLUTION_LIMIT => limit(Limit::Solution, "HiGHS: solution limit"),
        sys::MODEL_STATUS_REACHED_INTERRUPT | sys::MODEL_STATUS_HIGHS_INTERRUPT => {
            limit(Limit::Interrupted, "HiGHS: interrupted")
        }
        sys::MODEL_STATUS_REACHED_MEMORY_LIMIT => limit(Limit::Memory, "HiGHS: out of memory"),
        sys::MODEL_STATUS_UNKNOWN if has_point => {
            Termination::new(Reason::Imprecise, "HiGHS: unknown (its point misses its tolerances)")
        }
        sys::MODEL_STATUS_UNKNOWN => Termination::new(Reason::NumericalError, "HiGHS: unknown"),
        sys::MODEL_STATUS_SOLVE_ERROR => Termination::new(Reason::NumericalError, "HiGHS: solve error"),
        sys::MODEL_STATUS_POSTSOLVE_ERROR => Termination::new(Reason::NumericalError, "HiGHS: postsolve error"),
        sys::MODEL_STATUS_PRESOLVE_ERROR => Termination::new(Reason::OtherError, "HiGHS: presolve error"),
        other => Termination::new(Reason::OtherError, format!("HiGHS: model status {other}")),
    }
}

pub(super) fn basis(instance: &Instance, problem: &Problem) -> Option<Basis> {
    let (columns, rows) = instance.basis()?;
    // "Nonbasic" alone leaves the side open: it is whichever is finite.
    let named = |status, lower: f64, upper: f64| match status {
        0 => BasisStatus::AtLower,
        1 => BasisStatus::Basic,
        2 => BasisStatus::AtUpper,
        3 => BasisStatus::Free,
        _ if lower.is_finite() => BasisStatus::AtLower,
        _ if upper.is_finite() => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    };
    let all = |statuses: Vec<i32>, lower: &[f64], upper: &[f64]| {
        statuses.into_iter().zip(lower.iter().zip(upper)).map(|(s, (&l, &u))| named(s, l, u)).collect()
    };
    Some(Basis {
        columns: all(columns, problem.lower(), problem.upper()),
        rows: all(rows, problem.row_lower(), problem.row_upper()),
    })
}

/// A basis in HiGHS' numbers.
pub(super) fn statuses(of: &[BasisStatus]) -> Vec<i32> {
    of.iter()
        .map(|status| match status {
            BasisStatus::AtLower => 0,
            BasisStatus::Basic => 1,
            BasisStatus::AtUpper => 2,
            BasisStatus::Free => 3,
        })
        .collect()
}

/// The answer for a problem without columns, which HiGHS calls "empty" whatever its rows say: every activity is 0.
pub(super) fn without_columns(problem: &Problem, tolerance: f64) -> Claim {
    if let Some(ray) = rays::of_empty_row(problem, tolerance) {
        let detail = "no columns, and a row that 0 does not satisfy";
        let mut claim = Claim::bare(Termination::new(Reason::Infeasible, detail));
        claim.ray = Some(Ray::Farkas(ray));
        return claim;
    }
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, "no columns"));
    claim.point = Some(Vec::new());
    claim.objective = Some(problem.offset());
    claim.bound = Some(problem.offset());
    claim.duals = Some(Duals { rows: vec![0.0; problem.num_rows()], reduced_costs: Vec::new() });
    claim.basis = Some(Basis { columns: Vec::new(), rows: vec![BasisStatus::Basic; problem.num_rows()] });
    claim
}

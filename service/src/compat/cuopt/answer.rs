//! A result as cuOpt tells it. Every key that the client reads is there: the eight of `milp_statistics` too, and a model
//! without a point has an empty `solution`. What we do not know is null.

use farkas_api_types::{Number, SolveResult, Vectors};
use farkas_modeling::{Limit, Reason};
use serde::Serialize;

/// One solved problem.
#[derive(Debug, Serialize)]
pub struct Response {
    pub status: &'static str,
    pub solution: Solution,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Solution {
    Point(Box<Point>),
    None {},
    /// Why one of several was not solved.
    Error(String),
}

/// A point and all that is known of it.
#[derive(Debug, Serialize)]
pub struct Point {
    problem_category: &'static str,
    primal_solution: Vec<f64>,
    dual_solution: Option<Vec<f64>>,
    primal_objective: Option<f64>,
    dual_objective: Option<f64>,
    solver_time: f64,
    solved_by: Option<String>,
    vars: Values,
    lp_statistics: LpStatistics,
    reduced_cost: Option<Vec<f64>>,
    milp_statistics: MilpStatistics,
}

#[derive(Debug, Serialize)]
struct LpStatistics {
    primal_residual: Option<f64>,
    dual_residual: Option<f64>,
    gap: Option<f64>,
    nb_iterations: u64,
}

#[derive(Debug, Serialize)]
struct MilpStatistics {
    mip_gap: Option<f64>,
    solution_bound: Option<f64>,
    presolve_time: Option<f64>,
    max_constraint_violation: Option<f64>,
    max_int_violation: Option<f64>,
    max_variable_bound_violation: Option<f64>,
    num_nodes: u64,
    num_simplex_iterations: u64,
}

/// Values by name, as plain numbers.
#[derive(Debug)]
struct Values(Vectors);

impl Serialize for Values {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, Number(value))| (name, value)))
    }
}

/// A result; `iterations` are those of the lane that made most.
pub fn respond(result: SolveResult, iterations: u64) -> Response {
    let integer = result.problem.integers > 0;
    let status = status(result.termination.reason, result.termination.limit, integer);
    // As in cuOpt: a point comes with these, and with nothing else.
    let tells = matches!(status, "Optimal" | "FeasibleFound" | "TimeLimit" | "IterationLimit" | "PrimalFeasible");
    let solution = match result.variables {
        Some(_) if tells => Solution::Point(Box::new(point(result, integer, iterations))),
        _ => Solution::None {},
    };
    Response { status, solution }
}

fn point(result: SolveResult, integer: bool, iterations: u64) -> Point {
    let number = |value: Option<Number>| value.map(|Number(value)| value);
    let list = |values: Option<Vectors>| {
        values.filter(|_| !integer).map(|values| values.into_values().map(|Number(value)| value).collect::<Vec<f64>>())
    };
    let vars = result.variables.unwrap_or_default();
    let (objective, bound) = (number(result.objective), number(result.bound));
    let evidence = result.evidence;
    Point {
        problem_category: if integer { "MIP" } else { "LP" },
        primal_solution: vars.values().map(|Number(value)| *value).collect(),
        vars: Values(vars),
        dual_solution: list(result.duals),
        reduced_cost: list(result.reduced_costs),
        primal_objective: objective,
        dual_objective: bound.filter(|_| !integer),
        solver_time: result.seconds,
        solved_by: evidence.found_by,
        lp_statistics: LpStatistics {
            primal_residual: evidence.max_row_violation,
            dual_residual: None,
            gap: objective.zip(bound).map(|(objective, bound)| (objective - bound).abs()),
            nb_iterations: iterations,
        },
        milp_statistics: MilpStatistics {
            mip_gap: number(result.gap),
            solution_bound: bound,
            presolve_time: None,
            max_constraint_violation: evidence.max_row_violation,
            max_int_violation: evidence.max_integrality_violation,
            max_variable_bound_violation: evidence.max_bound_violation,
            num_nodes: result.lanes.iter().map(|lane| lane.nodes).sum(),
            num_simplex_iterations: iterations,
        },
    }
}

/// cuOpt has a list of statuses for linear programs and another for integer ones.
fn status(reason: Reason, limit: Option<Limit>, integer: bool) -> &'static str {
    match (reason, limit, integer) {
        (Reason::Optimal, ..) => "Optimal",
        (Reason::Infeasible, _, true) => "Infeasible",
        (Reason::Infeasible, _, false) => "PrimalInfeasible",
        (Reason::Unbounded, _, true) => "Unbounded",
        (Reason::Unbounded, _, false) => "DualInfeasible",
        (Reason::InfeasibleOrUnbounded, ..) => "UnboundedOrInfeasible",
        (Reason::Feasible, _, true) => "FeasibleFound",
        (Reason::Feasible | Reason::NoSolutionFound, Some(Limit::Time), _) => "TimeLimit",
        (Reason::Feasible | Reason::NoSolutionFound, Some(Limit::Iteration), false) => "IterationLimit",
        (Reason::Feasible, _, false) => "PrimalFeasible",
        (Reason::Imprecise | Reason::NumericalError, ..) => "NumericalError",
        (Reason::NoSolutionFound | Reason::OtherError, ..) => "NoTermination",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_status_of_its_list() {
        let cases = [
            (Reason::Optimal, None, true, "Optimal"),
            (Reason::Infeasible, None, true, "Infeasible"),
            (Reason::Infeasible, None, false, "PrimalInfeasible"),
            (Reason::Unbounded, None, false, "DualInfeasible"),
            (Reason::Feasible, Some(Limit::Time), true, "FeasibleFound"),
            (Reason::Feasible, Some(Limit::Time), false, "TimeLimit"),
            (Reason::Feasible, Some(Limit::Interrupted), false, "PrimalFeasible"),
            (Reason::NoSolutionFound, Some(Limit::Time), true, "TimeLimit"),
            (Reason::NoSolutionFound, Some(Limit::Interrupted), true, "NoTermination"),
            (Reason::NumericalError, None, false, "NumericalError"),
        ];
        for (reason, limit, integer, expected) in cases {
            assert_eq!(status(reason, limit, integer), expected, "{reason:?} {limit:?} {integer}");
        }
    }
}

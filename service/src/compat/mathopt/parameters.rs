//! `MathOpt`'s solver types and parameters as our options. What has no counterpart here and does not change what is asked for
//! is told in a message.

use farkas_api_types::{SolveOptions, SolverChoice};
use farkas_backends::options::{LpMethod, Presolve};

use super::model::wrong;
use super::wire::{Parameters, Whole};
use crate::api::problem::Problem;
use crate::roster::Roster;

/// Solver types and the backends that stand for them, the best first.
const SOLVERS: [(&str, &[&str]); 13] = [
    ("SOLVER_TYPE_UNSPECIFIED", &[]),
    ("SOLVER_TYPE_GSCIP", &["scip"]),
    ("SOLVER_TYPE_GUROBI", &["gurobi", "gurobipy"]),
    ("SOLVER_TYPE_GLOP", &["glop"]),
    ("SOLVER_TYPE_CP_SAT", &["cp-sat"]),
    ("SOLVER_TYPE_PDLP", &["pdlp"]),
    ("SOLVER_TYPE_GLPK", &[]),
    ("SOLVER_TYPE_OSQP", &[]),
    ("SOLVER_TYPE_ECOS", &[]),
    ("SOLVER_TYPE_SCS", &[]),
    ("SOLVER_TYPE_HIGHS", &["highs"]),
    ("SOLVER_TYPE_SANTORINI", &[]),
    ("SOLVER_TYPE_XPRESS", &["xpress"]),
];

/// Who solves; a message where it is not who was asked for.
pub async fn solver(name: Option<&str>, roster: &Roster, messages: &mut Vec<String>) -> Result<SolverChoice, Problem> {
    let Some(name) = name else { return Ok(SolverChoice::Race) };
    let Some((_, backends)) = SOLVERS.iter().find(|(known, _)| *known == name) else {
        return Err(wrong("/solverType", format!("'{name}' is no solver type of MathOpt")));
    };
    for backend in *backends {
        if roster.has(backend).await {
            return Ok(SolverChoice::One((*backend).into()));
        }
    }
    if name != "SOLVER_TYPE_UNSPECIFIED" {
        let wanted = name.trim_start_matches("SOLVER_TYPE_");
        messages.push(format!("{wanted} is not here; the solvers that are here race instead"));
    }
    Ok(SolverChoice::Race)
}

/// The parameters.
pub fn options(given: &Parameters, messages: &mut Vec<String>) -> Result<SolveOptions, Problem> {
    let count = |value: Option<Whole>, name: &str| match value {
        Some(Whole(number)) => u64::try_from(number)
            .map(Some)
            .map_err(|_| wrong(&format!("/parameters/{name}"), format!("{number}: it must be at least 0"))),
        None => Ok(None),
    };
    let double = |value: Option<super::wire::Double>| value.map(|value| value.0);
    let mut options = SolveOptions {
        time_limit_seconds: given.time_limit.map(|limit| limit.0),
        gap: double(given.relative_gap_tolerance),
        absolute_gap: double(given.absolute_gap_tolerance),
        threads: count(given.threads, "threads")?.map(|threads| threads.try_into().unwrap_or(u32::MAX)),
        seed: count(given.random_seed, "randomSeed")?.map(|seed| seed.try_into().unwrap_or(u32::MAX)),
        node_limit: count(given.node_limit, "nodeLimit")?,
        solution_limit: count(given.solution_limit, "solutionLimit")?,
        objective_target: double(given.objective_limit),
        cutoff: double(given.cutoff_limit),
        ..SolveOptions::default()
    };
    options.lp_method = match given.lp_algorithm.as_deref() {
        None | Some("LP_ALGORITHM_UNSPECIFIED") => None,
        Some("LP_ALGORITHM_PRIMAL_SIMPLEX" | "LP_ALGORITHM_DUAL_SIMPLEX") => Some(LpMethod::Simplex),
        Some("LP_ALGORITHM_BARRIER") => Some(LpMethod::Barrier),
        Some("LP_ALGORITHM_FIRST_ORDER") => Some(LpMethod::FirstOrder),
        Some(other) => return Err(wrong("/parameters/lpAlgorithm", format!("'{other}' is no algorithm of MathOpt"))),
    };
    options.presolve = match given.presolve.as_deref() {
        None | Some("EMPHASIS_UNSPECIFIED") => None,
        Some("EMPHASIS_OFF") => Some(Presolve::Off),
        Some(_) => Some(Presolve::On),
    };
    let without = [
        (given.iteration_limit.is_some(), "iterationLimit"),
        (given.best_bound_limit.is_some(), "bestBoundLimit"),
        (given.solution_pool_size.is_some(), "solutionPoolSize"),
        (given.cuts.is_some(), "cuts"),
        (given.heuristics.is_some(), "heuristics"),
        (given.scaling.is_some(), "scaling"),
    ];
    let names: Vec<&str> = without.into_iter().filter_map(|(there, name)| there.then_some(name)).collect();
    if !names.is_empty() {
        messages.push(format!("without a counterpart here, and without effect: {}", names.join(", ")));
    }
    options.check("/parameters")?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::mathopt::wire::{Double, Seconds};

    #[test]
    fn parameters_become_options_and_the_rest_is_told() {
        let given = Parameters {
            time_limit: Some(Seconds(3.5)),
            relative_gap_tolerance: Some(Double(1e-3)),
            threads: Some(Whole(2)),
            presolve: Some("EMPHASIS_OFF".into()),
            lp_algorithm: Some("LP_ALGORITHM_BARRIER".into()),
            cuts: Some("EMPHASIS_HIGH".into()),
            ..Parameters::default()
        };
        let mut messages = Vec::new();
        let options = options(&given, &mut messages).unwrap();
        assert_eq!(options.time_limit_seconds, Some(3.5));
        assert_eq!((options.gap, options.threads), (Some(1e-3), Some(2)));
        assert_eq!((options.presolve, options.lp_method), (Some(Presolve::Off), Some(LpMethod::Barrier)));
        assert_eq!(messages, ["without a counterpart here, and without effect: cuts"]);
        let wrong = Parameters { node_limit: Some(Whole(-1)), ..Parameters::default() };
        let error = super::options(&wrong, &mut messages).unwrap_err();
        assert_eq!(error.details().pointer.as_deref(), Some("/parameters/nodeLimit"));
    }
}

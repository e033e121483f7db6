//! A result as `MathOpt` tells it, in proto3 JSON. The limit is there exactly when the reason is FEASIBLE or
//! `NO_SOLUTION_FOUND`, and no status is left unspecified: the client raises an error otherwise.

use std::sync::Arc;

use farkas_api_types::{NamedRay, Number, RayKind, SolveResult, Vectors};
use farkas_modeling::problem::Sense;
use farkas_modeling::{Problem as Model, Reason};
use serde_json::{Value as Json, json};

use super::model::Ids;
use super::wire::{Filter, ModelParameters};

/// What was asked, as the answer needs it.
pub struct Asked {
    pub model: Arc<Model>,
    pub columns: Ids,
    pub rows: Ids,
    /// What of the answer is wanted.
    pub wanted: ModelParameters,
}

/// A result in the model's ids.
pub fn result(result: &SolveResult, asked: &Asked, iterations: u64) -> Json {
    let Asked { model, columns, rows, wanted } = asked;
    let named = |vector: &Option<Vectors>, ids: &Ids, filter: &Filter| {
        vector.as_ref().map(|vector| sparse(ids.iter().zip(vector.values().map(|Number(value)| *value)), filter))
    };
    let optimal = result.termination.reason == Reason::Optimal;
    let mut solution = serde_json::Map::new();
    if let Some(values) = named(&result.variables, columns, &wanted.variable_values_filter) {
        let status = if result.termination.reason == Reason::Imprecise { "UNDETERMINED" } else { "FEASIBLE" };
        let primal = json!({
            "variableValues": values,
            "objectiveValue": number(result.objective, f64::NAN),
            "feasibilityStatus": format!("SOLUTION_STATUS_{status}"),
        });
        solution.insert("primalSolution".into(), primal);
    }
    let duals = named(&result.duals, rows, &wanted.dual_values_filter);
    if let (Some(duals), Some(costs)) = (duals, named(&result.reduced_costs, columns, &wanted.reduced_costs_filter)) {
        let status = if optimal { "FEASIBLE" } else { "UNDETERMINED" };
        let mut dual = json!({
            "dualValues": duals,
            "reducedCosts": costs,
            "feasibilityStatus": format!("SOLUTION_STATUS_{status}"),
        });
        if let Some(bound) = result.bound {
            dual["objectiveValue"] = double(bound.0);
        }
        solution.insert("dualSolution".into(), dual);
    }
    let solutions = if solution.is_empty() { json!([]) } else { json!([solution]) };
    let mut told = json!({
        "termination": termination(result),
        "solutions": solutions,
        "solveStats": {
            "solveTime": format!("{:.9}s", result.seconds.max(0.0)),
            "problemStatus": problem_status(result),
            "nodeCount": result.lanes.iter().map(|lane| lane.nodes).sum::<u64>().to_string(),
            "simplexIterations": iterations.to_string(),
        },
    });
    let filter = &wanted.variable_values_filter;
    if let Some(ray) = result.ray.as_ref().and_then(|ray| primal_ray(ray, model, columns, filter)) {
        told["primalRays"] = json!([ray]);
    }
    told
}

/// A direction along which the objective gets better. A Farkas ray is not told: `MathOpt` wants the multipliers of the
/// bounds with it, which ours leaves to be worked out.
fn primal_ray(ray: &NamedRay, model: &Model, columns: &Ids, filter: &Filter) -> Option<Json> {
    if ray.kind != RayKind::Primal {
        return None;
    }
    let entry =
        |(name, Number(value)): (&String, &Number)| Some((columns.at(model.column_names().find(name)?)?, *value));
    let mut entries = ray.values.iter().map(entry).collect::<Option<Vec<_>>>()?;
    entries.sort_by_key(|(id, _)| *id);
    Some(json!({"variableValues": sparse(entries.into_iter(), filter)}))
}

fn termination(result: &SolveResult) -> Json {
    let termination = &result.termination;
    let sense = result.problem.sense;
    let primal = match termination.reason {
        Reason::Unbounded => -sense.worst(),
        _ => sense.worst(),
    };
    let mut told = json!({
        "reason": format!("TERMINATION_REASON_{}", word(&termination.reason)),
        "detail": termination.detail,
        "problemStatus": problem_status(result),
        "objectiveBounds": {
            "primalBound": number(result.objective, primal),
            "dualBound": number(result.bound, dual_default(termination.reason, sense)),
        },
    });
    if let Some(limit) = &termination.limit {
        told["limit"] = json!(format!("LIMIT_{}", word(limit)));
    }
    told
}

fn dual_default(reason: Reason, sense: Sense) -> f64 {
    if reason == Reason::Infeasible { sense.worst() } else { -sense.worst() }
}

fn problem_status(result: &SolveResult) -> Json {
    let bounded = result.bound.is_some_and(|bound| bound.0.is_finite());
    let dual = if bounded { "FEASIBLE" } else { "UNDETERMINED" };
    let (primal, dual, either) = match result.termination.reason {
        Reason::Optimal => ("FEASIBLE", "FEASIBLE", false),
        Reason::Infeasible => ("INFEASIBLE", "UNDETERMINED", false),
        Reason::Unbounded => ("FEASIBLE", "INFEASIBLE", false),
        Reason::InfeasibleOrUnbounded => ("UNDETERMINED", "UNDETERMINED", true),
        Reason::Feasible => ("FEASIBLE", dual, false),
        Reason::NoSolutionFound => ("UNDETERMINED", dual, false),
        Reason::Imprecise | Reason::NumericalError | Reason::OtherError => ("UNDETERMINED", "UNDETERMINED", false),
    };
    json!({
        "primalStatus": format!("FEASIBILITY_STATUS_{primal}"),
        "dualStatus": format!("FEASIBILITY_STATUS_{dual}"),
        "primalOrDualInfeasible": either,
    })
}

/// The name on the wire, which is `MathOpt`'s own.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(Into::into)).unwrap_or_default()
}

/// Ids and values that the filter lets pass.
fn sparse(entries: impl Iterator<Item = (i64, f64)>, filter: &Filter) -> Json {
    let passes = |(id, value): &(i64, f64)| {
        (!filter.skip_zero_values || *value != 0.0)
            && (!filter.filter_by_ids || filter.filtered_ids.iter().any(|wanted| wanted.0 == *id))
    };
    let (ids, values): (Vec<String>, Vec<Json>) =
        entries.filter(passes).map(|(id, value)| (id.to_string(), double(value))).unzip();
    json!({"ids": ids, "values": values})
}

fn number(value: Option<Number>, default: f64) -> Json {
    double(value.map_or(default, |value| value.0))
}

/// Proto3 JSON has words where JSON has no number.
fn double(value: f64) -> Json {
    if value.is_finite() {
        json!(value)
    } else if value.is_nan() {
        json!("NaN")
    } else {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}

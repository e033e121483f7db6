//! `MathOpt`'s remote solve, for OR-Tools' published `remote_http_solve`: one request, answered when the job is over. The
//! client says how long it waits; a job that is not over by then is stopped, and its incumbent is the answer.

mod answer;
mod model;
mod parameters;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use farkas_api_types::{EventBody, Fields, JobEvent, ProblemDetails};
use serde_json::{Value as Json, json};

use self::answer::Asked;
use self::model::{Converted, Ids};
use self::wire::{ModelParameters, Request};
use crate::access::{Need, Principal};
use crate::api::arrivals::arrive;
use crate::api::problem::{Problem, reading};
use crate::api::submit::{Accepted, Client};
use crate::api::upload::{self, Order};
use crate::api::{App, Routes, submit, view};
use crate::execution::End;
use crate::jobs::Wish;
use crate::limits::Limits;
use crate::store::{Store, StoreError, Stored};

/// On jobs that came this way.
const TAG: &str = "mathopt";
/// How long a client waits that does not say so: the published one's default.
const PATIENCE: f64 = 9.5;
/// Of the time that a client waits, the part that the job may take; the rest is for the way back.
const SHARE: f64 = 0.9;
/// Lines of the log in a reply.
const MOST_LINES: u32 = 1000;

/// Adds the one route.
pub fn routes(routes: Routes) -> Routes {
    routes.post("/v1/mathopt:solveMathOptModel", Need::User, solve)
}

/// An error as Google's services tell it.
pub fn error(problem: &ProblemDetails) -> Json {
    let status = match problem.status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        413 | 429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    json!({"error": {"code": problem.status, "message": super::sentence(problem), "status": status}})
}

async fn solve(
    State(app): State<Arc<App>>,
    principal: Principal,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (turn, text) = arrive(&app, &principal, &headers, body).await?;
    let limits = app.limits;
    let mut draft = reading(text.len(), move || text.read(|body| draft(body, &limits))).await??;
    drop(turn);
    let patience = patience(&headers).min(app.limits.wait_seconds as f64);
    let most = (patience * SHARE).min(app.limits.time_limit_seconds);
    let options = &mut draft.order.options;
    options.time_limit_seconds = Some(options.time_limit_seconds.unwrap_or(most).min(most));
    options.solver = parameters::solver(draft.solver_type.as_deref(), &app.desk.roster, &mut draft.messages).await?;
    let Draft { order, asked, mut messages, log, .. } = draft;
    let Accepted { stored, end } = submit::accept(&app, &principal, order, None, Client::Waits).await?;
    let stored = until_over(&app, stored, Duration::from_secs_f64(patience)).await?;
    let (result, warnings) = match end {
        Some(End { result, warnings }) => (Some(*result), Some(warnings)),
        None => (view::result(&app, &stored, Fields::ALL).await?, None),
    };
    let Some(result) = result else {
        let (id, state) = (&stored.ticket.id, stored.job.state);
        let why = stored.job.reason.clone().unwrap_or_default();
        if state.is_finished() {
            return Err(Problem::new(500, "job-failed", format!("job {id} is {state}: {why}")));
        }
        let remedy = format!("GET /v1/jobs/{id}, or wait longer: deadline_sec");
        let problem = Problem::new(504, "job-not-finished", format!("job {id} is {state} and goes on"));
        return Err(problem.map(|p| p.remedy(remedy)));
    };
    let iterations = stored.job.lanes.iter().map(|lane| lane.iterations).max().unwrap_or(0);
    messages.extend(match warnings {
        Some(warnings) if !log => warnings,
        _ => told(&app, &stored, log).await?,
    });
    let result = answer::result(&result, &asked, iterations);
    let body = serde_json::to_vec(&json!({"result": result, "messages": messages})).unwrap_or_default();
    Ok(super::reply(StatusCode::OK, HeaderValue::from_static("application/json"), body))
}

/// How long the client waits.
fn patience(headers: &HeaderMap) -> f64 {
    let said = headers.get("x-server-timeout").and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
    said.filter(|seconds| *seconds > 0.0).unwrap_or(PATIENCE)
}

/// A request, read.
struct Draft {
    order: Order,
    solver_type: Option<String>,
    asked: Asked,
    messages: Vec<String>,
    /// Whether the solvers' log is wanted.
    log: bool,
}

/// Reads a request. Blocks.
fn draft(body: &[u8], limits: &Limits) -> Result<Draft, Problem> {
    let request = parse(body)?;
    let mut messages = Vec::new();
    let options = parameters::options(&request.parameters, &mut messages)?;
    let Converted { model, columns, rows } = model::convert(&request.model)?;
    upload::check_size(&model, limits)?;
    let start = hint(&request.model_parameters, &columns, &mut messages)?;
    let order = Order::new(model, options, "/parameters")?;
    let asked = Asked { model: Arc::clone(&order.problem), columns, rows, wanted: request.model_parameters };
    let name = Some(request.model.name).filter(|name| !name.is_empty()).map(|name| name.chars().take(256).collect());
    Ok(Draft {
        order: Order { point: start, name, tags: vec![TAG.into()], ..order },
        solver_type: request.solver_type,
        asked,
        messages,
        log: request.parameters.enable_output,
    })
}

fn parse(body: &[u8]) -> Result<Request, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: Request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        let message = inner.to_string();
        let detail = message.rsplit_once(" at line ").map_or(message.as_str(), |(front, _)| front).to_string();
        if inner.is_data() {
            let pointer: String = error.path().to_string().replace(['.', '['], "/").replace(']', "");
            Problem::new(422, "bad-value", detail).map(|p| p.at_pointer(format!("/{pointer}")))
        } else {
            Problem::new(400, "bad-json", detail).map(|p| p.at_line(inner.line() as u64, Some(inner.column() as u64)))
        }
    })?;
    json.end().map_err(|error| Problem::new(400, "bad-json", error.to_string()))?;
    Ok(request)
}

/// The first hint, where it says something of every variable.
fn hint(given: &ModelParameters, columns: &Ids, messages: &mut Vec<String>) -> Result<Option<Vec<f64>>, Problem> {
    let Some(hint) = given.solution_hints.first() else { return Ok(None) };
    let vector = &hint.variable_values;
    let mut values = vec![None; columns.len()];
    for (k, (id, value)) in vector.ids.iter().zip(&vector.values).enumerate() {
        let pointer = format!("/modelParameters/solutionHints/0/variableValues/ids/{k}");
        let place = columns.place(*id).ok_or_else(|| model::wrong(&pointer, "there is no variable with this id"))?;
        values[place] = Some(value.0);
    }
    let whole: Option<Vec<f64>> = values.into_iter().collect();
    if whole.is_none() {
        messages.push("a hint that leaves variables out is not used".into());
    }
    if given.initial_basis.is_some() || given.branching_priorities.is_some() {
        messages.push("an initial basis and branching priorities are not used".into());
    }
    Ok(whole)
}

/// Waits until the job is over; what is not over in time is stopped, and its incumbent kept.
async fn until_over(app: &App, stored: Stored, patience: Duration) -> Result<Stored, Problem> {
    let stored = submit::wait_for_end(app, stored, patience.mul_f64(SHARE)).await?;
    if stored.job.state.is_finished() {
        return Ok(stored);
    }
    app.wish(&stored.ticket.id, Wish::Keep).await?;
    submit::wait_for_end(app, stored, patience.mul_f64(1.0 - SHARE)).await
}

/// Warnings, and the log's lines if they are wanted.
async fn told(app: &App, stored: &Stored, log: bool) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for kind in if log { &["warning", "log"][..] } else { &["warning"] } {
        for event in app.desk.store.events(&stored.ticket.id, 0, Some(kind), MOST_LINES).await? {
            match serde_json::from_str::<JobEvent>(&event.json).map(|event| event.body) {
                Ok(EventBody::Log { line, .. }) => lines.push(line),
                Ok(EventBody::Warning { detail, .. }) => lines.push(detail),
                _ => {}
            }
        }
    }
    Ok(lines)
}

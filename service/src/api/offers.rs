//! A point that a client has for a running job: checked here, so that the client hears what is wrong with it, and handed
//! to the race.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{JobState, Number, OfferedPoint, ProblemDetails, TakenPoint, read_json};
use farkas_modeling::check::check_point;
use farkas_modeling::{Problem as Model, Tolerances};
use indexmap::IndexMap;

use super::Shared;
use super::arrivals::arrive;
use super::problem::{Problem, blocking};
use super::upload::Allowance;
use crate::access::Principal;
use crate::store::StoreError;
use crate::{models, passing};

/// Hands a point to a running job. It is checked against the problem first; the race goes on from it, and tells it to every
/// solver that takes points, if it is better than what they have.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/incumbents", tag = "history",
    params(("id" = String, Path, description = "The job's id")),
    request_body(content = OfferedPoint, content_type = "application/json"),
    responses(
        (status = 202, description = "It is feasible, and the race has it, or will within a sixth of a lease if another node runs it", body = TakenPoint),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`job-not-running`, or `job-elsewhere`: another node has it, and the point is too large to be passed on", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`point-infeasible`, or `unknown-variable`", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn offer(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let stored = app.job_of(&principal, &id).await?;
    if stored.job.state.is_finished() {
        return Err(not_running(stored.job.state));
    }
    let (_turn, text) = arrive(&app, &principal, &headers, body).await?;
    let opened = models::open(&*app.desk.store, &stored.ticket.source()).await?;
    let problem = opened.map_err(|error| StoreError::Unreadable { what: "the job's model".into(), error })?;
    let tolerances = stored.ticket.options.to_backend().tolerances;
    let allowance = Allowance::of(&app);
    let judged = move || allowance.opened(text)?.read(|body| judge(body, &problem, &tolerances));
    let (values, objective) = blocking(judged).await??;
    if !app.scheduler.offer(&id, Arc::clone(&values)) {
        // It may have ended, or another node has it.
        let stored = app.job_of(&principal, &id).await?;
        if stored.job.state != JobState::Running {
            return Err(not_running(stored.job.state));
        }
        if !passing::pass_on(&*app.desk.store, &stored, &values).await? {
            return Err(elsewhere());
        }
    }
    Ok((StatusCode::ACCEPTED, Json(TakenPoint { objective: Number(objective) })).into_response())
}

fn not_running(state: JobState) -> Problem {
    Problem::new(409, "job-not-running", format!("the job is {state}"))
        .map(|p| p.remedy("a point can be handed to a job while its state is running"))
}

fn elsewhere() -> Problem {
    Problem::new(409, "job-elsewhere", "another node has the job, and the point is too large to be passed on")
        .map(|p| p.remedy("send it to the service that has the job"))
}

fn judge(body: &[u8], problem: &Model, tolerances: &Tolerances) -> Result<(Arc<[f64]>, f64), Problem> {
    let offered: OfferedPoint = read_json(body)?;
    let values = vector(problem, &offered.variables, "/variables")?;
    match check_point(problem, &values, tolerances) {
        Ok(Ok(point)) => Ok((Arc::clone(point.values()), point.objective())),
        Ok(Err(measured)) => {
            let v = measured.violations();
            let detail = format!(
                "the point misses a row by {:e}, a bound by {:e}, an integer by {:e} at worst",
                v.row, v.bound, v.integrality
            );
            let remedy = "a job with the task check and this point as its solution tells the rows and bounds";
            Err(Problem::new(422, "point-infeasible", detail).map(|p| p.at_pointer("/variables").remedy(remedy)))
        }
        Err(error) => Err(Problem::new(422, "point-infeasible", error.to_string()).map(|p| p.at_pointer("/variables"))),
    }
}

/// n values; a variable that is not named is 0. `at` is where the values stand in the request.
pub(super) fn vector(problem: &Model, named: &IndexMap<String, Number>, at: &str) -> Result<Vec<f64>, Problem> {
    let mut values = vec![0.0; problem.num_columns()];
    for (name, value) in named {
        let Some(column) = problem.column_names().find(name) else {
            let detail = format!("the model has no variable '{name}'");
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(Problem::new(422, "unknown-variable", detail).map(|p| p.at_pointer(pointer)));
        };
        values[column] = value.0;
    }
    Ok(values)
}

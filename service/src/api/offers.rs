//! A point that a client has for a running job: checked here, so that the client hears what is wrong with it, and handed
//! to the race.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{Number, OfferedPoint, ProblemDetails, TakenPoint};
use farkas_modeling::check::check_point;
use farkas_modeling::{Problem as Model, Tolerances};
use indexmap::IndexMap;

use super::problem::{Problem, blocking};
use super::{Shared, upload};
use crate::access::Principal;
use crate::models;
use crate::store::StoreError;

/// Hands a point to a running job. It is checked against the problem first; the race goes on from it, and tells it to every
/// solver that takes points, if it is better than what they have.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/incumbents", tag = "history",
    params(("id" = String, Path, description = "The job's id")),
    request_body(content = OfferedPoint, content_type = "application/json"),
    responses(
        (status = 202, description = "It is feasible, and the race has it", body = TakenPoint),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`job-not-running`", body = ProblemDetails, content_type = "application/problem+json"),
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
    let not_running = || {
        Problem::new(409, "job-not-running", format!("the job is {}", stored.job.state))
            .map(|p| p.remedy("a point can be handed to a job while its state is running"))
    };
    if stored.job.state.is_finished() {
        return Err(not_running());
    }
    let _turn = app.turn().await?;
    let bytes = upload::read(&headers, body, app.limits.body_bytes).await?;
    let opened = models::open(&*app.desk.store, &stored.ticket.source()).await?;
    let problem = opened.map_err(|error| StoreError::Unreadable { what: "the job's model".into(), error })?;
    let tolerances = stored.ticket.options.to_backend().tolerances;
    let (values, objective) = blocking(move || judge(&bytes, &problem, &tolerances)).await??;
    if !app.scheduler.offer(&id, values) {
        return Err(not_running());
    }
    Ok((StatusCode::ACCEPTED, Json(TakenPoint { objective: Number(objective) })).into_response())
}

fn judge(body: &[u8], problem: &Model, tolerances: &Tolerances) -> Result<(Arc<[f64]>, f64), Problem> {
    let offered: OfferedPoint =
        serde_json::from_slice(body).map_err(|error| Problem::new(400, "bad-json", error.to_string()))?;
    let values = vector(problem, &offered.variables, "/variables")?;
    match check_point(problem, &values, tolerances) {
        Ok(Ok(point)) => Ok((Arc::clone(point.values()), point.objective())),
        Ok(Err(measured)) => {
            let v = measured.violations();
            let detail = format!(
                "the point misses a row by {:e}, a bound by {:e}, an integer by {:e} at worst",
                v.row, v.bound, v.integrality
            );
            Err(Problem::new(422, "point-infeasible", detail))
        }
        Err(error) => Err(Problem::new(422, "point-infeasible", error.to_string())),
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

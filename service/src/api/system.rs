//! How the service itself is doing, who can solve here, and the page for people.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{BackendList, JobState, ProblemDetails};

use super::problem::Problem;
use super::{App, Shared};
use crate::execution::Desk;
use crate::metrics::Now;
use crate::scheduler::Scheduler;
use crate::store::{Duty, Store, StoreError};

/// How long the store may take to tell that it is well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which solvers there are, their versions and abilities, and what to do about those that are missing.
#[utoipa::path(get, path = "/v1/backends", tag = "service", responses((status = 200, body = BackendList)))]
pub(super) async fn backends(State(app): Shared) -> Json<BackendList> {
    Json(app.desk.roster.list().await)
}

/// The process is up.
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Jobs can be accepted and solved: the store can be written, a solver is there, not every worker was drained, and the service is
/// not being closed.
#[utoipa::path(
    get, path = "/readyz", tag = "service",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(app): Shared) -> Result<&'static str, Problem> {
    ready(&app).await.map(|()| "ready\n")
}

/// Whether jobs can be accepted and solved.
pub(crate) async fn ready(app: &App) -> Result<(), Problem> {
    app.takes_jobs()?;
    able(&app.desk).await?;
    let nodes = within_patience(app.desk.store.nodes()).await?;
    let alive = || nodes.iter().filter(|node| node.alive);
    if alive().count() > 0 && alive().all(|node| node.duty == Duty::Drain) {
        return Err(Problem::new(503, "no-worker-available", "every worker was asked to take no more jobs")
            .map(|p| p.remedy("POST /v1/workers/{id}:resume, or start another")));
    }
    Ok(())
}

/// Whoever asks for health does not wait for as long as a job would.
async fn within_patience<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Problem::new(503, "store-failed", "the job store does not answer").retry_after(5)),
    }
}

/// Whether the store can be written, and a solver is there.
pub(crate) async fn able(desk: &Desk) -> Result<(), Problem> {
    // A transaction of its own, though it changes nothing: a store that cannot be written refuses it.
    within_patience(desk.store.renew(Vec::new())).await?;
    match desk.roster.ready() {
        None => Err(Problem::new(503, "starting", "the solvers are still being looked for").retry_after(1)),
        Some(0) => Err(Problem::new(503, "no-solver-available", "no solver is available here")),
        Some(_) => Ok(()),
    }
}

/// Figures in the text format of `OpenMetrics`, which Prometheus reads.
#[utoipa::path(get, path = "/metrics", tag = "service", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(app): Shared) -> Result<Response, Problem> {
    let event_streams = app.limits.event_streams.saturating_sub(app.streams.available_permits());
    figures(&app.desk, &app.scheduler, event_streams, app.began.elapsed()).await
}

/// The same of a node, which has no streams.
pub(crate) async fn figures(
    desk: &Desk,
    scheduler: &Scheduler,
    event_streams: usize,
    uptime: Duration,
) -> Result<Response, Problem> {
    let counts = desk.store.counts().await?;
    let count = |state: JobState| counts.iter().find(|(name, _)| name == state.name()).map_or(0, |(_, count)| *count);
    let now = Now {
        jobs: JobState::ALL.into_iter().map(|state| (state.name().to_owned(), count(state))).collect(),
        cores: scheduler.cores(),
        cores_used: scheduler.cores_used(),
        event_streams,
        uptime,
    };
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, media)], desk.metrics.encode(&now)).into_response())
}

/// The page: everything it needs comes from here.
pub(super) async fn dashboard() -> Response {
    let policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../dashboard/index.html")).into_response()
}

pub(super) async fn script() -> Response {
    javascript(include_str!("../../dashboard/dashboard.js"))
}

pub(super) async fn session() -> Response {
    javascript(include_str!("../../dashboard/session.js"))
}

fn javascript(text: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")], text).into_response()
}

pub(super) async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../dashboard/dashboard.css")).into_response()
}

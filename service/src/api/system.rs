//! How the service itself is doing, who can solve here, and the page for people.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{BackendList, ProblemDetails};

use super::problem::Problem;
use super::{App, Shared};
use crate::store::Store;

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

/// Jobs can be accepted and solved: the store answers, a solver is there, the service is not being closed.
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
    if app.closing.is_cancelled() {
        return Err(Problem::new(503, "closing", "the service is shutting down"));
    }
    app.desk.store.counts().await?;
    match app.desk.roster.ready() {
        None => Err(Problem::new(503, "starting", "the solvers are still being looked for").retry_after(1)),
        Some(0) => Err(Problem::new(503, "no-solver-available", "no solver is available here")),
        Some(_) => Ok(()),
    }
}

/// Figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "service", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(app): Shared) -> Result<Response, Problem> {
    let counts = app.desk.store.counts().await?;
    let mut text = String::from("# HELP farkas_jobs Jobs in the store, by state.\n# TYPE farkas_jobs gauge\n");
    for (state, count) in counts {
        let _ = writeln!(text, "farkas_jobs{{state=\"{state}\"}} {count}");
    }
    let streams = app.limits.event_streams.saturating_sub(app.streams.available_permits());
    let figures = [
        ("cores", "gauge", "Cores given to jobs.", f64::from(app.scheduler.cores())),
        ("cores_used", "gauge", "Cores in use.", f64::from(app.scheduler.cores_used())),
        ("event_streams", "gauge", "Open event streams.", streams as f64),
        (
            "jobs_accepted_total",
            "counter",
            "Jobs accepted since the start.",
            app.submitted.load(Ordering::Relaxed) as f64,
        ),
        ("requests_total", "counter", "Requests since the start.", app.requests.load(Ordering::Relaxed) as f64),
        ("uptime_seconds", "gauge", "Seconds since the start.", app.began.elapsed().as_secs_f64()),
    ];
    for (name, kind, help, value) in figures {
        let _ = write!(text, "# HELP farkas_{name} {help}\n# TYPE farkas_{name} {kind}\nfarkas_{name} {value}\n");
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// The page: everything it needs comes from here.
pub(super) async fn dashboard() -> Response {
    let policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../dashboard/index.html")).into_response()
}

pub(super) async fn script() -> Response {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../dashboard/dashboard.js")).into_response()
}

pub(super) async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../dashboard/dashboard.css")).into_response()
}

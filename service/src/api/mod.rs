//! The HTTP interface: thin. It parses, calls the store, and presents; rules live elsewhere. Every error is
//! `application/problem+json`, also those of the framework.

mod events;
mod guard;
mod jobs;
mod offers;
mod openapi;
pub mod problem;
pub(crate) mod query;
pub(crate) mod submit;
mod system;
pub(crate) mod upload;
pub(crate) mod view;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::routing::get;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::compat::{cuopt, mathopt};
use crate::execution::Desk;
use crate::limits::Limits;
use crate::scheduler::Scheduler;
use problem::Problem;
pub(crate) use system::ready;

/// What handlers share.
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) limits: Limits,
    pub(crate) bodies: Semaphore,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) closing: CancellationToken,
    pub(crate) cuopt: cuopt::Memory,
    pub(crate) began: Instant,
    /// Whether only this machine can reach the service, so that requests of web pages from elsewhere are refused.
    pub(crate) on_loopback: bool,
}

type Shared = axum::extract::State<Arc<App>>;

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/jobs", get(jobs::list).post(submit::submit))
        .route("/v1/jobs/{id}", get(jobs::get_job).post(jobs::verb))
        .route("/v1/jobs/{id}/result", get(jobs::result))
        .route("/v1/jobs/{id}/events", get(events::events))
        .route("/v1/jobs/{id}/log", get(events::log))
        .route("/v1/jobs/{id}/incumbents", get(events::incumbents).post(offers::offer))
        .route("/v1/backends", get(system::backends))
        .route("/healthz", get(system::healthz))
        .route("/readyz", get(system::readyz))
        .route("/metrics", get(system::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/", get(system::dashboard))
        .route("/dashboard.js", get(system::script))
        .route("/dashboard.css", get(system::style))
        .merge(cuopt::routes())
        .merge(mathopt::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .with_state(app)
}

async fn not_found(uri: axum::http::Uri) -> Problem {
    Problem::new(404, "route-not-found", format!("there is nothing at {}", uri.path()))
        .map(|p| p.remedy("GET /openapi.json lists what there is"))
}

async fn method_not_allowed(method: axum::http::Method, uri: axum::http::Uri) -> Problem {
    Problem::new(405, "method-not-allowed", format!("{} does not take {method}", uri.path()))
}

#[allow(clippy::needless_pass_by_value)] // the layer's signature
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("?"), "a request panicked");
    axum::response::IntoResponse::into_response(Problem::new(
        500,
        "internal-error",
        "this is our fault; the log has more",
    ))
}

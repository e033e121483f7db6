//! The contract, printed: an OpenAPI document made from the handlers and types themselves.

use axum::Json;
use utoipa::OpenApi;

use super::{events, jobs, offers, submit, system};

/// `GET /openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Farkas",
        description = "Solves linear and mixed-integer optimisation problems by a race of solvers, checks the answer, and returns it with the evidence. Errors are RFC 9457 problem details with a stable code.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        submit::submit,
        jobs::list,
        jobs::get_job,
        jobs::result,
        jobs::stop,
        jobs::cancel,
        jobs::retry,
        events::events,
        events::log,
        events::incumbents,
        offers::offer,
        system::backends,
        system::healthz,
        system::readyz,
        system::metrics,
    ),
    tags(
        (name = "jobs", description = "Solving as a job that survives"),
        (name = "history", description = "What happened, live and later"),
        (name = "service", description = "The service itself"),
    )
)]
struct Document;

pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

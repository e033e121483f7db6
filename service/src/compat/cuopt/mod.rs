//! The self-hosted cuOpt service's routes, for its published client: linear and mixed-integer programs, one or many in a
//! request, become jobs; results, incumbents and logs are read from them. Deleting hides a job from these routes and
//! destroys nothing.

mod answer;
mod encoding;
mod jobs;
mod log;
mod memory;
mod model;
mod place;
mod requests;
mod settings;
mod value;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, extract::Request};
use farkas_api_types::ProblemDetails;
use serde_json::{Value as Json, json};

use crate::api::problem::Problem;
use crate::api::{App, ready};

pub use encoding::Encoding;
pub use memory::Memory;

/// On jobs that came this way.
const TAG: &str = "cuopt";

/// All routes; each with its whole path.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/cuopt/request", post(requests::post))
        .route("/cuopt/request/{id}", get(jobs::status).delete(jobs::abort))
        .route("/cuopt/solution", post(upload))
        .route("/cuopt/solution/{id}", get(jobs::solution).delete(jobs::hide))
        .route("/cuopt/solution/{id}/incumbents", get(log::incumbents))
        .route("/cuopt/log/{id}", get(log::lines).delete(log::hide))
        .route("/cuopt/health", get(healthy))
        .route("/v2/health/ready", get(healthy))
        .route("/v2/health/live", get(alive))
}

/// An error as the client reads it; `error_result` says that the request itself ended with it.
pub fn error(problem: &ProblemDetails) -> Json {
    json!({"error": super::sentence(problem), "error_result": matches!(problem.code.as_str(), "job-aborted" | "job-failed")})
}

async fn alive(headers: HeaderMap) -> Response {
    reply(&headers, &json!({"status": "RUNNING", "version": env!("CARGO_PKG_VERSION")}))
}

async fn healthy(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    ready(&app).await?;
    Ok(alive(headers).await)
}

async fn upload(_: Request) -> Problem {
    Problem::new(422, "unsupported", "solutions are uploaded for routing problems, which are not solved here")
}

/// A reply that is no error.
fn reply<T: serde::Serialize>(headers: &HeaderMap, value: &T) -> Response {
    let encoding = Encoding::of_reply(headers);
    super::reply(axum::http::StatusCode::OK, encoding.media_type(), encoding.encode(value))
}

/// The client looks for these words.
fn no_such_job(id: &str) -> Problem {
    Problem::new(404, "job-not-found", format!("job {id} does not exist"))
}

//! The self-hosted cuOpt service's routes, for its published client: linear and mixed-integer programs, one or many in a
//! request, become jobs; results, incumbents and logs are read from them. Deleting hides a job from these routes and
//! destroys nothing.

mod answer;
mod encoding;
mod hidden;
mod jobs;
mod log;
mod marks;
mod memory;
mod model;
mod place;
mod requests;
mod settings;
mod value;

use std::sync::Arc;

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use farkas_api_types::ProblemDetails;
use serde_json::{Value as Json, json};

use crate::access::Need;
use crate::api::problem::Problem;
use crate::api::{App, Routes, ready};

pub use encoding::Encoding;
pub use marks::Marks;
pub use memory::Memory;

/// On jobs that came this way.
const TAG: &str = "cuopt";

/// Adds all routes; each with its whole path.
pub fn routes(routes: Routes) -> Routes {
    use Need::{Nothing, User, Viewer};
    routes
        .post("/cuopt/request", User, requests::post)
        .get("/cuopt/request/{id}", Viewer, jobs::status)
        .delete("/cuopt/request/{id}", User, jobs::abort)
        .post("/cuopt/solution", User, upload)
        .get("/cuopt/solution/{id}", Viewer, jobs::solution)
        .delete("/cuopt/solution/{id}", User, jobs::hide)
        .get("/cuopt/solution/{id}/incumbents", Viewer, log::incumbents)
        .get("/cuopt/log/{id}", Viewer, log::lines)
        .delete("/cuopt/log/{id}", User, log::hide)
        .get("/cuopt/health", Nothing, healthy)
        .get("/v2/health/ready", Nothing, healthy)
        .get("/v2/health/live", Nothing, alive)
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

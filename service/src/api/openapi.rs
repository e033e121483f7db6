//! The contract, printed: an OpenAPI document made from the handlers and types themselves.

use axum::Json;
use utoipa::OpenApi;

use super::{batches, bundle, events, jobs, keys, models, offers, submit, system, webhooks, workers};

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
        bundle::bundle,
        models::store,
        models::list,
        models::get_model,
        models::change,
        models::forget,
        models::statistics,
        models::content,
        batches::make,
        batches::list,
        batches::get_batch,
        batches::stop,
        batches::cancel,
        workers::list,
        workers::drain,
        workers::resume,
        webhooks::make,
        webhooks::list,
        webhooks::get_webhook,
        webhooks::remove,
        keys::make,
        keys::list,
        keys::revoke,
        keys::rotate,
        system::backends,
        system::healthz,
        system::readyz,
        system::metrics,
    ),
    tags(
        (name = "jobs", description = "Solving as a job that survives"),
        (name = "history", description = "What happened, live and later"),
        (name = "models", description = "Models stored once, and changed by patches"),
        (name = "batches", description = "One model under many scenarios"),
        (name = "webhooks", description = "Who is called on changes of state"),
        (name = "keys", description = "Who may do what"),
        (name = "service", description = "The service itself"),
    )
)]
struct Document;

pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    let mut document = Document::openapi();
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(method, path));
            }
        }
    }
    Json(document)
}

/// What generators of clients name a call by: `post_jobs_id_stop`. No two are the same, as no two paths are.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}', ':', '.', '-']).filter(|word| !word.is_empty() && *word != "v1");
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

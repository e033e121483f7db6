//! The HTTP interface: thin. It parses, calls the store, and presents; rules live elsewhere. Every error is
//! `application/problem+json`, also those of the framework.

pub(crate) mod arrivals;
mod auth;
mod batches;
mod bundle;
mod events;
mod guard;
mod jobs;
mod keys;
mod models;
mod offers;
mod openapi;
pub mod problem;
pub(crate) mod query;
mod routes;
mod shares;
pub(crate) mod submit;
mod system;
pub(crate) mod upload;
pub(crate) mod view;
mod webhooks;
mod workers;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::access::Need;
use crate::compat::{cuopt, mathopt};
use crate::execution::Desk;
use crate::incoming::Incoming;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::scheduler::Scheduler;
use crate::webhooks::Addresses;
pub(crate) use arrivals::Arrivals;
use problem::Problem;
pub use routes::Needs;
pub(crate) use routes::Routes;
pub(crate) use shares::Shares;
pub(crate) use system::{able, figures, ready};
pub(crate) use view::listed;

/// What handlers share.
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) keyring: Keyring,
    pub(crate) webhook_addresses: Addresses,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) limits: Limits,
    pub(crate) incoming: Incoming,
    pub(crate) arrivals: Arrivals,
    pub(crate) bodies: Semaphore,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) streams_of: Shares,
    /// No more jobs are taken; those that there are may go on for a while, and whoever asks about them is answered.
    pub(crate) closing: CancellationToken,
    /// Nothing goes on any more.
    pub(crate) closed: CancellationToken,
    pub(crate) cuopt: cuopt::Memory,
    pub(crate) marks: cuopt::Marks,
    pub(crate) began: Instant,
    /// Whether only this machine can reach the service, so that requests of web pages from elsewhere are refused.
    pub(crate) on_loopback: bool,
}

impl App {
    /// Whether a job that comes now is taken.
    pub(crate) fn takes_jobs(&self) -> Result<(), Problem> {
        if self.closing.is_cancelled() { Err(problem::closing()) } else { Ok(()) }
    }

    /// Waits until large things may be read or made: many of them at once would fill the memory.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.bodies.acquire().await.map_err(|_| problem::closing())
    }
}

type Shared = axum::extract::State<Arc<App>>;

/// All routes, with what each asks for.
fn routes() -> Routes {
    use Need::{Admin, Nothing, Operator, User, Viewer};
    let routes = Routes::default()
        .get("/v1/jobs", Viewer, jobs::list)
        .post("/v1/jobs", User, submit::submit)
        .get("/v1/jobs/{id}", Viewer, jobs::get_job)
        .post("/v1/jobs/{id}", User, jobs::verb)
        .get("/v1/jobs/{id}/result", Viewer, jobs::result)
        .get("/v1/jobs/{id}/events", Viewer, events::events)
        .get("/v1/jobs/{id}/log", Viewer, events::log)
        .get("/v1/jobs/{id}/incumbents", Viewer, events::incumbents)
        .post("/v1/jobs/{id}/incumbents", User, offers::offer)
        .get("/v1/jobs/{id}/bundle", Viewer, bundle::bundle)
        .get("/v1/models", Viewer, models::list)
        .post("/v1/models", User, models::store)
        .get("/v1/models/{id}", Viewer, models::get_model)
        .patch("/v1/models/{id}", User, models::change)
        .delete("/v1/models/{id}", User, models::forget)
        .get("/v1/models/{id}/statistics", Viewer, models::statistics)
        .get("/v1/models/{id}/content", Viewer, models::content)
        .get("/v1/batches", Viewer, batches::list)
        .post("/v1/batches", User, batches::make)
        .get("/v1/batches/{id}", Viewer, batches::get_batch)
        .post("/v1/batches/{id}", User, batches::verb)
        .get("/v1/workers", Viewer, workers::list)
        .post("/v1/workers/{id}", Operator, workers::verb)
        .get("/v1/webhooks", Admin, webhooks::list)
        .post("/v1/webhooks", Admin, webhooks::make)
        .get("/v1/webhooks/{id}", Admin, webhooks::get_webhook)
        .delete("/v1/webhooks/{id}", Admin, webhooks::remove)
        .get("/v1/api-keys", Admin, keys::list)
        .post("/v1/api-keys", Admin, keys::make)
        .delete("/v1/api-keys/{id}", Admin, keys::revoke)
        .post("/v1/api-keys/{id}", Admin, keys::verb)
        .get("/v1/backends", Viewer, system::backends)
        .get("/healthz", Nothing, system::healthz)
        .get("/readyz", Nothing, system::readyz)
        .get("/metrics", Viewer, system::metrics)
        .get("/openapi.json", Nothing, openapi::document)
        .get("/", Nothing, system::dashboard)
        .get("/dashboard.js", Nothing, system::script)
        .get("/session.js", Nothing, system::session)
        .get("/dashboard.css", Nothing, system::style);
    mathopt::routes(cuopt::routes(routes))
}

/// What each route asks for.
pub fn needs() -> Needs {
    routes().into_parts().1
}

/// The router.
pub fn router(app: Arc<App>) -> Router {
    let (router, needs) = routes().into_parts();
    let guarded = guard::Guarded { app: Arc::clone(&app), needs: Arc::new(needs) };
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(guarded, guard::guard))
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

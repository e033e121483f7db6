//! `/v1/workers`: the nodes that solve, and which of them shall take no more jobs.

use axum::Json;
use axum::extract::{Path, State};
use farkas_api_types::{ProblemDetails, WorkerList, WorkerView};

use super::Shared;
use super::problem::Problem;
use crate::store::{Duty, NodeRecord, Store};

/// The nodes that solve, the oldest first; one that has died is shown for a while.
#[utoipa::path(get, path = "/v1/workers", tag = "service", responses((status = 200, body = WorkerList)))]
pub(super) async fn list(State(app): Shared) -> Result<Json<WorkerList>, Problem> {
    let nodes = app.desk.store.nodes().await?;
    Ok(Json(WorkerList { workers: nodes.iter().map(view).collect() }))
}

/// `{id}:drain` and `{id}:resume`.
pub(super) async fn verb(state: Shared, Path(segment): Path<String>) -> Result<Json<WorkerView>, Problem> {
    match segment.rsplit_once(':') {
        Some((id, "drain")) => drain(state, Path(id.to_owned())).await,
        Some((id, "resume")) => resume(state, Path(id.to_owned())).await,
        Some((_, verb)) => {
            let detail = format!("'{verb}' is no verb of a worker; there are drain and resume");
            Err(Problem::new(404, "route-not-found", detail))
        }
        None => Err(Problem::new(405, "method-not-allowed", "a worker takes POST with a verb: {id}:drain")),
    }
}

/// Lets a node take no more jobs; those that it has go on.
#[utoipa::path(
    post, path = "/v1/workers/{id}:drain", tag = "service",
    params(("id" = String, Path, description = "The worker's id")),
    responses(
        (status = 200, body = WorkerView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn drain(State(app): Shared, Path(id): Path<String>) -> Result<Json<WorkerView>, Problem> {
    Ok(Json(view(&app.desk.store.assign(&id, Duty::Drain).await?)))
}

/// Lets a node that was drained take jobs again.
#[utoipa::path(
    post, path = "/v1/workers/{id}:resume", tag = "service",
    params(("id" = String, Path, description = "The worker's id")),
    responses(
        (status = 200, body = WorkerView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn resume(State(app): Shared, Path(id): Path<String>) -> Result<Json<WorkerView>, Problem> {
    Ok(Json(view(&app.desk.store.assign(&id, Duty::Work).await?)))
}

fn view(node: &NodeRecord) -> WorkerView {
    WorkerView {
        id: node.report.id.clone(),
        name: node.report.name.clone(),
        version: node.report.version.clone(),
        cores: node.report.cores,
        cores_used: node.report.cores_used,
        started_at: node.started_at.to_string(),
        seen_at: node.seen_at.to_string(),
        alive: node.alive,
        draining: node.duty == Duty::Drain,
    }
}

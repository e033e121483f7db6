//! `/v1/batches`: one model and many scenarios, each a patch upon it, solved as jobs of their own. A batch is its jobs: what
//! is told of it is read from them, and all of them bear its tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{
    BATCH_TAG, BatchList, BatchRequest, BatchView, JobState, ProblemDetails, Scenario, ScenarioView,
};
use serde::{Deserialize, Serialize};

use super::arrivals::arrive;
use super::models::{self, Base};
use super::problem::{Problem, blocking};
use super::query::Query;
use super::submit;
use super::upload::{self, Order};
use super::{App, Shared};
use crate::access::Principal;
use crate::jobs::Wish;
use crate::models::Content;
use crate::store::{Document, Filter, Kind, NewJob, Store, Stored};
use crate::time::Timestamp;

/// Jobs that one read of the store brings.
const PAGE: u32 = 1000;
const DEFAULT_PAGE: u64 = 50;

/// A batch as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    name: Option<String>,
    scenarios: u64,
    created_at: Timestamp,
}

/// Solves a model under many scenarios: a job each.
#[utoipa::path(
    post, path = "/v1/batches", tag = "batches",
    request_body(content = BatchRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "All its jobs are accepted", body = BatchView),
        (status = "4XX", description = "Not accepted; nothing of it is left", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make(
    State(app): Shared,
    principal: Principal,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (turn, text) = arrive(&app, &principal, &headers, body).await?;
    let allowance = upload::Allowance::of(&app);
    let (request, given) = blocking(move || upload::batch(text, &allowance)).await??;
    let most = app.limits.batch_scenarios;
    if request.scenarios.is_empty() || request.scenarios.len() > most {
        let detail = format!("{} scenarios; a batch has 1 to {most}", request.scenarios.len());
        return Err(Problem::new(422, "bad-value", detail).map(|p| p.at_pointer("/scenarios")));
    }
    let base = models::base(&app, &principal, given).await?;
    let id = uuid::Uuid::now_v7().to_string();
    let scenarios = request.scenarios.len() as u64;
    let record = Record { name: request.name.clone(), scenarios, created_at: Timestamp::now() };
    let document = Document::new(Kind::Batch, principal.project.clone(), id.clone(), &record)?;
    // Everything is looked at before the first job is made, so that bad input makes none.
    let (drawn, shared) = draw_up(&app, &principal, request, base, &id).await?;
    drop(turn);
    let mut small = Vec::new();
    for (key, content) in shared {
        small.extend(submit::place(&app, key, content).await?);
    }
    submit::enter_all(&app, Some(document), small, drawn).await?;
    tracing::info!(batch = id, scenarios, "a batch is accepted");
    let view = view(&app, &principal, &id, true).await?;
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/batches/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

type Bodies = Vec<(String, Content)>;

/// The scenarios' jobs, and the bodies that all of them need. Of the patched models one is in memory at a time.
async fn draw_up(
    app: &App,
    principal: &Principal,
    request: BatchRequest,
    mut base: Base,
    id: &str,
) -> Result<(Vec<NewJob>, Bodies), Problem> {
    let shared = std::mem::take(&mut base.bodies);
    let base = Arc::new(base);
    let BatchRequest { mut tags, options, scenarios, .. } = request;
    tags.push(format!("{BATCH_TAG}{id}"));
    let mut drawn = Vec::with_capacity(scenarios.len());
    for (at, Scenario { name, patch }) in scenarios.into_iter().enumerate() {
        let (base, patch, limits) = (Arc::clone(&base), patch.unwrap_or_default(), app.limits);
        let patched = blocking(move || base.patched(&patch, &format!("/scenarios/{at}/patch"), &limits)).await??;
        let name = name.unwrap_or_else(|| format!("scenario {at}"));
        let order = Order::of(patched, options.clone(), "/options");
        let order = Order { name: Some(name), tags: tags.clone(), ..order };
        drawn.push(submit::draw_up(app, principal, order, None).await?);
    }
    Ok((drawn, shared))
}

/// The project's batches, the newest first, without their scenarios.
#[utoipa::path(
    get, path = "/v1/batches", tag = "batches",
    params(
        ("limit" = Option<u64>, Query, description = "Batches on a page; 50 if nothing is said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, body = BatchList))
)]
pub(super) async fn list(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
) -> Result<Json<BatchList>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let limit = query.number("limit")?.unwrap_or(DEFAULT_PAGE).clamp(1, u64::from(app.limits.page)) as u32;
    let cursor = query.take("cursor")?;
    query.finish()?;
    let project = Some(principal.project.as_str());
    let mut found = app.desk.store.documents(Kind::Batch, project, cursor.as_deref(), limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|document| document.id.clone());
    let mut batches = Vec::with_capacity(found.len());
    for document in &found {
        batches.push(view(&app, &principal, &document.id, false).await?);
    }
    Ok(Json(BatchList { batches, next_cursor }))
}

/// A batch: how many of its jobs are in each state, and how each scenario stands.
#[utoipa::path(
    get, path = "/v1/batches/{id}", tag = "batches",
    params(
        ("id" = String, Path, description = "The batch's id"),
        ("scenarios" = Option<bool>, Query, description = "With a line a scenario; true if nothing is said"),
    ),
    responses(
        (status = 200, body = BatchView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_batch(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<BatchView>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let scenarios = query.flag("scenarios")?.unwrap_or(true);
    query.finish()?;
    Ok(Json(view(&app, &principal, &id, scenarios).await?))
}

/// `{id}:stop` and `{id}:cancel`.
pub(super) async fn verb(
    state: Shared,
    principal: Principal,
    Path(segment): Path<String>,
) -> Result<Json<BatchView>, Problem> {
    match segment.rsplit_once(':') {
        Some((id, "stop")) => stop(state, principal, Path(id.to_owned())).await,
        Some((id, "cancel")) => cancel(state, principal, Path(id.to_owned())).await,
        Some((_, verb)) => {
            let detail = format!("'{verb}' is no verb of a batch; there are stop and cancel");
            Err(Problem::new(404, "route-not-found", detail))
        }
        None => Err(Problem::new(405, "method-not-allowed", "a batch takes GET, and POST with a verb: {id}:stop")),
    }
}

/// Stops what is not finished of a batch, and keeps the incumbents.
#[utoipa::path(
    post, path = "/v1/batches/{id}:stop", tag = "batches",
    params(("id" = String, Path, description = "The batch's id")),
    responses(
        (status = 200, body = BatchView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<BatchView>, Problem> {
    end(&app, &principal, &id, Wish::Keep).await
}

/// Stops what is not finished of a batch, and discards what those jobs found.
#[utoipa::path(
    post, path = "/v1/batches/{id}:cancel", tag = "batches",
    params(("id" = String, Path, description = "The batch's id")),
    responses(
        (status = 200, body = BatchView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn cancel(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<BatchView>, Problem> {
    end(&app, &principal, &id, Wish::Discard).await
}

async fn end(app: &App, principal: &Principal, id: &str, wish: Wish) -> Result<Json<BatchView>, Problem> {
    record(app, principal, id).await?;
    for stored in jobs(app, principal, id).await? {
        if !stored.job.state.is_finished() {
            app.wish_of(principal, &stored.ticket.id, wish).await?;
        }
    }
    Ok(Json(view(app, principal, id, true).await?))
}

async fn record(app: &App, principal: &Principal, id: &str) -> Result<Record, Problem> {
    let found = app.desk.store.document(Kind::Batch, &principal.project, id).await?;
    let found = found.ok_or_else(|| Problem::new(404, "batch-not-found", format!("there is no batch '{id}'")))?;
    Ok(found.read()?)
}

/// A batch's jobs, in the order of its scenarios.
async fn jobs(app: &App, principal: &Principal, id: &str) -> Result<Vec<Stored>, Problem> {
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let filter = Filter {
            project: Some(principal.project.clone()),
            tag: Some(format!("{BATCH_TAG}{id}")),
            before: all.last().map(|stored| stored.ticket.id.clone()),
            ..Filter::default()
        };
        let page = app.desk.store.list(filter, PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            all.reverse();
            return Ok(all);
        }
    }
}

async fn view(app: &App, principal: &Principal, id: &str, scenarios: bool) -> Result<BatchView, Problem> {
    let record = record(app, principal, id).await?;
    let jobs = jobs(app, principal, id).await?;
    let mut states: BTreeMap<JobState, u64> = BTreeMap::new();
    for stored in &jobs {
        *states.entry(stored.job.state).or_default() += 1;
    }
    let ended: u64 = states.iter().filter(|(state, _)| state.is_finished()).map(|(_, count)| count).sum();
    let line = |stored: &Stored| ScenarioView {
        name: stored.ticket.name.clone().unwrap_or_default(),
        job: stored.ticket.id.clone(),
        state: stored.job.state,
        termination: stored.job.termination.clone(),
        objective: stored.job.incumbent,
        bound: stored.job.bound,
        gap: stored.job.gap(),
        seconds: stored.job.seconds,
    };
    Ok(BatchView {
        id: id.into(),
        name: record.name,
        created_at: record.created_at.to_string(),
        jobs: record.scenarios,
        ended,
        finished: ended >= record.scenarios,
        states: states.into_iter().map(|(state, count)| (state.name().to_owned(), count)).collect(),
        scenarios: scenarios.then(|| jobs.iter().map(line).collect()),
    })
}

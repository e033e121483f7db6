//! A job's history: live over SSE with replay, or a page at a time. Any number may read, and reading destroys nothing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{
    EventBody, IncumbentEntry, IncumbentList, JobEvent, LogEntry, LogPage, Number, ProblemDetails, RequestError,
};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::problem::Problem;
use super::query::Query;
use super::shares::Share;
use super::{App, Shared};
use crate::access::Principal;
use crate::execution::floats;
use crate::models;
use crate::store::{Store, StoreError, Stored, StoredEvent};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events that one read of the store brings.
const AT_ONCE: u32 = 256;
const DEFAULT_PAGE: u64 = 500;

/// Everything that happens to a job, as server-sent events: `id` rises by one, `event` names what happened, `data` is
/// JSON. Begins after `Last-Event-ID` (or `after`), and ends after the event `result`.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/events", tag = "history",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("after" = Option<u64>, Query, description = "Begin after this event"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same, as browsers send it when they come back"),
    ),
    responses(
        (status = 200, description = "Server-sent events; each `data` is one of these", body = JobEvent, content_type = "text/event-stream"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let after = query.number("after")?;
    query.finish()?;
    let after = last_event_id(&headers)?.or(after).unwrap_or(0);
    let watch = app.desk.store.watch(&id);
    app.job_of(&principal, &id).await?;
    let most = app.limits.event_streams_of_key;
    let Some(share) = app.streams_of.take(&principal, most) else {
        let detail = format!("{most} event streams are open with this key already");
        return Err(Problem::new(429, "too-many-streams", detail).retry_after(10));
    };
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else {
        let detail = format!("{} event streams are open already", app.limits.event_streams);
        return Err(Problem::new(429, "too-many-streams", detail).retry_after(10));
    };
    let reader = Reader { app, id, after, watch, read: VecDeque::new(), ended: false, _permit: permit, _share: share };
    let stream = stream::unfold(reader, |mut reader| async move { reader.next().await.map(|event| (event, reader)) });
    let sse = Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    let mut response = sse.into_response();
    // A proxy that gathers answers would hold events back.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

struct Reader {
    app: Arc<App>,
    id: String,
    after: u64,
    watch: watch::Receiver<u64>,
    read: VecDeque<StoredEvent>,
    ended: bool,
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Event, Infallible>> {
        while self.read.is_empty() {
            if self.ended {
                return None;
            }
            self.watch.mark_unchanged();
            match self.app.desk.store.events(&self.id, self.after, None, AT_ONCE).await {
                Ok(events) if events.is_empty() => {
                    // A job that was over before the place where the reader wants to begin tells nothing more.
                    let finished = self.app.desk.store.job(&self.id).await.map(|stored| stored.job);
                    if finished.is_ok_and(|job| job.state.is_finished() && job.last_event <= self.after) {
                        return None;
                    }
                    tokio::select! {
                        changed = self.watch.changed() => changed.ok()?,
                        () = self.app.closed.cancelled() => return None,
                    }
                }
                Ok(events) => self.read.extend(events),
                Err(error) => {
                    // The client comes back with its last id, and misses nothing.
                    tracing::error!(%error, "an event stream broke off");
                    return None;
                }
            }
        }
        let event = self.read.pop_front()?;
        self.after = event.id;
        self.ended = event.kind == "result";
        Some(Ok(Event::default().id(event.id.to_string()).event(event.kind).data(event.json)))
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    match value.to_str().ok().filter(|text| !text.is_empty()).map(str::parse) {
        Some(Ok(id)) => Ok(Some(id)),
        _ => Err(RequestError::new("bad-parameter", "an event id is a whole number").parameter("Last-Event-ID").into()),
    }
}

struct Page {
    stored: Stored,
    events: Vec<JobEvent>,
    next_after: u64,
    finished: bool,
}

async fn page(
    app: &App,
    principal: &Principal,
    id: &str,
    query: &mut Query,
    kind: &'static str,
) -> Result<Page, Problem> {
    let after = query.number("after")?.unwrap_or(0);
    let limit = query.number("limit")?.unwrap_or(DEFAULT_PAGE).clamp(1, u64::from(app.limits.page)) as u32;
    // The job first: what its events are read after can only be more.
    let stored = app.job_of(principal, id).await?;
    let found = app.desk.store.events(id, after, Some(kind), limit).await?;
    let whole = found.len() < limit as usize;
    let parse = |event: &StoredEvent| {
        serde_json::from_str(&event.json).map_err(|error| {
            Problem::from(StoreError::Unreadable { what: format!("event {}", event.id), error: error.to_string() })
        })
    };
    let events = found.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let next_after = found.last().map_or(after, |event| event.id);
    Ok(Page { finished: whole && stored.job.state.is_finished(), stored, events, next_after })
}

/// Lines of the solvers' logs, for those who poll.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/log", tag = "history",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("after" = Option<u64>, Query, description = "`next_after` of the page before"),
        ("limit" = Option<u64>, Query, description = "Lines on a page; 500 if nothing is said"),
    ),
    responses(
        (status = 200, body = LogPage),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn log(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<LogPage>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let page = page(&app, &principal, &id, &mut query, "log").await?;
    query.finish()?;
    let line = |event: JobEvent| match event.body {
        EventBody::Log { lane, line } => Some(LogEntry { id: event.id, seconds: event.seconds, lane, line }),
        _ => None,
    };
    let lines = page.events.into_iter().filter_map(line).collect();
    Ok(Json(LogPage { lines, next_after: page.next_after, finished: page.finished }))
}

/// The job's incumbents, and the values of those whose values are still kept.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/incumbents", tag = "history",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("after" = Option<u64>, Query, description = "`next_after` of the page before"),
        ("limit" = Option<u64>, Query, description = "Incumbents on a page; 500 if nothing is said"),
        ("values" = Option<bool>, Query, description = "With the values (nonzeros) of the newest few"),
    ),
    responses(
        (status = 200, body = IncumbentList),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn incumbents(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<IncumbentList>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let values = query.flag("values")?.unwrap_or(false);
    let page = page(&app, &principal, &id, &mut query, "incumbent").await?;
    query.finish()?;
    let entry = |event: JobEvent| match event.body {
        EventBody::Incumbent { objective, found_by, .. } => {
            Some(IncumbentEntry { id: event.id, seconds: event.seconds, objective, found_by, variables: None })
        }
        _ => None,
    };
    let mut incumbents: Vec<IncumbentEntry> = page.events.into_iter().filter_map(entry).collect();
    if values {
        add_values(&app, &page.stored, &mut incumbents).await?;
    }
    Ok(Json(IncumbentList { incumbents, next_after: page.next_after, finished: page.finished }))
}

async fn add_values(app: &App, stored: &Stored, incumbents: &mut [IncumbentEntry]) -> Result<(), Problem> {
    let _turn = app.turn().await?;
    let Ok(problem) = models::open(&*app.desk.store, &stored.ticket.source()).await? else { return Ok(()) };
    let mut points = Vec::new();
    for entry in incumbents.iter() {
        let kept = stored.job.points.iter().find(|point| point.event == entry.id);
        points.push(match kept {
            Some(point) => app.desk.store.body(&point.key).await?,
            None => None,
        });
    }
    let named = tokio::task::spawn_blocking(move || {
        let name = |bytes: Vec<u8>| {
            let values = floats(&bytes);
            let nonzeros = problem.column_names().iter().zip(values.iter().copied()).filter(|(_, value)| *value != 0.0);
            nonzeros.map(|(name, value)| (name.into_owned(), Number(value))).collect()
        };
        points.into_iter().map(|bytes| bytes.map(name)).collect::<Vec<_>>()
    });
    let named = named.await.map_err(|_| Problem::from(StoreError::Closed))?;
    for (entry, variables) in incumbents.iter_mut().zip(named) {
        entry.variables = variables;
    }
    Ok(())
}

//! `POST /v1/jobs`: a job that got its 201 or 202 has been parsed, validated, and survives the death of every process.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body as Sent;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{BATCH_TAG, Fields, JobView, ProblemDetails, SolveRequest, Task};
use sha2::{Digest, Sha256};

use super::arrivals::arrive;
use super::problem::{Problem, blocking, reading};
use super::query::Query;
use super::upload::{self, Kind, Order, Parsed};
use super::{App, Shared, models, view};
use crate::access::{Principal, hex};
use crate::execution::{Begun, End};
use crate::jobs::{Ticket, Work, is_tiny};
use crate::limits::Limits;
use crate::models::{Content, write_image};
use crate::roster::RosterError;
use crate::store::{
    Body, Document, Idempotency, NewJob, Store, StoreError, Stored, Submitted, SubmittedTogether, Together,
};
use crate::time::Timestamp;

/// What `Prefer: wait` means without a number.
const DEFAULT_WAIT_SECONDS: u64 = 10;

/// Submits a job: a model inline, or a file as it is with the options in the query.
#[utoipa::path(
    post, path = "/v1/jobs", tag = "jobs",
    request_body(content((SolveRequest = "application/json"), (String = "application/mps"))),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N`: hold the answer up to N seconds for the result"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and request give the same job, for 24 h"),
        ("filename" = Option<String>, Query, description = "Tells a file's format by its suffix where headers cannot"),
        ("name" = Option<String>, Query, description = "For a file: the job's name"),
        ("tag" = Option<Vec<String>>, Query, description = "For a file: tags; repeatable"),
        ("task" = Option<Task>, Query, description = "For a file: what to do with it"),
        ("bounds" = Option<bool>, Query, description = "For a file and the task relax: bounds may give way too"),
        ("then_objective" = Option<bool>, Query, description = "For a file and the task relax: of the cheapest the best"),
        ("fields" = Option<String>, Query, description = "Of an inline result: variables,duals,reduced_costs,ray"),
        ("nonzeros" = Option<bool>, Query, description = "Of an inline result: leave zeros out"),
    ),
    responses(
        (status = 201, description = "Accepted, and finished if that was asked for", body = JobView),
        (status = 202, description = "Accepted; not finished within the time asked for", body = JobView),
        (status = "4XX", description = "Not accepted; no job was made", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn submit(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let fields = query.fields()?;
    let kind = Kind::of(&headers, query.take("filename")?)?;
    let wait = prefer_wait(&headers, app.limits.wait_seconds);
    let key = idempotency_key(&headers)?;
    // Bodies wait for their turn, so that many large ones do not fill the memory together.
    let (turn, text) = arrive(&app, &principal, &headers, body).await?;
    let allowance = upload::Allowance::of(&app);
    // What is compressed may become large.
    let size = if headers.contains_key(CONTENT_ENCODING) { usize::MAX } else { text.len() };
    let parse = move || {
        let digest = |body: &[u8]| digest(raw.as_deref(), &headers, body);
        let idempotency = key.map(|key| Idempotency { key, digest: text.read(digest) });
        (upload::parse(&kind, text, query, &allowance), idempotency)
    };
    let (parsed, idempotency) = reading(size, parse).await?;
    let order = match parsed? {
        Parsed::Whole(order) => *order,
        Parsed::Stored(draft, model) => {
            let (name, base) = models::named(&app, &principal, model).await?;
            blocking(move || draft.over(base, name)).await??
        }
    };
    drop(turn);
    let stays = if wait.is_some() { Client::Waits } else { Client::Leaves };
    let accepted = accept(&app, &principal, order, idempotency, stays).await?;
    answer(&app, accepted, wait, fields).await
}

/// Whether a client stays for the end of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// It does.
    Waits,
    /// It wants to know that the job is accepted.
    Leaves,
}

/// A job that is durable.
pub(crate) struct Accepted {
    pub stored: Stored,
    /// How it ended, where that is known without asking the store.
    pub end: Option<End>,
}

/// Makes a job of an order; durable when it returns. The same key and request give the job that is there already. Of a client that
/// waits, a tiny job that need not wait for its turn is over by then: one commit serves for all that happened to it.
pub(crate) async fn accept(
    app: &App,
    principal: &Principal,
    order: Order,
    idempotency: Option<Idempotency>,
    client: Client,
) -> Result<Accepted, Problem> {
    // Whoever leaves needs it no longer than it takes to write it down.
    let problem = (client == Client::Waits).then(|| Arc::clone(&order.problem));
    let new = draw_up(app, principal, order, idempotency).await?;
    let new = match problem {
        None => new,
        Some(problem) => match app.scheduler.begin(new, problem) {
            Err(new) => *new,
            Ok(hears) => {
                let lost = || Problem::new(500, "internal-error", "the attempt panicked; there is no job");
                let Begun { submitted, end } = hears.await.map_err(|_| lost())??;
                return Ok(Accepted { stored: accepted(app, submitted)?, end });
            }
        },
    };
    enter(app, new).await
}

/// Writes a job; durable when it returns.
async fn enter(app: &App, new: NewJob) -> Result<Accepted, Problem> {
    Ok(Accepted { stored: accepted(app, app.desk.store.submit(new).await?)?, end: None })
}

fn accepted(app: &App, submitted: Submitted) -> Result<Stored, Problem> {
    match submitted {
        Submitted::New(stored) => {
            app.desk.metrics.accepted();
            tracing::info!(job = stored.ticket.id, "accepted");
            Ok(stored)
        }
        Submitted::Same(stored) => Ok(stored),
        Submitted::KeyReused => {
            let detail = "this Idempotency-Key was used for another request";
            Err(Problem::new(422, "idempotency-key-reused", detail).map(|p| p.in_parameter("Idempotency-Key")))
        }
        Submitted::QueueFull { queued } => Err(queue_full(format!("{queued} jobs wait already"))),
        Submitted::ShareFull { queued } => Err(share_full(format!("{queued} jobs of this key wait already"))),
    }
}

fn queue_full(detail: String) -> Problem {
    Problem::new(429, "queue-full", detail).retry_after(10)
}

fn share_full(detail: String) -> Problem {
    let problem = Problem::new(429, "key-queue-full", detail).retry_after(10);
    problem.map(|p| p.remedy("wait until some of them have begun, or cancel some"))
}

/// Writes jobs that belong together, with the document that names them and the bodies they share: all of it in one
/// transaction, or nothing.
pub(crate) async fn enter_all(
    app: &App,
    document: Option<Document>,
    bodies: Vec<Body>,
    jobs: Vec<NewJob>,
) -> Result<Vec<Stored>, Problem> {
    let count = jobs.len();
    let too_many =
        |queued: u64, most: u64| format!("{queued} wait already, and {count} more come together; {most} may wait");
    match app.desk.store.submit_together(Together { document, bodies, jobs }).await? {
        SubmittedTogether::New(stored) => {
            for stored in &stored {
                app.desk.metrics.accepted();
                tracing::info!(job = stored.ticket.id, "accepted");
            }
            Ok(stored)
        }
        SubmittedTogether::QueueFull { queued } => Err(queue_full(too_many(queued, app.limits.queued_jobs))),
        SubmittedTogether::ShareFull { queued } => {
            Err(share_full(format!("of this key's jobs {}", too_many(queued, app.limits.queued_jobs_of_key))))
        }
    }
}

/// Everything that a store needs to accept the order.
pub(crate) async fn draw_up(
    app: &App,
    principal: &Principal,
    order: Order,
    idempotency: Option<Idempotency>,
) -> Result<NewJob, Problem> {
    app.takes_jobs()?;
    let most = app.limits.time_limit_seconds;
    let limit = order.options.time_limit_seconds.unwrap_or(most);
    if limit > most {
        let detail = format!("a time limit of {limit} s; {most} s is the most here");
        let problem = ProblemDetails::new(422, "bad-option", detail);
        return Err(match order.options_at {
            "" => problem.in_parameter("time_limit_seconds").into(),
            at => problem.at_pointer(format!("{at}/time_limit_seconds")).into(),
        });
    }
    // What is solved in moments takes one core, so that as many as there are go on at once.
    let (all, shape) = (app.scheduler.cores(), farkas_api_types::ProblemShape::from(&*order.problem));
    let is_tiny = is_tiny(&order.work, &order.options, &shape, &app.desk.store.policy().tiny);
    let cores = if is_tiny && order.options.threads.is_none() { 1 } else { all };
    let solvers = lanes(app, &order, cores).await.map_err(|error| Problem::of_roster(error, order.options_at))?;
    let threads = order.options.to_backend().threads_of_race(solvers.len().max(1) as u32);
    if order.options.deadline.as_deref().is_some_and(|text| Timestamp::parse(text).is_none()) {
        let detail = "a deadline is a time as RFC 3339 has it: 2026-01-31T18:00:00Z";
        let problem = ProblemDetails::new(422, "bad-option", detail);
        return Err(match order.options_at {
            "" => problem.in_parameter("deadline").into(),
            at => problem.at_pointer(format!("{at}/deadline")).into(),
        });
    }
    let id = uuid::Uuid::now_v7().to_string();
    let mut bodies = Vec::with_capacity(order.bodies.len() + 1);
    for (key, content) in order.bodies {
        bodies.extend(place(app, key, content).await?);
    }
    let mut start = None;
    if let Some(point) = order.point {
        let key = format!("point/{id}/0");
        let values: Vec<u8> = point.iter().flat_map(|value| value.to_le_bytes()).collect();
        bodies.extend(place(app, key.clone(), values.into()).await?);
        start = Some(key);
    }
    let ticket = Ticket {
        id,
        project: principal.project.clone(),
        key: principal.key.clone(),
        name: order.name,
        tags: order.tags,
        work: order.work,
        options: order.options,
        cores: threads.clamp(1, cores),
        solvers,
        time_limit_seconds: Some(limit),
        shape,
        model: order.source.model,
        patches: order.source.patches,
        start,
    };
    Ok(new_job(app, ticket, bodies, order.warnings, idempotency))
}

/// A job, with the limits that it is accepted under.
fn new_job(
    app: &App,
    ticket: Ticket,
    bodies: Vec<Body>,
    warnings: Vec<(String, String)>,
    idempotency: Option<Idempotency>,
) -> NewJob {
    let Limits { queued_jobs: most_queued, queued_jobs_of_key: most_queued_of_holder, .. } = app.limits;
    NewJob { ticket, bodies, warnings, idempotency, most_queued, most_queued_of_holder }
}

/// Who is to work on it, one name a lane; nobody for what needs no solver.
async fn lanes(app: &App, order: &Order, cores: u32) -> Result<Vec<String>, RosterError> {
    let (roster, options, problem) = (&app.desk.roster, &order.options, &order.problem);
    let lineup = match order.work {
        Work::Solve => roster.line_up(options, problem, cores).await?,
        Work::Sensitivity => roster.one_with_basis(options, problem, cores).await?,
        Work::Iis | Work::Relax(_) => return Ok(vec![roster.one(options, problem).await?.name().to_owned()]),
        Work::Check { .. } => return Ok(Vec::new()),
    };
    Ok(lineup.lanes.iter().map(|lane| lane.backend.name().to_owned()).collect())
}

/// Keeps a body, durably if it does not travel in a transaction.
pub(super) async fn place(app: &App, key: String, content: Content) -> Result<Option<Body>, Problem> {
    let blobs = &app.desk.blobs;
    let placed = match content {
        Content::Bytes(bytes) => blobs.place(&key, bytes).await,
        Content::Image(problem) => blobs.write(&key, move |out| write_image(&problem, out)).await.map(|()| None),
    };
    Ok(placed.map_err(StoreError::from)?)
}

async fn answer(app: &App, accepted: Accepted, wait: Option<u64>, fields: Fields) -> Result<Response, Problem> {
    let Accepted { stored, end } = accepted;
    let id = stored.ticket.id.clone();
    let (status, stored) = match wait {
        None => (StatusCode::CREATED, stored),
        Some(seconds) => {
            let stored = wait_for_end(app, stored, Duration::from_secs(seconds)).await?;
            (if stored.job.state.is_finished() { StatusCode::CREATED } else { StatusCode::ACCEPTED }, stored)
        }
    };
    let mut job = view::view(app, &stored).await?;
    if wait.is_some() {
        let result = match end {
            Some(end) => Some(end.result.select(fields)),
            None => view::result(app, &stored, fields).await?,
        };
        job.result = result.map(Box::new);
    }
    let write = move || (status, Json(job)).into_response();
    let mut response = reading(wait.map_or(0, |_| view::least_bytes(&stored)), write).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/jobs/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    if wait.is_some() {
        response.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
    }
    Ok(response)
}

/// Waits until the job is finished, the time is over, or the service closes. A client that goes away cancels nothing.
pub(crate) async fn wait_for_end(app: &App, mut stored: Stored, patience: Duration) -> Result<Stored, Problem> {
    let id = stored.ticket.id.clone();
    let mut watch = app.desk.store.watch(&id);
    let deadline = tokio::time::Instant::now() + patience;
    while !stored.job.state.is_finished() {
        stored = app.desk.store.job(&id).await.unwrap_or(stored);
        if stored.job.state.is_finished() {
            break;
        }
        tokio::select! {
            _ = watch.changed() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(stored),
            () = app.closed.cancelled() => return Ok(stored),
        }
    }
    Ok(stored)
}

/// `Prefer: wait=N` among other preferences (RFC 7240).
fn prefer_wait(headers: &HeaderMap, most: u64) -> Option<u64> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
    preferences.find_map(|preference| match preference.split_once('=') {
        None if preference.eq_ignore_ascii_case("wait") => Some(DEFAULT_WAIT_SECONDS.min(most)),
        Some((name, seconds)) if name.trim().eq_ignore_ascii_case("wait") => {
            // A preference that makes no sense is ignored, as the RFC has it.
            seconds.trim().trim_matches('"').parse::<u64>().ok().map(|seconds| seconds.min(most))
        }
        _ => None,
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= 255 => Ok(Some(key.into())),
        _ => Err(Problem::new(400, "bad-parameter", "an Idempotency-Key has 1 to 255 visible characters")
            .map(|p| p.in_parameter("Idempotency-Key"))),
    }
}

/// Everything that the request said, as one number.
fn digest(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    let header = |name| headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    for part in [query.unwrap_or_default().as_bytes(), header(CONTENT_TYPE), header(CONTENT_ENCODING), body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// A job like another one, to be solved anew and on its own; from its best point, if it has one and that is wanted.
pub(super) async fn resubmit(
    app: &Arc<App>,
    principal: &Principal,
    of: Stored,
    warm: bool,
) -> Result<Response, Problem> {
    app.takes_jobs()?;
    let id = uuid::Uuid::now_v7().to_string();
    let mut bodies = Vec::new();
    let mut start = None;
    if let Some(point) = of.job.points.last().filter(|_| warm)
        && let Some(bytes) = app.desk.store.body(&point.key).await?
    {
        let key = format!("point/{id}/0");
        bodies.extend(place(app, key.clone(), bytes.into()).await?);
        start = Some(key);
    }
    let cores = of.ticket.cores.min(app.scheduler.cores());
    let mut ticket = Ticket { id, start, cores, key: principal.key.clone(), ..of.ticket };
    // It is none of the batch's scenarios, and what had to be over by then already is.
    ticket.tags.retain(|tag| !tag.starts_with(BATCH_TAG));
    if ticket.deadline().is_some_and(|deadline| deadline <= Timestamp::now()) {
        ticket.options.deadline = None;
    }
    let new = new_job(app, ticket, bodies, Vec::new(), None);
    answer(app, enter(app, new).await?, None, Fields::NONE).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_as_the_rfc_has_them() {
        let cases = [
            ("wait=5", Some(5)),
            ("wait", Some(10)),
            ("respond-async, wait=3", Some(3)),
            ("Wait = \"7\"", Some(7)),
            ("wait=100000", Some(120)),
            ("wait=soon", None),
            ("respond-async", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_static(text));
            assert_eq!(prefer_wait(&headers, 120), expected, "{text}");
        }
    }
}

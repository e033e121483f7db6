//! Requests after their submission: their state, their result, their end. A request is one job, or the jobs of a list,
//! which share a tag with the request's id.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{EventBody, Fields, JobEvent, JobState, Number, SolveResult};
use serde::Serialize;
use serde_json::json;

use super::answer::{self, Solution};
use super::hidden::{self, Hidden};
use super::{TAG, no_such_job, reply};
use crate::access::Principal;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::{App, view};
use crate::execution::End;
use crate::jobs::Wish;
use crate::store::{Filter, Store, StoreError, Stored};

/// Jobs that are looked at together.
const PAGE: u32 = 1000;

/// A request's jobs, in the order of its list.
pub struct Group {
    pub id: String,
    pub jobs: Vec<Stored>,
    pub together: bool,
}

/// On the jobs of one list.
pub fn tag_of(id: &str) -> String {
    format!("{TAG}-{id}")
}

/// A request's jobs; a hidden one is not there.
pub async fn find(app: &App, principal: &Principal, id: &str) -> Result<Group, Problem> {
    Ok(find_with_marks(app, principal, id).await?.0)
}

/// The same, and what is hidden of it.
pub async fn find_with_marks(app: &App, principal: &Principal, id: &str) -> Result<(Group, Option<Hidden>), Problem> {
    if hidden::is_known(app, principal, id) {
        return Err(no_such_job(id));
    }
    let group = locate(app, principal, id).await?;
    match hidden::much(app, principal, id, group.together).await? {
        Some(Hidden::Whole) => Err(no_such_job(id)),
        hidden => Ok((group, hidden)),
    }
}

async fn locate(app: &App, principal: &Principal, id: &str) -> Result<Group, Problem> {
    match app.job_of(principal, id).await {
        Ok(stored) => return Ok(Group { id: id.into(), jobs: vec![stored], together: false }),
        Err(StoreError::NoJob(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let filter = Filter { project: Some(principal.project.clone()), tag: Some(tag_of(id)), ..Filter::default() };
    let mut jobs = app.desk.store.list(filter, PAGE).await?;
    jobs.reverse();
    if jobs.is_empty() { Err(no_such_job(id)) } else { Ok(Group { id: id.into(), jobs, together: true }) }
}

/// The values of a finished request's point, to begin another from.
pub async fn point_of(app: &App, principal: &Principal, id: &str) -> Result<Vec<f64>, Problem> {
    let group = find(app, principal, id).await?;
    let result = match group.jobs.as_slice() {
        [one] => view::result(app, one, Fields::ALL).await?,
        _ => None,
    };
    let values = result.and_then(|result| result.variables);
    let Some(values) = values else {
        return Err(Problem::new(404, "no-point", format!("warmstart data for id '{id}' not found: it has no point")));
    };
    Ok(values.into_values().map(|Number(value)| value).collect())
}

/// The result, or the id alone while there is none.
pub(super) async fn solution(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let group = find(&app, &principal, &id).await?;
    tell(&app, &headers, group, None).await
}

#[derive(Serialize)]
struct Told {
    response: Responses,
    #[serde(rename = "reqId")]
    id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Responses {
    solver_response: OneOrMany,
    total_solve_time: f64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<answer::Response>),
    Many(Vec<answer::Response>),
}

/// What is known of a request, now; `end` is that of its one job, where it need not be read.
pub(super) async fn tell(
    app: &App,
    headers: &HeaderMap,
    group: Group,
    mut end: Option<End>,
) -> Result<Response, Problem> {
    let Group { id, jobs, together } = group;
    if !jobs.iter().all(is_over) {
        return Ok(reply(headers, &json!({"reqId": id})));
    }
    let (mut told, mut notes, mut warnings) = (Vec::with_capacity(jobs.len()), Vec::new(), Vec::new());
    let mut seconds = 0.0;
    for stored in &jobs {
        seconds += stored.job.seconds;
        let (result, told_of) = match end.take() {
            Some(End { result, warnings }) => (Some(*result), warnings),
            None => (None, warnings_of(app, stored).await?),
        };
        warnings.extend(told_of);
        match outcome(app, stored, result).await? {
            Ok((response, note)) => {
                told.push(response);
                notes.push(note);
            }
            Err(problem) if !together => return Err(problem),
            Err(problem) => {
                let text = super::super::sentence(problem.details());
                told.push(answer::Response { status: "Error", solution: Solution::Error(text) });
            }
        }
    }
    let solver_response = match told.pop() {
        Some(one) if !together => OneOrMany::One(Box::new(one)),
        last => OneOrMany::Many(told.into_iter().chain(last).collect()),
    };
    let response = Responses { solver_response, total_solve_time: seconds };
    Ok(reply(headers, &Told { response, id, warnings, notes }))
}

fn is_over(stored: &Stored) -> bool {
    stored.job.state.is_finished() || stored.job.wish == Some(Wish::Discard)
}

type Outcome = Result<(answer::Response, String), Problem>;

/// A job's result, read unless it is known; the inner error is why it has none.
async fn outcome(app: &App, stored: &Stored, known: Option<SolveResult>) -> Result<Outcome, Problem> {
    let id = &stored.ticket.id;
    if stored.job.wish == Some(Wish::Discard) || stored.job.state == JobState::Canceled {
        return Ok(Err(Problem::new(500, "job-aborted", format!("{id} was aborted"))));
    }
    let result = match known {
        Some(result) => Some(result),
        None => view::result(app, stored, Fields::ALL).await?,
    };
    let Some(result) = result else {
        let why = stored.job.reason.clone().unwrap_or_default();
        return Ok(Err(Problem::new(500, "job-failed", format!("job {id} is {}: {why}", stored.job.state))));
    };
    let iterations = stored.job.lanes.iter().map(|lane| lane.iterations).max().unwrap_or(0);
    let note = result.termination.detail.clone();
    Ok(Ok((answer::respond(result, iterations), note)))
}

async fn warnings_of(app: &App, stored: &Stored) -> Result<Vec<String>, Problem> {
    let events = app.desk.store.events(&stored.ticket.id, 0, Some("warning"), 100).await?;
    let text = |event: &crate::store::StoredEvent| match serde_json::from_str::<JobEvent>(&event.json).ok()?.body {
        EventBody::Warning { detail, .. } => Some(detail),
        _ => None,
    };
    Ok(events.iter().filter_map(text).collect())
}

/// `queued`, `running`, `completed` or `aborted`.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if app.cuopt.cached(&principal.project, &id).is_some() {
        return Ok(reply(&headers, &"cached"));
    }
    let group = find(&app, &principal, &id).await?;
    let all = |holds: fn(&Stored) -> bool| group.jobs.iter().all(holds);
    let word = if all(|stored| stored.job.wish == Some(Wish::Discard) || stored.job.state == JobState::Canceled) {
        "aborted"
    } else if all(is_over) {
        "completed"
    } else if all(|stored| stored.job.state == JobState::Queued) {
        "queued"
    } else {
        "running"
    };
    Ok(reply(&headers, &word))
}

/// Hides a request.
pub(super) async fn hide(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    // What was answered here a moment ago is there, and not deleted: who deletes goes by here.
    let answered = if app.marks.are_put_off() { app.cuopt.take_answered(&principal.project, &id) } else { None };
    let together = match answered {
        Some(together) => together,
        None => find(&app, &principal, &id).await?.together,
    };
    hidden::hide(&app, &principal, &id, together, Hidden::Whole).await?;
    app.cuopt.forget(&id);
    Ok(StatusCode::OK.into_response())
}

/// Which requests are to end.
struct Which {
    running: bool,
    queued: bool,
    cached: bool,
}

impl Which {
    fn read(raw: Option<&str>, id: &str) -> Result<Self, Problem> {
        let mut query = Query::parse(raw);
        let (running, queued, cached) = (query.flag("running")?, query.flag("queued")?, query.flag("cached")?);
        // A name alone means whatever it is; anything said means that and nothing else.
        let unsaid = running.is_none() && queued.is_none() && cached.is_none();
        if unsaid && id == "*" {
            let detail = "an id of '*' needs one of `running`, `queued` and `cached`";
            return Err(Problem::new(400, "bad-parameter", detail));
        }
        let said = |flag: Option<bool>| flag.unwrap_or(unsaid);
        Ok(Self { running: said(running), queued: said(queued), cached: said(cached) })
    }

    fn takes(&self, stored: &Stored) -> bool {
        match stored.job.state {
            _ if stored.job.wish == Some(Wish::Discard) => false,
            JobState::Queued => self.queued,
            state => self.running && !state.is_finished(),
        }
    }
}

/// Ends requests that wait or run, and forgets cached bodies. Answers how many of each.
pub(super) async fn abort(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let which = Which::read(raw.as_deref(), &id)?;
    let cached = if which.cached { app.cuopt.drop_cached(&principal.project, &id) } else { 0 };
    let (mut queued, mut running) = (0, 0);
    if cached == 0 || id == "*" {
        for stored in candidates(&app, &principal, &id, &which).await? {
            let was_queued = stored.job.state == JobState::Queued;
            app.wish(&stored.ticket.id, Wish::Discard).await?;
            *(if was_queued { &mut queued } else { &mut running }) += 1;
        }
    }
    Ok(reply(&headers, &json!({"cached": cached, "queued": queued, "running": running})))
}

async fn candidates(app: &App, principal: &Principal, id: &str, which: &Which) -> Result<Vec<Stored>, Problem> {
    let mut found = Vec::new();
    if id == "*" {
        let states = vec![JobState::Queued, JobState::Starting, JobState::Running, JobState::Stopping];
        let mut before = None;
        loop {
            let (states, tag) = (states.clone(), Some(TAG.into()));
            let project = Some(principal.project.clone());
            let filter = Filter { project, states, tag, before: before.take() };
            let page = app.desk.store.list(filter, PAGE).await?;
            before = page.last().map(|stored| stored.ticket.id.clone());
            let is_last = page.len() < PAGE as usize;
            found.extend(page);
            if is_last {
                break;
            }
        }
    } else {
        // A request that is over, or was never there, is no error: there is nothing to end.
        match find(app, principal, id).await {
            Ok(group) => found = group.jobs,
            Err(problem) if problem.details().status == 404 => {}
            Err(problem) => return Err(problem),
        }
    }
    found.retain(|stored| which.takes(stored));
    Ok(found)
}

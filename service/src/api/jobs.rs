//! Jobs one by one and in lists, their results, and the verbs that end or repeat them.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{JobList, JobState, JobView, ProblemDetails, RequestError, SolveResult};

use super::problem::{Problem, reading};
use super::query::Query;
use super::{Shared, submit, view};
use crate::access::Principal;
use crate::jobs::Wish;
use crate::store::{Filter, Store};

const DEFAULT_PAGE: u64 = 50;

/// Lists jobs, newest first.
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs",
    params(
        ("state" = Option<String>, Query, description = "States, with commas between"),
        ("tag" = Option<String>, Query, description = "Only jobs with this tag"),
        ("limit" = Option<u64>, Query, description = "Jobs on a page; 50 if nothing is said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, body = JobList),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
) -> Result<Json<JobList>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let bad = |name: &'static str, detail: String| RequestError::new("bad-parameter", detail).parameter(name);
    let mut filter = Filter { project: Some(principal.project), tag: query.take("tag")?, ..Filter::default() };
    for name in query.take("state")?.unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
        let state = JobState::parse(name.trim());
        filter.states.push(state.ok_or_else(|| bad("state", format!("'{name}' is no state of a job")))?);
    }
    if let Some(cursor) = query.take("cursor")? {
        let id = uuid::Uuid::parse_str(&cursor).map_err(|_| bad("cursor", "this is no cursor of a list".into()))?;
        filter.before = Some(id.to_string());
    }
    let limit = query.number("limit")?.unwrap_or(DEFAULT_PAGE).clamp(1, u64::from(app.limits.page)) as u32;
    query.finish()?;
    let mut found = app.desk.store.list(filter, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|stored| stored.ticket.id.clone());
    Ok(Json(JobList { jobs: found.iter().map(view::listed).collect(), next_cursor }))
}

/// One job: its state, how far it is, its lanes.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, body = JobView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_job(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    let stored = app.job_of(&principal, &id).await?;
    Ok(Json(view::view(&app, &stored).await?))
}

/// A finished job's result.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/result", tag = "jobs",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("fields" = Option<String>, Query, description = "Of variables,duals,reduced_costs,ray those that are wanted"),
        ("nonzeros" = Option<bool>, Query, description = "Leave zeros out"),
        ("format" = Option<String>, Query, description = "json, sol or csv; without it `Accept` decides"),
        ("Accept" = Option<String>, Header, description = "application/json (default), text/csv, or text/plain for .sol"),
    ),
    responses(
        (status = 200, description = "In the form that was asked for", content((SolveResult = "application/json"), (String = "text/csv"), (String = "text/plain"))),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`job-not-finished`, or `job-without-result`", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn result(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let fields = query.fields()?;
    let form = match query.take("format")? {
        Some(name) => Form::parse(&name)?,
        None => Form::accepted(&headers)?,
    };
    query.finish()?;
    let stored = app.job_of(&principal, &id).await?;
    let state = stored.job.state;
    if !state.is_finished() {
        return Err(Problem::new(409, "job-not-finished", format!("the job is {state}"))
            .map(|p| p.remedy("wait for the end of /v1/jobs/{id}/events, or POST with Prefer: wait")));
    }
    let Some(result) = view::result(&app, &stored, fields).await? else {
        let why = stored.job.reason.unwrap_or_default();
        return Err(Problem::new(409, "job-without-result", format!("the job is {state}: {why}")));
    };
    let write = move || match form {
        Form::Json => Json(result).into_response(),
        Form::Sol => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], result.to_sol()).into_response(),
        Form::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], result.to_csv()).into_response(),
    };
    reading(view::least_bytes(&stored), write).await
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Sol,
    Csv,
}

impl Form {
    fn parse(name: &str) -> Result<Self, RequestError> {
        match name {
            "json" => Ok(Self::Json),
            "sol" => Ok(Self::Sol),
            "csv" => Ok(Self::Csv),
            other => {
                let detail = format!("'{other}' is no format of a result; there are json, sol and csv");
                Err(RequestError::new("bad-parameter", detail).parameter("format"))
            }
        }
    }

    /// By `Accept`: of what the client takes the form that it likes best, of equals the first here.
    fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        let forms = [(Self::Json, "application/json"), (Self::Csv, "text/csv"), (Self::Sol, "text/plain")];
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<&str> =
            values.flat_map(|value| value.split(',')).map(str::trim).filter(|r| !r.is_empty()).collect();
        if ranges.is_empty() {
            return Ok(Self::Json);
        }
        let weighed = forms.map(|(form, media)| (form, weight(&ranges, media)));
        let best = weighed.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, weight)| *weight > 0.0);
        best.map(|(form, _)| form).ok_or_else(|| {
            Problem::new(406, "not-acceptable", "a result is application/json, text/csv, or text/plain (.sol)")
                .map(|p| p.in_parameter("Accept"))
        })
    }
}

/// The quality that the narrowest of the media ranges gives a media type; 0 if none names it (RFC 9110, 12.5.1).
fn weight(ranges: &[&str], media: &str) -> f64 {
    let kind = media.split_once('/').map_or(media, |(kind, _)| kind);
    let named = ranges.iter().filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let narrow = match name.as_str() {
            "*/*" => 0,
            _ if name == media => 2,
            _ if name.strip_suffix("/*") == Some(kind) => 1,
            _ => return None,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok()).unwrap_or(1.0);
        Some((narrow, quality))
    });
    named.max_by_key(|(narrow, _)| *narrow).map_or(0.0, |(_, quality)| quality)
}

/// Splits `{id}:verb` at the last colon: axum takes one parameter a path segment.
pub(super) async fn verb(
    state: Shared,
    principal: Principal,
    Path(segment): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let id_of = |id: &str| Path(id.to_string());
    match segment.rsplit_once(':') {
        Some((id, "stop")) => stop(state, principal, id_of(id)).await,
        Some((id, "cancel")) => cancel(state, principal, id_of(id)).await,
        Some((id, "retry")) => retry(state, principal, id_of(id), RawQuery(raw)).await,
        Some((_, verb)) => {
            let detail = format!("'{verb}' is no verb of a job; there are stop, cancel and retry");
            Err(Problem::new(404, "route-not-found", detail))
        }
        None => Err(Problem::new(405, "method-not-allowed", "a job takes GET, and POST with a verb: {id}:stop")),
    }
}

/// Stops a job and keeps its incumbent. On a finished job nothing changes.
#[utoipa::path(
    post, path = "/v1/jobs/{id}:stop", tag = "jobs",
    params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, body = JobView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop(state: Shared, principal: Principal, id: Path<String>) -> Result<Response, Problem> {
    wish(state, principal, id, Wish::Keep).await
}

/// Stops a job and discards what it found. On a finished job nothing changes.
#[utoipa::path(
    post, path = "/v1/jobs/{id}:cancel", tag = "jobs",
    params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, body = JobView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn cancel(state: Shared, principal: Principal, id: Path<String>) -> Result<Response, Problem> {
    wish(state, principal, id, Wish::Discard).await
}

async fn wish(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    wish: Wish,
) -> Result<Response, Problem> {
    let stored = app.wish_of(&principal, &id, wish).await?;
    Ok(Json(view::view(&app, &stored).await?).into_response())
}

/// A new job like this one, from its best point unless `warm=false`.
#[utoipa::path(
    post, path = "/v1/jobs/{id}:retry", tag = "jobs",
    params(
        ("id" = String, Path, description = "The job's id"),
        ("warm" = Option<bool>, Query, description = "Begin from its best point; true if nothing is said"),
    ),
    responses(
        (status = 201, body = JobView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "It is not finished", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn retry(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let warm = query.flag("warm")?.unwrap_or(true);
    query.finish()?;
    let stored = app.job_of(&principal, &id).await?;
    if !stored.job.state.is_finished() {
        return Err(Problem::new(409, "job-not-finished", format!("the job is {}", stored.job.state)));
    }
    submit::resubmit(&app, &principal, stored, warm).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_in_the_form_that_is_accepted() {
        let cases = [
            (None, Some(Form::Json)),
            (Some("*/*"), Some(Form::Json)),
            (Some("text/html, application/xhtml+xml, */*;q=0.8"), Some(Form::Json)),
            (Some("text/csv"), Some(Form::Csv)),
            (Some("Text/Plain"), Some(Form::Sol)),
            (Some("text/*"), Some(Form::Csv)),
            (Some("application/json;q=0.5, text/csv"), Some(Form::Csv)),
            (Some("application/json;q=0, */*;q=0.1"), Some(Form::Csv)),
            (Some("application/xml"), None),
            (Some("application/json;q=0"), None),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, axum::http::HeaderValue::from_static(accept));
            }
            assert_eq!(Form::accepted(&headers).ok(), expected, "{accept:?}");
        }
    }
}

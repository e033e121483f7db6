//! What happens while a request is solved: its log from a byte on, and the incumbents since the client last asked.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{EventBody, JobEvent};
use serde::Serialize;

use super::hidden::{self, Hidden};
use super::memory::LogEnd;
use super::{jobs, no_such_job, reply};
use crate::access::Principal;
use crate::api::App;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::execution::floats;
use crate::store::{Store, StoredEvent};

const PAGE: u32 = 1000;

#[derive(Serialize)]
struct Lines {
    log: Vec<String>,
    nbytes: u64,
}

/// The log's lines from `frombyte` on, and where to go on.
pub(super) async fn lines(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let from = Query::parse(raw.as_deref()).number("frombyte")?.unwrap_or(0);
    let (group, hidden) = jobs::find_with_marks(&app, &principal, &id).await?;
    if hidden.is_some() {
        return Err(no_such_job(&id));
    }
    let mut cut = Cut { from, at: 0, log: Vec::new() };
    for stored in &group.jobs {
        let (job, begin) = (&stored.ticket.id, cut.at);
        // A poll goes on where the one before it ended.
        let known = app.cuopt.log_end(job).filter(|end| begin + end.bytes <= from);
        let mut end = known.unwrap_or_default();
        cut.at += end.bytes;
        // What is over when it is looked at has all its lines.
        let is_last = end.is_last || stored.job.state.is_finished();
        while !end.is_last {
            let events = app.desk.store.events(job, end.event, Some("log"), PAGE).await?;
            for event in &events {
                if let Some(EventBody::Log { line, .. }) = body_of(event) {
                    cut.line(&line);
                }
                end.event = event.id;
            }
            if events.len() < PAGE as usize {
                break;
            }
        }
        app.cuopt.set_log_end(job, LogEnd { bytes: cut.at - begin, is_last, ..end });
        // The log of a list is its jobs', one after another: what was read keeps its place.
        if !is_last {
            break;
        }
    }
    Ok(reply(&headers, &Lines { log: cut.log, nbytes: cut.at.max(from) }))
}

fn body_of(event: &StoredEvent) -> Option<EventBody> {
    serde_json::from_str::<JobEvent>(&event.json).ok().map(|event| event.body)
}

/// The part of a text of lines that begins at a byte.
struct Cut {
    from: u64,
    at: u64,
    log: Vec<String>,
}

impl Cut {
    fn line(&mut self, line: &str) {
        let skipped = self.from.saturating_sub(self.at) as usize;
        self.at += line.len() as u64 + 1;
        if skipped <= line.len() {
            // A place within a character, which we did not hand out, counts as the next one's.
            let from = (skipped..=line.len()).find(|from| line.is_char_boundary(*from)).unwrap_or(line.len());
            self.log.push(line[from..].into());
        }
    }
}

/// Hides a request's log.
pub(super) async fn hide(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    match jobs::find(&app, &principal, &id).await {
        Ok(group) => hidden::hide(&app, &principal, &id, group.together, Hidden::Log).await?,
        // The client deletes the result first, and then the log of what is no longer there.
        Err(problem) if problem.details().status == 404 => {}
        Err(problem) => return Err(problem),
    }
    Ok(StatusCode::OK.into_response())
}

#[derive(Serialize)]
struct Incumbent {
    solution: Vec<f64>,
    cost: Option<f64>,
}

/// The incumbents that came since the client last asked and whose values are still kept; after the last of all, one
/// without a point.
pub(super) async fn incumbents(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let group = jobs::find(&app, &principal, &id).await?;
    let mut told = Vec::new();
    let finished = group.jobs.iter().all(|stored| stored.job.state.is_finished());
    if let ([stored], false) = (group.jobs.as_slice(), group.together) {
        let after = app.cuopt.delivered(&id);
        let events = app.desk.store.events(&stored.ticket.id, after, Some("incumbent"), PAGE).await?;
        for event in &events {
            let Some(EventBody::Incumbent { objective, .. }) = body_of(event) else { continue };
            let Some(point) = stored.job.points.iter().find(|point| point.event == event.id) else { continue };
            let Some(bytes) = app.desk.store.body(&point.key).await? else { continue };
            told.push(Incumbent { solution: floats(&bytes).to_vec(), cost: Some(objective.0) });
        }
        if let Some(last) = events.last() {
            app.cuopt.deliver(&id, last.id);
        }
    }
    if finished {
        told.push(Incumbent { solution: Vec::new(), cost: None });
    }
    Ok(reply(&headers, &told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_at_a_byte() {
        let cases: [(u64, &[&str], u64); 5] =
            [(0, &["one", "twö", ""], 10), (4, &["twö", ""], 10), (7, &["", ""], 10), (9, &[""], 10), (10, &[], 10)];
        for (from, expected, bytes) in cases {
            let mut cut = Cut { from, at: 0, log: Vec::new() };
            for line in ["one", "twö", ""] {
                cut.line(line);
            }
            assert_eq!(
                (cut.log.as_slice(), cut.at),
                (expected.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice(), bytes),
                "{from}"
            );
        }
    }
}

//! Stored jobs as clients see them.

use farkas_api_types::{EventBody, Fields, JobEvent, JobState, JobView, SolveResult};

use super::App;
use super::problem::{Problem, reading};
use crate::store::{Store, StoreError, Stored};

/// One job, with its place in the queue.
pub async fn view(app: &App, stored: &Stored) -> Result<JobView, Problem> {
    let mut view = listed(stored);
    if stored.job.state == JobState::Queued {
        view.queue_position = Some(app.desk.store.position(&view.id).await?);
    }
    Ok(view)
}

/// A job in a list.
pub fn listed(stored: &Stored) -> JobView {
    let Stored { ticket, job } = stored;
    JobView {
        id: ticket.id.clone(),
        name: ticket.name.clone(),
        tags: ticket.tags.clone(),
        state: job.state,
        reason: job.reason.clone(),
        queue_position: None,
        task: ticket.work.task(),
        problem: ticket.shape,
        options: ticket.options.clone(),
        attempts: job.attempts,
        created_at: job.created_at.to_string(),
        started_at: job.started_at.map(|time| time.to_string()),
        finished_at: job.finished_at.map(|time| time.to_string()),
        seconds: job.seconds,
        phase: job.phase.clone(),
        incumbent: job.incumbent,
        bound: job.bound,
        gap: job.gap(),
        lanes: job.lanes.clone(),
        termination: job.termination.clone(),
        last_event: job.last_event,
        result: None,
    }
}

/// What a job's result has at least, as text: a short name and a digit for each row and column.
pub fn least_bytes(stored: &Stored) -> usize {
    let shape = stored.ticket.shape;
    usize::try_from((shape.rows + shape.columns).saturating_mul(8)).unwrap_or(usize::MAX)
}

/// A job's result; `None` when it has none (yet).
pub async fn result(app: &App, stored: &Stored, fields: Fields) -> Result<Option<SolveResult>, Problem> {
    if stored.job.state != JobState::Succeeded {
        return Ok(None);
    }
    let unreadable = |error: serde_json::Error| {
        Problem::from(StoreError::Unreadable { what: "a result".into(), error: error.to_string() })
    };
    let Some(key) = &stored.job.result else {
        // Stopped before anything was found: the last event is all there is.
        let last = stored.job.last_event.saturating_sub(1);
        let events = app.desk.store.events(&stored.ticket.id, last, Some("result"), 1).await?;
        let Some(event) = events.first() else { return Ok(None) };
        let event: JobEvent = serde_json::from_str(&event.json).map_err(unreadable)?;
        let EventBody::Result { result, .. } = event.body else { return Ok(None) };
        return Ok(result.map(|result| *result));
    };
    let bytes =
        app.desk.store.body(key).await?.ok_or_else(|| {
            Problem::from(StoreError::Unreadable { what: key.clone(), error: "it is not there".into() })
        })?;
    let result = reading(bytes.len(), move || serde_json::from_slice::<SolveResult>(&bytes)).await?;
    let result = result.map_err(unreadable)?;
    Ok(Some(result.select(fields)))
}

//! `GET /v1/jobs/{id}/bundle`: one archive with all that somebody else needs to do a job again and to see what came of it.

use std::fmt::Write as _;
use std::io;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{BackendList, Fields, JobView, ProblemDetails, SolveResult, Task};
use farkas_modeling::Problem as Model;
use farkas_modeling::formats::{Compression, Encoder, json};
use serde::Serialize;

use super::problem::{Problem, blocking};
use super::{App, Shared, view};
use crate::access::Principal;
use crate::models;
use crate::store::{Store, StoreError, StoredEvent};

/// Events that one read of the store brings.
const AT_ONCE: u32 = 1000;

/// One archive that reproduces a job: model, options, versions, events, log, result, and how to go about it.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/bundle", tag = "jobs",
    params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, description = "A .tar.gz", body = Vec<u8>, content_type = "application/gzip"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bundle(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.job_of(&principal, &id).await?;
    let _turn = app.turn().await?;
    let unreadable = |error: String| StoreError::Unreadable { what: format!("the model of job {id}"), error };
    let problem = models::open(&*app.desk.store, &stored.ticket.source()).await?.map_err(unreadable)?;
    let problem = problem.named(stored.ticket.name.clone().unwrap_or_default());
    let parts = Parts {
        events: events(&app, &id).await?,
        result: view::result(&app, &stored, Fields::ALL).await?,
        backends: app.desk.roster.list().await,
        job: view::listed(&stored),
        problem,
        seconds: (stored.job.created_at.millis() / 1000).unsigned_abs(),
    };
    let packed = blocking(move || parts.pack()).await?;
    let packed = packed.map_err(|error| Problem::new(500, "internal-error", format!("no bundle was made: {error}")))?;
    let named = format!("attachment; filename=\"farkas-{}.tar.gz\"", stored.ticket.id);
    Ok(([(CONTENT_TYPE, "application/gzip".to_owned()), (CONTENT_DISPOSITION, named)], packed).into_response())
}

async fn events(app: &App, id: &str) -> Result<Vec<StoredEvent>, Problem> {
    let mut all: Vec<StoredEvent> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.id);
        let page = app.desk.store.events(id, after, None, AT_ONCE).await?;
        let last = page.len() < AT_ONCE as usize;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

struct Parts {
    job: JobView,
    problem: Model,
    result: Option<SolveResult>,
    backends: BackendList,
    events: Vec<StoredEvent>,
    /// When the job was made, in seconds since 1970: the files' time, so that the same job gives the same archive.
    seconds: u64,
}

#[derive(Serialize)]
struct Versions<'a> {
    farkas: &'a str,
    backends: &'a BackendList,
}

impl Parts {
    /// Packs it all. Blocks.
    fn pack(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Encoder::new(Vec::new(), Compression::Gzip));
        let folder = format!("farkas-{}", self.job.id);
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(self.seconds);
            archive.append_data(&mut header, format!("{folder}/{name}"), bytes)
        };
        let mut model = Vec::new();
        json::write_columnar(&self.problem, &mut model)?;
        let versions = Versions { farkas: env!("CARGO_PKG_VERSION"), backends: &self.backends };
        add("README.md", self.readme().as_bytes())?;
        add("model.json", &model)?;
        add("options.json", &pretty(&self.job.options)?)?;
        add("job.json", &pretty(&self.job)?)?;
        add("versions.json", &pretty(&versions)?)?;
        add("events.jsonl", self.lines().as_bytes())?;
        add("log.txt", self.log().as_bytes())?;
        if let Some(result) = &self.result {
            add("result.json", &pretty(result)?)?;
            if result.variables.is_some() {
                add("solution.sol", result.to_sol().as_bytes())?;
            }
        }
        archive.into_inner()?.finish()
    }

    fn lines(&self) -> String {
        self.events.iter().fold(String::new(), |text, event| text + &event.json + "\n")
    }

    /// The solvers' lines, each with its lane and time.
    fn log(&self) -> String {
        let mut text = String::new();
        for event in self.events.iter().filter(|event| event.kind == "log") {
            let Ok(event) = serde_json::from_str::<farkas_api_types::JobEvent>(&event.json) else { continue };
            if let farkas_api_types::EventBody::Log { lane, line } = event.body {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{:10.3} {lane} {line}", event.seconds);
            }
        }
        text
    }

    fn readme(&self) -> String {
        let JobView { id, state, task, problem, .. } = &self.job;
        let how = match task {
            Task::Solve => "farkas solve model.json --json",
            Task::Iis => "farkas iis model.json --json",
            Task::Relax => "farkas relax model.json --json",
            Task::Sensitivity => "farkas ranging model.json --json",
            Task::Check => "farkas check model.json solution.sol --json",
        };
        format!(
            "# Job {id}\n\n\
             {rows} rows, {columns} columns, {nonzeros} nonzeros, {integers} integers; task {task}; {state}.\n\n\
             | file | what |\n|---|---|\n\
             | model.json | the model, whole, in Farkas JSON |\n\
             | options.json | as they were asked for |\n\
             | job.json | the job as the service tells it |\n\
             | versions.json | of Farkas and of the solvers where this was packed |\n\
             | events.jsonl | everything that happened, in order |\n\
             | log.txt | the solvers' log: seconds, lane, line |\n\
             | result.json, solution.sol | what came of it, if it has a result |\n\n\
             ## Doing it again\n\n\
             On the command line, with the options of options.json as flags:\n\n    {how}\n\n\
             Or at a service, with the same options:\n\n    \
             jq -n --slurpfile m model.json --slurpfile o options.json '{{task: \"{task}\", model: $m[0], options: $o[0]}}' |\n      \
             curl http://127.0.0.1:8080/v1/jobs -H 'Content-Type: application/json' -d @-\n\n\
             To check the solution without any solver:\n\n    farkas check model.json solution.sol\n",
            rows = problem.rows,
            columns = problem.columns,
            nonzeros = problem.nonzeros,
            integers = problem.integers,
            task = task.name(),
        )
    }
}

fn pretty<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(value)?)
}

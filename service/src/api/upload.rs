//! A request's body: received up to a limit, in memory or in a file, then parsed on a thread that may block. What comes out
//! is a validated problem with its options, or an error with its place.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use farkas_api_types::{
    BatchRequest, MODEL_POINTER, RelaxOptions, RequestError, SolveOptions, SolveRequest, StatedSolution, StoredModel,
    Task, read_json, read_json_at,
};
use farkas_modeling::Problem as Model;
use farkas_modeling::formats::{Format, FormatError, Read, SizeLimits, read_text};
use farkas_modeling::image;
use serde::de::DeserializeOwned;

use super::models::{Base, image_of};
use super::offers::vector;
use super::problem::{Problem, blocking};
use super::query::Query;
use super::{App, arrivals};
use crate::incoming::{Incoming, MOST_IN_MEMORY, Text};
use crate::jobs::Work;
use crate::limits::Limits;
use crate::models::{Content, Source, image_key};

/// What a client wants solved.
pub struct Order {
    pub name: Option<String>,
    pub tags: Vec<String>,
    pub options: SolveOptions,
    /// Where an error in the options is: `/options`, or nothing for a query.
    pub options_at: &'static str,
    pub work: Work,
    /// The point to begin from, or that a check is about.
    pub point: Option<Vec<f64>>,
    pub problem: Arc<Model>,
    /// What is said about it besides: codes and sentences.
    pub warnings: Vec<(String, String)>,
    /// Where it is, once the bodies are written.
    pub source: Source,
    /// What is not in the store yet, by its keys.
    pub bodies: Vec<(String, Content)>,
}

/// How a body may be compressed; which of them it is its first bytes say.
const ENCODINGS: [&str; 5] = ["identity", "gzip", "zstd", "bzip2", "xz"];

/// Reads a body up to the limit into memory.
async fn read(headers: &HeaderMap, mut body: Body, limit: usize, patience: Duration) -> Result<Bytes, Problem> {
    announced(headers, limit)?;
    let mut bytes = BytesMut::new();
    while let Some(data) = arrivals::next(&mut body, patience).await? {
        if bytes.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Receives a body that may hold a model: a large one goes into a file as it arrives.
pub async fn receive(app: &App, headers: &HeaderMap, mut body: Body) -> Result<Text, Problem> {
    let (limit, patience) = (app.limits.body_bytes, app.limits.patience());
    if announced(headers, limit)?.is_some_and(|length| length <= MOST_IN_MEMORY as u64) {
        return Ok(Text::InMemory(read(headers, body, limit, patience).await?));
    }
    let (mut arriving, mut bytes) = (app.incoming.begin(), 0);
    while let Some(data) = arrivals::next(&mut body, patience).await? {
        bytes += data.len();
        if bytes > limit {
            return Err(too_large(limit));
        }
        arriving.hold(&data);
        if arriving.is_full() {
            let put_away = move || arriving.put_away().map(|()| arriving);
            arriving = blocking(put_away).await?.map_err(|error| Problem::of_disk(&error))?;
        }
    }
    // What stayed in memory is whole without the disk.
    let whole = move || arriving.whole();
    let whole = if bytes < MOST_IN_MEMORY { whole() } else { blocking(whole).await? };
    whole.map_err(|error| Problem::of_disk(&error))
}

/// How long the body is to be, where that is said.
fn announced(headers: &HeaderMap, limit: usize) -> Result<Option<u64>, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) { Err(too_large(limit)) } else { Ok(announced) }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(413, "body-too-large", format!("a body has at most {limit} bytes here"))
        .map(|p| p.remedy("compress it (Content-Encoding: gzip or zstd), or have the limit raised"))
}

pub(super) fn cut_off(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(400, "body-cut-off", format!("the body did not arrive whole: {error}"))
}

/// Reads a JSON body of a request that is no model.
pub async fn json<T: DeserializeOwned>(app: &App, headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let limit = app.limits.request_bytes.min(app.limits.body_bytes);
    let bytes = read(headers, body, limit, app.limits.patience()).await?;
    Ok(farkas_api_types::read_json(&bytes)?)
}

/// How a body is to be understood, by its headers and the query's `filename`.
pub struct Kind {
    format: Kinds,
    hint: Option<String>,
}

enum Kinds {
    /// A `SolveRequest` with the model inside.
    Request,
    /// A model as it is.
    Model,
}

impl Kind {
    /// Decides by `Content-Type`, then by `filename`; checks `Content-Encoding`.
    pub fn of(headers: &HeaderMap, filename: Option<String>) -> Result<Self, Problem> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let encoding = header(CONTENT_ENCODING).unwrap_or("identity").trim().to_ascii_lowercase();
        if !ENCODINGS.contains(&encoding.strip_prefix("x-").unwrap_or(&encoding)) {
            let detail = format!("'{encoding}' is no encoding that is read here; gzip, zstd, bzip2 and xz are");
            return Err(Problem::new(415, "unsupported-encoding", detail).map(|p| p.in_parameter("Content-Encoding")));
        }
        let media =
            header(CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        // What curl and browsers say when nobody told them; it says nothing about the body.
        let silent = [
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/gzip",
            "application/zstd",
            "application/x-bzip2",
            "application/x-xz",
            "",
        ];
        match media.as_deref().filter(|media| !silent.contains(media)) {
            Some("application/json") if filename.is_none() => Ok(Self { format: Kinds::Request, hint: None }),
            Some(media) if media != "application/json" => match Format::of_hint(media) {
                Some(_) => Ok(Self { format: Kinds::Model, hint: Some(media.into()) }),
                None => Err(unsupported(&format!("'{media}' is no media type that is read here"))),
            },
            _ => match filename {
                Some(name) if Format::of_hint(&name).is_some() => Ok(Self { format: Kinds::Model, hint: Some(name) }),
                Some(name) => Err(unsupported(&format!("the suffix of '{name}' is none that is read here"))),
                None => Err(unsupported("the body's media type is not given")),
            },
        }
    }
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(415, "unsupported-media-type", detail).map(|p| {
        p.in_parameter("Content-Type").remedy(
            "send application/json with the model inside, or a file as it is: application/mps, or filename=….mps in the query",
        )
    })
}

/// A body that was read.
pub enum Parsed {
    /// An order, whole.
    Whole(Box<Order>),
    /// An order of a stored model.
    Stored(Box<Draft>, StoredModel),
}

/// The model of a request.
pub enum Given {
    /// It came along.
    Inline(Box<Model>),
    /// The store has it.
    Stored(StoredModel),
}

/// What a body may take.
#[derive(Clone)]
pub struct Allowance {
    /// Where what is opened goes.
    pub incoming: Incoming,
    /// How large it may be.
    pub limits: Limits,
}

impl Allowance {
    pub fn of(app: &App) -> Self {
        Self { incoming: app.incoming.clone(), limits: app.limits }
    }

    /// A body opened, if it is compressed.
    pub(super) fn opened(&self, text: Text) -> Result<Text, Problem> {
        let sizes = SizeLimits { bytes: self.limits.model_bytes, ..SizeLimits::default() };
        text.opened(&self.incoming, &sizes).map_err(|error| {
            let of_text = error.get_ref().and_then(|error| error.downcast_ref::<FormatError>());
            of_text.map_or_else(|| Problem::of_disk(&error), |error| Problem::of_format(error, ""))
        })
    }
}

/// Parses a body. Blocks.
pub fn parse(kind: &Kind, text: Text, mut query: Query, allowance: &Allowance) -> Result<Parsed, Problem> {
    match kind.format {
        Kinds::Request => {
            query.finish()?;
            allowance.opened(text)?.read(|text| request(text, &allowance.limits))
        }
        Kinds::Model => {
            let (name, tags) = (query.take("name")?, query.take_all("tag"));
            check_names(name.as_deref(), &tags)?;
            let work = work_of(&mut query)?;
            let options = SolveOptions::from_query(query.rest())?;
            let read = model(kind, text, allowance)?;
            let name = name.or_else(|| Some(read.value.name().to_string()).filter(|name| !name.is_empty()));
            let draft = Draft { name, tags, work, solution: None, options, options_at: "" };
            Ok(Parsed::Whole(Box::new(draft.inline(read)?)))
        }
    }
}

fn request(text: &[u8], limits: &Limits) -> Result<Parsed, Problem> {
    let request = SolveRequest::from_json(text)?;
    let work = match request.task {
        Task::Solve => Work::Solve,
        Task::Iis => Work::Iis,
        Task::Relax => Work::Relax(request.relax.unwrap_or_default()),
        Task::Sensitivity => Work::Sensitivity,
        Task::Check => Work::Check { objective: request.solution.as_ref().and_then(|stated| stated.objective) },
    };
    let SolveRequest { name, tags, options, solution, model, .. } = request;
    let draft = Draft { name, tags, work, solution, options, options_at: "/options" };
    if is_stored(model.get()) {
        return Ok(Parsed::Stored(Box::new(draft), read_json_at(model.get(), MODEL_POINTER)?));
    }
    let read = read_model(model.get().as_bytes(), Some("application/json"), limits, MODEL_POINTER)?;
    Ok(Parsed::Whole(Box::new(draft.inline(read)?)))
}

/// Parses a body that is a model and nothing else. Blocks.
pub fn model(kind: &Kind, text: Text, allowance: &Allowance) -> Result<Read<Model>, Problem> {
    let hint = kind.hint.as_deref().or(matches!(kind.format, Kinds::Request).then_some("application/json"));
    allowance.opened(text)?.read(|text| read_model(text, hint, &allowance.limits, ""))
}

/// Reads a model that stands at a place in the request, and sees that it is not too large.
fn read_model(text: &[u8], hint: Option<&str>, limits: &Limits, at: &str) -> Result<Read<Model>, Problem> {
    let read = read_text(text, hint).map_err(|error| Problem::of_format(&error, at))?;
    check_size(&read.value, limits)?;
    Ok(read)
}

/// Sees that a model is not too large, whatever it was read or made from.
pub fn check_size(problem: &Model, limits: &Limits) -> Result<(), Problem> {
    let most = limits.model_entries;
    let entries = problem.num_columns().saturating_add(problem.num_rows()).saturating_add(problem.num_nonzeros());
    if entries > most {
        let detail = format!("rows, columns and nonzeros together are {entries}; {most} is the most here");
        return Err(Problem::new(413, "model-too-large", detail));
    }
    Ok(())
}

/// Parses the request for a batch, and its model if that is inline. Blocks.
pub fn batch(text: Text, allowance: &Allowance) -> Result<(BatchRequest, Given), Problem> {
    allowance.opened(text)?.read(|text| batch_request(text, &allowance.limits))
}

fn batch_request(text: &[u8], limits: &Limits) -> Result<(BatchRequest, Given), Problem> {
    let request: BatchRequest = read_json(text)?;
    request.options.check("/options")?;
    request.check_names()?;
    let given = if is_stored(request.model.get()) {
        Given::Stored(read_json_at(request.model.get(), MODEL_POINTER)?)
    } else {
        Given::Inline(Box::new(
            read_model(request.model.get().as_bytes(), Some("application/json"), limits, MODEL_POINTER)?.value,
        ))
    };
    Ok((request, given))
}

/// Name and tags of a query.
fn check_names(name: Option<&str>, tags: &[String]) -> Result<(), RequestError> {
    farkas_api_types::check_names(name, tags).map_err(|error| {
        let parameter = if error.pointer.as_deref() == Some("/name") { "name" } else { "tag" };
        RequestError::new("bad-parameter", error.detail).parameter(parameter)
    })
}

/// Whether a model in a request is `{"id": …}`: its first key says so, and nothing else has one like it.
fn is_stored(model: &str) -> bool {
    let first = model.trim_start().trim_start_matches('{').trim_start();
    first.starts_with("\"id\"") || first.starts_with("\"patch\"")
}

/// The task that a query names.
fn work_of(query: &mut Query) -> Result<Work, RequestError> {
    let task = query.take("task")?.map_or(Ok(Task::Solve), |name| Task::parse(&name))?;
    Ok(match task {
        Task::Solve => Work::Solve,
        Task::Iis => Work::Iis,
        Task::Relax => Work::Relax(RelaxOptions {
            bounds: query.flag("bounds")?.unwrap_or(false),
            then_objective: query.flag("then_objective")?.unwrap_or(false),
        }),
        Task::Sensitivity => Work::Sensitivity,
        Task::Check => {
            let detail = "a check needs a point beside the model: send application/json with `solution`";
            return Err(RequestError::new("bad-parameter", detail).parameter("task"));
        }
    })
}

/// An order whose problem is not at hand yet.
pub struct Draft {
    name: Option<String>,
    tags: Vec<String>,
    work: Work,
    solution: Option<StatedSolution>,
    options: SolveOptions,
    options_at: &'static str,
}

impl Draft {
    fn inline(self, read: Read<Model>) -> Result<Order, Problem> {
        let warnings = read.warnings.iter().map(|w| (w.code.to_string(), w.to_string())).collect();
        self.check(&read.value)?;
        let point = self.point(&read.value)?;
        let order = Order::new(read.value, self.options, self.options_at)?;
        let name = self.name.map(|name| name.chars().take(256).collect());
        Ok(Order { name, tags: self.tags, work: self.work, point, warnings, ..order })
    }

    /// The order of a stored model.
    pub(super) fn over(self, base: Base, name: Option<String>) -> Result<Order, Problem> {
        self.check(&base.problem)?;
        let point = self.point(&base.problem)?;
        let order = Order::of(base, self.options, self.options_at);
        Ok(Order { name: self.name.or(name), tags: self.tags, work: self.work, point, ..order })
    }

    fn check(&self, problem: &Model) -> Result<(), Problem> {
        if self.work != Work::Sensitivity || problem.is_lp() {
            return Ok(());
        }
        let detail = "the task sensitivity is for linear programs, and this model has more than that";
        let wrong = Problem::new(422, "ranging-not-linear", detail);
        Err(if self.options_at.is_empty() { wrong } else { wrong.map(|p| p.at_pointer(MODEL_POINTER)) })
    }

    fn point(&self, problem: &Model) -> Result<Option<Vec<f64>>, Problem> {
        let stated = self.solution.as_ref();
        stated.map(|stated| vector(problem, &stated.variables, "/solution/variables")).transpose()
    }
}

impl Order {
    /// An order to solve a problem, without a name, tags and warnings; `options_at` as in [`Order::options_at`]. Blocks.
    pub fn new(problem: Model, options: SolveOptions, options_at: &'static str) -> Result<Self, Problem> {
        let problem = Arc::new(problem);
        let key = image_key(&image::identity(&problem).to_string());
        let bodies = vec![(key.clone(), image_of(&problem)?)];
        Ok(Self::of(Base { problem, source: Source { model: key, patches: Vec::new() }, bodies }, options, options_at))
    }

    /// The same of a problem that the store has in parts.
    pub(super) fn of(base: Base, options: SolveOptions, options_at: &'static str) -> Self {
        Self {
            name: None,
            tags: Vec::new(),
            work: Work::Solve,
            point: None,
            options,
            options_at,
            warnings: Vec::new(),
            problem: base.problem,
            source: base.source,
            bodies: base.bodies,
        }
    }
}

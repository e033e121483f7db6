//! A request's body: read up to a limit, then parsed on a thread that may block. What comes out is a validated problem
//! with its options, or an error with its place.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use farkas_api_types::{MODEL_POINTER, RelaxOptions, RequestError, SolveOptions, SolveRequest, Task};
use farkas_modeling::Problem as Model;
use farkas_modeling::formats::{Format, Read, SizeLimits, decompress, read_problem_with};
use farkas_modeling::image::{self, Contents};
use http_body_util::{BodyExt, Limited};

use super::offers::vector;
use super::problem::Problem;
use super::query::Query;
use crate::jobs::Work;
use crate::limits::Limits;

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
    /// The problem's image, for the store.
    pub image: Vec<u8>,
    /// Its identity, in hexadecimal.
    pub identity: String,
}

/// Reads a body up to the limit.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(413, "body-too-large", format!("a body has at most {limit} bytes here"))
            .map(|p| p.remedy("compress it (Content-Encoding: gzip or zstd), or have the limit raised"))
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(error) => Err(Problem::new(400, "body-cut-off", format!("the body did not arrive whole: {error}"))),
    }
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
        if !matches!(encoding.as_str(), "identity" | "gzip" | "x-gzip" | "zstd") {
            let detail = format!("'{encoding}' is no encoding that is read here; gzip and zstd are");
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

/// Parses a body. Blocks.
pub fn parse(kind: &Kind, bytes: &[u8], mut query: Query, limits: &Limits) -> Result<Order, Problem> {
    let sizes = SizeLimits { bytes: limits.model_bytes, ..SizeLimits::default() };
    let order = match kind.format {
        Kinds::Request => {
            query.finish()?;
            let text = decompress(bytes, &sizes).map_err(|error| Problem::of_format(&error, ""))?;
            let request = SolveRequest::from_json(&text)?;
            let read = read_problem_with(request.model.get().as_bytes(), Some("application/json"), &sizes)
                .map_err(|error| Problem::of_format(&error, MODEL_POINTER))?;
            let point = match &request.solution {
                Some(stated) => Some(vector(&read.value, &stated.variables, "/solution/variables")?),
                None => None,
            };
            let work = match request.task {
                Task::Solve => Work::Solve,
                Task::Iis => Work::Iis,
                Task::Relax => Work::Relax(request.relax.unwrap_or_default()),
                Task::Sensitivity => Work::Sensitivity,
                Task::Check => Work::Check { objective: request.solution.and_then(|stated| stated.objective) },
            };
            let SolveRequest { name, tags, options, .. } = request;
            Draft { name, tags, work, point, options, options_at: "/options", read }
        }
        Kinds::Model => {
            let (name, tags) = (query.take("name")?, query.take_all("tag"));
            let work = work_of(&mut query)?;
            let options = SolveOptions::from_query(query.rest())?;
            let read = read_problem_with(bytes, kind.hint.as_deref(), &sizes)
                .map_err(|error| Problem::of_format(&error, ""))?;
            let name = name.or_else(|| Some(read.value.name().to_string()).filter(|name| !name.is_empty()));
            Draft { name, tags, work, point: None, options, options_at: "", read }
        }
    };
    order.finish()
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

struct Draft {
    name: Option<String>,
    tags: Vec<String>,
    work: Work,
    point: Option<Vec<f64>>,
    options: SolveOptions,
    options_at: &'static str,
    read: Read<Model>,
}

impl Draft {
    fn finish(self) -> Result<Order, Problem> {
        let Read { value: problem, warnings } = self.read;
        if self.work == Work::Sensitivity && !problem.is_lp() {
            let detail = "the task sensitivity is for linear programs, and this model has more than that";
            let wrong = Problem::new(422, "ranging-not-linear", detail);
            return Err(if self.options_at.is_empty() { wrong } else { wrong.map(|p| p.at_pointer(MODEL_POINTER)) });
        }
        let order = Order::new(problem, self.options, self.options_at)?;
        let name = self.name.map(|name| name.chars().take(256).collect());
        let warnings = warnings.iter().map(|w| (w.code.to_string(), w.to_string())).collect();
        Ok(Order { name, tags: self.tags, work: self.work, point: self.point, warnings, ..order })
    }
}

impl Order {
    /// An order to solve a problem, without a name, tags and warnings; `options_at` as in [`Order::options_at`]. Blocks.
    pub fn new(problem: Model, options: SolveOptions, options_at: &'static str) -> Result<Self, Problem> {
        let mut bytes = Vec::new();
        image::write(&problem, Contents::Everything, &mut bytes)
            .map_err(|error| Problem::new(413, "model-too-large", error.to_string()))?;
        Ok(Self {
            name: None,
            tags: Vec::new(),
            work: Work::Solve,
            point: None,
            options,
            options_at,
            warnings: Vec::new(),
            identity: image::identity(&problem).to_string(),
            image: bytes,
            problem: Arc::new(problem),
        })
    }
}

//! What a client asks for: a model and how to solve it. The model stays unparsed text here; its format is modeling's.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::options::SolveOptions;
use crate::problem::ProblemDetails;
use crate::schema;
use crate::task::{RelaxOptions, StatedSolution, Task};

/// Where the model stands in a request.
pub const MODEL_POINTER: &str = "/model";

const MOST_NAME_BYTES: usize = 256;
const MOST_TAGS: usize = 32;

/// What begins the tag that a batch's jobs bear; no other job may bear one like it.
pub const BATCH_TAG: &str = "batch:";

/// The body of `POST /v1/jobs`.
///
/// ```
/// use farkas_api_types::SolveRequest;
/// let request = SolveRequest::from_json(br#"{"model": {"variables": {}}, "options": {"solver": "highs"}}"#).unwrap();
/// assert_eq!(request.model.get(), r#"{"variables": {}}"#);
/// let error = SolveRequest::from_json(br#"{"model": {}, "options": {"sover": "highs"}}"#).unwrap_err();
/// assert_eq!(error.pointer.as_deref(), Some("/options/sover"));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SolveRequest {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "tuesday plan")]
    pub name: Option<String>,
    /// Tags to find the job by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 32)]
    pub tags: Vec<String>,
    /// What to do with the model; `solve` if nothing is said.
    #[serde(default, skip_serializing_if = "Task::is_solve")]
    pub task: Task,
    /// The model in Farkas JSON: by name (`variables`, `constraints`), columnar (`columns`, `rows`, `matrix`), or a
    /// text in another format (`format`, `text`); or a stored one (`id`), with a `patch` upon it if that is wanted.
    #[schema(schema_with = schema::any_object)]
    pub model: Box<RawValue>,
    /// How to solve it.
    #[serde(default)]
    pub options: SolveOptions,
    /// For the task `relax`: what may give way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relax: Option<RelaxOptions>,
    /// For the task `check`: the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solution: Option<StatedSolution>,
}

/// Why a request was not understood: what, where, and under which stable code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestError {
    /// `bad-json`, `unknown-field`, `bad-value`, `missing-field`, `bad-option`, `bad-parameter`, `unknown-parameter`.
    pub code: &'static str,
    /// What was found, in a sentence.
    pub detail: String,
    /// JSON pointer to it.
    pub pointer: Option<String>,
    /// Query parameter.
    pub parameter: Option<String>,
    /// Line in the body, counted from 1.
    pub line: Option<u32>,
    /// Column, counted from 1.
    pub column: Option<u32>,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pointer) = &self.pointer {
            write!(f, "at {pointer}: ")?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for RequestError {}

impl RequestError {
    /// An error with its code and a sentence.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), ..Self::default() }
    }

    /// The same with its JSON pointer.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same with the query parameter it is about.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.parameter = Some(name.into());
        self
    }

    /// As an HTTP error: 400 for what is not JSON, 422 for what is and does not fit.
    pub fn to_problem(&self) -> ProblemDetails {
        let status = if matches!(self.code, "bad-json" | "bad-parameter" | "unknown-parameter") { 400 } else { 422 };
        let mut problem = ProblemDetails::new(status, self.code, &self.detail);
        problem.pointer.clone_from(&self.pointer);
        problem.parameter.clone_from(&self.parameter);
        problem.line = self.line.map(u64::from);
        problem.column = self.column.map(u64::from);
        problem
    }
}

/// The same fields, read strictly; the options stay text until the path to an error in them can be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    task: Task,
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(default, borrow)]
    options: Option<&'a RawValue>,
    #[serde(default)]
    relax: Option<RelaxOptions>,
    #[serde(default)]
    solution: Option<StatedSolution>,
}

impl SolveRequest {
    /// Reads a request; everything but the model is checked.
    ///
    /// # Errors
    /// With the JSON pointer of what is wrong, or line and column where the body is not JSON.
    pub fn from_json(body: &[u8]) -> Result<Self, RequestError> {
        let text = std::str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
        let envelope: Envelope<'_> = read(text, "")?;
        let options: SolveOptions = match envelope.options {
            Some(raw) => read(raw.get(), "/options")?,
            None => SolveOptions::default(),
        };
        options.check("/options")?;
        let Envelope { name, tags, task, model, relax, solution, .. } = envelope;
        let request = Self { name, tags, task, model: model.to_owned(), options, relax, solution };
        check_names(request.name.as_deref(), &request.tags)?;
        request.check_task()?;
        Ok(request)
    }

    fn check_task(&self) -> Result<(), RequestError> {
        let task = self.task.name();
        let beside = |field: &str, belongs: &str| {
            let detail = format!("`{field}` is for the task {belongs}, and this one is {task}");
            Err(RequestError::new("bad-value", detail).pointer(format!("/{field}")))
        };
        match (self.task, &self.solution, &self.relax) {
            (Task::Check, None, _) => {
                let detail = "the task check needs a `solution`: {\"variables\": {name: value}}";
                Err(RequestError::new("missing-field", detail).pointer("/solution"))
            }
            (Task::Check, Some(_), None) => Ok(()),
            (_, Some(_), _) => beside("solution", "check"),
            (Task::Relax, _, _) | (_, None, None) => Ok(()),
            (_, _, Some(_)) => beside("relax", "relax"),
        }
    }
}

/// Whether a name and tags are such as a job may have.
///
/// # Errors
/// With the JSON pointer of what is not, in a request that has them on top.
pub fn check_names(name: Option<&str>, tags: &[String]) -> Result<(), RequestError> {
    let wrong = |pointer: &str, detail: String| Err(RequestError::new("bad-value", detail).pointer(pointer));
    if name.is_some_and(|name| name.len() > MOST_NAME_BYTES) {
        return wrong("/name", format!("a name has at most {MOST_NAME_BYTES} bytes"));
    }
    if tags.len() > MOST_TAGS {
        return wrong("/tags", format!("{} tags; there may be {MOST_TAGS}", tags.len()));
    }
    let bad = |tag: &String| tag.is_empty() || tag.len() > MOST_NAME_BYTES || tag.contains(char::is_control);
    if let Some(at) = tags.iter().position(bad) {
        let detail = format!("a tag has 1 to {MOST_NAME_BYTES} bytes and no control characters");
        return wrong(&format!("/tags/{at}"), detail);
    }
    match tags.iter().position(|tag| tag.starts_with(BATCH_TAG)) {
        Some(at) => wrong(&format!("/tags/{at}"), format!("tags that begin with '{BATCH_TAG}' are the service's own")),
        None => Ok(()),
    }
}

/// Reads any other body of a request.
///
/// # Errors
/// As [`SolveRequest::from_json`].
pub fn read_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    let text = std::str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    read(text, "")
}

/// Reads a value that stands inside a body, at this pointer.
///
/// # Errors
/// As [`SolveRequest::from_json`].
pub fn read_json_at<T: serde::de::DeserializeOwned>(text: &str, at: &str) -> Result<T, RequestError> {
    read(text, at)
}

fn not_utf8(body: &[u8], at: usize) -> RequestError {
    let before = &body[..at];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = at - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1) + 1;
    let error = RequestError::new("bad-json", "the body is not UTF-8");
    RequestError { line: Some(line as u32), column: Some(column as u32), ..error }
}

/// Reads one JSON value; `at` is the pointer where it stands in the body.
fn read<'a, T: Deserialize<'a>>(text: &'a str, at: &str) -> Result<T, RequestError> {
    match text.trim_start().as_bytes().first() {
        None if at.is_empty() => {
            let error = RequestError::new("bad-json", "the body is empty, where a JSON object must stand");
            return Err(RequestError { line: Some(1), column: Some(1), ..error });
        }
        // Without names, what is meant by a value would go by the order of fields in the program.
        Some(b'[') => {
            return Err(RequestError::new("bad-value", "an array, where an object must stand").pointer(at));
        }
        _ => {}
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = format!("{at}{}", pointer_of(error.path()));
        of_serde(error.inner(), at, pointer)
    })?;
    json.end().map_err(|error| of_serde(&error, at, at.into()))?;
    Ok(value)
}

fn of_serde(error: &serde_json::Error, at: &str, pointer: String) -> RequestError {
    let message = error.to_string();
    // serde_json ends its messages with the position, which stands in fields of its own here.
    let detail = message.rsplit_once(" at line ").map_or(message.as_str(), |(front, _)| front);
    let detail = &in_words(detail);
    if !error.is_data() {
        let found = RequestError::new("bad-json", detail);
        // Inside a nested value the position would count from that value's start.
        let (line, column) =
            if at.is_empty() { (Some(error.line() as u32), Some(error.column() as u32)) } else { (None, None) };
        return RequestError { line, column, pointer: (!at.is_empty()).then_some(pointer), ..found };
    }
    let quoted = || detail.split('`').nth(1).unwrap_or_default().replace('~', "~0").replace('/', "~1");
    if detail.starts_with("unknown field") {
        let pointer =
            if pointer.ends_with(&format!("/{}", quoted())) { pointer } else { format!("{pointer}/{}", quoted()) };
        RequestError::new("unknown-field", detail).pointer(pointer)
    } else if detail.starts_with("missing field") {
        RequestError::new("missing-field", detail).pointer(pointer)
    } else {
        RequestError::new("bad-value", detail).pointer(pointer)
    }
}

/// What a value must be, in JSON's words instead of the program's.
fn in_words(detail: &str) -> String {
    let Some((front, rest)) = detail.split_once("struct ") else { return detail.into() };
    let name = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    format!("{front}an object{}", &rest[name..])
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.into_iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        type Case = (&'static str, &'static str, Option<&'static str>, Option<(u32, u32)>);
        let cases: [Case; 19] = [
            ("{", "bad-json", None, Some((1, 1))),
            ("{\"model\": {},\n}", "bad-json", None, Some((2, 1))),
            ("{\"model\": {}} x", "bad-json", None, Some((1, 15))),
            ("", "bad-json", None, Some((1, 1))),
            ("[]", "bad-value", Some(""), None),
            (r#"[null, [], "solve", {}, null, null, null]"#, "bad-value", Some(""), None),
            ("{}", "missing-field", Some(""), None),
            (r#"{"model": {}, "modle": 1}"#, "unknown-field", Some("/modle"), None),
            (r#"{"model": {}, "name": 1}"#, "bad-value", Some("/name"), None),
            (r#"{"model": {}, "tags": ["a", 1]}"#, "bad-value", Some("/tags/1"), None),
            (r#"{"model": {}, "tags": [""]}"#, "bad-value", Some("/tags/0"), None),
            (r#"{"model": {}, "tags": ["a\u0000"]}"#, "bad-value", Some("/tags/0"), None),
            (r#"{"model": {}, "options": {"gap": "x"}}"#, "bad-value", Some("/options/gap"), None),
            (r#"{"model": {}, "options": {"gpa": 1}}"#, "unknown-field", Some("/options/gpa"), None),
            (r#"{"model": {}, "options": {"solver": 3}}"#, "bad-value", Some("/options/solver"), None),
            (r#"{"model": {}, "task": "dance"}"#, "bad-value", Some("/task"), None),
            (r#"{"model": {}, "task": "check"}"#, "missing-field", Some("/solution"), None),
            (r#"{"model": {}, "solution": {"variables": {}}}"#, "bad-value", Some("/solution"), None),
            (r#"{"model": {}, "task": "iis", "relax": {}}"#, "bad-value", Some("/relax"), None),
        ];
        for (body, code, pointer, place) in cases {
            let error = SolveRequest::from_json(body.as_bytes()).unwrap_err();
            assert_eq!(error.code, code, "{body}: {error:?}");
            assert_eq!(error.pointer.as_deref(), pointer, "{body}: {error:?}");
            assert_eq!(error.line.zip(error.column), place, "{body}: {error:?}");
        }
        let error = SolveRequest::from_json(br#"{"model": {}, "options": 5}"#).unwrap_err();
        assert_eq!(error.detail, "invalid type: integer `5`, expected an object");
        let error = SolveRequest::from_json(b"{\n\"na\xff").unwrap_err();
        assert_eq!((error.line, error.column), (Some(2), Some(4)));
    }
}

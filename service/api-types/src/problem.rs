//! Errors as clients see them: RFC 9457 `application/problem+json`, with a stable code and the place of what is wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// A stable code: `unknown-variable`.
    pub code: String,
    /// What was found, in a sentence.
    pub detail: String,
    /// JSON pointer (RFC 6901) into the request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/model/constraints/capacity")]
    pub pointer: Option<String>,
    /// Line in the body, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in the line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// An error: what happened, where, and what to do.
///
/// ```
/// use farkas_api_types::ProblemDetails;
/// let problem = ProblemDetails::new(404, "job-not-found", "there is no job 7");
/// assert_eq!(problem.title, "Not Found");
/// assert_eq!(problem.kind, "urn:farkas:problem:job-not-found");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:farkas:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:farkas:problem:unknown-field")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code, the same in the command line.
    #[schema(example = "unknown-field")]
    pub code: String,
    /// What was found, in a sentence.
    pub detail: String,
    /// JSON pointer (RFC 6901) into the request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Query parameter or header that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Line in the body, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in the line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Everything that is wrong, where there is more than one thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The request this answers, as in the header `x-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ProblemDetails {
    /// An error with a status, a stable code and a sentence.
    pub fn new(status: u16, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            kind: format!("urn:farkas:problem:{code}"),
            title: title(status).into(),
            status,
            code,
            detail: detail.into(),
            pointer: None,
            parameter: None,
            line: None,
            column: None,
            remedy: None,
            findings: Vec::new(),
            request_id: None,
        }
    }

    /// The same with the place in the JSON body.
    #[must_use]
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same with the place in a text body.
    #[must_use]
    pub fn at_line(mut self, line: u64, column: Option<u64>) -> Self {
        self.line = Some(line);
        self.column = column;
        self
    }

    /// The same with the query parameter or header that is wrong.
    #[must_use]
    pub fn in_parameter(mut self, name: impl Into<String>) -> Self {
        self.parameter = Some(name.into());
        self
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same with all that is wrong; the first finding's place becomes the error's own.
    #[must_use]
    pub fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        if let Some(first) = findings.first() {
            self.pointer = self.pointer.or_else(|| first.pointer.clone());
            self.line = self.line.or(first.line);
            self.column = self.column.or(first.column);
            self.remedy = self.remedy.or_else(|| first.remedy.clone());
        }
        if findings.len() > 1 {
            self.findings = findings;
        }
        self
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        507 => "Insufficient Storage",
        _ => "Error",
    }
}

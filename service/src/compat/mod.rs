//! Clients of other services, unchanged: each a thin adapter that turns its requests into jobs like any other and their
//! results into its replies. What differs in how errors are told is a [`Dialect`], chosen by the path, so that every
//! error of every layer reaches a client in the form that it reads.

pub(crate) mod cuopt;
pub(crate) mod mathopt;

use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use farkas_api_types::ProblemDetails;

/// How errors are told under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 9457.
    Native,
    /// `{"error", "error_result"}` in an encoding that the client accepts.
    Cuopt(cuopt::Encoding),
    /// `{"error": {"code", "message", "status"}}`.
    MathOpt,
}

impl Dialect {
    /// The dialect of a request.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        if path == "/cuopt" || path.starts_with("/cuopt/") || path.starts_with("/v2/health") {
            Self::Cuopt(cuopt::Encoding::of_reply(headers))
        } else if path.starts_with("/v1/mathopt:") {
            Self::MathOpt
        } else {
            Self::Native
        }
    }

    /// An error's media type and body.
    pub(crate) fn write(self, problem: &ProblemDetails) -> (HeaderValue, Vec<u8>) {
        match self {
            Self::Native => {
                (HeaderValue::from_static("application/problem+json"), serde_json::to_vec(problem).unwrap_or_default())
            }
            Self::Cuopt(encoding) => (encoding.media_type(), encoding.encode(&cuopt::error(problem))),
            Self::MathOpt => (
                HeaderValue::from_static("application/json"),
                serde_json::to_vec(&mathopt::error(problem)).unwrap_or_default(),
            ),
        }
    }
}

/// A problem's sentence with its place and what to do: for clients that show nothing but a text.
fn sentence(problem: &ProblemDetails) -> String {
    let mut text = match (&problem.pointer, &problem.parameter) {
        (Some(pointer), _) if !pointer.is_empty() => format!("{pointer}: {}", problem.detail),
        (_, Some(parameter)) => format!("{parameter}: {}", problem.detail),
        _ => problem.detail.clone(),
    };
    for finding in problem.findings.iter().take(10) {
        text.extend(["; ", &finding.detail]);
    }
    if let Some(remedy) = &problem.remedy {
        text.extend(["; ", remedy]);
    }
    format!("{text} [{}]", problem.code)
}

/// A reply of these bytes.
fn reply(status: StatusCode, media_type: HeaderValue, body: Vec<u8>) -> axum::response::Response {
    let mut response = Response::new(axum::body::Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, media_type);
    response
}

//! Errors on their way to a client: always `application/problem+json`, whatever layer they come from.

use std::fmt::Display;
use std::io;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{Finding, MODEL_POINTER, ProblemDetails, RequestError};
use farkas_modeling::formats::{FormatError, TextPlace};
use farkas_modeling::problem::{Defect, Defects};

use crate::compat::Dialect;
use crate::roster::{About, RosterError};
use crate::store::StoreError;

/// An error reply. The outermost layer writes its body, once the request's id is known.
#[derive(Debug, Clone)]
pub struct Problem {
    details: Box<ProblemDetails>,
    retry_after_seconds: Option<u64>,
}

impl Problem {
    /// An error with a status, a stable code and a sentence.
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        ProblemDetails::new(status, code, detail).into()
    }

    /// What it says.
    pub fn details(&self) -> &ProblemDetails {
        &self.details
    }

    /// Changes its details.
    #[must_use]
    pub fn map(mut self, change: impl FnOnce(ProblemDetails) -> ProblemDetails) -> Self {
        *self.details = change(*self.details);
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// A text that could not be read; `prefix` is the JSON pointer of where it stood.
    pub fn of_format(error: &FormatError, prefix: &str) -> Self {
        let too_large = matches!(error.code, "too-large" | "compression-ratio");
        let status = match error.code {
            _ if too_large => 413,
            "format-unsupported" => 415,
            // It is JSON, and does not say a model; or it says one that cannot be.
            _ if error.pointer().is_some() || error.defects().is_some() => 422,
            _ => 400,
        };
        // A place that has no member of its own in a problem document stands in the text.
        let detail = match &*error.place {
            TextPlace::Pointer { character: Some(character), .. } => {
                format!("character {character}: {}", error.finding)
            }
            TextPlace::Byte { format, offset } => format!("{format}, byte {offset}: {}", error.finding),
            _ => error.finding.to_string(),
        };
        let mut details = ProblemDetails::new(status, error.code, detail).remedy(&*error.remedy);
        details.line = error.line().map(|line| line as u64);
        details.column = error.column().map(|column| column as u64);
        details.pointer = error.pointer().map(|pointer| format!("{prefix}{pointer}"));
        if details.pointer.is_none() && !prefix.is_empty() {
            details.pointer = Some(prefix.into());
        }
        if let Some(defects) = error.defects() {
            details = details.with_findings(findings(defects));
        }
        details.into()
    }

    fn write(mut self, request_id: &str, dialect: Dialect) -> Response {
        self.details.request_id = Some(request_id.into());
        let status = StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (media_type, body) = dialect.write(&self.details);
        let mut response = (status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ProblemDetails> for Problem {
    fn from(details: ProblemDetails) -> Self {
        Self { details: Box::new(details), retry_after_seconds: None }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        error.to_problem().into()
    }
}

impl Problem {
    /// Why nobody solves it; `options_at` is where the options stand in the request: a JSON pointer, or nothing for a
    /// query.
    pub fn of_roster(error: RosterError, options_at: &str) -> Self {
        let mut details = ProblemDetails::new(error.status, error.code, error.detail);
        details.remedy = error.remedy;
        match (error.about, options_at) {
            (About::Solver, "") => details.parameter = Some("solver".into()),
            (About::Solver, at) => details.pointer = Some(format!("{at}/solver")),
            (About::Model, "") | (About::Service, _) => {}
            (About::Model, _) => details.pointer = Some(MODEL_POINTER.into()),
        }
        details.into()
    }
}

impl Problem {
    /// What a client is to hear when a body could not be written down.
    pub fn of_disk(error: &io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return full(error);
        }
        tracing::error!(%error, "a body could not be kept in the data folder");
        Self::new(503, "disk-failed", "the service's disk failed; nothing was changed").retry_after(5)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NoJob(id) => Self::new(404, "job-not-found", format!("there is no job '{id}'")),
            StoreError::NoNode(id) => Self::new(404, "worker-not-found", format!("there is no worker '{id}'")),
            StoreError::Refused(refused) => Self::new(409, "job-state", refused.to_string()),
            StoreError::Blob(blob) if blob.is_full() => full(&error),
            StoreError::Failed(text) if text.contains("disk is full") => full(&error),
            _ => {
                tracing::error!(%error, "a request failed in the store");
                // What the database says is for the operator's log.
                Self::new(503, "store-failed", "the job store failed; nothing was changed").retry_after(5)
            }
        }
    }
}

/// All that is wrong with a problem.
pub(super) fn findings(defects: &Defects) -> Vec<Finding> {
    let finding =
        |defect: &Defect| Finding { code: defect.code.code().into(), detail: defect.to_string(), ..Finding::default() };
    defects.list.iter().map(finding).collect()
}

fn full(error: &dyn Display) -> Problem {
    tracing::error!(%error, "the disk is full");
    Problem::new(507, "disk-full", "the service's disk is full; nothing was changed").retry_after(60)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Does what would hold up others in a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| panicked())
}

/// Texts up to this size are read on the spot: that takes less than two changes of thread.
const SMALL_BYTES: usize = 4 << 10;

/// Work on a text of so many bytes, by a thread for long work unless it is small.
pub(crate) async fn reading<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if bytes > SMALL_BYTES {
        return blocking(work).await;
    }
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|_| panicked())
}

fn panicked() -> Problem {
    Problem::new(500, "internal-error", "the work on a request panicked; the log has more")
}

/// No more requests are taken.
pub(crate) fn closing() -> Problem {
    Problem::new(503, "closing", "the service is shutting down").retry_after(5)
}

/// Gives every error its body in the client's dialect, also those that the framework made.
pub(super) fn finish(mut response: Response, request_id: &str, dialect: Dialect) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| {
        let code = match status.as_u16() {
            404 => "not-found",
            405 => "method-not-allowed",
            413 => "body-too-large",
            415 => "unsupported-media-type",
            500.. => "internal-error",
            _ => "bad-request",
        };
        let detail = match status.as_u16() {
            400 => "the address or a header does not read: an escape (%FF) that is no UTF-8, for instance".to_owned(),
            _ => status.canonical_reason().unwrap_or("error").to_lowercase(),
        };
        Problem::new(status.as_u16(), code, detail)
    });
    let mut written = problem.write(request_id, dialect);
    keep_headers(response.headers(), written.headers_mut());
    written
}

/// Headers that say more about the error (`Allow`), not those of the body that was replaced.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [axum::http::header::ALLOW, axum::http::header::LOCATION] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
}

//! What stands in for spans where OTLP is not compiled in: asking for it is an error.

use axum::http::HeaderMap;
use tracing::Span;
use tracing_subscriber::{Layer, Registry};

use super::TelemetryError;

/// There are none.
pub(super) enum Spans {}

impl Spans {
    pub(super) fn begin(collector: &str) -> Result<Self, TelemetryError> {
        Err(TelemetryError::NotBuilt(collector.into()))
    }

    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as its counterpart")]
    pub(super) async fn finish(self) {
        match self {}
    }
}

/// Nobody asks whose span a request's belongs to.
pub(crate) fn continue_from(_: &Span, _: &HeaderMap) {}

//! What a process tells of itself while it works: lines on standard error, and, where it is asked to, spans to an OpenTelemetry
//! collector.

#[cfg_attr(not(feature = "otlp"), path = "telemetry/without.rs")]
mod otlp;

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, registry};

use otlp::Spans;

pub(crate) use otlp::continue_from;

/// Environment variable that says what is logged: `off`, `error`, `warn`, `info` (default), `debug`, `trace`.
pub const LOG_VARIABLE: &str = "FARKAS_LOG";

/// Why spans cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// They are not compiled in.
    #[error(
        "spans shall go to {0}, and this Farkas was built without OTLP; build it with `--features otlp`, or say nothing of it \
         (--otlp-endpoint, FARKAS_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, otlp_endpoint in the file)"
    )]
    NotBuilt(String),
    /// Nothing can be sent there.
    #[error("spans cannot go to {endpoint}: {error}; a collector is named as in http://127.0.0.1:4318")]
    Endpoint {
        /// Where they should go.
        endpoint: String,
        /// Why they do not.
        error: String,
    },
}

/// What is to be told to its end.
#[must_use]
pub struct Telemetry(Option<Spans>);

impl Telemetry {
    /// Begins to tell, unless the program around us does so already. Needs a tokio runtime around it where there is a
    /// collector, which is named by what stands before `/v1/traces`.
    ///
    /// # Errors
    /// When spans are asked for, and cannot be told.
    pub fn start(collector: Option<&str>) -> Result<Self, TelemetryError> {
        let spans = collector.filter(|url| !url.trim().is_empty()).map(Spans::begin).transpose()?;
        let level = std::env::var(LOG_VARIABLE).ok().and_then(|text| text.parse().ok());
        let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> =
            vec![lines.with_filter(level.unwrap_or(LevelFilter::INFO)).boxed()];
        layers.extend(spans.as_ref().map(Spans::layer));
        let _ = registry().with(layers).try_init();
        Ok(Self(spans))
    }

    /// Tells what is still to be told.
    pub async fn finish(self) {
        if let Some(spans) = self.0 {
            spans.finish().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_collector_that_is_none_is_refused_before_anything_is_told() {
        for (collector, built, not_built) in [
            ("http://127.0.0.1:4318", "", "built without OTLP"),
            ("nonsense", "a collector is named as in", "built without OTLP"),
            ("ftp://127.0.0.1", "a collector is named as in", "built without OTLP"),
            ("", "", ""),
        ] {
            let expected = if cfg!(feature = "otlp") { built } else { not_built };
            let spans = Some(collector).filter(|url| !url.is_empty()).map(Spans::begin).transpose();
            let told = spans.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(if expected.is_empty() { told.is_empty() } else { told.contains(expected) }, "{collector}: {told}");
        }
    }
}

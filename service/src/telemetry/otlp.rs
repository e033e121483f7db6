//! Spans to an OpenTelemetry collector (OTLP over HTTP, protobuf), in batches and by a thread beside the work: where the
//! collector is slow or away spans are lost, and no request or job waits.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::{Layer, Registry};

use super::TelemetryError;

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the service is called there, unless this says otherwise.
const NAME: &str = "farkas";
const NAME_VARIABLE: &str = "OTEL_SERVICE_NAME";

/// Spans on their way.
pub(super) struct Spans(SdkTracerProvider);

impl Spans {
    pub(super) fn begin(collector: &str) -> Result<Self, TelemetryError> {
        let wrong = |error: String| TelemetryError::Endpoint { endpoint: collector.into(), error };
        let url = url::Url::parse(collector).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!("'{}' is not HTTP", url.scheme())));
        }
        // Another part of the program may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).build();
        let client = client.map_err(|error| wrong(error.to_string()))?;
        // Headers, a key among them, come from OTEL_EXPORTER_OTLP_HEADERS.
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", collector.trim().trim_end_matches('/')))
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let mut resource =
            Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if std::env::var_os(NAME_VARIABLE).is_none() {
            resource = resource.with_service_name(NAME);
        }
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(NAME)).with_filter(LevelFilter::INFO).boxed()
    }

    /// Sends what there is still to send. Blocks a thread until the collector answered or took too long.
    pub(super) async fn finish(self) {
        match tokio::task::spawn_blocking(move || self.0.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans did not reach the collector"),
            Err(error) => tracing::error!(%error, "sending the last spans panicked"),
        }
    }
}

/// A request is part of a trace that its client began, if it says so (W3C's `traceparent`).
pub(crate) fn continue_from(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // One that is switched off has no parent either.
        let _ = span.set_parent(context);
    }
}

/// Sends on the service's runtime: the exporter's thread has none.
#[derive(Debug)]
struct Sender {
    client: Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let request = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let response = request.send().await?;
            let mut told = Response::new(Bytes::new());
            *told.status_mut() = response.status();
            *told.headers_mut() = response.headers().clone();
            *told.body_mut() = response.bytes().await?;
            Ok::<_, reqwest::Error>(told)
        });
        Ok(sent.await??)
    }
}

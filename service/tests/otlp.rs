//! Spans of a request, its job and its lanes reach a collector. Compiled with the feature `otlp` alone.
#![cfg(feature = "otlp")]

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use farkas_backends::solvers::mock::Mock;
use farkas_service::access::hex;
use farkas_service::telemetry::Telemetry;
use farkas_service::{ServeOptions, Service};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

type Heard = mpsc::UnboundedSender<(HeaderMap, Bytes)>;

/// A collector that takes everything, and hands on what it heard.
async fn collector() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (send, heard) = mpsc::unbounded_channel();
    let hear = async |State(send): State<Heard>, headers: HeaderMap, body: Bytes| send.send((headers, body)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(hear)).with_state(send);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

/// The length-delimited fields of a protobuf message with this number.
fn fields(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let length = match tag & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => varint(&mut message) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (field, rest) = message.split_at(length);
        if tag >> 3 == wanted {
            found.push(field);
        }
        message = rest;
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// A span: `opentelemetry/proto/trace/v1/trace.proto`.
struct Span {
    name: String,
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    /// All of it, to look for an attribute's text in.
    text: String,
}

fn spans(request: &[u8]) -> Vec<Span> {
    let resources = fields(request, 1);
    let scopes = resources.iter().flat_map(|resource| fields(resource, 2));
    let one = |span: &[u8], number| fields(span, number).first().map(|field| field.to_vec()).unwrap_or_default();
    let read = |span: &[u8]| Span {
        name: String::from_utf8(one(span, 5)).unwrap(),
        trace: one(span, 1),
        id: one(span, 2),
        parent: one(span, 4),
        text: String::from_utf8_lossy(span).into_owned(),
    };
    scopes.flat_map(|scope| fields(scope, 2)).map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_hears_of_requests_jobs_and_lanes() {
    let (url, mut heard) = collector().await;
    let telemetry = Telemetry::start(Some(&url)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut options = ServeOptions::new(folder.path(), vec![Arc::new(Mock::new())]);
    options.listen = ([127, 0, 0, 1], 0).into();
    let service = Service::start(options).await.unwrap();
    // A trace that a client began.
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let model = r#"{"model": {"sense": "maximize", "objective": "3 x + 2 y", "constraints": {"capacity": "2 x + y <= 12"},
        "variables": {"x": {"type": "integer", "upper": 10}, "y": {"type": "integer", "upper": 10}}}}"#;
    let request = reqwest::Client::new().post(format!("{}/v1/jobs", service.url())).body(model);
    let request = request.header("content-type", "application/json").header("prefer", "wait=20");
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let job: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    let id = job["id"].as_str().unwrap();
    (service.closer())();
    service.closed().await;
    telemetry.finish().await;

    let mut found = Vec::new();
    while let Ok((headers, body)) = heard.try_recv() {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        assert!(String::from_utf8_lossy(&body).contains("farkas"), "the service's name");
        found.extend(spans(&body));
    }
    let names: Vec<&str> = found.iter().map(|span| span.name.as_str()).collect();
    let named = |name: &str| found.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {names:?}"));
    let (request, job, lane) = (named("request"), named("job"), named("lane"));
    assert_eq!(hex(&request.trace), trace);
    assert!(request.text.contains("/v1/jobs") && request.text.contains(id), "{}", request.text);
    assert!(job.text.contains(id), "{}", job.text);
    assert_eq!((&lane.trace, &lane.parent), (&job.trace, &job.id));
    assert!(lane.text.contains("mock") && lane.text.contains("Finished"), "{}", lane.text);
}

//! Every error is problem+json with a stable code and the place of what is wrong; none makes a job or ends the service.

use farkas_service::{Limits, ServeError, ServeOptions, Service};

use crate::server::{MPS, Server, honest, options, problem};

struct Case {
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    code: &'static str,
    /// JSON pointer, parameter or `line:column`.
    place: Option<&'static str>,
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const FILE: &[(&str, &str)] = &[("content-type", "application/mps")];

const fn case(
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    code: &'static str,
    place: Option<&'static str>,
) -> Case {
    Case { method, path, headers, body, status, code, place }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case("GET", "/", &[("host", "evil.example")], "", 403, "foreign-host", None),
    case("GET", "/v1/jobs", &[("origin", "https://evil.example")], "", 403, "foreign-origin", None),
    case("GET", "/nowhere", &[], "", 404, "route-not-found", None),
    case("GET", "/v1/jobs/no", &[], "", 404, "job-not-found", None),
    case("GET", "/v1/jobs/%FF", &[], "", 400, "bad-request", None),
    case("GET", "/v1/jobs/%00", &[], "", 400, "bad-request", None),
    case("GET", "/v1/models/%00/statistics", &[], "", 400, "bad-request", None),
    case("GET", "/v1/jobs?tag=%00", &[], "", 400, "bad-request", None),
    case("GET", "/v1/jobs/no/result", &[], "", 404, "job-not-found", None),
    case("GET", "/v1/jobs/no/events", &[], "", 404, "job-not-found", None),
    case("GET", "/v1/jobs/no/log", &[], "", 404, "job-not-found", None),
    case("GET", "/v1/jobs/no/incumbents", &[], "", 404, "job-not-found", None),
    case("GET", "/v1/jobs/no/events", &[("last-event-id", "x")], "", 400, "bad-parameter", Some("Last-Event-ID")),
    case("POST", "/v1/jobs/no:stop", &[], "", 404, "job-not-found", None),
    case("POST", "/v1/jobs/no:cancel", &[], "", 404, "job-not-found", None),
    case("POST", "/v1/jobs/no:retry", &[], "", 404, "job-not-found", None),
    case("POST", "/v1/jobs/no:dance", &[], "", 404, "route-not-found", None),
    case("POST", "/v1/jobs/no", &[], "", 405, "method-not-allowed", None),
    case("DELETE", "/v1/jobs", &[], "", 405, "method-not-allowed", None),
    case("GET", "/v1/jobs?state=happy", &[], "", 400, "bad-parameter", Some("state")),
    case("GET", "/v1/jobs?cursor=x", &[], "", 400, "bad-parameter", Some("cursor")),
    case("GET", "/v1/jobs?limit=x", &[], "", 400, "bad-parameter", Some("limit")),
    case("GET", "/v1/jobs?sort=up", &[], "", 400, "unknown-parameter", Some("sort")),
    case("POST", "/v1/jobs", &[], "x", 415, "unsupported-media-type", Some("Content-Type")),
    case("POST", "/v1/jobs", &[("content-type", "application/pdf")], "x", 415, "unsupported-media-type", Some("Content-Type")),
    case("POST", "/v1/jobs?filename=a.pdf", &[], "x", 415, "unsupported-media-type", Some("Content-Type")),
    case("POST", "/v1/jobs", &[("content-type", "application/mps"), ("content-encoding", "br")], "x", 415, "unsupported-encoding", Some("Content-Encoding")),
    case("POST", "/v1/jobs", JSON, "{", 400, "bad-json", Some("1:1")),
    case("POST", "/v1/jobs", JSON, "{\n \"model\": }", 400, "bad-json", Some("2:11")),
    case("POST", "/v1/jobs", JSON, r#"{"model": {}, "options": {"gap": -1}}"#, 422, "bad-option", Some("/options/gap")),
    // A solver's own options, some of which write files or load code, cannot be named over HTTP at all.
    case("POST", "/v1/jobs", JSON, r#"{"model": {}, "options": {"native": {"log_file": "/tmp/x"}}}"#, 422, "unknown-field", Some("/options/native")),
    case("POST", "/v1/jobs?native=log_file", FILE, MPS, 400, "unknown-parameter", Some("native")),
    case("POST", "/v1/jobs?log_file=x", FILE, MPS, 400, "unknown-parameter", Some("log_file")),
    case("POST", "/v1/jobs", JSON, r#"{"model": {}, "option": {}}"#, 422, "unknown-field", Some("/option")),
    case("POST", "/v1/jobs", JSON, r#"{"model": {"variables": {"x": {}}, "constraints": {"mix": "x + q <= 3"}}}"#, 422, "json-unknown-variable", Some("/model/constraints/mix")),
    case("POST", "/v1/jobs", JSON, r#"{"model": {"variables": {"x": {"uper": 3}}}}"#, 422, "json-unknown-field", Some("/model/variables/x/uper")),
    case("POST", "/v1/jobs", JSON, r#"{"model": {"format": "mps", "text": "ROWS\n N obj\n Q capacity\n"}}"#, 400, "mps-row-type", Some("/model")),
    case("POST", "/v1/jobs?gap=1", JSON, r#"{"model": {}}"#, 400, "unknown-parameter", Some("gap")),
    case("POST", "/v1/jobs", FILE, "ROWS\n N obj\n Q capacity\n", 400, "mps-row-type", Some("3:2")),
    case("POST", "/v1/jobs?tag=batch:1", FILE, MPS, 400, "bad-parameter", Some("tag")),
    case("POST", "/v1/jobs?tag=a%01", FILE, MPS, 400, "bad-parameter", Some("tag")),
    case("POST", "/v1/jobs", JSON, "", 400, "bad-json", Some("1:1")),
    case("POST", "/v1/jobs", JSON, "[]", 422, "bad-value", Some("")),
    case("POST", "/v1/jobs?gap=x", FILE, MPS, 400, "bad-parameter", Some("gap")),
    case("POST", "/v1/jobs?time_limit_seconds=1e9", FILE, MPS, 422, "bad-option", Some("time_limit_seconds")),
    case("POST", "/v1/jobs?time_limit_seconds=200000", FILE, MPS, 422, "bad-option", Some("time_limit_seconds")),
    case("POST", "/v1/jobs?solver=cplex", FILE, MPS, 422, "unknown-solver", Some("solver")),
    case("POST", "/v1/jobs?solver=mock,cplex", FILE, MPS, 422, "unknown-solver", Some("solver")),
    case("POST", "/v1/jobs?fields=all", FILE, MPS, 400, "bad-parameter", Some("fields")),
    case("POST", "/v1/jobs", &[("content-type", "application/mps"), ("idempotency-key", "")], MPS, 400, "bad-parameter", Some("Idempotency-Key")),
];

#[tokio::test]
async fn errors_have_a_code_and_a_place() {
    let server = Server::start(vec![honest()]).await;
    let mut wrong = Vec::new();
    for case in CASES {
        let mut request = server.request(case.method, case.path).body(case.body);
        for (name, value) in case.headers {
            request = request.header(*name, *value);
        }
        let found = problem(request.send().await.unwrap()).await;
        let line = found.line.map(|line| format!("{line}:{}", found.column.unwrap_or(0)));
        let place = found.pointer.clone().or(found.parameter.clone()).or(line);
        if (found.status, found.code.as_str(), place.as_deref()) != (case.status, case.code, case.place) {
            wrong.push(format!("{} {} {:?}: {found:?}", case.method, case.path, case.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let jobs: farkas_api_types::JobList = server.get("/v1/jobs").send().await.unwrap().json().await.unwrap();
    assert!(jobs.jobs.is_empty(), "bad input makes no job");
    let allow = server.request("DELETE", "/v1/jobs").send().await.unwrap();
    assert!(allow.headers()["allow"].to_str().unwrap().contains("POST"));
    server.close().await;
}

#[tokio::test]
async fn limits_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { body_bytes: 1000, model_bytes: 2000, queued_jobs: 0, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
    let file = |body: Vec<u8>| server.post("/v1/jobs").header("content-type", "application/mps").body(body);
    let found = problem(file(vec![b' '; 1001]).send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (413, "body-too-large"));

    let found = problem(file(gzip(&vec![b'*'; 100_000])).send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (413, "too-large"));

    let response = server.model("").send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    let found = problem(response).await;
    assert_eq!((found.status, found.code.as_str()), (429, "queue-full"));
    server.close().await;
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_the_service_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { model_entries: 5, event_streams_of_key: 0, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
    let json = |body: String| server.post("/v1/jobs").header("content-type", "application/json").body(body);
    let deep = 200_000;
    let cases = [
        ("a deep request", "[".repeat(deep)),
        ("a deep model", format!(r#"{{"model": {}{}}}"#, "{\"a\":".repeat(deep), "}".repeat(deep))),
        ("deep options", format!(r#"{{"model": {{}}, "options": {}}}"#, "[".repeat(deep))),
        (
            "a deep expression",
            format!(
                r#"{{"model": {{"variables": {{"x": {{}}}}, "objective": "{}x{}"}}}}"#,
                "(".repeat(deep),
                ")".repeat(deep)
            ),
        ),
        ("a deep patch", format!(r#"{{"model": {{"id": "a", "patch": {}}}}}"#, "[".repeat(deep))),
    ];
    for (name, body) in cases {
        let found = problem(json(body).send().await.unwrap()).await;
        assert!(matches!(found.status, 400 | 422), "{name}: {found:?}");
    }
    let found = problem(server.model("").send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (413, "model-too-large"));
    let small = json(r#"{"model": {"variables": {"x": {"upper": 1}}, "objective": "x"}}"#.into());
    let job: farkas_api_types::JobView = small.send().await.unwrap().json().await.unwrap();
    let found = problem(server.get(&format!("/v1/jobs/{}/events", job.id)).send().await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (429, "too-many-streams"));
    server.close().await;
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;

    use farkas_modeling::formats::{Compression, Encoder};
    let mut encoder = Encoder::new(Vec::new(), Compression::Gzip);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_folder_serves_once_and_only_loopback_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![honest()]).await;
    let second = Service::start(options(folder.path(), vec![honest()])).await;
    let Err(ServeError::InUse { holder, .. }) = second else { panic!("started twice") };
    assert_eq!(holder, format!("process {}", std::process::id()));
    server.close().await;

    let everywhere = ServeOptions { listen: ([0, 0, 0, 0], 0).into(), ..options(folder.path(), vec![honest()]) };
    assert!(matches!(Service::start(everywhere).await.err(), Some(ServeError::NotLoopback(_))));
}

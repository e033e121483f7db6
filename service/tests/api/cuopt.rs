//! Requests as NVIDIA's published cuOpt client sends them (recorded; `tests/clients/cuopt.py` calls with the client
//! itself), and what it gets back: encodings, lists, deletion, abortion, errors.

use std::path::Path;

use reqwest::Response;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use farkas_service::{Limits, ServeOptions};

use crate::server::{Server, honest, options, patient};

const JSON: &str = "application/json";
const ZLIB: &str = "application/zlib";
const PACK: &str = "application/vnd.msgpack";

const MILP_JSON: &[u8] = include_bytes!("recorded/milp.json");
const MILP_ZLIB: &[u8] = include_bytes!("recorded/milp.zlib");
const MILP_PACK: &[u8] = include_bytes!("recorded/milp.msgpack");
const ARRAYS: &[u8] = include_bytes!("recorded/arrays.msgpack");
const OBJECTS: &[u8] = include_bytes!("recorded/objects.msgpack");
const LIST: &[u8] = include_bytes!("recorded/list.msgpack");
const FILES: &[u8] = include_bytes!("recorded/files.msgpack");

/// The query as the client writes it.
const QUERY: &str = "validation_only=False&cache=False&incumbent_solutions=False&solver_logs=False";

impl Server {
    async fn ask(&self, query: &str, content: &str, accept: &str, body: &[u8]) -> Response {
        let request = self.post(&format!("/cuopt/request?{query}")).header("content-type", content);
        request.header("accept", accept).body(body.to_vec()).send().await.unwrap()
    }

    async fn call(&self, method: &str, path: &str) -> (u16, Value) {
        let response = self.request(method, path).header("accept", JSON).send().await.unwrap();
        (response.status().as_u16(), read(response).await)
    }
}

/// Decodes by the exact media type, as the client does.
async fn read(response: Response) -> Value {
    let media = response.headers().get("content-type").map(|media| media.to_str().unwrap().to_string());
    let body = response.bytes().await.unwrap();
    match media.as_deref() {
        Some(JSON) => serde_json::from_slice(&body).unwrap(),
        Some(ZLIB) => serde_json::from_reader(flate2::read::ZlibDecoder::new(&*body)).unwrap(),
        Some(PACK) => rmp_serde::from_slice(&body).unwrap(),
        _ => Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_is_read_and_written() {
    let server = Server::start(vec![honest()]).await;
    let cases =
        [(JSON, JSON, MILP_JSON), (ZLIB, PACK, MILP_ZLIB), (PACK, ZLIB, MILP_PACK), (PACK, "application/*", ARRAYS)];
    for (content, accept, body) in cases {
        let response = server.ask(QUERY, content, accept, body).await;
        assert_eq!(response.status(), 200, "{content}");
        let expected = if accept.ends_with('*') { content } else { accept };
        assert_eq!(response.headers()["content-type"], expected);
        let reply = read(response).await;
        let told = &reply["response"]["solver_response"];
        assert_eq!(told["status"], "Optimal", "{reply}");
        assert_eq!(told["solution"]["vars"], json!({"x": 4.0, "y": 4.0}));
        assert_eq!(told["solution"]["primal_objective"], 20.0);
        assert_eq!(told["solution"]["problem_category"], "MIP");
        let statistics = told["solution"]["milp_statistics"].as_object().unwrap();
        assert_eq!(statistics.len(), 8, "{statistics:?}");
        assert!(reply["reqId"].is_string());
    }
    for body in [LIST, FILES] {
        let reply = read(server.ask(QUERY, PACK, JSON, body).await).await;
        let told = reply["response"]["solver_response"].as_array().unwrap();
        assert_eq!(told.len(), 2, "{reply}");
        assert!(told.iter().all(|one| one["solution"]["primal_objective"] == 20.0), "{reply}");
        let id = reply["reqId"].as_str().unwrap();
        let (_, again) = server.call("GET", &format!("/cuopt/solution/{id}")).await;
        assert_eq!(again["response"], reply["response"], "the list's id is polled like any other");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_in_the_clients_own_form() {
    let server = Server::start(vec![honest()]).await;
    let cases: [(&str, &str, &[u8], u16, &str); 12] = [
        ("/cuopt/request", "application/octet-stream", b"\x80\x04N.", 415, "pickle"),
        ("/cuopt/request", PACK, OBJECTS, 400, "unpickled"),
        ("/cuopt/request", JSON, b"{", 400, "bad-json"),
        ("/cuopt/request", JSON, b"[]", 422, "no problems"),
        ("/cuopt/request", JSON, b"{\"cost_matrix_data\": {}}", 422, "/cost_matrix_data"),
        (
            "/cuopt/request",
            JSON,
            br#"{"csr_constraint_matrix": {"offsets": [0, 1], "indices": [0.5], "values": [1]}}"#,
            422,
            "/csr_constraint_matrix/indices/0",
        ),
        // A few bytes that name a variable by a number that would cost gigabytes.
        (
            "/cuopt/request",
            JSON,
            br#"{"csr_constraint_matrix": {"offsets": [0, 1], "indices": [2147483646], "values": [1]}}"#,
            422,
            "/csr_constraint_matrix/indices/0",
        ),
        (
            "/cuopt/request",
            JSON,
            br#"{"objective_data": {"coefficients": [1, "x"]}}"#,
            422,
            "/objective_data/coefficients/1",
        ),
        ("/cuopt/request", JSON, br#"{"solver_config": {"time_limit": 0}}"#, 422, "/solver_config/time_limit"),
        ("/cuopt/request?cache=maybe", JSON, b"{}", 400, "cache"),
        ("/cuopt/solution", JSON, b"{}", 422, "routing"),
        ("/cuopt/nowhere", JSON, b"{}", 404, "route-not-found"),
    ];
    for (path, content, body, status, words) in cases {
        for accept in [JSON, ZLIB, PACK] {
            let request = server.post(path).header("content-type", content).header("accept", accept);
            let response = request.body(body.to_vec()).send().await.unwrap();
            assert_eq!(response.status(), status, "{path} {words}");
            assert_eq!(response.headers()["content-type"], accept);
            let error = read(response).await;
            assert!(error["error"].as_str().unwrap().contains(words), "{words}: {error}");
            assert_eq!(error["error_result"], false);
        }
    }
    let foreign =
        server.get("/cuopt/health").header("host", "evil.example").header("accept", PACK).send().await.unwrap();
    assert_eq!((foreign.status().as_u16(), &foreign.headers()["content-type"]), (403, &PACK.parse().unwrap()));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_the_service_hold_here_too() {
    // The recorded model has 2 rows, 2 variables and 4 coefficients, and inflates to 477 bytes.
    let narrow = Limits { model_entries: 7, ..Limits::default() };
    let light = Limits { model_bytes: 900, ..Limits::default() };
    let crowded = Limits { queued_jobs: 1, ..Limits::default() };
    let files = |count: u8| {
        let length = u16::try_from(MILP_ZLIB.len()).unwrap().to_be_bytes();
        let file = [b"\x92\xb0application/zlib\xc5".as_slice(), &length, MILP_ZLIB].concat();
        [vec![0x90 | count], file.repeat(count.into())].concat()
    };
    let cases: [(Limits, &str, &[u8], u16, &str); 6] = [
        (narrow, JSON, MILP_JSON, 413, "model-too-large"),
        (narrow, PACK, LIST, 413, "model-too-large"),
        (light, ZLIB, MILP_ZLIB, 200, ""),
        (light, PACK, &files(1), 200, ""),
        (light, PACK, &files(2), 413, "too-large"),
        (crowded, PACK, LIST, 429, "queue-full"),
    ];
    for (limits, content, body, status, code) in cases {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
        let response = server.ask(QUERY, content, JSON, body).await;
        assert_eq!(response.status(), status, "{code}");
        let reply = read(response).await;
        let jobs: Value = server.get("/v1/jobs").send().await.unwrap().json().await.unwrap();
        assert_eq!(jobs["jobs"].as_array().unwrap().is_empty(), status != 200, "what is refused makes no job: {jobs}");
        assert!(code.is_empty() || reply["error"].as_str().unwrap().contains(&format!("[{code}]")), "{reply}");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_is_polled_watched_and_aborted() {
    let server = Server::start(vec![patient()]).await;
    let watched = "validation_only=False&cache=False&incumbent_solutions=True&solver_logs=True";
    let reply = read(server.ask(watched, JSON, JSON, MILP_JSON).await).await;
    let id = reply["reqId"].as_str().unwrap().to_string();
    assert_eq!(reply, json!({"reqId": id}), "an id alone means that it goes on");
    let path = |what: &str| format!("/cuopt/{what}/{id}");
    // The point and the line are there as soon as they are in the job's history.
    for event in ["incumbent", "log"] {
        crate::life::wait_for_event(&server, &id, event).await;
    }
    let (_, incumbents) = server.call("GET", &format!("/cuopt/solution/{id}/incumbents")).await;
    assert_eq!(incumbents, json!([{"solution": [3.0, 3.0], "cost": 15.0}]));
    let (_, again) = server.call("GET", &format!("/cuopt/solution/{id}/incumbents")).await;
    assert_eq!(again, json!([]), "each is told once");
    // Who polls goes on where it was; who begins anew, or in the midst of a line, gets all from there.
    for (from, lines) in [(0, &["hello"][..]), (6, &[]), (6, &[]), (2, &["llo"]), (0, &["hello"])] {
        let (_, log) = server.call("GET", &format!("{}?frombyte={from}", path("log"))).await;
        assert_eq!(log, json!({"log": lines, "nbytes": 6}), "{from}");
    }

    assert_eq!(server.call("GET", &path("request")).await, (200, json!("running")));
    let counts = |running| json!({"cached": 0, "queued": 0, "running": running});
    let abort = |query: &str| format!("/cuopt/request/{id}?{query}");
    assert_eq!(server.call("DELETE", &abort("running=False&queued=True")).await, (200, counts(0)));
    assert_eq!(server.call("DELETE", &abort("running=True")).await, (200, counts(1)));
    assert_eq!(server.call("DELETE", &abort("")).await, (200, counts(0)), "it is aborted already");
    assert_eq!(server.call("GET", &path("request")).await, (200, json!("aborted")));
    let (status, error) = server.call("GET", &path("solution")).await;
    assert_eq!((status, &error["error_result"]), (500, &json!(true)), "{error}");
    assert!(error["error"].as_str().unwrap().contains(&format!("{id} was aborted")), "{error}");
    assert_eq!(server.call("DELETE", "/cuopt/request/*").await.0, 400);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_hides_and_destroys_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![honest()]).await;
    let ask =
        async |body: &[u8]| read(server.ask(QUERY, PACK, JSON, body).await).await["reqId"].as_str().unwrap().to_owned();
    let (one, list, logless) = (ask(MILP_PACK).await, ask(LIST).await, ask(MILP_PACK).await);
    for id in [&one, &list] {
        assert_eq!(server.call("DELETE", &format!("/cuopt/solution/{id}")).await.0, 200);
        assert_eq!(server.call("DELETE", &format!("/cuopt/solution/{id}")).await.0, 404, "it is gone already");
    }
    for id in [&one, &logless, "nobodys"] {
        assert_eq!(server.call("DELETE", &format!("/cuopt/log/{id}")).await.0, 200);
    }
    server.close().await;
    // What was deleted stays so over a restart.
    let server = Server::start_in(folder.path(), vec![honest()]).await;
    for (what, id, expected) in [
        ("solution", &one, 404),
        ("request", &one, 404),
        ("log", &one, 404),
        ("solution", &list, 404),
        ("log", &list, 404),
        ("log", &logless, 404),
        ("solution", &logless, 200),
    ] {
        let (status, error) = server.call("GET", &format!("/cuopt/{what}/{id}")).await;
        assert_eq!(status, expected, "{what} {id}");
        assert!(status == 200 || error["error"].as_str().unwrap().contains("does not exist"), "{error}");
    }
    assert_eq!(server.job(&one).await.tags, ["cuopt"]);
    server.close().await;
}

/// Solves and deletes, asks for what is deleted, and closes; what was deleted.
async fn delete_and_close(folder: &Path) -> Vec<String> {
    let server = Server::start_in(folder, vec![honest()]).await;
    let delete = async |body: &[u8]| {
        let reply = read(server.ask(QUERY, PACK, JSON, body).await).await;
        let id = reply["reqId"].as_str().unwrap().to_owned();
        assert_eq!(server.call("DELETE", &format!("/cuopt/solution/{id}")).await.0, 200);
        id
    };
    let mut deleted = Vec::new();
    for body in [MILP_PACK, LIST].repeat(10) {
        let id = delete(body).await;
        for (method, what, expected) in [
            ("GET", "solution", 404),
            ("GET", "request", 404),
            ("GET", "log", 404),
            ("DELETE", "solution", 404),
            // It has no log any more, which is what its client wants.
            ("DELETE", "log", 200),
        ] {
            assert_eq!(server.call(method, &format!("/cuopt/{what}/{id}")).await.0, expected, "{method} {what}");
        }
        deleted.push(id);
    }
    // The newest are not on the disk yet.
    deleted.extend([delete(MILP_PACK).await, delete(LIST).await]);
    server.close().await;
    deleted
}

#[test]
fn a_delete_is_seen_at_once_and_survives_a_shutdown_in_order() {
    let folder = tempfile::tempdir().unwrap();
    // With its runtime ends whatever a closed service has left undone, as with its process.
    let deleted = Runtime::new().unwrap().block_on(delete_and_close(folder.path()));
    Runtime::new().unwrap().block_on(async {
        let server = Server::start_in(folder.path(), vec![honest()]).await;
        for id in &deleted {
            assert_eq!(server.call("GET", &format!("/cuopt/solution/{id}")).await.0, 404, "{id}");
        }
        server.close().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_list_is_its_jobs_one_after_another() {
    let server = Server::start(vec![patient()]).await;
    let watched = "validation_only=False&cache=False&incumbent_solutions=False&solver_logs=True";
    let reply = read(server.ask(watched, PACK, JSON, LIST).await).await;
    let id = reply["reqId"].as_str().unwrap();
    let jobs: Value = server.get(&format!("/v1/jobs?tag=cuopt-{id}")).send().await.unwrap().json().await.unwrap();
    let ids: Vec<&str> = jobs["jobs"].as_array().unwrap().iter().rev().map(|job| job["id"].as_str().unwrap()).collect();
    // What was read keeps its place, whatever the later ones say meanwhile; a poll goes on there, and one may begin anew.
    let told = ["hello", "hello"];
    for (at, job) in ids.iter().enumerate() {
        crate::life::wait_for_event(&server, job, "log").await;
        for from in (0..=at).chain([0]) {
            let (_, log) = server.call("GET", &format!("/cuopt/log/{id}?frombyte={}", 6 * from)).await;
            assert_eq!(log, json!({"log": told[from..=at], "nbytes": 6 * (at + 1)}), "from {from} with {at} over");
        }
        server.post(&format!("/v1/jobs/{job}:stop")).send().await.unwrap();
        server.events(job, 0).await;
    }
    for from in [2, 0, 1] {
        let (_, log) = server.call("GET", &format!("/cuopt/log/{id}?frombyte={}", 6 * from)).await;
        assert_eq!(log, json!({"log": told[from..], "nbytes": 12}), "{from}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_body_is_used_again_until_it_is_deleted() {
    let server = Server::start(vec![honest()]).await;
    let cached = read(server.ask("cache=True", PACK, JSON, ARRAYS).await).await;
    let id = cached["reqId"].as_str().unwrap();
    let query = format!("cache=False&reqId={id}");
    let reply = read(server.ask(&query, JSON, JSON, b"").await).await;
    assert_eq!(reply["response"]["solver_response"]["solution"]["primal_objective"], 20.0, "{reply}");
    assert_ne!(reply["reqId"], cached["reqId"]);
    let (_, counts) = server.call("DELETE", &format!("/cuopt/request/{id}?cached=True")).await;
    assert_eq!(counts, json!({"cached": 1, "queued": 0, "running": 0}));
    assert_eq!(server.ask(&query, JSON, JSON, b"").await.status(), 422);
    assert_eq!(server.ask("cache=True", JSON, JSON, b"{\"x\": 1}").await.status(), 422, "only what is valid is cached");
    let valid = read(server.ask("validation_only=True", PACK, JSON, MILP_PACK).await).await;
    assert_eq!(valid, json!({"msg": "Input is Valid"}));
    server.close().await;
}

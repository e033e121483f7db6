//! A job's way through the interface: accepted, solved, read; stopped, cancelled, tried again; over a restart.

use std::sync::Arc;

use farkas_api_types::{JobList, JobState, JobView, SolveResult};
use farkas_backends::contract::Backend;
use farkas_backends::solvers::microlp::Microlp;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::formats::Compression;
use farkas_modeling::{Limit, Reason};

use crate::errors::gzip;
use crate::server::{MPS, Server, honest, options, patient, problem};

#[tokio::test]
async fn a_model_is_solved_while_its_sender_waits() {
    let server = Server::start(vec![honest()]).await;
    let response =
        server.model("time_limit_seconds=20&name=demo&tag=a&tag=b").header("prefer", "wait=20").send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_string();
    let job: JobView = response.json().await.unwrap();
    assert_eq!(location, format!("/v1/jobs/{}", job.id));
    assert_eq!((job.state, job.tags.len(), job.name.as_deref()), (JobState::Succeeded, 2, Some("demo")));
    let result = job.result.unwrap();
    assert_eq!(result.termination.reason, Reason::Optimal);
    assert_eq!(result.objective.unwrap().0, 20.0);
    let values: Vec<(String, f64)> = result.variables.clone().unwrap().into_iter().map(|(n, v)| (n, v.0)).collect();
    assert_eq!(values, [("x".to_string(), 4.0), ("y".to_string(), 4.0)]);

    let get = async |query: &str| server.get(&format!("{location}/result{query}")).send().await.unwrap();
    let again: SolveResult = get("").await.json().await.unwrap();
    assert_eq!(again, *result);
    let none: SolveResult = get("?fields=duals").await.json().await.unwrap();
    assert!(none.variables.is_none());
    assert!(get("?format=sol").await.text().await.unwrap().ends_with("x 4.0\ny 4.0\n"));
    assert!(get("?format=csv").await.text().await.unwrap().starts_with("variable,value,reduced_cost\r\nx,4.0,"));
    assert_eq!(problem(get("?format=xls").await).await.parameter.as_deref(), Some("format"));
    server.close().await;
}

#[tokio::test]
async fn a_result_of_many_values_reads_in_every_form() {
    const COLUMNS: usize = 1500;
    let server = Server::start(vec![Arc::new(Microlp)]).await;
    let names: Vec<String> = (0..COLUMNS).map(|j| format!("x{j}")).collect();
    let variables: serde_json::Map<String, serde_json::Value> =
        names.iter().zip(0..).map(|(name, j)| (name.clone(), serde_json::json!({"lower": j % 7}))).collect();
    let model = serde_json::json!({"sense": "minimize", "objective": names.join(" + "), "variables": variables,
        "constraints": {"one": "x0 >= 1"}});
    let request = server.post("/v1/jobs").header("prefer", "wait=20").json(&serde_json::json!({"model": model}));
    let job: JobView = request.send().await.unwrap().json().await.unwrap();
    let least = 1.0 + (0..COLUMNS).map(|j| (j % 7) as f64).sum::<f64>();
    assert_eq!(job.result.as_ref().unwrap().objective.unwrap().0, least);
    let get = async |query: &str| {
        let response = server.get(&format!("/v1/jobs/{}/result{query}", job.id)).send().await.unwrap();
        response.text().await.unwrap()
    };
    let again: SolveResult = serde_json::from_str(&get("").await).unwrap();
    assert_eq!(again, *job.result.unwrap());
    assert_eq!(again.variables.unwrap().len(), COLUMNS);
    assert!(get("?format=sol").await.contains("\nx1499 1.0\n"));
    assert_eq!(get("?format=csv").await.lines().filter(|line| line.starts_with('x')).count(), COLUMNS);
    server.close().await;
}

#[tokio::test]
async fn models_come_as_json_as_files_and_compressed() {
    let server = Server::start(vec![honest()]).await;
    let text = serde_json::json!({"model": {"format": "mps", "text": MPS}, "options": {"solver": "mock"}});
    let named = serde_json::json!({"model": {"sense": "maximize", "objective": "3 x + 2 y",
        "variables": {"x": {"type": "integer", "upper": 10}, "y": {"type": "integer", "upper": 10}},
        "constraints": {"capacity": "2 x + y <= 12", "mix": {"terms": {"x": 1, "y": -1}, "lower": -2}}}});
    let json = |body: serde_json::Value| server.post("/v1/jobs").json(&body);
    let file = |path: &str| server.post(path).body(gzip(MPS.as_bytes()));
    let requests = [
        ("a text in JSON", json(text)),
        ("by name", json(named.clone())),
        (
            "compressed JSON",
            server
                .post("/v1/jobs")
                .header("content-type", "application/json")
                .header("content-encoding", "gzip")
                .body(gzip(named.to_string().as_bytes())),
        ),
        ("by file name", file("/v1/jobs?filename=demo.mps.gz&solver=mock")),
        (
            "as curl sends it",
            file("/v1/jobs?filename=demo.mps.gz").header("content-type", "application/x-www-form-urlencoded"),
        ),
    ];
    let packed = [
        ("gzip", Compression::Gzip),
        ("zstd", Compression::Zstd),
        ("bzip2", Compression::Bzip2),
        ("xz", Compression::Xz),
    ];
    let packed = packed.map(|(encoding, kind)| {
        let request = server.post("/v1/jobs").header("content-type", "application/mps");
        (encoding, request.header("content-encoding", encoding).body(crate::upload::packed(MPS, kind)))
    });
    for (name, request) in requests.into_iter().chain(packed) {
        let response = request.header("prefer", "wait=20").send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 201, "{name}: {text}");
        let job: JobView = serde_json::from_str(&text).unwrap();
        assert_eq!(job.result.unwrap().objective.unwrap().0, 20.0, "{name}");
    }
    server.close().await;
}

#[tokio::test]
async fn the_same_key_gives_the_same_job() {
    let server = Server::start(vec![honest()]).await;
    let send = |query: &str| server.model(query).header("idempotency-key", "k").send();
    let first: JobView = send("seed=1").await.unwrap().json().await.unwrap();
    let again: JobView = send("seed=1").await.unwrap().json().await.unwrap();
    assert_eq!(first.id, again.id);
    let found = problem(send("seed=2").await.unwrap()).await;
    assert_eq!((found.status, found.code.as_str()), (422, "idempotency-key-reused"));
    server.close().await;
}

#[tokio::test]
async fn a_job_is_stopped_with_its_incumbent_or_cancelled_without() {
    let server = Server::start(vec![patient()]).await;
    let begin = async || {
        let response = server.model("").header("prefer", "wait=0").send().await.unwrap();
        assert_eq!(response.status(), 202);
        let job: JobView = response.json().await.unwrap();
        let not_yet = problem(server.get(&format!("/v1/jobs/{}/result", job.id)).send().await.unwrap()).await;
        assert_eq!((not_yet.status, not_yet.code.as_str()), (409, "job-not-finished"));
        wait_for_incumbent(&server, &job.id).await;
        job.id
    };
    let verb = async |id: &str, verb: &str| server.post(&format!("/v1/jobs/{id}:{verb}")).send().await.unwrap();

    let id = begin().await;
    assert_eq!(problem(verb(&id, "retry").await).await.code, "job-not-finished");
    assert_eq!(verb(&id, "stop").await.status(), 200);
    assert_eq!(server.events(&id, 0).await.last().unwrap().2["state"], "succeeded");
    let result: SolveResult = server.get(&format!("/v1/jobs/{id}/result")).send().await.unwrap().json().await.unwrap();
    assert_eq!((result.termination.reason, result.termination.limit), (Reason::Feasible, Some(Limit::Interrupted)));
    assert_eq!(result.objective.unwrap().0, 15.0);
    // A verb on a finished job changes nothing.
    assert_eq!(verb(&id, "cancel").await.status(), 200);
    assert_eq!(server.job(&id).await.state, JobState::Succeeded);

    let id = begin().await;
    assert_eq!(verb(&id, "cancel").await.status(), 200);
    assert_eq!(server.events(&id, 0).await.last().unwrap().2["state"], "canceled");
    let without = problem(server.get(&format!("/v1/jobs/{id}/result")).send().await.unwrap()).await;
    assert_eq!((without.status, without.code.as_str()), (409, "job-without-result"));
    server.close().await;
}

#[tokio::test]
async fn a_point_can_be_handed_to_a_running_job() {
    let server = Server::start(vec![patient()]).await;
    let id = server.submit("").await.id;
    wait_for_incumbent(&server, &id).await;
    let at = format!("/v1/jobs/{id}/incumbents");
    let offer = |json: &'static str| server.post(&at).header("content-type", "application/json").body(json).send();
    for (json, status, code, pointer) in [
        ("{", 400, "bad-json", None),
        (r#"{"variables": {"x": 4, "y": 4}, "more": 1}"#, 422, "unknown-field", Some("/more")),
        (r#"{"variables": {"x": "four"}}"#, 422, "bad-value", Some("/variables/x")),
        (r#"{"variables": {"z": 4}}"#, 422, "unknown-variable", Some("/variables/z")),
        (r#"{"variables": {"x": 10, "y": 10}}"#, 422, "point-infeasible", Some("/variables")),
        (r#"{"variables": {"x": "inf"}}"#, 422, "point-infeasible", Some("/variables")),
    ] {
        let refused = problem(offer(json).await.unwrap()).await;
        assert_eq!((refused.status, refused.code.as_str()), (status, code), "{json}: {refused:?}");
        assert_eq!(refused.pointer.as_deref(), pointer, "{json}");
    }
    let taken = offer(r#"{"variables": {"x": 4, "y": 4}}"#).await.unwrap();
    assert_eq!(taken.status(), 202);
    assert_eq!(taken.json::<farkas_api_types::TakenPoint>().await.unwrap().objective.0, 20.0);
    // The race has it before it hears the stop, or at the latest with it.
    while server.job(&id).await.incumbent.is_none_or(|best| best.0 < 20.0) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    server.post(&format!("/v1/jobs/{id}:stop")).send().await.unwrap();
    assert_eq!(server.events(&id, 0).await.last().unwrap().2["state"], "succeeded");
    let result: SolveResult = server.get(&format!("/v1/jobs/{id}/result")).send().await.unwrap().json().await.unwrap();
    assert_eq!(result.objective.unwrap().0, 20.0);
    assert_eq!(problem(offer(r#"{"variables": {}}"#).await.unwrap()).await.code, "job-not-running");
    server.close().await;
}

async fn wait_for_incumbent(server: &Server, id: &str) {
    for event in ["incumbent", "bound"] {
        wait_for_event(server, id, event).await;
    }
}

/// Reads a job's events until one of this name has come.
pub async fn wait_for_event(server: &Server, id: &str, name: &str) {
    use futures_util::StreamExt;
    let response = server.get(&format!("/v1/jobs/{id}/events")).send().await.unwrap();
    let mut stream = response.bytes_stream();
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk.unwrap()));
        if text.contains(&format!("event: {name}")) {
            return;
        }
    }
    panic!("the stream ended without {name}: {text}");
}

#[tokio::test]
async fn a_job_that_waits_can_be_stopped_too() {
    let server = Server::start(vec![patient()]).await;
    let running = server.submit("").await;
    wait_for_incumbent(&server, &running.id).await;
    let waiting = [server.submit("threads=2").await.id, server.submit("threads=2").await.id];
    assert_eq!(server.job(&waiting[1]).await.queue_position, Some(1));
    for (id, verb, state) in [(&waiting[0], "stop", "succeeded"), (&waiting[1], "cancel", "canceled")] {
        server.post(&format!("/v1/jobs/{id}:{verb}")).send().await.unwrap();
        assert_eq!(server.events(id, 0).await.last().unwrap().2["state"], state);
    }
    let result: SolveResult =
        server.get(&format!("/v1/jobs/{}/result", waiting[0])).send().await.unwrap().json().await.unwrap();
    assert_eq!(result.termination.reason, Reason::NoSolutionFound);
    assert_eq!(result.termination.limit, Some(Limit::Interrupted));
    server.close().await;
}

#[tokio::test]
async fn a_job_is_tried_again_and_then_fails_with_the_reason() {
    let broken: std::sync::Arc<dyn Backend> = std::sync::Arc::new(Mock::scripted("broken", "broken"));
    let server = Server::start(vec![broken]).await;
    let job = server.submit("").await;
    let events = server.events(&job.id, 0).await;
    let (_, _, last) = events.last().unwrap();
    assert_eq!(last["state"], "failed");
    assert!(last["reason"].as_str().unwrap().contains("3 attempts"), "{last}");
    assert_eq!(server.job(&job.id).await.attempts, 3);
    let found = problem(server.get(&format!("/v1/jobs/{}/result", job.id)).send().await.unwrap()).await;
    assert_eq!(found.code, "job-without-result");
    server.close().await;
}

#[tokio::test]
async fn a_job_goes_on_after_a_restart_from_its_best_point() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![patient()]).await;
    let job = server.submit("").await;
    let waiting = server.submit("threads=2&solver=patient").await;
    wait_for_incumbent(&server, &job.id).await;
    server.close().await;

    // What solved is not there any more: who named it alone fails, a race takes whoever is there.
    let honest: std::sync::Arc<dyn Backend> = honest();
    let server = Server::start_in(folder.path(), vec![honest]).await;
    let events = server.events(&job.id, 0).await;
    let ids: Vec<u64> = events.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    let objectives: Vec<f64> =
        events.iter().filter(|e| e.1 == "incumbent").map(|e| e.2["objective"].as_f64().unwrap()).collect();
    assert!(objectives.is_sorted() && objectives[0] == 15.0, "{objectives:?}");
    let result: SolveResult =
        server.get(&format!("/v1/jobs/{}/result", job.id)).send().await.unwrap().json().await.unwrap();
    assert_eq!((result.termination.reason, result.objective.unwrap().0), (Reason::Optimal, 20.0));
    let failed = server.events(&waiting.id, 0).await;
    assert_eq!(failed.last().unwrap().2["state"], "failed");

    let again = server.post(&format!("/v1/jobs/{}:retry", job.id)).send().await.unwrap();
    assert_eq!(again.status(), 201);
    let again: JobView = again.json().await.unwrap();
    assert_ne!(again.id, job.id);
    assert_eq!(server.events(&again.id, 0).await.last().unwrap().2["state"], "succeeded");
    server.close().await;
}

#[tokio::test]
async fn a_service_that_closes_answers_while_its_jobs_go_on_and_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), vec![patient()]);
    options.node.finish = std::time::Duration::from_secs(60);
    let server = Server::start_with(options).await;
    let id = server.submit("").await.id;
    wait_for_incumbent(&server, &id).await;
    server.ask_to_close();
    let refused = problem(server.get("/readyz").send().await.unwrap()).await;
    assert_eq!((refused.status, refused.code.as_str()), (503, "closing"));
    let sent = server.model("").send().await.unwrap();
    assert!(sent.headers().contains_key("retry-after"));
    assert_eq!(problem(sent).await.code, "closing");
    assert_eq!(server.job(&id).await.state, JobState::Running);
    let (events, _) = tokio::join!(server.events(&id, 0), server.post(&format!("/v1/jobs/{id}:stop")).send());
    assert_eq!(events.last().unwrap().2["state"], "succeeded", "who listens hears the end");
    // Nothing goes on, so nothing is waited for.
    server.close().await;
}

#[tokio::test]
async fn jobs_are_listed_by_pages_newest_first() {
    let server = Server::start(vec![honest()]).await;
    let mut ids = Vec::new();
    for i in 0..5 {
        let job = server.submit(&format!("tag=t{}", i % 2)).await;
        server.events(&job.id, 0).await;
        ids.insert(0, job.id);
    }
    let list = async |query: &str| -> JobList {
        server.get(&format!("/v1/jobs?{query}")).send().await.unwrap().json().await.unwrap()
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=2{cursor}")).await;
        seen.extend(page.jobs.into_iter().map(|job| job.id));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    assert_eq!(list("tag=t1").await.jobs.len(), 2);
    assert_eq!(list("state=succeeded").await.jobs.len(), 5);
    assert_eq!(list("state=queued,running").await.jobs.len(), 0);
    server.close().await;
}

//! Stored models and batches: stored once, read back, patched; scenarios solved as jobs; and a job's bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use farkas_api_types::{BatchView, JobList, JobState, JobView, ModelList, ModelView, WorkerList, WorkerView};
use farkas_modeling::formats;
use farkas_service::{Limits, ServeOptions};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::errors::gzip;
use crate::server::{MPS, Server, honest, options, patient, problem};

async fn store(server: &Server) -> ModelView {
    let request = server.post("/v1/models").header("content-type", "application/mps").body(MPS);
    request.send().await.unwrap().json().await.unwrap()
}

async fn json_of<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder, status: u16) -> T {
    let response = request.send().await.unwrap();
    let (found, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn a_model_is_stored_once_whatever_it_comes_in() {
    let server = Server::start(vec![honest()]).await;
    let first = store(&server).await;
    assert_eq!((first.problem.rows, first.problem.columns, first.name.as_deref()), (2, 2, Some("demo")));
    assert_eq!(first.id.len(), 64);
    let zipped = server.post("/v1/models?filename=demo.mps.gz").body(gzip(MPS.as_bytes()));
    let again: ModelView = json_of(zipped, 200).await;
    assert_eq!(again.id, first.id);

    let path = format!("/v1/models/{}", first.id);
    for (format, hint) in [("json", "a.json"), ("mps", "a.mps"), ("lp", "a.lp"), ("nl", "a.nl"), ("mof", "a.mof.json")]
    {
        let response = server.get(&format!("{path}/content?format={format}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{format}");
        let text = response.bytes().await.unwrap();
        let back = formats::read_problem(&text, Some(hint)).unwrap().value;
        assert_eq!((back.num_rows(), back.num_columns()), (2, 2), "{format}");
        if matches!(format, "json" | "mps") {
            let media = formats::Format::of_hint(hint).unwrap().media_type();
            let same = server.post("/v1/models").header("content-type", media).body(text);
            assert_eq!(json_of::<ModelView>(same, 200).await.id, first.id, "{format}");
        }
    }
    let statistics: Value = json_of(server.get(&format!("{path}/statistics")), 200).await;
    assert!(statistics["sizes"].is_object() && statistics["rows"].is_object(), "{statistics}");
    let list: ModelList = json_of(server.get("/v1/models"), 200).await;
    assert_eq!(list.models.len(), 1);

    let job = json!({"model": {"id": first.id}});
    let job: JobView = json_of(server.post("/v1/jobs").header("prefer", "wait=20").json(&job), 201).await;
    assert_eq!((job.result.unwrap().objective.unwrap().0, job.name.as_deref()), (20.0, Some("demo")));
    assert_eq!(server.request("DELETE", &path).send().await.unwrap().status(), 204);
    assert_eq!(problem(server.get(&path).send().await.unwrap()).await.code, "model-not-found");
    server.close().await;
}

#[tokio::test]
async fn a_patch_makes_another_model_and_leaves_this_one() {
    let server = Server::start(vec![honest()]).await;
    let base = store(&server).await;
    let path = format!("/v1/models/{}", base.id);
    let wider = json!({"changes": [{"change": "row_upper", "row": "capacity", "value": 14}]});
    let derived: ModelView = json_of(server.request("PATCH", &path).json(&wider), 201).await;
    assert_eq!(derived.base.as_deref(), Some(base.id.as_str()));
    let second = json!({"changes": [{"change": "upper", "column": "x", "value": 3}]});
    let path_of_derived = format!("/v1/models/{}", derived.id);
    let twice: ModelView = json_of(server.request("PATCH", &path_of_derived).json(&second), 201).await;

    let objective = async |model: Value| {
        let body = json!({"model": model});
        let job: JobView = json_of(server.post("/v1/jobs").header("prefer", "wait=20").json(&body), 201).await;
        job.result.unwrap().objective.unwrap().0
    };
    // 3 x + 2 y under 2 x + y <= b, x - y >= -2: x = (b - 2) / 3 and y = x + 2.
    assert_eq!(objective(json!({"id": base.id})).await, 20.0);
    assert_eq!(objective(json!({"id": derived.id})).await, 24.0);
    assert_eq!(objective(json!({"id": twice.id})).await, 19.0);
    assert_eq!(objective(json!({"id": base.id, "patch": wider})).await, 24.0);
    assert_eq!(objective(json!({"patch": second, "id": base.id})).await, 19.0);

    let content = server.get(&format!("/v1/models/{}/content?format=lp", twice.id)).send().await.unwrap().text().await;
    assert!(content.unwrap().contains("14"));
    let nowhere = json!({"change": "row_upper", "row": "nowhere", "value": 1});
    let cases = [
        (json!({"changes": [{"change": "offset", "value": 1}, nowhere]}), "problem-unknown-name", "/changes/1"),
        (json!({"changes": [{"change": "lower", "column": "x", "value": "inf"}]}), "problem-wrong-infinity", ""),
        (json!({"changes": [{"change": "dance"}]}), "bad-value", "/changes/0/change"),
        (json!({"change": "offset"}), "unknown-field", "/change"),
    ];
    for (patch, code, pointer) in cases {
        let found = problem(server.request("PATCH", &path).json(&patch).send().await.unwrap()).await;
        assert_eq!((found.status, found.code.as_str()), (422, code), "{patch}: {found:?}");
        assert_eq!(found.pointer.as_deref(), Some(pointer), "{patch}");
    }
    let nobody = json!({"model": {"id": "nobody"}});
    let found = problem(server.post("/v1/jobs").json(&nobody).send().await.unwrap()).await;
    assert_eq!((found.status, found.pointer.as_deref()), (422, Some("/model/id")));
    let stray =
        json!({"model": {"id": base.id, "patch": {"changes": [{"change": "upper", "column": "q", "value": 1}]}}});
    let found = problem(server.post("/v1/jobs").json(&stray).send().await.unwrap()).await;
    assert_eq!((found.status, found.pointer.as_deref()), (422, Some("/model/patch/changes/0")));
    server.close().await;
}

#[tokio::test]
async fn a_batch_solves_a_model_under_many_scenarios() {
    let server = Server::start(vec![honest()]).await;
    let capacity = |side: f64| json!({"changes": [{"change": "row_upper", "row": "capacity", "value": side}]});
    let scenarios: Vec<Value> =
        (0..30).map(|k| json!({"name": format!("s{k}"), "patch": capacity(6.0 + 3.0 * f64::from(k % 3))})).collect();
    let body = json!({"name": "capacities", "model": {"format": "mps", "text": MPS}, "scenarios": scenarios, "tags": ["plan"]});
    let batch: BatchView = json_of(server.post("/v1/batches").json(&body), 201).await;
    assert_eq!((batch.jobs, batch.name.as_deref()), (30, Some("capacities")));
    for line in batch.scenarios.unwrap() {
        server.events(&line.job, 0).await;
    }
    let path = format!("/v1/batches/{}", batch.id);
    let done: BatchView = json_of(server.get(&path), 200).await;
    assert!(done.finished && done.ended == 30 && done.states["succeeded"] == 30, "{done:?}");
    let lines = done.scenarios.unwrap();
    for (k, line) in lines.iter().enumerate() {
        let expected = [10.0, 15.0, 20.0][k % 3];
        assert_eq!((line.name.as_str(), line.objective.unwrap().0), (format!("s{k}").as_str(), expected));
    }
    // One that is done again is a job of its own.
    let again = server.post(&format!("/v1/jobs/{}:retry", lines[0].job)).send().await.unwrap();
    let again: JobView = again.json().await.unwrap();
    assert_eq!(again.tags, ["plan"]);
    let same: BatchView = json_of(server.get(&path), 200).await;
    assert_eq!((same.jobs, same.ended, same.states.values().sum::<u64>()), (30, 30, 30));
    let brief: BatchView = json_of(server.get(&format!("{path}?scenarios=false")), 200).await;
    assert!(brief.scenarios.is_none());
    let listed: Value = json_of(server.get("/v1/batches"), 200).await;
    assert_eq!(listed["batches"][0]["id"], json!(batch.id));
    let jobs: Value = json_of(server.get(&format!("/v1/jobs?tag=batch:{}&limit=100", batch.id)), 200).await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 30);

    let cases = [
        (json!({"model": {"format": "mps", "text": MPS}, "scenarios": []}), "/scenarios"),
        (json!({"model": {"id": "nobody"}, "scenarios": [{}]}), "/model/id"),
        (
            json!({"model": {"format": "mps", "text": MPS}, "scenarios": [{}, {"patch": {"changes": [{"change": "upper", "column": "q", "value": 1}]}}]}),
            "/scenarios/1/patch/changes/0",
        ),
        (json!({"model": {"format": "mps", "text": MPS}, "scenarios": [{}], "tags": ["batch:x"]}), "/tags/0"),
    ];
    for (body, pointer) in cases {
        let found = problem(server.post("/v1/batches").json(&body).send().await.unwrap()).await;
        assert_eq!((found.status, found.pointer.as_deref()), (422, Some(pointer)), "{body}: {found:?}");
    }
    let jobs: Value = json_of(server.get("/v1/jobs?limit=100"), 200).await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 31, "bad input makes no job");
    server.close().await;
}

/// A batch of so many scenarios that are all alike.
fn alike(scenarios: usize) -> Value {
    json!({"model": {"format": "mps", "text": MPS}, "scenarios": vec![json!({}); scenarios]})
}

async fn with_queue(folder: &Path, queued_jobs: u64) -> Server {
    let limits = Limits { queued_jobs, ..Limits::default() };
    Server::start_with(ServeOptions { limits, ..options(folder, vec![patient()]) }).await
}

#[tokio::test]
async fn a_batch_that_the_queue_has_no_room_for_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_queue(folder.path(), 4).await;
    let refused = async |scenarios| {
        let response = server.post("/v1/batches").json(&alike(scenarios)).send().await.unwrap();
        assert_eq!(response.headers()["retry-after"], "10");
        let found = problem(response).await;
        assert_eq!((found.status, found.code.as_str()), (429, "queue-full"));
    };
    refused(5).await;
    for (path, list) in [("/v1/jobs", "jobs"), ("/v1/batches", "batches")] {
        assert_eq!(json_of::<Value>(server.get(path), 200).await[list], json!([]), "{path}");
    }
    json_of::<BatchView>(server.post("/v1/batches").json(&alike(4)), 201).await;
    // At least two wait for the two cores.
    refused(3).await;
    server.close().await;
}

#[tokio::test]
async fn batches_that_fill_the_queue_together_are_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_queue(folder.path(), 100).await;
    let body = alike(60);
    let answers = join_all((0..4).map(|_| server.post("/v1/batches").json(&body).send())).await;
    let mut accepted = BTreeSet::new();
    for answer in answers {
        let answer = answer.unwrap();
        if answer.status() == 201 {
            accepted.insert(answer.json::<BatchView>().await.unwrap().id);
        } else {
            assert_eq!(problem(answer).await.code, "queue-full");
        }
    }
    let batches: Value = json_of(server.get("/v1/batches"), 200).await;
    let listed: BTreeSet<String> =
        batches["batches"].as_array().unwrap().iter().map(|batch| batch["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, accepted);
    let mut of_batch: BTreeMap<String, usize> = BTreeMap::new();
    let jobs: JobList = json_of(server.get("/v1/jobs?limit=1000"), 200).await;
    for job in jobs.jobs {
        let batch = job.tags[0].strip_prefix("batch:").unwrap().to_owned();
        assert!(accepted.contains(&batch), "nothing stays of a batch that was refused: {job:?}");
        assert!(!job.state.is_finished(), "{job:?}");
        *of_batch.entry(batch).or_default() += 1;
    }
    assert!(of_batch.len() == accepted.len() && of_batch.values().all(|jobs| *jobs == 60), "{of_batch:?}");
    server.close().await;
}

#[tokio::test]
async fn a_batch_is_cancelled_whole() {
    let server = Server::start(vec![patient()]).await;
    let model = store(&server).await;
    let body = json!({"model": {"id": model.id}, "scenarios": [{}, {}, {}]});
    let batch: BatchView = json_of(server.post("/v1/batches").json(&body), 201).await;
    json_of::<BatchView>(server.post(&format!("/v1/batches/{}:cancel", batch.id)), 200).await;
    for line in batch.scenarios.unwrap() {
        server.events(&line.job, 0).await;
        assert_eq!(server.job(&line.job).await.state, JobState::Canceled);
    }
    server.close().await;
}

#[tokio::test]
async fn a_patched_model_may_be_no_larger_than_one_that_is_uploaded() {
    let folder = tempfile::tempdir().unwrap();
    // Two rows, two columns and four nonzeros.
    let limits = Limits { model_entries: 8, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
    let id = store(&server).await.id;
    let wider = json!({"changes": [{"change": "add_column", "name": "z", "lower": 0, "upper": 1}]});
    let batch = json!({"model": {"id": id}, "scenarios": [{}, {"patch": wider}]});
    let cases = [
        ("PATCH", format!("/v1/models/{id}"), wider.clone(), None),
        ("POST", "/v1/jobs".into(), json!({"model": {"id": id, "patch": wider}}), Some("/model/patch")),
        ("POST", "/v1/batches".into(), batch, Some("/scenarios/1/patch")),
    ];
    for (method, path, body, pointer) in cases {
        let found = problem(server.request(method, &path).json(&body).send().await.unwrap()).await;
        let expected = (413, "model-too-large", pointer);
        assert_eq!((found.status, found.code.as_str(), found.pointer.as_deref()), expected, "{path}: {found:?}");
    }
    let shifted = json!({"changes": [{"change": "row_upper", "row": "capacity", "value": 14}]});
    json_of::<ModelView>(server.request("PATCH", &format!("/v1/models/{id}")).json(&shifted), 201).await;
    server.close().await;
}

#[tokio::test]
async fn a_bundle_has_all_that_reproduces_a_job() {
    let server = Server::start(vec![honest()]).await;
    let job: JobView = server.model("seed=3").header("prefer", "wait=20").send().await.unwrap().json().await.unwrap();
    let response = server.get(&format!("/v1/jobs/{}/bundle", job.id)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/gzip");
    let packed = response.bytes().await.unwrap();
    let unpacked = formats::decompress(&packed, &formats::SizeLimits::default()).unwrap();
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(&*unpacked).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "README.md",
        "events.jsonl",
        "job.json",
        "log.txt",
        "model.json",
        "options.json",
        "result.json",
        "solution.sol",
        "versions.json",
    ];
    assert_eq!(names, expected);
    assert!(files["README.md"].contains("farkas solve model.json"));
    assert_eq!(serde_json::from_str::<Value>(&files["options.json"]).unwrap()["seed"], json!(3));
    assert_eq!(files["events.jsonl"].lines().count() as u64, server.job(&job.id).await.last_event);
    let again = json!({"model": serde_json::from_str::<Value>(&files["model.json"]).unwrap()});
    let again: JobView = json_of(server.post("/v1/jobs").header("prefer", "wait=20").json(&again), 201).await;
    assert_eq!(again.result.unwrap().objective, job.result.unwrap().objective);
    server.close().await;
}

#[tokio::test]
async fn a_drained_worker_takes_no_more_until_it_is_resumed() {
    let server = Server::start(vec![honest()]).await;
    server.model("").header("prefer", "wait=20").send().await.unwrap();
    let workers: WorkerList = json_of(server.get("/v1/workers"), 200).await;
    let id = &workers.workers[0].id;
    assert_eq!((workers.workers.len(), workers.workers[0].cores), (1, 2));
    let drained: WorkerView = json_of(server.post(&format!("/v1/workers/{id}:drain")), 200).await;
    assert!(drained.draining);
    let unready = problem(server.get("/readyz").send().await.unwrap()).await;
    assert_eq!((unready.status, unready.code.as_str()), (503, "no-worker-available"));
    let job = server.submit("").await;
    let resumed: WorkerView = json_of(server.post(&format!("/v1/workers/{id}:resume")), 200).await;
    assert!(!resumed.draining);
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 200);
    server.events(&job.id, 0).await;
    assert_eq!(server.job(&job.id).await.state, JobState::Succeeded);
    assert_eq!(problem(server.post("/v1/workers/nobody:drain").send().await.unwrap()).await.code, "worker-not-found");
    server.close().await;
}

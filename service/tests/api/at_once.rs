//! Tiny jobs whose clients wait: begun at once, written with the first that there is to tell of them.

use std::sync::Arc;

use farkas_api_types::{JobList, JobState, JobView};
use farkas_backends::contract::Backend;

use serde_json::{Value, json};

use crate::server::{Server, honest, options, patient};

/// A service with a place beside its cores.
async fn with_a_place(backend: Arc<dyn Backend>) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), vec![backend]);
    options.node.share.tiny_jobs = 1;
    (Server::start_with(options).await, folder)
}

/// How many jobs were begun before they were written.
async fn begun(server: &Server) -> u64 {
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("farkas_store_seconds_count{operation=\"begin\"} "));
    count.map_or(0, |count| count.parse().unwrap())
}

/// What happened to a job, but for what its solver may say sooner or later.
async fn kinds(server: &Server, job: &JobView) -> Vec<String> {
    let kinds = server.events(&job.id, 0).await.into_iter().map(|(_, kind, _)| kind);
    kinds.filter(|kind| !["bound", "incumbent", "progress"].contains(&kind.as_str())).collect()
}

/// Sends the model and waits, until one was begun at once: not before the service has looked at its queue.
async fn solved_at_once(server: &Server) -> JobView {
    for _ in 0..100 {
        let job: JobView = server.model("").header("prefer", "wait=20").send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (job.state, job.result.as_ref().and_then(|r| r.objective.map(|o| o.0))),
            (JobState::Succeeded, Some(20.0))
        );
        if begun(server).await > 0 {
            return job;
        }
    }
    panic!("none of a hundred jobs was begun at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_begun_at_once_is_like_any_other() {
    let (server, _folder) = with_a_place(honest()).await;
    let at_once = solved_at_once(&server).await;
    // Nobody waits for this one, so it goes its way through the queue.
    let before = begun(&server).await;
    let queued = server.submit("").await;
    let told = kinds(&server, &queued).await;
    assert_eq!(begun(&server).await, before);
    assert_eq!(told, ["state", "state", "state", "lane", "lane", "state", "result"]);
    assert_eq!(kinds(&server, &at_once).await, told);
    let stored: JobView = server.job(&at_once.id).await;
    assert_eq!((stored.state, stored.attempts), (JobState::Succeeded, 1));
    // A key that was used gives the job that is there.
    let with_key = async || {
        let request = server.model("").header("prefer", "wait=20").header("idempotency-key", "k");
        request.send().await.unwrap().json::<JobView>().await.unwrap().id
    };
    assert_eq!(with_key().await, with_key().await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_longer_is_written_meanwhile() {
    let (server, folder) = with_a_place(patient()).await;
    for place in 0.. {
        assert!(place < 100, "none was begun at once");
        let response = server.model("").header("prefer", "wait=1").send().await.unwrap();
        assert_eq!(response.status(), 202, "accepted, and not over");
        let job: JobView = response.json().await.unwrap();
        assert!(job.started_at.is_some());
        let listed: JobList = server.get("/v1/jobs").send().await.unwrap().json().await.unwrap();
        assert!(listed.jobs.iter().any(|listed| listed.id == job.id));
        if begun(&server).await > 0 {
            // It is another node's, or this one's after a start, if this one goes.
            server.close().await;
            let again = Server::start_in(folder.path(), vec![honest()]).await;
            let kinds = again.events(&job.id, 0).await;
            assert_eq!(kinds.last().unwrap().1, "result", "{kinds:?}");
            assert_eq!(again.job(&job.id).await.state, JobState::Succeeded);
            again.close().await;
            return;
        }
        server.post(&format!("/v1/jobs/{}/cancel", job.id)).send().await.unwrap();
        server.events(&job.id, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_at_once_is_what_is_stored() {
    let (server, _folder) = with_a_place(honest()).await;
    let read = async |path: String| server.get(&path).send().await.unwrap().json::<Value>().await.unwrap();
    let cuopt: Value = serde_json::from_str(include_str!("recorded/milp.json")).unwrap();
    let mut mathopt: Value = serde_json::from_str(include_str!("recorded/milp.mathopt.json")).unwrap();
    // Who brings a point waits for its turn.
    mathopt["modelParameters"] = json!({});
    mathopt["parameters"]["enableOutput"] = json!(false);
    let posts =
        [("/v1/jobs", None), ("/cuopt/request", Some(&cuopt)), ("/v1/mathopt:solveMathOptModel", Some(&mathopt))];
    for (path, body) in posts {
        let mut seen = false;
        for _ in 0..100 {
            let before = begun(&server).await;
            let request = match body {
                None => server.model("fields=variables").header("prefer", "wait=20"),
                // A file that is not written is warned of.
                Some(body) => {
                    let request = server.post(path).header("accept", "application/json");
                    request.header("cuopt-result-file", "x").json(body)
                }
            };
            let told: Value = request.send().await.unwrap().json().await.unwrap();
            let newest = read("/v1/jobs?limit=1".into()).await["jobs"][0]["id"].as_str().unwrap().to_owned();
            let stored = read(format!("/v1/jobs/{newest}/result?fields=variables")).await;
            match path {
                "/cuopt/request" => {
                    assert_eq!(told["warnings"].as_array().unwrap().len(), 1, "{told}");
                    let again = read(format!("/cuopt/solution/{newest}")).await;
                    assert_eq!(told, again, "{newest}");
                }
                "/v1/mathopt:solveMathOptModel" => {
                    let primal = &told["result"]["solutions"][0]["primalSolution"];
                    assert_eq!(primal["objectiveValue"], stored["objective"], "{told}");
                }
                _ => {
                    assert_eq!(told["result"], stored);
                    assert_eq!(stored["variables"], json!({"x": 4.0, "y": 4.0}));
                }
            }
            seen = begun(&server).await > before;
            if seen {
                break;
            }
        }
        assert!(seen, "{path}: none of a hundred jobs was begun at once");
    }
    server.close().await;
}

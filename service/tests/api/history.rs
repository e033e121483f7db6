//! What happened to a job, live and later; and what the service says about itself.

use std::sync::Arc;

use farkas_api_types::{BackendList, IncumbentList, LogPage};
use farkas_backends::contract::Backend;
use farkas_backends::solvers::mock::Mock;

use crate::server::{Server, honest, patient, problem};

#[tokio::test]
async fn history_is_replayed_from_any_event_and_read_by_pages() {
    // The one whose claim ends the race speaks: the other may be stopped before it says a word.
    let speaks: Arc<dyn Backend> = Arc::new(Mock::scripted("mock", "log hello; honest"));
    let server = Server::start(vec![patient(), speaks]).await;
    let job = server.submit("solver=patient,mock").await;
    let all = server.events(&job.id, 0).await;
    let ids: Vec<u64> = all.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    let (_, name, last) = all.last().unwrap();
    assert_eq!((name.as_str(), &last["state"]), ("result", &serde_json::json!("succeeded")));
    assert!(last["result"]["variables"].is_null() && last["result"]["objective"] == 20.0, "{last}");
    for (_, name, data) in &all {
        assert!(data["at"].is_string() && data["seconds"].is_number(), "{name}: {data}");
    }
    for after in [1, ids.len() as u64 - 1] {
        assert_eq!(server.events(&job.id, after).await, all[after as usize..]);
    }
    assert!(server.events(&job.id, ids.len() as u64).await.is_empty());
    assert!(server.events(&job.id, 10_000).await.is_empty());

    let path = format!("/v1/jobs/{}", job.id);
    let log: LogPage = server.get(&format!("{path}/log")).send().await.unwrap().json().await.unwrap();
    assert!(log.finished && log.lines.iter().any(|line| line.line == "hello"), "{log:?}");
    let page = async |query: &str| -> IncumbentList {
        server.get(&format!("{path}/incumbents?{query}")).send().await.unwrap().json().await.unwrap()
    };
    let incumbents = page("values=true").await;
    let best = incumbents.incumbents.last().unwrap();
    assert_eq!(best.objective.0, 20.0);
    let values: Vec<f64> = best.variables.as_ref().unwrap().values().map(|value| value.0).collect();
    assert_eq!(values, [4.0, 4.0]);
    let first = page("limit=1").await;
    assert_eq!(first.incumbents.len(), 1);
    let rest = page(&format!("after={}", first.next_after)).await;
    assert_eq!(rest.incumbents.len() + 1, incumbents.incumbents.len());
    server.close().await;
}

#[tokio::test]
async fn the_service_tells_about_itself() {
    let server = Server::start(vec![honest()]).await;
    let text = async |path: &str| {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    };
    assert_eq!(text("/healthz").await, "ok\n");
    let backends: BackendList = serde_json::from_str(&text("/v1/backends").await).unwrap();
    assert_eq!(backends.backends[0].name, "mock");
    assert_eq!(text("/readyz").await, "ready\n");
    let job = server.submit("").await;
    server.events(&job.id, 0).await;
    let metrics = text("/metrics").await;
    assert!(metrics.contains("farkas_jobs{state=\"succeeded\"} 1\n"), "{metrics}");
    assert!(metrics.contains("\nfarkas_cores 2\n"), "{metrics}");
    assert!(metrics.contains("\nfarkas_store_seconds_count{operation=\"submit\"} 1\n"), "{metrics}");
    let page = text("/").await;
    let script = text("/dashboard.js").await;
    for (file, named_in) in [("/dashboard.js", &page), ("/dashboard.css", &page), ("/session.js", &script)] {
        assert!(named_in.contains(file));
        assert!(!text(file).await.is_empty());
    }
    assert!(!page.contains("http://") && !page.contains("https://"), "the page needs nothing from elsewhere");
    server.close().await;
}

#[tokio::test]
async fn every_documented_route_is_there() {
    let server = Server::start(vec![honest()]).await;
    let document: serde_json::Value = server.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 13, "{:?}", paths.keys());
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let response =
                server.request(&method.to_uppercase(), &path.replace("{id}", "00000000")).send().await.unwrap();
            if !response.status().is_success() {
                let found = problem(response).await;
                assert!(!["route-not-found", "method-not-allowed"].contains(&found.code.as_str()), "{method} {path}");
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["SolveRequest", "SolveResult", "JobView", "JobEvent", "ProblemDetails", "Number"] {
        assert!(schemas.contains_key(name), "{name} in {:?}", schemas.keys());
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    server.close().await;
}

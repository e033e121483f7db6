//! Who is next: a tiny job does not wait behind long ones, a deadline ends what waits and what runs, and a project's own
//! order is by priority.

use farkas_api_types::{JobState, JobView};
use farkas_service::access::Token;
use farkas_service::{Limits, ServeOptions};
use futures_util::StreamExt;
use serde_json::json;

use crate::access::{OPERATOR, make_key};
use crate::server::{MPS, Server, honest, options, patient, problem};

#[tokio::test]
async fn a_tiny_job_is_solved_while_others_hold_all_cores() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), vec![honest(), patient()]);
    options.node.share.tiny_jobs = 1;
    let server = Server::start_with(options).await;
    let long = [server.submit("solver=patient").await.id, server.submit("solver=patient").await.id];
    for id in &long {
        crate::life::wait_for_event(&server, id, "incumbent").await;
    }
    for _ in 0..3 {
        let response = server.model("solver=mock").header("prefer", "wait=20").send().await.unwrap();
        assert_eq!(response.json::<JobView>().await.unwrap().state, JobState::Succeeded);
    }
    for id in &long {
        assert_eq!(server.job(id).await.state, JobState::Running);
    }
    server.close().await;
}

#[tokio::test]
async fn a_deadline_ends_what_waits_and_what_runs() {
    let server = Server::start(vec![honest(), patient()]).await;
    let after = |seconds| (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).to_string();
    let running = server.submit(&format!("solver=patient&threads=2&deadline={}", after(5))).await.id;
    // Long over when the cores come free: with the same deadline it might be claimed in its last millisecond.
    let waiting = server.submit(&format!("solver=patient&threads=2&deadline={}", after(1))).await.id;
    for id in [&running, &waiting] {
        server.events(id, 0).await;
    }
    assert_eq!(server.job(&running).await.state, JobState::Succeeded);
    assert_eq!(server.job(&waiting).await.state, JobState::Expired);
    // One that is over already ends the job before anybody works on it; done again, the job has none.
    for wait in ["wait=20", "respond-async"] {
        let sent = server.model("deadline=2020-01-01T00:00:00Z").header("prefer", wait).send().await.unwrap();
        let id = sent.json::<JobView>().await.unwrap().id;
        server.events(&id, 0).await;
        let late = server.job(&id).await;
        assert_eq!((late.state, late.started_at), (JobState::Expired, None), "{wait}");
        let again = server.post(&format!("/v1/jobs/{id}:retry")).send().await.unwrap();
        let again = again.json::<JobView>().await.unwrap().id;
        server.events(&again, 0).await;
        assert_eq!(server.job(&again).await.state, JobState::Succeeded);
    }
    let wrong = problem(server.model("deadline=tomorrow").send().await.unwrap()).await;
    assert_eq!((wrong.code.as_str(), wrong.parameter.as_deref()), ("bad-option", Some("deadline")));
    server.close().await;
}

#[tokio::test]
async fn the_higher_priority_is_next() {
    let server = Server::start(vec![honest(), patient()]).await;
    let holds = server.submit("solver=patient&threads=2").await.id;
    crate::life::wait_for_event(&server, &holds, "incumbent").await;
    let mut waiting = Vec::new();
    for priority in [0, -5, 7, 3] {
        waiting.push(server.submit(&format!("solver=mock&threads=2&priority={priority}")).await.id);
    }
    server.post(&format!("/v1/jobs/{holds}:stop")).send().await.unwrap();
    let mut started = Vec::new();
    for id in &waiting {
        server.events(id, 0).await;
        started.push(server.job(id).await.started_at.unwrap());
    }
    // Times in one form sort as text; two may fall into one millisecond.
    let order = [&started[2], &started[3], &started[0], &started[1]];
    assert!(order.is_sorted(), "{order:?}");
    server.close().await;
}

#[tokio::test]
async fn a_key_that_has_filled_its_share_of_the_queue_leaves_room_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { queued_jobs_of_key: 2, ..Limits::default() };
    let admin_key = Some(Token::sent(OPERATOR));
    let server =
        Server::start_with(ServeOptions { limits, admin_key, ..options(folder.path(), vec![patient()]) }).await;
    let key = async |name: &str| {
        make_key(&server, OPERATOR, json!({"name": name, "project": "team", "role": "user"})).await.key
    };
    let (first, second) = (key("first").await, key("second").await);
    let send = async |key: &str| server.model("threads=2").bearer_auth(key).send().await.unwrap();
    let accepted = async |key: &str| -> JobView {
        let response = send(key).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    };
    // The operator's job holds both cores, so the others wait.
    let holds = accepted(OPERATOR).await.id;
    let events = server.get(&format!("/v1/jobs/{holds}/events")).bearer_auth(OPERATOR).send().await.unwrap();
    let (mut events, mut told) = (events.bytes_stream(), String::new());
    while !told.contains("event: incumbent") {
        told += &String::from_utf8_lossy(&events.next().await.unwrap().unwrap());
    }
    let waiting = accepted(&first).await.id;
    let batch = |count: usize| {
        let body = json!({"model": {"format": "mps", "text": MPS}, "scenarios": vec![json!({}); count]});
        server.post("/v1/batches").bearer_auth(&first).json(&body).send()
    };
    assert_eq!(batch(2).await.unwrap().status(), 429, "a batch is accepted whole or not at all");
    accepted(&first).await;
    for response in [send(&first).await, batch(1).await.unwrap()] {
        assert_eq!(response.headers()["retry-after"], "10");
        let found = problem(response).await;
        assert_eq!((found.status, found.code.as_str()), (429, "key-queue-full"));
    }
    accepted(&second).await;
    let cancelled = server.post(&format!("/v1/jobs/{waiting}:cancel")).bearer_auth(&first).send().await.unwrap();
    assert_eq!(cancelled.status(), 200);
    accepted(&first).await;
    server.close().await;
}

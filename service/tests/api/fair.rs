//! Who is next: a tiny job does not wait behind long ones, a deadline ends what waits and what runs, and a project's own
//! order is by priority.

use farkas_api_types::{JobState, JobView};

use crate::server::{Server, honest, options, patient, problem};

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

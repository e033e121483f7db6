//! Retention: what ended long ago is forgotten with all that only it named; what is younger, or has not ended, stays.

use std::time::Duration;

use farkas_api_types::JobState;
use farkas_service::NodeOptions;
use farkas_service::retention;
use farkas_service::store::Extent;

use crate::server::{Server, honest, options, patient};

#[tokio::test]
async fn what_ended_long_ago_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![honest(), patient()]).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let job = server.submit("solver=mock&tag=old").await.id;
        server.events(&job, 0).await;
        ended.push(job);
    }
    let running = server.submit("solver=patient").await.id;
    crate::life::wait_for_event(&server, &running, "incumbent").await;
    server.close().await;

    let forget = async |older_than: u64, extent| {
        let options: NodeOptions = options(folder.path(), vec![honest(), patient()]).node;
        let run = move || retention::run(options, Duration::from_secs(older_than), extent).unwrap();
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    assert_eq!(forget(3600, Extent::Forget).await, 0, "nothing is that old");
    assert_eq!(forget(0, Extent::Look).await, 3);
    assert_eq!(forget(0, Extent::Forget).await, 3);
    assert_eq!(forget(0, Extent::Forget).await, 0);

    let server = Server::start_in(folder.path(), vec![honest(), patient()]).await;
    for id in &ended {
        assert_eq!(server.get(&format!("/v1/jobs/{id}")).send().await.unwrap().status(), 404);
    }
    server.post(&format!("/v1/jobs/{running}:stop")).send().await.unwrap();
    server.events(&running, 0).await;
    assert_eq!(server.job(&running).await.state, JobState::Succeeded, "its model is still there");
    server.close().await;
}

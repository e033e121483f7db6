//! A copy of the data folder, made while the service works: a service on the copy answers the same, and goes on with what
//! was under way.

use farkas_api_types::{JobState, SolveResult};
use farkas_service::backup::{BackupError, backup};

use crate::server::{Server, honest, patient};

/// So many columns, all of them fixed, that image, point and result are files, not rows.
pub fn large() -> String {
    let lines = |line: fn(u32) -> String| (0..5000).map(line).collect::<String>();
    let columns = lines(|j| format!(" x{j} obj 1 r 1\n"));
    let bounds = lines(|j| format!(" FX bnd x{j} 1\n"));
    format!("NAME large\nROWS\n N obj\n G r\nCOLUMNS\n{columns}RHS\n rhs r 1\nBOUNDS\n{bounds}ENDATA\n")
}

#[tokio::test]
async fn a_service_on_the_copy_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let server = Server::start_in(&data, vec![honest(), patient()]).await;
    let submit = async |body: String, query: &str| {
        let request = server.post(&format!("/v1/jobs?{query}")).header("content-type", "application/mps").body(body);
        let job: serde_json::Value = request.header("prefer", "wait=20").send().await.unwrap().json().await.unwrap();
        assert_eq!(job["state"], "succeeded", "{job}");
        job["id"].as_str().unwrap().to_string()
    };
    let small = submit(crate::server::MPS.into(), "solver=mock").await;
    let big = submit(large(), "solver=mock").await;
    let running = server.submit("solver=patient").await.id;
    for event in ["incumbent", "bound"] {
        crate::life::wait_for_event(&server, &running, event).await;
    }

    let copied = backup(&data, &copy).await.unwrap();
    assert!(copied.bodies >= 2 && copied.body_bytes > 64 << 10, "{copied:?}");
    assert!(matches!(backup(&data, &copy).await, Err(BackupError::NotEmpty(_))));
    assert!(matches!(backup(folder.path(), &folder.path().join("no")).await, Err(BackupError::NoStore(_))));

    let restored = Server::start_in(&copy, vec![honest(), patient()]).await;
    for id in [&small, &big] {
        let path = format!("/v1/jobs/{id}/result");
        let of =
            async |server: &Server| -> SolveResult { server.get(&path).send().await.unwrap().json().await.unwrap() };
        assert_eq!(of(&restored).await, of(&server).await, "{id}");
        assert_eq!(restored.events(id, 0).await, server.events(id, 0).await);
    }
    let stopped = restored.post(&format!("/v1/jobs/{running}:stop")).send().await.unwrap();
    assert_eq!(stopped.status(), 200);
    restored.events(&running, 0).await;
    let job = restored.job(&running).await;
    assert_eq!((job.state, job.incumbent.map(|best| best.0)), (JobState::Succeeded, Some(15.0)), "{job:?}");
    restored.close().await;
    server.close().await;
}

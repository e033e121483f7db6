//! Retention: what ended long ago is forgotten with all that only it named; what is younger, or has not ended, stays.

use std::path::Path;
use std::time::Duration;

use farkas_api_types::{JobState, JobView};
use farkas_service::NodeOptions;
use farkas_service::blobs::Blobs;
use farkas_service::jobs::Rules;
use farkas_service::retention;
use farkas_service::store::{Database, Extent, Kind, SqlStore, Store};

use crate::backup::large;
use crate::server::{MPS, Server, honest, options, patient};

async fn store_in(folder: &Path) -> SqlStore {
    let (database, blobs) = (Database::file(&folder.join("farkas.db")), Blobs::open(&folder.join("blobs")));
    SqlStore::open(database.unwrap(), blobs.unwrap(), Rules::default()).await.unwrap()
}

/// What is a job's own: its events, and the bodies that only it names.
struct Own {
    job: String,
    bodies: Vec<String>,
}

impl Own {
    async fn of(store: &SqlStore, id: &str) -> Self {
        let job = store.job(id).await.unwrap().job;
        let bodies = job.points.into_iter().map(|point| point.key).chain(job.result).collect();
        Self { job: id.into(), bodies }
    }
}

/// How many events and bodies of each there are.
async fn counts(store: &SqlStore, all: &[Own]) -> Vec<(usize, usize)> {
    let mut counts = Vec::new();
    for own in all {
        let mut bodies = 0;
        for key in &own.bodies {
            bodies += usize::from(store.body(key).await.unwrap().is_some());
        }
        counts.push((store.events(&own.job, 0, None, 1000).await.unwrap().len(), bodies));
    }
    counts
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![honest(), patient()]).await;
    let mut ended = Vec::new();
    // Small points and results are rows, large ones files.
    for model in [MPS.into(), MPS.into(), large()] {
        let request = server.post("/v1/jobs?solver=mock").header("content-type", "application/mps").body(model);
        let job = request.header("prefer", "wait=20").send().await.unwrap().json::<JobView>().await.unwrap();
        assert_eq!(job.state, JobState::Succeeded);
        ended.push(job.id);
    }
    let running = server.submit("solver=patient").await.id;
    crate::life::wait_for_event(&server, &running, "incumbent").await;
    // A client of another service's deletes them: marks beside the jobs.
    for id in [&ended[0], &running] {
        let deleted = server.request("DELETE", &format!("/cuopt/solution/{id}")).send().await.unwrap();
        assert_eq!(deleted.status(), 200);
    }
    server.close().await;
    let store = store_in(folder.path()).await;
    let mut own = Vec::new();
    for id in ended.iter().chain([&running]) {
        own.push(Own::of(&store, id).await);
    }
    let before = counts(&store, &own).await;
    assert!(before.iter().all(|(events, bodies)| *events >= 2 && *bodies >= 1), "{before:?}");
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let mut files = Vec::new();
    for key in &own[2].bodies {
        if blobs.read(key).await.unwrap().is_some() {
            files.push(key);
        }
    }
    assert!(!files.is_empty(), "large ones are files");

    let forget = async |older_than: u64, extent| {
        let options: NodeOptions = options(folder.path(), vec![honest(), patient()]).node;
        let run = move || retention::run(options, Duration::from_secs(older_than), extent).unwrap();
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    assert_eq!(forget(3600, Extent::Forget).await, 0, "nothing is that old");
    assert_eq!(forget(0, Extent::Look).await, 3);
    assert_eq!(forget(0, Extent::Forget).await, 3);
    assert_eq!(forget(0, Extent::Forget).await, 0);

    // What only they named is gone with them; of others nothing, the model that they have in common included.
    let after = counts(&store, &own).await;
    assert_eq!(after, [(0, 0), (0, 0), (0, 0), before[3]]);
    for key in files {
        assert!(blobs.read(key).await.unwrap().is_none(), "{key}");
    }
    let mark = async |id: &str| store.document(Kind::Hidden, "default", id).await.unwrap();
    assert!(mark(&ended[0]).await.is_none() && mark(&running).await.is_some());
    let model = store.job(&running).await.unwrap().ticket.model;
    assert!(store.body(&model).await.unwrap().is_some());
    drop(store);

    let server = Server::start_in(folder.path(), vec![honest(), patient()]).await;
    for id in &ended {
        assert_eq!(server.get(&format!("/v1/jobs/{id}")).send().await.unwrap().status(), 404);
    }
    server.post(&format!("/v1/jobs/{running}:stop")).send().await.unwrap();
    server.events(&running, 0).await;
    assert_eq!(server.job(&running).await.state, JobState::Succeeded, "its model is still there");
    server.close().await;
}

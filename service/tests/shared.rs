//! Several nodes on one PostgreSQL: each job is claimed once, each hears of what the others do, and a server that is killed
//! and comes back costs a delay and nothing else.

#[path = "support/jobs.rs"]
mod jobs;
#[path = "support/postgres.rs"]
mod postgres;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_api_types::JobView;
use farkas_backends::solvers::mock::Mock;
use farkas_service::blobs::Blobs;
use farkas_service::fairness::Room;
use farkas_service::jobs::{Rules, Wish};
use farkas_service::store::{
    Database, Duty, Filter, Idempotency, Leases, NewJob, NodeReport, SqlStore, Store, StoreError, Submitted,
};
use farkas_service::{ServeOptions, Service};
use jobs::{accepted, lane, new};
use serde_json::json;

const ALL: Room = Room::of_cores(2, 2);
const SOON: Duration = Duration::from_secs(20);

async fn node(url: &str, folder: &std::path::Path) -> Arc<SqlStore> {
    let blobs = Blobs::open(&folder.join("blobs")).unwrap();
    Arc::new(SqlStore::open(Database::parse(url).unwrap(), blobs, Rules::default()).await.unwrap())
}

fn with_key(key: &str) -> NewJob {
    NewJob { idempotency: Some(Idempotency { key: key.into(), digest: "d".into() }), ..new(1) }
}

#[tokio::test]
async fn a_point_reaches_its_job_through_whichever_service_it_is_handed_to() {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database("offers");
    let folder = tempfile::tempdir().unwrap();
    let service = async |name: &str| {
        let patient = Arc::new(Mock::scripted("patient", "incumbent 3 3; until-stop; limit"));
        let mut options = ServeOptions::new(folder.path().join(name), vec![patient]);
        options.listen = ([127, 0, 0, 1], 0).into();
        options.node.store = Some(url.clone());
        options.node.blobs = Some(format!("file://{}/blobs", folder.path().display()));
        options.node.rules.lease_seconds = 3;
        Service::start(options).await.unwrap()
    };
    let services = [service("a").await, service("b").await];
    let client = reqwest::Client::new();
    let model = json!({"sense": "maximize", "objective": "3 x + 2 y",
        "variables": {"x": {"type": "integer", "upper": 10}, "y": {"type": "integer", "upper": 10}},
        "constraints": {"capacity": "2 x + y <= 12", "mix": "x - y >= -2"}});
    let sent = client.post(format!("{}/v1/jobs", services[0].url())).json(&json!({"model": model})).send().await;
    let id = sent.unwrap().json::<JobView>().await.unwrap().id;
    let deadline = Instant::now() + SOON;
    let until = async |least: f64| {
        loop {
            let job = client.get(format!("{}/v1/jobs/{id}", services[1].url())).send().await.unwrap();
            let job = job.json::<JobView>().await.unwrap();
            if job.incumbent.is_some_and(|best| best.0 >= least) {
                break;
            }
            assert!(Instant::now() < deadline, "{job:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(15.0).await;
    // One of them has the job, and it is handed a point by each.
    for (service, y, objective) in [(&services[0], 3, 18.0), (&services[1], 4, 20.0)] {
        let point = json!({"variables": {"x": 4, "y": y}});
        let taken =
            client.post(format!("{}/v1/jobs/{id}/incumbents", service.url())).json(&point).send().await.unwrap();
        assert_eq!(taken.status(), 202);
        until(objective).await;
    }
    for service in services {
        (service.closer())();
        service.closed().await;
    }
}

#[tokio::test]
async fn nodes_share_the_work_and_hear_of_each_other() {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database("shared");
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (node(&url, folder.path()).await, node(&url, folder.path()).await);

    each_job_is_claimed_once(&a, &b).await;
    a_key_given_to_both_at_once_makes_one_job(&a, &b).await;

    let id = accepted(&*a, new(1)).await;
    let lease = a.claim("a", ALL).await.unwrap().unwrap().lease;
    let (mut watch, mut wishes, mut queue) = (b.watch(&id), a.wishes_elsewhere(), b.queue_changed());
    watch.mark_unchanged();
    a.advance(&lease, vec![lane()], Vec::new()).await.unwrap();
    let heard = async { watch.wait_for(|last| *last >= 4).await.map(|_| ()) };
    tokio::time::timeout(SOON, heard).await.unwrap().unwrap();
    b.signal(&id, Wish::Keep).await.unwrap();
    tokio::time::timeout(SOON, wishes.changed()).await.unwrap().unwrap();
    queue.mark_unchanged();
    accepted(&*a, new(1)).await;
    tokio::time::timeout(SOON, queue.changed()).await.unwrap().unwrap();

    nodes_are_known_and_can_be_drained(&a, &b).await;
    let elsewhere = Blobs::open(&folder.path().join("others")).unwrap();
    let other = SqlStore::open(Database::parse(&url).unwrap(), elsewhere, Rules::default()).await;
    assert!(matches!(other.err(), Some(StoreError::OtherBodies(_))));
}

async fn each_job_is_claimed_once(a: &Arc<SqlStore>, b: &Arc<SqlStore>) {
    let mut ids = BTreeSet::new();
    for _ in 0..60 {
        ids.insert(accepted(&**a, new(1)).await);
    }
    let claim = |store: &Arc<SqlStore>| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(claimed) = store.claim("n", ALL).await.unwrap() {
                mine.push(claimed.lease.job);
            }
            mine
        })
    };
    let mut claimed = Vec::new();
    for task in [claim(a), claim(b), claim(a), claim(b)] {
        claimed.extend(task.await.unwrap());
    }
    assert_eq!(claimed.len(), ids.len(), "none twice");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), ids);
    assert!(b.sweep(Leases::Expired).await.unwrap().is_empty(), "the leases of others hold");
}

async fn a_key_given_to_both_at_once_makes_one_job(a: &Arc<SqlStore>, b: &Arc<SqlStore>) {
    let mut made = 0;
    for round in 0..20 {
        let key = format!("k{round}");
        let (one, other) = tokio::join!(a.submit(with_key(&key)), b.submit(with_key(&key)));
        for submitted in [one.unwrap(), other.unwrap()] {
            match submitted {
                Submitted::New(_) => made += 1,
                Submitted::Same(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(made, 20);
    while let Some(claimed) = a.claim("a", ALL).await.unwrap() {
        a.signal(&claimed.lease.job, Wish::Discard).await.unwrap();
    }
}

async fn nodes_are_known_and_can_be_drained(a: &SqlStore, b: &SqlStore) {
    let report =
        |id: &str| NodeReport { id: id.into(), name: format!("{id}:1"), version: "1".into(), cores: 2, cores_used: 1 };
    assert_eq!(a.heartbeat(report("a")).await.unwrap(), Duty::Work);
    assert_eq!(b.heartbeat(report("b")).await.unwrap(), Duty::Work);
    let mut heard = b.wishes_elsewhere();
    heard.mark_unchanged();
    assert!(a.assign("b", Duty::Drain).await.unwrap().alive);
    tokio::time::timeout(SOON, heard.changed()).await.unwrap().unwrap();
    assert_eq!(b.heartbeat(report("b")).await.unwrap(), Duty::Drain);
    assert!(matches!(a.assign("c", Duty::Work).await, Err(StoreError::NoNode(_))));
    a.leave("a").await.unwrap();
    let left: Vec<String> = b.nodes().await.unwrap().into_iter().map(|node| node.report.id).collect();
    assert_eq!(left, ["b"]);
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_costs_nothing() {
    let Some(mut server) = postgres::Server::start() else { return };
    let url = server.database("killed");
    let folder = tempfile::tempdir().unwrap();
    let store = node(&url, folder.path()).await;
    let submit = |number: u32| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                match store.submit(with_key(&format!("{number}"))).await {
                    Ok(Submitted::New(stored) | Submitted::Same(stored)) => return stored.ticket.id,
                    Ok(other) => panic!("{other:?}"),
                    Err(StoreError::Failed(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    };
    let mut ids = BTreeSet::new();
    for round in 0..3 {
        let tasks: Vec<_> = (0..100).map(|number| submit(round * 100 + number)).collect();
        // Some are committed by now, some are not, and one transaction is likely under way.
        tokio::task::yield_now().await;
        server.kill();
        server.run();
        for task in tasks {
            ids.insert(task.await.unwrap());
        }
    }
    assert_eq!(ids.len(), 300);
    let listed = store.list(Filter::default(), 1000).await.unwrap();
    assert_eq!(listed.into_iter().map(|stored| stored.ticket.id).collect::<BTreeSet<_>>(), ids);
    for id in &ids {
        jobs::ids_and_kinds(&*store, id).await;
    }
}

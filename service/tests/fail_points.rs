//! The process dies at every place of every write in turn: before its transaction, between its commands, before the commit,
//! after the commit and before anybody hears of it, and before what is superseded is removed. Whoever comes after finds the
//! job as it was before or after, and brings it to its end.

#[path = "support/jobs.rs"]
mod jobs;
#[path = "support/postgres.rs"]
mod postgres;

use farkas_api_types::JobState;
use farkas_service::blobs::{Blobs, MOST_INLINE_BYTES};
use farkas_service::fairness::Room;
use farkas_service::jobs::{Rules, Ticket, Wish};
use farkas_service::store::{
    Body, Database, Document, Faults, Filter, Idempotency, Kind, Leases, NewJob, SqlStore, Store, StoreError, Stored,
    Submitted, Together,
};
use jobs::{ids_and_kinds, incumbent, lane, new, solved};

const ALL: Room = Room::of_cores(2, 2);

/// What was promised so far, by answers that arrived.
#[derive(Default)]
struct Promised {
    accepted: Vec<String>,
    incumbents: std::collections::BTreeSet<u32>,
}

fn order(project: &str, key: &str) -> NewJob {
    let mut order = new(1);
    order.ticket.project = project.into();
    NewJob { idempotency: Some(Idempotency { key: key.into(), digest: "d".into() }), ..order }
}

async fn submit(store: &SqlStore, order: NewJob, promised: &mut Promised) -> Result<String, StoreError> {
    Ok(promise(store.submit(order).await?, promised))
}

/// Of a job that was solved before it was written.
async fn begin(store: &SqlStore, order: NewJob, promised: &mut Promised) -> Result<String, StoreError> {
    let key = format!("result/{}/1", order.ticket.id);
    let result = Body { key: key.clone(), bytes: b"{}".to_vec() };
    let begun = store.begin(order, "n", vec![lane(), solved(&key)], vec![result]).await?;
    Ok(promise(begun, promised))
}

fn promise(submitted: Submitted, promised: &mut Promised) -> String {
    let id = match submitted {
        Submitted::New(stored) | Submitted::Same(stored) => stored.ticket.id,
        other => panic!("{other:?}"),
    };
    if !promised.accepted.contains(&id) {
        promised.accepted.push(id.clone());
    }
    id
}

/// Project and id of the batch.
fn batch(project: &str) -> (String, String) {
    (format!("{project}-batch"), "b".to_owned())
}

async fn jobs_of(store: &SqlStore, project: &str) -> Result<Vec<Stored>, StoreError> {
    store.list(Filter { project: Some(project.into()), ..Filter::default() }, 100).await
}

/// A client that submits a batch, looks whether it is there where no answer came, and gives it up.
async fn submit_batch(store: &SqlStore, of: &str) -> Result<(), StoreError> {
    let (project, id) = batch(of);
    if store.document(Kind::Batch, &project, &id).await?.is_none() {
        let document = Document::new(Kind::Batch, project.clone(), id, &3)?;
        let jobs = (0..3).map(|_| new(1));
        let jobs = jobs.map(|new| NewJob { ticket: Ticket { project: project.clone(), ..new.ticket }, ..new });
        let together = Together { document: Some(document), bodies: Vec::new(), jobs: jobs.collect() };
        store.submit_together(together).await?;
    }
    for stored in jobs_of(store, &project).await? {
        store.signal(&stored.ticket.id, Wish::Discard).await?;
    }
    Ok(())
}

/// A client and a node at work, until all is finished or the process dies.
async fn live(store: &SqlStore, blobs: &Blobs, project: &str, promised: &mut Promised) -> Result<(), StoreError> {
    submit_batch(store, project).await?;
    let solve = submit(store, order(project, "solve"), promised).await?;
    let cancel = submit(store, order(project, "cancel"), promised).await?;
    store.signal(&cancel, Wish::Discard).await?;
    let begun = begin(store, order(project, "begun"), promised).await?;
    assert_eq!(store.job(&begun).await?.job.state, JobState::Succeeded, "all of it in one transaction");
    while !store.job(&solve).await?.job.state.is_finished() {
        // The server may not have noticed yet that a dead process' transaction is over.
        store.sweep(Leases::All).await?;
        let Some(claimed) = store.claim("n", ALL).await? else { continue };
        assert_eq!(claimed.lease.job, solve);
        let lease = claimed.lease;
        store.renew(vec![lease.clone()]).await?;
        for objective in [5, 4] {
            let key = format!("point/{project}/{}-{objective}", lease.epoch);
            // One of them travels in the transaction, the other is an object.
            let bytes = if objective == 5 { vec![1; MOST_INLINE_BYTES + 1] } else { vec![1] };
            let bodies: Vec<Body> = blobs.place(&key, bytes).await?.into_iter().collect();
            store.advance(&lease, vec![lane(), incumbent(objective.into(), &key)], bodies).await?;
            promised.incumbents.insert(objective);
        }
        let key = format!("result/{project}/{}", lease.epoch);
        let result = Body { key: key.clone(), bytes: b"{}".to_vec() };
        store.advance(&lease, vec![solved(&key)], vec![result]).await?;
    }
    Ok(())
}

async fn check(store: &SqlStore, project: &str, promised: &Promised) {
    let batch = jobs_of(store, &batch(project).0).await.unwrap();
    assert_eq!(batch.len(), 3, "{project}: a batch is there once, and whole");
    assert!(batch.iter().all(|stored| stored.job.state == JobState::Canceled), "{project}");
    let mut listed: Vec<String> =
        jobs_of(store, project).await.unwrap().into_iter().map(|stored| stored.ticket.id).collect();
    listed.reverse();
    assert_eq!(listed, promised.accepted, "{project}");
    for (id, end) in promised.accepted.iter().zip([JobState::Succeeded, JobState::Canceled, JobState::Succeeded]) {
        let kinds = ids_and_kinds(store, id).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "result").count(), 1, "{project}: {kinds:?}");
        let job = store.job(id).await.unwrap().job;
        assert_eq!((job.state, job.last_event), (end, kinds.len() as u64), "{project}");
        for key in job.points.iter().map(|point| &point.key).chain(&job.result) {
            assert!(store.body(key).await.unwrap().is_some(), "{project}: {key} is gone");
        }
        if Some(id) == promised.accepted.first() {
            let incumbents = kinds.iter().filter(|kind| *kind == "incumbent").count();
            // One that an attempt finds again is told once.
            assert_eq!(incumbents, promised.incumbents.len(), "{project}");
        }
    }
}

/// Lets the process die at each place in turn; answers how many there are.
async fn die_everywhere(database: &Database, blobs: &Blobs) -> i64 {
    for place in 0.. {
        let (project, faults) = (format!("p{place}"), Faults::after(place));
        let rules = Rules { kept_points: 1, ..Rules::default() };
        let mut promised = Promised::default();
        let first = SqlStore::open_to_fail(database.clone(), blobs.clone(), rules, faults.clone()).await.unwrap();
        let lived = live(&first, blobs, &project, &mut promised).await;
        match lived {
            Ok(()) => {}
            Err(StoreError::Closed) => assert!(faults.have_struck()),
            Err(error) => panic!("{error}"),
        }
        drop(first);
        let second = SqlStore::open(database.clone(), blobs.clone(), rules).await.unwrap();
        live(&second, blobs, &project, &mut promised).await.unwrap();
        check(&second, &project, &promised).await;
        if !faults.have_struck() {
            return place;
        }
    }
    unreachable!("the places of a finite script end")
}

#[tokio::test]
async fn a_process_may_die_anywhere_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let database = Database::file(&folder.path().join("farkas.db")).unwrap();
    let places = die_everywhere(&database, &blobs).await;
    assert!(places > 20, "only {places} places");
}

#[tokio::test]
async fn a_process_may_die_anywhere_on_postgresql() {
    let Some(server) = postgres::Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let database = Database::parse(&server.database("faults")).unwrap();
    let places = die_everywhere(&database, &blobs).await;
    assert!(places > 20, "only {places} places");
}

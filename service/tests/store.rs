//! The suite that every store passes: what is accepted stays, what is fenced writes nothing, events have no gaps.

#[path = "support/jobs.rs"]
mod jobs;
#[path = "support/postgres.rs"]
mod postgres;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use farkas_api_types::JobState;
use farkas_service::blobs::{Blobs, MOST_INLINE_BYTES};
use farkas_service::fairness::Room;
use farkas_service::jobs::{Cause, FIRST_EPOCH, Rules, Wish};
use farkas_service::store::{
    Body, Database, Document, Filter, Idempotency, Kind, Lease, Leases, NewJob, Queued, Renewed, SqlStore, Store,
    StoreError, Stored, Submitted, SubmittedTogether, Together,
};
use jobs::{accepted, ids_and_kinds, incumbent, lane, new, solved};

const ALL: Room = Room::of_cores(2, 2);

/// Where a case keeps its jobs: a database of its own, and a folder.
struct Place {
    database: Database,
    folder: tempfile::TempDir,
}

impl Place {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: Database::file(&folder.path().join("farkas.db")).unwrap(), folder }
    }

    fn blobs(&self) -> Blobs {
        Blobs::open(&self.folder.path().join("blobs")).unwrap()
    }

    async fn open(&self) -> SqlStore {
        let rules = Rules { kept_points: 1, ..Rules::default() };
        SqlStore::open(self.database.clone(), self.blobs(), rules).await.unwrap()
    }
}

type Case = for<'a> fn(&'a Place) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Every promise of a store.
const CASES: &[(&str, Case)] = &[
    ("a_job_lives_and_survives_the_store", |place| Box::pin(a_job_lives_and_survives_the_store(place))),
    ("a_job_begun_before_it_was_written_is_whole", |place| Box::pin(a_job_begun_before_it_was_written_is_whole(place))),
    ("who_lost_the_lease_writes_nothing", |place| Box::pin(who_lost_the_lease_writes_nothing(place))),
    ("an_idempotency_key_gives_the_same_job_or_an_error", |place| {
        Box::pin(an_idempotency_key_gives_the_same_job_or_an_error(place))
    }),
    ("claims_take_the_oldest_job_that_fits", |place| Box::pin(claims_take_the_oldest_job_that_fits(place))),
    ("what_belongs_together_is_there_whole_or_not_at_all", |place| {
        Box::pin(what_belongs_together_is_there_whole_or_not_at_all(place))
    }),
    ("a_queue_has_a_limit_and_a_list_has_pages", |place| Box::pin(a_queue_has_a_limit_and_a_list_has_pages(place))),
    ("a_key_has_a_limit_of_its_own", |place| Box::pin(a_key_has_a_limit_of_its_own(place))),
    ("values_that_are_superseded_are_dropped_also_as_files", |place| {
        Box::pin(values_that_are_superseded_are_dropped_also_as_files(place))
    }),
    ("many_at_once_are_all_accepted_and_each_is_claimed_once", |place| {
        Box::pin(many_at_once_are_all_accepted_and_each_is_claimed_once(place))
    }),
    ("watchers_hear_of_every_change", |place| Box::pin(watchers_hear_of_every_change(place))),
    ("what_waits_too_long_expires", |place| Box::pin(what_waits_too_long_expires(place))),
];

#[tokio::test]
async fn sqlite_keeps_every_promise() {
    for (name, case) in CASES {
        println!("{name}");
        case(&Place::sqlite()).await;
    }
}

#[tokio::test]
async fn postgresql_keeps_every_promise() {
    let Some(server) = postgres::Server::start() else { return };
    for (name, case) in CASES {
        println!("{name}");
        let database = Database::parse(&server.database(name)).unwrap();
        case(&Place { database, folder: tempfile::tempdir().unwrap() }).await;
    }
}

async fn a_job_lives_and_survives_the_store(place: &Place) {
    let id = {
        let store = place.open().await;
        let id = accepted(&store, new(1)).await;
        let claimed = store.claim("n", ALL).await.unwrap().unwrap();
        assert_eq!((claimed.lease.job.as_str(), claimed.lease.epoch), (id.as_str(), 1));
        let point = Body { key: "point/1".into(), bytes: vec![1] };
        store.advance(&claimed.lease, vec![lane(), incumbent(5.0, "point/1")], vec![point]).await.unwrap();
        let result = Body { key: "result/1".into(), bytes: b"{}".to_vec() };
        let job = store.advance(&claimed.lease, vec![solved("result/1")], vec![result]).await.unwrap();
        assert_eq!(job.state, JobState::Succeeded);
        assert!(store.claim("n", ALL).await.unwrap().is_none());
        id
    };
    let store = place.open().await;
    let kinds = ids_and_kinds(&store, &id).await;
    assert_eq!(kinds, ["state", "state", "state", "lane", "incumbent", "state", "result"]);
    let stored = store.job(&id).await.unwrap();
    assert_eq!((stored.job.state, stored.job.last_event), (JobState::Succeeded, 7));
    assert_eq!(store.body("model/m").await.unwrap().as_deref(), Some(&b"model"[..]));
    assert_eq!(store.body("point/1").await.unwrap(), Some(vec![1]));
    assert_eq!(store.body("point/2").await.unwrap(), None);
    assert_eq!(store.counts().await.unwrap(), [("succeeded".to_string(), 1)]);
    let late = Lease { job: id.clone(), epoch: 1 };
    assert!(matches!(store.advance(&late, vec![lane()], Vec::new()).await, Err(StoreError::Refused(_))));
    assert!(matches!(store.job("no").await, Err(StoreError::NoJob(_))));
}

async fn what_belongs_together_is_there_whole_or_not_at_all(place: &Place) {
    let store = place.open().await;
    let together = |id: &str, most_queued| Together {
        document: Some(Document::new(Kind::Batch, "default".into(), id.into(), &id).unwrap()),
        bodies: vec![Body { key: format!("model/{id}"), bytes: b"image".to_vec() }],
        jobs: (0..3).map(|_| NewJob { most_queued, ..new(1) }).collect(),
    };
    let refused = store.submit_together(together("b1", 2)).await.unwrap();
    assert_eq!(refused, SubmittedTogether::QueueFull { queued: 0 });
    assert_eq!(store.document(Kind::Batch, "default", "b1").await.unwrap(), None);
    assert_eq!((store.counts().await.unwrap(), store.body("model/b1").await.unwrap()), (Vec::new(), None));
    let SubmittedTogether::New(stored) = store.submit_together(together("b2", 3)).await.unwrap() else { panic!() };
    assert_eq!(store.counts().await.unwrap(), [("queued".to_string(), 3)]);
    assert!(store.document(Kind::Batch, "default", "b2").await.unwrap().is_some());
    assert_eq!(store.body("model/b2").await.unwrap().as_deref(), Some(&b"image"[..]));
    for stored in stored {
        assert_eq!(ids_and_kinds(&store, &stored.ticket.id).await, ["state"]);
    }
    let full = store.submit_together(together("b3", 5)).await.unwrap();
    assert_eq!(full, SubmittedTogether::QueueFull { queued: 3 });
    let mut share = together("b4", 100);
    share.jobs.iter_mut().for_each(|new| new.most_queued_of_holder = 5);
    assert_eq!(store.submit_together(share).await.unwrap(), SubmittedTogether::ShareFull { queued: 3 });
    assert_eq!(store.document(Kind::Batch, "default", "b4").await.unwrap(), None);
}

async fn a_job_begun_before_it_was_written_is_whole(place: &Place) {
    let store = place.open().await;
    let with_key =
        |digest: &str| NewJob { idempotency: Some(Idempotency { key: "k".into(), digest: digest.into() }), ..new(1) };
    let over = vec![lane(), incumbent(5.0, "point/1"), solved("result/1")];
    let bodies = ["point/1", "result/1"].map(|key| Body { key: key.into(), bytes: vec![1] }).to_vec();
    let begun = store.begin(with_key("a"), "n", over.clone(), bodies.clone()).await.unwrap();
    let Submitted::New(stored) = begun else { panic!("{begun:?}") };
    let (id, job) = (stored.ticket.id.clone(), &stored.job);
    assert_eq!((job.state, job.epoch, job.attempts, job.last_event), (JobState::Succeeded, 1, 1, 7));
    assert_eq!(store.job(&id).await.unwrap(), stored);
    let kinds = ids_and_kinds(&store, &id).await;
    assert_eq!(kinds, ["state", "state", "state", "lane", "incumbent", "state", "result"]);
    for key in ["model/m", "point/1", "result/1"] {
        assert!(store.body(key).await.unwrap().is_some(), "{key}");
    }
    // What was known before is told, and nothing is written.
    let Submitted::Same(same) = store.begin(with_key("a"), "n", over.clone(), bodies.clone()).await.unwrap() else {
        panic!()
    };
    assert_eq!(same.ticket.id, id);
    assert_eq!(store.begin(with_key("b"), "n", over, bodies).await.unwrap(), Submitted::KeyReused);
    assert_eq!(store.list(Filter::default(), 10).await.unwrap().len(), 1);

    // One that is not over is leased to its node, and nobody else's to claim.
    let begun = store.begin(new(1), "n", vec![lane()], Vec::new()).await.unwrap();
    let Submitted::New(Stored { ticket, job }) = begun else { panic!("{begun:?}") };
    assert_eq!(job.state, JobState::Running);
    assert!(store.claim("m", ALL).await.unwrap().is_none());
    let lease = Lease { job: ticket.id.clone(), epoch: FIRST_EPOCH };
    assert_eq!(store.renew(vec![lease.clone()]).await.unwrap(), [Renewed::Held { wish: None }]);
    store.advance(&lease, vec![solved("result/2")], Vec::new()).await.unwrap();

    // One that was given back waits, and causes that do not fit write nothing.
    let back = Cause::Released { seconds: 0.1 };
    let begun = store.begin(new(1), "n", vec![lane(), back.clone()], Vec::new()).await.unwrap();
    let Submitted::New(waiting) = begun else { panic!("{begun:?}") };
    assert_eq!(store.claim("m", ALL).await.unwrap().unwrap().lease.job, waiting.ticket.id);
    let refused = store.begin(new(1), "n", vec![back, lane()], Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(store.list(Filter::default(), 10).await.unwrap().len(), 3);
}

async fn who_lost_the_lease_writes_nothing(place: &Place) {
    let store = place.open().await;
    let id = accepted(&store, new(1)).await;
    let old = store.claim("a", ALL).await.unwrap().unwrap().lease;
    assert!(store.sweep(Leases::Expired).await.unwrap().is_empty(), "the lease still holds");
    assert_eq!(store.renew(vec![old.clone()]).await.unwrap(), [Renewed::Held { wish: None }]);

    assert_eq!(store.sweep(Leases::All).await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(store.renew(vec![old.clone()]).await.unwrap(), [Renewed::Lost]);
    let fresh = store.claim("b", ALL).await.unwrap().unwrap();
    assert_eq!((fresh.lease.epoch, fresh.stored.job.interruptions), (2, 1));
    let before = ids_and_kinds(&store, &id).await;
    let body = Body { key: "result/old".into(), bytes: vec![1] };
    let refused = store.advance(&old, vec![solved("result/old")], vec![body]).await;
    assert!(matches!(refused, Err(StoreError::Fenced { held: 1, now: 2, .. })), "{refused:?}");
    assert_eq!(ids_and_kinds(&store, &id).await, before);
    assert_eq!(store.body("result/old").await.unwrap(), None);
    store.advance(&fresh.lease, vec![solved("result/new")], Vec::new()).await.unwrap();
}

async fn an_idempotency_key_gives_the_same_job_or_an_error(place: &Place) {
    let store = place.open().await;
    let with_key =
        |digest: &str| NewJob { idempotency: Some(Idempotency { key: "k".into(), digest: digest.into() }), ..new(1) };
    let id = accepted(&store, with_key("a")).await;
    let Submitted::Same(same) = store.submit(with_key("a")).await.unwrap() else { panic!() };
    assert_eq!(same.ticket.id, id);
    assert_eq!(store.submit(with_key("b")).await.unwrap(), Submitted::KeyReused);
    assert_eq!(store.list(Filter::default(), 10).await.unwrap().len(), 1);
    let mut elsewhere = with_key("b");
    elsewhere.ticket.project = "other".into();
    assert_ne!(accepted(&store, elsewhere).await, id, "keys are a project's own");
    let of = |project: &str| Filter { project: Some(project.into()), ..Filter::default() };
    assert_eq!(store.list(of("default"), 10).await.unwrap()[0].ticket.id, id);
    assert_eq!(store.list(of("other"), 10).await.unwrap().len(), 1);
    assert!(store.list(of("third"), 10).await.unwrap().is_empty());
}

async fn claims_take_the_oldest_job_that_fits(place: &Place) {
    let store = place.open().await;
    let large = accepted(&store, new(2)).await;
    let small = accepted(&store, new(1)).await;
    let monster = accepted(&store, new(64)).await;
    assert_eq!(store.position(&small).await.unwrap(), 1);
    let claim = async |free| store.claim("n", Room::of_cores(free, 2)).await.unwrap().map(|c| c.lease.job);
    assert_eq!(claim(1).await, Some(small));
    assert_eq!(claim(1).await, None);
    assert_eq!(claim(2).await, Some(large));
    assert_eq!(claim(2).await, Some(monster), "a job for a larger machine gets all of this one");

    // Several at once get no more than there is.
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(accepted(&store, new(1)).await);
    }
    let room = Room { tiny_free: 1, ..Room::of_cores(2, 2) };
    let claimed = store.claim_some("n", room, 16).await.unwrap();
    let taken: Vec<(&String, bool)> = claimed.iter().map(|c| (&c.lease.job, c.beside)).collect();
    assert_eq!(taken, [(&ids[0], false), (&ids[1], false), (&ids[2], true)]);
    let one = store.claim_some("n", room, 1).await.unwrap();
    assert_eq!(one.len(), 1);
    assert!(store.claim_some("n", Room::of_cores(0, 2), 16).await.unwrap().is_empty());
}

async fn a_queue_has_a_limit_and_a_list_has_pages(place: &Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(accepted(&store, new(1)).await);
    }
    let full = store.submit(NewJob { most_queued: 3, ..new(1) }).await.unwrap();
    assert_eq!(full, Submitted::QueueFull { queued: 3 });
    let list = async |filter| -> Vec<String> {
        store.list(filter, 2).await.unwrap().into_iter().map(|stored| stored.ticket.id).collect()
    };
    assert_eq!(list(Filter::default()).await, [ids[2].clone(), ids[1].clone()]);
    assert_eq!(list(Filter { before: Some(ids[1].clone()), ..Filter::default() }).await, [ids[0].clone()]);
    store.signal(&ids[1], Wish::Discard).await.unwrap();
    assert_eq!(list(Filter { states: vec![JobState::Canceled], ..Filter::default() }).await, [ids[1].clone()]);
    assert_eq!(list(Filter { tag: Some("t".into()), ..Filter::default() }).await.len(), 2);
    assert!(list(Filter { tag: Some("other".into()), ..Filter::default() }).await.is_empty());
}

/// Jobs that wait are counted, whatever made them wait or ended that; what this store did not see happen, too.
async fn a_key_has_a_limit_of_its_own(place: &Place) {
    let of = |key: &str| {
        let mut new = NewJob { most_queued_of_holder: 2, ..new(1) };
        new.ticket.key = Some(key.into());
        new
    };
    let full = |found: Submitted| assert_eq!(found, Submitted::ShareFull { queued: 2 });
    let (first, second) = {
        let store = place.open().await;
        let (first, second) = (accepted(&store, of("a")).await, accepted(&store, of("a")).await);
        full(store.submit(of("a")).await.unwrap());
        accepted(&store, of("b")).await;
        // Whoever has no key counts for the project.
        accepted(&store, NewJob { most_queued_of_holder: 1, ..new(1) }).await;
        let found = store.submit(NewJob { most_queued_of_holder: 1, ..new(1) }).await.unwrap();
        assert_eq!(found, Submitted::ShareFull { queued: 1 });
        assert_eq!(store.queued("a").await.unwrap(), Queued { in_all: 4, of_holder: 2 });
        (first, second)
    };
    let store = place.open().await;
    full(store.submit(of("a")).await.unwrap());
    // One that runs leaves its place, and comes back to it however full the queue is meanwhile.
    let claimed = store.claim("n", ALL).await.unwrap().unwrap();
    assert_eq!(claimed.lease.job, first);
    let third = accepted(&store, of("a")).await;
    full(store.submit(of("a")).await.unwrap());
    store.advance(&claimed.lease, vec![Cause::Released { seconds: 0.1 }], Vec::new()).await.unwrap();
    assert_eq!(store.submit(of("a")).await.unwrap(), Submitted::ShareFull { queued: 3 });
    for id in [&first, &second] {
        store.signal(id, Wish::Discard).await.unwrap();
        store.signal(id, Wish::Discard).await.unwrap();
    }
    accepted(&store, of("a")).await;
    full(store.submit(of("a")).await.unwrap());
    assert_eq!(store.job(&third).await.unwrap().job.state, JobState::Queued);
    // A job that was begun before it was written never waits, and is let in.
    let begun = store.begin(of("a"), "n", vec![lane(), solved("result/1")], Vec::new()).await.unwrap();
    assert!(matches!(begun, Submitted::New(_)), "{begun:?}");
    full(store.submit(of("a")).await.unwrap());
}

async fn values_that_are_superseded_are_dropped_also_as_files(place: &Place) {
    let store = place.open().await;
    let blobs = place.blobs();
    accepted(&store, new(1)).await;
    let lease = store.claim("n", ALL).await.unwrap().unwrap().lease;
    let large = vec![1; MOST_INLINE_BYTES + 1];
    assert_eq!(blobs.place("point/large", large.clone()).await.unwrap(), None);
    store.advance(&lease, vec![incumbent(5.0, "point/large")], Vec::new()).await.unwrap();
    assert_eq!(store.body("point/large").await.unwrap(), Some(large));
    let small = Body { key: "point/small".into(), bytes: vec![2] };
    store.advance(&lease, vec![incumbent(4.0, "point/small")], vec![small]).await.unwrap();
    let worse = Body { key: "point/worse".into(), bytes: vec![3] };
    store.advance(&lease, vec![incumbent(4.5, "point/worse")], vec![worse]).await.unwrap();
    // The file goes after the commit; one more write has to wait for that.
    store.sweep(Leases::Expired).await.unwrap();
    assert_eq!(store.body("point/large").await.unwrap(), None);
    assert_eq!(store.body("point/worse").await.unwrap(), None);
    assert_eq!(store.body("point/small").await.unwrap(), Some(vec![2]));
}

async fn many_at_once_are_all_accepted_and_each_is_claimed_once(place: &Place) {
    let store = Arc::new(place.open().await);
    let submit = |_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { accepted(&*store, new(1)).await })
    };
    let mut ids = Vec::new();
    for task in (0..100).map(submit).collect::<Vec<_>>() {
        ids.push(task.await.unwrap());
    }
    let claim = |_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(claimed) = store.claim("n", ALL).await.unwrap() {
                mine.push(claimed.lease.job);
            }
            mine
        })
    };
    let mut claimed = Vec::new();
    for task in (0..4).map(claim).collect::<Vec<_>>() {
        claimed.extend(task.await.unwrap());
    }
    ids.sort();
    claimed.sort();
    assert_eq!(claimed, ids);
}

async fn watchers_hear_of_every_change(place: &Place) {
    let store = place.open().await;
    let id = accepted(&store, new(1)).await;
    let mut watch = store.watch(&id);
    let mut queue = store.queue_changed();
    store.signal(&id, Wish::Keep).await.unwrap();
    // What was told when it was accepted may still be on its way.
    watch.wait_for(|last| *last == 3).await.unwrap();
    accepted(&store, new(1)).await;
    queue.changed().await.unwrap();
}

async fn what_waits_too_long_expires(place: &Place) {
    let store = place.open().await;
    let mut late = new(1);
    late.ticket.options.queue_timeout_seconds = Some(-1.0);
    let id = accepted(&store, late).await;
    let patient = accepted(&store, new(1)).await;
    assert_eq!(store.sweep(Leases::Expired).await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(store.job(&id).await.unwrap().job.state, JobState::Expired);
    assert_eq!(store.job(&patient).await.unwrap().job.state, JobState::Queued);
}

/// A database as schema 1 left it, with a job of its time.
const OF_SCHEMA_1: &str = r#"
    INSERT INTO jobs (id, state, cores, epoch, ticket, job) VALUES ('01', 'queued', 1, 0,
        '{"id": "01", "name": null, "tags": [], "options": {}, "cores": 1, "time_limit_seconds": null,
          "shape": {"rows": 1, "columns": 1, "nonzeros": 1, "integers": 1, "sense": "minimize"},
          "model": "model/m", "start": null}',
        '{"state": "queued", "reason": null, "wish": null, "attempts": 0, "failures": 0, "interruptions": 0,
          "epoch": 0, "created_at": 1000, "started_at": null, "finished_at": null, "expires_at": null,
          "seconds": 0, "seconds_before": 0, "incumbent": null, "found_by": null, "bound": null, "points": [],
          "lanes": [], "phase": null, "log_bytes": 0, "termination": null, "gap": null, "result": null,
          "last_event": 1}');
    INSERT INTO events (job_id, id, kind, body) VALUES ('01', 1, 'state', '{}');
    INSERT INTO idempotency (key, digest, job_id, created_at) VALUES ('k', 'a', '01', 9000000000000);
    PRAGMA user_version = 1"#;

/// SQL on the file itself.
async fn on_file(place: &Place, statements: &[&str]) {
    use sqlx::{ConnectOptions, Executor};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.folder.path().join("farkas.db"));
    let mut connection = options.create_if_missing(true).connect().await.unwrap();
    for statement in statements {
        connection.execute(*statement).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_schema_1_is_brought_on() {
    let place = Place::sqlite();
    on_file(&place, &[include_str!("../src/store/migrations/0001_jobs.sql"), OF_SCHEMA_1]).await;
    let store = place.open().await;
    let mine = Filter { project: Some("default".into()), ..Filter::default() };
    let jobs = store.list(mine, 10).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].ticket.project.as_str()), (1, "default"));
    let again = NewJob { idempotency: Some(Idempotency { key: "k".into(), digest: "a".into() }), ..new(1) };
    assert!(matches!(store.submit(again).await.unwrap(), Submitted::Same(stored) if stored.ticket.id == "01"));
    assert_eq!(store.claim("n", ALL).await.unwrap().unwrap().lease.job, "01");
    assert_eq!(ids_and_kinds(&store, "01").await, ["state", "state"]);
}

#[tokio::test]
async fn a_later_schema_is_refused() {
    let place = Place::sqlite();
    drop(place.open().await);
    on_file(&place, &["PRAGMA user_version = 1000"]).await;
    let opened = SqlStore::open(place.database.clone(), place.blobs(), Rules::default()).await;
    assert!(matches!(opened.err(), Some(StoreError::TooNew { found: 1000, .. })));
}

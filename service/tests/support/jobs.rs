//! Jobs for the stores' tests.

use farkas_api_types::{EventBody, LaneStatus, SolveOptions};
use farkas_modeling::answer::LaneState;
use farkas_service::jobs::{Cause, Ticket, Told};
use farkas_service::store::{Body, NewJob, Store, Submitted};

/// A job that asks for so many cores.
pub fn new(cores: u32) -> NewJob {
    let json = r#"{"rows": 1, "columns": 1, "nonzeros": 1, "integers": 1, "sense": "minimize"}"#;
    let ticket = Ticket {
        id: uuid::Uuid::now_v7().to_string(),
        project: "default".into(),
        name: Some("a job".into()),
        tags: vec!["t".into()],
        work: farkas_service::jobs::Work::Solve,
        options: SolveOptions::default(),
        cores,
        time_limit_seconds: None,
        shape: serde_json::from_str(json).unwrap(),
        model: "model/m".into(),
        start: None,
    };
    let bodies = vec![Body { key: "model/m".into(), bytes: b"model".to_vec() }];
    NewJob { ticket, bodies, warnings: Vec::new(), idempotency: None, most_queued: 1000 }
}

/// Submits a job that nobody submitted before.
pub async fn accepted(store: &impl Store, new: NewJob) -> String {
    match store.submit(new).await.unwrap() {
        Submitted::New(stored) => stored.ticket.id,
        other => panic!("{other:?}"),
    }
}

/// A solver begins.
pub fn lane() -> Cause {
    let lane = LaneStatus { lane: 0, solver: "m".into(), state: LaneState::Running, detail: None };
    Cause::Told(Told { seconds: 0.0, body: EventBody::Lane(lane), point: None })
}

/// What happened to a job; its log has no gaps.
pub async fn ids_and_kinds(store: &impl Store, job: &str) -> Vec<String> {
    let events = store.events(job, 0, None, 1000).await.unwrap();
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "no gaps");
    events.into_iter().map(|event| event.kind).collect()
}

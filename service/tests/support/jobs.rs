//! Jobs for the stores' tests.
#![allow(dead_code)] // not everybody who includes this file needs all of it

use farkas_api_types::{EventBody, LaneStatus, Number, SolveOptions, SolveResult};
use farkas_modeling::answer::LaneState;
use farkas_service::jobs::{Cause, Outcome, Ticket, Told};
use farkas_service::store::{Body, NewJob, Store, Submitted};

/// A job that asks for so many cores.
pub fn new(cores: u32) -> NewJob {
    let json = r#"{"rows": 1, "columns": 1, "nonzeros": 1, "integers": 1, "sense": "minimize"}"#;
    let ticket = Ticket {
        id: uuid::Uuid::now_v7().to_string(),
        project: "default".into(),
        key: None,
        name: Some("a job".into()),
        tags: vec!["t".into()],
        work: farkas_service::jobs::Work::Solve,
        options: SolveOptions::default(),
        cores,
        solvers: Vec::new(),
        time_limit_seconds: None,
        shape: serde_json::from_str(json).unwrap(),
        model: "model/m".into(),
        patches: Vec::new(),
        start: None,
    };
    let bodies = vec![Body { key: "model/m".into(), bytes: b"model".to_vec() }];
    NewJob { ticket, bodies, warnings: Vec::new(), idempotency: None, most_queued: 1000, most_queued_of_holder: 1000 }
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

/// Something was found.
pub fn incumbent(objective: f64, key: &str) -> Cause {
    let body = EventBody::Incumbent { objective: Number(objective), found_by: "m".into(), checked: true, blob: None };
    Cause::Told(Told { seconds: 0.1, body, point: Some(key.into()) })
}

/// The end.
pub fn solved(key: &str) -> Cause {
    let json = r#"{"problem": {"rows": 1, "columns": 1, "nonzeros": 1, "integers": 1, "sense": "minimize"},
        "termination": {"reason": "OPTIMAL", "limit": null, "detail": ""}, "objective": 3, "bound": 3, "gap": 0,
        "seconds": 1, "evidence": {"level": "checked", "max_row_violation": 0, "max_bound_violation": 0,
        "max_integrality_violation": 0, "found_by": "m", "agreed_by": [], "tolerances": {}},
        "lanes": [], "variables": null, "duals": null, "reduced_costs": null, "ray": null}"#;
    let result: SolveResult = serde_json::from_str(json).unwrap();
    Cause::Solved(Box::new(Outcome { seconds: 1.0, result, key: key.into() }))
}

/// What happened to a job; its log has no gaps.
pub async fn ids_and_kinds(store: &impl Store, job: &str) -> Vec<String> {
    let events = store.events(job, 0, None, 1000).await.unwrap();
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "no gaps");
    events.into_iter().map(|event| event.kind).collect()
}

//! Jobs by table: every state under every cause, and the promises that hold over any sequence of causes.

use farkas_api_types::{EventBody, JobState, Number, ProblemShape, SolveOptions, SolveResult};
use farkas_modeling::answer::LaneState;
use farkas_modeling::problem::Sense;

use super::*;
use JobState::{Canceled, Expired, Failed, Queued, Running, Starting, Stopping, Succeeded};

const NOW: i64 = 1_700_000_000_000;

fn ticket() -> Ticket {
    Ticket {
        id: "j".into(),
        project: DEFAULT_PROJECT.into(),
        key: None,
        name: None,
        tags: Vec::new(),
        work: Work::Solve,
        options: SolveOptions { queue_timeout_seconds: Some(5.0), ..SolveOptions::default() },
        cores: 1,
        solvers: Vec::new(),
        time_limit_seconds: Some(60.0),
        shape: ProblemShape { rows: 1, columns: 1, nonzeros: 1, integers: 1, sense: Sense::Minimize },
        model: "model/x".into(),
        patches: Vec::new(),
        start: None,
    }
}

fn told(seconds: f64, body: EventBody, point: Option<&str>) -> Cause {
    Cause::Told(Told { seconds, body, point: point.map(Into::into) })
}

fn incumbent(objective: f64, point: &str) -> Cause {
    let body = EventBody::Incumbent { objective: Number(objective), found_by: "m".into(), checked: true, blob: None };
    told(1.0, body, Some(point))
}

fn running() -> Cause {
    let lane = farkas_api_types::LaneStatus { lane: 0, solver: "m".into(), state: LaneState::Running, detail: None };
    told(0.0, EventBody::Lane(lane), None)
}

fn result() -> SolveResult {
    let json = r#"{"problem": {"rows": 1, "columns": 1, "nonzeros": 1, "integers": 1, "sense": "minimize"},
        "termination": {"reason": "OPTIMAL", "limit": null, "detail": ""}, "objective": 3, "bound": 3, "gap": 0,
        "seconds": 1, "evidence": {"level": "checked", "max_row_violation": 0, "max_bound_violation": 0,
        "max_integrality_violation": 0, "found_by": "m", "agreed_by": [], "tolerances": {}},
        "lanes": [], "variables": null, "duals": null, "reduced_costs": null, "ray": null}"#;
    serde_json::from_str(json).unwrap()
}

fn solved() -> Cause {
    Cause::Solved(Box::new(Outcome { seconds: 2.0, result: result(), key: "result/j/1".into() }))
}

fn failed() -> Cause {
    Cause::Failed { seconds: 1.0, reason: "crash".into() }
}

/// A job that went through these causes, and all its events; checks what holds for every sequence.
fn after(causes: &[Cause]) -> (Job, Vec<JobEvent>) {
    let (ticket, rules) = (ticket(), Rules { kept_points: 2, ..Rules::default() });
    let first = submit(&ticket, Vec::new(), Timestamp::from_millis(NOW));
    let (mut job, mut events) = (first.job, first.events);
    for (i, cause) in causes.iter().enumerate() {
        let now = Timestamp::from_millis(NOW + 1000 * (i as i64 + 1));
        let next = step(&ticket, &job, cause.clone(), &rules, now).unwrap_or_else(|e| panic!("{cause:?}: {e}"));
        assert!(next.job.epoch >= job.epoch && next.job.seconds >= job.seconds, "{cause:?}");
        (job, events) = (next.job, [events, next.events].concat());
    }
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=job.last_event).collect::<Vec<_>>(), "ids rise by one");
    let ends = events.iter().filter(|event| event.body.name() == "result").count();
    assert_eq!(ends, usize::from(job.state.is_finished()), "a job ends once: {events:?}");
    if job.state.is_finished() {
        assert_eq!(events.last().unwrap().body.name(), "result");
        assert!(job.finished_at.is_some());
    }
    (job, events)
}

#[test]
fn a_sequence_of_causes_leads_to_a_state() {
    use Wish::{Discard, Keep};
    let begun = || vec![Cause::Claimed, running()];
    let then = |more: Vec<Cause>| [begun(), more].concat();
    let cases: Vec<(&str, Vec<Cause>, JobState)> = vec![
        ("nothing", vec![], Queued),
        ("claimed", vec![Cause::Claimed], Starting),
        ("begun", begun(), Running),
        ("solved", then(vec![solved()]), Succeeded),
        ("solved before anything was told", vec![Cause::Claimed, solved()], Succeeded),
        ("waited too long", vec![Cause::TimedOut], Expired),
        ("claimed after it had waited too long", vec![Cause::Claimed, Cause::TimedOut], Expired),
        ("stopped while it waits", vec![Cause::Asked(Keep)], Succeeded),
        ("cancelled while it waits", vec![Cause::Asked(Discard)], Canceled),
        ("stopped", then(vec![Cause::Asked(Keep)]), Stopping),
        ("stopped and solved", then(vec![Cause::Asked(Keep), solved()]), Succeeded),
        ("cancelled and solved", then(vec![Cause::Asked(Discard), solved()]), Canceled),
        ("stopped, then cancelled", then(vec![Cause::Asked(Keep), Cause::Asked(Discard), solved()]), Canceled),
        ("cancelled, then stopped", then(vec![Cause::Asked(Discard), Cause::Asked(Keep), solved()]), Canceled),
        ("failed once", then(vec![failed()]), Queued),
        ("failed and solved", then(vec![failed(), Cause::Claimed, solved()]), Succeeded),
        ("failed thrice", [then(vec![failed()]), then(vec![failed()]), then(vec![failed()])].concat(), Failed),
        ("failed after a cancel", then(vec![Cause::Asked(Discard), failed()]), Canceled),
        ("failed after a stop", then(vec![Cause::Asked(Keep), failed()]), Succeeded),
        ("broken", then(vec![Cause::Broken { reason: "gone".into() }]), Failed),
        ("released", then(vec![Cause::Released { seconds: 1.0 }]), Queued),
        ("interrupted", then(vec![Cause::Interrupted]), Queued),
        ("interrupted after a cancel", then(vec![Cause::Asked(Discard), Cause::Interrupted]), Canceled),
        ("interrupted after a stop", then(vec![Cause::Asked(Keep), Cause::Interrupted]), Succeeded),
        (
            "interrupted after a stop, with an incumbent",
            then(vec![incumbent(5.0, "p"), Cause::Asked(Keep), Cause::Interrupted]),
            Queued,
        ),
        ("a wish after the end", then(vec![solved(), Cause::Asked(Discard)]), Succeeded),
    ];
    for (name, causes, state) in cases {
        assert_eq!(after(&causes).0.state, state, "{name}");
    }
}

#[test]
fn what_does_not_fit_a_state_is_refused() {
    let every = || {
        vec![
            Cause::Claimed,
            running(),
            solved(),
            failed(),
            Cause::Broken { reason: "x".into() },
            Cause::Released { seconds: 0.0 },
            Cause::Interrupted,
            Cause::TimedOut,
        ]
    };
    // Which of them each state takes, by position.
    let cases: [(Vec<Cause>, &[usize]); 5] = [
        (vec![], &[0, 7]),
        // A claim may come before those that waited too long are looked for.
        (vec![Cause::Claimed], &[1, 2, 3, 4, 5, 6, 7]),
        (vec![Cause::Claimed, running()], &[1, 2, 3, 4, 5, 6]),
        (vec![Cause::Claimed, running(), solved()], &[]),
        // It had its cores already: the queue's time-out is over.
        (vec![Cause::Claimed, Cause::Interrupted], &[0]),
    ];
    for (causes, takes) in cases {
        let (job, _) = after(&causes);
        for (i, cause) in every().into_iter().enumerate() {
            let stepped = step(&ticket(), &job, cause.clone(), &Rules::default(), Timestamp::from_millis(NOW));
            assert_eq!(stepped.is_ok(), takes.contains(&i), "{} and {cause:?}", job.state);
        }
    }
}

#[test]
fn incumbents_only_get_better_and_the_newest_values_are_kept() {
    let (job, events) = after(&[
        Cause::Claimed,
        incumbent(9.0, "a"),
        incumbent(8.0, "b"),
        incumbent(8.5, "worse"),
        incumbent(7.0, "c"),
    ]);
    let objectives: Vec<f64> = events
        .iter()
        .filter_map(|event| match event.body {
            EventBody::Incumbent { objective, .. } => Some(objective.0),
            _ => None,
        })
        .collect();
    assert_eq!(objectives, [9.0, 8.0, 7.0]);
    let kept: Vec<&str> = job.points.iter().map(|point| point.key.as_str()).collect();
    assert_eq!(kept, ["b", "c"]);

    let rules = Rules { kept_points: 2, ..Rules::default() };
    let effects = |cause| step(&ticket(), &job, cause, &rules, Timestamp::from_millis(NOW)).unwrap().effects;
    assert_eq!(effects(incumbent(6.0, "d")), [Effect::Drop("b".into())]);
    assert_eq!(effects(incumbent(7.0, "same")), [Effect::Drop("same".into())]);
}

#[test]
fn a_cancelled_job_drops_what_it_found() {
    let (job, _) = after(&[Cause::Claimed, incumbent(9.0, "a"), Cause::Asked(Wish::Discard)]);
    let next = step(&ticket(), &job, solved(), &Rules::default(), Timestamp::from_millis(NOW)).unwrap();
    assert_eq!(next.effects, [Effect::Drop("result/j/1".into()), Effect::Drop("a".into())]);
    assert!(next.job.result.is_none() && next.job.points.is_empty());
}

#[test]
fn seconds_count_over_attempts_and_the_limit_gets_what_is_left() {
    let (job, _) = after(&[Cause::Claimed, failed(), Cause::Claimed, incumbent(5.0, "p"), Cause::Interrupted]);
    assert_eq!(job.seconds, 2.0);
    assert_eq!(job.seconds_left(&ticket()), Some(58.0));
    assert_eq!((job.attempts, job.failures, job.interruptions, job.epoch), (2, 1, 1, 2));
}

#[test]
fn a_full_log_says_so_once() {
    let rules = Rules { log_bytes: 10, ..Rules::default() };
    let (mut job, _) = after(&[Cause::Claimed, running()]);
    let mut names = Vec::new();
    for line in ["four", "five5", "six", "seven"] {
        let cause = told(1.0, EventBody::Log { lane: 0, line: line.into() }, None);
        let next = step(&ticket(), &job, cause, &rules, Timestamp::from_millis(NOW)).unwrap();
        names.extend(next.events.iter().map(|event| event.body.name()));
        job = next.job;
    }
    assert_eq!(names, ["log", "log", "warning"]);
}

//! The mock plays what its script says, and what it plays is what the checker makes of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, BackendError, Control, Event, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::check::{CheckedPoint, Finding, Findings, check_point, examine};
use farkas_modeling::{Claim, ColumnKind, Limit, Problem, ProblemData, Reason, Sense, Source, Tolerances};

/// maximise 10 a + 13 b + 7 c + 8 d  subject to  3 a + 4 b + 2 c + 3 d ≤ 7,  binaries: 23 at (1, 1, 0, 0).
fn knapsack() -> Arc<Problem> {
    let data = ProblemData {
        sense: Sense::Maximize,
        cost: vec![10.0, 13.0, 7.0, 8.0],
        lower: vec![0.0; 4],
        upper: vec![1.0; 4],
        kinds: vec![ColumnKind::Integer; 4],
        row_lower: vec![f64::NEG_INFINITY],
        row_upper: vec![7.0],
        starts: vec![0, 1, 2, 3, 4],
        indices: vec![0; 4],
        values: vec![3.0, 4.0, 2.0, 3.0],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("a sound problem"))
}

/// Hears objectives, and offers a point once.
#[derive(Default)]
struct Ear {
    objectives: Mutex<Vec<f64>>,
    lines: Mutex<usize>,
    offer: Mutex<Option<Arc<CheckedPoint>>>,
}

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::Incumbent { objective, .. } => self.objectives.lock().unwrap().push(objective),
            Event::Log(_) => *self.lines.lock().unwrap() += 1,
            _ => {}
        }
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.offer.lock().unwrap().take()
    }
}

fn play(script: &str, ear: &Ear) -> Result<Claim, SessionError> {
    let mut session = Mock::new().open(knapsack()).expect("the mock opens everything");
    let native = [("mock".to_owned(), script.to_owned())].into();
    session.solve(&Options { native, ..Options::default() }, &Start::default(), ear, &StopToken::new())
}

fn found(claim: &Claim) -> Findings {
    let source = Source { backend: "mock".into(), version: "1".into(), lane: 0 };
    examine(&knapsack(), &source, claim, &Tolerances::default())
}

type Check = Box<dyn Fn(&[Finding]) -> bool>;

#[test]
fn every_end_is_what_it_says() {
    let point = |list: &[Finding], objective: f64| {
        list.iter().any(|f| matches!(f, Finding::Point(p) if p.objective() == objective))
    };
    let bound = |list: &[Finding], bound: f64| {
        list.iter().any(|f| matches!(f, Finding::Bound { value, .. } if *value == bound))
    };
    let rows: Vec<(&str, Reason, Check)> = vec![
        ("honest", Reason::Optimal, Box::new(move |l| point(l, 23.0) && bound(l, 23.0))),
        ("", Reason::Optimal, Box::new(move |l| point(l, 23.0))),
        ("slow 0", Reason::Optimal, Box::new(move |l| point(l, 23.0))),
        ("incumbent 0 1 0 0; bound 30; best", Reason::Optimal, Box::new(move |l| point(l, 13.0))),
        ("incumbent 0 1 0 0; bound 30; limit", Reason::Feasible, Box::new(move |l| point(l, 13.0) && bound(l, 30.0))),
        ("limit", Reason::NoSolutionFound, Box::new(<[Finding]>::is_empty)),
        ("lie-objective", Reason::Optimal, Box::new(|l| l.iter().any(|f| matches!(f, Finding::Misstated { .. })))),
        ("lie-optimal", Reason::Optimal, Box::new(move |l| point(l, 0.0) && bound(l, 0.0))),
        ("lie-bound", Reason::Feasible, Box::new(move |l| point(l, 0.0) && bound(l, 13.0))),
        ("lie-point", Reason::Optimal, Box::new(|l| l.iter().any(|f| matches!(f, Finding::Measured(_))))),
        ("lie-infeasible", Reason::Infeasible, Box::new(|l| l.iter().any(|f| matches!(f, Finding::Infeasible(_))))),
        ("lie-unbounded", Reason::Unbounded, Box::new(|l| l.iter().any(|f| matches!(f, Finding::Unbounded(_))))),
        ("nan", Reason::Optimal, Box::new(|l| l.iter().any(|f| matches!(f, Finding::BadPoint(_))))),
        ("short", Reason::Optimal, Box::new(|l| l.iter().any(|f| matches!(f, Finding::BadPoint(_))))),
    ];
    for (script, reason, check) in rows {
        let claim = play(script, &Ear::default()).expect("these scripts end in a claim");
        assert_eq!(claim.termination.reason(), reason, "{script}");
        let findings = found(&claim);
        assert!(check(&findings.list), "{script}: {:?}", findings.list);
    }
}

#[test]
fn incumbents_get_better_and_offers_are_taken() {
    let ear = Ear::default();
    play("slow 0", &ear).expect("a claim");
    let objectives = ear.objectives.lock().unwrap().clone();
    assert!(objectives.len() > 2 && objectives.last() == Some(&23.0), "{objectives:?}");

    let checked = check_point(&knapsack(), &[0.0, 1.0, 1.0, 0.0], &Tolerances::default());
    let ear = Ear::default();
    *ear.offer.lock().unwrap() = checked.ok().and_then(Result::ok).map(Arc::new);
    let claim = play("take; best", &ear).expect("a claim");
    assert_eq!(claim.objective, Some(20.0));
}

#[test]
fn a_flood_is_heard_and_errors_are_told() {
    let ear = Ear::default();
    play("flood 100; log one more", &ear).expect("a claim");
    assert_eq!(*ear.lines.lock().unwrap(), 101);
    assert!(matches!(play("broken", &ear), Err(SessionError::Broken(_))));
    assert!(matches!(play("refuse", &ear), Err(SessionError::Refused(_))));
    for misread in ["lie", "wait soon", "honest; log late", "wait 99999999999", "incumbent 1 x"] {
        assert!(matches!(play(misread, &ear), Err(SessionError::Refused(_))), "{misread}");
        let opened = Mock::scripted("mock", misread).open(knapsack());
        assert!(matches!(opened, Err(BackendError::Failed(_))), "{misread}");
    }
}

#[test]
fn waits_end_by_the_token_and_by_the_time_limit() {
    let begin = Instant::now();
    let stop = StopToken::new();
    std::thread::scope(|scope| {
        let solve = scope.spawn(|| {
            let mut session = Mock::scripted("mock", "until-stop; wait 60000; slow 60000").open(knapsack()).unwrap();
            session.solve(&Options::default(), &Start::default(), &Ear::default(), &stop)
        });
        stop.stop();
        let claim = solve.join().expect("no panic").expect("a claim");
        assert_eq!(claim.termination.reason(), Reason::Optimal); // sixteen points are tried all the same
    });
    let mut session = Mock::scripted("mock", "until-stop; limit").open(knapsack()).unwrap();
    let options = Options { time_limit: Some(Duration::from_millis(20)), ..Options::default() };
    let claim = session.solve(&options, &Start::default(), &Ear::default(), &StopToken::new()).expect("a claim");
    assert_eq!(claim.termination.limit(), Some(Limit::Time));
    assert!(begin.elapsed() < Duration::from_secs(10));
}

//! Races of real solvers in worker processes, as the command line and the service run them, and of mocks that crash and
//! hang in theirs. Solvers that are not built are reported as not tried.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Availability, Backend, BackendError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::race::repair::repair;
use farkas_backends::race::trust::{TrustTable, trust_in};
use farkas_backends::race::{self, Lane, Lineup, RaceSpec, Sharing, Unobserved, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::solvers::mock::Mock;
use farkas_backends::worker::{Program, WorkerBackend, WorkerConfig};
use farkas_modeling::answer::{Answer, EvidenceLevel, LaneState};
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason, Sense, Tolerances};

const INF: f64 = f64::INFINITY;

/// maximise Σ value x  subject to  weights x ≤ half of all the weight, binaries: `items` of them, in `rows` knapsacks.
fn knapsack(items: usize, rows: usize, seed: u64) -> ProblemData {
    let mut rng = fastrand::Rng::with_seed(seed);
    let weights: Vec<f64> = (0..items * rows).map(|_| f64::from(rng.u32(5..100))).collect();
    let capacity = |i: usize| (weights.iter().skip(i).step_by(rows).sum::<f64>() / 2.0).floor();
    ProblemData {
        sense: Sense::Maximize,
        cost: (0..items).map(|_| f64::from(rng.u32(5..100))).collect(),
        lower: vec![0.0; items],
        upper: vec![1.0; items],
        kinds: vec![ColumnKind::Integer; items],
        row_lower: vec![-INF; rows],
        row_upper: (0..rows).map(capacity).collect(),
        starts: (0..=items).map(|j| (j * rows) as u32).collect(),
        indices: (0..items * rows).map(|k| (k % rows) as u32).collect(),
        values: weights,
        ..ProblemData::default()
    }
}

fn relaxed(mut data: ProblemData) -> ProblemData {
    data.kinds = vec![ColumnKind::Continuous; data.cost.len()];
    data
}

/// The knapsack of one row twice: filled to the half at least, and to less than that at most.
fn torn(items: usize, seed: u64) -> ProblemData {
    let mut data = knapsack(items, 1, seed);
    let half = data.row_upper[0];
    (data.row_lower, data.row_upper) = (vec![half, -INF], vec![INF, half - 1.0]);
    data.starts = (0..=items).map(|j| 2 * j as u32).collect();
    data.indices = (0..2 * items).map(|k| (k % 2) as u32).collect();
    data.values = data.values.iter().flat_map(|weight| [*weight; 2]).collect();
    data
}

/// Twice some binaries make an odd number.
fn odd(items: usize) -> ProblemData {
    let mut data = knapsack(items, 1, 8);
    data.values = vec![2.0; items];
    (data.row_lower, data.row_upper) = (vec![7.0], vec![7.0]);
    data
}

fn frozen(data: ProblemData) -> Arc<Problem> {
    Arc::new(Problem::new(data).expect("well formed"))
}

fn options() -> Options {
    let tolerances = Tolerances { relative_gap: 1e-3, ..Tolerances::default() };
    Options { threads: Some(2), time_limit: Some(Duration::from_secs(60)), tolerances, ..Options::default() }
}

fn race(problem: &Arc<Problem>, lineup: Lineup) -> Answer {
    // Who runs alone is asked for its own word, whatever its record.
    let names: Vec<String> = lineup.lanes.iter().map(|lane| lane.backend.name().to_owned()).collect();
    let alone = names.iter().all(|name| *name == names[0]);
    let trust = trust_in(TrustTable::built_in(), &lineup, if alone { &names } else { &[] });
    let spec = RaceSpec {
        lineup,
        options: options(),
        start: Start::default(),
        trust,
        sharing: Sharing::default(),
        observer: &Unobserved,
        stop: StopToken::new(),
    };
    race::run(problem, spec)
}

/// The solvers whose workers are here.
fn solvers() -> Vec<Arc<dyn Backend>> {
    let backends = Registry::new(RegistryConfig::default()).all();
    let ready = |backend: &Arc<dyn Backend>| match backend.probe() {
        Availability::Ready { .. } => true,
        other => {
            println!("{} was not tried: {other:?}", backend.name());
            false
        }
    };
    backends.into_iter().filter(ready).collect()
}

#[test]
fn every_pair_and_the_line_up_agree() {
    let solvers = solvers();
    let cases = [
        ("a knapsack", knapsack(30, 3, 1), Reason::Optimal),
        ("a wide knapsack", knapsack(2_000, 3, 2), Reason::Optimal),
        ("an LP", relaxed(knapsack(300, 30, 3)), Reason::Optimal),
        ("an infeasible LP", relaxed(torn(40, 4)), Reason::Infeasible),
        ("an infeasible MIP", odd(20), Reason::Infeasible),
    ];
    for (name, data, expected) in cases {
        let problem = frozen(data);
        // Free editions have a limit of size.
        let takes = |solver: &&Arc<dyn Backend>| match solver.open(Arc::clone(&problem)) {
            Err(BackendError::Unsupported(says)) => {
                println!("{name}: not asked of {}: {says}", solver.name());
                false
            }
            _ => true,
        };
        let solvers: Vec<Arc<dyn Backend>> = solvers.iter().filter(takes).cloned().collect();
        let mut lineups = vec![("the line-up".to_owned(), lineup::choose(&problem, &solvers, 2, &options()))];
        for (i, a) in solvers.iter().enumerate() {
            lineups.push((a.name().to_owned(), lineup::choose(&problem, &[Arc::clone(a)], 2, &options())));
            for b in &solvers[i + 1..] {
                let pair = [a, b].map(|backend| Lane::new(Arc::clone(backend), 1));
                lineups.push((format!("{} and {}", a.name(), b.name()), Lineup::of(pair.into())));
            }
        }
        let mut known: Option<f64> = None;
        for (who, lineup) in lineups.into_iter().filter(|_| !solvers.is_empty()) {
            let answer = race(&problem, lineup);
            assert_eq!(answer.reason(), expected, "{name} by {who}: {answer:#?}");
            assert!(answer.evidence().contradicted.is_empty(), "{name} by {who}: {answer:#?}");
            if let (Some(known), Some(objective)) = (known, answer.objective()) {
                assert!((known - objective).abs() <= 2e-3 * known.abs(), "{name} by {who}: {objective}, not {known}");
            }
            known = known.or(answer.objective());
            println!("{name} by {who}: {:?} in {:.3} s", answer.objective(), answer.seconds());
        }
    }
}

/// A mock in processes of its own.
fn mock_worker(script: &str) -> Arc<dyn Backend> {
    let path = env!("CARGO_BIN_EXE_farkas-mock").into();
    let program = Program::Found { path, arguments: vec![script.into()] };
    Arc::new(WorkerBackend::new("mock", program, WorkerConfig::default()))
}

#[test]
fn a_process_that_crashes_or_hangs_costs_its_lane() {
    let problem = frozen(knapsack(8, 2, 6));
    let cases = [
        ("crash", LaneState::Failed),
        ("exit 3", LaneState::Failed),
        ("print; crash", LaneState::Failed),
        ("incumbent 9 9 9 9 9 9 9 9; hang", LaneState::Killed),
    ];
    for (script, expected) in cases {
        // One after the other where the first ends by itself, side by side where it does not.
        let cores = if expected == LaneState::Killed { 2 } else { 1 };
        let lanes = [mock_worker(script), mock_worker("wait 300; honest")].map(|backend| Lane::new(backend, 1));
        let begun = Instant::now();
        let spec = RaceSpec {
            lineup: Lineup::of(lanes.into()),
            options: Options { threads: Some(cores), ..options() },
            start: Start::default(),
            trust: TrustPolicy::default(),
            sharing: Sharing::default(),
            observer: &Unobserved,
            stop: StopToken::new(),
        };
        let answer = race::run(&problem, spec);
        assert_eq!(answer.reason(), Reason::Optimal, "{script}: {answer:#?}");
        assert_eq!(answer.lanes()[0].state, expected, "{script}: {answer:#?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{script} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_point_is_repaired_by_solving_for_the_rest() {
    // minimise y  subject to  x + y = 2.5, x integer from 0 to 1, y ≥ 0
    let problem = frozen(ProblemData {
        cost: vec![0.0, 1.0],
        lower: vec![0.0, 0.0],
        upper: vec![1.0, INF],
        kinds: vec![ColumnKind::Integer, ColumnKind::Continuous],
        row_lower: vec![2.5],
        row_upper: vec![2.5],
        starts: vec![0, 1, 2],
        indices: vec![0, 0],
        values: vec![1.0, 1.0],
        ..ProblemData::default()
    });
    let tolerances = Tolerances::default();
    let nearly = [0.999_995, 1.500_005];
    let fix = |solver: &str| -> Vec<Arc<dyn Backend>> { vec![Arc::new(Mock::scripted("mock", solver))] };
    let run = |backends: &[Arc<dyn Backend>]| {
        let limit = Duration::from_secs(10);
        let point = repair(&problem, &nearly, &tolerances, backends, limit, &StopToken::new());
        point.map(|point| point.values().to_vec())
    };
    assert_eq!(run(&[]), None);
    assert_eq!(run(&fix("broken")), None);
    assert_eq!(run(&fix("incumbent 1 1.6; best")), None); // whoever solves for the rest is not believed either
    assert_eq!(run(&fix("incumbent 1 1.5; best")), Some(vec![1.0, 1.5]));
    let solvers = solvers();
    if !solvers.is_empty() {
        assert_eq!(run(&solvers), Some(vec![1.0, 1.5]));
    }
}

#[test]
fn what_one_look_settles_starts_nobody() {
    let mut free = knapsack(4, 0, 7);
    free.upper[2] = INF;
    let cases = [
        (frozen(knapsack(4, 0, 7)), Reason::Optimal),
        (frozen(free), Reason::Unbounded),
        (frozen(ProblemData::default()), Reason::Optimal),
        (
            frozen(ProblemData { row_lower: vec![1.0], row_upper: vec![2.0], ..ProblemData::default() }),
            Reason::Infeasible,
        ),
    ];
    for (problem, expected) in cases {
        let answer = race(&problem, Lineup::of(vec![Lane::new(Arc::new(Mock::scripted("mock", "crash")), 1)]));
        assert_eq!((answer.reason(), answer.lanes().len()), (expected, 0), "{answer:#?}");
        assert_eq!(answer.evidence().level, EvidenceLevel::Certified, "{answer:#?}");
    }
}

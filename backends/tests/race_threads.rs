//! Races of the linked solvers on threads of one process: every pair of them at once, each with itself, and what is asked to be
//! the same every time. Solvers that are not compiled in are reported as not tried.

use std::sync::Arc;
use std::time::Duration;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{Backend, Start, StopToken};
use farkas_backends::deterministic::CAVEAT;
use farkas_backends::options::Options;
use farkas_backends::race::{self, Lane, Lineup, RaceSpec, Sharing, Unobserved, lineup};
use farkas_backends::solvers::{clarabel::Clarabel, microlp::Microlp, mock::Mock};
use farkas_modeling::answer::{Answer, LaneState};
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{ColumnKind, Limit, Problem, ProblemData, Reason, Sense};

const INF: f64 = f64::INFINITY;

/// Everybody who is compiled in.
fn linked() -> Vec<Arc<dyn Backend>> {
    let all: Vec<Arc<dyn Backend>> = vec![
        #[cfg(feature = "highs")]
        Arc::new(Bridged::new(farkas_backends::solvers::highs::Highs::new())),
        #[cfg(feature = "scip")]
        Arc::new(Bridged::new(farkas_backends::solvers::scip::ScipBackend::new())),
        #[cfg(feature = "cbc")]
        Arc::new(Bridged::new(farkas_backends::solvers::cbc::Cbc)),
        Arc::new(Bridged::new(Clarabel)),
        Arc::new(Bridged::new(Microlp)),
    ];
    for name in ["highs", "scip", "cbc"].iter().filter(|name| !all.iter().any(|backend| backend.name() == **name)) {
        println!("{name} is not compiled in, and not tried");
    }
    all
}

/// maximise Σ value x  subject to  weights x ≤ half of all the weight, in `rows` knapsacks; x from 0 to 1.
fn knapsack(items: usize, rows: usize, kind: ColumnKind) -> Arc<Problem> {
    let mut rng = fastrand::Rng::with_seed(11);
    let weights: Vec<f64> = (0..items * rows).map(|_| f64::from(rng.u32(5..100))).collect();
    let capacity = |i: usize| (weights.iter().skip(i).step_by(rows).sum::<f64>() / 2.0).floor();
    let problem = Problem::new(ProblemData {
        sense: Sense::Maximize,
        cost: (0..items).map(|_| f64::from(rng.u32(5..100))).collect(),
        lower: vec![0.0; items],
        upper: vec![1.0; items],
        kinds: vec![kind; items],
        row_lower: vec![-INF; rows],
        row_upper: (0..rows).map(capacity).collect(),
        starts: (0..=items).map(|j| (j * rows) as u32).collect(),
        indices: (0..items * rows).map(|k| (k % rows) as u32).collect(),
        values: weights,
        ..ProblemData::default()
    });
    Arc::new(problem.expect("well formed"))
}

fn run(problem: &Arc<Problem>, lanes: Vec<Lane>, options: &Options) -> Answer {
    let lineup = Lineup::of(lanes);
    let trust = lineup::trust(&lineup);
    let (options, sharing) = (options.clone(), Sharing::default());
    let (start, observer, stop) = (Start::default(), &Unobserved, StopToken::new());
    race::run(problem, RaceSpec { lineup, options, start, trust, sharing, observer, stop })
}

fn takes(backend: &dyn Backend, problem: &Problem) -> bool {
    backend.fits(problem).refusal().is_none()
}

#[test]
fn any_two_run_at_once_in_one_process() {
    let options = Options { threads: Some(2), time_limit: Some(Duration::from_secs(60)), ..Options::default() };
    let solvers = linked();
    for kind in [ColumnKind::Integer, ColumnKind::Continuous] {
        let problem = knapsack(30, 4, kind);
        let mut known: Option<f64> = None;
        for (i, one) in solvers.iter().enumerate().filter(|(_, one)| takes(&***one, &problem)) {
            for other in solvers[i..].iter().filter(|other| takes(&***other, &problem)) {
                let who = format!("{kind:?}, {} and {}", one.name(), other.name());
                let lanes = [one, other].map(|backend| Lane::new(Arc::clone(backend), 1));
                let answer = run(&problem, lanes.into(), &options);
                assert_eq!((answer.reason(), answer.lanes().len()), (Reason::Optimal, 2), "{who}: {answer:#?}");
                let wrong = |state| matches!(state, LaneState::Failed | LaneState::Disqualified | LaneState::Killed);
                assert!(!answer.lanes().iter().any(|lane| wrong(lane.state)), "{who}: {answer:#?}");
                let (objective, known) = (answer.objective().expect("optimal"), known.get_or_insert(f64::NAN));
                if known.is_nan() {
                    *known = objective;
                }
                assert!((objective - *known).abs() <= 2e-4 * known.abs(), "{who}: {objective}, not {known}");
            }
        }
    }
}

/// All that an answer says but for the time it took, down to the last bit.
fn said(answer: &Answer) -> String {
    let mut value = serde_json::to_value(answer).expect("an answer is JSON");
    let without_seconds = |value: &mut serde_json::Value| {
        assert!(value.as_object_mut().and_then(|object| object.remove("seconds")).is_some());
    };
    without_seconds(&mut value);
    value["lanes"].as_array_mut().expect("lanes").iter_mut().for_each(without_seconds);
    let bits: Vec<u64> = answer.point().unwrap_or_default().iter().map(|v| v.to_bits()).collect();
    format!("{value}\n{bits:?}\n{:?}", answer.duals())
}

#[test]
fn a_deterministic_solve_says_the_same_twice() {
    let options = Options { deterministic: true, node_limit: Some(400), ..Options::default() };
    let solvers = linked();
    let (mip, lp) = (knapsack(60, 8, ColumnKind::Integer), knapsack(300, 40, ColumnKind::Continuous));
    for (problem, nodes) in [(mip, Some(400)), (lp, None)] {
        let options = Options { node_limit: nodes, ..options.clone() };
        let lane = |backend: &Arc<dyn Backend>| Lane::new(Arc::clone(backend), 2);
        let taking = || solvers.iter().filter(|backend| takes(&***backend, &problem));
        let mut lineups: Vec<Vec<Lane>> = taking().map(|backend| vec![lane(backend)]).collect();
        // All of them in order, the first of whom settles nothing.
        let silent: Arc<dyn Backend> = Arc::new(Mock::scripted("silent", "bound 1e9; log nothing; refuse"));
        lineups.push(std::iter::once(lane(&silent)).chain(taking().map(lane)).collect());
        for lanes in lineups {
            let names: Vec<String> = lanes.iter().map(|lane| lane.backend.name().to_owned()).collect();
            // With and without a time limit that is not reached: solvers are not told.
            let limited = Options { time_limit: Some(Duration::from_secs(100)), ..options.clone() };
            let answers = [&options, &limited].map(|options| run(&problem, lanes.clone(), options));
            let [one, two] = answers.each_ref().map(said);
            assert!(one == two, "{names:?}:\n{one}\n{two}");
            let notes = &answers[0].evidence().notes;
            assert!(answers[0].point().is_some() && !notes.iter().any(|note| note == CAVEAT), "{names:?}: {notes:?}");
            let lanes = answers[0].lanes();
            println!("{names:?}: {}, {} lanes, {} nodes", answers[0].termination(), lanes.len(), lanes[0].nodes);
        }
    }
}

#[test]
fn lanes_of_a_deterministic_race_are_tried_in_order() {
    use LaneState::{Failed, Finished, Stopped};
    let problem = knapsack(4, 1, ColumnKind::Integer);
    // What the first says on its way would settle it, had it not been slower than the second in every other race.
    let known = run(&problem, vec![Lane::new(Arc::new(Mock::new()), 1)], &Options::default());
    let best = known.objective().expect("solved");
    let first = format!("bound {best}; wait 40; broken");
    let cases: [(&[&str], u64, Reason, &[LaneState]); 3] = [
        (&[&first, "wait 20; honest", "honest"], 20_000, Reason::Optimal, &[Failed, Finished]),
        (&["honest", "honest"], 20_000, Reason::Optimal, &[Finished]),
        (&["incumbent 0 0 0 0; until-stop; limit", "honest"], 60, Reason::Feasible, &[Stopped]),
    ];
    for (scripts, milliseconds, reason, states) in cases {
        let mock = |(name, script): (char, &&str)| Lane::new(Arc::new(Mock::scripted(name.to_string(), *script)), 1);
        let lineup = Lineup::of(('a'..).zip(scripts).map(mock).collect());
        let options = Options {
            deterministic: true,
            threads: Some(4),
            time_limit: Some(Duration::from_millis(milliseconds)),
            ..Options::default()
        };
        let (start, trust) = (Start::default(), TrustPolicy::default());
        let (sharing, observer, stop) = (Sharing::default(), &Unobserved, StopToken::new());
        let answer = race::run(&problem, RaceSpec { lineup, options, start, trust, sharing, observer, stop });
        let told: Vec<LaneState> = answer.lanes().iter().map(|lane| lane.state).collect();
        assert_eq!((answer.reason(), &told[..]), (reason, states), "{scripts:?}: {answer:#?}");
        // Ended by a clock, it says that it need not come out so again.
        let by_clock = answer.termination().limit() == Some(Limit::Time);
        let caveat = answer.evidence().notes.iter().any(|note| note == CAVEAT);
        assert_eq!(caveat, by_clock, "{scripts:?}: {answer:#?}");
    }
}

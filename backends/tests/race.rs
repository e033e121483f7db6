//! Races of mocks that crash, hang and lie, in this process: the answer is right whenever somebody honest runs, and the
//! report says how each lane fared.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Session, SessionError, Start, StopToken,
};
use farkas_backends::options::Options;
use farkas_backends::race::{self, Lane, Lineup, Observer, RaceEvent, RaceSpec, Shared, Sharing, Unobserved};
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::answer::{Answer, EvidenceLevel, LaneState};
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{Claim, ColumnKind, Limit, Problem, ProblemData, Reason, Sense, Termination};

const INF: f64 = f64::INFINITY;

/// maximise 5 x + 4 y + 3 z  subject to  2 x + 3 y + z ≤ 5,  4 x + y + 2 z ≤ 11,  3 x + 4 y + 2 z ≤ 8, integers from 0 to
/// 5 (Chvátal's first example): 13 at (2, 0, 1).
fn problem() -> Arc<Problem> {
    let problem = Problem::new(ProblemData {
        sense: Sense::Maximize,
        cost: vec![5.0, 4.0, 3.0],
        lower: vec![0.0; 3],
        upper: vec![5.0; 3],
        kinds: vec![ColumnKind::Integer; 3],
        row_lower: vec![-INF; 3],
        row_upper: vec![5.0, 11.0, 8.0],
        starts: vec![0, 3, 6, 9],
        indices: vec![0, 1, 2, 0, 1, 2, 0, 1, 2],
        values: vec![2.0, 4.0, 3.0, 3.0, 1.0, 4.0, 1.0, 2.0, 2.0],
        ..ProblemData::default()
    });
    Arc::new(problem.expect("well formed"))
}

/// Mocks named `a`, `b`, … with these scripts.
fn lineup(scripts: &[&str]) -> Lineup {
    let lane = |(name, script): (char, &&str)| {
        Lane::new(Arc::new(Mock::scripted(name.to_string(), *script)) as Arc<dyn Backend>, 1)
    };
    Lineup::of(('a'..).zip(scripts).map(lane).collect())
}

fn spec<'a>(scripts: &[&str], observer: &'a dyn Observer) -> RaceSpec<'a> {
    let options = Options { threads: Some(2), time_limit: Some(Duration::from_secs(20)), ..Options::default() };
    RaceSpec {
        lineup: lineup(scripts),
        options,
        start: Start::default(),
        trust: TrustPolicy::default(),
        sharing: Sharing::default(),
        observer,
        stop: StopToken::new(),
    }
}

struct Case {
    scripts: &'static [&'static str],
    /// On one, each lane runs when the one before it has ended.
    threads: u32,
    /// Names of lanes that are not trusted alone.
    distrusted: &'static [&'static str],
    expected: (Reason, Option<f64>),
    states: &'static [LaneState],
}

fn check(case: &Case) {
    let mut spec = spec(case.scripts, &Unobserved);
    spec.options.threads = Some(case.threads);
    spec.trust.distrusted = case.distrusted.iter().map(|s| (*s).to_owned()).collect();
    let answer = race::run(&problem(), spec);
    let name = case.scripts;
    assert_eq!((answer.reason(), answer.objective()), case.expected, "{name:?}: {answer:#?}");
    let states: Vec<LaneState> = answer.lanes().iter().map(|lane| lane.state).collect();
    assert_eq!(states, case.states, "{name:?}: {answer:#?}");
}

#[test]
fn the_honest_lane_wins_whatever_the_other_does() {
    use LaneState::{Disqualified, Failed, Finished, Stopped};
    let expected = (Reason::Optimal, Some(13.0));
    let one = |scripts, distrusted, states| Case { scripts, threads: 1, distrusted, expected, states };
    let two = |scripts, states| Case { scripts, threads: 2, distrusted: &[], expected, states };
    let cases = [
        one(&["honest"], &[], &[Finished]),
        one(&["panic", "honest"], &[], &[Failed, Finished]),
        one(&["broken", "honest"], &[], &[Failed, Finished]),
        one(&["refuse", "honest"], &[], &[Failed, Finished]),
        one(&["lie-point", "honest"], &[], &[Disqualified, Finished]),
        one(&["lie-objective", "honest"], &[], &[Disqualified, Finished]),
        one(&["nan", "honest"], &[], &[Disqualified, Finished]),
        one(&["short", "honest"], &[], &[Disqualified, Finished]),
        one(&["lie-bound", "honest"], &["a"], &[Disqualified, Finished]),
        one(&["lie-optimal", "honest"], &["a"], &[Disqualified, Finished]),
        one(&["lie-infeasible", "honest"], &["a"], &[Disqualified, Finished]),
        one(&["lie-unbounded", "honest"], &["a"], &[Finished, Finished]),
        // The second begins with what the first has found.
        one(&["incumbent 2 0 1; broken", "best"], &[], &[Failed, Finished]),
        two(&["until-stop; limit", "honest"], &[Stopped, Finished]),
        // One finds the point, the other knows the bound.
        two(&["incumbent 2 0 1; until-stop; limit", "bound 13; until-stop; limit"], &[Stopped, Stopped]),
        // The third starts when the first is gone.
        two(&["broken", "until-stop; limit", "honest"], &[Failed, Stopped, Finished]),
    ];
    cases.iter().for_each(check);
}

#[test]
fn nobody_honest_no_answer() {
    use LaneState::{Disqualified, Failed, Finished};
    let case = |scripts, distrusted, expected, states| Case { scripts, threads: 1, distrusted, expected, states };
    let cases = [
        case(&["panic", "broken"], &[], (Reason::OtherError, None), &[Failed, Failed]),
        case(&["lie-infeasible"], &["a"], (Reason::NoSolutionFound, None), &[Finished]),
        case(&["lie-infeasible"], &[], (Reason::Infeasible, None), &[Finished]),
        case(&["nan"], &[], (Reason::NumericalError, None), &[Disqualified]),
        // What a lane found before it broke stays.
        case(&["incumbent 1 0 0; broken", "panic"], &[], (Reason::Feasible, Some(5.0)), &[Failed, Failed]),
    ];
    cases.iter().for_each(check);
}

/// Takes no step of its own: it waits for a point to be offered, and calls that optimal.
struct Taker;

impl Backend for Taker {
    fn name(&self) -> &'static str {
        "taker"
    }
    fn probe(&self) -> Availability {
        Availability::Ready { version: "1".into() }
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            integers: true,
            incumbents_in: true,
            stop: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            ..Capabilities::default()
        }
    }
    fn open(&self, _: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        Ok(Box::new(Self))
    }
}

impl Session for Taker {
    fn version(&self) -> &'static str {
        "1"
    }
    fn solve(
        &mut self,
        _: &Options,
        _: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        loop {
            if let Some(point) = control.offered() {
                let mut claim = Claim::bare(Termination::new(Reason::Optimal, "as good as I was told"));
                claim.point = Some(point.values().to_vec());
                (claim.objective, claim.bound) = (Some(point.objective()), Some(point.objective()));
                return Ok(claim);
            }
            if stop.is_stopped() {
                return Err(SessionError::Broken("nothing was offered".into()));
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn an_incumbent_is_offered_to_the_other_lane() {
    let mut spec = spec(&["incumbent 2 0 1; until-stop; limit"], &Unobserved);
    spec.lineup.lanes.insert(0, Lane::new(Arc::new(Taker), 1));
    let answer = race::run(&problem(), spec);
    assert_eq!((answer.reason(), answer.objective()), (Reason::Optimal, Some(13.0)), "{answer:#?}");
    assert_eq!(answer.lanes()[0].state, LaneState::Finished);
    assert_eq!(answer.evidence().found_by.as_ref().map(|source| source.lane), Some(1));
}

/// Says from where it starts: optimal at its start point, infeasible where a cutoff leaves nothing, or nothing.
struct Starter;

impl Backend for Starter {
    fn name(&self) -> &'static str {
        "starter"
    }
    fn probe(&self) -> Availability {
        Availability::Ready { version: "1".into() }
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { start_point: true, ..Taker.capabilities() }
    }
    fn open(&self, _: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        Ok(Box::new(Self))
    }
}

impl Session for Starter {
    fn version(&self) -> &'static str {
        "1"
    }
    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        _: &(dyn Control + Sync),
        _: &StopToken,
    ) -> Result<Claim, SessionError> {
        let says = format!("start {}, cutoff {:?}", start.point.is_some(), options.cutoff);
        if options.cutoff.is_some() {
            let claim = Claim::bare(Termination::new(Reason::Infeasible, says));
            return Ok(options.within_cutoff(Sense::Maximize, claim));
        }
        Ok(Claim::bare(Termination::at_limit(false, Limit::Other, says)))
    }
}

#[test]
fn what_lanes_share_is_what_was_asked_for() {
    let (cutoff, none) = ("no point is as good as the cutoff", "start false, cutoff None");
    let default = Sharing::default();
    // The lane that starts second says what it was handed. What it leaves out by a cutoff, it does not call infeasible: its
    // bound is the cutoff.
    let cases = [
        (default, "start true, cutoff None", Reason::Feasible),
        (default.without(Shared::Starts), none, Reason::Feasible),
        (Sharing::none(), none, Reason::Feasible),
        (default.with(Shared::Cutoffs), cutoff, Reason::Optimal),
    ];
    for (sharing, says, reason) in cases {
        let mut spec = spec(&["incumbent 2 0 1; broken"], &Unobserved);
        spec.lineup.lanes.push(Lane::new(Arc::new(Starter), 1));
        (spec.options.threads, spec.sharing) = (Some(1), sharing);
        let answer = race::run(&problem(), spec);
        assert_eq!((answer.reason(), answer.objective()), (reason, Some(13.0)), "{sharing:?}: {answer:#?}");
        let detail = &answer.lanes()[1].detail;
        assert!(detail.contains(says), "{sharing:?}: {detail}");
        assert!(answer.evidence().contradicted.is_empty(), "{sharing:?}: {answer:#?}");
    }
    // And to a lane that runs nothing is offered, so it finds nothing.
    let mut spec = spec(&["incumbent 2 0 1; until-stop; limit"], &Unobserved);
    spec.lineup.lanes.insert(0, Lane::new(Arc::new(Taker), 1));
    spec.sharing = Sharing::none();
    spec.options.time_limit = Some(Duration::from_millis(200));
    let answer = race::run(&problem(), spec);
    assert_eq!((answer.reason(), answer.lanes()[0].state), (Reason::Feasible, LaneState::Failed), "{answer:#?}");
}

/// Has a point from elsewhere.
struct Knows(Mutex<Option<Arc<[f64]>>>);

impl Observer for Knows {
    fn on(&self, _: f64, _: &RaceEvent) {}
    fn offered(&self) -> Option<Arc<[f64]>> {
        self.0.lock().unwrap().take()
    }
}

#[test]
fn a_point_from_outside_counts_when_it_passes_the_check() {
    for (point, expected) in [([2.0, 0.0, 1.0], Reason::Optimal), ([5.0, 5.0, 5.0], Reason::NoSolutionFound)] {
        let knows = Knows(Mutex::new(Some(point.into())));
        let mut spec = spec(&[], &knows);
        spec.lineup.lanes.push(Lane::new(Arc::new(Taker), 1));
        spec.options.time_limit = Some(Duration::from_millis(300));
        let answer = race::run(&problem(), spec);
        assert_eq!(answer.reason() == Reason::Optimal, expected == Reason::Optimal, "{answer:#?}");
        if expected == Reason::Optimal {
            assert_eq!(answer.objective(), Some(13.0));
            assert_eq!(answer.evidence().found_by.as_ref().map(|source| source.backend.as_str()), Some("outside"));
        } else {
            assert_eq!(answer.objective(), None);
        }
    }
}

/// Remembers the incumbents and bounds it hears.
#[derive(Default)]
struct Heard {
    incumbents: Mutex<Vec<f64>>,
    events: AtomicUsize,
    logs: AtomicUsize,
    warnings: Mutex<Vec<&'static str>>,
}

impl Observer for Heard {
    fn on(&self, seconds: f64, event: &RaceEvent) {
        assert!(seconds >= 0.0);
        self.events.fetch_add(1, Ordering::Relaxed);
        match event {
            RaceEvent::Incumbent { point, .. } => {
                self.incumbents.lock().expect("no panic under it").push(point.objective());
            }
            RaceEvent::Log { .. } => {
                self.logs.fetch_add(1, Ordering::Relaxed);
            }
            RaceEvent::Warning { code, .. } => self.warnings.lock().expect("no panic under it").push(code),
            _ => {}
        }
    }
}

#[test]
fn only_checked_and_ever_better_points_are_told() {
    let heard = Heard::default();
    let scripts = ["incumbent 5 5 5; wait 30; incumbent 1 0 0; slow 20", "flood 2000; log bye; until-stop; limit"];
    let answer = race::run(&problem(), spec(&scripts, &heard));
    assert_eq!(answer.objective(), Some(13.0));
    assert_eq!(answer.evidence().level, EvidenceLevel::Checked);
    let told = heard.incumbents.lock().expect("no panic under it");
    assert!(told.is_sorted() && told.last() == Some(&13.0), "{told:?}");
    assert!(heard.warnings.lock().expect("no panic under it").contains(&"point-refuted"));
    // Of 2,001 lines the last 500 are kept, and the loss is said.
    let logs = heard.logs.load(Ordering::Relaxed);
    assert!((501..=2_001).contains(&logs), "{logs}");
    assert!(heard.events.load(Ordering::Relaxed) < 2_100);
}

fn timed(spec: RaceSpec<'_>) -> (Answer, Duration) {
    let begun = Instant::now();
    (race::run(&problem(), spec), begun.elapsed())
}

#[test]
fn limits_are_kept() {
    let mut slow = spec(&["incumbent 1 0 0; until-stop; limit"], &Unobserved);
    slow.options.time_limit = Some(Duration::from_millis(60));
    let (answer, took) = timed(slow);
    assert_eq!((answer.reason(), answer.termination().limit()), (Reason::Feasible, Some(Limit::Time)));
    assert!(took >= Duration::from_millis(55) && took < Duration::from_secs(2), "{took:?}");

    let mut target = spec(&["incumbent 0 0 0; wait 20; incumbent 1 0 0; until-stop; limit"], &Unobserved);
    target.options.objective_target = Some(4.0);
    let (answer, _) = timed(target);
    assert_eq!((answer.objective(), answer.termination().limit()), (Some(5.0), Some(Limit::Objective)));

    // Worse points than the cutoff are none; the race is over when the bound, or somebody's search, leaves none as good.
    let cut = |scripts: &[&str], distrusted: &[&str]| {
        let mut cut = spec(scripts, &Unobserved);
        cut.options.cutoff = Some(14.0);
        cut.trust.distrusted = distrusted.iter().map(|s| (*s).to_owned()).collect();
        let (answer, took) = timed(cut);
        assert_eq!(answer.objective(), None, "{scripts:?}: {answer:#?}");
        assert!(took < Duration::from_secs(5), "{scripts:?}: {took:?}");
        (answer.reason(), answer.termination().limit())
    };
    let none = (Reason::NoSolutionFound, Some(Limit::Cutoff));
    assert_eq!(cut(&["honest"], &[]), none);
    assert_eq!(cut(&["incumbent 1 0 0; bound 13.5; until-stop; limit", "until-stop; limit"], &[]), none);
    assert_eq!(cut(&["honest", "incumbent 2 0 1; until-stop; limit"], &[]), none);
    // A solver that is not trusted alone waits for another that finds as little.
    assert_eq!(cut(&["honest", "incumbent 2 0 1; wait 50; honest"], &["a", "b"]), none);

    // One lane's point and another's bound close a gap.
    let mut gap = spec(&["incumbent 1 0 0; until-stop; limit", "bound 7; until-stop; limit"], &Unobserved);
    gap.options.tolerances.relative_gap = 0.5;
    assert_eq!(race::run(&problem(), gap).reason(), Reason::Optimal);

    // Where nodes ran out for one lane, no other starts.
    let mut nodes = spec(&["incumbent 1 0 0; node-limit", "honest"], &Unobserved);
    (nodes.options.node_limit, nodes.options.threads) = (Some(1), Some(1));
    let answer = race::run(&problem(), nodes);
    assert_eq!((answer.objective(), answer.termination().limit()), (Some(5.0), Some(Limit::Node)), "{answer:#?}");
    assert_eq!(answer.lanes().len(), 1);

    let stopped = spec(&["until-stop; limit"], &Unobserved);
    stopped.stop.stop();
    let (answer, _) = timed(stopped);
    assert_eq!((answer.reason(), answer.termination().limit()), (Reason::NoSolutionFound, Some(Limit::Interrupted)));
}

#[test]
fn a_race_ends_when_nothing_better_comes() {
    // A better bound does not count as progress; without a point nothing stalls.
    let stalling = "incumbent 0 0 0; incumbent 1 0 0; wait 60; bound 30; wait 60; bound 20; until-stop; limit";
    for (script, stall, expected) in [
        (stalling, 100, (Reason::Feasible, Some(Limit::SlowProgress))),
        ("until-stop; limit", 10, (Reason::NoSolutionFound, Some(Limit::Time))),
    ] {
        let mut spec = spec(&[script], &Unobserved);
        spec.options.stall_limit = Some(Duration::from_millis(stall));
        spec.options.time_limit = Some(Duration::from_millis(if stall > 50 { 20_000 } else { 120 }));
        let (answer, took) = timed(spec);
        assert_eq!((answer.reason(), answer.termination().limit()), expected, "{answer:#?}");
        assert!(took >= Duration::from_millis(95) && took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn a_lane_that_hangs_delays_the_end_and_no_more() {
    let mut spec = spec(&["incumbent 2 0 1; hang"], &Unobserved);
    spec.lineup.lanes.push(Lane::new(Arc::new(Taker), 1));
    let (answer, took) = timed(spec);
    assert_eq!((answer.reason(), answer.lanes()[0].state), (Reason::Optimal, LaneState::Killed));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_race_of_one_costs_next_to_nothing() {
    let mut times: Vec<Duration> = (0..21).map(|_| timed(spec(&["incumbent 2 0 1; best"], &Unobserved)).1).collect();
    times.sort();
    println!("best {:?}, median {:?}, worst {:?}", times[0], times[10], times[20]);
    // Measured: a median of 0.1 ms. On a machine that is busy with other things only the best tells about the race.
    assert!(times[0] < Duration::from_millis(5), "{times:?}");
}

#[test]
fn the_line_up_follows_its_table() {
    let backends = |names: &[&str]| -> Vec<Arc<dyn Backend>> {
        names.iter().map(|name| Arc::new(Mock::scripted(*name, "honest")) as Arc<dyn Backend>).collect()
    };
    let explain = |problem: &Problem, names: &[&str], threads: u32| {
        let lineup = race::lineup::choose(problem, &backends(names), threads, &Options::default());
        lineup.explain().lines().skip(1).map(str::to_owned).collect::<Vec<_>>().join(" | ")
    };
    let integer = problem();
    let large = |kind| {
        let n = 6_000;
        let data = ProblemData {
            cost: vec![1.0; n],
            lower: vec![0.0; n],
            upper: vec![1.0; n],
            kinds: vec![kind; n],
            row_lower: vec![1.0],
            row_upper: vec![INF],
            starts: (0..=n as u32).collect(),
            indices: vec![0; n],
            values: vec![1.0; n],
            ..ProblemData::default()
        };
        Problem::new(data).expect("well formed")
    };
    let all = ["scip", "cbc", "highs"];
    let cases: [(String, &str); 5] = [
        (
            explain(&integer, &all, 2),
            "lane 0: highs, 1 thread | lane 1: scip, 1 thread, after 0.05 s | lane 2: cbc, 1 thread, after 0.2 s",
        ),
        (
            explain(&large(ColumnKind::Integer), &all, 2),
            "lane 0: highs, 1 thread | lane 1: scip, 1 thread | lane 2: cbc, 1 thread",
        ),
        (
            explain(&large(ColumnKind::Continuous), &all, 2),
            "lane 0: cbc, 1 thread | lane 1: highs, interior point, 1 thread | lane 2: highs, simplex, 1 thread | lane 3: scip, 1 thread | lane 4: highs, first order, 1 thread",
        ),
        // The mock takes one thread, however many there are.
        (explain(&integer, &["cbc"], 8), "lane 0: cbc, 1 thread"),
        (explain(&integer, &[], 2), "no solver takes it"),
    ];
    for (explained, expected) in cases {
        assert_eq!(explained, expected);
    }
}

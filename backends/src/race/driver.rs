//! Runs a race: carries what lanes say to the referee, and the referee's commands to lanes, checker and observer.
//!
//! The caller's thread drives; each lane has a thread; large problems are checked, and points repaired, on threads of
//! their own. Every point that reaches the referee was checked. Nothing here decides anything about the race.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use farkas_modeling::answer::{Answer, Source};
use farkas_modeling::check::{CheckedPoint, Finding, Findings, TrustPolicy, check_point, conclude, examine};
use farkas_modeling::problem::Problem;
use farkas_modeling::{Claim, Reason};

use super::checker::{CheckJob, Checked, Checker};
use super::contender::Contender;
use super::referee::{
    Command, Ending, Input, LaneFacts, LaneId, Limits, Notice, OUTSIDE, Pausing, PointId, Referee, Wish,
};
use super::repair::repair;
use super::slots::{Bell, LaneEnd};
use super::{Lane, RaceEvent, RaceSpec, Shared, Sharing, direct, lane, report};
use crate::contract::{Backend, StopToken};
use crate::deterministic;
use crate::options::Options;

/// The driver looks after everything at least this often.
const TICK: Duration = Duration::from_millis(50);
/// What a repair may take.
const REPAIR_LIMIT: Duration = Duration::from_secs(5);
/// The same where no clock may decide.
const AT_LEISURE: Duration = Duration::from_secs(366 * 86_400);
/// Solvers take seeds that fit into an `i32`.
const SEED_MASK: u32 = i32::MAX as u32;
/// Points on the way are checked as long as that takes no more of the race than this share, and this much besides.
const CHECK_SHARE: f64 = 0.1;
const CHECK_ALLOWANCE: Duration = Duration::from_millis(20);

/// See [`super::run`].
pub(super) fn run(problem: &Arc<Problem>, spec: RaceSpec<'_>) -> Answer {
    let begun = Instant::now();
    if let Some(answer) = without_lanes(problem, &spec.options) {
        return answer.with_run(Vec::new(), begun.elapsed().as_secs_f64());
    }
    let mut driver = Driver::new(Arc::clone(problem), spec, begun);
    let ending = driver.drive();
    driver.answer(ending)
}

/// What one look at the problem settles.
fn without_lanes(problem: &Problem, options: &Options) -> Option<Answer> {
    let tolerances = &options.tolerances;
    let claim = options.within_cutoff(problem.sense(), direct::solve(problem, tolerances)?);
    let source = Source { backend: "farkas".into(), version: env!("CARGO_PKG_VERSION").into(), lane: 0 };
    let findings = [examine(problem, &source, &claim, tolerances)];
    let answer = conclude(problem, &findings, tolerances, &TrustPolicy::default(), None);
    let settled = matches!(answer.reason(), Reason::Optimal | Reason::Infeasible | Reason::Unbounded);
    settled.then_some(answer)
}

/// A point that the referee may still ask for.
#[derive(Clone)]
enum Kept {
    Checked(Arc<CheckedPoint>),
    Measured(Arc<[f64]>),
}

impl Kept {
    fn values(&self) -> &Arc<[f64]> {
        match self {
            Self::Checked(point) => point.values(),
            Self::Measured(values) => values,
        }
    }
}

/// What came of a repair.
struct Repaired {
    lane: LaneId,
    point: PointId,
    made: Option<CheckedPoint>,
}

struct Driver<'a> {
    problem: Arc<Problem>,
    spec: RaceSpec<'a>,
    begun: Instant,
    referee: Referee,
    bell: Arc<Bell>,
    lanes: Vec<Contender>,
    checker: Checker,
    /// Time that checks of points on the way have taken.
    checked_for: Duration,
    points: HashMap<PointId, Kept>,
    next_point: u64,
    repairs: (Sender<Repaired>, Receiver<Repaired>),
    /// Ends the repairs that are under way when the race is over.
    repairs_over: StopToken,
    findings: Vec<Findings>,
    asked: Option<Wish>,
    ending: Option<Ending>,
}

impl<'a> Driver<'a> {
    fn new(problem: Arc<Problem>, mut spec: RaceSpec<'a>, begun: Instant) -> Self {
        if spec.options.deterministic {
            spec.sharing = Sharing::none();
            spec.lineup.lanes.iter_mut().for_each(|lane| (lane.threads, lane.turn) = (1, None));
        }
        let lanes = &spec.lineup.lanes;
        let wanted: u32 = lanes.iter().map(|lane| lane.threads.max(1)).sum();
        let mut limits = Limits::with_cores(spec.options.threads.unwrap_or(wanted));
        if spec.options.deterministic {
            limits = Limits { repair: AT_LEISURE, ..Limits::one_by_one() };
        }
        limits.time = spec.options.time_limit;
        limits.objective_target = spec.options.objective_target;
        limits.cutoff = spec.options.loosened_cutoff(problem.sense());
        limits.stall = spec.options.stall_limit;
        limits.replaces = spec.sharing.has(Shared::Seats);
        let facts = lanes.iter().map(|lane| LaneFacts {
            solver: lane.backend.name().to_owned(),
            threads: lane.threads.max(1),
            // Whoever does not take points does not ask for them; finding out beforehand would start a worker.
            takes_incumbents: spec.sharing.has(Shared::Incumbents),
            after: lane.after,
            turn: lane.turn,
        });
        let tolerances = spec.options.tolerances;
        let referee = Referee::new(facts.collect(), limits, problem.sense(), tolerances, &spec.trust);
        let bell = Arc::new(Bell::default());
        Self {
            lanes: lanes.iter().map(|lane| Contender::new(lane, &bell, problem.sense())).collect(),
            checker: Checker::new(Arc::clone(&problem), tolerances, &bell),
            problem,
            spec,
            begun,
            referee,
            bell,
            checked_for: Duration::ZERO,
            points: HashMap::new(),
            next_point: 0,
            repairs: channel(),
            repairs_over: StopToken::new(),
            findings: Vec::new(),
            asked: None,
            ending: None,
        }
    }

    /// Drives to the end.
    fn drive(&mut self) -> Ending {
        let bell = Arc::clone(&self.bell);
        let guard = self.spec.stop.on_stop(move || bell.ring());
        self.feed(Input::Tick);
        let ending = loop {
            if let Some(ending) = self.ending {
                break ending;
            }
            let now = self.begun.elapsed();
            let due = self.referee.next_deadline().map_or(TICK, |due| due.saturating_sub(now).min(TICK));
            self.bell.wait(due);
            self.listen();
        };
        drop(guard);
        self.repairs_over.kill();
        for lane in &mut self.lanes {
            lane.join();
        }
        self.last_words();
        ending
    }

    /// What lanes logged and nobody had heard when the race was decided: a log that breaks off before the end of a short
    /// solve would hide the most telling lines.
    fn last_words(&self) {
        for (id, lane) in (0..).zip(&self.lanes) {
            for line in lane.slots.take().log {
                self.publish(&RaceEvent::Log { lane: id, line });
            }
        }
    }

    /// A point that somebody else has counts as any other when it passes the check.
    fn hear_outside(&mut self) {
        // When it comes is not the same every time.
        let Some(values) = self.spec.observer.offered().filter(|_| !self.spec.options.deterministic) else { return };
        if values.len() == self.problem.num_columns()
            && let Ok(Ok(point)) = check_point(&self.problem, &values, &self.spec.options.tolerances)
        {
            self.feed_point(OUTSIDE, point);
        }
    }

    /// Hears everybody once.
    fn listen(&mut self) {
        self.hear_stop();
        self.hear_outside();
        let mut ends = Vec::new();
        for id in 0..self.lanes.len() as LaneId {
            if let Some(end) = self.hear_lane(id) {
                ends.push((id, end));
            }
        }
        // A claim may end the race: first look at all points that could speak against it.
        for id in 0..self.lanes.len() as LaneId {
            self.consider_point(id, !ends.is_empty());
        }
        for (id, end) in ends {
            self.lane_ended(id, end);
        }
        for (checked, took) in self.checker.take() {
            self.hear_checker(checked, took);
        }
        while let Ok(repaired) = self.repairs.1.try_recv() {
            self.hear_repair(repaired);
        }
        self.tell_progress();
        self.feed(Input::Tick);
    }

    fn hear_stop(&mut self) {
        let wish = match (self.spec.stop.is_killed(), self.spec.stop.is_stopped()) {
            (true, _) => Wish::Discard,
            (false, true) => Wish::Keep,
            (false, false) => return,
        };
        if self.asked != Some(wish) {
            self.asked = Some(wish);
            self.feed(Input::StopAsked(wish));
        }
    }

    /// Takes in what a lane said, and how it ended, if it did.
    fn hear_lane(&mut self, id: LaneId) -> Option<LaneEnd> {
        let lane = self.lanes.get_mut(usize::from(id)).filter(|lane| lane.is_under_way())?;
        let news = lane.slots.take();
        if let Some(opened) = news.opened {
            let pausing = if opened.pause.is_some() { Pausing::Possible } else { Pausing::Impossible };
            (lane.version, lane.pause) = (opened.version, opened.pause);
            self.feed(Input::Started(id, pausing));
        }
        for line in news.log {
            self.publish(&RaceEvent::Log { lane: id, line });
        }
        if self.holds_back() && news.end.is_none() {
            let lane = &mut self.lanes[usize::from(id)];
            lane.held_bound = news.bound.or(lane.held_bound); // the newest is the tightest
            return None;
        }
        if let Some(objective) = news.objective {
            self.feed(Input::Objective(id, objective));
        }
        if let Some(bound) = news.bound.or(self.lanes[usize::from(id)].held_bound.take()) {
            self.feed(Input::Bound(id, bound, super::referee::Weight::Claimed));
        }
        news.end
    }

    /// Whether what lanes say on their way counts only when they have ended: how much of it is heard in time differs from
    /// run to run. An end from outside makes the answer one of its own anyhow, and takes all there is.
    fn holds_back(&self) -> bool {
        self.spec.options.deterministic && self.referee.is_racing()
    }

    /// Has the lane's newest point checked, if it would be an incumbent and there is time, or if it has to be now.
    fn consider_point(&mut self, id: LaneId, at_once: bool) {
        if self.holds_back() && !at_once {
            return;
        }
        let budget = self.begun.elapsed().mul_f64(CHECK_SHARE) + CHECK_ALLOWANCE;
        let lane = &mut self.lanes[usize::from(id)];
        if !at_once && (lane.checking || self.checked_for > budget) {
            return;
        }
        let Some(raw) = lane.slots.take_point() else { return };
        let sense = self.problem.sense();
        if self.referee.incumbent().is_none_or(|(_, best)| sense.better(raw.objective, best)) {
            lane.checking = true;
            self.checker.submit(CheckJob::Point(id, raw.values));
        }
    }

    fn lane_ended(&mut self, id: LaneId, end: LaneEnd) {
        let now = self.begun.elapsed();
        let lane = &mut self.lanes[usize::from(id)];
        lane.ended = Some(now);
        let source = lane.source(id);
        match end {
            LaneEnd::Failed(why) => {
                lane.says.clone_from(&why);
                if self.spec.options.deterministic {
                    lane.nodes = 0; // those it told of last
                }
                self.checker.submit(CheckJob::Failed(source, why));
            }
            LaneEnd::Claim(claim) => {
                // Most adapters have done so themselves.
                let claim = Box::new(self.spec.options.within_cutoff(self.problem.sense(), *claim));
                lane.heard(&claim);
                // After the decision, what a stopped lane still holds does not matter.
                if self.referee.is_settled() && !report::is_definite(&claim) {
                    self.feed(Input::Finished(id, report::outcome(&claim, &[])));
                } else {
                    self.checker.submit(CheckJob::Claim(source, claim));
                }
            }
        }
    }

    fn hear_checker(&mut self, checked: Checked, took: Duration) {
        match checked {
            Checked::Point(id, result) => {
                self.checked_for += took;
                self.lanes[usize::from(id)].checking = false;
                match result {
                    Ok(point) => self.feed_point(id, point),
                    Err(why) => self.feed(Input::Refuted(id, why)),
                }
            }
            Checked::Claim(claim, findings) => self.feed_claim(&claim, findings),
            Checked::Failed(source, why) => {
                let id = source.lane;
                self.findings.push(Findings::of_failure(source, why.clone()));
                self.feed(Input::Failed(id, why));
            }
        }
    }

    /// Hands a lane's last words to the referee: points first, then bounds, then the verdict.
    fn feed_claim(&mut self, claim: &Claim, findings: Findings) {
        let id = findings.source.lane;
        if let Some(objective) = claim.objective {
            self.feed(Input::Objective(id, objective));
        }
        for finding in &findings.list {
            match finding {
                Finding::Point(point) => self.feed_point(id, point.clone()),
                Finding::Measured(measured) if measured.is_imprecise() && !self.problem.is_lp() => {
                    let point = self.keep(Kept::Measured(Arc::clone(measured.values())));
                    self.feed(Input::Measured(id, point));
                }
                _ => {}
            }
        }
        if let Some(why) = report::contradiction(&findings) {
            self.feed(Input::Contradicted(id, why));
        }
        for (bound, weight) in report::bounds(&findings) {
            self.feed(Input::Bound(id, bound, weight));
        }
        let outcome = report::outcome(claim, &findings.list);
        self.findings.push(findings);
        self.feed(Input::Finished(id, outcome));
    }

    fn feed_point(&mut self, lane: LaneId, point: CheckedPoint) {
        let (objective, exact) = (point.objective(), self.is_exact(&point));
        let point = self.keep(Kept::Checked(Arc::new(point)));
        self.feed(Input::Point { lane, point, objective, exact });
    }

    fn is_exact(&self, point: &CheckedPoint) -> bool {
        self.problem.is_lp() || point.violations().integrality == 0.0
    }

    fn hear_repair(&mut self, repaired: Repaired) {
        let Repaired { lane, point, made } = repaired;
        let made = made.map(|made| {
            let objective = made.objective();
            self.findings.push(Findings::of_point(report::source(&self.lanes, lane), made.clone()));
            (self.keep(Kept::Checked(Arc::new(made))), objective)
        });
        self.feed(Input::Repaired { lane, point, made });
    }

    fn keep(&mut self, point: Kept) -> PointId {
        self.next_point += 1;
        let id = PointId(self.next_point);
        self.points.insert(id, point);
        id
    }

    fn feed(&mut self, input: Input) {
        for command in self.referee.on(self.begun.elapsed(), input) {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(lane, point) => self.start(lane, point),
            Command::Offer(lane, point) => {
                if let Some(Kept::Checked(point)) = self.points.get(&point) {
                    self.lanes[usize::from(lane)].slots.offer(Arc::clone(point));
                }
            }
            Command::Recruit { lane, like, threads } => self.recruit(lane, like, threads),
            Command::Pause(lane) => self.lanes[usize::from(lane)].pause(self.begun.elapsed()),
            Command::Resume(lane) => self.lanes[usize::from(lane)].resume(self.begun.elapsed()),
            Command::Stop(lane) => self.lanes[usize::from(lane)].stop.stop(),
            Command::Kill(lane) => self.lanes[usize::from(lane)].stop.kill(),
            Command::Repair(lane, point) => self.start_repair(lane, point),
            Command::Publish(notice) => self.tell(notice),
            Command::Forget(point) => {
                self.points.remove(&point);
            }
            Command::Finish(ending) => self.ending = Some(ending),
        }
    }

    /// A lane like that one, with a seed that no other of its solver has.
    fn recruit(&mut self, id: LaneId, like: LaneId, threads: u32) {
        let like = &self.spec.lineup.lanes[usize::from(like)];
        let seed = like.seed.or(self.spec.options.seed).unwrap_or_default();
        let seed = seed.wrapping_add(u32::from(id)) & SEED_MASK;
        let lane = Lane { threads, seed: Some(seed), after: Duration::ZERO, ..like.clone() };
        self.lanes.push(Contender::new(&lane, &self.bell, self.problem.sense()));
        self.spec.lineup.lanes.push(lane);
    }

    fn start(&mut self, id: LaneId, point: Option<PointId>) {
        let (mut start, sharing) = (self.spec.start.clone(), self.spec.sharing);
        let chosen = &self.spec.lineup.lanes[usize::from(id)];
        let mut options = chosen.options(&self.spec.options);
        if let Some(Kept::Checked(point)) = point.and_then(|point| self.points.get(&point)) {
            if sharing.has(Shared::Starts) {
                start.point = Some(Arc::clone(point.values()));
            }
            if sharing.has(Shared::Cutoffs) && !self.problem.is_lp() {
                let (sense, best) = (self.problem.sense(), point.objective());
                options.cutoff = Some(options.cutoff.filter(|wanted| sense.better(*wanted, best)).unwrap_or(best));
            }
        }
        let lane = &mut self.lanes[usize::from(id)];
        lane.started = Some(self.begun.elapsed());
        let job = lane::Job {
            backend: Arc::clone(&chosen.backend),
            problem: Arc::clone(&self.problem),
            options,
            start,
            stop: lane.stop.clone(),
            begun: self.begun,
        };
        lane.thread = lane::spawn(job, &lane.slots);
    }

    /// On a thread of its own; whatever happens there, an answer comes.
    fn start_repair(&mut self, lane: LaneId, point: PointId) {
        let Some(values) = self.points.get(&point).map(|kept| Arc::clone(kept.values())) else { return };
        let finder = self.spec.lineup.lanes.get(usize::from(lane)).or(self.spec.lineup.lanes.first());
        let Some(finder) = finder else { return };
        let mut backends: Vec<Arc<dyn Backend>> = vec![Arc::clone(&finder.backend)];
        let others = self.spec.lineup.lanes.iter().filter(|other| other.backend.name() != backends[0].name());
        backends.extend(others.map(|other| Arc::clone(&other.backend)).collect::<Vec<_>>());
        let (problem, tolerances) = (Arc::clone(&self.problem), self.spec.options.tolerances);
        let (sender, bell, over) = (self.repairs.0.clone(), Arc::clone(&self.bell), self.repairs_over.clone());
        let limit = if self.spec.options.deterministic { AT_LEISURE } else { REPAIR_LIMIT };
        let work = move || {
            let attempt = || repair(&problem, &values, &tolerances, &backends, limit, &over);
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).ok().flatten();
            let _ = sender.send(Repaired { lane, point, made }); // nobody listens when the race is over
            bell.ring();
        };
        if std::thread::Builder::new().name("repair".into()).spawn(work).is_err() {
            let _ = self.repairs.0.send(Repaired { lane, point, made: None });
            self.bell.ring();
        }
    }

    fn tell(&self, notice: Notice) {
        let solver = |lane: LaneId| report::source(&self.lanes, lane).backend;
        let event = match notice {
            Notice::Lane(lane, state, detail) => RaceEvent::Lane { lane, solver: solver(lane), state, detail },
            Notice::Incumbent(lane, point, _) => match self.points.get(&point) {
                Some(Kept::Checked(point)) => {
                    RaceEvent::Incumbent { point: Arc::clone(point), lane, found_by: solver(lane) }
                }
                _ => return,
            },
            Notice::Bound(lane, bound) => RaceEvent::Bound { bound, lane, found_by: solver(lane) },
            Notice::Warning(code, detail) => RaceEvent::Warning { code, detail },
        };
        self.publish(&event);
    }

    fn publish(&self, event: &RaceEvent) {
        self.spec.observer.on(self.begun.elapsed().as_secs_f64(), event);
    }

    fn tell_progress(&mut self) {
        let now = self.begun.elapsed();
        let news: Vec<_> = (0..).zip(&mut self.lanes).filter_map(|(id, lane)| lane.progress(id, now)).collect();
        for progress in news {
            self.publish(&RaceEvent::Progress(progress));
        }
    }

    fn answer(mut self, ending: Ending) -> Answer {
        let incumbent = self.referee.incumbent().and_then(|(point, _)| match self.points.get(&point) {
            Some(Kept::Checked(point)) => Some(Arc::clone(point)),
            _ => None,
        });
        // The incumbent first: of equal points the first is named.
        let mut findings = report::meanwhile(&self.referee, &self.lanes, incumbent.as_deref());
        findings.append(&mut self.findings);
        let stopped = report::limit(ending);
        let answer = conclude(&self.problem, &findings, &self.spec.options.tolerances, &self.spec.trust, stopped);
        let reports = report::lanes(&self.referee, &self.lanes, self.begun.elapsed());
        let answer = answer.with_run(reports, self.begun.elapsed().as_secs_f64());
        deterministic::with_caveat(answer, &self.spec.options)
    }
}

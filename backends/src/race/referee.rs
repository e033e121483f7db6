//! The rules of a race, as a pure state machine: what happened and when goes in, what to do comes out.
//!
//! No clock, no threads, no randomness: the same inputs give the same commands. For every schedule: a published incumbent
//! is a checked one and only gets better; a published bound never lies beyond a checked incumbent unless its lane is
//! disqualified; there is exactly one `Finish`, and it comes when every lane that was started has ended or was killed.

mod cores;
mod replace;

use std::collections::BTreeMap;
use std::time::Duration;

use farkas_modeling::answer::LaneState;
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{Limit, Sense, Tolerances};

use super::ledger::{Incumbent, Judgement, Ledger, Settled};
pub use super::protocol::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    /// Its process stands still, since then.
    Paused(Duration),
    Stopping(Duration),
    Killed(Duration),
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Racing,
    Ending(Ending),
    Over,
}

#[derive(Debug, Clone)]
struct LaneRecord {
    facts: LaneFacts,
    phase: Phase,
    state: LaneState,
    detail: String,
    incumbents: u64,
    /// The last point it was offered.
    offered: Option<PointId>,
    /// When it was started.
    began: Duration,
    /// Since when it has its cores.
    at_work_since: Duration,
    /// It can be stopped and continued.
    can_pause: bool,
    /// It has the place of one that was far behind.
    stands_in: bool,
}

impl LaneRecord {
    fn is_alive(&self) -> bool {
        self.is_at_work() || matches!(self.phase, Phase::Paused(_))
    }

    /// Whether it takes its cores.
    fn is_at_work(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Stopping(_) | Phase::Killed(_))
    }
}

/// The state of a race.
#[derive(Debug, Clone)]
pub struct Referee {
    lanes: Vec<LaneRecord>,
    limits: Limits,
    ledger: Ledger,
    stage: Stage,
    /// The bound that was last published, as if minimising.
    told: Option<f64>,
    /// Points that somebody repairs: whose they are, and since when. The race waits for them.
    repairs: BTreeMap<PointId, (LaneId, Duration)>,
    /// A lane reached a limit that was set for all: the ones that wait would only reach it too.
    closed_to_new: bool,
    begun: bool,
    /// When the incumbent got better last.
    improved: Option<Duration>,
    /// Half of the time is over: lanes were compared.
    compared: bool,
}

impl Referee {
    /// A race that has not begun: the first input, whatever it is, starts the first lanes.
    pub fn new(
        lanes: Vec<LaneFacts>,
        limits: Limits,
        sense: Sense,
        tolerances: Tolerances,
        trust: &TrustPolicy,
    ) -> Self {
        let ledger = Ledger::new(&lanes, sense, tolerances, trust);
        Self {
            lanes: lanes.into_iter().map(LaneRecord::new).collect(),
            limits,
            ledger,
            stage: Stage::Racing,
            told: None,
            repairs: BTreeMap::new(),
            closed_to_new: false,
            begun: false,
            improved: None,
            compared: false,
        }
    }

    /// How a lane stands. `None` for a lane that is not in the line-up.
    pub fn lane(&self, lane: LaneId) -> Option<LaneStanding> {
        let record = self.lanes.get(usize::from(lane))?;
        Some(LaneStanding {
            state: record.state,
            detail: record.detail.clone(),
            incumbents: record.incumbents,
            bound: self.ledger.named_bound(lane).map(|b| self.ledger.turn(b)),
            counted_bound: self.ledger.counted_bound(lane).map(|b| self.ledger.turn(b)),
        })
    }

    /// The best checked point and its objective.
    pub fn incumbent(&self) -> Option<(PointId, f64)> {
        self.ledger.incumbent().map(|p| (p.point, self.ledger.turn(p.value)))
    }

    /// The lane that the incumbent came from.
    pub fn incumbent_lane(&self) -> Option<LaneId> {
        self.ledger.incumbent().map(|p| p.lane)
    }

    /// Whether the outcome is known, and only the lanes have to end.
    pub fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Ending(ending) if ending.is_settled())
    }

    /// Whether it goes on: nothing is settled, no limit reached, nobody asked for an end.
    pub fn is_racing(&self) -> bool {
        self.stage == Stage::Racing
    }

    /// The merged bound, in the problem's own sense.
    pub fn bound(&self) -> Option<f64> {
        self.ledger.bound().map(|(value, _)| self.ledger.turn(value))
    }

    /// Whether `Finish` has been commanded.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// When a `Tick` is due at the latest, if anything is waiting for time to pass.
    pub fn next_deadline(&self) -> Option<Duration> {
        let limits = self.limits.time.into_iter().chain(self.stalls_at()).filter(|_| self.stage == Stage::Racing);
        let lanes = self.lanes.iter().filter_map(|lane| match lane.phase {
            Phase::Stopping(since) => Some(since + self.patience()),
            Phase::Killed(since) => Some(since + self.limits.abandon),
            _ => None,
        });
        let repairs = self.repairs.values().map(|(_, since)| *since + self.limits.repair);
        let entry = self.next_entry().map(|entry| entry.due);
        let comparison = self.compares_at().filter(|_| self.stage == Stage::Racing);
        lanes.chain(limits).chain(repairs).chain(entry).chain(comparison).min()
    }

    /// When the incumbent will have stood for as long as it may.
    fn stalls_at(&self) -> Option<Duration> {
        self.improved.zip(self.limits.stall).map(|(since, stall)| since.saturating_add(stall))
    }

    /// Whether lanes may start at all.
    fn may_start(&self) -> bool {
        let waits = self.limits.one_by_one && !self.repairs.is_empty();
        self.stage == Stage::Racing && !(self.begun && self.closed_to_new) && !waits
    }

    /// Takes in what happened `at` (which never runs backwards) and says what to do, in order.
    pub fn on(&mut self, at: Duration, input: Input) -> Vec<Command> {
        let mut out = Vec::new();
        if self.stage == Stage::Over {
            forget_late(&input, &mut out);
            return out;
        }
        self.take(at, input, &mut out);
        self.keep_time(at, &mut out);
        self.settle(at, &mut out);
        self.publish_bound(&mut out);
        self.replace(at, &mut out);
        self.hand_out_cores(at, &mut out);
        self.finish_if_done(&mut out);
        out
    }

    fn take(&mut self, at: Duration, input: Input, out: &mut Vec<Command>) {
        match input {
            Input::Tick => {}
            Input::Started(lane, pausing) => {
                if self.known(lane) && self.lanes[usize::from(lane)].phase == Phase::Running {
                    self.lanes[usize::from(lane)].can_pause = pausing == Pausing::Possible;
                    self.tell_lane(lane, LaneState::Running, None, out);
                }
            }
            Input::Objective(lane, objective) => {
                if self.known(lane) {
                    self.ledger.note_objective(lane, self.ledger.turn(objective));
                }
            }
            Input::Point { lane, point, objective, exact } => self.point(at, lane, (point, objective, exact), out),
            Input::Refuted(lane, why) => {
                let solver = self.solver(lane);
                out.push(Command::Publish(Notice::Warning("point-refuted", format!("{solver}: {why}"))));
            }
            Input::Contradicted(lane, why) => {
                if self.known(lane) && !self.ledger.is_disqualified(lane) {
                    self.disqualify(at, lane, why, out);
                }
            }
            Input::Measured(lane, point) => {
                if self.known(lane) && self.ledger.incumbent().is_none() && !self.is_discarding() {
                    self.repairs.insert(point, (lane, at));
                    out.push(Command::Repair(lane, point));
                } else {
                    out.push(Command::Forget(point));
                }
            }
            Input::Repaired { lane, point, made } => self.repaired(at, lane, (point, made), out),
            Input::Bound(lane, bound, weight) => {
                if self.known(lane) {
                    self.ledger.note_bound(lane, self.ledger.turn(bound), weight);
                    self.judge(at, lane, out);
                }
            }
            Input::Finished(lane, outcome) => self.finished(at, lane, outcome, out),
            Input::Failed(lane, why) => self.failed(lane, why, out),
            Input::StopAsked(wish) => match self.stage {
                Stage::Ending(ending) if ending.is_settled() || wish == Wish::Keep => {}
                _ => self.end(at, Ending::Stopped(wish), out),
            },
        }
    }

    fn point(&mut self, at: Duration, lane: LaneId, what: (PointId, f64, bool), out: &mut Vec<Command>) {
        let (point, objective, exact) = what;
        let value = self.ledger.turn(objective);
        let old = self.ledger.incumbent();
        let is_worse = self.limits.cutoff.is_some_and(|cutoff| value > self.ledger.turn(cutoff));
        if is_worse
            || !(self.known(lane) || lane == OUTSIDE)
            || !self.ledger.note_point(Incumbent { point, lane, value, exact })
        {
            out.push(Command::Forget(point));
            return;
        }
        if let Some(old) = old
            && !self.repairs.contains_key(&old.point)
        {
            out.push(Command::Forget(old.point));
        }
        if let Some(record) = self.lanes.get_mut(usize::from(lane)) {
            record.incumbents += 1;
        }
        self.improved = Some(at);
        out.push(Command::Publish(Notice::Incumbent(lane, point, objective)));
        for other in 0..self.lanes.len() as LaneId {
            self.judge(at, other, out);
        }
        self.offer(lane, out);
        let target = self.limits.objective_target.map(|t| self.ledger.turn(t));
        if self.stage == Stage::Racing && target.is_some_and(|t| value <= t) {
            self.end(at, Ending::AtLimit(Limit::Objective), out);
        }
    }

    /// Offers the incumbent to all but the lane it comes from.
    fn offer(&mut self, from: LaneId, out: &mut Vec<Command>) {
        for id in (0..self.lanes.len() as LaneId).filter(|id| *id != from) {
            self.offer_to(id, out);
        }
    }

    /// Offers the incumbent to a lane that is at work, takes points, and is behind. One that is paused is offered the best
    /// of then when it goes on.
    fn offer_to(&mut self, id: LaneId, out: &mut Vec<Command>) {
        let Some(best) = self.ledger.incumbent().filter(|_| self.stage == Stage::Racing) else { return };
        let lane = &mut self.lanes[usize::from(id)];
        let behind = best.value < self.ledger.named_objective(id) && lane.offered != Some(best.point);
        if lane.facts.takes_incumbents && lane.phase == Phase::Running && behind {
            lane.offered = Some(best.point);
            out.push(Command::Offer(id, best.point));
        }
    }

    fn repaired(
        &mut self,
        at: Duration,
        lane: LaneId,
        what: (PointId, Option<(PointId, f64)>),
        out: &mut Vec<Command>,
    ) {
        let (point, made) = what;
        if self.repairs.remove(&point).is_some() {
            let objective = made.map(|(_, objective)| self.ledger.turn(objective));
            for (liar, why) in self.ledger.resolve(point, objective) {
                self.disqualify(at, liar, why, out);
            }
            if self.ledger.incumbent().is_none_or(|p| p.point != point) {
                out.push(Command::Forget(point));
            }
        }
        if let Some((made, objective)) = made {
            self.point(at, lane, (made, objective, true), out);
        }
        for other in 0..self.lanes.len() as LaneId {
            self.judge(at, other, out);
        }
    }

    fn judge(&mut self, at: Duration, lane: LaneId, out: &mut Vec<Command>) {
        match self.ledger.judge(lane) {
            Some(Judgement::Contradicted(why)) => self.disqualify(at, lane, why, out),
            Some(Judgement::Doubtful(point)) => {
                let owner = self.ledger.incumbent().map_or(lane, |p| p.lane);
                self.repairs.insert(point, (owner, at));
                out.push(Command::Repair(owner, point));
            }
            None => {}
        }
    }

    fn disqualify(&mut self, at: Duration, lane: LaneId, why: String, out: &mut Vec<Command>) {
        self.ledger.disqualify(lane);
        self.tell_lane(lane, LaneState::Disqualified, Some(why.clone()), out);
        out.push(Command::Publish(Notice::Warning("lane-disqualified", why)));
        // What it may still say counts for nothing: no reason to wake it.
        let record = &mut self.lanes[usize::from(lane)];
        if matches!(record.phase, Phase::Paused(_)) {
            record.phase = Phase::Killed(at);
            out.push(Command::Kill(lane));
        }
        self.stop(at, lane, out);
    }

    fn finished(&mut self, at: Duration, lane: LaneId, outcome: Outcome, out: &mut Vec<Command>) {
        if !self.known(lane) || !self.lanes[usize::from(lane)].is_alive() {
            return;
        }
        let asked = !matches!(self.lanes[usize::from(lane)].phase, Phase::Running | Phase::Paused(_));
        self.lanes[usize::from(lane)].phase = Phase::Gone;
        let state = match outcome {
            Outcome::Verdict(_) => LaneState::Finished,
            _ if asked => LaneState::Stopped,
            _ => LaneState::Finished,
        };
        self.tell_lane(lane, state, None, out);
        match outcome {
            Outcome::Verdict(verdict) => {
                self.ledger.note_verdict(lane, verdict);
                self.judge(at, lane, out);
            }
            Outcome::AtLimit(Limit::Cutoff) if self.limits.cutoff.is_some() => self.ledger.note_cut_off(lane),
            Outcome::AtLimit(limit) if !asked => self.lane_at_limit(at, limit, out),
            Outcome::AtLimit(_) | Outcome::Undecided => {}
        }
    }

    /// Limits that were set for the race, not for this lane: enough solutions are enough, and where time, nodes or
    /// iterations ran out for one lane, the next would only do the same again.
    fn lane_at_limit(&mut self, at: Duration, limit: Limit, out: &mut Vec<Command>) {
        let nearly_over = || self.limits.time.is_some_and(|time| at >= time.mul_f64(0.9));
        match limit {
            Limit::Solution if self.ledger.incumbent().is_some() && self.stage == Stage::Racing => {
                self.end(at, Ending::AtLimit(Limit::Solution), out);
            }
            Limit::Node | Limit::Iteration => self.closed_to_new = true,
            Limit::Time if nearly_over() => self.closed_to_new = true,
            _ => {}
        }
    }

    fn failed(&mut self, lane: LaneId, why: String, out: &mut Vec<Command>) {
        if !self.known(lane) || !self.lanes[usize::from(lane)].is_alive() {
            return;
        }
        let state = match self.lanes[usize::from(lane)].phase {
            Phase::Killed(_) => LaneState::Killed,
            _ => LaneState::Failed,
        };
        self.lanes[usize::from(lane)].phase = Phase::Gone;
        self.tell_lane(lane, state, Some(why), out);
    }

    /// Limits of time, progress and objective, and what follows an order that is not obeyed.
    fn keep_time(&mut self, at: Duration, out: &mut Vec<Command>) {
        if self.stage == Stage::Racing && self.limits.time.is_some_and(|limit| at >= limit) {
            self.end(at, Ending::AtLimit(Limit::Time), out);
        }
        let cutoff = self.limits.cutoff.map(|cutoff| self.ledger.turn(cutoff));
        if self.stage == Stage::Racing && cutoff.is_some_and(|cutoff| self.ledger.is_cut_off(cutoff)) {
            self.end(at, Ending::AtLimit(Limit::Cutoff), out);
        }
        if self.stage == Stage::Racing && self.stalls_at().is_some_and(|limit| at >= limit) {
            self.end(at, Ending::AtLimit(Limit::SlowProgress), out);
        }
        let patience = self.patience();
        for id in 0..self.lanes.len() as LaneId {
            match self.lanes[usize::from(id)].phase {
                Phase::Stopping(since) if at >= since + patience => {
                    self.lanes[usize::from(id)].phase = Phase::Killed(at);
                    out.push(Command::Kill(id));
                }
                Phase::Killed(since) if at >= since + self.limits.abandon => {
                    self.lanes[usize::from(id)].phase = Phase::Gone;
                    let why = "it did not end when it was told to, and its thread was left behind".to_owned();
                    self.tell_lane(id, LaneState::Killed, Some(why), out);
                }
                _ => {}
            }
        }
        let late = self.repairs.iter().filter(|(_, (_, since))| at >= *since + self.limits.repair);
        for (point, lane) in late.map(|(point, (lane, _))| (*point, *lane)).collect::<Vec<_>>() {
            self.repaired(at, lane, (point, None), out);
        }
    }

    fn patience(&self) -> Duration {
        match self.stage {
            Stage::Ending(ending) if ending.is_settled() => self.limits.wind_down,
            _ => self.limits.grace,
        }
    }

    /// Ends the race when what is known settles it; a race that is ending anyway ends with the better reason.
    fn settle(&mut self, at: Duration, out: &mut Vec<Command>) {
        let ending = match self.ledger.settled() {
            Some(Settled::Optimal) => Ending::Optimal,
            Some(Settled::Infeasible) => Ending::Infeasible,
            Some(Settled::Unbounded) => Ending::Unbounded,
            None => {
                // What seemed settled was contradicted while the lanes were ending.
                let found = self.ledger.incumbent().is_some();
                match self.stage {
                    Stage::Ending(Ending::AtLimit(Limit::Cutoff)) if !found => {}
                    Stage::Ending(
                        Ending::Optimal | Ending::Infeasible | Ending::Unbounded | Ending::AtLimit(Limit::Cutoff),
                    ) => self.stage = Stage::Ending(Ending::Exhausted),
                    _ => {}
                }
                return;
            }
        };
        match self.stage {
            Stage::Ending(Ending::Stopped(Wish::Discard)) | Stage::Over => {}
            Stage::Ending(_) => self.stage = Stage::Ending(ending),
            Stage::Racing => self.end(at, ending, out),
        }
    }

    fn end(&mut self, at: Duration, ending: Ending, out: &mut Vec<Command>) {
        self.stage = Stage::Ending(ending);
        for lane in 0..self.lanes.len() as LaneId {
            self.stop(at, lane, out);
        }
    }

    fn stop(&mut self, at: Duration, lane: LaneId, out: &mut Vec<Command>) {
        let record = &mut self.lanes[usize::from(lane)];
        match record.phase {
            Phase::Running => {}
            Phase::Paused(_) => out.push(Command::Resume(lane)),
            _ => return,
        }
        record.phase = Phase::Stopping(at);
        out.push(Command::Stop(lane));
    }

    /// Publishes the merged bound when it got tighter, or when its source fell away.
    fn publish_bound(&mut self, out: &mut Vec<Command>) {
        if self.is_discarding() {
            return;
        }
        let now = self.ledger.bound();
        let (value, lane) = now.unwrap_or((f64::NEG_INFINITY, 0));
        let news = match (self.told, now) {
            (None, None) => false,
            (None, Some(_)) | (Some(_), None) => true,
            // An incumbent that improves within the gap clips the bound a little; that is no news.
            (Some(told), Some(_)) => value > told || value < told - 2.0 * self.ledger.contradiction_width(told),
        };
        if news {
            self.told = now.map(|(value, _)| value);
            out.push(Command::Publish(Notice::Bound(lane, self.ledger.turn(value))));
        }
    }

    fn finish_if_done(&mut self, out: &mut Vec<Command>) {
        let alive = self.lanes.iter().any(LaneRecord::is_alive);
        if alive || !(self.is_settled() || self.repairs.is_empty()) {
            return;
        }
        let ending = match self.stage {
            Stage::Ending(ending) => ending,
            // Nothing runs, and whoever may start has started: nobody is left.
            Stage::Racing => Ending::Exhausted,
            Stage::Over => return,
        };
        self.stage = Stage::Over;
        out.push(Command::Finish(ending));
    }

    fn tell_lane(&mut self, lane: LaneId, state: LaneState, why: Option<String>, out: &mut Vec<Command>) {
        let disqualified = self.ledger.is_disqualified(lane);
        let record = &mut self.lanes[usize::from(lane)];
        // Disqualified is the last word about a lane, however it ends then.
        if disqualified && state != LaneState::Disqualified {
            return;
        }
        record.state = state;
        if let Some(why) = &why {
            record.detail.clone_from(why);
        }
        out.push(Command::Publish(Notice::Lane(lane, state, why)));
    }

    fn is_discarding(&self) -> bool {
        self.stage == Stage::Ending(Ending::Stopped(Wish::Discard))
    }

    fn known(&self, lane: LaneId) -> bool {
        usize::from(lane) < self.lanes.len()
    }

    fn solver(&self, lane: LaneId) -> &str {
        self.lanes.get(usize::from(lane)).map_or("?", |l| &l.facts.solver)
    }
}

/// After the end a point that comes late is only to be forgotten.
fn forget_late(input: &Input, out: &mut Vec<Command>) {
    match input {
        Input::Point { point, .. } | Input::Measured(_, point) | Input::Repaired { made: Some((point, _)), .. } => {
            out.push(Command::Forget(*point));
        }
        _ => {}
    }
}

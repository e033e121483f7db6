//! Watches one simulated race from outside, by what went in and what came out alone, and names the first rule broken.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use farkas_backends::race::referee::{
    Command, Ending, Input, LaneId, Notice, Outcome, Pausing, PointId, Referee, Verdict, Weight, Wish,
};
use farkas_modeling::Limit;
use farkas_modeling::answer::LaneState;

use crate::world::{Truth, World};

#[derive(Debug, Default)]
pub struct Audit {
    fed: BTreeMap<PointId, f64>,
    best: Option<(f64, bool)>,
    forgotten: BTreeSet<PointId>,
    bounds: BTreeMap<LaneId, f64>,
    infeasible: BTreeSet<LaneId>,
    contradicted: BTreeSet<LaneId>,
    published: Option<f64>,
    told: Option<f64>,
    doubts: usize,
    doubts_told: usize,
    started: BTreeSet<LaneId>,
    /// Lanes that have begun and can be paused.
    pausable: BTreeSet<LaneId>,
    paused: BTreeSet<LaneId>,
    pub pauses: usize,
    pub recruits: usize,
    asked: BTreeSet<LaneId>,
    killed: BTreeSet<LaneId>,
    gone: BTreeSet<LaneId>,
    offers: BTreeSet<(LaneId, PointId)>,
    /// Since when.
    repairing: BTreeMap<PointId, Duration>,
    now: Duration,
    pub ending: Option<Ending>,
    pub disqualified: BTreeSet<LaneId>,
}

/// Fails the schedule with a sentence.
macro_rules! rule {
    ($holds:expr, $($said:tt)*) => {
        {
            let holds: bool = $holds;
            if !holds {
                return Err(format!($($said)*));
            }
        }
    };
}

impl Audit {
    /// Takes note of an input before the referee sees it.
    pub fn before(&mut self, world: &World, input: &Input) {
        if self.ending.is_some() {
            return;
        }
        match *input {
            Input::Point { point, objective, exact, .. } => self.saw(world, point, objective, exact),
            Input::Repaired { point, made, .. } => {
                self.repairing.remove(&point);
                if let Some((made, objective)) = made {
                    self.saw(world, made, objective, true);
                }
            }
            Input::Started(lane, Pausing::Possible) => {
                self.pausable.insert(lane);
            }
            Input::Measured(_, point) => {
                self.fed.insert(point, f64::NAN);
            }
            Input::Bound(lane, bound, _) if bound.is_finite() => {
                let best = self.bounds.entry(lane).or_insert(f64::NEG_INFINITY);
                *best = best.max(world.sign() * bound);
            }
            Input::Finished(lane, outcome) => {
                let infeasible = Outcome::Verdict(Verdict::Infeasible(Weight::Claimed));
                if outcome == infeasible && !self.gone.contains(&lane) {
                    self.infeasible.insert(lane);
                }
                self.gone.insert(lane);
            }
            Input::Failed(lane, _) => {
                self.gone.insert(lane);
            }
            Input::Contradicted(lane, _) => {
                self.contradicted.insert(lane);
            }
            _ => {}
        }
    }

    fn saw(&mut self, world: &World, point: PointId, objective: f64, exact: bool) {
        let value = world.sign() * objective;
        self.fed.insert(point, value);
        if !value.is_finite() || world.cutoff().is_some_and(|cutoff| value > cutoff) {
            return; // nobody checks such a point, or it counts for nothing
        }
        if self.best.is_none_or(|(old, _)| value < old) {
            self.best = Some((value, exact));
        }
    }

    /// Judges what the referee commanded.
    pub fn after(
        &mut self,
        world: &World,
        referee: &Referee,
        now: Duration,
        commands: &[Command],
    ) -> Result<(), String> {
        self.now = now;
        for (at, command) in commands.iter().enumerate() {
            // Whoever is to be stopped is resumed first, whether there is a core for it or not.
            if let Command::Resume(lane) = command
                && !matches!(commands.get(at + 1), Some(Command::Stop(next)) if next == lane)
            {
                self.paused.remove(lane);
                self.cores(world)?;
                self.paused.insert(*lane);
            }
            if let Command::Resume(lane) = command {
                // Those who come first, where a claim needs a second word, may leave a core over for whom they had paused.
                let needless = world.trusts_all() && commands[..at].contains(&Command::Pause(*lane));
                rule!(!needless, "lane {lane} was paused for nothing");
            }
            self.command(world, referee, command).map_err(|broken| format!("{broken} ({command:?})"))?;
        }
        if let (Some(bound), Some((best, _))) = (referee.bound(), self.best) {
            rule!(world.sign() * bound <= best, "the bound {bound} counts beyond the incumbent {best}");
        }
        let alive = || self.started.difference(&self.gone);
        let still = self.ending.is_none() && alive().next().is_some() && alive().all(|lane| self.paused.contains(lane));
        rule!(!still, "all lanes stand still");
        Ok(())
    }

    fn command(&mut self, world: &World, referee: &Referee, command: &Command) -> Result<(), String> {
        if self.ending.is_some() {
            rule!(matches!(command, Command::Forget(_) | Command::Kill(_)), "a command after the end");
        }
        match command {
            Command::Start(lane, point) => {
                rule!(self.started.insert(*lane), "a lane started twice");
                rule!(point.is_none_or(|p| self.is_kept(p)), "started from a point that is gone");
                self.cores(world)?;
            }
            Command::Offer(lane, point) => {
                let takes = world.lanes[usize::from(*lane)].facts.takes_incumbents;
                rule!(takes && self.is_running(*lane), "offered to a lane that does not take it");
                rule!(self.is_kept(*point) && self.offers.insert((*lane, *point)), "a bad offer");
            }
            Command::Recruit { like, .. } => {
                rule!(world.limits.replaces && world.limits.time.is_some(), "a lane is replaced unasked");
                rule!(!self.disqualified.contains(like), "a disqualified lane is the model of another");
                self.recruits += 1;
            }
            Command::Pause(lane) => {
                let turns = world.lanes[usize::from(*lane)].facts.turn.is_some();
                rule!(turns || !world.trusts_all(), "a lane that takes no turns is paused");
                rule!(self.is_running(*lane) && self.pausable.contains(lane), "pauses what cannot be");
                self.paused.insert(*lane);
                self.pauses += 1;
            }
            Command::Resume(lane) => rule!(self.paused.remove(lane) && !self.gone.contains(lane), "a needless resume"),
            Command::Stop(lane) => rule!(self.is_running(*lane) && self.asked.insert(*lane), "a needless stop"),
            Command::Kill(lane) => {
                let paused = self.paused.remove(lane) && self.disqualified.contains(lane);
                rule!(paused || self.asked.contains(lane), "killed before it was asked");
                rule!(self.killed.insert(*lane), "killed twice");
            }
            Command::Repair(_, point) => {
                self.doubts += 1;
                rule!(
                    self.is_kept(*point) && self.repairing.insert(*point, self.now).is_none(),
                    "repairs what is not there"
                );
            }
            Command::Publish(notice) => self.notice(world, notice)?,
            Command::Forget(point) => rule!(self.forgotten.insert(*point), "forgotten twice"),
            Command::Finish(ending) => {
                self.ending = Some(*ending);
                self.finish(world, referee, *ending)?;
            }
        }
        Ok(())
    }

    fn notice(&mut self, world: &World, notice: &Notice) -> Result<(), String> {
        match notice {
            Notice::Incumbent(_, point, objective) => {
                let value = world.sign() * objective;
                rule!(self.fed.get(point) == Some(&value), "published a point that nobody checked");
                rule!(self.published.is_none_or(|old| value < old), "the published incumbent got worse");
                self.published = Some(value);
            }
            Notice::Bound(_, bound) => {
                let value = world.sign() * bound;
                rule!(!value.is_nan(), "published NaN");
                rule!(self.best.is_none_or(|(best, _)| value <= best), "a bound beyond a checked incumbent");
                let reasons = self.disqualified.len() + self.doubts;
                let weaker = self.told.is_some_and(|old| value < old);
                let doubted = reasons > self.doubts_told || !self.repairing.is_empty();
                rule!(!weaker || doubted, "the bound got weaker without a reason");
                (self.told, self.doubts_told) = (Some(value), reasons);
            }
            Notice::Lane(lane, LaneState::Disqualified, _) => {
                rule!(self.disqualified.insert(*lane), "disqualified twice");
                self.deserved(world, *lane)?;
            }
            Notice::Lane(lane, state, _) => {
                rule!(!self.disqualified.contains(lane), "a disqualified lane became {state:?}");
                if *state == LaneState::Killed {
                    self.gone.insert(*lane);
                }
            }
            Notice::Warning(..) => {}
        }
        Ok(())
    }

    /// A lane is disqualified only when a checked point contradicts what it claims.
    fn deserved(&self, world: &World, lane: LaneId) -> Result<(), String> {
        let best = self.best.map_or(f64::INFINITY, |(best, _)| best);
        let bound = self.bounds.get(&lane).copied().unwrap_or(f64::NEG_INFINITY);
        let infeasible = self.infeasible.contains(&lane) && self.best.is_some();
        if self.contradicted.contains(&lane) {
            return Ok(());
        }
        let honest = !world.lanes[usize::from(lane)].character.lies();
        let beaten = self.fed.values().any(|value| *value < bound - world.tolerances.contradiction_width(*value));
        rule!(infeasible || beaten, "disqualified for nothing: bound {bound}, incumbent {best}");
        rule!(!honest, "an honest lane was disqualified: bound {bound}, incumbent {best}");
        Ok(())
    }

    fn finish(&self, world: &World, referee: &Referee, ending: Ending) -> Result<(), String> {
        let incumbent = referee.incumbent().map(|(_, objective)| world.sign() * objective);
        let best = self.best.map(|(best, _)| best);
        rule!(incumbent == best, "ends with {incumbent:?} where {best:?} was checked");
        let stalled = ending == Ending::AtLimit(Limit::SlowProgress);
        rule!(!stalled || (best.is_some() && world.limits.stall.is_some()), "stalled without a point or a limit");
        let cut_off = ending == Ending::AtLimit(Limit::Cutoff);
        rule!(!cut_off || (best.is_none() && world.cutoff().is_some()), "cut off without a cutoff, or with {best:?}");
        rule!(self.published == best, "{best:?} was never published");
        let left = self.started.iter().find(|lane| !self.gone.contains(lane) && !self.killed.contains(lane));
        rule!(left.is_none(), "lane {left:?} still runs");
        let still = self.paused.iter().find(|lane| !self.gone.contains(lane));
        rule!(still.is_none(), "lane {still:?} is left standing still");
        for (lane, bound) in &self.bounds {
            let Some((best, true)) = self.best else { break };
            let beaten = best < bound - world.tolerances.contradiction_width(best);
            let state = referee.lane(*lane).map(|l| l.state);
            rule!(!beaten || state == Some(LaneState::Disqualified), "lane {lane} got away with the bound {bound}");
        }
        let settled = matches!(ending, Ending::Optimal | Ending::Infeasible | Ending::Unbounded)
            || ending == Ending::Stopped(Wish::Discard);
        let awaited = self.repairing.values().any(|since| self.now < *since + world.limits.repair);
        rule!(settled || !awaited, "ends while a point is being repaired");
        if self.repairing.is_empty() {
            let kept: Vec<_> = self.fed.keys().filter(|p| !self.forgotten.contains(p)).collect();
            rule!(kept.len() <= 1, "points are kept for nobody: {kept:?}");
        }
        if world.lies_are_powerless() {
            let near = best.is_some_and(|b| b <= world.optimum + 2.0 * world.width(world.optimum));
            let fine = match ending {
                Ending::Optimal => world.truth == Truth::Feasible && near,
                Ending::Infeasible => world.truth == Truth::Infeasible,
                Ending::Unbounded => world.truth == Truth::Unbounded,
                Ending::AtLimit(Limit::Cutoff) => world.leaves_none(),
                _ => true,
            };
            rule!(fine, "{ending:?} is wrong: {:?}, optimum {}, found {best:?}", world.truth, world.optimum);
        }
        Ok(())
    }

    fn cores(&self, world: &World) -> Result<(), String> {
        // Of a disqualified lane that was killed in vain nothing more is told; it counts as gone after a while.
        let holds = |lane: &&LaneId| !(self.killed.contains(lane) && self.disqualified.contains(lane));
        let lanes = self.started.difference(&self.gone).filter(|lane| !self.paused.contains(lane)).filter(holds);
        let running: Vec<u32> = lanes.map(|lane| threads(world, *lane)).collect();
        let used: u32 = running.iter().sum();
        rule!(running.len() == 1 || used <= world.limits.cores, "{used} threads on {} cores", world.limits.cores);
        Ok(())
    }

    fn is_running(&self, lane: LaneId) -> bool {
        let alive = self.started.contains(&lane) && !self.gone.contains(&lane) && !self.killed.contains(&lane);
        alive && !self.asked.contains(&lane) && !self.paused.contains(&lane)
    }

    fn is_kept(&self, point: PointId) -> bool {
        self.fed.contains_key(&point) && !self.forgotten.contains(&point)
    }
}

fn threads(world: &World, lane: LaneId) -> u32 {
    world.lanes[usize::from(lane)].facts.threads.max(1)
}

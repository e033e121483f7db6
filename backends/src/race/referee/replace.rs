//! Replaces a lane that is far behind by another seed of the best lane's solver, where that was asked for: once half of the
//! race's time is over, and never somebody whose word is needed beside another's.

use std::time::Duration;

use super::{Command, LaneFacts, LaneId, LaneRecord, Phase, Referee, Stage};

/// The share of the time limit after which lanes are compared, and the share that a lane must have had by then.
const COMPARED_AFTER: f64 = 0.5;
const FAIR_TRIAL: f64 = 0.25;
/// Far behind: the bound is so many times as far from the incumbent as another's, and no better point was found.
const FAR: f64 = 2.0;

impl LaneRecord {
    /// A lane that begins when it is its turn.
    pub(super) fn new(facts: LaneFacts) -> Self {
        Self {
            facts,
            phase: Phase::Waiting,
            state: super::LaneState::Waiting,
            detail: String::new(),
            incumbents: 0,
            offered: None,
            began: Duration::ZERO,
            at_work_since: Duration::ZERO,
            can_pause: false,
            stands_in: false,
        }
    }
}

impl Referee {
    /// When lanes will be compared first.
    pub(super) fn compares_at(&self) -> Option<Duration> {
        self.limits.time.filter(|_| self.limits.replaces && !self.compared).map(|limit| limit.mul_f64(COMPARED_AFTER))
    }

    /// Replaces whoever is far behind, one at a time.
    pub(super) fn replace(&mut self, at: Duration, out: &mut Vec<Command>) {
        let Some(limit) = self.limits.time.filter(|_| self.limits.replaces) else { return };
        if self.stage != Stage::Racing || at < limit.mul_f64(COMPARED_AFTER) {
            return;
        }
        self.compared = true;
        let waits = |lane: &LaneRecord| matches!(lane.phase, Phase::Waiting | Phase::Paused(_) | Phase::Stopping(_));
        // Somebody who has not been tried is a better use of the cores; and so is whoever can confirm what is claimed.
        if self.closed_to_new || self.lanes.iter().any(waits) || self.ledger.unconfirmed().is_some() {
            return;
        }
        let Some((behind, best)) = self.far_behind(at, limit.mul_f64(FAIR_TRIAL)) else { return };
        let lane = self.lanes.len() as LaneId;
        let (old, like) = (&self.lanes[usize::from(behind)].facts, &self.lanes[usize::from(best)].facts);
        let facts = LaneFacts { threads: old.threads, turn: old.turn, after: Duration::ZERO, ..like.clone() };
        let why = format!("far behind {}, of which another seed has its place", like.solver);
        self.lanes[usize::from(behind)].detail = why;
        self.lanes.push(LaneRecord { stands_in: true, ..LaneRecord::new(facts) });
        self.ledger.join(best);
        out.push(Command::Recruit { lane, like: best, threads: self.lanes[usize::from(lane)].facts.threads });
        self.stop(at, behind, out);
    }

    /// A lane that is far behind, and the one that it is behind.
    fn far_behind(&self, at: Duration, trial: Duration) -> Option<(LaneId, LaneId)> {
        let incumbent = self.ledger.incumbent()?;
        let running = || (0..).zip(&self.lanes).filter(|(_, lane)| lane.phase == Phase::Running);
        let left = |id: LaneId| {
            incumbent.value - self.ledger.counted_bound(id).map_or(f64::NEG_INFINITY, |b| self.ledger.turn(b))
        };
        let (best, _) = running().min_by(|(a, _), (b, _)| left(*a).total_cmp(&left(*b)))?;
        let solver = &self.lanes[usize::from(best)].facts.solver;
        let second = |not: LaneId| running().any(|(id, lane)| id != not && lane.facts.solver != *solver);
        let is_behind = |id: LaneId, lane: &LaneRecord| {
            id != best
                && !lane.stands_in
                && at >= lane.began + trial
                && left(id) >= FAR * left(best)
                && self.ledger.named_objective(id) >= self.ledger.named_objective(best)
                && (self.ledger.is_trusted(best) || second(id))
        };
        let (behind, _) = running().find(|(id, lane)| is_behind(*id, lane))?;
        (left(best) > 0.0 && left(best).is_finite()).then_some((behind, best))
    }
}

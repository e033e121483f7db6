//! Who has the cores: lanes start in order while cores are free; those that take turns are paused for others when theirs is
//! over. Never are more threads at work than there are cores, but for one lane alone that wants more.
//!
//! While a claim stands that needs a second solver's word, those who can give it come first: they wait for no head start, and
//! the claimant's own lanes make room for them.

use std::time::Duration;

use super::{Command, LaneId, LaneRecord, LaneState, Phase, Referee, Stage};

/// No turn is shorter, whatever is asked for: a change costs a few signals and cold caches.
const LEAST_TURN: Duration = Duration::from_millis(10);

/// Somebody who gets cores, and when.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    lane: LaneId,
    /// Who is paused for it.
    yields: Vec<LaneId>,
    /// Not before; in the past if it was only cores that it waited for.
    pub(super) due: Duration,
}

impl LaneRecord {
    fn turn(&self) -> Option<Duration> {
        self.facts.turn.map(|turn| turn.max(LEAST_TURN))
    }

    /// When another may be paused for it: a pause lasts a turn at least, unless cores are free.
    fn rested(&self) -> Duration {
        match self.phase {
            Phase::Paused(since) => since.saturating_add(self.turn().unwrap_or_default()),
            _ => Duration::ZERO,
        }
    }

    /// When its turn is over, if it can be paused at all.
    fn turn_over(&self) -> Option<Duration> {
        let turn = self.turn().filter(|_| self.can_pause && self.phase == Phase::Running)?;
        Some(self.at_work_since.saturating_add(turn))
    }
}

impl Referee {
    /// Cores that a lane takes.
    fn cores_of(&self, lane: &LaneRecord) -> u32 {
        lane.facts.threads.clamp(1, self.limits.cores.max(1))
    }

    fn used(&self) -> u32 {
        self.lanes.iter().filter(|lane| lane.is_at_work()).map(|lane| self.cores_of(lane)).sum()
    }

    /// Who gets cores next, and when, as things stand.
    pub(super) fn next_entry(&self) -> Option<Entry> {
        if self.stage != Stage::Racing {
            return None;
        }
        let unconfirmed = self.ledger.unconfirmed();
        let confirms = |lane: &LaneRecord| unconfirmed.is_none_or(|solver| lane.facts.solver != solver);
        let lanes = || (0..).zip(&self.lanes);
        let idle = self.used() == 0;
        let head_start = |lane: &LaneRecord| {
            let waits = !idle && (unconfirmed.is_none() || !confirms(lane));
            if waits { lane.facts.after } else { Duration::ZERO }
        };
        let paused = lanes().filter_map(|(id, lane)| match lane.phase {
            Phase::Paused(since) => Some((!confirms(lane), false, since, id)),
            _ => None,
        });
        // Of those that have not started the first goes first; whoever takes no turns lets those finish that have begun.
        let waiting = lanes().filter(|(_, lane)| lane.phase == Phase::Waiting && self.may_start());
        let first = waiting
            .min_by_key(|(id, lane)| (!confirms(lane), *id))
            .map(|(id, lane)| (!confirms(lane), lane.turn().is_none(), head_start(lane), id));
        let (.., id) = paused.chain(first).min()?;
        let lane = &self.lanes[usize::from(id)];
        let due = if lane.phase == Phase::Waiting { head_start(lane) } else { Duration::ZERO };
        self.make_room(id, due, confirms)
    }

    /// Who is paused for this lane, and when; `None` where only an end can make room.
    fn make_room(&self, id: LaneId, due: Duration, confirms: impl Fn(&LaneRecord) -> bool) -> Option<Entry> {
        let lane = &self.lanes[usize::from(id)];
        let wanted = self.cores_of(lane);
        let mut entry = Entry { lane: id, yields: Vec::new(), due };
        let mut free = self.limits.cores.saturating_sub(self.used());
        // When its turn is over, by which the first to yield is chosen, and when it yields.
        let yields = |other: &LaneRecord| match (confirms(lane), confirms(other)) {
            (true, false) => {
                (other.can_pause && other.phase == Phase::Running).then_some((Duration::ZERO, Duration::ZERO))
            }
            (false, true) => None,
            _ => other.turn_over().filter(|_| lane.turn().is_some()).map(|over| (over, over.max(lane.rested()))),
        };
        let mut others: Vec<(Duration, LaneId, Duration)> = (0..)
            .zip(&self.lanes)
            .filter_map(|(id, other)| yields(other).map(|(over, yields)| (over, id, yields)))
            .collect();
        others.sort_unstable();
        for (_, other, yields) in others {
            if free >= wanted {
                break;
            }
            free += self.cores_of(&self.lanes[usize::from(other)]);
            entry.due = entry.due.max(yields);
            entry.yields.push(other);
        }
        // A wide lane at the end may have made others' yielding needless.
        entry.yields.retain(|other| {
            let cores = self.cores_of(&self.lanes[usize::from(*other)]);
            let needless = free - cores >= wanted;
            free -= if needless { cores } else { 0 };
            !needless
        });
        (free >= wanted).then_some(entry)
    }

    /// Hands out what cores there are, `at` this time.
    pub(super) fn hand_out_cores(&mut self, at: Duration, out: &mut Vec<Command>) {
        while let Some(entry) = self.next_entry().filter(|entry| entry.due <= at) {
            for lane in entry.yields {
                self.lanes[usize::from(lane)].phase = Phase::Paused(at);
                out.push(Command::Pause(lane));
                self.tell_lane(lane, LaneState::Paused, None, out);
            }
            let lane = &mut self.lanes[usize::from(entry.lane)];
            let begins = lane.phase == Phase::Waiting;
            (lane.phase, lane.at_work_since) = (Phase::Running, at);
            if begins {
                lane.began = at;
                out.push(Command::Start(entry.lane, self.ledger.incumbent().map(|p| p.point)));
            } else {
                out.push(Command::Resume(entry.lane));
                self.tell_lane(entry.lane, LaneState::Running, None, out);
                self.offer_to(entry.lane, out);
            }
        }
        self.begun = true;
    }
}

//! What the driver keeps about one lane, from its place in the line-up to its report.

use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::answer::Source;
use farkas_modeling::{Claim, Sense};

use super::referee::LaneId;
use super::slots::{Activity, Bell, Slots};
use super::threads::Carried;
use super::{Lane, LaneProgress};
use crate::contract::{Pause, StopToken};

/// Least time between two reports of a lane's progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

pub(super) struct Contender {
    pub(super) name: String,
    /// Empty until the problem is open.
    pub(super) version: String,
    pub(super) slots: Arc<Slots>,
    pub(super) stop: StopToken,
    pub(super) thread: Option<Carried>,
    pub(super) started: Option<Duration>,
    pub(super) ended: Option<Duration>,
    /// What stops and continues it, once there is something and if there is.
    pub(super) pause: Option<Arc<dyn Pause>>,
    /// Since when it stands still, if it does, and how long it did before.
    paused: (Option<Duration>, Duration),
    /// A point of it is being checked.
    pub(super) checking: bool,
    /// How it ended, in words.
    pub(super) says: String,
    pub(super) nodes: u64,
    /// Its bound, where that counts only when it has ended.
    pub(super) held_bound: Option<f64>,
    told: Activity,
    told_at: Option<Duration>,
}

impl Contender {
    pub(super) fn new(lane: &Lane, bell: &Arc<Bell>, sense: Sense) -> Self {
        Self {
            name: lane.backend.name().to_owned(),
            version: String::new(),
            slots: Arc::new(Slots::new(Arc::clone(bell), sense)),
            stop: StopToken::new(),
            thread: None,
            started: None,
            ended: None,
            pause: None,
            paused: (None, Duration::ZERO),
            checking: false,
            says: String::new(),
            nodes: 0,
            held_bound: None,
            told: Activity::default(),
            told_at: None,
        }
    }

    pub(super) fn source(&self, id: LaneId) -> Source {
        Source { backend: self.name.clone(), version: self.version.clone(), lane: id }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.started.is_some() && self.ended.is_none()
    }

    /// Stops it, `now`.
    pub(super) fn pause(&mut self, now: Duration) {
        if let Some(pause) = &self.pause {
            pause.pause();
            self.paused.0 = Some(now);
        }
    }

    /// Lets it go on, `now`.
    pub(super) fn resume(&mut self, now: Duration) {
        if let Some(pause) = &self.pause {
            pause.resume();
        }
        if let Some(since) = self.paused.0.take() {
            self.paused.1 += now.saturating_sub(since);
        }
    }

    /// How long it was at work until `now`, from its start to its end but for its pauses.
    pub(super) fn worked(&self, now: Duration) -> Option<Duration> {
        let until = self.ended.unwrap_or(now);
        let still = self.paused.0.map_or(Duration::ZERO, |since| until.saturating_sub(since));
        Some(until.saturating_sub(self.started?).saturating_sub(self.paused.1 + still))
    }

    /// Takes note of its last words.
    pub(super) fn heard(&mut self, claim: &Claim) {
        self.nodes = claim.counters.nodes;
        let termination = &claim.termination;
        self.says = match termination.detail() {
            "" => termination.to_string(),
            detail => format!("{termination}: {detail}"),
        };
    }

    /// Its progress, when there is some and the last was told long enough ago.
    pub(super) fn progress(&mut self, id: LaneId, now: Duration) -> Option<LaneProgress> {
        if !self.is_under_way() || self.told_at.is_some_and(|at| now < at + PROGRESS_INTERVAL) {
            return None;
        }
        let activity = self.slots.activity();
        if activity == self.told {
            return None;
        }
        self.nodes = self.nodes.max(activity.progress.nodes);
        self.told = activity.clone();
        self.told_at = Some(now);
        Some(LaneProgress {
            lane: id,
            phase: activity.phase,
            nodes: activity.progress.nodes,
            iterations: activity.progress.iterations,
            incumbent: activity.objective,
            bound: activity.bound,
        })
    }

    /// Waits for its thread if that is about to end: it has said its last word. One that has not is left behind.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take().filter(|_| self.ended.is_some()) {
            thread.join(); // a panic in dropping its session was told on stderr, and changes nothing any more
        }
    }
}

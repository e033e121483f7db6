//! When a solve has to end, and why: asked by every callback, from any thread, and answered the same way ever after.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use farkas_modeling::Limit;

use crate::contract::StopToken;

/// The stop token, the clock and an objective that is good enough, in one.
pub(super) struct Watch {
    stop: StopToken,
    started: Instant,
    limit: Option<Duration>,
    cause: AtomicU8,
}

const NOBODY: u8 = 0;
const STOPPED: u8 = 1;
const TIME: u8 = 2;
const TARGET: u8 = 3;

impl Watch {
    /// Counts from now.
    pub fn new(stop: &StopToken, limit: Option<Duration>) -> Self {
        Self { stop: stop.clone(), started: Instant::now(), limit, cause: AtomicU8::new(NOBODY) }
    }

    /// One for a part of the work: its own time, and the same token unless that is set already (the part is then what has
    /// to be done after a stop).
    pub fn part(&self, limit: Duration) -> Self {
        let stop = if self.stop.is_stopped() { StopToken::new() } else { self.stop.clone() };
        Self::new(&stop, Some(limit))
    }

    /// Whether to end now.
    pub fn should_end(&self) -> bool {
        if self.cause.load(Ordering::Relaxed) != NOBODY {
            return true;
        }
        if self.stop.is_stopped() {
            self.end(STOPPED);
        } else if self.limit.is_some_and(|limit| self.elapsed() >= limit) {
            self.end(TIME);
        }
        self.cause.load(Ordering::Relaxed) != NOBODY
    }

    /// The objective target is reached.
    pub fn target_reached(&self) {
        self.end(TARGET);
    }

    /// The limit that ended it, once it has.
    pub fn cause(&self) -> Option<Limit> {
        match self.cause.load(Ordering::Relaxed) {
            STOPPED => Some(Limit::Interrupted),
            TIME => Some(Limit::Time),
            TARGET => Some(Limit::Objective),
            _ => None,
        }
    }

    /// Since the solve was asked for.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the time limit leaves.
    pub fn remaining(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.elapsed()))
    }

    fn end(&self, cause: u8) {
        // The first cause stays.
        let _ = self.cause.compare_exchange(NOBODY, cause, Ordering::Relaxed, Ordering::Relaxed);
    }
}

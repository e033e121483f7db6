//! What a lane says while it works, kept in bounded slots in which the newest wins, and the bell that wakes the driver.
//!
//! Nothing here waits: a solver's callback copies what it has, holds a lock for the length of a swap, and goes on.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::check::CheckedPoint;
use farkas_modeling::{Claim, Sense};

use crate::contract::{Control, Event, Pause, Progress};

/// Log lines that wait to be published; older ones are dropped, and how many is said.
const MOST_LOG_LINES: usize = 500;
/// Bytes of one log line; longer ones are cut.
const MOST_LINE_BYTES: usize = 2_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A lane that panicked while it held the lock has at worst left an older value.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the driver.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        let mut rung = lock(&self.rung);
        if !*rung {
            *rung = true;
            self.changed.notify_one();
        }
    }

    /// Waits until somebody rings, or so long. A ring before the call counts.
    pub(super) fn wait(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut rung = lock(&self.rung);
        while !*rung {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            rung = self.changed.wait_timeout(rung, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *rung = false;
    }
}

/// How a lane's thread ended.
#[derive(Debug)]
pub(super) enum LaneEnd {
    Claim(Box<Claim>),
    Failed(String),
}

/// A point as its solver hands it out.
#[derive(Debug, Clone)]
pub(super) struct RawPoint {
    pub(super) objective: f64,
    pub(super) values: Arc<[f64]>,
}

/// What there is to know of a lane that has opened the problem.
pub(super) struct Opened {
    /// Of its solver.
    pub(super) version: String,
    /// What stops and continues it, if it can be.
    pub(super) pause: Option<Arc<dyn Pause>>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({})", self.version)
    }
}

/// What a lane said since the driver last looked.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Once the problem is open.
    pub(super) opened: Option<Opened>,
    pub(super) objective: Option<f64>,
    pub(super) bound: Option<f64>,
    pub(super) log: Vec<String>,
    pub(super) end: Option<LaneEnd>,
}

/// What a lane does, for people.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Activity {
    pub(super) phase: String,
    pub(super) progress: Progress,
    pub(super) objective: Option<f64>,
    pub(super) bound: Option<f64>,
}

#[derive(Debug, Default)]
struct Log {
    lines: VecDeque<String>,
    dropped: u64,
}

/// One lane's slots.
#[derive(Debug)]
pub(super) struct Slots {
    bell: Arc<Bell>,
    sense: Sense,
    news: Mutex<News>,
    point: Mutex<Option<RawPoint>>,
    activity: Mutex<Activity>,
    log: Mutex<Log>,
    offer: Mutex<Option<Arc<CheckedPoint>>>,
}

impl Slots {
    pub(super) fn new(bell: Arc<Bell>, sense: Sense) -> Self {
        Self {
            bell,
            sense,
            news: Mutex::default(),
            point: Mutex::default(),
            activity: Mutex::default(),
            log: Mutex::default(),
            offer: Mutex::default(),
        }
    }

    /// The lane has opened the problem. The driver hears of it when it looks next: waking it would cost a tiny problem more than
    /// it tells anybody.
    pub(super) fn opened(&self, opened: Opened) {
        lock(&self.news).opened = Some(opened);
    }

    /// The lane is done.
    pub(super) fn end(&self, end: LaneEnd) {
        lock(&self.news).end = Some(end);
        self.bell.ring();
    }

    /// All that is new, but for the point.
    pub(super) fn take(&self) -> News {
        let mut news = std::mem::take(&mut *lock(&self.news));
        let mut log = lock(&self.log);
        if log.dropped > 0 {
            news.log.push(format!("({} lines came too fast and were dropped)", log.dropped));
            log.dropped = 0;
        }
        news.log.extend(log.lines.drain(..));
        news
    }

    /// The newest point that nobody has taken.
    pub(super) fn take_point(&self) -> Option<RawPoint> {
        lock(&self.point).take()
    }

    pub(super) fn activity(&self) -> Activity {
        lock(&self.activity).clone()
    }

    /// Lays a point out for the lane; a newer one replaces it.
    pub(super) fn offer(&self, point: Arc<CheckedPoint>) {
        *lock(&self.offer) = Some(point);
    }

    fn objective(&self, objective: f64) {
        if objective.is_finite() {
            let better = |old: Option<f64>| old.is_none_or(|old| self.sense.better(objective, old));
            let mut activity = lock(&self.activity);
            if better(activity.objective) {
                activity.objective = Some(objective);
            }
            drop(activity);
            let mut news = lock(&self.news);
            if better(news.objective) {
                news.objective = Some(objective);
            }
        }
    }

    fn bound(&self, bound: f64) {
        if !bound.is_finite() {
            return;
        }
        let tighter = |old: Option<f64>| old.is_none_or(|old| self.sense.better(old, bound));
        let mut activity = lock(&self.activity);
        let news = tighter(activity.bound);
        if news {
            activity.bound = Some(bound);
        }
        drop(activity);
        if news {
            lock(&self.news).bound = Some(bound);
            self.bell.ring();
        }
    }
}

impl Control for Slots {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::Incumbent { objective, values } => {
                self.objective(objective);
                if let Some(values) = values {
                    let point = RawPoint { objective, values: values.into() };
                    *lock(&self.point) = Some(point);
                    self.bell.ring();
                }
            }
            Event::Bound(bound) => self.bound(bound),
            Event::Progress(progress) => lock(&self.activity).progress = progress,
            Event::Phase(phase) => {
                let mut activity = lock(&self.activity);
                if activity.phase != phase {
                    activity.phase = cut(phase);
                }
            }
            Event::Log(line) => {
                let mut log = lock(&self.log);
                if log.lines.len() >= MOST_LOG_LINES {
                    log.lines.pop_front();
                    log.dropped += 1;
                }
                log.lines.push_back(cut(line));
            }
        }
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        lock(&self.offer).take()
    }
}

/// The line, cut at a character boundary where it is too long.
fn cut(line: &str) -> String {
    let mut end = line.len().min(MOST_LINE_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wins_and_what_is_dropped_is_said() {
        let slots = Slots::new(Arc::new(Bell::default()), Sense::Minimize);
        slots.report(Event::Incumbent { objective: 3.0, values: Some(&[3.0]) });
        slots.report(Event::Incumbent { objective: 2.0, values: Some(&[2.0]) });
        slots.report(Event::Incumbent { objective: f64::NAN, values: None });
        slots.report(Event::Bound(1.0));
        slots.report(Event::Bound(0.5));
        slots.report(Event::Bound(f64::INFINITY));
        for line in 0..MOST_LOG_LINES + 7 {
            slots.report(Event::Log(&line.to_string()));
        }
        let news = slots.take();
        assert_eq!((news.objective, news.bound), (Some(2.0), Some(1.0)));
        assert_eq!(news.log.len(), MOST_LOG_LINES + 1);
        assert_eq!(news.log[..2], ["(7 lines came too fast and were dropped)", "7"]);
        assert_eq!(slots.take_point().map(|p| p.values.to_vec()), Some(vec![2.0]));
        assert!(slots.take_point().is_none() && slots.take().log.is_empty());
        assert_eq!(cut(&"é".repeat(MOST_LINE_BYTES)).len(), MOST_LINE_BYTES);
    }

    #[test]
    fn a_ring_before_the_wait_counts() {
        let bell = Bell::default();
        bell.ring();
        let begun = Instant::now();
        bell.wait(Duration::from_secs(60));
        assert!(begun.elapsed() < Duration::from_secs(30));
        bell.wait(Duration::ZERO); // and is used up
    }
}

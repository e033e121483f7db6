//! Passes on what a solver says while it runs, from whichever of its threads: incumbents that are told only get better,
//! bounds only tighter, log only in whole lines; a panic of the listener's never crosses the solver's C.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::check::CheckedPoint;
use farkas_modeling::problem::{Problem, Sense};

use crate::contract::{Control, Event, Progress, StopToken};

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A line of log is cut here.
const LONGEST_LINE: usize = 4096;

/// Between a solver's callbacks and a [`Control`].
pub struct Listener<'a> {
    /// None during a helper run, whose points and bounds are not the problem's.
    control: Option<&'a (dyn Control + Sync)>,
    stop: &'a StopToken,
    sense: Sense,
    columns: usize,
    /// An objective that is good enough.
    target: Option<f64>,
    met: AtomicBool,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    best: Option<f64>,
    /// The point that belongs to `best`.
    point: Option<Vec<f64>>,
    bound: Option<f64>,
    phase: &'static str,
    line: String,
    told: Option<Instant>,
    panic: Option<String>,
}

impl<'a> Listener<'a> {
    /// For a run on the problem itself.
    pub fn new(control: &'a (dyn Control + Sync), stop: &'a StopToken, problem: &Problem, target: Option<f64>) -> Self {
        Self { control: Some(control), target, ..Self::silent(stop, problem) }
    }

    /// For a run that only serves another: it tells nothing, and stops when the other is to stop.
    pub fn silent(stop: &'a StopToken, problem: &Problem) -> Self {
        Self {
            control: None,
            stop,
            sense: problem.sense(),
            columns: problem.num_columns(),
            target: None,
            met: AtomicBool::new(false),
            heard: Mutex::default(),
        }
    }

    /// The token of the solve.
    pub fn stop(&self) -> &StopToken {
        self.stop
    }

    /// How many columns the problem has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether the solver is to end now.
    pub fn halts(&self) -> bool {
        self.stop.is_stopped() || self.met.load(Ordering::Acquire)
    }

    /// Whether it ended because its point was good enough.
    pub fn met_target(&self) -> bool {
        self.met.load(Ordering::Acquire)
    }

    /// Runs what a callback does. Whatever it panics with ends here; the solve then ends as broken.
    pub fn guarded<R>(&self, otherwise: R, work: impl FnOnce() -> R) -> R {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let says = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let says = says.or_else(|| panic.downcast_ref::<String>().cloned());
            self.heard().panic = Some(says.unwrap_or_else(|| "it does not say why".into()));
            self.met.store(true, Ordering::Release);
            otherwise
        })
    }

    /// What a callback panicked with.
    pub fn panic(&self) -> Option<String> {
        self.heard().panic.clone()
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what it does now, once for each change.
    pub fn phase(&self, phase: &'static str) {
        let Some(control) = self.control else { return };
        if std::mem::replace(&mut self.heard().phase, phase) != phase {
            control.report(Event::Phase(phase));
        }
    }

    /// A piece of log: often a line, sometimes less or more.
    pub fn log(&self, text: &str) {
        let Some(control) = self.control else { return };
        let mut heard = self.heard();
        for piece in text.split_inclusive('\n') {
            let room = LONGEST_LINE.saturating_sub(heard.line.len());
            let end = (0..=piece.len().min(room)).rev().find(|&i| piece.is_char_boundary(i)).unwrap_or(0);
            heard.line.push_str(&piece[..end]);
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut heard.line);
                if !line.trim_end().is_empty() {
                    control.report(Event::Log(line.trim_end()));
                }
            }
        }
    }

    /// Tells what is left of the log.
    pub fn flush(&self) {
        self.log("\n");
    }

    /// How far it is; told every now and then.
    pub fn progress(&self, progress: Progress) {
        let Some(control) = self.control else { return };
        let mut heard = self.heard();
        if heard.told.is_none_or(|told| told.elapsed() >= PROGRESS_EVERY) {
            heard.told = Some(Instant::now());
            control.report(Event::Progress(progress));
        }
    }

    /// A bound, told if it is tighter than the last one.
    pub fn bound(&self, bound: f64) {
        let Some(control) = self.control else { return };
        let mut heard = self.heard();
        if bound.abs() < farkas_modeling::problem::INFINITE_FROM
            && heard.bound.is_none_or(|old| self.sense.better(old, bound))
        {
            heard.bound = Some(bound);
            control.report(Event::Bound(bound));
        }
    }

    /// Whether a point of this objective would be news, so that its values are worth fetching.
    pub fn improves(&self, objective: f64) -> bool {
        self.control.is_some() && self.heard().best.is_none_or(|best| self.sense.better(objective, best))
    }

    /// A feasible point; told if it is better than the last one.
    pub fn incumbent(&self, objective: f64, values: Option<&[f64]>) {
        let Some(control) = self.control else { return };
        let mut heard = self.heard();
        if !objective.is_finite() || heard.best.is_some_and(|best| !self.sense.better(objective, best)) {
            return;
        }
        let values = values.and_then(|values| values.get(..self.columns));
        heard.best = Some(objective);
        heard.point = values.map(<[f64]>::to_vec);
        control.report(Event::Incumbent { objective, values });
        if self.target.is_some_and(|target| !self.sense.better(target, objective)) {
            self.met.store(true, Ordering::Release);
        }
    }

    /// A point found elsewhere that is better than what was told.
    pub fn offered(&self) -> Option<Arc<CheckedPoint>> {
        let point = self.control?.offered()?;
        (self.improves(point.objective()) && point.values().len() == self.columns).then_some(point)
    }

    /// The last bound that was told.
    pub fn last_bound(&self) -> Option<f64> {
        self.heard().bound
    }

    /// The best point that was told, with its objective.
    pub fn take_point(&self) -> Option<(f64, Vec<f64>)> {
        let mut heard = self.heard();
        heard.best.zip(heard.point.take())
    }
}

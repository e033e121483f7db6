//! Passes on what HiGHS says while it runs. Incumbents that are reported only get better and bounds only tighter, and
//! nothing is reported while a helper run solves something other than the problem itself.

use std::time::{Duration, Instant};

use farkas_modeling::problem::{Problem, Sense};

use super::affinity::Here;
use super::ffi::{Figures, Hooks, Place};
use crate::contract::{Collected, Control, Event, Progress, StopToken};

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A run that takes longer than this goes where there is room.
const SHORT: Duration = Duration::from_millis(2);

/// A line of log is cut here.
const LONGEST_LINE: usize = 4096;

/// The part of its objective that an offered point has to be better by than HiGHS' own best. With each point that it takes
/// HiGHS prunes and fixes anew and leaves the path it was on, which a little better one does not pay for: of 51 MIPs under
/// two seconds bell5 took 0.52 s with all of another's points and 0.37 with those, and what big steps had brought stayed.
const WORTH_TAKING: f64 = 0.01;

/// What the run that is listened to solves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The problem.
    Problem,
    /// The problem with some columns fixed: its points are the problem's, its bounds are not.
    Restricted,
    /// The problem's rows without its costs, or its relaxation.
    Other,
}

/// Between HiGHS' callbacks and a [`Control`].
pub(super) struct Listener<'a> {
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    sense: Sense,
    columns: usize,
    pub(super) subject: Subject,
    best: Option<f64>,
    /// The point that belongs to `best`: HiGHS loses its own when it ends in an error.
    point: Option<Vec<f64>>,
    bound: Option<f64>,
    /// Further points, as many as are wanted.
    pub(super) pool: Collected,
    phase: &'static str,
    line: String,
    told: Instant,
    progress: Progress,
    /// Since when the thread stays where it is, if it does.
    stays: Option<(Here, Instant)>,
}

impl<'a> Listener<'a> {
    pub(super) fn new(control: &'a (dyn Control + Sync), stop: &'a StopToken, problem: &Problem) -> Self {
        Self {
            control,
            stop,
            sense: problem.sense(),
            columns: problem.num_columns(),
            subject: Subject::Problem,
            best: None,
            point: None,
            bound: None,
            pool: Collected::default(),
            phase: "",
            line: String::new(),
            told: Instant::now(),
            progress: Progress::default(),
            stays: None,
        }
    }

    /// Has the thread stay on its processor for a run that is likely to be short.
    pub(super) fn stay(&mut self) {
        self.stays = Here::stay().map(|here| (here, Instant::now()));
    }

    /// Lets it go.
    pub(super) fn leave(&mut self) {
        self.stays = None;
    }

    /// Says what it does now, once for each change.
    pub(super) fn phase(&mut self, phase: &'static str) {
        if self.phase != phase {
            self.phase = phase;
            self.control.report(Event::Phase(phase));
        }
    }

    /// The last bound that was told, if any.
    pub(super) fn bound(&self) -> Option<f64> {
        self.bound
    }

    /// The best point that was told, with its objective.
    pub(super) fn take_point(&mut self) -> Option<(f64, Vec<f64>)> {
        self.best.zip(self.point.take())
    }

    /// Tells a bound if it is tighter than the last one.
    fn tell_bound(&mut self, bound: f64) {
        let tighter = |old: f64| self.sense.better(old, bound);
        if bound.is_finite() && self.subject == Subject::Problem && self.bound.is_none_or(tighter) {
            self.bound = Some(bound);
            self.control.report(Event::Bound(bound));
        }
    }

    /// Tells what is left of the log.
    pub(super) fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        if !line.is_empty() {
            self.control.report(Event::Log(line));
        }
    }
}

impl Hooks for Listener<'_> {
    fn log(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            let end = (0..=piece.len().min(room)).rev().find(|&i| piece.is_char_boundary(i)).unwrap_or(0);
            self.line.push_str(&piece[..end]);
            if piece.ends_with('\n') {
                self.flush();
            }
        }
    }

    fn tick(&mut self, place: Place, figures: &Figures) -> bool {
        let positive = |v: i64| u64::try_from(v).unwrap_or(0);
        self.progress = match place {
            Place::Simplex => Progress { iterations: positive(figures.simplex_iterations), ..self.progress },
            Place::InteriorPoint => Progress { iterations: positive(figures.ipm_iterations), ..self.progress },
            Place::Mip => {
                Progress { nodes: positive(figures.mip_nodes), iterations: positive(figures.mip_lp_iterations) }
            }
        };
        self.phase(match place {
            Place::Simplex => "simplex",
            Place::InteriorPoint => "barrier",
            Place::Mip if self.progress.nodes == 0 => "root",
            Place::Mip => "search",
        });
        if place == Place::Mip {
            self.tell_bound(figures.mip_dual_bound);
        }
        if self.stays.as_ref().is_some_and(|(_, since)| since.elapsed() >= SHORT) {
            self.leave();
        }
        if self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            self.control.report(Event::Progress(self.progress));
        }
        self.stop.is_stopped()
    }

    fn incumbent(&mut self, objective: f64, values: &[f64]) {
        // Behind the problem's columns HiGHS may have binaries of its own, one for each semicontinuous column.
        let Some(values) = values.get(..self.columns) else { return };
        let better = self.best.is_none_or(|best| self.sense.better(objective, best));
        if self.subject != Subject::Other && better && objective.is_finite() {
            self.best = Some(objective);
            self.point = Some(values.to_vec());
            self.control.report(Event::Incumbent { objective, values: Some(values) });
        }
    }

    fn further(&mut self, objective: f64, values: &[f64]) {
        let Some(values) = values.get(..self.columns) else { return };
        if self.subject != Subject::Other && objective.is_finite() {
            self.pool.add(self.sense.sign() * objective, values);
        }
    }

    fn offer(&mut self, slot: &mut [f64]) -> bool {
        if self.subject != Subject::Problem {
            return false; // each is handed out once: keep it for the run that can use it
        }
        let Some(point) = self.control.offered() else { return false };
        let offered = point.objective();
        let better =
            |best: f64| self.sense.better(offered, best) && (best - offered).abs() >= WORTH_TAKING * offered.abs();
        if !self.best.is_none_or(better) || point.values().len() != slot.len() {
            return false;
        }
        slot.copy_from_slice(point.values());
        // It counts as told: whoever offered it knows it.
        self.best = Some(offered);
        self.point = Some(point.values().to_vec());
        true
    }
}

//! What is heard while a solve runs: one vocabulary, whether HiGHS solves in this process or a race elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use farkas_backends::contract::{Control, Event};
use farkas_backends::race::{LaneProgress, Observer};
use farkas_modeling::answer::Answer;
use farkas_modeling::check::{CheckedPoint, best_of, check_point};
use farkas_modeling::{Problem, Tolerances};

pub use farkas_backends::race::RaceEvent as SolveEvent;

use super::{Progress, Solver};

/// Something that happened during a solve.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'e> {
    /// Seconds since the solve began.
    pub seconds: f64,
    /// What happened. Points are checked; a bound is a solver's claim.
    pub event: &'e SolveEvent,
}

/// Everybody who hears a solve: the observer, the callback, and the pool.
pub(crate) struct Ears<'s> {
    observer: Option<&'s dyn Observer>,
    progress: Option<Progress<'s>>,
    size: usize,
    /// The newest last; they only get better.
    kept: Mutex<Vec<Arc<CheckedPoint>>>,
}

impl<'s> Ears<'s> {
    pub(super) fn of(solver: &'s Solver<'_>) -> Self {
        let progress = solver.progress.clone();
        Self { observer: solver.observer, progress, size: solver.pool, kept: Mutex::default() }
    }

    /// Whether anybody listens.
    pub(super) fn listen(&self) -> bool {
        self.observer.is_some() || self.progress.is_some() || self.size > 0
    }

    /// What is kept of the incumbents and of the answer's own pool, the best first.
    pub(crate) fn pool(self, problem: &Problem, answer: &Answer) -> Vec<Arc<CheckedPoint>> {
        let mut kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Of equal points the first stays: the answer's own.
        kept.splice(0..0, answer.pool().iter().cloned());
        best_of(problem.sense(), kept, self.size)
    }
}

impl Observer for Ears<'_> {
    fn on(&self, seconds: f64, event: &SolveEvent) {
        if let (SolveEvent::Incumbent { point, .. }, true) = (event, self.size > 0) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == self.size {
                kept.remove(0);
            }
            kept.push(Arc::clone(point));
        }
        if let Some(observer) = self.observer {
            observer.on(seconds, event);
        }
        if let Some(progress) = &self.progress {
            progress(&Heard { seconds, event });
        }
    }
}

/// A solver in this process, heard as a race of one lane would be: what is no improvement, and what fails its check, is not
/// passed on.
pub(super) struct InProcess<'e, 's> {
    ears: &'e Ears<'s>,
    problem: &'e Problem,
    tolerances: &'e Tolerances,
    solver: &'e str,
    began: Instant,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    phase: String,
    best: Option<f64>,
    bound: Option<f64>,
}

impl<'e, 's> InProcess<'e, 's> {
    pub(super) fn new(
        ears: &'e Ears<'s>,
        problem: &'e Problem,
        tolerances: &'e Tolerances,
        solver: &'e str,
        began: Instant,
    ) -> Self {
        Self { ears, problem, tolerances, solver, began, now: Mutex::default() }
    }

    fn tell(&self, event: &SolveEvent) {
        self.ears.on(self.began.elapsed().as_secs_f64(), event);
    }

    /// A point that was found; told if it is feasible and better than all before.
    pub(super) fn point(&self, values: &[f64]) {
        let Ok(Ok(point)) = check_point(self.problem, values, self.tolerances) else { return };
        let sense = self.problem.sense();
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.best.is_some_and(|best| !sense.better(point.objective(), best)) {
            return;
        }
        now.best = Some(point.objective());
        drop(now);
        let found_by = self.solver.to_owned();
        self.tell(&SolveEvent::Incumbent { point: Arc::new(point), lane: 0, found_by });
    }
}

impl Control for InProcess<'_, '_> {
    fn report(&self, event: Event<'_>) {
        let now = || self.now.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Incumbent { values, .. } => values.into_iter().for_each(|values| self.point(values)),
            Event::Bound(bound) => {
                let sense = self.problem.sense();
                let mut now = now();
                if now.bound.is_some_and(|before| !sense.better(before, bound)) {
                    return;
                }
                now.bound = Some(bound);
                drop(now);
                self.tell(&SolveEvent::Bound { bound, lane: 0, found_by: self.solver.to_owned() });
            }
            Event::Progress(progress) => {
                let now = now();
                let event = LaneProgress {
                    lane: 0,
                    phase: now.phase.clone(),
                    nodes: progress.nodes,
                    iterations: progress.iterations,
                    incumbent: now.best,
                    bound: now.bound,
                };
                drop(now);
                self.tell(&SolveEvent::Progress(event));
            }
            Event::Phase(phase) => phase.clone_into(&mut now().phase),
            Event::Log(line) => self.tell(&SolveEvent::Log { lane: 0, line: line.to_owned() }),
        }
    }
}

//! One solve in slices: microlp looks at its clock and counts its nodes, and goes on where it stopped, so between two
//! slices the stop token is heeded and what was found is told.

use std::time::{Duration, Instant};

use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};
use microlp::{Error, ResumeOptions, SolveOptions, SolveOutcome, TerminationReason, Variable};

use super::translate::{Integers, has_open_integers, translate};
use crate::contract::{Control, Event, Progress, StopToken};
use crate::options::{Options, Presolve};

/// A slice of a search in nodes: the same in every run, so that a run can be repeated. What a slice costs beside its nodes
/// is less than one of them.
const SLICE_NODES: u64 = 16;
/// A slice in time, for nodes and LPs that take long: how late a stop may be heeded.
const SLICE: Duration = Duration::from_millis(250);
/// microlp's own feasibility tolerance; ours is relative to the side, its own is not.
const FEASIBILITY: f64 = 1e-7;
/// The least it takes.
const LEAST_FEASIBILITY: f64 = 1e-10;

/// What one solve needs and has found.
pub(super) struct Search<'a> {
    problem: &'a Problem,
    options: &'a Options,
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    begun: Instant,
    best: Option<(f64, Vec<f64>)>,
    bound: Option<f64>,
    solutions: u64,
}

impl<'a> Search<'a> {
    /// Its clock starts now.
    pub(super) fn new(
        problem: &'a Problem,
        options: &'a Options,
        control: &'a (dyn Control + Sync),
        stop: &'a StopToken,
    ) -> Self {
        let begun = Instant::now();
        Self { problem, options, control, stop, begun, best: None, bound: None, solutions: 0 }
    }

    /// Solves, from a point if there is one (NaN where nothing is known).
    pub(super) fn run(mut self, start: Option<&[f64]>) -> Claim {
        if let Some(limit) = self.ends() {
            return self.limited(limit, "before it began");
        }
        // Its integers end at 2^31. Where the relaxation is unbounded, the problem is so too, or infeasible.
        if has_open_integers(self.problem) {
            let relaxed = self.solve(Integers::Relaxed, None);
            if relaxed.termination.reason() == Reason::Unbounded {
                let says = "its relaxation is unbounded";
                return Claim::bare(Termination::new(Reason::InfeasibleOrUnbounded, says));
            }
            if relaxed.termination.reason() != Reason::Optimal {
                return Claim { point: None, objective: None, ..relaxed };
            }
            (self.best, self.solutions) = (None, 0);
        }
        self.solve(Integers::Kept, start)
    }

    fn solve(&mut self, integers: Integers, start: Option<&[f64]>) -> Claim {
        let (made, variables) = translate(self.problem, integers);
        let is_search = integers == Integers::Kept && self.problem.num_integers() > 0;
        self.control.report(Event::Phase(if is_search { "search" } else { "simplex" }));
        let mut outcome = made.solve_with(self.settings(&variables, start));
        let (mut nodes, mut pivots);
        loop {
            let done = match outcome {
                Ok(done) => done,
                Err(error) => return self.failed(&error),
            };
            (nodes, pivots) = (done.stats().nodes_solved, done.stats().lp_iterations);
            self.control.report(Event::Progress(Progress { nodes, iterations: pivots }));
            self.hear(&done, &variables, is_search);
            let ended = match done.termination_reason() {
                TerminationReason::ProvenOptimal | TerminationReason::MipGap => None,
                _ if self.gap_is_closed() => None,
                _ => {
                    let Some(limit) = self.ends().or_else(|| self.limit(nodes)) else {
                        outcome = done.resume_with(self.slice(nodes));
                        continue;
                    };
                    Some(limit)
                }
            };
            let mut claim = match ended {
                Some(limit) => self.limited(limit, "stopped between two slices"),
                None => self.optimal(),
            };
            (claim.counters.nodes, claim.counters.simplex_iterations) = (nodes, pivots);
            return claim;
        }
    }

    fn settings(&self, variables: &[Variable], start: Option<&[f64]>) -> SolveOptions {
        let tolerances = &self.options.tolerances;
        let slice = self.slice(0);
        let mut settings = SolveOptions::default();
        settings.time_limit = slice.time_limit;
        settings.node_limit = slice.node_limit;
        settings.mip_gap = tolerances.relative_gap.max(0.0);
        settings.int_tol = (0.5 * tolerances.integrality).clamp(0.0, 0.1);
        settings.presolve = self.options.presolve != Presolve::Off;
        settings.tolerances.feasibility =
            tolerances.feasibility.min(tolerances.bound).clamp(LEAST_FEASIBILITY, FEASIBILITY);
        settings.warm_start = start.map(|point| {
            let known = variables.iter().zip(point).filter(|(_, value)| value.is_finite());
            known.map(|(&variable, &value)| (variable, value)).collect()
        });
        settings
    }

    /// What the next slice may cost.
    fn slice(&self, nodes: u64) -> ResumeOptions {
        let left = self.options.time_limit.map(|limit| limit.saturating_sub(self.begun.elapsed()));
        let few = if self.options.solution_limit.is_some() || self.options.objective_target.is_some() {
            1
        } else {
            SLICE_NODES
        };
        let mut slice = ResumeOptions::default();
        // Where a slice ends decides on the way the search goes.
        let by_clock = (!self.options.deterministic).then_some(SLICE);
        slice.time_limit = left.into_iter().chain(by_clock).min();
        slice.node_limit =
            self.options.node_limit.map(|most| most.saturating_sub(nodes)).into_iter().chain([few]).min();
        slice.mip_gap = Some(self.options.tolerances.relative_gap.max(0.0));
        slice
    }

    /// Whether somebody or the clock ends it.
    fn ends(&self) -> Option<Limit> {
        if self.stop.is_stopped() {
            return Some(Limit::Interrupted);
        }
        let over = self.options.time_limit.is_some_and(|limit| self.begun.elapsed() >= limit);
        over.then_some(Limit::Time)
    }

    /// Whether what was found or done is enough.
    fn limit(&self, nodes: u64) -> Option<Limit> {
        let sense = self.problem.sense();
        let reached = |target: f64| self.best.as_ref().is_some_and(|(objective, _)| !sense.better(target, *objective));
        if self.options.objective_target.is_some_and(reached) {
            return Some(Limit::Objective);
        }
        if self.options.solution_limit.is_some_and(|most| self.solutions >= most) {
            return Some(Limit::Solution);
        }
        self.options.node_limit.is_some_and(|most| nodes >= most).then_some(Limit::Node)
    }

    fn gap_is_closed(&self) -> bool {
        let absolute = self.options.tolerances.absolute_gap;
        matches!((&self.best, self.bound), (Some((objective, _)), Some(bound)) if (objective - bound).abs() <= absolute)
    }

    /// Takes over what a slice found, and tells it.
    fn hear(&mut self, outcome: &SolveOutcome, variables: &[Variable], is_search: bool) {
        let sense = self.problem.sense();
        if let Some(solution) = outcome.solution() {
            let values: Vec<f64> = variables.iter().map(|&variable| solution.var_value(variable)).collect();
            let objective = self.problem.objective_of(&values);
            if self.best.as_ref().is_none_or(|(best, _)| sense.better(objective, *best)) {
                self.solutions += 1;
                if is_search {
                    self.control.report(Event::Incumbent { objective, values: Some(&values) });
                }
                self.best = Some((objective, values));
            }
        }
        let bound = outcome.stats().best_bound.map(|bound| bound + self.problem.offset());
        if let Some(bound) = bound.filter(|b| b.is_finite())
            && self.bound.is_none_or(|known| sense.better(known, bound))
        {
            self.bound = Some(bound);
            if is_search {
                self.control.report(Event::Bound(bound));
            }
        }
    }

    fn optimal(&mut self) -> Claim {
        let Some((objective, point)) = self.best.take() else {
            return Claim::bare(Termination::new(Reason::OtherError, "microlp says optimal and has no point"));
        };
        let mut claim = Claim::bare(Termination::new(Reason::Optimal, "within the gap"));
        // Where the search looked at everything else, the point itself is the bound.
        let bound = self.bound.unwrap_or(objective);
        claim.bound = Some(if self.problem.sense().better(objective, bound) { objective } else { bound });
        (claim.objective, claim.point) = (Some(objective), Some(point));
        claim
    }

    fn limited(&mut self, limit: Limit, detail: &str) -> Claim {
        let best = self.best.take();
        let mut claim = Claim::bare(Termination::at_limit(best.is_some(), limit, detail));
        claim.bound = self.bound;
        (claim.objective, claim.point) = best.unzip();
        claim
    }

    fn failed(&self, error: &Error) -> Claim {
        let says = |reason| Claim::bare(Termination::new(reason, error.to_string()));
        match error {
            Error::Infeasible => says(Reason::Infeasible),
            Error::Unbounded if self.problem.is_lp() => says(Reason::Unbounded),
            Error::Unbounded => says(Reason::InfeasibleOrUnbounded),
            Error::InternalError(_) => says(Reason::NumericalError),
            _ => says(Reason::OtherError),
        }
    }
}

//! Mixed-integer programs by CBC's main routine: what it reports is brought back into the original space, and its statuses
//! are read for what they say and not for what they sound like.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::answer::{Counters, Ray};
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};

use super::arrays::Arrays;
use super::complete::Completion;
use super::ffi::{self, Listener, MipRun};
use super::lp::{self, Lp};
use super::parameters;
use super::watch::Watch;
use crate::contract::{Collected, Control, Event, Progress, SessionError, Start};
use crate::options::{Emphasis, Options, Presolve};

/// CBC keeps its place in the arguments, and more, in global variables: one search at a time in a process.
static RUNNING: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
/// How often one who waits for another's search looks whether it has to end.
const TURN: Duration = Duration::from_millis(20);
/// How long a feasible point of a problem with an unbounded relaxation is looked for.
const FEASIBILITY_TIME: Duration = Duration::from_secs(2);

/// One mixed-integer program and what it is to be solved with.
pub(super) struct Mip<'a> {
    pub problem: &'a Problem,
    pub options: &'a Options,
    pub watch: &'a Watch,
    pub control: &'a (dyn Control + Sync),
}

/// Solves.
///
/// # Errors
/// `Refused` for native options that CBC does not have, `Broken` when it throws.
pub(super) fn solve(mip: &Mip<'_>, start: &Start) -> Result<Claim, SessionError> {
    let native = parameters::arguments(&mip.options.native)?;
    let Some(_turn) = Turn::take(mip.watch) else {
        return Ok(ended_before(mip.watch));
    };
    let mut arrays = Arrays::of(mip.problem).uncrossed(mip.options.tolerances.bound);
    if let Some(seed) = mip.options.seed {
        arrays = arrays.shuffled(seed);
    }
    let pool = Collected::new(mip.options.pool_points(mip.problem.num_columns()));
    let search = Search {
        mip,
        completion: Completion::new(mip.problem, mip.options, mip.watch),
        seen: Mutex::new(Seen { pool, ..Seen::default() }),
    };
    if let Some(point) = start.point.as_deref() {
        search.begin_with(point);
    }
    if mip.watch.should_end() {
        return Ok(search.limited(&Counters::default(), None));
    }
    let mut arguments = arguments(mip);
    arguments.extend(native);
    let run = ffi::solve_mip(&arrays, &arguments, &search).map_err(SessionError::Broken)?;
    search.conclude(&run)
}

fn ended_before(watch: &Watch) -> Claim {
    Claim::bare(Termination::at_limit(false, watch.cause().unwrap_or(Limit::Undetermined), "before the search began"))
}

/// The right to run CBC's main routine; given back when dropped.
struct Turn;

impl Turn {
    /// Waits for it; none when the solve has to end first.
    fn take(watch: &Watch) -> Option<Self> {
        let (running, changed) = &RUNNING;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running {
            if watch.should_end() {
                return None;
            }
            running = changed.wait_timeout(running, TURN).unwrap_or_else(PoisonError::into_inner).0;
        }
        *running = true;
        Some(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        RUNNING.1.notify_one();
    }
}

/// The options as arguments; CBC reads them in order, so native ones follow.
fn arguments(mip: &Mip<'_>) -> Vec<String> {
    let options = mip.options;
    let tolerances = &options.tolerances;
    let mut arguments: Vec<String> = Vec::new();
    let mut set = |name: &str, value: String| {
        arguments.push(format!("-{name}"));
        arguments.push(value);
    };
    set("logLevel", "1".to_owned());
    set("timeMode", "elapsed".to_owned());
    if let Some(left) = mip.watch.remaining() {
        set("seconds", format!("{:.3}", left.as_secs_f64().max(0.001)));
    }
    // CBC's gap is relative to the larger of incumbent and bound, ours to the incumbent: r / (1 + r) never stops early.
    let relative = tolerances.relative_gap;
    set("ratioGap", format!("{:e}", relative / (1.0 + relative)));
    set("allowableGap", format!("{:e}", tolerances.absolute_gap));
    set("integerTolerance", format!("{:e}", (0.1 * tolerances.integrality).clamp(1e-9, 0.1)));
    set("primalTolerance", format!("{:e}", (0.1 * tolerances.feasibility.min(tolerances.bound)).clamp(1e-9, 1e-3)));
    set("dualTolerance", format!("{:e}", tolerances.dual.clamp(1e-9, 1e-3)));
    if let Some(threads) = options.threads.filter(|&threads| threads > 1) {
        set("threads", threads.min(99).to_string());
    }
    if let Some(seed) = options.seed {
        // CBC reads 0 as "from the clock".
        let seed = (seed % (i32::MAX as u32)).max(1).to_string();
        set("randomSeed", seed.clone());
        set("randomCbcSeed", seed);
    }
    if let Some(nodes) = options.node_limit {
        set("maxNodes", nodes.min(i32::MAX as u64).to_string());
    }
    if let Some(solutions) = options.solution_limit {
        set("maxSolutions", solutions.clamp(1, i32::MAX as u64).to_string());
    }
    if let Some(cutoff) = options.loosened_cutoff(mip.problem.sense()) {
        set("cutoff", format!("{:e}", mip.problem.sense().sign() * cutoff)); // CBC minimises
    }
    let emphasis: &[(&str, &str)] = match options.emphasis {
        Emphasis::Balanced => &[],
        Emphasis::Feasibility => &[("Rins", "on"), ("Rens", "on"), ("DivingSome", "on"), ("passFeasibilityPump", "60")],
        Emphasis::Optimality => &[("strongBranching", "10"), ("gomoryCuts", "forceOn")],
    };
    for (name, value) in emphasis {
        set(name, (*value).to_owned());
    }
    if options.presolve == Presolve::Off {
        set("presolve", "off".to_owned());
    }
    for name in CUT_OFF_OPTIMA {
        set(name, "off".to_owned());
    }
    arguments
}

/// What CBC 2.10.8 (and Cgl 0.60.3 with it) cuts optima off with. Who asks for them by their own names gets them.
///
/// Where it probes, it fixes columns in places that cut every optimum off. By default it calls 1 the optimum of
/// `min 2a − b, −1 ≤ a − 2b ≤ 0` over binaries, which is 0, and errs so in one of two hundred tiny problems with rows of two sides;
/// its own command does the same. Other ways of preprocessing err too. With both off, none of some ten thousand came out wrong.
///
/// With knapsack covers it "proves" 1128 for MIPLIB's `lseu`, which is 1120, with its rows in one of ten orders, and without two-step
/// rounding cuts in 13 of 25; with covers off, and whatever else off as well, in none of a hundred.
const CUT_OFF_OPTIMA: [&str; 3] = ["preprocess", "probingCuts", "knapsackCuts"];

/// What was found so far, minimised.
#[derive(Default)]
struct Seen {
    best: Option<(f64, Vec<f64>)>,
    pool: Collected,
    bound: Option<f64>,
    /// A point for CBC to begin with, until it has asked for it.
    begin: Option<Vec<f64>>,
}

/// A running search: hears CBC and tells the control.
struct Search<'a> {
    mip: &'a Mip<'a>,
    completion: Completion<'a>,
    seen: Mutex<Seen>,
}

impl Listener for Search<'_> {
    fn should_end(&self) -> bool {
        self.mip.watch.should_end()
    }

    fn log(&self, line: &str) {
        self.mip.control.report(Event::Log(line));
    }

    fn phase(&self, name: &str) {
        self.mip.control.report(Event::Phase(name));
    }

    fn incumbent(&self, objective: f64, values: &[f64]) {
        let known = self.seen().best.as_ref().map(|(best, _)| *best);
        let worse = known.is_some_and(|known| objective >= known - 1e-12 * known.abs());
        if worse && !self.seen().pool.is_wanted() {
            return;
        }
        match self.completion.complete_quickly(values) {
            Some(point) => self.found(point),
            None if worse => {}
            None => self.mip.control.report(Event::Incumbent { objective: self.sign() * objective, values: None }),
        }
    }

    fn progress(&self, bound: f64, nodes: u64, iterations: u64) {
        let mut seen = self.seen();
        if bound.is_finite() && seen.bound.is_none_or(|known| bound > known) {
            seen.bound = Some(bound);
            self.mip.control.report(Event::Bound(self.sign() * bound));
        }
        drop(seen);
        self.mip.control.report(Event::Progress(Progress { nodes, iterations }));
    }

    fn offered(&self, values: &mut [f64]) -> bool {
        let begin = self.seen().begin.take();
        let offered = self.mip.control.offered();
        let better = match (&begin, &offered) {
            (Some(begin), Some(offered)) => {
                let objective = self.mip.problem.objective_of(begin);
                let is_better = self.mip.problem.sense().better(objective, offered.objective());
                Some(if is_better { begin.as_slice() } else { offered.values() })
            }
            (Some(begin), None) => Some(begin.as_slice()),
            (None, Some(offered)) => Some(&offered.values()[..]),
            (None, None) => None,
        };
        match better {
            Some(point) if point.len() == values.len() => {
                values.copy_from_slice(point);
                true
            }
            _ => false,
        }
    }
}

impl Search<'_> {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self) -> f64 {
        self.mip.problem.sense().sign()
    }

    /// A point in the original space that fits; kept and told when it is the best.
    fn found(&self, point: Vec<f64>) {
        let objective = self.mip.problem.objective_of(&point);
        let value = self.sign() * objective;
        let mut seen = self.seen();
        seen.pool.add(value, &point);
        if seen.best.as_ref().is_some_and(|(best, _)| value >= *best) {
            return;
        }
        self.mip.control.report(Event::Incumbent { objective, values: Some(&point) });
        if self.mip.options.objective_target.is_some_and(|target| value <= self.sign() * target) {
            self.mip.watch.target_reached();
        }
        seen.best = Some((value, point));
    }

    /// Completes a start and keeps it for CBC to ask for.
    fn begin_with(&self, point: &[f64]) {
        if let Some(point) = self.completion.complete(point) {
            self.seen().begin = Some(point.clone());
            self.found(point);
        }
    }

    fn conclude(self, run: &MipRun) -> Result<Claim, SessionError> {
        if let Some(point) = &run.point {
            match self.completion.complete(point) {
                Some(point) => self.found(point),
                // Better to be judged than to be lost: the checker measures it.
                None if self.seen().best.is_none() => {
                    self.seen().best = Some((self.sign() * self.mip.problem.objective_of(point), point.clone()));
                }
                None => {}
            }
        }
        let counters = Counters { nodes: run.nodes, simplex_iterations: run.iterations, ..Counters::default() };
        if run.cut_short || (run.status != 0 && self.mip.watch.cause().is_some()) {
            let bound = (!run.cut_short).then_some(run.bound);
            return Ok(self.limited(&counters, bound));
        }
        match (run.status, run.root) {
            (0, _) => Ok(self.finished(&counters, run)),
            (-1, 1) => self.relaxation_infeasible(&counters),
            (-1, 2) => self.relaxation_unbounded(),
            (-1, _) if run.reduced_to_none => Ok(self.infeasible(&counters, "preprocessing finds nothing feasible")),
            (-1, 0) => Ok(self.infeasible(&counters, "tightening the bounds leaves nothing feasible")),
            (1, _) => {
                // CbcModel::secondaryStatus, which says why only together with status 1.
                let limit = match run.secondary {
                    3 => Limit::Node,
                    4 => Limit::Time,
                    5 => Limit::Interrupted,
                    6 => Limit::Solution,
                    8 => Limit::Iteration,
                    _ => Limit::Undetermined,
                };
                Ok(self.at_limit(limit, &counters, Some(run.bound)))
            }
            (5, _) => Ok(self.at_limit(Limit::Interrupted, &counters, Some(run.bound))),
            (status, root) => {
                let why = format!("CBC ended with status {status}.{}, root relaxation {root}", run.secondary);
                let claim = self.at_limit(Limit::Undetermined, &counters, None);
                Ok(Claim { termination: Termination::new(Reason::NumericalError, why), ..claim })
            }
        }
    }

    /// CBC's search is over, by itself.
    fn finished(&self, counters: &Counters, run: &MipRun) -> Claim {
        let mut claim = self.at_limit(Limit::Other, counters, None);
        let Some(value) = self.seen().best.as_ref().map(|(value, _)| *value) else {
            return match (run.secondary, run.reduced_to_none) {
                (7, _) => Claim { termination: Termination::new(Reason::InfeasibleOrUnbounded, ""), ..claim },
                _ => self.infeasible(counters, "the search found nothing feasible"),
            };
        };
        // Secondary status 2 is "stopped on the gap", whatever CBC calls it: the bound is then its own, and may be far off
        // when a native option set the gap.
        let bound = if run.secondary == 2 { run.bound.min(value) } else { value };
        claim.bound = Some(self.sign() * bound).filter(|bound| bound.is_finite());
        claim.termination = if self.mip.options.tolerances.gap_closed(value, bound) {
            Termination::new(Reason::Optimal, "")
        } else {
            Termination::at_limit(true, Limit::Other, "stopped on CBC's own gap")
        };
        claim
    }

    fn infeasible(&self, counters: &Counters, why: &str) -> Claim {
        let claim = self.at_limit(Limit::Undetermined, counters, None);
        if claim.point.is_some() {
            // A start or an incumbent that fits is there: CBC contradicts itself.
            let why = format!("a feasible point is known, and CBC says: {why}");
            return Claim { termination: Termination::new(Reason::NumericalError, why), ..claim };
        }
        Claim { termination: Termination::new(Reason::Infeasible, why), ..claim }
    }

    /// Clp found the relaxation infeasible: asked for a proof, which holds for the whole problem.
    fn relaxation_infeasible(&self, counters: &Counters) -> Result<Claim, SessionError> {
        let claim = self.relaxation()?;
        match claim.termination.reason() {
            Reason::Infeasible => {
                let ray = claim.ray;
                Ok(Claim { ray, ..self.infeasible(counters, "its linear relaxation is infeasible") })
            }
            Reason::Unbounded | Reason::InfeasibleOrUnbounded => self.relaxation_unbounded(),
            Reason::NoSolutionFound | Reason::Feasible => Ok(self.limited(counters, None)),
            // What is as good as the cutoff is infeasible.
            Reason::Optimal if self.mip.options.cutoff.is_some() => {
                Ok(self.infeasible(counters, "its linear relaxation is worse than the cutoff"))
            }
            _ => {
                let why = "Clp finds the relaxation infeasible for CBC and feasible by itself";
                let claim = self.at_limit(Limit::Undetermined, counters, None);
                Ok(Claim { termination: Termination::new(Reason::NumericalError, why), ..claim })
            }
        }
    }

    /// The relaxation is unbounded: with a feasible point, and rational data, so is the problem (Meyer 1974).
    fn relaxation_unbounded(&self) -> Result<Claim, SessionError> {
        let lp = self.relaxation()?;
        let arrays = Arrays::of(self.mip.problem).uncrossed(self.mip.options.tolerances.bound).without_cost();
        let by_clock = !self.mip.options.deterministic;
        let until = by_clock.then(|| Instant::now() + FEASIBILITY_TIME);
        let search = Feasibility { search: self, until };
        let run = ffi::solve_mip(&arrays, &arguments(self.mip), &search).map_err(SessionError::Broken)?;
        let counters = Counters { nodes: run.nodes, simplex_iterations: run.iterations, ..Counters::default() };
        if let Some(point) = run.point.as_deref().and_then(|point| self.completion.settle(point)) {
            let objective = Some(self.mip.problem.objective_of(&point));
            let unbounded = Termination::new(Reason::Unbounded, "its relaxation is unbounded, and a point is feasible");
            let ray = lp.ray.filter(|ray| matches!(ray, Ray::Primal(_)));
            return Ok(Claim { point: Some(point), objective, ray, counters, ..Claim::bare(unbounded) });
        }
        if self.mip.watch.should_end() {
            return Ok(self.limited(&counters, None));
        }
        let is_infeasible = !run.cut_short && (run.status == 0 || (run.status < 0 && run.reduced_to_none));
        let reason = if is_infeasible { Reason::Infeasible } else { Reason::InfeasibleOrUnbounded };
        Ok(Claim { counters, ..Claim::bare(Termination::new(reason, "its relaxation is unbounded")) })
    }

    /// The linear relaxation by Clp, with its ray.
    fn relaxation(&self) -> Result<Claim, SessionError> {
        let arrays = Arrays::relaxed(self.mip.problem).uncrossed(self.mip.options.tolerances.bound);
        let (problem, options, watch) = (self.mip.problem, self.mip.options, self.mip.watch);
        let lp = Lp { problem, arrays, options, settings: Vec::new(), watch, control: None };
        lp::relaxation(&lp)
    }

    fn limited(&self, counters: &Counters, bound: Option<f64>) -> Claim {
        self.at_limit(self.mip.watch.cause().unwrap_or(Limit::Undetermined), counters, bound)
    }

    /// What is known, with this limit; `bound` is minimised.
    fn at_limit(&self, limit: Limit, counters: &Counters, bound: Option<f64>) -> Claim {
        let mut seen = self.seen();
        let pool = std::mem::take(&mut seen.pool).into_points();
        let value = seen.best.as_ref().map(|(value, _)| *value);
        let bound = [bound, seen.bound].into_iter().flatten().filter(|b| b.is_finite()).reduce(f64::max);
        // A bound beyond the incumbent says that nothing better was left.
        let bound = bound.map(|bound| value.map_or(bound, |value| bound.min(value)));
        Claim {
            objective: value.map(|value| self.sign() * value),
            bound: bound.map(|bound| self.sign() * bound),
            point: seen.best.as_ref().map(|(_, point)| point.clone()),
            counters: *counters,
            pool,
            ..Claim::bare(Termination::at_limit(value.is_some(), limit, ""))
        }
    }
}

/// The search for any feasible point: its objectives and bounds are not the problem's, so they are not told. It may never
/// end where integers have no bounds, so it gets a time of its own.
struct Feasibility<'a, 'b> {
    search: &'a Search<'b>,
    until: Option<Instant>,
}

impl Listener for Feasibility<'_, '_> {
    fn should_end(&self) -> bool {
        self.search.should_end() || self.until.is_some_and(|until| Instant::now() >= until)
    }
    fn log(&self, line: &str) {
        self.search.log(line);
    }
}

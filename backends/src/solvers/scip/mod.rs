//! SCIP: mixed-integer problems with sets, indicators and semicontinuous columns, one thread, incumbents in and out.
//!
//! A pure LP is solved with presolve, propagation, cuts and heuristics off, because SCIP has multipliers and rays only
//! then (SCIP 10.0.2). A mixed-integer problem keeps them all. SCIP's concurrent mode ignores interrupts and is not used.

mod duals;
mod ffi;
mod lazy;
mod settings;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::answer::{Counters, Ray};
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, Reason, Sense, Termination};

use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Progress, Separate, Session, SessionError,
    Start, StopToken, carried, fits_by_capabilities, revises,
};
use crate::options::{Options, Presolve};
use ffi::{Inside, Moment, Scip, ScipError, Status, Watch};

/// The SCIP that this program is linked to.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScipBackend;

impl ScipBackend {
    /// The linked SCIP.
    pub fn new() -> Self {
        Self
    }
}

impl Backend for ScipBackend {
    fn name(&self) -> &'static str {
        "scip"
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: Scip::version() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            only_integers: false,
            data_limits: false,
            integers: true,
            semicontinuous: true,
            sets: true,
            indicators: true,
            quadratic_objective: true,
            convex_integers: true,
            convex_rows: true,
            quadratic: true,
            duals: true,
            primal_ray: true,
            farkas_ray: true,
            basis: false,
            incumbents_out: true,
            incumbents_in: true,
            live_bound: true,
            start_point: true,
            partial_start: true,
            threads: false,
            seed: true,
            memory_limit: true,
            stop: true,
            simplex: true,
            barrier: false,
            first_order: false,
            ranges: true,
            free_rows: true,
            maximize: true,
            node_limit: true,
            emphasis: true,
            binary_products: true,
            whole_bounds: false,
            // SCIPgenerateIIS is not asked: of 2 x + 2 y = 7 over two integers between 0 and 9 it left no row and no bound
            // at all once bounds may go (`iis/removebounds`), and called that irreducible (10.0.2).
            iis: false,
            ranging: false,
            lazy_rows: true,
            pool: true,
        }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        let switched = problem.indicators().iter().find(|k| !problem.row_products(k.row as usize).is_empty());
        if let Some(indicator) = switched {
            let name = problem.row_names().get(indicator.row as usize);
            return Fit::Refuses { why: format!("scip takes indicators of linear constraints; '{name}' is quadratic") };
        }
        fits_by_capabilities(self.name(), self.capabilities(), problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = self.fits(&problem) {
            return Err(BackendError::Unsupported(why));
        }
        let fresh = load(&problem, Costs::AsGiven).map_err(|e| BackendError::Failed(e.to_string()))?;
        Ok(Box::new(ScipSession { fresh: Some(fresh), last: None, problem, version: Scip::version() }))
    }
}

/// SCIP gives 1e99 where it has no multiplier.
const NO_MULTIPLIER: f64 = 1e98;

struct ScipSession {
    /// Loaded and not solved yet. A solved SCIP keeps its solutions, cuts its LPs off by them, and has no multipliers
    /// the second time, so every solve begins with a SCIP of its own.
    fresh: Option<Loaded>,
    /// The best point of the last solve, from which the next one of a mixed-integer problem starts.
    last: Option<Arc<[f64]>>,
    problem: Arc<Problem>,
    version: String,
}

/// A loaded SCIP, or `None` when bounds or sides are crossed, which SCIP refuses and which has one answer.
type Loaded = Option<Scip>;

/// Which objective is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Costs {
    AsGiven,
    Zero,
}

fn columns(problem: &Problem, costs: Costs) -> Result<Loaded, ScipError> {
    let crossed = |lower: &[f64], upper: &[f64]| lower.iter().zip(upper).any(|(l, u)| l > u);
    if crossed(problem.lower(), problem.upper()) || crossed(problem.row_lower(), problem.row_upper()) {
        return Ok(None);
    }
    let mut scip = Scip::new()?;
    scip.reserve(problem.num_columns(), problem.num_rows());
    if costs == Costs::AsGiven {
        scip.set_objective(problem.sense() == Sense::Maximize, problem.offset())?;
    }
    for j in 0..problem.num_columns() {
        let (lower, upper, kind) = (problem.lower()[j], problem.upper()[j], problem.kind(j));
        let cost = if costs == Costs::Zero { 0.0 } else { problem.cost()[j] };
        if kind.is_semi() {
            scip.add_column(lower.min(0.0), upper.max(0.0), cost, kind.is_integer())?;
        } else {
            scip.add_column(lower, upper, cost, kind.is_integer())?;
        }
    }
    Ok(Some(scip))
}

fn load(problem: &Problem, costs: Costs) -> Result<Loaded, ScipError> {
    let Some(mut scip) = columns(problem, costs)? else { return Ok(None) };
    if costs == Costs::AsGiven && !problem.quadratic_objective().is_empty() {
        scip.add_objective_products(problem.sense() == Sense::Maximize, problem.quadratic_objective())?;
    }
    rows(problem, &mut scip)?;
    for j in (0..problem.num_columns()).filter(|&j| problem.kind(j).is_semi()) {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower > 0.0 {
            scip.add_either(j as u32, 0.0, lower)?;
        } else if upper < 0.0 {
            scip.add_either(j as u32, upper, 0.0)?;
        }
    }
    for set in problem.sets() {
        let (columns, weights): (Vec<u32>, Vec<f64>) = set.members.iter().copied().unzip();
        scip.add_set(set.order, &columns, &weights)?;
    }
    Ok(Some(scip))
}

fn rows(problem: &Problem, scip: &mut Scip) -> Result<(), ScipError> {
    let mut switches = vec![None; if problem.indicators().is_empty() { 0 } else { problem.num_rows() }];
    for indicator in problem.indicators() {
        switches[indicator.row as usize] = Some((indicator.column, indicator.active));
    }
    problem.each_row(|i, columns, values| {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let Some(switch) = switches.get(i).copied().flatten() else {
            let products = problem.row_products(i);
            return if products.is_empty() {
                scip.add_row(columns, values, lower, upper)
            } else {
                scip.add_quadratic_row((columns, values), products, lower, upper)
            };
        };
        scip.skip_row();
        if upper.is_finite() {
            scip.add_indicator(switch, columns, values, upper)?;
        }
        if lower.is_finite() {
            let negated: Vec<f64> = values.iter().map(|v| -v).collect();
            scip.add_indicator(switch, columns, &negated, -lower)?;
        }
        Ok(())
    })
}

/// Passes on what SCIP reports, and what others offer.
struct Reporter<'a> {
    problem: &'a Problem,
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    phase: Cell<&'static str>,
    bound: Cell<Option<f64>>,
}

impl Reporter<'_> {
    fn phase(&self, phase: &'static str) {
        if self.phase.replace(phase) != phase {
            self.control.report(Event::Phase(phase));
        }
    }

    fn bound(&self, inside: &Inside<'_>) {
        let bound = inside.bound();
        if bound != self.bound.replace(bound)
            && let Some(bound) = bound
        {
            self.control.report(Event::Bound(bound));
        }
    }
}

impl Watch for Reporter<'_> {
    fn log(&self, line: &str) {
        if !line.is_empty() {
            self.control.report(Event::Log(line));
        }
    }

    fn moment(&self, moment: Moment, inside: &Inside<'_>) {
        // SCIPsolve clears an interrupt that came before it began.
        if self.stop.is_stopped() {
            inside.interrupt();
        }
        match moment {
            Moment::BestSolution => {
                if let Some((values, objective)) = inside.best() {
                    let objective = own_objective(self.problem, &values, objective);
                    self.control.report(Event::Incumbent { objective, values: Some(&values) });
                }
            }
            Moment::Bound => self.bound(inside),
            Moment::Node => {
                let nodes = inside.nodes();
                self.phase(if nodes <= 1 { "root" } else { "search" });
                self.control.report(Event::Progress(Progress { nodes, iterations: inside.iterations() }));
                self.bound(inside);
                if let Some(point) = self.control.offered() {
                    inside.offer(point.values());
                }
            }
            Moment::Other => {}
        }
    }
}

impl Session for ScipSession {
    fn version(&self) -> &str {
        &self.version
    }

    /// A solved SCIP cannot be changed and keep what it knows, so the changed problem is loaded anew; the search starts from
    /// the last point, as far as it still has a place.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = ScipBackend.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
        }
        self.fresh = Some(load(revision.problem(), Costs::AsGiven)?);
        self.last = carried(self.last.as_deref(), revision);
        self.problem = Arc::clone(revision.problem());
        Ok(())
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let began = Instant::now();
        if stop.is_stopped() {
            let termination = Termination::at_limit(false, Limit::Interrupted, "stopped before it began");
            return Ok(Claim::bare(termination));
        }
        let fresh = match self.fresh.take() {
            Some(loaded) => loaded,
            None => load(&self.problem, Costs::AsGiven)?,
        };
        let Some(mut scip) = fresh else {
            return Ok(Claim::bare(Termination::new(Reason::Infeasible, "a lower bound is above its upper bound")));
        };
        let reporter = Reporter { problem: &self.problem, control, stop, phase: Cell::new(""), bound: Cell::new(None) };
        let run =
            Run { options, reporter: &reporter, stop, began, sense: self.problem.sense(), lp: self.problem.is_lp() };
        run.settle(&mut scip)?;
        if let Some(point) = self.starting_point(start)? {
            scip.add_start(&point)?;
        }
        run.solve(&mut scip)?;
        if scip.status() == Status::InfeasibleOrUnbounded && options.presolve != Presolve::On && !stop.is_stopped() {
            // Presolve found out only that it is one of the two; without it SCIP says which.
            scip.reset()?;
            run.settle(&mut scip)?;
            scip.presolve_off()?;
            run.solve(&mut scip)?;
        }
        let mut claim = claim(&mut scip, &self.problem, options, run.lp);
        drop(scip);
        if !stop.is_stopped() {
            match claim.termination.reason() {
                Reason::Unbounded if claim.point.is_none() => run.settle_unbounded(&self.problem, &mut claim)?,
                Reason::Infeasible if self.problem.is_lp() => claim.ray = run.farkas_ray(&self.problem)?,
                _ => {}
            }
        }
        self.last = claim.point.as_deref().map(Arc::from).or(self.last.take());
        Ok(options.within_cutoff(self.problem.sense(), claim))
    }

    fn solve_lazy(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
        separate: &mut Separate<'_>,
    ) -> Result<Claim, SessionError> {
        lazy::solve(self, options, start, (control, stop), separate)
    }
}

impl ScipSession {
    fn starting_point(&self, start: &Start) -> Result<Option<Arc<[f64]>>, SessionError> {
        let n = self.problem.num_columns();
        match &start.point {
            Some(point) if point.len() != n => Err(SessionError::Refused(format!(
                "the start has {} values where the problem has {n} variables",
                point.len()
            ))),
            // A start would cut off the LP that the multipliers come from.
            _ if self.problem.is_lp() => Ok(None),
            Some(point) => Ok(Some(Arc::clone(point))),
            None => Ok(self.last.clone()),
        }
    }
}

/// What the one or two SCIPs of a solve have in common.
struct Run<'a> {
    options: &'a Options,
    reporter: &'a Reporter<'a>,
    stop: &'a StopToken,
    began: Instant,
    sense: Sense,
    lp: bool,
}

impl Run<'_> {
    fn settle(&self, scip: &mut Scip) -> Result<(), SessionError> {
        settings::apply(scip, self.options, self.sense, self.lp)
    }

    fn solve(&self, scip: &mut Scip) -> Result<(), SessionError> {
        self.reporter.phase(if self.lp { "simplex" } else { "presolve" });
        settings::limit_time(scip, self.options, self.began)?;
        Ok(scip.solve(self.reporter, None, self.stop)?)
    }

    /// SCIP calls a problem unbounded when its relaxation is, and its own point then lies at infinity. A feasible point
    /// makes it unbounded indeed; without one it is infeasible.
    fn settle_unbounded(&self, problem: &Problem, claim: &mut Claim) -> Result<(), SessionError> {
        let Some(mut scip) = load(problem, Costs::Zero)? else { return Ok(()) };
        self.settle(&mut scip)?;
        settings::limit_time(&mut scip, self.options, self.began)?;
        scip.solve(&Silent, None, self.stop)?;
        if let Some((values, _)) = scip.after().best() {
            claim.objective = Some(problem.objective_of(&values));
            claim.point = Some(values);
        } else if scip.status() == Status::Infeasible {
            *claim =
                Claim::bare(Termination::new(Reason::Infeasible, "SCIP: infeasible, with an unbounded relaxation"));
        } else {
            let detail = "SCIP: unbounded relaxation, no feasible point found";
            claim.termination = Termination::new(Reason::InfeasibleOrUnbounded, detail);
        }
        Ok(())
    }

    /// Multipliers that prove an LP infeasible. SCIP has none when it finds out before its first LP (by activities, or
    /// by a row of one variable, which it takes for a bound), so they come from the elastic problem: the least sum of
    /// what the rows must be missed by. It is positive, and its multipliers are a proof.
    fn farkas_ray(&self, problem: &Problem) -> Result<Option<Ray>, SessionError> {
        let Some(mut scip) = load_elastic(problem)? else { return Ok(None) };
        self.settle(&mut scip)?;
        settings::limit_time(&mut scip, self.options, self.began)?;
        scip.solve(&Silent, None, self.stop)?;
        if scip.status() != Status::Optimal {
            return Ok(None);
        }
        let multipliers = scip.row_multipliers();
        let usable = multipliers.iter().any(|&y| y != 0.0) && multipliers.iter().all(|y| y.abs() < NO_MULTIPLIER);
        Ok(usable.then_some(Ray::Farkas(multipliers)))
    }
}

/// Every row may be missed, upwards and downwards, at a cost of 1; nothing else costs.
fn load_elastic(problem: &Problem) -> Result<Loaded, ScipError> {
    let Some(mut scip) = columns(problem, Costs::Zero)? else { return Ok(None) };
    let by_rows = problem.by_rows();
    let n = problem.num_columns() as u32;
    for i in 0..problem.num_rows() as u32 {
        scip.add_column(0.0, f64::INFINITY, 1.0, false)?;
        scip.add_column(0.0, f64::INFINITY, 1.0, false)?;
        let (row, values) = by_rows.row(i as usize);
        let row: Vec<u32> = row.iter().copied().chain([n + 2 * i, n + 2 * i + 1]).collect();
        let values: Vec<f64> = values.iter().copied().chain([1.0, -1.0]).collect();
        scip.add_row(&row, &values, problem.row_lower()[i as usize], problem.row_upper()[i as usize])?;
    }
    Ok(Some(scip))
}

/// Reports nothing: its points belong to another objective.
struct Silent;

impl Watch for Silent {
    fn log(&self, _: &str) {}
    fn moment(&self, _: Moment, _: &Inside<'_>) {}
}

impl From<ScipError> for SessionError {
    fn from(e: ScipError) -> Self {
        Self::Broken(e.to_string())
    }
}

/// The objective of a point: SCIP's figure, but where a variable of the adapter's stands for products, which may be off by
/// SCIP's tolerance, and is anything in a point that belongs to a ray.
fn own_objective(problem: &Problem, values: &[f64], objective: f64) -> f64 {
    if problem.quadratic_objective().is_empty() { objective } else { problem.objective_of(values) }
}

/// What SCIP came to; `lp` where it was solved as one, and so has multipliers.
fn claim(scip: &mut Scip, problem: &Problem, options: &Options, lp: bool) -> Claim {
    let status = scip.status();
    let inside = scip.after();
    let best = inside.best();
    let (bound, nodes, iterations) = (inside.bound(), inside.nodes(), inside.iterations());
    let termination = termination(status, best.is_some(), options);
    let reason = termination.reason();
    let mut claim = Claim::bare(termination);
    claim.counters = Counters { nodes, simplex_iterations: iterations, ..Counters::default() };
    claim.bound = if matches!(reason, Reason::Infeasible | Reason::Unbounded) { None } else { bound };
    if let Some((values, objective)) = best {
        claim.objective = Some(own_objective(problem, &values, objective));
        claim.point = Some(values);
    }
    if !problem.is_lp() {
        // Its best is one of them.
        let wanted = options.pool_points(problem.num_columns());
        claim.pool = if wanted > 0 { scip.after().kept(wanted + 1) } else { Vec::new() };
    }
    // SCIP minimises inside, and gives its multipliers for that.
    let sign = problem.sense().sign();
    if let (true, Reason::Optimal, Some(point)) = (lp, reason, &claim.point) {
        let rows: Vec<f64> = scip.row_multipliers().iter().map(|y| sign * y).collect();
        let usable = rows.iter().all(|y| y.abs() < NO_MULTIPLIER);
        claim.duals = usable.then(|| duals::complete(problem, rows, point));
    }
    if reason == Reason::Unbounded {
        claim.ray = scip.primal_ray().map(Ray::Primal);
    }
    claim
}

fn termination(status: Status, has_point: bool, options: &Options) -> Termination {
    let limit = |limit, detail: &str| Termination::at_limit(has_point, limit, detail);
    match status {
        Status::Optimal => Termination::new(Reason::Optimal, "SCIP: optimal"),
        Status::Gap if has_point => Termination::new(Reason::Optimal, "SCIP: gap limit reached"),
        Status::Infeasible => Termination::new(Reason::Infeasible, "SCIP: infeasible"),
        Status::Unbounded => Termination::new(Reason::Unbounded, "SCIP: unbounded"),
        Status::InfeasibleOrUnbounded => {
            Termination::new(Reason::InfeasibleOrUnbounded, "SCIP: infeasible or unbounded")
        }
        Status::Interrupted => limit(Limit::Interrupted, "SCIP: interrupted"),
        Status::Time => limit(Limit::Time, "SCIP: time limit reached"),
        Status::Memory => limit(Limit::Memory, "SCIP: memory limit reached"),
        Status::Nodes => limit(Limit::Node, "SCIP: node limit reached"),
        Status::Solutions => limit(Limit::Solution, "SCIP: solution limit reached"),
        Status::Primal if options.objective_target.is_some() => limit(Limit::Objective, "SCIP: objective target met"),
        Status::Gap | Status::Primal => limit(Limit::Other, "SCIP: stopped at a limit"),
        Status::Other(code) => limit(Limit::Undetermined, &format!("SCIP: status {code}")),
    }
}

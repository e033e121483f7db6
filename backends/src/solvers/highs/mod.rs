//! HiGHS 1.16 behind the contract: loaded by slices in one call, heard by its callbacks, stopped within some 20 ms (its
//! first-order method alone has no callbacks).
//!
//! A session keeps one instance: an LP solved again starts from the last basis, a MIP from the last point.

mod ffi;
mod listen;
mod rays;
mod read;
mod settings;
mod start;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::answer::Ray;
use farkas_modeling::problem::Sense;
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};
use highs_sys as sys;

use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Session, SessionError, Start, StopToken,
    fits_by_capabilities,
};
use crate::options::Options;
use ffi::{Arrays, Failed, Instance, Kind};
use listen::{Listener, Subject};
use settings::Settings;

/// A coefficient of this size is refused by HiGHS (its option `large_matrix_value`).
const LARGEST_COEFFICIENT: f64 = 1e15;

/// A cost of this size is infinite to HiGHS (its option `infinite_cost`).
const INFINITE_COST: f64 = 1e20;

/// HiGHS quietly lowers the upper bound of a semicontinuous column to this (`kMaxSemiVariableUpper`).
const LARGEST_SEMI_UPPER: f64 = 1e5;

/// Nodes for completing a start (HiGHS' own `mip_max_start_nodes`).
const START_NODES: u64 = 500;

/// The least time a run for a ray may take, where the time limit leaves it.
const RAY_TIME: Duration = Duration::from_secs(2);

/// HiGHS, linked.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::highs::Highs;
/// use farkas_modeling::{Problem, ProblemData, Reason};
/// // maximise x  subject to  2 x ≤ 5,  x integer
/// let problem = Problem::new(ProblemData {
///     sense: farkas_modeling::Sense::Maximize,
///     cost: vec![1.0],
///     lower: vec![0.0],
///     upper: vec![10.0],
///     kinds: vec![farkas_modeling::ColumnKind::Integer],
///     row_lower: vec![f64::NEG_INFINITY],
///     row_upper: vec![5.0],
///     starts: vec![0, 1],
///     indices: vec![0],
///     values: vec![2.0],
///     ..ProblemData::default()
/// })?;
/// let mut session = Highs::new().open(Arc::new(problem))?;
/// let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new())?;
/// assert_eq!((claim.termination.reason(), claim.objective), (Reason::Optimal, Some(2.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Highs;

impl Highs {
    /// The linked HiGHS.
    pub fn new() -> Self {
        Self
    }
}

impl Backend for Highs {
    fn name(&self) -> &'static str {
        "highs"
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: ffi::version() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            integers: true,
            semicontinuous: true,
            sets: false,
            indicators: false,
            duals: true,
            primal_ray: true,
            farkas_ray: true,
            basis: true,
            incumbents_out: true,
            incumbents_in: true,
            live_bound: true,
            start_point: true,
            partial_start: true,
            threads: true,
            seed: true,
            memory_limit: false,
            stop: true,
            simplex: true,
            barrier: true,
            first_order: true,
        }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        if let Some(why) = refusal(problem) {
            return Fit::Refuses { why };
        }
        fits_by_capabilities(self.name(), self.capabilities(), problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = self.fits(&problem) {
            return Err(BackendError::Unsupported(why));
        }
        let failed = |what: &str| BackendError::Failed(format!("HiGHS {what}"));
        let mut instance = Instance::new().ok_or_else(|| failed("could not be created: out of memory?"))?;
        let is_mip = problem.num_integers() > 0 || problem.num_semis() > 0;
        let kinds: Option<Vec<i32>> = is_mip.then(|| problem.kind_codes().iter().map(|&k| i32::from(k)).collect());
        // Before anything that could print.
        instance.set_bool(c"log_to_console", false).map_err(|Failed| failed("does not know `log_to_console`"))?;
        instance
            .load(&Arrays {
                maximize: problem.sense() == Sense::Maximize,
                offset: problem.offset(),
                cost: problem.cost(),
                lower: problem.lower(),
                upper: problem.upper(),
                row_lower: problem.row_lower(),
                row_upper: problem.row_upper(),
                // Below i32::MAX, as `Problem::new` made sure: the bits are the same.
                starts: bytemuck::cast_slice(problem.starts()),
                indices: bytemuck::cast_slice(problem.indices()),
                values: problem.values(),
                kinds: kinds.as_deref(),
            })
            .map_err(|Failed| failed("did not load the problem"))?;
        Ok(Box::new(HighsSession {
            instance,
            problem,
            is_mip,
            settings: Settings::default(),
            version: ffi::version(),
            last_point: None,
            broken: None,
        }))
    }
}

/// What in the numbers of a problem HiGHS does not take, or takes for something else.
fn refusal(problem: &Problem) -> Option<String> {
    if let Some(v) = problem.values().iter().find(|v| v.abs() >= LARGEST_COEFFICIENT) {
        return Some(format!("highs does not take coefficients of {LARGEST_COEFFICIENT:e} and more, like {v:e}"));
    }
    if let Some(c) = problem.cost().iter().find(|c| c.abs() >= INFINITE_COST) {
        return Some(format!("highs takes costs of {INFINITE_COST:e} and more for infinite, like {c:e}"));
    }
    let semis = (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi());
    for j in semis {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower < 0.0 || (lower > 0.0 && upper > LARGEST_SEMI_UPPER) {
            let name = problem.column_names().get(j);
            return Some(format!(
                "highs takes semicontinuous variables between 0 and {LARGEST_SEMI_UPPER:e}; '{name}' has the bounds \
                 {lower} and {upper}"
            ));
        }
    }
    None
}

struct HighsSession {
    instance: Instance,
    problem: Arc<Problem>,
    is_mip: bool,
    settings: Settings,
    version: String,
    /// The best point of the last solve of a MIP, to start again from.
    last_point: Option<Vec<f64>>,
    broken: Option<String>,
}

/// One call of `solve`.
struct Solve<'a, 'b> {
    s: &'a mut HighsSession,
    listener: Listener<'b>,
    options: &'a Options,
    stop: &'a StopToken,
    begin: Instant,
}

impl Session for HighsSession {
    fn version(&self) -> &str {
        &self.version
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let begin = Instant::now();
        if let Some(why) = &self.broken {
            return Err(SessionError::Broken(why.clone()));
        }
        check_start(&self.problem, start)?;
        let listener = Listener::new(control, stop, self.problem.sense());
        let mut solve = Solve { s: self, listener, options, stop, begin };
        let result = solve.go(start, control);
        solve.listener.flush();
        if let Err(SessionError::Broken(why)) = &result {
            self.broken = Some(why.clone());
        }
        result
    }
}

fn check_start(problem: &Problem, start: &Start) -> Result<(), SessionError> {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    if let Some(point) = start.point.as_ref().filter(|p| p.len() != n) {
        return Err(SessionError::Refused(format!("the start has {} values for {n} variables", point.len())));
    }
    if let Some(basis) = start.basis.as_ref().filter(|b| b.columns.len() != n || b.rows.len() != m) {
        let (columns, rows) = (basis.columns.len(), basis.rows.len());
        return Err(SessionError::Refused(format!(
            "the starting basis has {columns} columns and {rows} rows where the problem has {n} and {m}"
        )));
    }
    Ok(())
}

impl Solve<'_, '_> {
    fn go(&mut self, start: &Start, control: &(dyn Control + Sync)) -> Result<Claim, SessionError> {
        let left = self.left();
        let HighsSession { instance, settings, problem, .. } = &mut *self.s;
        settings.apply(instance, problem, self.options, left)?;
        if self.stop.is_stopped() {
            return Ok(Claim::bare(Termination::at_limit(false, Limit::Interrupted, "stopped before it began")));
        }
        if self.time_is_up() {
            return Ok(Claim::bare(Termination::at_limit(false, Limit::Time, "no time to begin with")));
        }
        if self.s.problem.num_columns() == 0 {
            return Ok(read::without_columns(&self.s.problem, self.options.tolerances.feasibility));
        }
        settings::schedule(settings::threads(self.options), false);
        if self.s.is_mip {
            self.start_mip(start)?;
        } else if let Some(basis) = &start.basis {
            let (columns, rows) = (read::statuses(&basis.columns), read::statuses(&basis.rows));
            if self.s.instance.set_basis(&columns, &rows).is_err() {
                control.report(Event::Log("HiGHS does not take the starting basis; it begins without"));
            }
        }
        self.listener.phase("presolve");
        self.run(Subject::Problem, self.left(), Instance::run)?.or_else(|Failed| self.run_again())?;
        let HighsSession { instance, problem, is_mip, .. } = &mut *self.s;
        let outcome = read::outcome(instance, problem, *is_mip, self.options.node_limit);
        let mut claim = self.look_closer(outcome.status, outcome.claim)?;
        if self.s.is_mip {
            claim.bound = self.tighter(claim.bound);
            self.s.last_point.clone_from(&claim.point);
        }
        Ok(claim)
    }

    /// What is left of the time limit; `None` where there is none.
    fn left(&self) -> Option<Duration> {
        self.options.time_limit.map(|limit| limit.saturating_sub(self.begin.elapsed()))
    }

    fn time_is_up(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// Calls HiGHS with the listener attached, its clock at zero and `limit` to go.
    fn run<R>(
        &mut self,
        subject: Subject,
        limit: Option<Duration>,
        work: impl FnOnce(&mut Instance) -> R,
    ) -> Result<R, SessionError> {
        let HighsSession { instance, settings, is_mip, .. } = &mut *self.s;
        self.listener.subject = subject;
        instance.zero_clocks();
        settings.set_time_limit(instance, limit);
        let kind = if *is_mip { Kind::MixedInteger } else { Kind::LinearProgram };
        let result = instance.listened(kind, &mut self.listener, work);
        self.listener.subject = Subject::Problem;
        result.map_err(|panic| {
            let says =
                panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            SessionError::Broken(format!("a listener panicked: {}", says.unwrap_or("it does not say why")))
        })
    }

    /// After an error: once more with a fresh scheduler, in case somebody else on this thread started it with another
    /// number of threads. An error that has a model status is an answer, if a poor one.
    fn run_again(&mut self) -> Result<(), SessionError> {
        if self.s.instance.status() != sys::MODEL_STATUS_NOTSET {
            return Ok(());
        }
        settings::schedule(settings::threads(self.options), true);
        match self.run(Subject::Problem, self.left(), Instance::run)? {
            Err(Failed) if self.s.instance.status() == sys::MODEL_STATUS_NOTSET => {
                Err(SessionError::Broken("HiGHS failed without a status".into()))
            }
            _ => Ok(()),
        }
    }

    /// Hands HiGHS a feasible point to begin from, if the caller or the last solve has one or one can be made of it.
    fn start_mip(&mut self, start: &Start) -> Result<(), SessionError> {
        let last = self.s.last_point.take();
        self.s.instance.clear_solver();
        let Some(values) = start.point.as_deref().or(last.as_deref()) else { return Ok(()) };
        let t = &self.options.tolerances;
        let tolerance = t.integrality.min(t.feasibility).min(t.bound);
        if start::is_feasible(&self.s.problem, values, tolerance) {
            // A start that is refused is no start; HiGHS then begins without.
            let _ = self.s.instance.set_solution(values);
            return Ok(());
        }
        let Some((lower, upper)) = start::fixed_bounds(&self.s.problem, values, t.integrality) else { return Ok(()) };
        self.listener.phase("start");
        if self.s.instance.change_bounds(&lower, &upper).is_err() {
            return Ok(());
        }
        let nodes = self.options.node_limit.unwrap_or(START_NODES).min(START_NODES);
        self.s.settings.set_node_limit(&mut self.s.instance, Some(nodes));
        let ran = self.run(Subject::Restricted, self.left().map(|left| left / 4), Instance::run);
        let HighsSession { instance, settings, problem, .. } = &mut *self.s;
        let feasible = instance.info_int(c"primal_solution_status") == sys::SOLUTION_STATUS_FEASIBLE;
        let completed = instance.solution().filter(|_| feasible).map(|s| s.columns);
        settings.set_node_limit(instance, self.options.node_limit);
        if instance.change_bounds(problem.lower(), problem.upper()).is_err() {
            return Err(SessionError::Broken("HiGHS did not take the problem's own bounds back".into()));
        }
        instance.clear_solver();
        let _ = ran?;
        if let Some(values) = completed.filter(|v| start::is_feasible(problem, v, tolerance)) {
            let _ = instance.set_solution(&values);
        }
        Ok(())
    }

    /// Gets the proof that belongs to "infeasible" and "unbounded", and decides between them where HiGHS has not.
    fn look_closer(&mut self, status: sys::HighsInt, mut claim: Claim) -> Result<Claim, SessionError> {
        let open = matches!(status, sys::MODEL_STATUS_UNBOUNDED | sys::MODEL_STATUS_UNBOUNDED_OR_INFEASIBLE);
        let may_run = !self.stop.is_stopped() && !self.time_is_up();
        match (self.s.is_mip, status) {
            (false, sys::MODEL_STATUS_INFEASIBLE) => {
                claim.ray = rays::of_empty_row(&self.s.problem, self.options.tolerances.feasibility).map(Ray::Farkas);
                if claim.ray.is_none() && may_run && self.s.problem.num_nonzeros() > 0 {
                    let ray = self.run(Subject::Other, Some(self.ray_time()), Instance::dual_ray)?;
                    claim.ray = ray.and_then(|y| rays::farkas(&self.s.problem, y)).map(Ray::Farkas);
                    // The costs were zero for a while, which HiGHS' factorisation remembers.
                    self.s.instance.clear_solver();
                }
                claim.point = None;
                claim.objective = None;
            }
            (false, sys::MODEL_STATUS_UNBOUNDED) => self.prove_unbounded(&mut claim, may_run)?,
            (true, _) if open && may_run => claim = self.decide(claim)?,
            _ => {}
        }
        Ok(claim)
    }

    /// How long a second run for a ray may take: as long as it is worth beside the answer, which is known already.
    fn ray_time(&self) -> Duration {
        let worth = RAY_TIME.max(2 * self.begin.elapsed());
        self.left().map_or(worth, |left| left.min(worth))
    }

    fn prove_unbounded(&mut self, claim: &mut Claim, may_run: bool) -> Result<(), SessionError> {
        if may_run && self.s.problem.num_nonzeros() > 0 {
            let ray = self.run(Subject::Other, Some(self.ray_time()), Instance::primal_ray)?;
            claim.ray = ray.map(Ray::Primal);
            let feasible = self.s.instance.info_int(c"primal_solution_status") == sys::SOLUTION_STATUS_FEASIBLE;
            if claim.point.is_none() && feasible {
                claim.point = self.s.instance.solution().map(|s| s.columns);
            }
        }
        if claim.ray.is_none() {
            claim.ray = rays::of_free_column(&self.s.problem).map(Ray::Primal);
        }
        claim.objective = claim.point.as_ref().map(|x| self.s.problem.objective_of(x));
        claim.bound = None;
        Ok(())
    }

    /// A MIP that is infeasible or unbounded: it is solved once more without costs. With no point it is infeasible; with
    /// one, and a ray of its relaxation (its data are rational), it is unbounded.
    fn decide(&mut self, mut claim: Claim) -> Result<Claim, SessionError> {
        let n = self.s.problem.num_columns();
        let failed = |what| SessionError::Broken(format!("HiGHS did not take {what}"));
        self.s.instance.change_costs(&vec![0.0; n]).map_err(|Failed| failed("costs of zero"))?;
        self.s.instance.clear_solver();
        let ran = self.run(Subject::Other, self.left(), Instance::run);
        let status = self.s.instance.status();
        let feasible = self.s.instance.info_int(c"primal_solution_status") == sys::SOLUTION_STATUS_FEASIBLE;
        let point = self.s.instance.solution().filter(|_| feasible).map(|s| s.columns);
        let problem = Arc::clone(&self.s.problem);
        self.s.instance.change_costs(problem.cost()).map_err(|Failed| failed("the problem's own costs back"))?;
        self.s.instance.clear_solver();
        let _ = ran?;
        if status == sys::MODEL_STATUS_INFEASIBLE {
            let detail = "HiGHS: infeasible (solved again without costs)";
            let mut infeasible = Claim::bare(Termination::new(Reason::Infeasible, detail));
            infeasible.counters = claim.counters;
            return Ok(infeasible);
        }
        let Some(point) = claim.point.take().or(point) else { return Ok(claim) };
        if self.stop.is_stopped() || self.time_is_up() {
            return Ok(claim);
        }
        let ray = self.run(Subject::Other, Some(self.ray_time()), Instance::primal_ray)?;
        let Some(ray) = ray.or_else(|| rays::of_free_column(&problem)) else { return Ok(claim) };
        self.s.instance.clear_solver();
        let detail = "HiGHS: unbounded (a feasible point, and a ray of the relaxation)";
        let mut unbounded = Claim::bare(Termination::new(Reason::Unbounded, detail));
        unbounded.counters = claim.counters;
        unbounded.objective = Some(problem.objective_of(&point));
        unbounded.point = Some(point);
        unbounded.ray = Some(Ray::Primal(ray));
        Ok(unbounded)
    }

    /// The better of the final bound and the last one that was reported.
    fn tighter(&self, bound: Option<f64>) -> Option<f64> {
        match (bound, self.listener.bound()) {
            (Some(a), Some(b)) if self.s.problem.sense().better(a, b) => Some(b),
            (None, told) => told,
            (a, _) => a,
        }
    }
}

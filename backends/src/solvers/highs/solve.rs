//! One call of `solve`: the start, the run, a second look where the first run left a question, and the claim. What the
//! caller asked for (time, stop, threads) holds for all of it together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::answer::Ray;
use farkas_modeling::{Claim, Limit, Reason, Termination};
use highs_sys as sys;

use super::ffi::{Failed, Instance, Kind};
use super::listen::{Listener, Subject};
use super::{HighsSession, read, settings, start};
use crate::contract::{Control, Event, SessionError, Start, StopToken, rays};
use crate::options::{LpMethod, Options};

/// Nodes for completing a start (HiGHS' own `mip_max_start_nodes`).
const START_NODES: u64 = 500;

/// How an LP may end that simplex may still decide.
const UNDECIDED: [sys::HighsInt; 3] =
    [sys::MODEL_STATUS_SOLVE_ERROR, sys::MODEL_STATUS_POSTSOLVE_ERROR, sys::MODEL_STATUS_UNBOUNDED_OR_INFEASIBLE];

/// The least time a run for a ray may take, where the time limit leaves it.
const RAY_TIME: Duration = Duration::from_secs(2);

/// One call of `solve`.
pub(super) struct Solve<'a, 'b> {
    pub(super) s: &'a mut HighsSession,
    pub(super) listener: Listener<'b>,
    pub(super) options: &'a Options,
    pub(super) stop: &'a StopToken,
    pub(super) begin: Instant,
}

impl Solve<'_, '_> {
    pub(super) fn go(&mut self, start: &Start, control: &(dyn Control + Sync)) -> Result<Claim, SessionError> {
        let left = self.left();
        let HighsSession { instance, settings, problem, .. } = &mut *self.s;
        let log = if control.hears_log() { settings::Log::Heard } else { settings::Log::Unheard };
        settings.apply(instance, problem, self.options, left, log)?;
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
        self.run_plainly()?;
        let mut outcome = self.outcome();
        if self.s.is_mip && self.misstates(&outcome.claim) && !self.stop.is_stopped() {
            self.s.instance.clear_solver();
            self.run(Subject::Problem, self.left(), Instance::run)?.or_else(|Failed| self.run_again())?;
            outcome = self.outcome();
        }
        let mut claim = self.look_closer(outcome.status, outcome.claim)?;
        if self.s.is_mip {
            claim.bound = self.tighter(claim.bound);
            self.recover_point(&mut claim);
            self.s.last_point.clone_from(&claim.point);
            claim.pool = std::mem::take(&mut self.listener.pool).into_points();
        }
        Ok(claim)
    }

    fn outcome(&self) -> read::Outcome {
        read::outcome(&self.s.instance, &self.s.problem, self.s.is_mip, self.options.node_limit)
    }

    /// Whether the point is not that of the objective: when presolve alone improves on the start (a column without
    /// entries, say), HiGHS hands out the start itself beside the better objective (1.16.0). Without a start it does not.
    fn misstates(&self, claim: &Claim) -> bool {
        let (Some(point), Some(said)) = (&claim.point, claim.objective) else { return false };
        let own = self.s.problem.objective_of(point);
        (own - said).abs() > 1e-6 * said.abs().max(1.0)
    }

    /// Where HiGHS ended with less than it told before (in an error, mostly), what was told is kept.
    fn recover_point(&mut self, claim: &mut Claim) {
        let Some((objective, point)) = self.listener.take_point() else { return };
        let end = &claim.termination;
        let lost = claim.point.is_none() && !matches!(end.reason(), Reason::Infeasible | Reason::InfeasibleOrUnbounded);
        if lost {
            if let Some(limit) = end.limit() {
                claim.termination = Termination::at_limit(true, limit, end.detail().to_owned());
            }
            (claim.objective, claim.point) = (Some(objective), Some(point));
        }
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
        let HighsSession { instance, settings, is_mip, problem, .. } = &mut *self.s;
        self.listener.subject = subject;
        instance.zero_clocks();
        settings.set_time_limit(instance, limit);
        let kind = match *is_mip {
            true if self.listener.pool.is_wanted() => Kind::MixedIntegerAll,
            true => Kind::MixedInteger,
            false => Kind::LinearProgram,
        };
        if settings::is_tiny(problem, self.options) {
            self.listener.stay();
        }
        let result = instance.listened(kind, &mut self.listener, work);
        self.listener.leave();
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

    /// An LP that ended in an error or undecided gets a second chance by simplex on the whole problem: interior point does
    /// so on small infeasible ones (Netlib's `box1`, 1.16.0), which simplex answers at once. What the first-order method
    /// leaves imprecise stays so: whoever asked for it expects that.
    fn run_plainly(&mut self) -> Result<(), SessionError> {
        let open = match self.s.instance.status() {
            _ if self.s.is_mip || !self.s.problem.is_linear() => false,
            sys::MODEL_STATUS_UNKNOWN => self.options.lp_method != LpMethod::FirstOrder,
            status => UNDECIDED.contains(&status),
        };
        if open && !self.stop.is_stopped() && !self.time_is_up() {
            self.s.settings.set_plain_simplex(&mut self.s.instance);
            self.s.instance.clear_solver();
            // Whatever comes of it is read off the instance, as after the first run.
            let _ = self.run(Subject::Problem, self.left(), Instance::run)?;
        }
        Ok(())
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
        let quadratic = !self.s.problem.is_linear();
        match (self.s.is_mip, status) {
            // Rays are read off a simplex basis, which its method for quadratic objectives has not.
            _ if quadratic => claim.basis = None,
            (false, sys::MODEL_STATUS_INFEASIBLE) => {
                claim.ray = rays::of_empty_row(&self.s.problem, self.options.tolerances.feasibility).map(Ray::Farkas);
                if claim.ray.is_none() && may_run && self.s.problem.num_nonzeros() > 0 {
                    let ray = self.run(Subject::Other, self.ray_time(), Instance::dual_ray)?;
                    claim.ray = ray.and_then(|y| rays::farkas(&self.s.problem, &y)).map(Ray::Farkas);
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
    fn ray_time(&self) -> Option<Duration> {
        if self.options.deterministic {
            return self.left();
        }
        let worth = RAY_TIME.max(2 * self.begin.elapsed());
        Some(self.left().map_or(worth, |left| left.min(worth)))
    }

    fn prove_unbounded(&mut self, claim: &mut Claim, may_run: bool) -> Result<(), SessionError> {
        if may_run && self.s.problem.num_nonzeros() > 0 {
            let ray = self.run(Subject::Other, self.ray_time(), Instance::primal_ray)?;
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
        let ray = self.run(Subject::Other, self.ray_time(), Instance::primal_ray)?;
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

//! One call of `solve` over an engine: the start, the run, a second look where the first left a question, and the claim.
//! What the caller asked for (time, stop) holds for all of it together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::answer::{Basis, BasisStatus, Duals, Ray};
use farkas_modeling::patch::{Delta, Revision};
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};

use super::engine::{Ending, Engine, Fault, Feasible, Look, Outcome, Solver};
use super::listen::Listener;
use crate::contract::conflict::{given_bounds, plain_conflict};
use crate::contract::{
    BackendError, Control, Fit, Member, Session, SessionError, Start, StopToken, carried, rays, revises, takes_options,
};
use crate::options::Options;

/// The least time a run for a ray may take, where the time limit leaves it.
const RAY_TIME: Duration = Duration::from_secs(2);

/// A problem, open in a loaded solver.
pub struct LoadedSession<S: Solver> {
    solver: S,
    problem: Arc<Problem>,
    /// None where the answer needs no solver.
    engine: Option<S::Engine>,
    /// The best point of the last solve, from which the next one of a mixed-integer problem starts.
    last_point: Option<Arc<[f64]>>,
    /// A basis from before a change, from which the next solve of an LP starts.
    last_basis: Option<Basis>,
    kept: Feasible,
    broken: Option<String>,
}

impl<S: Solver> LoadedSession<S> {
    /// Opens a problem.
    ///
    /// # Errors
    /// When the solver does not take it.
    pub fn open(solver: S, problem: Arc<Problem>) -> Result<Self, BackendError> {
        if let Some(why) = refusal(&solver.fits(&problem)) {
            return Err(BackendError::Unsupported(why));
        }
        let engine = if needs_solver(&problem) { Some(solver.load(&problem)?) } else { None };
        Ok(Self { solver, problem, engine, last_point: None, last_basis: None, kept: Feasible::Primal, broken: None })
    }

    fn keep_breakage<T>(&mut self, result: Result<T, SessionError>) -> Result<T, SessionError> {
        if let Err(SessionError::Broken(why)) = &result {
            self.broken = Some(why.clone());
        }
        result
    }

    fn whole(&self) -> Result<(), SessionError> {
        self.broken.as_ref().map_or(Ok(()), |why| Err(SessionError::Broken(why.clone())))
    }
}

fn refusal(fit: &Fit) -> Option<String> {
    match fit {
        Fit::Takes | Fit::NeedsBridges { .. } => None,
        Fit::TooLarge { limit } => Some(limit.clone()),
        Fit::Refuses { why } => Some(why.clone()),
    }
}

fn changes_costs_alone(delta: &Delta) -> bool {
    let matrix = delta.coefficients.is_empty() && delta.rows.is_empty() && delta.removed_rows.is_empty();
    matrix && delta.bounds.is_empty() && delta.sides.is_empty() && delta.removed_columns.is_empty()
}

/// Crossed bounds are an answer by themselves, and so is a problem without columns.
fn needs_solver(problem: &Problem) -> bool {
    problem.num_columns() > 0 && !is_crossed(problem)
}

fn is_crossed(problem: &Problem) -> bool {
    let switched = |i: usize| problem.indicators().iter().any(|k| k.row as usize == i);
    let crossed = |lower: &[f64], upper: &[f64], at: usize| lower[at] > upper[at];
    (0..problem.num_columns()).any(|j| !problem.kind(j).is_semi() && crossed(problem.lower(), problem.upper(), j))
        || (0..problem.num_rows()).any(|i| crossed(problem.row_lower(), problem.row_upper(), i) && !switched(i))
}

impl<S: Solver> Session for LoadedSession<S> {
    fn version(&self) -> &str {
        self.solver.version()
    }

    /// The changed problem is loaded anew; an LP goes on from its basis, a mixed-integer problem from its last point.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        self.whole()?;
        revises(&self.problem, revision)?;
        if let Some(why) = refusal(&self.solver.fits(revision.problem())) {
            return Err(SessionError::Refused(why));
        }
        let engine = if needs_solver(revision.problem()) {
            Some(self.solver.load(revision.problem()).map_err(SessionError::from)?)
        } else {
            None
        };
        self.engine = engine;
        self.last_point = carried(self.last_point.as_deref(), revision);
        self.last_basis = self.last_basis.take().map(|basis| revision.carry_basis(&basis));
        if !changes_costs_alone(revision.delta()) {
            self.kept = Feasible::Unknown;
        }
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
        let begin = Instant::now();
        self.whole()?;
        takes_options(S::BACKEND, S::CAN, options)?;
        check_start(&self.problem, start)?;
        let problem = Arc::clone(&self.problem);
        let listener = Listener::new(control, stop, &problem, options.objective_target);
        let solve = Solve { solver: &self.solver, problem: &problem, options, listener: &listener, begin };
        let starts = Starts {
            given: start,
            point: self.last_point.as_deref(),
            basis: self.last_basis.as_ref().map(|basis| (basis, self.kept)),
        };
        let result = solve.go(&mut self.engine, &starts);
        listener.flush();
        let result = match listener.panic() {
            Some(says) => Err(SessionError::Broken(format!("a listener panicked: {says}"))),
            None => result,
        };
        if let Ok(claim) = &result {
            let optimal = claim.termination.reason() == Reason::Optimal && claim.basis.is_some();
            self.kept = if optimal { Feasible::Primal } else { Feasible::Unknown };
            self.last_point = claim.point.as_deref().map(Arc::from).or(self.last_point.take());
            self.last_basis = claim.basis.clone().or(self.last_basis.take());
        }
        self.keep_breakage(result.map(|claim| options.within_cutoff(problem.sense(), claim)))
    }

    /// In an engine of its own: after a solve, CPLEX takes its last ray for the conflict, which is often a larger one.
    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        let begin = Instant::now();
        self.whole()?;
        takes_options(S::BACKEND, S::CAN, options)?;
        let problem = self.problem.without_objective();
        let over = || options.time_limit.is_some_and(|limit| begin.elapsed() >= limit);
        if stop.is_stopped() || over() {
            return Ok(Vec::new());
        }
        let plain = plain_conflict(&problem);
        if plain.is_some() || self.engine.is_none() {
            return Ok(plain.unwrap_or_default());
        }
        let mut engine = self.solver.load(&problem)?;
        engine.set(&problem, options)?;
        engine.limit_time(options.time_limit.map(|limit| limit.saturating_sub(begin.elapsed())))?;
        let mut members = engine.conflict(&problem, &Listener::silent(stop, &problem))?;
        let given = given_bounds(&problem);
        members.retain(|member| if let Member::Bound(j, _) = member { !given[*j] } else { true });
        Ok(members)
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

/// Where a solve may begin.
struct Starts<'a> {
    given: &'a Start,
    point: Option<&'a [f64]>,
    basis: Option<(&'a Basis, Feasible)>,
}

struct Solve<'a, S: Solver> {
    solver: &'a S,
    problem: &'a Problem,
    options: &'a Options,
    listener: &'a Listener<'a>,
    begin: Instant,
}

impl<S: Solver> Solve<'_, S> {
    fn go(&self, engine: &mut Option<S::Engine>, starts: &Starts<'_>) -> Result<Claim, SessionError> {
        if let Some(engine) = engine.as_mut() {
            engine.set(self.problem, self.options)?;
        }
        if self.listener.stop().is_stopped() {
            return Ok(Claim::bare(Termination::at_limit(false, Limit::Interrupted, "stopped before it began")));
        }
        if self.left().is_some_and(|left| left.is_zero()) {
            return Ok(Claim::bare(Termination::at_limit(false, Limit::Time, "no time to begin with")));
        }
        let Some(engine) = engine.as_mut() else { return Ok(self.without_solver()) };
        if let Some(ray) = rays::of_empty_row(self.problem, self.options.tolerances.feasibility) {
            return Ok(by_empty_row(ray));
        }
        self.begin_at(engine, starts)?;
        self.listener.phase("presolve");
        engine.limit_time(self.left())?;
        let outcome = engine.run(self.problem, self.listener)?;
        let mut claim = self.claim(outcome);
        if self.may_go_on() {
            self.look_closer(engine, &mut claim)?;
        }
        Ok(claim)
    }

    fn begin_at(&self, engine: &mut S::Engine, starts: &Starts<'_>) -> Result<(), Fault> {
        if !self.problem.is_lp() {
            let point = starts.given.point.as_deref().or(starts.point);
            return engine.start_at(point.filter(|point| point.iter().any(|v| v.is_finite())));
        }
        let given = starts.given.basis.as_deref().map(|basis| (basis, Feasible::Unknown));
        if let Some((basis, kept)) = given.or(starts.basis)
            && let Err(Fault::Failed(says)) = engine.start_from(self.problem, &square(basis, self.problem), kept)
        {
            self.listener.log(&format!("{} does not take the starting basis ({says}); it begins without\n", S::NAME));
        }
        Ok(())
    }

    /// What is left of the time limit; `None` where there is none.
    fn left(&self) -> Option<Duration> {
        self.options.time_limit.map(|limit| limit.saturating_sub(self.begin.elapsed()))
    }

    fn may_go_on(&self) -> bool {
        !self.listener.halts() && self.left().is_none_or(|left| !left.is_zero())
    }

    /// How long a second run for a ray may take: as long as it is worth beside the answer, which is known already.
    fn ray_time(&self) -> Duration {
        let worth = RAY_TIME.max(2 * self.begin.elapsed());
        self.left().map_or(worth, |left| left.min(worth))
    }

    fn without_solver(&self) -> Claim {
        let problem = self.problem;
        if is_crossed(problem) {
            return Claim::bare(Termination::new(Reason::Infeasible, "a lower bound is above its upper bound"));
        }
        if let Some(ray) = rays::of_empty_row(problem, self.options.tolerances.feasibility) {
            return by_empty_row(ray);
        }
        let mut claim = Claim::bare(Termination::new(Reason::Optimal, "no columns"));
        claim.point = Some(Vec::new());
        claim.objective = Some(problem.offset());
        claim.bound = Some(problem.offset());
        claim.duals = Some(Duals { rows: vec![0.0; problem.num_rows()], reduced_costs: Vec::new() });
        claim.basis = Some(Basis { columns: Vec::new(), rows: vec![BasisStatus::Basic; problem.num_rows()] });
        claim
    }

    fn claim(&self, outcome: Outcome) -> Claim {
        let lp = self.problem.is_lp();
        let Outcome { ending, says, point, objective, bound, duals, basis, counters } = outcome;
        let mut point = point.zip(objective).filter(|(x, o)| o.is_finite() && x.iter().all(|v| v.is_finite()));
        if !matches!(ending, Ending::Infeasible | Ending::InfeasibleOrUnbounded) {
            // Where a solver ended with less than it told before, what was told is kept.
            point = point.or_else(|| self.listener.take_point().map(|(objective, x)| (x, objective)));
        }
        let mut claim = Claim::bare(self.termination(ending, point.is_some(), &says));
        claim.counters = counters;
        if let Some((x, objective)) = point.filter(|_| ending != Ending::Infeasible) {
            (claim.point, claim.objective) = (Some(x), Some(objective));
        }
        let bound = bound.filter(|b| b.abs() < farkas_modeling::problem::INFINITE_FROM);
        claim.bound = match ending {
            Ending::Optimal if lp => claim.objective,
            Ending::Infeasible | Ending::Unbounded | Ending::InfeasibleOrUnbounded => None,
            _ => self.tighter(bound),
        };
        if ending == Ending::Optimal {
            claim.duals = duals;
        }
        claim.basis = basis.filter(|basis| {
            let count = basis.columns.iter().chain(&basis.rows).filter(|s| **s == BasisStatus::Basic).count();
            lp && count == self.problem.num_rows()
        });
        claim
    }

    fn termination(&self, ending: Ending, has_point: bool, says: &str) -> Termination {
        let detail = format!("{}: {says}", S::NAME);
        let reason = match ending {
            Ending::Optimal if has_point => Reason::Optimal,
            Ending::Optimal | Ending::Failed => Reason::OtherError,
            Ending::Infeasible => Reason::Infeasible,
            Ending::Unbounded => Reason::Unbounded,
            Ending::InfeasibleOrUnbounded => Reason::InfeasibleOrUnbounded,
            Ending::Imprecise if has_point => Reason::Imprecise,
            Ending::Imprecise | Ending::Numerical => Reason::NumericalError,
            Ending::Limited(limit) => {
                let limit = match limit {
                    Limit::Interrupted if self.listener.stop().is_stopped() => Limit::Interrupted,
                    _ if self.listener.met_target() => Limit::Objective,
                    Limit::Interrupted => Limit::Undetermined,
                    limit => limit,
                };
                return Termination::at_limit(has_point, limit, detail);
            }
        };
        Termination::new(reason, detail)
    }

    /// The better of the final bound and the last one that was told.
    fn tighter(&self, bound: Option<f64>) -> Option<f64> {
        match (bound, self.listener.last_bound()) {
            (Some(a), Some(b)) if self.problem.sense().better(a, b) => Some(b),
            (None, told) => told,
            (a, _) => a,
        }
    }

    /// Gets the proof that belongs to "infeasible" and "unbounded", and decides between them where the solver has not.
    fn look_closer(&self, engine: &mut S::Engine, claim: &mut Claim) -> Result<(), SessionError> {
        let reason = claim.termination.reason();
        match reason {
            Reason::Infeasible if self.problem.is_lp() => {
                self.prove_infeasible(engine, claim)?;
            }
            Reason::Unbounded | Reason::InfeasibleOrUnbounded if self.problem.is_lp() => {
                self.prove_unbounded(engine, claim)?;
            }
            Reason::Unbounded | Reason::InfeasibleOrUnbounded => self.decide(claim)?,
            _ => {}
        }
        Ok(())
    }

    fn prove_infeasible(&self, engine: &mut S::Engine, claim: &mut Claim) -> Result<(), SessionError> {
        (claim.point, claim.objective, claim.basis) = (None, None, None);
        let ray = |engine: &mut S::Engine| engine.farkas_ray().and_then(|y| rays::farkas(self.problem, &y));
        let mut found = ray(engine);
        if found.is_none() && self.may_go_on() {
            engine.be_plain(Look::Dual)?;
            engine.limit_time(Some(self.ray_time()))?;
            let again = engine.run(self.problem, &Listener::silent(self.listener.stop(), self.problem))?;
            if again.ending == Ending::Infeasible {
                found = ray(engine);
            }
        }
        if found.is_none() && self.may_go_on() {
            found = self.ray_without_costs()?;
        }
        claim.ray = found.map(Ray::Farkas);
        Ok(())
    }

    /// Without costs every multiplier is feasible for the dual, so that the dual simplex method ends in a ray, which it need
    /// not where the costs make the dual infeasible too.
    fn ray_without_costs(&self) -> Result<Option<Vec<f64>>, SessionError> {
        let bare = self.problem.without_objective();
        let mut engine = self.solver.load(&bare)?;
        engine.set(&bare, self.options)?;
        engine.be_plain(Look::Dual)?;
        engine.limit_time(Some(self.ray_time()))?;
        let outcome = engine.run(&bare, &Listener::silent(self.listener.stop(), &bare))?;
        let ray = if outcome.ending == Ending::Infeasible { engine.farkas_ray() } else { None };
        Ok(ray.and_then(|y| rays::farkas(self.problem, &y)))
    }

    fn prove_unbounded(&self, engine: &mut S::Engine, claim: &mut Claim) -> Result<(), SessionError> {
        engine.be_plain(Look::Primal)?;
        engine.limit_time(Some(self.ray_time()))?;
        let silent = Listener::silent(self.listener.stop(), self.problem);
        let again = engine.run(self.problem, &silent)?;
        let counters = claim.counters;
        match again.ending {
            Ending::Infeasible => {
                *claim = Claim::bare(Termination::new(Reason::Infeasible, format!("{}: {}", S::NAME, again.says)));
                claim.counters = counters;
                return self.prove_infeasible(engine, claim);
            }
            Ending::Unbounded => {
                *claim = Claim::bare(Termination::new(Reason::Unbounded, format!("{}: {}", S::NAME, again.says)));
                claim.counters = counters;
            }
            _ => return Ok(()),
        }
        let ray = engine.primal_ray().and_then(|d| rays::primal(self.problem, &d));
        claim.ray = ray.or_else(|| rays::of_free_column(self.problem)).map(Ray::Primal);
        claim.point = again.point.filter(|x| x.iter().all(|v| v.is_finite() && v.abs() < 1e15));
        if claim.point.is_none() && self.may_go_on() {
            claim.point = self.feasible_point(Some(self.ray_time()))?.0;
        }
        claim.objective = claim.point.as_ref().map(|x| self.problem.objective_of(x));
        Ok(())
    }

    /// Solves the problem without its objective in an engine of its own: a point of it, and how that ended.
    fn feasible_point(&self, time: Option<Duration>) -> Result<(Option<Vec<f64>>, Ending), SessionError> {
        let bare = self.problem.without_objective();
        let mut engine = self.solver.load(&bare)?;
        let options = Options { objective_target: None, ..self.options.clone() };
        engine.set(&bare, &options)?;
        engine.limit_time(time)?;
        let outcome = engine.run(&bare, &Listener::silent(self.listener.stop(), &bare))?;
        let point = outcome.point.filter(|_| outcome.ending != Ending::Infeasible);
        Ok((point, outcome.ending))
    }

    /// A problem with more than an LP has, infeasible or unbounded: with no feasible point it is infeasible; with one,
    /// what the solver said of its relaxation makes it unbounded.
    fn decide(&self, claim: &mut Claim) -> Result<(), SessionError> {
        let counters = claim.counters;
        let (point, ending) = match claim.point.take() {
            Some(point) => (Some(point), Ending::Optimal),
            None => self.feasible_point(self.left())?,
        };
        let termination = match (&point, ending) {
            (None, Ending::Infeasible) => {
                Termination::new(Reason::Infeasible, format!("{}: infeasible, solved again without costs", S::NAME))
            }
            (Some(_), _) => {
                let detail = format!("{}: unbounded relaxation, and a feasible point", S::NAME);
                Termination::new(Reason::Unbounded, detail)
            }
            _ => return Ok(()),
        };
        *claim = Claim::bare(termination);
        claim.counters = counters;
        claim.objective = point.as_ref().map(|x| self.problem.objective_of(x));
        claim.point = point;
        Ok(())
    }
}

fn by_empty_row(ray: Vec<f64>) -> Claim {
    let mut claim = Claim::bare(Termination::new(Reason::Infeasible, "a row without entries that 0 does not satisfy"));
    claim.ray = Some(Ray::Farkas(ray));
    claim
}

/// A basis with as many basic entries as there are rows, which all solvers ask for: too many are set to a bound, and rows
/// made basic for those that lack.
fn square(basis: &Basis, problem: &Problem) -> Basis {
    let mut basis = basis.clone();
    let mut basic = basis.columns.iter().chain(&basis.rows).filter(|s| **s == BasisStatus::Basic).count();
    let m = problem.num_rows();
    let at_bound = |lower: f64, upper: f64| {
        if lower.is_finite() {
            BasisStatus::AtLower
        } else if upper.is_finite() {
            BasisStatus::AtUpper
        } else {
            BasisStatus::Free
        }
    };
    for (i, status) in basis.rows.iter_mut().enumerate() {
        if basic < m && *status != BasisStatus::Basic {
            (*status, basic) = (BasisStatus::Basic, basic + 1);
        } else if basic > m && *status == BasisStatus::Basic {
            (*status, basic) = (at_bound(problem.row_lower()[i], problem.row_upper()[i]), basic - 1);
        }
    }
    for (j, status) in basis.columns.iter_mut().enumerate() {
        if basic > m && *status == BasisStatus::Basic {
            (*status, basic) = (at_bound(problem.lower()[j], problem.upper()[j]), basic - 1);
        }
    }
    basis
}

//! Clarabel, an interior-point solver in pure Rust: linear programs, convex quadratic objectives, and convex quadratic rows
//! as second-order cones. Its points are no vertices and there is no basis; multipliers come with every optimum.

mod cones;
mod polish;
mod rays;
mod read;
mod run;
mod settings;

use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::answer::Ray;
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};

use crate::contract::rays as certificates;
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Session, SessionError, Start, StopToken,
    revises, takes_options,
};
use crate::options::Options;
use cones::Costs;
use run::Ended;

/// The name that options and results have.
const NAME: &str = "clarabel";

/// The release that Cargo.toml pins; the crate keeps its own to itself.
const VERSION: &str = "0.11.1";

/// Clarabel, always compiled in.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::clarabel::Clarabel;
/// use farkas_modeling::problem::Product;
/// use farkas_modeling::{Problem, ProblemData, Reason};
/// // minimise x² + y²  subject to  x + y ≥ 2
/// let problem = Problem::new(ProblemData {
///     cost: vec![0.0; 2],
///     lower: vec![0.0; 2],
///     upper: vec![f64::INFINITY; 2],
///     row_lower: vec![2.0],
///     row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1, 2],
///     indices: vec![0, 0],
///     values: vec![1.0, 1.0],
///     quadratic_objective: vec![Product::new(0, 0, 1.0), Product::new(1, 1, 1.0)],
///     ..ProblemData::default()
/// })?;
/// let mut session = Clarabel.open(Arc::new(problem))?;
/// let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new())?;
/// assert_eq!(claim.termination.reason(), Reason::Optimal);
/// assert!(claim.objective.is_some_and(|objective| (objective - 2.0).abs() < 1e-6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Clarabel;

impl Backend for Clarabel {
    fn name(&self) -> &str {
        NAME
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: VERSION.into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            convex_rows: true,
            duals: true,
            primal_ray: true,
            farkas_ray: true,
            stop: true,
            barrier: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            ..Capabilities::default()
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        match self.fits(&problem).refusal() {
            None => Ok(Box::new(ClarabelSession { problem })),
            Some(why) => Err(BackendError::Unsupported(why.to_owned())),
        }
    }
}

struct ClarabelSession {
    problem: Arc<Problem>,
}

impl Session for ClarabelSession {
    fn version(&self) -> &str {
        VERSION
    }

    /// The problem is handed over at every solve, and an interior point helps no other problem.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = Clarabel.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
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
        let begun = Instant::now();
        takes_options(NAME, Clarabel.capabilities(), options)?;
        let n = self.problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        let settings = settings::of(options, control.hears_log())?;
        let solve = Solve { problem: &self.problem, options, settings, control, stop, begun };
        let claim = solve.claim()?;
        Ok(options.within_cutoff(self.problem.sense(), claim))
    }
}

/// What one solve needs.
struct Solve<'a> {
    problem: &'a Arc<Problem>,
    options: &'a Options,
    settings: settings::Settings,
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    begun: Instant,
}

impl Solve<'_> {
    fn claim(&self) -> Result<Claim, SessionError> {
        if let Some(limit) = self.over() {
            return Ok(Claim::bare(Termination::at_limit(false, limit, "before it began")));
        }
        if let Some(claim) = read::without_a_solver(self.problem, &self.options.tolerances) {
            return Ok(claim);
        }
        self.control.report(Event::Phase("barrier"));
        let ended = self.run(self.problem, Costs::Own)?;
        if read::is_dual_infeasible(&ended) {
            return self.without_end(&ended);
        }
        let claim = read::claim(self.problem, &self.options.tolerances, &ended);
        if claim.termination.reason() == Reason::Infeasible { self.with_farkas_ray(claim, &ended) } else { Ok(claim) }
    }

    /// Better without end wherever there is a point: is there one?
    fn without_end(&self, ended: &Ended) -> Result<Claim, SessionError> {
        let other = self.run(self.problem, Costs::None)?;
        let mut found = read::claim(self.problem, &self.options.tolerances, &other);
        match found.termination.reason() {
            Reason::Optimal => {
                found.termination = Termination::new(Reason::Unbounded, "Clarabel: dual infeasible, and a point");
                (found.bound, found.duals) = (None, None);
                found.objective = found.point.as_deref().map(|point| self.problem.objective_of(point));
                found.ray = self.primal_ray(ended)?.map(Ray::Primal);
                if found.ray.is_none() && self.problem.is_linear() {
                    // A linear program without end has such a direction; costs of 1e14 only look like one (kleemin8).
                    let detail = "Clarabel: dual infeasible, but no direction found holds";
                    found.termination = Termination::new(Reason::NumericalError, detail);
                }
            }
            Reason::Infeasible => return self.with_farkas_ray(found, &other),
            _ => {
                let (limit, detail) = (found.termination.limit(), "Clarabel: dual infeasible");
                found = Claim { point: None, objective: None, bound: None, duals: None, ..found };
                found.termination = match limit {
                    Some(limit) => Termination::at_limit(false, limit, detail),
                    None => Termination::new(Reason::InfeasibleOrUnbounded, detail),
                };
            }
        }
        Ok(found)
    }

    /// A direction at a corner of those that there are, or what Clarabel ended with.
    fn primal_ray(&self, ended: &Ended) -> Result<Option<Vec<f64>>, SessionError> {
        if !self.problem.is_linear() {
            return Ok(None);
        }
        if let Some(ray) = certificates::of_free_column(self.problem) {
            return Ok(Some(ray));
        }
        let corner = self.corner(rays::along(self.problem))?;
        let own = if let Ended::Solved(solved) = ended { solved.point.clone() } else { Vec::new() };
        Ok(corner.or(Some(own)).and_then(|ray| certificates::primal(self.problem, &ray)))
    }

    /// The same for Farkas multipliers.
    fn with_farkas_ray(&self, claim: Claim, ended: &Ended) -> Result<Claim, SessionError> {
        if !self.problem.is_linear() {
            return Ok(claim);
        }
        let corner = self.corner(rays::against(self.problem))?.map(|z| rays::of_rows(self.problem, &z));
        let own = if let Ended::Solved(solved) = ended { solved.rows.clone() } else { Vec::new() };
        let ray = corner.into_iter().chain([own]).find_map(|ray| certificates::farkas(self.problem, &ray));
        Ok(Claim { ray: ray.map(Ray::Farkas), ..claim })
    }

    /// The optimum of a program for a ray, if there is one.
    fn corner(&self, program: Option<Arc<Problem>>) -> Result<Option<Vec<f64>>, SessionError> {
        let Some(program) = program else { return Ok(None) };
        let ended = self.run(&program, Costs::Own)?;
        let claim = read::claim(&program, &self.options.tolerances, &ended);
        Ok(claim.point.filter(|_| claim.termination.reason() == Reason::Optimal).map(|ray| rays::rounded(&ray)))
    }

    fn run(&self, problem: &Arc<Problem>, costs: Costs) -> Result<Ended, SessionError> {
        let deadline = self.options.time_limit.and_then(|limit| self.begun.checked_add(limit));
        run::run(problem, costs, &self.settings, self.control, self.stop, deadline)
    }

    /// Whether somebody or the clock ended it already.
    fn over(&self) -> Option<Limit> {
        if self.stop.is_stopped() {
            return Some(Limit::Interrupted);
        }
        self.options.time_limit.is_some_and(|limit| self.begun.elapsed() >= limit).then_some(Limit::Time)
    }
}

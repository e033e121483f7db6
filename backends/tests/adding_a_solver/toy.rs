//! Toy: an LP library made a backend. The library is `microlp`; another one would be called in the same places.

use std::sync::Arc;

use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Session, SessionError, Start, StopToken,
    fits_by_capabilities, revises, takes_options,
};
use farkas_backends::options::Options;
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};
use microlp::{ComparisonOp, Error, OptimizationDirection, SolveOutcome, Variable};

/// The solver. One that has to be found and loaded says in `probe` whether it was, and what to do when it was not.
pub struct Toy;

impl Backend for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: "1".into() }
    }

    /// Exactly what is true: the suite fails for more, and for less. This one takes linear programs that are minimised, in
    /// rows with one side; what it lacks is refused, and tried to be refused.
    fn capabilities(&self) -> Capabilities {
        Capabilities { simplex: true, ..Capabilities::default() }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        if problem.num_rows() > 500 {
            return Fit::TooLarge { limit: "toy is for up to 500 rows".into() };
        }
        fits_by_capabilities("toy", self.capabilities(), problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        match self.fits(&problem) {
            Fit::Takes => Ok(Box::new(Open { problem })),
            other => Err(BackendError::Unsupported(format!("{other:?}"))),
        }
    }
}

struct Open {
    problem: Arc<Problem>,
}

impl Session for Open {
    fn version(&self) -> &'static str {
        "1"
    }

    /// The problem is handed over at every solve, so a changed one only has to be taken note of.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        match Toy.fits(revision.problem()) {
            Fit::Takes => self.problem = Arc::clone(revision.problem()),
            other => return Err(SessionError::Refused(format!("{other:?}"))),
        }
        Ok(())
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        takes_options("toy", Toy.capabilities(), options)?;
        if let Some(name) = options.native.keys().next() {
            return Err(SessionError::Refused(format!("toy has no option '{name}'; it has none of its own")));
        }
        let p = &self.problem;
        if start.point.as_ref().is_some_and(|point| point.len() != p.num_columns()) {
            return Err(SessionError::Refused(format!("a start has {} values", p.num_columns())));
        }
        // A token that is set, and a limit that is over, end it before the solver is called.
        let over = options.time_limit.is_some_and(|limit| limit.is_zero()).then_some(Limit::Time);
        if let Some(limit) = if stop.is_stopped() { Some(Limit::Interrupted) } else { over } {
            return Ok(Claim::bare(Termination::at_limit(false, limit, "before it began")));
        }
        control.report(Event::Phase("simplex"));
        let (lp, columns) = translate(p);
        let claim = match lp.solve() {
            Ok(SolveOutcome::Solution(solution)) => {
                let point: Vec<f64> = columns.iter().map(|&column| solution.var_value(column)).collect();
                let objective = Some(p.objective_of(&point));
                let mut claim = Claim::bare(Termination::new(Reason::Optimal, ""));
                claim.counters.simplex_iterations = solution.stats().lp_iterations;
                Claim { point: Some(point), objective, bound: objective, ..claim }
            }
            Err(Error::Infeasible) => Claim::bare(Termination::new(Reason::Infeasible, "")),
            Err(Error::Unbounded) => Claim::bare(Termination::new(Reason::Unbounded, "")),
            other => return Err(SessionError::Broken(format!("microlp ended with {other:?}"))),
        };
        Ok(options.within_cutoff(p.sense(), claim))
    }
}

/// The problem in the library's words: column by column, row by row.
fn translate(p: &Problem) -> (microlp::Problem, Vec<Variable>) {
    let mut lp = microlp::Problem::new(OptimizationDirection::Minimize);
    let add = |j| lp.add_var(p.cost()[j], (p.lower()[j], p.upper()[j]));
    let columns: Vec<Variable> = (0..p.num_columns()).map(add).collect();
    let by_rows = p.by_rows();
    for i in 0..p.num_rows() {
        let (indices, values) = by_rows.row(i);
        let terms = indices.iter().zip(values).map(|(&j, &value)| (columns[j as usize], value));
        match (p.row_lower()[i], p.row_upper()[i]) {
            (lower, upper) if lower == upper => lp.add_constraint(terms, ComparisonOp::Eq, lower),
            (lower, _) if lower.is_finite() => lp.add_constraint(terms, ComparisonOp::Ge, lower),
            (_, upper) => lp.add_constraint(terms, ComparisonOp::Le, upper),
        }
    }
    (lp, columns)
}

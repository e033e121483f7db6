//! microlp, a simplex and branch and bound in pure Rust: for linear programs that are solved before another solver has
//! started, and small mixed-integer ones. It has no callbacks; a search is run in slices that it can be resumed after.

mod search;
mod translate;

use std::sync::Arc;

use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Problem};

use self::search::Search;
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Fit, Session, SessionError, Start, StopToken, carried,
    fits_by_capabilities, revises, takes_options,
};
use crate::options::Options;

/// The name that options and results have.
const NAME: &str = "microlp";

/// The release that Cargo.toml pins; the crate does not tell its own.
const VERSION: &str = "0.7.0";

/// Beyond this it is the wrong tool. It looks at the clock every 1000 pivots alone, each of which takes it 4 ms at 1500 rows of
/// 50 coefficients: a stop would be heeded seconds late.
const MOST_ROWS: usize = 500;
/// The same for columns.
const MOST_COLUMNS: usize = 5_000;
/// The same for coefficients.
const MOST_NONZEROS: usize = 50_000;

/// microlp, always compiled in.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::microlp::Microlp;
/// use farkas_modeling::{Problem, ProblemData, Reason};
/// // minimise x + 2 y  subject to  x + y ≥ 3,  0 ≤ x ≤ 2,  y ≥ 0
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0, 2.0],
///     lower: vec![0.0, 0.0],
///     upper: vec![2.0, f64::INFINITY],
///     row_lower: vec![3.0],
///     row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1, 2],
///     indices: vec![0, 0],
///     values: vec![1.0, 1.0],
///     ..ProblemData::default()
/// })?;
/// let mut session = Microlp.open(Arc::new(problem))?;
/// let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new())?;
/// assert_eq!((claim.termination.reason(), claim.objective), (Reason::Optimal, Some(4.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Microlp;

impl Backend for Microlp {
    fn name(&self) -> &str {
        NAME
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: VERSION.into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            integers: true,
            incumbents_out: true,
            live_bound: true,
            start_point: true,
            partial_start: true,
            stop: true,
            simplex: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            node_limit: true,
            data_limits: true,
            ..Capabilities::default()
        }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        let sizes = [
            (problem.num_columns(), MOST_COLUMNS, "columns"),
            (problem.num_rows(), MOST_ROWS, "rows"),
            (problem.num_nonzeros(), MOST_NONZEROS, "coefficients"),
        ];
        if let Some((has, most, what)) = sizes.into_iter().find(|(has, most, _)| has > most) {
            return Fit::TooLarge { limit: format!("microlp is for up to {most} {what}; there are {has}") };
        }
        if let Some(why) = translate::refusal(problem) {
            return Fit::Refuses { why };
        }
        fits_by_capabilities(NAME, self.capabilities(), problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        match self.fits(&problem).refusal() {
            None => Ok(Box::new(MicrolpSession { problem, last: None })),
            Some(why) => Err(BackendError::Unsupported(why.to_owned())),
        }
    }
}

struct MicrolpSession {
    problem: Arc<Problem>,
    /// The last point of a mixed-integer problem, to start from after a change.
    last: Option<Arc<[f64]>>,
}

impl Session for MicrolpSession {
    fn version(&self) -> &str {
        VERSION
    }

    /// The problem is handed over at every solve, so nothing needs to be changed.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = Microlp.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
        }
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
        takes_options(NAME, Microlp.capabilities(), options)?;
        if let Some(name) = options.native.keys().next() {
            return Err(SessionError::Refused(format!(
                "microlp has no option '{name}'; it has none of its own beside time, nodes, gaps, tolerances and presolve"
            )));
        }
        let n = self.problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        let point = start.point.clone().or_else(|| self.last.take());
        let claim = Search::new(&self.problem, options, control, stop).run(point.as_deref());
        if self.problem.num_integers() > 0 {
            self.last = claim.point.as_deref().map(Arc::from);
        }
        Ok(options.within_cutoff(self.problem.sense(), claim))
    }
}

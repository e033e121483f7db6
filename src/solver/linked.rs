//! The solvers that are compiled into this program, and which of them takes a problem.

use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::Backend;
#[cfg(feature = "highs")]
use farkas_backends::solvers::highs::Highs;
use farkas_backends::solvers::{clarabel::Clarabel, microlp::Microlp};
use farkas_modeling::Problem;

use super::SolveError;

/// Who solves in this process.
#[derive(Clone)]
pub(crate) enum Linked {
    /// The first of those compiled in that takes the problem.
    Any,
    /// HiGHS and nobody else.
    Highs,
    /// This one.
    This(Arc<dyn Backend>),
}

/// Makes a backend.
type Make = fn() -> Arc<dyn Backend>;

/// Those compiled in, in order of preference, with bridges for what they do not take. Clarabel has duals, which microlp does
/// not; microlp has integers. SCIP and CBC are no candidates: a program that links them has to find their libraries.
const ALL: &[Make] = &[
    #[cfg(feature = "highs")]
    highs,
    || Arc::new(Bridged::new(Clarabel)),
    || Arc::new(Bridged::new(Microlp)),
];

/// All that are compiled in, in order of preference.
pub(super) fn all() -> impl Iterator<Item = Arc<dyn Backend>> {
    ALL.iter().map(|make| make())
}

impl Linked {
    /// The backend for a problem.
    ///
    /// # Errors
    /// [`SolveError::NoSolver`] for HiGHS where it is not compiled in; [`SolveError::Unsupported`], with everybody's reason,
    /// when nobody takes the problem. (One that was named is told what it does not take when it is opened.)
    pub fn backend(&self, problem: &Problem) -> Result<Arc<dyn Backend>, SolveError> {
        match self {
            Self::This(backend) => Ok(Arc::clone(backend)),
            Self::Highs => ours(),
            Self::Any => first(problem),
        }
    }
}

fn first(problem: &Problem) -> Result<Arc<dyn Backend>, SolveError> {
    let mut refusals = String::new();
    for make in ALL {
        let backend = make();
        match backend.fits(problem).refusal() {
            None => return Ok(backend),
            Some(why) => {
                let between = if refusals.is_empty() { "" } else { "; " };
                refusals = format!("{refusals}{between}{}: {why}", backend.name());
            }
        }
    }
    Err(SolveError::Unsupported(format!("no solver of this program takes it ({refusals})")))
}

#[cfg(feature = "highs")]
fn highs() -> Arc<dyn Backend> {
    Arc::new(Bridged::new(Highs::new()))
}

#[cfg(feature = "highs")]
#[expect(clippy::unnecessary_wraps, reason = "without HiGHS it is an error")]
fn ours() -> Result<Arc<dyn Backend>, SolveError> {
    Ok(highs())
}

#[cfg(not(feature = "highs"))]
fn ours() -> Result<Arc<dyn Backend>, SolveError> {
    Err(SolveError::NoSolver(
        "this program was built without HiGHS; turn on the feature `highs`, or use `Solver::in_process()` or `Solver::race()`"
            .to_string(),
    ))
}

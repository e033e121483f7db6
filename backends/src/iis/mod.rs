//! Why a problem is infeasible: an irreducible infeasible subset (IIS) of its row sides and column bounds, found by dropping
//! what is not needed, over any backend.
//!
//! Method: the feasibility problem (no objective) is solved. Where that yields Farkas multipliers, only what they use is kept
//! (Gleeson and Ryan's observation: their support is infeasible by itself); where it yields none, as beside integers, and the
//! solver has a search of its own for a conflict, what that names; either only if it is infeasible. Then members are dropped, in growing
//! and shrinking chunks, as long as the rest stays infeasible (the deletion filter of Chinneck and Dravnieks). A member
//! whose absence lets a point through is needed, and that point is checked. At the end the set is solved once more by
//! itself. Kinds, special ordered sets and the bounds of semicontinuous and indicator columns are taken as given.

mod filter;
mod subset;

use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::Problem;
use farkas_modeling::check::CheckedPoint;
use serde::Serialize;

use crate::contract::{Backend, BackendError, SessionError, StopToken};
pub use crate::contract::{End, Member};
use crate::options::Options;

/// What is known about a member of an [`Iis`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// The member.
    pub member: Member,
    /// Whether a checked point satisfies all the others: the set is not infeasible without it. `false` where the budget ended
    /// before that was tried, or the solver could not tell.
    pub needed: bool,
}

/// A set of row sides and column bounds that cannot hold together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Iis {
    /// Row sides in the rows' order, then bounds.
    pub members: Vec<Membership>,
    /// How it is known that they cannot hold together, in a sentence.
    pub proof: String,
    /// Whether that needs no trust in the solver.
    pub certified: bool,
    /// Whether integer columns had to be integers for it; otherwise their bounds alone were used.
    pub uses_integers: bool,
    /// How many problems were solved on the way.
    pub solves: usize,
}

impl Iis {
    /// Whether each member is needed: none can be left out.
    pub fn is_minimal(&self) -> bool {
        self.members.iter().all(|one| one.needed)
    }

    /// The rows that take part, ascending, each once.
    pub fn rows(&self) -> Vec<usize> {
        self.picked(|member| if let Member::Row(i, _) = member { Some(i) } else { None })
    }

    /// The columns whose bounds take part, ascending, each once.
    pub fn columns(&self) -> Vec<usize> {
        self.picked(|member| if let Member::Bound(j, _) = member { Some(j) } else { None })
    }

    fn picked(&self, pick: impl Fn(Member) -> Option<usize>) -> Vec<usize> {
        let mut all: Vec<usize> = self.members.iter().filter_map(|one| pick(one.member)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// What looking for an IIS may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Wall-clock time of all solves.
    pub time: Duration,
    /// How many solves.
    pub solves: usize,
}

impl Default for Budget {
    /// A minute, and ten thousand solves.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), solves: 10_000 }
    }
}

/// Why there is no IIS.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IisError {
    /// The problem is feasible.
    #[error("it is feasible: a point was found and checked")]
    Feasible(Arc<CheckedPoint>),
    /// The solver did not find out whether it is infeasible.
    #[error("the solver did not find out that it is infeasible: {0}")]
    Undecided(String),
    /// The solver could not open it.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The solver failed.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl IisError {
    /// A stable code: `iis-feasible`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Feasible(_) => "iis-feasible",
            Self::Undecided(_) => "iis-undecided",
            Self::Backend(_) | Self::Session(_) => "iis-solver-failed",
        }
    }
}

/// Looks for an IIS of an infeasible problem. What is found when the budget or the token ends it is infeasible all the same,
/// and says which members it may not need.
///
/// ```
/// # #[cfg(feature = "highs")] {
/// use std::sync::Arc;
/// use farkas_backends::contract::StopToken;
/// use farkas_backends::iis::{Budget, End, Member, find};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::highs::Highs;
/// let text = br#"{"variables": {"x": {"upper": 4}, "y": {}, "z": {}},
///     "constraints": {"a": "x + y <= 9", "b": "x - z >= 5", "c": "y + z <= 3"}}"#;
/// let problem = Arc::new(farkas_modeling::formats::json::read(text).unwrap().value);
/// let iis = find(&problem, &Highs::new(), &Options::default(), Budget::default(), &StopToken::new()).unwrap();
/// let members: Vec<Member> = iis.members.iter().map(|one| one.member).collect();
/// assert_eq!(members, [Member::Row(1, End::Lower), Member::Bound(0, End::Upper), Member::Bound(2, End::Lower)]);
/// assert!(iis.is_minimal() && iis.certified);
/// # }
/// ```
///
/// # Errors
/// When the problem is feasible, or nobody knows; when the solver does not take it, or fails.
pub fn find(
    problem: &Arc<Problem>,
    backend: &dyn Backend,
    options: &Options,
    budget: Budget,
    stop: &StopToken,
) -> Result<Iis, IisError> {
    filter::find(problem, backend, options, budget, stop)
}

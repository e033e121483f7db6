//! The checker: looks at claims and believes none of them. [`examine`] one claim, [`conclude`] over all.
//!
//! It stands over problem and answer and shares no code with any solver's adapter.

mod afterwards;
mod again;
mod basis;
mod conclude;
mod domain;
mod evidence;
pub mod exact;
mod examine;
mod file;
mod ledger;
mod lifting;
mod multipliers;
mod point;
mod pool;
mod proof;
mod ray;
mod report;
mod shift;
mod trivial;
mod witness;

use std::sync::Arc;

pub use again::still_optimal;
pub use conclude::conclude;
pub use examine::examine;
pub use file::evidence_file;
pub use ledger::{Contradiction, contradiction};
pub use point::{IMPRECISION, check_point};
pub use pool::{MOST_POINTS, best_of};
pub use report::{Report, Stated, Verdict, Violation, report};
pub use trivial::{trivially_infeasible, trivially_infeasible_column, trivially_infeasible_row};
pub use witness::{Implied, Proof, Witness};

use crate::Reason;
use crate::answer::{Basis, Claim, Duals, Limit, Ray, Source, Termination, Violations};

/// A point within all tolerances, its objective recomputed exactly (rounded once). Made by the checker alone.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedPoint {
    pub(crate) values: Arc<[f64]>,
    pub(crate) objective: f64,
    pub(crate) violations: Violations,
}

impl CheckedPoint {
    /// n values.
    pub fn values(&self) -> &Arc<[f64]> {
        &self.values
    }
    /// The objective, offset included.
    pub fn objective(&self) -> f64 {
        self.objective
    }
    /// Its largest violations, all within tolerance.
    pub fn violations(&self) -> &Violations {
        &self.violations
    }
}

/// A point outside the tolerances, with the figures: imprecise at best, never an incumbent.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredPoint {
    pub(crate) values: Arc<[f64]>,
    pub(crate) objective: f64,
    pub(crate) violations: Violations,
    pub(crate) imprecise: bool,
}

impl MeasuredPoint {
    /// n values.
    pub fn values(&self) -> &Arc<[f64]> {
        &self.values
    }
    /// The objective at the point, offset included.
    pub fn objective(&self) -> f64 {
        self.objective
    }
    /// Its largest violations.
    pub fn violations(&self) -> &Violations {
        &self.violations
    }
    /// Near enough to be reported as imprecise; otherwise it is simply wrong.
    pub fn is_imprecise(&self) -> bool {
        self.imprecise
    }
}

/// Why a point is not even measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// It has the wrong number of values.
    #[error("the point has {got} values where the problem has {want} variables")]
    Length {
        /// How many it has.
        got: usize,
        /// n.
        want: usize,
    },
    /// A value is NaN or infinite.
    #[error("the value of variable '{column}' is {value}; a point needs finite numbers")]
    NotFinite {
        /// Name of the first such column.
        column: String,
        /// What stands there.
        value: String,
    },
}

/// Whose word a bound, an infeasibility or an unboundedness is.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Proven here, whatever the solver did.
    Certified(Proof),
    /// A solver's claim.
    Claimed,
}

/// One thing found in a claim.
#[derive(Debug, Clone)]
pub enum Finding {
    /// A point within tolerances.
    Point(CheckedPoint),
    /// A further point within tolerances, of those that a solver was asked for beside its best.
    Further(CheckedPoint),
    /// A point outside them.
    Measured(MeasuredPoint),
    /// Not a point at all.
    BadPoint(PointError),
    /// The objective that the solver names for its point is another than the point's own, by more than the gap.
    Misstated {
        /// What it said.
        said: f64,
        /// What it is.
        recomputed: f64,
    },
    /// Multipliers or a ray were given and prove nothing; why, in a sentence.
    Unproven(String),
    /// No feasible point is better than `value`.
    Bound {
        /// In the problem's own sense, offset included.
        value: f64,
        /// Proven or claimed.
        standing: Standing,
    },
    /// No point is feasible.
    Infeasible(Standing),
    /// Better without end (a certified one stands together with a checked point of the same or another claim).
    Unbounded(Standing),
    /// Either infeasible or unbounded, says the solver.
    InfeasibleOrUnbounded,
    /// The claim's duals, with the largest violation of the sign rules and of `reduced cost = cost − Aᵀy`.
    Duals(Duals, f64),
    /// A ray, verified or not as the finding beside it says.
    Ray(Ray),
    /// A basis.
    Basis(Basis),
}

/// All that was found in one claim.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Whose claim.
    pub source: Source,
    /// How the solver said it ended.
    pub termination: Termination,
    /// In no particular order.
    pub list: Vec<Finding>,
}

impl Findings {
    /// A point that was found, and checked, while its solver is still at work.
    pub fn of_point(source: Source, point: CheckedPoint) -> Self {
        Self::meanwhile(source, true, Finding::Point(point))
    }

    /// A bound that a solver names while it is still at work. One that is not finite says nothing and is dropped.
    pub fn of_bound(source: Source, value: f64) -> Self {
        let mut findings = Self::meanwhile(source, false, Finding::Bound { value, standing: Standing::Claimed });
        if !value.is_finite() {
            findings.list.clear();
        }
        findings
    }

    /// A solver that ended without a claim: it crashed, or refused.
    pub fn of_failure(source: Source, detail: impl Into<String>) -> Self {
        Self { source, termination: Termination::new(Reason::OtherError, detail), list: Vec::new() }
    }

    fn meanwhile(source: Source, has_point: bool, finding: Finding) -> Self {
        let termination = Termination::at_limit(has_point, Limit::Undetermined, "said while it was at work");
        Self { source, termination, list: vec![finding] }
    }
}

/// Whose claims may stand without proof: data, handed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustPolicy {
    /// Backends whose lone bound or infeasibility does not end a solve; another's must agree.
    pub distrusted: Vec<String>,
    /// Backends whose bounds may stand, but not a lone infeasibility without proof.
    pub distrusted_infeasible: Vec<String>,
}

impl TrustPolicy {
    /// Whether this backend's lone claim may end a solve.
    pub fn trusts(&self, backend: &str) -> bool {
        !self.distrusted.iter().any(|name| name == backend)
    }

    /// Whether its lone infeasibility may.
    pub fn trusts_infeasible(&self, backend: &str) -> bool {
        self.trusts(backend) && !self.distrusted_infeasible.iter().any(|name| name == backend)
    }
}

/// A claim together with who made it: what `examine` looks at.
pub type Sourced<'a> = (&'a Source, &'a Claim);

//! What a solver says ([`Claim`]) and what has been shown ([`Answer`]), under one vocabulary of statuses (`MathOpt`'s)
//! and one sign convention.
//!
//! **Signs.** In the problem's own sense, whatever it is: the multiplier of a row is d objective / d right-hand side,
//! and the reduced cost of column j is `cost[j] − Σ_i multiplier[i] · A[i][j]`. So when minimising, a row held at its
//! lower side has a multiplier ≥ 0, one held at its upper side ≤ 0, a column at its lower bound a reduced cost ≥ 0;
//! when maximising all signs turn. **Farkas multipliers** y prove infeasibility when no `r` within the row sides and no
//! `x` within the column bounds can make `yᵀr = (Aᵀy)ᵀx`: the least yᵀr is greater than the greatest (Aᵀy)ᵀx. They do
//! not depend on the sense. **A primal ray** d is a direction along which every feasible point stays feasible and the
//! objective gets better without end.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::check::{CheckedPoint, Witness};

/// Why a solve ended and what is known: the reasons of OR-Tools `MathOpt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// A best point, within the gap.
    Optimal,
    /// No point satisfies the constraints.
    Infeasible,
    /// Feasible, and better without end.
    Unbounded,
    /// One of the two; the solver did not find out which.
    InfeasibleOrUnbounded,
    /// Solved, but the point misses the tolerances.
    Imprecise,
    /// Stopped at a limit with a feasible point.
    Feasible,
    /// Stopped at a limit without one.
    NoSolutionFound,
    /// Numbers went wrong.
    NumericalError,
    /// Something else did.
    OtherError,
}

/// Which limit stopped it; given exactly when the reason is `Feasible` or `NoSolutionFound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Limit {
    /// Iterations of simplex, interior point or first-order method.
    Iteration,
    /// Wall-clock time.
    Time,
    /// Branch-and-bound nodes.
    Node,
    /// Number of solutions.
    Solution,
    /// Memory.
    Memory,
    /// An objective that was good enough.
    Objective,
    /// A norm that grew too large.
    Norm,
    /// Somebody asked to stop.
    Interrupted,
    /// Progress too slow to go on.
    SlowProgress,
    /// Nothing better than the cutoff.
    Cutoff,
    /// Another limit.
    Other,
    /// The solver did not say which.
    Undetermined,
}

/// Why it stopped, with a sentence of detail.
///
/// ```
/// use farkas_modeling::{Limit, Reason, Termination};
/// let t = Termination::at_limit(true, Limit::Time, "60 s");
/// assert_eq!((t.reason(), t.limit()), (Reason::Feasible, Some(Limit::Time)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireTermination")]
pub struct Termination {
    reason: Reason,
    limit: Option<Limit>,
    detail: String,
}

#[derive(Deserialize)]
struct WireTermination {
    reason: Reason,
    limit: Option<Limit>,
    #[serde(default)]
    detail: String,
}

impl TryFrom<WireTermination> for Termination {
    type Error = String;
    fn try_from(w: WireTermination) -> Result<Self, String> {
        let limited = matches!(w.reason, Reason::Feasible | Reason::NoSolutionFound);
        if limited != w.limit.is_some() {
            return Err("a limit is given exactly when the reason is FEASIBLE or NO_SOLUTION_FOUND".into());
        }
        Ok(Self { reason: w.reason, limit: w.limit, detail: w.detail })
    }
}

impl Termination {
    /// A termination by anything but a limit.
    ///
    /// # Panics
    /// For `Feasible` and `NoSolutionFound`, which need a limit: use [`at_limit`](Self::at_limit).
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        assert!(!matches!(reason, Reason::Feasible | Reason::NoSolutionFound), "{reason:?} needs a limit");
        Self { reason, limit: None, detail: detail.into() }
    }

    /// Stopped at a limit, with or without a feasible point.
    pub fn at_limit(has_point: bool, limit: Limit, detail: impl Into<String>) -> Self {
        let reason = if has_point { Reason::Feasible } else { Reason::NoSolutionFound };
        Self { reason, limit: Some(limit), detail: detail.into() }
    }

    /// What is known.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The limit that stopped it, if one did.
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// A sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Termination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.reason {
            Reason::Optimal => "optimal",
            Reason::Infeasible => "infeasible",
            Reason::Unbounded => "unbounded",
            Reason::InfeasibleOrUnbounded => "infeasible or unbounded",
            Reason::Imprecise => "imprecise",
            Reason::Feasible => "feasible",
            Reason::NoSolutionFound => "no solution found",
            Reason::NumericalError => "numerical error",
            Reason::OtherError => "error",
        };
        f.write_str(words)?;
        if let Some(limit) = self.limit {
            let words = match limit {
                Limit::Iteration => "iteration limit",
                Limit::Time => "time limit",
                Limit::Node => "node limit",
                Limit::Solution => "solution limit",
                Limit::Memory => "memory limit",
                Limit::Objective => "objective limit",
                Limit::Norm => "norm limit",
                Limit::Interrupted => "interrupted",
                Limit::SlowProgress => "slow progress",
                Limit::Cutoff => "cutoff",
                Limit::Other => "another limit",
                Limit::Undetermined => "an unnamed limit",
            };
            write!(f, " ({words})")?;
        }
        Ok(())
    }
}

/// Who says something: a backend, its version, and its lane in a race.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// Name of the backend: `highs`.
    pub backend: String,
    /// Version of the solver behind it.
    pub version: String,
    /// Position in the line-up; 0 where there is only one.
    pub lane: u16,
}

/// Multipliers and reduced costs, under the module's sign convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duals {
    /// m multipliers: d objective / d right-hand side.
    pub rows: Vec<f64>,
    /// n reduced costs.
    pub reduced_costs: Vec<f64>,
}

/// A direction or a combination that proves something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "values")]
pub enum Ray {
    /// n values: along it the objective gets better without end.
    Primal(Vec<f64>),
    /// m multipliers that prove infeasibility.
    Farkas(Vec<f64>),
}

/// Where a column or row stands in a simplex basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisStatus {
    /// Basic.
    Basic,
    /// Nonbasic at its lower bound (a fixed one too).
    AtLower,
    /// Nonbasic at its upper bound.
    AtUpper,
    /// Nonbasic and free, at zero.
    Free,
}

/// A simplex basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// n statuses.
    pub columns: Vec<BasisStatus>,
    /// m statuses.
    pub rows: Vec<BasisStatus>,
}

/// How much work it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Branch-and-bound nodes.
    pub nodes: u64,
    /// Simplex iterations, crossover included.
    pub simplex_iterations: u64,
    /// Interior-point iterations.
    pub barrier_iterations: u64,
    /// First-order iterations.
    pub first_order_iterations: u64,
}

/// What one solver says about a problem: believed by nobody yet. Objective and bound stand in the problem's own space
/// and sense, offset included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Why it stopped.
    pub termination: Termination,
    /// n values.
    pub point: Option<Vec<f64>>,
    /// The objective it names for the point.
    pub objective: Option<f64>,
    /// Dual bound: no point is better than this.
    pub bound: Option<f64>,
    /// Multipliers of an LP.
    pub duals: Option<Duals>,
    /// A ray that proves unbounded or infeasible.
    pub ray: Option<Ray>,
    /// A simplex basis, to start from again and to verify with.
    pub basis: Option<Basis>,
    /// Work done.
    pub counters: Counters,
    /// Further points that the solver thinks feasible, n values each, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<Vec<f64>>,
}

impl Claim {
    /// A claim that says only why it ended.
    pub fn bare(termination: Termination) -> Self {
        Self {
            termination,
            point: None,
            objective: None,
            bound: None,
            duals: None,
            ray: None,
            basis: None,
            counters: Counters::default(),
            pool: Vec::new(),
        }
    }
}

/// How much of an answer needs no trust in a solver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceLevel {
    /// A solver says so.
    Claimed,
    /// The point is verified; the bound is a claim.
    Checked,
    /// True whatever the solvers did.
    Certified,
}

impl fmt::Display for EvidenceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claimed => "claimed",
            Self::Checked => "checked",
            Self::Certified => "certified",
        })
    }
}

/// The largest violations of a point, each in the units of its row or column (absolute), and where.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Violations {
    /// Largest amount by which a row activity misses its side.
    pub row: f64,
    /// The row where that is.
    pub worst_row: Option<usize>,
    /// Largest amount by which a column misses a bound.
    pub bound: f64,
    /// The column where that is.
    pub worst_bound: Option<usize>,
    /// Largest distance of an integer column from an integer.
    pub integrality: f64,
    /// The column where that is.
    pub worst_integrality: Option<usize>,
    /// How many sets are violated.
    pub sets: usize,
    /// How many indicator rows are violated.
    pub indicators: usize,
}

/// What was shown about an answer, by whom, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What it amounts to.
    pub level: EvidenceLevel,
    /// The point's violations, recomputed; absent without a point.
    pub violations: Option<Violations>,
    /// Who found the point.
    pub found_by: Option<Source>,
    /// Whose claims agree with the outcome (backend names, each once).
    pub agreed_by: Vec<String>,
    /// Whose claims a checked fact contradicts.
    pub contradicted: Vec<String>,
    /// A bound that needs no trust, when one was computed (for a MIP, that of its relaxation).
    pub certified_bound: Option<f64>,
    /// How it was shown, in words, a sentence each.
    pub notes: Vec<String>,
    /// The tolerances that were applied.
    pub tolerances: crate::Tolerances,
}

/// How one lane of a race fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneReport {
    /// Backend name.
    pub solver: String,
    /// Version of the solver.
    pub version: String,
    /// How it ended.
    pub state: LaneState,
    /// What it said at the end, or why it failed.
    pub detail: String,
    /// Wall-clock seconds it ran, without its pauses.
    pub seconds: f64,
    /// How many checked incumbents came from it.
    pub incumbents: u64,
    /// Nodes it counted.
    pub nodes: u64,
    /// Last bound it claimed.
    pub bound: Option<f64>,
}

/// How a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// Not started (yet).
    Waiting,
    /// At work.
    Running,
    /// Stopped for a while, so that another has its cores.
    Paused,
    /// Ended by itself with a claim.
    Finished,
    /// Stopped because it was no longer needed.
    Stopped,
    /// Killed after it did not stop.
    Killed,
    /// Crashed, or refused the problem.
    Failed,
    /// Contradicted by a checked fact.
    Disqualified,
}

/// What Farkas says: made by [`crate::check::conclude`] alone, and never read back from a wire as such.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    pub(crate) termination: Termination,
    pub(crate) objective: Option<f64>,
    pub(crate) bound: Option<f64>,
    pub(crate) point: Option<Arc<[f64]>>,
    pub(crate) duals: Option<Duals>,
    pub(crate) ray: Option<Ray>,
    pub(crate) basis: Option<Basis>,
    pub(crate) evidence: Evidence,
    pub(crate) lanes: Vec<LaneReport>,
    pub(crate) seconds: f64,
    #[serde(skip)]
    pub(crate) witness: Option<Witness>,
    #[serde(skip)]
    pub(crate) pool: Vec<Arc<CheckedPoint>>,
}

impl Answer {
    /// Adds who ran and for how long.
    #[must_use]
    pub fn with_run(mut self, lanes: Vec<LaneReport>, seconds: f64) -> Self {
        self.lanes = lanes;
        self.seconds = seconds;
        self
    }
    /// Adds a sentence to the evidence's notes: about how the answer came to be, never about what is shown.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.evidence.notes.push(note.into());
        self
    }
    /// Why it stopped and what is known.
    pub fn termination(&self) -> &Termination {
        &self.termination
    }
    /// The reason alone.
    pub fn reason(&self) -> Reason {
        self.termination.reason
    }
    /// Objective of the point, recomputed exactly and rounded once; offset included.
    pub fn objective(&self) -> Option<f64> {
        self.objective
    }
    /// No point is better than this, by proof or by claim (see the evidence).
    pub fn bound(&self) -> Option<f64> {
        self.bound
    }
    /// |objective − bound| / max(1e-10, |objective|), when both are there.
    pub fn gap(&self) -> Option<f64> {
        Some(crate::tolerances::relative_gap(self.objective?, self.bound?))
    }
    /// What of the gap is left without trust in a solver: |objective − certified bound| / max(1e-10, |objective|). For a
    /// mixed-integer problem usually that of its linear relaxation.
    pub fn certified_gap(&self) -> Option<f64> {
        Some(crate::tolerances::relative_gap(self.objective?, self.evidence.certified_bound?))
    }
    /// n values, checked (or measured, when the reason is `Imprecise`).
    pub fn point(&self) -> Option<&[f64]> {
        self.point.as_deref()
    }
    /// Multipliers and reduced costs.
    pub fn duals(&self) -> Option<&Duals> {
        self.duals.as_ref()
    }
    /// The ray that proves unbounded or infeasible.
    pub fn ray(&self) -> Option<&Ray> {
        self.ray.as_ref()
    }
    /// What the proof rests on: of infeasibility, of a ray, or of [`Evidence::certified_bound`], whichever goes with the reason.
    pub fn witness(&self) -> Option<&Witness> {
        self.witness.as_ref()
    }
    /// A simplex basis to start from again.
    pub fn basis(&self) -> Option<&Basis> {
        self.basis.as_ref()
    }
    /// What was shown, and how.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
    /// Who ran.
    pub fn lanes(&self) -> &[LaneReport] {
        &self.lanes
    }
    /// Feasible points, all checked, the best first and each once: the answer's own and the further ones that solvers were
    /// asked for; empty where none were. At most as many as one solver gave, and the answer's own.
    pub fn pool(&self) -> &[Arc<CheckedPoint>] {
        &self.pool
    }
    /// Wall-clock seconds of the whole solve.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }
}

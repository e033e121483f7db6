//! Judges an outcome by the known answer: *wrong* is what contradicts it beyond 1e-4 relative and 1e-6 absolute; what is
//! imprecise or undecided is not wrong.

use std::fmt;

use farkas_modeling::{Reason, Sense};
use serde::{Deserialize, Serialize};

use crate::catalogue::Known;

/// What is said of an outcome when nothing is known that could contradict it.
pub(crate) const UNJUDGED: &str = "no answer is known to compare with";

/// Known optima were proven to this gap.
const RELATIVE: f64 = 1e-4;
/// And near zero to this.
const ABSOLUTE: f64 = 1e-6;

/// What a solve came to, in the problem's own space and sense.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it stopped.
    pub reason: Reason,
    /// Objective of the point, if there is one.
    #[serde(with = "crate::extended")]
    pub objective: Option<f64>,
    /// No point is better than this, it says.
    #[serde(with = "crate::extended")]
    pub bound: Option<f64>,
}

/// What an outcome is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Decided, and not against what is known.
    Solved,
    /// Stopped at a limit before it was decided.
    Undecided,
    /// Decided, with a point that misses the tolerances.
    Imprecise,
    /// Contradicts what is known.
    Wrong,
    /// No outcome: it crashed, refused, or had to be killed.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Solved => "solved",
            Self::Undecided => "undecided",
            Self::Imprecise => "imprecise",
            Self::Wrong => "WRONG",
            Self::Failed => "failed",
        })
    }
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What it is worth.
    pub verdict: Verdict,
    /// Why, where that does not go without saying.
    pub detail: String,
}

impl Judgement {
    /// A verdict with its reason.
    pub fn new(verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { verdict, detail: detail.into() }
    }
}

/// How far `a` may be from `b` without contradicting it.
fn width(a: f64, b: f64) -> f64 {
    ABSOLUTE.max(RELATIVE * a.abs().max(b.abs()))
}

/// Judges an outcome. Without a sense (a problem that only asks for a feasible point) both directions count.
///
/// ```
/// use farkas_instances::catalogue::Known;
/// use farkas_instances::judge::{Outcome, Verdict, judge};
/// use farkas_modeling::{Reason, Sense};
/// let outcome = Outcome { reason: Reason::Optimal, objective: Some(7.01), bound: Some(7.01) };
/// assert_eq!(judge(Known::Optimal(7.0), Some(Sense::Minimize), &outcome).verdict, Verdict::Wrong);
/// ```
pub fn judge(known: Known, sense: Option<Sense>, outcome: &Outcome) -> Judgement {
    let against = match known {
        Known::Optimal(value) => against_optimum(value, sense, outcome),
        Known::Open(Some(value)) => against_point(value, sense, outcome),
        Known::Infeasible => against_infeasible(outcome),
        Known::Unbounded => against_unbounded(outcome),
        Known::Refused => Some("it was solved where the file has to be refused".into()),
        Known::Open(None) | Known::Disputed | Known::Unknown => None,
    };
    if let Some(detail) = against {
        return Judgement::new(Verdict::Wrong, detail);
    }
    match outcome.reason {
        Reason::Optimal | Reason::Infeasible | Reason::Unbounded | Reason::InfeasibleOrUnbounded => {
            let unjudged = matches!(known, Known::Open(_) | Known::Disputed | Known::Unknown);
            Judgement::new(Verdict::Solved, if unjudged { UNJUDGED } else { "" })
        }
        Reason::Feasible | Reason::NoSolutionFound => Judgement::new(Verdict::Undecided, ""),
        Reason::Imprecise => Judgement::new(Verdict::Imprecise, ""),
        Reason::NumericalError | Reason::OtherError => Judgement::new(Verdict::Failed, "it ended in an error"),
    }
}

/// Whether `a` is better than `b` by more than the tolerance; without a sense, whether it is another value.
fn beats(a: f64, b: f64, sense: Option<Sense>) -> bool {
    let far = (a - b).abs() > width(a, b);
    far && sense.is_none_or(|sense| sense.better(a, b))
}

/// What speaks against an outcome when a point with this objective is known to exist: it may be beaten, unless it is an
/// optimum, but not be ruled out.
fn against_point(value: f64, sense: Option<Sense>, outcome: &Outcome) -> Option<String> {
    let claims = [
        (Reason::Infeasible, "infeasible"),
        // A problem whose best point is worth publishing is not unbounded either.
        (Reason::Unbounded, "unbounded"),
        (Reason::InfeasibleOrUnbounded, "infeasible or unbounded"),
    ];
    if let Some((_, word)) = claims.iter().find(|(reason, _)| *reason == outcome.reason) {
        return Some(format!("said to be {word}, but {value} is reached"));
    }
    let objective = outcome.objective.filter(|&objective| beats(value, objective, sense));
    if let (Reason::Optimal, Some(objective)) = (outcome.reason, objective) {
        return Some(format!("{objective} is said to be optimal, but {value} is reached"));
    }
    // The bound of an imprecise solve belongs to a problem that is a little larger.
    let meant = outcome.reason != Reason::Imprecise && sense.is_some();
    let bound = outcome.bound.filter(|&bound| meant && beats(value, bound, sense));
    bound.map(|bound| format!("bound {bound} rules out {value}, which is reached"))
}

fn against_optimum(value: f64, sense: Option<Sense>, outcome: &Outcome) -> Option<String> {
    against_point(value, sense, outcome).or_else(|| {
        // An imprecise point may be better than any feasible one.
        let claimed = match outcome.reason {
            Reason::Optimal => true,
            Reason::Feasible => sense.is_some(),
            _ => false,
        };
        let objective = outcome.objective.filter(|&objective| claimed && beats(objective, value, sense));
        objective.map(|objective| format!("{objective} is better than the optimum {value}"))
    })
}

fn against_infeasible(outcome: &Outcome) -> Option<String> {
    let found = match outcome.reason {
        Reason::Optimal => "optimal",
        Reason::Feasible => "feasible",
        Reason::Unbounded => "unbounded",
        _ => return None,
    };
    Some(format!("said to be {found}, but it is infeasible"))
}

fn against_unbounded(outcome: &Outcome) -> Option<String> {
    match outcome.reason {
        Reason::Optimal => Some("said to be optimal, but it is unbounded".into()),
        Reason::Infeasible => Some("said to be infeasible, but it is unbounded".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Reason::{
        Feasible, Imprecise, Infeasible, InfeasibleOrUnbounded, NoSolutionFound, NumericalError, Optimal, Unbounded,
    };
    use Verdict::{Failed, Solved, Undecided, Wrong};

    #[test]
    fn outcomes_by_what_is_known() {
        let (min, max) = (Some(Sense::Minimize), Some(Sense::Maximize));
        let optimum = Known::Optimal(1000.0);
        let best = Known::Open(Some(1000.0));
        let table = [
            (optimum, min, Optimal, Some(1000.05), Some(999.99), Solved),
            (optimum, min, Optimal, Some(1000.2), Some(1000.2), Wrong),
            (optimum, min, Optimal, Some(999.8), None, Wrong),
            (optimum, max, Optimal, Some(999.8), None, Wrong),
            (optimum, None, Optimal, Some(999.8), None, Wrong),
            (optimum, min, Feasible, Some(1200.0), Some(900.0), Undecided),
            (optimum, min, Feasible, Some(1200.0), Some(1001.0), Wrong),
            (optimum, max, Feasible, Some(900.0), Some(999.0), Wrong),
            (optimum, min, Feasible, Some(990.0), Some(900.0), Wrong),
            (optimum, max, Feasible, Some(990.0), Some(1100.0), Undecided),
            (optimum, min, NoSolutionFound, None, None, Undecided),
            (optimum, min, NoSolutionFound, None, Some(1001.0), Wrong),
            (optimum, min, Imprecise, Some(999.0), Some(999.0), Verdict::Imprecise),
            (optimum, min, Imprecise, Some(1001.0), Some(1001.0), Verdict::Imprecise),
            (optimum, None, Feasible, Some(900.0), Some(2000.0), Undecided),
            (optimum, min, Infeasible, None, None, Wrong),
            (optimum, min, Unbounded, None, None, Wrong),
            (optimum, min, InfeasibleOrUnbounded, None, None, Wrong),
            (optimum, min, NumericalError, None, None, Failed),
            (Known::Optimal(0.0), min, Optimal, Some(5e-7), Some(0.0), Solved),
            (Known::Optimal(0.0), min, Optimal, Some(2e-6), Some(2e-6), Wrong),
            (best, min, Optimal, Some(990.0), Some(990.0), Solved),
            (best, min, Optimal, Some(1010.0), Some(1010.0), Wrong),
            (best, max, Optimal, Some(990.0), Some(990.0), Wrong),
            (best, min, Feasible, Some(1010.0), Some(900.0), Undecided),
            (best, min, Infeasible, None, None, Wrong),
            (Known::Infeasible, min, Infeasible, None, None, Solved),
            (Known::Infeasible, min, InfeasibleOrUnbounded, None, None, Solved),
            (Known::Infeasible, min, Optimal, Some(1.0), Some(1.0), Wrong),
            (Known::Infeasible, min, Unbounded, None, None, Wrong),
            (Known::Infeasible, min, NoSolutionFound, None, Some(1.0), Undecided),
            (Known::Infeasible, min, Imprecise, Some(1.0), None, Verdict::Imprecise),
            (Known::Unbounded, min, Unbounded, None, None, Solved),
            (Known::Unbounded, min, InfeasibleOrUnbounded, None, None, Solved),
            (Known::Unbounded, min, Optimal, Some(1.0), Some(1.0), Wrong),
            (Known::Unbounded, min, Infeasible, None, None, Wrong),
            (Known::Unbounded, min, Feasible, Some(1.0), None, Undecided),
            (Known::Unknown, None, Optimal, Some(1.0), Some(1.0), Solved),
            (Known::Open(None), min, Infeasible, None, None, Solved),
        ];
        for (known, sense, reason, objective, bound, want) in table {
            let got = judge(known, sense, &Outcome { reason, objective, bound });
            assert_eq!(got.verdict, want, "{known:?} {sense:?} {reason:?} {objective:?} {bound:?}: {}", got.detail);
            assert!(got.verdict != Wrong || !got.detail.is_empty());
        }
    }
}

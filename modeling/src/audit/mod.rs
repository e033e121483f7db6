//! Verifies an evidence file against its problem, alone: a second, small checker for people who would rather not believe the first
//! one.
//!
//! It shares nothing with [`crate::check`] but the problem and the words for what is known, computes with big integers where
//! that one has its own accumulator, and searches for nothing: a file is verified as it stands or refused, with the place. What
//! is accepted is true by proof: a weaker claim may stand in the file, a stronger one never passes.

mod document;
mod exact;
mod point;
mod proof;

use std::fmt;

use serde::Serialize;

pub use document::{Document, FORMAT, Gap, Implied, MOST_BYTES, MOST_DIGITS, Number, Point, Proof, Side, VERSION};

use crate::answer::{EvidenceLevel, Reason};
use crate::image::identity;
use crate::problem::Problem;
use crate::tolerances::{Tolerances, relative_gap};

/// Why a file is not what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("evidence{at}: {finding}", at = if place.is_empty() { String::new() } else { format!(" {place}") })]
pub struct Refusal {
    /// JSON pointer of what is wrong; empty for the whole.
    pub place: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong with it, in a clause.
    pub finding: String,
}

fn refuse(place: &str, code: &'static str, finding: impl Into<String>) -> Refusal {
    Refusal { place: place.to_owned(), code, finding: finding.into() }
}

/// What a file was found to show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// What it says of the problem.
    pub reason: Reason,
    /// How much of that was shown: `certified` needs no trust in a solver, `checked` has a verified point, `claimed` nothing.
    pub level: EvidenceLevel,
    /// Objective of the verified point.
    pub objective: Option<f64>,
    /// No point is better than this, by proof.
    pub proven_bound: Option<f64>,
    /// |objective − proven bound| / |objective|: what is left open without trust in anybody.
    pub proven_gap: Option<f64>,
    /// No point is better than this, by claim.
    pub claimed_bound: Option<f64>,
    /// Whose claims they are.
    pub claimed_by: Vec<String>,
}

/// Verifies a file.
///
/// ```
/// use farkas_modeling::audit::{Document, audit};
/// use farkas_modeling::{Problem, ProblemData, Tolerances, image};
/// // minimise x  subject to  2 x ≥ 1
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![0.0], upper: vec![f64::INFINITY],
///     row_lower: vec![1.0], row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1], indices: vec![0], values: vec![2.0],
///     ..ProblemData::default()
/// })?;
/// let file = format!(r#"{{
///     "format": "farkas-evidence", "version": 1, "problem": "{}", "reason": "OPTIMAL", "level": "certified",
///     "point": {{"objective": 0.5, "values": [0.5]}},
///     "proof": {{"kind": "bound", "value": 0.5, "multipliers": [[0, 0.5]]}}
/// }}"#, image::identity(&problem));
/// let audit = audit(&problem, &Document::read(file.as_bytes())?, &Tolerances::default())?;
/// assert_eq!(audit.proven_gap, Some(0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first thing in it that is not so, with its place.
pub fn audit(problem: &Problem, file: &Document, tolerances: &Tolerances) -> Result<Audit, Refusal> {
    if file.problem != identity(problem) {
        return Err(refuse("/problem", "evidence-problem", "is the identity of another problem"));
    }
    let miss = file.point.as_ref().map(|point| point::look(problem, point, tolerances)).transpose()?;
    let is_feasible = match &miss {
        Some(Some(_)) if file.reason == Reason::Imprecise => false,
        Some(Some(why)) => {
            return Err(refuse("/point/values", "evidence-point", format!("are no feasible point: {why}")));
        }
        Some(None) => true,
        None => false,
    };
    if let Some(bound) = file.bound {
        document::finite(bound, "/bound")?;
    }
    let shows = file.proof.as_ref().map(|proof| proof::look(problem, proof)).transpose()?;
    let objective = file.point.as_ref().filter(|_| is_feasible).map(|point| point.objective);
    let proven_bound = match shows {
        Some(proof::Shows::Bound(value)) => Some(value),
        _ => None,
    };
    let tolerances = with_gap(file.gap, tolerances)?;
    if let (Some(objective), Some(bound)) = (objective, proven_bound) {
        consistent(problem, file, objective, bound, &tolerances)?;
    }
    let level =
        level(file.reason, objective, shows, &tolerances, &|objective, bound| problem.sense().better(objective, bound));
    if level < file.level {
        let finding = format!("is '{}', and no more than '{level}' was shown", file.level);
        return Err(refuse("/level", "evidence-level", finding));
    }
    Ok(Audit {
        reason: file.reason,
        level,
        objective,
        proven_bound,
        proven_gap: objective.zip(proven_bound).map(|(objective, bound)| relative_gap(objective, bound)),
        claimed_bound: file.bound,
        claimed_by: file.claimed_by.clone(),
    })
}

fn with_gap(gap: Option<Gap>, tolerances: &Tolerances) -> Result<Tolerances, Refusal> {
    let Some(Gap { relative, absolute }) = gap else { return Ok(*tolerances) };
    for (value, place) in [(relative, "/gap/relative"), (absolute, "/gap/absolute")] {
        if !(0.0..=1e20).contains(&value) {
            return Err(refuse(place, "evidence-number", "is not between 0 and 1e20"));
        }
    }
    Ok(Tolerances { relative_gap: relative, absolute_gap: absolute, ..*tolerances })
}

/// A feasible point beats a proven bound by its tolerances at most.
fn consistent(
    problem: &Problem,
    file: &Document,
    objective: f64,
    bound: f64,
    tolerances: &Tolerances,
) -> Result<(), Refusal> {
    let values = file.point.iter().flat_map(|point| &point.values);
    let terms: f64 = problem.cost().iter().zip(values).map(|(cost, x)| (cost * x).abs()).sum();
    let beats = problem.sense().sign() * (bound - objective);
    if beats > tolerances.contradiction_width(objective).max(1e-9 * terms) {
        let finding = format!("is {objective}, better than the proven bound {bound} by more than tolerances explain");
        return Err(refuse("/point/objective", "evidence-contradiction", finding));
    }
    Ok(())
}

/// How much of a reason is shown by a feasible point's objective and a proof.
fn level(
    reason: Reason,
    objective: Option<f64>,
    shows: Option<proof::Shows>,
    tolerances: &Tolerances,
    beats: &dyn Fn(f64, f64) -> bool,
) -> EvidenceLevel {
    use proof::Shows;
    // A bound on the far side of the point was found to be there by tolerances alone.
    let closed = |objective: f64, bound: f64| tolerances.gap_closed(objective, bound) || beats(objective, bound);
    match (reason, objective, shows) {
        (Reason::Optimal, Some(objective), Some(Shows::Bound(bound))) if closed(objective, bound) => {
            EvidenceLevel::Certified
        }
        (Reason::Infeasible, None, Some(Shows::Infeasible)) | (Reason::Unbounded, Some(_), Some(Shows::Ray)) => {
            EvidenceLevel::Certified
        }
        (Reason::Optimal | Reason::Feasible, Some(_), _) => EvidenceLevel::Checked,
        _ => EvidenceLevel::Claimed,
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = serde_json::to_value(self.reason).unwrap_or_default();
        writeln!(f, "evidence     {} {}", reason.as_str().unwrap_or_default(), self.level)?;
        if let Some(objective) = self.objective {
            writeln!(f, "objective    {objective}, of a point that was verified")?;
        }
        if let Some(bound) = self.proven_bound {
            write!(f, "proven bound {bound}")?;
            match self.proven_gap {
                Some(gap) => writeln!(f, ", a gap of {gap:.2e} that needs no trust")?,
                None => writeln!(f)?,
            }
        }
        if let Some(bound) = self.claimed_bound {
            writeln!(f, "claimed      bound {bound}")?;
        }
        match self.claimed_by.join(" and ").as_str() {
            "" => write!(f, "claimed by   nobody"),
            names => write!(f, "claimed by   {names}"),
        }
    }
}

//! Answers on their way out and back: written as the published schema, and read back as a report, which is examined again
//! before it counts.

use std::sync::Arc;

use farkas_api_types::{Fields, SolveResult};
use farkas_modeling::answer::{Answer, Source};
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::model::Solved;
use farkas_modeling::{Problem, Tolerances};

/// An answer as the published schema has it (the same as over HTTP and by `farkas solve --json`).
///
/// ```
/// use farkas::prelude::*;
/// use farkas::report::{Publish, ReportedAnswer};
/// let mut m = Model::new("shop");
/// let x = m.nonnegative("x").one();
/// let y = m.integer("y").bounds(0, 4).one();
/// m.maximize(3 * x + 2 * y);
/// m.row("space", (x + y).le(7.5));
/// # #[cfg(feature = "highs")] {
/// let answer = m.solve()?;
/// let json = answer.to_json();
///
/// // Elsewhere, later: whatever the document says, the point is checked again.
/// let report = ReportedAnswer::from_json(&json)?;
/// let again = report.examine(answer.problem(), &Default::default())?;
/// assert_eq!((again.objective(), again.reason()), (answer.objective(), Reason::Optimal));
/// let forged = ReportedAnswer::from_json(&json.replace("\"x\": 7.5", "\"x\": 9.5"))?;
/// assert!(forged.examine(answer.problem(), &Default::default())?.objective().is_none());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Publish {
    /// The document, with all that there is.
    fn to_result(&self) -> SolveResult;

    /// The document as JSON.
    fn to_json(&self) -> String {
        // The document is plain data without NaN, which always serialises.
        serde_json::to_string_pretty(&self.to_result()).unwrap_or_default()
    }
}

impl Publish for Solved {
    fn to_result(&self) -> SolveResult {
        SolveResult::new(self.problem(), self.answer(), Fields::ALL)
    }
}

pub use farkas_api_types::ReportError;

/// What somebody says that the answer was. Nothing of it counts before it was examined.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportedAnswer {
    result: SolveResult,
}

impl From<SolveResult> for ReportedAnswer {
    fn from(result: SolveResult) -> Self {
        Self { result }
    }
}

impl ReportedAnswer {
    /// Reads the document.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        Ok(Self { result: serde_json::from_str(text)? })
    }

    /// The document as it came.
    pub fn result(&self) -> &SolveResult {
        &self.result
    }

    /// Examines the report against the problem: the point is recomputed, multipliers and rays are proofs again or nothing,
    /// and a bound without a proof is the claim of whoever reported it.
    ///
    /// # Errors
    /// When the report names what the problem does not have.
    pub fn examine(&self, problem: &Arc<Problem>, tolerances: &Tolerances) -> Result<Answer, ReportError> {
        let claim = self.result.claim(problem)?;
        let backend = self.result.evidence.found_by.clone().unwrap_or_else(|| "report".to_owned());
        let version = self.result.lanes.iter().find(|lane| lane.solver == backend).map(|lane| lane.version.clone());
        let source = Source { backend, version: version.unwrap_or_default(), lane: 0 };
        let findings = check::examine(problem, &source, &claim, tolerances);
        Ok(check::conclude(problem, &[findings], tolerances, &TrustPolicy::default(), claim.termination.limit()))
    }
}

//! Answers on their way out and back: written as the published schema, and read back as a report, which is examined again
//! before it counts.

use std::sync::Arc;

use farkas_api_types::{Fields, Number, RayKind, SolveResult};
use farkas_modeling::answer::{Answer, Claim, Duals, Ray, Source, Termination};
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::model::Solved;
use farkas_modeling::problem::Names;
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

/// Why a report is none about this problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is not the document it should be.
    #[error("no result document: {0}")]
    Document(#[from] serde_json::Error),
    /// It names something that the problem does not have.
    #[error("the result names the {what} '{name}', which the problem does not have")]
    Unknown {
        /// `variable` or `constraint`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Its termination says a limit where there is none, or none where there is one.
    #[error("the result's termination is none: {0}")]
    Termination(String),
}

impl ReportError {
    /// A stable code: `report-document`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Document(_) => "report-document",
            Self::Unknown { .. } => "report-unknown-name",
            Self::Termination(_) => "report-termination",
        }
    }
}

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
        let claim = self.claim(problem)?;
        let backend = self.result.evidence.found_by.clone().unwrap_or_else(|| "report".to_owned());
        let version = self.result.lanes.iter().find(|lane| lane.solver == backend).map(|lane| lane.version.clone());
        let source = Source { backend, version: version.unwrap_or_default(), lane: 0 };
        let findings = check::examine(problem, &source, &claim, tolerances);
        Ok(check::conclude(problem, &[findings], tolerances, &TrustPolicy::default(), claim.termination.limit()))
    }

    fn claim(&self, problem: &Problem) -> Result<Claim, ReportError> {
        let result = &self.result;
        let said = serde_json::json!({
            "reason": result.termination.reason,
            "limit": result.termination.limit,
            "detail": result.termination.detail,
        });
        let termination: Termination =
            serde_json::from_value(said).map_err(|error| ReportError::Termination(error.to_string()))?;
        let (columns, rows) = (problem.column_names(), problem.row_names());
        let variables = |values| by_name("variable", columns, values);
        let constraints = |values| by_name("constraint", rows, values);
        let point = result.variables.as_ref().map(variables).transpose()?;
        let duals = match (&result.duals, &result.reduced_costs) {
            (Some(duals), Some(costs)) => Some(Duals { rows: constraints(duals)?, reduced_costs: variables(costs)? }),
            _ => None,
        };
        let ray = match &result.ray {
            Some(ray) if ray.kind == RayKind::Primal => Some(Ray::Primal(variables(&ray.values)?)),
            Some(ray) => Some(Ray::Farkas(constraints(&ray.values)?)),
            None => None,
        };
        let finite = |number: Option<Number>| number.map(f64::from).filter(|value| value.is_finite());
        let (objective, bound) = (finite(result.objective), finite(result.bound));
        Ok(Claim { point, objective, bound, duals, ray, ..Claim::bare(termination) })
    }
}

/// Values in the problem's order; what is not named is 0.
fn by_name<'v>(
    what: &'static str,
    names: &Names,
    values: impl IntoIterator<Item = (&'v String, &'v Number)>,
) -> Result<Vec<f64>, ReportError> {
    let mut all = vec![0.0; names.len()];
    for (name, value) in values {
        let at = names.find(name).ok_or_else(|| ReportError::Unknown { what, name: name.clone() })?;
        all[at] = value.0;
    }
    Ok(all)
}

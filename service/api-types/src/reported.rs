//! A result read back: what it claims, in the problem's own order.

use farkas_modeling::answer::{Claim, Duals, Ray, Termination};
use farkas_modeling::problem::{Names, Problem};

use crate::{Number, RayKind, SolveResult};

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

impl SolveResult {
    /// What the document claims about `problem`, by its names; what is not named is 0. Nothing of it counts before it was
    /// examined.
    ///
    /// # Errors
    /// When it names what the problem does not have, or its termination is none.
    pub fn claim(&self, problem: &Problem) -> Result<Claim, ReportError> {
        let result = self;
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

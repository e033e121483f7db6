//! Looks at one claim. Knows the problem and the tolerances, nobody else's claims.

use crate::answer::{Claim, Source};
use crate::check::{CheckedPoint, Findings, MeasuredPoint, PointError};
use crate::{Problem, Tolerances};

/// Recomputes a point's activities, objective and violations with exact arithmetic.
///
/// # Errors
/// When it has the wrong length or a value that is not finite.
pub fn check_point(
    _problem: &Problem,
    _values: &[f64],
    _tolerances: &Tolerances,
) -> Result<Result<CheckedPoint, MeasuredPoint>, PointError> {
    unimplemented!("in the making")
}

/// Looks at everything in one claim.
pub fn examine(_problem: &Problem, _source: &Source, _claim: &Claim, _tolerances: &Tolerances) -> Findings {
    unimplemented!("in the making")
}

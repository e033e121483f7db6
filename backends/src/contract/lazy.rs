//! Lazy rows: part of a problem that is not written down, and asked for when a candidate may break it.

use std::ops::ControlFlow;

use farkas_modeling::Problem;

use super::SessionError;

/// A row made during a solve: lower ≤ entries · columns ≤ upper. It holds for every feasible point of the whole problem.
#[derive(Debug, Clone, PartialEq)]
pub struct LazyRow {
    /// Columns with their coefficients; repeated ones are added up.
    pub entries: Vec<(u32, f64)>,
    /// Lower side; −∞ for none.
    pub lower: f64,
    /// Upper side; +∞ for none.
    pub upper: f64,
}

impl LazyRow {
    /// Whether n values keep it, by more than `-tolerance`.
    pub fn holds(&self, values: &[f64], tolerance: f64) -> bool {
        let activity: f64 = self.entries.iter().map(|&(j, a)| a * values[j as usize]).sum();
        activity >= self.lower - tolerance && activity <= self.upper + tolerance
    }

    /// Whether it is a row of this problem.
    ///
    /// # Errors
    /// `Refused`, when it names a column that is not there, a coefficient that is not finite, or sides that are no sides.
    pub fn check(&self, problem: &Problem) -> Result<(), SessionError> {
        let n = problem.num_columns();
        let refuse = |what: String| Err(SessionError::Refused(format!("a lazy row {what}")));
        if let Some((j, _)) = self.entries.iter().find(|(j, _)| *j as usize >= n) {
            return refuse(format!("names column {j} where there are {n}"));
        }
        if let Some((j, a)) = self.entries.iter().find(|(_, a)| !a.is_finite()) {
            return refuse(format!("has the coefficient {a} in column {j}"));
        }
        if self.lower.is_nan() || self.upper.is_nan() || self.lower > self.upper {
            return refuse(format!("has the sides {} and {}", self.lower, self.upper));
        }
        Ok(())
    }
}

/// Looks at a candidate (n values, integers within tolerance) and makes the rows that it breaks; none accepts it. `Break`
/// ends the solve. A row that was handed out holds from then on and need not be handed out again.
pub type Separate<'a> = dyn FnMut(&[f64]) -> ControlFlow<(), Vec<LazyRow>> + Send + 'a;

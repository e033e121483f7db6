//! The one way out: a problem in whatever format is asked for, and what that format cannot hold.

use std::borrow::Cow;
use std::io::{self, Write};

use super::place::Warning;
use super::{Format, json, lp, mof, mps, nl};
use crate::problem::Problem;

/// Why a problem was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The target failed.
    #[error("it could not be written: {0}")]
    Target(#[from] io::Error),
    /// The format has no words for something in the problem.
    #[error("{format} cannot hold {finding}; {remedy}")]
    CannotHold {
        /// The format's name as people write it: `LP`.
        format: &'static str,
        /// Stable, for programs: `lp-rows-without-columns`.
        code: &'static str,
        /// What it is, with its place in the problem.
        finding: Box<str>,
        /// What to do about it.
        remedy: Cow<'static, str>,
    },
}

impl WriteError {
    pub(crate) fn cannot_hold(
        format: &'static str,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::CannotHold { format, code, finding: finding.into().into(), remedy: remedy.into() }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Target(_) => "write-target",
            Self::CannotHold { code, .. } => code,
        }
    }
}

/// Writes a problem. What comes back is what the format could not hold and what was done instead; when it is empty, reading
/// the text gives the same problem again: but for coefficients 0 in the matrix, which are left out, and for the objective's
/// name, which MPS makes up where there is none.
///
/// ```
/// use farkas_modeling::formats::{Format, read_problem, write_problem};
/// let problem = read_problem(b"min x + y st c: x + 2 y >= 3\nend", Some("a.lp"))?.value;
/// let mut out = Vec::new();
/// let lost = write_problem(&problem, Format::Mps, &mut out)?;
/// assert!(lost.is_empty());
/// assert_eq!(read_problem(&out, Some("a.mps"))?.value.num_rows(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of the target; [`WriteError::CannotHold`] where leaving out or changing would make another problem of it.
pub fn write_problem<W: Write>(problem: &Problem, format: Format, out: &mut W) -> Result<Vec<Warning>, WriteError> {
    match format {
        Format::Mps => mps::write(problem, mps::Layout::Free, out).map(mps::Written::warnings),
        Format::Json => json::write_columnar(problem, out).map(|()| Vec::new()).map_err(WriteError::Target),
        Format::Lp => lp::write(problem, out),
        Format::MathOptFormat => mof::write(problem, out),
        Format::Nl => nl::write(problem, out),
    }
}

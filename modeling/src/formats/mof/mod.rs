//! `MathOptFormat` (`.mof.json`), version 1: the JSON in which JuMP's `MathOptInterface` writes models down.
//!
//! | taken | as |
//! |---|---|
//! | `Variable` in `LessThan`, `GreaterThan`, `EqualTo`, `Interval`, `Parameter` | bounds; several of them all hold |
//! | `Variable` in `ZeroOne`, `Integer`, `Semicontinuous`, `Semiinteger` | kinds |
//! | `ScalarAffineFunction`, `ScalarQuadraticFunction`, `ScalarNonlinearFunction` in the first four | rows |
//! | `VectorOfVariables` in `SOS1`, `SOS2` | special ordered sets |
//! | vectors in `Nonnegatives`, `Nonpositives`, `Zeros`, `Reals`, `HyperRectangle` | bounds of variables, or rows `name[1]`, `name[2]`, … |
//! | vectors of two in `Indicator` | a switched row |
//!
//! A nonlinear function is taken where it comes to one of degree two at most. Everything else is refused with its pointer.
//! Of quadratic terms the format writes ½ xᵀQx: a diagonal one counts half. Starting values are not kept.
//!
//! Source: the schema `mof.1.9.schema.json` of jump-dev/MathOptFormat.

mod functions;
mod nonlinear;
mod read;
mod write;

use super::json::Document;
use super::place::{FormatError, Read};
use crate::problem::Problem;

pub use write::write;

/// Reads a problem from the bytes of a `MathOptFormat` document.
///
/// # Errors
/// `json-…` with line and column where it is no JSON, otherwise `mof-…` with a JSON pointer; the problem's defects.
///
/// ```
/// let text = br#"{"version": {"major": 1, "minor": 7}, "variables": [{"name": "x"}],
///   "objective": {"sense": "min", "function": {"type": "Variable", "name": "x"}},
///   "constraints": [{"function": {"type": "Variable", "name": "x"}, "set": {"type": "GreaterThan", "lower": 2}}]}"#;
/// let problem = farkas_modeling::formats::mof::read(text)?.value;
/// assert_eq!((problem.num_columns(), problem.num_rows(), problem.lower()), (1, 0, &[2.0][..]));
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
pub fn read(bytes: &[u8]) -> Result<Read<Problem>, FormatError> {
    let document = Document::parse(bytes)?;
    let (data, warnings) = read::read(&document, bytes.len()).map_err(|error| FormatError {
        // What the readers of JSON say of any document, they say here of this format.
        code: match error.code {
            "json-type" => "mof-type",
            "json-missing-field" => "mof-missing-field",
            "json-value" => "mof-value",
            other => other,
        },
        ..error
    })?;
    Ok(Read { value: Problem::new(data)?, warnings })
}

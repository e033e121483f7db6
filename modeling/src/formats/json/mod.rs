//! Farkas JSON: a model as people write it, as machines hold it, or as text in another format.
//!
//! For people, variables and constraints by name, in the order in which they stand:
//!
//! ```
//! let text = br#"{
//!   "sense": "maximize", "objective": "3 x + 2 y",
//!   "variables": {"x": {"type": "integer", "lower": 0, "upper": 10}, "y": {"lower": 0}},
//!   "constraints": {"capacity": "2 x + y <= 12", "mix": {"terms": {"x": 1, "y": -1}, "lower": -2}}
//! }"#;
//! let problem = farkas_modeling::formats::json::read(text)?.value;
//! assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_nonzeros()), (2, 2, 4));
//! assert_eq!(problem.row_lower(), [f64::NEG_INFINITY, -2.0]);
//! # Ok::<(), farkas_modeling::formats::FormatError>(())
//! ```
//!
//! | field | value |
//! |---|---|
//! | `name` | text |
//! | `sense` | `"minimize"` (default) or `"maximize"` |
//! | `objective` | algebra (squares as `x^2`, products as `2 x * y`), a map from variable to cost, or `{"terms": map, "constant": number}`; left out, it is 0 |
//! | `variables` | a map from name to `{"type", "lower", "upper", "free"}`. Types: `continuous` (default), `integer`, `binary`, `semicontinuous`, `semiinteger`. A lower bound left out is 0 |
//! | `constraints` | a map from name to algebra, or to `{"terms" or "expression", "lower", "upper", "equal", "when"}`; or a list of these, without names. `"when": {"z": 1}` switches the row by a binary variable |
//! | `sets` | a map from name to `{"order": 1 or 2, "weights": map from variable to weight}` |
//!
//! For machines, columns, rows and one compressed matrix:
//! `{"columns": {"lower", "upper", "cost", "type", "names"}, "rows": {"lower", "upper", "names"}, "matrix": {"csc" or
//! "csr": {"starts", "indices", "values"}}, "sense", "offset", "name", "objective_name", "quadratic_objective",
//! "quadratic_rows", "sets", "indicators"}`. Products of columns are `{"first", "second", "values"}`, in `quadratic_rows`
//! with their `"row"`, and without a factor of a half. As text in another format: `{"format": "mps", "text": "NAME …"}`, or
//! `"lp"` or `"nl"`.
//!
//! Infinity is `"inf"` or `"-inf"`, or a bound left out (`null` in a list). Unknown fields and repeated keys are refused.

mod algebra;
mod columnar;
pub(crate) mod document;
mod people;
mod write;

use super::place::{FormatError, Read};
use super::{Format, lp, mps, nl};
use crate::problem::{ColumnKind, Problem, Sense};

use document::{At, Keys, Path};

pub use document::Document;
pub use write::{write_columnar, write_readable};

/// Reads a model from the bytes of a JSON document.
///
/// # Errors
/// `json-syntax` and `json-duplicate-key` with line and column, all others with a JSON pointer.
pub fn read(bytes: &[u8]) -> Result<Read<Problem>, FormatError> {
    from_document(&Document::parse(bytes)?, "")
}

/// Reads a model from a document that stands at `pointer` in what the sender sent (`/model`), so that errors point there.
///
/// ```
/// use farkas_modeling::formats::json;
/// let model = json::Document::parse(br#"{"variables": {"x": {}}, "constraints": {"mix": "x + q <= 3"}}"#)?;
/// let error = json::from_document(&model, "/model").unwrap_err();
/// assert_eq!(error.pointer(), Some("/model/constraints/mix"));
/// assert_eq!(
///     error.to_string(),
///     "/model/constraints/mix, character 5: 'q' is not a variable; declare it under \"variables\", or correct the name"
/// );
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
///
/// # Errors
/// What is wrong, with its pointer; in a text of another format, with its line and column there.
pub fn from_document(model: &Document, pointer: &str) -> Result<Read<Problem>, FormatError> {
    let at = At { value: model, path: &Path::Root(pointer) };
    let has = |key: &str| at.object().map(|entries| entries.iter().any(|(k, _)| k == key));
    if has("text")? || has("format")? {
        return text(at);
    }
    let data = if has("columns")? || has("matrix")? || has("rows")? { columnar::read(at)? } else { people::read(at)? };
    Ok(Read { value: Problem::new(data)?, warnings: Vec::new() })
}

/// As [`from_document`], from a value of `serde_json` (which forgets repeated keys: prefer [`Document`]).
///
/// # Errors
/// As [`from_document`].
pub fn from_value(model: &serde_json::Value, pointer: &str) -> Result<Read<Problem>, FormatError> {
    from_document(&Document::from_value(model), pointer)
}

/// `{"format": "mps", "text": "…"}`.
fn text(at: At<'_, '_>) -> Result<Read<Problem>, FormatError> {
    let mut keys = Keys::of(at)?;
    let format_path = Path::Key(at.path, "format");
    let format = keys.take("format").ok_or_else(|| keys.missing("format"))?;
    let format = At { value: format, path: &format_path }.text()?;
    let text = keys.take("text").ok_or_else(|| keys.missing("text"))?;
    let text = At { value: text, path: &Path::Key(at.path, "text") }.text()?;
    keys.finish()?;
    match Format::of_hint(&format!("model.{format}")).or_else(|| Format::of_hint(format)) {
        Some(Format::Mps) => mps::read(text.as_bytes()),
        Some(Format::Lp) => lp::read(text.as_bytes()),
        Some(Format::Nl) => nl::read(text.as_bytes()),
        _ => {
            let finding = format!("the format '{format}' is not read from text");
            Err(format_path.error("format-unsupported", finding, "give \"mps\", \"lp\" or \"nl\""))
        }
    }
}

fn sense(value: Option<&Document>, parent: &Path<'_>) -> Result<Sense, FormatError> {
    let Some(value) = value else { return Ok(Sense::Minimize) };
    let path = Path::Key(parent, "sense");
    match (At { value, path: &path }).text()? {
        "minimize" | "minimise" | "min" => Ok(Sense::Minimize),
        "maximize" | "maximise" | "max" => Ok(Sense::Maximize),
        other => Err(path.error("json-value", format!("'{other}' is no sense"), "give \"minimize\" or \"maximize\"")),
    }
}

fn problem_name(value: Option<&Document>, parent: &Path<'_>) -> Result<String, FormatError> {
    let Some(value) = value else { return Ok(String::new()) };
    Ok(At { value, path: &Path::Key(parent, "name") }.text()?.to_owned())
}

/// A type's kind, and whether it is binary.
fn kind(text: &str, path: &Path<'_>) -> Result<(ColumnKind, bool), FormatError> {
    Ok(match text {
        "continuous" | "C" => (ColumnKind::Continuous, false),
        "integer" | "I" => (ColumnKind::Integer, false),
        "binary" | "B" => (ColumnKind::Integer, true),
        "semicontinuous" | "S" => (ColumnKind::SemiContinuous, false),
        "semiinteger" | "N" => (ColumnKind::SemiInteger, false),
        other => {
            let remedy = "there are continuous, integer, binary, semicontinuous and semiinteger";
            return Err(path.error("json-value", format!("'{other}' is not a type of variable"), remedy));
        }
    })
}

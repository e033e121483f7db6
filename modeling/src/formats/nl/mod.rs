//! AMPL's `.nl`, text and binary: linear and quadratic models.
//!
//! Expression trees are walked and accepted where they come to a polynomial of degree two at most (sums, products,
//! squares, divisions by constants, common expressions, functions of constants); anything else is refused with its place
//! and the operator's name. Logical constraints, complementarity conditions and imported functions are refused. Suffixes
//! `sosno` and `ref` make special ordered sets.
//!
//! Sources: D. M. Gay, "Writing .nl files" (2005) and "Hooking your solver to AMPL" (1997); where these are silent, what
//! the AMPL solver library and Pyomo's writer do.

mod expression;
mod header;
mod input;
mod names;
mod read;
mod suffixes;
mod write;

use super::place::{FormatError, Read};
use crate::problem::Problem;

pub use write::{Order, write};

/// What may be said about an `.nl` file beside its own bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    /// Which objective is taken, from 1; 0 takes none, as one does that is not there. Default 1.
    pub objective: Option<usize>,
    /// The bytes of the `.col` file beside it: a variable's name a line.
    pub column_names: Option<&'a [u8]>,
    /// The bytes of the `.row` file beside it: a constraint's name a line, then those of the objectives.
    pub row_names: Option<&'a [u8]>,
}

/// What the first line of an `.nl` file says and a solution file has to say again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Echo {
    /// Nine at most.
    pub options: Vec<i64>,
    /// AMPL's tolerance on bounds of variables, where the second option is 3.
    pub tolerance: Option<f64>,
}

/// An `.nl` file: the problem, and what only AMPL's manners need.
#[derive(Debug)]
pub struct Model {
    /// The problem, with columns and rows in the file's order.
    pub problem: Problem,
    /// n values to start from, where the file gives some; those it leaves out are 0.
    pub start: Option<Vec<f64>>,
    /// For the solution file.
    pub echo: Echo,
    /// How many objectives the file has.
    pub objectives: usize,
}

/// Reads the problem of an `.nl` file.
///
/// # Errors
/// The first thing that is wrong or not quadratic, with line and column, or with its byte in a binary file. Codes begin
/// with `nl-`.
///
/// ```
/// // maximise x + y  subject to  x + 2 y ≤ 2,  x, y ≥ 0
/// let text = b"g3 1 1 0\n 2 1 1 0 0\n 0 0\n 0 0\n 0 0 0\n 0 0 0 1\n 0 0 0 0 0\n 2 2\n 0 0\n 0 0 0 0 0\n\
///     C0\nn0\nO0 1\nn0\nr\n1 2\nb\n2 0\n2 0\nk1\n1\nJ0 2\n0 1\n1 2\nG0 2\n0 1\n1 1\n";
/// let problem = farkas_modeling::formats::nl::read(text)?.value;
/// assert_eq!((problem.num_rows(), problem.num_columns()), (1, 2));
/// assert_eq!(problem.cost(), [1.0, 1.0]);
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
pub fn read(bytes: &[u8]) -> Result<Read<Problem>, FormatError> {
    let read = read_model(bytes, &Settings::default())?;
    Ok(Read { value: read.value.problem, warnings: read.warnings })
}

/// As [`read()`], with names from other files and what a solution file needs.
///
/// # Errors
/// As [`read()`]. Names that do not fit are no error but a warning.
pub fn read_model(bytes: &[u8], settings: &Settings<'_>) -> Result<Read<Model>, FormatError> {
    read::read(bytes, settings)
}

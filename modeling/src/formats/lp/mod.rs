//! CPLEX LP, read by our own parser over the bytes and written with full precision.
//!
//! What the field's readers disagree about is settled so, with a warning where a file depends on it:
//!
//! | question | here | others |
//! |---|---|---|
//! | are blanks needed between `x`, `+` and `y`? | no | CPLEX, HiGHS, SCIP; to Gurobi `x+y` is one name |
//! | characters of a name | all that can be seen but `\ : + - * ^ < > = [ ]`; not a digit, `/` or `(` first. An index in brackets right behind a name belongs to it: `x[1,2]` | CPLEX has fewer; Gurobi writes such indices, CPLEX, HiGHS and SCIP cannot read them |
//! | where is a keyword one? | first on its line, or where no name can stand (`min x st x >= 1 end`), unless `:` or a comparison follows | HiGHS: first on its line; SCIP: anywhere |
//! | where does a row end? | behind the number on its right; another one on the same line needs a label | CPLEX: at the line's end |
//! | order of sections | any, the objective first | HiGHS |
//! | `a <= expression <= b` | a row with two sides | CPLEX, Gurobi, CBC; HiGHS and SCIP refuse it |
//! | a constant left in a row | goes to the right side | SCIP; HiGHS ignores it |
//! | variables to the right in a row | refused | all |
//! | a term that comes twice | added up | all |
//! | `[ … ]` in the objective | halved if `/ 2` stands behind it, else not | so do HiGHS and MOI; CPLEX and Gurobi demand the `/ 2` |
//! | `[ … ] / 2` in a row | halved | MOI; others demand that it is left out |
//! | a variable that first appears in Bounds, a list of types or SOS | is one | HiGHS, SCIP; an error to CPLEX |
//! | an upper bound below zero alone | the lower one stays 0, so nothing satisfies both | CPLEX, Gurobi (other than for MPS) |
//! | a bound given twice | the last one | CPLEX |
//! | a binary with bounds | both hold | HiGHS; CPLEX takes the bounds and warns |
//! | a list holds a variable as general and as semi-continuous | semi-integer | HiGHS, Gurobi |
//! | lazy constraints, user cuts | are rows like others, with a warning | solvers that know them add them when they are violated |
//! | two rows with one label | refused | HiGHS renames, SCIP accepts |
//! | no `End` | accepted with a warning, unless nothing stands behind the objective | HiGHS refuses; Gurobi and SCIP accept |
//! | `<` and `>` | as `<=` and `>=` | all |
//!
//! Gurobi's general constraints become rows, with variables of their own where they need them:
//!
//! With `l ≤ x ≤ u` (0 included where x is semi-continuous):
//!
//! | constraint | becomes |
//! |---|---|
//! | `r = MAX(x…, c)` | `r ≥ xᵢ`, `r ≤ xᵢ + (U − lᵢ)(1 − zᵢ)`, `Σ zᵢ = 1`, `zᵢ` binary, U the largest `uᵢ`; the constant counts as an operand with both bounds c |
//! | `r = MIN(x…, c)` | the same of the negatives |
//! | `r = ABS(x)` | `r = x` if `l ≥ 0`, `r = −x` if `u ≤ 0`; else `r ≥ x`, `r ≥ −x`, `r ≤ x − 2l(1 − z)`, `r ≤ −x + 2u z`, `z` binary |
//! | `r = AND(b…)` | `r ≤ bᵢ`, `r ≥ Σ bᵢ − (n − 1)`; all must be binary |
//! | `r = OR(b…)` | `r ≥ bᵢ`, `r ≤ Σ bᵢ`; all must be binary |
//! | `y = PWL(x): (p, q)…` | `x = Σ pₖ λₖ − s + t`, `y = Σ qₖ λₖ − a s + b t`, `Σ λₖ = 1`, the set `s, λ…, t` of order 2; `a` and `b` are the first and the last slope, `s` and `t` are there where `x` can leave the points. Where two points have the same `p`, y may take any value between theirs |
//! | `PWLObj x: …` | `+ y` in the objective; `y` above all pieces where f is convex and minimised (below them: concave, maximised), else as PWL |
//!
//! General constraints that would take more than 64 bytes of memory for each of their text, and a mebibyte, are refused: many
//! operands with names of one to three bytes do (an operand of `MAX` takes some 300).
//!
//! Where a bound that is needed is infinite, an indicator takes the place of the row with it: `z = 1 → r ≤ x`. Functions that are
//! not linear by pieces, several objectives and scenarios are refused with their place.
//!
//! Sources: IBM ILOG CPLEX "LP file format", Gurobi "LP format"; other readers' behaviour as their sources say (HiGHS
//! 1.16's `LpReader.cpp`, SCIP 9's `reader_lp.c`, `MathOptInterface.FileFormats.LP`).

mod assemble;
mod bounds;
mod expression;
mod general;
mod linearise;
mod read;
mod room;
mod rows;
mod sets;
mod token;
mod variables;
mod write;

use super::fault::Fault;
use super::place::{FormatError, Read};
use crate::problem::Problem;

pub use write::write;

/// What an LP file may not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a name. Default 64 KiB − 1.
    pub name_bytes: usize,
    /// Rows, columns, and terms in all, each. Default [`MOST_ENTRIES`](crate::problem::MOST_ENTRIES).
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name_bytes: 0xFFFF, entries: crate::problem::MOST_ENTRIES }
    }
}

/// Reads a problem from LP text.
///
/// # Errors
/// The first thing that is wrong, with its line and column. Codes begin with `lp-`; what only the whole problem shows (an
/// indicator that is not binary, say) comes as its defects.
///
/// ```
/// let text = b"max 3x + 2y st\n capacity: 2x + y <= 12\n mix: -2 <= x - y <= 3\nbounds\n x <= 10\ngen\n x\nend\n";
/// let problem = farkas_modeling::formats::lp::read(text)?.value;
/// assert_eq!((problem.num_rows(), problem.num_columns()), (2, 2));
/// assert_eq!((problem.row_lower()[1], problem.row_upper()[1]), (-2.0, 3.0));
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
pub fn read(bytes: &[u8]) -> Result<Read<Problem>, FormatError> {
    read_with(bytes, &Limits::default())
}

/// As [`read()`], with limits of one's own.
///
/// # Errors
/// As [`read()`].
pub fn read_with(bytes: &[u8], limits: &Limits) -> Result<Read<Problem>, FormatError> {
    let tell = |fault: Fault| fault.tell(bytes, "LP");
    reject_other_files(bytes).map_err(tell)?;
    let (data, warnings) = read::read(bytes, *limits).map_err(tell)?;
    Ok(Read { value: Problem::new(data)?, warnings })
}

/// Tells what is not text at all before anybody looks for sections in it.
fn reject_other_files(bytes: &[u8]) -> Result<(), Fault> {
    if let Some(at) = memchr::memchr(0, bytes) {
        let remedy = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            "the file is UTF-16; save it as UTF-8"
        } else {
            "LP is plain text; is this a binary file, or a damaged one?"
        };
        return Err(Fault::new(at, "lp-nul", "a NUL byte", remedy));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let begin = bytes.len() - text.len();
    match text.first() {
        None => Err(Fault::new(0, "lp-empty", "the file is empty", "give a file with an objective and rows")),
        Some(b'<') => {
            let finding = "this is HTML or XML, not LP";
            Err(Fault::new(begin, "lp-other-format", finding, "was an error page saved instead of the file?"))
        }
        Some(b'{') => {
            let finding = "this is JSON, not LP";
            Err(Fault::new(begin, "lp-other-format", finding, "name the file .json if it is a model"))
        }
        _ if is_lp_solve(text) => {
            let finding = "this is the LP format of lp_solve, not CPLEX's";
            Err(Fault::new(begin, "lp-other-format", finding, "let lp_solve write it as MPS: -parse -wfmps FILE"))
        }
        _ => Ok(()),
    }
}

/// `lp_solve`'s format has C's comments, and a colon behind the sense.
fn is_lp_solve(text: &[u8]) -> bool {
    let (word, rest) = text.split_at(text.iter().take_while(|b| b.is_ascii_alphabetic()).count());
    let senses: [&[u8]; 6] = [b"max", b"min", b"maximise", b"minimise", b"maximize", b"minimize"];
    let sense = senses.iter().any(|sense| word.eq_ignore_ascii_case(sense));
    text.starts_with(b"/*") || text.starts_with(b"//") || (sense && rest.trim_ascii_start().first() == Some(&b':'))
}

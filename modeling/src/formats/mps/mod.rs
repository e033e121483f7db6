//! MPS, fixed and free, read by our own parser over the bytes and written with full precision.
//!
//! What the field's readers disagree about is settled so, with a warning where a file depends on it:
//!
//! | question | here | others |
//! |---|---|---|
//! | fixed or free? | free first; where that fails and the file obeys the fixed columns strictly, fixed. Free reading goes wrong only where names hold blanks, and then every such line has a field too many | HiGHS and SCIP try likewise |
//! | integer column without any bound, inside markers | 0 ≤ x ≤ 1 | so do HiGHS and SCIP; with any bound of its own its upper bound is +∞ unless given |
//! | `UP` below zero, no lower bound given | lower bound −∞ | CPLEX and Gurobi; HiGHS and SCIP keep 0 |
//! | `MI` | lower bound −∞, upper bound as it was | all today |
//! | `SC` on a column inside integer markers | semi-integer | SCIP; HiGHS makes it semicontinuous |
//! | right-hand side of the objective | minus its constant | HiGHS, SCIP, Gurobi, CPLEX |
//! | several sets in RHS, RANGES or BOUNDS | the first named one is used, the others are ignored | the original standard, CPLEX |
//! | a row repeated within a column | values are added | SCIP; HiGHS keeps the first |
//! | a coefficient 0 | left out; the column stays | HiGHS |
//! | a right-hand side or bound given twice | the last one | SCIP; HiGHS keeps the first |
//! | a row or a column declared twice, an undeclared name | refused | HiGHS warns and goes on |
//! | N rows after the objective | left out, with what refers to them; a column may come again for their sake | all |
//! | LAZYCONS, USERCUTS, DELAYEDROWS, MODELCUTS | their rows are rows like others, with a warning | solvers that know them add them when they are violated |
//! | no N row | objective 0 | HiGHS, SCIP, CBC |
//! | no ENDATA | refused, unless a section behind COLUMNS has begun: then every column was closed, and a warning says so | all others refuse |
//! | text behind ENDATA | ignored | all |
//! | QUADOBJ that holds both triangles, QMATRIX or QCMATRIX that are not symmetric | refused (see the table of their factors) | CPLEX refuses; others read half or double |
//! | `$` | begins a comment where it starts a field, except the first two fields of a line in ROWS and BOUNDS and the first elsewhere | the original standard |
//!
//! # Products
//!
//! | section | an entry `x y v` adds |
//! |---|---|
//! | `QUADOBJ`, `QSECTION` (of the objective, or of a row: Mosek) | `v x y`, one triangle of Q in `½ xᵀQx`; `½ v x²` on its diagonal |
//! | `QMATRIX` | `½ v x y`, all of Q: `x y` and `y x` |
//! | `QCMATRIX row` | `v x y`, all of Q, without a half |
//!
//! Sources: IBM ILOG CPLEX "MPS file format", Gurobi "MPS format", `lp_solve`'s `mps-format.htm`; other readers' behaviour
//! as their sources say (HiGHS 1.11's `HMpsFF.cpp`, SCIP 9's `reader_mps.c`).

mod bounds;
mod columns;
mod lines;
mod masks;
mod plain;
mod quadratic;
mod read;
mod rows;
mod sets;
mod table;
mod write;

use super::fault::Fault;
use super::place::{FormatError, Read};
use crate::problem::Problem;

pub use lines::Layout;
pub use write::{Written, write};

/// What an MPS file may not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a line, comments too. Default 1 MiB.
    pub line_bytes: usize,
    /// Bytes in a name. Default 64 KiB − 1, which is also the most.
    pub name_bytes: usize,
    /// Rows, columns and nonzeros, each. Default [`MOST_ENTRIES`](crate::problem::MOST_ENTRIES).
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line_bytes: 1 << 20, name_bytes: 0xFFFF, entries: crate::problem::MOST_ENTRIES }
    }
}

/// Reads a problem from MPS text, fixed or free.
///
/// # Errors
/// The first thing that is wrong, with its line and column. Codes begin with `mps-`; what only the whole problem shows
/// (an indicator that is not binary, say) comes as its defects.
///
/// ```
/// let text = b"NAME T\nROWS\n N cost\n G demand\nCOLUMNS\n x cost 2 demand 1\nRHS\n RHS demand 3\nENDATA\n";
/// let read = farkas_modeling::formats::mps::read(text)?;
/// assert_eq!((read.value.num_rows(), read.value.num_columns()), (1, 1));
/// assert_eq!(read.value.row_lower(), [3.0]);
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
    let tell = |fault: Fault| fault.tell(bytes, "MPS");
    reject_other_files(bytes).map_err(tell)?;
    let (data, warnings) = match read::read(bytes, Layout::Free, *limits) {
        Ok(done) => done,
        Err(free) => match read::read(bytes, Layout::Fixed, *limits) {
            Ok(done) => done,
            // The reading that got some lines further was more likely the right one.
            Err(fixed) => {
                let further = fixed.code != "mps-fixed-column"
                    && memchr::memchr(b'\n', bytes.get(free.at..fixed.at).unwrap_or_default()).is_some();
                return Err(tell(if further { fixed } else { free }));
            }
        },
    };
    Ok(Read { value: Problem::new(data)?, warnings })
}

#[cold]
fn control_character(at: usize, byte: u8) -> Fault {
    Fault::new(
        at,
        "mps-control-character",
        format!("the control character {byte:#04x}"),
        "MPS is plain text; is this another kind of file?",
    )
}

/// Too few or too many fields in a line.
#[cold]
fn wrong_count(fields: lines::Fields, section: &str, wanted: &str) -> Fault {
    let n = fields.len();
    let finding = format!("{n} field{} in a line of {section}", if n == 1 { "" } else { "s" });
    let at = if n == 0 { fields.line } else { fields.get(n - 1).at };
    Fault::new(at, "mps-field-count", finding, format!("it takes {wanted}"))
}

/// Tells what is not text at all before anybody looks for sections in it.
fn reject_other_files(bytes: &[u8]) -> Result<(), Fault> {
    if let Some(at) = memchr::memchr(0, bytes) {
        let remedy = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            "the file is UTF-16; save it as UTF-8"
        } else {
            "MPS is plain text; is this a binary file, or a damaged one?"
        };
        return Err(Fault::new(at, "mps-nul", "a NUL byte", remedy));
    }
    let text = bytes.trim_ascii_start();
    if text.is_empty() {
        return Err(Fault::new(0, "mps-empty", "the file is empty", "give a file with ROWS and COLUMNS"));
    }
    if text.first() == Some(&b'<') {
        let finding = "this is HTML or XML, not MPS";
        return Err(Fault::new(0, "mps-other-format", finding, "was an error page saved instead of the file?"));
    }
    Ok(())
}

//! Solution files: written as MIPLIB and SCIP have them, read as they, HiGHS, CBC and Gurobi write them.
//!
//! | writer | recognised by | a line |
//! |---|---|---|
//! | MIPLIB, SCIP, Gurobi, Farkas | anything else | `name value`, behind it perhaps `(obj:3)`; the objective as `=obj= 20`, `objective value: 20` or `# Objective value = 20` |
//! | HiGHS | `Model status`, or a heading `# Primal solution values` or `# Columns` | `name value` under the first `# Columns` |
//! | Farkas' JSON, or a map from name to value | `{` | `"name": value` under `"variables"`, or at the top |
//! | CSV | a heading `variable,value` | `name,value` |
//! | CBC | ` - objective value ` in the first line | `index name value reduced-cost`, before it perhaps `**` |

mod structured;

use std::io::{self, Write};

use super::compression::{SizeLimits, decompress};
use super::number;
use super::place::{FormatError, locate, quote};
use crate::problem::Problem;

/// A point read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// n values.
    pub values: Vec<f64>,
    /// The objective that the file tells, whatever it is worth.
    pub objective: Option<f64>,
    /// How many columns the file does not name: they are 0.
    pub missing: usize,
}

/// Writes `=obj=` and the columns that are not 0, with every digit that they need.
///
/// # Errors
/// Those of the target.
///
/// # Panics
/// When there are not as many values as columns.
pub fn write<W: Write>(problem: &Problem, values: &[f64], objective: Option<f64>, out: &mut W) -> io::Result<()> {
    assert_eq!(values.len(), problem.num_columns());
    if let Some(objective) = objective {
        writeln!(out, "=obj= {objective:?}")?;
    }
    for (j, value) in values.iter().enumerate().filter(|(_, v)| **v != 0.0) {
        writeln!(out, "{} {value:?}", problem.column_names().get(j))?;
    }
    Ok(())
}

/// How a solution is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SolutionFormat {
    /// Lines of name and value, of what is not 0, below `=obj=`: MIPLIB's.
    Sol,
    /// Lines of name and value, of every column, below a comment: a MIP start as Gurobi reads it.
    Mst,
    /// `variable,value` (RFC 4180).
    Csv,
    /// `{"objective": …, "variables": {…}}`.
    Json,
}

impl SolutionFormat {
    /// By a file's name.
    ///
    /// ```
    /// use farkas_modeling::formats::solution::SolutionFormat;
    /// assert_eq!(SolutionFormat::of_file_name("out/air03.SOL"), Some(SolutionFormat::Sol));
    /// assert_eq!(SolutionFormat::of_file_name("out.txt"), None);
    /// ```
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, suffix) = name.rsplit_once('.')?;
        match suffix.to_ascii_lowercase().as_str() {
            "sol" => Some(Self::Sol),
            "mst" => Some(Self::Mst),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Writes a point in any of these formats, with every digit that its values need; [`read`] reads all of them.
///
/// # Errors
/// Those of the target.
///
/// # Panics
/// When there are not as many values as columns.
pub fn write_as<W: Write>(
    problem: &Problem,
    values: &[f64],
    objective: Option<f64>,
    format: SolutionFormat,
    out: &mut W,
) -> io::Result<()> {
    assert_eq!(values.len(), problem.num_columns());
    // + 0.0 turns −0 into 0.
    let named = || problem.column_names().iter().zip(values.iter().map(|value| value + 0.0));
    match format {
        SolutionFormat::Sol => write(problem, values, objective, out),
        SolutionFormat::Mst => {
            writeln!(out, "# MIP start")?;
            named().try_for_each(|(name, value)| writeln!(out, "{name} {value:?}"))
        }
        SolutionFormat::Csv => {
            let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
            table.write_record(["variable", "value"])?;
            for (name, value) in named() {
                table.write_record([&*name, &format!("{value:?}")])?;
            }
            table.flush()
        }
        SolutionFormat::Json => {
            out.write_all(b"{")?;
            if let Some(objective) = objective.filter(|objective| objective.is_finite()) {
                write!(out, "\"objective\":{objective:?},")?;
            }
            out.write_all(b"\"variables\":{")?;
            for (k, (name, value)) in named().enumerate() {
                out.write_all(if k == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *out, &*name)?;
                write!(out, ":{value:?}")?;
            }
            out.write_all(b"}}\n")
        }
    }
}

/// Reads values for the problem's columns by their names, from compressed bytes too.
///
/// ```
/// use farkas_modeling::formats::{json, solution};
/// let problem = json::read(br#"{"variables": {"x": {}, "y": {}}}"#)?.value;
/// let solution = solution::read(&problem, b"=obj= 3\nx 4\n")?;
/// assert_eq!((solution.values, solution.objective, solution.missing), (vec![4.0, 0.0], Some(3.0), 1));
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
///
/// # Errors
/// With line and column, in JSON with a pointer: `solution-empty`, `solution-none` (the file says that there is none), `solution-line`,
/// `solution-number`, `solution-not-finite`, `solution-unknown-column`, `solution-repeated`, `solution-unsupported`; and
/// those of the compression.
pub fn read(problem: &Problem, bytes: &[u8]) -> Result<Solution, FormatError> {
    let text = decompress(bytes, &SizeLimits::default())?;
    let mut reader = Reader {
        problem,
        text: &text,
        values: vec![0.0; problem.num_columns()],
        named: vec![false; problem.num_columns()],
        objective: None,
    };
    if text.trim_ascii().is_empty() {
        return Err(reader.error(0, "solution-empty", "the file is empty", "give lines of a name and a value"));
    }
    if text.trim_ascii_start().starts_with(b"<") {
        let remedy = "give lines of a name and a value (CPLEX writes XML, which is not read yet)";
        return Err(reader.error(0, "solution-unsupported", "this is XML", remedy));
    }
    match Dialect::of(&text) {
        Dialect::Json => structured::read_json(&mut reader)?,
        Dialect::Csv => structured::read_csv(&mut reader)?,
        Dialect::Plain => reader.plain()?,
        Dialect::Highs => reader.highs()?,
        Dialect::Cbc => reader.cbc()?,
    }
    let missing = reader.named.iter().filter(|named| !**named).count();
    Ok(Solution { values: reader.values, objective: reader.objective, missing })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Json,
    Csv,
    Plain,
    Highs,
    Cbc,
}

impl Dialect {
    fn of(text: &[u8]) -> Self {
        if text.trim_ascii_start().starts_with(b"{") {
            return Self::Json;
        }
        if structured::is_csv(text) {
            return Self::Csv;
        }
        let mut lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        if lines.clone().next().is_some_and(|l| memchr::memmem::find(l, b" - objective value ").is_some()) {
            return Self::Cbc;
        }
        let heads = |l: &[u8]| l.starts_with(b"# Columns") || l.starts_with(b"# Primal") || l == b"Model status";
        if lines.any(heads) { Self::Highs } else { Self::Plain }
    }
}

struct Reader<'a> {
    problem: &'a Problem,
    text: &'a [u8],
    values: Vec<f64>,
    named: Vec<bool>,
    objective: Option<f64>,
}

/// Lines with the offset where their text begins.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    text.split(|&b| b == b'\n').map(move |line| {
        let begin = at + (line.len() - line.trim_ascii_start().len());
        at += line.len() + 1;
        (begin, line.trim_ascii())
    })
}

/// What stands behind `words` at the start of a line, letters' case aside.
fn behind<'a>(line: &'a [u8], words: &str) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(words.len())?;
    head.eq_ignore_ascii_case(words.as_bytes()).then(|| rest.trim_ascii())
}

/// The last word of a line and where it begins in it.
fn last_word(line: &[u8]) -> (usize, &[u8]) {
    let at = line.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    (at, &line[at..])
}

impl Reader<'_> {
    fn error(&self, at: usize, code: &'static str, finding: impl Into<String>, remedy: &'static str) -> FormatError {
        let (line, column) = locate(self.text, at);
        FormatError::at_line("solution", line, column, code, finding, remedy)
    }

    fn plain(&mut self) -> Result<(), FormatError> {
        for (at, line) in lines(self.text) {
            if line.is_empty() {
                continue;
            }
            let told = ["=obj=", "objective value:", "# objective value ="].iter().find_map(|w| behind(line, w));
            if let Some(value) = told {
                self.objective = number::parse(value).filter(|v| v.is_finite());
            } else if line.starts_with(b"=") || behind(line, "no solution available").is_some() {
                let finding = format!("the file says {}", quote(line));
                return Err(self.error(at, "solution-none", finding, "give a file with a solution"));
            } else if !line.starts_with(b"#") && behind(line, "solution status:").is_none() {
                // SCIP tells the cost behind the value.
                let (begin, word) = last_word(line);
                let line = if word.starts_with(b"(obj:") { line[..begin].trim_ascii_end() } else { line };
                self.name_and_value(at, line)?;
            }
        }
        Ok(())
    }

    fn highs(&mut self) -> Result<(), FormatError> {
        let mut within = false;
        let mut done = false;
        for (at, line) in lines(self.text) {
            if line.starts_with(b"# Columns") {
                within = !done;
                done = true;
            } else if line.starts_with(b"#") {
                within = false;
            } else if within && !line.is_empty() {
                self.name_and_value(at, line)?;
            } else if let Some(value) = behind(line, "Objective ")
                && self.objective.is_none()
            {
                self.objective = number::parse(value).filter(|v| v.is_finite());
            }
        }
        if done {
            return Ok(());
        }
        let finding = "HiGHS wrote no values (no heading '# Columns')";
        Err(self.error(0, "solution-none", finding, "give a file with a solution"))
    }

    fn cbc(&mut self) -> Result<(), FormatError> {
        for (at, line) in lines(self.text) {
            if let Some(found) = memchr::memmem::find(line, b" - objective value ") {
                self.objective = number::parse(last_word(&line[found..]).1).filter(|v| v.is_finite());
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty() && *w != b"**");
            let (Some(index), Some(name), Some(value)) = (words.next(), words.next(), words.next()) else {
                return Err(self.bad_line(at, line));
            };
            if number::parse(index).is_none() {
                return Err(self.bad_line(at, line));
            }
            self.set(at, name, value)?;
        }
        Ok(())
    }

    fn bad_line(&self, at: usize, line: &[u8]) -> FormatError {
        let finding = format!("{} is no name with a value", quote(line));
        self.error(at, "solution-line", finding, "give lines of a name and a value")
    }

    /// The last word is the value, all before it the name: names may hold blanks.
    fn name_and_value(&mut self, at: usize, line: &[u8]) -> Result<(), FormatError> {
        let (begin, value) = last_word(line);
        let name = line[..begin].trim_ascii_end();
        if name.is_empty() {
            return Err(self.bad_line(at, line));
        }
        self.set(at, name, value)
    }

    fn set(&mut self, at: usize, name: &[u8], value: &[u8]) -> Result<(), FormatError> {
        let number = match number::parse(value) {
            Some(number) if number.is_finite() => number,
            Some(_) => {
                let finding = format!("{} is {}", quote(name), quote(value));
                return Err(self.error(at, "solution-not-finite", finding, "give a finite value"));
            }
            None => {
                let finding = format!("{} is not a number", quote(value));
                return Err(self.error(at, "solution-number", finding, "give lines of a name and a value"));
            }
        };
        let known = std::str::from_utf8(name).ok().and_then(|name| self.problem.column_names().find(name));
        let Some(column) = known else {
            let finding = format!("{} is not a column of the problem", quote(name));
            return Err(self.error(at, "solution-unknown-column", finding, "is this the solution of another problem?"));
        };
        if std::mem::replace(&mut self.named[column], true) {
            let finding = format!("a second value of {}", quote(name));
            return Err(self.error(at, "solution-repeated", finding, "give each column once"));
        }
        self.values[column] = number;
        Ok(())
    }
}

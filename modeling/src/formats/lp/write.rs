//! Writes LP with every digit that a number needs to read back the same.
//!
//! Columns come back in their order: where they do not first appear in it, the objective names all of them, those without a
//! cost with a coefficient 0. A row with two sides is written as `1 <= x + y <= 5` and an index in a name as it stands
//! (`x[1,2]`), which CPLEX's format and Gurobi's have and some readers lack. What LP cannot hold at all is told: names
//! that a reader would misunderstand are replaced; rows of a problem without columns are refused.

use std::io::{self, Write};

use super::read::{RESERVED, is_infinity};
use super::token::name_length;
use crate::formats::number::Digits;
use crate::formats::place::{Warning, quote};
use crate::formats::safe_names::SafeNames;
use crate::formats::write::WriteError;
use crate::problem::{ColumnKind, Problem, Product, Sense};

/// Writes the problem.
///
/// ```
/// use farkas_modeling::formats::lp;
/// let text = b"min obj: 3 x + [ x ^2 + 2 x * y ] / 2 st c: -2 <= x - y <= 3\nend";
/// let problem = lp::read(text)?.value;
/// let mut out = Vec::new();
/// let warnings = lp::write(&problem, &mut out)?;
/// assert!(warnings.is_empty());
/// assert_eq!(lp::read(&out)?.value, problem);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of the target; `lp-rows-without-columns`; `lp-coefficient` for a product in the objective that no double can hold
/// twice.
pub fn write<W: Write>(problem: &Problem, target: &mut W) -> Result<Vec<Warning>, WriteError> {
    let p = problem;
    if p.num_columns() == 0 && p.num_rows() > 0 {
        let finding = "rows of a problem without columns";
        return Err(WriteError::cannot_hold("LP", "lp-rows-without-columns", finding, "use MPS"));
    }
    if let Some(product) = p.quadratic_objective().iter().find(|q| !(2.0 * q.value).is_finite()) {
        let finding = format!("the coefficient {:e}, of which LP writes the double,", product.value);
        return Err(WriteError::cannot_hold("LP", "lp-coefficient", finding, "scale the objective"));
    }
    let columns = SafeNames::of(p.column_names(), "C", is_safe);
    let rows = SafeNames::of(p.row_names(), "R", is_safe_label);
    let mut warnings: Vec<Warning> = Vec::new();
    warnings.extend(columns.warning("lp-renamed-columns", "column"));
    warnings.extend(rows.warning("lp-renamed-rows", "row"));
    let mut writer = Writer { p, target, buffer: Vec::with_capacity(2 * FLUSH), line: 0, columns, rows, warnings };
    writer.objective()?;
    writer.rows()?;
    writer.bounds()?;
    writer.types()?;
    writer.sets()?;
    writer.text("End");
    writer.end_line()?;
    writer.target.write_all(&writer.buffer)?;
    Ok(writer.warnings)
}

/// Bytes gathered before they go to the target.
const FLUSH: usize = 64 << 10;

/// A line that is longer goes on in the next: CPLEX reads 560 characters of one.
const LINE: usize = 200;

/// Longest name that the field's readers take.
const NAME: usize = 255;

struct Writer<'a, W> {
    p: &'a Problem,
    target: &'a mut W,
    buffer: Vec<u8>,
    /// Where the line began in the buffer.
    line: usize,
    columns: SafeNames<'a>,
    rows: SafeNames<'a>,
    warnings: Vec<Warning>,
}

impl<W: Write> Writer<'_, W> {
    fn text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        if self.buffer.len() >= FLUSH {
            self.target.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        self.line = self.buffer.len();
        Ok(())
    }

    fn number(&mut self, value: f64) {
        if value == f64::INFINITY {
            self.text("inf");
        } else if value == f64::NEG_INFINITY {
            self.text("-inf");
        } else {
            let mut digits = Digits::default();
            self.buffer.extend_from_slice(digits.of(value));
        }
    }

    fn column(&mut self, j: usize) {
        self.buffer.extend_from_slice(self.columns.get(j).as_bytes());
    }

    /// The sign and the size of a coefficient: `+ 3 `, `- `; no plus where nothing stands before it.
    fn coefficient(&mut self, value: f64) {
        if value.is_sign_negative() {
            self.text("- ");
        } else if !matches!(self.buffer[..self.buffer.len() - 1].last(), Some(b':' | b'[' | b'=' | b'>')) {
            self.text("+ ");
        }
        if value.abs() != 1.0 {
            self.number(value.abs());
            self.text(" ");
        }
    }

    /// ` + 3 x`, on a new line where this one is full.
    fn term(&mut self, j: usize, value: f64) -> io::Result<()> {
        if self.buffer.len() - self.line > LINE {
            self.end_line()?;
        }
        self.text(" ");
        self.coefficient(value);
        self.column(j);
        Ok(())
    }

    /// ` + [ 3 x ^ 2 - x * y ]`.
    fn products(&mut self, products: &[Product], factor: f64) -> io::Result<()> {
        self.text(" ");
        self.coefficient(1.0);
        self.text("[");
        for q in products {
            if self.buffer.len() - self.line > LINE {
                self.end_line()?;
            }
            self.text(" ");
            self.coefficient(factor * q.value);
            self.column(q.first as usize);
            if q.first == q.second {
                self.text(" ^ 2");
            } else {
                self.text(" * ");
                self.column(q.second as usize);
            }
        }
        self.text(" ]");
        Ok(())
    }

    fn objective(&mut self) -> io::Result<()> {
        let p = self.p;
        if !p.name().is_empty() {
            let name: String = p.name().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            self.text("\\Problem name: ");
            self.text(name.trim());
            self.end_line()?;
        }
        self.text(if p.sense() == Sense::Maximize { "Maximize" } else { "Minimize" });
        self.end_line()?;
        if let Some(name) = p.objective_name() {
            let safe = is_safe_label(name);
            if !safe {
                let detail =
                    format!("the objective's name {} cannot be written and became obj", quote(name.as_bytes()));
                self.warnings.push(Warning { code: "lp-renamed-objective", line: None, detail });
            }
            self.text(" ");
            self.text(if safe { name } else { "obj" });
            self.text(":");
        }
        let all = !self.in_order();
        for (j, &cost) in p.cost().iter().enumerate() {
            if cost != 0.0 || all {
                self.term(j, cost + 0.0)?;
            }
        }
        if !p.quadratic_objective().is_empty() {
            self.products(p.quadratic_objective(), 2.0)?;
            self.text(" / 2");
        }
        if p.offset() != 0.0 {
            self.text(if p.offset() < 0.0 { " - " } else { " + " });
            self.number(p.offset().abs());
        }
        self.end_line()
    }

    /// Whether columns first appear in their order in the objective and the rows, and all of them do.
    fn in_order(&self) -> bool {
        let p = self.p;
        let mut next = 0;
        let mut fits = |j: usize| {
            next += usize::from(j == next);
            j < next
        };
        let costs = p.cost().iter().enumerate().filter(|(_, c)| **c != 0.0).all(|(j, _)| fits(j));
        let squares = p.quadratic_objective().iter().all(|q| fits(q.first as usize) && fits(q.second as usize));
        if !costs || !squares {
            return false;
        }
        let switches = self.switches();
        let by_rows = p.by_rows();
        for i in 0..p.num_rows() {
            let (columns, values) = by_rows.row(i);
            let mut entries = columns.iter().zip(values).filter(|(_, v)| **v != 0.0);
            let fine = switches.get(i).copied().flatten().is_none_or(|(j, _)| fits(j as usize))
                && entries.all(|(j, _)| fits(*j as usize))
                && p.row_products(i).iter().all(|q| fits(q.first as usize) && fits(q.second as usize));
            if !fine {
                return false;
            }
        }
        next == p.num_columns()
    }

    /// For each row the column that switches it, and at which value; empty where there are no indicators.
    fn switches(&self) -> Vec<Option<(u32, bool)>> {
        let p = self.p;
        let mut switches = vec![None; if p.indicators().is_empty() { 0 } else { p.num_rows() }];
        for indicator in p.indicators() {
            switches[indicator.row as usize] = Some((indicator.column, indicator.active));
        }
        switches
    }

    fn rows(&mut self) -> io::Result<()> {
        let p = self.p;
        self.text("Subject To");
        self.end_line()?;
        let switches = self.switches();
        let by_rows = p.by_rows();
        for i in 0..p.num_rows() {
            self.text(" ");
            self.buffer.extend_from_slice(self.rows.get(i).as_bytes());
            self.text(":");
            if let Some((j, active)) = switches.get(i).copied().flatten() {
                self.text(" ");
                self.column(j as usize);
                self.text(if active { " = 1 ->" } else { " = 0 ->" });
            }
            let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
            let two_sided = lower != upper && lower.is_finite() && upper.is_finite();
            if two_sided {
                self.text(" ");
                self.number(lower);
                self.text(" <=");
            }
            let (columns, values) = by_rows.row(i);
            let mut empty = true;
            for (&j, &value) in columns.iter().zip(values).filter(|(_, v)| **v != 0.0) {
                self.term(j as usize, value)?;
                empty = false;
            }
            let products = p.row_products(i);
            if !products.is_empty() {
                self.products(products, 1.0)?;
            } else if empty {
                self.term(0, 0.0)?;
            }
            let (sense, side) = match (lower.is_finite(), upper.is_finite()) {
                (true, true) if !two_sided => (" = ", upper),
                (_, true) => (" <= ", upper),
                // A free row says so.
                (_, false) => (" >= ", lower),
            };
            self.text(sense);
            self.number(side);
            self.end_line()?;
        }
        Ok(())
    }

    fn bounds(&mut self) -> io::Result<()> {
        let p = self.p;
        let mut begun = false;
        for j in 0..p.num_columns() {
            let (lower, upper) = (p.lower()[j], p.upper()[j]);
            if (lower == 0.0 && upper == f64::INFINITY) || is_binary(p, j) {
                continue;
            }
            if !begun {
                begun = true;
                self.text("Bounds");
                self.end_line()?;
            }
            self.text(" ");
            if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
                self.column(j);
                self.text(" free");
            } else if lower == upper {
                self.column(j);
                self.text(" = ");
                self.number(upper);
            } else if upper == f64::INFINITY {
                self.column(j);
                self.text(" >= ");
                self.number(lower);
            } else {
                if lower != 0.0 || upper < 0.0 {
                    self.number(lower);
                    self.text(" <= ");
                }
                self.column(j);
                self.text(" <= ");
                self.number(upper);
            }
            self.end_line()?;
        }
        Ok(())
    }

    fn types(&mut self) -> io::Result<()> {
        let p = self.p;
        self.list("Binaries", |j| is_binary(p, j))?;
        self.list("Generals", |j| p.kind(j).is_integer() && !is_binary(p, j))?;
        self.list("Semi-Continuous", |j| p.kind(j).is_semi())
    }

    fn list(&mut self, title: &str, belongs: impl Fn(usize) -> bool) -> io::Result<()> {
        let mut begun = false;
        for j in (0..self.p.num_columns()).filter(|&j| belongs(j)) {
            if !begun {
                begun = true;
                self.text(title);
                self.end_line()?;
            }
            // One a line: no reader takes a name at a line's end for anything else.
            self.text(" ");
            self.column(j);
            self.end_line()?;
        }
        Ok(())
    }

    fn sets(&mut self) -> io::Result<()> {
        let p = self.p;
        if p.sets().is_empty() {
            return Ok(());
        }
        self.text("SOS");
        self.end_line()?;
        let mut renamed = 0;
        for (k, set) in p.sets().iter().enumerate() {
            self.text(" ");
            if !set.name.is_empty() {
                if is_safe_label(&set.name) {
                    self.text(&set.name);
                } else {
                    renamed += 1;
                    self.text(&format!("SOS{}", k + 1));
                }
                self.text(": ");
            }
            self.text(if set.order == 1 { "S1::" } else { "S2::" });
            for &(j, weight) in &set.members {
                if self.buffer.len() - self.line > LINE {
                    self.end_line()?;
                }
                self.text(" ");
                self.column(j as usize);
                self.text(":");
                self.number(weight);
            }
            self.end_line()?;
        }
        if renamed > 0 {
            let detail = format!("{renamed} names of sets cannot be written and were replaced by their number");
            self.warnings.push(Warning { code: "lp-renamed-sets", line: None, detail });
        }
        Ok(())
    }
}

fn is_binary(p: &Problem, j: usize) -> bool {
    p.kind(j) == ColumnKind::Integer && p.lower()[j] == 0.0 && p.upper()[j] == 1.0
}

/// Whether a reader takes a name for a variable and nothing else.
fn is_safe(name: &str) -> bool {
    let reserved = RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name));
    is_safe_label(name) && !reserved && !is_infinity(name.as_bytes())
}

/// Whether a reader takes a name for one name. With a colon behind it even a keyword is one.
fn is_safe_label(name: &str) -> bool {
    let bytes = name.as_bytes();
    let number = |k: usize| bytes.get(k).is_some_and(u8::is_ascii_digit);
    let begins = !matches!(bytes.first(), None | Some(b'/' | b'(' | b',' | b'[')) && !number(0);
    begins
        && !(bytes[0] == b'.' && number(1))
        && bytes.len() <= NAME
        && name_length(bytes, false) == bytes.len()
        && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}

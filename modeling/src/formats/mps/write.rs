//! Writes MPS, free or fixed, with every digit that a number needs to read back the same.
//!
//! What MPS cannot hold is told and not written wrongly: names that a reader would misunderstand are replaced and
//! counted; a row whose lower side is above its upper one is refused. In fixed format a number of more than twelve
//! characters stands alone on its line and runs over its field: digits count for more than columns, and the readers
//! of today separate fields by blanks.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Layout, Limits};
use crate::formats::number::{self, Digits};
use crate::formats::place::Warning;
use crate::formats::safe_names::SafeNames;
use crate::formats::write::WriteError;
use crate::problem::{ColumnKind, Problem, Sense};

/// What had to be changed in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Names of columns, rows, sets and the objective that were replaced.
    pub renamed: usize,
    /// Rows between two sides that no right-hand side and range give exactly: one side is off by its last bit.
    pub rounded_ranges: usize,
}

impl Written {
    /// The same in words, one a kind.
    pub fn warnings(self) -> Vec<Warning> {
        let tell = |count: usize, code, what: &str| {
            (count > 0).then(|| Warning { code, line: None, detail: format!("{count} {what}") })
        };
        let renamed = tell(self.renamed, "mps-renamed", "names that MPS cannot hold were replaced by numbered ones");
        let what =
            "rows between two sides that no right-hand side and range give exactly: one side is off by its last bit";
        renamed.into_iter().chain(tell(self.rounded_ranges, "mps-rounded-ranges", what)).collect()
    }
}

/// Writes the problem.
///
/// ```
/// use farkas_modeling::formats::mps;
/// let text = b"NAME T\nROWS\n N cost\n G demand\nCOLUMNS\n x cost 2 demand 1\nRHS\n RHS demand 3\nENDATA\n";
/// let problem = mps::read(text)?.value;
/// let mut out = Vec::new();
/// mps::write(&problem, mps::Layout::Free, &mut out)?;
/// assert_eq!(mps::read(&out)?.value, problem);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of the target; `mps-crossed-sides` for a row whose lower side is above its upper one, `mps-coefficient` for a square
/// in the objective that no double can hold twice.
pub fn write<W: Write>(problem: &Problem, layout: Layout, target: &mut W) -> Result<Written, WriteError> {
    let columns = SafeNames::of(problem.column_names(), "C", |name| is_safe(name, layout));
    let rows = SafeNames::of(problem.row_names(), "R", |name| is_safe(name, layout));
    let mut written = Written { renamed: columns.replaced() + rows.replaced(), rounded_ranges: 0 };
    let objective = objective_name(problem, &rows, layout, &mut written);
    let mut writer =
        Writer { problem, layout, target, buffer: Vec::with_capacity(2 * FLUSH), columns, rows, objective };
    writer.head()?;
    let ranges = writer.row_types(&mut written)?;
    writer.matrix()?;
    writer.sides(&ranges)?;
    writer.bounds()?;
    writer.sets(&mut written)?;
    writer.indicators()?;
    writer.products()?;
    writer.line(&[b"ENDATA"])?;
    writer.target.write_all(&writer.buffer)?;
    Ok(written)
}

/// Bytes gathered before they go to the target.
const FLUSH: usize = 64 << 10;

/// What stands for no bound on a row's side: any reader takes it for infinite.
const INFINITE: &[u8] = b"1e30";

struct Writer<'a, W> {
    problem: &'a Problem,
    layout: Layout,
    target: &'a mut W,
    buffer: Vec<u8>,
    columns: SafeNames<'a>,
    rows: SafeNames<'a>,
    objective: String,
}

/// Right-hand side and range of a row that has one.
type Range = Option<(f64, f64)>;

impl<W: Write> Writer<'_, W> {
    /// One line that is no data.
    fn line(&mut self, words: &[&[u8]]) -> io::Result<()> {
        for word in words {
            self.buffer.extend_from_slice(word);
        }
        self.buffer.push(b'\n');
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= FLUSH {
            self.target.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// One line of data: fields 1 to 4 of the format, an empty one for none.
    fn data(&mut self, fields: [&[u8]; 4]) -> io::Result<()> {
        put(&mut self.buffer, self.layout, fields);
        self.buffer.push(b'\n');
        self.flush_if_full()
    }

    fn head(&mut self) -> io::Result<()> {
        let name: String = self.problem.name().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.line(&[b"NAME          ", name.trim().as_bytes()])?;
        if self.problem.sense() == Sense::Maximize {
            self.line(&[b"OBJSENSE\n    MAX"])?;
        }
        Ok(())
    }

    /// ROWS; hands back what RANGES needs.
    fn row_types(&mut self, written: &mut Written) -> Result<Vec<Range>, WriteError> {
        self.line(&[b"ROWS"])?;
        let objective = self.objective.clone();
        self.data([b"N", objective.as_bytes(), b"", b""])?;
        let p = self.problem;
        let mut ranges = Vec::new();
        for i in 0..p.num_rows() {
            let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
            if lower > upper {
                let name = self.rows.get(i);
                let finding = format!("row '{name}' with a lower side, {lower}, above its upper one, {upper}");
                return Err(WriteError::cannot_hold("MPS", "mps-crossed-sides", finding, "write LP or JSON"));
            }
            let kind: &[u8] = if lower == upper {
                b"E"
            } else if lower.is_finite() && upper.is_finite() {
                if ranges.is_empty() {
                    ranges.resize(p.num_rows(), None);
                }
                let (kind, right, range, exact) = as_range(lower, upper);
                ranges[i] = Some((right, range));
                written.rounded_ranges += usize::from(!exact);
                kind
            } else if upper.is_finite() {
                b"L"
            } else {
                b"G"
            };
            if self.layout == Layout::Free {
                self.buffer.extend_from_slice(&[b' ', kind[0], b' ']);
                self.rows.append(i, &mut self.buffer);
            } else {
                put(&mut self.buffer, self.layout, [kind, self.rows.get(i).as_bytes(), b"", b""]);
            }
            self.line(&[])?;
        }
        Ok(ranges)
    }

    /// COLUMNS.
    fn matrix(&mut self) -> io::Result<()> {
        self.line(&[b"COLUMNS"])?;
        let p = self.problem;
        let mut integer = false;
        let mut markers = 0;
        for j in 0..p.num_columns() {
            if integer != (p.kind(j) == ColumnKind::Integer) {
                integer = !integer;
                markers += 1;
                self.marker(markers, integer)?;
            }
            match self.layout {
                Layout::Free => self.free_column(j),
                Layout::Fixed => self.fixed_column(j),
            }
            self.buffer.push(b'\n');
            self.flush_if_full()?;
        }
        if integer {
            self.marker(markers + 1, false)?;
        }
        Ok(())
    }

    /// The entries of a column, two a line; the last line stays open.
    fn free_column(&mut self, j: usize) {
        let out = &mut self.buffer;
        let mut digits = Digits::default();
        let column = self.problem.column(j);
        let cost = self.problem.cost()[j];
        let needed = column.values.iter().all(|&v| v == 0.0);
        let objective = (cost != 0.0 || needed).then_some((None, cost));
        let rows = column.iter().filter(|&(_, v)| v != 0.0).map(|(i, v)| (Some(i), v));
        for (entries, (row, value)) in objective.into_iter().chain(rows).enumerate() {
            if entries % 2 == 0 {
                out.extend_from_slice(if entries == 0 { b" " } else { b"\n " });
                self.columns.append(j, out);
            }
            out.push(b' ');
            match row {
                Some(i) => self.rows.append(i, out),
                None => out.extend_from_slice(self.objective.as_bytes()),
            }
            out.push(b' ');
            digits.append(value, out);
        }
    }

    fn fixed_column(&mut self, j: usize) {
        let name = self.columns.get(j);
        let column = self.problem.column(j);
        let cost = self.problem.cost()[j];
        let mut pairs = Pairs { second: false };
        if cost != 0.0 || column.values.iter().all(|&v| v == 0.0) {
            pairs.put(&mut self.buffer, name, &self.objective, cost);
        }
        for (i, v) in column.iter().filter(|&(_, v)| v != 0.0) {
            pairs.put(&mut self.buffer, name, self.rows.get(i), v);
        }
    }

    fn marker(&mut self, count: usize, begins: bool) -> io::Result<()> {
        let name = format!("M{count}");
        let word: &[u8] = if begins { b"'INTORG'" } else { b"'INTEND'" };
        match self.layout {
            Layout::Free => self.line(&[b" ", name.as_bytes(), b" 'MARKER' ", word]),
            Layout::Fixed => {
                let line = format!("    {name:<10}'MARKER'                 ");
                self.line(&[line.as_bytes(), word])
            }
        }
    }

    /// RHS and RANGES.
    fn sides(&mut self, ranges: &[Range]) -> io::Result<()> {
        let p = self.problem;
        self.line(&[b"RHS"])?;
        let mut digits = Digits::default();
        if p.offset() != 0.0 {
            let objective = self.objective.clone();
            self.data([b"", b"RHS", objective.as_bytes(), digits.of(-p.offset())])?;
        }
        for i in 0..p.num_rows() {
            let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
            let side = match ranges.get(i).copied().flatten() {
                Some((right, _)) => right,
                None if upper.is_finite() => upper,
                None if lower.is_finite() => lower,
                // A free row that stays a row.
                None => {
                    let name = self.rows.get(i).to_owned();
                    self.data([b"", b"RHS", name.as_bytes(), b"-1e30"])?;
                    continue;
                }
            };
            if side != 0.0 {
                put(&mut self.buffer, self.layout, [b"", b"RHS", self.rows.get(i).as_bytes(), digits.of(side)]);
                self.line(&[])?;
            }
        }
        if !ranges.is_empty() {
            self.line(&[b"RANGES"])?;
        }
        for (i, range) in ranges.iter().enumerate() {
            if let Some((_, range)) = range {
                put(&mut self.buffer, self.layout, [b"", b"RNG", self.rows.get(i).as_bytes(), digits.of(*range)]);
                self.line(&[])?;
            }
        }
        Ok(())
    }

    /// BOUNDS: the fewest lines from which every reader takes the same bounds, its own defaults aside.
    fn bounds(&mut self) -> io::Result<()> {
        let p = self.problem;
        let mut begun = false;
        let mut set = "BND".to_owned();
        while self.columns.has(&set) {
            set.push('_');
        }
        for j in 0..p.num_columns() {
            let lines = bound_lines(p.kind(j), p.lower()[j], p.upper()[j]);
            for (kind, value) in lines.into_iter().flatten() {
                if !begun {
                    self.line(&[b"BOUNDS"])?;
                    begun = true;
                }
                let mut digits = Digits::default();
                let value: &[u8] = match value {
                    None => b"",
                    Some(v) if v == f64::INFINITY => INFINITE,
                    Some(v) => digits.of(v),
                };
                let name = self.columns.get(j);
                put(&mut self.buffer, self.layout, [kind.as_bytes(), set.as_bytes(), name.as_bytes(), value]);
                self.line(&[])?;
            }
        }
        Ok(())
    }

    fn sets(&mut self, written: &mut Written) -> io::Result<()> {
        let p = self.problem;
        if p.sets().is_empty() {
            return Ok(());
        }
        self.line(&[b"SOS"])?;
        for (k, set) in p.sets().iter().enumerate() {
            let safe = set.name.is_empty()
                || (is_safe(&set.name, self.layout) && number::parse(set.name.as_bytes()).is_none());
            let name = if safe { Cow::Borrowed(set.name.as_str()) } else { Cow::Owned(format!("SOS{}", k + 1)) };
            written.renamed += usize::from(!safe);
            let kind: &[u8] = if set.order == 1 { b"S1" } else { b"S2" };
            self.line(&[b" ", kind, b" ", name.as_bytes()])?;
            for &(column, weight) in &set.members {
                let name = self.columns.get(column as usize).to_owned();
                self.data([b"", name.as_bytes(), Digits::default().of(weight), b""])?;
            }
        }
        Ok(())
    }

    fn indicators(&mut self) -> io::Result<()> {
        let p = self.problem;
        if p.indicators().is_empty() {
            return Ok(());
        }
        self.line(&[b"INDICATORS"])?;
        for indicator in p.indicators() {
            let row = self.rows.get(indicator.row as usize).to_owned();
            let column = self.columns.get(indicator.column as usize).to_owned();
            let active: &[u8] = if indicator.active { b"1" } else { b"0" };
            self.data([b"IF", row.as_bytes(), column.as_bytes(), active])?;
        }
        Ok(())
    }
}

impl<W: Write> Writer<'_, W> {
    /// QUADOBJ, one triangle, and a QCMATRIX, both triangles, for each row with products.
    fn products(&mut self) -> Result<(), WriteError> {
        let p = self.problem;
        if !p.quadratic_objective().is_empty() {
            self.line(&[b"QUADOBJ"])?;
        }
        for q in p.quadratic_objective() {
            // The format has half of xᵀQx: squares are doubled.
            let value = if q.first == q.second { 2.0 * q.value } else { q.value };
            if !value.is_finite() {
                let finding = format!("the coefficient {:e} of a square, of which MPS writes the double,", q.value);
                return Err(WriteError::cannot_hold("MPS", "mps-coefficient", finding, "scale the objective"));
            }
            self.product(q.first, q.second, value)?;
        }
        for one in p.quadratic_rows() {
            let name = self.rows.get(one.row as usize).to_owned();
            self.line(&[b"QCMATRIX   ", name.as_bytes()])?;
            for q in &one.products {
                if q.first == q.second {
                    self.product(q.first, q.second, q.value)?;
                } else {
                    // Together they are all of it, even where a half is below the normal numbers and rounded.
                    let half = 0.5 * q.value;
                    self.product(q.first, q.second, half)?;
                    self.product(q.second, q.first, q.value - half)?;
                }
            }
        }
        Ok(())
    }

    fn product(&mut self, first: u32, second: u32, value: f64) -> io::Result<()> {
        let (first, second) = (self.columns.get(first as usize), self.columns.get(second as usize));
        let mut digits = Digits::default();
        put(&mut self.buffer, self.layout, [b"", first.as_bytes(), second.as_bytes(), digits.of(value)]);
        self.line(&[])
    }
}

/// Entries of a column in fixed format, two a line.
struct Pairs {
    second: bool,
}

impl Pairs {
    /// The line stays open for a second pair; whoever ends the column ends it.
    fn put(&mut self, out: &mut Vec<u8>, column: &str, row: &str, value: f64) {
        let mut digits = Digits::default();
        let digits = digits.of(value);
        let begun = !matches!(out.last(), None | Some(b'\n'));
        let fits = digits.len() <= 12;
        if begun && self.second && fits {
            self.second = false;
            out.extend_from_slice(b"   ");
            pad(out, row.as_bytes(), 8);
            out.extend_from_slice(b"  ");
            pad_left(out, digits, 12);
            return;
        }
        if begun {
            out.push(b'\n');
        }
        put(out, Layout::Fixed, [b"", column.as_bytes(), row.as_bytes(), digits]);
        self.second = fits;
    }
}

/// Four fields, without the line's end.
fn put(out: &mut Vec<u8>, layout: Layout, fields: [&[u8]; 4]) {
    match layout {
        Layout::Free => {
            for field in fields.into_iter().filter(|f| !f.is_empty()) {
                out.push(b' ');
                out.extend_from_slice(field);
            }
        }
        Layout::Fixed => {
            let [first, second, third, fourth] = fields;
            out.push(b' ');
            pad(out, first, 2);
            out.push(b' ');
            let last = if fourth.is_empty() { third } else { fourth };
            if last.is_empty() {
                out.extend_from_slice(second);
                return;
            }
            pad(out, second, 8);
            out.extend_from_slice(b"  ");
            if fourth.is_empty() {
                out.extend_from_slice(third);
                return;
            }
            pad(out, third, 8);
            out.extend_from_slice(b"  ");
            pad_left(out, fourth, 12);
        }
    }
}

fn pad(out: &mut Vec<u8>, text: &[u8], width: usize) {
    out.extend_from_slice(text);
    out.resize(out.len() + width.saturating_sub(text.len()), b' ');
}

fn pad_left(out: &mut Vec<u8>, text: &[u8], width: usize) {
    out.resize(out.len() + width.saturating_sub(text.len()), b' ');
    out.extend_from_slice(text);
}

/// Type, right-hand side, range, and whether reading gives exactly these sides: `L` has upper − |R| … upper, `G` has
/// lower … lower + |R|.
fn as_range(lower: f64, upper: f64) -> (&'static [u8], f64, f64, bool) {
    let difference = upper - lower;
    for range in [difference, difference.next_up(), difference.next_down()] {
        if upper - range == lower {
            return (b"L", upper, range, true);
        }
        if lower + range == upper {
            return (b"G", lower, range, true);
        }
    }
    (b"L", upper, difference, false)
}

type BoundLine = Option<(&'static str, Option<f64>)>;

/// The lines of BOUNDS for a column; `None` as a value for a type that has none.
fn bound_lines(kind: ColumnKind, lower: f64, upper: f64) -> [BoundLine; 3] {
    let low: BoundLine = if lower == f64::NEG_INFINITY { Some(("MI", None)) } else { Some(("LO", Some(lower))) };
    let high: BoundLine = if upper == f64::INFINITY { Some(("PL", None)) } else { Some(("UP", Some(upper))) };
    if kind.is_semi() {
        let code = if kind == ColumnKind::SemiInteger { "SI" } else { "SC" };
        let low = if lower == 0.0 { None } else { low };
        // Zero would be read as none, a negative one as no bound of this type at all.
        return if upper > 0.0 {
            [low, Some((code, Some(upper))), None]
        } else {
            [low, Some((code, Some(f64::INFINITY))), high]
        };
    }
    let integer = kind == ColumnKind::Integer;
    if integer && lower == 0.0 && upper == 1.0 {
        return [Some(("BV", None)), None, None];
    }
    if lower == upper {
        return [Some(("FX", Some(lower))), None, None];
    }
    if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
        return [Some(("FR", None)), None, None];
    }
    // An integer column gets both, since readers differ in its defaults; so does an upper bound below zero.
    let low = if lower == 0.0 && upper >= 0.0 { None } else { low };
    let high = if upper == f64::INFINITY && !integer { None } else { high };
    [low, high, None]
}

/// Whether a name is one field to every reader, and nothing else.
fn is_safe(name: &str, layout: Layout) -> bool {
    let most = if layout == Layout::Fixed { 8 } else { Limits::default().name_bytes };
    // `$` and `*` begin comments, a quote begins a marker.
    !name.is_empty()
        && name.len() <= most
        && !name.starts_with(['$', '*', '\''])
        && (name.bytes().all(|b| b.is_ascii_graphic()) || !name.chars().any(|c| c.is_whitespace() || c.is_control()))
}

fn objective_name(problem: &Problem, rows: &SafeNames<'_>, layout: Layout, written: &mut Written) -> String {
    let is_row = |name: &str| rows.has(name);
    if let Some(name) = problem.objective_name() {
        if is_safe(name, layout) && !is_row(name) {
            return name.to_owned();
        }
        written.renamed += 1;
    }
    let mut name = "OBJ".to_owned();
    while is_row(&name) {
        name.push('_');
    }
    name
}

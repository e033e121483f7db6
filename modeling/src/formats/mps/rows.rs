//! ROWS, RHS and RANGES: which rows there are, and between which sides they must stay.
//!
//! Invariant: positions of rows count the L, G and E rows only; an N row is the objective or is left out.

use super::lines::{Fields, Layout, Span};
use super::read::{ChosenSet, Reader};
use super::table::{Declared, Named};
use super::{Fault, plain, wrong_count};
use crate::formats::place::{locate, quote};

/// What the name of an N row stands for.
pub(super) const OBJECTIVE: u32 = u32::MAX;
pub(super) const LEFT_OUT: u32 = u32::MAX - 1;

/// The rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// All names, N rows too.
    pub declared: Declared,
    /// What each stands for: its position, [`OBJECTIVE`] or [`LEFT_OUT`].
    targets: Vec<u32>,
    /// `L`, `G` or `E` of each row.
    types: Vec<u8>,
    /// Constant of the objective.
    pub offset: f64,
    offset_given: bool,
    rhs: Vec<f64>,
    rhs_given: Vec<bool>,
    /// NaN for none; empty before the first.
    range: Vec<f64>,
    rhs_set: ChosenSet,
    range_set: ChosenSet,
    /// Where the next name is expected to have been declared.
    expected: usize,
    /// Where the section ended.
    end: usize,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Names of the rows that count.
    pub fn kept_names(&self) -> impl Iterator<Item = Span> + Clone {
        self.declared.spans().zip(&self.targets).filter(|&(_, &t)| t < LEFT_OUT).map(|(span, _)| span)
    }

    /// Whether there are N rows besides the objective.
    pub fn any_left_out(&self) -> bool {
        self.targets.contains(&LEFT_OUT)
    }

    pub fn objective_span(&self) -> Option<Span> {
        let at = self.targets.iter().position(|&t| t == OBJECTIVE)?;
        Some(self.declared.span(at))
    }

    /// What the name declared as the `declared`-th stands for.
    #[inline]
    pub fn target(&self, declared: u32) -> u32 {
        self.targets[declared as usize]
    }

    /// What a name stands for; those behind the last one asked for are tried first.
    fn find(&mut self, bytes: &[u8], name: Span) -> Option<u32> {
        let declared = self.declared.find_from(bytes, self.expected, name)?;
        self.expected = declared + 1;
        Some(self.targets[declared])
    }

    /// Lower and upper sides of all rows.
    pub fn sides(&self) -> (Vec<f64>, Vec<f64>) {
        let mut lower = Vec::with_capacity(self.len());
        let mut upper = Vec::with_capacity(self.len());
        for (i, &kind) in self.types.iter().enumerate() {
            let rhs = self.rhs.get(i).copied().unwrap_or(0.0);
            let range = self.range.get(i).copied().filter(|r| !r.is_nan());
            let (low, high) = match (kind, range) {
                (b'L', None) => (f64::NEG_INFINITY, rhs),
                (b'L', Some(r)) => (rhs - r.abs(), rhs),
                (b'G', None) => (rhs, f64::INFINITY),
                (b'G', Some(r)) => (rhs, rhs + r.abs()),
                (_, None) => (rhs, rhs),
                (_, Some(r)) if r < 0.0 => (rhs + r, rhs),
                (_, Some(r)) => (rhs, rhs + r),
            };
            lower.push(low);
            upper.push(high);
        }
        (lower, upper)
    }
}

impl Reader<'_> {
    pub(super) fn read_rows(&mut self) -> Result<(), Fault> {
        loop {
            self.plain_rows()?;
            let Some(mut fields) = self.next_data()? else { return Ok(()) };
            self.uncomment(&mut fields, 2);
            if fields.len() > 2 && self.lines.bytes[fields.get(2).at] == b'*' {
                fields.truncate(2); // some writers put a comment there
            }
            if fields.len() != 2 {
                return Err(wrong_count(fields, "ROWS", "a type (N, L, G or E) and a name"));
            }
            let name = fields.get(1);
            self.check_name(name)?;
            let kind = match self.text(fields.get(0)) {
                &[kind @ (b'N' | b'L' | b'G' | b'E' | b'n' | b'l' | b'g' | b'e')] => kind.to_ascii_uppercase(),
                other => {
                    let finding = format!("{} is not a type of row", quote(other));
                    return Err(Fault::new(fields.get(0).at, "mps-row-type", finding, "there are N, L, G and E"));
                }
            };
            self.declare_row(kind, self.rows.declared.named(self.lines.bytes, name))?;
        }
    }

    /// Reads lines as long as they are plain: all of them, in most files.
    fn plain_rows(&mut self) -> Result<(), Fault> {
        if self.lines.layout() != Layout::Free {
            return Ok(());
        }
        loop {
            let begin = self.lines.offset();
            let Some(line) = plain::row_line(self.lines.bytes, begin, &self.rows.declared) else { return Ok(()) };
            if line.end - begin > self.limits.line_bytes {
                return Ok(());
            }
            self.check_name(line.name.span)?;
            self.declare_row(line.kind, line.name)?;
            self.lines.continue_at(line.end);
        }
    }

    #[inline]
    fn declare_row(&mut self, kind: u8, name: Named) -> Result<(), Fault> {
        let mut target = LEFT_OUT;
        if kind != b'N' {
            if self.rows.types.len() == self.limits.entries {
                return Err(self.too_many(name.span.at, "rows"));
            }
            target = self.rows.types.len() as u32;
            self.rows.types.push(kind);
        }
        self.rows.declared.push(name);
        self.rows.targets.push(target);
        self.rows.end = name.span.at;
        Ok(())
    }

    /// Chooses the objective and makes the rows ready for look-ups.
    pub(super) fn close_rows(&mut self) -> Result<(), Fault> {
        let bytes = self.lines.bytes;
        let rows = &mut self.rows;
        let objective = match self.objective_name {
            None => rows.targets.iter().position(|&t| t == LEFT_OUT),
            Some(name) => {
                let at = rows.declared.find(bytes, name);
                if at.is_none_or(|at| rows.targets[at] != LEFT_OUT) {
                    let finding = format!("{} is not an N row", quote(&bytes[name.at..name.end]));
                    return Err(Fault::new(name.at, "mps-objname", finding, "name an N row of ROWS"));
                }
                at
            }
        };
        match objective {
            Some(at) => rows.targets[at] = OBJECTIVE,
            None => self.warnings.add("mps-no-objective", None, || "there is no N row: the objective is 0".to_owned()),
        }
        if let Err(second) = rows.declared.close(bytes) {
            let name = rows.declared.span(second);
            let finding = format!("a second row named {}", quote(&bytes[name.at..name.end]));
            return Err(Fault::new(name.at, "mps-duplicate-row", finding, "give each row a name of its own"));
        }
        rows.rhs = vec![0.0; rows.types.len()];
        rows.rhs_given = vec![false; rows.types.len()];
        Ok(())
    }

    #[cold]
    pub(super) fn unknown_row(&self, name: Span) -> Fault {
        let finding = format!("{} is not a row named in ROWS", quote(self.text(name)));
        let (line, _) = locate(self.lines.bytes, self.rows.end);
        Fault::new(name.at, "mps-unknown-row", finding, format!("rows end at line {line}"))
    }

    pub(super) fn is_row(&self, name: Span) -> bool {
        self.rows.declared.find(self.lines.bytes, name).is_some()
    }

    pub(super) fn find_row(&mut self, name: Span) -> Result<u32, Fault> {
        self.rows.find(self.lines.bytes, name).ok_or_else(|| self.unknown_row(name))
    }

    /// The set's name if there is one, and where the pairs of row and value begin.
    fn set_and_pairs(&self, fields: &mut Fields, section: &str) -> Result<(Option<Span>, usize), Fault> {
        self.uncomment(fields, 1);
        match fields.len() {
            2 | 4 => Ok((None, 0)),
            3 | 5 => Ok((Some(fields.get(0)), 1)),
            _ => Err(wrong_count(*fields, section, "a set's name (or none) and one or two pairs of row and value")),
        }
    }

    pub(super) fn read_rhs(&mut self) -> Result<(), Fault> {
        self.rows.expected = 0;
        while let Some(mut fields) = self.next_data()? {
            let (set, first) = self.set_and_pairs(&mut fields, "RHS")?;
            let counts = self.rows.rhs_set.takes(self.lines.bytes, set);
            for k in (first..fields.len()).step_by(2) {
                let name = fields.get(k);
                let row = self.find_row(name)?;
                let span = fields.get(k + 1);
                let value = self.limit(span)?;
                if counts {
                    self.right_hand_side(row, value, name, span)?;
                } else {
                    self.other_set(name, "RHS");
                }
            }
        }
        Ok(())
    }

    fn right_hand_side(&mut self, row: u32, value: f64, name: Span, span: Span) -> Result<(), Fault> {
        let repeated = match row {
            LEFT_OUT => false,
            OBJECTIVE => {
                self.rows.offset = -self.finite(span)?;
                std::mem::replace(&mut self.rows.offset_given, true)
            }
            row => {
                let row = row as usize;
                // Infinite on the side that lifts the row; anywhere else no value can satisfy it.
                let infinite = value.abs() >= crate::problem::INFINITE_FROM;
                let lifts = match self.rows.types[row] {
                    b'L' => value > 0.0,
                    b'G' => value < 0.0,
                    _ => false,
                };
                if infinite && !lifts {
                    let finding =
                        format!("the right-hand side {value} of a row of type {}", self.rows.types[row] as char);
                    return Err(Fault::new(span.at, "mps-not-finite", finding, "give a finite value"));
                }
                self.rows.rhs[row] = value;
                std::mem::replace(&mut self.rows.rhs_given[row], true)
            }
        };
        if repeated {
            let text = quote(self.text(name));
            self.warnings.add("mps-repeated-rhs", Some(name.at), || {
                format!("a second right-hand side of {text}; the last one counts")
            });
        }
        Ok(())
    }

    pub(super) fn read_ranges(&mut self) -> Result<(), Fault> {
        self.rows.expected = 0;
        while let Some(mut fields) = self.next_data()? {
            let (set, first) = self.set_and_pairs(&mut fields, "RANGES")?;
            let counts = self.rows.range_set.takes(self.lines.bytes, set);
            for k in (first..fields.len()).step_by(2) {
                let name = fields.get(k);
                let row = self.find_row(name)?;
                let value = self.limit(fields.get(k + 1))?;
                if counts {
                    self.range(row, value, name);
                } else {
                    self.other_set(name, "RANGES");
                }
            }
        }
        Ok(())
    }

    fn range(&mut self, row: u32, value: f64, name: Span) {
        if row >= LEFT_OUT {
            self.warnings.add("mps-range-of-objective", Some(name.at), || "a range of an N row is ignored".to_owned());
            return;
        }
        if self.rows.range.is_empty() {
            self.rows.range = vec![f64::NAN; self.rows.types.len()];
        }
        let range = &mut self.rows.range[row as usize];
        if !range.is_nan() {
            let text = quote(self.text(name));
            self.warnings
                .add("mps-repeated-range", Some(name.at), || format!("a second range of {text}; the last one counts"));
        }
        self.rows.range[row as usize] = value;
    }

    pub(super) fn other_set(&mut self, name: Span, section: &str) {
        self.warnings.add("mps-other-set", Some(name.at), || {
            format!("a second set in {section} is ignored: the first one counts")
        });
    }
}

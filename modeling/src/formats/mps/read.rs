//! The sections of an MPS file in their order: what each needs to have gone before, and what the whole comes to.
//!
//! Invariant: a section's reader stops at the next header, which is read again here.

use std::collections::HashSet;

use super::bounds::{Bounds, default_bounds};
use super::columns::Columns;
use super::lines::{Fields, Layout, Line, Lines, Span, word};
use super::rows::Rows;
use super::{Fault, Limits};
use crate::formats::fault::Warnings;
use crate::formats::number;
use crate::formats::place::{Warning, quote};
use crate::problem::{Indicator, NameArena, Names, ProblemData, Product, QuadraticRow, Sense, SpecialOrderedSet};

/// Reads all of it, in one layout.
pub(super) fn read(bytes: &[u8], layout: Layout, limits: Limits) -> Result<(ProblemData, Vec<Warning>), Fault> {
    let mut reader = Reader {
        lines: Lines::new(bytes, layout, limits),
        limits: Limits { name_bytes: limits.name_bytes.min(0xFFFF), ..limits },
        warnings: Warnings::default(),
        name: String::new(),
        sense: Sense::Minimize,
        objective_name: None,
        rows: Rows::default(),
        columns: Columns::default(),
        bounds: Bounds::default(),
        sets: Vec::new(),
        indicators: Vec::new(),
        quadratic_objective: Vec::new(),
        quadratic_rows: Vec::new(),
        quadratic_seen: HashSet::new(),
        reached: Stage::Start,
    };
    reader.sections()?;
    reader.finish()
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Start,
    Rows,
    Columns,
    /// RHS, RANGES, BOUNDS, SOS, INDICATORS and the quadratic sections, in any order.
    Rest,
}

/// Everything read so far.
pub(super) struct Reader<'a> {
    pub lines: Lines<'a>,
    pub limits: Limits,
    pub warnings: Warnings,
    name: String,
    sense: Sense,
    /// What OBJNAME says, and where.
    pub objective_name: Option<Span>,
    pub rows: Rows,
    pub columns: Columns,
    pub bounds: Bounds,
    pub sets: Vec<SpecialOrderedSet>,
    pub indicators: Vec<Indicator>,
    pub quadratic_objective: Vec<Product>,
    pub quadratic_rows: Vec<QuadraticRow>,
    /// Rows (and the objective) whose products were read.
    pub quadratic_seen: HashSet<u32>,
    reached: Stage,
}

/// Sections that other readers know and this one does not take.
const UNSUPPORTED: [&str; 9] =
    ["CSECTION", "QUADS", "GENCONS", "PWLOBJ", "PWLNAM", "PWLCON", "BRANCH", "SCENARIOS", "MULTIOBJ"];

impl<'a> Reader<'a> {
    fn sections(&mut self) -> Result<(), Fault> {
        loop {
            let fields = match self.lines.next()? {
                Line::Header(fields) => fields,
                Line::Data(fields) => return Err(self.outside_a_section(fields)),
                Line::End => return self.without_endata(),
            };
            let keyword = String::from_utf8_lossy(self.text(fields.get(0))).to_ascii_uppercase();
            match keyword.as_str() {
                "NAME" => self.problem_name(fields),
                "OBJSENSE" => self.objective_sense(fields)?,
                "OBJNAME" | "OBJECT" | "OBJECTIVE" => self.objective_name(fields)?,
                "ROWS" => {
                    self.enter(Stage::Rows, fields, "ROWS")?;
                    self.read_rows()?;
                }
                "LAZYCONS" | "USERCUTS" | "DELAYEDROWS" | "MODELCUTS" => self.lazy_rows(fields, &keyword)?,
                "COLUMNS" => {
                    self.enter(Stage::Columns, fields, "COLUMNS")?;
                    self.read_columns()?;
                }
                "RHS" => {
                    self.enter(Stage::Rest, fields, "RHS")?;
                    self.read_rhs()?;
                }
                "RANGES" => {
                    self.enter(Stage::Rest, fields, "RANGES")?;
                    self.read_ranges()?;
                }
                "BOUNDS" => {
                    self.enter(Stage::Rest, fields, "BOUNDS")?;
                    self.read_bounds()?;
                }
                "SOS" | "SETS" | "SOS1" | "SOS2" => {
                    self.enter(Stage::Rest, fields, "SOS")?;
                    let order = keyword.as_bytes().get(3).map(|&b| b - b'0').filter(|&k| k == 1 || k == 2);
                    self.read_sets(order)?;
                }
                "INDICATORS" => {
                    self.enter(Stage::Rest, fields, "INDICATORS")?;
                    self.read_indicators()?;
                }
                "QUADOBJ" | "QSECTION" | "QMATRIX" | "QCMATRIX" => {
                    self.enter(Stage::Rest, fields, &keyword)?;
                    self.read_quadratic(fields, &keyword)?;
                }
                "ENDATA" => return self.endata(fields),
                other => return Err(self.unknown_section(fields, other)),
            }
        }
    }

    fn enter(&mut self, stage: Stage, fields: Fields, section: &str) -> Result<(), Fault> {
        let fault = |finding: String, remedy| Err(Fault::new(fields.line, "mps-section-order", finding, remedy));
        if stage < Stage::Rest && self.reached >= stage {
            return fault(format!("{section} after it was closed, or a second time"), "put its lines into one section");
        }
        let (needs, missing) = match stage {
            Stage::Columns => (Stage::Rows, "ROWS"),
            Stage::Rest => (Stage::Columns, "COLUMNS"),
            Stage::Start | Stage::Rows => (Stage::Start, ""),
        };
        if self.reached < needs {
            return fault(format!("{section} before {missing}"), "the order is ROWS, COLUMNS, then the others");
        }
        self.reached = stage;
        Ok(())
    }

    /// More rows, which other solvers add when they are violated.
    fn lazy_rows(&mut self, header: Fields, keyword: &str) -> Result<(), Fault> {
        if self.reached != Stage::Rows {
            let finding = format!("{keyword} elsewhere than between ROWS and COLUMNS");
            return Err(Fault::new(header.line, "mps-section-order", finding, "move it there"));
        }
        self.warnings
            .add("mps-lazy-rows", Some(header.line), || format!("the rows of {keyword} are taken as rows like others"));
        self.read_rows()
    }

    fn problem_name(&mut self, fields: Fields) {
        if fields.len() < 2 {
            return;
        }
        let from = fields.get(1).at;
        let rest = &self.lines.bytes[from..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let mut text = line.trim_ascii_end();
        // The old free-format files of OSL and COIN-OR say so behind the name.
        if fields.len() > 2 {
            text = text.strip_suffix(b" FREE").map_or(text, <[u8]>::trim_ascii_end);
        }
        let text = &text[..text.len().min(self.limits.name_bytes)];
        self.name = String::from_utf8_lossy(text).into_owned();
    }

    fn objective_sense(&mut self, fields: Fields) -> Result<(), Fault> {
        let word = if fields.len() > 1 { fields.get(1) } else { self.following_word(fields, "MAX or MIN")? };
        let text = self.text(word).to_ascii_uppercase();
        self.sense = match text.as_slice() {
            b"MAX" | b"MAXIMIZE" | b"MAXIMISE" | b"MAXIMUM" => Sense::Maximize,
            b"MIN" | b"MINIMIZE" | b"MINIMISE" | b"MINIMUM" => Sense::Minimize,
            _ => {
                let finding = format!("{} is not an objective sense", quote(self.text(word)));
                return Err(Fault::new(word.at, "mps-objsense", finding, "write MAX or MIN"));
            }
        };
        Ok(())
    }

    fn objective_name(&mut self, fields: Fields) -> Result<(), Fault> {
        if self.reached >= Stage::Columns {
            let finding = "OBJNAME after COLUMNS has begun";
            return Err(Fault::new(fields.line, "mps-section-order", finding, "put it before COLUMNS"));
        }
        let word = if fields.len() > 1 { fields.get(1) } else { self.following_word(fields, "the objective's name")? };
        self.objective_name = Some(word);
        Ok(())
    }

    /// The one word on the line behind a header; indented, or (as some write it) not.
    fn following_word(&mut self, header: Fields, what: &str) -> Result<Span, Fault> {
        match self.lines.next()? {
            Line::Data(fields) | Line::Header(fields) => Ok(fields.get(0)),
            Line::End => {
                let finding = format!("the file ends where {what} should stand");
                Err(Fault::new(header.end(), "mps-no-endata", finding, "complete the file"))
            }
        }
    }

    fn endata(&mut self, fields: Fields) -> Result<(), Fault> {
        if self.reached < Stage::Columns {
            let missing = if self.reached < Stage::Rows { "ROWS" } else { "COLUMNS" };
            let finding = format!("ENDATA, but there was no section {missing}");
            return Err(Fault::new(fields.line, "mps-section-missing", finding, "complete the file"));
        }
        let behind = &self.lines.bytes[self.lines.offset()..];
        if let Some(n) = behind.iter().position(|b| !b.is_ascii_whitespace() && *b != 0x1A) {
            self.warnings
                .add("mps-after-endata", Some(self.lines.offset() + n), || "text behind ENDATA is ignored".to_owned());
        }
        Ok(())
    }

    fn without_endata(&mut self) -> Result<(), Fault> {
        let end = self.lines.bytes.trim_ascii_end().len();
        if self.reached == Stage::Start {
            let finding = "the file ends before any section";
            return Err(Fault::new(end, "mps-no-section", finding, "give a file with ROWS and COLUMNS"));
        }
        if self.reached < Stage::Rest {
            let section = if self.reached == Stage::Rows { "ROWS" } else { "COLUMNS" };
            let finding = format!("the file ends within {section}, without ENDATA");
            return Err(Fault::new(end, "mps-no-endata", finding, "it was cut off; get the whole file"));
        }
        self.warnings.add("mps-no-endata", Some(end), || "the file has no ENDATA: has it been cut off?".to_owned());
        Ok(())
    }

    fn outside_a_section(&self, fields: Fields) -> Fault {
        let first = fields.get(0);
        let finding = format!("{} stands in no section", quote(self.text(first)));
        Fault::new(first.at, "mps-no-section", finding, "sections (NAME, ROWS, …) begin in column 1")
    }

    fn unknown_section(&self, fields: Fields, keyword: &str) -> Fault {
        if UNSUPPORTED.contains(&keyword) {
            let finding = format!("the section {keyword} is not supported");
            let remedy = "write what it holds as rows, or leave it out";
            return Fault::new(fields.line, "mps-section-unsupported", finding, remedy);
        }
        let finding = format!("{} is not a section of an MPS file", quote(self.text(fields.get(0))));
        let remedy = "lines that belong to a section begin with a blank";
        Fault::new(fields.line, "mps-unknown-section", finding, remedy)
    }

    fn finish(mut self) -> Result<(ProblemData, Vec<Warning>), Fault> {
        default_bounds(&mut self.columns, &mut self.warnings);
        self.columns.tell_repeated_entries(&mut self.warnings);
        let bytes = self.lines.bytes;
        let (row_lower, row_upper) = self.rows.sides();
        let row_names = names(bytes, self.rows.kept_names())?;
        let objective = self.rows.objective_span();
        // What is not needed any more would otherwise stand beside what is made of it.
        drop(std::mem::take(&mut self.rows.declared));
        let column_names = names(bytes, self.columns.declared.spans())?;
        drop(std::mem::take(&mut self.columns.declared));
        let data = ProblemData {
            name: self.name,
            objective_name: objective.map(|name| String::from_utf8_lossy(&bytes[name.at..name.end]).into_owned()),
            sense: self.sense,
            offset: self.rows.offset,
            cost: self.columns.cost,
            lower: self.columns.lower,
            upper: self.columns.upper,
            kinds: self.columns.kinds,
            row_lower,
            row_upper,
            starts: self.columns.starts,
            indices: self.columns.indices,
            values: self.columns.values,
            column_names: Some(column_names),
            row_names: Some(row_names),
            sets: self.sets,
            indicators: self.indicators,
            quadratic_objective: self.quadratic_objective,
            quadratic_rows: self.quadratic_rows,
        };
        Ok((data, self.warnings.into_list(bytes)))
    }

    /// A name as text.
    pub fn name_text(&self, span: Span) -> Result<&'a str, Fault> {
        name_text(self.lines.bytes, span)
    }

    // What the sections' readers share.

    /// The next line of this section, or `None` where it ends.
    #[inline]
    pub fn next_data(&mut self) -> Result<Option<Fields>, Fault> {
        match self.lines.next()? {
            Line::Data(fields) => Ok(Some(fields)),
            Line::Header(fields) => {
                self.lines.continue_at(fields.line);
                Ok(None)
            }
            Line::End => Ok(None),
        }
    }

    /// Drops a comment: a `$` that starts a field from the `from`-th on.
    #[inline]
    pub fn uncomment(&self, fields: &mut Fields, from: usize) {
        for k in from..fields.len() {
            if self.lines.bytes[fields.get(k).at] == b'$' {
                fields.truncate(k);
                return;
            }
        }
    }

    pub fn text(&self, span: Span) -> &'a [u8] {
        &self.lines.bytes[span.at..span.end]
    }

    /// A finite number.
    #[inline]
    pub fn finite(&self, span: Span) -> Result<f64, Fault> {
        match number::parse(self.text(span)) {
            Some(value) if value.is_finite() => Ok(value),
            other => Err(self.bad_number(span, other)),
        }
    }

    /// A number that may be infinite.
    #[inline]
    pub fn limit(&self, span: Span) -> Result<f64, Fault> {
        match number::parse(self.text(span)) {
            Some(value) if !value.is_nan() => Ok(value),
            other => Err(self.bad_number(span, other)),
        }
    }

    #[cold]
    fn bad_number(&self, span: Span, value: Option<f64>) -> Fault {
        let text = quote(self.text(span));
        match value {
            None => {
                Fault::new(span.at, "mps-number", format!("{text} is not a number"), "write it as 12, -0.5 or 1e-3")
            }
            Some(v) if v.is_nan() => {
                Fault::new(span.at, "mps-not-finite", format!("{text} where a number must stand"), "give its value")
            }
            Some(_) => {
                let finding = format!("{text} where a finite number must stand");
                Fault::new(span.at, "mps-not-finite", finding, "give a value that a double holds")
            }
        }
    }

    /// Refuses a name that is too long.
    #[inline]
    pub fn check_name(&self, name: Span) -> Result<(), Fault> {
        if name.end - name.at <= self.limits.name_bytes {
            return Ok(());
        }
        let finding = format!("a name of {} bytes", name.end - name.at);
        Err(Fault::new(name.at, "mps-name-too-long", finding, format!("at most {} fit", self.limits.name_bytes)))
    }

    #[cold]
    pub fn too_many(&self, at: usize, what: &str) -> Fault {
        let finding = format!("more than {} {what}", self.limits.entries);
        Fault::new(at, "mps-too-large", finding, "no solver here takes more")
    }
}

/// These names in one arena.
fn names(bytes: &[u8], spans: impl Iterator<Item = Span> + Clone) -> Result<Names, Fault> {
    let mut text = Vec::new();
    let mut ends = Vec::with_capacity(spans.size_hint().0);
    for span in spans.clone() {
        let len = span.end - span.at;
        let end = text.len() + len;
        if len <= 8 {
            // Eight bytes in one move, and as many again taken back.
            text.extend_from_slice(&word(bytes, span.at).to_le_bytes());
            text.truncate(end);
        } else {
            text.extend_from_slice(&bytes[span.at..span.end]);
        }
        let Ok(end) = u32::try_from(end) else {
            let finding = "names of more than 4 GiB in all";
            return Err(Fault::new(span.at, "mps-too-large", finding, "shorten the names"));
        };
        ends.push(end);
    }
    let Some(arena) = NameArena::from_utf8(text, ends) else {
        // One of them is not UTF-8: which?
        return spans.map(|span| name_text(bytes, span)).collect();
    };
    // None is there twice: that was seen when their section was closed.
    Ok(Names::known_distinct(arena))
}

fn name_text(bytes: &[u8], span: Span) -> Result<&str, Fault> {
    let name = &bytes[span.at..span.end];
    std::str::from_utf8(name).map_err(|e| {
        let finding = format!("the name {} is not UTF-8", quote(name));
        Fault::new(span.at + e.valid_up_to(), "mps-not-utf8", finding, "convert the file to UTF-8")
    })
}

/// The set of RHS, RANGES or BOUNDS that counts: the first that has a name. Lines without one belong to it.
#[derive(Debug, Default)]
pub(super) struct ChosenSet {
    chosen: Option<Span>,
}

impl ChosenSet {
    /// Whether a line of this set counts.
    #[inline]
    pub fn takes(&mut self, bytes: &[u8], set: Option<Span>) -> bool {
        let Some(set) = set else { return true };
        let first = *self.chosen.get_or_insert(set);
        bytes[first.at..first.end] == bytes[set.at..set.end]
    }
}

//! COLUMNS: costs and coefficients, filled column by column straight into the problem's arrays.
//!
//! Invariant: row names are looked up in batches, in the order of the file; whoever leaves this section, by an error
//! too, has flushed the batch first, so that the first thing wrong is the one that is told.

use std::collections::HashSet;

use super::lines::{Fields, Layout};
use super::read::Reader;
use super::rows::{LEFT_OUT, OBJECTIVE};
use super::table::{BATCH, Declared, Named};
use super::{Fault, plain, wrong_count};
use crate::formats::fault::Warnings;
use crate::formats::place::quote;
use crate::problem::{ColumnKind, columns_ascend};

/// Set where a column stands between integer markers.
pub(super) const IN_MARKERS: u8 = 1;
/// Its cost was given.
const PRICED: u8 = 2;

/// The columns.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub declared: Declared,
    pub cost: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub kinds: Vec<ColumnKind>,
    /// [`IN_MARKERS`], and what BOUNDS notes.
    pub flags: Vec<u8>,
    /// While reading, how many entries each column has; then the positions.
    pub starts: Vec<u32>,
    pub indices: Vec<u32>,
    pub values: Vec<f64>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.declared.len()
    }

    /// Forgets a column's second appearance where it has entries in left out N rows only: left out, they say nothing.
    fn drop_empty_repetitions(&mut self, bytes: &[u8]) {
        let mut seen = HashSet::new();
        let keep: Vec<bool> = (0..self.len())
            .map(|j| {
                let name = self.declared.span(j);
                let empty = self.starts[j] == self.starts[j + 1] && self.flags[j] & PRICED == 0;
                seen.insert(&bytes[name.at..name.end]) || !empty
            })
            .collect();
        self.declared.retain(&keep);
        drop_where(&keep, &mut self.cost);
        drop_where(&keep, &mut self.kinds);
        drop_where(&keep, &mut self.flags);
        // An empty column's end is where the one before it ends.
        let mut ends = self.starts.split_off(1);
        drop_where(&keep, &mut ends);
        self.starts.append(&mut ends);
    }

    /// Warns of rows that a column names twice; freezing the problem adds them up.
    pub fn tell_repeated_entries(&self, warnings: &mut Warnings) {
        if columns_ascend(&self.starts, &self.indices) {
            return;
        }
        let mut rows = Vec::new();
        for j in 0..self.len() {
            let entries = &self.indices[self.starts[j] as usize..self.starts[j + 1] as usize];
            if entries.windows(2).all(|w| w[0] < w[1]) {
                continue;
            }
            rows.clear();
            rows.extend_from_slice(entries);
            rows.sort_unstable();
            if rows.windows(2).any(|w| w[0] == w[1]) {
                warnings.add("mps-repeated-entry", Some(self.declared.span(j).at), || {
                    "the column that begins here names a row twice; the values are added".to_owned()
                });
            }
        }
    }
}

fn drop_where<T>(keep: &[bool], list: &mut Vec<T>) {
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        keep[at - 1]
    });
}

/// Entries whose rows are still to be looked up.
struct Batch {
    rows: [Named; BATCH],
    values: [f64; BATCH],
    columns: [u32; BATCH],
    len: usize,
}

impl Batch {
    fn new() -> Self {
        Self { rows: [Named::default(); BATCH], values: [0.0; BATCH], columns: [0; BATCH], len: 0 }
    }

    /// Adds an entry; whether the batch is full then.
    #[inline]
    fn push(&mut self, row: Named, value: f64, column: u32) -> bool {
        let at = self.len.min(BATCH - 1);
        self.rows[at] = row;
        self.values[at] = value;
        self.columns[at] = column;
        self.len = at + 1;
        self.len == BATCH
    }
}

/// The column that is being read.
struct Current {
    key: u64,
    integer: bool,
}

impl Reader<'_> {
    pub(super) fn read_columns(&mut self) -> Result<(), Fault> {
        self.close_rows()?;
        self.columns.starts.push(0);
        let mut batch = Batch::new();
        let lines = self.column_lines(&mut batch);
        self.flush(&mut batch)?;
        lines?;
        // Sides mostly come in order, and the memory is wanted now.
        self.rows.declared.drop_table();
        let (bytes, columns) = (self.lines.bytes, &mut self.columns);
        for j in 1..columns.starts.len() {
            columns.starts[j] += columns.starts[j - 1];
        }
        let mut distinct = columns.declared.close(bytes);
        if distinct.is_err() && self.rows.any_left_out() {
            columns.drop_empty_repetitions(bytes);
            distinct = columns.declared.close(bytes);
        }
        if let Err(second) = distinct {
            let name = columns.declared.span(second);
            let finding = format!("column {} a second time", quote(self.text(name)));
            let remedy = "all lines of a column stand together, on one side of a marker";
            return Err(Fault::new(name.at, "mps-duplicate-column", finding, remedy));
        }
        let n = self.columns.len();
        self.columns.lower = vec![0.0; n];
        self.columns.upper = vec![f64::INFINITY; n];
        Ok(())
    }

    fn column_lines(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let mut current = Current { key: 0, integer: false };
        loop {
            self.plain_lines(&mut current, batch)?;
            let Some(mut fields) = self.next_data()? else { return Ok(()) };
            let bytes = self.lines.bytes;
            self.uncomment(&mut fields, 1);
            let second = if fields.len() > 1 { bytes[fields.get(1).at] } else { b'\'' };
            let starred = fields.len() == 5 && bytes[fields.get(3).at] == b'*';
            if second == b'\'' || fields.len() % 2 == 0 || fields.len() > 5 || starred {
                match self.odd_line(fields)? {
                    Odd::Marker(integer) => {
                        current = Current { key: 0, integer };
                        continue;
                    }
                    Odd::Entries(cleared) => fields = cleared,
                }
            }
            self.enter_column(self.columns.declared.named(bytes, fields.get(0)), &mut current)?;
            for k in (1..fields.len()).step_by(2) {
                let value = self.finite(fields.get(k + 1))?;
                self.entry(self.rows.declared.named(bytes, fields.get(k)), value, batch)?;
            }
        }
    }

    /// Reads lines as long as they are plain: all but a few of them, in most files.
    fn plain_lines(&mut self, current: &mut Current, batch: &mut Batch) -> Result<(), Fault> {
        if self.lines.layout() != Layout::Free {
            return Ok(());
        }
        let bytes = self.lines.bytes;
        loop {
            let begin = self.lines.offset();
            let Some(line) = plain::column_line(bytes, begin, &self.rows.declared, &self.columns.declared) else {
                return Ok(());
            };
            if line.end - begin > self.limits.line_bytes {
                return Ok(());
            }
            self.enter_column(line.column, current)?;
            self.entry(line.first.0, line.first.1, batch)?;
            if let Some((row, value)) = line.second {
                self.entry(row, value, batch)?;
            }
            self.lines.continue_at(line.end);
        }
    }

    /// Begins a column, unless it is the current one.
    #[inline]
    fn enter_column(&mut self, name: Named, current: &mut Current) -> Result<(), Fault> {
        let same = name.key == current.key && {
            let last = self.columns.len() - 1;
            self.columns.declared.is(self.lines.bytes, last, name)
        };
        if same { Ok(()) } else { self.begin_column(name, current) }
    }

    fn begin_column(&mut self, name: Named, current: &mut Current) -> Result<(), Fault> {
        current.key = name.key;
        self.check_name(name.span)?;
        let columns = &mut self.columns;
        if columns.len() == self.limits.entries {
            return Err(self.too_many(name.span.at, "columns"));
        }
        columns.declared.push(name);
        columns.cost.push(0.0);
        columns.kinds.push(if current.integer { ColumnKind::Integer } else { ColumnKind::Continuous });
        columns.flags.push(if current.integer { IN_MARKERS } else { 0 });
        columns.starts.push(0);
        Ok(())
    }

    /// An entry of the last column.
    #[inline]
    fn entry(&mut self, row: Named, value: f64, batch: &mut Batch) -> Result<(), Fault> {
        let column = (self.columns.len() - 1) as u32;
        if batch.push(row, value, column) { self.flush(batch) } else { Ok(()) }
    }

    /// Looks the rows up and puts the entries where they belong.
    fn flush(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let n = std::mem::take(&mut batch.len);
        let mut found = [0_u32; BATCH];
        if let Err(k) = self.rows.declared.find_batch(self.lines.bytes, &batch.rows[..n], &mut found) {
            return Err(self.unknown_row(batch.rows[k].span));
        }
        let columns = &mut self.columns;
        columns.indices.reserve(n);
        columns.values.reserve(n);
        for (k, &declared) in found.iter().enumerate().take(n) {
            let (j, value) = (batch.columns[k] as usize, batch.values[k]);
            match self.rows.target(declared) {
                OBJECTIVE => {
                    if columns.flags[j] & PRICED != 0 {
                        self.warnings.add("mps-repeated-entry", Some(batch.rows[k].span.at), || {
                            "the objective is named twice in a column; the values are added".to_owned()
                        });
                    }
                    columns.flags[j] |= PRICED;
                    columns.cost[j] += value;
                }
                LEFT_OUT => {}
                _ if value == 0.0 => {
                    let at = batch.rows[k].span.at;
                    self.warnings.add("mps-zero-entry", Some(at), || "a coefficient 0 is left out".to_owned());
                }
                row => {
                    columns.starts[j + 1] += 1;
                    columns.indices.push(row);
                    columns.values.push(value);
                }
            }
        }
        if columns.indices.len() > self.limits.entries {
            return Err(self.too_many(batch.rows[0].span.at, "nonzeros"));
        }
        Ok(())
    }

    /// A marker, a line with a comment behind its entries, or nothing that belongs here.
    fn odd_line(&self, mut fields: Fields) -> Result<Odd, Fault> {
        if fields.len() > 1 && self.text(fields.get(1)) == b"'MARKER'" {
            return self.marker(fields);
        }
        for k in [3, 5] {
            if fields.len() > k && self.lines.bytes[fields.get(k).at] == b'*' && !self.is_row(fields.get(k)) {
                fields.truncate(k); // some writers put a comment there
            }
        }
        if fields.len() == 3 || fields.len() == 5 {
            return Ok(Odd::Entries(fields));
        }
        Err(wrong_count(fields, "COLUMNS", "a column and one or two pairs of row and value"))
    }

    fn marker(&self, fields: Fields) -> Result<Odd, Fault> {
        if fields.len() < 3 {
            return Err(wrong_count(fields, "COLUMNS", "'INTORG' or 'INTEND' behind 'MARKER'"));
        }
        match self.text(fields.get(2)) {
            b"'INTORG'" => Ok(Odd::Marker(true)),
            b"'INTEND'" => Ok(Odd::Marker(false)),
            other => {
                let finding = format!("the marker {}", quote(other));
                let remedy = "there are 'INTORG' and 'INTEND'; sets go into a section SOS";
                Err(Fault::new(fields.get(2).at, "mps-marker", finding, remedy))
            }
        }
    }
}

enum Odd {
    /// Columns from here on are integer, or are not.
    Marker(bool),
    Entries(Fields),
}

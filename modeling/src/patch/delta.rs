//! A patch with its keys looked up: what is different, by position, sorted, each once. What solvers' sessions work from.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Change, Key, NewColumn, NewRow, Patch};
use crate::problem::{ColumnKind, DefectCode, Defects, INFINITE_FROM, MOST_ENTRIES, Place, Problem, Sense};

/// What is gone, in a list of places.
pub(super) const GONE: u32 = u32::MAX;

/// A coefficient of the matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Its row.
    pub row: u32,
    /// Its column.
    pub column: u32,
    /// The new value; 0 where it is taken out.
    pub value: f64,
}

/// A column that was added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedColumn {
    /// Its name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Its kind.
    pub kind: ColumnKind,
    /// Its lower bound.
    pub lower: f64,
    /// Its upper bound.
    pub upper: f64,
    /// Its cost.
    pub cost: f64,
    /// Old rows, ascending, with its coefficient in each; those in added rows stand there.
    pub entries: Vec<(u32, f64)>,
}

/// A row that was added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedRow {
    /// Its name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Its lower side.
    pub lower: f64,
    /// Its upper side.
    pub upper: f64,
    /// Columns, ascending, with the coefficient of each; added ones count on from n.
    pub entries: Vec<(u32, f64)>,
}

/// A patch with its keys looked up in the problem that it changes, n columns and m rows: only what stays or is added is in
/// the lists, each thing once, in ascending order, by its position before the patch.
///
/// A solver that takes the lists one after the other, and removes at the end, has the changed problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delta {
    /// Minimise or maximise, if that was said.
    pub sense: Option<Sense>,
    /// The objective's constant, if that was said.
    pub offset: Option<f64>,
    /// Old columns with new costs.
    pub costs: Vec<(u32, f64)>,
    /// Old columns with new bounds, lower and upper.
    pub bounds: Vec<(u32, f64, f64)>,
    /// Old columns with new kinds.
    pub kinds: Vec<(u32, ColumnKind)>,
    /// Old rows with new sides, lower and upper.
    pub sides: Vec<(u32, f64, f64)>,
    /// New coefficients of old columns in old rows, column by column, rows ascending.
    pub coefficients: Vec<Entry>,
    /// Columns that were added.
    pub columns: Vec<AddedColumn>,
    /// Rows that were added.
    pub rows: Vec<AddedRow>,
    /// Old columns that go.
    pub removed_columns: Vec<u32>,
    /// Old rows that go.
    pub removed_rows: Vec<u32>,
    /// Where each column the patch knows (old and added) stands afterwards; absent where all stand as they stood.
    pub(super) column_places: Option<Vec<u32>>,
    pub(super) row_places: Option<Vec<u32>>,
}

impl Delta {
    /// Whether bounds, sides and the objective's constant are all that changes.
    pub fn keeps_matrix_and_costs(&self) -> bool {
        self.sense.is_none() && self.costs.is_empty() && self.kinds.is_empty() && !self.changes_matrix()
    }

    /// Whether coefficients, columns or rows change: whether the matrix does.
    pub fn changes_matrix(&self) -> bool {
        !self.coefficients.is_empty() || self.changes_shape()
    }

    /// Whether columns or rows come or go.
    pub fn changes_shape(&self) -> bool {
        self.column_places.is_some() || self.row_places.is_some()
    }

    /// The patch that says the same by position alone, without names: what goes to a process that holds no names.
    pub fn by_position(&self) -> Patch {
        let key = Key::At;
        let keyed = |entries: &[(u32, f64)]| entries.iter().map(|&(at, value)| (key(at), value)).collect();
        let mut patch = Patch::new();
        patch.changes.extend(self.sense.map(|sense| Change::Sense { sense }));
        patch.changes.extend(self.offset.map(|value| Change::Offset { value }));
        patch.changes.extend(self.costs.iter().map(|&(j, value)| Change::Cost { column: key(j), value }));
        for &(j, lower, upper) in &self.bounds {
            patch
                .push(Change::Lower { column: key(j), value: lower })
                .push(Change::Upper { column: key(j), value: upper });
        }
        patch.changes.extend(self.kinds.iter().map(|&(j, kind)| Change::Kind { column: key(j), kind }));
        for &(i, lower, upper) in &self.sides {
            patch
                .push(Change::RowLower { row: key(i), value: lower })
                .push(Change::RowUpper { row: key(i), value: upper });
        }
        for entry in &self.coefficients {
            patch.push(Change::Coefficient { row: key(entry.row), column: key(entry.column), value: entry.value });
        }
        for c in &self.columns {
            let (kind, lower, upper, cost, entries) = (c.kind, c.lower, c.upper, c.cost, keyed(&c.entries));
            patch.add_column(NewColumn { name: None, kind, lower, upper, cost, entries });
        }
        for r in &self.rows {
            patch.add_row(NewRow { name: None, lower: r.lower, upper: r.upper, entries: keyed(&r.entries) });
        }
        patch.changes.extend(self.removed_columns.iter().map(|&j| Change::RemoveColumn { column: key(j) }));
        patch.changes.extend(self.removed_rows.iter().map(|&i| Change::RemoveRow { row: key(i) }));
        patch
    }

    /// Looks a patch's keys up. What cannot be found is told in `defects` and left out.
    pub(super) fn of(patch: &Patch, problem: &Problem, defects: &mut Defects) -> Self {
        let mut gather = Gather {
            columns: Axis::new(problem.num_columns(), "variable"),
            rows: Axis::new(problem.num_rows(), "constraint"),
            problem,
            defects,
            scalars: Scalars::default(),
            delta: Self::default(),
        };
        gather.announce(patch);
        for (at, change) in patch.changes.iter().enumerate() {
            gather.change(at, change);
        }
        gather.finish()
    }
}

/// Columns or rows: how many there are, what is added, what is removed.
struct Axis {
    old: usize,
    what: &'static str,
    added: usize,
    by_name: HashMap<String, u32>,
    removed: Vec<u32>,
}

impl Axis {
    fn new(old: usize, what: &'static str) -> Self {
        Self { old, what, added: 0, by_name: HashMap::new(), removed: Vec::new() }
    }

    fn announce(&mut self, name: Option<&String>) {
        if let Some(name) = name {
            self.by_name.entry(name.clone()).or_insert((self.old + self.added) as u32);
        }
        self.added += 1;
    }

    /// Sorts what is removed; says where everything goes, if anything comes or goes.
    fn places(&mut self) -> Option<Vec<u32>> {
        self.removed.sort_unstable();
        self.removed.dedup();
        if self.added == 0 && self.removed.is_empty() {
            return None;
        }
        let mut places = vec![0; self.old + self.added];
        self.removed.iter().for_each(|&at| places[at as usize] = GONE);
        for (next, place) in (0..).zip(places.iter_mut().filter(|place| **place != GONE)) {
            *place = next;
        }
        Some(places)
    }
}

/// Changes of single numbers in the order they were said, by position.
#[derive(Default)]
struct Scalars {
    costs: Vec<(u32, f64)>,
    lowers: Vec<(u32, f64)>,
    uppers: Vec<(u32, f64)>,
    kinds: Vec<(u32, ColumnKind)>,
    row_lowers: Vec<(u32, f64)>,
    row_uppers: Vec<(u32, f64)>,
    coefficients: Vec<((u32, u32), f64)>,
}

/// Sorted, and of several about one thing the last.
fn last_said<K: Ord + Copy, V: Copy>(mut said: Vec<(K, V)>) -> Vec<(K, V)> {
    said.sort_by_key(|one| one.0);
    let mut kept: Vec<(K, V)> = Vec::with_capacity(said.len());
    for one in said {
        match kept.last_mut() {
            Some(last) if last.0 == one.0 => *last = one,
            _ => kept.push(one),
        }
    }
    kept
}

/// A bound or a side as problems have it.
fn side(value: f64) -> f64 {
    if value >= INFINITE_FROM {
        f64::INFINITY
    } else if value <= -INFINITE_FROM {
        f64::NEG_INFINITY
    } else {
        value + 0.0 // −0 becomes 0
    }
}

struct Gather<'a> {
    problem: &'a Problem,
    defects: &'a mut Defects,
    columns: Axis,
    rows: Axis,
    scalars: Scalars,
    delta: Delta,
}

impl Gather<'_> {
    /// Notes what is added, so that any change may name it.
    fn announce(&mut self, patch: &Patch) {
        for change in &patch.changes {
            match change {
                Change::AddColumn(column) => self.columns.announce(column.name.as_ref()),
                Change::AddRow(row) => self.rows.announce(row.name.as_ref()),
                _ => {}
            }
        }
        for axis in [&self.columns, &self.rows] {
            let all = axis.old.saturating_add(axis.added);
            if all > MOST_ENTRIES {
                let detail = format!("it would have {all} {}s; at most {MOST_ENTRIES} fit", axis.what);
                self.defects.add(DefectCode::TooLarge, Place::Problem, detail);
            }
        }
    }

    fn find(&mut self, at: usize, axis: fn(&mut Self) -> &mut Axis, key: &Key) -> Option<u32> {
        let problem = self.problem;
        let axis = axis(self);
        let (what, all) = (axis.what, axis.old + axis.added);
        let found = match key {
            Key::At(place) => ((*place as usize) < all).then_some(*place),
            Key::Named(name) => {
                let names = if what == "variable" { problem.column_names() } else { problem.row_names() };
                names.find(name).map(|place| place as u32).or_else(|| axis.by_name.get(name).copied())
            }
        };
        if found.is_none() {
            let (code, detail) = match key {
                Key::At(place) => {
                    (DefectCode::OutOfRange, format!("there is no {what} at position {place}; there are {all}"))
                }
                Key::Named(name) => (DefectCode::UnknownName, format!("there is no {what} '{name}'")),
            };
            self.defects.add(code, Place::Change(at), detail);
        }
        found
    }

    fn column(&mut self, at: usize, key: &Key) -> Option<u32> {
        self.find(at, |gather| &mut gather.columns, key)
    }

    fn row(&mut self, at: usize, key: &Key) -> Option<u32> {
        self.find(at, |gather| &mut gather.rows, key)
    }

    fn change(&mut self, at: usize, change: &Change) {
        match change {
            Change::Sense { sense } => self.delta.sense = Some(*sense),
            Change::Offset { value } => self.delta.offset = Some(*value),
            Change::Cost { column, value } => {
                let found = self.column(at, column);
                self.scalars.costs.extend(found.map(|j| (j, *value)));
            }
            Change::Lower { column, value } => {
                let found = self.column(at, column);
                self.scalars.lowers.extend(found.map(|j| (j, side(*value))));
            }
            Change::Upper { column, value } => {
                let found = self.column(at, column);
                self.scalars.uppers.extend(found.map(|j| (j, side(*value))));
            }
            Change::Kind { column, kind } => {
                let found = self.column(at, column);
                self.scalars.kinds.extend(found.map(|j| (j, *kind)));
            }
            Change::RowLower { row, value } => {
                let found = self.row(at, row);
                self.scalars.row_lowers.extend(found.map(|i| (i, side(*value))));
            }
            Change::RowUpper { row, value } => {
                let found = self.row(at, row);
                self.scalars.row_uppers.extend(found.map(|i| (i, side(*value))));
            }
            Change::Coefficient { row, column, value } => {
                if let (Some(i), Some(j)) = (self.row(at, row), self.column(at, column)) {
                    self.scalars.coefficients.push(((j, i), *value));
                }
            }
            Change::AddColumn(column) => self.add_column(at, column),
            Change::AddRow(row) => self.add_row(at, row),
            Change::RemoveColumn { column } => {
                let found = self.column(at, column);
                self.columns.removed.extend(found);
            }
            Change::RemoveRow { row } => {
                let found = self.row(at, row);
                self.rows.removed.extend(found);
            }
        }
    }

    fn add_column(&mut self, at: usize, new: &NewColumn) {
        let entries: Vec<(u32, f64)> =
            new.entries.iter().filter_map(|(row, value)| Some((self.row(at, row)?, *value))).collect();
        let column = AddedColumn {
            name: new.name.as_deref().map(Arc::from),
            kind: new.kind,
            lower: side(new.lower),
            upper: side(new.upper),
            cost: new.cost,
            entries,
        };
        self.delta.columns.push(column);
    }

    fn add_row(&mut self, at: usize, new: &NewRow) {
        let entries: Vec<(u32, f64)> =
            new.entries.iter().filter_map(|(column, value)| Some((self.column(at, column)?, *value))).collect();
        let row = AddedRow {
            name: new.name.as_deref().map(Arc::from),
            lower: side(new.lower),
            upper: side(new.upper),
            entries,
        };
        self.delta.rows.push(row);
    }

    /// Sorts everything out: what was said about added columns and rows goes into them, what is removed goes.
    fn finish(mut self) -> Delta {
        let (n, m) = (self.columns.old, self.rows.old);
        self.delta.column_places = self.columns.places();
        self.delta.row_places = self.rows.places();
        self.hand_over_entries(n, m);
        self.scalars(n, m);
        let Self { mut delta, columns, rows, .. } = self;
        if !columns.removed.is_empty() || !rows.removed.is_empty() {
            drop_removed(&mut delta, n, m);
        }
        delta.removed_columns = columns.removed.into_iter().filter(|&j| (j as usize) < n).collect();
        delta.removed_rows = rows.removed.into_iter().filter(|&i| (i as usize) < m).collect();
        delta
    }

    /// An entry of an added column in an added row belongs to the row; repeated entries are added up.
    fn hand_over_entries(&mut self, n: usize, m: usize) {
        let Delta { columns, rows, .. } = &mut self.delta;
        for (k, column) in columns.iter_mut().enumerate() {
            column.entries.retain(|&(i, value)| match (i as usize).checked_sub(m) {
                None => true,
                Some(row) => {
                    rows[row].entries.push(((n + k) as u32, value));
                    false
                }
            });
            merge(&mut column.entries);
        }
        for row in rows {
            merge(&mut row.entries);
        }
    }

    fn scalars(&mut self, n: usize, m: usize) {
        let said = std::mem::take(&mut self.scalars);
        let (delta, p) = (&mut self.delta, self.problem);
        for (j, cost) in last_said(said.costs) {
            match delta.columns.get_mut((j as usize).wrapping_sub(n)) {
                Some(new) => new.cost = cost,
                None => delta.costs.push((j, cost)),
            }
        }
        for (j, kind) in last_said(said.kinds) {
            match delta.columns.get_mut((j as usize).wrapping_sub(n)) {
                Some(new) => new.kind = kind,
                None => delta.kinds.push((j, kind)),
            }
        }
        for (j, lower, upper) in pairs(said.lowers, said.uppers) {
            if let Some(new) = delta.columns.get_mut((j as usize).wrapping_sub(n)) {
                (new.lower, new.upper) = (lower.unwrap_or(new.lower), upper.unwrap_or(new.upper));
            } else {
                let (old_lower, old_upper) = (p.lower()[j as usize], p.upper()[j as usize]);
                delta.bounds.push((j, lower.unwrap_or(old_lower), upper.unwrap_or(old_upper)));
            }
        }
        for (i, lower, upper) in pairs(said.row_lowers, said.row_uppers) {
            if let Some(new) = delta.rows.get_mut((i as usize).wrapping_sub(m)) {
                (new.lower, new.upper) = (lower.unwrap_or(new.lower), upper.unwrap_or(new.upper));
            } else {
                let (old_lower, old_upper) = (p.row_lower()[i as usize], p.row_upper()[i as usize]);
                delta.sides.push((i, lower.unwrap_or(old_lower), upper.unwrap_or(old_upper)));
            }
        }
        for ((j, i), value) in last_said(said.coefficients) {
            if let Some(new) = delta.rows.get_mut((i as usize).wrapping_sub(m)) {
                set(&mut new.entries, j, value);
            } else if let Some(new) = delta.columns.get_mut((j as usize).wrapping_sub(n)) {
                set(&mut new.entries, i, value);
            } else {
                delta.coefficients.push(Entry { row: i, column: j, value });
            }
        }
    }
}

/// Lower and upper of one thing together.
fn pairs(lowers: Vec<(u32, f64)>, uppers: Vec<(u32, f64)>) -> Vec<(u32, Option<f64>, Option<f64>)> {
    let lowers = last_said(lowers).into_iter().map(|(at, value)| (at, Some(value), None));
    let mut both: Vec<_> =
        lowers.chain(last_said(uppers).into_iter().map(|(at, value)| (at, None, Some(value)))).collect();
    both.sort_by_key(|one| one.0);
    both.dedup_by(|upper, lower| {
        let same = upper.0 == lower.0;
        if same {
            lower.2 = upper.2;
        }
        same
    });
    both
}

/// Sorts entries by position and adds up repeated ones.
fn merge(entries: &mut Vec<(u32, f64)>) {
    entries.sort_by_key(|entry| entry.0);
    entries.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

/// Sets one of the sorted entries; 0 takes it out.
fn set(entries: &mut Vec<(u32, f64)>, at: u32, value: f64) {
    match entries.binary_search_by_key(&at, |entry| entry.0) {
        Ok(place) if value == 0.0 => {
            entries.remove(place);
        }
        Ok(place) => entries[place].1 = value,
        Err(_) if value == 0.0 => {}
        Err(place) => entries.insert(place, (at, value)),
    }
}

/// Leaves out what is about something that goes, and numbers the added columns that stay without gaps.
fn drop_removed(delta: &mut Delta, n: usize, m: usize) {
    let columns = delta.column_places.as_deref();
    let rows = delta.row_places.as_deref();
    let column_stays = |j: u32| columns.is_none_or(|places| places[j as usize] != GONE);
    let row_stays = |i: u32| rows.is_none_or(|places| places[i as usize] != GONE);
    delta.costs.retain(|one| column_stays(one.0));
    delta.bounds.retain(|one| column_stays(one.0));
    delta.kinds.retain(|one| column_stays(one.0));
    delta.sides.retain(|one| row_stays(one.0));
    delta.coefficients.retain(|entry| column_stays(entry.column) && row_stays(entry.row));
    // An added column's position among those that stay.
    let mut numbers = Vec::with_capacity(delta.columns.len());
    let mut kept = 0;
    for k in 0..delta.columns.len() {
        numbers.push(n as u32 + kept);
        kept += u32::from(column_stays((n + k) as u32));
    }
    let mut k = n as u32;
    delta.columns.retain_mut(|column| {
        column.entries.retain(|entry| row_stays(entry.0));
        k += 1;
        column_stays(k - 1)
    });
    let mut k = m as u32;
    delta.rows.retain_mut(|row| {
        row.entries.retain(|entry| column_stays(entry.0));
        for entry in &mut row.entries {
            if let Some(added) = (entry.0 as usize).checked_sub(n) {
                entry.0 = numbers[added];
            }
        }
        k += 1;
        row_stays(k - 1)
    });
}

//! A problem being rewritten: what is added to it and what changes, until it is frozen again. Columns and rows keep their
//! places; the matrix is copied once, at the end.

use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};

use super::implied::{Interval, hulls};
use super::way::{Recipe, Way};

/// See the module.
pub(super) struct Draft<'a> {
    /// As it was.
    pub problem: &'a Problem,
    /// As it will be, without its matrix.
    pub data: ProblemData,
    /// How things get back.
    pub way: Way,
    /// Entries beside those there were, by column.
    added: Vec<(u32, u32, f64)>,
    /// Rows whose entries are left out.
    cleared: Vec<u32>,
    hulls: Option<Vec<Interval>>,
}

impl<'a> Draft<'a> {
    /// Nothing is rewritten yet.
    pub fn new(problem: &'a Problem) -> Self {
        let n = problem.num_columns();
        let data = ProblemData {
            sense: problem.sense(),
            offset: problem.offset(),
            cost: problem.cost().to_vec(),
            lower: problem.lower().to_vec(),
            upper: problem.upper().to_vec(),
            kinds: (0..n).map(|j| problem.kind(j)).collect(),
            row_lower: problem.row_lower().to_vec(),
            row_upper: problem.row_upper().to_vec(),
            sets: problem.sets().to_vec(),
            indicators: problem.indicators().to_vec(),
            quadratic_objective: problem.quadratic_objective().to_vec(),
            quadratic_rows: problem.quadratic_rows().to_vec(),
            ..ProblemData::default()
        };
        let way = Way::new(n, problem.num_rows());
        Self { problem, data, way, added: Vec::new(), cleared: Vec::new(), hulls: None }
    }

    /// Adds a column without cost; `recipe` says what it is worth at a point of the problem as it was.
    pub fn add_column(&mut self, kind: ColumnKind, lower: f64, upper: f64, recipe: Recipe) -> u32 {
        self.data.cost.push(0.0);
        self.data.lower.push(lower);
        self.data.upper.push(upper);
        self.data.kinds.push(kind);
        self.way.recipes.push(recipe);
        self.data.cost.len() as u32 - 1
    }

    /// Adds a row.
    pub fn add_row(&mut self, lower: f64, terms: &[(u32, f64)], upper: f64) -> u32 {
        let row = self.data.row_lower.len() as u32;
        self.data.row_lower.push(lower);
        self.data.row_upper.push(upper);
        self.added.extend(terms.iter().map(|&(column, value)| (column, row, value)));
        row
    }

    /// Adds a value to an entry.
    pub fn add_entry(&mut self, row: u32, column: u32, value: f64) {
        self.added.push((column, row, value));
    }

    /// Leaves out what stands in a row.
    pub fn clear_row(&mut self, row: u32) {
        self.cleared.push(row);
    }

    /// The entries of a row as they are now; a column may stand there twice.
    pub fn row(&self, row: u32) -> Vec<(u32, f64)> {
        let mut entries = Vec::new();
        if (row as usize) < self.problem.num_rows() {
            let (columns, values) = self.problem.by_rows().row(row as usize);
            entries.extend(columns.iter().copied().zip(values.iter().copied()));
        }
        entries.extend(self.added.iter().filter(|(_, i, _)| *i == row).map(|&(j, _, value)| (j, value)));
        entries
    }

    /// Whether products were written into rows, or anything else was added to one there was.
    pub fn has_additions(&self) -> bool {
        !self.added.is_empty()
    }

    /// The values that a column can have, by its bounds or, where they are infinite, by what the rows imply.
    pub fn interval(&mut self, column: u32) -> Interval {
        let j = column as usize;
        if j >= self.problem.num_columns() {
            return Interval { least: self.data.lower[j], most: self.data.upper[j] };
        }
        self.hulls.get_or_insert_with(|| hulls(self.problem))[j]
    }

    /// Whether a column is zero or one.
    pub fn is_binary(&self, column: u32) -> bool {
        let j = column as usize;
        self.data.kinds[j] == ColumnKind::Integer && self.data.lower[j] >= 0.0 && self.data.upper[j] <= 1.0
    }

    /// Notes a big-M, and refuses one that is too large; `what` it is for.
    pub fn big_m(&mut self, value: f64, what: impl FnOnce() -> String) -> Result<f64, String> {
        if value.abs() > super::LARGEST_BIG_M {
            let most = super::LARGEST_BIG_M;
            return Err(format!("{} would need a big-M of {value:e}, above {most:e}: tighten the bounds", what()));
        }
        self.way.largest_big_m = self.way.largest_big_m.max(value.abs());
        Ok(value)
    }

    /// The name of a column of the problem as it was.
    pub fn column_name(&self, column: u32) -> String {
        self.problem.column_names().get(column as usize).into_owned()
    }

    /// Freezes it.
    pub fn finish(self) -> Result<(Problem, Way), String> {
        let Self { problem, mut data, mut way, mut added, cleared, .. } = self;
        way.negated = data.sense != problem.sense();
        debug_assert!(data.sense == Sense::Minimize || !way.negated);
        let mut is_cleared = vec![false; if cleared.is_empty() { 0 } else { data.row_lower.len() }];
        for row in cleared {
            is_cleared[row as usize] = true;
        }
        let left_out = |row: u32| is_cleared.get(row as usize).copied().unwrap_or(false);
        added.retain(|&(_, row, _)| !left_out(row));
        added.sort_by_key(|&(column, row, _)| (column, row));
        let entries = problem.num_nonzeros() + added.len();
        (data.indices, data.values) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        data.starts.push(0);
        let mut rest = added.as_slice();
        for j in 0..data.cost.len() {
            if j < problem.num_columns() {
                let column = problem.column(j);
                for (&row, &value) in column.rows.iter().zip(column.values).filter(|(row, _)| !left_out(**row)) {
                    data.indices.push(row);
                    data.values.push(value);
                }
            }
            let own = rest.partition_point(|&(column, _, _)| column as usize == j);
            for &(_, row, value) in &rest[..own] {
                data.indices.push(row);
                data.values.push(value);
            }
            rest = &rest[own..];
            data.starts.push(data.indices.len() as u32);
        }
        let problem = Problem::new(data).map_err(|defects| format!("it cannot be rewritten: {defects}"))?;
        Ok((problem, way))
    }
}

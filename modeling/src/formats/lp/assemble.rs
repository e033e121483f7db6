//! Rows as they are read, and the problem's arrays made of them: types and bounds settled, the matrix turned to columns.

use super::read::Reader;
use super::rows::Sides;
use super::variables::{NameIndex, Variables, flag};
use crate::formats::fault::{Fault, Warnings};
use crate::formats::place::Warning;
use crate::problem::{Names, ProblemData};

/// The rows, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// End of each row in `columns` and `values`.
    ends: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f64>,
    sides: Vec<Sides>,
    /// Labels, in the order of the rows that have one.
    labels: NameIndex,
    /// Rows without a label.
    unlabelled: Vec<u32>,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.sides.len()
    }

    /// Adds a row; `false` when its name is there already (or names take more than 4 GiB).
    #[must_use]
    pub fn push(&mut self, label: Option<&str>, terms: &[(u32, f64)], sides: Sides) -> bool {
        match label {
            Some(name) => {
                if self.labels.find(name.as_bytes()).is_some() || self.labels.add(name).is_none() {
                    return false;
                }
            }
            None => self.unlabelled.push(self.len() as u32),
        }
        for &(column, value) in terms.iter().filter(|t| t.1 != 0.0) {
            self.columns.push(column);
            self.values.push(value);
        }
        self.ends.push(self.columns.len() as u32);
        self.sides.push(sides);
        true
    }

    /// Room for so many more rows, of so many terms and so many bytes of labels together.
    pub fn reserve(&mut self, rows: usize, terms: usize, bytes: usize) {
        self.labels.reserve(rows, bytes);
        self.ends.reserve_exact(rows);
        self.sides.reserve_exact(rows);
        self.columns.reserve_exact(terms);
        self.values.reserve_exact(terms);
    }

    /// A label that no row has yet.
    pub fn unused_label(&self, base: String) -> String {
        self.labels.unused(base)
    }

    /// Names of all rows: labels, and `R` with the row's number where there is none.
    fn names(&mut self) -> Option<Names> {
        let (labels, unlabelled) = (std::mem::take(&mut self.labels), std::mem::take(&mut self.unlabelled));
        if unlabelled.len() == self.sides.len() {
            return None;
        }
        if unlabelled.is_empty() {
            return Some(labels.into_names());
        }
        let (mut all, mut next, mut label) = (NameIndex::default(), 0, 0);
        for row in 0..self.sides.len() {
            if unlabelled.get(next) == Some(&(row as u32)) {
                next += 1;
                // Each has a number of its own, so these cannot meet one another.
                all.add(&labels.unused(format!("R{}", row + 1)))?;
            } else {
                all.add(labels.get(label))?;
                label += 1;
            }
        }
        Some(all.into_names())
    }

    /// Column starts, rows and values, by counting; repeated terms stand side by side.
    fn by_columns(&mut self, n: usize) -> (Vec<u32>, Vec<u32>, Vec<f64>) {
        let mut starts = vec![0_u32; n + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for j in 0..n {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut indices = vec![0_u32; self.columns.len()];
        let mut values = vec![0.0; self.columns.len()];
        let mut from = 0;
        for (row, &end) in self.ends.iter().enumerate() {
            for k in from..end as usize {
                let at = &mut next[self.columns[k] as usize];
                indices[*at as usize] = row as u32;
                values[*at as usize] = self.values[k];
                *at += 1;
            }
            from = end as usize;
        }
        (self.ends, self.columns, self.values) = Default::default();
        (starts, indices, values)
    }

    /// Lower and upper sides; they are not there any more afterwards.
    fn split_sides(&mut self) -> (Vec<f64>, Vec<f64>) {
        let sides = std::mem::take(&mut self.sides);
        sides.into_iter().map(|sides| (sides.lower, sides.upper)).unzip()
    }
}

impl Reader<'_> {
    pub(super) fn finish(mut self) -> Result<(ProblemData, Vec<Warning>), Fault> {
        settle_bounds(&mut self.variables, &mut self.warnings);
        self.variables.seen = Vec::new();
        self.rewrite_general()?;
        let objective_name = match self.objective_name {
            Some(span) => Some(self.name_text(span)?.to_owned()),
            None => None,
        };
        let name = problem_name(self.tokens.bytes);
        let sense = self.sense();
        // One thing after the other, each dropping what it was made of: large files are what this has to hold.
        let kinds = (0..self.variables.len()).map(|j| self.variables.kind(j)).collect();
        self.variables.flags = Vec::new();
        let Variables { names, cost, lower, upper, .. } = self.variables;
        let column_names = Some(names.into_names());
        let row_names = self.rows.names();
        let (starts, indices, values) = self.rows.by_columns(cost.len());
        let rows_of = |j: usize| &indices[starts[j] as usize..starts[j + 1] as usize];
        if (0..cost.len()).any(|j| rows_of(j).windows(2).any(|w| w[0] == w[1])) {
            self.warnings
                .add("lp-repeated-term", None, || "a row names a variable twice; the values are added".to_owned());
        }
        let (row_lower, row_upper) = self.rows.split_sides();
        let data = ProblemData {
            name,
            objective_name,
            sense,
            offset: self.offset,
            kinds,
            row_lower,
            row_upper,
            starts,
            indices,
            values,
            row_names,
            cost,
            lower,
            upper,
            column_names,
            sets: self.sets,
            indicators: self.indicators,
            quadratic_objective: self.quadratic_objective,
            quadratic_rows: self.quadratic_rows,
        };
        Ok((data, self.warnings.into_list(self.tokens.bytes)))
    }
}

/// Gives binaries their bounds, and tells of upper bounds that leave nothing.
fn settle_bounds(variables: &mut Variables, warnings: &mut Warnings) {
    for j in 0..variables.len() {
        let at = Some(variables.seen[j]);
        if variables.has(j, flag::BINARY) {
            let (lower, upper) = (variables.lower[j], variables.upper[j]);
            if (variables.has(j, flag::LOWER) && lower < 0.0) || (variables.has(j, flag::UPPER) && upper > 1.0) {
                warnings.add("lp-binary-bounds", at, || {
                    "the binary that first appears here has wider bounds: 0 and 1 hold as well".to_owned()
                });
            }
            variables.lower[j] = lower.max(0.0);
            variables.upper[j] = upper.min(1.0);
        }
        if variables.upper[j] < 0.0 && variables.flags[j] & (flag::LOWER | flag::SEMI) == 0 {
            warnings.add("lp-negative-upper-bound", at, || {
                "the variable that first appears here has an upper bound below zero and no lower one: that stays 0"
                    .to_owned()
            });
        }
    }
}

/// What a comment at the file's beginning says: `\Problem name: x` (CPLEX, SCIP) or `\ Model x` (Gurobi).
fn problem_name(bytes: &[u8]) -> String {
    const MOST: usize = 0xFFFF;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    for line in text.split(|b| *b == b'\n').take(100) {
        let line = line.trim_ascii();
        let Some(comment) = line.strip_prefix(b"\\") else {
            if line.is_empty() {
                continue;
            }
            break;
        };
        let comment = comment.trim_ascii_start();
        let behind = |key: &[u8]| {
            let head = comment.get(..key.len())?;
            head.eq_ignore_ascii_case(key).then(|| comment[key.len()..].trim_ascii())
        };
        if let Some(name) = behind(b"Problem name:").or_else(|| behind(b"Model ")) {
            return String::from_utf8_lossy(&name[..name.len().min(MOST)]).into_owned();
        }
    }
    String::new()
}

//! Freezing: rows become columns in one pass that also merges repeated variables, and everything wrong is told at once.

use super::Model;
use crate::problem::{DefectCode, Defects, Names, Place, Problem, ProblemData, QuadraticRow};

impl Model {
    /// The model as a validated problem. The model stays as it is and may go on growing.
    ///
    /// Terms of one variable within a row are added up; coefficients that are then zero are dropped.
    ///
    /// # Errors
    /// All defects at once, by name: numbers that are NaN or infinite, bounds that are crossed, rows without variables
    /// or with crossed sides that can never hold.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("sick");
    /// let x = m.nonnegative("x").over(0..2);
    /// m.minimize(f64::NAN * x[1]);
    /// m.rows("cover", 0..2, |_| sum(1..1, |i| x[i]).ge(1)); // a sum over nothing
    /// assert_eq!(
    ///     m.freeze().unwrap_err().to_string(),
    ///     "3 defects in the problem
    ///   variable 'x[1]': its cost is NaN
    ///   constraint 'cover[0]': it has no variables and says 0 ≥ 1, which never holds
    ///   constraint 'cover[1]': it has no variables and says 0 ≥ 1, which never holds",
    /// );
    /// ```
    pub fn freeze(&self) -> Result<Problem, Defects> {
        let mut matrix = Columns::transpose(self);
        let mut cost = vec![0.0; self.num_variables()];
        for (&column, &value) in self.objective.columns.iter().zip(&self.objective.values) {
            cost[column as usize] += value;
        }
        let column_names = self.known.variables().freeze("C", self.num_variables());
        let row_names = self.row_names.freeze("R", self.num_rows());
        let quadratic_rows = self.quadratic_rows();
        for row in &quadratic_rows {
            matrix.lengths[row.row as usize] += row.products.len() as u32;
        }
        let mut told = self.never_holds(&matrix.lengths, &column_names, &row_names);
        self.reliance.judge(&self.lower, &self.upper, &column_names, &mut told);
        let problem = Problem::new(ProblemData {
            name: self.name().into(),
            objective_name: self.objective_name(),
            sense: self.sense,
            offset: self.objective.constant,
            cost,
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
            starts: std::mem::take(&mut matrix.starts),
            indices: std::mem::take(&mut matrix.rows),
            values: std::mem::take(&mut matrix.values),
            column_names: Some(column_names),
            row_names: Some(row_names),
            sets: self.sets.clone(),
            indicators: self.indicators.clone(),
            quadratic_objective: self.objective.products.clone(),
            quadratic_rows,
        });
        match (problem, told.count) {
            (Ok(problem), 0) => Ok(problem),
            (Ok(_), _) => Err(told),
            (Err(mut defects), _) => {
                for defect in told.list {
                    defects.add(defect.code, defect.place, defect.detail);
                }
                Err(defects)
            }
        }
    }

    /// The products of each row that has some.
    fn quadratic_rows(&self) -> Vec<QuadraticRow> {
        let mut from = 0;
        let rows = self.product_ends.iter().map(|&(row, end)| {
            let products = self.terms.products[from..end as usize].to_vec();
            from = end as usize;
            QuadraticRow { row, products }
        });
        rows.collect()
    }

    /// Bounds and sides that nothing can be between. NaN is somebody else's finding.
    fn never_holds(&self, lengths: &[u32], column_names: &Names, row_names: &Names) -> Defects {
        let mut defects = Defects::default();
        for (j, (&lower, &upper)) in self.lower.iter().zip(&self.upper).enumerate() {
            if lower > upper {
                let place = Place::Column(j, column_names.get(j).into_owned());
                defects.add(
                    DefectCode::NeverHolds,
                    place,
                    format!("its lower bound {lower} is above its upper bound {upper}"),
                );
            }
        }
        for (i, (&lower, &upper)) in self.row_lower.iter().zip(&self.row_upper).enumerate() {
            let empty = lengths[i] == 0;
            let detail = if lower > upper {
                format!("its lower side {lower} is above its upper side {upper}, so it never holds")
            } else if empty && lower > 0.0 {
                format!("it has no variables and says 0 ≥ {lower}, which never holds")
            } else if empty && upper < 0.0 {
                format!("it has no variables and says 0 ≤ {upper}, which never holds")
            } else {
                continue;
            };
            let switched = self.indicators.iter().any(|indicator| indicator.row as usize == i);
            if !switched {
                defects.add(DefectCode::NeverHolds, Place::Row(i, row_names.get(i).into_owned()), detail);
            }
        }
        defects
    }
}

/// The matrix column by column.
struct Columns {
    /// n + 1 positions.
    starts: Vec<u32>,
    rows: Vec<u32>,
    values: Vec<f64>,
    /// How many entries each row has.
    lengths: Vec<u32>,
}

impl Columns {
    /// Sorts the model's terms into columns by counting. Rows come in order, so a repeated variable of a row finds its own
    /// entry last in its column: merging takes no hash and no sort.
    fn transpose(model: &Model) -> Self {
        let terms = &model.terms;
        let mut starts = vec![0_u32; model.num_variables() + 1];
        for &column in &terms.columns {
            starts[column as usize + 1] += 1;
        }
        for j in 1..starts.len() {
            starts[j] += starts[j - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0_u32; terms.columns.len()];
        let mut values = vec![0.0; terms.columns.len()];
        let mut lengths = Vec::with_capacity(model.num_rows());
        let (mut from, mut kept) = (0, 0);
        for (row, &end) in model.ends.iter().enumerate() {
            let range = from..end as usize;
            from = range.end;
            let before = kept;
            for (&column, &value) in terms.columns[range.clone()].iter().zip(&terms.values[range]) {
                let column = column as usize;
                let at = next[column] as usize;
                if value == 0.0 {
                    continue;
                }
                // Asked in this order, the start of the column, another miss of the cache, is hardly ever looked at.
                if at > 0 && rows[at - 1] == row as u32 && at > starts[column] as usize {
                    values[at - 1] += value;
                } else {
                    rows[at] = row as u32;
                    values[at] = value;
                    next[column] += 1;
                    kept += 1;
                }
            }
            lengths.push(kept - before);
        }
        let mut columns = Self { starts, rows, values, lengths };
        if kept as usize != terms.columns.len() {
            columns.close_gaps(&next);
        }
        columns
    }

    /// Moves the entries together after some were merged, without those that came to nothing.
    fn close_gaps(&mut self, ends: &[u32]) {
        let mut kept = 0;
        for (column, &end) in ends[..ends.len() - 1].iter().enumerate() {
            let range = self.starts[column] as usize..end as usize;
            self.starts[column] = kept as u32;
            for at in range {
                if self.values[at] == 0.0 {
                    self.lengths[self.rows[at] as usize] -= 1;
                } else {
                    self.rows[kept] = self.rows[at];
                    self.values[kept] = self.values[at];
                    kept += 1;
                }
            }
        }
        if let Some(last) = self.starts.last_mut() {
            *last = kept as u32;
        }
        self.rows.truncate(kept);
        self.values.truncate(kept);
    }
}

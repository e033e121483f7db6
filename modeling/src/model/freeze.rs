//! Freezing: rows become columns in one pass that also merges repeated variables, and everything wrong is told at once.

use super::Model;
use crate::problem::{ColumnKind, DefectCode, Defects, Names, Place, Problem, ProblemData, QuadraticRow};

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
        self.with_sides(Sides {
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
        })
    }

    /// As [`freeze`](Self::freeze), for a model that is not needed any more: bounds, kinds and sides move into the problem
    /// instead of being copied.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("shop");
    /// let x = m.integer("x").bounds(0, 10).over(0..2);
    /// m.row("budget", (x[0] + x[1]).le(12));
    /// assert_eq!(m.freeze()?, m.into_problem()?);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    pub fn into_problem(mut self) -> Result<Problem, Defects> {
        let sides = Sides {
            lower: std::mem::take(&mut self.lower),
            upper: std::mem::take(&mut self.upper),
            kinds: std::mem::take(&mut self.kinds),
            row_lower: std::mem::take(&mut self.row_lower),
            row_upper: std::mem::take(&mut self.row_upper),
        };
        self.with_sides(sides)
    }

    fn with_sides(&self, sides: Sides) -> Result<Problem, Defects> {
        let variables = sides.lower.len();
        let mut matrix = Columns::transpose(self, variables);
        let mut cost = vec![0.0; variables];
        for (&column, &value) in self.objective.columns.iter().zip(&self.objective.values) {
            cost[column as usize] += value;
        }
        let column_names = self.known.variables().freeze("C", variables);
        let row_names = self.row_names.freeze("R", self.num_rows());
        let quadratic_rows = self.quadratic_rows();
        for row in &quadratic_rows {
            matrix.lengths[row.row as usize] += row.products.len() as u32;
        }
        let mut told = self.never_holds(&sides, &matrix.lengths, &column_names, &row_names);
        self.reliance.judge(&sides.lower, &sides.upper, &column_names, &mut told);
        let problem = Problem::of_sorted(ProblemData {
            name: self.name().into(),
            objective_name: self.objective_name(),
            sense: self.sense,
            offset: self.objective.constant,
            cost,
            lower: sides.lower,
            upper: sides.upper,
            kinds: sides.kinds,
            row_lower: sides.row_lower,
            row_upper: sides.row_upper,
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
    fn never_holds(&self, sides: &Sides, lengths: &[u32], column_names: &Names, row_names: &Names) -> Defects {
        let mut defects = Defects::default();
        for (j, (&lower, &upper)) in sides.lower.iter().zip(&sides.upper).enumerate() {
            if lower > upper {
                let place = Place::Column(j, column_names.get(j).into_owned());
                defects.add(
                    DefectCode::NeverHolds,
                    place,
                    format!("its lower bound {lower} is above its upper bound {upper}"),
                );
            }
        }
        for (i, (&lower, &upper)) in sides.row_lower.iter().zip(&sides.row_upper).enumerate() {
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

/// Bounds, kinds and sides: what a problem has just as the model does.
struct Sides {
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinds: Vec<ColumnKind>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
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
    fn transpose(model: &Model, variables: usize) -> Self {
        /// Where a column's next entry goes, and the row of its last one, side by side in the cache.
        #[derive(Clone, Copy)]
        struct Column {
            next: u32,
            last_row: u32,
        }
        let terms = &model.terms;
        let mut starts = vec![0_u32; variables + 1];
        for &column in &terms.columns {
            starts[column as usize + 1] += 1;
        }
        for j in 1..starts.len() {
            starts[j] += starts[j - 1];
        }
        let mut columns: Vec<Column> = starts.iter().map(|&next| Column { next, last_row: u32::MAX }).collect();
        let mut rows = vec![0_u32; terms.columns.len()];
        let mut values = vec![0.0; terms.columns.len()];
        let mut lengths = Vec::with_capacity(model.num_rows());
        let mut from = 0;
        for (row, &end) in (0_u32..).zip(&model.ends) {
            let range = from..end as usize;
            from = range.end;
            let mut length = 0;
            for (&column, &value) in terms.columns[range.clone()].iter().zip(&terms.values[range]) {
                if value == 0.0 {
                    continue;
                }
                let column = &mut columns[column as usize];
                if column.last_row == row {
                    values[column.next as usize - 1] += value;
                    continue;
                }
                let at = column.next as usize;
                *column = Column { next: column.next + 1, last_row: row };
                rows[at] = row;
                values[at] = value;
                length += 1;
            }
            lengths.push(length);
        }
        let kept: usize = lengths.iter().map(|&length| length as usize).sum();
        let mut matrix = Self { starts, rows, values, lengths };
        if kept != terms.columns.len() {
            let ends: Vec<u32> = columns.iter().map(|column| column.next).collect();
            matrix.close_gaps(&ends);
        }
        matrix
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

//! Freezing: rows become columns in one pass that also merges repeated variables, and everything wrong is told at once.

use super::Model;
use crate::problem::{
    ColumnKind, DefectCode, Defects, Names, Place, Problem, ProblemData, QuadraticRow, columns_ascend, look,
};

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
            cost: self.costs(),
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
        })
    }

    /// As [`freeze`](Self::freeze), for a model that is not needed any more: bounds, kinds, sides, and costs that were written
    /// in the order of the variables, move into the problem instead of being copied.
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
            cost: self.take_costs(),
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
        let matrix = Columns::transpose(self, variables);
        let column_names = self.known.variables().freeze("C", variables);
        let row_names = self.row_names.freeze("R", self.num_rows());
        let quadratic_rows = self.quadratic_rows();
        let empty = matrix.empty_rows(self, &quadratic_rows);
        let (bounds, seen) = (look(&sides.lower, &sides.upper), look(&sides.row_lower, &sides.row_upper));
        let crossed = (bounds.crossed, seen.crossed);
        let mut told = self.never_holds(&sides, crossed, &empty, &column_names, &row_names);
        self.reliance.judge(&sides.lower, &sides.upper, &column_names, &mut told);
        let data = ProblemData {
            name: self.name().into(),
            objective_name: self.objective_name(),
            sense: self.sense,
            offset: self.objective.constant,
            cost: sides.cost,
            lower: sides.lower,
            upper: sides.upper,
            kinds: sides.kinds,
            row_lower: sides.row_lower,
            row_upper: sides.row_upper,
            starts: matrix.starts,
            indices: matrix.rows,
            values: matrix.values,
            column_names: Some(column_names),
            row_names: Some(row_names),
            sets: self.sets.clone(),
            indicators: self.indicators.clone(),
            quadratic_objective: self.objective.products.clone(),
            quadratic_rows,
        };
        match (Problem::of_sorted(data, bounds, seen), told.count) {
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

    /// The cost of every variable.
    fn costs(&self) -> Vec<f64> {
        let mut cost = vec![0.0; self.num_variables()];
        for (&column, &value) in self.objective.columns.iter().zip(&self.objective.values) {
            cost[column as usize] += value;
        }
        cost
    }

    /// The same; where every variable was written once and in order, they are there already.
    fn take_costs(&mut self) -> Vec<f64> {
        let columns = &self.objective.columns;
        if columns.len() != self.num_variables() || (0..).zip(columns).any(|(at, &column): (u32, _)| at != column) {
            return self.costs();
        }
        let mut cost = std::mem::take(&mut self.objective.values);
        for value in &mut cost {
            *value += 0.0; // makes 0 of −0, as adding up does
        }
        cost
    }

    /// Bounds and sides that nothing can be between, if some are `crossed`, and `empty` rows that say something else than 0.
    /// NaN is somebody else's finding.
    fn never_holds(
        &self,
        sides: &Sides,
        crossed: (bool, bool),
        empty: &[u32],
        column_names: &Names,
        row_names: &Names,
    ) -> Defects {
        let mut defects = Defects::default();
        if crossed.0 {
            for (j, (&lower, &upper)) in sides.lower.iter().zip(&sides.upper).enumerate() {
                if lower > upper {
                    let place = Place::Column(j, column_names.get(j).into_owned());
                    let detail = format!("its lower bound {lower} is above its upper bound {upper}");
                    defects.add(DefectCode::NeverHolds, place, detail);
                }
            }
        }
        let mut row = |i: usize, empty: bool| {
            let (lower, upper) = (sides.row_lower[i], sides.row_upper[i]);
            let detail = if lower > upper {
                format!("its lower side {lower} is above its upper side {upper}, so it never holds")
            } else if empty && lower > 0.0 {
                format!("it has no variables and says 0 ≥ {lower}, which never holds")
            } else if empty && upper < 0.0 {
                format!("it has no variables and says 0 ≤ {upper}, which never holds")
            } else {
                return;
            };
            let switched = self.indicators.iter().any(|indicator| indicator.row as usize == i);
            if !switched {
                defects.add(DefectCode::NeverHolds, Place::Row(i, row_names.get(i).into_owned()), detail);
            }
        };
        if crossed.1 {
            (0..self.num_rows()).for_each(|i| row(i, empty.binary_search(&(i as u32)).is_ok()));
        } else {
            for &i in empty {
                row(i as usize, true);
            }
        }
        defects
    }
}

/// Costs, bounds, kinds and sides: what a problem has just as the model does.
struct Sides {
    cost: Vec<f64>,
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
    /// Whether it has fewer entries than the model has terms.
    merged: bool,
}

impl Columns {
    /// Sorts the model's terms into columns by counting. Rows come in order, so a variable that a row repeats stands twice
    /// in a row in its column: merging takes no hash and no sort, and is done only where something is to be merged.
    fn transpose(model: &Model, variables: usize) -> Self {
        let terms = &model.terms;
        // Place j + 1 is where column j goes on: its start at first, its end, which is the next one's start, at last.
        let mut starts = vec![0_u32; variables + 2];
        for &column in &terms.columns {
            starts[column as usize + 2] += 1;
        }
        let mut sum = 0;
        for count in &mut starts {
            sum += *count;
            *count = sum;
        }
        let next = &mut starts[1..];
        let mut rows = vec![0_u32; terms.columns.len()];
        let mut values = vec![0.0; terms.columns.len()];
        let (mut from, mut zero, mut falls) = (0, false, false);
        for (row, &end) in (0_u32..).zip(&model.ends) {
            let range = from..end as usize;
            from = range.end;
            let mut previous = -1;
            for (&column, &value) in terms.columns[range.clone()].iter().zip(&terms.values[range]) {
                zero |= value == 0.0;
                falls |= i64::from(column) <= previous;
                previous = i64::from(column);
                let next = &mut next[column as usize];
                rows[*next as usize] = row;
                values[*next as usize] = value;
                *next += 1;
            }
        }
        starts.pop();
        let mut matrix = Self { starts, rows, values, merged: false };
        // A row whose variables rise repeats none.
        if zero || (falls && !columns_ascend(&matrix.starts, &matrix.rows)) {
            matrix.merge();
        }
        matrix
    }

    /// Adds up what stands in one place, leaves out what comes to nothing, and moves the rest together.
    fn merge(&mut self) {
        let (mut at, mut kept) = (0, 0);
        for column in 1..self.starts.len() {
            let end = self.starts[column] as usize;
            while at < end {
                let (row, mut value) = (self.rows[at], self.values[at]);
                at += 1;
                while at < end && self.rows[at] == row {
                    value += self.values[at];
                    at += 1;
                }
                if value != 0.0 {
                    (self.rows[kept], self.values[kept]) = (row, value);
                    kept += 1;
                }
            }
            self.starts[column] = kept as u32;
        }
        self.merged = kept < self.rows.len();
        self.rows.truncate(kept);
        self.values.truncate(kept);
    }

    /// Rows that have neither an entry nor a product, ascending.
    fn empty_rows(&self, model: &Model, quadratic: &[QuadraticRow]) -> Vec<u32> {
        let mut empty: Vec<u32> = if self.merged {
            let mut filled = vec![false; model.num_rows()];
            self.rows.iter().for_each(|&row| filled[row as usize] = true);
            (0..).zip(filled).filter(|(_, filled)| !filled).map(|(row, _)| row).collect()
        } else {
            let starts = std::iter::once(&0).chain(&model.ends);
            (0..).zip(starts.zip(&model.ends)).filter(|(_, (start, end))| start == end).map(|(row, _)| row).collect()
        };
        empty.retain(|row| quadratic.binary_search_by_key(row, |one| one.row).is_err());
        empty
    }
}

//! Rows that a binary switches, by big-Ms from bounds, and binaries that tell whether a row holds.

use super::{Bounded, Ends, Function};
use crate::model::expression::{Expr, Number, Terms, Var};
use crate::model::literal::Literal;
use crate::model::{Compare, IntoRow, Model};
use crate::problem::DefectCode;

impl Model {
    /// Adds a linear row that has to hold only when `condition` is true, for solvers without indicators.
    ///
    /// For e ≤ r with e in \[l, u\] adds e + (u − r) b ≤ u, for e ≥ r adds e − (r − l) b ≥ l, and both (`name.most`,
    /// `name.least`) for a row with two sides; a side that the bounds keep anyway adds nothing. Every variable needs the bound that makes u (or
    /// l) finite. [`when`](Self::when) says the same as an indicator, without big-M.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("unit commitment");
    /// let on = m.binary("on").one();
    /// let load = m.nonnegative("load").upper(300).one();
    /// m.when_by_bounds("least load", on, load.ge(120));
    /// m.when_by_bounds("off", !on, load.le(0));
    /// let p = m.freeze()?;
    /// assert_eq!(p.by_rows().row(0), (&[0, 1][..], &[-120.0, 1.0][..])); // load − 120 on ≥ 0
    /// assert_eq!((p.by_rows().row(1).1, p.row_upper()[1]), (&[-300.0, 1.0][..], 0.0)); // load ≤ 300 on
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn when_by_bounds(&mut self, name: &str, condition: impl Into<Literal>, row: impl IntoRow) {
        let function = Function { kind: "switched row", name };
        let condition = self.condition(function, condition.into());
        let Some((expr, lower, upper)) = self.linear_row(function, row) else { return };
        let two = lower.is_finite() && upper.is_finite();
        if upper.is_finite() {
            let name = if two { &format!("{name}.most") } else { name };
            self.switch_upper(function, name, condition, &expr, upper);
        }
        if lower.is_finite() {
            let name = if two { &format!("{name}.least") } else { name };
            self.switch_lower(function, name, condition, &expr, lower);
        }
    }

    /// A binary that is 1 exactly if a row with one side holds: if it is 0, the row is violated by at least `step` (1 for
    /// integers with integer coefficients; else the smallest violation that is one). Values in between are excluded.
    ///
    /// For e ≤ r adds the binary b and what [`when_by_bounds`](Self::when_by_bounds) adds for e ≤ r on b and for
    /// e ≥ r + step on 1 − b (`name.else`); likewise for e ≥ r.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("discount");
    /// let order = m.integer("order").bounds(0, 200).one();
    /// let large = m.holds("large", order.ge(100), 1);
    /// m.maximize(5 * large - 0.01 * order);
    /// assert_eq!(m.freeze()?.num_rows(), 2);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn holds<N: Number>(&mut self, name: &str, row: impl IntoRow, step: N) -> Var {
        let function = Function { kind: "condition", name };
        let (b, step) = (self.binary(name).one(), step.to_f64());
        if !(step > 0.0 && step.is_finite()) {
            self.lacks(function, DefectCode::BadFunction, format!("its step is {step}; it must be positive"));
        }
        let Some((expr, lower, upper)) = self.linear_row(function, row) else { return b };
        let otherwise = format!("{name}.else");
        match (lower.is_finite(), upper.is_finite()) {
            (false, true) => {
                self.switch_upper(function, &format!("{name}.then"), b.into(), &expr, upper);
                self.switch_lower(function, &otherwise, !b, &expr, upper + step);
            }
            (true, false) => {
                self.switch_lower(function, &format!("{name}.then"), b.into(), &expr, lower);
                self.switch_upper(function, &otherwise, !b, &expr, lower - step);
            }
            _ => {
                let detail = "it takes a row with one side: `.le(…)` or `.ge(…)`; combine two with `all_of`";
                self.lacks(function, DefectCode::BadFunction, detail);
            }
        }
        b
    }

    /// The linear expression of a row, without constant, and its sides.
    #[track_caller]
    fn linear_row(&mut self, function: Function<'_>, row: impl IntoRow) -> Option<(Expr, f64, f64)> {
        let mut terms = Terms::of_model(self.id());
        let (lower, upper) = row.write(&mut terms);
        let constant = std::mem::take(&mut terms.constant);
        if !terms.products.is_empty() {
            let detail = "its row has products of variables; switch it by an indicator: `m.when`";
            self.lacks(function, DefectCode::BadFunction, detail);
            return None;
        }
        Some((Expr::of_linear(terms), lower - constant, upper - constant))
    }

    /// Adds e + (u − side) b ≤ u, which says e ≤ side where b is true.
    #[track_caller]
    fn switch_upper(&mut self, function: Function<'_>, name: &str, b: Literal, expr: &Expr, side: f64) {
        let Bounded { most, .. } = self.bounded(function, expr, Ends::Upper);
        if most > side {
            self.row(name, (expr + (most - side) * b).le(most));
        }
    }

    /// Adds e − (side − l) b ≥ l, which says e ≥ side where b is true.
    #[track_caller]
    fn switch_lower(&mut self, function: Function<'_>, name: &str, b: Literal, expr: &Expr, side: f64) {
        let Bounded { least, .. } = self.bounded(function, expr, Ends::Lower);
        if least < side {
            self.row(name, (expr - (side - least) * b).ge(least));
        }
    }
}

//! Absolute values.

use super::{Bounded, Ends, Function};
use crate::model::expression::{Expr, Linear, Var};
use crate::model::{Compare, Model};

impl Model {
    /// A variable that is the absolute value of an expression, whatever the objective.
    ///
    /// With e in \[l, u\], l < 0 < u, adds the variable y in \[0, max(−l, u)\], a binary b (`name.side`: 1 where e ≥ 0), and
    /// y ≥ e, y ≥ −e, y ≤ e − 2 l (1 − b), y ≤ −e + 2 u b: the convex hull of the two branches. Where e keeps its sign, adds
    /// only y = e or y = −e. Every variable in e needs the bounds that make l and u finite. If y is only pushed down,
    /// [`abs_epigraph`](Self::abs_epigraph) does without binary and bounds.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("far");
    /// let x = m.continuous("x").bounds(-3, 5).one();
    /// let far = m.abs("far", x - 1); // between 0 and 4
    /// m.maximize(far);
    /// let p = m.freeze()?;
    /// assert_eq!((p.upper()[far.index()], p.num_rows(), p.num_integers()), (4.0, 4, 1));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn abs(&mut self, name: &str, expression: impl Linear) -> Var {
        let Bounded { expr, least, most } =
            self.bounded(Function { kind: "absolute value", name }, expression, Ends::Both);
        let y = self.nonnegative(name).upper((-least).max(most).max(0.0)).one();
        if least >= 0.0 || most <= 0.0 {
            let sign = if least >= 0.0 { 1.0 } else { -1.0 };
            self.row(&format!("{name}.equals"), y.eq(sign * expr));
            return y;
        }
        let side = self.binary(&format!("{name}.side")).one();
        self.abs_rows(name, y, &expr);
        self.row(&format!("{name}.if positive"), y.le(&expr - 2.0 * least * !side));
        self.row(&format!("{name}.if negative"), y.le(2.0 * most * side - &expr));
        y
    }

    /// A variable that is at least the absolute value of an expression, and equal to it wherever the objective (or a row)
    /// pushes it down: deviations that are minimised. Adds the variable y ≥ 0 and y ≥ e, y ≥ −e; needs no bounds.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let data = [(1.0, 2.1), (2.0, 3.9), (3.0, 6.2)];
    /// let mut m = Model::new("least absolute deviations");
    /// let slope = m.continuous("slope").one();
    /// let errors: Vec<_> = data.iter().map(|&(x, y)| m.abs_epigraph("error", x * slope - y)).collect();
    /// m.minimize(sum(&errors, |error| error));
    /// assert_eq!(m.freeze()?.num_integers(), 0);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn abs_epigraph(&mut self, name: &str, expression: impl Linear) -> Var {
        let y = self.nonnegative(name).one();
        self.abs_rows(name, y, &Expr::of(expression));
        y
    }

    #[track_caller]
    fn abs_rows(&mut self, name: &str, y: Var, expr: &Expr) {
        self.row(&format!("{name}.positive"), y.ge(expr));
        self.row(&format!("{name}.negative"), y.ge(-1.0 * expr));
    }
}

//! The product of a binary and an expression with bounds (of another binary, for example).

use super::{Bounded, Ends, Function};
use crate::model::expression::{Linear, Var};
use crate::model::literal::Literal;
use crate::model::{Compare, Model};
use crate::problem::ColumnKind;

impl Model {
    /// A variable that is a binary (or its opposite, `!b`) times an expression: the expression if the binary is 1, else 0.
    ///
    /// With e in \[l, u\], adds the variable w in \[min(l, 0), max(u, 0)\] and l b ≤ w ≤ u b,
    /// e − u (1 − b) ≤ w ≤ e − l (1 − b) (`McCormick`, exact for a binary; rows that the bounds imply are left out). If e is a
    /// binary that is the usual linearisation of a product of binaries. Where e can only be an integer, w is an integer
    /// variable. Every variable in e needs the bounds that make l and u finite.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("rent");
    /// let let_out = m.binary("let").one();
    /// let price = m.continuous("price").bounds(400, 900).one();
    /// let income = m.product("income", let_out, price);
    /// m.maximize(income);
    /// let p = m.freeze()?;
    /// assert_eq!((p.lower()[income.index()], p.upper()[income.index()], p.num_rows()), (0.0, 900.0, 4));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn product(&mut self, name: &str, switch: impl Into<Literal>, expression: impl Linear) -> Var {
        let function = Function { kind: "product", name };
        let switch = self.condition(function, switch.into());
        let Bounded { expr, least, most } = self.bounded(function, expression, Ends::Both);
        let kind = if self.is_integral(&expr) { ColumnKind::Integer } else { ColumnKind::Continuous };
        let w = self.variables(name, kind).bounds(least.min(0.0), most.max(0.0)).one();
        if most != 0.0 {
            self.row(&format!("{name}.most"), w.le(most * switch));
        }
        if least != 0.0 {
            self.row(&format!("{name}.least"), w.ge(least * switch));
        }
        self.row(&format!("{name}.at most"), w.le(&expr - least * !switch));
        self.row(&format!("{name}.at least"), w.ge(&expr - most * !switch));
        w
    }
}

//! Literals: a binary or its opposite, `!open`, as a number (1 − open) and as a condition.

use std::ops::Not;

use super::expression::{Factor, Linear, One, Quadratic, Terms, Var};

/// A binary variable, or 1 minus it: `!open[plant]`. As an expression it is a number like any other; where a condition is
/// asked for ([`when`](super::Model::when), [`all_of`](super::Model::all_of)) it is true at 1.
///
/// ```
/// use farkas_modeling::model::prelude::*;
/// let mut m = Model::new("shops");
/// let open = m.binary("open").over(0..3);
/// let stock = m.nonnegative("stock").upper(50).over(0..3);
/// m.row("one shut", sum(0..3, |s| !open[s]).ge(1));
/// m.when("nothing there", !open[0], stock[0].eq(0));
/// assert_eq!((!!open[1]), open[1].into());
/// let p = m.freeze()?;
/// assert_eq!((p.row_lower()[0], p.by_rows().row(0).1), (-2.0, &[-1.0; 3][..])); // 3 − Σ open ≥ 1
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Literal {
    pub(super) variable: Var,
    /// The value of the variable at which it is true.
    pub(super) at: bool,
}

impl From<Var> for Literal {
    fn from(variable: Var) -> Self {
        Self { variable, at: true }
    }
}
impl From<&Var> for Literal {
    fn from(variable: &Var) -> Self {
        Self::from(*variable)
    }
}
impl From<&Self> for Literal {
    fn from(literal: &Self) -> Self {
        *literal
    }
}

impl Not for Var {
    type Output = Literal;
    fn not(self) -> Literal {
        Literal { variable: self, at: false }
    }
}
impl Not for &Var {
    type Output = Literal;
    fn not(self) -> Literal {
        !*self
    }
}
impl Not for Literal {
    type Output = Self;
    fn not(self) -> Self {
        Self { at: !self.at, ..self }
    }
}

impl Quadratic for Literal {
    type Degree = One;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        if self.at {
            self.variable.write(scale, terms);
        } else {
            self.variable.write(-scale, terms);
            scale.write(1.0, terms);
        }
    }
}
impl Linear for Literal {}
impl Factor for Literal {}

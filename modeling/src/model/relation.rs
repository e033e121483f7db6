//! Comparisons of expressions: what becomes a row.

use super::expression::{Degree, Expr, Linear, Number, Plus, Quadratic, Scaled, Term, Terms, Times, Var};
use super::literal::Literal;

/// `left ≤ right`, `left = right` and the like, not yet written down: give it to [`Model::row`](super::Model::row) or
/// return it from the closure of [`Model::rows`](super::Model::rows).
#[derive(Debug, Clone, Copy)]
#[must_use = "a comparison does nothing until it becomes a row: `m.row(\"name\", …)`"]
pub struct Relation<L, R> {
    left: L,
    right: R,
    /// left − right lies between these.
    lower: f64,
    upper: f64,
}

/// Comparisons. In scope with the prelude.
///
/// ```
/// use farkas_modeling::model::{Compare, Model};
/// let mut m = Model::new("sides");
/// let x = m.nonnegative("x").over(0..2);
/// m.row("most", (x[0] + x[1]).le(10));
/// m.row("order", (2.0 * x[0]).ge(x[1] - 1.0));
/// m.row("level", (x[0] - x[1]).between(-1, 1));
/// m.row("same", x[0].eq(x[1]));
/// assert_eq!(m.freeze()?.row_lower(), [f64::NEG_INFINITY, -1.0, -1.0, 0.0]);
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub trait Compare: Quadratic {
    /// At most `right`.
    fn le<R: Quadratic>(self, right: R) -> Relation<Self, R> {
        Relation { left: self, right, lower: f64::NEG_INFINITY, upper: 0.0 }
    }

    /// At least `right`.
    fn ge<R: Quadratic>(self, right: R) -> Relation<Self, R> {
        Relation { left: self, right, lower: 0.0, upper: f64::INFINITY }
    }

    /// Equal to `right`.
    fn eq<R: Quadratic>(self, right: R) -> Relation<Self, R> {
        Relation { left: self, right, lower: 0.0, upper: 0.0 }
    }

    /// At least `lower` and at most `upper`.
    fn between<N: Number, M: Number>(self, lower: N, upper: M) -> Relation<Self, f64> {
        Relation { left: self, right: 0.0, lower: lower.to_f64(), upper: upper.to_f64() }
    }
}

impl Compare for Var {}
impl Compare for &Var {}
impl Compare for Term {}
impl Compare for Literal {}
impl<A: Quadratic, B: Quadratic> Compare for Plus<A, B> {}
impl<A: Quadratic> Compare for Scaled<A> {}
impl<A: Linear, B: Linear> Compare for Times<A, B> {}
impl<D: Degree> Compare for Expr<D> {}
impl<D: Degree> Compare for &Expr<D> {}

// A reference finds `PartialEq::eq` and `Compare::eq` at once, and takes neither; these come before both.

impl Var {
    /// Equal to `right`: [`Compare::eq`] for a reference.
    pub fn eq<R: Quadratic>(&self, right: R) -> Relation<Self, R> {
        Compare::eq(*self, right)
    }
}

impl<D: Degree> Expr<D> {
    /// Equal to `right`: [`Compare::eq`] for a reference.
    pub fn eq<R: Quadratic>(&self, right: R) -> Relation<&Self, R> {
        Compare::eq(self, right)
    }
}

/// What can become a row. Implemented by [`Relation`] alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "expected a comparison",
    note = "a row compares: end the expression with `.le(…)`, `.ge(…)`, `.eq(…)` or `.between(…, …)`"
)]
pub trait IntoRow {
    /// Writes the terms, all on the left; returns what lies between, without the constant that was written.
    fn write(self, terms: &mut Terms) -> (f64, f64);
}

impl<L: Quadratic, R: Quadratic> IntoRow for Relation<L, R> {
    #[inline]
    fn write(self, terms: &mut Terms) -> (f64, f64) {
        self.left.write(1.0, terms);
        self.right.write(-1.0, terms);
        (self.lower, self.upper)
    }
}

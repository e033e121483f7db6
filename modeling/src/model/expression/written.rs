//! Expressions that are written down, with a buffer of their own: what sums return.

use std::marker::PhantomData;
use std::ops::{Add, AddAssign, MulAssign, Sub, SubAssign};

use super::{Degree, Linear, One, Quadratic, Terms, Two};

/// An expression that is written down: what [`sum`](super::sum) returns and functions of your own should. Linear, unless it
/// is a [`QuadExpr`].
///
/// ```
/// use farkas_modeling::model::{Expr, Model, sum};
/// let mut m = Model::new("mix");
/// let x = m.nonnegative("x").over(0..3);
/// let mut total: Expr = sum(0..3, |i| x[i]);
/// total += 2.0 * x[0] - 1.0;
/// assert_eq!(total.len(), 4);
/// let other = Expr::from(x[0] + 3.0 * x[1]);
/// assert_eq!(other.len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expr<D = One> {
    terms: Terms,
    degree: PhantomData<D>,
}

/// An expression that is written down and may have products of two variables in it.
///
/// ```
/// use farkas_modeling::model::{Model, QuadExpr, sum};
/// let mut m = Model::new("least squares");
/// let x = m.continuous("x").over(0..2);
/// let mut loss = QuadExpr::default();
/// for (a, b) in [([1.0, 2.0], 3.0), ([2.0, 1.0], 0.5)] {
///     let residual = sum(0..2, |j| a[j] * x[j]) - b;
///     loss += &residual * &residual;
/// }
/// loss += 0.1 * x[0];
/// m.minimize(loss);
/// assert_eq!(m.freeze()?.quadratic_objective().len(), 3); // x₀², x₀x₁, x₁²
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub type QuadExpr = Expr<Two>;

impl Expr {
    /// Zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes any expression down.
    pub fn of<Q: Quadratic>(expression: Q) -> Expr<Q::Degree> {
        let mut terms = Terms::default();
        expression.write(1.0, &mut terms);
        Expr::holding(terms)
    }
}

impl Expr {
    /// The expression of terms without products.
    pub(in crate::model) fn of_linear(terms: Terms) -> Self {
        debug_assert!(terms.products.is_empty());
        Self::holding(terms)
    }
}

impl<D> Expr<D> {
    /// The expression of these terms, which the caller knows to be of this degree.
    pub(super) fn holding(terms: Terms) -> Self {
        Self { terms, degree: PhantomData }
    }

    /// How many terms were written, products among them, repeated ones counted each time.
    pub fn len(&self) -> usize {
        self.terms.columns.len() + self.terms.products.len()
    }

    /// Whether no term was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its constant.
    pub fn constant(&self) -> f64 {
        self.terms.constant
    }

    pub(in crate::model) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn scaled(mut self, by: f64) -> Self {
        self.terms.scale(by);
        self
    }
}

impl<D: Degree> Quadratic for Expr<D> {
    type Degree = D;
    fn write(mut self, scale: f64, terms: &mut Terms) {
        if scale == 1.0 && terms.columns.is_empty() && self.terms.columns.len() > terms.columns.capacity() {
            terms.adopt(&mut self.terms);
        } else {
            terms.append(&self.terms, scale);
        }
    }
}
impl<D: Degree> Quadratic for &Expr<D> {
    type Degree = D;
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.append(&self.terms, scale);
    }
}
impl Linear for Expr {}
impl Linear for &Expr {}

/// Degrees that an expression of degree `D` has room for. Implemented here alone.
#[diagnostic::on_unimplemented(
    message = "a product of variables does not fit a linear expression",
    label = "quadratic",
    note = "collect quadratic terms in a `QuadExpr`"
)]
pub trait UpTo<D> {}
impl UpTo<One> for One {}
impl UpTo<Two> for One {}
impl UpTo<Two> for Two {}

impl<D: Degree, R: Quadratic> Add<R> for Expr<D> {
    type Output = Expr<D::Or<R::Degree>>;
    #[inline]
    fn add(mut self, right: R) -> Self::Output {
        right.write(1.0, &mut self.terms);
        Expr::holding(self.terms)
    }
}
impl<D: Degree, R: Quadratic> Sub<R> for Expr<D> {
    type Output = Expr<D::Or<R::Degree>>;
    #[inline]
    fn sub(mut self, right: R) -> Self::Output {
        right.write(-1.0, &mut self.terms);
        Expr::holding(self.terms)
    }
}
impl<D: Degree, R: Quadratic<Degree: UpTo<D>>> AddAssign<R> for Expr<D> {
    #[inline]
    fn add_assign(&mut self, right: R) {
        right.write(1.0, &mut self.terms);
    }
}
impl<D: Degree, R: Quadratic<Degree: UpTo<D>>> SubAssign<R> for Expr<D> {
    #[inline]
    fn sub_assign(&mut self, right: R) {
        right.write(-1.0, &mut self.terms);
    }
}
impl<D> MulAssign<f64> for Expr<D> {
    fn mul_assign(&mut self, by: f64) {
        self.terms.scale(by);
    }
}

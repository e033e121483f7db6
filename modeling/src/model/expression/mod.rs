//! Expressions: small typed values that write themselves into a row's buffer, and sums that are one already. Their type
//! says of which degree they are, so that a product of three variables is none and a quadratic cost no linear one.

mod operators;
mod sums;
mod terms;
mod written;

use std::fmt::Debug;

pub use operators::{Factor, Plus, Scaled, Term, Times};
pub use sums::{dot, sum};
pub use terms::Terms;
pub use written::{Expr, QuadExpr, UpTo};

/// A variable of a [`Model`](super::Model): a small handle to copy freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Var {
    pub(super) index: u32,
    pub(super) model: u32,
}

impl Var {
    /// Its column in the frozen problem.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// How many variables an expression multiplies with each other at most: [`One`] or [`Two`].
pub trait Degree: Copy + Debug + Default + PartialEq + 'static {
    /// The degree of a sum of this and another.
    type Or<D: Degree>: Degree;
}

/// The degree of linear expressions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct One;

/// The degree of quadratic expressions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Two;

impl Degree for One {
    type Or<D: Degree> = D;
}
impl Degree for Two {
    type Or<D: Degree> = Two;
}

/// Anything of degree two at most: what is linear, products of two that are, and sums of these. Implemented here alone.
///
/// ```
/// use farkas_modeling::model::prelude::*;
/// let (returns, risk) = ([0.08, 0.05], [[0.04, 0.01], [0.01, 0.02]]);
/// let mut m = Model::new("portfolio");
/// let share = m.nonnegative("share").over(0..2);
/// m.minimize(sum((0..2, 0..2), |(i, j)| risk[i][j] * share[i] * share[j]));
/// m.row("all", (share[0] + share[1]).eq(1));
/// m.row("return", dot(&returns, &share).ge(0.06));
/// m.row("spread", (share[0] * share[0] + share[1] * share[1]).le(0.8));
/// let problem = m.freeze()?;
/// assert_eq!((problem.quadratic_objective().len(), problem.quadratic_rows().len()), (3, 1));
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an expression",
    label = "not an expression",
    note = "expressions are numbers, variables, products of two of these, and sums; a comparison (`.le(…)`) is a row and \
            goes to `m.row`"
)]
pub trait Quadratic: Sized {
    /// Whether it is linear.
    type Degree: Degree;
    /// Adds `scale` times itself.
    fn write(self, scale: f64, terms: &mut Terms);
}

/// Anything linear: numbers, variables, and what operators make of them. Implemented here alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a linear expression",
    label = "not a linear expression",
    note = "linear expressions are numbers, variables, and sums of these, without products of variables; a comparison \
            (`.le(…)`) is a row and goes to `m.row`"
)]
pub trait Linear: Quadratic<Degree = One> {}

/// Numbers that coefficients and constants may be given as.
pub trait Number: Copy {
    /// As a double; integers beyond 2^53 are rounded.
    fn to_f64(self) -> f64;
}

macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl Number for $t {
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
        }
        numbers!(@constant $t);
        numbers!(@constant &$t);
    )*};
    (@constant $t:ty) => {
        impl Quadratic for $t {
            type Degree = One;
            #[inline]
            fn write(self, scale: f64, terms: &mut Terms) {
                terms.constant += scale * self.to_f64();
            }
        }
        impl Linear for $t {}
    };
}
#[expect(clippy::cast_lossless, reason = "one line for all number types")]
mod numbers {
    use super::{Linear, Number, One, Quadratic, Terms};
    numbers!(f64 f32 u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
}

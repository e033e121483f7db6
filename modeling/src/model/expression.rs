//! Linear expressions: small typed values that write themselves into a row's buffer, and sums that are one already.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::index::Keys;
use super::naming;

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

/// Terms as they are written down: columns and coefficients side by side, repeated columns allowed, and a constant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    pub(super) columns: Vec<u32>,
    pub(super) values: Vec<f64>,
    pub(super) constant: f64,
    /// The model whose variables these are; 0 as long as there are none.
    pub(super) model: u32,
}

impl Terms {
    pub(super) fn of_model(model: u32) -> Self {
        Self { model, ..Self::default() }
    }

    #[inline]
    fn push(&mut self, variable: Var, value: f64) {
        if variable.model != self.model {
            self.meet(variable);
        }
        self.columns.push(variable.index);
        self.values.push(value);
    }

    fn append(&mut self, other: &Self, scale: f64) {
        if other.model != self.model
            && let Some(&index) = other.columns.first()
        {
            self.meet(Var { index, model: other.model });
        }
        self.columns.extend_from_slice(&other.columns);
        if scale == 1.0 {
            self.values.extend_from_slice(&other.values);
        } else {
            self.values.extend(other.values.iter().map(|value| scale * value));
        }
        self.constant += scale * other.constant;
    }

    /// Takes over another's memory: what a large objective would otherwise be copied by.
    fn adopt(&mut self, other: &mut Self) {
        if other.model != self.model
            && let Some(&index) = other.columns.first()
        {
            self.meet(Var { index, model: other.model });
        }
        std::mem::swap(&mut self.columns, &mut other.columns);
        std::mem::swap(&mut self.values, &mut other.values);
        self.constant += other.constant;
    }

    /// A variable of a model that is not this one's: fine if there was none so far.
    #[cold]
    fn meet(&mut self, variable: Var) {
        if self.model == 0 {
            self.model = variable.model;
            return;
        }
        let other = self.columns.last().map(|&index| Var { index, model: self.model });
        let ours = other.map_or_else(|| naming::model_name(self.model), naming::variable_name);
        panic!("{} is used together with {ours}", naming::variable_name(variable));
    }

    pub(super) fn clear(&mut self) {
        self.columns.clear();
        self.values.clear();
        self.constant = 0.0;
    }
}

/// Anything linear: numbers, variables, and what operators make of them. Implemented here alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a linear expression",
    label = "not a linear expression",
    note = "linear expressions are numbers, variables, and sums of these; a comparison (`.le(…)`) is a row and goes to `m.row`"
)]
pub trait Linear: Sized {
    /// Adds `scale` times itself.
    fn write(self, scale: f64, terms: &mut Terms);
}

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
        impl Linear for $t {
            #[inline]
            fn write(self, scale: f64, terms: &mut Terms) {
                terms.constant += scale * self.to_f64();
            }
        }
        impl Linear for &$t {
            #[inline]
            fn write(self, scale: f64, terms: &mut Terms) {
                terms.constant += scale * self.to_f64();
            }
        }
    )*};
}
#[expect(clippy::cast_lossless, reason = "one line for all number types")]
mod numbers {
    use super::{Linear, Number, Terms};
    numbers!(f64 f32 u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
}

/// A variable with a coefficient: `3.0 * x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    variable: Var,
    coefficient: f64,
}

/// The sum of two expressions, not yet written down.
#[derive(Debug, Clone, Copy)]
pub struct Plus<A, B>(A, B);

/// An expression times a number, not yet written down.
#[derive(Debug, Clone, Copy)]
pub struct Scaled<A>(A, f64);

/// An expression that is written down: what [`sum`] returns and functions of your own should.
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
pub struct Expr {
    terms: Terms,
}

impl Expr {
    /// Zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes any linear expression down.
    pub fn of(expression: impl Linear) -> Self {
        let mut expr = Self::new();
        expression.write(1.0, &mut expr.terms);
        expr
    }

    /// How many terms were written, repeated variables counted each time.
    pub fn len(&self) -> usize {
        self.terms.columns.len()
    }

    /// Whether no term was written.
    pub fn is_empty(&self) -> bool {
        self.terms.columns.is_empty()
    }

    /// Its constant.
    pub fn constant(&self) -> f64 {
        self.terms.constant
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }
}

impl Linear for Var {
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(self, scale);
    }
}
impl Linear for &Var {
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(*self, scale);
    }
}
impl Linear for Term {
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(self.variable, scale * self.coefficient);
    }
}
impl<A: Linear, B: Linear> Linear for Plus<A, B> {
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        self.0.write(scale, terms);
        self.1.write(scale, terms);
    }
}
impl<A: Linear> Linear for Scaled<A> {
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        self.0.write(scale * self.1, terms);
    }
}
impl Linear for Expr {
    fn write(mut self, scale: f64, terms: &mut Terms) {
        if scale == 1.0 && terms.columns.is_empty() && self.terms.columns.len() > terms.columns.capacity() {
            terms.adopt(&mut self.terms);
        } else {
            terms.append(&self.terms, scale);
        }
    }
}
impl Linear for &Expr {
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.append(&self.terms, scale);
    }
}

/// Adds up what the closure makes of each key: `sum(&plants, |p| p.cost * open[p])`. Over a tuple it runs through all
/// combinations, the last fastest: `sum((&plants, &cities), |(p, c)| …)`.
///
/// ```
/// use farkas_modeling::model::{Model, sum};
/// let prices = [3.0, 4.0];
/// let mut m = Model::new("shop");
/// let buy = m.integer("buy").over((&prices, 0..12));
/// m.minimize(sum((&prices, 0..12), |(price, month)| price * buy[(price, month)]));
/// let dear = sum(prices.iter().filter(|&&price| price > 3.5), |price| buy[(price, 0)]);
/// assert_eq!(dear.len(), 1);
/// ```
#[inline]
pub fn sum<M, S: Keys<M>, T: Linear>(keys: S, mut term: impl FnMut(S::Key) -> T) -> Expr {
    let begin = |expected| Terms {
        columns: Vec::with_capacity(expected),
        values: Vec::with_capacity(expected),
        ..Terms::default()
    };
    Expr { terms: keys.each(begin, |terms, key| term(key).write(1.0, terms)) }
}

/// The scalar product of numbers and variables: `dot(&weights, &take)`.
///
/// ```
/// use farkas_modeling::model::{Model, dot};
/// let (values, weights) = ([10.0, 13.0, 7.0], [3, 4, 2]);
/// let mut m = Model::new("knapsack");
/// let take = m.binary("take").over(0..3);
/// m.maximize(dot(&values, &take));
/// m.row("weight", dot(&weights, &take).le(6));
/// # use farkas_modeling::model::Compare;
/// assert_eq!(m.freeze()?.num_nonzeros(), 3);
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
///
/// # Panics
/// When there are not as many numbers as variables.
#[track_caller]
pub fn dot<N, A, V>(numbers: &A, variables: &V) -> Expr
where
    N: Number,
    A: AsRef<[N]> + ?Sized,
    V: AsRef<[Var]> + ?Sized,
{
    let (numbers, variables) = (numbers.as_ref(), variables.as_ref());
    assert_eq!(numbers.len(), variables.len(), "a scalar product needs as many numbers (left) as variables (right)");
    sum(numbers.iter().zip(variables), |(number, &variable)| Term { variable, coefficient: number.to_f64() })
}

impl<L: Linear> std::iter::Sum<L> for Expr {
    fn sum<I: Iterator<Item = L>>(expressions: I) -> Self {
        sum(expressions, |expression| expression)
    }
}

/// Operators of expressions that are not written down: they build another such.
macro_rules! lazy_operators {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        impl<$($g)* R: Linear> Add<R> for $t {
            type Output = Plus<Self, R>;
            #[inline]
            fn add(self, right: R) -> Self::Output {
                Plus(self, right)
            }
        }
        impl<$($g)* R: Linear> Sub<R> for $t {
            type Output = Plus<Self, Scaled<R>>;
            #[inline]
            fn sub(self, right: R) -> Self::Output {
                Plus(self, Scaled(right, -1.0))
            }
        }
        impl<$($g)*> From<$t> for Expr {
            fn from(expression: $t) -> Self {
                Self::of(expression)
            }
        }
    )*};
}

lazy_operators! {
    [] Var;
    ['x,] &'x Var;
    [] Term;
    [A: Linear, B: Linear,] Plus<A, B>;
    [A: Linear,] Scaled<A>;
    ['x,] &'x Expr;
}

/// Multiplication by numbers from both sides, division, and minus; and numbers plus and minus the expression.
macro_rules! with_numbers {
    ($number:ty; $([$($g:tt)*] $t:ty => $product:ty, |$x:ident, $k:ident| $make:expr;)*) => {$(
        impl<$($g)*> Mul<$number> for $t {
            type Output = $product;
            #[inline]
            fn mul(self, number: $number) -> $product {
                let ($x, $k) = (self, number.to_f64());
                $make
            }
        }
        impl<$($g)*> Mul<$t> for $number {
            type Output = $product;
            #[inline]
            fn mul(self, right: $t) -> $product {
                let ($x, $k) = (right, self.to_f64());
                $make
            }
        }
        impl<$($g)*> Div<$number> for $t {
            type Output = $product;
            #[inline]
            fn div(self, number: $number) -> $product {
                let ($x, $k) = (self, 1.0 / number.to_f64());
                $make
            }
        }
        impl<$($g)*> Add<$t> for $number {
            type Output = Plus<Self, $t>;
            #[inline]
            fn add(self, right: $t) -> Self::Output {
                Plus(self, right)
            }
        }
        impl<$($g)*> Sub<$t> for $number {
            type Output = Plus<Self, Scaled<$t>>;
            #[inline]
            fn sub(self, right: $t) -> Self::Output {
                Plus(self, Scaled(right, -1.0))
            }
        }
    )*};
}

macro_rules! with_number_types {
    ($($number:ty)*) => {$(
        with_numbers! { $number;
            [] Var => Term, |x, k| Term { variable: x, coefficient: k };
            ['x,] &'x Var => Term, |x, k| Term { variable: *x, coefficient: k };
            [] Term => Term, |x, k| Term { coefficient: k * x.coefficient, ..x };
            [A: Linear, B: Linear,] Plus<A, B> => Scaled<Plus<A, B>>, |x, k| Scaled(x, k);
            [A: Linear,] Scaled<A> => Scaled<A>, |x, k| Scaled(x.0, k * x.1);
            [] Expr => Expr, |x, k| x.scaled(k);
            ['x,] &'x Expr => Scaled<&'x Expr>, |x, k| Scaled(x, k);
        }
    )*};
}
with_number_types!(f64 i32 &f64 &i32);

macro_rules! negations {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        impl<$($g)*> Neg for $t {
            type Output = <Self as Mul<f64>>::Output;
            #[inline]
            fn neg(self) -> Self::Output {
                self * -1.0
            }
        }
    )*};
}
negations! {
    [] Var;
    ['x,] &'x Var;
    [] Term;
    [A: Linear, B: Linear,] Plus<A, B>;
    [A: Linear,] Scaled<A>;
    [] Expr;
    ['x,] &'x Expr;
}

impl Expr {
    fn scaled(mut self, by: f64) -> Self {
        self *= by;
        self
    }
}

impl<R: Linear> Add<R> for Expr {
    type Output = Self;
    #[inline]
    fn add(mut self, right: R) -> Self {
        self += right;
        self
    }
}
impl<R: Linear> Sub<R> for Expr {
    type Output = Self;
    #[inline]
    fn sub(mut self, right: R) -> Self {
        self -= right;
        self
    }
}
impl<R: Linear> AddAssign<R> for Expr {
    #[inline]
    fn add_assign(&mut self, right: R) {
        right.write(1.0, &mut self.terms);
    }
}
impl<R: Linear> SubAssign<R> for Expr {
    #[inline]
    fn sub_assign(&mut self, right: R) {
        right.write(-1.0, &mut self.terms);
    }
}
impl MulAssign<f64> for Expr {
    fn mul_assign(&mut self, by: f64) {
        self.terms.values.iter_mut().for_each(|value| *value *= by);
        self.terms.constant *= by;
    }
}

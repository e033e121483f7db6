//! Operators: small typed values that build each other and are written down when a row, a sum or an objective asks.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Degree, Expr, Linear, Number, One, Quadratic, Terms, Two, Var};
use crate::model::literal::Literal;

/// A variable with a coefficient: `3.0 * x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    pub(super) variable: Var,
    pub(super) coefficient: f64,
}

/// The sum of two expressions, not yet written down.
#[derive(Debug, Clone, Copy)]
pub struct Plus<A, B>(A, B);

/// An expression times a number, not yet written down.
#[derive(Debug, Clone, Copy)]
pub struct Scaled<A>(A, f64);

/// The product of two linear expressions, not yet written down.
#[derive(Debug, Clone, Copy)]
pub struct Times<A, B>(A, B);

impl Quadratic for Var {
    type Degree = One;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(self, scale);
    }
}
impl Quadratic for &Var {
    type Degree = One;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(*self, scale);
    }
}
impl Quadratic for Term {
    type Degree = One;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.push(self.variable, scale * self.coefficient);
    }
}
impl<A: Quadratic, B: Quadratic> Quadratic for Plus<A, B> {
    type Degree = <A::Degree as Degree>::Or<B::Degree>;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        self.0.write(scale, terms);
        self.1.write(scale, terms);
    }
}
impl<A: Quadratic> Quadratic for Scaled<A> {
    type Degree = A::Degree;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        self.0.write(scale * self.1, terms);
    }
}
impl<A: Linear, B: Linear> Quadratic for Times<A, B> {
    type Degree = Two;
    #[inline]
    fn write(self, scale: f64, terms: &mut Terms) {
        terms.multiply(scale, |terms| self.0.write(1.0, terms), |terms| self.1.write(1.0, terms));
    }
}

impl Linear for Var {}
impl Linear for &Var {}
impl Linear for Term {}
impl<A: Linear, B: Linear> Linear for Plus<A, B> {}
impl<A: Linear> Linear for Scaled<A> {}

/// Linear expressions with variables in them: what makes a quadratic expression when two are multiplied.
pub trait Factor: Linear {}
impl Factor for Var {}
impl Factor for &Var {}
impl Factor for Term {}
impl<A: Linear, B: Linear> Factor for Plus<A, B> {}
impl<A: Linear> Factor for Scaled<A> {}
impl Factor for Expr {}
impl Factor for &Expr {}

/// Sums of expressions that are not written down: they build another such.
macro_rules! lazy_sums {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        impl<$($g)* R: Quadratic> Add<R> for $t {
            type Output = Plus<Self, R>;
            #[inline]
            fn add(self, right: R) -> Self::Output {
                Plus(self, right)
            }
        }
        impl<$($g)* R: Quadratic> Sub<R> for $t {
            type Output = Plus<Self, Scaled<R>>;
            #[inline]
            fn sub(self, right: R) -> Self::Output {
                Plus(self, Scaled(right, -1.0))
            }
        }
        impl<$($g)*> From<$t> for Expr<<$t as Quadratic>::Degree> {
            fn from(expression: $t) -> Self {
                Expr::of(expression)
            }
        }
    )*};
}
lazy_sums! {
    [] Var;
    ['x,] &'x Var;
    [] Term;
    [] Literal;
    [A: Quadratic, B: Quadratic,] Plus<A, B>;
    [A: Quadratic,] Scaled<A>;
    [A: Linear, B: Linear,] Times<A, B>;
    ['x, D: Degree,] &'x Expr<D>;
}

/// Products of linear expressions.
macro_rules! products {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        impl<$($g)* R: Factor> Mul<R> for $t {
            type Output = Times<Self, R>;
            #[inline]
            fn mul(self, right: R) -> Self::Output {
                Times(self, right)
            }
        }
    )*};
}
products! {
    [] Var;
    ['x,] &'x Var;
    [] Term;
    [] Literal;
    [A: Linear, B: Linear,] Plus<A, B>;
    [A: Linear,] Scaled<A>;
    [] Expr;
    ['x,] &'x Expr;
}

/// Multiplication by numbers from both sides, division, and minus; and numbers plus and minus the expression.
///
/// Two number types only: were there an implementation for a second integer type, `2 * x` would have no type until the
/// whole function is read, and `(2 * x).le(4)` would not compile.
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
            [] Literal => Scaled<Literal>, |x, k| Scaled(x, k);
            [A: Quadratic, B: Quadratic,] Plus<A, B> => Scaled<Plus<A, B>>, |x, k| Scaled(x, k);
            [A: Quadratic,] Scaled<A> => Scaled<A>, |x, k| Scaled(x.0, k * x.1);
            [A: Linear, B: Linear,] Times<A, B> => Scaled<Times<A, B>>, |x, k| Scaled(x, k);
            [D: Degree,] Expr<D> => Expr<D>, |x, k| x.scaled(k);
            ['x, D: Degree,] &'x Expr<D> => Scaled<&'x Expr<D>>, |x, k| Scaled(x, k);
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
    [] Literal;
    [A: Quadratic, B: Quadratic,] Plus<A, B>;
    [A: Quadratic,] Scaled<A>;
    [A: Linear, B: Linear,] Times<A, B>;
    [D: Degree,] Expr<D>;
    ['x, D: Degree,] &'x Expr<D>;
}

//! Sums over sets, eager, and scalar products.

use super::operators::Term;
use super::{Expr, Linear, Number, QuadExpr, Quadratic, Terms, Var};
use crate::model::index::Keys;

/// Adds up what the closure makes of each key: `sum(&plants, |p| p.cost * open[p])`. Over a tuple it runs through all
/// combinations, the last fastest: `sum((&plants, &cities), |(p, c)| …)`. A sum of linear terms is an [`Expr`], one with
/// products in it a [`QuadExpr`].
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
pub fn sum<M, S: Keys<M>, T: Quadratic>(keys: S, mut term: impl FnMut(S::Key) -> T) -> Expr<T::Degree> {
    Expr::holding(keys.each(Terms::with_capacity, |terms, key| term(key).write(1.0, terms)))
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

impl<Q: Quadratic> std::iter::Sum<Q> for QuadExpr {
    fn sum<I: Iterator<Item = Q>>(expressions: I) -> Self {
        let terms = expressions.fold(Terms::default(), |mut terms, expression| {
            expression.write(1.0, &mut terms);
            terms
        });
        Self::holding(terms)
    }
}

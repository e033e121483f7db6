//! Expressions of degree two at most, as the readers of expression trees add them up and multiply them out.
//!
//! Invariant: whoever multiplies pays for every term from a [`Budget`], so that no small text grows without end.

use crate::problem::Product;

/// constant + Σ coefficient · variable + Σ value · variable · variable; the same variables may come several times.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Polynomial {
    pub constant: f64,
    pub linear: Vec<(u32, f64)>,
    pub products: Vec<Product>,
}

/// Why a product cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its degree is above two.
    Degree,
    /// It would have more terms than the text may grow to.
    Size,
}

/// How many terms may still be made out of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget(usize);

impl Budget {
    /// Four million terms (the square of a sum of 2800), and sixteen for each byte of a longer text.
    pub fn for_text(bytes: usize) -> Self {
        Self(bytes.saturating_mul(16).max(4 << 20))
    }

    /// More, for text that is read besides.
    pub fn grow(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes.saturating_mul(16));
    }

    /// Pays for `terms`.
    pub fn take(&mut self, terms: usize) -> Result<(), Refusal> {
        self.0 = self.0.checked_sub(terms).ok_or(Refusal::Size)?;
        Ok(())
    }
}

impl Polynomial {
    pub fn number(constant: f64) -> Self {
        Self { constant, ..Self::default() }
    }

    pub fn variable(column: u32) -> Self {
        Self { linear: vec![(column, 1.0)], ..Self::default() }
    }

    /// How many terms are held, the constant aside.
    pub fn len(&self) -> usize {
        self.linear.len() + self.products.len()
    }

    /// The number it is, where nothing in it varies. Terms that cancel are seen.
    pub fn as_number(&mut self) -> Option<f64> {
        if self.len() > 0 {
            self.merge();
        }
        (self.len() == 0).then_some(self.constant)
    }

    /// Whether no products are left once terms have cancelled.
    pub fn is_linear(&mut self) -> bool {
        if !self.products.is_empty() {
            self.merge();
        }
        self.products.is_empty()
    }

    /// Adds `factor · other`.
    pub fn add(&mut self, other: &Self, factor: f64) {
        self.constant += factor * other.constant;
        self.linear.extend(other.linear.iter().map(|&(j, v)| (j, factor * v)));
        self.products.extend(other.products.iter().map(|p| Product { value: factor * p.value, ..*p }));
    }

    /// As [`add`](Self::add), of what is not needed any more.
    pub fn take_in(&mut self, mut other: Self, factor: f64) {
        if self.len() > 0 {
            return self.add(&other, factor);
        }
        if factor != 1.0 {
            other.scale(|v| factor * v);
        }
        other.constant += self.constant;
        *self = other;
    }

    /// Changes every coefficient and the constant.
    pub fn scale(&mut self, by: impl Fn(f64) -> f64) {
        self.constant = by(self.constant);
        self.linear.iter_mut().for_each(|(_, v)| *v = by(*v));
        self.products.iter_mut().for_each(|p| p.value = by(p.value));
    }

    /// Adds up what is there several times, and drops what has become zero.
    pub fn merge(&mut self) {
        self.linear.sort_by_key(|&(j, _)| j);
        self.linear.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        self.linear.retain(|&(_, v)| v != 0.0);
        for p in &mut self.products {
            (p.first, p.second) = (p.first.min(p.second), p.first.max(p.second));
        }
        self.products.sort_by_key(|p| (p.first, p.second));
        self.products.dedup_by(|next, kept| {
            let same = (next.first, next.second) == (kept.first, kept.second);
            if same {
                kept.value += next.value;
            }
            same
        });
        self.products.retain(|p| p.value != 0.0);
    }

    /// The product, multiplied out.
    pub fn times(mut self, mut other: Self, budget: &mut Budget) -> Result<Self, Refusal> {
        budget.take(self.len() + other.len())?;
        if let Some(number) = other.as_number() {
            self.scale(|v| v * number);
            return Ok(self);
        }
        if let Some(number) = self.as_number() {
            other.scale(|v| v * number);
            return Ok(other);
        }
        if !self.is_linear() || !other.is_linear() {
            return Err(Refusal::Degree);
        }
        budget.take(self.linear.len().saturating_mul(other.linear.len()))?;
        let mut products = Vec::with_capacity(self.linear.len() * other.linear.len());
        for &(first, a) in &self.linear {
            products.extend(other.linear.iter().map(|&(second, b)| Product { first, second, value: a * b }));
        }
        let mut linear = Vec::new();
        if other.constant != 0.0 {
            linear.extend(self.linear.iter().map(|&(j, v)| (j, v * other.constant)));
        }
        if self.constant != 0.0 {
            linear.extend(other.linear.iter().map(|&(j, v)| (j, v * self.constant)));
        }
        let mut result = Self { constant: self.constant * other.constant, linear, products };
        // (x + y)² would hold 2xy as xy and yx.
        result.merge();
        Ok(result)
    }

    /// The square, multiplied out.
    pub fn squared(self, budget: &mut Budget) -> Result<Self, Refusal> {
        let other = self.clone();
        self.times(other, budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(terms: &[(u32, f64)], constant: f64) -> Polynomial {
        Polynomial { constant, linear: terms.to_vec(), products: Vec::new() }
    }

    #[test]
    fn products_are_multiplied_out() {
        let mut budget = Budget::for_text(0);
        let got = sum(&[(0, 1.0), (1, 1.0)], 2.0).squared(&mut budget).unwrap();
        let product = |first, second, value| Product { first, second, value };
        assert_eq!(got.products, [product(0, 0, 1.0), product(0, 1, 2.0), product(1, 1, 1.0)]);
        assert_eq!((got.linear.as_slice(), got.constant), (&[(0, 4.0), (1, 4.0)][..], 4.0));
        // (x + 1)(x − 1) − x² is a number after all.
        let mut rest = sum(&[(0, 1.0)], 1.0).times(sum(&[(0, 1.0)], -1.0), &mut budget).unwrap();
        let square = sum(&[(0, 1.0)], 0.0).squared(&mut budget).unwrap();
        rest.add(&square, -1.0);
        assert_eq!(rest.as_number(), Some(-1.0));
        assert_eq!(square.times(sum(&[(1, 1.0)], 0.0), &mut budget), Err(Refusal::Degree));
    }

    #[test]
    fn what_grows_too_large_is_refused() {
        let many: Vec<(u32, f64)> = (0..3000).map(|j| (j, 1.0)).collect();
        assert_eq!(sum(&many, 0.0).squared(&mut Budget::for_text(100)), Err(Refusal::Size));
    }
}

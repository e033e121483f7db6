//! Whether a quadratic objective curves the right way: elimination of its matrix, sparse, within a budget of work.

use std::collections::BTreeMap;

use super::{Problem, Product};

/// Steps of elimination (a few seconds) after which the question stays open.
const MOST_WORK: u64 = 300_000_000;
/// A pivot below this share of the largest coefficient counts as zero.
const TINY: f64 = 1e-10;

/// How a quadratic objective curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curvature {
    /// Minimised convex, or maximised concave, within rounding; a linear one too.
    Convex,
    /// Not so: local optima may differ from global ones.
    NotConvex,
    /// Finding out would take too long.
    Unknown,
}

impl Problem {
    /// Whether the objective is convex (minimised) or concave (maximised), judged in floating point by the signs of the
    /// pivots of a symmetric elimination.
    ///
    /// ```
    /// use farkas_modeling::problem::{Curvature, Product};
    /// use farkas_modeling::{Problem, ProblemData};
    /// let curvature = |quadratic_objective: Vec<Product>| {
    ///     let data = ProblemData {
    ///         cost: vec![0.0; 2], lower: vec![0.0; 2], upper: vec![1.0; 2], starts: vec![0; 3], quadratic_objective,
    ///         ..ProblemData::default()
    ///     };
    ///     Problem::new(data).map(|problem| problem.objective_curvature())
    /// };
    /// let square = |j| Product::new(j, j, 1.0);
    /// assert_eq!(curvature(vec![square(0), square(1), Product::new(0, 1, 2.0)])?, Curvature::Convex); // (x + y)²
    /// assert_eq!(curvature(vec![Product::new(0, 1, 1.0)])?, Curvature::NotConvex); // x·y
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    pub fn objective_curvature(&self) -> Curvature {
        curvature(self.quadratic_objective(), self.sense().sign())
    }

    /// Whether the products of row `i` leave its points a convex set: convex below an upper side, concave above a lower
    /// one. With both sides they never do; without a product, or without a side, they do.
    pub fn row_curvature(&self, i: usize) -> Curvature {
        let products = self.row_products(i);
        match (self.row_lower()[i].is_finite(), self.row_upper()[i].is_finite()) {
            _ if products.is_empty() => Curvature::Convex,
            (false, false) => Curvature::Convex,
            (false, true) => curvature(products, 1.0),
            (true, false) => curvature(products, -1.0),
            (true, true) => Curvature::NotConvex,
        }
    }
}

/// The term `weight · (Σ value · x[column])²` of a convex sum of products.
#[derive(Debug, Clone, PartialEq)]
pub struct Square {
    /// Above 0.
    pub weight: f64,
    /// Column and value; each column once.
    pub terms: Vec<(u32, f64)>,
}

impl Problem {
    /// The products of row `i` as a sum of squares where they are convex (below an upper side), or its negative where they are
    /// concave (above a lower one); `None` where [`row_curvature`](Self::row_curvature) is not convex. As many squares as the
    /// products have rank.
    pub fn row_squares(&self, i: usize) -> Option<Vec<Square>> {
        let mut squares = Vec::new();
        let sign = if self.row_upper()[i].is_finite() { 1.0 } else { -1.0 };
        let convex = self.row_curvature(i) == Curvature::Convex
            && eliminate(self.row_products(i), sign, |square| squares.push(square)) == Curvature::Convex;
        convex.then_some(squares)
    }
}

fn curvature(products: &[Product], sign: f64) -> Curvature {
    eliminate(products, sign, |_| ())
}

/// Right-looking elimination, columns of few neighbours first; each step splits off a square.
fn eliminate(products: &[Product], sign: f64, mut square: impl FnMut(Square)) -> Curvature {
    let scale = products.iter().fold(0.0_f64, |scale, p| scale.max(p.value.abs()));
    let mut rows: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
    for p in products {
        let value = sign * p.value / scale;
        let share = if p.first == p.second { value } else { 0.5 * value };
        *rows.entry(p.first).or_default().entry(p.second).or_default() += share;
        if p.first != p.second {
            *rows.entry(p.second).or_default().entry(p.first).or_default() += share;
        }
    }
    let mut order: Vec<(usize, u32)> = rows.iter().map(|(&column, row)| (row.len(), column)).collect();
    order.sort_unstable();
    let mut work = 0;
    for (_, column) in order {
        let Some(row) = rows.remove(&column) else { continue };
        let pivot = row.get(&column).copied().unwrap_or(0.0);
        let others: Vec<(u32, f64)> = row.into_iter().filter(|&(other, _)| other != column).collect();
        for (other, _) in &others {
            if let Some(row) = rows.get_mut(other) {
                row.remove(&column);
            }
        }
        if pivot <= TINY {
            // A positive semidefinite matrix has nothing beside a zero on its diagonal.
            let beside = others.iter().fold(0.0_f64, |most, (_, value)| most.max(value.abs()));
            if pivot < -TINY || beside > TINY.sqrt() {
                return Curvature::NotConvex;
            }
            continue;
        }
        work += (others.len() * others.len()) as u64;
        if work > MOST_WORK {
            return Curvature::Unknown;
        }
        let beside = others.iter().map(|&(other, value)| (other, value / pivot));
        square(Square { weight: scale * pivot, terms: std::iter::once((column, 1.0)).chain(beside).collect() });
        for &(i, a) in &others {
            let Some(row) = rows.get_mut(&i) else { continue };
            for &(j, b) in &others {
                *row.entry(j).or_default() -= a * b / pivot;
            }
        }
    }
    Curvature::Convex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ over factors of (fᵀx)², as products.
    fn squares(factors: &[Vec<f64>]) -> Vec<Product> {
        let n = factors[0].len();
        let entry = |i: usize, j: usize| factors.iter().map(|f| f[i] * f[j]).sum::<f64>();
        (0..n)
            .flat_map(|i| (i..n).map(move |j| (i, j)))
            .map(|(i, j)| Product::new(i as u32, j as u32, if i == j { entry(i, i) } else { 2.0 * entry(i, j) }))
            .collect()
    }

    #[test]
    fn sums_of_squares_are_convex_and_lose_it_by_a_little() {
        let mut state = 7_u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f64 / f64::from(1_u32 << 24)) - 0.5
        };
        for (columns, rank) in [(3, 1), (8, 3), (20, 20), (40, 12)] {
            let factors: Vec<Vec<f64>> = (0..rank).map(|_| (0..columns).map(|_| number()).collect()).collect();
            let products = squares(&factors);
            assert_eq!(curvature(&products, 1.0), Curvature::Convex, "{columns} columns, rank {rank}");
            assert_eq!(curvature(&products, -1.0), Curvature::NotConvex);
            let mut less = products.clone();
            let sum: f64 = less.iter().filter(|p| p.first == p.second).map(|p| p.value).sum();
            // The least eigenvalue of a matrix is at most its mean, so taking twice that from the diagonal breaks it.
            less.iter_mut().filter(|p| p.first == p.second).for_each(|p| p.value -= 2.0 * sum / f64::from(columns));
            assert_eq!(curvature(&less, 1.0), Curvature::NotConvex);
        }
        assert_eq!(curvature(&[], 1.0), Curvature::Convex);
    }

    #[test]
    fn squares_make_up_the_products_again() {
        let products = squares(&[vec![1.0, -2.0, 0.5], vec![0.0, 3.0, 1.0]]);
        let mut found = Vec::new();
        assert_eq!(eliminate(&products, 1.0, |square| found.push(square)), Curvature::Convex);
        assert_eq!(found.len(), 2, "as many as their rank");
        for x in [[1.0, 2.0, 3.0], [-1.0, 0.25, 0.0], [0.0, 0.0, 7.0]] {
            let whole: f64 = products.iter().map(|product| product.at(&x)).sum();
            let sum = |square: &Square| square.terms.iter().map(|&(j, value)| value * x[j as usize]).sum::<f64>();
            let parts: f64 = found.iter().map(|square| square.weight * sum(square).powi(2)).sum();
            assert!((whole - parts).abs() <= 1e-12 * whole.max(1.0), "{whole} as {parts}");
        }
    }
}

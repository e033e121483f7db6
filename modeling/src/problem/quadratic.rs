//! Products of two columns, in the objective and in rows: `Σ value · x[first] · x[second]`, with no factor of a half.

use serde::{Deserialize, Serialize};

use super::{MOST_ENTRIES, Problem};

/// The product `value · x[first] · x[second]`; a square when both are one column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// One column; not above `second` once frozen.
    pub first: u32,
    /// The other.
    pub second: u32,
    /// The coefficient.
    pub value: f64,
}

impl Product {
    /// `value · x[first] · x[second]`, the columns in any order.
    pub fn new(first: u32, second: u32, value: f64) -> Self {
        Self { first: first.min(second), second: first.max(second), value }
    }

    /// Its value at a point, in plain floating point.
    pub fn at(&self, x: &[f64]) -> f64 {
        self.value * x[self.first as usize] * x[self.second as usize]
    }
}

/// The products in a row, beside its linear part in the matrix.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QuadraticRow {
    /// The row.
    pub row: u32,
    /// At least one once frozen, ascending by columns, each pair of columns once.
    pub products: Vec<Product>,
}

/// Brings products into their one form: columns in order, pairs ascending, repeated ones added up, zeros left out.
pub(super) fn normalise(products: &mut Vec<Product>) {
    for product in products.iter_mut() {
        *product = Product::new(product.first, product.second, product.value + 0.0);
    }
    // Stable, so that repeated products are added up in the order in which they were given.
    products.sort_by_key(|p| (p.first, p.second));
    products.dedup_by(|next, kept| {
        let same = (next.first, next.second) == (kept.first, kept.second);
        if same {
            kept.value += next.value;
        }
        same
    });
    products.retain(|p| p.value != 0.0);
}

/// The same for all rows: one entry a row, ascending, none without products.
pub(super) fn normalise_rows(rows: &mut Vec<QuadraticRow>) {
    rows.sort_by_key(|one| one.row);
    rows.dedup_by(|next, kept| {
        let same = next.row == kept.row;
        if same {
            kept.products.append(&mut next.products);
        }
        same
    });
    for one in rows.iter_mut() {
        normalise(&mut one.products);
    }
    rows.retain(|one| !one.products.is_empty());
}

/// Whether products stand in the form that [`normalise`] makes.
pub(super) fn is_normal(products: &[Product]) -> bool {
    products.len() <= MOST_ENTRIES
        && products.iter().all(|p| p.first <= p.second && p.value != 0.0)
        && products.windows(2).all(|w| (w[0].first, w[0].second) < (w[1].first, w[1].second))
}

impl Problem {
    /// The products of the objective: it is offset + costᵀx + Σ value · x\[first\] · x\[second\].
    pub fn quadratic_objective(&self) -> &[Product] {
        &self.quadratic_objective
    }

    /// The rows that have products, ascending by row.
    pub fn quadratic_rows(&self) -> &[QuadraticRow] {
        &self.quadratic_rows
    }

    /// The products of row `i`; empty for a linear one.
    pub fn row_products(&self, i: usize) -> &[Product] {
        match self.quadratic_rows.binary_search_by_key(&i, |one| one.row as usize) {
            Ok(at) => &self.quadratic_rows[at].products,
            Err(_) => &[],
        }
    }

    /// How many products there are, in the objective and in all rows.
    pub fn num_products(&self) -> usize {
        self.quadratic_objective.len() + self.quadratic_rows.iter().map(|one| one.products.len()).sum::<usize>()
    }

    /// Whether objective and rows are all linear.
    pub fn is_linear(&self) -> bool {
        self.quadratic_objective.is_empty() && self.quadratic_rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{DefectCode, ProblemData};

    fn two_columns() -> ProblemData {
        ProblemData {
            cost: vec![1.0, 0.0],
            lower: vec![0.0; 2],
            upper: vec![9.0; 2],
            row_lower: vec![f64::NEG_INFINITY],
            row_upper: vec![4.0],
            starts: vec![0, 1, 1],
            indices: vec![0],
            values: vec![1.0],
            ..ProblemData::default()
        }
    }

    #[test]
    fn products_have_one_form() {
        let mut data = two_columns();
        data.quadratic_objective = vec![
            Product { first: 1, second: 0, value: 2.0 },
            Product { first: 1, second: 1, value: 0.5 },
            Product { first: 0, second: 1, value: 1.0 },
            Product { first: 0, second: 0, value: 1.0 },
            Product { first: 0, second: 0, value: -1.0 },
        ];
        data.quadratic_rows = vec![
            QuadraticRow { row: 0, products: vec![Product::new(1, 1, 1.0)] },
            QuadraticRow { row: 0, products: vec![Product::new(0, 0, 1.0)] },
        ];
        let problem = Problem::new(data).unwrap();
        assert_eq!(problem.quadratic_objective(), [Product::new(0, 1, 3.0), Product::new(1, 1, 0.5)]);
        assert_eq!(problem.row_products(0), [Product::new(0, 0, 1.0), Product::new(1, 1, 1.0)]);
        assert_eq!((problem.num_products(), problem.is_linear(), problem.is_lp()), (4, false, false));
        assert_eq!(problem.objective_of(&[2.0, 3.0]), 2.0 + 18.0 + 4.5);
    }

    #[test]
    fn defects_are_told() {
        let with = |objective: Vec<Product>, rows: Vec<QuadraticRow>| {
            let data = ProblemData { quadratic_objective: objective, quadratic_rows: rows, ..two_columns() };
            Problem::new(data).unwrap_err().list[0].code
        };
        assert_eq!(with(vec![Product::new(0, 2, 1.0)], vec![]), DefectCode::OutOfRange);
        assert_eq!(with(vec![Product::new(0, 1, f64::NAN)], vec![]), DefectCode::NotANumber);
        assert_eq!(with(vec![Product::new(0, 1, f64::INFINITY)], vec![]), DefectCode::Infinite);
        let row = |row, value| vec![QuadraticRow { row, products: vec![Product::new(0, 1, value)] }];
        assert_eq!(with(vec![], row(1, 1.0)), DefectCode::OutOfRange);
        assert_eq!(with(vec![], row(0, f64::NAN)), DefectCode::NotANumber);
    }
}

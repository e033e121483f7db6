//! The matrix Q of ½ xᵀQx as HiGHS takes it: the lower triangle, column by column.

use farkas_modeling::problem::Product;
use highs_sys::HighsInt;

/// n + 1 starts; within a column the diagonal comes first.
pub(super) struct Hessian {
    pub(super) starts: Vec<HighsInt>,
    pub(super) indices: Vec<HighsInt>,
    pub(super) values: Vec<f64>,
}

/// A square counts twice on the diagonal; a product of two stands in both triangles, of which one is handed over.
pub(super) fn of(columns: usize, products: &[Product]) -> Hessian {
    let mut starts = vec![0; columns + 1];
    for product in products {
        starts[product.first as usize + 1] += 1;
    }
    for j in 0..columns {
        starts[j + 1] += starts[j];
    }
    // Frozen products ascend by first and second column, with first ≤ second: that is the lower triangle by columns.
    Hessian {
        starts,
        indices: products.iter().map(|p| p.second.cast_signed()).collect(),
        values: products.iter().map(|p| if p.first == p.second { 2.0 * p.value } else { p.value }).collect(),
    }
}

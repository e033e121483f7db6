//! What is linear takes no products.
use farkas_modeling::model::prelude::*;

fn main() {
    let mut m = Model::new("m");
    let x = m.nonnegative("x").over(0..2);
    let total: Expr = sum(0..2, |i| x[i] * x[i]);
    m.abs("size", x[0] * x[1]);
    m.minimize(total);
}

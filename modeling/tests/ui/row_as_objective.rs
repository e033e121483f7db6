//! A row is no objective, and neither is its handle.
use farkas_modeling::model::prelude::*;

fn main() {
    let mut m = Model::new("m");
    let x = m.nonnegative("x").one();
    m.minimize(x.le(1));
    let cap = m.row("cap", x.le(1));
    m.maximize(cap);
}

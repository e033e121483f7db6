//! A comparison is a row, not a number.
use farkas_modeling::model::prelude::*;

fn main() {
    let mut m = Model::new("m");
    let x = m.nonnegative("x").over(0..2);
    m.minimize(x[0].le(1) + x[1]);
}

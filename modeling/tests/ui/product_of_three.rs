//! Products of two are as far as it goes.
use farkas_modeling::model::prelude::*;

fn main() {
    let mut m = Model::new("m");
    let x = m.nonnegative("x").over(0..3);
    m.minimize(x[0] * x[1] * x[2]);
    m.minimize((x[0] * x[1] + 1) * x[2]);
}

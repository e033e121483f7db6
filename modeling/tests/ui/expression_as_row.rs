//! A row compares.
use farkas_modeling::model::prelude::*;

fn main() {
    let mut m = Model::new("m");
    let x = m.nonnegative("x").over(0..2);
    m.row("cap", x[0] + x[1]);
    m.rows("caps", 0..2, |i| x[i]);
}

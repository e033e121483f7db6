//! Index sets are borrowed.
use farkas_modeling::model::prelude::*;

fn main() {
    let plants = vec!["Lyon".to_string()];
    let mut m = Model::new("m");
    m.binary("open").over(plants);
}

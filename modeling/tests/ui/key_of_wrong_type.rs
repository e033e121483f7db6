//! A family takes the keys that it was made over.
use farkas_modeling::model::prelude::*;

#[derive(Debug)]
struct Plant;
#[derive(Debug)]
struct City;

fn main() {
    let (plants, cities) = ([Plant], [City]);
    let mut m = Model::new("m");
    let open = m.binary("open").over(&plants);
    let ship = m.nonnegative("ship").over((&plants, &cities));
    let _ = open[0];
    let _ = open[&cities[0]];
    let _ = ship[(&cities[0], &plants[0])];
    let _ = ship[&plants[0]];
}

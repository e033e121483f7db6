//! Capacitated facility location, as Cornuéjols, Sridharan and Thizy (1991) draw it: points in a unit square, capacities
//! three times what is needed, fixed costs that grow with the root of the capacity.

use farkas_modeling::model::prelude::*;

use super::random::Random;

#[derive(Debug)]
struct Plant {
    #[expect(dead_code, reason = "names the plant, by way of Debug")]
    number: usize,
    at: (f64, f64),
    capacity: f64,
    fixed_cost: f64,
}

#[derive(Debug)]
struct City {
    #[expect(dead_code, reason = "names the city, by way of Debug")]
    number: usize,
    at: (f64, f64),
    demand: f64,
}

impl Plant {
    /// What it costs to serve all of a city's demand from here.
    fn cost(&self, city: &City) -> f64 {
        10.0 * city.demand * (self.at.0 - city.at.0).hypot(self.at.1 - city.at.1)
    }
}

/// Which plants to open, and which share of each city's demand each serves. `plants · cities + plants` columns, of which
/// `plants` are binary; `cities + plants + plants · cities` rows. Feasible, whatever the seed, for at least one plant.
///
/// ```
/// let problem = farkas_instances::generators::facility_location(1, 5, 20).freeze()?;
/// assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_integers()), (125, 105, 5));
/// assert_eq!(problem.column_names().get(5), "serve[0,0]");
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub fn facility_location(seed: u64, plants: usize, cities: usize) -> Model {
    let mut random = Random::new(seed);
    let point = |random: &mut Random| (random.unit(), random.unit());
    let cities: Vec<City> = (0..cities)
        .map(|number| City { number, at: point(&mut random), demand: f64::from(random.integer(5, 35)) })
        .collect();
    let mut plants: Vec<Plant> = (0..plants)
        .map(|number| {
            let (at, capacity) = (point(&mut random), f64::from(random.integer(10, 160)));
            let fixed_cost = f64::from(random.integer(100, 110)) * capacity.sqrt() + f64::from(random.integer(0, 90));
            Plant { number, at, capacity, fixed_cost: fixed_cost.round() }
        })
        .collect();
    let demand: f64 = cities.iter().map(|c| c.demand).sum();
    let scale = 3.0 * demand / plants.iter().map(|p| p.capacity).sum::<f64>();
    for plant in &mut plants {
        plant.capacity = (scale * plant.capacity).ceil();
    }

    let mut m = Model::new(format!("facility-location-{}x{}-{seed}", plants.len(), cities.len()));
    let open = m.binary("open").over(&plants);
    let serve = m.nonnegative("serve").over((&plants, &cities));
    m.minimize(sum(&plants, |p| p.fixed_cost * open[p]) + sum((&plants, &cities), |(p, c)| p.cost(c) * serve[(p, c)]));
    m.rows("demand", &cities, |c| sum(&plants, |p| serve[(p, c)]).eq(1));
    m.rows("capacity", &plants, |p| sum(&cities, |c| c.demand * serve[(p, c)]).le(p.capacity * open[p]));
    m.rows("link", (&plants, &cities), |(p, c)| serve[(p, c)].le(open[p]));
    m
}

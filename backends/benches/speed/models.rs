//! The models as the language writes them.

use std::sync::Arc;

use farkas_backends::contract::{Backend, Session};
use farkas_backends::solvers::highs::Highs;
use farkas_modeling::Problem;
use farkas_modeling::model::prelude::*;

/// Hours that the network has.
pub const HOURS: usize = 24;

pub fn cost(i: usize, j: usize) -> f64 {
    ((i * 31 + j * 17) % 97 + 1) as f64
}

pub fn numbers(n: usize) -> Vec<usize> {
    (0..n).collect()
}

pub fn names(prefix: char, n: usize) -> Set<String> {
    (0..n).map(|i| format!("{prefix}{i}")).collect()
}

pub fn problem(model: Model) -> Arc<Problem> {
    Arc::new(model.into_problem().expect("it has no defects"))
}

pub fn opened(problem: &Arc<Problem>) -> Box<dyn Session> {
    Highs::new().open(Arc::clone(problem)).expect("HiGHS takes it")
}

pub fn by_place(plants: &[usize], cities: &[usize]) -> Model {
    let capacity = cities.len() as f64 / 4.0;
    let mut m = Model::new("transport");
    let ship = m.nonnegative("ship").over((plants, cities));
    let open = m.binary("open").over(cities);
    m.minimize(
        sum((plants, cities), |(p, c)| cost(*p, *c) * ship[(p, c)])
            + sum(cities, |c| (100.0 + (c % 7) as f64) * open[c]),
    );
    m.rows("supply", plants, |p| sum(cities, |c| ship[(p, c)]).eq(1));
    m.rows("capacity", cities, |c| sum(plants, |p| ship[(p, c)]).le(capacity * open[c]));
    m.rows("link", (plants, cities), |(p, c)| ship[(p, c)].le(open[c]));
    m
}

/// The same, every key looked up by its text.
pub fn by_name(plants: &Set<String>, cities: &Set<String>) -> Model {
    let capacity = cities.len() as f64 / 4.0;
    let mut m = Model::new("transport");
    let ship = m.nonnegative("ship").over((plants, cities));
    let open = m.binary("open").over(cities);
    m.minimize(
        sum((plants, cities), |(p, c)| (p.len() * 31 + c.len()) as f64 * ship[(p.as_str(), c.as_str())])
            + sum(cities, |c| (100.0 + c.len() as f64) * open[c.as_str()]),
    );
    m.rows("supply", plants, |p| sum(cities, |c| ship[(p.as_str(), c.as_str())]).eq(1));
    m.rows("capacity", cities, |c| sum(plants, |p| ship[(p.as_str(), c.as_str())]).le(capacity * open[c.as_str()]));
    m.rows("link", (plants, cities), |(p, c)| ship[(p.as_str(), c.as_str())].le(open[c.as_str()]));
    m
}

/// Four arcs a node, 24 hours: flows, generation, and units that are on or off.
pub struct Network {
    pub nodes: Vec<String>,
    pub arcs: Vec<(String, String)>,
    pub hours: Vec<String>,
}

impl Network {
    pub fn new(n: usize) -> Self {
        let nodes: Vec<String> = (0..n).map(|i| format!("node_{i:05}")).collect();
        let head = |i: usize, k: usize| match (i * 7 + k * 13 + 1) % n {
            j if j == i => (i + 1) % n,
            j => j,
        };
        let arcs = (0..n).flat_map(|i| (0..4).map(move |k| (i, k)));
        let arcs = arcs.map(|(i, k)| (nodes[i].clone(), nodes[head(i, k)].clone())).collect();
        Self { arcs, hours: (0..HOURS).map(|t| format!("t{t:02}")).collect(), nodes }
    }

    pub fn variables(&self) -> usize {
        HOURS * (self.arcs.len() + 2 * self.nodes.len())
    }
}

/// Sets of the strings and of pairs of them; keys are used as the sets yield them, which finds them by place.
pub fn network(net: &Network) -> Model {
    let (nodes, arcs, hours) = (Set::from(net.nodes.clone()), Set::from(net.arcs.clone()), &net.hours);
    let (mut into, mut out) = (vec![Vec::new(); nodes.len()], vec![Vec::new(); nodes.len()]);
    let at = |node: &String| nodes.position(node).expect("an arc leads from node to node");
    for arc in &arcs {
        out[at(&arc.0)].push(arc);
        into[at(&arc.1)].push(arc);
    }

    let mut m = Model::new("network");
    let flow = m.nonnegative("flow").upper(50).over((&arcs, hours));
    let make = m.nonnegative("make").upper(100).over((&nodes, hours));
    let on = m.binary("on").over((&nodes, hours));
    m.minimize(
        sum((arcs.iter().enumerate(), hours.iter().enumerate()), |((a, arc), (t, hour))| {
            cost(a, t) * flow[(arc, hour)]
        }) + sum((nodes.iter().enumerate(), hours.iter().enumerate()), |((i, node), (t, hour))| {
            10.0 * cost(i, t) * make[(node, hour)]
        }) + sum((&nodes, hours), |key| 500.0 * on[key]),
    );
    m.rows("balance", (&nodes, hours), |(node, hour)| {
        let arriving = sum(&into[at(node)], |&arc| flow[(arc, hour)]);
        let leaving = sum(&out[at(node)], |&arc| flow[(arc, hour)]);
        (arriving - leaving + make[(node, hour)]).eq(20)
    });
    m.rows("unit", (&nodes, hours), |key| make[key].le(100.0 * on[key]));
    m.rows("ramp", (&nodes, 1..HOURS), |(node, t)| (make[(node, &hours[t])] - make[(node, &hours[t - 1])]).le(30));
    m
}

/// The same, every key looked up by its text.
pub fn network_by_name(net: &Network) -> Model {
    let nodes: Set<&str> = net.nodes.iter().map(String::as_str).collect();
    let hours: Set<&str> = net.hours.iter().map(String::as_str).collect();
    let arcs: Set<(&str, &str)> = net.arcs.iter().map(|(u, v)| (u.as_str(), v.as_str())).collect();
    let (mut into, mut out) = (vec![Vec::new(); nodes.len()], vec![Vec::new(); nodes.len()]);
    let at = |node: &str| nodes.position(node).expect("an arc leads from node to node");
    for &(u, v) in &*arcs {
        out[at(u)].push(v);
        into[at(v)].push(u);
    }

    let mut m = Model::new("network");
    let flow = m.nonnegative("flow").upper(50).over((&arcs, &hours));
    let make = m.nonnegative("make").upper(100).over((&nodes, &hours));
    let on = m.binary("on").over((&nodes, &hours));
    m.minimize(
        sum((arcs.iter().enumerate(), hours.iter().enumerate()), |((a, &arc), (t, &hour))| {
            cost(a, t) * flow[(arc, hour)]
        }) + sum((nodes.iter().enumerate(), hours.iter().enumerate()), |((i, &node), (t, &hour))| {
            10.0 * cost(i, t) * make[(node, hour)]
        }) + sum((&nodes, &hours), |(&node, &hour)| 500.0 * on[(node, hour)]),
    );
    m.rows("balance", (&nodes, &hours), |(&node, &hour)| {
        let arriving = sum(&into[at(node)], |&u| flow[((u, node), hour)]);
        let leaving = sum(&out[at(node)], |&v| flow[((node, v), hour)]);
        (arriving - leaving + make[(node, hour)]).eq(20)
    });
    m.rows("unit", (&nodes, &hours), |(&node, &hour)| make[(node, hour)].le(100.0 * on[(node, hour)]));
    m.rows("ramp", (&nodes, 1..HOURS), |(&node, t)| (make[(node, hours[t])] - make[(node, hours[t - 1])]).le(30));
    m
}

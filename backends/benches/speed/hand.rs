//! The same models as arrays filled by hand, row by row: the least that any modeling layer has to do.

use std::collections::HashMap;

use super::models::{HOURS, Network, cost};

/// A mixed-integer program row by row, as HiGHS takes it.
#[derive(Default)]
pub struct Arrays {
    pub cost: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub integer: Vec<i32>,
    pub row_lower: Vec<f64>,
    pub row_upper: Vec<f64>,
    pub starts: Vec<i32>,
    pub columns: Vec<i32>,
    pub values: Vec<f64>,
}

impl Arrays {
    fn with_capacity(columns: usize, rows: usize, entries: usize) -> Self {
        Self {
            cost: Vec::with_capacity(columns),
            lower: Vec::with_capacity(columns),
            upper: Vec::with_capacity(columns),
            integer: Vec::with_capacity(columns),
            row_lower: Vec::with_capacity(rows),
            row_upper: Vec::with_capacity(rows),
            starts: Vec::with_capacity(rows + 1),
            columns: Vec::with_capacity(entries),
            values: Vec::with_capacity(entries),
        }
    }

    fn variable(&mut self, cost: f64, upper: f64, integer: i32) {
        self.cost.push(cost);
        self.lower.push(0.0);
        self.upper.push(upper);
        self.integer.push(integer);
    }

    /// Begins a row.
    fn row(&mut self, lower: f64, upper: f64) {
        self.starts.push(self.columns.len() as i32);
        self.row_lower.push(lower);
        self.row_upper.push(upper);
    }

    fn entry(&mut self, column: usize, value: f64) {
        self.columns.push(column as i32);
        self.values.push(value);
    }

    fn end(mut self) -> Self {
        self.starts.push(self.columns.len() as i32);
        self
    }
}

pub fn transport(n: usize) -> Arrays {
    let mut a = Arrays::with_capacity(n * n + n, n * n + 2 * n, 4 * n * n + n);
    for i in 0..n {
        for j in 0..n {
            a.variable(cost(i, j), f64::INFINITY, 0);
        }
    }
    for j in 0..n {
        a.variable(100.0 + (j % 7) as f64, 1.0, 1);
    }
    for i in 0..n {
        a.row(1.0, 1.0);
        (0..n).for_each(|j| a.entry(i * n + j, 1.0));
    }
    for j in 0..n {
        a.row(f64::NEG_INFINITY, 0.0);
        (0..n).for_each(|i| a.entry(i * n + j, 1.0));
        a.entry(n * n + j, -(n as f64) / 4.0);
    }
    for i in 0..n {
        for j in 0..n {
            a.row(f64::NEG_INFINITY, 0.0);
            a.entry(i * n + j, 1.0);
            a.entry(n * n + j, -1.0);
        }
    }
    a.end()
}

/// The names are looked up once, a node and an arc's end each; all else is arithmetic.
pub fn network(net: &Network) -> Arrays {
    let (n, arcs) = (net.nodes.len(), net.arcs.len());
    let place: HashMap<&str, usize> = net.nodes.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let (mut into, mut out) = (vec![Vec::new(); n], vec![Vec::new(); n]);
    for (a, (u, v)) in net.arcs.iter().enumerate() {
        out[place[u.as_str()]].push(a);
        into[place[v.as_str()]].push(a);
    }
    let mut a = Arrays::with_capacity(net.variables(), 3 * n * HOURS, HOURS * (2 * arcs + 5 * n));
    let hourly = |count: usize| (0..count).flat_map(|i| (0..HOURS).map(move |t| (i, t)));
    hourly(arcs).for_each(|(arc, t)| a.variable(cost(arc, t), 50.0, 0));
    hourly(n).for_each(|(i, t)| a.variable(10.0 * cost(i, t), 100.0, 0));
    hourly(n).for_each(|_| a.variable(500.0, 1.0, 1));
    let make = |i: usize, t: usize| (arcs + i) * HOURS + t;
    let on = |i: usize, t: usize| (arcs + n + i) * HOURS + t;
    for (i, t) in hourly(n) {
        a.row(20.0, 20.0);
        a.entry(make(i, t), 1.0);
        into[i].iter().for_each(|arc| a.entry(arc * HOURS + t, 1.0));
        out[i].iter().for_each(|arc| a.entry(arc * HOURS + t, -1.0));
    }
    for (i, t) in hourly(n) {
        a.row(f64::NEG_INFINITY, 0.0);
        a.entry(make(i, t), 1.0);
        a.entry(on(i, t), -100.0);
    }
    for (i, t) in hourly(n).filter(|&(_, t)| t > 0) {
        a.row(f64::NEG_INFINITY, 30.0);
        a.entry(make(i, t), 1.0);
        a.entry(make(i, t - 1), -1.0);
    }
    a.end()
}

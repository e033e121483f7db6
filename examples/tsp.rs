//! A travelling salesman by lazy rows: the shortest tour through the crossings of a grid, subtours cut off as they occur.
//!
//! Two edges at every city make tours, but several small ones are cheaper to come by. Whenever an answer falls apart into
//! cycles, each cycle is forbidden and the rest solved again, until one cycle visits all.

use std::error::Error;

use farkas::prelude::*;

const WIDTH: usize = 6;
const HEIGHT: usize = 5;
const CITIES: usize = WIDTH * HEIGHT;

fn distance(a: usize, b: usize) -> f64 {
    let (x, y) = ((a % WIDTH).abs_diff(b % WIDTH), (a / WIDTH).abs_diff(b / WIDTH));
    ((x * x + y * y) as f64).sqrt()
}

/// The cities of each cycle of a tour's edges.
fn cycles(edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let (mut seen, mut cycles) = ([false; CITIES], Vec::new());
    for start in 0..CITIES {
        let (mut cycle, mut waiting) = (Vec::new(), vec![start]);
        while let Some(city) = waiting.pop() {
            if !std::mem::replace(&mut seen[city], true) {
                cycle.push(city);
                waiting.extend(edges.iter().filter(|e| e.0 == city).map(|e| e.1));
                waiting.extend(edges.iter().filter(|e| e.1 == city).map(|e| e.0));
            }
        }
        if !cycle.is_empty() {
            cycles.push(cycle);
        }
    }
    cycles
}

pub fn main() -> Result<(), Box<dyn Error>> {
    // Only near cities are joined; that is enough for a grid.
    let edges: Set<(usize, usize)> = (0..CITIES)
        .flat_map(|a| (a + 1..CITIES).map(move |b| (a, b)))
        .filter(|(a, b)| distance(*a, *b) < 2.5)
        .collect();
    let mut m = Model::new("travelling salesman");
    let go = m.binary("go").over(&edges);
    m.minimize(sum(&edges, |e| distance(e.0, e.1) * go[e]));
    m.rows("visit", 0..CITIES, |city| sum(edges.iter().filter(|e| e.0 == city || e.1 == city), |e| go[e]).eq(2));

    let mut rounds = 0;
    let answer = Solver::highs().gap(0.0).solve_lazy(&m, |candidate, cuts| {
        rounds += 1;
        let chosen: Vec<(usize, usize)> = candidate.chosen(&go).copied().collect();
        let cycles = cycles(&chosen);
        for cycle in cycles.iter().filter(|_| cycles.len() > 1) {
            let inside = |e: &&(usize, usize)| cycle.contains(&e.0) && cycle.contains(&e.1);
            cuts.row("subtour", sum(edges.iter().filter(inside), |e| go[e]).le(cycle.len() - 1));
        }
    })?;
    let chosen: Vec<(usize, usize)> = answer.chosen(&go).copied().collect();
    println!("{answer}\n{rounds} rounds, {} rows", answer.problem().num_rows());
    assert_eq!(cycles(&chosen).len(), 1);
    // On a grid with an even number of crossings every step of the shortest tour goes to a neighbour.
    assert!((answer.objective().unwrap_or(0.0) - CITIES as f64).abs() < 1e-6);
    Ok(())
}

//! Cutting stock by column generation: rolls of paper are cut to order, and patterns are made as they pay off.
//!
//! The master chooses how often to cut each known pattern; the duals of the orders are what a piece of each width is worth;
//! a knapsack finds the most valuable pattern; when none is worth a roll, the linear program is solved. The patterns found
//! are then cut a whole number of times.

use std::error::Error;

use farkas::modeling::ColumnKind;
use farkas::prelude::*;

const ROLL: usize = 5600;
/// What is ordered: widths, and how many of each.
const WIDTHS: [usize; 13] = [1380, 1520, 1560, 1710, 1820, 1880, 1930, 2000, 2050, 2100, 2140, 2150, 2200];
const COUNTS: [u32; 13] = [22, 25, 12, 14, 18, 18, 20, 10, 12, 14, 16, 18, 20];

/// The pattern of the highest value at these prices: how many of each width, and what it is worth.
fn best_pattern(prices: &[f64]) -> (Vec<usize>, f64) {
    // The best value of each width, and the order that was cut last to reach it.
    let mut best = vec![(0.0, None); ROLL + 1];
    for width in 1..=ROLL {
        best[width] = (best[width - 1].0, None);
        for (order, piece) in WIDTHS.iter().enumerate().filter(|(_, piece)| **piece <= width) {
            let value = best[width - piece].0 + prices[order];
            if value > best[width].0 {
                best[width] = (value, Some(order));
            }
        }
    }
    let (mut pattern, mut width) = (vec![0; WIDTHS.len()], ROLL);
    while width > 0 {
        if let Some(order) = best[width].1 {
            pattern[order] += 1;
            width -= WIDTHS[order];
        } else {
            width -= 1;
        }
    }
    (pattern, best[ROLL].0)
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let mut m = Model::new("cutting stock");
    // To begin with, each roll is cut into pieces of one width.
    let first = m.nonnegative("single").over(0..WIDTHS.len());
    m.minimize(sum(0..WIDTHS.len(), |order| first[order]));
    let ordered =
        m.rows("ordered", 0..WIDTHS.len(), |order| ((ROLL / WIDTHS[order]) as f64 * first[order]).ge(COUNTS[order]));

    let mut master = m.open(Solver::highs().gap(0.0))?;
    let mut cuts = Vec::new();
    let relaxed = loop {
        let answer = master.solve()?;
        let prices: Vec<f64> = answer.duals_by(&ordered).map(|(_, price)| price).collect();
        let (pattern, value) = best_pattern(&prices);
        if value <= 1.0 + 1e-9 {
            break answer.objective().ok_or("the master has no answer")?;
        }
        let counts = pattern.iter().map(|&count| count as f64);
        let column = Column::nonnegative("pattern").cost(1).entries(ordered.members().iter().copied().zip(counts));
        cuts.push((master.column(column)?, pattern));
    };
    first
        .members()
        .iter()
        .chain(cuts.iter().map(|(cut, _)| cut))
        .try_for_each(|cut| master.kind(cut, ColumnKind::Integer))?;
    let answer = master.solve()?;
    println!("{answer}\n{} patterns made; at least {relaxed:.3} rolls are needed", cuts.len());
    for (cut, pattern) in cuts.iter().filter(|(cut, _)| answer.value(*cut) > 0.5) {
        println!("{:3} × {pattern:?}", answer.value(*cut).round());
    }
    assert!((72.0..=73.0).contains(&relaxed.ceil()) && answer.objective() == Some(73.0));
    Ok(())
}

//! The examples run, and what they assert holds.
#![cfg(feature = "highs")]

#[path = "../examples/cutting_stock.rs"]
mod cutting_stock;
#[path = "../examples/tsp.rs"]
mod tsp;

#[test]
fn cutting_stock_finds_the_fewest_rolls() {
    cutting_stock::main().unwrap();
}

#[test]
fn tsp_finds_a_shortest_tour() {
    tsp::main().unwrap();
}

//! How long a model of a million variables takes to write and to freeze: transport with linking rows, n plants and n cities
//! (n² + n columns, n² + 2n rows, about 4 n² nonzeros), against the same arrays filled by hand.

use std::hint::black_box;

use divan::Bencher;
use farkas_modeling::model::prelude::*;

const N: usize = 1000;

fn main() {
    divan::main();
}

fn cost(p: usize, c: usize) -> f64 {
    ((p * 7 + c * 13) % 97) as f64 + 1.0
}

fn by_place(plants: &[usize], cities: &[usize]) -> Model {
    let mut m = Model::new("transport");
    let open = m.binary("open").over(plants);
    let ship = m.nonnegative("ship").over((plants, cities));
    m.minimize(sum(plants, |p| 100.0 * open[p]) + sum((plants, cities), |(p, c)| cost(*p, *c) * ship[(p, c)]));
    m.rows("demand", cities, |c| sum(plants, |p| ship[(p, c)]).eq(1.0));
    m.rows("capacity", plants, |p| sum(cities, |c| ship[(p, c)]).le(1000.0 * open[p]));
    m.rows("link", (plants, cities), |(p, c)| ship[(p, c)].le(open[p]));
    m
}

/// Every key looked up by its text.
fn by_name(plants: &Set<String>, cities: &Set<String>) -> Model {
    let mut m = Model::new("transport");
    let open = m.binary("open").over(plants);
    let ship = m.nonnegative("ship").over((plants, cities));
    m.minimize(
        sum(plants, |p| 100.0 * open[p.as_str()])
            + sum((plants, cities), |(p, c)| (p.len() + c.len()) as f64 * ship[(p.as_str(), c.as_str())]),
    );
    m.rows("demand", cities, |c| sum(plants, |p| ship[(p.as_str(), c.as_str())]).eq(1.0));
    m.rows("capacity", plants, |p| sum(cities, |c| ship[(p.as_str(), c.as_str())]).le(1000.0 * open[p.as_str()]));
    m.rows("link", (plants, cities), |(p, c)| ship[(p.as_str(), c.as_str())].le(open[p.as_str()]));
    m
}

fn numbers() -> Vec<usize> {
    (0..N).collect()
}

fn names(prefix: char) -> Set<String> {
    (0..N).map(|i| format!("{prefix}{i}")).collect()
}

#[divan::bench(sample_count = 10)]
fn write_by_place(bencher: Bencher) {
    let (plants, cities) = (numbers(), numbers());
    bencher.bench(|| by_place(black_box(&plants), black_box(&cities)));
}

#[divan::bench(sample_count = 10)]
fn write_by_name(bencher: Bencher) {
    let (plants, cities) = (names('p'), names('c'));
    bencher.bench(|| by_name(black_box(&plants), black_box(&cities)));
}

#[divan::bench(sample_count = 10)]
fn freeze(bencher: Bencher) {
    let model = by_place(&numbers(), &numbers());
    bencher.bench(|| black_box(&model).freeze());
}

/// Row by row into plain arrays, which is the least that a row-wise builder could do.
#[divan::bench(sample_count = 10)]
fn fill_by_hand(bencher: Bencher) {
    bencher.bench(|| {
        let n = black_box(N);
        let (mut columns, mut values, mut ends) = (Vec::<u32>::new(), Vec::<f64>::new(), Vec::<u32>::new());
        let (mut lower, mut upper) = (Vec::<f64>::new(), Vec::<f64>::new());
        let mut costs = vec![100.0; n];
        costs.extend((0..n * n).map(|j| cost(j / n, j % n)));
        let bounds = (vec![0.0_f64; n + n * n], vec![f64::INFINITY; n + n * n]);
        let column = |p: usize, c: usize| (n + p * n + c) as u32;
        let mut close = |columns: &Vec<u32>, sides: (f64, f64)| {
            ends.push(columns.len() as u32);
            lower.push(sides.0);
            upper.push(sides.1);
        };
        for c in 0..n {
            columns.extend((0..n).map(|p| column(p, c)));
            values.extend((0..n).map(|_| 1.0));
            close(&columns, (1.0, 1.0));
        }
        for p in 0..n {
            columns.extend((0..n).map(|c| column(p, c)).chain([p as u32]));
            values.extend((0..n).map(|_| 1.0).chain([-1000.0]));
            close(&columns, (f64::NEG_INFINITY, 0.0));
        }
        for p in 0..n {
            for c in 0..n {
                columns.extend([column(p, c), p as u32]);
                values.extend([1.0, -1.0]);
                close(&columns, (f64::NEG_INFINITY, 0.0));
            }
        }
        (columns, values, ends, lower, upper, costs, bounds)
    });
}

//! Problems for the suite: a small builder, and seeded generators of problems that take a solver a while.

use std::sync::Arc;

use farkas_modeling::problem::{Indicator, SpecialOrderedSet};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};

pub const INF: f64 = f64::INFINITY;

/// Builds a problem column by column, then row by row.
#[derive(Clone)]
pub struct Build {
    pub(crate) data: ProblemData,
    entries: Vec<(usize, usize, f64)>,
}

pub fn minimize() -> Build {
    Build { data: ProblemData::default(), entries: Vec::new() }
}

pub fn maximize() -> Build {
    Build { data: ProblemData { sense: Sense::Maximize, ..ProblemData::default() }, entries: Vec::new() }
}

impl Build {
    pub fn offset(mut self, offset: f64) -> Self {
        self.data.offset = offset;
        self
    }

    /// A continuous column.
    pub fn col(self, cost: f64, lower: f64, upper: f64) -> Self {
        self.kind(ColumnKind::Continuous, cost, lower, upper)
    }

    /// An integer column.
    pub fn int(self, cost: f64, lower: f64, upper: f64) -> Self {
        self.kind(ColumnKind::Integer, cost, lower, upper)
    }

    pub fn kind(mut self, kind: ColumnKind, cost: f64, lower: f64, upper: f64) -> Self {
        self.data.cost.push(cost);
        self.data.lower.push(lower);
        self.data.upper.push(upper);
        self.data.kinds.push(kind);
        self
    }

    /// lower ≤ Σ a x ≤ upper.
    pub fn row(mut self, lower: f64, terms: &[(usize, f64)], upper: f64) -> Self {
        let i = self.data.row_lower.len();
        self.data.row_lower.push(lower);
        self.data.row_upper.push(upper);
        self.entries.extend(terms.iter().map(|&(j, a)| (j, i, a)));
        self
    }

    pub fn le(self, terms: &[(usize, f64)], side: f64) -> Self {
        self.row(-INF, terms, side)
    }

    pub fn ge(self, terms: &[(usize, f64)], side: f64) -> Self {
        self.row(side, terms, INF)
    }

    pub fn eq(self, terms: &[(usize, f64)], side: f64) -> Self {
        self.row(side, terms, side)
    }

    pub fn set(mut self, order: u8, members: &[u32]) -> Self {
        let members = members.iter().zip(1..).map(|(&j, w)| (j, f64::from(w))).collect();
        self.data.sets.push(SpecialOrderedSet { name: String::new(), order, members });
        self
    }

    pub fn indicator(mut self, row: u32, column: u32, active: bool) -> Self {
        self.data.indicators.push(Indicator { row, column, active });
        self
    }

    pub fn freeze(mut self) -> Arc<Problem> {
        self.entries.sort_by_key(|e| (e.0, e.1));
        let mut starts = vec![0_u32; self.data.cost.len() + 1];
        for &(j, i, a) in &self.entries {
            starts[j + 1] += 1;
            self.data.indices.push(i as u32);
            self.data.values.push(a);
        }
        for j in 0..self.data.cost.len() {
            starts[j + 1] += starts[j];
        }
        self.data.starts = starts;
        Arc::new(Problem::new(self.data).expect("the suite's own problems are sound"))
    }
}

/// Numbers that look random and are the same in every run (Knuth's 64-bit linear congruential generator).
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// A whole number from 0 to `below` − 1.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A knapsack of `items` binaries under `rows` capacities with profits close to the weights: incumbents come at once, the
/// proof takes minutes at 10 rows and 100 items (Chu and Beasley's recipe).
pub fn knapsack(items: usize, rows: usize, seed: u64) -> Arc<Problem> {
    let mut numbers = Numbers::new(seed);
    let weights: Vec<Vec<f64>> =
        (0..rows).map(|_| (0..items).map(|_| (1 + numbers.below(1000)) as f64).collect()).collect();
    let mut build = maximize();
    for j in 0..items {
        let mean = weights.iter().map(|w| w[j]).sum::<f64>() / rows as f64;
        build = build.int((mean + numbers.below(500) as f64).round(), 0.0, 1.0);
    }
    for weight in &weights {
        let terms: Vec<(usize, f64)> = weight.iter().copied().enumerate().collect();
        let capacity = (weight.iter().sum::<f64>() * 0.5).floor();
        build = build.le(&terms, capacity);
    }
    build.freeze()
}

/// A covering LP whose costs lie close to what a column is worth: nothing to presolve, seconds of simplex at 1,500 rows.
pub fn covering(rows: usize, seed: u64) -> Arc<Problem> {
    let mut numbers = Numbers::new(seed);
    let mut build = minimize();
    let mut terms: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows];
    let one_in = (rows as u64 / 30).max(2);
    for j in 0..rows {
        let mut worth = 0.0;
        for (i, row) in terms.iter_mut().enumerate() {
            if i == j || numbers.below(one_in) == 0 {
                let value = (1 + numbers.below(1000)) as f64;
                worth += value;
                row.push((j, value));
            }
        }
        build = build.col((worth / 10.0 + numbers.below(300) as f64).round(), 0.0, INF);
    }
    for row in &terms {
        build = build.ge(row, (1000 + numbers.below(1000)) as f64);
    }
    build.freeze()
}

/// A market split (Cornuejols and Dawande) with a planted answer: binaries x, and for each row two columns for what it
/// misses, whose sum counts. The planted point misses nothing; a search for it takes hours. Also: which columns are x.
pub fn market_split(sense: Sense, offset: f64, seed: u64) -> (Arc<Problem>, Vec<f64>, usize) {
    let (rows, items) = (5, 40);
    let mut numbers = Numbers::new(seed);
    let mut build = if sense == Sense::Minimize { minimize() } else { maximize() }.offset(offset);
    let mut planted: Vec<f64> = (0..items).map(|_| numbers.below(2) as f64).collect();
    for _ in 0..items {
        build = build.int(0.0, 0.0, 1.0);
    }
    for _ in 0..2 * rows {
        build = build.col(sense.sign(), 0.0, INF);
    }
    for i in 0..rows {
        let mut terms: Vec<(usize, f64)> = (0..items).map(|j| (j, numbers.below(100) as f64)).collect();
        let side = terms.iter().map(|&(j, a)| a * planted[j]).sum();
        terms.extend([(items + 2 * i, 1.0), (items + 2 * i + 1, -1.0)]);
        build = build.eq(&terms, side);
    }
    planted.extend(vec![0.0; 2 * rows]);
    (build.freeze(), planted, items)
}

/// Problems for starts: pure integer, and mixed with continuous columns that a start may leave open.
pub fn started() -> Vec<(&'static str, Arc<Problem>)> {
    vec![("a knapsack", knapsack(25, 4, 31)), ("lot sizes", lot_sizes(12, 32))]
}

/// Lot sizing: produce (continuous), set up (binary), store (continuous) over periods.
pub fn lot_sizes(periods: usize, seed: u64) -> Arc<Problem> {
    let mut numbers = Numbers::new(seed);
    let mut build = minimize();
    for _ in 0..periods {
        build = build.col((1 + numbers.below(5)) as f64, 0.0, INF).int((50 + numbers.below(100)) as f64, 0.0, 1.0).col(
            (1 + numbers.below(3)) as f64,
            0.0,
            INF,
        );
    }
    for t in 0..periods {
        let (made, open, stored) = (3 * t, 3 * t + 1, 3 * t + 2);
        let mut balance = vec![(made, 1.0), (stored, -1.0)];
        if t > 0 {
            balance.insert(0, (stored - 3, 1.0));
        }
        build = build.eq(&balance, (10 + numbers.below(40)) as f64);
        build = build.le(&[(made, 1.0), (open, -120.0)], 0.0);
    }
    build.freeze()
}

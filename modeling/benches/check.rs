//! The checker on a million nonzeros: a point whose rows are slack (plain floating point with its error bound settles
//! them), one whose rows are tight (every row summed exactly), multipliers (every column summed exactly), and bare sums.

use divan::Bencher;
use farkas_modeling::answer::{Claim, Duals, Reason, Source, Termination};
use farkas_modeling::check::exact::dot;
use farkas_modeling::check::{check_point, examine};
use farkas_modeling::{Problem, ProblemData, Tolerances};

const COLUMNS: usize = 200_000;
const ROWS: usize = 100_000;
const NONZEROS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// Numbers that look random and are the same every time (an LCG; Knuth's constants).
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Five nonzeros a column, rows that the point of ones meets by `slack`.
fn problem(slack: f64) -> Problem {
    let mut number = numbers(7);
    let each = NONZEROS / COLUMNS;
    let mut indices = Vec::with_capacity(NONZEROS);
    for _ in 0..COLUMNS {
        let first = (number() * (ROWS / each) as f64) as u32;
        indices.extend((0..each).map(|k| first + (k * (ROWS / each)) as u32));
    }
    let values: Vec<f64> = (0..NONZEROS).map(|_| number() * 10.0).collect();
    let mut activity = vec![0.0; ROWS];
    for (&i, v) in indices.iter().zip(&values) {
        activity[i as usize] += v;
    }
    let problem = Problem::new(ProblemData {
        cost: (0..COLUMNS).map(|_| number() * 100.0).collect(),
        lower: vec![0.0; COLUMNS],
        upper: vec![2.0; COLUMNS],
        row_lower: activity.iter().map(|a| a - slack).collect(),
        row_upper: vec![f64::INFINITY; ROWS],
        starts: (0..=COLUMNS).map(|j| (j * each) as u32).collect(),
        indices,
        values,
        ..ProblemData::default()
    })
    .expect("a valid problem");
    problem.by_rows(); // made once, by whoever needs it first
    problem
}

#[divan::bench(args = [1.0, 0.0], sample_count = 20)]
fn point(bencher: Bencher, slack: f64) {
    let (problem, point, tolerances) = (problem(slack), vec![1.0; COLUMNS], Tolerances::default());
    bencher.bench_local(|| check_point(&problem, &point, &tolerances).expect("finite").expect("feasible"));
}

#[divan::bench(sample_count = 20)]
fn multipliers(bencher: Bencher) {
    let (problem, mut number) = (problem(0.0), numbers(3));
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, ""));
    let rows: Vec<f64> = (0..ROWS).map(|_| number()).collect();
    claim.duals = Some(Duals { rows, reduced_costs: vec![0.0; COLUMNS] });
    let source = Source { backend: "bench".into(), version: String::new(), lane: 0 };
    bencher.bench_local(|| examine(&problem, &source, &claim, &Tolerances::default()));
}

#[divan::bench(sample_count = 20)]
fn sum(bencher: Bencher) {
    let mut number = numbers(1);
    let a: Vec<f64> = (0..NONZEROS).map(|_| number()).collect();
    let b: Vec<f64> = (0..NONZEROS).map(|_| number() - 0.5).collect();
    bencher.bench_local(|| dot(&a, &b));
}

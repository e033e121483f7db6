//! An answer that holds after a change, or lies a few pivots from one that did, is given without a solver, and never one that
//! does not hold: by random changes, each answer beside that of a solver that begins anew.
#![cfg(feature = "highs")]

use farkas::modeling::answer::{BasisStatus, EvidenceLevel};
use farkas::prelude::*;

const SIZE: usize = 6;

/// Numbers that look random and are the same in every run: `SplitMix64`.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)) >> 11) % end
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// Whether the answer says that nobody was asked.
fn is_carried(answer: &Solved) -> bool {
    answer.lanes()[0].detail.contains("no solver was asked")
}

/// A transport of `SIZE` by `SIZE`, with ranges, a free column and rows that do not bind.
fn transport(maximize: bool, numbers: &mut Numbers) -> (Model, Vec<Var>, Vec<Row>) {
    let mut m = Model::new("transport");
    let ship = m.nonnegative("ship").over((0..SIZE, 0..SIZE));
    let shift = m.continuous("shift").one();
    let sign = if maximize { -1.0 } else { 1.0 };
    let costs: Vec<f64> = (0..SIZE * SIZE).map(|_| (numbers.below(40) + 1) as f64 / 4.0).collect();
    let total = sum((0..SIZE, 0..SIZE), |(i, j)| sign * costs[i * SIZE + j] * ship[(i, j)]) + 0.5 * sign * shift;
    if maximize {
        m.maximize(total);
    } else {
        m.minimize(total);
    }
    let mut rows = Vec::new();
    for i in 0..SIZE {
        rows.push(m.row("supply", sum(0..SIZE, |j| ship[(i, j)]).le(12 + i)));
        rows.push(m.row("demand", (sum(0..SIZE, |j| ship[(j, i)]) + if i == 0 { 1.0 } else { 0.0 } * shift).ge(6 + i)));
    }
    rows.push(m.row("spread", (ship[(0, 0)] - ship[(1, 1)]).between(-4, 4)));
    rows.push(m.row("least", shift.ge(0)));
    (m, ship.members().to_vec(), rows)
}

#[test]
fn random_changes_are_answered_as_by_a_new_solver() {
    let (mut carried, mut solved) = (0, 0);
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let (m, ship, rows) = transport(seed % 2 == 1, &mut numbers);
        let mut open = m.open(Solver::highs()).unwrap();
        open.solve().unwrap();
        for _ in 0..20 {
            match numbers.below(6) {
                0 => open.upper(numbers.pick(&ship), [0.0, 1.0, 5.0, f64::INFINITY][numbers.below(4) as usize]),
                1 => open.lower(numbers.pick(&ship), numbers.below(2) as f64),
                2 => open
                    .cost(numbers.pick(&ship), (if seed % 2 == 1 { -0.25 } else { 0.25 }) * numbers.below(40) as f64),
                3 => open.rhs(rows[2 * numbers.below(SIZE as u64) as usize], 10 + numbers.below(9) as i32),
                4 => open.coefficient(rows[1], numbers.pick(&ship), numbers.below(3) as i32),
                _ => open.rhs(rows[2 * numbers.below(SIZE as u64) as usize + 1], 5 + numbers.below(4) as i32),
            }
            .unwrap();
            let answer = open.solve().unwrap();
            let anew = Solver::highs().solve_problem(answer.problem()).unwrap();
            assert_eq!(answer.reason(), anew.reason(), "seed {seed}");
            let (Some(one), Some(other)) = (answer.objective(), anew.objective()) else { continue };
            assert!((one - other).abs() <= 1e-6 * other.abs().max(1.0), "seed {seed}: {one} and {other}");
            if !is_carried(&answer) {
                solved += 1;
                continue;
            }
            carried += 1;
            assert_eq!(answer.evidence().level, EvidenceLevel::Certified);
            assert_eq!(answer.lanes()[0].solver, "highs");
            // Its basis is one, and optimal: a solver that begins from it says the same.
            let basis = answer.basis().unwrap();
            let basics = basis.columns.iter().chain(&basis.rows).filter(|s| **s == BasisStatus::Basic).count();
            assert_eq!(basics, answer.problem().num_rows());
            let from = Solver::highs().start(&answer).solve_problem(answer.problem()).unwrap();
            assert!(from.objective().is_some_and(|from| (from - one).abs() <= 1e-6 * one.abs().max(1.0)));
        }
    }
    assert!(carried > 900 && solved > 50, "{carried} carried, {solved} solved: the test does not see both");
}

#[test]
fn what_is_asked_of_a_solver_is_asked() {
    let mut numbers = Numbers(7);
    let (m, ship, _) = transport(false, &mut numbers);
    let heard = std::sync::atomic::AtomicUsize::new(0);
    let listening = Solver::highs().on_progress(|_| {
        heard.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let with = |solver: Solver<'_>| {
        let mut open = m.open(solver).unwrap();
        open.solve().unwrap();
        let unused = ship.iter().find(|x| open.solve().unwrap().value(**x) == 0.0).copied().unwrap();
        open.upper(unused, 100).unwrap();
        is_carried(&open.solve().unwrap())
    };
    assert!(with(Solver::highs()));
    assert!(!with(listening) && heard.into_inner() > 0);
    assert!(!with(Solver::highs().options(|o| o.cutoff = Some(1e6))));
    assert!(!with(Solver::highs().options(|o| drop(o.native.insert("simplex_strategy".into(), "1".into())))));
    // Integers: a bound is a solver's word, not a proof that could be carried.
    let mut whole = Model::new("whole");
    let x = whole.integer("x").upper(7).one();
    let y = whole.nonnegative("y").upper(3).one();
    whole.maximize(x + y);
    whole.row("r", (2 * x + y).le(9));
    let mut open = whole.open(Solver::highs()).unwrap();
    open.solve().unwrap();
    open.upper(x, 6).unwrap();
    assert!(!is_carried(&open.solve().unwrap()));
}

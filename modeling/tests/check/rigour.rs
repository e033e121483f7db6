//! Rigour in the last bit: data that round at every step, held against rationals.

use farkas_modeling::answer::{Ray, Reason};
use farkas_modeling::check::exact::Accumulator;
use farkas_modeling::check::{Finding, Standing, check_point, examine};
use farkas_modeling::{Problem, Tolerances};
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;

use crate::build::{INF, Small, claim, source, with_duals, with_ray};

fn rational(x: f64) -> BigRational {
    BigRational::from_float(x).expect("a finite number")
}

fn row_dot(row: &[f64], x: &[f64]) -> BigRational {
    row.iter().zip(x).map(|(a, x)| rational(*a) * rational(*x)).sum()
}

fn coefficient() -> impl Strategy<Value = f64> {
    prop_oneof![3 => -3.0..3.0, 1 => Just(0.0), 1 => -1e-3..1e-3, 1 => (-5_i32..=5).prop_map(f64::from)]
}

/// Bounded columns, rows that a certain point meets exactly or by the last bit, and that point.
fn tight() -> impl Strategy<Value = (Small, Vec<f64>)> {
    (1_usize..=5).prop_flat_map(|n| {
        let value = prop_oneof![-4.0..4.0, Just(0.0), Just(1.0)];
        let row = (prop::collection::vec(coefficient(), n), 0..4);
        (prop::collection::vec((coefficient(), value, 0..4), n), prop::collection::vec(row, 1..=5)).prop_map(
            |(columns, rows)| {
                let x: Vec<f64> = columns.iter().map(|c| c.1).collect();
                let mut small = Small::default();
                for (cost, value, kind) in columns {
                    let lower = if kind == 0 { value } else { value - 1.3 };
                    let upper = if kind == 1 { value } else { value + 0.7 };
                    small.columns.push((cost, lower, upper));
                }
                for (row, kind) in rows {
                    let mut sum = Accumulator::new();
                    sum.add_dot(row.iter().zip(&x));
                    let (down, up) = (sum.down(), sum.up());
                    small.rows.push(match kind {
                        0 => (-INF, row, up),
                        1 => (down, row, INF),
                        _ => (down, row, up),
                    });
                }
                (small, x)
            },
        )
    })
}

/// offset + Σ min yᵢrᵢ + Σ min (c − Aᵀy)ⱼxⱼ, exactly: what multipliers prove when minimising.
fn lagrangian(small: &Small, y: &[f64]) -> Option<BigRational> {
    let mut total = rational(small.offset);
    let mut reduced: Vec<BigRational> = small.columns.iter().map(|c| rational(c.0)).collect();
    for ((low, row, high), &y) in small.rows.iter().zip(y) {
        let side = if y > 0.0 { *low } else { *high };
        if y == 0.0 || side.is_infinite() {
            continue; // leaning on nothing: dropped
        }
        total += rational(y) * rational(side);
        for (reduced, a) in reduced.iter_mut().zip(row) {
            *reduced -= rational(y) * rational(*a);
        }
    }
    for (reduced, (_, low, high)) in reduced.into_iter().zip(&small.columns) {
        let bound = if reduced.is_positive() { *low } else { *high };
        if !reduced.is_zero() {
            total += reduced * (bound.is_finite().then(|| rational(bound))?);
        }
    }
    Some(total)
}

fn certified_bound(problem: &Problem, y: &[f64]) -> Option<f64> {
    let mut said = with_duals(claim(Reason::Optimal), problem, y);
    said.bound = Some(-1e9); // little is hoped for, so the multipliers are taken as they are
    let findings = examine(problem, &source("mock", 0), &said, &Tolerances::default());
    findings.list.iter().find_map(|finding| match finding {
        Finding::Bound { value, standing: Standing::Certified(_) } => Some(*value),
        _ => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_proven_bound_is_below_the_exact_one_and_close(
        (small, _) in tight(),
        y in prop::collection::vec(-2.0..2.0, 5),
    ) {
        let problem = small.freeze();
        let y = &y[..problem.num_rows()];
        let exact = lagrangian(&small, y).expect("bounded columns");
        let proven = certified_bound(&problem, y).expect("bounded columns");
        prop_assert!(rational(proven) <= exact, "{} is not proven", proven);
        let size = small.columns.len() as f64 * 100.0;
        prop_assert!(exact - rational(proven) <= rational(size * f64::EPSILON), "{} is weak", proven);
    }

    #[test]
    fn a_problem_met_by_the_last_bit_is_never_called_infeasible(
        (small, x) in tight(),
        y in prop::collection::vec(-2.0..2.0, 5),
    ) {
        let problem = small.freeze();
        let y = y[..problem.num_rows()].to_vec();
        for said in [claim(Reason::Infeasible), with_ray(claim(Reason::Infeasible), Ray::Farkas(y))] {
            let findings = examine(&problem, &source("mock", 0), &said, &Tolerances::default());
            let proven = findings.list.iter().find(|f| matches!(f, Finding::Infeasible(Standing::Certified(_))));
            prop_assert!(proven.is_none(), "{:?}, but {:?} is feasible", proven, x);
        }
        let strict = Tolerances { feasibility: 0.0, bound: 0.0, ..Tolerances::default() };
        prop_assert!(check_point(&problem, &x, &strict).expect("finite").is_ok());
    }

    #[test]
    fn violations_are_exact((small, x) in tight(), push in -1e-15..1e-15, at in 0_usize..5) {
        let mut x = x;
        let at = at % x.len();
        x[at] += push;
        let problem = small.freeze();
        let mut row = BigRational::zero();
        for (low, coefficients, high) in &small.rows {
            let activity = row_dot(coefficients, &x);
            for side in [low, high].into_iter().filter(|side| side.is_finite()) {
                let beyond = if side == low { rational(*side) - &activity } else { &activity - rational(*side) };
                // Both sides may be one number.
                let beyond = if low == high { beyond.abs() } else { beyond };
                row = if beyond > row { beyond } else { row };
            }
        }
        let measured = check_point(&problem, &x, &Tolerances::default()).expect("finite").expect("within tolerances");
        let got = rational(measured.violations().row);
        // Rounded once: half a unit in the last place.
        prop_assert!((&got - &row).abs() <= &row * rational(f64::EPSILON / 2.0), "{} instead of {}", got, row);
        let objective = row_dot(problem.cost(), &x);
        let miss = (rational(measured.objective()) - &objective).abs();
        prop_assert!(miss <= objective.abs() * rational(f64::EPSILON / 2.0));
    }

    #[test]
    fn implied_bounds_prove_no_more_than_is_true(
        (small, x) in tight(),
        y in prop::collection::vec(-2.0..2.0, 5),
        open in prop::collection::vec(0..3, 5),
    ) {
        // Columns lose their bounds, so that only what rows imply is left.
        let mut small = small;
        for (column, open) in small.columns.iter_mut().zip(&open) {
            column.1 = if *open == 0 { -INF } else { column.1 };
            column.2 = if *open == 1 { INF } else { column.2 };
        }
        let problem = small.freeze();
        let said = with_duals(claim(Reason::Optimal), &problem, &y[..problem.num_rows()]);
        let findings = examine(&problem, &source("mock", 0), &said, &Tolerances::default());
        let objective = row_dot(problem.cost(), &x);
        for finding in &findings.list {
            if let Finding::Bound { value, standing: Standing::Certified(how) } = finding {
                prop_assert!(rational(*value) <= objective, "{} by {}, but {:?} is better", value, how.how, x);
            }
        }
    }
}

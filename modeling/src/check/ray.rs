//! Directions along which a problem is unbounded: exact sign tests on the ray, or on one beside it with small numbers.

use std::cmp::Ordering;

use crate::Tolerances;
use crate::check::exact::Accumulator;
use crate::check::witness::{Proof, Witness};
use crate::problem::{Problem, Product};

/// What a direction shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Recession {
    /// It, or one beside it, keeps every constraint for ever and improves the objective: proven. With a feasible point,
    /// integer ones too, the problem is unbounded.
    Exact { proof: Proof },
    /// It does so within tolerances.
    Near { why: String },
    /// It does not.
    No { why: String },
}

/// Whether `direction` (n finite values) keeps every point feasible and makes it better without end.
///
/// Data are dyadic rationals, so a multiple of an exact ray is integer, and a feasible point of a mixed-integer problem
/// stays feasible along it. A ray that moves members of a special ordered set is not accepted: it may break the set.
pub(super) fn recession(problem: &Problem, direction: &[f64], tolerances: &Tolerances) -> Recession {
    let largest = direction.iter().fold(0.0_f64, |largest, d| largest.max(d.abs()));
    if largest == 0.0 {
        return Recession::No { why: "the ray is zero".into() };
    }
    if problem.sets().iter().any(|set| set.members.iter().any(|&(j, _)| direction[j as usize] != 0.0)) {
        return Recession::No { why: "the ray moves members of a special ordered set".into() };
    }
    let moves = |products: &[Product]| {
        products.iter().any(|p| direction[p.first as usize] != 0.0 || direction[p.second as usize] != 0.0)
    };
    if moves(problem.quadratic_objective()) || problem.quadratic_rows().iter().any(|one| moves(&one.products)) {
        return Recession::No { why: "the ray moves variables that stand in products".into() };
    }
    for (how, candidate) in candidates(direction, largest) {
        if exact(problem, &candidate) {
            let how = format!("{how} keeps every constraint and improves the objective: exact signs");
            return Recession::Exact { proof: Proof { how, witness: Witness::Ray(candidate.into()) } };
        }
    }
    near(problem, direction, largest, tolerances)
}

/// The feasible side of zero: every column at the value within its bounds that is nearest to zero.
pub(super) fn nearest_to_zero(problem: &Problem) -> Vec<f64> {
    (0..problem.num_columns())
        .map(|j| {
            if problem.kind(j).is_semi() {
                return 0.0;
            }
            let value = 0.0_f64.max(problem.lower()[j]).min(problem.upper()[j]);
            if problem.kind(j).is_integer() { if value > 0.0 { value.ceil() } else { value.floor() } } else { value }
        })
        .collect()
}

/// The ray itself; without its tiny entries; and scaled so that it may be one of small integers.
fn candidates(direction: &[f64], largest: f64) -> Vec<(&'static str, Vec<f64>)> {
    let trimmed: Vec<f64> = direction.iter().map(|&d| if d.abs() <= 1e-9 * largest { 0.0 } else { d }).collect();
    let least = trimmed.iter().filter(|&&d| d != 0.0).fold(f64::INFINITY, |least, d| least.min(d.abs()));
    let mut list = vec![("the ray", direction.to_vec()), ("the ray without tiny entries", trimmed.clone())];
    for unit in [least, largest] {
        for factor in 1..=12 {
            let scaled: Vec<f64> = trimmed.iter().map(|d| d / unit * f64::from(factor)).collect();
            let rounded: Vec<f64> = scaled.iter().map(|d| d.round()).collect();
            let close = scaled.iter().zip(&rounded).all(|(s, r)| (s - r).abs() <= 1e-6 * s.abs().max(1.0));
            if close && rounded.iter().all(|d| d.is_finite()) {
                list.push(("the ray, scaled to integers,", rounded));
            }
        }
    }
    list
}

fn exact(problem: &Problem, d: &[f64]) -> bool {
    let columns =
        d.iter().enumerate().all(|(j, &d)| allowed(d.total_cmp(&0.0), d, problem.lower()[j], problem.upper()[j]));
    let mut sum = Accumulator::new();
    let improves = || {
        let mut sum = Accumulator::new();
        sum.add_dot(problem.cost().iter().zip(d));
        sum.sign() == if problem.sense().sign() > 0.0 { Ordering::Less } else { Ordering::Greater }
    };
    let matrix = problem.by_rows();
    let mut rows = || {
        (0..problem.num_rows()).all(|i| {
            sum.clear();
            let (columns, coefficients) = matrix.row(i);
            for (&j, &a) in columns.iter().zip(coefficients) {
                sum.add_product(a, d[j as usize]);
            }
            holds(sum.sign(), problem.row_lower()[i], problem.row_upper()[i])
        })
    };
    columns && improves() && rows()
}

fn allowed(_: Ordering, d: f64, lower: f64, upper: f64) -> bool {
    let sign = if d > 0.0 {
        Ordering::Greater
    } else if d < 0.0 {
        Ordering::Less
    } else {
        Ordering::Equal
    };
    holds(sign, lower, upper)
}

/// Whether going in this direction without end stays between the sides.
fn holds(sign: Ordering, lower: f64, upper: f64) -> bool {
    match sign {
        Ordering::Equal => true,
        Ordering::Greater => upper == f64::INFINITY,
        Ordering::Less => lower == f64::NEG_INFINITY,
    }
}

fn near(problem: &Problem, d: &[f64], largest: f64, tolerances: &Tolerances) -> Recession {
    let matrix = problem.by_rows();
    let tolerance = tolerances.feasibility * largest;
    let misses = |change: f64, lower: f64, upper: f64| {
        (change > tolerance && upper < f64::INFINITY) || (change < -tolerance && lower > f64::NEG_INFINITY)
    };
    for (j, &d) in d.iter().enumerate() {
        if misses(d, problem.lower()[j], problem.upper()[j]) {
            return Recession::No {
                why: format!("the ray leaves the bounds of variable '{}'", problem.column_names().get(j)),
            };
        }
    }
    let mut sum = Accumulator::new();
    for i in 0..problem.num_rows() {
        sum.clear();
        let (columns, coefficients) = matrix.row(i);
        for (&j, &a) in columns.iter().zip(coefficients) {
            sum.add_product(a, d[j as usize]);
        }
        if misses(sum.nearest(), problem.row_lower()[i], problem.row_upper()[i]) {
            return Recession::No { why: format!("the ray leaves constraint '{}'", problem.row_names().get(i)) };
        }
    }
    sum.clear();
    sum.add_dot(problem.cost().iter().zip(d));
    if problem.sense().sign() * sum.nearest() < 0.0 {
        Recession::Near { why: "the ray keeps the constraints within tolerances only".into() }
    } else {
        Recession::No { why: "the ray does not improve the objective".into() }
    }
}

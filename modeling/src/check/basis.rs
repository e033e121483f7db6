//! The exact multipliers of a basis, for linear programs where rounding cannot certify: under computed ones the reduced costs of basic
//! columns are zero up to rounding only, and the wrong sign on a column without a bound spoils a proof.
//!
//! Basic rows have the multiplier zero; the others make the reduced cost of every basic column zero: a square system, of
//! integers once each equation is multiplied by a power of two, which is solved in fractions. The bound that these multipliers
//! prove is summed exactly again.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use crate::answer::{Basis, BasisStatus};
use crate::check::domain::Domain;
use crate::check::lifting::{self, Row};
use crate::check::witness::{Needs, Proof, Witness};
use crate::problem::Problem;

/// More basic columns than these are not tried.
const MOST_COLUMNS: usize = 20_000;

/// The bound that the exact multipliers of a basis prove, in the problem's own sense; or why there is none, in a sentence. `work` is about
/// how many nanoseconds it may take.
pub(super) fn bound(problem: &Problem, basis: &Basis, work: u64) -> Result<(f64, Proof), String> {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    if basis.columns.len() != n || basis.rows.len() != m || !problem.is_lp() {
        return Err("there is no basis of a linear program".into());
    }
    let sign = problem.sense().sign();
    // The unknowns are the multipliers of the rows that are not basic.
    let mut unknown = vec![None; m];
    let mut rows = Vec::new();
    for (i, _) in basis.rows.iter().enumerate().filter(|(_, status)| **status != BasisStatus::Basic) {
        unknown[i] = Some(rows.len() as u32);
        rows.push(i);
    }
    let columns: Vec<usize> = (0..n).filter(|&j| basis.columns[j] == BasisStatus::Basic).collect();
    if columns.len() != rows.len() {
        return Err(format!("the basis has {} basic columns for {} rows that are not", columns.len(), rows.len()));
    }
    if columns.len() > MOST_COLUMNS {
        return Err(format!("the basis has {} columns, more than are solved for exactly", columns.len()));
    }
    let mut right = Vec::with_capacity(columns.len());
    let mut matrix = Vec::with_capacity(columns.len());
    for &j in &columns {
        let (row, cost) = equation(problem, j, sign * problem.cost()[j], &unknown);
        matrix.push(row);
        right.push(cost);
    }
    let Some((numerators, denominator)) = lifting::solve(&matrix, &right, work) else {
        return Err("the basis is singular, or its exact multipliers are too much work".into());
    };
    let mut y = vec![BigInt::default(); m];
    for (i, numerator) in rows.into_iter().zip(numerators) {
        y[i] = numerator;
    }
    prove(problem, &y, &denominator)
}

/// Σ aᵢⱼ yᵢ = cost over the unknown multipliers, times the power of two that makes all numbers integers.
fn equation(problem: &Problem, j: usize, cost: f64, unknown: &[Option<u32>]) -> (Row, BigInt) {
    let entries = || problem.column(j).iter().filter_map(|(i, a)| Some((unknown[i]?, a))).filter(|(_, a)| *a != 0.0);
    let exponent = entries().map(|(_, a)| a).chain([cost]).filter(|a| *a != 0.0).map(|a| split(a).1).min().unwrap_or(0);
    let integer = |x: f64| {
        let (mantissa, own) = split(x);
        if mantissa == 0 { BigInt::default() } else { BigInt::from(mantissa) << (own - exponent) }
    };
    (entries().map(|(at, a)| (at, integer(a))).collect(), integer(cost))
}

/// x = mantissa · 2^exponent, the mantissa odd (or zero).
fn split(x: f64) -> (i64, i64) {
    let bits = x.to_bits();
    let (biased, fraction) = ((bits >> 52 & 0x7ff) as i64, (bits & ((1 << 52) - 1)) as i64);
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    if mantissa == 0 {
        return (0, 0);
    }
    let zeros = mantissa.trailing_zeros();
    let mantissa = mantissa >> zeros;
    (if x < 0.0 { -mantissa } else { mantissa }, exponent + i64::from(zeros))
}

/// A sum of integers times doubles, in units of a power of two.
#[derive(Default)]
struct Sum {
    mantissa: BigInt,
    exponent: i64,
}

impl Sum {
    fn add(&mut self, factor: &BigInt, x: f64) {
        let (mantissa, exponent) = split(x);
        if mantissa != 0 && factor.sign() != Sign::NoSign {
            self.add_scaled(factor * mantissa, exponent);
        }
    }

    fn add_scaled(&mut self, term: BigInt, exponent: i64) {
        if exponent < self.exponent {
            self.mantissa <<= self.exponent - exponent;
            self.exponent = exponent;
        }
        self.mantissa += term << (exponent - self.exponent);
    }

    fn sign(&self) -> Ordering {
        self.mantissa.cmp(&BigInt::default())
    }

    /// The greatest double of 53 bits that is not above the sum divided by a positive integer; `None` where that is no
    /// ordinary number.
    fn divided(&self, denominator: &BigInt) -> Option<f64> {
        if self.sign() == Ordering::Equal {
            return Some(0.0);
        }
        let shift = (denominator.bits() as i64 + 70 - self.mantissa.bits() as i64).max(0);
        let floor = |a: &BigInt, b: &BigInt| {
            let quotient = a / b;
            if a.sign() == Sign::Minus && &quotient * b != *a { quotient - 1 } else { quotient }
        };
        let quotient = floor(&(&self.mantissa << shift), denominator);
        let surplus = (quotient.bits() as i64 - 53).max(0);
        // Shifting rounds towards −∞; 2⁵³ after a carry is a double as well.
        let rounded: i64 = (quotient >> surplus).try_into().ok()?;
        let exponent = i32::try_from(self.exponent - shift + surplus).ok()?;
        let (half, rest) = (exponent / 2, exponent - exponent / 2);
        let value = rounded as f64 * 2_f64.powi(half) * 2_f64.powi(rest);
        (value.is_normal() && exponent > -1022).then_some(value)
    }
}

/// The bound that multipliers over a denominator prove, both for the minimised objective.
fn prove(problem: &Problem, y: &[BigInt], denominator: &BigInt) -> Result<(f64, Proof), String> {
    let sign = problem.sense().sign();
    let domain = Domain::of(problem);
    let domain = domain.clone().tightened(problem).unwrap_or(domain);
    let mut total = Sum::default();
    total.add(denominator, sign * problem.offset());
    for (i, y) in y.iter().enumerate() {
        let side = match y.sign() {
            Sign::NoSign => continue,
            Sign::Plus => domain.row_lower(i),
            Sign::Minus => domain.row_upper(i),
        };
        if !side.is_finite() {
            let name = problem.row_names().get(i);
            return Err(format!(
                "exactly, the basis is not optimal: the multiplier of '{name}' leans on an infinite side"
            ));
        }
        total.add(y, side);
    }
    let mut needs = Needs::new(problem.num_columns());
    for j in 0..problem.num_columns() {
        let mut reduced = Sum::default();
        reduced.add(denominator, sign * problem.cost()[j]);
        for (i, a) in problem.column(j).iter() {
            reduced.add(&y[i], -a);
        }
        let (bound, is_upper) = match reduced.sign() {
            Ordering::Equal => continue,
            Ordering::Greater => (domain.lower(j), false),
            Ordering::Less => (domain.upper(j), true),
        };
        if !bound.is_finite() {
            let name = problem.column_names().get(j);
            return Err(format!(
                "exactly, the basis is not optimal: the reduced cost of '{name}' points to an infinite bound"
            ));
        }
        needs.add(j, is_upper);
        let (mantissa, exponent) = split(bound);
        total.add_scaled(reduced.mantissa * mantissa, reduced.exponent + exponent);
    }
    let value = total.divided(denominator).ok_or("the bound is no ordinary number")?;
    let witness = Witness::ExactBound {
        multipliers: y.iter().map(|y| if sign < 0.0 { -y } else { y.clone() }).collect(),
        denominator: denominator.clone(),
        implied: needs.supported(problem, domain.steps()),
    };
    let how = format!(
        "bound by the exact multipliers of the basis (a denominator of {} digits)",
        denominator.to_string().len()
    );
    Ok((sign * value, Proof { how, witness }))
}

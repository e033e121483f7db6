//! Ranging: how far one cost or one side of a linear program may go, all else unchanged, while the optimal basis stays
//! optimal (Chvátal, *Linear Programming*, chapter 10). Within a cost's range the optimal point stays; within a side's range
//! its multiplier stays, so that the objective changes by multiplier · change.
//!
//! It is worked out from the basis alone, so it serves every backend that gives one. Where a problem is degenerate, it has
//! several optimal bases with ranges of their own, and these are those of the one given.

use farkas_modeling::answer::{Basis, BasisStatus};
use farkas_modeling::{Problem, Tolerances};
use serde::Serialize;

use super::factor::Factor;

/// More rows than these are not ranged: their basis is factorised with plain means.
pub const MOST_ROWS: usize = 20_000;

/// Entries smaller than this, relative to the largest of their vector, count as zero.
const ZERO: f64 = 1e-10;

/// An interval; infinite where there is no end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The least value.
    pub from: f64,
    /// The greatest.
    pub to: f64,
}

impl Range {
    const ALL: Self = Self { from: f64::NEG_INFINITY, to: f64::INFINITY };

    /// Whether it contains `value`.
    pub fn contains(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// How far the sides of a row may go, each by itself; those of an equation together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RowRange {
    /// Of the lower side.
    pub lower: Range,
    /// Of the upper side.
    pub upper: Range,
    /// The multiplier: what the objective changes by, where the side that holds the row changes by 1.
    pub multiplier: f64,
}

/// The ranges of all costs and sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranging {
    /// n: of each cost.
    pub costs: Vec<Range>,
    /// m: of each row's sides.
    pub rows: Vec<RowRange>,
}

/// Why there are no ranges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangingError {
    /// It is no linear program.
    #[error("ranging is for linear programs, and this problem has {0}")]
    NotLinear(&'static str),
    /// It has too many rows.
    #[error("ranging takes problems of at most {MOST_ROWS} rows, and this one has {0}")]
    TooLarge(usize),
    /// There is no basis to begin with.
    #[error("there is no basis: ranging needs an optimal one, such as simplex gives (highs, cbc)")]
    NoBasis,
    /// The basis is none of this problem, or singular.
    #[error("the basis cannot be used: {0}")]
    BadBasis(String),
    /// The basis is not optimal.
    #[error("the basis is not optimal: {0}")]
    NotOptimal(String),
}

impl RangingError {
    /// A stable code: `ranging-no-basis`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLinear(_) => "ranging-not-linear",
            Self::TooLarge(_) => "ranging-too-large",
            Self::NoBasis => "ranging-no-basis",
            Self::BadBasis(_) => "ranging-bad-basis",
            Self::NotOptimal(_) => "ranging-not-optimal",
        }
    }
}

/// The ranges at an optimal basis.
///
/// ```
/// use farkas_backends::analysis::ranging;
/// use farkas_modeling::answer::{Basis, BasisStatus};
/// use farkas_modeling::{Problem, ProblemData, Tolerances};
/// // maximise 3 x + y  subject to  x + y ≤ 4,  0 ≤ x, y: x = 4
/// let problem = Problem::new(ProblemData {
///     sense: farkas_modeling::Sense::Maximize,
///     cost: vec![3.0, 1.0], lower: vec![0.0; 2], upper: vec![f64::INFINITY; 2],
///     row_lower: vec![f64::NEG_INFINITY], row_upper: vec![4.0],
///     starts: vec![0, 1, 2], indices: vec![0, 0], values: vec![1.0; 2], ..ProblemData::default()
/// })?;
/// let basis = Basis { columns: vec![BasisStatus::Basic, BasisStatus::AtLower], rows: vec![BasisStatus::AtUpper] };
/// let found = ranging(&problem, &basis, &Tolerances::default())?;
/// assert_eq!((found.costs[0].from, found.costs[1].to), (1.0, 3.0));
/// assert_eq!((found.rows[0].upper.from, found.rows[0].multiplier), (0.0, 3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When it is no linear program, too large, or the basis is none or not optimal within the tolerances.
pub fn ranging(problem: &Problem, basis: &Basis, tolerances: &Tolerances) -> Result<Ranging, RangingError> {
    let at = Optimum::new(problem, basis)?;
    at.check(tolerances)?;
    Ok(Ranging { costs: at.costs(), rows: (0..problem.num_rows()).map(|i| at.row(i)).collect() })
}

/// An optimal basis of n columns and, behind them, m row activities r with A x − r = 0.
struct Optimum<'a> {
    problem: &'a Problem,
    statuses: Vec<BasisStatus>,
    /// The m basic ones.
    basic: Vec<usize>,
    factor: Factor,
    /// n + m values.
    values: Vec<f64>,
    /// n + m reduced costs, minimised.
    reduced: Vec<f64>,
}

impl<'a> Optimum<'a> {
    fn new(problem: &'a Problem, basis: &Basis) -> Result<Self, RangingError> {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        if !problem.is_lp() {
            return Err(RangingError::NotLinear("integers, sets, indicators or products"));
        }
        if m > MOST_ROWS {
            return Err(RangingError::TooLarge(m));
        }
        let bad = |why: String| Err(RangingError::BadBasis(why));
        if basis.columns.len() != n || basis.rows.len() != m {
            return bad(format!("it has {} columns and {} rows of {n} and {m}", basis.columns.len(), basis.rows.len()));
        }
        let statuses: Vec<BasisStatus> = basis.columns.iter().chain(&basis.rows).copied().collect();
        let basic: Vec<usize> = (0..n + m).filter(|&k| statuses[k] == BasisStatus::Basic).collect();
        if basic.len() != m {
            return bad(format!("{} are basic where there are {m} rows", basic.len()));
        }
        let columns: Vec<Vec<(usize, f64)>> = basic.iter().map(|&k| column(problem, k)).collect();
        let Some(factor) = Factor::new(&columns) else { return bad("it is singular".into()) };
        let mut values: Vec<f64> = (0..n + m)
            .map(|k| match (statuses[k], bounds(problem, k)) {
                (BasisStatus::AtLower, (lower, _)) => lower,
                (BasisStatus::AtUpper, (_, upper)) => upper,
                _ => 0.0,
            })
            .collect();
        if let Some(k) = values.iter().position(|value| !value.is_finite()) {
            return bad(format!("{} is at a bound that it has not got", name(problem, k)));
        }
        let mut rest = vec![0.0; m];
        for k in (0..n + m).filter(|&k| values[k] != 0.0) {
            for (row, a) in column(problem, k) {
                rest[row] -= a * values[k];
            }
        }
        for (&k, value) in basic.iter().zip(factor.solve(rest)) {
            values[k] = value;
        }
        let cost = |k: usize| if k < n { problem.sense().sign() * problem.cost()[k] } else { 0.0 };
        let y = factor.solve_transposed(&basic.iter().map(|&k| cost(k)).collect::<Vec<_>>());
        let reduced =
            (0..n + m).map(|k| if statuses[k] == BasisStatus::Basic { 0.0 } else { cost(k) - dot(problem, k, &y) });
        let reduced = reduced.collect();
        Ok(Self { problem, statuses, basic, factor, values, reduced })
    }

    /// Whether it is feasible, and its reduced costs have the signs of an optimum.
    fn check(&self, tolerances: &Tolerances) -> Result<(), RangingError> {
        for k in 0..self.values.len() {
            let (lower, upper) = bounds(self.problem, k);
            let allowed = |side: f64| 10.0 * tolerances.row(side);
            let value = self.values[k];
            if (lower.is_finite() && value < lower - allowed(lower))
                || (upper.is_finite() && value > upper + allowed(upper))
            {
                let what = name(self.problem, k);
                return Err(RangingError::NotOptimal(format!("{what} is {value}, between {lower} and {upper}")));
            }
            let d = self.reduced[k];
            let wrong = match self.statuses[k] {
                _ if lower == upper => false,
                BasisStatus::AtLower => d < -self.slack(k, tolerances),
                BasisStatus::AtUpper => d > self.slack(k, tolerances),
                BasisStatus::Free => d.abs() > self.slack(k, tolerances),
                BasisStatus::Basic => false,
            };
            if wrong {
                let what = name(self.problem, k);
                return Err(RangingError::NotOptimal(format!("the reduced cost of {what} is {d}")));
            }
        }
        Ok(())
    }

    fn slack(&self, k: usize, tolerances: &Tolerances) -> f64 {
        let cost = if k < self.problem.num_columns() { self.problem.cost()[k].abs() } else { 0.0 };
        10.0 * tolerances.dual * cost.max(1.0)
    }

    /// Minimised: what a nonbasic one's reduced cost may be.
    fn is_held(&self, k: usize) -> Option<BasisStatus> {
        let (lower, upper) = bounds(self.problem, k);
        (lower != upper).then_some(self.statuses[k])
    }

    fn costs(&self) -> Vec<Range> {
        let n = self.problem.num_columns();
        let mut position = vec![None; n];
        self.basic.iter().enumerate().filter(|(_, k)| **k < n).for_each(|(p, &k)| position[k] = Some(p));
        let sign = self.problem.sense().sign();
        let range = |j: usize| {
            let cost = sign * self.problem.cost()[j];
            let d = self.reduced[j];
            let Range { from, to } = match (position[j], self.is_held(j)) {
                (Some(at), _) => {
                    let by = self.basic_cost(at);
                    Range { from: cost + by.from, to: cost + by.to }
                }
                (None, None) => Range::ALL,
                (None, Some(BasisStatus::AtLower)) => Range { from: cost - d.max(0.0), to: f64::INFINITY },
                (None, Some(BasisStatus::AtUpper)) => Range { from: f64::NEG_INFINITY, to: cost - d.min(0.0) },
                (None, Some(_)) => Range { from: cost, to: cost },
            };
            if sign < 0.0 { Range { from: -to, to: -from } } else { Range { from, to } }
        };
        (0..n).map(range).collect()
    }

    /// By how much the minimised cost of a basic one may change.
    fn basic_cost(&self, at: usize) -> Range {
        let mut unit = vec![0.0; self.basic.len()];
        unit[at] = 1.0;
        let line = self.factor.solve_transposed(&unit);
        let entries: Vec<f64> = (0..self.values.len())
            .map(|k| if self.statuses[k] == BasisStatus::Basic { 0.0 } else { dot(self.problem, k, &line) })
            .collect();
        let zero = ZERO * entries.iter().fold(1.0, |most: f64, a| most.max(a.abs()));
        let mut by = Range::ALL;
        for (k, &a) in entries.iter().enumerate().filter(|(_, a)| a.abs() > zero) {
            // The reduced cost becomes d − change · a.
            let ratio = self.reduced[k] / a;
            match self.is_held(k) {
                None | Some(BasisStatus::Basic) => {}
                Some(BasisStatus::Free) => by = Range { from: 0.0, to: 0.0 },
                Some(status) => {
                    if (status == BasisStatus::AtLower) == (a > 0.0) {
                        by.to = by.to.min(ratio.max(0.0));
                    } else {
                        by.from = by.from.max(ratio.min(0.0));
                    }
                }
            }
        }
        by
    }

    fn row(&self, i: usize) -> RowRange {
        let k = self.problem.num_columns() + i;
        let (lower, upper) = bounds(self.problem, k);
        let value = self.values[k];
        let (below, above) = (Range { to: value, ..Range::ALL }, Range { from: value, ..Range::ALL });
        let multiplier = self.problem.sense().sign() * self.reduced[k];
        if self.statuses[k] == BasisStatus::Basic || self.statuses[k] == BasisStatus::Free {
            return RowRange { lower: below, upper: above, multiplier: 0.0 };
        }
        let mut unit = vec![0.0; self.basic.len()];
        unit[i] = 1.0;
        let change = self.factor.solve(unit);
        let zero = ZERO * change.iter().fold(1.0, |most: f64, a| most.max(a.abs()));
        let mut by = Range::ALL;
        for (&k, &a) in self.basic.iter().zip(&change).filter(|(_, a)| a.abs() > zero) {
            let (lower, upper) = bounds(self.problem, k);
            let (down, up) = ((lower - self.values[k]).min(0.0) / a, (upper - self.values[k]).max(0.0) / a);
            by.from = by.from.max(down.min(up));
            by.to = by.to.min(down.max(up));
        }
        let held = Range { from: value + by.from, to: value + by.to };
        match self.statuses[k] {
            _ if lower == upper => RowRange { lower: held, upper: held, multiplier },
            BasisStatus::AtLower => {
                RowRange { lower: Range { to: held.to.min(upper), ..held }, upper: above, multiplier }
            }
            _ => RowRange { lower: below, upper: Range { from: held.from.max(lower), ..held }, multiplier },
        }
    }
}

/// The entries of a column, or of a row's activity.
fn column(problem: &Problem, k: usize) -> Vec<(usize, f64)> {
    let n = problem.num_columns();
    if k < n { problem.column(k).iter().collect() } else { vec![(k - n, -1.0)] }
}

fn dot(problem: &Problem, k: usize, y: &[f64]) -> f64 {
    let n = problem.num_columns();
    if k < n { problem.column(k).iter().map(|(row, a)| a * y[row]).sum() } else { -y[k - n] }
}

fn bounds(problem: &Problem, k: usize) -> (f64, f64) {
    let n = problem.num_columns();
    if k < n {
        (problem.lower()[k], problem.upper()[k])
    } else {
        (problem.row_lower()[k - n], problem.row_upper()[k - n])
    }
}

fn name(problem: &Problem, k: usize) -> String {
    let n = problem.num_columns();
    if k < n {
        format!("variable '{}'", problem.column_names().get(k))
    } else {
        format!("row '{}'", problem.row_names().get(k - n))
    }
}

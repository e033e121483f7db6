//! Recomputes a point: activities, objective and violations in exact arithmetic, each rounded once. The verdict depends on
//! the problem, the point and the tolerances alone.
//!
//! Rules. A row activity may miss a side by `feasibility · max(1, |side|)`, a column its bound by `bound`, an integer
//! column the nearest integer by `integrality`. A semicontinuous column may also be zero (within `bound`). Sets,
//! indicators and semi-integer columns are judged by rounded integers: a member of a set counts as nonzero when it is
//! more than `bound` away from zero (an integer one: when it does not round to zero), a switched row must hold when its
//! binary column, rounded, has the active value. A switched row that must hold counts as a row too.
//!
//! A point outside is **imprecise**, not wrong, when it would pass with row and bound tolerances [`IMPRECISION`] times as
//! wide and integrality up to `imprecise_integrality`: solvers keep their tolerances in a scaled and presolved problem,
//! and carrying a point back loses up to about three digits; a miss of more than that is an error in the model's own units.

use std::convert::Infallible;
use std::sync::Arc;

use crate::answer::Violations;
use crate::check::exact::Accumulator;
use crate::check::{CheckedPoint, MeasuredPoint, PointError};
use crate::problem::{ColumnKind, Product, SpecialOrderedSet};
use crate::{Problem, Tolerances};

/// How much wider than the tolerances a miss may be and still be called imprecise.
pub const IMPRECISION: f64 = 1e3;

/// How far off one row, column or set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    Within,
    Imprecise,
    Wrong,
}

impl Grade {
    fn of(violation: f64, tolerance: f64, imprecise_up_to: f64) -> Self {
        if violation <= tolerance {
            Self::Within
        } else if violation <= imprecise_up_to {
            Self::Imprecise
        } else {
            Self::Wrong
        }
    }
}

/// Recomputes a point's activities, objective and violations with exact arithmetic.
///
/// ```
/// use farkas_modeling::{Problem, ProblemData, Tolerances, check::check_point};
/// // minimise x  subject to  3 x ≥ 1,  0 ≤ x ≤ 1
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![0.0], upper: vec![1.0],
///     row_lower: vec![1.0], row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1], indices: vec![0], values: vec![3.0],
///     ..ProblemData::default()
/// })?;
/// let tolerances = Tolerances::default();
/// let point = check_point(&problem, &[1.0 / 3.0], &tolerances)?.expect("within tolerances");
/// assert_eq!(point.objective(), 1.0 / 3.0);
/// assert_eq!(point.violations().row, 5.551115123125783e-17); // a third is no binary number, and it is seen
/// let measured = check_point(&problem, &[0.2], &tolerances)?.expect_err("0.6 is not 1");
/// assert!(!measured.is_imprecise());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When it has the wrong length or a value that is not finite.
pub fn check_point(
    problem: &Problem,
    values: &[f64],
    tolerances: &Tolerances,
) -> Result<Result<CheckedPoint, MeasuredPoint>, PointError> {
    let measure = Measure::take(problem, values, tolerances, &mut |_| ())?;
    let (values, objective, violations) = (Arc::from(values), measure.objective, measure.violations);
    Ok(match measure.grade {
        Grade::Within => Ok(CheckedPoint { values, objective, violations }),
        grade => Err(MeasuredPoint { values, objective, violations, imprecise: grade == Grade::Imprecise }),
    })
}

/// One thing that is violated, however little.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Miss {
    /// Row, activity, the side it misses, by how much.
    Row { row: usize, activity: f64, side: f64, by: f64 },
    /// Column, its value, the bound it misses, by how much.
    Bound { column: usize, value: f64, bound: f64, by: f64 },
    /// Integer column, its value, distance to the nearest integer.
    Integrality { column: usize, value: f64, by: f64 },
    /// Set, by position.
    Set { set: usize },
}

/// All that is known about a point.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) objective: f64,
    pub(super) violations: Violations,
    pub(super) grade: Grade,
}

impl Measure {
    /// Measures a point and hands every miss, with its grade, to `note`.
    pub(super) fn take(
        problem: &Problem,
        values: &[f64],
        tolerances: &Tolerances,
        note: &mut dyn FnMut((Miss, Grade)),
    ) -> Result<Self, PointError> {
        let n = problem.num_columns();
        if values.len() != n {
            return Err(PointError::Length { got: values.len(), want: n });
        }
        if let Some(j) = values.iter().position(|v| !v.is_finite()) {
            let column = problem.column_names().get(j).into_owned();
            return Err(PointError::NotFinite { column, value: values[j].to_string() });
        }
        let mut sum = Accumulator::new();
        sum.add(problem.offset());
        sum.add_dot(problem.cost().iter().zip(values));
        add_products(&mut sum, problem.quadratic_objective(), values);
        let objective = sum.nearest();
        let mut tally = Tally { violations: Violations::default(), grade: Grade::Within, note };
        columns(problem, values, tolerances, &mut tally);
        rows(problem, values, tolerances, &mut sum, &mut tally);
        for (at, set) in problem.sets().iter().enumerate() {
            let grade = judge_set(problem, set, values, tolerances);
            if grade != Grade::Within {
                tally.violations.sets += 1;
                tally.add(Miss::Set { set: at }, grade);
            }
        }
        Ok(Self { objective, violations: tally.violations, grade: tally.grade })
    }
}

struct Tally<'a> {
    violations: Violations,
    grade: Grade,
    note: &'a mut dyn FnMut((Miss, Grade)),
}

impl Tally<'_> {
    fn add(&mut self, miss: Miss, grade: Grade) {
        if grade == Grade::Wrong || self.grade == Grade::Within {
            self.grade = grade;
        }
        (self.note)((miss, grade));
    }

    fn row(&mut self, miss: Miss, row: usize, by: f64, grade: Grade) {
        if by > self.violations.row {
            (self.violations.row, self.violations.worst_row) = (by, Some(row));
        }
        self.add(miss, grade);
    }
}

fn columns(problem: &Problem, values: &[f64], tolerances: &Tolerances, tally: &mut Tally<'_>) {
    let (lower, upper) = (problem.lower(), problem.upper());
    for (j, &value) in values.iter().enumerate() {
        let kind = problem.kind(j);
        if kind.is_integer() {
            // Exact: the nearest integer and its distance are both numbers of the same spacing.
            let by = (value - value.round()).abs();
            if by > 0.0 {
                if by > tally.violations.integrality {
                    (tally.violations.integrality, tally.violations.worst_integrality) = (by, Some(j));
                }
                let grade = Grade::of(by, tolerances.integrality, tolerances.imprecise_integrality);
                tally.add(Miss::Integrality { column: j, value, by }, grade);
            }
        }
        let (below, above) = (lower[j] - value, value - upper[j]);
        if below <= 0.0 && above <= 0.0 {
            continue;
        }
        let (bound, by) = if below >= above { (lower[j], below) } else { (upper[j], above) };
        let (bound, by) = if kind.is_semi() && value.abs() < by { (0.0, value.abs()) } else { (bound, by) };
        if by > 0.0 {
            if by > tally.violations.bound {
                (tally.violations.bound, tally.violations.worst_bound) = (by, Some(j));
            }
            let grade = Grade::of(by, tolerances.bound, tolerances.bound * IMPRECISION);
            tally.add(Miss::Bound { column: j, value, bound, by }, grade);
        }
    }
}

fn rows(problem: &Problem, values: &[f64], tolerances: &Tolerances, sum: &mut Accumulator, tally: &mut Tally<'_>) {
    let held = switched(problem, values);
    let (lower, upper) = (problem.row_lower(), problem.row_upper());
    let linear = problem.quadratic_rows().is_empty();
    let mut look = |i: usize, columns: &[u32], coefficients: &[f64]| {
        let switch = held.get(i).copied().unwrap_or(Switch::Plain);
        if switch == Switch::Off || (lower[i] == f64::NEG_INFINITY && upper[i] == f64::INFINITY) {
            return;
        }
        let products = if linear { &[][..] } else { problem.row_products(i) };
        if products.is_empty() && surely_within(columns, coefficients, values, lower[i], upper[i]) {
            return;
        }
        sum.clear();
        for (&j, &a) in columns.iter().zip(coefficients) {
            sum.add_product(a, values[j as usize]);
        }
        add_products(sum, products, values);
        let Some((side, by)) = miss(sum, lower[i], upper[i]) else { return };
        let activity = sum.nearest();
        let tolerance = tolerances.row(side);
        let grade = Grade::of(by, tolerance, tolerance * IMPRECISION);
        if switch == Switch::On && grade != Grade::Within {
            tally.violations.indicators += 1;
        }
        tally.row(Miss::Row { row: i, activity, side, by }, i, by, grade);
    };
    let each = problem.each_row(|i, columns, coefficients| {
        look(i, columns, coefficients);
        Ok::<(), Infallible>(())
    });
    match each {
        Ok(()) => {}
    }
}

fn add_products(sum: &mut Accumulator, products: &[Product], values: &[f64]) {
    for product in products {
        sum.add_triple(product.value, values[product.first as usize], values[product.second as usize]);
    }
}

/// The side that an exact activity misses, and by how much, rounded once. The larger miss when the sides cross.
fn miss(activity: &mut Accumulator, lower: f64, upper: f64) -> Option<(f64, f64)> {
    let mut below = 0.0;
    let mut above = 0.0;
    if lower.is_finite() {
        activity.subtract(lower);
        below = -activity.nearest();
        activity.add(lower);
    }
    if upper.is_finite() {
        activity.subtract(upper);
        above = activity.nearest();
        activity.add(upper);
    }
    if below <= 0.0 && above <= 0.0 {
        None
    } else if below >= above {
        Some((lower, below))
    } else {
        Some((upper, above))
    }
}

/// A filter: plain floating point with its error bound shows that both sides hold, so that nothing exact is needed.
/// |error| ≤ γ Σ|a·x| with γ = k·u/(1 − k·u), k terms (Higham, *Accuracy and Stability*, 2002, (3.5)); doubled here, with
/// room for underflow.
fn surely_within(columns: &[u32], coefficients: &[f64], values: &[f64], lower: f64, upper: f64) -> bool {
    let mut activity = 0.0;
    let mut size = 0.0;
    for (&j, &a) in columns.iter().zip(coefficients) {
        let term = a * values[j as usize];
        activity += term;
        size += term.abs();
    }
    let error = (columns.len() as f64 + 2.0) * f64::EPSILON * size + f64::MIN_POSITIVE;
    activity - error > lower && activity + error < upper
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    /// Always holds.
    Plain,
    /// Switched, and must hold.
    On,
    /// Switched off.
    Off,
}

/// How each row stands; empty when no row is switched.
fn switched(problem: &Problem, values: &[f64]) -> Vec<Switch> {
    if problem.indicators().is_empty() {
        return Vec::new();
    }
    let mut held = vec![Switch::Plain; problem.num_rows()];
    for indicator in problem.indicators() {
        let on = (values[indicator.column as usize].round() == 1.0) == indicator.active;
        let row = &mut held[indicator.row as usize];
        if on {
            *row = Switch::On;
        } else if *row == Switch::Plain {
            *row = Switch::Off;
        }
    }
    held
}

fn judge_set(problem: &Problem, set: &SpecialOrderedSet, values: &[f64], tolerances: &Tolerances) -> Grade {
    let holds = |tolerance: f64| {
        let nonzero = |&(j, _): &(u32, f64)| {
            let value = values[j as usize];
            match problem.kind(j as usize) {
                ColumnKind::Integer | ColumnKind::SemiInteger => value.round() != 0.0,
                ColumnKind::Continuous | ColumnKind::SemiContinuous => value.abs() > tolerance,
            }
        };
        let first = set.members.iter().position(nonzero);
        let last = set.members.iter().rposition(nonzero);
        match (first, last) {
            (Some(first), Some(last)) => last - first < usize::from(set.order),
            _ => true,
        }
    };
    if holds(tolerances.bound) {
        Grade::Within
    } else if holds(tolerances.bound * IMPRECISION) {
        Grade::Imprecise
    } else {
        Grade::Wrong
    }
}

//! What the columns may be, for proofs: the bounds themselves, widened where a column may be zero outside them, and rows
//! without sides where they need not hold. Every feasible point lies in the domain.

use std::borrow::Cow;

use crate::check::exact::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up};
use crate::check::witness::{Implied, Needs, Proof, Witness};
use crate::problem::{ColumnKind, Problem};

/// Rounds over all rows at most; each later one finds less.
const PASSES: usize = 10;
/// An implied bound of more than this helps nobody.
const USEFUL: f64 = 1e30;

/// Bounds that every feasible point keeps, in the sense of exact arithmetic.
#[derive(Debug, Clone)]
pub(super) struct Domain<'a> {
    lower: Cow<'a, [f64]>,
    upper: Cow<'a, [f64]>,
    row_lower: Cow<'a, [f64]>,
    row_upper: Cow<'a, [f64]>,
    /// How the bounds that are not the problem's own were found, in order.
    steps: Vec<Implied>,
}

impl<'a> Domain<'a> {
    /// The problem's own bounds and sides. A semicontinuous column may be zero too; a switched row may not hold; a
    /// row with products, which proofs by multipliers know nothing of, is left out.
    pub(super) fn of(problem: &'a Problem) -> Self {
        let mut domain = Self {
            lower: Cow::Borrowed(problem.lower()),
            upper: Cow::Borrowed(problem.upper()),
            row_lower: Cow::Borrowed(problem.row_lower()),
            row_upper: Cow::Borrowed(problem.row_upper()),
            steps: Vec::new(),
        };
        if problem.num_semis() > 0 {
            for j in (0..problem.num_columns()).filter(|&j| problem.kind(j).is_semi()) {
                let (lower, upper) = (domain.lower[j], domain.upper[j]);
                domain.lower.to_mut()[j] = lower.min(0.0);
                domain.upper.to_mut()[j] = upper.max(0.0);
            }
        }
        for indicator in problem.indicators() {
            domain.row_lower.to_mut()[indicator.row as usize] = f64::NEG_INFINITY;
            domain.row_upper.to_mut()[indicator.row as usize] = f64::INFINITY;
        }
        for one in problem.quadratic_rows() {
            domain.row_lower.to_mut()[one.row as usize] = f64::NEG_INFINITY;
            domain.row_upper.to_mut()[one.row as usize] = f64::INFINITY;
        }
        domain
    }

    /// How the bounds that are not the problem's own were found, in order.
    pub(super) fn steps(&self) -> &[Implied] {
        &self.steps
    }
    pub(super) fn lower(&self, j: usize) -> f64 {
        self.lower[j]
    }
    pub(super) fn upper(&self, j: usize) -> f64 {
        self.upper[j]
    }
    pub(super) fn row_lower(&self, i: usize) -> f64 {
        self.row_lower[i]
    }
    pub(super) fn row_upper(&self, i: usize) -> f64 {
        self.row_upper[i]
    }

    /// The domain with the bounds that rows imply: each row's least and greatest activity, without one column, leaves so
    /// much for that column. Rounded outwards throughout, so that every feasible point stays inside; bounds of integer
    /// columns are rounded inwards to integers, unless they are within 1e-6 of the integer outwards.
    ///
    /// # Errors
    /// When nothing is left: a proof that no point is feasible.
    pub(super) fn tightened(mut self, problem: &Problem) -> Result<Self, Proof> {
        for j in 0..problem.num_columns() {
            self.narrow(problem, j, None, self.lower[j], self.upper[j])?;
        }
        for _ in 0..PASSES {
            let mut changed = false;
            for i in 0..problem.num_rows() {
                if self.row_lower[i] > f64::NEG_INFINITY || self.row_upper[i] < f64::INFINITY {
                    changed |= self.propagate(problem, i)?;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(self)
    }

    fn propagate(&mut self, problem: &Problem, i: usize) -> Result<bool, Proof> {
        let (columns, coefficients) = problem.by_rows().row(i);
        let (mut least, mut greatest) = (Activity::default(), Activity::default());
        for (&j, &a) in columns.iter().zip(coefficients) {
            let (low, high) = self.term(j as usize, a);
            least.add(low.0, f64::NEG_INFINITY, add_down);
            greatest.add(high.1, f64::INFINITY, add_up);
        }
        let (lower, upper) = (self.row_lower[i], self.row_upper[i]);
        if least.infinite == 0 && least.finite > upper {
            return Err(self.out_of_reach(problem, i, false));
        }
        if greatest.infinite == 0 && greatest.finite < lower {
            return Err(self.out_of_reach(problem, i, true));
        }
        let mut changed = false;
        for (&j, &a) in columns.iter().zip(coefficients) {
            if a == 0.0 {
                continue;
            }
            let j = j as usize;
            let (low, high) = self.term(j, a);
            let (mut new_lower, mut new_upper) = (f64::NEG_INFINITY, f64::INFINITY);
            if upper.is_finite()
                && let Some(rest) = least.without(low.0 == f64::NEG_INFINITY, low.1, add_down)
            {
                // a·x ≤ upper − rest
                let most = add_up(upper, -rest);
                if a > 0.0 { new_upper = div_up(most, a) } else { new_lower = div_down(most, a) }
            }
            if lower.is_finite()
                && let Some(rest) = greatest.without(high.1 == f64::INFINITY, high.0, add_up)
            {
                let least = add_down(lower, -rest);
                if a > 0.0 {
                    new_lower = new_lower.max(div_down(least, a));
                } else {
                    new_upper = new_upper.min(div_up(least, a));
                }
            }
            changed |= self.narrow(problem, j, Some(i), new_lower, new_upper)?;
        }
        Ok(changed)
    }

    /// The least and the greatest of a·x over the column's bounds, each enclosed: (down, up).
    fn term(&self, j: usize, a: f64) -> ((f64, f64), (f64, f64)) {
        let (lower, upper) = (self.lower[j], self.upper[j]);
        let (at_least, at_most) = if a > 0.0 { (lower, upper) } else { (upper, lower) };
        if a == 0.0 {
            return ((0.0, 0.0), (0.0, 0.0));
        }
        ((mul_down(a, at_least), mul_up(a, at_least)), (mul_down(a, at_most), mul_up(a, at_most)))
    }

    /// The proof that a row's greatest (or least) activity misses its side.
    fn out_of_reach(&self, problem: &Problem, row: usize, greatest: bool) -> Proof {
        let mut multipliers = vec![0.0; problem.num_rows()];
        multipliers[row] = if greatest { 1.0 } else { -1.0 };
        let mut needs = Needs::new(problem.num_columns());
        needs.add_activity(problem, row, greatest, None);
        let name = problem.row_names().get(row);
        Proof {
            how: format!("the bounds that other constraints imply put constraint '{name}' out of reach"),
            witness: Witness::Contradiction {
                multipliers: multipliers.into(),
                implied: needs.supported(problem, &self.steps),
            },
        }
    }

    /// The proof that a column's bounds cross, the last of them not yet taken.
    fn crossed(&mut self, problem: &Problem, column: usize, row: Option<usize>, lower: f64, upper: f64) -> Proof {
        for (value, is_upper, is_better) in
            [(lower, false, lower > self.lower[column]), (upper, true, upper < self.upper[column])]
        {
            if is_better {
                self.step(column, is_upper, value, row);
            }
        }
        let mut needs = Needs::new(problem.num_columns());
        needs.add(column, false);
        needs.add(column, true);
        let name = problem.column_names().get(column);
        Proof {
            how: format!("the bounds that the constraints imply for variable '{name}' cross"),
            witness: Witness::CrossedColumn { column: column as u32, implied: needs.supported(problem, &self.steps) },
        }
    }

    fn step(&mut self, column: usize, is_upper: bool, value: f64, row: Option<usize>) {
        self.steps.push(Implied { column: column as u32, is_upper, value, row: row.map(|row| row as u32) });
    }

    /// Takes better bounds for a column, where they are worth it.
    fn narrow(
        &mut self,
        problem: &Problem,
        j: usize,
        row: Option<usize>,
        lower: f64,
        upper: f64,
    ) -> Result<bool, Proof> {
        let (mut lower, mut upper) = (lower, upper);
        if problem.kind(j) == ColumnKind::Integer {
            // Sound without the slack too, but then a proof could rest on the last bits of the data.
            let slack = |bound: f64| 1e-6 * bound.abs().max(1.0);
            (lower, upper) = ((lower - slack(lower)).ceil(), (upper + slack(upper)).floor());
        }
        let worth = |new: f64, old: f64| {
            let gain = new - old;
            new.abs() < USEFUL && gain > 0.0 && (old.is_infinite() || gain > 1e-3 * old.abs().max(1.0))
        };
        let mut changed = false;
        if worth(lower, self.lower[j]) {
            self.step(j, false, lower, row);
            self.lower.to_mut()[j] = lower;
            changed = true;
        }
        if worth(-upper, -self.upper[j]) {
            self.step(j, true, upper, row);
            self.upper.to_mut()[j] = upper;
            changed = true;
        }
        if lower.max(self.lower[j]) > upper.min(self.upper[j]) {
            return Err(self.crossed(problem, j, row, lower, upper));
        }
        Ok(changed)
    }
}

/// A sum with the infinite terms counted beside it.
#[derive(Debug, Clone, Copy, Default)]
struct Activity {
    finite: f64,
    infinite: usize,
}

impl Activity {
    fn add(&mut self, term: f64, infinity: f64, add: fn(f64, f64) -> f64) {
        if term == infinity {
            self.infinite += 1;
        } else {
            self.finite = add(self.finite, term);
        }
    }

    /// The sum without one of its terms (rounded the other way), which may be the one that was `counted` as infinite;
    /// `None` when the rest is infinite still.
    fn without(&self, counted: bool, term: f64, add: fn(f64, f64) -> f64) -> Option<f64> {
        match (self.infinite, counted) {
            (0, false) => Some(add(self.finite, -term)),
            (1, true) => Some(self.finite),
            _ => None,
        }
        .filter(|rest| rest.is_finite())
    }
}

//! Whether an answer holds for a changed problem: the same point and multipliers may well be optimal still. Then nobody has
//! to solve anything.

use crate::answer::{Answer, Basis, BasisStatus, Claim, Duals, EvidenceLevel};
use crate::problem::Problem;
use crate::{Reason, Termination, Tolerances};

/// What is said of a claim that was made so.
const HOW: &str = "the last point and multipliers are optimal for the changed problem too; no solver was asked";

/// How far from its side a nonbasic row's activity may be computed, relative to the terms that it adds up.
const ROUNDING: f64 = 1e-12;

/// The answer to a linear program as a claim about another one of the same shape, when its basis is still optimal at the same
/// point: every nonbasic column stands at a bound, every nonbasic row at a side, none of them wants to leave it, and the reduced costs
/// of what is basic are zero. `None` when that is not so, or the answer was not a certified optimum with a basis.
///
/// It takes one pass over the coefficients in floating point. The claim is one like any solver's, to be examined.
pub fn still_optimal(problem: &Problem, answer: &Answer, tolerances: &Tolerances) -> Option<Claim> {
    let (point, duals, basis) = (answer.point()?, answer.duals()?, answer.basis()?);
    let (n, m) = (problem.num_columns(), problem.num_rows());
    let fits = point.len() == n && duals.rows.len() == m && basis.columns.len() == n && basis.rows.len() == m;
    let was_proven = answer.reason() == Reason::Optimal && answer.evidence().level == EvidenceLevel::Certified;
    if !fits || !was_proven || !problem.is_lp() {
        return None;
    }
    let sign = problem.sense().sign();
    let mut activity = vec![(0.0, 0.0); m];
    let mut reduced_costs = Vec::with_capacity(n);
    let mut columns = Vec::with_capacity(n);
    for (j, (&x, &status)) in point.iter().zip(&basis.columns).enumerate() {
        let mut reduced = problem.cost()[j];
        for (i, a) in problem.column(j).iter() {
            reduced -= a * duals.rows[i];
            let term = a * x;
            activity[i].0 += term;
            activity[i].1 += f64::abs(term);
        }
        let stand = Stand { at: x, slack: 0.0, lower: problem.lower()[j], upper: problem.upper()[j] };
        columns.push(stand.keeps(status, sign * reduced, tolerances.bound, tolerances.dual)?);
        reduced_costs.push(reduced);
    }
    let mut rows = Vec::with_capacity(m);
    for (i, (&(at, size), &status)) in activity.iter().zip(&basis.rows).enumerate() {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let stand = Stand { at, slack: ROUNDING * f64::max(size, 1.0), lower, upper };
        let width = tolerances.row(if at < lower { lower } else { upper });
        rows.push(stand.keeps(status, sign * duals.rows[i], width, tolerances.dual)?);
    }
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, HOW));
    let objective = problem.objective_of(point);
    (claim.objective, claim.bound, claim.point) = (Some(objective), Some(objective), Some(point.to_vec()));
    claim.duals = Some(Duals { rows: duals.rows.clone(), reduced_costs });
    claim.basis = Some(Basis { columns, rows });
    Some(claim)
}

/// Where a column's value or a row's activity stands.
struct Stand {
    at: f64,
    /// How far from a bound is still at it.
    slack: f64,
    lower: f64,
    upper: f64,
}

impl Stand {
    /// The status it has now, when a basis in which it had `status` is optimal still. `price` is its reduced cost or multiplier
    /// for minimising.
    fn keeps(&self, status: BasisStatus, price: f64, width: f64, dual: f64) -> Option<BasisStatus> {
        let is_at = |bound: f64| (self.at - bound).abs() <= self.slack;
        let now = if status == BasisStatus::Basic {
            let inside = self.at >= self.lower - width && self.at <= self.upper + width;
            return (inside && price.abs() <= dual).then_some(status);
        } else if is_at(self.lower) && (price >= -dual || self.lower == self.upper) {
            BasisStatus::AtLower
        } else if is_at(self.upper) && price <= dual {
            BasisStatus::AtUpper
        } else {
            let is_free = self.lower == f64::NEG_INFINITY && self.upper == f64::INFINITY;
            return (is_free && status == BasisStatus::Free && price.abs() <= dual).then_some(status);
        };
        Some(now)
    }
}

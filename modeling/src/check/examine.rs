//! Looks at one claim. Knows the problem and the tolerances, nobody else's claims; what it calls certified is proven here.

use crate::answer::{Claim, Duals, Ray, Reason, Source};
use crate::check::domain::Domain;
use crate::check::multipliers::{self, Multipliers};
use crate::check::point::check_point;
use crate::check::pool::MOST_POINTS;
use crate::check::ray::{self, Recession};
use crate::check::{Finding, Findings, Standing, trivial};
use crate::tolerances::LEAST_CONTRADICTION;
use crate::{Problem, Tolerances};

/// Looks at everything in one claim: measures its point, proves what its multipliers and rays prove, and hands on the rest
/// as what it is, a claim.
///
/// Never fails: what is wrong with a claim is among the findings. Multipliers and rays of the wrong length or with values
/// that are not finite are left out.
pub fn examine(problem: &Problem, source: &Source, claim: &Claim, tolerances: &Tolerances) -> Findings {
    let mut list = Vec::new();
    let objective = point(problem, claim, tolerances, &mut list);
    for values in claim.pool.iter().take(MOST_POINTS) {
        // A further point that is none is no loss, and no fault: nobody counts on it.
        if let Ok(Ok(point)) = check_point(problem, values, tolerances) {
            list.push(Finding::Further(point));
        }
    }
    bound(problem, claim, objective, tolerances, &mut list);
    infeasible(problem, claim, &mut list);
    unbounded(problem, claim, tolerances, &mut list);
    if let Some(basis) = &claim.basis
        && basis.columns.len() == problem.num_columns()
        && basis.rows.len() == problem.num_rows()
    {
        list.push(Finding::Basis(basis.clone()));
    }
    Findings { source: source.clone(), termination: claim.termination.clone(), list }
}

/// Measures the point. Returns its objective, recomputed.
fn point(problem: &Problem, claim: &Claim, tolerances: &Tolerances, list: &mut Vec<Finding>) -> Option<f64> {
    let values = claim.point.as_deref()?;
    let objective = match check_point(problem, values, tolerances) {
        Ok(Ok(point)) => {
            let objective = point.objective();
            list.push(Finding::Point(point));
            objective
        }
        Ok(Err(measured)) => {
            let objective = measured.objective();
            list.push(Finding::Measured(measured));
            objective
        }
        Err(error) => {
            list.push(Finding::BadPoint(error));
            return None;
        }
    };
    if let Some(said) = claim.objective
        && ((said - objective).is_nan() || (said - objective).abs() > slack(problem, values, objective, tolerances))
    {
        list.push(Finding::Misstated { said, recomputed: objective });
    }
    Some(objective)
}

/// How far apart two solvers' figures for one objective may be before one of them is called wrong: the gap, or what
/// rounding does where that is more.
pub(super) fn slack(problem: &Problem, values: &[f64], objective: f64, tolerances: &Tolerances) -> f64 {
    tolerances.gap_width(objective).max(rounding(problem, values))
}

/// What tolerances and floating point may do to an objective near zero, or one whose terms cancel.
fn rounding(problem: &Problem, values: &[f64]) -> f64 {
    let terms: f64 = problem.cost().iter().zip(values).map(|(cost, x)| (cost * x).abs()).sum();
    let products: f64 = problem.quadratic_objective().iter().map(|product| product.at(values).abs()).sum();
    (1e-9 * (terms + products)).max(LEAST_CONTRADICTION)
}

/// The bound it names, and the one its multipliers prove.
fn bound(problem: &Problem, claim: &Claim, objective: Option<f64>, tolerances: &Tolerances, list: &mut Vec<Finding>) {
    let optimal = claim.termination.reason() == Reason::Optimal;
    let named = claim.bound.filter(|bound| bound.is_finite());
    // "Optimal" says that nothing is better than its own objective: exactly so for an LP, by more than the gap for others.
    let implied = objective.or(claim.objective).filter(|o| o.is_finite() && optimal).map(|objective| {
        // A hair less than the gap, so that rounding does not open it.
        let width = if problem.is_lp() { 0.0 } else { tolerances.gap_width(objective) * (1.0 - 1e-9) };
        objective - problem.sense().sign() * width
    });
    let rounding = named.map_or(0.0, |bound| own_rounding(problem, claim, bound, tolerances, list));
    if let Some(value) = named.map(|bound| bound + rounding).or(implied) {
        list.push(Finding::Bound { value, standing: Standing::Claimed });
    }
    let Some(duals) = claim.duals.as_ref().filter(|duals| well_formed(problem, duals)) else { return };
    if !problem.quadratic_objective().is_empty() {
        return; // what multipliers prove about the linear part says nothing about the whole
    }
    if problem.is_lp() {
        list.push(Finding::Duals(duals.clone(), multipliers::residual(problem, duals)));
    }
    match multipliers::best_bound(problem, &duals.rows, named.or(implied)) {
        Multipliers::Prove { value, proof } => {
            list.push(Finding::Bound { value, standing: Standing::Certified(proof) });
        }
        Multipliers::Fail { why } => list.push(Finding::Unproven(why)),
    }
}

/// A bound next to the claim's own objective speaks about the claim's own point: when that was checked, the solver's
/// rounding of the objective is no open gap, and the bound is read relative to the exact one.
fn own_rounding(problem: &Problem, claim: &Claim, bound: f64, tolerances: &Tolerances, list: &[Finding]) -> f64 {
    let point = list.iter().find_map(|finding| if let Finding::Point(point) = finding { Some(point) } else { None });
    match (point, claim.objective) {
        (Some(point), Some(said)) if claim.termination.reason() == Reason::Optimal => {
            let by = point.objective - said;
            let near = tolerances.gap_closed(said, bound) && by.abs() <= rounding(problem, &point.values);
            if near { by } else { 0.0 }
        }
        _ => 0.0,
    }
}

/// Whether multipliers and reduced costs have the right lengths and finite values.
pub(super) fn well_formed(problem: &Problem, duals: &Duals) -> bool {
    let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
    duals.rows.len() == problem.num_rows()
        && duals.reduced_costs.len() == problem.num_columns()
        && finite(&duals.rows)
        && finite(&duals.reduced_costs)
}

fn infeasible(problem: &Problem, claim: &Claim, list: &mut Vec<Finding>) {
    let says = claim.termination.reason() == Reason::Infeasible;
    let undecided = claim.termination.reason() == Reason::InfeasibleOrUnbounded;
    let mut proof = None;
    if let Some(Ray::Farkas(y)) = &claim.ray
        && y.len() == problem.num_rows()
        && y.iter().all(|y| y.is_finite())
    {
        list.push(Finding::Ray(Ray::Farkas(y.clone())));
        match multipliers::contradiction(problem, y) {
            Multipliers::Prove { proof: shown, .. } => proof = Some(shown),
            Multipliers::Fail { why } => list.push(Finding::Unproven(why)),
        }
    }
    if proof.is_none() && (says || undecided) {
        proof = trivial::infeasible(problem).or_else(|| Domain::of(problem).tightened(problem).err());
    }
    if let Some(proof) = proof {
        list.push(Finding::Infeasible(Standing::Certified(proof)));
    } else if says {
        list.push(Finding::Infeasible(Standing::Claimed));
    } else if undecided {
        list.push(Finding::InfeasibleOrUnbounded);
    }
}

fn unbounded(problem: &Problem, claim: &Claim, tolerances: &Tolerances, list: &mut Vec<Finding>) {
    let says = claim.termination.reason() == Reason::Unbounded;
    let mut standing = says.then_some(Standing::Claimed);
    if let Some(Ray::Primal(direction)) = &claim.ray
        && direction.len() == problem.num_columns()
        && direction.iter().all(|d| d.is_finite())
    {
        list.push(Finding::Ray(Ray::Primal(direction.clone())));
        match ray::recession(problem, direction, tolerances) {
            Recession::Exact { proof } => standing = Some(Standing::Certified(proof)),
            Recession::Near { why } | Recession::No { why } => list.push(Finding::Unproven(why)),
        }
    }
    let Some(standing) = standing else { return };
    // A ray proves nothing without a feasible point; the one nearest to zero is often there for the asking.
    if claim.point.is_none()
        && let Ok(Ok(point)) = check_point(problem, &ray::nearest_to_zero(problem), tolerances)
    {
        list.push(Finding::Point(point));
    }
    list.push(Finding::Unbounded(standing));
}

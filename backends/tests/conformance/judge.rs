//! Looks at a claim by itself, in plain floating point: points, signs of duals, rays, bounds, what must come together.

use farkas_modeling::answer::{Basis, BasisStatus, Duals, Ray};
use farkas_modeling::check::{Finding, Standing, examine};
use farkas_modeling::{Claim, Problem, Reason, Source, Tolerances};

const TOLERANCE: f64 = 1e-6;

/// Everything that is wrong with a claim, a sentence each.
pub fn faults(p: &Problem, claim: &Claim) -> Vec<String> {
    let mut faults = Vec::new();
    let reason = claim.termination.reason();
    if let Some(x) = &claim.point {
        if reason != Reason::Imprecise {
            faults.extend(point_fault(p, x));
        }
        match claim.objective {
            Some(named) if !close(named, p.objective_of(x)) => {
                faults.push(format!("names the objective {named} for a point of {}", p.objective_of(x)));
            }
            None => faults.push("a point without an objective".into()),
            _ => {}
        }
    }
    if let (Some(bound), Some(objective)) = (claim.bound, claim.objective)
        && p.sense().better(objective, bound)
        && !close(objective, bound)
    {
        faults.push(format!("its own point of {objective} beats its bound {bound}"));
    }
    let needs: &[(bool, &str)] = match reason {
        Reason::Optimal => &[
            (claim.point.is_some(), "a point"),
            (claim.objective.is_some(), "an objective"),
            (claim.bound.is_some(), "a bound"),
        ],
        Reason::Feasible => &[(claim.point.is_some(), "a point")],
        Reason::NoSolutionFound | Reason::Infeasible => &[(claim.point.is_none(), "no point")],
        _ => &[],
    };
    faults.extend(needs.iter().filter(|n| !n.0).map(|n| format!("{reason:?} needs {}", n.1)));
    if claim.bound.is_some_and(f64::is_nan) || claim.objective.is_some_and(|v| !v.is_finite()) {
        faults.push("a bound or an objective that is no number".into());
    }
    if let (Some(duals), Some(x)) = (&claim.duals, &claim.point) {
        faults.extend(dual_faults(p, duals, x));
    }
    match &claim.ray {
        Some(Ray::Primal(d)) => faults.extend(primal_ray_fault(p, d)),
        Some(Ray::Farkas(y)) => faults.extend(farkas_fault(p, y)),
        None => {}
    }
    faults.extend(claim.basis.as_ref().and_then(|b| basis_fault(p, b)));
    faults.extend(what_the_checker_minds(p, claim));
    faults
}

/// The house's own checker, with exact arithmetic: it must find nothing false, and prove what a ray is for. Multipliers that
/// miss a proof by their last digits are no fault of an adapter's.
fn what_the_checker_minds(p: &Problem, claim: &Claim) -> Vec<String> {
    let source = Source { backend: "suite".into(), version: String::new(), lane: 0 };
    let imprecise = claim.termination.reason() == Reason::Imprecise;
    let findings = examine(p, &source, claim, &Tolerances::default());
    let certified = |standing: &Standing| matches!(standing, Standing::Certified(_));
    let mind = |finding: &Finding| match finding {
        Finding::Measured(point) if !imprecise => Some(format!("misses the tolerances: {:?}", point.violations())),
        Finding::BadPoint(error) => Some(error.to_string()),
        Finding::Misstated { said, recomputed } => Some(format!("said {said} of a point of {recomputed}")),
        Finding::Infeasible(standing) if claim.ray.is_some() && !certified(standing) => {
            Some("its Farkas ray certifies nothing".into())
        }
        Finding::Unbounded(standing) if claim.ray.is_some() && !certified(standing) => {
            Some("its primal ray certifies nothing".into())
        }
        _ => None,
    };
    findings.list.iter().filter_map(mind).map(|fault| format!("checker: {fault}")).collect()
}

pub fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

fn activities(p: &Problem, x: &[f64]) -> Vec<f64> {
    let mut activity = vec![0.0; p.num_rows()];
    for (j, &v) in x.iter().enumerate() {
        for (i, a) in p.column(j).iter() {
            activity[i] += a * v;
        }
    }
    for one in p.quadratic_rows() {
        activity[one.row as usize] += one.products.iter().map(|product| product.at(x)).sum::<f64>();
    }
    activity
}

/// What is wrong with a point.
pub fn point_fault(p: &Problem, x: &[f64]) -> Option<String> {
    if x.len() != p.num_columns() || x.iter().any(|v| !v.is_finite()) {
        return Some(format!("a point that is none: {x:?}"));
    }
    for (j, &v) in x.iter().enumerate() {
        let kind = p.kind(j);
        let zero = kind.is_semi() && v.abs() <= TOLERANCE;
        if !zero && (v < p.lower()[j] - TOLERANCE || v > p.upper()[j] + TOLERANCE) {
            return Some(format!("column {j} = {v} misses its bounds"));
        }
        if kind.is_integer() && (v - v.round()).abs() > TOLERANCE {
            return Some(format!("column {j} = {v} is not whole"));
        }
    }
    let switched_off =
        |i: usize| p.indicators().iter().any(|k| k.row as usize == i && (x[k.column as usize] > 0.5) != k.active);
    for (i, r) in activities(p, x).into_iter().enumerate().filter(|(i, _)| !switched_off(*i)) {
        let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
        if r < lower - TOLERANCE * lower.abs().max(1.0) || r > upper + TOLERANCE * upper.abs().max(1.0) {
            return Some(format!("row {i} = {r} misses its sides {lower}, {upper}"));
        }
    }
    for set in p.sets() {
        let at: Vec<usize> =
            (0..set.members.len()).filter(|&k| x[set.members[k].0 as usize].abs() > TOLERANCE).collect();
        let spread = at.last().unwrap_or(&0) - at.first().unwrap_or(&0);
        if at.len() > usize::from(set.order) || spread >= usize::from(set.order).max(1) {
            return Some(format!("a set of type {} has nonzeros at {at:?}", set.order));
        }
    }
    None
}

/// The house's sign convention, and complementary slackness.
fn dual_faults(p: &Problem, duals: &Duals, x: &[f64]) -> Vec<String> {
    let (n, m) = (p.num_columns(), p.num_rows());
    if duals.rows.len() != m || duals.reduced_costs.len() != n {
        return vec![format!("{} multipliers and {} reduced costs", duals.rows.len(), duals.reduced_costs.len())];
    }
    let mut faults = Vec::new();
    let mut gradient = p.cost().to_vec();
    for product in p.quadratic_objective() {
        gradient[product.first as usize] += product.value * x[product.second as usize];
        gradient[product.second as usize] += product.value * x[product.first as usize];
    }
    for (j, slope) in gradient.into_iter().enumerate() {
        let sum: f64 = p.column(j).iter().map(|(i, a)| a * duals.rows[i]).sum();
        if !close(duals.reduced_costs[j], slope - sum) {
            faults.push(format!("reduced cost {j} is {}, not {slope} − {sum}", duals.reduced_costs[j]));
        }
    }
    let sign = p.sense().sign();
    let mut held = |what: &str, at: usize, dual: f64, value: f64, lower: f64, upper: f64| {
        let side = if sign * dual > TOLERANCE {
            lower
        } else if sign * dual < -TOLERANCE {
            upper
        } else {
            return;
        };
        if !side.is_finite() || !close(value, side) {
            faults.push(format!("{what} {at} has the dual {dual} at {value}, not at {side}"));
        }
    };
    for (i, r) in activities(p, x).into_iter().enumerate() {
        held("row", i, duals.rows[i], r, p.row_lower()[i], p.row_upper()[i]);
    }
    for (j, &v) in x.iter().enumerate() {
        held("column", j, duals.reduced_costs[j], v, p.lower()[j], p.upper()[j]);
    }
    faults
}

fn primal_ray_fault(p: &Problem, d: &[f64]) -> Option<String> {
    if d.len() != p.num_columns() || d.iter().any(|v| !v.is_finite()) {
        return Some(format!("a primal ray that is none: {d:?}"));
    }
    let size = d.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let gain: f64 = p.cost().iter().zip(d).map(|(c, v)| c * v).sum();
    let none = TOLERANCE * size;
    if p.sense().sign() * gain >= -none {
        return Some(format!("a primal ray that gains {gain}"));
    }
    let out = |v: f64, lower: f64, upper: f64| (v < -none && lower.is_finite()) || (v > none && upper.is_finite());
    let column = (0..d.len()).find(|&j| out(d[j], p.lower()[j], p.upper()[j]));
    let row = activities(p, d).into_iter().enumerate().find(|&(i, r)| out(r, p.row_lower()[i], p.row_upper()[i]));
    match (column, row) {
        (None, None) => None,
        (column, row) => Some(format!("a primal ray {d:?} that leaves by column {column:?}, row {row:?}")),
    }
}

fn farkas_fault(p: &Problem, y: &[f64]) -> Option<String> {
    if y.len() != p.num_rows() || y.iter().any(|v| !v.is_finite()) {
        return Some(format!("Farkas multipliers that are none: {y:?}"));
    }
    let side = |v: f64, lower: f64, upper: f64| if v == 0.0 { 0.0 } else { v * if v > 0.0 { lower } else { upper } };
    let least: f64 = (0..y.len()).map(|i| side(y[i], p.row_lower()[i], p.row_upper()[i])).sum();
    let most: f64 = (0..p.num_columns())
        .map(|j| {
            let sum: f64 = p.column(j).iter().map(|(i, a)| a * y[i]).sum();
            let sum = if sum.abs() <= 1e-9 { 0.0 } else { sum };
            side(sum, p.upper()[j], p.lower()[j])
        })
        .sum();
    (least.partial_cmp(&most) != Some(std::cmp::Ordering::Greater))
        .then(|| format!("Farkas multipliers {y:?} that prove nothing: {least} against {most}"))
}

fn basis_fault(p: &Problem, basis: &Basis) -> Option<String> {
    let (n, m) = (p.num_columns(), p.num_rows());
    let basic = basis.columns.iter().chain(&basis.rows).filter(|&&s| s == BasisStatus::Basic).count();
    (basis.columns.len() != n || basis.rows.len() != m || basic != m)
        .then(|| format!("a basis of {basic} for {m} rows, with {} columns", basis.columns.len()))
}

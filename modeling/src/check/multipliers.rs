//! Chooses the multipliers that prove most: those given, and a few that lie beside them. Any choice is sound
//! ([`prove`](super::proof::prove) sees to that); this file only looks for a strong one.

use crate::answer::Duals;
use crate::check::domain::Domain;
use crate::check::exact::Accumulator;
use crate::check::proof::{Objective, Proven, admissible, prove};
use crate::check::trivial::trivially_infeasible;
use crate::problem::Problem;

/// What came of some multipliers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Multipliers {
    /// They prove a bound (in the problem's own sense), or infeasibility.
    Prove { value: f64, how: String },
    /// They do not; why, in a sentence.
    Fail { why: String },
}

/// The best bound that multipliers near `y` (m, finite, in the problem's own sense) prove. Stops looking once `hoped` is
/// reached within a rounding.
pub(super) fn best_bound(problem: &Problem, y: &[f64], hoped: Option<f64>) -> Multipliers {
    let sign = problem.sense().sign();
    let y: Vec<f64> = y.iter().map(|y| sign * y).collect();
    let hoped = hoped.map(|h| sign * h - 1e-9 * h.abs().max(1.0));
    let (mut best, why) = search(problem, &Domain::of(problem), Objective::Own, &y, hoped);
    let enough = |best: &Best| hoped.is_some_and(|hoped| best.value >= hoped);
    if !best.as_ref().is_some_and(enough)
        && let Ok(domain) = Domain::of(problem).tightened(problem)
    {
        let (tighter, _) = search(problem, &domain, Objective::Own, &y, hoped);
        if let Some(mut tighter) = tighter.filter(|t| best.as_ref().is_none_or(|best| t.value > best.value)) {
            tighter.how.push_str(IMPLIED);
            best = Some(tighter);
        }
    }
    match best {
        Some(best) => Multipliers::Prove { value: sign * best.value, how: best.how },
        None => Multipliers::Fail { why },
    }
}

/// Said of proofs that rest on bounds that the problem does not write down.
const IMPLIED: &str = ", with bounds that the constraints imply";

/// Whether multipliers near `y` or −y prove that nothing is feasible.
pub(super) fn contradiction(problem: &Problem, y: &[f64]) -> Multipliers {
    let mut why = String::new();
    let written = Domain::of(problem);
    if let Some(proof) = separates(problem, &written, y, "", &mut why) {
        return proof;
    }
    match written.tightened(problem) {
        Ok(implied) => separates(problem, &implied, y, IMPLIED, &mut why).unwrap_or(Multipliers::Fail { why }),
        Err(how) => Multipliers::Prove { value: 0.0, how: trivially_infeasible(problem).unwrap_or(how) },
    }
}

fn separates(problem: &Problem, domain: &Domain<'_>, y: &[f64], bounds: &str, why: &mut String) -> Option<Multipliers> {
    for sign in [1.0, -1.0] {
        let y: Vec<f64> = y.iter().map(|y| sign * y).collect();
        let (best, failed) = search(problem, domain, Objective::Zero, &y, Some(f64::MIN_POSITIVE));
        match best {
            Some(best) if best.positive => {
                let how = format!("the Farkas multipliers separate the sides from the bounds, exactly{bounds}");
                return Some(Multipliers::Prove { value: best.value, how });
            }
            Some(_) => *why = "the Farkas multipliers do not separate the sides from the bounds".into(),
            None if why.is_empty() => *why = failed,
            None => {}
        }
    }
    None
}

struct Best {
    value: f64,
    positive: bool,
    how: String,
}

fn search(
    problem: &Problem,
    domain: &Domain<'_>,
    objective: Objective,
    y: &[f64],
    hoped: Option<f64>,
) -> (Option<Best>, String) {
    let mut best: Option<Best> = None;
    let mut why = String::new();
    for (how, candidate) in candidates(y) {
        let candidate: Vec<f64> = candidate
            .iter()
            .enumerate()
            .map(|(i, &y)| admissible(y, domain.row_lower(i), domain.row_upper(i)))
            .collect();
        match prove(problem, domain, objective, &candidate) {
            Proven::Bound(value, sign) => {
                if best.as_ref().is_none_or(|best| value > best.value) {
                    best = Some(Best { value, positive: sign.is_gt(), how: format!("bound by {how}, summed exactly") });
                }
                if hoped.is_some_and(|hoped| value >= hoped) {
                    break;
                }
            }
            Proven::Unbounded { column, reduced_cost } => {
                if why.is_empty() {
                    let name = problem.column_names().get(column);
                    why = format!(
                        "the multipliers prove nothing: the reduced cost {reduced_cost:e} of '{name}' points to an infinite bound"
                    );
                }
            }
        }
    }
    (best, why)
}

/// The multipliers as given, and without tiny ones, if there are any.
fn candidates(y: &[f64]) -> Vec<(&'static str, Vec<f64>)> {
    let largest = y.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    let tiny = |y: f64| y != 0.0 && y.abs() <= 1e-9 * largest;
    let mut list = vec![("the multipliers", y.to_vec())];
    if y.iter().any(|&y| tiny(y)) {
        let trimmed = y.iter().map(|&y| if tiny(y) { 0.0 } else { y }).collect();
        list.push(("the multipliers without tiny ones", trimmed));
    }
    list
}

/// Largest violation of the sign rules (a multiplier that leans on a side that is not there, a reduced cost on a bound
/// that is not there) and of `reduced cost = cost − Aᵀy`, recomputed exactly.
pub(super) fn residual(problem: &Problem, duals: &Duals) -> f64 {
    let sign = problem.sense().sign();
    let mut worst = 0.0_f64;
    for (i, y) in duals.rows.iter().enumerate() {
        let y = sign * y;
        worst = worst.max((y - admissible(y, problem.row_lower()[i], problem.row_upper()[i])).abs());
    }
    let mut sum = Accumulator::new();
    for (j, &d) in duals.reduced_costs.iter().enumerate() {
        sum.clear();
        sum.add(problem.cost()[j]);
        for (i, a) in problem.column(j).iter() {
            sum.add_product(-duals.rows[i], a);
        }
        sum.subtract(d);
        worst = worst.max(sum.nearest().abs());
        let d = sign * d;
        worst = worst.max((d - admissible(d, problem.lower()[j], problem.upper()[j])).abs());
    }
    worst
}

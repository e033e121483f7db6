//! Chooses the multipliers that prove most: those given, and a few that lie beside them. Any choice is sound
//! ([`prove`](super::proof::prove) sees to that); this file only looks for a strong one.

use std::cmp::Ordering;

use crate::answer::Duals;
use crate::check::domain::Domain;
use crate::check::exact::Accumulator;
use crate::check::proof::{Objective, Proven, admissible, prove, reduced_cost};
use crate::check::shift::shifted;
use crate::check::trivial;
use crate::check::witness::{Implied, Needs, Proof, Witness};
use crate::problem::Problem;

/// What came of some multipliers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Multipliers {
    /// They prove a bound (in the problem's own sense), or infeasibility.
    Prove { value: f64, proof: Proof },
    /// They do not; why, in a sentence.
    Fail { why: String },
}

/// The best bound that multipliers near `y` (m, finite, in the problem's own sense) prove. Stops looking once `hoped` is
/// reached within a rounding.
pub(super) fn best_bound(problem: &Problem, y: &[f64], hoped: Option<f64>) -> Multipliers {
    let sign = problem.sense().sign();
    let y: Vec<f64> = y.iter().map(|y| sign * y).collect();
    let hoped = hoped.map_or(f64::INFINITY, |h| sign * h - 1e-9 * h.abs().max(1.0));
    let written = Domain::of(problem);
    let mut search = Search::new(problem, Objective::Own, hoped);
    search.near(&written, &y, "");
    // Most often the least move of all is enough, and spares the search for bounds that the constraints imply.
    if search.best.is_none() {
        let mut moved = Search::new(problem, Objective::Own, hoped);
        moved.beside(&written, &y, &LEAST_MOVE, "");
        if moved.done() {
            search = moved;
        }
    }
    let implied = if search.done() { None } else { written.clone().tightened(problem).ok() };
    if let Some(implied) = &implied {
        search.near(implied, &y, IMPLIED);
        search.beside(implied, &y, &MOVES, IMPLIED);
    }
    match search.best {
        Some(best) => {
            let implied = best.implied(problem, Objective::Own);
            let multipliers = best.y.iter().map(|y| sign * y).collect();
            let how = format!("bound by {}, summed exactly{}", best.how, best.bounds);
            let proof = Proof { how, witness: Witness::Bound { multipliers, implied } };
            Multipliers::Prove { value: sign * best.value, proof }
        }
        None => Multipliers::Fail { why: search.why },
    }
}

/// Said of proofs that rest on bounds that the problem does not write down.
const IMPLIED: &str = ", with bounds that the constraints imply";

/// How far multipliers are moved, as shares of the largest of them.
const MOVES: [f64; 3] = [1e-12, 1e-10, 1e-8];
const LEAST_MOVE: [f64; 1] = [1e-12];

/// Whether multipliers near `y` or −y prove that nothing is feasible.
pub(super) fn contradiction(problem: &Problem, y: &[f64]) -> Multipliers {
    let written = Domain::of(problem);
    let implied = written.clone().tightened(problem);
    let mut why = String::new();
    for sign in [1.0, -1.0] {
        let y: Vec<f64> = y.iter().map(|y| sign * y).collect();
        let mut search = Search::new(problem, Objective::Zero, f64::MIN_POSITIVE);
        search.near(&written, &y, "");
        if let Ok(implied) = &implied
            && !search.done()
        {
            search.near(implied, &y, IMPLIED);
            search.beside(implied, &y, &MOVES, IMPLIED);
        }
        match search.best {
            Some(best) if best.positive => {
                let implied = best.implied(problem, Objective::Zero);
                let how = format!("the Farkas multipliers separate the sides from the bounds, exactly{}", best.bounds);
                let witness = Witness::Contradiction { multipliers: best.y.into(), implied };
                return Multipliers::Prove { value: best.value, proof: Proof { how, witness } };
            }
            Some(_) => why = "the Farkas multipliers do not separate the sides from the bounds".into(),
            None if why.is_empty() => why = search.why,
            None => {}
        }
    }
    match implied {
        Ok(_) => Multipliers::Fail { why },
        Err(proof) => Multipliers::Prove { value: 0.0, proof: trivial::infeasible(problem).unwrap_or(proof) },
    }
}

struct Best<'a> {
    value: f64,
    positive: bool,
    /// m multipliers, as they were summed.
    y: Vec<f64>,
    /// The bounds that they were summed with are the problem's own, and those that these steps lead to.
    steps: &'a [Implied],
    how: &'static str,
    bounds: &'static str,
}

impl Best<'_> {
    /// The implied bounds that the sum rests on.
    fn implied(&self, problem: &Problem, objective: Objective) -> Vec<Implied> {
        if self.steps.is_empty() {
            return Vec::new();
        }
        let mut needs = Needs::new(problem.num_columns());
        let mut is_asked = vec![false; problem.num_columns()];
        let mut reduced = Accumulator::new();
        for column in self.steps.iter().map(|step| step.column as usize) {
            if std::mem::replace(&mut is_asked[column], true) {
                continue;
            }
            reduced_cost(problem, objective, &self.y, column, &mut reduced);
            match reduced.sign() {
                Ordering::Greater => needs.add(column, false),
                Ordering::Less => needs.add(column, true),
                Ordering::Equal => {}
            }
        }
        needs.supported(problem, self.steps)
    }
}

/// Tries candidates and keeps the strongest.
struct Search<'a> {
    problem: &'a Problem,
    objective: Objective,
    hoped: f64,
    best: Option<Best<'a>>,
    /// Why the first that failed did.
    why: String,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, objective: Objective, hoped: f64) -> Self {
        Self { problem, objective, hoped, best: None, why: String::new() }
    }

    fn done(&self) -> bool {
        self.best.as_ref().is_some_and(|best| best.value >= self.hoped)
    }

    /// The multipliers as given, and without tiny ones, if there are any.
    fn near(&mut self, domain: &'a Domain<'_>, y: &[f64], bounds: &'static str) {
        self.prove(domain, y, "the multipliers", bounds);
        let tiny = 1e-9 * largest(y);
        if !self.done() && y.iter().any(|y| *y != 0.0 && y.abs() <= tiny) {
            let trimmed: Vec<f64> = y.iter().map(|&y| if y.abs() <= tiny { 0.0 } else { y }).collect();
            self.prove(domain, &trimmed, "the multipliers without tiny ones", bounds);
        }
    }

    /// Multipliers a little beside those given, where reduced costs of zero get the sign that they need. Only where
    /// nothing else is proven: they cost some strength.
    fn beside(&mut self, domain: &'a Domain<'_>, y: &[f64], moves: &[f64], bounds: &'static str) {
        let sign = if self.objective == Objective::Own { self.problem.sense().sign() } else { 0.0 };
        let cost: Vec<f64> = self.problem.cost().iter().map(|c| sign * c).collect();
        let tiny = 1e-9 * largest(y);
        let y: Vec<f64> = admit(domain, y).into_iter().map(|y| if y.abs() <= tiny { 0.0 } else { y }).collect();
        for epsilon in moves {
            if self.best.is_some() {
                return;
            }
            if let Some(y) = shifted(self.problem, domain, &cost, &y, epsilon * largest(&y)) {
                self.prove(domain, &y, "the multipliers, moved a little", bounds);
            }
        }
    }

    fn prove(&mut self, domain: &'a Domain<'_>, y: &[f64], how: &'static str, bounds: &'static str) {
        let y = admit(domain, y);
        match prove(self.problem, domain, self.objective, &y) {
            Proven::Bound(value, sign) => {
                if self.best.as_ref().is_none_or(|best| value > best.value) {
                    self.best = Some(Best { value, positive: sign.is_gt(), y, steps: domain.steps(), how, bounds });
                }
            }
            Proven::Unbounded { column, reduced_cost } if self.why.is_empty() => {
                let name = self.problem.column_names().get(column);
                self.why = format!(
                    "the multipliers prove nothing: the reduced cost {reduced_cost:e} of '{name}' points to an infinite bound"
                );
            }
            Proven::Unbounded { .. } => {}
        }
    }
}

fn admit(domain: &Domain<'_>, y: &[f64]) -> Vec<f64> {
    y.iter().enumerate().map(|(i, &y)| admissible(y, domain.row_lower(i), domain.row_upper(i))).collect()
}

fn largest(y: &[f64]) -> f64 {
    y.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()))
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

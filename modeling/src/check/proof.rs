//! Proofs from multipliers: a bound on the objective, or infeasibility, that is true whatever the solver did.
//!
//! For any multipliers y at all, every feasible x with row activities r satisfies (minimising)
//! costᵀx = yᵀr + (cost − Aᵀy)ᵀx ≥ Σᵢ min yᵢrᵢ + Σⱼ min dⱼxⱼ over sides and bounds. Each reduced cost dⱼ is enclosed
//! between two neighbouring `f64` from its exact value, the rest is summed exactly and rounded down once (the idea of
//! Neumaier and Shcherbina, *Safe bounds in linear and mixed-integer linear programming*, Math. Prog. 99, 2004, with exact
//! sums where they round). It is finite when no dⱼ points to an infinite bound; so multipliers may be bent freely
//! beforehand: a bad choice costs strength, never truth. With cost 0, a sum above 0 is a proof of infeasibility.

use std::cmp::Ordering;

use crate::check::domain::Domain;
use crate::check::exact::Accumulator;
use crate::problem::Problem;

/// What multipliers prove about  minimise offset + costᵀx  (or about nothing at all, when `cost` is absent).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Proven {
    /// The exact sum is at least this, its sign is the second.
    Bound(f64, Ordering),
    /// The reduced cost of this column points to an infinite bound.
    Unbounded { column: usize, reduced_cost: f64 },
}

/// Which function the multipliers are to bound from below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objective {
    /// sign · (offset + costᵀx): the problem's own, as one that is minimised.
    Own,
    /// Zero: a positive bound is a contradiction.
    Zero,
}

/// The multiplier that a row's sides allow: zero where it would lean on a side that is not there. `y` is for minimising.
pub(super) fn admissible(y: f64, lower: f64, upper: f64) -> f64 {
    let leans_on_nothing = (y > 0.0 && lower == f64::NEG_INFINITY) || (y < 0.0 && upper == f64::INFINITY);
    if leans_on_nothing || !y.is_finite() { 0.0 } else { y }
}

/// The exact reduced cost of a column under multipliers `y`, both for the minimised objective.
pub(super) fn reduced_cost(problem: &Problem, objective: Objective, y: &[f64], j: usize, into: &mut Accumulator) {
    into.clear();
    if objective == Objective::Own {
        into.add_product(problem.sense().sign(), problem.cost()[j]);
    }
    for (i, a) in problem.column(j).iter() {
        into.add_product(-y[i], a);
    }
}

/// The bound that multipliers `y` (m of them, for the minimised objective, made admissible already) prove within a domain.
pub(super) fn prove(problem: &Problem, domain: &Domain<'_>, objective: Objective, y: &[f64]) -> Proven {
    let sign = if objective == Objective::Own { problem.sense().sign() } else { 0.0 };
    let mut total = Accumulator::new();
    total.add_product(sign, problem.offset());
    for (i, &y) in y.iter().enumerate() {
        if y > 0.0 {
            total.add_product(y, domain.row_lower(i));
        } else if y < 0.0 {
            total.add_product(y, domain.row_upper(i));
        }
    }
    let mut reduced = Accumulator::new();
    for j in 0..problem.num_columns() {
        reduced_cost(problem, objective, y, j, &mut reduced);
        if reduced.sign() == Ordering::Equal {
            continue;
        }
        let (down, up) = (reduced.down(), reduced.up());
        // A reduced cost has one sign; zero within a rounding is the exact value's own neighbour.
        let (bound, worst) = if reduced.sign() == Ordering::Greater {
            (domain.lower(j), if domain.lower(j) >= 0.0 { down } else { up })
        } else {
            (domain.upper(j), if domain.upper(j) >= 0.0 { down } else { up })
        };
        if !bound.is_finite() || !worst.is_finite() {
            return Proven::Unbounded { column: j, reduced_cost: reduced.nearest() };
        }
        total.add_product(worst, bound);
    }
    Proven::Bound(total.down(), total.sign())
}

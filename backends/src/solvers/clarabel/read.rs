//! What Clarabel found, as a [`Claim`] under the house's signs.

use clarabel::solver::SolverStatus;
use farkas_modeling::answer::{Duals, Ray};
use farkas_modeling::check::check_point;
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination, Tolerances};

use super::run::{Ended, Solved};
use crate::contract::rays;

/// A problem that is answered by looking at it: no columns, or bounds that cross.
pub(super) fn without_a_solver(problem: &Problem, tolerances: &Tolerances) -> Option<Claim> {
    let cross = |(lower, upper): (&f64, &f64)| lower > upper;
    let crossed = problem.lower().iter().zip(problem.upper()).any(cross)
        || problem.row_lower().iter().zip(problem.row_upper()).any(cross);
    if let Some(ray) = rays::of_empty_row(problem, tolerances.feasibility) {
        let mut claim = Claim::bare(Termination::new(Reason::Infeasible, "a row that 0 does not satisfy"));
        claim.ray = Some(Ray::Farkas(ray));
        return Some(claim);
    }
    if crossed {
        return Some(Claim::bare(Termination::new(Reason::Infeasible, "bounds or sides that cross")));
    }
    if problem.num_columns() > 0 {
        return None;
    }
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, "no columns"));
    claim.point = Some(Vec::new());
    (claim.objective, claim.bound) = (Some(problem.offset()), Some(problem.offset()));
    claim.duals = Some(Duals { rows: vec![0.0; problem.num_rows()], reduced_costs: Vec::new() });
    Some(claim)
}

/// Whether there is a direction along which everything gets better.
pub(super) fn is_dual_infeasible(ended: &Ended) -> bool {
    use SolverStatus::{AlmostDualInfeasible, DualInfeasible};
    matches!(ended, Ended::Solved(solved) if matches!(solved.status, DualInfeasible | AlmostDualInfeasible))
}

/// What a run says of the problem with the costs that it had.
pub(super) fn claim(problem: &Problem, tolerances: &Tolerances, ended: &Ended) -> Claim {
    let solved = match ended {
        Ended::Left(limit) => return Claim::bare(Termination::at_limit(false, *limit, "Clarabel: left")),
        Ended::Solved(solved) => solved,
    };
    let mut claim = match solved.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => optimal(problem, tolerances, solved),
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
            Claim::bare(Termination::new(Reason::Infeasible, format!("Clarabel: {}", solved.status)))
        }
        SolverStatus::MaxIterations => at_its_limit(problem, tolerances, solved),
        SolverStatus::CallbackTerminated => {
            Claim::bare(Termination::at_limit(false, Limit::Interrupted, "Clarabel: interrupted"))
        }
        other => Claim::bare(Termination::new(Reason::NumericalError, format!("Clarabel: {other}"))),
    };
    claim.counters.barrier_iterations = solved.iterations;
    claim
}

fn is_within(problem: &Problem, tolerances: &Tolerances, point: &[f64]) -> bool {
    matches!(check_point(problem, point, tolerances), Ok(Ok(_)))
}

fn optimal(problem: &Problem, tolerances: &Tolerances, solved: &Solved) -> Claim {
    let point = solved.point.clone();
    let within = is_within(problem, tolerances, &point);
    let mut claim = Claim::bare(if within {
        Termination::new(Reason::Optimal, format!("Clarabel: {}", solved.status))
    } else {
        Termination::new(Reason::Imprecise, "Clarabel: its point misses the tolerances")
    });
    let objective = problem.objective_of(&point);
    if !(objective.is_finite() && point.iter().all(|v| v.is_finite())) {
        return Claim::bare(Termination::new(Reason::NumericalError, "Clarabel: its point is none"));
    }
    if within {
        let bound = problem.offset() + problem.sense().sign() * solved.dual_objective;
        let beaten = problem.sense().better(objective, bound) || !bound.is_finite();
        claim.bound = Some(if beaten { objective } else { bound });
        // Multipliers of a cone are none of a row's.
        claim.duals = problem.quadratic_rows().is_empty().then(|| duals(problem, solved));
    }
    (claim.objective, claim.point) = (Some(objective), Some(point));
    claim
}

fn at_its_limit(problem: &Problem, tolerances: &Tolerances, solved: &Solved) -> Claim {
    let point = solved.point.clone();
    let within = is_within(problem, tolerances, &point);
    let mut claim = Claim::bare(Termination::at_limit(within, Limit::Iteration, "Clarabel: iteration limit"));
    if within {
        (claim.objective, claim.point) = (Some(problem.objective_of(&point)), Some(point));
    }
    claim
}

/// Multipliers in the problem's own sense; the reduced costs follow.
fn duals(problem: &Problem, solved: &Solved) -> Duals {
    let (mut rows, point) = (solved.rows.clone(), &solved.point);
    let sign = problem.sense().sign();
    rows.iter_mut().filter(|y| **y != 0.0).for_each(|y| *y *= sign);
    let mut reduced_costs = problem.cost().to_vec();
    for product in problem.quadratic_objective() {
        reduced_costs[product.first as usize] += product.value * point[product.second as usize];
        reduced_costs[product.second as usize] += product.value * point[product.first as usize];
    }
    for (j, reduced) in reduced_costs.iter_mut().enumerate() {
        *reduced -= problem.column(j).iter().map(|(i, a)| a * rows[i]).sum::<f64>();
    }
    Duals { rows, reduced_costs }
}

//! Problems that need no solver: without rows, without columns, or with bounds that plainly cross. What is said about them
//! is a claim like any other, and the checker has the last word.

use farkas_modeling::answer::{Duals, Ray};
use farkas_modeling::problem::Problem;
use farkas_modeling::{Claim, Reason, Termination, Tolerances};

/// The claim that a look at the problem allows, in O(nonzeros); `None` where a solver has to look.
pub(super) fn solve(problem: &Problem, tolerances: &Tolerances) -> Option<Claim> {
    if let Some(clash) = plain_clash(problem, tolerances) {
        let mut claim = Claim::bare(Termination::new(Reason::Infeasible, "the bounds alone show it"));
        claim.ray = clash.multipliers(problem);
        return Some(claim);
    }
    let plain =
        problem.num_semis() == 0 && problem.sets().is_empty() && problem.indicators().is_empty() && problem.is_linear();
    (plain && problem.num_nonzeros() == 0).then(|| by_bounds(problem, tolerances))
}

/// What shows at a look that nothing is feasible.
enum Clash {
    /// Bounds or sides that cross.
    Crossed,
    /// A row below its lower side (1) or above its upper one (−1), wherever its columns stand.
    OutOfReach { row: usize, multiplier: f64 },
}

impl Clash {
    /// The row alone is the proof, of a linear program.
    fn multipliers(self, problem: &Problem) -> Option<Ray> {
        let Self::OutOfReach { row, multiplier } = self else { return None };
        problem.is_lp().then(|| {
            let mut y = vec![0.0; problem.num_rows()];
            y[row] = multiplier;
            Ray::Farkas(y)
        })
    }
}

/// Whether bounds or sides cross, or a row is out of its columns' reach, by more than any tolerance and rounding could
/// mend. The checker would prove infeasible what misses by a hair; a solver, and its user, would not mind the hair.
fn plain_clash(problem: &Problem, tolerances: &Tolerances) -> Option<Clash> {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    let margin = |side: f64| 10.0 * tolerances.row(side);
    let (lower, upper) = (problem.lower(), problem.upper());
    let crossed = |j: usize| {
        let (low, high) = if problem.kind(j).is_integer() {
            ((lower[j] - tolerances.integrality).ceil(), (upper[j] + tolerances.integrality).floor())
        } else {
            (lower[j], upper[j])
        };
        !problem.kind(j).is_semi() && low > high + margin(high)
    };
    if (0..n).any(crossed) {
        return Some(Clash::Crossed);
    }
    // Least and greatest activity of each row, and how large the terms were that rounded on the way.
    let mut reach = vec![(0.0_f64, 0.0_f64, 0.0_f64); m];
    for j in 0..n {
        let semi = problem.kind(j).is_semi();
        let low = if semi { lower[j].min(0.0) } else { lower[j] };
        let high = if semi { upper[j].max(0.0) } else { upper[j] };
        for (i, a) in problem.column(j).iter().filter(|(_, a)| *a != 0.0) {
            let (one, other) = (a * low, a * high);
            let row = &mut reach[i];
            row.0 += one.min(other);
            row.1 += one.max(other);
            row.2 += if one.is_finite() && other.is_finite() { one.abs().max(other.abs()) } else { 0.0 };
        }
    }
    let mut switched = vec![false; m];
    for indicator in problem.indicators() {
        switched[indicator.row as usize] = true;
    }
    for one in problem.quadratic_rows() {
        switched[one.row as usize] = true; // what its products add is not looked at
    }
    let mut rows = reach.iter().enumerate().filter(|(i, _)| !switched[*i]);
    rows.find_map(|(row, &(least, greatest, size))| {
        let (lower, upper) = (problem.row_lower()[row], problem.row_upper()[row]);
        let rounding = 1e-9 * size;
        if lower > upper + margin(lower) {
            Some(Clash::Crossed)
        } else if greatest < lower - margin(lower) - rounding {
            Some(Clash::OutOfReach { row, multiplier: 1.0 })
        } else if least > upper + margin(upper) + rounding {
            Some(Clash::OutOfReach { row, multiplier: -1.0 })
        } else {
            None
        }
    })
}

/// Every column at its better bound; unbounded along the first that has none there.
fn by_bounds(problem: &Problem, tolerances: &Tolerances) -> Claim {
    let sign = problem.sense().sign();
    let mut point = Vec::with_capacity(problem.num_columns());
    let mut free = None;
    for (j, cost) in problem.cost().iter().enumerate() {
        let (mut lower, mut upper) = (problem.lower()[j], problem.upper()[j]);
        if problem.kind(j).is_integer() {
            lower = (lower - tolerances.integrality).ceil();
            upper = (upper + tolerances.integrality).floor();
        }
        let cost = sign * cost;
        let (better, direction) = if cost > 0.0 { (lower, -1.0) } else { (upper, 1.0) };
        if cost != 0.0 && better.is_finite() {
            point.push(better);
        } else {
            point.push(if lower > upper { lower } else { 0.0_f64.clamp(lower, upper) });
            if cost != 0.0 {
                free = free.or(Some((j, direction)));
            }
        }
    }
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, "every variable stands at its better bound"));
    if let Some((j, direction)) = free {
        let mut ray = vec![0.0; problem.num_columns()];
        ray[j] = direction;
        claim.termination = Termination::new(Reason::Unbounded, "a variable without a bound improves the objective");
        claim.ray = Some(Ray::Primal(ray));
    } else {
        let objective = problem.objective_of(&point);
        (claim.objective, claim.bound) = (Some(objective), Some(objective));
        claim.duals = Some(Duals { rows: vec![0.0; problem.num_rows()], reduced_costs: problem.cost().to_vec() });
    }
    claim.point = Some(point);
    claim
}

#[cfg(test)]
mod tests {
    use farkas_modeling::{ColumnKind, ProblemData, Sense};

    use super::*;

    const INF: f64 = f64::INFINITY;

    /// One column and one row over it.
    fn problem(bounds: (f64, f64), coefficient: Option<f64>, sides: (f64, f64), kind: ColumnKind) -> Problem {
        let entries = usize::from(coefficient.is_some());
        Problem::new(ProblemData {
            sense: Sense::Maximize,
            offset: 1.0,
            cost: vec![2.0],
            lower: vec![bounds.0],
            upper: vec![bounds.1],
            kinds: vec![kind],
            row_lower: vec![sides.0],
            row_upper: vec![sides.1],
            starts: vec![0, entries as u32],
            indices: vec![0; entries],
            values: coefficient.into_iter().collect(),
            ..ProblemData::default()
        })
        .expect("well formed")
    }

    #[test]
    fn says_what_a_look_allows() {
        use ColumnKind::{Continuous, Integer, SemiContinuous};
        let hair = 1e-12;
        let cases = [
            ("at its bound", problem((0.0, 4.5), None, (-INF, INF), Continuous), Some((Reason::Optimal, Some(10.0)))),
            ("an integer", problem((0.0, 4.5), None, (-1.0, INF), Integer), Some((Reason::Optimal, Some(9.0)))),
            ("no bound", problem((0.0, INF), None, (-INF, INF), Continuous), Some((Reason::Unbounded, None))),
            ("between integers", problem((0.2, 0.8), None, (-INF, INF), Integer), Some((Reason::Infeasible, None))),
            ("crossed", problem((2.0, 1.0), None, (-INF, INF), Continuous), Some((Reason::Infeasible, None))),
            ("crossed by a hair", problem((1.0 + hair, 1.0), Some(1.0), (-INF, INF), Continuous), None),
            ("out of reach", problem((0.0, 1.0), Some(3.0), (4.0, INF), Continuous), Some((Reason::Infeasible, None))),
            ("out of reach by a hair", problem((0.0, 1.0), Some(3.0), (3.0 + hair, INF), Continuous), None),
            ("crossed sides", problem((0.0, 1.0), Some(3.0), (2.0, 1.0), Continuous), Some((Reason::Infeasible, None))),
            ("empty row", problem((0.0, 1.0), None, (1.0, 2.0), Continuous), Some((Reason::Infeasible, None))),
            ("zero is left", problem((3.0, 4.0), Some(1.0), (-INF, 1.0), SemiContinuous), None),
            ("a row to solve", problem((0.0, 4.0), Some(1.0), (-INF, 1.0), Continuous), None),
        ];
        for (name, problem, expected) in cases {
            let said = solve(&problem, &Tolerances::default()).map(|c| (c.termination.reason(), c.objective));
            assert_eq!(said, expected, "{name}");
        }
    }
}

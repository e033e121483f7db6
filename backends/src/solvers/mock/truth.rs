//! The true answer of a small problem, by trying every point of its integer box: slow, short, and right.

use farkas_modeling::Problem;

/// Most points that are tried.
pub(super) const MOST_POINTS: u64 = 4_000_000;

const TOLERANCE: f64 = 1e-9;

/// What is known after all points were tried.
pub(super) enum Truth {
    /// Ever better points, the last one optimal, and the worst feasible point; none when it is infeasible.
    Points(Vec<Vec<f64>>, Vec<f64>),
    /// The problem is not of that kind, or too large.
    Unknown,
    /// `stop` said so; the points are the best so far.
    Stopped(Vec<Vec<f64>>),
}

/// Tries every point; asks `stop` every few thousand.
pub(super) fn seek(problem: &Problem, stop: impl Fn() -> bool) -> Truth {
    let Some(choices) = choices(problem) else { return Truth::Unknown };
    let mut points: Vec<Vec<f64>> = Vec::new();
    let mut worst: (f64, Vec<f64>) = (-problem.sense().worst(), Vec::new());
    let mut at = vec![0_usize; choices.len()];
    let mut tried = 0_u64;
    if choices.iter().any(Vec::is_empty) {
        return Truth::Points(points, worst.1);
    }
    loop {
        let x: Vec<f64> = at.iter().zip(&choices).map(|(&k, c)| c[k]).collect();
        let objective = problem.objective_of(&x);
        let better = points.last().is_none_or(|best| problem.sense().better(objective, problem.objective_of(best)));
        let worse = worst.1.is_empty() || problem.sense().better(worst.0, objective);
        if (better || worse) && is_feasible(problem, &x) {
            if worse {
                worst = (objective, x.clone());
            }
            if better {
                points.push(x);
            }
        }
        tried += 1;
        if tried.is_multiple_of(4096) && stop() {
            return Truth::Stopped(points);
        }
        // The next point, as an odometer counts.
        let Some(turn) = (0..at.len()).find(|&j| at[j] + 1 < choices[j].len()) else {
            return Truth::Points(points, worst.1);
        };
        at[turn] += 1;
        at[..turn].fill(0);
    }
}

/// The values each column may take, or `None` where they cannot be counted out.
fn choices(problem: &Problem) -> Option<Vec<Vec<f64>>> {
    let mut product = 1_u64;
    let mut all = Vec::with_capacity(problem.num_columns());
    for j in 0..problem.num_columns() {
        let kind = problem.kind(j);
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        let fixed = lower == upper && !kind.is_integer() && !kind.is_semi();
        let mut values: Vec<f64> = if fixed {
            vec![lower]
        } else if !kind.is_integer() || !lower.is_finite() || !upper.is_finite() || upper - lower > MOST_POINTS as f64 {
            return None;
        } else {
            let (first, last) = (lower.ceil() as i64, upper.floor() as i64);
            (first..=last).map(|v| v as f64).collect()
        };
        if kind.is_semi() && !values.contains(&0.0) {
            values.push(0.0);
        }
        product = product.checked_mul(values.len() as u64).filter(|&p| p <= MOST_POINTS)?;
        all.push(values);
    }
    Some(all)
}

fn is_feasible(problem: &Problem, x: &[f64]) -> bool {
    let off = |i: usize| {
        problem.indicators().iter().any(|k| k.row as usize == i && (x[k.column as usize] == 1.0) != k.active)
    };
    let rows = problem.by_rows();
    let holds = |i: usize| {
        let (columns, values) = rows.row(i);
        let r: f64 = columns.iter().zip(values).map(|(&j, a)| a * x[j as usize]).sum();
        r >= problem.row_lower()[i] - TOLERANCE && r <= problem.row_upper()[i] + TOLERANCE
    };
    let set = |members: &[(u32, f64)], order: usize| {
        let at: Vec<usize> = (0..members.len()).filter(|&k| x[members[k].0 as usize] != 0.0).collect();
        match (at.first(), at.last()) {
            (Some(first), Some(last)) => last - first < order,
            _ => true,
        }
    };
    (0..problem.num_rows()).all(|i| holds(i) || off(i))
        && problem.sets().iter().all(|s| set(&s.members, usize::from(s.order)))
}

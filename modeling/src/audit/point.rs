//! Whether a point is feasible within tolerances, and what its objective is.

use crate::audit::document::{Point, finite};
use crate::audit::exact::Exact;
use crate::audit::{Refusal, refuse};
use crate::problem::{ColumnKind, Problem, Product};
use crate::tolerances::Tolerances;

/// Verifies length and finiteness of the values and the objective that is named; returns the first thing that misses its tolerance,
/// in a clause.
pub(super) fn look(problem: &Problem, point: &Point, tolerances: &Tolerances) -> Result<Option<String>, Refusal> {
    let n = problem.num_columns();
    if point.values.len() != n {
        let finding = format!("has {} values where the problem has {n} columns", point.values.len());
        return Err(refuse("/point/values", "evidence-length", finding));
    }
    let mut values = Vec::with_capacity(n);
    for (j, &value) in point.values.iter().enumerate() {
        values.push(finite(value, &format!("/point/values/{j}"))?);
    }
    finite(point.objective, "/point/objective")?;
    if !rounds_to(&objective(problem, &values), point.objective) {
        return Err(refuse("/point/objective", "evidence-objective", "is not the objective of the point"));
    }
    let miss = column_miss(problem, &point.values, tolerances)
        .or_else(|| row_miss(problem, &point.values, &values, tolerances))
        .or_else(|| set_miss(problem, &point.values, tolerances));
    Ok(miss)
}

fn objective(problem: &Problem, x: &[Exact]) -> Exact {
    let mut sum = Exact::of(problem.offset());
    for (&cost, x) in problem.cost().iter().zip(x).filter(|(_, x)| !x.is_zero()) {
        sum = &sum + &(&Exact::of(cost) * x);
    }
    &sum + &products(problem.quadratic_objective(), x)
}

fn products(products: &[Product], x: &[Exact]) -> Exact {
    products.iter().fold(Exact::default(), |sum, p| {
        let pair = &x[p.first as usize] * &x[p.second as usize];
        &sum + &(&Exact::of(p.value) * &pair)
    })
}

/// Whether a finite double is (one of) the nearest to an exact number.
fn rounds_to(exact: &Exact, value: f64) -> bool {
    let twice = exact + exact;
    // Beyond the largest double everything is nearest to it.
    let middle = |neighbour: f64| neighbour.is_finite().then(|| &Exact::of(value) + &Exact::of(neighbour));
    middle(value.next_down()).is_none_or(|low| low <= twice) && middle(value.next_up()).is_none_or(|up| twice <= up)
}

fn column_miss(problem: &Problem, values: &[f64], tolerances: &Tolerances) -> Option<String> {
    let tolerance = Exact::of(tolerances.bound);
    values.iter().enumerate().find_map(|(j, &value)| {
        let (kind, x) = (problem.kind(j), Exact::of(value));
        let name = || problem.column_names().get(j);
        // A double's distance to the next integer is a double.
        if kind.is_integer() && (value - value.round()).abs() > tolerances.integrality {
            return Some(format!("column '{}' is {value}, which is no integer", name()));
        }
        let is_zero = kind.is_semi() && value.abs() <= tolerances.bound;
        let below = |bound: f64| bound.is_finite() && &Exact::of(bound) - &x > tolerance;
        let above = |bound: f64| bound.is_finite() && &x - &Exact::of(bound) > tolerance;
        let outside = below(problem.lower()[j]) || above(problem.upper()[j]);
        (outside && !is_zero).then(|| {
            let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
            format!("column '{}' is {value}, its bounds are {lower} and {upper}", name())
        })
    })
}

fn row_miss(problem: &Problem, values: &[f64], x: &[Exact], tolerances: &Tolerances) -> Option<String> {
    let mut activities = vec![Exact::default(); problem.num_rows()];
    for (j, x) in x.iter().enumerate().filter(|(_, x)| !x.is_zero()) {
        for (i, a) in problem.column(j).iter() {
            activities[i] = &activities[i] + &(&Exact::of(a) * x);
        }
    }
    for row in problem.quadratic_rows() {
        let i = row.row as usize;
        activities[i] = &activities[i] + &products(&row.products, x);
    }
    // A row that one indicator asks for must hold, whatever the others say.
    let mut holds = vec![true; problem.num_rows()];
    for indicator in problem.indicators() {
        holds[indicator.row as usize] = false;
    }
    for indicator in problem.indicators() {
        let is_on = (values[indicator.column as usize].round() == 1.0) == indicator.active;
        holds[indicator.row as usize] |= is_on;
    }
    activities.iter().enumerate().filter(|&(i, _)| holds[i]).find_map(|(i, activity)| {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let within = |by: Exact, side: f64| by <= Exact::of(tolerances.row(side));
        let keeps_lower = !lower.is_finite() || within(&Exact::of(lower) - activity, lower);
        let keeps_upper = !upper.is_finite() || within(activity - &Exact::of(upper), upper);
        (!keeps_lower || !keeps_upper)
            .then(|| format!("row '{}' leaves its sides {lower} and {upper}", problem.row_names().get(i)))
    })
}

fn set_miss(problem: &Problem, values: &[f64], tolerances: &Tolerances) -> Option<String> {
    problem.sets().iter().find_map(|set| {
        let is_nonzero = |j: usize| match problem.kind(j) {
            ColumnKind::Integer | ColumnKind::SemiInteger => values[j].round() != 0.0,
            ColumnKind::Continuous | ColumnKind::SemiContinuous => values[j].abs() > tolerances.bound,
        };
        let nonzero: Vec<usize> =
            set.members.iter().enumerate().filter(|(_, (j, _))| is_nonzero(*j as usize)).map(|(at, _)| at).collect();
        let spread = nonzero.last().zip(nonzero.first()).map_or(0, |(last, first)| last - first + 1);
        (spread > usize::from(set.order)).then(|| format!("set '{}' has too many members that are not zero", set.name))
    })
}

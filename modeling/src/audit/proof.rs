//! Whether a proof holds. Every feasible point lies within the domain: the columns' bounds (zero too, where a column may be zero
//! outside them), and the sides of the rows that always hold and have no products. Sums of multipliers, implied bounds and rays
//! are judged over it, exactly, without a division.

use std::cmp::Ordering;

use crate::audit::document::{Implied, Number, Proof, Side, finite};
use crate::audit::exact::Exact;
use crate::audit::{Refusal, refuse};
use crate::problem::{ColumnKind, Problem};

/// Coefficients that derivations of implied bounds may visit.
const MOST_WORK: usize = 1_000_000_000;

/// What a proof shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shows {
    /// No point is better than this.
    Bound(f64),
    /// No point is feasible.
    Infeasible,
    /// Better without end, from any feasible point.
    Ray,
}

/// Goes through a proof.
pub(super) fn look(problem: &Problem, proof: &Proof) -> Result<Shows, Refusal> {
    let mut domain = Domain::of(problem);
    match proof {
        Proof::Bound { value, multipliers, denominator, implied } => {
            if !problem.quadratic_objective().is_empty() {
                let finding = "bounds the linear part of an objective that has products";
                return Err(refuse("/proof", "evidence-bound", finding));
            }
            domain.take(problem, implied)?;
            let one = Number::Double(1.0);
            let place = "/proof/denominator";
            let denominator = denominator.as_ref().unwrap_or(&one).exact(place)?;
            if denominator.sign() != Ordering::Greater || !denominator.is_integer() {
                return Err(refuse(place, "evidence-number", "is not a positive integer"));
            }
            let least = domain.least(problem, multipliers, &denominator)?;
            let said = &finite(*value, "/proof/value")? * &denominator;
            let said = if problem.sense().sign() < 0.0 { -said } else { said };
            if least < said {
                return Err(refuse("/proof/value", "evidence-bound", "is more than the multipliers prove"));
            }
            Ok(Shows::Bound(*value))
        }
        Proof::Infeasible { multipliers, implied } => {
            domain.take(problem, implied)?;
            if domain.least(problem, multipliers, &Exact::default())?.sign() != Ordering::Greater {
                let finding = "do not separate the sides of the rows from the bounds of the columns";
                return Err(refuse("/proof/multipliers", "evidence-infeasible", finding));
            }
            Ok(Shows::Infeasible)
        }
        Proof::CrossedColumn { column, implied } => {
            let column = index(*column, problem.num_columns(), "/proof/column")?;
            domain.take(problem, implied)?;
            if domain.lower[column] > domain.upper[column] {
                Ok(Shows::Infeasible)
            } else {
                Err(refuse("/proof/column", "evidence-infeasible", "is a column whose bounds do not cross"))
            }
        }
        Proof::CrossedRow { row } => {
            let row = index(*row, problem.num_rows(), "/proof/row")?;
            if domain.row_lower[row] > domain.row_upper[row] {
                Ok(Shows::Infeasible)
            } else {
                Err(refuse("/proof/row", "evidence-infeasible", "is a row whose sides do not cross"))
            }
        }
        Proof::Ray { values } => ray(problem, values),
    }
}

fn index(at: u32, count: usize, place: &str) -> Result<usize, Refusal> {
    let at = at as usize;
    if at < count { Ok(at) } else { Err(refuse(place, "evidence-index", format!("is {at}, and there are {count}"))) }
}

struct Domain {
    lower: Vec<f64>,
    upper: Vec<f64>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
}

impl Domain {
    fn of(problem: &Problem) -> Self {
        let (mut lower, mut upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        for j in (0..problem.num_columns()).filter(|&j| problem.kind(j).is_semi()) {
            (lower[j], upper[j]) = (lower[j].min(0.0), upper[j].max(0.0));
        }
        let (mut row_lower, mut row_upper) = (problem.row_lower().to_vec(), problem.row_upper().to_vec());
        let switched = problem.indicators().iter().map(|indicator| indicator.row);
        for row in switched.chain(problem.quadratic_rows().iter().map(|one| one.row)) {
            (row_lower[row as usize], row_upper[row as usize]) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        Self { lower, upper, row_lower, row_upper }
    }

    /// Takes implied bounds, each after it was derived from what stands before it.
    fn take(&mut self, problem: &Problem, implied: &[Implied]) -> Result<(), Refusal> {
        let mut work = 0;
        for (at, step) in implied.iter().enumerate() {
            let place = format!("/proof/implied/{at}");
            let column = index(step.column, problem.num_columns(), &format!("{place}/column"))?;
            let row = step.row.map(|row| index(row, problem.num_rows(), &format!("{place}/row"))).transpose()?;
            work += row.map_or(0, |row| problem.by_rows().row(row).0.len());
            if work > MOST_WORK {
                return Err(refuse(
                    &place,
                    "evidence-too-large",
                    "stands after more derivations than are gone through",
                ));
            }
            finite(step.value, &format!("{place}/value"))?;
            let follows = match row {
                Some(row) => self.follows(problem, column, row, step),
                None => self.is_rounded(problem, column, step),
            };
            if !follows {
                return Err(refuse(
                    &place,
                    "evidence-implied",
                    "does not follow from its row and the bounds before it",
                ));
            }
            match step.side {
                Side::Lower => self.lower[column] = self.lower[column].max(step.value),
                Side::Upper => self.upper[column] = self.upper[column].min(step.value),
            }
        }
        Ok(())
    }

    /// Whether an integer column's bound follows by rounding from the one it has.
    fn is_rounded(&self, problem: &Problem, column: usize, step: &Implied) -> bool {
        let (bound, sign) = match step.side {
            Side::Lower => (self.lower[column], -1.0),
            Side::Upper => (self.upper[column], 1.0),
        };
        // sign · x ≤ sign · bound, and sign · value is an integer from which less than one is missing.
        let beyond = &Exact::of(sign * step.value) + &Exact::of(1.0);
        bound.is_finite() && is_integral(problem, column, step) && Exact::of(sign * bound) < beyond
    }

    /// Whether a bound follows from a row: a·x is at most (or at least) what a side leaves of the other columns' least (or
    /// greatest) activity.
    fn follows(&self, problem: &Problem, column: usize, row: usize, step: &Implied) -> bool {
        let (columns, coefficients) = problem.by_rows().row(row);
        let Some(at) = columns.iter().position(|&j| j as usize == column) else { return false };
        let a = coefficients[at];
        if a == 0.0 {
            return false;
        }
        let is_upper = step.side == Side::Upper;
        // Everything times −1, where a·x is bounded from below: then  s·a·x ≤ s·side − least of s·rest.
        let from_upper_side = (a > 0.0) == is_upper;
        let (side, sign) = if from_upper_side { (self.row_upper[row], 1.0) } else { (self.row_lower[row], -1.0) };
        if !side.is_finite() {
            return false;
        }
        let mut most = Exact::of(sign * side);
        for (&j, &b) in columns.iter().zip(coefficients) {
            let (j, b) = (j as usize, sign * b);
            if j == column || b == 0.0 {
                continue;
            }
            let bound = if b > 0.0 { self.lower[j] } else { self.upper[j] };
            if !bound.is_finite() {
                return false;
            }
            most = &most - &(&Exact::of(b) * &Exact::of(bound));
        }
        // s·a·x ≤ most: an upper bound v follows when s·a·v ≥ most, and so does a lower one, where s·a is negative.
        let slope = Exact::of(sign * a);
        if &slope * &Exact::of(step.value) >= most {
            return true;
        }
        let outwards = Exact::of(if is_upper { 1.0 } else { -1.0 });
        let next = &Exact::of(step.value) + &outwards;
        is_integral(problem, column, step) && &slope * &next > most
    }

    /// The least of  denominator · sign · (offset + costᵀx)  that multipliers prove, which are those times the denominator and
    /// follow the problem's own sense; with a denominator of zero, the least of 0: above that, no point is feasible.
    fn least(&self, problem: &Problem, multipliers: &[(u32, Number)], denominator: &Exact) -> Result<Exact, Refusal> {
        let (m, n) = (problem.num_rows(), problem.num_columns());
        let sign = Exact::of(problem.sense().sign());
        let factor = denominator * &sign;
        let mut y = vec![Exact::default(); m];
        for (at, (row, multiplier)) in multipliers.iter().enumerate() {
            let place = format!("/proof/multipliers/{at}");
            let row = index(*row, m, &place)?;
            if !y[row].is_zero() {
                return Err(refuse(&place, "evidence-index", "names a row for the second time"));
            }
            let multiplier = multiplier.exact(&place)?;
            y[row] = if denominator.is_zero() { multiplier } else { &multiplier * &sign };
        }
        let mut total = &factor * &Exact::of(problem.offset());
        for (i, y) in y.iter().enumerate() {
            let side = match y.sign() {
                Ordering::Equal => continue,
                Ordering::Greater => self.row_lower[i],
                Ordering::Less => self.row_upper[i],
            };
            if !side.is_finite() {
                let finding = format!("lean on a side that row '{}' does not have", problem.row_names().get(i));
                return Err(refuse("/proof/multipliers", "evidence-multipliers", finding));
            }
            total = &total + &(y * &Exact::of(side));
        }
        for j in 0..n {
            let mut reduced = &factor * &Exact::of(problem.cost()[j]);
            for (i, a) in problem.column(j).iter().filter(|&(i, _)| !y[i].is_zero()) {
                reduced = &reduced - &(&y[i] * &Exact::of(a));
            }
            let bound = match reduced.sign() {
                Ordering::Equal => continue,
                Ordering::Greater => self.lower[j],
                Ordering::Less => self.upper[j],
            };
            if !bound.is_finite() {
                let finding = format!(
                    "leave the reduced cost of column '{}' to an infinite bound",
                    problem.column_names().get(j)
                );
                return Err(refuse("/proof/multipliers", "evidence-multipliers", finding));
            }
            total = &total + &(&reduced * &Exact::of(bound));
        }
        Ok(total)
    }
}

/// Whether a bound may be rounded: the column is always an integer, and the bound is one.
fn is_integral(problem: &Problem, column: usize, step: &Implied) -> bool {
    problem.kind(column) == ColumnKind::Integer && step.value.fract() == 0.0
}

/// Whether a direction keeps all that holds and improves the objective. Members of sets and columns in products stay where
/// they are.
fn ray(problem: &Problem, values: &[(u32, f64)]) -> Result<Shows, Refusal> {
    let mut direction = vec![Exact::default(); problem.num_columns()];
    for (at, (column, value)) in values.iter().enumerate() {
        let place = format!("/proof/values/{at}");
        let column = index(*column, direction.len(), &place)?;
        if !direction[column].is_zero() {
            return Err(refuse(&place, "evidence-index", "names a column for the second time"));
        }
        direction[column] = finite(*value, &place)?;
    }
    let wrong = |finding: String| Err(refuse("/proof/values", "evidence-ray", finding));
    let in_sets = problem.sets().iter().flat_map(|set| set.members.iter().map(|member| member.0));
    let all_products =
        problem.quadratic_rows().iter().flat_map(|row| &row.products).chain(problem.quadratic_objective());
    let in_products = all_products.flat_map(|p| [p.first, p.second]);
    if in_sets.chain(in_products).any(|j| !direction[j as usize].is_zero()) {
        return wrong("move a column that stands in a set or in a product".into());
    }
    let leaves = |sign: Ordering, lower: f64, upper: f64| {
        (sign == Ordering::Less && lower != f64::NEG_INFINITY) || (sign == Ordering::Greater && upper != f64::INFINITY)
    };
    let mut activities = vec![Exact::default(); problem.num_rows()];
    let mut change = Exact::default();
    for (j, d) in direction.iter().enumerate().filter(|(_, d)| !d.is_zero()) {
        if leaves(d.sign(), problem.lower()[j], problem.upper()[j]) {
            return wrong(format!("leave the bounds of column '{}'", problem.column_names().get(j)));
        }
        change = &change + &(&Exact::of(problem.cost()[j]) * d);
        for (i, a) in problem.column(j).iter() {
            activities[i] = &activities[i] + &(&Exact::of(a) * d);
        }
    }
    for (i, activity) in activities.iter().enumerate() {
        if leaves(activity.sign(), problem.row_lower()[i], problem.row_upper()[i]) {
            return wrong(format!("leave the sides of row '{}'", problem.row_names().get(i)));
        }
    }
    let improves = if problem.sense().sign() > 0.0 { Ordering::Less } else { Ordering::Greater };
    if change.sign() == improves { Ok(Shows::Ray) } else { wrong("do not improve the objective".into()) }
}

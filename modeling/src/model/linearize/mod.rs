//! Linearisations: functions that are not linear, written as rows and variables that every solver takes. One file each.
//!
//! | what is meant | method | what is added (n arguments, K pieces) |
//! |---|---|---|
//! | y = \|e\| | [`abs`](Model::abs) | y, one binary, 4 rows; less where e keeps its sign |
//! | y ≥ \|e\| | [`abs_epigraph`](Model::abs_epigraph) | y, 2 rows |
//! | y = max eᵢ, min eᵢ | [`max_of`](Model::max_of), [`min_of`](Model::min_of) | y, n binaries, 2 n + 1 rows |
//! | y ≥ max eᵢ, y ≤ min eᵢ | [`max_epigraph`](Model::max_epigraph), [`min_hypograph`](Model::min_hypograph) | y, n rows |
//! | w = b · e, b binary | [`product`](Model::product) | w, up to 4 rows |
//! | and, or, exclusive or | [`all_of`](Model::all_of), [`any_of`](Model::any_of), [`xor`](Model::xor) | a binary, n + 1 rows (4) |
//! | a ⇒ b | [`if_then`](Model::if_then) | 1 row |
//! | b ⇒ a row | [`when_by_bounds`](Model::when_by_bounds) | 1 row a side (or [`when`](Model::when): an indicator) |
//! | b ⇔ a row | [`holds`](Model::holds) | b, 2 rows |
//! | y = f(x), piecewise linear | [`piecewise`](Model::piecewise) | y, K parts, K − 1 binaries, 2 K rows |
//! | | [`piecewise_sos2`](Model::piecewise_sos2) | y, K + 1 weights, an ordered set, 3 rows |
//! | y ≥ f(x) convex, y ≤ f(x) concave | [`piecewise_epigraph`](Model::piecewise_epigraph), [`piecewise_hypograph`](Model::piecewise_hypograph) | y, K rows |
//!
//! The *epigraph* and *hypograph* forms need no binaries and no bounds, and are exact wherever the objective pushes y against
//! them (an absolute value that is minimised, a concave profit that is maximised). The others hold whatever the objective.
//!
//! **Big-Ms** are the smallest that the bounds allow *when the method is called*; so set bounds first. A bound that is missing,
//! and one that is loosened afterwards, is told by [`freeze`](Model::freeze), with the names of the variable and of the
//! function; tightening bounds later is always fine. What is added is called after the function: `dev` is its value,
//! `dev.side` and the like are what it needs.

mod abs;
mod extremes;
mod logic;
mod piecewise;
mod product;
mod switched;

use super::Model;
use super::expression::{Expr, Linear, Terms, Var};
use crate::problem::{DefectCode, Defects, Names, Place};

/// A linearisation, as messages call it: its kind and its name.
#[derive(Debug, Clone, Copy)]
struct Function<'n> {
    kind: &'static str,
    name: &'n str,
}

impl Function<'_> {
    fn place(self) -> Place {
        Place::Function(self.kind, self.name.to_string())
    }
}

/// A bound that a linearisation was computed from.
#[derive(Debug, Clone)]
struct Relied {
    column: u32,
    lower: f64,
    upper: f64,
    place: Place,
}

/// What linearisations took for granted, and what they lacked.
#[derive(Debug, Clone, Default)]
pub(super) struct Reliance {
    bounds: Vec<Relied>,
    defects: Vec<(DefectCode, Place, String)>,
}

impl Reliance {
    /// Notes what was lacking, and bounds that are looser by now.
    pub(super) fn judge(&self, lower: &[f64], upper: &[f64], names: &Names, defects: &mut Defects) {
        for (code, place, detail) in &self.defects {
            defects.add(*code, place.clone(), detail.clone());
        }
        for relied in &self.bounds {
            let j = relied.column as usize;
            if lower[j] < relied.lower || upper[j] > relied.upper {
                let detail = format!(
                    "it was written when '{}' was between {} and {}, which is now between {} and {}; set bounds before",
                    names.get(j),
                    relied.lower,
                    relied.upper,
                    lower[j],
                    upper[j]
                );
                defects.add(DefectCode::LoosenedBound, relied.place.clone(), detail);
            }
        }
    }
}

/// Which ends of an expression's interval a linearisation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Both,
    Lower,
    Upper,
}

/// An expression with the interval that its variables' bounds leave it.
#[derive(Debug, Clone)]
struct Bounded {
    expr: Expr,
    least: f64,
    most: f64,
}

impl Model {
    /// Notes that a linearisation makes no sense as it is.
    fn lacks(&mut self, function: Function<'_>, code: DefectCode, detail: impl Into<String>) {
        self.reliance.defects.push((code, function.place(), detail.into()));
    }

    /// Writes an expression down and computes its interval. An end that is needed and infinite is noted as a defect, and
    /// becomes 0 so that the rest can go on.
    #[track_caller]
    fn bounded(&mut self, function: Function<'_>, expression: impl Linear, ends: Ends) -> Bounded {
        let expr = Expr::of(expression);
        let (mut least, mut most) = (expr.constant(), expr.constant());
        for (column, coefficient) in self.merged(expr.terms()) {
            let (lower, upper) = self.domain(column as usize);
            let (low, high) = if coefficient > 0.0 { (lower, upper) } else { (upper, lower) };
            let mut add = |end: &mut f64, bound: f64, needed: Ends| {
                if bound.is_infinite() && (ends == Ends::Both || ends == needed) {
                    self.no_bound(function, column, bound > 0.0);
                } else {
                    *end += coefficient * bound;
                }
            };
            add(&mut least, low, Ends::Lower);
            add(&mut most, high, Ends::Upper);
            self.reliance.bounds.push(Relied {
                column,
                lower: self.lower[column as usize],
                upper: self.upper[column as usize],
                place: function.place(),
            });
        }
        Bounded { expr, least, most }
    }

    fn no_bound(&mut self, function: Function<'_>, column: u32, upper: bool) {
        let name = self.known.variables().name_of(column as usize);
        let which = if upper { "an upper" } else { "a lower" };
        let detail = format!("it needs {which} bound of '{name}', which has none; set it before");
        self.lacks(function, DefectCode::MissingBound, detail);
    }

    /// Coefficients by column, repeated ones added up.
    #[track_caller]
    fn merged(&self, terms: &Terms) -> Vec<(u32, f64)> {
        let mut list: Vec<(u32, f64)> = terms.columns.iter().copied().zip(terms.values.iter().copied()).collect();
        if let Some(&(index, _)) = list.first() {
            self.own(Var { index, model: terms.model });
        }
        list.sort_by_key(|&(column, _)| column);
        list.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        list.retain(|&(_, coefficient)| coefficient != 0.0);
        list
    }

    /// The values that a column may have: what must be an integer is rounded inwards, what may be zero includes it.
    fn domain(&self, j: usize) -> (f64, f64) {
        let (mut lower, mut upper) = (self.lower[j], self.upper[j]);
        if self.kinds[j].is_integer() {
            (lower, upper) = (lower.ceil(), upper.floor());
        }
        if self.kinds[j].is_semi() {
            (lower, upper) = (lower.min(0.0), upper.max(0.0));
        }
        (lower, upper)
    }

    /// Whether an expression can only have integer values.
    fn is_integral(&self, expr: &Expr) -> bool {
        let terms = self.merged(expr.terms());
        expr.constant().fract() == 0.0
            && terms.iter().all(|&(j, value)| value.fract() == 0.0 && self.kinds[j as usize].is_integer())
    }
}

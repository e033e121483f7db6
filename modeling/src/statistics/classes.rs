//! Kinds of rows, as MIPLIB 2017 classes them (its page "Statistics", after SCIP's linear constraint types). The first kind
//! that fits is the row's. Binaries with negative coefficients are complemented first, so `x ≤ y` among binaries, which is
//! `x + (1 − y) ≤ 1`, would be set packing were it not a precedence before.

use std::fmt;

use serde::Serialize;

use super::activity;
use super::sizes::is_binary;
use crate::problem::Problem;

/// The kind of a row, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RowClass {
    /// Switched by a binary, whatever its form.
    Indicator,
    /// With products of columns.
    Quadratic,
    /// No coefficients.
    Empty,
    /// No side.
    Free,
    /// One column: a bound.
    Singleton,
    /// a x + b y = c.
    Aggregation,
    /// a x − a y ≤ b, both columns of one kind.
    Precedence,
    /// a x + b y ≤ c, one of them binary.
    VariableBound,
    /// Σ xᵢ = 1, all binary.
    SetPartitioning,
    /// Σ xᵢ ≤ 1, all binary.
    SetPacking,
    /// Σ xᵢ ≥ 1, all binary.
    SetCovering,
    /// Σ xᵢ = k, all binary, k ≥ 2.
    Cardinality,
    /// Σ xᵢ ≤ k, all binary, k ≥ 2.
    InvariantKnapsack,
    /// Σ aᵢ xᵢ = b, all binary, a and b integers, b ≥ 2.
    EquationKnapsack,
    /// Σ aᵢ xᵢ + b x ≤ b, all binary, a and b integers, b ≥ 2.
    BinPacking,
    /// Σ aᵢ xᵢ ≤ b, all binary, a and b integers, b ≥ 2.
    Knapsack,
    /// Σ aᵢ xᵢ ≤ b, all integers, a and b integers.
    IntegerKnapsack,
    /// Σ aᵢ xᵢ + Σ pⱼ sⱼ ≤ or = b, x binary, s continuous.
    MixedBinary,
    /// Anything else.
    General,
}

impl RowClass {
    /// What it is called, and what it looks like.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Indicator => ("indicator", "holds only if a binary says so"),
            Self::Quadratic => ("quadratic", "with products of variables"),
            Self::Empty => ("empty", "no variables"),
            Self::Free => ("free", "no side"),
            Self::Singleton => ("singleton", "one variable"),
            Self::Aggregation => ("aggregation", "a x + b y = c"),
            Self::Precedence => ("precedence", "x − y ≤ b"),
            Self::VariableBound => ("variable bound", "a x + b y ≤ c, y binary"),
            Self::SetPartitioning => ("set partitioning", "Σ x = 1, x binary"),
            Self::SetPacking => ("set packing", "Σ x ≤ 1, x binary"),
            Self::SetCovering => ("set covering", "Σ x ≥ 1, x binary"),
            Self::Cardinality => ("cardinality", "Σ x = k, x binary"),
            Self::InvariantKnapsack => ("invariant knapsack", "Σ x ≤ k, x binary"),
            Self::EquationKnapsack => ("equation knapsack", "Σ a x = b, x binary, a and b integer"),
            Self::BinPacking => ("bin packing", "Σ a x + b y ≤ b, x and y binary, a and b integer"),
            Self::Knapsack => ("knapsack", "Σ a x ≤ b, x binary, a and b integer"),
            Self::IntegerKnapsack => ("integer knapsack", "Σ a x ≤ b, x integer, a and b integer"),
            Self::MixedBinary => ("mixed binary", "Σ a x + Σ p s ≤ b, x binary, s continuous"),
            Self::General => ("general", "no special form"),
        }
    }
}

impl fmt::Display for RowClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words().0)
    }
}

/// A row and its sides, as its kind is told from them.
struct Form<'p> {
    problem: &'p Problem,
    columns: &'p [u32],
    values: &'p [f64],
    lower: f64,
    upper: f64,
}

/// The kind of linear row `i`; what is switched or quadratic is somebody else's to know.
pub(super) fn of_row(p: &Problem, i: usize) -> RowClass {
    of_entries(p, i, p.by_rows().row(i))
}

/// The same of its columns and values.
pub(super) fn of_entries(p: &Problem, i: usize, (columns, values): (&[u32], &[f64])) -> RowClass {
    let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
    let form = Form { problem: p, columns, values, lower, upper };
    match columns.len() {
        0 => RowClass::Empty,
        _ if lower == f64::NEG_INFINITY && upper == f64::INFINITY => RowClass::Free,
        1 => RowClass::Singleton,
        2 => form.of_two().unwrap_or_else(|| form.of_many()),
        _ => form.of_many(),
    }
}

impl Form<'_> {
    fn binary(&self, at: usize) -> bool {
        is_binary(self.problem, self.columns[at] as usize)
    }

    fn of_two(&self) -> Option<RowClass> {
        if self.lower == self.upper {
            return Some(RowClass::Aggregation);
        }
        let kind = |at: usize| (self.problem.kind(self.columns[at] as usize), self.binary(at));
        if self.values[0] == -self.values[1] && kind(0) == kind(1) {
            return Some(RowClass::Precedence);
        }
        (self.binary(0) != self.binary(1)).then_some(RowClass::VariableBound)
    }

    fn of_many(&self) -> RowClass {
        let all = |test: &dyn Fn(usize) -> bool| self.columns.iter().all(|&j| test(j as usize));
        let p = self.problem;
        if all(&|j| is_binary(p, j))
            && let Some(class) = self.of_binaries()
        {
            return class;
        }
        let one_side = self.lower == f64::NEG_INFINITY || self.upper == f64::INFINITY;
        let side = if self.upper.is_finite() { self.upper } else { self.lower };
        if one_side && whole(side) && self.values.iter().all(|&v| whole(v)) && all(&|j| p.kind(j).is_integer()) {
            return RowClass::IntegerKnapsack;
        }
        let mixed = all(&|j| is_binary(p, j) || !p.kind(j).is_integer());
        if mixed && (one_side || self.lower == self.upper) { RowClass::MixedBinary } else { RowClass::General }
    }

    /// All columns are binary: sides after complementing those with negative coefficients.
    fn of_binaries(&self) -> Option<RowClass> {
        let negative: f64 = self.values.iter().filter(|&&v| v < 0.0).map(|v| -v).sum();
        let scale = self.values[0].abs();
        let (mut lower, mut upper) = (self.lower + negative, self.upper + negative);
        // A side that the bounds keep anyway is none: 0 ≤ Σ x ≤ 1 is set packing.
        let reach = activity::of_entries(self.problem, (self.columns, self.values), None);
        if lower != upper {
            lower = if self.lower <= reach.least { f64::NEG_INFINITY } else { lower };
            upper = if self.upper >= reach.most { f64::INFINITY } else { upper };
        }
        if self.values.iter().all(|v| v.abs() == scale) {
            let (lower, upper) = (lower / scale, upper / scale);
            return match (lower, upper) {
                _ if lower == upper && upper == 1.0 => Some(RowClass::SetPartitioning),
                _ if lower == upper && upper >= 2.0 && whole(upper) => Some(RowClass::Cardinality),
                (f64::NEG_INFINITY, 1.0) => Some(RowClass::SetPacking),
                (1.0, f64::INFINITY) => Some(RowClass::SetCovering),
                (f64::NEG_INFINITY, k) if k >= 2.0 && k.is_finite() => Some(RowClass::InvariantKnapsack),
                // Σ x ≥ k is Σ (1 − x) ≤ n − k.
                (k, f64::INFINITY) if k >= 2.0 && k.is_finite() => {
                    let rest = self.columns.len() as f64 - k;
                    Some(if rest == 1.0 { RowClass::SetPacking } else { RowClass::InvariantKnapsack })
                }
                _ => None,
            };
        }
        if !self.values.iter().all(|&v| whole(v)) {
            return None;
        }
        let total: f64 = self.values.iter().map(|v| v.abs()).sum();
        let side = match (lower, upper) {
            _ if lower == upper => return (whole(upper) && upper >= 2.0).then_some(RowClass::EquationKnapsack),
            (f64::NEG_INFINITY, upper) => upper,
            (lower, f64::INFINITY) => total - lower,
            _ => return None,
        };
        if !whole(side) || side < 2.0 {
            return None;
        }
        let fills = self.values.iter().any(|v| v.abs() == side);
        Some(if fills { RowClass::BinPacking } else { RowClass::Knapsack })
    }
}

/// Whether a number is an integer (infinity is none).
pub(super) fn whole(v: f64) -> bool {
    v.is_finite() && v.fract() == 0.0
}

//! Counts: columns by kind and bounds, rows by sides, coefficients.

use serde::Serialize;

use crate::problem::{ColumnKind, Problem};

/// How many entries the rows (or columns) have.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spread {
    /// The fewest.
    pub least: usize,
    /// On average.
    pub mean: f64,
    /// The most.
    pub most: usize,
}

impl Spread {
    fn of(starts: &[u32]) -> Self {
        let lengths = || starts.windows(2).map(|w| (w[1] - w[0]) as usize);
        let (Some(least), Some(most)) = (lengths().min(), lengths().max()) else { return Self::default() };
        Self { least, mean: lengths().sum::<usize>() as f64 / (starts.len() - 1) as f64, most }
    }
}

/// Counts of a problem.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Sizes {
    /// All rows.
    pub rows: usize,
    /// Rows `= b`.
    pub equalities: usize,
    /// Rows with two different finite sides.
    pub ranged_rows: usize,
    /// All columns.
    pub columns: usize,
    /// Integers between 0 and 1.
    pub binaries: usize,
    /// All other integers.
    pub integers: usize,
    /// Columns of any real value between their bounds.
    pub continuous: usize,
    /// Semicontinuous columns.
    pub semicontinuous: usize,
    /// Semi-integer columns.
    pub semi_integer: usize,
    /// Columns whose bounds are equal.
    pub fixed: usize,
    /// Columns without bounds.
    pub free: usize,
    /// Stored coefficients.
    pub nonzeros: usize,
    /// Coefficients per row and column, 0 to 1.
    pub density: f64,
    /// Coefficients a row.
    pub row_entries: Spread,
    /// Coefficients a column.
    pub column_entries: Spread,
    /// Columns with a cost.
    pub costs: usize,
    /// Special ordered sets.
    pub sets: usize,
    /// Rows that a binary switches.
    pub indicators: usize,
    /// Products in the objective.
    pub objective_products: usize,
    /// Rows with products.
    pub quadratic_rows: usize,
    /// Products in rows.
    pub row_products: usize,
}

/// Whether column `j` is an integer between 0 and 1.
pub(super) fn is_binary(p: &Problem, j: usize) -> bool {
    p.kind(j) == ColumnKind::Integer && p.lower()[j] >= 0.0 && p.upper()[j] <= 1.0
}

impl Sizes {
    /// Counts.
    pub fn of(p: &Problem) -> Self {
        let (m, n) = (p.num_rows(), p.num_columns());
        let mut sizes = Self {
            rows: m,
            columns: n,
            nonzeros: p.num_nonzeros(),
            density: if m == 0 || n == 0 { 0.0 } else { p.num_nonzeros() as f64 / (m as f64 * n as f64) },
            row_entries: Spread::of(&p.row_starts()),
            column_entries: Spread::of(p.starts()),
            costs: p.cost().iter().filter(|&&c| c != 0.0).count(),
            sets: p.sets().len(),
            indicators: p.indicators().len(),
            objective_products: p.quadratic_objective().len(),
            quadratic_rows: p.quadratic_rows().len(),
            row_products: p.quadratic_rows().iter().map(|row| row.products.len()).sum(),
            ..Self::default()
        };
        for (&lower, &upper) in p.row_lower().iter().zip(p.row_upper()) {
            sizes.equalities += usize::from(lower == upper);
            sizes.ranged_rows += usize::from(lower.is_finite() && upper.is_finite() && lower != upper);
        }
        for j in 0..n {
            match p.kind(j) {
                ColumnKind::Continuous => sizes.continuous += 1,
                ColumnKind::SemiContinuous => sizes.semicontinuous += 1,
                ColumnKind::SemiInteger => sizes.semi_integer += 1,
                ColumnKind::Integer if is_binary(p, j) => sizes.binaries += 1,
                ColumnKind::Integer => sizes.integers += 1,
            }
            sizes.fixed += usize::from(p.lower()[j] == p.upper()[j]);
            sizes.free += usize::from(p.lower()[j] == f64::NEG_INFINITY && p.upper()[j] == f64::INFINITY);
        }
        sizes
    }
}

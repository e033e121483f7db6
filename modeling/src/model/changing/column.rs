//! The column that is added to an open model.

use super::super::expression::Number;
use super::super::family::Row;
use crate::patch::NewColumn;
use crate::problem::ColumnKind;

/// A column for an open model: cost, bounds, kind, and its coefficients in rows there are.
///
/// ```
/// use farkas_modeling::model::prelude::*;
/// let mut m = Model::new("cutting stock");
/// let demand = m.rows("demand", 0..2, |_| Expr::new().ge(10));
/// let column = Column::nonnegative("pattern").upper(5).cost(1).entry(demand[0], 3).entry("demand[1]", 1);
/// # let _ = column;
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a column does nothing until it is added to an open model"]
pub struct Column {
    pub(super) new: NewColumn,
    pub(super) entries: Vec<(RowName, f64)>,
}

/// A row, by handle or by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowName {
    Handle(Row),
    Name(String),
}

/// A row, by handle or by name, kept for later.
pub trait IntoRowName {
    #[doc(hidden)]
    fn handle_or_name(self) -> Result<Row, String>;
}

impl IntoRowName for Row {
    fn handle_or_name(self) -> Result<Row, String> {
        Ok(self)
    }
}

impl IntoRowName for &str {
    fn handle_or_name(self) -> Result<Row, String> {
        Err(self.to_owned())
    }
}

impl Column {
    fn of(name: &str, kind: ColumnKind, lower: f64, upper: f64) -> Self {
        let name = (!name.is_empty()).then(|| name.to_owned());
        Self { new: NewColumn { name, kind, lower, upper, ..NewColumn::default() }, entries: Vec::new() }
    }

    /// Real numbers from 0 up.
    pub fn nonnegative(name: &str) -> Self {
        Self::of(name, ColumnKind::Continuous, 0.0, f64::INFINITY)
    }

    /// Real numbers.
    pub fn continuous(name: &str) -> Self {
        Self::of(name, ColumnKind::Continuous, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Integers.
    pub fn integer(name: &str) -> Self {
        Self::of(name, ColumnKind::Integer, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// 0 or 1.
    pub fn binary(name: &str) -> Self {
        Self::of(name, ColumnKind::Integer, 0.0, 1.0)
    }

    /// Sets the lower bound.
    pub fn lower<N: Number>(mut self, bound: N) -> Self {
        self.new.lower = bound.to_f64();
        self
    }

    /// Sets the upper bound.
    pub fn upper<N: Number>(mut self, bound: N) -> Self {
        self.new.upper = bound.to_f64();
        self
    }

    /// Sets both bounds.
    pub fn bounds<L: Number, U: Number>(self, lower: L, upper: U) -> Self {
        self.lower(lower).upper(upper)
    }

    /// Sets the cost.
    pub fn cost<N: Number>(mut self, cost: N) -> Self {
        self.new.cost = cost.to_f64();
        self
    }

    /// Gives it a coefficient in a row; repeated ones are added up.
    pub fn entry<N: Number>(mut self, row: impl IntoRowName, value: N) -> Self {
        let row = match row.handle_or_name() {
            Ok(handle) => RowName::Handle(handle),
            Err(name) => RowName::Name(name),
        };
        self.entries.push((row, value.to_f64()));
        self
    }

    /// Gives it coefficients in several rows: `.entries(demand.members().iter().copied().zip(pattern))`.
    pub fn entries<N: Number>(self, entries: impl IntoIterator<Item = (Row, N)>) -> Self {
        entries.into_iter().fold(self, |column, (row, value)| column.entry(row, value))
    }
}

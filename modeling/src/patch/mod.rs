//! What changes a problem: [`Patch`], plain data that says each change by position or by name, and [`Revision`], a problem
//! together with what a patch made of it.
//!
//! Keys mean the problem *before* the patch, whatever the order of the changes: removing column 3 does not turn column 4
//! into 3 half-way. What a patch adds stands behind what there is: the first new column of a problem with n is n, and other
//! changes of the same patch may name it. Of two changes to one thing the later counts, and what is removed is gone
//! whatever else is said about it. Afterwards what is left moves up, old before new.

mod apply;
mod delta;
mod revision;
mod wire;

use serde::{Deserialize, Serialize};

pub use delta::{AddedColumn, AddedRow, Delta, Entry};
pub use revision::Revision;

use crate::problem::{ColumnKind, Sense};

/// Which column or row: by position in the problem before the patch, or by name.
///
/// In JSON a number or a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// By position, from 0; what the patch adds follows on what there is.
    At(u32),
    /// By name.
    Named(String),
}

impl From<usize> for Key {
    /// A position; one beyond 2^32 names nothing and is told as such.
    fn from(at: usize) -> Self {
        Self::At(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

/// A column to add.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewColumn {
    /// Its name; made by counting where there is none, and told apart by a number (`cut~2`) where it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its kind.
    #[serde(default)]
    pub kind: ColumnKind,
    /// Lower bound; 0 if not said, −∞ for none.
    #[serde(default, with = "wire")]
    pub lower: f64,
    /// Upper bound; +∞ if not said.
    #[serde(default = "infinity", with = "wire")]
    pub upper: f64,
    /// Cost.
    #[serde(default, with = "wire")]
    pub cost: f64,
    /// Rows with the coefficient in each; repeated ones are added up.
    #[serde(default)]
    pub entries: Vec<(Key, f64)>,
}

impl Default for NewColumn {
    /// A continuous column from 0 up.
    fn default() -> Self {
        let (name, kind, entries) = (None, ColumnKind::Continuous, Vec::new());
        Self { name, kind, lower: 0.0, upper: f64::INFINITY, cost: 0.0, entries }
    }
}

/// A row to add.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRow {
    /// Its name; see [`NewColumn::name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Lower side; −∞ if not said.
    #[serde(default = "minus_infinity", with = "wire")]
    pub lower: f64,
    /// Upper side; +∞ if not said.
    #[serde(default = "infinity", with = "wire")]
    pub upper: f64,
    /// Columns with the coefficient of each; repeated ones are added up.
    #[serde(default)]
    pub entries: Vec<(Key, f64)>,
}

impl Default for NewRow {
    /// A row without sides or coefficients.
    fn default() -> Self {
        Self { name: None, lower: f64::NEG_INFINITY, upper: f64::INFINITY, entries: Vec::new() }
    }
}

fn infinity() -> f64 {
    f64::INFINITY
}

fn minus_infinity() -> f64 {
    f64::NEG_INFINITY
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Minimise or maximise.
    Sense {
        /// Which way.
        sense: Sense,
    },
    /// The objective's constant.
    Offset {
        /// The new one.
        #[serde(with = "wire")]
        value: f64,
    },
    /// The cost of a column.
    Cost {
        /// Which column.
        column: Key,
        /// Its cost.
        #[serde(with = "wire")]
        value: f64,
    },
    /// The lower bound of a column.
    Lower {
        /// Which column.
        column: Key,
        /// −∞ for none.
        #[serde(with = "wire")]
        value: f64,
    },
    /// The upper bound of a column.
    Upper {
        /// Which column.
        column: Key,
        /// +∞ for none.
        #[serde(with = "wire")]
        value: f64,
    },
    /// The kind of a column.
    Kind {
        /// Which column.
        column: Key,
        /// Its kind.
        kind: ColumnKind,
    },
    /// The lower side of a row.
    RowLower {
        /// Which row.
        row: Key,
        /// −∞ for none.
        #[serde(with = "wire")]
        value: f64,
    },
    /// The upper side of a row.
    RowUpper {
        /// Which row.
        row: Key,
        /// +∞ for none.
        #[serde(with = "wire")]
        value: f64,
    },
    /// A coefficient of the matrix; 0 takes it out.
    Coefficient {
        /// Which row.
        row: Key,
        /// Which column.
        column: Key,
        /// The coefficient.
        #[serde(with = "wire")]
        value: f64,
    },
    /// One more column.
    AddColumn(NewColumn),
    /// One more row.
    AddRow(NewRow),
    /// One column less; it leaves the sets and the products it is in.
    RemoveColumn {
        /// Which column.
        column: Key,
    },
    /// One row less, and its indicator with it.
    RemoveRow {
        /// Which row.
        row: Key,
    },
}

/// A list of changes to a problem: see the [module](self) for what their order means.
///
/// ```
/// use farkas_modeling::formats::json;
/// use farkas_modeling::patch::{NewRow, Patch};
/// let before = json::read(br#"{"objective": "x + 2 y", "constraints": {"need": "x + y >= 3"}, "variables": {"x": {}, "y": {}}}"#)?.value;
/// let mut patch = Patch::new();
/// patch.upper("x", 2.0).row_lower("need", 4.0);
/// patch.add_row(NewRow { name: Some("balance".into()), upper: 1.0, entries: vec![("y".into(), 1.0), ("x".into(), -1.0)], ..NewRow::default() });
/// let after = patch.apply(&before)?;
/// assert_eq!((after.upper()[0], after.row_lower()[0], after.num_rows()), (2.0, 4.0, 2));
/// assert_eq!(after.row_names().get(1), "balance");
///
/// let wrong = Patch::new().cost("z", 1.0).upper("y", f64::NAN).apply(&before).unwrap_err();
/// assert_eq!(wrong.to_string(), "2 defects in the problem
///   change 1 of the patch: there is no variable 'z'
///   variable 'y': its upper bound is NaN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The changes.
    pub changes: Vec<Change>,
}

impl Patch {
    /// Changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds a change.
    pub fn push(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }

    /// Which way the objective goes.
    pub fn sense(&mut self, sense: Sense) -> &mut Self {
        self.push(Change::Sense { sense })
    }

    /// The objective's constant.
    pub fn offset(&mut self, value: f64) -> &mut Self {
        self.push(Change::Offset { value })
    }

    /// The cost of a column.
    pub fn cost(&mut self, column: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::Cost { column: column.into(), value })
    }

    /// The lower bound of a column.
    pub fn lower(&mut self, column: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::Lower { column: column.into(), value })
    }

    /// The upper bound of a column.
    pub fn upper(&mut self, column: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::Upper { column: column.into(), value })
    }

    /// The kind of a column.
    pub fn kind(&mut self, column: impl Into<Key>, kind: ColumnKind) -> &mut Self {
        self.push(Change::Kind { column: column.into(), kind })
    }

    /// The lower side of a row.
    pub fn row_lower(&mut self, row: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::RowLower { row: row.into(), value })
    }

    /// The upper side of a row.
    pub fn row_upper(&mut self, row: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::RowUpper { row: row.into(), value })
    }

    /// A coefficient of the matrix; 0 takes it out.
    pub fn coefficient(&mut self, row: impl Into<Key>, column: impl Into<Key>, value: f64) -> &mut Self {
        self.push(Change::Coefficient { row: row.into(), column: column.into(), value })
    }

    /// One more column.
    pub fn add_column(&mut self, column: NewColumn) -> &mut Self {
        self.push(Change::AddColumn(column))
    }

    /// One more row.
    pub fn add_row(&mut self, row: NewRow) -> &mut Self {
        self.push(Change::AddRow(row))
    }

    /// One column less.
    pub fn remove_column(&mut self, column: impl Into<Key>) -> &mut Self {
        self.push(Change::RemoveColumn { column: column.into() })
    }

    /// One row less.
    pub fn remove_row(&mut self, row: impl Into<Key>) -> &mut Self {
        self.push(Change::RemoveRow { row: row.into() })
    }
}

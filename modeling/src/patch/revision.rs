//! A problem together with what a patch made of it: what a solver's session is handed, and how points and bases come along.

use std::sync::Arc;

use super::Patch;
use super::delta::{Delta, GONE};
use crate::answer::{Basis, BasisStatus};
use crate::problem::{Defects, Problem};

/// A problem before and after a patch, and the changes between them by position.
///
/// ```
/// use std::sync::Arc;
/// use farkas_modeling::formats::json;
/// use farkas_modeling::patch::{NewColumn, Patch, Revision};
/// let text = br#"{"objective": "x + 2 y", "constraints": {"need": "x + y >= 3"}, "variables": {"x": {}, "y": {}}}"#;
/// let before = Arc::new(json::read(text)?.value);
/// let mut patch = Patch::new();
/// patch.remove_column("x").add_column(NewColumn { entries: vec![("need".into(), 2.0)], ..NewColumn::default() });
/// let revision = Revision::new(&before, &patch)?;
/// assert_eq!((revision.column_place(0), revision.column_place(1), revision.column_place(2)), (None, Some(0), Some(1)));
/// let point = revision.carry_point(&[1.0, 2.0]); // nothing is known of what is new
/// assert!(point[0] == 2.0 && point[1].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Revision {
    base: Arc<Problem>,
    problem: Arc<Problem>,
    delta: Delta,
}

impl Revision {
    /// What the patch makes of `base`.
    ///
    /// # Errors
    /// As [`Patch::apply`].
    pub fn new(base: &Arc<Problem>, patch: &Patch) -> Result<Self, Defects> {
        let (delta, problem) = patch.delta(base)?;
        Ok(Self { base: Arc::clone(base), problem: Arc::new(problem), delta })
    }

    /// The problem before.
    pub fn base(&self) -> &Arc<Problem> {
        &self.base
    }

    /// The problem after.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }

    /// What is different, by position before.
    pub fn delta(&self) -> &Delta {
        &self.delta
    }

    /// Where a column stands afterwards that stood at `before`, or was the k-th to be added (`before` = n + k); `None` where
    /// it is gone.
    pub fn column_place(&self, before: usize) -> Option<usize> {
        place(self.delta.column_places.as_deref(), before, self.base.num_columns())
    }

    /// The same for a row.
    pub fn row_place(&self, before: usize) -> Option<usize> {
        place(self.delta.row_places.as_deref(), before, self.base.num_rows())
    }

    /// A point of the problem before, as a start for the problem after: NaN for what was added.
    ///
    /// # Panics
    /// When `point` does not have a value for each column of the problem before.
    pub fn carry_point(&self, point: &[f64]) -> Vec<f64> {
        assert_eq!(point.len(), self.base.num_columns());
        carried(self.delta.column_places.as_deref(), point, self.problem.num_columns(), f64::NAN)
    }

    /// A basis of the problem before, as a start for the problem after: added columns are nonbasic, added rows basic. Where a
    /// basic column or a nonbasic row went it is no whole basis any more, which solvers mend.
    ///
    /// # Panics
    /// When the basis is not one of the problem before.
    pub fn carry_basis(&self, basis: &Basis) -> Basis {
        assert!(basis.columns.len() == self.base.num_columns() && basis.rows.len() == self.base.num_rows());
        let (n, m) = (self.problem.num_columns(), self.problem.num_rows());
        let (columns, rows) = (self.delta.column_places.as_deref(), self.delta.row_places.as_deref());
        let mut carried = Basis {
            columns: carried(columns, &basis.columns, n, BasisStatus::AtLower),
            rows: carried(rows, &basis.rows, m, BasisStatus::Basic),
        };
        let bounds = self.problem.lower().iter().zip(self.problem.upper());
        for (status, (lower, upper)) in carried.columns.iter_mut().zip(bounds) {
            *status = standing(*status, *lower, *upper);
        }
        let sides = self.problem.row_lower().iter().zip(self.problem.row_upper());
        for (status, (lower, upper)) in carried.rows.iter_mut().zip(sides) {
            *status = standing(*status, *lower, *upper);
        }
        carried
    }
}

/// Values where they stand afterwards, and `new` for what was added.
fn carried<T: Copy>(places: Option<&[u32]>, values: &[T], len: usize, new: T) -> Vec<T> {
    let Some(places) = places else { return values.to_vec() };
    let mut carried = vec![new; len];
    for (value, &place) in values.iter().zip(places).filter(|(_, place)| **place != GONE) {
        carried[place as usize] = *value;
    }
    carried
}

fn place(places: Option<&[u32]>, before: usize, len: usize) -> Option<usize> {
    match places {
        None => (before < len).then_some(before),
        Some(places) => places.get(before).filter(|place| **place != GONE).map(|place| *place as usize),
    }
}

/// A nonbasic status that goes with the bounds as they are now.
fn standing(status: BasisStatus, lower: f64, upper: f64) -> BasisStatus {
    match status {
        BasisStatus::Basic => BasisStatus::Basic,
        BasisStatus::AtUpper if upper.is_finite() => BasisStatus::AtUpper,
        _ if lower.is_finite() => BasisStatus::AtLower,
        _ if upper.is_finite() => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    }
}

//! The least and greatest value that a row can have by the bounds of its columns.

use crate::problem::Problem;

/// An interval that a value is in; infinite ends where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) least: f64,
    pub(super) most: f64,
}

/// The values a column can have. A semicontinuous one may be zero as well.
pub(super) fn of_column(p: &Problem, j: usize) -> Interval {
    let (least, most) = (p.lower()[j], p.upper()[j]);
    if p.kind(j).is_semi() { Interval { least: least.min(0.0), most: most.max(0.0) } } else { Interval { least, most } }
}

/// `value` times an interval.
pub(super) fn times(value: f64, interval: Interval) -> Interval {
    let Interval { least, most } = interval;
    if value == 0.0 {
        Interval { least: 0.0, most: 0.0 }
    } else if value > 0.0 {
        Interval { least: value * least, most: value * most }
    } else {
        Interval { least: value * most, most: value * least }
    }
}

/// The linear part of row `i` without its entry at position `except`.
pub(super) fn of_row(p: &Problem, i: usize, except: Option<usize>) -> Interval {
    of_entries(p, p.by_rows().row(i), except)
}

/// The same of a row's columns and values.
pub(super) fn of_entries(p: &Problem, (columns, values): (&[u32], &[f64]), except: Option<usize>) -> Interval {
    let mut sum = Interval { least: 0.0, most: 0.0 };
    for (at, (&j, &value)) in columns.iter().zip(values).enumerate() {
        if Some(at) != except {
            let part = times(value, of_column(p, j as usize));
            sum = Interval { least: sum.least + part.least, most: sum.most + part.most };
        }
    }
    sum
}

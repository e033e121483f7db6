//! Big-Ms: coefficients of binaries that switch a row off, larger than they need be, or so large that they leak.

use super::activity;
use super::findings::{Kind, List, Severity};
use super::sizes::is_binary;
use crate::problem::Problem;
use crate::tolerances::Tolerances;

const LOOSE: Kind = Kind {
    code: "big-m",
    severity: Severity::Doubtful,
    what: "rows are switched by a binary with a coefficient more than twice as large as it need be",
    remedy: "use the smallest value that the bounds allow (named beside each): the relaxation gets tighter and the search shorter",
};
const LEAKS: Kind = Kind {
    code: "big-m-leaks",
    severity: Severity::Doubtful,
    what: "rows are switched by a binary with so large a coefficient that rounding lets something through",
    remedy: "bound the other variables and use the smallest coefficient that does; or write the row as an indicator \
             (`m.when`), which has no coefficient to leak",
};

/// A coefficient this many times all others of its row is taken for a big-M.
const STANDS_OUT: f64 = 100.0;

/// This much more than is needed is too much.
const TOO_MUCH: f64 = 2.0;

/// Notes rows `Σ aᵢ xᵢ + M b ≤ c` in which a binary's coefficient stands out.
pub(super) fn look(p: &Problem, list: &mut List<'_>) {
    let rows = p.by_rows();
    let mut skipped = vec![false; p.num_rows()];
    p.quadratic_rows().iter().for_each(|row| skipped[row.row as usize] = true);
    p.indicators().iter().for_each(|indicator| skipped[indicator.row as usize] = true);
    for i in (0..p.num_rows()).filter(|&i| !skipped[i]) {
        let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
        let (columns, values) = rows.row(i);
        if columns.len() < 2 || lower.is_finite() == upper.is_finite() {
            continue;
        }
        let Some((at, others)) = outstanding(values) else { continue };
        let j = columns[at] as usize;
        if !is_binary(p, j) || values[at].abs() < STANDS_OUT * others {
            continue;
        }
        // As `Σ ≤ side`: what the row is switched off by has to cover the rest's largest excess over its side when on.
        let sign = if upper.is_finite() { 1.0 } else { -1.0 };
        let side = if upper.is_finite() { upper } else { -lower };
        let size = values[at].abs();
        let rest = activity::of_row(p, i, Some(at));
        let most = if sign > 0.0 { rest.most } else { -rest.least };
        // Switched on, the binary's part is the larger of 0 and its coefficient, and the side for the rest the smaller.
        let strict = side - (sign * values[at]).max(0.0);
        let needed = most - strict;
        let leak = size * Tolerances::default().integrality;
        if needed.is_finite() && needed > 0.0 && size > TOO_MUCH * needed {
            list.add(&LOOSE, |names| {
                format!("{}: {} at {}, where {needed} would do", names.row(i), size, names.column(j))
            });
        } else if !needed.is_finite() && leak >= 1e-2 * others {
            list.add(&LEAKS, |names| {
                format!(
                    "{}: {size} at {}; a binary of {:e}, which counts as 0, already gives {leak}",
                    names.row(i),
                    names.column(j),
                    Tolerances::default().integrality
                )
            });
        }
    }
}

/// The largest entry and the size of the second largest.
fn outstanding(values: &[f64]) -> Option<(usize, f64)> {
    let (at, _) = values.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let others = values.iter().enumerate().filter(|&(k, _)| k != at).map(|(_, v)| v.abs()).fold(0.0, f64::max);
    Some((at, others))
}

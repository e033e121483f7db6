//! HiGHS' search for an irreducible infeasible subset.

use std::ptr;

use highs_sys as sys;
use highs_sys::HighsInt;

use super::{Failed, Instance, int, ok};
use crate::contract::{End, Member};

/// The ends that a bound status names (`kHighsIisBound…`); of a free column none.
fn ends(status: HighsInt) -> &'static [End] {
    match status {
        sys::kHighsIisBoundLower => &[End::Lower],
        sys::kHighsIisBoundUpper => &[End::Upper],
        sys::kHighsIisBoundBoxed => &[End::Lower, End::Upper],
        _ => &[],
    }
}

impl Instance {
    /// The members that HiGHS names, rows first; none where it found that the problem is feasible. Fails where a limit, a
    /// callback or an error ended it before it had a set.
    pub fn iis(&mut self) -> Result<Vec<Member>, Failed> {
        // Each column is named once at most. A row may be named twice where one filter fails and the other begins anew
        // behind what it left (`Highs::getIisInterface`, 1.16.0).
        let (most_columns, most_rows) = (self.columns, 2 * self.rows);
        let (mut columns, mut column_bounds) = (vec![0; most_columns], vec![0; most_columns]);
        let (mut rows, mut row_bounds) = (vec![0; most_rows], vec![0; most_rows]);
        let (mut num_columns, mut num_rows): (HighsInt, HighsInt) = (0, 0);
        // SAFETY: HiGHS writes both counts, then as many indices and statuses as they say, which is no more than there are
        // places, as said above. The statuses of all columns and rows are not asked for: after a set that it could not
        // prove it would read them from where there are none.
        ok(unsafe {
            sys::Highs_getIis(
                self.at(),
                &raw mut num_columns,
                &raw mut num_rows,
                columns.as_mut_ptr(),
                rows.as_mut_ptr(),
                column_bounds.as_mut_ptr(),
                row_bounds.as_mut_ptr(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        let named = |count: HighsInt, places: Vec<HighsInt>, bounds: Vec<HighsInt>, below: usize| {
            let count = usize::try_from(count).unwrap_or(0);
            let below = int(below);
            let there = places.into_iter().zip(bounds).take(count).filter(move |(at, _)| (0..below).contains(at));
            there.flat_map(|(at, status)| ends(status).iter().map(move |&end| (at as usize, end)))
        };
        let rows = named(num_rows, rows, row_bounds, self.rows).map(|(i, end)| Member::Row(i, end));
        let columns = named(num_columns, columns, column_bounds, self.columns).map(|(j, end)| Member::Bound(j, end));
        Ok(rows.chain(columns).collect())
    }
}

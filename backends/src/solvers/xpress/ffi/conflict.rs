//! Xpress' own search for an irreducible infeasible subset.

use std::ffi::c_int;
use std::ptr;

use super::{Instance, Interruptible};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;

/// Until one is found, in Xpress' usual way (the other is quick and less simple).
const USUAL: c_int = 1;

/// What the search answers with when it found one; 1 is "feasible", 3 "ended by a limit".
const FOUND: c_int = 0;

/// The rows and columns of a conflict, with Xpress' letters for what of them takes part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflict {
    /// Rows (or sets: types `1` and `2`) by their numbers.
    pub rows: Vec<(i32, u8)>,
    /// Columns.
    pub columns: Vec<(i32, u8)>,
}

impl Instance {
    /// The first conflict that is found. None where there is none.
    pub fn conflict(&mut self, listener: &Listener<'_>) -> Result<Option<Conflict>, Fault> {
        let api = &self.xpress.api;
        let mut status = -1;
        let interruptible = Interruptible(self.raw(), api.interrupt);
        let waker = listener.stop().on_stop(move || interruptible.interrupt());
        // SAFETY: a live problem and a place for an int.
        let code = unsafe { (api.first_conflict)(self.raw(), USUAL, &raw mut status) };
        drop(waker);
        self.check(code)?;
        let found = if status == FOUND { Some(self.first()?) } else { None };
        // SAFETY: a live problem; its conflicts were copied.
        self.check(unsafe { (api.forget_conflicts)(self.raw()) })?;
        Ok(found)
    }

    /// The first of the conflicts that were found.
    fn first(&self) -> Result<Conflict, Fault> {
        let get = self.xpress.api.conflict;
        let (mut rows, mut columns) = (0, 0);
        // SAFETY: places for two ints, and null for all that is not wanted.
        let code = unsafe {
            get(
                self.raw(),
                1,
                &raw mut rows,
                &raw mut columns,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        self.check(code)?;
        let (m, n) = (usize::try_from(rows).unwrap_or(0), usize::try_from(columns).unwrap_or(0));
        let (mut row_numbers, mut row_types) = (vec![0; m], vec![0_u8; m]);
        let (mut column_numbers, mut column_types) = (vec![0; n], vec![0_u8; n]);
        // SAFETY: as many places as were just told, and null for what is not wanted.
        let code = unsafe {
            get(
                self.raw(),
                1,
                &raw mut rows,
                &raw mut columns,
                row_numbers.as_mut_ptr(),
                column_numbers.as_mut_ptr(),
                row_types.as_mut_ptr().cast(),
                column_types.as_mut_ptr().cast(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        self.check(code)?;
        Ok(Conflict {
            rows: row_numbers.into_iter().zip(row_types).collect(),
            columns: column_numbers.into_iter().zip(column_types).collect(),
        })
    }
}

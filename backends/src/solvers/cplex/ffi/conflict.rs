//! CPLEX' conflict refiner, over groups of one constraint each.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Instance;
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;

/// What a group may be, by CPLEX' numbers (`CPX_CON_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Constraint {
    LowerBound = 1,
    UpperBound = 2,
    Linear = 3,
    Quadratic = 4,
    Indicator = 6,
}

/// Statuses that say whether there was a conflict and it was found (`CPX_STAT_CONFLICT_…`): minimal, or what was left when
/// something ended the search.
const FOUND: std::ops::RangeInclusive<c_int> = 31..=38;

/// Statuses of groups from "possibly a member" on; −1 is "excluded".
const POSSIBLE: c_int = 0;

impl Instance {
    /// Which of these constraints, by kind and number, cannot hold together; what is not among them always holds. None where
    /// CPLEX found no conflict.
    pub fn conflict(&mut self, groups: &[(Constraint, i32)], listener: &Listener<'_>) -> Result<Vec<bool>, Fault> {
        let count = groups.len();
        assert!(groups.iter().all(|(kind, at)| match kind {
            Constraint::LowerBound | Constraint::UpperBound => (*at as usize) < self.columns,
            Constraint::Linear => (*at as usize) < self.rows,
            Constraint::Quadratic | Constraint::Indicator => *at >= 0,
        }));
        if count == 0 {
            return Ok(Vec::new());
        }
        let begins: Vec<c_int> = (0..count as c_int).collect();
        let numbers: Vec<c_int> = groups.iter().map(|group| group.1).collect();
        let kinds: Vec<u8> = groups.iter().map(|group| group.0 as u8).collect();
        let alike = vec![1.0; count];
        // The flag is sticky: what stopped the last run would stop this one.
        self.terminate.store(0, Ordering::Release);
        let flag = Arc::clone(&self.terminate);
        let _waker = listener.stop().on_stop(move || flag.store(1, Ordering::Release));
        let api = &self.cplex.api;
        // SAFETY: `count` groups of one constraint each, so that all arrays have `count` entries; CPLEX itself refuses
        // numbers of quadratic and switched constraints that it does not have.
        let code = unsafe {
            (api.refine_conflict)(
                self.env(),
                self.lp,
                count as c_int,
                count as c_int,
                alike.as_ptr(),
                begins.as_ptr(),
                numbers.as_ptr(),
                kinds.as_ptr().cast(),
            )
        };
        self.check(code)?;
        if !FOUND.contains(&self.status()) {
            return Ok(Vec::new());
        }
        let mut statuses = vec![-1; count];
        // SAFETY: `count` places for the groups from the first to the last.
        let code = unsafe { (api.conflict)(self.env(), self.lp, statuses.as_mut_ptr(), 0, count as c_int - 1) };
        self.check(code)?;
        Ok(statuses.into_iter().map(|status| status >= POSSIBLE).collect())
    }
}

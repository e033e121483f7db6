//! A problem without its objective, of which some row sides and column bounds are set aside: what they are, which there are,
//! and how a solver that holds one subset is brought to another.

use std::collections::BTreeSet;
use std::sync::Arc;

use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{ColumnKind, Problem};

use super::{End, Member};
use crate::contract::conflict::{bound_members, given_bounds, row_members};

/// Multipliers smaller than this part of the largest are noise; what they would add is found again if it is needed.
const NOISE: f64 = 1e-9;

/// The feasibility problem, and all that may be set aside in it.
pub(super) struct Whole {
    /// Without objective, and without integers where `relaxed`.
    pub(super) problem: Arc<Problem>,
}

impl Whole {
    pub(super) fn of(problem: &Problem, relaxed: bool) -> Self {
        let plain = problem.without_objective();
        let mut patch = Patch::new();
        for j in (0..plain.num_columns()).filter(|&j| relaxed && plain.kind(j) == ColumnKind::Integer) {
            patch.kind(j, ColumnKind::Continuous);
        }
        // Kinds that are there, of columns that are there: an indicator's column is never relaxed.
        let problem = patch.apply(&plain).unwrap_or(plain);
        Self { problem: Arc::new(problem) }
    }

    /// Every finite side and bound that is not taken as given.
    pub(super) fn members(&self) -> BTreeSet<Member> {
        let p = &self.problem;
        let given = given_bounds(p);
        let rows = (0..p.num_rows()).flat_map(|i| row_members(p, i));
        let bounds = (0..p.num_columns()).filter(|&j| !given[j]).flat_map(|j| bound_members(p, j));
        rows.chain(bounds).collect()
    }

    /// The patch that sets members aside, or puts them back.
    pub(super) fn patch(&self, aside: &[Member], back: &[Member]) -> Patch {
        let mut patch = Patch::new();
        for member in aside {
            match *member {
                Member::Row(i, End::Lower) => patch.row_lower(i, f64::NEG_INFINITY),
                Member::Row(i, End::Upper) => patch.row_upper(i, f64::INFINITY),
                Member::Bound(j, End::Lower) => patch.lower(j, f64::NEG_INFINITY),
                Member::Bound(j, End::Upper) => patch.upper(j, f64::INFINITY),
            };
        }
        let p = &self.problem;
        for member in back {
            match *member {
                Member::Row(i, End::Lower) => patch.row_lower(i, p.row_lower()[i]),
                Member::Row(i, End::Upper) => patch.row_upper(i, p.row_upper()[i]),
                Member::Bound(j, End::Lower) => patch.lower(j, p.lower()[j]),
                Member::Bound(j, End::Upper) => patch.upper(j, p.upper()[j]),
            };
        }
        patch
    }

    /// The problem with these members alone; all others are set aside.
    pub(super) fn only(&self, members: &BTreeSet<Member>) -> Option<Arc<Problem>> {
        let aside: Vec<Member> = self.members().difference(members).copied().collect();
        let revision = Revision::new(&self.problem, &self.patch(&aside, &[])).ok()?;
        Some(Arc::clone(revision.problem()))
    }

    /// The members that Farkas multipliers use: the side each multiplier pushes against, and the bounds that stand against
    /// their sum.
    pub(super) fn support(&self, y: &[f64]) -> BTreeSet<Member> {
        let p = &self.problem;
        let largest = y.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        let mut used = BTreeSet::new();
        for (i, &v) in y.iter().enumerate().filter(|(_, v)| v.abs() > NOISE * largest) {
            used.insert(Member::Row(i, if v > 0.0 { End::Lower } else { End::Upper }));
        }
        for j in 0..p.num_columns() {
            let (mut sum, mut size) = (0.0, 0.0);
            for (i, a) in p.column(j).iter() {
                sum += a * y[i];
                size += (a * y[i]).abs();
            }
            if sum.abs() > NOISE * size {
                used.insert(Member::Bound(j, if sum > 0.0 { End::Upper } else { End::Lower }));
            }
        }
        used
    }
}

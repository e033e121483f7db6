//! Semicontinuous and semi-integer columns by a binary z: l z ≤ x ≤ u z.

use farkas_modeling::{ColumnKind, Problem};

use super::Bridge;
use super::draft::Draft;
use super::way::Recipe;
use crate::contract::Capabilities;

pub(super) struct Semis;

impl Bridge for Semis {
    fn name(&self) -> &'static str {
        "semicontinuous variables by binaries"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        (problem.num_semis() > 0 && !can.semicontinuous && can.integers)
            .then(|| format!("semicontinuous variables ({} here)", problem.num_semis()))
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        draft.way.is_discrete = true;
        for j in (0..draft.problem.num_columns()).filter(|&j| draft.problem.kind(j).is_semi()) {
            let whole = draft.data.kinds[j].is_integer();
            draft.data.kinds[j] = if whole { ColumnKind::Integer } else { ColumnKind::Continuous };
            let (lower, upper) = (draft.data.lower[j], draft.data.upper[j]);
            if lower <= 0.0 && upper >= 0.0 {
                continue; // zero is one of its values anyway
            }
            let hull = draft.interval(j as u32);
            let name = draft.column_name(j as u32);
            let least = if lower.is_finite() { lower } else { hull.least };
            let most = if upper.is_finite() { upper } else { hull.most };
            if !(least.is_finite() && most.is_finite()) {
                return Err(format!("'{name}', which is semicontinuous, lacks a bound"));
            }
            let what = || format!("'{name}', which is semicontinuous,");
            let (least, most) = (draft.big_m(least, what)?, draft.big_m(most, what)?);
            let j = j as u32;
            let on = draft.add_column(ColumnKind::Integer, 0.0, 1.0, Recipe::Nonzero(j));
            draft.add_row(f64::NEG_INFINITY, &[(j, 1.0), (on, -most)], 0.0);
            draft.add_row(0.0, &[(j, 1.0), (on, -least)], f64::INFINITY);
            draft.way.zero_unless(j, &[on]);
            let j = j as usize;
            (draft.data.lower[j], draft.data.upper[j]) = (lower.min(0.0), upper.max(0.0));
        }
        Ok(())
    }
}

//! Bounds of integer columns rounded inwards, for solvers that take whole ones alone.

use farkas_modeling::{ColumnKind, Problem};

use super::Bridge;
use super::draft::Draft;
use crate::contract::Capabilities;

/// A bound this close to an integer is that integer.
const NEARLY: f64 = 1e-9;

pub(super) struct WholeBounds;

impl Bridge for WholeBounds {
    fn name(&self) -> &'static str {
        "whole bounds for integer variables"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        let broken = |v: f64| v.is_finite() && v.fract() != 0.0;
        let any = (0..problem.num_columns())
            .any(|j| problem.kind(j).is_integer() && (broken(problem.lower()[j]) || broken(problem.upper()[j])));
        (can.whole_bounds && any).then(|| "integer variables with fractional bounds".to_owned())
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        for j in 0..draft.data.kinds.len() {
            if draft.data.kinds[j] == ColumnKind::Integer || draft.data.kinds[j] == ColumnKind::SemiInteger {
                draft.data.lower[j] = (draft.data.lower[j] - NEARLY).ceil();
                draft.data.upper[j] = (draft.data.upper[j] + NEARLY).floor();
            }
        }
        Ok(())
    }
}

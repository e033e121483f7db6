//! A row without a side becomes an empty one that holds: 0 ≤ 0.

use farkas_modeling::Problem;

use super::Bridge;
use super::draft::Draft;
use crate::contract::{Capabilities, is_free};

pub(super) struct FreeRows;

impl Bridge for FreeRows {
    fn name(&self) -> &'static str {
        "rows without a side by empty rows"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        // A switched row may become free once it is rewritten.
        let switched = !can.indicators && !problem.indicators().is_empty();
        let any = switched || (0..problem.num_rows()).any(|i| is_free(problem, i));
        (!can.free_rows && any).then(|| "rows without a side".to_owned())
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        for row in 0..draft.data.row_lower.len() as u32 {
            let i = row as usize;
            if draft.data.row_lower[i].is_infinite() && draft.data.row_upper[i].is_infinite() {
                draft.clear_row(row);
                draft.data.row_upper[i] = 0.0;
                draft.data.quadratic_rows.retain(|one| one.row != row);
                draft.data.indicators.retain(|one| one.row != row);
                draft.way.emptied.push(row);
            }
        }
        Ok(())
    }
}

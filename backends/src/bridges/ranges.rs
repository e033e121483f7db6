//! A row with two different sides as two rows: the row keeps its lower side, a twin gets the upper one.

use farkas_modeling::Problem;

use super::Bridge;
use super::draft::Draft;
use crate::contract::{Capabilities, is_range};

pub(super) struct Ranges;

impl Bridge for Ranges {
    fn name(&self) -> &'static str {
        "rows with two sides by two rows"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        let count = if can.ranges { 0 } else { (0..problem.num_rows()).filter(|&i| is_range(problem, i)).count() };
        (count > 0).then(|| format!("rows with two different sides ({count} here)"))
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        let changed = draft.has_additions();
        for row in 0..draft.problem.num_rows() as u32 {
            let i = row as usize;
            let (lower, upper) = (draft.data.row_lower[i], draft.data.row_upper[i]);
            // An indicator's row may have lost a side by now.
            if !(lower.is_finite() && upper.is_finite()) || lower.to_bits() == upper.to_bits() {
                continue;
            }
            if let Some(products) = draft.data.quadratic_rows.iter().find(|one| one.row == row).cloned() {
                let twin = draft.data.row_lower.len() as u32;
                draft.data.quadratic_rows.push(farkas_modeling::problem::QuadraticRow { row: twin, ..products });
            }
            if let Some(indicator) = draft.data.indicators.iter().find(|one| one.row == row).copied() {
                let twin = draft.data.row_lower.len() as u32;
                draft.data.indicators.push(farkas_modeling::problem::Indicator { row: twin, ..indicator });
            }
            let entries = if changed { draft.row(row) } else { own(draft.problem, i) };
            draft.data.row_upper[i] = f64::INFINITY;
            let twin = draft.add_row(f64::NEG_INFINITY, &entries, upper);
            draft.way.twins.push((row, twin));
        }
        Ok(())
    }
}

fn own(problem: &Problem, row: usize) -> Vec<(u32, f64)> {
    let (columns, values) = problem.by_rows().row(row);
    columns.iter().copied().zip(values.iter().copied()).collect()
}

//! Switched rows by big-Ms: with an activity up to U, "e ≤ u if b" is e + (U − u) b ≤ U, and "if not b" is
//! e − (U − u) b ≤ u; likewise for a lower side. A side that the bounds keep anyway is left out.

use farkas_modeling::Problem;

use super::Bridge;
use super::draft::Draft;
use super::implied::Interval;
use crate::contract::Capabilities;

pub(super) struct Indicators;

impl Bridge for Indicators {
    fn name(&self) -> &'static str {
        "indicator constraints by big-M from bounds"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        (!problem.indicators().is_empty() && !can.indicators && can.integers)
            .then(|| format!("indicator constraints ({} here)", problem.indicators().len()))
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        draft.way.is_discrete = true;
        let by_products = draft.has_additions();
        for indicator in std::mem::take(&mut draft.data.indicators) {
            let (row, binary) = (indicator.row, indicator.column);
            let name = draft.problem.row_names().get(row as usize).into_owned();
            if draft.data.quadratic_rows.iter().any(|one| one.row == row) {
                return Err(format!("'{name}' is switched and quadratic"));
            }
            let entries = if by_products { draft.row(row) } else { own_entries(draft.problem, row) };
            let mut activity = Interval { least: 0.0, most: 0.0 };
            for &(column, value) in &entries {
                let part = draft.interval(column).times(value);
                activity = Interval { least: activity.least + part.least, most: activity.most + part.most };
            }
            let i = row as usize;
            let (lower, upper) = (draft.data.row_lower[i], draft.data.row_upper[i]);
            (draft.data.row_lower[i], draft.data.row_upper[i]) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut free = true; // whether the row itself is still to be had
            let mut side = |draft: &mut Draft<'_>, side: f64, far: f64, is_upper: bool| -> Result<(), String> {
                if !far.is_finite() {
                    return Err(format!("the activity of '{name}', which is switched, has no bound"));
                }
                let m = draft.big_m(far - side, || format!("'{name}'"))?;
                let (value, moved) = if indicator.active { (m, far) } else { (-m, side) };
                let sides = if is_upper { (f64::NEG_INFINITY, moved) } else { (moved, f64::INFINITY) };
                if std::mem::take(&mut free) {
                    (draft.data.row_lower[i], draft.data.row_upper[i]) = sides;
                    draft.add_entry(row, binary, value);
                } else {
                    let copy = draft.add_row(sides.0, &entries, sides.1);
                    draft.add_entry(copy, binary, value);
                }
                Ok(())
            };
            if upper.is_finite() && activity.most > upper {
                side(draft, upper, activity.most, true)?;
            }
            if lower.is_finite() && activity.least < lower {
                side(draft, lower, activity.least, false)?;
            }
        }
        Ok(())
    }
}

fn own_entries(problem: &Problem, row: u32) -> Vec<(u32, f64)> {
    let (columns, values) = problem.by_rows().row(row as usize);
    columns.iter().copied().zip(values.iter().copied()).collect()
}

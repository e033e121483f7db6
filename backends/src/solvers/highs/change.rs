//! Changes an open problem in place, keeping the basis: bounds, costs, sides, kinds, coefficients, added and removed columns
//! and rows, each by one call. Where that is not possible, the whole problem is loaded again and the basis handed over.

use std::sync::Arc;

use farkas_modeling::Problem;
use farkas_modeling::patch::{Delta, Revision};

use super::ffi::{Failed, Instance, Wise};
use super::{HighsSession, is_mip, load, read};
use crate::contract::SessionError;

/// Each changed coefficient moves the rest of the matrix; beyond so many, loading the problem anew is faster.
const MOST_COEFFICIENTS: usize = 64;

impl HighsSession {
    /// Brings the instance to the problem that `revision` made; it fits HiGHS, as the caller has seen.
    pub(super) fn change(&mut self, revision: &Revision) -> Result<(), SessionError> {
        let (delta, before) = (revision.delta(), &**revision.base());
        let removes = !delta.removed_columns.is_empty() || !delta.removed_rows.is_empty();
        let reloads = must_reload(revision);
        let coefficients = !delta.coefficients.is_empty();
        let basis = if removes || reloads || coefficients { read::basis(&self.instance, before) } else { None };
        let done = if reloads { Err(Failed) } else { in_place(&mut self.instance, delta, before) };
        if let Err(Failed) = done {
            let failed = |Failed| SessionError::Broken("HiGHS did not load the changed problem".into());
            load(&mut self.instance, revision.problem()).map_err(failed)?;
        }
        if let (Some(basis), true) = (basis, done.is_err() || removes) {
            let basis = revision.carry_basis(&basis);
            // HiGHS mends one that is singular or incomplete, and begins without one that it cannot.
            let _ = self.instance.set_basis(&read::statuses(&basis.columns), &read::statuses(&basis.rows));
        }
        self.last_point =
            self.last_point.take().map(|point| completed(revision.carry_point(&point), revision.problem()));
        self.problem = Arc::clone(revision.problem());
        self.is_mip = is_mip(revision.problem());
        Ok(())
    }
}

/// Whether the whole problem is loaded anew: products are loaded with it, and many coefficients are loaded faster.
fn must_reload(revision: &Revision) -> bool {
    let (before, after) = (revision.base(), revision.problem());
    let without_columns = before.num_columns() == 0 || after.num_columns() == 0;
    !before.is_linear()
        || !after.is_linear()
        || without_columns
        || revision.delta().coefficients.len() > MOST_COEFFICIENTS
}

/// A point that was feasible before, with what is new at its bound nearest to zero.
fn completed(mut point: Vec<f64>, problem: &Problem) -> Vec<f64> {
    for (j, value) in point.iter_mut().enumerate().filter(|(_, value)| value.is_nan()) {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        *value = if problem.kind(j).is_semi() || lower > upper { 0.0 } else { 0.0_f64.clamp(lower, upper) };
    }
    point
}

fn in_place(instance: &mut Instance, delta: &Delta, before: &Problem) -> Result<(), Failed> {
    if let Some(sense) = delta.sense {
        instance.change_sense(sense == farkas_modeling::Sense::Maximize)?;
    }
    if let Some(offset) = delta.offset {
        instance.change_offset(offset)?;
    }
    if !delta.costs.is_empty() {
        let (columns, costs): (Vec<i32>, Vec<f64>) = delta.costs.iter().map(|&(j, cost)| (j as i32, cost)).unzip();
        instance.change_costs_of(&columns, &costs)?;
    }
    if !delta.bounds.is_empty() {
        let (columns, lower, upper) = columns_of(&delta.bounds);
        instance.change_bounds_of(&columns, &lower, &upper)?;
    }
    if !delta.kinds.is_empty() {
        let (columns, kinds): (Vec<i32>, Vec<i32>) =
            delta.kinds.iter().map(|&(j, kind)| (j as i32, kind as i32)).unzip();
        instance.change_kinds_of(&columns, &kinds)?;
    }
    if !delta.sides.is_empty() {
        let (rows, lower, upper) = columns_of(&delta.sides);
        instance.change_sides_of(&rows, &lower, &upper)?;
    }
    if !delta.coefficients.is_empty() {
        let entries = delta.coefficients.iter().map(|entry| (entry.row as i32, entry.column as i32, entry.value));
        instance.change_coefficients(&entries.collect::<Vec<_>>())?;
    }
    add(instance, delta, before)?;
    if !delta.removed_rows.is_empty() {
        let rows = before.num_rows() + delta.rows.len();
        instance.remove_rows(mask(&delta.removed_rows, rows))?;
    }
    if !delta.removed_columns.is_empty() {
        let columns = before.num_columns() + delta.columns.len();
        instance.remove_columns(mask(&delta.removed_columns, columns))?;
    }
    Ok(())
}

fn columns_of(triples: &[(u32, f64, f64)]) -> (Vec<i32>, Vec<f64>, Vec<f64>) {
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for &(at, lower, upper) in triples {
        parts.0.push(at as i32);
        parts.1.push(lower);
        parts.2.push(upper);
    }
    parts
}

fn add(instance: &mut Instance, delta: &Delta, before: &Problem) -> Result<(), Failed> {
    if !delta.columns.is_empty() {
        let costs: Vec<f64> = delta.columns.iter().map(|c| c.cost).collect();
        let lower: Vec<f64> = delta.columns.iter().map(|c| c.lower).collect();
        let upper: Vec<f64> = delta.columns.iter().map(|c| c.upper).collect();
        let entries = compressed(delta.columns.iter().map(|c| &*c.entries));
        instance.add_columns(&costs, &lower, &upper, &entries)?;
        if before.num_integers() + before.num_semis() > 0 || delta.columns.iter().any(|c| c.kind as u8 != 0) {
            let first = before.num_columns() as i32;
            let columns: Vec<i32> = (first..first + delta.columns.len() as i32).collect();
            let kinds: Vec<i32> = delta.columns.iter().map(|c| c.kind as i32).collect();
            instance.change_kinds_of(&columns, &kinds)?;
        }
    }
    if !delta.rows.is_empty() {
        let lower: Vec<f64> = delta.rows.iter().map(|r| r.lower).collect();
        let upper: Vec<f64> = delta.rows.iter().map(|r| r.upper).collect();
        let entries = compressed(delta.rows.iter().map(|r| &*r.entries));
        instance.add_rows(&lower, &upper, &entries)?;
    }
    Ok(())
}

/// Lists of entries one after the other.
fn compressed<'a>(lists: impl Iterator<Item = &'a [(u32, f64)]>) -> Wise {
    let mut wise = Wise::default();
    for list in lists {
        wise.starts.push(wise.values.len() as i32);
        wise.indices.extend(list.iter().map(|entry| entry.0 as i32));
        wise.values.extend(list.iter().map(|entry| entry.1));
    }
    wise
}

fn mask(removed: &[u32], len: usize) -> Vec<i32> {
    let mut mask = vec![0; len];
    for &at in removed {
        mask[at as usize] = 1;
    }
    mask
}

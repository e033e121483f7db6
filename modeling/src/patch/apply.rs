//! Makes the changed problem: arrays that nothing changes are shared with the old one, the matrix is written anew in one
//! pass where it changes, and the whole is validated as every problem is.

use super::Patch;
use super::delta::{Delta, GONE};
use crate::problem::{Buffer, DefectCode, Defects, Indicator, Place, Problem, ProblemBuffers, Product};

impl Patch {
    /// The problem with all changes made. The old one stays as it is.
    ///
    /// Arrays that do not change are shared, not copied, so that changing a few bounds of a large problem costs little.
    ///
    /// # Errors
    /// All defects at once: keys that are not there (`problem-unknown-name`, `problem-out-of-range`), an indicator whose
    /// column goes while its row stays, and all that [`Problem::new`] finds wrong.
    pub fn apply(&self, problem: &Problem) -> Result<Problem, Defects> {
        self.delta(problem).map(|(_, after)| after)
    }

    /// The changes by position, and what they make of the problem.
    pub(super) fn delta(&self, problem: &Problem) -> Result<(Delta, Problem), Defects> {
        let mut defects = Defects::default();
        let delta = Delta::of(self, problem, &mut defects);
        if defects.list.iter().any(|defect| defect.code == DefectCode::TooLarge) {
            return Err(defects);
        }
        let after = changed(problem, &delta, &mut defects);
        match after {
            Ok(after) if defects.count == 0 => Ok((delta, after)),
            Ok(_) => Err(defects),
            Err(found) => {
                defects.append(found);
                Err(defects)
            }
        }
    }
}

fn changed(old: &Problem, delta: &Delta, defects: &mut Defects) -> Result<Problem, Defects> {
    let mut new = old.buffers();
    new.column_names = new.column_names.map(crate::problem::Names::seen);
    new.row_names = new.row_names.map(crate::problem::Names::seen);
    new.sense = delta.sense.unwrap_or(new.sense);
    new.offset = delta.offset.unwrap_or(new.offset);
    numbers(&mut new, delta);
    if delta.changes_matrix() {
        matrix(&mut new, old, delta);
    }
    if delta.changes_shape() {
        reshape(&mut new, old, delta, defects);
    }
    let mut problem = Problem::from_buffers(new)?;
    if !delta.changes_matrix() {
        problem.share_rows(old);
    }
    Ok(problem)
}

/// A copy of the array with some values changed.
fn with<T: bytemuck::Pod, V>(array: &mut Buffer<T>, changes: &[V], change: impl Fn(&mut [T], &V)) {
    if !changes.is_empty() {
        let mut values = array.to_vec();
        for one in changes {
            change(&mut values, one);
        }
        *array = values.into();
    }
}

fn numbers(new: &mut ProblemBuffers, delta: &Delta) {
    with(&mut new.cost, &delta.costs, |cost, one| cost[one.0 as usize] = one.1);
    with(&mut new.lower, &delta.bounds, |lower, one| lower[one.0 as usize] = one.1);
    with(&mut new.upper, &delta.bounds, |upper, one| upper[one.0 as usize] = one.2);
    with(&mut new.kinds, &delta.kinds, |kinds, one| kinds[one.0 as usize] = one.1 as u8);
    with(&mut new.row_lower, &delta.sides, |lower, one| lower[one.0 as usize] = one.1);
    with(&mut new.row_upper, &delta.sides, |upper, one| upper[one.0 as usize] = one.2);
}

/// The old values that stay, and new ones behind them.
fn extended<T: bytemuck::Pod>(array: &mut Buffer<T>, places: Option<&[u32]>, added: impl Iterator<Item = T>) {
    let Some(places) = places else { return };
    let stays = array.iter().zip(places).filter(|(_, place)| **place != GONE).map(|(value, _)| *value);
    *array = stays.chain(added).collect::<Vec<T>>().into();
}

fn reshape(new: &mut ProblemBuffers, old: &Problem, delta: &Delta, defects: &mut Defects) {
    let columns = delta.column_places.as_deref();
    extended(&mut new.cost, columns, delta.columns.iter().map(|c| c.cost));
    extended(&mut new.lower, columns, delta.columns.iter().map(|c| c.lower));
    extended(&mut new.upper, columns, delta.columns.iter().map(|c| c.upper));
    extended(&mut new.kinds, columns, delta.columns.iter().map(|c| c.kind as u8));
    let rows = delta.row_places.as_deref();
    extended(&mut new.row_lower, rows, delta.rows.iter().map(|r| r.lower));
    extended(&mut new.row_upper, rows, delta.rows.iter().map(|r| r.upper));
    if let Some(places) = columns {
        let stay = staying(places, old.num_columns(), delta.columns.len());
        let added = delta.columns.iter().map(|column| column.name.clone());
        new.column_names = Some(old.column_names().revised(&stay, added, "C"));
        for set in &mut new.sets {
            set.members.retain_mut(|(column, _)| {
                *column = places[*column as usize];
                *column != GONE
            });
        }
        new.sets.retain(|set| !set.members.is_empty());
        keep_products(&mut new.quadratic_objective, places);
        new.quadratic_rows.iter_mut().for_each(|row| keep_products(&mut row.products, places));
    }
    if let Some(places) = rows {
        let stay = staying(places, old.num_rows(), delta.rows.len());
        let added = delta.rows.iter().map(|row| row.name.clone());
        new.row_names = Some(old.row_names().revised(&stay, added, "R"));
        new.quadratic_rows.iter_mut().for_each(|row| row.row = places[row.row as usize]);
    }
    new.quadratic_rows.retain(|row| row.row != GONE && !row.products.is_empty());
    let place = |places: Option<&[u32]>, at: u32| places.map_or(at, |places| places[at as usize]);
    let mut indicators = Vec::with_capacity(new.indicators.len());
    for old_one in &new.indicators {
        let (row, column) = (place(rows, old_one.row), place(columns, old_one.column));
        if row == GONE {
            continue;
        }
        if column == GONE {
            let (i, name) = (old_one.row as usize, old.row_names().get(old_one.row as usize).into_owned());
            let switch = old.column_names().get(old_one.column as usize);
            let detail = format!("its indicator '{switch}' is removed; remove the constraint too, or keep both");
            defects.add(DefectCode::OutOfRange, Place::Row(i, name), detail);
        } else {
            indicators.push(Indicator { row, column, ..*old_one });
        }
    }
    new.indicators = indicators;
}

/// Products of columns that stay; their order does not change.
fn keep_products(products: &mut Vec<Product>, places: &[u32]) {
    products.retain_mut(|product| {
        (product.first, product.second) = (places[product.first as usize], places[product.second as usize]);
        product.first != GONE && product.second != GONE
    });
}

/// The old positions that stay, and those of what was added behind them.
fn staying(places: &[u32], old: usize, added: usize) -> Vec<u32> {
    let stay = (0..old as u32).filter(|&at| places[at as usize] != GONE);
    stay.chain(old as u32..(old + added) as u32).collect()
}

/// The whole matrix once more: old columns with their changes and the entries of new rows, then new columns.
fn matrix(new: &mut ProblemBuffers, old: &Problem, delta: &Delta) {
    let n = old.num_columns();
    let row_place = |i: u32| delta.row_places.as_ref().map_or(i, |places| places[i as usize]);
    let column_goes = |j: usize| delta.column_places.as_ref().is_some_and(|places| places[j] == GONE);
    let below = NewRowsByColumn::of(delta, n, old.num_rows());
    let expected = old.num_nonzeros() + below.rows.len() + delta.coefficients.len();
    let (mut indices, mut values) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
    let mut starts = Vec::with_capacity(n + delta.columns.len() + 1);
    starts.push(0_u32);
    let mut changes = delta.coefficients.iter().peekable();
    for j in 0..n {
        if column_goes(j) {
            while changes.next_if(|entry| entry.column as usize == j).is_some() {}
            continue;
        }
        let mut put = |i: u32, value: f64| {
            let place = row_place(i);
            if place != GONE {
                indices.push(place);
                values.push(value);
            }
        };
        let view = old.column(j);
        for (&i, &value) in view.rows.iter().zip(view.values) {
            while let Some(before) = changes.next_if(|e| e.column as usize == j && e.row < i) {
                if before.value != 0.0 {
                    put(before.row, before.value);
                }
            }
            match changes.next_if(|e| e.column as usize == j && e.row == i) {
                Some(instead) if instead.value == 0.0 => {}
                Some(instead) => put(i, instead.value),
                None => put(i, value),
            }
        }
        while let Some(after) = changes.next_if(|e| e.column as usize == j) {
            if after.value != 0.0 {
                put(after.row, after.value);
            }
        }
        below.append(j, &mut indices, &mut values);
        starts.push(indices.len() as u32);
    }
    for (k, column) in delta.columns.iter().enumerate() {
        for &(i, value) in &column.entries {
            indices.push(row_place(i));
            values.push(value);
        }
        below.append(n + k, &mut indices, &mut values);
        starts.push(indices.len() as u32);
    }
    (new.starts, new.indices, new.values) = (starts.into(), indices.into(), values.into());
}

/// The entries of added rows, column by column.
struct NewRowsByColumn {
    /// Positions of each column's entries; empty where no row is added.
    starts: Vec<u32>,
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl NewRowsByColumn {
    fn of(delta: &Delta, n: usize, m: usize) -> Self {
        if delta.rows.is_empty() {
            return Self { starts: Vec::new(), rows: Vec::new(), values: Vec::new() };
        }
        let mut starts = vec![0_u32; n + delta.columns.len() + 1];
        for (column, _) in delta.rows.iter().flat_map(|row| &row.entries) {
            starts[*column as usize + 1] += 1;
        }
        for j in 1..starts.len() {
            starts[j] += starts[j - 1];
        }
        let all = starts[starts.len() - 1] as usize;
        let (mut rows, mut values, mut next) = (vec![0; all], vec![0.0; all], starts.clone());
        // Added rows follow the old ones that stay, in order.
        let first = m - delta.removed_rows.len();
        for (row, number) in delta.rows.iter().zip(first as u32..) {
            for &(column, value) in &row.entries {
                let at = next[column as usize] as usize;
                (rows[at], values[at]) = (number, value);
                next[column as usize] += 1;
            }
        }
        Self { starts, rows, values }
    }

    fn append(&self, column: usize, indices: &mut Vec<u32>, values: &mut Vec<f64>) {
        if let Some(&[from, to]) = self.starts.get(column..column + 2) {
            indices.extend_from_slice(&self.rows[from as usize..to as usize]);
            values.extend_from_slice(&self.values[from as usize..to as usize]);
        }
    }
}

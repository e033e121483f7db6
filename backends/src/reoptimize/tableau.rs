//! The variables of a linear program, columns' values and rows' activities alike, as linear functions of the nonbasic
//! ones: a dense table in which a basic and a nonbasic variable change places. [`Path`](super::path::Path) goes on from one without
//! writing it anew.

use farkas_modeling::Problem;
use farkas_modeling::answer::{Basis, BasisStatus};

/// A smaller entry is no pivot while a basis is built.
const LEAST_PIVOT: f64 = 1e-9;

/// Numbers beside each other in the sums below: wide enough for any vector unit.
const LANES: usize = 8;

/// n columns and m rows are n + m variables: column j is variable j, the activity of row i is variable n + i. m of them are basic.
#[derive(Debug, Clone, Default)]
pub(super) struct Tableau {
    /// (m + 1) × n, row by row: each basic variable's, and last the minimised objective's, in the nonbasic ones.
    entries: Vec<f64>,
    /// n.
    width: usize,
    /// m variables.
    basic: Vec<u32>,
    /// n variables.
    nonbasic: Vec<u32>,
    /// m: 1 and the squares of a basic's row, summed.
    norms: Vec<f64>,
}

impl Tableau {
    /// All activities basic.
    pub(super) fn of(problem: &Problem) -> Self {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        let mut entries = vec![0.0; (m + 1) * n];
        for j in 0..n {
            for (i, a) in problem.column(j).iter() {
                entries[i * n + j] = a;
            }
            entries[m * n + j] = problem.sense().sign() * problem.cost()[j];
        }
        let norms = entries.chunks_exact(n.max(1)).take(m).map(|row| 1.0 + dot(row, row)).collect();
        Self { entries, width: n, basic: (n as u32..).take(m).collect(), nonbasic: (0..n as u32).collect(), norms }
    }

    /// The same with the basic variables of a basis; `None` where it is singular, or no basis.
    pub(super) fn turned_to(mut self, basis: &Basis) -> Option<Self> {
        let is_basic = |status: &BasisStatus| *status == BasisStatus::Basic;
        let mut entering: Vec<usize> = (0..self.width).filter(|&j| is_basic(&basis.columns[j])).collect();
        let leaving: Vec<usize> = (0..self.basic.len()).filter(|&i| !is_basic(&basis.rows[i])).collect();
        if entering.len() != leaving.len() {
            return None;
        }
        for row in leaving {
            let size = |at: usize| self.row(row)[entering[at]].abs();
            let at = (0..entering.len()).max_by(|&a, &b| size(a).total_cmp(&size(b)))?;
            if size(at) < LEAST_PIVOT {
                return None;
            }
            self.exchange(row, entering.swap_remove(at));
        }
        Some(self)
    }

    pub(super) fn basic(&self) -> &[u32] {
        &self.basic
    }

    pub(super) fn nonbasic(&self) -> &[u32] {
        &self.nonbasic
    }

    pub(super) fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// How the basic variable in place `row` depends on the nonbasic ones.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.entries[row * self.width..][..self.width]
    }

    /// Reduced costs of the nonbasic variables, for minimising.
    pub(super) fn reduced_costs(&self) -> &[f64] {
        self.row(self.basic.len())
    }

    /// How the basic variables depend on the nonbasic one in place `column`.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        self.entries.chunks_exact(self.width).take(self.basic.len()).map(move |row| row[column])
    }

    /// The basic variables' values, from the nonbasic ones'.
    pub(super) fn values(&self, at: &[f64], into: &mut Vec<f64>) {
        into.clear();
        into.extend(self.entries.chunks_exact(self.width).take(self.basic.len()).map(|row| dot(row, at)));
    }

    /// The basic variable in place `row` and the nonbasic one in place `column` change places.
    pub(super) fn exchange(&mut self, row: usize, column: usize) {
        let width = self.width;
        let (before, rest) = self.entries.split_at_mut(row * width);
        let (own, after) = rest.split_at_mut(width);
        let pivot = own[column];
        for entry in &mut *own {
            *entry /= -pivot;
        }
        own[column] = 1.0 / pivot;
        let (norms_before, rest) = self.norms.split_at_mut(row);
        let (own_norm, norms_after) = rest.split_at_mut(1);
        own_norm[0] = 1.0 + dot(own, own);
        substitute(before, norms_before, column, own);
        substitute(after, norms_after, column, own);
        std::mem::swap(&mut self.basic[row], &mut self.nonbasic[column]);
    }
}

/// Puts what a nonbasic variable has become into rows (the last of which may have no norm).
fn substitute(rows: &mut [f64], norms: &mut [f64], column: usize, by: &[f64]) {
    let mut norms = norms.iter_mut();
    for row in rows.chunks_exact_mut(by.len()) {
        let norm = norms.next();
        let factor = std::mem::take(&mut row[column]);
        if factor != 0.0 {
            let squares = add_multiple(row, factor, by);
            if let Some(norm) = norm {
                *norm = 1.0 + squares;
            }
        }
    }
}

/// row += factor · by. Returns the sum of the row's squares.
fn add_multiple(row: &mut [f64], factor: f64, by: &[f64]) -> f64 {
    let mut squares = [0.0; LANES];
    let (mut rows, mut bys) = (row.chunks_exact_mut(LANES), by.chunks_exact(LANES));
    for (row, by) in rows.by_ref().zip(bys.by_ref()) {
        for lane in 0..LANES {
            row[lane] += factor * by[lane];
            squares[lane] += row[lane] * row[lane];
        }
    }
    let mut sum: f64 = squares.iter().sum();
    for (entry, by) in rows.into_remainder().iter_mut().zip(bys.remainder()) {
        *entry += factor * by;
        sum += *entry * *entry;
    }
    sum
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

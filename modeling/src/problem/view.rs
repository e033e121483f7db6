//! The matrix as columns and, transposed once, as rows.

use super::defects::columns_ascend;
use super::{Problem, ProblemData};

/// One column of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct ColumnView<'a> {
    /// Its rows, ascending.
    pub rows: &'a [u32],
    /// The value in each.
    pub values: &'a [f64],
}

impl<'a> ColumnView<'a> {
    /// Pairs of row and value.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        self.rows.iter().zip(self.values).map(|(&i, &v)| (i as usize, v))
    }
}

/// The matrix row by row (CSR).
#[derive(Debug, Clone, PartialEq)]
pub struct RowMatrix {
    /// m + 1 positions.
    pub starts: Vec<u32>,
    /// Column of each nonzero, ascending within its row.
    pub columns: Vec<u32>,
    /// Its value.
    pub values: Vec<f64>,
}

impl RowMatrix {
    /// Transposes by counting: O(m + n + nonzeros), no comparison.
    pub fn transpose(problem: &Problem) -> Self {
        let m = problem.num_rows();
        let mut starts = vec![0_u32; m + 1];
        for &i in problem.indices() {
            starts[i as usize + 1] += 1;
        }
        for i in 0..m {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut columns = vec![0_u32; problem.num_nonzeros()];
        let mut values = vec![0.0; problem.num_nonzeros()];
        for j in 0..problem.num_columns() {
            for (i, v) in problem.column(j).iter() {
                let at = next[i] as usize;
                columns[at] = j as u32;
                values[at] = v;
                next[i] += 1;
            }
        }
        Self { starts, columns, values }
    }

    /// Row `i`: columns and values.
    pub fn row(&self, i: usize) -> (&[u32], &[f64]) {
        let range = self.starts[i] as usize..self.starts[i + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }
}

/// Sorts the rows within each column and adds up repeated entries. Shapes are checked already.
pub(super) fn sort_and_merge(data: &mut ProblemData) {
    let n = data.cost.len();
    if columns_ascend(&data.starts, &data.indices) {
        return;
    }
    let mut kept = 0;
    let mut entries: Vec<(u32, f64)> = Vec::new();
    let mut from = 0;
    for j in 0..n {
        let to = data.starts[j + 1] as usize;
        entries.clear();
        entries.extend(data.indices[from..to].iter().copied().zip(data.values[from..to].iter().copied()));
        entries.sort_by_key(|e| e.0);
        let begin = kept;
        for &(row, value) in &entries {
            if kept > begin && data.indices[kept - 1] == row {
                data.values[kept - 1] += value;
            } else {
                data.indices[kept] = row;
                data.values[kept] = value;
                kept += 1;
            }
        }
        from = to;
        data.starts[j + 1] = kept as u32;
    }
    data.indices.truncate(kept);
    data.values.truncate(kept);
}

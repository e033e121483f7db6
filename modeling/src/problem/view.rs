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

/// Rows of a dense matrix that are put together side by side.
const BAND: usize = 32;

/// Entries that a column has in a band, on average, where bands are worth it.
const BAND_ENTRIES: usize = 8;

/// From so many entries on, a transpose is made in bands unless somebody has to jump among the rows: kept, it takes as much
/// memory as the problem itself.
const MOST_KEPT: usize = 1 << 19;

/// So many bands, then: each holds that part of the transpose, and each looks at every column once.
const BANDS: usize = 16;

/// Where each row begins among all entries, and where the last ends.
pub(super) fn starts(problem: &Problem) -> Vec<u32> {
    let m = problem.num_rows();
    let mut starts = vec![0_u32; m + 1];
    for &i in problem.indices() {
        starts[i as usize + 1] += 1;
    }
    for i in 0..m {
        starts[i + 1] += starts[i];
    }
    starts
}

/// How many rows are better made side by side by those who look at each once; `None` where a transpose that is kept is.
pub(super) fn band(problem: &Problem) -> Option<usize> {
    let (m, entries) = (problem.num_rows(), problem.num_nonzeros());
    let is_dense = entries / BAND_ENTRIES >= m.div_ceil(BAND) * problem.num_columns().max(1);
    match (is_dense, entries > MOST_KEPT) {
        (true, _) => Some(BAND),
        (false, true) => Some(m.div_ceil(BANDS).max(1)),
        (false, false) => None,
    }
}

/// Hands out row after row, made in a band of so many rows at a time.
pub(super) fn each_row_by_bands<E>(
    problem: &Problem,
    band: usize,
    mut take: impl FnMut(usize, &[u32], &[f64]) -> Result<(), E>,
) -> Result<(), E> {
    let (m, starts) = (problem.num_rows(), starts(problem));
    let mut seen = problem.starts()[..problem.num_columns()].to_vec();
    let (mut columns, mut values, mut next) = (Vec::new(), Vec::new(), Vec::with_capacity(band));
    for first in (0..m).step_by(band) {
        let behind = (first + band).min(m);
        let begin = starts[first];
        let entries = (starts[behind] - begin) as usize;
        columns.resize(entries, 0_u32);
        values.resize(entries, 0.0);
        next.clear();
        next.extend(starts[first..behind].iter().map(|start| start - begin));
        for (j, seen) in seen.iter_mut().enumerate() {
            let ahead = *seen as usize..problem.starts()[j + 1] as usize;
            let inside = inside(&problem.indices()[ahead.clone()], behind, band);
            let entries = inside.iter().zip(&problem.values()[ahead]);
            for (&i, &v) in entries {
                let next = &mut next[i as usize - first];
                let at = *next as usize;
                (columns[at], values[at]) = (j as u32, v);
                *next += 1;
            }
            *seen += inside.len() as u32;
        }
        for i in first..behind {
            let range = (starts[i] - begin) as usize..(starts[i + 1] - begin) as usize;
            take(i, &columns[range.clone()], &values[range])?;
        }
    }
    Ok(())
}

/// Those at the front of ascending rows that come before `behind`, which are no more than the band has rows. They are counted
/// first, so that the loop over them has no other end to look for.
fn inside(rows: &[u32], behind: usize, band: usize) -> &[u32] {
    let most = &rows[..rows.len().min(band)];
    match most.last() {
        Some(&last) if last as usize >= behind => &most[..most.partition_point(|&i| (i as usize) < behind)],
        _ => most,
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
        let starts = starts(problem);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Dense enough for bands, with rows and columns left empty and a last band that is not full.
    #[test]
    fn bands_hand_out_what_the_transpose_has() {
        for (m, n, every) in [(150, 40, 1), (64, 9, 2), (200, 31, 3), (1, 20, 1), (65, 5, 1)] {
            let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
            for j in 0..n {
                let rows = (0..m).filter(|i| j != 3 && i % 7 != 6 && (i + j) % every == 0);
                for i in rows {
                    indices.push(i);
                    values.push(f64::from(1 + i * 100 + j));
                }
                starts.push(indices.len() as u32);
            }
            let (n, m) = (n as usize, m as usize);
            let free = |len| (vec![f64::NEG_INFINITY; len], vec![f64::INFINITY; len]);
            let ((lower, upper), (row_lower, row_upper)) = (free(n), free(m));
            let cost = vec![0.0; n];
            let data = ProblemData {
                cost,
                lower,
                upper,
                row_lower,
                row_upper,
                starts,
                indices,
                values,
                ..ProblemData::default()
            };
            let problem = Problem::new(data).expect("sound");
            let rows = RowMatrix::transpose(&problem);
            assert_eq!(problem.row_starts(), rows.starts);
            for band in [1, 7, BAND, 1000] {
                let mut next = 0;
                let handed = each_row_by_bands(&problem, band, |i, columns, values| {
                    assert_eq!((i, (columns, values)), (next, rows.row(i)));
                    next += 1;
                    Ok::<(), ()>(())
                });
                assert_eq!((handed, next), (Ok(()), m));
                assert_eq!(each_row_by_bands(&problem, band, |i, _, _| Err::<(), usize>(i)), Err(0));
            }
        }
    }
}

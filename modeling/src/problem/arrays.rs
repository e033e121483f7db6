//! Problems from raw compressed arrays, as other programs hold them: by columns (CSC) or by rows (CSR), indices of any
//! integer type.

use super::{DefectCode, Defects, MOST_ENTRIES, Place, Problem, ProblemData};

impl Problem {
    /// A problem whose matrix comes column by column: entry k of column j, `starts[j] ≤ k < starts[j + 1]`, is `values[k]` in
    /// row `indices[k]`. All but the matrix stands in `data`.
    ///
    /// ```
    /// use farkas_modeling::{Problem, ProblemData};
    /// let data = ProblemData {
    ///     cost: vec![1.0, 2.0], lower: vec![0.0; 2], upper: vec![9.0; 2],
    ///     row_lower: vec![3.0, 1.0], row_upper: vec![f64::INFINITY; 2], ..ProblemData::default()
    /// };
    /// // x + y ≥ 3,  y ≥ 1
    /// let problem = Problem::from_csc(data, &[0_i64, 1, 3], &[0_i64, 0, 1], &[1.0; 3])?;
    /// assert_eq!(problem.by_rows().row(0), (&[0, 1][..], &[1.0, 1.0][..]));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    ///
    /// # Errors
    /// All defects at once, as [`Problem::new`]; among them positions and indices that are negative or too large.
    pub fn from_csc<I: Copy + TryInto<u32>>(
        mut data: ProblemData,
        starts: &[I],
        indices: &[I],
        values: &[f64],
    ) -> Result<Self, Defects> {
        data.starts = narrow(starts, "column starts")?;
        data.indices = narrow(indices, "row indices")?;
        data.values = values.to_vec();
        Self::new(data)
    }

    /// A problem whose matrix comes row by row: entry k of row i, `starts[i] ≤ k < starts[i + 1]`, is `values[k]` in column
    /// `indices[k]`. All but the matrix stands in `data`.
    ///
    /// # Errors
    /// As [`from_csc`](Self::from_csc).
    pub fn from_csr<I: Copy + TryInto<u32>>(
        mut data: ProblemData,
        starts: &[I],
        indices: &[I],
        values: &[f64],
    ) -> Result<Self, Defects> {
        let (starts, columns) = (narrow(starts, "row starts")?, narrow(indices, "column indices")?);
        let (n, m) = (data.cost.len(), data.row_lower.len());
        check(&starts, &columns, values.len(), n, m)?;
        let mut ends = vec![0_u32; n + 1];
        for &j in &columns {
            ends[j as usize + 1] += 1;
        }
        for j in 1..=n {
            ends[j] += ends[j - 1];
        }
        let mut next = ends.clone();
        let (mut rows, mut sorted) = (vec![0_u32; columns.len()], vec![0.0; columns.len()]);
        for i in 0..m {
            for k in starts[i] as usize..starts[i + 1] as usize {
                let at = &mut next[columns[k] as usize];
                (rows[*at as usize], sorted[*at as usize]) = (i as u32, values[k]);
                *at += 1;
            }
        }
        (data.starts, data.indices, data.values) = (ends, rows, sorted);
        Self::new(data)
    }
}

/// Indices as problems have them.
fn narrow<I: Copy + TryInto<u32>>(indices: &[I], what: &str) -> Result<Vec<u32>, Defects> {
    let narrowed: Option<Vec<u32>> = indices.iter().map(|&index| index.try_into().ok()).collect();
    narrowed.ok_or_else(|| defect(DefectCode::OutOfRange, format!("{what} that are negative or beyond 32 bits")))
}

fn check(starts: &[u32], columns: &[u32], values: usize, n: usize, m: usize) -> Result<(), Defects> {
    let entries = columns.len();
    if entries > MOST_ENTRIES {
        return Err(defect(DefectCode::TooLarge, format!("{entries} nonzeros; at most {MOST_ENTRIES} fit")));
    }
    let rising =
        starts.is_sorted() && starts.first() == Some(&0) && starts.last().map(|&e| e as usize) == Some(entries);
    if starts.len() != m + 1 || !rising || values != entries {
        let detail = format!("{m} rows need {} starts, rising from 0 to the number of indices and values", m + 1);
        return Err(defect(DefectCode::Shape, detail));
    }
    match columns.iter().max().filter(|&&j| j as usize >= n) {
        Some(worst) => Err(defect(DefectCode::OutOfRange, format!("column index {worst}, but there are {n} columns"))),
        None => Ok(()),
    }
}

fn defect(code: DefectCode, detail: String) -> Defects {
    let mut defects = Defects::default();
    defects.add(code, Place::Problem, detail);
    defects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> ProblemData {
        ProblemData {
            cost: vec![1.0; 3],
            lower: vec![0.0; 3],
            upper: vec![1.0; 3],
            row_lower: vec![0.0; 2],
            row_upper: vec![1.0; 2],
            ..ProblemData::default()
        }
    }

    #[test]
    fn rows_and_columns_make_the_same_problem() {
        // 1 . 2
        // 3 4 .
        let by_rows = Problem::from_csr(data(), &[0_usize, 2, 4], &[0, 2, 1, 0], &[1.0, 2.0, 4.0, 3.0]).unwrap();
        let by_columns = Problem::from_csc(data(), &[0_i32, 2, 3, 4], &[0, 1, 1, 0], &[1.0, 3.0, 4.0, 2.0]).unwrap();
        assert_eq!(by_rows, by_columns);
        let repeated = Problem::from_csr(data(), &[0_u64, 3, 3], &[1, 1, 1], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(repeated.column(1).iter().collect::<Vec<_>>(), [(0, 6.0)]);
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let csr = |starts: &[i64], indices: &[i64], values: &[f64]| {
            Problem::from_csr(data(), starts, indices, values).unwrap_err().list[0].code
        };
        assert_eq!(csr(&[0, 1, 1], &[3], &[1.0]), DefectCode::OutOfRange);
        assert_eq!(csr(&[0, 1, 1], &[-1], &[1.0]), DefectCode::OutOfRange);
        assert_eq!(csr(&[0, 1, 1], &[1 << 40], &[1.0]), DefectCode::OutOfRange);
        assert_eq!(csr(&[0, 2, 1], &[0], &[1.0]), DefectCode::Shape);
        assert_eq!(csr(&[0, 1], &[0], &[1.0]), DefectCode::Shape);
        assert_eq!(csr(&[0, 1, 1], &[0], &[]), DefectCode::Shape);
        assert_eq!(csr(&[], &[], &[]), DefectCode::Shape);
        assert_eq!(csr(&[0, 1, 1], &[0], &[f64::NAN]), DefectCode::NotANumber);
    }
}

//! Coefficients as readers meet them, turned into columns by counting.

use crate::problem::ProblemData;

/// Row, column and coefficient.
pub(crate) type Triplet = (u32, u32, f64);

/// Stores the coefficients that are not zero as the matrix of a problem whose columns are there already. Every column
/// index is below their number.
pub(crate) fn store(mut entries: Vec<Triplet>, data: &mut ProblemData) {
    entries.retain(|e| e.2 != 0.0);
    let n = data.cost.len();
    let mut next = vec![0_u32; n + 1];
    for &(_, column, _) in &entries {
        next[column as usize + 1] += 1;
    }
    for j in 0..n {
        next[j + 1] += next[j];
    }
    data.starts.clone_from(&next);
    data.indices = vec![0; entries.len()];
    data.values = vec![0.0; entries.len()];
    for (row, column, value) in entries {
        let at = &mut next[column as usize];
        data.indices[*at as usize] = row;
        data.values[*at as usize] = value;
        *at += 1;
    }
}

//! Problems over matrices of the crate `sprs`, compressed by rows or by columns.

use farkas_modeling::problem::Defects;
use farkas_modeling::{Problem, ProblemData};
use sprs::{CsMatI, SpIndex};

/// A problem whose matrix is an `sprs` one: rows are constraints. All but the matrix stands in `data`.
///
/// ```
/// use farkas::modeling::ProblemData;
/// use sprs::TriMat;
/// let mut matrix = TriMat::new((1, 2));
/// matrix.add_triplet(0, 0, 1.0);
/// matrix.add_triplet(0, 1, 2.0);
/// let data = ProblemData {
///     cost: vec![1.0, 1.0], lower: vec![0.0; 2], upper: vec![9.0; 2],
///     row_lower: vec![4.0], row_upper: vec![f64::INFINITY], ..ProblemData::default()
/// };
/// let problem = farkas::sprs::problem(data, &matrix.to_csr::<usize>())?;
/// assert_eq!((problem.num_rows(), problem.num_nonzeros()), (1, 2));
/// # Ok::<(), farkas::modeling::problem::Defects>(())
/// ```
///
/// # Errors
/// As [`Problem::from_csr`].
pub fn problem<I: SpIndex + TryInto<u32>>(data: ProblemData, matrix: &CsMatI<f64, I>) -> Result<Problem, Defects> {
    let starts = matrix.proper_indptr();
    if matrix.is_csr() {
        Problem::from_csr(data, &starts, matrix.indices(), matrix.data())
    } else {
        Problem::from_csc(data, &starts, matrix.indices(), matrix.data())
    }
}

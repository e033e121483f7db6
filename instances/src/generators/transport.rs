//! Transport with linking rows: as large as wanted and solved at once, for measuring what stands around the solver.

use farkas_modeling::model::prelude::*;

/// `n` plants and `n` cities: `n² + n` columns, of which the `n` that open a plant are binary, `n² + 2 n` rows,
/// about `4 n²` nonzeros. No seed: costs follow a pattern.
///
/// ```
/// let problem = farkas_instances::generators::transport(10).freeze()?;
/// assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_nonzeros()), (120, 110, 410));
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
pub fn transport(n: usize) -> Model {
    let cost = |p: usize, c: usize| ((7 * p + 13 * c) % 97 + 1) as f64;
    let mut m = Model::new(format!("transport-{n}"));
    let open = m.binary("open").over(0..n);
    let ship = m.nonnegative("ship").over((0..n, 0..n));
    m.minimize(sum(0..n, |p| 100 * open[p]) + sum((0..n, 0..n), |(p, c)| cost(p, c) * ship[(p, c)]));
    m.rows("demand", 0..n, |c| sum(0..n, |p| ship[(p, c)]).eq(1));
    m.rows("capacity", 0..n, |p| sum(0..n, |c| ship[(p, c)]).le(n as f64 * open[p]));
    m.rows("link", (0..n, 0..n), |(p, c)| ship[(p, c)].le(open[p]));
    m
}

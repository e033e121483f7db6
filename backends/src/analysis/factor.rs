//! A factorisation of a basis matrix, B = L U with rows chosen as pivots: left-looking, sparse, with threshold pivoting
//! (Davis, *Direct Methods for Sparse Linear Systems*, chapter 6). Solves with B and with its transpose.

/// Of the rows whose entry is at least this part of the largest, the one with the fewest entries becomes the pivot.
const THRESHOLD: f64 = 0.1;

/// A pivot smaller than this makes the matrix singular.
const LEAST_PIVOT: f64 = 1e-11;

/// The factors of a square matrix with columns 0 to m − 1.
pub(super) struct Factor {
    /// The order in which columns were taken.
    order: Vec<usize>,
    /// The pivot row of each step.
    pivot_rows: Vec<usize>,
    /// Below the pivot of each step: rows with multipliers.
    lower: Vec<Vec<(usize, f64)>>,
    /// Above the pivot of each step: earlier steps with values.
    upper: Vec<Vec<(usize, f64)>>,
    pivots: Vec<f64>,
}

impl Factor {
    /// Factorises; `None` where the matrix is singular. Columns are lists of rows with values.
    pub(super) fn new(columns: &[Vec<(usize, f64)>]) -> Option<Self> {
        let m = columns.len();
        let mut counts = vec![0_usize; m];
        columns.iter().flatten().for_each(|&(row, _)| counts[row] += 1);
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by_key(|&column| columns[column].len());
        let mut step_of: Vec<Option<usize>> = vec![None; m];
        let mut factor = Self { order, pivot_rows: vec![], lower: vec![], upper: vec![], pivots: vec![] };
        let mut work = vec![0.0; m];
        for step in 0..m {
            work.fill(0.0);
            for &(row, value) in &columns[factor.order[step]] {
                work[row] += value;
            }
            let mut above = Vec::new();
            for earlier in 0..step {
                let value = work[factor.pivot_rows[earlier]];
                if value != 0.0 {
                    above.push((earlier, value));
                    for &(row, multiplier) in &factor.lower[earlier] {
                        work[row] -= value * multiplier;
                    }
                }
            }
            let open = |row: &usize| step_of[*row].is_none() && work[*row] != 0.0;
            let largest = (0..m).filter(open).map(|row| work[row].abs()).fold(0.0, f64::max);
            if largest < LEAST_PIVOT {
                return None;
            }
            let candidates = (0..m).filter(open).filter(|&row| work[row].abs() >= THRESHOLD * largest);
            let pivot_row = candidates.min_by_key(|&row| counts[row])?;
            let pivot = work[pivot_row];
            let below = (0..m).filter(open).filter(|&row| row != pivot_row).map(|row| (row, work[row] / pivot));
            factor.lower.push(below.collect());
            factor.upper.push(above);
            factor.pivots.push(pivot);
            factor.pivot_rows.push(pivot_row);
            step_of[pivot_row] = Some(step);
        }
        Some(factor)
    }

    /// Solves B z = a: m values by row in, m values by column out.
    pub(super) fn solve(&self, mut a: Vec<f64>) -> Vec<f64> {
        let m = self.pivots.len();
        let mut by_step = vec![0.0; m];
        for step in 0..m {
            let value = a[self.pivot_rows[step]];
            by_step[step] = value;
            if value != 0.0 {
                for &(row, multiplier) in &self.lower[step] {
                    a[row] -= value * multiplier;
                }
            }
        }
        let mut z = vec![0.0; m];
        for step in (0..m).rev() {
            let value = by_step[step] / self.pivots[step];
            z[self.order[step]] = value;
            if value != 0.0 {
                for &(earlier, above) in &self.upper[step] {
                    by_step[earlier] -= above * value;
                }
            }
        }
        z
    }

    /// Solves Bᵀ y = c: m values by column in, m values by row out.
    pub(super) fn solve_transposed(&self, c: &[f64]) -> Vec<f64> {
        let m = self.pivots.len();
        let mut by_step = vec![0.0; m];
        for step in 0..m {
            let known: f64 = self.upper[step].iter().map(|&(earlier, above)| above * by_step[earlier]).sum();
            by_step[step] = (c[self.order[step]] - known) / self.pivots[step];
        }
        let mut y = vec![0.0; m];
        for step in (0..m).rev() {
            let known: f64 = self.lower[step].iter().map(|&(row, multiplier)| multiplier * y[row]).sum();
            y[self.pivot_rows[step]] = by_step[step] - known;
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_solves_is_solved() {
        // 2 . 1 .
        // . . 3 1
        // 4 5 . .
        // . 1 . 2
        let columns =
            [vec![(0, 2.0), (2, 4.0)], vec![(2, 5.0), (3, 1.0)], vec![(0, 1.0), (1, 3.0)], vec![(1, 1.0), (3, 2.0)]];
        let factor = Factor::new(&columns).expect("not singular");
        let (a, c) = (vec![1.0, -2.0, 3.0, 4.0], [5.0, 0.0, -1.0, 2.0]);
        let (z, y) = (factor.solve(a.clone()), factor.solve_transposed(&c));
        let mut rest = a;
        for (column, z) in columns.iter().zip(&z) {
            for &(row, value) in column {
                rest[row] -= value * z;
            }
        }
        assert!(rest.iter().all(|r| r.abs() < 1e-12), "{rest:?}");
        for (column, c) in columns.iter().zip(&c) {
            let product: f64 = column.iter().map(|&(row, value)| value * y[row]).sum();
            assert!((product - c).abs() < 1e-12);
        }
        assert!(Factor::new(&[vec![(0, 1.0), (1, 2.0)], vec![(0, 2.0), (1, 4.0)]]).is_none());
    }
}

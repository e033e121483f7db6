//! A problem as the slices CBC and Clp take: minimised, 32-bit indices, infinity as it is. Made from a validated
//! [`Problem`] alone, so lengths and indices always fit; what can be borrowed is.

use std::borrow::Cow;

use farkas_modeling::Problem;

use super::measure;

/// Borrowed from a problem; the costs are negated where it is maximised, so that everything below minimises.
pub(super) struct Arrays<'a> {
    starts: &'a [u32],
    indices: Cow<'a, [u32]>,
    values: &'a [f64],
    cost: Cow<'a, [f64]>,
    offset: f64,
    lower: Cow<'a, [f64]>,
    upper: Cow<'a, [f64]>,
    row_lower: Cow<'a, [f64]>,
    row_upper: Cow<'a, [f64]>,
    integer: Option<Vec<u8>>,
}

impl<'a> Arrays<'a> {
    /// The problem with its integers.
    pub fn of(problem: &'a Problem) -> Self {
        let integer = problem.kind_codes().iter().map(|&kind| u8::from(kind == 1)).collect();
        Self { integer: Some(integer), ..Self::relaxed(problem) }
    }

    /// The linear program without integers.
    pub fn relaxed(problem: &'a Problem) -> Self {
        let sign = problem.sense().sign();
        let cost = if sign > 0.0 {
            Cow::Borrowed(problem.cost())
        } else {
            Cow::Owned(problem.cost().iter().map(|c| -c).collect())
        };
        Self {
            starts: problem.starts(),
            indices: Cow::Borrowed(problem.indices()),
            values: problem.values(),
            cost,
            offset: sign * problem.offset(),
            lower: Cow::Borrowed(problem.lower()),
            upper: Cow::Borrowed(problem.upper()),
            row_lower: Cow::Borrowed(problem.row_lower()),
            row_upper: Cow::Borrowed(problem.row_upper()),
            integer: None,
        }
    }

    /// The same without an objective: any feasible point will do.
    pub fn without_cost(mut self) -> Self {
        self.cost = Cow::Owned(vec![0.0; self.cost.len()]);
        self.offset = 0.0;
        self
    }

    /// The same with other column bounds.
    ///
    /// # Panics
    /// When there are not n of each.
    pub fn with_bounds(mut self, lower: Vec<f64>, upper: Vec<f64>) -> Self {
        assert!(lower.len() == self.columns() && upper.len() == self.columns());
        self.lower = Cow::Owned(lower);
        self.upper = Cow::Owned(upper);
        self
    }

    /// The same with its rows in another order, which the seed decides. CBC's own seeds rarely change its path; the order
    /// of the rows breaks ties in every pivot and every cut.
    pub fn shuffled(mut self, seed: u32) -> Self {
        let place = permutation(self.rows(), u64::from(seed));
        for row in self.indices.to_mut() {
            *row = place[*row as usize];
        }
        for sides in [&mut self.row_lower, &mut self.row_upper] {
            let mut moved = vec![0.0; sides.len()];
            for (i, &side) in sides.iter().enumerate() {
                moved[place[i] as usize] = side;
            }
            *sides = Cow::Owned(moved);
        }
        self
    }

    /// Bounds and sides that cross by no more than `tolerance` made one value: Clp takes any crossing for infeasible.
    pub fn uncrossed(mut self, tolerance: f64) -> Self {
        if measure::crossed(&self.lower, &self.upper) > 0 {
            meet(self.lower.to_mut(), self.upper.to_mut(), tolerance);
        }
        if measure::crossed(&self.row_lower, &self.row_upper) > 0 {
            meet(self.row_lower.to_mut(), self.row_upper.to_mut(), tolerance);
        }
        self
    }

    /// n.
    pub fn columns(&self) -> usize {
        self.cost.len()
    }
    /// m.
    pub fn rows(&self) -> usize {
        self.row_lower.len()
    }
    /// n + 1 positions.
    pub fn starts(&self) -> &[u32] {
        self.starts
    }
    /// Row of each nonzero.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
    /// Value of each nonzero.
    pub fn values(&self) -> &[f64] {
        self.values
    }
    /// n costs, to be minimised.
    pub fn cost(&self) -> &[f64] {
        &self.cost
    }
    /// Constant of the minimised objective.
    pub fn offset(&self) -> f64 {
        self.offset
    }
    /// n lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }
    /// n upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }
    /// m lower sides.
    pub fn row_lower(&self) -> &[f64] {
        &self.row_lower
    }
    /// m upper sides.
    pub fn row_upper(&self) -> &[f64] {
        &self.row_upper
    }
    /// n flags, or none for a linear program.
    pub fn integer(&self) -> Option<&[u8]> {
        self.integer.as_deref()
    }

    /// A x.
    pub fn activities(&self, x: &[f64]) -> Vec<f64> {
        let mut activity = vec![0.0; self.rows()];
        for (j, &value) in x.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            for k in self.starts[j] as usize..self.starts[j + 1] as usize {
                activity[self.indices[k] as usize] += self.values[k] * value;
            }
        }
        activity
    }

    /// Aᵀy.
    pub fn combination(&self, y: &[f64]) -> Vec<f64> {
        (0..self.columns())
            .map(|j| {
                let range = self.starts[j] as usize..self.starts[j + 1] as usize;
                range.map(|k| self.values[k] * y[self.indices[k] as usize]).sum()
            })
            .collect()
    }
}

/// A permutation of 0..n: Fisher and Yates over `SplitMix64` (Steele, Lea and Flood 2014).
fn permutation(n: usize, seed: u64) -> Vec<u32> {
    let mut state = seed;
    let mut random = move |below: usize| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize % below
    };
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, random(i + 1));
    }
    order
}

fn meet(low: &mut [f64], high: &mut [f64], tolerance: f64) {
    for (l, u) in low.iter_mut().zip(high) {
        if *l > *u && *l - *u <= tolerance {
            let middle = 0.5 * (*l + *u);
            (*l, *u) = (middle, middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_moves_rows_and_loses_none() {
        for n in [0, 1, 2, 7, 100] {
            for seed in [0, 1, u64::MAX] {
                let mut order = permutation(n, seed);
                assert_eq!(order, permutation(n, seed), "{n} rows, seed {seed}: the same again");
                order.sort_unstable();
                assert!(order.iter().copied().eq(0..n as u32), "{n} rows, seed {seed}");
            }
        }
        assert_ne!(permutation(100, 1), permutation(100, 2));
    }
}

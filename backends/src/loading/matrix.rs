//! The matrix of a problem, column by column, as solvers' libraries copy it: with indices that are known to be rows.

use farkas_modeling::Problem;

/// A matrix whose starts and indices are sound. A [`Problem`]'s are, since it was looked over when it was made; so a million
/// of them are not looked over again on their way into a library.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    rows: usize,
    starts: &'a [i32],
    indices: &'a [i32],
    values: &'a [f64],
}

impl<'a> Matrix<'a> {
    /// The problem's.
    pub fn of(problem: &'a Problem) -> Self {
        Self {
            rows: problem.num_rows(),
            // Below `i32::MAX`, as `Problem` makes sure: the bits are the same.
            starts: bytemuck::cast_slice(problem.starts()),
            indices: bytemuck::cast_slice(problem.indices()),
            values: problem.values(),
        }
    }

    /// One that was put together: n + 1 starts, and a row and a value for each nonzero.
    ///
    /// # Panics
    /// When the starts do not ascend from 0 to the number of nonzeros, or an index is none of the rows.
    pub fn checked(rows: usize, starts: &'a [i32], indices: &'a [i32], values: &'a [f64]) -> Self {
        assert!(starts.is_sorted() && starts.first() == Some(&0) && indices.len() == values.len());
        assert!(starts.last().is_some_and(|&last| last as usize == values.len()) && are_below(indices, rows));
        Self { rows, starts, indices, values }
    }

    /// m.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// n.
    pub fn columns(&self) -> usize {
        self.starts.len() - 1
    }
    /// n + 1 positions.
    pub fn starts(&self) -> &'a [i32] {
        self.starts
    }
    /// How many nonzeros each column has.
    pub fn counts(&self) -> Vec<i32> {
        self.starts.windows(2).map(|w| w[1] - w[0]).collect()
    }
    /// Row of each nonzero.
    pub fn indices(&self) -> &'a [i32] {
        self.indices
    }
    /// Value of each nonzero.
    pub fn values(&self) -> &'a [f64] {
        self.values
    }
}

/// Whether all indices are from 0 and below `count`. Both differences are kept as they are and only their signs are looked at,
/// so that a million of them cost no more than reading them: in machine instructions that every processor has.
fn are_below(indices: &[i32], count: usize) -> bool {
    let Ok(count) = i32::try_from(count) else { return indices.iter().all(|&i| i >= 0) };
    // An index below 0 has the sign; one that is not, and is above the last, gives it to the difference.
    indices.iter().fold(0, |signs, &i| signs | i | (count - 1).wrapping_sub(i)) >= 0
}

#[cfg(test)]
mod tests {
    use super::are_below;

    #[test]
    fn indices_are_told_from_what_is_none() {
        let (most, least) = (i32::MAX, i32::MIN);
        for count in [0, 1, 2, 5, most as usize - 1, most as usize, most as usize + 1, usize::MAX] {
            for index in [least, least + 1, -2, -1, 0, 1, 2, 4, 5, most - 2, most - 1, most] {
                let expected = usize::try_from(index).is_ok_and(|index| index < count);
                assert_eq!(are_below(&[index], count), expected, "{index} alone of {count}");
                assert_eq!(are_below(&[0, index, 0], count), count > 0 && expected, "{index} among others of {count}");
            }
            assert!(are_below(&[], count), "nothing, of {count}");
        }
    }
}

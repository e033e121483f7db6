//! The linear relaxation of a problem, over the same matrix.

use super::{ColumnKind, Defects, Names, Problem, ProblemBuffers};

impl Problem {
    /// The problem without integers, sets, switched rows and products, and without names; semicontinuous columns may be anything
    /// between zero and their bounds. The matrix is not copied. Its optimum bounds the problem's where the objective is linear.
    ///
    /// # Errors
    /// None that a sound problem is known to have.
    ///
    /// ```
    /// use farkas_modeling::{ColumnKind, Problem, ProblemData};
    /// let problem = Problem::new(ProblemData {
    ///     cost: vec![1.0],
    ///     lower: vec![2.0],
    ///     upper: vec![5.0],
    ///     kinds: vec![ColumnKind::SemiContinuous],
    ///     starts: vec![0, 0],
    ///     ..ProblemData::default()
    /// })?;
    /// let relaxed = problem.relaxation()?;
    /// assert!(relaxed.is_lp());
    /// assert_eq!((relaxed.lower(), relaxed.upper()), (&[0.0][..], &[5.0][..]));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    pub fn relaxation(&self) -> Result<Self, Defects> {
        let (n, m) = (self.num_columns(), self.num_rows());
        let mut relaxed = ProblemBuffers {
            name: String::new(),
            objective_name: None,
            kinds: vec![ColumnKind::Continuous as u8; n].into(),
            column_names: Some(Names::numbered("C", n)),
            row_names: Some(Names::numbered("R", m)),
            sets: Vec::new(),
            indicators: Vec::new(),
            quadratic_objective: Vec::new(),
            quadratic_rows: Vec::new(),
            ..self.buffers()
        };
        if self.num_semis() > 0 {
            let (mut lower, mut upper) = (self.lower().to_vec(), self.upper().to_vec());
            for j in (0..n).filter(|&j| self.kind(j).is_semi()) {
                (lower[j], upper[j]) = (lower[j].min(0.0), upper[j].max(0.0));
            }
            (relaxed.lower, relaxed.upper) = (lower.into(), upper.into());
        }
        if !(self.indicators.is_empty() && self.quadratic_rows.is_empty()) {
            let (mut row_lower, mut row_upper) = (self.row_lower().to_vec(), self.row_upper().to_vec());
            let switched = self.indicators.iter().map(|indicator| indicator.row);
            for row in switched.chain(self.quadratic_rows.iter().map(|one| one.row)) {
                (row_lower[row as usize], row_upper[row as usize]) = (f64::NEG_INFINITY, f64::INFINITY);
            }
            (relaxed.row_lower, relaxed.row_upper) = (row_lower.into(), row_upper.into());
        }
        Self::from_buffers(relaxed)
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::{ColumnKind, Indicator, Problem, ProblemData, SpecialOrderedSet};

    #[test]
    fn only_what_is_linear_and_continuous_stays_and_the_matrix_is_shared() {
        let problem = Problem::new(ProblemData {
            cost: vec![1.0, 2.0, 3.0],
            lower: vec![0.0, 2.0, -4.0],
            upper: vec![1.0, 5.0, -3.0],
            kinds: vec![ColumnKind::Integer, ColumnKind::SemiContinuous, ColumnKind::Continuous],
            row_lower: vec![1.0, 2.0],
            row_upper: vec![f64::INFINITY, 2.0],
            starts: vec![0, 1, 2, 4],
            indices: vec![0, 1, 0, 1],
            values: vec![1.0, 1.0, 1.0, 1.0],
            sets: vec![SpecialOrderedSet { name: String::new(), order: 1, members: vec![(1, 1.0), (2, 2.0)] }],
            indicators: vec![Indicator { row: 1, column: 0, active: true }],
            ..ProblemData::default()
        })
        .expect("sound");
        let relaxed = problem.relaxation().expect("sound");
        assert!(relaxed.is_lp() && relaxed.sets().is_empty() && relaxed.indicators().is_empty());
        assert_eq!((relaxed.lower(), relaxed.upper()), (&[0.0, 0.0, -4.0][..], &[1.0, 5.0, -3.0][..]));
        assert_eq!(relaxed.row_lower(), [1.0, f64::NEG_INFINITY]);
        assert_eq!(relaxed.row_upper(), [f64::INFINITY, f64::INFINITY]);
        assert_eq!((relaxed.cost(), relaxed.sense()), (problem.cost(), problem.sense()));
        assert!(std::ptr::eq(relaxed.values().as_ptr(), problem.values().as_ptr()), "the matrix was copied");
    }
}

//! Where a solve begins: values for all variables, for some, or an answer.

use std::sync::Arc;

use farkas_backends::contract::Start;
use farkas_modeling::Problem;
use farkas_modeling::answer::Basis;
use farkas_modeling::model::{Solved, Var};

use super::SolveError;

/// Where to begin, before the problem is known.
#[derive(Debug, Clone, Default)]
pub struct StartAt {
    /// n values, NaN where nothing is known.
    point: Option<Arc<[f64]>>,
    basis: Option<Arc<Basis>>,
    /// Columns with their values; they override the point.
    some: Vec<(usize, f64)>,
}

impl StartAt {
    pub(super) fn add(&mut self, values: impl IntoIterator<Item = (Var, f64)>) {
        self.some.extend(values.into_iter().map(|(variable, value)| (variable.index(), value)));
    }

    /// The start as solvers take it.
    pub(crate) fn of(&self, problem: &Problem) -> Result<Start, SolveError> {
        let n = problem.num_columns();
        if let Some(point) = self.point.as_ref().filter(|point| point.len() != n) {
            let len = point.len();
            return Err(SolveError::Unsupported(format!("the start has {len} values for {n} variables")));
        }
        if let Some((at, _)) = self.some.iter().find(|(at, _)| *at >= n) {
            return Err(SolveError::Unsupported(format!("the start names variable {at} where there are {n}")));
        }
        let m = problem.num_rows();
        let basis = self.basis.clone().filter(|basis| basis.columns.len() == n && basis.rows.len() == m);
        if self.some.is_empty() {
            return Ok(Start { point: self.point.clone(), basis });
        }
        let mut point = self.point.as_deref().map_or_else(|| vec![f64::NAN; n], <[f64]>::to_vec);
        self.some.iter().for_each(|&(at, value)| point[at] = value);
        Ok(Start { point: Some(point.into()), basis })
    }
}

/// What a solve may begin from.
#[diagnostic::on_unimplemented(
    message = "a solve cannot begin from `{Self}`",
    label = "expected values or an answer",
    note = "give one value a variable (`Vec<f64>`, NaN where nothing is known), pairs of variable and value, or `&answer`"
)]
pub trait IntoStart {
    /// The start it is.
    fn into_start(self) -> StartAt;
}

impl IntoStart for StartAt {
    fn into_start(self) -> StartAt {
        self
    }
}

impl IntoStart for Vec<f64> {
    fn into_start(self) -> StartAt {
        StartAt { point: Some(self.into()), ..StartAt::default() }
    }
}

impl IntoStart for &[f64] {
    fn into_start(self) -> StartAt {
        StartAt { point: Some(self.into()), ..StartAt::default() }
    }
}

impl IntoStart for &Solved {
    /// Its point and its basis, as far as there are any.
    fn into_start(self) -> StartAt {
        StartAt { point: self.point().map(Arc::from), basis: self.basis().cloned().map(Arc::new), ..StartAt::default() }
    }
}

impl IntoStart for Vec<(Var, f64)> {
    fn into_start(self) -> StartAt {
        let mut start = StartAt::default();
        start.add(self);
        start
    }
}

impl<const N: usize> IntoStart for [(Var, f64); N] {
    fn into_start(self) -> StartAt {
        let mut start = StartAt::default();
        start.add(self);
        start
    }
}

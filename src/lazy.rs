//! Lazy rows: those that are too many to write down, made when a candidate breaks them.
//!
//! The model is solved without them; a callback looks at the candidate and adds the rows it breaks; the rest is solved
//! again, warm, until a candidate breaks none. That works with every solver, races included, and each candidate is a
//! checked answer to the rows so far; the last one is an answer to all. (Solvers with lazy-constraint callbacks of their
//! own would be asked within one search; here each search ends before the callback is asked.)
//!
//! ```
//! use farkas::prelude::*;
//! // Pairs that must not be chosen together, found as they occur.
//! let mut m = Model::new("stable set on a ring");
//! let take = m.binary("take").over(0..5);
//! m.maximize(sum(0..5, |i| take[i]));
//! # #[cfg(feature = "highs")] {
//! let answer = Solver::highs().solve_lazy(&m, |candidate, cuts| {
//!     for i in 0..5 {
//!         let both = take[i] + take[(i + 1) % 5];
//!         if candidate.value(both) > 1.5 {
//!             cuts.row("neighbours", both.le(1));
//!         }
//!     }
//! })?;
//! assert_eq!(answer.objective(), Some(2.0));
//! # }
//! # Ok::<(), SolveError>(())
//! ```

use std::time::Instant;

use farkas_modeling::model::{ChangeError, IntoRow, Model, Row, Solved};

use crate::open::OpenModel;
use crate::solver::{SolveError, Solver};

/// Takes the rows that a candidate breaks.
#[derive(Debug)]
pub struct Cuts<'c, 'a> {
    open: &'c mut OpenModel<'a>,
    added: Vec<Row>,
    wrong: Option<ChangeError>,
}

impl Cuts<'_, '_> {
    /// Adds a row for good. It must cut the candidate off; rows of one name are told apart by numbers.
    pub fn row(&mut self, name: &str, row: impl IntoRow) {
        match self.open.row(name, row) {
            Ok(row) => self.added.push(row),
            Err(error) => self.wrong = self.wrong.take().or(Some(error)),
        }
    }
}

/// See the [module](self).
pub(crate) fn solve(
    solver: &Solver<'_>,
    model: &Model,
    mut separate: impl FnMut(&Solved, &mut Cuts<'_, '_>),
) -> Result<Solved, SolveError> {
    let deadline = solver.options.time_limit.map(|limit| Instant::now() + limit);
    let mut open = solver.open(model)?;
    open.end_by(deadline);
    loop {
        let candidate = open.solve()?;
        if !candidate.has_point() {
            return Ok(candidate);
        }
        let mut cuts = Cuts { open: &mut open, added: Vec::new(), wrong: None };
        separate(&candidate, &mut cuts);
        let Cuts { added, wrong, .. } = cuts;
        if let Some(error) = wrong {
            return Err(error.into());
        }
        if added.is_empty() {
            return Ok(candidate);
        }
        open.must_cut_off(&candidate)?;
    }
}

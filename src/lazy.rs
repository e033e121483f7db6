//! Lazy rows: those that are too many to write down, made when a candidate breaks them.
//!
//! Where the solver asks for rows inside its search (SCIP in this process: [`Solver::backend`]), a callback looks at each
//! candidate that the search comes by, and adds the rows it breaks. Everywhere else, races and workers included, and for
//! linear programs, the model is solved without them, and again, warm, with those that its answer broke, until it breaks
//! none. Either way each candidate is checked against the rows so far, and the last answer is one to all.
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

use farkas_modeling::model::{ChangeError, Changing, IntoRow, Model, Row, Solved};

use crate::solver::{SolveError, Solver};

/// Takes the rows that a candidate breaks.
#[derive(Debug)]
pub struct Cuts<'c> {
    open: &'c mut Changing,
    added: Vec<Row>,
    wrong: Option<ChangeError>,
}

impl<'c> Cuts<'c> {
    pub(crate) fn new(open: &'c mut Changing) -> Self {
        Self { open, added: Vec::new(), wrong: None }
    }

    /// Adds a row for good. It must cut the candidate off; rows of one name are told apart by numbers.
    pub fn row(&mut self, name: &str, row: impl IntoRow) {
        match self.open.row(name, row) {
            Ok(row) => self.added.push(row),
            Err(error) => self.wrong = self.wrong.take().or(Some(error)),
        }
    }

    /// What was wrong with a row.
    pub(crate) fn wrong(self) -> Option<ChangeError> {
        self.wrong
    }
}

/// See the [module](self).
pub(crate) fn solve(
    solver: &Solver<'_>,
    model: &Model,
    mut separate: impl FnMut(&Solved, &mut Cuts<'_>) + Send,
) -> Result<Solved, SolveError> {
    let deadline = solver.options.time_limit.map(|limit| Instant::now() + limit);
    let mut open = solver.open(model)?;
    if let Some(solved) = open.solve_asking(&mut separate)? {
        return Ok(solved);
    }
    open.end_by(deadline);
    loop {
        let candidate = open.solve()?;
        if !candidate.has_point() {
            return Ok(candidate);
        }
        let mut cuts = Cuts::new(&mut open);
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

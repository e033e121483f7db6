//! Why a model is infeasible, in its own names: a smallest set of constraints and bounds that cannot hold together.

use std::fmt;
use std::sync::Arc;

use farkas_api_types::{Conflict, IisDocument};
use farkas_backends::contract::Backend;
use farkas_backends::iis::{self, Budget, Iis};
use farkas_modeling::Problem;
use farkas_modeling::model::Solved;

use crate::solver::{How, SolveError, Solver};

/// Asking an answer why there is none.
pub trait Explain {
    /// A set of constraints and bounds that cannot hold together, none of which can be left out, found by HiGHS in this
    /// process within a minute: [`Solver::explain`] says it otherwise.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("too much");
    /// let (plants, cities) = (["Lyon", "Nantes"], ["Paris", "Brest"]);
    /// let ship = m.nonnegative("ship").over((&plants, &cities));
    /// m.rows("capacity", &plants, |p| sum(&cities, |c| ship[(p, c)]).le(20));
    /// m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).ge(if *c == "Paris" { 45 } else { 10 }));
    /// # #[cfg(feature = "highs")] {
    /// let answer = m.solve()?;
    /// assert_eq!(answer.reason(), Reason::Infeasible);
    /// let why = answer.explain_infeasible()?;
    /// for row in ["capacity[Lyon]", "capacity[Nantes]", "demand[Paris]"] {
    ///     assert!(why.rows().iter().any(|one| *one == row), "{why}");
    /// }
    /// println!("{why}");
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    ///
    /// # Errors
    /// When the model is feasible, or nobody finds out; when the solver fails.
    fn explain_infeasible(&self) -> Result<Explanation, SolveError>;
}

impl Explain for Solved {
    fn explain_infeasible(&self) -> Result<Explanation, SolveError> {
        Solver::in_process().explain(self.problem())
    }
}

impl Solver<'_> {
    /// Why a problem is infeasible: see [`Explain`]. The time limit is for all solves together, a minute if there is none;
    /// of several workers the first is asked.
    ///
    /// # Errors
    /// As [`Explain::explain_infeasible`].
    pub fn explain(&self, problem: &Arc<Problem>) -> Result<Explanation, SolveError> {
        let backend: Arc<dyn Backend> = match &self.how {
            How::InProcess(linked) => linked.backend(problem)?,
            How::Race(racers) => racers.first(problem, &self.options)?,
        };
        let mut budget = Budget::default();
        let mut options = self.options.clone();
        budget.time = options.time_limit.take().unwrap_or(budget.time);
        let iis = iis::find(problem, &*backend, &options, budget, &self.stop)?;
        Ok(Explanation { problem: Arc::clone(problem), iis })
    }
}

/// Constraints and bounds that cannot hold together. Printing it lists them as people write them.
#[derive(Debug, Clone)]
pub struct Explanation {
    problem: Arc<Problem>,
    iis: Iis,
}

impl Explanation {
    /// The members by position, and how they were found.
    pub fn iis(&self) -> &Iis {
        &self.iis
    }

    /// The names of the constraints that take part, in their order.
    pub fn rows(&self) -> Vec<String> {
        self.iis.rows().into_iter().map(|i| self.problem.row_names().get(i).into_owned()).collect()
    }

    /// The names of the variables whose bounds take part.
    pub fn variables(&self) -> Vec<String> {
        self.iis.columns().into_iter().map(|j| self.problem.column_names().get(j).into_owned()).collect()
    }

    /// As the command line and the service tell it.
    pub fn document(&self) -> IisDocument {
        IisDocument::new(&self.problem, &self.iis)
    }

    /// One line a constraint or bound.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.document().conflicts
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conflicts = self.conflicts();
        writeln!(f, "{} of them cannot hold together:", conflicts.len())?;
        let rows = conflicts.iter().filter(|one| one.kind == "row");
        let width = rows.map(|one| one.name.chars().count()).max().unwrap_or(0).max("bound".len());
        for one in &conflicts {
            let name = if one.kind == "row" { one.name.as_str() } else { "bound" };
            let open = if one.needed { "" } else { "   (may not be needed)" };
            writeln!(f, "  {name:width$}  {}{open}", one.says)?;
        }
        let integers = if self.iis.uses_integers { ", with integers as they are" } else { "" };
        let minimal = if self.iis.is_minimal() {
            "Without any one of them the rest is feasible."
        } else {
            "Not all were tried within the budget: some may not be needed."
        };
        write!(f, "{minimal} {}{integers}.", capital(&self.iis.proof))
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

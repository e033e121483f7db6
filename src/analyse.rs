//! What more can be asked of a model and of its answer: what must give way for it to become feasible, and how far its
//! numbers may go before the answer changes, in its own names.

use std::fmt;
use std::sync::Arc;

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use farkas_api_types::{CostRange, GivesWay, RelaxationDocument, SensitivityDocument, SideRange};
use farkas_backends::analysis::{self, Elastic, Goal, Range, Ranging, RangingError, Relaxation, RowRange};
use farkas_backends::iis::End;
use farkas_modeling::Problem;
use farkas_modeling::answer::Answer;
use farkas_modeling::model::{Model, Row, Solved, Var};

use crate::solver::{How, SolveError, Solver};

/// Asking an answer for more.
pub trait Analyse {
    /// Of an answer to a linear program: how far each cost and side may go, by itself, before the optimal basis changes.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("paint");
    /// let out = m.nonnegative("outside").one();
    /// let inside = m.nonnegative("inside").one();
    /// m.maximize(5 * out + 4 * inside);
    /// let a = m.row("m1", (6 * out + 4 * inside).le(24));
    /// m.row("m2", (out + 2 * inside).le(6));
    /// # #[cfg(feature = "highs")] {
    /// let answer = m.solve()?;
    /// let ranges = answer.ranging()?;
    /// let cost = ranges.cost(out).unwrap();
    /// let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    /// assert!(near(cost.from, 2.0) && near(cost.to, 6.0)); // (3, 1.5) stays the best point
    /// let side = ranges.row(a).unwrap();
    /// assert!(near(side.upper.from, 12.0) && near(side.upper.to, 36.0)); // within which one more is worth
    /// assert!(near(side.multiplier, 0.75));
    /// println!("{ranges}");
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    ///
    /// # Errors
    /// When it is no linear program, or was solved by somebody who gives no basis.
    fn ranging(&self) -> Result<Ranges<'_>, SolveError>;
}

impl Analyse for Solved {
    fn ranging(&self) -> Result<Ranges<'_>, SolveError> {
        Ok(Ranges { found: ranges_of(self.problem(), self)?, solved: self })
    }
}

/// The ranges of an answer to this problem.
///
/// # Errors
/// As [`Analyse::ranging`].
pub fn ranges_of(problem: &Problem, answer: &Answer) -> Result<NamedRanges, SolveError> {
    let basis = answer.basis().ok_or(RangingError::NoBasis)?;
    let ranging = analysis::ranging(problem, basis, &answer.evidence().tolerances)?;
    Ok(NamedRanges::new(problem, ranging))
}

/// How far the numbers of a solved model may go, by its handles.
#[derive(Debug, Clone)]
pub struct Ranges<'s> {
    found: NamedRanges,
    solved: &'s Solved,
}

impl Ranges<'_> {
    /// Of a variable's cost; `None` where the variable was removed.
    pub fn cost(&self, variable: Var) -> Option<Range> {
        self.solved.column_of(variable).map(|at| self.found.ranging.costs[at])
    }

    /// Of a row's sides; `None` where the row was removed.
    pub fn row(&self, row: Row) -> Option<RowRange> {
        self.solved.row_of(row).map(|at| self.found.ranging.rows[at])
    }

    /// All of them, by position and by name.
    pub fn all(&self) -> &NamedRanges {
        &self.found
    }
}

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.found.fmt(f)
    }
}

/// Ranges with the names of what they are about. Printing it gives two tables.
#[derive(Debug, Clone)]
pub struct NamedRanges {
    /// One a variable.
    pub costs: Vec<CostRange>,
    /// One a row.
    pub rows: Vec<SideRange>,
    ranging: Ranging,
}

impl NamedRanges {
    fn new(problem: &Problem, ranging: Ranging) -> Self {
        let SensitivityDocument { costs, rows } = SensitivityDocument::new(problem, &ranging);
        Self { costs, rows, ranging }
    }
}

fn shown(value: Option<f64>, none: &str) -> String {
    value.map_or_else(
        || none.to_owned(),
        |value| format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    )
}

fn table(head: [&str; 5]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(head);
    for at in 1..5 {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

impl fmt::Display for NamedRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut costs = table(["Variable", "From", "Cost", "To", ""]);
        for one in &self.costs {
            let (from, to) = (shown(one.from, "-inf"), shown(one.to, "inf"));
            costs.add_row([one.name.clone(), from, shown(Some(one.cost), ""), to, String::new()]);
        }
        let mut rows = table(["Row", "From", "Side", "To", "Multiplier"]);
        for one in &self.rows {
            let sides = if one.lower == one.upper { vec![one.lower] } else { vec![one.lower, one.upper] };
            for [from, side, to] in sides.into_iter().flatten() {
                let multiplier = shown(Some(one.multiplier), "");
                rows.add_row([one.name.clone(), shown(from, "-inf"), shown(side, ""), shown(to, "inf"), multiplier]);
            }
        }
        writeln!(f, "{costs}\n")?;
        write!(f, "{rows}")
    }
}

/// Asking a model what must give way.
pub trait Relax {
    /// The rows that must give way for the model to become feasible, at a price of 1 for each unit, found by HiGHS in this
    /// process: [`Solver::relax`] says it otherwise.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("too much");
    /// let plants = ["Lyon", "Nantes"];
    /// let make = m.nonnegative("make").upper(40).over(&plants);
    /// m.row("capacity", sum(&plants, |p| make[p]).le(50));
    /// m.row("demand", sum(&plants, |p| make[p]).ge(65));
    /// # #[cfg(feature = "highs")] {
    /// let relaxed = m.relax()?;
    /// assert_eq!(relaxed.relaxation().price, 15.0); // between the two
    /// println!("{relaxed}");
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    ///
    /// # Errors
    /// When the model has defects, its bounds alone are infeasible, or the solver fails or does not take it.
    fn relax(&self) -> Result<Relaxed, SolveError>;
}

impl Relax for Model {
    fn relax(&self) -> Result<Relaxed, SolveError> {
        let problem = Arc::new(self.freeze()?);
        Solver::in_process().relax(&problem, &Elastic::rows(&problem), Goal::Least)
    }
}

impl Solver<'_> {
    /// What must give way at least, at these prices: see [`Relax`]. Of several workers the first is asked.
    ///
    /// # Errors
    /// As [`Relax::relax`].
    pub fn relax(&self, problem: &Arc<Problem>, elastic: &Elastic, goal: Goal) -> Result<Relaxed, SolveError> {
        let backend = match &self.how {
            How::InProcess(linked) => linked.backend(problem)?,
            How::Race(racers) => racers.first(problem, &self.options)?,
        };
        let relaxation = analysis::relax(problem, &*backend, elastic, goal, &self.options, &self.stop)?;
        Ok(Relaxed { problem: Arc::clone(problem), relaxation })
    }
}

/// What must give way, in the model's names. Printing it lists it.
#[derive(Debug, Clone)]
pub struct Relaxed {
    problem: Arc<Problem>,
    relaxation: Relaxation,
}

impl Relaxed {
    /// The figures, by position.
    pub fn relaxation(&self) -> &Relaxation {
        &self.relaxation
    }

    /// As the command line and the service tell it.
    pub fn document(&self) -> RelaxationDocument {
        RelaxationDocument::new(&self.problem, &self.relaxation)
    }

    /// One line a row or bound that is missed.
    pub fn lines(&self) -> Vec<GivesWay> {
        self.document().gives_way
    }
}

impl fmt::Display for Relaxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        if lines.is_empty() {
            return write!(f, "Nothing has to give way: a feasible point was found and measured.");
        }
        writeln!(f, "{} of them give way:", lines.len())?;
        let width = lines.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
        for one in &lines {
            let sign = if one.end == End::Lower { "≥" } else { "≤" };
            let (name, side, by) = (&one.name, shown(Some(one.side), ""), shown(Some(one.by), ""));
            writeln!(f, "  {:5} {name:width$}  {sign} {side}, missed by {by}", one.kind)?;
        }
        let price = shown(Some(self.relaxation.price), "");
        let level = self.relaxation.level;
        match (self.relaxation.is_least, self.relaxation.bound) {
            (true, _) => write!(f, "Together {price}, and less is not possible ({level})."),
            (false, Some(bound)) => {
                write!(f, "Together {price}; at least {} is needed ({level}).", shown(Some(bound), ""))
            }
            (false, None) => write!(f, "Together {price}; whether less would do was not found out."),
        }
    }
}

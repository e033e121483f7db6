//! Answers in the model's own terms: values, duals and slacks by the handles and keys that the model was written with.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Model;
use super::changing::{GONE, Places};
use super::expression::{Expr, Quadratic, Var};
use super::family::{Family, Row, Rows};
use super::index::{IndexSet, Key};
use super::naming;
use crate::answer::{Answer, BasisStatus, Ray};
use crate::check::CheckedPoint;
use crate::problem::Problem;

/// Below this a continuous variable's value counts as zero in [`Solved::nonzeros`]; what must be an integer is rounded first.
const ZERO_UP_TO: f64 = 1e-9;

/// An [`Answer`] together with the problem it answers, read by the handles of the model. Everything an [`Answer`] tells it
/// tells too (`solved.objective()`, `solved.bound()`, `solved.evidence()`), and printing it gives a summary.
///
/// Values are those of the checked point (or of the measured one, if the reason is `Imprecise`); without a point, asking for
/// one panics, so look at [`has_point`](Self::has_point) or the reason where a model may be infeasible. Duals and reduced
/// costs are `None` where there are none, as for every mixed-integer model; their sign convention is [`crate::answer`]'s.
#[derive(Debug, Clone)]
pub struct Solved {
    answer: Answer,
    problem: Arc<Problem>,
    model: u32,
    /// Where handles stand, when they no longer stand where they were made.
    places: Option<Arc<Places>>,
    pool: Vec<Arc<CheckedPoint>>,
}

impl Deref for Solved {
    type Target = Answer;
    fn deref(&self) -> &Answer {
        &self.answer
    }
}

impl Solved {
    /// Puts an answer together with its problem, which is `model` as it was frozen.
    ///
    /// # Panics
    /// When the answer has a point of another length than the problem.
    pub fn new(model: &Model, problem: Arc<Problem>, answer: Answer) -> Self {
        Self::at_places(model.id(), problem, answer, None)
    }

    pub(super) fn at_places(model: u32, problem: Arc<Problem>, answer: Answer, places: Option<Arc<Places>>) -> Self {
        let fits = answer.point().is_none_or(|point| point.len() == problem.num_columns());
        assert!(fits, "the answer is not one to this problem");
        let pool = answer.pool().to_vec();
        Self { answer, problem, model, places, pool }
    }

    /// Adds feasible points that were found on the way; see [`pool`](Self::pool).
    ///
    /// # Panics
    /// When one has another length than the problem.
    #[must_use]
    pub fn with_pool(mut self, pool: Vec<Arc<CheckedPoint>>) -> Self {
        let n = self.problem.num_columns();
        assert!(pool.iter().all(|point| point.values().len() == n), "a point of the pool is not one of this problem");
        self.pool = pool;
        self
    }

    /// Feasible points that were found on the way and kept, all checked, the best first: those a solver was asked to keep.
    pub fn pool(&self) -> &[Arc<CheckedPoint>] {
        &self.pool
    }

    /// The value of a variable, or of any expression, at another point of this problem: one of the pool.
    ///
    /// # Panics
    /// When the point has another length, and as [`value`](Self::value).
    #[track_caller]
    pub fn value_at(&self, point: &[f64], expression: impl Quadratic) -> f64 {
        assert_eq!(point.len(), self.problem.num_columns(), "a point of another problem");
        let expression = Expr::of(expression);
        let terms = expression.terms();
        let at = |index: u32| self.column(Var { index, model: terms.model }).map_or(0.0, |at| point[at]);
        let linear: f64 = terms.columns.iter().zip(&terms.values).map(|(&column, value)| value * at(column)).sum();
        let products: f64 = terms.products.iter().map(|p| p.value * at(p.first) * at(p.second)).sum();
        linear + products + terms.constant
    }

    /// The answer by itself.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The problem that was solved.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }

    /// Whether there are values to ask for.
    pub fn has_point(&self) -> bool {
        self.answer.point().is_some()
    }

    #[track_caller]
    fn values_or_panic(&self) -> &[f64] {
        match self.answer.point() {
            Some(point) => point,
            None => panic!("there are no values: {}", self.answer.termination()),
        }
    }

    /// The value of a variable, or of any expression. A variable that was removed from an open model counts as 0.
    ///
    /// # Panics
    /// Without a point, and for a variable of another model or one that was made after freezing.
    #[track_caller]
    pub fn value(&self, expression: impl Quadratic) -> f64 {
        self.value_at(self.values_or_panic(), expression)
    }

    /// The value of the variable with this name, if there is one and there are values.
    pub fn value_of(&self, name: &str) -> Option<f64> {
        let at = self.problem.column_names().find(name)?;
        self.answer.point().map(|point| point[at])
    }

    /// Every key of a family with the value of its variable: `(plant, city, tonnes)`. Removed variables are left out.
    ///
    /// # Panics
    /// As [`value`](Self::value).
    #[track_caller]
    pub fn values<'f, S: IndexSet>(
        &'f self,
        family: &'f Family<S>,
    ) -> impl Iterator<Item = <S::Key<'f> as Key>::WithValue> {
        let point = self.values_or_panic();
        self.check(family);
        family.iter().filter_map(move |(key, variable)| Some(key.with_value(point[self.column(variable)?])))
    }

    /// The keys whose variables are not zero, with their values; integers are rounded, and of others less than 1e-9 is zero.
    ///
    /// # Panics
    /// As [`value`](Self::value).
    #[track_caller]
    pub fn nonzeros<'f, S: IndexSet>(
        &'f self,
        family: &'f Family<S>,
    ) -> impl Iterator<Item = <S::Key<'f> as Key>::WithValue> {
        let point = self.values_or_panic();
        self.check(family);
        family.iter().filter_map(move |(key, variable)| {
            let j = self.column(variable)?;
            let value = if self.problem.kind(j).is_integer() { point[j].round() } else { point[j] };
            (value.abs() > ZERO_UP_TO).then(|| key.with_value(value))
        })
    }

    /// The keys whose variables round to 1 or more: which plants are open.
    ///
    /// # Panics
    /// As [`value`](Self::value).
    #[track_caller]
    pub fn chosen<'f, S: IndexSet>(&'f self, family: &'f Family<S>) -> impl Iterator<Item = S::Key<'f>> {
        let point = self.values_or_panic();
        self.check(family);
        let is_chosen = move |variable: Var| self.column(variable).is_some_and(|j| point[j] > 0.5);
        family.iter().filter(move |(_, variable)| is_chosen(*variable)).map(|(key, _)| key)
    }

    /// The multiplier of a row: d objective / d right-hand side. `None` without duals, and for a row that was removed.
    #[track_caller]
    pub fn dual(&self, row: Row) -> Option<f64> {
        let at = self.row(row)?;
        self.answer.duals().map(|duals| duals.rows[at])
    }

    /// The multiplier of the row with this name.
    pub fn dual_of(&self, name: &str) -> Option<f64> {
        let at = self.problem.row_names().find(name)?;
        self.answer.duals().map(|duals| duals.rows[at])
    }

    /// Every key of a family of rows with its multiplier; nothing without duals.
    #[track_caller]
    pub fn duals_by<'f, S: IndexSet>(
        &'f self,
        rows: &'f Rows<S>,
    ) -> impl Iterator<Item = <S::Key<'f> as Key>::WithValue> {
        let duals = self.answer.duals();
        rows.iter().filter_map(move |(key, row)| Some(key.with_value(duals?.rows[self.row(row)?])))
    }

    /// The reduced cost of a variable. `None` without duals, and for a variable that was removed.
    #[track_caller]
    pub fn reduced_cost(&self, variable: Var) -> Option<f64> {
        let at = self.column(variable)?;
        self.answer.duals().map(|duals| duals.reduced_costs[at])
    }

    /// The reduced cost of the variable with this name.
    pub fn reduced_cost_of(&self, name: &str) -> Option<f64> {
        let at = self.problem.column_names().find(name)?;
        self.answer.duals().map(|duals| duals.reduced_costs[at])
    }

    /// Every key of a family of variables with its reduced cost; nothing without duals.
    #[track_caller]
    pub fn reduced_costs_by<'f, S: IndexSet>(
        &'f self,
        family: &'f Family<S>,
    ) -> impl Iterator<Item = <S::Key<'f> as Key>::WithValue> {
        let duals = self.answer.duals();
        let of = move |variable| Some(duals?.reduced_costs[self.column(variable)?]);
        family.iter().filter_map(move |(key, variable)| Some(key.with_value(of(variable)?)))
    }

    /// The value of a row's expression, its constants moved to the right-hand side; 0 for a row that was removed.
    ///
    /// # Panics
    /// Without a point, and for a row of another model or one that was made after freezing.
    #[track_caller]
    pub fn activity(&self, row: Row) -> f64 {
        let point = self.values_or_panic();
        self.row(row).map_or(0.0, |at| self.activity_at(at, point))
    }

    fn activity_at(&self, row: usize, point: &[f64]) -> f64 {
        let (columns, values) = self.problem.by_rows().row(row);
        let linear: f64 = columns.iter().zip(values).map(|(&column, value)| value * point[column as usize]).sum();
        linear + self.problem.row_products(row).iter().map(|product| product.at(point)).sum::<f64>()
    }

    /// How far a row is from its nearer side: 0 where it binds, infinite where it has no side or was removed.
    ///
    /// # Panics
    /// As [`activity`](Self::activity).
    #[track_caller]
    pub fn slack(&self, row: Row) -> f64 {
        let point = self.values_or_panic();
        self.row(row).map_or(f64::INFINITY, |at| self.slack_at(at, point))
    }

    fn slack_at(&self, row: usize, point: &[f64]) -> f64 {
        let activity = self.activity_at(row, point);
        (activity - self.problem.row_lower()[row]).min(self.problem.row_upper()[row] - activity)
    }

    /// The slack of the row with this name, if there is one and there are values.
    pub fn slack_of(&self, name: &str) -> Option<f64> {
        let at = self.problem.row_names().find(name)?;
        self.answer.point().map(|point| self.slack_at(at, point))
    }

    /// Every key of a family of rows with its slack.
    ///
    /// # Panics
    /// As [`activity`](Self::activity).
    #[track_caller]
    pub fn slacks<'f, S: IndexSet>(
        &'f self,
        rows: &'f Rows<S>,
    ) -> impl Iterator<Item = <S::Key<'f> as Key>::WithValue> {
        let point = self.values_or_panic();
        rows.iter().filter_map(move |(key, row)| Some(key.with_value(self.slack_at(self.row(row)?, point))))
    }

    /// Where a variable stands in the basis, if there is one.
    #[track_caller]
    pub fn basis_status(&self, variable: Var) -> Option<BasisStatus> {
        let at = self.column(variable)?;
        self.answer.basis().map(|basis| basis.columns[at])
    }

    /// Where a row stands in the basis, if there is one.
    #[track_caller]
    pub fn row_basis_status(&self, row: Row) -> Option<BasisStatus> {
        let at = self.row(row)?;
        self.answer.basis().map(|basis| basis.rows[at])
    }

    /// How a variable moves along the ray that proves an unbounded model; `None` for any other answer.
    #[track_caller]
    pub fn ray_of(&self, variable: Var) -> Option<f64> {
        let at = self.column(variable)?;
        if let Some(Ray::Primal(ray)) = self.answer.ray() { Some(ray[at]) } else { None }
    }

    /// The multiplier of a row in the proof that a model is infeasible; `None` for any other answer.
    #[track_caller]
    pub fn farkas_of(&self, row: Row) -> Option<f64> {
        let at = self.row(row)?;
        if let Some(Ray::Farkas(ray)) = self.answer.ray() { Some(ray[at]) } else { None }
    }

    /// Checks a whole family by its last member: its columns are contiguous.
    #[track_caller]
    fn check<S: IndexSet>(&self, family: &Family<S>) {
        if let Some(last) = family.range().last() {
            self.column(Var { index: last as u32, model: family.model() });
        }
    }

    /// Where a variable stands among the problem's columns; `None` where it was removed.
    #[track_caller]
    pub fn column_of(&self, variable: Var) -> Option<usize> {
        self.column(variable)
    }

    /// Where a row stands among the problem's rows; `None` where it was removed.
    #[track_caller]
    pub fn row_of(&self, row: Row) -> Option<usize> {
        self.row(row)
    }

    /// The column of a variable; `None` where it was removed.
    #[track_caller]
    fn column(&self, variable: Var) -> Option<usize> {
        let name = || naming::variable_name(variable);
        assert!(variable.model == self.model, "{} is not in the answer to {}", name(), naming::model_name(self.model));
        let all = self.places.as_ref().map_or(self.problem.num_columns(), |places| places.columns.len());
        assert!(variable.index() < all, "{} was made after the model was solved", name());
        match &self.places {
            None => Some(variable.index()),
            Some(places) => Some(places.columns[variable.index()]).filter(|at| *at != GONE).map(|at| at as usize),
        }
    }

    /// The row of a handle; `None` where it was removed.
    #[track_caller]
    fn row(&self, row: Row) -> Option<usize> {
        let theirs = || naming::model_name(row.model);
        assert!(row.model == self.model, "a row of {} is not in this answer", theirs());
        let all = self.places.as_ref().map_or(self.problem.num_rows(), |places| places.rows.len());
        assert!(row.index() < all, "row {} of {} was made after it was solved", row.index(), theirs());
        match &self.places {
            None => Some(row.index()),
            Some(places) => Some(places.rows[row.index()]).filter(|at| *at != GONE).map(|at| at as usize),
        }
    }
}

impl fmt::Display for Solved {
    /// Status, objective, bound and gap, evidence, time: a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.problem.name();
        let colon = if name.is_empty() { "" } else { ": " };
        writeln!(f, "{name}{colon}{}", self.answer.termination())?;
        if let Some(objective) = self.answer.objective() {
            writeln!(f, "  objective  {objective}")?;
        }
        if let Some(bound) = self.answer.bound() {
            write!(f, "  bound      {bound}")?;
            match self.answer.gap() {
                Some(gap) if gap.is_finite() => writeln!(f, "  (gap {:.2} %)", 100.0 * gap)?,
                _ => writeln!(f)?,
            }
        }
        let evidence = self.answer.evidence();
        write!(f, "  evidence   {}", evidence.level)?;
        if let Some(violations) = &evidence.violations {
            let worst = violations.row.max(violations.bound).max(violations.integrality);
            write!(f, ", largest violation {worst:e}")?;
        }
        if let Some(source) = &evidence.found_by {
            write!(f, ", found by {}", source.backend)?;
        }
        if !evidence.agreed_by.is_empty() {
            write!(f, ", agreed by {}", evidence.agreed_by.join(", "))?;
        }
        if !evidence.contradicted.is_empty() {
            write!(f, ", against {}", evidence.contradicted.join(", "))?;
        }
        write!(f, "\n  time       {:.3} s", self.answer.seconds())
    }
}

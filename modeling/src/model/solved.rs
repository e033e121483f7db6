//! Answers in the model's own terms: values, duals and slacks by the handles and keys that the model was written with.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Model;
use super::expression::{Expr, Quadratic, Var};
use super::family::{Family, Row};
use super::index::{IndexSet, Key};
use super::naming;
use crate::answer::Answer;
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
        let fits = answer.point().is_none_or(|point| point.len() == problem.num_columns());
        assert!(fits, "the answer is not one to this problem");
        Self { answer, problem, model: model.id() }
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

    /// The value of a variable, or of any expression.
    ///
    /// # Panics
    /// Without a point, and for a variable of another model or one that was made after freezing.
    #[track_caller]
    pub fn value(&self, expression: impl Quadratic) -> f64 {
        let expression = Expr::of(expression);
        let (terms, point) = (expression.terms(), self.values_or_panic());
        let at = |column: u32| point[self.column(Var { index: column, model: terms.model })];
        let linear: f64 = terms.columns.iter().zip(&terms.values).map(|(&column, value)| value * at(column)).sum();
        let products: f64 = terms.products.iter().map(|p| p.value * at(p.first) * at(p.second)).sum();
        linear + products + terms.constant
    }

    /// Every key of a family with the value of its variable: `(plant, city, tonnes)`.
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
        family.iter().map(move |(key, variable)| key.with_value(point[variable.index()]))
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
            let j = variable.index();
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
        family.iter().filter(move |(_, variable)| point[variable.index()] > 0.5).map(|(key, _)| key)
    }

    /// The multiplier of a row: d objective / d right-hand side.
    #[track_caller]
    pub fn dual(&self, row: Row) -> Option<f64> {
        let at = self.row(row);
        self.answer.duals().map(|duals| duals.rows[at])
    }

    /// The reduced cost of a variable.
    #[track_caller]
    pub fn reduced_cost(&self, variable: Var) -> Option<f64> {
        let at = self.column(variable);
        self.answer.duals().map(|duals| duals.reduced_costs[at])
    }

    /// The value of a row's expression, its constants moved to the right-hand side.
    ///
    /// # Panics
    /// Without a point, and for a row of another model or one that was made after freezing.
    #[track_caller]
    pub fn activity(&self, row: Row) -> f64 {
        let point = self.values_or_panic();
        let at = self.row(row);
        let (columns, values) = self.problem.by_rows().row(at);
        let linear: f64 = columns.iter().zip(values).map(|(&column, value)| value * point[column as usize]).sum();
        linear + self.problem.row_products(at).iter().map(|product| product.at(point)).sum::<f64>()
    }

    /// How far a row is from its nearer side: 0 where it binds, infinite where it has no side.
    ///
    /// # Panics
    /// As [`activity`](Self::activity).
    #[track_caller]
    pub fn slack(&self, row: Row) -> f64 {
        let (activity, at) = (self.activity(row), row.index());
        (activity - self.problem.row_lower()[at]).min(self.problem.row_upper()[at] - activity)
    }

    /// Checks a whole family by its last member: its columns are contiguous.
    #[track_caller]
    fn check<S: IndexSet>(&self, family: &Family<S>) {
        if let Some(last) = family.range().last() {
            self.column(Var { index: last as u32, model: family.model() });
        }
    }

    #[track_caller]
    fn column(&self, variable: Var) -> usize {
        let name = || naming::variable_name(variable);
        assert!(variable.model == self.model, "{} is not in the answer to {}", name(), naming::model_name(self.model));
        assert!(variable.index() < self.problem.num_columns(), "{} was made after the model was solved", name());
        variable.index()
    }

    #[track_caller]
    fn row(&self, row: Row) -> usize {
        let theirs = || naming::model_name(row.model);
        assert!(row.model == self.model, "a row of {} is not in this answer", theirs());
        assert!(
            row.index() < self.problem.num_rows(),
            "row {} of {} was made after it was solved",
            row.index(),
            theirs()
        );
        row.index()
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

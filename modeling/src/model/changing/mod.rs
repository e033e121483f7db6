//! A model's problem while it is changed and solved again: changes by handle or by name gather in a patch, handles keep
//! their meaning whatever is removed, and what was removed stays so.

mod column;
mod error;
mod keys;
mod positions;

use std::collections::HashMap;
use std::sync::Arc;

use super::expression::{Expr, Linear, Number, Terms, Var};
use super::family::{Family, Row, Rows};
use super::index::{IntoIndex, Labels, Walk};
use super::naming::{self, Known};
use super::relation::IntoRow;
use super::{Model, Solved};
use crate::answer::Answer;
use crate::patch::{Change, Key, NewRow, Patch, Revision};
use crate::problem::{ColumnKind, Defects, Problem, Sense};
use column::RowName;
pub use column::{Column, IntoRowName};
pub use error::ChangeError;
pub use keys::{RowKey, VariableKey};
use positions::Positions;
pub(super) use positions::{GONE, Places};

/// A model's frozen problem and the changes that wait to be made to it. It solves nothing: the facade's `OpenModel` does.
///
/// Handles of the model keep their meaning. What is removed stays removed: naming it again is an error, in answers its
/// value is 0. What is added has handles of its own, which fit this and no other opened model.
#[derive(Debug, Clone)]
pub struct Changing {
    known: Arc<Known>,
    problem: Arc<Problem>,
    patch: Patch,
    columns: Positions,
    rows: Positions,
    /// Sides that wait in the patch.
    sides: HashMap<u32, (f64, f64)>,
    places: Option<Arc<Places>>,
    number: u64,
}

impl Changing {
    /// Freezes a model, to be changed from here on. The model itself stays as it is.
    ///
    /// # Errors
    /// The model's defects.
    pub fn new(model: &Model) -> Result<Self, Defects> {
        let problem = Arc::new(model.freeze()?);
        Ok(Self {
            known: model.known.duplicate(),
            columns: Positions::new(problem.num_columns()),
            rows: Positions::new(problem.num_rows()),
            problem,
            patch: Patch::new(),
            sides: HashMap::new(),
            places: None,
            number: 0,
        })
    }

    /// The problem as it was committed last.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }

    /// How many patches were committed.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The changes that wait.
    pub fn pending(&self) -> &Patch {
        &self.patch
    }

    fn named(
        what: &'static str,
        name: &str,
        positions: &Positions,
        names: &crate::problem::Names,
    ) -> Result<u32, ChangeError> {
        let known = names.find(name).map(|place| place as u32).or_else(|| positions.waiting.get(name).copied());
        let place = known.ok_or_else(|| ChangeError::Unknown { what, name: name.to_owned() })?;
        if positions.leaving.iter().any(|&(_, leaving)| leaving == place) {
            return Err(ChangeError::Removed { name: format!("{what} '{name}'") });
        }
        Ok(place)
    }

    fn finite(value: f64, what: impl FnOnce() -> String) -> Result<f64, ChangeError> {
        let no = || ChangeError::Number { what: what(), value: value.to_string() };
        if value.is_finite() { Ok(value) } else { Err(no()) }
    }

    fn not_nan(value: f64, wrong: f64, what: impl FnOnce() -> String) -> Result<f64, ChangeError> {
        let no = || ChangeError::Number { what: what(), value: value.to_string() };
        if value.is_nan() || value == wrong { Err(no()) } else { Ok(value) }
    }

    fn column_name(&self, at: u32) -> String {
        let names = self.problem.column_names();
        if (at as usize) < names.len() { names.get(at as usize).into_owned() } else { "a new variable".into() }
    }

    fn row_name(&self, at: u32) -> String {
        let names = self.problem.row_names();
        if (at as usize) < names.len() { names.get(at as usize).into_owned() } else { "a new row".into() }
    }

    /// Sets the lower bound of a variable.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn lower<N: Number>(&mut self, variable: impl VariableKey, bound: N) -> Result<(), ChangeError> {
        let at = variable.find(self)?;
        let what = || format!("the lower bound of '{}'", self.column_name(at));
        let value = Self::not_nan(bound.to_f64(), f64::INFINITY, what)?;
        self.patch.push(Change::Lower { column: Key::At(at), value });
        Ok(())
    }

    /// Sets the upper bound of a variable.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn upper<N: Number>(&mut self, variable: impl VariableKey, bound: N) -> Result<(), ChangeError> {
        let at = variable.find(self)?;
        let what = || format!("the upper bound of '{}'", self.column_name(at));
        let value = Self::not_nan(bound.to_f64(), f64::NEG_INFINITY, what)?;
        self.patch.push(Change::Upper { column: Key::At(at), value });
        Ok(())
    }

    /// Sets the cost of a variable.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn cost<N: Number>(&mut self, variable: impl VariableKey, cost: N) -> Result<(), ChangeError> {
        let at = variable.find(self)?;
        let value = Self::finite(cost.to_f64(), || format!("the cost of '{}'", self.column_name(at)))?;
        self.patch.push(Change::Cost { column: Key::At(at), value });
        Ok(())
    }

    /// Sets the kind of a variable: makes it an integer, say.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn kind(&mut self, variable: impl VariableKey, kind: ColumnKind) -> Result<(), ChangeError> {
        let at = variable.find(self)?;
        self.patch.push(Change::Kind { column: Key::At(at), kind });
        Ok(())
    }

    /// Sets both sides of a row; −∞ and ∞ for none.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn sides<L: Number, U: Number>(&mut self, row: impl RowKey, lower: L, upper: U) -> Result<(), ChangeError> {
        let at = row.find(self)?;
        let what = |side: &str| format!("the {side} side of '{}'", self.row_name(at));
        let lower = Self::not_nan(lower.to_f64(), f64::INFINITY, || what("lower"))?;
        let upper = Self::not_nan(upper.to_f64(), f64::NEG_INFINITY, || what("upper"))?;
        self.set_sides(at, lower, upper);
        Ok(())
    }

    fn set_sides(&mut self, at: u32, lower: f64, upper: f64) {
        self.patch.push(Change::RowLower { row: Key::At(at), value: lower });
        self.patch.push(Change::RowUpper { row: Key::At(at), value: upper });
        self.sides.insert(at, (lower, upper));
    }

    /// Sets the right-hand side of a row, all constants of the row being there: of an equation, or the one side there is.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`]; `RightHandSide` for a row with two sides or none.
    pub fn rhs<N: Number>(&mut self, row: impl RowKey, value: N) -> Result<(), ChangeError> {
        let at = row.find(self)?;
        let value = Self::finite(value.to_f64(), || format!("the right-hand side of '{}'", self.row_name(at)))?;
        let i = at as usize;
        let (lower, upper) = match self.sides.get(&at) {
            Some(sides) => *sides,
            None => (self.problem.row_lower()[i], self.problem.row_upper()[i]),
        };
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower == upper => self.set_sides(at, value, value),
            (true, false) => self.set_sides(at, value, f64::INFINITY),
            (false, true) => self.set_sides(at, f64::NEG_INFINITY, value),
            (both, _) => {
                let sides = if both { "two sides" } else { "no side" };
                return Err(ChangeError::RightHandSide { row: self.row_name(at), sides });
            }
        }
        Ok(())
    }

    /// Sets the coefficient of a variable in a row; 0 takes it out.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn coefficient<N: Number>(
        &mut self,
        row: impl RowKey,
        variable: impl VariableKey,
        value: N,
    ) -> Result<(), ChangeError> {
        let (row, column) = (row.find(self)?, variable.find(self)?);
        let what = || format!("the coefficient of '{}' in '{}'", self.column_name(column), self.row_name(row));
        let value = Self::finite(value.to_f64(), what)?;
        self.patch.push(Change::Coefficient { row: Key::At(row), column: Key::At(column), value });
        Ok(())
    }

    /// Another objective.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`]; `Quadratic` where the old or the new one has products.
    pub fn objective(&mut self, sense: Sense, objective: impl Linear) -> Result<(), ChangeError> {
        if !self.problem.quadratic_objective().is_empty() {
            return Err(ChangeError::Quadratic { what: "the objective has products" });
        }
        let expression = Expr::of(objective);
        let terms = self.terms(expression.terms())?;
        let offset = Self::finite(expression.constant(), || "the objective's constant".into())?;
        let mut cost = vec![0.0; self.columns.next as usize];
        for (at, value) in terms {
            cost[at as usize] += value;
        }
        for (at, value) in (0..).zip(cost) {
            self.patch.push(Change::Cost { column: Key::At(at), value });
        }
        self.patch.push(Change::Sense { sense }).push(Change::Offset { value: offset });
        Ok(())
    }

    /// The terms by position; those of removed variables are an error.
    fn terms(&self, terms: &Terms) -> Result<Vec<(u32, f64)>, ChangeError> {
        let pairs = terms.columns.iter().zip(&terms.values).map(|(&index, &value)| {
            let at = VariableKey::find(Var { index, model: terms.model }, self)?;
            let value = Self::finite(value, || format!("the coefficient of '{}'", self.column_name(at)))?;
            Ok((at, value))
        });
        pairs.collect()
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    ///
    /// # Panics
    /// When variables of several models are in it.
    #[track_caller]
    pub fn row(&mut self, name: &str, row: impl IntoRow) -> Result<Row, ChangeError> {
        let mut terms = Terms::of_model(self.known.id);
        let (lower, upper) = row.write(&mut terms);
        if !terms.products.is_empty() {
            return Err(ChangeError::Quadratic { what: "the row has products" });
        }
        let side = |value: f64, wrong| Self::not_nan(value, wrong, || format!("a side of '{name}'"));
        let lower = side(lower - terms.constant, f64::INFINITY)?;
        let upper = side(upper - terms.constant, f64::NEG_INFINITY)?;
        let entries = self.terms(&terms)?.into_iter().map(|(at, value)| (Key::At(at), value)).collect();
        let given = (!name.is_empty()).then(|| name.to_owned());
        self.sides.insert(self.rows.next, (lower, upper));
        self.patch.add_row(NewRow { name: given, lower, upper, entries });
        Ok(Row { index: self.rows.add(name), model: self.known.id })
    }

    /// Adds a row for every key of an index set.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`]; rows before the wrong one are added.
    ///
    /// # Panics
    /// When variables of several models are in one.
    #[track_caller]
    pub fn rows<M, S, R>(
        &mut self,
        name: &str,
        keys: S,
        mut row: impl FnMut(S::Key) -> R,
    ) -> Result<Rows<S::Index>, ChangeError>
    where
        S: IntoIndex<M>,
        R: IntoRow,
    {
        let (set, walk) = keys.into_set();
        let first = self.rows.handles;
        let labels = super::index::IndexSet::labels(&set);
        let (mut at, mut result) = (0, Ok(()));
        walk.each(&mut |key| {
            if result.is_ok() {
                let label = naming::labelled(name, &labels, at);
                result = self.row(&label, row(key)).map(drop);
                at += 1;
            }
        });
        result.map(|()| Family::new(name, set, first, self.known.id))
    }

    /// Adds a variable with its coefficients in the rows there are.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn column(&mut self, column: Column) -> Result<Var, ChangeError> {
        let Column { mut new, entries } = column;
        let what = |of: &str| format!("the {of} of '{}'", new.name.as_deref().unwrap_or("a new variable"));
        Self::not_nan(new.lower, f64::INFINITY, || what("lower bound"))?;
        Self::not_nan(new.upper, f64::NEG_INFINITY, || what("upper bound"))?;
        Self::finite(new.cost, || what("cost"))?;
        let mut found = Vec::with_capacity(entries.len());
        for (row, value) in entries {
            let at = match row {
                RowName::Handle(row) => RowKey::find(row, self)?,
                RowName::Name(name) => RowKey::find(&*name, self)?,
            };
            found.push((Key::At(at), Self::finite(value, || what("coefficient"))?));
        }
        new.entries = found;
        let name = new.name.clone().unwrap_or_default();
        self.patch.add_column(new);
        let index = self.columns.add(&name);
        let mut known = self.known.variables();
        known.push(index as usize, &name, Labels::single());
        known.len = index as usize + 1;
        drop(known);
        Ok(Var { index, model: self.known.id })
    }

    /// Removes a variable from all rows, sets and the objective.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn remove_variable(&mut self, variable: impl VariableKey) -> Result<(), ChangeError> {
        let at = variable.find(self)?;
        self.columns.remove(at);
        self.patch.push(Change::RemoveColumn { column: Key::At(at) });
        Ok(())
    }

    /// Removes a row.
    ///
    /// # Errors
    /// As all changes: [`ChangeError`].
    pub fn remove_row(&mut self, row: impl RowKey) -> Result<(), ChangeError> {
        let at = row.find(self)?;
        self.rows.remove(at);
        self.patch.push(Change::RemoveRow { row: Key::At(at) });
        Ok(())
    }

    /// Makes the changes that wait; `None` where none do. After an error they are dropped and the problem is as it was.
    ///
    /// # Errors
    /// The changed problem's defects.
    pub fn commit(&mut self) -> Result<Option<Revision>, Defects> {
        if self.patch.is_empty() {
            return Ok(None);
        }
        let patch = std::mem::take(&mut self.patch);
        self.sides.clear();
        match Revision::new(&self.problem, &patch) {
            Ok(revision) => {
                self.problem = Arc::clone(revision.problem());
                self.columns.commit(self.problem.num_columns(), |at| revision.column_place(at));
                self.rows.commit(self.problem.num_rows(), |at| revision.row_place(at));
                if revision.delta().changes_shape() {
                    self.places = None;
                }
                self.number += 1;
                Ok(Some(revision))
            }
            Err(defects) => {
                self.columns.roll_back(self.problem.num_columns());
                self.rows.roll_back(self.problem.num_rows());
                self.places = None;
                Err(defects)
            }
        }
    }

    /// An answer to the committed problem, read by handles.
    ///
    /// # Panics
    /// When the answer has a point of another length than the problem.
    pub fn solved(&mut self, answer: Answer) -> Solved {
        if self.places.is_none() && (self.columns.at.is_some() || self.rows.at.is_some()) {
            let all = |positions: &Positions| {
                positions.at.clone().unwrap_or_else(|| (0..positions.handles).collect::<Vec<u32>>())
            };
            self.places = Some(Arc::new(Places { columns: all(&self.columns), rows: all(&self.rows) }));
        }
        Solved::at_places(self.known.id, Arc::clone(&self.problem), answer, self.places.clone())
    }
}

//! What people write: a [`Model`] of variables and rows over their own index types. [`Model::freeze`] turns it into a
//! validated [`Problem`](crate::Problem); nothing here solves (the facade crate `farkas` adds `m.solve()`).
//!
//! A capacitated facility location. Plants and cities are the caller's own, and nothing but `Debug` is asked of them:
//!
//! ```
//! use farkas_modeling::model::prelude::*;
//!
//! #[derive(Debug)]
//! struct Plant { name: &'static str, at: f64, capacity: f64, fixed_cost: f64 }
//! #[derive(Debug)]
//! struct City { name: &'static str, at: f64, demand: f64 }
//!
//! let plants = [
//!     Plant { name: "Lyon", at: 0.0, capacity: 60.0, fixed_cost: 100.0 },
//!     Plant { name: "Nantes", at: 7.0, capacity: 50.0, fixed_cost: 80.0 },
//! ];
//! let cities = [City { name: "Paris", at: 4.0, demand: 30.0 }, City { name: "Brest", at: 9.0, demand: 15.0 }];
//!
//! let mut m = Model::new("facility location");
//! let open = m.binary("open").over(&plants);
//! let ship = m.nonnegative("ship").over((&plants, &cities));
//!
//! m.minimize(
//!     sum(&plants, |p| p.fixed_cost * open[p])
//!         + sum((&plants, &cities), |(p, c)| (p.at - c.at).abs() * ship[(p, c)]),
//! );
//! m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).eq(c.demand));
//! m.rows("capacity", &plants, |p| sum(&cities, |c| ship[(p, c)]).le(p.capacity * open[p]));
//!
//! let problem = m.freeze()?;
//! assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_nonzeros()), (4, 6, 10));
//! assert_eq!(problem.column_names().get(3), "ship[Lyon,Brest]");
//! assert_eq!(problem.row_names().get(0), "demand[Paris]");
//! # let _ = (plants[0].name, cities[0].name);
//! # Ok::<(), farkas_modeling::problem::Defects>(())
//! ```
//!
//! **Mistakes** are told where they are made when that can be known at once (a key that is not in its set, a variable of
//! another model: a panic that names them), and all together by [`Model::freeze`] otherwise (a cost that is NaN, a row that
//! can never hold).

mod changing;
mod expression;
mod family;
mod freeze;
pub mod index;
pub mod linearize;
mod literal;
mod naming;
mod objectives;
mod relation;
mod solved;
mod variable;

use std::fmt;
use std::sync::Arc;

use crate::problem::{ColumnKind, Indicator, MOST_ENTRIES, Sense, SpecialOrderedSet};

pub use changing::{ChangeError, Changing, Column, IntoRowName, RowKey, VariableKey};
pub use expression::{
    Degree, Expr, Factor, Linear, Number, One, Plus, QuadExpr, Quadratic, Scaled, Term, Terms, Times, Two, UpTo, Var,
    dot, sum,
};
pub use family::{Family, FamilyKeys, Member, Row, Rows};
use index::{IndexSet, IntoIndex, Labels, Walk};
pub use index::{Restrict, Set};
use linearize::Reliance;
pub use literal::Literal;
use naming::{Blocks, Known};
pub use objectives::Objectives;
pub use relation::{Compare, IntoRow, Relation};
pub use solved::Solved;
pub use variable::Variables;

/// What a file that writes models wants in scope.
pub mod prelude {
    pub use super::{
        Column, Compare, Expr, Family, Linear, Literal, Model, QuadExpr, Quadratic, Restrict, Row, Rows, Set, Solved,
        Var, dot, sum,
    };
}

/// An optimisation model as it is written: grows by families of variables and rows, and is frozen to be solved.
///
/// See the [module](self) for an example. Cloning makes a second model that the same handles fit.
pub struct Model {
    known: Arc<Known>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinds: Vec<ColumnKind>,
    sense: Sense,
    objective: Terms,
    /// All rows' terms and products, one row after the other.
    terms: Terms,
    /// Where each row's terms end.
    ends: Vec<u32>,
    /// Rows with products, ascending, and where the products of each end.
    product_ends: Vec<(u32, u32)>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
    row_names: Blocks,
    sets: Vec<SpecialOrderedSet>,
    indicators: Vec<Indicator>,
    reliance: Reliance,
    /// Several objectives, the most important first; empty for a single one without a name.
    stages: Vec<objectives::Stage>,
}

impl fmt::Display for Model {
    /// Its name and size.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let integers = self.kinds.iter().filter(|kind| kind.is_integer()).count();
        let (rows, variables) = (self.num_rows(), self.num_variables());
        let terms = self.terms.columns.len() + self.terms.products.len();
        write!(f, "{}: {variables} variables ({integers} integer), {rows} rows, {terms} terms", self.name())
    }
}

impl fmt::Debug for Model {
    /// As it is displayed: nobody wants to read a million terms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({self})")
    }
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self {
            known: self.known.duplicate(),
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            sense: self.sense,
            objective: self.objective.clone(),
            terms: self.terms.clone(),
            ends: self.ends.clone(),
            product_ends: self.product_ends.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
            row_names: self.row_names.clone(),
            sets: self.sets.clone(),
            indicators: self.indicators.clone(),
            reliance: self.reliance.clone(),
            stages: self.stages.clone(),
        }
    }
}

impl Model {
    /// An empty model. The name is for people and may be empty.
    pub fn new(name: impl Into<String>) -> Self {
        let known = Known::new(name.into());
        let id = known.id;
        Self {
            known,
            lower: Vec::new(),
            upper: Vec::new(),
            kinds: Vec::new(),
            sense: Sense::Minimize,
            objective: Terms::of_model(id),
            terms: Terms::of_model(id),
            ends: Vec::new(),
            product_ends: Vec::new(),
            row_lower: Vec::new(),
            row_upper: Vec::new(),
            row_names: Blocks::default(),
            sets: Vec::new(),
            indicators: Vec::new(),
            reliance: Reliance::default(),
            stages: Vec::new(),
        }
    }

    fn id(&self) -> u32 {
        self.known.id
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.known.name
    }

    /// How many variables there are.
    pub fn num_variables(&self) -> usize {
        self.lower.len()
    }

    /// How many rows there are.
    pub fn num_rows(&self) -> usize {
        self.ends.len()
    }

    /// Variables that are 0 or 1.
    pub fn binary(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::Integer, 0.0, 1.0)
    }

    /// Integers of any size and sign, until [`bounds`](Variables::bounds) says otherwise.
    pub fn integer(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::Integer, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Real numbers of any size and sign.
    pub fn continuous(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::Continuous, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Real numbers from 0 up.
    pub fn nonnegative(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::Continuous, 0.0, f64::INFINITY)
    }

    /// Zero, or a real number between the bounds; give both.
    pub fn semicontinuous(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::SemiContinuous, 0.0, f64::INFINITY)
    }

    /// Zero, or an integer between the bounds; give both.
    pub fn semi_integer(&mut self, name: &str) -> Variables<'_> {
        Variables::new(self, name, ColumnKind::SemiInteger, 0.0, f64::INFINITY)
    }

    fn variables(&mut self, name: &str, kind: ColumnKind) -> Variables<'_> {
        Variables::new(self, name, kind, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Asks for the least value of an expression; replaces the objective there was.
    #[track_caller]
    pub fn minimize(&mut self, objective: impl Quadratic) {
        self.set_objective(Sense::Minimize, objective);
    }

    /// Asks for the greatest value of an expression; replaces the objective there was.
    #[track_caller]
    pub fn maximize(&mut self, objective: impl Quadratic) {
        self.set_objective(Sense::Maximize, objective);
    }

    #[track_caller]
    fn set_objective(&mut self, sense: Sense, objective: impl Quadratic) {
        self.sense = sense;
        self.stages.clear();
        self.objective.clear();
        objective.write(1.0, &mut self.objective);
    }

    /// Adds one row. Rows of one name are told apart by numbers when somebody asks for their names (`cut`, `cut~2`).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("diet");
    /// let eat = m.nonnegative("eat").over(0..3);
    /// m.row("energy", (220.0 * eat[0] + 160.0 * eat[1] + 90.0 * eat[2]).ge(2000));
    /// ```
    ///
    /// # Panics
    /// When a variable of another model is in it; and beyond two thousand million rows or terms.
    #[track_caller]
    pub fn row(&mut self, name: &str, row: impl IntoRow) -> Row {
        let index = self.num_rows();
        self.row_names.push(index, name, Labels::single());
        self.write_row(row);
        self.check_room(name);
        Row { index: index as u32, model: self.id() }
    }

    /// Adds a row for every key of an index set; returns their handles as a family.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let nodes = vec!["a", "b", "c"];
    /// let mut m = Model::new("network");
    /// let flow = m.nonnegative("flow").over((&nodes, &nodes).only(|(from, to)| from != to));
    /// let out = |n| sum(flow.keys().iter().filter(|(from, _)| *from == n), |key| flow[key]);
    /// let leaving = m.rows("leaving", &nodes, |n| out(n).le(10));
    /// m.rows("lane", flow.keys(), |key| flow[key].le(4));
    /// assert_eq!(m.num_rows(), 9);
    /// assert_eq!(m.freeze()?.row_names().get(leaving[&nodes[1]].index()), "leaving[b]");
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    ///
    /// # Panics
    /// As [`row`](Self::row).
    #[track_caller]
    pub fn rows<M, S, R>(&mut self, name: &str, keys: S, mut row: impl FnMut(S::Key) -> R) -> Rows<S::Index>
    where
        S: IntoIndex<M>,
        R: IntoRow,
    {
        let (set, walk) = keys.into_set();
        let first = self.num_rows();
        self.row_names.push(first, name, set.labels());
        self.ends.reserve(set.len());
        self.row_lower.reserve(set.len());
        self.row_upper.reserve(set.len());
        let (start, all, mut written, mut look_at) = (self.terms.columns.len(), set.len(), 0, 1);
        walk.each(&mut |key| {
            self.write_row(row(key));
            written += 1;
            if written == look_at {
                look_at *= 8;
                self.make_room(start, written, all.saturating_sub(written));
            }
        });
        self.check_room(name);
        Family::new(name, set, first as u32, self.id())
    }

    #[inline]
    fn write_row(&mut self, row: impl IntoRow) {
        self.terms.constant = 0.0;
        let products = self.terms.products.len();
        let (lower, upper) = row.write(&mut self.terms);
        if self.terms.products.len() > products {
            self.product_ends.push((self.ends.len() as u32, self.terms.products.len() as u32));
        }
        self.ends.push(self.terms.columns.len() as u32);
        // A side that is not there stays so, even beside an infinite constant: `x.le(f64::INFINITY)`.
        let constant = self.terms.constant;
        self.row_lower.push(if lower == f64::NEG_INFINITY { lower } else { lower - constant });
        self.row_upper.push(if upper == f64::INFINITY { upper } else { upper - constant });
    }

    /// Room for the terms of the rows `to_come`, should they be as long as those `written` since `start`. Growing bit by bit
    /// would copy everything several times; rows that begin untypically long are kept from taking more than some multiple
    /// of what is there.
    #[cold]
    fn make_room(&mut self, start: usize, written: usize, to_come: usize) {
        let terms = self.terms.columns.len();
        let expected = (terms - start).div_ceil(written).saturating_mul(to_come);
        self.terms.reserve(expected.min(8 * terms + 4096));
    }

    fn check_room(&self, name: &str) {
        let most = self.num_rows().max(self.terms.columns.len()).max(self.terms.products.len());
        assert!(most <= MOST_ENTRIES, "with '{name}' there are {most} rows or terms; a model can have {MOST_ENTRIES}");
    }

    /// Adds a row that has to hold only when `switch`, a binary (or the opposite of one, `!b`), is 1 (an indicator).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("unit commitment");
    /// let on = m.binary("on").one();
    /// let load = m.nonnegative("load").upper(300).one();
    /// m.when("least load", on, load.ge(120));
    /// assert_eq!(m.freeze()?.indicators().len(), 1);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn when(&mut self, name: &str, switch: impl Into<Literal>, row: impl IntoRow) -> Row {
        self.switched(name, switch.into(), row)
    }

    /// Adds a row that has to hold only when `switch`, a binary (or the opposite of one), is 0 (an indicator).
    #[track_caller]
    pub fn unless(&mut self, name: &str, switch: impl Into<Literal>, row: impl IntoRow) -> Row {
        self.switched(name, !switch.into(), row)
    }

    #[track_caller]
    fn switched(&mut self, name: &str, switch: Literal, row: impl IntoRow) -> Row {
        self.own(switch.variable);
        let row = self.row(name, row);
        self.indicators.push(Indicator { row: row.index, column: switch.variable.index, active: switch.at });
        row
    }

    /// Of these variables at most one may be nonzero (a special ordered set of type 1).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("one supplier");
    /// let buy = m.nonnegative("buy").upper(9).over(0..3);
    /// m.sos1("one", &buy);
    /// assert_eq!(m.freeze()?.sets()[0].members, [(0, 1.0), (1, 2.0), (2, 3.0)]);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn sos1<V: AsRef<[Var]> + ?Sized>(&mut self, name: &str, variables: &V) {
        self.ordered_set(name, 1, variables.as_ref());
    }

    /// Of these variables at most two may be nonzero, and they must be neighbours (a special ordered set of type 2).
    #[track_caller]
    pub fn sos2<V: AsRef<[Var]> + ?Sized>(&mut self, name: &str, variables: &V) {
        self.ordered_set(name, 2, variables.as_ref());
    }

    #[track_caller]
    fn ordered_set(&mut self, name: &str, order: u8, variables: &[Var]) {
        let members = variables.iter().zip(1..).map(|(&x, weight)| (self.own(x) as u32, f64::from(weight))).collect();
        self.sets.push(SpecialOrderedSet { name: name.into(), order, members });
    }

    /// Sets the lower bound of a variable.
    #[track_caller]
    pub fn set_lower<N: Number>(&mut self, variable: Var, bound: N) {
        let at = self.own(variable);
        self.lower[at] = bound.to_f64();
    }

    /// Sets the upper bound of a variable.
    #[track_caller]
    pub fn set_upper<N: Number>(&mut self, variable: Var, bound: N) {
        let at = self.own(variable);
        self.upper[at] = bound.to_f64();
    }

    /// Sets both bounds of a variable to one value.
    #[track_caller]
    pub fn fix<N: Number>(&mut self, variable: Var, value: N) {
        self.set_lower(variable, value);
        self.set_upper(variable, value);
    }

    /// Sets the lower bounds of a family, each from its key.
    #[track_caller]
    pub fn lower_by<'f, S: IndexSet, N: Number>(
        &mut self,
        family: &'f Family<S>,
        mut bound: impl FnMut(S::Key<'f>) -> N,
    ) {
        for (key, variable) in family.iter() {
            self.set_lower(variable, bound(key));
        }
    }

    /// Sets the upper bounds of a family, each from its key.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let capacities = [3.0, 5.0];
    /// let mut m = Model::new("stores");
    /// let stock = m.nonnegative("stock").over(&capacities);
    /// m.upper_by(&stock, |&capacity| capacity);
    /// assert_eq!(m.freeze()?.upper(), capacities);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn upper_by<'f, S: IndexSet, N: Number>(
        &mut self,
        family: &'f Family<S>,
        mut bound: impl FnMut(S::Key<'f>) -> N,
    ) {
        for (key, variable) in family.iter() {
            self.set_upper(variable, bound(key));
        }
    }

    /// The column of a variable, which must be this model's.
    #[track_caller]
    fn own(&self, variable: Var) -> usize {
        let ours = self.known.name.as_str();
        assert!(variable.model == self.id(), "{} is handed to model '{ours}'", naming::variable_name(variable));
        variable.index()
    }
}

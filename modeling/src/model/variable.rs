//! The sentence that makes variables: kind and name, bounds, and one or a family: `m.integer("x").bounds(0, 10).over(&items)`.

use super::Model;
use super::expression::{Number, Var};
use super::family::Family;
use super::index::{IndexSet, IntoIndex, Labels};
use crate::problem::{ColumnKind, MOST_ENTRIES};

/// Variables about to be made; ends with [`one`](Self::one) or [`over`](Self::over).
#[derive(Debug)]
#[must_use = "no variable is made before `.one()` or `.over(…)`"]
pub struct Variables<'m> {
    model: &'m mut Model,
    name: String,
    kind: ColumnKind,
    lower: f64,
    upper: f64,
}

impl<'m> Variables<'m> {
    pub(super) fn new(model: &'m mut Model, name: &str, kind: ColumnKind, lower: f64, upper: f64) -> Self {
        Self { model, name: name.into(), kind, lower, upper }
    }

    /// Sets both bounds. Infinite ones (1e20 and more) mean none.
    pub fn bounds<N: Number, M: Number>(self, lower: N, upper: M) -> Self {
        self.lower(lower).upper(upper)
    }

    /// Sets the lower bound.
    pub fn lower<N: Number>(mut self, lower: N) -> Self {
        self.lower = lower.to_f64();
        self
    }

    /// Sets the upper bound.
    pub fn upper<N: Number>(mut self, upper: N) -> Self {
        self.upper = upper.to_f64();
        self
    }

    /// Makes one variable.
    ///
    /// ```
    /// use farkas_modeling::model::Model;
    /// let mut m = Model::new("shop");
    /// let x = m.integer("x").bounds(0, 10).one();
    /// assert_eq!(m.freeze()?.column_names().get(x.index()), "x");
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    pub fn one(mut self) -> Var {
        let index = self.make(1, Labels::single());
        Var { index, model: self.model.id() }
    }

    /// Makes one variable for every key of an index set, in its order; what may be one: see [`index`](super::index).
    ///
    /// ```
    /// use farkas_modeling::model::Model;
    /// # #[derive(Debug)]
    /// struct Arc { from: usize, to: usize, open: bool }
    /// let arcs = [Arc { from: 0, to: 1, open: true }, Arc { from: 1, to: 2, open: false }];
    /// let mut m = Model::new("network");
    /// let flow = m.continuous("flow").over(arcs.iter().filter(|a| a.open)); // only what exists
    /// assert!(flow.get(&arcs[0]).is_some() && flow.get(&arcs[1]).is_none());
    /// # let _ = (arcs[0].from, arcs[0].to);
    /// ```
    ///
    /// # Panics
    /// When a key is in the set twice, so that one of its two variables could never be reached; and beyond two thousand
    /// million variables.
    #[track_caller]
    pub fn over<M, S: IntoIndex<M>>(mut self, keys: S) -> Family<S::Index> {
        let set = keys.into_set().0;
        if let Some(key) = set.repeated() {
            panic!("'{}' would have two variables for the key {key}: it is in the index set twice", self.name);
        }
        let first = self.make(set.len(), set.labels());
        Family::new(&self.name, set, first, self.model.id())
    }

    /// Makes the columns; returns the first.
    fn make(&mut self, count: usize, labels: Labels) -> u32 {
        let model = &mut *self.model;
        let first = model.lower.len();
        let all = first.saturating_add(count);
        assert!(all <= MOST_ENTRIES, "'{}' would make {all} variables; a model can have {MOST_ENTRIES}", self.name);
        model.lower.resize(all, self.lower);
        model.upper.resize(all, self.upper);
        model.kinds.resize(all, self.kind);
        let mut known = model.known.variables();
        known.push(first, &self.name, labels);
        known.len = all;
        drop(known);
        first as u32
    }
}

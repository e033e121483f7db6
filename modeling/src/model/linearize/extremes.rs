//! Greatest and least of several expressions.

use super::{Bounded, Ends, Function};
use crate::model::expression::{Expr, Linear, Var};
use crate::model::{Compare, Model, sum};

/// Which end of several expressions.
#[derive(Clone, Copy)]
enum Extreme {
    Greatest,
    Least,
}

impl Model {
    /// A variable that is the greatest of several expressions, whatever the objective.
    ///
    /// With eᵢ in \[lᵢ, uᵢ\], adds the variable y in \[max l, max u\], a binary bᵢ for each (`name.which`), Σ bᵢ = 1, and
    /// y ≥ eᵢ, y ≤ eᵢ + (max over the others' u − lᵢ)(1 − bᵢ). Expressions that can never be the greatest are left out; if one
    /// is left, adds y = e. Every variable needs the bounds that make all lᵢ and uᵢ finite. If y is only pushed down,
    /// [`max_epigraph`](Self::max_epigraph) does without binaries and bounds.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("machines");
    /// let load = m.nonnegative("load").upper(8).over(0..3);
    /// let peak = m.max_of("peak", load.members());
    /// let least = m.min_of("least", load.members());
    /// m.row("even", (peak - least).le(2));
    /// assert_eq!(m.freeze()?.num_integers(), 6);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn max_of<E: Linear>(&mut self, name: &str, expressions: impl IntoIterator<Item = E>) -> Var {
        self.extreme(Function { kind: "maximum", name }, Extreme::Greatest, expressions)
    }

    /// A variable that is the least of several expressions, whatever the objective: [`max_of`](Self::max_of) with all signs
    /// turned round.
    #[track_caller]
    pub fn min_of<E: Linear>(&mut self, name: &str, expressions: impl IntoIterator<Item = E>) -> Var {
        self.extreme(Function { kind: "minimum", name }, Extreme::Least, expressions)
    }

    /// A variable that is at least each of several expressions, and the greatest of them wherever the objective pushes it
    /// down: a makespan, a peak. Adds the variable and a row for each expression; needs no bounds.
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("shop");
    /// let end = m.nonnegative("end").over(0..3);
    /// let makespan = m.max_epigraph("makespan", end.members());
    /// m.minimize(makespan);
    /// # assert_eq!(m.freeze()?.num_rows(), 3);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn max_epigraph<E: Linear>(&mut self, name: &str, expressions: impl IntoIterator<Item = E>) -> Var {
        let y = self.continuous(name).one();
        for expression in expressions {
            self.row(&format!("{name}.at least"), y.ge(expression));
        }
        y
    }

    /// A variable that is at most each of several expressions, and the least of them wherever the objective pushes it up: a
    /// bottleneck. Adds the variable and a row for each expression; needs no bounds.
    #[track_caller]
    pub fn min_hypograph<E: Linear>(&mut self, name: &str, expressions: impl IntoIterator<Item = E>) -> Var {
        let y = self.continuous(name).one();
        for expression in expressions {
            self.row(&format!("{name}.at most"), y.le(expression));
        }
        y
    }

    #[track_caller]
    fn extreme<E: Linear>(
        &mut self,
        function: Function<'_>,
        extreme: Extreme,
        expressions: impl IntoIterator<Item = E>,
    ) -> Var {
        let name = function.name;
        // As a greatest: of the negative ones, if the least is asked for.
        let sign = match extreme {
            Extreme::Greatest => 1.0,
            Extreme::Least => -1.0,
        };
        let mut all: Vec<Bounded> = expressions
            .into_iter()
            .map(|expression| self.bounded(function, sign * Expr::of(expression), Ends::Both))
            .collect();
        assert!(!all.is_empty(), "the {} '{name}' has nothing to be taken of", function.kind);
        let least = all.iter().map(|e| e.least).fold(f64::NEG_INFINITY, f64::max);
        let most = all.iter().map(|e| e.most).fold(f64::NEG_INFINITY, f64::max);
        // The first that is never below `least` stays, and whatever may be above it.
        let anchor = all.iter().position(|e| e.least == least).unwrap_or_default();
        let mut at = 0;
        all.retain(|e| {
            at += 1;
            at - 1 == anchor || e.most > least
        });
        let (lower, upper) = if sign > 0.0 { (least, most) } else { (-most, -least) };
        let value = self.continuous(name).bounds(lower, upper).one();
        let y = sign * value;
        if let [only] = all.as_slice() {
            self.row(&format!("{name}.equals"), y.eq(&only.expr));
            return value;
        }
        let which = self.binary(&format!("{name}.which")).over(0..all.len());
        self.rows(&format!("{name}.bounds"), 0..all.len(), |i| y.ge(&all[i].expr));
        self.rows(&format!("{name}.reached"), 0..all.len(), |i| {
            let others = all.iter().enumerate().filter(|&(k, _)| k != i).map(|(_, e)| e.most).fold(least, f64::max);
            y.le(&all[i].expr + (others - all[i].least) * !which[i])
        });
        self.row(&format!("{name}.one"), sum(0..all.len(), |i| which[i]).eq(1));
        value
    }
}

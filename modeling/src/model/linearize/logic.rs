//! And, or, exclusive or, if-then on binaries.

use super::Function;
use crate::model::expression::Var;
use crate::model::family::Row;
use crate::model::literal::Literal;
use crate::model::{Compare, Model, sum};
use crate::problem::{ColumnKind, DefectCode};

impl Model {
    /// A binary that is 1 exactly if all of these are true. Adds z ≤ xᵢ for each of n, and z ≥ Σ xᵢ − (n − 1).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("logic");
    /// let b = m.binary("b").over(0..3);
    /// let both = m.all_of("both", [b[0].into(), !b[1]]);
    /// let any = m.any_of("any", b.members());
    /// m.if_then("rule", both, !b[2]);
    /// # assert_eq!(m.freeze()?.num_rows(), 3 + 4 + 1);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn all_of<L: Into<Literal>>(&mut self, name: &str, conditions: impl IntoIterator<Item = L>) -> Var {
        let all = self.conditions(Function { kind: "conjunction", name }, conditions);
        let z = self.binary(name).one();
        self.rows(&format!("{name}.each"), 0..all.len(), |i| z.le(all[i]));
        self.row(&format!("{name}.all"), z.ge(sum(&all, |literal| *literal) - (all.len() as f64 - 1.0)));
        z
    }

    /// A binary that is 1 exactly if at least one of these is true. Adds z ≥ xᵢ for each, and z ≤ Σ xᵢ.
    #[track_caller]
    pub fn any_of<L: Into<Literal>>(&mut self, name: &str, conditions: impl IntoIterator<Item = L>) -> Var {
        let all = self.conditions(Function { kind: "disjunction", name }, conditions);
        let z = self.binary(name).one();
        self.rows(&format!("{name}.each"), 0..all.len(), |i| z.ge(all[i]));
        self.row(&format!("{name}.any"), z.le(sum(&all, |literal| *literal)));
        z
    }

    /// A binary that is 1 exactly if one of the two is true and the other is not. Adds z ≤ a + b, z ≥ a − b, z ≥ b − a,
    /// z ≤ 2 − a − b.
    #[track_caller]
    pub fn xor(&mut self, name: &str, a: impl Into<Literal>, b: impl Into<Literal>) -> Var {
        let function = Function { kind: "exclusive or", name };
        let (a, b) = (self.condition(function, a.into()), self.condition(function, b.into()));
        let z = self.binary(name).one();
        self.row(&format!("{name}.any"), z.le(a + b));
        self.row(&format!("{name}.first"), z.ge(a - b));
        self.row(&format!("{name}.second"), z.ge(b - a));
        self.row(&format!("{name}.not both"), z.le(2.0 - a - b));
        z
    }

    /// If the first is true so is the second: adds a ≤ b.
    #[track_caller]
    pub fn if_then(&mut self, name: &str, condition: impl Into<Literal>, consequence: impl Into<Literal>) -> Row {
        let function = Function { kind: "implication", name };
        let (a, b) = (self.condition(function, condition.into()), self.condition(function, consequence.into()));
        self.row(name, a.le(b))
    }

    #[track_caller]
    fn conditions<L: Into<Literal>>(
        &mut self,
        function: Function<'_>,
        conditions: impl IntoIterator<Item = L>,
    ) -> Vec<Literal> {
        conditions.into_iter().map(|literal| self.condition(function, literal.into())).collect()
    }

    /// The literal itself; that its variable is not binary is noted.
    #[track_caller]
    pub(super) fn condition(&mut self, function: Function<'_>, literal: Literal) -> Literal {
        let j = self.own(literal.variable);
        if self.kinds[j] != ColumnKind::Integer || self.lower[j] < 0.0 || self.upper[j] > 1.0 {
            let name = self.known.variables().name_of(j);
            self.lacks(function, DefectCode::BadKind, format!("variable '{name}' is not binary"));
        }
        literal
    }
}

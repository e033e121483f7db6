//! Several objectives in order of importance: each is a stage of its own, solved among the points that are as good as the
//! stages before allow. Here are the stages as problems; the facade solves one after the other.

use super::expression::{Number, QuadExpr, Quadratic};
use super::{Compare, Model};
use crate::problem::{DefectCode, Defects, Place, Problem, Sense};

/// One stage: a weighted sum of objectives, and how much of it later stages may give up.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    name: String,
    sense: Sense,
    total: QuadExpr,
    parts: Vec<Part>,
    absolute: f64,
    relative: f64,
}

/// One objective of a stage, as it is reported.
#[derive(Debug, Clone)]
struct Part {
    name: String,
    expression: QuadExpr,
}

/// The sentence that sets several objectives, the most important first; made by [`Model::objectives`].
#[derive(Debug)]
pub struct Objectives<'m> {
    model: &'m mut Model,
}

impl Objectives<'_> {
    /// The next objective in order: the least value among what is left.
    #[track_caller]
    pub fn minimize(&mut self, name: &str, expression: impl Quadratic) -> &mut Self {
        self.stage(Sense::Minimize, name, expression)
    }

    /// The next objective in order: the greatest value among what is left.
    #[track_caller]
    pub fn maximize(&mut self, name: &str, expression: impl Quadratic) -> &mut Self {
        self.stage(Sense::Maximize, name, expression)
    }

    /// Another objective of the same importance as the one before: `weight` times it is added there. It is reported by itself.
    ///
    /// # Panics
    /// When there is none before.
    #[track_caller]
    pub fn plus<N: Number>(&mut self, weight: N, name: &str, expression: impl Quadratic) -> &mut Self {
        let expression = quadratic(expression);
        let model = &mut *self.model;
        {
            let stage = model.stages.last_mut().expect("`plus` adds to an objective, so one comes before it");
            stage.total += weight.to_f64() * &expression;
            stage.parts.push(Part { name: name.into(), expression });
        }
        model.show_first_stage();
        self
    }

    /// Later objectives may make the one before worse by this much.
    ///
    /// # Panics
    /// When there is none before.
    #[track_caller]
    pub fn within<N: Number>(&mut self, absolute: N) -> &mut Self {
        self.model.stages.last_mut().expect("`within` speaks of the objective before it").absolute = absolute.to_f64();
        self
    }

    /// Later objectives may make the one before worse by this share of its value: 0.05 for five percent. If there is an absolute
    /// tolerance too, the larger of the two counts.
    ///
    /// # Panics
    /// When there is none before.
    #[track_caller]
    pub fn within_share(&mut self, relative: f64) -> &mut Self {
        self.model.stages.last_mut().expect("`within_share` speaks of the objective before it").relative = relative;
        self
    }

    #[track_caller]
    fn stage(&mut self, sense: Sense, name: &str, expression: impl Quadratic) -> &mut Self {
        let total = quadratic(expression);
        let parts = vec![Part { name: name.into(), expression: total.clone() }];
        self.model.stages.push(Stage { name: name.into(), sense, total, parts, absolute: 0.0, relative: 0.0 });
        self.model.show_first_stage();
        self
    }
}

/// Any expression as a quadratic one.
fn quadratic(expression: impl Quadratic) -> QuadExpr {
    QuadExpr::default() + expression
}

impl Model {
    /// Sets several objectives, the most important first, in place of what there was. Each is optimised among the points
    /// that keep every one before at its best value, but for its tolerance.
    ///
    /// The frozen problem has the first; the facade's `solve` goes through all. See also
    /// [`freeze_stage`](Self::freeze_stage).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("roster");
    /// let works = m.binary("works").over((0..3, 0..5));
    /// m.rows("cover", 0..5, |day| sum(0..3, |p| works[(p, day)]).ge(1));
    /// let most = m.max_epigraph("most", (0..3).map(|p| sum(0..5, |day| works[(p, day)])));
    /// m.objectives()
    ///     .minimize("shifts", sum(works.members(), |w| w))
    ///     .within_share(0.1)
    ///     .minimize("fairness", most)
    ///     .plus(0.01, "late shifts", sum(0..3, |p| works[(p, 4)]));
    /// assert_eq!(m.num_stages(), 2);
    /// let second = m.freeze_stage(&[5.0])?; // as if the first stage had come to 5 shifts
    /// assert_eq!(second.row_names().get(second.num_rows() - 1), "shifts.kept");
    /// assert_eq!(second.row_upper()[second.num_rows() - 1], 5.5);
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    pub fn objectives(&mut self) -> Objectives<'_> {
        self.stages.clear();
        self.sense = Sense::Minimize;
        self.objective.clear();
        Objectives { model: self }
    }

    /// How many objectives are to be solved one after the other: 1, unless [`objectives`](Self::objectives) has set more.
    pub fn num_stages(&self) -> usize {
        self.stages.len().max(1)
    }

    /// The name of a stage: that of its first objective, empty for an objective without one.
    pub fn stage_name(&self, stage: usize) -> &str {
        self.stages.get(stage).map_or("", |stage| &stage.name)
    }

    /// All objectives that were set by name, stage after stage: stage, name, expression.
    pub fn stage_objectives(&self) -> impl Iterator<Item = (usize, &str, &QuadExpr)> {
        let parts = self.stages.iter().enumerate();
        parts.flat_map(|(k, stage)| stage.parts.iter().map(move |part| (k, part.name.as_str(), &part.expression)))
    }

    /// The expression that a stage optimises, if the objectives were set by name.
    pub fn stage_total(&self, stage: usize) -> Option<&QuadExpr> {
        self.stages.get(stage).map(|stage| &stage.total)
    }

    /// The problem of one stage, given what the stages before have come to: their objectives become rows, `name.kept`, at
    /// most (at least, when maximising) the value and its tolerance. Columns are those of [`freeze`](Self::freeze), rows
    /// too, with the new ones behind.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze), and when a tolerance is negative or not a number.
    ///
    /// # Panics
    /// When there are as many values as stages, or more.
    #[track_caller]
    pub fn freeze_stage(&self, reached: &[f64]) -> Result<Problem, Defects> {
        let (all, at) = (self.num_stages(), reached.len());
        assert!(at < all, "stage {} of {all} objectives", at + 1);
        if self.stages.is_empty() {
            return self.freeze();
        }
        let mut defects = Defects::default();
        for stage in &self.stages {
            if !(stage.absolute >= 0.0 && stage.relative >= 0.0) {
                let place = Place::Function("objective", stage.name.clone());
                let detail = format!("its tolerances are {} and {}", stage.absolute, stage.relative);
                defects.add(DefectCode::BadFunction, place, detail + "; they must not be negative");
            }
        }
        defects.into_result()?;
        let mut model = self.clone();
        for (stage, &value) in self.stages.iter().zip(reached) {
            let tolerance = stage.absolute.max(stage.relative * value.abs());
            let name = format!("{}.kept", stage.name);
            match stage.sense {
                Sense::Minimize => model.row(&name, (&stage.total).le(value + tolerance)),
                Sense::Maximize => model.row(&name, (&stage.total).ge(value - tolerance)),
            };
        }
        model.show_stage(at);
        model.freeze()
    }

    fn show_first_stage(&mut self) {
        self.show_stage(0);
    }

    /// Makes one stage the model's objective.
    #[track_caller]
    fn show_stage(&mut self, stage: usize) {
        let Stage { sense, total, .. } = self.stages[stage].clone();
        self.sense = sense;
        self.objective.clear();
        total.write(1.0, &mut self.objective);
        self.stages.swap(0, stage);
    }

    /// The name of the objective that the frozen problem has.
    pub(super) fn objective_name(&self) -> Option<String> {
        self.stages.first().map(|stage| stage.name.clone()).filter(|name| !name.is_empty())
    }
}

//! Several objectives in order: each stage is solved among the points that keep the objectives before it, within their
//! tolerances. What the stages are is the model's business ([`Model::objectives`]); here they are solved.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::Reason;
use farkas_modeling::answer::Answer;
use farkas_modeling::model::{Model, Solved};

use crate::solver::{SolveError, Solver};

/// What one objective has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// Its name.
    pub name: String,
    /// Its stage, from 0. Objectives that are weighted against each other share one.
    pub stage: usize,
    /// Its value at the final point.
    pub value: f64,
}

/// The answer to a model with several objectives: the last stage's, by the model's handles, with what each objective has
/// come to and how each stage ended. Everything a [`Solved`] tells it tells too; the objective and the bound are the last
/// stage's own.
#[derive(Debug, Clone)]
pub struct Lexicographic {
    solved: Solved,
    reached: Vec<Reached>,
    stages: Vec<Answer>,
    planned: usize,
}

impl Deref for Lexicographic {
    type Target = Solved;
    fn deref(&self) -> &Solved {
        &self.solved
    }
}

impl Lexicographic {
    /// What each objective has come to, in order; empty without a point.
    pub fn reached(&self) -> &[Reached] {
        &self.reached
    }

    /// The value of one objective by its name, if there is a point.
    pub fn value_of(&self, objective: &str) -> Option<f64> {
        self.reached.iter().find(|reached| reached.name == objective).map(|reached| reached.value)
    }

    /// The answers of the stages that were solved, in order.
    pub fn stages(&self) -> &[Answer] {
        &self.stages
    }

    /// Whether every stage was solved to the end: with none left out, and all optimal.
    pub fn is_complete(&self) -> bool {
        self.stages.len() == self.planned && self.stages.iter().all(|answer| answer.reason() == Reason::Optimal)
    }

    /// The last stage's answer alone.
    pub fn into_solved(self) -> Solved {
        self.solved
    }
}

impl fmt::Display for Lexicographic {
    /// Each objective's value, then the last stage's summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Reached { name, stage, value } in &self.reached {
            let how = self.stages.get(*stage).map_or_else(String::new, |answer| answer.termination().to_string());
            writeln!(f, "{}. {name}: {value}  ({how})", stage + 1)?;
        }
        if self.stages.len() < self.planned {
            writeln!(f, "stopped after {} of {} objectives", self.stages.len(), self.planned)?;
        }
        write!(f, "{}", self.solved)
    }
}

impl Solver<'_> {
    /// Solves a model for its objectives in order, the most important first. Each stage starts from the point of the one
    /// before, and the time limit is that of all together. When a stage ends without an optimum (infeasible, unbounded, at a
    /// limit), the later ones are left out.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let (cost, days) = ([4.0, 7.0, 5.0], [9.0, 2.0, 6.0]);
    /// let mut m = Model::new("carriers");
    /// let choose = m.binary("choose").over(0..3);
    /// m.row("one", sum(0..3, |i| choose[i]).eq(1));
    /// m.objectives()
    ///     .minimize("cost", dot(&cost, &choose))
    ///     .within_share(0.3) // up to 30 % dearer than the cheapest
    ///     .minimize("days", dot(&days, &choose));
    /// # #[cfg(feature = "highs")] {
    /// let answer = Solver::highs().solve_in_order(&m)?;
    /// assert_eq!((answer.value_of("cost"), answer.value_of("days")), (Some(5.0), Some(6.0)));
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    ///
    /// # Errors
    /// When the model has defects, or no solver can do it.
    pub fn solve_in_order(&self, model: &Model) -> Result<Lexicographic, SolveError> {
        let began = Instant::now();
        let planned = model.num_stages();
        let (mut values, mut stages) = (Vec::new(), Vec::new());
        let mut solver = self.clone();
        loop {
            let problem = Arc::new(model.freeze_stage(&values)?);
            let answer = solver.solve_problem(&problem)?;
            stages.push(answer.clone());
            let last = stages.len() == planned || answer.reason() != Reason::Optimal;
            let value = answer.objective();
            let point = answer.point().map(<[f64]>::to_vec);
            if let (false, Some(value), Some(point)) = (last, value, point) {
                values.push(value);
                solver = solver.start(point);
                if let Some(limit) = self.limit() {
                    solver = solver.time_limit(limit.saturating_sub(began.elapsed()));
                }
                continue;
            }
            let solved = Solved::new(model, problem, answer);
            let reached = if solved.has_point() { reached(model, &solved) } else { Vec::new() };
            return Ok(Lexicographic { solved, reached, stages, planned });
        }
    }
}

fn reached(model: &Model, solved: &Solved) -> Vec<Reached> {
    let objectives = model.stage_objectives();
    objectives
        .map(|(stage, name, expression)| Reached { name: name.into(), stage, value: solved.value(expression) })
        .collect()
}

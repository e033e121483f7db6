//! What is to be done with a model: solve it, or find out more about it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number::Number;
use crate::request::RequestError;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Solves the model.
    #[default]
    Solve,
    /// Looks for a smallest set of constraints and bounds that cannot hold together.
    Iis,
    /// Looks for what must give way for the model to become feasible.
    Relax,
    /// Solves a linear program and tells how far its costs and sides may go before the optimal basis changes.
    Sensitivity,
    /// Measures a point that the request brings; needs no solver.
    Check,
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 5] = [Self::Solve, Self::Iis, Self::Relax, Self::Sensitivity, Self::Check];

    /// The name on the wire.
    ///
    /// ```
    /// use farkas_api_types::Task;
    /// assert!(Task::ALL.iter().all(|task| Task::parse(task.name()) == Ok(*task)));
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Solve => "solve",
            Self::Iis => "iis",
            Self::Relax => "relax",
            Self::Sensitivity => "sensitivity",
            Self::Check => "check",
        }
    }

    /// The task of this name.
    ///
    /// # Errors
    /// For a name that is none.
    pub fn parse(name: &str) -> Result<Self, RequestError> {
        Self::ALL.into_iter().find(|task| task.name() == name).ok_or_else(|| {
            let all = Self::ALL.map(Self::name).join(", ");
            RequestError::new("bad-parameter", format!("'{name}' is no task; there are {all}")).parameter("task")
        })
    }

    /// For serde: whether nothing else was asked for.
    pub fn is_solve(&self) -> bool {
        *self == Self::Solve
    }
}

/// What may give way in the task `relax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RelaxOptions {
    /// Bounds of variables as well as constraints.
    pub bounds: bool,
    /// Of all points that miss the least, take the best by the problem's own objective.
    pub then_objective: bool,
}

/// A point and what is said of it: what the task `check` is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedSolution {
    /// Values by variable; a variable that is not named is 0.
    pub variables: IndexMap<String, Number>,
    /// The objective that it is said to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
}

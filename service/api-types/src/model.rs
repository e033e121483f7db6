//! Stored models and batches as clients see them.

use farkas_modeling::patch::Patch;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::job::JobState;
use crate::number::Number;
use crate::options::SolveOptions;
use crate::request::{RequestError, check_names};
use crate::result::{ProblemShape, TerminationDocument};

/// A stored model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    /// SHA-256 of its content, in hexadecimal: the same model has the same id, whatever file it came in.
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its shape.
    pub problem: ProblemShape,
    /// The model that it was made from by a patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// When it was stored, RFC 3339.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// What its reader had to say, a sentence each; only where it was just read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A page of models, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelList {
    /// The models.
    pub models: Vec<ModelView>,
    /// Give it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// A stored model in a request: `{"id": …}`, and a patch upon it if that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredModel {
    /// Its id.
    pub id: String,
    /// What is other than in the stored one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}

/// A model and many scenarios of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub name: Option<String>,
    /// Tags that all its jobs bear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 32)]
    pub tags: Vec<String>,
    /// The model, as in a job: in Farkas JSON, or `{"id": …}`.
    #[schema(schema_with = crate::schema::any_object)]
    pub model: Box<serde_json::value::RawValue>,
    /// How to solve each.
    #[serde(default)]
    pub options: SolveOptions,
    /// One job each.
    pub scenarios: Vec<Scenario>,
}

impl BatchRequest {
    /// Whether name and tags are such as a job may have.
    ///
    /// # Errors
    /// With the place of what is not.
    pub fn check_names(&self) -> Result<(), RequestError> {
        check_names(self.name.as_deref(), &self.tags)
    }
}

/// One of a batch's scenarios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its job's name; its place in the list if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is other than in the model; nothing, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::schema::any_object)]
    pub patch: Option<Patch>,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchView {
    /// Its id; its jobs bear the tag `batch:` and this.
    #[schema(format = "uuid")]
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was accepted, RFC 3339.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// How many jobs it has.
    pub jobs: u64,
    /// How many of them have ended.
    pub ended: u64,
    /// Whether all have.
    pub finished: bool,
    /// How many are in each state.
    pub states: IndexMap<String, u64>,
    /// A line a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenarios: Option<Vec<ScenarioView>>,
}

/// How a scenario stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScenarioView {
    /// Its name.
    pub name: String,
    /// Its job's id.
    #[schema(format = "uuid")]
    pub job: String,
    /// How the job stands.
    pub state: JobState,
    /// How it ended, once it has a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<TerminationDocument>,
    /// Objective of its best checked point.
    pub objective: Option<Number>,
    /// Tightest bound.
    pub bound: Option<Number>,
    /// The gap between them.
    pub gap: Option<Number>,
    /// Seconds that it has been solved for.
    pub seconds: f64,
}

/// A page of batches, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchList {
    /// The batches.
    pub batches: Vec<BatchView>,
    /// Give it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

//! A job as clients see it: its state, how far it is, and lists of jobs.

use farkas_backends::contract::{Availability, Capabilities};
use farkas_modeling::answer::LaneState;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number::Number;
use crate::options::SolveOptions;
use crate::result::{ProblemShape, SolveResult, TerminationDocument};
use crate::schema;
use crate::task::Task;

/// How a job stands. A solve that hits its limit has succeeded; `failed` means our fault, or input that could not be
/// solved at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for cores.
    Queued,
    /// Has its cores; solvers are being started.
    Starting,
    /// Solvers are at work.
    Running,
    /// Was asked to stop, and is about to.
    Stopping,
    /// Ended with a result.
    Succeeded,
    /// Ended without one, and why is said.
    Failed,
    /// Somebody cancelled it.
    Canceled,
    /// Waited longer than it was allowed to.
    Expired,
}

impl JobState {
    /// All states, in the order of a job's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::Stopping,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
        Self::Expired,
    ];

    /// Whether nothing more will happen.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled | Self::Expired)
    }

    /// The name on the wire.
    ///
    /// ```
    /// use farkas_api_types::JobState;
    /// assert!(JobState::ALL.iter().all(|s| JobState::parse(s.name()) == Some(*s)));
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl std::fmt::Display for JobState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How one lane of a job is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneView {
    /// Its backend.
    pub solver: String,
    /// How it stands.
    #[schema(schema_with = schema::lane_state)]
    pub state: LaneState,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// Branch-and-bound nodes.
    #[serde(default)]
    pub nodes: u64,
    /// Iterations.
    #[serde(default)]
    pub iterations: u64,
    /// Best objective it has claimed.
    #[serde(default)]
    pub incumbent: Option<Number>,
    /// Best bound it has claimed.
    #[serde(default)]
    pub bound: Option<Number>,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How it stands.
    pub state: JobState,
    /// Why it failed, was stopped or cancelled, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many jobs are before it; only while it is queued, and only for one job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// What it does.
    #[serde(default)]
    pub task: Task,
    /// What is solved.
    pub problem: ProblemShape,
    /// How.
    pub options: SolveOptions,
    /// How often its solving was begun.
    pub attempts: u32,
    /// When it was accepted, RFC 3339.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When it first got its cores.
    #[schema(format = "date-time")]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(format = "date-time")]
    pub finished_at: Option<String>,
    /// Seconds that it has been solved for, over all attempts.
    pub seconds: f64,
    /// What the furthest lane does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Objective of the best checked point.
    pub incumbent: Option<Number>,
    /// Tightest bound.
    pub bound: Option<Number>,
    /// The gap between them.
    pub gap: Option<Number>,
    /// Its lanes.
    #[serde(default)]
    pub lanes: Vec<LaneView>,
    /// How it ended, once it has a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<TerminationDocument>,
    /// Number of its newest event.
    pub last_event: u64,
    /// Its result, where a submission waited for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<SolveResult>>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<JobView>,
    /// Give it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// A line of a job's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// Number of its event.
    pub id: u64,
    /// Seconds since the solve began.
    pub seconds: f64,
    /// Its lane.
    pub lane: u16,
    /// The line.
    pub line: String,
}

/// A page of a job's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogEntry>,
    /// Give it as `after` to read on; it stays where it was when there is nothing new.
    pub next_after: u64,
    /// Whether nothing more will come.
    pub finished: bool,
}

/// An incumbent of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncumbentEntry {
    /// Number of its event.
    pub id: u64,
    /// Seconds since the solve began.
    pub seconds: f64,
    /// Its objective.
    pub objective: Number,
    /// Who found it.
    pub found_by: String,
    /// Its values by variable, nonzeros only; absent when they are no longer kept or not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<IndexMap<String, Number>>,
}

/// A point that a client has for a running job.
///
/// ```
/// let point: farkas_api_types::OfferedPoint = serde_json::from_str(r#"{"variables": {"x": 4}}"#).unwrap();
/// assert_eq!(point.variables["x"].0, 4.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedPoint {
    /// Values by variable; a variable that is not named is 0.
    pub variables: IndexMap<String, Number>,
}

/// What is said about a point that the race has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TakenPoint {
    /// Its objective, computed here.
    pub objective: Number,
}

/// A page of a job's incumbents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncumbentList {
    /// From the oldest to the newest.
    pub incumbents: Vec<IncumbentEntry>,
    /// Give it as `after` to read on.
    pub next_after: u64,
    /// Whether nothing more will come.
    pub finished: bool,
}

/// A backend and whether it can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackendInfo {
    /// Its name, as `solver` has it.
    pub name: String,
    /// Whether it is there, with what to do where it is not.
    #[schema(schema_with = schema::any_object)]
    pub availability: Availability,
    /// What it can do.
    #[schema(schema_with = schema::any_object)]
    pub capabilities: Capabilities,
}

/// All backends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackendList {
    /// In order of preference.
    pub backends: Vec<BackendInfo>,
}

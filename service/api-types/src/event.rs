//! What a job tells while it runs: numbered events, the same over SSE, in the log, and in the store.

use farkas_modeling::answer::LaneState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::job::JobState;
use crate::number::Number;
use crate::result::SolveResult;
use crate::schema;

/// How far one lane is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneStatus {
    /// Position in the line-up.
    pub lane: u16,
    /// Its backend.
    pub solver: String,
    /// How it stands.
    #[schema(schema_with = schema::lane_state)]
    pub state: LaneState,
    /// More about it: why it failed, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What happened. In SSE its name is the `event:` field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventBody {
    /// The job changed its state.
    State {
        /// To this.
        state: JobState,
        /// Why, where there is something to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A lane changed its state.
    Lane(LaneStatus),
    /// A better point, checked.
    Incumbent {
        /// Its objective.
        objective: Number,
        /// The backend that found it.
        found_by: String,
        /// Whether it was checked against the problem: always true here.
        checked: bool,
        /// Where its values are, while they are kept: a number for `…/incumbents`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blob: Option<String>,
    },
    /// A tighter bound.
    Bound {
        /// No point is better than this.
        bound: Number,
        /// The backend that claims it.
        found_by: String,
    },
    /// How far a lane is; at most four a second.
    Progress {
        /// The lane.
        lane: u16,
        /// What it does: `presolve`, `root`, `search`, …
        phase: String,
        /// Branch-and-bound nodes.
        nodes: u64,
        /// Iterations.
        #[serde(default)]
        iterations: u64,
        /// The gap over all lanes.
        gap: Option<Number>,
        /// Best objective of this lane.
        incumbent: Option<Number>,
        /// Best bound of this lane.
        bound: Option<Number>,
    },
    /// A line of a solver's log.
    Log {
        /// The lane.
        lane: u16,
        /// The line.
        line: String,
    },
    /// Something a user should know.
    Warning {
        /// A stable code.
        code: String,
        /// A sentence.
        detail: String,
    },
    /// The end, always last: the job's final state and its result without the vectors, if it has one.
    Result {
        /// Final state.
        state: JobState,
        /// Why there is no result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<Box<SolveResult>>,
    },
}

impl EventBody {
    /// The name in SSE's `event:` field.
    pub fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Lane(_) => "lane",
            Self::Incumbent { .. } => "incumbent",
            Self::Bound { .. } => "bound",
            Self::Progress { .. } => "progress",
            Self::Log { .. } => "log",
            Self::Warning { .. } => "warning",
            Self::Result { .. } => "result",
        }
    }
}

/// An event with its number and times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobEvent {
    /// Rises by one within the job, from 1, without gaps.
    pub id: u64,
    /// When, RFC 3339.
    #[schema(format = "date-time")]
    pub at: String,
    /// Seconds that the job has been solved for, over all attempts.
    pub seconds: f64,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_back_as_written() {
        let bodies = [
            EventBody::State { state: JobState::Queued, reason: None },
            EventBody::Lane(LaneStatus {
                lane: 1,
                solver: "scip".into(),
                state: LaneState::Failed,
                detail: Some("x".into()),
            }),
            EventBody::Bound { bound: Number(f64::NEG_INFINITY), found_by: "highs".into() },
            EventBody::Log { lane: 0, line: "a \"line\"".into() },
            EventBody::Result { state: JobState::Canceled, reason: None, result: None },
        ];
        for (id, body) in bodies.into_iter().enumerate() {
            let event = JobEvent { id: id as u64, at: "2026-01-01T00:00:00Z".into(), seconds: 0.1, body };
            let json = serde_json::to_string(&event).unwrap();
            assert!(json.contains(&format!("\"event\":\"{}\"", event.body.name())), "{json}");
            assert_eq!(serde_json::from_str::<JobEvent>(&json).unwrap(), event);
        }
    }
}

//! The rules of a job's life: [`step`] takes a job and a cause to the next job, its events and effects. Pure; the store
//! runs it inside a transaction, so a crash leaves either the old job or the new one.
//!
//! A [`Ticket`] is what was ordered and never changes; a [`Job`] is where it stands, the projection of its events.

mod step;
#[cfg(test)]
mod tests;

use farkas_api_types::{
    EventBody, JobEvent, JobState, LaneView, Number, ProblemShape, RelaxOptions, SolveOptions, SolveResult, Task,
    TerminationDocument,
};
use serde::{Deserialize, Serialize};

pub use step::step;

use crate::fairness::{Demand, TinySize};
use crate::models::Source;
use crate::time::Timestamp;

/// Limits that the rules keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How often all lanes may fail before the job does.
    pub attempts: u32,
    /// How often the service may die under a job before the job fails: a job that takes its service with it would
    /// otherwise come back for ever.
    pub interruptions: u32,
    /// Bytes of log lines that a job keeps.
    pub log_bytes: u64,
    /// Incumbents whose values are kept.
    pub kept_points: usize,
    /// Seconds that a lease lasts without being renewed: so long after a node died, its jobs go on elsewhere.
    pub lease_seconds: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { attempts: 3, interruptions: 100, log_bytes: 4 << 20, kept_points: 4, lease_seconds: 30 }
    }
}

/// What a job does with its model.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Solves it.
    #[default]
    Solve,
    /// Says why it is infeasible.
    Iis,
    /// Says what must give way.
    Relax(RelaxOptions),
    /// Solves it and ranges its numbers.
    Sensitivity,
    /// Measures the point that it starts from.
    Check {
        /// The objective that was stated for the point.
        objective: Option<f64>,
    },
}

impl Work {
    /// As clients call it.
    pub fn task(self) -> Task {
        match self {
            Self::Solve => Task::Solve,
            Self::Iis => Task::Iis,
            Self::Relax(_) => Task::Relax,
            Self::Sensitivity => Task::Sensitivity,
            Self::Check { .. } => Task::Check,
        }
    }
}

/// What was ordered. Never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// The job's id; ids sort by time of submission.
    pub id: String,
    /// Whose it is.
    #[serde(default = "default_project")]
    pub project: String,
    /// The id of the key that it was ordered with; none where no keys are needed, and of jobs of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A name for people.
    pub name: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What to do; jobs of before there was a choice are solves.
    #[serde(default)]
    pub work: Work,
    /// As the client gave them.
    pub options: SolveOptions,
    /// Cores it holds while it is solved.
    pub cores: u32,
    /// Its solvers, as far as they were known when it was ordered; one entry a lane.
    #[serde(default)]
    pub solvers: Vec<String>,
    /// Wall-clock limit over all attempts.
    pub time_limit_seconds: Option<f64>,
    /// Shape of the problem.
    pub shape: ProblemShape,
    /// Key of the stored model.
    pub model: String,
    /// Keys of patches upon it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
    /// Key of a point to begin from.
    pub start: Option<String>,
}

impl Ticket {
    /// Whose limits it counts for: its key's, or where there is none its project's.
    pub fn holder(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.project)
    }

    /// Where its problem is.
    pub fn source(&self) -> Source {
        Source { model: self.model.clone(), patches: self.patches.clone() }
    }

    /// What it takes while it is solved.
    pub fn demand(&self, tiny: &TinySize) -> Demand {
        // Lanes run as processes, at most one a core at a time.
        let at_once = u64::from(self.cores).min(self.solvers.len().max(1) as u64);
        Demand {
            project: self.project.clone(),
            cores: self.cores,
            memory_bytes: self.options.memory_limit_bytes.unwrap_or(0).saturating_mul(at_once),
            solvers: self.solvers.clone(),
            tiny: is_tiny(&self.work, &self.options, &self.shape, tiny),
        }
    }

    /// When it must be over, or not begun.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.options.deadline.as_deref().and_then(Timestamp::parse)
    }
}

/// Whether a job is solved in moments, on one core. Several solvers that are named are to run beside each other.
pub fn is_tiny(work: &Work, options: &SolveOptions, shape: &ProblemShape, tiny: &TinySize) -> bool {
    let in_turn = options.solver.names().len() < 2;
    *work == Work::Solve && in_turn && tiny.holds(shape.rows, shape.nonzeros, shape.integers)
}

/// The project of those who name none, and of jobs from before there were projects.
pub const DEFAULT_PROJECT: &str = "default";

fn default_project() -> String {
    DEFAULT_PROJECT.into()
}

/// A user's wish to end a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Stop and keep the incumbent.
    Keep,
    /// Stop and discard.
    Discard,
}

/// An incumbent whose values are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPoint {
    /// Number of its event.
    pub event: u64,
    /// Key of its values.
    pub key: String,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its state.
    pub state: JobState,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// What a user asked for.
    pub wish: Option<Wish>,
    /// How often its solving was begun.
    pub attempts: u32,
    /// How often all lanes failed.
    pub failures: u32,
    /// How often the service died under it.
    pub interruptions: u32,
    /// Fencing token: rises with every claim. Who holds an older one may change nothing.
    pub epoch: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it first got its cores.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it expires if it still waits for its first cores.
    pub expires_at: Option<Timestamp>,
    /// Seconds solved over all attempts, as last told.
    pub seconds: f64,
    /// The same when the present attempt began.
    pub seconds_before: f64,
    /// Objective of the best checked point.
    pub incumbent: Option<Number>,
    /// Who found it.
    pub found_by: Option<String>,
    /// Tightest bound.
    pub bound: Option<Number>,
    /// Newest incumbents with values, the best last.
    pub points: Vec<KeptPoint>,
    /// Its lanes in the present attempt.
    pub lanes: Vec<LaneView>,
    /// What the lane that spoke last does.
    pub phase: Option<String>,
    /// Bytes of log lines so far.
    pub log_bytes: u64,
    /// How it ended, once it has a result.
    pub termination: Option<TerminationDocument>,
    /// The gap that was reported at the end.
    pub gap: Option<Number>,
    /// Key of the result's document.
    pub result: Option<String>,
    /// Number of its newest event.
    pub last_event: u64,
}

/// What a solve tells while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Seconds since this attempt got its cores.
    pub seconds: f64,
    /// What happened: anything but a state and the result, which are the rules' own.
    pub body: EventBody,
    /// Key of an incumbent's values.
    pub point: Option<String>,
}

/// How an attempt ended with a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Seconds since this attempt got its cores.
    pub seconds: f64,
    /// The result without its vectors.
    pub result: SolveResult,
    /// Key of the whole document.
    pub key: String,
}

/// Why a job changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// It got its cores; the epoch rises.
    Claimed,
    /// Its solvers told something.
    Told(Told),
    /// Its attempt ended with a result.
    Solved(Box<Outcome>),
    /// All lanes are gone; it may be tried again.
    Failed {
        /// Seconds since this attempt got its cores.
        seconds: f64,
        /// What happened.
        reason: String,
    },
    /// It can never be solved (its model cannot be read any more, say).
    Broken {
        /// What happened.
        reason: String,
    },
    /// The service shuts down in order; the job waits for the next start.
    Released {
        /// Seconds since this attempt got its cores.
        seconds: f64,
    },
    /// Its lease ran out: the service or the node died.
    Interrupted,
    /// A user asked to end it.
    Asked(Wish),
    /// It waited too long for its cores.
    TimedOut,
}

/// What has to be done besides, once the transition is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Values that are no longer needed.
    Drop(String),
}

/// The next job, what to write into its log, and what to do besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The next job.
    pub job: Job,
    /// Events, numbered on from the job's last.
    pub events: Vec<JobEvent>,
    /// After the commit.
    pub effects: Vec<Effect>,
}

/// Why a cause does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} cannot be {cause}")]
pub struct Refused {
    /// Where the job stands.
    pub state: JobState,
    /// What should have happened, in a word.
    pub cause: &'static str,
}

impl Job {
    /// A new job, before its first event.
    pub(crate) fn new(ticket: &Ticket, now: Timestamp) -> Self {
        Self {
            state: JobState::Queued,
            reason: None,
            wish: None,
            attempts: 0,
            failures: 0,
            interruptions: 0,
            epoch: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            expires_at: [
                ticket.options.queue_timeout_seconds.map(|seconds| now.plus_seconds(seconds)),
                ticket.deadline(),
            ]
            .into_iter()
            .flatten()
            .min(),
            seconds: 0.0,
            seconds_before: 0.0,
            incumbent: None,
            found_by: None,
            bound: None,
            points: Vec::new(),
            lanes: Vec::new(),
            phase: None,
            log_bytes: 0,
            termination: None,
            gap: None,
            result: None,
            last_event: 0,
        }
    }

    /// Seconds that are left of the job's time limit; `None` without one.
    pub fn seconds_left(&self, ticket: &Ticket) -> Option<f64> {
        ticket.time_limit_seconds.map(|limit| (limit - self.seconds).max(0.0))
    }

    /// The gap: as reported at the end, or between incumbent and bound so far.
    pub fn gap(&self) -> Option<Number> {
        self.gap.or_else(|| {
            let (incumbent, bound) = (self.incumbent?, self.bound?);
            Some(Number(farkas_modeling::tolerances::relative_gap(incumbent.0, bound.0)))
        })
    }
}

/// The epoch of a job that is claimed for the first time.
pub const FIRST_EPOCH: u64 = 1;

/// The transition that makes a job; `warnings` (codes and sentences) are what the reader of its model had to say.
pub fn submit(ticket: &Ticket, warnings: Vec<(String, String)>, now: Timestamp) -> Transition {
    step::submitted(Job::new(ticket, now), warnings, now)
}

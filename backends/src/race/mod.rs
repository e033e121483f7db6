//! Several solvers on one problem: who runs, who found what, when it is over.
//!
//! [`run`] is the native call; it drives the referee, a pure state machine, with lanes on threads (each lane a session,
//! in-process or in a worker), checks every point before it counts, and concludes.

mod ledger;
mod protocol;
pub mod referee;

use std::sync::Arc;

use farkas_modeling::answer::{Answer, LaneState};
use farkas_modeling::check::{CheckedPoint, TrustPolicy};
use farkas_modeling::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::contract::{Backend, Start, StopToken};
use crate::options::Options;

/// One lane: a backend and what is particular about it here.
#[derive(Clone)]
pub struct Lane {
    /// Who solves.
    pub backend: Arc<dyn Backend>,
    /// Its threads; the race's options say the rest.
    pub threads: u32,
    /// Its seed, if it shall have one.
    pub seed: Option<u32>,
}

/// Who runs, in order of preference: when cores are scarce the first go first, the rest wait for a free core.
#[derive(Clone, Default)]
pub struct Lineup {
    /// The lanes.
    pub lanes: Vec<Lane>,
}

/// What a race tells while it runs: to a terminal, a job's event log, a callback. In this order of rules: the published
/// incumbent is checked and only gets better; the bound only gets tighter.
#[derive(Debug, Clone)]
pub enum RaceEvent {
    /// A lane changed its state.
    Lane {
        /// Position in the line-up.
        lane: u16,
        /// Its backend.
        solver: String,
        /// How it stands now.
        state: LaneState,
        /// More about it: why it failed, say.
        detail: Option<String>,
    },
    /// A better checked point.
    Incumbent {
        /// The point itself, with its objective.
        point: Arc<CheckedPoint>,
        /// The lane it came from.
        lane: u16,
        /// That lane's backend.
        found_by: String,
    },
    /// A tighter bound.
    Bound {
        /// In the problem's own sense.
        bound: f64,
        /// The lane that claims it.
        lane: u16,
        /// That lane's backend.
        found_by: String,
    },
    /// How far a lane is; at most four a second and lane.
    Progress(LaneProgress),
    /// A line of a solver's log.
    Log {
        /// The lane.
        lane: u16,
        /// The line, without newline.
        line: String,
    },
    /// Something a user should know: a refuted point, a disqualified lane.
    Warning {
        /// A stable code.
        code: &'static str,
        /// A sentence.
        detail: String,
    },
}

/// How far a lane is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneProgress {
    /// The lane.
    pub lane: u16,
    /// What it does: `presolve`, `root`, `search`, …
    pub phase: String,
    /// Nodes done.
    pub nodes: u64,
    /// Iterations done.
    pub iterations: u64,
    /// Best objective this lane has claimed.
    pub incumbent: Option<f64>,
    /// Best bound this lane has claimed.
    pub bound: Option<f64>,
}

/// Hears a race. Called from the race's driver thread, in order; it may take a little time but should not block.
pub trait Observer: Sync {
    /// Something happened, `seconds` after the race began.
    fn on(&self, seconds: f64, event: &RaceEvent);
}

/// An observer that hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on(&self, _: f64, _: &RaceEvent) {}
}

/// Everything a race needs to know besides the problem.
pub struct RaceSpec<'a> {
    /// Who runs.
    pub lineup: Lineup,
    /// Limits, tolerances; `threads` is the total over all lanes.
    pub options: Options,
    /// Where to begin.
    pub start: Start,
    /// Whose lone claims count.
    pub trust: TrustPolicy,
    /// Who listens.
    pub observer: &'a dyn Observer,
    /// Who may end it.
    pub stop: StopToken,
}

/// Runs a race to its end. Never fails: when every lane does, the answer says so and the lanes say why.
pub fn run(_problem: &Arc<Problem>, _spec: RaceSpec<'_>) -> Answer {
    unimplemented!("in the making")
}

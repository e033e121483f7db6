//! Several solvers on one problem: who runs, who found what, when it is over.
//!
//! [`run`] is the native call; it drives the referee, a pure state machine, with lanes on threads (each lane a session,
//! in-process or in a worker), checks every point before it counts, and concludes.

mod checker;
mod contender;
mod direct;
mod driver;
pub mod evidence;
mod lane;
mod ledger;
pub mod lineup;
mod protocol;
pub mod referee;
pub mod repair;
mod report;
pub mod rules;
mod sharing;
mod slots;
mod threads;
pub mod trust;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::answer::{Answer, LaneState};
use farkas_modeling::check::{CheckedPoint, TrustPolicy};
use farkas_modeling::problem::Problem;
use farkas_modeling::statistics::Features;
use serde::{Deserialize, Serialize};

use crate::contract::{Backend, Start, StopToken};
use crate::deterministic;
use crate::options::{Emphasis, LpMethod, Options, Presolve};
use rules::Candidate;
pub use sharing::{Shared, Sharing};

/// One lane: a backend and what is particular about it here.
#[derive(Clone)]
pub struct Lane {
    /// Who solves.
    pub backend: Arc<dyn Backend>,
    /// Its threads; the race's options say the rest.
    pub threads: u32,
    /// Its seed, if it shall have one; otherwise that of the race's options.
    pub seed: Option<u32>,
    /// Its LP algorithm; `Auto` leaves it to the race's options.
    pub lp_method: LpMethod,
    /// Whether it reduces the problem first, unless the race's options say.
    pub presolve: Presolve,
    /// What its search works at first, unless the race's options say.
    pub emphasis: Emphasis,
    /// Options of its own by name; those of the race's options count before them.
    pub native: BTreeMap<String, String>,
    /// The head start it gives to the lanes before it: it starts so long after the race began, or when none runs.
    pub after: Duration,
    /// It shares the cores with others in turns of so long, if it runs in a process of its own; otherwise, and if there is
    /// nothing here, it keeps them until it ends.
    pub turn: Option<Duration>,
}

impl Lane {
    /// A lane of this backend, with nothing particular about it.
    pub fn new(backend: Arc<dyn Backend>, threads: u32) -> Self {
        let candidate = Candidate::default();
        Self { threads, ..Self::of(backend, &candidate) }
    }

    /// A lane of this backend on one thread, with the settings of a candidate.
    pub fn of(backend: Arc<dyn Backend>, candidate: &Candidate) -> Self {
        Self {
            backend,
            threads: 1,
            seed: candidate.seed,
            lp_method: candidate.method,
            presolve: candidate.presolve,
            emphasis: candidate.emphasis,
            native: candidate.options.clone(),
            after: Duration::ZERO,
            turn: None,
        }
    }

    /// Its backend with its settings.
    pub fn candidate(&self) -> Candidate {
        Candidate {
            solver: self.backend.name().to_owned(),
            method: self.lp_method,
            seed: self.seed,
            presolve: self.presolve,
            emphasis: self.emphasis,
            options: self.native.clone(),
        }
    }

    /// The race's options as this lane gets them.
    pub fn options(&self, race: &Options) -> Options {
        let mut options = if race.deterministic {
            deterministic::told(race)
        } else {
            // The race keeps the stall limit.
            Options { threads: Some(self.threads.max(1)), stall_limit: None, ..race.clone() }
        };
        options.seed = self.seed.or(race.seed);
        if self.lp_method != LpMethod::Auto {
            options.lp_method = self.lp_method;
        }
        if race.presolve == Presolve::Auto {
            options.presolve = self.presolve;
        }
        if race.emphasis == Emphasis::Balanced {
            options.emphasis = self.emphasis;
        }
        for (name, value) in &self.native {
            options.native.entry(name.clone()).or_insert_with(|| value.clone());
        }
        options
    }
}

/// Who runs, in order of preference: when cores are scarce the first go first, the rest wait for a free core.
#[derive(Clone, Default)]
pub struct Lineup {
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// For whom these were chosen, in a sentence.
    pub reason: String,
    /// Which rule was followed, on what conditions, and why; empty when none was looked for.
    pub rule: String,
    /// What the rules saw of the problem, if they looked.
    pub features: Option<Features>,
    /// Who does not run, and why.
    pub left_out: Vec<(String, String)>,
}

impl Lineup {
    /// These lanes, because somebody said so.
    pub fn of(lanes: Vec<Lane>) -> Self {
        Self { lanes, reason: "as asked for".into(), ..Self::default() }
    }
}

/// What a race tells while it runs: to a terminal, a job's event log, a callback. In this order of rules: the published
/// incumbent is checked and only gets better; the bound only gets tighter, but for a disqualification.
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
    /// A tighter bound; or a weaker one, when the lane that claimed the last was disqualified, or is in doubt.
    Bound {
        /// In the problem's own sense. Infinite when no bound is left.
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

    /// A point found elsewhere: n values, checked before they count, each handed out once. Asked several times a second.
    fn offered(&self) -> Option<Arc<[f64]>> {
        None
    }
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
    /// What lanes hand to each other.
    pub sharing: Sharing,
    /// Who listens.
    pub observer: &'a dyn Observer,
    /// Who may end it.
    pub stop: StopToken,
}

/// Runs a race to its end. Never fails: when every lane does, the answer says so and the lanes say why.
///
/// The time limit counts from here, and is kept from outside the solvers: a lane that overstays is told to stop and, after
/// a grace period, killed, which ends a worker process at once. A lane inside this process cannot be killed; one that
/// ignores the stop for two seconds more is left behind on a thread of its own, and its report says so.
///
/// A problem that one look settles (no rows, bounds that cross) starts no lane.
pub fn run(problem: &Arc<Problem>, spec: RaceSpec<'_>) -> Answer {
    driver::run(problem, spec)
}

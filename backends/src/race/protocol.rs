//! What goes into the referee and what comes out: its vocabulary, without rules.

use std::time::Duration;

use farkas_modeling::Limit;
use farkas_modeling::answer::LaneState;

/// A lane's position in the line-up.
pub type LaneId = u16;

/// Who hands in a point that no lane found: a user, or another race on the same problem.
pub const OUTSIDE: LaneId = LaneId::MAX;

/// A point that the driver keeps; never used twice in a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointId(pub u64);

/// What the referee needs to know about a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneFacts {
    /// Its backend's name. Two lanes of one solver do not confirm each other.
    pub solver: String,
    /// Cores it occupies while it runs; at least 1.
    pub threads: u32,
    /// Takes incumbents found elsewhere.
    pub takes_incumbents: bool,
    /// Does not start before, unless nobody runs.
    pub after: Duration,
    /// It shares the cores with others in turns of so long: when its turn is over and another waits, it is paused, if it can
    /// be. Otherwise it keeps its cores to its end.
    pub turn: Option<Duration>,
}

/// Whether a lane can be stopped and continued: one in a process of its own can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pausing {
    /// Yes.
    Possible,
    /// No.
    Impossible,
}

/// What the race may cost, and how long an order to stop may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Cores over all lanes. A lane that needs more runs alone.
    pub cores: u32,
    /// No lane starts while something of an earlier one is open, a repair too.
    pub one_by_one: bool,
    /// Wall-clock limit of the race.
    pub time: Option<Duration>,
    /// Stop as soon as a checked point is at least this good (in the problem's own sense).
    pub objective_target: Option<f64>,
    /// A point that is worse is none (in the problem's own sense), and nothing as good is an end: [`Options::loosened_cutoff`].
    ///
    /// [`Options::loosened_cutoff`]: crate::options::Options::loosened_cutoff
    pub cutoff: Option<f64>,
    /// Stop when the incumbent has not got better for so long. Without an incumbent nothing ends, and a better bound does not count.
    pub stall: Option<Duration>,
    /// Replace a lane that is far behind when half of the time is over by another seed of the best lane's solver.
    pub replaces: bool,
    /// From `Stop` to `Kill`, when what the lane has found still matters: after a limit, or when somebody asked.
    pub grace: Duration,
    /// From `Stop` to `Kill`, when the outcome is known already.
    pub wind_down: Duration,
    /// From `Kill` until the lane counts as gone, if it says nothing.
    pub abandon: Duration,
    /// From `Repair` until the point counts as lost, if nobody answers.
    pub repair: Duration,
}

impl Limits {
    /// No limit but the cores, and the usual patience.
    pub fn with_cores(cores: u32) -> Self {
        Self {
            cores: cores.max(1),
            one_by_one: false,
            time: None,
            objective_target: None,
            cutoff: None,
            stall: None,
            replaces: false,
            grace: Duration::from_secs(2),
            wind_down: Duration::from_millis(30),
            abandon: Duration::from_secs(2),
            repair: Duration::from_secs(10),
        }
    }

    /// One core, and each lane only when nothing of those before it is open.
    pub fn one_by_one() -> Self {
        Self { one_by_one: true, ..Self::with_cores(1) }
    }
}

/// What somebody who stops a race wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The best that was found.
    Keep,
    /// Nothing but the end.
    Discard,
}

/// How sure a bound, an infeasibility or an unboundedness is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Proven, whatever the solver did.
    Certified,
    /// The solver says so.
    Claimed,
}

/// What a lane says in the end, after its point and bound were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its point is the best, within the gap.
    Optimal,
    /// There is no feasible point.
    Infeasible(Weight),
    /// Better without end.
    Unbounded(Weight),
}

/// How a lane ended by itself. Its point and bound were handed in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With a claim about the problem.
    Verdict(Verdict),
    /// At a limit.
    AtLimit(Limit),
    /// With nothing that could end a race: numerical trouble, "infeasible or unbounded".
    Undecided,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The lane has opened the problem and begins to solve.
    Started(LaneId, Pausing),
    /// The lane names an objective (unchecked).
    Objective(LaneId, f64),
    /// A point of the lane passed the check. `exact`: its integer columns are exactly integer (always, for an LP).
    Point {
        /// Where it comes from.
        lane: LaneId,
        /// The driver keeps it until [`Command::Forget`].
        point: PointId,
        /// Recomputed.
        objective: f64,
        /// See above.
        exact: bool,
    },
    /// A point of the lane failed the check, with the figures.
    Refuted(LaneId, String),
    /// The lane's last claim contradicts itself: it calls a point feasible that is not, or names another objective than
    /// its point has. How, in a sentence.
    Contradicted(LaneId, String),
    /// The lane's *final* point is outside the tolerances; perhaps it can be repaired.
    Measured(LaneId, PointId),
    /// The answer to [`Command::Repair`]: objective and id of the repaired (checked, exact) point, if there is one.
    Repaired {
        /// The lane it was repaired for.
        lane: LaneId,
        /// The point that was to be repaired.
        point: PointId,
        /// What came of it.
        made: Option<(PointId, f64)>,
    },
    /// No point is better than this.
    Bound(LaneId, f64, Weight),
    /// The lane ended by itself, or because it was told to.
    Finished(LaneId, Outcome),
    /// The lane crashed, was refused, or was killed; why.
    Failed(LaneId, String),
    /// Time passed.
    Tick,
    /// Somebody wants it to end.
    StopAsked(Wish),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Open the problem in this lane and solve, from this point if there is one.
    Start(LaneId, Option<PointId>),
    /// Hand the point to the lane.
    Offer(LaneId, PointId),
    /// Make a lane like that one with another seed, on so many threads; it is started when there are cores for it. Its id is
    /// the next one.
    Recruit {
        /// The new one.
        lane: LaneId,
        /// Whose solver and settings it has.
        like: LaneId,
        /// Its threads.
        threads: u32,
    },
    /// Let the lane stand still. It is told nothing before it was resumed; but it may be killed.
    Pause(LaneId),
    /// Let it go on.
    Resume(LaneId),
    /// Ask the lane to end.
    Stop(LaneId),
    /// End it by force.
    Kill(LaneId),
    /// Fix the point's integers, solve the rest, check it; answer with [`Input::Repaired`]. The point's own lane.
    Repair(LaneId, PointId),
    /// Tell the observer.
    Publish(Notice),
    /// The point is not needed any more.
    Forget(PointId),
    /// The race is over. Once.
    Finish(Ending),
}

/// What the world is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A lane changed its state.
    Lane(LaneId, LaneState, Option<String>),
    /// A better checked point.
    Incumbent(LaneId, PointId, f64),
    /// The merged bound: tighter, or weaker after a disqualification (infinite when none is left).
    Bound(LaneId, f64),
    /// Something a user should know.
    Warning(&'static str, String),
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The gap is closed.
    Optimal,
    /// No point, by proof or by claims that count.
    Infeasible,
    /// Better without end, likewise.
    Unbounded,
    /// The race's own limit: time, a target that was reached, enough solutions.
    AtLimit(Limit),
    /// Somebody asked.
    Stopped(Wish),
    /// Every lane ended without settling it.
    Exhausted,
}

impl Ending {
    /// Whether nothing that a lane may still find matters.
    pub(super) fn is_settled(self) -> bool {
        matches!(self, Self::Optimal | Self::Infeasible | Self::Unbounded | Self::Stopped(Wish::Discard))
    }
}

/// How a lane stands; see [`Referee::lane`](super::referee::Referee::lane).
#[derive(Debug, Clone, PartialEq)]
pub struct LaneStanding {
    /// Its state.
    pub state: LaneState,
    /// Why, when it failed or was disqualified.
    pub detail: String,
    /// How many incumbents of the race came from it.
    pub incumbents: u64,
    /// Its best bound, in the problem's own sense, whether it counts or not.
    pub bound: Option<f64>,
    /// The same as far as it counts: not past the incumbent, nothing of a disqualified lane.
    pub counted_bound: Option<f64>,
}

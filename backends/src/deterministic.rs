//! The same answer twice: what [`Options::deterministic`](crate::options::Options::deterministic) asks of whom.
//!
//! A solver gets one thread, the seed that was given (its own default, a constant, where none was), and no clock to look at: a
//! time limit is kept from outside and ends the solve by a token. Work is limited by nodes, which everybody counts alike each
//! time. A linear program is one node: it is solved to its end, unless a solver's own option (`simplex_iteration_limit` of HiGHS,
//! `lp/iterlim` of SCIP) limits its iterations.
//!
//! A race has its lanes one after another, in the order of the line-up and on one core, until one settles it. They share
//! nothing, and what a lane says on its way counts only when it has ended; so nothing depends on who was quicker.
//!
//! Only an end from outside (a time limit, a stall limit, somebody's stop, a lack of memory) makes an answer that another run may not
//! give again. It says so: [`CAVEAT`] is among the notes of its evidence.

use farkas_modeling::Limit;
use farkas_modeling::answer::{Answer, LaneState};

use crate::options::Options;

/// What an answer says that was to be the same every time and need not be.
pub const CAVEAT: &str =
    "it was to be the same every time, but was ended from outside (by a clock, say): another run may end elsewhere";

/// The options as a solver gets them. Whoever runs it keeps the limits of time.
#[must_use]
pub fn told(options: &Options) -> Options {
    Options { threads: Some(1), time_limit: None, stall_limit: None, ..options.clone() }
}

/// The answer, with [`CAVEAT`] where it was to be the same every time and something from outside ended it.
#[must_use]
pub fn with_caveat(answer: Answer, options: &Options) -> Answer {
    if options.deterministic && ended_from_outside(&answer) { answer.with_note(CAVEAT) } else { answer }
}

fn ended_from_outside(answer: &Answer) -> bool {
    let limits = [Limit::Time, Limit::SlowProgress, Limit::Interrupted, Limit::Memory];
    let by_limit = answer.termination().limit().is_some_and(|limit| limits.contains(&limit));
    by_limit || answer.lanes().iter().any(|lane| matches!(lane.state, LaneState::Stopped | LaneState::Killed))
}

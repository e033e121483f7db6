//! One lane's thread: opens the problem, solves, and says how it ended. Whatever happens in it, a panic included, it says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::problem::Problem;
use farkas_modeling::{Claim, Limit, Termination};

use super::slots::{LaneEnd, Opened, Slots};
use super::threads::{Afterwards, Carried, carry};
use crate::contract::{Backend, SessionError, Start, StopToken};
use crate::options::Options;

/// What a lane needs to begin.
pub(super) struct Job {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) problem: Arc<Problem>,
    /// The time limit is that of the race; opening the problem counts.
    pub(super) options: Options,
    pub(super) start: Start,
    pub(super) stop: StopToken,
    /// When the race began.
    pub(super) begun: Instant,
}

/// Starts the lane on a thread. Should there be none to be had, the lane has failed.
pub(super) fn spawn(job: Job, slots: &Arc<Slots>) -> Option<Carried> {
    let name = format!("lane {}", job.backend.name());
    let theirs = Arc::clone(slots);
    match carry(&name, move || run(&job, &theirs)) {
        Ok(carried) => Some(carried),
        Err(error) => {
            slots.end(LaneEnd::Failed(format!("no thread could be started: {error}")));
            None
        }
    }
}

fn run(job: &Job, slots: &Slots) -> Afterwards {
    // The slots are only ever left in a whole state, and the session dies with the panic.
    let result = catch_unwind(AssertUnwindSafe(|| solve(job, slots)));
    result.unwrap_or_else(|panic| {
        let says = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let says = says.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into());
        slots.end(LaneEnd::Failed(format!("{} panicked: {says}", job.backend.name())));
        Afterwards::Ends
    })
}

fn solve(job: &Job, slots: &Slots) -> Afterwards {
    if job.stop.is_stopped() {
        slots.end(interrupted());
        return Afterwards::Waits;
    }
    let mut session = match job.backend.open(Arc::clone(&job.problem)) {
        Ok(session) => session,
        Err(error) => {
            slots.end(LaneEnd::Failed(error.to_string()));
            return Afterwards::Ends;
        }
    };
    let pause = session.pause();
    // What a solver leaves on its thread (a scheduler, say) it leaves in its worker's process, if it has one.
    let afterwards = if pause.is_some() { Afterwards::Waits } else { Afterwards::Ends };
    if job.stop.is_stopped() {
        slots.end(interrupted());
        return afterwards;
    }
    slots.opened(Opened { version: session.version().to_owned(), pause });
    let mut options = job.options.clone();
    options.time_limit = options.time_limit.map(|limit| limit.saturating_sub(job.begun.elapsed()));
    let end = match session.solve(&options, &job.start, slots, &job.stop) {
        Ok(claim) => LaneEnd::Claim(Box::new(claim)),
        Err(error @ (SessionError::Refused(_) | SessionError::Broken(_) | SessionError::Killed(_))) => {
            LaneEnd::Failed(error.to_string())
        }
    };
    // Said before the session is dropped: freeing a large model takes a while.
    slots.end(end);
    afterwards
}

fn interrupted() -> LaneEnd {
    let termination = Termination::at_limit(false, Limit::Interrupted, "stopped before it began");
    LaneEnd::Claim(Box::new(Claim::bare(termination)))
}

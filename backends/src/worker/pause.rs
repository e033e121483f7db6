//! Stops a worker's process group by signal while it solves, and lets it go on: nothing that is waited for, and nothing that
//! goes back to the pool, is ever left stopped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::spawner::Process;
use crate::contract::Pause;

/// The one switch of a session: its solves begin and end it, others pause and resume between.
#[derive(Debug, Default)]
pub(super) struct PauseSwitch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Somebody wants it to stand still.
    wanted: bool,
    /// Who solves, from the request to solve until the answer, or until it is told to stop.
    solving: Option<Arc<Process>>,
}

impl PauseSwitch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A solve was asked of this process.
    pub(super) fn begin(&self, process: &Arc<Process>) {
        let mut state = self.state();
        if state.wanted {
            process.pause();
        }
        state.solving = Some(Arc::clone(process));
    }

    /// The solve is over, or has to be told to stop: from here on the process runs.
    pub(super) fn end(&self) {
        let mut state = self.state();
        if let Some(process) = state.solving.take()
            && state.wanted
        {
            process.resume();
        }
    }

    /// Whether the process stands still: what it would be told has to wait.
    pub(super) fn is_paused(&self) -> bool {
        let state = self.state();
        state.wanted && state.solving.is_some()
    }
}

impl Pause for PauseSwitch {
    fn pause(&self) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.wanted, true)
            && let Some(process) = &state.solving
        {
            process.pause();
        }
    }

    fn resume(&self) {
        let mut state = self.state();
        if std::mem::replace(&mut state.wanted, false)
            && let Some(process) = &state.solving
        {
            process.resume();
        }
    }
}

//! Limits that solvers are not told of, kept from outside where no race does it: the time since the last better point, and the
//! time limit of a solve that shall go the same way each time.
//!
//! A thread of its own waits for the limit and sets a token; a session heeds that as it heeds anybody's.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::check::CheckedPoint;
use farkas_modeling::{Claim, Limit, Reason, Sense, Termination};

use crate::contract::{Control, Event, SessionError, StopToken};
use crate::deterministic;
use crate::options::Options;

/// Runs one solve of a session, `solve`, which gets the options, the control and the token that it is to use, and ends it at
/// these limits. Where none of them is set, it is called as it is.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::mock::Mock;
/// use farkas_backends::watch;
/// use farkas_modeling::{ColumnKind, Limit, Problem, ProblemData, Sense};
/// // minimise x,  x integer from 3 to 9
/// let problem = Arc::new(Problem::new(ProblemData {
///     cost: vec![1.0],
///     lower: vec![3.0],
///     upper: vec![9.0],
///     kinds: vec![ColumnKind::Integer],
///     starts: vec![0, 0],
///     ..ProblemData::default()
/// })?);
/// let mut session = Mock::scripted("slow", "incumbent 5; until-stop; limit").open(problem)?;
/// let options = Options { stall_limit: Some(Duration::from_millis(10)), ..Options::default() };
/// let claim = watch::within(&options, Sense::Minimize, &Quiet, &StopToken::new(), |options, control, stop| {
///     session.solve(options, &Start::default(), control, stop)
/// })?;
/// assert_eq!((claim.objective, claim.termination.limit()), (Some(5.0), Some(Limit::SlowProgress)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of `solve`.
pub fn within(
    options: &Options,
    sense: Sense,
    control: &(dyn Control + Sync),
    stop: &StopToken,
    solve: impl FnOnce(&Options, &(dyn Control + Sync), &StopToken) -> Result<Claim, SessionError>,
) -> Result<Claim, SessionError> {
    let told = told(options);
    let (time, stall) = (options.time_limit.filter(|_| told.time_limit.is_none()), options.stall_limit);
    if time.is_none() && stall.is_none() {
        return solve(&told, control, stop);
    }
    let own = StopToken::new();
    let (theirs, token) = (stop.clone(), own.clone());
    let _guard = stop.on_stop(move || if theirs.is_killed() { token.kill() } else { token.stop() });
    let deadline = time.and_then(|time| Instant::now().checked_add(time));
    let watch = Watch { control, sense, deadline, stall, state: Mutex::default(), changed: Condvar::new() };
    let solved = std::thread::scope(|scope| {
        scope.spawn(|| watch.wait(&own));
        // However the solve ends, the thread does.
        let _done = Done(&watch);
        solve(&told, &watch, &own)
    });
    let limit = watch.state().expired.filter(|_| !stop.is_stopped());
    solved.map(|claim| if let Some(limit) = limit { renamed(claim, limit) } else { claim })
}

/// The options as the solver gets them.
fn told(options: &Options) -> Options {
    if options.deterministic { deterministic::told(options) } else { Options { stall_limit: None, ..options.clone() } }
}

/// The claim of a solve that was stopped from here, with the limit it ran into.
fn renamed(mut claim: Claim, limit: Limit) -> Claim {
    let reason = claim.termination.reason();
    if matches!(reason, Reason::Feasible | Reason::NoSolutionFound) {
        let detail = if limit == Limit::SlowProgress { "no better point came within the stall limit" } else { "" };
        claim.termination = Termination::at_limit(reason == Reason::Feasible, limit, detail);
    }
    claim
}

/// Hears the solver, and passes on what it says.
struct Watch<'a> {
    control: &'a (dyn Control + Sync),
    sense: Sense,
    deadline: Option<Instant>,
    stall: Option<Duration>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    best: Option<f64>,
    improved: Option<Instant>,
    done: bool,
    expired: Option<Limit>,
}

impl Watch<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the solve or of the time, whichever comes first.
    fn wait(&self, own: &StopToken) {
        let mut state = self.state();
        while !state.done {
            let stalls = state.improved.zip(self.stall).and_then(|(since, stall)| since.checked_add(stall));
            let due = [(self.deadline, Limit::Time), (stalls, Limit::SlowProgress)];
            let first = due.into_iter().filter_map(|(due, limit)| Some((due?, limit))).min_by_key(|(due, _)| *due);
            state = match first.map(|(due, limit)| (due.saturating_duration_since(Instant::now()), limit)) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some((Duration::ZERO, limit)) => {
                    state.expired = Some(limit);
                    drop(state);
                    return own.stop();
                }
                Some((left, _)) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

impl Control for Watch<'_> {
    fn report(&self, event: Event<'_>) {
        if let Event::Incumbent { objective, .. } = event
            && objective.is_finite()
        {
            let mut state = self.state();
            if state.best.is_none_or(|best| self.sense.better(objective, best)) {
                (state.best, state.improved) = (Some(objective), Some(Instant::now()));
                self.changed.notify_all();
            }
        }
        self.control.report(event);
    }

    fn hears_log(&self) -> bool {
        self.control.hears_log()
    }

    fn offered(&self) -> Option<std::sync::Arc<CheckedPoint>> {
        self.control.offered()
    }
}

/// Tells the waiting thread, even when the solve panics.
struct Done<'a, 'c>(&'a Watch<'c>);

impl Drop for Done<'_, '_> {
    fn drop(&mut self) {
        self.0.state().done = true;
        self.0.changed.notify_all();
    }
}

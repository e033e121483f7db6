//! What of a linear program cannot hold together, by HiGHS' own search for an irreducible infeasible subset: its elastic
//! filter over the rows, then its deletion filter over sides and bounds.
//!
//! It runs in an instance of its own, so that the session stays as it was, and on a thread of its own: HiGHS looks at its
//! clock and calls back within a simplex run alone, and proves what it found once more without either (1.16.0). The caller
//! leaves when the clock or the token ends it; the thread ends by itself when HiGHS comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use farkas_modeling::Problem;

use super::ffi::{self, Failed, Figures, Hooks, Instance, Kind, Place};
use super::settings::{self, Log, Settings};
use super::{is_mip, load};
use crate::contract::conflict::plain_conflict;
use crate::contract::{Member, SessionError, StopToken};
use crate::options::{LpMethod, Options};

/// The elastic filter, and then the deletion filter with rows before columns (`kHighsIisStrategyFromLpRowPriority`).
const STRATEGY: (&std::ffi::CStr, i32) = (c"iis_strategy", 6);

/// Ends the run when its caller has left.
struct Watch(Arc<AtomicBool>);

impl Hooks for Watch {
    fn log(&mut self, _: &str) {}

    fn tick(&mut self, _: Place, _: &Figures) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn incumbent(&mut self, _: f64, _: &[f64]) {}

    fn further(&mut self, _: f64, _: &[f64]) {}

    fn offer(&mut self, _: &mut [f64]) -> bool {
        false
    }
}

/// What the thread, or the token's waker, says.
enum Says {
    Found(Vec<Member>),
    /// Nothing: look at the token.
    Look,
}

/// The members that HiGHS names; none for a feasible problem, or where the token or the clock ended it.
pub(super) fn find(problem: &Problem, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
    let deadline = options.time_limit.and_then(|limit| Instant::now().checked_add(limit));
    let is_over = || stop.is_stopped() || deadline.is_some_and(|at| Instant::now() >= at);
    if is_over() {
        return Ok(Vec::new());
    }
    let problem = problem.without_objective();
    if let Some(plain) = plain_conflict(&problem) {
        return Ok(plain);
    }
    if is_mip(&problem) {
        let why = "HiGHS looks for conflicts of linear programs alone; `iis::find` works over any problem";
        return Err(SessionError::Refused(why.into()));
    }
    if problem.num_columns() == 0 || problem.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let mut instance = ready(&problem, options, deadline)?;
    let (say, hear) = channel();
    let waker = say.clone();
    let _guard = stop.on_stop(move || drop(waker.send(Says::Look)));
    let left = Arc::new(AtomicBool::new(false));
    let mut watch = Watch(Arc::clone(&left));
    let threads = settings::threads(options);
    let at_work = move || {
        settings::schedule(threads, false);
        let found = instance.listened(Kind::LinearProgram, &mut watch, Instance::iis);
        drop(instance);
        ffi::reset_scheduler();
        // An error is a search that ended without a set. Nobody hears it where the caller has left.
        let members = found.ok().and_then(|found| found.map_err(|Failed| ()).ok());
        drop(say.send(Says::Found(members.unwrap_or_default())));
    };
    let spawned = std::thread::Builder::new().name("highs-conflict".into()).spawn(at_work);
    spawned.map_err(|e| SessionError::Broken(format!("no thread for HiGHS' search for a conflict: {e}")))?;
    let members = loop {
        let said = match deadline {
            Some(deadline) => hear.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => hear.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match said {
            Ok(Says::Found(members)) => break members,
            Ok(Says::Look) | Err(RecvTimeoutError::Timeout) if is_over() => break Vec::new(),
            Ok(Says::Look) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SessionError::Broken("the thread of HiGHS' search for a conflict ended".into()));
            }
        }
    };
    left.store(true, Ordering::Relaxed);
    Ok(members)
}

/// An instance with the problem in it, and everything said that can be said before.
fn ready(problem: &Problem, options: &Options, deadline: Option<Instant>) -> Result<Instance, SessionError> {
    let failed = |what: &str| SessionError::Broken(format!("HiGHS {what}"));
    let mut instance = Instance::new().ok_or_else(|| failed("could not be created: out of memory?"))?;
    // Before anything that could print.
    instance.set_bool(c"log_to_console", false).map_err(|Failed| failed("does not know `log_to_console`"))?;
    load(&mut instance, problem).map_err(|Failed| failed("did not load the problem"))?;
    // Its filters change one bound after the other, which is simplex' business.
    let options = Options { lp_method: LpMethod::Simplex, ..options.clone() };
    let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
    Settings::default().apply(&mut instance, problem, &options, left, Log::Unheard)?;
    let (name, strategy) = STRATEGY;
    if !options.native.keys().any(|native| native.as_bytes() == name.to_bytes()) {
        instance.set_int(name, strategy).map_err(|Failed| failed("does not know `iis_strategy`"))?;
    }
    let seconds = left.map_or(f64::INFINITY, |left| left.as_secs_f64());
    instance.set_double(c"iis_time_limit", seconds).map_err(|Failed| failed("does not know `iis_time_limit`"))?;
    Ok(instance)
}

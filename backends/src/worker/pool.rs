//! Warm workers of one backend: started ahead, used again after a job, retired after so many. What is in the pool has
//! nothing open; whether it still lives shows when it is taken.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::link::{Link, LinkError};
use super::spawner::Launch;

/// How workers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// Idle workers kept after a job.
    pub most_idle: usize,
    /// Workers at a time, idle ones included.
    pub most: usize,
    /// Problems a worker opens before it is replaced by a fresh one (solvers leak).
    pub jobs_per_worker: u32,
    /// How long a worker may take to start.
    pub start_limit: Duration,
    /// How long a solver may take to open a problem.
    pub open_limit: Duration,
    /// A solve that overstays its time limit by this is killed.
    pub time_grace: Duration,
    /// A solve that goes on for so long after it was asked to stop is killed.
    pub stop_grace: Duration,
    /// Memory that a worker may use, in bytes; a solve's own limit counts when it is smaller.
    pub memory_limit_bytes: Option<u64>,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            most_idle: 2,
            most: 64,
            jobs_per_worker: 100,
            start_limit: Duration::from_secs(20),
            open_limit: Duration::from_secs(120),
            time_grace: Duration::from_millis(1500),
            stop_grace: Duration::from_secs(1),
            memory_limit_bytes: None,
        }
    }
}

/// How long a worker that closes its last problem is waited for; by then a fresh one is there sooner.
const CLOSE_PATIENCE: Duration = Duration::from_millis(10);

/// The last so manieth part of its problems begins for a worker with the start of its successor, so that nobody waits for one.
const SUCCESSION: u32 = 32;

/// The program that hosts a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// It is there.
    Found {
        /// The executable.
        path: PathBuf,
        /// Its arguments.
        arguments: Vec<OsString>,
    },
    /// It is not.
    Missing {
        /// What was looked for, and what to do.
        remedy: String,
    },
}

/// Why no worker can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoWorker {
    /// There is no program; the remedy.
    #[error("{0}")]
    Missing(String),
    /// The program does not start, or is no worker.
    #[error("{0}")]
    Failed(String),
}

/// One of the workers that there may be at a time; given back when it is dropped.
#[derive(Debug)]
struct Permit(Arc<AtomicUsize>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A worker on loan. Dropping it kills the worker; [`Pool::give_back`] keeps it.
#[derive(Debug)]
pub(super) struct Loan {
    pub(super) link: Link,
    _permit: Permit,
}

/// The idle workers of one backend, and how to start more.
#[derive(Debug)]
pub(super) struct Pool {
    program: Program,
    pub(super) config: WorkerConfig,
    idle: Mutex<Vec<Loan>>,
    alive: Arc<AtomicUsize>,
    /// Somebody starts a successor.
    succeeding: AtomicBool,
}

impl Pool {
    pub(super) fn new(program: Program, config: WorkerConfig) -> Self {
        Self { program, config, idle: Mutex::default(), alive: Arc::default(), succeeding: AtomicBool::new(false) }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Loan>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts workers until so many are idle, without waiting for them. What fails here fails again, and is told, when a
    /// worker is taken.
    pub(super) fn warm(&self, count: usize) {
        while self.idle().len() < count.min(self.config.most_idle) {
            let Ok(loan) = self.start() else { return };
            self.idle().push(loan);
        }
    }

    /// A worker with nothing open: a warm one where there is one, else a fresh one.
    pub(super) fn take(&self) -> Result<Loan, NoWorker> {
        let (waiting, starting) = self.take_idle();
        if let Some(loan) = waiting {
            return Ok(loan);
        }
        if let Some(mut loan) = starting
            && loan.link.ready(self.config.start_limit).is_ok()
        {
            return Ok(loan);
        }
        let closing = self.idle().pop();
        if let Some(mut loan) = closing {
            match loan.link.ready(CLOSE_PATIENCE) {
                Ok(()) => return Ok(loan),
                Err(LinkError::Late { .. }) => self.idle().push(loan),
                Err(_) => {}
            }
        }
        // Where no more can be started, one that still closes its last problem is waited for.
        let mut loan = self.start().or_else(|none| self.idle().pop().ok_or(none))?;
        match loan.link.ready(self.config.start_limit) {
            Ok(()) => Ok(loan),
            Err(error) => Err(NoWorker::Failed(error.to_string())),
        }
    }

    /// An idle worker that is ready now, or else one that is about to be. Those that still close their last problems
    /// stay.
    fn take_idle(&self) -> (Option<Loan>, Option<Loan>) {
        let mut idle = self.idle();
        let mut starting = None;
        for at in (0..idle.len()).rev() {
            match idle[at].link.ready(Duration::ZERO) {
                Ok(()) if !idle[at].link.is_dead() => return (Some(idle.remove(at)), None),
                Err(LinkError::Late { .. }) if idle[at].link.hello().is_none() => starting = Some(at),
                Err(LinkError::Late { .. }) => {}
                Ok(()) | Err(_) => {
                    idle.remove(at); // died while nobody looked
                    starting = starting.map(|later| later - 1);
                }
            }
        }
        (None, starting.map(|at| idle.remove(at)))
    }

    /// Takes a worker back that has a problem open or has failed to open one. It closes it in its own time.
    pub(super) fn give_back(self: &Arc<Self>, mut loan: Loan) {
        let left = self.config.jobs_per_worker.saturating_sub(loan.link.jobs);
        if left == 0 || loan.link.close().is_err() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < self.config.most_idle {
            idle.push(loan);
        }
        let alone = idle.len() == 1;
        drop(idle);
        if alone && left <= self.config.jobs_per_worker / SUCCESSION {
            self.start_successor();
        }
    }

    /// Starts a worker that waits behind all others. What fails here fails again, and is told, when a worker is taken.
    fn start_successor(self: &Arc<Self>) {
        if self.succeeding.swap(true, Ordering::AcqRel) {
            return;
        }
        let pool = Arc::clone(self);
        let start = move || {
            if let Ok(loan) = pool.start() {
                let mut idle = pool.idle();
                if idle.len() < pool.config.most_idle {
                    idle.insert(0, loan);
                }
            }
            pool.succeeding.store(false, Ordering::Release);
        };
        if thread::Builder::new().name("farkas-successor".into()).spawn(start).is_err() {
            self.succeeding.store(false, Ordering::Release);
        }
    }

    /// Kills all idle workers.
    pub(super) fn shut_down(&self) {
        self.idle().clear();
    }

    fn start(&self) -> Result<Loan, NoWorker> {
        let (program, arguments) = match &self.program {
            Program::Found { path, arguments } => (path.clone(), arguments.clone()),
            Program::Missing { remedy } => return Err(NoWorker::Missing(remedy.clone())),
        };
        let most = self.config.most;
        let permitted = |alive| (alive < most).then_some(alive + 1);
        if self.alive.fetch_update(Ordering::AcqRel, Ordering::Acquire, permitted).is_err() {
            return Err(NoWorker::Failed(format!("{most} workers run already, which is the limit")));
        }
        let permit = Permit(Arc::clone(&self.alive));
        let name = program.display().to_string();
        match Link::start(Launch { program, arguments }) {
            Ok(link) => Ok(Loan { link, _permit: permit }),
            Err(error) => Err(NoWorker::Failed(format!("{name} does not start: {error}"))),
        }
    }
}

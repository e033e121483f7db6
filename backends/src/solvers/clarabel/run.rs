//! One run of Clarabel, on a thread of its own: it can be stopped between two iterations alone, and one of a large problem
//! may take seconds. The caller waits for what it says, and leaves when the clock or the token ends it; the thread then ends
//! by itself at its next iteration.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use clarabel::io::ConfigurablePrintTarget;
use clarabel::solver::{DefaultSolver, IPSolver, SolverStatus};
use farkas_modeling::{Limit, Problem};

use super::cones::{Costs, translate};
use super::polish::polished;
use super::settings::Settings;
use crate::contract::{Control, Event, Progress, SessionError, StopToken};

/// A longer line of its log is told in pieces.
const MOST_LINE: usize = 4096;

/// How a run ended.
pub(super) enum Ended {
    /// By itself.
    Solved(Box<Solved>),
    /// By the token or the clock.
    Left(Limit),
}

/// What it found.
pub(super) struct Solved {
    pub(super) status: SolverStatus,
    /// The point, or the direction.
    pub(super) point: Vec<f64>,
    /// Multipliers of the linear rows, minimising.
    pub(super) rows: Vec<f64>,
    /// The dual objective, without the offset, minimised.
    pub(super) dual_objective: f64,
    pub(super) iterations: u64,
}

/// What the thread says.
enum Says {
    Iteration(u64),
    Line(String),
    Ended(Result<Box<Solved>, String>),
    /// Nothing: look at the token.
    Look,
}

/// Solves, until the token or the deadline ends it.
///
/// # Errors
/// `Refused` for settings that Clarabel refuses, `Broken` where it fails.
pub(super) fn run(
    problem: &Arc<Problem>,
    costs: Costs,
    settings: &Settings,
    control: &(dyn Control + Sync),
    stop: &StopToken,
    deadline: Option<Instant>,
) -> Result<Ended, SessionError> {
    let (say, hear) = channel();
    let left = Arc::new(AtomicBool::new(false));
    let waker = say.clone();
    let _guard = stop.on_stop(move || drop(waker.send(Says::Look)));
    let (problem, settings, leaves) = (Arc::clone(problem), settings.clone(), Arc::clone(&left));
    let at_work = move || {
        let worked = catch_unwind(AssertUnwindSafe(|| work(&problem, costs, settings, &leaves, &say)));
        let ended = worked.unwrap_or_else(|_| Err("it panicked".into()));
        // Nobody hears it where the caller has left.
        drop(say.send(Says::Ended(ended)));
    };
    std::thread::Builder::new()
        .name("clarabel".into())
        .spawn(at_work)
        .map_err(|e| SessionError::Broken(format!("no thread for clarabel: {e}")))?;
    let ended = listen(&hear, control, stop, deadline);
    left.store(true, Ordering::Relaxed);
    ended
}

fn listen(
    hear: &Receiver<Says>,
    control: &(dyn Control + Sync),
    stop: &StopToken,
    deadline: Option<Instant>,
) -> Result<Ended, SessionError> {
    loop {
        let said = match deadline {
            Some(deadline) => hear.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => hear.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match said {
            Ok(Says::Ended(ended)) => {
                return ended.map(Ended::Solved).map_err(|why| SessionError::Broken(format!("clarabel: {why}")));
            }
            Ok(Says::Iteration(iterations)) => control.report(Event::Progress(Progress { nodes: 0, iterations })),
            Ok(Says::Line(line)) => control.report(Event::Log(&line)),
            Ok(Says::Look) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(Ended::Left(Limit::Time)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SessionError::Broken("clarabel: its thread ended".into()));
            }
        }
        if stop.is_stopped() {
            return Ok(Ended::Left(Limit::Interrupted));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(Ended::Left(Limit::Time));
        }
    }
}

/// The thread's work.
fn work(
    problem: &Problem,
    costs: Costs,
    settings: Settings,
    left: &Arc<AtomicBool>,
    say: &Sender<Says>,
) -> Result<Box<Solved>, String> {
    let conic = translate(problem, costs);
    let log = settings.verbose;
    let made = DefaultSolver::new(&conic.p, &conic.q, &conic.a, &conic.b, &conic.cones, settings);
    let mut solver = made.map_err(|e| e.to_string())?;
    if log {
        solver.print_to_stream(Box::new(Lines { say: say.clone(), line: Vec::new() }));
    } else {
        solver.print_to_sink();
    }
    let (leaves, says) = (Arc::clone(left), say.clone());
    solver.set_termination_callback(move |info| {
        drop(says.send(Says::Iteration(u64::from(info.iterations))));
        leaves.load(Ordering::Relaxed)
    });
    solver.solve();
    let found = solver.solution;
    let (point, rows) = match found.status {
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
            (found.x, conic.multipliers(problem.num_rows(), &found.z))
        }
        SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => (found.x, Vec::new()),
        _ => {
            let sharp = polished(problem, &conic, &found.x, &found.s, &found.z);
            (sharp.point, sharp.rows)
        }
    };
    Ok(Box::new(Solved {
        status: found.status,
        point,
        rows,
        dual_objective: found.obj_val_dual,
        iterations: u64::from(found.iterations),
    }))
}

/// What Clarabel prints, line by line.
struct Lines {
    say: Sender<Says>,
    line: Vec<u8>,
}

impl Lines {
    fn tell(&mut self) {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        drop(self.say.send(Says::Line(line)));
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for &byte in bytes {
            if byte == b'\n' || self.line.len() >= MOST_LINE {
                self.tell();
            }
            if byte != b'\n' {
                self.line.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.tell();
        }
    }
}

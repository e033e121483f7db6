//! A backend that does what its script says: crash, hang, lie, print, leak, or solve a small problem honestly. Tests drive
//! worker processes and races with it; nobody else needs it.
//!
//! The script comes from the constructor, or from the native option `mock`: `"wait 50; bound 12; lie-point"`. Without one
//! it tries every point of an integer box, which is true and slow. See [`script`] for the steps.

mod conflict;
pub mod script;
mod truth;

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};

use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Member, Progress, Quiet, Session, SessionError,
    Start, StopToken, revises,
};
use crate::options::Options;
use script::{End, Script, Step};
use truth::Truth;

/// A solver that is none.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::mock::Mock;
/// use farkas_modeling::{ColumnKind, Problem, ProblemData};
/// // minimise x,  x integer from 3 to 9
/// let problem = Arc::new(Problem::new(ProblemData {
///     cost: vec![1.0],
///     lower: vec![3.0],
///     upper: vec![9.0],
///     kinds: vec![ColumnKind::Integer],
///     starts: vec![0, 0],
///     ..ProblemData::default()
/// })?);
/// let says = |mock: Mock| {
///     let mut session = mock.open(problem.clone()).unwrap();
///     session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap().objective
/// };
/// assert_eq!(says(Mock::new()), Some(3.0));
/// assert_eq!(says(Mock::scripted("liar", "lie-optimal")), Some(9.0));
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mock {
    name: String,
    script: String,
}

impl Default for Mock {
    fn default() -> Self {
        Self::new()
    }
}

impl Mock {
    /// An honest one, named `mock`.
    pub fn new() -> Self {
        Self::scripted("mock", "honest")
    }

    /// One with a name and a script of its own; the native option `mock` overrides the script.
    pub fn scripted(name: impl Into<String>, script: impl Into<String>) -> Self {
        Self { name: name.into(), script: script.into() }
    }
}

impl Backend for Mock {
    fn name(&self) -> &str {
        &self.name
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: VERSION.into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            integers: true,
            semicontinuous: true,
            sets: true,
            indicators: true,
            incumbents_out: true,
            incumbents_in: true,
            live_bound: true,
            start_point: true,
            stop: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            node_limit: true,
            emphasis: true,
            iis: true,
            ..Capabilities::default()
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let script = Script::parse(&self.script).map_err(BackendError::Failed)?;
        Ok(Box::new(MockSession { problem, script }))
    }
}

const VERSION: &str = "1";

struct MockSession {
    problem: Arc<Problem>,
    script: Script,
}

impl Session for MockSession {
    fn version(&self) -> &str {
        VERSION
    }

    /// Nothing is loaded, so nothing is lost.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        self.problem = Arc::clone(revision.problem());
        Ok(())
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let script = self.script_for(options)?;
        let mut play = Play::new(&self.problem, control, stop, options);
        if let Some(point) = start.point.as_ref().filter(|p| p.iter().all(|v| v.is_finite())) {
            play.incumbent(point.to_vec());
        }
        play.steps(&script);
        play.end(script.end)
    }

    /// The same steps, or those for this alone, and then the members.
    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        let mut script = self.script_for(options)?;
        script = script.search.take().map_or(script, |search| *search);
        let mut play = Play::new(&self.problem, &Quiet, stop, options);
        play.steps(&script);
        if play.is_over() {
            return Ok(Vec::new());
        }
        conflict::members(&self.problem, script.end, || play.is_over())
    }
}

impl MockSession {
    /// The script of the native option, or its own.
    fn script_for(&self, options: &Options) -> Result<Script, SessionError> {
        if let Some(name) = options.native.keys().find(|name| *name != "mock") {
            return Err(SessionError::Refused(format!("the mock has no option '{name}'; it has mock")));
        }
        match options.native.get("mock") {
            Some(text) => Script::parse(text).map_err(SessionError::Refused),
            None => Ok(self.script.clone()),
        }
    }
}

/// One performance.
struct Play<'a> {
    problem: &'a Problem,
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    deadline: Option<Instant>,
    best: Option<Vec<f64>>,
    bound: Option<f64>,
}

impl<'a> Play<'a> {
    fn new(problem: &'a Problem, control: &'a (dyn Control + Sync), stop: &'a StopToken, options: &Options) -> Self {
        let deadline = options.time_limit.map(|limit| Instant::now() + limit);
        Self { problem, control, stop, deadline, best: None, bound: None }
    }
}

impl Play<'_> {
    fn steps(&mut self, script: &Script) {
        for step in &script.steps {
            if self.is_over() && !matches!(step, Step::Hang) {
                break;
            }
            self.step(step);
        }
    }

    fn is_over(&self) -> bool {
        self.stop.is_stopped() || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(time) => self.wait(Some(*time)),
            Step::UntilStop => self.wait(None),
            Step::Hang => loop {
                std::thread::park(); // spurious wake-ups change nothing
            },
            Step::Crash => std::process::abort(),
            Step::Exit(code) => std::process::exit(*code),
            Step::Panic => panic!("as scripted"),
            Step::Print => print_garbage(),
            Step::LeakMebibytes(count) => leak(*count),
            Step::Log(line) => self.control.report(Event::Log(line)),
            Step::Phase(phase) => self.control.report(Event::Phase(phase)),
            Step::Flood(count) => {
                for number in 0..*count {
                    self.control.report(Event::Log(&format!("line {number} of a flood")));
                    self.control.report(Event::Progress(Progress { nodes: number, iterations: number }));
                }
            }
            Step::Incumbent(values) => self.incumbent(values.clone()),
            Step::Objective(objective) => {
                self.control.report(Event::Incumbent { objective: *objective, values: None });
            }
            Step::Bound(bound) => self.bound(*bound),
            Step::Take => {
                if let Some(point) = self.control.offered() {
                    self.incumbent(point.values().to_vec());
                }
            }
            Step::Slow(apart) => {
                if let Truth::Points(points, _) | Truth::Stopped(points) = truth::seek(self.problem, || self.is_over())
                {
                    for point in points {
                        self.wait(Some(*apart));
                        if self.is_over() {
                            return;
                        }
                        self.incumbent(point);
                    }
                }
            }
        }
    }

    /// Waits until the time is over, the deadline is there, or the token is set.
    fn wait(&self, time: Option<Duration>) {
        let until = [time.map(|t| Instant::now() + t), self.deadline].into_iter().flatten().min();
        let signal = Arc::new((Mutex::new(()), Condvar::new()));
        let waker = Arc::clone(&signal);
        let _guard = self.stop.on_stop(move || {
            // The lock makes sure that the waiting side is either before its look at the flag or asleep.
            drop(waker.0.lock().unwrap_or_else(PoisonError::into_inner));
            waker.1.notify_all();
        });
        let mut lock = signal.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.stop.is_stopped() {
            lock = match until {
                None => signal.1.wait(lock).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    signal.1.wait_timeout(lock, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn incumbent(&mut self, values: Vec<f64>) {
        let objective = self.objective(&values);
        self.control.report(Event::Incumbent { objective, values: Some(&values) });
        self.best = Some(values);
    }

    fn bound(&mut self, bound: f64) {
        self.control.report(Event::Bound(bound));
        self.bound = Some(bound);
    }

    /// The objective of any vector, even one of the wrong length.
    fn objective(&self, values: &[f64]) -> f64 {
        self.problem.offset() + self.problem.cost().iter().zip(values).map(|(c, x)| c * x).sum::<f64>()
    }

    fn end(mut self, end: End) -> Result<Claim, SessionError> {
        let sign = self.problem.sense().sign();
        match end {
            End::Broken => return Err(SessionError::Broken("as scripted".into())),
            End::Refuse => return Err(SessionError::Refused("as scripted".into())),
            End::LieInfeasible => return Ok(Claim::bare(Termination::new(Reason::Infeasible, "a lie"))),
            End::LieUnbounded => return Ok(Claim::bare(Termination::new(Reason::Unbounded, "a lie"))),
            End::Limit => return Ok(self.limited(Limit::Time)),
            End::NodeLimit => return Ok(self.limited(Limit::Node)),
            End::Best => {
                let Some(best) = self.best.take() else { return Ok(self.limited(Limit::Other)) };
                let objective = self.objective(&best);
                return Ok(optimal(best, objective, objective));
            }
            End::LiePoint => {
                let point = self.outside();
                let objective = self.objective(&point);
                return Ok(optimal(point, objective, objective));
            }
            End::Nan => {
                let mut claim = optimal(vec![f64::NAN; self.problem.num_columns()], f64::NAN, f64::NAN);
                claim.duals = None;
                return Ok(claim);
            }
            End::Short => return Ok(optimal(vec![0.0; self.problem.num_columns().saturating_sub(1)], 0.0, 0.0)),
            End::Honest | End::LieObjective | End::LieOptimal | End::LieBound => {}
        }
        let (worst, best) = match truth::seek(self.problem, || self.is_over()) {
            Truth::Points(points, worst) => match points.last() {
                Some(best) => (worst, best.clone()),
                None => return Ok(Claim::bare(Termination::new(Reason::Infeasible, "every point was tried"))),
            },
            Truth::Stopped(points) => {
                self.best = points.last().cloned().or(self.best);
                return Ok(self.limited(if self.stop.is_stopped() { Limit::Interrupted } else { Limit::Time }));
            }
            Truth::Unknown if end == End::LieBound => {
                let worst = sign * 1e15;
                self.bound(worst);
                return Ok(self.limited(Limit::Time));
            }
            Truth::Unknown => return Ok(self.limited(Limit::Other)),
        };
        let objective = self.objective(&best);
        // Ten and more away from the truth, so that no tolerance hides it.
        let step = 10.0_f64.max(0.1 * objective.abs());
        Ok(match end {
            End::LieObjective => optimal(best, objective - sign * step, objective - sign * step),
            End::LieOptimal => {
                let worse = self.objective(&worst);
                optimal(worst, worse, worse)
            }
            End::LieBound => {
                self.bound(objective + sign * step);
                self.best = Some(worst);
                self.limited(Limit::Time)
            }
            _ => {
                self.incumbent(best.clone());
                self.bound(objective);
                optimal(best, objective, objective)
            }
        })
    }

    /// What it has, ended by a limit.
    fn limited(&mut self, limit: Limit) -> Claim {
        let best = self.best.take().filter(|b| b.len() == self.problem.num_columns());
        let detail = match limit {
            Limit::Other => "the mock tries the points of small integer boxes alone",
            _ => "as scripted",
        };
        let mut claim = Claim::bare(Termination::at_limit(best.is_some(), limit, detail));
        claim.objective = best.as_ref().map(|b| self.objective(b));
        claim.point = best;
        claim.bound = self.bound;
        claim
    }

    /// A point that misses a bound or, where there are none, a row.
    fn outside(&self) -> Vec<f64> {
        let p = self.problem;
        let finite = |a: f64, b: f64| if a.is_finite() { a } else { b };
        let mut point: Vec<f64> =
            (0..p.num_columns()).map(|j| finite(p.lower()[j], finite(p.upper()[j], 0.0))).collect();
        for (j, v) in point.iter_mut().enumerate() {
            *v = if p.upper()[j].is_finite() { p.upper()[j] + 7.0 } else { *v - 1e7 };
        }
        point
    }
}

fn optimal(point: Vec<f64>, objective: f64, bound: f64) -> Claim {
    let mut claim = Claim::bare(Termination::new(Reason::Optimal, "the mock says so"));
    claim.point = Some(point);
    claim.objective = Some(objective);
    claim.bound = Some(bound);
    claim
}

/// What would break a protocol that shares a descriptor with its solver: text without an end, zeros, a huge length.
fn print_garbage() {
    let garbage =
        [b"Welcome to a solver that prints\n".as_slice(), &[0; 64], &[0xff; 64], b"\x85\xa4 no newline"].concat();
    // A closed descriptor is no reason to stop: the mock prints because it must not matter.
    let _ = std::io::stdout().write_all(&garbage).and_then(|()| std::io::stdout().flush());
    let _ = std::io::stderr().write_all(&garbage);
}

/// Takes memory, page by page, and keeps it.
fn leak(mebibytes: u64) {
    for _ in 0..mebibytes {
        let block: &'static mut [u8] = Box::leak(vec![1_u8; 1 << 20].into_boxed_slice());
        std::hint::black_box(block);
    }
}

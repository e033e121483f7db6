//! Many small changes of one problem, each solved and checked: a session a core, which keeps what it learnt from one to the
//! next (an LP's basis, where its solver keeps one). Scenarios of a small linear program that differ in bounds and sides alone are mostly a few
//! pivots from a basis that is known, and need no solver ([`reoptimize`](crate::reoptimize)).

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::answer::{Answer, EvidenceLevel};
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::patch::{Delta, Patch, Revision};
use farkas_modeling::problem::Defects;
use farkas_modeling::{Claim, Problem, Source};

use crate::contract::{Backend, BackendError, Quiet, Session, SessionError, Start, StopToken};
use crate::options::Options;
use crate::reoptimize::Reoptimizer;
use crate::watch;

/// No session is further ahead of the last answer that was handed out than so many scenarios for each session.
const AHEAD: usize = 64;

/// A basis that misses so many scenarios more than it answers is not tried again.
const MOST_MISSED: usize = 8;

/// Why a scenario has no answer. The others have theirs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScenarioError {
    /// Its patch does not fit the base problem.
    #[error("its patch: {0}")]
    Patch(Defects),
    /// The backend does not open it.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The solver refuses it, or fails.
    #[error(transparent)]
    Solve(#[from] SessionError),
    /// Its turn did not come: the batch was stopped, or its time was over.
    #[error("it was not begun: {0}")]
    NotBegun(&'static str),
}

/// One scenario's answer, examined against the scenario's own problem.
pub type Scenario = Result<Answer, ScenarioError>;

/// How a batch is run.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::batch::Batch;
/// use farkas_backends::solvers::microlp::Microlp;
/// use farkas_modeling::formats::json;
/// use farkas_modeling::patch::Patch;
/// let base = json::read(br#"{"objective": "x", "constraints": {"need": "x >= 3"}, "variables": {"x": {}}}"#)?.value;
/// let needs = (0..100).map(|need| { let mut patch = Patch::new(); patch.row_lower("need", f64::from(need)); patch });
/// let answers = Batch::default().solve(&Microlp, &Arc::new(base), needs);
/// assert_eq!(answers[42].as_ref().ok().and_then(|answer| answer.objective()), Some(42.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// For each solve; the time limit is one of each scenario.
    pub options: Options,
    /// Sessions at once; `None` is one a core.
    pub sessions: Option<NonZeroUsize>,
    /// Wall-clock limit of all of it.
    pub time_limit: Option<Duration>,
    /// Ends what runs, and begins nothing more.
    pub stop: StopToken,
}

impl Batch {
    /// Solves each patch of `base` (not one after the other on top), and returns the answers in the order of the patches.
    pub fn solve<I>(&self, backend: &dyn Backend, base: &Arc<Problem>, patches: I) -> Vec<Scenario>
    where
        I: IntoIterator<Item = Patch>,
        I::IntoIter: Send,
    {
        let mut all = Vec::new();
        self.each(backend, base, patches, |_, scenario| all.push(scenario));
        all
    }

    /// The same, each answer handed out as soon as it and all before it are there, in this thread: what is in between waits,
    /// and is never more than some 64 for each session.
    pub fn each<I>(
        &self,
        backend: &dyn Backend,
        base: &Arc<Problem>,
        patches: I,
        mut hand_out: impl FnMut(usize, Scenario),
    ) where
        I: IntoIterator<Item = Patch>,
        I::IntoIter: Send,
    {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let sessions = self.sessions.unwrap_or_else(cores).get();
        let deadline = self.time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let gate = Gate::new(patches.into_iter(), sessions * AHEAD);
        std::thread::scope(|scope| {
            // However this ends, nobody waits at the gate for ever.
            let _open = OpenAtLast(&gate);
            let (tell, hear) = channel();
            for _ in 0..sessions {
                let (tell, gate) = (tell.clone(), &gate);
                scope.spawn(move || {
                    let mut seat = Seat { batch: self, backend, base, deadline, open: None, known: None };
                    while let Some((at, patch)) = gate.next() {
                        if tell.send((at, seat.solve(&patch))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            in_order(&hear, |at, scenario| {
                hand_out(at, scenario);
                gate.handed_out(at + 1);
            });
        });
    }
}

/// Puts answers back in the order of their patches.
fn in_order(hear: &Receiver<(usize, Scenario)>, mut hand_out: impl FnMut(usize, Scenario)) {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for (at, scenario) in hear {
        waiting.insert(at, scenario);
        while let Some(scenario) = waiting.remove(&next) {
            hand_out(next, scenario);
            next += 1;
        }
    }
}

/// The patches, and how far ahead of the answers they may be drawn.
struct Gate<I> {
    state: Mutex<Turn<I>>,
    moved: Condvar,
    ahead: usize,
}

struct Turn<I> {
    patches: Option<I>,
    drawn: usize,
    handed_out: usize,
}

impl<I> Gate<I> {
    fn new(patches: I, ahead: usize) -> Self {
        let state = Turn { patches: Some(patches), drawn: 0, handed_out: 0 };
        Self { state: Mutex::new(state), moved: Condvar::new(), ahead }
    }

    fn handed_out(&self, most: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).handed_out = most;
        self.moved.notify_all();
    }
}

impl<I: Iterator<Item = Patch>> Gate<I> {
    fn next(&self) -> Option<(usize, Patch)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |s: &mut Turn<I>| s.patches.is_some() && s.drawn >= s.handed_out.saturating_add(self.ahead);
        let mut state = self.moved.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        let patch = state.patches.as_mut()?.next()?;
        state.drawn += 1;
        Some((state.drawn - 1, patch))
    }
}

/// Lets nothing more be drawn when it goes.
struct OpenAtLast<'a, I>(&'a Gate<I>);

impl<I> Drop for OpenAtLast<'_, I> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).patches = None;
        self.0.moved.notify_all();
    }
}

/// One session's place: what is open in it, and how that differs from the base.
struct Seat<'a> {
    batch: &'a Batch,
    backend: &'a dyn Backend,
    base: &'a Arc<Problem>,
    deadline: Option<Instant>,
    open: Option<Open>,
    known: Option<Known>,
}

/// A basis that was optimal for a scenario, and then for the base if it got there.
struct Known {
    /// Whose it is.
    source: Source,
    /// Solves each scenario from that basis: it is nearer than the scenario before, and rounding does not add up.
    basis: Reoptimizer,
    /// How many scenarios it has answered, and failed to.
    met: usize,
    missed: usize,
}

struct Open {
    session: Box<dyn Session>,
    problem: Arc<Problem>,
    /// What makes it the base again, shape aside: a session of another shape is not kept.
    undo: Delta,
}

impl Seat<'_> {
    fn solve(&mut self, patch: &Patch) -> Scenario {
        let began = Instant::now();
        if self.batch.stop.is_stopped() {
            return Err(ScenarioError::NotBegun("the batch was stopped"));
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(began));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(ScenarioError::NotBegun("the batch's time was over"));
        }
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(patch, left)));
        let answer = answered.unwrap_or_else(|_| Err(SessionError::Broken("it panicked".into()).into()))?;
        Ok(answer.with_run(Vec::new(), began.elapsed().as_secs_f64()))
    }

    /// What is in the seat is taken out while it is used: after a panic nobody goes on with it.
    fn answer(&mut self, patch: &Patch, left: Option<Duration>) -> Scenario {
        let revision = Revision::new(self.base, patch).map_err(ScenarioError::Patch)?;
        match self.known_answer(&revision) {
            Some(answer) => Ok(answer),
            None => self.ask(&revision, left),
        }
    }

    /// The answer from the basis that is known, where it gets there and is proven.
    fn known_answer(&mut self, revision: &Revision) -> Option<Answer> {
        let mut known = self.known.take()?;
        let tries = known.missed <= known.met + MOST_MISSED;
        let claim = if tries { known.basis.solve(revision.problem()) } else { None };
        let answer = claim.map(|claim| {
            let answer = self.batch.examined(revision.problem(), &known.source, &claim);
            answer.with_note(claim.termination.detail())
        });
        let proven = answer.filter(|answer| answer.evidence().level == EvidenceLevel::Certified);
        *(if proven.is_some() { &mut known.met } else { &mut known.missed }) += 1;
        self.known = Some(known);
        proven
    }

    /// The solver's answer.
    fn ask(&mut self, revision: &Revision, left: Option<Duration>) -> Scenario {
        let mut options = self.batch.options.clone();
        options.time_limit = options.time_limit.into_iter().chain(left).min();
        let open = self.open.take();
        let (open, answer) = self.turn_to(open, revision, &options)?;
        self.open = open;
        // Under other costs the basis would have nothing to say about the others.
        if self.known.is_none() && revision.delta().keeps_matrix_and_costs() && Reoptimizer::suits(&options) {
            self.known = known(self.base, &answer);
        }
        Ok(answer)
    }

    /// The answer, and the session if the next scenario may have it.
    fn turn_to(
        &self,
        open: Option<Open>,
        revision: &Revision,
        options: &Options,
    ) -> Result<(Option<Open>, Answer), ScenarioError> {
        let mut open = match open.filter(|_| !revision.delta().changes_shape()).map(|open| changed(open, revision)) {
            Some(Ok(open)) => open,
            Some(Err(SessionError::Broken(_) | SessionError::Killed(_) | SessionError::Refused(_))) | None => {
                let problem = Arc::clone(revision.problem());
                let session = self.backend.open(Arc::clone(&problem))?;
                Open { session, problem, undo: Delta::default() }
            }
        };
        open.undo = back(self.base, revision.delta());
        let (session, sense) = (&mut open.session, open.problem.sense());
        let claim = watch::within(options, sense, &Quiet, &self.batch.stop, |options, control, stop| {
            session.solve(options, &Start::default(), control, stop)
        })?;
        let (backend, version) = (self.backend.name().to_owned(), open.session.version().to_owned());
        let source = Source { backend, version, lane: 0 };
        let answer = self.batch.examined(&open.problem, &source, &claim);
        Ok(((!revision.delta().changes_shape()).then_some(open), answer))
    }
}

impl Batch {
    fn examined(&self, problem: &Problem, source: &Source, claim: &Claim) -> Answer {
        let findings = check::examine(problem, source, claim, &self.options.tolerances);
        check::conclude(problem, &[findings], &self.options.tolerances, &TrustPolicy::default(), None)
    }
}

/// The basis of a proven optimum, gone on to the base's where that is not far.
fn known(base: &Arc<Problem>, answer: &Answer) -> Option<Known> {
    if answer.evidence().level != EvidenceLevel::Certified {
        return None;
    }
    let source = answer.evidence().found_by.clone()?;
    let mut basis = Reoptimizer::new(base, answer.basis()?)?;
    if basis.solve(base).is_some() {
        basis.stay();
    }
    Some(Known { source, basis, met: 0, missed: 0 })
}

/// An open session gone over to another scenario of the same shape.
fn changed(mut open: Open, to: &Revision) -> Result<Open, SessionError> {
    let (mut change, new) = (open.undo, to.delta());
    change.sense = new.sense.or(change.sense);
    change.offset = new.offset.or(change.offset);
    // Of two changes to one thing the later counts.
    change.costs.extend(&new.costs);
    change.bounds.extend(&new.bounds);
    change.kinds.extend(&new.kinds);
    change.sides.extend(&new.sides);
    change.coefficients.extend(&new.coefficients);
    let revision = Revision::new(&open.problem, &change.by_position())
        .map_err(|defects| SessionError::Refused(defects.to_string()))?;
    open.session.apply(&revision)?;
    open.problem = Arc::clone(revision.problem());
    open.undo = Delta::default();
    Ok(open)
}

/// What undoes a change that keeps the shape.
fn back(base: &Problem, delta: &Delta) -> Delta {
    let mut undo = Delta::default();
    undo.sense = delta.sense.map(|_| base.sense());
    undo.offset = delta.offset.map(|_| base.offset());
    undo.costs = delta.costs.iter().map(|&(j, _)| (j, base.cost()[j as usize])).collect();
    let bounds = |j: u32| (j, base.lower()[j as usize], base.upper()[j as usize]);
    undo.bounds = delta.bounds.iter().map(|&(j, ..)| bounds(j)).collect();
    undo.kinds = delta.kinds.iter().map(|&(j, _)| (j, base.kind(j as usize))).collect();
    let sides = |i: u32| (i, base.row_lower()[i as usize], base.row_upper()[i as usize]);
    undo.sides = delta.sides.iter().map(|&(i, ..)| sides(i)).collect();
    undo.coefficients.clone_from(&delta.coefficients);
    for entry in &mut undo.coefficients {
        let column = base.column(entry.column as usize);
        entry.value = column.iter().find(|(i, _)| *i == entry.row as usize).map_or(0.0, |(_, value)| value);
    }
    undo
}

//! Runs a solver once: one in this process, or a race of workers; either way the claims are examined and concluded from.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use farkas_backends::batch::{Batch, Scenario};
use farkas_backends::contract::{Backend, BackendError, Control, Quiet, Session, SessionError, Start};
use farkas_backends::deterministic;
use farkas_backends::options::Options;
use farkas_backends::race::trust::TrustTable;
use farkas_backends::race::{self, RaceSpec, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::watch;
use farkas_modeling::answer::{Answer, LaneReport, LaneState};
use farkas_modeling::check::{self, CheckedPoint, TrustPolicy};
use farkas_modeling::patch::Patch;
use farkas_modeling::{Claim, Problem, Source, Tolerances};

use crate::lineup::{LineupError, Rules};

use super::hear::{Ears, InProcess};
use super::{How, Racers, SolveError, Solver};

/// An answer, and the incumbents that were kept on the way.
pub(crate) type Outcome = (Answer, Vec<Arc<CheckedPoint>>);

impl Solver<'_> {
    pub(super) fn run(&self, problem: &Arc<Problem>) -> Result<Outcome, SolveError> {
        let start = self.start.of(problem)?;
        match &self.how {
            How::InProcess(linked) => {
                let began = Instant::now();
                let backend = linked.backend(problem)?;
                let mut session = open(&*backend, problem)?;
                self.in_session(&mut *session, backend.name(), problem, &start, &self.options, began)
            }
            How::Race(racers) => self.race_among(problem, racers, start, &self.options),
        }
    }

    /// Scenarios of one problem, each a patch of it alone: spread over the cores (or [`threads`](Self::threads)), a warm session
    /// each, by the solver in this process or the first worker that takes the problem. Answers come in the order of the
    /// patches; what is wrong with one costs the others nothing. The time limit is one of all of them together.
    ///
    /// # Errors
    /// When no solver is there for it.
    pub fn solve_many<I>(&self, problem: &Arc<Problem>, patches: I) -> Result<Vec<Scenario>, SolveError>
    where
        I: IntoIterator<Item = Patch>,
        I::IntoIter: Send,
    {
        let backend = match &self.how {
            How::InProcess(linked) => linked.backend(problem)?,
            How::Race(racers) => racers.first(problem, &self.options)?,
        };
        let mut options = self.options.clone();
        let time_limit = options.time_limit.take();
        // Where several sessions take turns, what each remembers depends on who was quicker.
        let threads = if options.deterministic { Some(1) } else { options.threads };
        options.threads = Some(1);
        let sessions = threads.and_then(|threads| NonZeroUsize::new(threads as usize));
        let batch = Batch { options, sessions, time_limit, stop: self.stop.clone() };
        Ok(batch.solve(&*backend, problem, patches))
    }

    /// One solve of an open session, examined.
    pub(crate) fn in_session(
        &self,
        session: &mut dyn Session,
        name: &str,
        problem: &Arc<Problem>,
        start: &Start,
        options: &Options,
        began: Instant,
    ) -> Result<Outcome, SolveError> {
        let solve = |session: &mut dyn Session, control: &(dyn Control + Sync)| {
            watch::within(options, problem.sense(), control, &self.stop, |options, control, stop| {
                session.solve(options, start, control, stop)
            })
        };
        let (claim, ears) = self.heard(session, name, problem, &options.tolerances, began, solve)?;
        let answer = answer(session.version(), name, problem, &claim, &options.tolerances, began);
        let answer = deterministic::with_caveat(answer, options);
        let pool = ears.pool(problem, &answer);
        Ok((answer, pool))
    }

    /// Solves by `solve`, heard by whoever listens.
    pub(crate) fn heard(
        &self,
        session: &mut dyn Session,
        name: &str,
        problem: &Arc<Problem>,
        tolerances: &Tolerances,
        began: Instant,
        solve: impl FnOnce(&mut dyn Session, &(dyn Control + Sync)) -> Result<Claim, SessionError>,
    ) -> Result<(Claim, Ears<'_>), SolveError> {
        let ears = Ears::of(self);
        if !ears.listen() {
            return Ok((solve(session, &Quiet).map_err(refused)?, ears));
        }
        let hearing = InProcess::new(&ears, problem, tolerances, name, began);
        let claim = solve(session, &hearing).map_err(refused)?;
        // The last word on the point, which no callback may have told.
        claim.point.iter().for_each(|point| hearing.point(point));
        Ok((claim, ears))
    }

    pub(crate) fn race_among(
        &self,
        problem: &Arc<Problem>,
        racers: &Racers,
        start: Start,
        options: &Options,
    ) -> Result<Outcome, SolveError> {
        let mut options = options.clone();
        if options.threads.is_none() {
            options.threads = Some(std::thread::available_parallelism().map_or(1, |n| n.get() as u32));
        }
        let rules = self.rules.as_deref();
        let backends = racers.backends(rules)?;
        let threads = options.threads_of_race(1);
        let lineup = lineup::choose_by(rules, problem, &backends, threads, &options, lineup::Asking::AsNeeded);
        if lineup.lanes.is_empty() {
            return Err(SolveError::NoSolver(format!("no solver takes it: {}", lineup.reason)));
        }
        let trust = lineup::trust_in(TrustTable::built_in(), &lineup, &self.trusted);
        let ears = Ears::of(self);
        let (sharing, stop) = (self.sharing, self.stop.clone());
        let spec = RaceSpec { lineup, options, start, trust, sharing, observer: &ears, stop };
        let answer = race::run(problem, spec);
        let pool = ears.pool(problem, &answer);
        Ok((answer, pool))
    }
}

/// What a claim of one solver, of this version, comes to.
pub(crate) fn answer(
    version: &str,
    name: &str,
    problem: &Problem,
    claim: &Claim,
    tolerances: &Tolerances,
    began: Instant,
) -> Answer {
    let source = Source { backend: name.to_string(), version: version.to_string(), lane: 0 };
    let findings = check::examine(problem, &source, claim, tolerances);
    let answer = check::conclude(problem, &[findings], tolerances, &TrustPolicy::default(), None);
    let seconds = began.elapsed().as_secs_f64();
    let lane = LaneReport {
        solver: source.backend,
        version: source.version,
        state: LaneState::Finished,
        detail: claim.termination.detail().to_string(),
        seconds,
        incumbents: u64::from(answer.point().is_some()),
        nodes: claim.counters.nodes,
        bound: claim.bound,
    };
    answer.with_run(vec![lane], seconds)
}

/// The solvers whose workers are installed; looked for once.
fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::new(RegistryConfig::default()))
}

impl Racers {
    /// The backends that may race, by the caller's own rules if there are any.
    fn backends(&self, rules: Option<&Rules>) -> Result<Vec<Arc<dyn Backend>>, SolveError> {
        let refuse = |error: LineupError| SolveError::NoSolver(error.to_string());
        match self {
            Self::Workers(names) => crate::lineup::select(registry(), names, rules).map_err(refuse),
            Self::Threads(backends) => {
                if let Some(rules) = rules {
                    let names: Vec<&str> = backends.iter().map(|backend| backend.name()).collect();
                    rules.check_solvers(&names).map_err(|error| refuse(error.into()))?;
                }
                Ok(backends.clone())
            }
        }
    }

    /// The first of them that takes the problem.
    pub(crate) fn first(&self, problem: &Arc<Problem>, options: &Options) -> Result<Arc<dyn Backend>, SolveError> {
        let lineup = lineup::choose(problem, &self.backends(None)?, 1, options);
        let first = lineup.lanes.into_iter().next().map(|lane| lane.backend);
        first.ok_or_else(|| SolveError::NoSolver(format!("no solver takes it: {}", lineup.reason)))
    }
}

/// Opens a problem in a backend that takes it.
pub(crate) fn open(backend: &dyn Backend, problem: &Arc<Problem>) -> Result<Box<dyn Session>, SolveError> {
    if let Some(why) = backend.fits(problem).refusal() {
        return Err(SolveError::Unsupported(why.to_owned()));
    }
    backend.open(Arc::clone(problem)).map_err(|e| match e {
        BackendError::Unavailable(what) => SolveError::NoSolver(what),
        BackendError::Unsupported(what) => SolveError::Unsupported(what),
        BackendError::Failed(what) => SolveError::Failed(what),
    })
}

pub(crate) fn refused(error: SessionError) -> SolveError {
    match error {
        SessionError::Refused(what) => SolveError::Unsupported(what),
        SessionError::Broken(what) | SessionError::Killed(what) => SolveError::Failed(what),
    }
}

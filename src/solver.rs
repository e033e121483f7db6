//! Solving from Rust: in this process with HiGHS, or by a race of solvers in processes of their own. Every answer is
//! checked either way.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, BackendError, Fit, Quiet, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::race::{self, Observer, RaceSpec, Unobserved, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_modeling::answer::{Answer, LaneReport, LaneState};
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::model::{Model, Solved};
use farkas_modeling::problem::Defects;
use farkas_modeling::{Problem, Source};

use crate::lexicographic::Lexicographic;

/// Why there is no answer. That a problem is infeasible, or that a limit was reached, is an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// The model cannot be a problem: all that is wrong with it.
    #[error(transparent)]
    Model(#[from] Defects),
    /// The solver does not take this problem, or an option.
    #[error("{0}; `Solver::race()` may have a solver that does")]
    Unsupported(String),
    /// No solver is there.
    #[error("{0}")]
    NoSolver(String),
    /// The solver failed.
    #[error("the solver failed: {0}")]
    Failed(String),
}

impl SolveError {
    /// A stable code: `solver-unsupported`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Model(defects) => defects.code(),
            Self::Unsupported(_) => "solver-unsupported",
            Self::NoSolver(_) => "solver-none",
            Self::Failed(_) => "solver-failed",
        }
    }
}

/// Who solves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// HiGHS in this process: nothing is started, nothing can be killed.
    InProcess,
    /// These solvers in worker processes; empty lets the line-up choose.
    Workers(Vec<String>),
}

/// How to solve: who, with which limits, and who may listen or stop it.
///
/// ```
/// use std::time::Duration;
/// use farkas::prelude::*;
///
/// let mut m = Model::new("knapsack");
/// let take = m.binary("take").over(0..4);
/// let (value, weight) = ([10.0, 13.0, 18.0, 31.0], [2.0, 3.0, 4.0, 7.0]);
/// m.maximize(dot(&value, &take));
/// m.row("capacity", dot(&weight, &take).le(10.0));
///
/// # #[cfg(feature = "highs")] {
/// let answer = Solver::highs().time_limit(Duration::from_secs(10)).gap(0.0).solve(&m)?;
/// assert_eq!(answer.objective(), Some(44.0));
/// # }
/// # Ok::<(), SolveError>(())
/// ```
#[derive(Clone)]
pub struct Solver<'a> {
    how: How,
    options: Options,
    start: Start,
    stop: StopToken,
    observer: &'a dyn Observer,
}

impl Solver<'static> {
    /// HiGHS in this process. There is nothing to install and no process is started; so a solver that crashes or hangs
    /// takes this process along, and what it prints is printed.
    pub fn highs() -> Self {
        Self::new(How::InProcess)
    }

    /// All solvers whose workers are installed (`farkas-highs`, `farkas-scip`, `farkas-cbc` beside the program or where
    /// `FARKAS_WORKERS` says), raced in processes of their own.
    pub fn race() -> Self {
        Self::new(How::Workers(Vec::new()))
    }

    /// One or several solvers by name, in processes of their own.
    pub fn workers<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::new(How::Workers(names.into_iter().map(Into::into).collect()))
    }

    fn new(how: How) -> Self {
        let (options, start, stop) = (Options::default(), Start::default(), StopToken::new());
        Self { how, options, start, stop, observer: &Unobserved }
    }
}

impl<'a> Solver<'a> {
    /// Wall-clock limit of the whole solve.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = Some(limit);
        self
    }

    /// Relative gap at which a problem counts as solved; 1e-4 if not set.
    #[must_use]
    pub fn gap(mut self, relative: f64) -> Self {
        self.options.tolerances.relative_gap = relative;
        self
    }

    /// Threads over all solvers together; 1 for HiGHS in this process and one a core for a race, if not set.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> Self {
        self.options.threads = Some(threads);
        self
    }

    /// Random seed.
    #[must_use]
    pub fn seed(mut self, seed: u32) -> Self {
        self.options.seed = Some(seed);
        self
    }

    /// All other options.
    #[must_use]
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// A point to start from: one value a variable, NaN where nothing is known.
    #[must_use]
    pub fn start(mut self, point: Vec<f64>) -> Self {
        self.start.point = Some(point.into());
        self
    }

    /// A token that stops the solve from elsewhere, keeping what was found.
    #[must_use]
    pub fn stop_token(mut self, stop: StopToken) -> Self {
        self.stop = stop;
        self
    }

    /// Who hears what happens meanwhile (races only; HiGHS in this process is not observed).
    #[must_use]
    pub fn observer<'b>(self, observer: &'b dyn Observer) -> Solver<'b>
    where
        'a: 'b,
    {
        Solver { observer, ..self }
    }

    /// Freezes the model, solves it, checks the answer. A model with several objectives is solved for one after the other;
    /// [`solve_in_order`](Self::solve_in_order) tells what each has come to.
    ///
    /// # Errors
    /// When the model has defects, or no solver can do it.
    pub fn solve(&self, model: &Model) -> Result<Solved, SolveError> {
        if model.num_stages() > 1 {
            return self.solve_in_order(model).map(Lexicographic::into_solved);
        }
        let problem = Arc::new(model.freeze()?);
        let answer = self.solve_problem(&problem)?;
        Ok(Solved::new(model, problem, answer))
    }

    /// The time limit, if one is set.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.options.time_limit
    }

    /// Solves a frozen problem and checks the answer.
    ///
    /// # Errors
    /// When no solver can do it.
    pub fn solve_problem(&self, problem: &Arc<Problem>) -> Result<Answer, SolveError> {
        match &self.how {
            How::InProcess => in_process(problem, self),
            How::Workers(names) => self.by_workers(problem, names),
        }
    }

    fn by_workers(&self, problem: &Arc<Problem>, names: &[String]) -> Result<Answer, SolveError> {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        let registry = REGISTRY.get_or_init(|| Registry::new(RegistryConfig::default()));
        let mut options = self.options.clone();
        if options.threads.is_none() {
            options.threads = Some(std::thread::available_parallelism().map_or(1, |n| n.get() as u32));
        }
        let backends = registry.select(names).map_err(|e| SolveError::NoSolver(e.to_string()))?;
        let lineup = lineup::choose(problem, &backends, options.threads.unwrap_or(1), &options);
        if lineup.lanes.is_empty() {
            return Err(SolveError::NoSolver(format!("no solver takes it: {}", lineup.reason)));
        }
        let trust = lineup::trust(&lineup);
        let spec = RaceSpec {
            lineup,
            options,
            start: self.start.clone(),
            trust,
            observer: self.observer,
            stop: self.stop.clone(),
        };
        Ok(race::run(problem, spec))
    }
}

#[cfg(feature = "highs")]
fn in_process(problem: &Arc<Problem>, solver: &Solver<'_>) -> Result<Answer, SolveError> {
    alone(&farkas_backends::solvers::highs::Highs::new(), problem, solver)
}

#[cfg(not(feature = "highs"))]
fn in_process(_: &Arc<Problem>, _: &Solver<'_>) -> Result<Answer, SolveError> {
    Err(SolveError::NoSolver(
        "this program was built without HiGHS; turn on the feature `highs`, or use `Solver::race()`".to_string(),
    ))
}

/// One solver, here and now: its claim is examined, and the examination concludes.
#[cfg_attr(not(feature = "highs"), allow(dead_code))]
fn alone(backend: &dyn Backend, problem: &Arc<Problem>, solver: &Solver<'_>) -> Result<Answer, SolveError> {
    let began = Instant::now();
    if let Fit::TooLarge { limit: why } | Fit::Refuses { why } = backend.fits(problem) {
        return Err(SolveError::Unsupported(why));
    }
    let mut session = backend.open(Arc::clone(problem)).map_err(|e| match e {
        BackendError::Unavailable(what) => SolveError::NoSolver(what),
        BackendError::Unsupported(what) => SolveError::Unsupported(what),
        BackendError::Failed(what) => SolveError::Failed(what),
    })?;
    let claim = session.solve(&solver.options, &solver.start, &Quiet, &solver.stop).map_err(|e| match e {
        SessionError::Refused(what) => SolveError::Unsupported(what),
        SessionError::Broken(what) | SessionError::Killed(what) => SolveError::Failed(what),
    })?;
    let source = Source { backend: backend.name().to_string(), version: session.version().to_string(), lane: 0 };
    let tolerances = &solver.options.tolerances;
    let findings = check::examine(problem, &source, &claim, tolerances);
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
    Ok(answer.with_run(vec![lane], seconds))
}

/// Solving as a method of a model.
pub trait Solve {
    /// Solves in this process with HiGHS and checks the answer: [`Solver::highs`] without limits.
    ///
    /// # Errors
    /// When the model has defects, or no solver can do it.
    fn solve(&self) -> Result<Solved, SolveError>;
}

impl Solve for Model {
    fn solve(&self) -> Result<Solved, SolveError> {
        Solver::highs().solve(self)
    }
}

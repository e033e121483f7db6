//! Solving from Rust: in this process, by HiGHS as a rule, or by a race of solvers, in processes of their own or on threads of
//! this one. Every answer is checked either way.

mod asynchronous;
pub(crate) mod hear;
mod linked;
pub(crate) mod run;
mod start;

use std::sync::Arc;
use std::time::Duration;

use farkas_backends::analysis::{RangingError, RelaxError};
use farkas_backends::contract::{Backend, StopToken};
use farkas_backends::iis::IisError;
use farkas_backends::options::Options;
use farkas_backends::race::{Observer, Sharing};
use farkas_modeling::Problem;
use farkas_modeling::answer::Answer;
use farkas_modeling::model::index::IndexSet;
use farkas_modeling::model::{ChangeError, Family, Model, Solved};
use farkas_modeling::problem::Defects;

use crate::lazy::Cuts;
use crate::lexicographic::Lexicographic;
use crate::lineup::Rules;
use crate::open::OpenModel;
pub use asynchronous::Solving;
pub use hear::{Heard, SolveEvent};
use linked::Linked;
pub use start::{IntoStart, StartAt};

type Progress<'a> = Arc<dyn Fn(&Heard<'_>) + Send + Sync + 'a>;

/// Why there is no answer. That a problem is infeasible, or that a limit was reached, is an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// The model cannot be a problem: all that is wrong with it.
    #[error(transparent)]
    Model(#[from] Defects),
    /// A change to an open model, or a lazy row, is wrong.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// There is no explanation why a problem is infeasible.
    #[error(transparent)]
    NotExplained(#[from] IisError),
    /// There is no relaxation.
    #[error(transparent)]
    NotRelaxed(#[from] RelaxError),
    /// There are no ranges.
    #[error(transparent)]
    NotRanged(#[from] RangingError),
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
            Self::Change(error) => error.code(),
            Self::NotExplained(error) => error.code(),
            Self::NotRelaxed(error) => error.code(),
            Self::NotRanged(error) => error.code(),
            Self::Unsupported(_) => "solver-unsupported",
            Self::NoSolver(_) => "solver-none",
            Self::Failed(_) => "solver-failed",
        }
    }
}

/// Who solves.
#[derive(Clone)]
pub(crate) enum How {
    /// A backend in this process: nothing is started, nothing can be killed.
    InProcess(Linked),
    /// Several solvers, raced.
    Race(Racers),
}

/// Where the solvers of a race come from.
#[derive(Clone)]
pub(crate) enum Racers {
    /// Worker processes of these names; empty lets the line-up choose.
    Workers(Vec<String>),
    /// These, on threads of this process.
    Threads(Vec<Arc<dyn Backend>>),
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
    pub(crate) how: How,
    pub(crate) options: Options,
    pub(crate) start: StartAt,
    pub(crate) stop: StopToken,
    observer: Option<&'a dyn Observer>,
    progress: Option<Progress<'a>>,
    pool: usize,
    pub(crate) rules: Option<Arc<Rules>>,
    pub(crate) sharing: Sharing,
    trusted: Vec<String>,
}

impl Solver<'static> {
    /// A solver in this process: HiGHS, and where it does not take the problem (a quadratic constraint, say) or is not
    /// compiled in, Clarabel for linear and convex quadratic programs or microlp for small ones with integers, both pure
    /// Rust. There is nothing to install and no process is started; so a solver that crashes or hangs takes this process
    /// along, and what it prints is printed.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("farthest point of a disc");
    /// let (x, y) = (m.continuous("x").one(), m.continuous("y").one());
    /// m.maximize(3 * x + 4 * y);
    /// m.row("disc", (x * x + y * y).le(25));
    /// let answer = Solver::in_process().solve(&m)?; // by Clarabel: HiGHS has no quadratic constraints
    /// assert!((answer.value(x) - 3.0).abs() < 1e-4 && (answer.value(y) - 4.0).abs() < 1e-4);
    /// # Ok::<(), SolveError>(())
    /// ```
    pub fn in_process() -> Self {
        Self::new(How::InProcess(Linked::Any))
    }

    /// HiGHS in this process, and nobody else.
    pub fn highs() -> Self {
        Self::new(How::InProcess(Linked::Highs))
    }

    /// A backend of [`crate::backends::solvers`], or of your own, in this process. SCIP takes lazy rows within its search
    /// this way; a program that links SCIP or CBC itself has to find their libraries.
    pub fn backend(backend: Arc<dyn Backend>) -> Self {
        Self::new(How::InProcess(Linked::This(backend)))
    }

    /// All solvers whose workers are installed (`farkas-highs`, `farkas-scip`, `farkas-cbc` beside the program or where
    /// `FARKAS_WORKERS` says), raced in processes of their own.
    pub fn race() -> Self {
        Self::new(How::Race(Racers::Workers(Vec::new())))
    }

    /// A race on threads of this process, of the solvers that are compiled in: HiGHS (for a linear program by simplex and interior
    /// point), Clarabel and microlp. The referee, the checks and the answer are those of [`race`](Self::race); no process is
    /// started.
    ///
    /// What is lost beside processes: a solver that crashes takes this process along, one that neither ends nor heeds a stop is
    /// left behind on its thread after some seconds (its lane is reported as killed) and goes on taking a core and memory, there is no
    /// limit of memory where the solver has none, and what solvers print is printed.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("knapsack");
    /// let take = m.binary("take").over(0..4);
    /// m.maximize(dot(&[10.0, 13.0, 18.0, 31.0], &take));
    /// m.row("capacity", dot(&[2.0, 3.0, 4.0, 7.0], &take).le(10.0));
    /// assert_eq!(Solver::race_in_process().solve(&m)?.objective(), Some(44.0));
    /// # Ok::<(), SolveError>(())
    /// ```
    pub fn race_in_process() -> Self {
        Self::race_of(linked::all())
    }

    /// The same of these backends, which may be your own, or SCIP and CBC where your program links their libraries. Each must
    /// bear several sessions at once in one process, as all of [`crate::backends::solvers`] do (searches of CBC, which keeps global
    /// state, take turns among themselves).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use farkas::backends::contract::Backend;
    /// use farkas::backends::solvers::{clarabel::Clarabel, microlp::Microlp};
    /// use farkas::prelude::*;
    /// let mut m = Model::new("mix");
    /// let (x, y) = (m.nonnegative("x").one(), m.nonnegative("y").one());
    /// m.maximize(x + 2 * y);
    /// m.row("row", (x + y).le(4));
    /// let both: [Arc<dyn Backend>; 2] = [Arc::new(Clarabel), Arc::new(Microlp)];
    /// assert!((Solver::race_of(both).solve(&m)?.objective().unwrap() - 8.0).abs() < 1e-6);
    /// # Ok::<(), SolveError>(())
    /// ```
    pub fn race_of(backends: impl IntoIterator<Item = Arc<dyn Backend>>) -> Self {
        Self::new(How::Race(Racers::Threads(backends.into_iter().collect())))
    }

    /// One or several solvers by name, in processes of their own.
    pub fn workers<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::new(How::Race(Racers::Workers(names.into_iter().map(Into::into).collect())))
    }

    /// A solve service elsewhere, at `http://host:port` (`farkas serve` starts one). What it answers is examined here.
    pub fn remote(address: impl Into<String>) -> Self {
        Self::workers([address])
    }

    fn new(how: How) -> Self {
        let (options, start, stop) = (Options::default(), StartAt::default(), StopToken::new());
        let (rules, sharing, trusted) = (None, Sharing::default(), Vec::new());
        Self { how, options, start, stop, observer: None, progress: None, pool: 0, rules, sharing, trusted }
    }
}

impl<'a> Solver<'a> {
    /// Wall-clock limit of the whole solve.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = Some(limit);
        self
    }

    /// Ends the solve when no better point came for so long, with the best so far: at the limit
    /// [`SlowProgress`](farkas_modeling::Limit::SlowProgress). It counts from the last better point, needs one, and a better bound is
    /// no reason to go on; so it never ends a linear program.
    #[must_use]
    pub fn stall_limit(mut self, limit: Duration) -> Self {
        self.options.stall_limit = Some(limit);
        self
    }

    /// The same answer every time: each solver on one thread, with the same seed and without a clock; a race has them one after
    /// another, and they share nothing. Limit the work by [`Options::node_limit`]. Where a time limit, or a [`StopToken`], ends it, the
    /// evidence notes that another run may end elsewhere.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("knapsack");
    /// let take = m.binary("take").over(0..20);
    /// m.maximize(sum(0..20, |i| (7 * i % 11 + 3) * take[i]));
    /// m.row("capacity", sum(0..20, |i| (5 * i % 13 + 2) * take[i]).le(40));
    /// let solver = Solver::in_process().deterministic().options(|o| o.node_limit = Some(1_000));
    /// let (one, two) = (solver.solve(&m)?, solver.solve(&m)?);
    /// assert_eq!((one.point(), one.bound()), (two.point(), two.bound()));
    /// # Ok::<(), SolveError>(())
    /// ```
    #[must_use]
    pub fn deterministic(mut self) -> Self {
        self.options.deterministic = true;
        self
    }

    /// Relative gap at which a problem counts as solved; 1e-4 if not set.
    #[must_use]
    pub fn gap(mut self, relative: f64) -> Self {
        self.options.tolerances.relative_gap = relative;
        self
    }

    /// Threads over all solvers together; 1 for a solver in this process and one a core for a race, if not set.
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

    /// The rules by which a race chooses who runs, with which settings and when, instead of the built-in ones.
    ///
    /// ```
    /// use farkas::lineup::Rules;
    /// use farkas::prelude::*;
    /// let rules = Rules::read("[[rule]]\nname = \"all\"\nlanes = [{ solver = \"highs\" }, { solver = \"scip\" }]")?;
    /// let solver = Solver::race().lineup(rules);
    /// assert!(Rules::read("[[rule]]\nname = 1").is_err());
    /// # Ok::<(), farkas::lineup::RulesError>(())
    /// ```
    #[must_use]
    pub fn lineup(mut self, rules: Rules) -> Self {
        self.rules = Some(Arc::new(rules));
        self
    }

    /// What the solvers of a race hand to each other: points, as a rule.
    ///
    /// ```
    /// use farkas::lineup::{Shared, Sharing};
    /// use farkas::prelude::*;
    /// let alone = Solver::race().sharing(Sharing::none());
    /// let more = Solver::race().sharing(Sharing::default().with(Shared::Cutoffs));
    /// # let _ = (alone, more);
    /// ```
    #[must_use]
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// Believes these solvers alone in a race, whatever their record. Without this, a bound or an infeasibility claimed by one
    /// that was seen to be wrong ends a race only when another solver claims as much.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let solver = Solver::race().trust(["mipcl"]);
    /// ```
    #[must_use]
    pub fn trust<S: Into<String>>(mut self, solvers: impl IntoIterator<Item = S>) -> Self {
        self.trusted.extend(solvers.into_iter().map(Into::into));
        self
    }

    /// Where to begin: one value a variable (NaN where nothing is known), some variables with their values, or an answer,
    /// whose basis comes along. Repeated, the last one counts; [`start_by`](Self::start_by) adds to it.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("knapsack");
    /// let take = m.binary("take").over(0..4);
    /// m.maximize(sum(0..4, |i| (i + 1) * take[i]));
    /// m.row("capacity", sum(0..4, |i| (2 * i + 3) * take[i]).le(12));
    /// # #[cfg(feature = "highs")] {
    /// let answer = Solver::highs().start([(take[0], 1.0), (take[3], 1.0)]).solve(&m)?;
    /// let again = Solver::highs().start(&answer).solve(&m)?;
    /// assert_eq!(again.objective(), answer.objective());
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    #[must_use]
    pub fn start(mut self, start: impl IntoStart) -> Self {
        self.start = start.into_start();
        self
    }

    /// Adds the variables of a family to the start, each with the value that its key gets.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let days = ["mon", "tue"];
    /// let mut m = Model::new("shifts");
    /// let work = m.binary("work").over(&days);
    /// m.maximize(sum(&days, |day| work[day]));
    /// # #[cfg(feature = "highs")]
    /// assert_eq!(Solver::highs().start_by(&work, |day| f64::from(*day == "mon")).solve(&m)?.objective(), Some(2.0));
    /// # Ok::<(), SolveError>(())
    /// ```
    #[must_use]
    pub fn start_by<'f, S: IndexSet>(
        mut self,
        family: &'f Family<S>,
        mut value: impl FnMut(S::Key<'f>) -> f64,
    ) -> Self {
        self.start.add(family.iter().map(|(key, variable)| (variable, value(key))));
        self
    }

    /// A token that stops the solve from elsewhere, keeping what was found.
    #[must_use]
    pub fn stop_token(mut self, stop: StopToken) -> Self {
        self.stop = stop;
        self
    }

    /// Calls back with what happens meanwhile: checked incumbents, bounds, progress, log lines. In-process it is called from
    /// the solver's thread, in a race from the race's; either way it should return soon.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use farkas::prelude::*;
    /// let mut m = Model::new("knapsack");
    /// let take = m.binary("take").over(0..4);
    /// m.maximize(sum(0..4, |i| (i + 1) * take[i]));
    /// m.row("capacity", sum(0..4, |i| (2 * i + 3) * take[i]).le(12));
    /// # #[cfg(feature = "highs")] {
    /// let best = Mutex::new(Vec::new());
    /// let answer = Solver::highs()
    ///     .on_progress(|heard| {
    ///         if let SolveEvent::Incumbent { point, .. } = heard.event {
    ///             best.lock().unwrap().push(point.objective());
    ///         }
    ///     })
    ///     .solve(&m)?;
    /// assert_eq!(best.lock().unwrap().last().copied(), answer.objective());
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    #[must_use]
    pub fn on_progress<'b>(self, call: impl Fn(&Heard<'_>) + Send + Sync + 'b) -> Solver<'b>
    where
        'a: 'b,
    {
        Solver { progress: Some(Arc::new(call)), ..self }
    }

    /// Keeps up to so many feasible points, the best first, for [`Solved::pool`]: the answer's own, the incumbents on the way,
    /// and the further ones that solvers have (HiGHS all that its search comes by, SCIP those it keeps, CBC those it tells).
    /// Each is checked and there once. At most 1000.
    ///
    /// ```
    /// use farkas::prelude::*;
    /// let mut m = Model::new("knapsack");
    /// let take = m.binary("take").over(0..12);
    /// m.maximize(sum(0..12, |i| (7 * i % 11 + 3) * take[i]));
    /// m.row("capacity", sum(0..12, |i| (5 * i % 13 + 2) * take[i]).le(30));
    /// # #[cfg(feature = "highs")] {
    /// let answer = Solver::highs().pool(3).solve(&m)?;
    /// for point in answer.pool() {
    ///     println!("{}: {}", point.objective(), answer.value_at(point.values(), take[0]));
    /// }
    /// assert_eq!(Some(answer.pool()[0].objective()), answer.objective());
    /// # }
    /// # Ok::<(), SolveError>(())
    /// ```
    #[must_use]
    pub fn pool(mut self, size: usize) -> Self {
        self.pool = size;
        self.options.pool = u32::try_from(size.saturating_sub(1)).unwrap_or(u32::MAX);
        self
    }

    /// Who hears what happens meanwhile.
    #[must_use]
    pub fn observer<'b>(self, observer: &'b dyn Observer) -> Solver<'b>
    where
        'a: 'b,
    {
        Solver { observer: Some(observer), ..self }
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
        let (answer, pool) = self.run(&problem)?;
        Ok(Solved::new(model, problem, answer).with_pool(pool))
    }

    /// Whether anybody hears what happens meanwhile.
    pub(crate) fn listens(&self) -> bool {
        self.observer.is_some() || self.progress.is_some() || self.pool > 0
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
        self.run(problem).map(|(answer, _)| answer)
    }

    /// Opens a model, to be changed and solved again and again: see [`OpenModel`].
    ///
    /// # Errors
    /// The model's defects; no solver that takes it.
    pub fn open(&self, model: &Model) -> Result<OpenModel<'a>, SolveError> {
        OpenModel::new(self.clone(), model)
    }

    /// Solves a model with rows that are made as they are needed: see [`crate::lazy`].
    ///
    /// # Errors
    /// As [`solve`](Self::solve), and for rows that are wrong or cut nothing off.
    pub fn solve_lazy(
        &self,
        model: &Model,
        separate: impl FnMut(&Solved, &mut Cuts) + Send,
    ) -> Result<Solved, SolveError> {
        crate::lazy::solve(self, model, separate)
    }
}

impl Solver<'static> {
    /// Solves on a thread of its own: await the answer under any runtime, or drop it to stop the solve.
    pub fn solve_async(&self, model: &Model) -> Solving {
        Solving::begin(self.clone(), model)
    }
}

/// Solving as a method of a model.
pub trait Solve {
    /// Solves in this process, with HiGHS as a rule, and checks the answer: [`Solver::in_process`] without limits.
    ///
    /// # Errors
    /// When the model has defects, or no solver can do it.
    fn solve(&self) -> Result<Solved, SolveError>;

    /// The same on a thread of its own; await it under any runtime.
    fn solve_async(&self) -> Solving;

    /// Opens the model in a solver, to be changed and solved again, warm.
    ///
    /// # Errors
    /// The model's defects; no solver that takes it.
    fn open<'a>(&self, solver: Solver<'a>) -> Result<OpenModel<'a>, SolveError>;
}

impl Solve for Model {
    fn solve(&self) -> Result<Solved, SolveError> {
        Solver::in_process().solve(self)
    }

    fn solve_async(&self) -> Solving {
        Solver::in_process().solve_async(self)
    }

    fn open<'a>(&self, solver: Solver<'a>) -> Result<OpenModel<'a>, SolveError> {
        OpenModel::new(solver, self)
    }
}

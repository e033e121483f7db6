//! What a solver promises: [`Backend`] opens a [`Session`] on a problem, a session solves and says what it found as a
//! claim; [`Control`] carries what happens meanwhile, and a [`StopToken`] ends it.
//!
//! Times count from the call of `solve`. Values are in the original problem's space, objectives and bounds in its own
//! sense, offset included; an adapter converts for its solver. One session is used by one thread at a time.

mod collected;
pub(crate) mod conflict;
mod lazy;
mod pause;
pub(crate) mod rays;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use farkas_modeling::answer::Basis;
use farkas_modeling::check::CheckedPoint;
use farkas_modeling::patch::Revision;
use farkas_modeling::problem::Curvature;
use farkas_modeling::{Claim, Problem, Sense};
use serde::{Deserialize, Serialize};

use crate::options::{Emphasis, LpMethod, Options};
pub use collected::Collected;
pub use conflict::{End, Member};
pub use lazy::{LazyRow, Separate};
pub use pause::Pause;

/// Whether a backend can be used here and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Availability {
    /// Yes.
    Ready {
        /// Version of the solver.
        version: String,
    },
    /// It is not installed; the remedy says what to install.
    NotFound {
        /// What was looked for, and what to do.
        remedy: String,
    },
    /// It is older than the adapter knows.
    TooOld {
        /// Version found.
        version: String,
        /// What to do.
        remedy: String,
    },
    /// It needs a licence.
    NoLicense {
        /// What the solver says.
        says: String,
    },
    /// It is there and does not work.
    Broken {
        /// What happened.
        says: String,
    },
}

/// What a backend can take and give: declared by the adapter, verified by the conformance suite (claiming more or less
/// than is true fails it).
#[allow(clippy::struct_excessive_bools)] // a table of independent facts, printed as such
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)] // a worker of another version may know fewer facts
pub struct Capabilities {
    /// Mixed-integer problems.
    pub integers: bool,
    /// Semicontinuous and semi-integer columns.
    pub semicontinuous: bool,
    /// Special ordered sets.
    pub sets: bool,
    /// Indicator rows.
    pub indicators: bool,
    /// A convex quadratic objective over continuous columns.
    pub quadratic_objective: bool,
    /// A convex quadratic objective beside integers.
    pub convex_integers: bool,
    /// Quadratic rows whose points form a convex set.
    pub convex_rows: bool,
    /// Quadratic terms beside integers, in rows, and where they are not convex.
    pub quadratic: bool,
    /// Multipliers and reduced costs of an LP.
    pub duals: bool,
    /// A primal ray for an unbounded LP.
    pub primal_ray: bool,
    /// Farkas multipliers for an infeasible LP.
    pub farkas_ray: bool,
    /// A simplex basis out, and in as a start.
    pub basis: bool,
    /// Reports incumbents with their values while it solves.
    pub incumbents_out: bool,
    /// Takes incumbents found elsewhere while it solves.
    pub incumbents_in: bool,
    /// Reports bounds while it solves.
    pub live_bound: bool,
    /// Takes a start point for a MIP.
    pub start_point: bool,
    /// That start may be partial (NaN where nothing is known).
    pub partial_start: bool,
    /// More than one thread.
    pub threads: bool,
    /// A seed changes its path.
    pub seed: bool,
    /// Keeps a memory limit by itself.
    pub memory_limit: bool,
    /// Stops when the token is set, within a second; otherwise only killing its process ends it.
    pub stop: bool,
    /// Which LP algorithms one can choose: simplex.
    pub simplex: bool,
    /// Interior point.
    pub barrier: bool,
    /// First order.
    pub first_order: bool,
    /// Rows with two different finite sides.
    pub ranges: bool,
    /// Rows without a finite side.
    pub free_rows: bool,
    /// Maximisation.
    pub maximize: bool,
    /// Keeps [`Options::node_limit`].
    pub node_limit: bool,
    /// Heeds [`Options::emphasis`].
    pub emphasis: bool,
    /// Products one factor of which is binary and the other bounded, in the objective and in rows.
    pub binary_products: bool,
    /// Takes integer columns with whole bounds alone.
    pub whole_bounds: bool,
    /// Finds an irreducible infeasible subset by itself, of every linear program at least: [`Session::conflict`].
    pub iis: bool,
    /// Says how far costs and sides may go before the basis changes.
    pub ranging: bool,
    /// Asks for violated rows at each integer point while it solves: [`Session::solve_lazy`]. In this process alone; a
    /// worker's session is solved again instead.
    pub lazy_rows: bool,
    /// Keeps further solutions beside the best: [`Options::pool`].
    pub pool: bool,
    /// Takes problems whose columns are all integer, and no others.
    pub only_integers: bool,
    /// Refuses some problems for their data: sizes beyond a licence, coefficients that it cannot hold. `open` tells.
    pub data_limits: bool,
}

/// Whether a backend takes a certain problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fit")]
pub enum Fit {
    /// As it is.
    Takes,
    /// After it was rewritten; answers come back as answers to the problem as it was.
    NeedsBridges {
        /// What is rewritten, and why.
        bridges: Vec<Need>,
    },
    /// Too large for its licence or its index type.
    TooLarge {
        /// The limit, in words.
        limit: String,
    },
    /// Something in it is beyond the backend.
    Refuses {
        /// What.
        why: String,
    },
}

impl Fit {
    /// Whether it takes it, as it is or rewritten.
    pub fn takes(&self) -> bool {
        matches!(self, Self::Takes | Self::NeedsBridges { .. })
    }

    /// Why it does not, if so.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Takes | Self::NeedsBridges { .. } => None,
            Self::TooLarge { limit: why } | Self::Refuses { why } => Some(why),
        }
    }
}

/// One bridge that a backend needs for a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What it makes of what: `special ordered sets by binaries`.
    pub bridge: String,
    /// What the backend does not take.
    pub why: String,
}

/// Why a backend could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "error", content = "detail")]
pub enum BackendError {
    /// It is not available.
    #[error("{0}")]
    Unavailable(String),
    /// It does not take this problem.
    #[error("{0}")]
    Unsupported(String),
    /// Its process or library failed.
    #[error("{0}")]
    Failed(String),
}

/// Why a session did not do what it was asked. After `Refused` it is as it was; after `Broken` it may only be dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "error", content = "detail")]
pub enum SessionError {
    /// The request cannot be met (an unknown native option, say); the sentence says which and lists what there is.
    #[error("refused: {0}")]
    Refused(String),
    /// The solver or its process failed; the sentence says how.
    #[error("broken: {0}")]
    Broken(String),
    /// Its process was killed because it overstayed its limit, or by [`StopToken::kill`].
    #[error("killed: {0}")]
    Killed(String),
}

/// One solver, or one way to reach it.
pub trait Backend: Send + Sync {
    /// Its name, as `--solver` and results have it: `highs`. Configured sidecars and remotes have names of their own.
    fn name(&self) -> &str;
    /// Whether it can be used here. May load a library: call it in a worker process when the library is not trusted.
    fn probe(&self) -> Availability;
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// What its solver does by itself, where [`capabilities`](Self::capabilities) counts what bridges add.
    fn native_capabilities(&self) -> Capabilities {
        self.capabilities()
    }
    /// Whether it takes this problem. Some limits depend on the data.
    fn fits(&self, problem: &Problem) -> Fit {
        fits_by_capabilities(self.name(), self.capabilities(), problem)
    }
    /// Opens a problem. It may be owned or mapped: no copy is forced.
    ///
    /// # Errors
    /// When the solver is not there, does not take the problem, or its process fails.
    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError>;
    /// Makes ready what the next problem needs, whichever it is. Workers call it while they have nothing to do.
    fn prepare(&self) {}
}

/// What the declared capabilities say about a problem.
pub fn fits_by_capabilities(name: &str, can: Capabilities, problem: &Problem) -> Fit {
    let missing = [
        (problem.num_integers() > 0 && !can.integers, "integer variables"),
        (problem.num_semis() > 0 && !can.semicontinuous, "semicontinuous variables"),
        (!problem.sets().is_empty() && !can.sets, "special ordered sets"),
        (!problem.indicators().is_empty() && !can.indicators, "indicator constraints"),
        (!problem.is_linear() && !can.quadratic_objective && !can.quadratic, "quadratic terms"),
        (!problem.quadratic_rows().is_empty() && !can.quadratic && !can.convex_rows, "quadratic constraints"),
        (
            !problem.is_linear()
                && problem.num_integers() + problem.num_semis() > 0
                && !can.quadratic
                && !can.convex_integers,
            "quadratic terms beside integers",
        ),
        (!can.ranges && (0..problem.num_rows()).any(|i| is_range(problem, i)), "rows with two different sides"),
        (!can.free_rows && (0..problem.num_rows()).any(|i| is_free(problem, i)), "rows without a side"),
        (!can.maximize && problem.sense() == Sense::Maximize, "maximisation"),
        (can.only_integers && problem.num_integers() < problem.num_columns(), "continuous variables"),
    ];
    match missing.iter().find(|(is, _)| *is) {
        Some((_, what)) => Fit::Refuses { why: refusal(name, what) },
        None if can.quadratic => Fit::Takes,
        None => fits_by_curvature(name, problem),
    }
}

/// What the curvature of its products says, to a backend that takes convex ones only.
fn fits_by_curvature(name: &str, problem: &Problem) -> Fit {
    let rows = problem.quadratic_rows().iter().map(|one| ("constraints", problem.row_curvature(one.row as usize)));
    for (what, curvature) in std::iter::once(("objectives", problem.objective_curvature())).chain(rows) {
        match curvature {
            Curvature::Convex => {}
            Curvature::NotConvex => {
                return Fit::Refuses { why: format!("{name} takes quadratic {what} only where they are convex") };
            }
            Curvature::Unknown => {
                let limit = format!("{name} takes convex quadratic {what}, and one is too large to tell");
                return Fit::TooLarge { limit };
            }
        }
    }
    Fit::Takes
}

/// How all adapters say so.
pub(crate) fn refusal(name: &str, what: &str) -> String {
    format!("{name} does not take {what}")
}

/// A row with two different finite sides.
pub(crate) fn is_range(problem: &Problem, row: usize) -> bool {
    let (lower, upper) = (problem.row_lower()[row], problem.row_upper()[row]);
    lower.is_finite() && upper.is_finite() && lower.to_bits() != upper.to_bits()
}

/// A row that holds whatever the point.
pub(crate) fn is_free(problem: &Problem, row: usize) -> bool {
    problem.row_lower()[row].is_infinite() && problem.row_upper()[row].is_infinite()
}

/// What every session asks of options first: that the solver has a meaning for them. Threads are a most, a seed is for
/// who draws lots, and the limits on solutions, on the objective and by a cutoff mean the same for everybody, so these
/// are never refused.
///
/// # Errors
/// `Refused`, with what there is.
pub fn takes_options(name: &str, can: Capabilities, options: &Options) -> Result<(), SessionError> {
    let refused =
        |what: &str, there: &str| Err(SessionError::Refused(format!("{name} has no {what}; it has: {there}")));
    let methods = [(true, "auto"), (can.simplex, "simplex"), (can.barrier, "barrier"), (can.first_order, "firstorder")];
    let has_method = match options.lp_method {
        LpMethod::Auto => true,
        LpMethod::Simplex => can.simplex,
        LpMethod::Barrier => can.barrier,
        LpMethod::FirstOrder => can.first_order,
    };
    if !has_method {
        let there: Vec<&str> = methods.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        return refused("such LP method", &there.join(", "));
    }
    if options.node_limit.is_some() && !can.node_limit {
        return refused("node limit", "time_limit, solution_limit, objective_target, cutoff");
    }
    if options.emphasis != Emphasis::Balanced && !can.emphasis {
        return refused("emphasis", "balanced");
    }
    Ok(())
}

/// What a solve may begin from.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// n values, NaN where nothing is known. It need not be feasible.
    pub point: Option<Arc<[f64]>>,
    /// A basis, for solvers that take one.
    pub basis: Option<Arc<Basis>>,
}

/// One problem, open in one solver; used by one thread at a time.
pub trait Session: Send {
    /// Version of the solver behind it.
    fn version(&self) -> &str;

    /// What stops and continues its solves from another thread; `None` where they run inside this process.
    fn pause(&self) -> Option<Arc<dyn Pause>> {
        None
    }

    /// Goes over to the problem that `revision` made of the one that is open. The next solve starts from what is known: a
    /// solver that can keeps its basis and changes its problem in place, any other loads it anew and keeps the last point.
    ///
    /// # Errors
    /// `Refused` when it is a revision of another problem, when the solver does not take the changed one, or cannot change
    /// one at all; the session is as it was then. `Broken` when the solver fails.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        let _ = revision;
        Err(SessionError::Refused("this solver cannot change an open problem; open the changed one anew".into()))
    }

    /// Solves. May be called again.
    ///
    /// Before it starts, and as often as it can, it looks at `stop`; a token that is set already ends it at once with
    /// `NoSolutionFound`/`Interrupted` (or with the claim it has). A limit that is reached is no error: the claim says
    /// so. The claim's bound holds even then, if there is one.
    ///
    /// # Errors
    /// `Refused` for options it does not have, `Broken` when the solver fails, `Killed` when its process was killed.
    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError>;

    /// Solves a problem of which some rows are made on demand: `separate` is asked about every candidate before it counts,
    /// from inside the search, perhaps from another thread than the caller's. The claim is one about the problem with all
    /// rows that were handed out; the open problem stays without them. Duals and a basis are not promised, and the problem
    /// must be bounded without the rows.
    ///
    /// # Errors
    /// As [`solve`](Self::solve); `Refused` where there is no such callback and for rows that are none of this problem,
    /// `Broken` when `separate` panics.
    fn solve_lazy(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
        separate: &mut Separate<'_>,
    ) -> Result<Claim, SessionError> {
        let _ = (options, start, control, stop, separate);
        Err(SessionError::Refused(
            "this solver takes no rows while it searches; solve again with those that were broken".into(),
        ))
    }

    /// The solver's own search for row sides and column bounds of the open problem that cannot hold together, whatever the
    /// objective; a word that nobody checked, and as small a set as the solver makes it. Kinds, special ordered sets and the
    /// bounds of semicontinuous and switching columns are taken as given and not named. Where a solver cannot tell the two
    /// sides of a row apart, both are named. Empty when it found none: the problem is feasible, a limit or the token ended
    /// it. [`crate::iis`] checks what comes out and drops what is not needed.
    ///
    /// # Errors
    /// As [`solve`](Self::solve); `Refused` where the solver has no such search, or none for what is more than a linear program.
    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        let _ = (options, stop);
        Err(SessionError::Refused(
            "this solver has no search of its own for a conflict; `iis::find` works over any".into(),
        ))
    }
}

/// What every session asks of a revision first: that it changes the problem which is open.
///
/// # Errors
/// `Refused`, when it is another problem's.
pub fn revises(open: &Arc<Problem>, revision: &Revision) -> Result<(), SessionError> {
    if Arc::ptr_eq(open, revision.base()) {
        return Ok(());
    }
    Err(SessionError::Refused("it is a revision of another problem than the one that is open".into()))
}

/// A point for the next solve: what was found before a revision, as far as it still has a place.
pub fn carried(last: Option<&[f64]>, revision: &Revision) -> Option<Arc<[f64]>> {
    last.filter(|point| point.len() == revision.base().num_columns()).map(|point| revision.carry_point(point).into())
}

/// What a solver reports while it solves; borrowed for the length of the call.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A point that the solver thinks feasible. `values` has n entries, where the solver hands them out.
    Incumbent {
        /// Its objective, as the solver has it.
        objective: f64,
        /// n values.
        values: Option<&'a [f64]>,
    },
    /// No point is better than this.
    Bound(f64),
    /// How far it is.
    Progress(Progress),
    /// What it does now: `presolve`, `root`, `search`, `simplex`, `barrier`, `crossover`, …
    Phase(&'a str),
    /// A line of its log, without the newline.
    Log(&'a str),
}

/// How far a solver is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Branch-and-bound nodes done.
    pub nodes: u64,
    /// Iterations done (simplex, barrier or first order).
    pub iterations: u64,
}

/// Hears what happens during a solve. Called inside solvers' callbacks, perhaps from several threads: an implementation
/// returns at once, copies what it keeps into bounded newest-wins slots, and never checks, blocks or panics.
pub trait Control {
    /// Something happened.
    fn report(&self, event: Event<'_>);
    /// Whether lines of the log are wanted. A solver that need not write them may be quicker; it may write them nevertheless.
    fn hears_log(&self) -> bool {
        true
    }
    /// A point found elsewhere, better than what this solver has; each is handed out once.
    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        None
    }
}

/// A control that hears nothing and offers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Control for Quiet {
    fn report(&self, _: Event<'_>) {}
    fn hears_log(&self) -> bool {
        false
    }
}

type Waker = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct StopState {
    level: AtomicU8,
    wakers: Mutex<(u64, Vec<(u64, Waker)>)>,
}

/// Asks a solve to end. Clonable; a flag and registered wakers, so that it also reaches a solver without callbacks, a
/// blocked socket, or a subprocess. Set before `solve`, it still stops it.
///
/// ```
/// use farkas_backends::contract::StopToken;
/// let stop = StopToken::new();
/// let copy = stop.clone();
/// copy.stop();
/// assert!(stop.is_stopped() && !stop.is_killed());
/// ```
#[derive(Clone, Default)]
pub struct StopToken {
    state: Arc<StopState>,
}

impl StopToken {
    /// A token that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop and keep what was found.
    pub fn stop(&self) {
        self.raise(1);
    }

    /// Asks to end at once, by killing the process where there is one. Implies [`stop`](Self::stop).
    pub fn kill(&self) {
        self.raise(2);
    }

    /// Whether somebody asked to stop (or to kill).
    pub fn is_stopped(&self) -> bool {
        self.state.level.load(Ordering::Acquire) >= 1
    }

    /// Whether somebody asked to kill.
    pub fn is_killed(&self) -> bool {
        self.state.level.load(Ordering::Acquire) >= 2
    }

    /// Calls `waker` at every raise from now on, until the guard is dropped; at once if the token is set already. A
    /// waker returns at once and does not register or drop wakers itself.
    #[must_use = "dropping the guard unregisters the waker"]
    pub fn on_stop(&self, waker: impl Fn() + Send + Sync + 'static) -> WakerGuard {
        let waker: Waker = Box::new(waker);
        let mut wakers = self.state.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stopped() {
            waker();
        }
        wakers.0 += 1;
        let id = wakers.0;
        wakers.1.push((id, waker));
        WakerGuard { state: Arc::clone(&self.state), id }
    }

    fn raise(&self, level: u8) {
        if self.state.level.fetch_max(level, Ordering::AcqRel) < level {
            let wakers = self.state.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            for (_, waker) in &wakers.1 {
                waker();
            }
        }
    }
}

impl std::fmt::Debug for StopToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StopToken(level {})", self.state.level.load(Ordering::Acquire))
    }
}

/// Unregisters its waker when dropped.
pub struct WakerGuard {
    state: Arc<StopState>,
    id: u64,
}

impl Drop for WakerGuard {
    fn drop(&mut self) {
        self.state.wakers.lock().unwrap_or_else(PoisonError::into_inner).1.retain(|(id, _)| *id != self.id);
    }
}

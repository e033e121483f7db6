//! What differs from one loaded solver to the next: how a problem is loaded, options are said, a run is made and read.

use std::time::Duration;

use farkas_modeling::answer::{Basis, Counters, Duals};
use farkas_modeling::{Limit, Problem};

use super::listen::Listener;
use crate::contract::{BackendError, Capabilities, Fit, Member, SessionError};
use crate::options::Options;

/// A solver whose library is loaded.
pub trait Solver: Clone + Send + Sync + 'static {
    /// One problem in it.
    type Engine: Engine;
    /// Its name, for people.
    const NAME: &'static str;
    /// The backend's name.
    const BACKEND: &'static str;
    /// What it can do.
    const CAN: Capabilities;
    /// Its version.
    fn version(&self) -> &str;
    /// Whether it takes a problem, licence and all.
    fn fits(&self, problem: &Problem) -> Fit;
    /// Loads a problem whose bounds and sides are not crossed and which has columns.
    ///
    /// # Errors
    /// What the solver says.
    fn load(&self, problem: &Problem) -> Result<Self::Engine, Fault>;
}

/// One problem, loaded. Dropping it frees all.
pub trait Engine: Send {
    /// Brings its parameters to these options, whatever they were; everything but the time limit.
    ///
    /// # Errors
    /// `Refused` for native options that it does not have or take.
    fn set(&mut self, problem: &Problem, options: &Options) -> Result<(), SessionError>;
    /// Sets what is left of the time limit for the next run.
    ///
    /// # Errors
    /// What the solver says.
    fn limit_time(&mut self, left: Option<Duration>) -> Result<(), Fault>;
    /// For a second look at an LP: no presolve, simplex, until `set` is called again. What was solved is forgotten.
    ///
    /// # Errors
    /// What the solver says.
    fn be_plain(&mut self, look: Look) -> Result<(), Fault>;
    /// Forgets a search, and begins the next at these n values, NaN where nothing is known.
    ///
    /// # Errors
    /// What the solver says.
    fn start_at(&mut self, point: Option<&[f64]>) -> Result<(), Fault>;
    /// Begins the next run of an LP at this basis; `kept` is known of it.
    ///
    /// # Errors
    /// What the solver says of one that it does not take.
    fn start_from(&mut self, problem: &Problem, basis: &Basis, kept: Feasible) -> Result<(), Fault>;
    /// Runs until the end, a limit, or until the listener halts.
    ///
    /// # Errors
    /// What the solver says.
    fn run(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Outcome, Fault>;
    /// A direction, after an unbounded LP; of either sign.
    fn primal_ray(&mut self) -> Option<Vec<f64>>;
    /// m multipliers, after an infeasible LP; of either sign.
    fn farkas_ray(&mut self) -> Option<Vec<f64>>;
    /// Members that cannot hold together, as [`crate::contract::Session::conflict`] has it; bounds that are taken as given
    /// may be among them.
    ///
    /// # Errors
    /// What the solver says; none for a feasible problem, or a search that a limit or the listener ended.
    fn conflict(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault>;
}

/// What a change of the problem left of a basis that was optimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feasible {
    /// Only costs changed: the point is still feasible, and primal simplex goes on from it.
    Primal,
    /// Nothing is known.
    Unknown,
}

/// What a second look is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Which of the two it is, or a primal ray.
    Primal,
    /// Farkas multipliers.
    Dual,
}

/// How a run ended, in the solver's words and ours.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// In ours.
    pub ending: Ending,
    /// In the solver's.
    pub says: String,
    /// n values of a feasible point (or of an imprecise one).
    pub point: Option<Vec<f64>>,
    /// Its objective, offset included.
    pub objective: Option<f64>,
    /// No point is better than this.
    pub bound: Option<f64>,
    /// Of an LP that was solved.
    pub duals: Option<Duals>,
    /// Of an LP.
    pub basis: Option<Basis>,
    /// Work done.
    pub counters: Counters,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With the best point, within the gap.
    Optimal,
    /// There is none.
    Infeasible,
    /// Better without end (of a mixed-integer problem: its relaxation).
    Unbounded,
    /// One of the two.
    InfeasibleOrUnbounded,
    /// With a point that misses the tolerances.
    Imprecise,
    /// At a limit.
    Limited(Limit),
    /// Numbers went wrong.
    Numerical,
    /// Something else did.
    Failed,
}

/// What a solver refused, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// More than its licence allows.
    TooLarge(String),
    /// No licence.
    NoLicense(String),
    /// Anything else.
    Failed(String),
}

impl From<Fault> for BackendError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge(says) => Self::Unsupported(says),
            Fault::NoLicense(says) => Self::Unavailable(says),
            Fault::Failed(says) => Self::Failed(says),
        }
    }
}

impl From<Fault> for SessionError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge(says) | Fault::NoLicense(says) => Self::Refused(says),
            Fault::Failed(says) => Self::Broken(says),
        }
    }
}

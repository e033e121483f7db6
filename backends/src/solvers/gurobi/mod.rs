//! Gurobi 9 to 13 with a licence of its own, loaded at run time through its C interface: LP, MIP, sets, indicators,
//! semicontinuous columns and quadratics of every kind. (The licence inside the wheel `gurobipy` is for Python alone.)
//!
//! The library is looked for by `FARKAS_GUROBI_LIBRARY`, `GUROBI_HOME`, in Gurobi's usual folders, and in Python
//! environments with the package `gurobipy`.

mod conflict;
mod ffi;
mod load;
mod read;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::Problem;
use farkas_modeling::answer::Basis;

use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Fit, Member, Session, SessionError, fits_by_capabilities,
};
use crate::loading::engine::{Engine, Fault, Feasible, Look, Outcome, Solver};
use crate::loading::find::{Candidate, Search};
use crate::loading::listen::Listener;
use crate::loading::session::LoadedSession;
use crate::loading::{Lazy, Loader, ffi::Library};
use crate::options::Options;
use ffi::Instance;

/// Rows and columns that a size-limited licence takes (13.0).
const FREE_SIZE: usize = 2000;

/// The oldest that has everything this adapter calls.
const OLDEST: i32 = 9;

/// What Gurobi takes for a value that is not known (`GRB_UNDEFINED`).
const UNDEFINED: f64 = 1e101;

const LOADER: Loader<Loaded> = Loader {
    solver: "Gurobi",
    package: "gurobipy",
    search: Search {
        variable: "FARKAS_GUROBI_LIBRARY",
        stem: "libgurobi",
        major_digits: 0,
        homes: &[("GUROBI_HOME", "lib")],
        folders: &["/opt/gurobi*/linux64/lib", "/opt/gurobi*/armlinux64/lib", "/Library/gurobi*/macos_universal2/lib"],
        wheel: "gurobipy/.libs",
    },
    open: Loaded::open,
};

/// Gurobi, wherever it lies.
#[derive(Debug, Default)]
pub struct Gurobi {
    library: Lazy<Loaded>,
}

impl Gurobi {
    /// As the environment says.
    pub fn new() -> Self {
        Self::default()
    }

    /// The library at a path (or in a folder, or in a Python environment), whatever the environment says.
    pub fn at(library: impl Into<PathBuf>) -> Self {
        Self { library: Lazy::at(Some(library.into())) }
    }
}

/// Whether a file is there that may be Gurobi.
pub fn is_found() -> bool {
    Lazy::is_found(&LOADER)
}

/// The opened library.
#[derive(Clone)]
struct Loaded {
    gurobi: Arc<ffi::Gurobi>,
    version: String,
    /// The licence refuses more than [`FREE_SIZE`].
    free: bool,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gurobi {}", self.version)
    }
}

impl Loaded {
    fn open(candidate: &Candidate) -> Result<Self, Availability> {
        let place = format!("{} (by {})", candidate.path.display(), candidate.how);
        let broken = |says: String| Availability::Broken { says: format!("{place}: {says}") };
        let refused = |fault| match fault {
            Fault::NoLicense(says) => Availability::NoLicense { says: format!("{place}: {says}") },
            Fault::TooLarge(says) | Fault::Failed(says) => broken(says),
        };
        let library = Library::open(&candidate.path).map_err(broken)?;
        let gurobi = Arc::new(ffi::Gurobi::of(&library).map_err(refused)?);
        let (major, minor, technical) = gurobi.version();
        let version = format!("{major}.{minor}.{technical}");
        if major < OLDEST {
            let remedy = format!("{place} is older than {OLDEST}.0; install a newer one");
            return Err(Availability::TooOld { version, remedy });
        }
        let free = load::is_restricted(&gurobi, FREE_SIZE).map_err(refused)?;
        Ok(Self { gurobi, version, free })
    }
}

const CAN: Capabilities = Capabilities {
    binary_products: true,
    whole_bounds: false,
    integers: true,
    semicontinuous: true,
    sets: true,
    indicators: true,
    quadratic_objective: true,
    convex_integers: true,
    convex_rows: true,
    quadratic: true,
    duals: true,
    primal_ray: true,
    farkas_ray: true,
    basis: true,
    incumbents_out: true,
    incumbents_in: true,
    live_bound: true,
    start_point: true,
    partial_start: true,
    threads: true,
    seed: true,
    memory_limit: true,
    stop: true,
    simplex: true,
    barrier: true,
    first_order: false,
    ranges: true,
    free_rows: true,
    maximize: true,
    node_limit: true,
    emphasis: true,
    iis: true,
    ranging: false,
    lazy_rows: false,
    pool: false,
    only_integers: false,
    data_limits: false,
};

impl Backend for Gurobi {
    fn name(&self) -> &'static str {
        "gurobi"
    }

    fn probe(&self) -> Availability {
        self.library.probe(&LOADER, |loaded| loaded.version.clone())
    }

    fn capabilities(&self) -> Capabilities {
        let data_limits = self.library.ready(&LOADER).is_ok_and(|loaded| loaded.free);
        Capabilities { data_limits, ..CAN }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        match self.library.ready(&LOADER) {
            Ok(loaded) => loaded.fits(problem),
            Err(_) => load::fits(problem, fits_by_capabilities("gurobi", CAN, problem)),
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let loaded = self.library.ready(&LOADER)?.clone();
        Ok(Box::new(LoadedSession::open(loaded, problem)?))
    }
}

impl Solver for Loaded {
    type Engine = GurobiEngine;
    const NAME: &'static str = "Gurobi";
    const BACKEND: &'static str = "gurobi";
    const CAN: Capabilities = CAN;

    fn version(&self) -> &str {
        &self.version
    }

    fn fits(&self, problem: &Problem) -> Fit {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        match load::fits(problem, fits_by_capabilities("gurobi", CAN, problem)) {
            // A range takes a column of its own.
            Fit::Takes if self.free && (n + load::ranges(problem).len() > FREE_SIZE || m > FREE_SIZE) => {
                Fit::TooLarge {
                    limit: format!(
                        "this is a size-limited licence of Gurobi's, for {FREE_SIZE} variables and {FREE_SIZE} constraints; the \
                     problem has {n} and {m}"
                    ),
                }
            }
            fit => fit,
        }
    }

    fn load(&self, problem: &Problem) -> Result<GurobiEngine, Fault> {
        Ok(GurobiEngine { instance: load::load(&self.gurobi, problem)?, mixed: load::is_mip(problem) })
    }
}

/// One problem in Gurobi.
struct GurobiEngine {
    instance: Instance,
    mixed: bool,
}

impl Engine for GurobiEngine {
    fn set(&mut self, problem: &Problem, options: &Options) -> Result<(), SessionError> {
        settings::apply(&mut self.instance, problem, options)
    }

    fn limit_time(&mut self, left: Option<Duration>) -> Result<(), Fault> {
        settings::limit_time(&mut self.instance, left.map_or(f64::INFINITY, |left| left.as_secs_f64()))
    }

    fn be_plain(&mut self, look: Look) -> Result<(), Fault> {
        settings::be_plain(&mut self.instance, look)
    }

    fn start_at(&mut self, point: Option<&[f64]>) -> Result<(), Fault> {
        if !self.mixed {
            return Ok(());
        }
        self.instance.reset()?;
        let Some(point) = point else { return Ok(()) };
        let start: Vec<f64> = point.iter().map(|v| if v.is_finite() { *v } else { UNDEFINED }).collect();
        self.instance.set_start(&start)
    }

    fn start_from(&mut self, problem: &Problem, basis: &Basis, _: Feasible) -> Result<(), Fault> {
        let (columns, rows) = read::statuses(basis, problem);
        self.instance.set_basis(&columns, &rows)
    }

    fn run(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Outcome, Fault> {
        self.instance.run(listener)?;
        Ok(read::outcome(&self.instance, problem, self.mixed))
    }

    fn primal_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.column_doubles(c"UnbdRay")
    }

    fn farkas_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.row_doubles(c"FarkasDual")
    }

    fn conflict(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
        conflict::find(&mut self.instance, problem, listener)
    }
}

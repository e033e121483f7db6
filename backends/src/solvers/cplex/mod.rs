//! CPLEX 12.10 to 22.x, loaded at run time through its C interface: LP, MIP, sets, indicators, semicontinuous columns and
//! convex quadratic objectives. The free edition takes 1000 rows and 1000 columns, and says so when it runs.
//!
//! The library is looked for by `FARKAS_CPLEX_LIBRARY`, `CPLEX_STUDIO_DIR*`, in IBM's usual folders, and in Python
//! environments with the package `cplex`. Its callbacks come from several threads; its terminate flag is sticky and is
//! taken back before each run.

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
use ffi::{Instance, Optimiser};

/// Rows and columns that the free edition takes (22.2).
const FREE_SIZE: usize = 1000;

/// The oldest that has everything this adapter calls.
const OLDEST: (u32, u32) = (12, 10);

const LOADER: Loader<Loaded> = Loader {
    solver: "CPLEX",
    package: "cplex",
    search: Search {
        variable: "FARKAS_CPLEX_LIBRARY",
        stem: "libcplex",
        major_digits: 2,
        homes: &[("CPLEX_STUDIO_DIR*", "cplex/bin/x86-64_*"), ("CPLEX_STUDIO_BINARIES*", "")],
        folders: &[
            "/opt/ibm/ILOG/CPLEX_Studio*/cplex/bin/x86-64_linux",
            "/opt/ibm/ILOG/CPLEX_Studio*/cplex/bin/arm64_linux",
            "/opt/CPLEX_Studio*/cplex/bin/x86-64_linux",
            "/Applications/CPLEX_Studio*/cplex/bin/x86-64_osx",
        ],
        wheel: "cplex/_internal",
    },
    open: Loaded::open,
};

/// CPLEX, wherever it lies.
#[derive(Debug, Default)]
pub struct Cplex {
    library: Lazy<Loaded>,
}

impl Cplex {
    /// As the environment says.
    pub fn new() -> Self {
        Self::default()
    }

    /// The library at a path (or in a folder, or in a Python environment), whatever the environment says.
    pub fn at(library: impl Into<PathBuf>) -> Self {
        Self { library: Lazy::at(Some(library.into())) }
    }
}

/// The opened library.
#[derive(Clone)]
struct Loaded {
    cplex: Arc<ffi::Cplex>,
    version: String,
    /// The edition refuses more than [`FREE_SIZE`].
    free: bool,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CPLEX {}", self.version)
    }
}

impl Loaded {
    fn open(candidate: &Candidate) -> Result<Self, Availability> {
        let place = format!("{} (by {})", candidate.path.display(), candidate.how);
        let broken = |says: String| Availability::Broken { says: format!("{place}: {says}") };
        let library = Library::open(&candidate.path).map_err(broken)?;
        let cplex = Arc::new(ffi::Cplex::of(&library).map_err(broken)?);
        let refused = |fault| match fault {
            Fault::NoLicense(says) => Availability::NoLicense { says: format!("{place}: {says}") },
            Fault::TooLarge(says) | Fault::Failed(says) => broken(says),
        };
        let version = cplex.instance().map_err(refused)?.version();
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < OLDEST {
            let remedy = format!("{place} is older than {}.{}; install a newer one", OLDEST.0, OLDEST.1);
            return Err(Availability::TooOld { version, remedy });
        }
        let free = load::is_restricted(&cplex, FREE_SIZE).map_err(refused)?;
        Ok(Self { cplex, version, free })
    }
}

/// Whether a file is there that may be CPLEX.
pub fn is_found() -> bool {
    Lazy::is_found(&LOADER)
}

const CAN: Capabilities = Capabilities {
    binary_products: false,
    whole_bounds: false,
    only_integers: false,
    data_limits: false,
    integers: true,
    semicontinuous: true,
    sets: true,
    indicators: true,
    quadratic_objective: true,
    convex_integers: true,
    convex_rows: true,
    quadratic: false,
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
    memory_limit: false,
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
};

impl Backend for Cplex {
    fn name(&self) -> &'static str {
        "cplex"
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
            Err(_) => load::fits(problem, fits_by_capabilities("cplex", CAN, problem)),
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let loaded = self.library.ready(&LOADER)?.clone();
        Ok(Box::new(LoadedSession::open(loaded, problem)?))
    }
}

impl Solver for Loaded {
    type Engine = CplexEngine;
    const NAME: &'static str = "CPLEX";
    const BACKEND: &'static str = "cplex";
    const CAN: Capabilities = CAN;

    fn version(&self) -> &str {
        &self.version
    }

    fn fits(&self, problem: &Problem) -> Fit {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        match load::fits(problem, fits_by_capabilities("cplex", CAN, problem)) {
            Fit::Takes if self.free && (n > FREE_SIZE || m > FREE_SIZE) => Fit::TooLarge {
                limit: format!(
                    "this is CPLEX' free edition, which takes {FREE_SIZE} variables and {FREE_SIZE} constraints; the problem \
                     has {n} and {m}"
                ),
            },
            fit => fit,
        }
    }

    fn load(&self, problem: &Problem) -> Result<CplexEngine, Fault> {
        let mut instance = self.cplex.instance()?;
        load::load(&mut instance, problem)?;
        Ok(CplexEngine { instance, optimiser: load::optimiser(problem), kinds: load::kinds(problem) })
    }
}

/// One problem in CPLEX.
struct CplexEngine {
    instance: Instance,
    optimiser: Optimiser,
    /// Letters of the columns' kinds, of a mixed-integer problem.
    kinds: Option<Vec<u8>>,
}

impl Engine for CplexEngine {
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
        let Some(kinds) = &self.kinds else { return Ok(()) };
        // Told its kinds again, CPLEX forgets the last search; it would go on with it, limits and counters included.
        self.instance.set_kinds(kinds)?;
        let known = point.unwrap_or_default().iter().zip(0..).filter(|(v, _)| v.is_finite());
        let (values, columns): (Vec<f64>, Vec<i32>) = known.unzip();
        self.instance.set_start(&columns, &values)
    }

    fn start_from(&mut self, problem: &Problem, basis: &Basis, _: Feasible) -> Result<(), Fault> {
        let (columns, rows) = read::statuses(basis, problem);
        self.instance.set_basis(&columns, &rows)
    }

    fn run(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Outcome, Fault> {
        self.instance.run(self.optimiser, listener)?;
        Ok(read::outcome(&self.instance, problem, self.optimiser))
    }

    fn primal_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.ray()
    }

    fn farkas_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.farkas()
    }

    fn conflict(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
        conflict::find(&mut self.instance, problem, listener)
    }
}

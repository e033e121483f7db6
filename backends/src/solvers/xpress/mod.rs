//! Xpress 9 (optimizer 41 and later), loaded at run time through its C interface: LP, MIP, sets, indicators, semicontinuous
//! columns and convex quadratics. The community licence takes rows and columns up to 5000 together, and says so when it runs.
//!
//! The library is looked for by `FARKAS_XPRESS_LIBRARY`, `XPRESSDIR`, in FICO's usual folder, and in Python environments
//! with the package `xpresslibs`. Its licence is the one that Xpress finds by itself where `XPAUTH_PATH` is set, else
//! `xpauth.xpr` or `community-xpauth.xpr` in `bin` beside the library's folder.

mod conflict;
mod ffi;
mod load;
mod read;
mod settings;

use std::ffi::CString;
use std::path::{Path, PathBuf};
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

/// Rows and columns together that the community licence takes (9.9).
const FREE_SIZE: usize = 5000;

/// The oldest optimizer that has everything this adapter calls (Xpress 9.0).
const OLDEST: u32 = 41;

const LOADER: Loader<Loaded> = Loader {
    solver: "Xpress",
    package: "xpresslibs",
    search: Search {
        variable: "FARKAS_XPRESS_LIBRARY",
        stem: "libxprs",
        major_digits: 0,
        homes: &[("XPRESSDIR", "lib")],
        folders: &["/opt/xpressmp/lib", "/opt/fico/xpressmp/lib", "/Applications/FICO Xpress/xpressmp/lib"],
        wheel: "xpresslibs/lib",
    },
    open: Loaded::open,
};

/// Xpress, wherever it lies.
#[derive(Debug, Default)]
pub struct Xpress {
    library: Lazy<Loaded>,
}

impl Xpress {
    /// As the environment says.
    pub fn new() -> Self {
        Self::default()
    }

    /// The library at a path (or in a folder, or in a Python environment), whatever the environment says.
    pub fn at(library: impl Into<PathBuf>) -> Self {
        Self { library: Lazy::at(Some(library.into())) }
    }
}

/// Whether a file is there that may be Xpress.
pub fn is_found() -> bool {
    Lazy::is_found(&LOADER)
}

/// The opened library.
#[derive(Clone)]
struct Loaded {
    xpress: Arc<ffi::Xpress>,
    version: String,
    /// The licence refuses more than [`FREE_SIZE`].
    free: bool,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Xpress {}", self.version)
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
        let licence = licence_beside(&candidate.path);
        let xpress = Arc::new(ffi::Xpress::of(&library, licence.as_deref()).map_err(refused)?);
        let version = xpress.version();
        if version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0) < OLDEST {
            let remedy = format!("{place} is older than optimizer {OLDEST} (Xpress 9.0); install a newer one");
            return Err(Availability::TooOld { version, remedy });
        }
        let free = load::is_restricted(&xpress, FREE_SIZE).map_err(refused)?;
        Ok(Self { xpress, version, free })
    }
}

/// The licence file in the installation, where Xpress is not told of another.
fn licence_beside(library: &Path) -> Option<CString> {
    if std::env::var_os("XPAUTH_PATH").is_some_and(|path| !path.is_empty()) {
        return None;
    }
    let bin = library.canonicalize().ok()?.parent()?.parent()?.join("bin");
    let file = ["xpauth.xpr", "community-xpauth.xpr"].iter().map(|name| bin.join(name)).find(|path| path.is_file())?;
    CString::new(file.into_os_string().into_string().ok()?).ok()
}

const CAN: Capabilities = Capabilities {
    binary_products: false,
    whole_bounds: false,
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

impl Backend for Xpress {
    fn name(&self) -> &'static str {
        "xpress"
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
            Err(_) => load::fits(problem, fits_by_capabilities("xpress", CAN, problem)),
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let loaded = self.library.ready(&LOADER)?.clone();
        Ok(Box::new(LoadedSession::open(loaded, problem)?))
    }
}

impl Solver for Loaded {
    type Engine = XpressEngine;
    const NAME: &'static str = "Xpress";
    const BACKEND: &'static str = "xpress";
    const CAN: Capabilities = CAN;

    fn version(&self) -> &str {
        &self.version
    }

    fn fits(&self, problem: &Problem) -> Fit {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        match load::fits(problem, fits_by_capabilities("xpress", CAN, problem)) {
            Fit::Takes if self.free && n + m > FREE_SIZE => Fit::TooLarge {
                limit: format!(
                    "this is Xpress' community licence, which takes {FREE_SIZE} variables and constraints together; the \
                     problem has {n} and {m}"
                ),
            },
            fit => fit,
        }
    }

    fn load(&self, problem: &Problem) -> Result<XpressEngine, Fault> {
        let mut instance = self.xpress.instance()?;
        load::load(&mut instance, problem)?;
        Ok(XpressEngine { instance, optimiser: load::optimiser(problem) })
    }
}

/// One problem in Xpress.
struct XpressEngine {
    instance: Instance,
    optimiser: Optimiser,
}

impl Engine for XpressEngine {
    fn set(&mut self, problem: &Problem, options: &Options) -> Result<(), SessionError> {
        // A search that was stopped lets nothing be set.
        self.instance.postsolve()?;
        settings::apply(&mut self.instance, problem, options)
    }

    fn limit_time(&mut self, left: Option<Duration>) -> Result<(), Fault> {
        settings::limit_time(&mut self.instance, left.map_or(1e20, |left| left.as_secs_f64()))
    }

    fn be_plain(&mut self, look: Look) -> Result<(), Fault> {
        settings::be_plain(&mut self.instance, look)
    }

    fn start_at(&mut self, point: Option<&[f64]>) -> Result<(), Fault> {
        let known = point.unwrap_or_default().iter().zip(0..).filter(|(v, _)| v.is_finite());
        let (values, columns): (Vec<f64>, Vec<i32>) = known.unzip();
        if columns.is_empty() { Ok(()) } else { self.instance.add_start(&columns, &values) }
    }

    fn start_from(&mut self, problem: &Problem, basis: &Basis, kept: Feasible) -> Result<(), Fault> {
        let (columns, rows) = read::statuses(basis, problem);
        if kept == Feasible::Primal {
            settings::prefer_primal(&mut self.instance)?;
        }
        self.instance.set_basis(&columns, &rows)
    }

    fn run(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Outcome, Fault> {
        self.instance.run(self.optimiser, c"", listener)?;
        let ended = self.instance.ended();
        // What was stopped is still presolved.
        if self.optimiser == Optimiser::Continuous {
            self.instance.postsolve()?;
        }
        Ok(read::outcome(&self.instance, ended, problem, self.optimiser))
    }

    fn primal_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.primal_ray()
    }

    fn farkas_ray(&mut self) -> Option<Vec<f64>> {
        self.instance.dual_ray()
    }

    fn conflict(&mut self, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
        conflict::find(&mut self.instance, problem, listener)
    }
}

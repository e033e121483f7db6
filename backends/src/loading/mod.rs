//! What adapters of solvers that are loaded at run time have in common: [`find`] says where the library may lie, [`ffi`]
//! opens it, [`matrix`] is what of a problem it copies, [`listen`] passes on what it says while it runs, and [`session`]
//! does what a call of `solve` asks for over an [`engine`], which is all that differs from solver to solver.

pub mod engine;
pub mod ffi;
pub mod find;
pub mod listen;
pub mod matrix;
pub mod nearest;
pub mod session;

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::contract::{Availability, BackendError};

/// A solver's library, opened when it is first asked for, and then for good.
#[derive(Debug)]
pub struct Lazy<S> {
    configured: Option<PathBuf>,
    opened: OnceLock<Result<S, Availability>>,
}

impl<S> Default for Lazy<S> {
    fn default() -> Self {
        Self::at(None)
    }
}

impl<S> Lazy<S> {
    /// Of the file (or folder, or Python environment) that a configuration names, if it does.
    pub fn at(configured: Option<PathBuf>) -> Self {
        Self { configured, opened: OnceLock::new() }
    }

    /// Tries the candidates, and takes the first that opens; the last refusal stands where none does.
    fn get(&self, loader: &Loader<S>) -> Result<&S, &Availability> {
        let search = || {
            let mut worst = None;
            for candidate in loader.search.candidates(self.configured.as_deref(), &find::Process) {
                match (loader.open)(&candidate) {
                    Ok(solver) => return Ok(solver),
                    Err(refusal) => worst = Some(refusal),
                }
            }
            let remedy = || loader.search.remedy(loader.solver, loader.package);
            Err(worst.unwrap_or_else(|| Availability::NotFound { remedy: remedy() }))
        };
        self.opened.get_or_init(search).as_ref()
    }

    /// The solver, or why it is not there.
    ///
    /// # Errors
    /// What `probe` would say.
    pub fn ready(&self, loader: &Loader<S>) -> Result<&S, BackendError> {
        self.get(loader).map_err(|refusal| BackendError::Unavailable(sentence(loader.solver, refusal)))
    }

    /// Whether a file is there that may be it.
    pub fn is_found(loader: &Loader<S>) -> bool {
        !loader.search.candidates(None, &find::Process).is_empty()
    }

    /// Whether it can be used.
    pub fn probe(&self, loader: &Loader<S>, version: impl Fn(&S) -> String) -> Availability {
        match self.get(loader) {
            Ok(solver) => Availability::Ready { version: version(solver) },
            Err(refusal) => refusal.clone(),
        }
    }
}

/// How one solver's library is found and opened.
pub struct Loader<S> {
    /// Its name, for people.
    pub solver: &'static str,
    /// The package of its free edition.
    pub package: &'static str,
    /// Where it may lie.
    pub search: find::Search,
    /// Opens one file and asks it for its version and licence.
    pub open: fn(&find::Candidate) -> Result<S, Availability>,
}

fn sentence(solver: &str, refusal: &Availability) -> String {
    match refusal {
        Availability::Ready { version } => format!("{solver} {version} is ready"),
        Availability::NotFound { remedy } => remedy.clone(),
        Availability::TooOld { version, remedy } => format!("{solver} {version} is too old: {remedy}"),
        Availability::NoLicense { says } => format!("{solver} has no licence: {says}"),
        Availability::Broken { says } => format!("{solver} does not work: {says}"),
    }
}

/// Copies bounds or sides with infinity as the solver writes it.
pub fn with_infinity(values: &[f64], infinity: f64) -> Vec<f64> {
    values.iter().map(|v| v.clamp(-infinity, infinity)).collect()
}

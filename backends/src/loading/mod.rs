//! What adapters of solvers that are loaded at run time have in common: [`find`] says where the library may lie, [`ffi`]
//! opens it, [`listen`] passes on what it says while it runs, and [`session`] does what a call of `solve` asks for over an
//! [`engine`], which is all that differs from solver to solver.

pub mod engine;
pub mod ffi;
pub mod find;
pub mod listen;
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

/// Whether all indices are from 0 and below `count`. Both differences are kept as they are and only their signs are looked at,
/// so that a million of them cost no more than reading them: in machine instructions that every processor has.
pub fn are_below(indices: &[i32], count: usize) -> bool {
    let Ok(count) = i32::try_from(count) else { return indices.iter().all(|&i| i >= 0) };
    // An index below 0 has the sign; one that is not, and is above the last, gives it to the difference.
    indices.iter().fold(0, |signs, &i| signs | i | (count - 1).wrapping_sub(i)) >= 0
}

/// Copies bounds or sides with infinity as the solver writes it.
pub fn with_infinity(values: &[f64], infinity: f64) -> Vec<f64> {
    values.iter().map(|v| v.clamp(-infinity, infinity)).collect()
}

#[cfg(test)]
mod tests {
    use super::are_below;

    #[test]
    fn indices_are_told_from_what_is_none() {
        let (most, least) = (i32::MAX, i32::MIN);
        for count in [0, 1, 2, 5, most as usize - 1, most as usize, most as usize + 1, usize::MAX] {
            for index in [least, least + 1, -2, -1, 0, 1, 2, 4, 5, most - 2, most - 1, most] {
                let expected = usize::try_from(index).is_ok_and(|index| index < count);
                assert_eq!(
                    are_below(&[0, index, 0][..if count == 0 { 0 } else { 3 }], count),
                    count == 0 || expected,
                    "{index} of {count}"
                );
                assert_eq!(are_below(&[index], count), expected, "{index} alone of {count}");
            }
        }
    }
}

//! A line-up of one's own, and what its lanes share: rules by which solvers are chosen for a problem, read from TOML (`docs/line-ups.md` tells the form).

use std::sync::Arc;

use farkas_backends::contract::Backend;
pub use farkas_backends::race::rules::{Rules, RulesError};
pub use farkas_backends::race::{Shared, Sharing};
use farkas_backends::registry::Registry;

use crate::remote::{self, SelectError};

/// Why a line-up of one's own cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineupError {
    /// It names a solver that there is not.
    #[error("{0} [{code}]", code = .0.code())]
    Rules(#[from] RulesError),
    /// A solver was named that there is not.
    #[error(transparent)]
    Select(#[from] SelectError),
}

/// The backends that a user names, as [`remote::select`] has it, and for a race those that the user's rules name, too.
///
/// # Errors
/// For a name that no solver has, with its place in the rules if it stands there.
pub fn select<S: AsRef<str>>(
    registry: &Registry,
    names: &[S],
    rules: Option<&Rules>,
) -> Result<Vec<Arc<dyn Backend>>, LineupError> {
    let mut selected = remote::select(registry, names)?;
    let Some(rules) = rules else { return Ok(selected) };
    rules.check_solvers(&registry.names())?;
    if names.is_empty() || names.iter().any(|name| name.as_ref() == "race") {
        let named = rules.solvers().into_iter().filter_map(|name| registry.backend(name));
        for backend in named {
            if !selected.iter().any(|there| there.name() == backend.name()) {
                selected.push(backend);
            }
        }
    }
    Ok(selected)
}

//! Solve services as solvers: a name that is the address of one (`http://host:8080`) is that service, wherever solvers are
//! named. `FARKAS_API_KEY` is the key it is asked with.

use std::sync::Arc;

use farkas_backends::contract::Backend;
use farkas_backends::registry::{Registry, UnknownBackend};
pub use farkas_client::{Client, ClientError, Remote};

/// Environment variable with the key for services that want one.
pub const KEY_VARIABLE: &str = "FARKAS_API_KEY";

/// Why solvers cannot be selected.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// There is no such solver.
    #[error(transparent)]
    Unknown(#[from] UnknownBackend),
    /// An address is none.
    #[error(transparent)]
    Address(#[from] ClientError),
}

/// The backends that a user names, as [`Registry::select`] has it, where an address is the service there.
///
/// ```
/// use farkas::backends::registry::{Registry, RegistryConfig};
/// let registry = Registry::new(RegistryConfig::default());
/// let both = farkas::remote::select(&registry, &["highs", "http://127.0.0.1:8080"])?;
/// assert_eq!(both[1].name(), "http://127.0.0.1:8080");
/// assert!(farkas::remote::select(&registry, &["http://"]).is_err());
/// # Ok::<(), farkas::remote::SelectError>(())
/// ```
///
/// # Errors
/// For a name that no solver has, or an address that is none.
pub fn select<S: AsRef<str>>(registry: &Registry, names: &[S]) -> Result<Vec<Arc<dyn Backend>>, SelectError> {
    if !names.iter().any(|name| is_address(name.as_ref())) {
        return Ok(registry.select(names)?);
    }
    let mut selected: Vec<Arc<dyn Backend>> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let found = if is_address(name) { vec![remote(name)?] } else { registry.select(&[name])? };
        for backend in found {
            if !selected.iter().any(|other| other.name() == backend.name()) {
                selected.push(backend);
            }
        }
    }
    Ok(selected)
}

fn is_address(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// The service at an address, asked with the key of the environment.
fn remote(address: &str) -> Result<Arc<dyn Backend>, ClientError> {
    let client = Client::new(address)?;
    let key = std::env::var(KEY_VARIABLE).ok().filter(|key| !key.is_empty());
    let client = match key {
        Some(key) => client.with_key(key),
        None => client,
    };
    Ok(Arc::new(Remote::new(address, client)))
}

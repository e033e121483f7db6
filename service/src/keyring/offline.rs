//! Keys from outside a running service: a program that has the data folder or the database may make them, whether the
//! service runs or not.

use std::path::PathBuf;
use std::sync::Arc;

use farkas_api_types::{ApiKeyMade, ApiKeyView, Role};
use tokio::runtime::Runtime;

use super::{KeyError, NewKey, list, make, revoke};
use crate::access::is_project_name;
use crate::blobs::Blobs;
use crate::jobs::Rules;
use crate::server::ServeError;
use crate::store::{Bodies, Database, Setup, SqlStore};

/// Where a service keeps its keys.
#[derive(Debug, Clone)]
pub struct KeysAt {
    /// Its data folder.
    pub data: PathBuf,
    /// Its database server, if it has one.
    pub store: Option<String>,
}

/// A service's keys. Blocking.
pub struct Keys {
    runtime: Runtime,
    store: SqlStore,
}

impl Keys {
    /// Opens the store, making it if need be.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(at: &KeysAt) -> Result<Self, ServeError> {
        let runtime = Runtime::new().map_err(ServeError::Runtime)?;
        let made = std::fs::create_dir_all(&at.data);
        made.map_err(|error| ServeError::Data { folder: at.data.clone(), error })?;
        let database = match &at.store {
            Some(address) => Database::parse(address)?,
            None => Database::file(&at.data.join("farkas.db"))?,
        };
        // Keys have no bodies, and the service's are left alone.
        let blobs = Blobs::of(Arc::new(object_store::memory::InMemory::new()), "");
        let setup = Setup { bodies: Bodies::LeftAlone, ..Setup::default() };
        let store = runtime.block_on(SqlStore::open_with(database, blobs, Rules::default(), setup))?;
        Ok(Self { runtime, store })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// For a project's name that is none, or when the store fails.
    pub fn make(&self, project: &str, role: Role, name: &str) -> Result<ApiKeyMade, ServeError> {
        if !is_project_name(project) {
            return Err(ServeError::Project(project.to_owned()));
        }
        let new = NewKey { name: name.into(), project: project.into(), role, expires_at: None };
        self.runtime.block_on(make(&self.store, new)).map_err(|error| match error {
            KeyError::Store(error) => error.into(),
            KeyError::Random(error) => ServeError::Runtime(std::io::Error::other(error)),
        })
    }

    /// Keys of a project, or all.
    ///
    /// # Errors
    /// When the store fails.
    pub fn list(&self, project: Option<&str>) -> Result<Vec<ApiKeyView>, ServeError> {
        Ok(self.runtime.block_on(list(&self.store, project))?)
    }

    /// Revokes a key; false where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn revoke(&self, project: &str, id: &str) -> Result<bool, ServeError> {
        Ok(self.runtime.block_on(revoke(&self.store, project, id))?)
    }
}

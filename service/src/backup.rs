//! A copy of a data folder while the service goes on: first the database, by SQLite's own `VACUUM INTO`, which is one
//! consistent moment; then the bodies, which are written before the database names them, so that whatever that moment
//! names is there. A body that goes meanwhile was an older incumbent's, which a job can do without.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::blobs::MARK;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no job store in {}; --data names the folder of a service", .0.display())]
    NoStore(PathBuf),
    /// The database alone would be half a copy.
    #[error("the bodies of this job store are not in {}: copy its --blobs by the means of that place, and the database here by `VACUUM INTO`", .0.display())]
    BodiesElsewhere(PathBuf),
    /// The copy would mix with something else.
    #[error("{} is not empty; name a folder that is not there yet", .0.display())]
    NotEmpty(PathBuf),
    /// The database could not be copied.
    #[error("the job store could not be copied: {0}")]
    Database(#[from] sqlx::Error),
    /// A file could not be copied.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bodies beside it.
    pub bodies: u64,
    /// Their bytes.
    pub body_bytes: u64,
}

/// Copies the data folder of a service, running or not, to a folder that is made.
///
/// # Errors
/// When there is no store, the target is not empty, or something cannot be read or written. What was copied by then stays.
pub async fn backup(data: &Path, to: &Path) -> Result<Copied, BackupError> {
    let database = data.join("farkas.db");
    if !database.is_file() {
        return Err(BackupError::NoStore(data.into()));
    }
    if !data.join("blobs").join(MARK).is_file() {
        return Err(BackupError::BodiesElsewhere(data.join("blobs")));
    }
    fs::create_dir_all(to).map_err(at(to))?;
    if fs::read_dir(to).map_err(at(to))?.next().is_some() {
        return Err(BackupError::NotEmpty(to.into()));
    }
    let copy = to.join("farkas.db");
    let options = SqliteConnectOptions::new().filename(&database).busy_timeout(std::time::Duration::from_secs(60));
    let mut connection = options.disable_statement_logging().connect().await?;
    sqlx::query("VACUUM INTO $1").bind(copy.to_string_lossy().into_owned()).execute(&mut connection).await?;
    connection.close().await?;
    let mut copied = Copied { database_bytes: fs::metadata(&copy).map_err(at(&copy))?.len(), ..Copied::default() };
    File::open(&copy).and_then(|file| file.sync_all()).map_err(at(&copy))?;
    let (from, into) = (data.join("blobs"), to.join("blobs"));
    let bodies = tokio::task::spawn_blocking(move || copy_folder(&from, &into)).await;
    let (bodies, body_bytes) = bodies.map_err(|error| BackupError::File {
        path: data.join("blobs"),
        error: io::Error::other(error.to_string()),
    })??;
    (copied.bodies, copied.body_bytes) = (bodies, body_bytes);
    Ok(copied)
}

/// The same for callers without a runtime of their own.
///
/// # Errors
/// As [`backup`].
pub fn run(data: &Path, to: &Path) -> Result<Copied, BackupError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(at(data))?;
    runtime.block_on(backup(data, to))
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + use<'_> {
    |error| BackupError::File { path: path.into(), error }
}

/// Copies files and folders; how many files, and their bytes.
fn copy_folder(from: &Path, to: &Path) -> Result<(u64, u64), BackupError> {
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        entries => entries.map_err(at(from))?,
    };
    fs::create_dir_all(to).map_err(at(to))?;
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let entry = entry.map_err(at(from))?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name();
        if path.is_dir() {
            let (more, of) = copy_folder(&path, &copy)?;
            (files, bytes) = (files + more, bytes + of);
            // What is half written has a number behind its name, and is nobody's yet.
        } else if !name.to_string_lossy().contains('#') {
            match fs::copy(&path, &copy) {
                Ok(length) => (files, bytes) = (files + 1, bytes + length),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path)(error)),
            }
            File::open(&copy).and_then(|file| file.sync_all()).map_err(at(&copy))?;
        }
    }
    File::open(to).and_then(|folder| folder.sync_all()).map_err(at(to))?;
    Ok((files, bytes))
}

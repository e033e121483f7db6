//! `farkas backup`: a copy of a service's data folder, while the service goes on.

use std::path::PathBuf;

use clap::Args;
use farkas_service::backup;

use crate::cli::{Exit, Failure};

/// What `farkas backup` takes.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The service's data folder
    #[arg(long, default_value = "data", value_name = "DIR", env = "FARKAS_DATA", hide_env_values = true)]
    data: PathBuf,
    /// Where the copy goes: a folder that is not there yet
    to: PathBuf,
}

/// Copies. To restore, serve from the copy: `farkas serve --data DIR`.
pub fn run(args: &BackupArgs) -> Result<Exit, Failure> {
    let copied = backup::run(&args.data, &args.to);
    let copied = copied.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    println!(
        "{}: the job store ({} bytes) and {} bodies ({} bytes); `farkas serve --data {}` goes on from there",
        args.to.display(),
        copied.database_bytes,
        copied.bodies,
        copied.body_bytes,
        args.to.display()
    );
    Ok(Exit::Solved)
}

//! `farkas worker NAME`: hosts a backend that needs no library of its own, for another Farkas process.

use std::process::ExitCode;

use clap::Args;
use farkas_backends::solvers::mock::Mock;
use farkas_backends::worker::host;

/// What `farkas worker` takes.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The backend: mock
    name: String,
}

/// Serves until the socket ends.
pub fn run(args: &WorkerArgs) -> ExitCode {
    match args.name.as_str() {
        "mock" => host::serve(&Mock::new()),
        other => {
            eprintln!("error: this program hosts no backend '{other}'; it has: mock");
            ExitCode::from(crate::cli::Exit::NoSolver as u8)
        }
    }
}

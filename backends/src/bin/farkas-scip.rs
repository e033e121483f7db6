//! The worker that hosts SCIP, alone in linking its library.

use std::process::ExitCode;

use farkas_backends::bridges::Bridged;
use farkas_backends::solvers::scip::ScipBackend;

fn main() -> ExitCode {
    farkas_backends::worker::serve(&Bridged::new(ScipBackend::new()))
}

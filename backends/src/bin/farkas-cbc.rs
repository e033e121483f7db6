//! The worker that hosts CBC and Clp.

use std::process::ExitCode;

use farkas_backends::bridges::Bridged;
use farkas_backends::solvers::cbc::Cbc;

fn main() -> ExitCode {
    farkas_backends::worker::serve(&Bridged::new(Cbc))
}

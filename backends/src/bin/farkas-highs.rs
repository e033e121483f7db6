//! The worker that hosts HiGHS.

use std::process::ExitCode;

use farkas_backends::bridges::Bridged;
use farkas_backends::solvers::highs::Highs;

fn main() -> ExitCode {
    farkas_backends::worker::serve(&Bridged::new(Highs::new()))
}

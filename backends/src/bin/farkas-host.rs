//! The worker that hosts a backend which links no C library: `farkas-host NAME`.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::Backend;
use farkas_backends::hosted::{HOSTED, hosted};
use farkas_backends::worker;

fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or_default();
    if let Some(hosted) = hosted(&name) {
        let backend: Arc<dyn Backend> = Arc::from((hosted.make)());
        return worker::serve(&Bridged::over(backend));
    }
    let names: Vec<&str> = HOSTED.iter().map(|hosted| hosted.name).collect();
    // Whoever reads this is at a terminal; where nobody does, nothing is lost.
    let _ = writeln!(io::stderr(), "farkas-host NAME hosts one of: {}; it hosts no '{name}'", names.join(", "));
    ExitCode::from(64)
}

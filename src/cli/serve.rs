//! `farkas serve`: the solve service over HTTP.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_service::ServeOptions;

use crate::cli::{Exit, Failure};

/// What `farkas serve` takes.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Folder for jobs, models and results; made if need be
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Cores for jobs [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Listen off loopback although there are no keys yet: whoever reaches the port can use the service
    #[arg(long)]
    allow_remote: bool,
}

/// Serves until Ctrl-C or SIGTERM.
pub fn run(args: ServeArgs) -> Result<Exit, Failure> {
    let registry = Registry::new(RegistryConfig::default());
    let mut options = ServeOptions::new(args.data, registry.racing());
    options.listen = args.listen;
    options.allow_remote = args.allow_remote;
    if let Some(threads) = args.threads {
        options.threads = threads;
    }
    let ready = |address: SocketAddr| {
        // Whoever started the service waits for the line; a closed standard output is no reason not to serve.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(
            out,
            "Farkas is listening on http://{address}\n\
             Open it in a browser, or send it a problem from another terminal:\n\n  \
             curl 'http://{address}/v1/jobs' -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{EXAMPLE}'"
        )
        .and_then(|()| out.flush());
    };
    farkas_service::serve(options, ready).map_err(|e| Failure::new(Exit::Failed, format!("{e} [{}]", e.code())))?;
    Ok(Exit::Solved)
}

/// The request of the README.
const EXAMPLE: &str = r#"{"model": {"sense": "maximize", "objective": "3 x + 2 y",
    "variables": {"x": {"type": "integer", "upper": 10}, "y": {}},
    "constraints": {"capacity": "2 x + y <= 12", "mix": "x - y >= -2"}}}"#;

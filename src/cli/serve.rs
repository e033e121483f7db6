//! `farkas serve`: the solve service over HTTP.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_service::jobs::Rules;
use farkas_service::{Limits, ServeOptions};

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
    /// File with settings (TOML): what no flag and no environment variable says is taken from it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// The limits of the service; see `docs/operating.md`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Bytes of a request's body, as sent
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body_bytes)]
    body_bytes: usize,
    /// Bytes of a model once it is decompressed
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().model_bytes)]
    model_bytes: usize,
    /// Jobs that may wait for cores; more get 429
    #[arg(long, value_name = "N", default_value_t = Limits::default().queued_jobs)]
    queued_jobs: u64,
    /// Longest `Prefer: wait`
    #[arg(long, value_name = "S", default_value_t = Limits::default().wait_seconds)]
    wait_seconds: u64,
    /// Longest time limit of a job, and that of a job that names none
    #[arg(long, value_name = "S", default_value_t = Limits::default().time_limit_seconds, value_parser = positive)]
    time_limit_seconds: f64,
    /// Event streams that may be open
    #[arg(long, value_name = "N", default_value_t = Limits::default().event_streams)]
    event_streams: usize,
    /// Requests whose bodies are read and parsed at a time; more wait for their turn
    #[arg(long, value_name = "N", default_value_t = Limits::default().bodies_at_once)]
    bodies_at_once: usize,
    /// Jobs or events on a page
    #[arg(long, value_name = "N", default_value_t = Limits::default().page, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
    /// How often all solvers of a job may fail before the job does
    #[arg(long, value_name = "N", default_value_t = Rules::default().attempts, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// How often the service may die under a job before the job fails
    #[arg(long, value_name = "N", default_value_t = Rules::default().interruptions, value_parser = clap::value_parser!(u32).range(1..))]
    interruptions: u32,
    /// Bytes of log lines that a job keeps
    #[arg(long, value_name = "BYTES", default_value_t = Rules::default().log_bytes)]
    log_bytes: u64,
    /// Incumbents of a job whose values are kept
    #[arg(long, value_name = "N", default_value_t = Rules::default().kept_points)]
    kept_points: usize,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            body_bytes: self.body_bytes,
            model_bytes: self.model_bytes,
            queued_jobs: self.queued_jobs,
            wait_seconds: self.wait_seconds,
            time_limit_seconds: self.time_limit_seconds,
            event_streams: self.event_streams,
            bodies_at_once: self.bodies_at_once,
            page: self.page,
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            attempts: self.attempts,
            interruptions: self.interruptions,
            log_bytes: self.log_bytes,
            kept_points: self.kept_points,
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().map_err(|error| error.to_string())?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("it must be more than 0".into()) }
}

/// Serves until Ctrl-C or SIGTERM.
pub fn run(args: ServeArgs) -> Result<Exit, Failure> {
    let registry = Registry::new(RegistryConfig::default());
    let mut options = ServeOptions::new(args.data, registry.racing());
    options.listen = args.listen;
    options.allow_remote = args.allow_remote;
    options.limits = args.limits.limits();
    options.rules = args.limits.rules();
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

//! `farkas serve`: the solve service over HTTP, and `farkas node`: a machine more that solves its jobs.

use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_service::access::Token;
use farkas_service::fairness::Policy;
use farkas_service::jobs::Rules;
use farkas_service::scheduler::Share;
use farkas_service::tls::Tls;
use farkas_service::webhooks::Addresses;
use farkas_service::{Limits, NodeOptions, ServeError, ServeOptions};

use crate::cli::{Exit, Failure, gc};

/// What `farkas serve` takes.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    #[command(flatten)]
    node: NodeArgs,
    /// Listen off loopback without any API key: whoever reaches the port can use the service
    #[arg(long)]
    allow_remote: bool,
    /// A key of the operator's, in the environment alone; `farkas keys create` makes others
    #[arg(long, hide = true, value_name = "KEY")]
    admin_key: Option<String>,
    /// Certificate for HTTPS, as PEM, with those between it and a root
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Let webhooks call addresses of this machine and its network, and not of the public internet alone
    #[arg(long)]
    private_webhooks: bool,
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
    /// Bytes of a request's body that has no model in it
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().request_bytes)]
    request_bytes: usize,
    /// Rows, columns and nonzeros of a model together
    #[arg(long, value_name = "N", default_value_t = Limits::default().model_entries)]
    model_entries: usize,
    /// Scenarios of a batch
    #[arg(long, value_name = "N", default_value_t = Limits::default().batch_scenarios)]
    batch_scenarios: usize,
    /// Event streams that may be open with one key
    #[arg(long, value_name = "N", default_value_t = Limits::default().event_streams_of_key)]
    event_streams_of_key: usize,
    /// Bytes of a model once it is decompressed
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().model_bytes)]
    model_bytes: usize,
    /// Jobs that may wait for cores; more get 429
    #[arg(long, value_name = "N", default_value_t = Limits::default().queued_jobs)]
    queued_jobs: u64,
    /// Jobs of one key that may wait for cores; more get 429
    #[arg(long, value_name = "N", default_value_t = Limits::default().queued_jobs_of_key)]
    queued_jobs_of_key: u64,
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
    /// How long nothing of a request's body may come before it is given up
    #[arg(long, value_name = "S", default_value_t = Limits::default().body_seconds, value_parser = clap::value_parser!(u64).range(1..))]
    body_seconds: u64,
    /// How long a webhook's listener may take to answer
    #[arg(long, value_name = "S", default_value_t = Limits::default().webhook_seconds, value_parser = clap::value_parser!(u64).range(1..=30))]
    webhook_seconds: u64,
    /// Jobs or events on a page
    #[arg(long, value_name = "N", default_value_t = Limits::default().page, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            body_bytes: self.body_bytes,
            request_bytes: self.request_bytes,
            model_entries: self.model_entries,
            batch_scenarios: self.batch_scenarios,
            event_streams_of_key: self.event_streams_of_key,
            model_bytes: self.model_bytes,
            queued_jobs: self.queued_jobs,
            queued_jobs_of_key: self.queued_jobs_of_key,
            wait_seconds: self.wait_seconds,
            time_limit_seconds: self.time_limit_seconds,
            event_streams: self.event_streams,
            bodies_at_once: self.bodies_at_once,
            body_seconds: self.body_seconds,
            webhook_seconds: self.webhook_seconds,
            page: self.page,
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().map_err(|error| error.to_string())?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("it must be more than 0".into()) }
}

/// What every node takes.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// Folder for jobs, models and results; made if need be
    #[arg(long, default_value = "data", value_name = "DIR", env = "FARKAS_DATA", hide_env_values = true)]
    data: PathBuf,
    /// PostgreSQL server for the jobs, which any number of nodes may share (`postgres://user@host/database`) [default: a
    /// file in the data folder]
    #[arg(long, value_name = "URL", env = "FARKAS_STORE", hide_env_values = true)]
    store: Option<String>,
    /// Place for models and large results, the same for all who share the jobs (`file:///folder`, or `s3://bucket/prefix` with
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION` and `AWS_ENDPOINT`) [default: blobs in the data folder]
    #[arg(long, value_name = "URL", env = "FARKAS_BLOBS", hide_env_values = true)]
    blobs: Option<String>,
    /// Cores for jobs [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Seconds after which the jobs of a node that is not heard of go on elsewhere; the same for all who share them
    #[arg(long, value_name = "S", default_value_t = Rules::default().lease_seconds, value_parser = clap::value_parser!(u32).range(1..=3600))]
    lease: u32,
    /// How long after its end a job is forgotten, with its events and its result: 30d, 12h [default: never]
    #[arg(long, value_name = "AGE", value_parser = gc::age)]
    retain: Option<Duration>,
    #[command(flatten)]
    turns: TurnArgs,
    /// Seconds that jobs may go on after SIGTERM or Ctrl-C, before they are handed back to the queue
    #[arg(long, value_name = "S", default_value = "0")]
    finish: u32,
    /// OpenTelemetry collector that is told of requests, jobs and lanes, as in `http://127.0.0.1:4318`; also taken from
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`. Takes a Farkas built with the feature `otlp` [default: none]
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// File with settings (TOML): what no flag and no environment variable says is taken from it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
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

/// Who is next.
#[derive(Debug, Args)]
#[command(next_help_heading = "Turns")]
struct TurnArgs {
    /// Bytes that jobs with a memory limit may be promised together [default: the machine's memory]
    #[arg(long, value_name = "BYTES")]
    memory_bytes: Option<u64>,
    /// Tiny jobs (few rows, nonzeros and integers) that may run beside those that hold the cores
    #[arg(long, value_name = "N", default_value_t = Share::default().tiny_jobs)]
    tiny_jobs: u32,
    /// Cores that a project may use at a time [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    project_cores: Option<u32>,
    /// What a project's share of the cores is worth beside others, which have 1; repeatable
    #[arg(long, value_name = "PROJECT=WEIGHT", value_delimiter = ',', value_parser = pair::<f64>)]
    weights: Vec<(String, f64)>,
    /// How many lanes of a solver may run at a time, on all nodes; repeatable
    #[arg(long, value_name = "SOLVER=N", value_delimiter = ',', value_parser = pair::<NonZeroU32>)]
    licences: Vec<(String, NonZeroU32)>,
    /// Seconds of waiting that are worth one step of priority
    #[arg(long, value_name = "S", default_value_t = Policy::default().ageing_seconds, value_parser = positive)]
    ageing_seconds: f64,
    /// Seconds for which a job that needs more than is free lets others pass
    #[arg(long, value_name = "S", default_value_t = Policy::default().patience_seconds, value_parser = positive)]
    patience_seconds: f64,
}

impl TurnArgs {
    fn apply(self, options: &mut NodeOptions) {
        options.share.tiny_jobs = self.tiny_jobs;
        options.share.memory_bytes = self.memory_bytes.unwrap_or(options.share.memory_bytes);
        options.policy = Policy {
            ageing_seconds: self.ageing_seconds,
            patience_seconds: self.patience_seconds,
            project_cores: self.project_cores,
            weights: self.weights.into_iter().collect(),
            licences: self.licences.into_iter().map(|(solver, most)| (solver, most.get())).collect(),
            ..Policy::default()
        };
    }
}

/// `name=value`.
fn pair<T: std::str::FromStr>(text: &str) -> Result<(String, T), String> {
    let (name, value) = text.split_once('=').ok_or("it must be name=value")?;
    let value = value.trim().parse().map_err(|_| format!("'{value}' is no such number"))?;
    Ok((name.trim().into(), value))
}

impl NodeArgs {
    /// Whether there is a job store already, as far as can be told without opening it.
    pub fn finds_store(&self) -> Result<(), Failure> {
        if self.store.is_some() || self.data.join("farkas.db").is_file() {
            return Ok(());
        }
        let finding = format!("there is no job store in {}; --data names the folder of a service", self.data.display());
        Err(Failure::new(Exit::Usage, format!("{finding} [no-store]")))
    }

    pub fn options(self) -> NodeOptions {
        let registry = Registry::new(RegistryConfig::default());
        let rules = self.rules();
        let mut options = NodeOptions::new(self.data, registry.racing());
        options.store = self.store;
        options.blobs = self.blobs;
        options.threads = self.threads.unwrap_or(options.threads);
        options.rules = rules;
        options.finish = Duration::from_secs(self.finish.into());
        options.retain = self.retain;
        options.otlp_endpoint = self.otlp_endpoint;
        self.turns.apply(&mut options);
        options
    }

    fn rules(&self) -> Rules {
        Rules {
            attempts: self.attempts,
            interruptions: self.interruptions,
            log_bytes: self.log_bytes,
            kept_points: self.kept_points,
            lease_seconds: self.lease,
        }
    }
}

/// What `farkas node` takes.
#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Where to tell how it is (/healthz, /readyz, /metrics); port 0 takes a free one [default: nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    node: NodeArgs,
}

/// Solves jobs of a store that others share, until Ctrl-C or SIGTERM.
pub fn work(args: WorkArgs) -> Result<Exit, Failure> {
    if args.node.store.is_none() {
        let remedy = "name the job store that it shares with `farkas serve` (--store postgres://user@host/database)";
        return Err(Failure::new(Exit::Usage, format!("a node works on a shared job store; {remedy} [node-store]")));
    }
    let ready = |name: &str, address: Option<SocketAddr>| {
        let at = address.map(|address| format!(", and tells how it is on http://{address}")).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "Farkas works as {name}{at}").and_then(|()| out.flush());
    };
    let failed = |e: ServeError| Failure::new(Exit::Failed, format!("{e} [{}]", e.code()));
    farkas_service::work(args.node.options(), args.listen, ready).map_err(failed)?;
    Ok(Exit::Solved)
}

/// Serves until Ctrl-C or SIGTERM.
pub fn run(args: ServeArgs) -> Result<Exit, Failure> {
    // A file of settings may name one of them, which flags may not.
    let tls = match (args.tls_certificate, args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
        (None, None) => None,
        _ => return Err(Failure::new(Exit::Usage, "tls_certificate and tls_key go together [serve-tls]".to_owned())),
    };
    let options = ServeOptions {
        listen: args.listen,
        allow_remote: args.allow_remote,
        admin_key: args.admin_key.as_deref().filter(|key| !key.is_empty()).map(Token::sent),
        webhook_addresses: if args.private_webhooks { Addresses::All } else { Addresses::Public },
        tls,
        node: args.node.options(),
        limits: args.limits.limits(),
    };
    let ready = |url: &str| {
        // Whoever started the service waits for the line; a closed standard output is no reason not to serve.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(
            out,
            "Farkas is listening on {url}\n\
             Open it in a browser, or send it a problem from another terminal:\n\n  \
             curl '{url}/v1/jobs' -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{EXAMPLE}'"
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

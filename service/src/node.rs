//! A node: whoever claims jobs and has them solved, be it `farkas serve`, which listens besides, or `farkas node`. It opens
//! the store and the bodies, and tells the others that it is there.

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use farkas_backends::contract::Backend;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::api::{self, problem::Problem};
use crate::blobs::Blobs;
use crate::execution::Desk;
use crate::fairness::Policy;
use crate::incoming::Incoming;
use crate::jobs::Rules;
use crate::metrics::Metrics;
use crate::retention;
use crate::roster::Roster;
use crate::scheduler::{Scheduler, Share};
use crate::server::{ServeError, signalled};
use crate::store::{Database, Leases, Setup, SqlStore, Store};
use crate::telemetry::Telemetry;

/// How a node works.
pub struct NodeOptions {
    /// The data folder; made if need be. One process at a time, unless the store is a server.
    pub data: PathBuf,
    /// The job store: a PostgreSQL server's address. Without one it is a file in the data folder.
    pub store: Option<String>,
    /// Where large bodies are: `file:///folder` or `s3://bucket/prefix`. Without one it is the data folder's `blobs`.
    pub blobs: Option<String>,
    /// Cores for jobs.
    pub threads: u32,
    /// Who can solve, in order of preference.
    pub backends: Vec<Arc<dyn Backend>>,
    /// Limits for jobs.
    pub rules: Rules,
    /// What it has for jobs beside its cores.
    pub share: Share,
    /// Who is next.
    pub policy: Policy,
    /// How long after its end a job is forgotten; `None` keeps all.
    pub retain: Option<Duration>,
    /// How long jobs may go on when the node is closed, before they are handed back to the queue.
    pub finish: Duration,
    /// An OpenTelemetry collector, which is told of requests and jobs: what stands before `/v1/traces`.
    pub otlp_endpoint: Option<String>,
}

impl NodeOptions {
    /// A file in a folder as its store, and the machine's cores.
    pub fn new(data: impl Into<PathBuf>, backends: Vec<Arc<dyn Backend>>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        Self {
            data: data.into(),
            store: None,
            blobs: None,
            threads: cores,
            backends,
            rules: Rules::default(),
            share: Share::default(),
            policy: Policy::default(),
            retain: None,
            finish: Duration::ZERO,
            otlp_endpoint: None,
        }
    }
}

/// A node that is open; its scheduler does nothing until it is started.
pub struct Node {
    /// What it works with.
    pub desk: Desk,
    /// Who gives cores to jobs.
    pub scheduler: Arc<Scheduler>,
    /// Forgets what ended long ago while the node is there.
    forgetting: Option<AbortOnDropHandle<()>>,
    /// Held while the node is there.
    lock: Option<File>,
}

impl Node {
    /// Opens the store and the bodies. What a dead process left in a folder is taken back at once: the lock on the folder
    /// proves that it is dead. In a store that others share, leases run out instead.
    ///
    /// # Errors
    /// When the folder, the store or the bodies cannot be used.
    pub async fn open(options: NodeOptions) -> Result<Self, ServeError> {
        // Whoever came first has chosen; all of them speak TLS by the same library.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = match &options.store {
            Some(address) => Database::parse(address)?,
            None => Database::file(&options.data.join("farkas.db"))?,
        };
        let lock = if database.is_shared() { None } else { Some(lock(&options.data)?) };
        if lock.is_some() {
            Incoming::of(&options.data).sweep();
        }
        let blobs = match &options.blobs {
            Some(address) => Blobs::at(address)?,
            None => Blobs::open(&options.data.join("blobs"))?,
        };
        let metrics = Arc::<Metrics>::default();
        let policy = Arc::new(options.policy);
        let setup = Setup { policy, metrics: Arc::clone(&metrics), ..Setup::default() };
        let store = SqlStore::open_with(database, blobs.clone(), options.rules, setup).await?;
        if lock.is_some() {
            while !store.sweep(Leases::All).await?.is_empty() {}
        }
        let roster = Arc::new(Roster::new(options.backends));
        let desk = Desk { store: Arc::new(store), blobs, roster, metrics, rules: options.rules };
        let scheduler =
            Scheduler::new(desk.clone(), options.threads.max(1), options.share, options.rules, options.finish);
        let forgetting = options.retain.map(|older_than| {
            let store = Arc::clone(&desk.store);
            let forget = async move { retention::keep_forgetting(&*store, older_than).await };
            AbortOnDropHandle::new(tokio::spawn(forget))
        });
        Ok(Self { desk, scheduler, forgetting, lock })
    }

    /// Whether no other node can work on its store.
    pub fn is_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// Waits until its jobs are finished or handed back, and lets the folder go.
    pub async fn close(self) {
        self.scheduler.close().await;
        drop(self.forgetting);
        drop(self.lock);
    }
}

/// Works until Ctrl-C or SIGTERM. Where it listens it tells how it is (`/healthz`, `/readyz`, `/metrics`) and takes no
/// requests else; `ready` hears that it works, and that address.
///
/// # Errors
/// When the node cannot be opened, or cannot listen.
pub fn work(
    options: NodeOptions,
    listen: Option<SocketAddr>,
    ready: impl FnOnce(&str, Option<SocketAddr>),
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    runtime.block_on(async {
        let telemetry = Telemetry::start(options.otlp_endpoint.as_deref())?;
        let listener = match listen {
            Some(address) => {
                let failed = |error| ServeError::Listen { address, error };
                Some(TcpListener::bind(address).await.map_err(failed)?)
            }
            None => None,
        };
        let node = Node::open(options).await?;
        node.scheduler.start();
        ready(node.scheduler.name(), listener.as_ref().and_then(|listener| listener.local_addr().ok()));
        if let Some(listener) = listener {
            let health = health(node.desk.clone(), Arc::clone(&node.scheduler));
            tokio::spawn(async move { axum::serve(listener, health).await });
        }
        signalled().await;
        tracing::info!("closing");
        tokio::spawn(async {
            signalled().await;
            std::process::exit(130);
        });
        node.close().await;
        telemetry.finish().await;
        Ok(())
    })
}

/// What tells others how a node is.
fn health(desk: Desk, scheduler: Arc<Scheduler>) -> Router {
    let plain = |problem: Problem| {
        let status = StatusCode::from_u16(problem.details().status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        (status, format!("{}\n", problem.details().detail))
    };
    let (able, working, began) = (desk.clone(), Arc::clone(&scheduler), Instant::now());
    let readyz = async move || match api::able(&able).await {
        Err(problem) => Err(plain(problem)),
        Ok(()) if working.is_closing() => Err((StatusCode::SERVICE_UNAVAILABLE, "it is being closed\n".to_owned())),
        Ok(()) if working.is_drained() => {
            Err((StatusCode::SERVICE_UNAVAILABLE, "it was asked to take no more jobs\n".to_owned()))
        }
        Ok(()) => Ok("ready\n"),
    };
    let metrics = async move || api::figures(&desk, &scheduler, 0, began.elapsed()).await.map_err(plain);
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

/// Takes the data folder. The lock is the system's own on an open file, so it dies with the process.
fn lock(folder: &Path) -> Result<File, ServeError> {
    let data = |error| ServeError::Data { folder: folder.into(), error };
    fs::create_dir_all(folder).map_err(data)?;
    let path = folder.join("farkas.lock");
    let mut file = File::options().create(true).read(true).write(true).truncate(false).open(&path).map_err(data)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).and_then(|()| writeln!(file, "process {}", std::process::id())).map_err(data)?;
            Ok(file)
        }
        Err(fs::TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default().trim().to_string();
            Err(ServeError::InUse { folder: folder.into(), holder })
        }
        Err(fs::TryLockError::Error(error)) => Err(data(error)),
    }
}

#[cfg(test)]
mod tests {
    use farkas_api_types::JobState;
    use farkas_backends::solvers::mock::Mock;

    use super::*;

    #[tokio::test]
    async fn a_node_tells_how_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::open(NodeOptions::new(folder.path(), vec![Arc::new(Mock::new())])).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = health(node.desk.clone(), Arc::clone(&node.scheduler));
        let served = tokio::spawn(async move { axum::serve(listener, health).await });
        let ask = async |path: &str| {
            let response = reqwest::get(format!("http://{address}{path}")).await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        // Whoever asks for the solvers waits until they have been looked for.
        node.desk.roster.list().await;
        assert_eq!(ask("/readyz").await, (200, "ready\n".to_owned()));
        let (status, figures) = ask("/metrics").await;
        assert_eq!(status, 200);
        for state in JobState::ALL {
            let line = format!("farkas_jobs{{state=\"{}\"}} 0", state.name());
            assert!(figures.lines().any(|told| told == line), "{line} is not in:\n{figures}");
        }
        node.scheduler.close().await;
        assert_eq!(ask("/readyz").await, (503, "it is being closed\n".to_owned()));
        served.abort();
        node.close().await;
    }
}

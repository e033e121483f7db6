//! The service as a whole: a [`Node`] that listens, and on a signal hands everything back in order.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_backends::contract::Backend;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::{self, App};
use crate::blobs::BlobError;
use crate::limits::Limits;
use crate::node::{Node, NodeOptions};
use crate::store::StoreError;

/// How long open requests may take to end once the service closes.
const DRAIN: Duration = Duration::from_secs(5);

/// How to serve.
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Listen off loopback although there are no keys yet: whoever reaches the port can use the service.
    pub allow_remote: bool,
    /// Where jobs live, and who solves them.
    pub node: NodeOptions,
    /// Limits for clients.
    pub limits: Limits,
}

impl ServeOptions {
    /// Serves on loopback, port 8080, with the machine's cores.
    pub fn new(data: impl Into<PathBuf>, backends: Vec<Arc<dyn Backend>>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            allow_remote: false,
            node: NodeOptions::new(data, backends),
            limits: Limits::default(),
        }
    }
}

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Not on loopback.
    #[error(
        "{0} can be reached from other machines, and this Farkas has no keys yet: whoever reaches it could use it; \
         listen on 127.0.0.1, or allow it explicitly (--allow-remote)"
    )]
    NotLoopback(SocketAddr),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {error}; choose another with --listen (port 0 takes a free one)")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {error}", folder.display())]
    Data {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Another service has it.
    #[error("the data folder {} is in use by another Farkas ({holder}); stop that one, or choose another folder with --data", folder.display())]
    InUse {
        /// Which.
        folder: PathBuf,
        /// What its lock file says.
        holder: String,
    },
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bodies' folder does not open.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The runtime failed.
    #[error("the service cannot run: {0}")]
    Runtime(std::io::Error),
}

impl ServeError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "serve-not-loopback",
            Self::Listen { .. } => "serve-listen",
            Self::Data { .. } => "serve-data",
            Self::InUse { .. } => "serve-data-in-use",
            Self::Store(_) | Self::Blobs(_) => "serve-store",
            Self::Runtime(_) => "serve-runtime",
        }
    }
}

/// A service that is up.
pub struct Service {
    address: SocketAddr,
    close: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

impl Service {
    /// Opens the data folder, takes back what a dead process left, and listens. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// When the address, the folder or the store cannot be used; nothing is left running then.
    pub async fn start(options: ServeOptions) -> Result<Self, ServeError> {
        if !options.listen.ip().is_loopback() && !options.allow_remote {
            return Err(ServeError::NotLoopback(options.listen));
        }
        let listening = |error| ServeError::Listen { address: options.listen, error };
        let listener = TcpListener::bind(options.listen).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let node = Node::open(options.node).await?;
        node.scheduler.start();
        let close = CancellationToken::new();
        let app = Arc::new(App {
            desk: node.desk.clone(),
            scheduler: Arc::clone(&node.scheduler),
            limits: options.limits,
            bodies: Semaphore::new(options.limits.bodies_at_once.max(1)),
            streams: Arc::new(Semaphore::new(options.limits.event_streams)),
            closing: close.clone(),
            cuopt: crate::compat::cuopt::Memory::default(),
            began: Instant::now(),
            on_loopback: options.listen.ip().is_loopback(),
        });
        let served = tokio::spawn(run(listener, app, node));
        Ok(Self { address, close, served })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it when called, from anywhere.
    pub fn closer(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let close = self.close.clone();
        move || close.cancel()
    }

    /// Waits until it is closed.
    pub async fn closed(self) {
        if let Err(error) = self.served.await {
            tracing::error!(%error, "the service ended by a panic");
        }
    }
}

async fn run(listener: TcpListener, app: Arc<App>, node: Node) {
    let closing = app.closing.clone();
    let serve =
        axum::serve(listener, api::router(Arc::clone(&app))).with_graceful_shutdown(closing.clone().cancelled_owned());
    let server = tokio::spawn(async move { serve.await });
    closing.cancelled().await;
    node.close().await;
    // A client that does not let go does not keep the service alive.
    let mut server = server;
    if tokio::time::timeout(DRAIN, &mut server).await.is_err() {
        server.abort();
    }
}

/// Serves until Ctrl-C or SIGTERM; `ready` hears the address.
///
/// # Errors
/// When the service cannot start.
pub fn serve(options: ServeOptions, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    runtime.block_on(async {
        let service = Service::start(options).await?;
        ready(service.address());
        let close = service.closer();
        tokio::spawn(async move {
            signalled().await;
            tracing::info!("closing");
            close();
            // Whoever asks twice does not want to wait; the jobs go on at the next start all the same.
            signalled().await;
            std::process::exit(130);
        });
        service.closed().await;
        Ok(())
    })
}

/// Environment variable that says what is logged: `off`, `error`, `warn`, `info` (default), `debug`, `trace`.
pub const LOG_VARIABLE: &str = "FARKAS_LOG";

/// Logs to standard error, unless the program around us logs already.
pub(crate) fn log_to_stderr() {
    let level = std::env::var(LOG_VARIABLE).ok().and_then(|text| text.parse().ok());
    let level = level.unwrap_or(tracing_subscriber::filter::LevelFilter::INFO);
    let colours = std::io::stderr().is_terminal();
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(colours).try_init();
}

#[cfg(unix)]
pub(crate) async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn signalled() {
    let _ = tokio::signal::ctrl_c().await;
}

//! The service as a whole: a [`Node`] that listens, and on a signal hands everything back in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::serve::ListenerExt;
use farkas_backends::contract::Backend;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Token;
use crate::api::{self, App};
use crate::blobs::BlobError;
use crate::compat::cuopt;
use crate::incoming::Incoming;
use crate::keyring::{self, Door, Keyring, LEAST_ADMIN_KEY, RevokeError};
use crate::limits::Limits;
use crate::node::{Node, NodeOptions};
use crate::store::StoreError;
use crate::telemetry::{Telemetry, TelemetryError};
use crate::tls::{Tls, TlsError, TlsListener};
use crate::webhooks::{Addresses, Caller};

/// How long open requests may take to end once the service closes.
const DRAIN: Duration = Duration::from_secs(5);

/// How to serve.
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Listen off loopback without any key: whoever reaches the port can use the service.
    pub allow_remote: bool,
    /// A key of the operator's that the store does not know.
    pub admin_key: Option<Token>,
    /// Certificate and key, for HTTPS.
    pub tls: Option<Tls>,
    /// Whom webhooks may call.
    pub webhook_addresses: Addresses,
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
            admin_key: None,
            tls: None,
            webhook_addresses: Addresses::Public,
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
         make one with `farkas keys create --role admin`, or set FARKAS_ADMIN_KEY; or listen on 127.0.0.1, or let everybody in \
         (--allow-remote)"
    )]
    NotLoopback(SocketAddr),
    /// The operator's key is too short.
    #[error(
        "the key in FARKAS_ADMIN_KEY has fewer than {LEAST_ADMIN_KEY} characters, and could be guessed; `openssl rand -hex 32` makes one"
    )]
    WeakKey,
    /// Nobody can be called over TLS.
    #[error("webhooks cannot be called: {0}")]
    NoTls(reqwest::Error),
    /// Without this key the service would be open.
    #[error("{}; {}", RevokeError::Last, RevokeError::REMEDY)]
    LastKey,
    /// A project's name is none.
    #[error("'{0}' is no name of a project: it has 1 to 64 letters, digits, '-', '_' or '.'")]
    Project(String),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    /// Spans cannot be told.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The runtime failed.
    #[error("the service cannot run: {0}")]
    Runtime(std::io::Error),
}

impl ServeError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "serve-not-loopback",
            Self::WeakKey => "serve-weak-key",
            Self::LastKey => "keys-last",
            Self::Project(_) => "keys-project",
            Self::Tls(_) | Self::NoTls(_) => "serve-tls",
            Self::Listen { .. } => "serve-listen",
            Self::Data { .. } => "serve-data",
            Self::InUse { .. } => "serve-data-in-use",
            Self::Store(_) | Self::Blobs(_) => "serve-store",
            Self::Telemetry(_) => "serve-otlp",
            Self::Runtime(_) => "serve-runtime",
        }
    }
}

impl From<RevokeError> for ServeError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Store(error) => error.into(),
            RevokeError::Last => Self::LastKey,
        }
    }
}

/// A service that is up.
pub struct Service {
    address: SocketAddr,
    close: CancellationToken,
    served: tokio::task::JoinHandle<()>,
    secure: bool,
}

/// What is listened on.
enum Listening {
    Plain(TcpListener),
    Tls(TlsListener),
}

impl Service {
    /// Opens the data folder, takes back what a dead process left, and listens. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// When the address, the folder or the store cannot be used; nothing is left running then.
    pub async fn start(options: ServeOptions) -> Result<Self, ServeError> {
        if options.admin_key.as_ref().is_some_and(|key| key.reveal().len() < LEAST_ADMIN_KEY) {
            return Err(ServeError::WeakKey);
        }
        let on_loopback = options.listen.ip().is_loopback();
        let door = if on_loopback || options.allow_remote { Door::OpenWithoutKeys } else { Door::Closed };
        let listening = |error| ServeError::Listen { address: options.listen, error };
        let listener = TcpListener::bind(options.listen).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let listener = match &options.tls {
            Some(tls) => Listening::Tls(tls.listen(listener)?),
            None => Listening::Plain(listener),
        };
        let incoming = Incoming::of(&options.node.data);
        let node = Node::open(options.node).await?;
        let keyring = Keyring::new(door, options.admin_key.as_ref());
        if keyring::any(&*node.desk.store).await? {
            keyring.close();
        } else if door == Door::Closed && options.admin_key.is_none() {
            return Err(ServeError::NotLoopback(options.listen));
        }
        node.scheduler.start();
        let (close, closed) = (CancellationToken::new(), CancellationToken::new());
        let patience = Duration::from_secs(options.limits.webhook_seconds);
        let caller = Caller::new(Arc::clone(&node.desk.store), options.webhook_addresses, patience);
        tokio::spawn(caller.map_err(ServeError::NoTls)?.run(closed.clone()));
        let app = Arc::new(App {
            desk: node.desk.clone(),
            webhook_addresses: options.webhook_addresses,
            keyring,
            scheduler: Arc::clone(&node.scheduler),
            limits: options.limits,
            incoming,
            arrivals: api::Arrivals::for_turns(options.limits.bodies_at_once),
            bodies: Semaphore::new(options.limits.bodies_at_once.max(1)),
            streams: Arc::new(Semaphore::new(options.limits.event_streams)),
            streams_of: api::Shares::default(),
            closing: close.clone(),
            closed,
            cuopt: cuopt::Memory::default(),
            marks: cuopt::Marks::new(Arc::clone(&node.desk.store), node.is_alone()),
            began: Instant::now(),
            on_loopback,
        });
        let secure = options.tls.is_some();
        let served = tokio::spawn(run(listener, app, node));
        Ok(Self { address, close, served, secure })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is reached: `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
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

/// Lets what is written go out at once: else an event waits until the client's system has acknowledged the one before, which
/// takes 40 ms on most.
fn undelayed(connection: &TcpStream) {
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "a connection sends what it has when it likes");
    }
}

async fn run(listener: Listening, app: Arc<App>, node: Node) {
    let (closing, closed, marks) = (app.closing.clone(), app.closed.clone(), app.marks.clone());
    let (router, ends) = (api::router(app), closed.clone().cancelled_owned());
    let mut server = tokio::spawn(async move {
        match listener {
            Listening::Plain(listener) => {
                let listener = listener.tap_io(|connection: &mut TcpStream| undelayed(connection));
                axum::serve(listener, router).with_graceful_shutdown(ends).await
            }
            Listening::Tls(listener) => axum::serve(listener, router).with_graceful_shutdown(ends).await,
        }
    });
    closing.cancelled().await;
    // While the folder is ours, so that whoever has it next reads what was deleted; deletes that come later are written at once.
    marks.close().await;
    // Jobs may go on for a while, and those who wait for them, or ask whether the service is ready, are answered meanwhile.
    node.close().await;
    closed.cancel();
    // A client that does not let go does not keep the service alive.
    if tokio::time::timeout(DRAIN, &mut server).await.is_err() {
        server.abort();
    }
}

/// Serves until Ctrl-C or SIGTERM; `ready` hears its URL.
///
/// # Errors
/// When the service cannot start.
pub fn serve(options: ServeOptions, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    open_as_many_files_as_may_be();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    runtime.block_on(async {
        let telemetry = Telemetry::start(options.node.otlp_endpoint.as_deref())?;
        let service = Service::start(options).await?;
        ready(&service.url());
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
        telemetry.finish().await;
        Ok(())
    })
}

/// Connections and event streams are files, and systems let a process have 1,024 at first and many more if it asks.
fn open_as_many_files_as_may_be() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        if current != maximum
            && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        {
            tracing::warn!(%error, ?current, "no more files can be open at a time than the system gave");
        }
    }
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

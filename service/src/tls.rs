//! HTTPS: a listener that answers with a certificate. Handshakes are made beside one another, each within a time limit, so
//! that a client that says nothing keeps nobody waiting.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at a time.
const AT_ONCE: usize = 256;
/// How long to wait after the system had no connection to give: its files run out, say.
const PAUSE: Duration = Duration::from_millis(100);

/// Where certificate and key are, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those between it and a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
#[error("{}: {finding}; give a certificate and its key as PEM (--tls-certificate, --tls-key)", file.display())]
pub struct TlsError {
    file: PathBuf,
    finding: String,
}

impl Tls {
    fn config(&self) -> Result<ServerConfig, TlsError> {
        let at = |file: &Path, finding: String| TlsError { file: file.into(), finding };
        let of_pem = |file: &Path, error: &rustls::pki_types::pem::Error| at(file, error.to_string());
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| of_pem(&self.certificate, &error))?;
        if chain.is_empty() {
            return Err(at(&self.certificate, "there is no certificate in it".into()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| of_pem(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| at(&self.certificate, error.to_string()))?.with_no_client_auth();
        let mut config =
            config.with_single_cert(chain, key).map_err(|error| at(&self.certificate, error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Listens with it.
    ///
    /// # Errors
    /// When certificate or key cannot be read, or do not belong together.
    pub fn listen(&self, listener: TcpListener) -> Result<TlsListener, TlsError> {
        let acceptor = TlsAcceptor::from(Arc::new(self.config()?));
        let (send, ready) = mpsc::channel(AT_ONCE);
        let address = listener.local_addr();
        let task = AbortOnDropHandle::new(tokio::spawn(shake_hands(listener, acceptor, send)));
        Ok(TlsListener { ready, address, _task: task })
    }
}

/// Connections whose handshake is made.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: io::Result<SocketAddr>,
    _task: AbortOnDropHandle<()>,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task ends with us alone.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address.as_ref().copied().map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }
}

async fn shake_hands(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (connection, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Events must not wait for the client's acknowledgements, here no more than without TLS.
        let _ = connection.set_nodelay(true);
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let _turn = turn;
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(connection)).await {
                Ok(Ok(stream)) => drop(ready.send((stream, peer)).await),
                // Whoever knocks and goes away is no news.
                Ok(Err(error)) => tracing::debug!(%error, %peer, "a handshake failed"),
                Err(_) => tracing::debug!(%peer, "a handshake took too long"),
            }
        });
    }
}

//! TLS by the server itself, from a certificate and a key in files.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::serve::{Guests, SHARE};

/// How long a client may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many clients may be at it at a time.
const HANDSHAKES: usize = 256;

/// How often the files are looked at: certificates are exchanged while the server runs.
const LOOK: Duration = Duration::from_secs(5);

/// What a server proves its name with.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: PathBuf,
    key: PathBuf,
    /// When the files were changed, as far as this has been read.
    changed: Changed,
}

/// When certificate and key were last changed.
type Changed = [Option<SystemTime>; 2];

fn changed(certificate: &Path, key: &Path) -> Changed {
    [certificate, key].map(|file| std::fs::metadata(file).and_then(|m| m.modified()).ok())
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Why a certificate and a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file}: {why}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// A file is not in PEM form.
    #[error("{file}: {why}; it must be a text file with BEGIN and END lines (PEM)")]
    Form {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file has nothing of use in it.
    #[error("{file} contains no {what}; {remedy}")]
    Lacks {
        /// The file.
        file: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Certificate and key do not fit each other, or cannot be used.
    #[error("{certificate} with {key}: {why}")]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        why: String,
    },
}

impl Tls {
    /// Reads a certificate with those that vouch for it, its own first, and its key, both in PEM form.
    ///
    /// # Errors
    /// [`TlsError`] names the file and says what to do.
    pub fn read(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        // Before the files are read: a change meanwhile is seen the next time.
        let changed = changed(certificate, key);
        let bytes = |file: &Path| {
            std::fs::read(file).map_err(|why| TlsError::File {
                file: file.to_owned(),
                why,
            })
        };
        let form = |file: &Path, why: &PemError| TlsError::Form {
            file: file.to_owned(),
            why: why.to_string(),
        };
        let text = bytes(certificate)?;
        let chain = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|why| form(certificate, &why))?;
        if chain.is_empty() {
            return Err(TlsError::Lacks {
                file: certificate.to_owned(),
                what: "certificate",
                remedy: "give the file that begins with BEGIN CERTIFICATE",
            });
        }
        let text = bytes(key)?;
        let secret = PrivateKeyDer::from_pem_slice(&text).map_err(|why| match why {
            PemError::NoItemsFound => TlsError::Lacks {
                file: key.to_owned(),
                what: "private key",
                remedy: "give the file with BEGIN PRIVATE KEY, not encrypted with a password",
            },
            why => form(key, &why),
        })?;
        let unfit = |why: rustls::Error| TlsError::Unfit {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            why: match why {
                rustls::Error::InconsistentKeys(_) => {
                    "the key does not belong to the certificate".to_owned()
                }
                why => why.to_string(),
            },
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            changed,
        })
    }

    /// Reads the files again if they were changed. While they cannot be used, as between the exchange of the one and
    /// of the other, what was read before goes on.
    fn renew(&mut self) {
        let changed = changed(&self.certificate, &self.key);
        if changed == self.changed {
            return;
        }
        match Tls::read(&self.certificate, &self.key) {
            Ok(read) => {
                *self = read;
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::warn!(%error, "the certificate was changed and cannot be used"),
        }
    }

    /// Speaks TLS with whoever comes to `listener`.
    ///
    /// * `shared` — whether each address has a part of the room only; not behind a proxy, where all come from one.
    pub(crate) fn over(self, listener: TcpListener, shared: bool) -> io::Result<Secured> {
        let address = listener.local_addr()?;
        let (agreed, ready) = mpsc::channel(1);
        let share = if shared {
            HANDSHAKES / SHARE
        } else {
            HANDSHAKES
        };
        let task = tokio::spawn(agree(listener, self, share, agreed));
        Ok(Secured {
            address,
            ready,
            task,
        })
    }
}

/// Takes connections and agrees on keys with each on its own, so that a slow client keeps nobody waiting, and many from
/// one address keep nobody else waiting.
async fn agree(
    mut listener: TcpListener,
    mut tls: Tls,
    share: usize,
    agreed: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut looked = Instant::now();
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    let guests = Guests::default();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let (stream, address) = Listener::accept(&mut listener).await;
        let Some(guest) = guests.enter(address.ip(), share) else {
            continue;
        };
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            tls.renew();
        }
        let (acceptor, agreed) = (tls.acceptor.clone(), agreed.clone());
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            // Whoever has agreed counts as a connection from here on.
            drop(guest);
            match handshake {
                Ok(Ok(stream)) => {
                    // The server has stopped if nobody listens any more.
                    let _ = agreed.send((stream, address)).await;
                }
                Ok(Err(error)) => tracing::debug!(%address, %error, "no agreement on keys"),
                Err(_) => tracing::debug!(%address, "a client never agreed on keys"),
            }
            // Only now: connections that the server has no room for yet wait here.
            drop(place);
        });
    }
}

/// A listener that gives connections on which keys are agreed.
pub(crate) struct Secured {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task that sends never ends by itself.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.task.abort();
    }
}

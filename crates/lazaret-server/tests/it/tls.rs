//! TLS by the server itself: a browser that trusts the certificate is served, and nobody who does not speak TLS is in
//! the way of those who do.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_server::{Tls, TlsError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::scene::{PASSWORD, Server};

struct Files {
    folder: tempfile::TempDir,
    certificate: PathBuf,
    key: PathBuf,
    trusted: CertificateDer<'static>,
}

fn files() -> Files {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["gateway.test".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Files {
        certificate: write("certificate.pem", cert.pem()),
        key: write("key.pem", signing_key.serialize_pem()),
        trusted: cert.der().clone(),
        folder,
    }
}

async fn connect(address: SocketAddr, trusted: CertificateDer<'static>) -> TlsStream<TcpStream> {
    agreed(TcpStream::connect(address).await.unwrap(), trusted).await
}

async fn agreed(stream: TcpStream, trusted: CertificateDer<'static>) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("gateway.test").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str, body: &str) -> String {
    let text = format!(
        "{request} HTTP/1.1\r\nhost: gateway.test\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes without a farewell has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_certificate_is_spoken_with_and_cookies_stay_within() {
    let files = files();
    let tls = Tls::read(&files.certificate, &files.key).unwrap();
    let server = Server::demo_over_tls().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = server.app.clone();
    let serving = tokio::spawn(lazaret_server::serve(app, listener, Some(tls), async {
        let _ = stopped.await;
    }));

    // One who says nothing, and one who speaks in the clear, before anybody else comes.
    let silent = TcpStream::connect(address).await.unwrap();
    let mut clear = TcpStream::connect(address).await.unwrap();
    clear
        .write_all(b"GET /healthz HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut heard = Vec::new();
    let _ = clear.read_to_end(&mut heard).await;
    assert!(!heard.starts_with(b"HTTP"), "{heard:?}");

    let mut stream = connect(address, files.trusted.clone()).await;
    let answer = ask(&mut stream, "GET /healthz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: "), "{answer}");
    let mut stream = connect(address, files.trusted.clone()).await;
    let body = format!(r#"{{"person":"quinn","password":"{PASSWORD}"}}"#);
    let answer = ask(&mut stream, "POST /api/session", &body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer
        .lines()
        .find(|line| line.starts_with("set-cookie: "))
        .unwrap();
    for what in ["; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(what), "{cookie}");
    }

    // It stops for good with connections still open.
    let idle = connect(address, files.trusted.clone()).await;
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), serving).await;
    ended.expect("it stops").unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    drop((silent, idle));
}

#[test]
fn what_cannot_be_used_is_named() {
    let files = files();
    let other = self::files();
    let says =
        |certificate: &Path, key: &Path| Tls::read(certificate, key).unwrap_err().to_string();
    let nowhere = files.folder.path().join("nowhere.pem");
    let missing = Tls::read(&nowhere, &files.key).unwrap_err();
    assert!(matches!(&missing, TlsError::File { file, .. } if *file == nowhere));
    assert!(says(&files.certificate, &nowhere).starts_with(&*nowhere.to_string_lossy()));
    let swapped = says(&files.key, &files.certificate);
    assert!(
        swapped.contains("key.pem contains no certificate"),
        "{swapped}"
    );
    let twice = says(&files.certificate, &files.certificate);
    assert!(
        twice.contains("contains no private key; give the file with BEGIN"),
        "{twice}"
    );
    let unfit = says(&files.certificate, &other.key);
    assert!(
        unfit.ends_with("the key does not belong to the certificate"),
        "{unfit}"
    );
    let torn = files.folder.path().join("torn.pem");
    let text = std::fs::read_to_string(&files.certificate).unwrap();
    std::fs::write(&torn, &text[..text.len() / 2]).unwrap();
    let torn = says(&torn, &files.key);
    assert!(torn.contains("torn.pem: "), "{torn}");
    assert!(torn.contains("(PEM)"), "{torn}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_was_exchanged_is_used_without_a_restart() {
    let (files, next) = (files(), self::files());
    let server = Server::empty().await;
    let tls = Tls::read(&files.certificate, &files.key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = server.app.clone();
    let serving = tokio::spawn(lazaret_server::serve(
        app,
        listener,
        Some(tls),
        std::future::pending(),
    ));
    drop(connect(address, files.trusted.clone()).await);
    // The certificate first, with a key that does not fit it yet: the one before goes on.
    std::fs::copy(&next.certificate, &files.certificate).unwrap();
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    drop(connect(address, files.trusted.clone()).await);
    std::fs::copy(&next.key, &files.key).unwrap();
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    drop(connect(address, next.trusted.clone()).await);
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_never_agree_on_keys_keep_nobody_else_waiting() {
    let files = files();
    let server = Server::empty().await;
    let tls = Tls::read(&files.certificate, &files.key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = server.app.clone();
    let serving = tokio::spawn(lazaret_server::serve(
        app,
        listener,
        Some(tls),
        std::future::pending(),
    ));
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Somebody from another address. Those before it give up after ten seconds.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let other = tokio::time::timeout(Duration::from_secs(5), async {
        let stream = socket.connect(address).await.unwrap();
        agreed(stream, files.trusted.clone()).await
    });
    assert!(other.await.is_ok());
    serving.abort();
}

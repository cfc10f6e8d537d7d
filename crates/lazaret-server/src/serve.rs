//! Listening, and stopping without cutting anybody off.
//!
//! A client may be slow, or do nothing at all: heads have a time limit, a write that makes no progress has one, and
//! connections have a number.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use futures_util::{StreamExt, stream};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lazaret_store::Standing;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep};
use tower::ServiceExt;

use crate::app::App;
use crate::demo::Demo;
use crate::guard::network;
use crate::tls::Tls;

/// How long a server that stops waits for requests in hand.
const GRACE: Duration = Duration::from_secs(10);
/// How long the head of a request may take, from the moment at which the server waits for it.
const HEAD: Duration = Duration::from_secs(20);
/// How long a client may send nothing of a body that it has begun, and how long all of it may take.
const BODY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));
/// How long a client may take no byte of its answer.
const STALL: Duration = Duration::from_secs(60);
/// Connections at a time, if the system allows as many files.
const CONNECTIONS: u64 = 4096;
/// The part of them that one address may have, unless a proxy is in front.
pub(crate) const SHARE: usize = 4;

/// Answers on `listener` until `stop` comes true; then stops the ledger.
///
/// * `tls` — what to speak TLS with; in the clear if none.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    app: App,
    listener: TcpListener,
    tls: Option<Tls>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    match tls {
        None => answer(app, listener, stop).await,
        Some(tls) => {
            let one_guest = !app.0.options.behind_proxy;
            answer(app, tls.over(listener, one_guest)?, stop).await
        }
    }
}

/// Connections at a time: half of the files that this process may open, for the database needs some, too.
fn connections() -> usize {
    #[cfg(target_os = "linux")]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .current
        .unwrap_or(CONNECTIONS);
    #[cfg(not(target_os = "linux"))]
    let files = 1024;
    (files / 2).clamp(16, CONNECTIONS) as usize
}

async fn answer<L: Listener<Addr = SocketAddr>>(
    app: App,
    mut listener: L,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router: Router = crate::router(&app);
    let (told, mut tell) = watch::channel(false);
    let ticking = tokio::spawn(tick(app.clone()));
    let live = app.0.live.clone();
    let stopping = tokio::spawn(async move {
        stop.await;
        tracing::info!("stopping");
        // First the ledger: what is in hand is answered, and open streams end with it.
        live.stop().await;
        told.send_replace(true);
    });
    let most = connections();
    let room = Arc::new(Semaphore::new(most));
    let share = if app.0.options.behind_proxy {
        most
    } else {
        most / SHARE
    };
    let guests = Guests::default();
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, (io, address)) = tokio::select! {
            _ = tell.wait_for(|told| *told) => break,
            accepted = accepted => accepted,
        };
        let (Ok(place), Some(guest)) = (place, guests.enter(address.ip(), share)) else {
            continue;
        };
        tokio::spawn(talk(
            router.clone(),
            io,
            address,
            tell.clone(),
            (place, guest),
        ));
    }
    drop(listener);
    // A client that never reads must not keep the server.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GRACE, room.acquire_many(all)).await;
    ticking.abort();
    stopping.abort();
    app.0.live.stop().await;
    app.0.live.store().close().await;
    Ok(())
}

/// Answers one connection until it ends, or until the server stops and the request in hand is answered.
async fn talk<I>(
    router: Router,
    io: I,
    address: SocketAddr,
    mut tell: watch::Receiver<bool>,
    // Given back when the connection ends.
    _room: (OwnedSemaphorePermit, Guest),
) where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(in_time);
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Paced::new(io)), service);
    let mut connection = pin!(connection);
    let told = async move {
        let _ = tell.wait_for(|told| *told).await;
    };
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%address, %error, "a connection ended");
    }
}

/// A body whose client must go on sending it.
fn in_time(body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let end = Instant::now() + BODY.1;
    let parts = Body::new(body).into_data_stream();
    let parts = stream::unfold(Some(parts), move |parts| async move {
        let mut parts = parts?;
        let until = end.min(Instant::now() + BODY.0);
        match tokio::time::timeout_at(until, parts.next()).await {
            Ok(part) => Some((part?, Some(parts))),
            Err(_) => {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Some((Err(axum::Error::new(late)), None))
            }
        }
    });
    Body::from_stream(parts)
}

/// Connections by address.
#[derive(Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Guests {
    /// Counts a connection; none if its address has `most` already.
    pub(crate) fn enter(&self, address: IpAddr, most: usize) -> Option<Guest> {
        let address = network(address.to_canonical());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Guest {
            guests: self.clone(),
            address,
        })
    }
}

/// One connection; counted until it is dropped.
pub(crate) struct Guest {
    guests: Guests,
    address: IpAddr,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// A connection whose client must take its answers.
struct Paced<I> {
    io: I,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<I> Paced<I> {
    fn new(io: I) -> Self {
        Paced { io, stalled: None }
    }

    /// Lets a write wait for so long and no longer.
    fn pace<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + STALL)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Paced<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Paced<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.pace(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        self.pace(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_shutdown(context);
        self.pace(context, outcome)
    }
}

/// What happens by the clock: a demonstration goes on living, and who has not asked for a while is forgotten.
async fn tick(app: App) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    for count in 0_u64.. {
        second.tick().await;
        if count % 60 == 59 {
            app.sweep();
        }
        let active = app.0.live.standing() == Standing::Active;
        if let Some(demo) = app.0.demo.as_ref().filter(|_| active) {
            Demo::catch_up(demo, &app.0.live).await;
        }
    }
}

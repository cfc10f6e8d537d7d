//! Listening, and stopping without cutting anybody off.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt, TapIo};
use lazaret_store::Standing;
use tokio::net::TcpListener;

use crate::app::App;
use crate::demo::Demo;
use crate::tls::Tls;

/// How long a server that stops waits for requests in hand.
const GRACE: Duration = Duration::from_secs(10);

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
        None => answer(app, listener.tap_io(|_| {}), stop).await,
        Some(tls) => answer(app, tls.over(listener)?.tap_io(|_| {}), stop).await,
    }
}

async fn answer<L, F>(
    app: App,
    listener: TapIo<L, F>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
    F: FnMut(&mut L::Io) + Send + 'static,
{
    let router: Router = crate::router(&app);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (told, mut tell) = tokio::sync::watch::channel(false);
    let ticking = tokio::spawn(tick(app.clone()));
    let live = app.0.live.clone();
    let graceful = async move {
        stop.await;
        tracing::info!("stopping");
        // First the ledger: what is in hand is answered, and open streams end with it.
        live.stop().await;
        let _ = told.send(true);
    };
    let served = axum::serve(listener, service).with_graceful_shutdown(graceful);
    let outcome = tokio::select! {
        outcome = served => outcome,
        // A client that never reads must not keep the server.
        () = async {
            let _ = tell.wait_for(|told| *told).await;
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    };
    ticking.abort();
    app.0.live.stop().await;
    app.0.live.store().close().await;
    outcome
}

/// What happens by the clock: a demonstration goes on living.
async fn tick(app: App) {
    let Some(demo) = &app.0.demo else { return };
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        if app.0.live.standing() == Standing::Active {
            Demo::catch_up(demo, &app.0.live).await;
        }
    }
}

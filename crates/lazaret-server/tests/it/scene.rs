//! A server to ask, without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use jiff::SignedDuration;
use lazaret_bridge::OpenKind;
use lazaret_gateway::model::Gateway;
use lazaret_server::{App, Board, Demo, Offset, Options};
use lazaret_store::{Key, Live, LiveOptions, Office, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) router: Router,
    folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

pub(crate) fn uiju() -> Gateway {
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let no_files = |_: &str| Err("no files here".to_string());
    // Shorter than the example: enough life for every screen, and quick.
    let overrides = ["gateway.length=50 d"];
    lazaret_gateway::read(text, &overrides, &no_files)
        .unwrap_or_else(|found| panic!("{found:?}"))
        .gateway
}

impl Server {
    /// A demonstration: weeks of life, people of each role.
    pub(crate) async fn demo() -> Server {
        Self::demo_with(Options::default(), None, &Arc::default()).await
    }

    /// The same, reached by TLS.
    pub(crate) async fn demo_over_tls() -> Server {
        let outside = Options {
            secure: true,
            ..Options::default()
        };
        Self::demo_with(outside, None, &Arc::default()).await
    }

    /// A ledger in which nothing has happened, behind a proxy.
    pub(crate) async fn behind_proxy() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(&folder.path().join("ledger.db"))
            .await
            .unwrap();
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        let outside = Options {
            behind_proxy: true,
            ..Options::default()
        };
        Self::over_with(live, uiju(), folder, None, outside, None)
    }

    /// A demonstration with a watcher's board.
    pub(crate) async fn watching(board: Arc<Board>) -> Server {
        Self::demo_with(Options::default(), Some(board), &Arc::default()).await
    }

    /// A demonstration on a machine whose clock can be set: it is so many seconds ahead.
    pub(crate) async fn demo_by(ahead: &Arc<AtomicI64>) -> Server {
        Self::demo_with(Options::default(), None, ahead).await
    }

    async fn demo_with(
        outside: Options,
        board: Option<Arc<Board>>,
        ahead: &Arc<AtomicI64>,
    ) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let gateway = uiju();
        let offset = Arc::new(Offset::default());
        let demo = Demo::new(&gateway, Arc::clone(&offset), 1).unwrap();
        let store = Store::open_sqlite(&folder.path().join("ledger.db"))
            .await
            .unwrap()
            .keeping(folder.path())
            .unwrap();
        let (steady, ahead) = (offset.clock(), Arc::clone(ahead));
        let options = LiveOptions {
            clock: Arc::new(move || {
                let mut reading = steady();
                reading.wall += SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
                reading
            }),
            kernel: Arc::new(|| true),
            ..LiveOptions::default()
        };
        let live = Live::start(store.clone(), options).await.unwrap();
        let (recorded, refused) = demo.catch_up(&live).await;
        assert!(recorded > 1000, "{recorded} records");
        assert_eq!(
            refused,
            Vec::<String>::new(),
            "the simulated office was refused"
        );
        demo.make_accounts(&Office::new(store)).await.unwrap();
        Self::over_with(live, gateway, folder, Some(demo), outside, board)
    }

    /// A ledger in which nothing has happened.
    pub(crate) async fn empty() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let gateway = uiju();
        let store = Store::open_sqlite(&folder.path().join("ledger.db"))
            .await
            .unwrap();
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        Self::over(live, gateway, folder, None)
    }

    fn over(live: Live, gateway: Gateway, folder: TempDir, demo: Option<Demo>) -> Server {
        Self::over_with(live, gateway, folder, demo, Options::default(), None)
    }

    fn over_with(
        live: Live,
        gateway: Gateway,
        folder: TempDir,
        demo: Option<Demo>,
        outside: Options,
        board: Option<Arc<Board>>,
    ) -> Server {
        let key = Key::open(&folder.path().join("key")).unwrap();
        let mut stated = lazaret_bridge::Stated::default();
        for (kind, text) in [(OpenKind::Hold, "30d"), (OpenKind::Contact, "48h")] {
            stated.state(kind, text).unwrap();
        }
        let app = App::new(live, (gateway, stated), key, outside, demo, board);
        Server {
            router: lazaret_server::router(&app),
            app,
            folder,
        }
    }

    /// The server stopped and started again on the same files.
    pub(crate) async fn restarted(self) -> Server {
        self.app.live().stop().await;
        self.app.live().store().close().await;
        let store = Store::open_sqlite(&self.folder.path().join("ledger.db"))
            .await
            .unwrap();
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        Self::over(live, uiju(), self.folder, None)
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 64 << 20).await.unwrap().to_vec(),
        }
    }

    /// Signs in: the cookie.
    pub(crate) async fn sign_in(&self, person: &str, password: &str) -> String {
        let body = json!({ "person": person, "password": password });
        let answer = self.ask(post("/api/session", None, &body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        cookie_of(&answer)
    }

    pub(crate) async fn get(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path)
            .header(header::COOKIE, cookie)
            .body(Body::empty())
            .unwrap();
        self.ask(request).await
    }

    pub(crate) async fn read(&self, cookie: &str, path: &str) -> Value {
        let answer = self.get(cookie, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        answer.json()
    }

    pub(crate) async fn post(&self, cookie: &str, path: &str, body: &Value) -> Answer {
        self.ask(post(path, Some(cookie), body)).await
    }
}

pub(crate) fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// A write as a page of this server sends it.
pub(crate) fn post(path: &str, cookie: Option<&str>, body: &Value) -> Request<Body> {
    send("POST", path, cookie, body)
}

pub(crate) fn send(method: &str, path: &str, cookie: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header("sec-fetch-site", "same-origin");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

pub(crate) const PASSWORD: &str = "lazaret-demo";

//! What keeps a server in use from being worn down, and what keeps its people's secrets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::scene::{PASSWORD, Server, cookie_of, post, send};

/// The person of the demonstration with a role.
async fn with_role(server: &Server, role: &str) -> String {
    let request = Request::get("/api/setup").body(Body::empty()).unwrap();
    let people = server.ask(request).await.json()["demo_accounts"].clone();
    let found = people
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["roles"] == json!([role]))
        .unwrap()
        .clone();
    found["person"].as_str().unwrap().to_owned()
}

async fn signed_in(server: &Server, role: &str) -> (String, String) {
    let person = with_role(server, role).await;
    let cookie = server.sign_in(&person, PASSWORD).await;
    (person, cookie)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_lasts_as_long_as_its_session_and_a_strange_one_locks_nobody_out() {
    let server = Server::demo_over_tls().await;
    let body = json!({ "person": "chen", "password": PASSWORD });
    let answer = server.ask(post("/api/session", None, &body)).await;
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-lazaret="), "{set}");
    assert!(set.contains("; Max-Age=43200"), "{set}");
    assert!(
        set.contains("; Path=/;") && !set.contains("Domain"),
        "{set}"
    );
    let own = cookie_of(&answer);
    for cookies in [
        format!("__Host-lazaret=garbage; {own}"),
        format!("lazaret=garbage; {own}; __Host-lazaret=more"),
    ] {
        let answer = server.get(&cookies, "/api/session").await;
        assert_eq!(answer.status, StatusCode::OK, "{cookies}");
    }
    // Over TLS one without the prefix opens nothing: any neighbouring name could have set it.
    let plain = own.replace("__Host-", "");
    let answer = server.get(&plain, "/api/session").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // Who signs out ends every session that was shown.
    let out = send("DELETE", "/api/session", Some(&own), &Value::Null);
    assert_eq!(server.ask(out).await.status, StatusCode::NO_CONTENT);
    let answer = server.get(&own, "/api/session").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_is_that_of_the_last_hop_whatever_a_client_claims() {
    let server = Server::behind_proxy().await;
    let body = json!({ "person": "ada", "password": "wrong wrong wrong" });
    let mut answers = Vec::new();
    for n in 0..14 {
        let mut request = post("/api/session", None, &body);
        let headers = request.headers_mut();
        headers.append("x-forwarded-for", format!("10.0.0.{n}").parse().unwrap());
        headers.append("x-forwarded-for", "192.0.2.7".parse().unwrap());
        answers.push(server.ask(request).await.status);
    }
    assert_eq!(answers[0], StatusCode::UNAUTHORIZED);
    assert_eq!(answers[13], StatusCode::TOO_MANY_REQUESTS);
    // Addresses of one network of IPv6 are one.
    let mut answers = Vec::new();
    for n in 0..14 {
        let mut request = post("/api/session", None, &body);
        let hop = format!("2001:db8::{n:x}:1");
        request
            .headers_mut()
            .append("x-forwarded-for", hop.parse().unwrap());
        answers.push(server.ask(request).await.status);
    }
    assert_eq!(answers[0], StatusCode::UNAUTHORIZED);
    assert_eq!(answers[13], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_link_costs_the_server_nothing() {
    let server = Server::empty().await;
    let body = json!({ "token": "0".repeat(64), "password": "correct horse battery" });
    let began = Instant::now();
    let mut answers = Vec::new();
    for _ in 0..14 {
        answers.push(server.ask(post("/api/join", None, &body)).await.status);
    }
    // Fourteen hashes take seconds in a test's build.
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(answers[0], StatusCode::FORBIDDEN);
    assert_eq!(answers[13], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_route_does_not_take_is_refused_by_name() {
    let server = Server::demo().await;
    let (_, cookie) = signed_in(&server, "chief_officer").await;
    for (path, named) in [
        (
            "/api/lots?as_of=1995-01-01T00:00:00Z",
            "`as_of` here; this route takes",
        ),
        ("/api/holds?mode=known", "`mode`"),
        ("/api/today?limit=5", "`limit` here; this route takes none"),
        ("/api/export/holds.csv?after=3", "`after`"),
        ("/api/session?x", "`x`"),
    ] {
        let answer = server.get(&cookie, path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{path}: {detail}");
    }
    for path in [
        "/api/lots?limit=5",
        "/api/holds?limit=5",
        "/api/site?as_of=2022-02-01T00:00:00Z&mode=known",
        "/api/search?q=a",
        "/api/today",
    ] {
        let answer = server.get(&cookie, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_are_too_long_are_refused_and_nothing_is_recorded() {
    let server = Server::demo().await;
    let (_, cookie) = signed_in(&server, "crew").await;
    let before = server.read(&cookie, "/api/session").await["seq"].clone();
    let note = json!({ "id": "long", "event": "noted", "text": "x".repeat(2_001) });
    let answer = server.post(&cookie, "/api/commands", &note).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`text` has 2001 characters"), "{detail}");
    let batch = json!({ "commands": [note] });
    let answer = server.post(&cookie, "/api/commands/batch", &batch).await;
    assert_eq!(answer.json()[0]["problem"]["status"], 400);
    assert_eq!(server.read(&cookie, "/api/session").await["seq"], before);
}

/// An open stream of live updates.
async fn stream(server: &Server, who: (header::HeaderName, String)) -> BodyDataStream {
    let request = Request::get("/api/live")
        .header(who.0, who.1)
        .body(Body::empty())
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().into_data_stream()
}

/// What comes over a stream within a second, and whether it ended.
async fn heard(stream: &mut BodyDataStream) -> (String, bool) {
    let until = tokio::time::Instant::now() + Duration::from_millis(1_000);
    let mut text = String::new();
    loop {
        match tokio::time::timeout_at(until, stream.next()).await {
            Err(_) => return (text, false),
            Ok(None) => return (text, true),
            Ok(Some(part)) => text.push_str(&String::from_utf8_lossy(&part.unwrap())),
        }
    }
}

async fn disable(server: &Server, admin: &str, person: &str) {
    let path = format!("/api/accounts/{person}");
    let card = server.get(admin, &path).await;
    let mut request = send("PUT", &path, Some(admin), &json!({ "disabled": true }));
    request
        .headers_mut()
        .insert(header::IF_MATCH, card.headers[header::ETAG].clone());
    let answer = server.ask(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_tokens_and_sessions_end_together() {
    let server = Server::demo().await;
    let (_, admin) = signed_in(&server, "administrator").await;
    let cookie = |text: &str| (header::COOKIE, text.to_owned());
    let (crew, own) = signed_in(&server, "crew").await;
    let token = |label: &'static str| {
        let (server, own) = (&server, own.clone());
        async move {
            let body = json!({ "label": label, "days": 3, "read_only": true });
            let made = server.post(&own, "/api/tokens", &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
            let made = made.json();
            let secret = made["secret"].as_str().unwrap().to_owned();
            (format!("Bearer {secret}"), made["id"].as_u64().unwrap())
        }
    };
    let by = |bearer: &str| {
        Request::get("/api/session")
            .header(header::AUTHORIZATION, bearer)
            .body(Body::empty())
            .unwrap()
    };
    // An administrator sees a token and revokes it: its stream ends, and the session's does not.
    let (bearer, id) = token("scale").await;
    let listed = server
        .read(&admin, &format!("/api/accounts/{crew}/tokens"))
        .await;
    assert_eq!(listed[0]["label"], "scale");
    let mut by_token = stream(&server, (header::AUTHORIZATION, bearer.clone())).await;
    let mut by_session = stream(&server, cookie(&own)).await;
    let path = format!("/api/accounts/{crew}/tokens/{id}");
    let revoke = || send("DELETE", &path, Some(&admin), &Value::Null);
    assert_eq!(server.ask(revoke()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.ask(revoke()).await.status, StatusCode::NOT_FOUND);
    assert!(heard(&mut by_token).await.1);
    assert!(!heard(&mut by_session).await.1);
    assert_eq!(
        server.ask(by(&bearer)).await.status,
        StatusCode::UNAUTHORIZED
    );

    // All sessions ended: tokens and streams go with them.
    let (bearer, _) = token("tablet").await;
    assert_eq!(server.ask(by(&bearer)).await.status, StatusCode::OK);
    let path = format!("/api/accounts/{crew}/sessions");
    let ended = send("DELETE", &path, Some(&admin), &Value::Null);
    assert_eq!(server.ask(ended).await.status, StatusCode::NO_CONTENT);
    assert!(heard(&mut by_session).await.1);
    assert_eq!(
        server.ask(by(&bearer)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let answer = server.get(&own, "/api/session").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    // A changed password ends the other sessions and streams, and keeps the own.
    let (yard, one) = signed_in(&server, "yard_master").await;
    let other = server.sign_in(&yard, PASSWORD).await;
    let (mut kept, mut gone) = (
        stream(&server, cookie(&one)).await,
        stream(&server, cookie(&other)).await,
    );
    let body = json!({ "present": PASSWORD, "new": "correct horse battery" });
    let changed = send("PUT", "/api/session/password", Some(&one), &body);
    assert_eq!(server.ask(changed).await.status, StatusCode::NO_CONTENT);
    assert!(heard(&mut gone).await.1);
    assert!(!heard(&mut kept).await.1);

    // A disabled account.
    disable(&server, &admin, &yard).await;
    assert!(heard(&mut kept).await.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_crew_do_not_read_who_is_sick_by_any_door() {
    let server = Server::demo().await;
    let (_, officer) = signed_in(&server, "quarantine_officer").await;
    let (_, crew) = signed_in(&server, "crew").await;
    let lead = with_role(&server, "disinfection_lead").await;
    let cookie = |text: &str| (header::COOKIE, text.to_owned());
    let (mut seen, mut shown) = (
        stream(&server, cookie(&crew)).await,
        stream(&server, cookie(&officer)).await,
    );
    let now = server.read(&officer, "/api/session").await["now"].clone();
    let sick = json!({
        "id": "sick-1", "event": "person_reported_sick", "person": lead, "since": now, "exception": "E-77"
    });
    let said = server.post(&officer, "/api/commands", &sick).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.json());
    let (text, _) = heard(&mut shown).await;
    assert!(text.contains("reported sick"), "{text}");
    let (text, _) = heard(&mut seen).await;
    assert!(
        text.contains("event: record") && !text.contains("sick"),
        "{text}"
    );
    for path in [
        "/api/today",
        "/api/exceptions",
        "/api/exceptions/E-77",
        "/api/export/exceptions.csv",
        "/api/search?q=E-77",
    ] {
        let read = |answer: crate::scene::Answer| String::from_utf8(answer.body).unwrap();
        let text = read(server.get(&crew, path).await);
        assert!(!text.contains("sick"), "{path}: {text}");
    }
    let text = server.read(&officer, "/api/today").await.to_string();
    assert!(text.contains("reported sick"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_crew_do_not_read_who_is_sick_on_a_lot_that_waits_for_it() {
    let server = Server::demo().await;
    let (_, officer) = signed_in(&server, "quarantine_officer").await;
    let (_, crew) = signed_in(&server, "crew").await;
    let holds = server.read(&officer, "/api/holds?limit=1").await;
    let lot = holds["items"][0]["lot"].as_str().unwrap().to_owned();
    let path = format!("/api/lots/{lot}");
    let card = server.read(&officer, &path).await;
    let person = card["handlers"][0].as_str().unwrap();
    let since = card["timeline"][0]["at"].clone();
    let cookie = |text: &str| (header::COOKIE, text.to_owned());
    let mut seen = stream(&server, cookie(&crew)).await;
    let sick = json!({
        "id": "sick-2", "event": "person_reported_sick", "person": person, "since": since, "exception": "E-78"
    });
    let said = server.post(&officer, "/api/commands", &sick).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.json());
    let known = server.read(&officer, &path).await.to_string();
    assert!(known.contains("reported sick"), "{known}");
    let (text, _) = heard(&mut seen).await;
    assert!(
        text.contains("event: record") && !text.contains("sick"),
        "{text}"
    );
    for path in [
        path.clone(),
        format!("{path}/trace"),
        format!("/api/export/trace-{lot}.csv"),
    ] {
        let answer = server.get(&crew, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains("sick"), "{path}: {text}");
    }
}

async fn listening(server: Server) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        // The folder of the ledger lives as long as this.
        let app = server.app.clone();
        lazaret_server::serve(app, listener, None, async {
            let _ = stopped.await;
        })
        .await
        .unwrap();
        drop(server);
    });
    (address, stop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_head_is_not_waited_for_and_others_are_served() {
    let (address, _stop) = listening(Server::empty().await).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            .await
            .unwrap();
        slow.push(connection);
    }
    let mut quick = TcpStream::connect(address).await.unwrap();
    quick
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    let read = quick.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // A body that is begun and not gone on with.
    let mut body = TcpStream::connect(address).await.unwrap();
    body.write_all(
        b"POST /api/session HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n\
          Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"person\"",
    )
    .await
    .unwrap();
    slow.push(body);
    // A connection that drips is cut off all the same.
    let cut = async {
        for mut connection in slow {
            let mut bytes = Vec::new();
            let _ = connection.read_to_end(&mut bytes).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cut)
        .await
        .expect("half-sent heads stay open");
}

/// A misspelt witness is not a witness, and a misspelt `disabled` disables nobody: both are named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misspelt_fields_are_named_by_every_route() {
    let server = Server::demo().await;
    let (_, admin) = signed_in(&server, "administrator").await;
    for (path, body) in [
        ("/api/audit/verify", json!({ "witnes": {} })),
        ("/api/dispatch/propose", json!({ "witnes": 1 })),
        (
            "/api/tokens",
            json!({ "label": "x", "days": 1, "witnes": true }),
        ),
        (
            "/api/accounts",
            json!({ "person": "new", "roles": [], "witnes": 1 }),
        ),
    ] {
        let answer = server.ask(post(path, Some(&admin), &body)).await;
        let said = answer.json().to_string();
        assert!(answer.status.is_client_error(), "{path}: {said}");
        let named = said.contains("witnes") || answer.status == StatusCode::FORBIDDEN;
        assert!(named, "{path}: {said}");
    }
}

//! Who may call what: the table against the document, every route as every role, and foreign pages.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use lazaret_server::access::{Access, ROUTES};
use serde_json::{Value, json};

use crate::scene::{PASSWORD, Server, post, send};

#[test]
fn every_operation_of_the_document_has_a_line_in_the_table_and_the_other_way_round() {
    let document = serde_json::to_value(lazaret_server::document()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(described, table);
}

/// A request for a route with made-up names in its path. None of them exists, so nothing is changed by it.
fn request(method: &str, path: &str, cookie: Option<&str>) -> Request<Body> {
    let path = path
        .replace("{id}", "999")
        .replace("{seq}", "999999999")
        .replace("{file}", "nothing.csv");
    let path: String = path
        .split('/')
        .map(|part| {
            if part.starts_with('{') {
                "nobody"
            } else {
                part
            }
        })
        .collect::<Vec<_>>()
        .join("/");
    send(method, &path, cookie, &Value::Null)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_each_role_as_the_table_says() {
    let server = Server::demo().await;
    let people = server.ask(request("GET", "/api/setup", None)).await.json();
    let people = people["demo_accounts"].as_array().unwrap().clone();
    assert_eq!(
        people.len(),
        10,
        "one account for each role, and a second officer"
    );
    for (method, path, access, _) in ROUTES {
        let answer = server.ask(request(method, path, None)).await;
        assert_eq!(
            answer.status == StatusCode::UNAUTHORIZED,
            *access != Access::Public,
            "{method} {path} without a session: {}",
            answer.status
        );
    }
    for account in &people {
        let person = account["person"].as_str().unwrap();
        let role = &account["roles"][0];
        for (method, path, access, _) in ROUTES {
            // Ends the session, or reads a stream without end.
            if (*method, *path) == ("DELETE", "/api/session")
                || *path == "/api/live"
                || *access == Access::Public
            {
                continue;
            }
            let cookie = cookie(&server, person).await;
            let answer = server.ask(request(method, path, Some(&cookie))).await;
            let allowed = match access {
                Access::Roles(roles) => roles
                    .iter()
                    .any(|allowed| serde_json::to_value(allowed).unwrap() == *role),
                _ => true,
            };
            assert_eq!(
                answer.status != StatusCode::FORBIDDEN,
                allowed,
                "{method} {path} as {role}: {} {}",
                answer.status,
                answer.json()
            );
        }
    }
}

/// A session made behind the sign-in page, which would be slow and limited.
async fn cookie(server: &Server, person: &str) -> String {
    use lazaret_store::Office;
    let office = Office::new(server.app.live().store().clone());
    let now = jiff::Timestamp::now();
    let secret = lazaret_ledger::Digest::of(format!("test-{person}").as_bytes());
    let _ = office
        .open_session(
            &secret.0,
            person,
            now,
            now + jiff::SignedDuration::from_hours(1),
        )
        .await;
    // The key of a session is the digest of what its cookie says.
    format!("lazaret=test-{person}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_from_foreign_pages_are_refused() {
    let server = Server::demo().await;
    let cookie = server.sign_in("audrey", PASSWORD).await;
    let note = json!({ "id": "n-1", "event": "noted", "text": "seen" });
    let with = |name: &'static str, value: &'static str| {
        let mut request = Request::post("/api/commands")
            .header(header::COOKIE, &cookie)
            .header(header::HOST, "gate.example")
            .header(header::CONTENT_TYPE, "application/json");
        if !name.is_empty() {
            request = request.header(name, value);
        }
        request.body(Body::from(note.to_string())).unwrap()
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("", ""),
    ] {
        let answer = server.ask(with(name, value)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("origin", "https://gate.example"),
    ] {
        let answer = server.ask(with(name, value)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_carry_what_keeps_a_browser_safe() {
    let server = Server::empty().await;
    for path in ["/", "/api/setup", "/healthz", "/api/docs/", "/nothing.js"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = server.ask(request).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let format = answer.headers.get("lazaret-format");
        assert_eq!(
            format.is_some_and(|format| format == "1"),
            path.starts_with("/api/")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_passwords_is_slowed_down() {
    let server = Server::empty().await;
    let body = json!({ "person": "ada", "password": "wrong wrong wrong" });
    let mut answers = Vec::new();
    for _ in 0..14 {
        answers.push(server.ask(post("/api/session", None, &body)).await.status);
    }
    assert_eq!(answers[0], StatusCode::UNAUTHORIZED);
    assert_eq!(answers[13], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_a_route_does_not_take_is_told_with_those_that_it_does() {
    let server = Server::demo().await;
    let cookie = server.sign_in("chen", PASSWORD).await;
    let request = send("PATCH", "/api/tokens", Some(&cookie), &json!({}));
    let answer = server.ask(request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers[header::ALLOW], "GET,HEAD,POST");
    assert_eq!(answer.json()["status"], 405);
}

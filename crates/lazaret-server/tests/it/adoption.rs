//! A gateway file that has changed is compared, adopted, and where it asks for less, adopted by two.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::scene::{Answer, PASSWORD, Server, post};

const UIJU: &str = include_str!("../../../../examples/uiju/gateway.toml");

async fn adopt(server: &Server, cookie: &str, version: Option<u64>, file: &str) -> Answer {
    let mut request = post("/api/gateway/adopt", Some(cookie), &json!({ "file": file }));
    if let Some(version) = version {
        let tag = format!("\"{version}\"").parse().unwrap();
        request.headers_mut().insert("if-match", tag);
    }
    server.ask(request).await
}

async fn compare(server: &Server, cookie: &str, file: &str) -> Value {
    let body = json!({ "file": file });
    let answer = server.post(cookie, "/api/gateway/adoption", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    answer.json()
}

fn said(view: &Value, field: &str, part: &str) -> bool {
    let lines = view[field].as_array().unwrap();
    lines
        .iter()
        .any(|line| line.as_str().unwrap().contains(part))
}

fn version(view: &Value) -> Option<u64> {
    view["version"].as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_compared_and_adopted() {
    let server = Server::demo().await;
    let ada = server.sign_in("ada", PASSWORD).await;
    // First the ledger takes over what the file says, so that each difference below is one that was made here.
    let view = compare(&server, &ada, UIJU).await;
    let answer = adopt(&server, &ada, version(&view), UIJU).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    let view = compare(&server, &ada, UIJU).await;
    assert_eq!(view["changes"], json!([]), "{view}");

    let larger = UIJU.replace("slots = 1200", "slots = 1300");
    let view = compare(&server, &ada, &larger).await;
    assert!(said(&view, "differences", "yard"), "{view}");
    assert_eq!(view["weaker"], json!([]), "{view}");
    // Comparing records nothing, and adopting names the version that was compared.
    assert!(said(
        &compare(&server, &ada, &larger).await,
        "differences",
        "yard"
    ));
    let unnamed = adopt(&server, &ada, None, &larger).await;
    assert_eq!(unnamed.status, StatusCode::PRECONDITION_REQUIRED);
    let old = adopt(&server, &ada, version(&view).map(|v| v ^ 1), &larger).await;
    assert_eq!(old.status, StatusCode::PRECONDITION_FAILED);
    let answer = adopt(&server, &ada, version(&view), &larger).await;
    assert_eq!(answer.json()[0]["done"], "adopted", "{}", answer.json());
    let view = compare(&server, &ada, &larger).await;
    assert_eq!(view["changes"], json!([]), "{view}");

    // A file that cannot be read says where and why.
    let body = json!({ "file": larger.replace("slots = 1300", "slotts = 1300") });
    let wrong = server.post(&ada, "/api/gateway/adoption", &body).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = wrong.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("slotts"), "{detail}");
    // Who records nothing of the kind does not get as far as the ledger.
    let yun = server.sign_in("yun", PASSWORD).await;
    assert_eq!(
        adopt(&server, &yun, Some(1), &larger).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_asks_for_less_needs_another_person_and_time() {
    let server = Server::demo().await;
    let ada = server.sign_in("ada", PASSWORD).await;
    let chen = server.sign_in("chen", PASSWORD).await;
    let view = compare(&server, &ada, UIJU).await;
    adopt(&server, &ada, version(&view), UIJU).await;

    // A length that is left open beyond what is recorded is asked for, and the lots that are here are told of.
    let open = UIJU.replace("uniform(14 d, 30 d)", "uniform(7 d, 8 d)");
    let view = compare(&server, &ada, &open).await;
    assert!(
        said(&view, "obstacles", "hold of medicine: 7 d to 8 d"),
        "{view}"
    );
    assert_eq!(
        (&view["open"][0]["kind"], &view["open"][0]["longest"]),
        (&json!("hold"), &json!("8 d"))
    );
    assert_eq!(
        view["lots"].as_array().map(|lots| lots.len() as u64),
        view["lots_here"].as_u64()
    );
    let body = |kind: &str| json!({ "file": open, "stated": [{ "kind": kind, "amount": "8d" }], "held_too": true });
    let answer = server
        .post(&ada, "/api/gateway/adoption", &body("hold"))
        .await;
    assert_eq!(answer.json()["obstacles"], json!([]), "{}", answer.json());
    let answer = server
        .post(&ada, "/api/gateway/adoption", &body("wait"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.json());

    let shorter = UIJU.replace("\"uniform(14 d, 30 d)\"", "\"7 d\"");
    let view = compare(&server, &ada, &shorter).await;
    assert!(said(&view, "weaker", "hold"), "{view}");
    let outcomes = adopt(&server, &ada, version(&view), &shorter).await.json();
    let all = outcomes.as_array().unwrap();
    assert!(
        !all.is_empty() && all.iter().all(|one| one["done"] == "proposed"),
        "{outcomes}"
    );
    // The person who proposed it cannot adopt it, however often they ask.
    let again = adopt(&server, &ada, version(&view), &shorter).await.json();
    assert_ne!(again[0]["done"], "adopted", "{again}");
    // Another person can, and not at once.
    let outcomes = adopt(&server, &chen, version(&view), &shorter).await.json();
    let all = outcomes.as_array().unwrap();
    assert!(all.iter().all(|one| one["done"] == "waits"), "{outcomes}");
    assert!(all[0]["from"].is_string(), "{outcomes}");
    assert!(said(
        &compare(&server, &chen, &shorter).await,
        "differences",
        "hold"
    ));
}

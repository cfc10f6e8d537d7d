//! A server whose clock jumps: what it answers, and how two people start it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use serde_json::json;

use crate::scene::{PASSWORD, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_stops_every_command_shows_everywhere_and_ends_with_two_people() {
    let ahead = Arc::new(AtomicI64::new(0));
    let server = Server::demo_by(&ahead).await;
    let ada = server.sign_in("ada", PASSWORD).await;
    let chen = server.sign_in("chen", PASSWORD).await;
    let note = |id: &str| json!({ "id": id, "event": "noted", "text": "x" });
    let answer = server.post(&chen, "/api/commands", &note("n-1")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    assert_eq!(server.get(&ada, "/readyz").await.status, StatusCode::OK);
    ahead.store(6 * 86_400, Ordering::Relaxed);
    for path in ["/api/commands", "/api/commands/check"] {
        let answer = server.post(&chen, path, &note("n-2")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let problem = answer.json();
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .ends_with("clock-in-doubt")
        );
        assert!(
            problem["detail"].as_str().unwrap().contains("jumped"),
            "{problem}"
        );
    }
    let batch = json!({ "commands": [note("n-3")] });
    let answer = server
        .post(&chen, "/api/commands/batch", &batch)
        .await
        .json();
    assert_eq!(answer[0]["problem"]["status"], 503, "{answer}");
    ahead.store(0, Ordering::Relaxed);
    let ready = server.get(&ada, "/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.json()["why"].as_str().unwrap().contains("jumped"));
    for path in ["/api/session", "/api/today"] {
        let view = server.read(&chen, path).await;
        assert!(
            view["clock"]["why"].as_str().unwrap().contains("jumped"),
            "{path}"
        );
    }
    let now = server.read(&ada, "/api/session").await["clock"]["wall"].clone();
    let stated = json!({ "id": "t-1", "event": "time_stated", "time": now, "because": "a watch" });
    let answer = server.post(&chen, "/api/commands", &stated).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut stated = stated;
    stated["id"] = "t-2".into();
    let answer = server.post(&ada, "/api/commands", &stated).await.json();
    let record = answer["seq"].clone();
    let view = server.read(&chen, "/api/session").await;
    assert_eq!(view["clock"]["statement"]["by"], "ada", "{view}");
    let confirmed = |id: &str| json!({ "id": id, "event": "time_confirmed", "record": record });
    let answer = server.post(&ada, "/api/commands", &confirmed("t-3")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = server.post(&chen, "/api/commands", &confirmed("t-4")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    let answer = server.post(&chen, "/api/commands", &note("n-4")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    assert_eq!(server.get(&ada, "/readyz").await.status, StatusCode::OK);
    assert!(server.read(&chen, "/api/session").await["clock"].is_null());
}

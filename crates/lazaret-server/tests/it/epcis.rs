//! EPCIS events as files and as answers to queries.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;

use crate::scene::{PASSWORD, Server};

fn events(answer: &Value) -> Vec<Value> {
    answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        .as_array()
        .unwrap()
        .clone()
}

/// All pages of a query, by following their links.
async fn all(server: &Server, cookie: &str, query: &str, most: usize) -> Vec<Value> {
    let mut path = format!("/api/epcis/events?perPage={most}{query}");
    let mut found = Vec::new();
    loop {
        let answer = server.get(cookie, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        let page = events(&answer.json());
        assert!(page.len() <= most);
        found.extend(page);
        let Some(link) = answer.headers.get("link") else {
            return found;
        };
        let link = link.to_str().unwrap();
        let (next, rel) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        next.clone_into(&mut path);
    }
}

#[tokio::test]
async fn events_come_as_a_file_and_page_by_page() {
    let server = Server::demo().await;
    let audrey = server.sign_in("audrey", PASSWORD).await;
    let file = server.get(&audrey, "/api/export/epcis.jsonld").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers["content-type"], "application/ld+json");
    let document = file.json();
    assert_eq!(document["type"], "EPCISDocument");
    let whole = document["epcisBody"]["eventList"].as_array().unwrap();
    assert!(whole.len() > 1000, "{}", whole.len());

    // The pages are the file, whatever their size; each event once.
    for most in [7, 1000] {
        assert!(all(&server, &audrey, "", most).await == *whole, "{most}");
    }
    let names: BTreeSet<&str> = whole
        .iter()
        .map(|e| e["eventID"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), whole.len());

    // A filter gives what the file has of it.
    let lot = whole.iter().find_map(|e| e["childEPCs"][0].as_str());
    let lot = lot.unwrap();
    assert!(lot.starts_with("lazaret:lot/"), "{lot}");
    let about = |e: &&Value| e.to_string().contains(&format!("\"{lot}\""));
    let expected: Vec<&Value> = whole.iter().filter(about).collect();
    let found = all(&server, &audrey, &format!("&MATCH_anyEPC={lot}"), 2).await;
    assert!(expected.len() > 3 && found.iter().eq(expected.iter().copied()));
    let middle = whole[whole.len() / 2]["recordTime"].as_str().unwrap();
    let early = all(&server, &audrey, &format!("&LT_recordTime={middle}"), 1000).await;
    let late = all(&server, &audrey, &format!("&GE_recordTime={middle}"), 1000).await;
    assert!(!early.is_empty() && !late.is_empty());
    assert_eq!(early.len() + late.len(), whole.len());
    let stored = all(
        &server,
        &audrey,
        "&EQ_bizStep=storing,unloading&eventType=ObjectEvent",
        1000,
    )
    .await;
    assert!(!stored.is_empty() && stored.iter().all(|e| e["bizStep"] == "storing"));
    assert!(
        all(&server, &audrey, "&EXISTS_errorDeclaration=true", 1000)
            .await
            .is_empty()
    );

    // Only those who may read the whole record; and a slip is named.
    let cleo = server.sign_in("cleo", PASSWORD).await;
    for path in ["/api/epcis/events", "/api/export/epcis.jsonld"] {
        assert_eq!(server.get(&cleo, path).await.status, StatusCode::FORBIDDEN);
    }
    for (slip, says) in [
        ("EQ_bizstep=storing", "EQ_bizstep"),
        ("nextPageToken=7", "nextPageToken"),
        ("GE_eventTime=yesterday", "GE_eventTime"),
    ] {
        let answer = server
            .get(&audrey, &format!("/api/epcis/events?{slip}"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{slip}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(says), "{slip}: {detail}");
    }
}

//! What the screens are told, on weeks of simulated life.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::scene::{PASSWORD, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_sees_a_living_gateway_and_takes_a_lot_to_its_dispatch() {
    let server = Server::demo().await;
    let quinn = server.sign_in("quinn", PASSWORD).await;
    let chen = server.sign_in("chen", PASSWORD).await;
    let dima = server.sign_in("dima", PASSWORD).await;

    let today = server.read(&quinn, "/api/today").await;
    assert!(today["counts"]["held"].as_u64().unwrap() > 100, "{today}");
    assert_eq!(today["days"].as_array().unwrap().len(), 14);
    assert!(today["next_convoy"].is_object(), "{today}");
    assert!(!today["latest"].as_array().unwrap().is_empty());

    let arrivals = server.read(&quinn, "/api/arrivals").await;
    let first = &arrivals["items"][0];
    assert_eq!(first["stage"], "announced", "{first}");
    let card = server
        .read(
            &quinn,
            &format!("/api/arrivals/{}", first["convoy"].as_str().unwrap()),
        )
        .await;
    assert!(!card["lines"].as_array().unwrap().is_empty(), "{card}");

    let site = server.read(&quinn, "/api/site").await;
    let used: u64 = site["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["used"].as_u64().unwrap())
        .sum();
    assert!(used > 100);
    // A week ago there was another picture.
    let now: jiff::Timestamp = today["now"].as_str().unwrap().parse().unwrap();
    let week_ago = now - jiff::SignedDuration::from_hours(168);
    let past = server
        .read(&quinn, &format!("/api/site?as_of={week_ago}&mode=known"))
        .await;
    assert_eq!(past["live"], false);
    assert!(past["seq"].as_u64() < site["seq"].as_u64());

    let holds = server.read(&quinn, "/api/holds?limit=5").await;
    assert_eq!(holds["items"].as_array().unwrap().len(), 5);
    let next = holds["next"].as_str().unwrap();
    let encoded: String = next.bytes().map(|b| format!("%{b:02X}")).collect();
    let more = server
        .read(&quinn, &format!("/api/holds?limit=5&after={encoded}"))
        .await;
    assert_ne!(holds["items"][0]["lot"], more["items"][0]["lot"]);

    // Sign as one officer, then as the chief; then it may be loaded.
    let queue = server.read(&quinn, "/api/release-queue").await;
    let unsigned = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["you"].is_null() && row["signers"].as_array().unwrap().is_empty());
    let lot = unsigned.unwrap_or_else(|| panic!("{queue}"))["lot"]
        .as_str()
        .unwrap()
        .to_owned();
    let sign = |key: &str| json!({ "id": key, "event": "signed", "lot": lot, "signer": "x", "meaning": "release" });
    let path = format!("/api/lots/{lot}");
    let why = server.read(&quinn, &path).await;
    assert_eq!(why["may_go"], false);
    let signed = server.post(&quinn, "/api/commands", &sign("s1")).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.json());
    // The same person cannot sign twice.
    let twice = server.post(&quinn, "/api/commands", &sign("s2")).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(twice.json()["refusal"]["rule"], "G3e", "{}", twice.json());
    let signed = server.post(&chen, "/api/commands", &sign("s3")).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.json());
    let card = server.read(&quinn, &path).await;
    assert_eq!(card["may_go"], true, "{card}");
    assert_eq!(card["signatures"].as_array().unwrap().len(), 2);
    assert!(card["papers"].is_object(), "{card}");
    assert!(card["timeline"].as_array().unwrap().len() > 5);
    let trace = server.read(&quinn, &format!("{path}/trace")).await;
    assert!(!trace["back"].as_array().unwrap().is_empty());

    let board = server.read(&dima, "/api/dispatch").await;
    let departure = board["next_name"].as_str().unwrap();
    let load = json!({ "id": "l1", "event": "lot_loaded", "lot": lot, "departure": departure });
    let loaded = server.post(&dima, "/api/commands", &load).await;
    assert_eq!(loaded.status, StatusCode::OK, "{}", loaded.json());
    let proposal = server
        .post(
            &dima,
            "/api/dispatch/propose",
            &json!({ "departure": departure, "lots": 5 }),
        )
        .await
        .json();
    assert!(
        proposal["lots"].as_array().unwrap().len() <= 4,
        "{proposal}"
    );
    let view = server
        .read(&dima, &format!("/api/departures/{departure}"))
        .await;
    assert_eq!(view["lots"][0]["lot"], lot.as_str());
    let gone = json!({ "id": "d1", "event": "departed", "departure": departure, "step": "dispatch", "lots": 1 });
    let gone = server.post(&dima, "/api/commands", &gone).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.json());
    assert_eq!(server.read(&quinn, &path).await["stage"], "departed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_says_rule_fact_and_remedy_and_a_check_records_nothing() {
    let server = Server::demo().await;
    let chen = server.sign_in("chen", PASSWORD).await;
    let holds = server.read(&chen, "/api/holds?limit=1000").await;
    let waiting = holds["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .find(|row| row["earliest"].is_string())
        .unwrap();
    let before = server.read(&chen, "/api/session").await["seq"].clone();
    let sign = json!({ "id": "s1", "event": "signed", "lot": waiting["lot"], "signer": "chen", "meaning": "release" });
    let trial = server
        .post(&chen, "/api/commands/check", &sign)
        .await
        .json();
    assert_eq!(trial["accepted"], false);
    let refused = server.post(&chen, "/api/commands", &sign).await;
    let problem = refused.json();
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    // How long is left is counted anew each time.
    let timeless = |refusal: &serde_json::Value| {
        let mut refusal = refusal.clone();
        refusal["fact_data"]["left_s"].take();
        refusal
    };
    assert_eq!(timeless(&problem["refusal"]), timeless(&trial["refusal"]));
    for part in ["rule", "says", "fact", "remedy"] {
        assert!(
            !problem["refusal"][part].as_str().unwrap().is_empty(),
            "{problem}"
        );
    }
    assert_eq!(server.read(&chen, "/api/session").await["seq"], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_demonstration_can_be_run_on() {
    let server = Server::demo().await;
    let yun = server.sign_in("yun", PASSWORD).await;
    let before = server.read(&yun, "/api/today").await;
    let ran = server
        .post(&yun, "/api/demo/advance", &json!({ "seconds": 86_400 }))
        .await
        .json();
    assert!(ran["recorded"].as_u64().unwrap() > 50, "{ran}");
    let after = server.read(&yun, "/api/today").await;
    assert_ne!(before["days"][0]["date"], after["days"][0]["date"]);
    assert!(after["counts"]["lots_entered"].as_u64() > before["counts"]["lots_entered"].as_u64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_by_scan_and_by_part() {
    let server = Server::demo().await;
    let gil = server.sign_in("gil", PASSWORD).await;
    let holds = server.read(&gil, "/api/holds?limit=1").await;
    let lot = holds["items"][0]["lot"].as_str().unwrap();
    let scanned = server
        .read(&gil, &format!("/api/search?q=lazaret:lot/{lot}"))
        .await;
    assert_eq!(scanned["hits"][0]["exact"], true, "{scanned}");
    assert_eq!(scanned["hits"][0]["id"], lot);
    let part: String = lot.to_uppercase().chars().skip(2).collect();
    let found = server.read(&gil, &format!("/api/search?q={part}")).await;
    let ids: Vec<&Value> = found["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| &hit["id"])
        .collect();
    assert!(ids.contains(&&Value::from(lot)), "{found}");
    let label = server.get(&gil, &format!("/api/lots/{lot}/label")).await;
    assert!(String::from_utf8(label.body).unwrap().starts_with("<svg"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protocol_is_looked_at_before_it_is_adopted_and_names_its_version() {
    let server = Server::demo().await;
    let ada = server.sign_in("ada", PASSWORD).await;
    let answer = server.get(&ada, "/api/protocols").await;
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    let all = answer.json();
    let mut protocol = all["protocols"][0]["protocol"].clone();
    protocol["version"] = json!(protocol["version"].as_u64().unwrap() + 1);
    protocol["held_too"] = json!(true);
    protocol["from"] = server.read(&ada, "/api/session").await["now"].clone();
    let hold = protocol["hold"]["hold_s"].as_u64().unwrap();
    protocol["hold"]["hold_s"] = json!(hold + 30 * 86_400);
    let preview = server
        .post(
            &ada,
            "/api/protocols/preview",
            &json!({ "protocol": protocol }),
        )
        .await
        .json();
    assert!(preview["refusal"].is_null(), "{preview}");
    assert!(preview["total"].as_u64().unwrap() > 10, "{preview}");
    let adopt = json!({ "id": "p1", "event": "protocol_adopted", "protocol": protocol });
    let answer = server.post(&ada, "/api/commands", &adopt).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED);
    let with = |tag: &str, key: &str| {
        let mut body = adopt.clone();
        body["id"] = json!(key);
        let mut request = crate::scene::post("/api/commands", Some(&ada), &body);
        request
            .headers_mut()
            .insert("if-match", tag.parse().unwrap());
        request
    };
    let answer = server.ask(with(&tag, "p2")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    let answer = server.ask(with(&tag, "p3")).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
}

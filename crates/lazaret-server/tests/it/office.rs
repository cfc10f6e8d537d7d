//! The first administrator, accounts, tokens, two who edit at once, restarts.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::scene::{Server, cookie_of, post, send};

const LONG: &str = "a long enough password";

/// The first administrator of a new ledger.
async fn set_up(server: &Server) -> String {
    lazaret_rules(server).await;
    let path = server.app.setup_link().await.unwrap().unwrap();
    let token = path.rsplit('/').next().unwrap();
    let body = json!({ "token": token, "person": "ada", "password": LONG });
    let answer = server.ask(post("/api/setup", None, &body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    // Used once.
    let again = server.ask(post("/api/setup", None, &body)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    cookie_of(&answer)
}

async fn lazaret_rules(server: &Server) {
    use lazaret_vocabulary::event::entry::{Entry, PersonName};
    let live = server.app.live();
    let rules = lazaret_bridge::rules_of(&crate::scene::uiju());
    let now = live.now();
    let command = lazaret_ledger::Command {
        id: lazaret_ledger::CommandId::new("founding").unwrap(),
        by: PersonName::new("lazaret"),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: Entry::RulesAdopted {
            rules: Box::new(rules),
        }
        .into(),
    };
    live.submit(command).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_link_makes_an_administrator_who_makes_the_others() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    assert_eq!(server.app.setup_link().await.unwrap(), None);
    let protocols = server.read(&ada, "/api/protocols").await;
    assert!(!protocols["protocols"].as_array().unwrap().is_empty());

    let body = json!({ "person": "quinn", "roles": ["quarantine_officer"] });
    let answer = server.post(&ada, "/api/accounts", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    let path = answer.json()["path"].as_str().unwrap().to_owned();
    let token = path.rsplit('/').next().unwrap();
    // Too short: the link is not used up by it.
    let short = json!({ "token": token, "password": "short" });
    let refused = server.ask(post("/api/join", None, &short)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let joined = server
        .ask(post(
            "/api/join",
            None,
            &json!({ "token": token, "password": LONG }),
        ))
        .await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.json());
    assert_eq!(joined.json()["roles"], json!(["quarantine_officer"]));
    let quinn = cookie_of(&joined);

    // Two who edit at once: the second is told.
    let account = server.get(&ada, "/api/accounts/quinn").await;
    let tag = account.headers[header::ETAG].to_str().unwrap().to_owned();
    let change = |tag: Option<&str>, body: &Value| {
        let mut request = send("PUT", "/api/accounts/quinn", Some(&ada), body);
        if let Some(tag) = tag {
            request
                .headers_mut()
                .insert(header::IF_MATCH, tag.parse().unwrap());
        }
        request
    };
    let roles = json!({ "roles": ["chief_officer"] });
    let answer = server.ask(change(None, &roles)).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED);
    let answer = server.ask(change(Some(&tag), &roles)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    let answer = server.ask(change(Some(&tag), &roles)).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(
        server.read(&quinn, "/api/session").await["roles"],
        json!(["chief_officer"])
    );

    // Disabled: out at once.
    let account = server.get(&ada, "/api/accounts/quinn").await;
    let tag = account.headers[header::ETAG].to_str().unwrap();
    let answer = server
        .ask(change(Some(tag), &json!({ "disabled": true })))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = server.get(&quinn, "/api/session").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    // What ada looked at is on record.
    let reads = server.read(&ada, "/api/audit/reads").await;
    assert_eq!(reads["items"][0]["person"], "ada");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_does_what_its_owner_may_until_it_is_revoked() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let body = json!({ "label": "backup", "days": 7, "read_only": true });
    let made = server.post(&ada, "/api/tokens", &body).await.json();
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let ask = |method: &str, path: &str, body: &Value| {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, &bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let read = server.ask(ask("GET", "/api/today", &Value::Null)).await;
    assert_eq!(read.status, StatusCode::OK);
    let note = json!({ "id": "n", "event": "noted", "text": "no" });
    let written = server.ask(ask("POST", "/api/commands", &note)).await;
    assert_eq!(written.status, StatusCode::FORBIDDEN);
    let path = format!("/api/tokens/{}", made["id"]);
    let gone = server
        .ask(send("DELETE", &path, Some(&ada), &Value::Null))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let read = server.ask(ask("GET", "/api/today", &Value::Null)).await;
    assert_eq!(read.status, StatusCode::UNAUTHORIZED);
}

/// An account that has joined: its cookie.
async fn join(server: &Server, ada: &str, person: &str, roles: &Value) -> String {
    let body = json!({ "person": person, "roles": roles });
    let made = server.post(ada, "/api/accounts", &body).await.json();
    let token = made["path"].as_str().unwrap().rsplit('/').next().unwrap();
    let body = json!({ "token": token, "password": LONG });
    cookie_of(&server.ask(post("/api/join", None, &body)).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_opens_what_was_printed() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let gil = join(&server, &ada, "gil", &json!(["gate"])).await;
    let lots = [
        "7",
        "A/7",
        "00392/174",
        "12/7",
        "106141412345678908",
        "00106141412345678908",
        "(01)09506000134352(21)7",
        "(01)09506000134352(21)8",
    ];
    let lines: Vec<Value> = lots
        .iter()
        .map(|lot| json!({ "vehicle": "W", "lot": lot, "goods": "general", "pieces": 1, "mass_kg": 1 }))
        .collect();
    let papers = json!({
        "id": "p", "event": "manifest_announced", "manifest": "SL", "convoy": "SL", "source": "dandong", "lines": lines
    });
    let answer = server.post(&gil, "/api/commands", &papers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    for (typed, opens) in [
        ("lazaret:lot/A/7", "A/7"),
        ("A/7", "A/7"),
        ("a/7", "A/7"),
        ("lazaret:lot/12/7", "12/7"),
        ("https://gate.example/lot/12%252F7", "12/7"),
        ("lazaret:lot/00392/174", "00392/174"),
        ("lazaret:lot/00106141412345678908", "00106141412345678908"),
        ("lazaret:lot/106141412345678908", "106141412345678908"),
        ("(00)106141412345678908(10)X", "106141412345678908"),
        ("%1D0109506000134352217", "(01)09506000134352(21)7"),
        ("(01)09506000134352(21)8", "(01)09506000134352(21)8"),
    ] {
        let found = server.read(&gil, &format!("/api/search?q={typed}")).await;
        let exact: Vec<&Value> = found["hits"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|hit| hit["exact"] == true)
            .map(|hit| &hit["id"])
            .collect();
        assert_eq!(exact, [opens], "{typed}: {found}");
    }
    let bare = server.read(&gil, "/api/search?q=(01)09506000134352").await;
    assert!(
        bare["hits"]
            .as_array()
            .unwrap()
            .iter()
            .all(|hit| hit["exact"] == false),
        "{bare}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unknown_missing_or_wrong_is_named_at_every_door() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let line = json!({ "vehicle": "v", "lot": "l", "goods": "general", "pieces": 1, "mass_kg": 1, "hazard": ["3"] });
    let papers = json!({
        "id": "p", "event": "manifest_announced", "manifest": "m", "convoy": "c", "source": "dandong", "lines": [line]
    });
    let hint = "manifest_announced: `lines[0].hazard` is not a field here; did you mean `hazards`?";
    for path in ["/api/commands", "/api/commands/check"] {
        let answer = server.post(&ada, path, &papers).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["detail"], hint, "{path}");
    }
    let batch =
        json!({ "commands": [papers, { "id": "n", "event": "noted", "text": "still said" }] });
    let outcomes = server
        .post(&ada, "/api/commands/batch", &batch)
        .await
        .json();
    assert_eq!(outcomes[0]["problem"]["detail"], hint, "{outcomes}");
    assert_eq!(outcomes[0]["id"], "p");
    assert!(outcomes[1]["receipt"]["seq"].is_u64(), "{outcomes}");
    for (command, detail) in [
        (
            json!({ "event": "noted", "text": "x" }),
            "noted: `id` is missing; write it like \"tablet-7-00042\"",
        ),
        (
            json!({ "id": "a", "event": "noted", "text": "x", "acknowleged": ["near"] }),
            "noted: `acknowleged` is not a field here; did you mean `acknowledged`?",
        ),
        (
            json!({ "id": "a", "event": "capacity_changed", "place": "yard", "slots": "10" }),
            "capacity_changed: `slots` cannot be \"10\"; write it like 1",
        ),
        (
            json!({ "id": "a", "event": "noted", "text": "x", "at": "yesterday" }),
            "noted: `at` cannot be \"yesterday\"; write it like \"2026-01-05T08:10:00Z\"",
        ),
    ] {
        let answer = server.post(&ada, "/api/commands", &command).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["detail"], detail);
    }
    // A signature needs no signer in the form: what refuses it is a rule.
    let signed = json!({ "id": "s", "event": "signed", "lot": "l", "meaning": "x" });
    let answer = server.post(&ada, "/api/commands", &signed).await;
    assert_eq!(answer.json()["refusal"]["rule"], "R1", "{}", answer.json());
    // Parameters, too.
    let answer = server
        .get(&ada, "/api/lots?as_of=1995-01-01T00:00:00Z")
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&answer.body).contains("as_of"));
    // And what is only looked at.
    let preview = json!({ "protocol": { "protocol": "x", "version": 1, "from": "2026-01-05T08:00:00Z", "signature": 2 } });
    let answer = server.post(&ada, "/api/protocols/preview", &preview).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("`protocol.signatures` is missing")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_came_from_elsewhere_is_taken_over_by_its_administrator() {
    use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
    let server = Server::empty().await;
    lazaret_rules(&server).await;
    let live = server.app.live();
    let now = live.now();
    let name = PersonName::new("simulated-administrator");
    let command = lazaret_ledger::Command {
        id: lazaret_ledger::CommandId::new("first").unwrap(),
        by: name.clone(),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: Entry::PersonAppointed {
            person: name,
            roles: vec![Role::Administrator],
        }
        .into(),
    };
    live.submit(command).await.unwrap();
    let path = server.app.setup_link().await.unwrap().unwrap();
    let token = path.rsplit('/').next().unwrap();
    let body = |person: &str| json!({ "token": token, "person": person, "password": LONG });
    let refused = server.ask(post("/api/setup", None, &body("adm"))).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.json()["detail"],
        "this ledger is administered by simulated-administrator; enter that name to take over the account"
    );
    let taken = server
        .ask(post("/api/setup", None, &body("Simulated-Administrator")))
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    assert_eq!(taken.json()["person"], "simulated-administrator");
    assert_eq!(taken.json()["roles"], json!(["administrator"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_has_one_account_in_every_spelling() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let make = async |name: &str| {
        let body = json!({ "person": name, "roles": ["quarantine_officer"] });
        server.post(&ada, "/api/accounts", &body).await
    };
    let quinn = make(" quinn ").await;
    assert_eq!(quinn.status, StatusCode::CREATED, "{}", quinn.json());
    for same in ["quinn", "Quinn", "QUINN", "quinn\u{200b}", "ｑｕｉｎｎ"] {
        let answer = make(same).await;
        assert_eq!(
            answer.status,
            StatusCode::CONFLICT,
            "{same:?}: {}",
            answer.json()
        );
    }
    // Cyrillic і: another name that everybody reads as quinn.
    let alike = make("qu\u{456}nn").await;
    assert_eq!(
        alike.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        alike.json()
    );
    for bad in ["", " ", "a\nb", "\u{202e}", &"x".repeat(65)] {
        assert_eq!(make(bad).await.status, StatusCode::BAD_REQUEST, "{bad:?}");
    }
    // A spelling signs in as the person that it means.
    let path = quinn.json()["path"].as_str().unwrap().to_owned();
    let token = path.rsplit('/').next().unwrap();
    let join = json!({ "token": token, "password": LONG });
    assert_eq!(
        server.ask(post("/api/join", None, &join)).await.status,
        StatusCode::OK
    );
    let cookie = server.sign_in("QUINN", LONG).await;
    let session = server.read(&cookie, "/api/session").await;
    assert_eq!(session["person"], "quinn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_used_for_something_else_is_refused_and_shows_nothing() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let note = |text: &str| json!({ "id": "tablet-7-00042", "event": "noted", "text": text });
    let first = server.post(&ada, "/api/commands", &note("first")).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.json());
    // The same without times, a moment later, is the same command.
    let again = server.post(&ada, "/api/commands", &note("first")).await;
    assert_eq!(again.json()["already"], true, "{}", again.json());
    let batch = json!({ "commands": [note("first"), note("SECOND")] });
    let outcomes = server
        .post(&ada, "/api/commands/batch", &batch)
        .await
        .json();
    assert_eq!(outcomes[0]["receipt"]["already"], true, "{outcomes}");
    assert_eq!(
        outcomes[1]["problem"]["refusal"]["rule"], "A4",
        "{outcomes}"
    );
    let other = server.post(&ada, "/api/commands", &note("SECOND")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.json()["refusal"]["rule"], "A4", "{}", other.json());
    let looked = server
        .post(&ada, "/api/commands/check", &note("SECOND"))
        .await;
    assert_eq!(looked.json()["accepted"], false, "{}", looked.json());
    // The rule book was adopted under this key by somebody else.
    let peek = json!({ "id": "founding", "event": "noted", "text": "what is there?" });
    let peek = server.post(&ada, "/api/commands", &peek).await;
    assert_eq!(peek.status, StatusCode::UNPROCESSABLE_ENTITY);
    for answer in [&other, &peek] {
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            !text.contains("first") && !text.contains("places"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_keeps_session_record_and_key() {
    let server = Server::empty().await;
    let ada = set_up(&server).await;
    let note = json!({ "id": "note-1", "event": "noted", "text": "before" });
    let first = server.post(&ada, "/api/commands", &note).await.json();
    let server = server.restarted().await;
    let again = server.post(&ada, "/api/commands", &note).await.json();
    assert_eq!(first["seq"], again["seq"]);
    assert_eq!(first["digest"], again["digest"]);
    assert_eq!(again["already"], true);
    let proof = server
        .post(&ada, "/api/audit/verify", &json!({}))
        .await
        .json();
    assert_eq!(proof["whole"], true, "{proof}");
}

//! The watcher's board: drawn in the background, shown to those who may, a row more by form.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::{Location, Text};
use lazaret_server::{Board, Checked, Draw, Progress};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scene::{PASSWORD, Server};

/// Draws when it is told to, and calls a value that is no number wrong.
struct Slow {
    go: Mutex<Receiver<()>>,
    drawn: Mutex<Sender<String>>,
}

impl Draw for Slow {
    fn columns(&self) -> Vec<&'static str> {
        vec!["id", "best", "claim"]
    }

    fn check(&self, evidence: &str) -> Result<Checked, Vec<Diagnostic>> {
        let (mut ids, mut wrong, mut at) = (Vec::new(), Vec::new(), 0);
        for (line, text) in evidence.split_inclusive('\n').enumerate() {
            let cells: Vec<&str> = text.trim_end().split(',').collect();
            if line > 0 {
                ids.push(cells[0].to_owned());
                let start = at + cells[0].len() + 1;
                if cells[1].parse::<f64>().is_err() {
                    let here = Location {
                        text: Text::File,
                        start,
                        end: start + cells[1].len(),
                    };
                    wrong.push(
                        Diagnostic::error(
                            "no-number",
                            here,
                            format!("`{}` is no number", cells[1]),
                        )
                        .help("write a number"),
                    );
                }
            }
            at += text.len();
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Checked {
            rows: ids.len(),
            unused: ids
                .iter()
                .filter(|id| id.starts_with('U'))
                .map(|id| (id.clone(), "no observation rule says what it measures"))
                .collect(),
            known: BTreeMap::from([("id", ids)]),
            measures: Vec::new(),
        })
    }

    fn draw(&self, evidence: &str, progress: &Progress) -> Result<String, String> {
        progress.expect(10);
        progress.made(3);
        self.go
            .lock()
            .unwrap()
            .recv()
            .map_err(|error| error.to_string())?;
        self.drawn
            .lock()
            .unwrap()
            .send(evidence.to_owned())
            .unwrap();
        Ok(format!("<pre>{evidence}</pre>"))
    }
}

struct Scene {
    server: Server,
    file: PathBuf,
    go: Sender<()>,
    drawn: Receiver<String>,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("evidence.csv");
        fs::write(&file, "id,best,claim\nE1,15,fifteen\n").unwrap();
        let ((go, wait), (tell, drawn)) = (channel(), channel());
        let slow = Slow {
            go: Mutex::new(wait),
            drawn: Mutex::new(tell),
        };
        let board = Board::start(&file, slow).unwrap();
        Scene {
            server: Server::watching(board).await,
            file,
            go,
            drawn,
            _folder: folder,
        }
    }

    /// Lets one drawing go on, and waits until the board says so.
    async fn draw(&self, cookie: &str) -> Value {
        self.go.send(()).unwrap();
        self.drawn.recv().unwrap();
        loop {
            let view = self.server.read(cookie, "/api/board").await;
            if view["state"] != "drawing" {
                return view;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_drawing_and_the_page_comes_when_it_is_ready() {
    let scene = Scene::new().await;
    let chen = scene.server.sign_in("chen", PASSWORD).await;
    let view = scene.server.read(&chen, "/api/board").await;
    assert_eq!(view["state"], "drawing");
    assert_eq!(view["next_id"], "E2");
    assert_eq!(view["may_add"], true);
    assert!(view.get("shown").is_none());
    let none = scene.server.get(&chen, "/api/board/page").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let ready = scene.draw(&chen).await;
    assert_eq!(ready["state"], "ready");
    assert_eq!(ready["shown"], ready["version"]);
    let page = scene.server.get(&chen, "/api/board/page").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.body).contains("fifteen"));
    // It may be framed by our own pages, and runs nothing.
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_added_whole_or_not_at_all_and_drawn() {
    let scene = Scene::new().await;
    let chen = scene.server.sign_in("chen", PASSWORD).await;
    scene.draw(&chen).await;
    let before = scene.text();
    let wrong = json!({ "id": "E2", "best": "many" });
    let answer = scene.server.post(&chen, "/api/board/rows", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let cell = &answer.json()["cells"][0];
    assert_eq!(cell["column"], "best");
    assert_eq!(cell["value"], "many");
    assert_eq!(cell["message"], "`many` is no number; write a number");
    assert_eq!(scene.text(), before);
    // A column that the file does not have would be lost.
    let lost = json!({ "id": "E2", "best": "16", "url": "https://example.org" });
    let answer = scene.server.post(&chen, "/api/board/rows", &lost).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(scene.text(), before);
    let right = json!({ "id": "E2", "best": " 16 ", "claim": "sixteen\nor, so \"they\" say" });
    let answer = scene.server.post(&chen, "/api/board/rows", &right).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    assert_eq!(answer.json()["state"], "drawing");
    assert_eq!(answer.json()["rows"], 2);
    let line = "E2,16,\"sixteen or, so \"\"they\"\" say\"\n";
    assert_eq!(scene.text(), format!("{before}{line}"));
    // The page before stays until the next is drawn.
    let page = scene.server.get(&chen, "/api/board/page").await;
    assert!(!String::from_utf8_lossy(&page.body).contains("sixteen"));
    scene.draw(&chen).await;
    let page = scene.server.get(&chen, "/api/board/page").await;
    assert!(String::from_utf8_lossy(&page.body).contains("sixteen"));
    // Who added it is among what is noted.
    let audrey = scene.server.sign_in("audrey", PASSWORD).await;
    let reads = scene.server.read(&audrey, "/api/audit/reads").await;
    assert!(
        reads["items"].as_array().unwrap().iter().any(|read| {
            read["person"] == "chen" && read["path"].as_str().unwrap().contains("/api/board/rows")
        }),
        "{reads}"
    );
    // And it says so where a row counts for nothing.
    let unused = json!({ "id": "U1", "best": "1" });
    let answer = scene.server.post(&chen, "/api/board/rows", &unused).await;
    assert_eq!(
        answer.json()["unused"],
        "no observation rule says what it measures"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_somebody_else_changed_is_read_again_and_known_evidence_is_not_drawn_twice() {
    let scene = Scene::new().await;
    let chen = scene.server.sign_in("chen", PASSWORD).await;
    let first = scene.draw(&chen).await;
    let before = scene.text();
    fs::write(&scene.file, format!("{before}E2,no,\n")).unwrap();
    let view = scene.server.read(&chen, "/api/board").await;
    assert_eq!(view["wrong"], "line 3: `no` is no number");
    assert_eq!(view["shown"], first["version"]);
    fs::write(&scene.file, format!("{before}E2,17,more\n")).unwrap();
    let view = scene.server.read(&chen, "/api/board").await;
    assert_eq!(view["state"], "drawing");
    scene.draw(&chen).await;
    fs::write(&scene.file, &before).unwrap();
    let view = scene.server.read(&chen, "/api/board").await;
    assert_eq!(
        (&view["state"], &view["shown"]),
        (&json!("ready"), &first["version"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_is_for_those_who_may_and_has_no_screen_without_evidence() {
    let scene = Scene::new().await;
    let screens = |session: &Value| session["screens"].to_string().contains("\"board\"");
    for (person, reads, adds) in [
        ("chen", true, true),
        ("audrey", true, false),
        ("dima", false, false),
    ] {
        let cookie = scene.server.sign_in(person, PASSWORD).await;
        let session = scene.server.read(&cookie, "/api/session").await;
        assert_eq!(screens(&session), reads, "{person}");
        let status = scene.server.get(&cookie, "/api/board").await.status;
        assert_eq!(status == StatusCode::OK, reads, "{person}");
        let row = json!({ "id": format!("E-{person}"), "best": "1" });
        let status = scene
            .server
            .post(&cookie, "/api/board/rows", &row)
            .await
            .status;
        assert_eq!(
            status,
            if adds {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            },
            "{person}"
        );
    }
    let server = Server::demo().await;
    let chen = server.sign_in("chen", PASSWORD).await;
    assert!(!screens(&server.read(&chen, "/api/session").await));
    assert_eq!(
        server.get(&chen, "/api/board").await.status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn a_file_that_is_wrong_at_the_start_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.csv");
    fs::write(&file, "id,best,claim\nE1,x,\n").unwrap();
    let (_go, wait) = channel();
    let slow = Slow {
        go: Mutex::new(wait),
        drawn: Mutex::new(channel().0),
    };
    let refused = Board::start(&file, slow).map(|board| Arc::strong_count(&board));
    assert_eq!(refused.unwrap_err(), "line 2: `x` is no number");
}

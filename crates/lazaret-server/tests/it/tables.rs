//! Tables in and out.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::scene::{PASSWORD, Server};

const GOOD: &str = "manifest,convoy,source,due,vehicle,lot,goods,pieces,mass_kg,seals,sender,receiver\n\
    M-9,K-9,dandong,2022-02-20T17:10,W-901,W-901-1,medicine,40,800,S1;S2,Harbour,East clinic\n\
    M-9,K-9,dandong,2022-02-20T17:10,W-902,W-902-1,general,12,400,,,\n";

async fn send(
    server: &Server,
    cookie: &str,
    query: &str,
    kind: &str,
    body: impl Into<Body>,
) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/manifests/import{query}"))
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap();
    let answer = server.ask(request).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_table_is_announced_and_a_check_takes_nothing() {
    let server = Server::demo().await;
    let gil = server.sign_in("gil", PASSWORD).await;
    let (status, report) = send(&server, &gil, "?check=true", "text/csv", GOOD).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(
        (&report["taken"], &report["errors"]),
        (&json!(false), &json!([]))
    );
    let (status, report) = send(&server, &gil, "", "text/csv", GOOD).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["taken"], true);
    assert_eq!(report["manifests"][0]["lots"], 2);
    let card = server.read(&gil, "/api/arrivals/K-9").await;
    assert_eq!(card["stage"], "announced");
    assert_eq!(card["lines"][0]["seals"], json!(["S1", "S2"]));
    // The same papers again are refused, and the row is named.
    let (status, problem) = send(&server, &gil, "", "text/csv", GOOD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["cells"][0]["row"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_cell_is_told_at_once_and_nothing_is_taken() {
    let server = Server::demo().await;
    let gil = server.sign_in("gil", PASSWORD).await;
    let wrong = GOOD
        .replace("dandong,2022-02-20T17:10,W-901", "dandog,yesterday,W-901")
        .replace("general,12,400", "generel,-3,heavy")
        .replace("W-902-1", "W-901-1");
    let (status, problem) = send(&server, &gil, "", "text/csv", wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let told: Vec<(u64, &str)> = problem["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            (
                cell["row"].as_u64().unwrap(),
                cell["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "source"),
            (2, "due"),
            (3, "goods"),
            (3, "lot"),
            (3, "pieces"),
            (3, "mass_kg")
        ]
    );
    assert_eq!(
        server.get(&gil, "/api/arrivals/K-9").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_out_as_csv_and_excel_and_excel_comes_in() {
    let server = Server::demo().await;
    let audrey = server.sign_in("audrey", PASSWORD).await;
    for list in [
        "holds",
        "lots",
        "arrivals",
        "tests",
        "release-queue",
        "releasable",
        "vehicles",
        "people",
        "exceptions",
        "records",
    ] {
        let answer = server
            .get(&audrey, &format!("/api/export/{list}.csv"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{list}: {}", answer.json());
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            text.lines().count() > 1 || list == "releasable",
            "{list}: {text}"
        );
    }
    let book = server.get(&audrey, "/api/export/holds.xlsx").await;
    assert_eq!(&book.body[..2], b"PK");
    let lines = server.get(&audrey, "/api/export/ledger.jsonl").await;
    let count = lines.body.iter().filter(|byte| **byte == b'\n').count() as u64;
    // The first line says the format.
    assert_eq!(
        Some(count - 1),
        server.read(&audrey, "/api/session").await["seq"].as_u64()
    );
    let cleo = server.sign_in("cleo", PASSWORD).await;
    assert_eq!(
        server.get(&cleo, "/api/export/people.csv").await.status,
        StatusCode::FORBIDDEN
    );

    // A workbook written by another hand.
    let gil = server.sign_in("gil", PASSWORD).await;
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(GOOD.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let (status, report) = send(&server, &gil, "", kind, bytes).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["taken"], true);
}

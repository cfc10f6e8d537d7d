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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_can_be_taken_for_another_is_warned_of_before_it_is_taken() {
    let server = Server::demo().await;
    let gil = server.sign_in("gil", PASSWORD).await;
    let (status, report) = send(&server, &gil, "", "text/csv", GOOD).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["warnings"], json!([]));
    // The letter l where the lot of the papers before has a one.
    let alike = GOOD
        .replace("M-9,K-9", "M-10,K-10")
        .replace("W-90", "W-91")
        .replace("W-911-1", "W-90l-1");
    let (status, report) = send(&server, &gil, "?check=true", "text/csv", alike.clone()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["errors"], json!([]), "{report}");
    let warned = report["warnings"].as_array().unwrap();
    assert_eq!(warned.len(), 1, "{report}");
    assert_eq!(warned[0]["warning"], "look_alike");
    assert_eq!(
        warned[0]["fact"],
        "W-90l-1 looks like W-901-1, which is another lot"
    );
    // So is the mark of a vehicle with a letter O for a nought, or with a letter of another script.
    let marks = GOOD
        .replace("M-9,K-9", "M-11,K-11")
        .replace("W-901-1", "V-1")
        .replace("W-902-1", "V-2")
        .replace("W-901", "\u{428}-901")
        .replace("W-902", "W-9O2");
    let (status, report) = send(&server, &gil, "?check=true", "text/csv", marks).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["errors"], json!([]), "{report}");
    let warned = report["warnings"].as_array().unwrap();
    let vehicles: Vec<_> = warned
        .iter()
        .filter(|warning| {
            warning["fact"]
                .as_str()
                .unwrap()
                .ends_with("another vehicle")
        })
        .collect();
    assert_eq!(vehicles.len(), 2, "{report}");
    let (status, problem) = send(&server, &gil, "", "text/csv", alike.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["refusal"]["warning"], "look_alike", "{problem}");
    let (status, report) = send(&server, &gil, "?acknowledged=look_alike", "text/csv", alike).await;
    assert_eq!(
        (status, &report["taken"]),
        (StatusCode::OK, &json!(true)),
        "{report}"
    );
}

const STOCK: &str = "lot,goods,source,place,unit,pieces,mass_kg,arrived,unloaded,held_from,treatment,treatment_began,treatment_ended\n\
    OLD-1,general,dandong,yard,1,40,800,2021-12-01T08:00,2021-12-01T10:00,2021-12-04T09:00,disinfect,2021-12-02T08:00,2021-12-04T08:30\n\
    OLD-2,medicine,dandong,yard,1,4,80,2021-12-10T08:00,,,disinfect,2021-12-11T08:00,2021-12-13T09:00\n";

async fn stock(server: &Server, cookie: &str, query: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/stock/import{query}"))
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "text/csv")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = server.ask(request).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_is_looked_at_stated_by_one_and_confirmed_by_another() {
    let server = Server::demo().await;
    let ada = server.sign_in("ada", PASSWORD).await;
    let quinn = server.sign_in("quinn", PASSWORD).await;
    let gil = server.sign_in("gil", PASSWORD).await;
    assert_eq!(
        stock(&server, &gil, "?check=true", STOCK).await.0,
        StatusCode::FORBIDDEN
    );
    // Faults of the table and of the ledger, each with its row; nothing is taken.
    let wrong = STOCK
        .replace(",yard,", ",cellar,")
        .replace("2021-12-02T08:00", "2021-11-02T08:00");
    for query in ["?check=true", ""] {
        let (status, told) = stock(&server, &ada, query, &wrong).await;
        let cells = if query.is_empty() {
            &told["cells"]
        } else {
            &told["errors"]
        };
        assert_eq!(status.is_success(), !query.is_empty(), "{told}");
        assert_eq!(
            (&cells[0]["row"], &cells[0]["value"]),
            (&json!(2), &json!("OLD-1")),
            "{told}"
        );
    }
    let (status, told) = stock(&server, &ada, "?check=true&unknown=1", STOCK).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
    let (status, report) = stock(&server, &ada, "?check=true", STOCK).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["errors"], json!([]), "{report}");
    assert_eq!(report["record"], Value::Null);
    assert_eq!(report["lots"][0]["alone"], Value::Null);
    // Fourteen days, or what else the demonstration holds for, from when it was held.
    let witnessed = report["lots"][0]["witnessed"].as_str().unwrap().to_owned();
    assert_eq!(
        server.get(&ada, "/api/lots/OLD-1").await.status,
        StatusCode::NOT_FOUND
    );
    let (status, report) = stock(&server, &ada, "", STOCK).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let record = report["record"].as_u64().unwrap();
    let waiting = server.read(&quinn, "/api/stock").await;
    assert_eq!(
        (&waiting[0]["record"], &waiting[0]["by"]),
        (&json!(record), &json!("ada"))
    );
    assert_eq!(waiting[0]["lots"][1]["lot"], "OLD-2");
    // It is work for another person, and not for whoever stated it.
    let tasks = async |cookie: &str| {
        let today = server.read(cookie, "/api/today").await;
        let tasks = today["for_you"].as_array().unwrap().clone();
        tasks
            .into_iter()
            .find(|task| task["kind"] == "witness_stock")
    };
    let task = tasks(&quinn).await.unwrap();
    assert_eq!(
        (&task["count"], &task["screen"]),
        (&json!(2), &json!("arrivals"))
    );
    assert_eq!(tasks(&ada).await, None);
    let seen = |id: &str| json!({"id": id, "event": "stock_witnessed", "record": record});
    let own = server.post(&ada, "/api/commands", &seen("own")).await;
    assert_eq!(
        own.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        own.json()
    );
    let other = server.post(&quinn, "/api/commands", &seen("other")).await;
    assert_eq!(other.status, StatusCode::OK, "{}", other.json());
    assert_eq!(server.read(&quinn, "/api/stock").await, json!([]));
    assert_eq!(tasks(&quinn).await, None);
    let card = server.read(&quinn, "/api/lots/OLD-1").await;
    assert_eq!(card["earliest"].as_str(), Some(&*witnessed), "{card}");
    let trace = server.read(&quinn, "/api/lots/OLD-1/trace").await;
    assert!(trace.to_string().contains("dandong"), "{trace}");
}

//! Lists as tables: CSV and Excel.

use std::io::{self, Read, Seek};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::api::common::{Page, Problem};

/// Columns of each list: where each stands in a row.
pub(crate) fn columns(list: &str) -> Option<&'static [&'static str]> {
    Some(match list {
        "holds" | "lots" | "releasable" => &[
            "lot",
            "goods",
            "stage",
            "spot.place",
            "spot.unit",
            "vehicle",
            "convoy",
            "tally.pieces",
            "tally.mass_kg",
            "entered",
            "earliest",
            "days_left",
            "why",
            "signers",
            "signatures_needed",
            "exceptions",
            "recalled",
            "trial",
        ],
        "release-queue" => &[
            "lot",
            "goods",
            "spot.place",
            "spot.unit",
            "clock",
            "earliest",
            "treatment",
            "treated",
            "tests_passed",
            "tests_needed",
            "restarts",
            "signers",
            "signatures_needed",
            "may_sign",
            "spotless",
        ],
        "arrivals" => &[
            "convoy",
            "source",
            "manifest",
            "stage",
            "due",
            "arrived",
            "vehicles",
            "vehicles_here",
            "lots",
            "unloaded",
            "mass_kg",
            "amended",
            "trial",
        ],
        "tests" => &[
            "state",
            "lot",
            "goods",
            "spot.place",
            "spot.unit",
            "test",
            "not_before",
            "overdue",
            "sample",
            "taken_at",
            "taken_by",
            "outcome",
            "result_at",
            "earliest",
        ],
        "vehicles" => &[
            "vehicle",
            "mark",
            "source",
            "convoy",
            "spot.place",
            "spot.unit",
            "arrived",
            "stands_s",
            "expected",
            "emptied",
            "washed",
            "sealed",
            "may_go",
            "refusal.fact",
        ],
        "people" => &[
            "person",
            "roles",
            "cleared",
            "cleared_until",
            "days_left",
            "agents",
            "on_shift",
            "dirty",
            "sick",
            "refusal.fact",
        ],
        "exceptions" => &[
            "exception",
            "open",
            "opened_at",
            "seq",
            "because",
            "lots",
            "recalled",
        ],
        "records" => &[
            "seq",
            "recorded_at",
            "by",
            "device",
            "command",
            "words",
            "digest",
        ],
        "trace" => &["direction", "depth", "kind", "id", "at", "words"],
        _ => return None,
    })
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Csv,
    Xlsx,
}

/// A row of a table: a value for each column.
pub(crate) type Row = Vec<Value>;

/// Where the rows of a table come from, a page at a time: what one page was asked for gives the next.
pub(crate) type Source =
    Box<dyn FnMut(Option<String>) -> BoxFuture<'static, Result<Page<Row>, Problem>> + Send>;

/// Rows below the heading that a sheet of Excel has room for.
const SHEET_ROWS: u64 = 1_048_575;
/// Characters that a cell of Excel has room for.
const CELL: usize = 32_767;
/// Bytes read at a time from a workbook that is sent.
const CHUNK: usize = 64 << 10;

/// What of each item stands in which column.
pub(crate) fn rows<T: Serialize>(columns: &[&str], items: &[T]) -> Vec<Row> {
    items
        .iter()
        .map(|item| {
            let item = serde_json::to_value(item).unwrap_or_default();
            columns.iter().map(|column| at(&item, column)).collect()
        })
        .collect()
}

/// A whole list as a file to download: its rows are read as they are sent, so that a long list takes no more memory than
/// a short one.
pub(crate) async fn file(
    name: &str,
    columns: &'static [&'static str],
    mut source: Source,
    form: Form,
) -> Result<Response, Problem> {
    // The first page before anything is sent, so that what goes wrong at once is told as it should be.
    let first = source(None).await?;
    let (body, kind, ending) = match form {
        Form::Csv => (
            csv_body(columns, first, source)?,
            "text/csv; charset=utf-8",
            "csv",
        ),
        Form::Xlsx => (
            xlsx_body(columns, first, source).await?,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let disposition = format!("attachment; filename=\"{plain}.{ending}\"");
    if let Ok(value) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// What a stream of pages goes on from.
enum Next {
    Page(Page<Row>),
    After(String),
    End,
}

fn csv_body(columns: &[&str], first: Page<Row>, source: Source) -> Result<Body, Problem> {
    let head = lines(&[columns.iter().map(|name| Value::from(*name)).collect()])?;
    let head = Bytes::from([BOM, &head].concat());
    let pages = stream::try_unfold(
        (Next::Page(first), source),
        |(next, mut source)| async move {
            let page = match next {
                Next::Page(page) => page,
                // A stream that breaks off is a download that fails, not a list that is short.
                Next::After(after) => source(Some(after)).await.map_err(broken)?,
                Next::End => return Ok::<_, io::Error>(None),
            };
            let bytes = Bytes::from(lines(&page.items).map_err(broken)?);
            let next = page.next.map_or(Next::End, Next::After);
            Ok(Some((bytes, (next, source))))
        },
    );
    let head = stream::once(async { Ok::<_, io::Error>(head) });
    Ok(Body::from_stream(head.chain(pages)))
}

fn broken(problem: Problem) -> io::Error {
    tracing::error!(detail = problem.detail, "an export broke off");
    io::Error::other(problem.detail)
}

fn lines(rows: &[Row]) -> Result<Vec<u8>, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(text))
            .map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// A workbook is written to a file that has no name, row by row, and sent from there.
async fn xlsx_body(
    columns: &'static [&'static str],
    first: Page<Row>,
    mut source: Source,
) -> Result<Body, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
    let (send, receive) = mpsc::channel::<Vec<Row>>(2);
    let writing = tokio::task::spawn_blocking(move || workbook(columns, receive));
    let mut count = 0;
    let mut page = first;
    loop {
        count += page.items.len() as u64;
        if count > SHEET_ROWS {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too-long-for-excel",
                "this list is too long for a workbook",
                format!(
                    "a sheet of Excel holds {SHEET_ROWS} rows and this list is longer; take it as .csv, which has no limit"
                ),
            ));
        }
        if send.send(page.items).await.is_err() {
            break;
        }
        match page.next {
            Some(after) => page = source(Some(after)).await?,
            None => break,
        }
    }
    drop(send);
    let file = writing
        .await
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))?;
    let parts = stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut part = vec![0; CHUNK];
            let length = file.read(&mut part)?;
            part.truncate(length);
            Ok::<_, io::Error>((part, file))
        });
        let (part, file) = read.await.map_err(io::Error::other)??;
        Ok::<_, io::Error>((!part.is_empty()).then(|| (Bytes::from(part), file)))
    });
    Ok(Body::from_stream(parts))
}

fn at(row: &Value, column: &str) -> Value {
    column
        .split('.')
        .try_fold(row, |value, key| value.get(key))
        .cloned()
        .unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// What tells a spreadsheet that a table is UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A cell of CSV. A spreadsheet would run a text that begins like a formula; an apostrophe keeps it a text. What counts
/// is the text, wherever it came from: a list may begin with a name that begins with `=`.
fn text(value: &Value) -> String {
    let text = plain(value);
    if !value.is_number() && runs(&text) {
        format!("'{text}")
    } else {
        text
    }
}

/// Whether a spreadsheet may take a text for a formula: some pass over spaces and line ends before it, and take the
/// full-width signs of East Asian keyboards for the narrow ones.
fn runs(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start_matches(|c: char| {
                c.is_whitespace()
                    || c.is_control()
                    || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}')
            })
            .starts_with([
                '=', '+', '-', '@', '＝', '＋', '－', '＠', '﹢', '﹣', '﹦', '﹫', '−',
            ])
}

fn workbook(
    columns: &[&str],
    mut pages: mpsc::Receiver<Vec<Row>>,
) -> Result<std::fs::File, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let bold = Format::new().set_bold();
    sheet.set_freeze_panes(1, 0)?;
    for (column, name) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
    }
    let mut line = 1_u32;
    while let Some(rows) = pages.blocking_recv() {
        for row in rows {
            for (column, value) in (0_u16..).zip(&row) {
                match value {
                    Value::Null => {}
                    Value::Number(number) => {
                        sheet.write_number(line, column, number.as_f64().unwrap_or(0.0))?;
                    }
                    Value::Bool(value) => {
                        sheet.write_boolean(line, column, *value)?;
                    }
                    // Written as text, so that nothing in it is run.
                    other => {
                        sheet.write_string(line, column, fitting(plain(other)))?;
                    }
                }
            }
            line += 1;
        }
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(&mut file)?;
    file.rewind()?;
    Ok(file)
}

/// A text that a cell of Excel has room for; where it is cut, it says so.
fn fitting(text: String) -> String {
    if text.len() <= CELL || text.encode_utf16().count() <= CELL {
        return text;
    }
    const CUT: &str = " … (cut here; the whole text is in the .csv)";
    let mut length = 0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            length += c.len_utf16();
            length + CUT.len() <= CELL
        })
        .collect();
    kept.push_str(CUT);
    kept
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use serde_json::json;

    /// Pages of a hundred rows, and what has been asked for at the moment.
    fn pages(count: u64, asked: Arc<AtomicU64>) -> Source {
        Box::new(move |after| {
            let from: u64 = after.map_or(0, |after| after.parse().unwrap());
            asked.store(from, Ordering::SeqCst);
            let to = count.min(from + 100);
            let items = (from..to).map(|n| vec![Value::from(n), Value::from("=x")]);
            let page = Page {
                items: items.collect(),
                next: (to < count).then(|| to.to_string()),
                total: None,
            };
            Box::pin(async move { Ok(page) })
        })
    }

    #[tokio::test]
    async fn a_list_is_read_as_it_is_sent_and_comes_whole() {
        let asked = Arc::new(AtomicU64::new(0));
        let source = pages(1_000_100, Arc::clone(&asked));
        let response = file("long", &["n", "text"], source, Form::Csv)
            .await
            .unwrap();
        let mut body = response.into_body().into_data_stream();
        let (mut bytes, mut lines) = (0, 0);
        while let Some(part) = body.next().await {
            let part = part.unwrap();
            if bytes == 0 {
                assert!(part.starts_with(BOM));
            }
            // Never further ahead than the page that is being sent.
            assert!(asked.load(Ordering::SeqCst) <= lines + 100);
            bytes += part.len();
            lines += part.iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        assert_eq!(lines, 1_000_101);
    }

    #[tokio::test]
    async fn a_list_that_is_too_long_for_excel_is_refused_with_a_sentence() {
        let refused = file(
            "long",
            &["n", "text"],
            pages(SHEET_ROWS + 1, Arc::default()),
            Form::Xlsx,
        );
        let problem = refused.await.unwrap_err();
        assert_eq!(problem.status, 422);
        assert!(
            problem.detail.contains("1048575 rows"),
            "{}",
            problem.detail
        );
        let taken = file(
            "short",
            &["n", "text"],
            pages(350, Arc::default()),
            Form::Xlsx,
        );
        let body = axum::body::to_bytes(taken.await.unwrap().into_body(), 1 << 20).await;
        assert_eq!(&body.unwrap()[..2], b"PK");
    }

    #[test]
    fn a_text_too_long_for_a_cell_says_that_it_was_cut() {
        let long = "é".repeat(40_000);
        let cut = fitting(long);
        assert!(cut.encode_utf16().count() <= CELL && cut.ends_with("in the .csv)"));
        assert_eq!(fitting("short".into()), "short");
    }

    #[test]
    fn nested_values_are_found_and_formulas_stay_texts() {
        let row = json!({"spot": {"place": "yard"}, "signers": ["a", "b"], "why": "=1+1"});
        assert_eq!(text(&at(&row, "spot.place")), "yard");
        assert_eq!(text(&at(&row, "signers")), "a; b");
        assert_eq!(text(&at(&row, "why")), "'=1+1");
        assert_eq!(text(&at(&row, "nothing.here")), "");
        for cell in [
            json!(["=cmd|' /C calc'!A0"]),
            json!("\n=1+1"),
            json!("\r+1"),
            json!("\t@a"),
            json!(" =1+1"),
            json!("＝1+1"),
            json!("＋1"),
            json!("－1"),
            json!("＠a"),
            json!({"=a": 1}),
            json!(["-1", "b"]),
        ] {
            let said = text(&cell);
            assert_eq!(said.starts_with('\''), !said.starts_with('{'), "{cell}");
        }
        assert_eq!(text(&json!(-5)), "-5");
        assert_eq!(text(&json!(["a", "=b"])), "a; =b");
    }
}

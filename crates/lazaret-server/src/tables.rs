//! Lists as tables: CSV and Excel.

#[cfg(feature = "workbooks")]
mod workbook;

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::Value;

#[cfg(feature = "workbooks")]
use self::workbook::xlsx_body;
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

/// What a build without workbooks says instead of one.
#[cfg(not(feature = "workbooks"))]
async fn xlsx_body(_: &[&str], _: Page<Row>, _: Source) -> Result<Body, Problem> {
    Err(Problem::new(
        axum::http::StatusCode::NOT_IMPLEMENTED,
        "no-workbooks",
        "this server was built without workbooks",
        "take the list as .csv, or run a server that was built with `--features full`",
    ))
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

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use serde_json::json;

    /// Pages of a hundred rows, and what has been asked for at the moment.
    pub(super) fn pages(count: u64, asked: Arc<AtomicU64>) -> Source {
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

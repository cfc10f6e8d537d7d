//! Lists as tables: CSV and Excel.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Serialize;
use serde_json::Value;

use crate::api::common::Problem;

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

/// Rows as a file to download.
pub(crate) fn file<T: Serialize>(
    name: &str,
    columns: &[&str],
    rows: &[T],
    form: Form,
) -> Result<Response, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| {
            let row = serde_json::to_value(row).unwrap_or_default();
            columns.iter().map(|column| at(&row, column)).collect()
        })
        .collect();
    let (bytes, kind, ending) = match form {
        Form::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(columns).map_err(|e| failed(&e))?;
            for row in &rows {
                writer
                    .write_record(row.iter().map(text))
                    .map_err(|e| failed(&e))?;
            }
            let bytes = writer.into_inner().map_err(|e| failed(&e))?;
            (bytes, "text/csv; charset=utf-8", "csv")
        }
        Form::Xlsx => (
            workbook(columns, &rows).map_err(|e| failed(&e))?,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
    };
    let mut response = bytes.into_response();
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

/// A cell of CSV. A spreadsheet would run a text that begins like a formula; an apostrophe keeps it a text.
fn text(value: &Value) -> String {
    let text = plain(value);
    if value.is_string() && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}

fn workbook(columns: &[&str], rows: &[Vec<Value>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, name) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (column, value) in (0_u16..).zip(row) {
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
                    sheet.write_string(line, column, plain(other))?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_values_are_found_and_formulas_stay_texts() {
        let row = json!({"spot": {"place": "yard"}, "signers": ["a", "b"], "why": "=1+1"});
        assert_eq!(text(&at(&row, "spot.place")), "yard");
        assert_eq!(text(&at(&row, "signers")), "a; b");
        assert_eq!(text(&at(&row, "why")), "'=1+1");
        assert_eq!(text(&at(&row, "nothing.here")), "");
    }
}

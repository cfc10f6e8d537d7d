//! Lists as workbooks of Excel.

use std::io::{self, Read, Seek};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Row, Source, plain};
use crate::api::common::{Page, Problem};

/// Rows below the heading that a sheet of Excel has room for.
const SHEET_ROWS: u64 = 1_048_575;
/// Characters that a cell of Excel has room for.
const CELL: usize = 32_767;
/// Bytes read at a time from a workbook that is sent.
const CHUNK: usize = 64 << 10;

/// A workbook is written to a file that has no name, row by row, and sent from there.
pub(super) async fn xlsx_body(
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
                    "an Excel sheet holds {SHEET_ROWS} rows, and this list is longer; use .csv, which has no limit"
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
    const CUT: &str = " … (cut here; the full text is in the .csv)";
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

    use super::super::tests::pages;
    use super::super::{Form, file};
    use super::*;

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
}

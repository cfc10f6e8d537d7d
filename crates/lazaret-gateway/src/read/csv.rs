//! One column of a CSV file as numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Columns of CSV files that have been read: by file, column and the bits of the factor of their unit.
pub(crate) type Columns = Mutex<BTreeMap<(String, String, u64), Arc<[f64]>>>;

/// The largest CSV file that is read, in bytes.
pub(crate) const CSV_BYTES_MAX: usize = 64 << 20;

/// The numbers under the heading `column`. Rows in which it is empty are left out.
///
/// # Errors
/// What is wrong with the file, with the line.
pub(crate) fn column(text: &str, column: &str) -> Result<Vec<f64>, String> {
    if text.len() > CSV_BYTES_MAX {
        return Err(format!(
            "this CSV file has {} bytes, and {CSV_BYTES_MAX} are the most that is read",
            text.len()
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| format!("this CSV file cannot be read: {error}"))?
        .clone();
    if headers.is_empty() {
        return Err("this CSV file is empty".to_string());
    }
    let clean = |heading: &str| heading.trim_start_matches('\u{feff}').to_string();
    let Some(index) = headers.iter().position(|heading| clean(heading) == column) else {
        let names: Vec<String> = headers.iter().map(clean).collect();
        let advice = crate::diagnostic::suggest(column, "column", names.iter().map(String::as_str));
        return Err(format!("this CSV file has no column `{column}`; {advice}"));
    };
    let mut values = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(format!("this CSV file cannot be read: {error}")),
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cell = record.get(index).unwrap_or("");
        if cell.is_empty() {
            continue;
        }
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => values.push(value),
            _ => {
                return Err(format!(
                    "line {line} of this CSV file has `{cell}` under `{column}`, which is not a number"
                ));
            }
        }
    }
    if values.is_empty() {
        return Err(format!("this CSV file has no number under `{column}`"));
    }
    Ok(values)
}

//! One column of a CSV file as numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Columns of CSV files that have been read: by file, column and the bits of the factor of their unit.
pub(crate) type Columns = Mutex<BTreeMap<(String, String, u64), Arc<[f64]>>>;

/// The largest CSV file that is read, in bytes.
pub(crate) const CSV_BYTES_MAX: usize = 64 << 20;

/// The numbers under the heading `column`, and how many rows have nothing under it; those are left out.
///
/// # Errors
/// What is wrong with the file, with the line.
pub(crate) fn column(text: &str, column: &str) -> Result<(Vec<f64>, usize), String> {
    if text.len() > CSV_BYTES_MAX {
        return Err(format!(
            "this CSV file has {} bytes; the limit is {CSV_BYTES_MAX}",
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
    if headers
        .iter()
        .filter(|heading| clean(heading) == column)
        .count()
        > 1
    {
        return Err(format!(
            "this CSV file has several columns `{column}`; give each a different heading"
        ));
    }
    let (mut values, mut blank) = (Vec::new(), 0);
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
            blank += 1;
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
    Ok((values, blank))
}

#[cfg(test)]
mod tests {
    use super::column;

    #[test]
    fn a_doubled_heading_is_refused_and_blank_cells_are_counted() {
        let twice = "a,hours,hours\n1,2,3\n";
        assert!(
            column(twice, "hours")
                .unwrap_err()
                .contains("several columns `hours`")
        );
        assert_eq!(column(twice, "a").unwrap(), (vec![1.0], 0));
        assert_eq!(
            column("a,hours\n1,2\n2,\n3\n4,5\n", "hours").unwrap(),
            (vec![2.0, 5.0], 2)
        );
    }
}

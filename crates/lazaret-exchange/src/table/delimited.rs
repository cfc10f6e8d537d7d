//! Text tables: CSV with any separator, and what spreadsheets call "Unicode text".

use std::io::Cursor;

use super::cells::{CELLS_MAX, COLUMNS_MAX, Cells, too_large};
use super::encoding::decode;
use super::{Choices, Table};
use crate::headings::Field;
use crate::{Note, TableError};

/// Separators that programs write.
const SEPARATORS: [u8; 4] = *b",;\t|";
/// Rows in which headings are looked for.
const HEAD_ROWS: usize = 30;

/// Reads a text table. A row has the number that a spreadsheet shows.
pub(super) fn read(bytes: &[u8], choices: &Choices) -> Result<Table, TableError> {
    let decoded = decode(bytes, choices.encoding.as_deref())?;
    let mut notes = Vec::new();
    if decoded.guessed {
        let encoding = decoded.encoding.to_string();
        notes.push(Note::EncodingGuessed { encoding });
    } else if decoded.encoding != "UTF-8" {
        let encoding = decoded.encoding.to_string();
        notes.push(Note::EncodingRead { encoding });
    }
    let text = decoded.text.trim_start_matches('\u{feff}');
    // Excel writes `sep=;` so that it finds the separator again; the line is not part of the table.
    let (said, text) = said_separator(text);
    let separator = said.unwrap_or_else(|| likely_separator(text));
    // One line may hold them all, and the reader keeps a number for each cell of a line.
    if text.bytes().filter(|byte| *byte == separator).count() > CELLS_MAX {
        return Err(too_large(format!(
            "at most {CELLS_MAX} cells are accepted at once; split the file"
        )));
    }
    let scanned = scan(text, separator)?;
    if let Some(row) = scanned.spread {
        notes.push(Note::QuotedLines { row });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(Cursor::new(scanned.text));
    let mut cells = Cells::default();
    let mut record = csv::StringRecord::new();
    let unreadable =
        |error: csv::Error| TableError::unreadable(format!("the table cannot be read: {error}"));
    if said.is_some() {
        cells.end_row()?;
    }
    while reader.read_record(&mut record).map_err(unreadable)? {
        for (column, cell) in record.iter().enumerate().take(COLUMNS_MAX) {
            cells.put(column, cell)?;
        }
        cells.end_row()?;
    }
    Ok(Table {
        cells,
        notes,
        semicolons: separator == b';',
    })
}

/// The separator of a first line `sep=;`, and the text after it.
fn said_separator(text: &str) -> (Option<u8>, &str) {
    let line = text.lines().next().unwrap_or("");
    let bare = line.trim().trim_matches('"');
    let said = bare
        .get(..4)
        .filter(|head| head.eq_ignore_ascii_case("sep="));
    // The tab of `sep=<TAB>` is white space to `trim`.
    let mark = said.map(|_| {
        line.trim_matches('"')
            .as_bytes()
            .get(4)
            .copied()
            .unwrap_or(b'\t')
    });
    match mark {
        Some(mark) if SEPARATORS.contains(&mark) => {
            let rest = &text[line.len()..];
            let rest = rest.strip_prefix('\r').unwrap_or(rest);
            (Some(mark), rest.strip_prefix('\n').unwrap_or(rest))
        }
        _ => (None, text),
    }
}

/// The separator by which some row near the top has the most known headings; where none has any, the most frequent one.
fn likely_separator(text: &str) -> u8 {
    let rows: Vec<&str> = text.lines().take(HEAD_ROWS).collect();
    let score = |separator: u8| {
        let known = |row: &&str| {
            let cells = row.split(char::from(separator));
            cells
                .filter(|cell| Field::heads(cell.trim_matches(['"', ' '])))
                .count()
        };
        let count = |row: &&str| row.bytes().filter(|byte| *byte == separator).count();
        let best = rows.iter().map(known).max().unwrap_or(0);
        (best, rows.iter().map(count).max().unwrap_or(0))
    };
    // Of equals the first.
    SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|separator| score(*separator))
        .unwrap_or(b',')
}

struct Scanned {
    /// The text with something in its empty lines, which the reader would leave out.
    text: Vec<u8>,
    /// The row of the first cell in quotes that has both a separator and the end of a line in it.
    spread: Option<u64>,
}

/// Follows the quotes of a text as RFC 4180 has them: a quote opens only at the start of a cell.
fn scan(text: &str, separator: u8) -> Result<Scanned, TableError> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        /// After a quote within quotes: the end of the cell, or one half of a doubled quote.
        Closed,
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    let (mut at, mut row, mut opened, mut spread) = (At::Start, 1_u64, 0_u64, None);
    let (mut has_separator, mut has_line) = (false, false);
    let mut line_begins = true;
    let mut before = 0_u8;
    for &byte in text.as_bytes() {
        let ends_line = matches!(byte, b'\n' | b'\r');
        let second_half = byte == b'\n' && before == b'\r';
        if at == At::Quoted {
            match byte {
                b'"' => at = At::Closed,
                _ => {
                    has_separator |= byte == separator;
                    has_line |= ends_line;
                }
            }
        } else if byte == b'"' && at == At::Start {
            (at, opened, has_separator, has_line) = (At::Quoted, row, false, false);
        } else if byte == b'"' && at == At::Closed {
            at = At::Quoted;
        } else {
            if at == At::Closed {
                if has_separator && has_line {
                    spread = spread.or(Some(opened));
                }
                if byte != separator && !ends_line && byte != b' ' {
                    return Err(TableError::unreadable(format!(
                        "row {row}: there is text after a closing quote; write a quote within quotes twice"
                    )));
                }
            }
            if byte == separator || ends_line {
                at = At::Start;
            } else if at != At::Closed {
                at = At::Bare;
            }
            if ends_line && !second_half {
                if line_begins {
                    out.push(separator);
                }
                row += 1;
            }
        }
        line_begins = at == At::Start && ends_line;
        out.push(byte);
        before = byte;
    }
    if at == At::Quoted {
        return Err(TableError::unreadable(format!(
            "row {opened}: a quote is never closed, so everything after it would be one cell"
        )));
    }
    Ok(Scanned { text: out, spread })
}

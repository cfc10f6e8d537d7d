//! The cells of a CSV file with the places where they stand.
//!
//! RFC 4180 with either line ending. Readers of CSV give values; errors that point at characters need their bytes.

use std::borrow::Cow;

use lazaret_gateway::diagnostic::{Location, Text};

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) at: Location,
    /// Where `text` begins, if it is borrowed: after the quote of a cell that has one.
    pub(super) begins: usize,
    pub(super) line: usize,
    /// Whether it opens a quote that the file never closes.
    pub(super) unclosed: bool,
}

/// The records of `text`, each of at least one cell; blank lines are passed over.
pub(super) fn records(text: &str) -> impl Iterator<Item = Vec<Cell<'_>>> {
    let mut at = 0;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            if at >= text.len() {
                return None;
            }
            let record = record(text, &mut at, &mut line);
            if record.len() > 1 || !record[0].text.trim().is_empty() {
                return Some(record);
            }
        }
    })
}

fn record<'t>(text: &'t str, at: &mut usize, line: &mut usize) -> Vec<Cell<'t>> {
    let bytes = text.as_bytes();
    let mut cells = Vec::with_capacity(16);
    loop {
        cells.push(cell(text, at, line));
        match bytes.get(*at) {
            Some(b',') => *at += 1,
            Some(b'\r') if bytes.get(*at + 1) == Some(&b'\n') => {
                *at += 2;
                *line += 1;
                return cells;
            }
            Some(_) => {
                *at += 1;
                *line += 1;
                return cells;
            }
            None => return cells,
        }
    }
}

/// Reads up to, not including, the comma or line ending after the cell.
fn cell<'t>(text: &'t str, at: &mut usize, line: &mut usize) -> Cell<'t> {
    let bytes = text.as_bytes();
    let (start, first_line) = (*at, *line);
    let place = |end: usize| Location {
        text: Text::File,
        start,
        end,
    };
    if bytes.get(start) != Some(&b'"') {
        while let Some(byte) = bytes.get(*at)
            && !matches!(byte, b',' | b'\n')
        {
            *at += 1;
        }
        let end = if bytes.get(*at) == Some(&b'\n') && *at > start && bytes[*at - 1] == b'\r' {
            *at -= 1;
            *at
        } else {
            *at
        };
        return Cell {
            text: Cow::Borrowed(&text[start..end]),
            at: place(end),
            begins: start,
            line: first_line,
            unclosed: false,
        };
    }
    // Most quoted cells have no quote inside, and stay where they stand.
    let mut value = String::new();
    let mut from = start + 1;
    *at = from;
    let closes = loop {
        match bytes.get(*at) {
            None => {
                value.push_str(&text[from..]);
                // Only the first line is shown: the rest of the file is not its fault.
                let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
                return Cell {
                    text: Cow::Owned(value),
                    at: place(end),
                    begins: start,
                    line: first_line,
                    unclosed: true,
                };
            }
            Some(b'"') if bytes.get(*at + 1) == Some(&b'"') => {
                value.push_str(&text[from..=*at]);
                *at += 2;
                from = *at;
            }
            Some(b'"') => {
                *at += 1;
                break *at - 1;
            }
            Some(byte) => {
                *line += usize::from(*byte == b'\n');
                *at += 1;
            }
        }
    };
    // What follows a closing quote before the comma is kept, as spreadsheets do.
    let after = *at;
    while let Some(byte) = bytes.get(*at)
        && !matches!(byte, b',' | b'\n' | b'\r')
    {
        *at += 1;
    }
    let text = if value.is_empty() && from == start + 1 && *at == after {
        Cow::Borrowed(&text[from..closes])
    } else {
        value.push_str(&text[from..closes]);
        value.push_str(&text[after..*at]);
        Cow::Owned(value)
    };
    Cell {
        text,
        at: place(*at),
        begins: start + 1,
        line: first_line,
        unclosed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_line_endings() {
        let text = "a,\"b, c\",\"d \"\"e\"\"\"\r\n\n1,,x\r\nlast";
        let got: Vec<Vec<String>> = records(text)
            .map(|record| record.iter().map(|cell| cell.text.to_string()).collect())
            .collect();
        assert_eq!(got[0], ["a", "b, c", "d \"e\""]);
        assert_eq!(got[1], ["1", "", "x"]);
        assert_eq!(got[2], ["last"]);
        let lines: Vec<usize> = records(text).map(|record| record[0].line).collect();
        assert_eq!(lines, [1, 3, 4]);
        for record in records(text) {
            for cell in record {
                assert!(text.get(cell.at.start..cell.at.end).is_some());
                if let Cow::Borrowed(words) = cell.text {
                    assert!(text[cell.begins..].starts_with(words));
                }
            }
        }
    }

    #[test]
    fn only_quotes_inside_cost_memory() {
        let record = records("a,\"b, c\",\"d \"\"e\"\"\",\"f\"g,\"\"\n")
            .next()
            .unwrap();
        let words: Vec<&str> = record.iter().map(|cell| &*cell.text).collect();
        assert_eq!(words, ["a", "b, c", "d \"e\"", "fg", ""]);
        let borrowed = record
            .iter()
            .map(|cell| matches!(cell.text, Cow::Borrowed(_)));
        assert_eq!(
            borrowed.collect::<Vec<_>>(),
            [true, true, false, false, true]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_told() {
        let record = records("a,\"b\nc,d\n").next().unwrap();
        assert!(record[1].unclosed);
    }
}

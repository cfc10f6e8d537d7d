//! The cells of a table that somebody sent, in one piece of memory.
//!
//! A table of 64 MB can ask for gigabytes if each cell is an allocation, so cells are slices of one text, and how much
//! there may be of anything is counted while it comes in.

use std::io::Cursor;

use axum::http::StatusCode;

use crate::api::common::{CellError, Problem};

/// Rows taken in at once, without the headings.
pub(super) const ROWS_MAX: usize = 200_000;
/// Columns looked at; headings stand in the first few.
pub(super) const COLUMNS_MAX: usize = 64;
/// Cells kept.
const CELLS_MAX: usize = 4_000_000;
/// Bytes of all cells together.
const TEXT_MAX: usize = 64 << 20;
/// Characters of one cell, as in Excel.
const CELL_MAX: usize = 32_767;

/// Texts in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

/// Rows of cells, headings first.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    texts: Texts,
    /// How many cells have been before the end of each row.
    rows: Vec<u32>,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    cells: &'a Cells,
    from: usize,
    to: usize,
}

impl Texts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all together.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let to = *self.ends.get(at)? as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        Some(&self.text[from..to])
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    /// Empty ones, until there are `count`.
    fn fill(&mut self, count: usize) {
        self.ends.resize(count, self.text.len() as u32);
    }
}

impl Cells {
    /// How many rows there are, with the headings.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Row `at`, from 0.
    pub(crate) fn row(&self, at: usize) -> Option<Row<'_>> {
        let to = *self.rows.get(at)? as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.rows[before]) as usize;
        Some(Row {
            cells: self,
            from,
            to,
        })
    }

    /// All rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).filter_map(|at| self.row(at))
    }

    /// Puts a cell at `column` of the row in hand; columns between stay empty.
    pub(super) fn put(&mut self, column: usize, text: &str) -> Result<(), Problem> {
        let text = text.trim();
        if text.len() > CELL_MAX && text.chars().count() > CELL_MAX {
            let wrong = CellError {
                row: self.rows.len() as u64 + 1,
                column: format!("column {}", column + 1),
                value: shortened(text),
                message: format!("a cell has at most {CELL_MAX} characters"),
            };
            return Err(wrong_cells(
                "a cell is longer than a spreadsheet allows; nothing was taken",
                vec![wrong],
            ));
        }
        let begun = self.rows.last().copied().unwrap_or(0) as usize;
        let needed = (begun + column + 1).max(self.texts.len());
        if needed > CELLS_MAX || self.texts.bytes() + text.len() > TEXT_MAX {
            return Err(too_large(format!(
                "at most {CELLS_MAX} cells with {} MB of text are taken at once; split the file",
                TEXT_MAX >> 20
            )));
        }
        self.texts.fill(begun + column);
        self.texts.push(text);
        Ok(())
    }

    /// How many cells the row in hand has so far.
    pub(super) fn in_hand(&self) -> usize {
        self.texts.len() - self.rows.last().copied().unwrap_or(0) as usize
    }

    /// Ends the row in hand.
    pub(super) fn end_row(&mut self) -> Result<(), Problem> {
        if self.rows.len() > ROWS_MAX {
            return Err(too_many_rows());
        }
        self.rows.push(self.texts.len() as u32);
        Ok(())
    }

    /// Reads CSV. A row has the number that a spreadsheet shows.
    pub(super) fn from_csv(bytes: &[u8]) -> Result<Cells, Problem> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Problem::bad_request("the file is not UTF-8; save it as CSV UTF-8"))?
            .trim_start_matches('\u{feff}');
        // Offices whose decimal sign is a comma write semicolons.
        let first = text.lines().next().unwrap_or("");
        let delimiter = if first.contains(';') && !first.contains(',') {
            b';'
        } else {
            b','
        };
        // One line may hold them all, and the reader keeps a number for each cell of a line.
        if text.bytes().filter(|byte| *byte == delimiter).count() > CELLS_MAX {
            return Err(too_large(format!(
                "at most {CELLS_MAX} cells are taken at once; split the file"
            )));
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Cursor::new(with_empty_rows(text, delimiter)));
        let mut cells = Cells::default();
        let mut record = csv::StringRecord::new();
        let unreadable =
            |error: csv::Error| Problem::bad_request(format!("the table cannot be read: {error}"));
        while reader.read_record(&mut record).map_err(unreadable)? {
            for (column, cell) in record.iter().enumerate().take(COLUMNS_MAX) {
                cells.put(column, cell)?;
            }
            cells.end_row()?;
        }
        Ok(cells)
    }
}

impl<'a> Row<'a> {
    /// The cell at `column`; none beyond the last that was written.
    pub(crate) fn get(self, column: usize) -> Option<&'a str> {
        let at = self.from + column;
        (at < self.to).then(|| self.cells.texts.get(at)).flatten()
    }

    /// All its cells.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.to - self.from).filter_map(move |column| self.get(column))
    }
}

/// As much of a cell as an answer shows.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The refusal of a table for its wrong cells.
pub(crate) fn wrong_cells(detail: impl Into<String>, cells: Vec<CellError>) -> Problem {
    let mut problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "wrong-cells",
        "the table has wrong cells",
        detail,
    );
    problem.cells = cells;
    problem
}

pub(super) fn too_many_rows() -> Problem {
    too_large(format!(
        "at most {ROWS_MAX} rows are taken at once; split the file"
    ))
}

pub(super) fn too_large(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "table-too-large",
        "the table is too large",
        detail,
    )
}

/// The text with something in its empty lines, which the reader would leave out.
fn with_empty_rows(text: &str, delimiter: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let (mut quoted, mut begins) = (false, true);
    for &byte in text.as_bytes() {
        if begins && !quoted && matches!(byte, b'\n' | b'\r') && out.last() != Some(&b'\r') {
            out.push(delimiter);
        }
        quoted ^= byte == b'"';
        begins = matches!(byte, b'\n' | b'\r');
        out.push(byte);
    }
    out
}

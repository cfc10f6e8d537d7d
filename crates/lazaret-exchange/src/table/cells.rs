//! The cells of a table that somebody sent, in one piece of memory.
//!
//! A table of 64 MB can ask for gigabytes if each cell is an allocation, so cells are slices of one text, and how much
//! there may be of anything is counted while it comes in.

use crate::{CellError, Fault, TableError, Wrong, shortened};

/// Rows taken in at once, without the headings.
pub(super) const ROWS_MAX: usize = 200_000;
/// Columns looked at; headings stand in the first few.
pub(super) const COLUMNS_MAX: usize = 64;
/// Cells kept.
pub(super) const CELLS_MAX: usize = 4_000_000;
/// Bytes of all cells together.
const TEXT_MAX: usize = 64 << 20;
/// Characters of one cell, as in Excel.
const CELL_MAX: usize = 32_767;
/// Groups of merged cells that are kept.
const MERGED_MAX: usize = 10_000;

/// Texts in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

/// What a cell holds, as far as its file says. A text file says nothing: all its cells are text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    #[default]
    Text,
    /// A number that a spreadsheet keeps exactly.
    Number,
    /// A number of more digits than a spreadsheet keeps: its last ones are lost.
    Spoilt,
    /// A date, with or without a time.
    Date,
    /// A time of day without a date.
    Time,
    /// The error of a formula, such as `#N/A`.
    Error,
    /// True or false.
    Truth,
}

/// Rows of cells.
#[derive(Debug, Default)]
pub struct Cells {
    texts: Texts,
    /// Of each cell.
    kinds: Vec<Kind>,
    /// How many cells have been before the end of each row.
    rows: Vec<u32>,
    /// Cells that are one: first and last row and column, from 0.
    merged: Vec<[usize; 4]>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
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
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Row `at`, from 0.
    pub fn row(&self, at: usize) -> Option<Row<'_>> {
        let to = *self.rows.get(at)? as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.rows[before]) as usize;
        Some(Row {
            cells: self,
            from,
            to,
        })
    }

    /// All rows.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).filter_map(|at| self.row(at))
    }

    /// The first cell of those that are one with the cell at `row` and `column`, all from 0.
    pub fn merged_with(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        self.merged
            .iter()
            .find(|[top, left, bottom, right]| {
                (*top..=*bottom).contains(&row) && (*left..=*right).contains(&column)
            })
            .map(|[top, left, ..]| (*top, *left))
            .filter(|first| *first != (row, column))
    }

    /// Notes that some cells are one.
    pub(super) fn merge(&mut self, corners: [usize; 4]) {
        // More than any list of papers has; what is beyond is told as an empty cell.
        if self.merged.len() < MERGED_MAX {
            self.merged.push(corners);
        }
    }

    /// Puts a text at `column` of the row in hand; columns between stay empty.
    pub(super) fn put(&mut self, column: usize, text: &str) -> Result<(), TableError> {
        self.put_as(column, text, Kind::Text)
    }

    /// The same of a cell whose file says what it holds.
    pub(super) fn put_as(
        &mut self,
        column: usize,
        text: &str,
        kind: Kind,
    ) -> Result<(), TableError> {
        let text = text.trim();
        if text.len() > CELL_MAX && text.chars().count() > CELL_MAX {
            let wrong = CellError {
                row: self.rows.len() as u64 + 1,
                column: format!("column {}", column + 1),
                value: shortened(text),
                wrong: Wrong::CellTooLong { most: CELL_MAX },
            };
            return Err(wrong_cells(
                "a cell is longer than a spreadsheet allows; nothing was imported",
                vec![wrong],
            ));
        }
        let begun = self.rows.last().copied().unwrap_or(0) as usize;
        let needed = (begun + column + 1).max(self.texts.len());
        if needed > CELLS_MAX || self.texts.bytes() + text.len() > TEXT_MAX {
            return Err(too_large(format!(
                "at most {CELLS_MAX} cells with {} MB of text are accepted at once; split the file",
                TEXT_MAX >> 20
            )));
        }
        self.texts.fill(begun + column);
        self.texts.push(text);
        self.kinds.resize(self.texts.len() - 1, Kind::Text);
        self.kinds.push(kind);
        Ok(())
    }

    /// The same table with some rows emptied, so that the others keep their numbers.
    pub(super) fn without(&self, left_out: &[usize]) -> Result<Cells, TableError> {
        let mut kept = Cells {
            merged: self.merged.clone(),
            ..Cells::default()
        };
        for (at, row) in self.iter().enumerate() {
            if left_out.binary_search(&at).is_err() {
                for (column, cell) in row.iter().enumerate() {
                    kept.put_as(column, cell, row.kind(column))?;
                }
            }
            kept.end_row()?;
        }
        Ok(kept)
    }

    /// How many cells the row in hand has so far.
    pub(super) fn in_hand(&self) -> usize {
        self.texts.len() - self.rows.last().copied().unwrap_or(0) as usize
    }

    /// Ends the row in hand.
    pub(super) fn end_row(&mut self) -> Result<(), TableError> {
        if self.rows.len() > ROWS_MAX {
            return Err(too_many_rows());
        }
        self.rows.push(self.texts.len() as u32);
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// The cell at `column`; none beyond the last that was written.
    pub fn get(self, column: usize) -> Option<&'a str> {
        let at = self.from + column;
        (at < self.to).then(|| self.cells.texts.get(at)).flatten()
    }

    /// What the cell at `column` holds.
    pub fn kind(self, column: usize) -> Kind {
        let at = self.from + column;
        let kind = (at < self.to).then(|| self.cells.kinds.get(at)).flatten();
        kind.copied().unwrap_or_default()
    }

    /// All its cells.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.to - self.from).filter_map(move |column| self.get(column))
    }
}

/// The refusal of a table for its wrong cells.
pub(super) fn wrong_cells(detail: impl Into<String>, cells: Vec<CellError>) -> TableError {
    TableError {
        cells,
        ..TableError::new(Fault::WrongCells, detail)
    }
}

pub(super) fn too_many_rows() -> TableError {
    too_large(format!(
        "at most {ROWS_MAX} rows are accepted at once; split the file"
    ))
}

pub(super) fn too_large(detail: impl Into<String>) -> TableError {
    TableError::new(Fault::TooLarge, detail)
}

//! Rows of cells from a file, whatever program wrote it.

mod cells;
mod delimited;
mod encoding;
mod workbook;

pub use cells::{Cells, Kind, Row};

use crate::{Fault, Note, TableError};

/// What the sender of a table said about it. Everything may be left out; what cannot be decided then is asked.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The encoding of a text file, by its label, such as `gbk` or `euc-kr`.
    pub encoding: Option<String>,
    /// The sheet of a workbook, by its name.
    pub sheet: Option<String>,
    /// Whether to read rows that the sheet hides; asked if there are any.
    pub hidden_rows: Option<bool>,
}

/// A table, and what was decided while it was read.
#[derive(Debug, Default)]
pub struct Table {
    /// Its cells.
    pub cells: Cells,
    /// The encoding of a text file, the sheet of a workbook, and whatever else was decided.
    pub notes: Vec<Note>,
    /// Whether cells are separated by semicolons, as programs do where the decimal mark is a comma.
    pub semicolons: bool,
}

impl Table {
    /// Reads a file.
    ///
    /// * `kind` — its content type. The first bytes decide between text and workbook, so a wrong type does no harm.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for another kind of file, [`Fault::TooLarge`] beyond a limit, [`Fault::WrongCells`] for
    /// cells that no table can have, [`Fault::Unreadable`] for a damaged file or where a choice must be made first.
    pub fn read(bytes: &[u8], kind: &str, choices: &Choices) -> Result<Table, TableError> {
        if bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return workbook::read(bytes, choices);
        }
        let text = kind.starts_with("text/") || kind.contains("csv");
        if text || kind.contains("octet-stream") || kind.contains("ms-excel") {
            return delimited::read(bytes, choices);
        }
        if kind.contains("spreadsheetml") {
            return workbook::read(bytes, choices);
        }
        Err(TableError::new(
            Fault::Unsupported,
            "send a table as text (CSV, or with tabs) or as an Excel workbook (.xlsx)",
        ))
    }
}

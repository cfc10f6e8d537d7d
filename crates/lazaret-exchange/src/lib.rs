//! Papers in as people have them.
//!
//! A clerk's table comes in the encoding, with the separators, headings, title lines and totals of the program that wrote
//! it. [`table::Table::read`] makes rows of cells of it and says what it had to decide; [`manifest::read`] makes papers of
//! those, [`stock::read`] a list of what was here before. Two rules hold throughout: a cell's display is not its value, so whatever a spreadsheet has spoilt is refused with
//! the reason; and nothing is guessed in silence, so whatever was decided is told, and whatever cannot be decided is asked.

pub mod headings;
pub mod manifest;
mod note;
pub mod numbers;
mod rows;
pub mod stock;
pub mod table;
mod wrong;

pub use note::Note;
pub use wrong::{Wanted, Wrong};

/// What is wrong with one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// The row that a spreadsheet shows, from 1.
    pub row: u64,
    /// The column's heading, or its number if it has none.
    pub column: String,
    /// What is in it, at most 200 characters.
    pub value: String,
    /// What is wrong and what is expected; English is its display.
    pub wrong: Wrong,
}

/// Why a table is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read, or a choice has to be made first.
    Unreadable,
    /// It is a kind of file that is not taken.
    Unsupported,
    /// It is larger than is taken at once. Nothing beyond the limit was kept in memory.
    TooLarge,
    /// Some cells are wrong; `cells` names them.
    WrongCells,
}

/// A refused table. Nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    /// The kind of fault.
    pub fault: Fault,
    /// What is wrong and what to do.
    pub detail: String,
    /// The cells that are wrong, if it is about cells.
    pub cells: Vec<CellError>,
}

impl TableError {
    fn new(fault: Fault, detail: impl Into<String>) -> Self {
        TableError {
            fault,
            detail: detail.into(),
            cells: Vec::new(),
        }
    }

    fn unreadable(detail: impl Into<String>) -> Self {
        TableError::new(Fault::Unreadable, detail)
    }
}

/// As much of a text as an answer shows.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

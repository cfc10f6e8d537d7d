//! Goods that were here before the ledger: a table of them, and who confirms it.

use lazaret_exchange::Note;
use lazaret_vocabulary::event::entry::StockLot;
use lazaret_vocabulary::event::{LotId, Spot};
use serde::Serialize;
use utoipa::ToSchema;

use super::arrivals::{ImportWarning, ImportedColumn};
use super::common::{At, CellError};

table_query! {
    /// How a table of stock is taken in.
    pub struct StockQuery {
        /// Where all of it came from, if the file has no column `source`.
        pub source: Option<String>,
    }
}

/// A lot of a table of stock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockRow {
    /// The row that a spreadsheet shows it in first.
    pub row: u64,
    /// The lot.
    #[schema(value_type = String)]
    pub lot: LotId,
    /// Where it is.
    pub spot: Spot,
    /// When its hold would be over if nobody witnessed its past; none while it has not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<At>,
    /// When it would be over once its past is witnessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<At>,
}

/// What a table of stock holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockReport {
    /// Rows read, without the header.
    pub rows: u64,
    /// Its lots with their dates; empty while anything is wrong.
    pub lots: Vec<StockRow>,
    /// Every wrong cell. If there is any, nothing was recorded.
    pub errors: Vec<CellError>,
    /// Warnings that must be acknowledged by name, each with what it says.
    pub warnings: Vec<ImportWarning>,
    /// The record that states them, if they were recorded. Another person confirms it by `stock_witnessed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// What each column was taken for.
    pub columns: Vec<ImportedColumn>,
    /// What was decided while the file was read: its encoding, its sheet, rows that were left out. English.
    pub notes: Vec<String>,
    /// The same as data, in the same order.
    pub notes_data: Vec<Note>,
}

/// A statement of stock that waits for a second person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockStatement {
    /// The record that states it.
    pub record: u64,
    /// Who stated it.
    pub by: String,
    /// When it was recorded.
    pub at: At,
    /// Its lots that are here, with what is stated of each.
    pub lots: Vec<StockLot>,
}

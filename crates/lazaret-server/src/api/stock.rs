//! Goods that were here before the ledger: a table of them, and who confirms it.

use lazaret_vocabulary::event::entry::StockLot;
use lazaret_vocabulary::event::{LotId, Spot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::arrivals::{ImportWarning, ImportedColumn};
use super::common::{At, CellError};

/// How a table of stock is taken in.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StockQuery {
    /// Only look: report what would be recorded and every wrong cell, take nothing.
    #[serde(default)]
    pub check: bool,
    /// Where all of it came from, if the file has no column `source`.
    pub source: Option<String>,
    /// The encoding of a text file, such as `gbk` or `euc-kr`; found if it is left out.
    pub encoding: Option<String>,
    /// The sheet of a workbook; asked if several have something in them.
    pub sheet: Option<String>,
    /// Whether rows that the sheet hides are read; asked if there are any.
    pub hidden_rows: Option<bool>,
    /// What headings mean that are not known, as `HEADING:FIELD`, or `HEADING:-` to leave the column out, parted by `|`.
    pub columns: Option<String>,
    /// The decimal mark, `point` or `comma`; asked where the table does not show it.
    pub decimal: Option<String>,
    /// What comes first in `05/12/2026`, `day` or `month`; asked where a date does not show it.
    pub days: Option<String>,
    /// Round masses to whole kilograms.
    #[serde(default)]
    pub round: bool,
    /// A cell that is merged with one above or before it says the same.
    #[serde(default)]
    pub fill_merged: bool,
    /// Warnings that were seen, by name and parted by commas, such as `look_alike`.
    pub acknowledged: Option<String>,
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
    /// What was decided while the file was read.
    pub notes: Vec<String>,
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

//! Tables of papers as they come over HTTP: what the request says of them, and what the reader answers.

use axum::http::StatusCode;
use jiff::tz::TimeZone;
use lazaret_exchange::headings::Field;
use lazaret_exchange::manifest::{Column, DayOrder, Found, Place, Said};
use lazaret_exchange::numbers::DecimalMark;
use lazaret_exchange::table::{Choices, Table};
use lazaret_exchange::{Fault, Note, TableError};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::State;
use lazaret_ledger::segregation::Class;
use lazaret_vocabulary::event::VehicleId;
use lazaret_vocabulary::event::entry::StockLot;

use crate::api::arrivals::{ImportQuery, ImportedColumn};
use crate::api::common::{CellError, Problem};
use crate::api::stock::StockQuery;
use crate::api::table::TableChoices;
use crate::api::vehicles::MarkCheck;
use crate::view::vehicles::mark_check;

/// What a file of papers holds.
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) found: Vec<Found>,
    pub(crate) errors: Vec<CellError>,
    pub(crate) columns: Vec<ImportedColumn>,
    pub(crate) notes: Vec<Note>,
}

/// Reads papers from a file.
///
/// * `kind` — its content type.
pub(crate) fn read(
    bytes: &[u8],
    kind: &str,
    query: &ImportQuery,
    gateway: &Gateway,
) -> Result<Read, Problem> {
    let (choices, said) = said(&query.choices(), &Field::ALL)?;
    let said = Said {
        manifest: query.manifest.clone(),
        convoy: query.convoy.clone(),
        source: query.source.clone(),
        due: query.due.map(|at| at.0),
        ..said
    };
    let table = Table::read(bytes, kind, &choices).map_err(problem)?;
    let sources: Vec<&str> = gateway.sources.iter().map(|s| s.name.as_str()).collect();
    let goods: Vec<&str> = gateway.goods.iter().map(|g| g.name.as_str()).collect();
    let place = Place {
        sources: &sources,
        goods: &goods,
        zone: &gateway.time_zone,
        is_hazard,
    };
    let read = lazaret_exchange::manifest::read(&table, &said, place).map_err(problem)?;
    Ok(Read {
        rows: read.rows,
        found: read.found,
        errors: read.errors.into_iter().map(cell).collect(),
        columns: read.columns.into_iter().map(column).collect(),
        notes: read.notes,
    })
}

/// What a file of stock holds.
#[derive(Debug)]
pub struct StockRead {
    /// Rows read, without the header.
    pub rows: u64,
    /// The lots, each with the row that a spreadsheet shows it in first.
    pub lots: Vec<(u64, StockLot)>,
    /// Every wrong cell. If there is any, nothing must be recorded.
    pub errors: Vec<CellError>,
    /// What each column was taken for.
    pub columns: Vec<ImportedColumn>,
    /// What was decided while the file was read.
    pub notes: Vec<Note>,
}

/// What a line of a list of stock may name, by the rules in force.
#[derive(Clone, Debug)]
pub struct Known {
    sources: Vec<String>,
    goods: Vec<String>,
    zone: TimeZone,
}

impl Known {
    /// What the rules of a ledger know; nothing before it has any.
    #[must_use]
    pub fn of(state: &State) -> Known {
        let rules = state.rules();
        let zone = rules.and_then(|rules| TimeZone::get(&rules.time_zone).ok());
        Known {
            sources: (rules.into_iter().flat_map(|rules| &rules.vehicles))
                .map(|rule| rule.source.to_string())
                .collect(),
            goods: (rules.into_iter().flat_map(|rules| &rules.goods))
                .map(|rule| rule.goods.to_string())
                .collect(),
            zone: zone.unwrap_or(TimeZone::UTC),
        }
    }
}

/// Reads a list of stock from a file.
///
/// * `kind` — its content type.
///
/// # Errors
/// If it is not a table, or a choice has to be made first. Wrong cells are in [`StockRead::errors`].
pub fn stock(
    bytes: &[u8],
    kind: &str,
    query: &StockQuery,
    known: &Known,
) -> Result<StockRead, Problem> {
    let (choices, said) = said(&query.choices(), &Field::STOCK)?;
    let said = Said {
        source: query.source.clone(),
        ..said
    };
    let table = Table::read(bytes, kind, &choices).map_err(problem)?;
    let (sources, goods) = (texts(&known.sources), texts(&known.goods));
    let place = Place {
        sources: &sources,
        goods: &goods,
        zone: &known.zone,
        is_hazard,
    };
    let read = lazaret_exchange::stock::read(&table, &said, place).map_err(problem)?;
    Ok(StockRead {
        rows: read.rows,
        lots: read.lots,
        errors: read.errors.into_iter().map(cell).collect(),
        columns: read.columns.into_iter().map(column).collect(),
        notes: read.notes,
    })
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn is_hazard(text: &str) -> bool {
    Class::read(text).is_some()
}

fn column(column: Column) -> ImportedColumn {
    ImportedColumn {
        heading: column.heading,
        field: column.field.map(|field| field.name().to_owned()),
        said: column.said,
        samples: column.samples,
    }
}

/// What the request says of the table, or what is wrong with that.
///
/// * `known` — what its columns can be.
fn said(asked: &TableChoices, known: &[Field]) -> Result<(Choices, Said), Problem> {
    let choices = Choices {
        encoding: asked.encoding.clone(),
        sheet: asked.sheet.clone(),
        hidden_rows: asked.hidden_rows,
    };
    let said = Said {
        columns: columns(asked.columns.as_deref(), known)?,
        decimal: decimal(asked.decimal.as_deref())?,
        days: days(asked.days.as_deref())?,
        round: asked.round,
        fill_merged: asked.fill_merged,
        ..Said::default()
    };
    Ok((choices, said))
}

fn wrong(name: &str, value: &str, expected: &str) -> Problem {
    Problem::bad_request(format!("`{name}={value}`: write {expected}"))
}

fn decimal(text: Option<&str>) -> Result<Option<DecimalMark>, Problem> {
    let named = |text: &str| {
        DecimalMark::named(text).ok_or_else(|| wrong("decimal", text, "point or comma"))
    };
    text.map(named).transpose()
}

fn days(text: Option<&str>) -> Result<Option<DayOrder>, Problem> {
    let named =
        |text: &str| DayOrder::named(text).ok_or_else(|| wrong("days", text, "day or month"));
    text.map(named).transpose()
}

/// Headings that the request gives a field to, or leaves out.
fn columns(text: Option<&str>, known: &[Field]) -> Result<Vec<(String, Option<Field>)>, Problem> {
    let mut columns = Vec::new();
    for part in text.unwrap_or("").split('|') {
        if part.is_empty() {
            continue;
        }
        let fields: Vec<&str> = known.iter().map(|field| field.name()).collect();
        let fields = fields.join(", ");
        let expected = format!("HEADING:FIELD or HEADING:-, where FIELD is one of {fields}");
        let (heading, field) = part
            .rsplit_once(':')
            .ok_or_else(|| wrong("columns", part, &expected))?;
        let field = match field.trim() {
            "-" => None,
            name => {
                Some(Field::named(name, known).ok_or_else(|| wrong("columns", part, &expected))?)
            }
        };
        columns.push((heading.trim().to_owned(), field));
    }
    Ok(columns)
}

/// Refuses a table that has wrong cells, unless it is only looked at.
///
/// * `done` — what was not done.
pub(crate) fn none_wrong(errors: &[CellError], check: bool, done: &str) -> Result<(), Problem> {
    if errors.is_empty() || check {
        return Ok(());
    }
    let detail = format!("{} cells are wrong; nothing was {done}", errors.len());
    Err(wrong_cells(detail, errors.to_vec()))
}

/// Names of a query that are parted by commas.
pub(crate) fn names(text: Option<&str>) -> Vec<String> {
    let names = text.unwrap_or("").split(',').map(str::trim);
    (names.filter(|name| !name.is_empty()))
        .map(str::to_owned)
        .collect()
}

/// Vehicles whose marks fail their check digit.
pub(crate) fn unverified(vehicles: &[VehicleId]) -> Vec<VehicleId> {
    (vehicles.iter())
        .filter(|vehicle| mark_check(vehicle.as_str()) == MarkCheck::Fails)
        .cloned()
        .collect()
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

fn cell(error: lazaret_exchange::CellError) -> CellError {
    CellError {
        row: error.row,
        column: error.column,
        value: error.value,
        message: error.wrong.to_string(),
        wrong: Some(error.wrong),
        refusal: None,
    }
}

fn problem(error: TableError) -> Problem {
    match error.fault {
        Fault::Unreadable => Problem::bad_request(error.detail),
        Fault::Unsupported => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-table",
            "this kind of file is not accepted",
            error.detail,
        ),
        Fault::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "table-too-large",
            "the table is too large",
            error.detail,
        ),
        Fault::WrongCells => wrong_cells(error.detail, error.cells.into_iter().map(cell).collect()),
    }
}

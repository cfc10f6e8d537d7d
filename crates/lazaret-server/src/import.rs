//! Tables of papers as they come over HTTP: what the request says of them, and what the reader answers.

use axum::http::StatusCode;
use lazaret_exchange::headings::Field;
use lazaret_exchange::manifest::{DayOrder, Found, Place, Said};
use lazaret_exchange::numbers::DecimalMark;
use lazaret_exchange::table::{Choices, Table};
use lazaret_exchange::{Fault, Note, TableError};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::segregation::Class;
use lazaret_vocabulary::event::VehicleId;

use crate::api::arrivals::{ImportQuery, ImportedColumn};
use crate::api::common::{CellError, Problem};
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
    let choices = Choices {
        encoding: query.encoding.clone(),
        sheet: query.sheet.clone(),
        hidden_rows: query.hidden_rows,
    };
    let said = said(query)?;
    let table = Table::read(bytes, kind, &choices).map_err(problem)?;
    let sources: Vec<&str> = gateway.sources.iter().map(|s| s.name.as_str()).collect();
    let goods: Vec<&str> = gateway.goods.iter().map(|g| g.name.as_str()).collect();
    let place = Place {
        sources: &sources,
        goods: &goods,
        zone: &gateway.time_zone,
        is_hazard: |text| Class::read(text).is_some(),
    };
    let read = lazaret_exchange::manifest::read(&table, &said, place).map_err(problem)?;
    let columns = (read.columns.into_iter())
        .map(|column| ImportedColumn {
            heading: column.heading,
            field: column.field.map(|field| field.name().to_owned()),
            said: column.said,
            samples: column.samples,
        })
        .collect();
    Ok(Read {
        rows: read.rows,
        found: read.found,
        errors: read.errors.into_iter().map(cell).collect(),
        columns,
        notes: read.notes,
    })
}

/// What the request says, or what is wrong with it.
fn said(query: &ImportQuery) -> Result<Said, Problem> {
    let wrong = |name: &str, value: &str, expected: &str| {
        Problem::bad_request(format!("`{name}={value}`: write {expected}"))
    };
    let decimal = (query.decimal.as_deref())
        .map(|text| {
            DecimalMark::named(text).ok_or_else(|| wrong("decimal", text, "point or comma"))
        })
        .transpose()?;
    let days = (query.days.as_deref())
        .map(|text| DayOrder::named(text).ok_or_else(|| wrong("days", text, "day or month")))
        .transpose()?;
    let mut columns = Vec::new();
    for part in query.columns.as_deref().unwrap_or("").split('|') {
        if part.is_empty() {
            continue;
        }
        let fields = Field::ALL.map(Field::name).join(", ");
        let expected = format!("HEADING:FIELD or HEADING:-, where FIELD is one of {fields}");
        let (heading, field) = part
            .rsplit_once(':')
            .ok_or_else(|| wrong("columns", part, &expected))?;
        let field = match field.trim() {
            "-" => None,
            name => Some(Field::named(name).ok_or_else(|| wrong("columns", part, &expected))?),
        };
        columns.push((heading.trim().to_owned(), field));
    }
    Ok(Said {
        manifest: query.manifest.clone(),
        convoy: query.convoy.clone(),
        source: query.source.clone(),
        due: query.due.map(|at| at.0),
        columns,
        decimal,
        days,
        round: query.round,
        fill_merged: query.fill_merged,
    })
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

//! Goods that were here before the ledger: looked at, stated by one person, and witnessed by another.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, Refusal, StockOutlook, look_at_stock};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, StockLot};

use super::commands;
use super::import::{Sent, reading};
use crate::api::arrivals::ImportWarning;
use crate::api::commands::CommandRequest;
use crate::api::common::{Answer, At, CellError, NotDone, Problem};
use crate::api::stock::{StockQuery, StockReport, StockRow, StockStatement};
use crate::app::{App, refused};
use crate::guard::Who;
use crate::import::{self, Known, StockRead};

/// A table of stock to fill in: the headings that are always known, and one line that shows how.
#[utoipa::path(
    get,
    path = "/api/stock/template.csv",
    tag = "files",
    responses(
        (status = 200, description = "The table.", body = String, content_type = "text/csv"),
        NotDone
    )
)]
pub(crate) async fn stock_template() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8")],
        lazaret_exchange::stock::template(),
    )
}

/// Statements of stock that wait for a second person. They confirm one by the command `stock_witnessed`.
#[utoipa::path(get, path = "/api/stock", tag = "screens", responses((status = 200, description = "Done.", body = Vec<StockStatement>), NotDone))]
pub(crate) async fn stock(State(app): State<App>) -> Answer<Vec<StockStatement>> {
    waiting(&app).await.map(Json)
}

/// Takes in a table of goods that were here before the ledger: CSV (`text/csv`) or Excel
/// (`application/vnd.openxmlformats-officedocument.spreadsheetml.sheet`).
///
/// Every wrong cell and every lot that the rules refuse is reported at once with its row, and nothing is recorded unless all
/// is right. The lots are then held from the record on; of their past nothing counts until another person confirms it.
#[utoipa::path(
    post,
    path = "/api/stock/import",
    tag = "files",
    params(StockQuery),
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ), description = "The table."),
    responses(
        (status = 200, description = "Checked, and recorded if it is right and `check` is false.", body = StockReport),
        (status = "default", description = "Not done; `cells` lists what is wrong.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn import_stock(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<StockQuery>,
    sent: Sent,
) -> Answer<StockReport> {
    let asked = query.clone();
    let (known, _) = app.look(None, |state, _| Known::of(state)).await?;
    let read =
        move |sent: &Sent, _: &Gateway| import::stock(&sent.bytes, &sent.kind, &asked, &known);
    let table = reading(&app, sent, read).await?;
    taken(&app, &who, table, &query).await.map(Json)
}

/// What waits for a second person, as it was recorded.
async fn waiting(app: &App) -> Result<Vec<StockStatement>, Problem> {
    let (waiting, _) = app.look(None, |state, _| state.stock_waiting()).await?;
    let mut told = Vec::with_capacity(waiting.len());
    for stated in waiting {
        let stored = app.0.live.store().after(stated.record - 1, 1).await?;
        let record = stored
            .first()
            .map(lazaret_store::Stored::record)
            .transpose()?;
        let events = record.into_iter().flat_map(|record| record.events);
        let lots = events.flat_map(|event| match event.happening {
            Happening::Entry(Entry::StockRecorded { lots }) => lots,
            _ => Vec::new(),
        });
        told.push(StockStatement {
            record: stated.record,
            by: stated.by.to_string(),
            at: At(stated.at),
            lots: lots.filter(|lot| stated.lots.contains(&lot.lot)).collect(),
        });
    }
    Ok(told)
}

/// What is told of a table, after it was recorded unless it is only looked at.
async fn taken(
    app: &App,
    who: &Who,
    table: StockRead,
    query: &StockQuery,
) -> Result<StockReport, Problem> {
    let rows: Vec<u64> = table.lots.iter().map(|(row, _)| *row).collect();
    let lots: Vec<StockLot> = table.lots.into_iter().map(|(_, lot)| lot).collect();
    let mut report = StockReport {
        rows: table.rows,
        lots: Vec::new(),
        errors: table.errors,
        warnings: Vec::new(),
        record: None,
        columns: table.columns,
        notes: table.notes.iter().map(ToString::to_string).collect(),
        notes_data: table.notes,
    };
    if report.errors.is_empty() && !lots.is_empty() {
        let request = request_of(lots.clone(), query.acknowledged.as_deref())?;
        let command = commands::command_of(app, &who.person, request)?;
        let (faults, outlook) = looked_at(app, &command).await?;
        let refused =
            (faults.iter()).map(|(at, refusal)| refused_lot(rows[*at], &lots[*at], refusal));
        report.errors.extend(refused);
        report.lots = (rows.iter().zip(&lots).zip(outlook))
            .map(|((row, lot), outlook)| row_of(*row, lot, &outlook))
            .collect();
        if report.errors.is_empty() && query.check {
            report.warnings = warnings_of(app, &command).await?;
        } else if report.errors.is_empty() {
            report.record = Some(app.0.live.submit(command).await?.seq);
        }
    }
    import::none_wrong(&report.errors, query.check, "recorded")?;
    Ok(report)
}

fn request_of(lots: Vec<StockLot>, acknowledged: Option<&str>) -> Result<CommandRequest, Problem> {
    let (text, _) = crate::secrets::Secret::new()?;
    Ok(CommandRequest {
        id: format!("stock-{}", &text[..32]),
        issued_at: None,
        at: None,
        device: None,
        site: None,
        crew: Vec::new(),
        acknowledged: import::names(acknowledged),
        corrects: None,
        what: Entry::StockRecorded { lots }.into(),
    })
}

async fn looked_at(
    app: &App,
    command: &Command,
) -> Result<(Vec<(usize, Refusal)>, Vec<StockOutlook>), Problem> {
    let (looked, _) = app
        .look(None, |state, now| look_at_stock(state, command, now))
        .await?;
    looked.map_err(|refusal| refused(&refusal))
}

async fn warnings_of(app: &App, command: &Command) -> Result<Vec<ImportWarning>, Problem> {
    let (told, _) = app
        .look(None, |state, now| {
            lazaret_ledger::warnings(state, command, now)
        })
        .await?;
    let told = told.map_err(|refusal| refused(&refusal))?;
    Ok(told.into_iter().map(ImportWarning::from).collect())
}

fn refused_lot(row: u64, lot: &StockLot, refusal: &Refusal) -> CellError {
    CellError {
        row,
        column: "lot".into(),
        value: lot.lot.to_string(),
        message: format!("{}; {}", refusal.fact, refusal.remedy),
        wrong: None,
        refusal: Some(Box::new(refusal.into())),
    }
}

fn row_of(row: u64, lot: &StockLot, outlook: &StockOutlook) -> StockRow {
    StockRow {
        row,
        lot: lot.lot.clone(),
        spot: lot.spot.clone(),
        alone: outlook.alone.map(At),
        witnessed: outlook.witnessed.map(At),
    }
}

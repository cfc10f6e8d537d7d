//! Tables and labels, in and out, and live updates.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::response::Response;

use crate::api::arrivals::{ImportQuery, ImportReport};
use crate::api::common::{Answer, Problem};
use crate::api::live::LiveRecord;

/// Takes in a table of manifests: CSV (`text/csv`) or Excel
/// (`application/vnd.openxmlformats-officedocument.spreadsheetml.sheet`).
///
/// Columns: manifest, convoy, source, due, vehicle, lot, goods, pieces, mass_kg, hazards, seals, sender, receiver.
/// Every wrong cell is reported at once, and nothing is taken unless all is right.
#[utoipa::path(
    post,
    path = "/api/manifests/import",
    tag = "files",
    params(ImportQuery),
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ), description = "The table."),
    responses(
        (status = 200, description = "Looked at, and taken if it is right and not only a check.", body = ImportReport),
        (status = "default", description = "Not done; `cells` lists what is wrong.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn import_manifests(
    Query(_query): Query<ImportQuery>,
    _body: Bytes,
) -> Answer<ImportReport> {
    Err::<Json<_>, _>(Problem::unavailable("no ledger is open"))
}

/// A whole list as a table: `holds.csv`, `holds.xlsx`; lists are holds, lots, arrivals, tests, release-queue,
/// releasable, vehicles, people, exceptions, records, trace-<lot>. `ledger.jsonl` is the whole ledger.
#[utoipa::path(
    get,
    path = "/api/export/{file}",
    tag = "files",
    params(("file" = String, Path, description = "List and format.")),
    responses(
        (status = 200, description = "The table.", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/jsonl")
        )),
        (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn export(Path(_file): Path<String>) -> Result<Response, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// A label to print, SVG: name, class, QR code.
#[utoipa::path(
    get,
    path = "/api/lots/{lot}/label",
    tag = "files",
    params(("lot" = String, Path, description = "Which.")),
    responses(
        (status = 200, description = "The label.", body = String, content_type = "image/svg+xml"),
        (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn label(Path(_lot): Path<String>) -> Result<Response, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Live updates as server-sent events: `event: record` with a LiveRecord as data, `event: lost` when so many were
/// missed that everything should be read again. Goes on after `Last-Event-ID`.
#[utoipa::path(
    get,
    path = "/api/live",
    tag = "files",
    responses(
        (status = 200, description = "The stream.", body = LiveRecord, content_type = "text/event-stream"),
        (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn live() -> Result<Response, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

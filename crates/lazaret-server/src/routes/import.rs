//! Tables of papers, taken in.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use lazaret_exchange::manifest::Found;
use lazaret_vocabulary::event::entry::{Entry, ManifestId};
use tokio::sync::Semaphore;

use super::commands;
use crate::api::arrivals::{ImportQuery, ImportReport, ImportedManifest};
use crate::api::common::{Answer, CellError, NotDone, Problem};
use crate::app::App;
use crate::guard::Who;
use crate::import::{self, Read};
use crate::view::trial;

/// Tables are read one after another: each may take some 200 MB while it is.
static READING: Semaphore = Semaphore::const_new(1);

/// A table to fill in: the headings that are always known, and one line that shows how.
#[utoipa::path(
    get,
    path = "/api/manifests/template.csv",
    tag = "files",
    responses(
        (status = 200, description = "The table.", body = String, content_type = "text/csv"),
        NotDone
    )
)]
pub(crate) async fn manifest_template() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8")],
        lazaret_exchange::manifest::template(),
    )
}

/// Takes in a table of manifests: CSV (`text/csv`) or Excel
/// (`application/vnd.openxmlformats-officedocument.spreadsheetml.sheet`).
///
/// Text tables may have any separator and encoding, and headings in the usual words of English, German, Korean, Chinese
/// and Russian. What was decided is in `notes` and `columns`; what cannot be decided is asked as a wrong cell or a
/// problem. Every wrong cell is reported at once, and nothing is taken unless all is right.
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
        (status = 200, description = "Checked, and imported if it is right and `check` is false.", body = ImportReport),
        (status = "default", description = "Not done; `cells` lists what is wrong.", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn import_manifests(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<ImportReport> {
    let mut table = read(&app, &query, &headers, body).await?;
    if table.errors.is_empty() {
        table.errors = refused(&app, &who, &table.found).await?;
    }
    if !table.errors.is_empty() && !query.check {
        let detail = format!(
            "{} cells are wrong; nothing was imported",
            table.errors.len()
        );
        return Err(import::wrong_cells(detail, table.errors));
    }
    let found = std::mem::take(&mut table.found);
    let manifests = take(&app, &who, found, !query.check).await?;
    Ok(Json(report(table, manifests, !query.check)))
}

/// What was read and announced.
fn report(table: Read, manifests: Vec<ImportedManifest>, go: bool) -> ImportReport {
    ImportReport {
        rows: table.rows,
        taken: go && !manifests.is_empty(),
        manifests,
        errors: table.errors,
        columns: table.columns,
        notes: table.notes.iter().map(ToString::to_string).collect(),
        notes_data: table.notes,
    }
}

/// Reads the table, one after another.
async fn read(
    app: &App,
    query: &ImportQuery,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Read, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("").to_lowercase();
    let failed = |why: String| Problem::internal(why);
    let mut gateway = app.0.gateway.clone();
    (gateway.time_zone, _) = app.look(None, |state, _| app.zone(state)).await?;
    let turn = READING.acquire().await;
    let turn = turn.map_err(|error| failed(error.to_string()))?;
    let query = query.clone();
    let reading =
        tokio::task::spawn_blocking(move || import::read(&body, &kind, &query, &gateway)).await;
    drop(turn);
    reading.map_err(|error| failed(error.to_string()))?
}

/// The papers that the ledger would refuse.
async fn refused(app: &App, who: &Who, found: &[Found]) -> Result<Vec<CellError>, Problem> {
    let (refused, _) = app
        .look(None, |state, now| {
            let refusal = |found: &Found| {
                let refusal = trial(state, now, &who.person, found.entry.clone().into()).err()?;
                // A mark that fails its check is kept as unverified; the report names it.
                refusal.warning.is_none().then(|| CellError {
                    row: found.row,
                    column: "manifest".into(),
                    value: found.manifest.to_string(),
                    message: format!("{}; {}", refusal.fact, refusal.remedy),
                    wrong: None,
                    refusal: Some(Box::new((&refusal).into())),
                })
            };
            found.iter().filter_map(refusal).collect()
        })
        .await?;
    Ok(refused)
}

/// Announces the papers; all or none.
///
/// * `go` — otherwise they are only told of.
async fn take(
    app: &App,
    who: &Who,
    found: Vec<Found>,
    go: bool,
) -> Result<Vec<ImportedManifest>, Problem> {
    let mut announced = Vec::new();
    let mut manifests = Vec::new();
    for found in found {
        let mut seq = None;
        if go {
            match announce(app, who, found.entry).await {
                Ok(recorded) => seq = Some(recorded),
                Err(problem) => {
                    // Somebody was quicker between the look and the announcement: take back what went before.
                    take_back(app, who, &announced).await?;
                    return Err(problem);
                }
            }
            announced.push(found.manifest.clone());
        }
        manifests.push(ImportedManifest {
            manifest: found.manifest,
            convoy: found.convoy,
            vehicles: u32::try_from(found.vehicles.len()).unwrap_or(u32::MAX),
            lots: found.lots,
            unverified: import::unverified(&found.vehicles),
            seq,
        });
    }
    Ok(manifests)
}

async fn announce(app: &App, who: &Who, entry: Entry) -> Result<u64, Problem> {
    let (text, _) = crate::secrets::Secret::new()?;
    let request = crate::api::commands::CommandRequest {
        id: format!("import-{}", &text[..32]),
        issued_at: None,
        at: None,
        device: None,
        site: None,
        crew: Vec::new(),
        acknowledged: vec!["unverified_mark".into()],
        corrects: None,
        what: entry.into(),
    };
    let command = commands::command_of(app, &who.person, request)?;
    Ok(app.0.live.submit(command).await?.seq)
}

async fn take_back(app: &App, who: &Who, announced: &[ManifestId]) -> Result<(), Problem> {
    for manifest in announced {
        let withheld = Entry::ManifestWithheld {
            manifest: manifest.clone(),
            because: "another part of the same file was refused".into(),
        };
        commands::say(app, &who.person, withheld).await?;
    }
    Ok(())
}

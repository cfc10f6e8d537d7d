//! Tables of papers, taken in.

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lazaret_exchange::manifest::Found;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, Warning};
use lazaret_vocabulary::event::entry::{Entry, ManifestId};
use tokio::sync::Semaphore;

use super::commands;
use crate::api::arrivals::{ImportQuery, ImportReport, ImportWarning, ImportedManifest};
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
    sent: Sent,
) -> Answer<ImportReport> {
    let asked = query.clone();
    let read = move |sent: &Sent, gateway: &Gateway| {
        import::read(&sent.bytes, &sent.kind, &asked, gateway)
    };
    let mut table = reading(&app, sent, read).await?;
    if table.errors.is_empty() {
        table.errors = refused(&app, &who, &table.found).await?;
    }
    import::none_wrong(&table.errors, query.check, "imported")?;
    report(&app, &who, table, &query).await.map(Json)
}

/// What is told of a table, after its papers were announced unless it is only looked at.
async fn report(
    app: &App,
    who: &Who,
    table: Read,
    query: &ImportQuery,
) -> Result<ImportReport, Problem> {
    let warnings = if table.errors.is_empty() {
        alike(app, who, &table.found).await?
    } else {
        Vec::new()
    };
    let seen = import::names(query.acknowledged.as_deref());
    let manifests = take(app, who, table.found, !query.check, &seen).await?;
    Ok(ImportReport {
        rows: table.rows,
        taken: !query.check && !manifests.is_empty(),
        manifests,
        errors: table.errors,
        columns: table.columns,
        notes: table.notes.iter().map(ToString::to_string).collect(),
        notes_data: table.notes,
        warnings,
    })
}

/// A table as it was sent.
pub(crate) struct Sent {
    /// Its content type.
    pub(crate) kind: String,
    pub(crate) bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or("").to_lowercase();
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(IntoResponse::into_response)?;
        Ok(Sent { kind, bytes })
    }
}

/// Reads a table of whatever kind, one after another.
pub(crate) async fn reading<T: Send + 'static>(
    app: &App,
    sent: Sent,
    read: impl FnOnce(&Sent, &Gateway) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |why: String| Problem::internal(why);
    let mut gateway = app.0.gateway.clone();
    (gateway.time_zone, _) = app.look(None, |state, _| app.zone(state)).await?;
    let turn = READING.acquire().await;
    let turn = turn.map_err(|error| failed(error.to_string()))?;
    let reading = tokio::task::spawn_blocking(move || read(&sent, &gateway)).await;
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

/// What must be acknowledged before the papers are announced. Marks that fail their check digit are told of by themselves.
async fn alike(app: &App, who: &Who, found: &[Found]) -> Result<Vec<ImportWarning>, Problem> {
    let mut commands = Vec::with_capacity(found.len());
    for found in found {
        commands.push(announcement(app, who, found.entry.clone(), &[])?);
    }
    let (told, _) = app
        .look(None, |state, now| {
            let met = |command| lazaret_ledger::warnings(state, command, now).unwrap_or_default();
            (commands.iter().flat_map(met))
                .filter(|(warning, _)| *warning != Warning::UnverifiedMark)
                .map(ImportWarning::from)
                .collect()
        })
        .await?;
    Ok(told)
}

/// Announces the papers; all or none.
///
/// * `go` — otherwise they are only told of; `seen` — warnings that were seen, by name.
async fn take(
    app: &App,
    who: &Who,
    found: Vec<Found>,
    go: bool,
    seen: &[String],
) -> Result<Vec<ImportedManifest>, Problem> {
    let mut announced = Vec::new();
    let mut manifests = Vec::new();
    for found in found {
        let mut seq = None;
        if go {
            match announce(app, who, found.entry, seen).await {
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

async fn announce(app: &App, who: &Who, entry: Entry, seen: &[String]) -> Result<u64, Problem> {
    let command = announcement(app, who, entry, seen)?;
    Ok(app.0.live.submit(command).await?.seq)
}

fn announcement(app: &App, who: &Who, entry: Entry, seen: &[String]) -> Result<Command, Problem> {
    let (text, _) = crate::secrets::Secret::new()?;
    let mut acknowledged = seen.to_vec();
    acknowledged.push("unverified_mark".into());
    let request = crate::api::commands::CommandRequest {
        id: format!("import-{}", &text[..32]),
        issued_at: None,
        at: None,
        device: None,
        site: None,
        crew: Vec::new(),
        acknowledged,
        corrects: None,
        what: entry.into(),
    };
    commands::command_of(app, &who.person, request)
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

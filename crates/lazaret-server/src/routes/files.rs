//! Tables and labels, in and out, and live updates.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use lazaret_ledger::chain::Record;
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::Entry;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

use super::{audit, boards, commands, lots};
use crate::access::{allows, may_export};
use crate::api::arrivals::{ArrivalQuery, ImportQuery, ImportReport, ImportedManifest};
use crate::api::audit::AuditQuery;
use crate::api::common::{Answer, CellError, Page, PageQuery, Problem};
use crate::api::exceptions::ExceptionQuery;
use crate::api::live::LiveRecord;
use crate::api::lots::{LotQuery, TraceNode};
use crate::api::vehicles::VehicleQuery;
use crate::api::work::{TestQuery, TestState};
use crate::app::App;
use crate::guard::Who;
use crate::tables::{Form, columns, file};
use crate::view::{timeline, trial};
use crate::words::name;
use crate::{label as label_of, manifest};

/// Rows of an exported list. Beyond it the ledger itself is the better export.
const ROWS_MAX: usize = 1_000_000;
/// Tables are read one after another: each may take some 200 MB while it is.
static READING: Semaphore = Semaphore::const_new(1);

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
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<ImportReport> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_lowercase();
    let (app_apart, query_apart) = (app.clone(), query.clone());
    let turn = READING
        .acquire()
        .await
        .map_err(|error| Problem::internal(error.to_string()))?;
    let mut read = tokio::task::spawn_blocking(move || {
        let cells = manifest::cells(&body, &kind)?;
        manifest::read(&cells, &query_apart, &app_apart.0.gateway)
    })
    .await
    .map_err(|error| Problem::internal(error.to_string()))??;
    drop(turn);
    if read.errors.is_empty() {
        let (refused, _) = app
            .look(None, |state, now| {
                read.found
                    .iter()
                    .filter_map(|found| {
                        let refusal =
                            trial(state, now, &who.person, found.entry.clone().into()).err()?;
                        // A mark that fails its check is kept as unverified; the report names it.
                        refusal.warning.is_none().then(|| CellError {
                            row: found.row,
                            column: "manifest".into(),
                            value: found.manifest.to_string(),
                            message: format!("{}; {}", refusal.fact, refusal.remedy),
                        })
                    })
                    .collect::<Vec<_>>()
            })
            .await?;
        read.errors = refused;
    }
    let mut report = ImportReport {
        rows: read.rows,
        manifests: Vec::new(),
        taken: false,
        errors: read.errors,
    };
    let go = report.errors.is_empty() && !query.check;
    let mut announced = Vec::new();
    for found in read.found {
        let seq = if go {
            let said = announce(&app, &who, found.entry).await;
            match said {
                Ok(seq) => {
                    announced.push(found.manifest.clone());
                    Some(seq)
                }
                Err(problem) => {
                    // Somebody was quicker between the look and the announcement: take back what went before.
                    take_back(&app, &who, &announced).await?;
                    return Err(problem);
                }
            }
        } else {
            None
        };
        report.manifests.push(ImportedManifest {
            manifest: found.manifest,
            convoy: found.convoy,
            vehicles: found.vehicles,
            lots: found.lots,
            unverified: found.unverified,
            seq,
        });
    }
    report.taken = go && !report.manifests.is_empty();
    if !report.errors.is_empty() && !query.check {
        let detail = format!("{} cells are wrong; nothing was taken", report.errors.len());
        return Err(manifest::wrong_cells(detail, report.errors));
    }
    Ok(Json(report))
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

async fn take_back(
    app: &App,
    who: &Who,
    announced: &[lazaret_vocabulary::event::entry::ManifestId],
) -> Result<(), Problem> {
    for manifest in announced {
        let withheld = Entry::ManifestWithheld {
            manifest: manifest.clone(),
            because: "another part of the same file was refused".into(),
        };
        commands::say(app, &who.person, withheld).await?;
    }
    Ok(())
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
pub(crate) async fn export(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(asked): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found(format!("there is no table {asked}; try holds.csv"));
    let (list, ending) = asked.rsplit_once('.').ok_or_else(unknown)?;
    if !allows(may_export(list), &who.roles) {
        return Err(Problem::not_allowed(format!(
            "{} may not export {list}",
            who.person
        )));
    }
    let form = match ending {
        "csv" => Form::Csv,
        "xlsx" => Form::Xlsx,
        "jsonl" if list == "ledger" => return ledger(&app),
        _ => return Err(unknown()),
    };
    let name = if list.starts_with("trace-") {
        "trace"
    } else {
        list
    };
    let columns = columns(name).ok_or_else(unknown)?;
    let page = |after: Option<String>| PageQuery {
        after,
        limit: Some(1000),
    };
    macro_rules! all {
        (|$after:ident| $page:expr) => {{
            let mut rows = Vec::new();
            let mut $after: Option<String> = None;
            loop {
                let Json(Page { items, next, .. }) = $page.await?;
                rows.extend(items);
                $after = next;
                if $after.is_none() || rows.len() >= ROWS_MAX {
                    break;
                }
            }
            file(list, columns, &rows, form)
        }};
    }
    let me = || Extension(who.clone());
    match name {
        "holds" => all!(|after| lots::holds(State(app.clone()), Query(page(after)))),
        "releasable" => all!(|after| lots::releasable(State(app.clone()), Query(page(after)))),
        "release-queue" => {
            all!(|after| lots::release_queue(State(app.clone()), me(), Query(page(after))))
        }
        "lots" => all!(|after| lots::lots(
            State(app.clone()),
            Query(LotQuery {
                after,
                limit: Some(1000),
                ..LotQuery::default()
            })
        )),
        "arrivals" => all!(|after| boards::arrivals(
            State(app.clone()),
            Query(ArrivalQuery {
                after,
                limit: Some(1000),
                ..ArrivalQuery::default()
            })
        )),
        "vehicles" => all!(|after| boards::vehicles(
            State(app.clone()),
            me(),
            Query(VehicleQuery {
                after,
                limit: Some(1000),
                ..VehicleQuery::default()
            })
        )),
        "exceptions" => all!(|after| boards::exceptions(
            State(app.clone()),
            Query(ExceptionQuery {
                all: true,
                after,
                limit: Some(1000),
            })
        )),
        "records" => all!(|after| audit::records(
            State(app.clone()),
            Query(AuditQuery {
                after,
                limit: Some(1000),
                ..AuditQuery::default()
            })
        )),
        "people" => {
            let Json(rows) = boards::people(State(app.clone())).await?;
            file(list, columns, &rows, form)
        }
        "tests" => {
            let mut rows = Vec::new();
            for state in [TestState::Due, TestState::Open, TestState::Done] {
                let mut after = None;
                loop {
                    let query = TestQuery {
                        state,
                        test: None,
                        after,
                        limit: Some(1000),
                    };
                    let Json(page) = lots::tests(State(app.clone()), Query(query)).await?;
                    rows.extend(page.items);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
            file(list, columns, &rows, form)
        }
        "trace" => {
            let lot = LotId::new(list.trim_start_matches("trace-"));
            let trace = lots::trace_of(&app, &lot).await?;
            let rows: Vec<TraceRow> = trace
                .back
                .into_iter()
                .map(|node| TraceRow {
                    direction: "back",
                    node,
                })
                .chain(trace.forward.into_iter().map(|node| TraceRow {
                    direction: "forward",
                    node,
                }))
                .collect();
            file(list, columns, &rows, form)
        }
        _ => Err(unknown()),
    }
}

#[derive(Serialize)]
struct TraceRow {
    direction: &'static str,
    #[serde(flatten)]
    node: TraceNode,
}

/// The whole ledger, record by record, as it is read.
fn ledger(app: &App) -> Result<Response, Problem> {
    let store = app.0.live.store().clone();
    let lines = stream::try_unfold((store, 0_u64), |(store, after)| async move {
        let rows = store.after(after, 4096).await?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok::<_, lazaret_store::StoreError>(None);
        };
        let mut bytes = Vec::new();
        for row in rows {
            bytes.extend_from_slice(&row.body);
            bytes.push(b'\n');
        }
        Ok(Some((Bytes::from(bytes), (store, last))))
    });
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/jsonl"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"ledger.jsonl\""),
    );
    Ok(response)
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
pub(crate) async fn label(
    State(app): State<App>,
    Path(lot): Path<String>,
) -> Result<Response, Problem> {
    let lot = LotId::new(lot);
    let (found, _) = app.look(None, |state, _| state.lot_view(&lot)).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("there is no lot {lot}")))?;
    let text = label_of::svg(&app.0.gateway.name, &found)?;
    Ok((
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("image/svg+xml"),
        )],
        text,
    )
        .into_response())
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
pub(crate) async fn live(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let feed = app.0.live.listen();
    let last: Option<u64> = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let mut missed: std::collections::VecDeque<Message> = std::collections::VecDeque::new();
    let mut seen = app.0.live.seq();
    if let Some(last) = last {
        if seen.saturating_sub(last) > 1000 {
            missed.push_back(Message::default().event("lost").data("{}"));
        } else {
            for stored in app.0.live.store().after(last, 1000).await? {
                seen = stored.seq;
                missed.push_back(message(&stored.record()?));
            }
        }
    }
    let standing = app.0.live.clone();
    let stream = stream::unfold(
        (feed, missed, seen),
        move |(mut feed, mut missed, mut seen)| {
            let live = standing.clone();
            async move {
                if let Some(message) = missed.pop_front() {
                    return Some((Ok::<_, Infallible>(message), (feed, missed, seen)));
                }
                loop {
                    let heard = tokio::select! {
                        heard = feed.recv() => heard,
                        // Open streams would hold up a server that stops.
                        () = live.stands(lazaret_store::Standing::Stopped) => return None,
                    };
                    match heard {
                        Ok(sealed) if sealed.record.seq <= seen => {}
                        Ok(sealed) => {
                            seen = sealed.record.seq;
                            return Some((Ok(message(&sealed.record)), (feed, missed, seen)));
                        }
                        Err(RecvError::Lagged(_)) => {
                            let lost = Message::default().event("lost").data("{}");
                            return Some((Ok(lost), (feed, missed, seen)));
                        }
                        Err(RecvError::Closed) => return None,
                    }
                }
            }
        },
    );
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn message(record: &Record) -> Message {
    let (mut all_lots, mut all_vehicles) = (Vec::new(), Vec::new());
    for event in &record.events {
        timeline::names(&event.happening, &mut |kind, name| {
            let list = if kind == "lot" {
                &mut all_lots
            } else {
                &mut all_vehicles
            };
            // A positive test may touch thousands; whoever shows lists reads them again anyway.
            if list.len() < 200 && !list.iter().any(|known| known == name) {
                list.push(name.to_owned());
            }
        });
    }
    let view = LiveRecord {
        seq: record.seq,
        recorded_at: record.recorded_at.into(),
        by: record.by.to_string(),
        events: record.events.iter().map(name).collect(),
        lots: all_lots,
        vehicles: all_vehicles,
        words: commands::in_words(&record.events)
            .join("; ")
            .chars()
            .take(400)
            .collect(),
    };
    let data = serde_json::to_string(&view).unwrap_or_else(|_| "{}".into());
    Message::default()
        .event("record")
        .id(record.seq.to_string())
        .data(data)
}

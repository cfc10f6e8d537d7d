//! Tables and labels, in and out, and live updates.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::{StreamExt, stream};
use lazaret_store::export_head;
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::Entry;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{audit, boards, commands, lots};
use crate::access::{allows, may_export};
use crate::api::arrivals::{ArrivalQuery, ImportQuery, ImportReport, ImportedManifest};
use crate::api::audit::AuditQuery;
use crate::api::common::{Answer, CellError, Page, PageQuery, Problem};
use crate::api::exceptions::ExceptionQuery;
use crate::api::lots::{LotQuery, TraceNode};
use crate::api::vehicles::VehicleQuery;
use crate::api::work::{TestQuery, TestRow, TestState};
use crate::app::App;
use crate::guard::Who;
use crate::tables::{Form, Row, Source, columns, file, rows};
use crate::view::trial;
use crate::{import, label as label_of};

/// Tables are read one after another: each may take some 200 MB while it is.
static READING: Semaphore = Semaphore::const_new(1);

/// A table to fill in: the headings that are always known, and one line that shows how.
#[utoipa::path(
    get,
    path = "/api/manifests/template.csv",
    tag = "files",
    responses(
        (status = 200, description = "The table.", body = String, content_type = "text/csv"),
        (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")
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
/// and Russian. What was decided is in `notes` and `columns`; what cannot be decided is asked as a wrong cell or a problem.
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
    let query_apart = query.clone();
    let mut gateway = app.0.gateway.clone();
    (gateway.time_zone, _) = app.look(None, |state, _| app.zone(state)).await?;
    let turn = READING
        .acquire()
        .await
        .map_err(|error| Problem::internal(error.to_string()))?;
    let mut read =
        tokio::task::spawn_blocking(move || import::read(&body, &kind, &query_apart, &gateway))
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
                            refusal: Some(Box::new((&refusal).into())),
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
        columns: read.columns,
        notes: read.notes,
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
            vehicles: u32::try_from(found.vehicles.len()).unwrap_or(u32::MAX),
            lots: found.lots,
            unverified: import::unverified(&found.vehicles),
            seq,
        });
    }
    report.taken = go && !report.manifests.is_empty();
    if !report.errors.is_empty() && !query.check {
        let detail = format!("{} cells are wrong; nothing was taken", report.errors.len());
        return Err(import::wrong_cells(detail, report.errors));
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
    let source = source(app, who, list, name, columns).ok_or_else(unknown)?;
    file(list, columns, source, form).await
}

/// The pages of a list, with what stands in each column.
fn source(
    app: App,
    who: Who,
    list: &str,
    name: &str,
    columns: &'static [&'static str],
) -> Option<Source> {
    fn page<T: Serialize>(columns: &[&str], page: Page<T>) -> Page<Row> {
        Page {
            items: rows(columns, &page.items),
            next: page.next,
            total: page.total,
        }
    }
    macro_rules! pages {
        (|$app:ident, $who:ident, $after:ident| $page:expr) => {
            Box::new(move |after| {
                let ($app, $who, $after) = (State(app.clone()), Extension(who.clone()), after);
                Box::pin(async move {
                    let _ = &$who;
                    let Json(found) = $page.await?;
                    Ok(page(columns, found))
                })
            })
        };
    }
    let limit = Some(1000);
    Some(match name {
        "holds" => pages!(|app, who, after| lots::holds(app, Query(PageQuery { after, limit }))),
        "releasable" => {
            pages!(|app, who, after| lots::releasable(app, Query(PageQuery { after, limit })))
        }
        "release-queue" => {
            pages!(|app, who, after| lots::release_queue(
                app,
                who,
                Query(PageQuery { after, limit })
            ))
        }
        "lots" => pages!(|app, who, after| lots::lots(
            app,
            Query(LotQuery {
                after,
                limit,
                ..LotQuery::default()
            })
        )),
        "arrivals" => pages!(|app, who, after| boards::arrivals(
            app,
            Query(ArrivalQuery {
                after,
                limit,
                ..ArrivalQuery::default()
            })
        )),
        "vehicles" => pages!(|app, who, after| boards::vehicles(
            app,
            who,
            Query(VehicleQuery {
                after,
                limit,
                ..VehicleQuery::default()
            })
        )),
        "exceptions" => pages!(|app, who, after| boards::exceptions(
            app,
            who,
            Query(ExceptionQuery {
                all: true,
                after,
                limit,
            })
        )),
        "records" => pages!(|app, who, after| audit::records(
            app,
            Query(AuditQuery {
                after,
                limit,
                ..AuditQuery::default()
            })
        )),
        "people" => pages!(|app, who, _after| async {
            let Json(items) = boards::people(app).await?;
            Ok::<_, Problem>(Json(whole(items)))
        }),
        "tests" => pages!(|app, who, after| tests(app, after)),
        "trace" => {
            let lot = LotId::new(list.trim_start_matches("trace-"));
            Box::new(move |_| {
                let (app, lot) = (State(app.clone()), lot.clone());
                Box::pin(async move {
                    let Json(found) = trace_rows(app, lot).await?;
                    Ok(page(columns, found))
                })
            })
        }
        _ => return None,
    })
}

/// A list that is one page.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page {
        items,
        next: None,
        total: None,
    }
}

/// Tests of every state, one state after the other: `after` begins with the number of the state.
async fn tests(app: State<App>, after: Option<String>) -> Answer<Page<TestRow>> {
    const STATES: [TestState; 3] = [TestState::Due, TestState::Open, TestState::Done];
    let (number, after) = match after.as_deref().and_then(|after| after.split_once(' ')) {
        Some((number, "")) => (number.parse().unwrap_or(0), None),
        Some((number, after)) => (number.parse().unwrap_or(0), Some(after.to_owned())),
        None => (0, None),
    };
    let state = STATES[number.min(STATES.len() - 1)];
    let query = TestQuery {
        state,
        test: None,
        after,
        limit: Some(1000),
    };
    let Json(mut page) = lots::tests(app, Query(query)).await?;
    page.next = match page.next {
        Some(after) => Some(format!("{number} {after}")),
        None if number + 1 < STATES.len() => Some(format!("{} ", number + 1)),
        None => None,
    };
    Ok(Json(page))
}

async fn trace_rows(State(app): State<App>, lot: LotId) -> Answer<Page<TraceRow>> {
    let trace = lots::trace_of(&app, &lot).await?;
    let way = |direction| move |node| TraceRow { direction, node };
    let back = trace.back.into_iter().map(way("back"));
    let forward = trace.forward.into_iter().map(way("forward"));
    Ok(Json(whole(back.chain(forward).collect())))
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
    let head = stream::once(async { Ok(Bytes::from(export_head())) });
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
    let mut response = Body::from_stream(head.chain(lines)).into_response();
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

//! Lists and the ledger, as files to download.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use lazaret_ledger::epcis::text as epcis_text;
use lazaret_store::{epcis_events, export_head};

use crate::access::{allows, may_export};
use crate::api::common::{NotDone, Problem};
use crate::app::App;
use crate::guard::Who;
use crate::read::export::table;
use crate::tables::{Form, file};

/// A whole list as a table: `holds.csv`, `holds.xlsx`; lists are holds, lots, arrivals, tests, release-queue,
/// releasable, vehicles, people, exceptions, records, trace-<lot>. `ledger.jsonl` is the whole ledger, `epcis.jsonld` what
/// of it has a meaning in EPCIS 2.0.
#[utoipa::path(
    get,
    path = "/api/export/{file}",
    tag = "files",
    params(("file" = String, Path, description = "List and format.")),
    responses(
        (status = 200, description = "The table.", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/jsonl"),
            (String = "application/ld+json")
        )),
        NotDone
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
        let person = &who.person;
        return Err(Problem::not_allowed(format!(
            "{person} may not export {list}"
        )));
    }
    let form = match ending {
        "csv" => Form::Csv,
        "xlsx" => Form::Xlsx,
        "jsonl" if list == "ledger" => return Ok(ledger(&app)),
        "jsonld" if list == "epcis" => return epcis(&app).await,
        _ => return Err(unknown()),
    };
    let (columns, source) = table(app, who, list).ok_or_else(unknown)?;
    file(list, columns, source, form).await
}

/// The whole ledger, record by record, as it is read.
fn ledger(app: &App) -> Response {
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
    let body = Body::from_stream(head.chain(lines));
    download(
        body,
        "application/jsonl",
        "attachment; filename=\"ledger.jsonl\"",
    )
}

/// An EPCIS document of the whole ledger, event by event, as the records are read.
async fn epcis(app: &App) -> Result<Response, Problem> {
    let exchange = app.exchange().await?;
    let store = app.0.live.store().clone();
    let (before, end) = exchange.around(app.0.live.now());
    let head = stream::once(async { Ok::<_, lazaret_store::StoreError>(Bytes::from(before)) });
    let tail = stream::once(async move { Ok(Bytes::from(end)) });
    let begin = (store, exchange, 0_u64, true);
    let events = stream::try_unfold(begin, |(store, exchange, after, first)| async move {
        let rows = store.after(after, 4096).await?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok(None);
        };
        let (mut text, mut first) = (String::new(), first);
        for row in rows {
            for event in epcis_events(&store, &exchange, &row.record()?).await? {
                text.push_str(if first { "\n" } else { ",\n" });
                text.push_str(&epcis_text(&event));
                first = false;
            }
        }
        Ok(Some((Bytes::from(text), (store, exchange, last, first))))
    });
    let body = Body::from_stream(head.chain(events).chain(tail));
    let name = "attachment; filename=\"epcis.jsonld\"";
    Ok(download(body, "application/ld+json", name))
}

fn download(body: Body, kind: &'static str, name: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    response
}

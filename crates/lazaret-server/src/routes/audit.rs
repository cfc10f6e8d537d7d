//! Audit: filter, prove.

use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use lazaret_ledger::chain::Record;
use lazaret_store::{Checkpoint, Stored};
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::{LotId, VehicleId};

use super::boards::number;
use super::commands::in_words;
use crate::api::audit::{
    AuditQuery, CheckpointView, ProofView, ReadRow, RecordCard, RecordRow, VerifyReport,
    VerifyRequest,
};
use crate::api::common::{Answer, Page, PageQuery, Problem};
use crate::app::App;
use crate::words::name;

/// Records looked at for one page; a filter that finds nothing in so many gives the place to go on from.
const LOOKED_AT: usize = 100_000;
/// Bytes of records on one page: the next page goes on from there.
const PAGE_BYTES: usize = 4 << 20;

/// Records, the latest first.
#[utoipa::path(get, path = "/api/audit/records", tag = "audit", params(AuditQuery), responses((status = 200, description = "Done.", body = Page<RecordRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn records(
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
) -> Answer<Page<RecordRow>> {
    page(&app, &query).await.map(Json)
}

pub(crate) async fn page(app: &App, query: &AuditQuery) -> Result<Page<RecordRow>, Problem> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let store = app.0.live.store();
    let mut before = match number(query.after.as_deref())? {
        Some(after) => after as u64,
        None => app.0.live.seq() + 1,
    };
    if let Some(to) = query.to {
        // Everything recorded before `to`, which itself is left out.
        let until = store
            .seq_at(to.0 - jiff::SignedDuration::from_micros(1))
            .await?;
        before = before.min(until + 1);
    }
    let first = match query.from {
        Some(from) => {
            store
                .seq_at(from.0 - jiff::SignedDuration::from_micros(1))
                .await?
                + 1
        }
        None => 1,
    };
    // A lot's and a vehicle's records are listed in the state.
    let listed = if query.lot.is_some() || query.vehicle.is_some() {
        let (listed, _) = app
            .look(None, |state, _| match (&query.lot, &query.vehicle) {
                (Some(lot), _) => state.lot_history(&LotId::new(lot.as_str())),
                (_, Some(vehicle)) => state.vehicle_history(&VehicleId::new(vehicle.as_str())),
                _ => Vec::new(),
            })
            .await?;
        Some(listed)
    } else {
        None
    };
    let q = query.q.as_deref().map(str::to_lowercase);
    let fits = |stored: &Stored, record: &Record| {
        query.by.as_ref().is_none_or(|by| record.by.as_str() == by)
            && query
                .event
                .as_ref()
                .is_none_or(|event| record.events.iter().any(|e| name(e) == *event))
            && q.as_ref().is_none_or(|q| {
                String::from_utf8_lossy(&stored.body)
                    .to_lowercase()
                    .contains(q.as_str())
            })
    };
    let mut items = Vec::new();
    let mut looked = 0;
    let mut bytes = 0;
    let mut next = None;
    'pages: loop {
        let rows = match &listed {
            Some(listed) => {
                let mut seqs: Vec<u64> = listed
                    .iter()
                    .copied()
                    .filter(|seq| (first..before).contains(seq))
                    .collect();
                seqs.reverse();
                seqs.truncate(1000);
                store.records(&seqs).await?
            }
            None => store.before(before, 1000).await?,
        };
        if rows.is_empty() {
            break;
        }
        for stored in &rows {
            if stored.seq < first {
                break 'pages;
            }
            let full = items.len() == limit || bytes >= PAGE_BYTES;
            if full || looked == LOOKED_AT {
                next = Some((stored.seq + 1).to_string());
                break 'pages;
            }
            before = stored.seq;
            looked += 1;
            let record = stored.record()?;
            if fits(stored, &record) {
                bytes += stored.body.len();
                items.push(row(stored, record));
            }
        }
    }
    Ok(Page {
        items,
        next,
        total: None,
    })
}

fn row(stored: &Stored, record: Record) -> RecordRow {
    RecordRow {
        seq: record.seq,
        recorded_at: record.recorded_at.into(),
        by: record.by,
        device: record.device,
        command: record.command.to_string(),
        words: in_words(&record.events),
        events: record.events,
        digest: stored.digest().unwrap_or_default().to_string(),
    }
}

/// One record with the bytes that were hashed.
#[utoipa::path(get, path = "/api/audit/records/{seq}", tag = "audit", params(("seq" = u64, Path, description = "Its number.")), responses((status = 200, description = "Done.", body = RecordCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn record(State(app): State<App>, Path(seq): Path<u64>) -> Answer<RecordCard> {
    let stored = app
        .0
        .live
        .store()
        .record(seq)
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no record {seq}")))?;
    let record = stored.record()?;
    Ok(Json(RecordCard {
        previous: record.previous.to_string(),
        proved: stored.digest() == Some(lazaret_ledger::Digest::of(&stored.body)),
        canonical: String::from_utf8_lossy(&stored.body).into_owned(),
        row: row(&stored, record),
    }))
}

/// The end of the chain and its signed checkpoints.
#[utoipa::path(get, path = "/api/audit/proof", tag = "audit", responses((status = 200, description = "Done.", body = ProofView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn proof(State(app): State<App>) -> Answer<ProofView> {
    let store = app.0.live.store();
    let head = store.head().await?;
    let checkpoints = store.checkpoints(100).await?;
    Ok(Json(ProofView {
        seq: head.seq,
        head: head.head.to_string(),
        checkpoints: checkpoints
            .iter()
            .map(|checkpoint| checkpoint_view(&app, checkpoint))
            .collect(),
    }))
}

/// Signs where the chain stands now.
#[utoipa::path(post, path = "/api/audit/checkpoints", tag = "audit", responses((status = 201, description = "Done.", body = CheckpointView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_checkpoint(
    State(app): State<App>,
) -> Result<(StatusCode, Json<CheckpointView>), Problem> {
    let store = app.0.live.store();
    let head = store.head().await?;
    let checkpoint = app.0.key.sign(&app.0.gateway.name, head, app.0.live.now());
    store.keep_checkpoint(&checkpoint).await?;
    Ok((
        StatusCode::CREATED,
        Json(checkpoint_view(&app, &checkpoint)),
    ))
}

/// Follows the whole chain.
#[utoipa::path(post, path = "/api/audit/verify", tag = "audit", request_body = VerifyRequest, responses((status = 200, description = "Done.", body = VerifyReport), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn verify(
    State(app): State<App>,
    Json(body): Json<VerifyRequest>,
) -> Answer<VerifyReport> {
    let witness = body
        .witness
        .map(|view| {
            Checkpoint::read(
                view.seq,
                &view.digest,
                view.at.0,
                &view.key,
                &view.signature,
            )
            .ok_or_else(|| Problem::bad_request("the witness's checkpoint is malformed"))
        })
        .transpose()?;
    let began = Instant::now();
    let found = app
        .0
        .live
        .store()
        .verify(&app.0.gateway.name, witness.as_ref())
        .await?;
    let first = found.findings.first();
    Ok(Json(VerifyReport {
        whole: found.findings.is_empty(),
        records: found.records,
        broken_at: first.map(|finding| finding.seq),
        finding: first.map(|finding| {
            let more = found.findings.len() - 1;
            let others = if more > 0 {
                format!("; {more} more places")
            } else {
                String::new()
            };
            format!("{finding}{others}")
        }),
        took_s: began.elapsed().as_secs_f64(),
    }))
}

fn checkpoint_view(app: &App, checkpoint: &Checkpoint) -> CheckpointView {
    CheckpointView {
        seq: checkpoint.seq,
        digest: checkpoint.digest.to_string(),
        at: checkpoint.at.into(),
        key: checkpoint.key_text(),
        signature: checkpoint.signature_text(),
        text: checkpoint.text(&app.0.gateway.name),
    }
}

/// Who looked at sensitive pages, the latest first.
#[utoipa::path(get, path = "/api/audit/reads", tag = "audit", params(PageQuery), responses((status = 200, description = "Done.", body = Page<ReadRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn reads(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<ReadRow>> {
    let before = number(query.after.as_deref())?.map_or(u64::MAX, |after| after as u64);
    let limit = query.limit();
    let mut rows = app.0.office.reads(before, limit as u32 + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Json(Page {
        next: rows.last().filter(|_| more).map(|row| row.id.to_string()),
        items: rows
            .into_iter()
            .map(|row| ReadRow {
                id: row.id,
                at: row.at.into(),
                person: PersonName::new(row.person),
                path: row.path,
                from: row.address,
            })
            .collect(),
        total: None,
    }))
}

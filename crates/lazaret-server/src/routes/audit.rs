//! Audit: filter, prove.

use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use lazaret_store::Checkpoint;

use crate::api::audit::{
    AuditQuery, CheckpointView, ProofView, ReadRow, RecordCard, RecordRow, VerifyReport,
    VerifyRequest,
};
use crate::api::common::{Answer, NotDone, Page, PageQuery, Problem};
use crate::app::App;
use crate::read::audit as read;

/// Records, the latest first.
#[utoipa::path(get, path = "/api/audit/records", tag = "audit", params(AuditQuery), responses((status = 200, description = "Done.", body = Page<RecordRow>), NotDone))]
pub(crate) async fn records(
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
) -> Answer<Page<RecordRow>> {
    read::page(&app, &query).await.map(Json)
}

/// One record with the bytes that were hashed.
#[utoipa::path(get, path = "/api/audit/records/{seq}", tag = "audit", params(("seq" = u64, Path, description = "Its number.")), responses((status = 200, description = "Done.", body = RecordCard), NotDone))]
pub(crate) async fn record(State(app): State<App>, Path(seq): Path<u64>) -> Answer<RecordCard> {
    read::card(&app, seq).await.map(Json)
}

/// The end of the chain and its signed checkpoints.
#[utoipa::path(get, path = "/api/audit/proof", tag = "audit", responses((status = 200, description = "Done.", body = ProofView), NotDone))]
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
#[utoipa::path(post, path = "/api/audit/checkpoints", tag = "audit", responses((status = 201, description = "Done.", body = CheckpointView), NotDone))]
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
#[utoipa::path(post, path = "/api/audit/verify", tag = "audit", request_body = VerifyRequest, responses((status = 200, description = "Done.", body = VerifyReport), NotDone))]
pub(crate) async fn verify(
    State(app): State<App>,
    Json(body): Json<VerifyRequest>,
) -> Answer<VerifyReport> {
    let witness = body.witness.as_ref().map(checkpoint_of).transpose()?;
    let began = Instant::now();
    let store = app.0.live.store();
    let found = store.verify(&app.0.gateway.name, witness.as_ref()).await?;
    let first = found.findings.first();
    Ok(Json(VerifyReport {
        whole: found.findings.is_empty(),
        records: found.records,
        broken_at: first.map(|finding| finding.seq),
        finding: first.map(|finding| match found.findings.len() {
            1 => finding.to_string(),
            all => format!("{finding}; {} more places", all - 1),
        }),
        took_s: began.elapsed().as_secs_f64(),
    }))
}

/// A checkpoint as a witness kept it.
fn checkpoint_of(view: &CheckpointView) -> Result<Checkpoint, Problem> {
    Checkpoint::read(
        view.seq,
        &view.digest,
        view.at.0,
        &view.key,
        &view.signature,
    )
    .ok_or_else(|| Problem::bad_request("the witness's checkpoint is malformed"))
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
#[utoipa::path(get, path = "/api/audit/reads", tag = "audit", params(PageQuery), responses((status = 200, description = "Done.", body = Page<ReadRow>), NotDone))]
pub(crate) async fn reads(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<ReadRow>> {
    read::reads(&app, &query).await.map(Json)
}

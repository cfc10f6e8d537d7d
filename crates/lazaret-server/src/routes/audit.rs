//! Audit.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;

use crate::api::audit::{
    AuditQuery, CheckpointView, ProofView, ReadRow, RecordCard, RecordRow, VerifyReport,
    VerifyRequest,
};
use crate::api::common::{Answer, Page, PageQuery, Problem};

/// Records, the latest first.
#[utoipa::path(get, path = "/api/audit/records", tag = "audit", params(AuditQuery), responses((status = 200, description = "Done.", body = Page<RecordRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn records(Query(_query): Query<AuditQuery>) -> Answer<Page<RecordRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// One record with the bytes that were hashed.
#[utoipa::path(get, path = "/api/audit/records/{seq}", tag = "audit", params(("seq" = u64, Path, description = "Its number.")), responses((status = 200, description = "Done.", body = RecordCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn record(Path(_seq): Path<u64>) -> Answer<RecordCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// The end of the chain and its signed checkpoints.
#[utoipa::path(get, path = "/api/audit/proof", tag = "audit", responses((status = 200, description = "Done.", body = ProofView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn proof() -> Answer<ProofView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Signs where the chain stands now.
#[utoipa::path(post, path = "/api/audit/checkpoints", tag = "audit", responses((status = 201, description = "Done.", body = CheckpointView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_checkpoint() -> Result<(StatusCode, Json<CheckpointView>), Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Follows the whole chain.
#[utoipa::path(post, path = "/api/audit/verify", tag = "audit", request_body = VerifyRequest, responses((status = 200, description = "Done.", body = VerifyReport), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn verify(Json(_body): Json<VerifyRequest>) -> Answer<VerifyReport> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Who looked at sensitive pages, the latest first.
#[utoipa::path(get, path = "/api/audit/reads", tag = "audit", params(PageQuery), responses((status = 200, description = "Done.", body = Page<ReadRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn reads(Query(_query): Query<PageQuery>) -> Answer<Page<ReadRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

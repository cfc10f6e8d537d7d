//! Screens.

use axum::Json;
use axum::extract::{Path, Query};

use crate::api::common::{Answer, Page, PageQuery, Problem};
use crate::api::lots::{CardQuery, ContactGraph, LotCard, LotQuery, LotRow, Target, Trace};
use crate::api::work::{
    DepartureView, DispatchBoard, Proposal, ProposeRequest, QueueRow, TestQuery, TestRow,
};

/// Lots by stage, class, place.
#[utoipa::path(get, path = "/api/lots", tag = "screens", params(LotQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lots(Query(_query): Query<LotQuery>) -> Answer<Page<LotRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Everything ever known of a lot.
#[utoipa::path(get, path = "/api/lots/{lot}", tag = "screens", params(("lot" = String, Path, description = "Which."), CardQuery), responses((status = 200, description = "Done.", body = LotCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot(
    Path(_lot): Path<String>,
    Query(_query): Query<CardQuery>,
) -> Answer<LotCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// What contamination of the lot may have reached.
#[utoipa::path(get, path = "/api/lots/{lot}/contacts", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ContactGraph), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_contacts(Path(_lot): Path<String>) -> Answer<ContactGraph> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Where it comes from and where it went.
#[utoipa::path(get, path = "/api/lots/{lot}/trace", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Trace), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_trace(Path(_lot): Path<String>) -> Answer<Trace> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Units it could be moved to, and why not to the others.
#[utoipa::path(get, path = "/api/lots/{lot}/targets", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Vec<Target>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_targets(Path(_lot): Path<String>) -> Answer<Vec<Target>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Hold list: held lots by earliest release.
#[utoipa::path(get, path = "/api/holds", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn holds(Query(_query): Query<PageQuery>) -> Answer<Page<LotRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Test desk.
#[utoipa::path(get, path = "/api/tests", tag = "screens", params(TestQuery), responses((status = 200, description = "Done.", body = Page<TestRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn tests(Query(_query): Query<TestQuery>) -> Answer<Page<TestRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Lots ready for a signature.
#[utoipa::path(get, path = "/api/release-queue", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<QueueRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn release_queue(Query(_query): Query<PageQuery>) -> Answer<Page<QueueRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Released lots that are here, the most urgent first.
#[utoipa::path(get, path = "/api/releasable", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn releasable(Query(_query): Query<PageQuery>) -> Answer<Page<LotRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// The dispatch builder.
#[utoipa::path(get, path = "/api/dispatch", tag = "screens", responses((status = 200, description = "Done.", body = DispatchBoard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn dispatch() -> Answer<DispatchBoard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// One departure with its lots.
#[utoipa::path(get, path = "/api/departures/{departure}", tag = "screens", params(("departure" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = DepartureView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn departure(Path(_departure): Path<String>) -> Answer<DepartureView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Proposes what to load, and says why.
#[utoipa::path(post, path = "/api/dispatch/propose", tag = "screens", request_body = ProposeRequest, responses((status = 200, description = "Done.", body = Proposal), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn propose(Json(_body): Json<ProposeRequest>) -> Answer<Proposal> {
    Err(Problem::unavailable("no ledger is open"))
}

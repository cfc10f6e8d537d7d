//! The desks: tests, signatures, dispatch.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use lazaret_vocabulary::event::DepartureId;

use crate::api::common::{Answer, NotDone, Page, PageQuery};
use crate::api::work::{
    DepartureView, DispatchBoard, Proposal, ProposeRequest, QueueRow, TestQuery, TestRow,
};
use crate::app::App;
use crate::guard::Who;
use crate::read;

/// Test desk.
#[utoipa::path(get, path = "/api/tests", tag = "screens", params(TestQuery), responses((status = 200, description = "Done.", body = Page<TestRow>), NotDone))]
pub(crate) async fn tests(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<TestQuery>,
) -> Answer<Page<TestRow>> {
    read::tests::page(&app, &who, &query).await.map(Json)
}

/// Lots ready for a signature.
#[utoipa::path(get, path = "/api/release-queue", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<QueueRow>), NotDone))]
pub(crate) async fn release_queue(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<QueueRow>> {
    read::release::page(&app, &who, &query).await.map(Json)
}

/// The dispatch builder.
#[utoipa::path(get, path = "/api/dispatch", tag = "screens", responses((status = 200, description = "Done.", body = DispatchBoard), NotDone))]
pub(crate) async fn dispatch(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<DispatchBoard> {
    read::dispatch::builder(&app, &who).await.map(Json)
}

/// One departure with its lots.
#[utoipa::path(get, path = "/api/departures/{departure}", tag = "screens", params(("departure" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = DepartureView), NotDone))]
pub(crate) async fn departure(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(departure): Path<String>,
) -> Answer<DepartureView> {
    read::dispatch::departure(&app, &who, &DepartureId::new(departure))
        .await
        .map(Json)
}

/// Proposes what to load, and says why.
#[utoipa::path(post, path = "/api/dispatch/propose", tag = "screens", request_body = ProposeRequest, responses((status = 200, description = "Done.", body = Proposal), NotDone))]
pub(crate) async fn propose(
    State(app): State<App>,
    Json(body): Json<ProposeRequest>,
) -> Answer<Proposal> {
    read::dispatch::propose(&app, &body).await.map(Json)
}

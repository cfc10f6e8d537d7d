//! Lots: lists, cards, labels.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lazaret_vocabulary::event::LotId;

use crate::api::common::{Answer, NotDone, Page, PageQuery, Problem};
use crate::api::lots::{CardQuery, ContactGraph, LotCard, LotQuery, LotRow, Target, Trace};
use crate::app::App;
use crate::guard::Who;
use crate::label as label_of;
use crate::read::lots as read;
use crate::read::site::moment;

/// Lots by stage, class, place.
#[utoipa::path(get, path = "/api/lots", tag = "screens", params(LotQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), NotDone))]
pub(crate) async fn lots(
    State(app): State<App>,
    Query(query): Query<LotQuery>,
) -> Answer<Page<LotRow>> {
    read::list(&app, &query).await.map(Json)
}

/// Everything ever known of a lot.
#[utoipa::path(get, path = "/api/lots/{lot}", tag = "screens", params(("lot" = String, Path, description = "Which."), CardQuery), responses((status = 200, description = "Done.", body = LotCard), NotDone))]
pub(crate) async fn lot(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(lot): Path<String>,
    Query(query): Query<CardQuery>,
) -> Answer<LotCard> {
    let at = moment(query.as_of, query.mode);
    read::card(&app, &who, &LotId::new(lot), at).await.map(Json)
}

/// What contamination of the lot may have reached.
#[utoipa::path(get, path = "/api/lots/{lot}/contacts", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ContactGraph), NotDone))]
pub(crate) async fn lot_contacts(
    State(app): State<App>,
    Path(lot): Path<String>,
) -> Answer<ContactGraph> {
    read::contacts(&app, &LotId::new(lot)).await.map(Json)
}

/// Where it comes from and where it went.
#[utoipa::path(get, path = "/api/lots/{lot}/trace", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Trace), NotDone))]
pub(crate) async fn lot_trace(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(lot): Path<String>,
) -> Answer<Trace> {
    read::trace(&app, &who, &LotId::new(lot)).await.map(Json)
}

/// Units it could be moved to, and why not to the others.
#[utoipa::path(get, path = "/api/lots/{lot}/targets", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Vec<Target>), NotDone))]
pub(crate) async fn lot_targets(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(lot): Path<String>,
) -> Answer<Vec<Target>> {
    read::targets(&app, &who, &LotId::new(lot)).await.map(Json)
}

/// Hold list: held lots by earliest release.
#[utoipa::path(get, path = "/api/holds", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), NotDone))]
pub(crate) async fn holds(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<LotRow>> {
    read::holds(&app, &query).await.map(Json)
}

/// Released lots that are here, the most urgent first.
#[utoipa::path(get, path = "/api/releasable", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), NotDone))]
pub(crate) async fn releasable(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<LotRow>> {
    read::releasable(&app, &query).await.map(Json)
}

/// A label to print, SVG: name, class, QR code.
#[utoipa::path(
    get,
    path = "/api/lots/{lot}/label",
    tag = "files",
    params(("lot" = String, Path, description = "Which.")),
    responses(
        (status = 200, description = "The label.", body = String, content_type = "image/svg+xml"),
        NotDone
    )
)]
pub(crate) async fn label(
    State(app): State<App>,
    Path(lot): Path<String>,
) -> Result<Response, Problem> {
    let found = read::known(&app, &LotId::new(lot)).await?;
    let text = label_of::svg(&app.0.gateway.name, &found)?;
    let kind = HeaderValue::from_static("image/svg+xml");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

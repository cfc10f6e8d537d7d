//! Exceptions.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use lazaret_vocabulary::event::entry::ExceptionId;

use crate::api::common::{Answer, NotDone, Page};
use crate::api::exceptions::{ExceptionCard, ExceptionQuery, ExceptionRow};
use crate::app::App;
use crate::guard::Who;
use crate::read::exceptions as read;

/// Exceptions, the latest first.
#[utoipa::path(get, path = "/api/exceptions", tag = "screens", params(ExceptionQuery), responses((status = 200, description = "Done.", body = Page<ExceptionRow>), NotDone))]
pub(crate) async fn exceptions(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<ExceptionQuery>,
) -> Answer<Page<ExceptionRow>> {
    read::page(&app, &who, &query).await.map(Json)
}

/// Everything about an exception, with its contact graph.
#[utoipa::path(get, path = "/api/exceptions/{exception}", tag = "screens", params(("exception" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ExceptionCard), NotDone))]
pub(crate) async fn exception(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(exception): Path<String>,
) -> Answer<ExceptionCard> {
    read::card(&app, &who, &ExceptionId::new(exception))
        .await
        .map(Json)
}

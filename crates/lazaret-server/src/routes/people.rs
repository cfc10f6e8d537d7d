//! The crew board.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use lazaret_vocabulary::event::entry::PersonName;

use crate::api::common::{Answer, NotDone};
use crate::api::people::{PersonCard, PersonRow, UnfitView};
use crate::app::App;
use crate::guard::Who;
use crate::read::people as read;

/// Crew board.
#[utoipa::path(get, path = "/api/people", tag = "screens", responses((status = 200, description = "Done.", body = Vec<PersonRow>), NotDone))]
pub(crate) async fn people(State(app): State<App>) -> Answer<Vec<PersonRow>> {
    read::list(&app).await.map(Json)
}

/// Signers whose signature counts no more, because their clearance was taken from them or they are no officer any more, with
/// every lot that rests on it and is here or has left.
#[utoipa::path(get, path = "/api/unfit-signers", tag = "screens", responses((status = 200, description = "Done.", body = Vec<UnfitView>), NotDone))]
pub(crate) async fn unfit(State(app): State<App>) -> Answer<Vec<UnfitView>> {
    read::unfit(&app).await.map(Json)
}

/// Everything about a person's work.
#[utoipa::path(get, path = "/api/people/{person}", tag = "screens", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = PersonCard), NotDone))]
pub(crate) async fn person(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(person): Path<String>,
) -> Answer<PersonCard> {
    read::card(&app, &who, &PersonName::new(person))
        .await
        .map(Json)
}

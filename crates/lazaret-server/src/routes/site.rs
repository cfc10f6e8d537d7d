//! The gateway, the day, the site map, the search.

use axum::extract::{Query, State};
use axum::{Extension, Json};

use crate::api::common::{Answer, NotDone};
use crate::api::search::{Hits, SearchQuery};
use crate::api::site::{GatewayView, SiteMap, SiteQuery};
use crate::api::today::Today;
use crate::app::App;
use crate::guard::Who;
use crate::read;

/// The gateway as it is built.
#[utoipa::path(get, path = "/api/gateway", tag = "screens", responses((status = 200, description = "Done.", body = GatewayView), NotDone))]
pub(crate) async fn gateway(State(app): State<App>) -> Answer<GatewayView> {
    read::site::gateway(&app).await.map(Json)
}

/// The digest of the day.
#[utoipa::path(get, path = "/api/today", tag = "screens", responses((status = 200, description = "Done.", body = Today), NotDone))]
pub(crate) async fn today(State(app): State<App>, Extension(who): Extension<Who>) -> Answer<Today> {
    read::site::today(&app, &who).await.map(Json)
}

/// Site map, now or as of an instant.
#[utoipa::path(get, path = "/api/site", tag = "screens", params(SiteQuery), responses((status = 200, description = "Done.", body = SiteMap), NotDone))]
pub(crate) async fn site(
    State(app): State<App>,
    Query(query): Query<SiteQuery>,
) -> Answer<SiteMap> {
    read::site::map(&app, &query).await.map(Json)
}

/// What a name, mark or label's code stands for.
#[utoipa::path(get, path = "/api/search", tag = "screens", params(SearchQuery), responses((status = 200, description = "Done.", body = Hits), NotDone))]
pub(crate) async fn search(
    State(app): State<App>,
    Query(query): Query<SearchQuery>,
) -> Answer<Hits> {
    read::search::hits(&app, &query.q).await.map(Json)
}

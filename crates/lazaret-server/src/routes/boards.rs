//! Screens.

use axum::Json;
use axum::extract::{Path, Query};

use crate::api::arrivals::{ArrivalCard, ArrivalQuery, ArrivalRow};
use crate::api::common::{Answer, Page, Problem};
use crate::api::exceptions::{ExceptionCard, ExceptionQuery, ExceptionRow};
use crate::api::people::{PersonCard, PersonRow};
use crate::api::protocols::{Preview, PreviewRequest, ProtocolsView};
use crate::api::search::{Hits, SearchQuery};
use crate::api::site::{GatewayView, SiteMap, SiteQuery};
use crate::api::today::Today;
use crate::api::vehicles::{VehicleCard, VehicleQuery, VehicleRow};

/// The gateway as it is built.
#[utoipa::path(get, path = "/api/gateway", tag = "screens", responses((status = 200, description = "Done.", body = GatewayView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn gateway() -> Answer<GatewayView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// The digest of the day.
#[utoipa::path(get, path = "/api/today", tag = "screens", responses((status = 200, description = "Done.", body = Today), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn today() -> Answer<Today> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Arrivals board.
#[utoipa::path(get, path = "/api/arrivals", tag = "screens", params(ArrivalQuery), responses((status = 200, description = "Done.", body = Page<ArrivalRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn arrivals(Query(_query): Query<ArrivalQuery>) -> Answer<Page<ArrivalRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Everything about a convoy.
#[utoipa::path(get, path = "/api/arrivals/{convoy}", tag = "screens", params(("convoy" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ArrivalCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn arrival(Path(_convoy): Path<String>) -> Answer<ArrivalCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Site map, now or as of an instant.
#[utoipa::path(get, path = "/api/site", tag = "screens", params(SiteQuery), responses((status = 200, description = "Done.", body = SiteMap), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn site(Query(_query): Query<SiteQuery>) -> Answer<SiteMap> {
    Err(Problem::unavailable("no ledger is open"))
}

/// What a name, mark or label's code stands for.
#[utoipa::path(get, path = "/api/search", tag = "screens", params(SearchQuery), responses((status = 200, description = "Done.", body = Hits), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn search(Query(_query): Query<SearchQuery>) -> Answer<Hits> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Vehicles at the gateway.
#[utoipa::path(get, path = "/api/vehicles", tag = "screens", params(VehicleQuery), responses((status = 200, description = "Done.", body = Page<VehicleRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn vehicles(Query(_query): Query<VehicleQuery>) -> Answer<Page<VehicleRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Everything about a vehicle.
#[utoipa::path(get, path = "/api/vehicles/{vehicle}", tag = "screens", params(("vehicle" = String, Path, description = "Its mark.")), responses((status = 200, description = "Done.", body = VehicleCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn vehicle(Path(_vehicle): Path<String>) -> Answer<VehicleCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Crew board.
#[utoipa::path(get, path = "/api/people", tag = "screens", responses((status = 200, description = "Done.", body = Vec<PersonRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn people() -> Answer<Vec<PersonRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Everything about a person's work.
#[utoipa::path(get, path = "/api/people/{person}", tag = "screens", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = PersonCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn person(Path(_person): Path<String>) -> Answer<PersonCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Exceptions, the latest first.
#[utoipa::path(get, path = "/api/exceptions", tag = "screens", params(ExceptionQuery), responses((status = 200, description = "Done.", body = Page<ExceptionRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn exceptions(Query(_query): Query<ExceptionQuery>) -> Answer<Page<ExceptionRow>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Everything about an exception, with its contact graph.
#[utoipa::path(get, path = "/api/exceptions/{exception}", tag = "screens", params(("exception" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ExceptionCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn exception(Path(_exception): Path<String>) -> Answer<ExceptionCard> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Protocols and rules.
#[utoipa::path(get, path = "/api/protocols", tag = "screens", responses((status = 200, description = "Done.", body = ProtocolsView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn protocols() -> Answer<ProtocolsView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// What a protocol would change before it is adopted.
#[utoipa::path(post, path = "/api/protocols/preview", tag = "screens", request_body = PreviewRequest, responses((status = 200, description = "Done.", body = Preview), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn preview_protocol(Json(_body): Json<PreviewRequest>) -> Answer<Preview> {
    Err(Problem::unavailable("no ledger is open"))
}

//! Convoys and vehicles.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use lazaret_vocabulary::event::{ConvoyId, VehicleId};

use crate::api::arrivals::{ArrivalCard, ArrivalQuery, ArrivalRow};
use crate::api::common::{Answer, NotDone, Page};
use crate::api::vehicles::{VehicleCard, VehicleQuery, VehicleRow};
use crate::app::App;
use crate::guard::Who;
use crate::read;

/// Arrivals board.
#[utoipa::path(get, path = "/api/arrivals", tag = "screens", params(ArrivalQuery), responses((status = 200, description = "Done.", body = Page<ArrivalRow>), NotDone))]
pub(crate) async fn arrivals(
    State(app): State<App>,
    Query(query): Query<ArrivalQuery>,
) -> Answer<Page<ArrivalRow>> {
    read::arrivals::page(&app, &query).await.map(Json)
}

/// Everything about a convoy.
#[utoipa::path(get, path = "/api/arrivals/{convoy}", tag = "screens", params(("convoy" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ArrivalCard), NotDone))]
pub(crate) async fn arrival(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(convoy): Path<String>,
) -> Answer<ArrivalCard> {
    read::arrivals::card(&app, &who, &ConvoyId::new(convoy))
        .await
        .map(Json)
}

/// Vehicles at the gateway.
#[utoipa::path(get, path = "/api/vehicles", tag = "screens", params(VehicleQuery), responses((status = 200, description = "Done.", body = Page<VehicleRow>), NotDone))]
pub(crate) async fn vehicles(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<VehicleQuery>,
) -> Answer<Page<VehicleRow>> {
    read::vehicles::page(&app, &who, &query).await.map(Json)
}

/// Everything about a vehicle.
#[utoipa::path(get, path = "/api/vehicles/{vehicle}", tag = "screens", params(("vehicle" = String, Path, description = "Its mark.")), responses((status = 200, description = "Done.", body = VehicleCard), NotDone))]
pub(crate) async fn vehicle(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(vehicle): Path<String>,
) -> Answer<VehicleCard> {
    read::vehicles::card(&app, &who, &VehicleId::new(vehicle))
        .await
        .map(Json)
}

//! Vehicles at the gateway.

use lazaret_vocabulary::event::{Happening, VehicleId};

use super::records;
use crate::api::common::{Cut, Page, Problem};
use crate::api::vehicles::{VehicleCard, VehicleQuery, VehicleRow};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::{names, timeline};
use crate::view::{lots, vehicles as view};

/// Vehicles that are here.
pub(crate) async fn page(
    app: &App,
    who: &Who,
    query: &VehicleQuery,
) -> Result<Page<VehicleRow>, Problem> {
    let cut = Cut::of(query.after.as_deref(), query.limit)?;
    let (page, _) = app
        .look(None, |state, now| {
            let here = state.vehicles_here();
            let fitting = here.filter(|found| !query.empty || found.emptied);
            cut.page(fitting)
                .map(|found| view::row(state, found, &who.person, now))
        })
        .await?;
    Ok(page)
}

/// Everything about a vehicle.
pub(crate) async fn card(
    app: &App,
    who: &Who,
    vehicle: &VehicleId,
) -> Result<VehicleCard, Problem> {
    let (found, _) = app
        .look(None, |state, now| {
            let found = state.vehicle_view(vehicle)?;
            let actions = view::actions(state, &found, &who.person, &who.roles, now);
            let card = VehicleCard {
                row: view::row(state, found, &who.person, now),
                lots: state
                    .lots_by(vehicle)
                    .iter()
                    .filter_map(|lot| lots::row(state, lot, now))
                    .collect(),
                timeline: Vec::new(),
                actions,
            };
            Some((card, state.vehicle_history(vehicle)))
        })
        .await?;
    let (mut card, seqs) =
        found.ok_or_else(|| Problem::not_found(format!("there is no vehicle {vehicle}")))?;
    let records = records(app, who, seqs).await?;
    card.timeline = timeline(&who.roles, &records, |what| about(what, vehicle));
    Ok(card)
}

/// Whether an event names the vehicle, or no vehicle at all.
fn about(what: &Happening, vehicle: &VehicleId) -> bool {
    let mut named = false;
    let mut found = false;
    names(what, &mut |kind, name| {
        if kind == "vehicle" {
            named = true;
            found |= name == vehicle.as_str();
        }
    });
    found || !named
}

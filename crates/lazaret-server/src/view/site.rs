//! The site map.

use jiff::Timestamp;
use lazaret_gateway::model::{Gateway, Mode, StepKind};
use lazaret_ledger::{State, VehicleView};
use lazaret_vocabulary::event::rules::{PlaceRule, Side};
use lazaret_vocabulary::event::{PlaceName, ResourceName, SourceName, StepName};

use super::{days_left, lots::sign, when};
use crate::api::site::{
    Cell, GatewayView, Sign, SiteMap, SitePlace, SiteUnit, SourceInfo, StepInfo, StepRole,
};

/// What the gateway file says.
pub(crate) fn gateway_view(gateway: &Gateway, state: &State) -> GatewayView {
    GatewayView {
        name: gateway.name.clone(),
        // As recorded: a file that was edited since changes nothing by itself.
        time_zone: match state.rules() {
            Some(rules) => rules.time_zone.clone(),
            None => gateway.time_zone.iana_name().unwrap_or("UTC").into(),
        },
        sources: gateway
            .sources
            .iter()
            .map(|source| SourceInfo {
                source: SourceName::new(source.name.as_str()),
                route: match source.route {
                    Mode::Rail => "rail",
                    Mode::Sea => "sea",
                    Mode::Road => "road",
                }
                .into(),
            })
            .collect(),
        steps: steps(gateway),
        resources: gateway
            .resources
            .iter()
            .map(|resource| ResourceName::new(resource.name.as_str()))
            .collect(),
        rules: state.rules().cloned(),
    }
}

pub(crate) fn steps(gateway: &Gateway) -> Vec<StepInfo> {
    gateway
        .steps
        .iter()
        .map(|step| StepInfo {
            step: StepName::new(step.name.as_str()),
            at: gateway
                .places
                .get(step.at.index())
                .map(|place| PlaceName::new(place.name.as_str())),
            kind: role(&step.kind),
            takes_up_to: match &step.kind {
                StepKind::Dispatch(dispatch) => dispatch
                    .most
                    .as_ref()
                    .and_then(lazaret_gateway::model::Quantity::known_constant)
                    .map(|most| most as u32),
                _ => None,
            },
        })
        .collect()
}

fn role(kind: &StepKind) -> StepRole {
    match kind {
        StepKind::Unload { .. } => StepRole::Unload,
        StepKind::Treat => StepRole::Treatment,
        StepKind::Inspect(_) => StepRole::Inspection,
        StepKind::Hold { .. } => StepRole::Hold,
        StepKind::Dispatch(_) => StepRole::Dispatch,
        StepKind::Handle => StepRole::Vehicle,
    }
}

/// The sign of a vehicle.
fn vehicle_sign(view: &VehicleView) -> Sign {
    match (view.emptied, view.washed) {
        (true, Some(_)) => Sign::Releasable,
        (true, None) => Sign::Dirty,
        (false, _) => Sign::Waiting,
    }
}

fn vehicle_cell(view: &VehicleView) -> Cell {
    Cell {
        vehicle: true,
        id: view.vehicle.to_string(),
        goods: None,
        sign: vehicle_sign(view),
        earliest: None,
        days_left: None,
        trial: false,
    }
}

/// The site with everything on it.
pub(crate) fn site_map(gateway: &Gateway, state: &State, now: Timestamp) -> SiteMap {
    let rules: &[PlaceRule] = state.rules().map_or(&[], |rules| &rules.places);
    let mut units = state.places();
    let mut places: Vec<SitePlace> = rules
        .iter()
        .map(|rule| {
            let own: Vec<SiteUnit> = units
                .extract_if(.., |unit| unit.spot.place == rule.place)
                .map(|unit| {
                    let vehicles = unit
                        .vehicles
                        .iter()
                        .filter_map(|vehicle| state.vehicle_view(vehicle))
                        .map(|view| vehicle_cell(&view));
                    let lots = unit.lots.iter().filter_map(|lot| {
                        let view = state.lot_view(lot)?;
                        Some(Cell {
                            vehicle: false,
                            id: lot.to_string(),
                            sign: sign(state, &view, now),
                            goods: Some(view.goods),
                            days_left: view.earliest.map(|at| days_left(now, at)),
                            earliest: when(view.earliest),
                            trial: view.trial,
                        })
                    });
                    SiteUnit {
                        unit: unit.spot.unit,
                        slots: unit.slots.filter(|_| !rule.pooled),
                        used: unit.used,
                        cells: vehicles.chain(lots).collect(),
                        closed: unit.closed,
                        broken: unit.broken,
                    }
                })
                .collect();
            let here = |step: &&StepInfo| step.at.as_ref() == Some(&rule.place);
            let steps = steps(gateway);
            let slots = rule
                .slots
                .map(|slots| slots.saturating_mul(rule.units.unwrap_or(own.len() as u32)));
            SitePlace {
                place: rule.place.clone(),
                side: rule.side,
                contact: rule.contact,
                for_vehicles: steps
                    .iter()
                    .filter(here)
                    .any(|step| matches!(step.kind, StepRole::Unload | StepRole::Vehicle)),
                steps: steps
                    .iter()
                    .filter(here)
                    .map(|step| step.step.clone())
                    .collect(),
                leads_to: rule.leads_to.clone(),
                slots,
                used: own.iter().map(|unit| unit.used).sum(),
                units: own,
            }
        })
        .collect();
    places.sort_by_key(|place| match place.side {
        Side::Dirty => 0,
        Side::DirtyToClean => 1,
        Side::Clean => 2,
    });
    SiteMap {
        at: now.into(),
        live: true,
        seq: state.seq(),
        from: None,
        to: now.into(),
        places,
        afoot: state
            .vehicles_here()
            .filter(|view| view.spot.is_none())
            .map(|view| vehicle_cell(&view))
            .collect(),
    }
}

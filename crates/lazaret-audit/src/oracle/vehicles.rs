//! Vehicles, from their arrival to their way home.

use lazaret_vocabulary::event::Happening as H;
use lazaret_vocabulary::event::rules::Side;

use super::{At, Oracle, Told, Vehicle, acknowledged, secs, spot_of};
use crate::say::list;

impl Oracle {
    /// Vehicles that come, and where they stand.
    pub(super) fn arrivals(&mut self, told: Told<'_>) {
        let Told {
            event,
            record,
            at,
            now,
        } = told;
        match &event.happening {
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => {
                let fresh = self.arrived.insert(convoy.to_string());
                self.went_live = self.went_live.or(Some(now));
                self.must("K1", fresh, || format!("{convoy} arrived twice"));
                let papers = self.papers_for(convoy.as_str()).any(|row| !row.1);
                let warned = acknowledged(record, "no_papers");
                self.must("A8", papers || warned, || format!("{convoy} has no papers"));
                for vehicle in vehicles {
                    self.park(vehicle.as_str(), None);
                    let row = self.vehicles.entry(vehicle.to_string()).or_default();
                    let here = row.here;
                    *row = Vehicle {
                        here: true,
                        source: source.to_string(),
                        convoy: convoy.to_string(),
                        arrived: now,
                        came: at.min(now),
                        since: at.min(now),
                        ..Vehicle::default()
                    };
                    self.must("G7", !here, || format!("{vehicle} was here"));
                }
            }
            H::VehiclePlaced { vehicle, spot } => {
                self.enter_checks(spot);
                let to = spot_of(spot);
                let side = self.place(&to.0).map(|rule| rule.side);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let (here, ready, from) = (
                    row.here,
                    row.emptied && row.washed.is_some(),
                    row.spot.clone(),
                );
                row.since = at.min(now);
                if side == Some(Side::Dirty) {
                    row.washed = None;
                    row.sealed = false;
                }
                self.park(vehicle.as_str(), Some(to.clone()));
                self.must("G7", here, || format!("{vehicle} is not here"));
                self.must("G7", from.as_ref() != Some(&to), || {
                    format!("{vehicle} is already there")
                });
                self.way(from.as_ref(), &to);
                self.must("G8", side != Some(Side::Clean) || ready, || {
                    format!("{vehicle} crossed to the clean side dirty")
                });
                self.room(&to);
            }
            H::VehicleLeft { vehicle, spot } => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let ok = row.here && row.spot == Some(spot_of(spot));
                row.since = at.min(now);
                self.park(vehicle.as_str(), None);
                self.must("G7", ok, || format!("{vehicle} was not there"));
            }
            H::UnloadingStarted { vehicle, .. } => {
                self.not_turned_away(vehicle.as_str());
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.opened = true;
            }
            _ => {}
        }
    }

    /// Vehicles that are emptied, washed and sent home.
    pub(super) fn homeward(&mut self, told: Told<'_>) {
        let Told { event, at, now, .. } = told;
        match &event.happening {
            H::VehicleEmptied { vehicle } => {
                let row = self
                    .vehicles
                    .get(vehicle.as_str())
                    .cloned()
                    .unwrap_or_default();
                let of_convoy = self.lots_of.get(&row.convoy).into_iter().flatten();
                let aboard = of_convoy.filter_map(|lot| self.lots.get(lot)).any(|lot| {
                    lot.at == At::Papers
                        && lot.vehicle == vehicle.as_str()
                        && lot.convoy == row.convoy
                });
                self.must("G7", row.here, || format!("{vehicle} is not here"));
                self.must("G5", !aboard, || {
                    format!("{vehicle} has lots by its papers")
                });
                let dropped = (self.stops.values().flatten())
                    .filter_map(|lot| Some((lot, self.lots.get(lot)?)))
                    .find(|(_, lot)| {
                        lot.at == At::Off
                            && lot.vehicle == vehicle.as_str()
                            && lot.convoy == row.convoy
                    })
                    .map(|(lot, _)| lot.clone());
                self.must("G5", dropped.is_none(), || {
                    format!(
                        "its papers dropped {}, which may be on {vehicle}",
                        list(&dropped)
                    )
                });
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.emptied = true;
                row.emptied_at = at.min(now);
                row.washed = None;
                row.sealed = false;
            }
            H::VehicleWashed { vehicle } => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let ok = row.here && row.emptied;
                row.washed = Some(now);
                self.must("W1", ok, || format!("{vehicle} was washed full"));
            }
            H::VehicleReleased { vehicle } => {
                self.vehicle_released(vehicle.as_str(), now);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                (row.gone, row.since) = (true, at.min(now));
            }
            _ => {}
        }
    }

    /// That a vehicle was sealed.
    pub(super) fn sealed(&mut self, vehicle: &str) {
        let row = self.vehicles.entry(vehicle.to_string()).or_default();
        let ok = row.here && row.emptied;
        row.sealed = true;
        self.must("W1", ok, || format!("{vehicle} was sealed full"));
    }

    pub(super) fn vehicle_released(&mut self, vehicle: &str, now: i64) {
        let row = self.vehicles.get(vehicle).cloned().unwrap_or_default();
        self.must("G7", row.here, || format!("{vehicle} is not here"));
        let turned = !row.opened && self.turned_away(vehicle);
        let rule = self
            .rules
            .iter()
            .flat_map(|r| &r.vehicles)
            .find(|rule| rule.source.as_str() == row.source)
            .cloned();
        let ok = turned
            || row.emptied
                && rule.is_none_or(|rule| {
                    (!rule.wash || row.washed.is_some())
                        && row
                            .washed
                            .is_none_or(|washed| washed.saturating_add(secs(rule.dwell_s)) <= now)
                        && (!rule.seal || row.sealed)
                });
        self.must("W1", ok, || format!("{vehicle} went home too early"));
        let row = self.vehicles.entry(vehicle.into()).or_default();
        row.here = false;
        self.park(vehicle, None);
    }

    /// Puts a vehicle there, or nowhere.
    pub(super) fn park(&mut self, vehicle: &str, to: Option<(String, u32)>) {
        let row = self.vehicles.entry(vehicle.into()).or_default();
        if let Some(from) = row.spot.take()
            && let Some(there) = self.vehicles_at.get_mut(&from)
        {
            there.remove(vehicle);
        }
        if let Some(to) = &to {
            let there = self.vehicles_at.entry(to.clone()).or_default();
            there.insert(vehicle.into());
        }
        row.spot = to;
    }
}

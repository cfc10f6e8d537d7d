//! Vehicles: placed, worked on, emptied, washed, sent home.

use lazaret_vocabulary::event::entry::{ExceptionId, PersonName, Role};
use lazaret_vocabulary::event::rules::Side;
use lazaret_vocabulary::event::{Spot, VehicleId, Vehicles};
use serde_json::{Map, Value};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::index::VehicleIx;
use crate::refusal::{Fact, Refusal, Remedy};
use crate::role::{ARRIVALS, TREATMENT, YARD};
use crate::rule::Rule;
use crate::state::apply::Touch;
use crate::state::{LotStage, ManifestStage, State, VehicleStage, seconds, timestamp};
use crate::work::{Work, on_vehicle};

impl<'a> Meaning<'a> for Vehicles<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Vehicles::VehicleReleased { .. } | Vehicles::VehicleReturned { .. } => ARRIVALS,
            Vehicles::VehiclePlaced { .. }
            | Vehicles::VehicleLeft { .. }
            | Vehicles::VehicleStepStarted { .. }
            | Vehicles::VehicleStepEnded { .. }
            | Vehicles::UnloadingStarted { .. }
            | Vehicles::VehicleEmptied { .. } => YARD,
            Vehicles::VehicleWashed { .. } => TREATMENT,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Vehicles::UnloadingStarted { vehicle: v, .. }
            | Vehicles::VehicleWashed { vehicle: v } => on_vehicle(v, true),
            Vehicles::VehicleStepStarted { vehicle: v, .. } => on_vehicle(v, true),
            Vehicles::VehiclePlaced { .. }
            | Vehicles::VehicleLeft { .. }
            | Vehicles::VehicleStepEnded { .. }
            | Vehicles::VehicleEmptied { .. }
            | Vehicles::VehicleReleased { .. }
            | Vehicles::VehicleReturned { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Vehicles::VehiclePlaced { vehicle, .. }
            | Vehicles::VehicleLeft { vehicle, .. }
            | Vehicles::VehicleStepStarted { vehicle, .. }
            | Vehicles::VehicleStepEnded { vehicle, .. }
            | Vehicles::UnloadingStarted { vehicle, .. }
            | Vehicles::VehicleEmptied { vehicle }
            | Vehicles::VehicleReleased { vehicle }
            | Vehicles::VehicleReturned { vehicle, .. } => {
                judge.vehicle_since(vehicle).into_iter().collect()
            }
            Vehicles::VehicleWashed { vehicle } => (judge.vehicle_since(vehicle).into_iter())
                .chain(judge.emptied_at(vehicle))
                .collect(),
        }
    }

    fn decide(self, judge: &Judge<'_>, _: &mut Said) -> Result<(), Refusal> {
        match self {
            Vehicles::VehiclePlaced { vehicle, spot } => judge.placed(vehicle, spot),
            Vehicles::VehicleLeft { vehicle, spot } => judge.vehicle_at(vehicle, spot).map(drop),
            Vehicles::VehicleStepStarted { vehicle, spot, .. }
            | Vehicles::VehicleStepEnded { vehicle, spot, .. } => {
                judge.vehicle_at(vehicle, spot).map(drop)
            }
            Vehicles::UnloadingStarted { vehicle, spot, .. } => {
                judge.vehicle_at(vehicle, spot)?;
                judge.papers_allow(vehicle)
            }
            Vehicles::VehicleEmptied { vehicle } => judge.emptied(vehicle),
            Vehicles::VehicleWashed { vehicle } => judge.washed(vehicle),
            Vehicles::VehicleReleased { vehicle } => judge.vehicle_released(vehicle),
            Vehicles::VehicleReturned { vehicle, .. } => judge.vehicle_returned(vehicle),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Vehicles::VehiclePlaced { vehicle, spot } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.take_vehicle(vehicle);
                let unit = state.unit(spot);
                let dirty = state
                    .place_rule(state.units[unit].place)
                    .is_some_and(|rule| rule.side == Side::Dirty);
                let row = &mut state.vehicles[vehicle];
                row.unit = Some(unit);
                row.since = at.min(now);
                row.position = state.units[unit].vehicles.len() as u32;
                if dirty {
                    row.washed = None;
                    row.sealed = false;
                }
                state.units[unit].vehicles.push(vehicle);
                state.occupy(unit, 1);
            }
            Vehicles::VehicleLeft { vehicle, .. } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.take_vehicle(vehicle);
                state.vehicles[vehicle].since = at.min(now);
            }
            Vehicles::VehicleStepStarted { vehicle, .. }
            | Vehicles::VehicleStepEnded { vehicle, .. } => {
                state.vehicle_touched(vehicle.as_str(), touch)?;
            }
            Vehicles::UnloadingStarted { vehicle, .. } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.vehicles[vehicle].opened = true;
            }
            Vehicles::VehicleEmptied { vehicle } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                let row = &mut state.vehicles[vehicle];
                row.emptied = true;
                row.emptied_at = at.min(now);
                row.washed = None;
                row.sealed = false;
                state.seals.remove(&vehicle);
            }
            Vehicles::VehicleWashed { vehicle } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.vehicles[vehicle].washed = Some(now);
            }
            Vehicles::VehicleReleased { vehicle } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.take_vehicle(vehicle);
                let row = &mut state.vehicles[vehicle];
                (row.stage, row.since) = (VehicleStage::Gone, at.min(now));
                state.vehicles_here.remove(&vehicle);
                state.seals.remove(&vehicle);
                state.totals.vehicles_released += 1;
            }
            Vehicles::VehicleReturned { vehicle, .. } => {
                state.vehicle_touched(vehicle.as_str(), touch)?;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Vehicles::VehiclePlaced { vehicle, spot } => {
                format!("vehicle {vehicle} is at {} {}", spot.place, spot.unit)
            }
            Vehicles::VehicleLeft { vehicle, spot } => {
                format!("vehicle {vehicle} left {} {}", spot.place, spot.unit)
            }
            Vehicles::VehicleStepStarted { vehicle, step, .. } => {
                format!("{step} of {vehicle} began")
            }
            Vehicles::VehicleStepEnded { vehicle, step, .. } => {
                format!("{step} of {vehicle} ended")
            }
            Vehicles::UnloadingStarted { vehicle, spot, .. } => {
                format!(
                    "unloading of {vehicle} began at {} {}",
                    spot.place, spot.unit
                )
            }
            Vehicles::VehicleEmptied { vehicle } => format!("vehicle {vehicle} is empty"),
            Vehicles::VehicleWashed { vehicle } => format!("vehicle {vehicle} was washed"),
            Vehicles::VehicleReleased { vehicle } => format!("vehicle {vehicle} left for home"),
            Vehicles::VehicleReturned { vehicle, source } => {
                format!("vehicle {vehicle} is back at {source}")
            }
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Vehicles::VehiclePlaced { vehicle, spot } => exchange.at(
                object(
                    "OBSERVE",
                    "entering_exiting",
                    "in_progress",
                    vec![exchange.name("vehicle", vehicle.as_str())],
                ),
                spot,
            ),
            Vehicles::VehicleReleased { vehicle } => object(
                "OBSERVE",
                "departing",
                "in_transit",
                vec![exchange.name("vehicle", vehicle.as_str())],
            ),
            Vehicles::VehicleLeft { .. }
            | Vehicles::VehicleStepStarted { .. }
            | Vehicles::VehicleStepEnded { .. }
            | Vehicles::UnloadingStarted { .. }
            | Vehicles::VehicleEmptied { .. }
            | Vehicles::VehicleWashed { .. }
            | Vehicles::VehicleReturned { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn placed(&self, vehicle: &VehicleId, spot: &Spot) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let rule = self.place(spot)?;
        let row = &self.state.vehicles[number];
        let from = self.state.spot(row.unit);
        self.need(Rule::OnePlace, from.as_ref() != Some(spot), || {
            (
                Fact::VehicleAlreadyIn {
                    vehicle: vehicle.clone(),
                    place: spot.place.clone(),
                    unit: spot.unit,
                },
                Remedy::OtherPlace,
            )
        })?;
        self.way(from.as_ref(), spot, vehicle.as_str())?;
        self.need(
            Rule::OneWay,
            rule.side != Side::Clean || row.emptied && row.washed.is_some(),
            || {
                (
                    Fact::VehicleDirty {
                        vehicle: vehicle.clone(),
                        place: spot.place.clone(),
                    },
                    Remedy::EmptyAndWash,
                )
            },
        )?;
        self.open(spot)?;
        self.room(rule, spot, from.as_ref())
    }

    /// The vehicle, which must be in that unit.
    pub(crate) fn vehicle_at(
        &self,
        vehicle: &VehicleId,
        spot: &Spot,
    ) -> Result<VehicleIx, Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.place(spot)?;
        let at = self.state.spot(self.state.vehicles[number].unit);
        self.need(Rule::OnePlace, at.as_ref() == Some(spot), || {
            (
                match &at {
                    Some(at) => Fact::VehicleElsewhere {
                        vehicle: vehicle.clone(),
                        place: at.place.clone(),
                        unit: at.unit,
                    },
                    None => Fact::VehicleNowhere {
                        vehicle: vehicle.clone(),
                    },
                },
                Remedy::PlacedFirst {
                    place: spot.place.clone(),
                    unit: spot.unit,
                },
            )
        })?;
        Ok(number)
    }

    pub(crate) fn papers_allow(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(Rule::Decided, !self.papers_refused(number), || {
            (
                Fact::VehiclePapersRefused {
                    vehicle: vehicle.clone(),
                },
                Remedy::AmendOrSendHome,
            )
        })
    }

    pub(crate) fn papers_refused(&self, vehicle: VehicleIx) -> bool {
        let convoy = self.state.vehicles[vehicle].convoy;
        convoy
            .and_then(|convoy| self.state.convoys[convoy].manifest)
            .is_some_and(|manifest| self.state.manifests[manifest].stage == ManifestStage::Refused)
    }

    pub(crate) fn emptied(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let left = self.state.vehicles[number].expected;
        self.need(Rule::Conserved, left == 0, || {
            (
                Fact::LotsAboard {
                    vehicle: vehicle.clone(),
                    lots: left,
                },
                Remedy::UnloadOrAmend,
            )
        })?;
        // What papers dropped after the vehicle had come may still be on it.
        let dropped = self.state.open_exceptions.iter().find_map(|&exception| {
            let row = &self.state.exceptions[exception];
            let convoy = self.state.vehicles[number].convoy;
            let lot = row.lots.iter().find(|&&lot| {
                let row = self.state.lot(lot);
                row.stage == LotStage::Withdrawn
                    && (row.vehicle, row.convoy) == (Some(number), convoy)
            })?;
            Some((exception, *lot))
        });
        let Some((exception, lot)) = dropped.filter(|_| !self.without(Rule::Conserved)) else {
            return Ok(());
        };
        Err(Refusal::new(
            Rule::Conserved,
            Fact::DroppedAboard {
                lot: self.state.lot_id(lot),
                vehicle: vehicle.clone(),
                exception: ExceptionId::new(self.state.exception_names.get(exception)),
            },
            Remedy::ChiefSettles,
        ))
    }

    pub(crate) fn washed(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(
            Rule::VehicleClean,
            self.state.vehicles[number].emptied,
            || {
                (
                    Fact::NotEmpty {
                        vehicle: vehicle.clone(),
                    },
                    Remedy::EmptyThenWash,
                )
            },
        )
    }

    pub(crate) fn vehicle_released(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let row = &self.state.vehicles[number];
        if !row.opened && self.papers_refused(number) {
            // Turned away as it came: never opened, so nothing of the gateway is in it and nothing of it is here.
            return Ok(());
        }
        self.need(Rule::VehicleClean, row.emptied, || {
            (
                Fact::NotEmpty {
                    vehicle: vehicle.clone(),
                },
                Remedy::RecordEmptied,
            )
        })?;
        let rules = self.rules()?;
        let source = (row.source).map_or("", |source| self.state.source_names.get(source));
        let Some(rule) = rules
            .vehicles
            .iter()
            .find(|rule| rule.source.as_str() == source)
        else {
            return Ok(());
        };
        self.need(
            Rule::VehicleClean,
            !rule.wash || row.washed.is_some(),
            || {
                (
                    Fact::NotWashed {
                        vehicle: vehicle.clone(),
                    },
                    Remedy::Wash,
                )
            },
        )?;
        let stands_until = row.washed.map_or(i64::MIN, |washed| {
            washed.saturating_add(seconds(rule.dwell_s))
        });
        if stands_until > self.now && !self.without(Rule::VehicleClean) {
            let until = timestamp(stands_until);
            return Err(Refusal::until(
                Rule::VehicleClean,
                until,
                Fact::MustStand {
                    vehicle: vehicle.clone(),
                    until: until.into(),
                },
                Remedy::WaitUntil {
                    until: until.into(),
                },
            ));
        }
        self.need(Rule::VehicleClean, !rule.seal || row.sealed, || {
            (
                Fact::NotSealed {
                    vehicle: vehicle.clone(),
                },
                Remedy::CheckAndSeal,
            )
        })
    }

    pub(crate) fn vehicle_returned(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let gone = self
            .state
            .vehicle_names
            .find(vehicle.as_str())
            .is_some_and(|v| self.state.vehicles[v].stage == VehicleStage::Gone);
        self.need(Rule::OnePlace, gone, || {
            (
                Fact::VehicleNotGone {
                    vehicle: vehicle.clone(),
                },
                Remedy::RecordLeft,
            )
        })
    }
}

//! Convoys: that they come, what they bring, and what waits.

use lazaret_vocabulary::event::entry::{PersonName, Role};
use lazaret_vocabulary::event::{Cause, ConvoyId, Convoys, SourceName, Thing, VehicleId};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::gate::unknown;
use crate::identity::{Check, check_of};
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::role::{ARRIVALS, YARD};
use crate::rule::{Rule, Warning};
use crate::state::apply::Touch;
use crate::state::rows::Touched;
use crate::state::{ManifestStage, State, Vehicle, VehicleStage};
use crate::words::{cause_words, count_of, list, thing_words};

impl<'a> Meaning<'a> for Convoys<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Convoys::ConvoySent { .. }
            | Convoys::ConvoyCancelled { .. }
            | Convoys::ConvoyArrived { .. } => ARRIVALS,
            Convoys::Waiting { .. } | Convoys::Blocked { .. } | Convoys::Deadlocked { .. } => YARD,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Convoys::ConvoyArrived {
                convoy, vehicles, ..
            } => (vehicles.iter().filter_map(|vehicle| judge.left(vehicle)))
                .chain(judge.announced_before(convoy))
                .collect(),
            Convoys::ConvoySent { .. }
            | Convoys::ConvoyCancelled { .. }
            | Convoys::Waiting { .. }
            | Convoys::Blocked { .. }
            | Convoys::Deadlocked { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Convoys::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => judge.arrived(convoy, source, vehicles, said),
            Convoys::ConvoySent { source, .. } | Convoys::ConvoyCancelled { source, .. } => {
                judge.source(source).map(drop)
            }
            Convoys::Waiting { thing, .. } => judge.thing(thing),
            Convoys::Blocked { thing, spot, .. } => {
                judge.thing(thing)?;
                judge.place(spot).map(drop)
            }
            Convoys::Deadlocked { .. } => Ok(()),
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
            Convoys::ConvoySent { convoy, source, .. } => {
                let source = state.source_names.add(source.as_str());
                let convoy = state.convoy(convoy.as_str());
                state.convoys[convoy].source = Some(source);
            }
            Convoys::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => {
                let source = state.source_names.add(source.as_str());
                let convoy = state.convoy(convoy.as_str());
                let row = &mut state.convoys[convoy];
                (row.source, row.arrived) = (Some(source), Some(now));
                state.went_live = state.went_live.or(Some(now));
                for name in vehicles {
                    let vehicle = state.vehicle(name.as_str());
                    let history = state.vehicles[vehicle].history;
                    state.vehicles[vehicle] = Vehicle {
                        stage: VehicleStage::Here,
                        source: Some(source),
                        convoy: Some(convoy),
                        arrived: now,
                        came: at.min(now),
                        since: at.min(now),
                        history,
                        ..Vehicle::new()
                    };
                    state.open_episode(Touched::Vehicle(vehicle), at.min(now));
                    state.vehicles_here.insert(vehicle);
                    touch.vehicles.push(vehicle);
                }
                state.totals.vehicles_arrived += vehicles.len() as u64;
                if let Some(manifest) = state.convoys[convoy].manifest {
                    for lot in state.manifests[manifest].lots.clone() {
                        state.expect(lot);
                    }
                }
            }
            // Whoever waits for another place without being blocked has left its slot and stands beside it.
            Convoys::Waiting {
                thing: Thing::Lot(lot),
                cause:
                    Cause::NoRoom(place)
                    | Cause::Closed(place)
                    | Cause::Broken(place)
                    | Cause::Segregated(place),
                ..
            } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let elsewhere = state
                    .spot(state.lot(lot).unit)
                    .is_some_and(|spot| spot.place != *place);
                if elsewhere {
                    state.free_slot(lot);
                }
            }
            Convoys::ConvoyCancelled { .. }
            | Convoys::Waiting { .. }
            | Convoys::Blocked { .. }
            | Convoys::Deadlocked { .. } => {}
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Convoys::ConvoySent {
                convoy,
                source,
                vehicles,
            } => format!(
                "convoy {convoy} with {} left {source}",
                count_of(u64::from(*vehicles), "vehicle")
            ),
            Convoys::ConvoyCancelled { source, cause } => {
                format!(
                    "a convoy from {source} did not leave: {}",
                    cause_words(cause)
                )
            }
            Convoys::ConvoyArrived {
                convoy, vehicles, ..
            } => format!(
                "convoy {convoy} arrived with {}",
                count_of(vehicles.len() as u64, "vehicle")
            ),
            Convoys::Waiting { thing, step, cause } => format!(
                "{} waits for {step}: {}",
                thing_words(thing),
                cause_words(cause)
            ),
            Convoys::Blocked {
                thing, spot, cause, ..
            } => format!(
                "{} is blocked at {} {}: {}",
                thing_words(thing),
                spot.place,
                spot.unit,
                cause_words(cause)
            ),
            Convoys::Deadlocked { places } => format!(
                "nothing can move between {}",
                list(places.iter().map(ToString::to_string))
            ),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Convoys::ConvoyArrived {
                convoy, vehicles, ..
            } => {
                let vehicles: Vec<String> = vehicles
                    .iter()
                    .map(|vehicle| exchange.name("vehicle", vehicle.as_str()))
                    .collect();
                let mut fields = object("OBSERVE", "arriving", "in_progress", vehicles);
                fields.insert(
                    "bizTransactionList".into(),
                    json!([{ "type": "bol", "bizTransaction": exchange.name("convoy", convoy.as_str()) }]),
                );
                fields
            }
            Convoys::ConvoySent { .. }
            | Convoys::ConvoyCancelled { .. }
            | Convoys::Waiting { .. }
            | Convoys::Blocked { .. }
            | Convoys::Deadlocked { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn source(&self, source: &SourceName) -> Result<(), Refusal> {
        let known = self
            .rules()?
            .vehicles
            .iter()
            .any(|rule| rule.source == *source);
        self.need(Rule::Known, known, || {
            (unknown(Noun::Source, source.as_str()), Remedy::ChooseSource)
        })
    }

    pub(crate) fn arrived(
        &self,
        convoy: &ConvoyId,
        source: &SourceName,
        vehicles: &[VehicleId],
        said: &mut Said,
    ) -> Result<(), Refusal> {
        self.source(source)?;
        let known = self.state.convoy_names.find(convoy.as_str());
        let row = known.map(|convoy| &self.state.convoys[convoy]);
        if row.is_some_and(|row| row.arrived.is_some()) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::ArrivalKnown {
                    convoy: convoy.clone(),
                },
                Remedy::NameConvoyAnew,
            ));
        }
        for (position, vehicle) in vehicles.iter().enumerate() {
            let number = self.state.vehicle_names.find(vehicle.as_str());
            let here = number.is_some_and(|v| self.state.vehicles[v].stage == VehicleStage::Here);
            let twice = vehicles[..position].contains(vehicle);
            self.need(Rule::OnePlace, !here && !twice, || {
                (
                    if twice {
                        Fact::VehicleTwice {
                            vehicle: vehicle.clone(),
                        }
                    } else {
                        Fact::VehicleHere {
                            vehicle: vehicle.clone(),
                        }
                    },
                    Remedy::CorrectMarkOrHome,
                )
            })?;
            if let Check::Fails { expected } = check_of(vehicle.as_str()) {
                said.warnings.push((
                    Warning::UnverifiedMark,
                    Rule::Known,
                    Fact::CheckDigit {
                        mark: vehicle.to_string(),
                        expected: expected.to_string(),
                    },
                ));
            }
        }
        let papers = row
            .and_then(|row| row.manifest)
            .map(|manifest| self.state.manifests[manifest].stage);
        if papers.is_none_or(|stage| stage == ManifestStage::Withheld) {
            said.warnings.push((
                Warning::NoPapers,
                Rule::Known,
                Fact::NoPapers {
                    convoy: convoy.clone(),
                },
            ));
        } else if let Some(papers) = row.and_then(|row| row.manifest) {
            self.compare_arrival(papers, vehicles, said);
        }
        Ok(())
    }
}

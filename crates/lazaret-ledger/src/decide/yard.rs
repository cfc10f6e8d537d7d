//! What happens in the yard: convoys, vehicles, moves, treatments, departures.

use lazaret_vocabulary::event::entry::ExceptionId;
use lazaret_vocabulary::event::rules::{ClockFrom, Side};
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, Finding, Happening, LotId, SourceName, Spot, Thing, VehicleId,
};

use super::ground::ungrouped;
use super::{Judge, Said};
use crate::gate::Way;
use crate::gate::unknown;
use crate::identity::{Check, check_of};
use crate::refusal::{Fact, Nearness, Noun, Refusal, Remedy};
use crate::rule::{Rule, Warning};
use crate::segregation::Segregation;
use crate::state::{LotStage, ManifestStage, VehicleStage, flag, seconds, some, timestamp};

impl Judge<'_> {
    pub(super) fn yard(&self, what: &Happening, said: &mut Said) -> Result<(), Refusal> {
        use Happening as H;
        match what {
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => self.arrived(convoy, source, vehicles, said),
            H::VehiclePlaced { vehicle, spot } => self.placed(vehicle, spot),
            H::VehicleLeft { vehicle, spot } => self.vehicle_at(vehicle, spot).map(drop),
            H::VehicleStepStarted { vehicle, spot, .. }
            | H::VehicleStepEnded { vehicle, spot, .. } => self.vehicle_at(vehicle, spot).map(drop),
            H::UnloadingStarted { vehicle, spot, .. } => {
                self.vehicle_at(vehicle, spot)?;
                self.papers_allow(vehicle)
            }
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => self.unloaded(lot, vehicle, goods, spot, said),
            H::LotStored { lot, spot } => self.stored(lot, spot, said),
            H::TreatmentStarted { lot, step, spot } => {
                self.treatment_started(lot, step, spot, said)
            }
            H::TreatmentEnded { lot, step, .. } => self.treatment_ended(lot, step, said),
            H::InspectionStarted { lot, step, spot } => {
                let number = self.lot_at(lot, spot)?;
                self.starts_clock(
                    number,
                    said,
                    |from| matches!(from, ClockFrom::StepStart(named) if named == step),
                );
                Ok(())
            }
            H::LotInspected { lot, step, finding } => {
                let number = self.lot_here(lot)?;
                if *finding == Finding::Pass {
                    self.starts_clock(
                        number,
                        said,
                        |from| matches!(from, ClockFrom::StepEnd(named) if named == step),
                    );
                }
                Ok(())
            }
            H::HoldStarted { lot, until, .. } => self.hold_started(lot, *until, said),
            H::HoldRestarted { lot, until, .. } => {
                let number = self.lot_present(lot)?;
                self.never_shorter(number, *until)
            }
            H::HoldEnded { lot, .. } => self.hold_ended(lot),
            // Nobody may say this; it is here for the test that lets somebody say it.
            H::LotReleased { lot } => self.lot_here(lot).map(drop),
            H::LotLoaded {
                lot,
                departure,
                wagon,
            } => self.loaded(lot, departure, wagon.as_ref(), said),
            H::Departed {
                departure, lots, ..
            } => self.departed(departure, *lots),
            H::LotSent { lot, spot } => {
                self.gate.may_leave(self.lot(lot)?, Way::Transfer)?;
                self.stored(lot, spot, said)
            }
            H::LotDestroyed { lot } => self.gate.may_leave(self.lot(lot)?, Way::Destroy),
            H::LotSentBack { lot } => self.gate.may_leave(self.lot(lot)?, Way::SendBack),
            H::VehicleEmptied { vehicle } => self.emptied(vehicle),
            H::VehicleWashed { vehicle } => self.washed(vehicle),
            H::VehicleReleased { vehicle } => self.vehicle_released(vehicle),
            H::VehicleReturned { vehicle, .. } => self.vehicle_returned(vehicle),
            H::PlaceOpened { spot }
            | H::PlaceClosed { spot, .. }
            | H::PlaceBroken { spot }
            | H::PlaceRepaired { spot } => self.place(spot).map(drop),
            H::CapacityChanged { place, .. } => self
                .place(&Spot {
                    place: place.clone(),
                    unit: 1,
                })
                .map(drop),
            H::ConvoySent { source, .. } | H::ConvoyCancelled { source, .. } => {
                self.source(source).map(drop)
            }
            H::Waiting { thing, .. } => self.thing(thing),
            H::Blocked { thing, spot, .. } => {
                self.thing(thing)?;
                self.place(spot).map(drop)
            }
            H::WorkPaused { thing, .. } | H::WorkResumed { thing, .. } => self.thing(thing),
            H::DepartureCancelled { .. }
            | H::ShiftStarted { .. }
            | H::ShiftEnded { .. }
            | H::Deadlocked { .. }
            | H::Entry(_) => Ok(()),
        }
    }

    fn thing(&self, thing: &Thing) -> Result<(), Refusal> {
        match thing {
            Thing::Lot(lot) => self.lot_present(lot).map(drop),
            Thing::Vehicle(vehicle) => self.vehicle_here(vehicle).map(drop),
            Thing::Convoy(_) => Ok(()),
        }
    }

    fn source(&self, source: &SourceName) -> Result<(), Refusal> {
        let known = self
            .rules()?
            .vehicles
            .iter()
            .any(|rule| rule.source == *source);
        self.need(Rule::Known, known, || {
            (unknown(Noun::Source, source.as_str()), Remedy::ChooseSource)
        })
    }

    fn arrived(
        &self,
        convoy: &ConvoyId,
        source: &SourceName,
        vehicles: &[VehicleId],
        said: &mut Said,
    ) -> Result<(), Refusal> {
        self.source(source)?;
        let known = self.state.convoy_names.find(convoy.as_str());
        let row = known.map(|convoy| &self.state.convoys[convoy as usize]);
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
            let here =
                number.is_some_and(|v| self.state.vehicles[v as usize].stage == VehicleStage::Here);
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
            .and_then(|row| some(row.manifest))
            .map(|manifest| self.state.manifests[manifest as usize].stage);
        if papers.is_none_or(|stage| stage == ManifestStage::Withheld) {
            said.warnings.push((
                Warning::NoPapers,
                Rule::Known,
                Fact::NoPapers {
                    convoy: convoy.clone(),
                },
            ));
        } else if let Some(papers) = row.and_then(|row| some(row.manifest)) {
            self.compare_arrival(papers, vehicles, said);
        }
        Ok(())
    }

    fn placed(&self, vehicle: &VehicleId, spot: &Spot) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let rule = self.place(spot)?;
        let row = &self.state.vehicles[number as usize];
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
    pub(super) fn vehicle_at(&self, vehicle: &VehicleId, spot: &Spot) -> Result<u32, Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.place(spot)?;
        let at = self.state.spot(self.state.vehicles[number as usize].unit);
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

    pub(super) fn papers_allow(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
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

    fn papers_refused(&self, vehicle: u32) -> bool {
        let convoy = self.state.vehicles[vehicle as usize].convoy;
        some(convoy)
            .and_then(|convoy| some(self.state.convoys[convoy as usize].manifest))
            .is_some_and(|manifest| {
                self.state.manifests[manifest as usize].stage == ManifestStage::Refused
            })
    }

    fn loaded(
        &self,
        lot: &LotId,
        departure: &DepartureId,
        wagon: Option<&VehicleId>,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        self.gate.may_leave(number, Way::Inland)?;
        let Some(train) = self.state.departure_names.find(departure.as_str()) else {
            return Ok(());
        };
        let train = &self.state.departures[train as usize];
        self.need(Rule::OnePlace, train.left.is_none(), || {
            (
                Fact::DepartureLeft {
                    departure: departure.clone(),
                },
                Remedy::ChooseLoading,
            )
        })?;
        let row = self.state.lot(number);
        for &other in &train.lots {
            let other_row = self.state.lot(other);
            self.need(
                Rule::Trial,
                row.is(flag::TRIAL) == other_row.is(flag::TRIAL),
                || {
                    (
                        Fact::TrialAboard {
                            lot: lot.clone(),
                            other: self.state.lot_id(other),
                        },
                        Remedy::TrialDeparture,
                    )
                },
            )?;
            self.dangers_aboard((number, wagon), other, said)?;
        }
        Ok(())
    }

    /// That two lots of one departure are as far from each other as the tables of segregation ask.
    ///
    /// Wagons are apart from each other, so that only what is in one wagon can be too near; what needs a whole
    /// compartment between needs another departure, because nobody records in which order wagons are coupled.
    fn dangers_aboard(
        &self,
        (lot, wagon): (u32, Option<&VehicleId>),
        other: u32,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let (own, theirs) = (&self.state.lot(lot).hazards, &self.state.lot(other).hazards);
        let (asked, _) = own.strictest(theirs);
        if asked == Segregation::None {
            return Ok(());
        }
        let (name, other_name) = (self.state.lot_id(lot), self.state.lot_id(other));
        self.need(Rule::Apart, asked < Segregation::Compartment, || {
            (
                Fact::CompartmentBetween {
                    lot: name.clone(),
                    own: own.into(),
                    other: other_name.clone(),
                    dangers: theirs.into(),
                },
                Remedy::OtherDeparture,
            )
        })?;
        let wagons = wagon.zip(self.state.wagons.get(&other));
        let together = wagons.map(|(own, theirs)| same_mark(own.as_str(), theirs));
        if together == Some(false) {
            return Ok(());
        }
        self.need(
            Rule::Apart,
            together.is_none() || asked < Segregation::Separated,
            || {
                (
                    Fact::SameWagon {
                        lot: other_name.clone(),
                        dangers: theirs.into(),
                        own: own.into(),
                    },
                    if ungrouped(own, theirs) {
                        Remedy::OtherWagonOrGroup
                    } else {
                        Remedy::OtherWagon
                    },
                )
            },
        )?;
        let how = Nearness::of(asked).unwrap_or(Nearness::OtherWagon);
        said.warnings.push((
            Warning::Near,
            Rule::Apart,
            Fact::NearAboard {
                lot: other_name,
                dangers: theirs.into(),
                how,
                other: name,
                own: own.into(),
                wagons_known: together.is_some(),
            },
        ));
        Ok(())
    }

    fn departed(&self, departure: &DepartureId, lots: u32) -> Result<(), Refusal> {
        let train = self
            .state
            .departure_names
            .find(departure.as_str())
            .map(|train| &self.state.departures[train as usize]);
        if let Some(train) = train {
            if train.left.is_some() {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    Fact::DepartureLeftAlready {
                        departure: departure.clone(),
                    },
                    Remedy::CorrectName,
                ));
            }
            for &lot in &train.lots {
                self.gate.may_leave(lot, Way::Inland)?;
            }
        }
        let loaded = train.map_or(0, |train| train.lots.len());
        self.need(Rule::Conserved, loaded == lots as usize, || {
            (
                Fact::LoadedDiffers {
                    departure: departure.clone(),
                    loaded: loaded as u32,
                    lots,
                },
                Remedy::RecordLoading,
            )
        })
    }

    fn emptied(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let left = self.state.vehicles[number as usize].expected;
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
            let row = &self.state.exceptions[exception as usize];
            let convoy = self.state.vehicles[number as usize].convoy;
            let lot = row.lots.iter().find(|&&lot| {
                let row = self.state.lot(lot);
                row.stage == LotStage::Withdrawn && (row.vehicle, row.convoy) == (number, convoy)
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

    fn washed(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(
            Rule::VehicleClean,
            self.state.vehicles[number as usize].emptied,
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

    fn vehicle_released(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let row = &self.state.vehicles[number as usize];
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
        let source = self.state.source_names.get(row.source);
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

    fn vehicle_returned(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let gone = self
            .state
            .vehicle_names
            .find(vehicle.as_str())
            .is_some_and(|v| self.state.vehicles[v as usize].stage == VehicleStage::Gone);
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

/// Whether two marks are of one wagon, however they are written. Two wagons that look alike count as one.
fn same_mark(a: &str, b: &str) -> bool {
    let plain = |mark: &str| -> String {
        (mark.chars().filter(|c| c.is_alphanumeric()))
            .flat_map(char::to_uppercase)
            .collect()
    };
    plain(a) == plain(b)
}

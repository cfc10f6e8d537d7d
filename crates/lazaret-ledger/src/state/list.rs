//! Lists of everything there is, for boards and for search.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{ManifestId, SampleId, TestName};
use lazaret_vocabulary::event::{ConvoyId, DepartureId, LotId, SourceName, StepName, VehicleId};
use serde::{Deserialize, Serialize};

use super::{State, timestamp};
use crate::index::{LotIx, Number};
use crate::names::{AnyNames, Spelled};

/// A convoy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvoyView {
    /// Which.
    pub convoy: ConvoyId,
    /// Where it comes from.
    pub source: Option<SourceName>,
    /// When its arrival was recorded.
    pub arrived: Option<Timestamp>,
    /// Whether it is an exercise.
    pub trial: bool,
    /// Its papers.
    pub manifest: Option<ManifestId>,
}

/// A sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// Which.
    pub sample: SampleId,
    /// Of which lot.
    pub lot: LotId,
    /// For which test.
    pub test: TestName,
    /// When it was seen to be taken.
    pub taken: Timestamp,
    /// Whether there is a result.
    pub settled: bool,
}

/// A treatment that a lot's protocol asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreatmentView {
    /// The step.
    pub step: StepName,
    /// Whether a valid one is on record.
    pub valid: bool,
    /// Whether one is in hand.
    pub in_hand: bool,
}

/// Which kind of name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// A lot.
    Lot,
    /// A vehicle.
    Vehicle,
    /// A convoy.
    Convoy,
    /// Papers.
    Manifest,
    /// A sample.
    Sample,
    /// A person.
    Person,
    /// An exception.
    Exception,
    /// A departure.
    Departure,
    /// A place.
    Place,
}

impl State {
    /// How many lots were ever named.
    #[must_use]
    pub fn lots_named(&self) -> usize {
        self.lots.len()
    }

    /// The lot that was named as number `number`, from 0.
    #[must_use]
    pub fn lot_named(&self, number: usize) -> Option<LotId> {
        (number < self.lots.len()).then(|| self.lot_id(LotIx::at(number)))
    }

    /// Lots of a convoy, in order of being named.
    #[must_use]
    pub fn lots_of(&self, convoy: &ConvoyId) -> Vec<LotId> {
        let Some(convoy) = self.convoy_names.find(convoy.as_str()) else {
            return Vec::new();
        };
        (self.lots.pairs())
            .filter(|(_, row)| row.convoy == Some(convoy))
            .map(|(lot, _)| self.lot_id(lot))
            .collect()
    }

    /// Lots that came or come with a vehicle, in order of being named.
    #[must_use]
    pub fn lots_by(&self, vehicle: &VehicleId) -> Vec<LotId> {
        let Some(vehicle) = self.vehicle_names.find(vehicle.as_str()) else {
            return Vec::new();
        };
        (self.lots.pairs())
            .filter(|(_, row)| row.vehicle == Some(vehicle))
            .map(|(lot, _)| self.lot_id(lot))
            .collect()
    }

    /// Vehicles whose present or last visit is with a convoy.
    #[must_use]
    pub fn vehicles_of(&self, convoy: &ConvoyId) -> Vec<VehicleId> {
        let Some(convoy) = self.convoy_names.find(convoy.as_str()) else {
            return Vec::new();
        };
        (self.vehicles.pairs())
            .filter(|(_, row)| row.convoy == Some(convoy))
            .map(|(vehicle, _)| VehicleId::new(self.vehicle_names.get(vehicle)))
            .collect()
    }

    /// Treatments that a lot's protocol asks; empty if it has none yet.
    #[must_use]
    pub fn treatments_of(&self, lot: &LotId) -> Vec<TreatmentView> {
        let Some(number) = self.lot_names.find(lot.as_str()) else {
            return Vec::new();
        };
        let row = self.lot(number);
        let Some(protocol) = self.protocol_of(row) else {
            return Vec::new();
        };
        let open = self.treatments.get(&number);
        protocol
            .treatments
            .iter()
            .enumerate()
            .map(|(bit, rule)| TreatmentView {
                step: rule.step.clone(),
                valid: row.treated >> bit & 1 == 1,
                in_hand: open
                    .is_some_and(|open| self.step_names.get(open.step) == rule.step.as_str()),
            })
            .collect()
    }

    /// Whether a treatment of the lot is in hand.
    #[must_use]
    pub fn in_treatment(&self, lot: &LotId) -> bool {
        self.lot_names
            .find(lot.as_str())
            .is_some_and(|lot| self.treatments.contains_key(&lot))
    }

    /// Lots whose treatment is in hand.
    pub fn lots_in_treatment(&self) -> impl Iterator<Item = LotId> {
        self.treatments.keys().map(|&lot| self.lot_id(lot))
    }

    /// Convoys, the latest named first.
    pub fn convoys(&self) -> impl Iterator<Item = ConvoyView> {
        self.convoys.keys().rev().map(|convoy| {
            let row = &self.convoys[convoy];
            ConvoyView {
                convoy: ConvoyId::new(self.convoy_names.get(convoy)),
                source: row
                    .source
                    .map(|s| SourceName::new(self.source_names.get(s))),
                arrived: row.arrived.map(timestamp),
                trial: row.trial,
                manifest: row
                    .manifest
                    .map(|m| ManifestId::new(self.manifest_names.get(m))),
            }
        })
    }

    /// Samples, the latest named first.
    pub fn samples(&self) -> impl Iterator<Item = SampleView> {
        self.samples.keys().rev().map(|sample| {
            let row = &self.samples[sample];
            SampleView {
                sample: SampleId::new(self.sample_names.get(sample)),
                lot: self.lot_id(row.lot),
                test: TestName::new(self.test_names.get(row.test)),
                taken: timestamp(row.taken),
                settled: row.settled,
            }
        })
    }

    /// Departures, the latest named first, and when each left.
    pub fn departures(&self) -> impl Iterator<Item = (DepartureId, Option<Timestamp>)> {
        self.departures.keys().rev().map(|departure| {
            (
                DepartureId::new(self.departure_names.get(departure)),
                self.departures[departure].left.map(timestamp),
            )
        })
    }

    /// Names for which `fits` holds, the latest named first, at most `limit` of each kind.
    pub fn names(&self, limit: usize, fits: impl Fn(&str) -> bool) -> Vec<(NameKind, String)> {
        self.all_names()
            .into_iter()
            .flat_map(|(kind, names)| {
                names
                    .latest_first()
                    .filter(|name| fits(name))
                    .take(limit)
                    .map(move |name| (kind, name.to_owned()))
            })
            .collect()
    }

    /// What a whole name means, in any spelling, one of each kind at most.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<(NameKind, String)> {
        self.all_names()
            .into_iter()
            .filter_map(|(kind, names)| {
                let Spelled::Known(known) = names.known(name) else {
                    return None;
                };
                Some((kind, known.to_owned()))
            })
            .collect()
    }

    fn all_names(&self) -> [(NameKind, &dyn AnyNames); 9] {
        [
            (NameKind::Lot, &self.lot_names),
            (NameKind::Vehicle, &*self.vehicle_names),
            (NameKind::Convoy, &self.convoy_names),
            (NameKind::Manifest, &self.manifest_names),
            (NameKind::Sample, &self.sample_names),
            (NameKind::Person, &self.person_names),
            (NameKind::Exception, &self.exception_names),
            (NameKind::Departure, &self.departure_names),
            (NameKind::Place, &self.place_names),
        ]
    }
}

//! What cannot have been: numbers that no record can hold, instants that no gateway has seen, and events before what they
//! are about.

use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::event::{ConvoyId, Happening, LotId, StepName, VehicleId};

use super::Judge;
use crate::family::in_family;
use crate::refusal::{Fact, Milestone, Refusal, Remedy, when};
use crate::rule::Rule;
use crate::state::{VehicleStage, micros};

/// First and last instant that a command may name: from 1970 to before 2200, in µs.
const FIRST: i64 = 0;
const LAST: i64 = 7_258_118_400_000_000;
/// Largest whole number that every reader of JSON keeps: 2⁵³ - 1.
const LARGEST: u64 = (1 << 53) - 1;

/// What an event cannot have been before.
pub(crate) struct Bound {
    pub(crate) least: i64,
    pub(crate) rule: Rule,
    /// What happened then.
    pub(crate) after: Milestone,
}

impl Judge<'_> {
    /// That every number and instant of the command is one that can be recorded.
    pub(crate) fn recordable(&self) -> Result<(), Refusal> {
        let named = [
            ("at", self.command.at),
            ("issued_at", self.command.issued_at),
        ];
        let told = in_family!(self.command.what, event => event.instants());
        for (name, at) in named.into_iter().chain(told) {
            self.need(Rule::Known, (FIRST..LAST).contains(&micros(at)), || {
                (
                    Fact::InstantOutOfRange {
                        field: name.to_owned(),
                        at: at.into(),
                    },
                    Remedy::InstantInRange,
                )
            })?;
        }
        // Only rules and protocols have numbers that wide; all others are counts of 32 bits.
        let wide = matches!(
            self.command.what,
            Happening::Entry(
                Entry::RulesAdopted { .. }
                    | Entry::RulesProposed { .. }
                    | Entry::ProtocolAdopted { .. }
                    | Entry::ProtocolProposed { .. }
            )
        );
        let too_large = wide
            .then(|| serde_json::to_value(&self.command.what).ok())
            .flatten()
            .and_then(|value| largest(&value, ""));
        if let Some((path, number)) = too_large {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NumberTooLarge {
                    field: path,
                    number,
                },
                Remedy::NumberInRange { most: LARGEST },
            ));
        }
        Ok(())
    }

    /// That the event was not before what it is about: the arrival of its vehicle or lot, its stay where it is, the step
    /// before.
    ///
    /// Nothing is before the ledger itself, as far as clocks agree; what was here before it is stated as stock.
    pub(crate) fn not_before(&self) -> Result<(), Refusal> {
        let bounds = in_family!(self.command.what, event => event.bounds(self));
        for bound in bounds {
            self.need(bound.rule, self.at >= bound.least, || {
                self.too_early(bound.after.clone(), bound.least)
            })?;
        }
        let Some(founded) = self.state.founded else {
            return Ok(());
        };
        // The clock that dates an entry is rarely the one that dates its record.
        let least = founded.saturating_sub(self.state.clock_tolerance());
        self.need(Rule::Known, self.at >= least, || {
            self.too_early(Milestone::LedgerFounded, founded)
        })
    }

    fn too_early(&self, after: Milestone, least: i64) -> (Fact, Remedy) {
        let fact = Fact::TooEarly {
            at: when(self.at),
            after,
            least: when(least),
        };
        (fact, Remedy::CorrectWhen)
    }

    fn lot_bound(
        &self,
        lot: &LotId,
        rule: Rule,
        of: impl Fn(&crate::state::Lot) -> i64,
        after: impl Fn(LotId) -> Milestone,
    ) -> Option<Bound> {
        let number = self.state.lot_names.find(lot.as_str())?;
        let least = of(self.state.lot(number));
        (least != i64::MIN).then(|| Bound {
            least,
            rule,
            after: after(lot.clone()),
        })
    }

    pub(crate) fn lot_since(&self, lot: &LotId, rule: Rule) -> Option<Bound> {
        self.lot_bound(lot, rule, |row| row.since, |lot| Milestone::LotCame { lot })
    }

    pub(crate) fn lot_came(&self, lot: &LotId) -> Option<Bound> {
        self.lot_bound(
            lot,
            Rule::Known,
            |row| row.came,
            |lot| Milestone::LotUnloaded { lot },
        )
    }

    pub(crate) fn treatment_from(&self, lot: &LotId, step: &StepName) -> Option<Bound> {
        let number = self.state.lot_names.find(lot.as_str())?;
        let treatment = self.state.treatments.get(&number)?;
        Some(Bound {
            least: treatment.from,
            rule: Rule::Treated,
            after: Milestone::StepBegan {
                step: step.clone(),
                lot: lot.clone(),
            },
        })
    }

    fn vehicle_row(&self, vehicle: &VehicleId) -> Option<&crate::state::Vehicle> {
        let number = self.state.vehicle_names.find(vehicle.as_str())?;
        let row = &self.state.vehicles[number];
        (row.stage != VehicleStage::Announced).then_some(row)
    }

    pub(crate) fn vehicle_since(&self, vehicle: &VehicleId) -> Option<Bound> {
        let row = self.vehicle_row(vehicle)?;
        let gone = row.stage == VehicleStage::Gone;
        Some(Bound {
            least: row.since,
            rule: Rule::OnePlace,
            after: if gone {
                Milestone::VehicleLeft {
                    vehicle: vehicle.clone(),
                }
            } else {
                Milestone::VehicleMoved {
                    vehicle: vehicle.clone(),
                }
            },
        })
    }

    pub(crate) fn vehicle_came(&self, vehicle: &VehicleId) -> Option<Bound> {
        let row = self.vehicle_row(vehicle)?;
        Some(Bound {
            least: row.came,
            rule: Rule::Known,
            after: Milestone::VehicleCame {
                vehicle: vehicle.clone(),
            },
        })
    }

    pub(crate) fn emptied_at(&self, vehicle: &VehicleId) -> Option<Bound> {
        let row = self.vehicle_row(vehicle)?;
        row.emptied.then(|| Bound {
            least: row.emptied_at,
            rule: Rule::VehicleClean,
            after: Milestone::VehicleEmptied {
                vehicle: vehicle.clone(),
            },
        })
    }

    /// That papers of a convoy were announced before it came.
    pub(crate) fn announced_before(&self, convoy: &ConvoyId) -> Option<Bound> {
        let number = self.state.convoy_names.find(convoy.as_str())?;
        let manifest = self.state.convoys[number].manifest?;
        Some(Bound {
            least: self.state.manifests[manifest].announced,
            rule: Rule::Known,
            after: Milestone::ConvoyAnnounced {
                convoy: convoy.clone(),
            },
        })
    }

    /// That a vehicle which comes again had left before.
    pub(crate) fn left(&self, vehicle: &VehicleId) -> Option<Bound> {
        let row = self.vehicle_row(vehicle)?;
        (row.stage == VehicleStage::Gone).then(|| Bound {
            least: row.since,
            rule: Rule::OnePlace,
            after: Milestone::VehicleLeft {
                vehicle: vehicle.clone(),
            },
        })
    }
}

/// The first number that is larger than a record can hold, with its place.
fn largest(value: &serde_json::Value, path: &str) -> Option<(String, String)> {
    use serde_json::Value;
    let below = |name: String| {
        if path.is_empty() {
            name
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Number(number) => {
            let fits = number.as_u64().is_some_and(|number| number <= LARGEST)
                || number
                    .as_i64()
                    .is_some_and(|number| number.unsigned_abs() <= LARGEST);
            (!fits).then(|| (path.to_owned(), number.to_string()))
        }
        Value::Array(values) => (values.iter().enumerate())
            .find_map(|(at, value)| largest(value, &below((at + 1).to_string()))),
        Value::Object(fields) => {
            (fields.iter()).find_map(|(name, value)| largest(value, &below(name.clone())))
        }
        _ => None,
    }
}

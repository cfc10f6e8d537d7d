//! Marks and seals of vehicles.

use lazaret_vocabulary::event::VehicleId;
use lazaret_vocabulary::event::entry::{PersonName, Role, Seals};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::identity::{Check, check_of};
use crate::refusal::{Fact, Refusal, Remedy};
use crate::role::ARRIVALS;
use crate::rule::{Rule, Warning};
use crate::spelling::{Kind, key};
use crate::state::State;
use crate::state::apply::Touch;
use crate::words::list;

impl<'a> Meaning<'a> for Seals<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Seals::VehicleChecked { .. } | Seals::VehicleSealed { .. } => ARRIVALS,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Seals::VehicleChecked { vehicle, .. } => {
                judge.vehicle_since(vehicle).into_iter().collect()
            }
            Seals::VehicleSealed { vehicle, .. } => (judge.vehicle_since(vehicle).into_iter())
                .chain(judge.emptied_at(vehicle))
                .collect(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Seals::VehicleChecked {
                vehicle,
                mark,
                seals,
            } => judge.checked(vehicle, mark, seals, said),
            Seals::VehicleSealed { vehicle, .. } => judge.sealed(vehicle),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        _: (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Seals::VehicleChecked { vehicle, .. } => {
                state.vehicle_touched(vehicle.as_str(), touch)?;
            }
            Seals::VehicleSealed { vehicle, .. } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                state.vehicles[vehicle].sealed = true;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Seals::VehicleChecked {
                vehicle,
                mark,
                seals,
            } => format!(
                "vehicle {vehicle} was checked: mark {mark}, seals {}",
                list(seals.iter().cloned())
            ),
            Seals::VehicleSealed { vehicle, seal } => {
                format!("vehicle {vehicle} was sealed with {seal}")
            }
        }
    }
}

impl Judge<'_> {
    pub(crate) fn checked(
        &self,
        vehicle: &VehicleId,
        mark: &str,
        seals: &[String],
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let same = key(Kind::Mark, mark) == key(Kind::Mark, vehicle.as_str());
        self.need(Rule::Known, same, || {
            (
                Fact::OtherMark {
                    mark: mark.to_owned(),
                    vehicle: vehicle.clone(),
                },
                Remedy::OtherVehicleOrPapers,
            )
        })?;
        if let Check::Fails { expected } = check_of(mark) {
            said.warnings.push((
                Warning::UnverifiedMark,
                Rule::Known,
                Fact::CheckDigit {
                    mark: mark.to_owned(),
                    expected: expected.to_string(),
                },
            ));
        }
        if let Some(papers) = self.state.seals.get(&number) {
            let keys = |seals: &[String]| -> Vec<String> {
                let mut keys: Vec<String> = seals
                    .iter()
                    .map(|seal| key(Kind::Mark, seal).into_owned())
                    .collect();
                keys.sort();
                keys.dedup();
                keys
            };
            if keys(papers) != keys(seals) {
                said.warnings.push((
                    Warning::SealsDiffer,
                    Rule::Known,
                    Fact::SealsDiffer {
                        papers: papers.clone(),
                        found: seals.to_vec(),
                    },
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn sealed(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(
            Rule::VehicleClean,
            self.state.vehicles[number].emptied,
            || {
                (
                    Fact::NotEmpty {
                        vehicle: vehicle.clone(),
                    },
                    Remedy::EmptyThenSeal,
                )
            },
        )
    }
}

//! People and rules: who may work, and what they work by.

use jiff::Timestamp;
use lazaret_vocabulary::event::StepName;
use lazaret_vocabulary::event::entry::{AgentName, ExceptionId, PersonName, Role};
use lazaret_vocabulary::event::rules::{Band, Protocol, RuleBook, TreatmentRule};

use super::{Judge, Said};
use crate::gate::unknown;
use crate::refusal::{Fact, Noun, Refusal, Remedy, when};
use crate::rule::Rule;
use crate::state::{Person, flag, micros, seconds, timestamp};

/// Tests that all protocols together may name: one bit each.
const TESTS_AT_MOST: usize = 32;
/// Treatments or inspections of one protocol: one bit each.
const STEPS_AT_MOST: usize = 16;
/// Signatures of one protocol.
const SIGNATURES_AT_MOST: u8 = 4;

/// The longest that anybody is thought to have been infectious before they report it: a hundred days, in µs.
const INFECTIOUS_AT_MOST: i64 = 100 * 86_400 * 1_000_000;

impl Judge<'_> {
    pub(super) fn person(&self, person: &PersonName) -> Result<&Person, Refusal> {
        self.state
            .person_names
            .find(person.as_str())
            .map(|person| &self.state.people[person as usize])
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Known,
                    unknown(Noun::Person, person.as_str()),
                    Remedy::AppointFirst,
                )
            })
    }

    /// That a person may work now.
    pub(super) fn cleared(&self, person: &PersonName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        self.need(Rule::Cleared, row.cleared_until > self.now, || {
            (
                match row.cleared_until {
                    i64::MIN => Fact::NeverCleared {
                        person: person.clone(),
                    },
                    until => Fact::ClearanceEnded {
                        person: person.clone(),
                        at: when(until),
                    },
                },
                Remedy::RenewOrOther,
            )
        })?;
        let on_shift = self.rules()?.people.on_shift;
        self.need(Rule::Cleared, !on_shift || row.on_shift, || {
            (
                Fact::NotOnShift {
                    person: person.clone(),
                },
                Remedy::RecordShift,
            )
        })
    }

    pub(super) fn trained(&self, person: &PersonName, agent: &AgentName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        let trained = self
            .state
            .agent_names
            .find(agent.as_str())
            .is_some_and(|agent| row.agents.contains(&agent));
        self.need(Rule::Cleared, trained, || {
            (
                Fact::Untrained {
                    person: person.clone(),
                    agent: agent.clone(),
                },
                Remedy::TrainedOrRecord,
            )
        })
    }

    /// That a person who works on the clean side has passed the personnel gate.
    pub(super) fn through_gate(&self, person: &PersonName, clean: bool) -> Result<(), Refusal> {
        if !clean || !self.rules()?.people.gate {
            return Ok(());
        }
        let row = self.person(person)?;
        self.need(Rule::PersonGate, !row.dirty, || {
            (
                Fact::NotThroughGate {
                    person: person.clone(),
                },
                Remedy::RecordGateOrOther,
            )
        })
    }

    pub(super) fn appointed(&self, person: &PersonName, roles: &[Role]) -> Result<(), Refusal> {
        let first = self
            .state
            .people()
            .all(|person| !person.roles.contains(&Role::Administrator));
        if first {
            return self.need(Rule::Allowed, roles.contains(&Role::Administrator), || {
                (Fact::NoAdministrator, Remedy::AppointAdministrator)
            });
        }
        let others = self
            .state
            .people()
            .any(|known| known.person != *person && known.roles.contains(&Role::Administrator));
        self.need(
            Rule::Allowed,
            others || roles.contains(&Role::Administrator),
            || {
                (
                    Fact::OnlyAdministrator {
                        person: person.clone(),
                    },
                    Remedy::AppointAnother,
                )
            },
        )
    }

    pub(super) fn person_cleared(
        &self,
        person: &PersonName,
        until: Timestamp,
    ) -> Result<(), Refusal> {
        self.person(person)?;
        self.need(
            Rule::Cleared,
            *person != self.command.by || self.sole(),
            || {
                (
                    Fact::ClearsThemselves {
                        person: person.clone(),
                    },
                    Remedy::OtherClears,
                )
            },
        )?;
        self.need(Rule::Cleared, micros(until) > self.now, || {
            (
                Fact::ClearanceOver {
                    until: until.into(),
                },
                Remedy::InstantToCome,
            )
        })
    }

    /// Whether nobody else could clear anybody.
    fn sole(&self) -> bool {
        self.state
            .people()
            .filter(|person| {
                person.roles.iter().any(|role| {
                    matches!(
                        role,
                        Role::Administrator | Role::QuarantineOfficer | Role::ChiefOfficer
                    )
                })
            })
            .count()
            < 2
    }

    pub(super) fn shift_started(&self, person: &PersonName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        self.need(Rule::Cleared, row.cleared_until > self.now, || {
            (
                Fact::NotCleared {
                    person: person.clone(),
                },
                Remedy::RenewFirst,
            )
        })?;
        let rest = seconds(self.rules()?.people.rest_s);
        let rested = row
            .shift_ended
            .map_or(i64::MIN, |ended| ended.saturating_add(rest));
        if rested > self.now && !self.without(Rule::Cleared) {
            let until = timestamp(rested);
            return Err(Refusal::until(
                Rule::Cleared,
                until,
                Fact::MustRest {
                    person: person.clone(),
                    until: until.into(),
                },
                Remedy::WaitOrOther {
                    until: until.into(),
                },
            ));
        }
        Ok(())
    }

    pub(super) fn shift_ended(&self, person: &PersonName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        self.need(Rule::Known, row.on_shift, || {
            (
                Fact::NotOnShift {
                    person: person.clone(),
                },
                Remedy::CorrectName,
            )
        })
    }

    pub(super) fn sick(
        &self,
        person: &PersonName,
        since: Timestamp,
        exception: &ExceptionId,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        self.person(person)?;
        let by = &self.command.by;
        let theirs = self.state.roles_of(person);
        let reports = self.state.roles_of(by).iter().any(|role| match role {
            Role::QuarantineOfficer | Role::ChiefOfficer | Role::Administrator => true,
            // They direct the work of these.
            Role::YardMaster | Role::DisinfectionLead => theirs
                .iter()
                .all(|role| matches!(role, Role::Crew | Role::Gate | Role::Dispatcher)),
            _ => false,
        });
        self.need(Rule::Allowed, by == person || reports, || {
            (
                Fact::ReportsOther {
                    person: by.clone(),
                    other: person.clone(),
                },
                Remedy::ReportedBySuperior,
            )
        })?;
        let tolerance = seconds(self.rules()?.clock_tolerance_s);
        let from = self.now.saturating_sub(INFECTIOUS_AT_MOST);
        let can_be = (from..=self.now.saturating_add(tolerance)).contains(&micros(since));
        self.need(Rule::Skew, can_be, || {
            (
                Fact::InfectiousSince {
                    person: person.clone(),
                    since: since.into(),
                },
                Remedy::InstantFrom { from: when(from) },
            )
        })?;
        self.new_exception(exception)?;
        if self.without(Rule::Sick) {
            return Ok(());
        }
        let number = self.state.person_names.find(person.as_str());
        let since = micros(since);
        let mut seeds = Vec::new();
        for lot in 0..self.state.lots.len() as u32 {
            let row = self.state.lot(lot);
            if !row.stage.present() && !row.is(flag::RELEASED) {
                continue;
            }
            let first = self
                .state
                .handlers_of(lot)
                .filter(|&(handler, at, _)| Some(handler) == number && at >= since)
                .map(|(_, at, _)| at)
                .min();
            seeds.extend(first.map(|at| (lot, at)));
        }
        self.stop(
            &seeds,
            exception,
            &format!("{person} handled it and reported sick"),
            true,
            said,
        );
        Ok(())
    }

    pub(super) fn rules_adopted(&self, rules: &RuleBook) -> Result<(), Refusal> {
        let wrong = |fact: Fact, remedy: Remedy| Err(Refusal::new(Rule::Known, fact, remedy));
        for (position, rule) in rules.places.iter().enumerate() {
            if rules.places[..position]
                .iter()
                .any(|other| other.place == rule.place)
            {
                return wrong(
                    Fact::PlaceTwice {
                        place: rule.place.clone(),
                    },
                    Remedy::NamePlaceOnce,
                );
            }
            if rule.units == Some(0) {
                return wrong(
                    Fact::PlaceWithoutUnits {
                        place: rule.place.clone(),
                    },
                    Remedy::GiveUnit,
                );
            }
            if rule.pooled && rule.slots.is_some() && rule.units.is_none() {
                return wrong(
                    Fact::PoolOfUnknown {
                        place: rule.place.clone(),
                    },
                    Remedy::SayUnits,
                );
            }
            for to in &rule.leads_to {
                if !rules.places.iter().any(|other| other.place == *to) {
                    return wrong(
                        Fact::LeadsNowhere {
                            place: rule.place.clone(),
                            to: to.clone(),
                        },
                        Remedy::PlaceOfRules,
                    );
                }
            }
        }
        if rules.goods.is_empty() || rules.vehicles.is_empty() {
            return wrong(Fact::NoClassOrSource, Remedy::OneOfEach);
        }
        Ok(())
    }

    pub(super) fn protocol_adopted(&self, protocol: &Protocol) -> Result<(), Refusal> {
        let name = &protocol.protocol;
        let rules = self.rules()?;
        let wrong = |fact: Fact, remedy: Remedy| Err(Refusal::new(Rule::Known, fact, remedy));
        let next = self
            .state
            .protocols()
            .filter(|known| known.protocol == *name)
            .map(|known| known.version)
            .max()
            .unwrap_or(0)
            + 1;
        if protocol.version != next {
            return wrong(
                Fact::OtherVersion {
                    protocol: name.clone(),
                    next,
                    version: protocol.version,
                },
                Remedy::Number { next },
            );
        }
        for goods in &protocol.goods {
            if !rules.goods.iter().any(|rule| rule.goods == *goods) {
                return wrong(unknown(Noun::Goods, goods.as_str()), Remedy::ChooseGoods);
            }
        }
        if !(1..=SIGNATURES_AT_MOST).contains(&protocol.signatures) {
            return wrong(
                Fact::SignaturesAsked {
                    protocol: name.clone(),
                    signatures: protocol.signatures,
                },
                Remedy::AskSignatures {
                    most: SIGNATURES_AT_MOST,
                },
            );
        }
        if protocol.treatments.len() > STEPS_AT_MOST || protocol.inspections.len() > STEPS_AT_MOST {
            return wrong(
                Fact::TooManySteps {
                    protocol: name.clone(),
                    most: STEPS_AT_MOST,
                },
                Remedy::LeaveSomeOut,
            );
        }
        let named = |step: &StepName| protocol.treatments.iter().any(|rule| rule.step == *step);
        let unnamed =
            (protocol.hold.iter().flat_map(|hold| &hold.before)).find(|step| !named(step));
        if let Some(step) = unnamed {
            return wrong(
                Fact::HeldBeforeUnknown {
                    protocol: name.clone(),
                    step: step.clone(),
                },
                Remedy::NameTreatment,
            );
        }
        let new_tests = protocol
            .tests
            .iter()
            .filter(|rule| self.state.test_names.find(rule.test.as_str()).is_none())
            .count();
        if self.state.test_names.len() + new_tests > TESTS_AT_MOST {
            return wrong(
                Fact::TooManyTests {
                    most: TESTS_AT_MOST,
                },
                Remedy::KnownTests,
            );
        }
        for (position, rule) in protocol.treatments.iter().enumerate() {
            if protocol.treatments[..position]
                .iter()
                .any(|other| other.step == rule.step)
            {
                return wrong(
                    Fact::StepTwice {
                        protocol: name.clone(),
                        step: rule.step.clone(),
                    },
                    Remedy::NameTreatmentOnce,
                );
            }
            if let Some((fact, remedy)) = unfit(rule) {
                return wrong(fact, remedy);
            }
        }
        Ok(())
    }
}

/// What makes no sense in what a treatment must reach, and what to write instead.
fn unfit(rule: &TreatmentRule) -> Option<(Fact, Remedy)> {
    for agent in &rule.agents {
        let name = &agent.agent;
        let mut bands: Vec<(i32, i32)> = agent
            .bands
            .iter()
            .map(|band| (band.from_mc, band.below_mc))
            .collect();
        bands.sort_unstable();
        let empty = bands.iter().any(|(from, below)| from >= below);
        // The same band twice is two ways to pass; a part of another is a slip of the pen.
        let overlap = (bands.windows(2)).any(|pair| pair[0] != pair[1] && pair[0].1 > pair[1].0);
        if empty || overlap {
            return Some((
                Fact::BandsOverlap {
                    agent: name.clone(),
                },
                Remedy::BandsMeet,
            ));
        }
        let late = |band: &Band| band.at.iter().any(|set| set.after_s > band.contact_s);
        if agent.bands.iter().any(late) {
            return Some((
                Fact::ReadingAfterEnd {
                    agent: name.clone(),
                },
                Remedy::ReadingsWithin,
            ));
        }
    }
    for row in &rule.temperatures {
        if row.from_mc >= row.below_mc || row.contact_s == 0 || row.readings_every_s == 0 {
            return Some((
                Fact::TemperatureEmpty {
                    step: rule.step.clone(),
                },
                Remedy::WholeTemperature,
            ));
        }
    }
    None
}

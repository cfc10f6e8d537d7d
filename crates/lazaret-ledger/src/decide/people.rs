//! People and rules: who may work, and what they work by.

use jiff::Timestamp;
use lazaret_vocabulary::event::StepName;
use lazaret_vocabulary::event::entry::{AgentName, ExceptionId, PersonName, Role};
use lazaret_vocabulary::event::rules::{Band, Protocol, RuleBook, TreatmentRule};

use super::{Judge, Said};
use crate::rule::{Refusal, Rule};
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
                    format!("nobody is called {person}"),
                    "appoint them first",
                )
            })
    }

    /// That a person may work now.
    pub(super) fn cleared(&self, person: &PersonName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        self.need(Rule::Cleared, row.cleared_until > self.now, || {
            (
                match row.cleared_until {
                    i64::MIN => format!("{person} was never cleared"),
                    until => format!("the clearance of {person} ended at {}", timestamp(until)),
                },
                "renew the clearance, or let somebody else do it".into(),
            )
        })?;
        let on_shift = self.rules()?.people.on_shift;
        self.need(Rule::Cleared, !on_shift || row.on_shift, || {
            (
                format!("{person} is not on shift"),
                "record that the shift began".into(),
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
                format!("{person} is not trained for {agent}"),
                "let somebody who is do it, or record the training with their clearance".into(),
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
                format!(
                    "{person} worked on the dirty side and has not passed the personnel gate since"
                ),
                "record that they passed it, or let somebody else do it".into(),
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
                (
                    "nobody administers this ledger yet".into(),
                    "appoint an administrator first".into(),
                )
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
                    format!("{person} is the only administrator"),
                    "appoint another administrator first".into(),
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
                    format!("{person} would clear themselves"),
                    "somebody else must clear them".into(),
                )
            },
        )?;
        self.need(Rule::Cleared, micros(until) > self.now, || {
            (
                format!("the clearance would have ended at {until}"),
                "give an instant to come".into(),
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
                format!("{person} is not cleared"),
                "renew the clearance first".into(),
            )
        })?;
        let rest = seconds(self.rules()?.people.rest_s);
        let rested = row
            .shift_ended
            .map_or(i64::MIN, |ended| ended.saturating_add(rest));
        if rested > self.now && !self.without(Rule::Cleared) {
            let until = timestamp(rested);
            let mut refusal = Refusal::new(
                Rule::Cleared,
                format!("{person} must rest until {until}"),
                format!("wait until {until}, or let somebody else come"),
            );
            refusal.retry_at = Some(until);
            return Err(refusal);
        }
        Ok(())
    }

    pub(super) fn shift_ended(&self, person: &PersonName) -> Result<(), Refusal> {
        let row = self.person(person)?;
        self.need(Rule::Known, row.on_shift, || {
            (
                format!("{person} is not on shift"),
                "correct the name".into(),
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
                format!("{by} would report {person} sick"),
                "they report themselves, or their superior or an officer does".into(),
            )
        })?;
        let tolerance = seconds(self.rules()?.clock_tolerance_s);
        let from = self.now.saturating_sub(INFECTIOUS_AT_MOST);
        let can_be = (from..=self.now.saturating_add(tolerance)).contains(&micros(since));
        self.need(Rule::Skew, can_be, || {
            (
                format!("{person} would have been infectious since {since}"),
                format!("give an instant from {} to now", timestamp(from)),
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
        let wrong = |fact: String, remedy: &str| Err(Refusal::new(Rule::Known, fact, remedy));
        for (position, rule) in rules.places.iter().enumerate() {
            if rules.places[..position]
                .iter()
                .any(|other| other.place == rule.place)
            {
                return wrong(
                    format!("place {} is named twice", rule.place),
                    "name each place once",
                );
            }
            if rule.units == Some(0) {
                return wrong(
                    format!("place {} has no units", rule.place),
                    "give it one, or leave it out",
                );
            }
            if rule.pooled && rule.slots.is_some() && rule.units.is_none() {
                return wrong(
                    format!(
                        "place {} pools the slots of an unknown number of units",
                        rule.place
                    ),
                    "say how many units it has",
                );
            }
            for to in &rule.leads_to {
                if !rules.places.iter().any(|other| other.place == *to) {
                    return wrong(
                        format!("{} leads to {to}, which is no place", rule.place),
                        "name a place of these rules",
                    );
                }
            }
        }
        if rules.goods.is_empty() || rules.vehicles.is_empty() {
            return wrong(
                "the rules name no goods class, or no source".into(),
                "name at least one of each",
            );
        }
        Ok(())
    }

    pub(super) fn protocol_adopted(&self, protocol: &Protocol) -> Result<(), Refusal> {
        let name = &protocol.protocol;
        let rules = self.rules()?;
        let wrong = |fact: String, remedy: String| Err(Refusal::new(Rule::Known, fact, remedy));
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
                format!(
                    "version {next} of {name} comes next, not {}",
                    protocol.version
                ),
                format!("number it {next}"),
            );
        }
        for goods in &protocol.goods {
            if !rules.goods.iter().any(|rule| rule.goods == *goods) {
                return wrong(
                    format!("there is no goods class {goods}"),
                    "choose one of the classes of the gateway's rules".into(),
                );
            }
        }
        if !(1..=SIGNATURES_AT_MOST).contains(&protocol.signatures) {
            return wrong(
                format!("{name} asks for {} signatures", protocol.signatures),
                format!("ask for 1 to {SIGNATURES_AT_MOST}"),
            );
        }
        if protocol.treatments.len() > STEPS_AT_MOST || protocol.inspections.len() > STEPS_AT_MOST {
            return wrong(
                format!("{name} has more than {STEPS_AT_MOST} treatments or inspections"),
                "leave some out".into(),
            );
        }
        let named = |step: &StepName| protocol.treatments.iter().any(|rule| rule.step == *step);
        let unnamed =
            (protocol.hold.iter().flat_map(|hold| &hold.before)).find(|step| !named(step));
        if let Some(step) = unnamed {
            return wrong(
                format!("{name} is held before {step}, which is no treatment of it"),
                "name a treatment of the protocol, or leave it out".into(),
            );
        }
        let new_tests = protocol
            .tests
            .iter()
            .filter(|rule| self.state.test_names.find(rule.test.as_str()).is_none())
            .count();
        if self.state.test_names.len() + new_tests > TESTS_AT_MOST {
            return wrong(
                format!("all protocols together would name more than {TESTS_AT_MOST} tests"),
                "use tests that are known".into(),
            );
        }
        for (position, rule) in protocol.treatments.iter().enumerate() {
            if protocol.treatments[..position]
                .iter()
                .any(|other| other.step == rule.step)
            {
                return wrong(
                    format!("{name} asks for {} twice", rule.step),
                    "name each treatment once".into(),
                );
            }
            if let Some((fact, remedy)) = unfit(rule) {
                return wrong(fact, remedy.into());
            }
        }
        Ok(())
    }
}

/// What makes no sense in what a treatment must reach, and what to write instead.
fn unfit(rule: &TreatmentRule) -> Option<(String, &'static str)> {
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
                format!("the bands of temperature for {name} are empty or overlap"),
                "let each band begin where the one before ends, or give alternatives the same band",
            ));
        }
        let late = |band: &Band| band.at.iter().any(|set| set.after_s > band.contact_s);
        if agent.bands.iter().any(late) {
            return Some((
                format!("{name} asks for a reading after its time is over"),
                "set readings within the time under the agent",
            ));
        }
    }
    for row in &rule.temperatures {
        if row.from_mc >= row.below_mc || row.contact_s == 0 || row.readings_every_s == 0 {
            return Some((
                format!(
                    "a temperature of {} is empty, or asks for no time",
                    rule.step
                ),
                "give a lower and a higher temperature, a time, and how often it is read",
            ));
        }
    }
    None
}

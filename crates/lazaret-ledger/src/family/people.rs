//! People: appointed, cleared, on shift, sick, and what they worked on.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, Entry, ExceptionId, People, PersonName, Role};

use super::Meaning;
use crate::decide::{Judge, Said};
use crate::gate::unknown;
use crate::index::AgentIx;
use crate::refusal::{Fact, Noun, Refusal, Remedy, role_name, when};
use crate::role::{ADMINISTRATOR, ANYBODY, CLEARANCE, NOBODY, SHIFTS};
use crate::rule::Rule;
use crate::state::apply::Touch;
use crate::state::{Flag, Person, State, micros, seconds, timestamp};
use crate::words::{list, thing_words};

/// The longest that anybody is thought to have been infectious before they report it: a hundred days, in µs.
const INFECTIOUS_AT_MOST: i64 = 100 * 86_400 * 1_000_000;

impl<'a> Meaning<'a> for People<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            People::PersonAppointed { .. } => ADMINISTRATOR,
            People::PersonCleared { .. } | People::ClearanceLapsed { .. } => CLEARANCE,
            People::PersonShiftStarted { .. } | People::PersonShiftEnded { .. } => SHIFTS,
            People::PersonPassedGate { .. } => SHIFTS,
            People::PersonReportedSick { .. } => ANYBODY,
            People::Worked { .. } => NOBODY,
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            People::PersonCleared { until, .. } => vec![("until", *until)],
            People::PersonAppointed { .. }
            | People::ClearanceLapsed { .. }
            | People::PersonShiftStarted { .. }
            | People::PersonShiftEnded { .. }
            | People::PersonPassedGate { .. }
            | People::PersonReportedSick { .. }
            | People::Worked { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            People::PersonAppointed { person, roles } => judge.appointed(person, roles),
            People::PersonCleared { person, until, .. } => judge.person_cleared(person, *until),
            People::ClearanceLapsed { person, because } => {
                judge.clearance_lapsed(person, because, said)
            }
            People::PersonPassedGate { person } => judge.person(person).map(drop),
            People::PersonShiftStarted { person } => judge.shift_started(person),
            People::PersonShiftEnded { person } => judge.shift_ended(person),
            People::PersonReportedSick {
                person,
                since,
                exception,
            } => judge.sick(person, *since, exception, said),
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            People::Worked { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (_at, now): (i64, i64),
        _: &mut Touch,
    ) -> Result<(), String> {
        match self {
            People::PersonAppointed { person, roles } => {
                let person = state.person(person);
                state.people[person].roles =
                    roles.iter().fold(0, |mask, role| mask | 1 << *role as u16);
            }
            People::PersonCleared {
                person,
                until,
                agents,
            } => {
                let agents: Vec<AgentIx> = agents
                    .iter()
                    .map(|agent| state.agent_names.add(agent.as_str()))
                    .collect();
                let person = state.person(person);
                let row = &mut state.people[person];
                row.cleared_until = micros(*until);
                row.agents = agents;
                row.sick = false;
                row.lapsed = false;
            }
            People::ClearanceLapsed { person, .. } => {
                let person = state.person(person);
                let row = &mut state.people[person];
                row.cleared_until = row.cleared_until.min(now);
                row.lapsed = true;
            }
            People::PersonShiftStarted { person } => {
                let person = state.person(person);
                state.people[person].on_shift = true;
            }
            People::PersonShiftEnded { person } => {
                let person = state.person(person);
                let row = &mut state.people[person];
                row.on_shift = false;
                row.shift_ended = Some(now);
            }
            People::PersonPassedGate { person } => {
                let person = state.person(person);
                state.people[person].dirty = false;
            }
            People::PersonReportedSick {
                person, exception, ..
            } => {
                let person = state.person(person);
                let row = &mut state.people[person];
                row.sick = true;
                row.cleared_until = row.cleared_until.min(now);
                state.exception(exception.as_str(), now, "a person reported sick");
            }
            People::Worked { .. } => {}
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            People::PersonAppointed { person, roles } if roles.is_empty() => {
                format!("{person} no longer has a role")
            }
            People::PersonAppointed { person, roles } => format!(
                "{person} is {}",
                list(roles.iter().map(|role| role_name(*role).to_owned()))
            ),
            People::PersonCleared { person, until, .. } => {
                format!("{person} is cleared until {until}")
            }
            People::ClearanceLapsed { person, because } => {
                format!("the clearance of {person} lapsed: {because}")
            }
            People::PersonShiftStarted { person } => format!("{person} came on shift"),
            People::PersonShiftEnded { person } => format!("{person} went off shift"),
            People::PersonPassedGate { person } => format!("{person} passed the personnel gate"),
            People::PersonReportedSick { person, since, .. } => {
                format!("{person} reported sick since {since}")
            }
            People::Worked { thing, people } => format!(
                "{} worked on {}",
                list(people.iter().map(ToString::to_string)),
                thing_words(thing)
            ),
        }
    }
}

impl Judge<'_> {
    pub(crate) fn person(&self, person: &PersonName) -> Result<&Person, Refusal> {
        self.state
            .person_names
            .find(person.as_str())
            .map(|person| &self.state.people[person])
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Known,
                    unknown(Noun::Person, person.as_str()),
                    Remedy::AppointFirst,
                )
            })
    }

    /// That a person may work now.
    pub(crate) fn cleared(&self, person: &PersonName) -> Result<(), Refusal> {
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

    pub(crate) fn trained(&self, person: &PersonName, agent: &AgentName) -> Result<(), Refusal> {
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
    pub(crate) fn through_gate(&self, person: &PersonName, clean: bool) -> Result<(), Refusal> {
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

    pub(crate) fn appointed(&self, person: &PersonName, roles: &[Role]) -> Result<(), Refusal> {
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

    pub(crate) fn person_cleared(
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
    pub(crate) fn sole(&self) -> bool {
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

    /// Whoever is found unfit has signed for nothing: what is here loses its release with their signature.
    fn clearance_lapsed(
        &self,
        person: &PersonName,
        because: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        self.person(person)?;
        if self.without(Rule::Signers) {
            return Ok(());
        }
        for lot in self.state.released_by(person) {
            said.after.push(self.now(Entry::SignatureWithdrawn {
                lot: self.state.lot_id(lot),
                signer: person.clone(),
                because: format!("the clearance of {person} was taken from them: {because}"),
            }));
        }
        Ok(())
    }

    pub(crate) fn shift_started(&self, person: &PersonName) -> Result<(), Refusal> {
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

    pub(crate) fn shift_ended(&self, person: &PersonName) -> Result<(), Refusal> {
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

    pub(crate) fn sick(
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
        for lot in self.state.lots.keys() {
            let row = self.state.lot(lot);
            if !row.stage.present() && !row.is(Flag::Released) {
                continue;
            }
            let first = self
                .state
                .handlers_of(lot)
                .filter(|handling| Some(handling.person) == number && handling.at >= since)
                .map(|handling| handling.at)
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
}

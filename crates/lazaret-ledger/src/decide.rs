//! Decisions: what a command makes happen, or why it may not.

mod clock;
mod door;
pub(crate) mod ground;
mod reach;
pub(crate) mod times;
pub(crate) mod weaker;

pub use clock::timeless;
pub(crate) use clock::{lapsed, stopped};
use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::event::rules::{PlaceRule, RuleBook};
use lazaret_vocabulary::event::{Event, Happening, LotId, Spot, VehicleId};

use crate::command::Command;
use crate::family::in_family;
use crate::gate::{Gate, unknown};
use crate::index::{LotIx, VehicleIx};
use crate::refusal::{Fact, Noun, Refusal, Remedy, when};
use crate::role::roles_for;
use crate::rule::{Rule, Warning};
use crate::state::{Again, Flag, State, micros, seconds, timestamp};
use crate::work::{WorkedOn, work};

/// What becomes of an accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// These events are to be recorded, together.
    Record(Vec<Event>),
    /// The command was recorded before, and counts once.
    Already {
        /// In this record.
        seq: u64,
    },
}

/// Looks at a command.
///
/// * `now` — the ledger's own clock.
///
/// # Errors
/// [`Refusal`] names the rule, the fact that breaks it and what would make the command acceptable.
pub fn decide(state: &State, command: &Command, now: Timestamp) -> Result<Decision, Refusal> {
    decide_without(state, command, now, None)
}

/// As [`decide`], with one rule left out: a test that takes a rule away must see that it is missed.
#[doc(hidden)]
pub fn decide_without(
    state: &State,
    command: &Command,
    now: Timestamp,
    without: Option<Rule>,
) -> Result<Decision, Refusal> {
    if without != Some(Rule::Once)
        && let Some(found) = state.again(command)
    {
        return match found {
            Again::Same { seq } => Ok(Decision::Already { seq }),
            // Nothing is said about the other command: it may be somebody else's.
            Again::Other => Err(Refusal::new(
                Rule::Once,
                Fact::KeyUsed {
                    key: command.id.to_string(),
                },
                Remedy::NewKey,
            )),
        };
    }
    let understood = door::understand(state, command);
    let judge = Judge::new(state, &understood.command, now, without);
    let said = judge.said(understood.wrong, understood.alike)?;
    judge.acknowledged(said.warnings.as_slice())?;
    Ok(Decision::Record(judge.events(said)))
}

/// Every warning that a command would meet, whether its sender acknowledges it or not.
///
/// * `now` — the ledger's own clock.
///
/// # Errors
/// [`Refusal`] if a rule forbids the command, warnings aside.
pub fn warnings(
    state: &State,
    command: &Command,
    now: Timestamp,
) -> Result<Vec<(Warning, Fact)>, Refusal> {
    let understood = door::understand(state, command);
    let judge = Judge::new(state, &understood.command, now, None);
    let said = judge.said(understood.wrong, understood.alike)?;
    let warnings = said.warnings.into_iter();
    Ok(warnings.map(|(warning, _, fact)| (warning, fact)).collect())
}

/// Asks about a command whatever `ask` wants to know, once it is understood and its sender may say it.
pub(crate) fn judged<T>(
    state: &State,
    command: &Command,
    now: Timestamp,
    ask: impl FnOnce(&Judge<'_>) -> T,
) -> Result<T, Refusal> {
    let understood = door::understand(state, command);
    let judge = Judge::new(state, &understood.command, now, None);
    judge.running()?;
    judge.recordable()?;
    judge.in_time()?;
    judge.allowed()?;
    match understood.wrong {
        Some(wrong) => Err(wrong),
        None => Ok(ask(&judge)),
    }
}

/// What a handler adds to the command's own event.
#[derive(Default)]
pub(crate) struct Said {
    /// The command's own event as recorded, if it differs from the command.
    pub(crate) own: Option<Happening>,
    /// What comes before it.
    pub(crate) before: Vec<Event>,
    /// What follows from it.
    pub(crate) after: Vec<Event>,
    /// Warnings, with what they say.
    pub(crate) warnings: Vec<(Warning, Rule, Fact)>,
}

/// One command, looked at.
pub(crate) struct Judge<'a> {
    pub(crate) state: &'a State,
    pub(crate) command: &'a Command,
    /// The ledger's clock, µs.
    pub(crate) now: i64,
    /// When it happened: as the command says, but not in the future.
    pub(crate) at: i64,
    pub(crate) gate: Gate<'a>,
}

impl<'a> Judge<'a> {
    fn new(state: &'a State, command: &'a Command, now: Timestamp, without: Option<Rule>) -> Self {
        let now = micros(state.not_before_last_record(now));
        Judge {
            state,
            command,
            now,
            at: micros(command.at).min(now),
            gate: Gate {
                state,
                now,
                without,
            },
        }
    }

    /// What the command makes happen, with the warnings that it meets.
    ///
    /// * `wrong` — the first of its names that cannot be used; `alike` — new names that can be taken for others.
    fn said(&self, wrong: Option<Refusal>, alike: Vec<Fact>) -> Result<Said, Refusal> {
        self.running()?;
        self.recordable()?;
        self.in_time()?;
        self.allowed()?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        self.corrects()?;
        let mut said = Said::default();
        self.able()?;
        self.happening(&self.command.what, &mut said)?;
        self.not_before()?;
        for fact in alike {
            said.warnings.push((Warning::LookAlike, Rule::Known, fact));
        }
        Ok(said)
    }

    pub(crate) fn need(
        &self,
        rule: Rule,
        holds: bool,
        why: impl FnOnce() -> (Fact, Remedy),
    ) -> Result<(), Refusal> {
        self.gate.need(rule, holds, why)
    }

    pub(crate) fn without(&self, rule: Rule) -> bool {
        self.gate.without == Some(rule)
    }

    /// That the command is neither from the future nor too old to tell whether it was recorded.
    fn in_time(&self) -> Result<(), Refusal> {
        let Some(rules) = self.state.rules() else {
            return Ok(());
        };
        // What says what time it is cannot be measured by the time that is in doubt.
        if matches!(
            self.command.what,
            Happening::Entry(Entry::TimeStated { .. } | Entry::TimeConfirmed { .. })
        ) {
            return Ok(());
        }
        let tolerance = seconds(rules.clock_tolerance_s);
        let latest = micros(self.command.at).max(micros(self.command.issued_at));
        self.need(
            Rule::Skew,
            latest <= self.now.saturating_add(tolerance),
            || {
                (
                    Fact::FromFuture {
                        at: when(latest),
                        now: when(self.now),
                    },
                    Remedy::SetDeviceClock,
                )
            },
        )?;
        let remembered = self.now.saturating_sub(seconds(rules.remember_s));
        self.need(
            Rule::Once,
            micros(self.command.issued_at) >= remembered,
            || {
                (
                    Fact::LongAgo {
                        at: self.command.issued_at.into(),
                    },
                    Remedy::LookOrEnterLate,
                )
            },
        )
    }

    fn allowed(&self) -> Result<(), Refusal> {
        let by = &self.command.by;
        let what = &self.command.what;
        let roles = roles_for(what);
        // An empty ledger belongs to whoever sets its rules and appoints its first administrator.
        let founding = matches!(
            what,
            Happening::Entry(Entry::RulesAdopted { .. } | Entry::PersonAppointed { .. })
        ) && !self.has_administrator();
        if founding {
            return Ok(());
        }
        self.need(Rule::Known, self.state.rules().is_some(), || {
            (Fact::NoRules, Remedy::AdoptRules)
        })?;
        let held_open = matches!(what, Happening::LotReleased { .. }) && self.without(Rule::Held);
        self.need(Rule::Allowed, !roles.is_empty() || held_open, || {
            (
                Fact::OwnEntry,
                match what {
                    Happening::LotReleased { .. } => Remedy::SignInstead,
                    _ => Remedy::EnterCause,
                },
            )
        })?;
        let own = self.state.roles_of(by);
        self.need(
            Rule::Allowed,
            own.iter().any(|role| roles.contains(role)) || held_open,
            || {
                (
                    Fact::NotInRole {
                        person: by.clone(),
                        roles: own.clone(),
                    },
                    Remedy::RolesMay {
                        roles: roles.to_vec(),
                    },
                )
            },
        )
    }

    fn has_administrator(&self) -> bool {
        self.state
            .people()
            .any(|person| person.roles.contains(&Role::Administrator))
    }

    fn corrects(&self) -> Result<(), Refusal> {
        let Some(correction) = &self.command.corrects else {
            return Ok(());
        };
        self.need(
            Rule::Corrects,
            (1..=self.state.seq()).contains(&correction.record),
            || {
                (
                    Fact::Unknown {
                        what: Noun::Record,
                        name: correction.record.to_string(),
                    },
                    Remedy::NameRecord,
                )
            },
        )?;
        self.need(
            Rule::Corrects,
            !correction.because.trim().is_empty(),
            || {
                (
                    Fact::CorrectionUnexplained {
                        record: correction.record,
                    },
                    Remedy::SayWhy,
                )
            },
        )
    }

    /// That whoever works is cleared, trained, rested and on the right side of the wall.
    fn able(&self) -> Result<(), Refusal> {
        let Some(work) = work(&self.command.what) else {
            return Ok(());
        };
        for person in &self.command.crew {
            self.need(
                Rule::Known,
                self.state.person_names.find(person.as_str()).is_some(),
                || {
                    (
                        unknown(Noun::Person, person.as_str()),
                        Remedy::AppointAndClear,
                    )
                },
            )?;
        }
        if !work.begins {
            return Ok(());
        }
        let clean = match &self.command.what {
            Happening::LotStored { spot, .. } => self.is_clean(spot),
            _ => self.clean_now(work.on),
        };
        for person in self.workers() {
            self.cleared(person)?;
            self.through_gate(person, clean)?;
        }
        Ok(())
    }

    pub(crate) fn workers(&self) -> &[PersonName] {
        if self.command.crew.is_empty() {
            std::slice::from_ref(&self.command.by)
        } else {
            &self.command.crew
        }
    }

    fn is_clean(&self, spot: &Spot) -> bool {
        use lazaret_vocabulary::event::rules::Side;
        self.place(spot).is_ok_and(|rule| rule.side == Side::Clean)
    }

    fn clean_now(&self, on: WorkedOn<'_>) -> bool {
        let unit = match on {
            WorkedOn::Lot(lot) => self
                .state
                .lot_names
                .find(lot.as_str())
                .map(|lot| self.state.lot(lot).unit),
            WorkedOn::Vehicle(vehicle) => self
                .state
                .vehicle_names
                .find(vehicle.as_str())
                .map(|vehicle| self.state.vehicles[vehicle].unit),
        };
        unit.and_then(|unit| self.state.spot(unit))
            .is_some_and(|spot| self.is_clean(&spot))
    }

    fn happening(&self, what: &Happening, said: &mut Said) -> Result<(), Refusal> {
        in_family!(what, event => event.decide(self, said))
    }

    fn acknowledged(&self, warnings: &[(Warning, Rule, Fact)]) -> Result<(), Refusal> {
        for (warning, rule, fact) in warnings {
            let seen = self.command.acknowledged.contains(warning);
            if !seen && !self.without(Rule::Acknowledged) {
                let mut refusal = Refusal::new(
                    *rule,
                    fact.clone(),
                    Remedy::Acknowledge { warning: *warning },
                );
                refusal.warning = Some(*warning);
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn events(&self, said: Said) -> Vec<Event> {
        let mut events = Vec::with_capacity(1 + said.after.len());
        if let Some(correction) = &self.command.corrects {
            events.push(self.now(Entry::Corrected {
                record: correction.record,
                because: correction.because.clone(),
            }));
        }
        for (warning, _, fact) in said.warnings {
            if self.command.acknowledged.contains(&warning) {
                events.push(self.now(Entry::WarningAcknowledged {
                    warning: warning.name().into(),
                    by: self.command.by.clone(),
                    fact: fact.to_string(),
                }));
            }
        }
        events.extend(said.before);
        events.push(Event {
            at: timestamp(self.at),
            happening: said.own.unwrap_or_else(|| self.command.what.clone()),
        });
        if let Some(work) = work(&self.command.what).filter(|_| !self.command.crew.is_empty()) {
            events.push(Event {
                at: timestamp(self.at),
                happening: Entry::Worked {
                    thing: work.on.thing(),
                    people: self.command.crew.clone(),
                }
                .into(),
            });
        }
        events.extend(said.after);
        events
    }

    /// Something that follows, as of now.
    pub(crate) fn now(&self, happening: impl Into<Happening>) -> Event {
        Event {
            at: timestamp(self.now),
            happening: happening.into(),
        }
    }

    pub(crate) fn rules(&self) -> Result<&'a RuleBook, Refusal> {
        self.state
            .rules()
            .ok_or_else(|| Refusal::new(Rule::Known, Fact::NoRules, Remedy::AdoptRules))
    }

    pub(crate) fn lot(&self, lot: &LotId) -> Result<LotIx, Refusal> {
        self.state.known_lot(lot)
    }

    /// The lot, which must be here.
    pub(crate) fn lot_here(&self, lot: &LotId) -> Result<LotIx, Refusal> {
        use crate::state::LotStage;
        let number = self.lot(lot)?;
        let stage = self.state.lot(number).stage;
        if stage == LotStage::Here {
            return Ok(number);
        }
        Err(Refusal::new(
            Rule::OnePlace,
            Fact::LotIs {
                lot: lot.clone(),
                stage: self.state.stage(number),
            },
            Remedy::CorrectNameOrReturn,
        ))
    }

    pub(crate) fn vehicle_here(&self, vehicle: &VehicleId) -> Result<VehicleIx, Refusal> {
        use crate::state::VehicleStage;
        let number = self
            .state
            .vehicle_names
            .find(vehicle.as_str())
            .filter(|&v| self.state.vehicles[v].stage == VehicleStage::Here);
        number.ok_or_else(|| {
            Refusal::new(
                Rule::OnePlace,
                Fact::VehicleNotHere {
                    vehicle: vehicle.clone(),
                },
                Remedy::CorrectMarkOrArrival,
            )
        })
    }

    /// The rule of a place, for a unit that it has.
    pub(crate) fn place(&self, spot: &Spot) -> Result<&'a PlaceRule, Refusal> {
        let rule = self
            .rules()?
            .places
            .iter()
            .find(|rule| rule.place == spot.place)
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Known,
                    unknown(Noun::Place, spot.place.as_str()),
                    Remedy::ChoosePlace,
                )
            })?;
        let units = rule.units.unwrap_or(u32::from(u16::MAX));
        if !(1..=units).contains(&spot.unit) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoUnit {
                    place: spot.place.clone(),
                    unit: spot.unit,
                },
                Remedy::ChooseUnit { most: units },
            ));
        }
        Ok(rule)
    }

    pub(crate) fn is_trial(&self, lot: LotIx) -> bool {
        self.state.lot(lot).is(Flag::Trial)
    }
}

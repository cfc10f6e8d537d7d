//! Rules and protocols, corrections, notes, and the ledger's own time.

use jiff::Timestamp;
use lazaret_vocabulary::doubt::Doubt;
use lazaret_vocabulary::event::entry::{Office, PersonName, Role};
use lazaret_vocabulary::event::rules::{Band, Protocol, RuleBook, TreatmentRule};
use lazaret_vocabulary::event::{StepName, Thing, VehicleId};

use super::Meaning;
use crate::chain::Digest;
use crate::clock::{Retiming, Stated};
use crate::decide::times::Bound;
use crate::decide::weaker::Change;
use crate::decide::{Judge, Said};
use crate::gate::unknown;
use crate::index::VehicleIx;
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::role::{ADMINISTRATOR, ANYBODY, NOBODY, RULES};
use crate::rule::Rule;
use crate::state::apply::Touch;
use crate::state::{AsJson, Proposal, State, micros, seconds};
use crate::words::thing_words;

/// Tests that all protocols together may name: one bit each.
const TESTS_AT_MOST: usize = 32;
/// Treatments or inspections of one protocol: one bit each.
const STEPS_AT_MOST: usize = 16;
/// Signatures of one protocol.
const SIGNATURES_AT_MOST: u8 = 4;

/// Proposals that are kept: those beyond it were forgotten long ago.
const PROPOSALS_MAX: usize = 64;

impl<'a> Meaning<'a> for Office<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Office::RulesAdopted { .. }
            | Office::ProtocolAdopted { .. }
            | Office::RulesProposed { .. }
            | Office::ProtocolProposed { .. } => RULES,
            Office::TimeStated { .. } => ADMINISTRATOR,
            Office::Noted { .. } | Office::TimeConfirmed { .. } => ANYBODY,
            Office::TimeDoubted { .. }
            | Office::Corrected { .. }
            | Office::WarningAcknowledged { .. } => NOBODY,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Office::Noted {
                thing: Some(Thing::Lot(lot)),
                ..
            } => judge.lot_came(lot).into_iter().collect(),
            Office::Noted {
                thing: Some(Thing::Vehicle(vehicle)),
                ..
            } => judge.vehicle_came(vehicle).into_iter().collect(),
            Office::RulesAdopted { .. }
            | Office::ProtocolAdopted { .. }
            | Office::RulesProposed { .. }
            | Office::ProtocolProposed { .. }
            | Office::TimeDoubted { .. }
            | Office::TimeStated { .. }
            | Office::TimeConfirmed { .. }
            | Office::Corrected { .. }
            | Office::WarningAcknowledged { .. }
            | Office::Noted { .. } => Vec::new(),
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            Office::ProtocolAdopted { protocol } | Office::ProtocolProposed { protocol } => {
                vec![("protocol.from", protocol.from)]
            }
            Office::RulesAdopted { .. }
            | Office::RulesProposed { .. }
            | Office::TimeDoubted { .. }
            | Office::TimeStated { .. }
            | Office::TimeConfirmed { .. }
            | Office::Corrected { .. }
            | Office::WarningAcknowledged { .. }
            | Office::Noted { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Office::RulesAdopted { rules } => {
                judge.rules_adopted(rules)?;
                judge.may_ask_for_less(Change::Rules(rules), &judge.state.weaker_rules(rules))
            }
            Office::ProtocolAdopted { protocol } => {
                judge.protocol_adopted(protocol)?;
                judge.may_ask_for_less(
                    Change::Protocol(protocol),
                    &judge.state.weaker_protocol(protocol),
                )
            }
            Office::RulesProposed { rules } => judge.rules_adopted(rules),
            Office::ProtocolProposed { protocol } => judge.protocol_adopted(protocol),
            Office::TimeStated {
                time,
                wrong_since,
                because,
            } => judge.time_stated(*time, *wrong_since, because),
            Office::TimeConfirmed { record, .. } => judge.time_confirmed(*record, said),
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            Office::Noted { thing, .. } => judge.noted(thing.as_ref()),
            Office::TimeDoubted { .. }
            | Office::Corrected { .. }
            | Office::WarningAcknowledged { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        by: &PersonName,
        (_at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Office::RulesAdopted { rules } => {
                for rule in &rules.goods {
                    state.goods_names.add(rule.goods.as_str());
                }
                for rule in &rules.vehicles {
                    state.source_names.add(rule.source.as_str());
                }
                for place in &mut state.places {
                    place.rule = None;
                }
                for (position, rule) in rules.places.iter().enumerate() {
                    let place = state.place(rule.place.as_str());
                    state.places[place].rule = u16::try_from(position).ok();
                }
                state.rules = Some(AsJson((**rules).clone()));
                state.settle_proposal(Change::Rules(rules));
            }
            Office::ProtocolAdopted { protocol } => {
                state.settle_proposal(Change::Protocol(protocol));
                state.adopt(protocol, touch);
            }
            Office::RulesProposed { rules } => state.propose(Change::Rules(rules), by, now),
            Office::ProtocolProposed { protocol } => {
                state.propose(Change::Protocol(protocol), by, now);
            }
            Office::TimeDoubted { because, doubt, .. } => {
                let recorded = || Doubt::Recorded {
                    because: because.clone(),
                };
                state.clock.doubt = Some(AsJson(doubt.clone().unwrap_or_else(recorded)));
                state.clock.stated = None;
            }
            Office::TimeStated {
                time, wrong_since, ..
            } => {
                state.clock.stated = Some(Stated {
                    record: state.seq,
                    by: by.to_string(),
                    time: micros(*time),
                    wrong_since: wrong_since.map(micros),
                    at: now,
                });
            }
            Office::TimeConfirmed {
                time, wrong_since, ..
            } => {
                let right = time.map_or(now, micros);
                state.retime(&Retiming {
                    was: now,
                    right,
                    since: wrong_since.map(micros),
                });
            }
            Office::Noted { thing, .. } => match thing {
                Some(Thing::Lot(lot)) => {
                    state.lot_touched(lot.as_str(), touch)?;
                }
                Some(Thing::Vehicle(vehicle)) => {
                    state.vehicle_touched(vehicle.as_str(), touch)?;
                }
                Some(Thing::Convoy(_)) | None => {}
            },
            Office::Corrected { .. } | Office::WarningAcknowledged { .. } => {}
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Office::RulesAdopted { rules } => {
                format!("the rules of {} were adopted", rules.gateway)
            }
            Office::ProtocolAdopted { protocol } => format!(
                "version {} of protocol {} was adopted, from {}",
                protocol.version, protocol.protocol, protocol.from
            ),
            Office::RulesProposed { rules } => {
                format!("rules of {} that ask for less were proposed", rules.gateway)
            }
            Office::ProtocolProposed { protocol } => format!(
                "version {} of protocol {}, which asks for less, was proposed",
                protocol.version, protocol.protocol
            ),
            Office::TimeDoubted {
                doubt: Some(doubt), ..
            } => format!("the ledger stopped: {doubt}"),
            Office::TimeDoubted { wall, because, .. } => {
                format!("the ledger stopped: {because} (its clock read {wall})")
            }
            Office::TimeStated { time, because, .. } => format!("it is {time}: {because}"),
            Office::TimeConfirmed { record, time, .. } => match time {
                Some(time) => format!("confirmed that it is {time} (record {record})"),
                None => format!("confirmed the time of record {record}"),
            },
            Office::Corrected { record, because } => {
                format!("record {record} is corrected: {because}")
            }
            Office::WarningAcknowledged { warning, by, fact } => {
                format!("{by} saw the warning {}: {fact}", warning.replace('_', " "))
            }
            Office::Noted { text, thing } => match thing {
                Some(thing) => format!("note on {}: {text}", thing_words(thing)),
                None => format!("note: {text}"),
            },
        }
    }
}

impl Judge<'_> {
    pub(crate) fn noted(&self, on: Option<&Thing>) -> Result<(), Refusal> {
        match on {
            Some(Thing::Lot(lot)) => self.lot(lot).map(drop),
            Some(Thing::Vehicle(vehicle)) => self.vehicle_known(vehicle).map(drop),
            Some(Thing::Convoy(_)) | None => Ok(()),
        }
    }

    /// The vehicle, which must have been here or on papers.
    pub(crate) fn vehicle_known(&self, vehicle: &VehicleId) -> Result<VehicleIx, Refusal> {
        let number = self.state.vehicle_names.find(vehicle.as_str());
        number.ok_or_else(|| {
            let vehicle = vehicle.clone();
            Refusal::new(
                Rule::Known,
                Fact::NeverHere { vehicle },
                Remedy::CorrectMark,
            )
        })
    }

    pub(crate) fn rules_adopted(&self, rules: &RuleBook) -> Result<(), Refusal> {
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

    pub(crate) fn protocol_adopted(&self, protocol: &Protocol) -> Result<(), Refusal> {
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
        // Of a source that comes into the rules later nobody could have said what it asks less of.
        for source in &protocol.sources {
            if !rules.vehicles.iter().any(|rule| rule.source == *source) {
                return wrong(unknown(Noun::Source, source.as_str()), Remedy::ChooseSource);
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

impl State {
    pub(crate) fn propose(&mut self, change: Change<'_>, by: &PersonName, now: i64) {
        let Some(Digest(digest)) = change.digest() else {
            return;
        };
        let by = self.person(by);
        let known =
            (self.proposals.iter()).any(|proposal| proposal.digest == digest && proposal.by == by);
        // The first time counts: proposing again does not begin the wait anew.
        if !known {
            if self.proposals.len() >= PROPOSALS_MAX {
                self.proposals.remove(0);
            }
            self.proposals.push(Proposal {
                digest,
                by,
                at: now,
            });
        }
    }

    /// A change that was adopted needs its proposals no more: to adopt it again later needs new ones.
    pub(crate) fn settle_proposal(&mut self, change: Change<'_>) {
        if let Some(Digest(digest)) = change.digest() {
            self.proposals.retain(|proposal| proposal.digest != digest);
        }
    }

    pub(crate) fn adopt(
        &mut self,
        protocol: &lazaret_vocabulary::event::rules::Protocol,
        touch: &mut Touch,
    ) {
        let tests = protocol.tests.iter().fold(0, |mask, rule| {
            mask | self.test_names.add(rule.test.as_str()).bit()
        });
        let number = self.protocols.add(AsJson(protocol.clone()));
        if !protocol.held_too {
            return;
        }
        for lot in self.bound_by(protocol) {
            self.later.entry(lot).or_default().push(number);
            let row = &mut self.lots[lot];
            row.tests_needed |= tests;
            row.signatures_needed = row.signatures_needed.max(protocol.signatures);
            if let Some(hold) = &protocol.hold {
                row.hold_us = row.hold_us.max(seconds(hold.hold_s));
                // A lot that had no wait of its own waits from its entry or its last contact.
                let own = row.protocol.and_then(|own| self.protocols.row(own));
                if own.is_some_and(|AsJson(own)| own.hold.is_none()) {
                    row.clock = row.clock.or(Some(row.entered.max(row.floor)));
                }
            }
            self.unrelease(lot);
            touch.lots.push(lot);
        }
    }
}

/// What makes no sense in what a treatment must reach, and what to write instead.
pub(crate) fn unfit(rule: &TreatmentRule) -> Option<(Fact, Remedy)> {
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

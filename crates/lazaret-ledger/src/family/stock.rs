//! Goods that were here before the ledger was: stated by one person, with their past witnessed by another.
//!
//! What is stated counts for nothing by itself. The lots are held from the record on, untreated and untested, as if they had
//! come that moment. Once a second person has confirmed the record by an entry of their own, each lot is credited with what
//! the first stated, as far as nothing has happened to it since.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role, Stock, StockLot, TestName};
use lazaret_vocabulary::event::rules::{ClockFrom, Contact, Protocol, Side};
use lazaret_vocabulary::event::{Event, Happening, LotId, Spot, StepName};

use super::Meaning;
use super::signature::same_person;
use crate::command::Command;
use crate::decide::{Judge, Said, judged};
use crate::gate::unknown;
use crate::index::LotIx;
use crate::refusal::{Fact, Nearness, Noun, PastMoment, Refusal, Remedy, when};
use crate::role::{CLEARANCE, NOBODY};
use crate::rule::{Rule, Warning};
use crate::segregation::{Class, Hazards, Segregation};
use crate::state::apply::Touch;
use crate::state::{Flag, LotStage, State, StockClaim, micros, seconds, timestamp};
use crate::words::count_of;

impl<'a> Meaning<'a> for Stock<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Stock::StockRecorded { .. } | Stock::StockWitnessed { .. } => CLEARANCE,
            Stock::StockCredited { .. } => NOBODY,
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        let Stock::StockRecorded { lots } = self else {
            return Vec::new();
        };
        let mut named = Vec::new();
        for lot in lots {
            named.extend([("arrived", lot.arrived), ("unloaded", lot.unloaded)]);
            for treatment in &lot.treatments {
                named.extend([("from", treatment.from), ("to", treatment.to)]);
            }
            named.extend(lot.tests.iter().map(|test| ("taken", test.taken)));
            named.extend(lot.held_from.map(|from| ("held_from", from)));
        }
        named
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Stock::StockRecorded { lots } => judge.stock_recorded(lots, said),
            Stock::StockWitnessed { record } => judge.stock_witnessed(*record, said),
            Stock::StockCredited { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        by: &PersonName,
        (_, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Stock::StockRecorded { lots } => state.take_stock(lots, by, now, touch),
            Stock::StockWitnessed { .. } => Ok(()),
            Stock::StockCredited {
                lot,
                treated,
                tests,
                from,
            } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.credit_stock(lot, treated, tests, from.map(micros));
                Ok(())
            }
        }
    }

    fn words(self) -> String {
        match self {
            Stock::StockRecorded { lots } => {
                let named = lots.iter().take(5).map(|lot| lot.lot.to_string());
                let more = if lots.len() > 5 { " and others" } else { "" };
                format!(
                    "{} here before the ledger: {}{more}",
                    count_of(lots.len() as u64, "lot"),
                    named.collect::<Vec<_>>().join(", ")
                )
            }
            Stock::StockWitnessed { record } => {
                format!("the past of the lots of record {record} was witnessed")
            }
            Stock::StockCredited { lot, from, .. } => match from {
                Some(from) => format!("the past of {lot} counts, its clock from {from}"),
                None => format!("the past of {lot} counts"),
            },
        }
    }
}

/// What a statement of stock means for one of its lots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockOutlook {
    /// The lot.
    pub lot: LotId,
    /// When its clock would have run if nobody witnesses its past; none if it would not begin to run by itself.
    pub alone: Option<Timestamp>,
    /// When it would have run once its past is witnessed.
    pub witnessed: Option<Timestamp>,
}

/// The lots of a statement that are refused, by position, and what would be held of the others.
pub type StockLook = (Vec<(usize, Refusal)>, Vec<StockOutlook>);

/// What a command that states stock would meet: every fault, by the position of its lot, and the dates of each lot.
///
/// * `now` — the ledger's own clock.
///
/// # Errors
/// If the command as a whole is refused, whatever its lots say.
pub fn look_at_stock(
    state: &State,
    command: &Command,
    now: Timestamp,
) -> Result<StockLook, Refusal> {
    judged(state, command, now, |judge| {
        let Happening::Entry(Entry::StockRecorded { lots }) = &judge.command.what else {
            return (Vec::new(), Vec::new());
        };
        let faults = judge.stock_faults(lots, &mut Said::default());
        let outlook = if faults.is_empty() {
            judge.stock_outlook(lots)
        } else {
            Vec::new()
        };
        (faults, outlook)
    })
}

/// How many of the lots stated so far are in a unit, and in a place.
#[derive(Default)]
struct Filling<'l> {
    lots: BTreeSet<&'l LotId>,
    samples: BTreeSet<&'l str>,
    units: BTreeMap<(&'l str, u32), Vec<&'l StockLot>>,
    places: BTreeMap<&'l str, u32>,
    letters: usize,
}

impl Judge<'_> {
    fn stock_recorded(&self, lots: &[StockLot], said: &mut Said) -> Result<(), Refusal> {
        self.may_vouch(&self.command.by)?;
        self.need(Rule::Known, !lots.is_empty(), || {
            (Fact::StockEmpty, Remedy::NameLots)
        })?;
        if let Some((_, fault)) = self.stock_faults(lots, said).into_iter().next() {
            return Err(fault);
        }
        let mut disturbed = BTreeSet::new();
        for lot in lots {
            let Some(protocol) = self.protocol_of_stock(lot) else {
                continue;
            };
            if self.waits_alone(lot, protocol)
                && let Some(hold) = &protocol.hold
            {
                said.after.push(Event {
                    at: timestamp(self.now),
                    happening: Happening::HoldStarted {
                        lot: lot.lot.clone(),
                        step: hold.step.clone(),
                        until: timestamp(self.now.saturating_add(seconds(hold.hold_s))),
                    },
                });
            }
            self.joined_by_stock(lot, &mut disturbed, said);
        }
        Ok(())
    }

    /// Lots that shared a clock with nobody of them before, and now do.
    fn joined_by_stock(&self, lot: &StockLot, disturbed: &mut BTreeSet<LotIx>, said: &mut Said) {
        let mixing = (self.place(&lot.spot)).is_ok_and(|rule| rule.contact == Contact::Mixing);
        if !mixing || self.without(Rule::Restarts) {
            return;
        }
        let from = micros(lot.unloaded).min(self.now);
        for companion in self.state.company(&lot.spot, from, self.state.lots.next()) {
            let row = self.state.lot(companion.lot);
            let cleaner = self.dirt(companion.lot) < i64::MAX;
            let there = companion.overlaps && row.stage.present();
            if cleaner && there && disturbed.insert(companion.lot) {
                let because = format!(
                    "{} is in {} {} too (records {} and {})",
                    lot.lot,
                    lot.spot.place,
                    lot.spot.unit,
                    companion.record,
                    self.state.seq() + 1
                );
                said.after.push(self.restart(companion.lot, because));
            }
        }
    }

    /// That somebody who vouches for the past may do so: an officer is cleared, an administrator is one.
    fn may_vouch(&self, person: &PersonName) -> Result<(), Refusal> {
        if self.is_officer(person) {
            self.cleared(person)?;
        }
        Ok(())
    }

    fn is_officer(&self, person: &PersonName) -> bool {
        let roles = self.state.roles_of(person);
        roles.contains(&Role::QuarantineOfficer) || roles.contains(&Role::ChiefOfficer)
    }

    fn protocol_of_stock(&self, lot: &StockLot) -> Option<&Protocol> {
        let goods = self.state.goods_names.find(lot.goods.as_str());
        let source = self.state.source_names.find(lot.source.as_str());
        let version = self.state.protocol_for(goods, source, self.now)?;
        Some(&self.state.protocols[version].0)
    }

    /// Whether the clock of a lot begins with its record, of whose past nothing is known.
    fn waits_alone(&self, lot: &StockLot, protocol: &Protocol) -> bool {
        protocol.hold.as_ref().is_some_and(|hold| {
            let begun = match &hold.clock {
                ClockFrom::Arrival => true,
                ClockFrom::Stored(place) => *place == lot.spot.place,
                ClockFrom::StepStart(_) | ClockFrom::StepEnd(_) => false,
            };
            let free = |rule: &lazaret_vocabulary::event::rules::TreatmentRule| {
                hold.before.contains(&rule.step)
            };
            begun && protocol.treatments.iter().all(free)
        })
    }

    /// Everything that is wrong with lots that are stated, by their position; one fault a lot.
    fn stock_faults(&self, lots: &[StockLot], said: &mut Said) -> Vec<(usize, Refusal)> {
        let mut filling = Filling::default();
        let mut faults = Vec::new();
        for (at, lot) in lots.iter().enumerate() {
            if let Err(fault) = self.stock_lot(lot, &filling, said) {
                faults.push((at, fault));
            }
            filling.lots.insert(&lot.lot);
            filling.letters += lot.lot.as_str().len();
            filling
                .samples
                .extend(lot.tests.iter().map(|test| test.sample.as_str()));
            *filling.places.entry(lot.spot.place.as_str()).or_default() += 1;
            let unit = (lot.spot.place.as_str(), lot.spot.unit);
            filling.units.entry(unit).or_default().push(lot);
        }
        faults
    }

    fn stock_lot(
        &self,
        lot: &StockLot,
        filling: &Filling<'_>,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let name = &lot.lot;
        if filling.lots.contains(name) {
            let twice = Fact::LotTwice { lot: name.clone() };
            return Err(Refusal::new(Rule::Known, twice, Remedy::NameLotsApart));
        }
        if let Some(number) = self.state.lot_names.find(name.as_str()) {
            let stage = self.state.stage(number);
            let lot = name.clone();
            return Err(Refusal::new(
                Rule::OnePlace,
                Fact::LotIs { lot, stage },
                Remedy::NameOfItsOwn,
            ));
        }
        let letters = filling.letters + name.as_str().len();
        if !self.state.lot_names.has_room(letters) {
            let full = Fact::NoRoomForNames;
            return Err(Refusal::new(Rule::Known, full, Remedy::NextLedger));
        }
        let known = self
            .rules()?
            .goods
            .iter()
            .any(|rule| rule.goods == lot.goods);
        self.need(Rule::Known, known, || {
            (
                unknown(Noun::Goods, lot.goods.as_str()),
                Remedy::ChooseGoods,
            )
        })?;
        self.source(&lot.source)?;
        let mut hazards = lot.hazards.iter();
        if let Some(hazard) = hazards.find(|hazard| Class::read(hazard.as_str()).is_none()) {
            let fact = Fact::StockDanger {
                lot: name.clone(),
                hazard: hazard.clone(),
            };
            return Err(Refusal::new(Rule::Known, fact, Remedy::WriteClass));
        }
        let Some(protocol) = self.protocol_of_stock(lot) else {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoProtocol {
                    goods: lot.goods.clone(),
                },
                Remedy::AdoptProtocol,
            ));
        };
        self.stock_place(lot, filling, said)?;
        self.stock_past(lot, protocol, filling)
    }

    /// Where it is.
    fn stock_place(
        &self,
        lot: &StockLot,
        filling: &Filling<'_>,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let spot = &lot.spot;
        let rule = self.place(spot)?;
        self.open(spot)?;
        let beside = filling.units.get(&(spot.place.as_str(), spot.unit));
        let place = self.state.place_names.find(spot.place.as_str());
        let pooled =
            rule.pooled || place.is_some_and(|place| self.state.places[place].slots_now.is_some());
        let before = if pooled {
            filling
                .places
                .get(spot.place.as_str())
                .copied()
                .unwrap_or(0)
        } else {
            beside.map_or(0, |lots| lots.len() as u32)
        };
        self.room_for(rule, spot, None, before.saturating_add(1))?;
        let goods = self.state.goods_names.find(lot.goods.as_str());
        let hazards: Hazards = hazards_of(lot);
        self.apart_as(None, goods, &hazards, spot, said)?;
        self.keep_trials_apart(false, spot, None)?;
        let rules = self.rules()?;
        for unit in spot.unit.saturating_sub(1)..=spot.unit.saturating_add(1) {
            let near = filling.units.get(&(spot.place.as_str(), unit));
            for other in near.into_iter().flatten() {
                let asked = hazards.strictest(&hazards_of(other)).0;
                let most = if unit == spot.unit {
                    Segregation::Separated
                } else {
                    Segregation::Compartment
                };
                let together = unit == spot.unit
                    && rules.goods.iter().any(|rule| {
                        let pair = |one: &StockLot, two: &StockLot| {
                            rule.goods == one.goods && rule.apart_from.contains(&two.goods)
                        };
                        pair(lot, other) || pair(other, lot)
                    });
                self.need(Rule::Apart, asked < most && !together, || {
                    (
                        Fact::StockApart {
                            lot: lot.lot.clone(),
                            other: other.lot.clone(),
                            place: spot.place.clone(),
                            unit,
                        },
                        Remedy::OtherUnit,
                    )
                })?;
                if let Some(how) = Nearness::of(asked).filter(|_| unit == spot.unit) {
                    let near = Fact::Near {
                        lot: other.lot.clone(),
                        dangers: (&hazards_of(other)).into(),
                        how,
                        own: (&hazards).into(),
                    };
                    said.warnings.push((Warning::Near, Rule::Apart, near));
                }
            }
        }
        Ok(())
    }

    /// What is stated of its past, in the order in which it must have been.
    fn stock_past(
        &self,
        lot: &StockLot,
        protocol: &Protocol,
        filling: &Filling<'_>,
    ) -> Result<(), Refusal> {
        let name = &lot.lot;
        let (arrived, unloaded) = (micros(lot.arrived), micros(lot.unloaded));
        let before = |moment: PastMoment, at: i64, other: PastMoment, least: i64| {
            self.need(Rule::Known, at >= least, || {
                (
                    Fact::StockOrder {
                        lot: name.clone(),
                        moment,
                        at: when(at),
                        other,
                        least: when(least),
                    },
                    Remedy::CorrectPast,
                )
            })
        };
        // What came after the ledger had begun to record arrivals came through the gate.
        if let Some(live) = self.state.went_live.filter(|live| *live < arrived) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::StockAfterLive {
                    lot: name.clone(),
                    at: lot.arrived.into(),
                    live: when(live),
                },
                Remedy::RecordArrivalInstead,
            ));
        }
        before(PastMoment::Unloaded, unloaded, PastMoment::Arrived, arrived)?;
        before(
            PastMoment::Recorded,
            self.now,
            PastMoment::Unloaded,
            unloaded,
        )?;
        let mut steps = BTreeSet::new();
        for treatment in &lot.treatments {
            let step = &treatment.step;
            let (from, to) = (micros(treatment.from), micros(treatment.to));
            let began = || PastMoment::TreatmentBegan { step: step.clone() };
            let ended = || PastMoment::TreatmentEnded { step: step.clone() };
            before(began(), from, PastMoment::Unloaded, unloaded)?;
            before(ended(), to, began(), from)?;
            before(PastMoment::Recorded, self.now, ended(), to)?;
            let rule = protocol.treatments.iter().find(|rule| rule.step == *step);
            let Some(rule) = rule else {
                let fact = unknown(Noun::Step, step.as_str());
                return Err(Refusal::new(Rule::Known, fact, Remedy::NameTreatment));
            };
            if !steps.insert(step) {
                let (lot, name) = (name.clone(), step.to_string());
                let fact = Fact::StockTwice { lot, name };
                return Err(Refusal::new(Rule::Known, fact, Remedy::NameTreatmentOnce));
            }
            let readings = !rule.agents.is_empty() || !rule.temperatures.is_empty();
            self.need(Rule::Treated, !readings, || {
                let (lot, step) = (name.clone(), step.clone());
                (Fact::StockReadings { lot, step }, Remedy::LeaveOutAndTreat)
            })?;
            let took = to.saturating_sub(from);
            self.need(Rule::Treated, took >= seconds(rule.contact_s), || {
                (
                    Fact::StockShort {
                        lot: name.clone(),
                        step: step.clone(),
                        contact_s: u64::try_from(took / 1_000_000).unwrap_or(0),
                        asked_s: rule.contact_s,
                    },
                    Remedy::LeaveOutAndTreat,
                )
            })?;
        }
        let clean = (self.place(&lot.spot)).is_ok_and(|rule| rule.side == Side::Clean);
        let treated = (protocol.treatments.iter()).all(|rule| steps.contains(&rule.step));
        self.need(Rule::OneWay, !clean || treated, || {
            (
                Fact::UntreatedForClean {
                    lot: name.clone(),
                    place: lot.spot.place.clone(),
                },
                Remedy::StateTreatments,
            )
        })?;
        self.stock_hold(lot, protocol, &before)?;
        self.stock_tests(lot, protocol, filling, &before)
    }

    /// Since when its hold is stated to count.
    fn stock_hold(
        &self,
        lot: &StockLot,
        protocol: &Protocol,
        before: &dyn Fn(PastMoment, i64, PastMoment, i64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let Some(from) = lot.held_from.map(micros) else {
            return Ok(());
        };
        let name = &lot.lot;
        let Some(hold) = &protocol.hold else {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoHold { lot: name.clone() },
                Remedy::LeaveOutHold,
            ));
        };
        let held = || PastMoment::HoldBegan;
        before(PastMoment::Recorded, self.now, held(), from)?;
        before(held(), from, PastMoment::Unloaded, micros(lot.unloaded))?;
        for rule in &protocol.treatments {
            let had = lot.treatments.iter().find(|had| had.step == rule.step);
            // What comes after the wait does not hold it up.
            if hold.before.contains(&rule.step) {
                continue;
            }
            let Some(had) = had else {
                return Err(Refusal::new(
                    Rule::Treated,
                    Fact::NotTreated { lot: name.clone() },
                    Remedy::StateTreatments,
                ));
            };
            let step = rule.step.clone();
            before(
                held(),
                from,
                PastMoment::TreatmentEnded { step },
                micros(had.to),
            )?;
        }
        if let ClockFrom::Stored(place) = &hold.clock {
            self.need(Rule::NeverShorter, *place == lot.spot.place, || {
                (
                    Fact::StockHeldElsewhere {
                        lot: name.clone(),
                        place: place.clone(),
                    },
                    Remedy::LeaveOutHold,
                )
            })?;
        }
        Ok(())
    }

    fn stock_tests(
        &self,
        lot: &StockLot,
        protocol: &Protocol,
        filling: &Filling<'_>,
        before: &dyn Fn(PastMoment, i64, PastMoment, i64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut samples = BTreeSet::new();
        for test in &lot.tests {
            let taken = micros(test.taken);
            let sample = || PastMoment::SampleTaken {
                sample: test.sample.clone(),
            };
            before(sample(), taken, PastMoment::Unloaded, micros(lot.unloaded))?;
            before(PastMoment::Recorded, self.now, sample(), taken)?;
            let Some(rule) = protocol.tests.iter().find(|rule| rule.test == test.test) else {
                let fact = unknown(Noun::Test, test.test.as_str());
                return Err(Refusal::new(Rule::Known, fact, Remedy::ChooseTest));
            };
            let known = self.state.sample_names.find(test.sample.as_str()).is_some()
                || filling.samples.contains(test.sample.as_str())
                || !samples.insert(&test.sample);
            self.need(Rule::Known, !known, || {
                let sample = test.sample.clone();
                (Fact::SampleKnown { sample }, Remedy::NameSampleAnew)
            })?;
            // A sample says something about a hold only from some time into it.
            let least = match (&protocol.hold, lot.held_from) {
                (None, _) => micros(lot.unloaded),
                (Some(_), Some(from)) => micros(from),
                (Some(_), None) => self.now,
            };
            let least = least.saturating_add(seconds(rule.not_before_s));
            self.need(Rule::Tested, taken >= least, || {
                (
                    Fact::StockSampleEarly {
                        lot: name_of(lot),
                        test: test.test.clone(),
                        least: when(least),
                    },
                    Remedy::LeaveOutTest,
                )
            })?;
        }
        Ok(())
    }

    /// When each of some lots without a fault could leave.
    fn stock_outlook(&self, lots: &[StockLot]) -> Vec<StockOutlook> {
        let mut shared: BTreeMap<(&str, u32), i64> = BTreeMap::new();
        for lot in lots {
            let from = shared_from(self.state, lot, self.now);
            let unit = (lot.spot.place.as_str(), lot.spot.unit);
            let latest = shared.entry(unit).or_insert(from);
            *latest = from.max(*latest);
        }
        let of = |lot: &StockLot| {
            let protocol = self.protocol_of_stock(lot)?;
            let hold = protocol.hold.as_ref()?;
            let hold_us = seconds(hold.hold_s);
            let alone = (self.waits_alone(lot, protocol)).then(|| self.now.saturating_add(hold_us));
            let done = (protocol.treatments.iter()).all(|rule| {
                hold.before.contains(&rule.step)
                    || lot.treatments.iter().any(|had| had.step == rule.step)
            });
            let mut from = lot.held_from.map_or(self.now, micros);
            if mixes(self.state, &lot.spot) {
                let unit = (lot.spot.place.as_str(), lot.spot.unit);
                from = from.max(shared.get(&unit).copied().unwrap_or(from));
            }
            let witnessed = done.then(|| from.saturating_add(hold_us));
            Some((alone, witnessed.or(alone)))
        };
        lots.iter()
            .map(|lot| {
                let (alone, witnessed) = of(lot).unwrap_or((None, None));
                StockOutlook {
                    lot: lot.lot.clone(),
                    alone: alone.map(timestamp),
                    witnessed: witnessed.map(timestamp),
                }
            })
            .collect()
    }

    fn stock_witnessed(&self, record: u64, said: &mut Said) -> Result<(), Refusal> {
        let by = &self.command.by;
        let claims: Vec<(LotIx, &StockClaim)> = (self.state.stock.iter())
            .filter(|(_, claim)| claim.record == record && claim.open)
            .map(|(lot, claim)| (*lot, claim))
            .collect();
        let Some((_, first)) = claims.first() else {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NothingToWitness { record },
                Remedy::NameStockRecord,
            ));
        };
        let stated = PersonName::new(self.state.person_names.get(first.by));
        self.need(Rule::Skew, !same_person(&stated, by), || {
            (
                Fact::OwnWitness { person: by.clone() },
                Remedy::OtherWitness,
            )
        })?;
        self.may_vouch(by)?;
        // Who stated it must still be somebody who may: what they said is believed now.
        let roles = self.state.roles_of(&stated);
        let may = roles.iter().any(|role| CLEARANCE.contains(role));
        self.need(Rule::Allowed, may, || {
            (
                Fact::NotInRole {
                    person: stated.clone(),
                    roles: roles.clone(),
                },
                Remedy::RolesMay {
                    roles: CLEARANCE.to_vec(),
                },
            )
        })?;
        self.may_vouch(&stated)?;
        let officer = self.is_officer(by) || self.is_officer(&stated);
        self.need(Rule::Allowed, officer, || {
            (
                Fact::NeitherOfficer {
                    first: stated.clone(),
                    second: by.clone(),
                },
                Remedy::OfficerSays,
            )
        })?;
        for (lot, claim) in claims {
            if self.state.lot(lot).stage.present() {
                let credit = self.state.stock_credit(lot, claim);
                said.after.push(self.now(credit));
            }
        }
        Ok(())
    }
}

fn name_of(lot: &StockLot) -> LotId {
    lot.lot.clone()
}

fn hazards_of(lot: &StockLot) -> Hazards {
    (lot.hazards.iter())
        .filter_map(|hazard| Class::read(hazard.as_str()))
        .collect()
}

fn mixes(state: &State, spot: &Spot) -> bool {
    state.rules().is_some_and(|rules| {
        (rules.places.iter())
            .any(|rule| rule.place == spot.place && rule.contact == Contact::Mixing)
    })
}

/// Since when a lot counts for those that it shares a clock with.
fn shared_from(state: &State, lot: &StockLot, now: i64) -> i64 {
    let company = state.company(&lot.spot, micros(lot.unloaded).min(now), state.lots.next());
    if company
        .iter()
        .any(|other| state.lot(other.lot).stage.present())
    {
        return now;
    }
    lot.held_from.map_or(now, micros)
}

impl State {
    /// Takes lots in, each as if it had come now, and keeps what is stated of their past.
    fn take_stock(
        &mut self,
        lots: &[StockLot],
        by: &PersonName,
        now: i64,
        touch: &mut Touch,
    ) -> Result<(), String> {
        let by = self.person(by);
        // All in one unit of a shared clock count from the latest of them.
        let mut shared: BTreeMap<(String, u32), i64> = BTreeMap::new();
        for lot in lots.iter().filter(|lot| mixes(self, &lot.spot)) {
            let from = shared_from(self, lot, now);
            let unit = (lot.spot.place.to_string(), lot.spot.unit);
            let latest = shared.entry(unit).or_insert(from);
            *latest = from.max(*latest);
        }
        for stated in lots {
            let goods = self.goods_names.add(stated.goods.as_str());
            let source = self.source_names.add(stated.source.as_str());
            let lot = self.new_lot(stated.lot.as_str(), goods);
            let protocol = (self.protocol_for(Some(goods), Some(source), now))
                .ok_or_else(|| format!("no protocol is for {}", stated.goods))?;
            self.came_under(lot, protocol);
            let arrived = micros(stated.arrived).min(now);
            let row = &mut self.lots[lot];
            row.stage = LotStage::Here;
            row.entered = arrived;
            // Nothing can be entered late of the time before the record.
            (row.came, row.since) = (now, now);
            row.pieces = stated.tally.pieces;
            row.mass_kg = stated.tally.mass_kg;
            row.set(Flag::Tallied, true);
            row.hazards = hazards_of(stated);
            let unit = self.unit(&stated.spot);
            self.enter(lot, unit, true, micros(stated.unloaded).min(now), now);
            if (self.place_rule(self.units[unit].place))
                .is_some_and(|rule| rule.side == Side::Clean)
            {
                self.lots[lot].set(Flag::Clean, true);
            }
            let place = &stated.spot.place;
            self.base(lot, now, |from| match from {
                ClockFrom::Arrival => true,
                ClockFrom::Stored(of) => of == place,
                ClockFrom::StepStart(_) | ClockFrom::StepEnd(_) => false,
            });
            let tests = (stated.tests.iter())
                .map(|test| {
                    self.sample_names.add(test.sample.as_str());
                    let number = self.test_names.add(test.test.as_str());
                    self.samples.add(crate::state::Sample {
                        lot,
                        test: number,
                        taken: micros(test.taken),
                        settled: true,
                    });
                    (number, micros(test.taken))
                })
                .collect();
            let treatments = (stated.treatments.iter())
                .map(|had| {
                    let step = self.step_names.add(had.step.as_str());
                    (step, micros(had.to))
                })
                .collect();
            let unit = (stated.spot.place.to_string(), stated.spot.unit);
            let shared = shared.get(&unit).copied();
            let held_from = stated.held_from.map(micros);
            self.stock.insert(
                lot,
                StockClaim {
                    record: self.seq,
                    by,
                    recorded: now,
                    source,
                    treatments,
                    tests,
                    held_from: held_from.map(|from| from.max(shared.unwrap_or(from))),
                    open: true,
                },
            );
            self.totals.lots_entered += 1;
            touch.lots.push(lot);
        }
        Ok(())
    }

    /// What of a lot's stated past counts if it is witnessed now.
    fn stock_credit(&self, lot: LotIx, claim: &StockClaim) -> Entry {
        let row = self.lot(lot);
        let mut bits = row.treated;
        let mut treated = Vec::new();
        let mut latest = row.treated_at;
        let protocol = self.protocol_of(row);
        for &(step, to) in &claim.treatments {
            let step = StepName::new(self.step_names.get(step));
            let Some(bit) = self.treatment_bit(lot, &step) else {
                continue;
            };
            let after_wait = protocol
                .and_then(|protocol| protocol.hold.as_ref())
                .is_some_and(|hold| hold.before.contains(&step));
            bits |= 1 << bit;
            if !after_wait {
                latest = latest.max(to);
            }
            treated.push(step);
        }
        let waits = protocol.is_some_and(|protocol| protocol.hold.is_some());
        let from = (waits && self.may_run(row, bits)).then(|| {
            let from = claim.held_from.unwrap_or(claim.recorded);
            from.max(row.floor).max(latest)
        });
        // A clock that runs is never set back.
        let from = from.filter(|from| row.clock.is_none_or(|clock| *from <= clock));
        let counts_from = if waits {
            from.or(row.clock)
        } else {
            Some(row.entered.max(row.floor))
        };
        let tests: Vec<TestName> = (claim.tests.iter())
            .filter(|(test, taken)| {
                let asked = (self.versions_of(lot).flat_map(|protocol| &protocol.tests))
                    .filter(|rule| self.test_names.exact(rule.test.as_str()) == Some(*test))
                    .map(|rule| seconds(rule.not_before_s))
                    .max()
                    .unwrap_or(0);
                counts_from.is_some_and(|from| *taken >= from.saturating_add(asked))
            })
            .map(|(test, _)| TestName::new(self.test_names.get(*test)))
            .collect();
        Entry::StockCredited {
            lot: self.lot_id(lot),
            treated,
            tests,
            from: from.map(timestamp),
        }
    }

    fn credit_stock(
        &mut self,
        lot: LotIx,
        treated: &[StepName],
        tests: &[TestName],
        from: Option<i64>,
    ) {
        let bits = (treated.iter())
            .filter_map(|step| self.treatment_bit(lot, step))
            .fold(0, |mask, bit| mask | 1 << bit);
        let passed = (tests.iter())
            .filter_map(|test| self.test_names.exact(test.as_str()))
            .fold(0, |mask, test| mask | test.bit());
        let ended = self.stock.get_mut(&lot).and_then(|claim| {
            claim.open = false;
            claim.treatments.iter().map(|(_, to)| *to).max()
        });
        let row = &mut self.lots[lot];
        row.treated |= bits;
        row.tests_passed |= passed;
        if bits != 0 {
            row.treated_at = row.treated_at.max(ended.unwrap_or(i64::MIN));
        }
        if let Some(from) = from {
            match row.clock {
                Some(clock) => row.until = row.until.saturating_sub(clock.saturating_sub(from)),
                None => row.until = row.until.max(from.saturating_add(row.hold_us)),
            }
            row.clock = Some(from);
        }
    }
}

//! Bringing a state up to date with a record.
//!
//! Nothing is decided here: what a record says has been accepted. A record that speaks of things the state does not
//! have cannot come from this ledger, and is an error that names it.

use lazaret_gateway::event::entry::{Entry, ManifestLine, Outcome, PersonName, Soiled, Tally};
use lazaret_gateway::event::rules::{ClockFrom, Contact, PlaceRule, Side};
use lazaret_gateway::event::{Cause, Event, Finding, Happening, Spot, StepName, Thing};

use super::rows::{Handler, Listed, Touched};
use super::{
    AsJson, Convoy, Departure, ExceptionRow, Lot, LotStage, Manifest, ManifestStage, NONE, Names,
    OpenTreatment, Person, Place, Sample, State, Unit, Vehicle, VehicleStage, flag, micros,
    seconds, some,
};
use crate::chain::Record;
use crate::work::{WorkedOn, work};

/// A record that does not fit the state. The state is no longer of use; start again from the records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {record} does not fit the ledger before it: {what}")]
pub struct Broken {
    /// The record.
    pub record: u64,
    /// What does not fit.
    pub what: String,
}

/// What one record touches, so that each is listed and ordered once.
#[derive(Default)]
struct Touch {
    lots: Vec<u32>,
    vehicles: Vec<u32>,
}

impl State {
    pub(crate) fn apply(&mut self, record: &Record) -> Result<(), Broken> {
        if record.seq != self.seq + 1 {
            return Err(Broken {
                record: record.seq,
                what: format!("record {} comes next", self.seq + 1),
            });
        }
        if record.seq >= u64::from(NONE) {
            return Err(Broken {
                record: record.seq,
                what: "a ledger holds fewer than 2^32 records; close it and open the next".into(),
            });
        }
        self.seq = record.seq;
        let now = micros(record.recorded_at).max(self.recorded_at);
        self.recorded_at = now;
        let mut touch = Touch::default();
        let worked = record
            .events
            .iter()
            .any(|event| matches!(event.happening, Happening::Entry(Entry::Worked { .. })));
        let mut judging = false;
        for event in &record.events {
            if let Some(work) = work(&event.happening) {
                judging = work.judged;
                let people: &[PersonName] = if worked && !judging {
                    &[]
                } else {
                    std::slice::from_ref(&record.by)
                };
                self.event(event, now, &mut touch)
                    .and_then(|()| self.handled(work.on, people, work.judged, event, &mut touch))
            } else if let Happening::Entry(Entry::Worked { thing, people }) = &event.happening {
                let on = match thing {
                    Thing::Lot(lot) => WorkedOn::Lot(lot),
                    Thing::Vehicle(vehicle) => WorkedOn::Vehicle(vehicle),
                    Thing::Convoy(_) => continue,
                };
                self.handled(on, people, judging, event, &mut touch)
            } else {
                self.event(event, now, &mut touch)
            }
            .map_err(|what| Broken {
                record: record.seq,
                what,
            })?;
        }
        // Results bear on lots through their samples, whoever enters them.
        for event in &record.events {
            if let Happening::Entry(Entry::ResultEntered { sample, .. }) = &event.happening {
                let sample = find(&self.sample_names, sample.as_str(), "sample");
                if let Ok(sample) = sample {
                    let lot = self.samples[sample as usize].lot;
                    let by = self.person(&record.by);
                    self.add_handler(lot, by, micros(event.at), true);
                }
            }
        }
        self.list(&touch);
        self.remember(record, now);
        Ok(())
    }

    fn list(&mut self, touch: &Touch) {
        let seq = self.seq as u32;
        let push = |history: &mut Vec<Listed>, head: &mut u32| {
            let listed = some(*head).is_some_and(|head| history[head as usize].record == seq);
            if !listed {
                history.push(Listed {
                    record: seq,
                    next: *head,
                });
                *head = history.len() as u32 - 1;
            }
        };
        for &lot in &touch.lots {
            push(&mut self.history, &mut self.lots[lot as usize].history);
        }
        for &vehicle in &touch.vehicles {
            push(
                &mut self.history,
                &mut self.vehicles[vehicle as usize].history,
            );
        }
        for &lot in &touch.lots {
            self.reindex(lot);
        }
    }

    fn event(&mut self, event: &Event, now: i64, touch: &mut Touch) -> Result<(), String> {
        use Happening as H;
        let at = micros(event.at);
        match &event.happening {
            H::ConvoySent { convoy, source, .. } => {
                let source = self.source_names.add(source.as_str());
                let convoy = self.convoy(convoy.as_str());
                self.convoys[convoy as usize].source = source;
            }
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => {
                let source = self.source_names.add(source.as_str());
                let convoy = self.convoy(convoy.as_str());
                let row = &mut self.convoys[convoy as usize];
                (row.source, row.arrived) = (source, Some(now));
                for name in vehicles {
                    let vehicle = self.vehicle(name.as_str());
                    let history = self.vehicles[vehicle as usize].history;
                    self.vehicles[vehicle as usize] = Vehicle {
                        stage: VehicleStage::Here,
                        source,
                        convoy,
                        arrived: now,
                        history,
                        ..Vehicle::new()
                    };
                    self.open_episode(Touched::Vehicle(vehicle), at.min(now));
                    self.vehicles_here.insert(vehicle);
                    touch.vehicles.push(vehicle);
                }
                self.totals.vehicles_arrived += vehicles.len() as u64;
                if let Some(manifest) = some(self.convoys[convoy as usize].manifest) {
                    for lot in self.manifests[manifest as usize].lots.clone() {
                        self.expect(lot);
                    }
                }
            }
            H::VehiclePlaced { vehicle, spot } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.take_vehicle(vehicle);
                let unit = self.unit(spot);
                let dirty = self
                    .place_rule(self.units[unit as usize].place)
                    .is_some_and(|rule| rule.side == Side::Dirty);
                let row = &mut self.vehicles[vehicle as usize];
                row.unit = unit;
                row.position = self.units[unit as usize].vehicles.len() as u32;
                if dirty {
                    row.washed = None;
                    row.sealed = false;
                }
                self.units[unit as usize].vehicles.push(vehicle);
                self.occupy(unit, 1);
            }
            H::VehicleLeft { vehicle, .. } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.take_vehicle(vehicle);
            }
            H::VehicleStepStarted { vehicle, .. } | H::VehicleStepEnded { vehicle, .. } => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
            }
            H::UnloadingStarted { vehicle, .. } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.vehicles[vehicle as usize].opened = true;
            }
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                let goods = self.goods_names.add(goods.as_str());
                let lot = self.new_lot(lot.as_str(), goods);
                self.unload(lot, vehicle, goods, now)?;
                touch.lots.push(lot);
                let unit = self.unit(spot);
                let from = self.episodes[self.vehicles[vehicle as usize].episode as usize].from;
                self.visit(lot, Touched::Vehicle(vehicle), from, now.max(from));
                self.enter(lot, unit, false, at.min(now), now);
                self.totals.lots_entered += 1;
            }
            H::LotStored { lot, spot } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.unload_from_departure(lot);
                self.lots[lot as usize].stage = LotStage::Here;
                let unit = self.unit(spot);
                self.enter(lot, unit, true, at.min(now), now);
                let clean = self
                    .place_rule(self.units[unit as usize].place)
                    .is_some_and(|rule| rule.side == Side::Clean);
                let row = &mut self.lots[lot as usize];
                if clean {
                    row.set(flag::CLEAN, true);
                }
                self.base(
                    lot,
                    now,
                    |from| matches!(from, ClockFrom::Stored(place) if *place == spot.place),
                );
            }
            H::TreatmentStarted { lot, step, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.base(lot, now, |from| starts_with(from, step));
                let step = self.step_names.add(step.as_str());
                self.treatments.insert(
                    lot,
                    OpenTreatment {
                        step,
                        from: at,
                        recorded: now,
                        agent: NONE,
                        readings: Vec::new(),
                    },
                );
            }
            H::TreatmentEnded { lot, step, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.treatments.remove(&lot);
                self.lots[lot as usize].treated_at = at;
                if self.treatment_bit(lot, step).is_none() {
                    self.base(lot, now, |from| ends_with(from, step));
                }
            }
            H::InspectionStarted { lot, step, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.base(lot, now, |from| starts_with(from, step));
            }
            H::LotInspected { lot, step, finding } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                match finding {
                    Finding::Pass => {
                        let protocol = &self.protocols[usize::from(self.lot(lot).protocol)].0;
                        let bit = protocol
                            .inspections
                            .iter()
                            .position(|rule| rule.step == *step);
                        if let Some(bit) = bit {
                            self.lots[lot as usize].inspected |= 1 << bit;
                        }
                        self.base(lot, now, |from| ends_with(from, step));
                    }
                    Finding::Again => {
                        // Not a contact: what its clock counts from stays, unless that is done again too.
                        let keep = self.kept_after(lot, step);
                        self.unrelease(lot);
                        let row = &mut self.lots[lot as usize];
                        row.treated &= keep;
                        row.inspected = 0;
                        row.tests_passed = 0;
                        row.clock = None;
                        row.set(flag::CLEAN, false);
                    }
                    Finding::Fail => self.lots[lot as usize].set(flag::REFUSED, true),
                    Finding::Destroy => self.lots[lot as usize].set(flag::CONDEMNED, true),
                }
            }
            H::HoldStarted { lot, until, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let row = &mut self.lots[lot as usize];
                if row.clock.is_none() {
                    row.clock = Some(at.max(row.floor));
                }
                row.until = row.until.max(micros(*until));
            }
            H::HoldRestarted { lot, until, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.unrelease(lot);
                let row = &mut self.lots[lot as usize];
                row.floor = row.floor.max(at);
                row.clock = row.clock.map(|clock| clock.max(at));
                row.until = row.until.max(micros(*until));
                row.tests_passed = 0;
            }
            H::HoldEnded { lot, .. } => {
                self.lot_touched(lot.as_str(), touch)?;
            }
            H::LotReleased { lot } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.lots[lot as usize].set(flag::RELEASED, true);
                self.totals.lots_released += 1;
            }
            H::LotLoaded { lot, departure } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let departure = self.departure_row(departure.as_str());
                self.leave(lot, now);
                let row = &mut self.lots[lot as usize];
                (row.stage, row.departure) = (LotStage::Loaded, departure);
                self.departures[departure as usize].lots.push(lot);
            }
            H::Departed { departure, .. } => {
                let departure = self.departure_row(departure.as_str());
                let row = &mut self.departures[departure as usize];
                row.left = Some(now);
                for lot in row.lots.clone() {
                    self.gone(lot, LotStage::Departed, now);
                    touch.lots.push(lot);
                    self.totals.lots_departed += 1;
                }
            }
            H::LotSent { lot, spot } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.leave(lot, now);
                // Its slot is kept for it; it touches nothing there before it has come.
                let unit = self.unit(spot);
                self.occupy_as(lot, unit, true);
                self.lots[lot as usize].stage = LotStage::Sent;
            }
            H::LotDestroyed { lot } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.gone(lot, LotStage::Destroyed, now);
                self.totals.lots_destroyed += 1;
            }
            H::LotSentBack { lot } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.gone(lot, LotStage::SentBack, now);
                self.totals.lots_sent_back += 1;
            }
            H::VehicleEmptied { vehicle } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                let row = &mut self.vehicles[vehicle as usize];
                row.emptied = true;
                row.washed = None;
                row.sealed = false;
                self.seals.remove(&vehicle);
            }
            H::VehicleWashed { vehicle } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.vehicles[vehicle as usize].washed = Some(now);
            }
            H::VehicleReleased { vehicle } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.take_vehicle(vehicle);
                self.vehicles[vehicle as usize].stage = VehicleStage::Gone;
                self.vehicles_here.remove(&vehicle);
                self.seals.remove(&vehicle);
                self.totals.vehicles_released += 1;
            }
            H::VehicleReturned { vehicle, .. } => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
            }
            H::PlaceOpened { spot } => {
                let unit = self.unit(spot);
                self.units[unit as usize].closed = None;
            }
            H::PlaceClosed { spot, because } => {
                let unit = self.unit(spot);
                self.units[unit as usize].closed = Some(because.clone());
            }
            H::PlaceBroken { spot } => {
                let unit = self.unit(spot);
                self.units[unit as usize].broken = true;
            }
            H::PlaceRepaired { spot } => {
                let unit = self.unit(spot);
                self.units[unit as usize].broken = false;
            }
            H::CapacityChanged { place, slots } => {
                let place = self.place(place.as_str());
                self.places[place as usize].slots_now = Some(*slots);
            }
            // Whoever waits for another place without being blocked has left its slot and stands beside it.
            H::Waiting {
                thing: Thing::Lot(lot),
                cause:
                    Cause::NoRoom(place)
                    | Cause::Closed(place)
                    | Cause::Broken(place)
                    | Cause::Segregated(place),
                ..
            } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let elsewhere = self
                    .spot(self.lot(lot).unit)
                    .is_some_and(|spot| spot.place != *place);
                if elsewhere {
                    self.free_slot(lot);
                }
            }
            H::ConvoyCancelled { .. }
            | H::WorkPaused { .. }
            | H::WorkResumed { .. }
            | H::DepartureCancelled { .. }
            | H::ShiftStarted { .. }
            | H::ShiftEnded { .. }
            | H::Waiting { .. }
            | H::Blocked { .. }
            | H::Deadlocked { .. } => {}
            H::Entry(entry) => self.entry(entry, at, now, touch)?,
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, at: i64, now: i64, touch: &mut Touch) -> Result<(), String> {
        use Entry as E;
        match entry {
            E::RulesAdopted { rules } => {
                for rule in &rules.goods {
                    self.goods_names.add(rule.goods.as_str());
                }
                for rule in &rules.vehicles {
                    self.source_names.add(rule.source.as_str());
                }
                for place in &mut self.places {
                    place.rule = NONE;
                }
                for (position, rule) in rules.places.iter().enumerate() {
                    let place = self.place(rule.place.as_str());
                    self.places[place as usize].rule = position as u32;
                }
                self.rules = Some(AsJson((**rules).clone()));
            }
            E::ProtocolAdopted { protocol } => self.adopt(protocol, touch),
            E::PersonAppointed { person, roles } => {
                let person = self.person(person);
                self.people[person as usize].roles =
                    roles.iter().fold(0, |mask, role| mask | 1 << *role as u16);
            }
            E::PersonCleared {
                person,
                until,
                agents,
            } => {
                let agents: Vec<u32> = agents
                    .iter()
                    .map(|agent| self.agent_names.add(agent.as_str()))
                    .collect();
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.cleared_until = micros(*until);
                row.agents = agents;
                row.sick = false;
            }
            E::ClearanceLapsed { person, .. } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.cleared_until = row.cleared_until.min(now);
            }
            E::PersonShiftStarted { person } => {
                let person = self.person(person);
                self.people[person as usize].on_shift = true;
            }
            E::PersonShiftEnded { person } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.on_shift = false;
                row.shift_ended = Some(now);
            }
            E::PersonPassedGate { person } => {
                let person = self.person(person);
                self.people[person as usize].dirty = false;
            }
            E::PersonReportedSick {
                person, exception, ..
            } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.sick = true;
                row.cleared_until = row.cleared_until.min(now);
                self.exception(exception.as_str(), now, "a person reported sick");
            }
            E::ManifestAnnounced {
                manifest,
                convoy,
                source,
                due,
                lines,
            } => {
                let source = self.source_names.add(source.as_str());
                let convoy = self.convoy(convoy.as_str());
                self.convoys[convoy as usize].source = source;
                let number = self.manifest_names.add(manifest.as_str());
                if number as usize == self.manifests.len() {
                    self.manifests.push(Manifest {
                        convoy,
                        stage: ManifestStage::Announced,
                        due: due.map(micros),
                        lots: Vec::new(),
                        amended: 0,
                    });
                }
                self.convoys[convoy as usize].manifest = number;
                self.announce(number, lines, touch);
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                let row = &mut self.manifests[number as usize];
                row.amended = row.amended.saturating_add(1);
                row.stage = ManifestStage::Announced;
                self.announce(number, lines, touch);
            }
            E::ManifestWithheld { manifest, .. } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                self.manifests[number as usize].stage = ManifestStage::Withheld;
                self.announce(number, &[], touch);
            }
            E::ManifestRefused { manifest, .. } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                self.manifests[number as usize].stage = ManifestStage::Refused;
            }
            E::TrialDeclared { convoy } => {
                let convoy = self.convoy(convoy.as_str());
                self.convoys[convoy as usize].trial = true;
            }
            E::VehicleChecked { vehicle, .. } => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
            }
            E::VehicleSealed { vehicle, .. } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.vehicles[vehicle as usize].sealed = true;
            }
            E::LotCounted { lot, tally } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.tally(lot, *tally);
            }
            E::DiscrepancyFound { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception =
                    self.exception(exception.as_str(), now, "it is not what its papers say");
                self.freeze(lot, exception);
            }
            E::LossDeclared { lot, lost, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let row = &mut self.lots[lot as usize];
                row.pieces = row.pieces.saturating_sub(lost.pieces);
                row.mass_kg = row.mass_kg.saturating_sub(lost.mass_kg);
            }
            E::LotSplit { lot, parts } => {
                let parent = self.lot_touched(lot.as_str(), touch)?;
                let first = self.lots.len() as u32;
                for part in parts {
                    let number = self.lot_names.add(part.lot.as_str());
                    if number as usize != self.lots.len() {
                        return Err(format!("part {} is not new", part.lot));
                    }
                    self.split_off(parent, number, part.tally);
                    touch.lots.push(number);
                }
                self.leave(parent, now);
                let row = &mut self.lots[parent as usize];
                row.stage = LotStage::Split;
                row.children = (first, parts.len() as u16);
            }
            E::TreatmentDosed { lot, agent, .. } => {
                let agent = self.agent_names.add(agent.as_str());
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = self.treatments.get_mut(&lot) {
                    treatment.agent = agent;
                }
            }
            E::TreatmentRead { lot, reading, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = self.treatments.get_mut(&lot) {
                    treatment.readings.push(*reading);
                }
            }
            E::TreatmentJudged {
                lot, step, valid, ..
            } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(bit) = self.treatment_bit(lot, step).filter(|_| *valid) {
                    self.lots[lot as usize].treated |= 1 << bit;
                    self.base(lot, now, |from| ends_with(from, step));
                }
            }
            E::TreatmentVoided { lot, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.void(lot, now);
            }
            E::SampleTaken { lot, sample, test } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let test = self.test_names.add(test.as_str());
                let number = self.sample_names.add(sample.as_str());
                if number as usize != self.samples.len() {
                    return Err(format!("sample {sample} is not new"));
                }
                self.samples.push(Sample {
                    lot,
                    test,
                    taken: at,
                    settled: false,
                });
            }
            E::ResultEntered {
                sample, outcome, ..
            } => {
                let number = find(&self.sample_names, sample.as_str(), "sample")?;
                let sample = &mut self.samples[number as usize];
                sample.settled = true;
                let sample = sample.clone();
                for lot in self.whole(sample.lot) {
                    touch.lots.push(lot);
                    if *outcome == Outcome::Negative && self.sample_counts(&sample, lot) {
                        self.lots[lot as usize].tests_passed |= 1 << sample.test;
                    }
                }
            }
            E::ContactSeen { lots, .. } => {
                let mut episode = NONE;
                for lot in lots {
                    let lot = self.lot_touched(lot.as_str(), touch)?;
                    if episode == NONE {
                        episode = self.open_episode(Touched::Seen, at.min(now));
                    }
                    self.join(lot, episode, at.min(now), now);
                }
            }
            E::ContaminationFound { on, exception, .. } => {
                match on {
                    Soiled::Lot(lot) => {
                        self.lot_touched(lot.as_str(), touch)?;
                    }
                    Soiled::Vehicle(vehicle) => {
                        let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                        self.vehicles[vehicle as usize].washed = None;
                    }
                    Soiled::Unit(..) => {}
                }
                let _ = exception;
            }
            E::ExceptionOpened {
                exception,
                lots,
                because,
            } => {
                let exception = self.exception(exception.as_str(), now, because);
                for lot in lots {
                    let lot = self.lot_touched(lot.as_str(), touch)?;
                    self.freeze(lot, exception);
                }
            }
            E::ExceptionClosed { exception, .. } => {
                let exception = find(&self.exception_names, exception.as_str(), "exception")?;
                self.open_exceptions.remove(&exception);
                let row = &mut self.exceptions[exception as usize];
                row.open = false;
                for lot in row.lots.clone() {
                    let lot_row = &mut self.lots[lot as usize];
                    lot_row.frozen = lot_row.frozen.saturating_sub(1);
                    touch.lots.push(lot);
                }
            }
            E::LotFrozen { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception = self.exception(exception.as_str(), now, "");
                self.freeze(lot, exception);
            }
            E::LotRecalled { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception = self.exception(exception.as_str(), now, "");
                self.lots[lot as usize].set(flag::RECALLED, true);
                self.unrelease(lot);
                self.exceptions[exception as usize].recalled.push(lot);
            }
            E::Signed { lot, signer, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let signer = self.person(signer);
                let row = &mut self.lots[lot as usize];
                if let Some(place) = row.signers.get_mut(usize::from(row.signatures)) {
                    *place = signer;
                    row.signatures += 1;
                }
            }
            E::ClockCredited { lot, from, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let row = &mut self.lots[lot as usize];
                if let Some(clock) = row.clock {
                    let credit = clock - micros(*from);
                    row.clock = Some(clock - credit);
                    row.until = row.until.saturating_sub(credit);
                }
            }
            E::Noted { thing, .. } => match thing {
                Some(Thing::Lot(lot)) => {
                    self.lot_touched(lot.as_str(), touch)?;
                }
                Some(Thing::Vehicle(vehicle)) => {
                    self.vehicle_touched(vehicle.as_str(), touch)?;
                }
                Some(Thing::Convoy(_)) | None => {}
            },
            E::Worked { .. } | E::Corrected { .. } | E::WarningAcknowledged { .. } => {}
        }
        Ok(())
    }

    fn adopt(&mut self, protocol: &lazaret_gateway::event::rules::Protocol, touch: &mut Touch) {
        let number = self.protocols.len() as u16;
        let tests = protocol.tests.iter().fold(0, |mask, rule| {
            mask | 1 << self.test_names.add(rule.test.as_str())
        });
        self.protocols.push(AsJson(protocol.clone()));
        if !protocol.held_too {
            return;
        }
        for lot in self.bound_by(protocol) {
            let row = &mut self.lots[lot as usize];
            row.also = number;
            row.tests_needed |= tests;
            row.signatures_needed = row.signatures_needed.max(protocol.signatures);
            if let Some(hold) = &protocol.hold {
                row.hold_us = row.hold_us.max(seconds(hold.hold_s));
                // A lot that had no wait of its own waits from its entry or its last contact.
                if self.protocols[usize::from(row.protocol)].0.hold.is_none() {
                    row.clock = row.clock.or(Some(row.entered.max(row.floor)));
                }
            }
            self.unrelease(lot);
            touch.lots.push(lot);
        }
    }

    fn announce(&mut self, manifest: u32, lines: &[ManifestLine], touch: &mut Touch) {
        let convoy = self.manifests[manifest as usize].convoy;
        let arrived = self.convoys[convoy as usize].arrived.is_some();
        for lot in std::mem::take(&mut self.manifests[manifest as usize].lots) {
            if self.lot(lot).stage != LotStage::Announced {
                self.manifests[manifest as usize].lots.push(lot);
                continue;
            }
            self.lots[lot as usize].stage = LotStage::Withdrawn;
            let vehicle = self.lot(lot).vehicle;
            if arrived && self.vehicles[vehicle as usize].convoy == convoy {
                let row = &mut self.vehicles[vehicle as usize];
                row.expected = row.expected.saturating_sub(1);
            }
            touch.lots.push(lot);
        }
        for line in lines {
            let goods = self.goods_names.add(line.goods.as_str());
            let vehicle = self.vehicle(line.vehicle.as_str());
            let lot = self.new_lot(line.lot.as_str(), goods);
            // A line for a lot that has been unloaded meanwhile changes only what its papers said.
            if self.lot(lot).stage == LotStage::Withdrawn {
                self.lots[lot as usize].stage = LotStage::Announced;
            }
            let row = &mut self.lots[lot as usize];
            if row.stage == LotStage::Announced {
                row.goods = goods;
                row.vehicle = vehicle;
                row.convoy = convoy;
                row.pieces = line.tally.pieces;
                row.mass_kg = line.tally.mass_kg;
                row.set(flag::TALLIED, true);
                row.hazards = line
                    .hazards
                    .iter()
                    .filter_map(|hazard| crate::segregation::class_number(hazard.as_str()))
                    .fold(0, |mask, class| mask | 1 << class);
                if arrived {
                    self.expect(lot);
                }
                self.manifests[manifest as usize].lots.push(lot);
            }
            if !line.seals.is_empty() {
                let seals = self.seals.entry(vehicle).or_default();
                for seal in &line.seals {
                    if !seals.contains(seal) {
                        seals.push(seal.clone());
                    }
                }
            }
            touch.lots.push(lot);
        }
    }

    fn expect(&mut self, lot: u32) {
        let row = &self.lots[lot as usize];
        if row.stage == LotStage::Announced {
            let vehicle = &mut self.vehicles[row.vehicle as usize];
            if vehicle.convoy == row.convoy {
                vehicle.expected += 1;
            }
        }
    }

    fn unload(&mut self, lot: u32, vehicle: u32, goods: u32, now: i64) -> Result<(), String> {
        let source = self.vehicles[vehicle as usize].source;
        let protocol = self
            .protocol_for(goods, source, now)
            .ok_or_else(|| format!("no protocol is for {}", self.goods_names.get(goods)))?;
        let rule = &self.protocols[usize::from(protocol)].0;
        let hold_us = rule.hold.as_ref().map_or(0, |hold| seconds(hold.hold_s));
        let from_arrival = rule
            .hold
            .as_ref()
            .is_some_and(|hold| hold.clock == ClockFrom::Arrival);
        let signatures = rule.signatures;
        let tests = rule
            .tests
            .iter()
            .filter_map(|test| self.test_names.find(test.test.as_str()))
            .fold(0, |mask, test| mask | 1 << test);
        let announced =
            self.lot(lot).stage == LotStage::Announced && self.lot(lot).vehicle == vehicle;
        let row = &mut self.vehicles[vehicle as usize];
        row.opened = true;
        let (convoy, arrived) = (row.convoy, row.arrived);
        if announced {
            row.expected = row.expected.saturating_sub(1);
        }
        let trial = self.convoys[convoy as usize].trial;
        let row = &mut self.lots[lot as usize];
        row.stage = LotStage::Here;
        row.goods = goods;
        row.vehicle = vehicle;
        row.convoy = convoy;
        row.protocol = protocol;
        row.hold_us = hold_us;
        row.signatures_needed = signatures;
        row.tests_needed = tests;
        row.entered = arrived;
        row.base = from_arrival.then_some(arrived);
        row.set(flag::TRIAL, trial);
        Ok(())
    }

    fn split_off(&mut self, parent: u32, part: u32, tally: Tally) {
        let mut row = self.lot(parent).clone();
        row.parent = parent;
        row.pieces = tally.pieces;
        row.mass_kg = tally.mass_kg;
        row.visits = NONE;
        row.held_key = i64::MIN;
        row.ready = false;
        row.free_key = None;
        let unit = row.unit;
        let slot = row.is(flag::SLOT);
        if unit != NONE {
            row.position = self.units[unit as usize].lots.len() as u32;
            self.units[unit as usize].lots.push(part);
        }
        self.lots.push(row);
        if slot {
            self.occupy(unit, 1);
        }
        self.inherit_visits(parent, part);
        for &exception in &self.open_exceptions {
            let row = &mut self.exceptions[exception as usize];
            if row.lots.contains(&parent) {
                row.lots.push(part);
            }
        }
    }

    fn freeze(&mut self, lot: u32, exception: u32) {
        self.unrelease(lot);
        let row = &mut self.lots[lot as usize];
        row.frozen = row.frozen.saturating_add(1);
        self.exceptions[exception as usize].lots.push(lot);
    }

    /// Takes signatures and release back.
    fn unrelease(&mut self, lot: u32) {
        let row = &mut self.lots[lot as usize];
        if row.stage.present() {
            row.set(flag::RELEASED, false);
            row.signatures = 0;
            row.signers = [NONE; 4];
        }
    }

    /// Starts a lot anew: nothing that was done to it counts any more.
    fn void(&mut self, lot: u32, now: i64) {
        self.unrelease(lot);
        let row = &mut self.lots[lot as usize];
        row.treated = 0;
        row.inspected = 0;
        row.tests_passed = 0;
        row.clock = None;
        // What its clock counts from has to happen again, unless that is its arrival.
        let arrival = self.protocols[usize::from(row.protocol)]
            .0
            .hold
            .as_ref()
            .is_some_and(|hold| hold.clock == ClockFrom::Arrival);
        if !arrival {
            row.base = None;
        }
        row.floor = row.floor.max(now);
        row.set(flag::CLEAN, false);
    }

    /// Treatments, as bits, that still count when an inspection finds that a lot must be treated again.
    fn kept_after(&self, lot: u32, inspection: &StepName) -> u16 {
        let Some(protocol) = self.protocol_of(self.lot(lot)) else {
            return 0;
        };
        let again = protocol
            .inspections
            .iter()
            .find(|rule| rule.step == *inspection)
            .and_then(|rule| rule.again.as_ref());
        match again {
            None => 0,
            Some(again) => protocol
                .treatments
                .iter()
                .enumerate()
                .filter(|(_, rule)| !again.contains(&rule.step))
                .fold(0, |mask, (bit, _)| mask | 1 << bit),
        }
    }

    fn tally(&mut self, lot: u32, tally: Tally) {
        let row = &mut self.lots[lot as usize];
        row.pieces = tally.pieces;
        row.mass_kg = tally.mass_kg;
        row.set(flag::TALLIED, true);
    }

    /// Sets what a lot's clock counts from, if `is` says that this is it and the clock does not run already.
    fn base(&mut self, lot: u32, now: i64, is: impl Fn(&ClockFrom) -> bool) {
        let row = &mut self.lots[lot as usize];
        let Some(AsJson(protocol)) = self.protocols.get(usize::from(row.protocol)) else {
            return;
        };
        let counts = protocol.hold.as_ref().is_some_and(|hold| is(&hold.clock));
        if counts && row.clock.is_none() {
            row.base = Some(now);
        }
    }

    pub(crate) fn treatment_bit(&self, lot: u32, step: &StepName) -> Option<usize> {
        let protocol = self.protocols.get(usize::from(self.lot(lot).protocol))?;
        protocol
            .0
            .treatments
            .iter()
            .position(|rule| rule.step == *step)
    }

    /// Whether a sample says something about a lot as it is now: taken into this hold, late enough.
    pub(crate) fn sample_counts(&self, sample: &Sample, lot: u32) -> bool {
        let row = self.lot(lot);
        let versions = [row.protocol, row.also];
        let not_before = versions
            .iter()
            .filter_map(|&version| self.protocols.get(usize::from(version)))
            .flat_map(|AsJson(protocol)| &protocol.tests)
            .filter(|rule| self.test_names.find(rule.test.as_str()) == Some(sample.test))
            .map(|rule| seconds(rule.not_before_s))
            .max()
            .unwrap_or(0);
        let from = if self.protocols[usize::from(row.protocol)].0.hold.is_some() {
            row.clock
        } else {
            Some(row.clock.unwrap_or(row.entered).max(row.floor))
        };
        from.is_some_and(|from| sample.taken >= from.saturating_add(not_before))
    }

    fn handled(
        &mut self,
        on: WorkedOn<'_>,
        people: &[PersonName],
        judged: bool,
        event: &Event,
        touch: &mut Touch,
    ) -> Result<(), String> {
        let at = micros(event.at).min(self.recorded_at);
        let (lot, unit) = match on {
            WorkedOn::Lot(lot) => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                (Some(lot), self.lot(lot).unit)
            }
            WorkedOn::Vehicle(vehicle) => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                (None, self.vehicles[vehicle as usize].unit)
            }
        };
        let dirty = some(unit).is_some_and(|unit| {
            self.place_rule(self.units[unit as usize].place)
                .is_some_and(|rule| rule.side != Side::Clean)
        });
        let traced = self
            .rules()
            .is_some_and(|rules| rules.people.contact_tail_s.is_some());
        for person in people {
            let person = self.person(person);
            self.people[person as usize].dirty |= dirty;
            if let Some(lot) = lot {
                self.add_handler(lot, person, at, judged);
                if traced {
                    let now = self.recorded_at;
                    self.visit(lot, Touched::Person(person), at, now);
                }
            }
        }
        Ok(())
    }

    fn add_handler(&mut self, lot: u32, person: u32, at: i64, judged: bool) {
        let head = self.lots[lot as usize].handlers;
        // The same person again soon after says nothing new, unless it is the first time that they judge.
        let again = some(head).is_some_and(|head| {
            let last = self.handlers[head as usize];
            last.person == person && (last.judged || !judged) && last.at >= at
        });
        if !again {
            self.handlers.push(Handler {
                person,
                next: head,
                at,
                judged,
            });
            self.lots[lot as usize].handlers = self.handlers.len() as u32 - 1;
        }
    }

    /// People who had a lot in hand.
    pub(crate) fn handlers_of(&self, lot: u32) -> impl Iterator<Item = (u32, i64, bool)> {
        let mut at = self.lot(lot).handlers;
        std::iter::from_fn(move || {
            let handler = self.handlers[some(at)? as usize];
            at = handler.next;
            Some((handler.person, handler.at, handler.judged))
        })
    }

    /// Moves a lot into a unit.
    fn enter(&mut self, lot: u32, unit: u32, slot: bool, at: i64, now: i64) {
        self.leave(lot, now);
        self.occupy_as(lot, unit, slot);
        let contact = self
            .place_rule(self.units[unit as usize].place)
            .map_or(Contact::Apart, |rule| rule.contact);
        if contact != Contact::Apart {
            self.visit(lot, Touched::Unit(unit), at, i64::MAX);
        }
    }

    fn occupy_as(&mut self, lot: u32, unit: u32, slot: bool) {
        let row = &mut self.lots[lot as usize];
        row.unit = unit;
        row.position = self.units[unit as usize].lots.len() as u32;
        row.set(flag::SLOT, slot);
        self.units[unit as usize].lots.push(lot);
        if slot {
            self.occupy(unit, 1);
        }
    }

    /// Takes a lot out of where it is.
    fn leave(&mut self, lot: u32, now: i64) {
        self.end_visits(lot, now);
        self.free_slot(lot);
        let row = &mut self.lots[lot as usize];
        let (unit, position) = (row.unit, row.position);
        (row.unit, row.position) = (NONE, NONE);
        if unit == NONE {
            return;
        }
        let lots = &mut self.units[unit as usize].lots;
        lots.swap_remove(position as usize);
        if let Some(&moved) = lots.get(position as usize) {
            self.lots[moved as usize].position = position;
        }
    }

    fn free_slot(&mut self, lot: u32) {
        let row = &mut self.lots[lot as usize];
        if row.is(flag::SLOT) {
            row.set(flag::SLOT, false);
            let unit = row.unit;
            self.occupy(unit, -1);
        }
    }

    fn gone(&mut self, lot: u32, stage: LotStage, now: i64) {
        self.leave(lot, now);
        self.unload_from_departure_unless(lot, stage);
        self.treatments.remove(&lot);
        self.lots[lot as usize].stage = stage;
    }

    fn unload_from_departure_unless(&mut self, lot: u32, stage: LotStage) {
        if stage != LotStage::Departed {
            self.unload_from_departure(lot);
        }
    }

    fn unload_from_departure(&mut self, lot: u32) {
        let row = &mut self.lots[lot as usize];
        if row.stage == LotStage::Loaded {
            let departure = std::mem::replace(&mut row.departure, NONE);
            self.departures[departure as usize]
                .lots
                .retain(|&other| other != lot);
        }
    }

    fn take_vehicle(&mut self, vehicle: u32) {
        let row = &mut self.vehicles[vehicle as usize];
        let (unit, position) = (row.unit, row.position);
        (row.unit, row.position) = (NONE, NONE);
        if unit == NONE {
            return;
        }
        let vehicles = &mut self.units[unit as usize].vehicles;
        vehicles.swap_remove(position as usize);
        if let Some(&moved) = vehicles.get(position as usize) {
            self.vehicles[moved as usize].position = position;
        }
        self.occupy(unit, -1);
    }

    fn occupy(&mut self, unit: u32, by: i32) {
        let row = &mut self.units[unit as usize];
        row.used = row.used.saturating_add_signed(by);
        let place = &mut self.places[row.place as usize];
        place.used = place.used.saturating_add_signed(by);
    }

    fn new_lot(&mut self, name: &str, goods: u32) -> u32 {
        let lot = self.lot_names.add(name);
        if lot as usize == self.lots.len() {
            self.lots.push(Lot::new(goods));
        }
        lot
    }

    fn lot_touched(&self, name: &str, touch: &mut Touch) -> Result<u32, String> {
        let lot = find(&self.lot_names, name, "lot")?;
        touch.lots.push(lot);
        Ok(lot)
    }

    fn vehicle_touched(&self, name: &str, touch: &mut Touch) -> Result<u32, String> {
        let vehicle = find(&self.vehicle_names, name, "vehicle")?;
        touch.vehicles.push(vehicle);
        Ok(vehicle)
    }

    fn vehicle(&mut self, name: &str) -> u32 {
        let vehicle = self.vehicle_names.add(name);
        if vehicle as usize == self.vehicles.len() {
            self.vehicles.push(Vehicle::new());
        }
        vehicle
    }

    fn convoy(&mut self, name: &str) -> u32 {
        let convoy = self.convoy_names.add(name);
        if convoy as usize == self.convoys.len() {
            self.convoys.push(Convoy {
                source: NONE,
                arrived: None,
                trial: false,
                manifest: NONE,
            });
        }
        convoy
    }

    fn departure_row(&mut self, name: &str) -> u32 {
        let departure = self.departure_names.add(name);
        if departure as usize == self.departures.len() {
            self.departures.push(Departure {
                left: None,
                lots: Vec::new(),
            });
        }
        departure
    }

    fn exception(&mut self, name: &str, now: i64, because: &str) -> u32 {
        let exception = self.exception_names.add(name);
        if exception as usize == self.exceptions.len() {
            self.exceptions.push(ExceptionRow {
                open: true,
                opened_at: now,
                record: self.seq,
                because: because.to_owned(),
                lots: Vec::new(),
                recalled: Vec::new(),
            });
            self.open_exceptions.insert(exception);
        }
        exception
    }

    fn person(&mut self, name: &PersonName) -> u32 {
        let person = self.person_names.add(name.as_str());
        if person as usize == self.people.len() {
            self.people.push(Person {
                cleared_until: i64::MIN,
                ..Person::default()
            });
        }
        person
    }

    fn place(&mut self, name: &str) -> u32 {
        let place = self.place_names.add(name);
        if place as usize == self.places.len() {
            self.places.push(Place {
                rule: NONE,
                used: 0,
                slots_now: None,
                units: Vec::new(),
            });
        }
        place
    }

    fn unit(&mut self, spot: &Spot) -> u32 {
        let place = self.place(spot.place.as_str());
        let index = spot.unit.saturating_sub(1) as usize;
        let units = &mut self.places[place as usize].units;
        if units.len() <= index {
            units.resize(index + 1, NONE);
        }
        if units[index] == NONE {
            units[index] = self.units.len() as u32;
            self.units.push(Unit {
                place,
                number: spot.unit,
                closed: None,
                broken: false,
                used: 0,
                lots: Vec::new(),
                vehicles: Vec::new(),
                episodes: Vec::new(),
            });
        }
        self.places[place as usize].units[index]
    }

    /// The rule of a place, if the rules in force name it.
    pub(crate) fn place_rule(&self, place: u32) -> Option<&PlaceRule> {
        let rule = self.places.get(place as usize)?.rule;
        self.rules()?.places.get(rule as usize)
    }
}

fn find(names: &Names, name: &str, what: &str) -> Result<u32, String> {
    names
        .find(name)
        .ok_or_else(|| format!("there is no {what} {name}"))
}

fn starts_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepStart(named) if named == step)
}

fn ends_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepEnd(named) if named == step)
}

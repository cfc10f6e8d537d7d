//! Bringing a state up to date with a record.
//!
//! Nothing is decided here: what a record says has been accepted. A record that speaks of things the state does not
//! have cannot come from this ledger, and is an error that names it.

mod entries;
mod lots;
mod made;

use lazaret_vocabulary::event::entry::{Entry, PersonName};
use lazaret_vocabulary::event::rules::{ClockFrom, Side};
use lazaret_vocabulary::event::{Cause, Event, Finding, Happening, StepName, Thing};

use super::rows::{Listed, Touched};
use super::{
    LotStage, NONE, Names, OpenTreatment, State, Vehicle, VehicleStage, flag, micros, some,
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
        let mut now = micros(record.recorded_at).max(self.recorded_at);
        self.recorded_at = now;
        if let Some(note) = &record.clock {
            self.tie(note, now);
        }
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
                self.event(event, &record.by, now, &mut touch)
                    .and_then(|()| self.handled(work.on, people, work.judged, event, &mut touch))
            } else if let Happening::Entry(Entry::Worked { thing, people }) = &event.happening {
                let on = match thing {
                    Thing::Lot(lot) => WorkedOn::Lot(lot),
                    Thing::Vehicle(vehicle) => WorkedOn::Vehicle(vehicle),
                    Thing::Convoy(_) => continue,
                };
                self.handled(on, people, judging, event, &mut touch)
            } else {
                self.event(event, &record.by, now, &mut touch)
            }
            .map_err(|what| Broken {
                record: record.seq,
                what,
            })?;
            if let Happening::Entry(Entry::TimeConfirmed {
                time: Some(right), ..
            }) = &event.happening
            {
                // What follows from it counts by the right time.
                now = micros(*right);
            }
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

    fn event(
        &mut self,
        event: &Event,
        by: &PersonName,
        now: i64,
        touch: &mut Touch,
    ) -> Result<(), String> {
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
                        came: at.min(now),
                        since: at.min(now),
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
                row.since = at.min(now);
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
                self.vehicles[vehicle as usize].since = at.min(now);
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
                let row = &mut self.lots[lot as usize];
                (row.came, row.since) = (at.min(now), at.min(now));
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
                let row = &mut self.lots[lot as usize];
                (row.stage, row.since) = (LotStage::Here, at.min(now));
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
                        dosed: at,
                        dose: None,
                        pauses: Vec::new(),
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
                        let keep = self.lot(lot).treated & self.kept_after(lot, step);
                        // A wait that comes before the treatment is over, and is not begun again for it.
                        let waited = self
                            .protocol_of(self.lot(lot))
                            .and_then(|protocol| protocol.hold.as_ref())
                            .is_some_and(|hold| !hold.before.is_empty())
                            && self.may_run(self.lot(lot), keep);
                        self.unrelease(lot);
                        let row = &mut self.lots[lot as usize];
                        row.treated = keep;
                        row.inspected = 0;
                        row.tests_passed = 0;
                        if !waited {
                            row.clock = None;
                        }
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
            H::LotLoaded {
                lot,
                departure,
                wagon,
            } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(wagon) = wagon {
                    self.wagons.insert(lot, wagon.as_str().to_owned());
                }
                let departure = self.departure_row(departure.as_str());
                self.leave(lot, now);
                let row = &mut self.lots[lot as usize];
                (row.stage, row.departure) = (LotStage::Loaded, departure);
                row.since = at.min(now);
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
                let row = &mut self.lots[lot as usize];
                (row.stage, row.since) = (LotStage::Sent, at.min(now));
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
                row.emptied_at = at.min(now);
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
                let row = &mut self.vehicles[vehicle as usize];
                (row.stage, row.since) = (VehicleStage::Gone, at.min(now));
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
            H::WorkPaused { thing, step, .. } => {
                if let Some(treatment) = self.paused(thing, step, touch)?
                    && treatment
                        .pauses
                        .last()
                        .is_none_or(|pause| pause.1 != i64::MAX)
                {
                    treatment.pauses.push((at.max(treatment.from), i64::MAX));
                }
            }
            H::WorkResumed { thing, step } => {
                if let Some(treatment) = self.paused(thing, step, touch)?
                    && let Some(pause) = treatment.pauses.last_mut()
                    && pause.1 == i64::MAX
                {
                    pause.1 = at.max(pause.0);
                }
            }
            H::ConvoyCancelled { .. }
            | H::DepartureCancelled { .. }
            | H::ShiftStarted { .. }
            | H::ShiftEnded { .. }
            | H::Waiting { .. }
            | H::Blocked { .. }
            | H::Deadlocked { .. } => {}
            H::Entry(entry) => self.entry(entry, by, (at, now), touch)?,
        }
        Ok(())
    }
}

impl State {
    /// The treatment that a pause of work is about, if it is about one.
    fn paused(
        &mut self,
        thing: &Thing,
        step: &StepName,
        touch: &mut Touch,
    ) -> Result<Option<&mut OpenTreatment>, String> {
        match thing {
            Thing::Lot(lot) => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let step = self.step_names.exact(step.as_str());
                let treatment = self.treatments.get_mut(&lot);
                Ok(treatment.filter(|treatment| Some(treatment.step) == step))
            }
            Thing::Vehicle(vehicle) => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
                Ok(None)
            }
            Thing::Convoy(_) => Ok(None),
        }
    }
}

fn find(names: &Names, name: &str, what: &str) -> Result<u32, String> {
    names
        .exact(name)
        .ok_or_else(|| format!("there is no {what} {name}"))
}

fn starts_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepStart(named) if named == step)
}

fn ends_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepEnd(named) if named == step)
}

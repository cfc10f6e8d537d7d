//! What happens to the row of a lot, and to the slots that lots and vehicles take.

use lazaret_vocabulary::event::entry::{PersonName, Tally};
use lazaret_vocabulary::event::rules::{ClockFrom, Contact, Side};
use lazaret_vocabulary::event::{Event, StepName};

use super::super::rows::{Handler, Listing, Touched};
use super::super::{AsJson, Flag, LotStage, Sample, State, micros, seconds};
use super::Touch;
use crate::index::{ExceptionIx, GoodsIx, LotIx, PersonIx, ProtocolIx, UnitIx, VehicleIx};
use crate::work::WorkedOn;

/// That somebody had a lot in hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handling {
    pub(crate) person: PersonIx,
    /// When, µs.
    pub(crate) at: i64,
    /// Whether the work treats or tests the lot.
    pub(crate) judged: bool,
}

impl State {
    pub(crate) fn unload(
        &mut self,
        lot: LotIx,
        vehicle: VehicleIx,
        goods: GoodsIx,
        now: i64,
    ) -> Result<(), String> {
        let source = self.vehicles[vehicle].source;
        let protocol = self
            .protocol_for(Some(goods), source, now)
            .ok_or_else(|| format!("no protocol is for {}", self.goods_names.get(goods)))?;
        let from_arrival = (self.protocols[protocol].0.hold.as_ref())
            .is_some_and(|hold| hold.clock == ClockFrom::Arrival);
        self.came_under(lot, protocol);
        let announced =
            self.lot(lot).stage == LotStage::Announced && self.lot(lot).vehicle == Some(vehicle);
        let row = &mut self.vehicles[vehicle];
        row.opened = true;
        let (convoy, arrived) = (row.convoy, row.arrived);
        if announced {
            row.expected = row.expected.saturating_sub(1);
        }
        let trial = convoy.is_some_and(|convoy| self.convoys[convoy].trial);
        let row = &mut self.lots[lot];
        row.stage = LotStage::Here;
        row.goods = goods;
        row.vehicle = Some(vehicle);
        row.convoy = convoy;
        row.entered = arrived;
        row.base = from_arrival.then_some(arrived);
        row.set(Flag::Trial, trial);
        Ok(())
    }

    /// Binds a lot that comes to a version of a protocol.
    pub(crate) fn came_under(&mut self, lot: LotIx, protocol: ProtocolIx) {
        let rule = &self.protocols[protocol].0;
        let hold_us = rule.hold.as_ref().map_or(0, |hold| seconds(hold.hold_s));
        let signatures = rule.signatures;
        let tests = (rule.tests.iter())
            .filter_map(|test| self.test_names.exact(test.test.as_str()))
            .fold(0, |mask, test| mask | test.bit());
        let row = &mut self.lots[lot];
        row.protocol = Some(protocol);
        row.hold_us = hold_us;
        row.signatures_needed = signatures;
        row.tests_needed = tests;
    }

    pub(crate) fn split_off(&mut self, parent: LotIx, part: LotIx, tally: Tally) {
        let mut row = self.lot(parent).clone();
        row.parent = Some(parent);
        row.pieces = tally.pieces;
        row.mass_kg = tally.mass_kg;
        row.visits = None;
        row.listed = Listing::default();
        let unit = row.unit;
        let slot = row.is(Flag::Slot);
        if let Some(unit) = unit {
            row.position = self.units[unit].lots.len() as u32;
            self.units[unit].lots.push(part);
        }
        self.lots.add(row);
        if let Some(later) = self.later.get(&parent).cloned() {
            self.later.insert(part, later);
        }
        if let Some(claim) = self.stock.get(&parent).cloned() {
            self.stock.insert(part, claim);
        }
        if let Some(unit) = unit.filter(|_| slot) {
            self.occupy(unit, 1);
        }
        self.inherit_visits(parent, part);
        for &exception in &self.open_exceptions {
            let row = &mut self.exceptions[exception];
            if row.lots.contains(&parent) {
                row.lots.push(part);
            }
        }
    }

    pub(crate) fn freeze(&mut self, lot: LotIx, exception: ExceptionIx) {
        self.unrelease(lot);
        let row = &mut self.lots[lot];
        row.frozen = row.frozen.saturating_add(1);
        self.exceptions[exception].lots.push(lot);
    }

    /// Takes signatures and release back.
    pub(crate) fn unrelease(&mut self, lot: LotIx) {
        let row = &mut self.lots[lot];
        if row.stage.present() {
            row.set(Flag::Released, false);
            row.signatures = 0;
            row.signers = [None; 4];
        }
    }

    /// Starts a lot anew: nothing that was done to it counts any more.
    pub(crate) fn void(&mut self, lot: LotIx, now: i64) {
        self.unrelease(lot);
        let row = &mut self.lots[lot];
        row.treated = 0;
        row.inspected = 0;
        row.tests_passed = 0;
        row.clock = None;
        // What its clock counts from has to happen again, unless that is its arrival.
        let protocol = row.protocol.and_then(|version| self.protocols.row(version));
        let arrival = (protocol.and_then(|AsJson(protocol)| protocol.hold.as_ref()))
            .is_some_and(|hold| hold.clock == ClockFrom::Arrival);
        if !arrival {
            row.base = None;
        }
        row.floor = row.floor.max(now);
        row.set(Flag::Clean, false);
        if let Some(claim) = self.stock.get_mut(&lot) {
            claim.open = false;
        }
    }

    /// Treatments, as bits, that still count when an inspection finds that a lot must be treated again.
    pub(crate) fn kept_after(&self, lot: LotIx, inspection: &StepName) -> u16 {
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

    pub(crate) fn tally(&mut self, lot: LotIx, tally: Tally) {
        let row = &mut self.lots[lot];
        row.pieces = tally.pieces;
        row.mass_kg = tally.mass_kg;
        row.set(Flag::Tallied, true);
    }

    /// Sets what a lot's clock counts from, if `is` says that this is it and the clock does not run already.
    pub(crate) fn base(&mut self, lot: LotIx, now: i64, is: impl Fn(&ClockFrom) -> bool) {
        let row = &mut self.lots[lot];
        let version = row.protocol.and_then(|version| self.protocols.row(version));
        let Some(AsJson(protocol)) = version else {
            return;
        };
        let counts = protocol.hold.as_ref().is_some_and(|hold| is(&hold.clock));
        if counts && row.clock.is_none() {
            row.base = Some(now);
        }
    }

    pub(crate) fn treatment_bit(&self, lot: LotIx, step: &StepName) -> Option<usize> {
        let protocol = self.protocol_of(self.lot(lot))?;
        protocol
            .treatments
            .iter()
            .position(|rule| rule.step == *step)
    }

    /// Whether a sample says something about a lot as it is now: taken into this hold, late enough.
    pub(crate) fn sample_counts(&self, sample: &Sample, lot: LotIx) -> bool {
        let row = self.lot(lot);
        let not_before = (self.versions_of(lot).flat_map(|protocol| &protocol.tests))
            .filter(|rule| self.test_names.exact(rule.test.as_str()) == Some(sample.test))
            .map(|rule| seconds(rule.not_before_s))
            .max()
            .unwrap_or(0);
        let has_hold = (self.protocol_of(row)).is_some_and(|protocol| protocol.hold.is_some());
        let from = if has_hold {
            row.clock
        } else {
            Some(row.clock.unwrap_or(row.entered).max(row.floor))
        };
        from.is_some_and(|from| sample.taken >= from.saturating_add(not_before))
    }

    pub(crate) fn handled(
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
                (None, self.vehicles[vehicle].unit)
            }
        };
        let dirty = unit.is_some_and(|unit| {
            self.place_rule(self.units[unit].place)
                .is_some_and(|rule| rule.side != Side::Clean)
        });
        let traced = self
            .rules()
            .is_some_and(|rules| rules.people.contact_tail_s.is_some());
        for person in people {
            let person = self.person(person);
            self.people[person].dirty |= dirty;
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

    pub(crate) fn add_handler(&mut self, lot: LotIx, person: PersonIx, at: i64, judged: bool) {
        let head = self.lots[lot].handlers;
        // The same person at the same time says nothing new, unless it is the first time that they judge. An earlier time
        // does, however late it is entered: what they handled since they fell ill depends on it.
        let again = head.is_some_and(|head| {
            let last = self.handlers[head];
            last.person == person && (last.judged || !judged) && last.at == at
        });
        if !again {
            let handler = self.handlers.add(Handler {
                person,
                next: head,
                at,
                judged,
            });
            self.lots[lot].handlers = Some(handler);
        }
    }

    /// People who had a lot in hand.
    pub(crate) fn handlers_of(&self, lot: LotIx) -> impl Iterator<Item = Handling> {
        let mut at = self.lot(lot).handlers;
        std::iter::from_fn(move || {
            let handler = self.handlers[at?];
            at = handler.next;
            Some(Handling {
                person: handler.person,
                at: handler.at,
                judged: handler.judged,
            })
        })
    }

    /// Moves a lot into a unit.
    pub(crate) fn enter(&mut self, lot: LotIx, unit: UnitIx, slot: bool, at: i64, now: i64) {
        self.leave(lot, now);
        self.occupy_as(lot, unit, slot);
        let contact = self
            .place_rule(self.units[unit].place)
            .map_or(Contact::Apart, |rule| rule.contact);
        if contact != Contact::Apart {
            self.visit(lot, Touched::Unit(unit), at, i64::MAX);
        }
    }

    pub(crate) fn occupy_as(&mut self, lot: LotIx, unit: UnitIx, slot: bool) {
        let row = &mut self.lots[lot];
        row.unit = Some(unit);
        row.position = self.units[unit].lots.len() as u32;
        row.set(Flag::Slot, slot);
        self.units[unit].lots.push(lot);
        if slot {
            self.occupy(unit, 1);
        }
    }

    /// Takes a lot out of where it is.
    pub(crate) fn leave(&mut self, lot: LotIx, now: i64) {
        self.end_visits(lot, now);
        self.free_slot(lot);
        let row = &mut self.lots[lot];
        let position = row.position;
        let Some(unit) = row.unit.take() else {
            return;
        };
        let lots = &mut self.units[unit].lots;
        lots.swap_remove(position as usize);
        if let Some(&moved) = lots.get(position as usize) {
            self.lots[moved].position = position;
        }
    }

    pub(crate) fn free_slot(&mut self, lot: LotIx) {
        let row = &mut self.lots[lot];
        if row.is(Flag::Slot) {
            row.set(Flag::Slot, false);
            if let Some(unit) = row.unit {
                self.occupy(unit, -1);
            }
        }
    }

    pub(crate) fn gone(&mut self, lot: LotIx, stage: LotStage, now: i64) {
        self.leave(lot, now);
        self.unload_from_departure_unless(lot, stage);
        self.treatments.remove(&lot);
        self.wagons.remove(&lot);
        self.credits.remove(&lot);
        self.lots[lot].stage = stage;
    }

    pub(crate) fn unload_from_departure_unless(&mut self, lot: LotIx, stage: LotStage) {
        if stage != LotStage::Departed {
            self.unload_from_departure(lot);
        }
    }

    pub(crate) fn unload_from_departure(&mut self, lot: LotIx) {
        let row = &mut self.lots[lot];
        if row.stage == LotStage::Loaded {
            self.wagons.remove(&lot);
            if let Some(departure) = row.departure.take() {
                (self.departures[departure].lots).retain(|&other| other != lot);
            }
        }
    }

    pub(crate) fn take_vehicle(&mut self, vehicle: VehicleIx) {
        let row = &mut self.vehicles[vehicle];
        let position = row.position;
        let Some(unit) = row.unit.take() else {
            return;
        };
        let vehicles = &mut self.units[unit].vehicles;
        vehicles.swap_remove(position as usize);
        if let Some(&moved) = vehicles.get(position as usize) {
            self.vehicles[moved].position = position;
        }
        self.occupy(unit, -1);
    }

    pub(crate) fn occupy(&mut self, unit: UnitIx, by: i32) {
        let row = &mut self.units[unit];
        row.used = row.used.saturating_add_signed(by);
        let place = &mut self.places[row.place];
        place.used = place.used.saturating_add_signed(by);
    }
}

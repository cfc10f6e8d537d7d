//! The common case in short.
//!
//! Where a thing goes from one plain place to another that has room, needs no crew and sets no mark, the general way
//! through [`super::flow`] comes down to a few additions. They are done here, in the same order and with the same
//! draws, so that a replication with a listener, which always goes the general way, gives the same figures. What many
//! lots do in one instant is added up once.

use super::ripening::Ripe;
use super::{Kind, OUTSIDE, State, VEHICLE, World, lot_entity, waits};
use crate::index::{Instant, ThingIx};
use crate::model::{HoldClockM, LegKind, NO_PLACE};
use crate::observer::Observer;

/// What has become of a thing that was due.
pub(super) enum Moved {
    /// Nothing: it must go the general way.
    Not,
    /// It has moved, and nobody else has anything to do with that.
    Quietly,
    /// It has moved, and others may be able to move now.
    MakingRoom,
}

impl<O: Observer> World<'_, O> {
    /// The service of `x` has ended: it moves on, if it can do so swiftly.
    #[inline]
    pub(super) fn move_swiftly(&mut self, x: ThingIx) -> Moved {
        let model = self.model;
        let now = self.now;
        let thing = &mut self.things[x];
        let Some([leg, to]) = model.legs.pair(thing.leg) else {
            return Moved::Not;
        };
        if O::ON || !leg.swift || thing.attempt != 0 || thing.state != State::InService {
            return Moved::Not;
        }
        let unloads = leg.kind == LegKind::Unload;
        if unloads && (thing.lots != 1 || now < self.warm) {
            return Moved::Not;
        }
        let there = &mut self.places[usize::from(to.place)];
        if there.waiting != 0 || !there.has_room() {
            return Moved::Not;
        }
        there.occupy(now);
        let here = &mut self.places[usize::from(leg.place)];
        here.vacate(now);
        let wanted = here.waiting != 0;
        self.steps[usize::from(leg.step)].finished += 1;
        let step = &mut self.steps[usize::from(to.step)];
        step.wait.add_nothing();
        step.latest_served = now;
        step.last_start = now;
        let vehicle = thing.entity;
        if unloads {
            // The way home of its vehicle is drawn under the vehicle's name, the rest under its own.
            thing.entity = lot_entity(vehicle, 0);
            thing.lots = 0;
            thing.flags = 0;
        }
        let takes = to
            .takes
            .map_or(0, |draw| self.draws.micros(draw, thing.entity));
        let (arrived, goods) = (thing.arrived, thing.goods);
        let mut due = now + takes;
        if to.kind == LegKind::Hold {
            let from = match to.clock {
                HoldClockM::Stored => now,
                HoldClockM::Arrival => arrived,
                HoldClockM::Mark(mark) => {
                    self.things.marks(x)[usize::from(mark)].map_or(now, Instant::micros)
                }
            };
            due = (from + takes).max(now);
        }
        let thing = &mut self.things[x];
        thing.leg = thing.leg.next();
        let after = thing.leg.next();
        thing.place = to.place;
        thing.since = now;
        thing.mark = now;
        thing.due = due;
        if unloads {
            self.count_way_home(leg.source, vehicle, arrived);
        }
        if wanted {
            self.revisit_place(usize::from(leg.place));
        }
        self.suspect_rest(usize::from(leg.place));
        if to.kind == LegKind::Hold {
            self.note_hold(x, takes);
        }
        if to.ripens {
            self.ripening[usize::from(model.legs[after].dispatch)].file(Ripe {
                level: model.level[usize::from(goods)],
                ends: due,
                sequence: 0,
                thing: x,
                step: to.step,
                noted: false,
            });
        } else if due == now && to.kind != LegKind::Hold {
            self.thing_is_due(x);
            return Moved::MakingRoom;
        } else {
            self.schedule(due, Kind::Thing, x.at());
        }
        if wanted || self.suspect {
            Moved::MakingRoom
        } else {
            Moved::Quietly
        }
    }

    /// The vehicles `arrived` have arrived: those of the first that can do so swiftly take their first slot together.
    /// Returns how many.
    pub(super) fn place_swiftly(&mut self, arrived: &[ThingIx]) -> usize {
        let (model, now) = (self.model, self.now);
        let first = self.things[arrived[0]].leg;
        let leg = &model.legs[first];
        let p = usize::from(leg.place);
        if O::ON || !leg.swift_entry || self.places[p].waiting != 0 {
            return 0;
        }
        let room = self.places[p].capacity - self.places[p].occupied.now();
        let Some(work) = leg.takes else {
            return 0;
        };
        let place = leg.place;
        let mut placed = 0;
        for &v in arrived.iter().take(room.max(0) as usize) {
            let thing = &mut self.things[v];
            if thing.leg != first {
                break;
            }
            let takes = self.draws.micros(work, thing.entity);
            // What is over at once may move on before the next takes its slot.
            if takes == 0 {
                break;
            }
            thing.place = place;
            thing.due = now + takes;
            thing.state = State::InService;
            self.schedule(now + takes, Kind::Thing, v.at());
            placed += 1;
        }
        if placed > 0 {
            self.places[p].occupy_many(placed as i64, now);
            let step = &mut self.steps[usize::from(leg.step)];
            step.wait.add_nothings(placed as u64);
            step.latest_served = now;
            step.last_start = now;
        }
        placed
    }

    /// Vehicle `x`, the first in the queue of the plain place `p`, takes its first slot. False, and nothing done, if that
    /// takes more thought.
    #[inline]
    pub(super) fn let_in_swiftly(&mut self, x: ThingIx, p: usize) -> bool {
        let (model, now) = (self.model, self.now);
        let thing = &self.things[x];
        let leg = &model.legs[thing.leg];
        let first = thing.flags & !OUTSIDE == VEHICLE && thing.place == NO_PLACE;
        if O::ON || !leg.swift_entry || !first {
            return false;
        }
        let (closed, full) = self.places[p].barred_until(now);
        let (closed, full) = (closed - thing.due, full - thing.mark);
        let draw = |draw| self.draws.micros(draw, thing.entity);
        let takes = leg.takes.map_or(0, draw);
        // It may have waited for something else, or not be here for long.
        if closed + full != now - thing.since || takes == 0 {
            return false;
        }
        self.unqueue(x, p);
        self.places[p].occupy(now);
        let thing = &mut self.things[x];
        let step = &mut self.steps[usize::from(leg.step)];
        step.causes[waits::CLOSED] += i128::from(closed);
        step.causes[waits::NO_ROOM] += i128::from(full);
        step.wait.add(closed + full);
        step.latest_served = step.latest_served.max(thing.since);
        step.last_start = now;
        if thing.is(OUTSIDE) {
            thing.flags &= !OUTSIDE;
            self.sources[usize::from(leg.source)].waiting.lower(now);
        }
        thing.place = leg.place;
        thing.unit = 0;
        thing.state = State::InService;
        thing.mark = now;
        thing.due = now + takes;
        self.schedule(now + takes, Kind::Thing, x.at());
        true
    }

    /// The lots in `self.loading`, which stand in slots of their own in the plain place `p`, leave for good with a
    /// departure of `step`.
    pub(super) fn depart_swiftly(&mut self, p: usize, step: u16) {
        let now = self.now;
        if self.begun.follows {
            for nth in 0..self.loading.len() {
                let lot = self.loading[nth].thing;
                self.note_left(self.things[lot].entity, true);
            }
        }
        let step = &mut self.steps[usize::from(step)];
        let mut waits = 0;
        for ripe in &self.loading {
            let waited = now - ripe.ends;
            waits += i128::from(waited);
            step.wait.add(waited);
            step.latest_served = step.latest_served.max(ripe.ends);
            let lot = &mut self.things[ripe.thing];
            let goods = &mut self.goods[usize::from(lot.goods)];
            goods.dispatched += 1;
            goods.time.add(now - lot.arrived);
            goods.inside -= 1;
            self.things.remove(ripe.thing);
        }
        let load = self.loading.len() as i64;
        step.causes[waits::NO_DEPARTURE] += waits;
        step.finished += load as u64;
        step.last_start = now;
        self.inside.add(-load, now);
        let place = &mut self.places[p];
        place.vacate_many(load, now);
        if place.waiting != 0 {
            self.revisit_place(p);
        }
        self.suspect_rest(p);
    }
}

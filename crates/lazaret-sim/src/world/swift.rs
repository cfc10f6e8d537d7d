//! The common case in short.
//!
//! Where a thing goes from one plain place to another that has room, needs no crew and sets no mark, the general way
//! through [`super::flow`] comes down to a few additions. They are done here, in the same order and with the same
//! draws, so that a replication with a listener, which always goes the general way, gives the same figures.

use super::{State, World, event, lot_entity, rank};
use crate::model::{Leg, LegKind, NO_LEG};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// The service of `x` has ended: it moves on, if it can do so swiftly. False, and nothing done, if it cannot.
    #[inline]
    pub(super) fn move_swiftly(&mut self, x: u32) -> bool {
        if O::ON {
            return false;
        }
        let legs = &self.model.legs;
        let thing = &self.things[x as usize];
        let leg = &legs[thing.leg as usize];
        if !leg.swift || thing.attempt != 0 {
            return false;
        }
        let (next, unloads) = if leg.kind == LegKind::Unload {
            let source = &self.model.sources[usize::from(leg.source)];
            if thing.lots != 1 || source.mixed_vehicles || source.wash_leg != NO_LEG {
                return false;
            }
            (source.lot_leg[usize::from(thing.goods)], true)
        } else {
            (thing.leg + 1, false)
        };
        let to = &legs[next as usize];
        let there = &self.places[usize::from(to.place)];
        if there.waiting != 0 || !there.has_room() {
            return false;
        }
        if unloads && !self.home_unseen(x) {
            return false;
        }
        self.steps[usize::from(leg.step)].finished += 1;
        self.give_up_slot(usize::from(leg.place));
        let lot = &mut self.things[x as usize];
        if unloads {
            lot.entity = lot_entity(lot.entity, 0);
            lot.lots = 0;
            lot.flags = 0;
        }
        lot.leg = next;
        self.take_slot(x, to);
        true
    }

    /// A vehicle has arrived: it takes its first slot, if it can do so swiftly. False, and nothing done, if it cannot.
    #[inline]
    pub(super) fn place_swiftly(&mut self, v: u32) -> bool {
        if O::ON {
            return false;
        }
        let leg = &self.model.legs[self.things[v as usize].leg as usize];
        let there = &self.places[usize::from(leg.place)];
        if !leg.swift_entry || there.waiting != 0 || !there.has_room() {
            return false;
        }
        self.take_slot(v, leg);
        true
    }

    #[inline]
    fn give_up_slot(&mut self, p: usize) {
        self.pass_bins(p);
        let place = &mut self.places[p];
        place.vacate(self.now);
        if place.waiting != 0 {
            self.revisit_place(p);
        }
    }

    /// `x`, which is nowhere, takes a slot in the plain place of `leg` and begins.
    #[inline]
    fn take_slot(&mut self, x: u32, leg: &Leg) {
        let (now, p) = (self.now, usize::from(leg.place));
        debug_assert!(
            self.places[p].has_room(),
            "a place takes more than its room"
        );
        self.pass_bins(p);
        self.places[p].occupy(now);
        let step = &mut self.steps[usize::from(leg.step)];
        step.wait.add(0);
        step.latest_served = now;
        step.last_start = now;
        let thing = &self.things[x as usize];
        let (entity, goods) = (thing.entity, thing.goods);
        let takes = self.duration(leg.takes, entity);
        let mut due = now + takes;
        if leg.kind == LegKind::Hold {
            due = (self.counts_from(x, leg.clock) + takes).max(now);
            self.note_hold(x, takes);
        }
        let thing = &mut self.things[x as usize];
        thing.place = leg.place;
        thing.since = now;
        thing.mark = now;
        thing.due = due;
        thing.state = State::InService;
        if leg.ripens {
            let dispatch = usize::from(self.model.legs[thing.leg as usize + 1].dispatch);
            self.ripening[dispatch].file(self.model.level[usize::from(goods)], due, x);
        } else if due == now && leg.kind != LegKind::Hold {
            self.thing_is_due(x);
        } else {
            self.schedule(due, rank::END, event::THING, x);
        }
    }

    /// A lot with a plain slot of its own departs for good, having waited since `ready`.
    #[inline]
    pub(super) fn depart_swiftly(&mut self, x: u32) {
        let lot = &self.things[x as usize];
        let (p, spent, class) = (
            usize::from(lot.place),
            self.now - lot.arrived,
            usize::from(lot.goods),
        );
        self.give_up_slot(p);
        let goods = &mut self.goods[class];
        goods.dispatched += 1;
        goods.time.add(spent);
        goods.inside -= 1;
        self.inside.add(-1, self.now);
        self.free(x);
    }
}

//! From a vehicle to its lots, and what becomes of the empty vehicle.

use lazaret_vocabulary::event::Happening;

use super::{BLOCKED, State, Thing, World, lot_entity};
use crate::index::ThingIx;
use crate::model::{Leg, LegKind, NO_PLACE};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    pub(super) fn unloaded(&self, x: ThingIx) -> Happening {
        let thing = &self.things[x];
        Happening::LotUnloaded {
            lot: self.lot_id(x),
            vehicle: self.vehicle_id(x),
            goods: self.goods_name(thing.goods),
            spot: self.spot(thing.host.unwrap_or(x)),
        }
    }

    /// Makes the lots of vehicle `v`. They stay on it until they find room elsewhere.
    pub(super) fn unload(&mut self, v: ThingIx) {
        let model = self.model;
        let vehicle = self.things[v];
        let leg = &model.legs[vehicle.leg];
        let each = leg.kind == LegKind::UnloadEach;
        if each && leg.watched {
            self.unwatch(v);
        }
        let hosting = &mut self.things[v];
        hosting.state = State::Hosting;
        hosting.mark = self.now;
        hosting.next = None;
        // What is unloaded as a whole has begun, and its wait is over.
        let waited = if each { hosting.due } else { -1 };
        hosting.due = 0;
        // It must not be emptied and gone while its lots are still being made.
        self.making = Some(v);
        for nth in 0..vehicle.lots {
            let lot = self.make_lot(v, &vehicle, nth);
            if !each {
                self.tell(|w| w.unloaded(lot));
                self.request(lot);
            } else if leg.at_once.is_none_or(|most| u32::from(nth) < most.get()) {
                self.things[lot].since = vehicle.since;
                self.share_wait(lot, waited);
                self.begin(lot);
            } else {
                self.turns.entry(v).or_default().push_back(lot);
            }
        }
        self.making = None;
        self.drop_wait(waited);
        let vehicle = &self.things[v];
        if vehicle.state != State::Hosting {
            // Its last lot has taken over its slot.
            return;
        }
        if vehicle.lots == 0 {
            self.emptied(v);
        } else {
            if vehicle.lots == 1 && vehicle.due == 1 {
                self.handing.push_back(v);
            }
            self.block_vehicle(v);
        }
    }

    fn make_lot(&mut self, v: ThingIx, vehicle: &Thing, nth: u16) -> ThingIx {
        let model = self.model;
        let source = model.legs[vehicle.leg].source;
        let goods = self.lot_class(source, vehicle.entity, nth, vehicle.goods);
        let lot = self.things.add(Thing {
            entity: lot_entity(vehicle.entity, nth),
            leg: model.sources[usize::from(source)].path(goods).lot,
            goods,
            host: Some(v),
            lots: nth,
            flags: 0,
            attempt: 0,
            cause: 0,
            place: NO_PLACE,
            unit: vehicle.unit,
            next: None,
            state: State::WaitTurn,
            since: self.now,
            due: -1,
            mark: self.now,
            arrived: vehicle.arrived,
        });
        // What was done to the vehicle was done to its lot.
        self.things.inherit_marks(v, lot);
        lot
    }

    /// A lot of vehicle `v` is off: the next comes to its turn, if turns are taken.
    pub(super) fn next_turn(&mut self, v: ThingIx) {
        let Some(turns) = self.turns.get_mut(&v) else {
            return;
        };
        let next = turns.pop_front();
        if turns.is_empty() {
            self.turns.remove(&v);
        }
        if let Some(lot) = next {
            self.things[lot].since = self.now;
            self.begin(lot);
        }
    }

    /// Whether `x`, which is off its vehicle and the last on it, may have the vehicle's slot.
    pub(super) fn takes_over(&self, x: ThingIx, leg: &Leg) -> bool {
        let lot = &self.things[x];
        let Some(vehicle) = lot.host.map(|host| &self.things[host]) else {
            return false;
        };
        if vehicle.place != leg.place || vehicle.lots != 1 {
            return false;
        }
        let p = usize::from(leg.place);
        let apart = self.model.apart[usize::from(lot.goods)];
        if !self.model.places[p].segregated || apart == 0 {
            return true;
        }
        let classes = self.model.gateway.goods.len();
        let unit = self.places[p].unit_start as usize + usize::from(vehicle.unit);
        let present = &self.unit_goods[unit * classes..(unit + 1) * classes];
        present.iter().enumerate().all(|(class, &n)| {
            let others = n - u32::from(class == usize::from(vehicle.goods));
            others == 0 || apart & 1 << class == 0
        })
    }

    /// One lot is left on vehicle `v` and waits for room: it may take over the vehicle's slot.
    pub(super) fn hand_over_last(&mut self, v: ThingIx) {
        let vehicle = self.things[v];
        if vehicle.state != State::Hosting || vehicle.lots != 1 || vehicle.due != 1 {
            return;
        }
        let Some(x) = vehicle.next else {
            return;
        };
        let model = self.model;
        let leg = &model.legs[self.things[x].leg];
        if self.takes_over(x, leg) {
            let p = usize::from(leg.place);
            self.unqueue(x, p);
            self.room_found(x, p);
            self.hand_over(x);
        }
    }

    /// The last lot `x` takes over the slot of its vehicle, and begins its step there.
    pub(super) fn hand_over(&mut self, x: ThingIx) {
        self.book_blocked(x);
        let Some(v) = self.things[x].host else {
            unreachable!("a lot without a vehicle takes over none")
        };
        self.unblock(v);
        self.book_blocked(v);
        let vehicle = self.things[v];
        let p = usize::from(vehicle.place);
        let goods = self.things[x].goods;
        if self.model.places[p].segregated {
            let classes = self.model.gateway.goods.len();
            let at = (self.places[p].unit_start as usize + usize::from(vehicle.unit)) * classes;
            self.unit_goods[at + usize::from(vehicle.goods)] -= 1;
            self.unit_goods[at + usize::from(goods)] += 1;
        }
        self.tell(|w| Happening::VehicleEmptied {
            vehicle: w.vehicle_id(v),
        });
        self.tell(|w| Happening::VehicleLeft {
            vehicle: w.vehicle_id(v),
            spot: w.spot(v),
        });
        let lot = &mut self.things[x];
        lot.host = None;
        lot.place = vehicle.place;
        lot.unit = vehicle.unit;
        lot.state = State::WaitWork;
        let empty = &mut self.things[v];
        empty.lots = 0;
        empty.place = NO_PLACE;
        empty.flags &= !BLOCKED;
        self.send_off(v);
        if self.places[p].waiting != 0 {
            // Another class in the unit may let others in, or keep them out.
            self.revisit_place(p);
        }
        if O::ON {
            self.tell_entered(x, false);
        }
        self.begin(x);
    }

    /// Vehicle `v` has no lot left: it is washed and goes home.
    pub(super) fn emptied(&mut self, v: ThingIx) {
        self.tell(|w| Happening::VehicleEmptied {
            vehicle: w.vehicle_id(v),
        });
        self.send_off(v);
    }

    fn send_off(&mut self, v: ThingIx) {
        let vehicle = self.things[v];
        let source = self.model.legs[vehicle.leg].source;
        let wash = self.model.sources[usize::from(source)].wash_leg;
        if let Some(wash) = wash {
            // It keeps its slot until there is room to wash it.
            if vehicle.place != NO_PLACE {
                self.book_blocked(v);
            }
            self.things[v].leg = wash;
            self.request(v);
            return;
        }
        if vehicle.place != NO_PLACE {
            self.vacate(v);
        }
        self.go_home(v, false);
    }
}

//! What work needs besides a slot: open places, whole units, crews and equipment.

use std::cmp::Reverse;

use lazaret_vocabulary::event::{Cause, Happening, Spot};

use super::{
    LISTED, PAUSED, PlaceS, ResourceS, State, UnitS, VEHICLE, World, cause, event, failure, rank,
};
use crate::model::{Leg, LegKind, NO_PLACE, NONE};
use crate::observer::Observer;

/// Work that a closed place, a broken unit or a missing crew stops. A hold is no work: its clock runs on.
pub(super) fn is_work(kind: LegKind) -> bool {
    !matches!(kind, LegKind::Hold | LegKind::Dispatch | LegKind::Out)
}

impl<O: Observer> World<'_, O> {
    pub(super) fn set_up_place(&mut self, p: usize) {
        let model = &self.model.places[p];
        let count = self.count(model.count, 0);
        let slots = if model.unlimited {
            i64::from(u32::MAX)
        } else {
            self.count(model.slots, 0)
        };
        // As many units as there will ever be, so that a unit keeps its number.
        let mut most = count;
        for &(_, units, _) in &model.changes {
            most = most.max(self.count(units, 0));
        }
        let units = most.clamp(1, i64::from(u16::MAX)) as u32;
        let unit_start = self.units.len() as u32;
        self.units.extend((0..units).map(|_| UnitS::default()));
        self.unit_place.extend((0..units).map(|_| p as u16));
        self.places[p] = PlaceS {
            plain: model.plain,
            open: model.open,
            next_bin: self.bin_width,
            first_full: -1,
            units,
            unit_start,
            ..PlaceS::default()
        };
        self.size_place(p, count, slots);
        if let Some(toggle) = model.toggles.first() {
            self.schedule(toggle.at, rank::CALENDAR, event::PLACE_TOGGLE, p as u32);
        }
        for nth in 0..model.changes.len() {
            if model.changes[nth].0 <= 0 {
                self.change_place(p);
            } else {
                self.schedule(
                    model.changes[nth].0,
                    rank::CALENDAR,
                    event::PLACE_CHANGE,
                    p as u32,
                );
            }
        }
        if let Some((every, _)) = model.breaks {
            for unit in unit_start..unit_start + units {
                let fails = self.duration(every, failure(unit - unit_start, 0));
                self.schedule(fails, rank::CALENDAR, event::UNIT_BREAK, unit);
            }
        }
    }

    fn size_place(&mut self, p: usize, count: i64, slots: i64) {
        let now = self.now;
        let place = &mut self.places[p];
        place.count = count;
        place.slots = slots;
        place.capacity = count.saturating_mul(slots).min(i64::from(u32::MAX));
        place.slots_there.set(place.capacity, now);
        place.full.set(i64::from(!place.has_room()), now);
        let (start, units) = (place.unit_start as usize, place.units as usize);
        for nth in 0..units {
            self.units[start + nth].slots = if (nth as i64) < count { slots } else { 0 };
        }
    }

    /// The capacity of `p` changes on a date of the file.
    pub(super) fn change_place(&mut self, p: usize) {
        let nth = self.places[p].change;
        self.places[p].change += 1;
        let (_, count, slots) = self.model.places[p].changes[nth as usize];
        let count = if count == NONE {
            self.places[p].count
        } else {
            self.count(count, 0)
        };
        let slots = if slots == NONE {
            self.places[p].slots
        } else {
            self.count(slots, 0)
        };
        self.size_place(p, count, slots);
        self.tell(|w| Happening::CapacityChanged {
            place: w.place_name(p as u16),
            slots: w.places[p].capacity as u32,
        });
        self.soil_place(p);
    }

    pub(super) fn set_up_resource(&mut self, r: usize) {
        let model = &self.model.resources[r];
        let total = self.count(model.count, 0);
        let item_start = self.item_resource.len() as u32;
        let mut waiting = std::mem::take(&mut self.resources[r].waiting);
        waiting.clear();
        self.resources[r] = ResourceS {
            total,
            on_shift: model.on_shift,
            item_start,
            waiting,
            ..ResourceS::default()
        };
        if let Some(toggle) = model.toggles.first() {
            self.schedule(toggle.at, rank::CALENDAR, event::RESOURCE_TOGGLE, r as u32);
        }
        for nth in 0..model.changes.len() {
            if model.changes[nth].0 <= 0 {
                self.change_resource(r);
            } else {
                self.schedule(
                    model.changes[nth].0,
                    rank::CALENDAR,
                    event::RESOURCE_CHANGE,
                    r as u32,
                );
            }
        }
        if let Some((every, _)) = model.breaks {
            let items = total.clamp(0, 10_000) as u32;
            self.resources[r].items = items;
            for nth in 0..items {
                self.item_resource.push(r as u16);
                self.item_breaks.push(0);
                let fails = self.duration(every, failure(nth, 0));
                self.schedule(fails, rank::CALENDAR, event::ITEM_BREAK, item_start + nth);
            }
        }
    }

    /// Notes the occupied time at the end of each bin that has passed. To be called before the occupation changes.
    #[inline]
    pub(super) fn pass_bins(&mut self, p: usize) {
        if self.now >= self.places[p].next_bin {
            self.fill_bins(p);
        }
    }

    #[cold]
    fn fill_bins(&mut self, p: usize) {
        let bins = crate::model::OCCUPANCY_BINS;
        let place = &mut self.places[p];
        while place.next_bin <= self.now && (place.bin as usize) < bins {
            self.bins[p * bins + place.bin as usize] =
                place.occupied.integral(place.next_bin) + place.warm_occupied;
            place.bin += 1;
            place.next_bin += self.bin_width;
        }
        if place.bin as usize >= bins {
            place.next_bin = i64::MAX;
        }
    }

    /// Whether the place of `leg` is open and the unit of `x` whole. If not, `x` waits for that.
    pub(super) fn may_work(&mut self, x: u32, leg: &Leg) -> bool {
        let p = usize::from(leg.place);
        let unit = self.places[p].unit_start as usize + usize::from(self.things[x as usize].unit);
        let why = if !self.places[p].open {
            cause::CLOSED
        } else if self.units[unit].broken {
            cause::BROKEN
        } else {
            return true;
        };
        self.wait_for_work(x, why, leg.place);
        false
    }

    fn wait_for_work(&mut self, x: u32, why: u8, place: u16) {
        let thing = &mut self.things[x as usize];
        thing.state = State::WaitWork;
        thing.cause = why;
        thing.mark = self.now;
        self.tell(|w| Happening::Waiting {
            thing: w.thing_id(x),
            step: w.leg_name(x),
            cause: w.cause_of(why, place),
        });
    }

    /// Takes all that the work of `x` needs, or nothing; then it waits for the first thing missing.
    ///
    /// * `first` — it has just been the first of those who wait, and so overtakes nobody.
    pub(super) fn take_needs(&mut self, x: u32, leg: &Leg, first: bool) -> bool {
        let missing = leg
            .needs
            .iter()
            .find(|&&(r, n)| self.resources[usize::from(r)].free() < i64::from(n))
            .map(|&(r, _)| r);
        if let Some(r) = missing {
            self.list_for(x, r, leg.place);
            return false;
        }
        if !first && let Some(&(r, _)) = leg.needs.iter().find(|&&(r, _)| self.outranked(x, r)) {
            self.list_for(x, r, leg.place);
            self.soil_resource(usize::from(r));
            return false;
        }
        for &(r, n) in &leg.needs {
            self.take_resource(usize::from(r), n);
        }
        true
    }

    fn outranked(&self, x: u32, r: u16) -> bool {
        let thing = &self.things[x as usize];
        let mine = (self.model.level[usize::from(thing.goods)], thing.since);
        self.resources[usize::from(r)]
            .waiting
            .peek()
            .is_some_and(|Reverse(first)| (first.0, first.1) <= mine)
    }

    fn list_for(&mut self, x: u32, r: u16, place: u16) {
        self.wait_for_work(x, cause::RESOURCE + r as u8, place);
        self.list(x, usize::from(r));
    }

    /// Puts `x` among those who wait for resource `r`: by priority, then by when it became ready, then work that was begun
    /// before work that was not, then in the order of coming.
    fn list(&mut self, x: u32, r: usize) {
        self.sequence += 1;
        let sequence = self.sequence;
        let thing = &mut self.things[x as usize];
        thing.flags |= LISTED;
        let paused = thing.is(PAUSED);
        let (level, since, name) = self.turn(x);
        let order = if paused { name } else { 1 << 63 | sequence };
        self.resources[r]
            .waiting
            .push(Reverse((level, since, order, x)));
    }

    pub(super) fn take_resource(&mut self, r: usize, n: u32) {
        self.touch_resource(r);
        let now = self.now;
        self.resources[r].in_use.add(i64::from(n), now);
    }

    pub(super) fn give_back(&mut self, r: usize, n: u32) {
        self.touch_resource(r);
        let now = self.now;
        self.resources[r].in_use.add(-i64::from(n), now);
        self.soil_resource(r);
    }

    pub(super) fn give_back_needs(&mut self, leg: &Leg) {
        for &(r, n) in &leg.needs {
            self.give_back(usize::from(r), n);
        }
    }

    pub(super) fn touch_resource(&mut self, r: usize) {
        let resource = &mut self.resources[r];
        if resource.on_shift {
            resource.available_time +=
                i128::from(resource.total - resource.broken) * i128::from(self.now - resource.last);
        }
        resource.last = self.now;
    }

    fn soil_resource(&mut self, r: usize) {
        if !self.resources[r].dirty {
            self.resources[r].dirty = true;
            self.dirty_resources.push_back(r as u16);
        }
    }

    /// Lets those who wait for resource `r` go on, in order, as long as it lasts.
    pub(super) fn serve_waiting(&mut self, r: usize) {
        while self.resources[r].free() > 0 {
            let Some(&Reverse((_, _, _, x))) = self.resources[r].waiting.peek() else {
                break;
            };
            let leg = &self.model.legs[self.things[x as usize].leg as usize];
            let needed = leg
                .needs
                .iter()
                .find(|&&(need, _)| usize::from(need) == r)
                .map_or(0, |&(_, n)| n);
            if self.resources[r].free() < i64::from(needed) {
                break;
            }
            self.resources[r].waiting.pop();
            self.try_again(x);
        }
        // Slots that take the resource may be enterable now.
        for p in 0..self.places.len() {
            if self.places[p].waiting != 0
                && self.model.places[p]
                    .holds
                    .iter()
                    .any(|&(held, _)| usize::from(held) == r)
            {
                self.soil_place(p);
            }
        }
    }

    /// A wait of `x` is over: its work begins, or it waits for the next thing that is missing.
    fn try_again(&mut self, x: u32) {
        let thing = self.things[x as usize];
        let leg = &self.model.legs[thing.leg as usize];
        let first = thing.is(LISTED);
        self.things[x as usize].flags &= !LISTED;
        if thing.is(PAUSED) {
            if leg.step != NO_PLACE {
                self.steps[usize::from(leg.step)].paused += i128::from(self.now - thing.mark);
            }
        } else {
            let waited = (self.now - thing.mark) * self.waiting_heads(x, leg);
            self.steps_causes(leg.step, thing.cause, waited);
        }
        self.things[x as usize].mark = self.now;
        let works = self.places[usize::from(leg.place)].plain || self.may_work(x, leg);
        let works = works && (!self.needs_hands(x, leg) || self.take_needs(x, leg, first));
        if works {
            self.serve(x, leg);
        }
    }

    /// Stops the work on `x`; what it used goes back.
    fn pause(&mut self, x: u32, why: u8) {
        let thing = self.things[x as usize];
        let leg = &self.model.legs[thing.leg as usize];
        self.calendar
            .cancel(thing.due, rank::END, event::THING << event::SHIFT | x);
        self.give_back_needs(leg);
        let place = leg.place;
        let thing = &mut self.things[x as usize];
        thing.due -= self.now;
        thing.state = State::WaitWork;
        thing.flags |= PAUSED;
        thing.cause = why;
        thing.mark = self.now;
        self.tell(|w| Happening::WorkPaused {
            thing: w.thing_id(x),
            step: w.leg_name(x),
            cause: w.cause_of(why, place),
        });
        if why >= cause::RESOURCE {
            self.list(x, usize::from(why - cause::RESOURCE));
        }
    }

    /// When it is the turn of `x` among others: by priority, then by when it became ready, then by its name. The name is
    /// below 2^63.
    fn turn(&self, x: u32) -> (u8, i64, u64) {
        let thing = &self.things[x as usize];
        let (convoy, vehicle) = self.numbers(x);
        let lot = if thing.is(VEHICLE) { 0 } else { thing.lots };
        let name = u64::from(convoy & 0x7F_FFFF) << 40
            | u64::from(vehicle & 0xFFFF) << 24
            | u64::from(lot) << 8
            | u64::from(thing.source & 0xFF);
        (
            self.model.level[usize::from(thing.goods)],
            thing.since,
            name,
        )
    }

    /// Things that are worked on and for which `which` holds, those begun last first.
    fn at_work(&mut self, which: impl Fn(&Self, u32) -> bool) -> Vec<u32> {
        let mut found: Vec<u32> = (0..self.things.len() as u32)
            .filter(|&x| {
                let thing = &self.things[x as usize];
                thing.state == State::InService
                    && is_work(self.model.legs[thing.leg as usize].kind)
                    && which(self, x)
            })
            .collect();
        found.sort_unstable_by_key(|&x| Reverse((self.things[x as usize].mark, self.turn(x))));
        found
    }

    /// Things at `p` (in `unit`, if one is given), by themselves or on a vehicle, that wait for nothing but the place, in
    /// order of the queue.
    fn stalled(&mut self, p: usize, unit: Option<u16>) -> Vec<u32> {
        let mut found: Vec<u32> = (0..self.things.len() as u32)
            .filter(|&x| {
                let thing = &self.things[x as usize];
                let (place, of) = self.place_of(x);
                thing.state == State::WaitWork
                    && !thing.is(LISTED)
                    && usize::from(place) == p
                    && unit.is_none_or(|unit| of == unit)
            })
            .collect();
        found.sort_unstable_by_key(|&x| self.turn(x));
        found
    }

    /// Lots that are unloaded one by one stand on their vehicle, and so in its place.
    fn place_of(&self, x: u32) -> (u16, u16) {
        let thing = &self.things[x as usize];
        let holder = if thing.host == NONE {
            thing
        } else {
            &self.things[thing.host as usize]
        };
        (holder.place, holder.unit)
    }

    /// Place `p` opens or closes.
    pub(super) fn toggle_place(&mut self, p: usize) {
        let nth = self.places[p].toggle as usize;
        let toggle = self.model.places[p].toggles[nth];
        self.places[p].toggle += 1;
        if let Some(next) = self.model.places[p].toggles.get(nth + 1) {
            self.schedule(next.at, rank::CALENDAR, event::PLACE_TOGGLE, p as u32);
        }
        self.places[p].open = toggle.open;
        if O::ON {
            for unit in 0..self.places[p].units {
                self.tell(|w| {
                    let spot = Spot {
                        place: w.place_name(p as u16),
                        unit: unit + 1,
                    };
                    if toggle.open {
                        Happening::PlaceOpened { spot }
                    } else {
                        let closed = &w.model.gateway.places[p].closed;
                        let because = toggle
                            .closure
                            .and_then(|nth| closed.get(usize::from(nth)))
                            .map_or_else(|| "off shift".to_string(), |closure| closure.why.clone());
                        Happening::PlaceClosed { spot, because }
                    }
                });
            }
        }
        if toggle.open {
            self.go_on(p, None);
        } else {
            for x in self.at_work(|w, x| usize::from(w.place_of(x).0) == p) {
                self.pause(x, cause::CLOSED);
            }
        }
    }

    fn go_on(&mut self, p: usize, unit: Option<u16>) {
        for x in self.stalled(p, unit) {
            self.try_again(x);
        }
        self.soil_place(p);
    }

    /// Resource `r` comes on shift or goes off.
    pub(super) fn toggle_resource(&mut self, r: usize) {
        let nth = self.resources[r].toggle as usize;
        let toggle = self.model.resources[r].toggles[nth];
        self.touch_resource(r);
        self.resources[r].toggle += 1;
        if let Some(next) = self.model.resources[r].toggles.get(nth + 1) {
            self.schedule(next.at, rank::CALENDAR, event::RESOURCE_TOGGLE, r as u32);
        }
        self.resources[r].on_shift = toggle.open;
        self.tell(|w| {
            let resource = w.resource_name(r as u16);
            if toggle.open {
                Happening::ShiftStarted { resource }
            } else {
                Happening::ShiftEnded { resource }
            }
        });
        if toggle.open {
            self.soil_resource(r);
        } else if self.model.resources[r].pause {
            for x in self.at_work(|w, x| w.uses(x, r)) {
                self.pause(x, cause::RESOURCE + r as u8);
            }
        }
    }

    fn uses(&self, x: u32, r: usize) -> bool {
        let leg = &self.model.legs[self.things[x as usize].leg as usize];
        leg.needs.iter().any(|&(need, _)| usize::from(need) == r)
    }

    /// The number of resource `r` changes on a date of the file.
    pub(super) fn change_resource(&mut self, r: usize) {
        let nth = self.resources[r].change;
        self.touch_resource(r);
        self.resources[r].change += 1;
        self.resources[r].total = self.count(self.model.resources[r].changes[nth as usize].1, 0);
        self.spare(r);
        self.soil_resource(r);
    }

    /// If more of `r` is in use than there is, the work begun last stops.
    fn spare(&mut self, r: usize) {
        if !self.resources[r].on_shift {
            return;
        }
        for x in self.at_work(|w, x| w.uses(x, r)) {
            if self.resources[r].free() >= 0 {
                break;
            }
            self.pause(x, cause::RESOURCE + r as u8);
        }
    }

    pub(super) fn break_unit(&mut self, unit: usize) {
        let p = usize::from(self.unit_place[unit]);
        let nth = self.units[unit].breaks;
        let Some((_, repair)) = self.model.places[p].breaks else {
            return;
        };
        let number = unit as u32 - self.places[p].unit_start;
        self.units[unit].broken = true;
        self.tell(|w| Happening::PlaceBroken {
            spot: Spot {
                place: w.place_name(p as u16),
                unit: number + 1,
            },
        });
        for x in self.at_work(|w, x| {
            let (place, of) = w.place_of(x);
            usize::from(place) == p && u32::from(of) == number
        }) {
            self.pause(x, cause::BROKEN);
        }
        let whole = self.now + self.duration(repair, failure(number, nth));
        self.schedule(whole, rank::CALENDAR, event::UNIT_REPAIR, unit as u32);
    }

    pub(super) fn repair_unit(&mut self, unit: usize) {
        let p = usize::from(self.unit_place[unit]);
        self.units[unit].broken = false;
        self.units[unit].breaks += 1;
        let nth = self.units[unit].breaks;
        let number = unit as u32 - self.places[p].unit_start;
        self.tell(|w| Happening::PlaceRepaired {
            spot: Spot {
                place: w.place_name(p as u16),
                unit: number + 1,
            },
        });
        if let Some((every, _)) = self.model.places[p].breaks {
            let fails = self.now + self.duration(every, failure(number, nth)).max(1);
            self.schedule(fails, rank::CALENDAR, event::UNIT_BREAK, unit as u32);
        }
        self.go_on(p, Some(number as u16));
    }

    pub(super) fn break_item(&mut self, item: usize) {
        let r = usize::from(self.item_resource[item]);
        let Some((_, repair)) = self.model.resources[r].breaks else {
            return;
        };
        self.touch_resource(r);
        self.resources[r].broken += 1;
        self.spare(r);
        let number = item as u32 - self.resources[r].item_start;
        let whole = self.now + self.duration(repair, failure(number, self.item_breaks[item]));
        self.schedule(whole, rank::CALENDAR, event::ITEM_REPAIR, item as u32);
    }

    pub(super) fn repair_item(&mut self, item: usize) {
        let r = usize::from(self.item_resource[item]);
        self.touch_resource(r);
        self.resources[r].broken -= 1;
        self.item_breaks[item] += 1;
        if let Some((every, _)) = self.model.resources[r].breaks {
            let number = item as u32 - self.resources[r].item_start;
            let fails = self.now
                + self
                    .duration(every, failure(number, self.item_breaks[item]))
                    .max(1);
            self.schedule(fails, rank::CALENDAR, event::ITEM_BREAK, item as u32);
        }
        self.soil_resource(r);
    }

    /// A cause in the words of an event.
    pub(super) fn cause_of(&self, why: u8, place: u16) -> Cause {
        match why {
            cause::NO_ROOM => Cause::NoRoom(self.place_name(place)),
            cause::CLOSED => Cause::Closed(self.place_name(place)),
            cause::BROKEN => Cause::Broken(self.place_name(place)),
            cause::SEGREGATED => Cause::Segregated(self.place_name(place)),
            cause::NO_DEPARTURE => unreachable!("departures tell their own cause"),
            resource => {
                Cause::NoResource(self.resource_name(u16::from(resource - cause::RESOURCE)))
            }
        }
    }
}

//! Units and items: how many there are, and how each fails and is repaired.

use lazaret_vocabulary::event::{Happening, Spot};

use super::{Kind, Life, PlaceS, ResourceS, UnitS, What, World, failure};
use crate::index::{DrawIx, Instant};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// * `tells` — changes that hold from the start are told.
    pub(super) fn set_up_place(&mut self, p: usize, tells: bool) {
        let model = &self.model.places[p];
        let count = self.draws.whole(model.count, 0);
        let slots = model
            .slots
            .map_or(i64::from(u32::MAX), |slots| self.draws.whole(slots, 0));
        // As many units as there will ever be, so that a unit keeps its number.
        let mut most = count;
        for units in model.changes.iter().filter_map(|change| change.units) {
            most = most.max(self.draws.whole(units, 0));
        }
        let units = most.clamp(1, i64::from(u16::MAX)) as u32;
        let unit_start = self.units.len() as u32;
        self.units.extend((0..units).map(|_| UnitS::default()));
        self.unit_place.extend((0..units).map(|_| p as u16));
        self.places[p] = PlaceS {
            plain: model.plain,
            open: model.open,
            units,
            unit_start,
            ..PlaceS::default()
        };
        if let Some(toggle) = model.toggles.first() {
            self.schedule(toggle.at, Kind::PlaceToggle, p);
        }
        for change in model.changes.iter().filter(|change| change.at > 0) {
            self.schedule(change.at, Kind::PlaceChange, p);
        }
        self.size_place(p, count, slots);
        while self.model.places[p]
            .changes
            .get(self.places[p].change as usize)
            .is_some_and(|change| change.at <= 0)
        {
            if tells {
                self.change_place(p);
            } else {
                self.resize_place(p);
            }
        }
        // What it had before these changes was never there.
        let place = &mut self.places[p];
        place.first_full = (!place.has_room()).then_some(Instant::new(0));
    }

    fn size_place(&mut self, p: usize, count: i64, slots: i64) {
        let now = self.now;
        let place = &mut self.places[p];
        let before = place.count;
        place.count = count;
        place.slots = slots;
        place.capacity = count.saturating_mul(slots).min(i64::from(u32::MAX));
        place.slots_there.set(place.capacity, now);
        if place.has_room() {
            place.full.set(0, now);
            place.bar(now);
        } else {
            place.fill_up(now);
        }
        let (start, units) = (place.unit_start as usize, place.units as usize);
        for nth in 0..units {
            self.units[start + nth].slots = if (nth as i64) < count { slots } else { 0 };
        }
        if self.model.places[p].breaks.is_some() {
            let units = units as i64;
            for nth in before.min(units)..count.min(units) {
                self.start_unit(start + nth as usize);
            }
            for nth in count.min(units)..before.min(units) {
                let at = start + nth as usize;
                let fails = self.units[at].life.stop();
                self.forget(fails, Kind::UnitBreak, at);
            }
        }
    }

    /// The capacity of `p` changes on a date of the file.
    pub(super) fn change_place(&mut self, p: usize) {
        self.resize_place(p);
        self.tell(|w| Happening::CapacityChanged {
            place: w.place_name(p as u16),
            slots: w.places[p].capacity as u32,
        });
        self.revisit_place(p);
        self.suspect |= self.model.places[p].in_cycle;
    }

    /// The same; nothing is told and nothing moves.
    pub(super) fn resize_place(&mut self, p: usize) {
        let nth = self.places[p].change;
        self.places[p].change += 1;
        let change = self.model.places[p].changes[nth as usize];
        let place = &self.places[p];
        let drawn = |draw: DrawIx| self.draws.whole(draw, 0);
        let count = change.units.map_or(place.count, drawn);
        let slots = change.slots.map_or(place.slots, drawn);
        self.size_place(p, count, slots);
    }

    pub(super) fn set_up_resource(&mut self, r: usize) {
        let model = &self.model.resources[r];
        let total = self.draws.whole(model.count, 0);
        let item_start = self.item_resource.len() as u32;
        self.resources[r] = ResourceS {
            on_shift: model.on_shift,
            item_start,
            ..ResourceS::default()
        };
        if let Some(toggle) = model.toggles.first() {
            self.schedule(toggle.at, Kind::ResourceToggle, r);
        }
        for change in model.changes.iter().filter(|change| change.at > 0) {
            self.schedule(change.at, Kind::ResourceChange, r);
        }
        if model.breaks.is_some() {
            // As many items as there will ever be, so that an item keeps its number.
            let mut most = total;
            for change in &model.changes {
                most = most.max(self.draws.whole(change.number, 0));
            }
            for _ in 0..most {
                self.item_resource.push(r as u16);
                self.items.push(Life::default());
            }
        }
        self.size_resource(r, total);
        while self.model.resources[r]
            .changes
            .get(self.resources[r].change as usize)
            .is_some_and(|change| change.at <= 0)
        {
            self.change_resource(r);
        }
    }

    fn size_resource(&mut self, r: usize, total: i64) {
        self.touch_resource(r);
        let now = self.now;
        let resource = &mut self.resources[r];
        let before = std::mem::replace(&mut resource.total, total);
        resource.there.set(total, now);
        if self.model.resources[r].breaks.is_none() {
            return;
        }
        let start = resource.item_start as usize;
        for nth in before..total {
            let item = start + nth as usize;
            if self.items[item].broken {
                self.resources[r].broken += 1;
            } else {
                self.start_item(item);
            }
        }
        for nth in total..before {
            let item = start + nth as usize;
            if self.items[item].broken {
                self.resources[r].broken -= 1;
            }
            let fails = self.items[item].stop();
            self.forget(fails, Kind::ItemBreak, item);
        }
    }

    /// The number of resource `r` changes on a date of the file.
    pub(super) fn change_resource(&mut self, r: usize) {
        self.renumber_resource(r);
        self.resource_changed(r);
    }

    /// The same; nothing is told and nothing moves.
    pub(super) fn renumber_resource(&mut self, r: usize) {
        let nth = self.resources[r].change;
        self.resources[r].change += 1;
        let change = self.model.resources[r].changes[nth as usize];
        let total = self.draws.whole(change.number, 0);
        self.size_resource(r, total);
    }

    /// Takes a failure out of the calendar.
    fn forget(&mut self, fails: Option<i64>, kind: Kind, nth: usize) {
        if let Some(at) = fails {
            self.calendar
                .cancel(at, kind.rank(), What::new(kind, nth).packed());
        }
    }

    /// The clock of a unit starts: it has come, or is repaired.
    pub(super) fn start_unit(&mut self, unit: usize) {
        let p = usize::from(self.unit_place[unit]);
        let number = unit as u32 - self.places[p].unit_start;
        let life = self.units[unit].life;
        if let Some(breaks) = self.model.places[p].breaks
            && !life.broken
        {
            let lasts = self.draws.micros(breaks.every, failure(number, life.nth));
            let fails = self.now + life.lasting(lasts);
            self.units[unit].life.fails = Some(fails);
            self.units[unit].life.since = self.now;
            self.schedule(fails, Kind::UnitBreak, unit);
        }
    }

    pub(super) fn start_item(&mut self, item: usize) {
        let r = usize::from(self.item_resource[item]);
        let number = item as u32 - self.resources[r].item_start;
        let life = self.items[item];
        if let Some(breaks) = self.model.resources[r].breaks {
            let lasts = self.draws.micros(breaks.every, failure(number, life.nth));
            let fails = self.now + life.lasting(lasts);
            self.items[item].fails = Some(fails);
            self.items[item].since = self.now;
            self.schedule(fails, Kind::ItemBreak, item);
        }
    }

    pub(super) fn break_unit(&mut self, unit: usize) {
        let p = usize::from(self.unit_place[unit]);
        let Some(breaks) = self.model.places[p].breaks else {
            return;
        };
        let number = unit as u32 - self.places[p].unit_start;
        let nth = self.units[unit].life.fail(self.now);
        self.tell(|w| Happening::PlaceBroken {
            spot: Spot {
                place: w.place_name(p as u16),
                unit: number + 1,
            },
        });
        self.places_changed = true;
        let whole = self.now + self.draws.micros(breaks.repair, failure(number, nth));
        self.schedule(whole, Kind::UnitRepair, unit);
    }

    pub(super) fn repair_unit(&mut self, unit: usize) {
        let p = usize::from(self.unit_place[unit]);
        self.units[unit].life.repair(self.now);
        let number = unit as u32 - self.places[p].unit_start;
        self.tell(|w| Happening::PlaceRepaired {
            spot: Spot {
                place: w.place_name(p as u16),
                unit: number + 1,
            },
        });
        if i64::from(number) < self.places[p].count {
            self.start_unit(unit);
        }
        self.places_changed = true;
        self.suspect |= self.model.places[p].in_cycle;
        self.revisit_place(p);
    }

    pub(super) fn break_item(&mut self, item: usize) {
        let r = usize::from(self.item_resource[item]);
        let Some(breaks) = self.model.resources[r].breaks else {
            return;
        };
        self.touch_resource(r);
        // Only one that is there fails.
        self.resources[r].broken += 1;
        let nth = self.items[item].fail(self.now);
        let number = item as u32 - self.resources[r].item_start;
        let whole = self.now + self.draws.micros(breaks.repair, failure(number, nth));
        self.schedule(whole, Kind::ItemRepair, item);
        self.resource_changed(r);
    }

    pub(super) fn repair_item(&mut self, item: usize) {
        let r = usize::from(self.item_resource[item]);
        self.touch_resource(r);
        self.items[item].repair(self.now);
        let number = item as u32 - self.resources[r].item_start;
        if i64::from(number) < self.resources[r].total {
            self.resources[r].broken -= 1;
            self.start_item(item);
        }
        self.resource_changed(r);
    }
}

impl Life {
    /// One that is taken away fails no more; when it would have.
    fn stop(&mut self) -> Option<i64> {
        let fails = self.fails.take();
        self.nth += u32::from(fails.is_some());
        fails
    }

    /// It fails; the number of the failure.
    fn fail(&mut self, now: i64) -> u32 {
        self.broken = true;
        self.since = now;
        self.fails = None;
        self.nth
    }

    fn repair(&mut self, now: i64) {
        self.broken = false;
        self.since = now;
        self.nth += 1;
    }

    /// A clock that has run before takes some time, or failure and repair would go round for ever in one instant.
    fn lasting(&self, lasts: i64) -> i64 {
        if self.nth == 0 { lasts } else { lasts.max(1) }
    }
}

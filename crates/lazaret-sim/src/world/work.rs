//! What work needs besides a slot: open places, whole units, crews and equipment.

use std::cmp::Reverse;

use lazaret_vocabulary::event::{Cause, Happening, Spot};

use super::{Kind, LISTED, PAUSED, State, What, World, cause};
use crate::hours::Toggle;
use crate::index::ThingIx;
use crate::model::{Leg, LegKind};
use crate::observer::Observer;

/// Work that a closed place, a broken unit or a missing crew stops. A hold is not work: its clock keeps running.
pub(super) fn is_work(kind: LegKind) -> bool {
    !matches!(kind, LegKind::Hold | LegKind::Dispatch | LegKind::Out)
}

impl<O: Observer> World<'_, O> {
    /// Why nobody can work on `x` where it stands: its place is closed or its unit broken.
    pub(super) fn barrier(&self, x: ThingIx, leg: &Leg) -> Option<u16> {
        let p = usize::from(leg.place);
        let (_, unit) = self.place_of(x);
        let unit = self.places[p].unit_start as usize + usize::from(unit);
        if !self.places[p].open {
            Some(cause::CLOSED)
        } else if self.units[unit].life.broken {
            Some(cause::BROKEN)
        } else {
            None
        }
    }

    /// `x` has its slot and waits until its place opens or its unit is repaired.
    pub(super) fn wait_for_place(&mut self, x: ThingIx, why: u16, place: u16) {
        let thing = &mut self.things[x];
        thing.state = State::WaitWork;
        thing.cause = why;
        if !thing.is(PAUSED) {
            thing.mark = self.now;
        }
        self.tell(|w| Happening::Waiting {
            thing: w.thing_id(x),
            step: w.leg_name(x),
            cause: w.cause_of(why, place),
        });
    }

    pub(super) fn take_resource(&mut self, r: usize, n: u32) {
        self.touch_resource(r);
        let now = self.now;
        self.resources[r].in_use.add(i64::from(n), now);
        debug_assert!(
            self.resources[r].free() >= 0,
            "more was taken than was free"
        );
    }

    pub(super) fn give_back(&mut self, r: usize, n: u32) {
        self.touch_resource(r);
        let now = self.now;
        self.resources[r].in_use.add(-i64::from(n), now);
        debug_assert!(
            self.resources[r].in_use.now() >= self.resources[r].held && self.resources[r].held >= 0,
            "more was given back than was taken"
        );
        self.suspect_holders(r);
        self.revisit_resource(r);
    }

    pub(super) fn give_back_needs(&mut self, leg: &Leg) {
        let model = self.model;
        for &(r, n) in &model.claims[usize::from(leg.claim)].needs {
            self.give_back(usize::from(r), n);
        }
    }

    /// What the slots of place `p` hold is taken, or given back, for one slot.
    pub(super) fn hold_resources(&mut self, p: usize, take: bool) {
        let model = self.model;
        for &(r, n) in &model.places[p].holds {
            let (r, held) = (usize::from(r), i64::from(n));
            if take {
                self.resources[r].held += held;
                self.take_resource(r, n);
            } else {
                self.resources[r].held -= held;
                self.give_back(r, n);
            }
        }
    }

    pub(super) fn touch_resource(&mut self, r: usize) {
        let now = self.now;
        let resource = &mut self.resources[r];
        let lasted = i128::from(now - resource.last);
        resource.last = now;
        if lasted == 0 {
            return;
        }
        let spare = resource.total - resource.broken - resource.in_use.now();
        resource.broken_time += i128::from(resource.broken) * lasted;
        if spare < 0 {
            resource.surplus -= i128::from(spare) * lasted;
        } else if resource.on_shift {
            resource.idle += i128::from(spare) * lasted;
        } else {
            resource.off += i128::from(spare) * lasted;
        }
    }

    /// Number, hours or failures of resource `r` have changed.
    pub(super) fn resource_changed(&mut self, r: usize) {
        if !self.resources[r].changed {
            self.resources[r].changed = true;
            self.changed_resources.push(r as u16);
        }
        self.suspect_holders(r);
        self.revisit_resource(r);
    }

    /// All that is left of resource `r` may be held by slots that none can leave.
    fn suspect_holders(&mut self, r: usize) {
        let holders = self.model.resources[r].held_by.iter();
        self.suspect |= holders
            .copied()
            .any(|p| self.model.places[usize::from(p)].in_cycle);
    }

    /// Stops the work on `x`; what it used goes back.
    fn pause(&mut self, x: ThingIx, why: u16) {
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        let what = What::new(Kind::Thing, x.at());
        self.calendar
            .cancel(thing.due, Kind::Thing.rank(), what.packed());
        if self.needs_hands(x, leg) {
            self.give_back_needs(leg);
        }
        let worked = self.worked_before(x) + self.now - thing.mark;
        self.note_worked(x, worked);
        let place = leg.place;
        let thing = &mut self.things[x];
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
            self.claim(x, leg, true);
        }
    }

    /// Those of the watched for which `which` holds, in the order in which work stops: what began or went on last comes
    /// first.
    fn watched(&self, which: impl Fn(ThingIx) -> bool) -> Vec<ThingIx> {
        let mut found: Vec<ThingIx> = self.watched.iter().filter(|&x| which(x)).collect();
        found.sort_unstable_by_key(|&x| Reverse((self.things[x].mark, self.turn(x))));
        found
    }

    /// Lots that are unloaded one by one stand on their vehicle, and so in its place.
    pub(super) fn place_of(&self, x: ThingIx) -> (u16, u16) {
        let holder = &self.things[self.things[x].host.unwrap_or(x)];
        (holder.place, holder.unit)
    }

    /// Work that is in hand and does not end in this instant: only that can be stopped.
    fn goes_on(&self, x: ThingIx) -> bool {
        let thing = &self.things[x];
        thing.state == State::InService && thing.due > self.now
    }

    fn leg_of(&self, x: ThingIx) -> &Leg {
        &self.model.legs[self.things[x].leg]
    }

    /// The calendar has made its changes of this instant: what has to stop stops, and what waited for a place may wait
    /// for its crew now, or the other way round.
    pub(super) fn stop_and_go_on(&mut self) {
        let model = self.model;
        if std::mem::take(&mut self.places_changed) {
            for x in self.watched(|x| self.goes_on(x) && self.barrier(x, self.leg_of(x)).is_some())
            {
                let why = self.barrier(x, self.leg_of(x)).unwrap_or(cause::CLOSED);
                self.pause(x, why);
            }
            let mut waiting: Vec<ThingIx> = self.watched.iter().collect();
            waiting.retain(|&x| self.things[x].state == State::WaitWork);
            waiting.sort_unstable_by_key(|&x| self.turn(x));
            for x in waiting {
                let leg = &model.legs[self.things[x].leg];
                let listed = self.things[x].is(LISTED);
                match self.barrier(x, leg) {
                    None if !listed => {
                        self.end_part(x);
                        let mark = self.things[x].mark;
                        self.claim(x, leg, false);
                        self.things[x].mark = mark;
                    }
                    Some(why) if listed => {
                        self.end_part(x);
                        self.withdraw(x, leg);
                        self.wait_for_place(x, why, leg.place);
                    }
                    Some(why) => self.things[x].cause = why,
                    None => {}
                }
            }
        }
        let mut changed = std::mem::take(&mut self.changed_resources);
        changed.sort_unstable();
        for r in changed.drain(..) {
            self.resources[usize::from(r)].changed = false;
            self.stop_excess(usize::from(r));
        }
        self.changed_resources = changed;
    }

    /// If more of `r` is at work than there is, the work that began or went on last stops.
    fn stop_excess(&mut self, r: usize) {
        let resource = &self.resources[r];
        let there = if resource.on_shift || !self.model.resources[r].pause {
            resource.total - resource.broken
        } else {
            0
        };
        let mut excess = resource.in_use.now() - there;
        if excess <= 0 {
            return;
        }
        for x in self.watched.iter() {
            let thing = &self.things[x];
            if thing.state == State::InService && thing.due == self.now {
                excess -= self.uses(x, r);
            }
        }
        for x in self.watched(|x| self.goes_on(x) && self.uses(x, r) > 0) {
            if excess <= 0 {
                break;
            }
            excess -= self.uses(x, r);
            self.pause(x, cause::RESOURCE + r as u16);
        }
    }

    /// How much of resource `r` the work on `x` takes.
    fn uses(&self, x: ThingIx, r: usize) -> i64 {
        let leg = self.leg_of(x);
        if !self.needs_hands(x, leg) {
            return 0;
        }
        let needs = self.model.claims[usize::from(leg.claim)].needs.iter();
        needs
            .filter(|&&(need, _)| usize::from(need) == r)
            .map(|&(_, n)| i64::from(n))
            .sum()
    }

    /// Place `p` opens or closes.
    pub(super) fn toggle_place(&mut self, p: usize) {
        let toggle = self.turn_place(p);
        self.places_changed = true;
        self.suspect |= toggle.open && self.model.places[p].in_cycle;
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
                            .and_then(|nth| closed.get(nth as usize))
                            .map_or_else(|| "off shift".to_string(), |closure| closure.why.clone());
                        Happening::PlaceClosed { spot, because }
                    }
                });
            }
        }
        if toggle.open {
            self.revisit_place(p);
        }
    }

    /// Place `p` opens or closes; nothing is told and nothing moves.
    pub(super) fn turn_place(&mut self, p: usize) -> Toggle {
        let nth = self.places[p].toggle as usize;
        let toggle = self.model.places[p].toggles[nth];
        self.places[p].toggle += 1;
        if let Some(next) = self.model.places[p].toggles.get(nth + 1) {
            self.schedule(next.at, Kind::PlaceToggle, p);
        }
        self.places[p].open = toggle.open;
        self.places[p].bar(self.now);
        toggle
    }

    /// Resource `r` comes on shift or goes off; nothing is told and nothing moves.
    pub(super) fn turn_resource(&mut self, r: usize) -> Toggle {
        let nth = self.resources[r].toggle as usize;
        let toggle = self.model.resources[r].toggles[nth];
        self.touch_resource(r);
        self.resources[r].toggle += 1;
        if let Some(next) = self.model.resources[r].toggles.get(nth + 1) {
            self.schedule(next.at, Kind::ResourceToggle, r);
        }
        self.resources[r].on_shift = toggle.open;
        toggle
    }

    /// Resource `r` comes on shift or goes off.
    pub(super) fn toggle_resource(&mut self, r: usize) {
        let toggle = self.turn_resource(r);
        self.tell(|w| {
            let resource = w.resource_name(r as u16);
            if toggle.open {
                Happening::ShiftStarted { resource }
            } else {
                Happening::ShiftEnded { resource }
            }
        });
        self.resource_changed(r);
    }

    /// A cause in the words of an event.
    pub(super) fn cause_of(&self, why: u16, place: u16) -> Cause {
        match why {
            cause::NO_ROOM => Cause::NoRoom(self.place_name(place)),
            cause::CLOSED => Cause::Closed(self.place_name(place)),
            cause::BROKEN => Cause::Broken(self.place_name(place)),
            cause::SEGREGATED => Cause::Segregated(self.place_name(place)),
            cause::NO_DEPARTURE => unreachable!("departures tell their own cause"),
            resource => Cause::NoResource(self.resource_name(resource - cause::RESOURCE)),
        }
    }
}

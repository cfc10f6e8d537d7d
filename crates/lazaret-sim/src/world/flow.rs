//! How a thing moves: it asks for room, takes a slot, leaves the old one, is served and goes on.

use std::cmp::Reverse;

use lazaret_gateway::model::Fill;
use lazaret_vocabulary::event::{Finding, Happening};

use super::ripening::Ripe;
use super::work::is_work;
use super::{
    AGAIN, BLOCKED, Kind, OUTSIDE, PAUSED, State, TRAVELLED, Thing, VEHICLE, World, cause,
};
use crate::index::{DrawIx, ThingIx};
use crate::model::{Leg, LegKind, NO_PLACE, NOTHING};
use crate::observer::Observer;

/// Whether a thing may enter a place.
pub(super) enum Admission {
    /// Into this unit.
    Unit(u16),
    /// Nobody may, for this cause.
    Nobody(u16),
    /// This thing may not, but those behind it may try.
    NotThis(u16),
}

impl<O: Observer> World<'_, O> {
    /// What the calendar held for a thing has come.
    #[inline(never)]
    pub(super) fn thing_is_due(&mut self, x: ThingIx) {
        let state = self.things[x].state;
        match state {
            State::InService => self.served(x),
            State::Travelling => {
                // It is ready for the step now; the journey was no wait.
                self.things[x].since = self.now;
                self.begin(x);
            }
            State::InTransit => self.request(x),
            other => unreachable!("a thing that is {other:?} was due at {}", self.now),
        }
    }

    /// A thing is ready for its leg: it asks for what the leg needs.
    pub(super) fn request(&mut self, x: ThingIx) {
        let model = self.model;
        let thing = &mut self.things[x];
        thing.since = self.now;
        thing.mark = self.now;
        let leg = &model.legs[thing.leg];
        if leg.kind == LegKind::Out {
            self.tell(|w| Happening::LotReleased { lot: w.lot_id(x) });
            self.leave(x);
            self.dispatched_lot(x);
            return;
        }
        // Where it stands decides, not the order of the steps: an inspection may have sent it back.
        if thing.place == leg.place {
            thing.flags &= !AGAIN;
            thing.due = -1;
            self.unblock(x);
            self.begin(x);
            return;
        }
        if thing.host.is_some() && self.takes_over(x, leg) {
            self.things[x].due = -1;
            self.hand_over(x);
            return;
        }
        let p = usize::from(leg.place);
        if model.places[p].buffer {
            self.leave(x);
        }
        let place = &self.places[p];
        if place.waiting == 0 {
            if place.plain {
                if place.has_room() {
                    self.things[x].due = -1;
                    self.enter(x, leg, 0);
                    return;
                }
            } else if let Admission::Unit(unit) = self.admission(x, p) {
                self.things[x].due = -1;
                self.enter(x, leg, unit);
                return;
            }
        }
        self.wait_for_room(x, leg);
    }

    fn wait_for_room(&mut self, x: ThingIx, leg: &Leg) {
        let p = usize::from(leg.place);
        let why = if self.places[p].plain {
            cause::NO_ROOM
        } else {
            match self.admission(x, p) {
                Admission::Unit(_) => cause::NO_ROOM,
                Admission::Nobody(why) | Admission::NotThis(why) => why,
            }
        };
        let (closed, full) = self.places[p].barred_until(self.now);
        let thing = &mut self.things[x];
        thing.state = State::WaitRoom;
        thing.cause = why;
        (thing.due, thing.mark) = (closed, full);
        let (host, own) = (thing.host, thing.place);
        self.queue_up(x, p);
        // One that waits with a slot blocks it; a vehicle does when all lots on it wait.
        let holder = host.unwrap_or(x);
        let at = self.things[holder].place;
        if let Some(host) = host {
            let vehicle = &mut self.things[host];
            vehicle.due += 1;
            vehicle.next = x.xor(vehicle.next);
            self.block_vehicle(host);
        } else {
            self.block(x);
        }
        let waiting = &mut self.things[x];
        let sources = &self.model.sources;
        let source = usize::from(leg.source);
        if at == NO_PLACE
            && waiting.is(VEHICLE)
            && waiting.leg == sources[source].path(waiting.goods).vehicle
        {
            waiting.flags |= OUTSIDE;
            self.sources[source].waiting.add(1, self.now);
        }
        if O::ON {
            self.tell_waiting(x, own != NO_PLACE || host.is_some(), why);
        }
        // With somebody ahead of it that cannot enter it may still be let in itself.
        if !self.places[p].plain || self.places[p].has_room() {
            self.revisit_place(p);
        }
    }

    /// The slot of `x`, if it has one, is held up.
    pub(super) fn block(&mut self, x: ThingIx) {
        let thing = &mut self.things[x];
        if thing.place == NO_PLACE {
            return;
        }
        let at = usize::from(thing.place);
        // A vehicle that waited for its lots to leave it may be held up already, and wait for something else now.
        self.suspect |= self.model.places[at].in_cycle;
        if thing.is(BLOCKED) {
            return;
        }
        thing.flags |= BLOCKED;
        self.places[at].blocked.add(1, self.now);
    }

    /// The slot of vehicle `v` is held up once all lots still on it are off and wait for room.
    pub(super) fn block_vehicle(&mut self, v: ThingIx) {
        let vehicle = &self.things[v];
        if self.making != Some(v) && vehicle.lots > 0 && vehicle.due == i64::from(vehicle.lots) {
            self.block(v);
        }
    }

    pub(super) fn unblock(&mut self, x: ThingIx) {
        let thing = &mut self.things[x];
        if thing.is(BLOCKED) {
            thing.flags &= !BLOCKED;
            let at = usize::from(thing.place);
            self.places[at].blocked.add(-1, self.now);
        }
    }

    fn tell_waiting(&mut self, x: ThingIx, blocked: bool, why: u16) {
        let thing = self.things[x];
        let leg = &self.model.legs[thing.leg];
        let place = leg.place;
        let holder = thing.host.unwrap_or(x);
        let done = match leg.kind {
            _ if !blocked => None,
            LegKind::Wash => Some(self.unloading(&thing).step),
            _ => Some(self.last_step(x)).filter(|&step| step != NO_PLACE),
        };
        self.tell(|w| {
            let cause = w.cause_of(why, place);
            match done {
                Some(step) if w.things[holder].place != NO_PLACE => Happening::Blocked {
                    thing: w.thing_id(x),
                    step: w.step_name(step),
                    spot: w.spot(holder),
                    cause,
                },
                _ => Happening::Waiting {
                    thing: w.thing_id(x),
                    step: w.leg_name(x),
                    cause,
                },
            }
        });
    }

    /// Whether `x` may enter place `p` now, and where.
    pub(super) fn admission(&self, x: ThingIx, p: usize) -> Admission {
        let (place, model) = (&self.places[p], &self.model.places[p]);
        if !place.open {
            return Admission::Nobody(cause::CLOSED);
        }
        if !place.has_room() {
            return Admission::Nobody(cause::NO_ROOM);
        }
        for &(resource, needed) in &model.holds {
            if self.resources[usize::from(resource)].free() < i64::from(needed) {
                return Admission::Nobody(cause::RESOURCE + resource);
            }
        }
        if !model.by_unit {
            return Admission::Unit(0);
        }
        let thing = &self.things[x];
        let apart = self.model.apart[usize::from(thing.goods)];
        let convoy = self.group_of(x, p);
        let classes = self.model.gateway.goods.len();
        let (mut best, mut least) = (None, i64::MAX);
        let (mut segregated, mut broken, mut grouped) = (false, false, false);
        for nth in 0..place.units {
            let at = (place.unit_start + nth) as usize;
            let unit = &self.units[at];
            if unit.occupied >= unit.slots {
                continue;
            }
            if unit.life.broken {
                broken = true;
                continue;
            }
            if model.segregated && apart != 0 {
                let present = &self.unit_goods[at * classes..(at + 1) * classes];
                if present
                    .iter()
                    .enumerate()
                    .any(|(class, &n)| n > 0 && apart & 1 << class != 0)
                {
                    segregated = true;
                    continue;
                }
            }
            if model.fill == Fill::Groups {
                let mine = unit.group == convoy && unit.entered < unit.slots;
                if !(mine || unit.occupied == 0) {
                    grouped = true;
                    continue;
                }
                if mine && unit.occupied > 0 {
                    return Admission::Unit(nth as u16);
                }
            }
            if unit.occupied < least {
                (best, least) = (Some(nth as u16), unit.occupied);
            }
            if model.fill == Fill::OneByOne {
                break;
            }
        }
        match best {
            Some(unit) => Admission::Unit(unit),
            None if segregated => Admission::NotThis(cause::SEGREGATED),
            None if broken && !grouped => Admission::Nobody(cause::BROKEN),
            None => Admission::Nobody(cause::NO_ROOM),
        }
    }

    /// Lets the first of those who wait for room in `p` enter that may.
    pub(super) fn let_one_in(&mut self, p: usize) {
        let place = &self.places[p];
        if place.waiting == 0 || !place.has_room() || !place.open {
            return;
        }
        let Some((x, unit)) = self.first_admissible(p) else {
            return;
        };
        if !self.let_in_swiftly(x, p) {
            self.unqueue(x, p);
            self.room_found(x, p);
            let leg = &self.model.legs[self.things[x].leg];
            self.enter(x, leg, unit);
        }
        if self.places[p].waiting != 0 {
            self.revisit_place(p);
        }
    }

    /// Takes a slot in the place of `leg`, leaves the old one and begins, or goes on its way there.
    fn enter(&mut self, x: ThingIx, leg: &Leg, unit: u16) {
        let p = usize::from(leg.place);
        let travel = self.way_to(x, leg);
        // The new slot is taken before the old one is left: the vehicle that `x` was the last on may want it too.
        debug_assert!(
            self.places[p].has_room(),
            "a place takes more than its room"
        );
        self.places[p].occupy(self.now);
        let by_unit = self.model.places[p].by_unit;
        // In a pool a slot belongs to no unit; a trace names the emptiest, so that no unit holds more than its room.
        let unit = if O::ON && !by_unit {
            self.spare_unit(p)
        } else {
            unit
        };
        if by_unit || O::ON {
            self.occupy_unit(x, p, unit);
        }
        self.hold_resources(p, true);
        self.leave(x);
        let thing = &mut self.things[x];
        thing.place = leg.place;
        thing.unit = unit;
        if O::ON {
            self.tell_entered(x, travel.is_some());
        }
        let there = self.things[x].is(TRAVELLED);
        self.things[x].flags &= !(TRAVELLED | AGAIN);
        if travel.is_none() || there {
            self.begin(x);
        } else {
            let counter = self.counter(x);
            let arrives = self.now + self.duration(travel, counter);
            self.things[x].state = State::Travelling;
            self.things[x].mark = self.now;
            self.schedule(arrives, Kind::Thing, x.at());
        }
    }

    /// The way of `x` to the place of its leg, if that is at another site.
    #[inline]
    fn way_to(&self, x: ThingIx, leg: &Leg) -> Option<DrawIx> {
        if self.things[x].is(AGAIN) {
            let by = self.sent_by(x).and_then(|by| by.inspection.as_ref());
            by.and_then(|by| by.again_travel)
        } else {
            leg.travel
        }
    }

    pub(super) fn tell_entered(&mut self, x: ThingIx, travels: bool) {
        let vehicle = self.things[x].is(VEHICLE);
        self.tell(|w| match (vehicle, travels) {
            (true, _) => Happening::VehiclePlaced {
                vehicle: w.vehicle_id(x),
                spot: w.spot(x),
            },
            (false, true) => Happening::LotSent {
                lot: w.lot_id(x),
                spot: w.spot(x),
            },
            (false, false) => Happening::LotStored {
                lot: w.lot_id(x),
                spot: w.spot(x),
            },
        });
    }

    pub(super) fn spare_unit(&self, p: usize) -> u16 {
        let place = &self.places[p];
        (0..place.units)
            .min_by_key(|nth| {
                let unit = &self.units[(place.unit_start + nth) as usize];
                (unit.occupied >= unit.slots, unit.occupied)
            })
            .unwrap_or(0) as u16
    }

    /// Names the convoy of a thing among all sources where a unit is taken by one convoy; zero elsewhere.
    pub(super) fn group_of(&self, x: ThingIx, p: usize) -> u64 {
        if self.model.places[p].fill != Fill::Groups {
            return 0;
        }
        let source = self.model.legs[self.things[x].leg].source;
        u64::from(self.numbers(x).0) << 16 | u64::from(source) | 1 << 63
    }

    pub(super) fn occupy_unit(&mut self, x: ThingIx, p: usize, nth: u16) {
        let at = self.places[p].unit_start as usize + usize::from(nth);
        let goods = usize::from(self.things[x].goods);
        let convoy = self.group_of(x, p);
        let unit = &mut self.units[at];
        if unit.occupied == 0 {
            unit.group = convoy;
            unit.entered = 0;
        }
        unit.occupied += 1;
        unit.entered += 1;
        if self.model.places[p].segregated {
            self.unit_goods[at * self.model.gateway.goods.len() + goods] += 1;
        }
    }

    /// Gives up the slot that `x` has, its own or on its vehicle, if it has one.
    pub(super) fn leave(&mut self, x: ThingIx) {
        let thing = &self.things[x];
        if let Some(host) = thing.host {
            self.leave_vehicle(x, host);
        } else if thing.place != NO_PLACE {
            self.vacate(x);
        } else if thing.is(OUTSIDE) {
            let source = usize::from(self.model.legs[thing.leg].source);
            self.things[x].flags &= !OUTSIDE;
            self.sources[source].waiting.add(-1, self.now);
        }
    }

    fn leave_vehicle(&mut self, x: ThingIx, host: ThingIx) {
        self.book_blocked(x);
        let thing = &mut self.things[x];
        thing.host = None;
        let waited = thing.state == State::WaitRoom;
        let vehicle = &mut self.things[host];
        vehicle.lots -= 1;
        if waited {
            vehicle.due -= 1;
            vehicle.next = x.xor(vehicle.next);
        }
        if self.making == Some(host) {
            return;
        }
        if vehicle.lots == 0 {
            self.emptied(host);
            return;
        }
        if vehicle.lots == 1 && vehicle.due == 1 {
            self.handing.push_back(host);
        }
        let at = usize::from(vehicle.place);
        self.block_vehicle(host);
        self.suspect_rest(at);
    }

    /// What stays in place `p` may be what can never leave it.
    #[inline]
    pub(super) fn suspect_rest(&mut self, p: usize) {
        let place = &self.places[p];
        self.suspect |= self.model.places[p].in_cycle
            && place.occupied.now() > 0
            && place.blocked.now() >= place.occupied.now();
    }

    /// `x` leaves its slot: the time since it was done there was blocked.
    pub(super) fn book_blocked(&mut self, x: ThingIx) {
        let thing = &self.things[x];
        let done = thing.leg.before();
        if thing.host.is_some() && self.model.legs[done].kind != LegKind::UnloadEach {
            // It was unloaded with the others, and the vehicle counts that.
            return;
        }
        let since = match thing.state {
            State::WaitRoom => thing.since,
            // That is a wait for departure.
            State::Ready => return,
            _ => thing.mark,
        };
        let blocked = self.now - since;
        if blocked > 0 {
            let step = self.last_step(x);
            if step != NO_PLACE {
                self.steps[usize::from(step)].blocked.add(blocked);
            }
        }
    }

    pub(super) fn vacate(&mut self, x: ThingIx) {
        self.unblock(x);
        self.book_blocked(x);
        let thing = self.things[x];
        let p = usize::from(thing.place);
        let place = &mut self.places[p];
        place.vacate(self.now);
        let waited_for = place.waiting != 0;
        if self.model.places[p].by_unit || O::ON {
            let at = self.places[p].unit_start as usize + usize::from(thing.unit);
            self.units[at].occupied -= 1;
            if self.model.places[p].segregated {
                self.unit_goods[at * self.model.gateway.goods.len() + usize::from(thing.goods)] -=
                    1;
            }
        }
        self.hold_resources(p, false);
        if thing.is(VEHICLE) {
            self.tell(|w| Happening::VehicleLeft {
                vehicle: w.vehicle_id(x),
                spot: w.spot(x),
            });
        }
        self.things[x].place = NO_PLACE;
        self.suspect_rest(p);
        if waited_for {
            self.revisit_place(p);
        }
    }

    /// The leg in which a vehicle is unloaded.
    fn unloading(&self, vehicle: &Thing) -> &Leg {
        let source = self.model.legs[vehicle.leg].source;
        let first = self.model.sources[usize::from(source)]
            .path(vehicle.goods)
            .lot;
        // A lot that is unloaded by itself begins there, others after it.
        let each = self.model.legs[first].kind == LegKind::UnloadEach;
        &self.model.legs[if each { first } else { first.before() }]
    }

    /// The leg of the inspection that sent `x` back.
    fn sent_by(&self, x: ThingIx) -> Option<&Leg> {
        let by = self.sent_by.get(x.at()).copied().flatten();
        by.map(|by| &self.model.legs[by])
    }

    /// The step that a thing with a slot, its own or on its vehicle, has done last.
    fn last_step(&self, x: ThingIx) -> u16 {
        let thing = &self.things[x];
        let legs = &self.model.legs;
        if thing.is(AGAIN)
            && let Some(by) = self.sent_by(x)
        {
            return by.step;
        }
        if !thing.is(VEHICLE) {
            return legs[thing.leg.before()].step;
        }
        let leg = &legs[thing.leg];
        let done = match leg.kind {
            _ if thing.state == State::Hosting => self.unloading(thing),
            LegKind::Wash => self.unloading(thing),
            _ if thing.leg
                == self.model.sources[usize::from(leg.source)]
                    .path(thing.goods)
                    .vehicle =>
            {
                return NO_PLACE;
            }
            _ => &legs[thing.leg.before()],
        };
        // Its lots have been counted one by one.
        if done.kind == LegKind::UnloadEach {
            NO_PLACE
        } else {
            done.step
        }
    }

    /// Somebody may be able to enter `p`: look at it before the instant is over.
    #[inline]
    pub(super) fn revisit_place(&mut self, p: usize) {
        if !self.places[p].stale {
            self.places[p].stale = true;
            self.stale_places.push(Reverse(p as u16));
        }
    }

    /// `x` has its slot: its step begins as soon as place, crews and equipment allow.
    pub(super) fn begin(&mut self, x: ThingIx) {
        let model = self.model;
        let leg = &model.legs[self.things[x].leg];
        match leg.kind {
            LegKind::Hold => return self.begin_hold(x, leg),
            LegKind::Dispatch => return self.ready(x, leg),
            _ => {}
        }
        self.things[x].mark = self.now;
        if leg.watched {
            self.watch(x);
        }
        if !self.places[usize::from(leg.place)].plain
            && let Some(why) = self.barrier(x, leg)
        {
            self.wait_for_place(x, why, leg.place);
        } else if self.needs_hands(x, leg) {
            self.claim(x, leg, false);
        } else {
            self.serve(x, leg);
        }
    }

    /// Whether `x` itself takes what its leg needs. What is no work takes nothing, and of a vehicle whose lots are
    /// unloaded one by one each lot does.
    #[inline]
    pub(super) fn needs_hands(&self, x: ThingIx, leg: &Leg) -> bool {
        let by_its_lots = leg.kind == LegKind::UnloadEach && self.things[x].is(VEHICLE);
        leg.claim != NOTHING && is_work(leg.kind) && !by_its_lots
    }

    fn begin_hold(&mut self, x: ThingIx, leg: &Leg) {
        let thing = self.things[x];
        let counter = self.counter(x);
        let from = self.counts_from(x, leg.clock);
        let lasts = self.duration(leg.takes, counter);
        let ends = (from + lasts).max(self.now);
        self.note_hold(x, lasts);
        self.wait_ends(x, leg);
        self.things[x].state = State::InService;
        self.things[x].due = ends;
        self.things[x].mark = self.now;
        if thing.attempt == 0 {
            self.tell(|w| Happening::HoldStarted {
                lot: w.lot_id(x),
                step: w.leg_name(x),
                until: w.instant(ends),
            });
        } else {
            self.tell(|w| Happening::HoldRestarted {
                lot: w.lot_id(x),
                step: w.leg_name(x),
                until: w.instant(ends),
                because: "treated again".into(),
            });
        }
        self.things.mark(x, leg.mark_start, self.now);
        if leg.ripens && !O::ON {
            let dispatch = usize::from(self.model.legs[thing.leg.next()].dispatch);
            let level = self.model.level[usize::from(thing.goods)];
            self.ripening[dispatch].file(Ripe {
                level,
                ends,
                sequence: 0,
                thing: x,
                step: leg.step,
                noted: false,
            });
        } else {
            self.schedule(ends, Kind::Thing, x.at());
        }
    }

    /// Starts the service of `x`, or goes on with it after a pause.
    pub(super) fn serve(&mut self, x: ThingIx, leg: &Leg) {
        let thing = self.things[x];
        let takes = if thing.is(PAUSED) {
            self.things[x].flags &= !PAUSED;
            self.tell(|w| Happening::WorkResumed {
                thing: w.thing_id(x),
                step: w.leg_name(x),
            });
            thing.due
        } else {
            let each = leg.kind == LegKind::UnloadEach;
            // Of lots that are unloaded one by one the end of each is told, and the beginning of the vehicle.
            if O::ON && (!each || thing.is(VEHICLE)) {
                self.tell_started(x, leg.kind);
            }
            if each && thing.is(VEHICLE) {
                // Its lots are served, and counted, each by itself.
                self.unload(x);
                return;
            }
            self.wait_ends(x, leg);
            self.things.mark(x, leg.mark_start, self.now);
            let counter = self.counter(x);
            self.duration(leg.takes, counter)
        };
        debug_assert!(self.is_in_its_place(x, leg), "work in another place");
        let thing = &mut self.things[x];
        thing.state = State::InService;
        thing.mark = self.now;
        thing.due = self.now + takes;
        if takes == 0 {
            self.served(x);
        } else {
            let due = thing.due;
            self.schedule(due, Kind::Thing, x.at());
        }
    }

    fn tell_started(&mut self, x: ThingIx, kind: LegKind) {
        self.tell(|w| {
            let (step, spot) = (w.leg_name(x), w.spot(x));
            match kind {
                LegKind::Unload | LegKind::UnloadEach => Happening::UnloadingStarted {
                    vehicle: w.vehicle_id(x),
                    step,
                    spot,
                },
                LegKind::Inspect => Happening::InspectionStarted {
                    lot: w.lot_id(x),
                    step,
                    spot,
                },
                LegKind::Handle | LegKind::Wash => Happening::VehicleStepStarted {
                    vehicle: w.vehicle_id(x),
                    step,
                    spot,
                },
                _ => Happening::TreatmentStarted {
                    lot: w.lot_id(x),
                    step,
                    spot,
                },
            }
        });
    }

    /// The service of `x` has ended.
    fn served(&mut self, x: ThingIx) {
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        debug_assert!(self.is_in_its_place(x, leg), "work in another place");
        if self.needs_hands(x, leg) {
            self.give_back_needs(leg);
        }
        if leg.watched {
            self.unwatch(x);
        }
        if leg.step != NO_PLACE {
            self.steps[usize::from(leg.step)].finished += 1;
        }
        self.things.mark(x, leg.mark_end, self.now);
        match leg.kind {
            LegKind::Unload => return self.unload(x),
            LegKind::Inspect => return self.inspected(x, leg),
            LegKind::Wash => {
                self.tell(|w| Happening::VehicleWashed {
                    vehicle: w.vehicle_id(x),
                });
                self.things[x].mark = self.now;
                self.vacate(x);
                return self.go_home(x, true);
            }
            LegKind::Handle => {
                self.tell(|w| Happening::VehicleStepEnded {
                    vehicle: w.vehicle_id(x),
                    step: w.leg_name(x),
                    spot: w.spot(x),
                });
            }
            LegKind::UnloadEach => {
                self.tell(|w| w.unloaded(x));
                if leg.at_once.is_some() {
                    self.turning.extend(thing.host);
                }
            }
            LegKind::Hold => {
                debug_assert!(self.was_held(x, leg), "a hold ends too early");
                self.tell(|w| Happening::HoldEnded {
                    lot: w.lot_id(x),
                    step: w.leg_name(x),
                });
            }
            LegKind::Treat | LegKind::Dispatch | LegKind::Out => {
                self.tell(|w| Happening::TreatmentEnded {
                    lot: w.lot_id(x),
                    step: w.leg_name(x),
                    spot: w.spot(x),
                });
            }
        }
        self.things[x].leg = self.things[x].leg.next();
        self.request(x);
    }

    fn inspected(&mut self, x: ThingIx, leg: &Leg) {
        let Some(inspection) = leg.inspection.as_deref() else {
            unreachable!("an inspection without findings")
        };
        self.things[x].mark = self.now;
        let thing = self.things[x];
        let key = lazaret_gateway::random::Key::new(
            self.replication.seed,
            self.replication.number,
            inspection.purpose,
        );
        let u = key.uniform(self.counter(x));
        let shares = inspection
            .shares
            .map(|share| share.value(&self.unknowns).max(0.0));
        let total: f64 = shares.iter().sum();
        let (pass, again, fail) = (
            shares[0] / total,
            (shares[0] + shares[1]) / total,
            (shares[0] + shares[1] + shares[2]) / total,
        );
        let finding = if u < pass {
            Finding::Pass
        } else if u < again {
            let worn_out = u32::from(thing.attempt) >= inspection.again_at_most
                || inspection.again_leg.is_none();
            if worn_out {
                Finding::Destroy
            } else {
                Finding::Again
            }
        } else if u < fail {
            Finding::Fail
        } else {
            Finding::Destroy
        };
        self.tell(|w| Happening::LotInspected {
            lot: w.lot_id(x),
            step: w.leg_name(x),
            finding,
        });
        match finding {
            Finding::Pass => {
                self.things[x].leg = self.things[x].leg.next();
                self.request(x);
            }
            Finding::Again => {
                let Some(again) = inspection.again_leg else {
                    unreachable!("sent back to nowhere")
                };
                let thing = &mut self.things[x];
                let by = std::mem::replace(&mut thing.leg, again);
                thing.attempt = thing.attempt.saturating_add(1);
                thing.flags |= AGAIN;
                if self.sent_by.len() <= x.at() {
                    self.sent_by.resize(x.at() + 1, None);
                }
                self.sent_by[x.at()] = Some(by);
                self.request(x);
            }
            Finding::Fail => {
                self.leave(x);
                self.sent_back += 1;
                self.note_gone(x);
                self.tell(|w| Happening::LotSentBack { lot: w.lot_id(x) });
                self.gone(x);
            }
            Finding::Destroy => {
                self.leave(x);
                self.destroyed += 1;
                self.note_gone(x);
                self.tell(|w| Happening::LotDestroyed { lot: w.lot_id(x) });
                self.gone(x);
            }
        }
    }

    /// A lot has left the gateway by dispatch.
    pub(super) fn dispatched_lot(&mut self, x: ThingIx) {
        let thing = self.things[x];
        let goods = &mut self.goods[usize::from(thing.goods)];
        goods.dispatched += 1;
        goods.time.add(self.now - thing.arrived);
        if self.begun.follows {
            self.note_left(thing.entity, true);
        }
        self.gone(x);
    }

    /// Lot `x` leaves by another way than dispatch.
    fn note_gone(&mut self, x: ThingIx) {
        if self.begun.follows {
            self.note_left(self.things[x].entity, false);
        }
    }

    fn gone(&mut self, x: ThingIx) {
        let goods = usize::from(self.things[x].goods);
        self.goods[goods].inside -= 1;
        self.inside.add(-1, self.now);
        self.things.remove(x);
    }
}

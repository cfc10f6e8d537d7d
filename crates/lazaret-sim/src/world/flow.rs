//! How a thing moves: it asks for room, takes a slot, leaves the old one, is served and goes on.

use lazaret_gateway::model::Fill;
use lazaret_vocabulary::event::{Finding, Happening};

use super::work::is_work;
use super::{
    AGAIN, BLOCKED, OUTSIDE, PAUSED, State, TRAVELLED, Thing, VEHICLE, World, cause, event,
    lot_entity, rank,
};
use crate::model::{DrawIx, Leg, LegKind, NO_LEG, NO_PLACE, NONE};
use crate::observer::Observer;

/// Whether a thing may enter a place.
pub(super) enum Admission {
    /// Into this unit.
    Unit(u16),
    /// Nobody may, for this cause.
    Nobody(u8),
    /// This thing may not, but those behind it may try.
    NotThis(u8),
}

impl<O: Observer> World<'_, O> {
    /// What the calendar held for a thing has come.
    #[inline]
    pub(super) fn thing_is_due(&mut self, x: u32) {
        let state = self.things[x as usize].state;
        if state == State::InService {
            if !self.move_swiftly(x) {
                self.served(x);
            }
            return;
        }
        match state {
            State::Travelling => self.begin(x),
            State::InTransit => self.request(x),
            other => unreachable!("a thing that is {other:?} was due at {}", self.now),
        }
    }

    /// A thing is ready for its leg: it asks for what the leg needs.
    pub(super) fn request(&mut self, x: u32) {
        let model = self.model;
        let thing = &mut self.things[x as usize];
        thing.since = self.now;
        thing.mark = self.now;
        let leg = &model.legs[thing.leg as usize];
        if leg.kind == LegKind::Out {
            self.tell(|w| Happening::LotReleased { lot: w.lot_id(x) });
            self.leave(x);
            self.dispatched_lot(x);
            return;
        }
        // Where it stands decides, not the order of the steps: an inspection may have sent it back.
        if thing.place == leg.place {
            thing.flags &= !AGAIN;
            self.begin(x);
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
                    self.enter(x, leg, 0);
                    return;
                }
            } else if let Admission::Unit(unit) = self.admission(x, p) {
                self.enter(x, leg, unit);
                return;
            }
        }
        self.wait_for_room(x, leg);
    }

    fn wait_for_room(&mut self, x: u32, leg: &Leg) {
        let p = usize::from(leg.place);
        let why = if self.places[p].plain {
            cause::NO_ROOM
        } else {
            match self.admission(x, p) {
                Admission::Unit(_) => cause::NO_ROOM,
                Admission::Nobody(why) | Admission::NotThis(why) => why,
            }
        };
        let level = self.model.level[usize::from(self.things[x as usize].goods)];
        let thing = &mut self.things[x as usize];
        thing.state = State::WaitRoom;
        thing.cause = why;
        thing.next = NONE;
        let (host, own) = (thing.host, thing.place);
        let list = &mut self.queues[p * self.model.levels + usize::from(level)];
        let last = std::mem::replace(&mut list.1, x);
        if last == NONE {
            list.0 = x;
        } else {
            self.things[last as usize].next = x;
        }
        self.places[p].waiting |= 1 << level;
        // Whoever waits with a slot blocks it.
        let holder = if host == NONE { x } else { host };
        let at = self.things[holder as usize].place;
        if at != NO_PLACE && !self.things[holder as usize].is(BLOCKED) {
            self.things[holder as usize].flags |= BLOCKED;
            let now = self.now;
            self.places[usize::from(at)].blocked.add(1, now);
        }
        let waiting = &mut self.things[x as usize];
        if at == NO_PLACE && waiting.is(VEHICLE) {
            waiting.flags |= OUTSIDE;
            let source = usize::from(waiting.source);
            self.sources[source].waiting.add(1, self.now);
        }
        self.suspect |= at != NO_PLACE && self.model.places[usize::from(at)].in_cycle;
        if O::ON {
            self.tell_waiting(x, own != NO_PLACE || host != NONE, why);
        }
        // With somebody ahead of it that cannot enter it may still be let in itself.
        if !self.places[p].plain || self.places[p].has_room() {
            self.soil_place(p);
        }
    }

    fn tell_waiting(&mut self, x: u32, blocked: bool, why: u8) {
        let thing = self.things[x as usize];
        let leg = &self.model.legs[thing.leg as usize];
        let place = leg.place;
        let holder = if thing.host == NONE { x } else { thing.host };
        let done = match leg.kind {
            _ if !blocked => None,
            LegKind::Wash => Some(self.unloading(&thing).step),
            _ => Some(self.last_step(&thing)).filter(|&step| step != NO_PLACE),
        };
        self.tell(|w| {
            let cause = w.cause_of(why, place);
            match done {
                Some(step) if w.things[holder as usize].place != NO_PLACE => Happening::Blocked {
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
    pub(super) fn admission(&self, x: u32, p: usize) -> Admission {
        let (place, model) = (&self.places[p], &self.model.places[p]);
        if !place.open {
            return Admission::Nobody(cause::CLOSED);
        }
        if !place.has_room() {
            return Admission::Nobody(cause::NO_ROOM);
        }
        for &(resource, needed) in &model.holds {
            if self.resources[usize::from(resource)].free() < i64::from(needed) {
                return Admission::Nobody(cause::RESOURCE + resource as u8);
            }
        }
        if !model.by_unit {
            return Admission::Unit(0);
        }
        let thing = &self.things[x as usize];
        let apart = self.model.apart[usize::from(thing.goods)];
        let convoy = if model.fill == Fill::Groups {
            self.convoy_key(x)
        } else {
            0
        };
        let classes = self.model.gateway.goods.len();
        let (mut best, mut least) = (None, i64::MAX);
        let (mut segregated, mut broken, mut grouped) = (false, false, false);
        for nth in 0..place.units {
            let at = (place.unit_start + nth) as usize;
            let unit = &self.units[at];
            if unit.occupied >= unit.slots {
                continue;
            }
            if unit.broken {
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

    /// Lets those who wait for room in `p` enter, in order, as long as there is room.
    pub(super) fn fill(&mut self, p: usize) {
        loop {
            let place = &self.places[p];
            if place.waiting == 0 || !place.has_room() || !place.open {
                return;
            }
            let Some((level, before, x, unit)) = self.first_admissible(p) else {
                return;
            };
            // Unlink it.
            let list = p * self.model.levels + level;
            let next = self.things[x as usize].next;
            if before == NONE {
                self.queues[list].0 = next;
            } else {
                self.things[before as usize].next = next;
            }
            if next == NONE {
                self.queues[list].1 = before;
            }
            if self.queues[list].0 == NONE {
                self.places[p].waiting &= !(1 << level);
            }
            let thing = self.things[x as usize];
            let leg = &self.model.legs[thing.leg as usize];
            let waited = (self.now - thing.mark) * self.waiting_heads(x, leg);
            self.steps_causes(leg.step, thing.cause, waited);
            self.enter(x, leg, unit);
        }
    }

    /// The first in the queue of `p` that may enter: its level, the one before it, itself and the unit.
    fn first_admissible(&self, p: usize) -> Option<(usize, u32, u32, u16)> {
        let mut levels = self.places[p].waiting;
        while levels != 0 {
            let level = levels.trailing_zeros() as usize;
            levels &= levels - 1;
            let mut before = NONE;
            let mut x = self.queues[p * self.model.levels + level].0;
            if self.places[p].plain {
                return Some((level, before, x, 0));
            }
            while x != NONE {
                match self.admission(x, p) {
                    Admission::Unit(unit) => return Some((level, before, x, unit)),
                    Admission::Nobody(_) => return None,
                    Admission::NotThis(_) => (before, x) = (x, self.things[x as usize].next),
                }
            }
        }
        None
    }

    /// For how many waits that of `x` stands: while a vehicle waits whose lots are unloaded one by one, each of them does.
    #[inline]
    pub(super) fn waiting_heads(&self, x: u32, leg: &Leg) -> i64 {
        let thing = &self.things[x as usize];
        if leg.kind == LegKind::UnloadEach && thing.is(VEHICLE) {
            i64::from(thing.lots)
        } else {
            1
        }
    }

    #[inline]
    pub(super) fn steps_causes(&mut self, step: u16, why: u8, micros: i64) {
        if step != NO_PLACE && micros > 0 {
            self.steps[usize::from(step)].causes[usize::from(why)] += i128::from(micros);
        }
    }

    /// Takes a slot in the place of `leg`, leaves the old one and begins, or goes on its way there.
    fn enter(&mut self, x: u32, leg: &Leg, unit: u16) {
        let p = usize::from(leg.place);
        let travel = self.way_to(x, leg);
        self.leave(x);
        self.pass_bins(p);
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
        for &(resource, needed) in &self.model.places[p].holds {
            self.take_resource(usize::from(resource), needed);
        }
        let thing = &mut self.things[x as usize];
        thing.place = leg.place;
        thing.unit = unit;
        if O::ON {
            self.tell_entered(x, travel != NONE);
        }
        let there = self.things[x as usize].is(TRAVELLED);
        self.things[x as usize].flags &= !(TRAVELLED | AGAIN);
        if travel == NONE || there {
            self.begin(x);
        } else {
            let counter = self.counter(x);
            let arrives = self.now + self.duration(travel, counter);
            self.things[x as usize].state = State::Travelling;
            self.schedule(arrives, rank::END, event::THING, x);
        }
    }

    /// The way of `x` to the place of its leg, if that is at another site.
    #[inline]
    fn way_to(&self, x: u32, leg: &Leg) -> DrawIx {
        if self.things[x as usize].is(AGAIN) {
            let by = &self.model.legs[usize::from(self.sent_by[x as usize])];
            by.inspection.as_ref().map_or(NONE, |i| i.again_travel)
        } else {
            leg.travel
        }
    }

    fn tell_entered(&mut self, x: u32, travels: bool) {
        let vehicle = self.things[x as usize].is(VEHICLE);
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

    fn spare_unit(&self, p: usize) -> u16 {
        let place = &self.places[p];
        (0..place.units)
            .min_by_key(|nth| {
                let unit = &self.units[(place.unit_start + nth) as usize];
                (unit.occupied >= unit.slots, unit.occupied)
            })
            .unwrap_or(0) as u16
    }

    /// Names the convoy of a thing among all sources; never zero.
    fn convoy_key(&self, x: u32) -> u64 {
        u64::from(self.numbers(x).0) << 16 | u64::from(self.things[x as usize].source) | 1 << 63
    }

    fn occupy_unit(&mut self, x: u32, p: usize, nth: u16) {
        let at = self.places[p].unit_start as usize + usize::from(nth);
        let thing = &self.things[x as usize];
        let convoy = if self.model.places[p].fill == Fill::Groups {
            self.convoy_key(x)
        } else {
            0
        };
        let unit = &mut self.units[at];
        if unit.occupied == 0 {
            unit.group = convoy;
            unit.entered = 0;
        }
        unit.occupied += 1;
        unit.entered += 1;
        if self.model.places[p].segregated {
            self.unit_goods[at * self.model.gateway.goods.len() + usize::from(thing.goods)] += 1;
        }
    }

    /// Gives up the slot that `x` has, its own or on its vehicle, if it has one.
    pub(super) fn leave(&mut self, x: u32) {
        let thing = &mut self.things[x as usize];
        if thing.host != NONE {
            let host = std::mem::replace(&mut thing.host, NONE);
            let blocked = self.now - thing.mark;
            let done = &self.model.legs[thing.leg as usize - 1];
            if blocked > 0 && done.kind == LegKind::UnloadEach {
                self.steps[usize::from(done.step)].blocked.add(blocked);
            }
            let vehicle = &mut self.things[host as usize];
            vehicle.lots -= 1;
            if vehicle.lots == 0 {
                self.emptied(host);
            }
        } else if thing.place != NO_PLACE {
            self.vacate(x);
        } else if thing.is(OUTSIDE) {
            thing.flags &= !OUTSIDE;
            let source = usize::from(thing.source);
            self.sources[source].waiting.add(-1, self.now);
        }
    }

    fn vacate(&mut self, x: u32) {
        let thing = self.things[x as usize];
        let p = usize::from(thing.place);
        self.pass_bins(p);
        let place = &mut self.places[p];
        place.vacate(self.now);
        if thing.is(BLOCKED) {
            place.blocked.add(-1, self.now);
        }
        let waited_for = place.waiting != 0;
        if self.model.places[p].by_unit || O::ON {
            let at = self.places[p].unit_start as usize + usize::from(thing.unit);
            self.units[at].occupied -= 1;
            if self.model.places[p].segregated {
                self.unit_goods[at * self.model.gateway.goods.len() + usize::from(thing.goods)] -=
                    1;
            }
        }
        for &(resource, needed) in &self.model.places[p].holds {
            self.give_back(usize::from(resource), needed);
        }
        if thing.is(VEHICLE) {
            self.tell(|w| Happening::VehicleLeft {
                vehicle: w.vehicle_id(x),
                spot: w.spot(x),
            });
        }
        let thing = &mut self.things[x as usize];
        thing.place = NO_PLACE;
        thing.flags &= !BLOCKED;
        // Time between the end of its last step here and leaving; that of a released lot is a wait for departure.
        let blocked = self.now - thing.mark;
        if blocked > 0 && thing.state != State::Ready {
            let step = self.last_step(&self.things[x as usize]);
            if step != NO_PLACE {
                self.steps[usize::from(step)].blocked.add(blocked);
            }
        }
        if waited_for {
            self.soil_place(p);
        }
    }

    /// The leg in which a vehicle is unloaded.
    fn unloading(&self, vehicle: &Thing) -> &Leg {
        let source = &self.model.sources[usize::from(vehicle.source)];
        let first = source.lot_leg[usize::from(vehicle.goods)] as usize;
        // A lot that is unloaded by itself begins there, others after it.
        let each = self.model.legs[first].kind == LegKind::UnloadEach;
        &self.model.legs[if each { first } else { first - 1 }]
    }

    /// The step that a thing leaving its slot has done last.
    fn last_step(&self, thing: &Thing) -> u16 {
        let legs = &self.model.legs;
        let leg = &legs[thing.leg as usize];
        if !thing.is(VEHICLE) {
            return legs[thing.leg as usize - 1].step;
        }
        match leg.kind {
            LegKind::Unload => leg.step,
            // Its lots have been counted one by one.
            LegKind::UnloadEach => NO_PLACE,
            LegKind::Wash if thing.state == State::WaitRoom => {
                let unloading = self.unloading(thing);
                if unloading.kind == LegKind::UnloadEach {
                    NO_PLACE
                } else {
                    unloading.step
                }
            }
            LegKind::Wash => NO_PLACE,
            _ if thing.leg
                == self.model.sources[usize::from(thing.source)].vehicle_leg
                    [usize::from(thing.goods)] =>
            {
                NO_PLACE
            }
            _ => legs[thing.leg as usize - 1].step,
        }
    }

    /// Somebody may be able to enter `p`: look at it before the instant is over.
    #[inline]
    pub(super) fn soil_place(&mut self, p: usize) {
        if !self.places[p].dirty {
            self.places[p].dirty = true;
            self.dirty_places.push_back(p as u16);
        }
    }

    /// `x` has its slot: its step begins as soon as place, crews and equipment allow.
    pub(super) fn begin(&mut self, x: u32) {
        let model = self.model;
        let leg = &model.legs[self.things[x as usize].leg as usize];
        match leg.kind {
            LegKind::Hold => return self.begin_hold(x, leg),
            LegKind::Dispatch => return self.ready(x, leg),
            _ => {}
        }
        self.things[x as usize].mark = self.now;
        if !self.places[usize::from(leg.place)].plain && !self.may_work(x, leg) {
            return;
        }
        if self.needs_hands(x, leg) && !self.take_needs(x, leg, false) {
            return;
        }
        self.serve(x, leg);
    }

    /// Whether `x` itself takes what its leg needs. What is no work takes nothing, and of a vehicle whose lots are unloaded one
    /// by one each lot does.
    #[inline]
    pub(super) fn needs_hands(&self, x: u32, leg: &Leg) -> bool {
        let by_its_lots = leg.kind == LegKind::UnloadEach && self.things[x as usize].is(VEHICLE);
        !leg.needs.is_empty() && is_work(leg.kind) && !by_its_lots
    }

    fn begin_hold(&mut self, x: u32, leg: &Leg) {
        let thing = self.things[x as usize];
        let counter = self.counter(x);
        let from = self.counts_from(x, leg.clock);
        let ends = (from + self.duration(leg.takes, counter)).max(self.now);
        self.step_starts(leg, &thing);
        self.things[x as usize].state = State::InService;
        self.things[x as usize].due = ends;
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
        self.set_marks(x, leg.mark_start);
        if leg.ripens && !O::ON {
            let dispatch = usize::from(self.model.legs[thing.leg as usize + 1].dispatch);
            let level = self.model.level[usize::from(thing.goods)];
            self.ripening[dispatch].file(level, ends, x);
        } else {
            self.schedule(ends, rank::END, event::THING, x);
        }
    }

    #[inline]
    fn step_starts(&mut self, leg: &Leg, thing: &Thing) {
        if leg.step != NO_PLACE {
            let step = &mut self.steps[usize::from(leg.step)];
            step.wait.add(self.now - thing.since);
            step.latest_served = step.latest_served.max(thing.since);
            step.last_start = self.now;
        }
    }

    #[inline]
    fn set_marks(&mut self, x: u32, mut bits: u32) {
        while bits != 0 {
            self.marks[x as usize * self.model.marks + bits.trailing_zeros() as usize] = self.now;
            bits &= bits - 1;
        }
    }

    /// What was done to the vehicle was done to its lot.
    fn inherit_marks(&mut self, lot: u32, vehicle: u32) {
        let marks = self.model.marks;
        let from = vehicle as usize * marks;
        self.marks
            .copy_within(from..from + marks, lot as usize * marks);
    }

    /// Starts the service of `x`, or goes on with it after a pause.
    pub(super) fn serve(&mut self, x: u32, leg: &Leg) {
        let thing = self.things[x as usize];
        let takes = if thing.is(PAUSED) {
            self.things[x as usize].flags &= !PAUSED;
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
            self.step_starts(leg, &thing);
            self.set_marks(x, leg.mark_start);
            let counter = self.counter(x);
            self.duration(leg.takes, counter)
        };
        let thing = &mut self.things[x as usize];
        thing.state = State::InService;
        thing.due = self.now + takes;
        if takes == 0 {
            self.served(x);
        } else {
            let due = thing.due;
            self.schedule(due, rank::END, event::THING, x);
        }
    }

    fn tell_started(&mut self, x: u32, kind: LegKind) {
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
    fn served(&mut self, x: u32) {
        let model = self.model;
        let thing = self.things[x as usize];
        let leg = &model.legs[thing.leg as usize];
        if self.needs_hands(x, leg) {
            self.give_back_needs(leg);
        }
        if leg.step != NO_PLACE {
            self.steps[usize::from(leg.step)].finished += 1;
        }
        self.set_marks(x, leg.mark_end);
        match leg.kind {
            LegKind::Unload => return self.unload(x),
            LegKind::Inspect => return self.inspected(x, leg),
            LegKind::Wash => {
                self.tell(|w| Happening::VehicleWashed {
                    vehicle: w.vehicle_id(x),
                });
                self.things[x as usize].mark = self.now;
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
            LegKind::UnloadEach => self.tell(|w| w.unloaded(x)),
            LegKind::Hold => self.tell(|w| Happening::HoldEnded {
                lot: w.lot_id(x),
                step: w.leg_name(x),
            }),
            LegKind::Treat | LegKind::Dispatch | LegKind::Out => {
                self.tell(|w| Happening::TreatmentEnded {
                    lot: w.lot_id(x),
                    step: w.leg_name(x),
                    spot: w.spot(x),
                });
            }
        }
        self.things[x as usize].leg += 1;
        self.request(x);
    }

    fn unloaded(&self, x: u32) -> Happening {
        let thing = &self.things[x as usize];
        Happening::LotUnloaded {
            lot: self.lot_id(x),
            vehicle: self.vehicle_id(x),
            goods: self.goods_name(thing.goods),
            spot: self.spot(if thing.host == NONE { x } else { thing.host }),
        }
    }

    /// Makes the lots of vehicle `v`. They stay on it until they find room elsewhere.
    fn unload(&mut self, v: u32) {
        let vehicle = self.things[v as usize];
        let source = usize::from(vehicle.source);
        self.things[v as usize].state = State::Hosting;
        self.things[v as usize].mark = self.now;
        let each = self.model.legs[vehicle.leg as usize].kind == LegKind::UnloadEach;
        if vehicle.lots == 0 {
            self.emptied(v);
            return;
        }
        // One more than there are, so that the vehicle is not emptied and gone while its lots are still being made.
        self.things[v as usize].lots += 1;
        for nth in 0..vehicle.lots {
            let goods = self.lot_class(vehicle.source, vehicle.entity, nth, vehicle.goods);
            let lot = self.new_thing(Thing {
                entity: lot_entity(vehicle.entity, nth),
                leg: self.model.sources[source].lot_leg[usize::from(goods)],
                goods,
                host: v,
                lots: nth,
                flags: 0,
                attempt: 0,
                cause: 0,
                place: NO_PLACE,
                unit: vehicle.unit,
                next: NONE,
                state: State::WaitWork,
                since: self.now,
                due: 0,
                mark: self.now,
                arrived: vehicle.arrived,
                source: vehicle.source,
            });
            self.inherit_marks(lot, v);
            if each {
                self.things[lot as usize].since = vehicle.since;
                self.begin(lot);
            } else {
                self.tell(|w| w.unloaded(lot));
                self.request(lot);
            }
        }
        let vehicle = &mut self.things[v as usize];
        vehicle.lots -= 1;
        if vehicle.lots == 0 {
            self.emptied(v);
        }
    }

    fn inspected(&mut self, x: u32, leg: &Leg) {
        let Some(inspection) = leg.inspection.as_deref() else {
            unreachable!("an inspection without findings")
        };
        self.things[x as usize].mark = self.now;
        let thing = self.things[x as usize];
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
                || inspection.again_leg == NO_LEG;
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
                self.things[x as usize].leg += 1;
                self.request(x);
            }
            Finding::Again => {
                let thing = &mut self.things[x as usize];
                let by = std::mem::replace(&mut thing.leg, inspection.again_leg);
                thing.attempt = thing.attempt.saturating_add(1);
                thing.flags |= AGAIN;
                if self.sent_by.len() <= x as usize {
                    self.sent_by.resize(x as usize + 1, NO_LEG);
                }
                self.sent_by[x as usize] = by;
                self.request(x);
            }
            Finding::Fail => {
                self.leave(x);
                self.sent_back += 1;
                self.tell(|w| Happening::LotSentBack { lot: w.lot_id(x) });
                self.gone(x);
            }
            Finding::Destroy => {
                self.leave(x);
                self.destroyed += 1;
                self.tell(|w| Happening::LotDestroyed { lot: w.lot_id(x) });
                self.gone(x);
            }
        }
    }

    /// A lot has left the gateway by dispatch.
    pub(super) fn dispatched_lot(&mut self, x: u32) {
        let thing = self.things[x as usize];
        let goods = &mut self.goods[usize::from(thing.goods)];
        goods.dispatched += 1;
        goods.time.add(self.now - thing.arrived);
        self.gone(x);
    }

    fn gone(&mut self, x: u32) {
        let goods = usize::from(self.things[x as usize].goods);
        self.goods[goods].inside -= 1;
        self.inside.add(-1, self.now);
        self.free(x);
    }

    /// Vehicle `v` has no lot left: it is washed and goes home.
    fn emptied(&mut self, v: u32) {
        self.tell(|w| Happening::VehicleEmptied {
            vehicle: w.vehicle_id(v),
        });
        let vehicle = self.things[v as usize];
        let wash = self.model.sources[usize::from(vehicle.source)].wash_leg;
        if wash == NO_LEG {
            self.vacate(v);
            self.go_home(v, false);
        } else {
            // It keeps its slot until there is room to wash it.
            let leg = &self.model.legs[vehicle.leg as usize];
            if self.now > vehicle.mark && leg.kind == LegKind::Unload {
                self.steps[usize::from(leg.step)]
                    .blocked
                    .add(self.now - vehicle.mark);
            }
            self.things[v as usize].leg = wash;
            self.request(v);
        }
    }
}

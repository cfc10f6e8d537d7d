//! How long things wait, and for what.
//!
//! A wait for a step may have several parts: the place is closed, then full, then the crew is off shift. They are kept with the
//! thing and counted when the wait ends, so that the parts of the waits counted sum to them.

use super::{LISTED, PAUSED, PlaceS, State, Thing, World, cause};
use crate::index::ThingIx;
use crate::model::{Leg, NO_PLACE};
use crate::observer::Observer;

/// Parts of a wait, as indices of their sums.
pub(crate) const NO_ROOM: usize = 0;
pub(crate) const CLOSED: usize = 1;
pub(crate) const SEGREGATED: usize = 2;
pub(crate) const NO_RESOURCE: usize = 3;
pub(crate) const NO_DEPARTURE: usize = 4;
pub(crate) const PARTS: usize = 5;

/// The parts so far of a wait that goes on, in microseconds.
pub(crate) type Parts = [i64; PARTS];

/// How long a place has been closed, and how long open with all its slots taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Barred {
    since: i64,
    closed: i64,
    full: i64,
    now: Bar,
}

#[derive(Clone, Copy, Debug, Default)]
enum Bar {
    #[default]
    No,
    Closed,
    Full,
}

impl PlaceS {
    /// Takes note that the place may have opened, closed, filled up or become free at `at`.
    pub(crate) fn bar(&mut self, at: i64) {
        (self.barred.closed, self.barred.full) = self.barred_until(at);
        self.barred.since = at;
        self.barred.now = if !self.open {
            Bar::Closed
        } else if !self.has_room() {
            Bar::Full
        } else {
            Bar::No
        };
    }

    /// Microseconds up to `at` in which it was closed, and in which it was open and full.
    pub(crate) fn barred_until(&self, at: i64) -> (i64, i64) {
        let Barred {
            since,
            closed,
            full,
            now,
        } = self.barred;
        match now {
            Bar::No => (closed, full),
            Bar::Closed => (closed + at - since, full),
            Bar::Full => (closed, full + at - since),
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// Adds a part to the wait of `x`, which has its slot.
    pub(super) fn keep_part(&mut self, x: ThingIx, part: usize, micros: i64) {
        if micros == 0 {
            return;
        }
        let at = self.things[x].due;
        let at = if at >= 0 {
            at as usize
        } else {
            let at = self.free_parts.pop().unwrap_or_else(|| {
                self.parts.push(Parts::default());
                self.parts.len() as u32 - 1
            });
            self.parts[at as usize] = Parts::default();
            self.things[x].due = i64::from(at);
            at as usize
        };
        self.parts[at][part] += micros;
    }

    /// The parts of the wait of `x` so far, which are kept no longer.
    fn take_parts(&mut self, x: ThingIx) -> Option<Parts> {
        let at = std::mem::replace(&mut self.things[x].due, -1);
        (at >= 0).then(|| {
            self.free_parts.push(at as u32);
            self.parts[at as usize]
        })
    }

    /// `x` has waited for room in place `p`, and the wait is over.
    pub(super) fn room_found(&mut self, x: ThingIx, p: usize) {
        let thing = self.things[x];
        let (closed, full) = self.places[p].barred_until(self.now);
        let (closed, full) = (closed - thing.due, full - thing.mark);
        let rest = self.now - thing.since - closed - full;
        self.things[x].due = -1;
        self.keep_part(x, CLOSED, closed);
        self.keep_part(x, NO_ROOM, full);
        if rest != 0 {
            let part = self.before_free_slots(&thing, p);
            self.keep_part(x, part, rest);
        }
    }

    /// What time belongs to that was spent before an open place with free slots.
    fn before_free_slots(&self, thing: &Thing, p: usize) -> usize {
        let place = &self.model.places[p];
        match thing.cause {
            cause::SEGREGATED => SEGREGATED,
            cause::BROKEN => CLOSED,
            held if held >= cause::RESOURCE => NO_RESOURCE,
            _ if !place.holds.is_empty() => NO_RESOURCE,
            _ if self.model.apart[usize::from(thing.goods)] != 0 => SEGREGATED,
            _ if place.breaks.is_some() => CLOSED,
            _ => NO_ROOM,
        }
    }

    /// What `x` waited for with its slot is over, or is now something else.
    pub(super) fn end_part(&mut self, x: ThingIx) {
        let thing = self.things[x];
        if thing.state == State::WaitWork && !thing.is(PAUSED) {
            let part = if thing.is(LISTED) {
                NO_RESOURCE
            } else {
                CLOSED
            };
            self.keep_part(x, part, self.now - thing.mark);
            self.things[x].mark = self.now;
        }
    }

    /// The step of `x` begins.
    #[inline]
    pub(super) fn wait_ends(&mut self, x: ThingIx, leg: &Leg) {
        let since = self.things[x].since;
        let parts = self.take_parts(x);
        if leg.step == NO_PLACE {
            return;
        }
        let step = &mut self.steps[usize::from(leg.step)];
        let mut waited = 0;
        if let Some(parts) = parts {
            for (sum, part) in step.causes.iter_mut().zip(parts) {
                *sum += i128::from(part);
                waited += part;
            }
        }
        step.wait.add(waited);
        step.latest_served = step.latest_served.max(since);
        step.last_start = self.now;
        debug_assert!(
            waited == self.now - since
                || (waited > self.now - since && !self.model.gateway.routes.is_empty()),
            "the parts of a wait of {} sum to {waited}",
            self.now - since
        );
    }

    /// Lot `x` has waited for a departure, and leaves with it.
    pub(super) fn departure_found(&mut self, x: ThingIx, leg: &Leg) {
        let mark = self.things[x].mark;
        self.keep_part(x, NO_DEPARTURE, self.now - mark);
        self.wait_ends(x, leg);
    }

    /// The lot `x` shares the wait whose parts are kept at `at`, if it is not negative.
    pub(super) fn share_wait(&mut self, x: ThingIx, at: i64) {
        if at >= 0 {
            for (part, micros) in self.parts[at as usize].into_iter().enumerate() {
                self.keep_part(x, part, micros);
            }
        }
    }

    /// Forgets the wait whose parts are kept at `at`, if it is not negative.
    pub(super) fn drop_wait(&mut self, at: i64) {
        if at >= 0 {
            self.free_parts.push(at as u32);
        }
    }
}

//! What holds at the end of every instant, and how long holds have lasted: checked where tests run, and at the end of every
//! replication in all builds.

use super::work::is_work;
use super::{Thing, World};
use crate::index::{Instant, ThingIx};
use crate::model::{HoldClockM, Leg};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// Checks crews and equipment when all that falls on an instant has happened.
    ///
    /// # Panics
    /// If something is in use that is not there.
    pub(super) fn check_instant(&self) {
        for (r, resource) in self.resources.iter().enumerate() {
            let (used, held) = (resource.in_use.now(), resource.held);
            let there = resource.total - resource.broken;
            let works = resource.on_shift || !self.model.resources[r].pause;
            // What slots hold is never taken away; all other work has stopped if there is too little.
            let enough = used == held || works && used <= there;
            assert!(
                0 <= held && held <= used && enough && 0 <= resource.broken && there >= 0,
                "of {} of {} {used} are in use, {held} of them held, and {} broken",
                resource.total,
                self.model.gateway.resources[r].name,
                resource.broken,
            );
        }
    }

    /// Checks how much of each place is held up.
    ///
    /// # Panics
    /// If that is more than stands there.
    pub(super) fn check_places(&self) {
        for (p, place) in self.places.iter().enumerate() {
            let (occupied, blocked) = (place.occupied.now(), place.blocked.now());
            assert!(
                0 <= blocked && blocked <= occupied,
                "{blocked} of {occupied} slots of {} are blocked",
                self.model.gateway.places[p].name
            );
        }
    }

    /// Notes how long the hold of `x` lasts that begins. It cannot be drawn again when the hold ends: a world that was told to
    /// go on as another replication would draw another length, and what was drawn before stays.
    #[inline]
    pub(super) fn note_hold(&mut self, x: ThingIx, lasts: i64) {
        if cfg!(debug_assertions) {
            if self.held_for.len() <= x.at() {
                self.held_for.resize(x.at() + 1, i64::MAX);
            }
            self.held_for[x.at()] = lasts;
        }
    }

    /// Whether the hold of `x`, which ends now, has lasted as long as it must.
    pub(super) fn was_held(&self, x: ThingIx, leg: &Leg) -> bool {
        let lasts = self.held_for[x.at()];
        has_been_held(&self.things[x], self.things.marks(x), leg, lasts, self.now)
    }

    /// Whether `x` stands in the place of the step that is done on it.
    pub(super) fn is_in_its_place(&self, x: ThingIx, leg: &Leg) -> bool {
        !is_work(leg.kind) || self.place_of(x).0 == leg.place
    }
}

/// Whether the hold of `lot` that ends at `ends` lasts `lasts` or more from where its clock started.
///
/// * `marks` — the lot's own.
pub(super) fn has_been_held(
    lot: &Thing,
    marks: &[Option<Instant>],
    leg: &Leg,
    lasts: i64,
    ends: i64,
) -> bool {
    let stored = lot.mark;
    let from = match leg.clock {
        HoldClockM::Stored => stored,
        HoldClockM::Arrival => lot.arrived,
        // It may have passed that step by.
        HoldClockM::Mark(mark) => marks[usize::from(mark)].map_or(stored, Instant::micros),
    };
    ends >= from.saturating_add(lasts)
}

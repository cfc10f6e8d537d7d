//! Lots that may leave, and departures that take them.

use lazaret_gateway::random::mix;
use lazaret_vocabulary::event::{Cause, Happening};

use super::invariants::has_been_held;
use super::ripening::Ripe;
use super::things::List;
use super::{Kind, State, TRAVELLED, World, cause, waits};
use crate::index::ThingIx;
use crate::model::{Leg, LegKind};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// Lot `x` may leave with the next departure of its leg.
    pub(super) fn ready(&mut self, x: ThingIx, leg: &Leg) {
        let d = usize::from(leg.dispatch);
        let level = usize::from(self.model.level[usize::from(self.things[x].goods)]);
        let thing = &mut self.things[x];
        thing.state = State::Ready;
        thing.mark = self.now;
        thing.cause = cause::NO_DEPARTURE;
        self.ready[d * self.model.levels + level].push(&mut self.things, x);
        self.dispatches[d].ready += 1;
        if O::ON {
            self.tell(|w| Happening::LotReleased { lot: w.lot_id(x) });
            self.tell(|w| Happening::Waiting {
                thing: w.thing_id(x),
                step: w.leg_name(x),
                cause: Cause::NoDeparture(w.leg_name(x)),
            });
        }
    }

    /// Takes note of the lots whose hold has ended unseen by `until`.
    pub(super) fn ripen_until(&mut self, d: usize, until: i64) {
        self.ripen(d, until);
        self.note_ripe(d);
    }

    /// Counts the holds that have ended unseen by `until`. Their lots do not know of it yet: see [`World::note_ripe`].
    fn ripen(&mut self, d: usize, until: i64) {
        let (things, steps, legs) = (&self.things, &mut self.steps, &self.model.legs);
        let held_for = &self.held_for;
        let check = |ripe: &Ripe| {
            let x = ripe.thing;
            let leg = &legs[things[x].leg];
            has_been_held(
                &things[x],
                things.marks(x),
                leg,
                held_for[x.at()],
                ripe.ends,
            )
        };
        self.ripening[d].ripen(until, |lots| {
            debug_assert!(lots.iter().all(check), "a hold ends too early");
            for of_one_step in lots.chunk_by(|a, b| a.step == b.step) {
                steps[usize::from(of_one_step[0].step)].finished += of_one_step.len() as u64;
            }
        });
    }

    /// Lots that have ripened and stay behind wait for a departure from then on.
    fn note_ripe(&mut self, d: usize) {
        for ripe in self.ripening[d].ripe.iter_mut().filter(|lot| !lot.noted) {
            let lot = &mut self.things[ripe.thing];
            lot.leg = lot.leg.next();
            lot.state = State::Ready;
            lot.cause = cause::NO_DEPARTURE;
            lot.since = ripe.ends;
            lot.mark = ripe.ends;
            lot.due = -1;
            ripe.noted = true;
        }
    }

    /// Departure of dispatch `d` is due.
    pub(super) fn departure(&mut self, d: usize) {
        let dispatch = &self.model.dispatches[d];
        let nth = self.dispatches[d].due;
        self.dispatches[d].due += 1;
        self.dispatches[d].last_due = self.now;
        let before = self.dispatches[d].before;
        self.schedule_due(&dispatch.due, (nth + 1, before), Kind::Departure, d);
        self.ripen(d, self.now);
        let ready = self.dispatches[d].ready + self.ripening[d].ripe.len() as i64;
        let least = self.draws.whole(dispatch.least, mix(u64::from(nth))).max(1);
        if ready < least {
            self.note_ripe(d);
            if ready > 0 {
                self.dispatches[d].cancelled += 1;
                self.tell(|w| Happening::DepartureCancelled {
                    step: w.step_name(dispatch.step),
                    ready: ready as u32,
                    least: least as u32,
                });
            }
            return;
        }
        let most = dispatch
            .most
            .map_or(i64::MAX, |most| self.draws.whole(most, mix(u64::from(nth))));
        let load = ready.min(most);
        if load == 0 {
            self.note_ripe(d);
            return;
        }
        self.dispatches[d].departures += 1;
        self.dispatches[d].loaded += load as u64;
        self.note_departed(d, load);
        if dispatch.ripens && !O::ON {
            self.load_ripe(d, load as usize);
            return;
        }
        self.dispatches[d].ready -= load;
        let mut left = load;
        // First all are loaded, then those that go on to another site ask for room there.
        let mut onward = List::default();
        for level in 0..self.model.levels {
            while left > 0 {
                let list = d * self.model.levels + level;
                let Some(x) = self.ready[list].pop(&self.things) else {
                    break;
                };
                left -= 1;
                let leg = &self.model.legs[self.things[x].leg];
                self.departure_found(x, leg);
                self.steps[usize::from(dispatch.step)].finished += 1;
                self.tell(|w| Happening::LotLoaded {
                    lot: w.lot_id(x),
                    departure: w.departure_id(d, nth),
                    wagon: None,
                });
                self.leave(x);
                self.things[x].leg = self.things[x].leg.next();
                if self.model.legs[self.things[x].leg].kind == LegKind::Out {
                    self.dispatched_lot(x);
                } else {
                    onward.push(&mut self.things, x);
                }
            }
        }
        self.tell(|w| Happening::Departed {
            departure: w.departure_id(d, nth),
            step: w.step_name(dispatch.step),
            lots: load as u32,
        });
        while let Some(x) = onward.pop(&self.things) {
            let travel = self.model.legs[self.things[x].leg].travel;
            if travel.is_none() {
                self.request(x);
            } else {
                let counter = self.counter(x);
                let arrives = self.now + self.duration(travel, counter);
                self.things[x].state = State::InTransit;
                self.things[x].mark = self.now;
                self.things[x].flags |= TRAVELLED;
                self.schedule(arrives, Kind::Thing, x.at());
            }
        }
    }

    /// Sends off the first `load` of the lots that ripened unseen.
    fn load_ripe(&mut self, d: usize, load: usize) {
        self.ripening[d].take(load, &mut self.loading);
        self.note_ripe(d);
        let step = self.model.dispatches[d].step;
        let p = usize::from(self.model.gateway.steps[usize::from(step)].at.0);
        if self.model.places[p].plain {
            self.depart_swiftly(p, step);
            return;
        }
        for nth in 0..self.loading.len() {
            let Ripe { ends, thing: x, .. } = self.loading[nth];
            let waited = self.now - ends;
            let step = &mut self.steps[usize::from(step)];
            step.causes[waits::NO_DEPARTURE] += i128::from(waited);
            step.wait.add(waited);
            step.finished += 1;
            step.latest_served = step.latest_served.max(ends);
            step.last_start = self.now;
            // It is done with its hold, and waits for nothing: its slot was not held up.
            self.things[x].state = State::Ready;
            self.leave(x);
            self.dispatched_lot(x);
        }
    }
}

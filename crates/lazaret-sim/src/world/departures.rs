//! Lots that may leave, and departures that take them.

use lazaret_gateway::random::mix;
use lazaret_vocabulary::event::{Cause, Happening};

use super::invariants::has_been_held;
use super::ripening::Ripe;
use super::{Kind, State, TRAVELLED, World, cause, waits};
use crate::model::{Leg, LegKind, NONE};
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// Lot `x` may leave with the next departure of its leg.
    pub(super) fn ready(&mut self, x: u32, leg: &Leg) {
        let d = usize::from(leg.dispatch);
        let level = usize::from(self.model.level[usize::from(self.things[x as usize].goods)]);
        let thing = &mut self.things[x as usize];
        thing.state = State::Ready;
        thing.mark = self.now;
        thing.cause = cause::NO_DEPARTURE;
        thing.next = NONE;
        let list = &mut self.ready[d * self.model.levels + level];
        let last = std::mem::replace(&mut list.1, x);
        if last == NONE {
            list.0 = x;
        } else {
            self.things[last as usize].next = x;
        }
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
        let (marks, held_for, each) = (&self.marks, &self.held_for, self.model.marks);
        let check = |ripe: &Ripe| {
            let x = ripe.thing as usize;
            let lot = &things[x];
            let leg = &legs[usize::from(lot.leg)];
            let marks = &marks[x * each..][..each];
            has_been_held(lot, marks, leg, held_for[x], ripe.ends)
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
            let lot = &mut self.things[ripe.thing as usize];
            lot.leg += 1;
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
        self.schedule_due(&dispatch.due, nth + 1, Kind::Departure, d);
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
        if dispatch.ripens && !O::ON {
            self.load_ripe(d, load as usize);
            return;
        }
        self.dispatches[d].ready -= load;
        let mut left = load;
        // First all are loaded, then those that go on to another site ask for room there.
        let mut onward = NONE;
        let mut onward_last = NONE;
        for level in 0..self.model.levels {
            while left > 0 {
                let list = d * self.model.levels + level;
                let x = self.ready[list].0;
                if x == NONE {
                    break;
                }
                left -= 1;
                let next = self.things[x as usize].next;
                self.ready[list].0 = next;
                if next == NONE {
                    self.ready[list].1 = NONE;
                }
                let leg = &self.model.legs[usize::from(self.things[x as usize].leg)];
                self.departure_found(x, leg);
                self.steps[usize::from(dispatch.step)].finished += 1;
                self.tell(|w| Happening::LotLoaded {
                    lot: w.lot_id(x),
                    departure: w.departure_id(d, nth),
                    wagon: None,
                });
                self.leave(x);
                self.things[x as usize].leg += 1;
                if self.model.legs[self.things[x as usize].leg as usize].kind == LegKind::Out {
                    self.dispatched_lot(x);
                } else {
                    self.things[x as usize].next = NONE;
                    if onward == NONE {
                        onward = x;
                    } else {
                        self.things[onward_last as usize].next = x;
                    }
                    onward_last = x;
                }
            }
        }
        self.tell(|w| Happening::Departed {
            departure: w.departure_id(d, nth),
            step: w.step_name(dispatch.step),
            lots: load as u32,
        });
        while onward != NONE {
            let x = onward;
            onward = self.things[x as usize].next;
            let travel = self.model.legs[self.things[x as usize].leg as usize].travel;
            if travel.is_none() {
                self.request(x);
            } else {
                let counter = self.counter(x);
                let arrives = self.now + self.duration(travel, counter);
                self.things[x as usize].state = State::InTransit;
                self.things[x as usize].flags |= TRAVELLED;
                self.schedule(arrives, Kind::Thing, x as usize);
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
            self.things[x as usize].state = State::Ready;
            self.leave(x);
            self.dispatched_lot(x);
        }
    }
}

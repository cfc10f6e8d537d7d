//! Deadlock: things that wait for each other's slots in a circle.

use lazaret_gateway::model::PlaceIx;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::time::GateTime;

use super::{State, VEHICLE, World};
use crate::index::ThingIx;
use crate::model::NO_PLACE;
use crate::observer::Observer;

/// Places of which none can ever empty again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// When the circle closed.
    pub at: GateTime,
    /// Things in each wait for room in the next, those in the last for room in the first.
    pub cycle: Vec<PlaceIx>,
}

impl<O: Observer> World<'_, O> {
    /// Looks for a set of full places in which everything waits for room in a place of the set. That set is the greatest
    /// one, found by leaving out, again and again, places in which something can still move.
    pub(super) fn look_for_deadlock(&mut self) {
        if self.deadlock.is_some() {
            return;
        }
        let mut stuck: Vec<bool> = self
            .places
            .iter()
            .zip(&self.model.places)
            .map(|(place, model)| {
                model.in_cycle
                    && place.occupied.now() > 0
                    && place.blocked.now() >= place.occupied.now()
            })
            .collect();
        while stuck.contains(&true) {
            let mut changed = false;
            for x in self.things.numbers() {
                let at = self.standing(x);
                if at != NO_PLACE && stuck[usize::from(at)] && self.may_move(x, &stuck) {
                    stuck[usize::from(at)] = false;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let Some(start) = stuck.iter().position(|&is| is) else {
            return;
        };
        let cycle = self.cycle_from(start, &stuck);
        self.tell(|w| Happening::Deadlocked {
            places: cycle.iter().map(|p| w.place_name(p.0)).collect(),
        });
        self.deadlock = Some(Deadlock {
            at: GateTime::from_micros(self.now),
            cycle,
        });
    }

    /// The place in which a thing keeps a slot, by itself or on its vehicle.
    fn standing(&self, x: ThingIx) -> u16 {
        let thing = &self.things[x];
        if thing.state == State::Free {
            NO_PLACE
        } else {
            self.things[thing.host.unwrap_or(x)].place
        }
    }

    fn may_move(&self, x: ThingIx, stuck: &[bool]) -> bool {
        let thing = &self.things[x];
        match thing.state {
            // It moves when its lots do, and they are looked at themselves.
            State::Hosting => false,
            State::WaitRoom => {
                let to = usize::from(self.model.legs[thing.leg].place);
                self.may_yet_open(to) || !(stuck[to] || self.held_back(to, stuck))
            }
            _ => true,
        }
    }

    /// Whether the calendar may yet let somebody into place `p`.
    fn may_yet_open(&self, p: usize) -> bool {
        let (place, model) = (&self.places[p], &self.model.places[p]);
        let units = &self.units[place.unit_start as usize..][..place.units as usize];
        !place.open
            || (place.change as usize) < model.changes.len()
            || units.iter().any(|unit| unit.life.broken)
    }

    /// Whether somebody could only enter place `p` with something that is held by slots that none can leave.
    fn held_back(&self, p: usize, stuck: &[bool]) -> bool {
        self.holder(p, stuck).is_some()
    }

    /// A place in which all are stuck and whose slots hold what others need to enter place `p`, if nobody else has any of it.
    fn holder(&self, p: usize, stuck: &[bool]) -> Option<usize> {
        if !self.places[p].has_room() {
            return None;
        }
        self.model.places[p].holds.iter().find_map(|&(r, n)| {
            let resource = &self.resources[usize::from(r)];
            let settled = resource.on_shift
                && resource.broken == 0
                && resource.change as usize >= self.model.resources[usize::from(r)].changes.len();
            let used_up = resource.in_use.now() == resource.held && resource.free() < i64::from(n);
            let holds = |q: &usize| {
                let held = self.model.places[*q]
                    .holds
                    .iter()
                    .any(|&(held, _)| held == r);
                held && self.places[*q].occupied.now() > 0
            };
            let mut holders = (0..self.places.len()).filter(holds).peekable();
            let first = holders.peek().copied();
            first.filter(|_| settled && used_up && holders.all(|q| stuck[q]))
        })
    }

    fn cycle_from(&self, start: usize, stuck: &[bool]) -> Vec<PlaceIx> {
        let mut seen: Vec<usize> = Vec::new();
        let mut at = start;
        while !seen.contains(&at) {
            seen.push(at);
            let next = self.things.numbers().find_map(|x| {
                let thing = &self.things[x];
                let to = self.model.legs[thing.leg].place;
                let waits = thing.state == State::WaitRoom
                    && usize::from(self.standing(x)) == at
                    && to != NO_PLACE
                    && (stuck[usize::from(to)] || self.held_back(usize::from(to), stuck));
                debug_assert!(thing.state != State::Free || !thing.is(VEHICLE) || !waits);
                waits.then_some(usize::from(to))
            });
            // Nobody need stand in a place that lacks what it holds: then the circle goes on where that is held.
            let Some(next) = next.or_else(|| self.holder(at, stuck)) else {
                break;
            };
            at = next;
        }
        let from = seen.iter().position(|&place| place == at).unwrap_or(0);
        seen[from..]
            .iter()
            .map(|&place| PlaceIx(place as u16))
            .collect()
    }
}

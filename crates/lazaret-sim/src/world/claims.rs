//! Who wait to begin or go on with a slot, for crews and equipment.
//!
//! They go in one order, whatever they wait for. Of those that need the same only the first can begin, so they are kept
//! in one list for each combination of needs, and only the heads of these lists are looked at.

use lazaret_vocabulary::event::Happening;

use super::{FRESH, LISTED, PAUSED, State, VEHICLE, World, cause};
use crate::index::{Position, ThingIx};
use crate::model::{Leg, NO_PLACE};
use crate::observer::Observer;

/// A turn among those who wait: by priority, then by when the thing became ready, then begun work first, then by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    level: u8,
    since: i64,
    not_begun: bool,
    convoy: u32,
    vehicle: u32,
    /// 0 for the vehicle itself.
    lot: u32,
    source: u16,
    thing: ThingIx,
}

/// Things with a slot that are worked on or wait for it, where something may stop their work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    list: Vec<ThingIx>,
    /// Where in the list each thing is.
    at: Vec<Option<Position>>,
}

impl Watched {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.at.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = ThingIx> + '_ {
        self.list.iter().copied()
    }

    fn add(&mut self, x: ThingIx) {
        if self.at.len() <= x.at() {
            self.at.resize(x.at() + 1, None);
        }
        if self.at[x.at()].is_none() {
            self.at[x.at()] = Some(Position::new(self.list.len()));
            self.list.push(x);
        }
    }

    fn remove(&mut self, x: ThingIx) {
        let Some(at) = self.at.get_mut(x.at()).and_then(Option::take) else {
            return;
        };
        self.list.swap_remove(at.at());
        if let Some(moved) = self.list.get(at.at()) {
            self.at[moved.at()] = Some(at);
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// When it is the turn of `x` among others.
    pub(super) fn turn(&self, x: ThingIx) -> Claim {
        let thing = &self.things[x];
        let (convoy, vehicle) = self.numbers(x);
        Claim {
            level: self.model.level[usize::from(thing.goods)],
            since: thing.since,
            not_begun: !thing.is(PAUSED),
            convoy,
            vehicle,
            lot: if thing.is(VEHICLE) {
                0
            } else {
                u32::from(thing.lots) + 1
            },
            source: self.model.legs[thing.leg].source,
            thing: x,
        }
    }

    /// Which list `x` waits in.
    fn list_of(&self, x: ThingIx, leg: &Leg) -> usize {
        if self.needs_hands(x, leg) {
            usize::from(leg.claim)
        } else {
            0
        }
    }

    /// `x` has its slot in an open place and waits for what it needs.
    ///
    /// * `told` — a listener knows already that it waits.
    pub(super) fn claim(&mut self, x: ThingIx, leg: &Leg, told: bool) {
        let turn = self.turn(x);
        let class = self.list_of(x, leg);
        let list = &mut self.claims[class];
        if list.back().is_none_or(|last| *last < turn) {
            list.push_back(turn);
        } else {
            let at = list.partition_point(|other| *other < turn);
            list.insert(at, turn);
        }
        let thing = &mut self.things[x];
        thing.state = State::WaitWork;
        thing.mark = self.now;
        thing.flags |= LISTED;
        if O::ON && !told && !thing.is(FRESH) {
            thing.flags |= FRESH;
            self.fresh.push(x);
        }
        self.revisit_claim(class as u16);
    }

    /// `x` waits for its place or unit now, and lets those behind it pass.
    pub(super) fn withdraw(&mut self, x: ThingIx, leg: &Leg) {
        let turn = self.turn(x);
        let class = self.list_of(x, leg);
        if let Ok(at) = self.claims[class].binary_search(&turn) {
            self.claims[class].remove(at);
        }
        self.things[x].flags &= !(LISTED | FRESH);
        self.revisit_claim(class as u16);
        let model = self.model;
        for &rival in &model.claims[class].rivals {
            self.revisit_claim(rival);
        }
    }

    /// The head of list `class` may be able to begin: look at it before the instant is over.
    #[inline]
    fn revisit_claim(&mut self, class: u16) {
        let stale = &mut self.stale_claim[usize::from(class)];
        if !*stale {
            *stale = true;
            self.stale_claims.push(class);
        }
    }

    /// More of resource `r` may be free.
    pub(super) fn revisit_resource(&mut self, r: usize) {
        let model = self.model;
        for &class in &model.resources[r].claims {
            if !self.claims[usize::from(class)].is_empty() {
                self.revisit_claim(class);
            }
        }
        for &place in &model.resources[r].held_by {
            if self.places[usize::from(place)].waiting != 0 {
                self.revisit_place(usize::from(place));
            }
        }
    }

    /// Lets the first begin that can, of all who wait; false if none can.
    pub(super) fn let_one_begin(&mut self) -> bool {
        let mut best: Option<(Claim, usize)> = None;
        let mut nth = 0;
        while nth < self.stale_claims.len() {
            let class = usize::from(self.stale_claims[nth]);
            match self.claims[class].front() {
                Some(&head) if self.can_begin(&head, class) => {
                    if best.is_none_or(|(first, _)| head < first) {
                        best = Some((head, class));
                    }
                    nth += 1;
                }
                _ => {
                    self.stale_claim[class] = false;
                    self.stale_claims.swap_remove(nth);
                }
            }
        }
        let Some((Claim { thing: x, .. }, class)) = best else {
            return false;
        };
        self.claims[class].pop_front();
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        if thing.is(PAUSED) {
            if leg.step != NO_PLACE {
                self.steps[usize::from(leg.step)].paused += i128::from(self.now - thing.mark);
            }
        } else {
            self.end_part(x);
        }
        self.things[x].flags &= !(LISTED | FRESH);
        for &(r, n) in &model.claims[class].needs {
            self.take_resource(usize::from(r), n);
        }
        self.serve(x, leg);
        true
    }

    /// Whether enough is free for `claim`, the first of list `class`, and nobody before it lacks any of that.
    fn can_begin(&self, claim: &Claim, class: usize) -> bool {
        let model = &self.model.claims[class];
        model.needs.iter().all(|&(r, n)| self.has(r, n))
            && !model.rivals.iter().any(|&rival| {
                self.claims[usize::from(rival)]
                    .front()
                    .is_some_and(|other| other < claim)
                    && model.needs.iter().any(|&(r, _)| self.lacks(rival, r))
            })
    }

    fn has(&self, r: u16, n: u32) -> bool {
        self.resources[usize::from(r)].free() >= i64::from(n)
    }

    /// Whether list `class` needs more of resource `r` than is free.
    fn lacks(&self, class: u16, r: u16) -> bool {
        let needs = &self.model.claims[usize::from(class)].needs;
        needs.iter().any(|&(need, n)| need == r && !self.has(r, n))
    }

    /// What `x`, which waits for crews and equipment, is said to wait for.
    pub(super) fn missing(&self, x: ThingIx) -> u16 {
        let leg = &self.model.legs[self.things[x].leg];
        let class = self.list_of(x, leg);
        let model = &self.model.claims[class];
        let turn = self.turn(x);
        let lacking = model.needs.iter().find(|&&(r, n)| !self.has(r, n));
        let reserved = || {
            model.needs.iter().find(|&&(r, _)| {
                model.rivals.iter().any(|&rival| {
                    self.claims[usize::from(rival)]
                        .front()
                        .is_some_and(|other| *other < turn)
                        && self.lacks(rival, r)
                })
            })
        };
        let missing = lacking.or_else(reserved).or(model.needs.first());
        missing.map_or(cause::NO_ROOM, |&(r, _)| cause::RESOURCE + r)
    }

    /// Tells of those that began to wait in this instant and still do.
    pub(super) fn tell_fresh(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        for x in fresh.drain(..) {
            let thing = self.things[x];
            if !thing.is(FRESH) {
                continue;
            }
            self.things[x].flags &= !FRESH;
            let why = self.missing(x);
            let place = self.model.legs[thing.leg].place;
            self.tell(|w| Happening::Waiting {
                thing: w.thing_id(x),
                step: w.leg_name(x),
                cause: w.cause_of(why, place),
            });
        }
        self.fresh = fresh;
    }

    /// Something may stop the work on `x`, or what it waits for with its slot: it is listed.
    pub(super) fn watch(&mut self, x: ThingIx) {
        self.watched.add(x);
    }

    pub(super) fn unwatch(&mut self, x: ThingIx) {
        self.watched.remove(x);
    }
}

//! Waiting lists in which an entry may be passed, or taken from the middle.
//!
//! Where classes are kept apart the first of the queue may have to let those behind it pass. All of one class meet the
//! same answer, except that a unit may be taken by the group of one convoy. So only the first of each class and the
//! first of each convoy with a unit need be asked, however long the queue is.

use std::collections::{BTreeMap, HashMap};

use super::World;
use super::flow::Admission;
use crate::index::ThingIx;
use crate::observer::Observer;

type Place = (u8, u8, u64);

/// A waiting list by level, class and order of coming.
#[derive(Clone, Debug, Default)]
pub(crate) struct Searched {
    order: BTreeMap<Place, ThingIx>,
    by_convoy: BTreeMap<(u64, Place), ThingIx>,
    places: HashMap<ThingIx, (u64, Place)>,
}

impl Searched {
    pub(crate) fn clear(&mut self) {
        self.order.clear();
        self.by_convoy.clear();
        self.places.clear();
    }

    fn push(&mut self, x: ThingIx, convoy: u64, place: Place) {
        self.order.insert(place, x);
        if convoy != 0 {
            self.by_convoy.insert((convoy, place), x);
        }
        self.places.insert(x, (convoy, place));
    }

    /// Takes `x` out; whether any of its level is left.
    fn remove(&mut self, x: ThingIx) -> Option<(u8, bool)> {
        let (convoy, place) = self.places.remove(&x)?;
        self.order.remove(&place);
        self.by_convoy.remove(&(convoy, place));
        let (level, ..) = place;
        let left = self.order.range((level, 0, 0)..).next();
        Some((level, left.is_some_and(|(&(next, ..), _)| next == level)))
    }

    /// All in the order in which they are asked.
    pub(super) fn in_order(&self) -> Vec<ThingIx> {
        let mut order: Vec<(u8, u64, ThingIx)> = self
            .order
            .iter()
            .map(|(&(level, _, came), &x)| (level, came, x))
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., x)| x).collect()
    }

    /// The first of each class in a level: when it came and who it is.
    fn firsts(&self, level: u8, out: &mut Vec<(u64, ThingIx)>) {
        let mut class = 0;
        while let Some((&(at, goods, came), &x)) = self.order.range((level, class, 0)..).next()
            && at == level
        {
            out.push((came, x));
            let Some(next) = goods.checked_add(1) else {
                break;
            };
            class = next;
        }
    }

    /// The first of each class in a level among those of `convoy`.
    fn firsts_of(&self, convoy: u64, level: u8, out: &mut Vec<(u64, ThingIx)>) {
        let mut class = 0;
        while let Some((&(of, (at, goods, came)), &x)) =
            self.by_convoy.range((convoy, (level, class, 0))..).next()
            && (of, at) == (convoy, level)
        {
            out.push((came, x));
            let Some(next) = goods.checked_add(1) else {
                break;
            };
            class = next;
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// Puts `x` at the end of the queue of place `p`.
    pub(super) fn queue_up(&mut self, x: ThingIx, p: usize) {
        let goods = self.things[x].goods;
        let level = self.model.level[usize::from(goods)];
        self.places[p].waiting |= 1 << level;
        if self.model.places[p].searched {
            self.sequence += 1;
            let convoy = self.group_of(x, p);
            self.searched[p].push(x, convoy, (level, goods, self.sequence));
            return;
        }
        let list = &mut self.queues[p * self.model.levels + usize::from(level)];
        list.push(&mut self.things, x);
    }

    /// Takes `x` out of the queue of place `p`. Unless that is searched `x` must be the first of its level.
    pub(super) fn unqueue(&mut self, x: ThingIx, p: usize) {
        if self.model.places[p].searched {
            if let Some((level, left)) = self.searched[p].remove(x)
                && !left
            {
                self.places[p].waiting &= !(1 << level);
            }
            return;
        }
        let level = self.model.level[usize::from(self.things[x].goods)];
        let list = &mut self.queues[p * self.model.levels + usize::from(level)];
        let first = list.pop(&self.things);
        debug_assert_eq!(first, Some(x), "not the first in its queue");
        if list.first().is_none() {
            self.places[p].waiting &= !(1 << level);
        }
    }

    /// The first in the queue of `p` that may enter, and into which unit.
    pub(super) fn first_admissible(&self, p: usize) -> Option<(ThingIx, u16)> {
        let mut levels = self.places[p].waiting;
        if !self.model.places[p].searched {
            let level = levels.trailing_zeros() as usize;
            let first = self.queues[p * self.model.levels + level].first()?;
            if self.places[p].plain {
                return Some((first, 0));
            }
            return match self.admission(first, p) {
                Admission::Unit(unit) => Some((first, unit)),
                Admission::Nobody(_) | Admission::NotThis(_) => None,
            };
        }
        let mut asked: Vec<(u64, ThingIx)> = Vec::new();
        while levels != 0 {
            let level = levels.trailing_zeros() as u8;
            levels &= levels - 1;
            asked.clear();
            self.searched[p].firsts(level, &mut asked);
            let place = &self.places[p];
            for unit in &self.units[place.unit_start as usize..][..place.units as usize] {
                if unit.group != 0 && unit.occupied > 0 && unit.entered < unit.slots {
                    self.searched[p].firsts_of(unit.group, level, &mut asked);
                }
            }
            asked.sort_unstable();
            asked.dedup();
            for &(_, x) in &asked {
                match self.admission(x, p) {
                    Admission::Unit(unit) => return Some((x, unit)),
                    Admission::Nobody(_) => return None,
                    Admission::NotThis(_) => {}
                }
            }
        }
        None
    }
}

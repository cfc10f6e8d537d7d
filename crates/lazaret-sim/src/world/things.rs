//! Where vehicles and lots are kept, and lists of them.

use std::ops::{Index, IndexMut};

use super::{State, Thing};
use crate::index::{Instant, ThingIx};
use crate::model::NO_PLACE;

/// All vehicles and lots of a replication. What is gone leaves its memory to the next that comes.
#[derive(Clone, Debug)]
pub(crate) struct Things {
    all: Vec<Thing>,
    /// The first of those that are gone; each names the next.
    gone: Option<ThingIx>,
    /// Instants from which holds may count, `each` for every thing.
    marks: Vec<Option<Instant>>,
    each: usize,
}

impl Things {
    /// * `marks` — how many are kept for each thing.
    pub(super) fn new(marks: usize) -> Self {
        Things {
            all: Vec::new(),
            gone: None,
            marks: Vec::new(),
            each: marks,
        }
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.gone = None;
        self.marks.clear();
    }

    /// Takes in one that has come, without marks.
    #[inline(always)]
    pub(super) fn add(&mut self, thing: Thing) -> ThingIx {
        if let Some(x) = self.gone {
            let slot = &mut self.all[x.at()];
            self.gone = slot.next;
            *slot = thing;
            if self.each > 0 {
                let from = x.at() * self.each;
                self.marks[from..from + self.each].fill(None);
            }
            return x;
        }
        self.all.push(thing);
        self.marks.resize(self.all.len() * self.each, None);
        ThingIx::new(self.all.len() - 1)
    }

    /// One is gone.
    #[inline]
    pub(super) fn remove(&mut self, x: ThingIx) {
        let thing = &mut self.all[x.at()];
        thing.state = State::Free;
        thing.place = NO_PLACE;
        thing.host = None;
        thing.next = self.gone.replace(x);
    }

    /// Those that are here, and memory of those that are gone.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Thing> {
        self.all.iter()
    }

    /// Names of the same.
    pub(super) fn numbers(&self) -> impl Iterator<Item = ThingIx> + use<> {
        (0..self.all.len()).map(ThingIx::new)
    }

    /// The marks of `x`.
    #[inline]
    pub(super) fn marks(&self, x: ThingIx) -> &[Option<Instant>] {
        &self.marks[x.at() * self.each..][..self.each]
    }

    /// Sets the marks of `x` that `bits` names.
    #[inline]
    pub(super) fn mark(&mut self, x: ThingIx, mut bits: u32, now: i64) {
        while bits != 0 {
            let at = x.at() * self.each + bits.trailing_zeros() as usize;
            self.marks[at] = Some(Instant::new(now));
            bits &= bits - 1;
        }
    }

    /// What was done to `from` was done to `to`.
    pub(super) fn inherit_marks(&mut self, from: ThingIx, to: ThingIx) {
        let start = from.at() * self.each;
        self.marks
            .copy_within(start..start + self.each, to.at() * self.each);
    }
}

impl Index<ThingIx> for Things {
    type Output = Thing;

    #[inline]
    fn index(&self, x: ThingIx) -> &Thing {
        &self.all[x.at()]
    }
}

impl IndexMut<ThingIx> for Things {
    #[inline]
    fn index_mut(&mut self, x: ThingIx) -> &mut Thing {
        &mut self.all[x.at()]
    }
}

/// A list of things in the order in which they came, linked through [`Thing::next`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List {
    first: Option<ThingIx>,
    last: Option<ThingIx>,
}

impl List {
    #[inline]
    pub(super) fn first(&self) -> Option<ThingIx> {
        self.first
    }

    pub(super) fn push(&mut self, things: &mut Things, x: ThingIx) {
        things[x].next = None;
        match self.last.replace(x) {
            Some(last) => things[last].next = Some(x),
            None => self.first = Some(x),
        }
    }

    pub(super) fn pop(&mut self, things: &Things) -> Option<ThingIx> {
        let first = self.first?;
        self.first = things[first].next;
        if self.first.is_none() {
            self.last = None;
        }
        Some(first)
    }
}

//! Heaps of packed keys.

use super::{Calendar, kind};

/// Most events that one heap can hold. A power of two: masking by it lets the compiler drop bounds checks.
const CAPACITY: usize = 1 << 14;
/// Kinds from this one on lie far ahead when they are scheduled; see [`NearAndFar`].
const FIRST_FAR_KIND: usize = 3;

/// A min-heap in a fixed array, each node with `ARITY` children: 2, or 4 for half the levels.
///
/// A pop only marks the root as vacant. If the next operation is a push, as it mostly is when one event causes
/// the next, the new key sinks from the root and the pop costs nothing; otherwise the last leaf is moved up.
#[derive(Debug)]
pub struct Heap<const ARITY: usize> {
    keys: Box<[u64; CAPACITY]>,
    len: usize,
    vacant: bool,
}

impl<const ARITY: usize> Default for Heap<ARITY> {
    fn default() -> Self {
        const { assert!(ARITY == 2 || ARITY == 4) }
        Self {
            keys: vec![0; CAPACITY].try_into().expect("the length is right"),
            len: 0,
            vacant: false,
        }
    }
}

impl<const ARITY: usize> Heap<ARITY> {
    /// Makes the root hold the earliest key again, if it was vacant.
    #[inline(always)]
    fn settle(&mut self) {
        if self.vacant {
            self.vacant = false;
            self.len -= 1;
            if self.len > 0 {
                self.sink(self.keys[self.len % CAPACITY]);
            }
        }
    }

    /// Fills the vacant root with `key`: the hole goes to a leaf along the smallest children, then `key` rises.
    /// A key from the bottom or from the far future belongs near the leaves, so it is not compared on the way.
    #[inline(always)]
    fn sink(&mut self, key: u64) {
        let keys = &mut self.keys;
        let len = self.len;
        let at = |keys: &[u64; CAPACITY], place: usize| keys[place % CAPACITY];
        let mut hole = 0;
        let mut child = 1;
        while child + ARITY <= len {
            // Written so that the compiler selects instead of jumping: the outcome cannot be predicted.
            let (a, b) = (at(keys, child), at(keys, child + 1));
            let (mut least, mut place) = (a.min(b), child + usize::from(b < a));
            if ARITY == 4 {
                let (c, d) = (at(keys, child + 2), at(keys, child + 3));
                let (right, right_place) = (c.min(d), child + 2 + usize::from(d < c));
                place = if right < least { right_place } else { place };
                least = least.min(right);
            }
            keys[hole % CAPACITY] = least;
            hole = place;
            child = ARITY * hole + 1;
        }
        if child < len {
            let place = (child..len)
                .min_by_key(|&place| at(keys, place))
                .unwrap_or(child);
            keys[hole % CAPACITY] = at(keys, place);
            hole = place;
        }
        self.rise(hole, key);
    }

    #[inline(always)]
    fn rise(&mut self, mut hole: usize, key: u64) {
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            let above = self.keys[parent % CAPACITY];
            if above <= key {
                break;
            }
            self.keys[hole % CAPACITY] = above;
            hole = parent;
        }
        self.keys[hole % CAPACITY] = key;
    }

    /// The earliest key, or `u64::MAX`.
    #[inline(always)]
    fn first(&mut self) -> u64 {
        self.settle();
        if self.len == 0 {
            u64::MAX
        } else {
            self.keys[0]
        }
    }
}

impl<const ARITY: usize> Calendar for Heap<ARITY> {
    fn clear(&mut self) {
        self.len = 0;
        self.vacant = false;
    }

    #[inline(always)]
    fn push(&mut self, _kind: usize, key: u64) {
        if self.vacant {
            self.vacant = false;
            self.sink(key);
        } else {
            assert!(
                self.len < CAPACITY,
                "more than {CAPACITY} events in one heap"
            );
            self.len += 1;
            self.rise(self.len - 1, key);
        }
    }

    #[inline(always)]
    fn pop_below(&mut self, limit: u64) -> Option<u64> {
        let first = self.first();
        if first >= limit {
            return None;
        }
        self.vacant = true;
        Some(first)
    }
}

/// Two heaps: the holds, which are many and far ahead, no longer make every other event's way longer.
#[derive(Debug)]
pub struct NearAndFar<const ARITY: usize> {
    near: Heap<ARITY>,
    far: Heap<ARITY>,
    far_first: u64,
}

impl<const ARITY: usize> Default for NearAndFar<ARITY> {
    fn default() -> Self {
        Self {
            near: Heap::default(),
            far: Heap::default(),
            far_first: u64::MAX,
        }
    }
}

impl<const ARITY: usize> Calendar for NearAndFar<ARITY> {
    fn clear(&mut self) {
        self.near.clear();
        self.far.clear();
        self.far_first = u64::MAX;
    }

    #[inline(always)]
    fn push(&mut self, kind: usize, key: u64) {
        if kind < FIRST_FAR_KIND {
            self.near.push(kind, key);
        } else {
            self.far.push(kind, key);
            self.far_first = self.far_first.min(key);
        }
    }

    #[inline(always)]
    fn pop_below(&mut self, limit: u64) -> Option<u64> {
        let near_first = self.near.first();
        let first = near_first.min(self.far_first);
        if first >= limit {
            return None;
        }
        if kind(first) < FIRST_FAR_KIND {
            self.near.vacant = true;
        } else {
            self.far.vacant = true;
            self.far_first = self.far.first();
        }
        Some(first)
    }
}

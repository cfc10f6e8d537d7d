//! The event calendar: a ring of buckets over integer time.
//!
//! A bucket covers a power of two of microseconds and holds its events as a list in no order; it is sorted when time has
//! come to it. Buckets are narrow, so that a list seldom has a second event, and a bitmap skips the many that are empty:
//! insertion and removal take constant time on average (Brown1988), and insertion has no branch that depends on what the
//! bucket holds. Events beyond the ring wait in a heap. Events of equal time and rank come out in the order in which they
//! went in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NIL: u32 = u32::MAX;
/// Buckets in the ring.
const BUCKETS: usize = 4096;
const WORDS: usize = BUCKETS / 64;
/// Bits of a key below its time.
pub(crate) const RANK_BITS: u32 = 4;
/// Latest time that a key can hold: about 18,000 years in microseconds.
#[cfg(test)]
const LATEST: i64 = i64::MAX >> RANK_BITS;

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Time and, in its lowest bits, rank.
    key: i64,
    next: u32,
    what: u32,
}

/// Pending events, each `what` at a time with a rank that orders events of the same instant.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    shift: u32,
    /// Number of the bucket that time has reached; none before it holds anything.
    epoch: i64,
    /// The event of each bucket that was inserted last.
    heads: Box<[u32; BUCKETS]>,
    occupied: Box<[u64; WORDS]>,
    nodes: Vec<Node>,
    free: u32,
    /// The events of the bucket that time has reached, in order, if it held several; those before `taken` are gone.
    sorted: Vec<Node>,
    taken: usize,
    far: BinaryHeap<Reverse<(i64, u64, u32)>>,
    far_sequence: u64,
}

impl Calendar {
    /// An empty calendar at time zero.
    ///
    /// * `gap` — wished width of a bucket in microseconds.
    /// * `reach` — how far ahead most events are scheduled, in microseconds.
    pub(crate) fn new(gap: i64, reach: i64) -> Self {
        let width = gap.max(reach / (BUCKETS as i64 - 1)).max(1);
        // Rounded up: a bucket a little too wide costs a comparison, a ring too short costs the heap.
        let shift = (i64::BITS - (width - 1).leading_zeros()).min(55);
        Calendar {
            shift: shift + RANK_BITS,
            epoch: 0,
            heads: Box::new([NIL; BUCKETS]),
            occupied: Box::new([0; WORDS]),
            nodes: Vec::with_capacity(1024),
            free: NIL,
            sorted: Vec::new(),
            taken: 0,
            far: BinaryHeap::new(),
            far_sequence: 0,
        }
    }

    /// Empties the calendar and goes back to time zero, keeping its memory.
    pub(crate) fn clear(&mut self) {
        self.epoch = 0;
        self.heads.fill(NIL);
        self.occupied.fill(0);
        self.nodes.clear();
        self.free = NIL;
        self.sorted.clear();
        self.taken = 0;
        self.far.clear();
        self.far_sequence = 0;
    }

    /// Empties the calendar and goes to `time`, not to nil.
    pub(crate) fn begin_at(&mut self, time: i64) {
        self.clear();
        self.epoch = (time << RANK_BITS) >> self.shift;
    }

    /// Schedules `what` at `time`, which must not lie before the last event taken.
    #[inline]
    pub(crate) fn push(&mut self, time: i64, rank: u8, what: u32) {
        let key = time << RANK_BITS | i64::from(rank);
        let ahead = (key >> self.shift) - self.epoch;
        if ahead >= BUCKETS as i64 {
            self.push_far(key, what);
        } else if ahead == 0 && self.taken < self.sorted.len() {
            self.push_now(key, what);
        } else {
            self.push_ring(key, what);
        }
    }

    #[inline]
    fn push_ring(&mut self, key: i64, what: u32) {
        let bucket = (key >> self.shift) as usize & (BUCKETS - 1);
        let next = self.heads[bucket];
        let node = Node { key, next, what };
        let at = self.free;
        let at = if let Some(slot) = self.nodes.get_mut(at as usize) {
            self.free = slot.next;
            *slot = node;
            at
        } else {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        };
        self.heads[bucket] = at;
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
    }

    /// Puts an event among those of the bucket that time has reached.
    #[cold]
    fn push_now(&mut self, key: i64, what: u32) {
        let at = self.sorted[self.taken..].partition_point(|other| other.key <= key);
        let node = Node {
            key,
            next: NIL,
            what,
        };
        self.sorted.insert(self.taken + at, node);
    }

    #[cold]
    fn push_far(&mut self, key: i64, what: u32) {
        self.far.push(Reverse((key, self.far_sequence, what)));
        self.far_sequence += 1;
    }

    /// Takes the earliest event if it is due by `until`: its time and what it is.
    #[inline]
    pub(crate) fn pop(&mut self, until: i64) -> Option<(i64, u32)> {
        if self.taken == self.sorted.len() {
            if !self.advance() {
                return None;
            }
            let bucket = self.epoch as usize & (BUCKETS - 1);
            let first = self.heads[bucket];
            let Node { key, next, what } = self.nodes[first as usize];
            if next == NIL {
                let time = key >> RANK_BITS;
                if time > until {
                    return None;
                }
                self.nodes[first as usize].next = self.free;
                self.free = first;
                self.heads[bucket] = NIL;
                self.occupied[bucket / 64] &= !(1 << (bucket % 64));
                return Some((time, what));
            }
            self.sort(bucket);
        }
        let Node { key, what, .. } = self.sorted[self.taken];
        let time = key >> RANK_BITS;
        if time > until {
            return None;
        }
        self.taken += 1;
        Some((time, what))
    }

    /// Moves the events of `bucket`, which time has reached, to the sorted list, which must have been used up.
    fn sort(&mut self, bucket: usize) {
        self.sorted.clear();
        self.taken = 0;
        let mut at = std::mem::replace(&mut self.heads[bucket], NIL);
        while let Some(node) = self.nodes.get_mut(at as usize) {
            self.sorted.push(*node);
            let next = std::mem::replace(&mut node.next, self.free);
            self.free = at;
            at = next;
        }
        self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        // The list begins with what went in last; of equals the first to go in comes out first.
        self.sorted.reverse();
        self.sorted.sort_by_key(|node| node.key);
    }

    /// Takes the next event if it has just this time and rank. An event of them must have been the last one taken.
    pub(crate) fn pop_same(&mut self, time: i64, rank: u8) -> Option<u32> {
        let bucket = self.epoch as usize & (BUCKETS - 1);
        if self.taken == self.sorted.len() {
            self.sort(bucket);
        }
        let key = time << RANK_BITS | i64::from(rank);
        let next = self.sorted.get(self.taken)?;
        if next.key != key {
            return None;
        }
        self.taken += 1;
        Some(next.what)
    }

    /// Moves on to the next bucket that holds events. False if nothing is pending.
    #[inline]
    fn advance(&mut self) -> bool {
        match self.distance() {
            Some(distance) => self.epoch += distance,
            None => match self.far.peek() {
                Some(&Reverse((key, ..))) => self.epoch = key >> self.shift,
                None => return false,
            },
        }
        if !self.far.is_empty() {
            self.fetch_far();
        }
        true
    }

    /// Takes into the ring what it now reaches.
    #[cold]
    fn fetch_far(&mut self) {
        while let Some(&Reverse((key, _, what))) = self.far.peek() {
            let epoch = key >> self.shift;
            if epoch - self.epoch >= BUCKETS as i64 {
                break;
            }
            // It may be due before the bucket just found, since the ring has moved on.
            self.epoch = self.epoch.min(epoch);
            self.far.pop();
            self.push_ring(key, what);
        }
    }

    /// Buckets from the present one to the next that holds something.
    #[inline]
    fn distance(&self) -> Option<i64> {
        let start = self.epoch as usize & (BUCKETS - 1);
        let (word, bit) = (start / 64, start % 64);
        // The next 64 buckets, across the end of a word: more often than not that settles it.
        let here = self.occupied[word] >> bit;
        let there = self.occupied[(word + 1) % WORDS] << 1 << (63 - bit);
        let ahead = here | there;
        if ahead != 0 {
            return Some(i64::from(ahead.trailing_zeros()));
        }
        self.far_distance(start)
    }

    /// The same, if none of the next 64 holds anything.
    #[inline(never)]
    fn far_distance(&self, start: usize) -> Option<i64> {
        let mut distance = 64 - (start % 64) as i64;
        for step in 1..=WORDS {
            let word = self.occupied[(start / 64 + step) % WORDS];
            if word != 0 {
                return Some(distance + i64::from(word.trailing_zeros()));
            }
            distance += 64;
        }
        None
    }

    /// Removes `what`, which must be scheduled at `time` with `rank`; false if it is not.
    pub(crate) fn cancel(&mut self, time: i64, rank: u8, what: u32) -> bool {
        let key = time << RANK_BITS | i64::from(rank);
        let is_it = |node: &Node| (node.key, node.what) == (key, what);
        if let Some(at) = self.sorted[self.taken..].iter().position(is_it) {
            self.sorted.remove(self.taken + at);
            return true;
        }
        let bucket = (key >> self.shift) as usize & (BUCKETS - 1);
        let (mut before, mut at) = (NIL, self.heads[bucket]);
        while at != NIL {
            let node = self.nodes[at as usize];
            if is_it(&node) {
                if before == NIL {
                    self.heads[bucket] = node.next;
                } else {
                    self.nodes[before as usize].next = node.next;
                }
                if self.heads[bucket] == NIL {
                    self.occupied[bucket / 64] &= !(1 << (bucket % 64));
                }
                self.nodes[at as usize].next = self.free;
                self.free = at;
                return true;
            }
            (before, at) = (at, node.next);
        }
        let held = self.far.len();
        self.far.retain(|&Reverse((k, _, w))| (k, w) != (key, what));
        self.far.len() < held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious twin: a list kept sorted by time, rank and order of insertion.
    #[derive(Default)]
    struct Sorted(Vec<(i64, u8, u64, u32)>, u64);

    impl Sorted {
        fn push(&mut self, time: i64, rank: u8, what: u32) {
            self.0.push((time, rank, self.1, what));
            self.1 += 1;
            self.0.sort_unstable();
        }
        fn pop(&mut self) -> Option<(i64, u32)> {
            (!self.0.is_empty())
                .then(|| self.0.remove(0))
                .map(|(time, _, _, what)| (time, what))
        }
        fn cancel(&mut self, time: i64, rank: u8, what: u32) -> bool {
            let found = self
                .0
                .iter()
                .position(|&(t, r, _, w)| (t, r, w) == (time, rank, what));
            found.map(|at| self.0.remove(at)).is_some()
        }
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push(i64, u8),
        Pop,
        Cancel(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            3 => (prop_oneof![0i64..50, 0i64..100_000, 0i64..LATEST / 64], 0u8..3).prop_map(|(d, r)| Op::Push(d, r)),
            2 => Just(Op::Pop),
            1 => (0usize..20).prop_map(Op::Cancel),
        ]
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_sorted_list(ops in proptest::collection::vec(op(), 1..300), gap in 1i64..10_000) {
            let mut calendar = Calendar::new(gap, gap * 50);
            let mut twin = Sorted::default();
            let mut now = 0;
            let mut pushed: Vec<(i64, u8, u32)> = Vec::new();
            for (what, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Push(delay, rank) => {
                        let entry = ((now + delay).min(LATEST), rank, what as u32);
                        calendar.push(entry.0, entry.1, entry.2);
                        twin.push(entry.0, entry.1, entry.2);
                        pushed.push(entry);
                    }
                    Op::Pop => {
                        let popped = calendar.pop(i64::MAX);
                        prop_assert_eq!(popped, twin.pop());
                        if let Some((time, _)) = popped { now = time; }
                    }
                    Op::Cancel(nth) => if let Some(&(time, rank, what)) = pushed.get(nth) {
                        prop_assert_eq!(calendar.cancel(time, rank, what), twin.cancel(time, rank, what));
                    }
                }
            }
            while let Some(expected) = twin.pop() {
                prop_assert_eq!(calendar.pop(i64::MAX), Some(expected));
            }
            prop_assert_eq!(calendar.pop(i64::MAX), None);
        }
    }
}

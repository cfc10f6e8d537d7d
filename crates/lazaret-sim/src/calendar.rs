//! The event calendar: a ring of buckets over integer time.
//!
//! A bucket covers 2^`shift` microseconds and holds its events as an unsorted list; only the bucket that time has reached
//! is sorted. With about one event a bucket, both insertion and removal take constant time (Brown1988). Events beyond the
//! ring wait in a heap. Events of equal time and rank come out in the order in which they went in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NIL: u32 = u32::MAX;
/// Buckets in the ring.
const BUCKETS: usize = 4096;
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
    /// Number of the bucket that is being emptied.
    epoch: i64,
    /// Events of that bucket, latest first.
    run: Vec<(i64, u32)>,
    heads: Box<[u32; BUCKETS]>,
    occupied: Box<[u64; BUCKETS / 64]>,
    nodes: Vec<Node>,
    free: u32,
    in_ring: usize,
    far: BinaryHeap<Reverse<(i64, u64, u32)>>,
    far_sequence: u64,
}

impl Calendar {
    /// An empty calendar at time zero.
    ///
    /// * `gap` — expected microseconds between events.
    /// * `reach` — how far ahead most events are scheduled, in microseconds.
    pub(crate) fn new(gap: i64, reach: i64) -> Self {
        let width = gap.max(reach / (BUCKETS as i64 - 1)).max(1);
        // Round up: a bucket a little too wide costs a comparison, a ring too short costs the heap.
        let shift = (i64::BITS - (width - 1).leading_zeros()).min(55);
        Calendar {
            shift: shift + RANK_BITS,
            epoch: 0,
            run: Vec::with_capacity(64),
            heads: Box::new([NIL; BUCKETS]),
            occupied: Box::new([0; BUCKETS / 64]),
            nodes: Vec::with_capacity(1024),
            free: NIL,
            in_ring: 0,
            far: BinaryHeap::new(),
            far_sequence: 0,
        }
    }

    /// Empties the calendar and goes back to time zero, keeping its memory.
    pub(crate) fn clear(&mut self) {
        self.epoch = 0;
        self.run.clear();
        self.heads.fill(NIL);
        self.occupied.fill(0);
        self.nodes.clear();
        self.free = NIL;
        self.in_ring = 0;
        self.far.clear();
        self.far_sequence = 0;
    }

    /// Schedules `what` at `time`, which must not lie before the last event taken.
    #[inline]
    pub(crate) fn push(&mut self, time: i64, rank: u8, what: u32) {
        let key = time << RANK_BITS | i64::from(rank);
        let epoch = key >> self.shift;
        if epoch > self.epoch {
            if epoch - self.epoch < BUCKETS as i64 {
                self.push_ring(key, what);
            } else {
                self.push_far(key, what);
            }
        } else {
            // After all that are at most as late, so that ties keep the order of insertion.
            let mut at = self.run.len();
            while at > 0 && self.run[at - 1].0 <= key {
                at -= 1;
            }
            self.run.insert(at, (key, what));
        }
    }

    #[inline]
    fn push_ring(&mut self, key: i64, what: u32) {
        let bucket = (key >> self.shift) as usize & (BUCKETS - 1);
        let node = Node {
            key,
            next: self.heads[bucket],
            what,
        };
        let at = if self.free == NIL {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        } else {
            let at = self.free;
            self.free = self.nodes[at as usize].next;
            self.nodes[at as usize] = node;
            at
        };
        self.heads[bucket] = at;
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.in_ring += 1;
    }

    #[cold]
    fn push_far(&mut self, key: i64, what: u32) {
        self.far.push(Reverse((key, self.far_sequence, what)));
        self.far_sequence += 1;
    }

    /// Time of the earliest event.
    #[inline]
    pub(crate) fn next_time(&mut self) -> Option<i64> {
        if self.run.is_empty() && !self.advance() {
            return None;
        }
        self.run.last().map(|&(key, _)| key >> RANK_BITS)
    }

    /// Takes the earliest event: its time and what it is.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(i64, u32)> {
        if self.run.is_empty() && !self.advance() {
            return None;
        }
        self.run.pop().map(|(key, what)| (key >> RANK_BITS, what))
    }

    /// Moves on to the next bucket that holds events and sorts it. False if nothing is pending.
    fn advance(&mut self) -> bool {
        if self.in_ring == 0 {
            let Some(&Reverse((key, ..))) = self.far.peek() else {
                return false;
            };
            self.epoch = key >> self.shift;
        } else {
            self.epoch += self.distance_to_occupied();
            // What was far may be due no later than the bucket found, since the ring has moved on.
            if let Some(&Reverse((key, ..))) = self.far.peek() {
                self.epoch = self.epoch.min(key >> self.shift);
            }
        }
        while let Some(&Reverse((key, _, what))) = self.far.peek() {
            if (key >> self.shift) - self.epoch >= BUCKETS as i64 {
                break;
            }
            self.far.pop();
            self.push_ring(key, what);
        }
        self.take_bucket(self.epoch as usize & (BUCKETS - 1));
        true
    }

    /// Buckets between the present one and the next that holds something.
    fn distance_to_occupied(&self) -> i64 {
        let start = (self.epoch as usize + 1) & (BUCKETS - 1);
        let words = BUCKETS / 64;
        let first = self.occupied[start / 64] >> (start % 64);
        if first != 0 {
            return 1 + i64::from(first.trailing_zeros());
        }
        let mut distance = 64 - (start % 64) as i64;
        for step in 1..=words {
            let word = self.occupied[(start / 64 + step) % words];
            if word != 0 {
                return 1 + distance + i64::from(word.trailing_zeros());
            }
            distance += 64;
        }
        unreachable!(
            "the ring holds {} events and no bucket says so",
            self.in_ring
        )
    }

    fn take_bucket(&mut self, bucket: usize) {
        let mut at = self.heads[bucket];
        self.heads[bucket] = NIL;
        self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        while at != NIL {
            let node = self.nodes[at as usize];
            self.run.push((node.key, node.what));
            self.nodes[at as usize].next = self.free;
            self.free = at;
            self.in_ring -= 1;
            at = node.next;
        }
        // The list ran from newest to oldest, and the sort is stable: among equals the oldest stands last, popped first.
        if self.run.len() > 24 {
            self.run.sort_by_key(|&(key, _)| Reverse(key));
            return;
        }
        for i in 1..self.run.len() {
            let entry = self.run[i];
            let mut at = i;
            while at > 0 && self.run[at - 1].0 < entry.0 {
                self.run[at] = self.run[at - 1];
                at -= 1;
            }
            self.run[at] = entry;
        }
    }

    /// Removes `what`, which must be scheduled at `time` with `rank`; false if it is not.
    pub(crate) fn cancel(&mut self, time: i64, rank: u8, what: u32) -> bool {
        let key = time << RANK_BITS | i64::from(rank);
        if key >> self.shift <= self.epoch {
            if let Some(at) = self.run.iter().rposition(|&entry| entry == (key, what)) {
                self.run.remove(at);
                return true;
            }
            return false;
        }
        let bucket = (key >> self.shift) as usize & (BUCKETS - 1);
        let (mut before, mut at) = (NIL, self.heads[bucket]);
        while at != NIL {
            let node = self.nodes[at as usize];
            if (node.key, node.what) == (key, what) {
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
                self.in_ring -= 1;
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
                        let popped = calendar.pop();
                        prop_assert_eq!(popped, twin.pop());
                        if let Some((time, _)) = popped { now = time; }
                    }
                    Op::Cancel(nth) => if let Some(&(time, rank, what)) = pushed.get(nth) {
                        prop_assert_eq!(calendar.cancel(time, rank, what), twin.cancel(time, rank, what));
                    }
                }
            }
            while let Some(expected) = twin.pop() {
                prop_assert_eq!(calendar.pop(), Some(expected));
            }
            prop_assert_eq!(calendar.pop(), None);
        }
    }
}

//! A calendar queue: a ring of buckets over time, each a short sorted list.

use super::{Calendar, time};

/// Ticks a bucket covers, as a power of two.
const WIDTH_SHIFT: u32 = crate::model::TICK_BITS - 4;
/// Buckets in the ring: 1024 hours. All events must lie within that time of now; a hold takes 720 at most.
const BUCKETS: usize = 1 << 14;
/// Most events at once.
const NODES: usize = 1 << 14;
/// No node.
const NIL: u16 = u16::MAX;

/// Bucket ring with a bitmap of the buckets that are not empty.
///
/// With a bucket of a sixteenth of an hour nearly all lists hold one or two events, so inserting in order is a
/// compare or two, and the next bucket in use is found by counting trailing zeros in a word of 64 buckets.
#[derive(Debug)]
pub struct Ring {
    heads: Box<[u16; BUCKETS]>,
    used: [u64; BUCKETS / 64],
    keys: Box<[u64; NODES]>,
    next: Box<[u16; NODES]>,
    free: u16,
    fresh: usize,
    len: usize,
    /// No event lies before this instant [ticks]: the search starts in its bucket.
    now: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            heads: vec![NIL; BUCKETS].try_into().expect("the length is right"),
            used: [0; BUCKETS / 64],
            keys: vec![0; NODES].try_into().expect("the length is right"),
            next: vec![NIL; NODES].try_into().expect("the length is right"),
            free: NIL,
            fresh: 0,
            len: 0,
            now: 0,
        }
    }
}

/// The bucket of an instant.
#[inline(always)]
fn bucket(time: u64) -> usize {
    (time >> WIDTH_SHIFT) as usize % BUCKETS
}

impl Calendar for Ring {
    fn clear(&mut self) {
        self.heads.fill(NIL);
        self.used.fill(0);
        self.free = NIL;
        self.fresh = 0;
        self.len = 0;
        self.now = 0;
    }

    #[inline(always)]
    fn push(&mut self, _kind: usize, key: u64) {
        let node = if self.free == NIL {
            assert!(self.fresh < NODES, "more than {NODES} events in the ring");
            self.fresh += 1;
            self.fresh - 1
        } else {
            let node = usize::from(self.free);
            self.free = self.next[node % NODES];
            node
        };
        self.keys[node % NODES] = key;
        self.len += 1;
        let bucket = bucket(time(key));
        // A later bucket would share its place with an earlier one, and events would come out of order.
        assert!(
            (time(key) >> WIDTH_SHIFT) - (self.now >> WIDTH_SHIFT) < BUCKETS as u64,
            "the ring of buckets is too short for this variant"
        );
        self.used[bucket / 64] |= 1 << (bucket % 64);
        let head = self.heads[bucket];
        if head == NIL || key < self.keys[usize::from(head) % NODES] {
            self.next[node % NODES] = head;
            self.heads[bucket] = node as u16;
            return;
        }
        let mut before = usize::from(head);
        loop {
            let after = self.next[before % NODES];
            if after == NIL || key < self.keys[usize::from(after) % NODES] {
                self.next[node % NODES] = after;
                self.next[before % NODES] = node as u16;
                return;
            }
            before = usize::from(after);
        }
    }

    #[inline(always)]
    fn pop_below(&mut self, limit: u64) -> Option<u64> {
        if self.len == 0 {
            self.now = self.now.max(time(limit));
            return None;
        }
        let start = bucket(self.now);
        let mut word = start / 64;
        let mut bits = self.used[word] & (u64::MAX << (start % 64));
        while bits == 0 {
            word = (word + 1) % (BUCKETS / 64);
            bits = self.used[word];
        }
        let bucket = word * 64 + bits.trailing_zeros() as usize;
        let node = usize::from(self.heads[bucket % BUCKETS]);
        let key = self.keys[node % NODES];
        if key >= limit {
            self.now = self.now.max(time(limit));
            return None;
        }
        self.now = time(key);
        self.len -= 1;
        let after = self.next[node % NODES];
        self.heads[bucket % BUCKETS] = after;
        self.used[word] &= !(u64::from(after == NIL) << (bucket % 64));
        self.next[node % NODES] = self.free;
        self.free = node as u16;
        Some(key)
    }
}

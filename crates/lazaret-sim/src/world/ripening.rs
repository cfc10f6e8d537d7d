//! Lots whose hold ends in time for a departure, kept without an event each.
//!
//! Where a hold leads straight to a departure nothing happens when it ends, except that the next departure may take the
//! lot. So its end is filed in a bin about as long as the time between departures, and looked at when one is due.

use std::collections::VecDeque;

const BINS: i64 = 256;

/// A lot that has ripened: priority level, end of its hold, order of filing, and which thing it is. Their order is the
/// order in which departures take them.
pub(crate) type Ripe = (u8, i64, u32, u32);

/// Lots by the end of their hold.
#[derive(Clone, Debug)]
pub(crate) struct Ripening {
    /// A bin covers two to this power microseconds.
    shift: u32,
    /// Number of the first bin.
    first: i64,
    bins: VecDeque<Vec<Ripe>>,
    sequence: u32,
    /// Lots that may depart.
    pub(crate) ripe: Vec<Ripe>,
    passing: Vec<Ripe>,
}

impl Ripening {
    /// * `interval` — typical time between departures, in microseconds.
    /// * `reach` — how long holds last, in microseconds.
    pub(crate) fn new(interval: i64, reach: i64) -> Self {
        let width = (interval / 2).max(reach / (BINS - 1)).max(1);
        Ripening {
            shift: (i64::BITS - (width - 1).leading_zeros()).min(56),
            first: 0,
            bins: (0..BINS).map(|_| Vec::new()).collect(),
            sequence: 0,
            ripe: Vec::new(),
            passing: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.first = 0;
        self.sequence = 0;
        self.ripe.clear();
        self.bins.iter_mut().for_each(Vec::clear);
    }

    /// Files thing `x` of priority `level`, whose hold ends at `ends`.
    #[inline]
    pub(crate) fn file(&mut self, level: u8, ends: i64, x: u32) {
        let entry = (level, ends, self.sequence, x);
        self.sequence = self.sequence.wrapping_add(1);
        self.put(entry);
    }

    fn put(&mut self, entry: Ripe) {
        // What lies beyond the last bin waits in it and is filed again when its turn comes.
        let bin = ((entry.1 >> self.shift) - self.first).clamp(0, BINS - 1);
        self.bins[bin as usize].push(entry);
    }

    /// Moves all whose hold has ended by `now` to [`Ripening::ripe`] and shows each to `ripened`.
    pub(crate) fn ripen(&mut self, now: i64, mut ripened: impl FnMut(&Ripe)) {
        let last = now >> self.shift;
        while self.first <= last {
            let mut passing = std::mem::take(&mut self.passing);
            std::mem::swap(&mut passing, &mut self.bins[0]);
            let over = self.first < last;
            if over {
                self.bins.rotate_left(1);
                self.first += 1;
            }
            for entry in passing.drain(..) {
                if entry.1 <= now {
                    ripened(&entry);
                    self.ripe.push(entry);
                } else {
                    self.put(entry);
                }
            }
            self.passing = passing;
            if !over {
                break;
            }
        }
    }

    /// Takes the first `n` of the ripe, in no particular order.
    pub(crate) fn take(&mut self, n: usize) -> impl Iterator<Item = Ripe> + '_ {
        if n < self.ripe.len() {
            self.ripe.select_nth_unstable(n);
        }
        let n = n.min(self.ripe.len());
        self.ripe.drain(..n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn departures_take_what_a_sorted_list_would_give(
            lots in proptest::collection::vec((0i64..5_000, 0u8..3), 1..200),
            departures in proptest::collection::vec((1i64..600, 0usize..12), 1..20),
            interval in 1i64..400,
        ) {
            let mut ripening = Ripening::new(interval, 100);
            let mut twin: Vec<Ripe> = Vec::new();
            for (x, &(ends, level)) in lots.iter().enumerate() {
                ripening.file(level, ends, x as u32);
                twin.push((level, ends, x as u32, x as u32));
            }
            let mut now = 0;
            for (gap, load) in departures {
                now += gap;
                ripening.ripen(now, |_| {});
                let mut taken: Vec<Ripe> = ripening.take(load).collect();
                taken.sort_unstable();
                let mut expected: Vec<Ripe> = twin.iter().copied().filter(|lot| lot.1 <= now).collect();
                expected.sort_unstable();
                expected.truncate(load);
                prop_assert_eq!(&taken, &expected);
                twin.retain(|lot| !expected.contains(lot));
            }
        }
    }
}

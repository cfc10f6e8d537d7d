//! Lots whose hold ends in time for a departure, kept without an event each.
//!
//! Where a hold leads straight to a departure nothing happens when it ends, except that the next departure may take the
//! lot. So its end is filed in a bin about as long as the time between departures, and looked at when one is due.

use crate::index::ThingIx;

const BINS: usize = 256;

/// A lot in such a hold. Their order is the order in which departures take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ripe {
    /// Priority.
    pub(crate) level: u8,
    /// End of the hold.
    pub(crate) ends: i64,
    /// Order of filing.
    pub(crate) sequence: u32,
    pub(crate) thing: ThingIx,
    /// The step of the hold.
    pub(crate) step: u16,
    /// That the hold is over stands with the thing, too.
    pub(crate) noted: bool,
}

/// Lots by the end of their hold.
#[derive(Clone, Debug)]
pub(crate) struct Ripening {
    /// A bin covers two to this power microseconds.
    shift: u32,
    /// Number of the first bin.
    first: i64,
    /// The bin of number n stands at n modulo their count.
    bins: Box<[Vec<Ripe>; BINS]>,
    sequence: u32,
    /// Lots that may depart.
    pub(crate) ripe: Vec<Ripe>,
    passing: Vec<Ripe>,
}

impl Ripening {
    /// * `interval` — typical time between departures, in microseconds.
    /// * `reach` — how long holds last, in microseconds.
    pub(crate) fn new(interval: i64, reach: i64) -> Self {
        let width = (interval / 2).max(reach / (BINS as i64 - 1)).max(1);
        Ripening {
            shift: (i64::BITS - (width - 1).leading_zeros()).min(56),
            first: 0,
            bins: Box::new([const { Vec::new() }; BINS]),
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

    /// Files a lot; its sequence is given here.
    #[inline(always)]
    pub(crate) fn file(&mut self, mut lot: Ripe) {
        lot.sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.put(lot);
    }

    /// Adds a lot that may depart already; its sequence is given here.
    pub(crate) fn add_ripe(&mut self, mut lot: Ripe) {
        lot.sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.ripe.push(lot);
    }

    /// All lots in it, in the order in which they were filed.
    pub(crate) fn lots(&self) -> Vec<Ripe> {
        let mut lots: Vec<Ripe> = self
            .bins
            .iter()
            .flatten()
            .chain(&self.ripe)
            .copied()
            .collect();
        lots.sort_unstable_by_key(|lot| lot.sequence);
        lots
    }

    #[inline(always)]
    fn put(&mut self, lot: Ripe) {
        // What lies beyond the last bin waits in it and is filed again when its turn comes.
        let last = self.first + BINS as i64 - 1;
        let bin = (lot.ends >> self.shift).clamp(self.first, last);
        self.bins[bin as usize % BINS].push(lot);
    }

    /// Moves all whose hold has ended by `now` to [`Ripening::ripe`] and shows them to `ripened`.
    pub(crate) fn ripen(&mut self, now: i64, mut ripened: impl FnMut(&[Ripe])) {
        let last = now >> self.shift;
        while self.first <= last {
            let mut passing = std::mem::take(&mut self.passing);
            std::mem::swap(&mut passing, &mut self.bins[self.first as usize % BINS]);
            let over = self.first < last;
            self.first += i64::from(over);
            let ripe = self.ripe.len();
            for &lot in &passing {
                if lot.ends <= now {
                    self.ripe.push(lot);
                } else {
                    self.put(lot);
                }
            }
            ripened(&self.ripe[ripe..]);
            passing.clear();
            self.passing = passing;
            if !over {
                break;
            }
        }
    }

    /// Takes the first `n` of the ripe, in no particular order, into `taken`, which is cleared.
    pub(crate) fn take(&mut self, n: usize, taken: &mut Vec<Ripe>) {
        taken.clear();
        if n < self.ripe.len() {
            self.ripe.select_nth_unstable(n);
            taken.extend(self.ripe.drain(..n));
        } else {
            std::mem::swap(taken, &mut self.ripe);
        }
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
                let sequence = x as u32;
                let lot = Ripe { level, ends, sequence, thing: ThingIx::new(x), step: 0, noted: false };
                ripening.file(lot);
                twin.push(lot);
            }
            let mut now = 0;
            for (gap, load) in departures {
                now += gap;
                ripening.ripen(now, |_| {});
                let mut taken = Vec::new();
                ripening.take(load, &mut taken);
                taken.sort_unstable();
                let mut expected: Vec<Ripe> = twin.iter().copied().filter(|lot| lot.ends <= now).collect();
                expected.sort_unstable();
                expected.truncate(load);
                prop_assert_eq!(&taken, &expected);
                twin.retain(|lot| !expected.contains(lot));
            }
        }
    }
}

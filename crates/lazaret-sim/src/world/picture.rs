//! How full each place was over the run: the picture behind [`Measurements::occupancy`](super::Measurements).

use super::PlaceS;
use crate::model::OCCUPANCY_BINS;

/// Occupied slots of each place in equal parts of the run.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Occupied slots times microseconds up to each bin's end, bin by bin, place by place.
    sums: Vec<i128>,
    /// The same of each place up to the end of the warm-up, at which its count starts anew.
    before: Vec<i128>,
    width: i64,
    bin: usize,
    /// When the present bin ends.
    ends: i64,
    /// The first bin that the run covers, and the first that it covers whole.
    first: usize,
    whole: usize,
}

impl Picture {
    pub(super) fn new(places: usize, horizon: i64) -> Self {
        let width = (horizon / OCCUPANCY_BINS as i64).max(1);
        Picture {
            sums: vec![0; places * OCCUPANCY_BINS],
            before: vec![0; places],
            width,
            bin: 0,
            ends: width,
            first: 0,
            whole: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.before.fill(0);
        (self.bin, self.ends) = (0, self.width);
        (self.first, self.whole) = (0, 0);
    }

    /// The run begins at `at`, not at nil. The bin that it begins in, unless with it, stays without a mean.
    pub(super) fn begin_at(&mut self, at: i64) {
        self.clear();
        let bin = (at / self.width).min(OCCUPANCY_BINS as i64);
        self.bin = bin as usize;
        self.ends = if self.bin < OCCUPANCY_BINS {
            (bin + 1) * self.width
        } else {
            i64::MAX
        };
        self.first = self.bin;
        self.whole = self.bin + usize::from(at % self.width != 0);
    }

    /// How long a bin is, in microseconds.
    pub(super) fn width(&self) -> i64 {
        self.width
    }

    /// Whether a bin has ended by `now`: then it must be noted before anything moves.
    #[inline]
    pub(super) fn is_due(&self, now: i64) -> bool {
        now >= self.ends
    }

    /// Notes the bins that have ended by `now`.
    #[cold]
    pub(super) fn note(&mut self, places: &[PlaceS], now: i64) {
        while self.ends <= now && self.bin < OCCUPANCY_BINS {
            let sums = &mut self.sums[self.bin * places.len()..];
            for ((sum, place), before) in sums.iter_mut().zip(places).zip(&self.before) {
                *sum = place.occupied.integral(self.ends) + before;
            }
            self.bin += 1;
            self.ends += self.width;
        }
        if self.bin >= OCCUPANCY_BINS {
            self.ends = i64::MAX;
        }
    }

    /// The counts of all places are about to start anew; the picture goes on.
    pub(super) fn warm(&mut self, places: &[PlaceS], now: i64) {
        for (before, place) in self.before.iter_mut().zip(places) {
            *before = place.occupied.integral(now);
        }
    }

    /// Mean occupied slots, place by place; NaN for bins that the run did not come to.
    pub(super) fn means(&self, means: &mut Vec<f32>) {
        means.clear();
        let places = self.before.len();
        for p in 0..places {
            let mut before = 0;
            for bin in 0..OCCUPANCY_BINS {
                if bin >= self.bin || bin < self.first {
                    means.push(f32::NAN);
                    continue;
                }
                let sum = self.sums[bin * places + p];
                if bin < self.whole {
                    means.push(f32::NAN);
                    before = sum;
                    continue;
                }
                means.push((sum - before) as f32 / self.width as f32);
                before = sum;
            }
        }
    }
}

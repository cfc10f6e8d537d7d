//! Statistics of one replication, kept without storing samples.
//!
//! Sums are of whole microseconds, so that they do not depend on the order in which they were added and a traced run
//! reports the same figures as an untraced one.

const MICROS_PER_HOUR: f64 = 3.6e9;
/// Resolution of [`Durations`]: one second, in microseconds.
const GRAIN: u64 = 1_000_000;
/// Bins per power of two, as a power of two: their width is 1/1024 of the value, so an order statistic is off by less
/// than 0.1 %.
const BITS: u32 = 10;
const PER_OCTAVE: usize = 1 << BITS;

/// Durations: count, mean, maximum and order statistics.
///
/// An order statistic is the mean of the durations that share its bin: exact where they are equal, otherwise off by
/// less than 0.1 % or half a second, whichever is more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations {
    zeros: u64,
    /// Durations that are still to be put into bins: many at once stay in the cache, one at a time they do not.
    pending: Vec<u64>,
    max: u64,
    /// One slice of bins per power of two of seconds, made when first needed.
    octaves: Vec<Option<Box<[Bin; PER_OCTAVE]>>>,
}

/// How many durations are put into bins at once.
const BLOCK: usize = 256;

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    count: u64,
    /// Sum of the durations in microseconds. It wraps beyond 2^64, which takes 584,000 years in one bin.
    sum: u64,
}

/// Octave and bin of a duration: the first octave is linear, each later one splits [2^k, 2^(k+1)) evenly.
#[inline]
fn bin_of(micros: u64) -> (usize, usize) {
    let grains = micros / GRAIN;
    // Of nothing and of one it is the first; a number that is not nil takes fewer instructions.
    let octave = (u64::BITS - (grains | 1).leading_zeros()).saturating_sub(BITS);
    let at = (grains >> octave.saturating_sub(1)) as usize & (PER_OCTAVE - 1);
    (octave as usize, at)
}

impl Durations {
    /// Adds a duration of nothing.
    #[inline]
    pub(crate) fn add_nothing(&mut self) {
        self.zeros += 1;
    }

    /// Adds `n` durations of nothing.
    #[inline]
    pub(crate) fn add_nothings(&mut self, n: u64) {
        self.zeros += n;
    }

    /// Adds a duration in microseconds.
    #[inline]
    pub(crate) fn add(&mut self, micros: i64) {
        if micros <= 0 {
            self.zeros += 1;
            return;
        }
        if self.pending.len() == self.pending.capacity() {
            self.settle();
            self.pending.reserve_exact(BLOCK);
        }
        self.pending.push(micros as u64);
    }

    /// Puts into bins what has been added. To be called before anything is asked.
    #[inline(never)]
    pub(crate) fn settle(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        let mut max = self.max;
        for &micros in &pending {
            max = max.max(micros);
            let (octave, at) = bin_of(micros);
            match self.octaves.get_mut(octave) {
                Some(Some(bins)) => {
                    bins[at].count += 1;
                    bins[at].sum = bins[at].sum.wrapping_add(micros);
                }
                _ => self.open(octave, at, micros),
            }
        }
        self.max = max;
        pending.clear();
        self.pending = pending;
    }

    #[cold]
    fn open(&mut self, octave: usize, at: usize, micros: u64) {
        if self.octaves.len() <= octave {
            self.octaves.resize(octave + 1, None);
        }
        let mut bins = Box::new([Bin::default(); PER_OCTAVE]);
        bins[at] = Bin {
            count: 1,
            sum: micros,
        };
        self.octaves[octave] = Some(bins);
    }

    /// Forgets all durations and keeps the room for them.
    pub(crate) fn clear(&mut self) {
        (self.zeros, self.max) = (0, 0);
        self.pending.clear();
        for bins in self.octaves.iter_mut().flatten() {
            bins.fill(Bin::default());
        }
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, other: &Durations) {
        self.settle();
        debug_assert!(other.pending.is_empty(), "not all is in bins");
        self.zeros += other.zeros;
        self.max = self.max.max(other.max);
        if self.octaves.len() < other.octaves.len() {
            self.octaves.resize(other.octaves.len(), None);
        }
        for (mine, theirs) in self.octaves.iter_mut().zip(&other.octaves) {
            let Some(theirs) = theirs else { continue };
            let mine = mine.get_or_insert_with(|| Box::new([Bin::default(); PER_OCTAVE]));
            for (bin, more) in mine.iter_mut().zip(theirs.iter()) {
                bin.count += more.count;
                bin.sum = bin.sum.wrapping_add(more.sum);
            }
        }
    }

    fn bins(&self) -> impl Iterator<Item = &Bin> {
        debug_assert!(self.pending.is_empty(), "not all is in bins");
        self.octaves
            .iter()
            .flatten()
            .flat_map(|bins| bins.iter())
            .filter(|bin| bin.count > 0)
    }

    /// Each bin's duration in microseconds and how often it came, from the shortest.
    pub(crate) fn durations(&self) -> impl Iterator<Item = (f64, u64)> {
        let zeros = (self.zeros > 0).then_some((0.0, self.zeros));
        let bins = self
            .bins()
            .map(|bin| (bin.sum as f64 / bin.count as f64, bin.count));
        zeros.into_iter().chain(bins)
    }

    pub(crate) fn count(&self) -> u64 {
        self.zeros + self.bins().map(|bin| bin.count).sum::<u64>()
    }

    /// Sum in microseconds.
    pub(crate) fn total(&self) -> i128 {
        self.bins().map(|bin| i128::from(bin.sum)).sum()
    }

    /// Mean in hours; NaN if there is none.
    pub(crate) fn mean(&self) -> f64 {
        let sum = self.total();
        match self.count() {
            0 => f64::NAN,
            count => sum as f64 / count as f64 / MICROS_PER_HOUR,
        }
    }

    /// Maximum in hours; NaN if there is none.
    pub(crate) fn max(&self) -> f64 {
        if self.count() == 0 {
            f64::NAN
        } else {
            self.max as f64 / MICROS_PER_HOUR
        }
    }

    /// The order statistic of rank ceil(`p`·n), in hours; NaN if there is none.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let count = self.count();
        if count == 0 {
            return f64::NAN;
        }
        let rank = ((p * count as f64).ceil() as u64).clamp(1, count);
        let mut below = self.zeros;
        if rank <= below {
            return 0.0;
        }
        for bin in self.bins() {
            below += bin.count;
            if rank <= below {
                return bin.sum as f64 / bin.count as f64 / MICROS_PER_HOUR;
            }
        }
        self.max()
    }
}

/// Durations of which only count and mean are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    count: u64,
    sum: i128,
}

impl Mean {
    #[inline]
    pub(crate) fn add(&mut self, micros: i64) {
        self.count += 1;
        self.sum += i128::from(micros);
    }

    /// Mean in hours over `count` cases, of which those not added are zero; NaN for none.
    pub(crate) fn over(&self, count: u64) -> f64 {
        if count == 0 {
            f64::NAN
        } else {
            self.sum as f64 / count as f64 / MICROS_PER_HOUR
        }
    }

    /// Mean in hours; NaN if there is none.
    pub(crate) fn mean(&self) -> f64 {
        self.over(self.count)
    }
}

/// A level over time: time average and maximum.
///
/// Each unit of it adds the instant at which it goes and takes off the one at which it came, so that a change costs an
/// addition; the sum of both is level times time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Level {
    now: i64,
    max: i64,
    sum: i128,
}

impl Level {
    #[inline]
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    #[inline]
    pub(crate) fn add(&mut self, change: i64, at: i64) {
        self.sum -= i128::from(change) * i128::from(at);
        self.now += change;
        self.max = self.max.max(self.now);
    }

    /// One more.
    #[inline]
    pub(crate) fn raise(&mut self, at: i64) {
        self.sum -= i128::from(at);
        self.now += 1;
        self.max = self.max.max(self.now);
    }

    /// One less.
    #[inline]
    pub(crate) fn lower(&mut self, at: i64) {
        self.sum += i128::from(at);
        self.now -= 1;
    }

    pub(crate) fn set(&mut self, level: i64, at: i64) {
        self.add(level - self.now, at);
    }

    /// Level times microseconds since the last reset.
    #[inline]
    pub(crate) fn integral(&self, at: i64) -> i128 {
        self.sum + i128::from(self.now) * i128::from(at)
    }

    /// Starts counting at `at`, from the level of now.
    pub(crate) fn reset(&mut self, at: i64) {
        *self = Level {
            now: self.now,
            max: self.now,
            sum: -i128::from(self.now) * i128::from(at),
        };
    }

    pub(crate) fn max(&self) -> i64 {
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_durations_have_an_exact_quantile() {
        let mut tally = Durations::default();
        (0..1000).for_each(|_| tally.add(720 * 3_600_000_000));
        (0..10).for_each(|_| tally.add(900 * 3_600_000_000));
        tally.settle();
        assert_eq!(tally.quantile(0.95), 720.0);
        assert_eq!(tally.max(), 900.0);
    }

    proptest! {
        #[test]
        fn order_statistics_are_within_their_stated_error(
            mut values in proptest::collection::vec(0i64..40_000_000_000_000, 1..300),
            p in 0.01f64..1.0,
        ) {
            let mut tally = Durations::default();
            values.iter().for_each(|&v| tally.add(v));
            tally.settle();
            values.sort_unstable();
            let rank = ((p * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1] as f64 / MICROS_PER_HOUR;
            let found = tally.quantile(p);
            prop_assert!((found - exact).abs() <= (exact * 0.001).max(1.0 / 3600.0), "{found} for {exact}");
        }

        #[test]
        fn merging_equals_adding(a in proptest::collection::vec(0i64..1_000_000_000_000, 0..50), b in proptest::collection::vec(0i64..1_000_000_000_000, 0..50)) {
            let fill = |values: &[i64]| { let mut t = Durations::default(); values.iter().for_each(|&v| t.add(v)); t.settle(); t };
            let mut merged = fill(&a);
            merged.merge(&fill(&b));
            let all = fill(&[a, b].concat());
            prop_assert_eq!(merged.count(), all.count());
            for p in [0.1, 0.5, 0.95] {
                prop_assert!(merged.quantile(p) == all.quantile(p) || all.count() == 0);
            }
        }
    }

    #[test]
    fn a_level_averages_over_time() {
        let mut level = Level::default();
        level.add(2, 10);
        level.add(-1, 20);
        assert_eq!(level.integral(30), 2 * 10 + 10);
        level.reset(30);
        assert_eq!((level.integral(40), level.max()), (10, 1));
    }
}

//! Sources from which so much comes that arrivals are drawn by the slice, not one by one.

use lazaret_gateway::distribution::{Distribution, normal_cdf};
use lazaret_smc::random::Stream;

use std::sync::Arc;

use super::lags::Lags;
use super::tables::Tables;

/// Arrivals of a slice, in the mean, from which they are drawn together where that is exact.
const MANY: f64 = 3.0;

/// The same where intervals have a memory and the number is taken as normal.
const VERY_MANY: f64 = 12.0;

/// Arrivals of a slice, in the mean, up to which they are drawn at all.
const MOST: f64 = 20_000.0;

/// How many convoys leave a source in a slice, and how many slices each is under way.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    /// Convoys of a whole slice.
    counts: Counts,
    /// Slices under way of one that leaves at any time of a slice.
    pub(super) travel: Arc<Lags>,
}

impl Crowd {
    /// The crowd that comes at these intervals, if it is one.
    ///
    /// * `slice` — seconds of a slice.
    /// * `place` — that of its travel among the tables.
    pub(super) fn of(
        interval: &Distribution,
        travel: &Distribution,
        slice: f64,
        (place, tables): (usize, &Tables),
    ) -> Option<Self> {
        let expected = slice / interval.mean();
        let counts = match interval {
            Distribution::Exponential { .. } if (MANY..MOST).contains(&expected) => {
                Counts::poisson(expected)
            }
            // Intervals that do not vary keep their clock.
            _ if interval.variance() > 0.0 && (VERY_MANY..MOST).contains(&expected) => {
                // Numbers of a renewal process over a long time are normal with this variance.
                let square = interval.variance() / interval.mean().powi(2);
                Counts::normal(expected, (square * expected).sqrt())
            }
            _ => return None,
        };
        Some(Self {
            counts,
            travel: tables.lags(place, vec![(1.0, travel.clone())], 1.0, |of| {
                Lags::new(of, 1.0, slice, tables)
            }),
        })
    }

    /// Convoys of a slice.
    #[inline]
    pub(super) fn draw(&self, rng: &mut Stream) -> i32 {
        self.counts.draw(rng)
    }
}

/// A distribution over whole numbers, by a table that tells where in its cumulative sums to begin the search.
#[derive(Clone, Debug)]
struct Counts {
    first: i32,
    cumulative: Box<[f64]>,
    guide: Box<[u16]>,
}

/// Entries of the guide.
const GUIDE: usize = 256;

impl Counts {
    fn poisson(mean: f64) -> Self {
        let spread = 9.0 * mean.sqrt() + 12.0;
        let first = (mean - spread).floor().max(0.0);
        let last = (mean + spread).ceil();
        let middle = mean.floor();
        // From the middle outwards, where nothing underflows.
        let mut chances = vec![0.0; (last - first) as usize + 1];
        let at = (middle - first) as usize;
        chances[at] = 1.0;
        for i in at + 1..chances.len() {
            chances[i] = chances[i - 1] * mean / (first + i as f64);
        }
        for i in (0..at).rev() {
            chances[i] = chances[i + 1] * (first + i as f64 + 1.0) / mean;
        }
        Self::of(first as i32, &chances)
    }

    fn normal(mean: f64, sd: f64) -> Self {
        let first = (mean - 8.0 * sd).floor().max(0.0);
        let last = (mean + 8.0 * sd).ceil();
        let up_to = |x: f64| normal_cdf((x - mean) / sd.max(1e-9));
        let chances: Vec<f64> = (0..=(last - first) as usize)
            .map(|i| first + i as f64)
            .map(|k| up_to(k + 0.5) - up_to(k - 0.5))
            .collect();
        Self::of(first as i32, &chances)
    }

    fn of(first: i32, chances: &[f64]) -> Self {
        let total: f64 = chances.iter().sum();
        let mut sum = 0.0;
        let cumulative: Box<[f64]> = chances
            .iter()
            .map(|chance| {
                sum += chance / total;
                sum
            })
            .collect();
        let mut at = 0;
        let guide = (0..GUIDE)
            .map(|i| {
                while at + 1 < cumulative.len() && cumulative[at] <= i as f64 / GUIDE as f64 {
                    at += 1;
                }
                at as u16
            })
            .collect();
        Self {
            first,
            cumulative,
            guide,
        }
    }

    #[inline]
    fn draw(&self, rng: &mut Stream) -> i32 {
        let rank = rng.uniform();
        let mut at = usize::from(self.guide[(rank * GUIDE as f64) as usize]);
        while at + 1 < self.cumulative.len() && self.cumulative[at] <= rank {
            at += 1;
        }
        self.first + at as i32
    }
}

#[cfg(test)]
mod tests {
    use lazaret_smc::random::StreamKey;

    use super::*;

    /// Distances of mean and variance from what they should be, in standard errors.
    fn off(counts: &Counts, mean: f64, variance: f64) -> (f64, f64) {
        const DRAWS: u32 = 100_000;
        let mut rng = StreamKey::new(6).stream();
        let drawn: Vec<f64> = (0..DRAWS)
            .map(|_| f64::from(counts.draw(&mut rng)))
            .collect();
        let n = f64::from(DRAWS);
        let found = drawn.iter().sum::<f64>() / n;
        let spread = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let error_of_variance = variance * ((2.0 + 1.0 / variance) / n).sqrt();
        (
            (found - mean).abs() / (variance / n).sqrt(),
            (spread - variance).abs() / error_of_variance,
        )
    }

    /// At 4.5 standard errors each a false alarm in 25,000 runs on fresh seeds.
    #[test]
    fn numbers_of_a_slice_have_the_mean_and_variance_of_their_law() {
        for mean in [3.0, 17.3, 250.0, 4000.0] {
            let (a, b) = off(&Counts::poisson(mean), mean, mean);
            assert!(a < 4.5 && b < 4.5, "{mean}: {a} {b}");
        }
        // Rounding to whole numbers adds a twelfth to the variance.
        let (a, b) = off(&Counts::normal(40.0, 3.0), 40.0, 9.0 + 1.0 / 12.0);
        assert!(a < 4.5 && b < 4.5, "{a} {b}");
    }

    #[test]
    fn a_mean_one_fiftieth_off_is_noticed() {
        let (a, _) = off(&Counts::poisson(17.65), 17.3, 17.3);
        assert!(a > 4.5, "{a}");
    }
}

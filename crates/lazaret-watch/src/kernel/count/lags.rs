//! Durations as numbers of slices of the day, in tables that are cheap to draw from.

use lazaret_gateway::distribution::{Distribution, Sampler, normal_quantile};
use lazaret_gateway::random::{Key, mix};
use lazaret_smc::random::Stream;

/// Entries of a table; a power of two, so that the top bits of a draw are an index.
const ENTRIES: usize = 512;
const INDEX_SHIFT: u32 = 16 - 9;

/// How many whole slices pass before something is over, as equally likely entries.
///
/// A duration of x slices that begins anywhere in a slice ends floor(u + x) slices later, u uniform: the mean over u
/// is x itself, so slices neither shorten nor lengthen anything.
#[derive(Clone, Debug)]
pub(super) struct Lags {
    table: Box<[u16]>,
    /// The one value of all entries, if they agree.
    single: Option<u16>,
}

impl Lags {
    /// * `parts` — durations in seconds with their weights: one for each class of goods.
    /// * `factor` — by which each duration is multiplied.
    /// * `slice` — seconds of a slice.
    pub(super) fn new(parts: &[(f64, Distribution)], factor: f64, slice: f64) -> Self {
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        // Low-discrepancy steps: the golden ratio and two relatives, so that offset, class and duration are unrelated.
        const STEPS: [f64; 2] = [0.618_033_988_749_894_9, 0.754_877_666_246_692_7];
        let samplers: Vec<Sampler> = parts.iter().map(|(_, d)| Sampler::new(d)).collect();
        let table: Box<[u16]> = (0..ENTRIES)
            .map(|i| {
                let rank = (i as f64 + 0.5) / ENTRIES as f64;
                let offset = (0.5 + i as f64 * STEPS[0]).fract();
                let mut at = (0.5 + i as f64 * STEPS[1]).fract() * total;
                let mut which = 0;
                while which + 1 < parts.len() && at >= parts[which].0 {
                    at -= parts[which].0;
                    which += 1;
                }
                let seconds = quantile(&parts[which].1, rank).unwrap_or_else(|| {
                    samplers[which].sample(Key::new(0, 0, which as u64), mix(i as u64))
                });
                let slices = (offset + seconds.max(0.0) * factor / slice).floor();
                slices.min(f64::from(u16::MAX)) as u16
            })
            .collect();
        let single = table.iter().all(|lag| *lag == table[0]).then_some(table[0]);
        Self { table, single }
    }

    /// The greatest lag.
    pub(super) fn most(&self) -> usize {
        usize::from(self.table.iter().copied().max().unwrap_or(0))
    }

    /// Whether everything is over at once.
    pub(super) fn is_nothing(&self) -> bool {
        self.single == Some(0)
    }

    /// Calls `put` with a lag for each of `count` things.
    #[inline]
    pub(super) fn scatter(&self, count: u32, rng: &mut Stream, mut put: impl FnMut(u16, u32)) {
        if let Some(lag) = self.single {
            put(lag, count);
            return;
        }
        let mut left = count;
        while left > 0 {
            // One draw of 64 bits is enough for four entries.
            let mut bits = rng.bits();
            for _ in 0..left.min(4) {
                put(self.table[usize::from(bits as u16 >> INDEX_SHIFT)], 1);
                bits >>= 16;
            }
            left = left.saturating_sub(4);
        }
    }
}

/// The value with the probability `rank` below it, where there is a formula for it.
fn quantile(of: &Distribution, rank: f64) -> Option<f64> {
    Some(match *of {
        Distribution::Constant { value } => value,
        Distribution::Uniform { low, high } => low + rank * (high - low),
        Distribution::UniformInt { low, high } => {
            low as f64 + (rank * (high - low + 1) as f64).floor()
        }
        Distribution::Triangular { low, mode, high } => {
            let width = high - low;
            let cut = if width > 0.0 {
                (mode - low) / width
            } else {
                0.0
            };
            if rank < cut {
                low + (rank * width * (mode - low)).sqrt()
            } else {
                high - ((1.0 - rank) * width * (high - mode)).sqrt()
            }
        }
        Distribution::Exponential { mean } => -mean * (1.0 - rank).ln(),
        Distribution::LogNormal { mean, sd } => {
            let variance = (sd / mean).powi(2).ln_1p();
            (mean.ln() - variance / 2.0 + variance.sqrt() * normal_quantile(rank)).exp()
        }
        Distribution::Weibull { shape, scale } => scale * (-(1.0 - rank).ln()).powf(1.0 / shape),
        Distribution::Empirical { ref values } => {
            values[((rank * values.len() as f64) as usize).min(values.len() - 1)]
        }
        Distribution::Discrete { ref table } => {
            let at = table.partition_point(|&(_, cumulative)| cumulative < rank);
            table[at.min(table.len() - 1)].0
        }
        _ => return None,
    })
}

/// A distribution ready to be drawn from by a [`Stream`].
#[derive(Clone, Debug)]
pub(super) enum Draw {
    Constant(f64),
    Even { low: f64, width: f64 },
    Whole { low: f64, width: f64 },
    Other(Sampler),
}

impl Draw {
    pub(super) fn new(of: &Distribution) -> Self {
        match *of {
            Distribution::Constant { value } => Draw::Constant(value),
            Distribution::Uniform { low, high } => Draw::Even {
                low,
                width: high - low,
            },
            Distribution::UniformInt { low, high } => Draw::Whole {
                low: low as f64,
                width: (high - low + 1) as f64,
            },
            _ => Draw::Other(Sampler::new(of)),
        }
    }

    #[inline]
    pub(super) fn draw(&self, rng: &mut Stream) -> f64 {
        match *self {
            Draw::Constant(value) => value,
            Draw::Even { low, width } => low + rng.uniform() * width,
            Draw::Whole { low, width } => low + (rng.uniform() * width).floor(),
            Draw::Other(ref sampler) => sampler.sample(Key::new(rng.bits(), 0, 0), mix(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_keep_the_mean() {
        let hours = |low: f64, high: f64| Distribution::Uniform {
            low: low * 3600.0,
            high: high * 3600.0,
        };
        let lags = Lags::new(&[(1.0, hours(24.0, 48.0))], 1.0, 4.0 * 3600.0);
        let mean = lags.table.iter().map(|l| f64::from(*l)).sum::<f64>() / ENTRIES as f64;
        assert!((mean - 9.0).abs() < 0.02, "{mean}");
        let two = Lags::new(
            &[(1.0, hours(4.0, 4.0)), (3.0, hours(8.0, 8.0))],
            1.0,
            3600.0,
        );
        let mean = two.table.iter().map(|l| f64::from(*l)).sum::<f64>() / ENTRIES as f64;
        assert!((mean - 7.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn every_thing_gets_a_lag() {
        let lags = Lags::new(
            &[(1.0, Distribution::Exponential { mean: 7200.0 })],
            1.0,
            3600.0,
        );
        let mut rng = lazaret_smc::random::StreamKey::new(1).stream();
        for count in [0, 1, 3, 4, 5, 18] {
            let mut got = 0;
            lags.scatter(count, &mut rng, |_, n| got += n);
            assert_eq!(got, count);
        }
    }
}

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
    /// The entries in ascending order.
    table: Box<[u16]>,
    /// The values, if they are few, each with how many of those not given an earlier value get it.
    few: Vec<(u16, Option<Binomial>)>,
}

/// Values up to which a train is shared out value by value, not lot by lot.
const FEW: usize = 4;

impl Lags {
    /// * `parts` — durations in seconds with their weights: one for each class of goods.
    /// * `factor` — by which each duration is multiplied.
    /// * `slice` — seconds of a slice.
    pub(super) fn new(parts: &[(f64, Distribution)], factor: f64, slice: f64) -> Self {
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        // Low-discrepancy steps: the golden ratio and two relatives, so that offset, class and duration are unrelated.
        const STEPS: [f64; 2] = [0.618_033_988_749_894_9, 0.754_877_666_246_692_7];
        let samplers: Vec<Sampler> = parts.iter().map(|(_, d)| Sampler::new(d)).collect();
        let mut table: Box<[u16]> = (0..ENTRIES)
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
        table.sort_unstable();
        let runs: Vec<&[u16]> = table.chunk_by(|a, b| a == b).collect();
        let mut left = ENTRIES;
        let few = if runs.len() <= FEW {
            runs.iter()
                .map(|run| {
                    let share = run.len() as f64 / left as f64;
                    left -= run.len();
                    (run[0], (left > 0).then(|| Binomial::new(share)))
                })
                .collect()
        } else {
            Vec::new()
        };
        Self { table, few }
    }

    /// The greatest lag.
    pub(super) fn most(&self) -> usize {
        usize::from(self.table.last().copied().unwrap_or(0))
    }

    /// Whether everything is over at once.
    pub(super) fn is_nothing(&self) -> bool {
        self.most() == 0
    }

    /// Calls `put` with lags and how many of `count` things have each.
    #[inline]
    pub(super) fn scatter(&self, count: u32, rng: &mut Stream, mut put: impl FnMut(u16, u32)) {
        let mut left = count;
        // A draw for a value costs as much as one for four things.
        if count > 4 * (self.few.len() as u32).saturating_sub(1) && !self.few.is_empty() {
            for (lag, share) in &self.few {
                let these = share.as_ref().map_or(left, |share| share.draw(left, rng));
                if these > 0 {
                    put(*lag, these);
                    left -= these;
                    if left == 0 {
                        return;
                    }
                }
            }
            return;
        }
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

/// Things that are drawn together; more are drawn in several goes.
const TOGETHER: usize = 24;

/// How many of n things something happens to, by inversion: one draw of random bits for all of a train, where a draw
/// for each wagon was a third of the kernel's time.
#[derive(Clone, Debug)]
struct Binomial {
    /// For n = 1, 2, …: chances of at most 0, 1, …, n - 1, in units of 2⁻³¹; padded to equal rows, which a processor
    /// compares several at a time.
    at_most: Box<[[i32; TOGETHER]]>,
}

impl Binomial {
    fn new(p: f64) -> Self {
        let mut chances = vec![1.0];
        let at_most = (1..=TOGETHER)
            .map(|n| {
                // From n - 1 things to n: the last is one of them or is not.
                let with = |k: usize, of: &[f64]| of.get(k).copied().unwrap_or(0.0);
                chances = (0..=n)
                    .map(|k| {
                        let joined = if k > 0 { with(k - 1, &chances) } else { 0.0 };
                        p * joined + (1.0 - p) * with(k, &chances)
                    })
                    .collect();
                let mut sum = 0.0;
                let mut row = [i32::MAX; TOGETHER];
                for (cell, chance) in row.iter_mut().zip(&chances[..n]) {
                    sum += chance;
                    *cell = (sum * (1u64 << 31) as f64) as i32;
                }
                row
            })
            .collect();
        Self { at_most }
    }

    #[inline]
    fn draw(&self, count: u32, rng: &mut Stream) -> u32 {
        let (mut left, mut got) = (count, 0);
        while left > 0 {
            let n = left.min(TOGETHER as u32);
            let rank = (rng.bits() >> 33) as i32;
            let row = &self.at_most[n as usize - 1];
            let below: i32 = row.iter().map(|at_most| i32::from(*at_most <= rank)).sum();
            got += (below as u32).min(n);
            left -= n;
        }
        got
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
            Draw::Whole { low, width } => low + (rng.uniform() * width) as u64 as f64,
            Draw::Other(ref sampler) => sample(sampler, rng),
        }
    }
}

// Kept apart so that the common draws can stand where they are used.
#[inline(never)]
fn sample(sampler: &Sampler, rng: &mut Stream) -> f64 {
    sampler.sample(Key::new(rng.bits(), 0, 0), mix(1))
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
    fn a_train_is_shared_out_as_wagon_by_wagon() {
        // Chances of k of n against the formula, at 4.9 standard errors: 1e-6 each, 2e-4 over all.
        const RUNS: u32 = 40_000;
        let mut rng = lazaret_smc::random::StreamKey::new(3).stream();
        for (p, n) in [(0.3, 5u32), (0.77, 18), (0.5, 30)] {
            let binomial = Binomial::new(p);
            let mut counts = vec![0u32; n as usize + 1];
            for _ in 0..RUNS {
                counts[binomial.draw(n, &mut rng) as usize] += 1;
            }
            let mut chance = (1.0 - p).powi(n as i32);
            for (k, count) in counts.iter().enumerate() {
                let expected = chance * f64::from(RUNS);
                let error = (expected * (1.0 - chance)).sqrt();
                let off = (f64::from(*count) - expected).abs();
                assert!(
                    off < 4.9 * error + 5.0,
                    "{k} of {n}: {count}, not {expected:.1}"
                );
                chance *= p / (1.0 - p) * f64::from(n - k as u32) / (k + 1) as f64;
            }
        }
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

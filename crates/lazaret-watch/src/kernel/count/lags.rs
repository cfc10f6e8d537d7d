//! Durations as numbers of slices of the day, in tables that are cheap to draw from.

use lazaret_gateway::distribution::{Distribution, Sampler, normal_quantile};
use lazaret_gateway::random::{Key, mix};
use lazaret_smc::random::Stream;

use std::sync::Arc;

use super::binomial::Binomial;
use super::lanes::{Cell, Dice, LANES, Lanes, put};
use super::tables::Tables;

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
    few: Vec<(u16, Option<Arc<Binomial>>)>,
}

/// Values up to which lots are shared out value by value, not lot by lot.
const FEW: usize = 4;

impl Lags {
    /// * `parts` — durations in seconds with their weights: one for each class of goods.
    /// * `factor` — by which each duration is multiplied.
    /// * `slice` — seconds of a slice.
    pub(super) fn new(
        parts: &[(f64, Distribution)],
        factor: f64,
        slice: f64,
        tables: &Tables,
    ) -> Self {
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
                    let share = (run.len(), left);
                    left -= run.len();
                    (
                        run[0],
                        (left > 0).then(|| tables.binomial(share.0, share.1)),
                    )
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

    /// Shares out `count` things of each course: those of a lag go to the cell that `cell` names, those of none are
    /// given back.
    #[inline]
    pub(super) fn scatter(
        &self,
        count: Lanes,
        dice: &mut Dice,
        rings: &mut [Cell],
        cell: impl Fn(u16) -> usize,
    ) -> Lanes {
        let mut at_once = Lanes::NONE;
        if self.few.is_empty() {
            for (lane, count) in count.0.iter().enumerate() {
                let mut left = *count;
                while left > 0 {
                    // One draw of 64 bits is enough for four things.
                    let mut bits = dice.of(lane).bits();
                    for _ in 0..left.min(4) {
                        match self.table[usize::from(bits as u16 >> INDEX_SHIFT)] {
                            0 => at_once.0[lane] += 1,
                            lag => {
                                let count = &mut rings[cell(lag)][lane];
                                *count = count.saturating_add(1);
                            }
                        }
                        bits >>= 16;
                    }
                    left -= 4;
                }
            }
            return at_once;
        }
        let mut left = count;
        let mut bits = [0; LANES];
        for (at, (lag, share)) in self.few.iter().enumerate() {
            let these = match share {
                Some(share) => {
                    // One draw of 64 bits is enough for two values.
                    if at % 2 == 0 {
                        bits = dice.bits_for(&left);
                    } else {
                        bits = bits.map(|bits| bits << 32);
                    }
                    share.draw(left, &bits, dice)
                }
                None => left,
            };
            left -= these;
            if *lag == 0 {
                at_once = these;
            } else {
                put(&mut rings[cell(*lag)], these);
            }
        }
        at_once
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
        let lags = Lags::new(
            &[(1.0, hours(24.0, 48.0))],
            1.0,
            4.0 * 3600.0,
            &Tables::default(),
        );
        let mean = lags.table.iter().map(|l| f64::from(*l)).sum::<f64>() / ENTRIES as f64;
        assert!((mean - 9.0).abs() < 0.02, "{mean}");
        let two = Lags::new(
            &[(1.0, hours(4.0, 4.0)), (3.0, hours(8.0, 8.0))],
            1.0,
            3600.0,
            &Tables::default(),
        );
        let mean = two.table.iter().map(|l| f64::from(*l)).sum::<f64>() / ENTRIES as f64;
        assert!((mean - 7.0).abs() < 0.05, "{mean}");
    }

    /// Greatest distance, in standard errors, of the variances of what has a lag or another from those of things that
    /// fall one by one: n·p·(1 − p), for each lag and for each two together.
    fn worst(lags: &Lags, n: i32) -> f64 {
        const RUNS: usize = 64_000;
        let streams = lazaret_smc::random::StreamKey::new(5).at(0);
        let mut dice = Dice::new(&streams, 0);
        let values = lags.most() + 1;
        let share = |of: &[usize]| {
            let among = |lag: &&u16| of.contains(&usize::from(**lag));
            lags.table.iter().filter(among).count() as f64 / ENTRIES as f64
        };
        let pairs: Vec<Vec<usize>> = (0..values)
            .flat_map(|a| (a..values).map(move |b| vec![a, b]))
            .filter(|of| share(of) < 1.0)
            .collect();
        let mut squares = vec![0.0; pairs.len()];
        for _ in 0..RUNS / LANES {
            let mut cells = vec![[0; LANES]; values];
            let at_once = lags.scatter(Lanes::all(n), &mut dice, &mut cells, usize::from);
            put(&mut cells[0], at_once);
            for (of, squares) in pairs.iter().zip(&mut squares) {
                for (one, other) in cells[of[0]].iter().zip(&cells[of[1]]) {
                    let mut these = f64::from(*one);
                    if of[0] != of[1] {
                        these += f64::from(*other);
                    }
                    *squares += (these - f64::from(n) * share(of)).powi(2);
                }
            }
        }
        let off = pairs.iter().zip(&squares).map(|(of, squares)| {
            let p = share(of);
            let variance = f64::from(n) * p * (1.0 - p);
            // The variance of a square, from the fourth moment of a binomial number.
            let fourth = variance * (1.0 + 3.0 * p * (1.0 - p) * (f64::from(n) - 2.0));
            let error = ((fourth - variance * variance) / RUNS as f64).sqrt();
            (squares / RUNS as f64 - variance).abs() / error
        });
        off.fold(0.0, f64::max)
    }

    #[test]
    fn lags_of_a_train_are_those_of_its_wagons_one_by_one() {
        // At 5 standard errors 6e-7 each, 2e-5 over all; few values and many.
        for hours in [(1.0, 4.0), (1.0, 12.0)] {
            let hours = Distribution::Uniform {
                low: hours.0 * 3600.0,
                high: hours.1 * 3600.0,
            };
            let lags = Lags::new(&[(1.0, hours)], 1.0, 2.0 * 3600.0, &Tables::default());
            let worst = worst(&lags, 12);
            assert!(worst < 5.0, "{} values: {worst}", lags.most() + 1);
        }
    }

    #[test]
    fn every_thing_gets_a_lag() {
        let streams = lazaret_smc::random::StreamKey::new(1).at(0);
        let mut dice = Dice::new(&streams, 0);
        for hours in [10.0, 0.3] {
            let exponential = Distribution::Exponential {
                mean: hours * 3600.0,
            };
            let lags = Lags::new(&[(1.0, exponential)], 1.0, 2.0 * 3600.0, &Tables::default());
            assert_eq!(lags.few.is_empty(), hours == 10.0);
            for most in [0, 1, 3, 4, 5, 18, 40] {
                let count = Lanes(std::array::from_fn(|lane| (lane as i32).min(most)));
                let mut rings = vec![[0; LANES]; lags.most() + 1];
                let mut got = lags.scatter(count, &mut dice, &mut rings, usize::from);
                for cell in &mut rings {
                    got += super::super::lanes::take(cell);
                }
                assert_eq!(got, count);
            }
        }
    }
}

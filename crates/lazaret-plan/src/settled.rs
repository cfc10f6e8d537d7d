//! Has the gateway settled? Warm-up, drift, and cycles, judged so that "settled" is claimed only when it is shown.
//!
//! That a test finds no drift proves nothing: a short or noisy run finds none either. Here the burden lies on the other
//! side. "Settled" needs the **whole interval** of the drift, and of every quarter's departure from the mean, to lie
//! within a tolerance (two one-sided tests, Schuirmann1987). A true drift at or above the tolerance is then called
//! settled with probability at most `(1 - level) / 2`. What a run cannot show it does not claim: a cycle longer than
//! the run looks like a level or a drift, and the answer names the length that was looked at.

use serde::Serialize;

use crate::estimate::mean_and_variance;
use crate::quantiles;

/// How the judgement is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settling {
    /// Confidence level of every interval.
    pub level: f64,
    /// Change that does not matter, as a share of the mean level.
    pub tolerance: f64,
}

impl Default for Settling {
    fn default() -> Self {
        Settling {
            level: 0.95,
            tolerance: 0.05,
        }
    }
}

/// A cycle that all replications share, such as a week of shifts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cycle {
    /// Length in bins.
    pub period: f64,
    /// Half of the distance from crest to trough, in the series' unit.
    pub amplitude: f64,
}

/// The judgement on a series.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Settled {
    /// Level within the tolerance from `warm_up` to the end.
    Yes {
        /// Bins to drop.
        warm_up: usize,
        /// Bins over which the level was shown to hold; slower cycles than this cannot be seen.
        over: usize,
        /// A cycle seen at least three times; means should be taken over whole periods of it.
        cycle: Option<Cycle>,
    },
    /// The level still changes: the slope after `warm_up`, carried over the whole run, with its interval.
    Drifting {
        /// Bins dropped before looking.
        warm_up: usize,
        /// Change over the whole run at the slope of the bins kept, in the series' unit.
        change: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// A cycle so long that it was seen fewer than three times, so no mean over it can be trusted.
    SlowCycle(Cycle),
    /// One quarter of the run lies off the mean level by more than the tolerance.
    Uneven {
        /// Which quarter, 0 to 3.
        quarter: usize,
        /// Its departure from the mean level, in the series' unit.
        departure: f64,
    },
    /// The warm-up had not ended by the middle of the run.
    WarmUpNotOver,
    /// Fewer than 40 bins, or fewer than 5 replications: nothing can be shown.
    TooShort,
    /// The intervals are too wide for either claim; about this many more replications would decide.
    CannotTell {
        /// Replications still wanted.
        more: u64,
    },
}

/// Number of bins that MSER-5 drops from the start of `series`: the truncation with the least squared standard error of
/// the mean that is left, over batches of five (WhiteCobbSpratt2000). None if the least error lies beyond the middle of
/// the run, which says that the run is too short for its warm-up.
#[must_use]
pub fn mser5(series: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = series
        .chunks_exact(5)
        .map(|c| c.iter().sum::<f64>() / 5.0)
        .collect();
    let n = batches.len();
    if n < 4 {
        return None;
    }
    // Suffix sums from the end; the series is centred first so that squares do not cancel.
    let centre = batches.iter().sum::<f64>() / n as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for d in (0..n).rev() {
        let x = batches[d] - centre;
        sum += x;
        squares += x * x;
        let left = (n - d) as f64;
        // The last few batches alone may look deceptively calm; MSER's authors look at least five batches back.
        if n - d < 5.min(n / 2) {
            continue;
        }
        let error = (squares - sum * sum / left).max(0.0) / (left * left);
        // Ties go to the shortest warm-up: data are not thrown away for nothing.
        if error <= best.0 {
            best = (error, d);
        }
    }
    (best.1 <= n / 2).then_some(best.1 * 5)
}

/// Judges whether a series has settled.
///
/// * `series` — one vector of equally long bins for each independent replication, all of the same length.
#[must_use]
pub fn settled(series: &[Vec<f64>], how: Settling) -> Settled {
    let replications = series.len();
    let bins = series.iter().map(Vec::len).min().unwrap_or(0);
    if bins < 40 || replications < 5 {
        return Settled::TooShort;
    }
    let average: Vec<f64> = (0..bins)
        .map(|t| series.iter().map(|s| s[t]).sum::<f64>() / replications as f64)
        .collect();
    let Some(warm_up) = mser5(&average) else {
        return Settled::WarmUpNotOver;
    };
    let rest: Vec<&[f64]> = series.iter().map(|s| &s[warm_up..bins]).collect();
    let level = average[warm_up..].iter().sum::<f64>() / (bins - warm_up) as f64;
    let tolerance = how.tolerance * level.abs();

    let cycle = strongest_cycle(&rest, 1.0 - how.level);
    if let Some(cycle) = cycle
        && cycle.amplitude > tolerance
        && cycle.period * 3.0 > (bins - warm_up) as f64
    {
        return Settled::SlowCycle(cycle);
    }

    let t = |level: f64| quantiles::student((1.0 + level) / 2.0, (replications - 1) as f64);
    let mut more = 0u64;
    // The slope of the kept bins is carried over the whole run: had dropping bins also lowered the bar, a drift could
    // hide behind a long "warm-up".
    let stretch = (bins - 1) as f64 / (bins - warm_up - 1) as f64;
    let drift: Vec<f64> = rest.iter().map(|s| stretch * change_over(s)).collect();
    let (change, low, high) = interval(&drift, t(how.level));
    if low.max(-high) > 0.0 && change.abs() > tolerance {
        return Settled::Drifting {
            warm_up,
            change,
            low,
            high,
        };
    }
    if low < -tolerance || high > tolerance {
        more = more.max(wanted(&drift, tolerance, how.level));
    }
    // Four quarters are judged together.
    let quarter_level = 1.0 - (1.0 - how.level) / 4.0;
    for quarter in 0..4 {
        let departures: Vec<f64> = rest
            .iter()
            .map(|s| {
                let n = s.len();
                let part = &s[quarter * n / 4..(quarter + 1) * n / 4];
                part.iter().sum::<f64>() / part.len() as f64 - s.iter().sum::<f64>() / n as f64
            })
            .collect();
        let (departure, low, high) = interval(&departures, t(quarter_level));
        if low.max(-high) > 0.0 && departure.abs() > tolerance {
            return Settled::Uneven { quarter, departure };
        }
        if low < -tolerance || high > tolerance {
            more = more.max(wanted(&departures, tolerance, quarter_level));
        }
    }
    if more > 0 {
        return Settled::CannotTell { more };
    }
    Settled::Yes {
        warm_up,
        over: bins - warm_up,
        cycle,
    }
}

/// Mean with its interval of `quantile` standard errors.
fn interval(xs: &[f64], quantile: f64) -> (f64, f64, f64) {
    let (mean, variance) = mean_and_variance(xs);
    let half = quantile * (variance / xs.len() as f64).sqrt();
    (mean, mean - half, mean + half)
}

/// About how many more replications bring the interval of `xs` inside ± `tolerance`.
fn wanted(xs: &[f64], tolerance: f64, level: f64) -> u64 {
    let (mean, variance) = mean_and_variance(xs);
    // What is left of the tolerance beside the mean; at least a tenth of it, or the number grows without bound.
    let room = (tolerance - mean.abs())
        .max(tolerance / 10.0)
        .max(f64::MIN_POSITIVE);
    let n = (quantiles::normal((1.0 + level) / 2.0) / room).powi(2) * variance;
    (n - xs.len() as f64).clamp(1.0, 1e9).ceil() as u64
}

/// Change of the least-squares line over the whole of `s`.
fn change_over(s: &[f64]) -> f64 {
    let n = s.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let slope = s
        .iter()
        .enumerate()
        .map(|(t, x)| (t as f64 - middle) * x)
        .sum::<f64>()
        / (n * (n * n - 1.0) / 12.0);
    slope * (n - 1.0)
}

/// The strongest cycle common to all replications, if one is beyond chance at the false-alarm rate `alpha`.
///
/// A cycle of the gateway (a shift, a weekend, a departure every other day) has the same phase in every replication;
/// chance has not. So the Fourier coefficient of each replication is taken and its mean over replications tested
/// against their scatter: the ratio is F with 2 and 2(R-1) degrees of freedom for complex normal coefficients. Unlike a
/// test on one periodogram this does not mistake a slow random wander for a cycle.
fn strongest_cycle(rest: &[&[f64]], alpha: f64) -> Option<Cycle> {
    let n = rest[0].len();
    let r = rest.len() as f64;
    let frequencies = n / 2;
    // P(F(2, 2m) > f) = (1 + f/m)^-m, so the critical value has a closed form.
    let m = r - 1.0;
    let critical = m * ((alpha / frequencies as f64).powf(-1.0 / m) - 1.0);
    let mut best: Option<Cycle> = None;
    for k in 1..=frequencies {
        let turn = std::f64::consts::TAU * k as f64 / n as f64;
        let coefficients: Vec<(f64, f64)> = rest
            .iter()
            .map(|s| {
                s.iter().enumerate().fold((0.0, 0.0), |(a, b), (t, x)| {
                    let (sin, cos) = (turn * t as f64).sin_cos();
                    (a + x * cos, b + x * sin)
                })
            })
            .collect();
        let (a, b) = coefficients
            .iter()
            .fold((0.0, 0.0), |s, c| (s.0 + c.0 / r, s.1 + c.1 / r));
        let scatter = coefficients
            .iter()
            .map(|c| (c.0 - a).powi(2) + (c.1 - b).powi(2))
            .sum::<f64>();
        let power = a * a + b * b;
        let scale = if 2 * k == n { 1.0 } else { 2.0 };
        let amplitude = scale * power.sqrt() / n as f64;
        // A power at the level of rounding is not a cycle, even where the scatter is zero.
        let rounding = 1e-9 * rest[0].iter().map(|x| x.abs()).sum::<f64>();
        if power.sqrt() > rounding
            && r * power * m > critical * scatter
            && best.is_none_or(|c| amplitude > c.amplitude)
        {
            best = Some(Cycle {
                period: n as f64 / k as f64,
                amplitude,
            });
        }
    }
    best
}

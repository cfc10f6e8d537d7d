//! A figure with its interval: means, quantiles and shares from independent replications.

use lazaret_sim::share_low;
use lazaret_vocabulary::figures::{figure, interval};
use serde::Serialize;
use thiserror::Error;

use crate::quantiles;

/// A figure from replications, with an interval that holds the true value with probability `level`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end of the interval; minus infinity if the data bound it nowhere.
    pub low: f64,
    /// Upper end of the interval; infinity if the data bound it nowhere.
    pub high: f64,
    /// Replications that went into it.
    pub n: usize,
    /// Replications in which the quantity was undefined (NaN) and which were left out.
    pub undefined: usize,
    /// Confidence level, such as 0.95.
    pub level: f64,
    /// True if all values were the same. The interval then has no width and says nothing about values rarer than
    /// [`unseen`](Estimate::unseen).
    pub constant: bool,
}

impl Estimate {
    /// Half the width of the interval.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// The figure with its interval: `12.3 (11.9 to 12.8)`.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{} ({})", figure(self.value), interval(self.low, self.high))
    }

    /// The same with its interval kept between `least` and `greatest`, where the figure itself lies between them.
    #[must_use]
    pub fn within(self, least: f64, greatest: f64) -> Self {
        if !(least <= self.value && self.value <= greatest) {
            return self;
        }
        Estimate {
            low: self.low.max(least),
            high: self.high.min(greatest),
            ..self
        }
    }

    /// True if `value` lies inside the interval, ends included.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The greatest probability that an outcome may have and still stay unseen in all `n` replications, at this level:
    /// `1 - (1 - level)^(1/n)`, about `3/n` at 95 %.
    #[must_use]
    pub fn unseen(&self) -> f64 {
        1.0 - (1.0 - self.level).powf(1.0 / self.n as f64)
    }
}

/// Why there is no estimate.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EstimateError {
    /// An interval needs at least two defined values.
    #[error(
        "{n} usable replications of {asked} are too few for an interval; at least 2 are needed"
    )]
    TooFew {
        /// Defined values.
        n: usize,
        /// Values given.
        asked: usize,
    },
    /// A confidence level or probability outside (0, 1).
    #[error("{what} must lie strictly between 0 and 1; it is {value}")]
    NotAProbability {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: f64,
    },
}

/// Fails unless `value` lies strictly between 0 and 1.
pub(crate) fn check_probability(what: &'static str, value: f64) -> Result<(), EstimateError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(EstimateError::NotAProbability { what, value })
    }
}

/// Mean and unbiased variance of `xs` by Welford's recurrence, which does not cancel.
///
/// The variance of fewer than two values is NaN.
#[must_use]
pub fn mean_and_variance(xs: &[f64]) -> (f64, f64) {
    let mut mean = 0.0;
    let mut squares = 0.0;
    for (i, &x) in xs.iter().enumerate() {
        let step = x - mean;
        mean += step / (i + 1) as f64;
        squares += step * (x - mean);
    }
    let variance = if xs.len() < 2 {
        f64::NAN
    } else {
        squares / (xs.len() - 1) as f64
    };
    (mean, variance)
}

/// Mean of independent replications with Student's t interval.
///
/// Exact for normal values and close for others once a few dozen replications are in; see `docs/plan.md` for measured
/// coverage.
///
/// # Errors
/// [`EstimateError::TooFew`] below two defined values; [`EstimateError::NotAProbability`] for a bad level.
pub fn mean(xs: &[f64], level: f64) -> Result<Estimate, EstimateError> {
    check_probability("the confidence level", level)?;
    let defined: Vec<f64> = xs.iter().copied().filter(|x| !x.is_nan()).collect();
    let n = defined.len();
    if n < 2 {
        return Err(EstimateError::TooFew { n, asked: xs.len() });
    }
    let (value, variance) = mean_and_variance(&defined);
    let half =
        quantiles::student((1.0 + level) / 2.0, (n - 1) as f64) * (variance / n as f64).sqrt();
    Ok(Estimate {
        value,
        low: value - half,
        high: value + half,
        n,
        undefined: xs.len() - n,
        level,
        constant: defined.iter().all(|&x| x == defined[0]),
    })
}

/// The `p`-quantile of independent replications with an interval between two order statistics.
///
/// The interval is free of assumptions about the distribution: the number of values below the true quantile is binomial
/// (Conover1999, section 3.2). Where too few replications bound the quantile on a side, that end is infinite;
/// [`replications_for_quantile`] says how many bound both.
///
/// # Errors
/// As [`mean`].
pub fn quantile(xs: &[f64], p: f64, level: f64) -> Result<Estimate, EstimateError> {
    check_probability("the confidence level", level)?;
    check_probability("the quantile's probability", p)?;
    let mut sorted: Vec<f64> = xs.iter().copied().filter(|x| !x.is_nan()).collect();
    let n = sorted.len();
    if n < 2 {
        return Err(EstimateError::TooFew { n, asked: xs.len() });
    }
    sorted.sort_by(f64::total_cmp);
    let (r, s) = quantile_ranks(n as u64, p, level);
    // The order statistic ceil(n p); a grain is taken off so that 0.95 × 100 does not become 96.
    let at = ((n as f64 * p - 1e-9).ceil() as usize).clamp(1, n);
    Ok(Estimate {
        value: sorted[at - 1],
        low: if r == 0 {
            f64::NEG_INFINITY
        } else {
            sorted[r as usize - 1]
        },
        high: if s > n as u64 {
            f64::INFINITY
        } else {
            sorted[s as usize - 1]
        },
        n,
        undefined: xs.len() - n,
        level,
        constant: sorted[0] == sorted[n - 1],
    })
}

/// Ranks (r, s) of the order statistics that enclose the `p`-quantile: each tail errs with probability at most
/// `(1 - level) / 2`. `r` is 0 and `s` is n + 1 where no order statistic is far enough out.
fn quantile_ranks(n: u64, p: f64, level: f64) -> (u64, u64) {
    let tail = (1.0 - level) / 2.0;
    // P(X_(r) > q) = P(B ≤ r - 1) must be at most the tail: the largest such r.
    let count_at_most = |limit: f64| -> u64 {
        // Number of k in 0..=n with cdf(k) ≤ limit, by bisection on the monotone cdf.
        let (mut low, mut high) = (0, n + 1);
        while low < high {
            let middle = u64::midpoint(low, high);
            if quantiles::binomial_cdf(middle, n, p) <= limit {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    let r = count_at_most(tail);
    // P(X_(s) ≤ q) = P(B ≥ s) = 1 - cdf(s - 1) must be at most the tail: the smallest s with cdf(s - 1) ≥ 1 - tail.
    let mut s = count_at_most(1.0 - tail) + 1;
    // The bisection above counts cdf ≤ 1 - tail, so s may be one too far where equality holds; harmless but wide.
    if s > 1 && s <= n && quantiles::binomial_cdf(s - 2, n, p) >= 1.0 - tail {
        s -= 1;
    }
    (r.min(n), s.min(n + 1))
}

/// The fewest replications whose order statistics bound the `p`-quantile on both sides at `level`.
///
/// Both `p^n` and `(1-p)^n` must be at most `(1 - level) / 2`: 72 for the 95 % quantile, 368 for the 99 % quantile.
#[must_use]
pub fn replications_for_quantile(p: f64, level: f64) -> u64 {
    let tail: f64 = (1.0 - level) / 2.0;
    (tail.ln() / p.ln()).max(tail.ln() / (1.0 - p).ln()).ceil() as u64
}

/// A share of replications (successes of `n`) with the interval of Clopper and Pearson, which never covers less than it
/// says (ClopperPearson1934).
///
/// # Errors
/// [`EstimateError::TooFew`] for no trial at all.
pub fn share(successes: u64, n: u64, level: f64) -> Result<Estimate, EstimateError> {
    check_probability("the confidence level", level)?;
    if n == 0 || successes > n {
        return Err(EstimateError::TooFew {
            n: n as usize,
            asked: successes as usize,
        });
    }
    let tail = (1.0 - level) / 2.0;
    Ok(Estimate {
        value: successes as f64 / n as f64,
        low: share_low(successes, n, tail),
        high: 1.0 - share_low(n - successes, n, tail),
        n: n as usize,
        undefined: 0,
        level,
        constant: successes == 0 || successes == n,
    })
}

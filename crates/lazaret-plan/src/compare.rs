//! Is this design better than that one? Paired differences with intervals that hold together, or "cannot tell yet".

use lazaret_vocabulary::figures::figure;
use serde::Serialize;

use crate::estimate::{EstimateError, check_probability, mean_and_variance};
use crate::quantiles;

/// What the data say about one difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The alternative's mean is higher than the baseline's.
    Higher,
    /// The alternative's mean is lower than the baseline's.
    Lower,
    /// The whole interval lies within the tolerance: whatever the difference is, it does not matter.
    Same,
    /// Every replication gave exactly the same value in both designs.
    Identical,
    /// The interval holds zero and is too wide to call the two the same.
    CannotTell {
        /// About how many more replications would decide, if mean and spread stay as they look now; none if no number
        /// within reach would.
        more: Option<u64>,
    },
}

impl Verdict {
    /// What it says, in words.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Verdict::Higher => "higher".into(),
            Verdict::Lower => "lower".into(),
            Verdict::Same => "no difference that matters".into(),
            Verdict::Identical => "exactly the same in every replication".into(),
            Verdict::CannotTell { more: Some(n) } => format!(
                "cannot tell yet, {} more replications would",
                figure(n as f64)
            ),
            Verdict::CannotTell { more: None } => {
                "cannot tell, and no feasible number of replications would".into()
            }
        }
    }
}

/// One alternative against the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of alternative minus baseline over the pairs.
    pub value: f64,
    /// Lower end of its interval; the intervals of all alternatives hold together with probability `level`.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Pairs in which both values were defined.
    pub n: usize,
    /// Pairs left out because a value was undefined.
    pub undefined: usize,
    /// Variance of the difference from independent runs over that of these pairs; above 1 the pairing helped.
    pub pairing_gain: f64,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Compares alternatives with a baseline by paired differences.
///
/// * `baseline` — one value a replication.
/// * `alternatives` — for each alternative, its values in the same replications.
/// * `level` — probability with which **all** intervals hold together: each is a t interval at `1 - (1 - level) / k`
///   (Bonferroni), valid whatever the dependence that common random numbers put between them.
/// * `tolerance` — a difference no larger than this does not matter; none if every difference does.
///
/// # Errors
/// [`EstimateError::TooFew`] if an alternative has fewer than two usable pairs.
pub fn compare(
    baseline: &[f64],
    alternatives: &[Vec<f64>],
    level: f64,
    tolerance: Option<f64>,
) -> Result<Vec<Difference>, EstimateError> {
    check_probability("the confidence level", level)?;
    let each = 1.0 - (1.0 - level) / alternatives.len().max(1) as f64;
    alternatives
        .iter()
        .map(|other| difference(baseline, other, each, tolerance))
        .collect()
}

/// The paired difference of two columns with an interval at `level`.
///
/// # Errors
/// [`EstimateError::TooFew`] if fewer than two pairs are defined.
pub fn difference(
    baseline: &[f64],
    other: &[f64],
    level: f64,
    tolerance: Option<f64>,
) -> Result<Difference, EstimateError> {
    let asked = baseline.len().min(other.len());
    let differences: Vec<f64> = baseline
        .iter()
        .zip(other)
        .map(|(a, b)| b - a)
        .filter(|d| !d.is_nan())
        .collect();
    let n = differences.len();
    if n < 2 {
        return Err(EstimateError::TooFew { n, asked });
    }
    let (value, variance) = mean_and_variance(&differences);
    let half =
        quantiles::student((1.0 + level) / 2.0, (n - 1) as f64) * (variance / n as f64).sqrt();
    let (low, high) = (value - half, value + half);
    let verdict = if differences.iter().all(|&d| d == 0.0) {
        Verdict::Identical
    } else if tolerance.is_some_and(|t| -t <= low && high <= t) {
        Verdict::Same
    } else if low > 0.0 {
        Verdict::Higher
    } else if high < 0.0 {
        Verdict::Lower
    } else {
        let resolve = value.abs().max(tolerance.unwrap_or(0.0) - value.abs());
        Verdict::CannotTell {
            more: more_replications(n, variance, resolve, level),
        }
    };
    Ok(Difference {
        value,
        low,
        high,
        n,
        undefined: asked - n,
        pairing_gain: pairing_gain(baseline, other),
        verdict,
    })
}

/// How many replications beyond `n` make the half-width smaller than `resolve`; none beyond a billion.
fn more_replications(n: usize, variance: f64, resolve: f64, level: f64) -> Option<u64> {
    const MOST: f64 = 1e9;
    if resolve <= 0.0 {
        return None;
    }
    // Start from the normal quantile, then correct for the t quantile at the number found.
    let mut wanted = n as f64;
    for _ in 0..20 {
        let quantile = quantiles::student((1.0 + level) / 2.0, (wanted - 1.0).max(1.0));
        let next = (variance * (quantile / resolve).powi(2)).floor() + 1.0;
        if next > MOST {
            return None;
        }
        if (next - wanted).abs() < 0.5 {
            break;
        }
        wanted = next.max(2.0);
    }
    Some((wanted - n as f64).max(1.0) as u64)
}

/// How much pairing by common random numbers gained: variance of the difference of independent runs, over the variance
/// of the paired difference. Infinite if the pairs differ by a constant, NaN for fewer than two pairs.
#[must_use]
pub fn pairing_gain(baseline: &[f64], other: &[f64]) -> f64 {
    let pairs: Vec<(f64, f64)> = baseline
        .iter()
        .zip(other)
        .filter(|(a, b)| !a.is_nan() && !b.is_nan())
        .map(|(&a, &b)| (a, b))
        .collect();
    let a: Vec<f64> = pairs.iter().map(|p| p.0).collect();
    let b: Vec<f64> = pairs.iter().map(|p| p.1).collect();
    let d: Vec<f64> = pairs.iter().map(|p| p.1 - p.0).collect();
    (mean_and_variance(&a).1 + mean_and_variance(&b).1) / mean_and_variance(&d).1
}

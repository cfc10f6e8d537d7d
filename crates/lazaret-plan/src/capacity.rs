//! The greatest intake that can be sustained, as one number with an interval and as a spread over futures.
//!
//! Two questions look alike and are not. [`thresholds`] finds, for **each replication**, the greatest value it sustains;
//! the replications differ in what nobody knows and in luck, so the thresholds show what the capacity depends on, and
//! their low quantiles are the intake that is safe whatever the truth. [`crossing`] finds where a **mean** margin turns
//! negative: the capacity of the average future.
//!
//! Both rely on common random numbers: a replication that sustains an intake sustains every smaller one.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use crate::estimate::{EstimateError, mean_and_variance};
use crate::quantiles;

/// The values searched: `low`, `low + step`, … up to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// Distance of neighbours: 1 for whole numbers, else the precision wanted.
    pub step: f64,
}

/// Why no capacity was found.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CapacityError<E> {
    /// The range is empty or runs backwards.
    #[error("{0}")]
    Setting(String),
    /// Too few replications.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// The model failed.
    #[error(transparent)]
    Model(E),
}

impl Range {
    /// Number of steps between the ends.
    fn last(&self) -> Result<usize, String> {
        let steps = ((self.high - self.low) / self.step + 1e-9).floor();
        if !(self.step > 0.0 && steps.is_finite() && steps >= 0.0) {
            return Err(format!(
                "the range {} to {} in steps of {} is empty, write the lesser end first and a positive step",
                self.low, self.high, self.step
            ));
        }
        if steps > 1e9 {
            return Err(format!(
                "{steps} steps are more than a search can tell apart, use larger ones"
            ));
        }
        Ok(steps as usize)
    }

    /// Value number `i`.
    #[must_use]
    pub fn value(&self, i: usize) -> f64 {
        self.low + i as f64 * self.step
    }
}

/// The greatest value that one replication sustains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// Not even the least value of the range.
    BelowRange,
    /// This value, but not the next.
    At(f64),
    /// The greatest value of the range, and perhaps more.
    AboveRange,
}

impl Threshold {
    /// The threshold as a number, with minus infinity and infinity for those outside the range.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Threshold::BelowRange => f64::NEG_INFINITY,
            Threshold::At(x) => x,
            Threshold::AboveRange => f64::INFINITY,
        }
    }
}

/// Finds the threshold of each of `replications` by bisection, all in step.
///
/// * `sustained` — for each (value, replication), whether the replication sustains the value. Called about
///   log2(steps) times with all pairs of one level, so that a simulator may group them by value and use its threads.
///
/// # Errors
/// [`CapacityError`].
pub fn thresholds<E>(
    range: Range,
    replications: std::ops::Range<u64>,
    mut sustained: impl FnMut(&[(f64, u64)]) -> Result<Vec<bool>, E>,
) -> Result<Vec<Threshold>, CapacityError<E>> {
    let last = range.last().map_err(CapacityError::Setting)? as i64;
    // Invariant: values up to index `low` are sustained, values from `high` on are not; -1 and last + 1 are the
    // imagined neighbours of the range.
    let mut brackets: Vec<(u64, i64, i64)> = replications.map(|r| (r, -1, last + 1)).collect();
    loop {
        let open: Vec<usize> = (0..brackets.len())
            .filter(|&i| brackets[i].2 - brackets[i].1 > 1)
            .collect();
        if open.is_empty() {
            break;
        }
        let asked: Vec<(f64, u64)> = open
            .iter()
            .map(|&i| {
                let (r, low, high) = brackets[i];
                (range.value(((low + high) / 2) as usize), r)
            })
            .collect();
        let answers = sustained(&asked).map_err(CapacityError::Model)?;
        for (&i, yes) in open.iter().zip(answers) {
            let middle = (brackets[i].1 + brackets[i].2) / 2;
            if yes {
                brackets[i].1 = middle;
            } else {
                brackets[i].2 = middle;
            }
        }
    }
    Ok(brackets
        .iter()
        .map(|&(_, low, _)| match low {
            -1 => Threshold::BelowRange,
            l if l == last => Threshold::AboveRange,
            l => Threshold::At(range.value(l as usize)),
        })
        .collect())
}

/// Where a mean margin crosses zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// The greatest value of the range whose mean margin is not negative; minus infinity if there is none, infinity if the
    /// margin is not negative even at the end of the range.
    pub value: f64,
    /// Lower end of the interval of the crossing.
    pub low: f64,
    /// Upper end of the interval of the crossing.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Replications at each value tried.
    pub n: usize,
}

/// Finds where the mean of a margin that falls with the value crosses zero, with an interval at `level`.
///
/// The interval holds every value at which a t test of "the mean margin is zero" would not reject. It therefore covers the
/// true crossing with exactly the level of **one** such test, however many values the search has looked at.
///
/// * `margins` — the margins of the same replications at a value: positive where the value is sustained.
///
/// # Errors
/// [`CapacityError`].
pub fn crossing<E>(
    range: Range,
    level: f64,
    mut margins: impl FnMut(f64) -> Result<Vec<f64>, E>,
) -> Result<Crossing, CapacityError<E>> {
    let last = range.last().map_err(CapacityError::Setting)?;
    crate::estimate::check_probability("the confidence level", level)?;
    let mut seen: BTreeMap<usize, (f64, f64, usize)> = BTreeMap::new();
    let mut at = |i: usize| -> Result<(f64, f64, usize), CapacityError<E>> {
        if let Some(&known) = seen.get(&i) {
            return Ok(known);
        }
        let values: Vec<f64> = margins(range.value(i))
            .map_err(CapacityError::Model)?
            .into_iter()
            .filter(|m| !m.is_nan())
            .collect();
        let n = values.len();
        if n < 2 {
            return Err(EstimateError::TooFew { n, asked: n }.into());
        }
        let (mean, variance) = mean_and_variance(&values);
        let half =
            quantiles::student((1.0 + level) / 2.0, (n - 1) as f64) * (variance / n as f64).sqrt();
        seen.insert(i, (mean, half, n));
        Ok((mean, half, n))
    };
    // Number of leading grid values at which `mean + shift × half ≥ 0`.
    let mut count = |shift: f64| -> Result<usize, CapacityError<E>> {
        let (mut low, mut high) = (0, last + 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (mean, half, _) = at(middle)?;
            if mean + shift * half >= 0.0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    };
    let (centre, sure, possible) = (count(0.0)?, count(-1.0)?, count(1.0)?);
    let n = at(0)?.2;
    let number = |count: usize| match count {
        0 => f64::NEG_INFINITY,
        c if c == last + 1 => f64::INFINITY,
        c => range.value(c - 1),
    };
    // The true crossing lies between grid values, so the upper end goes to the first value that is ruled out.
    let upper = match possible {
        0 => range.low,
        c if c == last + 1 => f64::INFINITY,
        c => range.value(c),
    };
    Ok(Crossing {
        value: number(centre),
        low: number(sure),
        high: upper,
        level,
        n,
    })
}

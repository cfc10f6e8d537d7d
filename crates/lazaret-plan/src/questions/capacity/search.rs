//! The greatest intake that can be sustained, as one number with an interval and as a spread over futures.
//!
//! Two questions look alike and are not. [`thresholds`] finds, for **each replication**, the greatest value it
//! sustains, or the least where more is better; the replications differ in what nobody knows and in luck, so the
//! thresholds show what the capacity depends on, and their low quantiles are the intake that is safe whatever the
//! truth. [`crossing`] finds where a **mean** margin turns negative: the capacity of the average future.
//!
//! Both rely on common random numbers: a replication that sustains an intake also sustains every smaller one.

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
        if !(self.low.is_finite() && self.high.is_finite() && self.step.is_finite()) {
            return Err("a range needs finite numbers for its ends and its step".into());
        }
        let steps = ((self.high - self.low) / self.step + 1e-9).floor();
        if !(self.step > 0.0 && steps.is_finite() && steps >= 0.0) {
            return Err(format!(
                "the range {} to {} in steps of {} is empty; write the lower end first and a positive step",
                self.low, self.high, self.step
            ));
        }
        if steps == 0.0 && self.high > self.low {
            return Err(format!(
                "a step of {} is larger than the range {} to {}, so only {} would be tried; use a smaller step",
                self.step, self.low, self.high, self.low
            ));
        }
        if steps > 1e9 {
            return Err(format!(
                "{steps} steps are too many for a search; use larger steps"
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

/// Which way a setting acts on whether it is sustained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A future that sustains a value sustains every smaller one: an intake.
    MoreIsWorse,
    /// A future that sustains a value sustains every greater one: slots, crew, the time between convoys.
    MoreIsBetter,
}

/// What some replications do at the two ends of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// They sustain the least value only.
    pub low_only: u64,
    /// They sustain the greatest value only.
    pub high_only: u64,
    /// They sustain both.
    pub both: u64,
    /// They sustain neither.
    pub neither: u64,
}

impl Ends {
    /// Which way the setting acts in most of them: more is worse, as with an intake, if they do not tell.
    #[must_use]
    pub fn direction(&self) -> Direction {
        if self.high_only > self.low_only {
            Direction::MoreIsBetter
        } else {
            Direction::MoreIsWorse
        }
    }

    /// Replications that tell the opposite of [`Ends::direction`].
    #[must_use]
    pub fn against(&self) -> u64 {
        self.low_only.min(self.high_only)
    }
}

/// Tries both ends of the range, so that the direction is known before it is searched.
///
/// # Errors
/// [`CapacityError`].
pub fn ends<E>(
    range: Range,
    replications: std::ops::Range<u64>,
    mut sustained: impl FnMut(&[(f64, u64)]) -> Result<Vec<bool>, E>,
) -> Result<Ends, CapacityError<E>> {
    let last = range.last().map_err(CapacityError::Setting)?;
    let asked: Vec<(f64, u64)> = replications
        .flat_map(|r| [(range.value(0), r), (range.value(last), r)])
        .collect();
    let mut ends = Ends::default();
    for pair in sustained(&asked)
        .map_err(CapacityError::Model)?
        .chunks_exact(2)
    {
        *match (pair[0], pair[1]) {
            (true, false) => &mut ends.low_only,
            (false, true) => &mut ends.high_only,
            (true, true) => &mut ends.both,
            (false, false) => &mut ends.neither,
        } += 1;
    }
    Ok(ends)
}

/// Where in the range one replication stops or starts sustaining: the greatest value that it sustains where more is
/// worse, the least where more is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// It lies below the range: no value of it is sustained, or, where more is better, all are.
    BelowRange,
    /// This value.
    At(f64),
    /// It lies above the range, or at its end: all values are sustained, or, where more is better, none is.
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

/// Beyond this many steps a search goes out from where others ended, since values far from it may be dear to run.
const WIDE: i64 = 256;

/// What is known of one replication, as positions from the value that is easiest to sustain to the hardest.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    replication: u64,
    /// Up to here it sustains; -1 if that is not known of any.
    low: i64,
    /// From here on it does not; one beyond the last if that is not known of any.
    high: i64,
    /// Length of the next step out.
    step: i64,
}

impl Bracket {
    /// The next position to try, for a range of `last` + 1 positions and a search from `near`.
    fn next(&self, last: i64, near: Option<i64>) -> i64 {
        match near {
            Some(near) if self.low == -1 && self.high == last + 1 => near,
            Some(_) if self.high == last + 1 => (self.low + self.step).min(last),
            Some(_) if self.low == -1 => (self.high - self.step).max(0),
            _ => (self.low + self.high) / 2,
        }
    }
}

/// Finds the threshold of each of `replications` by bisection, all in step.
///
/// * `near` — where earlier replications had theirs. In a wide range the search goes out from there in growing steps.
/// * `sustained` — for each (value, replication), whether the replication sustains the value. Called about
///   log2(steps) times with all pairs of one level, so that a simulator may group them by value and use its threads.
///
/// # Errors
/// [`CapacityError`].
pub fn thresholds<E>(
    range: Range,
    direction: Direction,
    near: Option<f64>,
    replications: std::ops::Range<u64>,
    mut sustained: impl FnMut(&[(f64, u64)]) -> Result<Vec<bool>, E>,
) -> Result<Vec<Threshold>, CapacityError<E>> {
    let last = range.last().map_err(CapacityError::Setting)? as i64;
    let turned = |i: i64| match direction {
        Direction::MoreIsWorse => i,
        Direction::MoreIsBetter => last - i,
    };
    let value = |i: i64| range.value(turned(i) as usize);
    let near = near.filter(|x| x.is_finite() && last > WIDE).map(|x| {
        let at = ((x - range.low) / range.step).round() as i64;
        turned(at.clamp(0, last))
    });
    let mut brackets: Vec<Bracket> = replications
        .map(|replication| Bracket {
            replication,
            low: -1,
            high: last + 1,
            step: 1,
        })
        .collect();
    loop {
        let open: Vec<(usize, i64)> = brackets
            .iter()
            .enumerate()
            .filter(|(_, b)| b.high - b.low > 1)
            .map(|(at, b)| (at, b.next(last, near)))
            .collect();
        if open.is_empty() {
            break;
        }
        let asked: Vec<(f64, u64)> = open
            .iter()
            .map(|&(at, i)| (value(i), brackets[at].replication))
            .collect();
        let answers = sustained(&asked).map_err(CapacityError::Model)?;
        for ((at, i), yes) in open.into_iter().zip(answers) {
            let bracket = &mut brackets[at];
            *if yes {
                &mut bracket.low
            } else {
                &mut bracket.high
            } = i;
            bracket.step *= 2;
        }
    }
    Ok(brackets
        .iter()
        .map(|bracket| match (bracket.low, direction) {
            (-1, Direction::MoreIsWorse) => Threshold::BelowRange,
            (-1, Direction::MoreIsBetter) => Threshold::AboveRange,
            (l, Direction::MoreIsWorse) if l == last => Threshold::AboveRange,
            (l, Direction::MoreIsBetter) if l == last => Threshold::BelowRange,
            (l, _) => Threshold::At(value(l)),
        })
        .collect())
}

/// Where a mean margin crosses zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// The greatest value of the range whose mean margin is not negative; minus infinity if there is none, infinity if
    /// the margin is not negative even at the end of the range.
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
/// The interval holds every value at which a t test of "the mean margin is zero" would not reject. It therefore covers
/// the true crossing with exactly the level of **one** such test, however many values the search has looked at.
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

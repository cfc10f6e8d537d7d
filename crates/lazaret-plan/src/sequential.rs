//! When to stop: run until the interval is narrow enough, and not more.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, EstimateError, mean};

/// How narrow an interval has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Half-width at most this, in the metric's unit.
    Absolute(f64),
    /// Half-width at most this share of the mean's size.
    Relative(f64),
}

/// A fixed-width stopping rule for a mean (ChowRobbins1965; in simulation practice Law2015, section 9.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Confidence level of the interval.
    pub level: f64,
    /// Its width.
    pub target: Target,
    /// Replications before the first look. With fewer than about 30 a lucky small variance stops the run too early
    /// and the interval covers less than it says.
    pub first: u64,
    /// Replications that are never exceeded.
    pub most: u64,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Run this many more.
    Run(u64),
    /// The interval is narrow enough.
    Enough(Estimate),
    /// The budget is spent before the interval was narrow enough.
    Spent(Estimate),
}

impl Precision {
    /// Decides from the values so far.
    ///
    /// # Errors
    /// As [`mean`], once the budget is spent and still no interval exists.
    pub fn next(&self, xs: &[f64]) -> Result<Next, EstimateError> {
        let n = xs.len() as u64;
        let first = self.first.max(2).min(self.most);
        if n < first {
            return Ok(Next::Run(first - n));
        }
        let estimate = match mean(xs, self.level) {
            Ok(estimate) => estimate,
            Err(EstimateError::TooFew { .. }) if n < self.most => {
                return Ok(Next::Run(first.min(self.most - n)));
            }
            Err(other) => return Err(other),
        };
        let wanted = match self.target {
            Target::Absolute(width) => width,
            Target::Relative(share) => share * estimate.value.abs(),
        };
        let half = estimate.half_width();
        if half <= wanted {
            return Ok(Next::Enough(estimate));
        }
        if n >= self.most {
            return Ok(Next::Spent(estimate));
        }
        // Aim at the number that looks right now, but at most double, since the variance is itself an estimate, and at
        // least a tenth more, so that the number of looks stays small and with it the harm of looking.
        let aim = if wanted > 0.0 {
            n as f64 * (half / wanted).powi(2)
        } else {
            f64::INFINITY
        };
        let aim = aim.clamp(1.1 * n as f64, 2.0 * n as f64).ceil() as u64;
        Ok(Next::Run(aim.min(self.most) - n))
    }
}

//! Estimates over replications.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// Level of every interval that is printed.
pub const LEVEL: f64 = 0.95;

/// A mean over replications with its confidence interval by Student's t.
///
/// The interval assumes independent replications whose mean is near normal; it says nothing about the model's truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean; NaN if no replication had the figure.
    pub mean: f64,
    /// Standard deviation between replications.
    pub sd: f64,
    /// Lower end of the interval; equal to the mean if one replication alone has the figure.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Its level.
    pub level: f64,
    /// Replications that had the figure.
    pub n: u64,
}

impl Estimate {
    /// Half the length of the interval, before it was kept within what is possible.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.mean).max(self.mean - self.low)
    }

    /// The same with its interval kept between `least` and `greatest`: a count is not negative, a share not above 1.
    #[must_use]
    pub fn within(self, (least, greatest): (f64, f64)) -> Self {
        Estimate {
            low: self.low.max(least).min(self.mean),
            high: self.high.min(greatest).max(self.mean),
            ..self
        }
    }
}

/// Count, mean and sum of squared deviations, updated value by value (Welford1962).
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes in a value; NaN counts as no value.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value - self.mean);
    }

    /// Number of values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; NaN for none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.n == 0 { f64::NAN } else { self.mean }
    }

    /// Unbiased variance; NaN for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2 {
            f64::NAN
        } else {
            self.squares / (self.n - 1) as f64
        }
    }

    /// Half the length of the t interval at `level`. Infinite for fewer than two values.
    #[must_use]
    pub fn half_width(&self, level: f64) -> f64 {
        if self.n < 2 {
            return f64::INFINITY;
        }
        student(self.n - 1, level) * (self.variance() / self.n as f64).sqrt()
    }

    /// The estimate at [`LEVEL`].
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let (mean, half) = (self.mean(), self.half_width(LEVEL));
        let (low, high) = if half.is_finite() {
            (mean - half, mean + half)
        } else {
            (mean, mean)
        };
        Estimate {
            mean,
            sd: if self.n < 2 {
                0.0
            } else {
                self.variance().sqrt()
            },
            low,
            high,
            level: LEVEL,
            n: self.n,
        }
    }
}

/// Two-sided quantile of Student's t with `freedom` degrees of freedom.
#[must_use]
pub fn student(freedom: u64, level: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64)
        .map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + level / 2.0))
}

/// Lower bound of Clopper and Pearson on a share of which `successes` of `n` trials were seen: it is above the true share
/// with probability at most `tail` (ClopperPearson1934). The upper bound is one minus that of the failures.
#[must_use]
pub fn share_low(successes: u64, n: u64, tail: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    Beta::new(successes as f64, n.saturating_sub(successes) as f64 + 1.0)
        .map_or(0.0, |beta| beta.inverse_cdf(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_agree_with_a_worked_example() {
        let mut moments = Moments::default();
        [2.0, 4.0, f64::NAN, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]
            .into_iter()
            .for_each(|v| moments.add(v));
        assert_eq!(moments.n(), 8);
        assert_eq!(moments.mean(), 5.0);
        assert!((moments.variance() - 32.0 / 7.0).abs() < 1e-12);
        // t with 7 degrees of freedom at 97.5 %: 2.364624.
        assert!((moments.half_width(0.95) - 2.364_624 * (32.0f64 / 7.0 / 8.0).sqrt()).abs() < 1e-5);
    }

    #[test]
    fn an_interval_stays_within_what_is_possible() {
        let mut moments = Moments::default();
        [0.0, 0.0, 0.0, 0.9]
            .into_iter()
            .for_each(|v| moments.add(v));
        let plain = moments.estimate();
        assert!(plain.low < 0.0 && plain.half_width() > 0.4);
        let kept = plain.within((0.0, 1.0));
        assert_eq!((kept.low, kept.high), (0.0, plain.high));
        // How well it is known does not change by what is possible.
        assert!((kept.half_width() - plain.half_width()).abs() < 1e-12);
    }

    #[test]
    fn one_value_has_no_interval() {
        let mut moments = Moments::default();
        moments.add(3.0);
        let estimate = moments.estimate();
        assert_eq!((estimate.low, estimate.high, estimate.n), (3.0, 3.0, 1));
    }
}

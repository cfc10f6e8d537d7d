//! Pairs of prior and likelihood with a closed posterior and evidence (Gelman2013, ch. 2).

use statrs::function::beta::ln_beta;
use statrs::function::factorial::ln_factorial;
use statrs::function::gamma::ln_gamma;

/// Yes/no trials with a Beta(a, b) chance of yes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomial {
    /// Prior shape for yes.
    pub a: f64,
    /// Prior shape for no.
    pub b: f64,
}

impl BetaBinomial {
    /// The posterior after `yes` and `no` outcomes, as another of its kind.
    #[must_use]
    pub fn after(self, yes: u64, no: u64) -> Self {
        Self {
            a: self.a + yes as f64,
            b: self.b + no as f64,
        }
    }

    /// Log-probability of one *sequence* with these counts.
    #[must_use]
    pub fn log_evidence(self, yes: u64, no: u64) -> f64 {
        let after = self.after(yes, no);
        ln_beta(after.a, after.b) - ln_beta(self.a, self.b)
    }

    /// Mean and standard deviation of the chance of yes.
    #[must_use]
    pub fn moments(self) -> (f64, f64) {
        let n = self.a + self.b;
        (self.a / n, (self.a * self.b / (n * n * (n + 1.0))).sqrt())
    }
}

/// Counts that are Poisson with a Gamma(shape, rate) mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaPoisson {
    /// Prior shape.
    pub shape: f64,
    /// Prior rate.
    pub rate: f64,
}

impl GammaPoisson {
    /// The posterior after the counts.
    #[must_use]
    pub fn after(self, counts: &[u64]) -> Self {
        Self {
            shape: self.shape + counts.iter().sum::<u64>() as f64,
            rate: self.rate + counts.len() as f64,
        }
    }

    /// Log-probability of the counts.
    #[must_use]
    pub fn log_evidence(self, counts: &[u64]) -> f64 {
        let after = self.after(counts);
        self.shape * self.rate.ln() - ln_gamma(self.shape) + ln_gamma(after.shape)
            - after.shape * after.rate.ln()
            - counts.iter().map(|count| ln_factorial(*count)).sum::<f64>()
    }

    /// Mean and standard deviation of the Poisson mean.
    #[must_use]
    pub fn moments(self) -> (f64, f64) {
        (self.shape / self.rate, self.shape.sqrt() / self.rate)
    }
}

/// Measurements that are N(μ, variance) with μ ~ N(mean, prior_variance).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalNormal {
    /// Mean of μ.
    pub mean: f64,
    /// Variance of μ; 0 says that μ is known.
    pub prior_variance: f64,
    /// Variance of a measurement about μ, above 0.
    pub variance: f64,
}

impl NormalNormal {
    /// The posterior after the measurements.
    #[must_use]
    pub fn after(self, measurements: &[f64]) -> Self {
        measurements.iter().fold(self, |belief, y| {
            let gain = belief.prior_variance / (belief.prior_variance + belief.variance);
            Self {
                mean: belief.mean + gain * (y - belief.mean),
                prior_variance: belief.prior_variance * (1.0 - gain),
                ..belief
            }
        })
    }

    /// Log-density of the measurements.
    #[must_use]
    pub fn log_evidence(self, measurements: &[f64]) -> f64 {
        let mut belief = self;
        let mut total = 0.0;
        for y in measurements {
            let variance = belief.prior_variance + belief.variance;
            total -= 0.5
                * ((y - belief.mean).powi(2) / variance + (std::f64::consts::TAU * variance).ln());
            belief = belief.after(&[*y]);
        }
        total
    }

    /// Log Bayes factor of "μ is unknown" over "μ is `null` exactly".
    #[must_use]
    pub fn log_bayes_factor(self, null: f64, measurements: &[f64]) -> f64 {
        let point = Self {
            mean: null,
            prior_variance: 0.0,
            ..self
        };
        self.log_evidence(measurements) - point.log_evidence(measurements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_the_integral_of_likelihood_times_prior() {
        // Midpoint rule, 200 000 cells.
        let integral = |low: f64, high: f64, f: &dyn Fn(f64) -> f64| {
            let h = (high - low) / 2e5;
            (0..200_000)
                .map(|i| f(low + (f64::from(i) + 0.5) * h))
                .sum::<f64>()
                * h
        };
        let beta = BetaBinomial { a: 2.0, b: 3.0 };
        let by_hand = integral(0.0, 1.0, &|p| {
            12.0 * p * (1.0 - p).powi(2) * p.powi(4) * (1.0 - p)
        });
        assert!((beta.log_evidence(4, 1) - by_hand.ln()).abs() < 1e-8);
        let gamma = GammaPoisson {
            shape: 2.0,
            rate: 0.5,
        };
        let by_hand = integral(0.0, 80.0, &|m| {
            0.25 * m * (-0.5 * m).exp() * (m.powi(3) / 6.0 * (-m).exp()) * (-m).exp()
        });
        assert!((gamma.log_evidence(&[3, 0]) - by_hand.ln()).abs() < 1e-8);
        let normal = NormalNormal {
            mean: 1.0,
            prior_variance: 4.0,
            variance: 0.25,
        };
        let pdf = |x: f64, mean: f64, variance: f64| {
            (-0.5 * (x - mean).powi(2) / variance).exp() / (std::f64::consts::TAU * variance).sqrt()
        };
        let by_hand = integral(-15.0, 17.0, &|m| {
            pdf(m, 1.0, 4.0) * pdf(0.3, m, 0.25) * pdf(0.9, m, 0.25)
        });
        assert!((normal.log_evidence(&[0.3, 0.9]) - by_hand.ln()).abs() < 1e-8);
    }
}

//! What is believed of unknown numbers before any data.
//!
//! A [`Prior`] can be drawn from, has a density, and can be *unbounded*: each θ corresponds to a point u of
//! unconstrained space, where a random walk may propose anything. [`Independent`] builds one out of named
//! [`Marginal`]s; the distributions in [`Density`] cover the usual ones and any other type may join by
//! implementing the trait.
//!
//! ```
//! use lazaret_smc::prior::{Density, Independent, Prior};
//! use lazaret_smc::random::StreamKey;
//!
//! let prior = Independent::new()
//!     .with("rate", Density::Gamma { shape: 2.0, rate: 0.1 })
//!     .with("share", Density::Beta { a: 4.0, b: 1.5 });
//! let theta = prior.sample(&mut StreamKey::new(1).stream());
//! let back = prior.constrain(&prior.unconstrain(&theta));
//! assert!((theta[1] - back[1]).abs() < 1e-12);
//! ```

use rand_distr::{Beta, Distribution, Exp1, Gamma, StandardNormal, StudentT};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous, ContinuousCDF};
use statrs::function::gamma::ln_gamma;

use crate::random::Stream;

/// A joint prior of the unknowns θ.
pub trait Prior: Sync {
    /// The names of the unknowns, in the order of θ.
    fn names(&self) -> Vec<String>;

    /// Draws θ.
    fn sample(&self, rng: &mut Stream) -> Vec<f64>;

    /// Log-density at θ, up to nothing: evidence depends on the constant. `-inf` outside the support.
    fn log_density(&self, theta: &[f64]) -> f64;

    /// Takes θ of the support to unconstrained space.
    fn unconstrain(&self, theta: &[f64]) -> Vec<f64>;

    /// The inverse of [`unconstrain`](Self::unconstrain).
    fn constrain(&self, unconstrained: &[f64]) -> Vec<f64>;

    /// log |dθ/du| at the point `unconstrained`: what turns a density of θ into one of u.
    fn log_jacobian(&self, unconstrained: &[f64]) -> f64;
}

/// Where an unknown may lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Support {
    /// Any real number.
    Real,
    /// Above a bound; taken to the line by the logarithm.
    Above(f64),
    /// Between two bounds; taken to the line by the logit.
    Between(f64, f64),
}

impl Support {
    /// From the support to the line. Points at or beyond a bound are taken just inside it.
    #[must_use]
    pub fn unconstrain(self, x: f64) -> f64 {
        match self {
            Self::Real => x,
            Self::Above(low) => (x - low).max(f64::MIN_POSITIVE).ln(),
            Self::Between(low, high) => {
                let share = ((x - low) / (high - low)).clamp(1e-300, 1.0 - 1e-16);
                share.ln() - (-share).ln_1p()
            }
        }
    }

    /// From the line to the support.
    #[must_use]
    pub fn constrain(self, u: f64) -> f64 {
        match self {
            Self::Real => u,
            Self::Above(low) => low + u.exp(),
            Self::Between(low, high) => low + (high - low) / (1.0 + (-u).exp()),
        }
    }

    /// log |dx/du|.
    #[must_use]
    pub fn log_jacobian(self, u: f64) -> f64 {
        match self {
            Self::Real => 0.0,
            Self::Above(_) => u,
            // log(width · s(u) · s(-u)) with log s(u) = -log(1 + e^-u), safe for large |u|.
            Self::Between(low, high) => {
                (high - low).ln() - u.abs() - 2.0 * (-u.abs()).exp().ln_1p()
            }
        }
    }
}

/// The prior of one unknown.
pub trait Marginal: Send + Sync {
    /// Draws a value.
    fn sample(&self, rng: &mut Stream) -> f64;
    /// Log-density, normalised; `-inf` outside the support.
    fn log_density(&self, x: f64) -> f64;
    /// Where the density is positive.
    fn support(&self) -> Support;
}

/// Distributions of one unknown. Parameters out of range give a density of `NaN`; see
/// [`check`](Self::check).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Density {
    /// Equally likely between two bounds. A hard bound excludes for good: prefer a wide tail.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Bell-shaped.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Positive; its logarithm is normal.
    LogNormal {
        /// Mean of the logarithm: the logarithm of the median.
        mean_log: f64,
        /// Standard deviation of the logarithm.
        sd_log: f64,
    },
    /// Positive with a tail so wide that one order of magnitude more is never absurd: the logarithm
    /// is Student t.
    LogStudentT {
        /// Centre of the logarithm: the logarithm of the median.
        mean_log: f64,
        /// Scale of the logarithm.
        scale_log: f64,
        /// Degrees of freedom; 3 to 7 are wide.
        freedom: f64,
    },
    /// Bell-shaped with wide tails.
    StudentT {
        /// Centre.
        location: f64,
        /// Scale.
        scale: f64,
        /// Degrees of freedom.
        freedom: f64,
    },
    /// Between 0 and 1.
    Beta {
        /// First shape.
        a: f64,
        /// Second shape.
        b: f64,
    },
    /// Positive, mean shape / rate.
    Gamma {
        /// Shape.
        shape: f64,
        /// Rate: one over the scale.
        rate: f64,
    },
    /// Positive, mean 1 / rate.
    Exponential {
        /// Rate.
        rate: f64,
    },
}

impl Density {
    /// Whether the parameters make a distribution.
    ///
    /// # Errors
    /// Says which parameter is wrong.
    pub fn check(&self) -> Result<(), String> {
        let positive = |name: &str, x: f64| {
            if x > 0.0 && x.is_finite() {
                Ok(())
            } else {
                Err(format!("{name} must be above 0, not {x}"))
            }
        };
        let finite = |name: &str, x: f64| {
            if x.is_finite() {
                Ok(())
            } else {
                Err(format!("{name} must be finite, not {x}"))
            }
        };
        match *self {
            Self::Uniform { low, high } => {
                finite("low", low)?;
                finite("high", high)?;
                if low < high {
                    Ok(())
                } else {
                    Err(format!("low {low} must lie below high {high}"))
                }
            }
            Self::Normal { mean, sd } => finite("mean", mean).and(positive("sd", sd)),
            Self::LogNormal { mean_log, sd_log } => {
                finite("mean_log", mean_log).and(positive("sd_log", sd_log))
            }
            Self::LogStudentT {
                mean_log,
                scale_log,
                freedom,
            } => finite("mean_log", mean_log)
                .and(positive("scale_log", scale_log))
                .and(positive("freedom", freedom)),
            Self::StudentT {
                location,
                scale,
                freedom,
            } => finite("location", location)
                .and(positive("scale", scale))
                .and(positive("freedom", freedom)),
            Self::Beta { a, b } => positive("a", a).and(positive("b", b)),
            Self::Gamma { shape, rate } => positive("shape", shape).and(positive("rate", rate)),
            Self::Exponential { rate } => positive("rate", rate),
        }
    }

    /// P(X ≤ x).
    #[must_use]
    pub fn cumulative(&self, x: f64) -> f64 {
        use statrs::distribution as d;
        let value = |distribution: Option<f64>| distribution.unwrap_or(f64::NAN);
        match *self {
            Self::Uniform { low, high } => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Self::Normal { mean, sd } => value(d::Normal::new(mean, sd).ok().map(|d| d.cdf(x))),
            Self::LogNormal { .. } | Self::LogStudentT { .. } | Self::Exponential { .. }
                if x <= 0.0 =>
            {
                0.0
            }
            Self::LogNormal { mean_log, sd_log } => {
                value(d::Normal::new(mean_log, sd_log).ok().map(|d| d.cdf(x.ln())))
            }
            Self::LogStudentT {
                mean_log,
                scale_log,
                freedom,
            } => value(
                d::StudentsT::new(mean_log, scale_log, freedom)
                    .ok()
                    .map(|d| d.cdf(x.ln())),
            ),
            Self::StudentT {
                location,
                scale,
                freedom,
            } => value(
                d::StudentsT::new(location, scale, freedom)
                    .ok()
                    .map(|d| d.cdf(x)),
            ),
            Self::Beta { a, b } => value(d::Beta::new(a, b).ok().map(|d| d.cdf(x))),
            Self::Gamma { shape, rate } => value(d::Gamma::new(shape, rate).ok().map(|d| d.cdf(x))),
            Self::Exponential { rate } => -(-rate * x).exp_m1(),
        }
    }
}

impl Marginal for Density {
    fn sample(&self, rng: &mut Stream) -> f64 {
        let normal = |rng: &mut Stream| -> f64 { StandardNormal.sample(rng) };
        let student = |rng: &mut Stream, freedom: f64| {
            StudentT::new(freedom).map_or(f64::NAN, |student| student.sample(rng))
        };
        match *self {
            Self::Uniform { low, high } => low + (high - low) * rng.uniform(),
            Self::Normal { mean, sd } => mean + sd * normal(rng),
            Self::LogNormal { mean_log, sd_log } => (mean_log + sd_log * normal(rng)).exp(),
            Self::LogStudentT {
                mean_log,
                scale_log,
                freedom,
            } => (mean_log + scale_log * student(rng, freedom)).exp(),
            Self::StudentT {
                location,
                scale,
                freedom,
            } => location + scale * student(rng, freedom),
            Self::Beta { a, b } => Beta::new(a, b).map_or(f64::NAN, |beta| beta.sample(rng)),
            Self::Gamma { shape, rate } => {
                Gamma::new(shape, 1.0 / rate).map_or(f64::NAN, |gamma| gamma.sample(rng))
            }
            Self::Exponential { rate } => <Exp1 as Distribution<f64>>::sample(&Exp1, rng) / rate,
        }
    }

    fn log_density(&self, x: f64) -> f64 {
        let log_normal =
            |z: f64, sd: f64| -0.5 * z * z - sd.ln() - 0.5 * std::f64::consts::TAU.ln();
        let log_student = |z: f64, scale: f64, freedom: f64| {
            ln_gamma(0.5 * (freedom + 1.0))
                - ln_gamma(0.5 * freedom)
                - 0.5 * (freedom * std::f64::consts::PI).ln()
                - scale.ln()
                - 0.5 * (freedom + 1.0) * (z * z / freedom).ln_1p()
        };
        let inside = match self.support() {
            Support::Real => x.is_finite(),
            Support::Above(low) => x > low && x.is_finite(),
            Support::Between(low, high) => x >= low && x <= high,
        };
        if !inside {
            return f64::NEG_INFINITY;
        }
        match *self {
            Self::Uniform { low, high } => -(high - low).ln(),
            Self::Normal { mean, sd } => log_normal((x - mean) / sd, sd),
            Self::LogNormal { mean_log, sd_log } => {
                log_normal((x.ln() - mean_log) / sd_log, sd_log) - x.ln()
            }
            Self::LogStudentT {
                mean_log,
                scale_log,
                freedom,
            } => log_student((x.ln() - mean_log) / scale_log, scale_log, freedom) - x.ln(),
            Self::StudentT {
                location,
                scale,
                freedom,
            } => log_student((x - location) / scale, scale, freedom),
            Self::Beta { a, b } => {
                statrs::distribution::Beta::new(a, b).map_or(f64::NAN, |d| d.ln_pdf(x))
            }
            Self::Gamma { shape, rate } => {
                shape * rate.ln() - ln_gamma(shape) + (shape - 1.0) * x.ln() - rate * x
            }
            Self::Exponential { rate } => rate.ln() - rate * x,
        }
    }

    fn support(&self) -> Support {
        match *self {
            Self::Uniform { low, high } => Support::Between(low, high),
            Self::Normal { .. } | Self::StudentT { .. } => Support::Real,
            Self::LogNormal { .. }
            | Self::LogStudentT { .. }
            | Self::Gamma { .. }
            | Self::Exponential { .. } => Support::Above(0.0),
            Self::Beta { .. } => Support::Between(0.0, 1.0),
        }
    }
}

/// Named unknowns that are independent of one another before the data.
#[derive(Default)]
pub struct Independent {
    names: Vec<String>,
    marginals: Vec<Box<dyn Marginal>>,
}

impl Independent {
    /// Nothing unknown yet. Left so, SMC² is a plain filter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an unknown.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, marginal: impl Marginal + 'static) -> Self {
        self.push(name, Box::new(marginal));
        self
    }

    /// Adds an unknown.
    pub fn push(&mut self, name: impl Into<String>, marginal: Box<dyn Marginal>) {
        self.names.push(name.into());
        self.marginals.push(marginal);
    }
}

impl Prior for Independent {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn sample(&self, rng: &mut Stream) -> Vec<f64> {
        self.marginals
            .iter()
            .map(|marginal| marginal.sample(rng))
            .collect()
    }

    fn log_density(&self, theta: &[f64]) -> f64 {
        self.marginals
            .iter()
            .zip(theta)
            .map(|(marginal, x)| marginal.log_density(*x))
            .sum()
    }

    fn unconstrain(&self, theta: &[f64]) -> Vec<f64> {
        let pairs = self.marginals.iter().zip(theta);
        pairs
            .map(|(marginal, x)| marginal.support().unconstrain(*x))
            .collect()
    }

    fn constrain(&self, unconstrained: &[f64]) -> Vec<f64> {
        let pairs = self.marginals.iter().zip(unconstrained);
        pairs
            .map(|(marginal, u)| marginal.support().constrain(*u))
            .collect()
    }

    fn log_jacobian(&self, unconstrained: &[f64]) -> f64 {
        let pairs = self.marginals.iter().zip(unconstrained);
        pairs
            .map(|(marginal, u)| marginal.support().log_jacobian(*u))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    fn examples() -> Vec<Density> {
        vec![
            Density::Uniform {
                low: -2.0,
                high: 3.0,
            },
            Density::Normal { mean: 1.0, sd: 2.0 },
            Density::LogNormal {
                mean_log: 1.0,
                sd_log: 0.4,
            },
            Density::LogStudentT {
                mean_log: 0.5,
                scale_log: 0.2,
                freedom: 5.0,
            },
            Density::StudentT {
                location: -1.0,
                scale: 2.0,
                freedom: 4.0,
            },
            Density::Beta { a: 4.0, b: 1.5 },
            Density::Gamma {
                shape: 3.0,
                rate: 0.7,
            },
            Density::Exponential { rate: 0.3 },
        ]
    }

    #[test]
    fn each_density_is_the_slope_of_its_distribution_function() {
        for density in examples() {
            let mut rng = StreamKey::new(1).stream();
            for _ in 0..50 {
                let x = density.sample(&mut rng);
                let h = 1e-5 * x.abs().max(1e-2);
                let (below, above) = (density.cumulative(x - h), density.cumulative(x + h));
                let slope = (above - below) / (2.0 * h);
                let ratio = slope / density.log_density(x).exp();
                assert!(
                    (ratio - 1.0).abs() < 1e-3,
                    "{density:?} at {x}: ratio {ratio}"
                );
            }
        }
    }

    #[test]
    fn samples_follow_their_distribution_function() {
        // Eight Kolmogorov-Smirnov tests at a false-alarm rate of 1e-4 each.
        for density in examples() {
            let mut rng = StreamKey::new(2).stream();
            let ranks: Vec<f64> = (0..4000)
                .map(|_| density.cumulative(density.sample(&mut rng)))
                .collect();
            let p = crate::calibration::uniformity(&ranks).p_value;
            assert!(p > 1e-4, "{density:?}: p {p}");
        }
    }

    #[test]
    fn supports_go_to_the_line_and_back_with_the_right_jacobian() {
        for support in [
            Support::Real,
            Support::Above(2.0),
            Support::Between(-1.0, 4.0),
        ] {
            for u in [-30.0, -3.0, -0.2, 0.0, 1.7, 20.0] {
                let x = support.constrain(u);
                if u.abs() < 10.0 {
                    assert!((support.unconstrain(x) - u).abs() < 1e-9, "{support:?} {u}");
                    let h = 1e-6;
                    let slope = (support.constrain(u + h) - support.constrain(u - h)) / (2.0 * h);
                    assert!(
                        (slope.ln() - support.log_jacobian(u)).abs() < 1e-6,
                        "{support:?} {u}"
                    );
                }
                assert!(support.log_jacobian(u).is_finite());
            }
        }
    }

    #[test]
    fn values_outside_the_support_have_no_density_and_bad_parameters_are_named() {
        assert_eq!(
            Density::Beta { a: 1.0, b: 2.0 }.log_density(1.5),
            f64::NEG_INFINITY
        );
        assert_eq!(
            Density::Gamma {
                shape: 1.0,
                rate: 2.0
            }
            .log_density(-1.0),
            f64::NEG_INFINITY
        );
        let error = Density::Normal {
            mean: 0.0,
            sd: -1.0,
        }
        .check()
        .unwrap_err();
        assert_eq!(error, "sd must be above 0, not -1");
        assert!(
            Density::Uniform {
                low: 1.0,
                high: 1.0
            }
            .check()
            .is_err()
        );
        assert!(examples().iter().all(|density| density.check().is_ok()));
    }
}

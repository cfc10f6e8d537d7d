//! The usual distributions of one unknown.

use rand_distr::{Beta, Distribution, Exp1, Gamma, StandardNormal, StudentT};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous, ContinuousCDF};
use statrs::function::gamma::ln_gamma;

use super::{Marginal, Support};
use crate::random::Stream;

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
    /// A gamma distribution of which only what lies between two bounds is left; the upper may be infinite.
    CutGamma {
        /// Shape.
        shape: f64,
        /// Rate: one over the scale.
        rate: f64,
        /// Lower bound, 0 or more.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Between two bounds, rising to the mode and falling from it.
    Triangular {
        /// Lower bound.
        low: f64,
        /// Most likely value, from `low` to `high`.
        mode: f64,
        /// Upper bound.
        high: f64,
    },
    /// Beta, stretched over two bounds. PERT is one with `a` = 1 + 4 (mode − low) / (high − low) and
    /// `b` = 6 − `a`.
    ScaledBeta {
        /// First shape.
        a: f64,
        /// Second shape.
        b: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Normal, cut to lie between two bounds, of which the upper may be infinite.
    CutNormal {
        /// Mean before the cut.
        mean: f64,
        /// Standard deviation before the cut.
        sd: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Positive; the Weibull distribution of times to failure.
    Weibull {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
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
            Self::CutGamma {
                shape,
                rate,
                low,
                high,
            } => {
                positive("shape", shape).and(positive("rate", rate))?;
                if (0.0..high).contains(&low) {
                    Ok(())
                } else {
                    Err(format!(
                        "low {low} must be 0 or more and lie below high {high}"
                    ))
                }
            }
            Self::Exponential { rate } => positive("rate", rate),
            Self::Triangular { low, mode, high } => {
                finite("low", low).and(finite("high", high))?;
                if low < high && (low..=high).contains(&mode) {
                    Ok(())
                } else {
                    Err(format!(
                        "mode {mode} must lie between low {low} and high {high}"
                    ))
                }
            }
            Self::ScaledBeta { a, b, low, high } => {
                positive("a", a).and(positive("b", b))?;
                Self::Uniform { low, high }.check()
            }
            Self::CutNormal {
                mean,
                sd,
                low,
                high,
            } => {
                finite("mean", mean)
                    .and(positive("sd", sd))
                    .and(finite("low", low))?;
                if low < high {
                    Ok(())
                } else {
                    Err(format!("low {low} must lie below high {high}"))
                }
            }
            Self::Weibull { shape, scale } => {
                positive("shape", shape).and(positive("scale", scale))
            }
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
            Self::LogNormal { .. }
            | Self::LogStudentT { .. }
            | Self::Exponential { .. }
            | Self::Weibull { .. }
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
            Self::CutGamma {
                shape,
                rate,
                low,
                high,
            } => {
                let whole = Self::Gamma { shape, rate };
                let below = whole.up_to(low);
                (whole.up_to(x.clamp(low, high)) - below) / (whole.up_to(high) - below)
            }
            Self::Exponential { rate } => -(-rate * x).exp_m1(),
            Self::Triangular { low, mode, high } => {
                if x <= low {
                    0.0
                } else if x < mode {
                    (x - low).powi(2) / ((high - low) * (mode - low))
                } else if x < high {
                    1.0 - (high - x).powi(2) / ((high - low) * (high - mode))
                } else {
                    1.0
                }
            }
            Self::ScaledBeta { a, b, low, high } => {
                Self::Beta { a, b }.cumulative(((x - low) / (high - low)).clamp(0.0, 1.0))
            }
            Self::CutNormal {
                mean,
                sd,
                low,
                high,
            } => {
                let cut = Cut::new(mean, sd, low, high);
                cut.share(x.clamp(low, high))
            }
            Self::Weibull { shape, scale } => -(-(x / scale).powf(shape)).exp_m1(),
        }
    }
}

impl Density {
    /// P(X ≤ x), also where x is infinite.
    fn up_to(&self, x: f64) -> f64 {
        if x == f64::INFINITY {
            1.0
        } else if x <= 0.0 {
            0.0
        } else {
            self.cumulative(x)
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
            Self::CutGamma {
                shape,
                rate,
                low,
                high,
            } => {
                let whole = Self::Gamma { shape, rate };
                let (a, b) = (whole.up_to(low), whole.up_to(high));
                let rank = a + (b - a) * rng.uniform();
                let gamma = statrs::distribution::Gamma::new(shape, rate);
                gamma.map_or(f64::NAN, |gamma| gamma.inverse_cdf(rank).clamp(low, high))
            }
            Self::Triangular { low, mode, high } => {
                let (u, turn) = (rng.uniform(), (mode - low) / (high - low));
                if u < turn {
                    low + ((high - low) * (mode - low) * u).sqrt()
                } else {
                    high - ((high - low) * (high - mode) * (1.0 - u)).sqrt()
                }
            }
            Self::ScaledBeta { a, b, low, high } => {
                low + (high - low) * Self::Beta { a, b }.sample(rng)
            }
            Self::CutNormal {
                mean,
                sd,
                low,
                high,
            } => Cut::new(mean, sd, low, high)
                .quantile(rng.uniform())
                .clamp(low, high),
            Self::Weibull { shape, scale } => {
                let unit: f64 = Exp1.sample(rng);
                scale * unit.powf(1.0 / shape)
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
            Self::CutGamma {
                shape,
                rate,
                low,
                high,
            } => {
                let whole = Self::Gamma { shape, rate };
                whole.log_density(x) - (whole.up_to(high) - whole.up_to(low)).ln()
            }
            Self::Exponential { rate } => rate.ln() - rate * x,
            Self::Triangular { low, mode, high } => {
                // The side with no width has no inside, so that neither quotient is 0 / 0 there.
                let height = if x < mode {
                    (x - low) / (mode - low)
                } else {
                    (high - x) / (high - mode)
                };
                let height = if x == mode { 1.0 } else { height };
                (2.0 * height / (high - low)).ln()
            }
            Self::ScaledBeta { a, b, low, high } => {
                Self::Beta { a, b }.log_density((x - low) / (high - low)) - (high - low).ln()
            }
            Self::CutNormal {
                mean,
                sd,
                low,
                high,
            } => log_normal((x - mean) / sd, sd) - Cut::new(mean, sd, low, high).mass.ln(),
            Self::Weibull { shape, scale } => {
                let ratio = x / scale;
                (shape / scale).ln() + (shape - 1.0) * ratio.ln() - ratio.powf(shape)
            }
        }
    }

    fn distribution(&self, x: f64) -> Option<f64> {
        let below = self.cumulative(x);
        (!below.is_nan()).then_some(below)
    }

    fn support(&self) -> Support {
        match *self {
            Self::Uniform { low, high } => Support::Between(low, high),
            Self::Normal { .. } | Self::StudentT { .. } => Support::Real,
            Self::LogNormal { .. }
            | Self::LogStudentT { .. }
            | Self::Gamma { .. }
            | Self::Exponential { .. } => Support::Above(0.0),
            Self::Weibull { .. } => Support::Above(0.0),
            Self::CutNormal { low, high, .. } | Self::CutGamma { low, high, .. }
                if high == f64::INFINITY =>
            {
                Support::Above(low)
            }
            Self::Triangular { low, high, .. }
            | Self::ScaledBeta { low, high, .. }
            | Self::CutGamma { low, high, .. }
            | Self::CutNormal { low, high, .. } => Support::Between(low, high),
            Self::Beta { .. } => Support::Between(0.0, 1.0),
        }
    }
}

/// A normal distribution cut to an interval, worked in whichever tail keeps the digits.
struct Cut {
    mean: f64,
    sd: f64,
    /// −1 if the interval lies above the mean and was reflected about it, else 1.
    sign: f64,
    /// P(below the reflected interval) and P(inside).
    below: f64,
    mass: f64,
}

impl Cut {
    fn new(mean: f64, sd: f64, low: f64, high: f64) -> Self {
        let (a, b) = ((low - mean) / sd, (high - mean) / sd);
        let (sign, a, b) = if a > 0.0 { (-1.0, -b, -a) } else { (1.0, a, b) };
        let below = standard_normal().cdf(a);
        Self {
            mean,
            sd,
            sign,
            below,
            mass: standard_normal().cdf(b) - below,
        }
    }

    /// P(X ≤ x) for x in the interval.
    fn share(&self, x: f64) -> f64 {
        let z = self.sign * (x - self.mean) / self.sd;
        let share = (standard_normal().cdf(z) - self.below) / self.mass;
        if self.sign < 0.0 { 1.0 - share } else { share }
    }

    fn quantile(&self, level: f64) -> f64 {
        let level = if self.sign < 0.0 { 1.0 - level } else { level };
        let z = standard_normal().inverse_cdf(self.below + level * self.mass);
        self.mean + self.sign * self.sd * z
    }
}

fn standard_normal() -> statrs::distribution::Normal {
    statrs::distribution::Normal::standard()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    fn examples() -> Vec<Density> {
        vec![
            Density::CutGamma {
                shape: 2.5,
                rate: 0.2,
                low: 5.0,
                high: 30.0,
            },
            Density::CutGamma {
                shape: 0.7,
                rate: 0.1,
                low: 3.0,
                high: f64::INFINITY,
            },
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
            Density::Triangular {
                low: -1.0,
                mode: 0.0,
                high: 4.0,
            },
            Density::Triangular {
                low: 2.0,
                mode: 2.0,
                high: 3.0,
            },
            Density::ScaledBeta {
                a: 2.0,
                b: 4.0,
                low: 10.0,
                high: 40.0,
            },
            Density::CutNormal {
                mean: 1.0,
                sd: 2.0,
                low: 0.0,
                high: f64::INFINITY,
            },
            Density::CutNormal {
                mean: 0.0,
                sd: 1.0,
                low: 3.0,
                high: 9.0,
            },
            Density::Weibull {
                shape: 1.7,
                scale: 20.0,
            },
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
        // Sixteen Kolmogorov-Smirnov tests at a false-alarm rate of 1e-4 each.
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

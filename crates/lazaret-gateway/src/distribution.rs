//! The distributions a gateway file can name: parameters, mean, variance, sampling.
//!
//! A [`Distribution`] has plain numbers for parameters, in the base unit of its quantity (seconds for a duration). It is
//! what remains of a [`Quantity`](crate::model::Quantity) once the unknowns have their values.

mod remaining;

use std::sync::Arc;

use rand_distr::Distribution as _;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::gamma;

use crate::random::Key;

/// A probability distribution with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always `value`.
    Constant {
        /// The value.
        value: f64,
    },
    /// Evenly between `low` and `high`. Mean (low+high)/2, variance (high-low)²/12.
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Each whole number from `low` to `high` with equal weight. Mean (low+high)/2, variance ((high-low+1)²-1)/12.
    UniformInt {
        /// Least value.
        low: i64,
        /// Greatest value.
        high: i64,
    },
    /// Rising from `low` to `mode`, falling to `high`. Mean (a+m+b)/3, variance (a²+m²+b²-am-ab-mb)/18.
    Triangular {
        /// Least value.
        low: f64,
        /// Most likely value.
        mode: f64,
        /// Greatest value.
        high: f64,
    },
    /// A beta distribution over [low, high] with shape weight 4 on the mode. Mean μ = (a+4m+b)/6, variance (μ-a)(b-μ)/7.
    Pert {
        /// Least value.
        low: f64,
        /// Most likely value.
        mode: f64,
        /// Greatest value.
        high: f64,
    },
    /// Memoryless waits. Mean `mean`, variance mean².
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// The normal curve cut to [low, high] and scaled up; `mean` and `sd` are those before the cut.
    Normal {
        /// Mean of the uncut curve.
        mean: f64,
        /// Standard deviation of the uncut curve.
        sd: f64,
        /// Least value; zero unless the file says otherwise.
        low: f64,
        /// Greatest value; may be infinite.
        high: f64,
    },
    /// Its logarithm is normal. `mean` and `sd` are those of the quantity itself, not of its logarithm.
    LogNormal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Gamma with the given mean and standard deviation: shape (mean/sd)², scale sd²/mean.
    Gamma {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Sum of `k` equal exponential stages. Mean `mean`, variance mean²/k.
    Erlang {
        /// Number of stages.
        k: u32,
        /// Mean of the sum.
        mean: f64,
    },
    /// Weibull. Mean λΓ(1+1/k), variance λ²(Γ(1+2/k)-Γ(1+1/k)²).
    Weibull {
        /// Shape k: below 1 failures come early, above 1 from wear.
        shape: f64,
        /// Scale λ.
        scale: f64,
    },
    /// Number of independent events. Mean and variance `mean`.
    Poisson {
        /// Mean.
        mean: f64,
    },
    /// One of the listed values, by weight.
    Discrete {
        /// Values with the probability that the draw is at most this one, rising to 1.
        table: Arc<[(f64, f64)]>,
    },
    /// One of the observed values, each with equal weight.
    Empirical {
        /// Observations in ascending order.
        values: Arc<[f64]>,
    },
}

/// Why parameters do not make a distribution. The text says what must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(pub String);

fn require(holds: bool, rule: &str) -> Result<(), ParameterError> {
    if holds {
        Ok(())
    } else {
        Err(ParameterError(rule.to_string()))
    }
}

impl Distribution {
    /// Checks what each family asks of its parameters.
    ///
    /// # Errors
    /// The first rule that does not hold, in words.
    pub fn check(&self) -> Result<(), ParameterError> {
        let finite = self.parameters().iter().all(|p| p.is_finite());
        let unbounded_normal = matches!(self, Distribution::Normal { mean, sd, low, .. } if mean.is_finite() && sd.is_finite() && low.is_finite());
        require(
            finite || unbounded_normal,
            "every parameter must be a finite number",
        )?;
        match *self {
            Distribution::Constant { .. } => Ok(()),
            Distribution::Uniform { low, high } => require(
                low <= high,
                "the lower bound must not exceed the upper bound",
            ),
            Distribution::UniformInt { low, high } => {
                require(
                    low <= high,
                    "the lower bound must not exceed the upper bound",
                )?;
                require(
                    high.checked_sub(low).is_some_and(|d| d < 1 << 53),
                    "the range is too wide",
                )
            }
            Distribution::Triangular { low, mode, high }
            | Distribution::Pert { low, mode, high } => require(
                low <= mode && mode <= high,
                "the order must be least, most likely, greatest",
            ),
            Distribution::Exponential { mean } => {
                require(mean > 0.0, "the mean must be above zero")
            }
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => {
                require(sd >= 0.0, "the standard deviation must not be negative")?;
                require(low < high, "the lower cut must lie below the upper cut")?;
                require(
                    mean + 6.0 * sd >= low && mean - 6.0 * sd <= high,
                    "almost nothing of the curve lies between the cuts: mean and cuts must be within six standard deviations",
                )
            }
            Distribution::LogNormal { mean, sd } | Distribution::Gamma { mean, sd } => {
                require(mean > 0.0, "the mean must be above zero")?;
                require(sd > 0.0, "the standard deviation must be above zero")
            }
            Distribution::Erlang { k, mean } => {
                require(k >= 1, "there must be at least one stage")?;
                require(mean > 0.0, "the mean must be above zero")
            }
            Distribution::Weibull { shape, scale } => {
                require(
                    shape > 0.0 && scale > 0.0,
                    "shape and scale must be above zero",
                )?;
                require(shape >= 0.05, "a shape below 0.05 has no usable mean")
            }
            Distribution::Poisson { mean } => {
                require(mean >= 0.0, "the mean must not be negative")?;
                require(mean <= 1e9, "the mean must be at most 1e9")
            }
            Distribution::Discrete { ref table } => {
                require(!table.is_empty(), "at least one value is needed")
            }
            Distribution::Empirical { ref values } => {
                require(!values.is_empty(), "at least one observation is needed")
            }
        }
    }

    fn parameters(&self) -> Vec<f64> {
        match *self {
            Distribution::Constant { value } => vec![value],
            Distribution::Uniform { low, high } => vec![low, high],
            Distribution::UniformInt { low, high } => vec![low as f64, high as f64],
            Distribution::Triangular { low, mode, high }
            | Distribution::Pert { low, mode, high } => {
                vec![low, mode, high]
            }
            Distribution::Exponential { mean } | Distribution::Poisson { mean } => vec![mean],
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => vec![mean, sd, low, high],
            Distribution::LogNormal { mean, sd } | Distribution::Gamma { mean, sd } => {
                vec![mean, sd]
            }
            Distribution::Erlang { k, mean } => vec![f64::from(k), mean],
            Distribution::Weibull { shape, scale } => vec![shape, scale],
            Distribution::Discrete { ref table } => table.iter().map(|&(v, _)| v).collect(),
            Distribution::Empirical { ref values } => values.to_vec(),
        }
    }

    /// Expected value.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Distribution::Constant { value } => value,
            Distribution::Uniform { low, high } => low + (high - low) / 2.0,
            Distribution::UniformInt { low, high } => (low as f64 + high as f64) / 2.0,
            Distribution::Triangular { low, mode, high } => (low + mode + high) / 3.0,
            Distribution::Pert { low, mode, high } => (low + 4.0 * mode + high) / 6.0,
            Distribution::Exponential { mean }
            | Distribution::Poisson { mean }
            | Distribution::LogNormal { mean, .. }
            | Distribution::Gamma { mean, .. }
            | Distribution::Erlang { mean, .. } => mean,
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => truncated_normal_moments(mean, sd, low, high).0,
            Distribution::Weibull { shape, scale } => scale * gamma(1.0 + 1.0 / shape),
            Distribution::Discrete { ref table } => weighted(table, |v| v),
            Distribution::Empirical { ref values } => {
                values.iter().sum::<f64>() / values.len() as f64
            }
        }
    }

    /// Variance.
    #[must_use]
    pub fn variance(&self) -> f64 {
        match *self {
            Distribution::Constant { .. } => 0.0,
            Distribution::Uniform { low, high } => (high - low).powi(2) / 12.0,
            Distribution::UniformInt { low, high } => {
                (((high - low + 1) as f64).powi(2) - 1.0) / 12.0
            }
            Distribution::Triangular {
                low: a,
                mode: m,
                high: b,
            } => (a * a + m * m + b * b - a * m - a * b - m * b) / 18.0,
            Distribution::Pert { low, high, .. } => {
                let mean = self.mean();
                (mean - low) * (high - mean) / 7.0
            }
            Distribution::Exponential { mean } => mean * mean,
            Distribution::Poisson { mean } => mean,
            Distribution::LogNormal { sd, .. } | Distribution::Gamma { sd, .. } => sd * sd,
            Distribution::Erlang { k, mean } => mean * mean / f64::from(k),
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => truncated_normal_moments(mean, sd, low, high).1,
            Distribution::Weibull { shape, scale } => {
                scale * scale * (gamma(1.0 + 2.0 / shape) - gamma(1.0 + 1.0 / shape).powi(2))
            }
            Distribution::Discrete { ref table } => {
                let mean = self.mean();
                weighted(table, |v| (v - mean).powi(2))
            }
            Distribution::Empirical { ref values } => {
                let mean = self.mean();
                values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64
            }
        }
    }

    /// Least and greatest value that can come; the greatest may be infinite.
    #[must_use]
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Distribution::Constant { value } => (value, value),
            Distribution::Uniform { low, high }
            | Distribution::Triangular { low, high, .. }
            | Distribution::Pert { low, high, .. }
            | Distribution::Normal { low, high, .. } => (low, high),
            Distribution::UniformInt { low, high } => (low as f64, high as f64),
            Distribution::Exponential { .. }
            | Distribution::LogNormal { .. }
            | Distribution::Gamma { .. }
            | Distribution::Erlang { .. }
            | Distribution::Weibull { .. }
            | Distribution::Poisson { .. } => (0.0, f64::INFINITY),
            Distribution::Discrete { ref table } => table.iter().fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(low, high), &(v, _)| (low.min(v), high.max(v)),
            ),
            Distribution::Empirical { ref values } => (
                values.first().copied().unwrap_or(0.0),
                values.last().copied().unwrap_or(0.0),
            ),
        }
    }

    /// The draw that `key` and `counter` name. It rises with the parameters, so that compared designs stay in step; gamma,
    /// erlang, pert and poisson draw from a short stream of their own. `counter` must be well mixed.
    #[must_use]
    pub fn sample(&self, key: Key, counter: u64) -> f64 {
        Sampler::new(self).sample(key, counter)
    }
}

fn weighted(table: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
    let mut below = 0.0;
    table
        .iter()
        .map(|&(value, cumulative)| {
            let weight = cumulative - below;
            below = cumulative;
            weight * f(value)
        })
        .sum()
}

/// Constant, uniform and triangular in one form without a branch, `low + even·u + lesser·min(v, w) + greater·max(v, w)`,
/// where v and w are the halves of u: a triangle is a sum of the lesser and the greater of two uniforms
/// (SteinKeblis2009).
#[derive(Clone, Copy, Debug, Default)]
pub struct Linear {
    /// Least value.
    low: f64,
    /// Weight of u.
    even: f64,
    /// Weight of the lesser half.
    lesser: f64,
    /// Weight of the greater half.
    greater: f64,
}

impl Linear {
    /// The value at 64 random bits.
    #[must_use]
    #[inline]
    pub fn at(&self, bits: u64) -> f64 {
        // As a signed number it takes one instruction to convert.
        let u = ((bits >> 11) as i64 as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0);
        // The halves are compared as whole numbers, which takes no branch.
        let (v, w) = ((bits >> 32) as u32, bits as u32);
        let half = |half: u32| (f64::from(half) + 0.5) * (1.0 / 4_294_967_296.0);
        self.low + self.even * u + self.lesser * half(v.min(w)) + self.greater * half(v.max(w))
    }
}

/// A distribution ready for the inner loop: constants worked out once.
#[derive(Clone, Debug)]
pub enum Sampler {
    /// Constant, uniform or triangular.
    Linear(Linear),
    /// `floor(low + u·width)`.
    UniformInt {
        /// Least value.
        low: f64,
        /// Number of values.
        width: f64,
    },
    /// `-mean·ln u`.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Inverse of the cut normal.
    Normal {
        /// Mean of the uncut curve.
        mean: f64,
        /// Standard deviation of the uncut curve.
        sd: f64,
        /// Probability below the lower cut.
        below: f64,
        /// Probability between the cuts.
        between: f64,
        /// Lower cut.
        low: f64,
        /// Upper cut.
        high: f64,
    },
    /// `exp(mu + sigma·Φ⁻¹(u))`.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// `scale·(-ln u)^power`.
    Weibull {
        /// Scale.
        scale: f64,
        /// 1 / shape.
        power: f64,
    },
    /// Rejection sampling by rand_distr.
    Gamma(rand_distr::Gamma<f64>),
    /// `low + width·beta`.
    Pert {
        /// Least value.
        low: f64,
        /// Greatest less least value.
        width: f64,
        /// The unit beta.
        beta: rand_distr::Beta<f64>,
    },
    /// By rand_distr.
    Poisson(rand_distr::Poisson<f64>),
    /// First entry whose cumulative probability reaches u.
    Discrete(Arc<[(f64, f64)]>),
    /// The observation at rank u·n.
    Empirical(Arc<[f64]>),
}

impl Sampler {
    /// Always `value`.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Sampler::Linear(Linear {
            low: value,
            even: 0.0,
            lesser: 0.0,
            greater: 0.0,
        })
    }

    /// Prepares `distribution`, which must have passed [`Distribution::check`].
    #[must_use]
    pub fn new(distribution: &Distribution) -> Self {
        let by_shape = |shape: f64, scale: f64| {
            rand_distr::Gamma::new(shape, scale)
                .map_or(Sampler::constant(shape * scale), Sampler::Gamma)
        };
        match *distribution {
            Distribution::Constant { value } => Sampler::constant(value),
            Distribution::Uniform { low, high }
            | Distribution::Triangular { low, high, .. }
            | Distribution::Pert { low, high, .. }
                if low == high =>
            {
                Sampler::constant(low)
            }
            Distribution::Uniform { low, high } => Sampler::Linear(Linear {
                low,
                even: high - low,
                lesser: 0.0,
                greater: 0.0,
            }),
            Distribution::UniformInt { low, high } => Sampler::UniformInt {
                low: low as f64,
                width: (high - low + 1) as f64,
            },
            Distribution::Triangular { low, mode, high } => Sampler::Linear(Linear {
                low,
                even: 0.0,
                lesser: high - mode,
                greater: mode - low,
            }),
            Distribution::Pert { low, mode, high } => {
                let width = high - low;
                let alpha = 1.0 + 4.0 * (mode - low) / width;
                let beta = 1.0 + 4.0 * (high - mode) / width;
                rand_distr::Beta::new(alpha, beta).map_or(Sampler::constant(mode), |beta| {
                    Sampler::Pert { low, width, beta }
                })
            }
            Distribution::Exponential { mean } => Sampler::Exponential { mean },
            Distribution::Normal { mean, sd: 0.0, .. } => Sampler::constant(mean),
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => {
                let below = normal_cdf((low - mean) / sd);
                let above = if high.is_finite() {
                    normal_cdf((high - mean) / sd)
                } else {
                    1.0
                };
                Sampler::Normal {
                    mean,
                    sd,
                    below,
                    between: above - below,
                    low,
                    high,
                }
            }
            Distribution::LogNormal { mean, sd } => {
                let sigma2 = (sd / mean).powi(2).ln_1p();
                Sampler::LogNormal {
                    mu: mean.ln() - sigma2 / 2.0,
                    sigma: sigma2.sqrt(),
                }
            }
            Distribution::Gamma { mean, sd } => by_shape((mean / sd).powi(2), sd * sd / mean),
            Distribution::Erlang { k, mean } => by_shape(f64::from(k), mean / f64::from(k)),
            Distribution::Weibull { shape, scale } => Sampler::Weibull {
                scale,
                power: 1.0 / shape,
            },
            Distribution::Poisson { mean } => {
                rand_distr::Poisson::new(mean).map_or(Sampler::constant(0.0), Sampler::Poisson)
            }
            Distribution::Discrete { ref table } => Sampler::Discrete(Arc::clone(table)),
            Distribution::Empirical { ref values } => Sampler::Empirical(Arc::clone(values)),
        }
    }

    /// The draw that `key` and `counter` name.
    #[must_use]
    #[inline]
    pub fn sample(&self, key: Key, counter: u64) -> f64 {
        match *self {
            Sampler::Linear(ref linear) => linear.at(key.bits(counter)),
            Sampler::UniformInt { low, width } => (low + key.uniform(counter) * width).floor(),
            Sampler::Exponential { mean } => -mean * key.uniform(counter).ln(),
            Sampler::Normal {
                mean,
                sd,
                below,
                between,
                low,
                high,
            } => {
                let u = below + between * key.uniform(counter);
                (mean + sd * normal_quantile(u)).clamp(low, high)
            }
            Sampler::LogNormal { mu, sigma } => {
                (mu + sigma * normal_quantile(key.uniform(counter))).exp()
            }
            Sampler::Weibull { scale, power } => scale * (-key.uniform(counter).ln()).powf(power),
            Sampler::Gamma(ref gamma) => gamma.sample(&mut key.stream(counter)),
            Sampler::Pert {
                low,
                width,
                ref beta,
            } => low + width * beta.sample(&mut key.stream(counter)),
            Sampler::Poisson(ref poisson) => poisson.sample(&mut key.stream(counter)),
            Sampler::Discrete(ref table) => {
                let u = key.uniform(counter);
                let at = table.partition_point(|&(_, cumulative)| cumulative < u);
                table[at.min(table.len() - 1)].0
            }
            Sampler::Empirical(ref values) => {
                let rank = (key.uniform(counter) * values.len() as f64) as usize;
                values[rank.min(values.len() - 1)]
            }
        }
    }
}

/// Standard normal distribution function.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Standard normal quantile: the `x` with Φ(x) = `p`, for `p` in (0, 1).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

fn truncated_normal_moments(mean: f64, sd: f64, low: f64, high: f64) -> (f64, f64) {
    if sd == 0.0 {
        return (mean.clamp(low, high), 0.0);
    }
    let density = |x: f64| {
        if x.is_finite() {
            (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
        } else {
            0.0
        }
    };
    let (a, b) = ((low - mean) / sd, (high - mean) / sd);
    let between = if b.is_finite() { normal_cdf(b) } else { 1.0 } - normal_cdf(a);
    let shift = (density(a) - density(b)) / between;
    let end = |x: f64| if x.is_finite() { x * density(x) } else { 0.0 };
    let spread = 1.0 + (end(a) - end(b)) / between - shift * shift;
    (mean + sd * shift, sd * sd * spread.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    fn families() -> Vec<Distribution> {
        vec![
            Distribution::Uniform {
                low: 2.0,
                high: 5.0,
            },
            Distribution::UniformInt { low: 15, high: 20 },
            Distribution::Triangular {
                low: 1.0,
                mode: 2.0,
                high: 4.0,
            },
            Distribution::Pert {
                low: 1.0,
                mode: 2.0,
                high: 6.0,
            },
            Distribution::Exponential { mean: 24.0 },
            Distribution::Normal {
                mean: 3.0,
                sd: 2.0,
                low: 0.0,
                high: 6.0,
            },
            Distribution::Normal {
                mean: 1.0,
                sd: 1.0,
                low: 0.0,
                high: f64::INFINITY,
            },
            Distribution::LogNormal {
                mean: 10.0,
                sd: 5.0,
            },
            Distribution::Gamma {
                mean: 10.0,
                sd: 4.0,
            },
            Distribution::Erlang { k: 3, mean: 6.0 },
            Distribution::Weibull {
                shape: 1.7,
                scale: 3.0,
            },
            Distribution::Poisson { mean: 4.5 },
            Distribution::Discrete {
                table: vec![(1.0, 0.2), (3.0, 0.7), (10.0, 1.0)].into(),
            },
            Distribution::Empirical {
                values: vec![1.0, 2.0, 2.0, 8.0].into(),
            },
        ]
    }

    /// z-score of the sample mean and of the sample second central moment against the documented ones.
    fn scores(stated: &Distribution, drawn: &Distribution) -> (f64, f64) {
        let n = 100_000u64;
        let key = Key::new(7, 0, 3);
        let sampler = Sampler::new(drawn);
        let (mean, variance) = (stated.mean(), stated.variance());
        let (mut sum, mut squares, mut fourth) = (0.0, 0.0, 0.0);
        for counter in 0..n {
            let d = sampler.sample(key, mix(counter)) - mean;
            sum += d;
            squares += d * d;
            fourth += d * d * d * d;
        }
        let n = n as f64;
        let sd_of_square = (fourth / n - (squares / n).powi(2)).sqrt();
        (
            sum / n / (variance / n).sqrt(),
            (squares / n - variance) / (sd_of_square / n.sqrt()),
        )
    }

    // 14 families, two scores each, |z| above 4.4: false-alarm rate 28 * 1.1e-5 = 3e-4.
    const LIMIT: f64 = 4.4;

    #[test]
    fn draws_have_the_documented_mean_and_variance() {
        for family in families() {
            family.check().unwrap();
            let (mean, variance) = scores(&family, &family);
            assert!(
                mean.abs() < LIMIT && variance.abs() < LIMIT,
                "{family:?}: {mean} {variance}"
            );
        }
    }

    #[test]
    fn a_mean_three_percent_off_is_noticed() {
        let drawn = Distribution::Triangular {
            low: 1.0,
            mode: 2.0,
            high: 4.2,
        };
        let (mean, _) = scores(
            &Distribution::Triangular {
                low: 1.0,
                mode: 2.0,
                high: 4.0,
            },
            &drawn,
        );
        assert!(mean.abs() > LIMIT);
    }

    #[test]
    fn the_normal_quantile_inverts_the_distribution_function() {
        for p in [1e-12, 1e-6, 0.001, 0.05, 0.3, 0.5, 0.8, 0.999] {
            let back = normal_cdf(normal_quantile(p));
            assert!(
                (back - p).abs() < 1e-12 + 1e-9 * p,
                "{p} came back as {back}"
            );
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }

    #[test]
    fn impossible_parameters_are_named() {
        let bad = Distribution::Triangular {
            low: 3.0,
            mode: 2.0,
            high: 4.0,
        };
        assert_eq!(
            bad.check().unwrap_err().to_string(),
            "the order must be least, most likely, greatest"
        );
        assert!(
            Distribution::Exponential { mean: f64::NAN }
                .check()
                .is_err()
        );
        assert!(Distribution::Exponential { mean: 0.0 }.check().is_err());
    }
}

//! Distribution functions and quantiles of priors, so that an unknown can be held at a probability.

use lazaret_gateway::distribution::{Distribution, normal_cdf, normal_quantile};
use statrs::distribution::{Beta, ContinuousCDF, DiscreteCDF, Gamma, Poisson};

/// The value that an unknown with this prior exceeds with probability `1 - u`; `u` in (0, 1).
#[must_use]
pub fn quantile(prior: &Distribution, u: f64) -> f64 {
    match *prior {
        Distribution::Constant { value } => value,
        Distribution::Uniform { low, high } => low + u * (high - low),
        Distribution::UniformInt { low, high } => (low as f64 + u * (high - low + 1) as f64)
            .floor()
            .min(high as f64),
        Distribution::Triangular { low, mode, high } => {
            if high <= low {
                low
            } else if u < (mode - low) / (high - low) {
                low + (u * (high - low) * (mode - low)).sqrt()
            } else {
                high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
            }
        }
        Distribution::Exponential { mean } => -mean * (-u).ln_1p(),
        Distribution::Weibull { shape, scale } => scale * (-(-u).ln_1p()).powf(1.0 / shape),
        Distribution::Normal {
            mean,
            sd,
            low,
            high,
        } => {
            if sd == 0.0 {
                return mean.clamp(low, high);
            }
            let below = normal_cdf((low - mean) / sd);
            let above = if high.is_finite() {
                normal_cdf((high - mean) / sd)
            } else {
                1.0
            };
            (mean + sd * normal_quantile(below + u * (above - below))).clamp(low, high)
        }
        Distribution::LogNormal { mean, sd } => {
            let sigma2 = (sd / mean).powi(2).ln_1p();
            (mean.ln() - sigma2 / 2.0 + sigma2.sqrt() * normal_quantile(u)).exp()
        }
        Distribution::Gamma { mean, sd } => gamma((mean / sd).powi(2), sd * sd / mean, u),
        Distribution::Erlang { k, mean } => gamma(f64::from(k), mean / f64::from(k), u),
        Distribution::Pert { low, mode, high } => {
            let width = high - low;
            if width <= 0.0 {
                return low;
            }
            let (a, b) = (
                1.0 + 4.0 * (mode - low) / width,
                1.0 + 4.0 * (high - mode) / width,
            );
            low + width * Beta::new(a, b).map_or(0.5, |law| law.inverse_cdf(u))
        }
        Distribution::Poisson { mean } => {
            Poisson::new(mean).map_or(0.0, |law| law.inverse_cdf(u) as f64)
        }
        Distribution::Discrete { ref table } => {
            let at = table.partition_point(|&(_, cumulative)| cumulative < u);
            table[at.min(table.len() - 1)].0
        }
        Distribution::Empirical { ref values } => {
            values[((u * values.len() as f64) as usize).min(values.len() - 1)]
        }
    }
}

fn gamma(shape: f64, scale: f64, u: f64) -> f64 {
    Gamma::new(shape, 1.0 / scale).map_or(shape * scale, |law| law.inverse_cdf(u))
}

/// The probability at which `value` stands in the prior: the inverse of [`quantile`], to about 1e-9. In the middle of its step
/// for a value that has a probability of its own.
#[must_use]
pub fn rank(prior: &Distribution, value: f64) -> f64 {
    // One bisection serves every family, since the quantile never falls.
    let edge = |below: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if below(quantile(prior, middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    f64::midpoint(edge(&|x| x < value), edge(&|x| x <= value))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lazaret_gateway::random::Key;

    use super::*;

    #[test]
    fn ranks_undo_quantiles_and_draws_have_uniform_ranks() {
        let table: Arc<[(f64, f64)]> = Arc::from(vec![(1.0, 0.25), (5.0, 1.0)]);
        let families = [
            Distribution::Uniform {
                low: 2.0,
                high: 5.0,
            },
            Distribution::Triangular {
                low: 1.0,
                mode: 2.0,
                high: 6.0,
            },
            Distribution::Pert {
                low: 1.0,
                mode: 2.0,
                high: 6.0,
            },
            Distribution::Exponential { mean: 3.0 },
            Distribution::Normal {
                mean: 3.0,
                sd: 2.0,
                low: 0.0,
                high: f64::INFINITY,
            },
            Distribution::LogNormal { mean: 3.0, sd: 1.0 },
            Distribution::Gamma { mean: 3.0, sd: 1.0 },
            Distribution::Erlang { k: 3, mean: 2.0 },
            Distribution::Weibull {
                shape: 1.7,
                scale: 2.0,
            },
        ];
        for prior in &families {
            for u in [0.01, 0.3, 0.5, 0.77, 0.99] {
                let back = rank(prior, quantile(prior, u));
                assert!((back - u).abs() < 1e-6, "{prior:?} at {u}: {back}");
            }
            // The mean rank of n draws has standard deviation 1 / sqrt(12 n): four of them as the limit, false-alarm rate 6e-5.
            let n = 2000;
            let mean = (0..n)
                .map(|i| rank(prior, prior.sample(Key::new(3, i, 9), 0)))
                .sum::<f64>()
                / n as f64;
            assert!(
                (mean - 0.5).abs() < 4.0 / (12.0 * n as f64).sqrt(),
                "{prior:?}: {mean}"
            );
        }
        let discrete = Distribution::Discrete { table };
        assert_eq!(
            (quantile(&discrete, 0.2), quantile(&discrete, 0.3)),
            (1.0, 5.0)
        );
        assert!((rank(&discrete, 5.0) - 0.625).abs() < 1e-6);
    }
}

//! Where a parameter particle might move: a mixture of Gaussian random walks and independent draws.

use rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::linear::{Square, moments};
use crate::random::Stream;

/// Degrees of freedom of the independent draws: heavier tails than the posterior usually has, so that
/// the ratio of target to proposal stays bounded.
const FREEDOM: f64 = 5.0;
/// The independent draws are wider than the particles by this factor of the standard deviation.
const WIDENING: f64 = 1.15;

/// A proposal fitted to weighted points of unconstrained space.
///
/// Three kernels are mixed with fixed probabilities: an independent multivariate Student t, which mixes
/// at once where the posterior is nearly Gaussian; a random walk of the scale that is best for Gaussian
/// targets (RobertsRosenthal2001), which adapts to the shape elsewhere; and one five times smaller, which
/// still moves in narrow ridges. Each is a valid Metropolis-Hastings kernel by itself, so the mixture is.
pub(crate) struct Proposal {
    mean: Vec<f64>,
    factor: Square,
    walk_scale: f64,
}

impl Proposal {
    pub(crate) fn fit(points: &[Vec<f64>], weights: &[f64]) -> Self {
        let (mean, covariance) = moments(points, weights);
        Self::new(mean, covariance, 1.0)
    }

    /// `scale` multiplies the steps of the random walks.
    pub(crate) fn new(mean: Vec<f64>, mut covariance: Square, scale: f64) -> Self {
        let size = mean.len();
        // Resampled particles may have collapsed onto fewer points than dimensions. A little of the
        // diagonal keeps the matrix invertible and every direction open.
        let mut ridge = 1e-9;
        let factor = loop {
            for i in 0..size {
                *covariance.at_mut(i, i) += ridge * covariance.at(i, i).abs().max(1e-6);
            }
            if let Some(factor) = covariance.cholesky() {
                break factor;
            }
            if ridge > 1e6 {
                // Only reached if an entry is not finite, when no step is better than a small one.
                let mut unit = Square::zero(size);
                for i in 0..size {
                    *unit.at_mut(i, i) = 1.0;
                }
                break unit;
            }
            ridge *= 10.0;
        };
        Self {
            mean,
            factor,
            walk_scale: scale * 2.38 / (size.max(1) as f64).sqrt(),
        }
    }

    /// A proposed point and log q(old | new) - log q(new | old).
    pub(crate) fn propose(&self, from: &[f64], stream: &mut Stream) -> (Vec<f64>, f64) {
        let kernel = stream.uniform();
        let normals: Vec<f64> = (0..self.mean.len())
            .map(|_| StandardNormal.sample(stream))
            .collect();
        let step = self.factor.times(&normals);
        if kernel < 0.4 {
            let spread = ChiSquared::new(FREEDOM).map_or(FREEDOM, |chi| chi.sample(stream));
            let scale = WIDENING * (FREEDOM / spread).sqrt();
            let to: Vec<f64> = self
                .mean
                .iter()
                .zip(&step)
                .map(|(mean, step)| mean + scale * step)
                .collect();
            let ratio = self.log_student(from) - self.log_student(&to);
            (to, ratio)
        } else {
            let scale = if kernel < 0.8 {
                self.walk_scale
            } else {
                0.2 * self.walk_scale
            };
            (
                from.iter()
                    .zip(&step)
                    .map(|(from, step)| from + scale * step)
                    .collect(),
                0.0,
            )
        }
    }

    /// Log-density of the independent draws, without its constant.
    fn log_student(&self, point: &[f64]) -> f64 {
        let centred: Vec<f64> = point
            .iter()
            .zip(&self.mean)
            .map(|(x, mean)| x - mean)
            .collect();
        let whitened = self.factor.solve_lower(&centred);
        let distance: f64 = whitened.iter().map(|z| z * z).sum::<f64>() / (WIDENING * WIDENING);
        -0.5 * (FREEDOM + point.len() as f64) * (distance / FREEDOM).ln_1p()
    }
}

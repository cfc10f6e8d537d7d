//! Where to look next: a mixture of local Student t kernels about the points that matter, and the prior.

use rand_distr::{ChiSquared, Distribution, StandardNormal};
use statrs::function::gamma::ln_gamma;

use crate::linear::Square;
use crate::random::Stream;
use crate::resampling::systematic;

/// Degrees of freedom of the kernels: heavier tails than the posterior usually has, so that weights stay bounded.
const FREEDOM: f64 = 5.0;

/// Kernels of one mixture. A mode with one in so many parts of the posterior has a kernel of its own.
const KERNELS: usize = 96;

/// A density of unconstrained space: the prior with the weight `prior_share`, else one of the kernels.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    pub(super) prior_share: f64,
    kernels: Vec<Kernel>,
}

#[derive(Clone, Debug)]
struct Kernel {
    centre: Vec<f64>,
    factor: Square,
    /// Logarithm of its weight over its normalising constant.
    log_scale: f64,
    weight: f64,
}

impl Mixture {
    /// The prior alone.
    pub(super) fn prior() -> Self {
        Self {
            prior_share: 1.0,
            kernels: Vec::new(),
        }
    }

    /// Kernels about points drawn by their weights, each as wide as the points around it say.
    ///
    /// * `scale` — the standard deviation of each entry under the prior: what distance means.
    pub(super) fn fit(
        points: &[&[f64]],
        weights: &[f64],
        scale: &[f64],
        prior_share: f64,
        offset: f64,
    ) -> Self {
        let mut picks = vec![0u32; KERNELS];
        if points.is_empty() || systematic(weights, offset, &mut picks).is_err() {
            return Self::prior();
        }
        let kernels = picks
            .chunk_by(|a, b| a == b)
            .map(|same| {
                let weight = same.len() as f64 / KERNELS as f64;
                Kernel::about(points[same[0] as usize], points, weights, scale, weight)
            })
            .collect();
        Self {
            prior_share,
            kernels,
        }
    }

    /// Log-density at `point`, where the prior has the log-density `log_prior`.
    pub(super) fn log_density(&self, point: &[f64], log_prior: f64) -> f64 {
        if self.kernels.is_empty() {
            return log_prior;
        }
        let kernels: f64 = self.kernels.iter().map(|kernel| kernel.share(point)).sum();
        (self.prior_share * log_prior.exp() + (1.0 - self.prior_share) * kernels)
            .ln()
            // Both may underflow far from everything; the prior's logarithm does not.
            .max(self.prior_share.ln() + log_prior)
    }

    /// A draw from the kernel at which `rank`, between 0 and 1, points.
    pub(super) fn draw(&self, rank: f64, stream: &mut Stream) -> Vec<f64> {
        let mut left = rank;
        let at = self.kernels.iter().position(|kernel| {
            left -= kernel.weight;
            left < 0.0
        });
        let kernel = &self.kernels[at.unwrap_or(self.kernels.len() - 1)];
        let normals: Vec<f64> = (0..kernel.centre.len())
            .map(|_| StandardNormal.sample(stream))
            .collect();
        let spread = ChiSquared::new(FREEDOM).map_or(FREEDOM, |chi| chi.sample(stream));
        let widen = (FREEDOM / spread).sqrt();
        let step = kernel.factor.times(&normals);
        let pairs = kernel.centre.iter().zip(step);
        pairs.map(|(centre, step)| centre + widen * step).collect()
    }
}

impl Kernel {
    fn about(
        centre: &[f64],
        points: &[&[f64]],
        weights: &[f64],
        scale: &[f64],
        weight: f64,
    ) -> Self {
        let size = centre.len();
        let square = |point: &[f64]| -> f64 {
            let each = point.iter().zip(centre).zip(scale);
            each.map(|((x, c), s)| ((x - c) / s).powi(2)).sum()
        };
        let mut near: Vec<(f64, usize)> = points
            .iter()
            .enumerate()
            .map(|(at, point)| (square(point), at))
            .collect();
        let wanted = (4 * (size + 1)).max(points.len() / 20).min(near.len());
        near.select_nth_unstable_by(wanted - 1, |a, b| a.0.total_cmp(&b.0));
        near.truncate(wanted);
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = near.iter().map(|(_, at)| weights[*at]).sum();
        let squares: f64 = near.iter().map(|(_, at)| weights[*at].powi(2)).sum();
        let effective = total * total / squares;
        // Where one point has all the weight nothing is known of the width but that it is less than the way to the next.
        let even = effective.is_nan() || effective < (size + 2) as f64;
        let some = if even {
            &near[..(2 * (size + 1)).min(near.len())]
        } else {
            &near[..]
        };
        let mut covariance = Square::zero(size);
        for (_, at) in some {
            let share = if even {
                0.25 / some.len() as f64
            } else {
                weights[*at] / total
            };
            let step: Vec<f64> = points[*at].iter().zip(centre).map(|(x, c)| x - c).collect();
            for i in 0..size {
                for j in 0..size {
                    *covariance.at_mut(i, j) += share * step[i] * step[j];
                }
            }
        }
        // No direction may close, or what lies along it is never seen again.
        let nearest = near.get(size + 1).map_or(1.0, |(square, _)| square.sqrt());
        let floor = (0.3 * nearest).max(1e-9);
        for (i, scale) in scale.iter().enumerate() {
            *covariance.at_mut(i, i) += (floor * scale).powi(2);
        }
        let factor = covariance.cholesky().unwrap_or_else(|| {
            let mut unit = Square::zero(size);
            for (i, scale) in scale.iter().enumerate() {
                *unit.at_mut(i, i) = *scale;
            }
            unit
        });
        let log_determinant: f64 = (0..size).map(|i| factor.at(i, i).ln()).sum();
        let half = 0.5 * (FREEDOM + size as f64);
        let log_normaliser = ln_gamma(half)
            - ln_gamma(0.5 * FREEDOM)
            - 0.5 * size as f64 * (FREEDOM * std::f64::consts::PI).ln()
            - log_determinant;
        Self {
            centre: centre.to_vec(),
            factor,
            log_scale: weight.ln() + log_normaliser,
            weight,
        }
    }

    /// Its weight times its density.
    fn share(&self, point: &[f64]) -> f64 {
        let size = point.len();
        let mut whitened = [0.0; 16];
        let mut long;
        let z: &mut [f64] = if size <= whitened.len() {
            &mut whitened[..size]
        } else {
            long = vec![0.0; size];
            &mut long
        };
        let mut distance = 0.0;
        for i in 0..size {
            let cross: f64 = (0..i).map(|k| self.factor.at(i, k) * z[k]).sum();
            z[i] = (point[i] - self.centre[i] - cross) / self.factor.at(i, i);
            distance += z[i] * z[i];
        }
        let half = 0.5 * (FREEDOM + size as f64);
        (self.log_scale - half * (distance / FREEDOM).ln_1p()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    /// Two clusters of unlike width: the mixture integrates to 1 and covers both.
    #[test]
    fn a_mixture_is_a_density_with_kernels_as_wide_as_their_modes() {
        let mut rng = StreamKey::new(3).stream();
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let points: Vec<[f64; 1]> = (0..400)
            .map(|i| {
                if i % 2 == 0 {
                    [-5.0 + 0.1 * normal()]
                } else {
                    [4.0 + normal()]
                }
            })
            .collect();
        let points: Vec<&[f64]> = points.iter().map(<[f64; 1]>::as_slice).collect();
        let mixture = Mixture::fit(&points, &vec![1.0 / 400.0; 400], &[4.0], 0.2, 0.4);
        let log_prior = |x: f64| -0.5 * (x / 4.0).powi(2) - 4.0f64.ln() - 0.9189385332046727;
        let (cells, width) = (80_000, 80.0);
        let mass = |from: f64, to: f64| -> f64 {
            (0..cells)
                .map(|i| -40.0 + width * (f64::from(i) + 0.5) / f64::from(cells))
                .filter(|x| (from..to).contains(x))
                .map(|x| mixture.log_density(&[x], log_prior(x)).exp())
                .sum::<f64>()
                * width
                / f64::from(cells)
        };
        assert!(
            (mass(-40.0, 40.0) - 1.0).abs() < 2e-3,
            "{}",
            mass(-40.0, 40.0)
        );
        // Nearly half of four fifths, and the prior's little: a kernel as wide as the other cluster would spill over.
        assert!(
            (0.35..0.45).contains(&mass(-5.6, -4.4)),
            "{}",
            mass(-5.6, -4.4)
        );
    }
}

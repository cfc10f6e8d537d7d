//! Kriging with known noise: a smooth surface through noisy means, with its own uncertainty.
//!
//! The model of AnkenmanNelsonStaum2010 with a constant trend: y_i = b + M(x_i) + e_i, M a Gaussian process with a
//! Matérn-5/2 kernel of one length a dimension, e_i normal with the variance that the replications at x_i showed.
//! Variance and lengths maximise the likelihood; the trend is estimated with them and its uncertainty is kept in every
//! prediction.

use thiserror::Error;

use crate::cholesky::{Cholesky, dot};
use crate::designs::latin_points;
use crate::quantiles;

/// One point of the design with what the replications there showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Place in the unit cube.
    pub at: Vec<f64>,
    /// Mean of the metric there.
    pub mean: f64,
    /// Variance of that mean: sample variance over replications, divided by their number. Zero for an exact value.
    pub noise: f64,
}

/// A fitted surface.
#[derive(Clone, Debug)]
pub struct Surface {
    points: Vec<Vec<f64>>,
    lengths: Vec<f64>,
    variance: f64,
    trend: f64,
    /// Scale and shift by which the means were made comparable to 1.
    scale: f64,
    shift: f64,
    factor: Cholesky,
    /// Inverse covariance times residuals.
    weights: Vec<f64>,
    /// Inverse covariance times ones, and the sum of its entries.
    ones: Vec<f64>,
    ones_sum: f64,
}

/// Why no surface was fitted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum KrigingError {
    /// Too few points, or points of different dimension.
    #[error("{0}")]
    Setting(String),
    /// The covariance is singular even with a grain of noise added.
    #[error("the points are too close together to fit a surface; spread them out")]
    Singular,
}

/// A prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Expected value of the surface.
    pub mean: f64,
    /// Standard deviation of the surface about it (not of a single replication).
    pub sd: f64,
}

impl Surface {
    /// Fits lengths and variance by maximum likelihood.
    ///
    /// # Errors
    /// [`KrigingError`]; at least 2 points are needed, 10 a dimension are advised.
    pub fn fit(observations: &[Observation]) -> Result<Self, KrigingError> {
        let (dimensions, scale, shift) = check(observations)?;
        // Searched in logarithms: lengths from a fiftieth to twenty times the cube, variances about that of the means.
        let bounds: Vec<(f64, f64)> = std::iter::once((-6.0f64, 4.0))
            .chain(std::iter::repeat_n(
                (0.02f64.ln(), 20.0f64.ln()),
                dimensions,
            ))
            .collect();
        let score = |theta: &[f64]| -> f64 {
            let lengths: Vec<f64> = theta[1..].iter().map(|t| t.exp()).collect();
            likelihood(observations, theta[0].exp(), &lengths, scale, shift)
                .map_or(f64::INFINITY, |l| -l)
        };
        let starts = latin_points(bounds.len(), 4 * bounds.len(), 0x4B72);
        let mut ranked: Vec<(f64, Vec<f64>)> = starts
            .iter()
            .map(|u| {
                let theta: Vec<f64> = u
                    .iter()
                    .zip(&bounds)
                    .map(|(u, (a, b))| a + u * (b - a))
                    .collect();
                (score(&theta), theta)
            })
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = ranked
            .iter()
            .take(2)
            .map(|(_, start)| nelder_mead(&score, start, &bounds))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .expect("there is at least one start");
        let lengths: Vec<f64> = best.1[1..].iter().map(|t| t.exp()).collect();
        Self::with(observations, best.1[0].exp() * scale * scale, &lengths)
    }

    /// A surface with given process variance and lengths.
    ///
    /// # Errors
    /// [`KrigingError`].
    pub fn with(
        observations: &[Observation],
        variance: f64,
        lengths: &[f64],
    ) -> Result<Self, KrigingError> {
        let (_, scale, shift) = check(observations)?;
        let variance = variance / (scale * scale);
        let solved =
            solve(observations, variance, lengths, scale, shift).ok_or(KrigingError::Singular)?;
        Ok(Surface {
            points: observations.iter().map(|o| o.at.clone()).collect(),
            lengths: lengths.to_vec(),
            variance,
            trend: solved.trend,
            scale,
            shift,
            factor: solved.factor,
            weights: solved.weights,
            ones: solved.ones,
            ones_sum: solved.ones_sum,
        })
    }

    /// Length of the correlation along each dimension, in units of the cube.
    #[must_use]
    pub fn lengths(&self) -> &[f64] {
        &self.lengths
    }

    /// Mean and standard deviation of the surface at `x`.
    #[must_use]
    pub fn predict(&self, x: &[f64]) -> Prediction {
        let points = self.points.iter();
        let k: Vec<f64> = points
            .map(|p| self.variance * matern(p, x, &self.lengths))
            .collect();
        let mean = self.trend + dot(&k, &self.weights);
        let solved = self.factor.solve(&k);
        let slack = 1.0 - dot(&self.ones, &k);
        let variance = self.variance - dot(&k, &solved) + slack * slack / self.ones_sum;
        Prediction {
            mean: self.shift + self.scale * mean,
            sd: self.scale * variance.max(0.0).sqrt(),
        }
    }
}

/// Expected improvement over `best` when less is better (JonesSchonlauWelch1998, equation 15).
#[must_use]
pub fn expected_improvement(prediction: Prediction, best: f64) -> f64 {
    let gap = best - prediction.mean;
    if prediction.sd <= 0.0 {
        return gap.max(0.0);
    }
    let z = gap / prediction.sd;
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    (gap * quantiles::normal_cdf(z) + prediction.sd * density).max(0.0)
}

fn matern(a: &[f64], b: &[f64], lengths: &[f64]) -> f64 {
    let d2: f64 = a
        .iter()
        .zip(b)
        .zip(lengths)
        .map(|((x, y), l)| ((x - y) / l).powi(2))
        .sum();
    let d = (5.0 * d2).sqrt();
    (1.0 + d + d * d / 3.0) * (-d).exp()
}

struct Solved {
    factor: Cholesky,
    trend: f64,
    weights: Vec<f64>,
    ones: Vec<f64>,
    ones_sum: f64,
    log_determinant: f64,
    misfit: f64,
}

fn solve(
    observations: &[Observation],
    variance: f64,
    lengths: &[f64],
    scale: f64,
    shift: f64,
) -> Option<Solved> {
    let n = observations.len();
    // A grain relative to the variance keeps the matrix regular where points nearly coincide; it is far below any
    // noise.
    let grain = 1e-10 * variance;
    let factor = Cholesky::of(n, |i, j| {
        let c = variance * matern(&observations[i].at, &observations[j].at, lengths);
        if i == j {
            c + grain + observations[i].noise / (scale * scale)
        } else {
            c
        }
    })?;
    let means = observations.iter().map(|o| (o.mean - shift) / scale);
    let y: Vec<f64> = means.collect();
    let ones = factor.solve(&vec![1.0; n]);
    let ones_sum: f64 = ones.iter().sum();
    let trend = dot(&ones, &y) / ones_sum;
    let residual: Vec<f64> = y.iter().map(|y| y - trend).collect();
    let weights = factor.solve(&residual);
    let log_determinant = factor.log_determinant();
    let misfit = dot(&residual, &weights);
    Some(Solved {
        factor,
        trend,
        weights,
        ones,
        ones_sum,
        log_determinant,
        misfit,
    })
}

fn likelihood(
    observations: &[Observation],
    variance: f64,
    lengths: &[f64],
    scale: f64,
    shift: f64,
) -> Option<f64> {
    let s = solve(observations, variance, lengths, scale, shift)?;
    // The restricted likelihood: the last term pays for the trend that was estimated.
    let value = -0.5 * (s.log_determinant + s.misfit + s.ones_sum.ln());
    value.is_finite().then_some(value)
}

fn check(observations: &[Observation]) -> Result<(usize, f64, f64), KrigingError> {
    let Some(first) = observations.first() else {
        return Err(KrigingError::Setting(
            "a surface needs at least 2 points; there are none".into(),
        ));
    };
    let dimensions = first.at.len();
    if observations.len() < 2 || dimensions == 0 {
        return Err(KrigingError::Setting(format!(
            "a surface needs at least 2 points with at least 1 coordinate; there are {} with {dimensions}",
            observations.len()
        )));
    }
    let usable = |o: &Observation| {
        o.at.len() == dimensions && o.mean.is_finite() && o.noise >= 0.0 && o.noise.is_finite()
    };
    if let Some(i) = observations.iter().position(|o| !usable(o)) {
        return Err(KrigingError::Setting(format!(
            "point {i} has a mean that is not finite, an invalid noise, or a different number of coordinates than the first"
        )));
    }
    let means: Vec<f64> = observations.iter().map(|o| o.mean).collect();
    let (shift, variance) = crate::estimate::mean_and_variance(&means);
    let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    Ok((dimensions, scale, shift))
}

/// Minimises `f` within a box by the simplex method of NelderMead1965, stepping back to the box at its sides.
pub(crate) fn nelder_mead(
    f: &impl Fn(&[f64]) -> f64,
    start: &[f64],
    bounds: &[(f64, f64)],
) -> (f64, Vec<f64>) {
    let n = start.len();
    let boxed = |x: Vec<f64>| -> Vec<f64> {
        x.into_iter()
            .zip(bounds)
            .map(|(x, (a, b))| x.clamp(*a, *b))
            .collect()
    };
    let mut simplex: Vec<(f64, Vec<f64>)> = vec![(f(start), start.to_vec())];
    for i in 0..n {
        let mut x = start.to_vec();
        let step = 0.15 * (bounds[i].1 - bounds[i].0);
        x[i] += if x[i] + step <= bounds[i].1 {
            step
        } else {
            -step
        };
        let x = boxed(x);
        simplex.push((f(&x), x));
    }
    for _ in 0..60 * (n + 1) {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        if (simplex[n].0 - simplex[0].0).abs() < 1e-7 * (1.0 + simplex[0].0.abs()) {
            break;
        }
        let centre: Vec<f64> = (0..n)
            .map(|j| simplex[..n].iter().map(|s| s.1[j]).sum::<f64>() / n as f64)
            .collect();
        let along = |t: f64| -> (f64, Vec<f64>) {
            let x = boxed(
                centre
                    .iter()
                    .zip(&simplex[n].1)
                    .map(|(c, w)| c + t * (w - c))
                    .collect(),
            );
            (f(&x), x)
        };
        let reflected = along(-1.0);
        let next = if reflected.0 < simplex[0].0 {
            let expanded = along(-2.0);
            if expanded.0 < reflected.0 {
                expanded
            } else {
                reflected
            }
        } else if reflected.0 < simplex[n - 1].0 {
            reflected
        } else {
            let contracted = along(if reflected.0 < simplex[n].0 {
                -0.5
            } else {
                0.5
            });
            if contracted.0 < simplex[n].0.min(reflected.0) {
                contracted
            } else {
                let best = simplex[0].1.clone();
                for s in &mut simplex[1..] {
                    let x: Vec<f64> =
                        s.1.iter()
                            .zip(&best)
                            .map(|(x, b)| f64::midpoint(*x, *b))
                            .collect();
                    *s = (f(&x), x);
                }
                continue;
            }
        };
        simplex[n] = next;
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex.swap_remove(0)
}

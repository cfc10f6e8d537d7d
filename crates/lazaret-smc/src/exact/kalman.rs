//! Linear-Gaussian state space models: the Kalman filter (Kalman1960) and smoother (Rauch1965).

use crate::linear::Square;

/// x₀ ~ N(m₀, P₀); xₜ = F xₜ₋₁ + N(0, Q); yₜ = h · xₜ + N(0, r).
///
/// The state has d entries; observations are single numbers. Matrices are given row by row, d × d.
#[derive(Clone, Debug)]
pub struct LinearGaussian {
    /// m₀, d entries.
    pub mean: Vec<f64>,
    /// P₀.
    pub covariance: Vec<Vec<f64>>,
    /// F.
    pub transition: Vec<Vec<f64>>,
    /// Q.
    pub noise: Vec<Vec<f64>>,
    /// h, d entries.
    pub observation: Vec<f64>,
    /// r, above 0: a variance.
    pub observation_variance: f64,
}

/// A normal distribution of the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// d entries.
    pub mean: Vec<f64>,
    /// d × d, row by row.
    pub covariance: Vec<Vec<f64>>,
}

/// What the filter says.
#[derive(Clone, Debug)]
pub struct Filtered {
    /// log p(y₀, …, y_T), missing ones left out.
    pub log_evidence: f64,
    /// log p(yₜ | earlier), 0 where missing.
    pub increments: Vec<f64>,
    /// p(xₜ | y₀, …, yₜ).
    pub filtered: Vec<Gaussian>,
    /// p(xₜ | y₀, …, yₜ₋₁).
    pub predicted: Vec<Gaussian>,
}

impl LinearGaussian {
    /// One-dimensional: x₀ ~ N(0, variance), xₜ = φ xₜ₋₁ + N(0, q), yₜ = xₜ + N(0, r).
    #[must_use]
    pub fn scalar(variance: f64, phi: f64, q: f64, r: f64) -> Self {
        Self {
            mean: vec![0.0],
            covariance: vec![vec![variance]],
            transition: vec![vec![phi]],
            noise: vec![vec![q]],
            observation: vec![1.0],
            observation_variance: r,
        }
    }

    /// The same with another mean of x₀.
    #[must_use]
    pub fn starting_at(mut self, mean: &[f64]) -> Self {
        assert_eq!(
            mean.len(),
            self.mean.len(),
            "the state has as many entries as before"
        );
        self.mean = mean.to_vec();
        self
    }

    /// Filters the observations of times 0, 1, …; `None` is a time without one.
    #[must_use]
    pub fn filter(&self, observations: &[Option<f64>]) -> Filtered {
        let transition = Square::from_rows(&self.transition);
        let noise = Square::from_rows(&self.noise);
        let mut mean = self.mean.clone();
        let mut covariance = Square::from_rows(&self.covariance);
        let mut result = Filtered {
            log_evidence: 0.0,
            increments: Vec::new(),
            filtered: Vec::new(),
            predicted: Vec::new(),
        };
        for (time, observation) in observations.iter().enumerate() {
            if time > 0 {
                mean = transition.times(&mean);
                covariance = transition
                    .product(&covariance)
                    .product(&transition.transpose())
                    .plus(&noise);
            }
            result.predicted.push(gaussian(&mean, &covariance));
            let mut increment = 0.0;
            if let Some(y) = observation {
                // One number is seen at a time, so the innovation variance is a number too.
                let cross = covariance.times(&self.observation);
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let variance = dot(&self.observation, &cross) + self.observation_variance;
                let innovation = y - dot(&self.observation, &mean);
                increment = -0.5
                    * (innovation * innovation / variance
                        + (std::f64::consts::TAU * variance).ln());
                for i in 0..mean.len() {
                    mean[i] += cross[i] / variance * innovation;
                    for j in 0..cross.len() {
                        *covariance.at_mut(i, j) -= cross[i] * cross[j] / variance;
                    }
                }
            }
            result.log_evidence += increment;
            result.increments.push(increment);
            result.filtered.push(gaussian(&mean, &covariance));
        }
        result
    }

    /// p(xₜ | all observations) for each time.
    ///
    /// # Panics
    /// If a predicted covariance is singular.
    #[must_use]
    pub fn smooth(&self, observations: &[Option<f64>]) -> Vec<Gaussian> {
        let result = self.filter(observations);
        let transition = Square::from_rows(&self.transition);
        let mut smoothed = result.filtered.clone();
        for time in (0..smoothed.len().saturating_sub(1)).rev() {
            let filtered = Square::from_rows(&result.filtered[time].covariance);
            let predicted = &result.predicted[time + 1];
            let factor = Square::from_rows(&predicted.covariance).cholesky();
            let Some(factor) = factor else {
                panic!("the covariance at time {} is singular", time + 1)
            };
            // The gain G = P Fᵀ P⁻¹ predicted, row by row: P⁻¹ (F P) transposed.
            let cross = transition.product(&filtered);
            let mut gain = Square::zero(self.mean.len());
            for i in 0..gain.size {
                let column: Vec<f64> = (0..gain.size).map(|k| cross.at(k, i)).collect();
                let solved = factor.solve_lower_transposed(&factor.solve_lower(&column));
                for (j, value) in solved.into_iter().enumerate() {
                    *gain.at_mut(i, j) = value;
                }
            }
            let next = smoothed[time + 1].clone();
            let shift: Vec<f64> = next
                .mean
                .iter()
                .zip(&predicted.mean)
                .map(|(s, p)| s - p)
                .collect();
            let mut change = Square::from_rows(&next.covariance);
            for (entry, p) in change
                .entries
                .iter_mut()
                .zip(predicted.covariance.iter().flatten())
            {
                *entry -= p;
            }
            let covariance = filtered.plus(&gain.product(&change).product(&gain.transpose()));
            let mean = gain.times(&shift);
            let mean: Vec<f64> = mean
                .iter()
                .zip(&result.filtered[time].mean)
                .map(|(a, b)| a + b)
                .collect();
            smoothed[time] = gaussian(&mean, &covariance);
        }
        smoothed
    }
}

fn gaussian(mean: &[f64], covariance: &Square) -> Gaussian {
    let rows = covariance
        .entries
        .chunks(covariance.size.max(1))
        .map(<[f64]>::to_vec)
        .collect();
    Gaussian {
        mean: mean.to_vec(),
        covariance: rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_observations_by_the_joint_normal() {
        let model = LinearGaussian::scalar(2.0, 0.5, 1.0, 0.7);
        let y = [1.3, -0.4];
        // Var y₀ = 2.7, Cov = 0.5 × 2 = 1, Var y₁ = 0.25 × 2 + 1 + 0.7 = 2.2.
        let (a, b, c) = (2.7, 1.0, 2.2);
        let determinant: f64 = a * c - b * b;
        let form = (c * y[0] * y[0] - 2.0 * b * y[0] * y[1] + a * y[1] * y[1]) / determinant;
        let expected = -0.5 * (form + determinant.ln()) - std::f64::consts::TAU.ln();
        let filtered = model.filter(&[Some(y[0]), Some(y[1])]);
        assert!((filtered.log_evidence - expected).abs() < 1e-12);
        // E[x₀ | y] = Cov(x₀, y) Var(y)⁻¹ y with Cov(x₀, y) = (2, 1).
        let smoothed = (2.0 * (c * y[0] - b * y[1]) + (a * y[1] - b * y[0])) / determinant;
        let answer = model.smooth(&[Some(y[0]), Some(y[1])]);
        assert!((answer[0].mean[0] - smoothed).abs() < 1e-12);
    }

    #[test]
    fn a_doubled_state_gives_the_same_answers() {
        // A two-dimensional model whose second entry is noise that nobody sees.
        let single = LinearGaussian::scalar(2.0, 0.9, 0.4, 0.7);
        let double = LinearGaussian {
            mean: vec![0.0, 1.0],
            covariance: vec![vec![2.0, 0.0], vec![0.0, 1.0]],
            transition: vec![vec![0.9, 0.0], vec![0.3, 0.5]],
            noise: vec![vec![0.4, 0.1], vec![0.1, 0.3]],
            observation: vec![1.0, 0.0],
            observation_variance: 0.7,
        };
        let data = [Some(0.3), None, Some(-1.0), Some(2.0), None];
        let (a, b) = (single.filter(&data), double.filter(&data));
        assert!((a.log_evidence - b.log_evidence).abs() < 1e-12);
        for (a, b) in single.smooth(&data).iter().zip(double.smooth(&data)) {
            assert!((a.mean[0] - b.mean[0]).abs() < 1e-10);
            assert!((a.covariance[0][0] - b.covariance[0][0]).abs() < 1e-10);
        }
    }
}

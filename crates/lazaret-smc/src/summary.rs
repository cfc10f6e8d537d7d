//! Numbers that describe weighted values.

use serde::{Deserialize, Serialize};

/// Values with weights that sum to 1, sorted by value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl Weighted {
    /// Pairs values with their weights, in any common scale. Values that are `NaN` are dropped.
    #[must_use]
    pub fn new(values: Vec<f64>, weights: Vec<f64>) -> Self {
        let mut pairs: Vec<(f64, f64)> = values
            .into_iter()
            .zip(weights)
            .filter(|(value, _)| !value.is_nan())
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = pairs.iter().map(|(_, weight)| weight).sum();
        let (values, weights) = pairs
            .into_iter()
            .map(|(value, weight)| (value, weight / total))
            .unzip();
        Self { values, weights }
    }

    /// Values of equal weight.
    #[must_use]
    pub fn equal(values: Vec<f64>) -> Self {
        let weights = vec![1.0; values.len()];
        Self::new(values, weights)
    }

    /// The values in ascending order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The weights in the order of [`values`](Self::values).
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Σ wᵢ xᵢ; `NaN` if there are no values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.values.is_empty() {
            return f64::NAN;
        }
        self.values
            .iter()
            .zip(&self.weights)
            .map(|(x, w)| w * x)
            .sum()
    }

    /// Square root of Σ wᵢ (xᵢ − mean)².
    #[must_use]
    pub fn sd(&self) -> f64 {
        let mean = self.mean();
        let square = |(x, w): (&f64, &f64)| w * (x - mean) * (x - mean);
        self.values
            .iter()
            .zip(&self.weights)
            .map(square)
            .sum::<f64>()
            .sqrt()
    }

    /// Monte Carlo standard error of [`mean`](Self::mean) if the values are independent draws that were
    /// weighted: the square root of Σ wᵢ² (xᵢ − mean)². Resampled values are not independent; then it is
    /// a lower bound, and the spread over seeds is the honest figure.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let mean = self.mean();
        let square = |(x, w): (&f64, &f64)| (w * (x - mean)).powi(2);
        self.values
            .iter()
            .zip(&self.weights)
            .map(square)
            .sum::<f64>()
            .sqrt()
    }

    /// The value below which the share `level` of the weight lies, for `level` in [0, 1].
    ///
    /// Each value stands for the middle of its weight and the quantile is linear between them, so that
    /// quantiles of a continuous quantity do not jump with single particles. `NaN` if there are none.
    #[must_use]
    pub fn quantile(&self, level: f64) -> f64 {
        let mut below = 0.0;
        let mut previous: Option<(f64, f64)> = None;
        for (value, weight) in self.values.iter().zip(&self.weights) {
            if *weight == 0.0 {
                continue;
            }
            let middle = below + 0.5 * weight;
            if middle >= level {
                return match previous {
                    Some((low, at)) if middle > at => {
                        low + (value - low) * (level - at) / (middle - at)
                    }
                    _ => *value,
                };
            }
            previous = Some((*value, middle));
            below += weight;
        }
        previous.map_or(f64::NAN, |(value, _)| value)
    }

    /// The weight of values at or below `x`.
    #[must_use]
    pub fn cumulative(&self, x: f64) -> f64 {
        self.values
            .iter()
            .zip(&self.weights)
            .take_while(|(v, _)| **v <= x)
            .map(|(_, w)| w)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_count_as_repetitions() {
        let repeated = Weighted::equal(vec![1.0, 4.0, 4.0, 4.0, 9.0]);
        let weighted = Weighted::new(vec![9.0, 1.0, 4.0], vec![2.0, 2.0, 6.0]);
        assert!((repeated.mean() - weighted.mean()).abs() < 1e-12);
        assert!((repeated.sd() - weighted.sd()).abs() < 1e-12);
        assert!((repeated.cumulative(4.0) - weighted.cumulative(4.0)).abs() < 1e-12);
        assert_eq!(weighted.quantile(0.5), 4.0);
    }

    #[test]
    fn quantiles_of_a_fine_grid_are_those_of_the_uniform_distribution() {
        let grid = Weighted::equal((0..10_000).map(|i| f64::from(i) / 1e4).collect());
        for level in [0.05, 0.25, 0.5, 0.9] {
            assert!((grid.quantile(level) - level).abs() < 1e-4);
        }
        assert_eq!(grid.quantile(0.0), 0.0);
        assert_eq!(grid.quantile(1.0), 0.9999);
    }

    #[test]
    fn no_values_and_no_numbers_are_not_a_panic() {
        let none = Weighted::equal(vec![f64::NAN]);
        assert!(none.mean().is_nan() && none.quantile(0.5).is_nan());
    }
}

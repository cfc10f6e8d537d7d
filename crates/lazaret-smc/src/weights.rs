//! Arithmetic on weights that are kept as logarithms.
//!
//! Likelihoods of many observations underflow long before they are useless, so every weight here is a
//! log-weight. `-inf` is a weight of zero and is legal; `NaN` and `+inf` are mistakes of the model and
//! come back as a [`WeightError`] that names the particle.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a set of weights cannot be normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum WeightError {
    /// There are no weights at all.
    #[error("there are no weights")]
    Empty,
    /// Every weight is zero: nothing distinguishes the particles and none is possible.
    #[error("every weight is zero")]
    Degenerate,
    /// A weight is `NaN` or `+inf`; `index` is the first such particle.
    #[error("the weight of particle {index} is not a number that a weight can be")]
    NotANumber {
        /// The particle.
        index: usize,
    },
}

/// log Σ exp(xᵢ), without overflow. `-inf` for an empty slice or one of zeros only.
#[must_use]
pub fn log_sum_exp(log_weights: &[f64]) -> f64 {
    let greatest = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    if !greatest.is_finite() {
        return greatest;
    }
    greatest
        + log_weights
            .iter()
            .map(|w| (w - greatest).exp())
            .sum::<f64>()
            .ln()
}

/// log of the mean of exp(xᵢ). `-inf` for an empty slice.
#[must_use]
pub fn log_mean_exp(log_weights: &[f64]) -> f64 {
    if log_weights.is_empty() {
        return f64::NEG_INFINITY;
    }
    log_sum_exp(log_weights) - (log_weights.len() as f64).ln()
}

/// What [`normalise`] found on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalised {
    /// log Σ exp(log_weight).
    pub log_sum: f64,
    /// Effective sample size, (Σw)² / Σw², between 1 and the number of weights.
    pub effective_sample_size: f64,
}

/// Writes the normalised weights of `log_weights` into `weights`; they sum to 1.
///
/// # Errors
/// [`WeightError`] if no weight is positive or one is not a number; `weights` is then unspecified.
pub fn normalise(log_weights: &[f64], weights: &mut Vec<f64>) -> Result<Normalised, WeightError> {
    if log_weights.is_empty() {
        return Err(WeightError::Empty);
    }
    let greatest = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    // `f64::max` steps over NaN, so the sum below is the place that notices one.
    if greatest == f64::INFINITY {
        return Err(not_a_number(log_weights));
    }
    if greatest == f64::NEG_INFINITY {
        let any_nan = log_weights.iter().any(|w| w.is_nan());
        return Err(if any_nan {
            not_a_number(log_weights)
        } else {
            WeightError::Degenerate
        });
    }
    weights.clear();
    weights.extend(log_weights.iter().map(|w| (w - greatest).exp()));
    let sum: f64 = weights.iter().sum();
    if sum.is_nan() {
        return Err(not_a_number(log_weights));
    }
    let mut squares = 0.0;
    for weight in weights.iter_mut() {
        *weight /= sum;
        squares += *weight * *weight;
    }
    Ok(Normalised {
        log_sum: greatest + sum.ln(),
        effective_sample_size: 1.0 / squares,
    })
}

/// Effective sample size of log-weights, (Σw)² / Σw²; 0 if every weight is zero (Kong1994).
#[must_use]
pub fn effective_sample_size(log_weights: &[f64]) -> f64 {
    let greatest = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    if !greatest.is_finite() {
        return 0.0;
    }
    let (sum, squares) = log_weights.iter().fold((0.0, 0.0), |(sum, squares), w| {
        let weight = (w - greatest).exp();
        (sum + weight, squares + weight * weight)
    });
    sum * sum / squares
}

fn not_a_number(log_weights: &[f64]) -> WeightError {
    let index = log_weights
        .iter()
        .position(|w| w.is_nan() || *w == f64::INFINITY);
    WeightError::NotANumber {
        index: index.unwrap_or(0),
    }
}

/// Serialises floating-point numbers by their bits: `-inf` survives every format, and a number read back
/// is the number written.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.to_bits().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

/// As [`bits`], for a list.
pub(crate) mod bits_list {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|value| value.to_bits()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?
            .into_iter()
            .map(f64::from_bits)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_underflow() {
        let sum = log_sum_exp(&[-2000.0, -2000.0]);
        assert!((sum - (-2000.0 + 2.0f64.ln())).abs() < 1e-12);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert_eq!(log_mean_exp(&[]), f64::NEG_INFINITY);
    }

    #[test]
    fn bad_weights_are_errors_that_name_the_particle() {
        let mut weights = Vec::new();
        let mut check = |log_weights: &[f64]| normalise(log_weights, &mut weights).unwrap_err();
        assert_eq!(check(&[]), WeightError::Empty);
        assert_eq!(check(&[f64::NEG_INFINITY; 2]), WeightError::Degenerate);
        assert_eq!(
            check(&[0.0, f64::NAN]),
            WeightError::NotANumber { index: 1 }
        );
        assert_eq!(
            check(&[f64::NEG_INFINITY, f64::NAN]),
            WeightError::NotANumber { index: 1 }
        );
        assert_eq!(
            check(&[0.0, 1.0, f64::INFINITY]),
            WeightError::NotANumber { index: 2 }
        );
    }

    #[test]
    fn effective_sample_size_counts_equal_weights() {
        assert!((effective_sample_size(&[-5.0; 7]) - 7.0).abs() < 1e-12);
        assert!((effective_sample_size(&[0.0, f64::NEG_INFINITY]) - 1.0).abs() < 1e-12);
        assert_eq!(effective_sample_size(&[f64::NEG_INFINITY]), 0.0);
    }
}

//! How good a forecast was, once the truth is known. Lower is better for every score here.

use crate::summary::Weighted;
use crate::weights::log_sum_exp;

/// Continuous ranked probability score of weighted draws: E|X − y| − ½ E|X − X′|, in the unit of the
/// quantity. For a single draw it is the absolute error (GneitingRaftery2007).
///
/// The expectations are over the draws as they are, so a small ensemble is penalised for being small.
#[must_use]
pub fn crps(forecast: &Weighted, truth: f64) -> f64 {
    let mut distance = 0.0;
    // E|X − X′| = 2 Σ wᵢ xᵢ (W before i − W after i) over sorted draws, where W excludes i itself.
    let mut spread = 0.0;
    let mut before = 0.0;
    for (value, weight) in forecast.values().iter().zip(forecast.weights()) {
        distance += weight * (value - truth).abs();
        let after = 1.0 - before - weight;
        spread += weight * value * (before - after);
        before += weight;
    }
    distance - spread
}

/// The fair score of draws of equal weight: as if there were infinitely many of them, E|X − y| − Σ|Xᵢ − Xⱼ| / (2n(n − 1)). In
/// the mean it is the score of the distribution that they were drawn from, so that ensembles of unlike size can be compared
/// (Ferro2014). One draw alone has no fair score: `NaN`.
#[must_use]
pub fn crps_fair(draws: &[f64], truth: f64) -> f64 {
    let n = draws.len() as f64;
    if draws.len() < 2 {
        return f64::NAN;
    }
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let distance = sorted.iter().map(|x| (x - truth).abs()).sum::<f64>() / n;
    // Of the pairs (i, j) the i-th smallest is the greater in i of them and the smaller in n − 1 − i.
    let spread: f64 = (sorted.iter().enumerate())
        .map(|(i, x)| x * (2.0 * i as f64 - n + 1.0))
        .sum();
    distance - spread / (n * (n - 1.0))
}

/// CRPS of a normal distribution, exactly.
#[must_use]
pub fn crps_normal(mean: f64, sd: f64, truth: f64) -> f64 {
    use statrs::distribution::{Continuous, ContinuousCDF, Normal};
    let Ok(normal) = Normal::new(0.0, 1.0) else {
        return f64::NAN;
    };
    let z = (truth - mean) / sd;
    let pi = std::f64::consts::PI;
    sd * (z * (2.0 * normal.cdf(z) - 1.0) + 2.0 * normal.pdf(z) - 1.0 / pi.sqrt())
}

/// Log score of a probability that was given to what happened: −ln p. Infinite if it was ruled out.
#[must_use]
pub fn log_score(probability_of_what_happened: f64) -> f64 {
    -probability_of_what_happened.ln()
}

/// Log score of a mixture: −ln Σ wᵢ p(truth | drawᵢ). Both arguments are logarithms; the weights need not
/// be normalised.
#[must_use]
pub fn log_score_mixture(log_densities: &[f64], log_weights: &[f64]) -> f64 {
    let joint: Vec<f64> = log_densities
        .iter()
        .zip(log_weights)
        .map(|(d, w)| d + w)
        .collect();
    log_sum_exp(log_weights) - log_sum_exp(&joint)
}

/// Brier score of a yes/no forecast, between 0 and 1.
#[must_use]
pub fn brier(probability: f64, happened: bool) -> f64 {
    (probability - f64::from(happened)).powi(2)
}

/// The ends of the central interval that should hold the truth with probability `level`.
#[must_use]
pub fn central_interval(forecast: &Weighted, level: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - level);
    (forecast.quantile(tail), forecast.quantile(1.0 - tail))
}

/// Share of the intervals (low, high) that hold their truth.
#[must_use]
pub fn coverage(intervals_and_truths: &[((f64, f64), f64)]) -> f64 {
    let holds = |((low, high), truth): &&((f64, f64), f64)| low <= truth && truth <= high;
    let held = intervals_and_truths.iter().filter(holds).count();
    held as f64 / intervals_and_truths.len() as f64
}

/// Interval score: width plus a penalty for missing, in the unit of the quantity (GneitingRaftery2007).
#[must_use]
pub fn interval_score(low: f64, high: f64, level: f64, truth: f64) -> f64 {
    let penalty = 2.0 / (1.0 - level);
    (high - low) + penalty * ((low - truth).max(0.0) + (truth - high).max(0.0))
}

/// Probability integral transform of the truth, made uniform for forecasts with ties or of whole numbers
/// by the draw `uniform` in [0, 1): the weight below the truth plus that share of the weight at it.
#[must_use]
pub fn randomised_pit(forecast: &Weighted, truth: f64, uniform: f64) -> f64 {
    let (mut below, mut at) = (0.0, 0.0);
    for (value, weight) in forecast.values().iter().zip(forecast.weights()) {
        if *value < truth {
            below += weight;
        } else if *value == truth {
            at += weight;
        }
    }
    below + uniform * at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crps_by_hand() {
        // Draws 0 and 1, truth 0: E|X - y| = 1/2, E|X - X'| = 1/2, so 1/2 - 1/4.
        assert!((crps(&Weighted::equal(vec![0.0, 1.0]), 0.0) - 0.25).abs() < 1e-12);
        assert!((crps(&Weighted::equal(vec![3.0]), 5.0) - 2.0).abs() < 1e-12);
        // The slow, obvious twin.
        let forecast = Weighted::new(vec![2.0, -1.0, 5.0, 0.5], vec![0.1, 0.4, 0.3, 0.2]);
        let pairs: Vec<_> = forecast.values().iter().zip(forecast.weights()).collect();
        let mut slow = 0.0;
        for (x, w) in &pairs {
            slow += *w * (*x - 1.2f64).abs();
            for (y, v) in &pairs {
                slow -= 0.5 * *w * *v * (*x - *y).abs();
            }
        }
        assert!((crps(&forecast, 1.2) - slow).abs() < 1e-12);
    }

    #[test]
    fn crps_of_many_normal_draws_is_that_of_the_normal() {
        use statrs::distribution::{ContinuousCDF, Normal};
        let normal = Normal::new(2.0, 3.0).unwrap();
        let draws = (0..20_000).map(|i| normal.inverse_cdf((f64::from(i) + 0.5) / 20_000.0));
        let forecast = Weighted::equal(draws.collect());
        for truth in [-4.0, 2.0, 2.7, 11.0] {
            assert!((crps(&forecast, truth) - crps_normal(2.0, 3.0, truth)).abs() < 1e-3);
        }
    }

    #[test]
    fn scores_by_hand() {
        assert!((log_score(0.25) - 4.0f64.ln()).abs() < 1e-12);
        assert_eq!(log_score(0.0), f64::INFINITY);
        let mixture = log_score_mixture(&[0.5f64.ln(), 0.1f64.ln()], &[0.0, 0.0]);
        assert!((mixture + 0.3f64.ln()).abs() < 1e-12);
        assert!((brier(0.8, true) - 0.04).abs() < 1e-12);
        assert!((interval_score(1.0, 3.0, 0.9, 4.0) - 22.0).abs() < 1e-9);
        assert_eq!(coverage(&[((0.0, 1.0), 0.5), ((0.0, 1.0), 2.0)]), 0.5);
        let counts = Weighted::equal(vec![1.0, 2.0, 2.0, 3.0]);
        assert!((randomised_pit(&counts, 2.0, 0.5) - 0.5).abs() < 1e-12);
    }
}

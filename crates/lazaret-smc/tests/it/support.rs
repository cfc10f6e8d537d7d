//! Checks with a stated false-alarm rate.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fixed before the first run. For many values |z| above 3.89 fails, for 60 above 4.16, for 12 above 5.92.
pub(crate) const FALSE_ALARM: f64 = 1e-4;

/// Whether the mean of independent `values` is `expected`, at the false-alarm rate given.
pub(crate) fn check_mean(values: &[f64], expected: f64, false_alarm: f64) -> Result<(), String> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let z = (mean - expected) / (variance / n).sqrt();
    let critical = StudentsT::new(0.0, 1.0, n - 1.0)
        .unwrap()
        .inverse_cdf(1.0 - 0.5 * false_alarm);
    if z.abs() <= critical {
        Ok(())
    } else {
        Err(format!(
            "mean {mean} of {n} values is {z:.1} standard errors from {expected}"
        ))
    }
}

/// Mean and standard deviation by the midpoint rule of an unnormalised log-density, with the log of its
/// integral.
pub(crate) fn integrate(low: f64, high: f64, log_density: impl Fn(f64) -> f64) -> (f64, f64, f64) {
    let cells = 4000;
    let width = (high - low) / f64::from(cells);
    let points: Vec<(f64, f64)> = (0..cells)
        .map(|i| {
            let x = low + (f64::from(i) + 0.5) * width;
            (x, log_density(x))
        })
        .collect();
    let logs: Vec<f64> = points.iter().map(|(_, log)| *log).collect();
    let log_sum = lazaret_smc::weights::log_sum_exp(&logs);
    let weight = |log: f64| (log - log_sum).exp();
    let mean: f64 = points.iter().map(|(x, log)| x * weight(*log)).sum();
    let variance: f64 = points
        .iter()
        .map(|(x, log)| (x - mean).powi(2) * weight(*log))
        .sum();
    (mean, variance.sqrt(), log_sum + width.ln())
}

#[test]
fn the_check_of_a_mean_can_fail() {
    let values: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
    assert!(check_mean(&values, 4.5, FALSE_ALARM).is_ok());
    assert!(check_mean(&values, 6.0, FALSE_ALARM).is_err());
}

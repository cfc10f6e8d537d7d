//! Information gains that are known, in nats (CoverThomas2006).

/// Of measuring a normal quantity of variance `prior_variance` with normal noise of `noise_variance`.
#[must_use]
pub fn of_a_normal_measurement(prior_variance: f64, noise_variance: f64) -> f64 {
    0.5 * (prior_variance / noise_variance).ln_1p()
}

/// Of a yes/no instrument about a yes/no state: `prior` is the chance of yes, `detection` that of a signal
/// if yes, `false_alarm` that of a signal if no.
#[must_use]
pub fn of_a_detector(prior: f64, detection: f64, false_alarm: f64) -> f64 {
    let signal = prior * detection + (1.0 - prior) * false_alarm;
    entropy(signal) - prior * entropy(detection) - (1.0 - prior) * entropy(false_alarm)
}

/// Entropy of a yes/no quantity.
fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_detector_tells_all_and_a_blind_one_nothing() {
        assert!((of_a_detector(0.5, 1.0, 0.0) - 2.0f64.ln()).abs() < 1e-12);
        assert!(of_a_detector(0.3, 0.4, 0.4).abs() < 1e-12);
    }
}

//! Poisson arrivals that each stay for a while, with room for all: the M/G/∞ queue.
//!
//! Started empty, the number present at time t is Poisson with mean λ ∫₀ᵗ P(stay > u) du, whatever the
//! distribution of the stay (Takacs1962, ch. 3). In the long run the mean is λ E\[stay\]. A quarantine yard that
//! never fills is such a queue.

/// How long one arrival stays. The unit of time is the caller's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stay {
    /// Always the same.
    Fixed {
        /// The length.
        length: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Equally likely between two lengths.
    Uniform {
        /// The shortest, at least 0.
        low: f64,
        /// The longest.
        high: f64,
    },
}

impl Stay {
    /// E\[stay\].
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Fixed { length } => length,
            Self::Exponential { mean } => mean,
            Self::Uniform { low, high } => 0.5 * (low + high),
        }
    }

    /// ∫₀ᵗ P(stay > u) du = E\[min(stay, t)\].
    #[must_use]
    pub fn mean_within(self, time: f64) -> f64 {
        match self {
            Self::Fixed { length } => length.min(time),
            Self::Exponential { mean } => -mean * (-time / mean).exp_m1(),
            Self::Uniform { low, high } => {
                let within = (time.clamp(low, high) - low) / (high - low);
                time.min(low) + (high - low) * (within - 0.5 * within * within)
            }
        }
    }
}

/// Mean of the Poisson number present at `time` after a start from empty.
#[must_use]
pub fn transient_mean(arrival_rate: f64, stay: Stay, time: f64) -> f64 {
    arrival_rate * stay.mean_within(time)
}

/// Mean of the Poisson number present in the long run.
#[must_use]
pub fn stationary_mean(arrival_rate: f64, stay: Stay) -> f64 {
    arrival_rate * stay.mean()
}

/// Log-probability that a Poisson number with this mean is `count`.
#[must_use]
pub fn log_poisson(mean: f64, count: u64) -> f64 {
    if mean == 0.0 {
        return if count == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    count as f64 * mean.ln() - mean - statrs::function::factorial::ln_factorial(count)
}

/// Mean of the number present at `time` for any distribution of the stay, by Simpson's rule on
/// `cells` cells (an even number): the error falls as `cells`⁻⁴ where `survival` is smooth, and is at most
/// one cell's width × rate where it jumps.
#[must_use]
pub fn transient_mean_of(
    arrival_rate: f64,
    survival: impl Fn(f64) -> f64,
    time: f64,
    cells: usize,
) -> f64 {
    let cells = (cells.max(2) / 2) * 2;
    let width = time / cells as f64;
    let mut sum = survival(0.0) + survival(time);
    for i in 1..cells {
        sum += survival(i as f64 * width) * if i % 2 == 1 { 4.0 } else { 2.0 };
    }
    arrival_rate * sum * width / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_agree_with_the_integral_and_tend_to_the_long_run() {
        let stays = [
            (Stay::Exponential { mean: 9.0 }, 1e-9),
            (
                Stay::Uniform {
                    low: 3.0,
                    high: 12.0,
                },
                1e-3,
            ),
            (Stay::Fixed { length: 8.0 }, 1e-2),
        ];
        for (stay, tolerance) in stays {
            let survival = |u: f64| match stay {
                Stay::Fixed { length } => f64::from(u < length),
                Stay::Exponential { mean } => (-u / mean).exp(),
                Stay::Uniform { low, high } => 1.0 - ((u - low) / (high - low)).clamp(0.0, 1.0),
            };
            for time in [0.5, 5.0, 10.0, 40.0] {
                let exact = transient_mean(2.0, stay, time);
                let numeric = transient_mean_of(2.0, survival, time, 20_000);
                assert!((exact - numeric).abs() < tolerance, "{stay:?} at {time}");
            }
            let late = transient_mean(2.0, stay, 1e4);
            assert!((late - stationary_mean(2.0, stay)).abs() < 1e-9);
        }
    }

    #[test]
    fn poisson_probabilities_sum_to_one() {
        let total: f64 = (0..200).map(|n| log_poisson(30.0, n).exp()).sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert_eq!(log_poisson(0.0, 0), 0.0);
    }
}

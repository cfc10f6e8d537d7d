//! Finite hidden Markov models: the forward and backward recursions (Rabiner1989).

use crate::weights::log_sum_exp;

/// A chain over S states.
#[derive(Clone, Debug)]
pub struct FiniteHmm {
    /// P(x₀ = s), S entries.
    pub start: Vec<f64>,
    /// P(xₜ = to | xₜ₋₁ = from) as `transition[from][to]`.
    pub transition: Vec<Vec<f64>>,
}

impl FiniteHmm {
    /// log p(data), where `log_likelihood[time][state]` holds the log-likelihood of the data at a time.
    #[must_use]
    pub fn log_evidence(&self, log_likelihood: &[Vec<f64>]) -> f64 {
        self.forward(log_likelihood)
            .last()
            .map_or(0.0, |last| log_sum_exp(last))
    }

    /// log p(xₜ = s, data up to t) as `[time][state]`.
    #[must_use]
    pub fn forward(&self, log_likelihood: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut joint: Vec<Vec<f64>> = Vec::new();
        for (time, seen) in log_likelihood.iter().enumerate() {
            let predicted: Vec<f64> = if time == 0 {
                self.start.iter().map(|p| p.ln()).collect()
            } else {
                let from = &joint[time - 1];
                (0..self.start.len())
                    .map(|to| {
                        let terms: Vec<f64> = from
                            .iter()
                            .zip(&self.transition)
                            .map(|(log, row)| log + row[to].ln())
                            .collect();
                        log_sum_exp(&terms)
                    })
                    .collect()
            };
            joint.push(predicted.iter().zip(seen).map(|(p, s)| p + s).collect());
        }
        joint
    }

    /// P(xₜ = s | all data) as `[time][state]`.
    #[must_use]
    pub fn smooth(&self, log_likelihood: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let forward = self.forward(log_likelihood);
        let states = self.start.len();
        let mut backward = vec![0.0; states];
        let mut smoothed = vec![Vec::new(); forward.len()];
        for time in (0..forward.len()).rev() {
            let joint: Vec<f64> = forward[time]
                .iter()
                .zip(&backward)
                .map(|(f, b)| f + b)
                .collect();
            let total = log_sum_exp(&joint);
            smoothed[time] = joint.iter().map(|log| (log - total).exp()).collect();
            backward = (0..states)
                .map(|from| {
                    let terms: Vec<f64> = (0..states)
                        .map(|to| {
                            self.transition[from][to].ln() + log_likelihood[time][to] + backward[to]
                        })
                        .collect();
                    log_sum_exp(&terms)
                })
                .collect();
        }
        smoothed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursions_agree_with_the_sum_over_all_paths() {
        let hmm = FiniteHmm {
            start: vec![0.6, 0.4],
            transition: vec![vec![0.8, 0.2], vec![0.3, 0.7]],
        };
        let likelihood = [[0.5, 0.1], [0.2, 0.9], [0.4, 0.3]];
        let logs: Vec<Vec<f64>> = likelihood
            .iter()
            .map(|row| row.iter().map(|p: &f64| p.ln()).collect())
            .collect();
        let (mut total, mut first_is_one) = (0.0, 0.0);
        for path in 0..8usize {
            let x = [path & 1, (path >> 1) & 1, (path >> 2) & 1];
            let mut p = hmm.start[x[0]] * likelihood[0][x[0]];
            for t in 1..3 {
                p *= hmm.transition[x[t - 1]][x[t]] * likelihood[t][x[t]];
            }
            total += p;
            first_is_one += p * x[0] as f64;
        }
        assert!((hmm.log_evidence(&logs) - total.ln()).abs() < 1e-12);
        assert!((hmm.smooth(&logs)[0][1] - first_is_one / total).abs() < 1e-12);
    }
}

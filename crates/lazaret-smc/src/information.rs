//! Which observation would tell most: expected information gain by nested Monte Carlo (Rainforth2018).
//!
//! The gain of observing y is the mutual information between y and the hidden state s, in nats:
//! E\[log p(y | s) − log p(y)\]. With draws sᵢ from what is believed now and one simulated yᵢ for each, p(yᵢ)
//! is a mean over the other draws.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::random::{Stream, StreamKey};
use crate::weights::log_sum_exp;

/// An observation that could be made, as seen from N draws of the hidden state.
pub trait Experiment: Sync {
    /// What is seen.
    type Outcome: Send + Sync;

    /// Number of draws of the hidden state; they have equal weight.
    fn draws(&self) -> usize;

    /// Simulates what would be seen if draw `index` were the truth.
    fn simulate(&self, index: usize, rng: &mut Stream) -> Self::Outcome;

    /// Log-probability or density of the outcome if draw `index` were the truth.
    fn log_density(&self, index: usize, outcome: &Self::Outcome) -> f64;
}

/// An estimate of expected information gain, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InformationGain {
    /// The estimate, the middle of the two bounds.
    pub gain: f64,
    /// Monte Carlo standard error of the estimate.
    pub standard_error: f64,
    /// The estimate whose expectation is not above the truth: p(y) averages over all draws, the true
    /// one too, and can then not exceed ln N.
    pub lower: f64,
    /// The estimate whose expectation is not below the truth: the true draw is left out of p(y). Infinite
    /// if some outcome is possible under one draw only; the gain is then that of all there is to know,
    /// as far as N draws can tell.
    pub upper: f64,
}

/// Expected information gain about the whole hidden state.
pub fn expected_information_gain<E: Experiment>(experiment: &E, key: StreamKey) -> InformationGain {
    estimate(experiment, key, |_, _| None)
}

/// Expected information gain about a question whose answer under draw i is `answers[i]`.
///
/// The gain is E\[log p(y | answer) − log p(y)\]. An answer that only a few draws give is poorly judged;
/// merge rare ones.
///
/// # Panics
/// If there is not one answer for each draw.
pub fn expected_information_gain_about<E: Experiment>(
    experiment: &E,
    answers: &[usize],
    key: StreamKey,
) -> InformationGain {
    assert_eq!(
        answers.len(),
        experiment.draws(),
        "one answer for each draw"
    );
    estimate(experiment, key, |i, j| Some(answers[i] == answers[j]))
}

/// `same(i, j)`: whether draws i and j give the same answer; `None` if the question is the whole state.
fn estimate<E: Experiment>(
    experiment: &E,
    key: StreamKey,
    same: impl Fn(usize, usize) -> Option<bool> + Sync,
) -> InformationGain {
    let count = experiment.draws();
    if count < 2 {
        return InformationGain {
            gain: 0.0,
            standard_error: 0.0,
            lower: 0.0,
            upper: 0.0,
        };
    }
    let pairs: Vec<(f64, f64)> = (0..count)
        .into_par_iter()
        .map(|i| {
            let outcome = experiment.simulate(i, &mut key.child(i as u64).stream());
            let densities: Vec<f64> = (0..count)
                .map(|j| experiment.log_density(j, &outcome))
                .collect();
            let mean = |keep: &dyn Fn(usize) -> bool| {
                let kept: Vec<f64> = (0..count)
                    .filter(|j| keep(*j))
                    .map(|j| densities[j])
                    .collect();
                if kept.is_empty() {
                    densities[i]
                } else {
                    log_sum_exp(&kept) - (kept.len() as f64).ln()
                }
            };
            if same(i, i).is_some() {
                // With the true draw in both means or in neither, their biases partly cancel.
                let alike = |j: usize| same(i, j) == Some(true);
                let lower = mean(&alike) - mean(&|_| true);
                let upper = mean(&|j| j != i && alike(j)) - mean(&|j| j != i);
                (lower, upper)
            } else {
                (
                    densities[i] - mean(&|_| true),
                    densities[i] - mean(&|j| j != i),
                )
            }
        })
        .collect();
    let n = count as f64;
    let lower = pairs.iter().map(|(lower, _)| lower).sum::<f64>() / n;
    let upper = pairs.iter().map(|(_, upper)| upper).sum::<f64>() / n;
    // Where the upper bound is infinite only the lower one is an estimate.
    let middle = |lower: f64, upper: f64| {
        if upper.is_finite() {
            0.5 * (lower + upper)
        } else {
            lower
        }
    };
    let gain = middle(lower, upper);
    let squares: f64 = pairs
        .iter()
        .map(|(l, u)| (middle(*l, *u) - gain).powi(2))
        .sum();
    InformationGain {
        gain,
        standard_error: (squares / (n * (n - 1.0))).sqrt(),
        lower,
        upper,
    }
}

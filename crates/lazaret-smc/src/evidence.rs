//! Comparing explanations by their evidence, and saying how much of the difference is Monte Carlo noise.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::SmcError;
use crate::weights::{log_mean_exp, log_sum_exp};

/// Estimates of one log-evidence by runs that differ in the seed only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEvidence {
    /// One estimate a seed. `-inf` says that the run found the data impossible.
    pub runs: Vec<f64>,
}

impl LogEvidence {
    /// Runs `estimate` once for each seed, in parallel.
    ///
    /// A run that ends in [`SmcError::Conflict`] or [`SmcError::Revision`] counts as evidence zero.
    ///
    /// # Errors
    /// The first other error.
    pub fn over_seeds(
        seeds: &[u64],
        estimate: impl Fn(u64) -> Result<f64, SmcError> + Sync,
    ) -> Result<Self, SmcError> {
        let run = |seed: &u64| match estimate(*seed) {
            Err(SmcError::Conflict(_) | SmcError::Revision { .. }) => Ok(f64::NEG_INFINITY),
            other => other,
        };
        Ok(Self {
            runs: seeds.par_iter().map(run).collect::<Result<_, SmcError>>()?,
        })
    }

    /// The estimate of all runs together: the logarithm of the mean evidence, as it is the evidence and not
    /// its logarithm that each run estimates without bias.
    #[must_use]
    pub fn mean(&self) -> f64 {
        log_mean_exp(&self.runs)
    }

    /// Standard deviation of single runs: the *spread*. `NaN` for fewer than two runs.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let n = self.runs.len() as f64;
        if n < 2.0 {
            return f64::NAN;
        }
        let mean = self.runs.iter().sum::<f64>() / n;
        (self
            .runs
            .iter()
            .map(|run| (run - mean).powi(2))
            .sum::<f64>()
            / (n - 1.0))
            .sqrt()
    }
}

/// One explanation's share of belief.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// Posterior probability, by the evidence of all runs together.
    pub probability: f64,
    /// Least and greatest probability if each seed's runs are taken alone: what another seed might have
    /// said.
    pub range: (f64, f64),
}

/// Posterior probabilities of explanations with prior weights (in any common scale) and evidences.
///
/// `None` if no explanation with a positive weight has any evidence: every one of them is wrong.
#[must_use]
pub fn compare(prior_weights: &[f64], evidences: &[LogEvidence]) -> Option<Vec<Belief>> {
    let means: Vec<f64> = evidences.iter().map(LogEvidence::mean).collect();
    let together = posterior(prior_weights, &means)?;
    let runs = evidences
        .iter()
        .map(|evidence| evidence.runs.len())
        .min()
        .unwrap_or(0);
    let mut beliefs: Vec<Belief> = together
        .iter()
        .map(|p| Belief {
            probability: *p,
            range: (*p, *p),
        })
        .collect();
    for run in 0..runs {
        let single: Vec<f64> = evidences
            .iter()
            .map(|evidence| evidence.runs[run])
            .collect();
        if let Some(probabilities) = posterior(prior_weights, &single) {
            for (belief, p) in beliefs.iter_mut().zip(probabilities) {
                belief.range = (belief.range.0.min(p), belief.range.1.max(p));
            }
        }
    }
    Some(beliefs)
}

fn posterior(prior_weights: &[f64], log_evidences: &[f64]) -> Option<Vec<f64>> {
    let pairs = prior_weights.iter().zip(log_evidences);
    let joint: Vec<f64> = pairs
        .map(|(weight, evidence)| weight.ln() + evidence)
        .collect();
    let total = log_sum_exp(&joint);
    total
        .is_finite()
        .then(|| joint.iter().map(|log| (log - total).exp()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belief_follows_prior_times_evidence() {
        let evidence = |runs: &[f64]| LogEvidence {
            runs: runs.to_vec(),
        };
        let three = 3.0f64.ln();
        let beliefs = compare(
            &[1.0, 1.0],
            &[evidence(&[three, three]), evidence(&[0.0, 0.0])],
        )
        .unwrap();
        assert!((beliefs[0].probability - 0.75).abs() < 1e-12);
        let noisy = compare(
            &[1.0, 1.0],
            &[evidence(&[-1.0, 1.0]), evidence(&[0.0, 0.0])],
        )
        .unwrap();
        assert!(noisy[0].range.0 < 0.3 && noisy[0].range.1 > 0.7);
        assert!(
            noisy[0].probability > 0.5,
            "the mean evidence is cosh 1, above 1"
        );
    }

    #[test]
    fn no_explanation_left_is_none() {
        let impossible = LogEvidence {
            runs: vec![f64::NEG_INFINITY],
        };
        assert_eq!(compare(&[1.0], &[impossible]), None);
        assert_eq!(compare(&[], &[]), None);
    }

    #[test]
    fn conflicts_count_as_no_evidence_and_errors_do_not() {
        let conflict = crate::error::Conflict {
            time: 0,
            row: 0,
            exponent: 0.0,
            share_before: 1.0,
        };
        let runs = LogEvidence::over_seeds(&[1, 2], |seed| {
            if seed == 1 {
                Ok(0.0)
            } else {
                Err(SmcError::Conflict(conflict))
            }
        });
        assert_eq!(runs.unwrap().runs, [0.0, f64::NEG_INFINITY]);
        let wrong = |_| Err(SmcError::Setting("x".into()));
        assert!(LogEvidence::over_seeds(&[1], wrong).is_err());
    }
}

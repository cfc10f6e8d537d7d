//! Independent runs together: every figure with an error that covers what the runs differ by.

use serde::{Deserialize, Serialize};

use super::{AtOnce, AtOnceSettings, Point};
use crate::error::SmcError;
use crate::evidence::LogEvidence;
use crate::model::Family;
use crate::prior::Prior;
use crate::summary::Weighted;
use crate::weights::log_sum_exp;

/// Rounds that are added to every run, one by one, while the runs differ by more than their errors allow.
const MORE_ROUNDS: usize = 6;

/// A figure of the posterior, with its Monte Carlo error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// By all runs together.
    pub value: f64,
    /// Standard error: what the runs differ by, and at least what the weights within them allow.
    pub error: f64,
    /// What each run says by itself.
    pub runs: Vec<f64>,
}

/// Independent runs over the same rows, weighted by their evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pool {
    runs: Vec<AtOnce>,
}

impl Pool {
    /// Puts runs together.
    ///
    /// # Panics
    /// Without a run.
    #[must_use]
    pub fn new(runs: Vec<AtOnce>) -> Self {
        assert!(!runs.is_empty(), "a pool has at least one run");
        Self { runs }
    }

    /// Makes a run for each seed and lets all of them go on while they disagree.
    ///
    /// * `starts` — see [`AtOnce::start`].
    /// * `go_on` — is told of each round and of how many runs are finished; `false` ends it there. Runs that are finished by then
    ///   are given, `None` if there are none.
    ///
    /// # Errors
    /// As [`AtOnce::run`].
    pub fn run<F: Family>(
        family: &F,
        prior: &impl Prior,
        settings: &AtOnceSettings,
        seeds: &[u64],
        last: usize,
        starts: &[&[f64]],
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Result<Option<Self>, SmcError> {
        let mut runs: Vec<AtOnce> = Vec::new();
        let part = |runs: Vec<AtOnce>| (!runs.is_empty()).then(|| Self::new(runs));
        for seed in seeds {
            if !go_on(runs.len()) {
                return Ok(part(runs));
            }
            // A row that one run set aside is set aside by all, or their evidence could not be compared.
            let mut run = AtOnce::start(family, prior, settings, *seed, last, starts)?;
            while !run.is_done() {
                if !go_on(runs.len()) {
                    return Ok(part(runs));
                }
                run.round(family, prior, &[])?;
            }
            runs.push(run);
        }
        let mut pool = Self::new(runs);
        for _ in 0..MORE_ROUNDS {
            if pool.disagreement().is_none() || !go_on(pool.runs.len()) {
                break;
            }
            // What one run has found the others look at too; what they make of it stays their own.
            let found: Vec<Vec<Point>> = pool.runs.iter().map(|r| r.points.clone()).collect();
            for (at, run) in pool.runs.iter_mut().enumerate() {
                let others: Vec<&[Point]> = found
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != at)
                    .map(|(_, points)| points.as_slice())
                    .collect();
                run.round(family, prior, &others)?;
            }
        }
        Ok(Some(pool))
    }

    /// The runs.
    #[must_use]
    pub fn runs(&self) -> &[AtOnce] {
        &self.runs
    }

    /// The evidence of each run.
    #[must_use]
    pub fn log_evidence(&self) -> LogEvidence {
        LogEvidence {
            runs: self.runs.iter().map(AtOnce::log_evidence).collect(),
        }
    }

    /// The logarithm of the evidence by all runs together.
    #[must_use]
    pub fn log_evidence_known(&self) -> Known {
        let evidence = self.log_evidence();
        let value = evidence.mean();
        let count = self.runs.len() as f64;
        let between = if count > 1.0 {
            evidence.spread() / count.sqrt()
        } else {
            0.0
        };
        let within = self
            .runs
            .iter()
            .map(|r| r.log_evidence_error.powi(2))
            .sum::<f64>();
        Known {
            value,
            error: between.max(within.sqrt() / count),
            runs: evidence.runs,
        }
    }

    /// What each run counts: its share of the evidence.
    fn shares(&self) -> Vec<f64> {
        let logs: Vec<f64> = self.runs.iter().map(AtOnce::log_evidence).collect();
        let sum = log_sum_exp(&logs);
        if !sum.is_finite() {
            return vec![1.0 / logs.len() as f64; logs.len()];
        }
        logs.iter().map(|log| (log - sum).exp()).collect()
    }

    /// All points with their weights, which sum to 1.
    pub fn points(&self) -> impl Iterator<Item = (&Point, f64)> {
        let pairs = self.runs.iter().zip(self.shares());
        pairs.flat_map(|(run, share)| {
            let points = run.points().iter();
            points.map(move |point| (point, share * point.log_weight.exp()))
        })
    }

    /// Effective number of points of all runs together.
    #[must_use]
    pub fn effective_sample_size(&self) -> f64 {
        let squares: f64 = self.points().map(|(_, weight)| weight * weight).sum();
        1.0 / squares
    }

    /// The posterior of any function of θ.
    #[must_use]
    pub fn posterior_of(&self, f: impl Fn(&[f64]) -> f64) -> Weighted {
        let (values, weights) = self
            .points()
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(point, weight)| (f(&point.theta), weight))
            .unzip();
        Weighted::new(values, weights)
    }

    /// The posterior mean of a function of θ.
    #[must_use]
    pub fn mean(&self, f: impl Fn(&[f64]) -> f64) -> Known {
        let (runs, errors): (Vec<f64>, Vec<f64>) = self.runs.iter().map(|run| run.mean(&f)).unzip();
        together(runs, &errors, &self.shares())
    }

    /// The posterior probability of a statement about θ. The error of one that no point bears out, or all do, is that of the
    /// single point that was not there.
    #[must_use]
    pub fn probability(&self, f: impl Fn(&[f64]) -> bool) -> Known {
        let known = self.mean(|theta| f64::from(u8::from(f(theta))));
        let least = 1.0 / self.effective_sample_size().max(1.0);
        Known {
            value: known.value.clamp(0.0, 1.0),
            error: known.error.max(least.min(0.5)),
            ..known
        }
    }

    /// The value of a function of θ below which the share `level` of the posterior lies. Its error follows from that of
    /// the share.
    #[must_use]
    pub fn quantile(&self, f: impl Fn(&[f64]) -> f64, level: f64) -> Known {
        let all = self.posterior_of(&f);
        let value = all.quantile(level);
        let share = self.probability(|theta| f(theta) <= value);
        let at = |level: f64| all.quantile(level.clamp(0.0, 1.0));
        let runs = self.runs.iter().map(|run| {
            let pairs = run
                .points()
                .iter()
                .map(|p| (f(&p.theta), p.log_weight.exp()));
            let (values, weights) = pairs.unzip();
            Weighted::new(values, weights).quantile(level)
        });
        Known {
            value,
            error: 0.5 * (at(level + share.error) - at(level - share.error)),
            runs: runs.collect(),
        }
    }

    /// In words, where the runs differ by more than their own errors allow: then the error of every figure is rough, and what
    /// one run says may be what the others have not found. `None` if they agree.
    ///
    /// Looks at the evidence and at five levels of each unknown; each is a test with a false-alarm rate of 10⁻⁴.
    #[must_use]
    pub fn disagreement(&self) -> Option<String> {
        if self.runs.len() < 2 {
            return None;
        }
        let shown = |runs: &[f64], digits: usize| -> String {
            let each: Vec<String> = runs.iter().map(|run| format!("{run:.digits$}")).collect();
            each.join(", ")
        };
        let evidence = self.log_evidence_known();
        let errors: Vec<f64> = self.runs.iter().map(|r| r.log_evidence_error).collect();
        if differ(&evidence.runs, &errors, 0.05) {
            return Some(format!(
                "the log-evidence is {} by run",
                shown(&evidence.runs, 2)
            ));
        }
        let names = &self.runs[0].names;
        for (at, name) in names.iter().enumerate() {
            let all = self.posterior_of(|theta| theta[at]);
            for level in [0.1, 0.25, 0.5, 0.75, 0.9] {
                let bound = all.quantile(level);
                let below = |theta: &[f64]| f64::from(u8::from(theta[at] <= bound));
                let mut errors = Vec::new();
                let mut runs = Vec::new();
                for run in &self.runs {
                    let (share, error) = run.mean(below);
                    runs.push(share);
                    errors.push(error.max(1.0 / run.effective_sample_size()));
                }
                if differ(&runs, &errors, 0.01) {
                    let shares: Vec<f64> = runs.iter().map(|share| 100.0 * share).collect();
                    return Some(format!(
                        "the share of the posterior with {name} at or below its {:.0} % mark is {} % by run",
                        100.0 * level,
                        shown(&shares, 1)
                    ));
                }
            }
        }
        None
    }
}

/// Puts the figures of runs together.
fn together(runs: Vec<f64>, errors: &[f64], shares: &[f64]) -> Known {
    let value: f64 = runs
        .iter()
        .zip(shares)
        .map(|(run, share)| run * share)
        .sum();
    let within: f64 = errors
        .iter()
        .zip(shares)
        .map(|(error, share)| (error * share).powi(2))
        .sum();
    let count = runs.len() as f64;
    let between: f64 = if count > 1.0 {
        let each = runs.iter().zip(shares);
        each.map(|(run, share)| (share * (run - value)).powi(2))
            .sum::<f64>()
            * count
            / (count - 1.0)
    } else {
        0.0
    };
    Known {
        value,
        error: within.max(between).sqrt(),
        runs,
    }
}

/// Whether figures differ by more than their errors and by more than `least`.
fn differ(runs: &[f64], errors: &[f64], least: f64) -> bool {
    let count = runs.len() as f64;
    let greatest = runs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = runs.iter().copied().fold(f64::INFINITY, f64::min);
    if greatest - smallest <= least {
        return false;
    }
    let precise: Vec<f64> = errors.iter().map(|e| 1.0 / e.powi(2).max(1e-12)).collect();
    let total: f64 = precise.iter().sum();
    let mean: f64 = runs.iter().zip(&precise).map(|(r, p)| r * p).sum::<f64>() / total;
    let square: f64 = runs
        .iter()
        .zip(&precise)
        .map(|(r, p)| p * (r - mean).powi(2))
        .sum();
    // The chi-square quantile that is passed once in 10⁴ (Wilson and Hilferty's approximation).
    let freedom = count - 1.0;
    let spread = 2.0 / (9.0 * freedom);
    let critical = freedom * (1.0 - spread + 3.72 * spread.sqrt()).powi(3);
    square > critical
}

impl AtOnce {
    /// The posterior mean of a function of θ by this run, and its error by the weights.
    fn mean(&self, f: impl Fn(&[f64]) -> f64) -> (f64, f64) {
        let counted: Vec<(f64, f64)> = self
            .points
            .iter()
            .map(|point| (point.log_weight.exp(), &point.theta))
            .filter(|(weight, _)| *weight > 0.0)
            .map(|(weight, theta)| (weight, f(theta)))
            .collect();
        let mean: f64 = counted.iter().map(|(weight, value)| weight * value).sum();
        let square = counted
            .iter()
            .map(|(weight, value)| (weight * (value - mean)).powi(2))
            .sum::<f64>();
        (mean, square.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::differ;

    #[test]
    fn runs_differ_if_their_errors_do_not_explain_it() {
        assert!(differ(&[0.0, 0.0, 0.4], &[0.005; 3], 0.01));
        assert!(!differ(&[0.38, 0.41, 0.4], &[0.02; 3], 0.01));
        assert!(!differ(&[0.0, 0.0, 0.004], &[1e-4; 3], 0.01));
    }
}

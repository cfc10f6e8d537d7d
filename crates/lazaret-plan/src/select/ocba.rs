//! OCBA: spends a fixed budget where it most raises the probability of choosing the best (ChenLinYucesanChick2000).

use thiserror::Error;

use super::Aim;
use crate::estimate::mean_and_variance;
use crate::quantiles;

/// The asymptotically best shares of a budget, which add up to 1.
///
/// * `means`, `sds` — one of each a design; a zero standard deviation is treated as a very small one.
///
/// For designs other than the best, shares are as (sd / gap)², the gap being the distance from the best mean; the best
/// gets its sd times the root of the summed squared shares over sds.
#[must_use]
pub fn shares(means: &[f64], sds: &[f64], aim: Aim) -> Vec<f64> {
    let k = means.len();
    if k == 0 {
        return Vec::new();
    }
    let best = leader(means, aim);
    let widest = sds.iter().copied().fold(0.0, f64::max);
    if widest == 0.0 || k == 1 {
        return vec![1.0 / k as f64; k];
    }
    let sd = |i: usize| sds[i].max(1e-9 * widest);
    let range = means
        .iter()
        .map(|m| (m - means[best]).abs())
        .fold(0.0, f64::max);
    let mut weights: Vec<f64> = (0..k)
        .map(|i| {
            // Ties with the best would take everything; a gap of a ten-thousandth of the spread bounds their share.
            let gap = (means[i] - means[best]).abs().max(1e-4 * (range + widest));
            if i == best {
                0.0
            } else {
                (sd(i) / gap).powi(2)
            }
        })
        .collect();
    let others: f64 = (0..k)
        .filter(|&i| i != best)
        .map(|i| (weights[i] / sd(i)).powi(2))
        .sum::<f64>();
    weights[best] = sd(best) * others.sqrt();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// A lower bound on the probability that the leader is the best, given means that are normal about their estimates:
/// one minus the sum of the pairwise error probabilities (Bonferroni), not below 0.
#[must_use]
pub fn probability_correct(means: &[f64], sds: &[f64], counts: &[u64], aim: Aim) -> f64 {
    let best = leader(means, aim);
    let error: f64 = (0..means.len())
        .filter(|&i| i != best)
        .map(|i| {
            let gap = aim.score(means[best]) - aim.score(means[i]);
            let sd = (sds[best].powi(2) / counts[best] as f64 + sds[i].powi(2) / counts[i] as f64)
                .sqrt();
            if sd == 0.0 {
                if gap > 0.0 { 0.0 } else { 0.5 }
            } else {
                quantiles::normal_cdf(-gap / sd)
            }
        })
        .sum();
    (1.0 - error).max(0.0)
}

/// What a budget bought.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Index of the design with the best mean.
    pub best: usize,
    /// Replications of each design.
    pub counts: Vec<u64>,
    /// Means of each design.
    pub means: Vec<f64>,
    /// Bound on the probability that `best` is right; see [`probability_correct`]. An estimate, not a guarantee.
    pub probability: f64,
}

/// Why a budget bought nothing.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum OcbaError<E> {
    /// The budget does not even pay for the first stage.
    #[error("{0}")]
    Setting(String),
    /// The sampler failed.
    #[error(transparent)]
    Sampler(E),
}

/// Spends `budget` replications over `k` designs.
///
/// * `first` — replications of each before any is preferred; at least 2, 5 to 20 advised.
/// * `step` — replications given out between two looks.
/// * `sample` — (design, from, count) gives `count` values of the design from replication `from` on.
///
/// # Errors
/// [`OcbaError`].
pub fn select<E>(
    k: usize,
    budget: u64,
    first: u64,
    step: u64,
    aim: Aim,
    mut sample: impl FnMut(usize, u64, u64) -> Result<Vec<f64>, E>,
) -> Result<Allocation, OcbaError<E>> {
    let first = first.max(2);
    if k < 2 || budget < first * k as u64 {
        return Err(OcbaError::Setting(format!(
            "{budget} replications are too few for a first stage of {first} for each of {k} designs; at least 2 designs are needed"
        )));
    }
    let mut values: Vec<Vec<f64>> = Vec::with_capacity(k);
    for i in 0..k {
        values.push(sample(i, 0, first).map_err(OcbaError::Sampler)?);
    }
    loop {
        let moments: Vec<(f64, f64)> = values.iter().map(|v| mean_and_variance(v)).collect();
        let means: Vec<f64> = moments.iter().map(|m| m.0).collect();
        let sds: Vec<f64> = moments.iter().map(|m| m.1.sqrt()).collect();
        let counts: Vec<u64> = values.iter().map(|v| v.len() as u64).collect();
        let spent: u64 = counts.iter().sum();
        if spent >= budget {
            let probability = probability_correct(&means, &sds, &counts, aim);
            return Ok(Allocation {
                best: leader(&means, aim),
                counts,
                means,
                probability,
            });
        }
        let grant = step.max(1).min(budget - spent);
        let wanted = shares(&means, &sds, aim);
        let mut lack: Vec<f64> = wanted
            .iter()
            .zip(&counts)
            .map(|(s, &n)| (s * (spent + grant) as f64 - n as f64).max(0.0))
            .collect();
        let total: f64 = lack.iter().sum();
        if total > 0.0 {
            lack.iter_mut().for_each(|l| *l *= grant as f64 / total);
        }
        let mut left = grant;
        // Whole numbers: the largest lacks first, so that the grant is spent exactly.
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&a, &b| lack[b].total_cmp(&lack[a]).then(a.cmp(&b)));
        for &i in &order {
            let count = (lack[i].ceil() as u64).min(left);
            if count > 0 {
                let more = sample(i, counts[i], count).map_err(OcbaError::Sampler)?;
                values[i].extend(more);
                left -= count;
            }
        }
    }
}

fn leader(means: &[f64], aim: Aim) -> usize {
    (0..means.len())
        .max_by(|&a, &b| {
            aim.score(means[a])
                .total_cmp(&aim.score(means[b]))
                .then(b.cmp(&a))
        })
        .unwrap_or(0)
}

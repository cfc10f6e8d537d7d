//! KN: fully sequential selection of the best with a guaranteed probability of being right (KimNelson2001).
//!
//! If the best design is better than every other by at least the indifference `delta`, it is chosen with probability at
//! least `level`; if others come closer than that, one of the near-best is chosen. The guarantee holds for normal
//! outputs with unknown and unequal variances, and with common random numbers.

use std::ops::Range;

use thiserror::Error;

use super::Aim;
use crate::estimate::mean_and_variance;

/// What the guarantee is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndifferenceZone {
    /// The smallest difference worth detecting, in the metric's unit; positive.
    pub delta: f64,
    /// Probability of choosing the best, above 1/k.
    pub level: f64,
    /// Replications of each design before the first is dropped, at least 2; 10 or more are advised.
    pub first: u64,
    /// Which end is best.
    pub aim: Aim,
}

/// The design chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Index of the best design.
    pub best: usize,
    /// For each design, replications used before it was dropped or chosen.
    pub used: Vec<u64>,
    /// For each design, the mean of the replications used.
    pub means: Vec<f64>,
}

/// Why no selection was made.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SelectError<E> {
    /// Fewer than one design, an indifference that is not positive, or a level not above 1/k.
    #[error("{0}")]
    Setting(String),
    /// A replication gave no value.
    #[error(
        "design {design} has no defined value in replication {replication}, so it cannot be ranked by this metric"
    )]
    Undefined {
        /// The design.
        design: usize,
        /// The replication.
        replication: u64,
    },
    /// The sampler failed.
    #[error(transparent)]
    Sampler(E),
}

/// Selects the best of `k` designs.
///
/// * `block` — replications asked for at a time after the first stage. The screening is done after each single one all
///   the same, so the choice does not depend on it; larger blocks only let a simulator use its threads.
/// * `sample` — gives, for each listed design, the metric in each replication of the range. Replication `r` may use the
///   same random numbers in all designs.
///
/// # Errors
/// [`SelectError`].
pub fn select<E>(
    k: usize,
    zone: IndifferenceZone,
    block: u64,
    mut sample: impl FnMut(&[usize], Range<u64>) -> Result<Vec<Vec<f64>>, E>,
) -> Result<Selection, SelectError<E>> {
    check(k, zone).map_err(SelectError::Setting)?;
    let n0 = zone.first.max(2);
    let mut fetch =
        |designs: &[usize], range: Range<u64>| -> Result<Vec<Vec<f64>>, SelectError<E>> {
            let values = sample(designs, range.clone()).map_err(SelectError::Sampler)?;
            for (row, &design) in values.iter().zip(designs) {
                if let Some(at) = row.iter().position(|x| !x.is_finite()) {
                    return Err(SelectError::Undefined {
                        design,
                        replication: range.start + at as u64,
                    });
                }
            }
            Ok(values)
        };
    let mut alive: Vec<usize> = (0..k).collect();
    let first = fetch(&alive, 0..n0)?;
    let mut sums: Vec<f64> = first
        .iter()
        .map(|xs| xs.iter().map(|&x| zone.aim.score(x)).sum())
        .collect();
    let mut used = vec![n0; k];
    // The paper's constants for c = 1: the continuation region is a triangle.
    let eta =
        0.5 * ((2.0 * (1.0 - zone.level) / (k as f64 - 1.0)).powf(-2.0 / (n0 as f64 - 1.0)) - 1.0);
    let h2 = 2.0 * eta * (n0 as f64 - 1.0);
    let spread: Vec<Vec<f64>> = (0..k)
        .map(|i| {
            (0..k)
                .map(|l| {
                    let d: Vec<f64> = first[i].iter().zip(&first[l]).map(|(a, b)| a - b).collect();
                    h2 * mean_and_variance(&d).1 / zone.delta.powi(2)
                })
                .collect()
        })
        .collect();
    let mut r = n0;
    let mut buffer: Vec<Vec<f64>> = Vec::new();
    let mut buffered: Vec<usize> = Vec::new();
    let mut buffer_from = 0;
    loop {
        // Screening: i stays while no rival leads it by more than the width of the triangle at r.
        let survivors: Vec<usize> = alive
            .iter()
            .copied()
            .filter(|&i| {
                alive.iter().all(|&l| {
                    let width =
                        (zone.delta / (2.0 * r as f64) * (spread[i][l] - r as f64)).max(0.0);
                    l == i || sums[i] / r as f64 >= sums[l] / r as f64 - width
                })
            })
            .collect();
        alive = survivors;
        // Past the triangle's tip all widths are zero, so only exact ties are left: the first of them is as good.
        let tip = alive
            .iter()
            .flat_map(|&i| alive.iter().map(move |&l| (i, l)))
            .filter(|(i, l)| i != l)
            .map(|(i, l)| spread[i][l])
            .fold(0.0, f64::max);
        if alive.len() == 1 || r as f64 > tip {
            let best = alive
                .iter()
                .copied()
                .max_by(|&a, &b| sums[a].total_cmp(&sums[b]).then(b.cmp(&a)))
                .expect("the leader always survives its own screening");
            let means = sums
                .iter()
                .zip(&used)
                .map(|(s, &n)| zone.aim.score(s / n as f64))
                .collect();
            return Ok(Selection { best, used, means });
        }
        if buffer_from + buffer.first().map_or(0, |b| b.len() as u64) <= r {
            buffer_from = r;
            buffered.clone_from(&alive);
            buffer = fetch(&alive, r..r + block.max(1))?;
        }
        for &i in &alive {
            let row = buffered
                .iter()
                .position(|&b| b == i)
                .expect("the alive only ever shrink");
            sums[i] += zone.aim.score(buffer[row][(r - buffer_from) as usize]);
            used[i] += 1;
        }
        r += 1;
    }
}

fn check(k: usize, zone: IndifferenceZone) -> Result<(), String> {
    if k < 2 {
        return Err(format!(
            "choosing the best needs at least 2 designs; there are {k}"
        ));
    }
    if !(zone.delta > 0.0 && zone.delta.is_finite()) {
        return Err(format!(
            "the difference that matters must be positive; it is {}",
            zone.delta
        ));
    }
    if !(zone.level > 1.0 / k as f64 && zone.level < 1.0) {
        return Err(format!(
            "the probability must lie between 1/{k} and 1; it is {}",
            zone.level
        ));
    }
    Ok(())
}

//! The smallest numbers that meet a target: `lazaret plan size`.

pub mod search;
pub mod words;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::QuestionError;
use crate::condition::Judge;
pub use crate::condition::{Condition, Relation};
use crate::experiment::{Design, Experiment};
use crate::questions::size::search::{SizeTarget, Sizing, smallest};
use crate::stops::Stops;

/// Share of futures in which the condition must hold, if nothing else is asked.
pub const PROBABILITY: f64 = 0.95;

/// Replications of a candidate at most, if nothing else is asked.
pub const MOST: u64 = 4000;

/// Replications of a candidate between two looks at whether it is decided.
pub const BATCH: u64 = 100;

/// The answer of `plan size`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizeAnswer {
    /// The settings chosen, as paths.
    pub paths: Vec<String>,
    /// The condition to be met.
    pub condition: Condition,
    /// With which probability.
    pub probability: f64,
    /// Probability that no claim of the search is wrong.
    pub level: f64,
    /// What was found.
    pub sizing: Sizing,
    /// Futures that came to a stop, for each candidate of `sizing.looked_at`; they count as not meeting the condition.
    pub stops: Vec<Stops>,
    /// Lots still inside at the end of a future on average, for each candidate; none if the condition is not on a time.
    pub still_inside: Vec<Option<f64>>,
}

/// Finds the smallest numbers with which a replication meets `condition` with the target's probability.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    experiment: &X,
    base: &Design,
    choose: &[(String, RangeInclusive<i64>)],
    condition: &Condition,
    target: SizeTarget,
) -> Result<SizeAnswer, QuestionError> {
    for (i, (path, _)) in choose.iter().enumerate() {
        if choose[..i].iter().any(|c| c.0 == *path) {
            return Err(QuestionError::Setting(format!(
                "`{path}` has two ranges; remove one"
            )));
        }
    }
    let judge = Judge::new(experiment, condition)?;
    let mut seen: BTreeMap<Vec<i64>, (Stops, f64)> = BTreeMap::new();
    let ranges: Vec<RangeInclusive<i64>> = choose.iter().map(|c| c.1.clone()).collect();
    let sizing = smallest(&ranges, target, |numbers, replications| {
        let design = choose
            .iter()
            .zip(numbers)
            .fold(base.clone(), |d, ((path, _), n)| {
                d.with(path.clone(), n.to_string())
            });
        let rows = experiment.run(&design, replications)?;
        let known = seen.entry(numbers.to_vec()).or_default();
        known.0.add(Stops::count(experiment, &rows));
        let row = |i: usize| {
            let row = rows.row(i);
            move |c: usize| row[c]
        };
        known.1 += (0..rows.len())
            .filter_map(|i| judge.still_inside(row(i)))
            .sum::<f64>();
        Ok((0..rows.len()).filter(|&i| judge.holds(row(i))).count() as u64)
    })?;
    let of = |numbers: &Vec<i64>| seen.get(numbers).copied().unwrap_or_default();
    let stops = sizing.looked_at.iter().map(|c| of(&c.numbers).0).collect();
    let still_inside = sizing
        .looked_at
        .iter()
        .map(|c| judge.counts_inside().then(|| of(&c.numbers).1 / c.n as f64))
        .collect();
    Ok(SizeAnswer {
        paths: choose.iter().map(|c| c.0.clone()).collect(),
        condition: condition.clone(),
        probability: target.probability,
        level: target.level,
        sizing,
        stops,
        still_inside,
    })
}

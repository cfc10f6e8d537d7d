//! The smallest numbers that meet a target: `lazaret plan size`.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::QuestionError;
use crate::experiment::{Design, Experiment};
use crate::size::{SizeTarget, Sizing, smallest};

/// How a metric is held against a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Relation {
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
}

/// A condition on one replication, such as `turn_round.p95 <= 48`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// The metric.
    pub metric: String,
    /// Which way.
    pub relation: Relation,
    /// The number.
    pub value: f64,
}

impl Condition {
    /// Reads `METRIC <= X` or `METRIC >= X`; `X` is in the metric's unit.
    ///
    /// # Errors
    /// A message that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (relation, sign) = if text.contains("<=") {
            (Relation::AtMost, "<=")
        } else if text.contains(">=") {
            (Relation::AtLeast, ">=")
        } else {
            return Err(format!(
                "`{text}` is no condition, write METRIC <= NUMBER or METRIC >= NUMBER"
            ));
        };
        let (metric, number) = text.split_once(sign).unwrap_or((text, ""));
        let value: f64 = number
            .trim()
            .parse()
            .map_err(|_| format!("`{}` in `{text}` is no number", number.trim()))?;
        if metric.trim().is_empty() || !value.is_finite() {
            return Err(format!(
                "`{text}` is no condition, write METRIC <= NUMBER or METRIC >= NUMBER"
            ));
        }
        Ok(Condition {
            metric: metric.trim().to_owned(),
            relation,
            value,
        })
    }

    /// Whether a value keeps it. An undefined value does not.
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        match self.relation {
            Relation::AtMost => x <= self.value,
            Relation::AtLeast => x >= self.value,
        }
    }
}

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
    let column = experiment.column(&condition.metric)?;
    let ranges: Vec<RangeInclusive<i64>> = choose.iter().map(|c| c.1.clone()).collect();
    let sizing = smallest(&ranges, target, |numbers, replications| {
        let design = choose
            .iter()
            .zip(numbers)
            .fold(base.clone(), |d, ((path, _), n)| {
                d.with(path.clone(), n.to_string())
            });
        let rows = experiment.run(&design, replications)?;
        Ok(rows
            .column(column)
            .iter()
            .filter(|&&x| condition.holds(x))
            .count() as u64)
    })?;
    Ok(SizeAnswer {
        paths: choose.iter().map(|c| c.0.clone()).collect(),
        condition: condition.clone(),
        probability: target.probability,
        level: target.level,
        sizing,
    })
}

//! What must hold in a future: `lots.time_in_gateway.p95 <= 48`.

use serde::Serialize;

use crate::experiment::{Experiment, ExperimentError};
use crate::stops::STOPPED;

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
                "`{text}` is not a condition, write METRIC <= NUMBER or METRIC >= NUMBER"
            ));
        };
        let (metric, number) = text.split_once(sign).unwrap_or((text, ""));
        let value: f64 = number
            .trim()
            .parse()
            .map_err(|_| format!("`{}` in `{text}` is not a number", number.trim()))?;
        if metric.trim().is_empty() || !value.is_finite() {
            return Err(format!(
                "`{text}` is not a condition, write METRIC <= NUMBER or METRIC >= NUMBER"
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

/// What a metric's name ends in if it counts what is still inside at the end.
pub const WITH_INSIDE: &str = ".with_inside";
/// The metric that counts the lots still inside at the end.
const INSIDE: &str = "lots.in_gateway";

/// Judges the futures of one experiment by a condition.
///
/// A future that came to a stop keeps no condition, since whatever is read off it is read off what got through before.
/// A time counts what is still inside at the end as at least its age, where the experiment measures that.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    condition: Condition,
    plain: usize,
    with_inside: Option<usize>,
    stopped: Option<usize>,
    inside: Option<usize>,
}

impl Judge {
    /// Finds the columns that are needed.
    ///
    /// # Errors
    /// [`ExperimentError::NoSuchMetric`].
    pub fn new<X: Experiment + ?Sized>(
        experiment: &X,
        condition: &Condition,
    ) -> Result<Self, ExperimentError> {
        let at = |name: &str| experiment.metrics().iter().position(|m| m.name == name);
        let with_inside = at(&format!("{}{WITH_INSIDE}", condition.metric));
        Ok(Judge {
            plain: experiment.column(&condition.metric)?,
            inside: with_inside.and_then(|_| at(INSIDE)),
            with_inside,
            stopped: at(STOPPED),
            condition: condition.clone(),
        })
    }

    /// The columns it looks at, each once.
    #[must_use]
    pub fn columns(&self) -> Vec<usize> {
        let more = [self.with_inside, self.stopped, self.inside];
        std::iter::once(self.plain)
            .chain(more.into_iter().flatten())
            .collect()
    }

    /// Whether a future keeps the condition; `value` gives its value in a column.
    pub fn holds(&self, value: impl Fn(usize) -> f64) -> bool {
        if self.stopped.is_some_and(|c| value(c) > 0.0) {
            return false;
        }
        match (self.with_inside, self.condition.relation) {
            (None, _) => self.condition.holds(value(self.plain)),
            (Some(c), Relation::AtMost) => self.condition.holds(value(c)),
            // What was seen to leave must have taken as long, and with the rest it must not get shorter.
            (Some(c), Relation::AtLeast) => {
                self.condition.holds(value(self.plain)) && self.condition.holds(value(c))
            }
        }
    }

    /// Whether lots still inside count, since the condition is on a time.
    #[must_use]
    pub fn counts_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// Lots that were still inside at the end, where the condition counts them.
    pub fn still_inside(&self, value: impl Fn(usize) -> f64) -> Option<f64> {
        self.inside.map(value)
    }
}

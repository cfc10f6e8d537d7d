//! What must hold in a future: `lots.time_in_gateway.p95 <= 48`.

use std::fmt;

use lazaret_gateway::model::Dimension;
use lazaret_gateway::quantity::amount;
use lazaret_sim::Unit;
use lazaret_sim::metrics::{lots, with_inside};
use lazaret_vocabulary::figures;
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
    /// The number, in the metric's unit.
    pub value: f64,
    /// What the number's unit measures, if it was written with one.
    #[serde(skip)]
    pub written: Option<Dimension>,
}

impl Condition {
    /// Reads `METRIC <= X` or `METRIC >= X`. A number without a unit is in the metric's unit, hours for times; a time
    /// may be written with its unit, `5 d`, and a share as `5 %`.
    ///
    /// # Errors
    /// A message that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a condition; write METRIC <= NUMBER or METRIC >= NUMBER, such as `lots.time_in_gateway.p95 <= 5 d`"
            )
        };
        let (relation, sign) = if text.contains("<=") {
            (Relation::AtMost, "<=")
        } else if text.contains(">=") {
            (Relation::AtLeast, ">=")
        } else {
            return Err(wrong());
        };
        let (metric, number) = text.split_once(sign).unwrap_or((text, ""));
        let (metric, number) = (metric.trim(), number.trim());
        let (value, written) = match number.parse::<f64>() {
            Ok(value) => (value, None),
            Err(_) => {
                let (value, written) = amount(number)
                    .map_err(|why| format!("`{number}` in `{text}` is not a number: {why}"))?;
                let per = if written == Some(Dimension::Duration) {
                    3600.0
                } else {
                    1.0
                };
                (value / per, written)
            }
        };
        if metric.is_empty() || !value.is_finite() {
            return Err(wrong());
        }
        Ok(Condition {
            metric: metric.to_owned(),
            relation,
            value,
            written,
        })
    }

    /// Checks the unit in which the number was written against the one of its metric.
    fn check_unit(&self, unit: &str) -> Result<(), ExperimentError> {
        let fits = match self.written {
            None => true,
            Some(Dimension::Duration) => unit == Unit::Hours.words(),
            Some(Dimension::Number) => unit == Unit::Share.words(),
            Some(Dimension::Mass) => false,
        };
        if fits {
            return Ok(());
        }
        Err(ExperimentError::WrongUnit {
            metric: self.metric.clone(),
            unit: unit.to_owned(),
        })
    }

    /// The number as it was written: a time with its unit, a share in per cent.
    #[must_use]
    pub fn limit(&self) -> String {
        match self.written {
            Some(Dimension::Duration) => figures::hours(self.value),
            Some(Dimension::Number) => figures::share(self.value),
            Some(Dimension::Mass) | None => figures::figure(self.value),
        }
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

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::AtMost => "<=",
            Relation::AtLeast => ">=",
        };
        write!(f, "{} {sign} {}", self.metric, self.limit())
    }
}

/// The metric that counts the lots still inside at the end.
const INSIDE: &str = lots::IN_GATEWAY.name();

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
        let plain = experiment.column(&condition.metric)?;
        condition.check_unit(&experiment.metrics()[plain].unit)?;
        let with_inside = at(&with_inside(&condition.metric));
        Ok(Judge {
            plain,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_told_in_the_unit_in_which_it_was_written() {
        for (written, told) in [
            (
                "lots.time_in_gateway.p95 <= 5 d",
                "lots.time_in_gateway.p95 <= 5 d",
            ),
            ("step.a.wait.mean<=90 min", "step.a.wait.mean <= 1.50 h"),
            ("place.yard.full <= 12 %", "place.yard.full <= 12 %"),
            ("source.port.cancelled >= 3", "source.port.cancelled >= 3"),
        ] {
            assert_eq!(Condition::parse(written).unwrap().to_string(), told);
        }
    }
}

//! Futures that came to a stop: how many there are, so that no answer hides them.
//!
//! A gateway can lock up. What got through before that says nothing about what is still inside, and it flatters every
//! figure that is better when it is smaller. So a future that came to a stop meets no condition, and every answer says
//! how many of its futures did.

use std::fmt;

use lazaret_sim::metrics::STOPS;
use serde::Serialize;

use crate::experiment::{Experiment, Rows};

/// Name of the metric that is 1 in a future that came to a stop and 0 in any other.
pub const STOPPED: &str = STOPS[0].name;

/// How many futures came to a stop, and of what kind. One future may have more than one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stops {
    /// Futures looked at.
    pub of: u64,
    /// Those that came to a stop of any kind.
    pub stopped: u64,
    /// Places waited for one another in a circle.
    pub deadlock: u64,
    /// Something waited for a quarter of the run or more, to its end, and nobody was served.
    pub standstill: u64,
    /// Something waited as long while others that came later were served.
    pub starvation: u64,
}

/// Where in a row it is said whether the future came to a stop; none of an experiment that does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopColumns([usize; 4]);

impl StopColumns {
    /// Finds them.
    pub fn of<X: Experiment + ?Sized>(experiment: &X) -> Option<Self> {
        let at = |name: &str| experiment.metrics().iter().position(|m| m.name == name);
        Some(StopColumns([
            at(STOPS[0].name)?,
            at(STOPS[1].name)?,
            at(STOPS[2].name)?,
            at(STOPS[3].name)?,
        ]))
    }

    /// The columns in the order that [`Stops::take`] expects.
    #[must_use]
    pub fn all(self) -> [usize; 4] {
        self.0
    }
}

impl Stops {
    /// Counts the stops in all `rows` of `experiment`. An experiment that does not say has none.
    pub fn count<X: Experiment + ?Sized>(experiment: &X, rows: &Rows) -> Self {
        let mut stops = Stops::default();
        match StopColumns::of(experiment) {
            Some(columns) => {
                for row in 0..rows.len() {
                    let row = rows.row(row);
                    stops.take(columns.all().map(|c| row[c]));
                }
            }
            None => stops.of = rows.len() as u64,
        }
        stops
    }

    /// Counts one more future, from its four columns.
    pub fn take(&mut self, values: [f64; 4]) {
        self.of += 1;
        let counts = [
            &mut self.stopped,
            &mut self.deadlock,
            &mut self.standstill,
            &mut self.starvation,
        ];
        for (count, value) in counts.into_iter().zip(values) {
            *count += u64::from(value > 0.0);
        }
    }

    /// Adds those of other futures.
    pub fn add(&mut self, other: Stops) {
        self.of += other.of;
        self.stopped += other.stopped;
        self.deadlock += other.deadlock;
        self.standstill += other.standstill;
        self.starvation += other.starvation;
    }
}

impl fmt::Display for Stops {
    /// `11 of 20 futures came to a stop (deadlock in 9, standstill in 11)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} futures came to a stop", self.stopped, self.of)?;
        let kinds: Vec<String> = [
            ("deadlock", self.deadlock),
            ("standstill", self.standstill),
            ("starvation", self.starvation),
        ]
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(kind, n)| format!("{kind} in {n}"))
        .collect();
        if kinds.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", kinds.join(", "))
        }
    }
}

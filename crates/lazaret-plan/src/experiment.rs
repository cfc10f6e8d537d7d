//! What the methods ask of a model: run this design for those replications and give back one row each.
//!
//! The contract that makes comparisons sharp is **synchronised common random numbers**: replication `r` uses the same
//! draws for the same purposes in every design. The difference of two designs in replication `r` is then due to the
//! designs, not to luck. [`pairing_gain`](crate::compare::pairing_gain) measures how far a model keeps the promise.

use lazaret_vocabulary::near::{did_you_mean, nearest};
use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// One quantity that every replication reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name, as typed after `--metric`.
    pub name: String,
    /// Unit in words, such as `h`, `lots`, `share`.
    pub unit: String,
    /// One sentence that says what is counted, and when the metric is undefined.
    pub meaning: String,
}

/// One change to the gateway file: `path = value`, with the value as it would stand in the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Dotted path into the gateway file, such as `place.yard.slots`.
    pub path: String,
    /// The value, as TOML text.
    pub value: String,
}

/// One variant of the gateway: changes to the file, and unknowns held at a place of their distribution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Design {
    /// Changes to the file, in order; a later one wins.
    pub changes: Vec<Change>,
    /// Unknowns that are not drawn but held at a quantile: (name, probability in (0, 1)).
    pub pinned: Vec<(String, f64)>,
}

impl Design {
    /// The gateway as the file has it.
    #[must_use]
    pub fn base() -> Self {
        Design::default()
    }

    /// This design with one more change.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.changes.push(Change {
            path: path.into(),
            value: value.into(),
        });
        self
    }

    /// This design with the unknown `name` held at its quantile `at` of (0, 1).
    #[must_use]
    pub fn pin(mut self, name: impl Into<String>, at: f64) -> Self {
        self.pinned.push((name.into(), at));
        self
    }
}

impl fmt::Display for Design {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() && self.pinned.is_empty() {
            return f.write_str("as in the file");
        }
        let mut first = true;
        for change in &self.changes {
            write!(
                f,
                "{}{} = {}",
                if first { "" } else { ", " },
                change.path,
                change.value
            )?;
            first = false;
        }
        for (name, at) in &self.pinned {
            write!(
                f,
                "{}{name} at its quantile {at}",
                if first { "" } else { ", " }
            )?;
            first = false;
        }
        Ok(())
    }
}

/// The metrics of consecutive replications, one row each, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Number of the first replication.
    pub first: u64,
    /// Metrics a row.
    pub width: usize,
    /// `rows × width` values. NaN where a metric is undefined in a replication.
    pub values: Vec<f64>,
}

impl Rows {
    /// No rows yet of `width` metrics.
    #[must_use]
    pub fn empty(first: u64, width: usize) -> Self {
        Rows {
            first,
            width,
            values: Vec::new(),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// True if there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Metric `column` of every row, in order of replication.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.values
            .iter()
            .skip(column)
            .step_by(self.width.max(1))
            .copied()
            .collect()
    }

    /// The metrics of row `row`.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Adds the rows of `more`, which must follow these.
    ///
    /// # Panics
    /// If `more` does not start where these rows end: rows of different replications must never be mixed up.
    pub fn append(&mut self, more: &Rows) {
        let expected = self.first + self.len() as u64;
        assert!(
            more.first == expected && more.width == self.width,
            "rows from {} of width {} cannot follow rows up to {expected} of width {}",
            more.first,
            more.width,
            self.width
        );
        self.values.extend_from_slice(&more.values);
    }
}

/// Why an experiment did not run.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ExperimentError {
    /// No metric has this name. The nearest one is offered.
    #[error("there is no metric `{name}`{}", nearest.as_ref().map(|n| format!("; {}", did_you_mean(n))).unwrap_or_default())]
    NoSuchMetric {
        /// What was asked for.
        name: String,
        /// The most similar name that exists.
        nearest: Option<String>,
    },
    /// A limit is written in a unit that the metric is not counted in.
    #[error(
        "`{metric}` is counted in {unit}, so its limit must be too: write a number without a unit"
    )]
    WrongUnit {
        /// The metric.
        metric: String,
        /// Its unit.
        unit: String,
    },
    /// The design does not make a valid gateway.
    #[error("the design `{design}` is not a gateway that can run: {message}")]
    BadDesign {
        /// The design, as printed.
        design: String,
        /// What the gateway's own check says.
        message: String,
    },
    /// The user asked to stop. What was computed before is still good.
    #[error("stopped before the end")]
    Interrupted,
}

/// A model that can be run in many designs and replications.
///
/// Implementations use the same random numbers for replication `r` in every design, and the same rows whatever the
/// way a range is cut into calls: `run(d, 0..10)` equals `run(d, 0..4)` followed by `run(d, 4..10)`.
pub trait Experiment {
    /// What each row holds, in order.
    fn metrics(&self) -> &[Metric];

    /// Runs `design` for each replication of the range.
    ///
    /// # Errors
    /// [`ExperimentError::BadDesign`] if the design makes no valid gateway, [`ExperimentError::Interrupted`] if the user
    /// asked to stop.
    fn run(&self, design: &Design, replications: Range<u64>) -> Result<Rows, ExperimentError>;

    /// Runs each (design, replication) pair of `runs` once and gives a row of the metrics `columns` for each, in order.
    ///
    /// The default runs them one by one; a simulator will rather share them among threads.
    ///
    /// # Errors
    /// As [`run`](Experiment::run).
    fn run_each(&self, runs: &[(Design, u64)], columns: &[usize]) -> Result<Rows, ExperimentError> {
        let mut rows = Rows::empty(0, columns.len());
        for (design, r) in runs {
            let row = self.run(design, *r..r + 1)?;
            rows.values.extend(columns.iter().map(|&c| row.values[c]));
        }
        Ok(rows)
    }

    /// As [`run_each`](Experiment::run_each), but a run with more than `lots_most` lots in the gateway at once is given up: its
    /// row has no values, and an infinite growth of the backlog if that is asked for. A search that tries values far
    /// beyond what can be sustained is bounded by it.
    ///
    /// # Errors
    /// As [`run`](Experiment::run).
    fn run_each_within(
        &self,
        runs: &[(Design, u64)],
        columns: &[usize],
        lots_most: u64,
    ) -> Result<Rows, ExperimentError> {
        let _ = lots_most;
        self.run_each(runs, columns)
    }

    /// Names of the unknowns: what is drawn once a replication. Empty by default.
    fn unknowns(&self) -> Vec<String> {
        Vec::new()
    }

    /// The values of the unknowns in replication `replication` of the base design, as probabilities of their priors in
    /// (0, 1), in the order of [`unknowns`](Experiment::unknowns).
    fn unknown_ranks(&self, replication: u64) -> Vec<f64> {
        let _ = replication;
        Vec::new()
    }

    /// The column of the metric called `name`.
    ///
    /// # Errors
    /// [`ExperimentError::NoSuchMetric`], with the nearest name.
    fn column(&self, name: &str) -> Result<usize, ExperimentError> {
        find_metric(self.metrics(), name)
    }
}

/// Position of the metric called `name`.
///
/// # Errors
/// [`ExperimentError::NoSuchMetric`], with the nearest name if one is similar enough to be meant.
pub fn find_metric(metrics: &[Metric], name: &str) -> Result<usize, ExperimentError> {
    metrics.iter().position(|m| m.name == name).ok_or_else(|| {
        let names = metrics.iter().map(|m| m.name.as_str());
        ExperimentError::NoSuchMetric {
            name: name.to_owned(),
            nearest: nearest(name, names).map(str::to_owned),
        }
    })
}

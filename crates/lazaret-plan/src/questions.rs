//! The planner's questions, each one function from an [`Experiment`](crate::Experiment) to an answer that can be printed,
//! drawn or written as JSON.
//!
//! What belongs to one question is in one file and the folder next to it: what is asked, the algorithm that answers it, its
//! defaults and its words.
//!
//! The functions ask for runs, do the statistics and stop; they know nothing of files or terminals. Metrics are named as
//! the experiment names them.

pub mod bottleneck;
pub mod capacity;
pub mod compare;
pub mod hold;
pub mod need;
pub mod optimise;
pub mod sensitivity;
pub mod size;
pub mod words;

use thiserror::Error;

use crate::estimate::{Estimate, EstimateError};
use crate::experiment::{Design, Experiment, ExperimentError, Rows};
use crate::questions::sensitivity::sobol::SobolError;
use crate::select::kn::SelectError;

/// Why a question has no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum QuestionError {
    /// The experiment did not run.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// Too few values for an interval.
    #[error("{metric}: {error}")]
    Estimate {
        /// The metric.
        metric: String,
        /// What is missing.
        error: EstimateError,
    },
    /// A setting that makes no sense.
    #[error("{0}")]
    Setting(String),
    /// The spread cannot be shared out.
    #[error("{metric}: {error}")]
    Sobol {
        /// The metric.
        metric: String,
        /// Why.
        error: SobolError,
    },
}

impl From<crate::questions::capacity::search::CapacityError<ExperimentError>> for QuestionError {
    fn from(error: crate::questions::capacity::search::CapacityError<ExperimentError>) -> Self {
        use crate::questions::capacity::search::CapacityError;
        match error {
            CapacityError::Model(e) => e.into(),
            CapacityError::Setting(s) => QuestionError::Setting(s),
            CapacityError::Estimate(e) => QuestionError::Setting(e.to_string()),
        }
    }
}

impl From<crate::questions::size::search::SizeError<ExperimentError>> for QuestionError {
    fn from(error: crate::questions::size::search::SizeError<ExperimentError>) -> Self {
        use crate::questions::size::search::SizeError;
        match error {
            SizeError::Model(e) => e.into(),
            SizeError::Setting(s) => QuestionError::Setting(s),
            SizeError::Estimate(e) => QuestionError::Setting(e.to_string()),
        }
    }
}

impl From<SelectError<ExperimentError>> for QuestionError {
    fn from(error: SelectError<ExperimentError>) -> Self {
        match error {
            SelectError::Sampler(e) => e.into(),
            other => QuestionError::Setting(other.to_string()),
        }
    }
}

/// Replications that are run of all designs before the next ones; what is interrupted keeps the blocks that are whole.
const BLOCK: u64 = 64;

/// Runs all designs for `replications`, block by block. If the user stops it, the blocks that all designs have finished are kept.
///
/// Returns the rows of each design and whether it was stopped.
fn run_all<X: Experiment>(
    designs: &[(&X, &Design)],
    replications: u64,
) -> Result<(Vec<Rows>, bool), QuestionError> {
    let mut all: Vec<Rows> = designs
        .iter()
        .map(|(x, _)| Rows::empty(0, x.metrics().len()))
        .collect();
    let mut from = 0;
    while from < replications {
        let to = (from + BLOCK).min(replications);
        let block = designs
            .iter()
            .map(|(x, d)| x.run(d, from..to))
            .collect::<Result<Vec<_>, _>>();
        match block {
            Ok(block) => all
                .iter_mut()
                .zip(&block)
                .for_each(|(rows, more)| rows.append(more)),
            Err(ExperimentError::Interrupted) if from > 0 => return Ok((all, true)),
            Err(other) => return Err(other.into()),
        }
        from = to;
    }
    Ok((all, false))
}

/// Nothing in place of what was not reached because the user stopped.
fn unless_stopped<T: Default>(result: Result<T, QuestionError>) -> Result<T, QuestionError> {
    match result {
        Err(QuestionError::Experiment(ExperimentError::Interrupted)) => Ok(T::default()),
        other => other,
    }
}

/// The estimate of a metric's mean with its interval kept within what the metric can be: no count is negative, no share
/// above 1.
fn possible<X: Experiment>(experiment: &X, metric: &str, found: Estimate) -> Estimate {
    let known = experiment.metrics().iter().find(|m| m.name == metric);
    known.map_or(found, |m| {
        let (least, greatest) = lazaret_sim::metrics::possible(&m.unit);
        found.within(least, greatest)
    })
}

fn estimate_error(metric: &str) -> impl Fn(EstimateError) -> QuestionError + '_ {
    move |error| QuestionError::Estimate {
        metric: metric.to_owned(),
        error,
    }
}

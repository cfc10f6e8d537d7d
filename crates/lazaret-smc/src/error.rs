//! What can go wrong, and what holds afterwards.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A row that no particle can explain.
///
/// A filter that went on regardless would report a posterior given *some* of the data and not say which.
/// So a conflict is either returned ([`SmcError::Conflict`]) or, if the caller chose a
/// [policy](OnConflict) that goes on, kept in a list that is part of the result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// The time of the row.
    pub time: usize,
    /// The row, by the model's own number.
    pub row: usize,
    /// The power to which the row's likelihood was raised: 0 if it was set aside, between 0 and 1 if it
    /// was tempered.
    pub exponent: f64,
    /// Effective sample size before the row, as a share of the particles: a small share says that the
    /// particles were poor before the row came.
    pub share_before: f64,
}

/// What to do with a row that kills the particles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum OnConflict {
    /// Return [`SmcError::Conflict`].
    #[default]
    Stop,
    /// Leave the row out, record it, go on.
    SetAside,
    /// Raise the row's likelihood to the greatest power that leaves this share of the effective sample
    /// size, record it, go on. A row that is impossible for every particle is set aside. The evidence
    /// is then that of the tempered data.
    Temper {
        /// Between 0 and 1; 0.05 is a reasonable choice.
        least_share: f64,
    },
}

/// Why a filter or sampler stopped.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
pub enum SmcError {
    /// No particle can explain a row. The state is that of just before the row.
    #[error("row {} at time {} is impossible for every particle", .0.row, .0.time)]
    Conflict(Conflict),
    /// The model returned `NaN` or `+inf` as a log-likelihood. The model is wrong; do not go on.
    #[error("the log-likelihood of row {row} at time {time} is {value} for particle {particle}")]
    NotANumber {
        /// The time of the row.
        time: usize,
        /// The row.
        row: usize,
        /// The first such particle.
        particle: usize,
        /// `NaN` or `inf`, in words so that it survives every format.
        value: String,
    },
    /// Rows that were revised leave no parameter particle with a positive likelihood. The sampler is as
    /// it was before the revision.
    #[error("the revised data up to time {time} are impossible for every parameter particle")]
    Revision {
        /// The last time taken in.
        time: usize,
    },
    /// A setting that cannot work; the message says which and what to give instead.
    #[error("{0}")]
    Setting(String),
    /// What was saved does not belong to this model, prior or data.
    #[error("the saved sampler does not fit: {0}")]
    Saved(String),
}

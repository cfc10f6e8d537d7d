//! Exceptions: what stops lots until it is settled.

use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::ExceptionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::At;
use super::lots::{Action, ContactGraph, TimelineItem};

/// Which exceptions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExceptionQuery {
    /// Settled ones too.
    #[serde(default)]
    pub all: bool,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// An exception.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExceptionRow {
    /// Which.
    pub exception: ExceptionId,
    /// Whether it is open.
    pub open: bool,
    /// When it was recorded.
    pub opened_at: At,
    /// The record that opened it.
    pub seq: u64,
    /// What it is.
    pub because: String,
    /// How many lots it stops.
    pub lots: u64,
    /// How many it calls back.
    pub recalled: u64,
    /// The first of them.
    pub first: Vec<LotId>,
}

/// Everything about an exception.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExceptionCard {
    /// Its row.
    #[serde(flatten)]
    pub row: ExceptionRow,
    /// Lots it stops.
    pub stopped: Vec<LotId>,
    /// Lots it calls back.
    pub called_back: Vec<LotId>,
    /// How each is connected with the cause, as recorded.
    pub graph: ContactGraph,
    /// Records that opened or closed it.
    pub timeline: Vec<TimelineItem>,
    /// What the person who asks may say of it.
    pub actions: Vec<Action>,
}

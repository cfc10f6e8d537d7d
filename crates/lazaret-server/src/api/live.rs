//! Live updates and the demonstration's clock.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::At;

/// What an SSE message of `/api/live` says (`event: record`): something was recorded; read again what it touches.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LiveRecord {
    /// The record; also the message's id, so that a lost connection goes on from there.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: At,
    /// Who said it.
    pub by: String,
    /// Names of its events.
    pub events: Vec<String>,
    /// Lots it touches.
    pub lots: Vec<String>,
    /// Vehicles it touches.
    pub vehicles: Vec<String>,
    /// In words, one line.
    pub words: String,
}

/// Runs the clock of a demonstration on; what the simulator foresees happens meanwhile.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceRequest {
    /// Seconds: 60 to 31 days.
    #[schema(minimum = 60, maximum = 2678400)]
    pub seconds: u64,
}

/// Where the demonstration's clock stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemoClock {
    /// Now.
    pub now: At,
    /// Records made by running it on.
    pub recorded: u64,
    /// Whether the simulated life has come to its end.
    pub ended: bool,
}

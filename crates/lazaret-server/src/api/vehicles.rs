//! Vehicles and their way home.

use lazaret_vocabulary::event::{ConvoyId, SourceName, Spot, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{At, RefusalView};
use super::lots::{Action, LotRow, TimelineItem};

/// What the check digit of a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkCheck {
    /// It is right.
    Holds,
    /// It is wrong: the mark is unverified.
    Fails,
    /// Its numbering has none.
    None,
}

/// Which vehicles.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct VehicleQuery {
    /// Only empty ones.
    #[serde(default)]
    pub empty: bool,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A vehicle.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VehicleRow {
    /// Its mark.
    pub vehicle: VehicleId,
    /// Its check digit.
    pub mark: MarkCheck,
    /// Where it comes from.
    pub source: Option<SourceName>,
    /// The convoy of its present or last visit.
    pub convoy: Option<ConvoyId>,
    /// Whether it is at the gateway.
    pub here: bool,
    /// Where.
    pub spot: Option<Spot>,
    /// When its arrival was recorded.
    pub arrived: Option<At>,
    /// Seconds since then, while it is here.
    pub stands_s: Option<u64>,
    /// Lots by the papers that are still on it.
    pub expected: u32,
    /// Whether it is empty.
    pub emptied: bool,
    /// When it was washed since.
    pub washed: Option<At>,
    /// Whether it was sealed empty.
    pub sealed: bool,
    /// Whether it may go home now.
    pub may_go: bool,
    /// Why not, if it is here.
    pub refusal: Option<RefusalView>,
}

/// Everything about a vehicle.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VehicleCard {
    /// Its row.
    #[serde(flatten)]
    pub row: VehicleRow,
    /// Lots it brought.
    pub lots: Vec<LotRow>,
    /// Everything that happened to it, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// What the person who asks may say of it.
    pub actions: Vec<Action>,
}

//! The gateway as it is built, and who stands where.

use lazaret_vocabulary::event::rules::{Contact, RuleBook, Side};
use lazaret_vocabulary::event::{GoodsName, PlaceName, ResourceName, SourceName, StepName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::At;

/// What the gateway file says, as far as screens draw it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GatewayView {
    /// Its name.
    pub name: String,
    /// Its time zone (IANA).
    pub time_zone: String,
    /// Where arrivals come from.
    pub sources: Vec<SourceInfo>,
    /// Steps in order.
    pub steps: Vec<StepInfo>,
    /// Crews and equipment of the file.
    pub resources: Vec<ResourceName>,
    /// The rules in force; none before the first are adopted.
    pub rules: Option<RuleBook>,
}

/// A source.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceInfo {
    /// Its name.
    pub source: SourceName,
    /// `rail`, `sea` or `road`.
    pub route: String,
}

/// What kind of work a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepRole {
    /// Work on vehicles.
    Vehicle,
    /// Unloading.
    Unload,
    /// A treatment.
    Treatment,
    /// An inspection or sampling.
    Inspection,
    /// The quarantine wait.
    Hold,
    /// Departures inland.
    Dispatch,
}

/// A step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepInfo {
    /// Its name.
    pub step: StepName,
    /// Where it is done.
    pub at: Option<PlaceName>,
    /// What it is.
    pub kind: StepRole,
    /// Lots that a departure takes at most.
    pub takes_up_to: Option<u32>,
}

/// As of when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsOf {
    /// As it was known then: records made until then.
    #[default]
    Known,
    /// As it happened: everything recorded to date of what had happened until then.
    Happened,
}

/// Which picture of the site.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SiteQuery {
    /// The instant; now if not given.
    pub as_of: Option<At>,
    /// Known or happened.
    #[serde(default)]
    pub mode: AsOf,
}

/// The five signs of a thing, the same on every screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Waits (grey).
    Waiting,
    /// Dirty (blue, hatched).
    Dirty,
    /// In treatment (violet).
    Treating,
    /// Holding (amber; days left in the cell).
    Holding,
    /// May leave (green, dot).
    Releasable,
    /// Stopped by an exception (red, corner cut).
    Exception,
}

/// A lot or vehicle in its slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cell {
    /// Whether it is a vehicle.
    pub vehicle: bool,
    /// Its name or mark.
    pub id: String,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods: Option<GoodsName>,
    /// Its sign.
    pub sign: Sign,
    /// When its clock has run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<At>,
    /// Days until then, in tenths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<f64>,
    /// Whether it belongs to an exercise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
}

/// A unit of a place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SiteUnit {
    /// Which, from 1.
    pub unit: u32,
    /// Slots; none if not limited or counted over the place.
    pub slots: Option<u32>,
    /// Slots taken.
    pub used: u32,
    /// Why it is closed, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Whether it is broken.
    pub broken: bool,
    /// Who is there.
    pub cells: Vec<Cell>,
}

/// A place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SitePlace {
    /// Its name.
    pub place: PlaceName,
    /// Its side.
    pub side: Side,
    /// What being together there means.
    pub contact: Contact,
    /// Whether it takes vehicles, by the steps done there.
    pub for_vehicles: bool,
    /// Steps done there.
    pub steps: Vec<StepName>,
    /// Where things go from here.
    pub leads_to: Vec<PlaceName>,
    /// Slots in all; none if not limited.
    pub slots: Option<u32>,
    /// Slots taken.
    pub used: u32,
    /// Its units.
    pub units: Vec<SiteUnit>,
}

/// The site with everything on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SiteMap {
    /// The instant shown.
    pub at: At,
    /// Whether it is now.
    pub live: bool,
    /// Number of the last record it shows.
    pub seq: u64,
    /// First and last instant that can be shown.
    pub from: Option<At>,
    /// See `from`.
    pub to: At,
    /// Places: dirty side first, in the order of the flow.
    pub places: Vec<SitePlace>,
    /// Vehicles that are here and in no slot.
    pub afoot: Vec<Cell>,
}

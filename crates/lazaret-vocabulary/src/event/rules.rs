//! The rules of a gateway as data that can be recorded: its places as a record sees them, and its protocols.
//!
//! These are what the office enforces, not what a simulator draws from: no distributions, whole seconds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GoodsName, PlaceName, SourceName, StepName};

names! {
    /// A disinfectant or fumigant.
    AgentName;
    /// A test of the protocol.
    TestName;
    /// A protocol, in all its versions.
    ProtocolName;
}

/// Which version of which protocol a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pin {
    /// The protocol.
    pub protocol: ProtocolName,
    /// Its version.
    pub version: u32,
}

/// Which side of the gateway a place is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Before treatment.
    Dirty,
    /// Goods enter dirty and leave clean.
    DirtyToClean,
    /// After treatment.
    Clean,
}

/// What it means for two lots to be in the same unit of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// Nothing: each stands apart.
    Apart,
    /// They are contacts when one of them turns out to be contaminated.
    Traced,
    /// They are contacts, and whoever joins restarts the clock of those whose clock began earlier.
    Mixing,
}

/// A place, as far as rules go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceRule {
    /// Its name.
    pub place: PlaceName,
    /// Its side.
    pub side: Side,
    /// Units it may have; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// Slots in each unit; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// Whether slots are counted over all units together instead of in each.
    #[serde(default)]
    pub pooled: bool,
    /// What being together in a unit means.
    pub contact: Contact,
    /// How long a unit stays infectious after a lot has left it, in seconds.
    #[serde(default)]
    pub tail_s: u64,
    /// Places to which a thing may go from here; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leads_to: Vec<PlaceName>,
}

/// A goods class, as far as rules go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GoodsRule {
    /// Its name.
    pub goods: GoodsName,
    /// The greater goes first.
    #[serde(default)]
    pub priority: i32,
    /// Classes that must not be in the same unit. Read both ways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart_from: Vec<GoodsName>,
    /// Agents that would spoil it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoiled_by: Vec<AgentName>,
}

/// What a vehicle of a source must have had before it goes home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VehicleRule {
    /// The source.
    pub source: SourceName,
    /// It must be washed and disinfected after it was emptied.
    pub wash: bool,
    /// It must then stand for so many seconds.
    #[serde(default)]
    pub dwell_s: u64,
    /// It must be sealed empty.
    #[serde(default)]
    pub seal: bool,
}

/// Rules for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeopleRule {
    /// Whoever works must be on shift.
    #[serde(default)]
    pub on_shift: bool,
    /// Rest between two shifts, in seconds.
    #[serde(default)]
    pub rest_s: u64,
    /// Whoever worked on the dirty side goes through the personnel gate before working on the clean side.
    #[serde(default)]
    pub gate: bool,
    /// Whether lots handled by the same person within so many seconds are contacts; none if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_tail_s: Option<u64>,
}

/// The rules of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleBook {
    /// The gateway's name.
    pub gateway: String,
    /// Its time zone (IANA), for what is shown; every rule counts elapsed time.
    pub time_zone: String,
    /// Its places.
    pub places: Vec<PlaceRule>,
    /// Its goods classes.
    pub goods: Vec<GoodsRule>,
    /// Its sources, with what becomes of their vehicles.
    pub vehicles: Vec<VehicleRule>,
    /// People.
    #[serde(default)]
    pub people: PeopleRule,
    /// A count may differ from the papers by so many thousandths of the mass without an exception.
    #[serde(default)]
    pub mass_tolerance_permille: u32,
    /// How far the clock of a device may be ahead, in seconds, before its entries are refused.
    pub clock_tolerance_s: u64,
    /// How long the key of a command is remembered, in seconds; older commands are refused.
    pub remember_s: u64,
    /// How long rules and protocols that ask for less wait between their proposal and their adoption, in seconds; a
    /// day if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weaker_after_s: Option<u64>,
}

/// What the clock of a hold starts from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockFrom {
    /// The record of the convoy's arrival.
    Arrival,
    /// The record of the lot entering this place.
    Stored(PlaceName),
    /// The record of this step's beginning.
    StepStart(StepName),
    /// The record of this step's end.
    StepEnd(StepName),
}

/// The quarantine wait of a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldRule {
    /// The step that it is.
    pub step: StepName,
    /// What its clock starts from. It never runs before every treatment is valid, those of `before` aside.
    pub clock: ClockFrom,
    /// How long, in seconds.
    pub hold_s: u64,
    /// Treatments that come after the wait: the clock does not wait for them, the release does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<StepName>,
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

/// A reading that must be taken at a set time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetReading {
    /// How long after the exposure began, in seconds.
    pub after_s: u64,
    /// How much earlier or later will do, in seconds.
    pub within_s: u64,
    /// Least concentration of every reading in that time, in mg/m³.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub least_mg_m3: u32,
}

/// What a treatment must reach within a band of temperature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Band {
    /// From this temperature on, in thousandths of a degree Celsius.
    pub from_mc: i32,
    /// Up to but not including this one.
    pub below_mc: i32,
    /// Time under the agent, in seconds.
    pub contact_s: u64,
    /// Least concentration of any reading, in mg/m³.
    #[serde(default)]
    pub least_mg_m3: u32,
    /// Least concentration of the last reading, in mg/m³.
    #[serde(default)]
    pub final_mg_m3: u32,
    /// Least concentration × time, in mg·h/m³.
    #[serde(default)]
    pub ct_mg_h_m3: u64,
    /// Least dose that was applied, in mg/m³.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dose_mg_m3: u32,
    /// Least starting concentration, in mg/m³: the exposure begins when every line has read it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_mg_m3: u32,
    /// The warmest that any reading may be, in thousandths of a degree Celsius; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmest_mc: Option<i32>,
    /// Readings that must be taken at set times on every line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<SetReading>,
}

/// A temperature that the goods must keep on every line, with or without an agent: heat in the core, or cold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemperatureRule {
    /// From this temperature on, in thousandths of a degree Celsius.
    pub from_mc: i32,
    /// Up to but not including this one.
    pub below_mc: i32,
    /// Least time within it without a break, in seconds.
    pub contact_s: u64,
    /// The longest time between two readings that counts as kept, in seconds.
    pub readings_every_s: u64,
    /// Least number of lines that are read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lines: u32,
    /// Time outside it that breaks nothing, in seconds altogether. It does not count either.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excursions_s: u64,
}

/// A treatment with one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentRule {
    /// The agent.
    pub agent: AgentName,
    /// What it must reach, by temperature; the coldest reading decides. Bands do not overlap, but several may be for the
    /// same temperatures: any of them will do.
    pub bands: Vec<Band>,
    /// The longest time between two readings of a line, and from either end to the nearest, in seconds.
    pub readings_every_s: u64,
    /// Least number of lines that are read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lines: u32,
}

/// A treatment that a lot must have had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TreatmentRule {
    /// The step.
    pub step: StepName,
    /// Time under treatment, in seconds, whatever the agent.
    #[serde(default)]
    pub contact_s: u64,
    /// Agents that may be used; empty if the treatment is not one by agent, or any will do. Where an agent has several
    /// rules, any of them will do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentRule>,
    /// Temperatures of which one must be kept; empty if none is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub temperatures: Vec<TemperatureRule>,
    /// Places where it is done; empty for any that is not clean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceName>,
}

/// A test that a lot must have passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestRule {
    /// The test.
    pub test: TestName,
    /// The sample counts only if taken so many seconds into the hold.
    #[serde(default)]
    pub not_before_s: u64,
}

/// An inspection that a lot must have passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionRule {
    /// The step.
    pub step: StepName,
    /// Treatments that must be repeated if it finds `again`; none given for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Vec<StepName>>,
}

/// What a goods class must pass, in one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Protocol {
    /// Its name.
    pub protocol: ProtocolName,
    /// Its version, from 1.
    pub version: u32,
    /// The classes it is for; empty for all that have none of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goods: Vec<GoodsName>,
    /// The sources it is for; empty for all. A protocol for a class goes before one for a source, and one for both
    /// before either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceName>,
    /// Lots that come from this instant on are under it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// Whether it binds lots already held as well; it can only make them wait longer or pass more.
    #[serde(default)]
    pub held_too: bool,
    /// Treatments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub treatments: Vec<TreatmentRule>,
    /// Inspections that must have been passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inspections: Vec<InspectionRule>,
    /// Tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<TestRule>,
    /// The wait; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldRule>,
    /// Different people who must sign for the release; the last of them a chief officer.
    pub signatures: u8,
}

impl Protocol {
    /// This version, for a decision to name.
    #[must_use]
    pub fn pin(&self) -> Pin {
        Pin {
            protocol: self.protocol.clone(),
            version: self.version,
        }
    }
}

//! What screens see of rows.

use crate::index::LotIx;
use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{
    AgentName, ExceptionId, ManifestId, PersonName, Pin, Role, Tally, TestName,
};
use lazaret_vocabulary::event::rules::Side;
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, GoodsName, LotId, SourceName, Spot, VehicleId,
};
use serde::{Deserialize, Serialize};

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Vehicles that arrived.
    pub vehicles_arrived: u64,
    /// Vehicles that went home.
    pub vehicles_released: u64,
    /// Lots that were unloaded.
    pub lots_entered: u64,
    /// Releases, counting a lot each time it was released.
    pub lots_released: u64,
    /// Lots that left inland.
    pub lots_departed: u64,
    /// Lots that were destroyed.
    pub lots_destroyed: u64,
    /// Lots that went back to their sender.
    pub lots_sent_back: u64,
}

/// How many lots are here, by what keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Held.
    pub held: usize,
    /// Held, and lacking nothing but time or signatures.
    pub ready: usize,
    /// Released.
    pub releasable: usize,
}

/// Where a lot is in its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On papers, not here.
    Announced,
    /// No longer on papers.
    Withdrawn,
    /// Here and held.
    Held,
    /// Here and released.
    Released,
    /// On its way between two sites of the gateway.
    Sent,
    /// Loaded for a departure.
    Loaded,
    /// Gone inland.
    Departed,
    /// Destroyed.
    Destroyed,
    /// Gone back to its sender.
    SentBack,
    /// Ended in a split.
    Split,
}

impl Stage {
    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::Announced => "announced",
            Stage::Withdrawn => "withdrawn",
            Stage::Held => "held",
            Stage::Released => "released",
            Stage::Sent => "sent",
            Stage::Loaded => "loaded",
            Stage::Departed => "departed",
            Stage::Destroyed => "destroyed",
            Stage::SentBack => "sent_back",
            Stage::Split => "split",
        }
    }
}

/// A lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotView {
    /// Its name.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where in its course.
    pub stage: Stage,
    /// Where in the gateway.
    pub spot: Option<Spot>,
    /// The vehicle that brings or brought it.
    pub vehicle: Option<VehicleId>,
    /// Its convoy.
    pub convoy: Option<ConvoyId>,
    /// Where it comes from, once it is here.
    pub source: Option<SourceName>,
    /// The departure it is loaded for or left with.
    pub departure: Option<DepartureId>,
    /// The lot it was split from.
    pub parent: Option<LotId>,
    /// The lots it was split into.
    pub parts: Vec<LotId>,
    /// Pieces and mass, if papers or a count gave them.
    pub tally: Option<Tally>,
    /// When its convoy's arrival was recorded.
    pub entered: Option<Timestamp>,
    /// Since when its clock runs.
    pub clock: Option<Timestamp>,
    /// When its clock has run, if it runs.
    pub earliest: Option<Timestamp>,
    /// The protocol version it came under, and the latest adopted for held lots since.
    pub protocols: Vec<Pin>,
    /// Whether every treatment is valid.
    pub treated: bool,
    /// Tests still to be passed.
    pub tests_missing: Vec<TestName>,
    /// Who has signed for its release.
    pub signers: Vec<PersonName>,
    /// How many must.
    pub signatures_needed: u8,
    /// Open exceptions that stop it.
    pub exceptions: Vec<ExceptionId>,
    /// Whether it was called back.
    pub recalled: bool,
    /// Whether it belongs to an exercise.
    pub trial: bool,
    /// Whether an inspection refused or condemned it.
    pub rejected: bool,
    /// Who had it in hand, most recent first, without repetition.
    pub handlers: Vec<PersonName>,
}

/// A statement of stock that waits for a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockWaiting {
    /// The record that states it.
    pub record: u64,
    /// Who stated it.
    pub by: PersonName,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its lots that are here.
    pub lots: Vec<LotId>,
}

/// Somebody whose signature counts no more, and the lots that were released by it or have it still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfitSigner {
    /// Who.
    pub signer: PersonName,
    /// Whether their clearance was taken from them; otherwise they are no officer any more.
    pub lapsed: bool,
    /// What rests on their signature.
    pub lots: Vec<RestingLot>,
}

/// A lot whose release rests on somebody's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestingLot {
    /// The lot.
    pub lot: LotId,
    /// Where in its course.
    pub stage: Stage,
    /// Whether it is, or left, released.
    pub released: bool,
    /// The departure that it is loaded for or left with.
    pub departure: Option<DepartureId>,
    /// Whether it was called back.
    pub recalled: bool,
}

/// One line of a list of lots in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLine {
    /// The lot.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where it is.
    pub spot: Option<Spot>,
    /// When its clock has run, if it runs.
    pub earliest: Option<Timestamp>,
    /// Who has signed.
    pub signers: Vec<PersonName>,
    /// To continue the list after this line.
    pub cursor: Cursor,
}

/// A position in a list of lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    pub(super) rank: i32,
    pub(super) at: i64,
    pub(super) lot: LotIx,
}

/// A vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleView {
    /// Its mark.
    pub vehicle: VehicleId,
    /// Where it comes from.
    pub source: Option<SourceName>,
    /// The convoy of its present or last visit.
    pub convoy: Option<ConvoyId>,
    /// Whether it is at the gateway.
    pub here: bool,
    /// Where.
    pub spot: Option<Spot>,
    /// When its arrival was recorded.
    pub arrived: Option<Timestamp>,
    /// Lots by the papers that are still on it.
    pub expected: u32,
    /// Whether it is empty.
    pub emptied: bool,
    /// When it was washed since it was emptied.
    pub washed: Option<Timestamp>,
    /// Whether it was sealed empty.
    pub sealed: bool,
}

/// A unit of a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    /// Where.
    pub spot: Spot,
    /// Its side, by the rules in force.
    pub side: Option<Side>,
    /// Slots, if limited.
    pub slots: Option<u32>,
    /// Slots taken.
    pub used: u32,
    /// Why it is closed, if it is.
    pub closed: Option<String>,
    /// Whether it is broken.
    pub broken: bool,
    /// Lots in it.
    pub lots: Vec<LotId>,
    /// Vehicles in it.
    pub vehicles: Vec<VehicleId>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// Who.
    pub person: PersonName,
    /// What they are.
    pub roles: Vec<Role>,
    /// First instant at which their clearance no longer holds; none if they never had one.
    pub cleared_until: Option<Timestamp>,
    /// Agents they are trained for.
    pub agents: Vec<AgentName>,
    /// Whether they are on shift.
    pub on_shift: bool,
    /// Whether they worked on the dirty side since they last passed the personnel gate.
    pub dirty: bool,
    /// Whether they reported sick since they were last cleared.
    pub sick: bool,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionView {
    /// Its name.
    pub exception: ExceptionId,
    /// Whether it is open.
    pub open: bool,
    /// When it was recorded.
    pub opened_at: Timestamp,
    /// The record that opened it.
    pub record: u64,
    /// What it is.
    pub because: String,
    /// Lots it stops.
    pub lots: Vec<LotId>,
    /// Lots it calls back.
    pub recalled: Vec<LotId>,
}

/// Papers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestView {
    /// Their number.
    pub manifest: ManifestId,
    /// Their convoy.
    pub convoy: ConvoyId,
    /// When it is expected.
    pub due: Option<Timestamp>,
    /// When its arrival was recorded.
    pub arrived: Option<Timestamp>,
    /// Whether the sender took them back.
    pub withheld: bool,
    /// Whether the gateway refused them.
    pub refused: bool,
    /// How often they were amended.
    pub amended: u16,
    /// What they list: lot, vehicle, class, tally.
    pub lots: Vec<LotId>,
}

/// A lot whose date a protocol would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedDate {
    /// The lot.
    pub lot: LotId,
    /// When its clock has run now, if it runs.
    pub before: Option<Timestamp>,
    /// When it would have run.
    pub after: Option<Timestamp>,
    /// Tests it would have to pass besides.
    pub more_tests: Vec<TestName>,
    /// Signatures it would need.
    pub signatures: u8,
    /// Whether it would lose its release.
    pub unreleased: bool,
}

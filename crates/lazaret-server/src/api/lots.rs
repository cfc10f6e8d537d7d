//! Lots: lists, the card, contacts and trace.

use lazaret_ledger::Fact;
use lazaret_ledger::treatment::Fault;
use lazaret_vocabulary::event::entry::{
    ExceptionId, ManifestLine, PersonName, Pin, Surface, Tally, TestName,
};
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, Event, GoodsName, LotId, PlaceName, Spot, StepName, VehicleId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{At, RefusalView};
use super::site::{AsOf, Sign};

/// Where a lot is in its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LotStage {
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

/// Which lots.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LotQuery {
    /// Only those at this stage.
    pub stage: Option<LotStage>,
    /// Only of this class.
    pub goods: Option<String>,
    /// Only in this place.
    pub place: Option<String>,
    /// Only of this convoy.
    pub convoy: Option<String>,
    /// Only those whose name contains this.
    pub q: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// One lot in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LotRow {
    /// Which.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where in its course.
    pub stage: LotStage,
    /// Its sign.
    pub sign: Sign,
    /// Where.
    pub spot: Option<Spot>,
    /// The vehicle that brings or brought it.
    pub vehicle: Option<VehicleId>,
    /// Its convoy.
    pub convoy: Option<ConvoyId>,
    /// Pieces and mass, if papers or a count gave them.
    pub tally: Option<Tally>,
    /// When its convoy's arrival was recorded.
    pub entered: Option<At>,
    /// When its clock has run, if it runs.
    pub earliest: Option<At>,
    /// Days until then, in tenths; 0 if it has run.
    pub days_left: Option<f64>,
    /// Why it cannot go now, in one sentence; none if it may.
    pub why: Option<String>,
    /// The same as data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_data: Option<Fact>,
    /// Who has signed.
    pub signers: Vec<PersonName>,
    /// How many must.
    pub signatures_needed: u8,
    /// Open exceptions that stop it.
    pub exceptions: Vec<ExceptionId>,
    /// Whether it was called back.
    pub recalled: bool,
    /// Whether it belongs to an exercise.
    pub trial: bool,
}

/// One thing that happened to a lot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimelineItem {
    /// The record.
    pub seq: u64,
    /// When it happened.
    pub at: At,
    /// When it was recorded.
    pub recorded_at: At,
    /// Who said it.
    pub by: PersonName,
    /// From which device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What, in words.
    pub words: String,
    /// What, as an event.
    pub event: Event,
    /// Whether a later record corrects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<u64>,
}

/// A stretch of the quarantine wait, for a bar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldBar {
    /// The step that it is.
    pub step: Option<StepName>,
    /// Since when the clock ran.
    pub from: At,
    /// When it ends or ended; none if it is not known.
    pub until: Option<At>,
    /// Why it ended early and began anew, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_because: Option<String>,
}

/// A contact with another lot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactLink {
    /// The lot on the side of the cause.
    pub from: LotId,
    /// The lot reached.
    pub to: LotId,
    /// What both touched.
    pub surface: Surface,
    /// The record that brought the first lot there, and the one that brought the second.
    pub records: [u64; 2],
    /// The same in a sentence.
    pub words: String,
}

/// A lot of a contact graph.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactNode {
    /// Which.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where in its course.
    pub stage: LotStage,
    /// Its sign.
    pub sign: Sign,
    /// Since when it may have been reached.
    pub since: At,
    /// Links from where it started; 0 there.
    pub steps: u32,
}

/// Everything that contamination of a lot may have reached, nearest first, with the reason of each link.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ContactGraph {
    /// Where it starts, then what it reaches. At most 2000.
    pub nodes: Vec<ContactNode>,
    /// One link into each node but the first.
    pub links: Vec<ContactLink>,
    /// How many it reaches in all.
    pub total: u64,
}

/// A signature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignatureView {
    /// Who signed.
    pub signer: PersonName,
    /// When.
    pub at: At,
    /// What the signature says.
    pub meaning: String,
    /// By which version of the protocol.
    pub pin: Option<Pin>,
    /// The record.
    pub seq: u64,
    /// Whether it still counts; contamination or a restart voids it.
    pub counts: bool,
}

/// Something that may be done with a thing now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Action {
    /// `event` of the command.
    pub event: String,
    /// Whether it would be accepted now, as far as can be said before its fields are filled in.
    pub possible: bool,
    /// Why not, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

/// A treatment that its protocol asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TreatmentLine {
    /// The step.
    pub step: StepName,
    /// Whether a valid one is on record.
    pub valid: bool,
    /// Whether one is in hand.
    pub in_hand: bool,
    /// With what.
    pub agent: Option<String>,
    /// Seconds under the agent.
    pub contact_s: Option<u64>,
    /// Concentration × time achieved, mg·h/m³.
    pub ct_mg_h_m3: Option<u64>,
    /// When it ended.
    pub ended: Option<At>,
    /// Why it does not count, if so.
    pub because: Option<String>,
    /// The same as data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// A test that its protocol asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestLine {
    /// The test.
    pub test: TestName,
    /// Whether it is passed.
    pub passed: bool,
    /// Samples taken and not answered.
    pub open: u32,
}

/// Everything ever known of a lot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LotCard {
    /// Its row.
    #[serde(flatten)]
    pub row: LotRow,
    /// Whether it may leave inland now.
    pub may_go: bool,
    /// Everything that keeps it, the weightiest first.
    pub reasons: Vec<RefusalView>,
    /// Since when its clock runs.
    pub clock: Option<At>,
    /// The protocol version it came under, and the latest adopted for held lots since.
    pub protocols: Vec<Pin>,
    /// Treatments.
    pub treatments: Vec<TreatmentLine>,
    /// Tests.
    pub tests: Vec<TestLine>,
    /// Signatures, the voided ones too.
    pub signatures: Vec<SignatureView>,
    /// The line of its papers.
    pub papers: Option<ManifestLine>,
    /// The lot it was split from.
    pub parent: Option<LotId>,
    /// The lots it was split into.
    pub parts: Vec<LotId>,
    /// The departure it is loaded for or left with.
    pub departure: Option<DepartureId>,
    /// Who had it in hand, most recent first.
    pub handlers: Vec<PersonName>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// Stretches of the wait.
    pub holds: Vec<HoldBar>,
    /// How many lots it may have reached.
    pub contacts: u64,
    /// What the person who asks may say of it. Others are absent.
    pub actions: Vec<Action>,
    /// The instant shown.
    pub as_of: At,
}

/// As of when a card is shown.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CardQuery {
    /// The instant; now if not given.
    pub as_of: Option<At>,
    /// Known or happened.
    #[serde(default)]
    pub mode: AsOf,
}

/// What a thing of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceKind {
    /// A source.
    Source,
    /// Papers.
    Manifest,
    /// A convoy.
    Convoy,
    /// A vehicle.
    Vehicle,
    /// A lot.
    Lot,
    /// A place it stood in.
    Place,
    /// A departure.
    Departure,
    /// A receiver.
    Receiver,
}

/// A thing of a trace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TraceNode {
    /// What it is.
    pub kind: TraceKind,
    /// Its name.
    pub id: String,
    /// When it met the lot.
    pub at: Option<At>,
    /// Steps away from the lot.
    pub depth: u32,
    /// More, in words.
    pub words: String,
}

/// Where a lot comes from and where it went, on one screen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Trace {
    /// The lot.
    pub lot: LotId,
    /// Back to the papers, nearest first.
    pub back: Vec<TraceNode>,
    /// Forward to the receiver, nearest first.
    pub forward: Vec<TraceNode>,
}

/// One place a lot may be moved to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Target {
    /// The place.
    pub place: PlaceName,
    /// The unit.
    pub unit: u32,
    /// Why not, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

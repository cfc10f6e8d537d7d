//! Test desk, release queue and dispatch builder.

use lazaret_vocabulary::event::entry::{Outcome, PersonName, SampleId, TestName};
use lazaret_vocabulary::event::{DepartureId, GoodsName, LotId, Spot, StepName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{At, RefusalView};
use super::lots::LotRow;

/// What there is to do about tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    /// A sample is to be taken.
    #[default]
    Due,
    /// A sample was taken and has no result.
    Open,
    /// There is a result.
    Done,
}

/// Which lines of the test desk.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TestQuery {
    /// In which state; due if not given.
    #[serde(default)]
    pub state: TestState,
    /// Only this test.
    pub test: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A line of the test desk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestRow {
    /// In which state.
    pub state: TestState,
    /// The lot.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where it is.
    pub spot: Option<Spot>,
    /// The test.
    pub test: TestName,
    /// From when on a sample counts; none if the clock does not run yet.
    pub not_before: Option<At>,
    /// Whether it is late: not taken so that its result would come after the clock has run, three days being allowed for
    /// it; or taken more than three days ago without a result.
    pub overdue: bool,
    /// The sample, once taken.
    pub sample: Option<SampleId>,
    /// When it was taken.
    pub taken_at: Option<At>,
    /// By whom.
    pub taken_by: Option<PersonName>,
    /// What it found.
    pub outcome: Option<Outcome>,
    /// When the result was entered.
    pub result_at: Option<At>,
    /// When the lot's clock has run.
    pub earliest: Option<At>,
}

/// A lot ready for a signature, with what a signer must see on one line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueRow {
    /// The lot.
    #[serde(flatten)]
    pub row: LotRow,
    /// The treatment in words: agent, time, CT.
    pub treatment: String,
    /// Whether every treatment is valid.
    pub treated: bool,
    /// Since when the clock ran.
    pub clock: Option<At>,
    /// How often it was restarted.
    pub restarts: u32,
    /// Tests passed.
    pub tests_passed: u32,
    /// Tests asked.
    pub tests_needed: u32,
    /// Whether all agree without restart, recall or earlier exception: only such lots may be signed many at once.
    pub spotless: bool,
    /// Why the person who asks may not sign it; none if they may.
    pub you: Option<RefusalView>,
    /// People who may sign next.
    pub may_sign: Vec<PersonName>,
}

/// A departure that is being loaded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartureView {
    /// Which.
    pub departure: DepartureId,
    /// Lots on it.
    pub lots: Vec<LotRow>,
    /// Pieces.
    pub pieces: u64,
    /// Gross mass, kg.
    pub mass_kg: u64,
    /// When it left.
    pub left: Option<At>,
    /// Why it cannot leave now, if so.
    pub refusal: Option<RefusalView>,
}

/// The dispatch builder.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DispatchBoard {
    /// Departures being loaded.
    pub loading: Vec<DepartureView>,
    /// Dispatch steps of the gateway with what a departure takes at most.
    pub steps: Vec<DispatchStep>,
    /// A free name for a new departure.
    pub next_name: DepartureId,
    /// Released lots that are here.
    pub releasable: u64,
}

/// A dispatch step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DispatchStep {
    /// Its name.
    pub step: StepName,
    /// Lots that a departure takes at most.
    pub takes_up_to: Option<u32>,
}

/// Asks for a proposal of what to load.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeRequest {
    /// The departure to fill; a new one if not given.
    pub departure: Option<String>,
    /// Lots at most.
    pub lots: Option<u32>,
    /// Gross mass at most, kg.
    pub mass_kg: Option<u64>,
    /// Only these classes; all if empty.
    #[serde(default)]
    pub goods: Vec<String>,
}

/// A lot proposed, and why it stands there.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProposedLot {
    /// The lot.
    #[serde(flatten)]
    pub row: LotRow,
    /// Why.
    pub words: String,
}

/// What to load.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Proposal {
    /// The departure.
    pub departure: DepartureId,
    /// In the order of loading.
    pub lots: Vec<ProposedLot>,
    /// Left out, and why. At most 100.
    pub left_out: Vec<ProposedLot>,
    /// How many more were left out.
    pub more_left_out: u64,
    /// Pieces proposed.
    pub pieces: u64,
    /// Gross mass proposed, kg.
    pub mass_kg: u64,
    /// How it was chosen, in words.
    pub words: String,
}

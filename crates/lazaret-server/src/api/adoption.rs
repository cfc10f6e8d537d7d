//! A gateway file that has changed, and what it asks of the ledger.

use lazaret_vocabulary::event::{LotId, Spot};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::At;

/// Which gateway file is meant.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptionRequest {
    /// The text of a gateway file. Without it: the file that the server was started with.
    #[serde(default)]
    pub file: Option<String>,
    /// Goods classes that the file calls otherwise.
    #[serde(default)]
    pub renamed: Vec<RenamedClass>,
    /// What counts of the lengths and capacities that the file leaves open.
    #[serde(default)]
    pub stated: Vec<StatedAmount>,
    /// Whether longer holds, more tests and more signatures bind the lots that are here, too.
    #[serde(default)]
    pub held_too: bool,
}

/// A goods class that a changed file calls otherwise.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamedClass {
    /// The class as the ledger knows it.
    pub old: String,
    /// What the file calls it.
    pub new: String,
}

/// What counts of something that a file leaves open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedAmount {
    /// `hold`, `contact`, `dwell`, `units` or `slots`.
    pub kind: String,
    /// Of what, as the comparison calls it; without it of everything of that kind.
    #[serde(default)]
    pub name: String,
    /// A length with its unit, such as `30d`, or a number.
    pub amount: String,
}

/// Something that the file leaves open, and somebody has to state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpenView {
    /// `hold`, `contact`, `dwell`, `units` or `slots`.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// Where the file leaves it open, and between what, in one sentence.
    pub told: String,
    /// The most that the file allows, as it would be written; none if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<String>,
}

/// What a changed file means for one lot that is here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutlookView {
    /// The lot.
    #[schema(value_type = String)]
    pub lot: LotId,
    /// Where it is; none between two places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    /// When its clock has run now, if it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<At>,
    /// When it would have run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<At>,
    /// What becomes of it and of where it is, one sentence each.
    pub notes: Vec<String>,
}

/// How a gateway file differs from the rules and protocols in force, and what that means for what is here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdoptionView {
    /// The name of the gateway in the file.
    pub gateway: String,
    /// What would be adopted, in order; empty if the ledger does what the file says.
    pub changes: Vec<String>,
    /// Each difference in one sentence.
    pub differences: Vec<String>,
    /// What it means for what is here, one sentence each.
    pub consequences: Vec<String>,
    /// What it asks less of: another person must have proposed it, and it waits.
    pub weaker: Vec<String>,
    /// What must be settled first: with these it is not adopted.
    pub obstacles: Vec<String>,
    /// What the file leaves open and somebody has to state first; each is an obstacle too.
    pub open: Vec<OpenView>,
    /// Goods classes of the ledger that the file does not have; one of `new_classes` may be its new name.
    pub lost_classes: Vec<String>,
    /// Goods classes of the file that the ledger does not have.
    pub new_classes: Vec<String>,
    /// Lots that are here, with their dates before and after; those for which something changes come first.
    pub lots: Vec<OutlookView>,
    /// How many lots are here; `lots` has at most a thousand of them.
    pub lots_here: u64,
    /// The version of rules and protocols that this was compared with: send it as `If-Match` to adopt.
    pub version: u64,
}

/// What came of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdoptionDone {
    /// It is in force.
    Adopted,
    /// It asks for less: it is proposed, and another person adopts it after the delay that the rules set.
    Proposed,
    /// Another person proposed it, and the delay is not over.
    Waits,
}

/// One change of several.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdoptionOutcome {
    /// What it changes.
    pub change: String,
    /// What came of it.
    pub done: AdoptionDone,
    /// The record that says so; none while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// When it can be adopted, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<At>,
}

//! A gateway file that has changed, and what it asks of the ledger.

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

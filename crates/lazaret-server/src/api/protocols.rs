//! Protocols and rules, with dates and effect.

use lazaret_ledger::Less;
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::TestName;
use lazaret_vocabulary::event::rules::{Protocol, RuleBook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{At, RefusalView};

/// A version of a protocol.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProtocolRow {
    /// What it asks.
    pub protocol: Protocol,
    /// Whether a lot that came now would be under it.
    pub in_force: bool,
    /// Its number among all versions ever adopted, in order of adoption.
    pub adopted: u32,
}

/// All protocols and the rules.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProtocolsView {
    /// The rules in force.
    pub rules: Option<RuleBook>,
    /// Every version, the latest adopted first.
    pub protocols: Vec<ProtocolRow>,
    /// The version of the whole: the `ETag`. Send it as `If-Match` with `protocol_adopted` and `rules_adopted`.
    pub version: u64,
}

/// Asks what a protocol would change.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The protocol as it would be adopted.
    pub protocol: Protocol,
}

/// A lot whose date a protocol would move.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MovedLot {
    /// The lot.
    pub lot: LotId,
    /// When its clock has run now.
    pub before: Option<At>,
    /// When it would have run.
    pub after: Option<At>,
    /// Tests it would have to pass besides.
    pub more_tests: Vec<TestName>,
    /// Signatures it would need.
    pub signatures: u8,
    /// Whether it would lose its release.
    pub unreleased: bool,
}

/// What a protocol would change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// What it asks less of than what is in force, one sentence each: another person must have proposed it, and it waits.
    pub weaker: Vec<String>,
    /// The same as data.
    pub weaker_data: Vec<Less>,
    /// Every lot that is here and whose date, tests or signatures move; at most 10 000.
    pub moved: Vec<MovedLot>,
    /// How many in all.
    pub total: u64,
    /// Of them, how many would lose their release.
    pub unreleased: u64,
    /// Why it could not be adopted at all by the person who asks, if so.
    pub refusal: Option<RefusalView>,
}

//! Audit: filter, prove, export.

use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::event::entry::PersonName;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::At;

/// Which records.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only what this person said.
    pub by: Option<String>,
    /// Only records with an event of this name.
    pub event: Option<String>,
    /// Only records that touch this lot.
    pub lot: Option<String>,
    /// Only records that touch this vehicle.
    pub vehicle: Option<String>,
    /// Recorded at or after this instant.
    pub from: Option<At>,
    /// Recorded before this instant.
    pub to: Option<At>,
    /// Only records whose text contains this.
    pub q: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordRow {
    /// Its number.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: At,
    /// Who said it.
    pub by: PersonName,
    /// From which device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The command's key.
    pub command: String,
    /// What happened.
    pub events: Vec<Event>,
    /// The same in words.
    pub words: Vec<String>,
    /// The digest of the record.
    pub digest: String,
}

/// A record with the bytes that were hashed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordCard {
    /// Its row.
    #[serde(flatten)]
    pub row: RecordRow,
    /// The digest of the record before.
    pub previous: String,
    /// The canonical JSON as stored: its SHA-256 is the digest.
    pub canonical: String,
    /// Whether it is.
    pub proved: bool,
}

/// A signed statement of where the chain stood.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointView {
    /// The record.
    pub seq: u64,
    /// Its digest.
    pub digest: String,
    /// When it was signed.
    pub at: At,
    /// The server's public key, Ed25519, hexadecimal.
    pub key: String,
    /// The signature over `lazaret checkpoint`, gateway, record, digest and instant, hexadecimal.
    pub signature: String,
    /// The signed text, to be given to an outside witness with the signature.
    pub text: String,
}

/// The end of the chain, and what a witness may keep.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProofView {
    /// Records in the chain.
    pub seq: u64,
    /// The digest of the last.
    pub head: String,
    /// Checkpoints, the latest first; at most 100.
    pub checkpoints: Vec<CheckpointView>,
}

/// Asks for the chain to be followed from its beginning, against a witness if given.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// A checkpoint that a witness kept.
    #[serde(default)]
    pub witness: Option<CheckpointView>,
}

/// What following the chain found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerifyReport {
    /// Whether everything agrees.
    pub whole: bool,
    /// Records followed.
    pub records: u64,
    /// The record that does not follow, if any.
    pub broken_at: Option<u64>,
    /// What is wrong, if anything.
    pub finding: Option<String>,
    /// Seconds it took.
    pub took_s: f64,
}

/// Somebody looked at something sensitive.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadRow {
    /// Its number.
    pub id: u64,
    /// When.
    pub at: At,
    /// Who.
    pub person: PersonName,
    /// What they asked for.
    pub path: String,
    /// From which address.
    pub from: String,
}

//! Commands: statements that something happened.

use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::{Event, Happening};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{At, Problem, RefusalView};

/// Which record a command corrects, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// The number of the record.
    pub record: u64,
    /// Why.
    pub because: String,
}

/// One command: what happened, in the vocabulary of events, with the key under which it counts once.
///
/// As JSON it is flat: `event` names what happened and its fields stand beside `id`. Who says it is whoever is signed
/// in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CommandRequest {
    /// Its key, 1 to 64 printable ASCII characters; a UUID serves. Send the same key when you repeat it.
    #[schema(min_length = 1, max_length = 64)]
    pub id: String,
    /// When it was written, by the device's clock; now if not given. The same in every repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<At>,
    /// When it happened, by the device's clock; now if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// From which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// At which site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Who did the work; nobody means whoever says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crew: Vec<PersonName>,
    /// Warnings that whoever says it has seen: names from `refusal.warning`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<String>,
    /// What it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<CorrectionRequest>,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// An accepted command: it is on disk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The number of its record.
    pub seq: u64,
    /// Whether it had been recorded before under the same key.
    pub already: bool,
    /// When it was recorded.
    pub recorded_at: At,
    /// The digest of its record.
    pub digest: String,
    /// What was recorded: the command's own event and what the rules made of it.
    pub events: Vec<Event>,
    /// The same in words, one line each.
    pub words: Vec<String>,
}

/// What a command would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Trial {
    /// Whether it would be accepted now.
    pub accepted: bool,
    /// What would be recorded.
    pub events: Vec<Event>,
    /// The same in words.
    pub words: Vec<String>,
    /// Why not, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

/// Several commands, one after the other. Each counts by itself: a refused one does not stop those after it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchRequest {
    /// At most 1000 commands.
    #[schema(max_items = 1000)]
    pub commands: Vec<CommandRequest>,
}

/// What became of one command of several.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BatchOutcome {
    /// Its key.
    pub id: String,
    /// The receipt, if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Why not, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

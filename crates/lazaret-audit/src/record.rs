//! A record as an export has it.

use jiff::Timestamp;
use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::strict;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What one accepted command left in the ledger, as far as rules look at it.
#[derive(Clone, Debug, Deserialize)]
// What this program does not know may change what the rest means: it is not passed over.
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// When it was recorded, by the ledger's own clock.
    pub recorded_at: Timestamp,
    /// Who said it.
    pub by: PersonName,
    /// The command's key.
    pub command: String,
    /// When the command was written, by its device's clock.
    pub issued_at: Timestamp,
    /// What happened, and what the rules made of it.
    pub events: Vec<Event>,
    #[serde(default, rename = "device")]
    _device: IgnoredAny,
    #[serde(default, rename = "site")]
    _site: IgnoredAny,
    #[serde(default, rename = "body")]
    _body: IgnoredAny,
    // How the time was known: whoever keeps the chain judges that.
    #[serde(default, rename = "clock")]
    _clock: IgnoredAny,
    #[serde(default, rename = "previous")]
    _previous: IgnoredAny,
}

impl Record {
    /// Reads a line of an export.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(json: &[u8]) -> Result<Record, String> {
        serde_json::from_slice(json).map_err(|error| {
            let at = "2026-01-05T08:00:00Z";
            let example = serde_json::json!({
                "seq": 1,
                "recorded_at": at,
                "by": "x",
                "command": "x",
                "issued_at": at,
                "events": [],
                "device": null,
                "site": null,
                "body": null,
                "clock": null,
                "previous": null,
            });
            let why = strict::why_not::<Record>(json, &example, &error);
            format!("it is not a record that this program knows ({why})")
        })
    }
}

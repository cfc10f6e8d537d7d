//! Commands: somebody says that something happened, or asks that it be so.
//!
//! A command is an event that has not been accepted yet, with who says it, from where and under which key. That keeps
//! one vocabulary from the tablet to the record: what is accepted is recorded as it was said, followed by what the
//! rules make of it (a treatment is judged, a clock starts, contacts are stopped).

use std::fmt;

use jiff::Timestamp;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::PersonName;
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::rule::Warning;

/// The key under which a command counts once, however often it is sent.
///
/// Chosen by whoever sends it; 1 to 64 bytes of printable ASCII. A UUID or `<device>-<counter>` serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(Box<str>);

/// A key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command's key is 1 to 64 printable ASCII characters, not `{0}`")]
pub struct BadCommandId(String);

impl CommandId {
    /// A key.
    ///
    /// # Errors
    /// If it is empty, longer than 64 bytes or not printable ASCII.
    pub fn new(key: impl Into<String>) -> Result<Self, BadCommandId> {
        let key = key.into();
        if (1..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(CommandId(key.into()))
        } else {
            Err(BadCommandId(key))
        }
    }

    /// A key of the ledger's own, which fits.
    pub(crate) fn own(key: String) -> Self {
        debug_assert!(key.len() <= 64);
        CommandId(key.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommandId {
    type Error = BadCommandId;
    fn try_from(key: String) -> Result<Self, Self::Error> {
        CommandId::new(key)
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> String {
        id.0.into()
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which record a command corrects, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The number of the record.
    pub record: u64,
    /// Why.
    pub because: String,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its key.
    pub id: CommandId,
    /// Who says it. Whoever calls [`decide`](crate::decide) has made sure that it is they.
    pub by: PersonName,
    /// From which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// At which site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// When it was written, by the device's clock. The same in every repetition.
    pub issued_at: Timestamp,
    /// When what it says happened, by the device's clock.
    pub at: Timestamp,
    /// Who did the work; nobody means whoever says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crew: Vec<PersonName>,
    /// Warnings that whoever says it has seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<Warning>,
    /// What it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Correction>,
    /// The digest of what its sender sent, if that differs from this command: times that a server filled in are not
    /// the sender's, and a repetition would have others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Digest>,
    /// What it says.
    #[serde(flatten)]
    pub what: Happening,
}

impl Command {
    /// The digest of what was sent, without the warnings that its sender acknowledges: a repetition may know of more.
    ///
    /// [`Command::body`] if it is given; otherwise the digest of this command as canonical JSON.
    #[must_use]
    pub fn body_digest(&self) -> Digest {
        if let Some(body) = self.body {
            return body;
        }
        let sent = Sent {
            device: self.device.as_deref(),
            site: self.site.as_deref(),
            issued_at: self.issued_at,
            at: self.at,
            crew: &self.crew,
            corrects: self.corrects.as_ref(),
            what: &self.what,
        };
        match crate::canonical::to_vec(&sent) {
            Ok(bytes) => Digest::of(&bytes),
            // A number that no record can hold: the command is refused before anything is recorded under its key.
            Err(_) => Digest::default(),
        }
    }
}

/// What a command's body digest covers.
#[derive(Serialize)]
struct Sent<'a> {
    device: Option<&'a str>,
    site: Option<&'a str>,
    issued_at: Timestamp,
    at: Timestamp,
    crew: &'a [PersonName],
    corrects: Option<&'a Correction>,
    #[serde(flatten)]
    what: &'a Happening,
}

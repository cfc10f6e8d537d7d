//! Records, and the chain that makes every cut, swap or edit of them visible.
//!
//! A record is written as canonical JSON (RFC 8785) and its digest is the SHA-256 of those bytes. Every record holds
//! the digest of the one before, so whoever knows the last digest can prove the whole history.
//!
//! ```
//! use lazaret_ledger::chain::{Chain, verify};
//! # use lazaret_ledger::{Command, CommandId};
//! # let at: jiff::Timestamp = "2022-01-17T01:00:00Z".parse().unwrap();
//! # let command = |key: &str| Command {
//! #     id: CommandId::new(key).unwrap(), by: lazaret_vocabulary::event::entry::PersonName::new("kim"),
//! #     device: None, site: None, issued_at: at, at, crew: vec![], acknowledged: vec![], corrects: None, body: None,
//! #     what: lazaret_vocabulary::event::Entry::Noted { thing: None, text: "snow".into() }.into() };
//! # let events = |c: &Command| vec![lazaret_vocabulary::event::Event { at, happening: c.what.clone() }];
//! let mut chain = Chain::default();
//! let first = chain.seal(&command("a-1"), events(&command("a-1")), at);
//! let second = chain.seal(&command("a-2"), events(&command("a-2")), at);
//! let rows = [(&first.json[..], None), (&second.json[..], None)];
//! assert_eq!(verify(Chain::default(), rows).unwrap(), chain);
//! // Swapped:
//! assert!(verify(Chain::default(), [rows[1], rows[0]]).is_err());
//! ```

use std::fmt;

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry, PersonName};
use lazaret_vocabulary::event::{Event, Happening};
use lazaret_vocabulary::strict;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::{ClockNote, Doubted, Known, Reading};
use crate::command::{Command, CommandId};

/// A SHA-256 digest; lower-case hexadecimal in text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits; none if `text` is anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = (high * 16 + low) as u8;
        }
        Some(Digest(digest))
    }

    fn hex(self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hex()
            .iter()
            .try_for_each(|&digit| f.write_str(char::from(digit).encode_utf8(&mut [0; 4])))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.hex();
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Digest::read(&text)
            .ok_or_else(|| serde::de::Error::custom("a digest is 64 hexadecimal digits"))
    }
}

/// What one accepted command left in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// What a newer program added may change what the rest means: it must not be passed over.
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number, from 1 without gaps; below 2⁵³.
    pub seq: u64,
    /// When it was recorded, by the ledger's own clock.
    pub recorded_at: Timestamp,
    /// How that was known, where it is not by the steady clock since the record before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockNote>,
    /// Who said it.
    pub by: PersonName,
    /// From which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// At which site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The command's key.
    pub command: CommandId,
    /// When the command was written, by its device's clock.
    pub issued_at: Timestamp,
    /// The digest of what was sent: the same key with another body is another command. Older records have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Digest>,
    /// What happened, and what the rules made of it; all or nothing. Each has the time at which it happened.
    pub events: Vec<Event>,
    /// The digest of the record before; zero in the first.
    pub previous: Digest,
}

impl Record {
    /// What was said: the command's own event, without what the rules put around it.
    pub(crate) fn said(&self) -> Option<&Happening> {
        self.events
            .iter()
            .map(|event| &event.happening)
            .find(|happening| {
                !matches!(
                    happening,
                    Happening::Entry(
                        Entry::Corrected { .. }
                            | Entry::WarningAcknowledged { .. }
                            | Entry::TreatmentVoided { .. }
                    )
                )
            })
    }

    /// The digest of the record's canonical JSON.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&canonical(self))
    }
}

/// Reads a stored record.
///
/// # Errors
/// What is wrong, in words: which event or field this program does not know, or where the bytes are not a record.
pub fn read(json: &[u8]) -> Result<Record, String> {
    serde_json::from_slice(json).map_err(|error| {
        format!(
            "its bytes are not a record that this program knows ({}); if it was written by a newer program, use that one",
            why_not(json, &error)
        )
    })
}

/// What of the bytes of a record this program does not know.
fn why_not(json: &[u8], error: &serde_json::Error) -> String {
    let at = "2026-01-05T08:00:00Z";
    let digest = Digest::default().to_string();
    let example = serde_json::json!({
        "seq": 1,
        "recorded_at": at,
        "clock": { "known": Known::Database, "boot": "x", "steady_us": 1, "wall": at },
        "by": "x",
        "device": "x",
        "site": "x",
        "command": "x",
        "issued_at": at,
        "body": digest,
        "events": [],
        "previous": digest,
    });
    strict::why_not::<Record>(json, &example, error)
}

/// A record with the bytes that are stored and their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The record.
    pub record: Record,
    /// Its canonical JSON.
    pub json: Vec<u8>,
    /// The digest of those bytes.
    pub digest: Digest,
}

impl Sealed {
    /// Whether two people confirmed the time with it.
    #[must_use]
    pub fn confirms_time(&self) -> bool {
        (self.record.events.iter()).any(|event| {
            matches!(
                event.happening,
                Happening::Entry(Entry::TimeConfirmed { .. })
            )
        })
    }
}

/// The end of a chain: how many records, and the digest of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chain {
    /// Number of the last record; 0 before the first.
    pub seq: u64,
    /// Its digest.
    pub head: Digest,
}

impl Chain {
    /// Adds a record of `events`, which [`decide`](crate::decide) made of `command` at `now`.
    pub fn seal(&mut self, command: &Command, events: Vec<Event>, now: Timestamp) -> Sealed {
        self.seal_timed(command, events, now, None)
    }

    /// As [`seal`](Chain::seal), with what is known of `now`.
    pub fn seal_timed(
        &mut self,
        command: &Command,
        events: Vec<Event>,
        now: Timestamp,
        clock: Option<ClockNote>,
    ) -> Sealed {
        let record = Record {
            seq: self.seq + 1,
            recorded_at: now,
            clock,
            by: command.by.clone(),
            device: command.device.clone(),
            site: command.site.clone(),
            command: command.id.clone(),
            issued_at: command.issued_at,
            body: Some(command.body_digest()),
            events,
            previous: self.head,
        };
        self.seal_record(record)
    }

    /// Adds the record that the ledger makes by itself when its clock is found wrong.
    pub fn seal_doubt(&mut self, reading: &Reading, doubted: &Doubted) -> Sealed {
        let at = doubted.at_least;
        let record = Record {
            seq: self.seq + 1,
            recorded_at: at,
            clock: doubted.note.clone(),
            by: PersonName::new("lazaret"),
            device: None,
            site: None,
            command: CommandId::own(format!("~clock-{}", self.seq + 1)),
            issued_at: at,
            events: vec![Event {
                at,
                happening: Entry::TimeDoubted {
                    wall: reading.wall,
                    because: doubted.why.to_string(),
                    doubt: Some(doubted.why.clone()),
                }
                .into(),
            }],
            body: None,
            previous: self.head,
        };
        self.seal_record(record)
    }

    fn seal_record(&mut self, record: Record) -> Sealed {
        let json = canonical(&record);
        let digest = Digest::of(&json);
        *self = Chain {
            seq: record.seq,
            head: digest,
        };
        Sealed {
            record,
            json,
            digest,
        }
    }

    /// Takes the next stored record.
    ///
    /// * `json` — its bytes as stored.
    /// * `digest` — its digest as stored beside it, if it is: with it an edit is found in the edited record, without
    ///   it in the one after.
    ///
    /// # Errors
    /// [`ChainBreak`] says where and what; the chain is then as before.
    pub fn follow(&mut self, json: &[u8], digest: Option<Digest>) -> Result<(), ChainBreak> {
        #[derive(Deserialize)]
        struct Head {
            seq: u64,
            previous: Digest,
        }
        let at = self.seq + 1;
        let head: Head = serde_json::from_slice(json).map_err(|error| ChainBreak {
            at,
            what: Breakage::Unreadable(why_not(json, &error)),
        })?;
        let own = Digest::of(json);
        if let Some(stored) = digest.filter(|stored| *stored != own) {
            let what = Breakage::Edited { stored, own };
            return Err(ChainBreak { at, what });
        }
        self.link(head.seq, head.previous, own)
    }

    /// Takes the next record: its number, the digest that it names as that of the record before, and its own.
    pub(crate) fn link(
        &mut self,
        seq: u64,
        previous: Digest,
        own: Digest,
    ) -> Result<(), ChainBreak> {
        let at = self.seq + 1;
        if seq != at {
            let what = Breakage::OutOfOrder { found: seq };
            return Err(ChainBreak { at, what });
        }
        if previous != self.head {
            let what = Breakage::Unlinked {
                names: previous,
                before: self.head,
            };
            return Err(ChainBreak { at, what });
        }
        *self = Chain { seq, head: own };
        Ok(())
    }
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {at}: {what}")]
pub struct ChainBreak {
    /// The number of the record that does not follow.
    pub at: u64,
    /// How.
    pub what: Breakage,
}

/// How a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breakage {
    /// The bytes are not a record.
    #[error("its bytes are not a record: {0}")]
    Unreadable(String),
    /// The bytes are not those that were sealed.
    #[error("it was changed after it was sealed: its digest is {own}, sealed was {stored}")]
    Edited {
        /// As stored beside it.
        stored: Digest,
        /// Of the bytes as they are.
        own: Digest,
    },
    /// Another record stands in its place: some were cut, swapped or put in.
    #[error("record {found} stands in its place: records were cut, swapped or put in")]
    OutOfOrder {
        /// The number found.
        found: u64,
    },
    /// It does not name the digest of the record before: that one was changed or exchanged.
    #[error(
        "it follows a record with digest {names}, but the one before has {before}: one of the two was changed"
    )]
    Unlinked {
        /// What it names.
        names: Digest,
        /// What is there.
        before: Digest,
    },
    /// The chain ends before the record that a witness knows.
    #[error("a witness knows it, and the chain ends before it")]
    Missing,
    /// The chain does not agree with a witness.
    #[error("a witness saw digest {witnessed} here, and the chain has {found}")]
    Rewritten {
        /// What the witness has.
        witnessed: Digest,
        /// What the chain has.
        found: Digest,
    },
}

/// Follows stored records from `from` to their end.
///
/// * `rows` — bytes and, where stored beside them, digest of each record.
///
/// # Errors
/// At the first record that does not follow.
pub fn verify<'a>(
    from: Chain,
    rows: impl IntoIterator<Item = (&'a [u8], Option<Digest>)>,
) -> Result<Chain, ChainBreak> {
    let mut chain = from;
    for (json, digest) in rows {
        chain.follow(json, digest)?;
    }
    Ok(chain)
}

/// Canonical JSON (RFC 8785) of a record.
fn canonical(record: &Record) -> Vec<u8> {
    crate::canonical::to_vec(record).expect(
        "a record has only strings, whole numbers below 2^53, lists and maps with string keys",
    )
}

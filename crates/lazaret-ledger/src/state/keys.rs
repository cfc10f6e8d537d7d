//! Keys of commands: whether one was recorded before, and whether the same person said the same.

use std::collections::VecDeque;

use hashbrown::HashMap;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, PersonName};
use serde::{Deserialize, Serialize};

use crate::chain::Digest;

/// Keys of commands that have been recorded, for as long as they may come again.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// In order of record.
    order: VecDeque<Kept>,
    /// What each key stands for.
    records: HashMap<u128, Keyed, Plain>,
}

/// What the key of a command stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keyed {
    /// The record that the command is in.
    pub(crate) record: u32,
    /// Tells who said what.
    pub(crate) mark: u128,
}

/// A key, and for how long it is kept.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Kept {
    key: u128,
    keyed: Keyed,
    /// When it was recorded, µs.
    at: i64,
}

/// What is known of a command whose key was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same person said the same.
    Same {
        /// In this record.
        seq: u64,
    },
    /// Somebody else, or something else.
    Other,
}

/// Keys are digests already; hashing them again would only cost.
#[derive(Clone, Copy, Debug, Default)]
struct Plain(u64);

impl std::hash::BuildHasher for Plain {
    type Hasher = Plain;
    fn build_hasher(&self) -> Plain {
        Plain(0)
    }
}

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 ^= key as u64;
    }
}

impl Keys {
    /// The digest of a key.
    pub(super) fn of(key: &str) -> u128 {
        half(Digest::of(key.as_bytes()))
    }

    /// The mark of a command by what was sent.
    pub(super) fn mark(by: &PersonName, body: Digest) -> u128 {
        half(Digest::of(
            &[b"sent\0", by.as_str().as_bytes(), b"\0", &body.0[..]].concat(),
        ))
    }

    /// The mark of a command by what was recorded of it, for records that do not have the digest of its body.
    pub(super) fn recorded_mark(by: &PersonName, what: Option<&Happening>) -> u128 {
        let mut what = what.cloned();
        // The ledger fills this in.
        if let Some(Happening::Entry(Entry::Signed { pin, .. })) = &mut what {
            *pin = None;
        }
        if let Some(Happening::Entry(Entry::TimeConfirmed {
            time, wrong_since, ..
        })) = &mut what
        {
            (*time, *wrong_since) = (None, None);
        }
        let said = crate::canonical::to_vec(&what).unwrap_or_default();
        half(Digest::of(
            &[b"recorded\0", by.as_str().as_bytes(), b"\0", &said[..]].concat(),
        ))
    }

    /// Remembers a key from `recorded_at` for `keep` µs, and forgets those that were kept for so long.
    pub(super) fn add(&mut self, key: u128, keyed: Keyed, recorded_at: i64, keep: i64) {
        while let Some(old) = self.order.front() {
            if old.at >= recorded_at.saturating_sub(keep) {
                break;
            }
            self.records.remove(&old.key);
            self.order.pop_front();
        }
        self.order.push_back(Kept {
            key,
            keyed,
            at: recorded_at,
        });
        self.records.insert(key, keyed);
    }

    /// What a key stands for, if it is remembered.
    pub(super) fn get(&self, key: u128) -> Option<Keyed> {
        self.records.get(&key).copied()
    }

    /// Moves when each was recorded.
    pub(super) fn retime(&mut self, of: impl Fn(i64) -> i64) {
        for kept in &mut self.order {
            kept.at = of(kept.at);
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.order.capacity() * size_of::<Kept>() + self.records.capacity() * 49
    }
}

/// Half of a digest, which is enough to tell keys apart.
fn half(Digest(digest): Digest) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(half)
}

impl Serialize for Keys {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.order.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let order = <VecDeque<Kept>>::deserialize(deserializer)?;
        let records = order.iter().map(|kept| (kept.key, kept.keyed)).collect();
        Ok(Keys { order, records })
    }
}

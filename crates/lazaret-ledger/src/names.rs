//! Names as small numbers: every name is kept once, in one long text.

use std::hash::Hasher;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::index::{Number, VehicleIx};
use crate::spelling::{Kind, key, look};

/// Names in the order in which they were first seen; the number of a name is its position.
///
/// The table is by what names look like, so that one probe finds a name as it is written, its other spellings and
/// those that could be taken for it.
#[derive(Clone, Debug)]
pub(crate) struct Names<I> {
    text: String,
    ends: Vec<u32>,
    table: HashTable<I>,
    kind: Kind,
}

/// What is known under a spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelled<I> {
    /// This name.
    Known(I),
    /// Two names or more, none of them written like this: an older ledger told them apart by their spelling.
    Several,
    /// No name.
    New,
}

impl<I> Default for Names<I> {
    fn default() -> Self {
        Names {
            text: String::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            kind: Kind::default(),
        }
    }
}

impl<I: Number + Ord> Names<I> {
    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Every number, in the order in which the names were first seen.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = I> + use<I> {
        (0..self.len()).map(I::at)
    }

    /// The number of `name` as it is written, if it is known.
    pub(crate) fn exact(&self, name: &str) -> Option<I> {
        self.table
            .find(self.hash(name), |&number| self.get(number) == name)
            .copied()
    }

    /// The number of `name` in any spelling, if it is known and no other name has the same.
    pub(crate) fn find(&self, name: &str) -> Option<I> {
        match self.spelled(name) {
            Spelled::Known(number) => Some(number),
            Spelled::Several | Spelled::New => None,
        }
    }

    /// What is known under this spelling.
    pub(crate) fn spelled(&self, name: &str) -> Spelled<I> {
        let hash = self.hash(name);
        let exact = self.table.find(hash, |&number| self.get(number) == name);
        if let Some(&number) = exact {
            return Spelled::Known(number);
        }
        let own = key(self.kind, name);
        let mut same = self
            .table
            .iter_hash(hash)
            .filter(|&&number| key(self.kind, self.get(number)) == own);
        match (same.next(), same.next()) {
            (Some(&number), None) => Spelled::Known(number),
            (Some(_), Some(_)) => Spelled::Several,
            (None, _) => Spelled::New,
        }
    }

    /// A name that is another one and looks like `name`.
    pub(crate) fn alike(&self, name: &str) -> Option<&str> {
        let own = key(self.kind, name);
        let seen = look(&own);
        self.table
            .iter_hash(self.hash(name))
            .map(|&number| self.get(number))
            .find(|other| {
                let other = key(self.kind, other);
                other != own && look(&other) == seen
            })
    }

    /// Names that an older ledger told apart by their spelling alone, in the order of the first of each.
    pub(crate) fn doubles(&self) -> Vec<Vec<&str>> {
        let mut doubles: std::collections::BTreeMap<I, Vec<&str>> = Default::default();
        for number in self.keys() {
            let name = self.get(number);
            let own = key(self.kind, name);
            let first = self
                .table
                .iter_hash(self.hash(name))
                .filter(|&&other| key(self.kind, self.get(other)) == own)
                .min();
            if let Some(&first) = first.filter(|first| **first != number) {
                let row = doubles
                    .entry(first)
                    .or_insert_with(|| vec![self.get(first)]);
                row.push(name);
            }
        }
        doubles.into_values().collect()
    }

    /// The number of `name` as it is written, made if it is new.
    pub(crate) fn add(&mut self, name: &str) -> I {
        if let Some(number) = self.exact(name) {
            return number;
        }
        let number = I::at(self.ends.len());
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        let (text, ends, kind) = (&self.text, &self.ends, self.kind);
        self.table
            .insert_unique(hash(kind, name), number, |&other| {
                hash(kind, slice(text, ends, other))
            });
        number
    }

    /// The name with `number`; empty if there is none.
    pub(crate) fn get(&self, number: I) -> &str {
        slice(&self.text, &self.ends, number)
    }

    /// Whether another name of `len` bytes still has a number and a place.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        let most = u32::MAX as usize;
        self.ends.len() < most - 1 && self.text.len() + len < most
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.capacity() * 5
    }

    fn hash(&self, name: &str) -> u64 {
        hash(self.kind, name)
    }

    fn read(kind: Kind, (text, ends): (String, Vec<u32>)) -> Self {
        let mut table = HashTable::with_capacity(ends.len());
        for number in (0..ends.len()).map(I::at) {
            table.insert_unique(hash(kind, slice(&text, &ends, number)), number, |&other| {
                hash(kind, slice(&text, &ends, other))
            });
        }
        Names {
            text,
            ends,
            table,
            kind,
        }
    }
}

/// Names of any kind, where only the names matter.
pub(crate) trait AnyNames {
    /// Every name, the latest first.
    fn latest_first(&self) -> Box<dyn Iterator<Item = &str> + '_>;
    /// What is known under this spelling, by name.
    fn known(&self, name: &str) -> Spelled<&str>;
    /// See [`Names::alike`].
    fn alike(&self, name: &str) -> Option<&str>;
    /// See [`Names::doubles`].
    fn doubled(&self) -> Vec<Vec<&str>>;
}

impl<I: Number + Ord> AnyNames for Names<I> {
    fn latest_first(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.keys().rev().map(|number| self.get(number)))
    }

    fn known(&self, name: &str) -> Spelled<&str> {
        match self.spelled(name) {
            Spelled::Known(number) => Spelled::Known(self.get(number)),
            Spelled::Several => Spelled::Several,
            Spelled::New => Spelled::New,
        }
    }

    fn alike(&self, name: &str) -> Option<&str> {
        Names::alike(self, name)
    }

    fn doubled(&self) -> Vec<Vec<&str>> {
        self.doubles()
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], number: impl Number) -> &'a str {
    let number = number.position();
    let from = match number {
        0 => 0,
        _ => ends.get(number - 1).copied().unwrap_or(0) as usize,
    };
    match ends.get(number) {
        Some(&to) => text.get(from..to as usize).unwrap_or(""),
        None => "",
    }
}

fn hash(kind: Kind, name: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(look(&key(kind, name)).as_bytes());
    hasher.finish()
}

impl<I> Serialize for Names<I> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.text, &self.ends).serialize(serializer)
    }
}

impl<'de, I: Number + Ord> Deserialize<'de> for Names<I> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = <(String, Vec<u32>)>::deserialize(deserializer)?;
        Ok(Names::read(Kind::Plain, read))
    }
}

/// Marks of vehicles.
#[derive(Clone, Debug)]
pub(crate) struct Marks(Names<VehicleIx>);

impl Default for Marks {
    fn default() -> Self {
        Marks(Names {
            kind: Kind::Mark,
            ..Names::default()
        })
    }
}

impl std::ops::Deref for Marks {
    type Target = Names<VehicleIx>;
    fn deref(&self) -> &Names<VehicleIx> {
        &self.0
    }
}

impl std::ops::DerefMut for Marks {
    fn deref_mut(&mut self) -> &mut Names<VehicleIx> {
        &mut self.0
    }
}

impl Serialize for Marks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = <(String, Vec<u32>)>::deserialize(deserializer)?;
        Ok(Marks(Names::read(Kind::Mark, read)))
    }
}

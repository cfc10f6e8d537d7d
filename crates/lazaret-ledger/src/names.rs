//! Names as small numbers: every name is kept once, in one long text.

use std::hash::Hasher;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

/// No entry: the end of a list, or nothing there.
pub(crate) const NONE: u32 = u32::MAX;

/// Names in the order in which they were first seen; the number of a name is its position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

impl Names {
    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of `name`, if it is known.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.table
            .find(hash(name), |&number| self.get(number) == name)
            .copied()
    }

    /// The number of `name`, made if it is new.
    pub(crate) fn add(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        let (text, ends) = (&self.text, &self.ends);
        self.table
            .insert_unique(hash(name), number, |&other| hash(slice(text, ends, other)));
        number
    }

    /// The name with `number`; empty if there is none.
    pub(crate) fn get(&self, number: u32) -> &str {
        slice(&self.text, &self.ends, number)
    }

    /// Whether another name of `len` bytes still has a number and a place.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.ends.len() < NONE as usize - 1 && self.text.len() + len < NONE as usize
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.capacity() * 5
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let number = number as usize;
    let from = match number {
        0 => 0,
        _ => ends.get(number - 1).copied().unwrap_or(0) as usize,
    };
    match ends.get(number) {
        Some(&to) => text.get(from..to as usize).unwrap_or(""),
        None => "",
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

impl Serialize for Names {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.text, &self.ends).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, ends) = <(String, Vec<u32>)>::deserialize(deserializer)?;
        let mut table = HashTable::with_capacity(ends.len());
        for number in 0..ends.len() as u32 {
            table.insert_unique(hash(slice(&text, &ends, number)), number, |&other| {
                hash(slice(&text, &ends, other))
            });
        }
        Ok(Names { text, ends, table })
    }
}

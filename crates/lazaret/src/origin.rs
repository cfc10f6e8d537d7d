//! What an answer was made from. Every JSON answer carries it, so that it can be traced to its input and made again.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::output::{Failure, print_json};
use crate::simulate::result::hash;

/// The keys that every JSON answer of `plan` and `watch` carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Name of the gateway, if the question is about one.
    gateway: Option<String>,
    /// Seed of all draws, if there are any.
    seed: Option<u64>,
    /// SHA-256 of the main file with the overrides.
    file_hash: Option<String>,
    /// Hashes of other files, by their keys.
    more: Vec<(&'static str, Value)>,
}

impl Origin {
    /// * `text` — the text of the main file.
    /// * `set` — its overrides.
    pub(crate) fn new(
        gateway: Option<&str>,
        seed: Option<u64>,
        text: &str,
        set: &[String],
    ) -> Self {
        Origin {
            gateway: gateway.map(str::to_owned),
            seed,
            file_hash: Some(hash(text, set)),
            more: Vec::new(),
        }
    }

    /// Of an answer without a gateway file.
    pub(crate) fn nowhere() -> Self {
        Origin::default()
    }

    /// Adds a key, such as the hash of another file.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((key, value.into()));
        self
    }

    /// The keys with their values.
    pub(crate) fn keys(&self, partial: bool) -> Map<String, Value> {
        let mut keys = Map::new();
        keys.insert("gateway".into(), json!(self.gateway));
        keys.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
        keys.insert("seed".into(), json!(self.seed));
        keys.insert("file_hash".into(), json!(self.file_hash));
        keys.insert("partial".into(), json!(partial));
        for (key, value) in &self.more {
            keys.insert((*key).into(), value.clone());
        }
        keys
    }

    /// Prints an answer that is an object, with what it was made from. A key that the answer has by itself stays.
    pub(crate) fn print(&self, answer: &impl Serialize, partial: bool) -> Result<(), Failure> {
        let broken = |error: &dyn std::fmt::Display| {
            Failure::Machine(format!("the answer cannot be written as JSON: {error}"))
        };
        let mut keys = self.keys(partial);
        match serde_json::to_value(answer) {
            Ok(Value::Object(own)) => keys.extend(own),
            Ok(_) => return Err(broken(&"it is not an object")),
            Err(error) => return Err(broken(&error)),
        }
        print_json(&keys)
    }
}

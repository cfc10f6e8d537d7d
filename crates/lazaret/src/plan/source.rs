//! Where a page comes from: the command, the file and the seed that give it again, and how it is written.

use lazaret_report::{Again, Page};

use crate::again::again_of;
use crate::files::Output;
use crate::input::Input;
use crate::origin::Origin;
use crate::output::Failure;
use crate::simulate::result::hash;

/// Writes a page beside the printed answer.
///
/// * `text` — the printed answer; its first paragraph with a full stop is the answer in a sentence.
pub(crate) fn write(
    output: &Output,
    mut page: Page,
    text: &str,
    source: Source,
) -> Result<(), Failure> {
    page.answer = text
        .split("\n\n")
        .find(|p| p.contains('.'))
        .unwrap_or(text)
        .trim()
        .replace('\n', " ");
    page.warnings.extend(source.warnings);
    page.again = Some(source.again);
    output.write(page.html().as_bytes())
}

/// What an answer was made from.
#[derive(Debug)]
pub(crate) struct Source {
    /// How to get its page again.
    again: Again,
    /// What must be known before using it.
    warnings: Vec<String>,
    /// What its JSON carries.
    pub(crate) origin: Origin,
}

impl Source {
    /// Adds a key to the JSON, such as the hash of another file.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.origin = self.origin.with(key, value);
        self
    }
}

/// Source of a page about a gateway file: its warnings are those of `lazaret check`.
pub(crate) fn again(input: &Input, seed: u64) -> Result<Source, Failure> {
    let loaded = input.load()?;
    let warnings = lazaret_gateway::check::check(&loaded.reading).warnings;
    let text = loaded.document.text();
    let name = &loaded.reading.gateway.name;
    Ok(Source {
        again: again_of(text, &input.set, seed),
        warnings: warnings.into_iter().map(|w| w.message).collect(),
        origin: Origin::new(Some(name), Some(seed), text, &input.set),
    })
}

/// Source of an answer about a hazard file, and about the gateway that prices it if there is one.
pub(crate) fn of_hazard(text: &str, gateway: Option<&Input>, seed: u64) -> Result<Source, Failure> {
    let mut source = Source {
        again: again_of(text, &[], seed),
        warnings: Vec::new(),
        origin: Origin::new(None, Some(seed), text, &[]),
    };
    if let Some(input) = gateway {
        let loaded = input.load()?;
        let hash = hash(loaded.document.text(), &input.set);
        let name = &loaded.reading.gateway.name;
        source.origin = Origin::new(Some(name), Some(seed), text, &[]).with("gateway_hash", hash);
    }
    Ok(source)
}

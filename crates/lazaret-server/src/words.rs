//! Words that are spelt as in JSON.

pub(crate) use lazaret_ledger::words::{surface_words, tally_words, words};
use lazaret_vocabulary::event::Event;

/// What happened, a sentence for each event.
pub(crate) fn in_words(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| words(&event.happening)).collect()
}

/// `event` of an event as in JSON.
pub(crate) fn name(event: &Event) -> String {
    event.happening.name().to_owned()
}

/// A name as in JSON of anything that is one word there.
pub(crate) fn name_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

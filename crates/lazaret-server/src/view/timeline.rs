//! Records as a line of what happened.

use std::collections::HashMap;

use lazaret_ledger::chain::Record;
use lazaret_store::{Store, StoreError};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, Role};

use crate::api::lots::TimelineItem;
use crate::words::words;

/// Records by their numbers.
pub(crate) async fn records(store: &Store, seqs: &[u64]) -> Result<Vec<Record>, StoreError> {
    store
        .records(seqs)
        .await?
        .iter()
        .map(lazaret_store::Stored::record)
        .collect()
}

/// What happened, in order; only the events for which `about` holds.
///
/// * `roles` — of the reader, who may not know everything.
pub(crate) fn timeline(
    roles: &[Role],
    records: &[Record],
    about: impl Fn(&Happening) -> bool,
) -> Vec<TimelineItem> {
    let mut corrected: HashMap<u64, u64> = HashMap::new();
    for record in records {
        for event in &record.events {
            if let Happening::Entry(Entry::Corrected { record: old, .. }) = &event.happening {
                corrected.insert(*old, record.seq);
            }
        }
    }
    let mut items = Vec::new();
    for record in records {
        let readable = super::health::readable(roles, &record.events);
        for event in readable.iter().filter(|e| about(&e.happening)) {
            items.push(TimelineItem {
                seq: record.seq,
                at: event.at.into(),
                recorded_at: record.recorded_at.into(),
                by: record.by.clone(),
                device: record.device.clone(),
                words: words(&event.happening),
                event: event.clone(),
                corrected_by: corrected.get(&record.seq).copied(),
            });
        }
    }
    items
}

/// Whether an event names a lot. Events of a record without any name (a correction, a warning) belong to it too.
pub(crate) fn about_lot(happening: &Happening, lot: &str) -> bool {
    let mut named = false;
    let mut found = false;
    names(happening, &mut |kind, name| {
        if kind == "lot" {
            named = true;
            found |= name == lot;
        }
    });
    found || !named
}

/// Calls `each` with every lot and vehicle that an event names.
pub(crate) fn names(happening: &Happening, each: &mut impl FnMut(&str, &str)) {
    let Ok(value) = serde_json::to_value(happening) else {
        return;
    };
    walk(&value, "", each);
}

fn walk(value: &serde_json::Value, key: &str, each: &mut impl FnMut(&str, &str)) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                walk(value, key, each);
            }
        }
        serde_json::Value::Array(values) => {
            let key = key.strip_suffix('s').unwrap_or(key);
            for value in values {
                walk(value, key, each);
            }
        }
        serde_json::Value::String(text) if key == "lot" || key == "vehicle" => each(key, text),
        _ => {}
    }
}

//! Every event by name, and who may say it by the ledger's own matrix.

use std::sync::LazyLock;

use lazaret_ledger::role::roles_for;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Role;

/// One event of each kind, whose fields mean nothing: the matrix is asked with events, not with names.
const ONE_OF_EACH: &str = include_str!("vocabulary.jsonl");

/// Names of events and the roles that may say them; empty for what the ledger says itself.
pub(crate) static EVENTS: LazyLock<Vec<(&str, &[Role])>> = LazyLock::new(|| {
    ONE_OF_EACH
        .lines()
        .filter_map(|line| {
            let happening: Happening = serde_json::from_str(line).ok()?;
            let name = line.split('"').nth(3)?;
            Some((name, roles_for(&happening)))
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_document_is_there_and_can_be_read() {
        let document = serde_json::to_value(crate::document()).unwrap();
        let mut named: Vec<String> = Vec::new();
        for schema in ["Happening", "Entry"] {
            let variants = &document["components"]["schemas"][schema]["oneOf"];
            for variant in variants.as_array().unwrap() {
                find(variant, &mut named);
            }
        }
        named.sort();
        let mut known: Vec<String> = EVENTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        known.sort();
        assert_eq!(known, named);
        assert_eq!(known.len(), ONE_OF_EACH.lines().count());
    }

    fn find(variant: &serde_json::Value, named: &mut Vec<String>) {
        if let Some(name) = variant["properties"]["event"]["enum"][0].as_str() {
            named.push(name.into());
        }
        for part in variant["allOf"].as_array().into_iter().flatten() {
            if part["properties"]["event"].is_object() {
                find(part, named);
            }
        }
    }
}

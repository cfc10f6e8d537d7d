//! Every event by name, and who may say it by the ledger's own matrix.

use std::sync::LazyLock;

use lazaret_ledger::role::roles_for;
use lazaret_vocabulary::event::entry::Role;
use lazaret_vocabulary::strict::one_of_each;

/// Names of events and the roles that may say them; empty for what the ledger says itself.
pub(crate) static EVENTS: LazyLock<Vec<(&str, &[Role])>> = LazyLock::new(|| {
    one_of_each()
        .iter()
        .map(|happening| (happening.name(), roles_for(happening)))
        .collect()
});

#[cfg(test)]
mod tests {
    use lazaret_vocabulary::event::{Entry, Happening};

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
        assert_eq!(known.len(), Happening::NAMES.len() + Entry::NAMES.len());
    }

    /// What a reader of events is compared with must know every field, or a misspelt one would pass.
    #[test]
    fn every_field_of_the_document_is_in_its_example() {
        let document = serde_json::to_value(crate::document()).unwrap();
        let schemas = &document["components"]["schemas"];
        let mut looked = 0;
        for schema in ["Happening", "Entry"] {
            for variant in schemas[schema]["oneOf"].as_array().unwrap() {
                let mut named = Vec::new();
                find(variant, &mut named);
                let Some(name) = named.first() else { continue };
                let example = lazaret_vocabulary::strict::example_of(name).unwrap();
                looked += compare(schemas, variant, example, name);
            }
        }
        assert!(looked > 250, "{looked}");
    }

    /// How many fields of `schema` are in `example`, which must be all.
    fn compare(
        schemas: &serde_json::Value,
        schema: &serde_json::Value,
        example: &serde_json::Value,
        path: &str,
    ) -> usize {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return compare(schemas, &schemas[name], example, path);
        }
        let mut looked = 0;
        for part in schema["allOf"].as_array().into_iter().flatten() {
            looked += compare(schemas, part, example, path);
        }
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{field}");
            assert!(!example[field].is_null(), "the example lacks {path}");
            looked += 1 + compare(schemas, schema, &example[field], &path);
        }
        if schema["items"].is_object() {
            looked += compare(schemas, &schema["items"], &example[0], path);
        }
        looked
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

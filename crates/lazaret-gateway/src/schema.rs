//! The JSON Schema of a gateway file, for editors that complete and check TOML as it is typed.

use serde_json::{Map, Value, json};

use crate::fields::{Bound, Field, Form, Kind, SECTIONS, Section};
use crate::model::Dimension;
use crate::quantity::FAMILIES;
use lazaret_vocabulary::time::TIME_UNITS;

/// The JSON Schema (draft 2020-12) of a gateway file.
#[must_use]
pub fn schema() -> Value {
    let mut properties = Map::new();
    for section in SECTIONS {
        properties.insert(section.name.to_string(), section_schema(section));
    }
    let families: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
    let units: Vec<&str> = TIME_UNITS.iter().map(|&(unit, _)| unit).collect();
    let name = r"^\p{Alphabetic}[\p{L}\p{N}_-]*$".replace(r"\p{Alphabetic}", r"\p{L}");
    let call = format!(r"^\s*({})\s*\(.*\)\s*$", families.join("|"));
    let unknown = r"^\s*\p{L}[\p{L}\p{N}_-]*\s*$";
    let number = r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?";
    let time = format!(r"^\s*({number}\s*({})\s*)+$", units.join("|"));
    let mass = format!(r"^\s*({number}\s*(kg|t|g)\s*)+$");
    let plain = format!(r"^\s*{number}\s*%?\s*$");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lazaret gateway file",
        "description": "A quarantine gateway for freight: what the place is and what its rules are.",
        "type": "object",
        "required": ["gateway", "source", "place", "step"],
        "additionalProperties": false,
        "properties": properties,
        "$defs": {
            "name": { "type": "string", "pattern": name },
            "call": { "type": "string", "pattern": call, "description": "a distribution, such as uniform(24 h, 48 h)" },
            "unknown": { "type": "string", "pattern": unknown, "description": "the name of an unknown" },
            "duration": { "anyOf": [
                { "type": "string", "pattern": time },
                { "$ref": "#/$defs/call" },
                { "$ref": "#/$defs/unknown" },
                { "const": 0 },
                { "const": "0" }
            ] },
            "mass": { "anyOf": [
                { "type": "string", "pattern": mass },
                { "$ref": "#/$defs/call" },
                { "$ref": "#/$defs/unknown" }
            ] },
            "number": { "anyOf": [
                { "type": "number" },
                { "type": "string", "pattern": plain },
                { "$ref": "#/$defs/call" },
                { "$ref": "#/$defs/unknown" }
            ] },
            "known_duration": { "type": "string", "pattern": time },
            "share": { "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": plain },
                { "$ref": "#/$defs/unknown" }
            ] },
            // TOML dates have no JSON type; tools hand them over as strings.
            "moment": { "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$" }
        }
    })
}

fn section_schema(section: &Section) -> Value {
    match section.form {
        Form::One => with_doc(table(section.fields), section.doc),
        Form::Values => json!({
            "type": "object",
            "description": section.doc,
            "propertyNames": { "$ref": "#/$defs/name" },
            "additionalProperties": { "anyOf": [
                { "type": "number" },
                { "type": "string" }
            ] }
        }),
        Form::Named => json!({
            "type": "object",
            "description": section.doc,
            "propertyNames": { "$ref": "#/$defs/name" },
            "additionalProperties": table(section.fields)
        }),
        Form::List => json!({
            "type": "array",
            "description": section.doc,
            "items": table(section.fields)
        }),
    }
}

fn table(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut doc = field.doc.to_string();
        if !field.default.is_empty() {
            doc.push_str(" Default: ");
            doc.push_str(field.default);
            doc.push('.');
        }
        properties.insert(field.name.to_string(), with_doc(kind(field.kind), &doc));
    }
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties
    })
}

fn with_doc(mut schema: Value, doc: &str) -> Value {
    if let Value::Object(object) = &mut schema {
        object.insert("description".to_string(), Value::String(doc.to_string()));
    }
    schema
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn one_or_list(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn quantity(dimension: Dimension, bound: Bound) -> Value {
    match dimension {
        Dimension::Duration => reference("duration"),
        Dimension::Mass => reference("mass"),
        Dimension::Number => {
            let constant = if bound.whole { "integer" } else { "number" };
            json!({ "anyOf": [
                { "type": constant, "minimum": bound.least, "maximum": bound.greatest },
                { "$ref": "#/$defs/call" },
                { "$ref": "#/$defs/unknown" }
            ] })
        }
    }
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Zone | Kind::Clock => json!({ "type": "string" }),
        Kind::Moment => reference("moment"),
        Kind::Dates => json!({ "type": "array", "items": { "$ref": "#/$defs/moment" } }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Share => reference("share"),
        Kind::Quantity(dimension, bound) => quantity(dimension, bound),
        Kind::Prior => json!({ "anyOf": [{ "type": "number" }, { "type": "string" }] }),
        Kind::Fixed => reference("known_duration"),
        Kind::ByClass(dimension, bound) => {
            let one = quantity(dimension, bound);
            json!({ "anyOf": [one, { "type": "object", "additionalProperties": one }] })
        }
        Kind::Slots(bound) => {
            let one = quantity(Dimension::Number, bound);
            json!({ "anyOf": [{ "const": "unlimited" }, one] })
        }
        Kind::Choice(choices) => {
            let words: Vec<Value> = choices
                .iter()
                .map(|(word, doc)| json!({ "const": word, "description": doc }))
                .collect();
            json!({ "oneOf": words })
        }
        Kind::Name(_) => reference("name"),
        Kind::Names(_) => one_or_list(&reference("name")),
        Kind::Needs => json!({
            "type": "object",
            "propertyNames": { "$ref": "#/$defs/name" },
            "additionalProperties": { "type": "integer", "minimum": 1, "maximum": 1_000_000 }
        }),
        Kind::Shares => json!({ "anyOf": [
            { "$ref": "#/$defs/name" },
            {
                "type": "object",
                "propertyNames": { "$ref": "#/$defs/name" },
                "additionalProperties": { "$ref": "#/$defs/share" }
            }
        ] }),
        Kind::Windows => {
            let window = r"^\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*$";
            one_or_list(&json!({ "type": "string", "pattern": window }))
        }
        Kind::Days => one_or_list(&json!({ "type": "string" })),
        Kind::Times => {
            one_or_list(&json!({ "type": "string", "pattern": r"^\d{1,2}:\d{2}(:\d{2})?$" }))
        }
        Kind::Return => json!({ "type": "string", "pattern": "^\\s*(direct|quarantine\\s.+)$" }),
        Kind::Table(fields) => table(fields),
        Kind::Tables(fields) => one_or_list(&table(fields)),
    }
}

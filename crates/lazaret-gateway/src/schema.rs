//! The JSON Schema of a gateway file, for editors that complete and check TOML as it is typed.

use serde_json::{Map, Value, json};

use crate::fields::{Bound, Field, Form, Kind, SECTIONS, Section};
use crate::model::Dimension;
use crate::quantity::FAMILIES;
use lazaret_vocabulary::time::TIME_UNITS;

/// Blanks, in a pattern.
const SPACE: &str = "[ \t]*";

/// A name, in a pattern: a letter, then letters, digits, `_` and `-`. Patterns keep to what every validator understands
/// (JSON Schema 2020-12, core, section 6.4), which has no classes of Unicode. So the characters of ASCII that a name may not
/// have are excluded, and all others are let through; `lazaret check` looks closer.
const NAME: &str = r"[^ -@\[-`{-~][^ -,./:-@\[-^`{-~]*";

/// Days of the week: what is always written of them, and the rest of their names.
const DAYS: [(&str, &str); 7] = [
    ("mon", "day"),
    ("tue", "sday"),
    ("wed", "nesday"),
    ("thu", "rsday"),
    ("fri", "day"),
    ("sat", "urday"),
    ("sun", "day"),
];

/// A word in capital or small letters, as a pattern.
fn any_case(word: &str) -> String {
    word.chars()
        .map(|c| format!("[{}{c}]", c.to_ascii_uppercase()))
        .collect()
}

/// The JSON Schema (draft 2020-12) of a gateway file.
///
/// It refuses what can be seen in one value alone: an unknown key, a wrong kind, a unit or a distribution that does not
/// exist. What depends on the rest of the file, such as a name that is not declared, only the reader refuses.
#[must_use]
pub fn schema() -> Value {
    let mut properties = Map::new();
    for section in SECTIONS {
        properties.insert(section.name.to_string(), section_schema(section));
    }
    let families: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
    let units: Vec<&str> = TIME_UNITS.iter().map(|&(unit, _)| unit).collect();
    let name = format!("^{NAME}$");
    let call = format!(
        "^{SPACE}({}){SPACE}[(][^\n]*[)]{SPACE}$",
        families.join("|")
    );
    let unknown = format!("^{SPACE}{NAME}{SPACE}$");
    let number = "[+-]?([0-9][0-9_]*[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?";
    // No time and no mass is below zero.
    let amount = number.replacen("[+-]", "[+]", 1);
    let units = units.join("|");
    let time = format!("^{SPACE}({amount}{SPACE}({units}){SPACE})+$");
    let mass = format!("^{SPACE}({amount}{SPACE}(kg|t|g){SPACE})+$");
    let plain = format!("^{SPACE}{number}{SPACE}%?{SPACE}$");
    let day: Vec<String> = DAYS
        .iter()
        .map(|(short, rest)| format!("{}({})?", any_case(short), any_case(rest)))
        .collect();
    let day = format!("({})", day.join("|"));
    let days = format!("^{SPACE}{day}{SPACE}([,-]{SPACE}({day}{SPACE})?)*$");
    let blank = "[ \t]+";
    let moment =
        "(stored|arrival|arrived|arrives|ends|ended|end|starts|started|start|begins|began)";
    let filler = format!("((the|is){blank})*");
    let clock = format!(
        "^{SPACE}(starts?{blank})?((when|on){blank})?{filler}({NAME}{blank})?{filler}{moment}{SPACE}$"
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lazaret gateway file",
        "description": "A quarantine gateway for freight: the place and its rules.",
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
            "prior": { "anyOf": [
                { "type": "number" },
                { "type": "string", "pattern": plain },
                { "type": "string", "pattern": time },
                { "type": "string", "pattern": mass },
                { "$ref": "#/$defs/call" }
            ] },
            "days": { "type": "string", "pattern": days },
            "clock": { "type": "string", "pattern": clock },
            "zone_name": { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$" },
            "share": { "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": plain },
                { "$ref": "#/$defs/unknown" }
            ] },
            // TOML dates have no JSON type; tools hand them over as strings.
            "moment": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?$" }
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
            "additionalProperties": { "$ref": "#/$defs/prior" }
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

/// One or more; an empty list says nothing.
fn one_or_more(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
}

/// A time of day, in a pattern.
const OF_DAY: &str = "([01]?[0-9]|2[0-3]):[0-5][0-9]";

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
                { "type": "string", "pattern": format!("^{SPACE}[+]?[0-9][0-9_]*([.][0-9]*)?{SPACE}$") },
                { "$ref": "#/$defs/call" },
                { "$ref": "#/$defs/unknown" }
            ] })
        }
    }
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Zone => reference("zone_name"),
        Kind::Clock => reference("clock"),
        Kind::Moment => reference("moment"),
        Kind::Dates => json!({ "type": "array", "items": { "$ref": "#/$defs/moment" } }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Share => reference("share"),
        Kind::Quantity(dimension, bound) => quantity(dimension, bound),
        Kind::Prior => reference("prior"),
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
                .map(|(word, doc)| match word.split_once(" -> ") {
                    // Blanks around an arrow are a matter of taste.
                    Some((from, to)) => {
                        json!({ "pattern": format!("^{from}{SPACE}->{SPACE}{to}$"), "description": doc })
                    }
                    None => json!({ "const": word, "description": doc }),
                })
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
            let window = format!("^{SPACE}{OF_DAY}{SPACE}-{SPACE}({OF_DAY}|24:00){SPACE}$");
            one_or_more(&json!({ "type": "string", "pattern": window }))
        }
        Kind::Days => one_or_more(&reference("days")),
        Kind::Times => {
            let time = format!("^{OF_DAY}(:[0-5][0-9])?$");
            one_or_more(&json!({ "type": "string", "pattern": time }))
        }
        Kind::Return => {
            let units: Vec<&str> = TIME_UNITS.iter().map(|&(unit, _)| unit).collect();
            let units = units.join("|");
            // A number has a unit; anything else is a distribution or the name of an unknown.
            let ways = format!(
                "^{SPACE}(direct{SPACE}|quarantine[ \t]+([+0-9][^\n]*({units}){SPACE}|[^+0-9 \t\n-][^\n]*))$"
            );
            json!({ "type": "string", "pattern": ways })
        }
        Kind::Table(fields) => table(fields),
        Kind::Tables(fields) => one_or_list(&table(fields)),
    }
}

//! Reading JSON strictly: what is unknown, missing or wrong is named with its place.
//!
//! A misspelt `hazard` that is passed over makes dangerous goods harmless. [`read`] refuses every field that would not
//! be read, and where a value does not fit it says which one, found by putting the values one by one into an example
//! that is right ([`example_of`]).
//!
//! ```
//! use lazaret_vocabulary::strict;
//! let wrong = serde_json::json!({ "at": "2022-01-17T01:00:00Z", "event": "lot_stored", "lot": "a", "place": "yard", "unit": "1" });
//! assert_eq!(
//!     strict::event(&wrong).unwrap_err().to_string(),
//!     "lot_stored: `unit` cannot be \"1\"; write it like 1"
//! );
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::event::{Entry, Event, Happening};
use crate::near;

static EXAMPLES: LazyLock<BTreeMap<&'static str, Value>> = LazyLock::new(|| {
    one_of_each()
        .into_iter()
        .filter_map(|one| Some((one.name(), serde_json::to_value(&one).ok()?)))
        .collect()
});

/// One of each kind of happening, with every field that it may have.
#[must_use]
pub fn one_of_each() -> Vec<Happening> {
    let entries = Entry::one_of_each().into_iter().map(Happening::Entry);
    (Happening::one_of_each().into_iter())
        .chain(entries)
        .collect()
}

/// What is wrong with a JSON text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// The event, if the text names one.
    pub event: Option<String>,
    /// The field, such as `lines[2].hazards`.
    pub field: String,
    /// What is wrong and what to write instead.
    pub what: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(event) = &self.event {
            write!(f, "{event}: ")?;
        }
        write!(f, "`{}` {}", self.field, self.what)
    }
}

impl std::error::Error for Misread {}

/// An event with every field that it may have; none if there is no event of that name.
#[must_use]
pub fn example_of(event: &str) -> Option<&'static Value> {
    EXAMPLES.get(event)
}

/// The example of the event that `value` names.
///
/// # Errors
/// If `value` is not an object, names no event, or one that does not exist.
pub fn example_for(value: &Value) -> Result<&'static Value, Misread> {
    let wrong = |what: String| Misread {
        event: None,
        field: "event".into(),
        what,
    };
    match value.get("event") {
        None => Err(wrong("is missing; write the name of what happened".into())),
        Some(Value::String(name)) => example_of(name).ok_or_else(|| {
            let near = or_rather(name);
            wrong(format!(
                "cannot be \"{}\"; there is no such event{near}",
                short(name)
            ))
        }),
        Some(other) => Err(wrong(format!(
            "cannot be {}; write the name of what happened",
            shown(other)
        ))),
    }
}

/// Reads one event.
///
/// # Errors
/// [`Misread`] names the first field that is unknown, missing or wrong.
pub fn event(value: &Value) -> Result<Event, Misread> {
    let example = example_for(value)?;
    let mut whole = example.clone();
    if let Value::Object(whole) = &mut whole {
        whole.insert("at".into(), "2026-01-05T08:00:00Z".into());
    }
    read(value, &whole)
}

/// Reads a value of which `example` has every field.
///
/// # Errors
/// [`Misread`] names the first field that is unknown, missing or wrong.
pub fn read<T: DeserializeOwned + Serialize>(value: &Value, example: &Value) -> Result<T, Misread> {
    let named = |(field, what): (String, String)| Misread {
        event: value
            .get("event")
            .and_then(Value::as_str)
            .map(str::to_owned),
        field,
        what,
    };
    let parses = |value: &Value| T::deserialize(value).is_ok();
    let Ok(parsed) = T::deserialize(value) else {
        return Err(named(blame(value, example, &parses, "")));
    };
    let back = serde_json::to_value(&parsed).unwrap_or_default();
    match unknown(value, &back, Some(example), "") {
        None => Ok(parsed),
        Some(found) => Err(named(found)),
    }
}

/// Why the bytes of a record cannot be read as a `T`: which of its events or fields is wrong.
///
/// * `example` — a record with every field that it may have, and no events.
/// * `error` — what the parser said of the bytes, which is told where nothing better is known.
pub fn why_not<T: DeserializeOwned>(
    json: &[u8],
    example: &Value,
    error: &serde_json::Error,
) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(json) else {
        return error.to_string();
    };
    if let Some(Value::Array(events)) = value.get_mut("events") {
        for (at, one) in std::mem::take(events).iter().enumerate() {
            if let Err(misread) = event(one) {
                return format!("events[{at}]: {misread}");
            }
        }
    }
    if let (Value::Object(fields), Value::Object(known)) = (&value, example)
        && let Some(name) = fields.keys().find(|name| !known.contains_key(*name))
    {
        return format!("`{}` {}", short(name), not_a_field(name, known, None));
    }
    let parses = |value: &Value| T::deserialize(value).is_ok();
    if parses(&value) {
        return error.to_string();
    }
    let (field, what) = blame(&value, example, &parses, "");
    format!("`{field}` {what}")
}

/// The first field of `value` that was not read into `back`.
fn unknown(
    value: &Value,
    back: &Value,
    example: Option<&Value>,
    path: &str,
) -> Option<(String, String)> {
    match (value, back) {
        (Value::Object(fields), Value::Object(read)) => fields.iter().find_map(|(name, value)| {
            let path = joined(path, name);
            let known = example.and_then(|example| example.get(name));
            match (read.get(name), known) {
                (Some(back), _) => unknown(value, back, known, &path),
                // Read, and left out because it says nothing.
                (None, Some(_)) => None,
                (None, None) => Some((path, not_a_field(name, read, example))),
            }
        }),
        (Value::Array(values), Value::Array(back)) => {
            let first = example.and_then(|example| example.get(0));
            (values.iter().zip(back).enumerate()).find_map(|(at, (value, back))| {
                unknown(value, back, first, &format!("{path}[{at}]"))
            })
        }
        _ => None,
    }
}

fn not_a_field(name: &str, read: &Map<String, Value>, example: Option<&Value>) -> String {
    let mut known: Vec<&str> = read.keys().map(String::as_str).collect();
    if let Some(Value::Object(example)) = example {
        known.extend(example.keys().map(String::as_str));
    }
    known.sort_unstable();
    known.dedup();
    match near::suggestion(name, known.iter().copied()) {
        Some(question) => format!("is not a field here; {question}"),
        None => format!("is not a field here; the fields are {}", known.join(", ")),
    }
}

/// The field because of which `value` does not parse, deepest first.
///
/// * `parses` — whether the whole does with another value in the place of this one.
fn blame(
    value: &Value,
    example: &Value,
    parses: &dyn Fn(&Value) -> bool,
    path: &str,
) -> (String, String) {
    match (value, example) {
        (Value::Object(fields), Value::Object(right)) => {
            let variant = fields.len() == 1 && right.len() == 1;
            for name in right.keys().filter(|_| !variant) {
                let mut without = right.clone();
                without.remove(name);
                if !fields.contains_key(name) && !parses(&Value::Object(without)) {
                    let like = shown(&right[name]);
                    return (
                        joined(path, name),
                        format!("is missing; write it like {like}"),
                    );
                }
            }
            for (name, value) in fields {
                let with = |value: &Value| {
                    let mut with = right.clone();
                    with.insert(name.clone(), value.clone());
                    parses(&Value::Object(with))
                };
                if let Some(example) = right.get(name).filter(|_| !with(value)) {
                    return blame(value, example, &with, &joined(path, name));
                }
            }
        }
        (Value::Array(values), Value::Array(right)) if !right.is_empty() => {
            let with = |value: &Value| parses(&Value::Array(vec![value.clone()]));
            for (at, value) in values.iter().enumerate() {
                if !with(value) {
                    return blame(value, &right[0], &with, &format!("{path}[{at}]"));
                }
            }
        }
        _ => {}
    }
    let field = if path.is_empty() { "." } else { path };
    (
        field.to_owned(),
        format!(
            "cannot be {}; write it like {}",
            shown(value),
            shown(example)
        ),
    )
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        short(name)
    } else {
        format!("{path}.{}", short(name))
    }
}

/// A value in a message: not longer than a line.
fn shown(value: &Value) -> String {
    short(&value.to_string())
}

fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The event that was probably meant, as the end of a sentence; empty if none resembles `name`.
fn or_rather(name: &str) -> String {
    let near = near::suggestion(name, EXAMPLES.keys().copied());
    near.map_or_else(String::new, |question| format!("; {question}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn says(value: Value, what: &str) {
        let mut value = value;
        value["at"] = json!("2022-01-17T01:00:00Z");
        match event(&value) {
            Ok(read) => panic!("{read:?} was read"),
            Err(misread) => assert_eq!(misread.to_string(), what),
        }
    }

    #[test]
    fn every_example_is_read_and_each_of_its_fields_counts() {
        assert!(EXAMPLES.len() > 70);
        for (name, example) in EXAMPLES.iter() {
            let mut value = example.clone();
            value["at"] = json!("2022-01-17T01:00:00Z");
            event(&value).unwrap_or_else(|misread| panic!("{misread}"));
            for field in example
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| *key != "event")
            {
                let mut wrong = value.clone();
                wrong[field] = json!({ "nonsense": [1.5] });
                let misread = event(&wrong).unwrap_err();
                assert!(
                    misread.field.starts_with(field.as_str()),
                    "{name}.{field}: {misread}"
                );
                let mut misspelt = value.clone();
                misspelt[format!("{field}_x")] = json!(null);
                let misread = event(&misspelt).unwrap_err();
                assert_eq!(misread.field, format!("{field}_x"), "{name}");
            }
        }
    }

    #[test]
    fn a_misspelt_field_is_named_wherever_it_is() {
        let line = |more: (&str, Value)| {
            let mut line =
                json!({ "vehicle": "v", "lot": "l", "goods": "g", "pieces": 1, "mass_kg": 1 });
            line[more.0] = more.1;
            json!({ "event": "manifest_announced", "manifest": "m", "convoy": "c", "source": "s", "lines": [line] })
        };
        let hint = "`lines[0].hazard` is not a field here; did you mean `hazards`?";
        for empty in [json!(["3"]), json!([]), json!(null)] {
            says(
                line(("hazard", empty)),
                &format!("manifest_announced: {hint}"),
            );
        }
        says(
            line(("pieces", json!(-1))),
            "manifest_announced: `lines[0].pieces` cannot be -1; write it like 1",
        );
        says(
            json!({ "event": "lot_storedd" }),
            "`event` cannot be \"lot_storedd\"; there is no such event; did you mean `lot_stored`?",
        );
        says(
            json!({ "event": "capacity_changed", "place": "x" }),
            "capacity_changed: `slots` is missing; write it like 1",
        );
        says(
            json!({ "event": "person_cleared", "person": "x", "until": "9999-12-31" }),
            "person_cleared: `until` cannot be \"9999-12-31\"; write it like \"2026-01-05T08:00:00Z\"",
        );
        says(
            json!({ "event": "lot_stored", "lot": "x", "place": "y", "unit": 1, "colour": "red" }),
            "lot_stored: `colour` is not a field here; the fields are at, event, lot, place, unit",
        );
    }
}

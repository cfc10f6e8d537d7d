//! What a file uses: keys, words, families of distributions. The random files must use all of it, each beside each other.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_gateway::fields::{self, Field, Form, Kind, SECTIONS};
use lazaret_gateway::quantity::FAMILIES;

use crate::write::{File, Section};

/// Values of keys that are no words of a list but mean different things.
const FORMS: [(&str, &str, &str); 11] = [
    ("step.clock", "\"when stored", "stored"),
    ("step.clock", "\"on arrival", "arrival"),
    ("step.clock", " starts\"", "start"),
    ("step.clock", " ends\"", "end"),
    ("step.takes", "other =", "by class"),
    ("step.next", "\"", "id"),
    ("place.slots", "\"unlimited", "unlimited"),
    ("place.count", "0", "none at first"),
    ("vehicle.return", "\"direct", "direct"),
    ("vehicle.return", "\"quarantine", "quarantine"),
    ("source.goods", "{", "shares"),
];

/// All that a file may say, by the table of fields.
pub(crate) fn all() -> BTreeSet<String> {
    let mut out = BTreeSet::from(["unknown".to_string()]);
    for section in SECTIONS {
        of_fields(section.name, section.fields, &mut out);
    }
    for (key, _, word) in FORMS {
        out.insert(format!("{key}={word}"));
    }
    for family in FAMILIES {
        out.insert(format!("{}()", family.name));
    }
    out
}

fn of_fields(path: &str, fields: &[Field], out: &mut BTreeSet<String>) {
    for field in fields {
        let key = format!("{path}.{}", field.name);
        match field.kind {
            Kind::Table(inner) | Kind::Tables(inner) => of_fields(&key, inner, out),
            Kind::Choice(words) => {
                out.extend(words.iter().map(|(word, _)| format!("{key}={word}")));
            }
            _ => {}
        }
        out.insert(key);
    }
}

/// What one file says of it.
pub(crate) fn of(file: &File) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for section in &file.sections {
        if section.kind() == "unknown" {
            out.insert("unknown".to_string());
        }
        of_section(section, &mut out);
    }
    out
}

fn of_section(section: &Section, out: &mut BTreeSet<String>) {
    let known = fields::section(section.kind()).map_or(&[][..], |section| section.fields);
    for (name, value) in &section.keys {
        for family in FAMILIES {
            if value.contains(&format!("{}(", family.name)) {
                out.insert(format!("{}()", family.name));
            }
        }
        let Some(field) = known.iter().find(|field| field.name == name) else {
            continue;
        };
        let key = format!("{}.{name}", section.kind());
        of_value(&key, field, value, out);
    }
}

fn of_value(key: &str, field: &Field, value: &str, out: &mut BTreeSet<String>) {
    out.insert(key.to_string());
    for (of, says, word) in FORMS {
        if of == key && value.contains(says) {
            out.insert(format!("{key}={word}"));
        }
    }
    match field.kind {
        Kind::Table(inner) | Kind::Tables(inner) => {
            for field in inner {
                let Some((_, rest)) = value.split_once(&format!(" {} = ", field.name)) else {
                    continue;
                };
                of_value(&format!("{key}.{}", field.name), field, rest, out);
            }
        }
        Kind::Choice(words) => {
            let word = words
                .iter()
                .find(|(word, _)| value.starts_with(&format!("\"{word}\"")));
            out.extend(word.map(|(word, _)| format!("{key}={word}")));
        }
        _ => {}
    }
}

/// Pairs that no file can have: two values of one key in a section that stands once.
fn excludes(a: &str, b: &str) -> bool {
    let section = a.split('.').next().unwrap_or("");
    let once = fields::section(section).is_some_and(|section| section.form == Form::One);
    match (a.split_once('='), b.split_once('=')) {
        (Some((a, _)), Some((b, _))) => once && a == b,
        _ => false,
    }
}

/// Counts what files say and which of it they say together.
#[derive(Default)]
pub(crate) struct Pairs(BTreeMap<String, BTreeSet<String>>);

impl Pairs {
    pub(crate) fn add(&mut self, file: &File) {
        let features = of(file);
        for feature in &features {
            self.0
                .entry(feature.clone())
                .or_default()
                .extend(features.iter().cloned());
        }
    }

    /// What was never said, and what never together.
    pub(crate) fn missing(&self) -> Vec<String> {
        let all = all();
        let none = BTreeSet::new();
        let mut out = Vec::new();
        for a in &all {
            let together = self.0.get(a).unwrap_or(&none);
            if together.is_empty() {
                out.push(a.clone());
            }
            let missing = all
                .iter()
                .filter(|&b| a < b && !together.contains(b) && !excludes(a, b));
            out.extend(missing.map(|b| format!("{a} with {b}")));
        }
        out
    }
}

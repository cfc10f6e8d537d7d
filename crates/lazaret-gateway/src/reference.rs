//! The reference part of the guide to the gateway file, written from the tables that drive the reader.

use std::fmt::Write as _;

use crate::fields::{AGAIN, BREAKS, CHANGE, CLOSURE, Field, Form, Kind, SECTIONS, TIMETABLE};
use crate::model::Dimension;
use crate::quantity::FAMILIES;

/// The reference as Markdown: every section with its keys, then the tables within them, then the distributions.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for section in SECTIONS {
        let header = match section.form {
            Form::One | Form::Values => format!("[{}]", section.name),
            Form::Named => format!("[{}.NAME]", section.name),
            Form::List => format!("[[{}]]", section.name),
        };
        let _ = writeln!(out, "### `{header}`\n\n{}\n", section.doc);
        if section.form == Form::Values {
            out.push_str("Each key is the name of an unknown; its value is a quantity without unknowns in it.\n\n");
        } else {
            keys(&mut out, section.fields);
        }
    }
    out.push_str("### Nested tables\n\n");
    let tables: [(&str, &str, &[Field]); 5] = [
        ("timetable", "of a source or a dispatch", TIMETABLE),
        ("closed", "of a source or place: a list of these", CLOSURE),
        (
            "from",
            "of a place: a list of these, in the order of their dates; of a crew or equipment only with `count`",
            CHANGE,
        ),
        ("breaks", "of a place, a crew or equipment", BREAKS),
        ("again", "of an inspection", AGAIN),
    ];
    for (name, of, fields) in tables {
        let _ = writeln!(out, "`{name}`, {of}:\n");
        keys(&mut out, fields);
    }
    out.push_str("### Distributions\n\n");
    out.push_str("| form | meaning | mean | variance |\n| --- | --- | --- | --- |\n");
    out.push_str("| `36 h` | A constant. | itself | 0 |\n");
    for family in FAMILIES {
        let forms: Vec<String> = family
            .form
            .split(" or ")
            .map(|form| format!("`{form}`"))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            forms.join(" or "),
            family.doc,
            family.mean,
            family.variance
        );
    }
    out
}

fn keys(out: &mut String, fields: &[Field]) {
    out.push_str("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for field in fields {
        let left_out = match (field.required, field.default) {
            (true, _) => "**required**".to_string(),
            (false, "") => "—".to_string(),
            (false, default) => default.to_string(),
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {left_out} | {} |",
            field.name,
            value(field.kind),
            field.doc
        );
    }
    out.push('\n');
}

/// What a value may be, in words.
fn value(kind: Kind) -> String {
    let dimension = |dimension: Dimension| match dimension {
        Dimension::Number => "number",
        Dimension::Duration => "duration",
        Dimension::Mass => "mass",
    };
    match kind {
        Kind::Text => "text".to_string(),
        Kind::Zone => "time zone".to_string(),
        Kind::Moment => "date, or date and time".to_string(),
        Kind::Dates => "list of dates".to_string(),
        Kind::Flag => "`true` or `false`".to_string(),
        Kind::Whole(..) => "whole number".to_string(),
        Kind::Share => "share, or an unknown".to_string(),
        Kind::Quantity(of, _) => dimension(of).to_string(),
        Kind::Prior => "quantity".to_string(),
        Kind::Fixed => "known duration".to_string(),
        Kind::ByClass(of, _) => format!("{0}, or a {0} for each class", dimension(of)),
        Kind::Slots(_) => "number, or `\"unlimited\"`".to_string(),
        Kind::Choice(choices) => choices
            .iter()
            .map(|(word, doc)| format!("`\"{word}\"`: {doc}"))
            .collect::<Vec<_>>()
            .join("<br>"),
        Kind::Name(thing) => format!("name of a {}", thing.word()),
        Kind::Names(thing) => format!("name of a {}, or a list of them", thing.word()),
        Kind::Needs => "table of crews or equipment with how many".to_string(),
        Kind::Shares => {
            "name of a goods class, or a table of classes with their shares".to_string()
        }
        Kind::Windows => "`\"HH:MM-HH:MM\"`, or a list of them".to_string(),
        Kind::Days => "days of the week".to_string(),
        Kind::Times => "list of times of day".to_string(),
        Kind::Clock | Kind::Return => "text".to_string(),
        Kind::Table(_) => "table".to_string(),
        Kind::Tables(_) => "list of tables".to_string(),
    }
}

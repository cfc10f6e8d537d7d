//! The tree of a gateway file, each key and value with its characters, and overrides put over it.

use crate::diagnostic::{Diagnostic, Location, Text, suggest};
use crate::fields;
use crate::read::csv::Columns;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

/// The largest gateway file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 8 << 20;

/// After this many syntax errors the rest is left out, because they follow from the first.
const SYNTAX_MOST: usize = 100;

/// A key or value with its characters.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Location,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
    Moment(Datetime),
    List(Vec<Node>),
    Table(Table),
}

impl Node {
    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Moment(_) => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Location,
    pub(crate) node: Node,
}

impl Table {
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }
}

/// A gateway file whose TOML has been parsed, ready to be read with this or that override.
#[derive(Debug)]
pub struct Document {
    pub(crate) text: String,
    pub(crate) root: Table,
    /// Errors of syntax; the tree holds what could be saved.
    pub(crate) syntax: Vec<Diagnostic>,
    /// Columns of CSV files, read once for all readings.
    pub(crate) columns: Columns,
}

impl Document {
    /// Parses the TOML of `text`. Errors of syntax are kept and reported by [`read`](Document::read), with all others.
    ///
    /// # Errors
    /// If the text is longer than [`FILE_BYTES_MAX`].
    pub fn parse(text: impl Into<String>) -> Result<Document, Diagnostic> {
        let text = text.into();
        if text.len() > FILE_BYTES_MAX {
            return Err(Diagnostic::error(
                "file-too-large",
                Location::TOP,
                format!(
                    "this file has {} bytes; a gateway file may have at most {FILE_BYTES_MAX}",
                    text.len()
                ),
            )
            .help("put measurements into a CSV file and use `empirical(\"file.csv\", \"column\", unit)`"));
        }
        let (table, errors) = DeTable::parse_recoverable(&text);
        let syntax = errors
            .iter()
            .filter(|error| {
                // After one [step] every [[step]] is a "duplicate key"; the reader says how it is written.
                let shown = error.span().and_then(|span| text.get(span));
                !(error.message().contains("duplicate key") && shown == Some("step"))
            })
            .take(SYNTAX_MOST)
            .map(|error| {
                let span = error.span().unwrap_or(0..0);
                let at = Location {
                    text: Text::File,
                    start: span.start.min(text.len()),
                    end: span.end.min(text.len()),
                };
                syntax_error(&text, at, error.message())
            })
            .collect();
        let root = table_of(table.get_ref(), Text::File, 0);
        Ok(Document {
            text,
            root,
            syntax,
            columns: Columns::default(),
        })
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree with `overrides` put over it.
    pub(crate) fn with(
        &self,
        overrides: &[impl AsRef<str>],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Table {
        let mut root = self.root.clone();
        for (i, text) in overrides.iter().enumerate() {
            if let Err(diagnostic) = put_over(&mut root, i, text.as_ref()) {
                diagnostics.push(diagnostic);
            }
        }
        root
    }
}

fn syntax_error(text: &str, at: Location, message: &str) -> Diagnostic {
    let message = if message.starts_with("string values must be quoted") {
        "a text must be in quotes"
    } else {
        message
    };
    let diagnostic = Diagnostic::error("syntax", at, message);
    let shown = text.get(at.start..at.end).unwrap_or("");
    if message.contains("duplicate key") {
        return diagnostic
            .said("this key is set twice")
            .help("remove one of the two");
    }
    if message.starts_with("invalid unquoted key") {
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '.' | '=' | '{' | '}' | ',');
        let start = text[..at.start].rfind(ends).map_or(0, |before| {
            before + text[before..].chars().next().map_or(1, char::len_utf8)
        });
        let end = text[at.start..]
            .find(ends)
            .map_or(text.len(), |after| at.start + after);
        let word = &text[start..end];
        if word
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        {
            return diagnostic.help(format!("put the name in quotes: \"{word}\""));
        }
    }
    // The commonest slip: a duration or distribution without its quotes.
    let line_start = text[..at.start].rfind('\n').map_or(0, |i| i + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    if let Some((key, value)) = line.split_once('=') {
        let value = value.trim();
        let unquoted = value.chars().next().is_some_and(char::is_alphanumeric)
            && !value.contains('"')
            && (value.contains(' ')
                || value.contains('(')
                || value.chars().any(char::is_alphabetic));
        if unquoted {
            return diagnostic.help(format!("write it in quotes: {} = \"{value}\"", key.trim()));
        }
    }
    if shown.is_empty() {
        return diagnostic.said("here");
    }
    diagnostic
}

fn table_of(table: &DeTable<'_>, text: Text, offset: usize) -> Table {
    let entries = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_at: location(key.span(), text, offset),
            node: node_of(value.get_ref(), value.span(), text, offset),
        })
        .collect();
    Table { entries }
}

fn location(span: std::ops::Range<usize>, text: Text, offset: usize) -> Location {
    Location {
        text,
        start: span.start + offset,
        end: span.end + offset,
    }
}

fn node_of(value: &DeValue<'_>, span: std::ops::Range<usize>, text: Text, offset: usize) -> Node {
    let at = location(span, text, offset);
    let value = match value {
        DeValue::String(s) => Value::Text(s.to_string()),
        // What does not fit is kept as a number so that its field can refuse it by size, not by kind.
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).map_or_else(
            |_| Value::Number(i.as_str().parse().unwrap_or(f64::INFINITY)),
            Value::Integer,
        ),
        DeValue::Float(f) => Value::Number(f.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(moment) => Value::Moment(*moment),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|item| node_of(item.get_ref(), item.span(), text, offset))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(table_of(table, text, offset)),
    };
    Node { at, value }
}

/// Puts `text`, the override at position `number`, over the tree.
fn put_over(root: &mut Table, number: usize, text: &str) -> Result<(), Diagnostic> {
    let at = |start: usize, end: usize| Location {
        text: Text::Override(number),
        start,
        end,
    };
    let whole = at(0, text.len());
    let Some(equals) = text.find('=') else {
        return Err(
            Diagnostic::error("override", whole, "this override has no `=`")
                .help("write PATH=VALUE, such as `place.yard.slots=440`"),
        );
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for part in text[..equals].split('.') {
        let skipped = part.len() - part.trim_start().len();
        let name = part.trim().trim_matches('"');
        parts.push((
            name,
            at(start + skipped, start + skipped + part.trim().len()),
        ));
        start += part.len() + 1;
    }
    if let Some((_, empty)) = parts.iter().find(|(name, _)| name.is_empty()) {
        return Err(
            Diagnostic::error("override", *empty, "a part of this path is empty")
                .help("write PATH=VALUE, such as `place.yard.slots=440`"),
        );
    }
    let raw = &text[equals + 1..];
    let skipped = raw.len() - raw.trim_start().len();
    let value_start = equals + 1 + skipped;
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Err(
            Diagnostic::error("override", whole, "this override has no value")
                .help("write PATH=VALUE, such as `place.yard.slots=440`"),
        );
    }
    let node = match DeValue::parse(trimmed) {
        Ok(value) => node_of(
            value.get_ref(),
            0..trimmed.len(),
            Text::Override(number),
            value_start,
        ),
        Err(_) => Node {
            at: at(value_start, value_start + trimmed.len()),
            value: Value::Text(trimmed.to_string()),
        },
    };

    let (section_name, section_at) = parts[0];
    let Some(section) = fields::SECTIONS.iter().find(|s| s.name == section_name) else {
        let names = fields::SECTIONS.iter().map(|s| s.name);
        return Err(Diagnostic::error(
            "override",
            section_at,
            format!("a gateway file has no section `{section_name}`"),
        )
        .help(suggest(section_name, "section", names)));
    };
    let enough = match section.form {
        fields::Form::One => 2,
        fields::Form::Values => 2,
        fields::Form::Named | fields::Form::List => 3,
    };
    if parts.len() < enough {
        let shape = match section.form {
            fields::Form::One => format!("{section_name}.KEY=VALUE"),
            fields::Form::Values => format!("{section_name}.NAME=VALUE"),
            fields::Form::Named | fields::Form::List => format!("{section_name}.NAME.KEY=VALUE"),
        };
        return Err(
            Diagnostic::error("override", whole, "this path is too short")
                .help(format!("write {shape}")),
        );
    }
    let (thing, thing_at) = parts[1];
    let missing = |names: &mut dyn Iterator<Item = &str>| {
        let names: Vec<&str> = names.collect();
        Diagnostic::error(
            "override",
            thing_at,
            format!("{section_name} `{thing}` is not declared"),
        )
        .help(suggest(thing, section_name, names.iter().copied()))
    };
    match section.form {
        fields::Form::One => {
            let table = child_table(root, section_name, section_at)?;
            set(table, &parts[1..], node)
        }
        fields::Form::Values => {
            let table = child_table(root, section_name, section_at)?;
            let names = || table.entries.iter().map(|entry| entry.key.as_str());
            if !names().any(|name| name == thing) {
                return Err(missing(&mut names()));
            }
            set(table, &parts[1..], node)
        }
        fields::Form::Named => {
            let known = matches!(root.get(section_name), Some(Node { value: Value::Table(table), .. }) if table.entry(thing).is_some());
            if !known {
                let mut names = match root.get(section_name) {
                    Some(Node {
                        value: Value::Table(table),
                        ..
                    }) => table.entries.iter().map(|e| e.key.as_str()).collect(),
                    _ => Vec::new(),
                }
                .into_iter();
                return Err(missing(&mut names));
            }
            let table = child_table(root, section_name, section_at)?;
            set(table, &parts[1..], node)
        }
        fields::Form::List => {
            let id_of = |item: &Node| match &item.value {
                Value::Table(table) => match table.get("id") {
                    Some(Node {
                        value: Value::Text(id),
                        ..
                    }) => id.clone(),
                    _ => String::new(),
                },
                _ => String::new(),
            };
            let items = match root.entries.iter_mut().find(|e| e.key == section_name) {
                Some(Entry {
                    node:
                        Node {
                            value: Value::List(items),
                            ..
                        },
                    ..
                }) => items,
                _ => return Err(missing(&mut std::iter::empty())),
            };
            let ids: Vec<String> = items.iter().map(id_of).collect();
            let Some(found) = ids.iter().position(|id| id == thing) else {
                return Err(missing(&mut ids.iter().map(String::as_str)));
            };
            match &mut items[found].value {
                Value::Table(table) => set(table, &parts[2..], node),
                _ => Ok(()),
            }
        }
    }
}

/// The table under `key`, made if it is not there.
fn child_table<'t>(
    table: &'t mut Table,
    key: &str,
    key_at: Location,
) -> Result<&'t mut Table, Diagnostic> {
    let index = match table.entries.iter().position(|entry| entry.key == key) {
        Some(index) => index,
        None => {
            table.entries.push(Entry {
                key: key.to_string(),
                key_at,
                node: Node {
                    at: key_at,
                    value: Value::Table(Table::default()),
                },
            });
            table.entries.len() - 1
        }
    };
    match &mut table.entries[index].node.value {
        Value::Table(inner) => Ok(inner),
        _ => Err(Diagnostic::error(
            "override",
            key_at,
            format!("`{key}` is not a table, so nothing in it can be set"),
        )),
    }
}

fn set(table: &mut Table, path: &[(&str, Location)], node: Node) -> Result<(), Diagnostic> {
    let (key, key_at) = path[0];
    if path.len() == 1 {
        let entry = Entry {
            key: key.to_string(),
            key_at,
            node,
        };
        match table.entries.iter_mut().find(|old| old.key == key) {
            Some(old) => *old = entry,
            None => table.entries.push(entry),
        }
        return Ok(());
    }
    // `closed.0.to`: an item of a list by its position.
    if let Some(Entry {
        node: Node {
            value: Value::List(items),
            ..
        },
        ..
    }) = table.entries.iter_mut().find(|entry| entry.key == key)
    {
        let (position, position_at) = path[1];
        let count = items.len();
        let item = position
            .parse::<usize>()
            .ok()
            .and_then(|i| items.get_mut(i));
        let Some(item) = item else {
            return Err(Diagnostic::error(
                "override",
                position_at,
                format!("`{key}` has {count} items, and `{position}` is not the position of one"),
            )
            .help("positions are counted from 0"));
        };
        return match (&mut item.value, path.len()) {
            (_, 2) => {
                *item = node;
                Ok(())
            }
            (Value::Table(inner), _) => set(inner, &path[2..], node),
            _ => Err(Diagnostic::error(
                "override",
                position_at,
                "this item is not a table, so nothing in it can be set",
            )),
        };
    }
    let inner = child_table(table, key, key_at)?;
    set(inner, &path[1..], node)
}

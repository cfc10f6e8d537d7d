//! Values of one table, read by the kinds of its fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reader;
use lazaret_vocabulary::near::nearest;

use crate::diagnostic::{Diagnostic, Location, Text};
use crate::distribution::Distribution;
use crate::document::{Entry, Node, Table, Value};
use crate::fields::{Bound, Field, Kind, Thing};
use crate::model::{Dimension, Quantity, ResourceIx, Term, UnknownIx};
use crate::quantity::{self, Scope, dimension_example, dimension_word};
use lazaret_vocabulary::time::Span;

/// One table with the fields it may have.
#[derive(Clone, Copy)]
pub(super) struct Section<'d> {
    pub(super) table: &'d Table,
    pub(super) fields: &'static [Field],
    /// The name of the thing, or the header.
    pub(super) at: Location,
}

impl<'d> Section<'d> {
    pub(super) fn entry(&self, key: &str) -> Option<&'d Entry> {
        debug_assert!(
            self.fields.iter().any(|f| f.name == key),
            "`{key}` is not in the table of fields"
        );
        self.table.entry(key)
    }

    pub(super) fn kind(&self, key: &str) -> Kind {
        self.fields
            .iter()
            .find(|f| f.name == key)
            .map_or(Kind::Text, |f| f.kind)
    }

    /// Where to point for something that concerns `key`, set or not.
    pub(super) fn at_key(&self, key: &str) -> Location {
        self.table.get(key).map_or(self.at, |node| node.at)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.entry(key).is_some()
    }
}

impl<'d> Reader<'d> {
    /// Reports keys that do not exist and keys that are missing.
    pub(super) fn open(
        &mut self,
        table: &'d Table,
        fields: &'static [Field],
        at: Location,
        what: &str,
    ) -> Section<'d> {
        let mut meant = Vec::new();
        for entry in &table.entries {
            if !fields.iter().any(|field| field.name == entry.key) {
                let names = fields.iter().map(|field| field.name);
                let help = self.suggestion(&entry.key, "key", names.clone());
                if help.is_some() {
                    meant.extend(nearest(&entry.key, names));
                }
                self.error(
                    Diagnostic::error(
                        "unknown-key",
                        entry.key_at,
                        format!("{what} has no `{}`", entry.key),
                    )
                    .maybe_help(help),
                );
            }
        }
        // A key that is there, only misspelt, is not missing as well.
        let missing: Vec<&Field> = fields
            .iter()
            .filter(|field| {
                field.required && table.get(field.name).is_none() && !meant.contains(&field.name)
            })
            .collect();
        for field in missing {
            self.error(
                Diagnostic::error("missing-key", at, format!("{what} has no `{}`", field.name))
                    .help(format!("add {} = {}", field.name, example(field))),
            );
        }
        Section { table, fields, at }
    }

    pub(super) fn wrong_kind(&mut self, node: &Node, expected: &str) {
        self.error(Diagnostic::error(
            "wrong-kind",
            node.at,
            format!("{expected} is expected here, not {}", node.kind()),
        ));
    }

    /// Where byte `range` of the value of `node` stands: one byte further in if the text is in quotes.
    pub(super) fn inside(
        &self,
        node: &Node,
        text: &str,
        range: std::ops::Range<usize>,
    ) -> Location {
        let source = match node.at.text {
            Text::File => self.text,
            Text::Override(i) => self.overrides.get(i).copied().unwrap_or(""),
        };
        let raw = source.get(node.at.start..node.at.end).unwrap_or("");
        // With escapes in the text, bytes of the value are not bytes of the file: then the whole value is shown.
        match raw.find(text) {
            Some(offset) if !text.is_empty() => {
                let end = if range.is_empty() {
                    range.end + 1
                } else {
                    range.end
                };
                node.at.part(offset + range.start, offset + end)
            }
            _ => node.at,
        }
    }

    pub(super) fn text_value(&mut self, section: &Section<'d>, key: &str) -> Option<&'d str> {
        let entry = section.entry(key)?;
        match &entry.node.value {
            Value::Text(text) => Some(text),
            _ => {
                self.wrong_kind(&entry.node, "a text");
                None
            }
        }
    }

    pub(super) fn flag(&mut self, section: &Section<'d>, key: &str) -> Option<bool> {
        let entry = section.entry(key)?;
        match entry.node.value {
            Value::Bool(flag) => Some(flag),
            _ => {
                self.wrong_kind(&entry.node, "true or false");
                None
            }
        }
    }

    pub(super) fn whole(&mut self, section: &Section<'d>, key: &str) -> Option<i64> {
        let entry = section.entry(key)?;
        let (least, most) = match section.kind(key) {
            Kind::Whole(least, most) => (least, most),
            _ => (i64::MIN, i64::MAX),
        };
        match entry.node.value {
            Value::Integer(value) if (least..=most).contains(&value) => Some(value),
            Value::Integer(_) | Value::Number(_) => {
                self.error(Diagnostic::error(
                    "out-of-range",
                    entry.node.at,
                    format!("`{key}` must be a whole number from {least} to {most}"),
                ));
                None
            }
            _ => {
                self.wrong_kind(&entry.node, "a whole number");
                None
            }
        }
    }

    /// The word of a choice.
    pub(super) fn choice(&mut self, section: &Section<'d>, key: &str) -> Option<&'static str> {
        let Kind::Choice(choices) = section.kind(key) else {
            return None;
        };
        let entry = section.entry(key)?;
        let Value::Text(text) = &entry.node.value else {
            self.wrong_kind(&entry.node, "a text");
            return None;
        };
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let found = choices
            .iter()
            .find(|(word, _)| squeezed(word) == squeezed(text));
        if found.is_none() {
            let names = choices.iter().map(|&(word, _)| word);
            let help = self.suggestion(text, "word", names);
            self.error(
                Diagnostic::error(
                    "unknown-word",
                    entry.node.at,
                    format!("`{key}` cannot be `{text}`"),
                )
                .maybe_help(help),
            );
        }
        found.map(|&(word, _)| word)
    }

    /// The thing that `node` names.
    pub(super) fn thing(&mut self, node: &Node, thing: Thing) -> Option<usize> {
        let Value::Text(name) = &node.value else {
            self.wrong_kind(node, &format!("the name of a {}", thing.word()));
            return None;
        };
        let found = self.names.of(thing).find(name);
        if found.is_none() {
            let names = self.names.of(thing).names.iter().map(String::as_str);
            let help = self.suggestion(name, thing.word(), names.filter(|name| !name.is_empty()));
            self.error(
                Diagnostic::error(
                    "unknown-name",
                    node.at,
                    format!("{} `{name}` is not declared", thing.word()),
                )
                .maybe_help(help),
            );
        }
        found
    }

    pub(super) fn name(&mut self, section: &Section<'d>, key: &str) -> Option<usize> {
        let Kind::Name(thing) = section.kind(key) else {
            return None;
        };
        let entry = section.entry(key)?;
        self.thing(&entry.node, thing)
    }

    /// The things that a list of names, or one name, refers to.
    pub(super) fn name_list(&mut self, section: &Section<'d>, key: &str) -> Option<Vec<usize>> {
        let Kind::Names(thing) = section.kind(key) else {
            return None;
        };
        let entry = section.entry(key)?;
        match &entry.node.value {
            Value::List(items) => {
                let mut found = Vec::new();
                for item in items {
                    if let Some(index) = self.thing(item, thing) {
                        found.push(index);
                    }
                }
                Some(found)
            }
            _ => Some(self.thing(&entry.node, thing).into_iter().collect()),
        }
    }

    /// Crews and equipment under `crew`, one of each, and under `needs`, with how many.
    pub(super) fn needs(
        &mut self,
        section: &Section<'d>,
        crew: Option<&str>,
        needs: &str,
    ) -> Vec<(ResourceIx, u32)> {
        let mut out: Vec<(ResourceIx, u32)> = Vec::new();
        let mut add = |index: usize, number: u32| {
            let resource = ResourceIx(index as u16);
            match out.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, known)) => *known = known.saturating_add(number),
                None => out.push((resource, number)),
            }
        };
        if let Some(list) = crew.and_then(|key| self.name_list(section, key)) {
            for index in list {
                add(index, 1);
            }
        }
        let Some(entry) = section.entry(needs) else {
            return out;
        };
        let Value::Table(table) = &entry.node.value else {
            self.wrong_kind(&entry.node, "a table such as { crane = 1 }");
            return out;
        };
        for inner in &table.entries {
            let name = Node {
                at: inner.key_at,
                value: Value::Text(inner.key.clone()),
            };
            let index = self.thing(&name, Thing::Resource);
            let number = match inner.node.value {
                Value::Integer(number) if (1..=1_000_000).contains(&number) => number as u32,
                _ => {
                    self.error(Diagnostic::error(
                        "out-of-range",
                        inner.node.at,
                        format!(
                            "the number of `{}` must be a whole number from 1",
                            inner.key
                        ),
                    ));
                    continue;
                }
            };
            if let Some(index) = index {
                add(index, number);
            }
        }
        out
    }

    /// The quantity at `node`, checked against `bound`.
    pub(super) fn quantity_of(
        &mut self,
        node: &Node,
        dimension: Dimension,
        bound: Bound,
    ) -> Option<Quantity> {
        let quantity = self.unchecked_quantity(node, Some(dimension))?;
        self.check_quantity(&quantity, node, bound)
            .then_some(quantity)
    }

    fn unchecked_quantity(&mut self, node: &Node, expected: Option<Dimension>) -> Option<Quantity> {
        let number = match node.value {
            Value::Integer(value) => value as f64,
            Value::Number(value) => value,
            Value::Text(ref text) => return self.quantity_text(node, text, expected),
            _ => {
                let example = match expected {
                    Some(dimension) => format!(
                        "{} such as {}",
                        dimension_word(dimension),
                        dimension_example(dimension)
                    ),
                    None => "a quantity such as \"uniform(24 h, 48 h)\"".to_string(),
                };
                self.wrong_kind(node, &example);
                return None;
            }
        };
        if !number.is_finite() {
            self.error(Diagnostic::error(
                "out-of-range",
                node.at,
                "this is not a valid number",
            ));
            return None;
        }
        let dimension = expected.unwrap_or(Dimension::Number);
        if dimension != Dimension::Number && number != 0.0 {
            let (what, units) = match dimension {
                Dimension::Mass => ("mass", ["kg", "t"]),
                _ => ("duration", ["h", "d"]),
            };
            self.error(
                Diagnostic::error("missing-unit", node.at, format!("this {what} has no unit"))
                    .help(format!(
                        "write \"{number} {}\" or \"{number} {}\"",
                        units[0], units[1]
                    )),
            );
            return None;
        }
        Some(Quantity::constant(dimension, number))
    }

    fn quantity_text(
        &mut self,
        node: &Node,
        text: &str,
        expected: Option<Dimension>,
    ) -> Option<Quantity> {
        let (csv, columns) = (self.csv, self.columns);
        let mut blanks: Vec<String> = Vec::new();
        let mut column = |file: &str, column: &str, per: f64| {
            let key = (file.to_string(), column.to_string(), per.to_bits());
            let mut columns = columns
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(values) = columns.get(&key) {
                return Ok(Arc::clone(values));
            }
            let (mut values, blank) = super::csv::column(&csv(file)?, column)?;
            if blank > 0 {
                blanks.push(format!(
                    "{blank} of {} rows of `{file}` have no value in `{column}` and are ignored",
                    blank + values.len()
                ));
            }
            for value in &mut values {
                *value *= per;
            }
            values.sort_by(f64::total_cmp);
            let values: Arc<[f64]> = values.into();
            columns.insert(key, Arc::clone(&values));
            Ok(values)
        };
        let unknowns = &self.unknowns;
        let used = &self.used;
        let names = &self.names.unknowns;
        let find = |name: &str| {
            let index = names.find(name).filter(|&index| index < unknowns.len())?;
            used[index].set(true);
            Some((UnknownIx(index as u16), unknowns[index].dimension))
        };
        let result = quantity::parse(
            text,
            expected,
            &mut Scope {
                unknowns: &find,
                names: &names.names,
                column: &mut column,
            },
        );
        for message in blanks {
            let warning = Diagnostic::warning("blank-cells", node.at, message);
            self.diagnostics
                .push(warning.help("fill in the values, or remove these rows"));
        }
        match result {
            Ok(quantity) => Some(quantity),
            Err(problem) => {
                let at = self.inside(node, text, problem.range);
                self.error(
                    Diagnostic::error(problem.code, at, problem.message).maybe_help(problem.help),
                );
                None
            }
        }
    }

    /// What is believed of an unknown.
    pub(super) fn prior(&mut self, entry: &Entry) -> Option<(Dimension, Distribution)> {
        // Priors are read before any unknown is known, so that a name in one is refused here.
        let before = self.unknowns.len();
        let quantity = {
            let unknowns = std::mem::take(&mut self.unknowns);
            let quantity = self.unchecked_quantity(&entry.node, None);
            self.unknowns = unknowns;
            quantity
        };
        debug_assert_eq!(before, self.unknowns.len());
        let quantity = quantity?;
        match quantity.resolve(&[]) {
            Ok(distribution) => {
                let (low, high) = distribution.support();
                let most = match quantity.dimension {
                    Dimension::Duration => crate::fields::LONGEST_S,
                    _ => 1e12,
                };
                if quantity.dimension != Dimension::Number && low < 0.0 {
                    self.error(Diagnostic::error(
                        "negative",
                        entry.node.at,
                        format!("`{}` may be negative", entry.key),
                    ));
                    return None;
                }
                let mean = distribution.mean();
                if mean.abs() > most || (high.is_finite() && high > most) {
                    self.too_large(entry.node.at, quantity.dimension, most);
                    return None;
                }
                Some((quantity.dimension, distribution))
            }
            Err(error) => {
                self.error(Diagnostic::error(
                    "impossible",
                    entry.node.at,
                    error.to_string(),
                ));
                None
            }
        }
    }

    fn too_large(&mut self, at: Location, dimension: Dimension, most: f64) {
        let most = match dimension {
            Dimension::Duration => format!("{:.0} years", most / (365.25 * 86_400.0)),
            Dimension::Mass => format!("{most} kg"),
            Dimension::Number => format!("{most}"),
        };
        self.error(Diagnostic::error(
            "out-of-range",
            at,
            format!("this may exceed the limit of {most}"),
        ));
    }

    /// Values of the unknowns at which a quantity is tried: every corner of their ranges.
    fn corners(&self, quantity: &Quantity) -> Vec<Vec<f64>> {
        let distinct: BTreeSet<UnknownIx> = quantity.unknowns().collect();
        if distinct.is_empty() {
            return vec![Vec::new()];
        }
        let mut corners = vec![self.means.clone()];
        for unknown in distinct {
            let (low, high) = self.ranges[unknown.index()];
            corners = corners
                .into_iter()
                .flat_map(|corner| {
                    [low, high].map(|value| {
                        let mut corner = corner.clone();
                        corner[unknown.index()] = value;
                        corner
                    })
                })
                .collect();
        }
        corners
    }

    /// Whether `quantity` is a distribution within `bound` whatever values its unknowns take; reports it if not.
    pub(super) fn check_quantity(
        &mut self,
        quantity: &Quantity,
        node: &Node,
        bound: Bound,
    ) -> bool {
        let what = dimension_word(quantity.dimension);
        for corner in self.corners(quantity) {
            let when = self.corner_in_words(quantity, &corner);
            let distribution = match quantity.resolve(&corner) {
                Ok(distribution) => distribution,
                Err(error) => {
                    self.error(Diagnostic::error(
                        "impossible",
                        node.at,
                        format!("{error}{when}"),
                    ));
                    return false;
                }
            };
            let (low, high) = distribution.support();
            let mean = distribution.mean();
            if low < 0.0 && bound.least >= 0.0 {
                let least = in_unit(quantity.dimension, low);
                let message = match (quantity.dimension, low == high) {
                    (Dimension::Number, true) => format!("this must not be negative{when}"),
                    (_, true) => format!("{what} cannot be negative{when}"),
                    (_, false) => {
                        format!("{what} cannot be negative, but this may be {least}{when}")
                    }
                };
                let mut diagnostic = Diagnostic::error("negative", node.at, message);
                if let Distribution::Normal { .. } = distribution {
                    diagnostic = diagnostic.help(
                        "cut it at zero: leave out the cuts, or write normal(mean, sd, 0, high)",
                    );
                }
                self.error(diagnostic);
                return false;
            }
            let constant = low == high;
            let tail = 10.0 * distribution.variance().sqrt();
            if (high.is_finite() && high > bound.greatest)
                || mean + tail.min(mean * 1e3) > bound.greatest && !high.is_finite()
            {
                self.too_large(node.at, quantity.dimension, bound.greatest);
                return false;
            }
            if bound.positive && (mean <= 0.0 || (constant && low <= 0.0)) {
                self.error(Diagnostic::error(
                    "out-of-range",
                    node.at,
                    format!("this must be above zero{when}"),
                ));
                return false;
            }
            if bound.whole
                && low < bound.least
                && high.is_finite()
                && high <= 1e6
                && low >= 0.0
                && constant
            {
                self.error(Diagnostic::error(
                    "out-of-range",
                    node.at,
                    format!("this must be at least {}{when}", bound.least),
                ));
                return false;
            }
            if bound.whole && bound.least >= 1.0 && low.round() < bound.least {
                self.error(Diagnostic::error(
                    "out-of-range",
                    node.at,
                    format!("this must be at least {} in every draw{when}", bound.least),
                ));
                return false;
            }
            if bound.whole && constant && low.fract() != 0.0 && quantity.unknowns().next().is_none()
            {
                self.error(Diagnostic::error(
                    "out-of-range",
                    node.at,
                    format!("this is a count, and {low} is not a whole number"),
                ));
                return false;
            }
        }
        true
    }

    fn corner_in_words(&self, quantity: &Quantity, corner: &[f64]) -> String {
        let distinct: BTreeSet<UnknownIx> = quantity.unknowns().collect();
        if distinct.is_empty() {
            return String::new();
        }
        let parts: Vec<String> = distinct
            .into_iter()
            .map(|unknown| {
                let about = &self.unknowns[unknown.index()];
                let value = corner[unknown.index()];
                let value = in_unit(about.dimension, value);
                format!("`{}` may be {value}", about.name)
            })
            .collect();
        format!(", and {}", parts.join(" while "))
    }

    /// The quantity under `key`.
    pub(super) fn quantity(&mut self, section: &Section<'d>, key: &str) -> Option<Quantity> {
        let entry = section.entry(key)?;
        let Kind::Quantity(dimension, bound) = section.kind(key) else {
            return None;
        };
        self.quantity_of(&entry.node, dimension, bound)
    }

    /// A share: from 0 to 1 whatever the unknowns.
    pub(super) fn share_of(&mut self, node: &Node) -> Option<Term> {
        let quantity = self.unchecked_quantity(node, Some(Dimension::Number))?;
        let term = match (&quantity.family, quantity.terms.as_slice()) {
            (crate::model::Family::Constant, &[term]) => term,
            _ => {
                self.error(
                    Diagnostic::error(
                        "wrong-kind",
                        node.at,
                        "a share is one number, not a distribution",
                    )
                    .help("put the distribution under [unknown] and write its name here"),
                );
                return None;
            }
        };
        for corner in self.corners(&quantity) {
            let value = term.value(&corner);
            if !(0.0..=1.0).contains(&value) {
                let when = self.corner_in_words(&quantity, &corner);
                let mut diagnostic = Diagnostic::error(
                    "out-of-range",
                    node.at,
                    format!("a share lies between 0 and 1{when}"),
                );
                if (2.0..=100.0).contains(&value) && when.is_empty() {
                    diagnostic = diagnostic.help(format!("for a percentage, write \"{value} %\""));
                }
                self.error(diagnostic);
                return None;
            }
        }
        Some(term)
    }

    pub(super) fn share(&mut self, section: &Section<'d>, key: &str) -> Option<Term> {
        let entry = section.entry(key)?;
        self.share_of(&entry.node)
    }

    /// A duration that is known.
    pub(super) fn fixed(&mut self, node: &Node) -> Option<f64> {
        let quantity = self.unchecked_quantity(node, Some(Dimension::Duration))?;
        let Some(seconds) = quantity.known_constant() else {
            self.error(Diagnostic::error(
                "wrong-kind",
                node.at,
                "this must be one known duration, such as \"180 d\"",
            ));
            return None;
        };
        Some(seconds)
    }
}

/// A value in base units as a person writes it.
fn in_unit(dimension: Dimension, value: f64) -> String {
    match dimension {
        Dimension::Duration if value < 0.0 => format!("-{}", Span::from_seconds(-value)),
        Dimension::Duration => Span::from_seconds(value).to_string(),
        Dimension::Mass => format!("{} kg", (value * 1e3).round() / 1e3),
        Dimension::Number => format!("{}", (value * 1e6).round() / 1e6),
    }
}

/// The range of a belief, without the ends that come with probability zero.
pub(super) fn usual_range(prior: &Distribution) -> (f64, f64) {
    let (low, high) = prior.support();
    let atoms = matches!(
        prior,
        Distribution::Constant { .. }
            | Distribution::UniformInt { .. }
            | Distribution::Discrete { .. }
            | Distribution::Empirical { .. }
            | Distribution::Poisson { .. }
    );
    let high = if high.is_finite() {
        high
    } else {
        prior.mean() + 40.0 * prior.variance().sqrt()
    };
    if atoms || low == high {
        return (low, high);
    }
    let nudge = 1e-9 * (high - low);
    (low + nudge, high - nudge)
}

/// What to write for a key, for a message about its absence.
fn example(field: &Field) -> String {
    match field.kind {
        Kind::Text => "\"…\"".to_string(),
        Kind::Zone => "\"Asia/Pyongyang\"".to_string(),
        Kind::Moment => "2022-01-16".to_string(),
        Kind::Dates => "[2022-02-01]".to_string(),
        Kind::Flag => "true".to_string(),
        Kind::Whole(least, _) => least.max(1).to_string(),
        Kind::Share => "0.5".to_string(),
        Kind::Quantity(dimension, _) | Kind::ByClass(dimension, _) => {
            dimension_example(dimension).to_string()
        }
        Kind::Prior => "\"uniform(24 h, 48 h)\"".to_string(),
        Kind::Fixed => "\"180 d\"".to_string(),
        Kind::Slots(_) => "12".to_string(),
        Kind::Choice(choices) => format!("\"{}\"", choices[0].0),
        Kind::Name(thing) | Kind::Names(thing) => format!("\"name of a {}\"", thing.word()),
        Kind::Needs => "{ crane = 1 }".to_string(),
        Kind::Shares => "{ medicine = 1 }".to_string(),
        Kind::Windows => "\"08:00-20:00\"".to_string(),
        Kind::Days => "\"Mon-Fri\"".to_string(),
        Kind::Times => "[\"06:00\"]".to_string(),
        Kind::Clock => "\"when stored\"".to_string(),
        Kind::Return => "\"direct\"".to_string(),
        Kind::Table(_) => "{ … }".to_string(),
        Kind::Tables(_) => "[{ … }]".to_string(),
    }
}

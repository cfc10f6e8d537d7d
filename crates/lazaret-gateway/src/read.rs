//! From the tree of a file to a checked [`Gateway`], with everything that is wrong said at once.
//!
//! Reading goes in the order in which names can be resolved: names of all things first, then unknowns, then whatever
//! refers to them. Each value is read by the kind that [`fields`](crate::fields) gives its key; a value that is wrong
//! is reported and replaced by something harmless, so that reading goes on and finds the rest.

mod calendar;
mod csv;
mod flow;
mod section;
mod things;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;

use crate::diagnostic::{Diagnostic, Location, Text, nearest, suggest};
use crate::document::{Document, Entry, Node, Table, Value};
use crate::fields::{self, Form, Thing};
use crate::model::{Dimension, Gateway, Unknown};

/// Gives the text of the CSV file of a name, or says why it cannot.
pub type CsvFiles<'c> = &'c dyn Fn(&str) -> Result<String, String>;

/// Columns of CSV files that have been read: by file, column and the bits of the factor of their unit.
pub(crate) type Columns = Mutex<BTreeMap<(String, String, u64), Arc<[f64]>>>;

/// What a file says, with what looks wrong about it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The gateway.
    pub gateway: Gateway,
    /// Warnings about the file.
    pub warnings: Vec<Diagnostic>,
    /// Where things stand in the file.
    pub locations: Locations,
}

/// Where the things of a gateway stand in its file, in the order of the gateway's lists.
#[derive(Clone, Debug, Default)]
pub struct Locations {
    /// Names of the unknowns.
    pub unknowns: Vec<Location>,
    /// Names of the goods classes.
    pub goods: Vec<Location>,
    /// Names of the sources.
    pub sources: Vec<Location>,
    /// Names of the places.
    pub places: Vec<Location>,
    /// Names of crews and equipment.
    pub resources: Vec<Location>,
    /// Ids of the steps.
    pub steps: Vec<Location>,
}

/// Reads the gateway file `text` with `overrides` put over it.
///
/// * `overrides` — each PATH=VALUE, such as `place.yard.slots=440`; the last wins.
/// * `csv` — gives the text of a CSV file that the file names, or says why it cannot.
///
/// # Errors
/// Everything that is wrong, errors and warnings, in the order of the file.
///
/// # Example
/// ```
/// let text = r#"
/// gateway = { name = "yard", length = "365 d" }
/// source.port = { every = "exponential(6 h)" }
/// place.quay = { slots = 2 }
/// step = [{ id = "unload", at = "quay", takes = "exponential(10 h)" }]
/// "#;
/// let no_files = |_: &str| Err("no files here".to_string());
/// let reading = lazaret_gateway::read(text, &["place.quay.slots=3"], &no_files).unwrap();
/// assert_eq!(reading.gateway.places[0].name, "quay");
///
/// let wrong = lazaret_gateway::read(text, &["place.quai.slots=3"], &no_files).unwrap_err();
/// assert_eq!(wrong[0].message, "there is no place `quai`");
/// assert_eq!(wrong[0].help.as_deref(), Some("did you mean `quay`?"));
/// ```
pub fn read(
    text: &str,
    overrides: &[impl AsRef<str>],
    csv: CsvFiles<'_>,
) -> Result<Reading, Vec<Diagnostic>> {
    Document::parse(text)
        .map_err(|diagnostic| vec![diagnostic])?
        .read(overrides, csv)
}

impl Document {
    /// Reads the gateway with `overrides` put over the file. Cheap enough to be done for each of thousands of designs.
    ///
    /// * `overrides` — each PATH=VALUE, such as `place.yard.slots=440`; the last wins.
    /// * `csv` — gives the text of a CSV file that the file names; asked once for each column.
    ///
    /// # Errors
    /// Everything that is wrong, errors and warnings, in the order of the file.
    pub fn read(
        &self,
        overrides: &[impl AsRef<str>],
        csv: CsvFiles<'_>,
    ) -> Result<Reading, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let root = self.with(overrides, &mut diagnostics);
        let mut reader = Reader {
            text: &self.text,
            overrides: overrides.iter().map(AsRef::as_ref).collect(),
            csv,
            columns: &self.columns,
            diagnostics,
            names: Names::default(),
            unknowns: Vec::new(),
            used: Vec::new(),
            misspelt: Vec::new(),
            zone: TimeZone::UTC,
        };
        let gateway = reader.gateway(&root);
        let locations = reader.names.locations();
        let mut diagnostics = reader.diagnostics;
        if !self.syntax.is_empty() {
            // What could not be parsed is missing from the tree, so only errors about what is there, on lines that
            // parsed, are worth telling.
            let line = |at: Location| self.text[..at.start].matches('\n').count();
            let broken: Vec<usize> = self.syntax.iter().map(|d| line(d.labels[0].at)).collect();
            diagnostics.retain(|d| {
                d.is_error()
                    && LOCAL.contains(&d.code)
                    && (d.labels[0].at.text != Text::File
                        || !broken.contains(&line(d.labels[0].at)))
            });
            diagnostics.extend(self.syntax.iter().cloned());
        }
        diagnostics.sort_by_key(|d| {
            (
                d.severity,
                d.labels[0].at.text != Text::File,
                d.labels[0].at,
            )
        });
        diagnostics.dedup();
        match gateway {
            Some(gateway) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(Reading {
                gateway,
                warnings: diagnostics,
                locations,
            }),
            _ => Err(diagnostics),
        }
    }
}

/// Rules about a value alone, which hold even if another part of the file could not be parsed.
const LOCAL: &[&str] = &[
    "unknown-key",
    "unknown-unit",
    "missing-unit",
    "wrong-unit",
    "wrong-kind",
    "unknown-distribution",
    "wrong-arguments",
    "negative",
    "out-of-range",
    "override",
];

struct Reader<'d> {
    text: &'d str,
    overrides: Vec<&'d str>,
    csv: CsvFiles<'d>,
    columns: &'d Columns,
    diagnostics: Vec<Diagnostic>,
    names: Names,
    unknowns: Vec<Unknown>,
    /// Which unknowns something refers to.
    used: Vec<Cell<bool>>,
    /// Sections that are there, only misspelt.
    misspelt: Vec<&'static str>,
    zone: TimeZone,
}

/// Names of all things with their locations, in the order of the gateway's lists.
#[derive(Default)]
struct Names {
    unknowns: Vec<(String, Location)>,
    goods: Vec<(String, Location)>,
    sources: Vec<(String, Location)>,
    places: Vec<(String, Location)>,
    resources: Vec<(String, Location)>,
    steps: Vec<(String, Location)>,
    sites: Vec<(String, Location)>,
    unknown_names: Vec<String>,
}

impl Names {
    fn of(&self, thing: Thing) -> &[(String, Location)] {
        match thing {
            Thing::Goods => &self.goods,
            Thing::Source => &self.sources,
            Thing::Place => &self.places,
            Thing::Resource => &self.resources,
            Thing::Step => &self.steps,
            Thing::Site => &self.sites,
        }
    }

    fn find(&self, thing: Thing, name: &str) -> Option<usize> {
        self.of(thing).iter().position(|(known, _)| known == name)
    }

    fn locations(&self) -> Locations {
        let at = |list: &[(String, Location)]| list.iter().map(|&(_, at)| at).collect();
        Locations {
            unknowns: at(&self.unknowns),
            goods: at(&self.goods),
            sources: at(&self.sources),
            places: at(&self.places),
            resources: at(&self.resources),
            steps: at(&self.steps),
        }
    }
}

impl<'d> Reader<'d> {
    fn error(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that `section` is not there, unless it is there with another spelling.
    fn missing_section(&mut self, section: &str, message: &str, help: &str) {
        if !self.misspelt.contains(&section) {
            self.error(Diagnostic::error("missing-section", Location::TOP, message).help(help));
        }
    }

    fn gateway(&mut self, root: &'d Table) -> Option<Gateway> {
        self.sections(root);
        self.collect_names(root);
        let head = self.head(root);
        self.read_unknowns(root);
        let sites = self.sites(&head);
        let resources = self.resources(root, &head);
        let goods = self.goods(root);
        let places = self.places(root, &head);
        let routes = self.routes(root);
        let general_vehicle = self.vehicle(root);
        let sources = self.sources(root, &head, &goods, &general_vehicle);
        let steps = self.steps(root, &head, &sources);
        let mut gateway = Gateway {
            name: head.name,
            time_zone: self.zone.clone(),
            start: head.start,
            length: head.length,
            study: head.study,
            holidays: head.holidays,
            unknowns: self.unknowns.clone(),
            goods,
            sources,
            places,
            resources,
            steps,
            sites,
            routes,
        };
        self.flow(&mut gateway, root);
        self.unused_unknowns();
        Some(gateway)
    }

    /// Reports sections that do not exist or are written in the wrong form.
    fn sections(&mut self, root: &'d Table) {
        for entry in &root.entries {
            let Some(section) = fields::section(&entry.key) else {
                let names = fields::SECTIONS.iter().map(|s| s.name);
                let help = suggest(&entry.key, "section", names.clone());
                self.misspelt.extend(nearest(&entry.key, names));
                self.error(
                    Diagnostic::error(
                        "unknown-key",
                        entry.key_at,
                        format!("a gateway file has no `{}`", entry.key),
                    )
                    .help(help),
                );
                continue;
            };
            let name = section.name;
            let wrong = match (section.form, &entry.node.value) {
                (Form::One | Form::Values, Value::Table(_)) => None,
                (Form::Named, Value::Table(table)) => table
                    .entries
                    .iter()
                    .find(|e| !matches!(e.node.value, Value::Table(_)))
                    .map(|e| {
                        (
                            e.key_at,
                            format!("write [{name}.NAME] and the keys under it"),
                        )
                    }),
                (Form::List, Value::List(items)) => items
                    .iter()
                    .find(|item| !matches!(item.value, Value::Table(_)))
                    .map(|item| (item.at, format!("write [[{name}]] and the keys under it"))),
                (Form::One | Form::Values, _) => Some((
                    entry.key_at,
                    format!("write [{name}] and the keys under it"),
                )),
                (Form::Named, _) => Some((
                    entry.key_at,
                    format!("write [{name}.NAME] and the keys under it"),
                )),
                (Form::List, _) => Some((
                    entry.key_at,
                    format!("write [[{name}]], in two brackets, for each one"),
                )),
            };
            if let Some((at, help)) = wrong {
                self.error(
                    Diagnostic::error(
                        "wrong-kind",
                        at,
                        format!("`{name}` is not written like this"),
                    )
                    .help(help),
                );
            }
        }
    }

    /// The tables of a section that has a name for each, in the order of the file.
    fn named(&self, root: &'d Table, section: &str) -> Vec<(&'d Entry, &'d Table)> {
        match root.get(section) {
            Some(Node {
                value: Value::Table(table),
                ..
            }) => table
                .entries
                .iter()
                .filter_map(|entry| match &entry.node.value {
                    Value::Table(inner) => Some((entry, inner)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn steps_of(&self, root: &'d Table) -> Vec<(&'d Node, &'d Table)> {
        match root.get("step") {
            Some(Node {
                value: Value::List(items),
                ..
            }) => items
                .iter()
                .filter_map(|node| match &node.value {
                    Value::Table(table) => Some((node, table)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn collect_names(&mut self, root: &'d Table) {
        let list = |reader: &mut Self, section: &str| -> Vec<(String, Location)> {
            let found: Vec<_> = reader
                .named(root, section)
                .into_iter()
                .map(|(entry, _)| (entry.key.clone(), entry.key_at))
                .collect();
            for (name, at) in &found {
                reader.check_name(name, *at);
            }
            reader.check_number(section, &found);
            found
        };
        self.names.goods = list(self, "goods");
        if self.names.goods.is_empty() {
            self.names
                .goods
                .push(("general".to_string(), Location::TOP));
        }
        self.names.sites = list(self, "site");
        self.names.sources = list(self, "source");
        self.names.places = list(self, "place");
        let crews = list(self, "crew");
        let equipment = list(self, "equipment");
        for (name, at) in &equipment {
            if let Some((_, first)) = crews.iter().find(|(crew, _)| crew == name) {
                self.error(
                    Diagnostic::error(
                        "same-name",
                        *at,
                        format!("`{name}` is both a crew and a piece of equipment"),
                    )
                    .also(*first, "the crew")
                    .help("give one of them another name"),
                );
            }
        }
        self.names.resources = crews.into_iter().chain(equipment).collect();
        let mut steps: Vec<(String, Location)> = Vec::new();
        for (node, table) in self.steps_of(root) {
            let (id, at) = match table.get("id") {
                Some(Node {
                    value: Value::Text(id),
                    at,
                }) => (id.clone(), *at),
                _ => (String::new(), node.at),
            };
            if !id.is_empty() {
                self.check_name(&id, at);
                if let Some((_, first)) = steps.iter().find(|(other, _)| *other == id) {
                    self.error(
                        Diagnostic::error(
                            "same-name",
                            at,
                            format!("a second step is called `{id}`"),
                        )
                        .also(*first, "the first")
                        .help("give one of them another id"),
                    );
                }
            }
            steps.push((id, at));
        }
        self.check_number("step", &steps);
        self.names.steps = steps;
        if let Some(Node {
            value: Value::Table(table),
            ..
        }) = root.get("unknown")
        {
            self.names.unknowns = table
                .entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.key_at))
                .collect();
            let unknowns = self.names.unknowns.clone();
            for (name, at) in &unknowns {
                self.check_name(name, *at);
            }
            self.check_number("unknown", &unknowns);
            self.names.unknown_names = unknowns.into_iter().map(|(name, _)| name).collect();
        }
    }

    /// A name appears in results as a part of `place.yard.occupancy` and in quantities, so not every text will do.
    fn check_name(&mut self, name: &str, at: Location) {
        let fits = name.chars().next().is_some_and(char::is_alphabetic)
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let reserved = matches!(name, "other" | "unlimited" | "nan" | "inf" | "infinity")
            || crate::quantity::FAMILIES.iter().any(|f| f.name == name);
        if !fits {
            self.error(
                Diagnostic::error("bad-name", at, format!("`{name}` cannot be a name"))
                    .help("a name begins with a letter and has letters, digits, `_` and `-` only"),
            );
        } else if reserved {
            self.error(
                Diagnostic::error("bad-name", at, format!("`{name}` has a meaning of its own"))
                    .help("choose another name"),
            );
        }
    }

    fn check_number(&mut self, section: &str, list: &[(String, Location)]) {
        const MOST: usize = 65_535;
        if list.len() > MOST {
            self.error(Diagnostic::error(
                "out-of-range",
                list[MOST].1,
                format!(
                    "a file may have {MOST} of `{section}`, and this has {}",
                    list.len()
                ),
            ));
        }
    }

    fn read_unknowns(&mut self, root: &'d Table) {
        let Some(Node {
            value: Value::Table(table),
            ..
        }) = root.get("unknown")
        else {
            return;
        };
        for entry in table.entries.iter().take(65_535) {
            let prior = self.prior(entry);
            let (dimension, prior) = prior.unwrap_or((
                Dimension::Number,
                crate::distribution::Distribution::Constant { value: 1.0 },
            ));
            self.unknowns.push(Unknown {
                name: entry.key.clone(),
                dimension,
                prior,
            });
            self.used.push(Cell::new(false));
        }
    }

    fn unused_unknowns(&mut self) {
        // An override may well put a number where the file had an unknown, and what refers to one may not have been
        // readable.
        if !self.overrides.is_empty() || self.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        let unused: Vec<_> = self
            .used
            .iter()
            .zip(&self.names.unknowns)
            .filter(|(used, _)| !used.get())
            .map(|(_, (name, at))| {
                Diagnostic::warning(
                    "unused-unknown",
                    *at,
                    format!("nothing depends on the unknown `{name}`"),
                )
                .help("use its name where a quantity stands, or remove it")
            })
            .collect();
        self.diagnostics.extend(unused);
    }
}

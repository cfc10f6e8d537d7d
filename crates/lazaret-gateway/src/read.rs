//! From the tree of a file to a checked [`Gateway`], with everything that is wrong said at once.
//!
//! Reading goes in the order in which names can be resolved: names of all things first, then unknowns, then whatever
//! refers to them. Each value is read by the kind that [`fields`](crate::fields) gives its key; a value that is wrong
//! is reported and replaced by something harmless, so that reading goes on and finds the rest.

mod calendar;
pub(crate) mod csv;
mod flow;
mod goods;
mod section;
mod steps;
mod things;

use std::cell::Cell;
use std::collections::HashMap;

use jiff::tz::TimeZone;

use lazaret_vocabulary::near::nearest;

use crate::diagnostic::{Diagnostic, Location, Text, suggest};
use crate::document::{Document, Entry, Node, Table, Value};
use crate::fields::{self, Form, Thing};
use crate::model::{Dimension, Gateway, Unknown};

/// Gives the text of the CSV file of a name, or says why it cannot.
pub type CsvFiles<'c> = &'c dyn Fn(&str) -> Result<String, String>;

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
/// assert_eq!(wrong[0].message, "place `quai` is not declared");
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
            means: Vec::new(),
            ranges: Vec::new(),
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
            let ends: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at).collect();
            let line = |at: Location| ends.partition_point(|&end| end < at.start);
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

/// The most of one kind of thing: positions are 16-bit numbers.
const THINGS_MOST: usize = 65_535;
/// The most goods classes: sets of classes are 64-bit masks in the simulator.
const GOODS_MOST: usize = 64;
/// The most classes times sources, and classes times steps.
const PAIRS_MOST: usize = 1_000_000;
/// The most sources times classes times steps: each way through the steps is looked at.
const WAYS_MOST: usize = 10_000_000;
/// After this many diagnostics nearest names are no longer searched for: it is slow, and nobody reads them.
const HELPED_MOST: usize = 200;

struct Reader<'d> {
    text: &'d str,
    overrides: Vec<&'d str>,
    csv: CsvFiles<'d>,
    columns: &'d csv::Columns,
    diagnostics: Vec<Diagnostic>,
    names: Names,
    unknowns: Vec<Unknown>,
    /// Their means, and the ranges in which they usually lie.
    means: Vec<f64>,
    ranges: Vec<(f64, f64)>,
    /// Which unknowns something refers to.
    used: Vec<Cell<bool>>,
    /// Sections that are there, only misspelt.
    misspelt: Vec<&'static str>,
    zone: TimeZone,
}

/// Names of all things with their locations, in the order of the gateway's lists.
#[derive(Default)]
struct Names {
    unknowns: Named,
    goods: Named,
    sources: Named,
    places: Named,
    resources: Named,
    steps: Named,
    sites: Named,
}

/// The names of one kind of thing.
#[derive(Default)]
struct Named {
    names: Vec<String>,
    at: Vec<Location>,
    /// Of two things of one name the first.
    index: HashMap<String, usize>,
}

impl Named {
    fn push(&mut self, name: String, at: Location) {
        self.index.entry(name.clone()).or_insert(self.names.len());
        self.names.push(name);
        self.at.push(at);
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Names {
    fn of(&self, thing: Thing) -> &Named {
        match thing {
            Thing::Goods => &self.goods,
            Thing::Source => &self.sources,
            Thing::Place => &self.places,
            Thing::Resource => &self.resources,
            Thing::Step => &self.steps,
            Thing::Site => &self.sites,
        }
    }

    fn locations(&self) -> Locations {
        Locations {
            unknowns: self.unknowns.at.clone(),
            goods: self.goods.at.clone(),
            sources: self.sources.at.clone(),
            places: self.places.at.clone(),
            resources: self.resources.at.clone(),
            steps: self.steps.at.clone(),
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

    /// The nearest right name, while anybody may read it.
    fn suggestion<'n>(
        &self,
        given: &str,
        what: &str,
        names: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Option<String> {
        (self.diagnostics.len() < HELPED_MOST).then(|| suggest(given, what, names))
    }

    fn gateway(&mut self, root: &'d Table) -> Option<Gateway> {
        self.sections(root);
        self.collect_names(root);
        if !self.sizes() {
            return None;
        }
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
                let help = self.suggestion(&entry.key, "section", names.clone());
                if help.is_some() {
                    self.misspelt.extend(nearest(&entry.key, names));
                }
                self.error(
                    Diagnostic::error(
                        "unknown-key",
                        entry.key_at,
                        format!("a gateway file has no section `{}`", entry.key),
                    )
                    .maybe_help(help),
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
                    format!("write [[{name}]], with two brackets, for each one"),
                )),
            };
            if let Some((at, help)) = wrong {
                self.error(
                    Diagnostic::error(
                        "wrong-kind",
                        at,
                        format!("`{name}` is written in another form"),
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
        self.names.goods = self.names_under(root, "goods");
        if self.names.goods.is_empty() {
            self.names.goods.push("general".to_string(), Location::TOP);
        }
        self.names.sites = self.names_under(root, "site");
        self.names.sources = self.names_under(root, "source");
        self.names.places = self.names_under(root, "place");
        self.names.resources = self.names_under(root, "crew");
        let equipment = self.names_under(root, "equipment");
        for (name, at) in equipment.names.into_iter().zip(equipment.at) {
            if let Some(crew) = self.names.resources.find(&name) {
                let first = self.names.resources.at[crew];
                self.error(
                    Diagnostic::error(
                        "same-name",
                        at,
                        format!("`{name}` is both a crew and a piece of equipment"),
                    )
                    .also(first, "the crew")
                    .help("give one of them another name"),
                );
            }
            self.names.resources.push(name, at);
        }
        let mut steps = Named::default();
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
                if let Some(first) = steps.find(&id) {
                    self.error(
                        Diagnostic::error("same-name", at, format!("there are two steps `{id}`"))
                            .also(steps.at[first], "the first")
                            .help("rename one of them"),
                    );
                }
            }
            steps.push(id, at);
        }
        self.check_number("step", &steps);
        self.names.steps = steps;
        if let Some(Node {
            value: Value::Table(table),
            ..
        }) = root.get("unknown")
        {
            let mut unknowns = Named::default();
            for entry in &table.entries {
                self.check_name(&entry.key, entry.key_at);
                unknowns.push(entry.key.clone(), entry.key_at);
            }
            self.check_number("unknown", &unknowns);
            self.names.unknowns = unknowns;
        }
    }

    fn names_under(&mut self, root: &'d Table, section: &str) -> Named {
        let mut found = Named::default();
        for (entry, _) in self.named(root, section) {
            self.check_name(&entry.key, entry.key_at);
            found.push(entry.key.clone(), entry.key_at);
        }
        self.check_number(section, &found);
        found
    }

    /// Refuses what would make tables by class too large before they are made.
    fn sizes(&mut self) -> bool {
        let goods = self.names.goods.len();
        let pairs = [
            ("sources", self.names.sources.len()),
            ("steps", self.names.steps.len()),
        ];
        let ways = goods
            .saturating_mul(self.names.sources.len())
            .saturating_mul(self.names.steps.len());
        for (what, count) in pairs {
            if goods.saturating_mul(count) > PAIRS_MOST {
                self.error(Diagnostic::error(
                    "out-of-range",
                    Location::TOP,
                    format!("{goods} goods classes times {count} {what} exceed the limit of {PAIRS_MOST}"),
                ));
                return false;
            }
        }
        if ways > WAYS_MOST {
            self.error(Diagnostic::error(
                "out-of-range",
                Location::TOP,
                format!(
                    "goods classes times sources times steps are {ways}; the limit is {WAYS_MOST}"
                ),
            ));
            return false;
        }
        !self.diagnostics.iter().any(|d| d.code == "too-many")
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
                Diagnostic::error("bad-name", at, format!("`{name}` cannot be a name")).help(
                    "a name begins with a letter and contains only letters, digits, `_` and `-`",
                ),
            );
        } else if reserved {
            self.error(
                Diagnostic::error("bad-name", at, format!("`{name}` is a reserved word"))
                    .help("choose another name"),
            );
        }
    }

    fn check_number(&mut self, section: &str, list: &Named) {
        let most = if section == "goods" {
            GOODS_MOST
        } else {
            THINGS_MOST
        };
        if list.len() > most {
            self.error(Diagnostic::error(
                "too-many",
                list.at[most],
                format!(
                    "a file may have at most {most} of `{section}`; this one has {}",
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
        for entry in &table.entries {
            let prior = self.prior(entry);
            let (dimension, prior) = prior.unwrap_or((
                Dimension::Number,
                crate::distribution::Distribution::Constant { value: 1.0 },
            ));
            self.means.push(prior.mean());
            self.ranges.push(section::usual_range(&prior));
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
            .zip(
                self.names
                    .unknowns
                    .names
                    .iter()
                    .zip(&self.names.unknowns.at),
            )
            .filter(|(used, _)| !used.get())
            .map(|(_, (name, at))| {
                Diagnostic::warning(
                    "unused-unknown",
                    *at,
                    format!("nothing depends on the unknown `{name}`"),
                )
                .help("use its name in place of a quantity, or remove it")
            })
            .collect();
        self.diagnostics.extend(unused);
    }
}

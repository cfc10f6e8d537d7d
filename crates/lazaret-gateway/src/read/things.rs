//! The head of the file, sources, places, crews, routes, vehicles.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::Reader;
use super::section::Section;
use crate::diagnostic::{Diagnostic, Location};
use crate::document::{Node, Table, Value};
use crate::fields::{self, Field};
use crate::model::{
    AtShiftEnd, Breakdown, CapacityChange, Dimension, Fill, GoodsClass, Mode, Place, PlaceIx,
    Quantity, Resource, ResourceKind, Route, Site, SiteIx, Source, Study, VehicleRule, WhenClosed,
    WhenShort, Zone,
};
use lazaret_vocabulary::time::Span;

/// What `[gateway]` says.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) start: Timestamp,
    pub(super) length: Span,
    pub(super) study: Study,
    pub(super) holidays: Vec<Date>,
}

/// What `[vehicle]` says, or what a source says instead.
type Vehicle = VehicleRule;

impl<'d> Reader<'d> {
    pub(super) fn head(&mut self, root: &'d Table) -> Head {
        static NONE: Table = Table {
            entries: Vec::new(),
        };
        let (table, at) = match root.entry("gateway") {
            Some(entry) => match &entry.node.value {
                Value::Table(table) => (table, entry.key_at),
                _ => (&NONE, entry.key_at),
            },
            None => {
                self.missing_section(
                    "gateway",
                    "this file has no [gateway]",
                    "begin with [gateway], name = \"…\" and length = \"180 d\"",
                );
                return Head {
                    name: String::new(),
                    start: Timestamp::UNIX_EPOCH,
                    length: Span::from_hours(1),
                    study: Study::Opening,
                    holidays: Vec::new(),
                };
            }
        };
        let section = self.open(table, fields::GATEWAY, at, "[gateway]");
        let name = self.text_value(&section, "name").unwrap_or("").to_string();
        if section.has("name") && name.trim().is_empty() {
            self.error(Diagnostic::error(
                "bad-name",
                section.at_key("name"),
                "the gateway needs a name",
            ));
        }
        if let Some(zone) = self.zone_of(&section, "time_zone") {
            self.zone = zone;
        }
        let start = if section.has("start") {
            self.moment(&section, "start")
                .unwrap_or(Timestamp::UNIX_EPOCH)
        } else {
            let local = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
            self.instant(local, at).unwrap_or(Timestamp::UNIX_EPOCH)
        };
        let mut length = Span::from_hours(1);
        if let Some(entry) = section.entry("length")
            && let Some(seconds) = self.fixed(&entry.node)
        {
            if seconds <= 0.0 {
                self.error(Diagnostic::error(
                    "out-of-range",
                    entry.node.at,
                    "the length must be above zero",
                ));
            } else if seconds > fields::LONGEST_S {
                self.error(
                    Diagnostic::error(
                        "out-of-range",
                        entry.node.at,
                        format!(
                            "this is {:.0} years; the limit is 200",
                            seconds / (365.25 * 86_400.0)
                        ),
                    )
                    .help("for the settled state, use study = \"steady\" and a few years"),
                );
            } else {
                length = Span::from_seconds(seconds);
            }
        }
        let study = match self.choice(&section, "study") {
            Some("steady") => Study::Steady,
            _ => Study::Opening,
        };
        let holidays = self.dates(&section, "holidays");
        self.text_value(&section, "note");
        Head {
            name,
            start,
            length,
            study,
            holidays,
        }
    }

    pub(super) fn sites(&mut self, head: &Head) -> Vec<Site> {
        if self.names.sites.is_empty() {
            self.names.sites.push(head.name.clone(), Location::TOP);
        }
        self.names
            .sites
            .names
            .iter()
            .map(|name| Site { name: name.clone() })
            .collect()
    }

    /// The section of each named thing, opened.
    pub(super) fn opened(
        &mut self,
        root: &'d Table,
        section: &str,
        fields: &'static [Field],
    ) -> Vec<(String, Section<'d>)> {
        self.named(root, section)
            .into_iter()
            .map(|(entry, table)| {
                let what = format!("{section} `{}`", entry.key);
                let opened = self.open(table, fields, entry.key_at, &what);
                if opened.has("note") {
                    self.text_value(&opened, "note");
                }
                (entry.key.clone(), opened)
            })
            .collect()
    }

    pub(super) fn resources(&mut self, root: &'d Table, head: &Head) -> Vec<Resource> {
        // Sites have no keys but a note; they are opened for their unknown keys.
        self.opened(root, "site", fields::SITE);
        let mut out = Vec::new();
        for (section, fields, kind, works) in [
            ("crew", fields::CREW, ResourceKind::Crew, false),
            (
                "equipment",
                fields::EQUIPMENT,
                ResourceKind::Equipment,
                true,
            ),
        ] {
            for (name, opened) in self.opened(root, section, fields) {
                let count = self
                    .quantity(&opened, "count")
                    .unwrap_or_else(|| Quantity::constant(Dimension::Number, 1.0));
                let hours = self.hours(&opened, works, &head.holidays);
                let at_shift_end = match self.choice(&opened, "at_shift_end") {
                    Some("finish") => AtShiftEnd::Finish,
                    _ => AtShiftEnd::Pause,
                };
                let mut changes = Vec::new();
                for inner in self.changes(&opened, fields::RESOURCE_CHANGE) {
                    let at = self.moment(&inner, "date");
                    let count = self.quantity(&inner, "count");
                    if let (Some(at), Some(count)) = (at, count) {
                        changes.push((at, count));
                    }
                }
                self.ascending(&opened, changes.iter().map(|&(at, _)| at));
                self.never_any(&opened, &count, "there are never any of them");
                let breaks = self.breaks(&opened);
                out.push(Resource {
                    name,
                    kind,
                    count,
                    hours,
                    at_shift_end,
                    changes,
                    breaks,
                });
            }
        }
        out
    }

    /// The tables under `from`, opened.
    fn changes(&mut self, section: &Section<'d>, fields: &'static [Field]) -> Vec<Section<'d>> {
        let Some(entry) = section.entry("from") else {
            return Vec::new();
        };
        let items = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            Value::Table(_) => std::slice::from_ref(&entry.node),
            _ => {
                self.wrong_kind(
                    &entry.node,
                    "a list such as [{ date = 2022-03-01, count = 5 }]",
                );
                return Vec::new();
            }
        };
        let mut out = Vec::new();
        for item in items {
            match &item.value {
                Value::Table(table) => {
                    out.push(self.open(table, fields, item.at, "a change of capacity"));
                }
                _ => self.wrong_kind(item, "a table such as { date = 2022-03-01, count = 5 }"),
            }
        }
        out
    }

    fn ascending(&mut self, section: &Section<'d>, dates: impl Iterator<Item = Timestamp>) {
        let dates: Vec<Timestamp> = dates.collect();
        if let Some(i) = dates.windows(2).position(|pair| pair[0] >= pair[1]) {
            let at = match section.table.get("from") {
                Some(Node {
                    value: Value::List(items),
                    at,
                }) => items.get(i + 1).map_or(*at, |item| item.at),
                _ => section.at,
            };
            self.error(
                Diagnostic::error(
                    "dates-backwards",
                    at,
                    "this change is not later than the one before it",
                )
                .help("write changes in the order of their dates"),
            );
        }
    }

    /// None at the start is legal only where the calendar brings some.
    fn never_any(&mut self, section: &Section<'d>, count: &Quantity, message: &str) {
        if count.known_constant() == Some(0.0) && !section.has("from") {
            self.error(
                Diagnostic::error("out-of-range", section.at_key("count"), message).help(
                    "if they come later, write count = 0 and from = [{ date = …, count = 5 }]",
                ),
            );
        }
    }

    fn breaks(&mut self, section: &Section<'d>) -> Option<Breakdown> {
        let entry = section.entry("breaks")?;
        let Value::Table(table) = &entry.node.value else {
            self.wrong_kind(
                &entry.node,
                "a table such as { every = \"exponential(30 d)\", repair = \"6 h\" }",
            );
            return None;
        };
        let inner = self.open(table, fields::BREAKS, entry.key_at, "`breaks`");
        let every = self.quantity(&inner, "every");
        let repair = self.quantity(&inner, "repair");
        Some(Breakdown {
            every: every?,
            repair: repair?,
        })
    }

    pub(super) fn places(&mut self, root: &'d Table, head: &Head) -> Vec<Place> {
        if root.get("place").is_none() {
            self.missing_section(
                "place",
                "this file has no place",
                "add [place.yard] with slots = 100",
            );
        }
        let mut out = Vec::new();
        for (name, section) in self.opened(root, "place", fields::PLACE) {
            let site = self.name(&section, "site").unwrap_or(0);
            let zone = match self.choice(&section, "zone") {
                Some("dirty") => Zone::Dirty,
                Some("clean") => Zone::Clean,
                // Where the file says nothing, the steps decide; see `flow`.
                _ => Zone::DirtyToClean,
            };
            let count = self
                .quantity(&section, "count")
                .unwrap_or_else(|| Quantity::constant(Dimension::Number, 1.0));
            let slots = self.slots(&section);
            let fill = match self.choice(&section, "fill") {
                Some("one_by_one") => Fill::OneByOne,
                Some("groups") => Fill::Groups,
                _ => Fill::Pool,
            };
            let unlimited_buffer = self.choice(&section, "buffer") == Some("unlimited");
            let hours = self.hours(&section, true, &head.holidays);
            let closed = self.closures(&section, "closed");
            let mut changes = Vec::new();
            for inner in self.changes(&section, fields::CHANGE) {
                let at = self.moment(&inner, "date");
                let count = self.quantity(&inner, "count");
                let slots = self.quantity(&inner, "slots");
                if !inner.has("count") && !inner.has("slots") {
                    self.error(
                        Diagnostic::error("missing-key", inner.at, "this change changes nothing")
                            .help("add count = 5 or slots = 8"),
                    );
                }
                if let Some(at) = at {
                    changes.push(CapacityChange { at, count, slots });
                }
            }
            self.ascending(&section, changes.iter().map(|change| change.at));
            self.never_any(&section, &count, "a place with no units holds nothing");
            let breaks = self.breaks(&section);
            let needs = self.needs(&section, Some("crew"), "needs");
            let holds = self.needs(&section, None, "holds");
            if slots.is_none() && (fill != Fill::Pool || !holds.is_empty()) {
                // Units without an end to their room never fill, so "one by one" and "groups" would mean nothing.
                if fill != Fill::Pool {
                    self.error(
                        Diagnostic::error(
                            "impossible",
                            section.at_key("fill"),
                            "units with unlimited room cannot be filled this way",
                        )
                        .help("give a number of slots, or leave `fill` out"),
                    );
                }
            }
            out.push(Place {
                name,
                site: SiteIx(site as u16),
                zone,
                count,
                slots,
                fill,
                unlimited_buffer,
                hours,
                closed,
                changes,
                breaks,
                needs,
                holds,
            });
        }
        out
    }

    fn slots(&mut self, section: &Section<'d>) -> Option<Quantity> {
        let one = || Some(Quantity::constant(Dimension::Number, 1.0));
        let fields::Kind::Slots(bound) = section.kind("slots") else {
            return None;
        };
        let Some(entry) = section.entry("slots") else {
            return one();
        };
        if matches!(&entry.node.value, Value::Text(text) if text == "unlimited") {
            return None;
        }
        if matches!(&entry.node.value, Value::Integer(0)) {
            self.error(
                Diagnostic::error("out-of-range", entry.node.at, "a place with no slots holds nothing")
                    .help("write the number of slots, or \"unlimited\"; for a place that is built later, write count = 0 and from = [{ date = …, count = 5 }]"),
            );
            return one();
        }
        self.quantity_of(&entry.node, Dimension::Number, bound)
            .or_else(one)
    }

    pub(super) fn routes(&mut self, root: &'d Table) -> Vec<Route> {
        let mut out: Vec<Route> = Vec::new();
        for (name, section) in self.opened(root, "route", fields::ROUTE) {
            let from = self.name(&section, "from");
            let to = self.name(&section, "to");
            let takes = self.quantity(&section, "takes");
            let (Some(from), Some(to), Some(takes)) = (from, to, takes) else {
                continue;
            };
            let (from, to) = (SiteIx(from as u16), SiteIx(to as u16));
            if from == to {
                self.error(Diagnostic::error(
                    "impossible",
                    section.at_key("to"),
                    format!("route `{name}` ends where it begins"),
                ));
            }
            if let Some(other) = out.iter().find(|r| r.from == from && r.to == to) {
                let message = format!(
                    "routes `{}` and `{name}` join the same two sites",
                    other.name
                );
                self.error(
                    Diagnostic::error("same-name", section.at, message).help("remove one of them"),
                );
            }
            out.push(Route {
                name,
                from,
                to,
                takes,
            });
        }
        out
    }

    pub(super) fn vehicle(&mut self, root: &'d Table) -> Vehicle {
        match root.entry("vehicle") {
            Some(entry) => match &entry.node.value {
                Value::Table(table) => {
                    let section = self.open(table, fields::VEHICLE, entry.key_at, "[vehicle]");
                    self.vehicle_over(&section, Vehicle::default())
                }
                _ => Vehicle::default(),
            },
            None => Vehicle::default(),
        }
    }

    /// `rule` with what `section` says instead.
    fn vehicle_over(&mut self, section: &Section<'d>, mut rule: Vehicle) -> Vehicle {
        if section.has("note") {
            self.text_value(section, "note");
        }
        if section.has("wash") {
            rule.wash = self.quantity(section, "wash");
        }
        if section.has("wash_at") {
            rule.wash_at = self.name(section, "wash_at").map(|i| PlaceIx(i as u16));
        }
        if section.has("wash_crew") || section.has("wash_needs") {
            rule.wash_needs = self.needs(section, Some("wash_crew"), "wash_needs");
        }
        if section.has("back") {
            rule.back = self.quantity(section, "back");
        }
        if let Some(entry) = section.entry("return") {
            rule.quarantine = self.return_rule(&entry.node);
        }
        if rule.wash.is_none() && (rule.wash_at.is_some() || !rule.wash_needs.is_empty()) {
            let key = ["wash_at", "wash_crew", "wash_needs"]
                .into_iter()
                .find(|key| section.has(key));
            if let Some(key) = key {
                self.error(
                    Diagnostic::error(
                        "missing-key",
                        section.at_key(key),
                        "the place or crew of the wash is given, but not its duration",
                    )
                    .help("add wash = \"1 h\""),
                );
            }
        }
        rule
    }

    fn return_rule(&mut self, node: &Node) -> Option<Quantity> {
        let Value::Text(text) = &node.value else {
            self.wrong_kind(node, "\"direct\" or \"quarantine 14 d\"");
            return None;
        };
        let trimmed = text.trim();
        if trimmed == "direct" {
            return None;
        }
        let Some(duration) = trimmed
            .strip_prefix("quarantine")
            .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        else {
            self.error(
                Diagnostic::error(
                    "unknown-word",
                    node.at,
                    format!("a vehicle cannot return `{trimmed}`"),
                )
                .help("write \"direct\" or \"quarantine 14 d\""),
            );
            return None;
        };
        if duration.trim().is_empty() {
            self.error(
                Diagnostic::error("missing-unit", node.at, "the quarantine has no length")
                    .help("write \"quarantine 14 d\""),
            );
            return None;
        }
        let fields::Kind::Quantity(_, bound) = fields::VEHICLE
            .iter()
            .find(|field| field.name == "back")
            .map_or(fields::Kind::Text, |field| field.kind)
        else {
            return None;
        };
        let at = self.inside(node, duration.trim(), 0..duration.trim().len());
        let inner = Node {
            at,
            value: Value::Text(duration.trim().to_string()),
        };
        self.quantity_of(&inner, Dimension::Duration, bound)
    }

    pub(super) fn sources(
        &mut self,
        root: &'d Table,
        head: &Head,
        goods: &[GoodsClass],
        general: &Vehicle,
    ) -> Vec<Source> {
        if root.get("source").is_none() {
            self.missing_section(
                "source",
                "this file has no source, so nothing would arrive",
                "add [source.port] with every = \"24 h\" and convoy = 12",
            );
        }
        let one = || Quantity::constant(Dimension::Number, 1.0);
        let mut out = Vec::new();
        for (name, section) in self.opened(root, "source", fields::SOURCE) {
            let what = format!("source `{name}`");
            let route = match self.choice(&section, "route") {
                Some("sea") => Mode::Sea,
                Some("road") => Mode::Road,
                _ => Mode::Rail,
            };
            let due = self.recurrence(&section, &what, &head.holidays);
            let convoy = self.quantity(&section, "convoy").unwrap_or_else(one);
            let lots = self.quantity(&section, "lots");
            if route == Mode::Sea
                && let Some(entry) = section.entry("lots")
            {
                self.error(
                    Diagnostic::error(
                        "does-not-apply",
                        entry.key_at,
                        "by sea `convoy` already says how many lots the vessel has",
                    )
                    .help("remove `lots`"),
                );
            }
            let (vehicles, lots) = match route {
                Mode::Sea => (one(), convoy),
                Mode::Rail | Mode::Road => (convoy, lots.unwrap_or_else(one)),
            };
            let travel = self
                .quantity(&section, "travel")
                .unwrap_or_else(|| Quantity::constant(Dimension::Duration, 0.0));
            let fleet = self.quantity(&section, "fleet");
            let when_short = match self.choice(&section, "when_short") {
                Some("go_short") => WhenShort::GoShort,
                _ => WhenShort::Wait,
            };
            if when_short == WhenShort::Wait
                && let (Some(fleet), Some(vehicles)) = (
                    fleet.as_ref().and_then(Quantity::known_constant),
                    self.least(&vehicles),
                )
                && fleet < vehicles
            {
                self.error(
                    Diagnostic::error(
                        "impossible",
                        section.at_key("fleet"),
                        format!("a convoy has at least {vehicles} vehicles, but the fleet has only {fleet}, so none would ever leave"),
                    )
                    .also(section.at_key("convoy"), "the convoy")
                    .help("enlarge the fleet, or write when_short = \"go_short\""),
                );
            }
            let closed = self.closures(&section, "closed");
            let when_closed = match self.choice(&section, "when_closed") {
                Some("wait") => WhenClosed::Wait,
                _ => WhenClosed::Cancel,
            };
            let mix = self.mix(&section, goods);
            let vehicle = match section.entry("vehicle") {
                Some(entry) => match &entry.node.value {
                    Value::Table(table) => {
                        let inner = self.open(table, fields::VEHICLE, entry.key_at, "`vehicle`");
                        self.vehicle_over(&inner, general.clone())
                    }
                    _ => {
                        self.wrong_kind(&entry.node, "a table such as { back = \"6 h\" }");
                        general.clone()
                    }
                },
                None => general.clone(),
            };
            let due = due.unwrap_or(crate::model::Recurrence::Every {
                interval: Quantity::constant(Dimension::Duration, 86_400.0),
                first: None,
            });
            out.push(Source {
                name,
                route,
                due,
                vehicles,
                lots,
                travel,
                fleet,
                when_short,
                closed,
                when_closed,
                mix,
                mixed_vehicles: route == Mode::Sea,
                vehicle,
            });
        }
        out
    }

    /// The least value that a quantity without unknowns can have.
    fn least(&self, quantity: &Quantity) -> Option<f64> {
        if quantity.unknowns().next().is_some() {
            return None;
        }
        Some(quantity.resolve(&[]).ok()?.support().0)
    }
}

//! The steps, and whether what passes through them can pass at all: order, zones, sites.

use super::Reader;
use super::section::Section;
use super::things::Head;
use crate::check::{OFTEN_MOST, Recurring, too_often};
use crate::diagnostic::{Diagnostic, Location};
use crate::document::{Node, Table, Value};
use crate::fields::{self, Kind, Thing};
use crate::model::{
    Dimension, Dispatch, Gateway, GoodsIx, HoldClock, Inspection, PlaceIx, Quantity, Recurrence,
    Source, SourceIx, Step, StepIx, StepKind, Term, Zone,
};

/// The most sources times classes times steps: each way through the steps is looked at.
const WAYS_MOST: usize = 10_000_000;

/// Keys of a step that only some kinds have.
const OWN_KEYS: &[(&str, &[&str])] = &[
    ("each", &["unload"]),
    ("clock", &["hold"]),
    ("pass", &["inspect"]),
    ("again", &["inspect"]),
    ("fail", &["inspect"]),
    ("destroy", &["inspect"]),
    ("every", &["dispatch"]),
    ("timetable", &["dispatch"]),
    ("first", &["dispatch"]),
    ("takes_up_to", &["dispatch"]),
    ("at_least", &["dispatch"]),
    ("takes", &["handle", "unload", "treat", "inspect", "hold"]),
    ("next", &["unload", "treat", "inspect", "hold", "handle"]),
];

/// What a step does that its id tells: `hold`, `hold_medicine`, `unloading`.
fn told_by_id(id: &str) -> Option<&'static str> {
    const TELLING: &[(&str, &str)] = &[
        ("unload", "unload"),
        ("inspect", "inspect"),
        ("hold", "hold"),
        ("dispatch", "dispatch"),
    ];
    TELLING.iter().find_map(|&(stem, does)| {
        let rest = id.strip_prefix(stem)?;
        let ends = rest.chars().next().is_none_or(|c| !c.is_alphabetic());
        let suffix = matches!(rest, "ing" | "ion" | "s");
        (ends || suffix).then_some(does)
    })
}

impl<'d> Reader<'d> {
    pub(super) fn steps(&mut self, root: &'d Table, head: &Head, sources: &[Source]) -> Vec<Step> {
        let tables = self.steps_of(root);
        if tables.is_empty() {
            self.missing_section(
                "step",
                "this file has no step",
                "add [[step]] with id = \"unload\" and at = \"…\"",
            );
        }
        let mut sections = Vec::new();
        for (i, (node, table)) in tables.into_iter().enumerate().take(65_535) {
            let (id, id_at) = self.names.steps[i].clone();
            let what = if id.is_empty() {
                "a step".to_string()
            } else {
                format!("step `{id}`")
            };
            let at = if id.is_empty() { node.at } else { id_at };
            let section = self.open(table, fields::STEP, at, &what);
            if section.has("id") {
                self.text_value(&section, "id");
            }
            if section.has("note") {
                self.text_value(&section, "note");
            }
            sections.push((id, what, section));
        }
        let kinds = self.kinds(&sections);
        let goods = self.names.goods.len();
        let mut steps = Vec::new();
        for (i, (id, what, section)) in sections.iter().enumerate() {
            let does = kinds[i];
            self.keys_apply(section, does, what);
            let at = self.name(section, "at").unwrap_or(0);
            let for_goods = self.classes(section, goods);
            let for_sources = match self.name_list(section, "sources") {
                Some(list) => (0..sources.len()).map(|i| list.contains(&i)).collect(),
                None => vec![true; sources.len()],
            };
            let kind = match does {
                "handle" => StepKind::Handle,
                "unload" => StepKind::Unload {
                    each_lot: self.choice(section, "each") == Some("lot"),
                },
                "inspect" => StepKind::Inspect(self.inspection(section, i, &kinds)),
                "hold" => {
                    self.unsaid_clock(section, what, &kinds[..i]);
                    StepKind::Hold {
                        clock: self.clock(section, i),
                    }
                }
                "dispatch" => StepKind::Dispatch(self.dispatch(section, what, head)),
                _ => StepKind::Treat,
            };
            let takes = if does == "dispatch" {
                vec![Quantity::constant(Dimension::Duration, 0.0); goods]
            } else {
                self.takes(section, goods, does == "hold", what)
            };
            let needs = self.needs(section, Some("crew"), "needs");
            let next = self.name(section, "next").and_then(|next| {
                if next > i {
                    return Some(StepIx(next as u16));
                }
                let message = if next == i {
                    format!("{what} is followed by itself")
                } else {
                    format!("{what} is followed by an earlier step, so a lot would go round for ever")
                };
                self.error(
                    Diagnostic::error("cycle", section.at_key("next"), message)
                        .also(self.names.steps[next].1, "that step")
                        .help("to treat lots again, give an inspection again = { share = 0.1, from = \"…\" }"),
                );
                None
            });
            steps.push(Step {
                name: id.clone(),
                kind,
                at: PlaceIx(at as u16),
                goods: for_goods,
                sources: for_sources,
                takes,
                needs,
                next,
            });
        }
        steps
    }

    /// What each step does.
    fn kinds(&mut self, sections: &[(String, String, Section<'d>)]) -> Vec<&'static str> {
        let mut kinds: Vec<Option<&'static str>> = Vec::new();
        for (id, _, section) in sections {
            kinds.push(self.choice(section, "does").or_else(|| told_by_id(id)));
        }
        if !kinds.contains(&Some("unload"))
            && let Some(first) = kinds.iter_mut().find(|kind| **kind != Some("handle"))
        {
            if first.is_none() {
                *first = Some("unload");
            } else if let Some((_, what, section)) = sections.first() {
                let (what, at) = (what.clone(), section.at);
                self.error(
                    Diagnostic::error(
                        "no-unloading",
                        at,
                        format!("no step takes the lots off their vehicles before {what}"),
                    )
                    .help("add a step before it: id = \"unload\", at = \"…\", takes = \"2 h\""),
                );
            }
        }
        let unloading = kinds.iter().position(|kind| *kind == Some("unload"));
        kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| {
                kind.unwrap_or(if unloading.is_some_and(|unloading| i < unloading) {
                    "handle"
                } else {
                    "treat"
                })
            })
            .collect()
    }

    fn keys_apply(&mut self, section: &Section<'d>, does: &str, what: &str) {
        for &(key, kinds) in OWN_KEYS {
            if let Some(entry) = section.entry(key)
                && !kinds.contains(&does)
            {
                let help = match (key, does) {
                    ("next", _) => "remove it: a dispatched lot has left".to_string(),
                    ("takes", _) => {
                        "remove it: a departure takes no time; how often one leaves is `every`"
                            .to_string()
                    }
                    _ => format!(
                        "remove it, or say does = \"{}\"",
                        kinds.first().copied().unwrap_or("treat")
                    ),
                };
                self.error(
                    Diagnostic::error(
                        "does-not-apply",
                        entry.key_at,
                        format!("{what} does `{does}`, which has no `{key}`"),
                    )
                    .help(help),
                );
            }
        }
    }

    fn classes(&mut self, section: &Section<'d>, goods: usize) -> Vec<bool> {
        let only = self.name_list(section, "goods");
        let except = self.name_list(section, "except");
        if let (Some(_), Some(_)) = (&only, &except) {
            self.error(
                Diagnostic::error(
                    "one-of-two",
                    section.at_key("except"),
                    "`goods` and `except` stand together",
                )
                .also(section.at_key("goods"), "the other")
                .help("keep one of them"),
            );
        }
        match (only, except) {
            (Some(only), _) => (0..goods).map(|i| only.contains(&i)).collect(),
            (None, Some(except)) => (0..goods).map(|i| !except.contains(&i)).collect(),
            (None, None) => vec![true; goods],
        }
    }

    fn takes(
        &mut self,
        section: &Section<'d>,
        goods: usize,
        required: bool,
        what: &str,
    ) -> Vec<Quantity> {
        let zero = || Quantity::constant(Dimension::Duration, 0.0);
        let Kind::ByClass(dimension, bound) = section.kind("takes") else {
            return vec![zero(); goods];
        };
        let Some(entry) = section.entry("takes") else {
            if required {
                self.error(
                    Diagnostic::error("missing-key", section.at, format!("{what} has no `takes`"))
                        .help("add takes = \"14 d\""),
                );
            }
            return vec![zero(); goods];
        };
        let Value::Table(table) = &entry.node.value else {
            let quantity = self
                .quantity_of(&entry.node, dimension, bound)
                .unwrap_or_else(zero);
            return vec![quantity; goods];
        };
        let mut own: Vec<Option<Quantity>> = vec![None; goods];
        let mut other = None;
        for inner in &table.entries {
            let quantity = self
                .quantity_of(&inner.node, dimension, bound)
                .unwrap_or_else(zero);
            if inner.key == "other" {
                other = Some(quantity);
                continue;
            }
            let name = Node {
                at: inner.key_at,
                value: Value::Text(inner.key.clone()),
            };
            if let Some(class) = self.thing(&name, Thing::Goods) {
                own[class] = Some(quantity);
            }
        }
        let applies = self.quiet_classes(section, goods);
        let lacking = (0..goods).find(|&i| own[i].is_none() && other.is_none() && applies[i]);
        if let Some(class) = lacking {
            let name = self.names.goods[class].0.clone();
            self.error(
                Diagnostic::error(
                    "missing-key",
                    entry.key_at,
                    format!("it is not said how long {what} takes for `{name}`"),
                )
                .help(format!("add {name} = \"…\" or other = \"…\"")),
            );
        }
        own.into_iter()
            .map(|quantity| quantity.or_else(|| other.clone()).unwrap_or_else(zero))
            .collect()
    }

    /// As [`classes`](Self::classes), for errors that have been reported there.
    fn quiet_classes(&mut self, section: &Section<'d>, goods: usize) -> Vec<bool> {
        let reported = self.diagnostics.len();
        let classes = self.classes(section, goods);
        self.diagnostics.truncate(reported);
        classes
    }

    /// A hold after a treatment may count from either, and the difference is the wait for a slot.
    fn unsaid_clock(&mut self, section: &Section<'d>, what: &str, before: &[&str]) {
        let Some(treated) = before.iter().rposition(|kind| *kind == "treat") else {
            return;
        };
        if !section.has("clock") {
            let treatment = self.names.steps[treated].0.clone();
            self.diagnostics.push(
                Diagnostic::warning(
                    "unsaid-clock",
                    section.at,
                    format!("{what} does not say from when it counts, so it counts from when a lot is stored"),
                )
                .help(format!(
                    "add clock = \"when stored\", or clock = \"starts when {treatment} ends\""
                )),
            );
        }
    }

    fn clock(&mut self, section: &Section<'d>, own: usize) -> HoldClock {
        let Some(entry) = section.entry("clock") else {
            return HoldClock::Stored;
        };
        let Value::Text(text) = &entry.node.value else {
            self.wrong_kind(
                &entry.node,
                "a text such as \"starts when disinfection ends\"",
            );
            return HoldClock::Stored;
        };
        let mut words: Vec<&str> = text.split_whitespace().collect();
        if matches!(words.first(), Some(&("starts" | "start"))) {
            words.remove(0);
        }
        if matches!(words.first(), Some(&("when" | "on"))) {
            words.remove(0);
        }
        words.retain(|word| !matches!(*word, "the" | "is"));
        let subject = match words.as_slice() {
            ["stored"] => return HoldClock::Stored,
            ["arrival" | "arrived"] | ["convoy", "arrives" | "arrived"] => {
                return HoldClock::Arrival;
            }
            [subject, "ends" | "ended" | "end"] => (*subject, true),
            [subject, "starts" | "started" | "start" | "begins" | "began"] => (*subject, false),
            _ => {
                self.error(
                    Diagnostic::error(
                        "unknown-word",
                        entry.node.at,
                        format!("a clock cannot run `{text}`"),
                    )
                    .help("write \"when stored\", \"on arrival\" or \"starts when STEP ends\""),
                );
                return HoldClock::Stored;
            }
        };
        let (word, end) = subject;
        let step = self.names.find(Thing::Step, word).or_else(|| {
            // "disinfection" means the step `disinfect`; the longest id that fits wins.
            (0..self.names.steps.len())
                .filter(|&i| {
                    let id = &self.names.steps[i].0;
                    !id.is_empty() && word.starts_with(id.as_str())
                })
                .max_by_key(|&i| self.names.steps[i].0.len())
        });
        let at = self.inside(&entry.node, word, 0..word.len());
        let Some(step) = step else {
            let names: Vec<String> = self.names.steps.iter().map(|(id, _)| id.clone()).collect();
            let help = crate::diagnostic::suggest(word, "step", names.iter().map(String::as_str));
            self.error(
                Diagnostic::error("unknown-name", at, format!("there is no step `{word}`"))
                    .help(help),
            );
            return HoldClock::Stored;
        };
        if step >= own {
            let message = if step == own {
                "a hold cannot wait for itself".to_string()
            } else {
                format!("step `{}` comes after this hold", self.names.steps[step].0)
            };
            self.error(
                Diagnostic::error("cycle", at, message)
                    .help("name a step that comes before, or write \"when stored\""),
            );
            return HoldClock::Stored;
        }
        let step = StepIx(step as u16);
        if end {
            HoldClock::StepEnd(step)
        } else {
            HoldClock::StepStart(step)
        }
    }

    fn inspection(&mut self, section: &Section<'d>, own: usize, kinds: &[&str]) -> Inspection {
        let zero = Term::Value(0.0);
        let fail = self.share(section, "fail");
        let destroy = self.share(section, "destroy");
        let mut again = None;
        let mut again_from = None;
        let mut again_at_most = 3;
        if let Some(entry) = section.entry("again") {
            if let Value::Table(table) = &entry.node.value {
                let inner = self.open(table, fields::AGAIN, entry.key_at, "`again`");
                again = self.share(&inner, "share");
                again_at_most = self.whole(&inner, "at_most").unwrap_or(3) as u32;
                let from = if inner.has("from") {
                    self.name(&inner, "from")
                } else {
                    own.checked_sub(1)
                };
                let unloading = kinds.iter().position(|kind| *kind == "unload");
                match from {
                    Some(from) if from >= own => self.error(
                        Diagnostic::error(
                            "cycle",
                            inner.at_key("from"),
                            "a lot can only be treated again from an earlier step",
                        )
                        .also(section.at, "the inspection")
                        .help("name a step that comes before the inspection"),
                    ),
                    Some(from) if unloading.is_some_and(|unloading| from <= unloading) => {
                        self.error(
                            Diagnostic::error(
                                "impossible",
                                inner.at_key("from"),
                                "a lot cannot be treated again from a step in which it is still on its vehicle",
                            )
                            .help("name a step after the unloading"),
                        );
                    }
                    Some(from) => again_from = Some(StepIx(from as u16)),
                    None => {}
                }
            } else {
                self.wrong_kind(
                    &entry.node,
                    "a table such as { share = 0.1, from = \"disinfect\", at_most = 3 }",
                );
            }
        }
        let pass = self.share(section, "pass");
        let constant = |term: Option<Term>| match term.unwrap_or(zero) {
            Term::Value(value) => Some(value),
            Term::Unknown(_) => None,
        };
        let parts = [constant(again), constant(fail), constant(destroy)];
        let rest: Option<f64> = parts.iter().copied().sum();
        let stated = match pass {
            Some(Term::Value(value)) => Some(value),
            _ => None,
        };
        match (rest, section.has("pass"), stated) {
            (Some(rest), false, _) if rest > 1.0 + 1e-9 => self.error(Diagnostic::error(
                "shares",
                section.at,
                format!("again, fail and destroy sum to {rest}, more than 1"),
            )),
            (Some(rest), true, Some(pass)) if (rest + pass - 1.0).abs() > 1e-6 => {
                let sum = ((rest + pass) * 1e9).round() / 1e9;
                self.error(
                    Diagnostic::error(
                        "shares",
                        section.at_key("pass"),
                        format!("pass, again, fail and destroy sum to {sum}, not 1"),
                    )
                    .help("leave `pass` out and it takes the rest"),
                );
            }
            (None, false, _) => self.error(
                Diagnostic::error(
                    "missing-key",
                    section.at,
                    "with an unknown share, `pass` must be given",
                )
                .help("add pass = …; the shares are scaled to sum to 1 in each replication"),
            ),
            _ => {}
        }
        Inspection {
            pass: pass.unwrap_or(Term::Value(rest.map_or(0.0, |rest| (1.0 - rest).max(0.0)))),
            again: again.unwrap_or(zero),
            again_from,
            again_at_most,
            fail: fail.unwrap_or(zero),
            destroy: destroy.unwrap_or(zero),
        }
    }

    fn dispatch(&mut self, section: &Section<'d>, what: &str, head: &Head) -> Dispatch {
        let due = self
            .recurrence(section, what, &head.holidays)
            .unwrap_or(Recurrence::Every {
                interval: Quantity::constant(Dimension::Duration, 86_400.0),
                first: None,
            });
        let least = self
            .quantity(section, "at_least")
            .unwrap_or_else(|| Quantity::constant(Dimension::Number, 1.0));
        let most = self.quantity(section, "takes_up_to");
        if let (Some(least_value), Some(most_value)) = (
            least.known_constant(),
            most.as_ref().and_then(Quantity::known_constant),
        ) && least_value > most_value
        {
            self.error(
                Diagnostic::error(
                    "impossible",
                    section.at_key("at_least"),
                    format!("at least {least_value} and at most {most_value} cannot both hold"),
                )
                .also(section.at_key("takes_up_to"), "the most"),
            );
        }
        Dispatch { due, least, most }
    }

    /// Checks every way through the steps, and gives places without a zone the one their steps tell.
    pub(super) fn flow(&mut self, gateway: &mut Gateway, root: &'d Table) {
        if gateway.steps.is_empty() || gateway.places.is_empty() {
            return;
        }
        let ways = gateway.sources.len() * gateway.goods.len();
        if ways.saturating_mul(gateway.steps.len()) > WAYS_MOST {
            self.error(Diagnostic::error(
                "out-of-range",
                Location::TOP,
                format!(
                    "{} sources times {} goods classes times {} steps are more than {WAYS_MOST}, the most that is read",
                    gateway.sources.len(),
                    gateway.goods.len(),
                    gateway.steps.len()
                ),
            ));
            return;
        }
        if self.diagnostics.iter().any(|d| {
            d.is_error()
                && matches!(
                    d.code,
                    "missing-key" | "unknown-name" | "cycle" | "no-unloading" | "same-name"
                )
        }) {
            // With steps or places missing, what could be said about the ways would be noise.
            return;
        }
        let paths = self.paths(gateway);
        self.infer_zones(gateway, &paths, root);
        let mut said: Vec<(&'static str, Location)> = Vec::new();
        for (source, goods, path) in &paths {
            if let Some(diagnostic) = self.wrong_in_path(gateway, *source, *goods, path) {
                let key = (diagnostic.code, diagnostic.labels[0].at);
                if !said.contains(&key) {
                    said.push(key);
                    self.error(diagnostic);
                }
            }
        }
        self.mixed_vehicles(gateway);
        if let Some(found) = too_often(gateway) {
            let (at, what, help) = match found.of {
                Recurring::Lots(s) => (
                    self.names.sources[s.index()].1,
                    "lots or convoys would come",
                    "check `every`, `convoy` and `length`",
                ),
                Recurring::Departures(i) => (
                    self.names.steps[i.index()].1,
                    "departures would be due",
                    "check `every` and `length`",
                ),
                Recurring::PlaceFailures(p) => (
                    self.names.places[p.index()].1,
                    "failures would happen",
                    "check `breaks` and `length`",
                ),
                Recurring::ResourceFailures(r) => (
                    self.names.resources[r.index()].1,
                    "failures would happen",
                    "check `breaks` and `length`",
                ),
            };
            self.error(
                Diagnostic::error(
                    "out-of-range",
                    at,
                    format!(
                        "some {:.1e} {what} in {}, and {OFTEN_MOST:.0e} is the most that is simulated",
                        found.times, gateway.length
                    ),
                )
                .help(help),
            );
        }
    }

    /// The way of each class from each source that it comes from. Classes with the same way from a source are told once.
    fn paths(&self, gateway: &Gateway) -> Vec<(SourceIx, GoodsIx, Vec<StepIx>)> {
        let mut out: Vec<(SourceIx, GoodsIx, Vec<StepIx>)> = Vec::new();
        for (s, source) in gateway.sources.iter().enumerate() {
            for (g, share) in source.mix.iter().enumerate() {
                if *share == Term::Value(0.0) {
                    continue;
                }
                let (source, goods) = (SourceIx(s as u16), GoodsIx(g as u16));
                let path = gateway.path(source, goods);
                if !out
                    .iter()
                    .rev()
                    .take(64)
                    .any(|(_, _, known)| *known == path)
                {
                    out.push((source, goods, path));
                }
            }
        }
        out
    }

    fn infer_zones(
        &mut self,
        gateway: &mut Gateway,
        paths: &[(SourceIx, GoodsIx, Vec<StepIx>)],
        root: &'d Table,
    ) {
        let places = gateway.places.len();
        let (mut before, mut turning, mut after) = (
            vec![false; places],
            vec![false; places],
            vec![false; places],
        );
        for (_, _, path) in paths {
            let kind = |step: &StepIx| &gateway.steps[step.index()].kind;
            let turn = path
                .iter()
                .position(|step| matches!(kind(step), StepKind::Treat))
                .or_else(|| {
                    path.iter()
                        .position(|step| matches!(kind(step), StepKind::Hold { .. }))
                });
            for (i, step) in path.iter().enumerate() {
                let place = gateway.steps[step.index()].at.index();
                match turn {
                    Some(turn) if i == turn => turning[place] = true,
                    Some(turn) if i > turn => after[place] = true,
                    // Where nothing is treated or held, nothing becomes clean.
                    _ => before[place] = true,
                }
            }
        }
        let stated: Vec<bool> = self
            .named(root, "place")
            .into_iter()
            .map(|(_, table)| table.entry("zone").is_some())
            .collect();
        for (i, place) in gateway.places.iter_mut().enumerate() {
            if stated.get(i).copied().unwrap_or(true) {
                continue;
            }
            place.zone = match (before[i], turning[i], after[i]) {
                (true, false, false) => Zone::Dirty,
                (false, false, _) => Zone::Clean,
                _ => Zone::DirtyToClean,
            };
        }
    }

    /// The first thing that keeps a lot from passing `path`.
    fn wrong_in_path(
        &self,
        gateway: &Gateway,
        source: SourceIx,
        goods: GoodsIx,
        path: &[StepIx],
    ) -> Option<Diagnostic> {
        let class = &gateway.goods[goods.index()].name;
        let from = &gateway.sources[source.index()].name;
        let step_at = |step: StepIx| self.names.steps[step.index()].1;
        let source_at = self.names.sources[source.index()].1;
        if path.is_empty() {
            return Some(
                Diagnostic::error(
                    "no-steps",
                    source_at,
                    format!("no step applies to `{class}` from `{from}`"),
                )
                .help("check `goods`, `except` and `sources` of the steps"),
            );
        }
        let kind = |step: StepIx| &gateway.steps[step.index()].kind;
        let is_unloading = |step: StepIx| matches!(kind(step), StepKind::Unload { .. });
        let Some(unloading) = path.iter().position(|&step| is_unloading(step)) else {
            return Some(
                Diagnostic::error(
                    "no-unloading",
                    source_at,
                    format!("`{class}` from `{from}` is never unloaded"),
                )
                .help("let an unloading step apply to it"),
            );
        };
        for (i, &step) in path.iter().enumerate() {
            let name = &gateway.steps[step.index()].name;
            if i < unloading && !matches!(kind(step), StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!("step `{name}` works on lots, but they are unloaded after it"),
                    )
                    .also(step_at(path[unloading]), "the unloading")
                    .help("move it behind the unloading, or say does = \"handle\""),
                );
            }
            if i > unloading && is_unloading(step) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!("`{class}` from `{from}` is unloaded a second time here"),
                    )
                    .also(step_at(path[unloading]), "the first unloading")
                    .help("restrict them by `goods` or `sources`, or say does = \"treat\""),
                );
            }
            if i > unloading && matches!(kind(step), StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!(
                            "step `{name}` works on vehicles, but its lots are off them already"
                        ),
                    )
                    .also(step_at(path[unloading]), "the unloading")
                    .help("move it before the unloading, or say does = \"treat\""),
                );
            }
            if matches!(kind(step), StepKind::Dispatch(_)) && i + 1 < path.len() {
                return Some(
                    Diagnostic::error(
                        "after-dispatch",
                        step_at(path[i + 1]),
                        format!(
                            "step `{}` comes after `{class}` has left with `{name}`",
                            gateway.steps[path[i + 1].index()].name
                        ),
                    )
                    .also(step_at(step), "the departure")
                    .help("move it before the departure, or restrict one of them by `goods` or `sources`"),
                );
            }
        }
        self.zones_in_path(gateway, path)
            .or_else(|| self.sites_in_path(gateway, path))
    }

    fn zones_in_path(&self, gateway: &Gateway, path: &[StepIx]) -> Option<Diagnostic> {
        for pair in path.windows(2) {
            let (from, to) = (
                gateway.steps[pair[0].index()].at,
                gateway.steps[pair[1].index()].at,
            );
            let (from_place, to_place) =
                (&gateway.places[from.index()], &gateway.places[to.index()]);
            if from == to || from_place.zone == Zone::Dirty && to_place.zone != Zone::Clean {
                continue;
            }
            let to_name = &to_place.name;
            let step_at = self.names.steps[pair[1].index()].1;
            let to_at = self.names.places[to.index()].1;
            let from_at = self.names.places[from.index()].1;
            match (from_place.zone, to_place.zone) {
                // Straight over the line: legal only where the place of the next step does nothing but receive.
                (Zone::Dirty, Zone::Clean) => {
                    return Some(
                        Diagnostic::error(
                            "zone-order",
                            step_at,
                            format!(
                                "lots go from `{}` in the dirty zone to `{to_name}` in the clean zone without treatment",
                                from_place.name
                            ),
                        )
                        .also(from_at, "dirty")
                        .also(to_at, "clean")
                        .help(format!("give `{to_name}`, or a place between the two, zone = \"dirty -> clean\"")),
                    );
                }
                (Zone::Clean | Zone::DirtyToClean, Zone::Clean) => {}
                _ => {
                    return Some(
                        Diagnostic::error(
                            "zone-order",
                            step_at,
                            format!(
                                "lots go back from clean to dirty: `{}` to `{to_name}`",
                                from_place.name
                            ),
                        )
                        .also(from_at, "lots leave here clean")
                        .also(to_at, "and come dirty into this")
                        .help("change the zone of a place, or the order of the steps"),
                    );
                }
            }
        }
        None
    }

    fn sites_in_path(&self, gateway: &Gateway, path: &[StepIx]) -> Option<Diagnostic> {
        let site = |step: StepIx| gateway.places[gateway.steps[step.index()].at.index()].site;
        for pair in path.windows(2) {
            let (from, to) = (site(pair[0]), site(pair[1]));
            if from == to {
                continue;
            }
            let (from_name, to_name) = (
                &gateway.sites[from.index()].name,
                &gateway.sites[to.index()].name,
            );
            let step = &gateway.steps[pair[1].index()].name;
            let step_at = self.names.steps[pair[1].index()].1;
            if matches!(gateway.steps[pair[0].index()].kind, StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-route",
                        step_at,
                        format!("vehicles cannot go from site `{from_name}` to site `{to_name}` before they are unloaded"),
                    )
                    .help("only lots take routes; keep the steps up to the unloading at one site"),
                );
            }
            if !gateway.routes.iter().any(|r| r.from == from && r.to == to) {
                return Some(
                    Diagnostic::error(
                        "no-route",
                        step_at,
                        format!("no route leads from site `{from_name}` to site `{to_name}`, where step `{step}` is"),
                    )
                    .help(format!(
                        "add [route.NAME] with from = \"{from_name}\", to = \"{to_name}\" and takes = \"…\""
                    )),
                );
            }
        }
        None
    }

    /// A vessel carries several classes, so what is done to it cannot depend on the class.
    fn mixed_vehicles(&mut self, gateway: &Gateway) {
        let mut wrong = Vec::new();
        for (i, step) in gateway.steps.iter().enumerate() {
            let on_vehicle = matches!(step.kind, StepKind::Handle | StepKind::Unload { .. });
            let each_lot = matches!(step.kind, StepKind::Unload { each_lot: true });
            if !on_vehicle {
                continue;
            }
            for (s, source) in gateway.sources.iter().enumerate() {
                if !source.mixed_vehicles || !step.sources[s] {
                    continue;
                }
                let classes: Vec<usize> = (0..source.mix.len())
                    .filter(|&g| source.mix[g] != Term::Value(0.0))
                    .collect();
                let differs = |f: &dyn Fn(usize) -> bool| {
                    classes.iter().any(|&g| f(g)) && classes.iter().any(|&g| !f(g))
                };
                let first = classes.first().copied().unwrap_or(0);
                let by_class = differs(&|g| step.goods[g]);
                let time_by_class =
                    !each_lot && classes.iter().any(|&g| step.takes[g] != step.takes[first]);
                if by_class || time_by_class {
                    let at = self.names.steps[i].1;
                    wrong.push(
                        Diagnostic::error(
                            "mixed-vehicle",
                            at,
                            format!(
                                "step `{}` depends on the goods class, but a vessel from `{}` carries several",
                                step.name, source.name
                            ),
                        )
                        .also(self.names.sources[s].1, "comes by sea")
                        .help(if matches!(step.kind, StepKind::Unload { .. }) && !by_class {
                            "say each = \"lot\" if it is the time of each lot, or give one time for all classes"
                        } else {
                            "let it apply to all classes with one time, and restrict the steps after the unloading"
                        }),
                    );
                    break;
                }
            }
        }
        self.diagnostics.extend(wrong);
    }
}

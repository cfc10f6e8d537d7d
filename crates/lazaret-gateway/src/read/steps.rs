//! The steps: what each does, where, for whom, how long.

use super::Reader;
use super::section::Section;
use super::things::Head;
use crate::diagnostic::Diagnostic;
use crate::document::{Node, Table, Value};
use crate::fields::{self, Kind, Thing};
use crate::model::{
    Dimension, Dispatch, HoldClock, Inspection, PlaceIx, Quantity, Recurrence, Source, Step,
    StepIx, StepKind, Term,
};

/// Keys of a step that only some kinds have.
const OWN_KEYS: &[(&str, &[&str])] = &[
    ("each", &["unload"]),
    ("at_once", &["unload"]),
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
        for (i, (node, table)) in tables.into_iter().enumerate() {
            let (id, id_at) = (self.names.steps.names[i].clone(), self.names.steps.at[i]);
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
            let at_once = self.at_once(section, &kind);
            let next = self.name(section, "next").and_then(|next| {
                if next > i {
                    return Some(StepIx(next as u16));
                }
                let message = if next == i {
                    format!("{what} is followed by itself")
                } else {
                    format!("{what} is followed by an earlier step, so a lot would loop forever")
                };
                self.error(
                    Diagnostic::error("cycle", section.at_key("next"), message)
                        .also(self.names.steps.at[next], "that step")
                        .help("to treat lots again, add again = { share = 0.1, from = \"…\" } to an inspection"),
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
                at_once,
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
                        format!("no step unloads the vehicles before {what}"),
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
                        "remove it: a departure takes no time; `every` says how often one leaves"
                            .to_string()
                    }
                    _ => format!(
                        "remove it, or write does = \"{}\"",
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

    fn at_once(&mut self, section: &Section<'d>, kind: &StepKind) -> Option<u32> {
        let entry = section.entry("at_once")?;
        if matches!(kind, StepKind::Unload { each_lot: false }) {
            self.error(
                Diagnostic::error(
                    "does-not-apply",
                    entry.key_at,
                    "all lots of a vehicle are unloaded together here, so `at_once` has no effect",
                )
                .help("remove `at_once`, or write each = \"lot\""),
            );
        }
        let most = self.whole(section, "at_once")?;
        u32::try_from(most).ok()
    }

    fn classes(&mut self, section: &Section<'d>, goods: usize) -> Vec<bool> {
        let only = self.name_list(section, "goods");
        let except = self.name_list(section, "except");
        if let (Some(_), Some(_)) = (&only, &except) {
            self.error(
                Diagnostic::error(
                    "one-of-two",
                    section.at_key("except"),
                    "`goods` and `except` exclude one another",
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
            let name = self.names.goods.names[class].clone();
            self.error(
                Diagnostic::error(
                    "missing-key",
                    entry.key_at,
                    format!("{what} has no duration for `{name}`"),
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
            let treatment = self.names.steps.names[treated].clone();
            self.diagnostics.push(
                Diagnostic::warning(
                    "unsaid-clock",
                    section.at,
                    format!("{what} does not say when its clock starts, so it starts when a lot is stored"),
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
                        format!("`{text}` does not say when a clock starts"),
                    )
                    .help("write \"when stored\", \"on arrival\" or \"starts when STEP ends\""),
                );
                return HoldClock::Stored;
            }
        };
        let (word, end) = subject;
        let step = self.names.steps.find(word).or_else(|| {
            // "disinfection" means the step `disinfect`; the longest id that fits wins.
            (0..self.names.steps.len())
                .filter(|&i| {
                    let id = &self.names.steps.names[i];
                    !id.is_empty() && word.starts_with(id.as_str())
                })
                .max_by_key(|&i| self.names.steps.names[i].len())
        });
        let at = self.inside(&entry.node, word, 0..word.len());
        let Some(step) = step else {
            let names = self.names.steps.names.iter().map(String::as_str);
            let help = self.suggestion(word, "step", names);
            self.error(
                Diagnostic::error("unknown-name", at, format!("step `{word}` is not declared"))
                    .maybe_help(help),
            );
            return HoldClock::Stored;
        };
        if step >= own {
            let message = if step == own {
                "a hold cannot wait for itself".to_string()
            } else {
                format!(
                    "step `{}` comes after this hold",
                    self.names.steps.names[step]
                )
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
                format!("again, fail and destroy sum to {rest}, which is more than 1"),
            )),
            (Some(rest), true, Some(pass)) if (rest + pass - 1.0).abs() > 1e-6 => {
                let sum = ((rest + pass) * 1e9).round() / 1e9;
                self.error(
                    Diagnostic::error(
                        "shares",
                        section.at_key("pass"),
                        format!("pass, again, fail and destroy sum to {sum}, not 1"),
                    )
                    .help("leave `pass` out; it takes the rest"),
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
                    format!("a departure cannot have at least {least_value} and at most {most_value} lots"),
                )
                .also(section.at_key("takes_up_to"), "the most"),
            );
        }
        Dispatch { due, least, most }
    }
}

//! Goods classes, their shares, and the mix of a source.

use super::Reader;
use super::section::Section;
use crate::diagnostic::{Diagnostic, Location, Text};
use crate::document::{Node, Table, Value};
use crate::fields::{self, Thing};
use crate::model::{GoodsClass, GoodsIx, Term};

impl<'d> Reader<'d> {
    pub(super) fn goods(&mut self, root: &'d Table) -> Vec<GoodsClass> {
        let opened = self.opened(root, "goods", fields::GOODS);
        if opened.is_empty() {
            return vec![GoodsClass {
                name: "general".to_string(),
                share: Term::Value(1.0),
                priority: 0,
                hold: None,
                apart_from: Vec::new(),
                mass: None,
            }];
        }
        let mut given = Vec::new();
        let mut classes = Vec::new();
        for (name, section) in &opened {
            let share = self.share(section, "share");
            given.push((
                section.table.get("share").map(|node| node.at),
                if section.has("share") {
                    Some(share.unwrap_or(Term::Value(f64::NAN)))
                } else {
                    None
                },
            ));
            classes.push(GoodsClass {
                name: name.clone(),
                share: Term::Value(0.0),
                priority: self.whole(section, "priority").unwrap_or(0) as i32,
                hold: self.quantity(section, "hold"),
                apart_from: self
                    .name_list(section, "apart_from")
                    .unwrap_or_default()
                    .into_iter()
                    .map(|i| GoodsIx(i as u16))
                    .collect(),
                mass: self.quantity(section, "mass"),
            });
        }
        let top = root.entry("goods").map_or(Location::TOP, |e| e.key_at);
        for (class, share) in classes.iter_mut().zip(self.shares(&given, top)) {
            class.share = share;
        }
        for i in 0..classes.len() {
            for other in classes[i].apart_from.clone() {
                if other.index() == i {
                    let at = opened[i].1.at_key("apart_from");
                    self.error(
                        Diagnostic::error(
                            "impossible",
                            at,
                            format!("`{}` cannot be kept apart from itself", opened[i].0),
                        )
                        .help("to keep lots apart, give a place more units of one slot"),
                    );
                } else {
                    classes[other.index()].apart_from.push(GoodsIx(i as u16));
                }
            }
        }
        for class in &mut classes {
            class.apart_from.sort_unstable();
            class.apart_from.dedup();
        }
        classes
    }

    /// Shares that sum to 1: those left out take equal parts of the rest; if overrides changed some, the others are
    /// scaled to what these leave.
    fn shares(&mut self, given: &[(Option<Location>, Option<Term>)], top: Location) -> Vec<Term> {
        let any_unknown = given
            .iter()
            .any(|(_, share)| matches!(share, Some(Term::Unknown(_))));
        let value = |share: &Option<Term>| match share {
            Some(Term::Value(value)) => *value,
            _ => 0.0,
        };
        let left_out = given.iter().filter(|(_, share)| share.is_none()).count();
        let as_given = || {
            given
                .iter()
                .map(|(_, share)| share.unwrap_or(Term::Value(0.0)))
                .collect::<Vec<_>>()
        };
        if given.iter().any(|(_, share)| value(share).is_nan()) {
            return as_given();
        }
        if any_unknown {
            if left_out > 0 {
                self.error(
                    Diagnostic::error("shares", top, "one class has no share while another has an unknown one")
                        .help("give each class a share; with unknowns they are scaled to sum to 1 in each replication"),
                );
            }
            return as_given();
        }
        let overridden = |at: &Option<Location>| at.is_some_and(|at| at.text != Text::File);
        let set: f64 = given
            .iter()
            .filter(|(at, _)| overridden(at))
            .map(|(_, share)| value(share))
            .sum();
        let filed: f64 = given
            .iter()
            .filter(|(at, _)| !overridden(at))
            .map(|(_, share)| value(share))
            .sum();
        let total = set + filed;
        let any_overridden = given.iter().any(|(at, _)| overridden(at));
        let close = |sum: f64| (sum - 1.0).abs() <= 1e-6;
        let main = given
            .iter()
            .rev()
            .find_map(|(at, share)| share.and(*at))
            .unwrap_or(top);
        if any_overridden && !close(total) && left_out == 0 {
            if set > 1.0 + 1e-6 || (filed == 0.0 && !close(set)) {
                self.error(Diagnostic::error(
                    "shares",
                    main,
                    format!("these shares sum to {set}, not 1"),
                ));
                return as_given();
            }
            let scale = if filed > 0.0 {
                (1.0 - set).max(0.0) / filed
            } else {
                0.0
            };
            return given
                .iter()
                .map(|(at, share)| {
                    Term::Value(value(share) * if overridden(at) { 1.0 } else { scale })
                })
                .collect();
        }
        if total > 1.0 + 1e-6 || (left_out == 0 && !close(total)) {
            let mut diagnostic = Diagnostic::error(
                "shares",
                main,
                format!("the shares sum to {}, not 1", (total * 1e9).round() / 1e9),
            );
            for (at, _) in given {
                if let Some(at) = at.filter(|at| *at != main) {
                    diagnostic = diagnostic.also(at, "");
                }
            }
            self.error(diagnostic.help("leave one share out; it takes the rest"));
            return as_given();
        }
        let rest = (1.0 - total).max(0.0) / left_out.max(1) as f64;
        given
            .iter()
            .map(|(_, share)| share.unwrap_or(Term::Value(rest)))
            .collect()
    }

    pub(super) fn mix(&mut self, section: &Section<'d>, goods: &[GoodsClass]) -> Vec<Term> {
        let general: Vec<Term> = goods.iter().map(|class| class.share).collect();
        let Some(entry) = section.entry("goods") else {
            return general;
        };
        // One class alone may be named without a share.
        if let Value::Text(_) = entry.node.value {
            let only = self.thing(&entry.node, Thing::Goods);
            return (0..goods.len())
                .map(|i| Term::Value(if Some(i) == only { 1.0 } else { 0.0 }))
                .collect();
        }
        let Value::Table(table) = &entry.node.value else {
            self.wrong_kind(
                &entry.node,
                "a table such as { medicine = 0.4, dairy = 0.6 }",
            );
            return general;
        };
        let mut given = Vec::new();
        let mut classes = Vec::new();
        for inner in &table.entries {
            let name = Node {
                at: inner.key_at,
                value: Value::Text(inner.key.clone()),
            };
            let share = self.share_of(&inner.node);
            if let Some(class) = self.thing(&name, Thing::Goods) {
                classes.push(class);
                given.push((
                    Some(inner.node.at),
                    Some(share.unwrap_or(Term::Value(f64::NAN))),
                ));
            } else {
                return general;
            }
        }
        let mut mix = vec![Term::Value(0.0); goods.len()];
        for (class, share) in classes.into_iter().zip(self.shares(&given, entry.key_at)) {
            mix[class] = share;
        }
        mix
    }
}

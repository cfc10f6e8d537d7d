//! Rules, protocols and papers.

use std::sync::Arc;

use lazaret_vocabulary::event::Thing;
use lazaret_vocabulary::event::entry::{Entry as E, ManifestLine};
use lazaret_vocabulary::event::rules::Protocol;

use super::{At, Lot, Oracle, Told, present, secs, unrelease, us};
use crate::weaker::Change;
use crate::{dangers, weaker};

impl Oracle {
    /// Rules and protocols, and names that are voided.
    pub(super) fn of_rules(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        let by = record.by.to_string();
        match entry {
            E::NameVoided { thing, .. } => self.voided(thing, &by, now),
            E::RulesProposed { rules } => {
                let change = Change::Rules(rules.clone());
                self.proposals.push((change, by, now));
            }
            E::ProtocolProposed { protocol } => {
                let change = Change::protocol(protocol);
                self.proposals.push((change, by, now));
            }
            E::RulesAdopted { rules } => {
                let less = (self.rules.as_ref()).and_then(|bound| weaker::of_rules(bound, rules));
                self.second_person(less, &Change::Rules(rules.clone()), &by, now);
                self.rules = Some(Arc::new((**rules).clone()));
            }
            E::ProtocolAdopted { protocol } => {
                let less = self.less_of(protocol, now);
                self.second_person(less, &Change::protocol(protocol), &by, now);
                self.protocols.push(Arc::new((**protocol).clone()));
                if protocol.held_too {
                    self.bind(protocol);
                }
            }
            _ => {}
        }
    }

    pub(super) fn speaks(protocol: &Protocol, goods: &str, source: &str) -> Option<u8> {
        let class = protocol.goods.iter().any(|g| g.as_str() == goods);
        let origin = protocol.sources.iter().any(|s| s.as_str() == source);
        if !(class || protocol.goods.is_empty()) || !(origin || protocol.sources.is_empty()) {
            return None;
        }
        Some(u8::from(class) * 2 + u8::from(origin))
    }

    pub(super) fn protocol_for(&self, goods: &str, source: &str, now: i64) -> Option<usize> {
        let mut best: Option<(u8, i64, usize)> = None;
        for (number, protocol) in self.protocols.iter().enumerate() {
            let from = us(protocol.from);
            if from > now {
                continue;
            }
            if let Some(rank) = Oracle::speaks(protocol, goods, source) {
                best = best.max(Some((rank, from, number)));
            }
        }
        best.map(|(.., number)| number)
    }

    /// What a protocol asks less of than the one that it comes before, for goods that the rules know.
    pub(super) fn less_of(&self, protocol: &Protocol, now: i64) -> Option<String> {
        let rules = self.rules.as_ref()?;
        let from = us(protocol.from).max(now);
        let pairs = (rules.goods.iter()).flat_map(|goods| {
            (rules.vehicles.iter())
                .map(move |source| (goods.goods.as_str(), source.source.as_str()))
        });
        pairs
            .filter_map(|(goods, source)| {
                let rank = Oracle::speaks(protocol, goods, source)?;
                let bound = &self.protocols[self.protocol_for(goods, source, from)?];
                let other = Oracle::speaks(bound, goods, source)?;
                (other <= rank).then(|| weaker::of_protocol(bound, protocol))?
            })
            .next()
    }

    /// What asks for less was proposed by somebody else, and has waited. Before the first goods came nothing is freed.
    pub(super) fn second_person(
        &mut self,
        less: Option<String>,
        change: &Change,
        by: &str,
        now: i64,
    ) {
        let Some(less) = less.filter(|_| !self.arrived.is_empty()) else {
            return;
        };
        let waits = (self.rules.as_ref()).and_then(|rules| rules.weaker_after_s);
        let waits = secs(waits.unwrap_or(86_400));
        let proposed = (self.proposals.iter()).any(|(other, who, at)| {
            other == change && who != by && at.saturating_add(waits) <= now
        });
        self.must("R1", proposed, || {
            format!("it asks for less ({less}), and nobody else proposed it in time")
        });
    }

    /// A name that two people void was never here.
    pub(super) fn voided(&mut self, thing: &Thing, by: &str, now: i64) {
        let key = format!("{thing:?}");
        match self.voiding.get(&key) {
            Some(first) if first != by => self.voiding.remove(&key),
            _ => {
                self.voiding.insert(key, by.to_owned());
                return;
            }
        };
        match thing {
            Thing::Lot(lot) => {
                self.end_visits(lot.as_str(), now);
                self.work.remove(lot.as_str());
                self.put(lot.as_str(), None);
                let row = self.lots.entry(lot.to_string()).or_default();
                (row.at, row.slot) = (At::Off, false);
            }
            Thing::Vehicle(vehicle) => {
                self.park(vehicle.as_str(), None);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.here = false;
            }
            Thing::Convoy(_) => {}
        }
    }

    pub(super) fn bind(&mut self, protocol: &Protocol) {
        let number = self.protocols.len() - 1;
        let names: Vec<String> = self.lots.keys().cloned().collect();
        for lot in names {
            let row = self.lots[&lot].clone();
            if !present(row.at) {
                continue;
            }
            let source = self.vehicles.get(&row.vehicle).map(|v| v.source.clone());
            let source = source.unwrap_or_default();
            let Some(rank) = Oracle::speaks(protocol, &row.goods, &source) else {
                continue;
            };
            let own = self
                .protocols_of(&lot)
                .first()
                .and_then(|own| Oracle::speaks(own, &row.goods, &source));
            if own.is_some_and(|own| own > rank) {
                continue;
            }
            let waited = self
                .protocols_of(&lot)
                .first()
                .is_some_and(|own| own.hold.is_some());
            let row = self.lots.entry(lot).or_default();
            row.protocols.push(number);
            if protocol.hold.is_some() && !waited {
                row.clock = row.clock.or(Some(row.entered.max(row.floor)));
            }
            unrelease(row);
        }
    }

    /// Papers, trials.
    pub(super) fn of_papers(&mut self, entry: &E) {
        match entry {
            E::ManifestAnnounced {
                manifest,
                convoy,
                lines,
                ..
            } => {
                self.papers
                    .insert(manifest.to_string(), (convoy.to_string(), false, false));
                let names = self.papers_of.entry(convoy.to_string()).or_default();
                names.insert(manifest.to_string());
                self.announce(convoy.as_str(), lines);
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), false, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, lines);
                }
            }
            E::ManifestWithheld { manifest, .. } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), true, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, &[]);
                }
            }
            E::ManifestRefused { manifest, .. } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), false, true);
                }
            }
            E::TrialDeclared { convoy } => {
                let late = self.arrived.contains(convoy.as_str());
                self.must("X1", !late, || format!("{convoy} has arrived"));
                self.trials.insert(convoy.to_string());
            }
            _ => {}
        }
    }

    pub(super) fn announce(&mut self, convoy: &str, lines: &[ManifestLine]) {
        for lot in self.lots_of.get(convoy).into_iter().flatten() {
            if let Some(row) = self.lots.get_mut(lot)
                && row.at == At::Papers
                && row.convoy == convoy
            {
                row.at = At::Off;
            }
        }
        for line in lines {
            for hazard in &line.hazards {
                self.must("S2", dangers::known(hazard.as_str()), || {
                    format!("{hazard} of {} is not a class of dangerous goods", line.lot)
                });
            }
            let names = self.lots_of.entry(convoy.to_owned()).or_default();
            names.insert(line.lot.to_string());
            let row = self.lots.entry(line.lot.to_string()).or_default();
            if present(row.at) {
                // What is here gets no less dangerous by new papers.
                row.hazards
                    .extend(line.hazards.iter().map(ToString::to_string));
            }
            let fresh = row.vehicle.is_empty();
            if fresh || row.at == At::Off {
                *row = Lot {
                    at: At::Papers,
                    goods: line.goods.to_string(),
                    vehicle: line.vehicle.to_string(),
                    convoy: convoy.into(),
                    tally: Some(line.tally),
                    hazards: line.hazards.iter().map(ToString::to_string).collect(),
                    ..Lot::default()
                };
            }
        }
    }

    /// The papers of a convoy: its name, whether they were withheld, whether refused.
    pub(super) fn papers_for(&self, convoy: &str) -> impl Iterator<Item = &(String, bool, bool)> {
        let names = self.papers_of.get(convoy).into_iter().flatten();
        names.filter_map(|name| self.papers.get(name))
    }

    pub(super) fn not_turned_away(&mut self, vehicle: &str) {
        let refused = self.turned_away(vehicle);
        self.must("G2", !refused, || {
            format!("the papers of {vehicle} were refused")
        });
    }

    pub(super) fn turned_away(&self, vehicle: &str) -> bool {
        self.vehicles
            .get(vehicle)
            .is_some_and(|row| self.papers_for(&row.convoy).any(|(_, _, refused)| *refused))
    }
}

//! Rules, protocols and papers.

use std::sync::Arc;

use std::collections::BTreeSet;

use lazaret_vocabulary::event::Thing;
use lazaret_vocabulary::event::entry::{Entry as E, ManifestLine, Role};
use lazaret_vocabulary::event::rules::Protocol;

use super::{At, Lot, Oracle, Told, present, secs, stops, unrelease, us};
use crate::say::{list, thing as thing_words};
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
                self.next_version(protocol);
                let change = Change::protocol(protocol);
                self.proposals.push((change, by, now));
            }
            E::RulesAdopted { rules } => {
                let comes_from = |source: &str| {
                    let mut here = self.vehicles.values().filter(|row| row.here);
                    here.any(|row| row.source == source)
                };
                let there_is = |goods: &str| {
                    let mut lots = self.lots.values();
                    lots.any(|row| (present(row.at) || row.at == At::Papers) && row.goods == goods)
                };
                let less = (self.rules.as_ref())
                    .and_then(|bound| weaker::of_rules(bound, rules, comes_from, there_is));
                let change = Change::Rules(rules.clone());
                self.second_person(less, &change, &by, now);
                // To adopt it once more later needs to be proposed once more.
                self.proposals.retain(|(other, ..)| *other != change);
                self.rules = Some(Arc::new((**rules).clone()));
            }
            E::ProtocolAdopted { protocol } => {
                self.next_version(protocol);
                let less = self.less_of(protocol, now);
                let change = Change::protocol(protocol);
                self.second_person(less, &change, &by, now);
                self.proposals.retain(|(other, ..)| *other != change);
                self.protocols.push(Arc::new((**protocol).clone()));
                if protocol.held_too {
                    self.bind(protocol);
                }
            }
            _ => {}
        }
    }

    /// That a version follows the one before, and that somebody signs by it.
    fn next_version(&mut self, protocol: &Protocol) {
        let same = (self.protocols.iter()).filter(|known| known.protocol == protocol.protocol);
        let next = same.map(|known| known.version).max().unwrap_or(0) + 1;
        self.must("K1", protocol.version == next, || {
            format!(
                "version {1} of {0} comes where version {next} should",
                protocol.protocol, protocol.version
            )
        });
        let sources = self.rules.iter().flat_map(|rules| &rules.vehicles);
        let known: BTreeSet<&str> = sources.map(|rule| rule.source.as_str()).collect();
        let stray = (protocol.sources.iter()).find(|source| !known.contains(source.as_str()));
        let stray = stray.map(ToString::to_string);
        self.must("K1", stray.is_none(), || {
            format!(
                "{} is for the source {}, which the rules do not have",
                protocol.protocol,
                stray.unwrap_or_default()
            )
        });
        self.must("K1", (1..=4).contains(&protocol.signatures), || {
            format!(
                "{} requires {} signatures",
                protocol.protocol, protocol.signatures
            )
        });
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
            // Goods that no papers name may come from nowhere that is known.
            (rules.vehicles.iter().map(|rule| rule.source.as_str()))
                .chain([""])
                .map(move |source| (goods.goods.as_str(), source))
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
        let Some(less) = less.filter(|_| !self.arrived.is_empty() || !self.stock.is_empty()) else {
            return;
        };
        let waits = (self.rules.as_ref()).and_then(|rules| rules.weaker_after_s);
        let waits = secs(waits.unwrap_or(86_400));
        let proposed = (self.proposals.iter()).any(|(other, who, at)| {
            other == change && who != by && at.saturating_add(waits) <= now
        });
        self.must("R1", proposed, || {
            format!("it asks for less ({less}), but nobody else proposed it in time")
        });
    }

    /// A name that two people void was never here.
    pub(super) fn voided(&mut self, thing: &Thing, by: &str, now: i64) {
        let key = format!("{thing:?}");
        let first = match self.voiding.get(&key) {
            Some(first) if first != by => self.voiding.remove(&key),
            _ => {
                self.voiding.insert(key, by.to_owned());
                return;
            }
        };
        let officer = |name: &str| {
            let roles = self.people.get(name).map_or(&[][..], |row| &row.roles);
            roles.contains(&Role::QuarantineOfficer) || roles.contains(&Role::ChiefOfficer)
        };
        let told = first.is_some_and(|first| officer(&first)) || officer(by);
        self.must("R1", told, || {
            format!("no officer says that {} is not here", thing_words(thing))
        });
        let untouched = match thing {
            Thing::Lot(lot) => self.lots.get(lot.as_str()).is_some_and(|row| {
                let sampled = self.samples.values().any(|(of, ..)| of == lot.as_str());
                let stopped = (row.stopped.iter()).any(|by| !by.starts_with("unannounced-"));
                row.at == At::Here
                    && row.treated.is_empty()
                    && row.signers.is_empty()
                    && !(row.released || stopped || sampled)
                    && (!row.clean || self.stock.get(lot.as_str()).is_some_and(|claim| claim.open))
                    && row.part_of.is_none()
            }),
            Thing::Vehicle(vehicle) => (self.vehicles.get(vehicle.as_str())).is_some_and(|row| {
                let expected = self.lots_of.get(&row.convoy).into_iter().flatten();
                let laden = expected.filter_map(|lot| self.lots.get(lot)).any(|lot| {
                    lot.at == At::Papers
                        && lot.vehicle == vehicle.as_str()
                        && lot.convoy == row.convoy
                });
                row.here && !row.opened && !row.emptied && !laden
            }),
            Thing::Convoy(_) => false,
        };
        self.must("K1", untouched, || {
            format!(
                "{} was worked on or is not here, so it was not entered by mistake",
                thing_words(thing)
            )
        });
        match thing {
            Thing::Lot(lot) => {
                self.end_visits(lot.as_str(), now);
                self.work.remove(lot.as_str());
                self.alter(lot.as_str(), |row| {
                    (row.at, row.slot, row.spot) = (At::Off, false, None);
                });
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
            let source = source.unwrap_or_else(|| row.source.clone());
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

    /// Rule G5: what papers no longer say of goods that came, or say of goods that they did not name, stops those goods.
    pub(super) fn papers_changed(
        &mut self,
        manifest: &str,
        lines: &[ManifestLine],
        told: Told<'_>,
    ) {
        let Some((convoy, withheld, _)) = self.papers.get(manifest).cloned() else {
            return;
        };
        if !self.arrived.contains(&convoy) {
            return;
        }
        let empty = BTreeSet::new();
        let named = if withheld {
            &empty
        } else {
            self.lots_of.get(&convoy).unwrap_or(&empty)
        };
        let open = |name: &str| {
            self.lots
                .get(name)
                .filter(|row| row.convoy == convoy)
                .filter(|row| present(row.at) && row.on_papers || row.at == At::Papers)
        };
        let mut changed: Vec<String> = Vec::new();
        for name in named.iter().map(String::as_str) {
            if open(name).is_none() {
                continue;
            }
            let line = lines.iter().find(|line| line.lot.as_str() == name);
            let same = line.zip(open(name)).is_some_and(|(line, row)| {
                row.goods == line.goods.as_str() && row.vehicle == line.vehicle.as_str()
            });
            if !same {
                changed.push(name.to_owned());
            }
        }
        changed.extend(
            (lines.iter().map(|line| line.lot.as_str()))
                .filter(|lot| open(lot).is_none())
                .map(str::to_owned),
        );
        changed.retain(|lot| !stops(told.record, lot));
        self.must("G5", changed.is_empty(), || {
            format!(
                "papers {manifest} and what came differ in {}, but nothing was stopped",
                list(&changed)
            )
        });
    }

    /// Papers, trials.
    pub(super) fn of_papers(&mut self, entry: &E, told: Told<'_>) {
        match entry {
            E::ManifestAnnounced {
                manifest,
                convoy,
                lines,
                ..
            } => {
                self.announced(manifest.as_str(), convoy.as_str());
                self.lines_of(lines, convoy.as_str());
                self.papers
                    .insert(manifest.to_string(), (convoy.to_string(), false, false));
                self.announced
                    .insert(convoy.to_string(), told.at.min(told.now));
                let names = self.papers_of.entry(convoy.to_string()).or_default();
                names.insert(manifest.to_string());
                self.announce(convoy.as_str(), lines);
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => {
                let convoy = (self.papers.get(manifest.as_str())).map(|row| row.0.clone());
                self.lines_of(lines, &convoy.unwrap_or_default());
                self.papers_changed(manifest.as_str(), lines, told);
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), false, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, lines);
                }
            }
            E::ManifestWithheld { manifest, .. } => {
                self.papers_changed(manifest.as_str(), &[], told);
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), true, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, &[]);
                }
            }
            E::ManifestRefused { manifest, .. } => {
                self.papers_changed(manifest.as_str(), &[], told);
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

    /// Papers are announced once, and a convoy has one; those that were taken back make room until it is here.
    fn announced(&mut self, manifest: &str, convoy: &str) {
        let taken = |row: &(String, bool, bool)| !row.1 || self.arrived.contains(&row.0);
        let again = self.papers.get(manifest).is_some_and(taken);
        let others = self.papers_for(convoy).any(taken);
        self.must("K1", !again, || format!("papers {manifest} are known"));
        self.must("K1", !others, || format!("{convoy} has papers"));
    }

    /// That the lots of papers are new, or of this convoy and not gone.
    fn lines_of(&mut self, lines: &[ManifestLine], convoy: &str) {
        let elsewhere = lines.iter().find(|line| {
            self.lots.get(line.lot.as_str()).is_some_and(|row| {
                let free = row.at == At::Off && row.protocols.is_empty();
                let own = free || row.convoy == convoy;
                !own || !matches!(row.at, At::Papers | At::Off | At::Here)
            })
        });
        let elsewhere = elsewhere.map(|line| line.lot.to_string());
        self.must("G7", elsewhere.is_none(), || {
            format!("{elsewhere:?} is known from elsewhere")
        });
    }

    pub(super) fn announce(&mut self, convoy: &str, lines: &[ManifestLine]) {
        for lot in self.lots_of.get(convoy).into_iter().flatten() {
            if let Some(row) = self.lots.get_mut(lot).filter(|row| row.convoy == convoy) {
                row.on_papers = false;
                if row.at == At::Papers {
                    row.at = At::Off;
                }
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
            self.alter(line.lot.as_str(), |row| {
                row.on_papers = true;
                let hazards = line.hazards.iter().map(ToString::to_string);
                if present(row.at) {
                    // What is here gets no less dangerous by new papers.
                    row.hazards.extend(hazards);
                } else if row.vehicle.is_empty() || row.at == At::Off {
                    *row = Lot {
                        at: At::Papers,
                        goods: line.goods.to_string(),
                        vehicle: line.vehicle.to_string(),
                        convoy: convoy.into(),
                        tally: Some(line.tally),
                        hazards: hazards.collect(),
                        // Papers that are written anew settle nothing that stopped it.
                        stopped: std::mem::take(&mut row.stopped),
                        on_papers: true,
                        ..Lot::default()
                    };
                }
            });
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

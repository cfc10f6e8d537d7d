//! What touched what, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_vocabulary::event::entry::{Entry as E, Link, Soiled, Surface};
use lazaret_vocabulary::event::{Happening as H, LotId};

use super::people::said;
use super::{At, Lot, Oracle, Told, present, secs, unit_surface, unrelease, us};
use crate::record::Record;
use crate::say::list;
use crate::visits::{OPEN, Visit};

impl Oracle {
    /// Contacts, contamination, exceptions and what they stop.
    pub(super) fn of_contact(&mut self, entry: &E, told: Told<'_>) {
        let Told {
            record, at, now, ..
        } = told;
        match entry {
            E::ContactSeen { lots, .. } => {
                self.all_here(lots.iter().map(LotId::as_str));
                let distinct: BTreeSet<_> = lots.iter().map(LotId::as_str).collect();
                self.must("K1", distinct.len() > 1, || "a contact of one lot".into());
                let keys: Vec<(String, i64)> = lots
                    .iter()
                    .map(|lot| (lot.to_string(), self.dirt(lot.as_str())))
                    .collect();
                for (lot, own) in &keys {
                    if keys.iter().any(|(_, other)| other > own) {
                        self.restarted_in(record, lot, "C1");
                    }
                }
                self.seen += 1;
                let surface = format!("seen {}", self.seen);
                for lot in lots {
                    self.stays(Visit {
                        lot: lot.to_string(),
                        surface: surface.clone(),
                        from: at.min(now),
                        to: now,
                        record: self.seq,
                    });
                }
            }
            E::ContaminationFound {
                on,
                since,
                exception,
                ..
            } => self.contaminated(on, us(*since).min(now), exception.as_str(), record),
            E::ExceptionOpened {
                exception,
                lots,
                because,
            } => {
                self.opens(exception.as_str());
                // What the ledger opens by itself may be about a vehicle, or about what did not come.
                if !record.events.iter().any(|event| said(&event.happening)) {
                    self.all_here(lots.iter().map(LotId::as_str));
                    let distinct: BTreeSet<_> = lots.iter().map(LotId::as_str).collect();
                    let each_once = distinct.len() == lots.len() && !lots.is_empty();
                    self.must("K1", each_once && !because.trim().is_empty(), || {
                        format!("{exception} names no lot, names one twice, or gives no reason")
                    });
                }
                for lot in lots {
                    self.stop(lot.as_str(), exception.as_str());
                }
            }
            E::ExceptionClosed { exception, because } => {
                self.must("G3d", !because.trim().is_empty(), || {
                    format!("nobody says how {exception} was settled")
                });
                let open = self.exceptions.insert(exception.to_string(), false);
                self.must("K1", open == Some(true), || {
                    format!("{exception} was not open")
                });
                let stopped = self.stops.remove(exception.as_str());
                for lot in stopped.into_iter().flatten() {
                    if let Some(row) = self.lots.get_mut(&lot) {
                        row.stopped.remove(exception.as_str());
                    }
                }
            }
            E::LotFrozen {
                lot,
                exception,
                link,
            } => {
                if let Some(link) = link {
                    self.linked(lot.as_str(), link);
                }
                self.stop(lot.as_str(), exception.as_str());
            }
            E::LotRecalled { lot, link, .. } => {
                if let Some(link) = link {
                    self.linked(lot.as_str(), link);
                }
                unrelease(self.lots.entry(lot.to_string()).or_default());
            }
            _ => {}
        }
    }

    /// An exception is opened once.
    pub(super) fn opens(&mut self, exception: &str) {
        let known = self.exceptions.insert(exception.to_owned(), true).is_some();
        self.must("K1", !known, || format!("{exception} was opened before"));
    }

    fn all_here<'a>(&mut self, lots: impl Iterator<Item = &'a str>) {
        for lot in lots {
            let here = self.lots.get(lot).is_some_and(|row| present(row.at));
            self.must("G7", here, || format!("{lot} is not here"));
        }
    }

    pub(super) fn stop(&mut self, lot: &str, exception: &str) {
        let row = self.lots.entry(lot.into()).or_default();
        row.stopped.insert(exception.into());
        let stopped = self.stops.entry(exception.into()).or_default();
        stopped.insert(lot.into());
        unrelease(row);
    }

    pub(super) fn since_entry(&self, lot: &str) -> Vec<(String, i64)> {
        self.whole(lot)
            .into_iter()
            .map(|lot| {
                let first = self.visits.of(&lot).map(|visit| visit.from).min();
                let entered = self.lots.get(&lot).map_or(0, |row| row.entered);
                (lot, first.unwrap_or(entered))
            })
            .collect()
    }

    /// What contamination may have reached that was on a lot from its entry on, and when.
    pub(crate) fn closure(&self, lot: &str) -> BTreeMap<String, i64> {
        self.reach(&self.since_entry(lot))
    }

    pub(super) fn tail(&self, surface: &str) -> i64 {
        if surface.starts_with("person ") {
            let tail = (self.rules.as_ref()).and_then(|rules| rules.people.contact_tail_s);
            return tail.map_or(0, secs);
        }
        let Some(rest) = surface.strip_prefix("unit ") else {
            return 0;
        };
        let place = rest.rsplit_once(' ').map_or(rest, |(place, _)| place);
        self.place(place).map_or(0, |rule| secs(rule.tail_s))
    }

    /// Everything that contamination may have reached from the seeds: pair by pair, until nothing changes.
    pub(crate) fn reach(&self, seeds: &[(String, i64)]) -> BTreeMap<String, i64> {
        let mut reached: BTreeMap<String, i64> = BTreeMap::new();
        for (lot, since) in seeds {
            let known = reached.entry(lot.clone()).or_insert(*since);
            *known = (*known).min(*since);
        }
        let mut next: Vec<String> = reached.keys().cloned().collect();
        while let Some(lot) = next.pop() {
            let Some(&tx) = reached.get(&lot) else {
                continue;
            };
            for (number, x) in self.visits.numbered_of(&lot).filter(|(_, x)| tx <= x.to) {
                let tail = self.tail(&x.surface);
                let soiled = tx.max(x.from);
                for (other, y) in self.visits.numbered_on(&x.surface, soiled) {
                    if y.lot == x.lot || !self.visits.touch(number, other, tail) {
                        continue;
                    }
                    let at = soiled.max(y.from);
                    let known = reached.get(&y.lot).copied();
                    if known.is_none_or(|known| at < known) {
                        reached.insert(y.lot.clone(), at);
                        next.push(y.lot.clone());
                    }
                }
            }
        }
        reached
    }

    /// The record must stop exactly what was reached and is here, restart it, and call back what was released.
    pub(super) fn stopped_in(
        &mut self,
        record: &Record,
        seeds: &[(String, i64)],
        exception: &str,
        rule: &'static str,
    ) {
        let reached = self.reach(seeds);
        let mut frozen = BTreeSet::new();
        let mut recalled = BTreeSet::new();
        for event in &record.events {
            match &event.happening {
                H::Entry(E::LotFrozen {
                    lot, exception: of, ..
                }) if of.as_str() == exception => {
                    frozen.insert(lot.to_string());
                }
                H::Entry(E::LotRecalled { lot, .. }) => {
                    recalled.insert(lot.to_string());
                }
                _ => {}
            }
        }
        let here: BTreeSet<String> = self.those(&reached, |row| present(row.at));
        let free: BTreeSet<String> =
            self.those(&reached, |row| row.released && row.at != At::Destroyed);
        self.must(rule, frozen == here, || {
            format!("it stopped {}, but reached {}", list(&frozen), list(&here))
        });
        self.must(rule, recalled == free, || {
            format!(
                "it recalled {}, but free were {}",
                list(&recalled),
                list(&free)
            )
        });
        for lot in here {
            self.restarted_in(record, &lot, rule);
        }
    }

    pub(super) fn those(
        &self,
        reached: &BTreeMap<String, i64>,
        is: impl Fn(&Lot) -> bool,
    ) -> BTreeSet<String> {
        reached
            .keys()
            .filter(|lot| self.lots.get(*lot).is_some_and(&is))
            .cloned()
            .collect()
    }

    /// That the record starts a clock anew, from the record on and for the whole hold.
    pub(super) fn restarted_in(&mut self, record: &Record, lot: &str, rule: &'static str) {
        let hold = self.hold_us(lot);
        let now = us(record.recorded_at);
        let restarted = record.events.iter().any(|event| {
            matches!(&event.happening, H::HoldRestarted { lot: of, until, .. }
                if of.as_str() == lot && us(event.at) >= now && us(*until) >= now.saturating_add(hold))
        });
        self.must(rule, restarted, || {
            format!("the clock of {lot} was not restarted")
        });
    }

    pub(super) fn contaminated(
        &mut self,
        on: &Soiled,
        since: i64,
        exception: &str,
        record: &Record,
    ) {
        // It is opened by an entry of its own if anything is called back.
        let known = self.exceptions.contains_key(exception);
        self.must("K1", !known, || format!("{exception} was opened before"));
        let surface = match on {
            Soiled::Lot(_) => None,
            Soiled::Vehicle(vehicle) => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.washed = None;
                Some(format!("vehicle {vehicle} {}", row.convoy))
            }
            Soiled::Unit(place, unit) => Some(unit_surface(&(place.to_string(), *unit))),
        };
        let seeds: Vec<(String, i64)> = match (on, surface) {
            (Soiled::Lot(lot), _) => self
                .whole(lot.as_str())
                .into_iter()
                .map(|lot| (lot, since))
                .collect(),
            (_, Some(surface)) => self
                .visits
                .on_since(&surface, since)
                .map(|visit| (visit.lot.clone(), since.max(visit.from)))
                .collect(),
            _ => Vec::new(),
        };
        let reached = self.reach(&seeds);
        for lot in self.those(&reached, |row| present(row.at)) {
            self.restarted_in(record, &lot, "C1");
        }
        let recalled: BTreeSet<String> = record
            .events
            .iter()
            .filter_map(|event| match &event.happening {
                H::Entry(E::LotRecalled { lot, .. }) => Some(lot.to_string()),
                _ => None,
            })
            .collect();
        let free = self.those(&reached, |row| row.released && row.at != At::Destroyed);
        self.must("C1", recalled == free, || {
            format!(
                "it recalled {}, but free were {}",
                list(&recalled),
                list(&free)
            )
        });
    }

    /// A link must name two stays that overlap on one surface.
    pub(super) fn linked(&mut self, lot: &str, link: &Link) {
        let is = |visit: &Visit, lot: &str, record: u64| {
            let surface = match &link.surface {
                Surface::Vehicle(vehicle) => {
                    visit.surface.starts_with(&format!("vehicle {vehicle} "))
                }
                Surface::Unit(place, unit) => {
                    visit.surface == unit_surface(&(place.to_string(), *unit))
                }
                Surface::Person(person) => visit.surface == format!("person {person}"),
                Surface::Seen => visit.surface.starts_with("seen "),
            };
            surface && visit.lot == lot && visit.record == record
        };
        let visits = &self.visits;
        let found = visits.numbered_of(link.from.as_str()).any(|(x, from)| {
            is(from, link.from.as_str(), link.records[0])
                && visits.numbered_of(lot).any(|(y, visit)| {
                    is(visit, lot, link.records[1]) && visits.touch(x, y, self.tail(&visit.surface))
                })
        });
        self.must("C3", found, || {
            format!(
                "{lot} and {} did not touch as records {} and {} say",
                link.from, link.records[0], link.records[1]
            )
        });
    }

    /// A later clock is dirtier; no clock, or a stop, is dirtiest.
    pub(super) fn dirt(&self, lot: &str) -> i64 {
        match self.lots.get(lot) {
            Some(row) if row.stopped.is_empty() => row.clock.unwrap_or(OPEN),
            _ => OPEN,
        }
    }
}

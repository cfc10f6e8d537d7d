//! Clocks, and when a lot may go at the earliest.

use std::sync::Arc;

use lazaret_vocabulary::event::entry::Entry as E;
use lazaret_vocabulary::event::rules::{ClockFrom, Protocol};
use lazaret_vocabulary::event::{Happening as H, StepName};

use super::{At, Oracle, Told, present, secs, unrelease, us};
use crate::say::instant;
use crate::visits::OPEN;

impl Oracle {
    /// Holds that begin, begin anew and end.
    pub(super) fn holds(&mut self, told: Told<'_>) {
        let Told { event, at, now, .. } = told;
        match &event.happening {
            H::HoldStarted { lot, until, .. } => {
                self.hold_started(lot.as_str(), at, us(*until), now);
            }
            H::HoldRestarted { lot, until, .. } => {
                let row = self.lots.get(lot.as_str());
                let here = row.is_some_and(|row| present(row.at));
                let runs = row.is_some_and(|row| row.clock.is_some());
                self.must("G7", here, || format!("{lot} is not here"));
                let earliest = self.earliest(lot.as_str());
                self.must("G4", !runs || us(*until) >= earliest, || {
                    format!(
                        "{lot} is held until {}, which must not become earlier",
                        instant(earliest)
                    )
                });
                let row = self.lots.entry(lot.to_string()).or_default();
                row.floor = row.floor.max(at);
                row.clock = row.clock.map(|clock| clock.max(at));
                row.until = row.until.max(us(*until));
                row.passed.clear();
                unrelease(row);
            }
            H::HoldEnded { lot, .. } => {
                let row = self.lots.get(lot.as_str());
                let here = row.is_some_and(|row| present(row.at));
                self.must("G7", here, || format!("{lot} is not here"));
                let earliest = self.earliest(lot.as_str());
                let now = now.saturating_add(self.slack);
                self.must("G3b", earliest <= now, || format!("{lot} is still held"));
            }
            _ => {}
        }
    }

    pub(super) fn hold_started(&mut self, lot: &str, at: i64, until: i64, now: i64) {
        let treated = self.may_wait(lot);
        let hold = self.hold_us(lot);
        let protocol = self.protocols_of(lot).first().cloned();
        let waits = (protocol.as_ref()).is_some_and(|protocol| protocol.hold.is_some());
        let earliest = self.earliest(lot);
        let row = self.lots.get(lot);
        let here = row.is_some_and(|row| row.at == At::Here);
        let runs = row.is_some_and(|row| row.clock.is_some());
        self.must("G7", here, || format!("{lot} is not here"));
        self.must("K1", waits || runs, || {
            format!("{lot} has no hold to begin")
        });
        self.must("G4", !runs || until >= earliest, || {
            format!(
                "{lot} is held until {}, which must not become earlier",
                instant(earliest)
            )
        });
        let row = self.lots.entry(lot.into()).or_default();
        if row.clock.is_some() {
            row.until = row.until.max(until);
            return;
        }
        // The clock starts at the earliest from what it counts from, the last contact, and, unless the protocol counts
        // from something before the treatment, the record at which the last condition came true.
        let before = protocol
            .and_then(|p| p.hold.clone())
            .is_some_and(|hold| matches!(hold.clock, ClockFrom::Arrival | ClockFrom::StepStart(_)));
        let least = if before {
            row.base.unwrap_or(now).max(row.floor)
        } else {
            now.max(row.floor)
        };
        row.clock = Some(at.max(row.floor));
        row.until = row.until.max(until);
        self.must("G4", at >= least.min(now), || {
            format!(
                "the clock of {lot} started at {} instead of {}",
                instant(at),
                instant(least)
            )
        });
        self.must("G4", until >= at.saturating_add(hold), || {
            format!("the hold of {lot} is too short")
        });
        self.must("G3a", treated, || format!("{lot} is held untreated"));
    }

    /// Time that somebody saw go by before it was recorded.
    pub(super) fn of_credit(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        let by = record.by.to_string();
        match entry {
            E::CreditAsked { lot, from, witness } => {
                self.must("A10", witness.as_str() != by, || {
                    format!("{by} saw it alone")
                });
                self.cleared(witness.as_str(), now);
                self.cleared(&by, now);
                self.creditable(lot.as_str(), us(*from));
                let asked = (us(*from), witness.to_string());
                self.credits.insert(lot.to_string(), asked);
            }
            E::CreditWitnessed { lot, from } => {
                let asked = self.credits.get(lot.as_str());
                let right = asked.is_some_and(|(since, who)| *since == us(*from) && *who == by);
                self.must("A10", right, || format!("{by} was not asked about {lot}"));
                self.cleared(&by, now);
            }
            E::ClockCredited { lot, from, witness } => {
                let said = record.events.iter().any(|event| {
                    matches!(&event.happening,
                        H::Entry(E::CreditWitnessed { lot: of, .. }) if of == lot)
                });
                self.must("A10", said && witness.as_str() == by, || {
                    format!("{witness} has not said what they saw of {lot}")
                });
                let asked = self.credits.remove(lot.as_str());
                let from = us(*from);
                self.must("A10", asked.is_some_and(|(since, _)| since == from), || {
                    format!("nobody asked to credit {lot} with so much")
                });
                self.creditable(lot.as_str(), from);
                let row = self.lots.entry(lot.to_string()).or_default();
                let clock = row.clock.unwrap_or(i64::MIN);
                row.until = row.until.saturating_sub(clock.saturating_sub(from));
                row.clock = Some(from);
            }
            _ => {}
        }
    }

    /// That the clock of a lot runs, and that nothing held it up since then.
    fn creditable(&mut self, lot: &str, from: i64) {
        let row = self.lots.get(lot);
        // Of the time before a statement of stock only its witness tells.
        let stated = (self.stock.get(lot)).map_or(i64::MIN, |claim| claim.recorded);
        let right = row.is_some_and(|row| {
            let least = row.treated_at.max(row.floor).max(row.entered).max(stated);
            row.at == At::Here
                && row
                    .clock
                    .is_some_and(|clock| (least..=clock).contains(&from))
        });
        self.must("G4", right, || format!("{lot} was credited too much"));
    }

    /// Whether the treatments are done that come before its wait.
    pub(super) fn may_wait(&self, lot: &str) -> bool {
        let protocols = self.protocols_of(lot);
        let (Some(protocol), Some(row)) = (protocols.first(), self.lots.get(lot)) else {
            return false;
        };
        let after: Vec<&str> = match &protocol.hold {
            Some(hold) => hold.before.iter().map(StepName::as_str).collect(),
            None => Vec::new(),
        };
        let mut due = protocol.treatments.iter().map(|rule| rule.step.as_str());
        due.all(|step| row.treated.contains(step) || after.contains(&step))
    }

    pub(super) fn hold_us(&self, lot: &str) -> i64 {
        self.protocols_of(lot)
            .iter()
            .filter_map(|protocol| protocol.hold.as_ref())
            .map(|hold| secs(hold.hold_s))
            .max()
            .unwrap_or(0)
    }

    pub(super) fn earliest(&self, lot: &str) -> i64 {
        let Some(row) = self.lots.get(lot) else {
            return OPEN;
        };
        let waits = self.protocols_of(lot).iter().any(|p| p.hold.is_some());
        match row.clock {
            Some(clock) => row.until.max(clock.saturating_add(self.hold_us(lot))),
            None if waits => OPEN,
            None => row.until.max(row.entered),
        }
    }

    pub(super) fn protocols_of(&self, lot: &str) -> Vec<Arc<Protocol>> {
        let Some(row) = self.lots.get(lot) else {
            return Vec::new();
        };
        row.protocols
            .iter()
            .map(|&p| Arc::clone(&self.protocols[p]))
            .collect()
    }

    pub(super) fn base(&mut self, lot: &str, now: i64, from: &ClockFrom) {
        let counts = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.hold.clone())
            .is_some_and(|hold| hold.clock == *from);
        let row = self.lots.entry(lot.into()).or_default();
        if counts && row.clock.is_none() {
            row.base = Some(now);
        }
    }

    /// When a lot may be released at the earliest, by what was recorded.
    pub(crate) fn earliest_of(&self, lot: &str) -> Option<i64> {
        Some(self.earliest(lot)).filter(|&at| at != OPEN)
    }
}

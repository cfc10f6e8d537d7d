//! Goods that were here before the ledger was: what is stated of them, who confirms it, and what that may change.

use std::collections::BTreeMap;

use lazaret_vocabulary::event::entry::{Entry as E, Role, StockLot, Tally};
use lazaret_vocabulary::event::rules::{ClockFrom, Contact, HoldRule, Protocol, Side};
use lazaret_vocabulary::event::{LotId, StepName};

use crate::dangers;

use super::{At, Lot, Oracle, Told, present, secs, spot_of, unit_surface, us};

/// What is stated of the past of a lot.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) record: u64,
    pub(super) by: String,
    pub(super) recorded: i64,
    pub(super) held_from: Option<i64>,
    /// Steps, and when they ended; tests, and when their samples were taken.
    pub(super) ended: BTreeMap<String, i64>,
    pub(super) taken: BTreeMap<String, i64>,
    /// Whether it still waits for a witness.
    pub(super) open: bool,
}

impl Oracle {
    /// Stock that is stated, witnessed, and credited.
    pub(super) fn of_stock(&mut self, entry: &E, told: Told<'_>) {
        match entry {
            E::StockRecorded { lots } => self.stated_stock(lots, told),
            E::StockWitnessed { record } => self.witnessed(*record, told),
            E::StockCredited {
                lot,
                treated,
                tests,
                from,
            } => {
                let tests: Vec<&str> = tests
                    .iter()
                    .map(lazaret_vocabulary::event::entry::TestName::as_str)
                    .collect();
                self.stock_credited(lot, treated, &tests, from.map(us), told);
            }
            _ => {}
        }
    }

    fn officer(&self, person: &str) -> bool {
        let roles = self.people.get(person).map_or(&[][..], |row| &row.roles);
        roles.contains(&Role::QuarantineOfficer) || roles.contains(&Role::ChiefOfficer)
    }

    /// Whoever vouches for the past is an administrator, or an officer who is cleared.
    fn vouches(&mut self, person: &str, now: i64) {
        let roles = self.people.get(person).map_or(&[][..], |row| &row.roles);
        let may = roles.contains(&Role::Administrator) || self.officer(person);
        self.must("R1", may, || format!("{person} may not vouch for goods"));
        if self.officer(person) {
            self.cleared(person, now);
        }
    }

    fn stated_stock(&mut self, lots: &[StockLot], told: Told<'_>) {
        let Told { record, now, .. } = told;
        let by = record.by.to_string();
        self.vouches(&by, now);
        self.must("K1", !lots.is_empty(), || "no lot is stated".into());
        // Those who stand together where clocks are shared count from the latest of them; what stood there before is later.
        let mut latest: BTreeMap<(String, u32), i64> = BTreeMap::new();
        let mut disturbed = Vec::new();
        for lot in lots {
            let to = spot_of(&lot.spot);
            let mixing = (self.place(&to.0)).is_some_and(|rule| rule.contact == Contact::Mixing);
            if !mixing {
                continue;
            }
            let from = us(lot.unloaded).min(now);
            let tail = self.tail(&unit_surface(&to));
            let mut with = false;
            for visit in self
                .visits
                .on_since(&unit_surface(&to), from.saturating_sub(tail))
            {
                let there = self.lots.get(&visit.lot).is_some_and(|row| present(row.at));
                with |= there && visit.to.saturating_add(tail) >= from;
                if there && visit.to >= from && self.dirt(&visit.lot) < i64::MAX {
                    disturbed.push(visit.lot.clone());
                }
            }
            let counts = match lot.held_from {
                Some(from) if !with => us(from),
                _ => now,
            };
            let most = latest.entry(to).or_insert(counts);
            *most = counts.max(*most);
        }
        for lot in lots {
            self.stated_lot(lot, &by, latest.get(&spot_of(&lot.spot)).copied(), told);
        }
        for lot in disturbed {
            self.restarted_in(record, &lot, "C1");
        }
    }

    fn stated_lot(&mut self, lot: &StockLot, by: &str, shared: Option<i64>, told: Told<'_>) {
        let Told { record, now, .. } = told;
        let name = lot.lot.as_str();
        let fresh = !self.lots.contains_key(name);
        self.must("G7", fresh, || format!("{name} is known"));
        let Some(number) = self.protocol_for(lot.goods.as_str(), lot.source.as_str(), now) else {
            return self.fail("K1", format!("no protocol is for {name}"));
        };
        let protocol = (*self.protocols[number]).clone();
        self.stated_past(lot, &protocol, now);
        let known = lot
            .hazards
            .iter()
            .all(|class| dangers::known(class.as_str()));
        self.must("K1", known, || format!("a danger of {name} is unknown"));
        let to = spot_of(&lot.spot);
        let side = self.place(&to.0).map(|rule| rule.side);
        let all = (protocol.treatments.iter())
            .all(|rule| lot.treatments.iter().any(|had| had.step == rule.step));
        self.must("G8", side != Some(Side::Clean) || all, || {
            format!("{name} is on the clean side, and nobody says that it was treated")
        });
        let counts_from_now = protocol
            .hold
            .as_ref()
            .is_some_and(|hold| match &hold.clock {
                ClockFrom::Arrival => true,
                ClockFrom::Stored(place) => place.as_str() == to.0,
                ClockFrom::StepStart(_) | ClockFrom::StepEnd(_) => false,
            });
        let row = Lot {
            at: At::Here,
            goods: lot.goods.to_string(),
            source: lot.source.to_string(),
            spot: Some(to.clone()),
            slot: true,
            protocols: vec![number],
            tally: Some(Tally {
                pieces: lot.tally.pieces,
                mass_kg: lot.tally.mass_kg,
            }),
            hazards: lot.hazards.iter().map(ToString::to_string).collect(),
            entered: us(lot.arrived).min(now),
            came: now,
            since: now,
            base: counts_from_now.then_some(now),
            floor: i64::MIN,
            until: i64::MIN,
            treated_at: i64::MIN,
            doubtful_since: i64::MIN,
            clean: side == Some(Side::Clean),
            ..Lot::default()
        };
        self.alter(name, |old| *old = row);
        self.enter_checks(&lot.spot);
        self.room(&to);
        self.company_checks(name, &to, record);
        self.stay(name, &to, us(lot.unloaded), now);
        let mut taken = BTreeMap::new();
        for test in &lot.tests {
            let (of, at) = (test.test.to_string(), us(test.taken));
            let sample = (name.to_owned(), of.clone(), at, true);
            let fresh = self
                .samples
                .insert(test.sample.to_string(), sample)
                .is_none();
            self.must("K1", fresh, || format!("{} was taken twice", test.sample));
            taken.insert(of, at);
        }
        let ended = (lot.treatments.iter()).map(|had| (had.step.to_string(), us(had.to)));
        let claim = Claim {
            record: self.seq,
            by: by.to_owned(),
            recorded: now,
            held_from: lot
                .held_from
                .map(us)
                .map(|from| from.max(shared.unwrap_or(from))),
            ended: ended.collect(),
            taken,
            open: true,
        };
        self.stock.insert(name.to_owned(), claim);
    }

    /// That what is stated can have been, in that order.
    fn stated_past(&mut self, lot: &StockLot, protocol: &Protocol, now: i64) {
        let name = &lot.lot;
        let (arrived, unloaded) = (us(lot.arrived), us(lot.unloaded));
        let before = self.went_live.is_none_or(|live| arrived <= live);
        self.must("K1", before, || {
            format!("{name} came after arrivals were recorded")
        });
        let order = arrived <= unloaded && unloaded <= now;
        self.must("K1", order, || {
            format!("{name} was unloaded before it came")
        });
        for had in &lot.treatments {
            let (from, to) = (us(had.from), us(had.to));
            let order = unloaded <= from && from <= to && to <= now;
            self.must("K1", order, || {
                format!("{} of {name} cannot have been then", had.step)
            });
            let rule = protocol
                .treatments
                .iter()
                .find(|rule| rule.step == had.step);
            let counts = rule.is_some_and(|rule| {
                let read = !rule.agents.is_empty() || !rule.temperatures.is_empty();
                !read && to.saturating_sub(from) >= secs(rule.contact_s)
            });
            self.must("G3a", counts, || {
                format!("{} of {name} is not what its protocol asks", had.step)
            });
        }
        for test in &lot.tests {
            let at = us(test.taken);
            let rule = protocol.tests.iter().find(|rule| rule.test == test.test);
            let least = match (&protocol.hold, lot.held_from) {
                (None, _) => unloaded,
                (Some(_), Some(from)) => us(from),
                (Some(_), None) => now,
            };
            let counts =
                rule.is_some_and(|rule| at >= least.saturating_add(secs(rule.not_before_s)));
            self.must("G3c", counts && at >= unloaded && at <= now, || {
                format!("{} of {name} says nothing", test.sample)
            });
        }
        let Some(from) = lot.held_from.map(us) else {
            return;
        };
        let least = (lot.treatments.iter())
            .filter(|had| !comes_after(protocol.hold.as_ref(), &had.step))
            .map(|had| us(had.to))
            .fold(unloaded, i64::max);
        let all = (protocol.treatments.iter()).all(|rule| {
            comes_after(protocol.hold.as_ref(), &rule.step)
                || lot.treatments.iter().any(|had| had.step == rule.step)
        });
        let there = protocol
            .hold
            .as_ref()
            .is_some_and(|hold| match &hold.clock {
                ClockFrom::Stored(place) => *place == lot.spot.place,
                _ => true,
            });
        let counts = all && there && least <= from && from <= now;
        self.must("G4", counts, || {
            format!("the hold of {name} cannot have begun at {from}")
        });
    }

    fn witnessed(&mut self, record: u64, told: Told<'_>) {
        let by = told.record.by.to_string();
        let claim = self
            .stock
            .values()
            .find(|claim| claim.record == record && claim.open);
        let Some(first) = claim.map(|claim| claim.by.clone()) else {
            return self.fail("K1", format!("record {record} states nothing that waits"));
        };
        self.must("A10", first != by, || format!("{by} saw it alone"));
        self.vouches(&by, told.now);
        self.vouches(&first, told.now);
        let officer = self.officer(&by) || self.officer(&first);
        self.must("R1", officer, || {
            format!("neither {first} nor {by} is an officer")
        });
    }

    fn stock_credited(
        &mut self,
        lot: &LotId,
        treated: &[StepName],
        tests: &[&str],
        from: Option<i64>,
        told: Told<'_>,
    ) {
        let claim = self.stock.get(lot.as_str()).cloned();
        let Some(claim) = claim.filter(|claim| claim.open) else {
            return self.fail(
                "A10",
                format!("nothing of the past of {lot} waits for a witness"),
            );
        };
        let seen = told.record.events.iter().any(|event| {
            matches!(&event.happening, lazaret_vocabulary::event::Happening::Entry(
                E::StockWitnessed { record }) if *record == claim.record)
        });
        self.must("A10", seen, || {
            format!("nobody witnessed the past of {lot}")
        });
        let here = self
            .lots
            .get(lot.as_str())
            .is_some_and(|row| present(row.at));
        self.must("G7", here, || format!("{lot} is not here"));
        let hold = self
            .protocols_of(lot.as_str())
            .first()
            .and_then(|p| p.hold.clone());
        for step in treated {
            let ended = claim.ended.get(step.as_str()).copied();
            self.must("G3a", ended.is_some(), || {
                format!("nobody said that {lot} had {step}")
            });
            let row = self.lots.entry(lot.to_string()).or_default();
            row.treated.insert(step.to_string());
        }
        let latest = (treated.iter())
            .filter(|step| !comes_after(hold.as_ref(), step))
            .filter_map(|step| claim.ended.get(step.as_str()).copied())
            .max();
        if let Some(from) = from {
            let treated = self.may_wait(lot.as_str());
            self.must("G3a", treated, || format!("{lot} is held untreated"));
            let hold_us = self.hold_us(lot.as_str());
            let row = self.lots.entry(lot.to_string()).or_default();
            let least = (claim.held_from.unwrap_or(claim.recorded))
                .max(row.floor)
                .max(row.treated_at)
                .max(latest.unwrap_or(i64::MIN));
            let most = row.clock.unwrap_or(i64::MAX);
            match row.clock {
                Some(clock) => row.until = row.until.saturating_sub(clock.saturating_sub(from)),
                None => row.until = row.until.max(from.saturating_add(hold_us)),
            }
            row.clock = Some(from);
            self.must(
                "G4",
                hold.is_some() && least <= from && from <= most,
                || format!("{lot} was credited too much"),
            );
        }
        for test in tests {
            let counts = (claim.taken.get(*test))
                .is_some_and(|taken| self.sample_counts(lot.as_str(), test, *taken));
            self.must("G3c", counts, || format!("{test} of {lot} does not count"));
            let row = self.lots.entry(lot.to_string()).or_default();
            row.passed.insert((*test).to_owned());
        }
        if !treated.is_empty() {
            let ended = claim.ended.values().copied().max().unwrap_or(i64::MIN);
            let row = self.lots.entry(lot.to_string()).or_default();
            row.treated_at = row.treated_at.max(ended);
        }
        if let Some(claim) = self.stock.get_mut(lot.as_str()) {
            claim.open = false;
        }
    }

    /// A lot whose past no longer counts, whoever witnesses it.
    pub(super) fn past_is_void(&mut self, lot: &str) {
        if let Some(claim) = self.stock.get_mut(lot) {
            claim.open = false;
        }
    }

    /// Parts have the past of the lot that they were.
    pub(super) fn past_of_part(&mut self, lot: &str, part: &str) {
        if let Some(claim) = self.stock.get(lot).cloned() {
            self.stock.insert(part.to_owned(), claim);
        }
    }

    /// What the correction of a clock makes of what is stated.
    pub(super) fn retime_stock(&mut self, of: impl Fn(&mut i64)) {
        for claim in self.stock.values_mut() {
            of(&mut claim.recorded);
            claim.held_from.iter_mut().for_each(&of);
            claim.ended.values_mut().for_each(&of);
            claim.taken.values_mut().for_each(&of);
        }
        self.founded.iter_mut().for_each(&of);
        self.went_live.iter_mut().for_each(&of);
        self.announced.values_mut().for_each(&of);
    }
}

/// Whether a treatment comes after the wait, and does not hold it up.
fn comes_after(hold: Option<&HoldRule>, step: &StepName) -> bool {
    hold.is_some_and(|hold| hold.before.contains(step))
}

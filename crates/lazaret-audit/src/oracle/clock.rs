//! What time it is, and that nothing comes before what it is about.

use lazaret_vocabulary::event::entry::{Entry as E, Role};
use lazaret_vocabulary::event::{Happening as H, LotId, Thing, VehicleId};

use super::{Oracle, present, secs, unrelease};
use crate::record::Record;
use crate::say::{event as event_words, instant};
use crate::visits::OPEN;

impl Oracle {
    /// Rule A11: while the time is in doubt nothing else is recorded, and two people settle it.
    pub(super) fn own_clock(&mut self, record: &Record) {
        for event in &record.events {
            let H::Entry(entry) = &event.happening else {
                continue;
            };
            match entry {
                E::TimeDoubted { .. } => self.doubted = true,
                E::TimeStated { .. } => {
                    let admin = (self.people.get(record.by.as_str()))
                        .is_some_and(|p| p.roles.contains(&Role::Administrator));
                    self.must("A11", admin, || format!("{} stated the time", record.by));
                    self.stated = Some((record.seq, record.by.to_string()));
                }
                E::TimeConfirmed { record: of, .. } => {
                    let stated = self.stated.take();
                    let other =
                        stated.is_some_and(|(seq, by)| seq == *of && by != record.by.as_str());
                    self.must("A11", other, || format!("{} confirmed alone", record.by));
                    self.doubted = false;
                    return;
                }
                _ => {}
            }
        }
        let timeless = (record.events.iter()).any(|event| {
            matches!(
                event.happening,
                H::Entry(E::TimeDoubted { .. } | E::TimeStated { .. } | E::PersonAppointed { .. })
            )
        });
        let ok = !self.doubted || timeless;
        self.must("A11", ok, || "recorded while the time was in doubt".into());
    }

    /// Stamps of a clock that was behind move on from `since`; of one that was ahead none stays later than `right`.
    pub(super) fn retime(&mut self, was: i64, right: i64, since: Option<i64>) {
        let of = |stamp: &mut i64| {
            if *stamp == i64::MIN || *stamp > was {
                return;
            }
            if right > was && since.is_some_and(|since| *stamp >= since) {
                *stamp += right - was;
            }
            *stamp = (*stamp).min(right);
        };
        let some = |stamp: &mut Option<i64>| {
            if let Some(stamp) = stamp {
                of(stamp);
            }
        };
        let names: Vec<String> = self.lots.keys().cloned().collect();
        for name in names {
            let hold = self.hold_us(&name);
            let Some(row) = self.lots.get_mut(&name) else {
                continue;
            };
            let before = row.clock.unwrap_or(row.floor);
            let own = row.clock.is_some_and(|clock| row.until <= clock + hold);
            some(&mut row.clock);
            of(&mut row.floor);
            some(&mut row.base);
            of(&mut row.entered);
            of(&mut row.treated_at);
            of(&mut row.came);
            of(&mut row.since);
            of(&mut row.doubtful_since);
            let after = row.clock.unwrap_or(row.floor);
            if row.until != i64::MIN {
                if own {
                    row.until = after + hold;
                } else if before != i64::MIN {
                    row.until += (after - before).max(0);
                }
            }
            for (_, at, _) in &mut row.hands {
                of(at);
            }
        }
        for row in self.vehicles.values_mut() {
            of(&mut row.arrived);
            of(&mut row.came);
            of(&mut row.since);
            of(&mut row.emptied_at);
            some(&mut row.washed);
        }
        for row in self.people.values_mut() {
            some(&mut row.ended);
        }
        for (_, _, at) in &mut self.proposals {
            of(at);
        }
        if right > was {
            let visits = std::mem::take(&mut self.visits);
            let visits = visits.remembered(|surface| self.tail(surface));
            self.visits = visits;
        }
        for visit in &mut self.visits {
            of(&mut visit.from);
            of(&mut visit.to);
        }
        for work in self.work.values_mut() {
            let ends = work.pauses.iter().flat_map(|(from, to)| [*from, *to]);
            let late = ends
                .filter(|&to| to != OPEN)
                .chain(work.readings.iter().map(|(_, at, ..)| *at))
                .chain([work.from, work.dosed])
                .max();
            if right < was && late > Some(right) {
                // Nobody knows for how long it has gone on: it begins anew.
                (work.from, work.dosed) = (right, right);
                work.readings.clear();
                let paused = work.pauses.last().is_some_and(|(_, to)| *to == OPEN);
                work.pauses = Vec::from_iter(paused.then_some((right, OPEN)));
            }
            for (_, at, ..) in &mut work.readings {
                *at = (*at).min(was);
                of(at);
            }
            of(&mut work.from);
            of(&mut work.dosed);
            for (from, to) in &mut work.pauses {
                of(from);
                of(to);
            }
        }
        for (_, _, taken, _) in self.samples.values_mut() {
            of(taken);
        }
        self.retime_stock(of);
        // Tests and signatures that hang on the time are looked at again.
        for (sample, (lot, test, taken, _)) in self.samples.clone() {
            for part in self.whole(&lot) {
                if !self.sample_counts(&part, &test, taken)
                    && let Some(row) = self.lots.get_mut(&part)
                    && present(row.at)
                {
                    row.passed.remove(&test);
                }
            }
            let _ = sample;
        }
        for name in self.lots.keys().cloned().collect::<Vec<_>>() {
            let held = self.earliest(&name) > right;
            let Some(row) = self.lots.get_mut(&name) else {
                continue;
            };
            if held && present(row.at) && !row.signers.is_empty() {
                unrelease(row);
            }
        }
    }

    /// Nothing is before what it is about.
    pub(super) fn not_before(&mut self, what: &H, at: i64) {
        let lot = |lot: &LotId| self.lots.get(lot.as_str());
        let vehicle = |id: &VehicleId| self.vehicles.get(id.as_str());
        let least = match what {
            H::ConvoyArrived {
                convoy, vehicles, ..
            } => (vehicles.iter().filter_map(vehicle))
                .filter(|row| row.gone)
                .map(|row| row.since)
                .chain(self.announced.get(convoy.as_str()).copied())
                .max(),
            H::VehiclePlaced { vehicle: of, .. }
            | H::VehicleLeft { vehicle: of, .. }
            | H::UnloadingStarted { vehicle: of, .. }
            | H::LotUnloaded { vehicle: of, .. }
            | H::VehicleEmptied { vehicle: of }
            | H::VehicleReleased { vehicle: of } => vehicle(of).map(|row| row.since),
            H::VehicleWashed { vehicle: of } | H::Entry(E::VehicleSealed { vehicle: of, .. }) => {
                vehicle(of).map(|row| row.since.max(row.emptied_at))
            }
            H::LotStored { lot: of, .. }
            | H::LotSent { lot: of, .. }
            | H::LotLoaded { lot: of, .. }
            | H::LotDestroyed { lot: of }
            | H::LotSentBack { lot: of }
            | H::InspectionStarted { lot: of, .. }
            | H::TreatmentStarted { lot: of, .. } => lot(of).map(|row| row.since),
            H::TreatmentEnded { lot: of, .. }
            | H::WorkPaused {
                thing: Thing::Lot(of),
                ..
            }
            | H::WorkResumed {
                thing: Thing::Lot(of),
                ..
            }
            | H::Entry(E::TreatmentDosed { lot: of, .. } | E::TreatmentRead { lot: of, .. }) => {
                self.work.get(of.as_str()).map(|work| work.from)
            }
            H::LotInspected { lot: of, .. }
            | H::Entry(
                E::LotCounted { lot: of, .. }
                | E::LossDeclared { lot: of, .. }
                | E::LotSplit { lot: of, .. }
                | E::SampleTaken { lot: of, .. }
                | E::Signed { lot: of, .. },
            ) => lot(of).map(|row| row.came),
            H::Entry(E::ContactSeen { lots, .. }) => {
                lots.iter().filter_map(lot).map(|row| row.came).max()
            }
            H::Entry(E::ResultEntered { sample, .. }) => {
                self.samples.get(sample.as_str()).map(|sample| sample.2)
            }
            H::Departed { departure, .. } => {
                (self.departures.get(departure.as_str())).and_then(|(_, aboard)| {
                    aboard
                        .iter()
                        .filter_map(|of| self.lots.get(of))
                        .map(|row| row.since)
                        .max()
                })
            }
            _ => None,
        };
        let tolerance = (self.rules.as_ref()).map_or(0, |rules| secs(rules.clock_tolerance_s));
        let founded = self
            .founded
            .map(|founded| founded.saturating_sub(tolerance));
        let least = least.max(founded);
        let late = least.is_none_or(|least| at >= least);
        let rule = match what {
            H::TreatmentStarted { .. }
            | H::TreatmentEnded { .. }
            | H::WorkPaused { .. }
            | H::WorkResumed { .. } => "G3a",
            _ => "G7",
        };
        self.must(rule, late, || {
            format!(
                "{} is dated {}, but cannot be before {}",
                event_words(what),
                instant(at),
                instant(least.unwrap_or(at))
            )
        });
    }
}

//! Lots: where they come from, where they go, and what they become.

use std::collections::BTreeSet;

use lazaret_vocabulary::event::entry::{Entry as E, LotPart, Role, Tally};
use lazaret_vocabulary::event::rules::{ClockFrom, Contact, Side};
use lazaret_vocabulary::event::{Happening as H, PlaceName, Spot};

use super::{At, Oracle, Told, acknowledged, present, spot_of, stops, unit_surface};
use crate::dangers;
use crate::record::Record;
use crate::say::list;
use crate::visits::Visit;

impl Oracle {
    /// Lots that are unloaded and moved.
    pub(super) fn moves(&mut self, told: Told<'_>) {
        let Told {
            event,
            record,
            at,
            now,
        } = told;
        match &event.happening {
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => self.unloaded(
                (
                    lot.as_str(),
                    vehicle.as_str(),
                    goods.as_str(),
                    &spot_of(spot),
                ),
                at,
                now,
                record,
            ),
            H::LotStored { lot, spot } | H::LotSent { lot, spot } => {
                let sent = matches!(event.happening, H::LotSent { .. });
                self.stored(lot.as_str(), &spot_of(spot), sent, at, now, record);
            }
            _ => {}
        }
    }

    pub(super) fn unloaded(
        &mut self,
        (lot, vehicle, goods, to): (&str, &str, &str, &(String, u32)),
        at: i64,
        now: i64,
        record: &Record,
    ) {
        let carrier = self.vehicles.get(vehicle).cloned().unwrap_or_default();
        let there = carrier.here && carrier.spot.as_ref() == Some(to);
        self.must("G7", there, || format!("{vehicle} is not there"));
        self.not_turned_away(vehicle);
        let known = self.lots.get(lot).cloned();
        let ok = known
            .as_ref()
            .is_none_or(|row| row.at == At::Papers && row.vehicle == vehicle);
        self.must("G7", ok, || format!("{lot} is known from elsewhere"));
        let same = known.as_ref().is_none_or(|row| row.goods == goods);
        self.must("G5", same, || format!("{lot} is not {goods} by its papers"));
        let on_papers = known.as_ref().is_some_and(|row| row.at == At::Papers);
        let papers = self.papers_for(&carrier.convoy).any(|row| !row.1);
        self.must("G5", on_papers || !papers || stops(record, lot), || {
            format!(
                "no papers of {} name {lot}, and nothing stops it",
                carrier.convoy
            )
        });
        let mut row = known.unwrap_or_default();
        let protocol = self.protocol_for(goods, &carrier.source, now);
        let from_arrival = protocol.is_some_and(|p| {
            self.protocols[p]
                .hold
                .as_ref()
                .is_some_and(|hold| hold.clock == ClockFrom::Arrival)
        });
        row.at = At::Here;
        row.goods = goods.into();
        row.vehicle = vehicle.into();
        row.convoy = carrier.convoy.clone();
        row.protocols = protocol.into_iter().collect();
        row.entered = carrier.arrived;
        (row.came, row.since) = (at.min(now), at.min(now));
        row.base = from_arrival.then_some(carrier.arrived);
        row.floor = i64::MIN;
        row.until = i64::MIN;
        row.treated_at = i64::MIN;
        row.trial = self.trials.contains(&carrier.convoy);
        row.slot = false;
        row.spot = Some(to.clone());
        self.alter(lot, |old| *old = row);
        self.vehicles.entry(vehicle.into()).or_default().opened = true;
        self.company_checks(lot, to, record);
        self.stays(Visit {
            lot: lot.into(),
            surface: format!("vehicle {vehicle} {}", carrier.convoy),
            from: carrier.came,
            to: now.max(carrier.came),
            record: self.seq,
        });
        self.stay(lot, to, at, now);
    }

    pub(super) fn stored(
        &mut self,
        lot: &str,
        to: &(String, u32),
        sent: bool,
        at: i64,
        now: i64,
        record: &Record,
    ) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must("G7", present(row.at), || format!("{lot} is not here"));
        let busy = self.work.contains_key(lot);
        self.must("G7", !busy, || format!("{lot} is under treatment"));
        let expected = row.at == At::Sent && row.spot.as_ref() == Some(to);
        let there = row.spot.as_ref() == Some(to) && row.slot && !expected;
        self.must("G7", !there, || format!("{lot} is there"));
        self.way(row.spot.as_ref(), to);
        if sent {
            self.must("G3d", row.stopped.is_empty(), || {
                format!("{lot} is stopped")
            });
        }
        let side = self.place(&to.0).map(|rule| rule.side);
        let treated = self.treated(lot);
        self.must("G8", side != Some(Side::Clean) || treated, || {
            format!("{lot} crossed untreated")
        });
        if row.clean && side != Some(Side::Clean) {
            // The record must have voided it before; then it is no longer clean here.
            self.fail("G8", format!("{lot} went back and stayed clean"));
        }
        let voided = record.events.iter().any(
            |e| matches!(&e.happening, H::Entry(E::TreatmentVoided { lot: of, .. }) if of.as_str() == lot),
        );
        let warned = acknowledged(record, "back_to_dirty");
        self.must("A8", !voided || warned, || {
            format!("{lot} went back unseen")
        });
        if !expected {
            self.enter_checks(&Spot {
                place: PlaceName::new(to.0.as_str()),
                unit: to.1,
            });
        }
        if row.at == At::Loaded
            && let Some((_, aboard)) = self.departures.get_mut(&row.departure)
        {
            aboard.retain(|other| other != lot);
        }
        // Who shares a clock with whom is looked at before anything changes.
        let mixing = self
            .place(&to.0)
            .is_some_and(|rule| rule.contact == Contact::Mixing);
        let mut restarts = BTreeSet::new();
        if mixing && !sent {
            let tail = self.tail(&unit_surface(to));
            let own = self.dirt(lot);
            let surface = unit_surface(to);
            let since = at.min(now).saturating_sub(tail);
            for visit in self.visits.on_since(&surface, since) {
                if visit.lot == lot {
                    continue;
                }
                let other = self.dirt(&visit.lot);
                if visit.to.saturating_add(tail) >= at.min(now) && other > own {
                    restarts.insert(lot.to_owned());
                }
                let still = self.lots.get(&visit.lot).is_some_and(|row| present(row.at));
                if visit.to >= at.min(now) && own > other && still {
                    restarts.insert(visit.lot.clone());
                }
            }
        }
        self.end_visits(lot, now);
        self.alter(lot, |row| {
            row.spot = Some(to.clone());
            row.slot = true;
            row.since = at.min(now);
            row.at = if sent { At::Sent } else { At::Here };
            row.clean |= side == Some(Side::Clean) && !sent;
        });
        if !expected {
            self.room(to);
        }
        self.company_checks(lot, to, record);
        if sent {
            return;
        }
        let place = PlaceName::new(to.0.as_str());
        self.base(lot, now, &ClockFrom::Stored(place));
        self.stay(lot, to, at, now);
        for lot in restarts {
            self.restarted_in(record, &lot, "C1");
        }
    }

    /// Counts, losses and splits.
    pub(super) fn of_counts(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        match entry {
            E::LotCounted { lot, tally } => {
                let here = (self.lots.get(lot.as_str())).is_some_and(|row| present(row.at));
                self.must("G7", here, || format!("{lot} is not here"));
                let tolerance = self.rules.as_ref().map_or(0, |r| r.mass_tolerance_permille);
                let row = self.lots.entry(lot.to_string()).or_default();
                let before = row.tally.replace(*tally);
                let off = before.is_some_and(|papers| {
                    papers.pieces != tally.pieces
                        || u64::from(papers.mass_kg.abs_diff(tally.mass_kg)) * 1_000
                            > u64::from(tolerance) * u64::from(papers.mass_kg)
                });
                let told = record.events.iter().any(|event| {
                    matches!(&event.happening,
                        H::Entry(E::DiscrepancyFound { lot: of, .. }) if of == lot)
                });
                self.must("G5", off == told, || {
                    format!("{lot} differs, and told: {told}")
                });
            }
            E::DiscrepancyFound { lot, exception, .. } => {
                self.opens(exception.as_str());
                self.stop(lot.as_str(), exception.as_str());
            }
            E::LossDeclared { lot, lost, .. } => {
                let warned = acknowledged(record, "loss");
                self.must("A8", warned, || format!("a loss of {lot} unseen"));
                let row = self.lots.entry(lot.to_string()).or_default();
                let tally = row.tally.unwrap_or_default();
                let here = present(row.at);
                let enough = lost.pieces <= tally.pieces && lost.mass_kg <= tally.mass_kg;
                if row.tally.is_some() {
                    row.tally = Some(Tally {
                        pieces: tally.pieces.saturating_sub(lost.pieces),
                        mass_kg: tally.mass_kg.saturating_sub(lost.mass_kg),
                    });
                }
                self.must("G5", enough, || {
                    format!("more of {lot} lost than there was")
                });
                let told = here && stops(record, lot.as_str());
                self.must("G5", told, || format!("a loss of {lot} stops nothing"));
            }
            E::LotSplit { lot, parts } => self.split(lot.as_str(), parts, now),
            _ => {}
        }
    }

    pub(super) fn split(&mut self, lot: &str, parts: &[LotPart], now: i64) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must(
            "G7",
            row.at == At::Here && !self.work.contains_key(lot),
            || format!("{lot} cannot be split"),
        );
        self.must("K1", parts.len() > 1, || {
            format!("{lot} was split into {}", parts.len())
        });
        let tally = row.tally.unwrap_or_default();
        let pieces: u64 = parts.iter().map(|p| u64::from(p.tally.pieces)).sum();
        let mass: u64 = parts.iter().map(|p| u64::from(p.tally.mass_kg)).sum();
        let sums = pieces == u64::from(tally.pieces) && mass == u64::from(tally.mass_kg);
        self.must("G5", sums, || format!("the parts of {lot} do not add up"));
        let stays: Vec<Visit> = self.visits.of(lot).cloned().collect();
        for part in parts {
            let fresh = !self.lots.contains_key(part.lot.as_str());
            self.must("K1", fresh, || format!("{} is not new", part.lot));
            let mut child = row.clone();
            child.tally = row.tally.map(|_| part.tally);
            child.part_of = Some(lot.to_owned());
            for exception in &row.stopped {
                let stopped = self.stops.entry(exception.clone()).or_default();
                stopped.insert(part.lot.to_string());
            }
            self.alter(part.lot.as_str(), |row| *row = child);
            self.past_of_part(lot, part.lot.as_str());
            for stay in &stays {
                self.stays(Visit {
                    lot: part.lot.to_string(),
                    ..stay.clone()
                });
            }
        }
        self.end_visits(lot, now);
        self.alter(lot, |row| {
            row.at = At::Split;
            row.parts = parts.iter().map(|p| p.lot.to_string()).collect();
            (row.slot, row.spot) = (false, None);
        });
        if let Some(spot) = row.spot.filter(|_| row.slot) {
            self.room(&spot);
        }
    }

    pub(super) fn whole(&self, lot: &str) -> Vec<String> {
        let mut whole = vec![lot.to_owned()];
        let mut seen: BTreeSet<String> = whole.iter().cloned().collect();
        let mut next = 0;
        while let Some(row) = whole.get(next).map(|lot| self.lots.get(lot)) {
            let parts = row.map(|row| row.parts.clone()).unwrap_or_default();
            whole.extend(parts.into_iter().filter(|part| seen.insert(part.clone())));
            next += 1;
        }
        whole
    }

    /// Releases, and every way by which a lot leaves.
    pub(super) fn leaving(&mut self, told: Told<'_>) {
        let Told {
            event,
            record,
            at,
            now,
        } = told;
        match &event.happening {
            H::LotReleased { lot } => {
                self.may_go(lot.as_str(), now);
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                let needed = self
                    .protocols_of(lot.as_str())
                    .iter()
                    .map(|protocol| protocol.signatures)
                    .max();
                let distinct: BTreeSet<&String> = row.signers.iter().collect();
                let enough = Some(distinct.len()) >= needed.map(usize::from);
                let chief = row.signers.last().is_some_and(|signer| {
                    self.people
                        .get(signer)
                        .is_some_and(|p| p.roles.contains(&Role::ChiefOfficer))
                });
                let fallen = row
                    .signers
                    .iter()
                    .find(|signer| !self.stands(signer))
                    .cloned();
                self.must("G3e", fallen.is_none(), || {
                    format!(
                        "the release of {lot} rests on the signature of {}, which no longer counts",
                        list(&fallen)
                    )
                });
                self.must("G1", !row.signers.is_empty(), || {
                    format!("nobody signed for {lot}")
                });
                self.must("G3e", enough && chief, || {
                    format!(
                        "too few signatures for {lot}, or the last is not of a chief officer: {}",
                        list(&row.signers)
                    )
                });
                self.lots.entry(lot.to_string()).or_default().released = true;
            }
            H::LotLoaded {
                lot,
                departure,
                wagon,
            } => {
                let wagon = wagon.as_ref().map(ToString::to_string);
                self.loaded(lot.as_str(), departure.as_str(), wagon, record, now);
                self.lots.entry(lot.to_string()).or_default().since = at.min(now);
            }
            H::Departed {
                departure, lots, ..
            } => {
                let row = self.departures.entry(departure.to_string()).or_default();
                let (left, aboard) = (std::mem::replace(&mut row.0, true), row.1.clone());
                self.must("G7", !left, || format!("{departure} left twice"));
                self.must("G5", aboard.len() == *lots as usize, || {
                    format!("{departure} has {} lots", aboard.len())
                });
                for lot in aboard {
                    self.may_go(&lot, now);
                    let released = self
                        .lots
                        .get(&lot)
                        .is_some_and(|row| row.released && row.at != At::Destroyed);
                    self.must("G1", released, || format!("{lot} left unreleased"));
                    self.end_visits(&lot, now);
                    self.lots.entry(lot).or_default().at = At::Departed;
                }
            }
            H::LotDestroyed { lot } | H::LotSentBack { lot } => {
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                self.must("G7", row.at == At::Here, || format!("{lot} is not here"));
                if matches!(event.happening, H::LotSentBack { .. }) {
                    self.must("G3d", row.stopped.is_empty(), || {
                        format!("{lot} is stopped")
                    });
                    self.must("G2", !row.condemned, || format!("{lot} was condemned"));
                }
                self.end_visits(lot.as_str(), now);
                self.work.remove(lot.as_str());
                let destroyed = matches!(event.happening, H::LotDestroyed { .. });
                self.alter(lot.as_str(), |row| {
                    row.at = if destroyed {
                        At::Destroyed
                    } else {
                        At::SentBack
                    };
                    (row.slot, row.spot) = (false, None);
                });
            }
            _ => {}
        }
    }

    pub(super) fn loaded(
        &mut self,
        lot: &str,
        departure: &str,
        wagon: Option<String>,
        record: &Record,
        now: i64,
    ) {
        self.may_go(lot, now);
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must("G7", row.at == At::Here, || format!("{lot} is not here"));
        self.must("G1", row.released, || format!("{lot} is not released"));
        let (left, aboard) = self.departures.get(departure).cloned().unwrap_or_default();
        self.must("G7", !left, || format!("{departure} has left"));
        for other in aboard {
            let theirs = self.lots.get(&other).cloned().unwrap_or_default();
            self.must("X1", theirs.trial == row.trial, || {
                format!("{lot} goes with {other}")
            });
            let asked = dangers::asked(&row.hazards, &theirs.hazards);
            let told = acknowledged(record, "near");
            let well = match (&wagon, &theirs.wagon) {
                (Some(a), Some(b)) if a != b => asked < 3,
                (Some(_), Some(_)) => asked == 0 || asked < 2 && told,
                _ => asked == 0 || asked < 3 && told,
            };
            self.must("S2", well, || format!("{lot} leaves with {other}"));
        }
        self.end_visits(lot, now);
        let entry = self.departures.entry(departure.into()).or_default();
        entry.1.push(lot.into());
        self.alter(lot, |row| {
            row.at = At::Loaded;
            row.departure = departure.into();
            row.wagon = wagon;
            (row.slot, row.spot) = (false, None);
        });
    }
}

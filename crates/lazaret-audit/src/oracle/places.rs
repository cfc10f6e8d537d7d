//! What is where, how much room there is, and what may stand beside what.

use lazaret_vocabulary::event::rules::Contact;
use lazaret_vocabulary::event::{Happening as H, Spot};

use super::{Oracle, Told, acknowledged, spot_of, unit_surface};
use crate::dangers;
use crate::record::Record;
use crate::visits::{OPEN, Visit};

impl Oracle {
    /// Places that close, open and change their room.
    pub(super) fn places(&mut self, told: Told<'_>) {
        let Told { event, .. } = told;
        match &event.happening {
            H::PlaceClosed { spot, .. } => self.units.entry(spot_of(spot)).or_default().0 = true,
            H::PlaceOpened { spot } => self.units.entry(spot_of(spot)).or_default().0 = false,
            H::PlaceBroken { spot } => self.units.entry(spot_of(spot)).or_default().1 = true,
            H::PlaceRepaired { spot } => self.units.entry(spot_of(spot)).or_default().1 = false,
            H::CapacityChanged { place, slots } => {
                self.capacity.insert(place.to_string(), *slots);
            }
            _ => {}
        }
    }

    pub(super) fn stay(&mut self, lot: &str, to: &(String, u32), at: i64, now: i64) {
        let traced = self
            .place(&to.0)
            .is_some_and(|rule| rule.contact != Contact::Apart);
        if traced {
            self.visits.push(Visit {
                lot: lot.into(),
                surface: unit_surface(to),
                from: at.min(now),
                to: OPEN,
                record: self.seq,
            });
        }
    }

    pub(super) fn end_visits(&mut self, lot: &str, now: i64) {
        self.visits.end(lot, now);
    }

    /// Open, not broken.
    pub(super) fn enter_checks(&mut self, spot: &Spot) {
        let (closed, broken) = self.units.get(&spot_of(spot)).copied().unwrap_or_default();
        self.must("S1b", !closed && !broken, || format!("{spot:?} is closed"));
        let known = self.place(spot.place.as_str()).is_some_and(|rule| {
            rule.units
                .is_none_or(|units| (1..=units).contains(&spot.unit))
        });
        self.must("K1", known, || format!("there is no {spot:?}"));
    }

    /// Counts everything again, with the newcomer in.
    pub(super) fn room(&mut self, to: &(String, u32)) {
        let Some(rule) = self.place(&to.0).cloned() else {
            return;
        };
        let count = |filter: &dyn Fn(&(String, u32)) -> bool| {
            let lots = self.lots_at.iter().filter(|(spot, _)| filter(spot));
            let lots = lots.flat_map(|(_, lots)| lots);
            let vehicles = self.vehicles_at.iter().filter(|(spot, _)| filter(spot));
            lots.filter(|lot| self.lots.get(*lot).is_some_and(|row| row.slot))
                .count()
                + vehicles.map(|(_, vehicles)| vehicles.len()).sum::<usize>()
        };
        let in_place = count(&|spot| spot.0 == to.0);
        let in_unit = count(&|spot| spot == to);
        if let Some(&total) = self.capacity.get(&to.0) {
            self.must("S1", in_place <= total as usize, || {
                format!("{to:?} is over full")
            });
        } else if let Some(slots) = rule.slots {
            let ok = if rule.pooled {
                in_place as u64 <= u64::from(slots) * u64::from(rule.units.unwrap_or(1))
            } else {
                in_unit <= slots as usize
            };
            self.must("S1", ok, || format!("{to:?} is over full"));
        }
    }

    pub(super) fn way(&mut self, from: Option<&(String, u32)>, to: &(String, u32)) {
        let Some(rule) = from.and_then(|from| self.place(&from.0)).cloned() else {
            return;
        };
        let ok = rule.leads_to.is_empty()
            || rule.place.as_str() == to.0
            || rule.leads_to.iter().any(|place| place.as_str() == to.0);
        self.must("G7", ok, || {
            format!("no way from {} to {}", rule.place, to.0)
        });
    }

    pub(super) fn company_checks(&mut self, lot: &str, to: &(String, u32), record: &Record) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        let beside = |(place, unit): &(String, u32)| *place == to.0 && unit.abs_diff(to.1) == 1;
        let near: Vec<String> = (self.lots_at.iter())
            .filter(|(spot, _)| beside(spot))
            .flat_map(|(_, lots)| lots)
            .filter(|name| {
                let other = self.lots.get(*name);
                other.is_some_and(|other| dangers::asked(&row.hazards, &other.hazards) >= 3)
            })
            .cloned()
            .collect();
        self.must("S2", near.is_empty(), || {
            format!("{lot} is beside {near:?}")
        });
        let rules = self.rules.clone();
        let apart = |a: &str, b: &str| {
            rules.iter().flat_map(|rules| &rules.goods).any(|rule| {
                rule.goods.as_str() == a && rule.apart_from.iter().any(|g| g.as_str() == b)
            })
        };
        let told = acknowledged(record, "near");
        let (mut bad, mut mixed) = (Vec::new(), Vec::new());
        for name in self.lots_at.get(to).into_iter().flatten() {
            let Some(other) = self.lots.get(name).filter(|_| name != lot) else {
                continue;
            };
            let asked = dangers::asked(&row.hazards, &other.hazards);
            let apart = row.goods != other.goods
                && (apart(&row.goods, &other.goods) || apart(&other.goods, &row.goods))
                || row.goods == other.goods && apart(&row.goods, &row.goods);
            if apart || asked >= 2 || asked == 1 && !told {
                bad.push(name.clone());
            }
            if row.trial != other.trial {
                mixed.push(name.clone());
            }
        }
        self.must("S2", bad.is_empty(), || format!("{lot} is with {bad:?}"));
        self.must("X1", mixed.is_empty(), || {
            format!("{lot} is with {mixed:?}")
        });
    }

    /// Puts a lot there, or nowhere.
    pub(super) fn put(&mut self, lot: &str, to: Option<(String, u32)>) {
        let row = self.lots.entry(lot.into()).or_default();
        if let Some(from) = row.spot.take()
            && let Some(there) = self.lots_at.get_mut(&from)
        {
            there.remove(lot);
        }
        if let Some(to) = &to {
            let there = self.lots_at.entry(to.clone()).or_default();
            there.insert(lot.into());
        }
        row.spot = to;
    }
}

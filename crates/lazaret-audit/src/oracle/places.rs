//! What is where, how much room there is, and what may stand beside what.

use std::collections::BTreeSet;

use lazaret_vocabulary::event::rules::Contact;
use lazaret_vocabulary::event::{Happening as H, Spot};

use super::{Lot, Oracle, Stand, Told, acknowledged, spot_of, unit_surface};
use crate::dangers;
use crate::record::Record;
use crate::say::{list, unit as unit_words};
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
            self.stays(Visit {
                lot: lot.into(),
                surface: unit_surface(to),
                from: at.min(now),
                to: OPEN,
                record: self.seq,
            });
        }
    }

    /// Adds a stay of a lot on a surface.
    pub(super) fn stays(&mut self, visit: Visit) {
        let tail = self.tail(&visit.surface);
        self.visits.push(visit, tail);
    }

    pub(super) fn end_visits(&mut self, lot: &str, now: i64) {
        self.visits.end(lot, now);
    }

    /// Open, not broken.
    pub(super) fn enter_checks(&mut self, spot: &Spot) {
        let (closed, broken) = self.units.get(&spot_of(spot)).copied().unwrap_or_default();
        self.must("S1b", !closed && !broken, || {
            format!("{} {} is closed or broken", spot.place, spot.unit)
        });
        let known = self.place(spot.place.as_str()).is_some_and(|rule| {
            rule.units
                .is_none_or(|units| (1..=units).contains(&spot.unit))
        });
        self.must("K1", known, || {
            format!("there is no {} {}", spot.place, spot.unit)
        });
    }

    /// Counts everything again, with the newcomer in.
    pub(super) fn room(&mut self, to: &(String, u32)) {
        let Some(rule) = self.place(&to.0).cloned() else {
            return;
        };
        let unit = |spot: &(String, u32)| {
            let lots = self.stands.get(spot).map_or(0, |stand| stand.taken);
            lots + self.vehicles_at.get(spot).map_or(0, BTreeSet::len)
        };
        let in_unit = unit(to);
        let (first, last) = ((to.0.clone(), 0), (to.0.clone(), u32::MAX));
        let whole = first..=last;
        let in_place = (self.stands.range(whole.clone()))
            .map(|(_, stand)| stand.taken)
            .sum::<usize>()
            + (self.vehicles_at.range(whole))
                .map(|(_, vehicles)| vehicles.len())
                .sum::<usize>();
        if let Some(&total) = self.capacity.get(&to.0) {
            self.must("S1", in_place <= total as usize, || {
                format!("{} holds more than it has room for", unit_words(to))
            });
        } else if let Some(slots) = rule.slots {
            let ok = if rule.pooled {
                in_place as u64 <= u64::from(slots) * u64::from(rule.units.unwrap_or(1))
            } else {
                in_unit <= slots as usize
            };
            self.must("S1", ok, || {
                format!("{} holds more than it has room for", unit_words(to))
            });
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
        let Some(row) = self.lots.get(lot) else {
            return;
        };
        let asks = |name: &String| {
            let other = self.lots.get(name);
            other.map_or(0, |other| dangers::asked(&row.hazards, &other.hazards))
        };
        let dangerous = |unit: u32| {
            let stand = self.stands.get(&(to.0.clone(), unit));
            stand.into_iter().flat_map(|stand| &stand.dangerous)
        };
        let alone = row.hazards.is_empty();
        let mut near = Vec::new();
        let beside = [to.1.checked_sub(1), to.1.checked_add(1)];
        for unit in beside.into_iter().flatten().filter(|_| !alone) {
            near.extend(dangerous(unit).filter(|name| asks(name) >= 3).cloned());
        }
        let told = acknowledged(record, "near");
        let mut bad: Vec<String> = Vec::new();
        for name in dangerous(to.1).filter(|name| !alone && *name != lot) {
            let asked = asks(name);
            if asked >= 2 || asked == 1 && !told {
                bad.push(name.clone());
            }
        }
        let apart = |a: &str, b: &str| {
            let goods = self.rules.iter().flat_map(|rules| &rules.goods);
            goods
                .filter(|rule| rule.goods.as_str() == a)
                .any(|rule| (rule.apart_from.iter()).any(|other| other.as_str() == b))
        };
        let none = Stand::default();
        let stand = self.stands.get(to).unwrap_or(&none);
        for (goods, &count) in &stand.goods {
            let others = count - usize::from(*goods == row.goods);
            if others > 0 && (apart(&row.goods, goods) || apart(goods, &row.goods)) {
                bad.push(goods.clone());
            }
        }
        let mixed = if row.trial { stand.real } else { stand.trial };
        self.must("S2", near.is_empty(), || {
            format!("{lot} is next to {}", list(&near))
        });
        self.must("S2", bad.is_empty(), || {
            format!("{lot} is with {}", list(&bad))
        });
        self.must("X1", mixed == 0, || {
            format!(
                "{lot} is with {mixed} lots of which some belong to a trial run and some do not"
            )
        });
    }

    /// What waits for another place stands beside its slot, not in it.
    pub(super) fn beside(&mut self, lot: &str, place: &str) {
        let spot = self.lots.get(lot).and_then(|row| row.spot.as_ref());
        if spot.is_some_and(|(here, _)| here != place) {
            self.alter(lot, |row| row.slot = false);
        }
    }

    /// Counts a lot in or out of the unit where it stands.
    fn count(&mut self, lot: &str, in_it: bool) {
        let Some(row) = self.lots.get(lot) else {
            return;
        };
        let Some(spot) = &row.spot else {
            return;
        };
        if !self.stands.contains_key(spot) {
            self.stands.insert(spot.clone(), Stand::default());
        }
        let Some(stand) = self.stands.get_mut(spot) else {
            return;
        };
        let step = |count: &mut usize| {
            *count = if in_it {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        };
        if row.slot {
            step(&mut stand.taken);
        }
        step(if row.trial {
            &mut stand.trial
        } else {
            &mut stand.real
        });
        if let Some(count) = stand.goods.get_mut(&row.goods) {
            step(count);
        } else if in_it {
            stand.goods.insert(row.goods.clone(), 1);
        }
        if in_it && !row.hazards.is_empty() {
            stand.dangerous.insert(lot.to_owned());
        } else {
            stand.dangerous.remove(lot);
        }
    }

    /// Changes a lot, and what is counted of it where it stands.
    pub(super) fn alter(&mut self, lot: &str, change: impl FnOnce(&mut Lot)) {
        self.count(lot, false);
        if let Some(row) = self.lots.get_mut(lot) {
            change(row);
        } else {
            let mut row = Lot::default();
            change(&mut row);
            self.lots.insert(lot.to_owned(), row);
        }
        self.count(lot, true);
    }
}

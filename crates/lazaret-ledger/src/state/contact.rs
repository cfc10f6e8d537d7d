//! Who touched whom, and what contamination may have reached.
//!
//! Lots do not touch each other; they touch the same surface: a vehicle, a unit of a place, a person. A lot's stay on
//! a surface is a visit, and visits that follow each other without a pause longer than the surface's tail form an
//! episode. Listing visits instead of pairs keeps 50 million contacts in a few million rows.
//!
//! Contamination spreads forward in time only. Within an episode, whatever stays on after the surface was reached has
//! been reached: an episode has no pause in which the surface could come clean. So the earliest instant at which each
//! lot may have been reached is a shortest path that goes from lots to episodes and back, and every lot's link names
//! one lot that it overlapped and the two records that brought them together.
//!
//! A stay counts from when the lot was seen to come until its leaving was recorded, so that a late entry may add
//! contacts and never take one away.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::rows::{Episode, Touched, Visit};
use super::{NONE, State, some, timestamp};
use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Link, PersonName, Surface};
use lazaret_vocabulary::event::{LotId, PlaceName, Spot, VehicleId};

/// Everything that contamination may have reached, nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Where it started, then what it reached, by the instant at which it may have reached it.
    pub reached: Vec<Chained>,
}

/// A lot that contamination may have reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// The lot.
    pub lot: LotId,
    /// From when on.
    pub since: Timestamp,
    /// The contact that connects it; none where it started.
    pub link: Option<Link>,
}

/// A reached lot by number, with the visits that link it: of the one before, and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) lot: u32,
    pub(crate) since: i64,
    link: Option<(u32, u32)>,
}

/// A lot that shares a unit with another, or left it not long before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Companion {
    pub(crate) lot: u32,
    /// The record that brought it.
    pub(crate) record: u32,
    /// Whether it was there when the other came.
    pub(crate) overlaps: bool,
}

impl State {
    /// What contamination may have reached that was on `lot` from its entry on; empty if the lot is not known.
    #[must_use]
    pub fn contacts(&self, lot: &LotId) -> Closure {
        let Some(lot) = self.lot_names.find(lot.as_str()) else {
            return Closure::default();
        };
        let reached = self
            .reach(&self.since_entry(lot))
            .iter()
            .map(|reached| Chained {
                lot: LotId::new(self.lot_names.get(reached.lot)),
                since: timestamp(reached.since),
                link: self.link(reached),
            })
            .collect();
        Closure { reached }
    }

    /// The lot from its first stay on; with its parts, if it was split.
    pub(crate) fn since_entry(&self, lot: u32) -> Vec<(u32, i64)> {
        self.whole(lot)
            .into_iter()
            .map(|lot| {
                let first = self.visits_of(lot).map(|(_, visit)| visit.from).min();
                (lot, first.unwrap_or(self.lot(lot).entered))
            })
            .collect()
    }

    /// A lot and, if it was split, its parts and theirs.
    pub(crate) fn whole(&self, lot: u32) -> Vec<u32> {
        let mut whole = vec![lot];
        let mut at = 0;
        while let Some(&lot) = whole.get(at) {
            let (first, count) = self.lot(lot).children;
            if first != NONE {
                whole.extend(first..first + u32::from(count));
            }
            at += 1;
        }
        whole
    }

    pub(crate) fn visits_of(&self, lot: u32) -> impl Iterator<Item = (u32, &Visit)> {
        let mut at = self.lot(lot).visits;
        std::iter::from_fn(move || {
            let number = some(at)?;
            let visit = &self.visits[number as usize];
            at = visit.next_of_lot;
            Some((number, visit))
        })
    }

    fn visits_in(&self, episode: u32) -> impl Iterator<Item = (u32, &Visit)> {
        let mut at = self.episodes[episode as usize].head;
        std::iter::from_fn(move || {
            let number = some(at)?;
            let visit = &self.visits[number as usize];
            at = visit.next_in_episode;
            Some((number, visit))
        })
    }

    /// Everything reached from `seeds`, each a lot and since when it may be contaminated.
    pub(crate) fn reach(&self, seeds: &[(u32, i64)]) -> Vec<Reached> {
        // Zero stands for not reached, so that untouched rows cost no memory traffic; instants are shifted above it.
        let shift = |at: i64| (at as u64 ^ (1 << 63)).max(1);
        let mut lots = vec![0_u64; self.lots.len()];
        let mut links = vec![(0_u32, 0_u32); self.lots.len()];
        let mut episodes = vec![0_u64; self.episodes.len()];
        let mut order = Vec::new();
        // What an episode reaches comes in order: only the next of each run is in the heap, and the run goes on from
        // where its last field but one points, up to the last. An episode has its first stay there.
        let mut runs: Vec<(i64, u32)> = Vec::new();
        let mut heap = BinaryHeap::new();
        const EPISODE: u64 = 1 << 32;
        for &(lot, since) in seeds {
            let known = &mut lots[lot as usize];
            if *known == 0 || shift(since) < *known {
                *known = shift(since);
                heap.push(Reverse((since, u64::from(lot), 0_u32, 0_u32)));
            }
        }
        let mut stays = Vec::new();
        loop {
            let Some(mut top) = heap.peek_mut() else {
                return order;
            };
            let Reverse((since, node, by, end)) = *top;
            if node < EPISODE {
                let lot = node as u32;
                if by < end {
                    let (at, next) = runs[by as usize];
                    *top = Reverse((at, u64::from(next), by + 1, end));
                    drop(top);
                } else {
                    PeekMut::pop(top);
                }
                if lots[lot as usize] != shift(since) {
                    continue;
                }
                // A link of (0, 0) would say that visit 0 links to itself: that is how a start is told.
                let link = links[lot as usize];
                order.push(Reached {
                    lot,
                    since,
                    link: (link.0 != link.1).then_some(link),
                });
                for (number, visit) in self.visits_of(lot) {
                    if visit.to < since {
                        continue;
                    }
                    let at = since.max(visit.from);
                    let known = &mut episodes[visit.episode as usize];
                    if *known == 0 || shift(at) < *known {
                        *known = shift(at);
                        let episode = EPISODE | u64::from(visit.episode);
                        heap.push(Reverse((at, episode, number, 0)));
                    }
                }
                continue;
            }
            PeekMut::pop(top);
            let episode = (node & (EPISODE - 1)) as u32;
            if episodes[episode as usize] != shift(since) {
                continue;
            }
            stays.clear();
            stays.extend(
                self.visits_in(episode)
                    .filter(|(_, visit)| visit.to >= since)
                    .map(|(number, visit)| (visit.from, number, visit.lot, visit.to)),
            );
            // They come latest first, mostly: turned round, they are all but in order.
            stays.reverse();
            stays.sort();
            let tail = self.tail(self.episodes[episode as usize].surface);
            let first = self.visits[by as usize];
            // The stay that lasted longest so far: what comes next overlaps it, or the episode would have ended.
            let mut bridge = (by, first.to);
            let from_run = runs.len();
            for &(from, number, lot, to) in &stays {
                let at = since.max(from);
                let known = &mut lots[lot as usize];
                if *known == 0 || shift(at) < *known {
                    *known = shift(at);
                    let near = first.to.saturating_add(tail) >= from;
                    links[lot as usize] = (if near { by } else { bridge.0 }, number);
                    runs.push((at, lot));
                }
                if to > bridge.1 {
                    bridge = (number, to);
                }
            }
            runs[from_run..].sort();
            if let Some(&(at, lot)) = runs.get(from_run) {
                let (next, end) = (from_run as u32 + 1, runs.len() as u32);
                heap.push(Reverse((at, u64::from(lot), next, end)));
            }
        }
    }

    /// A link in words of the vocabulary.
    pub(crate) fn link(&self, reached: &Reached) -> Option<Link> {
        let (before, own) = reached.link?;
        let (before, own) = (self.visits[before as usize], self.visits[own as usize]);
        Some(Link {
            from: LotId::new(self.lot_names.get(before.lot)),
            surface: self.surface_name(self.episodes[own.episode as usize].surface),
            records: [before.record.into(), own.record.into()],
        })
    }

    pub(crate) fn surface_name(&self, surface: Touched) -> Surface {
        match surface {
            Touched::Vehicle(vehicle) => {
                Surface::Vehicle(VehicleId::new(self.vehicle_names.get(vehicle)))
            }
            Touched::Unit(unit) => {
                let unit = &self.units[unit as usize];
                Surface::Unit(
                    PlaceName::new(self.place_names.get(unit.place)),
                    unit.number,
                )
            }
            Touched::Person(person) => {
                Surface::Person(PersonName::new(self.person_names.get(person)))
            }
            Touched::Seen => Surface::Seen,
        }
    }

    /// Lots on a surface at `since` or later, each with the first such instant.
    fn on_surface(&self, surface: Touched, since: i64) -> Vec<(u32, i64)> {
        self.episodes_of(surface)
            .iter()
            .flat_map(|&episode| self.visits_in(episode))
            .filter(|(_, visit)| visit.to >= since)
            .map(|(_, visit)| (visit.lot, since.max(visit.from)))
            .collect()
    }

    /// Lots that share the unit of `spot` with a stay of `lot` that begins at `from` (µs), or that left it no longer
    /// before than the unit's tail; each once.
    pub(crate) fn company(&self, spot: &Spot, from: i64, lot: u32) -> Vec<Companion> {
        let unit = self
            .place_names
            .find(spot.place.as_str())
            .and_then(|place| {
                let index = spot.unit.checked_sub(1)? as usize;
                some(*self.places[place as usize].units.get(index)?)
            });
        let Some(unit) = unit else {
            return Vec::new();
        };
        let tail = self.tail(Touched::Unit(unit));
        let mut company: Vec<Companion> = self.units[unit as usize]
            .episodes
            .iter()
            .rev()
            .take_while(|&&e| self.episodes[e as usize].lasts_from(from, tail, self.longest))
            .flat_map(|&e| self.visits_in(e))
            .filter(|(_, visit)| visit.lot != lot && visit.to.saturating_add(tail) >= from)
            .map(|(_, visit)| Companion {
                lot: visit.lot,
                record: visit.record,
                overlaps: visit.to >= from,
            })
            .collect();
        // A lot that stayed twice counts by its latest stay.
        company.sort_unstable_by_key(|other| {
            (other.lot, std::cmp::Reverse((other.overlaps, other.record)))
        });
        company.dedup_by_key(|other| other.lot);
        company
    }

    /// Lots that were in a vehicle's present or last visit at `since` or later.
    pub(crate) fn on_vehicle(&self, vehicle: u32, since: i64) -> Vec<(u32, i64)> {
        self.on_surface(Touched::Vehicle(vehicle), since)
    }

    /// Lots that were in a unit at `since` or later.
    pub(crate) fn in_unit(&self, spot: &Spot, since: i64) -> Vec<(u32, i64)> {
        self.place_names
            .find(spot.place.as_str())
            .and_then(|place| {
                let index = spot.unit.checked_sub(1)? as usize;
                some(*self.places[place as usize].units.get(index)?)
            })
            .map(|unit| self.on_surface(Touched::Unit(unit), since))
            .unwrap_or_default()
    }

    pub(super) fn episodes_of(&self, surface: Touched) -> &[u32] {
        match surface {
            Touched::Vehicle(vehicle) => {
                let episode = &self.vehicles[vehicle as usize].episode;
                if *episode == NONE {
                    &[]
                } else {
                    std::slice::from_ref(episode)
                }
            }
            Touched::Unit(unit) => &self.units[unit as usize].episodes,
            Touched::Person(person) => &self.people[person as usize].episodes,
            Touched::Seen => &[],
        }
    }

    /// How long a surface stays infectious after a lot has left it, in µs.
    pub(super) fn tail(&self, surface: Touched) -> i64 {
        match surface {
            Touched::Unit(unit) => self
                .place_rule(self.units[unit as usize].place)
                .map_or(0, |rule| super::seconds(rule.tail_s)),
            Touched::Person(_) => self
                .rules()
                .and_then(|rules| rules.people.contact_tail_s)
                .map_or(0, super::seconds),
            Touched::Vehicle(_) | Touched::Seen => 0,
        }
    }

    /// Records a stay of `lot` on `surface`; gives its number.
    pub(crate) fn visit(&mut self, lot: u32, surface: Touched, from: i64, to: i64) -> u32 {
        let tail = self.tail(surface);
        let reaches = |episode: &Episode| {
            let end = if episode.open > 0 {
                i64::MAX
            } else {
                episode.to
            };
            from <= end.saturating_add(tail) && episode.from <= to.saturating_add(tail)
        };
        let touched: Vec<u32> = match surface {
            // A vehicle's present visit is one episode, however its lots are taken off.
            Touched::Vehicle(vehicle) => some(self.vehicles[vehicle as usize].episode)
                .into_iter()
                .collect(),
            Touched::Seen => Vec::new(),
            Touched::Unit(_) | Touched::Person(_) => {
                let episodes = self.episodes_of(surface);
                // Episodes lie in order of their beginnings; all but the latest few are over long before.
                let begun = episodes.partition_point(|&e| {
                    self.episodes[e as usize].from <= to.saturating_add(tail)
                });
                episodes[..begun]
                    .iter()
                    .rev()
                    .copied()
                    .take_while(|&e| self.episodes[e as usize].lasts_from(from, tail, self.longest))
                    .filter(|&e| reaches(&self.episodes[e as usize]))
                    .collect()
            }
        };
        let mut last = NONE;
        for episode in touched {
            last = self.join(lot, episode, from, to);
        }
        if last == NONE {
            let episode = self.open_episode(surface, from);
            last = self.join(lot, episode, from, to);
        }
        last
    }

    pub(crate) fn open_episode(&mut self, surface: Touched, from: i64) -> u32 {
        let number = self.episodes.len() as u32;
        self.episodes.push(Episode {
            surface,
            head: NONE,
            open: 0,
            from,
            to: i64::MIN,
        });
        let episodes = &self.episodes;
        let insert = |list: &mut Vec<u32>| {
            let at = list.partition_point(|&e| episodes[e as usize].from <= from);
            list.insert(at, number);
        };
        match surface {
            Touched::Vehicle(vehicle) => self.vehicles[vehicle as usize].episode = number,
            Touched::Unit(unit) => insert(&mut self.units[unit as usize].episodes),
            Touched::Person(person) => insert(&mut self.people[person as usize].episodes),
            Touched::Seen => {}
        }
        number
    }

    pub(crate) fn join(&mut self, lot: u32, episode: u32, from: i64, to: i64) -> u32 {
        let number = self.visits.len() as u32;
        let row = &mut self.episodes[episode as usize];
        let earlier = from < row.from;
        row.from = row.from.min(from);
        if to == i64::MAX {
            row.open += 1;
        } else {
            row.to = row.to.max(to);
            self.longest = self.longest.max(row.to - row.from);
        }
        let next_in_episode = std::mem::replace(&mut row.head, number);
        let surface = row.surface;
        let head = &mut self.lots[lot as usize].visits;
        let next_of_lot = std::mem::replace(head, number);
        self.visits.push(Visit {
            lot,
            episode,
            from,
            to,
            record: self.seq as u32,
            next_of_lot,
            next_in_episode,
        });
        if earlier {
            self.sort_episodes(surface);
        }
        number
    }

    /// Restores the order by beginning after a late entry moved one back.
    fn sort_episodes(&mut self, surface: Touched) {
        let episodes = &self.episodes;
        let by_beginning =
            |list: &mut Vec<u32>| list.sort_by_key(|&e| (episodes[e as usize].from, e));
        match surface {
            Touched::Unit(unit) => by_beginning(&mut self.units[unit as usize].episodes),
            Touched::Person(person) => by_beginning(&mut self.people[person as usize].episodes),
            Touched::Vehicle(_) | Touched::Seen => {}
        }
    }

    /// Ends every stay of `lot` that lasts.
    pub(super) fn end_visits(&mut self, lot: u32, to: i64) {
        let mut at = self.lots[lot as usize].visits;
        while let Some(number) = some(at) {
            let visit = &mut self.visits[number as usize];
            at = visit.next_of_lot;
            if visit.to == i64::MAX {
                visit.to = to.max(visit.from);
                let episode = &mut self.episodes[visit.episode as usize];
                episode.open -= 1;
                episode.to = episode.to.max(visit.to);
                self.longest = self.longest.max(episode.to - episode.from);
            }
        }
    }

    /// Gives `part` the stays of the lot it was split from: it is the same matter.
    pub(super) fn inherit_visits(&mut self, parent: u32, part: u32) {
        let stays: Vec<Visit> = self.visits_of(parent).map(|(_, visit)| *visit).collect();
        for stay in stays.iter().rev() {
            let number = self.join(part, stay.episode, stay.from, stay.to);
            self.visits[number as usize].record = stay.record;
        }
    }
}

impl Episode {
    /// Whether an episode that began no later than this one, and lasted no longer than the longest ever, could still
    /// reach `from`.
    fn lasts_from(&self, from: i64, tail: i64, longest: i64) -> bool {
        self.open > 0 || self.from.saturating_add(longest).saturating_add(tail) >= from
    }
}

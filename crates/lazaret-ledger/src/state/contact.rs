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

use super::rows::{Episode, Parts, Touched, Visit};
use super::{State, timestamp};
use crate::index::{EpisodeIx, LotIx, Number, Rows, VehicleIx, VisitIx};
use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Link, PersonName, Surface};
use lazaret_vocabulary::event::{LotId, PlaceName, Spot, VehicleId};
use serde::{Deserialize, Serialize};

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
    pub(crate) lot: LotIx,
    pub(crate) since: i64,
    link: Option<(VisitIx, VisitIx)>,
}

/// A lot that shares a unit with another, or left it not long before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Companion {
    pub(crate) lot: LotIx,
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
    pub(crate) fn since_entry(&self, lot: LotIx) -> Vec<(LotIx, i64)> {
        self.whole(lot)
            .into_iter()
            .map(|lot| {
                let first = self.visits_of(lot).map(|(_, visit)| visit.from).min();
                (lot, first.unwrap_or(self.lot(lot).entered))
            })
            .collect()
    }

    /// A lot and, if it was split, its parts and theirs.
    pub(crate) fn whole(&self, lot: LotIx) -> Vec<LotIx> {
        let mut whole = vec![lot];
        let mut at = 0;
        while let Some(&lot) = whole.get(at) {
            whole.extend(self.lot(lot).children.into_iter().flat_map(Parts::lots));
            at += 1;
        }
        whole
    }

    pub(crate) fn visits_of(&self, lot: LotIx) -> impl Iterator<Item = (VisitIx, &Visit)> {
        self.contacts.from(self.lot(lot).visits)
    }

    /// When the first stay in an episode began, µs.
    pub(crate) fn episode_from(&self, episode: EpisodeIx) -> i64 {
        self.contacts.episodes[episode].from
    }

    /// Everything reached from `seeds`, each a lot and since when it may be contaminated.
    pub(crate) fn reach(&self, seeds: &[(LotIx, i64)]) -> Vec<Reached> {
        // Zero stands for not reached, so that untouched rows cost no memory traffic; instants are shifted above it.
        let shift = |at: i64| (at as u64 ^ (1 << 63)).max(1);
        let mut lots = vec![0_u64; self.lots.len()];
        let mut links: Vec<Option<(VisitIx, VisitIx)>> = vec![None; self.lots.len()];
        let mut episodes = vec![0_u64; self.contacts.episodes.len()];
        let mut order = Vec::new();
        // What an episode reaches comes in order: only the next of each run is in the heap, and the run goes on from
        // where its last field but one points, up to the last. An episode has its first stay there.
        let mut runs: Vec<(i64, LotIx)> = Vec::new();
        let mut heap = BinaryHeap::new();
        const EPISODE: u64 = 1 << 32;
        for &(lot, since) in seeds {
            let known = &mut lots[lot.position()];
            if *known == 0 || shift(since) < *known {
                *known = shift(since);
                heap.push(Reverse((since, lot.position() as u64, 0_u32, 0_u32)));
            }
        }
        let mut stays = Vec::new();
        loop {
            let Some(mut top) = heap.peek_mut() else {
                return order;
            };
            let Reverse((since, node, by, end)) = *top;
            if node < EPISODE {
                let lot = LotIx::at(node as usize);
                if by < end {
                    let (at, next) = runs[by as usize];
                    *top = Reverse((at, next.position() as u64, by + 1, end));
                    drop(top);
                } else {
                    PeekMut::pop(top);
                }
                if lots[lot.position()] != shift(since) {
                    continue;
                }
                order.push(Reached {
                    lot,
                    since,
                    link: links[lot.position()],
                });
                for (number, visit) in self.visits_of(lot) {
                    if visit.to < since {
                        continue;
                    }
                    let at = since.max(visit.from);
                    let known = &mut episodes[visit.episode.position()];
                    if *known == 0 || shift(at) < *known {
                        *known = shift(at);
                        let episode = EPISODE | visit.episode.position() as u64;
                        heap.push(Reverse((at, episode, number.position() as u32, 0)));
                    }
                }
                continue;
            }
            PeekMut::pop(top);
            let episode = EpisodeIx::at((node & (EPISODE - 1)) as usize);
            if episodes[episode.position()] != shift(since) {
                continue;
            }
            let by = VisitIx::at(by as usize);
            stays.clear();
            stays.extend(
                (self.contacts.within(episode))
                    .filter(|(_, visit)| visit.to >= since)
                    .map(|(number, visit)| (visit.from, number, visit.lot, visit.to)),
            );
            // They come latest first, mostly: turned round, they are all but in order.
            stays.reverse();
            stays.sort();
            let tail = self.tail(self.contacts.episodes[episode].surface);
            let first = self.contacts.visits[by];
            // The stay that lasted longest so far: what comes next overlaps it, or the episode would have ended.
            let mut bridge = (by, first.to);
            let from_run = runs.len();
            for &(from, number, lot, to) in &stays {
                let at = since.max(from);
                let known = &mut lots[lot.position()];
                if *known == 0 || shift(at) < *known {
                    *known = shift(at);
                    let near = first.to.saturating_add(tail) >= from;
                    links[lot.position()] = Some((if near { by } else { bridge.0 }, number));
                    runs.push((at, lot));
                }
                if to > bridge.1 {
                    bridge = (number, to);
                }
            }
            runs[from_run..].sort();
            if let Some(&(at, lot)) = runs.get(from_run) {
                let (next, end) = (from_run as u32 + 1, runs.len() as u32);
                heap.push(Reverse((at, lot.position() as u64, next, end)));
            }
        }
    }

    /// A link in words of the vocabulary.
    pub(crate) fn link(&self, reached: &Reached) -> Option<Link> {
        let (before, own) = reached.link?;
        let visits = &self.contacts.visits;
        let (before, own) = (visits[before], visits[own]);
        Some(Link {
            from: LotId::new(self.lot_names.get(before.lot)),
            surface: self.surface_name(self.contacts.episodes[own.episode].surface),
            records: [before.record.into(), own.record.into()],
        })
    }

    pub(crate) fn surface_name(&self, surface: Touched) -> Surface {
        match surface {
            Touched::Vehicle(vehicle) => {
                Surface::Vehicle(VehicleId::new(self.vehicle_names.get(vehicle)))
            }
            Touched::Unit(unit) => {
                let unit = &self.units[unit];
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
    fn on_surface(&self, surface: Touched, since: i64) -> Vec<(LotIx, i64)> {
        self.episodes_of(surface)
            .iter()
            .flat_map(|&episode| self.contacts.within(episode))
            .filter(|(_, visit)| visit.to >= since)
            .map(|(_, visit)| (visit.lot, since.max(visit.from)))
            .collect()
    }

    /// Lots that share the unit of `spot` with a stay of `lot` that begins at `from` (µs), or that left it no longer
    /// before than the unit's tail; each once.
    pub(crate) fn company(&self, spot: &Spot, from: i64, lot: LotIx) -> Vec<Companion> {
        let unit = self
            .place_names
            .find(spot.place.as_str())
            .and_then(|place| {
                let index = spot.unit.checked_sub(1)? as usize;
                *self.places[place].units.get(index)?
            });
        let Some(unit) = unit else {
            return Vec::new();
        };
        let tail = self.tail(Touched::Unit(unit));
        let mut company: Vec<Companion> = self.units[unit]
            .episodes
            .iter()
            .rev()
            .take_while(|&&e| self.contacts.lasts_from(e, from, tail))
            .flat_map(|&e| self.contacts.within(e))
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
    pub(crate) fn on_vehicle(&self, vehicle: VehicleIx, since: i64) -> Vec<(LotIx, i64)> {
        self.on_surface(Touched::Vehicle(vehicle), since)
    }

    /// Lots that were in a unit at `since` or later.
    pub(crate) fn in_unit(&self, spot: &Spot, since: i64) -> Vec<(LotIx, i64)> {
        self.place_names
            .find(spot.place.as_str())
            .and_then(|place| {
                let index = spot.unit.checked_sub(1)? as usize;
                *self.places[place].units.get(index)?
            })
            .map(|unit| self.on_surface(Touched::Unit(unit), since))
            .unwrap_or_default()
    }

    pub(super) fn episodes_of(&self, surface: Touched) -> &[EpisodeIx] {
        match surface {
            Touched::Vehicle(vehicle) => self.vehicles[vehicle].episode.as_slice(),
            Touched::Unit(unit) => &self.units[unit].episodes,
            Touched::Person(person) => &self.people[person].episodes,
            Touched::Seen => &[],
        }
    }

    /// How long a surface stays infectious after a lot has left it, in µs.
    pub(super) fn tail(&self, surface: Touched) -> i64 {
        match surface {
            Touched::Unit(unit) => self
                .place_rule(self.units[unit].place)
                .map_or(0, |rule| super::seconds(rule.tail_s)),
            Touched::Person(_) => self
                .rules()
                .and_then(|rules| rules.people.contact_tail_s)
                .map_or(0, super::seconds),
            Touched::Vehicle(_) | Touched::Seen => 0,
        }
    }

    /// Records a stay of `lot` on `surface`; gives its number.
    pub(crate) fn visit(&mut self, lot: LotIx, surface: Touched, from: i64, to: i64) -> VisitIx {
        let tail = self.tail(surface);
        let reaches = |episode: &Episode| {
            let end = if episode.open > 0 {
                i64::MAX
            } else {
                episode.to
            };
            from <= end.saturating_add(tail) && episode.from <= to.saturating_add(tail)
        };
        let touched: Vec<EpisodeIx> = match surface {
            // A vehicle's present visit is one episode, however its lots are taken off.
            Touched::Vehicle(vehicle) => self.vehicles[vehicle].episode.into_iter().collect(),
            Touched::Seen => Vec::new(),
            Touched::Unit(_) | Touched::Person(_) => {
                let episodes = self.episodes_of(surface);
                // Episodes lie in order of their beginnings; all but the latest few are over long before.
                let begun =
                    episodes.partition_point(|&e| self.episode_from(e) <= to.saturating_add(tail));
                episodes[..begun]
                    .iter()
                    .rev()
                    .copied()
                    .take_while(|&e| self.contacts.lasts_from(e, from, tail))
                    .filter(|&e| reaches(&self.contacts.episodes[e]))
                    .collect()
            }
        };
        let mut last = None;
        for episode in touched {
            last = Some(self.join(lot, episode, from, to));
        }
        last.unwrap_or_else(|| {
            let episode = self.open_episode(surface, from);
            self.join(lot, episode, from, to)
        })
    }

    pub(crate) fn open_episode(&mut self, surface: Touched, from: i64) -> EpisodeIx {
        let number = self.contacts.open(surface, from);
        let episodes = &self.contacts.episodes;
        let insert = |list: &mut Vec<EpisodeIx>| {
            let at = list.partition_point(|&e| episodes[e].from <= from);
            list.insert(at, number);
        };
        match surface {
            Touched::Vehicle(vehicle) => self.vehicles[vehicle].episode = Some(number),
            Touched::Unit(unit) => insert(&mut self.units[unit].episodes),
            Touched::Person(person) => insert(&mut self.people[person].episodes),
            Touched::Seen => {}
        }
        number
    }

    pub(crate) fn join(&mut self, lot: LotIx, episode: EpisodeIx, from: i64, to: i64) -> VisitIx {
        let head = &mut self.lots[lot].visits;
        let before = self.contacts.episodes[episode].from;
        let number = self.contacts.join(Visit {
            lot,
            episode,
            from,
            to,
            record: self.seq as u32,
            next_of_lot: *head,
            next_in_episode: None,
        });
        *head = Some(number);
        if from < before {
            self.sort_episodes(self.contacts.episodes[episode].surface);
        }
        number
    }

    /// Restores the order by beginning after a late entry moved one back.
    fn sort_episodes(&mut self, surface: Touched) {
        let episodes = &self.contacts.episodes;
        let by_beginning = |list: &mut Vec<EpisodeIx>| list.sort_by_key(|&e| (episodes[e].from, e));
        match surface {
            Touched::Unit(unit) => by_beginning(&mut self.units[unit].episodes),
            Touched::Person(person) => by_beginning(&mut self.people[person].episodes),
            Touched::Vehicle(_) | Touched::Seen => {}
        }
    }

    /// Ends every stay of `lot` that lasts.
    pub(super) fn end_visits(&mut self, lot: LotIx, to: i64) {
        self.contacts.end(self.lots[lot].visits, to);
    }

    /// Gives `part` the stays of the lot it was split from: it is the same matter.
    pub(super) fn inherit_visits(&mut self, parent: LotIx, part: LotIx) {
        let stays: Vec<Visit> = self.visits_of(parent).map(|(_, visit)| *visit).collect();
        for stay in stays.iter().rev() {
            let number = self.join(part, stay.episode, stay.from, stay.to);
            self.contacts.visits[number].record = stay.record;
        }
    }
}

/// Stays on surfaces, and the stretches of time that they form.
///
/// An episode counts its stays that last, begins with its first and ends with its last; `join`, `end` and `merge` keep
/// that true.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Contacts {
    visits: Rows<VisitIx, Visit>,
    episodes: Rows<EpisodeIx, Episode>,
    /// The longest episode that has ended, in µs: how far back a late stay has to look for what it joins.
    longest: i64,
}

impl Contacts {
    /// Stays of a lot from this one on, the latest entered first.
    fn from(&self, head: Option<VisitIx>) -> impl Iterator<Item = (VisitIx, &Visit)> {
        self.threaded(head, |visit| visit.next_of_lot)
    }

    /// Stays in an episode, the latest entered first.
    fn within(&self, episode: EpisodeIx) -> impl Iterator<Item = (VisitIx, &Visit)> {
        self.threaded(self.episodes[episode].head, |visit| visit.next_in_episode)
    }

    fn threaded(
        &self,
        mut at: Option<VisitIx>,
        next: impl Fn(&Visit) -> Option<VisitIx>,
    ) -> impl Iterator<Item = (VisitIx, &Visit)> {
        std::iter::from_fn(move || {
            let number = at?;
            let visit = &self.visits[number];
            at = next(visit);
            Some((number, visit))
        })
    }

    /// Begins an episode without stays.
    fn open(&mut self, surface: Touched, from: i64) -> EpisodeIx {
        self.episodes.add(Episode {
            surface,
            head: None,
            open: 0,
            from,
            to: i64::MIN,
        })
    }

    /// Adds a stay to its episode.
    fn join(&mut self, mut visit: Visit) -> VisitIx {
        let number = self.visits.next();
        let row = &mut self.episodes[visit.episode];
        row.from = row.from.min(visit.from);
        if visit.to == i64::MAX {
            row.open += 1;
        } else {
            row.to = row.to.max(visit.to);
            self.longest = self.longest.max(row.to - row.from);
        }
        visit.next_in_episode = row.head.replace(number);
        self.visits.add(visit)
    }

    /// Ends every stay of a lot that lasts.
    fn end(&mut self, head: Option<VisitIx>, to: i64) {
        let mut at = head;
        while let Some(number) = at {
            let visit = &mut self.visits[number];
            at = visit.next_of_lot;
            if visit.to == i64::MAX {
                visit.to = to.max(visit.from);
                let episode = &mut self.episodes[visit.episode];
                episode.open -= 1;
                episode.to = episode.to.max(visit.to);
                self.longest = self.longest.max(episode.to - episode.from);
            }
        }
    }

    /// Whether an episode, or one that began before it, could still reach `from`: none lasted longer than the longest.
    fn lasts_from(&self, episode: EpisodeIx, from: i64, tail: i64) -> bool {
        let row = &self.episodes[episode];
        row.open > 0 || (row.from.saturating_add(self.longest)).saturating_add(tail) >= from
    }

    /// Moves every instant.
    pub(super) fn retime(&mut self, of: impl Fn(i64) -> i64) {
        for visit in &mut self.visits {
            (visit.from, visit.to) = (of(visit.from), of(visit.to));
        }
        for episode in &mut self.episodes {
            (episode.from, episode.to) = (of(episode.from), of(episode.to));
            // One that lasted while the clock was wrong may have become the longest of all.
            if episode.to != i64::MIN {
                self.longest = self.longest.max(episode.to.saturating_sub(episode.from));
            }
        }
    }

    /// Whether an episode still goes on at `from`, if nobody came for `tail` after its last stay.
    pub(super) fn reaches(&self, episode: EpisodeIx, from: i64, tail: i64) -> bool {
        let row = &self.episodes[episode];
        let end = if row.open > 0 { i64::MAX } else { row.to };
        end.saturating_add(tail) >= from
    }

    /// Puts the stays of one episode into another.
    pub(super) fn merge(&mut self, episode: EpisodeIx, into: EpisodeIx) {
        let moved = self.episodes[episode];
        let mut last = None;
        let mut at = moved.head;
        while let Some(number) = at {
            let visit = &mut self.visits[number];
            visit.episode = into;
            (last, at) = (Some(number), visit.next_in_episode);
        }
        let row = &mut self.episodes[into];
        if let Some(last) = last {
            self.visits[last].next_in_episode = std::mem::replace(&mut row.head, moved.head);
        }
        row.open += moved.open;
        row.from = row.from.min(moved.from);
        row.to = row.to.max(moved.to);
        self.longest = self.longest.max(row.to.saturating_sub(row.from));
        let emptied = &mut self.episodes[episode];
        (emptied.head, emptied.open) = (None, 0);
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.visits.bytes() + self.episodes.bytes()
    }
}

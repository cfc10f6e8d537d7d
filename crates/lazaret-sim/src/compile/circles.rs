//! What legs have to do with each other: circles of places, and combinations of needs.

use crate::model::{ClaimM, LegKind, Model, NO_PLACE};

impl Model {
    /// Marks the places on a cycle of "a thing in P may wait for room in Q": only there can a deadlock arise.
    pub(crate) fn find_cycles(&mut self) {
        let n = self.places.len();
        let mut reaches = vec![vec![false; n]; n];
        let mut connect = |from: u16, to: u16| {
            if from != NO_PLACE && to != NO_PLACE && from != to {
                reaches[usize::from(from)][usize::from(to)] = true;
            }
        };
        for pair in self.legs.as_slice().windows(2) {
            if pair[0].kind != LegKind::Out
                && pair[0].kind != LegKind::Wash
                && pair[0].kind != LegKind::Dispatch
            {
                connect(pair[0].place, pair[1].place);
            }
        }
        // Of several lots that want to stay where their vehicle is unloaded all but the last need a slot besides its own, and the
        // last as well if it must be kept apart from what stands there.
        let apart = self.places.iter().any(|place| place.segregated);
        for leg in self.legs.as_slice() {
            let unloads = matches!(leg.kind, LegKind::Unload | LegKind::UnloadEach);
            if unloads && (apart || self.sources[usize::from(leg.source)].lots_fixed != Some(1)) {
                for onto in self.after_unloading(leg.source) {
                    if onto == leg.place {
                        reaches[usize::from(onto)][usize::from(onto)] = true;
                        self.places[usize::from(onto)].searched = true;
                    }
                }
            }
        }
        for place in self.places.iter_mut().filter(|place| place.segregated) {
            place.searched = true;
        }
        let mut connect = |from: u16, to: u16| {
            if from != NO_PLACE && to != NO_PLACE && from != to {
                reaches[usize::from(from)][usize::from(to)] = true;
            }
        };
        for leg in self.legs.as_slice() {
            if let Some(inspection) = &leg.inspection
                && let Some(again) = inspection.again_leg
            {
                connect(leg.place, self.legs[again].place);
            }
        }
        for source in &self.sources {
            for path in source.paths.iter().flatten() {
                let at = if self.legs[path.lot].kind == LegKind::UnloadEach {
                    path.lot
                } else {
                    path.lot.before()
                };
                if let Some(wash) = source.wash_leg {
                    connect(self.legs[at].place, self.legs[wash].place);
                }
            }
        }
        // A place whose slots take a resource competes with every other place that does.
        for (a, row) in reaches.iter_mut().enumerate() {
            for (b, reached) in row.iter_mut().enumerate() {
                let held = |r: u16| self.places[b].holds.iter().any(|&(s, _)| r == s);
                *reached |= a != b && self.places[a].holds.iter().any(|&(r, _)| held(r));
            }
        }
        // Warshall's closure.
        for via in 0..n {
            let onward = reaches[via].clone();
            for row in reaches.iter_mut().filter(|row| row[via]) {
                row.iter_mut()
                    .zip(&onward)
                    .for_each(|(reached, &on)| *reached |= on);
            }
        }
        for (at, place) in self.places.iter_mut().enumerate() {
            place.in_cycle = reaches[at][at];
        }
    }

    /// Places of the first steps of lots off the vehicles of `source`.
    fn after_unloading(&self, source: u16) -> Vec<u16> {
        let paths = self.sources[usize::from(source)].paths.iter().flatten();
        let next = paths.map(|path| {
            let each = self.legs[path.lot].kind == LegKind::UnloadEach;
            let next = if each { path.lot.next() } else { path.lot };
            self.legs[next].place
        });
        next.collect()
    }

    /// Finds what the combinations of needs have to do with each other, and with places.
    pub(crate) fn find_claims(&mut self, claims: Vec<Box<[(u16, u32)]>>) {
        for (nth, needs) in claims.iter().enumerate() {
            for &(resource, _) in needs {
                self.resources[usize::from(resource)]
                    .claims
                    .push(nth as u16);
            }
        }
        self.claims = claims
            .into_iter()
            .enumerate()
            .map(|(nth, needs)| {
                let mut rivals: Vec<u16> = needs
                    .iter()
                    .flat_map(|&(resource, _)| &self.resources[usize::from(resource)].claims)
                    .copied()
                    .filter(|&other| usize::from(other) != nth)
                    .collect();
                rivals.sort_unstable();
                rivals.dedup();
                ClaimM { needs, rivals }
            })
            .collect();
        for (nth, place) in self.places.iter().enumerate() {
            for &(resource, _) in &place.holds {
                self.resources[usize::from(resource)]
                    .held_by
                    .push(nth as u16);
            }
        }
        for resource in &mut self.resources {
            resource.changes_ever = !resource.toggles.is_empty()
                || !resource.changes.is_empty()
                || resource.breaks.is_some();
        }
        for leg in self.legs.iter_mut() {
            let place = self.places.get(usize::from(leg.place));
            leg.watched = place
                .is_some_and(|p| !p.open || !p.toggles.is_empty() || p.breaks.is_some())
                || self.claims[usize::from(leg.claim)]
                    .needs
                    .iter()
                    .any(|&(r, _)| self.resources[usize::from(r)].changes_ever);
        }
    }
}

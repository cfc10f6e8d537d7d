//! What is due, announced, broken or taken by a group.

use std::collections::HashSet;

use jiff::Timestamp;
use lazaret_vocabulary::time::GateTime;

use super::super::{ConvoyPlan, DuePlan, GroupPlan, LifePlan, LifeThere, Situation, Start};
use super::{Check, Tables, UNNUMBERED};
use crate::world::{lot_entity, vehicle_entity};

/// How often something can have happened before a situation; the simulator counts on from there.
const OFTEN: u32 = UNNUMBERED - 1;

impl Check<'_> {
    pub(super) fn ahead(&mut self, situation: &Situation, start: &mut Start, tables: &mut Tables) {
        for (nth, convoy) in situation.convoys.iter().enumerate() {
            let entry = format!("convoys[{nth}] ({})", convoy.name);
            let Some(s) = self.source(&entry, &convoy.source) else {
                continue;
            };
            if convoy.convoy == 0 || convoy.vehicles == 0 || convoy.vehicles > u32::from(u16::MAX) {
                self.say(
                    &entry,
                    "convoys are numbered from 1 and have 1 to 65535 vehicles",
                );
                continue;
            }
            if convoy.carries.len() > convoy.vehicles as usize {
                self.say(
                    &entry,
                    format!(
                        "it has {} vehicles and says what {} carry",
                        convoy.vehicles,
                        convoy.carries.len()
                    ),
                );
                continue;
            }
            if !self.here.insert((s, convoy.convoy)) {
                self.say(
                    &entry,
                    "another entry is of this convoy of this source; number them apart",
                );
                continue;
            }
            if convoy
                .carries
                .iter()
                .any(|v| v.lots.len() > usize::from(u16::MAX))
            {
                self.say(&entry, "a vehicle carries at most 65535 lots");
                continue;
            }
            self.came(s, convoy.convoy);
            self.out[s] += i64::from(convoy.vehicles);
            let source = &self.model.sources[s];
            for (v, vehicle) in convoy.carries.iter().enumerate() {
                let entity = vehicle_entity(source.salt, convoy.convoy - 1, v as u32);
                let Some(first) = vehicle.lots.first() else {
                    self.say(
                        &entry,
                        format!(
                            "vehicle {} carries no lot; leave it out of carries",
                            vehicle.name
                        ),
                    );
                    continue;
                };
                let of_vehicle = if source.mixed_vehicles {
                    source.paths.iter().position(Option::is_some)
                } else {
                    self.goods(&entry, &first.goods)
                };
                let Some(goods) = of_vehicle else { continue };
                let mut classes = Vec::new();
                self.load(&entry, s, &vehicle.lots, goods, &mut classes);
                let lots = vehicle.lots.len() as u16;
                tables.ahead.insert(entity, (goods as u8, lots));
                for (lot, aboard) in vehicle.lots.iter().enumerate() {
                    let entity = lot_entity(entity, lot as u16);
                    tables.follow(entity, &aboard.name, &aboard.goods, None, true);
                    if source.mixed_vehicles
                        && let Some(&class) = classes.get(lot)
                    {
                        tables.classes.insert(entity, class);
                    }
                }
            }
            let start_at = self.model.gateway.start;
            start.convoys.push(ConvoyPlan {
                source: s as u16,
                number: convoy.convoy - 1,
                vehicles: convoy.vehicles,
                sent: convoy
                    .sent
                    .map_or(self.at, |at| self.past(&entry, "sent", at)),
                arrives: convoy.arrives.map(|at| GateTime::of(at, start_at).micros()),
                turn: convoy.turn.unwrap_or(u32::MAX),
            });
        }
    }

    pub(super) fn due(&mut self, situation: &Situation, start: &mut Start) {
        let mut seen = HashSet::new();
        for (nth, there) in situation.sources.iter().enumerate() {
            let entry = format!("sources[{nth}] ({})", there.source);
            let Some(s) = self.source(&entry, &there.source) else {
                continue;
            };
            self.once(&entry, seen.insert((true, s)));
            let waits = [there.waits_for_vehicles, there.waits_for_opening];
            if waits.contains(&Some(0)) {
                self.say(&entry, "convoys are numbered from 1");
            }
            self.often(&entry, "convoys", there.convoys);
            start.sources[s] = DuePlan {
                nth: there.convoys,
                since: self.since(&entry, there.since),
                short: there.waits_for_vehicles.map(|n| n.saturating_sub(1)),
                held: there.waits_for_opening.map(|n| n.saturating_sub(1)),
                turn: there.turn,
                out: 0,
            };
        }
        for (nth, there) in situation.departures.iter().enumerate() {
            let entry = format!("departures[{nth}] ({})", there.step);
            let Some(step) = self.step(&entry, &there.step) else {
                continue;
            };
            let dispatches = &self.model.dispatches;
            let Some(d) = dispatches.iter().position(|d| usize::from(d.step) == step) else {
                self.say(&entry, format!("step \"{}\" is not a dispatch", there.step));
                continue;
            };
            self.once(&entry, seen.insert((false, d)));
            self.often(&entry, "departures", there.departures);
            start.departures[d] = DuePlan {
                nth: there.departures,
                since: self.since(&entry, there.since),
                turn: there.turn,
                ..DuePlan::default()
            };
        }
    }

    pub(super) fn lives(&mut self, situation: &Situation, start: &mut Start) {
        let model = self.model;
        let mut seen = HashSet::new();
        for (nth, there) in situation.units.iter().enumerate() {
            let entry = format!("units[{nth}] ({} {})", there.place, there.unit);
            let Some(p) = self.place(&entry, &there.place) else {
                continue;
            };
            if self.unit(&entry, Some(p), Some(there.unit)).is_none() {
                continue;
            }
            self.once(&entry, seen.insert((true, p, there.unit)));
            if let Some(life) = &there.life {
                if model.places[p].breaks.is_none() {
                    self.say(&entry, "the file does not say that this place breaks; give it breaks, or leave out its life");
                    continue;
                }
                let plan = self.life(&entry, life, true, p, there.unit);
                start.lives.push(plan);
            }
            if let Some(group) = &there.group {
                let Some(s) = self.source(&entry, &group.source) else {
                    continue;
                };
                if group.convoy == 0 || there.entered < 0 {
                    self.say(
                        &entry,
                        "convoys are numbered from 1, and no fewer than 0 have entered",
                    );
                    continue;
                }
                start.groups.push(GroupPlan {
                    place: p,
                    unit: there.unit as usize - 1,
                    group: u64::from(group.convoy.saturating_sub(1)) << 16 | s as u64 | 1 << 63,
                    entered: there.entered,
                });
            }
        }
        for (nth, there) in situation.items.iter().enumerate() {
            let entry = format!("items[{nth}] ({} {})", there.resource, there.item);
            let names = model.gateway.resources.iter().map(|r| r.name.as_str());
            let Some(r) = self.named(&entry, "crew or equipment", &there.resource, names) else {
                continue;
            };
            let resource = &model.gateway.resources[r];
            let later = resource.changes.iter().map(|(_, count)| count);
            let most = self.most(std::iter::once(&resource.count).chain(later));
            self.once(&entry, seen.insert((false, r, there.item)));
            if !(1..=most).contains(&there.item) {
                self.say(
                    &entry,
                    format!("there is no such item; they are numbered from 1 to {most}"),
                );
            } else if model.resources[r].breaks.is_none() {
                self.say(&entry, "the file does not say that this breaks; give it breaks, or leave out the entry");
            } else {
                let plan = self.life(&entry, &there.life, false, r, there.item);
                start.lives.push(plan);
            }
        }
    }

    fn life(&mut self, entry: &str, life: &LifeThere, unit: bool, of: usize, nth: u32) -> LifePlan {
        self.often(entry, "failures", life.failures);
        LifePlan {
            unit,
            of,
            nth: nth as usize - 1,
            broken: life.broken,
            since: self.past(entry, "since", life.since),
            failures: life.failures,
            turn: life.turn.unwrap_or(u32::MAX),
        }
    }

    /// An instant at which something was last due, which must not be later than the situation.
    fn since(&mut self, entry: &str, since: Option<Timestamp>) -> Option<i64> {
        since.map(|at| self.past(entry, "since", at))
    }

    fn once(&mut self, entry: &str, first: bool) {
        if !first {
            self.say(
                entry,
                "another entry says this already; leave out one of them",
            );
        }
    }

    fn often(&mut self, entry: &str, what: &str, times: u32) {
        if times > OFTEN {
            self.say(entry, format!("{what} cannot be more than {OFTEN}"));
        }
    }
}

//! The situation of a replication at the instant that it has come to.

use std::collections::HashMap;

use jiff::Timestamp;
use lazaret_gateway::model::Fill;

use super::{Kind, Life, PAUSED, State, Thing, VEHICLE, What, World};
use crate::index::{Instant, ThingIx};
use crate::model::{DueM, LegKind, NO_PLACE};
use crate::observer::Observer;
use crate::situation::{
    Aboard, ConvoyAhead, DepartureThere, Doing, Group, ItemThere, LifeThere, Passed,
    SITUATION_FORMAT, Situation, SourceThere, Standing, UnitThere, Waited,
};

use super::waits::{CLOSED, NO_RESOURCE, NO_ROOM, SEGREGATED};

/// Where everything comes among what happens or is served at the same instant.
#[derive(Default)]
struct Turns {
    of: HashMap<(u8, usize), u32>,
}

impl Turns {
    const QUEUED: u8 = u8::MAX;

    fn add(&mut self, kind: u8, nth: usize) {
        let turn = self.of.len() as u32;
        self.of.entry((kind, nth)).or_insert(turn);
    }

    fn get(&self, kind: Kind, nth: usize) -> Option<u32> {
        self.of.get(&(kind as u8, nth)).copied()
    }
}

impl<O: Observer> World<'_, O> {
    /// Where everything is now. A replication that starts from it goes on as this one, except that what is left of work in
    /// hand is drawn anew, on condition of what has elapsed.
    ///
    /// Not kept: figures of what was before, and the draws of the unknowns. A world without a listener does not know
    /// which unit of a pool a thing is in, nor of vehicles on their way home that belong to no fleet.
    #[must_use]
    pub fn situation(&self) -> Situation {
        let turns = self.turns_now();
        let mut things: Vec<ThingIx> = self
            .things
            .numbers()
            .filter(|&x| self.things[x].state != State::Free)
            .collect();
        things.sort_by_key(|&x| (!self.is_vehicle(x), self.things[x].arrived, self.turn(x)));
        Situation {
            format: SITUATION_FORMAT,
            gateway: self.model.gateway.name.clone(),
            at: self.instant(self.now),
            things: things.into_iter().map(|x| self.stands(x, &turns)).collect(),
            sources: (0..self.sources.len())
                .map(|s| self.source_there(s, &turns))
                .collect(),
            convoys: self.convoys_ahead(&turns),
            departures: (0..self.dispatches.len())
                .map(|d| self.departure_there(d, &turns))
                .collect(),
            units: self.units_there(&turns),
            items: self.items_there(&turns),
        }
    }

    /// The order of what is in the calendar, then of those who wait.
    fn turns_now(&self) -> Turns {
        let mut turns = Turns::default();
        let mut calendar = self.calendar.clone();
        while let Some((_, what)) = calendar.pop(i64::MAX) {
            let what = What::unpack(what);
            turns.add(what.kind() as u8, what.nth());
        }
        let mut lists = self.queues.iter().chain(&self.ready).copied();
        for list in &mut lists {
            let mut next = list.first();
            while let Some(x) = next {
                turns.add(Turns::QUEUED, x.at());
                next = self.things[x].next;
            }
        }
        for searched in &self.searched {
            for x in searched.in_order() {
                turns.add(Turns::QUEUED, x.at());
            }
        }
        for ripening in &self.ripening {
            for lot in ripening.lots() {
                turns.add(Turns::QUEUED, lot.thing.at());
            }
        }
        turns
    }

    fn stands(&self, x: ThingIx, turns: &Turns) -> Standing {
        let thing = self.things[x];
        let leg = &self.model.legs[thing.leg];
        let is_vehicle = thing.is(VEHICLE);
        let ripened =
            leg.ripens && !O::ON && thing.state == State::InService && thing.due <= self.now;
        let doing = self.doing(x, ripened);
        let shown = if ripened {
            &self.model.legs[thing.leg.next()]
        } else {
            leg
        };
        let going = matches!(doing, Doing::IsWashed | Doing::IsKept | Doing::GoesHome);
        let (convoy, vehicle) = self.numbers(x);
        let source = &self.model.gateway.sources[usize::from(leg.source)];
        let begun = match thing.state {
            State::InService if ripened => thing.due,
            State::WaitRoom | State::WaitTurn | State::Returning => thing.since,
            _ => thing.mark,
        };
        let since = if ripened { thing.due } else { thing.since };
        let place = (thing.place != NO_PLACE).then_some(thing.place);
        let known_unit = place.is_some_and(|p| O::ON || self.model.places[usize::from(p)].by_unit);
        let named = if shown.step == NO_PLACE && shown.kind != LegKind::Out {
            Some("wash".to_string())
        } else if shown.step == NO_PLACE {
            None
        } else {
            Some(self.step_name(shown.step).to_string())
        };
        Standing {
            name: if is_vehicle {
                self.vehicle_id(x).to_string()
            } else {
                self.lot_id(x).to_string()
            },
            source: source.name.clone(),
            convoy: convoy + 1,
            vehicle: vehicle + 1,
            lot: (!is_vehicle).then(|| u32::from(thing.lots) + 1),
            goods: self.model.gateway.goods[usize::from(thing.goods)]
                .name
                .clone(),
            arrived: self.instant(thing.arrived),
            doing,
            step: named.filter(|_| !going),
            place: place.map(|p| self.place_name(p).to_string()),
            unit: known_unit.then(|| u32::from(thing.unit) + 1),
            on_vehicle: thing.host.is_some(),
            since: self.instant(since),
            begun: (begun != since).then(|| self.instant(begun)),
            worked_us: if matches!(doing, Doing::InWork | Doing::Paused) {
                self.worked_before(x)
            } else {
                0
            },
            ends: (doing == Doing::Held).then(|| self.instant(thing.due)),
            aboard: self.aboard(&thing, doing, convoy, vehicle),
            again: if going { 0 } else { thing.attempt },
            sent_by: self.sent_back_by(x),
            passed: if is_vehicle && doing == Doing::Unloaded || going {
                Vec::new()
            } else {
                self.passed(x)
            },
            waited: self.waited(x, ripened),
            turn: turns
                .get(Kind::Thing, x.at())
                .or_else(|| turns.get(Kind::Home, x.at()))
                .or_else(|| turns.of.get(&(Turns::QUEUED, x.at())).copied()),
        }
    }

    fn doing(&self, x: ThingIx, ripened: bool) -> Doing {
        let thing = &self.things[x];
        match thing.state {
            State::WaitRoom => Doing::WaitsForRoom,
            State::WaitTurn => Doing::WaitsForTurn,
            State::WaitWork if thing.is(PAUSED) => Doing::Paused,
            State::WaitWork => Doing::WaitsToBegin,
            State::InService if ripened => Doing::WaitsForDeparture,
            State::InService if self.model.legs[thing.leg].kind == LegKind::Hold => Doing::Held,
            State::InService => Doing::InWork,
            State::Hosting => Doing::Unloaded,
            State::Travelling => Doing::Travels,
            State::InTransit => Doing::TravelsUnplaced,
            State::Ready => Doing::WaitsForDeparture,
            State::Returning if thing.attempt == 0 => Doing::IsWashed,
            State::Returning if thing.attempt == 1 => Doing::IsKept,
            State::Returning => Doing::GoesHome,
            State::Free => unreachable!("what is gone is nowhere"),
        }
    }

    fn aboard(&self, thing: &Thing, doing: Doing, convoy: u32, vehicle: u32) -> Vec<Aboard> {
        let loaded = thing.is(VEHICLE)
            && matches!(
                doing,
                Doing::WaitsForRoom | Doing::WaitsToBegin | Doing::Paused | Doing::InWork
            );
        if !loaded {
            return Vec::new();
        }
        let source = self.model.legs[thing.leg].source;
        let of = self.vehicle_of(usize::from(source), convoy, vehicle);
        (0..thing.lots)
            .map(|lot| {
                let class = self.lot_class(source, thing.entity, lot, thing.goods);
                Aboard {
                    name: format!("{of}-{}", lot + 1),
                    goods: self.goods_name(class).to_string(),
                }
            })
            .collect()
    }

    /// The inspection that sent `x` back, if it has not begun since.
    fn sent_back_by(&self, x: ThingIx) -> Option<String> {
        let thing = &self.things[x];
        if thing.is(VEHICLE) || thing.attempt == 0 {
            return None;
        }
        let on_its_way = matches!(thing.state, State::WaitRoom | State::Travelling);
        let by = self.sent_by.get(x.at()).copied().flatten()?;
        let inspection = self.model.legs[by].inspection.as_ref()?;
        let sent = on_its_way && inspection.again_leg == Some(thing.leg);
        sent.then(|| self.step_name(self.model.legs[by].step).to_string())
    }

    fn passed(&self, x: ThingIx) -> Vec<Passed> {
        let mut passed: Vec<Passed> = Vec::new();
        for (mark, &(step, end)) in self.things.marks(x).iter().zip(&self.model.mark_of) {
            let Some(at) = mark.map(|at| self.instant(Instant::micros(at))) else {
                continue;
            };
            let name = self.step_name(step).to_string();
            let known = passed.iter().position(|known| known.step == name);
            let at_nth = known.unwrap_or_else(|| {
                passed.push(Passed {
                    step: name,
                    started: None,
                    ended: None,
                });
                passed.len() - 1
            });
            let entry = &mut passed[at_nth];
            if end {
                entry.ended = Some(at);
            } else {
                entry.started = Some(at);
            }
        }
        passed
    }

    fn waited(&self, x: ThingIx, ripened: bool) -> Option<Waited> {
        let thing = &self.things[x];
        match thing.state {
            State::WaitRoom => {
                let p = usize::from(self.model.legs[thing.leg].place);
                let (closed, full) = self.places[p].barred_until(self.now);
                Some(Waited {
                    no_room_us: full - thing.mark,
                    closed_us: closed - thing.due,
                    ..Waited::default()
                })
            }
            _ if ripened => None,
            State::WaitWork if thing.is(PAUSED) => None,
            State::WaitWork | State::Travelling | State::Ready => {
                let parts = usize::try_from(thing.due)
                    .ok()
                    .and_then(|at| self.parts.get(at));
                Some(parts.map_or_else(Waited::default, |parts| Waited {
                    no_room_us: parts[NO_ROOM],
                    closed_us: parts[CLOSED],
                    kept_apart_us: parts[SEGREGATED],
                    no_resource_us: parts[NO_RESOURCE],
                }))
            }
            _ => None,
        }
    }

    fn last_due(&self, due: &DueM, nth: u32, at: i64) -> Option<Timestamp> {
        // A timetable says by itself when it is due next.
        let every = matches!(due, DueM::Every { .. });
        (every && nth > 0).then(|| self.instant(at))
    }

    fn source_there(&self, s: usize, turns: &Turns) -> SourceThere {
        let source = &self.sources[s];
        SourceThere {
            source: self.model.gateway.sources[s].name.clone(),
            convoys: source.due,
            since: self.last_due(&self.model.sources[s].due, source.due, source.last_due),
            waits_for_vehicles: source.short.map(|(number, _)| number + 1),
            waits_for_opening: source.held.map(|number| number + 1),
            turn: turns.get(Kind::Due, s),
        }
    }

    fn departure_there(&self, d: usize, turns: &Turns) -> DepartureThere {
        let (dispatch, model) = (&self.dispatches[d], &self.model.dispatches[d]);
        DepartureThere {
            step: self.step_name(model.step).to_string(),
            departures: dispatch.due,
            since: self.last_due(&model.due, dispatch.due, dispatch.last_due),
            turn: turns.get(Kind::Departure, d),
        }
    }

    fn convoys_ahead(&self, turns: &Turns) -> Vec<ConvoyAhead> {
        let ahead = self.convoys.iter().enumerate();
        let mut ahead: Vec<ConvoyAhead> = ahead
            .filter(|&(at, _)| !self.free_convoys.contains(&(at as u32)))
            .map(|(at, convoy)| {
                let s = usize::from(convoy.source);
                ConvoyAhead {
                    name: self.convoy_id(s, convoy.number).to_string(),
                    source: self.model.gateway.sources[s].name.clone(),
                    convoy: convoy.number + 1,
                    vehicles: convoy.vehicles,
                    sent: Some(self.instant(convoy.sent)),
                    arrives: None,
                    carries: Vec::new(),
                    turn: turns.get(Kind::Arrival, at),
                }
            })
            .collect();
        ahead.sort_by_key(|convoy| (convoy.sent, convoy.turn));
        ahead
    }

    fn units_there(&self, turns: &Turns) -> Vec<UnitThere> {
        let mut units = Vec::new();
        for (p, place) in self.places.iter().enumerate() {
            let model = &self.model.places[p];
            for nth in 0..place.units as usize {
                let at = place.unit_start as usize + nth;
                let unit = &self.units[at];
                let exists = (nth as i64) < place.count || unit.life.broken || unit.life.nth > 0;
                let life = (model.breaks.is_some() && exists).then(|| {
                    self.life_there(unit.life, Kind::UnitBreak, Kind::UnitRepair, at, turns)
                });
                let grouped = model.fill == Fill::Groups && unit.occupied > 0;
                let group = grouped.then(|| Group {
                    source: self.model.gateway.sources[(unit.group & 0xFFFF) as usize]
                        .name
                        .clone(),
                    convoy: (unit.group >> 16 & 0xFFFF_FFFF) as u32 + 1,
                });
                if life.is_some() || group.is_some() {
                    units.push(UnitThere {
                        place: self.place_name(p as u16).to_string(),
                        unit: nth as u32 + 1,
                        life,
                        entered: if grouped { unit.entered } else { 0 },
                        group,
                    });
                }
            }
        }
        units
    }

    fn items_there(&self, turns: &Turns) -> Vec<ItemThere> {
        let known = self.items.iter().zip(&self.item_resource).enumerate();
        let mut items = Vec::new();
        for (at, (&life, &r)) in known {
            let resource = &self.resources[usize::from(r)];
            let nth = at as i64 - i64::from(resource.item_start);
            if nth < resource.total || life.broken || life.nth > 0 {
                items.push(ItemThere {
                    resource: self.resource_name(r).to_string(),
                    item: nth as u32 + 1,
                    life: self.life_there(life, Kind::ItemBreak, Kind::ItemRepair, at, turns),
                });
            }
        }
        items
    }

    fn life_there(
        &self,
        life: Life,
        fails: Kind,
        whole: Kind,
        at: usize,
        turns: &Turns,
    ) -> LifeThere {
        LifeThere {
            broken: life.broken,
            since: self.instant(life.since),
            failures: life.nth,
            turn: turns.get(if life.broken { whole } else { fails }, at),
        }
    }
}

//! Sources, convoys, and vehicles on their way home.

use lazaret_gateway::model::{WhenClosed, WhenShort};
use lazaret_gateway::random::mix;
use lazaret_vocabulary::event::{Cause, Happening};

use super::{ConvoyS, Kind, State, Thing, VEHICLE, World, lot_entity, vehicle_entity};
use crate::index::{LegIx, ThingIx};
use crate::model::NO_PLACE;
use crate::observer::Observer;

impl<O: Observer> World<'_, O> {
    /// A convoy is due to leave source `s`.
    pub(super) fn convoy_due(&mut self, s: usize) {
        let source = &self.model.sources[s];
        let number = self.sources[s].due;
        self.sources[s].due += 1;
        self.sources[s].last_due = self.now;
        let before = self.sources[s].before;
        self.schedule_due(&source.due, (number + 1, before), Kind::Due, s);
        let now = self.now;
        if let Some(closure) = source
            .closed
            .iter()
            .position(|&(from, to)| from <= now && now < to)
        {
            if source.when_closed == WhenClosed::Cancel || self.sources[s].held.is_some() {
                let why = self.model.gateway.sources[s].closed[closure].why.clone();
                self.cancel_convoy(s, |_| Cause::SourceClosed(why));
            } else {
                self.sources[s].held = Some(number);
                self.wait_for_opening(s);
            }
            return;
        }
        self.send_or_wait(s, number);
    }

    /// The closure that a convoy waited for is over.
    pub(super) fn source_reopened(&mut self, s: usize) {
        self.sources[s].reopens = false;
        self.send_short(s);
        if let Some(number) = self.sources[s].held.take() {
            self.send_or_wait(s, number);
        }
    }

    fn cancel_convoy(&mut self, s: usize, cause: impl FnOnce(&Self) -> Cause) {
        self.sources[s].cancelled += 1;
        self.tell(|w| Happening::ConvoyCancelled {
            source: w.source_name(s),
            cause: cause(w),
        });
    }

    fn send_or_wait(&mut self, s: usize, number: u32) {
        let source = &self.model.sources[s];
        let vehicles = self
            .draws
            .whole(source.vehicles, mix(u64::from(number)))
            .min(i64::from(u16::MAX));
        if source.fleet.is_none() {
            self.send(s, number, vehicles);
            return;
        }
        let home = self.sources[s].home;
        match source.when_short {
            _ if self.sources[s].short.is_some() => {
                self.sources[s].without_vehicles += 1;
                self.cancel_convoy(s, |w| Cause::NoVehicle(w.source_name(s)));
            }
            _ if home >= vehicles => self.send(s, number, vehicles),
            WhenShort::GoShort if home > 0 => self.send(s, number, home),
            WhenShort::GoShort => {
                self.sources[s].without_vehicles += 1;
                self.cancel_convoy(s, |w| Cause::NoVehicle(w.source_name(s)));
            }
            WhenShort::Wait => self.sources[s].short = Some((number, vehicles)),
        }
    }

    fn send(&mut self, s: usize, number: u32, vehicles: i64) {
        if vehicles == 0 {
            return;
        }
        let source = &self.model.sources[s];
        if source.fleet.is_some() {
            self.sources[s].home -= vehicles;
        }
        let convoy = ConvoyS {
            source: s as u16,
            number,
            vehicles: vehicles as u32,
            sent: self.now,
        };
        self.tell(|w| Happening::ConvoySent {
            convoy: w.convoy_id(s, number),
            source: w.source_name(s),
            vehicles: vehicles as u32,
        });
        let at = self.free_convoys.pop().unwrap_or_else(|| {
            self.convoys.push(ConvoyS::default());
            self.convoys.len() as u32 - 1
        });
        self.convoys[at as usize] = convoy;
        let travel = self.draws.micros(source.travel, mix(u64::from(number)));
        self.schedule(self.now + travel, Kind::Arrival, at as usize);
    }

    pub(super) fn convoy_arrives(&mut self, at: u32) {
        let ConvoyS {
            source,
            number,
            vehicles,
            ..
        } = self.convoys[at as usize];
        self.free_convoys.push(at);
        let s = usize::from(source);
        self.sources[s].convoys += 1;
        self.tell(|w| Happening::ConvoyArrived {
            convoy: w.convoy_id(s, number),
            source: w.source_name(s),
            vehicles: (0..vehicles)
                .map(|nth| w.vehicle_of(s, number, nth))
                .collect(),
        });
        // All have arrived before the first of them moves.
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.clear();
        self.make_convoy(s, number, vehicles, &mut arrived);
        let mut nth = 0;
        while let Some(&v) = arrived.get(nth) {
            let placed = self.place_swiftly(&arrived[nth..]);
            nth += placed;
            if placed == 0 {
                self.request(v);
                nth += 1;
            }
        }
        self.arrived = arrived;
    }

    /// Makes the vehicles of a convoy that arrives.
    fn make_convoy(&mut self, s: usize, number: u32, vehicles: u32, arrived: &mut Vec<ThingIx>) {
        let source = &self.model.sources[s];
        let known = !self.begun.ahead.is_empty();
        if let Some(lots) = source.alike.filter(|_| !known) {
            let one = self.vehicle(0, 0, source.path(0).vehicle, lots);
            for nth in 0..vehicles {
                let entity = vehicle_entity(source.salt, number, nth);
                arrived.push(self.things.add(Thing { entity, ..one }));
            }
            let lots = i64::from(vehicles) * i64::from(lots);
            self.goods[0].arrived += lots as u64;
            self.goods[0].inside += lots;
            self.inside.add(lots, self.now);
            return;
        }
        for nth in 0..vehicles {
            let (v, lots) = self.make_vehicle(s, number, nth);
            self.inside.add(i64::from(lots), self.now);
            arrived.push(v);
        }
    }

    /// A vehicle that arrives now.
    #[inline]
    fn vehicle(&self, entity: u64, goods: u8, leg: LegIx, lots: u16) -> Thing {
        Thing {
            entity,
            arrived: self.now,
            since: self.now,
            due: 0,
            mark: self.now,
            next: None,
            host: None,
            leg,
            place: NO_PLACE,
            unit: 0,
            lots,
            goods,
            attempt: 0,
            flags: VEHICLE,
            cause: 0,
            state: State::WaitRoom,
        }
    }

    /// The `nth` vehicle of a convoy and how many lots are on it.
    #[inline]
    fn make_vehicle(&mut self, s: usize, number: u32, nth: u32) -> (ThingIx, u16) {
        let source = &self.model.sources[s];
        let name = vehicle_entity(source.salt, number, nth);
        let announced = self.begun.ahead.get(&name).copied();
        let lots = match source.lots_fixed {
            _ if let Some((_, lots)) = announced => lots,
            Some(lots) => lots,
            None => self.draws.whole(source.lots, name).min(i64::from(u16::MAX)) as u16,
        };
        let goods = if source.mixed_vehicles {
            source.paths.iter().position(Option::is_some).unwrap_or(0) as u8
        } else {
            announced.map_or_else(|| self.draw_class(s, name), |(goods, _)| goods)
        };
        if source.mixed_vehicles {
            for lot in 0..lots {
                let class = self.lot_class(s as u16, name, lot, goods);
                self.goods[usize::from(class)].arrived += 1;
                self.goods[usize::from(class)].inside += 1;
            }
        } else {
            self.goods[usize::from(goods)].arrived += u64::from(lots);
            self.goods[usize::from(goods)].inside += i64::from(lots);
        }
        let vehicle = self.vehicle(name, goods, source.path(goods).vehicle, lots);
        (self.things.add(vehicle), lots)
    }

    fn draw_class(&self, s: usize, counter: u64) -> u8 {
        let mix = &self.mixes[s];
        if mix.len() <= 1 {
            return 0;
        }
        let u = self.class_keys[s].uniform(counter);
        mix.partition_point(|&share| share < u).min(mix.len() - 1) as u8
    }

    /// Class of the `lot`th lot of a vehicle: its own draw in a mixed vehicle, else the vehicle's.
    #[inline]
    pub(super) fn lot_class(&self, source: u16, vehicle: u64, lot: u16, of_vehicle: u8) -> u8 {
        let s = usize::from(source);
        if self.model.sources[s].mixed_vehicles {
            let lot = lot_entity(vehicle, lot);
            let known = self.begun.classes.get(&lot).copied();
            known.unwrap_or_else(|| self.draw_class(s, lot))
        } else {
            of_vehicle
        }
    }

    /// Accounts for the way home of an emptied vehicle without an event, if nothing depends on when it is home.
    #[inline]
    pub(super) fn home_unseen(&mut self, v: ThingIx) -> bool {
        let vehicle = &self.things[v];
        let of = self.model.legs[vehicle.leg].source;
        let source = &self.model.sources[usize::from(of)];
        if O::ON || source.fleet.is_some() || self.now < self.warm {
            return false;
        }
        self.count_way_home(of, vehicle.entity, vehicle.arrived);
        true
    }

    /// Counts the way home, from now on, of a vehicle of `source` that nobody will see.
    #[inline]
    pub(super) fn count_way_home(&mut self, source: u16, entity: u64, arrived: i64) {
        let [wash, quarantine, back] = self.model.sources[usize::from(source)].home;
        let leaves = self.now + self.duration(wash, entity) + self.duration(quarantine, entity);
        let home = leaves + self.duration(back, entity);
        if home <= self.horizon {
            self.turn_round.add(home - arrived);
            self.stay.add(leaves - arrived);
        }
    }

    /// Sends an emptied vehicle home, washed already or washed on the way out.
    pub(super) fn go_home(&mut self, v: ThingIx, washed: bool) {
        if !washed && self.home_unseen(v) {
            self.things.remove(v);
            return;
        }
        let vehicle = self.things[v];
        let source = self.model.legs[vehicle.leg].source;
        let home = self.model.sources[usize::from(source)].home;
        let next = self.duration(home[usize::from(washed)], vehicle.entity);
        let thing = &mut self.things[v];
        thing.state = State::Returning;
        thing.attempt = u16::from(washed);
        thing.since = self.now;
        self.schedule(self.now + next, Kind::Home, v.at());
    }

    /// A stage of the way home is over: washed, let go, home.
    pub(super) fn vehicle_on_its_way(&mut self, v: ThingIx) {
        let vehicle = self.things[v];
        let s = usize::from(self.model.legs[vehicle.leg].source);
        let home = self.model.sources[s].home;
        match vehicle.attempt {
            0 => {
                self.tell(|w| Happening::VehicleWashed {
                    vehicle: w.vehicle_id(v),
                });
                let quarantine = self.duration(home[1], vehicle.entity);
                self.things[v].attempt = 1;
                self.things[v].since = self.now;
                self.schedule(self.now + quarantine, Kind::Home, v.at());
            }
            1 => {
                self.tell(|w| Happening::VehicleReleased {
                    vehicle: w.vehicle_id(v),
                });
                self.things[v].mark = self.now;
                let back = self.duration(home[2], vehicle.entity);
                self.things[v].attempt = 2;
                self.things[v].since = self.now;
                self.schedule(self.now + back, Kind::Home, v.at());
            }
            _ => {
                self.turn_round.add(self.now - vehicle.arrived);
                self.stay.add(vehicle.mark - vehicle.arrived);
                self.tell(|w| Happening::VehicleReturned {
                    vehicle: w.vehicle_id(v),
                    source: w.source_name(s),
                });
                self.things.remove(v);
                self.come_home(s);
            }
        }
    }

    fn come_home(&mut self, s: usize) {
        if self.model.sources[s].fleet.is_none() {
            return;
        }
        self.sources[s].home += 1;
        self.send_short(s);
    }

    /// Sends the convoy that waits for its vehicles, if they are home and the source is open.
    pub(super) fn send_short(&mut self, s: usize) {
        let Some((number, vehicles)) = self.sources[s].short else {
            return;
        };
        if self.sources[s].home < vehicles {
            return;
        }
        if self.wait_for_opening(s) {
            return;
        }
        self.sources[s].short = None;
        self.send(s, number, vehicles);
    }

    /// If source `s` is closed its opening goes into the calendar, once; whether it is closed.
    pub(super) fn wait_for_opening(&mut self, s: usize) -> bool {
        let Some(opens) = self.opens(s) else {
            return false;
        };
        if !self.sources[s].reopens {
            self.sources[s].reopens = true;
            self.schedule(opens, Kind::Reopened, s);
        }
        true
    }

    /// When source `s` opens, if it is closed now: closures, which are in order of their beginnings, may overlap.
    fn opens(&self, s: usize) -> Option<i64> {
        let mut opens = self.now;
        for &(from, to) in &self.model.sources[s].closed {
            if from <= opens {
                opens = opens.max(to);
            }
        }
        (opens > self.now).then_some(opens)
    }
}

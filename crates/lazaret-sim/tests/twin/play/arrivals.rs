//! Sources, convoys, and vehicles on their way home.

use lazaret_gateway::model::{Quantity, Recurrence, WhenClosed, WhenShort};
use lazaret_gateway::random::{Key, hash_name, mix};
use lazaret_vocabulary::event::{Cause, ConvoyId, Happening, VehicleId};

use super::{Doing, Kept, Play, Thing, What, hours, lot_counter, vehicle_counter};
use crate::faults::Fault;

impl Play<'_> {
    /// Schedules the `nth` time of a recurrence, from now on.
    pub(super) fn schedule_due(&mut self, path: &str, due: &Recurrence, nth: u32, what: What) {
        let at = match due {
            Recurrence::Every { interval, first } => {
                let counter = mix(u64::from(nth));
                let wait = match first {
                    Some(first) if nth == 0 => self.time(&format!("{path}.first"), first, counter),
                    _ => self.time(&format!("{path}.every"), interval, counter),
                };
                self.now + if nth == 0 { wait } else { wait.max(1) }
            }
            Recurrence::Timetable(timetable) => {
                match hours::due(self.gateway, timetable).get(nth as usize) {
                    Some(&at) => at,
                    None => return,
                }
            }
        };
        self.schedule(at, what);
    }

    pub(super) fn convoy_due(&mut self, s: usize) {
        let gateway = self.gateway;
        let source = &gateway.sources[s];
        let convoy = self.sources[s].due;
        self.sources[s].due += 1;
        self.schedule_due(
            &format!("source.{}", source.name),
            &source.due,
            convoy + 1,
            What::Due(s),
        );
        let closure = self.sources[s].closed.closure(self.now).map(str::to_string);
        let Some(why) = closure else {
            return self.send_or_wait(s, convoy);
        };
        if source.when_closed == WhenClosed::Cancel || self.sources[s].held.is_some() {
            self.cancelled(s, Cause::SourceClosed(why));
        } else {
            self.sources[s].held = Some(convoy);
            self.wait_for_opening(s);
        }
    }

    fn wait_for_opening(&mut self, s: usize) {
        if !self.sources[s].reopens
            && let Some(opens) = self.sources[s].closed.opens(self.now)
        {
            self.sources[s].reopens = true;
            self.schedule(opens, What::Reopens(s));
        }
    }

    pub(super) fn reopened(&mut self, s: usize) {
        self.sources[s].reopens = false;
        self.send_short(s);
        if let Some(convoy) = self.sources[s].held.take() {
            self.send_or_wait(s, convoy);
        }
    }

    fn cancelled(&mut self, s: usize, cause: Cause) {
        self.figures.sources[s].cancelled += 1;
        let source = self.source_name(s);
        self.tell(Happening::ConvoyCancelled { source, cause });
    }

    fn send_or_wait(&mut self, s: usize, convoy: u32) {
        let source = &self.gateway.sources[s];
        let path = format!("source.{}.convoy", source.name);
        let wanted = self
            .whole(&path, &source.vehicles, mix(u64::from(convoy)))
            .min(65_535);
        if source.fleet.is_none() {
            return self.send(s, convoy, wanted);
        }
        let home = self.sources[s].home;
        if self.sources[s].short.is_some() {
            self.cancelled(s, Cause::NoVehicle(self.source_name(s)));
        } else if home >= wanted {
            self.send(s, convoy, wanted);
        } else if source.when_short == WhenShort::Wait {
            self.sources[s].short = Some((convoy, wanted));
        } else if home > 0 {
            self.send(s, convoy, home);
        } else {
            self.cancelled(s, Cause::NoVehicle(self.source_name(s)));
        }
    }

    fn send_short(&mut self, s: usize) {
        let Some((convoy, wanted)) = self.sources[s].short else {
            return;
        };
        if self.sources[s].home < wanted {
            return;
        }
        let closed = self.sources[s].closed.closure(self.now).is_some();
        if closed && self.fault != Some(Fault::LeavesClosed) {
            return self.wait_for_opening(s);
        }
        self.sources[s].short = None;
        self.send(s, convoy, wanted);
    }

    fn convoy_id(&self, s: usize, convoy: u32) -> ConvoyId {
        ConvoyId::new(format!("{}-{}", self.gateway.sources[s].name, convoy + 1))
    }

    fn send(&mut self, s: usize, convoy: u32, vehicles: i64) {
        if vehicles == 0 {
            return;
        }
        let source = &self.gateway.sources[s];
        if source.fleet.is_some() {
            self.sources[s].home -= vehicles;
        }
        let vehicles = vehicles as u32;
        self.tell(Happening::ConvoySent {
            convoy: self.convoy_id(s, convoy),
            source: self.source_name(s),
            vehicles,
        });
        let path = format!("source.{}.travel", source.name);
        let travel = self.time(&path, &source.travel, mix(u64::from(convoy)));
        self.schedule(
            self.now + travel,
            What::Arrives {
                source: s,
                convoy,
                vehicles,
            },
        );
    }

    pub(super) fn arrives(&mut self, s: usize, convoy: u32, vehicles: u32) {
        self.figures.sources[s].convoys += 1;
        let first = self.things.len();
        for vehicle in 0..vehicles {
            let made = self.make_vehicle(s, convoy, vehicle);
            self.things.push(made);
            let v = self.things.len() - 1;
            for lot in 0..self.things[v].load {
                let goods = self.goods_of_lot(v, lot);
                self.figures.goods[goods].arrived += 1;
                self.figures.goods[goods].inside += 1;
                self.figures.lot_inside(1);
            }
        }
        let them = first..self.things.len();
        let vehicles: Vec<VehicleId> = them.clone().map(|v| self.vehicle_id(v)).collect();
        self.tell(Happening::ConvoyArrived {
            convoy: self.convoy_id(s, convoy),
            source: self.source_name(s),
            vehicles,
        });
        for v in them {
            self.proceed(v);
        }
    }

    fn make_vehicle(&self, s: usize, convoy: u32, vehicle: u32) -> Thing {
        let source = &self.gateway.sources[s];
        let counter = vehicle_counter(hash_name(&source.name), convoy, vehicle);
        let lots = self.whole(
            &format!("source.{}.lots", source.name),
            &source.lots,
            counter,
        );
        let comes = |share| share != lazaret_gateway::model::Term::Value(0.0);
        let goods = if source.mixed_vehicles {
            source.mix.iter().position(|&share| comes(share)).unwrap()
        } else {
            self.draw_goods(s, counter)
        };
        Thing {
            source: s,
            convoy,
            vehicle,
            lot: None,
            goods,
            arrived: self.now,
            rounds: 0,
            path: self.path(s, goods),
            at: 0,
            washes: false,
            load: lots.min(65_535) as u16,
            aboard: None,
            lots: Vec::new(),
            slot: None,
            doing: Doing::AwaitsRoom,
            ready: self.now,
            asked: u64::MAX,
            kept: Kept::NoRoom,
            outside: false,
            parts: [0; 5],
            before_free: 0,
            last: None,
            done: None,
            marks: Vec::new(),
            rests: None,
            began: 0,
            listed: false,
        }
    }

    /// The steps that apply, in the order of the file, or as `next` says.
    pub(super) fn path(&self, s: usize, goods: usize) -> Vec<usize> {
        let steps = &self.gateway.steps;
        let mut path = Vec::new();
        let mut nth = 0;
        while nth < steps.len() {
            if steps[nth].sources[s] && steps[nth].goods[goods] {
                path.push(nth);
                nth = steps[nth]
                    .next
                    .map_or(nth + 1, lazaret_gateway::model::StepIx::index);
            } else {
                nth += 1;
            }
        }
        path
    }

    fn draw_goods(&self, s: usize, counter: u64) -> usize {
        let source = &self.gateway.sources[s];
        let shares: Vec<f64> = source
            .mix
            .iter()
            .map(|share| share.value(&self.unknowns).max(0.0))
            .collect();
        let purpose = hash_name(&format!("source.{}.class", source.name));
        let key = Key::new(self.replication.seed, self.replication.number, purpose);
        let u = key.uniform(counter);
        let total: f64 = shares.iter().sum();
        let mut up_to = 0.0;
        for (goods, share) in shares.iter().enumerate() {
            up_to += share;
            if u <= up_to / total {
                return goods;
            }
        }
        shares.len() - 1
    }

    pub(super) fn goods_of_lot(&self, v: usize, lot: u16) -> usize {
        let vehicle = &self.things[v];
        let source = &self.gateway.sources[vehicle.source];
        if source.mixed_vehicles {
            let name = vehicle_counter(hash_name(&source.name), vehicle.convoy, vehicle.vehicle);
            self.draw_goods(vehicle.source, lot_counter(name, lot))
        } else {
            vehicle.goods
        }
    }

    /// An emptied vehicle leaves, and is washed on the way out unless a place has washed it.
    pub(super) fn go_home(&mut self, v: usize, washed: bool) {
        let rule = &self.gateway.sources[self.things[v].source].vehicle;
        let takes = if washed {
            self.home_time(v, "quarantine", rule.quarantine.as_ref())
        } else {
            self.home_time(v, "wash", rule.wash.as_ref())
        };
        self.things[v].doing = Doing::GoesHome {
            stage: u8::from(washed),
        };
        self.schedule(self.now + takes, What::Home(v));
    }

    pub(super) fn home_time(&self, v: usize, what: &str, quantity: Option<&Quantity>) -> i64 {
        let source = &self.gateway.sources[self.things[v].source];
        if what == "quarantine" && self.fault == Some(Fault::NoQuarantine) {
            return 0;
        }
        let path = format!("source.{}.vehicle.{what}", source.name);
        quantity.map_or(0, |quantity| self.time(&path, quantity, self.counter(v)))
    }

    /// Washed, let go, home.
    pub(super) fn on_its_way(&mut self, v: usize) {
        let s = self.things[v].source;
        let rule = &self.gateway.sources[s].vehicle;
        let vehicle = self.vehicle_id(v);
        match self.things[v].doing {
            Doing::GoesHome { stage: 0 } => {
                self.tell(Happening::VehicleWashed { vehicle });
                self.go_home(v, true);
            }
            Doing::GoesHome { stage: 1 } => {
                self.tell(Happening::VehicleReleased { vehicle });
                self.things[v].done = Some(self.now);
                self.things[v].doing = Doing::GoesHome { stage: 2 };
                let back = self.home_time(v, "back", rule.back.as_ref());
                self.schedule(self.now + back, What::Home(v));
            }
            _ => {
                let (arrived, left) = (self.things[v].arrived, self.things[v].done.unwrap());
                self.figures.turn_round.push(self.now - arrived);
                self.figures.stay.push(left - arrived);
                self.tell(Happening::VehicleReturned {
                    vehicle,
                    source: self.source_name(s),
                });
                self.things[v].doing = Doing::Gone;
                if self.gateway.sources[s].fleet.is_some() {
                    self.sources[s].home += 1;
                    self.send_short(s);
                }
            }
        }
    }
}

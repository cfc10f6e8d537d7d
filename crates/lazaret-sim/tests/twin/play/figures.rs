//! What is counted, and the figures that follow from it.

use std::collections::BTreeMap;

use lazaret_gateway::model::{Gateway, StepKind};

use super::{CLOSED, Doing, NO_DEPARTURE, NO_RESOURCE, NO_ROOM, Play, kind_word};
use crate::faults::Fault;

const HOUR: f64 = 3.6e9;

#[derive(Clone, Debug, Default)]
pub(crate) struct OfStep {
    pub(crate) waits: Vec<i64>,
    pub(crate) parts: [i128; 5],
    pub(crate) finished: u64,
    pub(crate) blocked: i128,
    pub(crate) paused: i128,
    /// When the latest of those that were served became ready, and when one was served last.
    pub(crate) latest_ready: i64,
    pub(crate) last_began: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OfGoods {
    pub(crate) arrived: u64,
    pub(crate) inside: i64,
    pub(crate) times: Vec<i64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OfPlace {
    occupied: i128,
    blocked: i128,
    full: i128,
    slots: i128,
    most: i64,
    first_full: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OfResource {
    in_use: i128,
    idle: i128,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OfSource {
    pub(crate) convoys: u64,
    pub(crate) cancelled: u64,
    waiting: i128,
    waiting_most: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OfDispatch {
    pub(crate) departures: u64,
    pub(crate) cancelled: u64,
    pub(crate) loaded: u64,
}

/// What is counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    span: i64,
    pub(crate) steps: Vec<OfStep>,
    pub(crate) goods: Vec<OfGoods>,
    pub(crate) places: Vec<OfPlace>,
    pub(crate) resources: Vec<OfResource>,
    pub(crate) sources: Vec<OfSource>,
    /// By step.
    pub(crate) dispatches: Vec<OfDispatch>,
    pub(crate) destroyed: u64,
    pub(crate) sent_back: u64,
    pub(crate) turn_round: Vec<i64>,
    pub(crate) stay: Vec<i64>,
    inside: i64,
    inside_most: i64,
    inside_time: i128,
}

/// A figure, and how far another that is worked out with bins may be from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) binned: bool,
}

fn mean(times: &[i64]) -> f64 {
    let sum: i128 = times.iter().map(|&time| i128::from(time)).sum();
    if times.is_empty() {
        f64::NAN
    } else {
        sum as f64 / times.len() as f64 / HOUR
    }
}

/// The order statistic of rank ⌈p n⌉.
fn order(times: &[i64], p: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let rank = ((p * times.len() as f64).ceil() as usize).clamp(1, times.len().max(1));
    times
        .get(rank - 1)
        .map_or(f64::NAN, |&time| time as f64 / HOUR)
}

fn most(times: &[i64]) -> f64 {
    times
        .iter()
        .max()
        .map_or(f64::NAN, |&time| time as f64 / HOUR)
}

impl Figures {
    pub(crate) fn new(gateway: &Gateway) -> Figures {
        Figures {
            steps: vec![OfStep::default(); gateway.steps.len()],
            goods: vec![OfGoods::default(); gateway.goods.len()],
            places: vec![OfPlace::default(); gateway.places.len()],
            resources: vec![OfResource::default(); gateway.resources.len()],
            sources: vec![OfSource::default(); gateway.sources.len()],
            dispatches: vec![OfDispatch::default(); gateway.steps.len()],
            ..Figures::default()
        }
    }

    pub(crate) fn lot_inside(&mut self, change: i64) {
        self.inside += change;
        self.inside_most = self.inside_most.max(self.inside);
    }

    pub(crate) fn waiting_now(&mut self, source: usize, waiting: i64) {
        let source = &mut self.sources[source];
        source.waiting_most = source.waiting_most.max(waiting);
    }

    /// Every figure by its name.
    pub(crate) fn named(&self, gateway: &Gateway) -> BTreeMap<String, Figure> {
        let mut out = BTreeMap::new();
        self.lots(&mut out);
        for (goods, about) in self.goods.iter().zip(&gateway.goods) {
            let name = |what: &str| format!("goods.{}.{what}", about.name);
            put(&mut out, name("arrived"), goods.arrived as f64);
            put(&mut out, name("dispatched"), goods.times.len() as f64);
            put(&mut out, name("in_gateway"), goods.inside as f64);
            stay(&mut out, &format!("goods.{}", about.name), &goods.times);
        }
        for (step, about) in self.steps.iter().zip(&gateway.steps) {
            self.step(&mut out, &about.name, step);
        }
        for (p, about) in gateway.places.iter().enumerate() {
            self.place(&mut out, p, &about.name, about.slots.is_none());
        }
        for (resource, about) in self.resources.iter().zip(&gateway.resources) {
            let path = format!("{}.{}", kind_word(about.kind), about.name);
            put(
                &mut out,
                format!("{path}.in_use.mean"),
                self.over_time(resource.in_use),
            );
            let there = resource.in_use + resource.idle;
            let share = if there > 0 {
                resource.in_use as f64 / there as f64
            } else {
                f64::NAN
            };
            put(&mut out, format!("{path}.utilisation"), share);
        }
        put(
            &mut out,
            "vehicle.returned".into(),
            self.turn_round.len() as f64,
        );
        put(
            &mut out,
            "vehicle.turn_round.mean".into(),
            mean(&self.turn_round),
        );
        put_binned(
            &mut out,
            "vehicle.turn_round.p95".into(),
            order(&self.turn_round, 0.95),
        );
        put(&mut out, "vehicle.stay.mean".into(), mean(&self.stay));
        let typical: Vec<f64> = gateway
            .unknowns
            .iter()
            .map(|unknown| unknown.prior.mean())
            .collect();
        let mut outside = 0.0;
        for (source, about) in self.sources.iter().zip(&gateway.sources) {
            let name = |what: &str| format!("source.{}.{what}", about.name);
            put(&mut out, name("convoys"), source.convoys as f64);
            put(&mut out, name("cancelled"), source.cancelled as f64);
            put(
                &mut out,
                name("waiting.mean"),
                self.over_time(source.waiting),
            );
            put(&mut out, name("waiting.max"), source.waiting_most as f64);
            let convoy = about
                .vehicles
                .resolve(&typical)
                .map_or(1.0, |vehicles| vehicles.mean())
                .max(1.0);
            outside += self.over_time(source.waiting) / convoy;
        }
        put(&mut out, "gateway.outside".into(), outside);
        for (dispatch, about) in self.dispatches.iter().zip(&gateway.steps) {
            if matches!(about.kind, StepKind::Dispatch(_)) {
                let name = |what: &str| format!("dispatch.{}.{what}", about.name);
                put(&mut out, name("departures"), dispatch.departures as f64);
                put(
                    &mut out,
                    name("load.mean"),
                    dispatch.loaded as f64 / dispatch.departures as f64,
                );
                put(&mut out, name("cancelled"), dispatch.cancelled as f64);
            }
        }
        out
    }

    fn over_time(&self, sum: i128) -> f64 {
        sum as f64 / self.span.max(1) as f64
    }

    fn lots(&self, out: &mut BTreeMap<String, Figure>) {
        let times: Vec<i64> = self
            .goods
            .iter()
            .flat_map(|goods| goods.times.clone())
            .collect();
        let arrived: u64 = self.goods.iter().map(|goods| goods.arrived).sum();
        let days = self.span.max(1) as f64 / HOUR / 24.0;
        put(out, "lots.arrived".into(), arrived as f64);
        put(out, "lots.dispatched".into(), times.len() as f64);
        put(out, "lots.destroyed".into(), self.destroyed as f64);
        put(out, "lots.sent_back".into(), self.sent_back as f64);
        put(out, "lots.in_gateway".into(), self.inside as f64);
        put(
            out,
            "lots.in_gateway.mean".into(),
            self.over_time(self.inside_time),
        );
        put(out, "lots.in_gateway.max".into(), self.inside_most as f64);
        put(out, "lots.throughput".into(), times.len() as f64 / days);
        stay(out, "lots", &times);
    }

    fn step(&self, out: &mut BTreeMap<String, Figure>, name: &str, step: &OfStep) {
        let name = |what: &str| format!("step.{name}.{what}");
        let began = step.waits.len() as f64;
        let each = |sum: i128| {
            if began > 0.0 {
                sum as f64 / began / HOUR
            } else {
                f64::NAN
            }
        };
        put(out, name("started"), began);
        put(out, name("wait.mean"), mean(&step.waits));
        put_binned(out, name("wait.p95"), order(&step.waits, 0.95));
        let blocked = step.blocked as f64 / step.finished as f64 / HOUR;
        put(
            out,
            name("blocked.mean"),
            if step.finished > 0 { blocked } else { f64::NAN },
        );
        let parts = [
            "no_room",
            "closed",
            "segregated",
            "no_resource",
            "no_departure",
        ];
        for (part, sum) in parts.iter().zip(step.parts) {
            put(out, name(&format!("wait.{part}.mean")), each(sum));
        }
        put(out, name("paused.mean"), each(step.paused));
    }

    fn place(&self, out: &mut BTreeMap<String, Figure>, p: usize, name: &str, unlimited: bool) {
        let place = &self.places[p];
        let name = |what: &str| format!("place.{name}.{what}");
        let (occupied, blocked) = (
            self.over_time(place.occupied),
            self.over_time(place.blocked),
        );
        put(out, name("occupancy.mean"), occupied);
        put(out, name("occupancy.max"), place.most as f64);
        let share = place.occupied as f64 / place.slots as f64;
        let share = if unlimited || place.slots == 0 {
            f64::NAN
        } else {
            share
        };
        put(out, name("utilisation"), share);
        put(out, name("blocked"), blocked);
        put(out, name("full"), self.over_time(place.full));
        put(
            out,
            name("first_full"),
            place.first_full.map_or(f64::NAN, |at| at as f64 / HOUR),
        );
        let used = if occupied == 0.0 {
            share
        } else {
            share * (1.0 - blocked / occupied)
        };
        put(out, name("load"), used);
    }
}

fn put(out: &mut BTreeMap<String, Figure>, name: String, value: f64) {
    out.insert(
        name,
        Figure {
            value,
            binned: false,
        },
    );
}

fn put_binned(out: &mut BTreeMap<String, Figure>, name: String, value: f64) {
    out.insert(
        name,
        Figure {
            value,
            binned: true,
        },
    );
}

fn stay(out: &mut BTreeMap<String, Figure>, path: &str, times: &[i64]) {
    put(out, format!("{path}.time_in_gateway.mean"), mean(times));
    put_binned(
        out,
        format!("{path}.time_in_gateway.p50"),
        order(times, 0.5),
    );
    put_binned(
        out,
        format!("{path}.time_in_gateway.p95"),
        order(times, 0.95),
    );
    put(out, format!("{path}.time_in_gateway.max"), most(times));
}

impl Play<'_> {
    /// Lets time pass, and counts what stands and waits in it.
    pub(super) fn pass_time(&mut self, until: i64) {
        let lasted = until - std::mem::replace(&mut self.now, until);
        if lasted == 0 {
            return;
        }
        let micros = i128::from(lasted);
        self.figures.span += lasted;
        self.figures.inside_time += i128::from(self.figures.inside) * micros;
        for p in 0..self.places.len() {
            let (occupied, blocked) = (self.occupied(p), self.held_up(p));
            let (capacity, full) = (self.capacity(p), !self.has_room(p));
            let place = &mut self.figures.places[p];
            place.occupied += i128::from(occupied) * micros;
            place.blocked += i128::from(blocked) * micros;
            place.full += i128::from(full) * micros;
            place.slots += i128::from(capacity.min(i64::from(u32::MAX))) * micros;
        }
        for r in 0..self.resources.len() {
            let resource = &self.resources[r];
            let spare = resource.total - self.broken(r) - resource.in_use;
            let idle = if resource.on_shift { spare.max(0) } else { 0 };
            self.figures.resources[r].in_use += i128::from(resource.in_use) * micros;
            self.figures.resources[r].idle += i128::from(idle) * micros;
        }
        for (source, figures) in self.sources.iter().zip(&mut self.figures.sources) {
            figures.waiting += i128::from(source.waiting) * micros;
        }
        for x in self.all() {
            self.wait_on(x, lasted);
        }
    }

    /// Counts `lasted` to the wait of `x`, if it waits.
    fn wait_on(&mut self, x: usize, lasted: i64) {
        match self.things[x].doing {
            Doing::AwaitsRoom => {
                let p = self.goes_to(x).unwrap();
                let (open, room) = (self.places[p].open, self.has_room(p));
                let thing = &mut self.things[x];
                if !open {
                    thing.parts[CLOSED] += lasted;
                } else if !room {
                    thing.parts[NO_ROOM] += lasted;
                } else {
                    thing.before_free += lasted;
                }
            }
            Doing::AwaitsWork if self.things[x].rests.is_none() => {
                let part = if self.barrier(x).is_some() {
                    CLOSED
                } else {
                    NO_RESOURCE
                };
                self.things[x].parts[part] += lasted;
            }
            Doing::AwaitsDeparture => self.things[x].parts[NO_DEPARTURE] += lasted,
            Doing::Travels if self.fault == Some(Fault::JourneyIsWait) => {
                self.things[x].parts[NO_ROOM] += lasted;
            }
            _ => {}
        }
    }

    /// Slots of `p` whose vehicle or lot is done and cannot leave.
    fn held_up(&self, p: usize) -> i64 {
        let inside = self.places[p].units.iter().flat_map(|unit| &unit.inside);
        let held_up = |&&x: &&usize| match self.things[x].doing {
            Doing::AwaitsRoom => true,
            Doing::Empties => self.things[x]
                .lots
                .iter()
                .all(|&lot| self.things[lot].doing == Doing::AwaitsRoom),
            _ => false,
        };
        inside.filter(held_up).count() as i64
    }

    /// What `x` waited for begins.
    pub(super) fn wait_ends(&mut self, x: usize) {
        let Some(step) = self.step(x) else {
            return;
        };
        let parts = std::mem::take(&mut self.things[x].parts);
        let figures = &mut self.figures.steps[step];
        figures.waits.push(parts.iter().sum());
        for (sum, part) in figures.parts.iter_mut().zip(parts) {
            *sum += i128::from(part);
        }
        figures.latest_ready = figures.latest_ready.max(self.things[x].ready);
        figures.last_began = self.now;
    }

    /// The occupation or the room of `p` has changed.
    pub(super) fn note_occupation(&mut self, p: usize) {
        let (occupied, full) = (self.occupied(p), !self.has_room(p));
        let place = &mut self.figures.places[p];
        place.most = place.most.max(occupied);
        if full {
            place.first_full.get_or_insert(self.now);
        }
    }

    /// The warm-up is over: counting starts anew, from how things stand.
    pub(super) fn start_statistics_anew(&mut self) {
        let old = std::mem::replace(&mut self.figures, Figures::new(self.gateway));
        for (goods, old) in self.figures.goods.iter_mut().zip(old.goods) {
            goods.inside = old.inside;
        }
        (self.figures.inside, self.figures.inside_most) = (old.inside, old.inside);
        for (p, old) in old.places.iter().enumerate() {
            let most = self.occupied(p);
            let place = &mut self.figures.places[p];
            (place.most, place.first_full) = (most, old.first_full);
        }
        for (source, figures) in self.sources.iter().zip(&mut self.figures.sources) {
            figures.waiting_most = source.waiting;
        }
    }
}

//! From a replication to its figures, and from indices to the names that events use.

use jiff::Timestamp;
use lazaret_gateway::model::{PlaceIx, StepIx};
use lazaret_gateway::random::unmix;
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, GoodsName, LotId, PlaceName, ResourceName, SourceName, Spot, StepName,
    Thing as Named, VehicleId,
};
use lazaret_vocabulary::time::GateTime;

use super::claims::Claim;
use super::{Deadlock, LISTED, State, StepS, VEHICLE, World, cause, lot_entity};
use crate::index::ThingIx;
use crate::metrics::{OfGateway, OfLots, OfPlace, OfResource, OfSource, OfVehicles, Reader};
use crate::model::NO_PLACE;
use crate::observer::Observer;

const MICROS_PER_HOUR: f64 = 3.6e9;
/// A wait longer than this share of the run is looked at for starvation.
const LONG_WAIT: i64 = 4;

/// What one replication found.
#[derive(Clone, Debug, Default)]
pub struct Measurements {
    /// A figure for each metric, in the order of [`crate::MetricNames`]; NaN where there was nothing to measure.
    pub values: Vec<f64>,
    /// Mean number of occupied slots of each place in each of [`crate::OCCUPANCY_BINS`] equal parts of the run,
    /// place by place.
    pub occupancy: Vec<f32>,
    /// Mean number of lots in the gateway in each of these parts, waiting outside or placed; empty unless the study is
    /// of the settled state.
    pub inside: Vec<f32>,
    /// Who waited in vain.
    pub standstills: Vec<Standstill>,
    /// The circle in which everything stopped, if it did.
    pub deadlock: Option<Deadlock>,
}

/// Things that waited for a quarter of the run and more, to its end, while others were served or nobody was.
#[derive(Clone, Debug, PartialEq)]
pub struct Standstill {
    /// What they wait for.
    pub step: StepIx,
    /// Where that step is.
    pub place: PlaceIx,
    /// How many wait so long.
    pub things: u32,
    /// Since when the first of them.
    pub since: GateTime,
    /// Whether others that came later have been served: starvation. Otherwise nobody is.
    pub overtaken: bool,
    /// The first one's reason, in words.
    pub cause: String,
}

impl<O: Observer> World<'_, O> {
    /// Restarts the statistics: the warm-up is over.
    pub(super) fn warm(&mut self) {
        // Holds that have ended unseen ended before it; those that end in this instant end after it.
        for d in 0..self.dispatches.len() {
            self.ripen_until(d, self.now - 1);
        }
        self.clear_statistics();
        self.inside_when_warm = self.inside.now();
        let now = self.now;
        self.picture.warm(&self.places, now);
        for p in 0..self.places.len() {
            let place = &mut self.places[p];
            place.occupied.reset(now);
            place.blocked.reset(now);
            place.slots_there.reset(now);
            place.full.reset(now);
        }
        for r in 0..self.resources.len() {
            self.touch_resource(r);
            let resource = &mut self.resources[r];
            (resource.idle, resource.off) = (0, 0);
            (resource.broken_time, resource.surplus) = (0, 0);
            resource.in_use.reset(now);
            resource.there.reset(now);
        }
        for source in &mut self.sources {
            source.waiting.reset(now);
            source.convoys = 0;
            source.cancelled = 0;
            source.without_vehicles = 0;
        }
        for dispatch in &mut self.dispatches {
            dispatch.departures = 0;
            dispatch.cancelled = 0;
            dispatch.loaded = 0;
        }
        self.inside.reset(now);
    }

    pub(super) fn clear_statistics(&mut self) {
        for step in &mut self.steps {
            step.wait.clear();
            *step = StepS {
                wait: std::mem::take(&mut step.wait),
                ..StepS::default()
            };
        }
        for goods in &mut self.goods {
            goods.time.clear();
            goods.arrived = 0;
            goods.dispatched = 0;
            // Nobody is inside at the start; a warm-up changes nothing about who is.
            if self.now == 0 {
                goods.inside = 0;
            }
        }
        self.destroyed = 0;
        self.sent_back = 0;
        self.turn_round.clear();
        self.stay = crate::statistics::Mean::default();
    }

    /// Measurements of the run so far, which counts as its end.
    ///
    /// # Panics
    /// If lots were lost or made: what came in is not what went out and what is here.
    pub fn finish(&mut self) -> &Measurements {
        if self.picture.is_due(self.now) {
            self.picture.note(&self.places, self.now);
        }
        for r in 0..self.resources.len() {
            self.touch_resource(r);
        }
        for d in 0..self.dispatches.len() {
            self.ripen_until(d, self.now);
        }
        self.settle_statistics();
        self.check_conservation();
        self.check_instant();
        self.check_places();
        self.check_sums();
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.values.clear();
        self.measure(&mut outcome.values);
        self.picture.means(&mut outcome.occupancy);
        outcome.standstills = self.standstills();
        outcome.deadlock.clone_from(&self.deadlock);
        self.outcome = outcome;
        &self.outcome
    }

    /// All durations go into their bins.
    fn settle_statistics(&mut self) {
        self.steps.iter_mut().for_each(|step| step.wait.settle());
        self.goods.iter_mut().for_each(|goods| goods.time.settle());
        self.turn_round.settle();
    }

    fn check_conservation(&self) {
        let came = self.inside_when_warm + self.goods.iter().map(|g| g.arrived as i64).sum::<i64>();
        let went = self.dispatched() as i64 + self.destroyed as i64 + self.sent_back as i64;
        let here: i64 = self
            .things
            .iter()
            .map(|thing| match thing.state {
                State::Free | State::Returning => 0,
                // Its lots are things of their own by now.
                State::Hosting => 0,
                _ if thing.is(VEHICLE) => i64::from(thing.lots),
                _ => 1,
            })
            .sum();
        assert!(
            came == went + here && here == self.inside.now(),
            "lots are not conserved: {came} came, {went} went, {here} are here, {} were counted",
            self.inside.now()
        );
    }

    /// Times of resources sum to the time that there is, and parts of waits to the waits.
    fn check_sums(&self) {
        for (r, resource) in self.resources.iter().enumerate() {
            let (used, there) = (
                resource.in_use.integral(self.now),
                resource.there.integral(self.now),
            );
            let sum = used + resource.idle + resource.broken_time + resource.off;
            assert!(
                sum - resource.surplus == there,
                "the times of {} do not add up",
                self.model.gateway.resources[r].name
            );
        }
        for (step, model) in self.steps.iter().zip(&self.model.gateway.steps) {
            assert!(
                step.wait.total() == step.causes.iter().sum::<i128>(),
                "the parts of the waits for {} do not add up",
                model.name
            );
        }
    }

    /// Values in the order of [`crate::metrics::MetricNames::of`].
    fn measure(&mut self, values: &mut Vec<f64>) {
        let now = self.now;
        let span = (now - self.warm).max(1) as f64;
        let level = |integral: i128| integral as f64 / span;
        self.lots_time.clear();
        for goods in &self.goods {
            self.lots_time.merge(&goods.time);
        }
        let mut read = Reader(values);
        read.lots(&OfLots {
            arrived: self.goods.iter().map(|g| g.arrived).sum(),
            dispatched: self.dispatched(),
            destroyed: self.destroyed,
            sent_back: self.sent_back,
            inside: self.inside.now(),
            inside_mean: level(self.inside.integral(now)),
            inside_max: self.inside.max(),
            days: span / MICROS_PER_HOUR / 24.0,
            time: &self.lots_time,
        });
        self.goods.iter().for_each(|goods| read.goods(goods));
        self.steps.iter().for_each(|step| read.step(step));
        let of_place = |p: usize| {
            let place = &self.places[p];
            let occupied = place.occupied.integral(now);
            let slots = place.slots_there.integral(now);
            OfPlace {
                occupied: level(occupied),
                most: place.occupied.max(),
                utilisation: if self.model.places[p].slots.is_none() || slots == 0 {
                    f64::NAN
                } else {
                    occupied as f64 / slots as f64
                },
                blocked: level(place.blocked.integral(now)),
                full: level(place.full.integral(now)),
                first_full: place.first_full,
            }
        };
        (0..self.places.len()).for_each(|p| read.place(&of_place(p)));
        for (resource, about) in self.resources.iter().zip(&self.model.gateway.resources) {
            let used = resource.in_use.integral(now);
            read.resource(
                about.kind,
                &OfResource {
                    in_use: level(used),
                    used: used as f64,
                    // At work after the end of the shift counts as there, so that the share is never above 1.
                    available: used as f64 + resource.idle as f64,
                },
            );
        }
        read.vehicles(&OfVehicles {
            turn_round: &self.turn_round,
            stay: &self.stay,
        });
        for source in &self.sources {
            read.source(&OfSource {
                source,
                waiting: level(source.waiting.integral(now)),
            });
        }
        self.dispatches.iter().for_each(|d| read.dispatch(d));
        read.gateway(&OfGateway {
            outside: self
                .sources
                .iter()
                .zip(&self.model.metrics.convoys)
                .map(|(source, convoy)| level(source.waiting.integral(now)) / convoy)
                .sum(),
        });
        (0..self.places.len()).for_each(|p| read.load(&of_place(p)));
    }

    fn standstills(&self) -> Vec<Standstill> {
        let mut found: Vec<Standstill> = Vec::new();
        // Whose turn among others comes first, of each; a lot's place in memory tells nothing.
        let mut firsts: Vec<Claim> = Vec::new();
        let long = (self.now - self.warm) / LONG_WAIT;
        for x in self.things.numbers() {
            let thing = &self.things[x];
            let waits = matches!(
                thing.state,
                State::WaitRoom | State::WaitWork | State::Ready
            ) && !thing.is(super::PAUSED);
            let leg = &self.model.legs[thing.leg];
            if !waits || leg.step == NO_PLACE || self.now - thing.since < long.max(1) {
                continue;
            }
            let step = &self.steps[usize::from(leg.step)];
            let overtaken = step.latest_served > thing.since;
            let idle = self.now - step.last_start >= long;
            if !(overtaken || idle) {
                continue;
            }
            let why = if thing.is(LISTED) {
                self.missing(x)
            } else {
                thing.cause
            };
            let ix = StepIx(leg.step);
            let since = GateTime::from_micros(thing.since);
            let turn = self.turn(x);
            match found
                .iter()
                .position(|s| s.step == ix && s.overtaken == overtaken)
            {
                Some(at) => {
                    let known = &mut found[at];
                    known.things += 1;
                    if (since, turn) < (known.since, firsts[at]) {
                        known.since = since;
                        known.cause = self.words_for(why, leg.place);
                        firsts[at] = turn;
                    }
                }
                None => {
                    firsts.push(turn);
                    found.push(Standstill {
                        step: ix,
                        place: PlaceIx(leg.place),
                        things: 1,
                        since,
                        overtaken,
                        cause: self.words_for(why, leg.place),
                    });
                }
            }
        }
        found.sort_by_key(|s| (s.step, s.overtaken));
        found
    }

    fn words_for(&self, why: u16, place: u16) -> String {
        let place = self.place_name(place);
        match why {
            cause::NO_ROOM => format!("no room in {place}"),
            cause::CLOSED => format!("{place} is closed"),
            cause::BROKEN => format!("{place} is broken"),
            cause::SEGREGATED => format!("goods that must be kept apart are in {place}"),
            cause::NO_DEPARTURE => "no departure took them".into(),
            resource => format!(
                "no {} is free",
                self.resource_name(resource - cause::RESOURCE)
            ),
        }
    }

    /// Convoy and vehicle number of a thing, from 0.
    pub(super) fn numbers(&self, x: ThingIx) -> (u32, u32) {
        let thing = &self.things[x];
        let vehicle = if thing.is(VEHICLE) {
            thing.entity
        } else {
            lot_entity(thing.entity, thing.lots)
        };
        let source = self.model.legs[thing.leg].source;
        let plain = unmix(vehicle) ^ self.model.sources[usize::from(source)].salt;
        ((plain >> 32) as u32, plain as u32)
    }

    pub(super) fn convoy_id(&self, source: usize, number: u32) -> ConvoyId {
        ConvoyId::new(format!(
            "{}-{}",
            self.model.gateway.sources[source].name,
            number + 1
        ))
    }

    pub(super) fn vehicle_of(&self, source: usize, convoy: u32, vehicle: u32) -> VehicleId {
        VehicleId::new(format!(
            "{}-{}-{}",
            self.model.gateway.sources[source].name,
            convoy + 1,
            vehicle + 1
        ))
    }

    pub(super) fn vehicle_id(&self, x: ThingIx) -> VehicleId {
        let (convoy, vehicle) = self.numbers(x);
        let source = self.model.legs[self.things[x].leg].source;
        self.vehicle_of(usize::from(source), convoy, vehicle)
    }

    pub(super) fn lot_id(&self, x: ThingIx) -> LotId {
        let (convoy, vehicle) = self.numbers(x);
        let thing = &self.things[x];
        let source = self.model.legs[thing.leg].source;
        let source = &self.model.gateway.sources[usize::from(source)].name;
        let lot = thing.lots + 1;
        LotId::new(format!("{source}-{}-{}-{lot}", convoy + 1, vehicle + 1))
    }

    pub(super) fn thing_id(&self, x: ThingIx) -> Named {
        if self.things[x].is(VEHICLE) {
            Named::Vehicle(self.vehicle_id(x))
        } else {
            Named::Lot(self.lot_id(x))
        }
    }

    pub(super) fn departure_id(&self, dispatch: usize, nth: u32) -> DepartureId {
        DepartureId::new(format!(
            "{}-{}",
            self.step_name(self.model.dispatches[dispatch].step),
            nth + 1
        ))
    }

    pub(super) fn step_name(&self, step: u16) -> StepName {
        StepName::new(self.model.gateway.steps[usize::from(step)].name.as_str())
    }

    pub(super) fn leg_name(&self, x: ThingIx) -> StepName {
        let step = self.model.legs[self.things[x].leg].step;
        if step == NO_PLACE {
            StepName::new("wash")
        } else {
            self.step_name(step)
        }
    }

    pub(super) fn place_name(&self, place: u16) -> PlaceName {
        PlaceName::new(self.model.gateway.places[usize::from(place)].name.as_str())
    }

    pub(super) fn source_name(&self, source: usize) -> SourceName {
        SourceName::new(self.model.gateway.sources[source].name.as_str())
    }

    pub(super) fn goods_name(&self, goods: u8) -> GoodsName {
        GoodsName::new(self.model.gateway.goods[usize::from(goods)].name.as_str())
    }

    pub(super) fn resource_name(&self, resource: u16) -> ResourceName {
        ResourceName::new(
            self.model.gateway.resources[usize::from(resource)]
                .name
                .as_str(),
        )
    }

    pub(super) fn spot(&self, x: ThingIx) -> Spot {
        let thing = &self.things[x];
        debug_assert!(!thing.is(LISTED) || thing.place != NO_PLACE);
        let holder = &self.things[thing.host.unwrap_or(x)];
        Spot {
            place: self.place_name(holder.place),
            unit: u32::from(holder.unit) + 1,
        }
    }

    pub(super) fn instant(&self, at: i64) -> Timestamp {
        GateTime::from_micros(at).instant(self.model.gateway.start)
    }
}

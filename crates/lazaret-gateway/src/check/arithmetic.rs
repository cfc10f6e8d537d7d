//! Mean rates times mean times.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;

use super::{Bottleneck, Load};
use crate::model::{
    Breakdown, Family, Gateway, GoodsIx, HoldClock, Hours, PlaceIx, Quantity, Recurrence,
    ResourceIx, SourceIx, Step, StepIx, StepKind, Term,
};

const DAY_S: f64 = 86_400.0;

/// Mean lots and vehicles per second by source and class.
pub(super) struct Flows<'g> {
    gateway: &'g Gateway,
    unknowns: &'g [f64],
    known: &'g Known,
}

/// Mean and variance of columns of measurements, by where they lie: they may be long, and are the same in every draw
/// of the unknowns.
#[derive(Default)]
pub(super) struct Known(RefCell<HashMap<usize, (f64, f64)>>);

/// Of one class from one source.
struct Flow {
    source: SourceIx,
    goods: GoodsIx,
    lots_per_s: f64,
    vehicles_per_s: f64,
    lots_per_vehicle: f64,
    path: Vec<StepIx>,
}

impl<'g> Flows<'g> {
    pub(super) fn new(gateway: &'g Gateway, unknowns: &'g [f64], known: &'g Known) -> Self {
        Flows {
            gateway,
            unknowns,
            known,
        }
    }

    pub(super) fn mean(&self, quantity: &Quantity) -> f64 {
        self.moments(quantity).0
    }

    /// Mean and variance.
    fn moments(&self, quantity: &Quantity) -> (f64, f64) {
        let moments = || {
            quantity
                .resolve(self.unknowns)
                .map_or((f64::NAN, f64::NAN), |d| (d.mean(), d.variance()))
        };
        match &quantity.family {
            Family::Empirical(values) => *self
                .known
                .0
                .borrow_mut()
                .entry(Arc::as_ptr(values).cast::<f64>() as usize)
                .or_insert_with(moments),
            _ => moments(),
        }
    }

    fn optional_mean(&self, quantity: Option<&Quantity>) -> f64 {
        quantity.map_or(0.0, |quantity| self.mean(quantity))
    }

    /// Occurrences per second, and mean time from a random instant to the next.
    fn rate(&self, due: &Recurrence) -> (f64, f64) {
        match due {
            Recurrence::Every { interval, .. } => {
                let (mean, variance) = self.moments(interval);
                let second = variance + mean * mean;
                (1.0 / mean, second / (2.0 * mean))
            }
            Recurrence::Timetable(table) => {
                let mut at: Vec<f64> = Vec::new();
                for day in (0..7).filter(|&day| table.days[day]) {
                    for &time in &table.times {
                        at.push(day as f64 * DAY_S + seconds(time));
                    }
                }
                let week = 7.0 * DAY_S;
                let count = at.len();
                let gaps = (0..count).map(|i| {
                    let next = if i + 1 < count {
                        at[i + 1]
                    } else {
                        at[0] + week
                    };
                    next - at[i]
                });
                let wait = gaps.map(|gap| gap * gap).sum::<f64>() / (2.0 * week);
                (count as f64 / week, wait)
            }
        }
    }

    fn flows(&self) -> Vec<Flow> {
        let mut out = Vec::new();
        for (s, source) in self.gateway.sources.iter().enumerate() {
            let convoys = self.rate(&source.due).0;
            let vehicles = self.mean(&source.vehicles);
            let lots = self.mean(&source.lots);
            let shares: Vec<f64> = source
                .mix
                .iter()
                .map(|share| share.value(self.unknowns))
                .collect();
            let total: f64 = shares.iter().sum();
            for (g, share) in shares.iter().enumerate() {
                if *share <= 0.0 {
                    continue;
                }
                let share = share / total;
                let (source, goods) = (SourceIx(s as u16), GoodsIx(g as u16));
                out.push(Flow {
                    source,
                    goods,
                    lots_per_s: convoys * vehicles * lots * share,
                    // Of a vessel with several classes each class takes its part.
                    vehicles_per_s: convoys * vehicles * share,
                    lots_per_vehicle: lots,
                    path: self.gateway.path(source, goods),
                });
            }
        }
        out
    }

    /// How often a lot of `flow` passes each step of its path.
    fn visits(&self, path: &[StepIx]) -> Vec<f64> {
        let mut visits = vec![0.0; path.len()];
        let mut weight = 1.0;
        for (i, &step) in path.iter().enumerate() {
            visits[i] = weight;
            let StepKind::Inspect(inspection) = &self.gateway.steps[step.index()].kind else {
                continue;
            };
            let share = |term: Term| term.value(self.unknowns).max(0.0);
            let total = share(inspection.pass)
                + share(inspection.again)
                + share(inspection.fail)
                + share(inspection.destroy);
            if total <= 0.0 {
                continue;
            }
            let (pass, again) = (
                share(inspection.pass) / total,
                share(inspection.again) / total,
            );
            // Rounds: the first, then each further one if the round before sent it back.
            let rounds: f64 = (0..=inspection.again_at_most.min(1_000))
                .map(|k| again.powi(k as i32))
                .sum();
            let from = inspection
                .again_from
                .and_then(|from| path.iter().position(|&step| step == from))
                .unwrap_or(i);
            for visit in &mut visits[from..=i] {
                *visit *= rounds;
            }
            weight *= pass * rounds;
        }
        visits
    }

    fn step(&self, step: StepIx) -> &'g Step {
        &self.gateway.steps[step.index()]
    }

    /// Part of the time in which work on `step` can go on.
    fn working(&self, step: &Step) -> f64 {
        let place = &self.gateway.places[step.at.index()];
        let own = fraction(place.hours.as_ref());
        step.needs
            .iter()
            .chain(&place.needs)
            .map(|&(resource, _)| fraction(self.gateway.resources[resource.index()].hours.as_ref()))
            .fold(own, f64::min)
    }

    /// Mean work of one thing in `step`, in seconds, apart from pauses.
    fn work(&self, flow: &Flow, step: &Step) -> f64 {
        let takes = self.mean(&step.takes[flow.goods.index()]);
        match step.kind {
            StepKind::Unload { each_lot: true } => takes * flow.lots_per_vehicle,
            _ => takes,
        }
    }

    /// Mean stay of one thing in the place of each step of the path, without waiting, in seconds.
    fn stays(&self, flow: &Flow) -> Vec<f64> {
        let mut stays = Vec::with_capacity(flow.path.len());
        for (i, &step_ix) in flow.path.iter().enumerate() {
            let step = self.step(step_ix);
            let stay = match step.kind {
                StepKind::Hold { clock } => {
                    let class = &self.gateway.goods[flow.goods.index()];
                    let hold = self.mean(
                        class
                            .hold
                            .as_ref()
                            .unwrap_or(&step.takes[flow.goods.index()]),
                    );
                    let at = |step: StepIx| flow.path.iter().position(|&s| s == step);
                    let since = match clock {
                        HoldClock::Stored => i,
                        HoldClock::Arrival => 0,
                        HoldClock::StepStart(start) => at(start).unwrap_or(i),
                        HoldClock::StepEnd(end) => at(end).map_or(i, |at| at + 1),
                    };
                    let passed: f64 = stays[since.min(i)..].iter().sum();
                    (hold - passed).max(0.0)
                }
                StepKind::Dispatch(ref dispatch) => self.rate(&dispatch.due).1,
                StepKind::Unload { each_lot: true } => {
                    // As many turns as it takes; all at once if nothing limits them.
                    let takes = self.mean(&step.takes[flow.goods.index()]);
                    let at_once = step.at_once.map_or(f64::INFINITY, f64::from);
                    let turns = (flow.lots_per_vehicle / at_once).ceil().max(1.0);
                    takes * turns / self.working(step).max(1e-9)
                }
                _ => self.work(flow, step) / self.working(step).max(1e-9),
            };
            stays.push(stay);
        }
        stays
    }

    pub(super) fn loads(&self) -> Vec<Load> {
        let gateway = self.gateway;
        let mut slots = vec![0.0; gateway.places.len()];
        let mut crew = vec![0.0; gateway.resources.len()];
        let mut fleet = vec![0.0; gateway.sources.len()];
        let mut leaving = vec![0.0; gateway.steps.len()];
        for flow in self.flows() {
            let visits = self.visits(&flow.path);
            let stays = self.stays(&flow);
            let source = &gateway.sources[flow.source.index()];
            let mut vehicle_stay = 0.0;
            let mut on_vehicle = true;
            for (i, &step_ix) in flow.path.iter().enumerate() {
                let step = self.step(step_ix);
                let rate = if on_vehicle {
                    flow.vehicles_per_s
                } else {
                    flow.lots_per_s
                } * visits[i];
                let stay = stays[i];
                slots[step.at.index()] += rate * stay;
                if on_vehicle {
                    vehicle_stay += stay;
                }
                let place = &gateway.places[step.at.index()];
                match step.kind {
                    StepKind::Dispatch(_) => leaving[step_ix.index()] += rate,
                    // A hold is not work, whatever its step or its place needs.
                    StepKind::Hold { .. } => {}
                    _ => {
                        let work = self.work(&flow, step);
                        for &(resource, number) in step.needs.iter().chain(&place.needs) {
                            crew[resource.index()] += rate * work * f64::from(number);
                        }
                    }
                }
                if matches!(step.kind, StepKind::Unload { .. }) {
                    on_vehicle = false;
                }
            }
            let rule = &source.vehicle;
            let wash = self.optional_mean(rule.wash.as_ref());
            for &(resource, number) in &rule.wash_needs {
                crew[resource.index()] += flow.vehicles_per_s * wash * f64::from(number);
            }
            if let Some(place) = rule.wash_at {
                slots[place.index()] += flow.vehicles_per_s * wash;
                for &(resource, number) in &gateway.places[place.index()].needs {
                    crew[resource.index()] += flow.vehicles_per_s * wash * f64::from(number);
                }
            }
            let away = self.mean(&source.travel)
                + vehicle_stay
                + wash
                + self.optional_mean(rule.quarantine.as_ref())
                + self.optional_mean(rule.back.as_ref());
            fleet[flow.source.index()] += flow.vehicles_per_s * away;
        }
        for (p, place) in gateway.places.iter().enumerate() {
            for &(resource, number) in &place.holds {
                crew[resource.index()] += slots[p] * f64::from(number);
            }
        }
        let mut out = Vec::new();
        self.place_loads(&slots, &mut out);
        self.resource_loads(&crew, &mut out);
        for (s, source) in gateway.sources.iter().enumerate() {
            if let Some(size) = &source.fleet {
                out.push(load(
                    Bottleneck::Fleet(SourceIx(s as u16)),
                    &source.name,
                    "vehicles",
                    None,
                    fleet[s],
                    Some(self.mean(size)),
                ));
            }
        }
        for (i, step) in gateway.steps.iter().enumerate() {
            if let StepKind::Dispatch(dispatch) = &step.kind {
                let capacity = dispatch
                    .most
                    .as_ref()
                    .map(|most| self.rate(&dispatch.due).0 * self.mean(most) * DAY_S);
                out.push(load(
                    Bottleneck::Dispatch(StepIx(i as u16)),
                    &step.name,
                    "lots a day",
                    None,
                    leaving[i] * DAY_S,
                    capacity,
                ));
            }
        }
        out
    }

    fn place_loads(&self, offered: &[f64], out: &mut Vec<Load>) {
        for (p, place) in self.gateway.places.iter().enumerate() {
            let up = self.up(place.breaks.as_ref());
            let mut count = self.mean(&place.count);
            let mut slots = place.slots.as_ref().map(|slots| self.mean(slots));
            let mut push = |since, count: f64, slots: Option<f64>| {
                out.push(load(
                    Bottleneck::Place(PlaceIx(p as u16)),
                    &place.name,
                    "slots",
                    since,
                    offered[p],
                    slots.map(|slots| slots * count * up),
                ));
            };
            push(None, count, slots);
            for change in &place.changes {
                if let Some(new) = &change.count {
                    count = self.mean(new);
                }
                if let Some(new) = &change.slots {
                    slots = Some(self.mean(new));
                }
                push(Some(change.at), count, slots);
            }
        }
    }

    fn resource_loads(&self, offered: &[f64], out: &mut Vec<Load>) {
        for (r, resource) in self.gateway.resources.iter().enumerate() {
            let up = self.up(resource.breaks.as_ref()) * fraction(resource.hours.as_ref());
            let mut push = |since, count: f64| {
                out.push(load(
                    Bottleneck::Resource(ResourceIx(r as u16)),
                    &resource.name,
                    match resource.kind {
                        crate::model::ResourceKind::Crew => "crew at work",
                        crate::model::ResourceKind::Equipment => "in use",
                    },
                    since,
                    offered[r],
                    Some(count * up),
                ));
            };
            push(None, self.mean(&resource.count));
            for (at, count) in &resource.changes {
                push(Some(*at), self.mean(count));
            }
        }
    }

    fn up(&self, breaks: Option<&Breakdown>) -> f64 {
        breaks.map_or(1.0, |breaks| {
            let (every, repair) = (self.mean(&breaks.every), self.mean(&breaks.repair));
            every / (every + repair)
        })
    }
}

fn load(
    of: Bottleneck,
    name: &str,
    unit: &'static str,
    since: Option<Timestamp>,
    offered: f64,
    capacity: Option<f64>,
) -> Load {
    // What is built later has no utilisation before.
    let utilisation = capacity.filter(|capacity| *capacity > 0.0).map(|capacity| {
        if offered == 0.0 {
            0.0
        } else {
            offered / capacity
        }
    });
    Load {
        of,
        name: name.to_string(),
        unit,
        since,
        offered,
        capacity,
        utilisation,
        range: None,
    }
}

fn seconds(time: Time) -> f64 {
    f64::from(time.hour()) * 3_600.0 + f64::from(time.minute()) * 60.0 + f64::from(time.second())
}

/// Part of an ordinary week in which hours are worked.
fn fraction(hours: Option<&Hours>) -> f64 {
    let Some(hours) = hours else { return 1.0 };
    let days = hours.days.iter().filter(|day| **day).count() as f64;
    // Windows may overlap; their union counts.
    let mut minutes = vec![false; 1_440];
    for &(from, to) in &hours.windows {
        let (from, to) = (
            (seconds(from) / 60.0) as usize,
            (seconds(to) / 60.0) as usize,
        );
        let length = if to > from {
            to - from
        } else {
            1_440 - from + to
        };
        for minute in from..from + length {
            minutes[minute % 1_440] = true;
        }
    }
    days / 7.0 * minutes.iter().filter(|minute| **minute).count() as f64 / 1_440.0
}

/// Something that would happen more often in the horizon than a replication can live through.
pub(crate) struct TooOften {
    pub(crate) of: Recurring,
    /// How often, on average.
    pub(crate) times: f64,
}

/// What happens again and again.
pub(crate) enum Recurring {
    Lots(SourceIx),
    Departures(StepIx),
    PlaceFailures(PlaceIx),
    ResourceFailures(ResourceIx),
}

/// Finds what would happen more than [`OFTEN_MOST`](super::OFTEN_MOST) times in the horizon, with every unknown at its mean.
pub(crate) fn too_often(gateway: &Gateway) -> Option<TooOften> {
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let known = Known::default();
    let flows = Flows::new(gateway, &means, &known);
    let horizon = gateway.length.seconds();
    let lots = flows.flows().into_iter().map(|flow| {
        let rate = flow.lots_per_s.max(flow.vehicles_per_s);
        (Recurring::Lots(flow.source), rate)
    });
    let convoys = gateway.sources.iter().enumerate().map(|(s, source)| {
        let rate = flows.rate(&source.due).0;
        (Recurring::Lots(SourceIx(s as u16)), rate)
    });
    let departures = gateway.steps.iter().enumerate().filter_map(|(i, step)| {
        let StepKind::Dispatch(dispatch) = &step.kind else {
            return None;
        };
        let rate = flows.rate(&dispatch.due).0;
        Some((Recurring::Departures(StepIx(i as u16)), rate))
    });
    let failures = |breaks: &Breakdown, count: &Quantity| {
        flows.mean(count) / (flows.mean(&breaks.every) + flows.mean(&breaks.repair))
    };
    let places = gateway.places.iter().enumerate().filter_map(|(p, place)| {
        let rate = failures(place.breaks.as_ref()?, &place.count);
        Some((Recurring::PlaceFailures(PlaceIx(p as u16)), rate))
    });
    let resources = gateway
        .resources
        .iter()
        .enumerate()
        .filter_map(|(r, resource)| {
            let rate = failures(resource.breaks.as_ref()?, &resource.count);
            Some((Recurring::ResourceFailures(ResourceIx(r as u16)), rate))
        });
    lots.chain(convoys)
        .chain(departures)
        .chain(places)
        .chain(resources)
        .map(|(of, rate)| TooOften {
            of,
            times: rate * horizon,
        })
        .find(|found| found.times > super::OFTEN_MOST)
}

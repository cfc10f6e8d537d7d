//! What can be known of a gateway by arithmetic, before anything is simulated; and what looks wrong in it.
//!
//! The arithmetic takes mean rates and mean times and no waiting: the work offered to each place, crew, fleet and
//! departure over what each can do. Above 1 nothing can settle, whatever chance does. It leaves out waiting, blocking,
//! closures and dates left out of timetables, and takes a year of ordinary weeks.

use jiff::Timestamp;
use jiff::civil::Time;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{
    Breakdown, Gateway, GoodsIx, HoldClock, Hours, PlaceIx, Quantity, Recurrence, ResourceIx,
    SourceIx, Step, StepIx, StepKind, Term,
};
use crate::random::Key;
use crate::read::Reading;

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Offered load of everything that can be short, in the order of the file.
    pub loads: Vec<Load>,
    /// What is legal but looks wrong, those of reading included.
    pub warnings: Vec<Diagnostic>,
}

/// What can be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Slots of a place.
    Place(PlaceIx),
    /// Crew or equipment.
    Resource(ResourceIx),
    /// Vehicles of a source.
    Fleet(SourceIx),
    /// Room on departures.
    Dispatch(StepIx),
}

/// How much is asked of something that can be short.
#[derive(Clone, Debug)]
pub struct Load {
    /// Of what.
    pub of: Bottleneck,
    /// Its name.
    pub name: String,
    /// What is counted: slots, crew, vehicles, lots a day.
    pub unit: &'static str,
    /// For a capacity that changes with the calendar: since when this one holds.
    pub since: Option<Timestamp>,
    /// What is asked on average, with every unknown at its mean.
    pub offered: f64,
    /// What there is on average; none if there is no limit.
    pub capacity: Option<f64>,
    /// Offered over capacity; above 1 it can never settle.
    pub utilisation: Option<f64>,
    /// Range in which the utilisation lies with probability 0.9 over what is unknown; none if nothing unknown matters.
    pub range: Option<(f64, f64)>,
}

/// Draws of the unknowns behind [`Load::range`]: 5 % and 95 % are then the 10th and 191st of them.
const DRAWS: u64 = 200;
/// The most times that anything may happen in one replication.
pub(crate) const OFTEN_MOST: f64 = 1e9;
const DAY_S: f64 = 86_400.0;

/// Works out the offered loads of `reading` and says what looks wrong in it.
#[must_use]
pub fn check(reading: &Reading) -> Check {
    let gateway = &reading.gateway;
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mut loads = Flows::new(gateway, &means).loads();
    if !means.is_empty() {
        let draws: Vec<Vec<Option<f64>>> = (0..DRAWS)
            .map(|draw| {
                let values: Vec<f64> = gateway
                    .unknowns
                    .iter()
                    .enumerate()
                    .map(|(i, unknown)| unknown.prior.sample(Key::new(0, draw, i as u64), 0))
                    .collect();
                Flows::new(gateway, &values)
                    .loads()
                    .iter()
                    .map(|load| load.utilisation)
                    .collect()
            })
            .collect();
        for (i, load) in loads.iter_mut().enumerate() {
            let mut values: Vec<f64> = draws.iter().filter_map(|draw| draw[i]).collect();
            values.sort_by(f64::total_cmp);
            if let (Some(&low), Some(&high)) = (values.get(9), values.get(190))
                && high - low > 1e-9 * high.abs()
            {
                load.range = Some((low, high));
            }
        }
    }
    let mut warnings = reading.warnings.clone();
    warnings.extend(suspicions(reading, &loads));
    Check { loads, warnings }
}

/// Mean lots and vehicles per second by source and class.
struct Flows<'g> {
    gateway: &'g Gateway,
    unknowns: &'g [f64],
}

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
    fn new(gateway: &'g Gateway, unknowns: &'g [f64]) -> Self {
        Flows { gateway, unknowns }
    }

    fn mean(&self, quantity: &Quantity) -> f64 {
        quantity
            .resolve(self.unknowns)
            .map_or(f64::NAN, |distribution| distribution.mean())
    }

    fn optional_mean(&self, quantity: Option<&Quantity>) -> f64 {
        quantity.map_or(0.0, |quantity| self.mean(quantity))
    }

    /// Occurrences per second, and mean time from a random instant to the next.
    fn rate(&self, due: &Recurrence) -> (f64, f64) {
        match due {
            Recurrence::Every { interval, .. } => {
                let Ok(distribution) = interval.resolve(self.unknowns) else {
                    return (f64::NAN, f64::NAN);
                };
                let mean = distribution.mean();
                let second = distribution.variance() + mean * mean;
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
                _ => self.work(flow, step) / self.working(step).max(1e-9),
            };
            stays.push(stay);
        }
        stays
    }

    fn loads(&self) -> Vec<Load> {
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
                    StepKind::Hold { .. } => {
                        for &(resource, number) in &step.needs {
                            crew[resource.index()] += rate * stay * f64::from(number);
                        }
                    }
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
    let utilisation = capacity.map(|capacity| {
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

fn suspicions(reading: &Reading, loads: &[Load]) -> Vec<Diagnostic> {
    let (gateway, at) = (&reading.gateway, &reading.locations);
    let mut out = Vec::new();
    for load in loads {
        let (place, what) = match load.of {
            Bottleneck::Place(p) => (at.places[p.index()], "place"),
            Bottleneck::Resource(r) => (at.resources[r.index()], "crew or equipment"),
            Bottleneck::Fleet(s) => (at.sources[s.index()], "fleet of"),
            Bottleneck::Dispatch(s) => (at.steps[s.index()], "dispatch"),
        };
        let Some(utilisation) = load.utilisation.filter(|u| *u > 1.0) else {
            continue;
        };
        let since = load.since.map_or_else(String::new, |since| {
            format!(" from {}", gateway.time_zone.to_datetime(since).date())
        });
        let capacity = load.capacity.unwrap_or(0.0);
        let advice = match load.of {
            Bottleneck::Place(_) => "more slots, a shorter time in them, or fewer arrivals",
            Bottleneck::Resource(_) => "more of them, longer shifts, or less work",
            Bottleneck::Fleet(_) => {
                "more vehicles, or a quicker return; until then convoys wait for vehicles"
            }
            Bottleneck::Dispatch(_) => "more or larger departures",
        };
        out.push(
            Diagnostic::warning(
                "overloaded",
                place,
                format!(
                    "{what} `{}`{since} is asked for {:.1} {} and has {:.1}: {:.0} %",
                    load.name,
                    load.offered,
                    load.unit,
                    capacity,
                    utilisation * 100.0
                ),
            )
            .help(format!("it will fill without end; what helps: {advice}")),
        );
    }
    out.extend(unused(gateway, at));
    out.extend(odd_steps(gateway, at));
    out.extend(odd_things(gateway, at));
    out
}

fn unused(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut warn = |code, place: Location, message: String, help: &str| {
        out.push(Diagnostic::warning(code, place, message).help(help));
    };
    for (p, place) in gateway.places.iter().enumerate() {
        let here = PlaceIx(p as u16);
        let used = gateway.steps.iter().any(|step| step.at == here)
            || gateway
                .sources
                .iter()
                .any(|s| s.vehicle.wash_at == Some(here));
        if !used {
            warn(
                "unused-place",
                at.places[p],
                format!("nothing is done at place `{}`", place.name),
                "let a step be `at` it, or remove it",
            );
        }
    }
    for (r, resource) in gateway.resources.iter().enumerate() {
        let here = ResourceIx(r as u16);
        let names = |list: &[(ResourceIx, u32)]| list.iter().any(|(known, _)| *known == here);
        let used = gateway
            .places
            .iter()
            .any(|p| names(&p.needs) || names(&p.holds))
            || gateway.steps.iter().any(|s| names(&s.needs))
            || gateway.sources.iter().any(|s| names(&s.vehicle.wash_needs));
        if !used {
            warn(
                "unused-crew",
                at.resources[r],
                format!("nothing needs `{}`", resource.name),
                "name it under `crew` or `needs` of a place or step, or remove it",
            );
        }
    }
    let comes = |s: usize, g: usize| gateway.sources[s].mix[g] != Term::Value(0.0);
    for (g, class) in gateway.goods.iter().enumerate() {
        if !(0..gateway.sources.len()).any(|s| comes(s, g)) {
            warn(
                "unused-goods",
                at.goods[g],
                format!("no source brings `{}`", class.name),
                "give it a share, or remove it",
            );
        }
    }
    for (i, step) in gateway.steps.iter().enumerate() {
        let applies = (0..gateway.sources.len()).any(|s| {
            step.sources[s] && (0..gateway.goods.len()).any(|g| step.goods[g] && comes(s, g))
        });
        if !applies {
            warn(
                "unused-step",
                at.steps[i],
                format!("step `{}` applies to nothing that comes", step.name),
                "check its `goods`, `except` and `sources`",
            );
        }
    }
    out
}

fn odd_steps(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (i, step) in gateway.steps.iter().enumerate() {
        match &step.kind {
            StepKind::Inspect(inspection)
                if inspection.again == Term::Value(0.0)
                    && inspection.fail == Term::Value(0.0)
                    && inspection.destroy == Term::Value(0.0) =>
            {
                out.push(
                    Diagnostic::warning(
                        "idle-inspection",
                        at.steps[i],
                        format!("inspection `{}` never finds anything", step.name),
                    )
                    .help("add fail, destroy or again = { share = 0.02 }"),
                );
            }
            _ => {}
        }
    }
    out
}

fn odd_things(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let end = gateway
        .start
        .as_microsecond()
        .saturating_add(gateway.length.micros());
    let outside = |from: Timestamp, to: Timestamp| {
        to.as_microsecond() <= gateway.start.as_microsecond() || from.as_microsecond() >= end
    };
    for (s, source) in gateway.sources.iter().enumerate() {
        if source.closed.iter().any(|c| outside(c.from, c.to)) {
            out.push(
                Diagnostic::warning(
                    "outside-horizon",
                    at.sources[s],
                    format!(
                        "a closure of source `{}` lies outside the time that is simulated",
                        source.name
                    ),
                )
                .help("check its dates, or `start` and `length` of [gateway]"),
            );
        }
        if source.fleet.is_some() && source.vehicle.back.is_none() {
            out.push(
                Diagnostic::warning(
                    "no-way-home",
                    at.sources[s],
                    format!(
                        "the vehicles of `{}` are counted, but are home the moment they are empty",
                        source.name
                    ),
                )
                .help("add [vehicle] with back = \"6 h\""),
            );
        }
    }
    let flows = Flows::new(gateway, &[]);
    let lasting = |breaks: Option<&Breakdown>| {
        breaks.is_some_and(|breaks| {
            breaks.repair.unknowns().next().is_none()
                && flows.mean(&breaks.repair) >= gateway.length.seconds()
        })
    };
    let broken = gateway
        .places
        .iter()
        .zip(&at.places)
        .filter(|(place, _)| lasting(place.breaks.as_ref()))
        .map(|(place, at)| (&place.name, at));
    let broken_resources = gateway
        .resources
        .iter()
        .zip(&at.resources)
        .filter(|(resource, _)| lasting(resource.breaks.as_ref()))
        .map(|(resource, at)| (&resource.name, at));
    for (name, at) in broken.chain(broken_resources) {
        out.push(
            Diagnostic::warning(
                "no-repair",
                *at,
                format!(
                    "what breaks of `{name}` is not repaired within the time that is simulated"
                ),
            )
            .help("check `repair` and `length`"),
        );
    }
    for (p, place) in gateway.places.iter().enumerate() {
        if place.closed.iter().any(|c| outside(c.from, c.to))
            || place.changes.iter().any(|c| c.at.as_microsecond() >= end)
        {
            out.push(
                Diagnostic::warning(
                    "outside-horizon",
                    at.places[p],
                    format!(
                        "a date of place `{}` lies outside the time that is simulated",
                        place.name
                    ),
                )
                .help("check its dates, or `start` and `length` of [gateway]"),
            );
        }
        let one_unit = place.count.known_constant() == Some(1.0);
        if one_unit && place.slots.is_some() {
            let kept_apart: Vec<&str> = gateway
                .goods
                .iter()
                .enumerate()
                .filter(|(g, class)| {
                    !class.apart_from.is_empty()
                        && gateway
                            .steps
                            .iter()
                            .any(|step| step.at.index() == p && step.goods[*g])
                })
                .map(|(_, class)| class.name.as_str())
                .collect();
            if kept_apart.len() > 1 {
                out.push(
                    Diagnostic::warning(
                        "one-unit-apart",
                        at.places[p],
                        format!(
                            "`{}` must be kept apart, but place `{}` is one unit, so one of them waits until the other is gone",
                            kept_apart.join("` and `"),
                            place.name
                        ),
                    )
                    .help("give it count = 2 or more"),
                );
            }
        }
    }
    out
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

/// Finds what would happen more than [`OFTEN_MOST`] times in the horizon, with every unknown at its mean.
pub(crate) fn too_often(gateway: &Gateway) -> Option<TooOften> {
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let flows = Flows::new(gateway, &means);
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
        .find(|found| found.times > OFTEN_MOST)
}

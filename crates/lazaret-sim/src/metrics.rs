//! One table of all figures: what each is called, what it counts, in which unit, and how it is read.
//!
//! Names, units, the columns of a sweep, `docs/metrics.md` and the values of a replication all come from the tables
//! below, so a figure is added in one place. The values of a row follow from the same loop over the same tables as its
//! names.

mod names;

use std::fmt::Write as _;

use lazaret_gateway::model::{Gateway, ResourceKind, StepKind};

use crate::index::Instant;
use crate::statistics::{Durations, Mean};
pub use names::{
    Each, Whole, crew, dispatch, equipment, gateway, goods, in_use, lots, place, source, step,
    utilisation, vehicle, with_inside,
};

use crate::world::{DispatchS, GoodsS, SourceS, StepS, waits};

const MICROS_PER_HOUR: f64 = 3.6e9;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Hours.
    Hours,
    /// Lots.
    Lots,
    /// Lots a day.
    LotsADay,
    /// A share between 0 and 1.
    Share,
    /// Slots of a place.
    Slots,
    /// Members of a crew or pieces of equipment.
    Units,
    /// Vehicles.
    Vehicles,
    /// Convoys.
    Convoys,
    /// Departures.
    Departures,
}

impl Unit {
    /// The unit in words, as in tables and columns.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Unit::Hours => "h",
            Unit::Lots => "lots",
            Unit::LotsADay => "lots a day",
            Unit::Share => "share",
            Unit::Slots => "slots",
            Unit::Units => "units",
            Unit::Vehicles => "vehicles",
            Unit::Convoys => "convoys",
            Unit::Departures => "departures",
        }
    }

    /// The least and the greatest value that a figure in this unit can have.
    #[must_use]
    pub fn possible(self) -> (f64, f64) {
        match self {
            Unit::Share => (0.0, 1.0),
            _ => (0.0, f64::INFINITY),
        }
    }
}

/// As [`Unit::possible`], by the unit's words; anything for a unit that is not one of these.
#[must_use]
pub fn possible(words: &str) -> (f64, f64) {
    const ALL: [Unit; 9] = [
        Unit::Hours,
        Unit::Lots,
        Unit::LotsADay,
        Unit::Share,
        Unit::Slots,
        Unit::Units,
        Unit::Vehicles,
        Unit::Convoys,
        Unit::Departures,
    ];
    let unit = ALL.iter().find(|unit| unit.words() == words);
    unit.map_or((f64::NEG_INFINITY, f64::INFINITY), |unit| unit.possible())
}

/// A figure of each thing of one kind.
struct Family<R> {
    /// What follows the name of the thing.
    name: &'static str,
    unit: Unit,
    meaning: &'static str,
    /// The value, from what was counted.
    read: R,
}

const fn figure<R>(name: &'static str, unit: Unit, meaning: &'static str, read: R) -> Family<R> {
    Family {
        name,
        unit,
        meaning,
        read,
    }
}

/// What was counted of all lots.
pub(crate) struct OfLots<'a> {
    pub(crate) arrived: u64,
    pub(crate) dispatched: u64,
    pub(crate) destroyed: u64,
    pub(crate) sent_back: u64,
    pub(crate) inside: i64,
    pub(crate) inside_mean: f64,
    pub(crate) inside_max: i64,
    pub(crate) days: f64,
    pub(crate) time: &'a Durations,
}

/// What was counted of a place; levels are means over time.
pub(crate) struct OfPlace {
    pub(crate) occupied: f64,
    pub(crate) most: i64,
    /// Occupied slots over slots; NaN without a limit.
    pub(crate) utilisation: f64,
    pub(crate) blocked: f64,
    pub(crate) full: f64,
    /// In microseconds; negative if it never was full.
    pub(crate) first_full: Option<Instant>,
}

/// What was counted of a crew or of equipment; levels are means over time.
pub(crate) struct OfResource {
    pub(crate) in_use: f64,
    pub(crate) used: f64,
    pub(crate) available: f64,
}

/// What was counted of vehicles.
pub(crate) struct OfVehicles<'a> {
    pub(crate) turn_round: &'a Durations,
    pub(crate) stay: &'a Mean,
}

/// What was counted of a source, with its mean number of vehicles that wait.
pub(crate) struct OfSource<'a> {
    pub(crate) source: &'a SourceS,
    pub(crate) waiting: f64,
}

// How the families of each scope read their figures.
type ReadsDispatchS = Family<fn(&DispatchS) -> f64>;
type ReadsGoodsS = Family<fn(&GoodsS) -> f64>;
type ReadsOfGateway = Family<fn(&OfGateway) -> f64>;
type ReadsOfLots = Family<fn(&OfLots<'_>) -> f64>;
type ReadsOfPlace = Family<fn(&OfPlace) -> f64>;
type ReadsOfResource = Family<fn(&OfResource) -> f64>;
type ReadsOfSource = Family<fn(&OfSource<'_>) -> f64>;
type ReadsOfVehicles = Family<fn(&OfVehicles<'_>) -> f64>;
type ReadsStepS = Family<fn(&StepS) -> f64>;

static LOTS: [ReadsOfLots; 12] = [
    figure(
        lots::ARRIVED.tail(),
        Unit::Lots,
        "lots in convoys that arrived at the gateway",
        |l| l.arrived as f64,
    ),
    figure(
        lots::DISPATCHED.tail(),
        Unit::Lots,
        "lots that left by departure, or after their last step if the file has no departures",
        |l| l.dispatched as f64,
    ),
    figure(
        lots::DESTROYED.tail(),
        Unit::Lots,
        "lots destroyed after an inspection",
        |l| l.destroyed as f64,
    ),
    figure(
        lots::SENT_BACK.tail(),
        Unit::Lots,
        "lots sent back after an inspection",
        |l| l.sent_back as f64,
    ),
    figure(
        lots::IN_GATEWAY.tail(),
        Unit::Lots,
        "lots in the gateway at the end: arrived and not gone, including those on vehicles that wait outside",
        |l| l.inside as f64,
    ),
    figure(
        lots::IN_GATEWAY_MEAN.tail(),
        Unit::Lots,
        "the same over time",
        |l| l.inside_mean,
    ),
    figure(
        lots::IN_GATEWAY_MAX.tail(),
        Unit::Lots,
        "the most at once",
        |l| l.inside_max as f64,
    ),
    figure(
        lots::THROUGHPUT.tail(),
        Unit::LotsADay,
        "lots dispatched a day",
        |l| l.dispatched as f64 / l.days,
    ),
    figure(
        lots::TIME_IN_GATEWAY_MEAN.tail(),
        Unit::Hours,
        "from the arrival of its convoy to dispatch, over dispatched lots",
        |l| l.time.mean(),
    ),
    figure(
        lots::TIME_IN_GATEWAY_P50.tail(),
        Unit::Hours,
        "the time within which half of them leave: order statistic ⌈0.5 n⌉, off by at most 0.1 % or half a second",
        |l| l.time.quantile(0.5),
    ),
    figure(
        lots::TIME_IN_GATEWAY_P95.tail(),
        Unit::Hours,
        "the time within which 95 of 100 leave: order statistic ⌈0.95 n⌉, likewise",
        |l| l.time.quantile(0.95),
    ),
    figure(
        lots::TIME_IN_GATEWAY_MAX.tail(),
        Unit::Hours,
        "the longest of them",
        |l| l.time.max(),
    ),
];

static GOODS: [ReadsGoodsS; 7] = [
    figure(
        goods::ARRIVED.tail(),
        Unit::Lots,
        "as `lots.arrived`, of the class",
        |g| g.arrived as f64,
    ),
    figure(
        goods::DISPATCHED.tail(),
        Unit::Lots,
        "as `lots.dispatched`",
        |g| g.dispatched as f64,
    ),
    figure(
        goods::IN_GATEWAY.tail(),
        Unit::Lots,
        "as `lots.in_gateway`",
        |g| g.inside as f64,
    ),
    figure(
        goods::TIME_IN_GATEWAY_MEAN.tail(),
        Unit::Hours,
        "as `lots.time_in_gateway.mean`",
        |g| g.time.mean(),
    ),
    figure(
        goods::TIME_IN_GATEWAY_P50.tail(),
        Unit::Hours,
        "as `lots.time_in_gateway.p50`",
        |g| g.time.quantile(0.5),
    ),
    figure(
        goods::TIME_IN_GATEWAY_P95.tail(),
        Unit::Hours,
        "as `lots.time_in_gateway.p95`",
        |g| g.time.quantile(0.95),
    ),
    figure(
        goods::TIME_IN_GATEWAY_MAX.tail(),
        Unit::Hours,
        "as `lots.time_in_gateway.max`",
        |g| g.time.max(),
    ),
];

/// A sum of microseconds over all that began the step, in hours.
fn each_start(step: &StepS, sum: i128) -> f64 {
    match step.wait.count() {
        0 => f64::NAN,
        n => sum as f64 / n as f64 / MICROS_PER_HOUR,
    }
}

static STEPS: [ReadsStepS; 10] = [
    figure(
        step::STARTED.tail(),
        Unit::Lots,
        "how often it was begun; for a departure, lots loaded",
        |s| s.wait.count() as f64,
    ),
    figure(
        step::WAIT_MEAN.tail(),
        Unit::Hours,
        "from being ready for the step to its beginning, over all that began",
        |s| s.wait.mean(),
    ),
    figure(
        step::WAIT_P95.tail(),
        Unit::Hours,
        "order statistic ⌈0.95 n⌉ of these",
        |s| s.wait.quantile(0.95),
    ),
    figure(
        step::BLOCKED_MEAN.tail(),
        Unit::Hours,
        "from the end of the step to leaving its slot, because the next place had no room; over all that finished",
        |s| s.blocked.over(s.finished),
    ),
    figure(
        step::WAIT_NO_ROOM_MEAN.tail(),
        Unit::Hours,
        "part of the mean wait in which the place was open and all its slots were taken, or no unit was free for the group",
        |s| each_start(s, s.causes[waits::NO_ROOM]),
    ),
    figure(
        step::WAIT_CLOSED_MEAN.tail(),
        Unit::Hours,
        "part in which the place was closed, or the unit broken",
        |s| each_start(s, s.causes[waits::CLOSED]),
    ),
    figure(
        step::WAIT_SEGREGATED_MEAN.tail(),
        Unit::Hours,
        "part in which goods that must be kept apart were there",
        |s| each_start(s, s.causes[waits::SEGREGATED]),
    ),
    figure(
        step::WAIT_NO_RESOURCE_MEAN.tail(),
        Unit::Hours,
        "part in which crew or equipment was not free or not on shift",
        |s| each_start(s, s.causes[waits::NO_RESOURCE]),
    ),
    figure(
        step::WAIT_NO_DEPARTURE_MEAN.tail(),
        Unit::Hours,
        "part in which a released lot waited for its departure",
        |s| each_start(s, s.causes[waits::NO_DEPARTURE]),
    ),
    figure(
        step::PAUSED_MEAN.tail(),
        Unit::Hours,
        "how long started work rested, over all that began",
        |s| each_start(s, s.paused),
    ),
];

static PLACES: [ReadsOfPlace; 6] = [
    figure(
        place::OCCUPANCY_MEAN.tail(),
        Unit::Slots,
        "occupied slots, over time",
        |p| p.occupied,
    ),
    figure(
        place::OCCUPANCY_MAX.tail(),
        Unit::Slots,
        "the most at once",
        |p| p.most as f64,
    ),
    figure(
        place::UTILISATION.tail(),
        Unit::Share,
        "occupied slots as a share of existing slots, over time; blocked slots count as occupied. Empty for a place without limit",
        |p| p.utilisation,
    ),
    figure(
        place::BLOCKED.tail(),
        Unit::Slots,
        "slots, over time, whose vehicle or lot is done and cannot leave; a vehicle is done when all lots still on it are off",
        |p| p.blocked,
    ),
    figure(
        place::FULL.tail(),
        Unit::Share,
        "share of the time in which no slot was free",
        |p| p.full,
    ),
    figure(
        place::FIRST_FULL.tail(),
        Unit::Hours,
        "hours from the start to the first instant without a free slot, whether the last was taken or slots were removed; empty if there was none. The warm-up counts",
        |p| {
            let at = p.first_full.map(Instant::micros);
            at.map_or(f64::NAN, |at| at as f64 / MICROS_PER_HOUR)
        },
    ),
];

fn share_in_use(r: &OfResource) -> f64 {
    if r.available > 0.0 {
        r.used / r.available
    } else {
        f64::NAN
    }
}

static CREWS: [ReadsOfResource; 2] = [
    figure(
        crew::IN_USE_MEAN.tail(),
        Unit::Units,
        "how many of the crew were at work, over time",
        |r| r.in_use,
    ),
    figure(
        crew::UTILISATION.tail(),
        Unit::Share,
        "time at work as a share of time at work or free on shift; overtime counts in both, broken members in neither",
        share_in_use,
    ),
];

static EQUIPMENT: [ReadsOfResource; 2] = [
    figure(
        equipment::IN_USE_MEAN.tail(),
        Unit::Units,
        "how many were in use, over time",
        |r| r.in_use,
    ),
    figure(
        equipment::UTILISATION.tail(),
        Unit::Share,
        "time in use as a share of time in use or free in service; broken pieces count in neither",
        share_in_use,
    ),
];

static VEHICLES: [ReadsOfVehicles; 4] = [
    figure(
        vehicle::RETURNED.tail(),
        Unit::Vehicles,
        "vehicles that came home",
        |v| v.turn_round.count() as f64,
    ),
    figure(
        vehicle::TURN_ROUND_MEAN.tail(),
        Unit::Hours,
        "from arrival at the gateway to being home, over those",
        |v| v.turn_round.mean(),
    ),
    figure(
        vehicle::TURN_ROUND_P95.tail(),
        Unit::Hours,
        "order statistic ⌈0.95 n⌉ of these",
        |v| v.turn_round.quantile(0.95),
    ),
    figure(
        vehicle::STAY_MEAN.tail(),
        Unit::Hours,
        "from arrival to leaving the gateway empty, over those",
        |v| v.stay.mean(),
    ),
];

static SOURCES: [ReadsOfSource; 4] = [
    figure(
        source::CONVOYS.tail(),
        Unit::Convoys,
        "convoys that arrived",
        |s| s.source.convoys as f64,
    ),
    figure(
        source::CANCELLED.tail(),
        Unit::Convoys,
        "convoys that were due and did not run: closures, or too few vehicles at home",
        |s| s.source.cancelled as f64,
    ),
    figure(
        source::WAITING_MEAN.tail(),
        Unit::Vehicles,
        "vehicles that have arrived but have not had a slot yet, over time",
        |s| s.waiting,
    ),
    figure(
        source::WAITING_MAX.tail(),
        Unit::Vehicles,
        "the most at once",
        |s| s.source.waiting.max() as f64,
    ),
];

static DISPATCHES: [ReadsDispatchS; 3] = [
    figure(
        dispatch::DEPARTURES.tail(),
        Unit::Departures,
        "departures that left",
        |d| d.departures as f64,
    ),
    figure(
        dispatch::LOAD_MEAN.tail(),
        Unit::Lots,
        "lots on them, over departures",
        |d| d.loaded as f64 / d.departures as f64,
    ),
    figure(
        dispatch::CANCELLED.tail(),
        Unit::Departures,
        "departures that did not leave because fewer lots were ready than `at_least`",
        |d| d.cancelled as f64,
    ),
];

/// What was counted of the gateway as a whole.
pub(crate) struct OfGateway {
    /// Vehicles that wait outside on average, each source's in convoys of that source.
    pub(crate) outside: f64,
}

static GATEWAY: [ReadsOfGateway; 1] = [figure(
    gateway::OUTSIDE.tail(),
    Unit::Convoys,
    "vehicles that have arrived but have not had a slot yet, over time, in convoys of their source",
    |g| g.outside,
)];

static LOADS: [ReadsOfPlace; 1] = [figure(
    place::LOAD.tail(),
    Unit::Share,
    "share of the room that is in use and not merely blocked by what comes next",
    |p| {
        if p.occupied == 0.0 {
            p.utilisation
        } else {
            p.utilisation * (1.0 - p.blocked / p.occupied)
        }
    },
)];

/// A figure that `lazaret plan` adds to those of a replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanFigure {
    /// Its whole name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it is.
    pub meaning: &'static str,
}

/// Growth of the backlog.
pub const GROWTH: PlanFigure = PlanFigure {
    name: gateway::GROWTH.name(),
    unit: Unit::Share,
    meaning: "share of what is due that is not served: growth of the least backlog (lots that wait for their turn, room, crew or a departure) from the first cycle of the run to the last (twelfths where the longest cycle is shorter), extrapolated to the run, plus convoys that do not leave because too few vehicles are home",
};

/// Whether a future came to a stop, and of what kind: of any, deadlock, standstill, starvation.
pub const STOPS: [PlanFigure; 4] = [
    PlanFigure {
        name: gateway::STOPPED.name(),
        unit: Unit::Share,
        meaning: "1 if the future came to a stop of any kind, else 0",
    },
    PlanFigure {
        name: gateway::DEADLOCK.name(),
        unit: Unit::Share,
        meaning: "1 if places waited for one another in a circle, else 0",
    },
    PlanFigure {
        name: gateway::STANDSTILL.name(),
        unit: Unit::Share,
        meaning: "1 if something waited for a quarter of the run or more, to its end, and nobody was served, else 0",
    },
    PlanFigure {
        name: gateway::STARVATION.name(),
        unit: Unit::Share,
        meaning: "1 if something waited that long while others that came later were served, else 0",
    },
];

/// The figures that decide whether a study has settled, and what they are called in a sentence.
pub const HEADLINE: [(Whole, &str); 4] = [
    (lots::THROUGHPUT, "lots sent inland a day"),
    (lots::TIME_IN_GATEWAY_MEAN, "mean time in the gateway"),
    (
        lots::TIME_IN_GATEWAY_P95,
        "time within which 95 of 100 lots leave",
    ),
    (lots::IN_GATEWAY_MEAN, "lots in the gateway"),
];

/// The time lost at a step, and what happens in it.
pub const LOSSES: [(Each, &str); 7] = [
    (step::WAIT_NO_ROOM_MEAN, "waits for room"),
    (step::WAIT_CLOSED_MEAN, "waits for a closed or broken place"),
    (
        step::WAIT_SEGREGATED_MEAN,
        "waits for goods that must be kept apart",
    ),
    (step::WAIT_NO_RESOURCE_MEAN, "waits for crew or equipment"),
    (step::WAIT_NO_DEPARTURE_MEAN, "waits for a departure"),
    (step::PAUSED_MEAN, "work stopped between shifts"),
    (step::BLOCKED_MEAN, "done, but blocked by what comes next"),
];

/// What a metric is called and counted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricName {
    /// The name.
    pub name: String,
    /// The unit.
    pub unit: Unit,
    /// What it is.
    pub meaning: &'static str,
}

/// The metrics of a gateway, in the order of a row of values.
#[derive(Clone, Debug, Default)]
pub struct MetricNames {
    all: Vec<MetricName>,
    /// Vehicles in a convoy of each source, on average, at the means of the unknowns; at least 1.
    pub(crate) convoys: Vec<f64>,
}

fn kind(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Crew => crew::SCOPE,
        ResourceKind::Equipment => equipment::SCOPE,
    }
}

fn resources(kind: ResourceKind) -> &'static [ReadsOfResource] {
    match kind {
        ResourceKind::Crew => &CREWS,
        ResourceKind::Equipment => &EQUIPMENT,
    }
}

impl MetricNames {
    /// All metrics of `gateway`, in the order in which [`Reader`] reads them.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        fn add<R>(all: &mut Vec<MetricName>, prefix: &str, table: &[Family<R>]) {
            all.extend(table.iter().map(|family| MetricName {
                name: format!("{prefix}.{}", family.name),
                unit: family.unit,
                meaning: family.meaning,
            }));
        }
        let mut all = Vec::new();
        add(&mut all, lots::SCOPE, &LOTS);
        for goods in &gateway.goods {
            add(
                &mut all,
                &format!("{}.{}", goods::SCOPE, goods.name),
                &GOODS,
            );
        }
        for step in &gateway.steps {
            add(&mut all, &format!("{}.{}", step::SCOPE, step.name), &STEPS);
        }
        for place in &gateway.places {
            add(
                &mut all,
                &format!("{}.{}", place::SCOPE, place.name),
                &PLACES,
            );
        }
        for resource in &gateway.resources {
            let prefix = format!("{}.{}", kind(resource.kind), resource.name);
            add(&mut all, &prefix, resources(resource.kind));
        }
        add(&mut all, vehicle::SCOPE, &VEHICLES);
        for source in &gateway.sources {
            add(
                &mut all,
                &format!("{}.{}", source::SCOPE, source.name),
                &SOURCES,
            );
        }
        for step in &gateway.steps {
            if matches!(step.kind, StepKind::Dispatch(_)) {
                add(
                    &mut all,
                    &format!("{}.{}", dispatch::SCOPE, step.name),
                    &DISPATCHES,
                );
            }
        }
        add(&mut all, gateway::SCOPE, &GATEWAY);
        for place in &gateway.places {
            add(
                &mut all,
                &format!("{}.{}", place::SCOPE, place.name),
                &LOADS,
            );
        }
        let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
        let convoy = |source: &lazaret_gateway::model::Source| {
            let vehicles = source.vehicles.resolve(&typical);
            vehicles.map_or(1.0, |d| d.mean()).max(1.0)
        };
        MetricNames {
            all,
            convoys: gateway.sources.iter().map(convoy).collect(),
        }
    }

    /// All of them in order.
    #[must_use]
    pub fn all(&self) -> &[MetricName] {
        &self.all
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|metric| metric.name.as_str())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none; there always are some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where in a row `name` stands.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|known| known.name == name)
    }
}

/// Reads values in the order of the names: called once for each thing, kind by kind, as [`MetricNames::of`] lists them.
pub(crate) struct Reader<'v>(pub(crate) &'v mut Vec<f64>);

impl Reader<'_> {
    pub(crate) fn lots(&mut self, lots: &OfLots<'_>) {
        self.0.extend(LOTS.iter().map(|f| (f.read)(lots)));
    }

    pub(crate) fn goods(&mut self, goods: &GoodsS) {
        self.0.extend(GOODS.iter().map(|f| (f.read)(goods)));
    }

    pub(crate) fn step(&mut self, step: &StepS) {
        self.0.extend(STEPS.iter().map(|f| (f.read)(step)));
    }

    pub(crate) fn place(&mut self, place: &OfPlace) {
        self.0.extend(PLACES.iter().map(|f| (f.read)(place)));
    }

    pub(crate) fn resource(&mut self, of: ResourceKind, resource: &OfResource) {
        self.0
            .extend(resources(of).iter().map(|f| (f.read)(resource)));
    }

    pub(crate) fn vehicles(&mut self, vehicles: &OfVehicles<'_>) {
        self.0.extend(VEHICLES.iter().map(|f| (f.read)(vehicles)));
    }

    pub(crate) fn source(&mut self, source: &OfSource<'_>) {
        self.0.extend(SOURCES.iter().map(|f| (f.read)(source)));
    }

    pub(crate) fn dispatch(&mut self, dispatch: &DispatchS) {
        self.0.extend(DISPATCHES.iter().map(|f| (f.read)(dispatch)));
    }

    pub(crate) fn gateway(&mut self, gateway: &OfGateway) {
        self.0.extend(GATEWAY.iter().map(|f| (f.read)(gateway)));
    }

    pub(crate) fn load(&mut self, place: &OfPlace) {
        self.0.extend(LOADS.iter().map(|f| (f.read)(place)));
    }
}

/// The reference of all metrics in Markdown, for `docs/metrics.md`.
#[must_use]
pub fn reference() -> String {
    fn rows<R>(out: &mut String, prefix: &str, table: &[Family<R>]) {
        for f in table {
            row(out, &format!("{prefix}.{}", f.name), f.unit, f.meaning);
        }
    }
    fn row(out: &mut String, name: &str, unit: Unit, meaning: &str) {
        let _ = writeln!(out, "| `{name}` | {} | {meaning} |", unit.words());
    }
    fn section(out: &mut String, title: &str, lead: &str) {
        let _ = write!(out, "\n## {title}\n\n");
        if !lead.is_empty() {
            let _ = write!(out, "{lead}\n\n");
        }
        out.push_str("| metric | unit | meaning |\n| --- | --- | --- |\n");
    }
    let mut out = String::new();
    section(&mut out, "Lots", "");
    rows(&mut out, lots::SCOPE, &LOTS);
    section(&mut out, "Goods classes", "");
    rows(&mut out, "goods.<class>", &GOODS);
    section(
        &mut out,
        "Steps",
        "A wait counts when it ends, with all its parts: when the step begins or, for a departure, when the lot is loaded. A journey to another site is not a wait. The parts sum to the wait ([how they are told apart](semantics.md#parts-of-a-wait)). Things that still wait at the end are not in these figures, but in the warnings if they have waited for long.",
    );
    rows(&mut out, "step.<id>", &STEPS);
    section(&mut out, "Places", "");
    rows(&mut out, "place.<id>", &PLACES);
    rows(&mut out, "place.<id>", &LOADS);
    section(&mut out, "Crews and equipment", "");
    rows(&mut out, "crew.<id>", &CREWS);
    rows(&mut out, "equipment.<id>", &EQUIPMENT);
    section(&mut out, "Vehicles, sources, departures", "");
    rows(&mut out, vehicle::SCOPE, &VEHICLES);
    rows(&mut out, "source.<id>", &SOURCES);
    rows(&mut out, "dispatch.<id>", &DISPATCHES);
    section(&mut out, "The gateway as a whole", "");
    rows(&mut out, gateway::SCOPE, &GATEWAY);
    section(
        &mut out,
        "Only in `lazaret plan`",
        "In addition, each time in the gateway, each `wait.mean` and `wait.p95` of a step and each `turn_round` exists with the ending `.with_inside`: things still inside or still waiting at the end count with at least their age ([why](plan.md#futures-that-come-to-a-stop)).",
    );
    for f in std::iter::once(&GROWTH).chain(&STOPS) {
        row(&mut out, f.name, f.unit, f.meaning);
    }
    out
}

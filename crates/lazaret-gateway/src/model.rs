//! A gateway as its file describes it, checked: every name resolved, every quantity in base units.
//!
//! Indices are positions in the vectors of [`Gateway`]; they keep the order of the file, and that order decides ties.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::distribution::{Distribution, ParameterError};
use lazaret_vocabulary::time::Span;

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u16);

        impl $name {
            /// Position in the gateway's list.
            #[must_use]
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}

indices! {
    /// Which unknown.
    UnknownIx;
    /// Which goods class.
    GoodsIx;
    /// Which source.
    SourceIx;
    /// Which place.
    PlaceIx;
    /// Which crew or equipment.
    ResourceIx;
    /// Which step.
    StepIx;
    /// Which site.
    SiteIx;
}

/// A whole gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its name.
    pub name: String,
    /// The zone in which shifts and timetables are written.
    pub time_zone: TimeZone,
    /// First instant that is simulated.
    pub start: Timestamp,
    /// Length of the simulated period.
    pub length: Span,
    /// What the simulation describes.
    pub study: Study,
    /// Days on which crews, places and timetables that keep holidays rest.
    pub holidays: Vec<Date>,
    /// What nobody knows.
    pub unknowns: Vec<Unknown>,
    /// Goods classes; never empty (a file without any has one class, `general`).
    pub goods: Vec<GoodsClass>,
    /// Sources of arrivals.
    pub sources: Vec<Source>,
    /// Places.
    pub places: Vec<Place>,
    /// Crews and equipment.
    pub resources: Vec<Resource>,
    /// Steps, in the order in which a lot passes them.
    pub steps: Vec<Step>,
    /// Sites; never empty (a file without any has one, named as the gateway).
    pub sites: Vec<Site>,
    /// Ways between sites.
    pub routes: Vec<Route>,
}

/// From empty as it was, or after it has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// From empty at `start`: everything counts from the first hour.
    Opening,
    /// The settled state: a warm-up is found and dropped.
    Steady,
}

/// What kind of thing a quantity measures, and so its base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A plain number: slots, wagons, a share.
    Number,
    /// A duration, in seconds.
    Duration,
    /// A mass, in kilograms.
    Mass,
}

/// A quantity that nobody knows: drawn once per replication.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Its name.
    pub name: String,
    /// What it measures.
    pub dimension: Dimension,
    /// What is believed of it before any observation.
    pub prior: Distribution,
}

/// A parameter: a number in base units, or an unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// A number in base units.
    Value(f64),
    /// The value that this unknown has in the replication.
    Unknown(UnknownIx),
}

impl Term {
    /// Its number, given the values of the unknowns.
    #[must_use]
    pub fn value(self, unknowns: &[f64]) -> f64 {
        match self {
            Term::Value(value) => value,
            Term::Unknown(unknown) => unknowns[unknown.index()],
        }
    }
}

/// The family of a [`Quantity`]; parameters in the order in which the file writes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Family {
    /// `x`
    Constant,
    /// `uniform(low, high)`
    Uniform,
    /// `uniform_int(low, high)`
    UniformInt,
    /// `triangular(low, mode, high)`
    Triangular,
    /// `pert(low, mode, high)`
    Pert,
    /// `exponential(mean)`
    Exponential,
    /// `normal(mean, sd)` or `normal(mean, sd, low, high)`
    Normal,
    /// `lognormal(mean, sd)`
    LogNormal,
    /// `gamma(mean, sd)`
    Gamma,
    /// `erlang(k, mean)`
    Erlang,
    /// `weibull(shape, scale)`
    Weibull,
    /// `poisson(mean)`
    Poisson,
    /// `discrete(value: weight, …)`; values with cumulative probability.
    Discrete(Arc<[(f64, f64)]>),
    /// `empirical("file.csv", "column", unit)`; sorted observations.
    Empirical(Arc<[f64]>),
}

/// A number or duration as the file gives it: a constant, a distribution, an unknown, or a distribution whose
/// parameters are unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// What it measures.
    pub dimension: Dimension,
    /// Its family.
    pub family: Family,
    /// Its parameters.
    pub terms: Vec<Term>,
}

impl Quantity {
    /// The quantity that is always `value`.
    #[must_use]
    pub fn constant(dimension: Dimension, value: f64) -> Self {
        Quantity {
            dimension,
            family: Family::Constant,
            terms: vec![Term::Value(value)],
        }
    }

    /// The one number it always is, if it is one and no unknown.
    #[must_use]
    pub fn known_constant(&self) -> Option<f64> {
        match (&self.family, self.terms.as_slice()) {
            (Family::Constant, &[Term::Value(value)]) => Some(value),
            _ => None,
        }
    }

    /// The unknowns it depends on.
    pub fn unknowns(&self) -> impl Iterator<Item = UnknownIx> + '_ {
        self.terms.iter().filter_map(|term| match term {
            Term::Unknown(unknown) => Some(*unknown),
            Term::Value(_) => None,
        })
    }

    /// The distribution it is once the unknowns have values, in base units.
    ///
    /// * `unknowns` — one value per unknown of the gateway, in base units.
    ///
    /// # Errors
    /// If those values do not make a distribution, such as a least value above the greatest.
    pub fn resolve(&self, unknowns: &[f64]) -> Result<Distribution, ParameterError> {
        let term = |i: usize| {
            self.terms
                .get(i)
                .map_or(f64::NAN, |term| term.value(unknowns))
        };
        let distribution = match self.family {
            Family::Constant => Distribution::Constant { value: term(0) },
            Family::Uniform => Distribution::Uniform {
                low: term(0),
                high: term(1),
            },
            Family::UniformInt => Distribution::UniformInt {
                low: term(0).round() as i64,
                high: term(1).round() as i64,
            },
            Family::Triangular => Distribution::Triangular {
                low: term(0),
                mode: term(1),
                high: term(2),
            },
            Family::Pert => Distribution::Pert {
                low: term(0),
                mode: term(1),
                high: term(2),
            },
            Family::Exponential => Distribution::Exponential { mean: term(0) },
            Family::Normal => {
                let (low, high) = if self.terms.len() > 2 {
                    (term(2), term(3))
                } else {
                    (0.0, f64::INFINITY)
                };
                Distribution::Normal {
                    mean: term(0),
                    sd: term(1),
                    low,
                    high,
                }
            }
            Family::LogNormal => Distribution::LogNormal {
                mean: term(0),
                sd: term(1),
            },
            Family::Gamma => Distribution::Gamma {
                mean: term(0),
                sd: term(1),
            },
            Family::Erlang => Distribution::Erlang {
                k: term(0).round() as u32,
                mean: term(1),
            },
            Family::Weibull => Distribution::Weibull {
                shape: term(0),
                scale: term(1),
            },
            Family::Poisson => Distribution::Poisson { mean: term(0) },
            Family::Discrete(ref table) => Distribution::Discrete {
                table: Arc::clone(table),
            },
            Family::Empirical(ref values) => Distribution::Empirical {
                values: Arc::clone(values),
            },
        };
        distribution.check()?;
        Ok(distribution)
    }
}

/// A goods class.
#[derive(Clone, Debug)]
pub struct GoodsClass {
    /// Its name.
    pub name: String,
    /// Its share of the lots, where a source has no mix of its own; shares are scaled to sum to 1.
    pub share: Term,
    /// The greater goes first.
    pub priority: i32,
    /// Its own length of hold, instead of that of the hold step.
    pub hold: Option<Quantity>,
    /// Classes that must never be in the same unit of a place at the same time. Symmetric.
    pub apart_from: Vec<GoodsIx>,
    /// Mass of a lot.
    pub mass: Option<Quantity>,
}

/// How goods come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Trains of wagons.
    Rail,
    /// Vessels: a convoy is one vessel with many lots.
    Sea,
    /// Columns of trucks.
    Road,
}

/// A source of arrivals.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// How its goods arrive.
    pub route: Mode,
    /// When a convoy is due to leave it.
    pub due: Recurrence,
    /// Vehicles in a convoy; by sea one.
    pub vehicles: Quantity,
    /// Lots in a vehicle.
    pub lots: Quantity,
    /// Travel time from the source to the gateway.
    pub travel: Quantity,
    /// Vehicles that exist; none for no limit.
    pub fleet: Option<Quantity>,
    /// What a due convoy does if too few vehicles are home.
    pub when_short: WhenShort,
    /// Periods in which nothing leaves the source.
    pub closed: Vec<Closure>,
    /// What happens to a convoy that is due in a closure.
    pub when_closed: WhenClosed,
    /// Shares of the classes in its goods, by class; scaled to sum to 1.
    pub mix: Vec<Term>,
    /// Whether each lot draws its class, or a vehicle's lots are of one class.
    pub mixed_vehicles: bool,
    /// What becomes of its vehicles.
    pub vehicle: VehicleRule,
}

/// When something recurs.
#[derive(Clone, Debug)]
pub enum Recurrence {
    /// After an interval each time.
    Every {
        /// The interval.
        interval: Quantity,
        /// Before the first; one interval if none is given.
        first: Option<Quantity>,
    },
    /// By the calendar.
    Timetable(Timetable),
}

/// Days of the week and times of day, in a zone.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// Times of day, ascending, local.
    pub times: Vec<Time>,
    /// The zone of `times`.
    pub zone: TimeZone,
    /// Dates without a departure.
    pub except: Vec<Date>,
}

/// What a due convoy does if too few vehicles are home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenShort {
    /// It waits until enough are home; what falls due meanwhile does not run.
    Wait,
    /// It goes with what is there, if anything is.
    GoShort,
}

/// What happens to a convoy that is due in a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenClosed {
    /// It does not run.
    Cancel,
    /// It leaves when the source opens again.
    Wait,
}

/// A time of rest, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// Why.
    pub why: String,
}

/// What becomes of an emptied vehicle.
#[derive(Clone, Debug, Default)]
pub struct VehicleRule {
    /// Washing and disinfection.
    pub wash: Option<Quantity>,
    /// Where it is washed; nowhere in particular if none.
    pub wash_at: Option<PlaceIx>,
    /// Crews and equipment that washing takes, each with how many.
    pub wash_needs: Vec<(ResourceIx, u32)>,
    /// Quarantine of the washed vehicle before it may go home.
    pub quarantine: Option<Quantity>,
    /// Travel time from the gateway home.
    pub back: Option<Quantity>,
}

/// Which side of the gateway a place is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Before treatment.
    Dirty,
    /// Goods enter dirty and leave clean.
    DirtyToClean,
    /// After treatment.
    Clean,
}

/// A place with room for vehicles or lots.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// The site it belongs to.
    pub site: SiteIx,
    /// Its side.
    pub zone: Zone,
    /// How many alike units it has.
    pub count: Quantity,
    /// Slots in each; none for no limit.
    pub slots: Option<Quantity>,
    /// How arrivals are distributed over the units.
    pub fill: Fill,
    /// Whether things that cannot enter yet wait here without holding the slot they come from.
    pub unlimited_buffer: bool,
    /// When it works; always if none.
    pub hours: Option<Hours>,
    /// When it rests, with reasons.
    pub closed: Vec<Closure>,
    /// Changes of capacity, in order of date.
    pub changes: Vec<CapacityChange>,
    /// How its units break.
    pub breaks: Option<Breakdown>,
    /// Crews and equipment that work on one thing takes here, each with how many.
    pub needs: Vec<(ResourceIx, u32)>,
    /// Crews and equipment taken for as long as a slot is occupied (a plug for a cooled container).
    pub holds: Vec<(ResourceIx, u32)>,
}

/// How arrivals are spread over the units of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// One pool: any free slot of any unit.
    Pool,
    /// The first unit with room, in order, so that units fill one by one.
    OneByOne,
    /// A convoy is split into groups; a unit takes one group at a time and is free again when it is empty.
    Groups,
}

/// Hours of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// From and to, local; a window whose end is not after its start runs over midnight.
    pub windows: Vec<(Time, Time)>,
    /// Dates of rest.
    pub holidays: Vec<Date>,
}

/// A place's capacity from a date on.
#[derive(Clone, Debug)]
pub struct CapacityChange {
    /// From when.
    pub at: Timestamp,
    /// Units from then on, if that changes.
    pub count: Option<Quantity>,
    /// Slots a unit from then on, if that changes.
    pub slots: Option<Quantity>,
}

/// Failures and repairs of one unit.
#[derive(Clone, Debug)]
pub struct Breakdown {
    /// From repair to the next failure.
    pub every: Quantity,
    /// From failure to repair.
    pub repair: Quantity,
}

/// A crew or equipment shared between places.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// People, or things.
    pub kind: ResourceKind,
    /// How many.
    pub count: Quantity,
    /// When they work; always if none.
    pub hours: Option<Hours>,
    /// What happens to unfinished work at the end of a shift.
    pub at_shift_end: AtShiftEnd,
    /// Changes of number, in order of date.
    pub changes: Vec<(Timestamp, Quantity)>,
    /// How each of them breaks.
    pub breaks: Option<Breakdown>,
}

/// People, or things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// People.
    Crew,
    /// Things.
    Equipment,
}

/// What happens to unfinished work at the end of a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtShiftEnd {
    /// It stops and goes on from where it was.
    Pause,
    /// It is finished first.
    Finish,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Work on a vehicle before it is unloaded: checking, waiting at anchor.
    Handle,
    /// Takes the lots off the vehicle.
    Unload {
        /// One by one instead of all together.
        each_lot: bool,
    },
    /// Work on a lot: disinfection, fumigation, repacking.
    Treat,
    /// Work on a lot that finds something.
    Inspect(Inspection),
    /// The quarantine wait.
    Hold {
        /// What its clock starts from.
        clock: HoldClock,
    },
    /// Departures.
    Dispatch(Dispatch),
}

/// What an inspection may find.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Share that goes on.
    pub pass: Term,
    /// Share that is treated again.
    pub again: Term,
    /// The step from which it is treated again.
    pub again_from: Option<StepIx>,
    /// Number of rounds after which a lot is destroyed instead of being treated again.
    pub again_at_most: u32,
    /// Share that goes back to its sender.
    pub fail: Term,
    /// Share that is destroyed.
    pub destroy: Term,
}

/// What the clock of a hold starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldClock {
    /// When the lot is stored in the place of the hold.
    Stored,
    /// When the convoy arrived.
    Arrival,
    /// When the lot's latest pass of that step began.
    StepStart(StepIx),
    /// When the lot's latest pass of that step ended.
    StepEnd(StepIx),
}

/// Departures of released lots.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// When one is due.
    pub due: Recurrence,
    /// The least that it leaves with.
    pub least: Quantity,
    /// The most that it takes; none for no limit.
    pub most: Option<Quantity>,
}

/// What is done to a vehicle or lot, where and for how long.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// Where.
    pub at: PlaceIx,
    /// For which classes, by class.
    pub goods: Vec<bool>,
    /// For which sources, by source.
    pub sources: Vec<bool>,
    /// How long, by class. No time for a dispatch.
    pub takes: Vec<Quantity>,
    /// Crews and equipment that it takes, each with how many, besides those of the place.
    pub needs: Vec<(ResourceIx, u32)>,
    /// How many lots of one vehicle are worked on at once, if they are unloaded each by itself; none for no limit.
    pub at_once: Option<u32>,
    /// The step that follows, if not the next one in the file that applies.
    pub next: Option<StepIx>,
}

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name.
    pub name: String,
}

/// The way from one site to another.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// From where.
    pub from: SiteIx,
    /// To where.
    pub to: SiteIx,
    /// How long a lot is on it.
    pub takes: Quantity,
}

impl Gateway {
    /// The steps that a lot of `goods` from `source` passes, in order, if no inspection sends it elsewhere.
    #[must_use]
    pub fn path(&self, source: SourceIx, goods: GoodsIx) -> Vec<StepIx> {
        let applies = |step: &Step| step.sources[source.index()] && step.goods[goods.index()];
        let mut path = Vec::new();
        let mut at = 0;
        // A `next` that points backwards would go round for ever; the reader refuses it, and so does this bound.
        while at < self.steps.len() && path.len() <= self.steps.len() {
            let step = &self.steps[at];
            if !applies(step) {
                at += 1;
                continue;
            }
            path.push(StepIx(at as u16));
            at = step.next.map_or(at + 1, StepIx::index);
        }
        path
    }
}

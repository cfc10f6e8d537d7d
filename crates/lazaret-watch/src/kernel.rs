//! How a gateway moves from day to day, in two ways that can stand in for one another.
//!
//! | kernel | what it is | when |
//! | --- | --- | --- |
//! | [`count`] | numbers of lots by stage and by the time they are through, in steps of a few hours | the default: fast |
//! | [`simulator`] | the event-by-event simulator, cloned and stepped | for files that the count kernel cannot express, and to check it |
//!
//! Both are derived from the same [`Gateway`]. **Day 0** is the local date of the gateway's start; the state of a day
//! is that at its end, local midnight, with what happened during the day.

pub mod count;
pub mod simulator;

use jiff::civil::Date;
use lazaret_gateway::model::{Gateway, PlaceIx};
use lazaret_smc::random::Streams;

use crate::rules::Metric;

/// Places of a gateway that are followed by name.
pub const PLACES_MOST: usize = 8;

/// Numbers that describe one day: what happened in it and how it stood at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Convoys that arrived.
    pub convoys: u32,
    /// Vehicles that arrived.
    pub vehicles: u32,
    /// Lots that arrived.
    pub lots: u32,
    /// Lots that wait outside for a first place, at the end of the day.
    pub queue: u32,
    /// Lots inside the gateway, the queue included, at the end of the day.
    pub inside: u32,
    /// Lots that left inland.
    pub dispatched: u32,
    /// Lots that left inland since the start.
    pub dispatched_total: u32,
    /// Lots that stand in each place at the end of the day.
    pub places: [u32; PLACES_MOST],
}

impl Figures {
    /// What passed in the day: convoys, vehicles and lots that came, lots that left.
    #[must_use]
    pub fn flows(&self) -> [u32; 4] {
        [self.convoys, self.vehicles, self.lots, self.dispatched]
    }
}

/// A gateway of which many possible courses can be stepped by the day, for any values of its unknowns.
///
/// A course draws from the stream of its index only, so that what it does is not a matter of how many others there are.
pub trait Kernel: Sync {
    /// The gateway with given values of its unknowns.
    type Fixed: Send + Sync;
    /// Courses at the end of a day, in whatever layout is fast: everything that their future depends on.
    type Population: Clone + Send + Sync;

    /// Sets the unknowns, in base units and in the order of the file.
    ///
    /// # Errors
    /// If the values do not make a distribution somewhere.
    fn fix(&self, unknowns: &[f64]) -> Result<Self::Fixed, String>;

    /// Sets the unknowns to values that follow one another, so that courses begun with one can be moved on with the next.
    ///
    /// # Errors
    /// As [`fix`](Self::fix), and if the kernel cannot change unknowns on the way.
    fn fix_path(&self, path: &[&[f64]]) -> Result<Vec<Self::Fixed>, String> {
        match path {
            [unknowns] => Ok(vec![self.fix(unknowns)?]),
            _ => Err("this kernel cannot change unknowns on the way".to_string()),
        }
    }

    /// `count` courses at the end of day 0.
    fn start(&self, fixed: &Self::Fixed, count: usize, streams: &Streams) -> Self::Population;

    /// Moves every course from the end of day `day - 1` to the end of day `day`.
    fn step(
        &self,
        fixed: &Self::Fixed,
        population: &mut Self::Population,
        day: usize,
        streams: &Streams,
    );

    /// Makes `into` the courses `from[ancestors[0]], from[ancestors[1]], …`, whatever it held before.
    fn select(&self, from: &Self::Population, ancestors: &[u32], into: &mut Self::Population);

    /// The figures of the day last reached in the course `index`.
    fn today(&self, population: &Self::Population, index: usize) -> Figures;

    /// One of these figures, which is none of an unknown.
    fn figure(&self, population: &Self::Population, index: usize, metric: Metric) -> u32 {
        metric.value(&self.today(population, index), &[]) as u32
    }

    /// What passed in the day last reached in the course `index`: convoys, vehicles and lots that came, lots that left.
    fn flows(&self, population: &Self::Population, index: usize) -> [u32; 4] {
        self.today(population, index).flows()
    }
}

/// The local date of the gateway's start: day 0.
#[must_use]
pub fn first_day(gateway: &Gateway) -> Date {
    gateway.time_zone.to_datetime(gateway.start).date()
}

/// The number of the day `date`; negative before the start.
#[must_use]
pub fn day_of(gateway: &Gateway, date: Date) -> i64 {
    let since = date - first_day(gateway);
    i64::from(since.get_days())
}

/// The date of day number `day`; the last of the calendar if it is beyond.
#[must_use]
pub fn date_of(gateway: &Gateway, day: usize) -> Date {
    let days = i32::try_from(day).unwrap_or(i32::MAX);
    first_day(gateway)
        .checked_add(jiff::Span::new().days(days.min(4_000_000)))
        .unwrap_or(Date::MAX)
}

/// Room of a place at the start, at the means of what is unknown; `None` for no limit.
#[must_use]
pub fn room(gateway: &Gateway, place: PlaceIx, unknowns: &[f64]) -> Option<f64> {
    let place = &gateway.places[place.index()];
    let slots = place.slots.as_ref()?.resolve(unknowns).ok()?.mean();
    let count = place.count.resolve(unknowns).ok()?.mean();
    Some(slots * count)
}

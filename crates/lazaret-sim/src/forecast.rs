//! What comes after a situation: when each lot leaves, how full each place gets, and what departures take.
//!
//! A forecast plays many futures that start from one situation, and says of each figure between which values it lies in
//! the middle 80 % of them. It knows what the situation and the file know: work in hand is taken on from what has elapsed,
//! everything else is drawn as in any replication. Future n is replication n under the seed, so two forecasts under one
//! seed share every draw that means the same in both.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use lazaret_gateway::model::PlaceIx;
use lazaret_vocabulary::time::GateTime;

use crate::model::Model;
use crate::observer::Silent;
use crate::situation::{LotNamed, StartNotes};
use crate::world::{Replication, UnknownsError, World};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = DAY / 24;
/// A lot that has not left by the end.
const STAYS: u32 = u32::MAX;
/// A lot that left by another way than dispatch.
const REFUSED: u32 = u32::MAX - 1;

/// What a forecast needs besides the model, which must have been compiled from a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seed of all draws.
    pub seed: u64,
    /// How many futures are played; at least one.
    pub futures: u64,
    /// Days for which places and departures are told.
    pub days: u32,
    /// Threads that simulate; at least one. The result does not depend on it.
    pub threads: usize,
}

/// Tenth, half and ninetieth of a hundred futures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band<T> {
    /// One in ten lies below it.
    pub low: T,
    /// Half lie below it.
    pub median: T,
    /// One in ten lies above it.
    pub high: T,
}

/// When a lot leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct LotForecast {
    /// The lot.
    pub lot: LotNamed,
    /// When it is dispatched, to the whole second of the clock, over the futures in which it is not refused; nothing where
    /// that is after the end of the run, or where it is refused in all of them.
    pub leaves: Band<Option<GateTime>>,
    /// Share of the futures in which it is dispatched by the end of the run.
    pub dispatched: f64,
    /// Share of the futures in which it is destroyed or sent back.
    pub refused: f64,
}

/// How full a place is on one day: what is seen at each full hour from the instant of the situation on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayOfPlace {
    /// Occupied slots at the fullest of these hours.
    pub occupied: Band<i64>,
    /// Share of the futures in which no slot is free at one of these hours.
    pub full: f64,
}

/// How full a place gets.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceForecast {
    /// The place.
    pub place: PlaceIx,
    /// Its slots at the instant of the situation; nothing if there is no limit.
    pub slots: Option<i64>,
    /// Occupied slots then.
    pub now: i64,
    /// Its days, from the instant of the situation on, 24 hours each.
    pub days: Vec<DayOfPlace>,
}

/// What the departures of a dispatch take on one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayOfDepartures {
    /// How many leave.
    pub departures: Band<i64>,
    /// How many lots they take together.
    pub lots: Band<i64>,
}

/// What the departures of a dispatch take.
#[derive(Clone, Debug, PartialEq)]
pub struct DepartureForecast {
    /// Its step.
    pub step: String,
    /// Its days, from the instant of the situation on, 24 hours each.
    pub days: Vec<DayOfDepartures>,
}

/// What comes after a situation.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Futures that were played.
    pub futures: u64,
    /// Lots in the order of the situation.
    pub lots: Vec<LotForecast>,
    /// Places in the order of the file.
    pub places: Vec<PlaceForecast>,
    /// Dispatches in the order of the file.
    pub departures: Vec<DepartureForecast>,
    /// What did not fit at the start of the first future.
    pub notes: StartNotes,
    /// Whether it was interrupted: fewer futures were played than were asked for.
    pub partial: bool,
}

impl PlaceForecast {
    /// The first day, from 0, on which it is full in at least `share` of the futures.
    #[must_use]
    pub fn first_full(&self, share: f64) -> Option<usize> {
        self.days.iter().position(|day| day.full >= share)
    }
}

/// Bytes that a forecast of `model` takes while it is made.
#[must_use]
pub fn bytes(model: &Model, settings: &Settings) -> u64 {
    let lots = model.from().map_or(0, |start| start.lots().len()) as u64;
    let daily = (model.places.len() + model.dispatches.len()) as u64 * 16;
    let future = lots * 4 + u64::from(settings.days) * daily + 128;
    settings.futures.saturating_mul(future)
}

/// What one future told.
struct Future {
    number: u64,
    left: Vec<u32>,
    /// Fullest hour and whether it was full, by place and day.
    peaks: Vec<(i64, bool)>,
    /// Departures and lots, by dispatch and day.
    loads: Vec<(i64, i64)>,
    notes: StartNotes,
}

/// Plays the futures.
///
/// * `go_on` — asked before each future; if it breaks, the forecast is made of those that were played.
///
/// # Errors
/// If the values drawn for the unknowns do not make a distribution somewhere.
///
/// # Panics
/// If `model` was not compiled from a situation.
pub fn forecast(
    model: &Model,
    settings: &Settings,
    go_on: impl Fn() -> ControlFlow<()> + Sync,
) -> Result<Forecast, UnknownsError> {
    let start = model
        .from()
        .expect("the model was compiled from a situation");
    let days = i64::from(settings.days).min(model.horizon / DAY).max(0) as usize;
    let stopped = AtomicBool::new(false);
    let threads = settings.threads.max(1) as u64;
    let play = |first: u64| -> Result<Vec<Future>, UnknownsError> {
        let mut world = World::new(model, Silent);
        let mut futures = Vec::new();
        for number in (first..settings.futures).step_by(threads as usize) {
            if stopped.load(Ordering::Relaxed) || go_on().is_break() {
                stopped.store(true, Ordering::Relaxed);
                break;
            }
            futures.push(play_one(&mut world, settings.seed, number, days)?);
        }
        Ok(futures)
    };
    let mut futures: Vec<Future> = Vec::new();
    std::thread::scope(|scope| {
        let play = &play;
        let others: Vec<_> = (1..threads)
            .map(|first| scope.spawn(move || play(first)))
            .collect();
        let mut all = vec![play(0)];
        for other in others {
            match other.join() {
                Ok(found) => all.push(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        for found in all {
            futures.extend(found?);
        }
        Ok::<(), UnknownsError>(())
    })?;
    futures.sort_unstable_by_key(|future| future.number);
    let n = futures.len();
    let mut told = Forecast {
        futures: n as u64,
        lots: Vec::new(),
        places: Vec::new(),
        departures: Vec::new(),
        notes: futures
            .first()
            .map_or_else(StartNotes::default, |first| first.notes),
        partial: n as u64 != settings.futures,
    };
    if n == 0 {
        return Ok(told);
    }
    let mut column: Vec<u32> = Vec::with_capacity(n);
    for (nth, lot) in start.lots().iter().enumerate() {
        column.clear();
        column.extend(futures.iter().map(|future| future.left[nth]));
        told.lots.push(of_lot(lot, &mut column, fraction(model)));
    }
    tell_places(model, &futures, days, &mut told)?;
    for (d, dispatch) in model.dispatches.iter().enumerate() {
        let of_day = |day: usize| {
            let at = d * days + day;
            DayOfDepartures {
                departures: band(futures.iter().map(|future| future.loads[at].0)),
                lots: band(futures.iter().map(|future| future.loads[at].1)),
            }
        };
        told.departures.push(DepartureForecast {
            step: model.gateway.steps[usize::from(dispatch.step)].name.clone(),
            days: (0..days).map(of_day).collect(),
        });
    }
    Ok(told)
}

fn tell_places(
    model: &Model,
    futures: &[Future],
    days: usize,
    told: &mut Forecast,
) -> Result<(), UnknownsError> {
    let mut world = World::new(model, Silent);
    world.start(Replication::new(0, 0), GateTime::START)?;
    for p in 0..model.places.len() {
        let of_day = |day: usize| {
            let at = p * days + day;
            let full = futures.iter().filter(|future| future.peaks[at].1).count();
            DayOfPlace {
                occupied: band(futures.iter().map(|future| future.peaks[at].0)),
                full: full as f64 / futures.len() as f64,
            }
        };
        told.places.push(PlaceForecast {
            place: PlaceIx(p as u16),
            slots: model.places[p].slots.map(|_| world.places[p].capacity),
            now: world.places[p].occupied.now(),
            days: (0..days).map(of_day).collect(),
        });
    }
    Ok(())
}

fn play_one(
    world: &mut World<'_, Silent>,
    seed: u64,
    number: u64,
    days: usize,
) -> Result<Future, UnknownsError> {
    let model = world.model;
    world.start(Replication::new(seed, number), GateTime::START)?;
    if let Some(start) = model.from() {
        world.follow(start);
    }
    let places = model.places.len();
    let mut peaks = vec![(0, false); places * days];
    for hour in 0..days * 24 {
        if hour > 0 {
            world.advance(GateTime::from_micros(hour as i64 * HOUR));
        }
        for (p, place) in world.places.iter().enumerate() {
            let peak = &mut peaks[p * days + hour / 24];
            peak.0 = peak.0.max(place.occupied.now());
            peak.1 |= !place.has_room();
        }
    }
    world.advance(GateTime::from_micros(model.horizon));
    let mut loads = vec![(0, 0); model.dispatches.len() * days];
    for departed in world.departed() {
        let day = (departed.at.micros() / DAY) as usize;
        if day < days {
            let load = &mut loads[usize::from(departed.dispatch) * days + day];
            load.0 += 1;
            load.1 += i64::from(departed.lots);
        }
    }
    let seconds = |micros: i64| {
        let of_clock = (micros + fraction(model)) / 1_000_000;
        of_clock.clamp(0, i64::from(REFUSED) - 1) as u32
    };
    let left = world.left().iter().map(|left| match left {
        None => STAYS,
        Some(left) if !left.dispatched => REFUSED,
        Some(left) => seconds(left.at.micros()),
    });
    Ok(Future {
        number,
        left: left.collect(),
        peaks,
        loads,
        notes: world.start_notes(),
    })
}

/// Microseconds by which the instant of the situation is past a whole second. Departures leave at whole seconds of the
/// clock, and must not be told a moment early.
fn fraction(model: &Model) -> i64 {
    model.gateway.start.as_microsecond().rem_euclid(1_000_000)
}

/// * `fraction` — see [`fraction`].
fn of_lot(lot: &LotNamed, column: &mut [u32], fraction: i64) -> LotForecast {
    column.sort_unstable();
    let n = column.len() as f64;
    let share = |which: fn(u32) -> bool| column.iter().filter(|&&at| which(at)).count() as f64 / n;
    let kept: Vec<u32> = column.iter().copied().filter(|&at| at != REFUSED).collect();
    let at = |share: f64| {
        let found = *kept.get(rank(share, kept.len().max(1)))?;
        let micros = i64::from(found) * 1_000_000 - fraction;
        (found < REFUSED).then(|| GateTime::from_micros(micros.max(0)))
    };
    LotForecast {
        lot: lot.clone(),
        leaves: Band {
            low: at(0.1),
            median: at(0.5),
            high: at(0.9),
        },
        dispatched: share(|at| at < REFUSED),
        refused: share(|at| at == REFUSED),
    }
}

/// Where the value below which `share` of `n` lie stands among them in order.
fn rank(share: f64, n: usize) -> usize {
    ((share * n as f64).ceil() as usize).clamp(1, n) - 1
}

fn band(values: impl Iterator<Item = i64>) -> Band<i64> {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable();
    let at = |share: f64| values[rank(share, values.len())];
    Band {
        low: at(0.1),
        median: at(0.5),
        high: at(0.9),
    }
}

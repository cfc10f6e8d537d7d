//! How a replication is run, and whether what waits in it grows.

use lazaret_gateway::model::{Gateway, Quantity, Recurrence, Source, StepKind};
use lazaret_sim::{Model, Silent, World};
use lazaret_vocabulary::time::GateTime;

const SECOND: f64 = 1e6;
const DAY: f64 = 86_400.0 * SECOND;

/// How a replication is run: to its end, with looks at the backlog on the way.
#[derive(Clone, Debug)]
pub(super) struct Course {
    warm_up: i64,
    horizon: i64,
    /// Length of the two windows, at the beginning and at the end of what is measured, in which the least backlog is
    /// sought.
    window: i64,
    /// Interval and first of the departures that leave at regular intervals: just after one nothing waits for it.
    departures: Vec<(i64, i64)>,
    /// When departures by a timetable leave, in order.
    timetables: Vec<Vec<i64>>,
    /// Lots of a convoy of each source, on average.
    convoys: Vec<f64>,
}

/// Sources that bring less than this share of all lots set no cycle: a ship once a year must not make a year the
/// measure of lorries that come by the hour.
const RARE: f64 = 0.05;

/// How long something takes to recur, and how often it does in that time, both on average; µs.
fn recurs(due: &Recurrence, typical: &[f64]) -> (f64, f64) {
    match due {
        Recurrence::Every { interval, .. } => {
            let mean = interval.resolve(typical).map_or(0.0, |d| d.mean());
            (mean * SECOND, 1.0)
        }
        Recurrence::Timetable(timetable) => {
            let days = timetable.days.iter().filter(|day| **day).count();
            let cycle = if days == 7 { DAY } else { 7.0 * DAY };
            let times = timetable.times.len() as f64;
            (cycle, times * if days == 7 { 1.0 } else { days as f64 })
        }
    }
}

/// Lots of a convoy of `source`, on average.
fn convoy(source: &Source, typical: &[f64]) -> f64 {
    let mean = |q: &Quantity| q.resolve(typical).map_or(1.0, |d| d.mean());
    mean(&source.vehicles) * mean(&source.lots)
}

fn typical(gateway: &Gateway) -> Vec<f64> {
    gateway.unknowns.iter().map(|u| u.prior.mean()).collect()
}

/// The longest regular cycle of `gateway`, in µs: between convoys on average of a source that matters, between
/// departures, or the week of a timetable or of hours that leave days out.
pub(super) fn longest_cycle(gateway: &Gateway) -> f64 {
    let typical = typical(gateway);
    let sources: Vec<(f64, f64)> = gateway
        .sources
        .iter()
        .map(|source| {
            let (cycle, times) = recurs(&source.due, &typical);
            (cycle, times * convoy(source, &typical) / cycle)
        })
        .collect();
    let all: f64 = sources.iter().map(|(_, lots)| lots).sum();
    let sources = sources
        .into_iter()
        .filter(|(_, lots)| *lots >= RARE * all)
        .map(|(cycle, _)| cycle);
    let departures = gateway.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Dispatch(dispatch) => Some(recurs(&dispatch.due, &typical).0),
        _ => None,
    });
    let places = gateway.places.iter().map(|place| &place.hours);
    let crews = gateway.resources.iter().map(|crew| &crew.hours);
    let hours = places.chain(crews).flatten();
    let hours = hours.map(|hours| {
        if hours.days == [true; 7] {
            DAY
        } else {
            7.0 * DAY
        }
    });
    sources.chain(departures).chain(hours).fold(0.0, f64::max)
}

impl Course {
    /// Looks in each window; a cycle that it holds is seen in as many of its phases.
    const LOOKS: i64 = 61;
    /// Looks between the windows, for what is given up.
    const BETWEEN: i64 = 20;
    /// The window is the longest cycle, and at least this part of what is measured, where it can: a queue that is
    /// long for a while is no growth, nor are goods that wait for a weekly train.
    const PART: i64 = 12;

    pub(super) fn of(model: &Model, warm_up: GateTime) -> Self {
        let gateway = model.gateway();
        let typical = typical(gateway);
        let span = gateway.length.micros() - warm_up.micros();
        let cycle = longest_cycle(gateway).min(span as f64) as i64;
        let departures = gateway.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Dispatch(dispatch) => match &dispatch.due {
                Recurrence::Every { interval, first } => {
                    let every = interval.known_constant()?;
                    let first = first
                        .as_ref()
                        .map_or(Some(every), Quantity::known_constant)?;
                    let micros = |seconds: f64| (seconds * SECOND) as i64;
                    (every >= 1.0).then_some((micros(every), micros(first)))
                }
                Recurrence::Timetable(_) => None,
            },
            _ => None,
        });
        Course {
            warm_up: warm_up.micros(),
            horizon: gateway.length.micros(),
            departures: departures.collect(),
            timetables: model.timetables().map(<[i64]>::to_vec).collect(),
            window: cycle.max(span / Self::PART).min(span / 2).max(1),
            convoys: gateway
                .sources
                .iter()
                .map(|source| convoy(source, &typical))
                .collect(),
        }
    }

    /// Goes on to `looks` instants from `from` on over `length`: one in each of equal parts, and each at another place
    /// in it (multiples of the golden ratio), so that no regular timetable always shows the same face. Gives the least
    /// backlog seen, or nothing if more than `most` lots were in the gateway.
    fn least(
        &self,
        world: &mut World<'_, Silent>,
        (from, length): (i64, i64),
        looks: i64,
        most: u64,
    ) -> Option<u64> {
        let mut instants: Vec<i64> = (0..looks)
            .map(|nth| {
                let within = (nth as f64 * 0.618_033_988_749_894_9).fract();
                let share = (nth as f64 + within) / looks as f64;
                from + (length as f64 * share) as i64
            })
            .collect();
        // Of departures the latest in the window; more of them than looks tell nothing new.
        let inside = |at: &i64| *at > from && *at < from + length;
        for timetable in &self.timetables {
            let just_after = timetable.iter().rev().map(|at| at + 1);
            instants.extend(just_after.filter(inside).take(looks as usize));
        }
        for &(every, first) in &self.departures {
            let last = (from + length - 2 - first).div_euclid(every);
            let nths = (0..looks).map(|back| first + (last - back) * every + 1);
            instants.extend(nths.take_while(|at| inside(at) && *at > first));
        }
        instants.sort_unstable();
        let mut least = u64::MAX;
        for at in instants {
            world.advance(GateTime::from_micros(at));
            if world.lots() > most {
                return None;
            }
            least = least.min(world.backlog());
        }
        Some(least)
    }

    /// Runs a replication that has been started. Gives the least backlog in the first and in the last window after the
    /// warm-up, or nothing if it was given up because more than `lots_most` lots were in the gateway.
    ///
    /// A convoy that has just come is no growth, however large it is; what is never worked off is. The least backlog
    /// tells the two apart where a mean, or the backlog at the end, would depend on when in its cycle it is taken.
    pub(super) fn run(&self, world: &mut World<'_, Silent>, lots_most: u64) -> Option<[f64; 2]> {
        let first = (self.warm_up, self.window);
        let last = (self.horizon - self.window, self.window);
        let between = (
            self.warm_up + self.window,
            self.horizon - self.warm_up - 2 * self.window,
        );
        let earlier = self.least(world, first, Self::LOOKS, lots_most)?;
        self.least(world, between, Self::BETWEEN, lots_most)?;
        let later = self.least(world, last, Self::LOOKS, lots_most)?;
        // A cycle that ends with the run is at its end just before, when the next has not begun.
        world.advance(GateTime::from_micros(self.horizon - 1));
        let later = later.min(world.backlog());
        world.advance(GateTime::from_micros(self.horizon));
        Some([earlier as f64, later as f64])
    }

    /// Lots, on average, of the convoys that did not leave because too few vehicles were home. Where vehicles come
    /// back, that is how a place that is too slow shows: the line in front of it cannot grow beyond the fleet.
    pub(super) fn unsent(&self, world: &World<'_, Silent>) -> f64 {
        (world.without_vehicles().zip(&self.convoys))
            .map(|(count, lots)| count as f64 * lots)
            .sum()
    }

    /// The share of what was due that is not served: by how much the least backlog grew from the first window to the last,
    /// taken over the whole run, and what was not sent; at most all.
    pub(super) fn growth(&self, [earlier, later]: [f64; 2], arrived: f64, unsent: f64) -> f64 {
        let span = (self.horizon - self.warm_up) as f64;
        let grew = (later - earlier).max(0.0) * span / (span - self.window as f64);
        let missed = grew + unsent;
        if missed <= 0.0 {
            0.0
        } else {
            (missed / (arrived + unsent)).min(1.0)
        }
    }
}

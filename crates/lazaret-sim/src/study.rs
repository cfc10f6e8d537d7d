//! Many replications: in parallel, until they are enough, and what they say together.
//!
//! Rows are taken in order of their replication number, whatever thread made them, and every decision to stop depends
//! on the rows so far alone. So the result is the same on any number of threads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

use lazaret_gateway::model::{PlaceIx, Study as Question};
use lazaret_vocabulary::time::GateTime;

use crate::estimate::{Estimate, LEVEL, Moments};
use crate::metrics::HEADLINE;
use crate::model::{Model, OCCUPANCY_BINS};
use crate::observer::Silent;
use crate::warm_up::{Drift, mean_over, mser5, period};
use crate::world::{Measurements, Replication, Standstill, UnknownsError, World};

/// Rows that may wait for one that is late, for each thread.
const WINDOW: u64 = 64;
/// Replications whose occupancy the fan is made of.
const FAN: usize = 1000;
/// Bins of the simulator that make one bin of the fan.
const FAN_GROUP: usize = 5;
/// Replications from which the warm-up is found.
const PILOTS: u64 = 24;
/// The most pairs of replications that the spread is worked out from.
const PAIRS: u64 = 200;
/// Number of the first twin replication; far from those of the study.
const TWINS: u64 = 1 << 40;

/// How long to go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// So many replications.
    After(u64),
    /// Until the half-width of each of these metrics is at most this share of its mean and, in a study of the settled
    /// state, it is known whether that drifts; but at most `limit`.
    Relative {
        /// Positions of the metrics.
        metrics: Vec<usize>,
        /// Share of the mean.
        share: f64,
        /// Most replications.
        limit: u64,
    },
    /// Until the half-width of one metric is at most `half_width`, but at most `limit`.
    Absolute {
        /// Position of the metric.
        metric: usize,
        /// Half-width.
        half_width: f64,
        /// Most replications.
        limit: u64,
    },
}

/// What a study needs besides the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seed of all draws.
    pub seed: u64,
    /// How long to go on.
    pub stop: Stop,
    /// Threads that simulate; at least one.
    pub threads: usize,
}

/// What replications say together.
#[derive(Clone, Debug)]
pub struct Study {
    /// Replications taken in.
    pub replications: u64,
    /// Whether the precision asked for was reached and, in a study of the settled state, a warm-up was found and a
    /// drift after it can be ruled out. A fixed number of replications is settled if every headline figure is within 1
    /// % of its mean.
    pub settled: bool,
    /// Whether it was interrupted.
    pub partial: bool,
    /// Where the statistics start.
    pub warm_up: GateTime,
    /// An estimate for each metric.
    pub estimates: Vec<Estimate>,
    /// For each metric, how its spread is shared; none if the file has no unknowns.
    pub spread: Option<Vec<Spread>>,
    /// Occupancy over time, place by place.
    pub fans: Vec<Fan>,
    /// Replications that came to a stop of any kind: deadlock, standstill or starvation.
    pub stopped: u64,
    /// Replications in which everything stopped in a circle, and the first of these circles.
    pub deadlocks: (u64, Option<crate::Deadlock>),
    /// Waits in vain, each with the number of replications in which it came up and its worst case.
    pub standstills: Vec<(u64, Standstill)>,
    /// What a reader must know before using the figures.
    pub warnings: Vec<String>,
}

/// How the variance of a metric between replications is shared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Share due to the unknowns, with an approximate interval at [`LEVEL`]; the rest is variability.
    pub unknowns: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Quantiles of a place's occupancy over time, between replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Fan {
    /// The place.
    pub place: PlaceIx,
    /// Length of a bin in hours.
    pub bin_hours: f64,
    /// 5, 25, 50, 75 and 95 % of each bin's mean occupancy.
    pub quantiles: Vec<[f64; 5]>,
}

/// Collects rows in order.
struct Collector<'a> {
    model: &'a Model,
    stop: &'a Stop,
    headline: Vec<usize>,
    moments: Vec<Moments>,
    rows: u64,
    /// Occupancy of the first replications, [`FAN_GROUP`] bins taken together.
    fan_rows: Vec<f32>,
    /// Measurements of the first replications, for the spread.
    firsts: Vec<Vec<f64>>,
    drift: Drift,
    /// In bins: where the last two parts that are compared begin, and where the second of them does.
    parts: [f64; 2],
    stopped: u64,
    deadlocks: (u64, Option<crate::Deadlock>),
    standstills: Vec<(u64, Standstill)>,
    precise: bool,
}

impl Collector<'_> {
    /// Takes in a row; true if it is enough.
    fn take(&mut self, outcome: &Measurements) -> bool {
        self.rows += 1;
        for (moments, &value) in self.moments.iter_mut().zip(&outcome.values) {
            moments.add(value);
        }
        if self.rows <= PAIRS && !self.model.unknowns.is_empty() {
            self.firsts.push(outcome.values.clone());
        }
        if self.rows <= FAN as u64 {
            for group in outcome.occupancy.chunks_exact(FAN_GROUP) {
                self.fan_rows
                    .push(group.iter().sum::<f32>() / FAN_GROUP as f32);
            }
        }
        if !outcome.inside.is_empty() {
            let [earlier, later] = self.parts;
            self.drift.add(
                mean_over(&outcome.inside, earlier, later),
                mean_over(&outcome.inside, later, OCCUPANCY_BINS as f64),
            );
        }
        if outcome.deadlock.is_some() || !outcome.standstills.is_empty() {
            self.stopped += 1;
        }
        if let Some(deadlock) = &outcome.deadlock {
            self.deadlocks.0 += 1;
            self.deadlocks.1.get_or_insert_with(|| deadlock.clone());
        }
        for standstill in &outcome.standstills {
            let same = |known: &&mut (u64, Standstill)| {
                known.1.step == standstill.step && known.1.overtaken == standstill.overtaken
            };
            match self.standstills.iter_mut().find(same) {
                Some((times, worst)) => {
                    *times += 1;
                    if standstill.things > worst.things {
                        *worst = standstill.clone();
                    }
                }
                None => self.standstills.push((1, standstill.clone())),
            }
        }
        self.enough()
    }

    fn enough(&mut self) -> bool {
        /// Fewer rows say too little about their own spread.
        const LEAST: u64 = 20;
        let n = self.rows;
        match *self.stop {
            Stop::After(replications) => {
                if n == replications {
                    self.precise =
                        n >= LEAST && self.headline.iter().all(|&m| self.within(m, 0.01));
                }
                n >= replications
            }
            Stop::Relative {
                ref metrics,
                share,
                limit,
            } => {
                // Looking seldom keeps the chance of stopping on a lucky look small.
                if n >= LEAST && n.is_multiple_of(10) {
                    self.precise =
                        self.knows_drift() && metrics.iter().all(|&m| self.within(m, share));
                }
                self.precise || n >= limit
            }
            Stop::Absolute {
                metric,
                half_width,
                limit,
            } => {
                if n >= LEAST && n.is_multiple_of(10) {
                    self.precise = self.moments[metric].half_width(LEVEL) <= half_width;
                }
                self.precise || n >= limit
            }
        }
    }

    /// Whether it is known if the settled state drifts; what is not of the settled state may.
    fn knows_drift(&self) -> bool {
        self.model.study() == Question::Opening || self.drift.is_ruled_out() || self.drift.is_seen()
    }

    fn within(&self, metric: usize, share: f64) -> bool {
        let moments = &self.moments[metric];
        // A figure that no replication has cannot become more precise.
        moments.n() == 0 || moments.half_width(LEVEL) <= share * moments.mean().abs()
    }

    fn fans(&self) -> Vec<Fan> {
        let places = self.model.places.len();
        let bins = OCCUPANCY_BINS / FAN_GROUP;
        let width = places * bins;
        let bin_hours = GateTime::from_micros(self.model.horizon).hours() / bins as f64;
        (0..places)
            .map(|place| {
                let quantiles = (0..bins)
                    .map(|bin| {
                        let mut levels: Vec<f32> = self
                            .fan_rows
                            .iter()
                            .skip(place * bins + bin)
                            .step_by(width)
                            .copied()
                            .filter(|l| !l.is_nan())
                            .collect();
                        levels.sort_unstable_by(f32::total_cmp);
                        [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| quantile(&levels, p))
                    })
                    .collect();
                Fan {
                    place: PlaceIx(place as u16),
                    bin_hours,
                    quantiles,
                }
            })
            .collect()
    }
}

fn quantile(sorted: &[f32], p: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let at = p * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    f64::from(low) + (f64::from(high) - f64::from(low)) * at.fract()
}

/// Runs a study.
///
/// * `each` — is shown every row in order with its replication, and may break off.
///
/// # Errors
/// If the values drawn for the unknowns do not make a distribution somewhere.
pub fn run(
    model: &Model,
    settings: &Settings,
    mut each: impl FnMut(Replication, &Measurements) -> ControlFlow<()>,
) -> Result<Study, UnknownsError> {
    let (warm_up, found) = match model.study() {
        Question::Opening => (GateTime::START, true),
        Question::Steady => find_warm_up(model, settings.seed)?,
    };
    let mut collector = Collector {
        model,
        stop: &settings.stop,
        headline: headline(model),
        moments: vec![Moments::default(); model.metrics.len()],
        rows: 0,
        fan_rows: Vec::new(),
        firsts: Vec::new(),
        drift: Drift::default(),
        parts: parts(model, warm_up),
        stopped: 0,
        deadlocks: (0, None),
        standstills: Vec::new(),
        precise: false,
    };
    let replication = |number| Replication::new(settings.seed, number);
    let mut complete = false;
    in_order(
        model,
        warm_up,
        settings.threads,
        replication,
        |number, outcome| {
            let enough = collector.take(outcome);
            let go_on = each(replication(number), outcome);
            complete = enough;
            if enough {
                ControlFlow::Break(())
            } else {
                go_on
            }
        },
    )?;
    let partial = !complete;
    let spread = if partial {
        None
    } else {
        spread(model, settings, warm_up, &collector)?
    };
    let steady = model.study() == Question::Steady;
    let drifting = steady && collector.drift.is_seen();
    let undecided = steady && !drifting && !collector.drift.is_ruled_out();
    let mut warnings = Vec::new();
    if !found {
        warnings.push(
            "no warm-up was found: the gateway has not settled within half of its length, or its calendar repeats fewer than three times after that, so the figures describe a start, not a settled state; increase `length`, or use `study = \"opening\"`"
                .to_string(),
        );
    }
    if drifting {
        warnings.push("the number of lots in the gateway still grows or shrinks after the warm-up: there is no settled state within this length".to_string());
    }
    if undecided {
        warnings.push("these replications are too few, or too short, to rule out that the number of lots in the gateway still grows or shrinks: run more, or increase `length`".to_string());
    }
    Ok(Study {
        replications: collector.rows,
        settled: collector.precise && found && !drifting && !undecided && !partial,
        partial,
        warm_up,
        estimates: collector
            .moments
            .iter()
            .zip(model.metrics.all())
            .map(|(moments, metric)| moments.estimate().within(metric.unit.possible()))
            .collect(),
        spread,
        fans: collector.fans(),
        stopped: collector.stopped,
        deadlocks: collector.deadlocks.clone(),
        standstills: collector.standstills.clone(),
        warnings,
    })
}

/// Positions of the figures that decide whether a study has settled.
#[must_use]
pub fn headline(model: &Model) -> Vec<usize> {
    HEADLINE
        .iter()
        .filter_map(|(figure, _)| model.metrics.position(figure.name()))
        .collect()
}

/// Where the settled state begins, and whether there is one.
fn find_warm_up(model: &Model, seed: u64) -> Result<(GateTime, bool), UnknownsError> {
    let mut world = World::new(model, Silent);
    let mut series = vec![0.0f32; OCCUPANCY_BINS];
    for number in 0..PILOTS {
        let outcome = world.replicate(Replication::new(seed, number), GateTime::START)?;
        for (sum, &level) in series.iter_mut().zip(&outcome.inside) {
            *sum += level / PILOTS as f32;
        }
    }
    let bin = model.horizon / OCCUPANCY_BINS as i64;
    let unsettled = (GateTime::from_micros(model.horizon / 2), false);
    // Where the calendar repeats itself, a mean over anything but whole periods depends on where it begins and ends.
    let Some(period) = period(&model.gateway) else {
        let series: Vec<f64> = series.iter().map(|&level| f64::from(level)).collect();
        return Ok(mser5(&series).map_or(unsettled, |drop| {
            (GateTime::from_micros(drop as i64 * bin), true)
        }));
    };
    // The first of the means over one period that is settled begins where the first of these periods does.
    let width = period as f64 / bin as f64;
    let smooth: Vec<f64> = (0..OCCUPANCY_BINS)
        .map(|from| (from as f64, from as f64 + width))
        .take_while(|&(_, to)| to <= OCCUPANCY_BINS as f64)
        .map(|(from, to)| mean_over(&series, from, to))
        .collect();
    let Some(drop) = mser5(&smooth) else {
        return Ok(unsettled);
    };
    Ok(match (model.horizon - drop as i64 * bin) / period {
        0..3 => unsettled,
        whole => (GateTime::from_micros(model.horizon - whole * period), true),
    })
}

/// Where the two parts begin whose means tell a drift, in bins: the second and the last third after the warm-up, or as
/// many whole periods of the calendar as go into a third.
fn parts(model: &Model, warm_up: GateTime) -> [f64; 2] {
    let kept = model.horizon - warm_up.micros();
    let third = match period(&model.gateway) {
        Some(period) if period <= kept / 3 => kept / 3 / period * period,
        _ => kept / 3,
    };
    let bin = model.horizon as f64 / OCCUPANCY_BINS as f64;
    [2, 1].map(|parts| (OCCUPANCY_BINS as f64 - (parts * third) as f64 / bin).max(0.0))
}

/// Variance within pairs that share their unknowns, against the whole variance.
fn spread(
    model: &Model,
    settings: &Settings,
    warm_up: GateTime,
    collector: &Collector<'_>,
) -> Result<Option<Vec<Spread>>, UnknownsError> {
    if model.unknowns.is_empty() || collector.rows < 20 {
        return Ok(None);
    }
    let pairs = (collector.rows / 4).clamp(16, PAIRS).min(collector.rows);
    let mut within = vec![Moments::default(); model.metrics.len()];
    let twin = |number| Replication {
        number: TWINS + number,
        ..Replication::new(settings.seed, number)
    };
    in_order(model, warm_up, settings.threads, twin, |number, outcome| {
        for ((moments, &a), &b) in within
            .iter_mut()
            .zip(&collector.firsts[number as usize])
            .zip(&outcome.values)
        {
            moments.add((a - b).powi(2) / 2.0);
        }
        if number + 1 == pairs {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let shares = within.iter().zip(&collector.moments).map(|(within, all)| {
        let ratio = within.mean() / all.variance();
        if !(ratio.is_finite() && all.variance() > 0.0) {
            return Spread {
                unknowns: f64::NAN,
                low: f64::NAN,
                high: f64::NAN,
            };
        }
        // Log-normal approximation of a ratio of mean squares.
        let error = 1.96 * (2.0 / pairs as f64 + 2.0 / (all.n().max(2) - 1) as f64).sqrt();
        let share = |factor: f64| (1.0 - ratio * factor).clamp(0.0, 1.0);
        Spread {
            unknowns: share(1.0),
            low: share(error.exp()),
            high: share((-error).exp()),
        }
    });
    Ok(Some(shares.collect()))
}

/// Runs replications 0, 1, 2, … on `threads` threads and passes their outcomes to `take` in order, until it breaks.
pub fn in_order(
    model: &Model,
    warm_up: GateTime,
    threads: usize,
    replication: impl Fn(u64) -> Replication + Sync,
    mut take: impl FnMut(u64, &Measurements) -> ControlFlow<()>,
) -> Result<(), UnknownsError> {
    if threads <= 1 {
        let mut world = World::new(model, Silent);
        for number in 0.. {
            if take(number, world.replicate(replication(number), warm_up)?).is_break() {
                break;
            }
        }
        return Ok(());
    }
    let window = WINDOW * threads as u64;
    let (next, turnstile) = (AtomicU64::new(0), Turnstile::default());
    let (sender, receiver) = mpsc::channel::<(u64, Result<Measurements, UnknownsError>)>();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, turnstile, replication) = (&next, &turnstile, &replication);
            scope.spawn(move || {
                let mut world = World::new(model, Silent);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !turnstile.admits(number, window) {
                        return;
                    }
                    let outcome = world.replicate(replication(number), warm_up).cloned();
                    if sender.send((number, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // Closed however this ends, a panic in `take` included, or the workers would wait for ever.
        let _closed = turnstile.closed_at_the_end();
        let mut early: BTreeMap<u64, Result<Measurements, UnknownsError>> = BTreeMap::new();
        let mut wanted = 0;
        let mut result = Ok(());
        'rows: for (number, outcome) in &receiver {
            early.insert(number, outcome);
            while let Some(outcome) = early.remove(&wanted) {
                let go_on = match outcome {
                    Ok(outcome) => take(wanted, &outcome),
                    Err(error) => {
                        result = Err(error);
                        ControlFlow::Break(())
                    }
                };
                wanted += 1;
                turnstile.advance(wanted);
                if go_on.is_break() {
                    break 'rows;
                }
            }
        }
        result
    })
}

/// Keeps workers at most a window ahead of what has been taken, so that results that wait for their turn stay few.
#[derive(Default)]
struct Turnstile {
    /// How many results were taken, and whether no more are wanted.
    state: Mutex<(u64, bool)>,
    moved: Condvar,
}

impl Turnstile {
    fn state(&self) -> MutexGuard<'_, (u64, bool)> {
        // Two plain values: a panic elsewhere cannot leave them half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `number` is less than `window` ahead of what was taken; false if no more are wanted.
    fn admits(&self, number: u64, window: u64) -> bool {
        let ahead = |state: &mut (u64, bool)| !state.1 && number >= state.0 + window;
        let state = self
            .moved
            .wait_while(self.state(), ahead)
            .unwrap_or_else(PoisonError::into_inner);
        !state.1
    }

    fn advance(&self, taken: u64) {
        self.state().0 = taken;
        self.moved.notify_all();
    }

    /// No more results are wanted once what this returns is dropped.
    fn closed_at_the_end(&self) -> impl Drop + '_ {
        struct Close<'a>(&'a Turnstile);
        impl Drop for Close<'_> {
            fn drop(&mut self) {
                self.0.state().1 = true;
                self.0.moved.notify_all();
            }
        }
        Close(self)
    }
}

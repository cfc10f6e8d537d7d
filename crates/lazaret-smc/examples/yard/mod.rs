//! A small daily model of a yard, for measuring: sixty whole numbers a particle, sixty days, a count on every
//! third. Trains come or not; lots queue for a warehouse, are held for days, then leave on every second day.
//!
//! It is written twice, state by state and as a batch, which draw the same numbers.

use lazaret_smc::model::{BatchModel, StateSpaceModel};
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::{Stream, Streams};

/// What is believed of θ beforehand.
pub(crate) fn prior() -> Independent {
    Independent::new()
        .with("train", Density::Beta { a: 4.0, b: 1.5 })
        .with(
            "capacity",
            Density::LogNormal {
                mean_log: 22.0f64.ln(),
                sd_log: 0.35,
            },
        )
        .with(
            "hold_days",
            Density::LogNormal {
                mean_log: 20.0f64.ln(),
                sd_log: 0.35,
            },
        )
}

/// Days a lot may be held: a power of two, so that the ring is indexed by a mask. Sixty are used.
const RING: usize = 64;
pub(crate) const DAYS: usize = 60;

/// Lots by the day on which their hold ends, and what else the future depends on.
#[derive(Clone)]
pub(crate) struct Yard {
    /// `due[d % RING]` lots become ripe on day d.
    due: [u16; RING],
    /// Lots whose hold runs.
    held: u32,
    /// Lots whose hold is over.
    ripe: u32,
    /// Lots that wait for a place in the warehouse.
    waiting: u32,
}

impl Yard {
    /// Lots in the yard, which is what an image counts.
    pub(crate) fn present(&self) -> f64 {
        f64::from(self.held + self.ripe)
    }
}

/// The rules of the yard and what was seen of it.
#[derive(Clone)]
pub(crate) struct Model {
    /// Chance that a train comes on a day.
    train: f64,
    /// Cumulative chances of 0, 1, 2, … lots in a train.
    lots: Vec<f64>,
    /// Lots that the warehouse can clean in a day.
    capacity: u32,
    /// Days of hold; the fraction is the chance of one more.
    hold_days: f64,
    /// Lots that a train inland takes.
    takes: u32,
    counts: Vec<Option<f64>>,
    count_log_sd: f64,
}

impl Model {
    /// θ is the chance of a train, the capacity of the warehouse and the days of hold.
    pub(crate) fn new(theta: &[f64], counts: &[Option<f64>]) -> Self {
        let mean: f64 = 18.0;
        let mut term = (-mean).exp();
        let mut sum = 0.0;
        let lots = (0..64)
            .map(|n| {
                sum += term;
                term *= mean / f64::from(n + 1);
                sum
            })
            .collect();
        Self {
            train: theta[0],
            lots,
            capacity: theta[1] as u32,
            hold_days: theta[2],
            takes: 40,
            counts: counts.to_vec(),
            count_log_sd: Self::COUNT_LOG_SD,
        }
    }

    #[inline]
    fn advance(&self, yard: &mut Yard, day: usize, rng: &mut Stream) {
        // One word of 64 bits serves three coarse decisions: 2⁻²⁰ is finer than anybody knows them.
        let bits = rng.bits();
        let share = |word: u64| (word & 0xf_ffff) as f64 * (1.0 / 1_048_576.0);
        if share(bits) < self.train {
            let u = share(bits >> 20);
            yard.waiting += self.lots.partition_point(|cumulated| *cumulated < u) as u32;
        }
        let cleaned = yard.waiting.min(self.capacity);
        yard.waiting -= cleaned;
        let whole = self.hold_days as usize;
        let longer = usize::from(share(bits >> 40) < self.hold_days - whole as f64);
        let hold = (whole + longer).clamp(1, RING - 1);
        yard.due[(day + hold) % RING] += cleaned as u16;
        yard.held += cleaned;
        let ripened = std::mem::take(&mut yard.due[day % RING]);
        yard.held -= u32::from(ripened);
        yard.ripe += u32::from(ripened);
        if day.is_multiple_of(2) {
            yard.ripe -= yard.ripe.min(self.takes);
        }
    }

    /// The error of a count, as the standard deviation of its logarithm.
    pub(crate) const COUNT_LOG_SD: f64 = 0.15;

    fn empty() -> Yard {
        Yard {
            due: [0; RING],
            held: 0,
            ripe: 0,
            waiting: 0,
        }
    }

    #[inline]
    fn log_count(&self, yard: &Yard, log_seen: f64) -> f64 {
        let z = (log_seen - (yard.present() + 1.0).ln()) / self.count_log_sd;
        -0.5 * z * z - self.count_log_sd.ln() - 0.919
    }

    fn seen(&self, day: usize) -> Option<f64> {
        self.counts.get(day).copied().flatten()
    }
}

impl StateSpaceModel for Model {
    type State = Yard;

    fn initialise(&self, _rng: &mut Stream) -> Yard {
        Self::empty()
    }

    fn step(&self, state: &mut Yard, time: usize, rng: &mut Stream) {
        self.advance(state, time, rng);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        self.seen(time).map(|_| time).into_iter()
    }

    fn log_likelihood(&self, state: &Yard, _time: usize, row: usize) -> f64 {
        self.log_count(state, self.seen(row).unwrap_or(0.0))
    }
}

/// The same model, a population at a time: the numbers that every step and every count touch stand side by
/// side, apart from the rings, of which a step touches two entries.
pub(crate) struct Batch(pub(crate) Model);

#[derive(Clone, Default)]
pub(crate) struct Columns {
    /// `due[particle * RING + d % RING]`
    due: Vec<u16>,
    held: Vec<u32>,
    ripe: Vec<u32>,
    waiting: Vec<u32>,
}

impl BatchModel for Batch {
    type Population = Columns;
    type State = Yard;

    fn initialise(&self, count: usize, _streams: &Streams) -> Columns {
        Columns {
            due: vec![0; count * RING],
            held: vec![0; count],
            ripe: vec![0; count],
            waiting: vec![0; count],
        }
    }

    fn step(&self, all: &mut Columns, day: usize, streams: &Streams) {
        let model = &self.0;
        let whole = model.hold_days as usize;
        let fraction = model.hold_days - whole as f64;
        let share = |word: u64| (word & 0xf_ffff) as f64 * (1.0 / 1_048_576.0);
        let columns = all.due.chunks_exact_mut(RING).zip(&mut all.held);
        for (i, (((due, held), ripe), waiting)) in
            columns.zip(&mut all.ripe).zip(&mut all.waiting).enumerate()
        {
            let bits = streams.particle(i).bits();
            if share(bits) < model.train {
                let u = share(bits >> 20);
                *waiting += model.lots.partition_point(|cumulated| *cumulated < u) as u32;
            }
            let cleaned = (*waiting).min(model.capacity);
            *waiting -= cleaned;
            let longer = usize::from(share(bits >> 40) < fraction);
            let hold = (whole + longer).clamp(1, RING - 1);
            due[(day + hold) % RING] += cleaned as u16;
            let ripened = u32::from(std::mem::take(&mut due[day % RING]));
            *held = *held + cleaned - ripened;
            *ripe += ripened;
            if day.is_multiple_of(2) {
                *ripe -= (*ripe).min(model.takes);
            }
        }
    }

    fn select(&self, from: &Columns, ancestors: &[u32], into: &mut Columns) {
        into.due.resize(ancestors.len() * RING, 0);
        for (slot, a) in into.due.chunks_exact_mut(RING).zip(ancestors) {
            slot.copy_from_slice(&from.due[*a as usize * RING..][..RING]);
        }
        let pick = |from: &[u32], into: &mut Vec<u32>| {
            into.clear();
            into.extend(ancestors.iter().map(|a| from[*a as usize]));
        };
        pick(&from.held, &mut into.held);
        pick(&from.ripe, &mut into.ripe);
        pick(&from.waiting, &mut into.waiting);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        self.0.seen(time).map(|_| time).into_iter()
    }

    fn log_likelihood(&self, all: &Columns, _time: usize, row: usize, into: &mut [f64]) {
        let log_seen = self.0.seen(row).unwrap_or(0.0);
        let sd = self.0.count_log_sd;
        for ((slot, held), ripe) in into.iter_mut().zip(&all.held).zip(&all.ripe) {
            let z = (log_seen - f64::from(held + ripe + 1).ln()) / sd;
            *slot = -0.5 * z * z - sd.ln() - 0.919;
        }
    }

    fn state(&self, all: &Columns, i: usize) -> Yard {
        let mut due = [0; RING];
        due.copy_from_slice(&all.due[i * RING..][..RING]);
        Yard {
            due,
            held: all.held[i],
            ripe: all.ripe[i],
            waiting: all.waiting[i],
        }
    }
}

//! Measures particle-steps a second on a small daily model of a yard: sixty whole numbers a particle, sixty
//! days of counts, the shape of model that the crate is meant for.
//!
//! ```text
//! cargo run --release -p lazaret-smc --example throughput
//! ```
//!
//! The model is written twice: state by state, which is what most people will write, and as a batch. Both
//! draw the same numbers and must give the same log-evidence, which is printed.

#![allow(clippy::print_stdout)] // a program for the terminal

use std::time::Instant;

use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::{BatchModel, StateSpaceModel, simulate};
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::{Stream, StreamKey, Streams};
use lazaret_smc::smc2::{Smc2, Smc2Settings};

/// Days a lot may be held: a power of two, so that the ring is indexed by a mask. Sixty are used.
const RING: usize = 64;
const DAYS: usize = 60;

/// Lots by the day on which their hold ends, and what else the future depends on.
#[derive(Clone)]
struct Yard {
    /// `due[d % RING]` lots become ripe on day d.
    due: [u16; RING],
    /// Lots whose hold runs.
    held: u32,
    /// Lots whose hold is over.
    ripe: u32,
    /// Lots that wait for a place in the warehouse.
    waiting: u32,
}

/// Unknown numbers of the model.
#[derive(Clone)]
struct Model {
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
    fn new(theta: &[f64], counts: &[Option<f64>]) -> Self {
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
            count_log_sd: 0.15,
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
        let present = f64::from(yard.held + yard.ripe + 1);
        let z = (log_seen - present.ln()) / self.count_log_sd;
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
struct Batch(Model);

#[derive(Clone, Default)]
struct Columns {
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

/// Best of several measurements of `runs` filters, in million particle-steps a second, and the log-evidence.
fn measure<M: BatchModel>(model: &M, particles: usize) -> (f64, f64) {
    let settings = FilterSettings {
        particles,
        ..FilterSettings::default()
    };
    let runs = (400_000 / particles).max(1);
    let mut best = 0.0f64;
    let mut log_evidence = 0.0;
    for _ in 0..7 {
        let start = Instant::now();
        for run in 0..runs as u64 {
            match Filter::run(model, DAYS, &settings, StreamKey::new(run)) {
                Ok(filter) => log_evidence = filter.log_evidence(),
                Err(error) => println!("{error}"),
            }
        }
        let steps = (runs * particles * DAYS) as f64;
        best = best.max(steps / start.elapsed().as_secs_f64() / 1e6);
    }
    (best, log_evidence)
}

fn main() {
    let truth = Model::new(&[0.75, 20.0, 22.3], &[]);
    let path = simulate(&truth, DAYS, StreamKey::new(5));
    // A count on every third day, as a satellite gives.
    let counts: Vec<Option<f64>> = path
        .iter()
        .enumerate()
        .map(|(day, yard)| (day % 3 == 2).then(|| f64::from(yard.held + yard.ripe + 1).ln()))
        .collect();
    let model = Model::new(&[0.75, 20.0, 22.3], &counts);
    let batch = Batch(model.clone());
    println!("particles   state by state   batch   (million particle-steps a second, one core)");
    for particles in [128, 256, 1024, 10_000] {
        let (single, a) = measure(&model, particles);
        let (batched, b) = measure(&batch, particles);
        println!("{particles:9}   {single:14.1}   {batched:5.1}   log-evidence {a:.4} {b:.4}");
    }
    let prior = Independent::new()
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
                mean_log: 25.0f64.ln(),
                sd_log: 0.4,
            },
        );
    let settings = Smc2Settings {
        theta_particles: 512,
        state_particles: 256,
        most_state_particles: 256,
        ..Smc2Settings::default()
    };
    let family = |theta: &[f64]| Batch(Model::new(theta, &counts));
    let start = Instant::now();
    let run = || {
        let mut sampler = Smc2::start(&family, &prior, &settings, 1)?;
        sampler.run_to(&family, &prior, DAYS)?;
        let whole = start.elapsed().as_secs_f64();
        println!(
            "SMC2 512 x 256 over {DAYS} days: {whole:.1} s, log-evidence {:.2}",
            sampler.log_evidence()
        );
        for (index, name) in sampler.names().iter().enumerate() {
            let x = sampler.posterior(index);
            let (low, high) = (x.quantile(0.05), x.quantile(0.95));
            println!("  {name:10} {:7.2} ({low:.2} to {high:.2})", x.mean());
        }
        for entry in sampler.rejuvenations() {
            println!("  {entry:?}");
        }
        Ok::<(), lazaret_smc::SmcError>(())
    };
    if let Err(error) = run() {
        println!("{error}");
    }
}

//! Measures particle-steps a second on a small daily model of a yard, and a whole SMC².
//!
//! ```text
//! cargo run --release -p lazaret-smc --example throughput
//! ```
//!
//! Both ways of writing the model must give the same log-evidence, which is printed. Set
//! `RAYON_NUM_THREADS` to choose the threads of SMC²; single filters run on one.

#![allow(clippy::print_stdout)] // a program for the terminal

mod yard;

use std::time::Instant;

use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::{BatchModel, simulate};
use lazaret_smc::random::StreamKey;
use lazaret_smc::smc2::{Smc2, Smc2Settings};

use crate::yard::{Batch, DAYS, Model};

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
        .map(|(day, yard)| (day % 3 == 2).then(|| (yard.present() + 1.0).ln()))
        .collect();
    let model = Model::new(&[0.75, 20.0, 22.3], &counts);
    let batch = Batch(model.clone());
    println!("particles   state by state   batch   (million particle-steps a second, one core)");
    for particles in [128, 256, 1024, 10_000] {
        let (single, a) = measure(&model, particles);
        let (batched, b) = measure(&batch, particles);
        println!("{particles:9}   {single:14.1}   {batched:5.1}   log-evidence {a:.4} {b:.4}");
    }
    let prior = yard::prior();
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

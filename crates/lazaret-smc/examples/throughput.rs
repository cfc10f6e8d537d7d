//! Measures particle-steps a second on a small daily model of a yard, and a whole SMC².
//!
//! ```text
//! cargo run --release -p lazaret-smc --example throughput
//! ```
//!
//! With `data` it prints the counts as JSON, and with `filter PARTICLES RUNS SEED` it runs so many filters over them and
//! prints their mean log-evidence: what a peer that is given the same data is measured beside.
//!
//! Both ways of writing the model must give the same log-evidence, which is printed. Set
//! `RAYON_NUM_THREADS` to choose the threads of SMC²; single filters run on one.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]
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
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("data") => {
            let cells: Vec<String> = (counts.iter())
                .map(|count| count.map_or("null".to_string(), |count| count.to_string()))
                .collect();
            println!("[{}]", cells.join(","));
            return;
        }
        Some("filter") => {
            let number = |at: usize| {
                words
                    .get(at)
                    .and_then(|word| word.parse().ok())
                    .unwrap_or(1)
            };
            let (particles, runs, seed) = (number(1), number(2), number(3));
            let settings = FilterSettings {
                particles,
                ..FilterSettings::default()
            };
            let sum: f64 = (0..runs)
                .filter_map(|run| {
                    let key = StreamKey::new(seed as u64).child(run as u64);
                    Filter::run(&batch, DAYS, &settings, key).ok()
                })
                .map(|filter| filter.log_evidence())
                .sum();
            let (mean, steps) = (sum / runs as f64, runs * particles * DAYS);
            println!("{{\"log_evidence\": {mean}, \"steps\": {steps}}}");
            return;
        }
        _ => {}
    }
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

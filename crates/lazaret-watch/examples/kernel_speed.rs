//! Measures the count kernel of Uiju and the inference with it: particle-steps a second, SMC², one row more, memory.
//!
//!     cargo run --release -p lazaret-watch --example kernel_speed
//!
//! Arguments: `kernel`, `smc2` or nothing for both. Prints one JSON object a measurement. A particle-step is one
//! particle moved by one day, resampling and the rows of the day included. Set `RAYON_NUM_THREADS` to choose the
//! threads of SMC²; single filters run on one.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use lazaret_gateway::model::Gateway;
use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::Family;
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::smc2::{Smc2, Smc2Settings};
use lazaret_watch::belief::Belief;
use lazaret_watch::kernel::Kernel;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::observation::{Observations, bind};
use lazaret_watch::site::Site;
use serde_json::json;

const DAYS: usize = 60;

mod uiju;

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let (gateway, rules, rows) = uiju::read();
    let known = |on| bind(&gateway, &rules, &rows, on).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let latest = rows.iter().map(|row| row.published.last).max();
    let observations = known(latest.unwrap_or_else(|| jiff::civil::date(2022, 2, 3)));
    let kernel = CountKernel::new(&gateway, DAYS + 1).unwrap_or_else(|wrong| panic!("{wrong}"));
    if what != "smc2" {
        let drawn: Vec<_> = (0..16).map(|run| draws(&gateway, run)).collect();
        step("kernel alone", &kernel, &[means(&gateway)]);
        step("kernel alone, unknowns drawn", &kernel, &drawn);
        filter(&kernel, &gateway, &observations);
    }
    if what != "kernel" {
        smc2(&kernel, &gateway, &observations);
    }
    println!("{}", json!({ "peak_mib": peak() }));
}

fn means(gateway: &Gateway) -> Vec<f64> {
    gateway.unknowns.iter().map(|u| u.prior.mean()).collect()
}

/// Values of the unknowns from their priors.
fn draws(gateway: &Gateway, run: u64) -> Vec<f64> {
    let belief = Belief::of(gateway);
    let theta = belief.prior.sample(&mut StreamKey::new(run).stream());
    belief.unknowns(&theta)
}

/// The kernel alone: no rows, no resampling. The mean over the values of the unknowns of the best of many runs each.
fn step(name: &str, kernel: &CountKernel, unknowns: &[Vec<f64>]) {
    let particles = 256;
    let mut seconds = 0.0;
    let mut dispatched = 0u64;
    for values in unknowns {
        let fixed = kernel.fix(values).unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut best = f64::INFINITY;
        for run in 0..40u64 {
            let key = StreamKey::new(run);
            let start = Instant::now();
            let mut courses = kernel.start(&fixed, particles, &key.at(0));
            for day in 1..=DAYS {
                kernel.step(&fixed, &mut courses, day, &key.at(day));
            }
            best = best.min(start.elapsed().as_secs_f64());
            dispatched += u64::from(kernel.today(&courses, 0).dispatched_total);
        }
        seconds += best / unknowns.len() as f64;
    }
    println!(
        "{}",
        json!({
            "measured": name,
            "particles": particles,
            "million_steps_a_second": (particles * DAYS) as f64 / seconds / 1e6,
            "dispatched": dispatched,
        })
    );
}

/// A filter at the means of the unknowns, with the evidence.
fn filter(kernel: &CountKernel, gateway: &Gateway, observations: &Observations) {
    let belief = Belief::of(gateway);
    let site = Site::new(kernel, observations, &belief, &means(gateway), 1)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    // Every unknown of this gateway is an entry of θ.
    let model = site.model(&means(gateway));
    for particles in [128, 256, 1024] {
        let settings = FilterSettings {
            particles,
            on_conflict: lazaret_smc::OnConflict::SetAside,
            ..FilterSettings::default()
        };
        let mut best = f64::INFINITY;
        let mut log_evidence = 0.0;
        for run in 0..(10_000 / particles as u64).max(10) {
            let start = Instant::now();
            log_evidence = Filter::run(&model, DAYS, &settings, StreamKey::new(run))
                .unwrap_or_else(|wrong| panic!("{wrong}"))
                .log_evidence();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{}",
            json!({
                "measured": "filter",
                "particles": particles,
                "million_steps_a_second": (particles * DAYS) as f64 / best / 1e6,
                "log_evidence": log_evidence,
            })
        );
    }
}

/// SMC² over sixty days, 512 × 256, and what one late row costs more.
fn smc2(kernel: &CountKernel, gateway: &Gateway, observations: &Observations) {
    let belief = Belief::of(gateway);
    // The last row that is used comes late.
    let mut before = observations.clone();
    let late = before.used.len() - 1;
    for day in &mut before.by_day {
        day.retain(|row| *row != late);
    }
    let settings = Smc2Settings {
        theta_particles: 512,
        state_particles: 256,
        most_state_particles: 256,
        on_conflict: lazaret_smc::OnConflict::SetAside,
        ..Smc2Settings::default()
    };
    let site = |observations| {
        Site::new(kernel, observations, &belief, &means(gateway), 1)
            .unwrap_or_else(|wrong| panic!("{wrong}"))
    };
    let start = Instant::now();
    let first = site(&before);
    let mut sampler =
        Smc2::start(&first, &belief.prior, &settings, 1).unwrap_or_else(|wrong| panic!("{wrong}"));
    sampler
        .run_to(&first, &belief.prior, DAYS)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    println!(
        "{}",
        json!({
            "measured": "smc2",
            "seconds": start.elapsed().as_secs_f64(),
            "threads": rayon::current_num_threads(),
            "rejuvenations": sampler.rejuvenations().len(),
            "log_evidence": sampler.log_evidence(),
        })
    );
    let second = site(observations);
    let start = Instant::now();
    let revised = sampler
        .revise(&second, &belief.prior)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    println!(
        "{}",
        json!({
            "measured": "one row more",
            "seconds": start.elapsed().as_secs_f64(),
            "revised": format!("{revised:?}"),
            "log_evidence": sampler.log_evidence(),
        })
    );
}

/// Greatest memory of this process so far, where the system tells.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

//! Simulation-based calibration of SMC² on a small daily model of a yard (Talts2018): draws sites from the prior,
//! simulates what would be seen of each, infers, and looks where the truth ranks.
//!
//! ```text
//! cargo run --release -p lazaret-smc --example calibration -- RUNS THETA_PARTICLES STATE_PARTICLES SEED
//! ```
//!
//! A p-value is of the Kolmogorov-Smirnov test that the ranks are uniform. Seven quantities are tested, so that
//! the least of seven right ones lies below 0.01 in one study of fifteen.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]
#![allow(clippy::print_stdout)] // a program for the terminal

mod yard;

use std::time::Instant;

use lazaret_smc::SmcError;
use lazaret_smc::calibration::Calibration;
use lazaret_smc::model::simulate;
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::scores::crps;
use lazaret_smc::smc2::{Smc2, Smc2Settings};
use lazaret_smc::summary::Weighted;
use rand_distr::{Distribution, StandardNormal};

use crate::yard::{Batch, DAYS, Model};

fn main() -> Result<(), SmcError> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let [runs, theta_particles, state_particles, seed] = numbers[..] else {
        println!("give RUNS THETA_PARTICLES STATE_PARTICLES SEED, for instance 200 256 128 1");
        return Ok(());
    };
    let prior = yard::prior();
    let settings = Smc2Settings {
        theta_particles: theta_particles as usize,
        state_particles: state_particles as usize,
        ..Smc2Settings::default()
    };
    let mut calibration = Calibration::default();
    let (mut score, mut score_of_persistence, mut grown) = (0.0, 0.0, 0.0);
    let start = Instant::now();
    for run in 0..runs {
        let key = StreamKey::new(seed).child(run);
        let mut rng = key.stream();
        let theta = prior.sample(&mut rng);
        let path = simulate(&Model::new(&theta, &[]), DAYS + 14, key.child(1));
        let counts: Vec<Option<f64>> = (0..=DAYS)
            .map(|day| {
                let z: f64 = StandardNormal.sample(&mut rng);
                let seen = (path[day].present() + 1.0).ln() + Model::COUNT_LOG_SD * z;
                (day % 3 == 2).then_some(seen)
            })
            .collect();
        let family = |theta: &[f64]| Batch(Model::new(theta, &counts));
        let mut sampler = Smc2::start(&family, &prior, &settings, run)?;
        sampler.run_to(&family, &prior, DAYS)?;
        for (index, name) in sampler.names().to_vec().iter().enumerate() {
            calibration.record(name, &sampler.posterior(index), theta[index], &mut rng);
        }
        let present = |state: &yard::Yard, _day: usize| state.present();
        let paths = sampler.paths(&family, 500, DAYS + 14, key.child(2), present)?;
        let at = |day: usize| Weighted::equal(paths.iter().map(|path| path.values[day]).collect());
        for (name, day) in [
            ("day 30", 30),
            ("present", DAYS),
            ("+7 days", DAYS + 7),
            ("+14 days", DAYS + 14),
        ] {
            calibration.record(name, &at(day), path[day].present(), &mut rng);
        }
        let last_seen = counts
            .iter()
            .flatten()
            .last()
            .map_or(0.0, |log| log.exp() - 1.0);
        score += crps(&at(DAYS + 7), path[DAYS + 7].present());
        score_of_persistence += (last_seen - path[DAYS + 7].present()).abs();
        grown += sampler.state_particles() as f64;
    }
    let n = runs as f64;
    println!(
        "{runs} runs, {:.2} s a run, {:.0} state particles at the end",
        start.elapsed().as_secs_f64() / n,
        grown / n
    );
    println!("quantity    p of ranks   in 90 %   in 50 %   ranks in tenths");
    for tally in calibration.tallies() {
        println!(
            "{:10} {:11.4} {:9.3} {:9.3}   {:?}",
            tally.name,
            tally.uniformity().p_value,
            tally.coverage(0.9),
            tally.coverage(0.5),
            tally.histogram(10)
        );
    }
    println!(
        "CRPS at +7 days is {:.2} of that of persistence",
        score / score_of_persistence
    );
    Ok(())
}

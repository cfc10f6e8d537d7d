//! Simulation-based calibration of SMC² (Talts2018): ranks of the truth among posterior draws are uniform.

use lazaret_smc::calibration::Calibration;
use lazaret_smc::model::{StateSpaceModel, simulate};
use lazaret_smc::prior::{Density, Independent, Prior};
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::smc2::{Smc2, Smc2Settings};
use lazaret_smc::summary::Weighted;

use crate::models::{log_normal_density, normal};
use crate::support::FALSE_ALARM;

/// A stock that drifts by an unknown amount a day and is seen with an unknown error.
#[derive(Clone)]
struct Stock {
    drift: f64,
    sighting_sd: f64,
    sightings: Vec<f64>,
}

impl StateSpaceModel for Stock {
    type State = f64;

    fn initialise(&self, rng: &mut Stream) -> f64 {
        normal(rng)
    }

    fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
        *state += self.drift + 0.5 * normal(rng);
    }

    fn log_likelihood(&self, state: &f64, _time: usize, row: usize) -> f64 {
        log_normal_density(self.sightings[row], *state, self.sighting_sd)
    }
}

const DAYS: usize = 10;
const RUNS: u64 = 200;

/// Truths drawn from the prior; the posterior believes errors to be `overconfidence` times smaller.
fn study(overconfidence: f64) -> Calibration {
    let prior = Independent::new()
        .with("drift", Density::Normal { mean: 0.0, sd: 0.5 })
        .with(
            "sighting_sd",
            Density::LogNormal {
                mean_log: -0.5,
                sd_log: 0.4,
            },
        );
    let settings = Smc2Settings {
        theta_particles: 100,
        state_particles: 32,
        most_state_particles: 64,
        ..Smc2Settings::default()
    };
    let mut calibration = Calibration::default();
    for run in 0..RUNS {
        let key = StreamKey::new(77).child(run);
        let mut rng = key.stream();
        let theta = prior.sample(&mut rng);
        let truth = Stock {
            drift: theta[0],
            sighting_sd: theta[1],
            sightings: Vec::new(),
        };
        let path = simulate(&truth, DAYS + 7, key.child(1));
        let sightings: Vec<f64> = path[..=DAYS]
            .iter()
            .map(|x| x + theta[1] * normal(&mut rng))
            .collect();
        let family = |theta: &[f64]| Stock {
            drift: theta[0],
            sighting_sd: theta[1] / overconfidence,
            sightings: sightings.clone(),
        };
        let mut sampler = Smc2::start(&family, &prior, &settings, run).unwrap();
        sampler.run_to(&family, &prior, DAYS).unwrap();
        for (index, name) in sampler.names().to_vec().iter().enumerate() {
            calibration.record(name, &sampler.posterior(index), theta[index], &mut rng);
        }
        let ahead = sampler
            .paths(&family, 100, DAYS + 7, key.child(2), |x, _| *x)
            .unwrap();
        for (name, time) in [("past", 3), ("present", DAYS), ("forecast", DAYS + 7)] {
            let draws = Weighted::equal(ahead.iter().map(|path| path.values[time]).collect());
            calibration.record(name, &draws, path[time], &mut rng);
        }
    }
    calibration
}

#[test]
fn posteriors_and_forecasts_are_calibrated() {
    let calibration = study(1.0);
    let failures = calibration.failures(FALSE_ALARM);
    assert!(failures.is_empty(), "{failures:?}");
    for tally in calibration.tallies() {
        // 90 % of 200 is 180 with standard deviation 4.2; 16.5 away is 3.89 of them.
        let held = tally.coverage(0.9) * RUNS as f64;
        assert!(
            (held - 180.0).abs() <= 16.5,
            "{}: {held} of {RUNS}",
            tally.name
        );
    }
}

#[test]
fn overconfidence_is_caught() {
    assert!(!study(2.0).failures(FALSE_ALARM).is_empty());
}

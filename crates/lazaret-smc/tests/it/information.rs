//! Expected information gain and evidence ratios with known answers.

use lazaret_smc::evidence::{LogEvidence, compare};
use lazaret_smc::exact::conjugate::NormalNormal;
use lazaret_smc::exact::information::{of_a_detector, of_a_normal_measurement};
use lazaret_smc::information::{
    Experiment, expected_information_gain, expected_information_gain_about,
};
use lazaret_smc::model::Exact;
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::smc2::{Smc2, Smc2Settings};

use crate::models::{Measurements, log_normal_density, normal};
use crate::support::{FALSE_ALARM, check_mean};

/// A measurement with noise, about states that are drawn beforehand.
struct Measurement {
    states: Vec<f64>,
    noise_sd: f64,
}

impl Experiment for Measurement {
    type Outcome = f64;

    fn draws(&self) -> usize {
        self.states.len()
    }

    fn simulate(&self, index: usize, rng: &mut Stream) -> f64 {
        self.states[index] + self.noise_sd * normal(rng)
    }

    fn log_density(&self, index: usize, outcome: &f64) -> f64 {
        log_normal_density(*outcome, self.states[index], self.noise_sd)
    }
}

fn measurement(sd: f64, noise_sd: f64, seed: u64) -> Measurement {
    let mut rng = StreamKey::new(seed).stream();
    Measurement {
        states: (0..400).map(|_| sd * normal(&mut rng)).collect(),
        noise_sd,
    }
}

#[test]
fn gain_of_a_normal_measurement() {
    let gains = |noise_sd: f64| -> Vec<f64> {
        let run = |seed| {
            let experiment = measurement(2.0, noise_sd, seed);
            let estimate = expected_information_gain(&experiment, StreamKey::new(seed).child(1));
            assert!(estimate.lower <= estimate.upper, "{estimate:?}");
            estimate.gain
        };
        (0..60).map(run).collect()
    };
    let exact = of_a_normal_measurement(4.0, 1.0);
    check_mean(&gains(1.0), exact, FALSE_ALARM).unwrap();
    assert!(check_mean(&gains(1.1), exact, FALSE_ALARM).is_err());
}

#[test]
fn the_standard_error_of_a_gain_is_that_of_repeated_runs() {
    let runs: Vec<_> = (0..60)
        .map(|seed| expected_information_gain(&measurement(2.0, 1.0, seed), StreamKey::new(seed)))
        .collect();
    let mean = runs.iter().map(|run| run.gain).sum::<f64>() / 60.0;
    let sd = (runs
        .iter()
        .map(|run| (run.gain - mean).powi(2))
        .sum::<f64>()
        / 59.0)
        .sqrt();
    let stated = runs.iter().map(|run| run.standard_error).sum::<f64>() / 60.0;
    // The standard deviation of 60 runs is known to 9 %; the states are shared within a run, which the
    // stated error does not count, hence the room above.
    assert!(
        (0.65..1.6).contains(&(sd / stated)),
        "{sd} measured, {stated} stated"
    );
}

/// An instrument that answers yes or no about whether a state is positive.
struct Detector {
    states: Vec<f64>,
    detection: f64,
    false_alarm: f64,
}

impl Experiment for Detector {
    type Outcome = bool;

    fn draws(&self) -> usize {
        self.states.len()
    }

    fn simulate(&self, index: usize, rng: &mut Stream) -> bool {
        rng.uniform() < self.chance(index)
    }

    fn log_density(&self, index: usize, outcome: &bool) -> f64 {
        let chance = self.chance(index);
        if *outcome {
            chance.ln()
        } else {
            (1.0 - chance).ln()
        }
    }
}

impl Detector {
    fn chance(&self, index: usize) -> f64 {
        if self.states[index] > 0.0 {
            self.detection
        } else {
            self.false_alarm
        }
    }
}

#[test]
fn gain_of_a_detector_about_the_whole_and_about_a_question() {
    let (mut whole, mut question, mut unrelated) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..60 {
        let states = measurement(1.0, 1.0, 500 + seed).states;
        let answers: Vec<usize> = states
            .iter()
            .map(|state| usize::from(*state > 0.0))
            .collect();
        let parity: Vec<usize> = (0..states.len()).map(|i| i % 2).collect();
        let detector = Detector {
            states,
            detection: 0.9,
            false_alarm: 0.2,
        };
        let key = StreamKey::new(seed);
        whole.push(expected_information_gain(&detector, key).gain);
        question.push(expected_information_gain_about(&detector, &answers, key).gain);
        unrelated.push(expected_information_gain_about(&detector, &parity, key).gain);
    }
    let exact = of_a_detector(0.5, 0.9, 0.2);
    check_mean(&whole, exact, FALSE_ALARM).unwrap();
    // The instrument sees the sign alone, so the sign is all that it tells of.
    check_mean(&question, exact, FALSE_ALARM).unwrap();
    check_mean(&unrelated, 0.0, FALSE_ALARM).unwrap();
    assert!(check_mean(&question, 1.1 * exact, FALSE_ALARM).is_err());
}

#[test]
fn an_outcome_possible_under_one_draw_only_has_an_infinite_upper_bound() {
    let detector = Detector {
        states: vec![1.0, -1.0],
        detection: 1.0,
        false_alarm: 0.0,
    };
    let gain = expected_information_gain(&detector, StreamKey::new(1));
    assert!((gain.lower - 2.0f64.ln()).abs() < 1e-12 && gain.upper == f64::INFINITY);
    assert_eq!(gain.gain, gain.lower);
}

#[test]
fn evidence_ratio_of_a_point_and_a_spread() {
    let values = vec![0.9, 1.4, 0.2, 1.1, 0.8];
    let exact = NormalNormal {
        mean: 0.0,
        prior_variance: 4.0,
        variance: 1.0,
    };
    let family = Exact(Measurements {
        sd: 1.0,
        values: values.clone(),
    });
    let spread = Independent::new().with("mean", Density::Normal { mean: 0.0, sd: 2.0 });
    let settings = Smc2Settings {
        theta_particles: 1000,
        ..Smc2Settings::exact()
    };
    let seeds: Vec<u64> = (0..40).collect();
    let unknown = LogEvidence::over_seeds(&seeds, |seed| {
        let mut sampler = Smc2::start(&family, &spread, &settings, seed)?;
        sampler.run_to(&family, &spread, values.len() - 1)?;
        Ok(sampler.log_evidence())
    })
    .unwrap();
    let point = NormalNormal {
        mean: 0.0,
        prior_variance: 0.0,
        variance: 1.0,
    };
    let known = LogEvidence {
        runs: vec![point.log_evidence(&values); 40],
    };
    let ratios: Vec<f64> = unknown
        .runs
        .iter()
        .zip(&known.runs)
        .map(|(a, b)| (a - b).exp())
        .collect();
    let factor = exact.log_bayes_factor(0.0, &values).exp();
    check_mean(&ratios, factor, FALSE_ALARM).unwrap();
    assert!(check_mean(&ratios, 1.1 * factor, FALSE_ALARM).is_err());
    let beliefs = compare(&[1.0, 1.0], &[unknown.clone(), known]).unwrap();
    assert!((beliefs[0].probability - factor / (1.0 + factor)).abs() < 0.02);
    assert!(beliefs[0].range.0 < beliefs[0].probability && unknown.spread() < 0.2);
}

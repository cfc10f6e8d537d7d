//! The models that the tests share.

use lazaret_smc::exact::hmm::FiniteHmm;
use lazaret_smc::exact::kalman::LinearGaussian;
use lazaret_smc::model::{ExactLikelihood, StateSpaceModel};
use lazaret_smc::random::{Stream, StreamKey};
use rand_distr::{Distribution, StandardNormal};

/// A family behind a pointer: tests that share a model then share its compiled samplers too.
pub(crate) type Family<M> = Box<dyn Fn(&[f64]) -> M + Sync>;

pub(crate) fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
}

pub(crate) fn log_normal_density(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * std::f64::consts::TAU.ln()
}

/// x₀ ~ N(0, 1); xₜ = φ xₜ₋₁ + N(0, step_sd²); yₜ = xₜ + N(0, sighting_sd²). A `None` was not seen.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) phi: f64,
    pub(crate) step_sd: f64,
    pub(crate) sighting_sd: f64,
    pub(crate) sightings: Vec<Option<f64>>,
}

impl Walk {
    /// Thirty days with a few missing, drawn from the model itself.
    pub(crate) fn example() -> Self {
        Self {
            phi: 0.9,
            step_sd: 0.5,
            sighting_sd: 0.7,
            sightings: Vec::new(),
        }
        .simulated(30, 11)
    }

    /// The same model with fresh sightings at times 0 to `days - 1`; every seventh is missing.
    pub(crate) fn simulated(&self, days: usize, seed: u64) -> Self {
        let mut rng = StreamKey::new(seed).stream();
        let mut x = normal(&mut rng);
        let sightings = (0..days)
            .map(|day| {
                if day > 0 {
                    x = self.phi * x + self.step_sd * normal(&mut rng);
                }
                let y = x + self.sighting_sd * normal(&mut rng);
                (day % 7 != 3).then_some(y)
            })
            .collect();
        Self {
            sightings,
            ..self.clone()
        }
    }

    /// The walks that differ in φ = θ₀ alone.
    pub(crate) fn with_unknown_phi(&self) -> Family<Self> {
        let walk = self.clone();
        Box::new(move |theta| Self {
            phi: theta[0],
            ..walk.clone()
        })
    }

    pub(crate) fn last(&self) -> usize {
        self.sightings.len() - 1
    }

    pub(crate) fn with_sighting_sd_scaled(&self, factor: f64) -> Self {
        Self {
            sighting_sd: self.sighting_sd * factor,
            ..self.clone()
        }
    }

    pub(crate) fn kalman(&self) -> LinearGaussian {
        LinearGaussian::scalar(
            1.0,
            self.phi,
            self.step_sd.powi(2),
            self.sighting_sd.powi(2),
        )
    }

    pub(crate) fn exact_log_evidence(&self) -> f64 {
        self.kalman().filter(&self.sightings).log_evidence
    }
}

impl StateSpaceModel for Walk {
    type State = f64;

    fn initialise(&self, rng: &mut Stream) -> f64 {
        normal(rng)
    }

    fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
        *state = self.phi * *state + self.step_sd * normal(rng);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        self.sightings
            .get(time)
            .copied()
            .flatten()
            .map(|_| time)
            .into_iter()
    }

    fn log_likelihood(&self, state: &f64, _time: usize, row: usize) -> f64 {
        log_normal_density(
            self.sightings[row].unwrap_or(f64::NAN),
            *state,
            self.sighting_sd,
        )
    }
}

/// A chain over few states, seen through a table.
pub(crate) struct Chain {
    pub(crate) hmm: FiniteHmm,
    /// `[time][state]`
    pub(crate) log_likelihood: Vec<Vec<f64>>,
}

impl Chain {
    pub(crate) fn example() -> Self {
        let hmm = FiniteHmm {
            start: vec![0.5, 0.3, 0.2],
            transition: vec![
                vec![0.7, 0.2, 0.1],
                vec![0.1, 0.8, 0.1],
                vec![0.0, 0.3, 0.7],
            ],
        };
        let table = [
            [0.7f64, 0.2, 0.1],
            [0.1, 0.3, 0.6],
            [0.3, 0.0, 0.5],
            [0.2, 0.7, 0.4],
        ];
        let log_likelihood = (0..16)
            .map(|t| table[(t * t) % 4].iter().map(|p| p.ln()).collect())
            .collect();
        Self {
            hmm,
            log_likelihood,
        }
    }
}

fn pick(probabilities: &[f64], rng: &mut Stream) -> usize {
    let mut left = rng.uniform();
    for (index, p) in probabilities.iter().enumerate() {
        if left < *p {
            return index;
        }
        left -= p;
    }
    probabilities.len() - 1
}

impl StateSpaceModel for Chain {
    type State = usize;

    fn initialise(&self, rng: &mut Stream) -> usize {
        pick(&self.hmm.start, rng)
    }

    fn step(&self, state: &mut usize, _time: usize, rng: &mut Stream) {
        *state = pick(&self.hmm.transition[*state], rng);
    }

    fn log_likelihood(&self, state: &usize, time: usize, _row: usize) -> f64 {
        self.log_likelihood[time][*state]
    }
}

/// Measurements about an unknown mean θ₀, exactly: for IBIS.
pub(crate) struct Measurements {
    pub(crate) sd: f64,
    pub(crate) values: Vec<f64>,
}

impl ExactLikelihood for Measurements {
    type Memory = ();

    fn start(&self, _theta: &[f64]) {}

    fn log_predictive(&self, theta: &[f64], _memory: &mut (), time: usize) -> f64 {
        log_normal_density(self.values[time], theta[0], self.sd)
    }
}

/// The Kalman filter as an exact likelihood with unknown φ = θ₀.
pub(crate) struct ExactWalk(pub(crate) Walk);

impl ExactLikelihood for ExactWalk {
    /// Mean and variance of the state given the rows so far.
    type Memory = (f64, f64);

    fn start(&self, _theta: &[f64]) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn log_predictive(&self, theta: &[f64], memory: &mut (f64, f64), time: usize) -> f64 {
        let (mut mean, mut variance) = *memory;
        if time > 0 {
            mean *= theta[0];
            variance = theta[0].powi(2) * variance + self.0.step_sd.powi(2);
        }
        let mut log_predictive = 0.0;
        if let Some(y) = self.0.sightings[time] {
            let total = variance + self.0.sighting_sd.powi(2);
            log_predictive = log_normal_density(y, mean, total.sqrt());
            mean += variance / total * (y - mean);
            variance *= 1.0 - variance / total;
        }
        *memory = (mean, variance);
        log_predictive
    }
}

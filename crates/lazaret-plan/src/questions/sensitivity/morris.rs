//! Morris screening: elementary effects along random trajectories (Morris1991, with the absolute mean of
//! CampolongoCariboniSaltelli2007).

use serde::Serialize;

use crate::estimate::{Estimate, EstimateError, mean, mean_and_variance};
use crate::random::Stream;

/// The points to evaluate, and how to read the answers.
#[derive(Clone, Debug)]
pub struct MorrisPlan {
    inputs: usize,
    /// `trajectories × (inputs + 1)` points of the unit cube, trajectory after trajectory.
    points: Vec<Vec<f64>>,
    /// For each trajectory, the input that changes at each step, and by how much.
    moves: Vec<Vec<(usize, f64)>>,
}

/// The effect of one input over the whole of its range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Mean of the elementary effects: the change of the metric if the input crosses its range, with sign.
    pub mean: f64,
    /// Mean of their absolute values, with its interval: how much the input matters.
    pub importance: Estimate,
    /// Standard deviation of the effects: large beside the importance if the input acts non-linearly or with others.
    pub sd: f64,
}

impl MorrisPlan {
    /// Number of levels of the grid; Morris advises an even number, four is usual.
    pub const LEVELS: usize = 4;

    /// Draws trajectories.
    ///
    /// * `inputs` — number of inputs, each on (0, 1) after scaling.
    /// * `trajectories` — at least 2 for an interval; 10 to 50 are usual. Cost: `trajectories × (inputs + 1)` runs.
    #[must_use]
    pub fn new(inputs: usize, trajectories: usize, seed: u64) -> Self {
        let step = Self::LEVELS as f64 / (2.0 * (Self::LEVELS as f64 - 1.0));
        let mut points = Vec::with_capacity(trajectories * (inputs + 1));
        let mut moves = Vec::with_capacity(trajectories);
        for trajectory in 0..trajectories {
            let mut stream = Stream::new(seed, 0x4D6F_7272_0000_0000 | trajectory as u64);
            let mut at: Vec<f64> = (0..inputs)
                .map(|_| stream.below(Self::LEVELS) as f64 / (Self::LEVELS - 1) as f64)
                .collect();
            let mut order: Vec<usize> = (0..inputs).collect();
            stream.shuffle(&mut order);
            points.push(at.clone());
            let mut steps = Vec::with_capacity(inputs);
            for input in order {
                // With this step size exactly one direction stays on the grid.
                let change = if at[input] + step <= 1.0 + 1e-9 {
                    step
                } else {
                    -step
                };
                at[input] += change;
                points.push(at.clone());
                steps.push((input, change));
            }
            moves.push(steps);
        }
        MorrisPlan {
            inputs,
            points,
            moves,
        }
    }

    /// The runs to make, in the order in which [`analyse`](Self::analyse) wants their values: point and replication.
    ///
    /// All points of a trajectory share a replication, so that chance does not pass for an effect. Grid ends are 0 and 1;
    /// a distribution without ends should be cut off by [`inside`].
    pub fn runs(&self) -> impl Iterator<Item = (&[f64], u64)> {
        self.points
            .iter()
            .enumerate()
            .map(|(i, p)| (p.as_slice(), (i / (self.inputs + 1)) as u64))
    }

    /// Reads the values of all runs.
    ///
    /// # Errors
    /// [`EstimateError::TooFew`] if fewer than two trajectories gave a value for some input.
    ///
    /// # Panics
    /// If `values` has another length than [`runs`](Self::runs).
    pub fn analyse(&self, values: &[f64], level: f64) -> Result<Vec<Effect>, EstimateError> {
        assert_eq!(values.len(), self.points.len(), "one value a run");
        let mut effects = vec![Vec::with_capacity(self.moves.len()); self.inputs];
        for (trajectory, steps) in self.moves.iter().enumerate() {
            let from = trajectory * (self.inputs + 1);
            for (i, &(input, change)) in steps.iter().enumerate() {
                let effect = (values[from + i + 1] - values[from + i]) / change;
                if effect.is_finite() {
                    effects[input].push(effect);
                }
            }
        }
        effects
            .iter()
            .map(|e| {
                let sizes: Vec<f64> = e.iter().map(|x| x.abs()).collect();
                let (average, variance) = mean_and_variance(e);
                Ok(Effect {
                    mean: average,
                    importance: mean(&sizes, level)?,
                    sd: variance.sqrt(),
                })
            })
            .collect()
    }
}

/// Moves a point of [0, 1] off the ends, to where any distribution has a finite quantile: 1 % and 99 %.
#[must_use]
pub fn inside(u: f64) -> f64 {
    0.01 + 0.98 * u
}

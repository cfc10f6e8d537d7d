//! Where the particles came from: smoothing paths out of the genealogy.

use super::{Filter, Scratch};
use crate::model::BatchModel;
use crate::random::Stream;

/// Every population of a run and the ancestors between them.
///
/// A path traced back from a particle drawn by the last weights is a draw from the smoothing
/// distribution, p(states | all rows), up to Monte Carlo error. Paths of one run share their distant past:
/// for independent pasts run several filters, as [`Smc2::paths`](crate::smc2::Smc2::paths) does.
#[derive(Clone, Debug)]
pub struct History<P> {
    populations: Vec<P>,
    /// `ancestors[t]` leads from time `t` to `t - 1`; empty if each particle is its own ancestor.
    ancestors: Vec<Vec<u32>>,
    last_weights: Vec<f64>,
}

impl<P> Default for History<P> {
    fn default() -> Self {
        Self {
            populations: Vec::new(),
            ancestors: Vec::new(),
            last_weights: Vec::new(),
        }
    }
}

impl<P: Clone> History<P> {
    /// Records the present of `filter`, with the ancestors that `scratch` holds since its last
    /// `propagate`. Call it once for each time.
    pub fn push(&mut self, filter: &Filter<P>, scratch: &Scratch<P>) {
        self.populations.push(filter.population.clone());
        self.ancestors.push(if scratch.resampled {
            scratch.ancestors.clone()
        } else {
            Vec::new()
        });
        self.last_weights.clone_from(&filter.weights);
    }

    /// Draws a path of states, one for each time recorded, the earliest first.
    /// Empty if nothing was recorded.
    pub fn path<M: BatchModel<Population = P>>(
        &self,
        model: &M,
        stream: &mut Stream,
    ) -> Vec<M::State> {
        self.trace(model, pick(&self.last_weights, stream.uniform()))
    }

    /// The path that ends in particle `last`.
    pub(crate) fn trace<M: BatchModel<Population = P>>(
        &self,
        model: &M,
        last: usize,
    ) -> Vec<M::State> {
        let mut particle = last;
        let mut path = Vec::with_capacity(self.populations.len());
        for (population, ancestors) in self.populations.iter().zip(&self.ancestors).rev() {
            path.push(model.state(population, particle));
            if let Some(ancestor) = ancestors.get(particle) {
                particle = *ancestor as usize;
            }
        }
        path.reverse();
        path
    }

    /// The population recorded last.
    pub(crate) fn last(&self) -> &P {
        &self.populations[self.populations.len() - 1]
    }

    /// The weights recorded last.
    pub(crate) fn last_weights(&self) -> &[f64] {
        &self.last_weights
    }
}

/// The index at which the running sum of the weights, which sum to 1, passes `point`.
fn pick(weights: &[f64], point: f64) -> usize {
    let mut cumulated = 0.0;
    for (index, weight) in weights.iter().enumerate() {
        cumulated += weight;
        if point < cumulated {
            return index;
        }
    }
    weights
        .iter()
        .rposition(|weight| *weight > 0.0)
        .unwrap_or(0)
}

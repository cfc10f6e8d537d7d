//! A gateway with the evidence about it, as a model that the samplers of `lazaret-smc` can run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_smc::model::{Family, StateSpaceModel};
use lazaret_smc::random::Stream;

use crate::belief::Belief;
use crate::kernel::{Figures, Kernel};
use crate::observation::{Observation, Observations};

/// A kernel, the evidence and the prior: one model for each value of the unknowns.
pub struct Site<'a, K: Kernel> {
    kernel: &'a K,
    observations: &'a Observations,
    belief: &'a Belief,
    /// Stands in where the unknowns make no distribution; such values are impossible under any evidence.
    fallback: Arc<K::Fixed>,
    /// Kernels that were set lately; setting one costs as much as stepping it a hundred times.
    known: [Mutex<Known<K::Fixed>>; SHARDS],
    /// Days that rates look back.
    window: usize,
}

type Known<F> = HashMap<Vec<u64>, Arc<Setting<F>>>;

const SHARDS: usize = 16;
/// Settings kept in a shard; enough for five hundred θ and as many proposals, at some twenty kilobytes each.
const KEPT_MOST: usize = 64;

/// The unknowns and the kernel set to them.
struct Setting<F> {
    unknowns: Vec<f64>,
    fixed: Option<Arc<F>>,
}

/// The model at one value of the unknowns.
pub struct Member<'s, K: Kernel> {
    kernel: &'s K,
    observations: &'s Observations,
    setting: Arc<Setting<K::Fixed>>,
    fixed: Arc<K::Fixed>,
    window: usize,
}

/// A state of the kernel with what rates need to remember.
#[derive(Debug)]
pub struct Followed<S> {
    /// The kernel's own state.
    pub inner: S,
    /// Flows of the latest days: convoys, vehicles, lots, dispatched; empty if no rate is observed.
    recent: Vec<[u16; 4]>,
}

impl<S: Clone> Clone for Followed<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            recent: self.recent.clone(),
        }
    }

    fn clone_from(&mut self, from: &Self) {
        self.inner.clone_from(&from.inner);
        self.recent.clone_from(&from.recent);
    }
}

impl<'a, K: Kernel> Site<'a, K> {
    /// Ties the three together.
    ///
    /// * `window` — days that rates may look back, if more than the evidence needs.
    ///
    /// # Errors
    /// If the means of the unknowns make no distribution in the gateway file.
    pub fn new(
        kernel: &'a K,
        observations: &'a Observations,
        belief: &'a Belief,
        means: &[f64],
        window: usize,
    ) -> Result<Self, String> {
        Ok(Self {
            kernel,
            observations,
            belief,
            fallback: Arc::new(kernel.fix(means)?),
            known: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            window: observations.window_most.max(window),
        })
    }

    fn setting(&self, theta: &[f64]) -> Arc<Setting<K::Fixed>> {
        let bits: Vec<u64> = theta.iter().map(|x| x.to_bits()).collect();
        let mixed = bits.iter().fold(0u64, |sum, b| {
            (sum ^ b)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
        });
        let shard = &self.known[(mixed >> 32) as usize % SHARDS];
        // A poisoned lock means that another thread panicked; what it kept is still right.
        let found = shard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&bits)
            .cloned();
        if let Some(found) = found {
            return found;
        }
        let unknowns = self.belief.unknowns(theta);
        let fixed = self.kernel.fix(&unknowns).ok().map(Arc::new);
        let setting = Arc::new(Setting { unknowns, fixed });
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= KEPT_MOST {
            shard.clear();
        }
        shard.insert(bits, Arc::clone(&setting));
        setting
    }

    /// Figures of the day that a state has reached.
    pub fn today(&self, state: &Followed<K::State>) -> Figures {
        self.kernel.today(&state.inner)
    }

    /// Values of the unknowns under `theta`.
    #[must_use]
    pub fn unknowns(&self, theta: &[f64]) -> Vec<f64> {
        self.belief.unknowns(theta)
    }
}

fn truth(observation: &Observation, today: &Figures, recent: &[[u16; 4]], unknowns: &[f64]) -> f64 {
    observation.truth(today, &sums(recent, observation.window), unknowns)
}

fn sums(recent: &[[u16; 4]], window: usize) -> [f64; 4] {
    let mut sums = [0.0; 4];
    if window > 1 {
        for day in recent.iter().rev().take(window) {
            for (sum, flow) in sums.iter_mut().zip(day) {
                *sum += f64::from(*flow);
            }
        }
    }
    sums
}

impl<K: Kernel> Family for Site<'_, K> {
    type Population = Vec<Followed<K::State>>;
    type State = Followed<K::State>;
    type Model<'s>
        = Member<'s, K>
    where
        Self: 's;

    fn model<'s>(&'s self, theta: &[f64]) -> Member<'s, K> {
        let setting = self.setting(theta);
        let fixed = setting.fixed.as_ref().unwrap_or(&self.fallback);
        Member {
            kernel: self.kernel,
            observations: self.observations,
            fixed: Arc::clone(fixed),
            setting,
            window: self.window,
        }
    }
}

impl<K: Kernel> Member<'_, K> {
    fn remember(&self, state: &mut Followed<K::State>) {
        if self.window <= 1 {
            return;
        }
        let today = self.kernel.today(&state.inner);
        if state.recent.len() >= self.window {
            state.recent.remove(0);
        }
        let short = |n: u32| n.min(u32::from(u16::MAX)) as u16;
        state.recent.push([
            short(today.convoys),
            short(today.vehicles),
            short(today.lots),
            short(today.dispatched),
        ]);
    }
}

impl<K: Kernel> StateSpaceModel for Member<'_, K> {
    type State = Followed<K::State>;

    fn initialise(&self, rng: &mut Stream) -> Self::State {
        let mut state = Followed {
            inner: self.kernel.start(&self.fixed, rng),
            recent: Vec::new(),
        };
        self.remember(&mut state);
        state
    }

    fn step(&self, state: &mut Self::State, day: usize, rng: &mut Stream) {
        self.kernel.step(&self.fixed, &mut state.inner, day, rng);
        self.remember(state);
    }

    fn rows(&self, day: usize) -> impl Iterator<Item = usize> + '_ {
        self.observations
            .by_day
            .get(day)
            .into_iter()
            .flatten()
            .copied()
    }

    fn log_likelihood(&self, state: &Self::State, _day: usize, row: usize) -> f64 {
        if self.setting.fixed.is_none() {
            return f64::NEG_INFINITY;
        }
        let observation = &self.observations.used[row];
        let today = self.kernel.today(&state.inner);
        let truth = truth(observation, &today, &state.recent, &self.setting.unknowns);
        observation.log_likelihood(truth)
    }
}

//! What a model must be able to do.
//!
//! Write a [`StateSpaceModel`] if one particle at a time is natural: start a state, step it, say how
//! likely an observation is. Write a [`BatchModel`] if a whole population can be moved faster at once, for
//! instance as a struct of arrays; every `StateSpaceModel` is a `BatchModel` already.
//!
//! **Time** is a whole number, the step. `initialise` gives the state at time 0; `step(…, t, …)` takes the
//! state from `t - 1` to `t`.
//!
//! **Rows** are the observations. A model owns its data and tells which rows belong to a time; a row
//! number is the caller's own (the line of a file, say) and is what conflicts and evidence increments are
//! reported by. A time may have no rows or many. Rows at one time must be independent given the state and what the
//! rows before them have taught.
//!
//! **Rows may teach.** A state can carry what it has learned of those who report, such as how often a source has
//! erred. [`StateSpaceModel::taken_in`] is called once a row has been weighed and is kept; there the state may draw
//! what the row leaves open (was this one an error?) from its distribution *given the state and the row*, and remember
//! it. Weighing by the likelihood with that summed out and drawing it afterwards is exact: together they are one row of
//! a model whose state holds the answer. A row that is left out or set aside teaches nothing.

use crate::random::{Stream, StreamKey, Streams};

/// A hidden Markov process that can be cloned and stepped, with observations of it.
///
/// ```
/// use lazaret_smc::model::StateSpaceModel;
/// use lazaret_smc::random::Stream;
/// use rand_distr::{Distribution, Normal};
///
/// /// A random walk seen through noise; row `t` is the sighting at time `t`.
/// struct Walk {
///     sightings: Vec<f64>,
/// }
///
/// impl StateSpaceModel for Walk {
///     type State = f64;
///     fn initialise(&self, rng: &mut Stream) -> f64 {
///         Normal::new(0.0, 1.0).unwrap().sample(rng)
///     }
///     fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
///         *state += Normal::new(0.0, 0.5).unwrap().sample(rng);
///     }
///     fn log_likelihood(&self, state: &f64, _time: usize, row: usize) -> f64 {
///         -0.5 * (self.sightings[row] - state).powi(2)
///     }
/// }
/// ```
pub trait StateSpaceModel: Sync {
    /// Everything that the future depends on.
    type State: Clone + Send + Sync;

    /// Draws a state at time 0, before its observations.
    fn initialise(&self, rng: &mut Stream) -> Self::State;

    /// Moves a state from time `time - 1` to `time`.
    fn step(&self, state: &mut Self::State, time: usize, rng: &mut Stream);

    /// The rows observed at `time`, in the order in which they are taken in. Row `time` unless overridden.
    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(time)
    }

    /// Log-probability (or density) of row `row` given the state at `time`. `-inf` says impossible;
    /// `NaN` and `+inf` are errors.
    fn log_likelihood(&self, state: &Self::State, time: usize, row: usize) -> f64;

    /// Lets the state remember a row that has just been weighed and is kept. Nothing unless overridden.
    ///
    /// Called for every particle, also for one that the row has left without weight; its weight is final. What is drawn
    /// here must be drawn given the state and the row, as the [module](self) says.
    ///
    /// * `exponent` — the power to which the likelihood was raised, above 0.
    /// * `rng` — a stream that nothing else draws from, found by the time, the row's number and the particle.
    fn taken_in(
        &self,
        _state: &mut Self::State,
        _time: usize,
        _row: usize,
        _exponent: f64,
        _rng: &mut Stream,
    ) {
    }
}

/// A [`StateSpaceModel`] that moves a whole population at once.
///
/// Particle `i` should draw only from `streams.particle(i)`, and must not draw what is not a function of
/// it, or results will change with the size of the batch.
pub trait BatchModel: Sync {
    /// N particles, in whatever layout is fast.
    type Population: Clone + Send + Sync;
    /// What is to be known of one particle: all of it, or what is recorded and asked about.
    type State: Clone + Send + Sync;

    /// Draws `count` particles at time 0.
    fn initialise(&self, count: usize, streams: &Streams) -> Self::Population;

    /// Moves every particle from time `time - 1` to `time`.
    fn step(&self, population: &mut Self::Population, time: usize, streams: &Streams);

    /// Makes `into` the particles `from[ancestors[0]], from[ancestors[1]], …`, whatever it held before.
    fn select(&self, from: &Self::Population, ancestors: &[u32], into: &mut Self::Population);

    /// As [`StateSpaceModel::rows`].
    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_;

    /// Writes the log-likelihood of a row for each particle into `into`, which has one slot a particle.
    fn log_likelihood(
        &self,
        population: &Self::Population,
        time: usize,
        row: usize,
        into: &mut [f64],
    );

    /// Writes the likelihoods themselves into `into` and returns true, where the model can tell them without a logarithm and none
    /// of them is so small that products of a few would vanish. What is left in `into` counts for nothing otherwise.
    fn likelihood(
        &self,
        _population: &Self::Population,
        _time: usize,
        _row: usize,
        _into: &mut [f64],
    ) -> bool {
        false
    }

    /// As [`StateSpaceModel::taken_in`], for all particles.
    ///
    /// * `key` — that of this filter and time. Particle `i` should draw only from `key.at(a).particle(i)`, where `a`
    ///   tells the row from the others of its time, and stays the same when rows are added.
    fn taken_in(
        &self,
        _population: &mut Self::Population,
        _time: usize,
        _row: usize,
        _exponent: f64,
        _key: StreamKey,
    ) {
    }

    /// One particle.
    fn state(&self, population: &Self::Population, index: usize) -> Self::State;
}

/// Makes `into` the states `from[ancestors[0]], from[ancestors[1]], …`, whatever it held before:
/// [`BatchModel::select`] for particles that are kept one by one.
pub fn select<S: Clone>(from: &[S], ancestors: &[u32], into: &mut Vec<S>) {
    into.truncate(ancestors.len());
    // `clone_from` lets states that own memory reuse it.
    for (slot, ancestor) in into.iter_mut().zip(ancestors) {
        slot.clone_from(&from[*ancestor as usize]);
    }
    let filled = into.len();
    into.extend(
        ancestors[filled..]
            .iter()
            .map(|ancestor| from[*ancestor as usize].clone()),
    );
}

impl<M: StateSpaceModel> BatchModel for M {
    type Population = Vec<M::State>;
    type State = M::State;

    fn initialise(&self, count: usize, streams: &Streams) -> Vec<M::State> {
        (0..count)
            .map(|i| StateSpaceModel::initialise(self, &mut streams.particle(i)))
            .collect()
    }

    fn step(&self, population: &mut Vec<M::State>, time: usize, streams: &Streams) {
        for (i, state) in population.iter_mut().enumerate() {
            StateSpaceModel::step(self, state, time, &mut streams.particle(i));
        }
    }

    fn select(&self, from: &Vec<M::State>, ancestors: &[u32], into: &mut Vec<M::State>) {
        select(from, ancestors, into);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        StateSpaceModel::rows(self, time)
    }

    fn log_likelihood(
        &self,
        population: &Vec<M::State>,
        time: usize,
        row: usize,
        into: &mut [f64],
    ) {
        for (slot, state) in into.iter_mut().zip(population) {
            *slot = StateSpaceModel::log_likelihood(self, state, time, row);
        }
    }

    fn taken_in(
        &self,
        population: &mut Vec<M::State>,
        time: usize,
        row: usize,
        exponent: f64,
        key: StreamKey,
    ) {
        let streams = key.at(row);
        for (i, state) in population.iter_mut().enumerate() {
            let rng = &mut streams.particle(i);
            StateSpaceModel::taken_in(self, state, time, row, exponent, rng);
        }
    }

    fn state(&self, population: &Vec<M::State>, index: usize) -> M::State {
        population[index].clone()
    }
}

/// Models that differ only in unknown numbers θ.
///
/// A closure `|theta: &[f64]| SomeModel { … }` is a family. The rows of a time must not depend on θ.
pub trait Family: Sync {
    /// The population type of every member.
    type Population: Clone + Send + Sync;
    /// The state type of every member.
    type State: Clone + Send + Sync;
    /// The model at one θ; it may borrow the data from the family.
    type Model<'a>: BatchModel<Population = Self::Population, State = Self::State>
    where
        Self: 'a;

    /// The model at `theta`, whose entries are in the order of the [prior](crate::prior::Prior).
    fn model<'a>(&'a self, theta: &[f64]) -> Self::Model<'a>;

    /// Log-likelihood of each row given those before it, where it follows from θ alone and no filter is needed: one entry
    /// for each row that is raised to a power above 0, in the order in which they are taken in up to time `last`.
    /// `None` unless overridden; it must be `None` for every θ or for none.
    fn without_state(
        &self,
        _theta: &[f64],
        _last: usize,
        _emphasis: &crate::filter::Emphasis,
    ) -> Option<Vec<f64>> {
        None
    }
}

impl<M: BatchModel, F: Fn(&[f64]) -> M + Sync> Family for F {
    type Population = M::Population;
    type State = M::State;
    type Model<'a>
        = M
    where
        F: 'a;

    fn model(&self, theta: &[f64]) -> M {
        self(theta)
    }
}

/// Data whose likelihood given θ is known exactly, row by row in time: then no state particles are needed
/// and SMC² becomes IBIS (Chopin2002). Wrap it in [`Exact`] to use it as a [`Family`].
///
/// ```
/// use lazaret_smc::model::ExactLikelihood;
///
/// /// Tosses of a coin with unknown chance of heads.
/// struct Tosses(Vec<bool>);
///
/// impl ExactLikelihood for Tosses {
///     type Memory = ();
///     fn start(&self, _theta: &[f64]) {}
///     fn log_predictive(&self, theta: &[f64], _memory: &mut (), time: usize) -> f64 {
///         if self.0[time] { theta[0].ln() } else { (1.0 - theta[0]).ln() }
///     }
/// }
/// ```
pub trait ExactLikelihood: Sync {
    /// What must be remembered of the rows before, such as the mean and variance of a Kalman filter.
    type Memory: Clone + Send + Sync;

    /// The memory before any row.
    fn start(&self, theta: &[f64]) -> Self::Memory;

    /// Log-density of row `time` given the rows before it, after which the memory has taken it in.
    fn log_predictive(&self, theta: &[f64], memory: &mut Self::Memory, time: usize) -> f64;
}

/// Makes a [`Family`] of an [`ExactLikelihood`]. Give the filter one particle: more would be copies.
pub struct Exact<L>(pub L);

/// The model of an [`Exact`] family at one θ.
pub struct ExactModel<'a, L> {
    likelihood: &'a L,
    theta: Vec<f64>,
}

impl<L: ExactLikelihood> Family for Exact<L> {
    type Population = Vec<(L::Memory, f64)>;
    type State = (L::Memory, f64);
    type Model<'a>
        = ExactModel<'a, L>
    where
        L: 'a;

    fn model<'a>(&'a self, theta: &[f64]) -> ExactModel<'a, L> {
        ExactModel {
            likelihood: &self.0,
            theta: theta.to_vec(),
        }
    }
}

impl<L: ExactLikelihood> StateSpaceModel for ExactModel<'_, L> {
    type State = (L::Memory, f64);

    fn initialise(&self, _rng: &mut Stream) -> Self::State {
        let mut memory = self.likelihood.start(&self.theta);
        let log_predictive = self.likelihood.log_predictive(&self.theta, &mut memory, 0);
        (memory, log_predictive)
    }

    fn step(&self, state: &mut Self::State, time: usize, _rng: &mut Stream) {
        state.1 = self
            .likelihood
            .log_predictive(&self.theta, &mut state.0, time);
    }

    fn log_likelihood(&self, state: &Self::State, _time: usize, _row: usize) -> f64 {
        state.1
    }
}

/// A path of states from time 0 to `last`, drawn from the model without looking at the data.
pub fn simulate<M: BatchModel>(model: &M, last: usize, key: StreamKey) -> Vec<M::State> {
    let mut population = model.initialise(1, &key.at(0));
    let mut path = vec![model.state(&population, 0)];
    for time in 1..=last {
        model.step(&mut population, time, &key.at(time));
        path.push(model.state(&population, 0));
    }
    path
}

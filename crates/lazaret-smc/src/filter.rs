//! The bootstrap particle filter (Gordon1993), with evidence, smoothing paths and forecasts.
//!
//! ```
//! use lazaret_smc::filter::{Filter, FilterSettings, Scratch};
//! use lazaret_smc::model::StateSpaceModel;
//! use lazaret_smc::random::{Stream, StreamKey};
//! use rand_distr::{Distribution, StandardNormal};
//!
//! struct Walk(Vec<f64>);
//! impl StateSpaceModel for Walk {
//!     type State = f64;
//!     fn initialise(&self, rng: &mut Stream) -> f64 {
//!         StandardNormal.sample(rng)
//!     }
//!     fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
//!         *state += <StandardNormal as Distribution<f64>>::sample(&StandardNormal, rng);
//!     }
//!     fn log_likelihood(&self, state: &f64, _time: usize, row: usize) -> f64 {
//!         -0.5 * (self.0[row] - state).powi(2) - 0.5 * std::f64::consts::TAU.ln()
//!     }
//! }
//!
//! let walk = Walk(vec![0.3, 0.9, 1.4]);
//! let settings = FilterSettings { particles: 1000, ..FilterSettings::default() };
//! let mut filter = Filter::start(&walk, &settings, StreamKey::new(1));
//! filter.assimilate(&walk)?;
//! let mut scratch = Scratch::default();
//! for _ in 1..3 {
//!     filter.propagate(&walk, &mut scratch);
//!     filter.assimilate(&walk)?;
//! }
//! assert!(filter.log_evidence() < 0.0);
//! assert!((filter.mean(|state| *state) - 1.2).abs() < 0.4);
//! // Ten steps beyond the data, 500 paths, as the position at each:
//! let ahead = filter.forecast(&walk, 12, 500, StreamKey::new(2), |state, _time| *state);
//! assert_eq!((ahead.len(), ahead[0].len()), (10, 500));
//! # Ok::<(), lazaret_smc::SmcError>(())
//! ```

mod history;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::history::History;
use crate::error::{Conflict, OnConflict, SmcError};
use crate::model::BatchModel;
use crate::random::StreamKey;
use crate::resampling::{Scheme, systematic};
use crate::summary::Weighted;

/// How a filter runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilterSettings {
    /// Number of state particles, at least 1.
    pub particles: usize,
    /// How ancestors are drawn.
    pub scheme: Scheme,
    /// Resample before a step if the effective sample size is below this share of the particles.
    pub resample_below: f64,
    /// What to do with a row that kills the particles.
    pub on_conflict: OnConflict,
    /// Powers to which rows are raised.
    pub emphasis: Emphasis,
}

impl Default for FilterSettings {
    fn default() -> Self {
        Self {
            particles: 1024,
            scheme: Scheme::Systematic,
            resample_below: 0.5,
            on_conflict: OnConflict::Stop,
            emphasis: Emphasis::default(),
        }
    }
}

/// The child of a filter's key under which rows are taken in; the other children are times.
const TAKEN_IN: u64 = u64::MAX;

/// Powers to which the likelihoods of rows are raised: 1 unless said otherwise, 0 leaves a row out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Emphasis(BTreeMap<usize, f64>);

impl Emphasis {
    /// Leaves the given rows out.
    #[must_use]
    pub fn without(rows: &[usize]) -> Self {
        Self(rows.iter().map(|row| (*row, 0.0)).collect())
    }

    /// Raises `row` to the power `exponent`, at least 0.
    pub fn set(&mut self, row: usize, exponent: f64) {
        self.0.insert(row, exponent.max(0.0));
    }

    /// The same powers for rows that have other numbers; rows that have none any more are forgotten.
    #[must_use]
    pub(crate) fn renumbered(&self, now: impl Fn(usize) -> Option<usize>) -> Self {
        let powers = self.0.iter();
        Self(
            powers
                .filter_map(|(row, power)| Some((now(*row)?, *power)))
                .collect(),
        )
    }

    /// The power of `row`.
    #[must_use]
    pub fn of(&self, row: usize) -> f64 {
        if self.0.is_empty() {
            1.0
        } else {
            self.0.get(&row).copied().unwrap_or(1.0)
        }
    }
}

/// Working memory that filters of one model can share, one after another.
#[derive(Clone, Debug)]
pub struct Scratch<P> {
    population: Option<P>,
    ancestors: Vec<u32>,
    resampled: bool,
}

impl<P> Default for Scratch<P> {
    fn default() -> Self {
        Self {
            population: None,
            ancestors: Vec::new(),
            resampled: false,
        }
    }
}

/// What one row did to a filter or sampler.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowIncrement {
    /// The time of the row.
    pub time: usize,
    /// The row, by the model's own number.
    pub row: usize,
    /// Log-evidence of the row given those before it.
    pub log_evidence: f64,
    /// Effective sample size after the row, before any resampling, as a share of the particles: of the
    /// state particles in a filter, of the parameter particles in [SMC²](crate::smc2).
    pub share_after: f64,
    /// Effective share of the state particles after the row; in SMC² the mean over the θ by weight. A few
    /// per cent say that the row was a surprise even to those θ that explain it best, and that its
    /// likelihood is known roughly.
    pub state_share_after: f64,
}

/// A bootstrap filter part-way through its data.
///
/// It starts at time 0 with nothing taken in. Alternate [`assimilate`](Self::assimilate) and
/// [`propagate`](Self::propagate).
#[derive(Clone, Debug)]
pub struct Filter<P> {
    key: StreamKey,
    settings: FilterSettings,
    time: usize,
    population: P,
    /// Since the last resampling, shifted so that the weights sum to 1; not kept up while `plain`.
    log_weights: Vec<f64>,
    weights: Vec<f64>,
    /// Whether the weights were last multiplied as they are, so that their logarithms are not known.
    plain: bool,
    /// Work space of `weigh`, and what `unweigh` goes back to.
    before: Before,
    effective_sample_size: f64,
    log_evidence: f64,
    increments: Vec<RowIncrement>,
    conflicts: Vec<Conflict>,
}

#[derive(Clone, Debug)]
struct Before {
    log_weights: Vec<f64>,
    /// Where likelihoods were multiplied as they are, the weights before; else work space.
    weights: Vec<f64>,
    /// Whether they were.
    multiplied: bool,
    plain: bool,
    log_evidence: f64,
    effective_sample_size: f64,
}

impl<P: Clone> Filter<P> {
    /// Draws the particles at time 0. The run is a function of the model, the settings and `key`.
    pub fn start<M: BatchModel<Population = P>>(
        model: &M,
        settings: &FilterSettings,
        key: StreamKey,
    ) -> Self {
        let count = settings.particles.max(1);
        let log_weight = -(count as f64).ln();
        Self {
            key,
            settings: settings.clone(),
            time: 0,
            population: model.initialise(count, &key.at(0)),
            log_weights: vec![log_weight; count],
            weights: vec![1.0 / count as f64; count],
            plain: false,
            before: Before {
                log_weights: vec![log_weight; count],
                weights: vec![1.0 / count as f64; count],
                multiplied: false,
                plain: false,
                log_evidence: 0.0,
                effective_sample_size: count as f64,
            },
            effective_sample_size: count as f64,
            log_evidence: 0.0,
            increments: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Starts a filter and runs it to time `last`, that time's rows included.
    ///
    /// # Errors
    /// As [`assimilate`](Self::assimilate).
    pub fn run<M: BatchModel<Population = P>>(
        model: &M,
        last: usize,
        settings: &FilterSettings,
        key: StreamKey,
    ) -> Result<Self, SmcError> {
        let mut filter = Self::start(model, settings, key);
        let mut scratch = Scratch::default();
        filter.assimilate(model)?;
        for _ in 0..last {
            filter.propagate(model, &mut scratch);
            filter.assimilate(model)?;
        }
        Ok(filter)
    }

    /// As [`run`](Self::run), and keeps every population for [`History::path`].
    ///
    /// # Errors
    /// As [`assimilate`](Self::assimilate).
    pub fn run_recorded<M: BatchModel<Population = P>>(
        model: &M,
        last: usize,
        settings: &FilterSettings,
        key: StreamKey,
    ) -> Result<(Self, History<P>), SmcError> {
        let mut filter = Self::start(model, settings, key);
        let mut scratch = Scratch::default();
        let mut history = History::default();
        filter.assimilate(model)?;
        history.push(&filter, &scratch);
        for _ in 0..last {
            filter.propagate(model, &mut scratch);
            filter.assimilate(model)?;
            history.push(&filter, &scratch);
        }
        Ok((filter, history))
    }

    /// Moves to the next time: resamples if the weights are too uneven, then steps every particle.
    pub fn propagate<M: BatchModel<Population = P>>(
        &mut self,
        model: &M,
        scratch: &mut Scratch<P>,
    ) {
        self.time += 1;
        scratch.resampled = false;
        if self.is_dead() {
            return; // nothing it could do would count again
        }
        let count = self.weights.len();
        let streams = self.key.at(self.time);
        if self.effective_sample_size < self.settings.resample_below * count as f64 {
            scratch.ancestors.resize(count, 0);
            let resampled = self.settings.scheme.resample(
                &self.weights,
                &mut streams.shared(),
                &mut scratch.ancestors,
            );
            assert!(
                resampled.is_ok(),
                "weights were normalised before, yet {resampled:?}"
            );
            let into = scratch
                .population
                .get_or_insert_with(|| self.population.clone());
            model.select(&self.population, &scratch.ancestors, into);
            std::mem::swap(&mut self.population, into);
            self.log_weights.fill(-(count as f64).ln());
            self.plain = false;
            self.weights.fill(1.0 / count as f64);
            self.effective_sample_size = count as f64;
            scratch.resampled = true;
        }
        model.step(&mut self.population, self.time, &streams);
    }

    /// Takes in the rows of the present time.
    ///
    /// # Errors
    /// [`SmcError::Conflict`] if a row kills every particle and the policy is [`OnConflict::Stop`];
    /// [`SmcError::NotANumber`] if the model returns no number. The filter is then as it was before that
    /// row.
    pub fn assimilate<M: BatchModel<Population = P>>(&mut self, model: &M) -> Result<(), SmcError> {
        for row in model.rows(self.time) {
            let exponent = self.settings.emphasis.of(row);
            if exponent == 0.0 {
                continue;
            }
            let count = self.weights.len() as f64;
            let share_before = self.effective_sample_size / count;
            let conflict = |exponent| Conflict {
                time: self.time,
                row,
                exponent,
                share_before,
            };
            let (set_aside, ess_before) = (conflict(0.0), self.effective_sample_size);
            self.weigh(model, row, exponent)?;
            if self.is_dead() {
                self.unweigh();
                if self.settings.on_conflict == OnConflict::Stop {
                    return Err(SmcError::Conflict(set_aside));
                }
                self.conflicts.push(set_aside);
                continue;
            }
            let mut applied = exponent;
            if let OnConflict::Temper { least_share } = self.settings.on_conflict {
                let least = least_share * ess_before;
                if self.effective_sample_size < least {
                    applied = self.temper(model, row, exponent, least)?;
                    let exponent = applied;
                    self.conflicts.push(Conflict {
                        exponent,
                        ..set_aside
                    });
                }
            }
            self.increments.push(RowIncrement {
                time: self.time,
                row,
                log_evidence: self.log_evidence - self.before.log_evidence,
                share_after: self.effective_sample_size / count,
                state_share_after: self.effective_sample_size / count,
            });
            self.keep(model, row, applied);
        }
        Ok(())
    }

    /// Multiplies the weights by the likelihood of `row` to the power `exponent` and returns the
    /// log-evidence of the row, `-inf` if it kills every particle (then [`is_dead`](Self::is_dead)).
    ///
    /// The building block of [`assimilate`](Self::assimilate), without its policies and records. A row that is to
    /// count must be [kept](Self::keep) before the next is weighed.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`]; the filter is as before.
    pub fn weigh<M: BatchModel<Population = P>>(
        &mut self,
        model: &M,
        row: usize,
        exponent: f64,
    ) -> Result<f64, SmcError> {
        if self.is_dead() {
            return Ok(f64::NEG_INFINITY);
        }
        if exponent == 1.0
            && let Some(increment) = self.multiply(model, row)
        {
            return Ok(increment);
        }
        (self.before.multiplied, self.before.plain) = (false, self.plain);
        if self.plain {
            for (log_weight, weight) in self.log_weights.iter_mut().zip(&self.weights) {
                *log_weight = weight.ln();
            }
            self.plain = false;
        }
        // `before.log_weights` first takes the likelihoods, then the old weights: no allocation.
        let fresh = &mut self.before.log_weights;
        model.log_likelihood(&self.population, self.time, row, fresh);
        let mut greatest = f64::NEG_INFINITY;
        let mut sound = true;
        for (new, old) in fresh.iter_mut().zip(&self.log_weights) {
            sound &= *new < f64::INFINITY; // false for NaN too
            // A weight of zero stays zero, and a power of a zero likelihood is zero.
            *new = if exponent == 1.0 {
                old + *new
            } else {
                old + exponent * *new
            };
            greatest = greatest.max(*new);
        }
        if !sound {
            let mut likelihoods = vec![0.0; self.weights.len()];
            model.log_likelihood(&self.population, self.time, row, &mut likelihoods);
            let bad = likelihoods
                .iter()
                .position(|x| x.is_nan() || *x == f64::INFINITY);
            let particle = bad.unwrap_or(0);
            // What `unweigh` goes back to must stay a state that was.
            self.before.log_weights.clone_from(&self.log_weights);
            self.before.log_evidence = self.log_evidence;
            return Err(SmcError::NotANumber {
                time: self.time,
                row,
                particle,
                value: likelihoods[particle].to_string(),
            });
        }
        std::mem::swap(&mut self.log_weights, &mut self.before.log_weights);
        self.before.log_evidence = self.log_evidence;
        self.before.effective_sample_size = self.effective_sample_size;
        if greatest == f64::NEG_INFINITY {
            self.log_evidence = f64::NEG_INFINITY;
            self.effective_sample_size = 0.0;
            return Ok(f64::NEG_INFINITY);
        }
        let mut sum = 0.0;
        for (weight, log_weight) in self.weights.iter_mut().zip(&self.log_weights) {
            *weight = (log_weight - greatest).exp();
            sum += *weight;
        }
        let increment = greatest + sum.ln();
        let mut squares = 0.0;
        for (weight, log_weight) in self.weights.iter_mut().zip(&mut self.log_weights) {
            *weight /= sum;
            squares += *weight * *weight;
            *log_weight -= increment;
        }
        self.effective_sample_size = 1.0 / squares;
        self.log_evidence += increment;
        Ok(increment)
    }

    /// Multiplies the weights by likelihoods as they are, if the model tells them so and they do not vanish; returns the
    /// log-evidence of the row.
    fn multiply<M: BatchModel<Population = P>>(&mut self, model: &M, row: usize) -> Option<f64> {
        let fresh = &mut self.before.weights;
        if !model.likelihood(&self.population, self.time, row, fresh) {
            return None;
        }
        let mut sum = 0.0;
        for (new, old) in fresh.iter_mut().zip(&self.weights) {
            *new *= old;
            sum += *new;
        }
        // Also where it is not a number: then the long way finds out whose fault it is.
        let sound = sum.is_finite() && sum > f64::MIN_POSITIVE;
        if !sound {
            return None;
        }
        let mut squares = 0.0;
        for new in fresh.iter_mut() {
            *new /= sum;
            squares += *new * *new;
        }
        std::mem::swap(&mut self.weights, &mut self.before.weights);
        (self.before.multiplied, self.before.plain) = (true, self.plain);
        self.before.log_evidence = self.log_evidence;
        self.before.effective_sample_size = self.effective_sample_size;
        self.plain = true;
        self.effective_sample_size = 1.0 / squares;
        let increment = sum.ln();
        self.log_evidence += increment;
        Some(increment)
    }

    /// Undoes the last [`weigh`](Self::weigh) that returned `Ok`, if nothing has happened since.
    pub fn unweigh(&mut self) {
        self.log_evidence = self.before.log_evidence;
        self.effective_sample_size = self.before.effective_sample_size;
        if self.before.multiplied {
            self.weights.clone_from(&self.before.weights);
            self.plain = self.before.plain;
            return;
        }
        self.log_weights.clone_from(&self.before.log_weights);
        for (weight, log_weight) in self.weights.iter_mut().zip(&self.log_weights) {
            *weight = log_weight.exp();
        }
    }

    /// Keeps the row just weighed: the particles remember it, if the model makes them.
    ///
    /// * `exponent` — the power to which it was raised.
    pub fn keep<M: BatchModel<Population = P>>(&mut self, model: &M, row: usize, exponent: f64) {
        if self.is_dead() {
            return; // nothing it could learn would count again
        }
        let key = self.key.child(TAKEN_IN).child(self.time as u64);
        model.taken_in(&mut self.population, self.time, row, exponent, key);
    }

    /// Lowers the power of the row just weighed until the effective sample size is `least`.
    fn temper<M: BatchModel<Population = P>>(
        &mut self,
        model: &M,
        row: usize,
        full: f64,
        least: f64,
    ) -> Result<f64, SmcError> {
        let (mut low, mut high) = (0.0, full);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            self.unweigh();
            self.weigh(model, row, middle)?;
            if self.effective_sample_size < least {
                high = middle;
            } else {
                low = middle;
            }
        }
        // Particles for which the row is impossible die at any power; `low` then stays 0 and the
        // smallest power tried is what was applied.
        self.unweigh();
        let exponent = if low > 0.0 { low } else { high };
        self.weigh(model, row, exponent)?;
        Ok(exponent)
    }

    /// The present time.
    #[must_use]
    pub fn time(&self) -> usize {
        self.time
    }

    /// The key that reproduces this run.
    #[must_use]
    pub fn key(&self) -> StreamKey {
        self.key
    }

    /// Log-evidence of the rows taken in: an estimate of log p(rows) whose exponential is unbiased.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }

    /// Overwrites the log-evidence, for a sampler that compares with what it was.
    pub(crate) fn set_log_evidence(&mut self, log_evidence: f64) {
        self.log_evidence = log_evidence;
    }

    /// Whether a row has left every particle with weight zero. Only [`weigh`](Self::weigh) can do that.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.log_evidence == f64::NEG_INFINITY
    }

    /// Effective sample size of the present weights, between 1 and the number of particles.
    #[must_use]
    pub fn effective_sample_size(&self) -> f64 {
        self.effective_sample_size
    }

    /// What each row did, in the order taken in.
    #[must_use]
    pub fn increments(&self) -> &[RowIncrement] {
        &self.increments
    }

    /// The rows that were set aside or tempered.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// The particles.
    #[must_use]
    pub fn population(&self) -> &P {
        &self.population
    }

    /// The weights of the particles; they sum to 1.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// `count` particles of equal weight, drawn from the present weighted ones.
    pub fn draw<M: BatchModel<Population = P>>(
        &self,
        model: &M,
        count: usize,
        key: StreamKey,
    ) -> P {
        let mut ancestors = vec![0; count.max(1)];
        let drawn = systematic(&self.weights, key.stream().uniform(), &mut ancestors);
        assert!(
            drawn.is_ok(),
            "weights were normalised before, yet {drawn:?}"
        );
        let mut into = self.population.clone();
        model.select(&self.population, &ancestors, &mut into);
        into
    }

    /// Draws `paths` states from the present and steps them to time `until` without data.
    ///
    /// Returns `record(state, time)` as `[step][path]`, the first step being the time after the present.
    /// A path keeps its place in every step.
    pub fn forecast<M: BatchModel<Population = P>, R>(
        &self,
        model: &M,
        until: usize,
        paths: usize,
        key: StreamKey,
        record: impl Fn(&M::State, usize) -> R,
    ) -> Vec<Vec<R>> {
        let paths = paths.max(1);
        let mut population = self.draw(model, paths, key);
        (self.time + 1..=until)
            .map(|time| {
                model.step(&mut population, time, &key.at(time));
                (0..paths)
                    .map(|i| record(&model.state(&population, i), time))
                    .collect()
            })
            .collect()
    }
}

impl<P> Filter<P> {
    /// What the particles say of a figure, with their weights: its mean, its quantiles.
    ///
    /// * `figure` — the figure of the particle with an index, read off the population.
    ///
    /// # Panics
    /// If all particles are dead; see [`is_dead`](Self::is_dead).
    pub fn summary(&self, figure: impl Fn(&P, usize) -> f64) -> Weighted {
        let each = (0..self.weights.len()).map(|index| figure(&self.population, index));
        Weighted::new(each.collect(), self.weights.clone())
    }
}

impl<S: Clone> Filter<Vec<S>> {
    /// The weighted mean of `f` over particles kept one by one.
    pub fn mean(&self, f: impl Fn(&S) -> f64) -> f64 {
        self.population
            .iter()
            .zip(&self.weights)
            .map(|(state, weight)| weight * f(state))
            .sum()
    }
}

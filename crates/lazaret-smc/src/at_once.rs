//! All rows at once: adaptive importance sampling of the unknown numbers, with a filter inside for each.
//!
//! [SMC²](crate::smc2) takes rows in one by one, and what early rows have ruled out late rows cannot bring back: where days
//! disagree, its answer may hang on their order, and its own error does not show it. Here every point θ is weighed by all rows
//! together, so that the order does not matter (Chopin2013 calls a filter inside importance sampling IS²).
//!
//! Points come in rounds. The first is spread evenly over the prior. Each later round draws from a mixture of local kernels about
//! the points that matter so far and, for one in five, from the prior again: modes far apart each get kernels of their own, and
//! what no kernel covers is still looked at. Where the data are so sharp that few points of a round matter, the kernels are fitted to
//! a tempered posterior first (Cappe2008). A point's weight is its posterior over the mixture of *all* rounds (Cornuet2012), so that
//! every point of every round counts and no weight is far above the others.
//!
//! Independent runs go into a [`Pool`]: probabilities, quantiles and the evidence of all together, each with an error that is
//! at least what the runs differ by, and [in words](Pool::disagreement) if they differ by more than their own errors allow.
//!
//! ```
//! use lazaret_smc::at_once::{AtOnce, AtOnceSettings, Pool};
//! use lazaret_smc::model::{Exact, ExactLikelihood};
//! use lazaret_smc::prior::{Density, Independent};
//!
//! struct Tosses(Vec<bool>);
//! impl ExactLikelihood for Tosses {
//!     type Memory = ();
//!     fn start(&self, _theta: &[f64]) {}
//!     fn log_predictive(&self, theta: &[f64], _memory: &mut (), time: usize) -> f64 {
//!         if self.0[time] { theta[0].ln() } else { (1.0 - theta[0]).ln() }
//!     }
//! }
//!
//! let tosses = Exact(Tosses(vec![true, true, false, true]));
//! let prior = Independent::new().with("heads", Density::Uniform { low: 0.0, high: 1.0 });
//! let runs = (1..4).map(|seed| AtOnce::run(&tosses, &prior, &AtOnceSettings::exact(), seed, 3));
//! let pool = Pool::new(runs.collect::<Result<_, _>>()?);
//! // Uniform prior and 3 heads of 4: the posterior is Beta(4, 2), the evidence 1 / 20.
//! let likely = pool.probability(|theta| theta[0] > 0.5);
//! assert!((likely.value - 0.8125).abs() < 4.0 * likely.error);
//! assert!((pool.log_evidence().mean() - (1.0f64 / 20.0).ln()).abs() < 0.05);
//! # Ok::<(), lazaret_smc::SmcError>(())
//! ```

mod mixture;
mod pool;
mod ranks;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::mixture::Mixture;
pub use self::pool::{Known, Pool};
use self::ranks::Ranks;
use crate::error::{Conflict, OnConflict, SmcError};
use crate::filter::{Emphasis, Filter, FilterSettings, RowIncrement, Scratch};
use crate::model::{BatchModel, Family};
use crate::prior::Prior;
use crate::random::StreamKey;
use crate::resampling::{Scheme, systematic};
use crate::weights::{bits, bits_list, effective_sample_size, log_sum_exp};

/// Purposes of the streams under a run's key.
mod purpose {
    pub(super) const RANKS: u64 = 1;
    pub(super) const POINTS: u64 = 2;
    pub(super) const FILTERS: u64 = 3;
    pub(super) const CENTRES: u64 = 4;
    pub(super) const NOISE: u64 = 5;
    pub(super) const AGAIN: u64 = 6;
}

/// θ at which the noise of the likelihood is measured, and runs at each.
const NOISE_POINTS: usize = 5;
const NOISE_RUNS: usize = 6;

/// Log-likelihoods this far below the greatest do not matter: a filter with more particles is not run again for them.
const NEGLIGIBLE: f64 = 15.0;

/// Numbers kept of rows at all points together; beyond it what each row did is not kept.
const KEPT_MOST: usize = 8_000_000;

/// How a run proceeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtOnceSettings {
    /// Points of the first round; later ones, if points need filters, have half of them.
    pub points: usize,
    /// Points of a round where the likelihood needs no filter.
    pub points_without_state: usize,
    /// Rounds that are made in any case once the whole data count, the one that fitted the kernels not included.
    pub least_rounds: usize,
    /// Rounds after which a run stops.
    pub most_rounds: usize,
    /// A run stops once its effective sample size is this share of the first round's points.
    pub enough: f64,
    /// Share of every later round that is drawn from the prior.
    pub prior_share: f64,
    /// State particles of each filter at the start.
    pub state_particles: usize,
    /// They are doubled when the likelihoods are too noisy, but not beyond this.
    pub most_state_particles: usize,
    /// Double them if the standard deviation of the log-likelihood estimate at one θ is above.
    pub most_log_likelihood_sd: f64,
    /// How the filters draw ancestors.
    pub scheme: Scheme,
    /// The filters resample below this share of their particles.
    pub filter_resample_below: f64,
    /// What to do with a row that is impossible for every θ. [`OnConflict::Temper`] means the same as
    /// [`OnConflict::SetAside`] here.
    pub on_conflict: OnConflict,
}

impl Default for AtOnceSettings {
    fn default() -> Self {
        Self {
            points: 512,
            points_without_state: 4096,
            least_rounds: 2,
            most_rounds: 36,
            enough: 0.75,
            prior_share: 0.2,
            state_particles: 128,
            most_state_particles: 2048,
            most_log_likelihood_sd: 1.0,
            scheme: Scheme::Systematic,
            filter_resample_below: 0.5,
            on_conflict: OnConflict::Stop,
        }
    }
}

impl AtOnceSettings {
    /// For an [`Exact`](crate::model::Exact) likelihood: one state particle, never more.
    #[must_use]
    pub fn exact() -> Self {
        Self {
            state_particles: 1,
            most_state_particles: 1,
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), SmcError> {
        let wrong = |message: &str| Err(SmcError::Setting(message.to_owned()));
        if self.points < 16 || self.points_without_state < 16 {
            return wrong("points must be at least 16; 256 to 1024 are usual");
        }
        if self.state_particles < 1 {
            return wrong("state_particles must be at least 1; 64 to 512 are usual");
        }
        if !(0.0..=1.0).contains(&self.prior_share) || self.prior_share == 0.0 {
            return wrong("prior_share must be above 0 and at most 1; 0.2 is usual");
        }
        if self.most_rounds < 1 {
            return wrong("most_rounds must be at least 1");
        }
        Ok(())
    }

    fn filter(&self, particles: usize) -> FilterSettings {
        FilterSettings {
            particles,
            scheme: self.scheme,
            resample_below: self.filter_resample_below,
            on_conflict: OnConflict::Stop,
            emphasis: Emphasis::default(),
        }
    }
}

/// A value of the unknowns, and how much it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The unknowns.
    #[serde(with = "bits_list")]
    pub theta: Vec<f64>,
    /// The key that its filter ran with.
    pub(crate) key: StreamKey,
    #[serde(with = "bits")]
    log_likelihood: f64,
    /// Normalised: the exponentials of a run sum to 1.
    #[serde(with = "bits")]
    log_weight: f64,
    /// State particles that its filter ran with.
    state_particles: usize,
}

/// What only a run that is not finished needs of a point.
#[derive(Clone, Debug)]
struct Working {
    /// In unconstrained space.
    at: Vec<f64>,
    log_prior: f64,
    /// log Σ over rounds of points × density.
    log_mixed: f64,
    /// Log-likelihood of each row given those before it, and the effective share of the state particles after it.
    rows: Vec<(f32, f32)>,
}

/// A run over all rows. See the [module](self).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AtOnce {
    settings: AtOnceSettings,
    seed: u64,
    names: Vec<String>,
    last: usize,
    points: Vec<Point>,
    state_particles: usize,
    #[serde(with = "bits")]
    log_evidence: f64,
    #[serde(with = "bits")]
    log_evidence_error: f64,
    log_likelihood_sd: Option<f64>,
    rounds: usize,
    without_state: bool,
    emphasis: Emphasis,
    conflicts: Vec<Conflict>,
    increments: Vec<RowIncrement>,
    #[serde(skip)]
    working: Vec<Working>,
    #[serde(skip)]
    mixtures: Vec<(usize, Mixture)>,
    #[serde(skip)]
    scale: Vec<f64>,
}

/// What a filter made of the rows at one θ.
struct Weighed {
    log_likelihood: f64,
    rows: Vec<(f32, f32)>,
    /// The time and number of the row that killed it, and how many it had taken in.
    died: Option<(usize, usize, usize)>,
}

impl AtOnce {
    /// Weighs all rows up to time `last`, from the prior.
    ///
    /// # Errors
    /// [`SmcError::Setting`]; [`SmcError::Conflict`] if a row is impossible for every θ and the policy is
    /// [`OnConflict::Stop`]; [`SmcError::NotANumber`] if the model is wrong.
    pub fn run<F: Family>(
        family: &F,
        prior: &impl Prior,
        settings: &AtOnceSettings,
        seed: u64,
        last: usize,
    ) -> Result<Self, SmcError> {
        let mut run = Self::start(family, prior, settings, seed, last, &[])?;
        while !run.is_done() {
            run.round(family, prior, &[])?;
        }
        Ok(run)
    }

    /// The first round alone; go on with [`round`](Self::round) until [`is_done`](Self::is_done).
    ///
    /// * `starts` — values of the unknowns near which the posterior is thought to be, such as those of an earlier run over
    ///   fewer rows. They save rounds; the answer does not depend on them.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn start<F: Family>(
        family: &F,
        prior: &impl Prior,
        settings: &AtOnceSettings,
        seed: u64,
        last: usize,
        starts: &[&[f64]],
    ) -> Result<Self, SmcError> {
        settings.check()?;
        let mut run = Self {
            settings: settings.clone(),
            seed,
            names: prior.names(),
            last,
            points: Vec::new(),
            state_particles: settings.state_particles,
            log_evidence: f64::NEG_INFINITY,
            log_evidence_error: 0.0,
            log_likelihood_sd: None,
            rounds: 0,
            without_state: false,
            emphasis: Emphasis::default(),
            conflicts: Vec::new(),
            increments: Vec::new(),
            working: Vec::new(),
            mixtures: Vec::new(),
            scale: Vec::new(),
        };
        run.first(family, prior, starts)?;
        Ok(run)
    }

    fn key(&self) -> StreamKey {
        StreamKey::new(self.seed)
    }

    /// Points of the first round.
    fn size(&self) -> usize {
        match (self.names.is_empty(), self.without_state) {
            (true, _) => 1,
            (false, true) => self.settings.points_without_state,
            (false, false) => self.settings.points,
        }
    }

    fn first<F: Family>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        starts: &[&[f64]],
    ) -> Result<(), SmcError> {
        let tried = prior.sample(&mut self.key().child(purpose::POINTS).stream());
        let exact = family.without_state(&tried, self.last, &self.emphasis);
        self.without_state = exact.is_some();
        let count = self.size();
        let ranks = Ranks::new(self.names.len(), self.key().child(purpose::RANKS));
        let key = self.key().child(purpose::POINTS).child(0);
        let fresh: Vec<Vec<f64>> = (0..count)
            .into_par_iter()
            .map(|i| {
                let even = prior.at_ranks(&ranks.of(i));
                even.unwrap_or_else(|| {
                    prior.unconstrain(&prior.sample(&mut key.child(i as u64).stream()))
                })
            })
            .collect();
        self.scale = spread(&fresh);
        let mut batches = vec![(Mixture::prior(), fresh)];
        if !starts.is_empty() && !self.names.is_empty() {
            let known: Vec<Vec<f64>> = starts.iter().map(|s| prior.unconstrain(s)).collect();
            let known: Vec<&[f64]> = known.iter().map(Vec::as_slice).collect();
            let even = vec![1.0 / known.len() as f64; known.len()];
            let mixture = Mixture::fit(&known, &even, &self.scale, self.settings.prior_share, 0.5);
            let drawn = self.drawn(prior, &mixture, 1, count);
            batches.push((mixture, drawn));
        }
        for (mixture, fresh) in batches {
            self.add(family, prior, mixture, fresh)?;
        }
        self.reweigh();
        Ok(())
    }

    /// Whether there is nothing left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let settings = &self.settings;
        if self.names.is_empty() || self.rounds >= settings.most_rounds || self.says_nothing() {
            return true;
        }
        let ready = self.effective_sample_size() >= settings.enough * self.size() as f64;
        // Rounds are counted from the first; what it found must have been looked at more closely.
        ready && self.rounds > settings.least_rounds && self.exponent() >= 1.0
    }

    /// Whether no row makes a difference between points: the posterior is the prior, which is spread evenly as it is.
    fn says_nothing(&self) -> bool {
        self.points.iter().all(|point| point.log_likelihood == 0.0)
    }

    /// One round more, about the points that matter.
    ///
    /// * `others` — runs whose points also say where to look.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn round<F: Family>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        others: &[&[Point]],
    ) -> Result<(), SmcError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let log_weights = self.tempered(self.exponent());
        let sum = log_sum_exp(&log_weights);
        let mut points: Vec<&[f64]> = Vec::new();
        let mut weights: Vec<f64> = Vec::new();
        for (working, log_weight) in self.working.iter().zip(&log_weights) {
            points.push(&working.at);
            weights.push((log_weight - sum).exp());
        }
        let elsewhere: Vec<(Vec<f64>, f64)> = others
            .iter()
            .flat_map(|points| points.iter())
            .filter(|point| point.log_weight > -20.0)
            .map(|point| (prior.unconstrain(&point.theta), point.log_weight.exp()))
            .collect();
        for (at, weight) in &elsewhere {
            points.push(at);
            weights.push(*weight);
        }
        let key = self.key().child(purpose::CENTRES).child(self.rounds as u64);
        let mixture = Mixture::fit(
            &points,
            &weights,
            &self.scale,
            self.settings.prior_share,
            key.stream().uniform(),
        );
        let count = self.size().div_ceil(1 + usize::from(!self.without_state));
        let fresh = self.drawn(prior, &mixture, self.rounds as u64 + 1, count);
        self.add(family, prior, mixture, fresh)?;
        self.reweigh();
        if self.exponent() >= 1.0 && !self.without_state {
            self.quieten(family)?;
        }
        Ok(())
    }

    /// Draws of a mixture, in unconstrained space.
    fn drawn(
        &self,
        prior: &impl Prior,
        mixture: &Mixture,
        number: u64,
        count: usize,
    ) -> Vec<Vec<f64>> {
        let key = self.key().child(purpose::POINTS).child(number);
        let from_prior = if mixture.prior_share >= 1.0 {
            count
        } else {
            (mixture.prior_share * count as f64).round() as usize
        };
        let rest = (count - from_prior).max(1) as f64;
        let ranks = Ranks::new(
            self.names.len(),
            self.key().child(purpose::RANKS).child(number),
        );
        (0..count)
            .into_par_iter()
            .map(|i| {
                let mut stream = key.child(i as u64).stream();
                if i < from_prior {
                    let even = prior.at_ranks(&ranks.of(i));
                    even.unwrap_or_else(|| prior.unconstrain(&prior.sample(&mut stream)))
                } else {
                    let rank = ((i - from_prior) as f64 + stream.uniform()) / rest;
                    mixture.draw(rank, &mut stream)
                }
            })
            .collect()
    }

    /// Weighs the rows at new points and tells every point of the new mixture.
    fn add<F: Family>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        mixture: Mixture,
        fresh: Vec<Vec<f64>>,
    ) -> Result<(), SmcError> {
        let filters = self.key().child(purpose::FILTERS).child(self.rounds as u64);
        let count = fresh.len();
        let weighed = loop {
            let weighed: Vec<(Vec<f64>, f64, Weighed)> = fresh
                .par_iter()
                .enumerate()
                .map_init(Scratch::default, |scratch, (i, at)| {
                    let theta = prior.constrain(at);
                    let log_prior = prior.log_density(&theta) + prior.log_jacobian(at);
                    let weighed = if log_prior.is_finite() {
                        self.weigh(family, &theta, filters.child(i as u64), scratch)?
                    } else {
                        Weighed {
                            log_likelihood: f64::NEG_INFINITY,
                            rows: Vec::new(),
                            died: None,
                        }
                    };
                    Ok((theta, log_prior, weighed))
                })
                .collect::<Result<_, SmcError>>()?;
            // Only what no point of the whole prior allows is impossible.
            let dead = self.points.is_empty()
                && weighed
                    .iter()
                    .all(|w| w.2.log_likelihood == f64::NEG_INFINITY);
            let last = weighed.iter().filter_map(|w| w.2.died).max_by_key(|d| d.2);
            let (true, Some((time, row, _))) = (dead, last) else {
                break weighed;
            };
            let conflict = Conflict {
                time,
                row,
                exponent: 0.0,
                share_before: 1.0,
            };
            if self.settings.on_conflict == OnConflict::Stop {
                return Err(SmcError::Conflict(conflict));
            }
            self.emphasis.set(row, 0.0);
            self.conflicts.push(conflict);
        };
        let log_count = (count as f64).ln();
        self.working.par_iter_mut().for_each(|working| {
            let density = mixture.log_density(&working.at, working.log_prior);
            working.log_mixed = log_sum_exp(&[working.log_mixed, log_count + density]);
        });
        self.mixtures.push((count, mixture));
        let mixtures = &self.mixtures;
        let rows = weighed.first().map_or(0, |w| w.2.rows.len());
        let keep_rows = rows * (self.points.len() + count) <= KEPT_MOST;
        let new: Vec<(Point, Working)> = weighed
            .into_par_iter()
            .zip(fresh)
            .enumerate()
            .map(|(i, ((theta, log_prior, weighed), at))| {
                let each: Vec<f64> = mixtures
                    .iter()
                    .map(|(count, mixture)| {
                        (*count as f64).ln() + mixture.log_density(&at, log_prior)
                    })
                    .collect();
                let point = Point {
                    theta,
                    key: filters.child(i as u64),
                    log_likelihood: weighed.log_likelihood,
                    log_weight: f64::NEG_INFINITY,
                    state_particles: self.state_particles,
                };
                let working = Working {
                    at,
                    log_prior,
                    log_mixed: log_sum_exp(&each),
                    rows: if keep_rows { weighed.rows } else { Vec::new() },
                };
                (point, working)
            })
            .collect();
        for (point, working) in new {
            self.points.push(point);
            self.working.push(working);
        }
        self.rounds += 1;
        Ok(())
    }

    /// The rows at one θ, by a filter unless none is needed.
    fn weigh<F: Family>(
        &self,
        family: &F,
        theta: &[f64],
        key: StreamKey,
        scratch: &mut Scratch<F::Population>,
    ) -> Result<Weighed, SmcError> {
        if self.without_state
            && let Some(rows) = family.without_state(theta, self.last, &self.emphasis)
        {
            return Ok(self.weighed_exactly(family, theta, rows));
        }
        let model = family.model(theta);
        let settings = self.settings.filter(self.state_particles);
        let mut filter = Filter::start(&model, &settings, key);
        let mut rows = Vec::new();
        for time in 0..=self.last {
            if time > 0 {
                filter.propagate(&model, scratch);
            }
            for row in model.rows(time) {
                let power = self.emphasis.of(row);
                if power == 0.0 {
                    continue;
                }
                let increment = filter.weigh(&model, row, power)?;
                if filter.is_dead() {
                    return Ok(Weighed {
                        log_likelihood: f64::NEG_INFINITY,
                        died: Some((time, row, rows.len())),
                        rows,
                    });
                }
                let share = filter.effective_sample_size() / self.state_particles as f64;
                rows.push((increment as f32, share as f32));
                filter.keep(&model, row, power);
            }
        }
        Ok(Weighed {
            log_likelihood: filter.log_evidence(),
            rows,
            died: None,
        })
    }

    fn weighed_exactly<F: Family>(&self, family: &F, theta: &[f64], rows: Vec<f64>) -> Weighed {
        let died = rows.iter().position(|log| *log == f64::NEG_INFINITY);
        let died = died.and_then(|at| {
            let model = family.model(theta);
            let mut all = taken(&model, self.last, &self.emphasis);
            all.nth(at).map(|(time, row)| (time, row, at))
        });
        Weighed {
            log_likelihood: rows.iter().sum(),
            rows: rows.into_iter().map(|log| (log as f32, 1.0)).collect(),
            died,
        }
    }

    /// Log-weights of the points, with the likelihood raised to `exponent`; not normalised.
    fn tempered(&self, exponent: f64) -> Vec<f64> {
        (self.points.iter().zip(&self.working))
            .map(|(point, working)| {
                if point.log_likelihood == f64::NEG_INFINITY {
                    f64::NEG_INFINITY
                } else {
                    working.log_prior + exponent * point.log_likelihood - working.log_mixed
                }
            })
            .collect()
    }

    /// The greatest power of the likelihood at which enough points matter to fit kernels to; at most 1.
    fn exponent(&self) -> f64 {
        let wanted = (0.12 * self.size() as f64).max(16.0);
        let enough = |exponent: f64| effective_sample_size(&self.tempered(exponent)) >= wanted;
        if enough(1.0) {
            return 1.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            if enough(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Weights and evidence by all points there are.
    fn reweigh(&mut self) {
        let log_weights = self.tempered(1.0);
        let sum = log_sum_exp(&log_weights);
        let count = self.points.len() as f64;
        // The mixture of all rounds has Σ points × density where a density has its mean.
        self.log_evidence = sum;
        if self.names.is_empty() {
            self.log_evidence = self.points[0].log_likelihood;
        }
        if self.says_nothing() {
            self.log_evidence = 0.0;
        }
        let mut squares = 0.0;
        for (point, log_weight) in self.points.iter_mut().zip(&log_weights) {
            point.log_weight = if sum.is_finite() {
                log_weight - sum
            } else {
                -count.ln()
            };
            squares += (count * point.log_weight.exp() - 1.0).powi(2);
        }
        self.log_evidence_error = squares.sqrt() / count;
        self.sum_up_rows();
    }

    /// What each row did: its evidence given those before it, by the weights that the points have without the later ones.
    fn sum_up_rows(&mut self) {
        self.increments.clear();
        let rows = self.working.iter().map(|w| w.rows.len()).max().unwrap_or(0);
        if rows == 0
            || self
                .working
                .iter()
                .any(|w| w.rows.is_empty() && w.log_prior.is_finite())
        {
            return;
        }
        let mut log_weights: Vec<f64> = self
            .working
            .iter()
            .map(|working| working.log_prior - working.log_mixed)
            .collect();
        let count = self.points.len() as f64;
        let mut before = log_sum_exp(&log_weights);
        for row in 0..rows {
            for (log_weight, working) in log_weights.iter_mut().zip(&self.working) {
                *log_weight += working
                    .rows
                    .get(row)
                    .map_or(f64::NEG_INFINITY, |(log, _)| f64::from(*log));
            }
            let after = log_sum_exp(&log_weights);
            let of_states = self.working.iter().zip(&log_weights);
            let state_share: f64 = of_states
                .filter(|(_, log_weight)| log_weight.is_finite())
                .filter_map(|(working, log_weight)| {
                    let share = f64::from(working.rows.get(row)?.1);
                    Some((log_weight - after).exp() * share)
                })
                .sum();
            self.increments.push(RowIncrement {
                time: 0,
                row,
                log_evidence: after - before,
                share_after: effective_sample_size(&log_weights) / count,
                state_share_after: state_share,
            });
            before = after;
        }
    }

    /// Gives the increments the times and numbers of their rows.
    pub(crate) fn named_increments<F: Family>(&self, family: &F) -> Vec<RowIncrement> {
        let Some(point) = self.points.first() else {
            return Vec::new();
        };
        let model = family.model(&point.theta);
        let names = taken(&model, self.last, &self.emphasis);
        let pairs = self.increments.iter().zip(names);
        pairs
            .map(|(increment, (time, row))| RowIncrement {
                time,
                row,
                ..*increment
            })
            .collect()
    }

    /// Doubles the state particles while the likelihoods are too noisy, and runs the filters that matter again.
    fn quieten<F: Family>(&mut self, family: &F) -> Result<(), SmcError> {
        loop {
            if self.settings.most_state_particles <= 1 {
                return Ok(());
            }
            let sd = self.noise(family)?;
            self.log_likelihood_sd = Some(sd);
            if sd <= self.settings.most_log_likelihood_sd
                || 2 * self.state_particles > self.settings.most_state_particles
            {
                return Ok(());
            }
            self.state_particles *= 2;
            let keys = self.key().child(purpose::AGAIN);
            let keys = keys.child(self.state_particles as u64);
            let greatest = self
                .points
                .iter()
                .map(|p| p.log_weight)
                .fold(f64::NEG_INFINITY, f64::max);
            let again: Vec<Option<(StreamKey, Weighed)>> = self
                .points
                .par_iter()
                .enumerate()
                .map_init(Scratch::default, |scratch, (i, point)| {
                    if point.log_weight < greatest - NEGLIGIBLE {
                        return Ok(None);
                    }
                    let key = keys.child(i as u64);
                    let weighed = self.weigh(family, &point.theta, key, scratch)?;
                    Ok(Some((key, weighed)))
                })
                .collect::<Result<_, SmcError>>()?;
            let all = self.points.iter_mut().zip(&mut self.working).zip(again);
            for ((point, working), again) in all {
                if let Some((key, weighed)) = again {
                    point.key = key;
                    point.log_likelihood = weighed.log_likelihood;
                    point.state_particles = self.state_particles;
                    if !working.rows.is_empty() {
                        working.rows = weighed.rows;
                    }
                }
            }
            self.reweigh();
        }
    }

    /// Standard deviation of the log-likelihood estimate over runs at one θ, pooled over some θ drawn by their weights.
    fn noise<F: Family>(&self, family: &F) -> Result<f64, SmcError> {
        let weights = self.weights();
        let mut picks = vec![0; NOISE_POINTS];
        if systematic(&weights, 0.5, &mut picks).is_err() {
            return Ok(0.0);
        }
        let keys = self.key().child(purpose::NOISE).child(self.rounds as u64);
        let keys = keys.child(self.state_particles as u64);
        let estimates: Vec<f64> = (0..NOISE_POINTS * NOISE_RUNS)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, run| {
                let theta = &self.points[picks[run / NOISE_RUNS] as usize].theta;
                let weighed = self.weigh(family, theta, keys.child(run as u64), scratch)?;
                Ok(weighed.log_likelihood)
            })
            .collect::<Result<_, SmcError>>()?;
        let mut squares = 0.0;
        for runs in estimates.chunks(NOISE_RUNS) {
            if runs.iter().any(|estimate| !estimate.is_finite()) {
                return Ok(f64::INFINITY);
            }
            let mean = runs.iter().sum::<f64>() / runs.len() as f64;
            squares += runs.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        }
        Ok((squares / (NOISE_POINTS * (NOISE_RUNS - 1)) as f64).sqrt())
    }

    /// The points of all rounds.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The weights of the points; they sum to 1.
    #[must_use]
    pub fn weights(&self) -> Vec<f64> {
        self.points.iter().map(|p| p.log_weight.exp()).collect()
    }

    /// Effective number of points.
    #[must_use]
    pub fn effective_sample_size(&self) -> f64 {
        let log_weights: Vec<f64> = self.points.iter().map(|p| p.log_weight).collect();
        effective_sample_size(&log_weights)
    }

    /// Log-evidence of all rows.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }

    /// Its standard error by the weights of this run.
    #[must_use]
    pub fn log_evidence_error(&self) -> f64 {
        self.log_evidence_error
    }

    /// Rows that were set aside.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Rounds made.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// The last time taken in.
    #[must_use]
    pub fn last(&self) -> usize {
        self.last
    }

    /// State particles of each filter at the end.
    #[must_use]
    pub fn state_particles(&self) -> usize {
        self.state_particles
    }

    /// Noise of the log-likelihood at one θ: its standard deviation over runs of the filter; `None` where no filter was needed or
    /// it was not measured.
    #[must_use]
    pub fn log_likelihood_sd(&self) -> Option<f64> {
        self.log_likelihood_sd
    }

    /// Whether the likelihood was worked out without filters.
    #[must_use]
    pub fn is_without_state(&self) -> bool {
        self.without_state
    }
}

impl Point {
    /// The logarithm of its share in the posterior of its run.
    #[must_use]
    pub fn log_weight(&self) -> f64 {
        self.log_weight
    }

    /// Log-likelihood of all rows, as its filter estimates it.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
}

/// Times and numbers of the rows that are taken in up to time `last`, in order.
fn taken<'m, M: BatchModel>(
    model: &'m M,
    last: usize,
    emphasis: &'m Emphasis,
) -> impl Iterator<Item = (usize, usize)> + 'm {
    (0..=last)
        .flat_map(|time| model.rows(time).map(move |row| (time, row)))
        .filter(|(_, row)| emphasis.of(*row) != 0.0)
}

/// Standard deviation of each entry.
fn spread(points: &[Vec<f64>]) -> Vec<f64> {
    let size = points.first().map_or(0, Vec::len);
    let count = points.len().max(1) as f64;
    (0..size)
        .map(|i| {
            let mean = points.iter().map(|p| p[i]).sum::<f64>() / count;
            let square = points.iter().map(|p| (p[i] - mean).powi(2)).sum::<f64>();
            (square / count).sqrt().max(1e-12)
        })
        .collect()
}

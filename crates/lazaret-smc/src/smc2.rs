//! SMC² (Chopin2013): learns the unknown numbers of a model and its hidden state together, row by row.
//!
//! N_θ **parameter particles** θ, drawn from the [prior](crate::prior), each carry a bootstrap
//! [filter](crate::filter) of N_x **state particles**. A row reweights the θ by the filters' estimates of
//! its likelihood. When the weights have become uneven, the θ are resampled and moved by particle
//! Metropolis-Hastings steps until most have truly moved; a row so sharp that few θ would survive is taken
//! in by degrees (a *bridge* of tempered targets), which changes nothing about the answer.
//!
//! What an analyst should look at afterwards: [`Smc2::rejuvenations`] (did the θ move; how noisy were the
//! likelihoods), [`Smc2::conflicts`] and, for the Monte Carlo error of the evidence, the
//! [spread over seeds](crate::evidence).
//!
//! ```
//! use lazaret_smc::model::{Exact, ExactLikelihood};
//! use lazaret_smc::prior::{Density, Independent};
//! use lazaret_smc::smc2::{Smc2, Smc2Settings};
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
//! let mut sampler = Smc2::start(&tosses, &prior, &Smc2Settings::exact(), 1)?;
//! sampler.run_to(&tosses, &prior, 3)?;
//! // Uniform prior and 3 heads of 4: the posterior is Beta(4, 2), the evidence 1 / 20.
//! assert!((sampler.posterior(0).mean() - 4.0 / 6.0).abs() < 0.03);
//! assert!((sampler.log_evidence() - (1.0f64 / 20.0).ln()).abs() < 0.15);
//! # Ok::<(), lazaret_smc::SmcError>(())
//! ```
//!
//! **Life cycle.** [`start`](Smc2::start), then [`advance`](Smc2::advance) time by time. Rows that become
//! known late, for a time already passed, are included by [`revise`](Smc2::revise) without starting again.
//! [`save`](Smc2::save) at any moment; [`resume`](Smc2::resume) goes on as if nothing had happened.

mod look;
mod pooled;
mod rejuvenate;
mod saved;
mod settings;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::look::{LeftOut, Trajectory, reconcile};
pub use self::saved::Saved;
pub use self::settings::Smc2Settings;
use crate::error::{Conflict, OnConflict, SmcError};
use crate::filter::{Emphasis, Filter, FilterSettings, RowIncrement, Scratch};
use crate::model::{BatchModel, Family};
use crate::prior::Prior;
use crate::random::StreamKey;
use crate::weights::{bits, effective_sample_size, log_sum_exp};

/// Purposes of the streams under a sampler's key; each is a child of it.
mod purpose {
    pub(super) const PRIOR: u64 = 1;
    pub(super) const FIRST_FILTERS: u64 = 2;
    pub(super) const RESAMPLING: u64 = 3;
    pub(super) const PROPOSALS: u64 = 4;
    pub(super) const PROPOSED_FILTERS: u64 = 5;
    pub(super) const EXCHANGES: u64 = 6;
    pub(super) const NOISE: u64 = 7;
}

/// One time that the θ were resampled and moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejuvenation {
    /// The last time taken in.
    pub time: usize,
    /// The power of the last row at which it happened: below 1 on a bridge.
    pub exponent: f64,
    /// Effective sample size before, as a share of the θ.
    pub share_before: f64,
    /// N_x at the end.
    pub state_particles: usize,
    /// Standard deviation of the log-likelihood estimate at one θ, before; `None` if N_x is fixed at 1.
    /// Infinite if some runs found the rows impossible (formats without infinities give `None` back).
    pub log_likelihood_sd: Option<f64>,
    /// Rounds of moves.
    pub rounds: usize,
    /// Share of the proposals that were accepted.
    pub acceptance: f64,
    /// Share of the θ that have moved at least once. Below the setting, the sampler gave up: do not trust
    /// the tails of the posterior.
    pub moved_share: f64,
}

/// What [`Smc2::revise`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Revised {
    /// The θ were reweighted, and moved if that left them uneven.
    Reweighted,
    /// The revised rows favour other θ than the sampler had left, so it ran from the prior again.
    StartedAnew,
}

/// A parameter particle with its filter.
#[derive(Clone, Debug)]
struct Member<P> {
    theta: Vec<f64>,
    filter: Filter<P>,
    /// Log-likelihood of all rows but the last: the foot of a bridge.
    before: f64,
}

impl<P: Clone> Member<P> {
    /// Log-likelihood with the last row raised to `exponent`.
    fn target(&self, exponent: f64) -> f64 {
        let full = self.filter.log_evidence();
        // Written so that neither end of the bridge multiplies an infinity by zero.
        if exponent >= 1.0 || full == f64::NEG_INFINITY {
            full
        } else {
            self.before + exponent * (full - self.before)
        }
    }
}

/// The sampler. See the [module](self).
#[derive(Clone, Debug)]
pub struct Smc2<P> {
    settings: Smc2Settings,
    seed: u64,
    names: Vec<String>,
    members: Vec<Member<P>>,
    /// Normalised: their exponentials sum to 1.
    log_weights: Vec<f64>,
    progress: Progress,
}

/// Everything of the sampler that is neither a parameter particle nor a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The last time reached, if any.
    time: Option<usize>,
    /// Rows of that time that were dealt with, and whether they were all.
    rows_done: usize,
    complete: bool,
    state_particles: usize,
    emphasis: Emphasis,
    /// Counts fresh families of streams.
    generation: u64,
    #[serde(with = "bits")]
    log_evidence: f64,
    increments: Vec<RowIncrement>,
    conflicts: Vec<Conflict>,
    rejuvenations: Vec<Rejuvenation>,
}

impl<P: Clone + Send + Sync> Smc2<P> {
    /// Draws the parameter particles from the prior and starts a filter for each.
    ///
    /// Without unknowns there is one θ and the sampler is a plain filter.
    ///
    /// # Errors
    /// [`SmcError::Setting`].
    pub fn start<F: Family<Population = P>>(
        family: &F,
        prior: &impl Prior,
        settings: &Smc2Settings,
        seed: u64,
    ) -> Result<Self, SmcError> {
        settings.check()?;
        let names = prior.names();
        let count = if names.is_empty() {
            1
        } else {
            settings.theta_particles
        };
        let key = StreamKey::new(seed);
        let filter_settings = settings.filter(settings.state_particles);
        let members = (0..count as u64)
            .into_par_iter()
            .map(|i| {
                let theta = prior.sample(&mut key.child(purpose::PRIOR).child(i).stream());
                let filter_key = key.child(purpose::FIRST_FILTERS).child(i);
                let filter = Filter::start(&family.model(&theta), &filter_settings, filter_key);
                Member {
                    theta,
                    filter,
                    before: 0.0,
                }
            })
            .collect();
        Ok(Self {
            settings: settings.clone(),
            seed,
            names,
            members,
            log_weights: vec![-(count as f64).ln(); count],
            progress: Progress {
                time: None,
                rows_done: 0,
                complete: true,
                state_particles: settings.state_particles,
                emphasis: Emphasis::default(),
                generation: 0,
                log_evidence: 0.0,
                increments: Vec::new(),
                conflicts: Vec::new(),
                rejuvenations: Vec::new(),
            },
        })
    }

    /// Moves to the next time (the first call: to time 0) and takes in its rows.
    ///
    /// # Errors
    /// [`SmcError::Conflict`] if a row is impossible for every θ and the policy is [`OnConflict::Stop`].
    /// The sampler is then as it was before that row; [`set_aside`](Self::set_aside) the row and call
    /// `advance` again to go on with the rows of this time. [`SmcError::NotANumber`] if the model is wrong;
    /// the sampler is then of no more use.
    pub fn advance<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
    ) -> Result<(), SmcError> {
        if self.progress.complete {
            if let Some(time) = self.progress.time {
                self.members
                    .par_iter_mut()
                    .for_each_init(Scratch::default, |scratch, member| {
                        member
                            .filter
                            .propagate(&family.model(&member.theta), scratch);
                    });
                self.progress.time = Some(time + 1);
            } else {
                self.progress.time = Some(0);
            }
            self.progress.rows_done = 0;
            self.progress.complete = false;
        }
        let time = self.progress.time.unwrap_or(0);
        let rows: Vec<usize> = family.model(&self.members[0].theta).rows(time).collect();
        for row in rows.into_iter().skip(self.progress.rows_done) {
            self.take_in(family, prior, time, row)?;
        }
        self.progress.complete = true;
        Ok(())
    }

    /// Advances until the rows of time `last` are taken in.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn run_to<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        last: usize,
    ) -> Result<(), SmcError> {
        while !self.progress.complete || self.progress.time.is_none_or(|time| time < last) {
            self.advance(family, prior)?;
        }
        Ok(())
    }

    /// Raises the likelihood of a row to the power `exponent` when it is taken in: 0 leaves it out, 1 is
    /// the default. For rows already taken in this has no effect before [`revise`](Self::revise).
    pub fn emphasise(&mut self, row: usize, exponent: f64) {
        self.progress.emphasis.set(row, exponent);
    }

    /// Leaves a row out of whatever is taken in from now on, and lists it among the
    /// [conflicts](Self::conflicts).
    pub fn set_aside(&mut self, conflict: Conflict) {
        self.progress.emphasis.set(conflict.row, 0.0);
        self.progress.conflicts.push(Conflict {
            exponent: 0.0,
            ..conflict
        });
    }

    /// Takes in one row of the present time.
    fn take_in<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        time: usize,
        row: usize,
    ) -> Result<(), SmcError> {
        let power = self.progress.emphasis.of(row);
        if power == 0.0 {
            self.progress.rows_done += 1;
            return Ok(());
        }
        let count = self.members.len() as f64;
        let share_before = effective_sample_size(&self.log_weights) / count;
        let alive: Vec<bool> = self.members.iter().map(|m| !m.filter.is_dead()).collect();
        self.members.par_iter_mut().try_for_each(|member| {
            member.before = member.filter.log_evidence();
            let weighed = member
                .filter
                .weigh(&family.model(&member.theta), row, power);
            weighed.map(|_| ())
        })?;
        let weighed = self.reweighted(0.0, 1.0);
        if log_sum_exp(&weighed) == f64::NEG_INFINITY {
            for (member, alive) in self.members.iter_mut().zip(alive) {
                if alive {
                    member.filter.unweigh();
                }
            }
            let conflict = Conflict {
                time,
                row,
                exponent: 0.0,
                share_before,
            };
            if self.settings.on_conflict == OnConflict::Stop {
                return Err(SmcError::Conflict(conflict));
            }
            self.set_aside(conflict);
            self.progress.rows_done += 1;
            return Ok(());
        }
        self.members.par_iter_mut().for_each(|member| {
            let model = family.model(&member.theta);
            member.filter.keep(&model, row, power);
        });
        self.progress.rows_done += 1;
        let state_share_after = self.state_share(&weighed);
        let share_after = effective_sample_size(&weighed) / count;
        let log_evidence_before = self.progress.log_evidence;
        if self.members.len() == 1 || share_after >= self.settings.bridge_below {
            self.apply(weighed);
            if self.members.len() > 1 && share_after < self.settings.resample_below {
                self.rejuvenate(family, prior, 1.0)?;
            }
        } else {
            self.bridge(family, prior)?;
        }
        self.progress.increments.push(RowIncrement {
            time,
            row,
            log_evidence: self.progress.log_evidence - log_evidence_before,
            share_after,
            state_share_after,
        });
        Ok(())
    }

    /// Mean over the θ, by log-weights, of the effective share of their state particles.
    fn state_share(&self, log_weights: &[f64]) -> f64 {
        let sum = log_sum_exp(log_weights);
        let pairs = log_weights.iter().zip(&self.members);
        pairs
            .filter(|(log_weight, _)| log_weight.is_finite())
            .map(|(log_weight, member)| {
                let count = member.filter.weights().len() as f64;
                (log_weight - sum).exp() * member.filter.effective_sample_size() / count
            })
            .sum()
    }

    /// Takes the row just weighed in by degrees, moving the θ at each (DelMoral2006).
    fn bridge<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
    ) -> Result<(), SmcError> {
        let count = self.members.len() as f64;
        let mut exponent = 0.0;
        loop {
            // θ that find the row impossible drop out at any power; what is left can be asked for more.
            let survivors = effective_sample_size(&self.reweighted(exponent, exponent + 1e-9));
            let wanted = (self.settings.resample_below * count).min(0.9 * survivors);
            let share_at = |next: f64| effective_sample_size(&self.reweighted(exponent, next));
            if share_at(1.0) >= wanted {
                let weights = self.reweighted(exponent, 1.0);
                self.apply(weights);
                return if effective_sample_size(&self.log_weights)
                    < self.settings.resample_below * count
                {
                    self.rejuvenate(family, prior, 1.0)
                } else {
                    Ok(())
                };
            }
            let (mut low, mut high) = (exponent, 1.0);
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if share_at(middle) >= wanted {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let weights = self.reweighted(exponent, high);
            self.apply(weights);
            exponent = high;
            self.rejuvenate(family, prior, exponent)?;
            if exponent >= 1.0 {
                return Ok(());
            }
        }
    }

    /// The log-weights after the power of the last row goes from `from` to `to`, not normalised.
    fn reweighted(&self, from: f64, to: f64) -> Vec<f64> {
        let pairs = self.log_weights.iter().zip(&self.members);
        pairs
            .map(|(weight, member)| {
                let full = member.filter.log_evidence();
                if full == f64::NEG_INFINITY || *weight == f64::NEG_INFINITY {
                    f64::NEG_INFINITY
                } else {
                    weight + (to - from) * (full - member.before)
                }
            })
            .collect()
    }

    /// Adopts log-weights, normalised; their sum goes into the evidence.
    fn apply(&mut self, log_weights: Vec<f64>) {
        let sum = log_sum_exp(&log_weights);
        self.progress.log_evidence += sum;
        self.log_weights = log_weights;
        for weight in &mut self.log_weights {
            *weight -= sum;
        }
    }

    /// Takes in data that changed up to the present time: rows added late, withdrawn or corrected.
    ///
    /// Each filter runs again with the random numbers that it had, so that likelihoods before and after
    /// differ by the data alone; the θ are reweighted by the ratio. If that would leave less than
    /// `bridge_below` of them, the sampler runs from the prior again. Times beyond the present are not
    /// reached for; [`advance`](Self::advance) does that. Increments and conflicts are kept as they were
    /// recorded; the evidence is that of the revised rows.
    ///
    /// # Errors
    /// [`SmcError::Revision`] if no θ can explain the revised data; the sampler is then unchanged.
    pub fn revise<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
    ) -> Result<Revised, SmcError> {
        let Some(time) = self.progress.time else {
            *self = Self::start(family, prior, &self.settings, self.seed)?;
            return Ok(Revised::StartedAnew);
        };
        let runs = self.run_again(family, usize::MAX)?;
        let log_weights: Vec<f64> = (self.log_weights.iter().zip(&self.members).zip(&runs))
            .map(|((weight, member), (filter, _))| {
                let (old, new) = (member.filter.log_evidence(), filter.log_evidence());
                if old.is_finite() && new.is_finite() {
                    weight + new - old
                } else {
                    f64::NEG_INFINITY
                }
            })
            .collect();
        let share = effective_sample_size(&log_weights) / self.members.len() as f64;
        let single = self.members.len() == 1;
        if share == 0.0 || (!single && share < self.settings.bridge_below) {
            let mut anew = Self::start(family, prior, &self.settings, self.seed)?;
            anew.progress.emphasis = self.progress.emphasis.clone();
            return match anew.run_to(family, prior, time) {
                Ok(()) => {
                    *self = anew;
                    Ok(Revised::StartedAnew)
                }
                Err(SmcError::Conflict(_)) => Err(SmcError::Revision { time }),
                Err(other) => Err(other),
            };
        }
        for (member, (filter, before)) in self.members.iter_mut().zip(runs) {
            member.filter = filter;
            member.before = before;
        }
        self.progress.rows_done = family.model(&self.members[0].theta).rows(time).count();
        self.progress.complete = true;
        self.apply(log_weights);
        if !single && share < self.settings.resample_below {
            self.rejuvenate(family, prior, 1.0)?;
        }
        Ok(Revised::Reweighted)
    }

    /// Runs every member's filter from its key to the present, over the first `rows` rows of that.
    fn run_again<F: Family<Population = P>>(
        &self,
        family: &F,
        rows: usize,
    ) -> Result<Vec<(Filter<P>, f64)>, SmcError> {
        let plan = self.plan(rows);
        self.members
            .par_iter()
            .map_init(Scratch::default, |scratch, member| {
                plan.run(&family.model(&member.theta), member.filter.key(), scratch)
            })
            .collect()
    }

    fn plan(&self, rows: usize) -> Plan<'_> {
        Plan {
            settings: self.settings.filter(self.progress.state_particles),
            emphasis: &self.progress.emphasis,
            time: self.progress.time,
            rows,
        }
    }

    fn key(&self) -> StreamKey {
        StreamKey::new(self.seed)
    }

    fn next_generation(&mut self) -> u64 {
        self.progress.generation += 1;
        self.progress.generation
    }
}

/// A filter run from time 0 to somewhere among the rows of the present time.
pub(crate) struct Plan<'a> {
    pub(crate) settings: FilterSettings,
    pub(crate) emphasis: &'a Emphasis,
    /// `None`: no rows yet.
    pub(crate) time: Option<usize>,
    /// Rows to take in at the last time.
    pub(crate) rows: usize,
}

impl Plan<'_> {
    /// The filter at the end and its log-evidence before the last row. Stops early if a row kills it.
    pub(crate) fn run<M: BatchModel>(
        &self,
        model: &M,
        key: StreamKey,
        scratch: &mut Scratch<M::Population>,
    ) -> Result<(Filter<M::Population>, f64), SmcError> {
        let mut filter = Filter::start(model, &self.settings, key);
        let mut before = 0.0;
        let Some(last) = self.time else {
            return Ok((filter, before));
        };
        for time in 0..=last {
            if time > 0 {
                filter.propagate(model, scratch);
            }
            let rows = if time == last { self.rows } else { usize::MAX };
            for row in model.rows(time).take(rows) {
                let power = self.emphasis.of(row);
                if power == 0.0 {
                    continue;
                }
                before = filter.log_evidence();
                filter.weigh(model, row, power)?;
                if filter.is_dead() {
                    return Ok((filter, before));
                }
                filter.keep(model, row, power);
            }
        }
        Ok((filter, before))
    }
}

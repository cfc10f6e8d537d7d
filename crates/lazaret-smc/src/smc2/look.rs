//! Looking at the sampler: posteriors, paths through past and future, what a group of rows changed.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Plan, Rejuvenation, Smc2, Smc2Settings};
use crate::error::{Conflict, OnConflict, SmcError};
use crate::filter::{Emphasis, Filter, History, RowIncrement, Scratch};
use crate::model::{BatchModel, Family};
use crate::prior::Prior;
use crate::random::StreamKey;
use crate::resampling::systematic;
use crate::summary::Weighted;
use crate::weights::{effective_sample_size, log_sum_exp};

/// One possible course of things, drawn from the posterior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectory<R> {
    /// The θ under which it ran.
    pub theta: Vec<f64>,
    /// What was recorded at each time: from 0 on, or from the time after the present if only a forecast
    /// was asked for.
    pub values: Vec<R>,
}

/// The posterior without a group of rows. See [`Smc2::leave_out`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Weights of the sampler's θ without the rows; they sum to 1.
    pub weights: Vec<f64>,
    /// Effective sample size of these weights, as a share of the θ. Below about 0.1 the posterior
    /// without the rows lies where the sampler has no θ: run it again without them instead.
    pub share: f64,
    /// Log-evidence of the other rows.
    pub log_evidence: f64,
    /// Log-evidence of the rows given all others: how well the rest foretells them.
    pub log_evidence_of_rows: f64,
}

impl<P: Clone + Send + Sync> Smc2<P> {
    /// The last time reached; `None` before the first [`advance`](Self::advance).
    #[must_use]
    pub fn time(&self) -> Option<usize> {
        self.progress.time
    }

    /// The names of the unknowns, in the order of θ.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The parameter particles.
    pub fn thetas(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.members.iter().map(|member| member.theta.as_slice())
    }

    /// The weights of the parameter particles; they sum to 1.
    #[must_use]
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights.iter().map(|weight| weight.exp()).collect()
    }

    /// The posterior of unknown number `index`.
    #[must_use]
    pub fn posterior(&self, index: usize) -> Weighted {
        self.posterior_of(|theta| theta[index])
    }

    /// The posterior of any function of θ. The mean of a yes (1) or no (0) is a probability.
    #[must_use]
    pub fn posterior_of(&self, f: impl Fn(&[f64]) -> f64) -> Weighted {
        Weighted::new(self.thetas().map(f).collect(), self.weights())
    }

    /// The filtering distribution of a function of the present state, over all θ and state particles.
    pub fn present<F: Family<Population = P>>(
        &self,
        family: &F,
        f: impl Fn(&F::State) -> f64 + Sync,
    ) -> Weighted {
        let pairs: Vec<(Vec<f64>, Vec<f64>)> = self
            .members
            .par_iter()
            .zip(&self.log_weights)
            .filter(|(_, log_weight)| log_weight.is_finite())
            .map(|(member, log_weight)| {
                let model = family.model(&member.theta);
                let weights = member.filter.weights();
                let population = member.filter.population();
                let values = (0..weights.len())
                    .map(|i| f(&model.state(population, i)))
                    .collect();
                (
                    values,
                    weights
                        .iter()
                        .map(|weight| weight * log_weight.exp())
                        .collect(),
                )
            })
            .collect();
        let (values, weights): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Weighted::new(values.concat(), weights.concat())
    }

    /// Log-evidence of all rows taken in.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.progress.log_evidence
    }

    /// What each row did, in the order taken in.
    #[must_use]
    pub fn increments(&self) -> &[RowIncrement] {
        &self.progress.increments
    }

    /// Rows that were set aside.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.progress.conflicts
    }

    /// Every time that the θ were resampled and moved.
    #[must_use]
    pub fn rejuvenations(&self) -> &[Rejuvenation] {
        &self.progress.rejuvenations
    }

    /// The present number of state particles of each filter.
    #[must_use]
    pub fn state_particles(&self) -> usize {
        self.progress.state_particles
    }

    /// Effective number of parameter particles.
    #[must_use]
    pub fn effective_sample_size(&self) -> f64 {
        effective_sample_size(&self.log_weights)
    }

    /// Draws about `count` trajectories of equal weight from the posterior given all rows: the past as the
    /// data leave it (smoothing) and, beyond the present, the future to time `until`.
    ///
    /// Filters run again from their keys with their genealogies kept, one at a time on each thread, so the
    /// memory needed is that of a few filters, not of all.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`], if the model is wrong.
    pub fn paths<F: Family<Population = P>, R: Send>(
        &self,
        family: &F,
        count: usize,
        until: usize,
        key: StreamKey,
        record: impl Fn(&F::State, usize) -> R + Sync,
    ) -> Result<Vec<Trajectory<R>>, SmcError> {
        let mut ancestors = vec![0u32; count.max(1)];
        let picked = systematic(&self.weights(), key.stream().uniform(), &mut ancestors);
        assert!(
            picked.is_ok(),
            "weights were normalised before, yet {picked:?}"
        );
        let groups: Vec<&[u32]> = ancestors.chunk_by(|a, b| a == b).collect();
        let plan = self.plan(self.progress.rows_done);
        let paths: Vec<Vec<Trajectory<R>>> = groups
            .into_par_iter()
            .map(|group| {
                let index = group[0] as usize;
                let member = &self.members[index];
                let model = family.model(&member.theta);
                let streams = key.child(index as u64);
                let history = plan.record(&model, member.filter.key())?;
                let mut particles = vec![0u32; group.len()];
                let weights = history.last_weights();
                let picked = systematic(weights, streams.stream().uniform(), &mut particles);
                assert!(
                    picked.is_ok(),
                    "weights were normalised before, yet {picked:?}"
                );
                let mut trajectories: Vec<Trajectory<R>> = particles
                    .iter()
                    .map(|particle| {
                        let states = history.trace(&model, *particle as usize);
                        let times = states.iter().enumerate();
                        let values = times.map(|(time, state)| record(state, time)).collect();
                        Trajectory {
                            theta: member.theta.clone(),
                            values,
                        }
                    })
                    .collect();
                let mut population = history.last().clone();
                model.select(history.last(), &particles, &mut population);
                for time in self.progress.time.unwrap_or(0) + 1..=until {
                    model.step(&mut population, time, &streams.at(time));
                    for (i, trajectory) in trajectories.iter_mut().enumerate() {
                        trajectory
                            .values
                            .push(record(&model.state(&population, i), time));
                    }
                }
                Ok(trajectories)
            })
            .collect::<Result<_, SmcError>>()?;
        Ok(paths.into_iter().flatten().collect())
    }

    /// Draws about `count` courses of equal weight from the posterior given all rows, as [`paths`](Self::paths) does, and gives what
    /// `of` makes of the states of each from time 0 to the present, with the number of its θ.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`], if the model is wrong.
    pub fn paths_by_theta<F: Family<Population = P>, R: Send>(
        &self,
        family: &F,
        count: usize,
        key: StreamKey,
        of: impl Fn(&[f64], Vec<F::State>) -> R + Sync,
    ) -> Result<Vec<(usize, R)>, SmcError> {
        let mut picks = vec![0u32; count.max(1)];
        let picked = systematic(&self.weights(), key.stream().uniform(), &mut picks);
        assert!(
            picked.is_ok(),
            "weights were normalised before, yet {picked:?}"
        );
        let groups: Vec<&[u32]> = picks.chunk_by(|a, b| a == b).collect();
        let plan = self.plan(self.progress.rows_done);
        let found: Vec<Vec<(usize, R)>> = groups
            .into_par_iter()
            .map(|group| {
                let index = group[0] as usize;
                let member = &self.members[index];
                let model = family.model(&member.theta);
                let history = plan.record(&model, member.filter.key())?;
                let mut particles = vec![0u32; group.len()];
                let offset = key.child(index as u64).stream().uniform();
                let picked = systematic(history.last_weights(), offset, &mut particles);
                assert!(
                    picked.is_ok(),
                    "weights were normalised before, yet {picked:?}"
                );
                let each = particles.into_iter().map(|particle| {
                    let states = history.trace(&model, particle as usize);
                    (index, of(&member.theta, states))
                });
                Ok(each.collect())
            })
            .collect::<Result<_, SmcError>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Draws `count` trajectories of equal weight from the present to time `until`, without the past: no
    /// filter needs to run again, so this is cheap enough for every step of a back-test.
    pub fn forecast<F: Family<Population = P>, R: Send>(
        &self,
        family: &F,
        count: usize,
        until: usize,
        key: StreamKey,
        record: impl Fn(&F::State, usize) -> R + Sync,
    ) -> Vec<Trajectory<R>> {
        let mut ancestors = vec![0u32; count.max(1)];
        let picked = systematic(&self.weights(), key.stream().uniform(), &mut ancestors);
        assert!(
            picked.is_ok(),
            "weights were normalised before, yet {picked:?}"
        );
        let groups: Vec<&[u32]> = ancestors.chunk_by(|a, b| a == b).collect();
        let present = self.progress.time.unwrap_or(0);
        let forecasts: Vec<Vec<Trajectory<R>>> = groups
            .into_par_iter()
            .map(|group| {
                let index = group[0] as usize;
                let member = &self.members[index];
                let model = family.model(&member.theta);
                let streams = key.child(index as u64);
                let mut population = member.filter.draw(&model, group.len(), streams);
                let empty = || Trajectory {
                    theta: member.theta.clone(),
                    values: Vec::new(),
                };
                let mut trajectories: Vec<Trajectory<R>> = group.iter().map(|_| empty()).collect();
                for time in present + 1..=until {
                    model.step(&mut population, time, &streams.at(time));
                    for (i, trajectory) in trajectories.iter_mut().enumerate() {
                        trajectory
                            .values
                            .push(record(&model.state(&population, i), time));
                    }
                }
                trajectories
            })
            .collect();
        forecasts.into_iter().flatten().collect()
    }

    /// What the posterior and the evidence would be without the given rows, by reweighting.
    ///
    /// The filters run again without the rows, with the random numbers that they had.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`], if the model is wrong; [`SmcError::Revision`] if the other rows alone are
    /// impossible for every θ, which can only be chance.
    pub fn leave_out<F: Family<Population = P>>(
        &self,
        family: &F,
        rows: &[usize],
    ) -> Result<LeftOut, SmcError> {
        let mut emphasis = self.progress.emphasis.clone();
        for row in rows {
            emphasis.set(*row, 0.0);
        }
        let plan = Plan {
            emphasis: &emphasis,
            ..self.plan(self.progress.rows_done)
        };
        let without: Vec<f64> = self
            .members
            .par_iter()
            .map_init(Scratch::default, |scratch, member| {
                let model = family.model(&member.theta);
                let (filter, _) = plan.run(&model, member.filter.key(), scratch)?;
                Ok(filter.log_evidence())
            })
            .collect::<Result<_, SmcError>>()?;
        let log_weights: Vec<f64> = (self.log_weights.iter().zip(&self.members).zip(without))
            .map(|((weight, member), without)| {
                if weight.is_finite() {
                    weight + without - member.filter.log_evidence()
                } else {
                    f64::NEG_INFINITY
                }
            })
            .collect();
        let log_ratio = log_sum_exp(&log_weights);
        if !log_ratio.is_finite() {
            return Err(SmcError::Revision {
                time: self.progress.time.unwrap_or(0),
            });
        }
        Ok(LeftOut {
            share: effective_sample_size(&log_weights) / self.members.len() as f64,
            weights: log_weights
                .iter()
                .map(|weight| (weight - log_ratio).exp())
                .collect(),
            log_evidence: self.progress.log_evidence + log_ratio,
            log_evidence_of_rows: -log_ratio,
        })
    }

    /// What leaving rows out would do at most, roughly and without running a filter again: by the log-likelihood of each row given those before it,
    /// which says nothing of what the row taught about later ones.
    ///
    /// Filters run once, however many groups there are. Gives for each group the weights without it, and the log-evidence of it given
    /// the rest by these weights.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`], if the model is wrong.
    pub fn leave_out_roughly<F: Family<Population = P>>(
        &self,
        family: &F,
        groups: &[Vec<usize>],
    ) -> Result<Vec<LeftOut>, SmcError> {
        let plan = self.plan(self.progress.rows_done);
        let rows: Vec<Vec<(usize, f64)>> = self
            .members
            .par_iter()
            .map_init(Scratch::default, |scratch, member| {
                let model = family.model(&member.theta);
                plan.increments(&model, member.filter.key(), scratch)
            })
            .collect::<Result<_, SmcError>>()?;
        let most = rows.iter().flatten().map(|(row, _)| row + 1).max();
        let mut by_row = vec![vec![0.0; self.members.len()]; most.unwrap_or(0)];
        for (member, rows) in rows.iter().enumerate() {
            for (row, log) in rows {
                by_row[*row][member] += log;
            }
        }
        let without = |group: &Vec<usize>| {
            let log_weights: Vec<f64> = (self.log_weights.iter().enumerate())
                .map(|(member, weight)| {
                    let logs = group.iter().filter_map(|row| by_row.get(*row));
                    weight
                        - logs
                            .map(|of| of[member])
                            .filter(|log| log.is_finite())
                            .sum::<f64>()
                })
                .collect();
            let log_ratio = log_sum_exp(&log_weights);
            LeftOut {
                share: effective_sample_size(&log_weights) / self.members.len() as f64,
                weights: log_weights
                    .iter()
                    .map(|weight| (weight - log_ratio).exp())
                    .collect(),
                log_evidence: self.progress.log_evidence + log_ratio,
                log_evidence_of_rows: -log_ratio,
            }
        };
        Ok(groups.iter().map(without).collect())
    }

    /// Rows that are left out or tempered.
    #[must_use]
    pub fn emphasis(&self) -> &Emphasis {
        &self.progress.emphasis
    }
}

/// With what a conflicting row conflicts: for each group of other rows, the log-evidence of the row if that
/// group is left out; `-inf` if the row is then still impossible.
///
/// Runs a sampler from the prior for each group, in which rows that are impossible are set aside.
///
/// # Errors
/// As [`Smc2::advance`], save for conflicts.
pub fn reconcile<F: Family>(
    family: &F,
    prior: &impl Prior,
    settings: &Smc2Settings,
    conflict: &Conflict,
    groups: &[Vec<usize>],
    seed: u64,
) -> Result<Vec<f64>, SmcError> {
    let settings = Smc2Settings {
        on_conflict: OnConflict::SetAside,
        ..settings.clone()
    };
    groups
        .iter()
        .map(|group| {
            let mut sampler = Smc2::start(family, prior, &settings, seed)?;
            for row in group {
                sampler.emphasise(*row, 0.0);
            }
            sampler.run_to(family, prior, conflict.time)?;
            let of_row = sampler
                .increments()
                .iter()
                .find(|entry| entry.row == conflict.row);
            Ok(of_row.map_or(f64::NEG_INFINITY, |entry| entry.log_evidence))
        })
        .collect()
}

impl Plan<'_> {
    /// The rows with the log-likelihood of each given those before it.
    fn increments<M: BatchModel>(
        &self,
        model: &M,
        key: StreamKey,
        scratch: &mut Scratch<M::Population>,
    ) -> Result<Vec<(usize, f64)>, SmcError> {
        let mut filter = Filter::start(model, &self.settings, key);
        let mut found = Vec::new();
        for time in 0..=self.time.unwrap_or(0) {
            if time > 0 {
                filter.propagate(model, scratch);
            }
            let rows = if Some(time) == self.time {
                self.rows
            } else {
                usize::MAX
            };
            for row in model.rows(time).take(rows) {
                let power = self.emphasis.of(row);
                if power == 0.0 {
                    continue;
                }
                found.push((row, filter.weigh(model, row, power)?));
                if filter.is_dead() {
                    return Ok(found);
                }
                filter.keep(model, row, power);
            }
        }
        Ok(found)
    }

    /// As [`run`](Self::run), with the genealogy; time 0 alone if no row was taken in yet.
    fn record<M: BatchModel>(
        &self,
        model: &M,
        key: StreamKey,
    ) -> Result<History<M::Population>, SmcError> {
        let mut filter = crate::filter::Filter::start(model, &self.settings, key);
        let mut scratch = Scratch::default();
        let mut history = History::default();
        for time in 0..=self.time.unwrap_or(0) {
            if time > 0 {
                filter.propagate(model, &mut scratch);
            }
            let rows = match self.time {
                None => 0,
                Some(last) if last == time => self.rows,
                Some(_) => usize::MAX,
            };
            for row in model.rows(time).take(rows) {
                let power = self.emphasis.of(row);
                if power != 0.0 {
                    filter.weigh(model, row, power)?;
                    filter.keep(model, row, power);
                }
            }
            history.push(&filter, &scratch);
        }
        Ok(history)
    }
}

//! Resampling the parameter particles and moving them; choosing the number of state particles.

use rayon::prelude::*;

use super::{Member, Plan, Rejuvenation, Smc2, purpose};
use crate::error::SmcError;
use crate::filter::Scratch;
use crate::model::Family;
use crate::prior::Prior;
use crate::proposal::Proposal;
use crate::resampling::systematic;
use crate::weights::{effective_sample_size, log_sum_exp, normalise};

/// θ at which the noise of the likelihood is measured, and runs at each. Thirty runs in all cost a few
/// per cent of one round of moves and give the standard deviation to about 15 %.
const NOISE_POINTS: usize = 5;
const NOISE_RUNS: usize = 6;

impl<P: Clone + Send + Sync> Smc2<P> {
    /// Resamples and moves the θ; the target has the last row at power `exponent`.
    pub(super) fn rejuvenate<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        exponent: f64,
    ) -> Result<(), SmcError> {
        let share_before = effective_sample_size(&self.log_weights) / self.members.len() as f64;
        let mut log_likelihood_sd = None;
        if self.settings.most_state_particles > 1 {
            let sd = self.log_likelihood_sd(family)?;
            log_likelihood_sd = Some(sd);
            if sd > self.settings.most_log_likelihood_sd {
                self.exchange(family, exponent)?;
            }
        }
        let mut entry = Rejuvenation {
            time: self.progress.time.unwrap_or(0),
            exponent,
            share_before,
            state_particles: self.progress.state_particles,
            log_likelihood_sd,
            rounds: 0,
            acceptance: 0.0,
            moved_share: 0.0,
        };
        loop {
            self.move_until_moved(family, prior, exponent, &mut entry)?;
            entry.state_particles = self.progress.state_particles;
            if entry.acceptance >= self.settings.least_acceptance
                || !self.exchange(family, exponent)?
            {
                break;
            }
            entry.state_particles = self.progress.state_particles;
            let share = effective_sample_size(&self.log_weights) / self.members.len() as f64;
            if share >= self.settings.resample_below
                && entry.moved_share >= self.settings.moved_share
            {
                break;
            }
        }
        self.progress.rejuvenations.push(entry);
        Ok(())
    }

    /// Resamples, then makes rounds of particle Metropolis-Hastings moves (Andrieu2010).
    fn move_until_moved<F: Family<Population = P>>(
        &mut self,
        family: &F,
        prior: &impl Prior,
        exponent: f64,
        entry: &mut Rejuvenation,
    ) -> Result<(), SmcError> {
        let count = self.members.len();
        let mut weights = Vec::new();
        let normalised = normalise(&self.log_weights, &mut weights);
        assert!(
            normalised.is_ok(),
            "weights were normalised before, yet {normalised:?}"
        );
        let points: Vec<Vec<f64>> = self
            .members
            .iter()
            .map(|member| prior.unconstrain(&member.theta))
            .collect();
        let proposal = Proposal::fit(&points, &weights);

        let generation = self.next_generation();
        let mut ancestors = vec![0; count];
        let offset = self
            .key()
            .child(purpose::RESAMPLING)
            .child(generation)
            .stream()
            .uniform();
        let resampled = systematic(&weights, offset, &mut ancestors);
        assert!(
            resampled.is_ok(),
            "weights were normalised before, yet {resampled:?}"
        );
        // Those that have no offspring go first and the last of a family is moved: twice all particles would be most of
        // the memory of a run.
        let mut offspring = vec![0u32; count];
        for ancestor in &ancestors {
            offspring[*ancestor as usize] += 1;
        }
        let mut old: Vec<Option<Member<P>>> = std::mem::take(&mut self.members)
            .into_iter()
            .zip(&offspring)
            .map(|(member, offspring)| (*offspring > 0).then_some(member))
            .collect();
        self.members = ancestors
            .iter()
            .filter_map(|ancestor| {
                let ancestor = *ancestor as usize;
                offspring[ancestor] -= 1;
                if offspring[ancestor] == 0 {
                    old[ancestor].take()
                } else {
                    old[ancestor].clone()
                }
            })
            .collect();
        self.log_weights.fill(-(count as f64).ln());

        let mut moved = vec![false; count];
        let mut accepted = 0;
        entry.rounds = 0;
        loop {
            let generation = self.next_generation();
            let key = self.key();
            let proposals = key.child(purpose::PROPOSALS).child(generation);
            let filters = key.child(purpose::PROPOSED_FILTERS).child(generation);
            // Taken apart by hand because the members change while the rest is read.
            let plan = Plan {
                settings: self.settings.filter(self.progress.state_particles),
                emphasis: &self.progress.emphasis,
                time: self.progress.time,
                rows: self.progress.rows_done,
            };
            let outcomes: Vec<bool> = self
                .members
                .par_iter_mut()
                .enumerate()
                .map_init(Scratch::default, |scratch, (i, member)| {
                    let mut stream = proposals.child(i as u64).stream();
                    let from = prior.unconstrain(&member.theta);
                    let (to, log_ratio) = proposal.propose(&from, &mut stream);
                    let theta = prior.constrain(&to);
                    let log_prior = prior.log_density(&theta) + prior.log_jacobian(&to);
                    if !log_prior.is_finite() {
                        return Ok(false); // outside the prior: no need to run the filter
                    }
                    let log_prior_old =
                        prior.log_density(&member.theta) + prior.log_jacobian(&from);
                    let (filter, before) =
                        plan.run(&family.model(&theta), filters.child(i as u64), scratch)?;
                    let proposed = Member {
                        theta,
                        filter,
                        before,
                    };
                    let log_accept = log_prior - log_prior_old + proposed.target(exponent)
                        - member.target(exponent)
                        + log_ratio;
                    let accept = stream.uniform().ln() < log_accept;
                    if accept {
                        *member = proposed;
                    }
                    Ok(accept)
                })
                .collect::<Result<_, SmcError>>()?;
            entry.rounds += 1;
            for (moved, outcome) in moved.iter_mut().zip(outcomes) {
                *moved |= outcome;
                accepted += usize::from(outcome);
            }
            entry.acceptance = accepted as f64 / (count * entry.rounds) as f64;
            entry.moved_share = moved.iter().filter(|moved| **moved).count() as f64 / count as f64;
            let enough = entry.moved_share >= self.settings.moved_share
                && entry.rounds >= self.settings.least_rounds;
            // Hopeless acceptance is better met with more state particles than with more rounds.
            let hopeless = entry.rounds >= self.settings.least_rounds
                && entry.acceptance < self.settings.least_acceptance
                && self.can_double();
            if enough || hopeless || entry.rounds >= self.settings.most_rounds {
                return Ok(());
            }
        }
    }

    /// Standard deviation of the log-likelihood estimate over runs at one θ, pooled over some θ drawn by
    /// their weights. Infinite if some runs are impossible where others are not.
    ///
    /// # Errors
    /// [`SmcError::NotANumber`].
    pub fn log_likelihood_sd<F: Family<Population = P>>(
        &mut self,
        family: &F,
    ) -> Result<f64, SmcError> {
        let generation = self.next_generation();
        let noise = self.key().child(purpose::NOISE).child(generation);
        let weights: Vec<f64> = self.log_weights.iter().map(|w| w.exp()).collect();
        let mut picks = vec![0; NOISE_POINTS];
        let picked = systematic(&weights, 0.5, &mut picks);
        assert!(
            picked.is_ok(),
            "weights were normalised before, yet {picked:?}"
        );
        let plan = self.plan(self.progress.rows_done);
        let estimates: Vec<f64> = (0..NOISE_POINTS * NOISE_RUNS)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, run| {
                let theta = &self.members[picks[run / NOISE_RUNS] as usize].theta;
                let (filter, _) =
                    plan.run(&family.model(theta), noise.child(run as u64), scratch)?;
                Ok(filter.log_evidence())
            })
            .collect::<Result<_, SmcError>>()?;
        let mut squares = 0.0;
        for runs in estimates.chunks(NOISE_RUNS) {
            if runs.iter().any(|estimate| !estimate.is_finite()) {
                return Ok(f64::INFINITY);
            }
            let mean = runs.iter().sum::<f64>() / runs.len() as f64;
            squares += runs
                .iter()
                .map(|estimate| (estimate - mean).powi(2))
                .sum::<f64>();
        }
        Ok((squares / (NOISE_POINTS * (NOISE_RUNS - 1)) as f64).sqrt())
    }

    fn can_double(&self) -> bool {
        self.progress.state_particles * 2 <= self.settings.most_state_particles
    }

    /// Doubles N_x: every filter is run again with more particles and the θ are reweighted by the ratio of
    /// the likelihood estimates (Chopin2013, section 3.6.1). `false` if N_x may not grow or no filter
    /// survives; nothing has changed then.
    ///
    /// The ratio has expectation 1, so it does not enter the evidence: that would add noise only.
    fn exchange<F: Family<Population = P>>(
        &mut self,
        family: &F,
        exponent: f64,
    ) -> Result<bool, SmcError> {
        if !self.can_double() {
            return Ok(false);
        }
        let generation = self.next_generation();
        let keys = self.key().child(purpose::EXCHANGES).child(generation);
        let mut plan = self.plan(self.progress.rows_done);
        plan.settings.particles *= 2;
        let members: Vec<Member<P>> = self
            .members
            .par_iter()
            .enumerate()
            .map_init(Scratch::default, |scratch, (i, member)| {
                let model = family.model(&member.theta);
                let (filter, before) = plan.run(&model, keys.child(i as u64), scratch)?;
                Ok(Member {
                    theta: member.theta.clone(),
                    filter,
                    before,
                })
            })
            .collect::<Result<_, SmcError>>()?;
        let mut log_weights: Vec<f64> = (self.log_weights.iter().zip(&self.members).zip(&members))
            .map(|((weight, old), new)| {
                if weight.is_finite() {
                    weight + new.target(exponent) - old.target(exponent)
                } else {
                    f64::NEG_INFINITY
                }
            })
            .collect();
        let sum = log_sum_exp(&log_weights);
        if !sum.is_finite() {
            return Ok(false);
        }
        for weight in &mut log_weights {
            *weight -= sum;
        }
        self.members = members;
        self.log_weights = log_weights;
        self.progress.state_particles *= 2;
        Ok(true)
    }
}

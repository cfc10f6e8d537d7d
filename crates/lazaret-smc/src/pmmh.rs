//! Particle marginal Metropolis-Hastings (Andrieu2010): the slow, exact cross-check of SMC².
//!
//! A Markov chain over θ in which the likelihood is a filter's estimate. Its target is the exact posterior
//! whatever the number of state particles; too few only make it slow. Several chains from different prior
//! draws show by [`Chains::r_hat`] whether they have found the same place.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::SmcError;
use crate::filter::{Emphasis, FilterSettings, Scratch};
use crate::linear::{Square, moments};
use crate::model::Family;
use crate::prior::Prior;
use crate::proposal::Proposal;
use crate::random::StreamKey;
use crate::smc2::Plan;
use crate::summary::Weighted;

/// How the chains run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PmmhSettings {
    /// Independent chains; they run in parallel.
    pub chains: usize,
    /// Steps in which the proposal adapts; they are thrown away.
    pub burn_in: usize,
    /// Steps that are kept.
    pub keep: usize,
    /// State particles of each filter.
    pub state_particles: usize,
    /// Prior draws that are tried for a start with a positive likelihood.
    pub tries: usize,
}

impl Default for PmmhSettings {
    fn default() -> Self {
        Self {
            chains: 4,
            burn_in: 1000,
            keep: 2000,
            state_particles: 256,
            tries: 200,
        }
    }
}

/// The draws of all chains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chains {
    /// `draws[chain][step]` is θ.
    pub draws: Vec<Vec<Vec<f64>>>,
    /// Share of the proposals accepted after burn-in, for each chain.
    pub acceptance: Vec<f64>,
}

impl Chains {
    /// The posterior of unknown number `index`.
    #[must_use]
    pub fn posterior(&self, index: usize) -> Weighted {
        Weighted::equal(
            self.draws
                .iter()
                .flatten()
                .map(|theta| theta[index])
                .collect(),
        )
    }

    /// Split R-hat of unknown number `index` (Gelman2013): near 1 if the chains agree; above 1.05, run
    /// longer.
    #[must_use]
    pub fn r_hat(&self, index: usize) -> f64 {
        let halves: Vec<Vec<f64>> = self
            .draws
            .iter()
            .flat_map(|chain| chain.chunks_exact((chain.len() / 2).max(1)).take(2))
            .map(|half| half.iter().map(|theta| theta[index]).collect())
            .collect();
        let Some(n) = halves.first().map(|half| half.len() as f64) else {
            return f64::NAN;
        };
        let mean = |xs: &[f64]| xs.iter().sum::<f64>() / xs.len() as f64;
        let variance = |xs: &[f64]| {
            let m = mean(xs);
            xs.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (xs.len() as f64 - 1.0)
        };
        let within = mean(&halves.iter().map(|half| variance(half)).collect::<Vec<_>>());
        let between = variance(&halves.iter().map(|half| mean(half)).collect::<Vec<_>>());
        (((n - 1.0) / n * within + between) / within).sqrt()
    }
}

/// Runs the chains on the rows of times 0 to `last`.
///
/// # Errors
/// [`SmcError::Setting`] if no start with a positive likelihood is found, or there is nothing to run;
/// [`SmcError::NotANumber`] if the model is wrong.
pub fn run<F: Family>(
    family: &F,
    prior: &impl Prior,
    last: usize,
    settings: &PmmhSettings,
    seed: u64,
) -> Result<Chains, SmcError> {
    if settings.chains == 0 || settings.keep < 4 {
        return Err(SmcError::Setting(
            "give at least 1 chain and 4 steps to keep".to_owned(),
        ));
    }
    let key = StreamKey::new(seed).child(8);
    let chains: Vec<(Vec<Vec<f64>>, f64)> = (0..settings.chains as u64)
        .into_par_iter()
        .map(|chain| run_chain(family, prior, last, settings, key.child(chain)))
        .collect::<Result<_, SmcError>>()?;
    let (draws, acceptance) = chains.into_iter().unzip();
    Ok(Chains { draws, acceptance })
}

fn run_chain<F: Family>(
    family: &F,
    prior: &impl Prior,
    last: usize,
    settings: &PmmhSettings,
    key: StreamKey,
) -> Result<(Vec<Vec<f64>>, f64), SmcError> {
    let emphasis = Emphasis::default();
    let plan = Plan {
        settings: FilterSettings {
            particles: settings.state_particles,
            ..FilterSettings::default()
        },
        emphasis: &emphasis,
        time: Some(last),
        rows: usize::MAX,
    };
    let mut scratch = Scratch::default();
    let mut stream = key.child(0).stream();
    let mut filters = 0u64;
    let mut log_likelihood = |theta: &[f64]| {
        filters += 1;
        let (filter, _) = plan.run(
            &family.model(theta),
            key.child(1).child(filters),
            &mut scratch,
        )?;
        Ok::<f64, SmcError>(filter.log_evidence())
    };

    let mut tried: Vec<Vec<f64>> = Vec::new();
    let mut start: Option<(Vec<f64>, f64)> = None;
    let mut found = 0;
    // The best of a few possible starts saves most of the burn-in; the chain forgets the choice.
    while found < 20 && tried.len() < settings.tries {
        let theta = prior.sample(&mut stream);
        let value = log_likelihood(&theta)?;
        tried.push(prior.unconstrain(&theta));
        if value.is_finite() {
            found += 1;
            if start.as_ref().is_none_or(|(_, best)| value > *best) {
                start = Some((theta, value));
            }
        }
    }
    let Some((mut theta, mut current)) = start else {
        return Err(SmcError::Setting(format!(
            "none of {} draws from the prior makes the rows possible; widen the prior or the error model",
            settings.tries
        )));
    };
    let equal = vec![1.0 / tried.len() as f64; tried.len()];
    let (mut centre, mut covariance): (Vec<f64>, Square) = moments(&tried, &equal);
    let mut log_scale = 0.0f64;
    let mut proposal = Proposal::new(centre.clone(), covariance.clone(), 1.0);
    let mut visited = Vec::new();
    let mut draws = Vec::with_capacity(settings.keep);
    let mut accepted = 0usize;
    for step in 0..settings.burn_in + settings.keep {
        let from = prior.unconstrain(&theta);
        let (to, log_ratio) = proposal.propose(&from, &mut stream);
        let proposed = prior.constrain(&to);
        let log_prior = prior.log_density(&proposed) + prior.log_jacobian(&to);
        let mut accept_probability = 0.0;
        if log_prior.is_finite() {
            let value = log_likelihood(&proposed)?;
            let log_prior_old = prior.log_density(&theta) + prior.log_jacobian(&from);
            let log_accept = log_prior - log_prior_old + value - current + log_ratio;
            accept_probability = log_accept.exp().min(1.0);
            if stream.uniform().ln() < log_accept {
                theta = proposed;
                current = value;
                accepted += usize::from(step >= settings.burn_in);
            }
        }
        if step < settings.burn_in {
            visited.push(prior.unconstrain(&theta));
            log_scale += (accept_probability - 0.25) / ((step + 1) as f64).powf(0.6);
            let refit = visited.len() >= 100 && visited.len() % 50 == 0;
            if refit {
                // The first half of the way is forgotten, as it may be far from the posterior.
                let recent = &visited[visited.len() / 2..];
                let equal = vec![1.0 / recent.len() as f64; recent.len()];
                (centre, covariance) = moments(recent, &equal);
            }
            proposal = Proposal::new(centre.clone(), covariance.clone(), log_scale.exp());
        } else {
            draws.push(theta.clone());
        }
    }
    Ok((draws, accepted as f64 / settings.keep as f64))
}

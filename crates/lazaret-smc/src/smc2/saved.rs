//! Saving a sampler and going on later.

use serde::{Deserialize, Serialize};

use super::{Member, Progress, Revised, Smc2, Smc2Settings};
use crate::error::SmcError;
use crate::filter::Filter;
use crate::model::Family;
use crate::prior::Prior;
use crate::random::StreamKey;
use crate::weights::{bits, bits_list};

/// A sampler at rest, small enough to keep beside every forecast.
///
/// It holds the θ, their weights and the keys of their filters, not the state particles: those are a
/// function of model, data and key, so [`Smc2::resume`] runs them again and checks that they come out as
/// they were. Any `serde` format will do: the numbers that the run depends on are kept by their
/// bits, the records of what happened as plain numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    version: u32,
    settings: Smc2Settings,
    seed: u64,
    names: Vec<String>,
    members: Vec<SavedMember>,
    progress: Progress,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedMember {
    #[serde(with = "bits_list")]
    theta: Vec<f64>,
    key: StreamKey,
    #[serde(with = "bits")]
    log_weight: f64,
    #[serde(with = "bits")]
    log_likelihood: f64,
}

impl Saved {
    /// The same for a model whose rows have other numbers.
    ///
    /// * `now` — the number of a row, given the one that it had; what is known of rows that have none is dropped.
    #[must_use]
    pub fn renumbered(&self, now: impl Fn(usize) -> Option<usize>) -> Self {
        let mut saved = self.clone();
        let progress = &mut saved.progress;
        progress.emphasis = progress.emphasis.renumbered(&now);
        progress.increments.retain_mut(|increment| {
            let row = now(increment.row);
            increment.row = row.unwrap_or(increment.row);
            row.is_some()
        });
        progress.conflicts.retain_mut(|conflict| {
            let row = now(conflict.row);
            conflict.row = row.unwrap_or(conflict.row);
            row.is_some()
        });
        saved
    }
}

/// Raised when what is saved, or how filters use their random numbers, changes.
const VERSION: u32 = 1;

impl<P: Clone + Send + Sync> Smc2<P> {
    /// The sampler at rest.
    #[must_use]
    pub fn save(&self) -> Saved {
        let members = self.members.iter().zip(&self.log_weights);
        Saved {
            version: VERSION,
            settings: self.settings.clone(),
            seed: self.seed,
            names: self.names.clone(),
            members: members
                .map(|(member, log_weight)| SavedMember {
                    theta: member.theta.clone(),
                    key: member.filter.key(),
                    log_weight: *log_weight,
                    log_likelihood: member.filter.log_evidence(),
                })
                .collect(),
            progress: self.progress.clone(),
        }
    }

    /// Wakes a saved sampler; whatever it does next is what the one that was saved would have done.
    ///
    /// # Errors
    /// [`SmcError::Saved`] if the unknowns have other names or the model gives other likelihoods, as it will
    /// if rows were added up to the saved time; use [`resume_revised`](Self::resume_revised) for that.
    pub fn resume<F: Family<Population = P>>(
        saved: &Saved,
        family: &F,
        prior: &impl Prior,
    ) -> Result<Self, SmcError> {
        let (sampler, same) = Self::wake(saved, family, prior)?;
        if same {
            Ok(sampler)
        } else {
            Err(SmcError::Saved(
                "the model or the rows up to the saved time have changed; take the change in as a \
                 revision, or start again"
                    .to_owned(),
            ))
        }
    }

    /// Wakes a saved sampler for data that have changed since, and takes the change in as
    /// [`revise`](Self::revise) does.
    ///
    /// # Errors
    /// [`SmcError::Saved`] if the unknowns have other names; else as [`revise`](Self::revise).
    pub fn resume_revised<F: Family<Population = P>>(
        saved: &Saved,
        family: &F,
        prior: &impl Prior,
    ) -> Result<(Self, Revised), SmcError> {
        let (mut sampler, same) = Self::wake(saved, family, prior)?;
        if same && sampler.progress.complete {
            return Ok((sampler, Revised::Reweighted));
        }
        // The filters hold the revised data already, while the weights are still those of the old. Give
        // the filters back the old likelihoods, which `revise` compares with.
        for (member, old) in sampler.members.iter_mut().zip(&saved.members) {
            member.filter.set_log_evidence(old.log_likelihood);
        }
        let revised = sampler.revise(family, prior)?;
        Ok((sampler, revised))
    }

    /// The sampler, and whether every filter has the likelihood that it had.
    fn wake<F: Family<Population = P>>(
        saved: &Saved,
        family: &F,
        prior: &impl Prior,
    ) -> Result<(Self, bool), SmcError> {
        if saved.version != VERSION {
            return Err(SmcError::Saved(format!(
                "it was saved as version {}, this program reads version {VERSION}; start again",
                saved.version
            )));
        }
        if saved.names != prior.names() {
            return Err(SmcError::Saved(format!(
                "its unknowns are {:?}, those of the prior {:?}",
                saved.names,
                prior.names()
            )));
        }
        if saved.members.is_empty() {
            return Err(SmcError::Saved("it has no parameter particles".to_owned()));
        }
        saved.settings.check()?;
        let filter_settings = saved.settings.filter(saved.progress.state_particles);
        let members = saved
            .members
            .iter()
            .map(|member| {
                let model = family.model(&member.theta);
                let filter = Filter::start(&model, &filter_settings, member.key);
                Member {
                    theta: member.theta.clone(),
                    filter,
                    before: 0.0,
                }
            })
            .collect();
        let mut sampler = Self {
            settings: saved.settings.clone(),
            seed: saved.seed,
            names: saved.names.clone(),
            members,
            log_weights: saved
                .members
                .iter()
                .map(|member| member.log_weight)
                .collect(),
            progress: saved.progress.clone(),
        };
        let runs = sampler.run_again(family, saved.progress.rows_done)?;
        let mut same = true;
        for ((member, (filter, before)), old) in
            sampler.members.iter_mut().zip(runs).zip(&saved.members)
        {
            same &= agree(filter.log_evidence(), old.log_likelihood);
            member.filter = filter;
            member.before = before;
        }
        Ok((sampler, same))
    }
}

/// Equal but for the last digits, in which the mathematical libraries of two machines may differ.
fn agree(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

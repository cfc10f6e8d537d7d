//! How SMC² runs.

use serde::{Deserialize, Serialize};

use crate::error::{OnConflict, SmcError};
use crate::filter::{Emphasis, FilterSettings};
use crate::resampling::Scheme;

/// How the sampler runs. The defaults suit a daily model over some months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Smc2Settings {
    /// Number of parameter particles, N_θ.
    pub theta_particles: usize,
    /// Number of state particles of each filter at the start, N_x.
    pub state_particles: usize,
    /// N_x is doubled when the likelihoods are too noisy, but not beyond this.
    pub most_state_particles: usize,
    /// Resample and move the θ when their effective sample size falls below this share.
    pub resample_below: f64,
    /// Take a row in by degrees if it alone would leave less than this share.
    pub bridge_below: f64,
    /// Move until at least this share of the θ has moved.
    pub moved_share: f64,
    /// Rounds of moves that are made in any case.
    pub least_rounds: usize,
    /// Rounds of moves after which the sampler gives up and the [`Rejuvenation`](super::Rejuvenation) says so.
    pub most_rounds: usize,
    /// Double N_x if fewer of the proposals are accepted.
    pub least_acceptance: f64,
    /// Double N_x if the standard deviation of the log-likelihood estimate, over runs at one θ, is above.
    /// About 1 to 1.5 is best for particle Metropolis-Hastings (Doucet2015).
    pub most_log_likelihood_sd: f64,
    /// How the filters draw ancestors.
    pub scheme: Scheme,
    /// The filters resample below this share of N_x.
    pub filter_resample_below: f64,
    /// What to do with a row that is impossible for every θ. Rows that are merely sharp are bridged, so
    /// [`OnConflict::Temper`] means the same as [`OnConflict::SetAside`] here.
    pub on_conflict: OnConflict,
}

impl Default for Smc2Settings {
    fn default() -> Self {
        Self {
            theta_particles: 512,
            state_particles: 128,
            most_state_particles: 2048,
            resample_below: 0.5,
            bridge_below: 0.1,
            moved_share: 0.9,
            least_rounds: 4,
            most_rounds: 25,
            least_acceptance: 0.15,
            most_log_likelihood_sd: 1.2,
            scheme: Scheme::Systematic,
            filter_resample_below: 0.5,
            on_conflict: OnConflict::Stop,
        }
    }
}

impl Smc2Settings {
    /// For an [`Exact`](crate::model::Exact) likelihood: one state particle, never more. This is IBIS.
    #[must_use]
    pub fn exact() -> Self {
        Self {
            state_particles: 1,
            most_state_particles: 1,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), SmcError> {
        let wrong = |message: &str| Err(SmcError::Setting(message.to_owned()));
        let share = |x: f64| (0.0..=1.0).contains(&x);
        if self.theta_particles < 2 {
            return wrong("theta_particles must be at least 2; 256 to 1024 are usual");
        }
        if self.state_particles < 1 {
            return wrong("state_particles must be at least 1; 64 to 512 are usual");
        }
        if ![
            self.resample_below,
            self.bridge_below,
            self.moved_share,
            self.filter_resample_below,
        ]
        .into_iter()
        .all(share)
        {
            return wrong(
                "resample_below, bridge_below, moved_share and filter_resample_below are shares \
                 between 0 and 1",
            );
        }
        if self.most_rounds < self.least_rounds.max(1) {
            return wrong("most_rounds must be at least 1 and at least least_rounds");
        }
        Ok(())
    }

    pub(super) fn filter(&self, state_particles: usize) -> FilterSettings {
        FilterSettings {
            particles: state_particles,
            scheme: self.scheme,
            resample_below: self.filter_resample_below,
            on_conflict: OnConflict::Stop,
            emphasis: Emphasis::default(),
        }
    }
}

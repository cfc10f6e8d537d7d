//! What is asked, how much may be computed for it, and the sampler's way through the evidence.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_smc::smc2::{Smc2, Smc2Settings};
use lazaret_smc::{OnConflict, SmcError};

use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::evidence::Row;
use crate::kernel::Kernel;
use crate::observation::Observations;
use crate::site::{Followed, Site};

/// How much is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// Seed of all draws.
    pub seed: u64,
    /// Parameter particles.
    pub thetas: usize,
    /// State particles of each, at the start.
    pub states: usize,
    /// Courses drawn from prior and posterior for pictures and statements about the state.
    pub courses: usize,
    /// Runs that differ in the seed, for the spread of the evidence.
    pub runs: u64,
    /// Whether the influence of each row and source is worked out.
    pub influence: bool,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            seed: 1,
            thetas: 512,
            states: 128,
            courses: 500,
            runs: 3,
            influence: true,
        }
    }
}

impl Effort {
    /// Settings of the sampler.
    #[must_use]
    pub fn sampler(&self) -> Smc2Settings {
        Smc2Settings {
            theta_particles: self.thetas,
            state_particles: self.states,
            on_conflict: OnConflict::SetAside,
            ..Smc2Settings::default()
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The sampler stopped.
    #[error("{0}")]
    Sampler(#[from] SmcError),
    /// The unknowns at their means make no distribution somewhere.
    #[error("the unknowns at their means do not fit the gateway file: {0}")]
    Gateway(String),
    /// What was kept does not belong to this question.
    #[error("what was kept cannot be gone on from: {0}")]
    Resume(String),
    /// Somebody wanted an end before there was an answer.
    #[error("stopped before there was an answer")]
    Stopped,
}

/// What an answer is made from.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The gateway.
    pub gateway: &'a Gateway,
    /// The evidence file's rows.
    pub rows: &'a [Row],
    /// Those that count on the day.
    pub observations: &'a Observations,
    /// The day of which the answer is.
    pub as_of: Date,
    /// The last day that is looked ahead to, from 0 at the start.
    pub until: usize,
    /// How much is computed.
    pub effort: &'a Effort,
}

/// The sampler over a kernel.
pub(crate) type Sampler<K> = Smc2<Followed<<K as Kernel>::Population>>;

/// Runs the sampler over the evidence.
///
/// # Errors
/// As the sampler's, and [`WatchError::Stopped`].
pub fn sample<K: Kernel>(
    site: &Site<'_, K>,
    belief: &Belief,
    question: &Question<'_>,
    seed: u64,
    attendance: &Attendance<'_>,
) -> Result<Sampler<K>, WatchError> {
    let settings = question.effort.sampler();
    let mut sampler = Smc2::start(site, &belief.prior, &settings, seed)?;
    let days = 0..=question.observations.last_day;
    if follow(&mut sampler, site, belief, days, attendance)? {
        Ok(sampler)
    } else {
        Err(WatchError::Stopped)
    }
}

/// Takes in the evidence of `days`; false if an end was wanted before the last of them.
pub(crate) fn follow<K: Kernel>(
    sampler: &mut Sampler<K>,
    site: &Site<'_, K>,
    belief: &Belief,
    days: std::ops::RangeInclusive<usize>,
    attendance: &Attendance<'_>,
) -> Result<bool, SmcError> {
    for _ in days {
        if attendance.wants_an_end() {
            return Ok(false);
        }
        sampler.advance(site, &belief.prior)?;
        attendance.done(1);
    }
    Ok(true)
}

//! What is asked, how much may be computed for it, and the sampler's way through the evidence.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_smc::at_once::{AtOnceSettings, Pool};
use lazaret_smc::random::StreamKey;
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
    /// Values of the unknowns that a round of a run tries.
    pub thetas: usize,
    /// State particles of each, at the start.
    pub states: usize,
    /// Courses drawn from prior and posterior for pictures and statements about the state.
    pub courses: usize,
    /// Independent runs; every answer is that of all together, and its error what they differ by.
    pub runs: u64,
    /// Whether the influence of each row and source is worked out.
    pub influence: bool,
    /// Whether an even grid over the unknowns cross-checks the answer.
    pub grid: bool,
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
            grid: false,
        }
    }
}

impl Effort {
    /// Settings of the runs over all rows.
    #[must_use]
    pub fn at_once(&self) -> AtOnceSettings {
        AtOnceSettings {
            points: self.thetas,
            points_without_state: (8 * self.thetas).max(2048),
            state_particles: self.states,
            on_conflict: OnConflict::SetAside,
            ..AtOnceSettings::default()
        }
    }

    /// Settings of the sampler that is made of them.
    #[must_use]
    pub fn sampler(&self) -> Smc2Settings {
        Smc2Settings {
            // Enough for courses and for what leaving rows out changes; probabilities are counted over all points.
            theta_particles: self.thetas.min(256),
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
    #[error("the stored estimate cannot be continued: {0}")]
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

/// What independent runs make of the evidence.
pub struct Weighed<K: Kernel> {
    /// All values of the unknowns that were tried, with their weights.
    pub pool: Pool,
    /// Some of them with their filters, for courses of things and for what leaving rows out would change.
    pub sampler: Smc2<Followed<K::Population>>,
}

/// Seeds of the runs of an answer.
pub(crate) fn seeds(effort: &Effort) -> Vec<u64> {
    let key = StreamKey::new(effort.seed);
    let of = |run| match run {
        0 => effort.seed,
        _ => key.child(run).stream().bits(),
    };
    (0..effort.runs.max(1)).map(of).collect()
}

/// Weighs the evidence by independent runs, one for each of `seeds`: as many steps as there are days for each.
///
/// If an end is wanted, the runs that are finished by then are given.
///
/// # Errors
/// As the sampler's, and [`WatchError::Stopped`] if no run is finished.
pub fn weigh<K: Kernel>(
    site: &Site<'_, K>,
    belief: &Belief,
    question: &Question<'_>,
    seeds: &[u64],
    attendance: &Attendance<'_>,
) -> Result<Weighed<K>, WatchError> {
    let settings = question.effort.at_once();
    let last = question.observations.last_day;
    let days = last + 1;
    // A run is told of by the days that its rounds are worth; how many there will be is not known beforehand.
    let (mut runs, mut told) = (0, 0);
    let go_on = |finished: usize| {
        while runs < finished.min(seeds.len()) {
            attendance.done(days - told);
            (runs, told) = (runs + 1, 0);
        }
        if attendance.wants_an_end() {
            return false;
        }
        let step = (days / 8).max(1).min(days - 1 - told.min(days - 1));
        if runs < seeds.len() {
            attendance.done(step);
            told += step;
        }
        true
    };
    let found = Pool::run(site, &belief.prior, &settings, seeds, last, &[], go_on)?;
    let pool = found.ok_or(WatchError::Stopped)?;
    if pool.runs().len() == seeds.len() && runs < seeds.len() {
        attendance.done(days - told);
    }
    let sampler = sampler_of(&pool, site, belief, question)?;
    Ok(Weighed { pool, sampler })
}

/// A sampler made of the values of the unknowns that matter.
pub(crate) fn sampler_of<K: Kernel>(
    pool: &Pool,
    site: &Site<'_, K>,
    belief: &Belief,
    question: &Question<'_>,
) -> Result<Sampler<K>, WatchError> {
    let effort = question.effort;
    let seed = StreamKey::new(effort.seed).child(92).stream().bits();
    let sampler = Smc2::of_pool(pool, site, &belief.prior, &effort.sampler(), seed)?;
    Ok(sampler)
}

//! An estimate kept in a file, so that rows published later are added to it without starting anew.
//!
//! What is kept are the samplers at rest (values of the unknowns, weights, keys of random numbers) and what they were
//! made from. Waking them runs the filters over the evidence as it is now: rows of days already passed reweight the
//! values of the unknowns, days that are new follow. If all new rows are about new days, the answer is to the last bit
//! what it would have been without the stop.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use lazaret_smc::smc2::{Saved, Smc2};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::belief::Belief;

use crate::evidence::Row;
use crate::kernel::Kernel;
use crate::question::{Question, Sampler, WatchError};
use crate::site::Site;

/// Raised when the file changes its form, the kernels draw otherwise than before, or rows are weighed in another way.
const VERSION: u32 = 4;

/// What an estimate was made from, other than the evidence: texts that must be the same when it is resumed.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The gateway file, with whatever was set on top of it.
    pub gateway: &'a str,
    /// The rules of observation.
    pub rules: &'a str,
}

/// An estimate at rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    version: u32,
    gateway: String,
    rules: String,
    as_of: Date,
    seed: u64,
    thetas: usize,
    states: usize,
    rows: Vec<KeptRow>,
    runs: Vec<Saved>,
}

/// A row that was weighed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptRow {
    id: String,
    says: String,
}

/// Tells texts apart.
pub(crate) fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tells what rows say apart.
pub(crate) fn says(row: &Row) -> String {
    let figures = (row.low, row.best, row.high, &row.unit);
    fingerprint(&format!(
        "{} {} {} {} {} {figures:?} {}{} {:?}",
        row.observed,
        row.published,
        row.observer,
        row.subject,
        row.quantity,
        row.source_grade.letter(),
        row.info_grade.digit(),
        row.copies
    ))
}

impl Kept {
    /// Keeps samplers that have taken in the evidence of `question`, the first of them that of its seed.
    pub(crate) fn of<P: Clone + Send + Sync>(
        question: &Question<'_>,
        origin: Origin<'_>,
        samplers: &[Smc2<P>],
    ) -> Self {
        let used = question.observations.used.iter();
        Self {
            version: VERSION,
            gateway: fingerprint(origin.gateway),
            rules: fingerprint(origin.rules),
            as_of: question.as_of,
            seed: question.effort.seed,
            thetas: question.effort.thetas,
            states: question.effort.states,
            rows: used
                .map(|o| &question.rows[o.row])
                .map(|row| KeptRow {
                    id: row.id.to_string(),
                    says: says(row),
                })
                .collect(),
            runs: samplers.iter().map(Smc2::save).collect(),
        }
    }

    /// Keeps one run more.
    pub(crate) fn add<P: Clone + Send + Sync>(&mut self, sampler: &Smc2<P>) {
        self.runs.push(sampler.save());
    }

    /// Whether `question` goes on from this.
    ///
    /// # Errors
    /// [`WatchError::Resume`] says what differs.
    pub fn check(&self, question: &Question<'_>, origin: Origin<'_>) -> Result<(), WatchError> {
        let refuse = |why: String| Err(WatchError::Resume(why));
        if self.version != VERSION {
            return refuse(format!(
                "it was kept as version {}, and this program reads version {VERSION}",
                self.version
            ));
        }
        if self.gateway != fingerprint(origin.gateway) {
            return refuse(
                "it was made from another gateway file, or other things were set".to_string(),
            );
        }
        if self.rules != fingerprint(origin.rules) {
            return refuse("it was made with other rules of observation".to_string());
        }
        let effort = question.effort;
        if self.seed != effort.seed {
            return refuse(format!(
                "its seed is {}, and {} is asked for",
                self.seed, effort.seed
            ));
        }
        if (self.thetas, self.states) != (effort.thetas, effort.states) {
            return refuse(format!(
                "it has {} × {} particles, and {} × {} are asked for",
                self.thetas, self.states, effort.thetas, effort.states
            ));
        }
        if question.as_of < self.as_of {
            return refuse(format!(
                "it knows what was published by {}, and {} is asked for",
                self.as_of, question.as_of
            ));
        }
        let kept: HashSet<&str> = self.rows.iter().map(|kept| kept.id.as_str()).collect();
        let now: HashMap<&str, &Row> = question
            .rows
            .iter()
            .filter(|row| kept.contains(row.id.as_str()))
            .map(|row| (row.id.as_str(), row))
            .collect();
        for kept in &self.rows {
            match now.get(kept.id.as_str()) {
                None => {
                    return refuse(format!(
                        "row `{}`, which it has weighed, is not in the evidence",
                        kept.id
                    ));
                }
                Some(row) if says(row) != kept.says => {
                    return refuse(format!(
                        "row `{}` (line {}) says something else than when it was weighed",
                        kept.id, row.line
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Wakes run number `run`, if that was kept: it knows the rows of `question` of the days that it had reached.
    pub(crate) fn wake<K: Kernel>(
        &self,
        run: usize,
        site: &Site<'_, K>,
        belief: &Belief,
        question: &Question<'_>,
    ) -> Result<Option<Sampler<K>>, WatchError> {
        let Some(saved) = self.runs.get(run) else {
            return Ok(None);
        };
        // Rows are numbered by day; new ones may have come in between.
        let used = &question.observations.used;
        let now = |old: usize| {
            let id = &self.rows.get(old)?.id;
            used.iter().position(|o| question.rows[o.row].id == *id)
        };
        let saved = saved.renumbered(now);
        let (sampler, _) = Smc2::resume_revised(&saved, site, &belief.prior)?;
        Ok(Some(sampler))
    }
}

//! An estimate kept in a file: what it was made from, and the values of the unknowns with their weights.
//!
//! If nothing has been published since, the answer is made from what was kept, at once. If there is more, all rows are
//! weighed together again, since an answer must not depend on the order in which they came to be known: it is to the
//! last bit what it would have been without the stop. What was weighed before and is another now is refused either way.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use lazaret_smc::at_once::Pool;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::evidence::Row;
use crate::question::{Question, WatchError};

/// The version of the form of saved estimates. Raised when the file changes its form, the kernels draw otherwise than before, or rows are weighed in another way.
pub const VERSION: u32 = 6;

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
    runs_asked: u64,
    rows: Vec<KeptRow>,
    pool: Pool,
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
        "{} {} {} {} {} {figures:?} {}{} {:?} {:?} {:?}",
        row.observed,
        row.published,
        row.observer,
        row.subject,
        row.quantity,
        row.source_grade.letter(),
        row.info_grade.digit(),
        row.copies,
        row.kind,
        row.story
    ))
}

impl Kept {
    /// Keeps what runs have made of the evidence of `question`.
    pub(crate) fn of(question: &Question<'_>, origin: Origin<'_>, pool: &Pool) -> Self {
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
            runs_asked: question.effort.runs.max(1),
            pool: pool.clone(),
        }
    }

    /// Whether `question` goes on from this.
    ///
    /// # Errors
    /// [`WatchError::Resume`] says what differs.
    pub fn check(&self, question: &Question<'_>, origin: Origin<'_>) -> Result<(), WatchError> {
        let refuse = |why: String| Err(WatchError::Resume(why));
        if self.version != VERSION {
            return refuse(format!(
                "it was saved as version {}, but this program reads version {VERSION}",
                self.version
            ));
        }
        if self.gateway != fingerprint(origin.gateway) {
            return refuse(
                "it was made from another gateway file, or with other settings".to_string(),
            );
        }
        if self.rules != fingerprint(origin.rules) {
            return refuse("it was made with other observation rules".to_string());
        }
        let effort = question.effort;
        if self.seed != effort.seed {
            return refuse(format!(
                "its seed is {}, but {} was requested",
                self.seed, effort.seed
            ));
        }
        if (self.thetas, self.states) != (effort.thetas, effort.states) {
            return refuse(format!(
                "it has {} × {} particles, but {} × {} were requested",
                self.thetas, self.states, effort.thetas, effort.states
            ));
        }
        if question.as_of < self.as_of {
            return refuse(format!(
                "it covers what was published by {}, but {} was requested",
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
                        "row `{}` (line {}) has changed since it was weighed",
                        kept.id, row.line
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What the runs made of it, if `question` knows no row and no day more and asks for as many runs.
    pub(crate) fn same(&self, question: &Question<'_>) -> Option<&Pool> {
        let same = question.as_of == self.as_of
            && question.observations.used.len() == self.rows.len()
            && question.effort.runs.max(1) == self.runs_asked
            && self.pool.runs().len() as u64 == self.runs_asked;
        same.then_some(&self.pool)
    }
}

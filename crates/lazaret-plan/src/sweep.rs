//! Sweeps in shards: which runs a shard makes, and when a set of shards is whole.
//!
//! Runs are numbered `design × replications + replication`, once and for all, and a shard is a contiguous part of the
//! numbers. Merging sorts by run number before anything is added up, so a merged result has the bytes of an unsharded
//! one.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which part of a sweep a file holds. Written at its head, so that a folder of shards explains itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Hash of study file, gateway file and seed: shards of different studies must not be mixed.
    pub study: String,
    /// Version of the program that ran it: results may change between versions.
    pub version: String,
    /// Designs in the study.
    pub designs: u64,
    /// Replications of each design.
    pub replications: u64,
    /// This shard's number, from 0.
    pub shard: u64,
    /// Shards in all.
    pub shards: u64,
}

/// What is wrong with a shard or a set of shards.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SweepError {
    /// No such shard.
    #[error("shard {shard} of {shards} does not exist; shards are numbered from 0 to {}", shards.saturating_sub(1))]
    OutOfRange {
        /// The shard asked for.
        shard: u64,
        /// Shards in all.
        shards: u64,
    },
    /// Shards that do not belong together.
    #[error("`{first}` and `{second}` do not belong together: {what} differ ({a} and {b})")]
    Mixed {
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// What differs.
        what: &'static str,
        /// The first's.
        a: String,
        /// The second's.
        b: String,
    },
    /// Two files for one shard with different contents.
    #[error("`{first}` and `{second}` both contain shard {shard}; remove one of them")]
    Twice {
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// The shard.
        shard: u64,
    },
    /// Shards are missing.
    #[error("{} of {shards} shards are missing: {}; run them again", missing.len(), list(missing))]
    Missing {
        /// Their numbers.
        missing: Vec<u64>,
        /// Shards in all.
        shards: u64,
    },
    /// There is nothing to merge.
    #[error("there is no shard in the folder")]
    None,
}

/// Numbers as a Slurm array takes them: `0,3,5-7`.
#[must_use]
pub fn list(numbers: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for &n in numbers {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == n => *end = n,
            _ => parts.push((n, n)),
        }
    }
    let texts: Vec<String> = parts
        .iter()
        .map(|(a, b)| {
            if a == b {
                a.to_string()
            } else {
                format!("{a}-{b}")
            }
        })
        .collect();
    texts.join(",")
}

impl Part {
    /// Run numbers of this shard. Shards differ in length by at most one run.
    ///
    /// # Errors
    /// [`SweepError::OutOfRange`].
    pub fn runs(&self) -> Result<Range<u64>, SweepError> {
        if self.shard >= self.shards {
            return Err(SweepError::OutOfRange {
                shard: self.shard,
                shards: self.shards,
            });
        }
        let total = u128::from(self.designs) * u128::from(self.replications);
        let edge = |i: u64| (total * u128::from(i) / u128::from(self.shards)) as u64;
        Ok(edge(self.shard)..edge(self.shard + 1))
    }

    /// Design and replication of run `run`.
    #[must_use]
    pub fn place(&self, run: u64) -> (u64, u64) {
        (run / self.replications, run % self.replications)
    }

    /// This shard's runs, cut at the borders of designs: (design, replications).
    ///
    /// # Errors
    /// [`SweepError::OutOfRange`].
    pub fn pieces(&self) -> Result<Vec<(u64, Range<u64>)>, SweepError> {
        let runs = self.runs()?;
        let mut pieces = Vec::new();
        let mut at = runs.start;
        while at < runs.end {
            let (design, from) = self.place(at);
            let to = (from + (runs.end - at)).min(self.replications);
            pieces.push((design, from..to));
            at += to - from;
        }
        Ok(pieces)
    }
}

/// Checks that the shards (file name and head) belong together, and lists the shards that are missing.
///
/// # Errors
/// [`SweepError::Mixed`], [`SweepError::Twice`], [`SweepError::None`].
pub fn missing(parts: &[(String, Part)]) -> Result<Vec<u64>, SweepError> {
    let Some((first_name, first)) = parts.first() else {
        return Err(SweepError::None);
    };
    for (name, part) in parts {
        let fields: [(&'static str, String, String); 5] = [
            ("studies", first.study.clone(), part.study.clone()),
            ("versions", first.version.clone(), part.version.clone()),
            (
                "numbers of designs",
                first.designs.to_string(),
                part.designs.to_string(),
            ),
            (
                "numbers of replications",
                first.replications.to_string(),
                part.replications.to_string(),
            ),
            (
                "numbers of shards",
                first.shards.to_string(),
                part.shards.to_string(),
            ),
        ];
        if let Some((what, a, b)) = fields.into_iter().find(|(_, a, b)| a != b) {
            return Err(SweepError::Mixed {
                first: first_name.clone(),
                second: name.clone(),
                what,
                a,
                b,
            });
        }
        if let Some((other, _)) = parts
            .iter()
            .find(|(n, p)| n != name && p.shard == part.shard)
        {
            return Err(SweepError::Twice {
                first: name.clone(),
                second: other.clone(),
                shard: part.shard,
            });
        }
    }
    Ok((0..first.shards)
        .filter(|s| !parts.iter().any(|(_, p)| p.shard == *s))
        .collect())
}

//! Following the whole chain, and saying where it breaks.

use std::collections::VecDeque;

use lazaret_ledger::chain::{Breakage, Chain, ChainBreak, Digest};
use tokio::task::JoinHandle;

use crate::checkpoint::Checkpoint;
use crate::database::Store;
use crate::error::StoreError;
use crate::records::Stored;

/// Findings kept; a chain that is broken in more places is broken.
const FINDINGS: usize = 100;
/// Records looked at as one piece of work.
const PIECE: u32 = 16_384;

/// What one piece of work found: how many records, what is wrong, digests at checkpoints.
type Piece = (u64, Vec<Finding>, Vec<(u64, Digest)>);

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The record.
    pub seq: u64,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "record {}: {}", self.seq, self.what)
    }
}

/// What following the chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Records that are there.
    pub records: u64,
    /// The end of the chain.
    pub head: Chain,
    /// What does not agree, in order; at most 100.
    pub findings: Vec<Finding>,
}

impl Store {
    /// Follows the chain from its beginning, checks it against the stored checkpoints and a witness's, if given.
    ///
    /// A cut at the end is only found against a checkpoint: what was never there and what was cut off look alike.
    ///
    /// * `gateway` — the name in signed texts.
    ///
    /// # Errors
    /// If the database fails. A broken chain is no error but a finding.
    pub async fn verify(
        &self,
        gateway: &str,
        witness: Option<&Checkpoint>,
    ) -> Result<Verified, StoreError> {
        let mut checkpoints = self.checkpoints(10_000).await?;
        checkpoints.extend(witness.cloned());
        let mut verified = Verified::default();
        for checkpoint in &checkpoints {
            if !checkpoint.is_signed(gateway) {
                verified.findings.push(Finding {
                    seq: checkpoint.seq,
                    what: "a checkpoint here is not signed by the key that it names".into(),
                });
            }
        }
        let wanted: Vec<u64> = checkpoints.iter().map(|c| c.seq).collect();
        let mut digests: Vec<(u64, Digest)> = Vec::new();
        // Pieces are followed beside each other: each starts from what the row before says of itself, which the piece
        // before has checked.
        let mut work: VecDeque<JoinHandle<Piece>> = VecDeque::new();
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let mut start = Chain::default();
        loop {
            let rows = self.after(start.seq, PIECE).await?;
            let last = rows.last().map(|row| Chain {
                seq: row.seq,
                head: row.digest().unwrap_or_default(),
            });
            if let Some(last) = last {
                let (from, wanted) = (start, wanted.clone());
                work.push_back(tokio::task::spawn_blocking(move || {
                    let (findings, seen) = follow(from, &rows, &wanted);
                    (rows.len() as u64, findings, seen)
                }));
                start = last;
            }
            while work.len() > if last.is_some() { threads } else { 0 } {
                let Some(piece) = work.pop_front() else { break };
                let (count, findings, seen) = piece.await.map_err(|error| StoreError::Record {
                    seq: 0,
                    what: error.to_string(),
                })?;
                verified.records += count;
                verified.findings.extend(findings);
                digests.extend(seen);
            }
            if last.is_none() || verified.findings.len() > FINDINGS {
                break;
            }
        }
        verified.head = start;
        for checkpoint in &checkpoints {
            let found = digests.iter().find(|(seq, _)| *seq == checkpoint.seq);
            let what = match found {
                None if checkpoint.seq == 0 => continue,
                None => Breakage::Missing,
                Some((_, digest)) if *digest == checkpoint.digest => continue,
                Some((_, digest)) => Breakage::Rewritten {
                    witnessed: checkpoint.digest,
                    found: *digest,
                },
            };
            verified.findings.push(Finding {
                seq: checkpoint.seq,
                what: what.to_string(),
            });
        }
        verified.findings.sort_by_key(|finding| finding.seq);
        verified.findings.dedup();
        verified.findings.truncate(FINDINGS);
        Ok(verified)
    }
}

/// Follows rows; after a break it goes on from what the broken row says of itself, so that each is found once.
fn follow(from: Chain, rows: &[Stored], wanted: &[u64]) -> (Vec<Finding>, Vec<(u64, Digest)>) {
    let mut chain = from;
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for row in rows {
        if row.seq != chain.seq + 1 {
            findings.push(Finding {
                seq: chain.seq + 1,
                what: if row.seq == chain.seq + 2 {
                    "it is missing".into()
                } else {
                    format!("it and those up to {} are missing", row.seq - 1)
                },
            });
            // What the row after the gap follows is gone: take its own word for it.
            chain = Chain {
                seq: row.seq - 1,
                head: previous(&row.body).unwrap_or_default(),
            };
        }
        if findings.len() > FINDINGS {
            break;
        }
        let before = chain;
        let followed = match row.digest() {
            Some(digest) => chain.follow(&row.body, Some(digest)),
            None => Err(ChainBreak {
                at: row.seq,
                what: Breakage::Unreadable("its digest is not one".into()),
            }),
        };
        if let Err(broken) = followed {
            findings.push(Finding {
                seq: row.seq,
                what: broken.what.to_string(),
            });
            chain = Chain {
                seq: before.seq + 1,
                head: row.digest().unwrap_or_default(),
            };
        }
        if wanted.contains(&row.seq) {
            seen.push((row.seq, Digest::of(&row.body)));
        }
    }
    (findings, seen)
}

fn previous(body: &[u8]) -> Option<Digest> {
    #[derive(serde::Deserialize)]
    struct Head {
        previous: Digest,
    }
    serde_json::from_slice::<Head>(body)
        .ok()
        .map(|head| head.previous)
}

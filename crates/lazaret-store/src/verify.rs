//! Following the whole chain, and saying where it breaks.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use lazaret_ledger::chain::{Breakage, Chain, ChainBreak, Digest};
use tokio::task::JoinHandle;

use crate::checkpoint::Checkpoint;
use crate::database::Store;
use crate::error::StoreError;
use crate::records::{Bare, instant, micros};
use crate::stamps::Stamps;

/// Findings kept; a chain that is broken in more places is broken.
const FINDINGS: usize = 100;
/// Records looked at as one piece of work.
const PIECE: u64 = 8192;

/// What one piece of work found.
#[derive(Default)]
struct Piece {
    records: u64,
    first: Option<First>,
    /// Its last row, and the digest stored beside it.
    last: Chain,
    findings: Vec<Finding>,
    /// Digests at checkpoints.
    seen: Vec<(u64, Digest)>,
    stamps: Stamps,
}

/// The first row of a piece: its number, and the digest that it names as that of the row before.
struct First {
    seq: u64,
    names: Option<Digest>,
}

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
    /// What the stamps say of the ledger's clock: records from the future, jumps, stops and confirmations; at most 100.
    pub clock: Vec<Finding>,
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
        let mut wanted: Vec<u64> = checkpoints.iter().map(|c| c.seq).collect();
        wanted.sort_unstable();
        let wanted: Arc<[u64]> = wanted.into();
        let mut digests: HashMap<u64, Digest> = HashMap::new();
        // Pieces are read and followed beside each other, each from what its first row says of the one before; here
        // they are joined.
        let mut work: VecDeque<JoinHandle<Result<Piece, StoreError>>> = VecDeque::new();
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let end = self.head().await?.seq;
        let mut next = 0;
        let mut chain = Chain::default();
        let mut stamps = Stamps::default();
        while verified.findings.len() <= FINDINGS {
            while work.len() <= threads && next < end {
                let (store, wanted, from) = (self.clone(), Arc::clone(&wanted), next);
                next = end.min(from + PIECE);
                work.push_back(tokio::spawn(async move {
                    let rows = store.between(from, next).await?;
                    tokio::task::spawn_blocking(move || follow(&rows, &wanted))
                        .await
                        .map_err(|error| stopped(from, &error))
                }));
            }
            let Some(piece) = work.pop_front() else {
                break;
            };
            let piece = piece.await.map_err(|error| stopped(chain.seq, &error))??;
            verified.records += piece.records;
            digests.extend(piece.seen);
            stamps.join(piece.stamps);
            verified.findings.extend(piece.findings);
            let Some(first) = piece.first else {
                continue;
            };
            if first.seq != chain.seq + 1 {
                verified.findings.push(missing(chain.seq, first.seq));
            } else if let Some(names) = first.names.filter(|names| *names != chain.head) {
                verified.findings.push(Finding {
                    seq: first.seq,
                    what: Breakage::Unlinked {
                        names,
                        before: chain.head,
                    }
                    .to_string(),
                });
            }
            chain = piece.last;
        }
        verified.head = chain;
        verified.clock = stamps.findings();
        verified.clock.truncate(FINDINGS);
        for checkpoint in &checkpoints {
            let found = digests.get(&checkpoint.seq);
            let what = match found {
                None if checkpoint.seq == 0 => continue,
                None => Breakage::Missing,
                Some(digest) if *digest == checkpoint.digest => continue,
                Some(digest) => Breakage::Rewritten {
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

/// Follows rows from what the first says of the one before it; after a break it goes on from what the broken row says
/// of itself, so that each is found once.
fn follow(rows: &[Bare], wanted: &[u64]) -> Piece {
    let mut piece = Piece {
        records: rows.len() as u64,
        ..Piece::default()
    };
    let Some(first) = rows.first() else {
        return piece;
    };
    let names = previous(&first.body);
    piece.first = Some(First {
        seq: first.seq,
        names,
    });
    let mut chain = Chain {
        seq: first.seq - 1,
        head: names.unwrap_or_default(),
    };
    let now = Timestamp::now();
    for row in rows {
        piece.stamps.look(row, now);
        if row.seq != chain.seq + 1 {
            piece.findings.push(missing(chain.seq, row.seq));
            // What the row after the gap follows is gone: take its own word for it.
            chain = Chain {
                seq: row.seq - 1,
                head: previous(&row.body).unwrap_or_default(),
            };
        }
        if piece.findings.len() > FINDINGS {
            break;
        }
        let before = chain;
        let followed = match row.digest {
            Some(digest) => chain.follow(&row.body, Some(digest)),
            None => Err(ChainBreak {
                at: row.seq,
                what: Breakage::Unreadable("its digest is malformed".into()),
            }),
        };
        match followed {
            Err(broken) => {
                piece.findings.push(Finding {
                    seq: row.seq,
                    what: broken.what.to_string(),
                });
                chain = Chain {
                    seq: before.seq + 1,
                    head: row.digest.unwrap_or_default(),
                };
            }
            // It is what was sealed. Is it also something that this program understands, and found by its time?
            Ok(()) => match row.record() {
                Err(error) => piece.findings.push(Finding {
                    seq: row.seq,
                    what: match error {
                        StoreError::Record { what, .. } => what,
                        other => other.to_string(),
                    },
                }),
                Ok(record) if micros(record.recorded_at) != row.at => {
                    piece.findings.push(Finding {
                        seq: row.seq,
                        what: format!(
                            "it was recorded at {}, but the database files it under {}: that column was changed",
                            record.recorded_at,
                            instant(row.at)
                        ),
                    });
                }
                Ok(_) => {}
            },
        }
        if wanted.binary_search(&row.seq).is_ok() {
            piece.seen.push((row.seq, Digest::of(&row.body)));
        }
    }
    piece.last = chain;
    piece
}

/// Records between two that are there.
fn missing(before: u64, after: u64) -> Finding {
    Finding {
        seq: before + 1,
        what: if after == before + 2 {
            "it is missing".into()
        } else {
            format!("it and those up to {} are missing", after - 1)
        },
    }
}

fn stopped(seq: u64, error: &tokio::task::JoinError) -> StoreError {
    StoreError::Record {
        seq,
        what: error.to_string(),
    }
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

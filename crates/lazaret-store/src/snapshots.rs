//! Snapshots: a state as bytes, so that a start need not read every record again.
//!
//! Whoever can write to the database could forge one. So each is signed with a key that is not in the database, and one
//! that this server did not sign is passed over: the records are the truth. Without a key none is made or believed.

use std::collections::VecDeque;

use lazaret_ledger::{Digest, Ledger, Record, Restoring, SnapshotError};
use sqlx::Row;

use crate::database::{Store, either};
use crate::error::StoreError;

/// Bytes of one row: PostgreSQL takes no value above a gigabyte, and copies each whole.
const PART: usize = 8 << 20;
/// How many snapshots are kept. The older ones shorten the way into the past.
const KEPT: usize = 8;
/// How large they may be together, in parts; the two latest are kept however large they are.
const KEPT_PARTS: i64 = 128;
/// Bytes of the signature in front of a snapshot.
const SIGNATURE: usize = 64;
/// Records read at a time.
pub(crate) const CHUNK: u32 = 8192;
/// Records read and understood as one piece of work beside the state that takes them.
const PIECE: u64 = 4096;

impl Store {
    /// Keeps a snapshot of the ledger after record `seq`, and drops the oldest; nothing without a key to sign it.
    ///
    /// A large one is written in several commits, so that records may be committed between them. Its first part comes
    /// last: without it the others are no snapshot.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keep_snapshot(&self, seq: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(key) = self.key() else {
            return Ok(());
        };
        let mut head = Restoring::default();
        head.feed(bytes.get(..bytes.len().min(PART)).unwrap_or_default())?;
        let head = head.head().ok_or(SnapshotError::Unknown)?;
        let bytes = &[&key.sign_snapshot(head)[..], bytes].concat()[..];
        self.drop_snapshots(&[seq as i64]).await?;
        let parts = bytes.chunks(PART).count() as i64;
        let text = "INSERT INTO snapshot (seq, part, last, body) VALUES ($1, $2, $3, $4)";
        for (part, body) in (1_i64..)
            .zip(bytes.chunks(PART))
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            either!(self, pool => {
                sqlx::query(text)
                    .bind(seq as i64)
                    .bind(part)
                    .bind(parts)
                    .bind(body)
                    .execute(pool)
                    .await?;
            });
        }
        let text = "SELECT seq, MAX(last) AS last, MIN(part) AS part FROM snapshot GROUP BY seq ORDER BY seq DESC";
        let known: Vec<(i64, i64, i64)> = either!(self, pool => sqlx::query(text)
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| (row.get("seq"), row.get("last"), row.get("part")))
            .collect());
        let (mut kept, mut together) = (0, 0);
        let mut old = Vec::new();
        for (seq, last, part) in known {
            together += last;
            if part == 1 && (kept < 2 || kept < KEPT && together <= KEPT_PARTS) {
                kept += 1;
            } else {
                old.push(seq);
            }
        }
        self.drop_snapshots(&old).await
    }

    async fn drop_snapshots(&self, seqs: &[i64]) -> Result<(), StoreError> {
        for seq in seqs {
            loop {
                let text = "DELETE FROM snapshot WHERE seq = $1 AND part =
                            (SELECT MIN(part) FROM snapshot WHERE seq = $1)";
                let gone = either!(self, pool => sqlx::query(text)
                    .bind(seq)
                    .execute(pool)
                    .await?
                    .rows_affected());
                if gone == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes and keeps a snapshot of what is on disk: the latest one with the records after it. Whoever writes
    /// meanwhile does not wait for it.
    ///
    /// # Errors
    /// If the database fails, or a record does not follow.
    pub async fn snapshot_beside(&self) -> Result<(), StoreError> {
        let ledger = self.load().await?;
        let made = tokio::task::spawn_blocking(move || (ledger.chain().seq, ledger.snapshot()));
        match made.await {
            Ok((seq, Ok(bytes))) => self.keep_snapshot(seq, &bytes).await,
            Ok((_, Err(error))) => {
                tracing::warn!(%error, "no snapshot was kept");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "no snapshot was kept");
                Ok(())
            }
        }
    }

    /// The ledger of the latest usable snapshot at or before record `seq`; an empty one if there is none.
    ///
    /// A snapshot of another version of the program or a damaged one is passed over: the records are the truth.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn from_snapshot(&self, seq: u64) -> Result<Ledger, StoreError> {
        let text = "SELECT seq, last FROM snapshot WHERE part = 1 AND seq <= $1 ORDER BY seq DESC";
        let known: Vec<(i64, i64)> = either!(self, pool => sqlx::query(text)
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| (row.get("seq"), row.get("last")))
            .collect());
        for (seq, last) in known {
            let read = self.restored(seq, last).await?;
            match read {
                // A snapshot that another history left behind would lead astray.
                Ok(ledger) if self.follows(&ledger).await? => return Ok(ledger),
                Ok(_) => tracing::warn!(seq, "a snapshot does not belong to these records"),
                Err(error) => tracing::warn!(seq, %error, "a snapshot is ignored"),
            }
        }
        Ok(Ledger::default())
    }

    /// The ledger of one snapshot. Its pieces are checked and decoded while those after them are read.
    async fn restored(
        &self,
        seq: i64,
        last: i64,
    ) -> Result<Result<Ledger, SnapshotError>, StoreError> {
        let Some(key) = self.key() else {
            return Ok(Err(SnapshotError::Unreadable(
                "there is no key here to tell whether this server made it".into(),
            )));
        };
        let mut restoring = Restoring::default();
        let mut work = VecDeque::new();
        let mut signature = [0; SIGNATURE];
        for part in 1..=last {
            let text = "SELECT body FROM snapshot WHERE seq = $1 AND part = $2";
            let body: Option<Vec<u8>> = either!(self, pool => sqlx::query(text)
                .bind(seq)
                .bind(part)
                .fetch_optional(pool)
                .await?
                .map(|row| row.get(0)));
            let Some(mut body) = body else {
                return Ok(Err(SnapshotError::Damaged));
            };
            if part == 1 {
                let Some((signed, _)) = body.split_first_chunk::<SIGNATURE>() else {
                    return Ok(Err(SnapshotError::Damaged));
                };
                signature = *signed;
                body.drain(..SIGNATURE);
            }
            let fed = restoring.feed(&body);
            // Before anything of it is decoded.
            let vouched = restoring
                .head()
                .is_some_and(|head| key.signed_snapshot(head, &signature));
            match fed {
                Ok(_) if !vouched => {
                    return Ok(Err(SnapshotError::Unreadable(
                        "it was not signed with the key of this server".into(),
                    )));
                }
                Ok(pieces) => {
                    let begun = pieces
                        .into_iter()
                        .map(|piece| tokio::task::spawn_blocking(|| piece.decode()));
                    work.extend(begun);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        for piece in work {
            match piece.await {
                Ok(Ok(piece)) => restoring.put(piece),
                Ok(Err(error)) => return Ok(Err(error)),
                Err(error) => return Ok(Err(SnapshotError::Unreadable(error.to_string()))),
            }
        }
        Ok(Ledger::restored(restoring))
    }

    async fn follows(&self, ledger: &Ledger) -> Result<bool, StoreError> {
        let chain = ledger.chain();
        Ok(self.record(chain.seq).await?.is_some_and(|stored| {
            Digest::of(&stored.body) == chain.head && stored.digest() == Some(chain.head)
        }))
    }

    /// Brings a ledger up to date with the records after it, up to `to`.
    ///
    /// Records are read, digested and parsed ahead, beside each other; the state takes them in order.
    ///
    /// # Errors
    /// If the database fails, or a record does not follow.
    pub async fn catch_up(&self, ledger: &mut Ledger, to: u64) -> Result<u64, StoreError> {
        let before = ledger.chain().seq;
        let ahead = std::thread::available_parallelism().map_or(2, usize::from) + 1;
        loop {
            let end = self.head().await?.seq.min(to);
            let mut next = ledger.chain().seq;
            if next >= end {
                return Ok(end.saturating_sub(before));
            }
            let mut work = VecDeque::new();
            loop {
                while work.len() < ahead && next < end {
                    let (store, from) = (self.clone(), next);
                    next = end.min(from + PIECE);
                    work.push_back(tokio::spawn(
                        async move { store.understood(from, next).await },
                    ));
                }
                let Some(piece) = work.pop_front() else {
                    break;
                };
                let piece = piece.await.map_err(|error| StoreError::Record {
                    seq: ledger.chain().seq + 1,
                    what: error.to_string(),
                })?;
                for (record, digest) in piece? {
                    ledger
                        .replay(&record, digest)
                        .map_err(|broken| StoreError::Record {
                            seq: broken.record,
                            what: broken.what,
                        })?;
                }
            }
            if ledger.chain().seq < end {
                let seq = ledger.chain().seq + 1;
                let what = "it is missing".into();
                return Err(StoreError::Record { seq, what });
            }
        }
    }

    /// Records after `after` up to `to`, with the digests of their bytes.
    async fn understood(&self, after: u64, to: u64) -> Result<Vec<(Record, Digest)>, StoreError> {
        let rows = self.between(after, to).await?;
        let parsed = tokio::task::spawn_blocking(move || {
            rows.iter()
                .map(|stored| Ok((stored.record()?, Digest::of(&stored.body))))
                .collect()
        });
        parsed.await.map_err(|error| StoreError::Record {
            seq: after + 1,
            what: error.to_string(),
        })?
    }

    /// The ledger as it stands.
    ///
    /// # Errors
    /// If the database fails, or a record does not follow.
    pub async fn load(&self) -> Result<Ledger, StoreError> {
        let mut ledger = self.from_snapshot(u64::MAX).await?;
        self.catch_up(&mut ledger, u64::MAX).await?;
        Ok(ledger)
    }
}

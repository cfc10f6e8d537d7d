//! Snapshots: a state as bytes, so that a start need not read every record again.

use lazaret_ledger::Ledger;
use sqlx::Row;

use crate::database::{Store, either};
use crate::error::StoreError;

/// Bytes of one row: PostgreSQL takes no value above a gigabyte, and copies each whole.
const PART: usize = 8 << 20;
/// How many snapshots are kept. The older ones shorten the way into the past.
const KEPT: i64 = 8;
/// Records read at a time.
pub(crate) const CHUNK: u32 = 8192;

impl Store {
    /// Keeps a snapshot of the ledger after record `seq`, and drops the oldest.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keep_snapshot(&self, seq: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let parts = bytes.chunks(PART).count() as i64;
        either!(self, pool => {
            let mut transaction = pool.begin().await?;
            sqlx::query("DELETE FROM snapshot WHERE seq = $1")
                .bind(seq as i64)
                .execute(&mut *transaction)
                .await?;
            for (part, body) in (1_i64..).zip(bytes.chunks(PART)) {
                sqlx::query("INSERT INTO snapshot (seq, part, last, body) VALUES ($1, $2, $3, $4)")
                    .bind(seq as i64)
                    .bind(part)
                    .bind(parts)
                    .bind(body)
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query(
                "DELETE FROM snapshot WHERE seq NOT IN
                 (SELECT seq FROM snapshot WHERE part = 1 ORDER BY seq DESC LIMIT $1)",
            )
            .bind(KEPT)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
        });
        Ok(())
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
            let mut bytes = Vec::new();
            for part in 1..=last {
                let text = "SELECT body FROM snapshot WHERE seq = $1 AND part = $2";
                let body: Option<Vec<u8>> = either!(self, pool => sqlx::query(text)
                    .bind(seq)
                    .bind(part)
                    .fetch_optional(pool)
                    .await?
                    .map(|row| row.get("body")));
                bytes.extend(body.unwrap_or_default());
            }
            match Ledger::restore(&bytes) {
                // A snapshot that another history left behind would lead astray.
                Ok(ledger) if self.follows(&ledger).await? => return Ok(ledger),
                Ok(_) => tracing::warn!(seq, "a snapshot does not belong to these records"),
                Err(error) => tracing::warn!(seq, %error, "a snapshot is passed over"),
            }
        }
        Ok(Ledger::default())
    }

    async fn follows(&self, ledger: &Ledger) -> Result<bool, StoreError> {
        let chain = ledger.chain();
        Ok(self
            .record(chain.seq)
            .await?
            .and_then(|stored| stored.digest())
            == Some(chain.head))
    }

    /// Brings a ledger up to date with the records after it, up to `to`.
    ///
    /// # Errors
    /// If the database fails, or a record does not follow.
    pub async fn catch_up(&self, ledger: &mut Ledger, to: u64) -> Result<u64, StoreError> {
        let mut read = 0;
        while ledger.chain().seq < to {
            let left = to - ledger.chain().seq;
            let limit = u32::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let rows = self.after(ledger.chain().seq, limit).await?;
            if rows.is_empty() {
                break;
            }
            for stored in &rows {
                let record = stored.record()?;
                ledger
                    .replay(&record, Some(&stored.body))
                    .map_err(|broken| StoreError::Record {
                        seq: broken.record,
                        what: broken.what,
                    })?;
                read += 1;
            }
        }
        Ok(read)
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

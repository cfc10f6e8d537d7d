//! Reading and appending records.

use jiff::Timestamp;
use lazaret_ledger::chain::{Chain, Digest, Record, Sealed};
use sqlx::{AssertSqlSafe, Row};

use crate::database::{Pool, Store, either};
use crate::error::StoreError;

/// Columns by their positions: to look for their names in every row costs more than to read them.
macro_rules! stored {
    ($row:expr) => {
        $crate::records::Stored {
            seq: $row.get::<i64, _>(0) as u64,
            at: $row.get(1),
            body: $row.get(2),
            digest: $row.get(3),
        }
    };
}

/// A record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub seq: u64,
    /// When it was recorded, µs since 1970.
    pub at: i64,
    /// Its canonical JSON.
    pub body: Vec<u8>,
    /// Its digest as stored beside it.
    pub digest: Vec<u8>,
}

impl Stored {
    /// The record.
    ///
    /// # Errors
    /// If its bytes are not one.
    pub fn record(&self) -> Result<Record, StoreError> {
        read(self.seq, &self.body)
    }

    /// The digest, if it has the length of one.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        <[u8; 32]>::try_from(&self.digest[..]).ok().map(Digest)
    }
}

/// What the chain says of a record: its bytes, and the digest stored beside them, if it has the length of one.
#[derive(Debug)]
pub(crate) struct Bare {
    pub(crate) seq: u64,
    pub(crate) at: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) digest: Option<Digest>,
}

impl Bare {
    /// The record.
    ///
    /// # Errors
    /// If its bytes are not one.
    pub(crate) fn record(&self) -> Result<Record, StoreError> {
        read(self.seq, &self.body)
    }
}

fn read(seq: u64, body: &[u8]) -> Result<Record, StoreError> {
    lazaret_ledger::chain::read(body).map_err(|what| StoreError::Record { seq, what })
}

/// Records read from a SQLite file as one row: a hundred kilobytes or so.
const PACK: u64 = 256;
/// Rows of one statement, the most first: a few texts that stay prepared, whatever the size of a batch.
const ROWS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The instant of so many microseconds since 1970; the ends of the calendar where there is none.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

impl Store {
    /// Appends records in one commit; when this returns they are on disk.
    ///
    /// * `token` — of the lease under which they were decided.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if another server has the lease; nothing was written then. After any other error they
    /// may or may not have been written.
    pub async fn append(&self, token: i64, sealed: &[Sealed]) -> Result<(), StoreError> {
        self.append_rows(
            token,
            sealed.iter().map(|sealed| {
                (
                    sealed.record.seq as i64,
                    micros(sealed.record.recorded_at),
                    &sealed.json[..],
                    &sealed.digest.0[..],
                )
            }),
        )
        .await
    }

    pub(crate) async fn append_rows<'a>(
        &self,
        token: i64,
        rows: impl Iterator<Item = (i64, i64, &'a [u8], &'a [u8])>,
    ) -> Result<(), StoreError> {
        let fence = |held: i64| {
            if held == token {
                Ok(())
            } else {
                Err(StoreError::Fenced { held, own: token })
            }
        };
        let rows: Vec<_> = rows.collect();
        let written = async {
            match &self.pool {
                Pool::Sqlite(pool) => {
                    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                    let held = sqlx::query("SELECT token FROM lease WHERE id = 1")
                        .fetch_one(&mut *transaction)
                        .await?
                        .get("token");
                    fence(held)?;
                    let mut rest = &rows[..];
                    for size in ROWS {
                        while rest.len() >= size {
                            let (now, later) = rest.split_at(size);
                            let mut query = sqlx::query(AssertSqlSafe(insert(size)));
                            for &(seq, at, body, digest) in now {
                                query = query.bind(seq).bind(at).bind(body).bind(digest);
                            }
                            query.execute(&mut *transaction).await?;
                            rest = later;
                        }
                    }
                    self.struck().await?;
                    transaction.commit().await?;
                }
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => {
                    let mut transaction = pool.begin().await?;
                    let held = sqlx::query("SELECT token FROM lease WHERE id = 1 FOR SHARE")
                        .fetch_one(&mut *transaction)
                        .await?
                        .get("token");
                    fence(held)?;
                    for rows in rows.chunks(4096) {
                        let seqs: Vec<i64> = rows.iter().map(|row| row.0).collect();
                        let ats: Vec<i64> = rows.iter().map(|row| row.1).collect();
                        let bodies: Vec<&[u8]> = rows.iter().map(|row| row.2).collect();
                        let digests: Vec<&[u8]> = rows.iter().map(|row| row.3).collect();
                        sqlx::query(
                        "INSERT INTO record (seq, at, body, digest)
                         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])",
                    )
                    .bind(seqs)
                    .bind(ats)
                    .bind(bodies)
                    .bind(digests)
                    .execute(&mut *transaction)
                    .await?;
                    }
                    self.struck().await?;
                    transaction.commit().await?;
                }
            }
            Ok(())
        };
        self.bounded(written).await
    }

    /// The last record's number and digest; zero of an empty ledger.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn head(&self) -> Result<Chain, StoreError> {
        let text = "SELECT seq, digest FROM record ORDER BY seq DESC LIMIT 1";
        let row = either!(self, pool => sqlx::query(text)
            .fetch_optional(pool)
            .await?
            .map(|row| (row.get::<i64, _>("seq"), row.get::<Vec<u8>, _>("digest"))));
        Ok(row.map_or_else(Chain::default, |(seq, digest)| Chain {
            seq: seq as u64,
            head: <[u8; 32]>::try_from(&digest[..])
                .map(Digest)
                .unwrap_or_default(),
        }))
    }

    /// Records after `after`, in order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn after(&self, after: u64, limit: u32) -> Result<Vec<Stored>, StoreError> {
        let text = "SELECT seq, at, body, digest FROM record WHERE seq > $1 ORDER BY seq LIMIT $2";
        Ok(either!(self, pool => sqlx::query(text)
            .bind(after as i64)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| stored!(row))
            .collect()))
    }

    /// Bytes and digests of the records after `after`, up to and with `to`, in order.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn between(&self, after: u64, to: u64) -> Result<Vec<Bare>, StoreError> {
        let mut rows = Vec::with_capacity((to - after) as usize);
        match &self.pool {
            Pool::Sqlite(_) => {
                let mut from = after;
                while from < to {
                    let next = to.min(from + PACK);
                    if !self.unpack(from, next, &mut rows).await? {
                        self.one_by_one(from, next, &mut rows).await?;
                    }
                    from = next;
                }
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => self.one_by_one(after, to, &mut rows).await?,
        }
        Ok(rows)
    }

    async fn one_by_one(
        &self,
        after: u64,
        to: u64,
        rows: &mut Vec<Bare>,
    ) -> Result<(), StoreError> {
        let text =
            "SELECT seq, at, body, digest FROM record WHERE seq > $1 AND seq <= $2 ORDER BY seq";
        either!(self, pool => {
            let found = sqlx::query(text).bind(after as i64).bind(to as i64).fetch_all(pool).await?;
            rows.extend(found.into_iter().map(|row| Bare {
                seq: row.get::<i64, _>(0) as u64,
                at: row.get(1),
                body: row.get(2),
                digest: <[u8; 32]>::try_from(row.get::<&[u8], _>(3)).ok().map(Digest),
            }));
        });
        Ok(())
    }

    /// Reads many records of a SQLite file as one row, their bytes one line each: a row of its own costs each of them
    /// more than everything that is done with it. Canonical JSON has no line ends, nor digests other lengths than 32
    /// bytes, nor records gaps; where the database says otherwise this answers false, and they are read one by one.
    async fn unpack(&self, after: u64, to: u64, rows: &mut Vec<Bare>) -> Result<bool, StoreError> {
        let Pool::Sqlite(pool) = &self.pool else {
            return Ok(false);
        };
        let text = "SELECT COUNT(*), TOTAL(length(digest) = 32), group_concat(CAST(body AS TEXT), char(10)),
                           group_concat(CAST(digest AS TEXT), ''), group_concat(at, ' ')
                    FROM (SELECT body, digest, at FROM record WHERE seq > $1 AND seq <= $2 ORDER BY seq)";
        let read = sqlx::query(text).bind(after as i64).bind(to as i64);
        let row = self
            .bounded(async { Ok(read.fetch_one(pool).await?) })
            .await?;
        let count = row.get::<i64, _>(0) as u64;
        if count != to - after || row.get::<f64, _>(1) != count as f64 {
            return Ok(false);
        }
        let (bodies, digests) = (row.try_get::<&[u8], _>(2)?, row.try_get::<&[u8], _>(3)?);
        let times = row.try_get::<&str, _>(4)?;
        let times: Vec<i64> = times.split(' ').map_while(|at| at.parse().ok()).collect();
        let before = rows.len();
        let (digests, rest) = digests.as_chunks::<32>();
        rows.extend(
            (after + 1..)
                .zip(bodies.split(|&byte| byte == b'\n'))
                .zip(digests)
                .zip(&times)
                .map(|(((seq, body), digest), &at)| Bare {
                    seq,
                    at,
                    body: body.to_vec(),
                    digest: Some(Digest(*digest)),
                }),
        );
        let lines = bodies.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        let sound = rest.is_empty()
            && lines == count
            && digests.len() as u64 == count
            && times.len() as u64 == count;
        if !sound {
            rows.truncate(before);
        }
        Ok(sound)
    }

    /// Records before `before`, the latest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn before(&self, before: u64, limit: u32) -> Result<Vec<Stored>, StoreError> {
        let text =
            "SELECT seq, at, body, digest FROM record WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
        Ok(either!(self, pool => sqlx::query(text)
            .bind(i64::try_from(before).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| stored!(row))
            .collect()))
    }

    /// One record.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn record(&self, seq: u64) -> Result<Option<Stored>, StoreError> {
        let text = "SELECT seq, at, body, digest FROM record WHERE seq = $1";
        Ok(either!(self, pool => sqlx::query(text)
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .fetch_optional(pool)
            .await?
            .map(|row| stored!(row))))
    }

    /// Records by their numbers, in the order asked; those that are not there are left out.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn records(&self, seqs: &[u64]) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::with_capacity(seqs.len());
        // One statement for a few at a time; a fixed number of placeholders stays prepared.
        for some in seqs.chunks(16) {
            let text = "SELECT seq, at, body, digest FROM record WHERE seq IN
                        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
            let mut rows: Vec<Stored> = either!(self, pool => {
                let mut query = sqlx::query(text);
                for place in 0..16 {
                    query = query.bind(some.get(place).map_or(0, |&seq| seq as i64));
                }
                query.fetch_all(pool).await?.into_iter().map(|row| stored!(row)).collect()
            });
            for &seq in some {
                if let Some(at) = rows.iter().position(|row| row.seq == seq) {
                    found.push(rows.swap_remove(at));
                }
            }
        }
        Ok(found)
    }

    /// The number of the last record that was made at or before `at`; 0 if there is none.
    ///
    /// Record times never decrease, so that no index is needed: twenty-odd look-ups find one among millions.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn seq_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, self.head().await?.seq);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let before = self
                .record(middle)
                .await?
                .is_some_and(|record| record.at <= micros(at));
            if before {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }
}

/// An insert of so many rows into SQLite. Its places have no names: to look for those of hundreds of places in the
/// list that SQLite keeps costs more than all the rest of the insert.
fn insert(rows: usize) -> String {
    let mut text = String::from("INSERT INTO record (seq, at, body, digest) VALUES (?,?,?,?)");
    for _ in 1..rows {
        text.push_str(",(?,?,?,?)");
    }
    text
}

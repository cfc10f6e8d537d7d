//! One active writer: a lease with a fencing token.
//!
//! Whoever takes the lease raises its token, and every commit checks the token inside its transaction: a server that
//! was thought dead and wakes up cannot write any more. How soon a lease may be taken is only a question of patience:
//! at once if the holder's lock on the file or in PostgreSQL is gone with its process, else when it was not renewed
//! for [`LEASE`].

use std::fs::File;
use std::time::Duration;

use sqlx::{PgConnection, Row};

use crate::database::{Pool, Store, either};
use crate::error::StoreError;

/// How long a lease holds without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// Microseconds since 1970 by the clock of the database, which all servers share.
const SQLITE_NOW: &str = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";
const POSTGRES_NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// The right to write. Give it back with [`Lease::give_back`]; dropping it leaves it to run out.
#[derive(Debug)]
pub struct Lease {
    token: i64,
    /// Lives as long as this process: tells others that the holder is alive.
    alive: Alive,
}

/// Only kept to be dropped.
#[derive(Debug)]
enum Alive {
    File(#[allow(dead_code, reason = "held for its lock")] File),
    /// A connection of its own: a pool would keep it, and its lock, alive after the lease is dropped.
    Session(Box<PgConnection>),
    None,
}

impl Lease {
    /// Its token: greater than that of any holder before.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Gives it back, so that another may take it at once.
    ///
    /// # Errors
    /// If the database fails; the lease then runs out by itself.
    pub async fn give_back(self, store: &Store) -> Result<(), StoreError> {
        let text = "UPDATE lease SET until = 0 WHERE id = 1 AND token = $1";
        either!(store, pool => { sqlx::query(text).bind(self.token).execute(pool).await?; });
        if let Alive::Session(mut session) = self.alive {
            sqlx::query("SELECT pg_advisory_unlock(7100102)")
                .execute(&mut *session)
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// Takes the lease if nobody has it; none while another holds it.
    ///
    /// * `holder` — a name for messages, such as host and process.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn take_lease(&self, holder: &str) -> Result<Option<Lease>, StoreError> {
        // The lock tells whether the last holder's process is still there.
        let alive = match &self.pool {
            Pool::Sqlite(_) => self.lock_file()?.map(Alive::File),
            Pool::Postgres(pool) => {
                let mut session = pool.acquire().await?;
                let free: bool = sqlx::query("SELECT pg_try_advisory_lock(7100102) AS free")
                    .fetch_one(&mut *session)
                    .await?
                    .get("free");
                free.then(|| Alive::Session(Box::new(session.detach())))
            }
        };
        let text = match (&self.pool, alive.is_some()) {
            (Pool::Sqlite(_), true) => take(SQLITE_NOW, true),
            (Pool::Sqlite(_), false) => take(SQLITE_NOW, false),
            (Pool::Postgres(_), true) => take(POSTGRES_NOW, true),
            (Pool::Postgres(_), false) => take(POSTGRES_NOW, false),
        };
        let token = either!(self, pool => sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(holder)
            .bind(LEASE.as_micros() as i64)
            .fetch_optional(pool)
            .await?
            .map(|row| row.get("token")));
        Ok(token.map(|token| Lease {
            token,
            alive: alive.unwrap_or(Alive::None),
        }))
    }

    /// Renews a lease.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if another has taken it.
    pub async fn renew_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let now = if self.is_postgres() {
            POSTGRES_NOW
        } else {
            SQLITE_NOW
        };
        let text = format!("UPDATE lease SET until = {now} + $2 WHERE id = 1 AND token = $1");
        let done = either!(self, pool => sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(lease.token)
            .bind(LEASE.as_micros() as i64)
            .execute(pool)
            .await?
            .rows_affected());
        if done == 1 {
            return Ok(());
        }
        let text = "SELECT token FROM lease WHERE id = 1";
        let held =
            either!(self, pool => sqlx::query(text).fetch_one(pool).await?.get::<i64, _>("token"));
        Err(StoreError::Fenced {
            held,
            own: lease.token,
        })
    }

    /// Who holds the lease, for messages.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease_holder(&self) -> Result<String, StoreError> {
        let text = "SELECT holder FROM lease WHERE id = 1";
        Ok(either!(self, pool => sqlx::query(text).fetch_one(pool).await?.get("holder")))
    }

    /// The lock beside a SQLite file; none if another process has it.
    fn lock_file(&self) -> Result<Option<File>, StoreError> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let path = file.with_extension("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::file(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(StoreError::file(&path, error)),
        }
    }
}

fn take(now: &str, at_once: bool) -> String {
    let free = if at_once {
        String::new()
    } else {
        format!(" AND until < {now}")
    };
    format!(
        "UPDATE lease SET token = token + 1, holder = $1, until = {now} + $2 WHERE id = 1{free} RETURNING token"
    )
}

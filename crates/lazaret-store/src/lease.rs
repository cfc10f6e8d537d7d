//! One active writer: a lease with a fencing token.
//!
//! Whoever takes the lease raises its token, and every commit checks the token inside its transaction: a server that
//! was thought dead and wakes up cannot write any more. How soon a lease may be taken is only a question of patience:
//! at once if the holder's lock on the file or in PostgreSQL is gone with its process, else when it was not renewed
//! for [`LEASE`].

use std::fs::File;
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::PgConnection;
use sqlx::Row;

use crate::database::{LOCKED, Pool, Store, either};
use crate::error::StoreError;

/// How long a lease holds without being renewed. With the look-outs of those who stand by, a server that is not heard
/// of is replaced within ten seconds.
pub(crate) const LEASE: Duration = Duration::from_secs(6);

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
    #[cfg(feature = "postgres")]
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
        #[cfg(feature = "postgres")]
        if let Alive::Session(mut session) = self.alive {
            let unlocked = async {
                sqlx::query("SELECT pg_advisory_unlock(7100102)")
                    .execute(&mut *session)
                    .await?;
                Ok(())
            };
            store.bounded(unlocked).await?;
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
        let alive = self.alive().await?;
        let text = format!(
            "SELECT COUNT(*) AS free FROM lease WHERE id = 1 AND {}",
            self.free(alive.is_some())
        );
        // Looked at before it is asked for: to ask takes the lock for writing, which the holder needs.
        let free: i64 = either!(self, pool => sqlx::query(sqlx::AssertSqlSafe(text))
            .fetch_one(pool)
            .await?
            .get("free"));
        if free == 0 {
            return Ok(None);
        }
        let token = match self.take(holder, alive.is_some()).await {
            // Its holder may be stopped in the midst of a commit.
            Err(error) if is_locked(&error) && self.end_stopped().await => {
                self.take(holder, alive.is_some()).await?
            }
            other => other?,
        };
        Ok(token.map(|token| Lease {
            token,
            alive: alive.unwrap_or(Alive::None),
        }))
    }

    /// The lock that ends with this process; none if another has it.
    async fn alive(&self) -> Result<Option<Alive>, StoreError> {
        match &self.pool {
            Pool::Sqlite(_) => Ok(self.lock_file()?.map(Alive::File)),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                let asked = async {
                    let mut session = pool.acquire().await?;
                    let free: bool = sqlx::query("SELECT pg_try_advisory_lock(7100102) AS free")
                        .fetch_one(&mut *session)
                        .await?
                        .get("free");
                    Ok(free.then(|| Alive::Session(Box::new(session.detach()))))
                };
                self.bounded(asked).await
            }
        }
    }

    fn now(&self) -> &'static str {
        if self.is_postgres() {
            POSTGRES_NOW
        } else {
            SQLITE_NOW
        }
    }

    /// When the lease is free: if it ran out, and at once if its holder had the lock that we have now.
    fn free(&self, locked: bool) -> String {
        let now = self.now();
        if locked {
            format!("(locked = 1 OR until < {now})")
        } else {
            format!("until < {now}")
        }
    }

    async fn take(&self, holder: &str, locked: bool) -> Result<Option<i64>, StoreError> {
        let text = format!(
            "UPDATE lease SET token = token + 1, holder = $1, until = {} + $2, locked = $3 WHERE id = 1 AND {}
             RETURNING token",
            self.now(),
            self.free(locked)
        );
        let query = sqlx::AssertSqlSafe(text);
        match &self.pool {
            Pool::Sqlite(pool) => {
                let taken = async {
                    let mut connection = pool.acquire().await?;
                    // A lock that is held for longer than this is not held by a commit.
                    sqlx::query("PRAGMA busy_timeout = 400")
                        .execute(&mut *connection)
                        .await?;
                    let taken = sqlx::query(query)
                        .bind(holder)
                        .bind(LEASE.as_micros() as i64)
                        .bind(i64::from(locked))
                        .fetch_optional(&mut *connection)
                        .await;
                    let patient = format!("PRAGMA busy_timeout = {}", LOCKED.as_millis());
                    sqlx::query(sqlx::AssertSqlSafe(patient))
                        .execute(&mut *connection)
                        .await?;
                    Ok(taken?.map(|row| row.get("token")))
                };
                self.bounded(taken).await
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                let taken = sqlx::query(query)
                    .bind(holder)
                    .bind(LEASE.as_micros() as i64)
                    .bind(i64::from(locked))
                    .fetch_optional(pool);
                let taken = self.bounded(async { Ok(taken.await?) }).await?;
                Ok(taken.map(|row| row.get("token")))
            }
        }
    }

    /// Ends the process that holds the file's lock, if it is stopped; whether the lock may be free now.
    async fn end_stopped(&self) -> bool {
        let Some(file) = self.file.clone() else {
            return false;
        };
        let ended = tokio::task::spawn_blocking(move || {
            crate::frozen::end_stopped_holder(&file.with_extension("lock"))
        });
        let ended = ended.await.unwrap_or(false);
        if ended {
            // The system takes its locks away a moment later.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        ended
    }

    /// Raises the token of a lease after a write under it failed: what was sent under the old token and is still on its
    /// way can then not be written any more. Read the ledger only after this.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if another has taken it.
    pub(crate) async fn raise_lease(&self, lease: &mut Lease) -> Result<(), StoreError> {
        let now = self.now();
        let text = format!(
            "UPDATE lease SET token = token + 1, until = {now} + $2 WHERE id = 1 AND token = $1 RETURNING token"
        );
        let raised: Option<i64> = either!(self, pool => sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(lease.token)
            .bind(LEASE.as_micros() as i64)
            .fetch_optional(pool)
            .await?
            .map(|row| row.get("token")));
        match raised {
            Some(token) => {
                lease.token = token;
                Ok(())
            }
            None => Err(self.fenced(lease).await?),
        }
    }

    async fn fenced(&self, lease: &Lease) -> Result<StoreError, StoreError> {
        let text = "SELECT token FROM lease WHERE id = 1";
        let held =
            either!(self, pool => sqlx::query(text).fetch_one(pool).await?.get::<i64, _>("token"));
        Ok(StoreError::Fenced {
            held,
            own: lease.token,
        })
    }

    /// Renews a lease.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if another has taken it.
    pub async fn renew_lease(&self, lease: &mut Lease) -> Result<(), StoreError> {
        // A lease that was had because it ran out comes without the lock, until its last holder is gone.
        if let Alive::None = lease.alive {
            lease.alive = self.alive().await?.unwrap_or(Alive::None);
        }
        let locked = i64::from(!matches!(lease.alive, Alive::None));
        let now = self.now();
        let text =
            format!("UPDATE lease SET until = {now} + $2, locked = $3 WHERE id = 1 AND token = $1");
        let done = either!(self, pool => sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(lease.token)
            .bind(LEASE.as_micros() as i64)
            .bind(locked)
            .execute(pool)
            .await?
            .rows_affected());
        if done == 1 {
            return Ok(());
        }
        Err(self.fenced(lease).await?)
    }

    /// Who holds the lease, for messages.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease_holder(&self) -> Result<String, StoreError> {
        let text = "SELECT holder FROM lease WHERE id = 1";
        Ok(either!(self, pool => sqlx::query(text).fetch_one(pool).await?.get("holder")))
    }

    /// The clock of a database on another machine, in µs since 1970; none if it is this machine's own.
    pub(crate) async fn other_clock(&self) -> Result<Option<i64>, StoreError> {
        match &self.pool {
            // A file is on the machine that reads it.
            Pool::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                // Over a socket, or by an address that both ends have, the database is on this machine.
                let text = format!(
                    "SELECT {POSTGRES_NOW} AS now, COALESCE(inet_server_addr() <> inet_client_addr(), FALSE) AS other"
                );
                let row = sqlx::query(sqlx::AssertSqlSafe(text))
                    .fetch_one(pool)
                    .await?;
                Ok(row.get::<bool, _>("other").then(|| row.get("now")))
            }
        }
    }

    /// The lock beside a SQLite file; none if another process has it.
    fn lock_file(&self) -> Result<Option<File>, StoreError> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let path = file.with_extension("lock");
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        crate::beside::private(&mut options);
        let lock = options
            .open(&path)
            .map_err(|error| StoreError::file(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(StoreError::file(&path, error)),
        }
    }
}

/// Whether SQLite says that another process has its lock.
fn is_locked(error: &StoreError) -> bool {
    match error {
        StoreError::Database(sqlx::Error::Database(error)) => error
            .code()
            .is_some_and(|code| code == "5" || code == "261" || code == "517"),
        _ => false,
    }
}

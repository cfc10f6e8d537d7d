//! One database of either kind.
//!
//! Every statement is written once, with `$1` placeholders and the column types that both engines have; only the
//! tables, the clock and the bulk append differ. Instants are microseconds since 1970.

use std::path::{Path, PathBuf};
#[cfg(feature = "postgres")]
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
#[cfg(feature = "postgres")]
use sqlx::{Connection, PgPool};
use sqlx::{Row, SqlitePool};

use crate::beside::{Beside, private, private_folder};
use crate::error::StoreError;

/// Tables by version; never edited, only added to.
const SQLITE: &[&str] = &[
    include_str!("../migrations/sqlite-1.sql"),
    include_str!("../migrations/sqlite-2.sql"),
];
#[cfg(feature = "postgres")]
const POSTGRES: &[&str] = &[
    include_str!("../migrations/postgres-1.sql"),
    include_str!("../migrations/postgres-2.sql"),
];

/// How long a statement may take. A database that says nothing for longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may take to be had or to answer that it is alive.
#[cfg(feature = "postgres")]
const REACH: Duration = Duration::from_secs(3);
/// How long SQLite waits for a lock that another program holds; less than [`PATIENCE`], so that the error names the lock.
pub(crate) const LOCKED: Duration = Duration::from_secs(5);

/// Runs the same code on either engine's pool, for no longer than the store is patient.
macro_rules! either {
    ($store:expr, $pool:ident => $code:expr) => {
        $store
            .bounded(async {
                Ok::<_, $crate::error::StoreError>(match &$store.pool {
                    $crate::database::Pool::Sqlite($pool) => $code,
                    #[cfg(feature = "postgres")]
                    $crate::database::Pool::Postgres($pool) => $code,
                })
            })
            .await?
    };
}
pub(crate) use either;

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// A database that holds a ledger, open for reading and writing. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
    /// The file of a SQLite database.
    pub(crate) file: Option<PathBuf>,
    /// What is kept beside it and must not be in it.
    pub(crate) beside: Option<Arc<Beside>>,
    /// How long a statement may take.
    pub(crate) patience: Duration,
    faults: Option<Arc<dyn Faults>>,
}

/// What goes wrong between a program and its database: how tests make a database fail where it never does by itself.
pub trait Faults: std::fmt::Debug + Send + Sync {
    /// Asked before every statement is sent, in the midst of every append, and after every answer.
    fn strike(&self) -> Option<Strike>;
}

/// One way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// An error of this kind comes back.
    Fail(std::io::ErrorKind),
    /// Nothing comes back.
    Hang,
}

impl Store {
    /// Opens a database, and makes its tables if it is new.
    ///
    /// * `address` — `postgres://…`, or the path of a SQLite file.
    ///
    /// # Errors
    /// If it cannot be reached, or was made by a newer version of the program.
    pub async fn open(address: &str) -> Result<Store, StoreError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Self::open_postgres(address).await;
        }
        if address.contains("://") {
            return Err(StoreError::Address(address.into()));
        }
        Self::open_sqlite(Path::new(address)).await
    }

    /// Opens a SQLite file, and makes it if it is not there.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_sqlite(file: &Path) -> Result<Store, StoreError> {
        if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
            private_folder(folder)?;
        }
        owned(file)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered must survive a power cut: every commit syncs the log.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(LOCKED)
            .pragma("cache_size", "-16384")
            // The log is copied back beside the commits, see [`Store::fold_log`]; a commit does it itself only when
            // that falls behind, and then begins the log anew: 64 MB.
            .pragma("wal_autocheckpoint", "16384")
            .foreign_keys(true)
            // Rows read ahead by the thread that steps a statement: with few, two threads wake each other all the time.
            .row_buffer_size(1024);
        let store = Self::of_file(options, file).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens a database that is there, for reading only: also a copy that cannot be written.
    ///
    /// # Errors
    /// If it is not there, was made by a newer version of the program, or is a file whose log cannot be read without
    /// writing.
    pub async fn open_reading(address: &str) -> Result<Store, StoreError> {
        if address.contains("://") {
            return Self::open(address).await;
        }
        let file = Path::new(address);
        if let Err(error) = std::fs::File::open(file) {
            return Err(StoreError::file(file, error));
        }
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let log = std::fs::metadata(&log).map_or(0, |log| log.len());
        let mut index = file.as_os_str().to_owned();
        index.push("-shm");
        let plain = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(LOCKED)
            .row_buffer_size(1024);
        // A file without a log that no program has open: SQLite reads it as it is and leaves nothing beside it.
        if log == 0 && !Path::new(&index).exists() {
            return Self::reading(plain.immutable(true), file).await;
        }
        match Self::reading(plain, file).await {
            Ok(store) => Ok(store),
            Err(StoreError::Database(error)) => Err(StoreError::Log {
                path: file.display().to_string(),
                why: error.to_string(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn of_file(options: SqliteConnectOptions, file: &Path) -> Result<Store, StoreError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        Ok(Store {
            pool: Pool::Sqlite(pool),
            file: Some(file.to_path_buf()),
            beside: None,
            patience: PATIENCE,
            faults: None,
        })
    }

    async fn reading(options: SqliteConnectOptions, file: &Path) -> Result<Store, StoreError> {
        let store = Self::of_file(options, file).await?;
        match store.version().await? {
            0 => Err(StoreError::NoLedger(file.display().to_string())),
            version => {
                let _ = pending(SQLITE, version)?;
                store.head().await?;
                Ok(store)
            }
        }
    }

    #[cfg(not(feature = "postgres"))]
    async fn open_postgres(_: &str) -> Result<Store, StoreError> {
        Err(StoreError::NoPostgres)
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres(address: &str) -> Result<Store, StoreError> {
        let options = PgConnectOptions::from_str(address)
            .map_err(|_| StoreError::Address(without_password(address)))?
            .application_name("lazaret")
            // The database gives up what this program no longer waits for, and locks of a program that is gone.
            .options([
                ("statement_timeout", "15s"),
                ("lock_timeout", "8s"),
                ("idle_in_transaction_session_timeout", "15s"),
                ("tcp_keepalives_idle", "10"),
                ("tcp_keepalives_interval", "5"),
                ("tcp_keepalives_count", "3"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(REACH)
            // A connection whose statement was given up comes back with an answer still owed. Without a bound it would
            // hold its place in the pool for as long as a frozen server says nothing.
            .after_release(|connection, _| {
                Box::pin(async move {
                    tokio::time::timeout(REACH, connection.ping())
                        .await
                        .map_err(|_| sqlx::Error::PoolTimedOut)
                        .and_then(|pinged| pinged.map(|()| true))
                })
            })
            .connect_with(options)
            .await?;
        let store = Store {
            pool: Pool::Postgres(pool),
            file: None,
            beside: None,
            patience: PATIENCE,
            faults: None,
        };
        store.migrate().await?;
        Ok(store)
    }

    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        !matches!(self.pool, Pool::Sqlite(_))
    }

    /// The file of a SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Closes it; waits for statements in hand. The last to close a SQLite file folds its log, so that the file alone is the
    /// whole ledger.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// The same database, with statements that fail as `faults` says and take no longer than `patience`: for tests.
    #[must_use]
    pub fn failing(mut self, faults: Arc<dyn Faults>, patience: Duration) -> Store {
        self.faults = Some(faults);
        self.patience = patience;
        self
    }

    /// Does some work with the database, for no longer than the store is patient: a database that is frozen or cut off
    /// must not hold anybody up. What was given up may still be done.
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let whole = async {
            self.struck().await?;
            let done = work.await?;
            self.struck().await?;
            Ok(done)
        };
        match tokio::time::timeout(self.patience, whole).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Silent(self.patience)),
        }
    }

    /// Fails here if a test says so.
    pub(crate) async fn struck(&self) -> Result<(), StoreError> {
        match self.faults.as_ref().and_then(|faults| faults.strike()) {
            None => Ok(()),
            Some(Strike::Fail(kind)) => Err(sqlx::Error::Io(kind.into()).into()),
            Some(Strike::Hang) => std::future::pending().await,
        }
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        either!(self, pool => { sqlx::query("SELECT 1").execute(pool).await?; });
        Ok(())
    }

    /// Copies what the write-ahead log of a SQLite file holds back into the file, while others go on writing. It keeps
    /// nobody waiting but itself; PostgreSQL does so by itself.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn fold_log(&self) -> Result<(), StoreError> {
        if let Pool::Sqlite(pool) = &self.pool {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(pool)
                .await?;
        }
        Ok(())
    }

    /// The version of the tables; 0 if there are none.
    async fn version(&self) -> Result<i64, StoreError> {
        let known = match &self.pool {
            Pool::Sqlite(_) => {
                "SELECT COUNT(*) AS known FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => "SELECT COUNT(to_regclass('migration')) AS known",
        };
        let known: i64 =
            either!(self, pool => sqlx::query(known).fetch_one(pool).await?.get("known"));
        if known == 0 {
            return Ok(0);
        }
        let made = match &self.pool {
            Pool::Sqlite(_) => {
                "SELECT COUNT(*) AS made FROM sqlite_schema WHERE type = 'table' AND name = 'record'"
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => "SELECT COUNT(to_regclass('record')) AS made",
        };
        let made: i64 = either!(self, pool => sqlx::query(made).fetch_one(pool).await?.get("made"));
        let last = "SELECT COALESCE(MAX(version), 0) AS version FROM migration";
        let version: i64 =
            either!(self, pool => sqlx::query(last).fetch_one(pool).await?.get("version"));
        if version < 0 || (version == 0) != (made == 0) {
            return Err(StoreError::Version { found: version });
        }
        Ok(version)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        // A database that needs nothing is opened without asking for its lock, which a frozen server may hold.
        if pending(SQLITE, self.version().await?)?.next().is_none() {
            return Ok(());
        }
        let made = "CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY)";
        let last = "SELECT COALESCE(MAX(version), 0) AS version FROM migration";
        let next = "INSERT INTO migration (version) VALUES ($1)";
        match &self.pool {
            Pool::Sqlite(pool) => {
                // Two servers that open a new file at once must not both make its tables.
                let mut connection = pool.acquire().await?;
                sqlx::raw_sql("BEGIN IMMEDIATE")
                    .execute(&mut *connection)
                    .await?;
                let outcome: Result<(), StoreError> = async {
                    sqlx::query(made).execute(&mut *connection).await?;
                    let version: i64 = sqlx::query(last)
                        .fetch_one(&mut *connection)
                        .await?
                        .get("version");
                    for (number, text) in pending(SQLITE, version)? {
                        sqlx::raw_sql(*text).execute(&mut *connection).await?;
                        sqlx::query(next)
                            .bind(number)
                            .execute(&mut *connection)
                            .await?;
                    }
                    Ok(())
                }
                .await;
                let end = if outcome.is_ok() {
                    "COMMIT"
                } else {
                    "ROLLBACK"
                };
                sqlx::raw_sql(end).execute(&mut *connection).await?;
                outcome
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock(7100101)")
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(made).execute(&mut *transaction).await?;
                let version: i64 = sqlx::query(last)
                    .fetch_one(&mut *transaction)
                    .await?
                    .get("version");
                for (number, text) in pending(POSTGRES, version)? {
                    sqlx::raw_sql(*text).execute(&mut *transaction).await?;
                    sqlx::query(next)
                        .bind(number)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                Ok(())
            }
        }
    }

    /// A setting of the database.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let text = "SELECT value FROM setting WHERE name = $1";
        Ok(either!(self, pool => sqlx::query(text)
            .bind(name)
            .fetch_optional(pool)
            .await?
            .map(|row| row.get("value"))))
    }

    /// Changes a setting of the database.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let text = "INSERT INTO setting (name, value) VALUES ($1, $2)
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        either!(self, pool => { sqlx::query(text).bind(name).bind(value).execute(pool).await?; });
        Ok(())
    }
}

/// Makes a file that only the server's own user can read, before SQLite makes one that everybody can; one that is there
/// is closed to others. The log and its index get the permissions of the file.
pub(crate) fn owned(file: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::File::options();
    options.append(true).create(true);
    private(&mut options);
    let opened = options
        .open(file)
        .map_err(|error| StoreError::file(file, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let failed = |error| StoreError::file(file, error);
        let mut permissions = opened.metadata().map_err(failed)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(permissions.mode() & 0o700);
            tracing::warn!(file = %file.display(), "others could read this file; it is closed to them");
            std::fs::set_permissions(file, permissions).map_err(failed)?;
            for end in ["-wal", "-shm"] {
                let mut beside = file.as_os_str().to_owned();
                beside.push(end);
                if let Ok(known) = std::fs::metadata(&beside) {
                    let mut permissions = known.permissions();
                    permissions.set_mode(permissions.mode() & 0o700);
                    std::fs::set_permissions(&beside, permissions).map_err(failed)?;
                }
            }
        }
    }
    drop(opened);
    Ok(())
}

fn pending(
    texts: &'static [&'static str],
    version: i64,
) -> Result<impl Iterator<Item = (i64, &'static &'static str)>, StoreError> {
    let known = texts.len() as i64;
    if version > known {
        return Err(StoreError::Newer {
            found: version,
            known,
        });
    }
    Ok((1..).zip(texts).skip(version as usize))
}

/// An address fit to be shown.
#[cfg(feature = "postgres")]
pub(crate) fn without_password(address: &str) -> String {
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            let user = &address[scheme + 3..at];
            let user = user.split(':').next().unwrap_or(user);
            format!("{}{user}@{}", &address[..scheme + 3], &address[at + 1..])
        }
        _ => address.into(),
    }
}

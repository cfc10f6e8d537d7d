//! What can go wrong with a database.

use lazaret_ledger::chain::ChainBreak;

/// Why a store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed or cannot be reached. What was not acknowledged may or may not be there.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database did not answer. What it was asked for may still be done.
    #[error("the database did not answer within {:.1} s", .0.as_secs_f64())]
    Silent(std::time::Duration),
    /// The address of the database cannot be used.
    #[error("`{0}` is not a database: give a file for SQLite, or postgres://user@host/name")]
    Address(String),
    /// The program was built without PostgreSQL.
    #[error(
        "this program was built without PostgreSQL; `cargo build --release --features full` builds one with it"
    )]
    NoPostgres,
    /// The database was made by a newer version of the program.
    #[error(
        "the database has version {found}, but this program only knows versions up to {known}: use the newer program"
    )]
    Newer {
        /// As found.
        found: i64,
        /// The latest known.
        known: i64,
    },
    /// The table that says of which version the others are does not agree with them.
    #[error(
        "the table `migration` says version {found}, which does not match the tables: it was damaged or emptied; \
         restore a backup, or put the version back"
    )]
    Version {
        /// As found.
        found: i64,
    },
    /// A file holds no ledger.
    #[error("{0} contains no ledger")]
    NoLedger(String),
    /// A copy was made without its log being written back.
    #[error(
        "{path} has a log beside it that cannot be read here ({why}): copy both to where they can be written, or make the \
         copy with `lazaret ledger backup`"
    )]
    Log {
        /// The database.
        path: String,
        /// What SQLite says.
        why: String,
    },
    /// Another server has taken the lease: this one must not write.
    #[error("another server has taken over: it holds lease {held}, this one held {own}")]
    Fenced {
        /// The token now in force.
        held: i64,
        /// The token of this server.
        own: i64,
    },
    /// Another program has the database open for writing.
    #[error("the ledger is open for writing elsewhere ({0}): stop that server first")]
    InUse(String),
    /// The records do not follow each other.
    #[error("the chain of records is broken at {0}")]
    Chain(#[from] ChainBreak),
    /// A snapshot cannot be made.
    #[error("no snapshot can be made: {0}")]
    Snapshot(#[from] lazaret_ledger::SnapshotError),
    /// A record cannot be read or does not fit the records before it.
    #[error("record {seq}: {what}")]
    Record {
        /// Which.
        seq: u64,
        /// What is wrong.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line of an exchange file is wrong.
    #[error("line {line}: {what}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Something would be overwritten.
    #[error("{0} already contains a ledger: choose an empty one")]
    NotEmpty(String),
    /// A key for checkpoints cannot be used.
    #[error("{0} is not a checkpoint key")]
    Key(String),
}

impl StoreError {
    pub(crate) fn file(path: impl AsRef<std::path::Path>, source: std::io::Error) -> Self {
        StoreError::File {
            path: path.as_ref().display().to_string(),
            source,
        }
    }
}

//! Where a ledger is kept, and how it is opened.

use std::path::PathBuf;

use clap::Args;
use lazaret_store::{Store, StoreError};

use crate::files::{keeps, reads};
use crate::output::Failure;

/// The files of a ledger's folder: the key, the database and what SQLite keeps next to it while it is open.
const LEDGER_FILES: [&str; 8] = [
    "checkpoint.key",
    "ledger.accepted",
    "ledger.last",
    "ledger.lock",
    "ledger.db",
    "ledger.db-wal",
    "ledger.db-shm",
    "ledger.db-journal",
];

/// Where a ledger is stored.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// Folder with the ledger, the key that signs its checkpoints and snapshots, and the number of its last record
    #[arg(long, value_name = "DIR", default_value = "lazaret-data")]
    pub(crate) data: PathBuf,
    /// PostgreSQL database instead of the folder's SQLite file: postgres://user@host/name
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

impl Place {
    /// Registers the files that hold the ledger, so that no command takes them for something else.
    pub(crate) fn keeps(&self) -> Result<(), Failure> {
        for name in LEDGER_FILES {
            keeps(&self.data.join(name))?;
        }
        Ok(())
    }

    /// The address of the database.
    pub(crate) fn address(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| self.data.join("ledger.db").display().to_string())
    }

    /// Opens the database, with what is kept beside it.
    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        self.keeps()?;
        let store = Store::open(&self.address()).await.map_err(failed)?;
        store.keeping(&self.data).map_err(failed)
    }

    /// Opens the database for reading only; it may be a copy that nobody can write.
    pub(crate) async fn open_reading(&self) -> Result<Store, Failure> {
        self.is_there()?;
        for name in LEDGER_FILES {
            reads(&self.data.join(name)).map_err(Failure::BadInput)?;
        }
        let store = Store::open_reading(&self.address()).await.map_err(failed)?;
        store.believing(&self.data).map_err(failed)
    }

    /// Opens the database, which must be there.
    pub(crate) async fn open_existing(&self) -> Result<Store, Failure> {
        self.is_there()?;
        self.open().await
    }

    fn is_there(&self) -> Result<(), Failure> {
        let file = self.data.join("ledger.db");
        if self.database.is_none() && !file.exists() {
            return Err(Failure::BadInput(format!(
                "{} is not there; give the folder with --data, or --database",
                file.display()
            )));
        }
        Ok(())
    }
}

/// What a store could not do, as the command's end.
#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` calls")]
pub(crate) fn failed(error: StoreError) -> Failure {
    match error {
        StoreError::Address(_)
        | StoreError::NoPostgres
        | StoreError::Line { .. }
        | StoreError::NotEmpty(_)
        | StoreError::InUse(_)
        | StoreError::NoLedger(_)
        | StoreError::Log { .. }
        | StoreError::Newer { .. } => Failure::BadInput(error.to_string()),
        _ => Failure::Machine(error.to_string()),
    }
}

/// A runtime for one command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Machine(error.to_string()))
}

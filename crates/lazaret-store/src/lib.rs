//! The ledger's records in SQLite or PostgreSQL.
//!
//! The records are authoritative. The state in memory is derived from them, and snapshots only save time. [`Office`]
//! keeps what is not in the ledger, in the same database: accounts, sessions, tokens, and who read what.
//!
//! # Life cycle
//! 1. [`Store::open_sqlite`] or [`Store::open`] opens a database and creates its tables. [`Store::keeping`] adds a
//!    folder for the key that signs snapshots and for the last acknowledged number; without it no snapshot is made, and
//!    a loss at the end goes unnoticed.
//! 2. [`Live::start`] reads the ledger and takes the lease, or follows as a standby until the lease is free.
//! 3. [`Live::submit`] decides on a command and returns its receipt once the record is on disk. Many commands share a
//!    commit. [`Live::read`] shows the state of the ledger to a closure; [`Live::listen`] streams new records.
//! 4. [`Live::stop`] writes what is in hand and gives up the lease, so that a standby takes over at once.
//!
//! # Example
//! ```
//! use lazaret_store::{Live, LiveOptions, Store};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let file = r#"
//!     [gateway]
//!     name = "Quay"
//!     length = "60 d"
//!     [source.trucks]
//!     route = "road"
//!     every = "30 min"
//!     [place.dock]
//!     slots = 4
//!     [[step]]
//!     id = "unload"
//!     at = "dock"
//!     takes = "1 h"
//! "#;
//! let gateway = lazaret_gateway::read(file, &[] as &[&str], &|_| Err("no CSV files".into()))
//!     .map_err(|errors| errors[0].plain(file, &[] as &[&str]))?
//!     .gateway;
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open_sqlite(&folder.path().join("ledger.db")).await?.keeping(folder.path())?;
//! let live = Live::start(store, LiveOptions::default()).await?;
//!
//! // The first command of a ledger adopts the rules that the gateway file asks for.
//! let command = lazaret_bridge::founding(&gateway, &Default::default(), live.now());
//! let receipt = live.submit(command.clone()).await?;
//! assert_eq!(receipt.seq, 1);
//!
//! // The same command under the same key counts once.
//! let again = live.submit(command).await?;
//! assert_eq!(again.seq, 1);
//! assert!(again.sealed.is_none());
//! live.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Pitfalls
//! * **[`SubmitError::Unknown`] is not a refusal.** The command may or may not be on disk. Submit the same command
//!   under the same key again; it counts once.
//! * **A standby refuses commands.** Check [`Live::standing`], or send the client to the other server.
//! * **Do not copy a SQLite file while a server runs.** Use [`Store::backup`]; the log beside the file holds recent
//!   commits.
//! * **The server's clock is not simply trusted.** If it disagrees with the machine's steady clock, commands fail with
//!   [`SubmitError::Clock`] until two people confirm the time.
//! * **A cut at the end of the chain looks like records that were never written.** Only `ledger.last` or a
//!   [`Checkpoint`] kept by someone else shows the difference.

#![allow(clippy::disallowed_methods, reason = "a store is I/O")]
// Of one engine alone, what is asked of a pool is always so.
#![cfg_attr(not(feature = "postgres"), allow(irrefutable_let_patterns))]

mod backup;
mod beside;
mod checkpoint;
mod database;
mod error;
mod exchange;
mod frozen;
mod lease;
mod live;
mod office;
mod past;
mod records;
mod snapshots;
mod stamps;
mod timekeeper;
mod verify;

pub use backup::{Copied, transfer};
pub use checkpoint::{Checkpoint, Key};
pub use database::{Faults, Store, Strike};
pub use error::StoreError;
pub use exchange::{
    Exchanged, FORMAT, epcis_events, export_epcis, export_head, export_records, import_judged,
    import_records, is_export_head,
};
pub use lease::Lease;
pub use live::{Live, LiveOptions, Pending, Readiness, Receipt, Seen, Standing, SubmitError};
pub use office::{Account, Office, Read, Session, Token};
pub use past::{Moment, Past};
pub use records::Stored;
pub use timekeeper::{Clock, Kernel, given_clock, system_clock, system_kernel};
pub use verify::{Finding, Verified};

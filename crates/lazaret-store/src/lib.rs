//! The ledger's records in SQLite or PostgreSQL.
//!
//! The records are the truth; the state in memory follows from them, and snapshots only save time. A [`Store`] reads
//! and appends records. A [`Live`] ledger stands on it: it decides on commands, writes them many to a commit, and
//! answers only when they are on disk. One server at a time holds the lease and writes; the others follow and take
//! over.
//!
//! The office of the server (accounts, sessions, tokens) lives in the same database, in [`Office`].

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
    Exchanged, FORMAT, export_head, export_records, import_judged, import_records, is_export_head,
};
pub use lease::Lease;
pub use live::{Live, LiveOptions, Pending, Readiness, Receipt, Seen, Standing, SubmitError};
pub use office::{Account, Office, Read, Session, Token};
pub use past::{Moment, Past};
pub use records::Stored;
pub use timekeeper::{Clock, Kernel, given_clock, system_clock, system_kernel};
pub use verify::{Finding, Verified};

//! The store from outside, on SQLite and, where Debian's package is installed, on PostgreSQL.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod backup;
mod beside;
mod clock;
mod cluster;
mod disk;
mod kill;
mod lease;
mod live;
mod office;
mod past;
mod postgres;
mod recovery;
mod scene;
mod tamper;

//! The gateway file, its units and distributions, and the vocabulary of events.
//!
//! A gateway file is TOML that reads like a description of the place. [`model::Gateway`] is what it says, checked;
//! [`event::Event`] is what can happen there.

pub mod check;
pub mod diagnostic;
pub mod distribution;
mod document;
pub mod fields;
pub mod model;
pub mod quantity;
pub mod random;
mod read;
pub mod reference;
pub mod schema;

pub use diagnostic::Diagnostic;
pub use document::{Document, FILE_BYTES_MAX};
pub use read::{CsvFiles, Locations, Reading, read};

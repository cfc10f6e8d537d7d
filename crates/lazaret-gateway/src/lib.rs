//! The gateway file, its units and distributions, and the vocabulary of events.
//!
//! A gateway file is TOML that reads like a description of the place. [`model::Gateway`] is what it says, checked;
//! [`event::Event`] is what can happen there.

pub mod distribution;
pub mod event;
pub mod model;
pub mod random;
pub mod time;

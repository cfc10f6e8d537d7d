//! The simulator of a quarantine gateway.
#![allow(dead_code)]
mod calendar;
mod hours;
mod metrics;
mod model;
mod observer;
mod statistics;
mod world;

pub use metrics::MetricNames;
pub use model::{CompileError, Model, OCCUPANCY_BINS};
pub use observer::{Observer, Silent, Tell};
pub use world::{Deadlock, Outcome, Replication, Standstill, UnknownsError, World};

//! The simulator of a quarantine gateway.
mod calendar;
mod compile;
mod estimate;
mod hours;
pub mod metrics;
mod model;
mod observer;
mod statistics;
pub mod study;
mod survival;
mod warm_up;
mod world;

pub use compile::CompileError;
pub use estimate::{Estimate, LEVEL, Moments, share_low, student};
pub use metrics::{MetricName, MetricNames, Unit};
pub use model::{Model, OCCUPANCY_BINS};
pub use observer::{Observer, Silent, Tell};
pub use warm_up::mser5;
pub use world::{Deadlock, Outcome, Replication, Standstill, StillInside, UnknownsError, World};

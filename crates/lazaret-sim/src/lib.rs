//! A discrete-event simulator of a quarantine gateway.
//!
//! It takes a checked [`Gateway`](lazaret_gateway::model::Gateway) and returns figures with intervals, or the events of
//! one replication. `docs/semantics.md` defines what happens in which order, and each of its rules has a scenario test.
//!
//! # Life cycle
//! 1. [`Model::compile`] turns a gateway into flat arrays. A model is immutable and can be shared between threads.
//! 2. [`World::new`] makes the state of one replication. [`World::run`] runs a replication from empty to the end of the
//!    run and returns its [`Measurements`]; the same world then runs the next replication and reuses its allocations.
//! 3. [`study::run`] does this on many threads until the figures are precise enough, and returns a [`study::Study`]: an
//!    [`Estimate`] for each metric of [`Model::metrics`], and warnings to read before using them.
//!
//! To follow a replication step by step, as an inference does, call [`World::start`] or [`World::start_with`], then
//! [`World::advance`] up to any instant, and read [`World::occupied`], [`World::inside`] or [`World::dispatched`]
//! there.
//!
//! # Example
//! ```
//! use std::ops::ControlFlow;
//!
//! use lazaret_sim::study::{self, Settings, Stop};
//! use lazaret_sim::{Model, Replication, Tell, World};
//! use lazaret_vocabulary::event::{Event, Happening};
//! use lazaret_vocabulary::time::GateTime;
//!
//! let file = r#"
//!     [gateway]
//!     name = "Quay"
//!     length = "60 d"
//!     [source.trucks]
//!     route = "road"
//!     every = "exponential(30 min)"
//!     [place.dock]
//!     slots = 4
//!     [[step]]
//!     id = "unload"
//!     at = "dock"
//!     takes = "triangular(1 h, 90 min, 3 h)"
//! "#;
//! let reading = lazaret_gateway::read(file, &[] as &[&str], &|_| Err("no CSV files".into()))
//!     .map_err(|errors| errors[0].plain(file, &[] as &[&str]))?;
//! let model = Model::compile(&reading.gateway)?;
//!
//! // One replication, with its events.
//! let mut unloaded = 0;
//! let mut world = World::new(&model, Tell(|event: Event| {
//!     unloaded += u32::from(matches!(event.happening, Happening::LotUnloaded { .. }));
//! }));
//! world.run(Replication::new(1, 0), GateTime::START)?;
//! drop(world);
//! assert!(unloaded > 2_000);
//!
//! // Forty replications on two threads. The result does not depend on the number of threads.
//! let settings = Settings { seed: 1, stop: Stop::After(40), threads: 2 };
//! let found = study::run(&model, &settings, |_, _| ControlFlow::Continue(()))?;
//! let full = model.metrics().position("place.dock.full").expect("the place is in the file");
//! println!("the dock is full {:.0} % of the time", 100.0 * found.estimates[full].mean);
//! assert!(found.estimates[full].low <= found.estimates[full].mean);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Pitfalls
//! * **A metric is NaN if there was nothing to measure**, such as a mean over no lots. [`Estimate`] skips such
//!   replications and counts the others in `n`.
//! * **Times cover only what got through.** If a future comes to a stop ([`study::Study::stopped`]), a mean time looks
//!   good because the lots that are stuck are not in it. [`StillInside`] counts them.
//! * **Positions of metrics belong to one model.** Look them up in the [`MetricNames`] of the model that is run.
//! * **Seeds are shared on purpose.** Two models under one seed share every draw that means the same in both, so their
//!   difference is precise; two studies under one seed are not independent.
//! * **A listener costs speed.** Without one ([`Silent`]) some events are computed instead of scheduled; the figures
//!   are the same bits.

mod calendar;
mod compile;
mod draws;
mod estimate;
pub mod forecast;
mod hours;
mod index;
pub mod metrics;
mod model;
mod observer;
pub mod situation;
mod statistics;
pub mod study;
mod survival;
mod warm_up;
mod world;

pub use compile::{CompileError, FromError};
pub use estimate::{Estimate, LEVEL, Moments, share_low, student};
pub use metrics::{MetricName, MetricNames, Unit};
pub use model::{Model, OCCUPANCY_BINS};
pub use observer::{Observer, Silent, Tell};
pub use situation::{Situation, SituationError, Start};
pub use warm_up::mser5;
pub use world::{
    Deadlock, Measurements, Replication, Standstill, StillInside, UnknownsError, World,
};

//! The hand-written loops that Lazaret's simulator is timed against, for one model: gateway-ref.
//!
//! gateway-ref is a quarantine gateway: trains bring wagons, each with one lot; lots are unloaded at platforms,
//! disinfected in a warehouse, held in a yard and dispatched sixty at a time every second day. `README.md`
//! beside this crate gives it in full. The loops know that model and nothing else.
//!
//! * [`model`] — the model, generic over the calendar of events;
//! * [`calendar`] — binary heaps and a bucket ring;
//! * [`rng`] — random draws in integer ticks;
//! * [`run`] — the command line and the summary that the binaries share.
//!
//! The binary `plain_loop` uses nothing of this: it is the independent check.

pub mod calendar;
pub mod model;
pub mod rng;
pub mod run;

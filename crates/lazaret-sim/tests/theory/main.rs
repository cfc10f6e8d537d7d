//! The simulator against exact answers, one file a model.
//!
//! `support` states the false-alarm rate that every check keeps to. Each file has sabotage twins: the same check on a model
//! that is a few per cent or one slot off, which must fail.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod blocking_line;
mod breakdowns;
mod convoys;
mod coverage;
mod departures;
mod finite_queue;
mod fleet;
mod infinite_server;
mod inspection;
mod md1;
mod mmc;
mod priority;
mod reference;
mod settled;
mod shifts;
mod spread;
mod support;
mod traced;

//! How long must goods be held? The hazard model behind `lazaret plan hold`.
//!
//! A lot arrives contaminated with the probability `prevalence`. Treatment kills a share of the hazard, time lets the rest
//! decay, a test may catch the lot. What is left is the probability that a lot **is released while it still carries a live
//! hazard**, and the shortest hold that brings it below a target. Every input may be uncertain; the answer then carries the
//! uncertainty that the inputs put on it, by a quasi-random sample of all of them together.
//!
//! * [`file`](mod@file) — the TOML file;
//! * [`model`] — decay, treatment, test and risk for one set of numbers, in closed form;
//! * [`answer`](fn@answer) — risk by days held, and the shortest hold, with intervals;
//! * [`price`](fn@price) — the slots that a hold takes at a gateway.

pub mod file;
pub mod model;
pub mod words;

mod answer;
mod price;

/// Sets of the uncertain inputs that are sampled, if nothing else is asked.
pub const SAMPLE: usize = 4096;

pub use answer::{Day, HoldAnswer, HoldError, Shortest, answer};
pub use file::{Hazard, HazardError};
pub use price::{HoldPriced, Price, price};

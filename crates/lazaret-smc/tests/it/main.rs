//! Everything that the crate estimates, measured against answers that are known.
//!
//! Statistical tests fix their sample size and false-alarm rate beforehand; each has a sabotaged twin
//! that must fail. About sixty such checks run at [`support::FALSE_ALARM`] each: fewer than one false alarm
//! in a hundred runs on fresh seeds.

#![allow(clippy::disallowed_methods, reason = "tests read the environment")]

mod at_once;
mod calibration;
mod conflicts;
mod figures;
mod filtering;
mod information;
mod models;
mod pmmh;
mod reproducibility;
mod smc2;
mod streams;
mod support;
mod teaching;

//! One binary: a file for each behaviour, and the checks that all of them share.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod capacity;
mod chance;
mod compare;
mod designs;
mod estimates;
mod hold;
mod kriging;
mod need;
mod pareto;
mod prices;
mod questions;
mod selection;
mod sensitivity;
mod settling;
mod simulated;
mod sizing;
mod stops;
mod sweep;
